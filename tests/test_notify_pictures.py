"""Pictures of every kind of notification in each language, for people to check.

`WATCHER_PICTURES=1 pytest tests/test_notify_pictures.py` draws them anew; otherwise the
tests only see to it that none is missing.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import desktop
from tests.desktop import Desktop, Server
from tests.factories import every_kind
from watcher.i18n import Language
from watcher.notify.freedesktop import Freedesktop

PICTURES = Path(__file__).parent / "pictures"
SERVERS: dict[str, Server] = {
    "dunst": desktop.dunst,
    "xfce": desktop.xfce,
    "mate": desktop.mate,
    "lxqt": desktop.lxqt,
    "notification-daemon": desktop.notification_daemon,
}
KINDS = {server: sorted(every_kind(Language.EN)) for server in ("dunst", "xfce")}
SAME_ELSEWHERE = ["armed", "ask", "ask-code", "not-opened"]
SHOWN = [
    (server, kind) for server in SERVERS for kind in KINDS.get(server, SAME_ELSEWHERE)
]
LARGEST_BYTES = 16_000

draws = os.environ.get("WATCHER_PICTURES") == "1"


def _path(server: str, kind: str, language: Language) -> Path:
    return PICTURES / f"{server}-{kind}-{language}.png"


@pytest.fixture
def in_japan(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the clock times in the pictures be those of Japan wherever they are drawn."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.skipif(not draws, reason="WATCHER_PICTURES=1 draws the pictures anew")
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.usefixtures("in_japan")
def test_draw(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PICTURES.mkdir(exist_ok=True)
    with desktop.desktop(SERVERS[server]) as one:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", one.bus.address)
        for language in Language:
            _draw(server, language, one)


def _draw(server: str, language: Language, one: Desktop) -> None:
    notifications = every_kind(language)
    for kind in KINDS.get(server, SAME_ELSEWHERE):
        channel = Freedesktop(lambda replaces_id, action: None)
        channel.show(notifications[kind])
        one.picture(_path(server, kind, language))
        channel.close()
        one.restart()


@pytest.mark.parametrize(("server", "kind"), SHOWN)
@pytest.mark.parametrize("language", Language)
def test_there_is_a_small_picture_of(
    server: str, kind: str, language: Language
) -> None:
    picture = _path(server, kind, language).read_bytes()

    assert picture.startswith(b"\x89PNG\r\n")
    assert len(picture) < LARGEST_BYTES
