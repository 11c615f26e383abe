"""What the user is told: the right things, in the right order, and nothing else."""

import re
import unicodedata
from dataclasses import replace
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
    reminder,
)
from watcher.clock import local_time
from watcher.i18n import Language, Text, fit_columns, fit_utf16
from watcher.notify import sentences, trouble, wording
from watcher.notify.notification import Action, Holds, Notification
from watcher.notify.template import SHORT_BODY_UNITS
from watcher.notify.wording import Situation
from watcher.recognition.claim import Kind

TITLE_COLUMNS = 32  # as many as xfce4-notifyd shows beside its icon

NO_SECRET = ("armed-unknown", "ask-unknown", "ask-recipient")
TEXTS = {name: text for name, text in vars(sentences).items() if name.isupper()}

both_languages = pytest.mark.parametrize("language", Language)
hostile = st.text(max_size=300)


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def _columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text)


def _essence(title: str) -> str:
    """Return what of a title must be seen; what stands in brackets may be cut."""
    return title.split("(")[0]


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
        assert _columns(_essence(notification.title)) <= TITLE_COLUMNS
        assert notification.title[0].isalpha()


def test_armed_the_user_is_told_what_to_do_and_until_when() -> None:
    notification = live(is_armed=True)

    assert notification.title == "Amazon サインインの承認"
    assert notification.body.splitlines() == [
        f"期限 {local_time(EXPIRES_AT)}(残り 4:32)・home",
        "承認が先、アプリの「認証する」はその後です。",
        "端末: Google Chrome Windows (デスクトップ)",
        f"場所: Tokyo, Japan・{local_time(ATTEMPTED_AT)}",
        "(アプリからなら、端末と場所はアプリの会社のものです)",
    ]
    assert _actions(notification) == [Action.OPEN, Action.NOT_ME]


def test_not_armed_the_user_is_asked_the_one_question_that_fits_all() -> None:
    notification = live(language=Language.EN, is_armed=False)

    assert notification.title == "Amazon sign-in: is it you?"
    assert notification.body.splitlines() == [
        "Did you just sign in to Amazon, or update a budget app?",
        f"Until {local_time(EXPIRES_AT)} (4:32 left) · for home",
        "Approve first, then 「認証する」 in the app.",
        "Not you? Do not approve, and change your password.",
        "Device: Google Chrome Windows (デスクトップ)",
        f"Near: Tokyo, Japan · {local_time(ATTEMPTED_AT)}",
        "(from an app, device and place are the app company's)",
    ]


@both_languages
@pytest.mark.parametrize("kind", Kind)
def test_armed_and_asking_have_their_buttons_in_the_same_order(
    language: Language, kind: Kind
) -> None:
    armed, asking = (
        live(attempt(kind), language, is_armed=is_armed) for is_armed in (True, False)
    )

    assert armed.buttons == asking.buttons
    assert armed.buttons[-1].action is Action.NOT_ME


@both_languages
def test_what_matters_stands_in_the_first_three_lines(language: Language) -> None:
    asked = live(language=language, is_armed=False).body.splitlines()[:3]
    asked_of_unknown = live(attempt(Kind.UNKNOWN), language, is_armed=False)

    assert asked[0] == sentences.ASK.say(language)
    assert "4:32" in asked[1]
    assert asked[2] == sentences.APPROVE_FIRST.say(language)
    assert sentences.OPEN_MAIL.say(language) in asked_of_unknown.body.splitlines()[:3]


@both_languages
@pytest.mark.parametrize("is_attended", [True, False])
@pytest.mark.parametrize("is_armed", [True, False])
def test_a_code_stands_first_and_behind_it_where_alone_to_type_it(
    language: Language, *, is_armed: bool, is_attended: bool
) -> None:
    situation = Situation(now=NOW, is_armed=is_armed, is_attended=is_attended)
    notification = wording.live(
        attempt(Kind.CODE), situation=situation, language=language
    )

    assert notification.lines(with_link=True)[:2] == [
        "123 456",
        sentences.TYPE_CODE.say(language),
    ]
    assert notification.code == "123 456"


@pytest.mark.parametrize(
    ("code", "shown"),
    [("123456", "123 456"), ("12345678", "1234 5678"), ("1234", "1234")],
)
def test_a_code_is_grouped_as_people_read_it(code: str, shown: str) -> None:
    assert live(replace(attempt(Kind.CODE), secret=code)).code == shown


