"""Shows notifications as the Desktop Notifications Specification 1.2 describes them.

Urgent ones are critical, so they stay until somebody acts; buttons call back; a later
notification of the same `replaces_id` replaces the one before.
"""

import html
from contextlib import closing, suppress
from datetime import timedelta

from jeepney import DBusAddress, MatchRule, Message, message_bus, new_method_call

from watcher.errors import NotificationFailed
from watcher.notify.dbus import CALL_TIMEOUT_S, Body, Bus, connect
from watcher.notify.notification import Action, Channel, Notification, OnAction

_NAME = "org.freedesktop.Notifications"
_SERVICE = DBusAddress("/org/freedesktop/Notifications", _NAME, _NAME)

_PING = new_method_call(
    DBusAddress(
        message_bus.object_path, message_bus.bus_name, "org.freedesktop.DBus.Peer"
    ),
    "Ping",
)

_NORMAL, _CRITICAL = 1, 2
_NEVER, _SERVER_DECIDES = 0, -1
_DEFAULT = "default"
"""The action of a click on the notification itself."""
_ACTIONS = {_DEFAULT: Action.OPEN} | {action.value: action for action in Action}


_SIGNALS = (
    MatchRule(type="signal", sender=_NAME, interface=_NAME),
    MatchRule(type="signal", sender=message_bus.bus_name, member="NameOwnerChanged"),
)
_SIGNALS[1].add_arg_condition(0, _NAME)


class Freedesktop(Channel):
    """Notifications over D-Bus, for Linux and the BSDs."""

    name = "freedesktop"

    def __init__(self, on_action: OnAction) -> None:
        self._on_action = on_action
        self._bus: Bus | None = None
        self._capabilities: frozenset[str] | None = None
        self._shown: dict[int, int] = {}
        """The server's ids by `replaces_id`; filled on the reader's thread alone."""

    def show(self, notification: Notification) -> None:
        """Show it in place of the one before; raise `NotificationFailed` if not."""
        if self._bus is None or not self._bus.is_open:
            self._forget_all()
            self._bus = connect(self._take_signal, _SIGNALS)
        capabilities = self._capabilities  # the reader may reset it at any time
        if capabilities is None:
            (names,) = self._bus.call(new_method_call(_SERVICE, "GetCapabilities"))
            self._capabilities = capabilities = frozenset(names)
        replaces_id = notification.replaces_id
        replaces = self._find_open(replaces_id) or 0
        self._bus.call(
            _notify(notification, replaces=replaces, capabilities=capabilities),
            then=lambda body: self._shown.update({replaces_id: body[0]}),
        )

    def refresh(self, notification: Notification) -> None:
        """Replace it if it is still shown; what the user closed stays closed."""
        with suppress(NotificationFailed):  # the next reminder shows it again
            if self._find_open(notification.replaces_id) is not None:
                self.show(notification)

    def withdraw(self, replaces_id: int) -> None:
        """Close what is shown of this `replaces_id`, if anything is."""
        shown = self._shown.get(replaces_id)
        if shown is not None and self._bus is not None and self._bus.is_open:
            message = new_method_call(_SERVICE, "CloseNotification", "u", (shown,))
            with suppress(NotificationFailed):  # it was closed meanwhile
                self._bus.call(message)

    def close(self) -> None:
        """Close the connection; what is shown stays."""
        if self._bus is not None:
            self._bus.close()

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
                    if number == shown and key in _ACTIONS:
                        self._on_action(replaces_id, _ACTIONS[key])
                        break
            case "NotificationClosed", (int(closed), _):
                kept = (pair for pair in self._shown.items() if pair[1] != closed)
                self._shown = dict(kept)
            case "NameOwnerChanged", (name, *_) if name == _NAME:
                self._forget_all()

    def _forget_all(self) -> None:
        """Drop the ids and capabilities of a server that may have been replaced."""
        self._shown = {}
        self._capabilities = None


def probe(timeout_s: float = CALL_TIMEOUT_S) -> str:
    """Return the bus on which a notification server answers now.

    Raises `NotificationFailed` with the reason if none does.
    """
    with closing(connect()) as bus:
        request = new_method_call(_SERVICE, "GetServerInformation")
        bus.call(request, timeout_s=timeout_s)
        return bus.address


def _notify(
    notification: Notification, *, replaces: int, capabilities: frozenset[str]
) -> Message:
    """Return the call of `Notify`; a click on the text opens the page, if one may."""
    urgency, expires_ms = (
        (_CRITICAL, _NEVER) if notification.is_urgent else (_NORMAL, _SERVER_DECIDES)
    )
    if notification.expires_in is not None:  # the server closes it without us
        expires_ms = max(1, notification.expires_in // timedelta(milliseconds=1))
    actions: list[str] = []  # keys and labels in turn
    for button in notification.buttons if "actions" in capabilities else ():
        if button.action is Action.OPEN:
            actions += [_DEFAULT, ""]  # xfce4-notifyd would make a label a button
        actions += [button.action.value, button.label]
    arguments = (
        "watcher",
        replaces,
        "dialog-password",
        notification.title,
        _render_body(notification, capabilities),
        actions,
        {"urgency": ("y", urgency), "category": ("s", "email.arrived")},
        expires_ms,
    )
    return new_method_call(_SERVICE, "Notify", "susssasa{sv}i", arguments)


def _render_body(notification: Notification, capabilities: frozenset[str]) -> str:
    """Return the body as this server reads it: plain, escaped, or with a hyperlink."""
    if "body-markup" not in capabilities:
        return notification.body
    body = html.escape(notification.body, quote=False)
    if notification.link is None or "body-hyperlinks" not in capabilities:
        return body
    link = html.escape(notification.link)
    return body.replace(link, f'<a href="{link}">{link}</a>')
