"""A small push server on loopback with one topic, and the phone that listens to it.

It implements what watcher uses of ntfy 2.16 ("Publish as JSON", "Updating + deleting
notifications"). Messages are kept in memory alone.
"""

import json
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from watcher.demo.server import running

BODY_BYTES = 65536
"""A message is some hundred bytes."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that has reached the phone."""

    title: str
    text: str
    click: str | None
    """The link that a tap would open."""
    is_new: bool
    """Whether it takes no earlier message's place."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A message that was taken off the phone."""


OnChange = Callable[[Received | Withdrawn], None]


@dataclass(slots=True)
class Topic:
    """The messages that a phone shows, by their sequence ids."""

    name: str = field(repr=False)
    on_change: OnChange
    """Called in the thread of a request with what has become of a message."""
    _shown: set[str] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether the phone shows nothing."""
        return not self._shown

    def publish(self, body: Any) -> HTTPStatus:  # noqa: ANN401 -- any JSON
        """Show a message, or put it into the place of the earlier one."""
        match body:
            case {
                "topic": self.name,
                "title": str(title),
                "message": str(text),
                "sequence_id": str(sequence_id),
            }:
                is_new = sequence_id not in self._shown
                self._shown.add(sequence_id)
                self.on_change(Received(title, text, body.get("click"), is_new))
                return HTTPStatus.OK
            case _:
                return HTTPStatus.BAD_REQUEST

    def delete(self, path: str) -> HTTPStatus:
        """Take a message off the phone; `path` names topic and sequence id."""
        _, _, sequence_id = path.rpartition("/")
        if path != f"/{self.name}/{sequence_id}" or sequence_id not in self._shown:
            return HTTPStatus.NOT_FOUND
        self._shown.remove(sequence_id)
        self.on_change(Withdrawn())
        return HTTPStatus.OK


class _Server(socketserver.ThreadingTCPServer):
    # `http.server.HTTPServer` would ask the name server for its own name.
    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, topic: Topic) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.topic = topic

    def handle_error(self, *_: object) -> None:
        """Print nothing of what a stranger on this machine has sent."""


@contextmanager
def serving_topic(topic: Topic) -> Iterator[str]:
    """Serve a topic on loopback inside the `with` block; yield its URL."""
    with running(_Server(topic)) as port:
        yield f"http://127.0.0.1:{port}/{topic.name}"


class _Request(BaseHTTPRequestHandler):
    """One request, one thread."""

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), BODY_BYTES)
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            body = None
        self._answer(self._topic.publish(body), body)

    def do_DELETE(self) -> None:
        self._answer(self._topic.delete(self.path), {"event": "message_delete"})

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    @property
    def _topic(self) -> Topic:
        return cast(_Server, self.server).topic

    def _answer(self, status: HTTPStatus, content: object) -> None:
        """Answer with what was asked for, as ntfy does."""
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