@both_languages
def test_of_an_unknown_form_it_is_said_that_amazon_sent_it(language: Language) -> None:
    body = live(attempt(Kind.UNKNOWN), language).body

    assert sentences.SIGNED_BUT.say(language) in body


@both_languages
def test_of_a_mail_to_another_address_it_is_said_which_and_what_to_do(
    language: Language,
) -> None:
    notification = every_kind(language)["ask-recipient"]

    assert "taro@example.jp" in notification.body.splitlines()[1]
    assert "addresses" in notification.body.splitlines()[1]
    assert notification.link is None
    assert _actions(notification) == [Action.NOT_ME]


@both_languages
def test_the_order_of_approving_is_told_once_where_there_is_something_to_approve(
    language: Language,
) -> None:
    told = every_kind(language)
    times = {
        kind: f"{one.body}\n{one.footer}".count("「認証する」")
        for kind, one in told.items()
    }
    to_approve = {
        *("armed", "armed-unknown", "ask", "ask-unknown", "again", "check"),
        *("not-opened", "reminder"),
    }

    assert {kind for kind, count in times.items() if count} == to_approve
    assert {times[kind] for kind in to_approve} == {1}


# A command that ends at once ----------------------------------------------------------


@both_languages
@pytest.mark.parametrize("is_armed", [True, False])
def test_what_nobody_attends_to_acts_without_us_and_says_nothing_that_gets_untrue(
    language: Language, *, is_armed: bool
) -> None:
    situation = Situation(now=NOW, is_armed=is_armed, is_attended=False)
    notification = wording.live(attempt(), situation=situation, language=language)

    assert notification.buttons == ()
    assert "`watcher open 1`" in notification.body
    assert LINK in notification.lines(with_link=True)
    assert local_time(EXPIRES_AT) in notification.body
    assert "4:32" not in _all_text(notification)
    assert notification.percent_left is None
    assert notification.holds is Holds.UNTIL_NEXT_RUN


@both_languages
def test_a_page_that_did_not_open_is_told_with_the_link_and_what_to_type(
    language: Language,
) -> None:
    notification = every_kind(language)["not-opened"]

    assert LINK in notification.body.splitlines()[:3]
    assert notification.lines(with_link=True) == notification.body.splitlines()
    assert "watcher open 1 --print" in notification.body
    assert _actions(notification) == [Action.OPEN, Action.NOT_ME]


@both_languages
def test_a_refused_login_is_told_with_its_cause(language: Language) -> None:
    assert "imap.example.jp" in every_kind(language)["login-refused"].body


@both_languages
def test_only_what_needs_this_program_is_withdrawn_at_its_end(
    language: Language,
) -> None:
    needs = {
        kind
        for kind, notification in every_kind(language).items()
        if notification.holds is Holds.WHILE_RUNNING
    }

    assert needs == {
        *("armed", "armed-code", "armed-unknown", "ask", "ask-code", "ask-unknown"),
        *("ask-recipient", "again"),
        *("reminder", "not-opened", "not-copied", "blind", "login-refused"),
        *("silent", "silent-again"),
    }


@given(left_s=st.integers(1, 300), error_s=st.integers(-100_000, 100_000))
def test_the_bar_is_the_part_of_the_window_that_is_left(
    left_s: int, error_s: int
) -> None:
    """By a wrong clock the mail's own times lie far from the deadline."""
    error = timedelta(seconds=error_s)
    about = replace(attempt(), expires_at=EXPIRES_AT + error)
    shown = live(about, now=EXPIRES_AT + error - timedelta(seconds=left_s))

    assert shown.percent_left == round(100 * left_s / 300)


@both_languages
@pytest.mark.parametrize("is_armed", [True, False])
def test_a_code_is_shown_and_nothing_is_to_be_opened(
    language: Language, *, is_armed: bool
) -> None:
    notification = live(attempt(Kind.CODE), language, is_armed=is_armed)

    assert "123 456" in notification.body
    assert notification.link is None
    assert _actions(notification) == [Action.COPY, Action.NOT_ME]


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
        text = "\n".join((*notification.lines(with_link=True), _all_text(notification)))
        shows = LINK in text or "123 456" in text
        is_live = kind.startswith(
            ("again", "armed", "ask", "reminder", "check", "not-o", "not-c")
        )
        assert shows == (is_live and kind not in NO_SECRET), kind


