"""Every sentence of a notification, in English and in Japanese.

Titles are fixed words. No line begins with what stands in a mail, so that a mail cannot
pass itself off as an option, as markup or as our own words.
"""

from watcher.i18n import Text

# Titles: at most 26 columns, or xfce4-notifyd cuts them

ACT_APPROVAL = Text(en="Amazon: approve sign-in", ja="Amazon サインインの承認")
ACT_CODE = Text(en="Amazon: sign-in code", ja="Amazon 確認コード")
ACT_UNKNOWN = Text(en="Amazon: sign-in attempt", ja="Amazon サインイン試行")
WAS_IT_YOU = Text(
    en="Amazon sign-in: is it you?",
    ja="Amazon にサインインしていますか?",
)
SOON_OVER = Text(en="Amazon: time running out", ja="Amazon まもなく期限切れ")
OVER = Text(en="Amazon: sign-in expired", ja="Amazon サインイン期限切れ")
NOT_OPENED = Text(
    en="The page did not open",
    ja="ページを開けませんでした",
)
NOT_COPIED = Text(
    en="The code was not copied",
    ja="コードをコピーできません",
)
LATE = Text(en="Amazon: mail came too late", ja="Amazon メール到着遅れ")
REPORTED = Text(en="Amazon reports a sign-in", ja="Amazon サインインの報告")
MISSED = Text(en="Amazon: missed sign-ins", ja="Amazon 見逃した試行")
UNVERIFIED = Text(
    en="Amazon? Sender not proved",
    ja="Amazon を名乗るメール(差出人を確認できません)",
)
FLOOD = Text(en="Amazon: many sign-ins", ja="Amazon サインイン試行が続いています")
PROTECT = Text(en="Protect your account", ja="Amazon アカウントの保護")
LOG_CHANGED = Text(en="The event log has changed", ja="記録ファイルが変わりました")
CONFIG = Text(en="The configuration is wrong", ja="設定ファイルに間違いがあります")
UNEXAMINED = Text(
    en="A mail could not be examined", ja="調べられないメールが届きました"
)
BLIND = Text(
    en="Mail is not watched",
    ja="メールを見張れていません",
)
RECOVERED = Text(
    en="Mail is watched again",
    ja="メールの見張りを再開",
)
REFUSED = Text(
    en="Mail login failed",
    ja="メールのログイン失敗",
)
ALERT = Text(en="Your mail server says", ja="メールサーバーのお知らせ")
TRIAL = Text(en="A test notification", ja="通知のテスト")
ENDED = Text(
    en="watcher has ended",
    ja="watcher は終了しました",
)

# The attempt

