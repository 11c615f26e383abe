"""A small authorisation server on loopback, as faithful as what watcher uses of it.

Device code (RFC 8628), refreshing (RFC 6749 §6) and, for Dovecot, introspection
(RFC 7662). Its paths, its error codes and their numbers are Microsoft's.
"""

import base64
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlsplit
from urllib.request import urlopen

from tests.environment import PATIENCE_S
from tests.servers import Authority, server_context

CLIENT_ID = "11111111-2222-3333-4444-555555555555"
SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PATH = "/consumers/oauth2/v2.0"
CODE = "ABCDE1234"

Wrong = Callable[[BaseHTTPRequestHandler, threading.Event], None]
"""Answers a request as no server should."""


@dataclass(slots=True)
class OAuthServer:
    """What the server knows, how it is to behave, and what it was asked."""

    port: int = 0
    introspection_port: int = 0
    """In clear text: Dovecot trusts it since it is on this machine."""
    user: str = "me@outlook.jp"
    lifetime_s: int = 3600
    """Of an access token."""
    code_lifetime_s: int = 900
    error: str | None = "authorization_pending"
    """What is answered to a device code; None: it was entered."""
    refusal: str | None = None
    """What is answered to a refresh token; None: it is taken."""
    token_type: str = "Bearer"
    interval_s: int = 1
    wrong: Wrong | None = None
    """How each request for a token is answered instead."""
    refreshing: set[str] = field(default_factory=set)
    """The refresh tokens that are taken."""
    good: dict[str, float] = field(default_factory=dict)
    """Until when access tokens are good, by themselves."""
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def authority(self) -> str:
        """The address by which watcher names it."""
        return f"https://localhost:{self.port}/consumers"

    @property
    def place(self) -> str:
        """What a socket connects to."""
        return f"127.0.0.1:{self.port}"

    @property
    def grants(self) -> list[str]:
        """What tokens were asked for by, the oldest first."""
        names = {GRANT: "code", "refresh_token": "refresh"}
        asked = [form.get("grant_type") for _, form in list(self.requests)]
        return [names[grant] for grant in asked if grant]

    def await_grants(self, count: int) -> None:
        """Return once tokens were asked for so many times."""
        with self.changed:
            is_so = self.changed.wait_for(lambda: len(self.grants) >= count, PATIENCE_S)
            assert is_so, self.requests

    def revoke(self) -> None:
        """Take no token any more that was given."""
        self.refreshing.clear()
        self.good.clear()
        self.refusal = "invalid_grant"

    def expire(self) -> None:
        """Take no access token any more that was given."""
        self.good.clear()

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and what is answered to a form."""
        if form.get("client_id") != CLIENT_ID:
            return _error("unauthorized_client", 700016)
        if path == f"{PATH}/devicecode":
            assert SCOPE in form["scope"].split()
            return 200, {
                "user_code": CODE,
                "device_code": "the-device",
                "verification_uri": "https://www.microsoft.com/link",
                "expires_in": self.code_lifetime_s,
                "interval": self.interval_s,
                "message": "…",
            }
        if path != f"{PATH}/token":
            return 404, {"error": "not_found"}
        if form["grant_type"] == GRANT:
            assert form["device_code"] == "the-device"
            return _error(self.error, 70016) if self.error else (200, self._tokens())
        if self.refusal or form["refresh_token"] not in self.refreshing:
            return _error(self.refusal or "invalid_grant", 70000)
        return 200, self._tokens()

    def _tokens(self) -> dict[str, Any]:
        token = f"access-{self.introspection_port}-{uuid.uuid4().hex}"
        refreshing = f"refresh-{uuid.uuid4().hex}"
        self.good[token] = time.time() + self.lifetime_s
        self.refreshing.add(refreshing)
        claims = {"sub": "s", "aud": CLIENT_ID, "preferred_username": self.user}
        return {
            "token_type": self.token_type,
            "scope": SCOPE,
            "expires_in": self.lifetime_s,
            "access_token": token,
            "refresh_token": refreshing,
            "id_token": f"{_part({'alg': 'none'})}.{_part(claims)}.",
            "client_info": _part({"uid": "u", "utid": "t"}),
        }

    def introspect(self, token: str) -> dict[str, Any]:
        """Return what is known of an access token (RFC 7662 §2.2)."""
        is_active = self.good.get(token, 0) > time.time()
        return {"active": True, "username": self.user} if is_active else _INACTIVE


_INACTIVE = {"active": False}


def _part(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def _error(code: str, number: int) -> tuple[int, dict[str, Any]]:
    description = f"AADSTS{number}: in many words. Trace ID: 1"
    return 400, {"error": code, "error_description": description}


class _Request(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(_Server, self.server).knows
        raw = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        form = dict(parse_qsl(raw))
        wrong = server.wrong if "grant_type" in form else None
        answer = None if wrong else server.answer(urlsplit(self.path).path, form)
        with server.changed:  # who has the answer finds the request noted
            server.requests.append((self.path, form))
            server.changed.notify_all()
        if answer:
            self.reply(*answer)
        elif wrong:
            wrong(self, server.ended)

    def do_GET(self) -> None:
        server = cast(_Server, self.server).knows
        asked = urlsplit(self.path)
        assert asked.path == "/introspect", self.path
        self.reply(200, server.introspect(dict(parse_qsl(asked.query))["token"]))

    def reply(self, status: int, content: dict[str, Any]) -> None:
        raw = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


class _Relay(_Request):
    """Asks the server that gave the token, which names its port."""

    def do_GET(self) -> None:
        (token,) = parse_qs(urlsplit(self.path).query)["token"]
        _, port, _ = token.split("-")
        with urlopen(f"http://127.0.0.1:{port}{self.path}") as answer:
            self.reply(200, json.load(answer))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        knows: OAuthServer,
        context: ssl.SSLContext | None = None,
        *,
        answers: type[_Request] = _Request,
    ) -> None:
        super().__init__(("127.0.0.1", 0), answers)
        self.knows = knows
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that went away."""


