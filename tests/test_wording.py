"""What the user is told: the right things, in the right order, and nothing else."""

import re
import unicodedata
from datetime import datetime, timedelta
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    ATTEMPTED_AT,
    CODE,
    EXPIRES_AT,
    LINK,
    NOW,
    attempt,
    every_kind,
    live,
)
from watcher.clock import local_time
from watcher.i18n import Language, Text, fit_columns, fit_utf16
from watcher.notify import sentences, wording
from watcher.notify.notification import Action, Notification
from watcher.notify.wording import SHORT_BODY_UNITS
from watcher.recognition.verdict import Kind

TITLE_COLUMNS = 26  # as many as xfce4-notifyd shows beside its icon

TEXTS = {name: text for name, text in vars(sentences).items() if name.isupper()}

both_languages = pytest.mark.parametrize("language", Language)
hostile = st.text(max_size=300)


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def _columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _all_text(notification: Notification) -> str:
    parts = (notification.title, notification.body, notification.footer)
    return "\n".join((*parts, notification.short_body))


def _actions(notification: Notification) -> list[Action]:
    return [button.action for button in notification.buttons]


@pytest.mark.parametrize("name", TEXTS)
def test_a_sentence_says_the_same_in_both_languages(name: str) -> None:
    text: Text = TEXTS[name]

    assert _fields(text.en) == _fields(text.ja)
    assert text.en.strip()
    assert text.ja.strip()


@both_languages
def test_a_title_is_fixed_words_that_no_desktop_cuts(language: Language) -> None:
    for notification in every_kind(language).values():
        assert _columns(notification.title) <= TITLE_COLUMNS
        assert notification.title[0].isalpha()


def test_armed_the_user_is_told_what_to_do_and_until_when() -> None:
    notification = live(is_armed=True)

    assert notification.title == "Amazon サインインの承認"
    assert notification.body.splitlines() == [
        f"期限 {local_time(EXPIRES_AT)}（残り 4:32）・home",
        LINK,
        "承認が先、アプリの「認証する」はその後です。",
        "端末: Google Chrome Windows (デスクトップ)",
        f"場所: Tokyo, Japan・{local_time(ATTEMPTED_AT)}",
    ]
    assert _actions(notification) == [Action.OPEN, Action.NOT_ME]


def test_not_armed_the_user_is_asked_before_the_link_is_shown() -> None:
    notification = live(language=Language.EN, is_armed=False)

    assert notification.title == "Amazon sign-in: is it you?"
    assert notification.body.splitlines() == [
        "Did you start a sign-in just now?",
        "Device: Google Chrome Windows (デスクトップ)",
        f"Near: Tokyo, Japan · {local_time(ATTEMPTED_AT)}",
        f"Until {local_time(EXPIRES_AT)} (4:32 left) · for home",
        LINK,
        "Approve first, then 「認証する」 in the app.",
        "Not you? Do not approve. Change your password and switch on two-step "
        "verification.",
    ]
    assert _actions(notification) == [Action.NOT_ME, Action.OPEN]


@both_languages
@pytest.mark.parametrize("is_armed", [True, False])
def test_a_code_is_shown_and_nothing_is_to_be_opened(
    language: Language, *, is_armed: bool
) -> None:
    notification = live(attempt(Kind.CODE), language, is_armed=is_armed)

    assert CODE in notification.body
    assert notification.link is None
    assert _actions(notification) == [Action.NOT_ME]


@both_languages
@pytest.mark.parametrize("is_armed", [True, False])
def test_of_an_unknown_form_the_mail_itself_is_to_be_opened(
    language: Language, *, is_armed: bool
) -> None:
    notification = live(attempt(Kind.UNKNOWN), language, is_armed=is_armed)

    assert sentences.OPEN_MAIL.say(language) in notification.body
    assert "https://" not in _all_text(notification)
    assert _actions(notification) == [Action.NOT_ME]


@both_languages
def test_only_live_attempts_show_a_link_or_code(language: Language) -> None:
    for kind, notification in every_kind(language).items():
        shows = LINK in _all_text(notification) or CODE in _all_text(notification)
        may_show = kind in {"armed", "ask", "reminder", "armed-code", "ask-code"}
        assert shows == may_show, kind


@both_languages
def test_the_brief_text_holds_no_secret(language: Language) -> None:
    for notification in every_kind(language).values():
        assert "https://" not in notification.short_body
        assert CODE not in notification.short_body


@both_languages
def test_who_missed_the_link_learns_where_it_is(language: Language) -> None:
    assert "`watcher open`" in live(language=language).short_body


@both_languages
@pytest.mark.parametrize("after_s", [0, 1, 3600])
def test_what_is_over_is_said_to_be_over(language: Language, after_s: int) -> None:
    now = EXPIRES_AT + timedelta(seconds=after_s)
    told = wording.live(attempt(), now=now, language=language, is_armed=True)
    again = wording.reminder(attempt(), now=now, language=language, is_armed=True)

    assert told == wording.late(attempt(), language=language)
    assert again == wording.expired(attempt(), language=language)


