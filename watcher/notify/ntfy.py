"""Pushes to an ntfy server by its own API: JSON over HTTPS, one exchange a message.

The topic is the password of those who listen: it stands in no error, log or repr. The
certificate is always verified, a redirect never followed. A message of the same
sequence id takes the earlier one's place, and DELETE takes it back; a server before
2.16 knows neither, and says so by leaving the id out of its answer.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watcher.clock import call_with_timeout
from watcher.errors import NotificationFailed, WatcherError, reason_of
from watcher.i18n import Text
from watcher.notify.push import Pusher, PushMessage
from watcher.notify.topic import NtfyTopic

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from ssl import SSLContext

STEP_TIMEOUT_S = 5.0
"""For each step on the wire; `TIMEOUT_S` bounds them all together."""
TIMEOUT_S = 10.0

ANSWER_BYTES = 65536
"""An answer repeats the message, which is some hundred bytes."""

LOUD, SILENT = 5, 2
"""Priorities: a phone rings and vibrates at the first, and keeps still at the other."""

TAGS = ("key",)
"""Shown as an emoji before the title."""

_TOKEN = re.compile(r"[\x21-\x7e]+")
_UNKNOWN_THERE = frozenset({400, 404, 405})
"""What a server answers to a request that it does not know."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the object that it is; raise `ValueError` if it is none."""
        answer = json.loads(self.content)
        if not isinstance(answer, dict):
            raise ValueError
        return answer


class Ntfy(Pusher):
    """A topic on an ntfy server."""

    def __init__(
        self,
        topic: NtfyTopic,
        *,
        ca_file: Path | None = None,
        get_token: Callable[[], str] | None = None,
    ) -> None:
        """Prepare; `ca_file` is trusted in addition, a token asked for when needed."""
        self._topic = topic
        self._ca_file = ca_file
        self._get_token = get_token
        self._token: str | None = None
        self._replaces: bool | None = None

    @property
    def place(self) -> str:
        """The server's name."""
        return self._topic.host

    @property
    def replaces(self) -> bool:  # type: ignore[override]  # learnt from the server
        """Whether the server is known to replace a message in its place."""
        return self._replaces is True

    def send(self, message: PushMessage) -> None:
        """Publish it (ntfy: "Publish as JSON")."""
        sequence = self._sequence(message.key)
        body: dict[str, Any] = {
            "topic": self._topic.name,
            "title": message.title,
            "message": message.text,
            "priority": LOUD if message.is_urgent else SILENT,
            "tags": [*TAGS],
            "sequence_id": sequence,
        }
        if message.link is not None:
            button = {"action": "view", "label": message.link_label}
            body["click"] = message.link
            body["actions"] = [{**button, "url": message.link, "clear": True}]
        raw = json.dumps(body, ensure_ascii=False).encode()
        answer = self._accepted("POST", "/", raw)
        self._replaces = answer.get("sequence_id") == sequence

    def withdraw(self, key: str) -> None:
        """Delete it (ntfy: "Deleting notifications")."""
        if self._replaces is False:
            return
        path = f"/{self._topic.name}/{self._sequence(key)}"
        answer = self._authorised("DELETE", path)
        if answer.status not in _UNKNOWN_THERE:
            self._judge(answer)

    def check(self) -> None:
        """Ask whether it is a server of ntfy's, and well, and knows the token.

        Who may only write is refused by the second question with 403.
        """
        self._accepted("GET", "/v1/health")
        answer = self._authorised("GET", f"/{self._topic.name}/auth")
        if answer.status == 401:
            self._judge(answer)

    def _sequence(self, key: str) -> str:
        """Return a sequence id that tells nothing of a mail to whoever sees it."""
        from hashlib import sha256  # it takes long, and the first message comes later

        return sha256(f"{self._topic.name}\n{key}".encode()).hexdigest()[:32]

    def _accepted(self, method: str, path: str, body: bytes | None = None) -> Any:  # noqa: ANN401 -- an object of JSON
        answer = self._authorised(method, path, body)
        self._judge(answer)
        try:
            return answer.json()
        except ValueError:  # also UnicodeDecodeError
            raise NotificationFailed(_NO_NTFY, host=self.place) from None

    def _judge(self, answer: _Answer) -> None:
        """Raise `NotificationFailed` unless the server did what was asked."""
        status, host = answer.status, self.place
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise NotificationFailed(_ELSEWHERE, host=host)
        if status in {401, 403}:
            raise NotificationFailed(_REFUSED, host=host, status=status)
        if status == 429:
            raise NotificationFailed(_TOO_MANY, host=host)
        raise NotificationFailed(_STATUS, host=host, status=status)

    def _authorised(self, method: str, path: str, body: bytes | None = None) -> _Answer:
        """Return the answer; a token that is refused is asked for once more."""
        was_known = self._token is not None
        answer = self._request(method, path, body)
        if answer.status == 401 and self._get_token is not None:
            self._token = None
            if was_known:
                answer = self._request(method, path, body)
        return answer

    def _headers(self) -> dict[str, str]:
        headers = {"User-Agent": "watcher"}
        if self._get_token is None:
            return headers
        if self._token is None:
            try:
                token = self._get_token()
            except WatcherError:  # its words speak of a password
                raise NotificationFailed(_NO_TOKEN) from None
            if not _TOKEN.fullmatch(token):
                raise NotificationFailed(_NO_TOKEN)
            self._token = token
        return {**headers, "Authorization": f"Bearer {self._token}"}

    def _request(self, method: str, path: str, body: bytes | None) -> _Answer:
        """Return the answer to one request.

        Raises:
            NotificationFailed: there is none, or no server that can be trusted.
        """
        headers = self._headers()
        try:
            connection = self._connection()
        except OSError as error:  # `ssl.SSLError` is one
            text, why = _NO_CA_FILE, reason_of(error)
            raise NotificationFailed(text, path=self._ca_file, why=why) from None

        def exchange() -> _Answer:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return _Answer(response.status, response.read(ANSWER_BYTES))

        try:
            return call_with_timeout(exchange, timeout_s=TIMEOUT_S)
        except Exception as error:  # noqa: BLE001 -- translated
            # Whatever it says could repeat the topic or the token.
            raise self._failure(error) from None
        finally:
            _cut(connection)

    def _connection(self) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection  # few have a phone

        host, port = self._topic.host, self._topic.port
        if not self._topic.is_encrypted:
            return HTTPConnection(host, port, timeout=STEP_TIMEOUT_S)
        context = _context(self._ca_file)
        return HTTPSConnection(host, port, timeout=STEP_TIMEOUT_S, context=context)

    def _failure(self, error: Exception) -> NotificationFailed:
        from http.client import HTTPException
        from ssl import SSLCertVerificationError, SSLError

        host = self.place
        match error:
            case SSLCertVerificationError(verify_message=why):
                return NotificationFailed(_UNTRUSTED, host=host, why=why)
            case SSLError(reason=str() as why):
                return NotificationFailed(_UNREACHABLE, host=host, why=why)
            case TimeoutError():
                return NotificationFailed(_SILENT, host=host)
            case OSError():
                cause = reason_of(error)
                return NotificationFailed(_UNREACHABLE, host=host, why=cause)
            case HTTPException():
                return NotificationFailed(_NO_NTFY, host=host)
            case _:
                why = type(error).__name__
                return NotificationFailed(_UNREACHABLE, host=host, why=why)


