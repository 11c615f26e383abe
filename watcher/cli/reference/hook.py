"""The page on `[hook]`: what a command gets, and two that work."""

from collections.abc import Iterator

from watcher.cli.layout import Section
from watcher.i18n import Language, Text

HOME_ASSISTANT = """\
[hook]
command = ["curl", "--config", "/home/me/watcher-hook.curl"]
events = ["attempt", "expired"]"""

CURL = """\
url = "https://homeassistant.example.jp/api/webhook/a-long-random-id"
header = "Content-Type: application/json"
data-binary = "@-"
max-time = 5
silent
fail"""

LOG_FILE = """\
[hook]
command = ["tee", "-a", "/home/me/watcher-events.jsonl"]"""


def page(language: Language) -> Iterator[Section]:
    """Yield what the command gets and how it is bounded, then the examples."""
    yield Section(paragraphs=[_WHAT.say(language)])
    yield Section(points=[text.say(language) for text in _RULES])
    title = _HOME_ASSISTANT.say(language)
    said = [_WEBHOOK.say(language), HOME_ASSISTANT, _FILE.say(language), CURL]
    yield Section(title=title, paragraphs=said)
    title = _LOG_FILE.say(language)
    yield Section(title=title, paragraphs=[_TEE.say(language), LOG_FILE])


_WHAT = Text(
    en="`[hook] command` is started by `watcher run` for each event in the log, also "
    "for those that other commands log, with the event as one line of JSON on its "
    "standard input. The keys are those of `watcher help json`, the events those of "
    "`watcher help events`.",
    ja="`[hook]` の command は、`watcher run` が記録の出来事のたびに起動します(ほかの"
    "コマンドが記録したものも含みます)。標準入力に、出来事を 1 行の JSON で渡します。"
    "キーは `watcher help json`、出来事は `watcher help events` にあります。",
)
_RULES = (
    Text(
        en="It is a program and its arguments, never a line for a shell. Nothing of a "
        "mail is on its command line, and what it prints is dropped.",
        ja="プログラムと引数であり、シェルの命令ではありません。メールの内容は引数に"
        "入れません。プログラムの出力は捨てます。",
    ),
    Text(
        en="Links and codes are masked, unless it says `secrets = true`. Environment "
        "variables that hold passwords are left out.",
        ja="リンクとコードは隠します(`secrets = true` のときは渡します)。パスワードの"
        "入った環境変数は渡しません。",
    ),
    Text(
        en="It runs for one event after the other, each time for 10 seconds at most; "
        "then it is ended with all that it has started. 100 events wait at most.",
        ja="出来事一つずつ順に動かし、10 秒たつと、起動したものごと終わらせます。"
        "順番を待つ出来事は 100 件までです。",
    ),
    Text(
        en="If it fails, that is logged as `notify_failed`, and holds up nothing.",
        ja="失敗は `notify_failed` として記録し、ほかの働きは止めません。",
    ),
)
_HOME_ASSISTANT = Text(en="Home Assistant", ja="Home Assistant")
_WEBHOOK = Text(
    en="An automation with a webhook trigger gets each event as `trigger.json`:",
    ja="Webhook トリガーのオートメーションに、出来事を `trigger.json` として渡します:",
)
_FILE = Text(
    en="The file that it names, which only you should read (chmod 600):",
    ja="そこに書いたファイルです。あなただけが読めるようにします(chmod 600):",
)
_LOG_FILE = Text(en="A log file", ja="記録を別のファイルにも書く")
_TEE = Text(
    en="One line an event, for another program to read:",
    ja="ほかのプログラムのために、1 行に 1 件ずつ書きたします:",
)
