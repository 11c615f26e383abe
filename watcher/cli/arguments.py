"""Commands and their arguments, as data: what each is for, and what it takes.

The parser, the completions, the reference and their tests all read it from here.
"""

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from watcher.cli.usage import spoken
from watcher.clock import parse_duration
from watcher.guide.apps import NAMES
from watcher.i18n import Text

T = TypeVar("T")
LONGEST_WAIT_S = 86400.0
EXPECTED_FOR = timedelta(minutes=10)
LARGEST_ID = 2**63 - 1
"""What an INTEGER of SQLite holds; no event has a larger number."""
_DAY = timedelta(days=1)
_FIRST_MAIL = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MAIL = datetime(9000, 1, 1, tzinfo=UTC)
"""What arrives between has a deadline that can be reckoned, whatever the window is."""
ACTIONS = ("install", "uninstall", "status")
STEPS = ("login", "logout")
OUTCOMES = ("worked", "failed")
SHELLS = ("bash", "zsh", "fish", "powershell")

TOPICS = {
    "config": Text(en="every key of the configuration", ja="設定のすべてのキー"),
    "providers": Text(
        en="the mail providers that are built in, and what each needs",
        ja="組みこみのメールサービスと、それぞれの準備",
    ),
    "verdicts": Text(
        en="how a mail is judged, and what you are told of it",
        ja="メールをどう判定し、何を知らせるか",
    ),
    "reasons": Text(
        en="why a mail is not recognised, code by code",
        ja="本物と認めない理由の一覧",
    ),
    "messages": Text(
        en="what watcher may say, and what to do then",
        ja="watcher の表示と、そのときにすること",
    ),
    "security": Text(
        en="what is trusted, what is stored, what is sent where",
        ja="何を信じ、何を残し、どこに何を送るか",
    ),
    "files": Text(
        en="where everything lies on this computer",
        ja="このパソコンのどこに何があるか",
    ),
    "events": Text(en="what can stand in the event log", ja="記録に残る出来事の一覧"),
    "json": Text(en="the keys of what --json prints", ja="--json が出力するキー"),
    "hook": Text(
        en="a command of yours that gets each event, with examples",
        ja="出来事のたびに自分のコマンドを動かす方法と例",
    ),
    "oauth2": Text(
        en="the ways to log in to Outlook.com, which takes no password",
        ja="パスワードが使えない Outlook.com にログインする方法",
    ),
    "exit-codes": Text(en="the exit codes", ja="終了コード"),
}
"""What the reference tells, by the topics of `watcher help`."""


class _Version(argparse.Action):
    """Prints the version; looks it up only when it is asked for, which takes long."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print the version and end the program."""
        from importlib.metadata import version

        print(f"watcher {version('amazon-signin-watcher')}")
        parser.exit()


def _checked(
    parse: Callable[[str], T], is_good: Callable[[T], bool], example: str
) -> Callable[[str], T]:
    """Return a parser of an argument whose error message shows an example."""

    def convert(written: str) -> T:
        try:
            value = parse(written)
            if is_good(value):
                return value
        except ValueError:
            pass
        said = spoken(_NOT_UNDERSTOOD, written=repr(written), example=example)
        raise argparse.ArgumentTypeError(said)

    return convert


def _parse_instant(written: str) -> datetime:
    instant = datetime.fromisoformat(written)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _topic(written: str) -> str:
    if written in TOPICS or written in COMMANDS:
        return written
    said = spoken(_NO_TOPIC, written=repr(written), topics=", ".join(TOPICS))
    raise argparse.ArgumentTypeError(said)