ASK = Text(
    en="Did you just sign in to Amazon, or update a budget app?",
    ja="今、Amazon へのサインインや、家計簿アプリの更新・連携をしましたか?",
)
AGAIN = Text(
    en="It is the second mail: one from the same device came at {earlier}.",
    ja="2 通目です。同じ端末からの試行が {earlier} にもありました。",
)
AGAIN_NO_CLOCK = Text(
    en="It is the second mail: one from the same device came before.",
    ja="2 通目です。同じ端末からの試行が、前にもありました。",
)
DEVICE = Text(en="Device: {device}", ja="端末: {device}")
PLACE = Text(en="Near: {near} · {attempted}", ja="場所: {near}・{attempted}")
NEAR = Text(en="Near: {near}", ja="場所: {near}")
FROM_APP = Text(
    en="(from an app, device and place are the app company's)",
    ja="(アプリからなら、端末と場所はアプリの会社のものです)",
)
NOT_GIVEN = Text(en="not given", ja="記載なし")
DEADLINE = Text(
    en="Until {deadline} ({left} left) · for {account}",
    ja="期限 {deadline}(残り {left})・{account}",
)
MAY_BE_OVER = Text(
    en="It may be over already: a clock may be wrong, here or on the mail server · for "
    "{account}",
    ja="もう期限切れかもしれません(このパソコンかメールサーバーの時計がずれているかも)・"
    "{account}",
)
UNTIL = Text(
    en="Until {deadline} · for {account}",
    ja="期限 {deadline}・{account}",
)
LEFT = Text(
    en="{left} left · for {account}",
    ja="残り {left}・{account}",
)
LEFT_WHEN_SHOWN = Text(
    en="{left} left when this was shown · for {account}",
    ja="残り {left}(表示した時点)・{account}",
)
TIME_LEFT = Text(en="{left} left", ja="残り {left}")
LINK = Text(en="{link}", ja="{link}")
CODE = Text(
    en="{code}",
    ja="{code}",
)
TYPE_CODE = Text(
    en="Type it in the app or page where you started, nowhere else.",
    ja="サインインを始めたアプリか画面にだけ入力してください。",
)
OPEN_MAIL = Text(
    en="Open Amazon's mail and follow it there.",
    ja="Amazon のメールを開いて手続きしてください。",
)
OPEN_MAIL_IF_YOURS = Text(
    en="Yours? Open Amazon's mail and follow it there. If not, do nothing with it.",
    ja="あなたのものなら、Amazon のメールを開いて手続きしてください。違うなら、"
    "そのメールでは何もしないでください。",
)
SIGNED_TO = Text(
    en="Amazon sent it (signature verified), but to {recipient}, an address that is "
    "not in your configuration: add it under addresses if it is yours.",
    ja="Amazon が送ったメールです(署名を確認済み)。ただし、宛先 {recipient} は設定に"
    "ありません。あなたのアドレスなら addresses に足してください。",
)
SIGNED_BUT = Text(
    en="Amazon sent it (signature verified), but it has a form that is not known here.",
    ja="Amazon が送ったメールです(署名を確認済み)。ただし、はじめて見る形です。",
)
APPROVE_FIRST = Text(
    en="Approve first, then 「認証する」 in the app.",
    ja="承認が先、アプリの「認証する」はその後です。",
)
BY_COMMAND = Text(
    en="`watcher open {id}` opens it. Approve first, then 「認証する」 in the app.",
    ja="`watcher open {id}` で開けます。承認が先、アプリの「認証する」はその後です。",
)
IF_NOT = Text(
    en="Not you? Do not approve, and change your password.",
    ja="心当たりがなければ、承認せずにパスワードを変えてください。",
)
IF_NOT_CODE = Text(
    en="Not you? Tell it to nobody, and change your password.",
    ja="心当たりがなければ、誰にも教えずにパスワードを変えてください。",
)

# What stands below, where there is room

APP_USERS = Text(
    en="If a budget app such as Zaim or MoneyForward signs in for you: approve on "
    "Amazon's page first, and only then press 「認証する」 in the app.",
    ja="Zaim やマネーフォワードなどの連携では、先に Amazon のページで承認し、"
    "そのあとでアプリの「認証する」を押してください。順序が逆だと失敗します。",
)
IF_NOT_LONG = Text(
    en="If it was not you, somebody knows your password: do not approve, give no code "
    "to anybody, change your Amazon password, and switch on two-step verification.",
    ja="心当たりがなければ、誰かがあなたのパスワードを知っています。承認せず、コードは誰にも"
    "教えず、Amazon のパスワードを変更し、2 段階認証を有効にしてください。",
)

# Brief: no link and no code, since other programs may read it

BRIEF_DEADLINE = Text(
    en="Until {deadline} ({left} left), {account}.",
    ja="期限 {deadline}(残り {left})・{account}",
)
BRIEF_MAY_BE_OVER = Text(
    en="It may be over already, {account}.",
    ja="もう期限切れかもしれません・{account}",
)
BRIEF_UNTIL = Text(
    en="Until {deadline}, {account}.",
    ja="期限 {deadline}・{account}",
)
BRIEF_LEFT = Text(
    en="{left} left, {account}.",
    ja="残り {left}・{account}",
)
BRIEF_LEFT_WHEN_SHOWN = Text(
    en="{left} left when this was shown, {account}.",
    ja="残り {left}(表示した時点)・{account}",
)
BRIEF_APPROVAL = Text(
    en="`watcher open {id}`, approve, only then 「認証する」.",
    ja="`watcher open {id}` で開いて承認し、その後アプリの「認証する」を。",
)
BRIEF_CODE = Text(
    en="The code stands in Amazon's mail; `watcher copy {id}` copies it.",
    ja="コードは Amazon のメールにあります(`watcher copy {id}` でコピー)。",
)
BRIEF_IF_NOT = Text(
    en="Not you? Change your password.",
    ja="心当たりがなければ、承認せずにパスワードを変えてください。",
)

