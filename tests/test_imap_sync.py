"""What is fetched, in which mailbox, and how far each is known then.

The parts run in the test's own thread on a scripted server: a test says when to sync.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.imap_server import (
    MAIL,
    Fault,
    Peer,
    Server,
    fetched,
    uids_in,
)
from tests.imap_watch import HOW, Watching, dated, synced, with_mails
from watcher.clock import boottime_s
from watcher.errors import MailboxMissing
from watcher.events import Cursor, MailboxSynced, MessageFetched, Origin
from watcher.imap import mailbox_sync
from watcher.imap.mailbox_sync import MANY, SYNCS_AT_ONCE
from watcher.imap.opened import HEADERS_AT_ONCE
from watcher.imap.progress import PUSH_S

pytestmark = pytest.mark.timeout(60)

DAYS = timedelta(days=3)
MINUTES = timedelta(minutes=7)


def examined(*lines: str) -> Fault:
    """Answer EXAMINE with these lines only."""
    return lambda peer, tag: peer.send(*lines, f"{tag} OK [READ-ONLY] done")


def with_junk(*uids: int) -> Server:
    """Return a server with two mailboxes, and mails in the second."""
    server = Server()
    server.mailboxes["Junk"] = dict.fromkeys(uids, MAIL)
    return server


BOTH = ("INBOX", "Junk")


# How far back a first sync goes


def test_the_first_sync_of_all_goes_back_look_back(watch: Watching) -> None:
    server = with_mails(1, 2, 3)
    hours = timedelta(hours=1)
    server.faults["FETCH"] = dated(server, {1: 25 * hours, 2: 23 * hours})
    it = watch(server)
    it.initial_sync()

    assert it.take() == [("INBOX", 3), ("INBOX", 2)]
    assert it.cursors == {"INBOX": Cursor(1, 4)}


def test_catching_up_takes_all_since_the_cursor_and_the_window_before_it(
    watch: Watching,
) -> None:
    server = with_mails(1, 2, 3, 4)
    minutes = timedelta(minutes=1)
    server.faults["FETCH"] = dated(server, {1: 6 * minutes, 2: 4 * minutes, 3: DAYS})
    it = watch(server, cursors={"INBOX": Cursor(1, 3)})
    it.initial_sync()

    assert it.take() == [("INBOX", 4), ("INBOX", 3), ("INBOX", 2)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(MANY, MANY), (MANY + 1, 3)],
    ids=["many", "more than many"],
)
def test_more_than_many_mails_after_the_cursor_are_cut_to_look_back(
    count: int, expected: int, watch: Watching
) -> None:
    server = with_mails(*range(1, count + 2))
    server.faults["FETCH"] = dated(server, dict.fromkeys(range(1, count - 1), DAYS))
    seen: list[bytes] = []

    def note(header: bytes) -> bool:
        seen.append(header)
        return False

    it = watch(
        server,
        cursors={"INBOX": Cursor(1, 2)},
        is_candidate=note,
    )
    it.initial_sync()

    assert len(seen) == expected
    assert it.cursors == {"INBOX": Cursor(1, count + 2)}


def test_of_very_many_mails_none_before_the_cursor_is_taken_for_look_back(
    watch: Watching,
) -> None:
    server = with_mails(*range(1, MANY + 10))
    ages = {uid: timedelta(hours=1) for uid in range(1, MANY + 10)}
    server.faults["FETCH"] = dated(server, ages)
    seen: list[bytes] = []

    def note(header: bytes) -> bool:
        seen.append(header)
        return False

    it = watch(
        server,
        cursors={"INBOX": Cursor(1, 5)},
        is_candidate=note,
    )
    it.initial_sync()

    assert len(seen) == MANY + 5


@pytest.mark.parametrize(
    "cursor", [Cursor(7, 3), Cursor(1, 4)], ids=["UIDVALIDITY", "UIDNEXT went back"]
)
def test_a_cursor_that_holds_no_longer_is_as_good_as_none(
    cursor: Cursor, watch: Watching
) -> None:
    server = with_mails(1, 2)
    server.faults["FETCH"] = dated(server, {1: timedelta(hours=1), 2: DAYS})
    it = watch(server, cursors={"INBOX": cursor})
    it.initial_sync()

    assert it.take() == [("INBOX", 1)]
    assert it.cursors == {"INBOX": Cursor(1, 3)}


def test_a_uidnext_that_stands_still_lets_the_cursor_hold(watch: Watching) -> None:
    server = with_mails(1, 2)
    server.faults["FETCH"] = dated(server, dict.fromkeys((1, 2), timedelta(hours=1)))
    it = watch(server, cursors={"INBOX": Cursor(1, 3)})
    it.initial_sync()

    assert it.take() == []


def test_without_uidnext_and_cursor_the_last_uid_says_how_far_a_mailbox_reaches(
    watch: Watching,
) -> None:
    server = with_mails(3, 8)
    server.faults["EXAMINE"] = examined("* 2 EXISTS", "* OK [UIDVALIDITY 1] ok")
    server.faults["FETCH"] = dated(server, {3: DAYS, 8: DAYS})
    it = watch(server)
    it.initial_sync()

    assert it.cursors == {"INBOX": Cursor(1, 9)}


def test_without_uidnext_a_known_cursor_is_kept(watch: Watching) -> None:
    server = with_mails(3, 8)
    server.faults["EXAMINE"] = examined("* 2 EXISTS", "* OK [UIDVALIDITY 1] ok")
    server.faults["FETCH"] = dated(server, {3: DAYS, 8: DAYS})
    it = watch(server, cursors={"INBOX": Cursor(1, 20)})
    it.initial_sync()

    assert it.take() == []
    assert it.cursors == {"INBOX": Cursor(1, 20)}


# The sync of one mailbox


def test_the_newest_mail_comes_first_whatever_the_server_answers_first(
    watch: Watching,
) -> None:
    last = HEADERS_AT_ONCE + 3
    server = with_mails(*range(1, last + 1))

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        words = command.split(" ")
        uids = ",".join(reversed(words[2].split(",")))
        command = " ".join([*words[:2], uids, *words[3:]])
        peer.send_raw(fetched(server.mailboxes["INBOX"], command))
        peer.send(f"{tag} OK done")

    server.faults["FETCH"] = fetch
    it = watch(server, cursors={"INBOX": Cursor(1, 1)})
    it.initial_sync()

    heads = [one for one in server.commands if "HEADER" in one]
    assert [len(one.split(" ")[2].split(",")) for one in heads] == [HEADERS_AT_ONCE, 3]
    assert it.take() == [("INBOX", uid) for uid in range(last, 0, -1)]


LOOKED_FOR = MAIL.replace(b"hello", b"sign-in")


def test_a_mail_of_which_neither_sender_nor_subject_is_told_is_asked_for_as_others(
    watch: Watching,
) -> None:
    server = with_mails(*range(1, 3 * HEADERS_AT_ONCE + 1))
    server.mailboxes["INBOX"][1] = LOOKED_FOR

    def fetch(peer: Peer, tag: str) -> None:
        answer = fetched(server.mailboxes["INBOX"], server.commands[-1])
        if "FIELDS" in server.commands[-1]:
            answer = re.sub(rb"\{\d+\}\r\n(?s:.)+?\r\n\r\n\)", b"{2}\r\n\r\n)", answer)
        peer.send_raw(answer)
        peer.send(f"{tag} OK done")

    server.faults["FETCH"] = fetch
    it = watch(server, is_candidate=lambda header: b"sign-in" in header)
    it.initial_sync()

    assert it.take() == [("INBOX", 1)]


@pytest.mark.parametrize("is_refused", [False, True])
def test_of_very_many_mails_sender_and_subject_alone_are_asked_for(
    watch: Watching, *, is_refused: bool
) -> None:
    last = 3 * HEADERS_AT_ONCE
    server = with_mails(*range(1, last + 1))
    server.mailboxes["INBOX"] |= {1: LOOKED_FOR, last: LOOKED_FOR}

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if "FIELDS" in command and is_refused:
            peer.send(f"{tag} BAD what")
        else:
            peer.send_raw(fetched(server.mailboxes["INBOX"], command))
            peer.send(f"{tag} OK done")

    server.faults["FETCH"] = fetch
    it = watch(server, is_candidate=lambda header: b"sign-in" in header)
    it.initial_sync()

    assert it.take() == [("INBOX", last), ("INBOX", 1)]
    heads = [len(uids_in(one)) for one in server.commands if "[HEADER]" in one]
    assert heads == [HEADERS_AT_ONCE, *([50, 50] if is_refused else [1])]
    (first,) = [n for n, one in enumerate(server.commands) if "BODY.PEEK[]" in one][:1]
    assert not any("FIELDS" in one for one in server.commands[:first]), "newest first"


def test_a_body_is_fetched_only_of_what_may_be_an_attempt(watch: Watching) -> None:
    server = with_mails(1, 2)
    server.mailboxes["INBOX"][2] = MAIL.replace(b"hello", b"sign-in")
    it = watch(server, is_candidate=lambda header: b"sign-in" in header)
    it.initial_sync()

    bodies = [one for one in server.commands if "BODY.PEEK[]" in one]
    assert [one.split(" ")[2] for one in bodies] == ["2"]
    assert it.take() == [("INBOX", 2)]


def test_a_mail_is_reported_with_its_origin_and_before_its_sync(
    watch: Watching,
) -> None:
    it = watch(with_mails(4))
    it.initial_sync()

    fetched, synced = it.reports
    assert isinstance(fetched, MessageFetched)
    assert fetched.origin == Origin(
        account="home", mailbox="INBOX", uid_validity=1, uid=4
    )
    assert fetched.raw == MAIL
    assert abs(datetime.now(UTC) - fetched.arrival.received_at) < timedelta(minutes=1)
    assert synced == MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 5))


def test_a_sync_is_reported_also_when_nothing_moved(watch: Watching) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    it.reports.clear()
    assert not it.fetch_new()

    assert it.reports == [
        MailboxSynced(account="home", mailbox=name, cursor=Cursor(1, 1))
        for name in BOTH
    ]


def refuse_bodies_of(server: Server, uid: int) -> Fault:
    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if "[HEADER]" not in command and command.split(" ")[2] == str(uid):
            peer.send(f"{tag} NO [SERVERBUG] index is broken")
        else:
            peer.send_raw(fetched(server.mailboxes["INBOX"], command))
            peer.send(f"{tag} OK done")

    return fetch


def test_a_body_that_the_server_cannot_give_costs_only_this_mail(
    watch: Watching,
) -> None:
    server = with_mails(1, 2, 3)
    server.faults["FETCH"] = refuse_bodies_of(server, 2)
    it = watch(server, cursors={"INBOX": Cursor(1, 1)})
    it.initial_sync()

    assert it.cursors == {"INBOX": Cursor(1, 4)}
    assert it.synced().cursor == Cursor(1, 2), "the next run asks for it, too"
    assert it.take() == [("INBOX", 3), ("INBOX", 1)]


def test_a_mail_that_is_expunged_between_header_and_body_is_passed_over(
    watch: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = with_mails(1, 2, 3)

    def expunge(_header: bytes) -> bool:
        server.mailboxes["INBOX"].pop(2, None)
        return True

    it = watch(server, cursors={"INBOX": Cursor(1, 1)}, is_candidate=expunge)
    it.initial_sync()

    assert it.take() == [("INBOX", 3), ("INBOX", 1)]
    assert not caplog.records


def test_mail_that_is_announced_in_a_sync_is_fetched_with_it_up_to_a_bound(
    watch: Watching,
) -> None:
    def search(peer: Peer, tag: str) -> None:
        uids = " ".join(map(str, server.mailboxes["INBOX"]))
        server.add(MAIL)
        count = len(server.mailboxes["INBOX"])
        peer.send(f"* SEARCH {uids}", f"* {count} EXISTS", f"{tag} OK done")

    server = Server()
    it = watch(server, cursors={"INBOX": Cursor(1, 1)})
    it.initial_sync()
    server.faults["SEARCH"] = search
    server.commands.clear()
    assert it.fetch_new()

    assert server.count("SEARCH") == SYNCS_AT_ONCE
    assert it.take() == [("INBOX", uid) for uid in range(1, SYNCS_AT_ONCE)]
    server.faults.clear()
    server.commands.clear()
    it.fetch_new()
    assert server.count("SEARCH") == 1
    assert it.take() == [("INBOX", SYNCS_AT_ONCE)]


def test_a_cursor_never_goes_back_when_mails_are_expunged(watch: Watching) -> None:
    server = with_mails(1, 2, 3)
    it = watch(server)
    it.initial_sync()
    server.mailboxes["INBOX"].clear()
    assert not it.fetch_new()

    assert it.cursors == {"INBOX": Cursor(1, 4)}


# How long a mail can have lain there


def absent_s(fetched: MessageFetched) -> float:
    """Return when the mail was not there yet, which must be known."""
    assert fetched.arrival.seen.absent_s is not None
    return fetched.arrival.seen.absent_s


def test_a_mail_found_by_a_sync_was_not_there_at_the_last_one(watch: Watching) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    looked_s = []
    for _ in range(2):
        looked_s.append(boottime_s())
        server.add(MAIL)
        it.fetch_new()

    on_catching_up, second, third = it.take_arrived()
    assert on_catching_up.arrival.seen.absent_s is None
    assert absent_s(second) <= looked_s[0] <= second.arrival.seen.boot_s
    assert looked_s[0] <= absent_s(third) <= looked_s[1] <= third.arrival.seen.boot_s


def test_a_mail_that_was_announced_came_just_before(watch: Watching) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    server.add(MAIL)
    announced_s = boottime_s() + 1500
    it.fetch_new(announced_s)

    _, new = it.take_arrived()
    assert absent_s(new) == announced_s - PUSH_S


def test_mail_after_the_cursor_was_not_there_at_the_last_look_of_the_connection_before(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    looked_s = boottime_s()
    server.add(MAIL)
    it.initial_sync()

    first, new = it.take_arrived()
    assert (first.origin.uid, new.origin.uid) == (1, 2)
    assert first.arrival.seen.absent_s is None
    assert absent_s(new) <= looked_s


def test_it_is_asked_when_a_mail_came_here_where_the_server_knows_that(
    watch: Watching,
) -> None:
    """RFC 8514: that stays the same when a mail is moved, as INTERNALDATE does not."""
    server = with_mails(1)
    server.capabilities += " SAVEDATE"
    server.saved = "27-Nov-2026 10:00:00 +0900"
    it = watch(server)
    it.initial_sync()
    server.saved = None
    server.add(MAIL)
    it.fetch_new()

    saved_at = [one.arrival.saved_at for one in it.take_arrived()]
    assert saved_at == [datetime(2026, 11, 27, 1, tzinfo=UTC), None]


@pytest.mark.parametrize("saved", ["31-Dec-9999 23:59:59 +0000", "soon", "1 +9999999"])
def test_a_savedate_that_cannot_be_is_none(watch: Watching, saved: str) -> None:
    server = with_mails(1)
    server.capabilities += " SAVEDATE"
    server.saved = saved
    it = watch(server)
    it.initial_sync()

    assert [one.arrival.saved_at for one in it.take_arrived()] == [None]


def test_a_mailbox_that_was_made_anew_tells_nothing_of_its_mails(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    it.fetch_new()
    it.take()
    server.uid_validity = 2
    it.sync_when_due()

    assert [fetched.arrival.seen.absent_s for fetched in it.take_arrived()] == [None]


def test_the_newest_arrival_of_a_sync_is_reported_also_of_ordinary_mail(
    watch: Watching,
) -> None:
    server = with_mails(1)
    it = watch(server)
    it.initial_sync()
    server.add(b"Subject: hello\r\n\r\nhello")
    it.fetch_new()

    newest = [one.newest for one in it.reports if isinstance(one, MailboxSynced)]
    assert newest[0] is None
    assert newest[-1] is not None
    assert newest[-1].seen.absent_s is not None


def test_a_mail_is_seen_beside_the_newest_one_of_its_mailbox(watch: Watching) -> None:
    it = watch(with_mails(1, 2))
    it.initial_sync()

    arrived = it.take_arrived()
    newest_at = max(one.arrival.received_at for one in arrived)
    assert [one.arrival.seen.newest_at for one in arrived] == [newest_at] * 2


@pytest.mark.parametrize(
    ("is_synchronised", "uids"), [(True, []), (False, [2]), (None, [2])]
)
def test_by_a_clock_that_may_lead_the_newest_mail_is_not_too_old(
    watch: Watching,
    monkeypatch: pytest.MonkeyPatch,
    is_synchronised: bool | None,
    uids: list[int],
) -> None:
    monkeypatch.setattr(mailbox_sync, "is_synchronised", lambda: is_synchronised)
    server = with_mails(1, 2)
    server.ahead = timedelta(days=-400)
    it = watch(server)
    it.initial_sync()

    assert it.take() == [("INBOX", uid) for uid in uids]


# Opening anew


def test_the_open_mailbox_is_opened_anew_every_reopen_s(watch: Watching) -> None:
    it = watch(Server())
    it.initial_sync()
    it.commands()
    it.fetch_new()
    it.now.s += HOW.timeouts.reopen_interval_s
    it.fetch_new()
    assert it.commands() == 2 * ["SEARCH UID", "FETCH 1:50"]

    it.now.s += 1
    it.fetch_new()
    assert it.commands() == ["EXAMINE INBOX", "SEARCH UID", "FETCH 1:50"]
    it.fetch_new()
    assert it.commands() == ["SEARCH UID", "FETCH 1:50"]


def test_opening_anew_tells_whether_there_was_new_mail(watch: Watching) -> None:
    server = Server()
    it = watch(server)
    it.initial_sync()
    assert not it.sync_when_due()
    server.add(MAIL)

    assert it.sync_when_due()
    assert it.take() == [("INBOX", 1)]


@pytest.mark.parametrize("uid_validity", [1, 2], ids=["UIDNEXT went back", "other"])
def test_a_mailbox_that_was_made_anew_is_searched_as_a_whole(
    uid_validity: int, watch: Watching
) -> None:
    server = with_mails(7)
    it = synced(watch, server)
    server.mailboxes["INBOX"] = {1: MAIL, 2: MAIL}
    server.uid_validity = uid_validity
    server.faults["FETCH"] = dated(server, {1: DAYS, 2: timedelta(hours=1)})
    it.sync_when_due()

    assert it.take() == [("INBOX", 2)]
    assert it.cursors == {"INBOX": Cursor(uid_validity, 3)}


def test_a_mailbox_that_is_only_opened_anew_is_not_searched_as_a_whole(
    watch: Watching,
) -> None:
    it = watch(with_mails(1))
    it.initial_sync()
    it.take()
    it.sync_when_due()

    assert it.take() == []


# Several mailboxes


def test_all_are_caught_up_and_the_first_one_is_left_open(watch: Watching) -> None:
    server = with_junk(1)
    it = watch(server, *BOTH)
    it.initial_sync()
    commands = [one for one in it.commands() if one.startswith("EXAMINE")]

    assert commands == ["EXAMINE INBOX", "EXAMINE Junk", "EXAMINE INBOX"]
    assert it.take() == [("Junk", 1)]


def test_a_single_mailbox_is_opened_once_and_no_other_one_is_asked_for(
    watch: Watching,
) -> None:
    server = Server(capabilities="IMAP4rev1 IDLE NOTIFY")
    it = watch(server)
    it.initial_sync()

    assert "personal" not in server.commands[-1]
    assert it.commands() == ["EXAMINE INBOX", "SEARCH SINCE", "NOTIFY SET"]


def test_the_list_is_asked_for_only_where_an_attribute_is_meant(
    watch: Watching,
) -> None:
    it = watch(with_junk(), *BOTH)
    it.initial_sync()

    assert it.server.count("LIST") == 0


def test_a_mailbox_whose_status_stands_still_is_not_opened(watch: Watching) -> None:
    it = watch(with_junk(1), *BOTH)
    it.initial_sync()
    it.commands()
    assert not it.fetch_new()

    assert it.commands() == ["SEARCH UID", "FETCH 1:50", "STATUS Junk"]


def test_a_mailbox_whose_status_moves_is_opened_and_then_the_first_one_again(
    watch: Watching,
) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    it.commands()
    server.add(MAIL, mailbox="Junk")
    found_in_the_first = it.fetch_new()

    assert [one for one in it.commands() if "FETCH" not in one] == [
        "SEARCH UID",
        "STATUS Junk",
        "EXAMINE Junk",
        "SEARCH UID",
        "EXAMINE INBOX",
        "SEARCH UID",
    ]
    assert it.take() == [("Junk", 1)]
    assert not found_in_the_first


def test_mail_that_comes_while_another_mailbox_is_open_is_found(
    watch: Watching,
) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    server.add(MAIL, mailbox="Junk")

    def status(peer: Peer, tag: str) -> None:
        server.add(MAIL)
        peer.send('* STATUS "Junk" (UIDNEXT 2 UIDVALIDITY 1)', f"{tag} OK done")

    server.faults["STATUS"] = status

    assert it.fetch_new()
    assert it.take() == [("Junk", 1), ("INBOX", 1)]


def test_a_mailbox_whose_status_makes_no_sense_is_opened(watch: Watching) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    server.add(MAIL, mailbox="Junk")
    server.faults["STATUS"] = lambda peer, tag: peer.send(
        '* STATUS "Junk" (2 UIDNEXT)', f"{tag} OK done"
    )
    it.fetch_new()

    assert it.take() == [("Junk", 1)]


def test_opening_anew_asks_the_others_and_opens_those_that_moved(
    watch: Watching,
) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    it.commands()
    assert not it.sync_when_due()
    assert it.commands() == [
        "STATUS Junk",
        "EXAMINE INBOX",
        "SEARCH UID",
        "FETCH 1:50",
    ]
    server.add(MAIL, mailbox="Junk")
    it.sync_when_due()

    assert it.take() == [("Junk", 1)]
    assert it.commands()[-3:] == ["EXAMINE INBOX", "SEARCH UID", "FETCH 1:50"]


# Missing mailboxes


def named(errors: list[MailboxMissing]) -> list[object]:
    return [error.data["mailbox"] for error in errors]


def test_a_missing_mailbox_is_told_once_and_the_others_go_on(
    watch: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = with_junk(1)
    it = watch(server, "INBOX", "Gone", "Junk")
    it.initial_sync()
    it.fetch_new()
    it.sync_when_due()
    server.add(MAIL)
    it.fetch_new()

    assert named(it.missing) == ["Gone"]
    assert caplog.text.count("Gone") == 1
    assert it.take() == [("Junk", 1), ("INBOX", 1)]


def test_where_the_first_mailbox_is_missing_the_next_one_is_left_open(
    watch: Watching,
) -> None:
    server = with_junk()
    it = watch(server, "Gone", "Junk")
    it.initial_sync()
    it.commands()
    server.add(MAIL, mailbox="Junk")
    assert it.fetch_new()

    assert named(it.missing) == ["Gone"]
    assert it.take() == [("Junk", 1)]
    assert it.commands()[0] == "SEARCH UID"


def test_an_account_without_any_of_its_mailboxes_cannot_be_watched(
    watch: Watching,
) -> None:
    it = watch(Server(), "Gone", "Lost")
    with pytest.raises(MailboxMissing) as raised:
        it.initial_sync()

    assert raised.value.data["mailbox"] == "Gone"
    assert named(it.missing) == ["Gone", "Lost"]


def test_a_mailbox_that_appears_later_is_caught_up(watch: Watching) -> None:
    server = Server()
    it = watch(server, *BOTH)
    it.initial_sync()
    server.mailboxes["Junk"] = {5: MAIL}
    it.commands()
    it.fetch_new()
    assert it.commands() == ["SEARCH UID", "FETCH 1:50"], (
        "it is tried only when that is due"
    )
    it.sync_when_due()

    assert it.take() == [("Junk", 5)]
    assert it.cursors["Junk"] == Cursor(1, 6)
    commands = [one for one in it.commands() if "FETCH" not in one]
    assert commands == ["EXAMINE Junk", "SEARCH SINCE", "EXAMINE INBOX", "SEARCH UID"]
    it.fetch_new()
    assert it.commands() == ["SEARCH UID", "FETCH 1:50", "STATUS Junk"]


def test_a_mailbox_that_vanishes_is_told_once_and_again_if_it_came_back_between(
    watch: Watching,
) -> None:
    server = with_junk()
    it = watch(server, *BOTH)
    it.initial_sync()
    it.commands()
    for _ in range(2):
        del server.mailboxes["Junk"]
        it.fetch_new()
        it.sync_when_due()
        server.mailboxes["Junk"] = {}
        it.sync_when_due()

    assert named(it.missing) == ["Junk", "Junk"]
    # a failed EXAMINE leaves no mailbox open: the first one is opened again
    assert it.commands()[:5] == [
        "SEARCH UID",
        "FETCH 1:50",
        "STATUS Junk",
        "EXAMINE INBOX",
        "SEARCH UID",
    ]


def test_a_junk_mailbox_that_is_made_later_is_found_and_then_no_longer_sought(
    watch: Watching,
) -> None:
    server = Server()
    it = watch(server, "INBOX", "\\Junk")
    it.initial_sync()
    it.sync_when_due()
    assert server.count("LIST") == 2
    server.mailboxes["Spam"] = {1: MAIL}
    server.listing.append('* LIST (\\Junk) "/" Spam')
    it.sync_when_due()
    assert it.take() == [("Spam", 1)]
    it.sync_when_due()

    assert server.count("LIST") == 3
    assert not it.missing


def test_a_first_mailbox_that_appears_later_becomes_the_open_one(
    watch: Watching,
) -> None:
    server = Server()
    it = watch(server, "Early", "INBOX")
    it.initial_sync()
    server.mailboxes["Early"] = {5: MAIL}
    it.sync_when_due()
    assert it.take() == [("Early", 5)]
    server.mailboxes["Early"][6] = MAIL
    it.fetch_new()

    assert it.take() == [("Early", 6)]
    assert it.cursors == {"Early": Cursor(1, 7), "INBOX": Cursor(1, 1)}
