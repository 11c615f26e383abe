"""What exit codes and events mean."""

from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.i18n import Text

EXIT_CODES = {
    ExitCode.OK: Text(
        en="Done. `check --wait`, `guide` in a pipe: a live attempt was found.",
        ja="済みました。`check --wait` と、パイプの中の `guide` では、有効な試行が"
        "見つかりました。",
    ),
    ExitCode.BUG: Text(
        en="A bug in watcher: run it with --verbose and report what it prints.",
        ja="watcher の不具合です。--verbose を付けて実行し、表示を報告してください。",
    ),
    ExitCode.USAGE: Text(
        en="Wrong usage: see `watcher help COMMAND`.",
        ja="使い方が違います。`watcher help コマンド` を見てください。",
    ),
    ExitCode.NOTHING: Text(
        en="`check --wait`, `guide`: nothing came. `open`, `copy`: nothing is live, or "
        "there is no browser or clipboard. `log`: there is no such attempt. `status`: "
        "it is not running. `doctor`: something fails.",
        ja="`check --wait` と `guide`: 何も届きませんでした。`open` と `copy`: 有効な"
        "試行がないか、ブラウザーやクリップボードを使えません。`log`: その番号の試行が"
        "ありません。`status`: 動いていません。`doctor`: うまくいかない点があります。",
    ),
    ExitCode.UNREADABLE: Text(
        en="`classify`: a file is missing or no mail. The others were judged.",
        ja="`classify`: 読めないファイルがありました。ほかは判定しました。",
    ),
    ExitCode.UNREACHABLE: Text(
        en="A server cannot be reached, or its certificate is not trusted.",
        ja="サーバーに届かないか、証明書を信頼できません。",
    ),
    ExitCode.TEMPORARY: Text(
        en="A temporary failure: try again. Also if another `watcher run` is running, "
        "or the server did not deliver a mail.",
        ja="一時的な失敗です。もう一度試せます。別の `watcher run` が動いているときや、"
        "サーバーがメールを渡さなかったときも、これです。",
    ),
    ExitCode.REFUSED: Text(en="Login refused.", ja="ログインが拒否されました。"),
    ExitCode.CONFIG: Text(
        en="The configuration is wrong; all mistakes are listed at once.",
        ja="設定が違います。直すところはすべて一度に示します。",
    ),
}

INTERRUPTED = Text(
    en="Ctrl-C ended a command such as `check`. (`watcher run` then ends with 0.)",
    ja="`check` などを Ctrl-C で止めました(`watcher run` なら 0 です)。",
)

EVENTS = {
    EventName.ATTEMPT: Text(
        en="A sign-in attempt of Amazon's, recognised while it can be answered. Events "
        "about it share its `attempt_id`.",
        ja="まだ答えられるうちに見つかった、Amazon のサインイン試行。それについての"
        "出来事は、同じ `attempt_id` を持ちます。",
    ),
    EventName.MISSED: Text(
        en="One that was found too late to act on.",
        ja="見つかったときには、もう期限が切れていた試行。",
    ),
    EventName.UNVERIFIED: Text(
        en="A mail that reads like one, but nothing proves its sender.",
        ja="サインイン試行らしいが、差出人を証明できないメール。",
    ),
    EventName.LOOK_ALIKE: Text(
        en="A mail that passes itself off as Amazon's.",
        ja="Amazon のメールに見せかけたメール。",
    ),
    EventName.NOTIFIED: Text(
        en="A notification was shown; `detail` names the channel.",
        ja="通知を出しました。`detail` は出した場所です。",
    ),
    EventName.NOTIFY_FAILED: Text(
        en="A channel could not show a notification, a phone not be told (`push: …`), "
        "or your command failed (`hook: …`); `detail` says why.",
        ja="通知を出せなかったか、スマートフォンに知らせられなかったか(`push: …`)、"
        "自分のコマンドが失敗しました(`hook: …`)。`detail` が理由です。",
    ),
    EventName.REMINDED: Text(
        en="You were reminded of an attempt without an answer.",
        ja="答えのない試行を、もう一度知らせました。",
    ),
    EventName.EXPIRED: Text(
        en="The time of an attempt is over; its link or code is removed. `detail` "
        "holds your answer, if you gave one.",
        ja="試行の期限が切れ、リンクやコードを消しました。答えがあれば `detail` に"
        "あります。",
    ),
    EventName.OPENED: Text(
        en="You opened the approval page.", ja="承認ページを開きました。"
    ),
    EventName.OPEN_FAILED: Text(
        en="The page could not be opened; `detail` says why.",
        ja="承認ページを開けませんでした。`detail` が理由です。",
    ),
    EventName.NOT_ME: Text(
        en='You answered "It was not me".', ja="「身に覚えがない」と答えました。"
    ),
    EventName.COPIED: Text(
        en="You copied the code.", ja="確認コードをコピーしました。"
    ),
    EventName.SUPERSEDED: Text(
        en="A newer mail came for the same sign-in, and its notification took the "
        "place of this one's.",
        ja="同じサインインの新しいメールが届き、通知をそちらに替えました。",
    ),
    EventName.SIGN_IN_REPORTED: Text(
        en="Amazon wrote that there was a sign-in, at the time that `detail` names: "
        "nobody but you knows whether it was yours.",
        ja="サインインがあったと Amazon が知らせてきました(時刻は `detail`)。ご本人の"
        "ものかどうかは、watcher にはわかりません。",
    ),
    EventName.OUTCOME: Text(
        en="You said by `watcher log --outcome`, or to the guide, how an attempt "
        "ended: `detail` is worked or failed.",
        ja="試行の結果を `watcher log --outcome` か案内(guide)で伝えました。"
        "`detail` は worked(成功)か failed(失敗)です。",
    ),
    EventName.ARMED: Text(
        en="You said that you are about to sign in, or `watcher guide` did (`detail`); "
        "`expires_at` is until when.",
        ja="これからサインインすると伝えたか、`watcher guide` が伝えました(`detail`)。"
        "`expires_at` がその期限です。",
    ),
    EventName.DISARMED: Text(
        en="You said by `watcher expect --off` that you no longer are, or the guide "
        "ended.",
        ja="`watcher expect --off` で取りやめたか、案内(guide)が終わりました。",
    ),
    EventName.CLOCK_WRONG: Text(
        en="Signed mails prove that this computer's clock is wrong.",
        ja="署名つきのメールから、このパソコンの時計のずれが分かりました。",
    ),
    EventName.BLIND: Text(
        en="An account could not be watched for over 90 seconds; `detail` says why.",
        ja="90 秒以上見張れなかったアカウントがあります。`detail` が理由です。",
    ),
    EventName.RECOVERED: Text(
        en="It is watched again, and what came meanwhile was looked at.",
        ja="また見張れるようになり、その間のメールも確認しました。",
    ),
    EventName.STARTED: Text(en="`watcher run` began.", ja="`watcher run` の始まり。"),
    EventName.STOPPED: Text(en="`watcher run` ended.", ja="`watcher run` の終わり。"),
}
