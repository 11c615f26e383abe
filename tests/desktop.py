"""Real desktops under Xvfb: a session bus, notification servers, pictures."""

import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    Properties,
    message_bus,
    new_method_call,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from tests.fakes import missing, required_program

NOTIFICATIONS = "org.freedesktop.Notifications"
SERVICE = DBusAddress("/org/freedesktop/Notifications", NOTIFICATIONS, NOTIFICATIONS)
PATIENCE_S = 20.0

_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{directory}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass
class Process:
    """A program that was started here and ends here."""

    popen: subprocess.Popen[bytes]

    def freeze(self) -> None:
        """Stop it: it holds its name and its sockets and answers nothing."""
        self.popen.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.popen.send_signal(signal.SIGCONT)

    def end(self) -> None:
        self.popen.kill()
        self.popen.wait(PATIENCE_S)
        if self.popen.stdout is not None:
            self.popen.stdout.close()


@contextmanager
def started(
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    stdout: int = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> Iterator[Process]:
    popen = subprocess.Popen(
        command, env=env, stdout=stdout, stderr=subprocess.DEVNULL, pass_fds=pass_fds
    )
    process = Process(popen)
    try:
        yield process
    finally:
        process.end()


@dataclass
class SessionBus:
    """A session bus of our own; it starts only what a test puts into `services`."""

    directory: Path
    environment: dict[str, str]
    process: Process

    @property
    def address(self) -> str:
        return self.environment["DBUS_SESSION_BUS_ADDRESS"]

    def offer(self, name: str, program: str) -> None:
        """Let the bus start `program` as soon as somebody calls `name`."""
        service = f"[D-BUS Service]\nName={name}\nExec={program}\n"
        (self.directory / "services" / "one.service").write_text(service)
        with self.connect() as connection:
            reload = new_method_call(message_bus, "ReloadConfig")
            connection.send_and_get_reply(reload, timeout=PATIENCE_S)

    def connect(self) -> DBusConnection:
        return open_dbus_connection(self.address)

    def ask(self, message: Message) -> tuple[Any, ...]:
        with self.connect() as connection:
            reply = connection.send_and_get_reply(message, timeout=PATIENCE_S)
        assert reply.header.message_type is MessageType.method_return, reply.body
        body: tuple[Any, ...] = reply.body
        return body

    @contextmanager
    def monitored(self) -> Iterator["Monitor"]:
        """See every message on the bus from now on."""
        monitoring = DBusAddress(
            message_bus.object_path,
            message_bus.bus_name,
            "org.freedesktop.DBus.Monitoring",
        )
        become = new_method_call(monitoring, "BecomeMonitor", "asu", ([], 0))
        with self.connect() as connection:
            connection.send_and_get_reply(become, timeout=PATIENCE_S)
            yield Monitor(connection)

    def await_owner(self, name: str, *, is_there: bool = True) -> None:
        """Return as soon as somebody owns `name`, or nobody does any more."""
        rule = MatchRule(type="signal", member="NameOwnerChanged")
        rule.add_arg_condition(0, name)
        with self.connect() as connection, connection.filter(rule) as changes:
            bus = Proxy(message_bus, connection, timeout=PATIENCE_S)
            bus.AddMatch(rule)
            if bus.NameHasOwner(name)[0] != is_there:
                connection.recv_until_filtered(changes, timeout=PATIENCE_S)


@dataclass
class Monitor:
    """Sees every message on the bus, as dbus-monitor does."""

    connection: DBusConnection

    def await_member(self, member: str) -> tuple[Any, ...]:
        """Return the body of the next call or signal of this name."""
        while True:
            message = self.connection.receive(timeout=PATIENCE_S)
            if message.header.fields.get(HeaderFields.member) == member:
                body: tuple[Any, ...] = message.body
                return body


@contextmanager
def session_bus() -> Iterator[SessionBus]:
    program = required_program("dbus-daemon", package="dbus")
    with tempfile.TemporaryDirectory(prefix="bus") as name:
        directory = Path(name)
        (directory / "services").mkdir()
        config = directory / "bus.conf"
        config.write_text(_BUS.format(directory=directory))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "XDG_RUNTIME_DIR": name,
            "LANG": "C.UTF-8",
        }
        command = [program, f"--config-file={config}", "--nofork", "--print-address"]
        with started(command, environment, stdout=subprocess.PIPE) as process:
            assert process.popen.stdout is not None
            address = first_line(process.popen.stdout.fileno())
            environment["DBUS_SESSION_BUS_ADDRESS"] = address
            yield SessionBus(directory, environment, process)


@contextmanager
def spare_server(
    bus: SessionBus, *capabilities: str, name: str = "spare"
) -> Iterator[None]:
    """Own the name of a server that can do no more than these capabilities."""
    answers = {
        "GetCapabilities": ("as", (list(capabilities),)),
        "GetServerInformation": ("ssss", (name, "tests", "1", "1.2")),
        "Notify": ("u", (1,)),
    }
    with bus.connect() as connection:
        Proxy(message_bus, connection, timeout=PATIENCE_S).RequestName(NOTIFICATIONS)
        thread = Thread(target=_serve, args=(connection, answers))
        thread.start()
        try:
            yield
        finally:
            connection.sock.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)


def _serve(connection: DBusConnection, answers: dict[str, tuple[str, Any]]) -> None:
    try:
        while True:
            call = connection.receive()
            member = call.header.fields[HeaderFields.member]
            if call.header.message_type is MessageType.method_call:
                connection.send(new_method_return(call, *answers[member]))
    except ConnectionResetError:
        return


def first_line(descriptor: int) -> str:
    """Return a line, when all of it is there: Xvfb writes its end by itself."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
        assert ready
        line += os.read(descriptor, 1)
    return line.decode().strip()


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
    program = required_program("Xvfb", package="xvfb")
    mine, xs = os.pipe()
    options = ["-displayfd", str(xs), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with started([program, *options], bus.environment, pass_fds=[xs]):
        os.close(xs)
        bus.environment["DISPLAY"] = f":{first_line(mine)}"
        os.close(mine)
        yield


@contextmanager
def dunst(bus: SessionBus) -> Iterator[Process]:
    program = required_program("dunst", package="dunst")
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
        program = required_program(command[0], package="xdotool imagemagick")
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
        pictures = [b"", b""]

        def stands_still() -> bool:
            self.run("import", "-window", "root", *_SMALL, f"PNG8:{path}")
            pictures.append(path.read_bytes())
            return pictures[-1] == pictures[-2] and len(pictures[-1]) > 1000

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
        missing(f"{name} is not installed: apt-get install {package}")
    return str(found[0])
