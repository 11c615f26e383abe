"""Shows notifications as the Desktop Notifications Specification 1.2 describes them.

Urgent ones are critical, so they stay until somebody acts; buttons call back; a later
notification of the same topic replaces the one before.
"""

import html
from contextlib import suppress
from datetime import timedelta

from jeepney import DBusAddress, MatchRule, Message, message_bus, new_method_call

from watcher.errors import NotificationFailed
from watcher.notify.dbus import CALL_TIMEOUT_S, Body, Bus, connect
from watcher.notify.notification import Action, Channel, Notification, OnAction

_NAME = "org.freedesktop.Notifications"
_SERVICE = DBusAddress("/org/freedesktop/Notifications", _NAME, _NAME)

_NORMAL, _CRITICAL = 1, 2
_NEVER, _SERVER_DECIDES = 0, -1
_DEFAULT = "default"
"""The action of a click on the notification itself."""
_ACTIONS = {_DEFAULT: Action.OPEN} | {action.value: action for action in Action}


class Freedesktop(Channel):
    """Notifications over D-Bus, for Linux and the BSDs."""

    name = "freedesktop"

    def __init__(self, on_action: OnAction) -> None:
        self._on_action = on_action
        self._bus: Bus | None = None
        self._capabilities: frozenset[str] | None = None
        self._shown: dict[int, int] = {}
        """The server's id of what is shown, by topic; the reader alone fills it."""

    def show(self, notification: Notification) -> None:
        """Show it in place of the one before; raise `NotificationFailed` if not."""
        bus = self._connected()
        message = _notify(
            notification,
            replaces=self._shown.get(notification.replaces_id, 0),
            capabilities=self._ask_capabilities(bus),
        )

        def remember(body: Body) -> None:
            self._shown[notification.replaces_id] = body[0]

        bus.call(message, then=remember)

    def refresh(self, notification: Notification) -> None:
        """Count down where it is still open; what the user closed stays closed."""
        if notification.replaces_id in self._shown:
            with suppress(NotificationFailed):  # the reminder will say it anew
                self.show(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this topic; nothing shown, nothing done."""
        shown = self._shown.get(replaces_id)
        if shown is None or self._bus is None or not self._bus.is_open:
            return
        try:
            self._bus.call(
                new_method_call(_SERVICE, "CloseNotification", "u", (shown,))
            )
        except NotificationFailed:  # what is not there need not be closed
            return

    def close(self) -> None:
        """Close the connection; what is shown stays."""
        if self._bus is not None:
            self._bus.close()

    def _connected(self) -> Bus:
        if self._bus is None or not self._bus.is_open:
            self._forget_all()
            self._bus = connect(self._take_signal, _signals())
        return self._bus

    def _ask_capabilities(self, bus: Bus) -> frozenset[str]:
        if self._capabilities is None:
            (names,) = bus.call(new_method_call(_SERVICE, "GetCapabilities"))
            self._capabilities = frozenset(names)
        return self._capabilities

    def _take_signal(self, member: str, body: Body) -> None:
        match member, body:
            case "ActionInvoked", (int(shown), str(key)):
                self._act(self._replaces_id(shown), key)
            case "NotificationClosed", (int(shown), _):
                self._forget(shown)
            case "NameOwnerChanged", (name, *_) if name == _NAME:
                self._forget_all()

    def _act(self, replaces_id: int | None, key: str) -> None:
        if replaces_id is not None and key in _ACTIONS:
            self._on_action(replaces_id, _ACTIONS[key])

    def _replaces_id(self, shown: int) -> int | None:
        found = (
            replaces_id
            for replaces_id, number in self._shown.items()
            if number == shown
        )
        return next(found, None)

    def _forget(self, closed: int) -> None:
        kept = (pair for pair in self._shown.items() if pair[1] != closed)
        self._shown = dict(kept)

    def _forget_all(self) -> None:
        """Another server may answer now: its ids and abilities are its own."""
        self._shown = {}
        self._capabilities = None


def probe(timeout_s: float = CALL_TIMEOUT_S) -> str:
    """Return the bus on which a notification server answers now.

    Raises `NotificationFailed` with the reason if none does.
    """
    bus = connect()
    try:
        question = new_method_call(_SERVICE, "GetServerInformation")
        bus.call(question, timeout_s=timeout_s)
        return bus.address
    finally:
        bus.close()


def _signals() -> tuple[MatchRule, MatchRule]:
    owner = MatchRule(
        type="signal", sender=message_bus.bus_name, member="NameOwnerChanged"
    )
    owner.add_arg_condition(0, _NAME)
    return MatchRule(type="signal", sender=_NAME, interface=_NAME), owner


def _notify(
    notification: Notification, *, replaces: int, capabilities: frozenset[str]
) -> Message:
    urgency = _CRITICAL if notification.is_urgent else _NORMAL
    arguments = (
        "watcher",
        replaces,
        "dialog-password",
        notification.title,
        render_body(notification, capabilities),
        _actions(notification) if "actions" in capabilities else [],
        {"urgency": ("y", urgency), "category": ("s", "email.arrived")},
        _expires_ms(notification),
    )
    return new_method_call(_SERVICE, "Notify", "susssasa{sv}i", arguments)


def _expires_ms(notification: Notification) -> int:
    """Return when the server is to close it by itself: also when we are gone."""
    if notification.expires_in is not None:
        return max(1, notification.expires_in // timedelta(milliseconds=1))
    return _NEVER if notification.is_urgent else _SERVER_DECIDES


def render_body(notification: Notification, capabilities: frozenset[str]) -> str:
    """Return the body as this server reads it: plain, escaped, or with a hyperlink."""
    if "body-markup" not in capabilities:
        return notification.body
    body = html.escape(notification.body, quote=False)
    if notification.link is None or "body-hyperlinks" not in capabilities:
        return body
    link = html.escape(notification.link)
    return body.replace(link, f'<a href="{link}">{link}</a>')


def _actions(notification: Notification) -> list[str]:
    """Return keys and labels in turn; a click on the text itself opens, if one may."""
    actions = []
    for button in notification.buttons:
        if button.action is Action.OPEN:
            actions += [_DEFAULT, ""]  # xfce4-notifyd would make a label a button
        actions += [button.action.value, button.label]
    return actions
