"""Zaim: linking Amazon.co.jp, by the account of a user who needed four tries."""

from datetime import date

from watcher.guide.steps import AppSteps, Step
from watcher.i18n import Text

_PREPARE = (
    Step(
        Text(
            en="Open 「連携設定」 in the menu at the top left.",
            ja="左上のメニューから「連携設定」を開きます。",
        )
    ),
    Step(Text(en="Press 「+」 at the top right.", ja="右上の「+」を押します。")),
    Step(
        Text(
            en="「口座の追加」 shows: go down to 「ショッピングサイト」 and press it.",
            ja="「口座の追加」が出たら、下へ進んで「ショッピングサイト」を押します。",
        )
    ),
    Step(
        Text(
            en="Press 「Amazon.co.jp」, and go down.",
            ja="「Amazon.co.jp」を押し、下へ進みます。",
        )
    ),
    Step(
        Text(
            en="Type in the mail address and the password that Amazon knows.",
            ja="Amazon のメールアドレスとパスワードを入れます。",
        ),
    ),
)
_WAIT = (
    Step(
        Text(en="Press 「連携する」.", ja="「連携する」を押します。"),
        Text(
            en="From here to step 13 you have five minutes. Keep the phone's screen "
            "on.",
            ja="ここから手順 13 までを 5 分以内に済ませます。スマートフォンの画面は"
            "消さないでください。",
        ),
    ),
    Step(
        Text(
            en="Wait while it says 「公式サイトと連携中」. At 「連携に成功しました」 "
            "press 「OK」.",
            ja="「公式サイトと連携中」の間は待ちます。「連携に成功しました」と出たら"
            "「OK」を押します。",
        ),
        Text(
            en="This is misleading: nothing is linked yet.",
            ja="成功と出ても、まだつながっていません。",
        ),
    ),
    Step(
        Text(
            en="Wait. When the phone notifies you 「Amazon.co.jpのログインに必要な追加"
            "情報を入力してください」, tap it and press 「今すぐ入力する」.",
            ja="そのまま待ちます。スマートフォンに「Amazon.co.jpのログインに必要な追加情報"
            "を入力してください」と通知が来たら、それを押し、「今すぐ入力する」を"
            "押します。",
        ),
        Text(
            en="Some get no notification: then wait until it says "
            "「更新再開の操作待ち」, and leave out step 9.",
            ja="通知が来ない人もいます。そのときは「更新再開の操作待ち」と出るまで待ち、"
            "手順 9 を飛ばします。",
        ),
    ),
    Step(
        Text(
            en="Press 「戻る」, and not 「認証する」. It then says "
            "「更新再開の操作待ち」: leave Zaim so.",
            ja="「認証する」ではなく「戻る」を押します。「更新再開の操作待ち」と出たら、"
            "Zaim はそのままにします。",
        ),
        Text(
            en="「認証する」 before the approval is the most frequent mistake.",
            ja="承認の前に「認証する」を押すのが、いちばん多い失敗です。",
        ),
    ),
)
_APPROVE = (
    Step(
        Text(
            en="Press 「承認」 on Amazon's page. Close it when it says "
            "「サインイン試行が承認されました」.",
            ja="Amazon のページで「承認」を押します。"
            "「サインイン試行が承認されました」と出たら閉じます。",
        )
    ),
)
_FINISH = (
    Step(Text(en="Go back to Zaim.", ja="Zaim に戻ります。")),
    Step(
        Text(
            en="Open the red message (追加の入力が必要です…).",
            ja="赤い知らせ(追加の入力が必要です…)を開きます。",
        )
    ),
    Step(
        Text(en="Now press 「認証する」.", ja="ここで「認証する」を押します。"),
        Text(
            en="The five minutes end here.",
            ja="ここまでを 5 分以内に済ませます。",
        ),
    ),
    Step(
        Text(
            en="Wait with the screen on. At 「連携に成功しました」 press 「OK」. With "
            "「連携完了のお知らせ」 it is done.",
            ja="画面を消さずに待ちます。「連携に成功しました」と出たら「OK」を押します。"
            "「連携完了のお知らせ」が来れば終わりです。",
        ),
        Text(
            en="A yellow message box means that it is approved (it was red before).",
            ja="知らせの枠が黄色なら、承認は済んでいます(承認の前は赤です)。",
        ),
    ),
)
_AGAIN = (
    Step(
        Text(
            en="Unlink: menu, 「連携設定」, 「▽」 at Amazon.co.jp, 「連携設定」, "
            "「連携を解除」.",
            ja="連携を解除します。メニューから「連携設定」、Amazon.co.jp の「▽」、"
            "「連携設定」、「連携を解除」と進みます。",
        )
    ),
    Step(
        Text(
            en="Press 「連携解除する」, without a tick at 「口座を削除する」.",
            ja="「口座を削除する」に印を付けずに、「連携解除する」を押します。",
        ),
        Text(
            en="The tick deletes all Amazon data linked so far. Only at the first try "
            "is there none yet, so that it does no harm.",
            ja="印を付けると、それまでに連携した Amazon のデータがすべて消えます。"
            "はじめての連携のときだけは、消えるデータがまだありません。",
        ),
    ),
)
STEPS = AppSteps(
    name="zaim",
    title=Text(en="Zaim", ja="Zaim"),
    read_on=date(2026, 11, 26),
    source=Text(
        en="a user's account at umise-blog.com, undated",
        ja="利用者の記録(umise-blog.com、日付なし)",
    ),
    prepare=_PREPARE,
    wait=_WAIT,
    approve=_APPROVE,
    finish=_FINISH,
    again=_AGAIN,
    call=Text(
        en="Approve now. Until you have approved, do not press 「認証する」 in the "
        "app.",
        ja="いま承認してください。承認するまで、アプリの「認証する」を押さないで"
        "ください。",
    ),
    failure=Text(
        en="「メンテナンス中」, 「データ更新が完了していません。」",
        ja="「メンテナンス中」「データ更新が完了していません。」",
    ),
)
