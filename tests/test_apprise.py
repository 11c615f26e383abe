"""Pushes by apprise: the real one, in a process that no other program can look into."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import linux_only
from tests.ntfy_server import NtfyServer, serving_ntfy
from watcher.errors import NotificationFailed
from watcher.i18n import Language
from watcher.notify import apprise
from watcher.notify.apprise import Apprise, Outcome
from watcher.notify.push import PushMessage

LINK = "https://www.amazon.co.jp/a/c/r/token123"
MESSAGE = PushMessage(key="1", title="Amazon サインインの承認", text="残り 4:20")


@pytest.fixture
def server() -> Iterator[NtfyServer]:
    with serving_ntfy() as server:
        yield server


def url_of(server: NtfyServer) -> str:
    """Return the server's topic as apprise writes it."""
    return f"ntfy://127.0.0.1:{server.port}/{server.topic}"


def failure(pusher: Apprise, language: Language = Language.EN) -> str:
    with pytest.raises(NotificationFailed) as caught:
        pusher.send(MESSAGE)
    assert "secret-topic" not in str(caught.value) + repr(caught.value.data)
    return caught.value.say(language)


def test_a_message_is_sent_by_apprise(server: NtfyServer) -> None:
    Apprise(url_of(server)).send(MESSAGE)

    (body,) = server.published
    assert (body["topic"], body["title"]) == (server.topic, MESSAGE.title)
    assert body["message"] == "残り 4:20"


def test_a_link_stands_below_the_text(server: NtfyServer) -> None:
    linked = PushMessage(key="1", title="t", text="残り 4:20", link=LINK)
    Apprise(url_of(server)).send(linked)

    (body,) = server.published
    assert body["message"].splitlines() == ["残り 4:20", LINK]


def test_a_check_sends_nothing(server: NtfyServer) -> None:
    Apprise(url_of(server)).check()

    assert server.requests == []


def test_a_service_that_takes_nothing_is_told(server: NtfyServer) -> None:
    server.refusals = [500] * 10

    assert failure(Apprise(url_of(server))).startswith("apprise could not send it")


def test_an_address_that_apprise_does_not_know_is_told_without_what_is_secret() -> None:
    said = failure(Apprise("nosuch://secret-topic"))

    assert said.startswith("apprise does not understand url under [push]")
    assert "nosuch://" in said
    with pytest.raises(NotificationFailed, match="does not understand"):
        Apprise("nosuch://secret-topic").check()


def ended_by(
    monkeypatch: pytest.MonkeyPatch, code: str, language: Language = Language.EN
) -> str:
    """Return what is said where the process is another program."""
    monkeypatch.setattr(apprise, "CHILD", (sys.executable, "-c", code))
    return failure(Apprise("ntfy://secret-topic"), language)


def test_that_apprise_is_not_installed_is_told_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = f"raise SystemExit({Outcome.NOT_INSTALLED:d})"

    assert "pip install '.[push]'" in ended_by(monkeypatch, code)
    assert "pip install '.[push]'" in ended_by(monkeypatch, code, Language.JA)


def test_the_process_says_so_where_apprise_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = "import sys; sys.modules['apprise'] = None\n"
    code = f"{block}from watcher.notify.apprise_child import main; sys.exit(main())"

    assert "is not installed" in ended_by(monkeypatch, code)


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apprise, "TIMEOUT_S", 0.3)

    assert "did not come to an end" in ended_by(
        monkeypatch, "import time; time.sleep(60)"
    )


def test_a_process_that_cannot_be_started_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apprise, "CHILD", ("/nonexistent/python",))

    assert failure(Apprise("ntfy://t")).startswith("apprise cannot be started")


@linux_only("/proc")
def test_the_process_gets_no_secret_by_its_arguments_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record"
    code = (
        "import pathlib; read = lambda name: pathlib.Path('/proc/self', name)"
        ".read_bytes(); "
        f"pathlib.Path({str(record)!r}).write_bytes(read('cmdline') + read('environ'))"
    )
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    monkeypatch.setattr(apprise, "CHILD", (sys.executable, "-c", code))
    Apprise("ntfy://secret-topic").send(MESSAGE)

    found = record.read_bytes()
    assert b"PATH=" in found
    for secret in (b"secret-topic", b"hunter2", "サインイン".encode()):
        assert secret not in found


def test_its_end_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    pusher = Apprise("ntfy://secret-topic")
    pusher.close()

    assert "did not come to an end" in failure(pusher)


def test_nothing_that_is_printed_of_it_holds_the_address() -> None:
    assert "secret-topic" not in repr(Apprise("ntfy://secret-topic"))
    assert Apprise("tgram://bot-token/chat").place == "tgram"
