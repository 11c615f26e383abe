"""While a clock is wrong no notification shows a time that it would mislead about."""

import re
from dataclasses import replace

import pytest

from tests.factories import NOW, attempt
from watcher.errors import NotHandedOver
from watcher.i18n import Language, Text, fit_columns
from watcher.notify import trouble, wording
from watcher.notify.notification import Notification
from watcher.notify.wording import Situation
from watcher.recognition.claim import Kind
from watcher.timing.error import ClockError

CLOCK_TIME = re.compile(r"\d\d:\d\d:\d\d|\d\d:\d\d(?!\d)")
TITLE_COLUMNS = 32
FAILURE = NotHandedOver(Text(en="No browser.", ja="ブラウザーがありません。"))

both_languages = pytest.mark.parametrize("language", Language)
every_situation = pytest.mark.parametrize(
    "situation",
    [
        Situation(now=NOW, is_armed=True, is_clock_wrong=True),
        Situation(now=NOW, is_armed=False, is_clock_wrong=True),
        Situation(now=NOW, is_armed=False, is_clock_wrong=True, is_attended=False),
        Situation(now=NOW, is_armed=True, is_clock_wrong=True, failure=FAILURE),
    ],
    ids=["armed", "asking", "unattended", "failed"],
)


def all_text(shown: Notification) -> str:
    return "\n".join((shown.title, shown.body, shown.footer, shown.short_body))


@both_languages
@every_situation
@pytest.mark.parametrize("kind", Kind)
def test_the_time_left_stands_in_place_of_the_clock_time(
    kind: Kind, situation: Situation, language: Language
) -> None:
    shown = wording.live(attempt(kind), situation=situation, language=language)

    assert "4:32" in shown.body
    assert "4:32" in shown.short_body
    assert CLOCK_TIME.search(all_text(shown)) is None


@both_languages
@every_situation
def test_where_nobody_knows_the_time_left_either_none_is_shown(
    situation: Situation, language: Language
) -> None:
    unknown = replace(attempt(), is_deadline_known=False)
    shown = wording.live(unknown, situation=situation, language=language)

    assert "4:32" not in all_text(shown)
    assert CLOCK_TIME.search(all_text(shown)) is None


@both_languages
def test_what_is_over_is_told_without_a_clock_time(language: Language) -> None:
    for words in (wording.expired, wording.late):
        shown = words(attempt(), language=language, is_clock_wrong=True)

        assert "home" in shown.body
        assert CLOCK_TIME.search(all_text(shown)) is None


@both_languages
@pytest.mark.parametrize("kind", Kind)
def test_the_end_of_the_program_is_told_with_the_time_left(
    kind: Kind, language: Language
) -> None:
    last = attempt(kind)
    shown = wording.ended(last, now=NOW, language=language, is_clock_wrong=True)
    unknown = replace(last, is_deadline_known=False)
    unsure = wording.ended(unknown, now=NOW, language=language)

    assert "4:32" in shown.body
    assert "4:32" not in unsure.body
    assert CLOCK_TIME.search(shown.body + unsure.body) is None


@pytest.mark.parametrize(
    ("language", "left"), [(Language.EN, "4:32 left"), (Language.JA, "残り 4:32")]
)
def test_the_first_line_is_how_long_there_is_to_act(
    language: Language, left: str
) -> None:
    situation = Situation(now=NOW, is_armed=True, is_clock_wrong=True)
    shown = wording.live(attempt(), situation=situation, language=language)

    assert left in shown.body.splitlines()[0]


@both_languages
def test_a_wrong_clock_is_told_with_its_error(language: Language) -> None:
    error = ClockError(-86400.0)
    shown = trouble.clock_wrong(error, language=language)

    assert fit_columns(shown.title, TITLE_COLUMNS) == shown.title
    assert error.text.say(language) in shown.body
    assert not shown.is_urgent
