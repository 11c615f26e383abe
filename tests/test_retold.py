"""What failed is told in the reader's language, though the log keeps it in English."""

import ast
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

import watcher
from tests.environment import Home
from tests.factories import attempt
from watcher.app.outcomes import Outcome
from watcher.cli.render import DETAIL_COLUMNS, OUTCOMES, render_event
from watcher.cli.retold import MODULES, Retold
from watcher.clock import utc_now
from watcher.events import AnyEvent, Event, EventName
from watcher.i18n import Language, Text
from watcher.journal.log import Journal

FOLDER = Path(watcher.__path__[0])
KEPT = {"NotificationFailed", "NotHandedOver"}
"""The errors whose sentences the log keeps."""
NOT_LOGGED = {"cli.open", "notify.examine", "app.phone", "app.desktop"}
"""What raises one that goes to the screen alone, or one that is in `errors`."""


def raising() -> set[str]:
    """Return the modules that make such an error, by their names in the package."""
    return {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for path in FOLDER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEPT
    }


def causes(module: str) -> list[Text]:
    """Return every sentence that a module declares."""
    values = list(vars(import_module(f"watcher.{module}")).values())
    dicts = [
        one for value in values if isinstance(value, dict) for one in value.values()
    ]
    return [one for one in (*values, *dicts) if isinstance(one, Text)]


def filled(text: Text, language: Language) -> str:
    data: dict[str, object] = {
        name: 7 if spec else f"<{name}>"
        for _, name, spec, _ in Formatter().parse(text.en)
        if name
    }
    return text.say(language, **data)


def log_line(detail: str, name: EventName = EventName.NOTIFY_FAILED) -> str:
    event: AnyEvent = Event(at=utc_now(), event=name, about=attempt(), detail=detail)
    return render_event(event, Language.JA)


def test_every_module_whose_failures_are_logged_is_known() -> None:
    assert raising() - NOT_LOGGED <= {*MODULES, "notify.toaster"}


@pytest.mark.parametrize("module", MODULES)
def test_each_of_its_sentences_is_told_in_japanese(module: str) -> None:
    for text in causes(module):
        if len(filled(text, Language.EN)) < 9 or text.en in {"{reason}", "{why}"}:
            continue
        told = Retold(f"terminal: {filled(text, Language.EN)}").say(Language.JA)
        assert told == f"ターミナル: {filled(text, Language.JA)}", text


def test_a_reason_of_the_system_inside_it_is_told_in_japanese_too() -> None:
    kept = "freedesktop: There is no session bus to be reached (Permission denied)."

    said = "デスクトップ: セッションバスに接続できません(アクセス権がありません)。"
    assert Retold(kept).say(Language.JA) == said
    assert Retold(kept).say(Language.EN) == kept
    assert f"原因: {said}" in log_line(kept)


def test_a_long_one_is_found_before_it_is_cut() -> None:
    text = max(causes("notify.ntfy"), key=lambda one: len(one.en))
    kept = f"push: {filled(text, Language.EN)}"

    assert len(kept) > DETAIL_COLUMNS
    assert f"スマートフォン: {filled(text, Language.JA)[:20]}" in log_line(kept)
    assert "ブラウザー" in log_line(
        "No browser could be started.", EventName.OPEN_FAILED
    )


@pytest.mark.parametrize(
    "detail", ["", "odd", "odd: {x}", "a{b", "push: {", "x" * 9000]
)
def test_what_is_no_sentence_of_the_program_is_told_as_it_is(detail: str) -> None:
    assert Retold(detail).say(Language.JA).endswith(detail.removeprefix("push: "))


def test_how_an_attempt_ended_is_no_cause(home: Home) -> None:
    for language, said in (
        (Language.JA, "結果: 成功"),
        (Language.EN, "outcome: worked"),
    ):
        event: AnyEvent = Event(
            at=utc_now(), event=EventName.OUTCOME, about=attempt(), detail="worked"
        )
        line = render_event(event, language)
        assert f"  {said}  " in line
        assert "cause" not in line
        assert "原因" not in line
    assert {*OUTCOMES} == {*Outcome}
    with Journal.open(home.log) as journal:
        journal.append(
            EventName.NOTIFY_FAILED,
            at=utc_now(),
            about=None,
            detail="terminal: The terminal is stopped.",
        )
    home.environment["LANG"] = "ja_JP.UTF-8"
    assert "原因: ターミナル: ターミナルが停止しています。" in home.run("log").out
    assert "The terminal is stopped." in home.run("log", "--json").out