@both_languages
def test_the_brief_text_holds_no_secret(language: Language) -> None:
    for notification in every_kind(language).values():
        assert "https://" not in notification.short_body
        assert CODE not in notification.short_body


@both_languages
def test_who_missed_the_link_learns_where_it_is(language: Language) -> None:
    assert "`watcher open 1`" in live(language=language).short_body


@both_languages
@pytest.mark.parametrize("after_s", [0, 1, 3600])
def test_what_is_over_is_said_to_be_over(language: Language, after_s: int) -> None:
    now = EXPIRES_AT + timedelta(seconds=after_s)
    told = live(attempt(), language, now=now, is_armed=True)
    again = reminder(attempt(), language, now=now, is_armed=True)

    assert told == wording.late(attempt(), language=language)
    assert again == wording.expired(attempt(), language=language)


@both_languages
def test_of_what_may_lie_days_back_the_day_is_told(language: Language) -> None:
    told = wording.late(attempt(), language=language)

    assert f"{attempt().began_at.astimezone():%m-%d %H:%M}" in told.body
    assert local_time(attempt().began_at) not in told.body


@given(before_ms=st.integers(1, 5 * 60 * 1000))
def test_the_time_left_is_never_overstated(before_ms: int) -> None:
    left = timedelta(milliseconds=before_ms)
    notification = live(attempt(), Language.EN, now=EXPIRES_AT - left, is_armed=True)

    found = re.search(r"\((\d+):(\d\d) left\)", notification.body)
    assert found is not None
    minutes, seconds = map(int, found.groups())
    assert timedelta(minutes=minutes, seconds=seconds) <= left


@both_languages
def test_a_reminder_replaces_and_says_that_time_runs_out(language: Language) -> None:
    now = EXPIRES_AT - timedelta(minutes=1)
    notification = reminder(attempt(), language, now=now, is_armed=False)

    assert notification.title == sentences.SOON_OVER.say(language)
    assert notification.replaces_id == live().replaces_id
    assert sentences.ASK.say(language) in notification.body
    assert "1:00" in notification.body


@both_languages
def test_expiry_stands_in_place_of_the_attempt_and_advice_outlives_it(
    language: Language,
) -> None:
    advice = wording.not_me_advice(attempt(id=7), language=language)
    over = wording.expired(attempt(id=7), language=language)

    assert over.replaces_id == 7
    assert advice.replaces_id < 0
    assert advice.buttons == over.buttons == ()
    assert advice.is_urgent
    assert not over.is_urgent


@both_languages
def test_nothing_of_an_unverified_mail_is_shown(language: Language) -> None:
    plain, other = (
        wording.unverified(mail, now=NOW, language=language)
        for mail in (
            attempt(device=None, near=None),
            attempt(device="call 0120-000-000", near="https://evil.example"),
        )
    )

    assert plain == other
    assert plain.buttons == ()


@both_languages
def test_the_all_clear_stands_in_place_of_the_alarm(language: Language) -> None:
    blind = trouble.blind("home", since=NOW, language=language)
    refused = every_kind(language)["login-refused"]
    clear = trouble.recovered("home", language=language)
    other = trouble.recovered("work", language=language)

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
        assert "://" not in shown.body
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
            wording.unverified(event, now=NOW, language=language),
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


# A deadline that nobody knows ---------------------------------------------------------


@both_languages
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("is_attended", [True, False])
def test_of_a_deadline_that_nobody_knows_no_time_is_shown(
    language: Language, kind: Kind, *, is_attended: bool
) -> None:
    situation = Situation(now=NOW, is_armed=False, is_attended=is_attended)
    unsure = replace(attempt(kind), is_deadline_known=False)
    notification = wording.live(unsure, situation=situation, language=language)

    assert "4:32" not in _all_text(notification)
    assert local_time(EXPIRES_AT) not in _all_text(notification)
    may_be_over = sentences.MAY_BE_OVER.say(language, account="home")
    assert may_be_over in notification.body
    assert notification.percent_left is None
