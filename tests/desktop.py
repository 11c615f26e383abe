"""Real desktops under Xvfb: a session bus, notification servers, pictures."""

import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
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
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from tests.fakes import missing, required_program

NOTIFICATIONS = "org.freedesktop.Notifications"
_SENDER = DBusAddress("/org/freedesktop/Notifications", interface=NOTIFICATIONS)
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

    start: Callable[[], subprocess.Popen[bytes]]
    popen: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.popen = self.start()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.end()
        self.popen = self.start()

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
    def start() -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, env=env, stdout=stdout, stderr=quiet, pass_fds=pass_fds
        )

    process = Process(start)
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
    def recorded(self) -> Iterator["Record"]:
        """Record what is shown on the screen from now on."""
        with self.monitored() as monitor:
            record = Record(self, monitor.connection)
            try:
                yield record
            finally:
                record.end()

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


@dataclass(frozen=True)
class Shown:
    """A notification, as a program handed it over and the server took it."""

    number: int
    """The server's id of it."""
    replaces: int
    title: str
    body: str
    actions: tuple[str, ...]


class Record:
    """What was shown on the screen and is there now, in the words of the server."""

    def __init__(self, bus: SessionBus, connection: DBusConnection) -> None:
        self.history: list[Shown] = []
        self._bus = bus
        self._connection = connection
        self._asked: set[str] = set()
        self._calls: dict[tuple[str, int], tuple[Any, ...]] = {}
        self._there: dict[int, Shown] = {}
        self._thread = Thread(target=self._read)
        self._thread.start()

    def now(self) -> list[Shown]:
        """Return what is there, by its age."""
        return [*self._there.values()]

    def titles(self) -> list[str]:
        """Return the titles of what is there, sorted."""
        return sorted(shown.title for shown in self.now())

    def told(self) -> list[str]:
        """Return the titles of all that was ever shown up to now."""
        self._catch_up()
        return [shown.title for shown in self.history]

    def await_title(self, title: str) -> Shown:
        """Return the newest notification of this title, once it is there."""
        eventually(lambda: title in self.titles())
        return next(one for one in reversed(self.history) if one.title == title)

    def await_titles(self, *titles: str) -> None:
        """Return once these notifications are there, and no other ones."""
        try:
            eventually(lambda: self.titles() == sorted(titles))
        except AssertionError as error:
            raise AssertionError(f"there are {self.titles()}, not {titles}") from error

    def _catch_up(self) -> None:
        """Return once all that the bus has sent before is recorded."""
        name = f"tests.asked{len(self._asked)}"
        self._bus.ask(message_bus.NameHasOwner(name))
        eventually(lambda: name in self._asked)

    def end(self) -> None:
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)

    def _read(self) -> None:
        with suppress(ConnectionResetError):
            while True:
                self._take(self._connection.receive())

    def _take(self, message: Message) -> None:
        header, body = message.header, message.body
        fields = header.fields
        member = fields.get(HeaderFields.member)
        if header.message_type is MessageType.method_return:
            caller = fields.get(HeaderFields.destination, "")
            call = self._calls.pop((caller, fields[HeaderFields.reply_serial]), None)
            if call is not None:
                _, replaces, _, title, text, actions, *_ = call
                shown = Shown(body[0], replaces, title, text, tuple(actions[::2]))
                self.history.append(shown)
                self._there = {**self._there, shown.number: shown}
        elif member == "Notify":
            self._calls[fields[HeaderFields.sender], header.serial] = body
        elif member == "NameHasOwner":
            self._asked = {*self._asked, body[0]}
        elif member == "NotificationClosed":
            kept = {key: one for key, one in self._there.items() if key != body[0]}
            self._there = kept
        elif member == "NameOwnerChanged" and body[0] == NOTIFICATIONS:
            self._there = {}


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
    bus: SessionBus,
    *capabilities: str,
    server: tuple[str, str] = ("spare", "tests"),
    refuses: bool = False,
) -> Iterator[None]:
    """Own the name of a server that can do no more than these capabilities.

    One that `refuses` shows nothing and says so.
    """
    answers = {
        "GetCapabilities": ("as", (list(capabilities),)),
        "GetServerInformation": ("ssss", (*server, "1", "1.2")),
        "Notify": ("u", (1,)),
    }

    def answer(call: Message) -> list[Message]:
        member = call.header.fields[HeaderFields.member]
        if refuses and member == "Notify":
            return [new_error(call, "org.freedesktop.DBus.Error.LimitsExceeded")]
        if member == "CloseNotification":
            closed = new_signal(_SENDER, "NotificationClosed", "uu", (*call.body, 3))
            return [new_method_return(call), closed]
        return [new_method_return(call, *answers[member])]

    with served(bus, NOTIFICATIONS, answer):
        yield


