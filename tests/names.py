"""A small name server on loopback: answers TXT questions over UDP, or stays silent."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

TTL_S = 60


@dataclass(slots=True)
class NameServer:
    """What it knows, how it is asked, and whether it answers."""

    records: Mapping[str, bytes]
    address: str = ""
    """`ADDRESS:PORT`, as `[dkim] nameservers` has it."""
    is_silent: bool = False
    failure: dns.rcode.Rcode | None = None
    """What it answers to everything, where it is in trouble."""
    ttl_s: int = TTL_S
    questions: list[str] = field(default_factory=list)
    was_asked: threading.Event = field(default_factory=threading.Event)

    def answer(self, wire: bytes) -> bytes | None:
        """Return the answer to a question, None to let it wait."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text()
        self.questions.append(name)
        self.was_asked.set()
        if self.is_silent:
            return None
        response = dns.message.make_response(query)
        record = self.records.get(name.rstrip("."))
        if self.failure is not None or record is None:
            response.set_rcode(self.failure or dns.rcode.NXDOMAIN)
        else:
            pieces = (record[at : at + 255] for at in range(0, len(record), 255))
            quoted = " ".join(f'"{piece.decode()}"' for piece in pieces)
            response.answer.append(
                dns.rrset.from_text(name, self.ttl_s, "IN", "TXT", quoted)
            )
        return response.to_wire()


class _Server(socketserver.UDPServer):
    def __init__(self, name_server: NameServer) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.name_server = name_server


class _Question(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        question, sock = self.request
        answer = cast(_Server, self.server).name_server.answer(question)
        if answer:
            sock.sendto(answer, self.client_address)


@contextmanager
def serving(records: Mapping[str, bytes]) -> Iterator[NameServer]:
    """Answer questions while inside."""
    name_server = NameServer(records)
    with _Server(name_server) as server:
        name_server.address = "{}:{}".format(*server.server_address)
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield name_server
        finally:
            server.shutdown()
            thread.join()
