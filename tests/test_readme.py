"""The README keeps what it promises: commands, configurations, codes and messages.

So do the guides for developers. Both halves of each, Japanese and English, are held
to the same.
"""

import ast
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import missing
from watcher.cli import parser
from watcher.config.load import load
from watcher.config.providers import PRESETS
from watcher.errors import ExitCode
from watcher.i18n import Language, Text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOUNDARY = '\n<a id="english"></a>\n'
JAPANESE, ENGLISH = README.split(BOUNDARY)
HALVES = {Language.JA: JAPANESE, Language.EN: ENGLISH}
GUIDES = ("CONTRIBUTING.md", "SECURITY.md")
HEADING_OF_MESSAGES = {Language.JA: "| 表示 |", Language.EN: "| Message |"}
NOT_BUILT = {Language.JA: "**まだないもの**", Language.EN: "**Not there yet**"}

DEMO = (
    "python3 -m venv .venv && .venv/bin/python -m pip install . "
    "&& .venv/bin/watcher demo"
)
TEST = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -e '.[test]' "
    "&& .venv/bin/python -m pytest"
)

in_each_half = pytest.mark.parametrize("language", Language)


def _blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)


def _guide(name: str) -> dict[Language, str]:
    """Return both halves of a guide for developers."""
    japanese, english = (
        (ROOT / ".github" / name).read_text(encoding="utf-8").split(BOUNDARY)
    )
    return {Language.JA: japanese, Language.EN: english}


