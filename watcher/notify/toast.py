"""Shows notifications as toasts of Windows, with buttons, a bar and a place to stay.

A button calls this program back while its toast pops up and the program runs: so the
first answer binds, and is logged. In the notification centre, and after the end of a
short command, a button calls nobody. There one alone is left, which Windows itself
opens the approval page by (protocol activation). Nobody here sees such a press, so it
is no answer: what it opens may be answered later, and the toast goes, like any other,
once the attempt was answered or is over.
"""

import secrets
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock
from typing import Protocol, TypeVar

from watcher.clock import Now, call_with_timeout, utc_now
from watcher.errors import NotificationFailed
from watcher.i18n import Text
from watcher.notify.notification import (
    LINES_THAT_MATTER,
    Action,
    Button,
    Channel,
    Notification,
    OnAction,
)
from watcher.recognition import links

TIMEOUT_S = 5.0
REFUSAL_S = 0.3
"""Windows takes a toast first, and tells by an event if it does not show it."""
CLEAR_S = 0.5
"""What taking toasts away may take of the program's end."""

_HANDLE = "toast "

_ELSEWHERE = Text(
    en="Toasts exist on Windows only.",
    ja="トースト通知は Windows にだけあります。",
)
_SILENT = Text(
    en="Windows did not take the toast within {seconds:g} s.",
    ja="Windows がトースト通知を {seconds:g} 秒以内に受け付けませんでした。",
)
_REFUSED = Text(
    en="Windows took the toast, but does not show it.",
    ja="Windows はトースト通知を受け付けましたが、表示しませんでした。",
)
_FAILED = Text(
    en="Windows shows no toast from here ({reason}).",
    ja="ここからはトースト通知を出せません({reason})。",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bar:
    """The time left, as a bar."""

    part: float
    """Of the whole, from 0 to 1."""
    words: str


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button by which Windows itself opens a link."""

    label: str
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToastContent:
    """What a toast shows, in values that every platform has."""

    texts: tuple[str, ...] = field(repr=False)
    """Title, the lines that matter, and what Windows shows where there is room."""
    bar: Bar | None = None
    buttons: tuple[Button, ...] = ()
    """They call back, with the name of the action."""
    link_button: LinkButton | None = None
    is_urgent: bool = True
    pops_up: bool = True
    """Else it goes into the notification centre, without a sound."""
    expires_at: datetime | None = None
    """When Windows takes it out of the notification centre, with or without us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What Windows tells of a toast while it pops up, from any thread."""

    on_press: Callable[[str], None]
    """With the name of the button's action; "" for a click on the text."""
    on_timeout: Callable[[], None]
    """It went into the notification centre."""
    on_refusal: Callable[[], None]
    """Windows does not show it."""


class Toaster(Protocol):
    """Windows, which shows toasts; a later one of the same tag replaces the former."""

    def check(self) -> None:
        """Raise `NotificationFailed` where the user has switched toasts off."""

    def show(self, tag: str, content: ToastContent, callbacks: Callbacks) -> None:
        """Show it, or raise."""

    def update(self, tag: str, content: ToastContent) -> None:
        """Change texts and bar where it stands, if it stands anywhere."""

    def remove(self, tag: str) -> None:
        """Take it off the screen and out of the notification centre."""


def open_toaster() -> Toaster:
    """Return Windows's toasts; raise `NotificationFailed`, or whatever it raises."""
    if sys.platform == "win32":
        from watcher.notify.toaster import WindowsToaster

        return WindowsToaster()
    raise NotificationFailed(_ELSEWHERE)


def render(
    notification: Notification, now: datetime, *, calls_back: bool
) -> ToastContent:
    """Return what the toast shows; with `calls_back` false nobody hears its buttons."""
    buttons = notification.buttons if calls_back else ()
    link_button = None if buttons else _link_button(notification)
    lines = notification.lines(with_link=not (buttons or link_button))
    parts = lines[:LINES_THAT_MATTER], lines[LINES_THAT_MATTER:]
    expires_in = notification.expires_in
    return ToastContent(
        texts=(notification.title, *("\n".join(part) for part in parts if part)),
        bar=_bar(notification),
        buttons=buttons,
        link_button=link_button,
        is_urgent=notification.is_urgent,
        pops_up=calls_back,
        expires_at=None if expires_in is None else now + expires_in,
    )


def _link_button(notification: Notification) -> LinkButton | None:
    """Return the button that opens the link, if that is one of an approval page."""
    link = notification.link
    if link is None or links.flaws(link):
        return None
    return LinkButton(notification.link_label, link)


def _bar(notification: Notification) -> Bar | None:
    if notification.percent_left is None:
        return None
    return Bar(notification.percent_left / 100, notification.time_left)


@dataclass(slots=True, eq=False)
class _Shown:
    """A toast on the screen, or on its way there."""

    tag: str
    notification: Notification


class Toast(Channel):
    """Toasts of Windows 10 and 11."""

    name = "toast"

    def __init__(
        self,
        on_action: OnAction,
        open_toaster: Callable[[], Toaster] = open_toaster,
        now: Now = utc_now,
    ) -> None:
        self._on_action = on_action
        self._open_toaster = open_toaster
        self._now = now
        self._toaster: Toaster | None = None
        self._shown: dict[int, _Shown] = {}
        self._tags: dict[int, str] = {}
        """What a later toast of the same `replaces_id` replaces."""
        self._lock = Lock()
        self._showing = Lock()
        """Held while Windows takes a toast, so that the later one is the last."""

    def prepare(self) -> None:
        """Load what speaks with Windows."""
        with suppress(NotificationFailed):
            self._open()

    def check(self) -> None:
        """Raise `NotificationFailed` where a toast would not be shown."""
        _bounded(self._open().check)

    def show(self, notification: Notification) -> str:
        """Show it in place of the one before; raise `NotificationFailed` if not."""
        toaster = self._open()
        replaces_id = notification.replaces_id
        with self._lock:
            tag = self._tags.setdefault(replaces_id, secrets.token_hex(8))
            shown = self._shown[replaces_id] = _Shown(tag, notification)
        try:
            _bounded(lambda: self._put(toaster, shown, calls_back=True))
        except NotificationFailed:
            self._drop(shown)  # it may come late, and is then removed
            raise
        return _HANDLE + tag

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Treat another process's toast as ours: it has the same tag for everybody."""
        if handle.startswith(_HANDLE):
            with self._lock:
                self._tags[replaces_id] = handle.removeprefix(_HANDLE)

    def refresh(self, notification: Notification) -> None:
        """Change it where it stands; what the user closed stays closed."""
        shown = self._shown.get(notification.replaces_id)
        if shown is None or self._toaster is None:
            return
        shown.notification = notification
        update, content = self._toaster.update, self._render(shown)
        with suppress(NotificationFailed):  # the next reminder shows it again
            _bounded(lambda: update(shown.tag, content))

    def withdraw(self, replaces_id: int) -> None:
        """Take what is shown of this `replaces_id` away, if anything is."""
        with suppress(NotificationFailed):  # it was closed meanwhile
            self._remove(self._forget({replaces_id}), TIMEOUT_S)

    def clear(self, replaces_ids: frozenset[int]) -> None:
        """Take all these away; Windows has a moment for it, and may be late."""
        with suppress(NotificationFailed):
            self._remove(self._forget(replaces_ids), CLEAR_S)

    def close(self) -> None:
        """Report nothing more; what is shown stays."""
        self._on_action = _ignore

    def _open(self) -> Toaster:
        if self._toaster is None:
            self._toaster = _bounded(self._open_toaster)
        return self._toaster

    def _render(self, shown: _Shown, *, calls_back: bool = True) -> ToastContent:
        return render(shown.notification, self._now(), calls_back=calls_back)

    def _put(self, toaster: Toaster, shown: _Shown, *, calls_back: bool) -> None:
        """Show it, unless it was withdrawn; take it away if that came meanwhile."""
        refused = Event()
        callbacks = Callbacks(
            on_press=lambda action: self._take_press(shown, action),
            on_timeout=lambda: self._settle(toaster, shown),
            on_refusal=refused.set,
        )
        with self._showing:
            if not self._is_wanted(shown):
                return
            content = self._render(shown, calls_back=calls_back)
            toaster.show(shown.tag, content, callbacks)
            if refused.wait(REFUSAL_S):
                raise NotificationFailed(_REFUSED)
            if not self._is_wanted(shown):
                with suppress(Exception):  # the user was quicker
                    toaster.remove(shown.tag)

    def _settle(self, toaster: Toaster, shown: _Shown) -> None:
        """Leave it in the notification centre with what works there."""
        with suppress(Exception):  # else it stays there as it was
            self._put(toaster, shown, calls_back=False)

    def _take_press(self, shown: _Shown, name: str) -> None:
        """Report a press; Windows has closed the toast for it."""
        offered = {button.action for button in shown.notification.buttons}
        action = Action(name) if name in offered else Action.CLICK
        if self._drop(shown) and (not name or name in offered):
            self._on_action(shown.notification.replaces_id, action)

    def _is_wanted(self, shown: _Shown) -> bool:
        return self._shown.get(shown.notification.replaces_id) is shown

    def _drop(self, shown: _Shown) -> bool:
        """Note that it is gone; return whether it was there."""
        with self._lock:
            was_there = self._is_wanted(shown)
            if was_there:
                del self._shown[shown.notification.replaces_id]
        return was_there

    def _forget(self, replaces_ids: Iterable[int]) -> list[str]:
        """Drop all that is known of these; return the tags."""
        with self._lock:
            for replaces_id in replaces_ids:
                self._shown.pop(replaces_id, None)
            tags = [self._tags.pop(replaces_id, None) for replaces_id in replaces_ids]
        return [tag for tag in tags if tag is not None]

    def _remove(self, tags: list[str], timeout_s: float) -> None:
        if not tags:
            return
        toaster = self._open()

        def remove() -> None:
            for tag in tags:
                with suppress(Exception):  # the user has closed it
                    toaster.remove(tag)

        _bounded(remove, timeout_s)


def _bounded(call: Callable[[], T], timeout_s: float | None = None) -> T:
    """Return what a call to Windows returns; raise `NotificationFailed` in time."""
    timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
    try:
        return call_with_timeout(call, timeout_s=timeout_s)
    except NotificationFailed:
        raise
    except TimeoutError as error:
        raise NotificationFailed(_SILENT, seconds=timeout_s) from error
    except Exception as error:  # the library may raise any
        raise NotificationFailed(_FAILED, reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    """Name an error without its text, which could hold the notification's."""
    code = getattr(error, "winerror", None)
    name = type(error).__name__
    return name if code is None else f"{name} {code & 0xFFFFFFFF:#010x}"


def _ignore(*_: object) -> None:
    """Report to nobody any more."""
