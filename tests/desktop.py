"""A private desktop: a session bus, a display, and a real notification server on them.

Nothing here is shared: each has its own bus and lets Xvfb choose a free display, so
that tests run side by side.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeepney import (
    Properties,
    new_method_call,
)

from tests import needs
from tests.session_bus import (
    NOTIFICATIONS,
    PATIENCE_S,
    SERVICE,
    Process,
    SessionBus,
    first_line,
    session_bus,
    started,
)

DUNST = SERVICE.with_interface("org.dunstproject.cmd0")
_SMALL = ("-trim", "+repage", "+dither", "-colors", "32")


def eventually(is_so: Callable[[], bool]) -> None:
    """Ask again and again: for what gives no sign when it comes to be."""
    for _ in range(200):
        if is_so():
            return
        time.sleep(PATIENCE_S / 200)
    raise AssertionError("it never came to be")


@contextmanager
def display(bus: SessionBus) -> Iterator[None]:
    """Give what is started on this bus a screen of its own."""
    program = needs.program("Xvfb", package="xvfb")
    mine, xs = os.pipe()
    options = ["-displayfd", str(xs), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with started([program, *options], bus.environment, pass_fds=[xs]):
        os.close(xs)
        bus.environment["DISPLAY"] = f":{first_line(mine)}"
        os.close(mine)
        yield


@contextmanager
def dunst(bus: SessionBus) -> Iterator[Process]:
    program = needs.program("dunst", package="dunst")
    with started([program], bus.environment) as process:
        bus.await_owner(NOTIFICATIONS)
        yield process


@contextmanager
def xfce(bus: SessionBus) -> Iterator[Process]:
    settings = _xfce_program("xfconf/xfconfd", package="xfconf")
    server = _xfce_program("notifyd/xfce4-notifyd", package="xfce4-notifyd")
    with started([settings], bus.environment):
        bus.await_owner("org.xfce.Xfconf")
        with started([server], bus.environment) as process:
            bus.await_owner(NOTIFICATIONS)
            yield process


Server = Callable[[SessionBus], AbstractContextManager[Process]]


@dataclass
class Desktop:
    """A bus with a notification server that draws on a screen nobody sees."""

    bus: SessionBus
    server: Process

    def run(self, *command: str) -> str:
        """Run a program as the user of this desktop would; return what it says."""
        program = needs.program(command[0], package="xdotool imagemagick")
        return subprocess.run(
            [program, *command[1:]],
            env=self.bus.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        ).stdout

    def click_last_button(self) -> None:
        """Click the button in the lower right corner of xfce4-notifyd's window."""
        window = self.window()
        shell = self.run("xdotool", "getwindowgeometry", "--shell", window)
        at = dict(line.split("=") for line in shell.split())
        x = int(at["X"]) + int(at["WIDTH"]) - 60
        y = int(at["Y"]) + int(at["HEIGHT"]) - 28
        self.run("xdotool", "mousemove", str(x), str(y), "click", "1")

    def window(self) -> str:
        """Return the id of the window, as soon as it is there to be seen."""
        search = ("search", "--sync", "--onlyvisible", "--class", "Xfce4-notifyd")
        return self.run("xdotool", *search).split()[-1]

    def picture(self, path: Path) -> None:
        """Save what is on the screen, without the empty part, once it stands still."""
        looks = [b"", b""]

        def stands_still() -> bool:
            self.run("import", "-window", "root", *_SMALL, f"PNG8:{path}")
            looks.append(path.read_bytes())
            return looks[-1] == looks[-2] and len(looks[-1]) > 1000

        eventually(stands_still)

    def closed(self) -> list[dict[str, Any]]:
        """Close all that dunst shows and return what it has closed, newest first."""
        self.bus.ask(new_method_call(DUNST, "NotificationCloseAll"))
        (rows,) = self.bus.ask(new_method_call(DUNST, "NotificationListHistory"))
        return [{key: value for key, (_, value) in row.items()} for row in rows]

    def click(self) -> None:
        """Click the uppermost notification in dunst's window, once it is there."""
        eventually(lambda: self._count("displayedLength") > 0)
        self.bus.ask(new_method_call(DUNST, "NotificationAction", "u", (0,)))

    def shown_count(self) -> int:
        """Return how many notifications dunst shows or holds back for want of room."""
        return self._count("displayedLength") + self._count("waitingLength")

    def _count(self, name: str) -> int:
        count: int = self.bus.ask(Properties(DUNST).get(name))[0][1]
        return count


@contextmanager
def desktop(server: Server) -> Iterator[Desktop]:
    with ExitStack() as stack:
        bus = stack.enter_context(session_bus())
        stack.enter_context(display(bus))
        yield Desktop(bus, stack.enter_context(server(bus)))


def _xfce_program(name: str, *, package: str) -> str:
    found = sorted(Path("/usr/lib").glob(f"*/xfce4/{name}"))
    if not found:
        needs.missing(f"{name} is not installed: apt-get install {package}")
    return str(found[0])
