"""The README keeps what it promises: commands, configurations, codes and messages.

So do the guides for developers. Both halves of each, Japanese and English, are held
to the same.
"""

import ast
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import watcher
from tests.fakes import required_program
from tests.program_text import sentences
from watcher.cli import parser
from watcher.config.load import load
from watcher.guide.apps import NAMES, find
from watcher.guide.steps import ORDER
from watcher.i18n import Language, Text
from watcher.recognition import explain

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BOUNDARY = '\n<a id="english"></a>\n'
JAPANESE, ENGLISH = README.split(BOUNDARY)
HALVES = {Language.JA: JAPANESE, Language.EN: ENGLISH}
GUIDES = ("CONTRIBUTING.md", "SECURITY.md")
REFERRED_TO = {"config", "files", "json", "messages", "providers", "verdicts"}

DEMO = (
    "python3 -m venv .venv && .venv/bin/python -m pip install . "
    "&& .venv/bin/watcher demo"
)
TEST = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -e '.[test]' "
    "&& .venv/bin/python -m pytest"
)
INIT = ".venv/bin/watcher init"

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
    """Return every call of watcher: in prose, in shell, in Python."""
    calls = [shlex.split(code) for code in _code(text) if code.startswith("watcher ")]
    for block in _blocks(text, "(?:sh|powershell)"):
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
    commands: dict[str, Any] = dict(subparsers.choices or {})
    for command in commands.values():
        command.declare()
    return commands


@cache
def _options() -> frozenset[str]:
    parsers = (parser.build(Language.EN), *_commands().values())
    actions = (action for one in parsers for action in one._actions)
    return frozenset(name for action in actions for name in action.option_strings)


@in_each_half
def test_the_two_commands_are_the_first_that_can_be_pasted(language: Language) -> None:
    assert _blocks(HALVES[language], "sh")[:2] == [DEMO, TEST]


def test_the_japanese_half_comes_first_and_leads_to_the_english_one() -> None:
    assert README.startswith("[English](#english)\n")
    assert "[日本語](#japanese)" in ENGLISH
    assert '<a id="japanese"></a>' in JAPANESE


@pytest.mark.parametrize("kind", ["toml", "python", "powershell", "sh"])
def test_both_halves_show_the_same_files_and_commands(kind: str) -> None:
    assert _blocks(JAPANESE, kind) == _blocks(ENGLISH, kind) != []


def test_both_halves_have_the_same_sections() -> None:
    levels = [re.findall(r"^#+(?= )", half, re.MULTILINE) for half in HALVES.values()]

    assert levels[0] == levels[1]


@in_each_half
def test_every_call_of_watcher_is_understood(language: Language) -> None:
    calls = _command_lines(HALVES[language])

    assert len(calls) > 20
    assert [call for call in calls if not _is_understood(call, language)] == []


def _is_understood(call: list[str], language: Language) -> bool:
    try:
        return parser.parse(call, language).command == call[0]
    except SystemExit:
        return False


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