# Afterwards

OVER_BODY = Text(
    en="The attempt of {attempted} ({account}) is over.",
    ja="{attempted} の試行({account})は期限が切れました。",
)
OVER_BODY_NO_CLOCK = Text(
    en="A sign-in attempt ({account}) is over.",
    ja="サインイン試行({account})の期限が切れました。",
)
OVER_IF_NOT = Text(
    en="If it was not you, change your Amazon password.",
    ja="心当たりがなければ、Amazon のパスワードを変えてください。",
)
BY_HAND = Text(
    en="Open the link below in your browser, or type: watcher open {id} --print",
    ja="下のリンクをブラウザーで開くか、"
    "ターミナルで watcher open {id} --print と打ってください。",
)
NOT_COPIED_BODY = Text(
    en="Type the code in yourself.",
    ja="コードをご自分で入力してください。",
)
WHY = Text(
    en="{why}",
    ja="{why}",
)
LATE_BODY = Text(
    en="A sign-in attempt of {when} ({account}) was over before its mail arrived.",
    ja="{when} の試行({account})は、メールが届く前に期限が切れていました。",
)
LATE_BODY_NO_CLOCK = Text(
    en="A sign-in attempt ({account}) was over before its mail arrived.",
    ja="試行({account})は、メールが届く前に期限が切れていました。",
)
START_AGAIN = Text(
    en="Start again: sign in once more, or update in your app, and Amazon sends a new "
    "mail.",
    ja="もう一度サインインするか、アプリで更新し直すと、新しいメールが届きます。",
)
MISSED_BODY = Text(
    en="Attempts while nobody watched: {count}; the last at {when}, {account}.",
    ja="見張っていない間に {count} 件の試行がありました。最後は {when}、"
    "{account} です。",
)
MISSED_LOOK = Text(
    en="`watcher log` lists them. If one was not yours, change your Amazon password.",
    ja="一覧は `watcher log` で。心当たりがなければ、"
    "Amazon のパスワードを変更してください。",
)
UNVERIFIED_BODY = Text(
    en="A mail to {account} reads like Amazon's, but who sent it could not be checked.",
    ja="{account} に Amazon らしいメールが届きましたが、差出人を確認できませんでした。",
)
ACCOUNT_MAIL = Text(en="Amazon wrote to you", ja="Amazon アカウントの連絡")
ACCOUNT_MAIL_BODY = Text(
    en="To {account}: “{subject}”",
    ja="{account} あて: 「{subject}」",
)
ACCOUNT_MAIL_LOOK = Text(
    en="Is it what you are waiting for? Look at it in your mail program.",
    ja="お待ちのメールかどうか、メールソフトで確認してください。",
)
REPORTED_BODY = Text(
    en="Amazon reports a sign-in at {reported} ({account}): was that you?",
    ja="{reported} にサインインがあったと Amazon が知らせています({account})。"
    "あなたですか?",
)
REPORTED_BODY_NO_CLOCK = Text(
    en="Amazon reports a sign-in ({account}): was that you?",
    ja="サインインがあったと Amazon が知らせています({account})。あなたですか?",
)
REPORTED_IF_NOT = Text(
    en="If not, open Amazon by yourself, not by a link, and change your password.",
    ja="心当たりがなければ、リンクからでなく自分で Amazon を開き、パスワードを変えて"
    "ください。",
)
UNVERIFIED_WHY = Text(en="Why: {why}.", ja="理由: {why}。")
UNVERIFIED_COUNT = Text(
    en="{count} mails read like Amazon's, but who sent them could not be checked.",
    ja="Amazon らしいメールが {count} 通届きましたが、差出人を確認できませんでした。",
)
UNVERIFIED_LOOK = Text(
    en="Signing in now? Look at it in your mail program with care, and follow no link "
    "that leaves Amazon.",
    ja="今サインイン中なら、メールソフトで注意して確認し、"
    "Amazon 以外へのリンクは開かないでください。",
)

