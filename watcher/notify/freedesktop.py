"""Shows notifications as the Desktop Notifications Specification 1.2 describes them.

Urgent ones are critical, so they stay until somebody acts; buttons call back; a later
notification of the same `replaces_id` replaces the one before, also one that another
process has shown.
"""

import os
from collections.abc import Callable, Set
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock, Timer
from time import monotonic

from jeepney import DBusAddress, MatchRule, Message, message_bus, new_method_call

from watcher.errors import NotificationFailed
from watcher.notify.dbus import CALL_TIMEOUT_S, Body, Bus, connect
from watcher.notify.notification import Action, Channel, Holds, Notification, OnAction

NAME = "org.freedesktop.Notifications"
_SERVICE = DBusAddress("/org/freedesktop/Notifications", NAME, NAME)
_PING = new_method_call(
    DBusAddress(
        message_bus.object_path, message_bus.bus_name, "org.freedesktop.DBus.Peer"
    ),
    "Ping",
)

_NORMAL, _CRITICAL = 1, 2
_NEVER, _SERVER_DECIDES = 0, -1

_SIGNALS = (
    MatchRule(type="signal", sender=NAME, interface=NAME),
    MatchRule(type="signal", sender=message_bus.bus_name, member="NameOwnerChanged"),
)
_SIGNALS[1].add_arg_condition(0, NAME)

HOLD_S = 0.3
"""How long a click on the text waits: some servers send one with a button's press."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server that owns the name now, and what it can do."""

    bus_id: str
    owner: str
    name: str
    vendor: str
    capabilities: frozenset[str]

    @property
    def has_buttons(self) -> bool:
        """Whether it can report what the user presses."""
        return "actions" in self.capabilities

    @property
    def draws_buttons(self) -> bool:
        """Whether the user sees them; dunst has a menu of them behind a click."""
        return self.has_buttons and self.name != "dunst"

    @property
    def has_hyperlinks(self) -> bool:
        """Whether it shows links; one says so, and shows all markup as text for one."""
        shows_raw = (self.name, self.vendor) == _NO_LINKS
        return "body-hyperlinks" in self.capabilities and not shows_raw

    def handle(self, shown: int) -> str:
        """Return the handle of a notification; it names the bus and the server, too."""
        return f"{self.bus_id} {self.owner} {shown}"


_NO_LINKS = ("Notification Daemon", "GNOME")
"""notification-daemon 3.20; MATE's has the same name."""
_DRAW_BARS = frozenset({"dunst"})
"""Which draw the hint `value` as a bar below the text; xfce4-notifyd shows it alone."""
_READ_PANGO = frozenset({"dunst", "Xfce Notify Daemon", "Notification Daemon"})
"""Servers that read all of Pango's markup, not only what the specification names."""


