"""`watcher doctor`: checks everything that can go wrong, one line each."""

import json
import sys
from collections.abc import Iterator

from watcher.cli.context import (
    configuration,
    has_configuration,
    journal_path,
    notification_language,
)
from watcher.cli.parser import Options
from watcher.cli.streams import can_encode
from watcher.cli.terminal import Colour, paint, say
from watcher.config.load import default_path
from watcher.config.schema import Config
from watcher.errors import ConfigError, ExitCode
from watcher.i18n import Language, Sayable, Text, pad_columns, wrap_columns
from watcher.recognition.text import one_line
from watcher.setup.doctor.checks import Doctor
from watcher.setup.doctor.report import Check, Line, Verdict

COLUMNS = 80
INDENT = 24
"""Where the words begin: behind the sign, the verdict and the name of the check."""


def run(options: Options) -> int:
    """Check everything, print a line for each check; exit 3 if one fails."""
    config, error = _load(options)
    language = notification_language(config)
    doctor = Doctor(
        find_path=lambda: options.config or default_path(),
        config=config,
        error=error if has_configuration(options) else None,
        find_log=lambda: journal_path(config),
        language=language,
        shows_notification=options.notify,
    )
    verdicts: list[Verdict] = []
    for line in doctor.lines():
        verdicts.append(line.finding.verdict)
        if options.json:
            print(json.dumps(line.fields(language), ensure_ascii=False), flush=True)
        elif not (options.quiet and line.finding.remedy is None):
            print("\n".join(render(line, options)), flush=True)
    failures = verdicts.count(Verdict.FAIL)
    if not (options.json or options.quiet):
        text = _FAILURES if failures else _NOTHING
        say(f"\n{text.say(options.language, count=failures)}")
    return ExitCode.NOTHING if failures else ExitCode.OK


def _load(options: Options) -> tuple[Config | None, ConfigError | None]:
    try:
        return configuration(options), None
    except ConfigError as error:
        return None, error


def render(line: Line, options: Options) -> Iterator[str]:
    """Yield the lines on one check: how it ended, what was found, what to do.

    A word that is wider than the line stays whole, since commands are copied.
    """
    language, finding = options.language, line.finding
    sign, word, colour = _VERDICTS[finding.verdict]
    if not can_encode(sys.stdout, sign):
        sign = _ASCII_SIGNS[finding.verdict]
    name = pad_columns(_NAMES[line.slot.check].say(language), _NAME_COLUMNS)
    head = f"{sign} {pad_columns(word.say(language), _WORD_COLUMNS)}"
    said = _words(finding.detail, language)
    if line.slot.account is not None:
        account = one_line(line.slot.account)
        is_its_own = line.slot.check is not Check.CLOCK  # that is the computer's
        said[0] = f"{account}: {said[0]}" if is_its_own else f"{said[0]} ({account})"
    first, *others = _wrapped(said)
    yield f"{paint(head, colour, is_plain=options.no_color)} {name} {first}"
    for more in others:
        yield f"{'':{INDENT}}{more}"
    if finding.remedy is not None:
        arrow = "→" if can_encode(sys.stdout, "→") else "->"
        first, *others = _wrapped(_words(finding.remedy, language), len(arrow) + 1)
        yield f"{'':{INDENT}}{arrow} {first}"
        for more in others:
            yield f"{'':{INDENT + len(arrow) + 1}}{more}"


def _words(said: Sayable, language: Language) -> list[str]:
    """Return a sentence by its own lines, of which the configuration's has several."""
    return [one_line(line) for line in said.say(language).splitlines()] or [""]


def _wrapped(lines: list[str], indent: int = 0) -> list[str]:
    room = COLUMNS - INDENT - indent
    return [part for line in lines for part in wrap_columns(line, room)]


_NOTHING = Text(
    en="Nothing fails.",
    ja="直さなければならない問題はありません。",
)
_FAILURES = Text(
    en="Of these, {count} must be put right before watcher can work.",
    ja="{count} 件の問題を直さないと、watcher は正しく働きません。",
)
_VERDICTS = {
    Verdict.PASS: ("✓", Text(en="pass", ja="良好"), Colour.GOOD),
    Verdict.WARN: ("!", Text(en="warn", ja="注意"), Colour.OPEN),
    Verdict.FAIL: ("✗", Text(en="fail", ja="問題"), Colour.BAD),
    Verdict.SKIP: ("-", Text(en="skip", ja="省略"), Colour.STRONG),
}
_ASCII_SIGNS = {Verdict.PASS: "o", Verdict.FAIL: "x"}
_WORD_COLUMNS = 4
_NAME_COLUMNS = INDENT - 2 - _WORD_COLUMNS - 2
_NAMES = {
    Check.CONFIGURATION: Text(en="configuration", ja="設定"),
    Check.PERMISSIONS: Text(en="permissions", ja="アクセス権"),
    Check.SECRET: Text(en="password", ja="パスワード"),
    Check.DNS: Text(en="name servers", ja="DNS"),
    Check.TLS: Text(en="encryption", ja="暗号化"),
    Check.LOGIN: Text(en="login", ja="ログイン"),
    Check.CAPABILITIES: Text(en="capabilities", ja="サーバー機能"),
    Check.MAILBOXES: Text(en="mailboxes", ja="メールボックス"),
    Check.ADDRESSES: Text(en="addresses", ja="宛先"),
    Check.CLOCK: Text(en="clock", ja="時計"),
    Check.DKIM_KEY: Text(en="Amazon's key", ja="Amazon の鍵"),
    Check.NOTIFICATION: Text(en="notification", ja="通知"),
    Check.BROWSER: Text(en="browser", ja="ブラウザー"),
    Check.LOG: Text(en="event log", ja="記録"),
    Check.SERVICE: Text(en="start at login", ja="自動起動"),
    Check.DISK: Text(en="disk", ja="ディスク"),
    Check.PUSH: Text(en="phone", ja="スマートフォン"),
    Check.OAUTH: Text(en="OAuth2", ja="OAuth2"),
}
"""What is checked, in the user's words; scripts read the contract's."""
