"""A toast says what matters, hears its buttons while it can, and leaves in time."""

import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.factories import CODE, EXPIRES_AT, LINK, NOW, attempt, every_kind, live
from tests.fakes import PATIENCE_S
from watcher.clock import local_time
from watcher.errors import NotificationFailed
from watcher.i18n import Language, Text
from watcher.notify import wording
from watcher.notify.choice import ChannelChoice
from watcher.notify.examine import Buttons, Offer, examine
from watcher.notify.notification import Action, Button, Notification
from watcher.notify.toast import (
    Bar,
    Callbacks,
    LinkButton,
    Toast,
    ToastContent,
    Toaster,
    render,
)
from watcher.notify.wording import Situation
from watcher.recognition.claim import Kind

OPEN = Button(Action.OPEN, "Open Amazon's page")
NOT_ME = Button(Action.NOT_ME, "It was not me")
BRIEF = Situation(now=NOW, is_armed=True, is_attended=False)


@dataclass(slots=True)
class FakeWindows:
    """Windows's toasts, as far as they can be seen: what stands under which tag."""

    pops: list[str] = field(default_factory=list)
    """The tags that popped up, in their order."""
    standing: dict[str, ToastContent] = field(default_factory=dict)
    callbacks: dict[str, Callbacks] = field(default_factory=dict)
    error: Exception | None = None
    is_switched_off: bool = False
    refuses: bool = False
    """It takes a toast, and tells by an event that it does not show it."""
    takes: threading.Event = field(default_factory=threading.Event)
    """Windows hangs until it is set."""
    removed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.takes.set()

    def check(self) -> None:
        if self.is_switched_off:
            raise NotificationFailed(Text(en="off", ja="オフ"))

    def show(self, tag: str, content: ToastContent, callbacks: Callbacks) -> None:
        self.check()
        self.takes.wait()
        if self.error is not None:
            raise self.error
        if self.refuses:
            callbacks.on_refusal()
            return
        self.standing[tag] = content
        self.callbacks[tag] = callbacks
        if content.pops_up:
            self.pops.append(tag)

    def update(self, tag: str, content: ToastContent) -> None:
        if self.error is not None:
            raise self.error
        if before := self.standing.get(tag):
            self.standing[tag] = replace(before, texts=content.texts, bar=content.bar)

    def remove(self, tag: str) -> None:
        del self.standing[tag]
        self.removed.set()

    @property
    def only(self) -> ToastContent:
        (content,) = self.standing.values()
        return content

    def press(self, name: str) -> None:
        """Press a button of the only toast; Windows closes it."""
        ((tag, _),) = self.standing.items()
        del self.standing[tag]
        self.callbacks[tag].on_press(name)

    def let_time_pass(self) -> None:
        """Move the only toast into the notification centre."""
        (tag,) = self.standing
        self.callbacks[tag].on_timeout()


@dataclass(slots=True)
class Presses:
    """What was reported."""

    seen: list[tuple[int, Action]] = field(default_factory=list)

    def __call__(self, replaces_id: int, action: Action) -> None:
        self.seen.append((replaces_id, action))


def opened(windows: FakeWindows, presses: Presses | None = None) -> Toast:
    def open_toaster() -> Toaster:
        return windows

    return Toast(presses or Presses(), open_toaster, lambda: NOW)


def english(kind: Kind = Kind.APPROVAL, *, is_armed: bool = True) -> Notification:
    return live(attempt(kind), Language.EN, is_armed=is_armed)


@pytest.fixture(autouse=True)
def _refuses_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watcher.notify.toast.REFUSAL_S", 0.0)


# What it shows


def test_a_toast_of_an_approval_has_its_title_its_lines_a_bar_and_buttons() -> None:
    notification = english()

    assert render(notification, NOW, calls_back=True) == ToastContent(
        texts=(
            "Amazon: approve sign-in",
            f"Until {local_time(EXPIRES_AT)} (4:32 left) · for home\n"
            "Approve first, then 「認証する」 in the app.\n"
            "Device: Google Chrome Windows (デスクトップ)",
            "\n".join(notification.body.splitlines()[3:]),
        ),
        bar=Bar(0.91, "4:32 left"),
        buttons=(OPEN, NOT_ME),
        link_button=None,
        is_urgent=True,
        pops_up=True,
        expires_at=EXPIRES_AT,
    )


def test_the_code_stands_first_and_can_be_copied() -> None:
    content = render(english(Kind.CODE), NOW, calls_back=True)

    assert content.texts[1].startswith("123 456\n")
    assert [button.action for button in content.buttons] == [
        Action.COPY,
        Action.NOT_ME,
    ]


def test_the_bar_speaks_the_users_language() -> None:
    content = render(live(), NOW, calls_back=True)

    assert content.bar == Bar(0.91, "残り 4:32")


def test_where_nobody_hears_a_button_windows_opens_the_page_itself() -> None:
    """The notification centre, or a command that has ended."""
    left = render(english(), NOW, calls_back=False)
    brief = wording.live(attempt(), situation=BRIEF, language=Language.EN)

    for content in (left, render(brief, NOW, calls_back=True)):
        assert content.buttons == ()
        assert content.link_button == LinkButton("Open Amazon's page", LINK)
        assert LINK not in "".join(content.texts)


