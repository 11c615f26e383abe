"""Pushes to every service that apprise knows, by a process of its own.

apprise takes long to import, and its plugins are other people's code: so it gets an
environment without secrets, a bound in time and the message on its standard input,
where the address is seen by no other program.
"""

import json
import sys
from enum import IntEnum
from pathlib import Path

import watcher
from watcher.child import Children, bare_environment
from watcher.errors import NotificationFailed, reason_of
from watcher.i18n import Text
from watcher.notify.push import Pusher, PushMessage

TIMEOUT_S = 30.0
"""For the import, which takes a second on a small computer, and the service."""

CHILD = (sys.executable, "-P", "-m", "watcher.notify.apprise_child")
_ENVIRONMENT = frozenset(
    {
        *("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("SYSTEMROOT", "WINDIR", "TEMP", "TMP", "USERPROFILE", "APPDATA"),
    }
)
"""What Python and apprise need; the rest could hold a secret."""


class Outcome(IntEnum):
    """How the process ended: its exit status."""

    SENT = 0
    NOT_SENT = 11
    NOT_UNDERSTOOD = 12
    NOT_INSTALLED = 13


class Apprise(Pusher):
    """A service by its apprise URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._children = Children(at_most=1)

    @property
    def place(self) -> str:
        """The service's name, as the address begins: the rest may be secret."""
        return self._url.partition(":")[0]

    def send(self, message: PushMessage) -> None:
        """Let the process send it."""
        text = "\n".join(filter(None, (message.text, message.link)))
        self._run({"url": self._url, "title": message.title, "body": text})

    def check(self) -> None:
        """Let the process read the address, and send nothing."""
        self._run({"url": self._url})

    def close(self) -> None:
        """End the process if it is at work."""
        self._children.end()

    def _run(self, request: dict[str, str]) -> None:
        found_at = {"PYTHONPATH": str(Path(watcher.__path__[0]).parent)}
        try:
            status = self._children.run(
                CHILD,
                text=json.dumps(request),
                environment=bare_environment(_ENVIRONMENT) | found_at,
                patience_s=TIMEOUT_S,
            )
        except OSError as error:
            why = reason_of(error)
            raise NotificationFailed(_NOT_STARTED, why=why) from None
        if status == Outcome.SENT:
            return
        text = _SLOW if status is None else _WHY.get(status) or _NOT_SENT
        raise NotificationFailed(text, service=self.place)


_NOT_STARTED = Text(
    en="apprise cannot be started ({why}).", ja="apprise を起動できません({why})。"
)
_SLOW = Text(
    en="apprise did not come to an end in time ({service}).",
    ja="apprise が時間内に終わりませんでした({service})。",
)
_NOT_SENT = Text(
    en="apprise could not send it by {service}: check url under [push].",
    ja="apprise で {service} に送れませんでした。[push] の url を確かめてください。",
)
_WHY: dict[int, Text] = {
    Outcome.NOT_UNDERSTOOD: Text(
        en="apprise does not understand url under [push], which begins with "
        "{service}://. Its documentation lists the forms.",
        ja="[push] の url({service}:// で始まるもの)を apprise が理解できません。"
        "書き方は apprise の説明書にあります。",
    ),
    Outcome.NOT_INSTALLED: Text(
        en="{service}:// needs apprise, which is not installed: install watcher with "
        "its extra, like pip install '.[push]'.",
        ja="{service}:// には apprise が必要です。pip install '.[push]' のように、"
        "watcher を push 付きでインストールしてください。",
    ),
}