_seconds = _checked(
    lambda written: parse_duration(written).total_seconds(),
    lambda seconds: 0 < seconds <= LONGEST_WAIT_S,
    "300, 300s, 5m … 24h",
)
_number = _checked(int, lambda n: n > 0, "1, 2, 3 …")
_count = _checked(int, lambda n: 0 < n <= LARGEST_ID, "1, 2, 3 …")
_port = _checked(int, lambda n: 0 < n < 65536, "993 (1 … 65535)")
_span = _checked(parse_duration, bool, "90, 90s, 5m, 2h, 30d")
_soon = _checked(parse_duration, lambda s: 0 < s / _DAY <= 1, "90, 90s, 5m … 24h")
_instant = _checked(
    _parse_instant, lambda at: _FIRST_MAIL < at < _LAST_MAIL, "2026-01-31T12:00:00Z"
)

_NOT_UNDERSTOOD = Text(
    en="{written} cannot be used; write it like {example}",
    ja="{written} は使えません。次のように書いてください: {example}",
)
_NO_TOPIC = Text(
    en="there is no topic {written}; the topics are {topics}; the names of commands "
    "work as well",
    ja="{written} という項目はありません。項目は {topics} です。"
    "コマンドの名前も使えます",
)
_CONFIG = Text(
    en="configuration file (default: $WATCHER_CONFIG, else your configuration folder)",
    ja="設定ファイル(既定: $WATCHER_CONFIG、なければ設定フォルダー)",
)
_VERSION = Text(en="print the version", ja="バージョンを表示する")
_VERBOSE = Text(
    en="tell developers more on standard error",
    ja="開発者向けの詳細も標準エラーに出力する",
)
_QUIET = Text(
    en="tell only errors and what needs you",
    ja="エラーと、対応が必要なことだけを出力する",
)
_NO_COLOR = Text(en="no colours", ja="色を付けない")
_JSON = Text(en="one JSON object a line", ja="1 行に 1 つの JSON で出力する")
_NO_NOTIFY = Text(en="show no notification", ja="通知を出さない")
_RUN = Text(
    en="watch every account until stopped (Ctrl-C)",
    ja="すべてのアカウントを見張りつづける(Ctrl-C で終了)",
)
_CHECK = Text(en="look at every account once", ja="すべてのアカウントを一度だけ調べる")
_WAIT = Text(
    en="wait so long for a live attempt, like 300 or 5m; exit 3 if none comes",
    ja="試行が届くまで最長この時間だけ待つ(例 300、5m。届かなければ終了コード 3)",
)
_DEMO = Text(
    en="show the whole program at work, without account or network",
    ja="アカウントもネットワークもなしで、全体の動きを見せる",
)
_SECONDS = Text(en="how long it takes (default 20)", ja="かける秒数(既定 20)")
_CLASSIFY = Text(
    en="judge saved mails and tell every reason",
    ja="保存したメールを判定し、理由をすべて示す",
)
_RECEIVED_AT = Text(
    en="when the mail arrived, like 2026-01-31T12:00:00Z (default: now)",
    ja="メールの到着時刻(例 2026-01-31T12:00:00Z、既定は現在)",
)
_ANONYMISE = Text(
    en="replace what tells who you are, so that you can show the output to others",
    ja="人に見せられるように、名前や宛先など、本人が分かるものを置きかえる",
)
_FILES = Text(
    en="a saved mail (.eml, .emlx), an mbox, a folder of these, or - for standard "
    "input",
    ja="保存したメール(.eml、.emlx)、mbox、それらを入れたフォルダー。- は標準入力",
)
_LOG = Text(en="read the event log", ja="記録を読む")
_COUNT = Text(en="only the newest N events", ja="新しい N 件だけ")
_SINCE = Text(en="only events since, like 2d", ja="この時間内のものだけ(例 2d)")
_FOLLOW = Text(en="go on with new events", ja="新しい出来事を表示しつづける")
_REVEAL = Text(
    en="show live links and codes in full", ja="有効なリンクとコードを隠さずに表示する"
)
_OUTCOME = Text(
    en="note how the newest attempt, or the named one, ended",
    ja="いちばん新しい(または番号で指定した)試行の結果を記録する",
)
_OPEN = Text(
    en="open the approval page of the newest attempt that you have not answered",
    ja="まだ答えていない、いちばん新しい試行の承認ページをブラウザーで開く",
)
_ID = Text(
    en="the attempt's number (see `watcher log`)", ja="試行の番号(`watcher log` で確認)"
)
_COPY = Text(
    en="copy the code of the newest live attempt to the clipboard",
    ja="いちばん新しい有効な試行の確認コードをクリップボードにコピーする",
)
_PRINT = Text(
    en="only print the link, and open nothing",
    ja="リンクを表示するだけで、開かない",
)
_PRINT_SERVICE = Text(
    en="only print what install would write, or which file uninstall would remove",
    ja="install が書く内容、または uninstall が消すファイルを表示するだけ",
)
_EXPECT = Text(
    en="say that you are about to sign in: look more often, call you to act",
    ja="これからサインインすると伝える(確認を早め、行動を促す)",
)
_SPAN = Text(en="for how long, like 10m (default)", ja="その時間(例 10m、既定)")
_OFF = Text(en="say that you expect no sign-in any more", ja="待機をやめると伝える")
_GUIDE = Text(
    en="link a household-budget app to Amazon, step by step",
    ja="家計簿アプリと Amazon の連携を、手順ごとに案内する",
)
_APP = Text(
    en="the app: zaim or moneyforward (Money Forward ME)",
    ja="アプリ。zaim か moneyforward(マネーフォワード ME)",
)
_STATUS = Text(
    en="tell whether watcher is running and how each account is watched",
    ja="動いているか、各アカウントをどう見張っているかを示す",
)
_SERVICE = Text(
    en="let watcher start by itself when you log in",
    ja="ログインしたら watcher が自動で始まるようにする",
)
_ACTION = Text(
    en="install: set it up and start it now; uninstall: remove it; status: tell "
    "whether it starts at the next login",
    ja="install: 登録してすぐに始める。uninstall: 登録を消す。status: 次の"
    "ログインで始まるかどうかを示す",
)

