"""The sentences of the program, as its source has them."""

import ast
import re
from functools import cache
from pathlib import Path

import watcher
from watcher.i18n import Language

PACKAGE = Path(watcher.__path__[0])
REFERENCE = PACKAGE / "cli" / "reference"


@cache
def sentences(language: Language) -> tuple[str, ...]:
    """Return what the program says in the course of its work, with … for the fields.

    The reference, which quotes it, is left out.
    """
    return tuple(
        sentence
        for path in sorted(PACKAGE.rglob("*.py"))
        if REFERENCE not in path.parents
        for sentence in sentences_in(path.read_text(encoding="utf-8"), language)
    )


def sentences_in(source: str, language: Language) -> list[str]:
    """Return the sentences of a module, with … for the fields."""
    calls = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text"
    )
    words = (
        ast.literal_eval(word.value)
        for call in calls
        for word in call.keywords
        if word.arg == language.value
    )
    return [re.sub(r"\{[^}]*\}", "…", sentence) for sentence in words]
