"""The command line's grammar, and its help in the user's language (contract §1)."""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, TypeVar

from watcher.clock import parse_duration
from watcher.i18n import Language, Text


class Options(argparse.Namespace):
    """Every option of every command; a command reads its own."""

    command: str
    language: Language
    config: Path | None
    verbose: bool
    quiet: bool
    no_color: bool
    json: bool
    # check
    wait: float | None
    no_notify: bool
    # demo
    seconds: float
    # classify
    files: list[str]
    received_at: datetime | None
    # log
    count: int | None
    since: timedelta | None
    follow: bool
    reveal: bool
    # expect
    span: timedelta
    # open
    id: int | None
    print_only: bool


T = TypeVar("T")
LONGEST_WAIT_S = 86400.0
EXPECTED_FOR = timedelta(minutes=10)
_DAY = timedelta(days=1)


class _Version(argparse.Action):
    """Looks the version up only when it is asked for, which takes its time."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it and end the program."""
        from importlib.metadata import version

        print(f"watcher {version('amazon-signin-watcher')}")
        parser.exit()


class Grammar:
    """Builds the parser with every help text in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._common = argparse.ArgumentParser(add_help=False)
        self._add_common(self._common)
        self.parser = argparse.ArgumentParser(
            prog="watcher",
            description=self._say(_WATCHER),
            parents=[self._common],
            allow_abbrev=False,
        )
        self.parser.add_argument(
            "--version", action=_Version, nargs=0, help=self._say(_VERSION)
        )
        self._commands = self.parser.add_subparsers(
            dest="command", required=True, metavar="COMMAND"
        )
        self._add_commands()

    def _say(self, text: Text) -> str:
        return text.say(self._language)

    def _add_common(self, parser: argparse.ArgumentParser) -> None:
        # SUPPRESS: an option given before the command must survive the command's own.
        add = parser.add_argument
        keep = argparse.SUPPRESS
        add(
            "--config", type=Path, metavar="FILE", default=keep, help=self._say(_CONFIG)
        )
        for flags, text in (
            (("-v", "--verbose"), _VERBOSE),
            (("-q", "--quiet"), _QUIET),
            (("--no-color",), _NO_COLOR),
        ):
            add(*flags, action="store_true", default=keep, help=self._say(text))

    def _command(self, name: str, text: Text) -> argparse.ArgumentParser:
        return self._commands.add_parser(
            name,
            help=self._say(text),
            description=self._say(text),
            parents=[self._common],
            allow_abbrev=False,
        )

    def _add_commands(self) -> None:
        self._command("run", _RUN)
        self._add_check()
        self._add_demo()
        self._add_classify()
        self._add_log()
        self._add_open()
        self._add_expect()
        self._flag(self._command("status", _STATUS), "--json", _JSON)

    def _flag(self, parser: argparse.ArgumentParser, name: str, text: Text) -> None:
        parser.add_argument(name, action="store_true", help=self._say(text))

    def _add_check(self) -> None:
        parser = self._command("check", _CHECK)
        parser.add_argument(
            "--wait", type=_seconds, metavar="SECONDS", help=self._say(_WAIT)
        )
        self._flag(parser, "--json", _JSON)
        self._flag(parser, "--no-notify", _NO_NOTIFY)

    def _add_demo(self) -> None:
        parser = self._command("demo", _DEMO)
        parser.add_argument(
            "--seconds",
            type=_seconds,
            metavar="N",
            default=20.0,
            help=self._say(_SECONDS),
        )
        self._flag(parser, "--no-notify", _NO_NOTIFY)

    def _add_classify(self) -> None:
        parser = self._command("classify", _CLASSIFY)
        self._flag(parser, "--json", _JSON)
        parser.add_argument(
            "--received-at", type=_instant, metavar="TIME", help=self._say(_RECEIVED_AT)
        )
        parser.add_argument("files", nargs="+", metavar="FILE", help=self._say(_FILES))

    def _add_log(self) -> None:
        parser = self._command("log", _LOG)
        add = parser.add_argument
        add("-n", dest="count", type=_count, metavar="N", help=self._say(_COUNT))
        add("--since", type=_span, metavar="SPAN", help=self._say(_SINCE))
        self._flag(parser, "--json", _JSON)
        self._flag(parser, "--follow", _FOLLOW)
        self._flag(parser, "--reveal", _REVEAL)

    def _add_expect(self) -> None:
        self._command("expect", _EXPECT).add_argument(
            "span",
            nargs="?",
            type=_soon,
            default=EXPECTED_FOR,
            metavar="SPAN",
            help=self._say(_SPAN),
        )

    def _add_open(self) -> None:
        parser = self._command("open", _OPEN)
        parser.add_argument(
            "id", nargs="?", type=_count, metavar="ID", help=self._say(_ID)
        )
        parser.add_argument(
            "--print", dest="print_only", action="store_true", help=self._say(_PRINT)
        )


def parse(argv: Sequence[str] | None, language: Language) -> Options:
    """Return what a command line says; ends the program (exit 2) if it says nothing."""
    defaults = Options(
        config=None, verbose=False, quiet=False, no_color=False, language=language
    )
    return Grammar(language).parser.parse_args(argv, namespace=defaults)


def _checked(
    parse: Callable[[str], T], is_good: Callable[[T], bool], what: str
) -> Callable[[str], T]:
    """Return a parser of an argument that says in one word what it wants."""

    def convert(written: str) -> T:
        try:
            value = parse(written)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{written!r}: {what}") from None
        if not is_good(value):
            raise argparse.ArgumentTypeError(f"{written!r}: {what}")
        return value

    return convert


def _parse_instant(written: str) -> datetime:
    instant = datetime.fromisoformat(written)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


_seconds = _checked(float, lambda s: 0 < s <= LONGEST_WAIT_S, "SECONDS = 1 … 86400")
_count = _checked(int, lambda n: n > 0, "= 1, 2, 3 …")
_span = _checked(parse_duration, bool, "SPAN = 90s, 5m, 2h, 30d")
_soon = _checked(parse_duration, lambda s: 0 < s / _DAY <= 1, "SPAN = 90s, 5m … 24h")
_instant = _checked(_parse_instant, lambda _: True, "TIME = 2026-01-31T12:00:00Z")

_WATCHER = Text(
    en="Watches mailboxes for Amazon's sign-in attempts and tells you at once. It "
    "never approves and never visits the link: the decision is yours alone.",
    ja="Amazon の「サインイン試行」メールを見張り、すぐに知らせます。承認も"
    "リンクへのアクセスも決して行いません。決めるのはあなただけです。",
)
_CONFIG = Text(
    en="configuration file (default: $WATCHER_CONFIG, else your configuration folder)",
    ja="設定ファイル(既定: $WATCHER_CONFIG、なければ設定フォルダー)",
)
_VERSION = Text(en="print the version", ja="バージョンを表示する")
_VERBOSE = Text(en="tell more on standard error", ja="標準エラーに詳しく出力する")
_QUIET = Text(en="tell errors only", ja="エラーだけを出力する")
_NO_COLOR = Text(en="no colours", ja="色を付けない")
_JSON = Text(en="one JSON object a line", ja="1 行に 1 つの JSON で出力する")
_NO_NOTIFY = Text(en="show no notification", ja="通知を出さない")
_RUN = Text(
    en="watch every account until stopped (Ctrl-C)",
    ja="すべてのアカウントを見張りつづける(Ctrl-C で終了)",
)
_CHECK = Text(en="look at every account once", ja="すべてのアカウントを一度だけ調べる")
_WAIT = Text(
    en="wait so long for a live attempt; exit 3 if none comes",
    ja="試行が届くまで最長この秒数だけ待つ(届かなければ終了コード 3)",
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
_FILES = Text(
    en="a saved mail (.eml), or - for standard input",
    ja="保存したメール(.eml)。- は標準入力",
)
_LOG = Text(en="read the event log", ja="記録を読む")
_COUNT = Text(en="only the newest N events", ja="新しい N 件だけ")
_SINCE = Text(en="only events since, like 2d", ja="この時間内のものだけ(例 2d)")
_FOLLOW = Text(en="go on with new events", ja="新しい出来事を表示しつづける")
_REVEAL = Text(
    en="show live links and codes in full",
    ja="有効なリンクとコードを隠さずに表示する",
)
_OPEN = Text(
    en="open the approval page of the newest live attempt in your browser",
    ja="いちばん新しい有効な試行の承認ページをブラウザーで開く",
)
_ID = Text(
    en="the attempt to open (see `watcher log`)", ja="開く試行(`watcher log` で確認)"
)
_PRINT = Text(en="print the link only", ja="リンクを表示するだけ")
_EXPECT = Text(
    en="say that you are about to sign in: look more often, call you louder",
    ja="これからサインインすると伝える(確認を速め、通知で行動を促す)",
)
_SPAN = Text(en="for how long, like 10m (default)", ja="その時間(例 10m、既定)")
_STATUS = Text(
    en="tell whether the daemon lives and how each account is watched",
    ja="デーモンが動いているか、各アカウントをどう見張っているかを示す",
)