_INIT = Text(
    en="set watcher up: asks a few questions, and checks each answer",
    ja="使う準備をする(質問に答えると、その場で確かめながら設定する)",
)
_ADDRESS = Text(en="the mail address", ja="メールアドレス")
_AMAZON_ADDRESS = Text(
    en="an address that Amazon writes to (repeatable; default: the mail address)",
    ja="Amazon に登録したアドレス(複数可、既定はメールアドレス)",
)
_PROVIDER = Text(
    en="the provider (see `watcher help providers`)",
    ja="メールサービス(`watcher help providers` に一覧)",
)
_HOST = Text(en="the IMAP server", ja="IMAP サーバー")
_PORT = Text(en="its port", ja="そのポート番号")
_TLS = Text(en="implicit, starttls or none", ja="implicit、starttls、none のどれか")
_CA_FILE = Text(
    en="an additional certificate to trust", ja="追加で信頼する証明書のファイル"
)
_USER = Text(en="the name for the login", ja="ログイン名")
_PASSWORD_FILE = Text(
    en="read the password from a file", ja="パスワードをファイルから読む"
)
_PASSWORD_COMMAND = Text(
    en="get the password from a command, like 'pass show mail/home'",
    ja="パスワードをコマンドで取り出す(例 'pass show mail/home')",
)
_PASSWORD_ENV = Text(
    en="read the password from an environment variable",
    ja="パスワードを環境変数から読む",
)
_KEYRING = Text(
    en="the password is in the keyring already",
    ja="パスワードはもうキーリングに入っている",
)
_CLIENT_ID = Text(
    en="the id of an application of your own at Microsoft (see `watcher help oauth2`)",
    ja="Microsoft に登録した自分のアプリケーションの ID(`watcher help oauth2` を参照)",
)
_NAME = Text(en="a name for the account", ja="アカウントにつける名前")
_LANGUAGE = Text(
    en="language of what is said and shown: ja or en", ja="表示と通知の言語(ja か en)"
)
_NO_TRIAL = Text(en="show no test notification", ja="テストの通知を出さない")
_PUSH = Text(
    en="tell a phone, too, by an ntfy server, like https://ntfy.sh",
    ja="スマートフォンにも ntfy のサーバーで知らせる(例 https://ntfy.sh)",
)
_NO_PUSH = Text(en="tell no phone", ja="スマートフォンには知らせない")
_NO_SERVICE = Text(en="do not start at login", ja="ログイン時に自動で始めない")
_ADD = Text(en="add one more account", ja="アカウントを追加する")
_YES = Text(en="ask nothing, take every default", ja="質問せず、既定の答えで進める")