@contextmanager
def served(
    bus: SessionBus, name: str, answer: Callable[[Message], list[Message]]
) -> Iterator[None]:
    """Own `name`, and send what `answer` returns to every call."""
    with bus.connect() as connection:
        Proxy(message_bus, connection, timeout=PATIENCE_S).RequestName(name)
        thread = Thread(target=_serve, args=(connection, answer))
        thread.start()
        try:
            yield
        finally:
            connection.sock.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)


def _serve(
    connection: DBusConnection, answer: Callable[[Message], list[Message]]
) -> None:
    try:
        while True:
            call = connection.receive()
            if call.header.message_type is MessageType.method_call:
                for message in answer(call):
                    connection.send(message)
    except (ConnectionResetError, BrokenPipeError):
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
    with _owner(bus, NOTIFICATIONS, program) as process:
        yield process


@contextmanager
def xfce(bus: SessionBus) -> Iterator[Process]:
    settings = _library_program("*/xfce4/xfconf/xfconfd", package="xfconf")
    server = _library_program("*/xfce4/notifyd/xfce4-notifyd", package="xfce4-notifyd")
    with (
        _owner(bus, "org.xfce.Xfconf", settings),
        _owner(bus, NOTIFICATIONS, server) as process,
    ):
        yield process


@contextmanager
def mate(bus: SessionBus) -> Iterator[Process]:
    name = "mate-notification-daemon"
    program = _library_program(f"{name}/{name}", f"*/{name}/{name}", package=name)
    with _owner(bus, NOTIFICATIONS, program, **_GTK) as process:
        yield process


@contextmanager
def lxqt(bus: SessionBus) -> Iterator[Process]:
    program = required_program("lxqt-notificationd", package="lxqt-notificationd")
    with _owner(bus, NOTIFICATIONS, program, QT_QPA_PLATFORM="xcb") as process:
        yield process


@contextmanager
def notification_daemon(bus: SessionBus) -> Iterator[Process]:
    name = "notification-daemon"
    program = _library_program(f"{name}/{name}", package=name)
    with _owner(bus, NOTIFICATIONS, program, **_GTK) as process:
        yield process


@contextmanager
def keyring(bus: SessionBus, folder: Path) -> Iterator[None]:
    """Run a keyring that is unlocked, and keeps what it is told in a folder."""
    program = required_program("gnome-keyring-daemon", package="gnome-keyring")
    places = ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    environment = {**bus.environment, **dict.fromkeys(places, str(folder))}
    command = [program, "--unlock", "--foreground", "--components=secrets"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"unlocks it")
        process.stdin.close()
        bus.await_owner("org.freedesktop.secrets")
        try:
            yield
        finally:
            process.terminate()


# Settings that are never written, and no search for an accessibility bus.
_GTK = {"GSETTINGS_BACKEND": "memory", "NO_AT_BRIDGE": "1"}


@contextmanager
def _owner(
    bus: SessionBus, name: str, program: str, **environment: str
) -> Iterator[Process]:
    """Start what owns `name` on the bus as soon as it can be called."""
    with started([program], {**bus.environment, **environment}) as process:
        bus.await_owner(name)
        yield process


Server = Callable[[SessionBus], AbstractContextManager[Process]]


@dataclass(frozen=True)
class Layout:
    """Where a server's windows are, and what is where in a window.

    Places are pixels from the window's nearest corner; a button's is its middle.
    """

    search: tuple[str, ...]
    """How xdotool finds the windows."""
    text: tuple[int, int]
    """In the title: seen from the upper left corner."""
    click: str = "1"
    """The pointer's button that invokes the action of a click."""
    last_button: tuple[int, int] | None = None
    """Seen from the lower right corner; None: the server draws no buttons."""
    to_next_button: int = 0


