"""What a connection is told to do by itself, where the system lets it."""

import socket
from contextlib import closing

from watcher.imap.transport import new_socket


def test_small_commands_go_at_once_and_a_dead_connection_is_noticed() -> None:
    with closing(new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)) as sock:
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_option_that_the_system_refuses_costs_no_connection() -> None:
    with closing(new_socket(socket.AF_INET, socket.SOCK_DGRAM, 0)) as sock:  # not TCP
        assert not sock.getblocking()