@pytest.mark.parametrize("number", range(len(_blocks(JAPANESE, "toml"))))
def test_every_configuration_loads(number: int, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(_blocks(JAPANESE, "toml")[number], encoding="utf-8")

    assert len(load(path).accounts) == 1


@in_each_half
def test_every_message_quoted_is_one_of_the_program(language: Language) -> None:
    heading = f"| {_first_cell('症状', 'Symptom', language)} |"
    cells = " ".join(cell for row in _table(HALVES[language], heading) for cell in row)
    quoted = re.findall(_first_cell("「([^」]+)」", '"([^"]+)"', language), cells)

    assert len(quoted) > 15
    for message in quoted:
        assert any(message in sentence for sentence in sentences(language)), message


@in_each_half
def test_every_message_of_the_set_up_on_windows_is_one_of_the_program(
    language: Language,
) -> None:
    half = HALVES[language]
    heading = _first_cell("### Windows で、", "### Windows without ", language)
    section = half.split(heading)[1].split("\n### ")[0]
    says = r'(?:says|like) "([^"]+)"'
    mark = _first_cell("「([^」]*watcher [^」]*|準備[^」]*)」", says, language)
    quoted = re.findall(mark, section)

    assert len(quoted) == 3
    for message in quoted:
        assert any(message in sentence for sentence in sentences(language)), message


@pytest.mark.parametrize("name", NAMES)
@in_each_half
def test_the_steps_of_an_app_have_the_numbers_of_the_guide(
    language: Language, name: str
) -> None:
    app = find(name)
    acts = dict(one for place in ORDER for one in app.numbered(place))
    heading = rf"^## .*{app.title.say(language)}.*$"
    section = re.split(heading, HALVES[language], flags=re.MULTILINE)[1]
    section = section.split("\n## ")[0]
    items = re.findall(r"^(?:- \*\*)?(\d+)(?:-(\d+))?\. (.*)", section, re.MULTILINE)
    told: dict[int, str] = {}
    for first, last, item in items:
        for number in range(int(first), int(last or first) + 1):
            told[number] = told.get(number, "") + item

    assert list(told) == list(acts)
    pressed = {number: _labels(step.act.en) for number, step in acts.items()}
    assert all(any(one in told[at] for one in pressed[at] or [""]) for at in told)


def _labels(sentence: str) -> list[str]:
    return re.findall("「([^」]+)」", sentence)


@in_each_half
def test_a_half_is_read_in_one_go(language: Language) -> None:
    assert len(HALVES[language].splitlines()) <= 250


@in_each_half
def test_the_first_screen_leads_from_the_picture_to_the_set_up(
    language: Language,
) -> None:
    half = HALVES[language]
    picture, demo, init = (
        half.index(f"tests/pictures/xfce-ask-{language}.png"),
        half.index(DEMO),
        half.index(f"\n{INIT}\n"),
    )

    assert picture < demo < init
    assert half[:init].count("\n") < 40


@in_each_half
def test_the_reference_is_left_to_help(language: Language) -> None:
    told = {tuple(call[1:]) for call in _command_lines(HALVES[language])}

    assert {(topic,) for topic in REFERRED_TO} <= told


@in_each_half
def test_every_line_that_run_prints_is_one_of_the_program(language: Language) -> None:
    (block,) = _blocks(HALVES[language], "text")
    # What is little more than fields would fit everything.
    known = [one for one in sentences(language) if len(one.replace("…", "")) > 8]
    patterns = [re.escape(one).replace("…", ".+") for one in known]

    for line in block.splitlines():
        said = re.fullmatch(r"\d\d:\d\d (.+)", line)
        assert said
        assert any(re.fullmatch(one, said[1]) for one in patterns), line


@in_each_half
def test_every_picture_and_file_that_is_linked_exists(language: Language) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", HALVES[language])
    targets = [target for target in links if not target.startswith("https://")]
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
    places = (ROOT, Path(watcher.__file__).parent.parent)
    exists = {path: any((one / path).exists() for one in places) for path in paths}
    assert [path for path in paths if not exists[path]] == []


@in_each_half
def test_the_packages_are_those_that_the_gate_installs(language: Language) -> None:
    gate = (ROOT / ".ci" / "packages").read_text(encoding="utf-8")
    installed = re.findall(r"packages=\(([^)]*)\)", gate)[0].split()
    told = next(
        block.split("install ")[1].split()
        for block in _blocks(_guide("CONTRIBUTING.md")[language], "sh")
        if "apt-get" in block
    )

    assert sorted(told) == sorted(installed)


@in_each_half
def test_the_shell_script_is_one(language: Language) -> None:
    shell = required_program("sh", package="dash")
    for block in _blocks(HALVES[language], "sh"):
        subprocess.run([shell, "-n"], input=block.encode(), check=True)


@pytest.mark.parametrize("language", Language)
def test_each_verdict_stands_there_as_classify_and_as_json_say_it(
    language: Language,
) -> None:
    words = {
        "recognised": explain._APPROVAL,
        "unverified": explain._UNVERIFIED,
        "look_alike": explain._LOOK_ALIKE,
        "not_relevant": explain._NOT_RELEVANT,
    }
    for code, text in words.items():
        word = text.say(language).partition(":")[0]
        assert re.search(
            rf"^\| {word} ?\(`{code}`\) \|", HALVES[language], re.MULTILINE
        ), word


def test_no_blank_stands_between_japanese_sentences() -> None:
    assert re.findall(r"[。、] +[^\x00-\x7f]", JAPANESE) == []
