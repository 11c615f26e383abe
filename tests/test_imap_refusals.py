"""A tagged NO or BAD is an answer: the server is asked in another way, or without."""

import itertools
import logging
from datetime import timedelta

import pytest

from tests.imap_server import MAIL, QUICK, Fault, Peer, Server, settings, watched
from tests.imap_watch import Watching, dated, with_mails
from watcher.errors import ConnectionLost
from watcher.events import State
from watcher.i18n import Language
from watcher.imap import mailbox_sync
from watcher.imap.listing import LISTED, read_list
from watcher.imap.opened import LAST_UIDS

pytestmark = pytest.mark.timeout(60)

REFUSALS = ("NO not supported", "BAD not supported", "BAD")
LONG_AGO = timedelta(days=3)


def refusing(server: Server, words: str, *keys: str) -> Fault:
    """Answer so to a SEARCH with one of these keys; to others with all mails."""

    def search(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        if any(key in command for key in keys):
            peer.send(f"{tag} {words}")
        else:
            found = Server._found(server.mailboxes["INBOX"], command)
            peer.send(f"* SEARCH {found}".rstrip(), f"{tag} OK done")

    return search


def searches(server: Server) -> list[str]:
    told = [one.split(" ")[2:] for one in server.commands if "SEARCH" in one]
    return [" ".join(words) for words in told]


# Searches by age


@pytest.mark.parametrize("words", REFUSALS)
def test_where_younger_is_refused_since_is_used(watch: Watching, words: str) -> None:
    server = with_mails(1, 2)
    server.capabilities += " WITHIN"
    server.faults["SEARCH"] = refusing(server, words, "YOUNGER")
    server.faults["FETCH"] = dated(server, {1: LONG_AGO})
    it = watch(server)
    it.initial_sync()

    assert [one.split(" ")[0] for one in searches(server)] == ["YOUNGER", "SINCE"]
    assert it.take() == [("INBOX", 2)]


@pytest.mark.parametrize("words", REFUSALS)
def test_where_since_is_refused_too_the_last_mails_are_compared(
    watch: Watching, words: str
) -> None:
    last = LAST_UIDS + 50
    server = with_mails(*range(1, last + 1))
    server.capabilities += " WITHIN"
    server.faults["SEARCH"] = refusing(server, words, "YOUNGER", "SINCE")
    server.faults["FETCH"] = dated(server, dict.fromkeys(range(1, last - 2), LONG_AGO))
    it = watch(server)
    it.initial_sync()

    assert f"UID {last - LAST_UIDS + 1}:*" in searches(server)
    (compared,) = [one for one in server.commands if "(INTERNALDATE)" in one]
    assert len(compared.split(" ")[2].split(",")) == LAST_UIDS
    assert it.take() == [("INBOX", uid) for uid in (last, last - 1, last - 2)]


def test_of_a_mailbox_with_few_mails_all_are_compared(watch: Watching) -> None:
    server = with_mails(1, 2)
    server.faults["SEARCH"] = refusing(server, "NO not supported", "SINCE")
    server.faults["FETCH"] = dated(server, {1: LONG_AGO})
    it = watch(server)
    it.initial_sync()

    assert it.take() == [("INBOX", 2)]


def test_where_younger_is_refused_the_age_goes_by_our_clock(
    watch: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_sync, "is_synchronised", lambda: False)
    server = with_mails(1)
    server.ahead = timedelta(days=-400)
    server.capabilities += " WITHIN"
    server.faults["SEARCH"] = refusing(server, "NO not supported", "YOUNGER")
    it = watch(server)
    it.initial_sync()

    assert it.take() == [("INBOX", 1)], "by a clock that leads, it is too old"


@pytest.mark.parametrize("words", REFUSALS)
def test_where_every_search_is_refused_the_server_is_quoted(
    watch: Watching, words: str
) -> None:
    server = with_mails(1)
    server.faults["SEARCH"] = refusing(server, words, "UID", "SINCE")
    it = watch(server)
    with pytest.raises(ConnectionLost) as raised:
        it.initial_sync()

    said = raised.value.say(Language.EN)
    assert "refuses to search" in said
    assert words.partition(" ")[2] in said
    assert raised.value.say(Language.JA) != said


def test_what_stands_before_a_refusal_is_not_taken_for_the_next_answer(
    watch: Watching,
) -> None:
    server = with_mails(1)

    def search(peer: Peer, tag: str) -> None:
        server.faults["SEARCH"] = lambda peer, tag: peer.send(f"{tag} OK done")
        peer.send("* SEARCH 1", f"{tag} NO not supported")

    server.capabilities += " WITHIN"
    server.faults["SEARCH"] = search
    it = watch(server)
    it.initial_sync()

    assert it.take() == []


# Commands that a watch can do without


@pytest.mark.parametrize("words", REFUSALS)
@pytest.mark.parametrize(("command", "times"), [("NOTIFY", 2), ("LIST", 1)])
def test_a_refused_command_is_done_without(
    command: str, times: int, words: str
) -> None:
    """NOTIFY is tried without the fields of the mail, too."""

    def refuse(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} {words}")

    server = Server(
        faults={command: refuse}, capabilities="IMAP4rev1 IDLE NOTIFY SPECIAL-USE"
    )
    server.mailboxes["Shop"] = {}
    with watched(server, settings(QUICK), "INBOX", "\\Junk", "Shop") as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert server.count(command) == times
    assert State.BACKING_OFF not in seen.states


@pytest.mark.parametrize("words", REFUSALS)
def test_a_refused_noop_costs_nothing(words: str) -> None:
    def refuse(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} {words}")

    server = Server(faults={"NOOP": refuse}, capabilities="IMAP4rev1")
    with watched(server, settings(QUICK)) as (_, seen):
        server.wait_for("NOOP")
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


@pytest.mark.parametrize("words", REFUSALS)
def test_an_idle_that_ends_with_a_refusal_has_ended(words: str) -> None:
    def refuse(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} {words}")

    server = Server(faults={"DONE": refuse})
    with watched(server, settings(QUICK)) as (_, seen):
        server.wait_for("DONE", times=2)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


# The list of mailboxes

BAD_LINE = '(\\Junk) "/" NIL'


def test_a_bad_line_of_the_list_is_skipped_and_told_once(
    watch: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    server.mailboxes["Spam"] = {1: MAIL}
    server.listing += [f"* LIST {BAD_LINE}", '* LIST (\\Junk) "/" Spam']
    memory = None
    for _ in range(2):
        it = watch(server, "INBOX", "\\Junk", "\\Flagged", memory=memory)
        memory = it.account_sync._mailbox_sync.memory
        it.initial_sync()
        it.sync_when_due()
        assert ("Spam", 1) in it.take()

    told = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert [one.getMessage() for one in told] == [
        f"account=home LIST line without sense: {BAD_LINE}"
    ]


def test_every_junk_mailbox_is_watched(watch: Watching) -> None:
    server = Server()
    for name in ("Reklame", "Spam"):
        server.mailboxes[name] = {1: MAIL}
    server.listing += ['* LIST (\\Junk) "/" Reklame', '* LIST () "/" Spam']
    it = watch(server, "INBOX", "\\Junk")
    it.initial_sync()
    assert it.take() == [("Reklame", 1), ("Spam", 1)]
    it.sync_when_due()

    assert server.count("LIST") == 1


def test_a_mailbox_that_is_missing_is_sought_beside_several_that_are_there(
    watch: Watching,
) -> None:
    server = Server()
    for name in ("Reklame", "Spam"):
        server.mailboxes[name] = {}
    server.listing += ['* LIST (\\Junk) "/" Reklame', '* LIST (\\Junk) "/" Spam']
    it = watch(server, "INBOX", "\\Junk", "\\Flagged")
    it.initial_sync()
    it.sync_when_due()

    assert server.count("LIST") == 2


@pytest.mark.parametrize(
    ("pieces", "name"),
    [
        ([b'() "/" INBOX'], "INBOX"),
        ([b'() "/" "&j,dg0TDhMPww6w-"'], "迷惑メール"),
        ([b'(\\Junk) NIL "12"'], "12"),
        ([(b'(\\Junk) "/" {4}', b"Junk"), b""], "Junk"),
        ([(b'() "/" {4}', b"Junk"), b' ("CHILDINFO" ("SUBSCRIBED"))'], "Junk"),
        ([b'() "/" Junk ("CHILDINFO" ("SUBSCRIBED"))'], "Junk"),
    ],
)
def test_a_line_of_the_list_is_read_in_every_form(
    pieces: list[object], name: str
) -> None:
    mailboxes, bad = read_list([*pieces, b'() "/" Last'])

    assert [one.name for one in mailboxes] == [name, "Last"]
    assert bad == []


@pytest.mark.parametrize(
    "piece",
    [
        *(b"", b"()", b'() "/"', b"NIL NIL INBOX", b'() "/" NIL', b'() "/" (a b)'),
        *(b'() "/" "&2AA-"', b'() "/" "half', b"(" * 10_000),
    ],
)
def test_a_line_of_the_list_that_names_no_mailbox_costs_only_itself(
    piece: bytes,
) -> None:
    mailboxes, bad = read_list([b'() "/" First', piece, b'() "/" Last'])

    assert [one.name for one in mailboxes] == ["First", "Last"]
    assert len(bad) == 1


def test_no_list_at_all_is_no_bad_line() -> None:
    assert read_list([None]) == ([], [])


def test_of_a_list_without_end_the_first_lines_are_read() -> None:
    mailboxes, bad = read_list(b'() "/" "%d"' % number for number in itertools.count())

    assert (len(mailboxes), bad) == (LISTED, [])
