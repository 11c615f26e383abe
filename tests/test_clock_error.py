"""By how much the clock is wrong, as the log writes it and people read it."""

import pytest

from watcher.i18n import Language
from watcher.timing.error import ClockError, error_in_words


@pytest.mark.parametrize("ahead_s", [86400, -300, 91, -34_560_000])
def test_the_detail_of_the_event_names_the_error(ahead_s: int) -> None:
    assert ClockError.parse(ClockError(ahead_s).detail) == ClockError(ahead_s)


@pytest.mark.parametrize(
    ("ahead_s", "detail", "english", "japanese"),
    [
        (86399.6, "ahead by 86400 s", "about 24 hours ahead", "約 24 時間進んでいます"),
        (-300.2, "behind by 300 s", "about 5 minutes behind", "約 5 分遅れています"),
        (91.0, "ahead by 91 s", "about 91 seconds ahead", "約 91 秒進んでいます"),
        (4e7, "ahead by 40000000 s", "about 463 days ahead", "約 463 日進んでいます"),
    ],
)
def test_a_person_reads_it_in_the_unit_that_fits(
    ahead_s: float, detail: str, english: str, japanese: str
) -> None:
    error = ClockError(ahead_s)

    assert error.detail == detail
    assert error_in_words(detail).say(Language.EN) == english
    assert error.text.say(Language.JA) == japanese


@pytest.mark.parametrize("detail", [None, "", "ahead by x s", "ahead by 3 s or so"])
def test_a_detail_of_another_form_says_that_it_is_wrong(detail: str | None) -> None:
    assert ClockError.parse(detail) is None
    assert error_in_words(detail).say(Language.EN) == "wrong"