class Freedesktop(Channel):
    """Notifications over D-Bus, for Linux and the BSDs."""

    name = "freedesktop"

    def __init__(self, on_action: OnAction) -> None:
        self._presses = Presses(on_action)
        self._bus: Bus | None = None
        self._server: Server | None = None
        self._shown: dict[int, int] = {}
        """The server's ids by `replaces_id`; filled on the reader's thread alone."""
        self._wanted: frozenset[int] = frozenset()
        """What is to be shown; a reply may come long after it was withdrawn."""
        self._keys: dict[int, frozenset[str]] = {}
        """The actions that were offered; some servers send `default` unasked."""
        self._lost: frozenset[int] = frozenset()
        self._lock = Lock()

    def prepare(self) -> None:
        """Connect and ask the server what it can, if there is one."""
        with suppress(NotificationFailed):
            self._connect()

    def show(self, notification: Notification) -> str | None:
        """Show it in place of the one before; raise `NotificationFailed` if not."""
        bus, server = self._connect()
        replaces_id = notification.replaces_id
        self._want(replaces_id)
        replaces = self._find_open(replaces_id) or 0
        actions = _actions(notification, server)
        self._keys.pop(replaces_id, None)
        if actions:
            self._keys[replaces_id] = frozenset(actions[::2])
        message = _notify(notification, actions, replaces=replaces, server=server)
        is_waiting = [True]
        try:
            (shown,) = bus.call(
                message,
                returns="u",
                then=lambda body: self._take_shown(
                    bus, replaces_id, body[0], is_late=not is_waiting
                ),
            )
        except NotificationFailed:
            is_waiting.clear()
            raise
        self._forget_lost(replaces_id)
        return server.handle(shown)

    def refresh(self, notification: Notification) -> None:
        """Replace it if it is still shown; what the user closed stays closed."""
        with suppress(NotificationFailed):  # the next reminder shows it again
            if self._find_open(notification.replaces_id) is not None:
                self.show(notification)

    def adopt(self, replaces_id: int, handle: str) -> None:
        """Treat another process's notification as ours, if its server still runs."""
        shown = int(handle.rsplit(" ", 1)[1])
        with suppress(NotificationFailed):
            bus, server = self._connect()
            if server.handle(shown) == handle:
                self._want(replaces_id)
                bus.call(
                    _PING, then=lambda _: self._take_shown(bus, replaces_id, shown)
                )

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this `replaces_id`, if anything is."""
        self._unwant({replaces_id})
        self._keys.pop(replaces_id, None)
        self._forget_lost(replaces_id)
        shown = self._shown.get(replaces_id)
        if shown is not None and self._bus is not None and self._bus.is_open:
            with suppress(NotificationFailed):  # it was closed meanwhile
                self._bus.call(_close(shown), then=lambda _: self._drop(shown))

    def clear(self, replaces_ids: frozenset[int]) -> None:
        """Close all these; the bus keeps what a slow server has not read yet."""
        self._unwant(replaces_ids)
        for replaces_id, shown in self._shown.items():
            if replaces_id in replaces_ids and self._bus is not None:
                self._bus.post(_close(shown))

    def lost(self) -> frozenset[int]:
        """Return what was shown when the server or the bus went away."""
        return self._lost

    def close(self) -> None:
        """Close the connection; what is shown stays."""
        self._presses.close()
        if self._bus is not None:
            self._bus.close()

    def _connect(self) -> tuple[Bus, Server]:
        """Return the connection and the server, asked anew after either was lost."""
        if self._bus is None or not self._bus.is_open:
            self._bus = connect(NAME, self._take_signal, _SIGNALS, self._forget_all)
        server = self._server  # the reader may reset it at any time
        if server is None:
            self._server = server = ask_server(self._bus)
        return self._bus, server

    def _find_open(self, replaces_id: int) -> int | None:
        """Return the server's id of what is still open, None if nothing is.

        The reply of the bus comes behind every signal that it sent before: that the
        user closed it is known then.
        """
        if replaces_id in self._shown and self._bus is not None:
            self._bus.call(_PING)
        return self._shown.get(replaces_id)

    def _take_signal(self, member: str, body: Body) -> None:
        match member, body:
            case "ActionInvoked", (int(shown), str(key)):
                for replaces_id, number in self._shown.items():
                    if number == shown and key in self._keys.get(replaces_id, ()):
                        self._presses.take(replaces_id, Action(key))
                        break
            case "NotificationClosed", (int(closed), _):
                self._drop(closed)
            case "NameOwnerChanged", (name, *_) if name == NAME:
                self._forget_all()

    def _take_shown(
        self, bus: Bus, replaces_id: int, shown: int, *, is_late: bool = False
    ) -> None:
        """Note the server's id; close what the reply of a slow server made stale.

        What is shown late tells a time left that was right when it was asked for: it
        counts as lost, and is shown anew in its place.
        """
        before = self._shown.get(replaces_id, shown)
        self._shown = self._shown | {replaces_id: shown}
        if before != shown:
            bus.post(_close(before))
        if replaces_id not in self._wanted:
            bus.post(_close(shown))
        elif is_late:
            with self._lock:
                self._lost |= {replaces_id}

    def _want(self, replaces_id: int) -> None:
        with self._lock:
            self._wanted |= {replaces_id}

    def _unwant(self, replaces_ids: Set[int]) -> None:
        with self._lock:
            self._wanted -= replaces_ids

    def _drop(self, closed: int) -> None:
        kept = (pair for pair in self._shown.items() if pair[1] != closed)
        self._shown = dict(kept)

    def _forget_all(self) -> None:
        """Drop the ids of a server that is gone or new; what it showed is lost."""
        with self._lock:
            self._lost |= self._shown.keys()
        self._shown = {}
        self._server = None

    def _forget_lost(self, replaces_id: int) -> None:
        with self._lock:
            self._lost -= {replaces_id}


class Presses:
    """Makes one press of the several signals that some servers send for it.

    The first real one counts: a click on the text waits `HOLD_S` for a button's signal,
    and whatever comes as soon after a press belongs to it.
    """

    def __init__(
        self, on_action: OnAction, clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._on_action = on_action
        self._clock_s = clock_s
        self._lock = Lock()
        self._held: dict[int, Timer] = {}
        self._pressed_s: dict[int, float] = {}

    def take(self, replaces_id: int, action: Action) -> None:
        """Take a signal; report the press that it makes, if it makes one."""
        with self._lock:
            since_s = self._clock_s() - self._pressed_s.get(replaces_id, -HOLD_S)
            is_echo = since_s < HOLD_S
            if is_echo or (action is Action.CLICK and replaces_id in self._held):
                return
            if action is Action.CLICK and self._hold(replaces_id):
                return
            if held := self._held.pop(replaces_id, None):
                held.cancel()
            self._pressed_s[replaces_id] = self._clock_s()
        self._on_action(replaces_id, action)

    def close(self) -> None:
        """Report nothing more."""
        with self._lock:
            self._on_action = _ignore
            for timer in self._held.values():
                timer.cancel()

    def _hold(self, replaces_id: int) -> bool:
        """Let a click wait; return False if the system allows no more threads."""
        timer = Timer(HOLD_S, partial(self._release, replaces_id))
        timer.daemon = True
        with suppress(RuntimeError):
            timer.start()
            self._held[replaces_id] = timer
            return True
        return False

    def _release(self, replaces_id: int) -> None:
        with self._lock:
            if self._held.pop(replaces_id, None) is None:  # a button's signal came
                return
            self._pressed_s[replaces_id] = self._clock_s()
        self._on_action(replaces_id, Action.CLICK)


def _ignore(*_: object) -> None:
    """Report to nobody any more."""


def probe(timeout_s: float = CALL_TIMEOUT_S) -> str:
    """Return the bus on which a server answers now, or raise `NotificationFailed`."""
    with closing(connect(NAME)) as bus:
        request = new_method_call(_SERVICE, "GetServerInformation")
        bus.call(request, timeout_s=timeout_s)
        return bus.address


def ask_server(bus: Bus) -> Server:
    """Ask the bus and the server who they are; a server that is gone is started."""
    bus.start(NAME)
    (bus_id,) = bus.call(message_bus.GetId(), returns="s")
    (owner,) = bus.call(message_bus.GetNameOwner(NAME), returns="s")
    who = new_method_call(_SERVICE, "GetServerInformation")
    name, vendor, *_ = bus.call(who, returns="ss")
    what = new_method_call(_SERVICE, "GetCapabilities")
    (capabilities,) = bus.call(what, returns="as")
    return Server(bus_id, owner, name, vendor, frozenset(capabilities))


def _close(shown: int) -> Message:
    """Return the call of `CloseNotification`."""
    return new_method_call(_SERVICE, "CloseNotification", "u", (shown,))


def _notify(
    notification: Notification, actions: list[str], *, replaces: int, server: Server
) -> Message:
    """Return the call of `Notify`."""
    urgency, expires_ms = (
        (_CRITICAL, _NEVER) if notification.is_urgent else (_NORMAL, _SERVER_DECIDES)
    )
    if notification.expires_in is not None:  # the server closes it without us
        expires_ms = max(1, notification.expires_in // timedelta(milliseconds=1))
    hints: dict[str, tuple[str, object]] = {
        "urgency": ("y", urgency),
        "category": ("s", "email.arrived"),
    }
    if notification.holds is Holds.WHILE_RUNNING:
        # GNOME takes what it knows an application by off the screen at its end.
        hints["desktop-entry"] = ("s", "watcher")
        hints["sender-pid"] = ("x", os.getpid())
    if notification.percent_left is not None and server.name in _DRAW_BARS:
        hints["value"] = ("i", notification.percent_left)
    arguments = (
        "watcher",
        replaces,
        "dialog-password",
        notification.title,
        _render_body(notification, server),
        actions,
        hints,
        expires_ms,
    )
    return new_method_call(_SERVICE, "Notify", "susssasa{sv}i", arguments)


def _actions(notification: Notification, server: Server) -> list[str]:
    """Return keys and labels in turn.

    Where there is a button there is a click on the text, too: without one, dunst takes
    such a click for the press of the only button.
    """
    if not (notification.buttons and server.has_buttons):
        return []
    actions: list[str] = [Action.CLICK, ""]  # a label would make a button of it
    for button in notification.buttons:
        actions += [button.action, button.label]
    return actions


def _render_body(notification: Notification, server: Server) -> str:
    """Return the body as this server reads it: plain, or escaped with some markup."""
    is_pressable = bool(notification.buttons) and server.draws_buttons
    lines = notification.lines(with_link=not is_pressable)
    if "body-markup" not in server.capabilities:
        return "\n".join(lines)
    return "\n".join(_render_line(line, notification, server) for line in lines)


def _render_line(line: str, notification: Notification, server: Server) -> str:
    from html import escape  # it has all entities; what reads mails imports it, too

    escaped = escape(line, quote=False)
    if line == notification.code:
        bold = f"<b>{escaped}</b>"
        is_pango = server.name in _READ_PANGO
        return f'<span size="xx-large">{bold}</span>' if is_pango else bold
    if line == notification.link and server.has_hyperlinks:
        return f'<a href="{escape(line)}">{escaped}</a>'
    return escaped
