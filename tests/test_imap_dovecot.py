"""The engine on a real server: nothing missed, nothing repeated, nothing changed."""

import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from imapclient import IMAPClient

from tests.fakes import needs_posix
from tests.imap_server import (
    MAIL,
    PATIENCE_S,
    PATIENT,
    STEADY,
    Proxy,
    Reports,
    clear,
    secure,
    settings,
    watching,
)
from tests.servers import PASSWORD, Dovecot
from watcher.errors import MailboxMissing
from watcher.events import (
    Cursor,
    MailboxSynced,
    MessageFetched,
    Mode,
    State,
    StateChanged,
)
from watcher.imap.account import Account
from watcher.imap.mailbox_sync import MANY
from watcher.imap.session import Session
from watcher.recognition.limits import MAIL_BYTES

pytestmark = pytest.mark.timeout(90)

REAL = PATIENT
JUNK = "迷惑メール"


@pytest.fixture
def user() -> str:
    """Give each test a mailbox of its own."""
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def other_client(dovecot: Dovecot, user: str) -> Iterator[IMAPClient]:
    """Log in a second client, such as the user's phone."""
    with IMAPClient("127.0.0.1", dovecot.ports.imap, ssl=False) as client:
        client.login(user, PASSWORD)
        yield client


def sync_once(
    account: Account,
    *,
    cursors: Mapping[str, Cursor] | None = None,
    is_candidate: Callable[[bytes], bool] = lambda _: True,
) -> Reports:
    """Run a session that ends after its first sync, without an error."""
    seen = Reports()
    Session(
        account,
        cursors=cursors or {},
        report=seen.put,
        is_candidate=is_candidate,
        settings=settings(REAL),
        is_one_shot=True,
    ).run()
    ended = seen.of(StateChanged)[-1]
    assert (ended.state, ended.error) == (State.STOPPED, None)
    return seen


def cursors(seen: Reports) -> dict[str, Cursor]:
    return {synced.mailbox: synced.cursor for synced in seen.of(MailboxSynced)}


@pytest.mark.parametrize("mode_port", ["imap", "imaps"])
def test_mail_in_the_gap_before_idle_is_seen_at_once(
    dovecot: Dovecot, user: str, mode_port: str
) -> None:
    """The mail arrives while the last SEARCH is answered: IDLE begins behind it."""

    def deliver_once(_header: bytes) -> bool:
        if not delivered:
            delivered.append(True)
            dovecot.deliver(MAIL, user)
        return True

    delivered: list[bool] = []
    dovecot.deliver(MAIL, user)
    account = secure(dovecot, user, "INBOX")
    if mode_port == "imap":
        account = clear(dovecot.ports.imap, "INBOX", user=user)
    how = settings(REAL)
    with watching(account, how, is_candidate=deliver_once) as (_, seen):
        seen.wait_for_uid(2)