# No mail

SILENT = Text(en="Amazon: no mail so far", ja="Amazon メールが届きません")
SILENT_BODY = Text(
    en="A sign-in has been expected for a minute, and no mail has come. By what users "
    "report (as of 26 November 2026), Amazon may ask in another way:",
    ja="サインインに備えて 1 分たちましたが、メールが届いていません。利用者の報告に"
    "よると(2026 年 11 月 26 日現在)、Amazon は別の方法で確かめることがあります。",
)
SILENT_WAYS = Text(
    en="SMS, a push to Amazon's shopping app, or a page that asks for a passkey. Look "
    "there.",
    ja="SMS、Amazon のショッピングアプリへの通知、パスキーを求めるページです。そちらを"
    "確認してください。",
)
SILENT_CURE = Text(
    en="It is not the first time: users of other programs report Amazon's two-step "
    "verification with an authenticator app as the cure. Whether budget apps can take "
    "its codes is not known.",
    ja="届かないのは、はじめてではありません。ほかのソフトの利用者は、Amazon の 2 "
    "段階認証を認証アプリで使うと解決したと報告しています。家計簿アプリで使えるかは分かって"
    "いません。",
)
SILENT_SHORT = Text(
    en="Look at SMS, Amazon's shopping app and the page where you sign in.",
    ja="SMS、Amazon のショッピングアプリ、サインインの画面を確認してください。",
)

# It was not me

FLOOD_BODY = Text(
    en="{count} sign-in attempts within a minute ({account}): somebody knows your "
    "password, unless it was you who tried again and again.",
    ja="1 分間に {count} 件のサインイン試行がありました({account})。ご自身で何度も"
    "試したのでなければ、誰かがパスワードを知っています。",
)
FLOOD_LIST = Text(
    en="The newest are shown; `watcher check` lists all that are alive.",
    ja="新しいものだけを表示しています。有効なものは `watcher check` で見られます。",
)
PROTECT_NOT = Text(
    en="1. Do not approve, and give no code to anybody.",
    ja="1. 承認せず、コードは誰にも教えないでください。",
)
PROTECT_PASSWORD = Text(
    en="2. Open Amazon by yourself, not by a link, and change your password.",
    ja="2. リンクからでなく自分で Amazon を開き、パスワードを変更してください。",
)
PROTECT_TWO_STEP = Text(
    en="3. Switch on two-step verification.", ja="3. 2 段階認証を有効にしてください。"
)
PROTECT_ELSEWHERE = Text(
    en="Change it too wherever you use the same password.",
    ja="同じパスワードを使っている他のサービスでも変更してください。",
)

# The accounts

