"""What a connection is told to do by itself, where the system lets it."""

import socket
from contextlib import closing

import pytest

from watcher.imap.transport import Interrupt, Transport, new_socket


def test_small_commands_go_at_once_and_a_dead_connection_is_noticed() -> None:
    with closing(new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_option_that_the_system_refuses_costs_no_connection() -> None:
    with closing(new_socket(socket.AF_INET, socket.SOCK_DGRAM, 0)) as sock:  # not TCP
        assert not sock.getblocking()


class Noting(socket.socket):
    """Notes which options are set, and when something is read."""

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.noted: list[int | str] = []

    def setsockopt(self, level: int, name: int, value: object) -> None:  # type: ignore[override]
        self.noted.append(name)

    def recv(self, size: int, flags: int = 0) -> bytes:
        self.noted.append("recv")
        return super().recv(size, flags)


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux alone has it")
def test_what_comes_is_acknowledged_at_once_each_time() -> None:
    """The option is forgotten with each acknowledgement."""
    ours, theirs = socket.socketpair()
    noting = Noting(ours.detach())
    noting.setblocking(False)
    with closing(Interrupt()) as interrupt, noting, theirs:
        transport = Transport(noting, interrupt)
        theirs.sendall(b"a")
        assert transport.read(seconds=20.0) == b"a"
        theirs.sendall(b"b")
        assert transport.receive(seconds=20.0) == b"b"

    assert noting.noted == 2 * [socket.TCP_QUICKACK, "recv"]