_DOCTOR = Text(
    en="check everything that can go wrong, one line each",
    ja="うまくいかない原因になりうるものを、ひとつずつすべて確かめる",
)
_NOTIFY = Text(
    en="also show a test notification for a moment, and send one to the phone",
    ja="通知のテストも少しのあいだ表示し、スマートフォンにも送る",
)

_OAUTH = Text(
    en="log in to Outlook.com, Hotmail or Live, which take no password",
    ja="パスワードが使えない Outlook.com、Hotmail、Live にログインする",
)
_STEP = Text(
    en="login: get a code to enter in a browser; logout: forget the login",
    ja="login: ブラウザーで入力するコードを出す。logout: ログインを忘れる",
)
_ACCOUNT = Text(
    en='the account\'s name (default: the only one with auth = "oauth2")',
    ja='アカウントの名前(既定: auth = "oauth2" の、ただ一つのもの)',
)
_HELP = Text(
    en="show the reference: `watcher help` lists its topics",
    ja="くわしい説明を読む(`watcher help` で項目の一覧を表示)",
)
_TOPIC = Text(en="a topic, or the name of a command", ja="項目か、コマンドの名前")
_COMPLETION = Text(
    en="print what completes command lines with the Tab key",
    ja="Tab キーでコマンドを補完するためのファイルを出力する",
)
_SHELL = Text(en="the shell that you use", ja="お使いのシェル")

_FLAG = {"action": "store_true"}
# An option given before the command must survive the command's own.
_COMMON = {"default": argparse.SUPPRESS}
COMMON = "--config -v/--verbose -q/--quiet --no-color"
"""The arguments that every command has."""

