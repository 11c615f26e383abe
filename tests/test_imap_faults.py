"""The fault matrix: what breaks, in which state it hits, and what is reported.

Each fault strikes once. The session must report the loss with a fitting error, come
back by itself, and report the mail that waits there.
"""

import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.imap_server import (
    MAIL,
    QUICK,
    Fault,
    Peer,
    Server,
    clear,
    fetched,
    settings,
    watched,
    watching,
)
from watcher.clock import utc_now
from watcher.errors import ConnectionLost, Unreachable, WatcherError
from watcher.events import MailboxSynced, State, StateChanged
from watcher.i18n import Language

pytestmark = pytest.mark.timeout(60)

STATES = {
    "CAPABILITY": State.CONNECTING,
    "LOGIN": State.CONNECTING,
    "LIST": State.CATCHING_UP,
    "EXAMINE": State.CATCHING_UP,
    "SEARCH": State.CATCHING_UP,
    "FETCH": State.CATCHING_UP,
    "IDLE": State.WATCHING,
    "DONE": State.WATCHING,
    "STATUS": State.WATCHING,
}


def hang_up(peer: Peer, _tag: str) -> None:
    peer.close()


def reset(peer: Peer, _tag: str) -> None:
    peer.reset()


def say_bye(peer: Peer, _tag: str) -> None:
    peer.send("* BYE Autologout; idle for too long")
    peer.close()


def fall_silent(_peer: Peer, _tag: str) -> None:
    pass


def send_half_a_line(peer: Peer, tag: str) -> None:
    peer.send_raw(f"* 1 FETCH (UID 1 BO\r\n{tag} O".encode())


def send_half_a_line_and_hang_up(peer: Peer, _tag: str) -> None:
    peer.send_raw(b"* OK half a l")
    peer.close()


def answer_with_another_tag(peer: Peer, _tag: str) -> None:
    peer.send("ZZZZ99 OK done")


def answer_no_imap(peer: Peer, _tag: str) -> None:
    peer.send("HTTP/1.1 200 OK", "Content-Type: text/html", "", "<h1>Log in</h1>")


def announce_a_giant_literal(peer: Peer, _tag: str) -> None:
    peer.send("* 1 FETCH (UID 1 BODY[] {99999999999}")


def never_end(peer: Peer, _tag: str) -> None:
    peer.send_raw(b"* OK " + 6_000_000 * b"x")


FAULTS: tuple[Fault, ...] = (
    hang_up,
    reset,
    say_bye,
    fall_silent,
    send_half_a_line,
    send_half_a_line_and_hang_up,
    answer_with_another_tag,
    answer_no_imap,
    announce_a_giant_literal,
    never_end,
)


def once(server: Server, command: str, fault: Fault) -> Fault:
    def strike(peer: Peer, tag: str) -> None:
        del server.faults[command]
        fault(peer, tag)

    return strike


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("command", STATES)
def test_a_fault_is_reported_and_survived(command: str, fault: Fault) -> None:
    server = Server()
    server.listing.append('* LIST (\\Junk) "/" Junk')
    server.mailboxes["Junk"] = {}
    server.add(MAIL)
    server.faults[command] = once(server, command, fault)

    with watched(server, settings(QUICK), "INBOX", "\\Junk") as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)
        # the greeting comes first: after it alone a server may be none at all
        expected = (
            (Unreachable, ConnectionLost) if command == "CAPABILITY" else ConnectionLost
        )
        assert isinstance(lost.error, expected)
        assert seen.states[seen.states.index(State.BACKING_OFF) - 1] is STATES[command]
        seen.wait_until(lambda seen: seen.states[-1] is State.WATCHING)
        seen.wait_for_uid(1)


def greet_with(*lines: str) -> Callable[[Peer], None]:
    return lambda peer: peer.send(*lines)


def drip(peer: Peer) -> None:
    for byte in b"* OK " + 10_000_000 * b"z":
        peer.send_raw(bytes([byte]))


@pytest.mark.parametrize(
    ("greet", "error", "word"),
    [
        (lambda peer: peer.close(), ConnectionLost, "closed"),
        (lambda peer: peer.reset(), ConnectionLost, "closed"),
        (greet_with("* BYE too many connections"), ConnectionLost, "too many"),
        (lambda _: None, Unreachable, "does not greet"),
        (greet_with("SSH-2.0-OpenSSH_9.2"), Unreachable, "no IMAP server"),
        (greet_with("HTTP/1.1 400 Bad Request"), Unreachable, "A web page answers"),
        (greet_with("220 mail.example.com ESMTP"), Unreachable, "no IMAP server"),
        (lambda peer: peer.send_raw(6_000_000 * b"x"), Unreachable, "no IMAP server"),
        (drip, Unreachable, "does not greet"),
    ],
    ids=["close", "reset", "bye", "mute", "ssh", "http", "smtp", "endless", "drip"],
)
def test_a_bad_greeting_is_named(
    greet: Callable[[Peer], None], error: type[WatcherError], word: str
) -> None:
    timeouts = replace(QUICK, greeting_timeout_s=1)
    with watched(Server(greet=greet), settings(timeouts)) as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert isinstance(lost.error, error)
    assert word in lost.error.say(Language.EN)
    assert lost.error.say(Language.JA) != lost.error.say(Language.EN)