def test_where_nobody_hears_a_button_no_other_one_is_left() -> None:
    content = render(english(Kind.CODE), NOW, calls_back=False)

    assert (content.buttons, content.link_button) == ((), None)


@pytest.mark.parametrize(
    "link",
    [
        LINK.replace("https", "http"),
        "file:///C:/Windows/System32/calc.exe",
        "ms-settings:network",
        LINK.replace("www.amazon.co.jp", "www.amazon.co.jp.example"),
        LINK.replace("www.", "user@www."),
        f"{LINK} --flag",
        "https://www.amazon.co.jp/",
    ],
)
def test_windows_opens_nothing_but_an_approval_page(link: str) -> None:
    odd = replace(english(), link=link)

    content = render(odd, NOW, calls_back=False)

    assert content.link_button is None
    assert link in content.texts[2]


def test_what_is_no_approval_has_no_link_button() -> None:
    for name, notification in every_kind(Language.EN).items():
        content = render(notification, NOW, calls_back=False)
        has_link = notification.link == LINK
        assert (content.link_button is not None) == has_link, name


def test_neither_link_nor_code_is_in_a_repr() -> None:
    for kind in (Kind.APPROVAL, Kind.CODE):
        shown = repr(render(english(kind), NOW, calls_back=False))
        assert LINK not in shown
        assert CODE not in shown.replace(" ", "")


# How it is shown, replaced and withdrawn


def test_a_reminder_takes_the_place_of_the_toast_before() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    first = toast.show(english())
    second = toast.show(replace(english(), title="Amazon: time running out"))

    assert first == second
    assert windows.only.texts[0] == "Amazon: time running out"
    assert len(windows.pops) == 2


def test_two_attempts_stand_beside_each_other() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(live(attempt(id=1)))
    toast.show(live(attempt(id=2)))

    assert len(windows.standing) == 2


def test_two_programs_do_not_replace_each_others_toasts() -> None:
    windows = FakeWindows()
    opened(windows).show(live())
    opened(windows).show(live())

    assert len(windows.standing) == 2


def test_the_countdown_changes_the_toast_where_it_stands() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    later = NOW + timedelta(minutes=2)
    toast.refresh(live(attempt(), Language.EN, now=later))

    assert windows.only.bar == Bar(0.51, "2:32 left")
    assert "(2:32 left)" in windows.only.texts[1]
    assert len(windows.pops) == 1


def test_what_the_user_closed_stays_closed() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    windows.standing.clear()
    toast.refresh(english())

    assert windows.standing == {}


def test_a_countdown_that_windows_does_not_take_is_no_error() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    windows.error = OSError()

    toast.refresh(english())


def test_an_answered_attempt_is_withdrawn() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    toast.withdraw(english().replaces_id)

    assert windows.standing == {}


def test_withdrawing_what_was_closed_is_no_error() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    windows.standing.clear()

    toast.withdraw(english().replaces_id)
    toast.withdraw(7)


def test_the_end_takes_away_what_it_is_told_to() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    for number in (1, 2, 3):
        toast.show(live(attempt(id=number)))
    toast.clear(frozenset({1, 3}))

    assert len(windows.standing) == 1


def test_what_the_user_has_closed_keeps_nothing_on_the_screen_at_the_end() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    for number in (1, 2, 3):
        toast.show(live(attempt(id=number)))
    del windows.standing[windows.pops[1]]
    toast.clear(frozenset({1, 2, 3}))

    assert windows.standing == {}


def test_the_toast_of_another_process_is_replaced_and_withdrawn() -> None:
    windows = FakeWindows()
    handle = opened(windows).show(english())
    toast = opened(windows)

    toast.adopt(1, handle)
    toast.show(english())
    assert len(windows.standing) == 1
    toast.withdraw(1)

    assert windows.standing == {}


def test_the_handle_of_another_desktop_is_left_alone() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.adopt(1, "bus :1.7 42")
    toast.show(english())

    assert len(windows.pops) == 1
    assert ":1.7" not in windows.pops[0]


# What is pressed


@pytest.mark.parametrize(
    ("name", "action"),
    [("open", Action.OPEN), ("not_me", Action.NOT_ME), ("", Action.CLICK)],
)
def test_a_press_is_reported_once(name: str, action: Action) -> None:
    windows, presses = FakeWindows(), Presses()
    opened(windows, presses).show(english())
    (callbacks,) = windows.callbacks.values()
    windows.press(name)
    callbacks.on_press(name)

    assert presses.seen == [(1, action)]


def test_what_was_not_offered_is_no_press() -> None:
    windows, presses = FakeWindows(), Presses()
    opened(windows, presses).show(english(Kind.CODE))
    windows.press("open")

    assert presses.seen == []


def test_what_was_withdrawn_cannot_be_pressed() -> None:
    windows, presses = FakeWindows(), Presses()
    toast = opened(windows, presses)
    toast.show(english())
    (callbacks,) = windows.callbacks.values()
    toast.withdraw(1)
    callbacks.on_press("open")

    assert presses.seen == []


