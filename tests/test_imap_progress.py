"""What a server names and does not deliver, or leaves out, is asked for again."""

import logging
from datetime import timedelta

import pytest

from tests.imap_server import MAIL, Fault, Peer, Server, fetched, uids_in
from tests.imap_watch import HOW, Watching, dated, synced, with_mails
from watcher.events import Cursor
from watcher.imap.opened import HEADERS_AT_ONCE
from watcher.imap.progress import (
    MARGIN,
    READ_MOST,
    AccountMemory,
    Pending,
    Progress,
)
from watcher.imap.protocol import LITERAL_BYTES
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

pytestmark = pytest.mark.timeout(60)

WINDOW = HOW.window
HOURS = timedelta(hours=1)
LONG_AGO = timedelta(days=3)

ANSWERS = {
    "NO with a code": "{tag} NO [SERVERBUG] index is broken",
    "NO": "{tag} NO not this one",
    "BAD": "{tag} BAD not this one",
    "nothing": "{tag} OK done",
    "NIL": "* 1 FETCH (UID {uid} {part} NIL)\r\n{tag} OK done",
    "empty": '* 1 FETCH (UID {uid} {part} "")\r\n{tag} OK done',
}


def withholding(server: Server, uid: int, answer: str, part: str = "") -> Fault:
    """Answer so to a FETCH of a mail, or of this part of it alone."""

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if uid in uids_in(command) and part in command:
            name = "BODY[HEADER]" if "HEADER" in command else "BODY[]"
            peer.send(answer.format(tag=tag, uid=uid, part=name))
        else:
            peer.send_raw(fetched(server.mailboxes["INBOX"], command))
            peer.send(f"{tag} OK done")

    return fetch


def asked_for(server: Server) -> set[str]:
    """Return what each FETCH of a header asked for, as it was written."""
    return {one.split(" ")[2] for one in server.commands if "HEADER" in one}


def leaving_out(*uids: int, server: Server) -> Fault:
    """Answer a SEARCH without these mails."""

    def search(peer: Peer, tag: str) -> None:
        named = [uid for uid in server.mailboxes["INBOX"] if uid not in uids]
        peer.send(" ".join(map(str, ["* SEARCH", *named])), f"{tag} OK done")

    return search


# A mail that is not delivered


