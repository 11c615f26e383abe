"""Every sentence of the guide that is the same for all apps."""

from watcher.guide.steps import Place
from watcher.i18n import Text
from watcher.recognition.claim import Kind

WHICH_APP = Text(
    en="Which app do you want to link to Amazon? Type its number.",
    ja="どのアプリを Amazon とつなぎますか? 番号を打ってください。",
)
CHOICE = Text(en="  {number}. {title}", ja="  {number}. {title}")
INTRO = Text(
    en="Linking {title} to Amazon.co.jp. The steps are those of {source}, read on "
    "{read_on}; screens may have changed since.",
    ja="{title} を Amazon.co.jp とつなぎます。手順は{source}を {read_on} に読んだもの"
    "です。画面は変わっているかもしれません。",
)
KEYS = Text(
    en="Press Enter to go on. Type r to begin again, or q to quit, then Enter.",
    ja="Enter で先へ進みます。やりなおすときは r、終わるときは q と打って Enter を"
    "押します。",
)
GO_ON = Text(
    en="Last time, {minutes} min ago, you were at step {span}. Go on from there? [Y/n]",
    ja="前回は手順 {span} まで進みました({minutes} 分前)。続きから始めますか? [Y/n]",
)
GO_ON_AGAIN = Text(
    en="Last time, {minutes} min ago, it failed. Go on with another try? [Y/n]",
    ja="前回はうまくいきませんでした({minutes} 分前)。やりなおしから始めますか? [Y/n]",
)
STEP = Text(en="{number:>3}. {act}", ja="{number:>3}. {act}")
BEWARE = Text(en="     ! {beware}", ja="     ! {beware}")
HEADINGS = {
    Place.PREPARE: Text(
        en="Steps {span}. There is no hurry yet.",
        ja="手順 {span}。まだ急ぎません。",
    ),
    Place.WAIT: Text(
        en="Steps {span}. watcher is waiting for the mail and tells you at once.",
        ja="手順 {span}。メールが届いたら、すぐここで知らせます。",
    ),
    Place.APPROVE: Text(en="Step {span}:", ja="手順 {span}:"),
    Place.FINISH: Text(
        en="Step {span}. Go on in the app now.",
        ja="手順 {span}。アプリに戻って続けます。",
    ),
    Place.AGAIN: Text(
        en="To begin again, do this first:", ja="やりなおす前に、次のことをします:"
    ),
}
IF_FAILED = Text(
    en="If the app says {failure}, do not repeat it: type r.",
    ja="アプリに{failure}と出たら、くり返さずに r と打ちます。",
)
NOT_WATCHED = Text(
    en="Mail of {accounts} cannot be seen now: see above why. If Amazon writes there, "
    "wait until it is connected. What you correct and save in the configuration is "
    "taken up here by itself.",
    ja="今は {accounts} のメールを見張れていません。理由は上のとおりです。Amazon の"
    "メールがそこに届くなら、接続するまで待ってください。設定を直して保存すれば、"
    "ひとりでに読みなおします。",
)
NOT_YET = Text(
    en="No mail has come yet. Have you approved in another way? Then type n.",
    ja="メールはまだ届いていません。ほかの方法で承認が済んだなら n と打ちます。",
)

# The mail

CAME = {
    Kind.APPROVAL: Text(
        en="The mail is there (#{id}, {account}).",
        ja="メールが届きました(#{id}、{account})。",
    ),
    Kind.CODE: Text(
        en="A mail with a code is there (#{id}, {account}).",
        ja="確認コードのメールが届きました(#{id}、{account})。",
    ),
    Kind.UNKNOWN: Text(
        en="A mail of a form not seen before is there (#{id}, {account}).",
        ja="はじめて見る形のメールが届きました(#{id}、{account})。",
    ),
}
CAME_TO_OTHER = Text(
    en="A mail to another address is there (#{id}, {account}).",
    ja="ほかのアドレス宛てのメールが届きました(#{id}、{account})。",
)
EARLIER = Text(
    en="#{id} came before this guide began: {words}. If it belongs to this linking, "
    "type {id} and press Enter; else follow the steps.",
    ja="#{id} は、この案内を始める前に届いたものです: {words}。この連携のものなら、"
    "{id} と打って Enter を押してください。ちがえば、そのまま手順を続けてください。",
)
WHICH = Text(
    en="Attempts from different devices or places are waiting, and one may be somebody "
    "else's. Type the number of yours ({numbers}), and press Enter:",
    ja="端末や場所の違う試行が届いています。ほかの人のものかもしれません。ご自分のものの"
    "番号({numbers})を打ってから Enter を押してください:",
)
WAITING = Text(en="  {id}: {words}", ja="  {id}: {words}")
"""One of them: its number, device, place, and when it began."""
NO_NUMBER = Text(
    en="The number is missing: type one of {numbers} before you press Enter.",
    ja="番号が入っていません。{numbers} のどれかを打ってから Enter を押してください。",
)
CODE = Text(en="The code: {code}", ja="確認コード: {code}")
BY_COMMAND = {
    Kind.APPROVAL: Text(
        en="{left} left. To open the page: watcher open {id}",
        ja="残り {left}。承認ページを開くには: watcher open {id}",
    ),
    Kind.CODE: Text(
        en="{left} left. To copy the code: watcher copy {id}",
        ja="残り {left}。コードをコピーするには: watcher copy {id}",
    ),
}
"""Where nobody can press Enter."""
USED = {
    Kind.APPROVAL: Text(
        en="The page is open. Press Enter when you have approved.",
        ja="ページを開きました。承認が済んだら Enter を押します。",
    ),
    Kind.CODE: Text(
        en="The code is copied. Press Enter when you have typed it in.",
        ja="コードをコピーしました。入力が済んだら Enter を押します。",
    ),
}
OVER = Text(en="The time of the mail is over.", ja="期限が切れました。")
MAY_BE_APPROVED = Text(
    en="If Amazon has said that it is approved, type n instead.",
    ja="Amazon のページで承認が済んでいるなら、かわりに n と打ちます。",
)
TIME_IS_UP = Text(
    en="The five minutes are over. If you have gone on in the app, just wait for it. "
    "If not, type r.",
    ja="5 分が過ぎました。アプリで先へ進んでいれば、そのまま待ちます。まだなら r と"
    "打ちます。",
)
NOTHING_CAME = Text(
    en="No mail has come for {minutes} minutes.",
    ja="{minutes} 分待ちましたが、メールは届きませんでした。",
)

