"""The reference tells all that the code knows, in both languages and every width."""

import inspect
import json
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from tests.environment import Home
from tests.factories import NOW
from tests.program_text import sentences, sentences_in
from watcher.cli import main
from watcher.cli.arguments import COMMANDS, TOPICS
from watcher.cli.classify import NAMES, as_json
from watcher.cli.layout import lay_out
from watcher.cli.reference.config_keys import as_toml
from watcher.cli.reference.json_keys import JSON_KEYS
from watcher.cli.reference.messages import REMEDIES
from watcher.cli.reference.outcomes import EVENTS, EXIT_CODES
from watcher.cli.reference.pages import PAGES
from watcher.cli.reference.problems import MODULES, is_message, problems, quotation
from watcher.cli.reference.verdicts import KINDS, VERDICTS
from watcher.config.providers import PRESETS
from watcher.config.schema import TABLES, Account
from watcher.errors import ExitCode
from watcher.events import Event, EventName, to_json
from watcher.i18n import Language, Text, columns_of
from watcher.journal.log import Journal
from watcher.recognition.claim import Kind
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    Authentication,
    NotRelevant,
    Result,
)

ENGLISH = Language.EN
KNOWN = {**TABLES, "accounts": Account}


def terms(topic: str) -> list[str]:
    """Return what a page explains."""
    sections = PAGES[topic](ENGLISH)
    return [term for section in sections for term, _ in section.entries]


def test_every_topic_has_a_page_and_no_command_has_its_name() -> None:
    assert list(PAGES) == list(TOPICS)
    assert not TOPICS.keys() & COMMANDS.keys()


def test_help_lists_the_topics_and_the_commands(home: Home) -> None:
    done = home.run("help")

    assert (done.code, done.err) == (ExitCode.OK, "")
    for name in (*TOPICS, *COMMANDS):
        assert re.search(rf"^  {name} ", done.out, re.MULTILINE), name


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_needs_neither_configuration_nor_terminal(
    topic: str,
    language: Language,
    user_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LANG", f"{language}.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")

    code = main(["help", topic])

    out, err = capsys.readouterr()
    assert (code, err) == (ExitCode.OK, "")
    assert out.isascii() is False or language is ENGLISH
    too_wide = [line for line in out.splitlines() if columns_of(line) > 80]
    assert [line for line in too_wide if " " in line.strip()] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_its_own_help(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = main(["help", command]), main([command, "--help"])
    out, err = capsys.readouterr()

    assert (codes, err) == ((ExitCode.OK, ExitCode.OK), "")
    assert f" watcher {command}" in out.splitlines()[0]
    half = len(out) // 2
    assert out[:half] == out[half:]


def test_what_is_neither_topic_nor_command_is_wrong_usage(home: Home) -> None:
    done = home.run("help", "dance")

    assert done.code == ExitCode.USAGE
    assert "config, providers" in done.err


@pytest.mark.parametrize("width", [40, 60, 100])
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_fits_the_width(topic: str, language: Language, width: int) -> None:
    lines = (
        line
        for section in PAGES[topic](language)
        for entry in lay_out(section, width)
        for line in entry.split("\n")
    )

    # What is one word cannot be broken.
    wide = [line for line in lines if columns_of(line) > width]
    assert [line for line in wide if " " in line.strip("- ")] == []


def test_the_reference_is_as_wide_as_the_terminal(home: Home) -> None:
    home.environment["COLUMNS"] = "60"
    with home.started("help", "security") as running:
        running.await_end()
    widths = [columns_of(line) for line in running.seen.splitlines()]

    assert 50 < max(widths) <= 60
    assert "\x1b[1mWhat is never done\x1b[0m" in running.seen


def test_a_page_is_no_wider_than_can_be_read(home: Home) -> None:
    home.environment["COLUMNS"] = "200"
    with home.started("help", "security") as running:
        running.await_end()

    assert 90 < max(map(columns_of, running.seen.splitlines())) <= 100


def test_every_key_of_the_configuration_is_told() -> None:
    assert terms("config") == [
        key.name if "parse" in key.metadata else f"[accounts.{key.name}]"
        for table in KNOWN.values()
        for key in fields(table)
    ]


@pytest.mark.parametrize("table", KNOWN)
def test_a_default_is_told_as_the_file_would_have_it(table: str) -> None:
    for key in fields(KNOWN[table]):
        if "parse" in key.metadata and (written := as_toml(key.default)) is not None:
            value = tomllib.loads(f"{key.name} = {written}")[key.name]
            assert key.metadata["parse"](value) == key.default


def test_a_default_is_told_in_the_largest_unit() -> None:
    defaults = {key.name: as_toml(key.default) for key in fields(TABLES["watch"])}

    assert (defaults["look_back"], defaults["window"]) == ('"24h"', '"5m"')


def test_the_lists_of_the_reference_are_those_of_the_code() -> None:
    assert terms("providers") == list(PRESETS)
    assert terms("reasons") == list(Reason)
    assert EVENTS.keys() == set(EventName)
    assert KINDS.keys() == set(Kind)
    assert list(EXIT_CODES) == sorted(ExitCode)
    assert list(VERDICTS) == list(NAMES.values())


def test_the_keys_of_judged_mails_and_events_are_those_that_are_printed() -> None:
    authentication = Authentication(Result.NONE, None, None, "")
    facts = as_json(NotRelevant((), authentication), NOW, NOW - NOW)
    event = Event(at=NOW, event=EventName.STARTED, about=None)

    assert list(JSON_KEYS["classify --json"]) == ["v", "file", *facts]
    assert list(JSON_KEYS["check --json, log --json"]) == list(
        json.loads(to_json(event, NOW))
    )


def test_the_keys_of_the_status_are_those_that_are_printed(home: Home) -> None:
    home.run("status")
    with Journal.open(home.log) as journal:
        journal.put_session("home", {"error": None})
    (status,) = home.run("status", "--json").json
    (account,) = status["accounts"]

    assert list(JSON_KEYS["status --json"]) == list(status)
    assert JSON_KEYS["status --json, accounts"].keys() == account.keys()


@pytest.mark.parametrize("language", Language)
def test_every_message_with_a_remedy_is_one_of_the_program(language: Language) -> None:
    said = sentences(language)

    assert len(REMEDIES) > 30
    for message, _ in REMEDIES:
        assert any(message.say(language) in one for one in said), message


@pytest.mark.parametrize("language", Language)
def test_every_sentence_that_names_a_problem_is_told(language: Language) -> None:
    told = {quotation(text, language) for text in problems()}
    quoted = [message.say(language) for message, _ in REMEDIES]
    for module in MODULES:
        source = Path(inspect.getfile(module)).read_text(encoding="utf-8")
        english = sentences_in(source, ENGLISH)
        said = sentences_in(source, language)
        for sentence, form in zip(said, english, strict=True):
            is_left_out = any(one in sentence for one in quoted)
            is_left_out |= not is_message(form)
            assert (sentence in told) is not is_left_out, sentence


def test_a_name_of_a_thing_is_no_message() -> None:
    told = {quotation(text, ENGLISH) for text in problems()}

    assert not told & {"password", "access token"}
    assert all(is_message(one) for one in told)


def test_both_languages_quote_the_same_message() -> None:
    pairs = list(zip(sentences(ENGLISH), sentences(Language.JA), strict=True))
    for quoted, _ in REMEDIES:
        assert any(is_part(quoted, Text(en=en, ja=ja)) for en, ja in pairs), quoted


def is_part(quoted: Text, whole: Text) -> bool:
    return quoted.en in whole.en and quoted.ja in whole.ja
