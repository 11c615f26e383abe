"""How name servers are asked: in turn within one bound, with EDNS, and by TCP."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests.sample_mails import record, rsa_key
from tests.servers import Authority, NameServer, server_context, serving_dns
from watcher import keys
from watcher.errors import Unreachable
from watcher.keys import ServerFacts, dns_keys, examine_server
from watcher.name_server import NameServer as Server

NAME = "test._domainkey.amazon.co.jp"
OTHER = "test._domainkey.amazon.com"
KEY = record(rsa_key(2048))
DEFAULT = timedelta(seconds=3)
"""What `[dkim] timeout` is unless the user says otherwise."""

PROVED_WITHIN_S = 4.0


@pytest.fixture
def servers() -> Iterator[list[NameServer]]:
    """Return three name servers that are dead, and a good one behind them."""
    with ExitStack() as opened:
        four = [
            opened.enter_context(serving_dns({NAME: KEY, OTHER: KEY})) for _ in range(4)
        ]
        for dead in four[:3]:
            dead.is_silent = True
        yield four


def test_three_dead_name_servers_leave_time_for_the_good_one(
    servers: list[NameServer],
) -> None:
    lookup = dns_keys([one.endpoint for one in servers], DEFAULT).find
    began = time.monotonic()

    assert lookup(NAME) == KEY
    assert time.monotonic() - began < PROVED_WITHIN_S
    assert [len(one.questions) for one in servers] == [1, 1, 1, 1]


def test_the_name_server_that_answered_is_the_first_the_next_time(
    servers: list[NameServer],
) -> None:
    lookup = dns_keys([one.endpoint for one in servers], DEFAULT).find
    lookup(NAME)

    assert lookup(OTHER) == KEY
    assert [len(one.questions) for one in servers] == [1, 1, 1, 2]


def test_an_answer_that_there_is_no_key_is_an_answer(
    servers: list[NameServer],
) -> None:
    lookup = dns_keys([one.endpoint for one in servers], DEFAULT).find
    assert lookup("none._domainkey.amazon.co.jp") is None

    assert lookup(NAME) == KEY
    assert [len(one.questions) for one in servers] == [1, 1, 1, 2]


def test_after_a_question_in_vain_another_name_server_is_the_first(
    servers: list[NameServer],
) -> None:
    now_s = [1000.0]
    dead = servers[:3]
    ask = [one.endpoint for one in dead]
    lookup = dns_keys(ask, timedelta(seconds=0.6), now_s=lambda: now_s[0]).find
    order: list[int] = []
    for number, one in enumerate(dead):
        one.questions = _Noting(order, number)  # type: ignore[assignment]
    for _ in range(3):
        with pytest.raises(Unreachable):
            lookup(NAME)
        now_s[0] += keys.RETRY_S

    assert [order[at] for at in (0, 3, 6)] == [0, 1, 2]


class _Noting:
    """Notes in a list shared by several servers which of them was asked."""

    def __init__(self, order: list[int], number: int) -> None:
        self._order, self._number = order, number

    def append(self, _: str) -> None:
        self._order.append(self._number)


def test_a_name_server_that_fails_leaves_its_time_to_the_others(
    servers: list[NameServer],
) -> None:
    failing, slow = servers[3], servers[2]
    failing.failure = dns.rcode.REFUSED
    slow.is_silent, slow.delay_s = False, 0.5
    lookup = dns_keys([failing.endpoint, slow.endpoint], timedelta(seconds=0.9)).find

    assert lookup(NAME) == KEY


def test_the_name_servers_of_the_system_take_turns_too(
    servers: list[NameServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        keys, "_system_servers", lambda: [one.endpoint for one in servers]
    )
    lookup = dns_keys([], DEFAULT).find

    assert lookup(NAME) == KEY
    assert lookup(OTHER) == KEY
    assert len(servers[0].questions) == 1


def test_without_any_name_server_there_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keys, "_system_servers", list)
    with pytest.raises(Unreachable):
        dns_keys([], DEFAULT).find(NAME)


Change = Callable[[dns.message.Message, dns.message.Message], None]
"""Changes the response to a query that came by UDP."""


@dataclass
class Recorder:
    """A name server by UDP and TCP on one port, and how it was asked."""

    change: Change
    changes_all: bool = False
    queries: list[tuple[str, dns.message.Message]] = field(default_factory=list)
    port: int = 0

    def respond(self, wire: bytes, way: str) -> bytes:
        query = dns.message.from_wire(wire)
        self.queries.append((way, query))
        response = dns.message.make_response(query)
        quoted = " ".join(
            f'"{KEY[at : at + 255].decode()}"' for at in range(0, len(KEY), 255)
        )
        name = query.question[0].name
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", quoted))
        if way == "udp" or self.changes_all:
            self.change(query, response)
        return response.to_wire()


@contextmanager
def recording(
    change: Change, context: ssl.SSLContext | None = None
) -> Iterator[Recorder]:
    recorder = Recorder(change, changes_all=context is not None)

    class Udp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            sock.sendto(recorder.respond(wire, "udp"), self.client_address)

    class Tcp(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            length = int.from_bytes(self.rfile.read(2), "big")
            answer = recorder.respond(self.rfile.read(length), "tcp")
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)

    class TcpServer(socketserver.TCPServer):
        def get_request(self) -> tuple[socket.socket, Any]:
            accepted, address = super().get_request()
            if context is not None:
                accepted = context.wrap_socket(
                    accepted, server_side=True, do_handshake_on_connect=False
                )
            return accepted, address

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a certificate that is refused ends the connection."""

    with ExitStack() as opened:
        tcp = opened.enter_context(TcpServer(("127.0.0.1", 0), Tcp))
        recorder.port = tcp.server_address[1]
        udp = opened.enter_context(
            socketserver.UDPServer(("127.0.0.1", recorder.port), Udp)
        )
        for server in (tcp, udp):
            threading.Thread(
                target=server.serve_forever, args=(0.05,), daemon=True
            ).start()
            opened.callback(server.shutdown)
        yield recorder


