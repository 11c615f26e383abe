"""Every address of a host is tried, and one that does not answer costs little."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes import missing
from tests.imap_server import (
    PATIENT,
    QUICK,
    STEADY,
    Peer,
    Server,
    clear,
    settings,
    watching,
)
from tests.servers import Authority, free_port, server_context
from watcher.errors import Unreachable
from watcher.events import State
from watcher.imap.account import Account, Timeouts
from watcher.imap.choices import Tls
from watcher.imap.errors import ServerBusy
from watcher.imap.happy_eyeballs import (
    ALTERNATIVE_S,
    ALTERNATIVES_S,
    ATTEMPT_DELAY_S,
    Address,
    Addresses,
    AddressHistory,
    connect_first,
    interleaved,
)
from watcher.imap.history import ConnectionHistory
from watcher.imap.login import log_in
from watcher.imap.transport import Interrupt

pytestmark = pytest.mark.timeout(60)

Where = tuple[str, int]


def six(host: str, port: int = 993) -> Address:
    return Address(socket.AF_INET6, socket.SOCK_STREAM, 6, (host, port, 0, 0))


def four(host: str, port: int = 993) -> Address:
    return Address(socket.AF_INET, socket.SOCK_STREAM, 6, (host, port))


def address_of(where: Where) -> Address:
    return (six if ":" in where[0] else four)(*where)


@dataclass
class Network:
    """What a name is resolved to, and listeners of several kinds."""

    opened: ExitStack
    addresses: list[Where] = field(default_factory=list)

    def resolve(self, *_: object, **__: object) -> list[tuple[object, ...]]:
        """Answer as `socket.getaddrinfo` does."""
        found = [address_of(where) for where in self.addresses]
        return [(*one[:3], "", one.where) for one in found]

    def add_mute(self, host: str) -> None:
        """Add an address where TCP is not answered: its backlog is full."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = self.opened.enter_context(socket.socket(family))
        try:
            listener.bind((host, 0))
        except OSError:
            missing(f"this machine has no address {host}")
        listener.listen(0)
        where = listener.getsockname()
        for _ in range(3):
            filler = self.opened.enter_context(socket.socket(family))
            filler.setblocking(False)
            filler.connect_ex(where)
        self.addresses.append(where[:2])

    def add_silent(self, host: str = "127.0.0.1") -> socket.socket:
        """Add an address where TCP is answered, and nothing is said."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, 0), family=family, backlog=50)
        self.opened.enter_context(listener)
        self.addresses.append(listener.getsockname()[:2])
        return listener

    def add_closed(self) -> None:
        """Add an address where nobody listens."""
        self.addresses.append(("127.0.0.1", free_port()))

    def add_server(self, **options: object) -> Server:
        """Add a server that works."""
        server = self.opened.enter_context(Server(**options))  # type: ignore[arg-type]
        self.addresses.append(("127.0.0.1", server.port))
        return server


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    with ExitStack() as opened:
        network = Network(opened)
        monkeypatch.setattr(socket, "getaddrinfo", network.resolve)
        yield network


ACCOUNT = clear(1)


def try_login(
    account: Account = ACCOUNT,
    history: ConnectionHistory | None = None,
    timeouts: Timeouts = STEADY,
) -> float:
    """Log in, and return how long it took."""
    began = time.monotonic()
    with closing(Interrupt()) as interrupt:
        log_in(account, interrupt=interrupt, timeouts=timeouts, history=history).close()
    return time.monotonic() - began


def test_families_take_turns_and_the_first_one_begins() -> None:
    listed = [six("::1"), six("::2"), six("::3"), four("127.0.0.1"), six("::1")]

    assert interleaved(listed) == [
        six("::1"),
        four("127.0.0.1"),
        six("::2"),
        six("::3"),
    ]


def test_the_other_family_comes_before_a_second_address_of_the_first(
    network: Network,
) -> None:
    network.addresses.append(("::1", free_port()))
    second = network.add_silent("::1")
    server = network.add_server()

    try_login()
    assert server.count("LOGIN") == 1
    second.setblocking(False)
    with pytest.raises(BlockingIOError):
        second.accept()


@pytest.mark.parametrize("host", ["::1", "127.0.0.2"])
def test_an_address_that_is_mute_costs_less_than_a_second(
    network: Network, host: str
) -> None:
    network.add_mute(host)
    server = network.add_server()

    assert try_login(timeouts=Timeouts()) < 1
    assert server.count("LOGIN") == 1


def test_the_next_attempt_waits_a_quarter_of_a_second_for_the_last_one(
    network: Network,
) -> None:
    network.add_mute("127.0.0.2")
    network.add_mute("127.0.0.3")
    network.add_server()

    assert 2 * ATTEMPT_DELAY_S <= try_login() < 2 * ATTEMPT_DELAY_S + 2
    assert ATTEMPT_DELAY_S == 0.25


def test_the_next_attempt_follows_a_failure_at_once(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.imap.happy_eyeballs.ATTEMPT_DELAY_S", 30)
    for _ in range(3):
        network.add_closed()
    network.add_server()

    assert try_login() < 10


def test_an_attempt_between_two_mute_ones_wins() -> None:
    with closing(Interrupt()) as interrupt, ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        good = four(*listener.getsockname())
        silent = Network(opened)
        silent.add_mute("127.0.0.2")
        mute = address_of(silent.addresses[0])
        won, sock = connect_first([mute, good, mute], interrupt=interrupt, seconds=5)
        sock.close()

    assert won == good


def test_the_error_that_says_most_is_told(network: Network) -> None:
    network.addresses = [("2001:db8::1", 9)]
    network.add_closed()
    network.add_mute("127.0.0.2")
    network.addresses.append(("255.255.255.255", 9))
    with pytest.raises(Unreachable, match="refuses port"):
        try_login(timeouts=replace(QUICK, connect_timeout_s=0.5))


def test_addresses_that_are_all_mute_are_given_up(network: Network) -> None:
    network.add_mute("127.0.0.2")
    network.add_mute("127.0.0.3")
    with pytest.raises(Unreachable, match="does not answer"):
        try_login(timeouts=replace(QUICK, connect_timeout_s=0.3))


def test_a_name_without_an_address_cannot_be_reached(network: Network) -> None:
    assert network.addresses == []
    with pytest.raises(Unreachable):
        try_login()


def test_stop_ends_the_attempts_at_once(network: Network) -> None:
    network.add_mute("127.0.0.2")
    network.add_mute("127.0.0.3")
    with watching(ACCOUNT, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.CONNECTING)


# TCP answers, and nothing else


def hang_up(peer: Peer) -> None:
    peer.close()


def say_html(peer: Peer) -> None:
    peer.send("HTTP/1.1 400 Bad Request")


def test_where_no_greeting_comes_the_next_address_is_tried(network: Network) -> None:
    network.add_silent()
    server = network.add_server()
    timeouts = replace(STEADY, greeting_timeout_s=0.3)

    try_login(timeouts=timeouts)
    assert server.count("LOGIN") == 1


@pytest.mark.parametrize("greet", [hang_up, say_html])
def test_what_does_not_greet_as_imap_is_left_out(
    network: Network, greet: Callable[[Peer], None]
) -> None:
    network.add_server(greet=greet)
    server = network.add_server()

    try_login()
    assert server.count("LOGIN") == 1


@pytest.fixture
def trusted(tmp_path: Path) -> tuple[Account, Callable[[str], object]]:
    """Return an account by TLS, and what makes contexts for a host name."""
    authority = Authority.make()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.pem)

    def context(host: str) -> object:
        folder = tmp_path / host
        folder.mkdir()
        return server_context(authority.issue(host), folder)

    account = replace(ACCOUNT, host="localhost", tls=Tls.IMPLICIT, ca_file=ca_file)
    return account, context


def test_where_tls_is_not_answered_the_next_address_is_tried(
    network: Network, trusted: tuple[Account, Callable[[str], object]]
) -> None:
    account, context = trusted
    network.add_silent()
    server = network.add_server(context=context("localhost"))

    try_login(account, timeouts=replace(STEADY, greeting_timeout_s=0.5))
    assert server.count("LOGIN") == 1


def test_an_address_with_a_certificate_of_another_gets_no_password(
    network: Network, trusted: tuple[Account, Callable[[str], object]]
) -> None:
    account, context = trusted
    other = network.add_server(context=context("mail.example.com"))
    server = network.add_server(context=context("localhost"))

    try_login(account)
    assert (other.count("LOGIN"), server.count("LOGIN")) == (0, 1)


def test_what_answers_tells_more_than_what_does_not(
    network: Network, trusted: tuple[Account, Callable[[str], object]]
) -> None:
    account, context = trusted
    network.add_server(context=context("mail.example.com"))
    network.add_closed()
    with pytest.raises(Unreachable, match="not for localhost"):
        try_login(account)


def test_a_server_that_has_no_time_is_asked_at_no_other_address(
    network: Network,
) -> None:
    network.add_server(greet=lambda peer: peer.send("* BYE too many connections"))
    other = network.add_server()
    with pytest.raises(ServerBusy):
        try_login()

    assert other.peers == []


def test_alternatives_leave_time_for_the_last_address() -> None:
    def first_s(count: int) -> float:
        with closing(Interrupt()) as interrupt:
            return Addresses(
                [four(f"127.0.0.{n}") for n in range(1, count + 1)],
                interrupt=interrupt,
                timeouts=Timeouts(),
                history=AddressHistory(),
            ).greeting_timeout_s()

    assert first_s(1) == Timeouts().greeting_timeout_s
    assert first_s(2) == ALTERNATIVE_S
    assert first_s(11) == ALTERNATIVES_S / 10


def test_an_address_that_is_silent_has_less_time_where_there_are_others(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("watcher.imap.happy_eyeballs.ALTERNATIVE_S", 0.2)
    network.add_silent()
    server = network.add_server()

    try_login(timeouts=replace(STEADY, greeting_timeout_s=600, answer_timeout_s=600))
    assert server.count("LOGIN") == 1


# What is remembered


def test_what_failed_comes_last_and_what_worked_comes_first() -> None:
    history, listed = AddressHistory(), [four(f"127.0.0.{n}") for n in range(4)]
    history.note_failure(listed[0])
    history.note_success(listed[2])
    assert history.sort(listed) == [listed[2], listed[1], listed[3], listed[0]]

    history.note_success(listed[3])
    assert history.sort(listed) == [listed[3], listed[1], listed[2], listed[0]]
    history.note_failure(listed[3])
    assert history.sort(listed) == [listed[1], listed[2], listed[0], listed[3]]


def test_addresses_that_a_host_has_no_more_are_forgotten() -> None:
    history, listed = AddressHistory(), [four(f"127.0.0.{n}") for n in range(3)]
    history.note_failure(listed[0])
    history.sort(listed[1:])

    assert history.sort(listed) == listed


def test_the_address_that_worked_is_the_first_of_the_next_connection(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = ConnectionHistory()
    network.add_mute("127.0.0.2")
    silent = network.add_silent()
    server = network.add_server()
    try_login(history=history, timeouts=replace(STEADY, greeting_timeout_s=0.3))
    monkeypatch.setattr("watcher.imap.happy_eyeballs.ATTEMPT_DELAY_S", 30)
    silent.close()

    unhurried = replace(STEADY, connect_timeout_s=60)
    assert try_login(history=history, timeouts=unhurried) < 10
    assert server.count("LOGIN") == 2


def test_an_address_that_failed_is_not_the_first_of_the_next_try(
    network: Network,
) -> None:
    broken = network.add_server(greet=hang_up)
    good = network.add_server(greet=lambda peer: peer.send("* BYE later"))
    history = ConnectionHistory()
    with pytest.raises(ServerBusy):
        try_login(history=history)
    good.greet = lambda peer: peer.send("* OK ready")
    try_login(history=history)

    assert len(broken.peers) == 1


def test_a_session_remembers_the_address_that_worked(network: Network) -> None:
    silent = network.add_silent()
    accepted: list[socket.socket] = []

    def accept() -> None:
        try:
            while True:
                accepted.append(silent.accept()[0])
        except OSError:
            return

    threading.Thread(target=accept, daemon=True).start()
    server = network.add_server()
    how = settings(replace(PATIENT, greeting_timeout_s=0.3))
    with watching(ACCOUNT, how) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.peers[-1].close()
        seen.wait_for_state(State.WATCHING, times=2)

    assert len(accepted) == 1
    for sock in accepted:
        sock.close()
