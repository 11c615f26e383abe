"""Mail in a mailbox that is not open is asked for with the end of the IDLE, too."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.imap_server import (
    MAIL,
    PATIENT,
    QUICK,
    Fault,
    Peer,
    Server,
    fetched,
    settings,
    watched,
)
from tests.imap_watch import Watch, Watching
from tests.test_imap_faults import FAULTS, once
from watcher.clock import boottime_s
from watcher.errors import ConnectionLost, MailboxMissing, MailboxRefused
from watcher.events import Cursor, MessageFetched, ModeReason, State, StateChanged
from watcher.imap.announced import read_status
from watcher.imap.losses import LOST_SEGMENTS
from watcher.imap.progress import AccountMemory
from watcher.imap.protocol import STATUS_BYTES, STATUS_KEPT
from watcher.recognition.limits import MAIL_BYTES

pytestmark = pytest.mark.timeout(60)

JUNK = "迷惑メール"
ENCODED = "&j,dg0TDhMPww6w-"
HEADER = "(INTERNALDATE BODY.PEEK[HEADER]<0.32768>)"
WHOLE = f"(INTERNALDATE BODY.PEEK[]<0.{MAIL_BYTES + 1}>)"


def with_junk(name: str = "Junk", capabilities: str = "IDLE NOTIFY") -> Server:
    server = Server(capabilities=f"IMAP4rev1 {capabilities}")
    server.mailboxes[name] = {}
    return server


def announce(server: Server, mailbox: str = "Junk", name: str | None = None) -> int:
    """Let a mail arrive there, and say so in IDLE; return its UID."""
    server.wait_for_idle()
    uid = server.add(MAIL, mailbox=mailbox)
    numbers = f"(MESSAGES {uid} UIDNEXT {uid + 1} UNSEEN 1)"
    idling = next(peer for peer in server.peers if peer.idle_tag)
    idling.send(f"* STATUS {name or mailbox} {numbers}")
    return uid


def since_done(server: Server) -> list[str]:
    """Return the commands behind the end of the last IDLE, in short."""
    last = len(server.commands) - server.commands[::-1].index("DONE")
    return [
        " ".join(one.replace('"', "").split(" ")[:3]) for one in server.commands[last:]
    ]


def only_with_what_follows(server: Server, lines: int) -> Fault:
    """End an IDLE only once so many further commands have come."""

    def done(peer: Peer, tag: str) -> None:
        behind = [peer.line() for _ in range(lines)]
        peer.send(f"{tag} OK idled")
        peer.idle_tag = None
        for line in behind:
            server.obey(peer, line)

    return done


@pytest.mark.parametrize(
    "name",
    [ENCODED, f'"{ENCODED}"', "{15}\r\n" + JUNK, "{16}\r\n" + ENCODED],
    ids=["atom", "quoted", "as Dovecot", "literal"],
)
def test_a_mailbox_that_was_announced_is_opened_with_the_end_of_the_idle(
    name: str,
) -> None:
    server = with_junk(ENCODED)
    with watched(server, settings(PATIENT), "INBOX", JUNK) as (_, seen):
        server.wait_for_idle()
        server.faults["DONE"] = only_with_what_follows(server, 3)
        announce(server, ENCODED, name)
        mail = seen.wait_for_uid(1)
        server.wait_for("IDLE", times=2)

    assert mail.origin.mailbox == JUNK
    assert since_done(server)[:6] == [
        f"EXAMINE {ENCODED}",
        "UID SEARCH UID",
        "UID FETCH 1:50",
        "UID FETCH 1",
        "EXAMINE INBOX",
        "UID SEARCH UID",
    ]
    assert State.BACKING_OFF not in seen.states


def test_while_a_sign_in_is_expected_it_comes_whole() -> None:
    server = with_junk()
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (session, seen):
        server.wait_for_idle()
        session.arm(timedelta(minutes=10))
        server.wait_for("IDLE", times=2)
        announce(server)
        seen.wait_for_uid(1)

    fetches = [one for one in server.commands if one.startswith("UID FETCH 1:5 ")]
    assert fetches[-1] == f"UID FETCH 1:5 {WHOLE}"
    assert f"UID FETCH 1 (BODY.PEEK[]<0.{MAIL_BYTES + 1}>)" not in server.commands


def test_what_is_announced_in_both_mailboxes_is_found_the_open_one_first() -> None:
    server = with_junk()
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, mailbox="Junk")
        exists = server.announced(MAIL)
        server.peers[0].send_raw(b"* STATUS Junk (MESSAGES 1 UIDNEXT 2)\r\n" + exists)
        seen.wait_until(lambda seen: len(seen.uids) == 2)

    mailboxes = [one.origin.mailbox for one in seen.of(MessageFetched)]
    assert mailboxes == ["INBOX", "Junk"]


@pytest.mark.parametrize(
    "status",
    [
        "Junk (MESSAGES 0 UIDNEXT 1)",
        "Archive (MESSAGES 1 UIDNEXT 2)",
        "{4}\r\nJun",
        "&x (MESSAGES 1 UIDNEXT 2)",
    ],
    ids=["expunged", "another", "cut off", "no name"],
)
def test_what_names_no_new_mail_opens_nothing(status: str) -> None:
    server = with_junk()
    with watched(server, settings(PATIENT), "INBOX", "Junk"):
        server.wait_for_idle()
        server.faults["DONE"] = only_with_what_follows(server, 3)
        server.peers[0].send(f"* STATUS {status}", "* STATUS X ()")
        server.wait_for("IDLE", times=2)

    assert since_done(server)[:4] == [
        "STATUS Junk (UIDNEXT",
        "UID SEARCH UID",
        "UID FETCH 1:50",
        "IDLE",
    ]


def test_a_server_that_gave_up_its_announcements_is_asked_for_them_again() -> None:
    server = with_junk()
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, mailbox="Junk", is_told=False)
        server.peers[0].send("* OK [NOTIFICATIONOVERFLOW] too many")
        seen.wait_for_uid(1)
        server.wait_for("NOTIFY", times=2)
        server.wait_for_idle()

    assert State.BACKING_OFF not in seen.states


def test_an_announcement_without_uidnext_opens_the_mailbox() -> None:
    server = with_junk()
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, mailbox="Junk")
        server.peers[0].send("* STATUS Junk (MESSAGES 1)")
        seen.wait_for_uid(1)

    assert since_done(server)[0] == "EXAMINE Junk"


def test_of_very_many_announcements_the_last_are_kept() -> None:
    server = with_junk()
    others = [f"* STATUS A{number} (UIDNEXT 9)\r\n" for number in range(STATUS_KEPT)]
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, mailbox="Junk")
        lines = ["* STATUS Junk (UIDNEXT 2)\r\n", *others]
        server.peers[0].send_raw("".join(lines).encode())
        seen.wait_for_uid(1)

    assert since_done(server)[0] == "STATUS Junk (UIDNEXT", "it is found all the same"


def test_of_a_long_announcement_the_beginning_is_kept(watch: Watching) -> None:
    server = with_junk()
    protocol = watch(server).account_sync.connection.protocol
    tag = protocol.begin_idle()
    server.peers[0].send(f"* STATUS {'x' * STATUS_BYTES} (UIDNEXT 2)")
    while not protocol.elsewhere:
        protocol.receive(tag, 10.0)

    assert protocol.elsewhere == (b" " + b"x" * (STATUS_BYTES - 1),)


def begin(
    watch: Watching, server: Server, memory: AccountMemory | None = None
) -> Watch:
    """Watch INBOX and Junk, with a mail that was announced in Junk asked for."""
    it = watch(server, "INBOX", "Junk", memory=memory)
    it.initial_sync()
    it.take()
    it.commands()
    server.add(MAIL, mailbox="Junk")
    it.account_sync.connection.protocol.elsewhere = (b" Junk (UIDNEXT 2)",)
    return it


def test_mails_of_another_uidvalidity_are_not_believed(watch: Watching) -> None:
    """What lies in the mailbox that was made anew is older than `look_back`."""
    server = with_junk(capabilities="IDLE NOTIFY WITHIN")
    it = begin(watch, server)

    def search(peer: Peer, tag: str) -> None:
        is_named = peer.selected == "Junk" and "YOUNGER" not in server.commands[-1]
        peer.send("* SEARCH 1" if is_named else "* SEARCH", f"{tag} OK done")

    server.uid_validity = 2
    server.faults["SEARCH"] = search
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == []
    assert it.cursors["Junk"] == Cursor(2, 2)


def test_a_mailbox_that_was_made_anew_is_synced_as_if_new(watch: Watching) -> None:
    server = with_junk()
    it = begin(watch, server)
    server.add(MAIL, mailbox="Junk")
    server.uid_validity = 2
    it.account_sync.begin_look()
    it.fetch_new()

    found = {(one.origin.uid, one.origin.uid_validity) for one in it.take_arrived()}
    assert found == {(1, 2), (2, 2)}


def test_a_refusal_whose_answer_came_before_another_is_known(watch: Watching) -> None:
    """Junk is opened, and INBOX again, before the answer about Spam is taken."""
    server, it = begin_with_two_others(watch)
    it.take()
    server.add(MAIL, mailbox="Junk")
    del server.mailboxes["Spam"]
    it.account_sync.begin_look()
    it.fetch_new()

    assert [one.origin.mailbox for one in it.take_arrived()] == ["Junk"]
    assert [one.data["mailbox"] for one in it.missing] == ["Spam"]


def refuse(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [NONEXISTENT] no such mailbox")


def refuse_for_now(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [INUSE] try again")


def not_selected(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} BAD no mailbox is selected")


@pytest.mark.parametrize("is_lax", [False, True], ids=["strict", "lax"])
@pytest.mark.parametrize(
    ("fault", "error"), [(refuse, MailboxMissing), (refuse_for_now, MailboxRefused)]
)
def test_where_it_cannot_be_opened_nothing_is_believed_and_the_first_one_goes_on(
    fault: Fault, error: type[Exception], is_lax: bool
) -> None:
    """A lax server answers what follows from the mailbox that was open before."""
    server = with_junk()
    faults: dict[str, Fault] = {"EXAMINE": once(server, "EXAMINE", fault)}
    if not is_lax:
        faults |= {
            name: once(server, name, not_selected) for name in ("SEARCH", "FETCH")
        }
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.mailboxes["INBOX"][1] = MAIL
        server.faults |= faults
        announce(server)
        seen.wait_until(
            lambda seen: any(
                isinstance(change.error, error) for change in seen.of(StateChanged)
            )
        )
        seen.wait_for_uid(1)
        server.wait_for("IDLE", times=2)

    assert seen.of(MessageFetched)[0].origin.mailbox == "INBOX"
    assert server.count("LOGIN") == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("command", ["DONE", "EXAMINE", "SEARCH", "FETCH"])
def test_a_fault_in_what_was_announced_is_survived(command: str, fault: Fault) -> None:
    server = with_junk()
    how = settings(QUICK)
    with watched(server, how, "INBOX", "Junk") as (_, seen):
        server.wait_for_idle()
        server.faults[command] = once(server, command, fault)
        announce(server)
        lost = seen.wait_for_state(State.BACKING_OFF)
        mail = seen.wait_for_uid(1)
        seen.wait_until(lambda seen: seen.states[-1] is State.WATCHING)

    assert isinstance(lost.error, ConnectionLost)
    assert mail.origin.mailbox == "Junk"
    assert seen.uids == [1]


def drop_what_follows(server: Server, peer: Peer) -> None:
    for _ in "123":
        peer.line()


def hang_up(server: Server, peer: Peer) -> None:
    peer.close()


@pytest.mark.parametrize("bear_ill", [drop_what_follows, hang_up])
def test_a_server_that_bears_nothing_behind_done_is_asked_one_by_one(
    bear_ill: Callable[[Server, Peer], None],
) -> None:
    def done(peer: Peer, tag: str) -> None:
        if server.count("LOGIN") <= LOST_SEGMENTS:
            bear_ill(server, peer)
        peer.send(f"{tag} OK idled")

    server = with_junk()
    server.faults["DONE"] = done
    with watched(server, settings(QUICK), "INBOX", "Junk") as (_, seen):
        for times in range(1, LOST_SEGMENTS + 1):
            server.wait_for("LOGIN", times=times)
            announce(server)
        server.wait_for("LOGIN", times=LOST_SEGMENTS + 1)
        uid = announce(server)
        seen.wait_for_uid(uid)

    assert server.count("LOGIN") == LOST_SEGMENTS + 1
    modes = {change.mode_reason for change in seen.of(StateChanged)}
    assert modes <= {None, ModeReason.OFFERED}, "push goes on"
    assert {*seen.uids} == {*range(1, uid + 1)}


def without_uid_next(server: Server) -> Fault:
    """Open a mailbox as servers do that do not tell the next UID."""

    def examine(peer: Peer, tag: str) -> None:
        count = len(server.mailboxes[peer.selected])
        peer.send(
            f"* {count} EXISTS", "* OK [UIDVALIDITY 1] ok", f"{tag} OK [READ-ONLY] done"
        )

    return examine


def test_where_no_next_uid_is_told_each_mail_is_found_once(watch: Watching) -> None:
    server = with_junk()
    server.faults["EXAMINE"] = without_uid_next(server)
    it = begin(watch, server)
    it.account_sync.begin_look()
    it.fetch_new()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]


def test_what_comes_before_the_mailbox_is_open_is_not_of_it(watch: Watching) -> None:
    server = with_junk()
    it = begin(watch, server)
    opens = without_uid_next(server)

    def examine(peer: Peer, tag: str) -> None:
        peer.send("* SEARCH 7")
        opens(peer, tag)

    server.faults["EXAMINE"] = once(server, "EXAMINE", examine)
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.cursors["Junk"] == Cursor(1, 2)


def test_the_one_that_was_announced_comes_before_others(watch: Watching) -> None:
    server = with_junk()
    server.mailboxes["Spam"] = {}
    it = watch(server, "INBOX", "Spam", "Junk")
    it.initial_sync()
    it.take()
    it.commands()
    server.add(MAIL, mailbox="Junk")
    it.account_sync.connection.protocol.elsewhere = (b" Junk (UIDNEXT 2)",)
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]
    assert it.commands() == [
        *("EXAMINE Junk", "SEARCH UID", "FETCH 1:50", "FETCH 1"),
        "STATUS Spam",
        *("EXAMINE INBOX", "SEARCH UID", "FETCH 1:50"),
    ]


def test_a_look_at_the_first_mailbox_is_not_taken_for_one_at_another(
    watch: Watching,
) -> None:
    """The mailbox that could not be opened until now delivers a mail at second try."""
    server = with_junk()
    server.mailboxes |= {"INBOX": {1: MAIL}, "Spam": {1: MAIL}}
    server.faults["EXAMINE"] = refuse_one(server, "Spam")
    it = watch(server, "INBOX", "Junk", "Spam")
    it.initial_sync()
    it.take()
    it.commands()
    del server.faults["EXAMINE"]
    it.account_sync.begin_look()
    server.wait_for("FETCH")

    def fetch(peer: Peer, tag: str) -> None:
        if "HEADER" in server.commands[-1]:
            del server.faults["FETCH"]
        peer.send(f"{tag} OK nothing")

    server.faults["FETCH"] = fetch
    it.fetch_new()

    assert it.take() == [("Spam", 1)]


def refuse_one(server: Server, mailbox: str) -> Fault:
    """Refuse to open one mailbox for now."""

    def examine(peer: Peer, tag: str) -> None:
        if peer.selected == mailbox:
            refuse_for_now(peer, tag)
        else:
            without_uid_next(server)(peer, tag)

    return examine


def test_mail_that_comes_to_the_first_mailbox_meanwhile_is_found(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server)
    it.account_sync.begin_look()
    server.add(MAIL, is_told=False)
    it.fetch_new()

    assert it.take() == [("Junk", 1), ("INBOX", 1)]


def test_fields_that_were_announced_of_one_mailbox_read_no_mail_of_another(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server)
    it.account_sync.connection.protocol.pushed_fields = (b"Subject: hello\r\n",)
    it.account_sync.begin_look()
    it.fetch_new()

    fetches = [one for one in server.commands if one.startswith("UID FETCH 1:")]
    assert fetches[0] == f"UID FETCH 1:50 {HEADER}"


def test_a_search_that_left_the_mail_out_is_repeated_with_the_next_look(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server)
    server.add(MAIL, mailbox="Junk")

    def search(peer: Peer, tag: str) -> None:
        del server.faults["SEARCH"]
        peer.send("* SEARCH 2", f"{tag} OK done")

    server.faults["SEARCH"] = search
    it.account_sync.begin_look()
    it.fetch_new()
    assert it.take() == [("Junk", 2)]
    it.commands()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]
    assert it.commands()[0] == "EXAMINE Junk", "not the look of another mailbox first"


def test_what_status_shows_was_not_there_when_it_was_asked_for(
    watch: Watching,
) -> None:
    server = with_junk(capabilities="IDLE")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    asked_s = boottime_s()
    it.account_sync.begin_look()
    it.now.passed_s += 100
    it.fetch_new()
    server.add(MAIL, mailbox="Junk")
    it.take()
    it.account_sync.begin_look()
    it.fetch_new()

    (mail,) = it.take_arrived()
    assert mail.arrival.seen.absent_s is not None
    assert asked_s <= mail.arrival.seen.absent_s < asked_s + 100


def begin_with_two_others(watch: Watching) -> tuple[Server, Watch]:
    """Watch two mailboxes beside the first one, of which STATUS is asked."""
    server = with_junk(capabilities="IDLE")
    server.mailboxes["Spam"] = {}
    it = watch(server, "INBOX", "Junk", "Spam")
    it.initial_sync()
    return server, it


def test_answers_to_several_status_need_not_come_in_their_order(
    watch: Watching,
) -> None:
    server, it = begin_with_two_others(watch)
    server.add(MAIL, mailbox="Junk")
    held: list[tuple[Peer, str]] = []

    def status(peer: Peer, tag: str) -> None:
        held.append((peer, tag))
        if len(held) == 2:
            peer.send(
                '* STATUS "Spam" (UIDNEXT 1 UIDVALIDITY 1)',
                '* STATUS "Junk" (UIDNEXT 2 UIDVALIDITY 1)',
                '* STATUS "Spam" (UIDNEXT 1 UIDVALIDITY 1)',
                *(f"{one} OK done" for _, one in held),
            )

    server.faults["STATUS"] = status
    it.take()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]


def test_answers_about_others_may_come_behind_those_to_a_look(watch: Watching) -> None:
    server, it = begin_with_two_others(watch)
    server.add(MAIL)
    held: list[str] = []

    def fetch(peer: Peer, tag: str) -> None:
        peer.send_raw(fetched(server.mailboxes["INBOX"], server.commands[-1]))
        peer.send(f"{tag} OK done")
        for name, one in zip(("Junk", "Spam"), held, strict=True):
            status = f'* STATUS "{name}" (UIDNEXT 1 UIDVALIDITY 1)'
            peer.send(status, f"{one} OK done")
        del server.faults["FETCH"]

    server.faults["STATUS"] = lambda _, tag: held.append(tag)
    server.faults["FETCH"] = fetch
    it.take()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("INBOX", 1)]


def test_a_mail_that_came_and_went_opens_its_mailbox_no_longer(watch: Watching) -> None:
    server = with_junk(capabilities="IDLE")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()

    def examine(peer: Peer, tag: str) -> None:
        uid_next = 7 if peer.selected == "Junk" else 1
        told = f"* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT {uid_next}] ok"
        peer.send("* 0 EXISTS", told, f"{tag} OK [READ-ONLY] done")

    status = '* STATUS "Junk" (UIDNEXT 7 UIDVALIDITY 1)'
    server.faults["STATUS"] = lambda peer, tag: peer.send(status, f"{tag} OK done")
    server.faults["EXAMINE"] = examine
    it.fetch_new()
    it.fetch_new()  # once more: a search may leave a mail out
    it.commands()
    it.fetch_new()

    assert "EXAMINE Junk" not in it.commands()


def test_a_mailbox_that_is_spelled_otherwise_in_the_answer_is_known(
    watch: Watching,
) -> None:
    server = with_junk(capabilities="IDLE")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    it.commands()
    server.faults["STATUS"] = lambda peer, tag: peer.send(
        '* STATUS "junk" (UIDNEXT 1 UIDVALIDITY 1)', f"{tag} OK done"
    )
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.commands() == ["STATUS Junk", "SEARCH UID", "FETCH 1:50"]
    assert not it.account_sync.connection.protocol.is_announced()


def test_what_is_announced_inside_the_answer_about_another_mailbox_is_news(
    watch: Watching,
) -> None:
    server, it = begin_with_two_others(watch)
    answers = iter(
        [
            ['* STATUS "Junk" (UIDNEXT 1 UIDVALIDITY 1)'],
            [
                '* STATUS "Junk" (MESSAGES 1 UIDNEXT 2)',
                '* STATUS "Spam" (UIDNEXT 1 UIDVALIDITY 1)',
            ],
        ]
    )

    def status(peer: Peer, tag: str) -> None:
        peer.send(*next(answers), f"{tag} OK done")

    server.faults["STATUS"] = status
    it.account_sync.begin_look()
    it.fetch_new()
    server.add(MAIL, mailbox="Junk")
    it.take()
    del server.faults["STATUS"]
    it.commands()

    assert it.account_sync.connection.protocol.is_announced()
    it.account_sync.begin_look()
    it.fetch_new()
    assert it.take() == [("Junk", 1)]
    assert it.commands()[0] == "EXAMINE Junk"


def test_a_mailbox_that_was_opened_for_reading_may_be_called_read_only(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server)

    def search(peer: Peer, tag: str) -> None:
        del server.faults["SEARCH"]
        peer.send("* OK [READ-ONLY] as you wished", "* SEARCH 1", f"{tag} OK done")

    server.faults["SEARCH"] = search
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]


def test_the_first_mailbox_is_looked_at_once_where_no_other_one_moved(
    watch: Watching,
) -> None:
    server = with_junk(capabilities="IDLE")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    server.add(MAIL, is_told=False)
    it.take()
    it.commands()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("INBOX", 1)]
    assert it.commands() == ["STATUS Junk", "SEARCH UID", "FETCH 1:50", "FETCH 1"]


def test_a_look_that_is_of_no_use_is_read_and_is_no_loss(watch: Watching) -> None:
    server = with_junk(capabilities="IDLE")
    it = watch(server, "INBOX", "Junk")
    it.initial_sync()
    it.take()
    for uid in range(1, 2 * LOST_SEGMENTS + 2):
        server.uid_validity += 1
        server.add(MAIL, mailbox="Junk")
        it.account_sync.begin_look()
        it.fetch_new()
        assert ("Junk", uid) in it.take()
        it.commands()

    it.account_sync.begin_look()
    server.wait_for("FETCH")
    assert it.commands() == ["EXAMINE Junk", "SEARCH UID", "FETCH 6:55"]


def losing(count: int) -> AccountMemory:
    """Return the memory of an account that lost so many looks behind IDLE."""
    memory = AccountMemory()
    for _ in range(count + 1):
        memory.look_losses.may_begin(boottime_s())
    memory.look_losses.note_answer(is_behind_idle=False)
    return memory


def test_where_no_look_is_begun_one_command_follows_the_answer_to_another(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server, losing(LOST_SEGMENTS))
    it.account_sync.begin_look()
    assert it.commands() == []
    it.fetch_new()

    assert it.take() == [("Junk", 1)]
    assert it.commands() == [
        *("SEARCH UID", "STATUS Junk"),
        *("EXAMINE Junk", "SEARCH UID", "FETCH 1", "FETCH 1"),
        *("EXAMINE INBOX", "SEARCH UID"),
    ]


def test_what_is_answered_without_an_idle_says_nothing_of_what_follows_one(
    watch: Watching,
) -> None:
    server = with_junk()
    it = begin(watch, server, memory := losing(LOST_SEGMENTS - 1))
    it.account_sync.begin_look()

    assert not memory.look_losses.may_begin(boottime_s()), "it was lost once more"


def test_an_announcement_that_is_followed_well_ends_the_count(watch: Watching) -> None:
    server = with_junk()
    it = begin(watch, server, memory := losing(LOST_SEGMENTS - 1))
    it.account_sync.begin_look()
    it.fetch_new()
    for _ in range(LOST_SEGMENTS - 1):
        memory.look_losses.may_begin(boottime_s())

    assert memory.look_losses.may_begin(boottime_s()), "others were lost long ago"


def test_a_look_that_another_mailbox_interrupts_is_no_loss(watch: Watching) -> None:
    server = with_junk(capabilities="IDLE")
    it = begin(watch, server, memory := losing(LOST_SEGMENTS - 1))
    it.account_sync.connection.protocol.elsewhere = ()
    it.account_sync.begin_look()
    it.fetch_new()

    assert it.take() == [("Junk", 1)]
    assert memory.look_losses.may_begin(boottime_s())


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b" Junk (UIDNEXT 4)", ("Junk", 4)),
        (b" Junk (messages 1 uidnext 4)", ("Junk", 4)),
        (b" Junk (MESSAGES 1)", ("Junk", None)),
        (b" Junk ()", ("Junk", None)),
        (b' "a \\"b\\\\" (UIDNEXT 4)', ('a "b\\', 4)),
        (b' "" (UIDNEXT 4)', ("", 4)),
        (b" {3}\r\n(x) (UIDNEXT 4)", ("(x)", 4)),
        (b" Junk (UIDNEXT 4294967296)", ("Junk", None)),
        (b" Junk", None),
        (b" {9}\r\nJunk", None),
        (b' "\xff" (UIDNEXT 4)', None),
        (b" &x (UIDNEXT 4)", None),
        (b"", None),
    ],
)
def test_an_announcement_is_read(rest: bytes, expected: object) -> None:
    assert read_status(rest) == expected
