"""A private session bus, with what a test does to it and sees on it."""

import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    message_bus,
    new_method_call,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from tests import needs

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
    program = needs.program("dbus-daemon", package="dbus")
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
def spare_server(bus: SessionBus, *capabilities: str) -> Iterator[None]:
    """Own the name of a server that can do no more than these capabilities."""
    answers = {"GetCapabilities": ("as", (list(capabilities),)), "Notify": ("u", (1,))}
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
