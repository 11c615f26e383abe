"""Opens a URI through the desktop's portal, which needs no DISPLAY in this process.

A program that a service manager or ssh started finds the user's screen in this way
alone (XDG Desktop Portal, interfaces OpenURI and Request).
"""

import secrets
from contextlib import closing
from queue import Empty, SimpleQueue

from jeepney import DBusAddress, MatchRule, Properties, new_method_call

from watcher.errors import NotHandedOver, NotificationFailed
from watcher.i18n import Text
from watcher.notify.dbus import Body, connect

ANSWER_TIMEOUT_S = 60.0
"""The user may be asked for the browser to use."""

_NAME = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_OPEN_URI = DBusAddress(_PATH, _NAME, "org.freedesktop.portal.OpenURI")
_SUCCESS, _CANCELLED = 0, 1


def is_there() -> bool:
    """Return whether a portal opens URIs here; it is started if it has to be."""
    version = Properties(_OPEN_URI).get("version")
    try:
        with closing(connect(_NAME)) as bus:
            return bool(bus.call(version, returns="v"))
    except NotificationFailed:
        return False


def open_uri(uri: str) -> bool:
    """Return whether the portal says that it handed the URI over.

    Raises:
        NotHandedOver: the user was asked for a browser and declined, which no other way
            to open it may make up for.
    """
    answers: SimpleQueue[int] = SimpleQueue()

    def take_signal(member: str, body: Body) -> None:
        match member, body:
            case "Response", (int(answer), _):
                answers.put(answer)
            case _:
                pass

    rule = MatchRule(type="signal", interface="org.freedesktop.portal.Request")
    try:
        with closing(connect(_NAME, take_signal, [rule])) as bus:
            options = {"handle_token": ("s", f"watcher{secrets.token_hex(8)}")}
            bus.call(
                new_method_call(_OPEN_URI, "OpenURI", "ssa{sv}", ("", uri, options))
            )
            answer = answers.get(timeout=ANSWER_TIMEOUT_S)
    except (NotificationFailed, Empty):
        return False
    if answer == _CANCELLED:
        raise NotHandedOver(_DECLINED)
    return answer == _SUCCESS


_DECLINED = Text(
    en="No browser was chosen for the page.",
    ja="ページを開くブラウザーが選ばれませんでした。",
)
