"""The session: its table without a socket, and its stop from every state."""

import socket
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.imap_server import (
    MAIL,
    PATIENT,
    QUICK,
    Peer,
    Server,
    clear,
    settings,
    watched,
    watching,
)
from watcher.events import MailboxSynced, State
from watcher.imap.choices import Tls
from watcher.imap.session import TRANSITIONS, Outcome
from watcher.imap.transport import Interrupt, Stopped

pytestmark = pytest.mark.timeout(60)


def test_every_state_but_the_last_can_be_stopped_and_resumed() -> None:
    for state, ways in TRANSITIONS.items():
        if state is not State.STOPPED:
            assert ways[Outcome.STOP] is State.STOPPED
            assert ways[Outcome.RESUMED] is State.CONNECTING


def test_nothing_leads_out_of_stopped() -> None:
    assert TRANSITIONS[State.STOPPED] == {}


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    reached = {State.CONNECTING}
    for ways in TRANSITIONS.values():
        reached.update(ways.values())

    assert reached == set(State) == set(TRANSITIONS)


def test_whatever_is_lost_comes_back_by_way_of_a_new_connection() -> None:
    for state in (State.CONNECTING, State.CATCHING_UP, State.WATCHING):
        after_loss = TRANSITIONS[state][Outcome.LOST]
        assert TRANSITIONS[after_loss][Outcome.DONE] is State.CONNECTING


def test_watching_begins_only_after_catching_up() -> None:
    leading = {
        state for state, ways in TRANSITIONS.items() if State.WATCHING in ways.values()
    }

    assert leading == {State.CATCHING_UP, State.WATCHING}


def test_a_quiet_day_is_told_in_four_states() -> None:
    with watched(Server(), settings(QUICK)) as (_, seen):
        seen.wait_until(lambda seen: len(seen.of(MailboxSynced)) > 3)

    assert seen.states == [
        State.CONNECTING,
        State.CATCHING_UP,
        State.WATCHING,
        State.STOPPED,
    ]


def mute(_peer: Peer, _tag: str = "") -> None:
    pass


@pytest.mark.parametrize(
    "command",
    [
        "CAPABILITY",
        "LOGIN",
        "LIST",
        "EXAMINE",
        "SEARCH",
        "FETCH",
        "IDLE",
        "DONE",
        "NOOP",
    ],
)
def test_stop_is_obeyed_in_the_middle_of_every_command(command: str) -> None:
    server = Server(faults={command: mute})
    if command == "NOOP":
        server.capabilities = "IMAP4rev1"
    server.add(MAIL)
    timeouts = replace(PATIENT, idle_interval_s=0.1)
    with watched(server, settings(timeouts), "INBOX", "\\Junk"):
        server.wait_for(command)


def test_stop_is_obeyed_while_a_server_talks_without_end() -> None:
    is_talking = threading.Event()

    def talk(peer: Peer, tag: str) -> None:
        server.idle(peer, tag)
        with suppress(OSError):
            while True:
                peer.sock.sendall(b"* 1 FETCH (FLAGS ())\r\n" * 1000)
                is_talking.set()

    server = Server(faults={"IDLE": talk})
    with watched(server, settings(PATIENT)):
        assert is_talking.wait(5)


def test_stop_is_obeyed_before_the_greeting() -> None:
    server = Server(greet=mute)
    with watched(server, settings(PATIENT)):
        server.wait_until(lambda: bool(server.peers))


def test_stop_is_obeyed_in_a_tls_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        account = replace(clear(listener.getsockname()[1]), tls=Tls.IMPLICIT)
        with watching(account, settings(PATIENT)), listener.accept()[0] as sock:
            assert sock.recv(3) == b"\x16\x03\x01"  # ClientHello


def test_stop_is_obeyed_while_a_name_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def getaddrinfo(*_arguments: object, **_options: object) -> list[object]:
        asked.set()
        answered.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with watching(clear(1), settings(PATIENT)):
        assert asked.wait(5)
    answered.set()


def test_stop_is_obeyed_while_the_password_is_awaited() -> None:
    asked, answered = threading.Event(), threading.Event()

    def get_secret() -> str:
        asked.set()
        answered.wait(30)
        return "secret"

    server = Server()
    account = replace(clear(server.port), get_secret=get_secret)
    with watched(server, settings(PATIENT), account=account):
        assert asked.wait(5)
    answered.set()


def test_stop_is_obeyed_while_backing_off() -> None:
    server = Server(greet=lambda peer: peer.send("* BYE come back later"))
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.BACKING_OFF)


def test_stop_is_obeyed_while_waiting_after_a_refusal() -> None:
    server = Server(faults={"LOGIN": lambda peer, tag: peer.send(f"{tag} NO wrong")})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.REFUSED)


def test_a_sync_asked_for_ends_the_wait_after_a_refusal() -> None:
    server = Server(faults={"LOGIN": lambda peer, tag: peer.send(f"{tag} NO wrong")})
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.REFUSED)
        server.faults.clear()
        session.arm(timedelta(0))

        seen.wait_for_state(State.WATCHING)


def test_expecting_a_sign_in_syncs_at_once_and_polls_more_quickly() -> None:
    server = Server(capabilities="IMAP4rev1")
    timeouts = replace(PATIENT, armed_delay_s=0.1)
    with watched(server, settings(timeouts)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        server.add(MAIL)
        session.arm(timedelta(minutes=10))
        seen.wait_for_uid(1)
        server.add(MAIL)
        seen.wait_for_uid(2)


def test_a_stopped_session_leaves_no_thread_and_no_socket_behind() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (session, _):
        server.wait_for_idle()

    session.stop()
    session.arm(timedelta(0))
    server.wait_for("LOGOUT")


def test_a_wait_that_is_interrupted_ends_at_once() -> None:
    with closing(Interrupt()) as interrupt:
        threading.Timer(0.1, interrupt.call).start()
        interrupt.wait(30)

        assert interrupt.take_call()
        assert not interrupt.take_call()


def test_a_stopped_interrupt_raises_in_every_wait() -> None:
    with closing(Interrupt()) as interrupt:
        interrupt.stop()
        with pytest.raises(Stopped):
            interrupt.wait(1)


def test_a_call_that_fails_in_its_thread_raises_where_it_is_awaited() -> None:
    def fail() -> None:
        raise KeyError("aside")

    with closing(Interrupt()) as interrupt, pytest.raises(KeyError, match="aside"):
        interrupt.call_with_timeout(fail, seconds=5)


def test_a_call_that_hangs_is_left_behind_in_its_thread() -> None:
    release = threading.Event()
    with closing(Interrupt()) as interrupt, pytest.raises(TimeoutError):
        interrupt.call_with_timeout(lambda: release.wait(30), seconds=0.1)
    release.set()
