"""Tells systemd that watcher watches, still makes progress, and ends.

sd_notify(3), sd_watchdog_enabled(3). Without a service manager nothing is sent.
"""

import os
import socket
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from math import inf

from watcher.clock import monotonic_s

SEND_S = 0.5
"""What a service manager that does not read may take of the main thread."""

FEEDS_AN_INTERVAL = 4
"""sd_watchdog_enabled(3) asks for two; a busy machine may be late with one."""


class ServiceManager:
    """The service manager that started this process; without an address, none."""

    def __init__(
        self,
        address: str = "",
        feed_every_s: float | None = None,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._address = address
        self._feed_every_s = inf if feed_every_s is None else feed_every_s
        self._clock_s = clock_s
        self._fed_s: float | None = None

    @classmethod
    def take_from(cls, environment: MutableMapping[str, str]) -> "ServiceManager":
        """Return the one that the environment names, and take it out of there.

        What this process starts must not speak in its name.
        """
        address = environment.pop("NOTIFY_SOCKET", "")
        interval_us = environment.pop("WATCHDOG_USEC", "")
        pid = environment.pop("WATCHDOG_PID", str(os.getpid()))
        if pid != str(os.getpid()) or not interval_us.isdecimal():
            return cls(address)
        return cls(address, int(interval_us) / 1e6 / FEEDS_AN_INTERVAL)

    def note_progress(self) -> None:
        """Tell that the daemon watches; from then on, feed the watchdog in time."""
        now_s = self._clock_s()
        if self._fed_s is None:
            self._send("READY=1\nWATCHDOG=1")
        elif now_s - self._fed_s < self._feed_every_s:
            return
        else:
            self._send("WATCHDOG=1")
        self._fed_s = now_s

    @property
    def due_in_s(self) -> float:
        """Return in how many seconds the watchdog is to be fed; infinite: never."""
        fed_s = self._clock_s() if self._fed_s is None else self._fed_s
        return fed_s + self._feed_every_s - self._clock_s()

    def note_end(self) -> None:
        """Tell that the daemon ends."""
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address or sys.platform == "win32":
            return
        address = self._address
        if address.startswith("@"):  # Linux: a name that is no file
            address = "\0" + address[1:]
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams,
        ):
            datagrams.settimeout(SEND_S)
            datagrams.sendto(state.encode(), address)