BLIND_BODY = Text(
    en="{account} has not been watched since {clock}. Attempts will be missed: look "
    "at your mail yourself.",
    ja="{clock} から {account} を見張れていません。試行を見逃すおそれがあるので、"
    "メールを直接確かめてください。",
)
STUCK = Text(en="Attempts are not shown", ja="試行を通知できません")
STUCK_BODY = Text(
    en="{why} Until then attempts will be missed: look at your mail yourself.",
    ja="{why} それまで試行を見逃すおそれがあるので、メールを直接確かめてください。",
)
UNEXAMINED_BODY = Text(
    en="A mail to {account} may be about a sign-in, and watcher cannot tell because of "
    "a mistake in the program. If you are signing in to Amazon, look at your mail "
    "yourself.",
    ja="{account} に、サインインのメールかもしれないものが届きましたが、プログラムの"
    "不具合で調べられません。Amazon にサインインしているなら、メールを直接"
    "確かめてください。",
)
CONFIG_BODY = Text(
    en="{why} watcher goes on as before: see `watcher status`.",
    ja="{why} 前の設定のまま続けています。`watcher status` で確かめてください。",
)
RECOVERED_BODY = Text(
    en="{account} is watched again; what came meanwhile has been looked at.",
    ja="{account} の見張りを再開しました。その間に届いたメールも確かめました。",
)
ALERT_BODY = Text(
    en="The server of {account} says: {words}",
    ja="{account} のサーバーからのお知らせです: {words}",
)
REFUSED_BODY = Text(
    en="{account} cannot be watched until this is put right; watcher then logs in "
    "again by itself. {why}",
    ja="直すまで {account} を見張れません。直すと、自動でつなぎなおします。{why}",
)
ENDED_BODY = Text(
    en="Nobody watches any more, and a sign-in attempt still waits until {deadline} "
    "({account}). `watcher open {id}` opens it; or read Amazon's mail. `watcher run` "
    "watches again.",
    ja="もう見張っていませんが、"
    "{deadline} までのサインイン試行が残っています({account})。"
    "`watcher open {id}` で開くか、Amazon のメールを見てください。"
    "`watcher run` でまた見張ります。",
)
ENDED_BODY_CODE = Text(
    en="Nobody watches any more, and a sign-in code is good until {deadline} "
    "({account}). `watcher copy {id}` copies it; or read Amazon's mail. `watcher run` "
    "watches again.",
    ja="もう見張っていませんが、"
    "{deadline} まで有効な確認コードが残っています({account})。"
    "`watcher copy {id}` でコピーするか、Amazon のメールを見てください。"
    "`watcher run` でまた見張ります。",
)
ENDED_BODY_UNKNOWN = Text(
    en="Nobody watches any more, and a sign-in attempt still waits until {deadline} "
    "({account}). Read Amazon's mail. `watcher run` watches again.",
    ja="もう見張っていませんが、"
    "{deadline} までのサインイン試行が残っています({account})。"
    "Amazon のメールを見てください。`watcher run` でまた見張ります。",
)
ENDED_OTHERS = Text(
    en="Others wait, too: `watcher status` names them.",
    ja="ほかにも残っています。`watcher status` で確かめてください。",
)
ENDED_BODY_NO_CLOCK = Text(
    en="Nobody watches any more, and a sign-in attempt still waits ({account}; {left} "
    "left when this was shown). Read Amazon's mail, or see `watcher check`. `watcher "
    "run` watches again.",
    ja="もう見張っていませんが、サインイン試行が残っています"
    "({account}、表示した時点で残り {left})。"
    "Amazon のメールを見るか、`watcher check` で確かめてください。"
    "`watcher run` でまた見張ります。",
)
ENDED_MAY_BE_OVER = Text(
    en="Nobody watches any more, and a sign-in attempt came that may be over already "
    "({account}). Read Amazon's mail, or see `watcher check`. `watcher run` watches "
    "again.",
    ja="もう見張っていませんが、もう期限切れかもしれないサインイン試行があります"
    "({account})。Amazon のメールを見るか、`watcher check` で確かめてください。"
    "`watcher run` でまた見張ります。",
)
CLOCK = Text(en="Computer clock is wrong", ja="パソコンの時計のずれ")
CLOCK_BODY = Text(
    en="It is {error}. Set it right, best by the system's automatic time. Until then "
    "notifications show the time left in place of the time of day.",
    ja="このパソコンの時計が{error}。自動設定などで時刻を合わせてください。それまで"
    "通知には、時刻のかわりに残り時間を示します。",
)
TRIAL_BODY = Text(
    en="Sign-in attempts are shown like this. Press the button: it opens Amazon's "
    "start page here, and the approval page when it is real.",
    ja="サインイン試行はこのように表示されます。ボタンを押してみてください。今は "
    "Amazon のトップページが開きます(本番では承認ページが開きます)。",
)

# Buttons

OPEN_BUTTON = Text(
    en="Open Amazon's page",
    ja="承認ページを開く",
)
COPY_BUTTON = Text(
    en="Copy the code",
    ja="コードをコピー",
)
NOT_ME_BUTTON = Text(en="It was not me", ja="身に覚えがない")
WHY_ALONE = Text(en="{why}", ja="{why}")