@contextmanager
def serving_oauth(folder: Path) -> Iterator[tuple[OAuthServer, dict[str, str]]]:
    """Serve while inside; give the server, and the environment that leads to it."""
    authority = Authority.make()
    ca_file = folder / "oauth-ca.pem"
    ca_file.write_bytes(authority.pem)
    knows = OAuthServer()
    context = server_context(authority.issue("localhost"), folder)
    with _serving(_Server(knows, context)) as secure, _serving(_Server(knows)) as plain:
        knows.port, knows.introspection_port = secure, plain
        try:
            yield (
                knows,
                {
                    "WATCHER_TEST_AUTHORITY": knows.authority,
                    "SSL_CERT_FILE": str(ca_file),
                },
            )
        finally:
            knows.ended.set()


@contextmanager
def relaying_introspection() -> Iterator[int]:
    """Pass Dovecot's questions on while inside; give the port for them.

    One Dovecot can serve the tests of several processes, each with its own server.
    """
    with _serving(_Server(OAuthServer(), answers=_Relay)) as port:
        yield port


@contextmanager
def _serving(server: _Server) -> Iterator[int]:
    with server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def raw(status: int, content: bytes, *headers: tuple[str, str]) -> Wrong:
    """Return what answers with this, whatever it is asked."""

    def answer(request: BaseHTTPRequestHandler, _: threading.Event) -> None:
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def endless(request: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Answer without end."""
    request.send_response(200)
    request.end_headers()
    while not ended.is_set():
        try:
            request.wfile.write(b'{"a":' + b" " * 65536)
        except OSError:
            return


def silent(_: BaseHTTPRequestHandler, ended: threading.Event) -> None:
    """Answer nothing."""
    ended.wait(PATIENCE_S)


def rude(request: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """Answer what is not HTTP."""
    request.wfile.write(b"\x00\x01 nothing of the kind\r\n\r\n")