@pytest.mark.parametrize("part", ["BODY.PEEK[HEADER]", "BODY.PEEK[]"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_mail_that_is_named_and_not_delivered_is_asked_for_at_each_look(
    watch: Watching, answer: str, part: str
) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    for _ in range(2):
        server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, answer, part)
    for _ in range(2):
        it.fetch_new()

        assert it.synced().cursor == Cursor(1, 2)
        assert it.synced().undelivered_count == 1
    assert ("INBOX", 2) not in it.take()
    server.faults.clear()
    it.fetch_new()

    assert it.synced().cursor == Cursor(1, 4)
    assert it.synced().undelivered_count == 0
    assert it.take() == [("INBOX", 2)]


def test_a_new_mail_behind_one_that_is_not_delivered_is_reported_at_once_and_once(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    server.add(MAIL)
    it.fetch_new()
    assert it.take() == [("INBOX", 3)]
    server.commands.clear()
    it.fetch_new()

    assert asked_for(server) == {"2", "4:53"}


def test_the_first_sync_asks_a_second_time_at_once(watch: Watching) -> None:
    server = with_mails(1)
    server.capabilities += " WITHIN"

    def refuse_once(peer: Peer, tag: str) -> None:
        del server.faults["FETCH"]
        peer.send(f"{tag} OK done")

    server.faults["FETCH"] = refuse_once
    it = watch(server)
    it.initial_sync()

    assert it.synced().undelivered_count == 0
    assert it.take() == [("INBOX", 1)]


def test_mails_that_an_answer_leaves_out_are_asked_for_in_the_same_look(
    watch: Watching,
) -> None:
    server = with_mails(1)

    def give_the_first(peer: Peer, tag: str) -> None:
        words = server.commands[-1].split(" ")
        first = str(uids_in(server.commands[-1])[0])
        command = " ".join([*words[:2], first, *words[3:]])
        peer.send_raw(fetched(server.mailboxes["INBOX"], command))
        peer.send(f"{tag} OK done")

    it = synced(watch, server)
    server.faults["FETCH"] = give_the_first
    for _ in range(5):
        server.add(MAIL)
    it.fetch_new()

    assert sorted(it.take()) == [("INBOX", uid) for uid in (2, 3, 4, 5, 6)]


def test_a_mail_that_is_not_delivered_is_given_up_and_logged_when_its_window_is_over(
    watch: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    assert not caplog.records
    it.let_window_pass()
    it.fetch_new()

    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.WARNING, "account=home uid=2 cannot be read")
    ]
    assert it.synced().cursor == Cursor(1, 3)
    assert it.synced().undelivered_count == 1, "it was not read all the same"
    server.commands.clear()
    it.fetch_new()
    assert asked_for(server) == {"3:52"}


@pytest.mark.parametrize("part", ["BODY.PEEK[HEADER]", "BODY.PEEK[]"])
def test_a_mail_that_was_expunged_is_asked_for_no_more(
    watch: Watching, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["nothing"], part)
    it.fetch_new()
    del server.mailboxes["INBOX"][2]
    server.commands.clear()
    it.fetch_new()

    assert it.synced().cursor == Cursor(1, 3)
    assert it.synced().undelivered_count == 0
    assert asked_for(server) == {"3:52"}
    it.let_window_pass()
    it.fetch_new()
    assert not caplog.records


def test_the_next_run_asks_for_what_was_not_delivered(watch: Watching) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    for _ in range(2):
        server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    stored = it.synced().cursor
    server.faults["FETCH"] = dated(server, dict.fromkeys((1, 2, 3), HOURS))
    again = watch(server, cursors={"INBOX": stored})
    again.initial_sync()

    assert again.take() == [("INBOX", 3), ("INBOX", 2)]


def test_a_mail_older_than_the_window_does_not_hold_the_next_run_back_for_ever(
    watch: Watching,
) -> None:
    server = with_mails(1, 2)
    refuse = withholding(server, 2, ANSWERS["NO"], "BODY")
    give = dated(server, {2: HOURS})

    def fetch(peer: Peer, tag: str) -> None:
        has_part = "BODY" in server.commands[-1]
        (refuse if has_part else give)(peer, tag)

    server.faults["FETCH"] = fetch
    it = watch(server, cursors={"INBOX": Cursor(1, 2)})
    it.initial_sync()

    assert it.synced().undelivered_count == 1
    assert it.synced().cursor == Cursor(1, 3)


def test_what_is_not_delivered_is_asked_for_over_the_next_connection(
    watch: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server, memory = with_mails(1), AccountMemory()
    it = watch(server, memory=memory)
    it.initial_sync()
    server.add(MAIL)
    refuse = withholding(server, 2, ANSWERS["NO"])
    server.faults["FETCH"] = refuse
    it.fetch_new()
    it.let_window_pass()
    again = watch(server, cursors=it.cursors, memory=memory)
    server.faults["FETCH"] = refuse
    again.initial_sync()

    assert "uid=2 cannot be read" in caplog.text, "its window began when it was named"


def test_what_was_expunged_between_two_connections_is_asked_for_no_more(
    watch: Watching,
) -> None:
    server, memory = with_mails(1), AccountMemory()
    it = watch(server, memory=memory)
    it.initial_sync()
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    del server.mailboxes["INBOX"][2]
    again = watch(server, cursors=it.cursors, memory=memory)
    again.initial_sync()

    assert again.synced().undelivered_count == 0


def test_an_old_mail_that_is_pending_is_asked_for_over_the_next_connection(
    watch: Watching,
) -> None:
    server, memory = with_mails(1), AccountMemory()
    it = watch(server, memory=memory)
    it.initial_sync()
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    server.faults["FETCH"] = dated(server, {1: HOURS, 2: HOURS})
    again = watch(server, cursors=it.cursors, memory=memory)
    again.initial_sync()

    assert again.take() == [("INBOX", 2)]


def test_a_junk_mailbox_is_opened_while_it_holds_what_was_not_delivered(
    watch: Watching,
) -> None:
    server = Server()
    server.mailboxes["Junk"] = {1: MAIL}
    server.faults["FETCH"] = lambda peer, tag: peer.send(f"{tag} NO not this one")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    it.fetch_new()
    server.faults.clear()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]
    it.commands()
    it.fetch_new()
    assert it.commands() == ["SEARCH UID", "FETCH 1:50", "STATUS Junk"]


def test_a_server_that_delivers_nothing_is_not_asked_for_each_of_very_many_mails(
    watch: Watching,
) -> None:
    server = with_mails(*range(1, 3 * HEADERS_AT_ONCE + 1))
    server.faults["FETCH"] = lambda peer, tag: peer.send(f"{tag} OK done")
    it = watch(server)
    it.initial_sync()

    singles = {one for one in asked_for(server) if one.isdigit()}
    assert len(singles) == HEADERS_AT_ONCE
    assert it.synced().undelivered_count == 3 * HEADERS_AT_ONCE


def test_a_mail_that_came_late_was_not_there_before_it_was_named(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    absent_s = it.account_sync._mailbox_sync.memory.looks.absent_s("INBOX")
    server.add(MAIL)
    server.faults["FETCH"] = withholding(server, 2, ANSWERS["NO"])
    it.fetch_new()
    server.faults.clear()
    it.fetch_new()

    (late,) = it.take_arrived()
    assert late.arrival.seen.absent_s == absent_s


# Partial fetches that are refused


def refusing_parts(server: Server, size: int = 1000) -> Fault:
    """Answer BAD to each partial fetch."""

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if "<0." in command:
            peer.send(f"{tag} BAD partial fetches are not supported")
        elif "RFC822.SIZE" in command:
            uid = command.split(" ")[2]
            peer.send(f"* 1 FETCH (UID {uid} RFC822.SIZE {size})", f"{tag} OK done")
        else:
            answer = fetched(server.mailboxes["INBOX"], command)
            peer.send_raw(answer.replace(b"]<0>", b"]"))
            peer.send(f"{tag} OK done")

    return fetch


def test_where_a_part_is_refused_the_whole_is_asked_for(watch: Watching) -> None:
    server = with_mails(1, 2)
    server.faults["FETCH"] = refusing_parts(server)
    it = watch(server, cursors={"INBOX": Cursor(1, 1)})
    it.initial_sync()

    assert [one.raw for one in it.take_arrived()] == [MAIL, MAIL]
    partial = [one for one in server.commands if "<0." in one]
    assert len(partial) == 2, "it is known then that a part is refused"


def test_of_a_whole_mail_no_more_is_kept_than_of_a_part(watch: Watching) -> None:
    server = Server()
    filler = b"X-Filler: " + HEADER_BYTES * b"a" + b"\r\n"
    server.add(filler + MAIL + MAIL_BYTES * b"x")
    server.faults["FETCH"] = refusing_parts(server)
    headers: list[bytes] = []

    def note(header: bytes) -> bool:
        headers.append(header)
        return True

    it = watch(server, is_candidate=note)
    it.initial_sync()

    assert [len(one) for one in headers] == [HEADER_BYTES]
    assert [len(one.raw) for one in it.take_arrived()] == [MAIL_BYTES + 1]


def test_a_mail_that_comes_only_as_a_whole_and_is_too_large_is_passed_over(
    watch: Watching,
) -> None:
    server = with_mails(1)
    server.faults["FETCH"] = refusing_parts(server, size=LITERAL_BYTES + 1)
    it = watch(server)
    it.initial_sync()

    assert not any(one.endswith("BODY.PEEK[HEADER])") for one in server.commands)
    assert it.take_arrived() == []
    assert it.cursors == {"INBOX": Cursor(1, 2)}


# A search that leaves a mail out


def test_a_mail_that_a_search_left_out_once_is_found_by_the_next_one(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = synced(watch, server)
    for _ in range(2):
        server.add(MAIL)
    server.faults["SEARCH"] = leaving_out(2, server=server)
    it.fetch_new()
    assert it.take() == [("INBOX", 3)]
    server.faults.clear()
    it.fetch_new()

    assert it.take() == [("INBOX", 2)]
    it.fetch_new()
    assert it.take() == []


def test_a_mail_that_the_first_search_left_out_is_found_by_the_next_one(
    watch: Watching,
) -> None:
    server = with_mails(*range(1, 6))
    server.faults["SEARCH"] = leaving_out(2, 4, server=server)
    server.faults["FETCH"] = dated(server, {1: LONG_AGO, 2: LONG_AGO})
    it = watch(server)
    it.initial_sync()
    assert it.take() == [("INBOX", 5), ("INBOX", 3)]
    del server.faults["SEARCH"]
    it.fetch_new()

    assert it.take() == [("INBOX", 4)], "the other one was too old"
    server.commands.clear()
    it.fetch_new()
    assert asked_for(server) == {"6:55"}


def test_a_junk_mailbox_that_had_new_mail_is_searched_once_more(
    watch: Watching,
) -> None:
    server = Server()
    server.mailboxes["Junk"] = {}
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    for _ in range(2):
        server.add(MAIL, mailbox="Junk")

    def search(peer: Peer, tag: str) -> None:
        peer.send("* SEARCH 2", f"{tag} OK done")

    server.faults["SEARCH"] = search
    it.fetch_new()
    server.faults.clear()
    it.fetch_new()

    assert it.take() == [("Junk", 2), ("Junk", 1)]
    it.commands()
    it.fetch_new()
    assert it.commands() == ["SEARCH UID", "FETCH 1:50", "STATUS Junk"]


def test_a_look_costs_one_search_and_one_fetch(
    watch: Watching,
) -> None:
    server = with_mails(1, 2)
    it = watch(server)
    it.initial_sync()
    server.add(MAIL)
    it.fetch_new()
    it.commands()
    it.fetch_new()

    assert it.commands() == ["SEARCH UID", "FETCH 4:53"]


# How far back a search goes


def progress_at(uid_next: int, *recent: int) -> Progress:
    progress = Progress(1)
    progress.restart(uid_next, recent)
    return progress


def test_a_search_begins_a_little_below_the_window() -> None:
    assert progress_at(100).search_from(100) == 100 - MARGIN
    assert progress_at(100, 80, 90).search_from(100) == 80 - MARGIN
    assert progress_at(5, 2).search_from(5) == 1


def test_a_search_never_begins_very_far_back() -> None:
    assert progress_at(10_000, 7).search_from(10_000) == 10_000 - READ_MOST


def test_a_search_begins_where_the_mailbox_ended_a_window_ago() -> None:
    progress, window_s = progress_at(100), WINDOW.total_seconds()
    progress.note_end(110, 0.0, WINDOW)
    progress.note_end(120, 10.0, WINDOW)
    assert progress.search_from(120) == 100 - MARGIN

    progress.note_end(120, window_s, WINDOW)
    assert progress.search_from(120) == 110
    progress.note_end(120, window_s + 10, WINDOW)
    assert progress.search_from(120) == 120


def test_a_search_begins_at_the_lowest_mail_that_is_pending() -> None:
    progress = progress_at(100)
    progress.add(3, Pending(0.0, None))

    assert progress.search_from(100) == 3
    assert progress.unread([3, 4, 95]) == [3, 95]


def test_of_very_many_mails_the_newest_are_known_as_read() -> None:
    progress = progress_at(1)
    last = READ_MOST + 100
    for uid in range(1, last + 1):
        progress.note_read(uid)
    progress.note_end(last + 1, 0.0, WINDOW)

    assert progress.search_from(last + 1) == last - READ_MOST + 1
    assert progress.unread(range(1, last + 2)) == [last + 1]


def test_what_was_read_before_the_window_is_no_longer_kept_in_mind() -> None:
    progress = progress_at(1)
    progress.note_read(1)
    progress.note_end(2, 0.0, WINDOW)
    assert progress._read == {1}
    progress.note_end(2, WINDOW.total_seconds(), WINDOW)

    assert progress._read == set()


def test_a_mailbox_made_anew_has_nothing_pending() -> None:
    memory = AccountMemory()
    memory.begin("INBOX", 1, is_known=True).add(3, Pending(0.0, None))

    assert memory.begin("INBOX", 1, is_known=True).pending == [3]
    assert memory.begin("INBOX", 2, is_known=True).pending == []
    memory.begin("INBOX", 2, is_known=True).add(3, Pending(0.0, None))
    assert memory.begin("INBOX", 2, is_known=False).pending == []
