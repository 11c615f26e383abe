"""`watcher init`, as a user meets it: from an empty home to the first notification."""

import json
import os
import signal
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import desktop
from tests.desktop import Desktop, eventually
from tests.environment import WATCHER, Home, MailUser, Running
from tests.servers import Dovecot, NameServer
from watcher.errors import ExitCode
from watcher.i18n import Language
from watcher.notify import sentences
from watcher.setup.trial import PAGES

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="these desktops are Linux's"
)


@pytest.fixture(scope="module")
def screen() -> Iterator[Desktop]:
    with desktop.desktop(desktop.xfce) as one:
        yield one


@pytest.fixture
def newcomer(
    home: Home, dovecot: Dovecot, name_server: NameServer
) -> Iterator[MailUser]:
    """Give a user who has a mailbox, and has configured nothing."""
    home.resolve_at(name_server.address)
    user = MailUser(home, dovecot, name_server, f"user-{uuid.uuid4().hex[:12]}@example.jp")
    name_server.hosts["_imaps._tcp.example.jp", "SRV"] = (
        f"0 1 {dovecot.ports.imaps} localhost."
    )
    yield user
    end_daemon(home)


def end_daemon(home: Home) -> None:
    """End the watcher that a service has started."""
    status = home.run("status", "--json")
    pid = json.loads(status.out)["pid"] if status.out else None
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not home.run("status").code == ExitCode.OK)


@contextmanager
def asked(user: MailUser, *options: str, language: str = "ja") -> Iterator[Running]:
    """Run `init` on a terminal."""
    lang = {"ja": "ja_JP.UTF-8", "en": "C.UTF-8"}[language]
    user.home.environment["LANG"] = lang
    with user.home.started(
        "init", "--ca-file", str(user.server.ca_file), *options, is_controlled=True
    ) as run:
        yield run


def answer(run: Running, question: str, line: str) -> None:
    run.await_text(question)
    run.seen = ""
    os.write(run.terminal, f"{line}\n".encode())


def test_from_an_empty_home_to_the_first_notification(
    newcomer: MailUser, screen: Desktop, tmp_path: Path
) -> None:
    home = newcomer.home
    home.environment["DBUS_SESSION_BUS_ADDRESS"] = screen.bus.address
    newcomer.approval()
    with (
        screen.bus.recorded() as record,
        desktop.keyring(screen.bus, tmp_path / "keyring"),
    ):
        with asked(newcomer) as run:
            answer(run, "1. ", newcomer.user)
            answer(run, "2. ", "")
            answer(run, "3. ", "secret")
            run.await_text("承認リンク(")
            run.await_text("6. ")
            screen.click_last_button()
            eventually(home.opened.exists)
            answer(run, "見えましたか", "")
            run.await_text("通知、ボタン、ブラウザーのどれも動いています")
            answer(run, "7. ", "")
            assert run.await_end() == ExitCode.OK, run.seen
        assert home.opened.read_text() == PAGES[Language.JA]
        assert "secret" not in home.config.read_text()

        eventually(lambda: home.run("status").code == ExitCode.OK)
        newcomer.approval()
        record.await_title(sentences.WAS_IT_YOU.say(Language.JA))