def as_it_is(_query: dns.message.Message, _response: dns.message.Message) -> None:
    pass


def truncate(_query: dns.message.Message, response: dns.message.Message) -> None:
    response.answer.clear()
    response.flags |= dns.flags.TC


def test_room_is_asked_for_by_edns_that_no_network_cuts() -> None:
    with recording(as_it_is) as server:
        assert dns_keys([Server("127.0.0.1", server.port)], DEFAULT).find(NAME) == KEY

    [(_, query)] = server.queries
    assert (query.edns, query.payload) == (0, 1232)


def test_a_truncated_answer_comes_again_by_tcp() -> None:
    with recording(truncate) as server:
        assert dns_keys([Server("127.0.0.1", server.port)], DEFAULT).find(NAME) == KEY

    assert [way for way, _ in server.queries] == ["udp", "tcp"]


@pytest.mark.parametrize("rcode", [dns.rcode.FORMERR, dns.rcode.NOTIMP])
def test_an_old_name_server_is_asked_again_without_edns(
    rcode: dns.rcode.Rcode,
) -> None:
    def know_no_edns(query: dns.message.Message, response: dns.message.Message) -> None:
        if query.edns >= 0:
            response.answer.clear()
            response.use_edns(False)
            response.set_rcode(rcode)

    with recording(know_no_edns) as server:
        assert dns_keys([Server("127.0.0.1", server.port)], DEFAULT).find(NAME) == KEY

    assert [query.edns for _, query in server.queries] == [0, -1]


def facts(change: Change) -> ServerFacts:
    with recording(change) as server:
        return examine_server(Server("127.0.0.1", server.port), NAME, 5.0)


def test_a_name_server_is_examined_by_udp_edns_and_tcp() -> None:
    def forget_edns(_: dns.message.Message, response: dns.message.Message) -> None:
        response.use_edns(False)

    assert facts(as_it_is) == ServerFacts(True, True, True)
    assert facts(forget_edns) == ServerFacts(True, False, True)


def test_that_there_is_no_such_name_is_an_answer_and_a_failure_is_none() -> None:
    def say(rcode: dns.rcode.Rcode) -> Change:
        return lambda _, response: response.set_rcode(rcode)

    assert facts(say(dns.rcode.NXDOMAIN)).answers
    assert not facts(say(dns.rcode.SERVFAIL)).answers
    assert not facts(say(dns.rcode.REFUSED)).answers


