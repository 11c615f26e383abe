"""The sentences of the demo, in both languages."""

from watcher.i18n import Text

OPENING = Text(
    en="watcher demo: the real program, with a mail server of its own, here.\n"
    "When a household-budget app or a new device signs in to Amazon, Amazon mails a "
    '"sign-in attempt". You have about five minutes to find it and to decide on '
    "Amazon's page. watcher tells you at once. It never approves and never opens the "
    "link by itself. Five mails arrive now; the five minutes are cut to {seconds} s.\n",
    ja="watcher demo: 本物のプログラムを、このパソコンの中のメールサーバーを相手に"
    "動かします。\n家計簿アプリや新しい端末が Amazon にサインインすると、Amazon は"
    "「サインイン試行」というメールを送ります。約 5 分のうちにそれを見つけ、Amazon の"
    "ページで承認か否認を選ばなければなりません。watcher はそれをすぐに知らせます。"
    "承認もリンクへのアクセスも、決して自分では行いません。これから 5 通の"
    "メールが届きます(5 分はここでは {seconds} 秒に縮めます)。\n",
)
CONNECTED = Text(
    en="watcher is connected and waits for new mail ({mode}).",
    ja="watcher が接続し、新着メールを待っています({mode})。",
)
APPROVAL = Text(
    en="Mail 1: Amazon asks to approve or deny a sign-in (in Japanese)",
    ja="メール 1: Amazon からの承認依頼(承認または否認)",
)
CODE = Text(
    en="Mail 2: Amazon sends a verification code",
    ja="メール 2: Amazon からの確認コード(英語)",
)
FORGED = Text(
    en="Mail 3: a forgery from Amazon's exact address, without a valid signature",
    ja="メール 3: Amazon と全く同じ差出人を名乗る偽造(正しい署名がない)",
)
PHISHING = Text(
    en="Mail 4: phishing that looks like Amazon's",
    ja="メール 4: Amazon に見せかけたフィッシング",
)
ORDINARY = Text(
    en="Mail 5: an ordinary mail from a shop", ja="メール 5: ふつうのメール"
)
FROM = Text(en="From:    {sender}", ja="差出人: {sender}")
SUBJECT = Text(en="Subject: {subject}", ja="件名:   {subject}")
SIGNED = Text(
    en="Why: signed by {domain} (DKIM), and every check of form and link passed.",
    ja="理由: {domain} の署名(DKIM)が正しく、形式とリンクの検査もすべて通りました。",
)
LOGGED_ONLY = Text(
    en="Logged; no notification, no link.",
    ja="記録だけして、通知もリンクも出しません。",
)
NO_LINK = Text(en="No link is shown.", ja="リンクは出しません。")
NOT_FETCHED = Text(en="Its body is not even fetched.", ja="本文は取り寄せもしません。")
REASONS = Text(en="Why: {reasons}", ja="理由: {reasons}")
SHOWN = Text(en="Shown to you ({channel}):", ja="あなたへの通知({channel}):")
PUSHED = Text(
    en="Sent to your phone (ntfy), without link and code:",
    ja="スマートフォンへの通知(ntfy。リンクとコードは付けません):",
)
PUSHED_AGAIN = Text(
    en="On your phone now, in place of the message before:",
    ja="スマートフォンの通知が入れかわりました:",
)
OFF_THE_PHONE = Text(
    en="Taken off your phone.", ja="スマートフォンの通知を消しました。"
)
GUIDE = Text(
    en="While you link an app, `watcher guide {app}` shows this (no key works here):",
    ja="アプリの連携中なら、`watcher guide {app}` はこう示します(ここではキーは"
    "効きません):",
)
LEFT = Text(en="Time left: {left}", ja="残り時間: {left}")
LATE = Text(
    en="NOT AS IT SHOULD BE: it took too long.",
    ja="想定と違います: 時間がかかりすぎました。",
)
WRONG = Text(
    en="NOT AS IT SHOULD BE: {expected} was expected.",
    ja="想定と違います: {expected} と判定されるはずでした。",
)
GOOD_END = Text(
    en="All five mails were judged as they should be, and the link was never opened.\n"
    "Next: connect it to your mail with `{command} init`.",
    ja="5 通とも正しく判定されました。リンクは一度も開いていません。\n"
    "次は `{command} init` で、あなたのメールにつないでください。",
)
BAD_END = Text(
    en="Something was not as it should be: please report the lines above.",
    ja="正しく動きませんでした。上の表示を添えて報告してください。",
)