def test_the_words_of_a_server_reach_the_user_without_control_characters() -> None:
    greet = greet_with("* BYE \x1b[31mred\x07 alert")
    with watched(Server(greet=greet), settings(QUICK)) as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert str(lost.error) == "127.0.0.1 ended the connection: [31mred alert"


def test_nested_parentheses_without_end_are_survived() -> None:
    def fetch(peer: Peer, tag: str) -> None:
        peer.send(f"* 1 FETCH {100_000 * '('}", f"{tag} OK done")

    server = Server(faults={"FETCH": fetch})
    server.add(MAIL)
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_for_state(State.WATCHING)


def test_a_mail_that_the_server_cannot_give_costs_only_itself() -> None:
    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if "2" in command.split(" ")[2].split(","):
            peer.send(f"{tag} NO [SERVERBUG] index is broken")
        else:
            peer.send_raw(fetched(server.mailboxes["INBOX"], command))
            peer.send(f"{tag} OK done")

    server = Server(faults={"FETCH": fetch})
    for _ in range(3):
        server.add(MAIL)
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_for_state(State.WATCHING)

    assert seen.uids == [3, 1]


ENDLESS = 5_000 * "9"
HUGE = 10**30

ODD_ANSWERS = {
    "FETCH": (
        '* 1 FETCH (UID 1 INTERNALDATE "21-Nov-2026 12:00:00 +9900" BODY[HEADER] "")',
        f'* 1 FETCH (UID 1 INTERNALDATE "{ENDLESS}-Nov-2026 12:00:00 +0000")',
        f'* 1 FETCH (UID {HUGE} BODY[HEADER] "From: a@example.com")',
    ),
    "SEARCH": (f"* SEARCH 1 {ENDLESS}", f"* SEARCH 1 {HUGE}"),
    "EXAMINE": (f"* OK [UIDVALIDITY {HUGE}] valid", f"* OK [UIDNEXT {HUGE}] next"),
    "LIST": (
        '* LIST () "/" NIL',
        '* LIST (\\Junk) "/" (a b)',
        "* LIST NIL NIL INBOX",
        '* LIST (\\Junk) "/" "&2AA-"',
    ),
}


@pytest.mark.parametrize(
    ("command", "line"),
    [(command, line) for command, lines in ODD_ANSWERS.items() for line in lines],
)
def test_an_odd_answer_neither_ends_the_watch_nor_leaves_a_number_that_no_log_holds(
    command: str, line: str
) -> None:
    def answer(peer: Peer, tag: str) -> None:
        peer.send(line, f"{tag} OK done")

    server = Server(faults={command: answer})
    server.add(MAIL)
    with watched(server, settings(QUICK), "INBOX", "\\Junk") as (_, seen):
        seen.wait_for_state(State.WATCHING)

    numbers = [
        (at.cursor.uid_validity, at.cursor.uid_next) for at in seen.of(MailboxSynced)
    ]
    assert max(max(pair) for pair in numbers) < 2**32 + 1


@pytest.mark.parametrize("lines", [1, 240])
def test_a_search_answer_of_24_mb_costs_less_than_60_and_nothing_is_kept(
    lines: int,
) -> None:
    """In one line it is too long; in many the end of it counts."""

    def search(peer: Peer, tag: str) -> None:
        del server.faults["SEARCH"]
        tracemalloc.start()
        for _ in range(lines):
            peer.send_raw(b"* SEARCH")
            for _ in range(240 // lines):
                peer.send_raw(b" 1234567" * (100_000 // 8))
            peer.send_raw(b"\r\n")
        peer.send(f"{tag} OK done")

    server = Server(faults={"SEARCH": search})
    server.add(MAIL)
    try:
        with watched(server, settings(QUICK)) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 60_000_000
    assert kept < 2_000_000
    assert 1 in seen.uids or lines > 1


def test_a_date_that_cannot_be_is_the_present() -> None:
    def fetch(peer: Peer, tag: str) -> None:
        date = b'INTERNALDATE "31-Dec-9999 23:59:59 +0000"'
        answer = fetched(server.mailboxes["INBOX"], server.commands[-1])
        peer.send_raw(re.sub(rb'INTERNALDATE "[^"]*"', date, answer))
        peer.send(f"{tag} OK done")

    server = Server(faults={"FETCH": fetch})
    server.add(MAIL)
    with watched(server, settings(QUICK)) as (_, seen):
        mail = seen.wait_for_uid(1)

    assert mail.arrival.received_at - utc_now() < timedelta(0)


def test_a_bug_costs_the_connection_and_not_the_watch() -> None:
    bugs = [ZeroDivisionError, AssertionError]

    def stumble(_header: bytes) -> bool:
        if bugs:
            raise bugs.pop()
        return True

    server = Server()
    server.add(MAIL)
    with (
        server,
        watching(clear(server.port), settings(QUICK), is_candidate=stumble) as (_, it),
    ):
        it.wait_for_uid(1)
        it.wait_for_state(State.WATCHING)


def test_the_name_of_a_mailbox_reaches_the_user_without_control_characters() -> None:
    server = Server()
    server.listing.append('* LIST (\\Junk) "/" "&ABs-[31mJunk&AAoAByAu-"')
    with watched(server, settings(QUICK), "INBOX", "\\Junk") as (_, seen):
        seen.wait_for_state(State.WATCHING)

    missing = next(change.error for change in seen.of(StateChanged) if change.error)
    assert " mailbox [31mJunk that " in str(missing)