def test_delivered_mail_is_pushed(dovecot: Dovecot, user: str) -> None:
    with watching(secure(dovecot, user), settings(REAL)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        dovecot.deliver(MAIL, user)

        fetched = seen.wait_for_uid(1)

    assert seen.of(StateChanged)[-2].mode is Mode.PUSH
    assert fetched.raw.endswith(b"body\r\n")
    assert fetched.arrival.received_at.utcoffset() is not None
    assert fetched.origin.mailbox == "INBOX"


def test_junk_is_synced_too_and_its_mail_names_the_mailbox(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    with watching(secure(dovecot, user), settings(REAL)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        other_client.append(JUNK, MAIL)

        fetched = seen.wait_for_uid(1)

    assert fetched.origin.mailbox == JUNK


def test_mail_in_junk_does_not_hide_mail_in_the_inbox(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    how = settings(STEADY)
    with watching(secure(dovecot, user), how) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        for number in range(1, 6):
            other_client.append(JUNK, MAIL)
            dovecot.deliver(MAIL, user)
            seen.wait_for_uid(number, times=2)


def test_a_second_sync_with_the_cursor_repeats_only_what_may_still_live(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    other_client.append("INBOX", MAIL, msg_time=long_ago)
    dovecot.deliver(MAIL, user)

    first = sync_once(secure(dovecot, user))
    second = sync_once(secure(dovecot, user), cursors=cursors(first))

    assert first.uids == [2, 1]
    assert second.uids == [2]


def test_mail_older_than_look_back_is_left_alone(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    last_week = datetime.now(UTC) - timedelta(days=7)
    other_client.append("INBOX", MAIL, msg_time=last_week)

    seen = sync_once(secure(dovecot, user))

    assert seen.uids == []
    assert cursors(seen)["INBOX"].uid_next == 2


def test_old_mail_that_came_after_the_cursor_is_fetched(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    known = cursors(sync_once(secure(dovecot, user)))
    last_week = datetime.now(UTC) - timedelta(days=7)
    other_client.append("INBOX", MAIL, msg_time=last_week)

    assert sync_once(secure(dovecot, user), cursors=known).uids == [1]


def test_after_a_long_absence_only_mail_within_look_back_is_fetched(
    dovecot: Dovecot, user: str
) -> None:
    known = cursors(sync_once(secure(dovecot, user)))
    fill(dovecot, user, MANY + 1)
    dovecot.deliver(MAIL, user)

    seen = sync_once(secure(dovecot, user), cursors=known)

    assert len(seen.uids) == 1
    assert cursors(seen)["INBOX"].uid_next == MANY + 3


def test_mail_that_was_read_elsewhere_first_is_reported(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    dovecot.deliver(MAIL, user)
    other_client.select_folder("INBOX")
    other_client.add_flags([1], [b"\\Seen", b"\\Deleted"])

    assert sync_once(secure(dovecot, user)).uids == [1]


def test_nothing_of_a_mail_is_changed(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    dovecot.deliver(MAIL, user)

    sync_once(secure(dovecot, user))

    other_client.select_folder("INBOX")
    flags = other_client.get_flags([1])[1]
    assert b"\\Seen" not in flags
    assert [file.parent.name for file in dovecot.maildir(user).glob("*/*:2,*")] == [
        "cur"
    ]


def test_expunged_mail_costs_nothing(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    def expunge_first(_header: bytes) -> bool:
        other_client.select_folder("INBOX")
        other_client.delete_messages([1, 2])
        other_client.expunge()
        return True

    for _ in range(3):
        dovecot.deliver(MAIL, user)
    seen = sync_once(secure(dovecot, user), is_candidate=expunge_first)

    assert 3 in seen.uids
    assert cursors(seen)["INBOX"].uid_next == 4


def test_a_mailbox_that_was_deleted_and_made_anew_is_synced_from_its_start(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    other_client.create_folder("Shop")
    for _ in range(3):
        other_client.append("Shop", MAIL)
    known = cursors(sync_once(secure(dovecot, user, "INBOX", "Shop")))
    other_client.delete_folder("Shop")
    other_client.create_folder("Shop")
    other_client.append("Shop", MAIL)

    seen = sync_once(secure(dovecot, user, "INBOX", "Shop"), cursors=known)

    assert seen.uids == [1]
    assert cursors(seen)["Shop"].uid_validity != known["Shop"].uid_validity


def test_uids_that_are_given_a_second_time_are_fetched_again(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(MAIL, user)
    now = cursors(sync_once(secure(dovecot, user)))["INBOX"]
    ahead = {"INBOX": Cursor(now.uid_validity, now.uid_next + 50)}

    seen = sync_once(secure(dovecot, user), cursors=ahead)

    assert seen.uids == [1]
    assert cursors(seen)["INBOX"] == now


def test_a_missing_mailbox_is_told_and_the_others_are_synced(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(MAIL, user)

    seen = sync_once(secure(dovecot, user, "Nowhere", "INBOX"))

    (missing,) = (change.error for change in seen.of(StateChanged) if change.error)
    assert isinstance(missing, MailboxMissing)
    assert "Nowhere" in str(missing)
    assert seen.uids == [1]


def test_a_missing_mailbox_is_told_once_and_the_others_are_watched(
    dovecot: Dovecot, user: str
) -> None:
    account = secure(dovecot, user, "Nowhere", "INBOX")
    how = settings(replace(STEADY, reopen_interval_s=0))
    with watching(account, how) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        dovecot.deliver(MAIL, user)
        seen.wait_for_uid(1)
        seen.wait_until(lambda seen: len(seen.of(MailboxSynced)) > 6)

    errors = [change.error for change in seen.of(StateChanged) if change.error]
    assert [type(error) for error in errors] == [MailboxMissing]


def test_a_mailbox_that_comes_into_being_is_watched(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    account = secure(dovecot, user, "INBOX", "Later")
    how = settings(replace(STEADY, reopen_interval_s=0))
    with watching(account, how) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        other_client.create_folder("Later")
        other_client.append("Later", MAIL)

        assert seen.wait_for_uid(1).origin.mailbox == "Later"


def test_only_reading_commands_go_over_the_wire(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(MAIL, user)
    how = settings(STEADY)
    with Proxy(dovecot.ports.imap) as proxy:
        account = clear(proxy.port, "INBOX", "\\Junk", user=user)
        with watching(account, how) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            dovecot.deliver(MAIL, user)
            seen.wait_for_uid(2)
            seen.wait_until(lambda seen: len(seen.of(MailboxSynced)) > 6)

    commands = {words(line) for line in proxy.sent.decode().splitlines()}
    assert commands <= {
        "CAPABILITY", "LOGIN", "LIST", "EXAMINE", "STATUS", "NOTIFY", "IDLE", "DONE",
        "LOGOUT", "UID SEARCH", "UID FETCH", "ID",
    }  # fmt: skip
    fetches = re.findall(r"UID FETCH \S+ \((.*)\)", proxy.sent.decode())
    assert set(fetches) == {
        "INTERNALDATE SAVEDATE BODY.PEEK[HEADER]<0.32768>",
        "BODY.PEEK[]<0.262145>",
    }


def words(line: str) -> str:
    """Return the command of a line without its tag and arguments."""
    if line == "DONE":
        return line
    found = re.match(r"\S+ ((?:UID )?\w+)", line)
    assert found, line
    return found[1]


def test_bodies_are_fetched_of_candidates_alone(dovecot: Dovecot, user: str) -> None:
    for _ in range(5):
        dovecot.deliver(MAIL, user)
    with Proxy(dovecot.ports.imap) as proxy:
        seen = sync_once(clear(proxy.port, user=user), is_candidate=lambda _: False)

    assert b"BODY.PEEK[]" not in proxy.sent
    assert seen.of(MessageFetched) == []
    assert cursors(seen)["INBOX"].uid_next == 6


def test_a_huge_mail_is_fetched_up_to_the_cap(dovecot: Dovecot, user: str) -> None:
    huge = b"Subject: huge\r\nX-Filler: " + 60_000 * b"a" + b"\r\n\r\n"
    dovecot.deliver(huge + 20_000 * (76 * b"x" + b"\r\n"), user)

    seen = sync_once(secure(dovecot, user))

    assert len(seen.of(MessageFetched)[0].raw) == MAIL_BYTES + 1


MANY_MAILS = 2000


def fill(server: Dovecot, user: str, count: int) -> None:
    """Put old mails into an INBOX by file."""
    needs_posix("it writes Dovecot's own files, which have owners")
    new = server.maildir(user) / "cur"
    owner = server.maildir(user).stat()
    week_ago = int(datetime.now(UTC).timestamp()) - 7 * 86400
    for number in range(count):
        file = new / f"{week_ago}.M{number}P1.host:2,S"
        file.write_bytes(MAIL)
        os.utime(file, (week_ago, week_ago))
        os.chown(file, owner.st_uid, owner.st_gid)


def synced_beyond_the_mail(seen: Reports) -> bool:
    return any(
        uid is not None and synced.cursor.uid_next > uid
        for synced in seen.of(MailboxSynced)
        for uid in seen.uids
    )


def bytes_for_a_sync(server: Dovecot, user: str) -> int:
    """Return what one more mail costs on the wire, both ways, until it is reported."""
    with Proxy(server.ports.imap) as proxy:
        account = clear(proxy.port, "INBOX", "\\Junk", user=user)
        with watching(account, settings(REAL)) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            before = len(proxy.sent) + proxy.received_count
            server.deliver(MAIL, user)
            seen.wait_until(synced_beyond_the_mail)
            return len(proxy.sent) + proxy.received_count - before


def test_a_sync_costs_the_same_in_a_large_mailbox_as_in_a_small_one(
    dovecot: Dovecot, user: str
) -> None:
    sync_once(secure(dovecot, user))
    small = bytes_for_a_sync(dovecot, user)
    other = f"{user}-large"
    sync_once(secure(dovecot, other))
    fill(dovecot, other, MANY_MAILS)

    large = bytes_for_a_sync(dovecot, other)

    # An answer that names each mail takes two bytes for each. The server's timing may
    # end one IDLE more meanwhile, which takes some 250 bytes in all.
    assert large - small < MANY_MAILS


def test_half_lines_and_single_bytes_are_read(dovecot: Dovecot, user: str) -> None:
    with Proxy(dovecot.ports.imaps) as proxy:
        proxy.piece_bytes = 1
        account = replace(secure(dovecot, user), port=proxy.port)
        with watching(account, settings(REAL)) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            dovecot.deliver(MAIL, user)
            seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


@pytest.mark.parametrize("break_off", [Proxy.cut, Proxy.reset, Proxy.swallow])
def test_a_broken_connection_is_replaced_and_its_mail_found(
    dovecot: Dovecot, user: str, break_off: Callable[[Proxy], None]
) -> None:
    how = settings(replace(STEADY, prompt_timeout_s=2, idle_interval_s=2))
    with Proxy(dovecot.ports.imaps) as proxy:
        account = replace(secure(dovecot, user), port=proxy.port)
        with watching(account, how) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            break_off(proxy)
            dovecot.deliver(MAIL, user)
            seen.wait_for_uid(1)

    assert State.BACKING_OFF in seen.states


def test_a_high_latency_is_no_fault(dovecot: Dovecot, user: str) -> None:
    with Proxy(dovecot.ports.imaps) as proxy:
        proxy.latency_s = 0.1
        account = replace(secure(dovecot, user), port=proxy.port)
        with watching(account, settings(REAL)) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            dovecot.deliver(MAIL, user)
            seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


def test_a_server_that_is_away_for_a_while_is_tried_but_not_hammered(
    dovecot: Dovecot, user: str
) -> None:
    with Proxy(dovecot.ports.imaps) as proxy:
        account = replace(secure(dovecot, user), port=proxy.port)
        with watching(account, settings(REAL)) as (_, seen):
            seen.wait_for_state(State.WATCHING)
            proxy.is_refusing = True
            proxy.cut()
            seen.wait_for_state(State.BACKING_OFF, times=5)
            dovecot.deliver(MAIL, user)
            proxy.is_refusing = False
            seen.wait_for_uid(1)


def test_mail_to_junk_is_asked_for_with_the_end_of_the_idle(
    dovecot: Dovecot, user: str, other_client: IMAPClient
) -> None:
    idles = threading.Event()
    with Proxy(dovecot.ports.imap) as proxy:
        proxy.overhear = lambda data: idles.set() if data[:1] == b"+" else None
        account = clear(proxy.port, "INBOX", "\\Junk", user=user)
        with watching(account, settings(PATIENT)) as (_, seen):
            assert idles.wait(PATIENCE_S)
            other_client.append(JUNK, MAIL)
            mail = seen.wait_for_uid(1)

    assert mail.origin.mailbox == JUNK
    assert re.search(
        rb"DONE\r\n\w+ EXAMINE \S+\r\n\w+ UID SEARCH UID 1:\*\r\n\w+ UID FETCH 1:50 ",
        proxy.sent,
    )
