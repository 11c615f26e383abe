"""`watcher init`: asks a few questions, and writes a configuration that works."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from watcher.cli.oauth import CodeLogin
from watcher.cli.parser import Options
from watcher.cli.streams import readable_language
from watcher.config.load import default_path
from watcher.config.providers import PRESETS
from watcher.config.schema import Account
from watcher.config.values import (
    Bad,
    one_of,
    parse_address,
    parse_name,
    parse_path,
    parse_port,
    parse_text,
    word_of,
)
from watcher.errors import ExitCode, WrongUsage
from watcher.i18n import Language, Text
from watcher.imap.choices import Tls
from watcher.setup.dialog import Dialog
from watcher.setup.phone import parse_server
from watcher.setup.wizard import Answers, Wizard

T = TypeVar("T")


def run(options: Options) -> int:
    """Set watcher up; exit 3 if the user wants nothing changed.

    Raises:
        WrongUsage: an option cannot be used, or an answer is missing.
        WatcherError: the login does not work, or nothing can be written.
    """
    answers = _answers(options)
    if answers.language:
        options.language = readable_language(answers.language)
    dialog = Dialog(options.language, asks=not options.yes)
    path, tokens = options.config or default_path(), CodeLogin(options)
    wizard = Wizard(path, answers, dialog, tokens)
    return ExitCode.OK if wizard.run() else ExitCode.NOTHING


def _answers(options: Options) -> Answers:
    sources = (
        options.password_file,
        options.password_command,
        options.password_env,
        options.keyring or None,
    )
    if sum(source is not None for source in sources) > 1:
        raise WrongUsage(_ONE_SOURCE)
    file = options.password_file
    command = options.password_command
    account = Account(
        name=_parsed("--name", parse_name, options.name) or "",
        provider=_parsed("--provider", word_of(PRESETS), options.provider),
        user=_parsed("--user", parse_name, options.user) or "",
        password_command=tuple(_parsed("--password-command", _words, command) or ())
        or None,
        password_env=_parsed("--password-env", parse_name, options.password_env),
        password_file=_parsed("--password-file", _absolute, file),
        keyring=options.keyring,
        host=_parsed("--host", parse_name, options.host),
        port=_parsed("--port", parse_port, options.port),
        tls=_parsed("--tls", one_of(Tls), options.tls),
        ca_file=_parsed("--ca-file", _absolute, options.ca_file),
        client_id=_parsed("--client-id", parse_name, options.client_id),
        addresses=tuple(
            address
            for written in options.amazon_address or ()
            if (address := _parsed("--amazon-address", parse_address, written))
        ),
    )
    return Answers(
        account=account,
        address=_parsed("--address", parse_address, options.address),
        language=_parsed("--language", one_of(Language), options.spoken),
        pushes=False if options.no_push else True if options.push else None,
        push_server=_parsed("--push", _server, options.push),
        shows_trial=not options.no_trial,
        installs_service=not options.no_service,
        adds=options.add,
    )


def _parsed(
    option: str, parse: Callable[[object], T], written: object | None
) -> T | None:
    """Return what an option says, as the configuration's key of that name reads it.

    Raises:
        WrongUsage: it cannot be used.
    """
    if written is None:
        return None
    try:
        return parse(written)
    except Bad as bad:
        raise WrongUsage(
            _BAD, option=option, why=WrongUsage(bad.text, **bad.data)
        ) from bad


def _server(written: object) -> str:
    return parse_server(parse_text(written))


def _words(written: object) -> tuple[str, ...]:
    try:
        words = shlex.split(str(written))
    except ValueError:  # a quote that is not closed
        words = []
    if not words:
        raise Bad(_NO_COMMAND)
    return tuple(words)


def _absolute(written: object) -> Path:
    """Return a path that means the same from the configuration's folder."""
    return parse_path(str(written)).absolute()


_BAD = Text(en="{option}: {why}", ja="{option}: {why}")
_ONE_SOURCE = Text(
    en="The password can come from one place only: give one of --password-file, "
    "--password-command, --password-env and --keyring.",
    ja="パスワードの取り出し方は一つだけです。--password-file、--password-command、"
    "--password-env、--keyring のうち一つだけを指定してください。",
)
_NO_COMMAND = Text(
    en="it must name a program, like 'pass show mail/home'",
    ja="プログラム名を書いてください(例: 'pass show mail/home')",
)