_DUNST = Layout(("--class", "^Dunst$"), text=(60, 20), click="2")
_LAYOUTS: dict[Server, Layout] = {
    xfce: Layout(("--class", "^Xfce4-notifyd$"), (120, 26), "1", (60, 28), 112),
    mate: Layout(("--class", "^Mate-notification-d"), (120, 24), "1", (88, 27), 92),
    lxqt: Layout(("--class", "^lxqt-notificationd$"), (80, 45), "1", (102, 33), 107),
    # Its icon in the tray is a window of the same class.
    notification_daemon: Layout(
        ("--name", "^Notification$"), (120, 35), "1", (104, 38), 97
    ),
}


@dataclass
class Desktop:
    """A bus with a notification server that draws on a screen nobody sees."""

    bus: SessionBus
    server: Process
    layout: Layout = _DUNST

    def restart(self) -> None:
        """Kill the server and start it again on the same bus: its screen is empty."""
        self.server.end()
        self.bus.await_owner(NOTIFICATIONS, is_there=False)
        eventually(lambda: not self.windows())
        self.server.restart()
        self.bus.await_owner(NOTIFICATIONS)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a program as the user of this desktop would; return what it says."""
        program = required_program(command[0], package="xdotool imagemagick")
        return subprocess.run(
            [program, *command[1:]],
            env=self.bus.environment,
            check=check,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        ).stdout

    def click_last_button(self) -> None:
        self.click_button()

    def click_button(self, *, from_last: int = 0) -> None:
        """Click a button in the lower right corner of the window, once it is there."""
        assert self.layout.last_button is not None
        left, top, width, height = self._place()
        x, y = self.layout.last_button
        x += from_last * self.layout.to_next_button
        self._click(left + width - x, top + height - y)

    def click_text(self, pointer: str | None = None) -> None:
        """Click the title, where no button and no link is, once it is there."""
        left, top, _, _ = self._place()
        x, y = self.layout.text
        self._click(left + x, top + y, pointer or self.layout.click)

    def _click(self, x: int, y: int, pointer: str = "1") -> None:
        self.run("xdotool", "mousemove", str(x), str(y), "click", pointer)

    def _place(self) -> tuple[int, int, int, int]:
        """Return left, top, width and height of the window once it stands still."""
        window = self.window()
        places = [""]

        def stands_still() -> bool:
            places.append(self.run("xdotool", "getwindowgeometry", "--shell", window))
            return places[-1] == places[-2]

        eventually(stands_still)
        at = dict(line.split("=") for line in places[-1].split())
        return int(at["X"]), int(at["Y"]), int(at["WIDTH"]), int(at["HEIGHT"])

    def height(self) -> int:
        """Return the height of the window: LXQt and dunst draw all into one."""
        return self._place()[3]

    def window(self) -> str:
        """Return the id of the window, as soon as it is there to be seen."""
        search = ("search", "--sync", "--onlyvisible", *self.layout.search)
        return self.run("xdotool", *search).split()[-1]

    def windows(self) -> list[str]:
        """Return the ids of the windows that are there to be seen now."""
        search = ("search", "--onlyvisible", *self.layout.search)
        return self.run("xdotool", *search, check=False).split()

    def picture(self, path: Path) -> None:
        """Save what is on the screen, without the empty part, once it stands still."""
        pictures = [b"", b""]

        def stands_still() -> bool:
            self.run("import", "-window", "root", *_SMALL, f"PNG8:{path}")
            pictures.append(path.read_bytes())
            return pictures[-1] == pictures[-2] and len(pictures[-1]) > 500

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
        layout = _LAYOUTS.get(server, _DUNST)
        yield Desktop(bus, stack.enter_context(server(bus)), layout)


def _library_program(*patterns: str, package: str) -> str:
    """Return a program that is on nobody's path, or skip and name its package."""
    name = patterns[0].rpartition("/")[2]
    found = [
        path
        for directory in ("/usr/lib", "/usr/libexec")
        for pattern in (*patterns, name)
        for path in sorted(Path(directory).glob(pattern))
        if path.is_file()
    ]
    if not found:
        missing(f"{name} is not installed: apt-get install {package}")
    return str(found[0])


PORTAL = "org.freedesktop.portal.Desktop"
_REQUESTS = "/org/freedesktop/portal/desktop/request"


class PortalAnswer(Enum):
    """What becomes of a call of `OpenURI`."""

    OPENED = 0
    CANCELLED = 1
    FAILED = 2
    NO_RESPONSE = "no response"
    """The call is answered, as while a dialog asks; what became of it is never said."""
    ERROR = "error"
    NO_REPLY = "no reply"