def _context(ca_file: Path | None) -> "SSLContext":
    import ssl

    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # as for mail servers: a CA made at home names no key identifiers
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _cut(connection: "HTTPConnection") -> None:
    """Close a connection, also under a thread that still waits for it."""
    import socket
    from contextlib import suppress

    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


_UNREACHABLE = Text(
    en="The push server {host} cannot be reached ({why}): check the network, and url "
    "under [push].",
    ja="プッシュのサーバー {host} につながりません({why})。"
    "ネットワークと [push] の url を確かめてください。",
)
_SILENT = Text(
    en="The push server {host} does not answer: check the network, and url under "
    "[push].",
    ja="プッシュのサーバー {host} が応答しません。ネットワークと [push] の url を"
    "確かめてください。",
)
_UNTRUSTED = Text(
    en="The certificate of the push server {host} is not trusted ({why}). If the "
    "server is your own, name its CA by ca_file under [push].",
    ja="プッシュのサーバー {host} の証明書を信頼できません({why})。"
    "ご自分のサーバーなら、[push] の ca_file にその CA を書いてください。",
)
_NO_CA_FILE = Text(
    en="ca_file under [push], {path}, cannot be used ({why}): it must be a certificate "
    "in PEM.",
    ja="[push] の ca_file({path})を使えません({why})。PEM 形式の証明書を書いて"
    "ください。",
)
_NO_NTFY = Text(
    en="{host} does not answer as an ntfy server does: check url under [push].",
    ja="{host} は ntfy のサーバーではないようです。[push] の url を確かめてください。",
)
_ELSEWHERE = Text(
    en="{host} sends on to another address, which is not followed: write that one "
    "under [push] url.",
    ja="{host} は別のアドレスへ転送しますが、転送先には送りません。[push] の url に"
    "転送先を書いてください。",
)
_REFUSED = Text(
    en="The push server {host} refuses this topic or token (status {status}): check "
    "url and token_command under [push].",
    ja="プッシュのサーバー {host} に拒否されました(状態 {status})。[push] の url と "
    "token_command を確かめてください。",
)
_TOO_MANY = Text(
    en="The push server {host} takes no more messages for now (status 429): wait a "
    "while, or use another server.",
    ja="プッシュのサーバー {host} は、今はこれ以上受け取りません(状態 429)。"
    "しばらく待つか、別のサーバーを使ってください。",
)
_STATUS = Text(
    en="The push server {host} did not take it (status {status}): try again later.",
    ja="プッシュのサーバー {host} が受け取りませんでした(状態 {status})。"
    "しばらくして試してください。",
)
_NO_TOKEN = Text(
    en="token_command under [push] gave no token: run it by hand to see why.",
    ja="[push] の token_command からトークンを取り出せません。自分で実行して"
    "確かめてください。",
)