# The line at the bottom

PROMPTS = {
    Place.PREPARE: Text(
        en="Enter = done, go on | q = quit", ja="Enter = 済んだので先へ | q = 終わる"
    ),
    Place.WAIT: Text(
        en="Waiting for the mail ({clock}) | n = approved otherwise | r = again | "
        "q = quit",
        ja="メール待ち({clock}) | n = ほかの方法で承認した | r = やりなおす | "
        "q = 終わる",
    ),
    Place.FINISH: Text(
        en="{clock} left | Enter = linked | r = it failed | q = quit",
        ja="残り {clock} | Enter = つながった | r = 失敗した | q = 終わる",
    ),
    Place.AGAIN: Text(
        en="Enter = begin again | q = quit", ja="Enter = 最初から始める | q = 終わる"
    ),
}
FINISH_UNTIMED = Text(
    en="Enter = linked | r = it failed | q = quit",
    ja="Enter = つながった | r = 失敗した | q = 終わる",
)
"""Where no mail tells how much time is left, or none is."""
TO_USE = {
    Kind.APPROVAL: Text(
        en="{clock} left | Enter = open Amazon's page | n = approved already | q = "
        "quit",
        ja="残り {clock} | Enter = 承認ページを開く | n = もう承認した | q = 終わる",
    ),
    Kind.CODE: Text(
        en="{clock} left | Enter = copy the code | n = typed in already | q = quit",
        ja="残り {clock} | Enter = コードをコピー | n = もう入力した | q = 終わる",
    ),
    Kind.UNKNOWN: Text(
        en="{clock} left | Enter = approved | r = again | q = quit",
        ja="残り {clock} | Enter = 承認した | r = やりなおす | q = 終わる",
    ),
}
TO_CHOOSE = Text(
    en="{numbers} = the number of yours, then Enter | r = again | q = quit",
    ja="{numbers} = ご自分のものの番号、次に Enter | r = やりなおす | q = 終わる",
)
WHEN_USED = {
    Kind.APPROVAL: Text(
        en="{clock} left | Enter = approved | o = open it again | q = quit",
        ja="残り {clock} | Enter = 承認した | o = もう一度開く | q = 終わる",
    ),
    Kind.CODE: Text(
        en="{clock} left | Enter = typed in | o = copy it again | q = quit",
        ja="残り {clock} | Enter = 入力した | o = もう一度コピー | q = 終わる",
    ),
}

# The end

LINKED = Text(
    en="{title} is linked. No sign-in is expected any more.",
    ja="{title} とつながりました。待機をやめました。",
)
LINKED_ALONE = Text(en="{title} is linked.", ja="{title} とつながりました。")
LEFT = Text(
    en="Ended. No sign-in is expected any more. To go on: watcher guide {name}",
    ja="案内を終わりました。待機もやめました。続きから始めるには: watcher guide {name}",
)
LEFT_ALONE = Text(
    en="Ended. To go on: watcher guide {name}",
    ja="案内を終わりました。続きから始めるには: watcher guide {name}",
)
STILL_EXPECTED = Text(
    en="A sign-in stays expected, by `watcher expect` or another guide. To end that: "
    "watcher expect --off",
    ja="`watcher expect` か、ほかに開いている案内による待機は続いています。やめるには: "
    "watcher expect --off",
)
"""Behind the sentences that leave it open."""
