"""What msal sends and gets: HTTPS, verified, bounded in time and bytes, no redirects.

An answer that is no object of JSON never gets as far as msal.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlencode, urlsplit

from watcher.clock import call_with_timeout
from watcher.oauth.outcome import Failure, NoToken
from watcher.oauth.provider import metadata

STEP_TIMEOUT_S = 10.0
"""For each step on the wire; `TIMEOUT_S` bounds them all together."""
TIMEOUT_S = 20.0

ANSWER_BYTES = 256 * 1024
"""A token has some thousand bytes, and an answer holds three."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, as msal reads it."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def raise_for_status(self) -> None:
        """Do nothing: what msal would raise has been raised already."""


class Wire:
    """The way to one authorisation server."""

    def __init__(self, server: str) -> None:
        self._server = server

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """What trusts the system's CAs: they are read once, and only if need be."""
        return ssl.create_default_context()

    def get(self, _: str, **__: object) -> Answer:
        """Return the endpoints: they are all that msal gets."""
        return Answer(200, json.dumps(metadata(self._server)))

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, str | None],
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> Answer:
        """Send a form (RFC 6749 §4), and return what is answered.

        Raises:
            NoToken: the server cannot be reached, or has no fit answer.
        """
        to = urlsplit(url)
        sent = {
            **(headers or {}),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({key: one for key, one in data.items() if one is not None})
        connection = HTTPSConnection(
            to.hostname or "",
            to.port,
            timeout=STEP_TIMEOUT_S,
            context=self._context,
        )

        def exchange() -> tuple[int, bytes]:
            connection.request("POST", to.path, form.encode(), sent)
            response = connection.getresponse()
            return response.status, response.read(ANSWER_BYTES + 1)

        try:
            status, content = call_with_timeout(exchange, timeout_s=TIMEOUT_S)
        except TimeoutError:
            raise NoToken(Failure.UNREACHABLE, "timeout") from None
        except ssl.SSLCertVerificationError as error:
            raise NoToken(Failure.UNREACHABLE, error.verify_message) from None
        except ssl.SSLError as error:
            raise NoToken(Failure.UNREACHABLE, error.reason or "TLS") from None
        except OSError as error:
            raise NoToken.of_system(Failure.UNREACHABLE, error) from None
        except HTTPException as error:
            # Its text could hold what was answered.
            raise NoToken(Failure.SERVER, type(error).__name__) from None
        finally:
            _cut(connection)
        return _fit(status, content)

    def close(self) -> None:
        """Do nothing: each exchange has a connection of its own."""


def _fit(status: int, content: bytes) -> Answer:
    """Return an answer that msal may read.

    Raises:
        NoToken: the server has trouble, sends on, or says what is no object of JSON.
    """
    if not (status == 200 or (400 <= status < 500 and status != 429)):
        raise NoToken(Failure.SERVER, f"HTTP {status}")
    try:
        read = json.loads(content) if len(content) <= ANSWER_BYTES else None
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise NoToken(Failure.SERVER, f"HTTP {status}, no JSON")
    return Answer(status, json.dumps(read))


def _cut(connection: HTTPSConnection) -> None:
    """Close a connection, also under a thread that still waits for it."""
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()
