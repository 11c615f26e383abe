"""Parses the command line; its help is in the user's language (contract §1)."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from watcher.cli.arguments import COMMANDS, COMMON, argument
from watcher.cli.usage import FORMATTERS, SHOW_HELP, speaking
from watcher.i18n import Language, Text

NO_COMMAND = "no_command"
"""The module that runs where no command is named."""


class Options(argparse.Namespace):
    """The options of every command; a command reads only its own."""

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
    # doctor
    notify: bool
    # classify
    anonymise: bool
    files: list[str]
    received_at: datetime | None
    # log
    count: int | None
    since: timedelta | None
    follow: bool
    reveal: bool
    # expect
    span: timedelta | None
    off: bool
    # guide
    app: str | None
    # init
    address: str | None
    amazon_address: list[str] | None
    provider: str | None
    host: str | None
    port: int | None
    tls: str | None
    ca_file: Path | None
    user: str | None
    password_file: Path | None
    password_command: str | None
    password_env: str | None
    keyring: bool
    client_id: str | None
    name: str | None
    spoken: str | None
    push: str | None
    no_push: bool
    no_trial: bool
    no_service: bool
    add: bool
    yes: bool
    # open, copy
    id: int | None
    # open, service
    print_only: bool
    # service
    action: str
    # oauth
    step: str
    account: str | None
    # help, completion
    topic: str | None
    shell: str


class _Parser(argparse.ArgumentParser):
    """Ends a wrong command line with a sentence that fits the terminal."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the program; `message` ends with a line break."""
        if message:
            from watcher.cli.terminal import tell

            with suppress(OSError):  # as argparse does
                tell(message.rstrip("\n"))
        raise SystemExit(status)


def defaults(language: Language) -> Options:
    """Return the options of a command line that sets none."""
    return Options(
        command=NO_COMMAND,
        config=None,
        verbose=False,
        quiet=False,
        no_color=False,
        language=language,
    )


def parse(argv: Sequence[str] | None, language: Language) -> Options:
    """Return the options of a command line; see `parse_into`."""
    return parse_into(defaults(language), argv)


def parse_into(options: Options, argv: Sequence[str] | None) -> Options:
    """Set and return the options of a command line, in their own language.

    Raises:
        SystemExit: with 2 on wrong usage; with 0 after `--help` and `--version`.
    """
    with speaking(options.language):
        return build(options.language).parse_args(argv, namespace=options)


def build(language: Language) -> argparse.ArgumentParser:
    """Return the parser of every command, with its help in one language."""
    parser = _Parser(
        prog="watcher",
        description=_WATCHER.say(language),
        allow_abbrev=False,
        formatter_class=FORMATTERS[language],
    )
    _add(parser, "", f"{COMMON} --version", language)
    commands = parser.add_subparsers(
        prog=parser.prog, dest="command", metavar="COMMAND", parser_class=CommandParser
    )
    for name, (text, _) in COMMANDS.items():
        commands.add_parser(
            name,
            help=text.say(language),
            description=text.say(language),
            command=name,
            language=language,
        )
    return parser


class CommandParser(_Parser):
    """The parser of one command; its arguments are added once it is chosen."""

    def __init__(self, *, command: str, language: Language, **settings: Any) -> None:  # noqa: ANN401 -- argparse's own
        super().__init__(
            add_help=False,
            allow_abbrev=False,
            formatter_class=FORMATTERS[language],
            **settings,
        )
        self._command = command
        self._language = language

    def declare(self) -> None:
        """Add the arguments."""
        what = SHOW_HELP.say(self._language)
        self.add_argument("-h", "--help", action="help", help=what)
        _, arguments = COMMANDS[self._command]
        _add(self, self._command, f"{COMMON} {arguments}", self._language)

    def parse_known_args(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 -- as typeshed has it in overloads
        """Parse what follows the command's name."""
        self.declare()
        return super().parse_known_args(*arguments, **named)


def _add(
    parser: argparse.ArgumentParser, command: str, names: str, language: Language
) -> None:
    for name in names.split():
        text, settings = argument(command, name)
        parser.add_argument(*name.split("/"), help=text.say(language), **settings)


_WATCHER = Text(
    en="Watches mailboxes for Amazon's sign-in attempts and tells you at once. It "
    "never approves and never visits the link: the decision is yours alone.",
    ja="Amazon の「サインイン試行」メールを見張り、すぐに知らせます。承認も"
    "リンクへのアクセスも決して行いません。決めるのはあなただけです。",
)
