"""What an ntfy server is asked for, and what is said of one that fails."""

import dataclasses
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.environment import saying
from tests.ntfy_server import NtfyServer, serving_ntfy
from tests.servers import Authority, free_port, server_context
from watcher.config.push import pusher_of
from watcher.config.push_url import push_topic
from watcher.config.schema import Push
from watcher.errors import ConfigError, NotificationFailed
from watcher.i18n import Language, Text
from watcher.notify import ntfy as ntfy_module
from watcher.notify.ntfy import Ntfy
from watcher.notify.push import PushMessage
from watcher.notify.topic import NtfyTopic

LINK = "https://www.amazon.co.jp/a/c/r/token123"
MESSAGE = PushMessage(
    key="<1@amazonses.com>", title="Amazon サインインの承認", text="残り 4:20"
)
LINKED = dataclasses.replace(MESSAGE, link=LINK, link_label="承認ページを開く")


@pytest.fixture
def server() -> Iterator[NtfyServer]:
    with serving_ntfy() as server:
        yield server


def ntfy(server: NtfyServer, get_token: Callable[[], str] | None = None) -> Ntfy:
    topic = push_topic(server.url)
    assert topic is not None
    return Ntfy(topic, get_token=get_token)


def failure(pusher: Ntfy, language: Language = Language.EN) -> str:
    """Return what is said of a message that cannot be sent."""
    with pytest.raises(NotificationFailed) as caught:
        pusher.send(MESSAGE)
    said = caught.value.say(language)
    assert "secret-topic" not in said + repr(caught.value) + repr(caught.value.data)
    assert "secret-topic" not in str(caught.value.__cause__)
    return said


def test_a_message_is_published_as_json_with_the_topic_in_the_body_alone(
    server: NtfyServer,
) -> None:
    ntfy(server).send(MESSAGE)

    (request,) = server.requests
    sequence = request.body.pop("sequence_id")
    assert (request.method, request.path, request.token) == ("POST", "/", None)
    assert request.body == {
        "topic": server.topic,
        "title": "Amazon サインインの承認",
        "message": "残り 4:20",
        "priority": 5,
        "tags": ["key"],
    }
    assert len(sequence) == 32
    assert "amazonses" not in sequence


def test_a_link_is_opened_by_a_tap_and_by_a_button(server: NtfyServer) -> None:
    ntfy(server).send(LINKED)

    (body,) = server.published
    assert body["click"] == LINK
    assert body["actions"] == [
        {"action": "view", "label": "承認ページを開く", "url": LINK, "clear": True}
    ]


def test_a_message_of_the_same_key_takes_the_place_of_the_former(
    server: NtfyServer,
) -> None:
    pusher = ntfy(server)
    pusher.send(MESSAGE)
    pusher.send(dataclasses.replace(MESSAGE, text="残り 2:00", is_urgent=False))

    ((_, shown),) = server.shown.items()
    assert (shown["message"], shown["priority"]) == ("残り 2:00", 2)
    assert pusher.replaces


def test_a_message_is_taken_back(server: NtfyServer) -> None:
    pusher = ntfy(server)
    pusher.send(MESSAGE)
    pusher.withdraw(MESSAGE.key)

    assert server.shown == {}
    assert server.requests[-1].method == "DELETE"


def test_a_server_that_cannot_take_back_is_not_asked_to(server: NtfyServer) -> None:
    server.replaces = False
    pusher = ntfy(server)
    pusher.send(MESSAGE)
    pusher.withdraw(MESSAGE.key)

    assert [one.method for one in server.requests] == ["POST"]
    assert not pusher.replaces


def test_a_program_that_never_sent_takes_back_what_another_has_sent(
    server: NtfyServer,
) -> None:
    ntfy(server).send(MESSAGE)
    ntfy(server).withdraw(MESSAGE.key)
    server.replaces = False
    ntfy(server).withdraw(MESSAGE.key)  # an older server does not know how

    assert server.shown == {}


def test_a_token_goes_along_and_is_asked_for_once(server: NtfyServer) -> None:
    server.token, asked = "tk_1", []

    def get_token() -> str:
        asked.append(1)
        return "tk_1"

    pusher = ntfy(server, get_token)
    pusher.send(MESSAGE)
    pusher.send(MESSAGE)

    assert [one.token for one in server.requests] == ["tk_1", "tk_1"]
    assert asked == [1]


def test_a_token_that_is_refused_is_asked_for_anew(server: NtfyServer) -> None:
    server.token = "tk_1"
    pusher = ntfy(server, lambda: server.token or "")
    pusher.send(MESSAGE)
    server.token = "tk_2"
    pusher.send(MESSAGE)

    assert [one.token for one in server.requests] == ["tk_1", "tk_1", "tk_2"]


def test_a_token_that_is_wrong_is_refused_once(server: NtfyServer) -> None:
    server.token = "tk_1"
    said = failure(ntfy(server, lambda: "tk_wrong"))

    assert "refuses this topic or token (status 401)" in said
    assert "tk_wrong" not in said
    assert len(server.requests) == 1


