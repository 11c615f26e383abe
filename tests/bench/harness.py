"""What the benches of a whole daemon share: what it logged and showed, and when."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, Message, new_method_return, new_signal

from tests.desktop import NOTIFICATIONS, SERVICE, SessionBus, served
from tests.environment import Home, Running, token
from tests.sample_mails import approval
from watcher.clock import utc_now
from watcher.events import EventName, Mail
from watcher.journal.log import Journal

LOOK_S = 0.01
"""How often the log is read: what is measured by it is that much too late at most."""

SETTLED_S = 10.0
"""If nothing of a flood was logged for so long, no more will be."""

_LOGGED = frozenset(
    {
        EventName.ATTEMPT,
        EventName.MISSED,
        EventName.UNVERIFIED,
        EventName.LOOK_ALIKE,
    }
)


class LogReader:
    """Reads the log beside the daemon, and keeps when each mail came into it.

    Times are monotonic; mails are known by what the log has of their Message-ID.
    """

    def __init__(self, home: Home) -> None:
        self.logged_at: dict[str, float] = {}
        self.notified_at: dict[str, float] = {}
        self.events: Counter[tuple[str, EventName]] = Counter()
        """How often something happened to a mail."""
        self._home = home
        self._is_ending = False
        self._ids: dict[int, str] = {}
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "LogReader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending = True
        self._thread.join()

    def await_notified(self, message_id: str, seconds: float) -> float | None:
        """Return when a mail was notified; None if it was not in time."""
        deadline_s = time.monotonic() + seconds
        while message_id not in self.notified_at and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)
        return self.notified_at.get(message_id)

    def await_logged(self, message_ids: Iterable[str]) -> list[float]:
        """Return when these mails were logged, once all were or no more are."""
        wanted = set(message_ids)
        moved_s, count = time.monotonic(), 0
        while count < len(wanted) and time.monotonic() - moved_s < SETTLED_S:
            if len(wanted & self.logged_at.keys()) > count:
                moved_s = time.monotonic()
            count = len(wanted & self.logged_at.keys())
            time.sleep(10 * LOOK_S)
        return [self.logged_at[one] for one in wanted & self.logged_at.keys()]

    def _read(self) -> None:
        while (journal := Journal.read(self._home.log)) is None:
            time.sleep(LOOK_S)
        last_id = 0
        with journal:
            while not self._is_ending:
                for event in journal.events(after_id=last_id):
                    last_id = event.id
                    if isinstance(event.about, Mail):
                        self._note(event.event, event.about, time.monotonic())
                time.sleep(LOOK_S)

    def _note(self, name: EventName, mail: Mail, now_s: float) -> None:
        message_id = self._ids.setdefault(mail.id, mail.message_id or "")
        self.events[message_id, name] += 1
        if name in _LOGGED:
            self.logged_at.setdefault(message_id, now_s)
        if name is EventName.NOTIFIED:
            self.notified_at.setdefault(message_id, now_s)


@dataclass(slots=True)
class Desktop:
    """A notification server that takes its time over each call."""

    bus: SessionBus
    delay_s: float = 0.0
    there: set[int] = field(default_factory=set)
    """What is on the screen."""
    most: int = 0
    """The most that was there at once."""
    shown_count: int = 0
    is_pressing: bool = False
    """Whether the first button of all that is shown is pressed at once."""

    def answer(self, call: Message) -> list[Message]:
        """Return the answer to a call, and what follows from it."""
        time.sleep(self.delay_s)
        match call.header.fields[HeaderFields.member]:
            case "GetCapabilities":
                return [new_method_return(call, "as", (["actions", "body"],))]
            case "GetServerInformation":
                words = ("bench", "tests", "1", "1.2")
                return [new_method_return(call, "ssss", words)]
            case "Notify":
                return self._show(call)
            case "CloseNotification":
                (number,) = call.body
                self.there.discard(number)
                closed = new_signal(_SIGNALS, "NotificationClosed", "uu", (number, 3))
                return [new_method_return(call), closed]
            case _:
                return [new_method_return(call)]

    def _show(self, call: Message) -> list[Message]:
        _, replaces, _, _, _, actions, *_ = call.body
        self.shown_count += 1
        number = replaces or self.shown_count
        self.there.add(number)
        self.most = max(self.most, len(self.there))
        messages = [new_method_return(call, "u", (number,))]
        buttons = [key for key in actions[::2] if key != "default"]
        if self.is_pressing and buttons:
            pressed = (number, buttons[0])
            messages.append(new_signal(_SIGNALS, "ActionInvoked", "us", pressed))
        return messages


_SIGNALS = DBusAddress(SERVICE.object_path, interface=NOTIFICATIONS)


@contextmanager
def desktop(bus: SessionBus, home: Home, delay_s: float = 0.0) -> Iterator[Desktop]:
    """Give a home a desktop."""
    server = Desktop(bus, delay_s)
    home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    with served(bus, NOTIFICATIONS, server.answer):
        yield server


def account(name: str, port: int) -> str:
    """Return the table of an account on loopback, without TLS."""
    return (
        f'[[accounts]]\nname = "{name}"\nuser = "{name}@example.jp"\n'
        f'host = "127.0.0.1"\nport = {port}\ntls = "none"\n'
        'password_env = "MAIL_PASSWORD"\nmailboxes = ["INBOX"]'
    )


def message_id() -> str:
    """Return a Message-ID that no other mail has."""
    return f"<{token()}@amazonses.com>"


def genuine(name: str, number: str) -> bytes:
    """Return a signed mail of now to an account."""
    return approval(
        f"https://www.amazon.co.jp/a/c/r/{token()}",
        to=f"{name}@example.jp",
        date=format_datetime(utc_now()),
        message_id=number,
    )


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds."""

    resident_mb: float
    threads: int
    descriptors: int

    @classmethod
    def of(cls, daemon: Running) -> "Usage":
        """Look at a running process."""
        process = Path(f"/proc/{daemon.process.pid}")
        status = dict(
            line.split(":", 1) for line in (process / "status").read_text().splitlines()
        )
        return cls(
            int(status["VmRSS"].split()[0]) / 1024,
            int(status["Threads"]),
            sum(1 for _ in (process / "fd").iterdir()),
        )


def milliseconds(seconds: float) -> str:
    """Return a time as a table has it."""
    return f"{seconds * 1000:.0f}" if seconds < float("inf") else "never"
