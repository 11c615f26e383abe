"""What is new is asked for with the end of the IDLE, in one segment."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.imap_server import (
    MAIL,
    PATIENT,
    QUICK,
    Peer,
    Reports,
    Server,
    clear,
    fetched,
    settings,
    uids_in,
    watched,
    watching,
)
from tests.imap_watch import HOW, Watching, synced, with_mails
from watcher.events import MessageFetched, ModeReason, State, StateChanged
from watcher.imap.losses import AVOIDED_S, LOST_SEGMENTS, SegmentLosses
from watcher.imap.opened import HEADERS_AT_ONCE
from watcher.imap.protocol import LITERALS
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

pytestmark = pytest.mark.timeout(60)


def asked(server: Server) -> list[str]:
    """Return what a FETCH asked for, and of which mails."""
    fetches = [one for one in server.commands if one.startswith("UID FETCH")]
    return [" ".join(one.split(" ")[2:]) for one in fetches]


def test_search_and_fetch_are_sent_with_the_end_of_the_idle() -> None:
    """The server ends the IDLE only once both have come."""

    def done(peer: Peer, tag: str) -> None:
        search, fetch = peer.line(), peer.line()
        peer.send(f"{tag} OK idled")
        for line in (search, fetch):
            server.obey(peer, line)

    server = Server(faults={"DONE": done})
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


def test_a_header_alone_comes_with_the_search() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)

    first, second = asked(server)[:2]
    assert first == "1:50 (INTERNALDATE BODY.PEEK[HEADER]<0.32768>)"
    assert second == f"1 (BODY.PEEK[]<0.{MAIL_BYTES + 1}>)"


def test_the_whole_mail_comes_with_the_search_while_a_sign_in_is_expected() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (session, seen):
        server.wait_for_idle()
        session.arm(timedelta(minutes=10))
        server.wait_for("IDLE", times=2)
        server.wait_for_idle()
        server.commands.clear()
        server.add(MAIL)
        seen.wait_for_uid(1)
        server.wait_for("IDLE")

    assert asked(server) == [f"1:5 (INTERNALDATE BODY.PEEK[]<0.{MAIL_BYTES + 1}>)"]
    (mail,) = seen.of(MessageFetched)
    assert mail.raw == MAIL


WHOLE = f"(INTERNALDATE BODY.PEEK[]<0.{MAIL_BYTES + 1}>)"
HEADER = "(INTERNALDATE BODY.PEEK[HEADER]<0.32768>)"
OTHER = MAIL.replace(b"hello", b"News")


def pushed(*mails: bytes, refused: str = "") -> tuple[list[str], Reports]:
    """Announce mails with their fields at once; return what was asked for then."""

    def notify(peer: Peer, tag: str) -> None:
        if refused in server.commands[-1]:
            peer.send(f"{tag} BAD what?")
        else:
            peer.send(f"{tag} OK done")

    server = Server(capabilities="IMAP4rev1 IDLE NOTIFY")
    if refused:
        server.faults["NOTIFY"] = notify
    with (
        server,
        watching(
            clear(server.port),
            settings(PATIENT),
            is_candidate=lambda header: b"Subject: hello" in header,
        ) as (_, seen),
    ):
        server.wait_for_idle()
        announcements = [server.announced(mail) for mail in mails]
        server.peers[-1].send_raw(b"".join(announcements))
        server.wait_for("IDLE", times=2)
    return asked(server), seen


def test_a_candidate_that_was_announced_with_its_fields_comes_in_one_exchange() -> None:
    asked_for, seen = pushed(MAIL)

    assert asked_for == [f"1:5 {WHOLE}"]
    assert [one.raw for one in seen.of(MessageFetched)] == [MAIL]


@pytest.mark.parametrize("mails", [(OTHER,), (MAIL, OTHER), (MAIL,) * 6], ids=repr)
def test_no_other_mail_is_read_for_its_announcement(mails: tuple[bytes, ...]) -> None:
    asked_for, seen = pushed(*mails)

    assert asked_for[0] == f"1:50 {HEADER}"
    assert {one.raw for one in seen.of(MessageFetched)} == {MAIL} & {*mails}


def test_a_server_that_announces_no_fields_announces_mail() -> None:
    asked_for, seen = pushed(MAIL, refused="HEADER")

    assert asked_for[0] == f"1:50 {HEADER}"
    assert [one.raw for one in seen.of(MessageFetched)] == [MAIL]


def test_what_was_announced_in_one_idle_is_no_news_of_the_next() -> None:
    server = Server(capabilities="IMAP4rev1 IDLE NOTIFY")
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)
        server.wait_for("IDLE", times=2)
        server.wait_for_idle()
        server.pushes_fields = False
        server.add(MAIL)
        seen.wait_for_uid(2)

    assert asked(server)[:2] == [f"1:5 {WHOLE}", f"2:51 {HEADER}"]


def test_a_line_of_many_names_holds_nothing_up() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        names = b"BODY[HEADER" * 90_000
        server.peers[0].send_raw(b"* 1 FETCH (" + names + b"\r\n")
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


def test_an_announcement_of_literals_without_end_is_given_up() -> None:
    server = Server()
    with watched(server, settings(PATIENT)):
        server.wait_for_idle()
        server.peers[0].send_raw(b"* 1 FETCH (X" + b" {0}\r\n" * (LITERALS + 1))
        server.wait_for("LOGIN", times=2)


def test_of_announced_fields_no_more_is_judged_than_of_a_header() -> None:
    server = Server(capabilities="IMAP4rev1 IDLE NOTIFY")
    lengths: list[int] = []

    def is_candidate(header: bytes) -> bool:
        lengths.append(len(header))
        return True

    account, how = clear(server.port), settings(PATIENT)
    with server, watching(account, how, is_candidate=is_candidate) as (_, seen):
        server.wait_for_idle()
        long = MAIL.replace(b"hello", b"hello" * HEADER_BYTES)
        exists, end, fields = server.announced(long).partition(b"\r\n")
        server.peers[0].send_raw(fields + exists + end)
        seen.wait_for_uid(1)

    assert {*lengths} == {HEADER_BYTES}


def test_a_mail_is_found_whatever_order_the_answers_have(watch: Watching) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    server.add(MAIL)
    held: list[tuple[Peer, str]] = []

    def fetch(peer: Peer, tag: str) -> None:
        peer.send_raw(fetched(server.mailboxes["INBOX"], server.commands[-1]))
        peer.send(f"{tag} OK done", "* SEARCH 1 2", f"{held[0][1]} OK done")
        del server.faults["FETCH"]

    server.faults["SEARCH"] = lambda peer, tag: held.append((peer, tag))
    server.faults["FETCH"] = fetch
    it.fetch_new()

    assert it.take() == [("INBOX", 2)]


def test_only_a_mail_that_the_search_names_is_new(watch: Watching) -> None:
    """It may be one that came after the search."""
    server = with_mails(1)
    it = synced(watch, server)
    server.add(MAIL)
    server.faults["SEARCH"] = lambda peer, tag: peer.send("* SEARCH 1", f"{tag} OK")
    it.fetch_new()
    assert it.take() == []
    server.faults.clear()
    it.fetch_new()

    assert it.take() == [("INBOX", 2)]


def drop_what_follows(server: Server, peer: Peer) -> None:
    for _ in "12":
        peer.line()


def hang_up(server: Server, peer: Peer) -> None:
    peer.close()


@pytest.mark.parametrize("mailboxes", [("INBOX",), ("INBOX", "Junk")], ids=len)
@pytest.mark.parametrize("bear_ill", [drop_what_follows, hang_up])
def test_a_server_that_bears_nothing_behind_done_is_asked_one_by_one(
    mailboxes: tuple[str, ...], bear_ill: Callable[[Server, Peer], None]
) -> None:
    def done(peer: Peer, tag: str) -> None:
        if server.count("LOGIN") <= LOST_SEGMENTS:
            bear_ill(server, peer)
        peer.send(f"{tag} OK idled")

    server = Server(faults={"DONE": done})
    server.mailboxes["Junk"] = {}
    with watched(server, settings(QUICK), *mailboxes) as (_, seen):
        server.wait_until(lambda: server.count("LOGIN") > LOST_SEGMENTS)
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)
        server.wait_until(lambda: server.commands[-3:].count("DONE") == 1)

    assert server.count("LOGIN") == LOST_SEGMENTS + 1
    modes = {change.mode_reason for change in seen.of(StateChanged)}
    assert modes <= {None, ModeReason.OFFERED}, "push goes on"


def test_only_looks_that_follow_each_other_are_counted_and_not_for_ever() -> None:
    losses = SegmentLosses()
    for _ in range(3):
        assert losses.may_begin(0.0)
        assert losses.may_begin(1.0), "one was lost"
        losses.note_answer(is_behind_idle=True)
    assert losses.may_begin(2.0)
    assert losses.may_begin(3.0), "one was lost"
    losses.note_answer(is_behind_idle=False)
    assert losses.may_begin(4.0), "alone it is answered"
    assert not losses.may_begin(10.0)
    assert not losses.may_begin(10.0 + AVOIDED_S - 1)
    assert losses.may_begin(10.0 + AVOIDED_S)
    assert not losses.may_begin(20.0 + AVOIDED_S), "one loss is enough then"


def test_a_look_that_was_begun_is_read_before_the_mailbox_is_opened_anew(
    watch: Watching,
) -> None:
    """Between the two lies the end of the IDLE."""
    server = with_mails(1)
    it = synced(watch, server)
    server.add(MAIL)
    it.account_sync.begin_look()
    it.now.s += HOW.timeouts.reopen_interval_s + 1
    it.fetch_new()

    assert it.take() == [("INBOX", 2)]
    it.commands()
    it.fetch_new()
    assert it.commands()[0] == "EXAMINE INBOX"


def test_what_came_with_a_look_is_reported_though_nothing_else_is_delivered(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    for _ in range(HEADERS_AT_ONCE + 20):
        server.add(MAIL)

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if uids_in(command) in ([2], [*range(2, 2 + HEADERS_AT_ONCE)]):
            given = re.sub(r"FETCH [^ ]+", "FETCH 2", command)
            peer.send_raw(fetched(server.mailboxes["INBOX"], given))
        peer.send(f"{tag} OK done")

    server.faults["FETCH"] = fetch
    it.fetch_new()

    assert it.take() == [("INBOX", 2)]


def test_where_mails_come_only_as_a_whole_none_is_asked_for_unseen(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    it.account_sync.connection.opened.is_partial_refused = True
    it.commands()
    it.fetch_new()

    assert it.commands() == ["SEARCH UID"]
