"""Help and wrong usage speak the user's language, whatever the terminal can show."""

import argparse
import dis
import re
import sys
from collections.abc import Iterator
from importlib.abc import InspectLoader
from pathlib import Path
from types import CodeType
from typing import cast

import pytest

from tests.environment import WATCHER, Home
from tests.fakes import posix_only
from tests.sample_mails import LINK, Mail, compose, html
from watcher.cli import main
from watcher.cli.arguments import (
    ACTIONS,
    ARGUMENTS,
    COMMANDS,
    SHELLS,
    STEPS,
    TOPICS,
)
from watcher.cli.parser import parse
from watcher.cli.usage import MESSAGES, speaking
from watcher.errors import ExitCode
from watcher.i18n import Language, fit_columns, pad_columns, wrap_columns

FOR_PROGRAMMERS = {
    "'required' is an invalid argument for positionals",
    "%r is not callable",
    ".__call__() not defined",
    'argument "-" with mode %r',
    "cannot have multiple subparser arguments",
    "cannot merge actions - two groups are named %r",
    "conflicting option string: %s",
    "conflicting option strings: %s",
    "conflicting subparser alias: %s",
    "conflicting subparser: %s",
    "dest= is required for options like %r",
    "invalid conflict_resolution value: %r",
    "invalid option string %(option)r: must start with a character %(prefix_chars)r",
    "mutually exclusive arguments must be optional",
    # Python 3.13, of what we do not use or what is no sentence
    "subcommands",
    " (default: %(default)s)",
    "%(heading)s:",
    "%(prog)s: warning: %(message)s\n",
    "argument '%(argument_name)s' is deprecated",
    "command '%(parser_name)s' is deprecated",
    "option '%(option)s' is deprecated",
    "show program's version number and exit",
}
"""What argparse says of parsers that are built wrongly, and what it never says here."""

JAPANESE = {"LANG": "ja_JP.UTF-8"}
EXAMPLES = {"classify": ["a.eml"]}
WITHOUT_JAPANESE = ["ascii", "cp1252", "cp437", "latin-1"]


def argparse_messages() -> set[str]:
    """Return every message that argparse of this Python hands to gettext."""
    code = cast(InspectLoader, argparse.__loader__).get_code("argparse")
    assert code is not None  # some Pythons come without the source
    return {message for each in _codes(code) for message in _messages(each)}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _messages(code: CodeType) -> Iterator[str]:
    is_message = False
    for instruction in dis.get_instructions(code):
        match instruction.opname:
            case "LOAD_GLOBAL" | "LOAD_NAME":
                is_message = instruction.argval in {"_", "ngettext"}
            case "LOAD_CONST" if is_message and isinstance(instruction.argval, str):
                yield instruction.argval
            case "PUSH_NULL":
                pass
            case _:
                is_message = False


def english_of_argparse() -> set[str]:
    """Return what stands between the fields of argparse's messages."""
    pieces = (re.split(r"%(?:\(\w+\))?[rs]", one) for one in argparse_messages())
    texts = {piece.strip(" :'\n()") for parts in pieces for piece in parts}
    return {text for text in texts if len(text) > 3}


def wrong_command_lines() -> Iterator[list[str]]:
    """Yield a command line for each kind of wrong usage, of every command."""
    yield from (["dance"], ["--nope"], ["--config"], ["-q=1", "run"])
    for command, (_, names) in COMMANDS.items():
        good = [command, *EXAMPLES.get(command, [])]
        yield from ([*good, "--nope"], [*good, "--config"], [*good, "--quiet=1"])
        if command not in EXAMPLES:
            yield [*good, "3", "4"]
        for name in names.split():
            _, settings = ARGUMENTS[name]
            takes_value = {"type", "metavar"} & settings.keys()
            if takes_value and name.startswith("-"):
                yield [*good, name]
            if settings.get("type", Path) is not Path and name.startswith("-"):
                yield [*good, name, "x"]
    yield from (["classify"], ["open", "x"], ["expect", "0s"])


@pytest.mark.parametrize("number", ["9" * 23, str(2**63), "9" * 5000])
@pytest.mark.parametrize(
    "arguments", [(), ("-n",), ("--outcome", "worked")], ids=" ".join
)
def test_a_number_that_no_event_has_is_wrong_usage(
    arguments: tuple[str, ...], number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["log", *arguments, number], Language.EN)

    assert ended.value.code == ExitCode.USAGE
    assert "cannot be used; write it like 1, 2, 3" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["open", "copy"])