ARGUMENTS: Mapping[str, tuple[Text, Mapping[str, Any]]] = {
    "--config": (_CONFIG, {"type": Path, "metavar": "FILE", **_COMMON}),
    "-v/--verbose": (_VERBOSE, {**_FLAG, **_COMMON}),
    "-q/--quiet": (_QUIET, {**_FLAG, **_COMMON}),
    "--no-color": (_NO_COLOR, {**_FLAG, **_COMMON}),
    "--version": (_VERSION, {"action": _Version, "nargs": 0}),
    "--json": (_JSON, _FLAG),
    "--no-notify": (_NO_NOTIFY, _FLAG),
    "--notify": (_NOTIFY, _FLAG),
    "--wait": (_WAIT, {"type": _seconds, "metavar": "SPAN"}),
    "--seconds": (_SECONDS, {"type": _seconds, "metavar": "N", "default": 20.0}),
    "--received-at": (_RECEIVED_AT, {"type": _instant, "metavar": "TIME"}),
    "--anonymise": (_ANONYMISE, _FLAG),
    "--address": (_ADDRESS, {"metavar": "ADDRESS"}),
    "--amazon-address": (_AMAZON_ADDRESS, {"action": "append", "metavar": "ADDRESS"}),
    "--provider": (_PROVIDER, {"metavar": "NAME"}),
    "--host": (_HOST, {"metavar": "HOST"}),
    "--port": (_PORT, {"type": _port, "metavar": "N"}),
    "--tls": (_TLS, {"metavar": "HOW"}),
    "--ca-file": (_CA_FILE, {"type": Path, "metavar": "FILE"}),
    "--user": (_USER, {"metavar": "NAME"}),
    "--password-file": (_PASSWORD_FILE, {"type": Path, "metavar": "FILE"}),
    "--password-command": (_PASSWORD_COMMAND, {"metavar": "COMMAND"}),
    "--password-env": (_PASSWORD_ENV, {"metavar": "NAME"}),
    "--keyring": (_KEYRING, _FLAG),
    "--client-id": (_CLIENT_ID, {"metavar": "ID"}),
    "--name": (_NAME, {"metavar": "NAME"}),
    "--language": (_LANGUAGE, {"dest": "spoken", "metavar": "ja|en"}),
    "--push": (_PUSH, {"metavar": "SERVER"}),
    "--no-push": (_NO_PUSH, _FLAG),
    "--no-trial": (_NO_TRIAL, _FLAG),
    "--no-service": (_NO_SERVICE, _FLAG),
    "--add": (_ADD, _FLAG),
    "--yes": (_YES, _FLAG),
    "files": (_FILES, {"nargs": "+", "metavar": "FILE"}),
    "-n": (_COUNT, {"dest": "count", "type": _count, "metavar": "N"}),
    "--since": (_SINCE, {"type": _span, "metavar": "SPAN"}),
    "--follow": (_FOLLOW, _FLAG),
    "--reveal": (_REVEAL, _FLAG),
    "--outcome": (_OUTCOME, {"choices": OUTCOMES, "metavar": "|".join(OUTCOMES)}),
    "id": (_ID, {"nargs": "?", "type": _number, "metavar": "ID"}),
    "--print": (_PRINT, {"dest": "print_only", **_FLAG}),
    "action": (_ACTION, {"choices": ACTIONS, "metavar": "|".join(ACTIONS)}),
    "step": (_STEP, {"choices": STEPS, "metavar": "|".join(STEPS)}),
    "account": (_ACCOUNT, {"nargs": "?", "metavar": "ACCOUNT"}),
    "--off": (_OFF, _FLAG),
    "app": (
        _APP,
        {"nargs": "?", "type": str.lower, "choices": NAMES, "metavar": "APP"},
    ),
    "topic": (_TOPIC, {"nargs": "?", "type": _topic, "metavar": "TOPIC"}),
    "shell": (_SHELL, {"choices": SHELLS, "metavar": "|".join(SHELLS)}),
    "span": (
        _SPAN,
        {"nargs": "?", "type": _soon, "metavar": "SPAN"},
    ),
}
"""What `add_argument` takes, by the names of an argument."""

_OF_COMMANDS = {
    ("service", "--print"): (_PRINT_SERVICE, ARGUMENTS["--print"][1]),
    ("log", "id"): (_ID, {**ARGUMENTS["id"][1], "type": _count}),
}
"""Where an argument of one command differs from that of the others."""


def argument(command: str, name: str) -> tuple[Text, Mapping[str, Any]]:
    """Return what `add_argument` takes for an argument of a command."""
    return _OF_COMMANDS.get((command, name), ARGUMENTS[name])


COMMANDS = {
    "init": (
        _INIT,
        "--address --amazon-address --provider --host --port --tls --ca-file --user "
        "--password-file --password-command --password-env --keyring --client-id "
        "--name --language --push --no-push --no-trial --no-service --add --yes",
    ),
    "run": (_RUN, ""),
    "check": (_CHECK, "--wait --json --no-notify"),
    "demo": (_DEMO, "--seconds --no-notify"),
    "classify": (_CLASSIFY, "--json --anonymise --received-at files"),
    "log": (_LOG, "id --outcome -n --since --json --follow --reveal"),
    "open": (_OPEN, "id --print"),
    "copy": (_COPY, "id"),
    "expect": (_EXPECT, "span --off"),
    "guide": (_GUIDE, "app"),
    "status": (_STATUS, "--json"),
    "doctor": (_DOCTOR, "--json --notify"),
    "service": (_SERVICE, "action --print"),
    "oauth": (_OAUTH, "step account"),
    "help": (_HELP, "topic"),
    "completion": (_COMPLETION, "shell"),
}
"""The help and the arguments of each command, in the order of `--help`."""
