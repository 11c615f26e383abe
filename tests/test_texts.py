"""Every sentence of the program says the same in both languages."""

import ast
import errno
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

import watcher
from watcher.errors import reason_of
from watcher.i18n import Language, Text, desktop_language

FOLDER = Path(watcher.__path__[0])
MODULES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py"))
OWN_WORDS = {"self", "language"}
"""Parameters of `Text.say`: a field of that name could never be filled."""


@cache
def texts_in(module: str) -> list[dict[str, str]]:
    """Return what each `Text(en=…, ja=…)` in a module's source says."""
    tree = ast.parse((FOLDER / module).read_text(encoding="utf-8"))
    return [
        {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "Text"
    ]


def fields(sentence: str) -> set[str]:
    """Return the names of the `str.format` fields of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("module", MODULES)
def test_both_languages_have_the_same_fields(module: str) -> None:
    for text in texts_in(module):
        assert text.keys() == set(Language)
        assert fields(text["en"]) == fields(text["ja"]), text
        assert not fields(text["en"]) & OWN_WORDS, text
        assert all(sentence.strip() for sentence in text.values())


@pytest.mark.parametrize("module", MODULES)
def test_no_name_of_a_module_is_given_twice(module: str) -> None:
    tree = ast.parse((FOLDER / module).read_text(encoding="utf-8"))
    names = Counter(name for statement in tree.body for name in given(statement))

    assert [name for name, times in names.items() if times > 1] == []


def given(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of a module gives, branches apart."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            nodes = [node for target in targets for node in ast.walk(target)]
        case ast.AnnAssign(target=ast.Name() as target):
            nodes = [target]
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name for alias in aliases}
        case _:
            return set()
    return {
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


@pytest.mark.parametrize("language", Language)
def test_no_text_is_said_with_a_field_left_unfilled(language: Language) -> None:
    asking = Text(en="Type {numbers}.", ja="{numbers} を打ちます。")

    assert "7" in asking.say(language, numbers=7)
    for data in ({}, {"number": 7}):
        with pytest.raises(KeyError, match="numbers"):
            asking.say(language, **data)


BANNED = {
    Language.JA: {
        "監視": "見張る",
        "お知らせします": "知らせます",
        "この(?:機械|PC)": "このパソコン",
        r"(?<![A-Za-z])PC(?![A-Za-z])": "パソコン",
        "デーモン": "watcher",
        "(?<!プ)ログ(?!イン|アウト)": "記録",
        "拒みま|拒まれ|待ちかまえ|未知の|応じません": "plain words",
        r"[^\x00-\x7f] \(": "no blank before a parenthesis",
        "[0-9](?:秒|分|時間|日|通|件|回|行|つ|個|段階)": "a blank behind the number",
    },
    Language.EN: {
        r"\b[Mm]end": "correct, put right, repair",
        r"\b[Dd]aemon": "watcher",
    },
}
"""One word for one thing: what no sentence says, and what it says instead."""

UNSAID = [
    (language, pattern) for language, words in BANNED.items() for pattern in words
]
IN_FULL_WIDTH = ("notify",)
"""Notifications write full-width parentheses; everything else half-width ones."""


def all_texts() -> list[tuple[str, dict[str, str]]]:
    return [(module, text) for module in MODULES for text in texts_in(module)]


@pytest.mark.parametrize(("language", "pattern"), UNSAID, ids=str)
def test_one_thing_has_one_word(language: Language, pattern: str) -> None:
    said = [
        (module, text[language])
        for module, text in all_texts()
        if re.search(pattern, text[language])
    ]

    assert said == []


def test_tanmatsu_is_amazons_device_and_no_terminal() -> None:
    said = [(module, text) for module, text in all_texts() if "端末" in text["ja"]]

    assert [one for one in said if "device" not in one[1]["en"].lower()] == []


def test_parentheses_are_half_width_but_in_notifications() -> None:
    said = [
        (module, text["ja"])
        for module, text in all_texts()
        if not module.startswith(IN_FULL_WIDTH) and re.search("[（）]", text["ja"])
    ]

    assert said == []


def test_japanese_terminals_of_windows_have_every_character() -> None:
    for module, text in all_texts():
        assert text["ja"].encode("cp932"), module


def test_every_module_with_sentences_is_checked() -> None:
    assert sum(len(texts_in(module)) for module in MODULES) > 200


def test_a_field_that_is_a_text_is_said_in_the_same_language() -> None:
    whole, part = Text(en="[{part}]", ja="「{part}」"), Text(en="a", ja="あ")

    assert whole.say(Language.EN, part=part) == "[a]"
    assert whole.say(Language.JA, part=part) == "「あ」"


def test_the_systems_reasons_are_said_in_japanese() -> None:
    for error in (FileNotFoundError(errno.ENOENT, "x"), OSError(errno.EACCES, "x")):
        reason = reason_of(error)
        assert isinstance(reason, Text)
        assert reason.en == os.strerror(error.errno or 0)
        assert not reason.ja.isascii()
    assert reason_of(OSError(errno.EDOM, "odd")) == "odd"
    assert reason_of(ValueError("odd")) == "odd"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, Language.JA),
        ({"LANG": "de_DE.UTF-8"}, Language.EN),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_US.UTF-8"}, Language.EN),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, Language.JA),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, Language.JA),
        ({"LANG": "JA"}, Language.JA),
    ],
    ids=str,
)
def test_the_language_is_the_desktops(
    environment: dict[str, str], language: Language
) -> None:
    assert desktop_language(environment) is language