def test_a_number_that_no_attempt_has_is_none_alive(command: str, home: Home) -> None:
    assert home.run(command, "9" * 23).code == ExitCode.NOTHING


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"],
)
def test_a_time_at_which_no_mail_arrived_is_wrong_usage(
    instant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["classify", "--received-at", instant, "a.eml"], Language.EN)

    assert ended.value.code == ExitCode.USAGE
    assert "write it like 2026-01-31T12:00:00Z" in capsys.readouterr().err


@pytest.mark.parametrize("instant", ["1970-01-02T00:00:00+14:00", "8999-12-31"])
def test_a_time_that_is_odd_but_possible_is_taken(instant: str, home: Home) -> None:
    mail = compose(Mail(body=html(f"<a href='{LINK}'>Approve or Deny</a>")))
    done = home.run("classify", "--json", "--received-at", instant, "-", stdin=mail)

    assert done.code == ExitCode.OK
    assert done.json[0]["expires_at"] in {
        *("1970-01-01T10:05:00Z", "2026-11-21T12:05:05Z")
    }


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("command", "words"),
    [("service", ACTIONS), ("oauth", STEPS), ("completion", SHELLS)],
)
def test_what_is_missing_is_named_by_its_choices(
    command: str,
    words: tuple[str, ...],
    language: Language,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([command], language)

    said = capsys.readouterr().err.splitlines()[-1]
    assert ended.value.code == ExitCode.USAGE
    assert "|".join(words) in said


def test_a_topic_that_is_none_is_answered_by_the_topics(home: Home) -> None:
    done = home.run("help", "nope")

    assert done.code == ExitCode.USAGE
    assert "there is no topic 'nope'" in done.err
    assert all(topic in done.err for topic in TOPICS)
    assert "names of commands" in done.err


def test_the_help_of_an_option_fits_its_command(home: Home) -> None:
    of_open, of_service = (
        " ".join(home.run(command, "--help").out.split())
        for command in ("open", "service")
    )

    assert "--print only print the link, and open nothing" in of_open
    assert "--print only print what install would write" in of_service


def test_the_end_of_an_expectation_names_its_day_if_that_is_not_today(
    home: Home,
) -> None:
    long, short = home.run("expect", "24h"), home.run("expect", "1s")
    logged = home.run("log").out.splitlines()

    day = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.search(f"Ready until {day},", long.out)
    assert re.search(f"until {day}$", logged[0])
    assert re.search(r"Ready until (?:\S+ )?\d\d:\d\d:\d\d,", short.out)


def test_what_is_taken_back_takes_no_time(home: Home) -> None:
    done = home.run("expect", "--off", "5m")

    assert done.code == ExitCode.USAGE
    assert "watcher expect --off" in done.err
    assert home.names() == []


def test_the_largest_number_is_looked_for(home: Home) -> None:
    home.run("expect")

    assert home.run("log", "-n", str(2**63 - 1)).code == ExitCode.OK


def test_every_message_for_users_is_translated() -> None:
    assert argparse_messages() - FOR_PROGRAMMERS <= {text.en for text in MESSAGES}


def test_translations_have_the_fields_of_the_originals() -> None:
    for text in MESSAGES:
        fields = [re.findall(r"%(?:\(\w+\))?[rs]", one) for one in (text.en, text.ja)]
        assert sorted(fields[0]) == sorted(fields[1]), text


def english_in(said: str) -> list[str]:
    """Return argparse's own words in what was said; our options are no words of it."""
    words = re.sub(r"--[a-z-]+", "", said)
    return [text for text in english_of_argparse() if text in words]


@pytest.mark.parametrize("arguments", list(wrong_command_lines()), ids=" ".join)
def test_wrong_usage_is_told_in_japanese(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments, Language.JA)

    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (ExitCode.USAGE, "")
    assert "使い方: watcher" in err
    assert english_in(err) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_holds_no_english_of_argparse(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([*command.split(), "--help"], Language.JA)

    out, err = capsys.readouterr()
    assert (ended.value.code, err) == (ExitCode.OK, "")
    assert english_in(out) == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_japanese_help_fits_a_terminal_of_80_columns(
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    with pytest.raises(SystemExit):
        parse([*command.split(), "--help"], Language.JA)

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if fit_columns(line, 80) != line] == []


def test_japanese_is_wrapped_between_characters_and_words_are_not() -> None:
    assert wrap_columns("設定(既定: config.toml)です。", 12) == [
        "設定(既定:",
        "config.toml)",
        "です。",
    ]
    assert wrap_columns("あいう。", 6) == ["あい", "う。"]
    assert wrap_columns("あい(うえ)「お」", 6) == ["あい", "(うえ)", "「お」"]
    assert wrap_columns("「あい」, うえ", 10) == ["「あい」,", "うえ"]
    assert wrap_columns("あ.venv", 5) == ["あ", ".venv"]


def test_padded_words_take_as_many_columns_in_both_languages() -> None:
    assert [pad_columns(word, 6) + "|" for word in ("log", "記録", "ｶﾅ")] == [
        "log   |",
        "記録  |",
        "ｶﾅ    |",
    ]


def test_english_is_argparses_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["run", "--nope"], Language.EN)

    assert "watcher: error: unrecognized arguments: --nope" in capsys.readouterr().err


def test_an_argument_that_cannot_be_used_is_told_with_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for language in Language:
        with pytest.raises(SystemExit):
            parse(["expect", "0s"], language)

    err = capsys.readouterr().err
    assert "SPAN: '0s' は使えません。次のように書いてください: 90, 90s, 5m … 24h" in err
    assert "argument SPAN: '0s' cannot be used; write it like 90, 90s, 5m … 24h" in err


def test_argparse_is_as_it_was_after_the_parse() -> None:
    names = vars(argparse)
    before = names["_"], names["ngettext"]

    with speaking(Language.JA):
        assert names["_"]("usage: ") == "使い方: "

    assert (names["_"], names["ngettext"]) == before


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["--version"], 0), (["dance"], 2)]
)
def test_the_parser_ends_with_its_code(arguments: list[str], code: int) -> None:
    assert main(arguments) == code


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["log", "--help"], ["dance"], ["check"], ["status"], ["-v", "log"]],
    ids=" ".join,
)
def test_what_cannot_be_shown_in_japanese_is_shown_in_english(
    home: Home, arguments: list[str]
) -> None:
    english = home.run(*arguments)

    shown = {
        encoding: home.run(
            *arguments, environment={**JAPANESE, "PYTHONIOENCODING": encoding}
        )
        for encoding in WITHOUT_JAPANESE
    }

    assert shown == dict.fromkeys(WITHOUT_JAPANESE, english)


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-8"])
def test_a_japanese_code_page_gets_japanese(home: Home, encoding: str) -> None:
    read_in_utf8 = (
        "import subprocess as s, sys; said = s.run(sys.argv[1:], stdout=s.PIPE).stdout;"
        f"sys.stdout.buffer.write(said.decode('{encoding}').encode())"
    )
    command = (sys.executable, "-c", read_in_utf8, *WATCHER)

    codes = {**JAPANESE, "PYTHONIOENCODING": encoding}
    done = home.run("--help", command=command, environment=codes)

    assert "使い方: watcher" in done.out


def test_a_configuration_asks_in_vain_for_what_cannot_be_shown(home: Home) -> None:
    home.configure(
        '[notify]\nlanguage = "ja"',
        '[[accounts]]\nname = "home"\nprovider = "gmail"\nuser = "me@example.jp"',
        "keyring = true",
    )

    shown, not_shown = (
        home.run("status", environment={"PYTHONIOENCODING": encoding}).out
        for encoding in ("utf-8", "cp1252")
    )

    assert "watcher は動いていません" in shown
    assert "is not running" in not_shown


@posix_only("a shell that closes descriptors")
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(("arguments", "code"), [("--help", 0), ("dance", 2)])
def test_closed_streams_change_no_exit_code(
    home: Home, arguments: str, code: int, streams: str
) -> None:
    command = ("sh", "-c", f'exec "$@" {streams}', "sh", *WATCHER)

    done = home.run(arguments, command=command, environment=JAPANESE)

    assert done.code == code


def test_help_into_a_closed_pipe_is_no_error(home: Home) -> None:
    assert home.run_unread("--help", environment=JAPANESE) == (ExitCode.OK, "")
