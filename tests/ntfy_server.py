"""A small ntfy server on loopback, as faithful as what watcher uses of it.

It checks each request against ntfy's documentation ("Publish as JSON", "Updating +
deleting notifications", since 2.16) and keeps what a phone that listens would show.
"""

import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.environment import PATIENCE_S

FIELDS = {
    *("topic", "message", "title", "tags", "priority", "actions", "click", "attach"),
    *("markdown", "icon", "filename", "delay", "email", "call", "cache", "firebase"),
    "sequence_id",
}
"""What may stand in a message; a server answers 400 to any other type."""
TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    token: str | None
    body: dict[str, Any]


@dataclass(slots=True)
class NtfyServer:
    """What the server was asked for, and how it is to behave."""

    port: int = 0
    scheme: str = "http"
    topic: str = "secret-topic-8x3"
    """What the phone listens to; empty: to anything."""
    token: str | None = None
    """The only token that is taken; None: nobody needs one."""
    writes_only: bool = False
    """Whether nobody may read, and so ask whether they may read."""
    replaces: bool = True
    """Whether it knows sequence ids: it is ntfy 2.16 or later."""
    refusals: list[int] = field(default_factory=list)
    """The statuses of the next answers, in place of what is right."""
    location: str | None = None
    """Where refusals send the client on to."""
    is_mute: bool = False
    """Whether it takes requests and never answers."""
    requests: list[Request] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The messages that a phone shows, by their sequence ids."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """The topic's address."""
        return f"{self.scheme}://localhost:{self.port}/{self.topic}"

    @property
    def published(self) -> list[dict[str, Any]]:
        """Every message, the oldest first."""
        posts = [one for one in self.requests if one.method in {"POST", "PUT"}]
        return [one.body for one in posts]

    def await_shown(self, count: int) -> list[dict[str, Any]]:
        """Return what the phone shows, once it is so many messages."""
        with self.changed:
            is_so = self.changed.wait_for(lambda: len(self.shown) == count, PATIENCE_S)
            assert is_so, f"{len(self.shown)} are shown: {self.requests}"
            return list(self.shown.values())

    def await_requests(self, count: int) -> list[Request]:
        """Return the requests, once there are so many."""
        with self.changed:
            is_so = self.changed.wait_for(
                lambda: len(self.requests) >= count, PATIENCE_S
            )
            assert is_so, self.requests
            return list(self.requests)

    def answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Do what is asked for; return the status and the answer."""
        with self.changed:
            self.requests.append(request)
            try:
                return self._answer(request)
            finally:
                self.changed.notify_all()

    def _answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        if self.refusals:
            return self.refusals.pop(0), {"error": f"about {self.topic}"}
        if (request.method, request.path) == ("GET", "/v1/health"):
            return 200, {"healthy": True}
        if self.token is not None and request.token != self.token:
            return 401, {"code": 40101, "http": 401, "error": "unauthorized"}
        if request.method == "GET":
            if self.writes_only:
                return 403, {"code": 40301, "http": 403, "error": "forbidden"}
            return (200 if request.path == f"/{self.topic}/auth" else 404), {}
        if request.method == "DELETE":
            return self._delete(request.path)
        return self._publish(request)

    def _publish(self, request: Request) -> tuple[int, dict[str, Any]]:
        body = request.body
        is_good = request.path == "/" and body.keys() <= FIELDS
        topic = body.get("topic", "")
        if not (
            is_good and TOPIC.fullmatch(topic) and 1 <= body.get("priority", 3) <= 5
        ):
            return 400, {"code": 40024, "http": 400, "error": "invalid request"}
        identity = f"id{len(self.requests)}"
        answer = {"id": identity, "event": "message", **body}
        sequence = body.get("sequence_id")
        if not self.replaces:
            answer.pop("sequence_id", None)
            sequence = None
        if topic == (self.topic or topic):
            self.shown[sequence or identity] = body
        return 200, answer

    def _delete(self, path: str) -> tuple[int, dict[str, Any]]:
        _, topic, *rest = path.split("/")
        if not self.replaces or topic != self.topic or len(rest) != 1:
            return 404, {"code": 40401, "http": 404, "error": "page not found"}
        self.shown.pop(rest[0], None)
        return 200, {"event": "message_delete", "sequence_id": rest[0]}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def _handle(self) -> None:
        ntfy = self.server.ntfy
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        status, answer = ntfy.answer(
            Request(
                self.command, self.path, token or None, json.loads(raw) if raw else {}
            )
        )
        if ntfy.is_mute:
            self.server.is_ended.wait(PATIENCE_S)
            return
        content = json.dumps(answer).encode()
        self.send_response(status)
        if ntfy.location:
            self.send_header("Location", ntfy.location)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ntfy: NtfyServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ntfy = ntfy
        self.is_ended = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A client that trusts no certificate hangs up: that is no news."""


@contextmanager
def serving_ntfy(context: ssl.SSLContext | None = None) -> Iterator[NtfyServer]:
    """Serve on a free port of 127.0.0.1, with a TLS context encrypted."""
    ntfy = NtfyServer()
    with _Server(ntfy) as server:
        ntfy.port = server.server_address[1]
        if context is not None:
            ntfy.scheme = "https"
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield ntfy
        finally:
            server.is_ended.set()
            server.shutdown()
            thread.join()