def test_a_name_server_by_udp_alone_and_one_that_is_silent_are_told_apart() -> None:
    with serving_dns({NAME: KEY}) as server:
        by_udp = examine_server(server.endpoint, NAME, 5.0)
        server.is_silent = True
        silent = examine_server(server.endpoint, NAME, 0.2)

    assert by_udp == ServerFacts(True, True, False)
    assert silent == ServerFacts(False, False, False)


def test_an_old_name_server_that_refuses_both_has_failed() -> None:
    def refuse(_: dns.message.Message, response: dns.message.Message) -> None:
        response.answer.clear()
        response.set_rcode(dns.rcode.NOTIMP)

    with recording(refuse) as server, pytest.raises(Unreachable):
        dns_keys([Server("127.0.0.1", server.port)], DEFAULT).find(NAME)

    assert len(server.queries) == 2


# Over TLS, and what a validating resolver says ----------------------------------------


def validate(_query: dns.message.Message, response: dns.message.Message) -> None:
    response.flags |= dns.flags.AD


def trusted(authority: Authority, tmp_path: Path) -> Path:
    """Return the file by which a CA is an anchor of this process."""
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.pem)
    return file


@pytest.fixture
def over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Recorder, Authority]]:
    """Give a name server over TLS that DNSSEC confirms, and the CA of the system."""
    authority = Authority.make()
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted(authority, tmp_path)))
    context = server_context(authority.issue("localhost"), tmp_path)
    with recording(validate, context) as server:
        yield server, authority


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_name_server_over_tls_is_asked_over_nothing_else(
    over_tls: tuple[Recorder, Authority], name: str
) -> None:
    recorder, _ = over_tls
    server = Server("127.0.0.1", recorder.port, name)
    found = dns_keys([server], DEFAULT)

    assert found.find(NAME) == KEY
    assert found.is_validated(NAME)
    assert examine_server(server, NAME, 5.0) == ServerFacts(True, True, True)
    assert {way for way, _ in recorder.queries} == {"tcp"}


@pytest.mark.parametrize("is_known", [True, False], ids=["other name", "other CA"])
def test_a_certificate_that_is_not_the_servers_is_no_answer(
    over_tls: tuple[Recorder, Authority],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_known: bool,
) -> None:
    recorder, _ = over_tls
    name = "dns.example" if is_known else "127.0.0.1"
    if not is_known:
        other = trusted(Authority.make(), tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
    server = Server("127.0.0.1", recorder.port, name)

    with pytest.raises(Unreachable):
        dns_keys([server], DEFAULT).find(NAME)
    assert not examine_server(server, NAME, 5.0).answers
    assert recorder.queries == []


def test_that_dnssec_confirms_it_is_believed_of_this_machine_and_over_tls_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with recording(validate) as recorder:
        near = dns_keys([Server("127.0.0.1", recorder.port)], DEFAULT)
        near.find(NAME)
        monkeypatch.setattr(Server, "is_trusted", False)
        far = dns_keys([Server("127.0.0.1", recorder.port)], DEFAULT)
        far.find(NAME)

    assert near.is_validated(NAME)
    assert not far.is_validated(NAME)
    asked = [bool(query.flags & dns.flags.AD) for _, query in recorder.queries]
    assert asked == [True, False]


def test_without_the_word_of_the_resolver_nothing_is_confirmed() -> None:
    with recording(as_it_is) as recorder:
        found = dns_keys([Server("127.0.0.1", recorder.port)], DEFAULT)
        found.find(NAME)

    assert not found.is_validated(NAME)
    assert not found.is_validated(OTHER)


@pytest.mark.parametrize(
    ("server", "is_trusted"),
    [
        (Server("127.0.0.53"), True),
        (Server("::1"), True),
        (Server("1.1.1.1"), False),
        (Server("192.168.1.1"), False),
        (Server("1.1.1.1", 853, "1.1.1.1"), True),
    ],
)
def test_whose_answers_nobody_can_alter(server: Server, is_trusted: bool) -> None:
    assert server.is_trusted == is_trusted