@contextmanager
def fake_portal(
    bus: SessionBus, response: PortalAnswer = PortalAnswer.OPENED
) -> Iterator[list[str]]:
    """Own the name of the desktop portal; give the list of the URIs it was to open."""
    uris: list[str] = []

    def answer(call: Message) -> list[Message]:
        if call.header.fields[HeaderFields.member] == "Get":  # the interface's version
            return [new_method_return(call, "v", (("u", 4),))]
        if call.header.fields[HeaderFields.member] != "OpenURI":
            return [new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")]
        _, uri, options = call.body
        uris.append(uri)
        if response is PortalAnswer.NO_REPLY:
            return []
        if response is PortalAnswer.ERROR:
            return [new_error(call, "org.freedesktop.portal.Error.Failed")]
        caller = call.header.fields[HeaderFields.sender]
        _, token = options.get("handle_token", ("s", "t"))
        handle = f"{_REQUESTS}/{caller[1:].replace('.', '_')}/{token}"
        messages = [new_method_return(call, "o", (handle,))]
        if response is not PortalAnswer.NO_RESPONSE:
            request = DBusAddress(handle, interface="org.freedesktop.portal.Request")
            nothing_more: dict[str, Any] = {}
            body = (response.value, nothing_more)
            said = new_signal(request, "Response", "ua{sv}", body)
            said.header.fields[HeaderFields.destination] = caller
            messages.append(said)
        return messages

    with served(bus, PORTAL, answer):
        yield uris


@dataclass
class Portal:
    """The real desktop portal, with a browser that writes down what it is given."""

    process: Process
    record: Path

    def opened(self) -> list[str]:
        """Return the URIs the browser was started with."""
        return self.record.read_text().splitlines()


@contextmanager
def portal(bus: SessionBus, *, asks: bool = False) -> Iterator[Portal]:
    """Start the real portal, under `display` where it `asks` which browser to take.

    It does not ask where one is the default for the scheme. The gtk portal is the one
    that asks; without its description the portal has no OpenURI.
    """
    store, gtk, desktop_portal = (
        _library_program(f"*/{name}", package=package)
        for name, package in (
            ("xdg-permission-store", "xdg-desktop-portal"),
            ("xdg-desktop-portal-gtk", "xdg-desktop-portal-gtk"),
            ("xdg-desktop-portal", "xdg-desktop-portal"),
        )
    )
    record = bus.directory / "opened"
    record.touch()
    home = {
        "XDG_DATA_HOME": f"{bus.directory}/data",
        "XDG_DATA_DIRS": str(_without_programs(bus.directory / "share")),
        "XDG_CONFIG_HOME": f"{bus.directory}/config",
        "XDG_CURRENT_DESKTOP": "GNOME",  # what the gtk portal's description is for
        **_GTK,
    }
    _install_browser(bus.directory, record, is_default=not asks)
    with ExitStack() as stack:
        if "DISPLAY" in bus.environment:
            name = "org.freedesktop.impl.portal.desktop.gtk"
            stack.enter_context(_owner(bus, name, gtk, **home))
        name = "org.freedesktop.impl.portal.PermissionStore"
        stack.enter_context(_owner(bus, name, store, **home))
        process = stack.enter_context(_owner(bus, PORTAL, desktop_portal, **home))
        yield Portal(process, record)


def _without_programs(folder: Path) -> Path:
    """Return what this machine shares, without its own browsers: one could be taken."""
    folder.mkdir()
    for shared in Path("/usr/share").iterdir():
        if shared.name != "applications":
            (folder / shared.name).symlink_to(shared)
    return folder


def _install_browser(directory: Path, record: Path, *, is_default: bool) -> None:
    browser = directory / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>\'{record}\'\n')
    browser.chmod(0o700)
    kinds = "x-scheme-handler/http;x-scheme-handler/https;"
    entry = ("Type=Application", "Name=Browser", f"Exec={browser} %u")
    lines = ("[Desktop Entry]", *entry, f"MimeType={kinds}", "")
    defaults = "[Default Applications]\nx-scheme-handler/https=browser.desktop\n"
    files = {
        "data/applications/browser.desktop": "\n".join(lines),
        "config/mimeapps.list": defaults if is_default else "",
        "config/xdg-desktop-portal/portals.conf": "[preferred]\ndefault=gtk\n",
    }
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