@pytest.mark.parametrize("token", ["", "two words", "new\nline", "全角"])
def test_a_token_that_is_none_is_not_sent_and_not_told(
    server: NtfyServer, token: str
) -> None:
    said = failure(ntfy(server, lambda: token))

    assert said.startswith("token_command under [push] gave no token")
    assert server.requests == []


def test_a_command_that_gives_no_token_is_told_by_its_key() -> None:
    def fails() -> str:
        raise ConfigError(Text(en="hunter2", ja="hunter2"))

    with serving_ntfy() as server:
        said = failure(ntfy(server, fails))

    assert "token_command" in said
    assert "hunter2" not in said


def test_the_command_for_the_token_sees_no_other_password(
    server: NtfyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    code = "import os; print('seen' if 'MAIL_PASSWORD' in os.environ else 'tk_unseen')"
    command = (sys.executable, "-c", code)
    pusher = pusher_of(
        Push(url=server.url, token_command=command), frozenset({"MAIL_PASSWORD"})
    )
    assert pusher is not None
    pusher.send(MESSAGE)

    assert [one.token for one in server.requests] == ["tk_unseen"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(server: NtfyServer, status: int) -> None:
    with serving_ntfy() as other:
        server.refusals, server.location = [status], other.url
        said = failure(ntfy(server))

        assert other.requests == []
    assert "is not followed" in said


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "refuses this topic or token (status 403)"),
        (429, "takes no more messages for now"),
        (500, "did not take it (status 500)"),
        (507, "did not take it (status 507)"),
    ],
)
def test_what_a_server_refuses_is_told_without_its_words(
    server: NtfyServer, status: int, words: str
) -> None:
    server.refusals = [status, status]

    assert words in failure(ntfy(server))
    assert not failure(ntfy(server), Language.JA).isascii()


def test_a_server_that_cannot_be_reached_is_told(server: NtfyServer) -> None:
    topic = NtfyTopic("localhost", free_port(), False, server.topic)

    assert "localhost cannot be reached" in failure(Ntfy(topic))


@pytest.mark.parametrize("said", [b"220 mail.example.jp ESMTP\r\n", b"\0" * 70000])
def test_a_server_that_speaks_something_else_is_told(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_say, args=(listening, said))
        answering.start()
        topic = NtfyTopic("localhost", listening.getsockname()[1], False, "t")
        with pytest.raises(NotificationFailed, match="does not answer as an ntfy"):
            Ntfy(topic).send(MESSAGE)
        answering.join()


def _say(listening: socket.socket, said: bytes) -> None:
    with listening.accept()[0] as connection:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(said)


def test_a_server_that_never_answers_is_given_up(
    server: NtfyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.is_mute = True
    monkeypatch.setattr(ntfy_module, "TIMEOUT_S", 0.2)

    assert "push server localhost does not answer" in failure(ntfy(server))


def test_the_certificate_must_be_trusted(tmp_path: Path) -> None:
    authority, stranger = Authority.make(), Authority.make()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    (tmp_path / "other.pem").write_bytes(stranger.pem)
    context = server_context(authority.issue("localhost"), tmp_path)
    with serving_ntfy(context) as server:
        topic = push_topic(server.url)
        assert topic is not None
        Ntfy(topic, ca_file=tmp_path / "ca.pem").send(MESSAGE)
        for ca_file in (None, tmp_path / "other.pem"):
            assert "is not trusted" in failure(Ntfy(topic, ca_file=ca_file))
        server.requests.clear()
        for path in (tmp_path / "none.pem", tmp_path):
            assert "cannot be used" in failure(Ntfy(topic, ca_file=path))

        assert server.requests == []


def test_the_certificate_must_name_the_host(tmp_path: Path) -> None:
    authority = Authority.make()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    context = server_context(authority.issue("other.example"), tmp_path)
    with serving_ntfy(context) as server:
        topic = push_topic(server.url)
        assert topic is not None
        said = failure(Ntfy(topic, ca_file=tmp_path / "ca.pem"))

    assert "is not trusted" in said
    assert "is not trusted" in said


def test_a_check_publishes_nothing_and_finds_a_token_that_is_refused(
    server: NtfyServer,
) -> None:
    ntfy(server).check()
    server.writes_only = True
    ntfy(server).check()
    server.token = "tk_1"
    with pytest.raises(NotificationFailed, match="refuses"):
        ntfy(server).check()

    assert server.published == []


def test_nothing_that_is_printed_of_it_holds_the_topic(server: NtfyServer) -> None:
    push = Push(url=server.url, token_command=tuple(saying("tk_1")))
    pusher = pusher_of(push, frozenset())

    told = repr((push, pusher, push_topic(server.url), LINKED, vars(pusher)))
    assert server.topic not in told
    assert LINK not in told