def test_after_the_end_no_press_is_reported() -> None:
    windows, presses = FakeWindows(), Presses()
    toast = opened(windows, presses)
    toast.show(english())
    toast.close()
    windows.press("open")

    assert presses.seen == []


# The notification centre


def test_in_the_notification_centre_the_page_can_still_be_opened() -> None:
    windows = FakeWindows()
    opened(windows).show(english())
    windows.let_time_pass()

    assert windows.only.link_button == LinkButton("Open Amazon's page", LINK)
    assert (windows.only.buttons, windows.only.pops_up) == ((), False)
    assert len(windows.pops) == 1


def test_in_the_notification_centre_the_countdown_goes_on() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    windows.let_time_pass()
    toast.refresh(live(attempt(), Language.EN, now=NOW + timedelta(minutes=2)))

    assert windows.only.bar == Bar(0.51, "2:32 left")
    assert windows.only.link_button is not None


def test_what_the_notification_centre_does_not_take_is_no_error() -> None:
    windows = FakeWindows()
    opened(windows).show(english())
    windows.error = OSError()

    windows.let_time_pass()


def test_a_reminder_comes_back_out_of_the_notification_centre() -> None:
    windows, presses = FakeWindows(), Presses()
    toast = opened(windows, presses)
    toast.show(english())
    windows.let_time_pass()
    toast.show(english())
    windows.press("open")

    assert presses.seen == [(1, Action.OPEN)]
    assert windows.standing == {}


def test_what_was_withdrawn_does_not_come_into_the_notification_centre() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    (callbacks,) = windows.callbacks.values()
    toast.withdraw(1)
    callbacks.on_timeout()

    assert windows.standing == {}


def test_what_a_reminder_replaced_does_not_come_back_by_its_own_timeout() -> None:
    windows = FakeWindows()
    toast = opened(windows)
    toast.show(english())
    (callbacks,) = windows.callbacks.values()
    toast.show(english())
    callbacks.on_timeout()

    assert windows.only.pops_up


# Where it fails


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(f"cannot show {LINK}"), "OSError"),
        (ImportError("no winrt"), "ImportError"),
        (RuntimeError(LINK), "RuntimeError"),
    ],
)
def test_an_error_of_windows_is_a_failure_without_the_text(
    error: Exception, reason: str
) -> None:
    windows = FakeWindows(error=error)

    with pytest.raises(NotificationFailed) as failed:
        opened(windows).show(english())

    assert str(failed.value) == f"Windows shows no toast from here ({reason})."


def test_the_number_of_windows_error_is_told() -> None:
    error = OSError("not implemented")
    error.winerror = -2147467263  # type: ignore[attr-defined, unused-ignore]

    with pytest.raises(NotificationFailed, match="OSError 0x80004001"):
        opened(FakeWindows(error=error)).show(english())


def test_where_windows_is_not_there_it_has_failed_before_anything_is_shown() -> None:
    def refuse() -> Toaster:
        raise OSError

    toast = Toast(Presses(), refuse)
    toast.prepare()

    with pytest.raises(NotificationFailed, match="OSError"):
        toast.show(english())


def test_what_the_user_switched_off_has_failed() -> None:
    windows = FakeWindows(is_switched_off=True)

    with pytest.raises(NotificationFailed, match="off"):
        opened(windows).show(english())
    with pytest.raises(NotificationFailed, match="off"):
        opened(windows).check()


def test_what_windows_takes_and_does_not_show_has_failed() -> None:
    windows = FakeWindows(refuses=True)

    with pytest.raises(NotificationFailed, match="does not show it"):
        opened(windows).show(english())


def test_what_failed_is_not_refreshed() -> None:
    windows = FakeWindows(error=OSError())
    toast = opened(windows)
    with pytest.raises(NotificationFailed):
        toast.show(english())
    windows.error = None
    toast.refresh(english())

    assert windows.standing == {}


def test_a_toast_that_comes_too_late_is_taken_away_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    windows = FakeWindows()
    windows.takes.clear()
    monkeypatch.setattr("watcher.notify.toast.TIMEOUT_S", 0.1)

    with pytest.raises(NotificationFailed, match=r"within 0\.1 s"):
        opened(windows).show(english())
    windows.takes.set()

    assert windows.removed.wait(PATIENCE_S)
    assert windows.pops
    assert windows.standing == {}


@pytest.mark.skipif(sys.platform == "win32", reason="there it may work")
def test_elsewhere_than_on_windows_there_are_no_toasts() -> None:
    with pytest.raises(NotificationFailed, match="on Windows only"):
        Toast(Presses()).show(english())

    found, failures = examine(ChannelChoice.TOAST)
    assert found is None
    assert [failure.channel for failure in failures] == ["toast"]


def test_toasts_that_work_are_told_with_their_buttons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def opens(*_: object) -> Iterable[Toast]:
        return [opened(FakeWindows())]

    monkeypatch.setattr("watcher.notify.examine.channels", opens)

    assert examine(ChannelChoice.TOAST) == (
        Offer("toast", "Windows", Buttons.DRAWN),
        [],
    )