def _code(text: str) -> list[str]:
    """Return what stands in back quotes within the prose."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


def _table(text: str, heading: str) -> list[list[str]]:
    """Return the rows of the table whose first line begins with a heading."""
    lines = iter(text.splitlines())
    assert any(line.startswith(heading) for line in lines), heading
    next(lines)
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def _command_lines(text: str) -> list[list[str]]:
    """Return every call of watcher: in prose, in shell and unit, in Python."""
    calls = [shlex.split(code) for code in _code(text) if code.startswith("watcher ")]
    for block in _blocks(text, "(?:sh|powershell|ini)"):
        found = re.findall(r"(?:^|[\s(/\\])watcher ([^)&;\n]+)", block, re.MULTILINE)
        calls += [["watcher", *shlex.split(arguments)] for arguments in found]
    for block in _blocks(text, "python"):
        lists = (node for node in ast.walk(ast.parse(block)) if _is_call(node))
        calls += [ast.literal_eval(node) for node in lists]
    return [call[1:] for call in calls]


def _is_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.List)
        and isinstance(node.elts[0], ast.Constant)
        and node.elts[0].value == "watcher"
    )


@cache
def _commands() -> dict[str, Any]:
    actions = parser.build(Language.EN)._actions
    subparsers = next(action for action in actions if action.dest == "command")
    return dict(subparsers.choices or {})


@cache
def _options() -> frozenset[str]:
    parsers = (parser.build(Language.EN), *_commands().values())
    actions = (action for one in parsers for action in one._actions)
    return frozenset(name for action in actions for name in action.option_strings)


@cache
def _sentences(language: Language) -> tuple[str, ...]:
    """Return every sentence of the program, with … for its fields."""
    calls = (
        node
        for path in (ROOT / "watcher").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == Text.__name__
    )
    words = (
        word.value.value
        for call in calls
        for word in call.keywords
        if word.arg == language.value and isinstance(word.value, ast.Constant)
    )
    return tuple(re.sub(r"\{[^}]*\}", "…", str(sentence)) for sentence in words)


@in_each_half
def test_the_two_commands_are_the_first_that_can_be_pasted(language: Language) -> None:
    assert _blocks(HALVES[language], "sh")[:2] == [DEMO, TEST]


def test_the_japanese_half_comes_first_and_leads_to_the_english_one() -> None:
    assert README.startswith("[English](#english)\n")
    assert "[日本語](#japanese)" in ENGLISH
    assert '<a id="japanese"></a>' in JAPANESE


@pytest.mark.parametrize("kind", ["toml", "ini", "powershell"])
def test_both_halves_show_the_same_files_and_commands(kind: str) -> None:
    assert _blocks(JAPANESE, kind) == _blocks(ENGLISH, kind) != []


def test_both_halves_have_the_same_sections() -> None:
    levels = [re.findall(r"^#+(?= )", half, re.MULTILINE) for half in HALVES.values()]

    assert levels[0] == levels[1]


@in_each_half
def test_every_call_of_watcher_is_understood(language: Language) -> None:
    calls = _command_lines(HALVES[language])

    assert len(calls) > 20
    for call in calls:
        assert parser.parse(call, language).command == call[0]


@in_each_half
def test_every_command_is_told_and_no_other(language: Language) -> None:
    table = _table(
        HALVES[language], f"| {_first_cell('コマンド', 'Command', language)}"
    )
    told = {shlex.split(row[0].strip("`"))[1] for row in table}

    assert told == _commands().keys()


def _first_cell(japanese: str, english: str, language: Language) -> str:
    return Text(en=english, ja=japanese).say(language)


@in_each_half
def test_every_option_named_exists(language: Language) -> None:
    words = {word for code in _code(HALVES[language]) for word in code.split()}
    named = {word for word in words if word.startswith("--")}

    assert named > {"--wait", "--json", "--reveal", "--since", "--config"}
    assert named <= _options()


@in_each_half
def test_what_is_told_to_be_missing_is_missing(language: Language) -> None:
    line = next(
        line
        for line in HALVES[language].splitlines()
        if line.startswith(NOT_BUILT[language])
    )

    assert not _commands().keys() & set(_code(line))


@pytest.mark.parametrize("number", range(len(_blocks(JAPANESE, "toml"))))
def test_every_configuration_loads(number: int, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(_blocks(JAPANESE, "toml")[number], encoding="utf-8")

    assert len(load(path).accounts) == 1


@in_each_half
def test_the_providers_are_those_that_are_built_in(language: Language) -> None:
    rows = _table(HALVES[language], "| `provider` |")
    told = {row[0].strip("`"): row[2].strip("`") for row in rows}
    known = {key: one.host for key, one in PRESETS.items() if one.host}

    assert told.keys() == PRESETS.keys()
    assert {key: told[key] for key in known} == known


@in_each_half
def test_the_exit_codes_are_those_of_the_program(language: Language) -> None:
    heading = f"| {_first_cell('コード', 'Code', language)} |"
    told = [int(row[0]) for row in _table(HALVES[language], heading)]

    assert told == sorted(ExitCode)


@in_each_half
def test_every_message_quoted_is_one_of_the_program(language: Language) -> None:
    rows = _table(HALVES[language], HEADING_OF_MESSAGES[language])
    quoted = [row[0].strip("`") for row in rows]

    assert len(quoted) > 20
    for message in quoted:
        assert any(message in sentence for sentence in _sentences(language)), message


@in_each_half
def test_every_line_that_run_prints_is_one_of_the_program(language: Language) -> None:
    (block,) = _blocks(HALVES[language], "text")
    # What is little more than fields would fit everything.
    sentences = [one for one in _sentences(language) if len(one.replace("…", "")) > 8]
    patterns = [re.escape(one).replace("…", ".+") for one in sentences]

    for line in block.splitlines():
        said = re.fullmatch(r"\d\d:\d\d (.+)", line)
        assert said
        assert any(re.fullmatch(one, said[1]) for one in patterns), line


@in_each_half
def test_every_picture_and_file_that_is_linked_exists(language: Language) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", HALVES[language])
    pictures = [target for target in targets if target.endswith(".png")]

    assert pictures
    assert all(f"-{language}.png" in picture for picture in pictures)
    assert [target for target in targets if not (ROOT / target).is_file()] == []


@in_each_half
@pytest.mark.parametrize("guide", GUIDES)
def test_the_readme_leads_to_each_guide(guide: str, language: Language) -> None:
    assert HALVES[language].count(f"](.github/{guide})") == 1


@pytest.mark.parametrize("guide", GUIDES)
def test_both_halves_of_a_guide_have_the_same_parts(guide: str) -> None:
    japanese, english = _guide(guide).values()

    for pattern in (r"^#+(?= )", r"^- ", r"^```.*"):
        parts = [re.findall(pattern, one, re.MULTILINE) for one in (japanese, english)]
        assert parts[0] == parts[1]
    assert _blocks(japanese, "sh") == _blocks(english, "sh")


@in_each_half
def test_every_path_of_the_code_that_is_named_exists(language: Language) -> None:
    half = _guide("CONTRIBUTING.md")[language]
    layout = "\n".join(line.split()[0] for line in _blocks(half, "text")[0].split("\n"))
    named = {*_code(half), *layout.splitlines()}
    paths = {name for name in named if re.match(r"(watcher|tests)/|\.ci/", name)}

    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


@in_each_half
def test_the_packages_are_those_that_the_gate_installs(language: Language) -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    installed = re.findall(r"packages=\(([^)]*)\)", gate)[0].split()
    told = next(
        block.split("install ")[1].split()
        for block in _blocks(_guide("CONTRIBUTING.md")[language], "sh")
        if "apt-get" in block
    )

    assert sorted(told) == sorted(installed)


@in_each_half
def test_the_shell_script_is_one(language: Language) -> None:
    shell = shutil.which("sh") or missing("sh is not installed")
    for block in _blocks(HALVES[language], "sh"):
        subprocess.run([shell, "-n"], input=block.encode(), check=True)
