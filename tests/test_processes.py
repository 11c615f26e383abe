"""What every program that this one starts gets, and does not get."""

import ast
from pathlib import Path

import watcher

PACKAGE = Path(watcher.__path__[0])
STARTING = {"run", "Popen", "call", "check_call", "check_output"}


def starts() -> dict[str, ast.Call]:
    """Return every call that starts a program, by where it stands."""
    found: dict[str, ast.Call] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="subprocess"), attr=name)
                ) if name in STARTING:
                    place = path.relative_to(PACKAGE).as_posix()
                    found[f"{place}:{node.lineno}"] = node
    return found


def test_every_program_gets_an_environment_that_was_chosen_for_it() -> None:
    assert starts()
    for place, call in starts().items():
        assert "env" in {keyword.arg for keyword in call.keywords}, place


def test_no_program_is_started_in_another_way() -> None:
    text = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))

    for name in ("os.system(", "os.popen(", "os.exec", "os.spawn", "shell=True"):
        assert name not in text, name
