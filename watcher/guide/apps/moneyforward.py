"""Money Forward ME: linking Amazon.co.jp, by a user's account of an older flow.

It tells of no mail to approve. A sign-in of the same kind may cause one all the same.
"""

from datetime import date

from watcher.guide.steps import AppSteps, Step
from watcher.i18n import Text

_PREPARE = (
    Step(
        Text(
            en="Press 「連携が失敗しました」 in 口座一覧.",
            ja="口座一覧で「連携が失敗しました」を押します。",
        )
    ),
    Step(
        Text(
            en="「お客様による画像認証が必要です」 shows: press 「追加入力画面へ」.",
            ja="「お客様による画像認証が必要です」と出たら「追加入力画面へ」を押します。",
        )
    ),
)
_WAIT = (
    Step(
        Text(
            en="Type the six or so characters of the picture, and press 「完了」.",
            ja="画像の文字(6 文字ほど)を入れ、「完了」を押します。",
        ),
        Text(
            en="They are often hardly readable. A wrong try locks nothing, and any "
            "number is allowed.",
            ja="読みにくいことがよくあります。間違えてもロックされず、何度でも"
            "試せます。",
        ),
    ),
    Step(
        Text(
            en="At 「時間がかかっております」 leave it alone for a while.",
            ja="「時間がかかっております」と出たら、しばらくそのままにします。",
        ),
        Text(
            en="It sometimes finishes by itself; trying again at once does not help.",
            ja="ひとりでに終わることもあります。すぐにやりなおしても早くなりません。",
        ),
    ),
)
_APPROVE = (
    Step(
        Text(
            en="Press 「承認」 on Amazon's page, before you go on in the app.",
            ja="アプリを進める前に、Amazon のページで「承認」を押します。",
        )
    ),
)
_FINISH = (
    Step(
        Text(
            en="Go on in the app. With 「連携に成功しました!」 it is done.",
            ja="アプリを進めます。「連携に成功しました!」と出れば終わりです。",
        ),
        Text(
            en="Do not use 「口座一括更新」: it breaks the link, even a minute after a "
            "success. Update Amazon alone.",
            ja="「口座一括更新」は、成功した直後でも連携を壊します。使わずに、Amazon "
            "だけを更新してください。",
        ),
    ),
)
_AGAIN = (
    Step(
        Text(
            en="Leave the app alone for a while, then begin again in 口座一覧.",
            ja="しばらくそのままにしてから、口座一覧からやりなおします。",
        )
    ),
)
STEPS = AppSteps(
    name="moneyforward",
    title=Text(en="Money Forward ME", ja="マネーフォワード ME"),
    read_on=date(2026, 11, 26),
    source=Text(
        en="a user's account in a blog, undated, of an older flow",
        ja="利用者がウェブに書いた記録(日付なし、以前の画面)",
    ),
    prepare=_PREPARE,
    wait=_WAIT,
    approve=_APPROVE,
    finish=_FINISH,
    again=_AGAIN,
    call=Text(
        en="Approve now. Go on in the app only when you have approved.",
        ja="いま承認してください。アプリを進めるのは、承認してからです。",
    ),
    failure=Text(
        en="「連携が失敗しました」",
        ja="「連携が失敗しました」",
    ),
    without_mail=Text(
        en="It may finish without a mail: when it says 「連携に成功しました!」, type "
        "n.",
        ja="メールが来ないまま終わることもあります。「連携に成功しました!」と出たら n "
        "と打ちます。",
    ),
)
