"""A connection to the D-Bus session bus: calls with a timeout, and signals.

Any thread calls, one reads; the reader alone runs the callbacks of replies and signals,
in the order in which the bus sent them. jeepney serialises and parses; its router is
not used, since it ends a lost connection with a traceback on stderr.
"""

import itertools
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from jeepney import (
    DBusErrorResponse,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    Parser,
    message_bus,
)
from jeepney.bus import get_bus
from jeepney.io.blocking import prep_socket

from watcher.errors import NotificationFailed, reason_of
from watcher.i18n import Text

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 1.0
CALL_TIMEOUT_S = 3.0  # an idle daemon answers in 50 ms, one that must start in 1 s

DISABLED = "disabled:"
LOGIND_FOLDER = "/run/user"

_AT_ONCE: int = getattr(socket, "MSG_DONTWAIT", 0)  # Windows has none

Body = tuple[Any, ...]
OnSignal = Callable[[str, Body], None]
"""Called on the reader's thread with a signal's member and body."""

_NO_BUS = Text(
    en="There is no session bus to be reached ({reason}).",
    ja="セッションバスに接続できません({reason})。",
)
_DISABLED = Text(
    en="The session bus is switched off (DBUS_SESSION_BUS_ADDRESS).",
    ja="セッションバスを使わない設定です(DBUS_SESSION_BUS_ADDRESS)。",
)
_LOST = Text(
    en="The session bus closed the connection.",
    ja="セッションバスとの接続が切れました。",
)
_SILENT = Text(
    en="The notification service did not answer within {seconds:g} s.",
    ja="通知サービスが {seconds:g} 秒以内に応答しませんでした。",
)
_REFUSED = Text(
    en="The notification service answered with an error: {reason}",
    ja="通知サービスがエラーを返しました: {reason}",
)


def addresses(environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Yield the addresses where the user's session bus may be, the likeliest first.

    cron and ssh set neither variable, a systemd user service not always both; logind
    puts the bus into the user's runtime directory. The first variable may hold several
    addresses (D-Bus Specification, "Server Addresses"), or the word by which GLib, too,
    is told to use no bus.
    """
    configured = environment.get("DBUS_SESSION_BUS_ADDRESS", "")
    if configured == DISABLED:
        return
    yield from filter(None, configured.split(";"))
    if directory := environment.get("XDG_RUNTIME_DIR"):
        yield f"unix:path={directory}/bus"
    if sys.platform != "win32":
        yield f"unix:path={LOGIND_FOLDER}/{os.getuid()}/bus"


def _ignore(*_: object) -> None:
    """Drop a reply or a signal."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A call whose reply is waited for."""

    reply: Future[Body]
    then: Callable[[Body], None]
    returns: str


class Bus:
    """One connection, never opened again once it is lost (`is_open`)."""

    def __init__(self, address: str, on_signal: OnSignal) -> None:
        self.address = address
        self.unique_name = ""
        """Our name on the bus, which it gives in its reply to Hello."""
        self.is_open = True
        self.on_lost: Callable[[], None] = _ignore
        """Called on the reader's thread when the connection is lost or closed."""
        self._on_signal = on_signal
        self._sending = Lock()
        self._serials = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        try:
            self._socket = prep_socket(get_bus(address), timeout=CONNECT_TIMEOUT_S)
            Thread(target=self._read, daemon=True).start()
        except (OSError, RuntimeError, ValueError) as error:
            # ValueError: an address that jeepney cannot parse, or a login refused;
            # RuntimeError: a transport other than a Unix socket, or no thread to be had
            raise NotificationFailed(_NO_BUS, reason=reason_of(error)) from error

    def call(
        self,
        message: Message,
        *,
        returns: str = "",
        then: Callable[[Body], None] = _ignore,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Body:
        """Return the body of the reply, or raise `NotificationFailed`.

        `returns` is what its signature begins with: another reply is an error.
        `then` gets it on the reader's thread before any later signal is handled, also
        when the reply comes after the timeout.
        """
        serial = next(self._serials)
        reply: Future[Body] = Future()
        self._waiting[serial] = _Waiting(reply, then, returns)
        try:
            self._send(message.serialise(serial))
            return reply.result(timeout_s)
        except TimeoutError as error:
            raise NotificationFailed(_SILENT, seconds=timeout_s) from error
        except OSError as error:
            raise NotificationFailed(_LOST) from error
        except DBusErrorResponse as error:
            raise NotificationFailed(_REFUSED, reason=error.name) from error
        except TypeError as error:
            raise NotificationFailed(_REFUSED, reason=error) from error

    def post(self, message: Message) -> None:
        """Send a call whose reply nobody waits for; a lost connection loses it."""
        with suppress(OSError):
            self._send(message.serialise(next(self._serials)))

    def start(self, service: str) -> None:
        """Let the bus start a service that does not run, or raise."""
        (is_there,) = self.call(message_bus.NameHasOwner(service), returns="b")
        if not is_there:
            self.call(message_bus.StartServiceByName(service))

    def close(self) -> None:
        """Close the connection; the reader ends by itself."""
        self.is_open = False
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the bus closed it first
            return

    def _send(self, data: bytes) -> None:
        """Send without waiting; a bus that does not read at once is given up."""
        if not self.is_open:
            raise ConnectionResetError
        with self._sending:
            sent = self._socket.send(data, _AT_ONCE)
        if sent < len(data):
            self.close()
            raise ConnectionResetError

    def _read(self) -> None:
        parser = Parser()
        try:
            while data := self._socket.recv(4096):
                for message in parser.feed(data):
                    self._take(message)
        except OSError:  # reset and closed mean the same
            pass
        except Exception as bug:  # noqa: BLE001 -- a connection is made anew
            logger.error("a bug: %s", type(bug).__name__)
        finally:
            self.is_open = False
            self._socket.close()
            for waiting in list(self._waiting.values()):
                waiting.reply.set_exception(ConnectionResetError())
            self.on_lost()

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type is MessageType.signal:
            self._on_signal(fields[HeaderFields.member], message.body)
        elif waiting := self._waiting.pop(fields.get(HeaderFields.reply_serial), None):
            signature = fields.get(HeaderFields.signature, "")
            if message.header.message_type is MessageType.error:
                waiting.reply.set_exception(DBusErrorResponse(message))
            elif not signature.startswith(waiting.returns):
                waiting.reply.set_exception(TypeError(f"({signature})"))
            else:
                waiting.then(message.body)
                waiting.reply.set_result(message.body)


def connect(
    service: str,
    on_signal: OnSignal = _ignore,
    rules: Iterable[MatchRule] = (),
    on_lost: Callable[[], None] = _ignore,
) -> Bus:
    """Return a connection to the session bus on which a service is, or can be started.

    It receives the signals of `rules`; `on_lost` is called on the reader's thread when
    it ends. Raises `NotificationFailed` with the failure of the first bus that could be
    reached, else of the likeliest address.
    """
    failures: list[NotificationFailed] = []
    unreached: list[NotificationFailed] = []
    for address in dict.fromkeys(addresses()):
        try:
            bus = Bus(address, on_signal)
        except NotificationFailed as error:
            unreached.append(error)
            continue
        try:
            (bus.unique_name,) = bus.call(message_bus.Hello(), returns="s")
            for rule in rules:
                bus.call(message_bus.AddMatch(rule))
            bus.start(service)
        except NotificationFailed as error:
            bus.close()
            failures.append(error)
        else:
            bus.on_lost = on_lost
            return bus
    raise next(iter([*failures, *unreached]), NotificationFailed(_DISABLED))