@given(before_ms=st.integers(1, 5 * 60 * 1000))
def test_the_time_left_is_never_overstated(before_ms: int) -> None:
    left = timedelta(milliseconds=before_ms)
    notification = wording.live(
        attempt(), now=EXPIRES_AT - left, language=Language.EN, is_armed=True
    )

    found = re.search(r"\((\d+):(\d\d) left\)", notification.body)
    assert found is not None
    minutes, seconds = map(int, found.groups())
    assert timedelta(minutes=minutes, seconds=seconds) <= left


@both_languages
def test_a_reminder_replaces_and_says_that_time_runs_out(language: Language) -> None:
    now = EXPIRES_AT - timedelta(minutes=1)
    notification = wording.reminder(
        attempt(), now=now, language=language, is_armed=False
    )

    assert notification.title == sentences.SOON_OVER.say(language)
    assert notification.replaces_id == live().replaces_id
    assert notification.body.startswith(sentences.ASK.say(language))
    assert "1:00" in notification.body


@both_languages
def test_advice_and_expiry_stand_in_place_of_the_attempt(language: Language) -> None:
    advice = wording.not_me_advice(attempt(id=7), language=language)
    over = wording.expired(attempt(id=7), language=language)

    assert advice.replaces_id == over.replaces_id == 7
    assert advice.buttons == over.buttons == ()
    assert advice.is_urgent
    assert not over.is_urgent


@both_languages
def test_nothing_of_an_unverified_mail_is_shown(language: Language) -> None:
    plain = wording.unverified(attempt(device=None, near=None), language=language)
    other = wording.unverified(
        attempt(device="call 0120-000-000", near="https://evil.example"),
        language=language,
    )

    assert plain == other
    assert plain.buttons == ()


@both_languages
def test_the_all_clear_stands_in_place_of_the_alarm(language: Language) -> None:
    blind = wording.blind("home", since=NOW, language=language)
    refused = wording.login_refused("home", language=language)
    clear = wording.recovered("home", language=language)
    other = wording.recovered("work", language=language)

    assert blind.replaces_id == refused.replaces_id == clear.replaces_id
    assert other.replaces_id != clear.replaces_id
    assert clear.replaces_id < 0
    assert not clear.is_urgent


@both_languages
def test_one_summary_tells_how_many_were_missed(language: Language) -> None:
    notification = wording.missed([attempt(), attempt(id=2)], language=language)

    when: datetime = ATTEMPTED_AT.astimezone()
    assert "2" in notification.body
    assert when.strftime("%m-%d %H:%M") in notification.body
    assert not notification.is_urgent


@given(device=hostile, near=hostile, account=hostile, is_armed=st.booleans())
def test_no_mail_gets_more_than_its_place(
    device: str, near: str, account: str, *, is_armed: bool
) -> None:
    event = attempt(device=device, near=near, account=account)
    for language in Language:
        shown = live(event, language, is_armed=is_armed)
        usual = live(language=language, is_armed=is_armed)

        assert shown.title == usual.title
        assert shown.body.count("\n") == usual.body.count("\n")
        assert shown.body.count("://") == 1
        assert not [sign for sign in _all_text(shown) if _is_unseen(sign)]


def _is_unseen(sign: str) -> bool:
    return sign != "\n" and unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"}


@given(
    device=st.text("W漢", min_size=60),
    near=st.text("W漢", min_size=60),
    account=st.text("W漢", min_size=60),
)
def test_the_brief_text_keeps_its_end_however_long_the_mail_is(
    device: str, near: str, account: str
) -> None:
    event = attempt(device=device, near=near, account=account)
    for language in Language:
        for notification in (
            live(event, language),
            live(event, language, is_armed=False),
            wording.expired(event, language=language),
            wording.late(event, language=language),
            wording.unverified(event, language=language),
            wording.missed([event] * 1000, language=language),
        ):
            units = len(notification.short_body.encode("utf-16-le")) // 2
            assert units <= SHORT_BODY_UNITS
            assert not notification.short_body.endswith("…")


@both_languages
def test_what_amazon_did_not_say_is_not_made_up(language: Language) -> None:
    event = attempt(device=None, near="\u200b\u202e")
    body = live(event, language).body

    assert body.count(sentences.NOT_GIVEN.say(language)) == 2


def test_a_notification_shows_its_secrets_in_no_repr() -> None:
    for kind in Kind:
        notification = live(attempt(kind))
        assert LINK not in repr(notification)
        assert CODE not in repr(notification)


@given(text=st.text(), columns=st.integers(1, 50))
def test_text_is_made_to_fit_its_columns(text: str, columns: int) -> None:
    fitted = fit_columns(text, columns)

    assert fitted == text or _columns(fitted) <= columns
    assert text.startswith(fitted.removesuffix("…"))


@given(text=st.text(st.characters(exclude_categories=())), units=st.integers(1, 50))
def test_text_is_made_to_fit_its_units_with_no_pair_cut_in_two(
    text: str, units: int
) -> None:
    assert len(fit_utf16(text, units).encode("utf-16-le")) // 2 <= units
