"""Refusals that pass: of a password that was good before, and of a mailbox."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.imap_server import (
    MAIL,
    PATIENT,
    QUICK,
    Fault,
    Peer,
    Reports,
    Server,
    clear,
    settings,
    watched,
)
from watcher.errors import (
    LoginRefused,
    MailboxMissing,
    MailboxRefused,
    WatcherError,
)
from watcher.events import MessageFetched, State, StateChanged
from watcher.imap.account import Timeouts
from watcher.imap.errors import PasswordDoubted, ServerBusy
from watcher.imap.history import PasswordHistory
from watcher.imap.session import Session

pytestmark = pytest.mark.timeout(60)

CODED = "NO [AUTHENTICATIONFAILED] wrong"
UNNAMED = "NO Login failed."
NOT_ARMED = timedelta(0)
ARMED = timedelta(minutes=10)


def answer(text: str) -> Fault:
    return lambda peer, tag: peer.send(f"{tag} {text}")


def rests(seen: Reports) -> list[StateChanged]:
    resting = {State.BACKING_OFF, State.REFUSED}
    return [one for one in seen.of(StateChanged) if one.state in resting]


def wait_s(change: StateChanged) -> float:
    assert change.next_try_at is not None
    return (change.next_try_at - change.at).total_seconds()


def about(*seconds: float) -> object:
    return pytest.approx(list(seconds), abs=0.5)


def refuse_after_a_good_login(
    server: Server, session: Session, seen: Reports, *, tries: int, armed: timedelta
) -> list[StateChanged]:
    """Return how the session rests after each login that is refused."""
    seen.wait_for_state(State.WATCHING)
    server.peers[-1].close()
    while len(refused := login_errors(seen)) < tries:
        try_again(session, seen, armed)
    return refused[:tries]


def try_again(session: Session, seen: Reports, armed: timedelta) -> None:
    """Let the session try again now, and wait until it rests after that."""
    done = len(rests(seen))
    session.arm(armed)
    seen.wait_until(lambda it: len(rests(it)) > done)


def login_errors(seen: Reports) -> list[StateChanged]:
    of_login = PasswordDoubted | LoginRefused
    return [one for one in rests(seen) if isinstance(one.error, of_login)]


def take_once(text: str) -> Fault:
    """Take the first login, and refuse the others."""
    logins = itertools.count()

    def login(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} {text if next(logins) else 'OK welcome'}")

    return login


def test_a_good_password_that_is_refused_without_a_reason_is_tried_each_minute() -> (
    None
):
    server = Server(faults={"LOGIN": take_once(UNNAMED)})
    with watched(server, settings(PATIENT)) as (session, seen):
        changes = refuse_after_a_good_login(
            server, session, seen, tries=4, armed=NOT_ARMED
        )

    assert [wait_s(one) for one in changes] == about(20, 60, 60, 60)
    assert {type(one.error) for one in changes} == {PasswordDoubted}


def test_a_good_password_that_is_called_wrong_three_times_is_wrong() -> None:
    server = Server(faults={"LOGIN": take_once(CODED)})
    with watched(server, settings(PATIENT)) as (session, seen):
        changes = refuse_after_a_good_login(
            server, session, seen, tries=4, armed=NOT_ARMED
        )

    assert [wait_s(one) for one in changes] == about(20, 60, 900, 900)
    assert [one.state for one in changes] == [
        *2 * [State.BACKING_OFF],
        *2 * [State.REFUSED],
    ]


@pytest.mark.parametrize("text", [CODED, UNNAMED])
def test_while_a_sign_in_is_expected_a_good_password_is_tried_each_20_seconds(
    text: str,
) -> None:
    server = Server(faults={"LOGIN": take_once(text)})
    with watched(server, settings(PATIENT)) as (session, seen):
        changes = refuse_after_a_good_login(server, session, seen, tries=4, armed=ARMED)

    assert [wait_s(one) for one in changes] == about(20, 20, 20, 20)


def test_a_wrong_password_is_not_tried_sooner_while_a_sign_in_is_expected() -> None:
    server = Server(faults={"LOGIN": answer(CODED)})
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.REFUSED)
        session.arm(ARMED)
        again = seen.wait_for_state(State.REFUSED, times=2)

    assert wait_s(again) == pytest.approx(900, abs=0.5)


def test_another_password_than_the_good_one_is_wrong_at_once() -> None:
    passwords = itertools.chain(["good"], itertools.repeat("other"))
    server = Server(faults={"LOGIN": take_once(UNNAMED)})
    account = replace(clear(server.port), get_secret=lambda: next(passwords))
    with watched(server, settings(PATIENT), account=account) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.peers[-1].close()
        refused = seen.wait_for_state(State.REFUSED)

    assert isinstance(refused.error, LoginRefused)


def test_a_login_between_starts_the_count_anew() -> None:
    answers = ["OK hello", CODED, CODED, "OK hello", CODED]

    def login(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} {answers.pop(0)}")

    server = Server(faults={"LOGIN": login})
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        for count in (2, 3):
            server.peers[-1].close()
            while len(login_errors(seen)) < count:
                try_again(session, seen, NOT_ARMED)
            if count == 2:
                session.arm(NOT_ARMED)
                seen.wait_for_state(State.WATCHING, times=2)

    assert [wait_s(one) for one in login_errors(seen)] == about(20, 60, 20)


def test_refusals_are_counted_of_the_password_that_was_good_alone() -> None:
    history = PasswordHistory()
    assert not history.note_refusal("")
    history.note_success("secret")
    assert [history.note_refusal("secret") for _ in range(2)] == [True, True]
    assert history.refusal_count == 2

    assert not history.note_refusal("other")
    assert history.refusal_count == 0
    assert "secret" not in str(vars(history))


def test_a_passing_refusal_makes_nobody_blind_for_more_than_a_minute() -> None:
    timeouts = Timeouts()

    assert max(timeouts.doubted_delays_s) <= 60
    assert timeouts.armed_login_delay_s <= 20


# Mailboxes


def examining(server: Server, answers: dict[str, str]) -> Fault:
    """Refuse EXAMINE or STATUS of some mailboxes, by name."""

    def fault(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        name, mailbox = command.split(" ")[0], command.split('"')[1]
        if mailbox in answers:
            peer.send(f"{tag} {answers[mailbox]}")
        else:
            peer.selected = mailbox
            server._answer(peer, tag, name, command)

    return fault


def with_junk() -> Server:
    server = Server()
    server.mailboxes["Junk"] = {}
    server.listing.append('* LIST () "/" Junk')
    return server


def errors_of(seen: Reports, kind: type[WatcherError]) -> list[StateChanged]:
    return [one for one in seen.of(StateChanged) if isinstance(one.error, kind)]


@pytest.mark.parametrize("command", ["EXAMINE", "STATUS"])
def test_a_mailbox_that_is_refused_for_now_keeps_nobody_from_the_others(
    command: str,
) -> None:
    server, answers = with_junk(), {"Junk": "NO index is broken"}
    refusal = examining(server, answers)
    if command == "EXAMINE":  # of the first sync
        server.faults["EXAMINE"] = refusal
    with watched(server, settings(QUICK), "INBOX", "Junk") as (_, seen):
        if command == "STATUS":
            seen.wait_for_state(State.WATCHING)
            server.faults["EXAMINE"] = server.faults["STATUS"] = refusal
        seen.wait_until(lambda it: errors_of(it, MailboxRefused))
        server.add(MAIL)
        seen.wait_for_uid(1)
        answers.clear()
        junk = server.add(MAIL + b"more", mailbox="Junk")
        seen.wait_until(lambda it: "Junk" in mailboxes_of(it))
        seen.wait_until(lambda it: it.of(StateChanged)[-1].error is None)

    told = errors_of(seen, MailboxRefused)
    assert junk == 1
    assert len(told) == 1, "told once"
    assert "index is broken" in str(told[0].error)
    assert not errors_of(seen, MailboxMissing)


def mailboxes_of(seen: Reports) -> set[str]:
    return {one.origin.mailbox for one in seen.of(MessageFetched)}


@pytest.mark.parametrize(
    "text",
    ["NO out of order", "NO [NONEXISTENT] gone", "NO [NOPERM] no", "BAD what"],
)
def test_inbox_is_never_missing(text: str) -> None:
    server = Server()
    server.faults["EXAMINE"] = answer(text)
    with watched(server, settings(PATIENT)) as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert isinstance(lost.error, MailboxRefused)
    assert wait_s(lost) > 0, "not tried briskly"


@pytest.mark.parametrize(
    ("text", "listing", "kind"),
    [
        ("NO [NONEXISTENT] gone", True, MailboxMissing),
        ("NO [CANNOT] odd name", True, MailboxMissing),
        ("NO [NOPERM] no", True, MailboxMissing),
        ("NO what", False, MailboxMissing),
        ("NO what", True, MailboxRefused),
        ("NO [X-ODD] what", True, MailboxRefused),
        ("NO [UNAVAILABLE] later", False, MailboxRefused),
        ("BAD what", True, MailboxRefused),
    ],
)
def test_a_mailbox_is_missing_only_by_its_code_or_by_the_list(
    text: str, listing: bool, kind: type[WatcherError]
) -> None:
    server = with_junk() if listing else Server()
    server.faults["EXAMINE"] = examining(server, {"Junk": text})
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        seen.wait_for_state(State.WATCHING)
        told = [one.error for one in seen.of(StateChanged) if one.error]

    assert [type(one) for one in told] == [kind]


def no_list(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [UNAVAILABLE] later")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda server: server.faults.update(LIST=no_list), MailboxRefused),
        (
            lambda server: server.listing.__setitem__(
                1, '* LIST (\\Noselect) "/" Junk'
            ),
            MailboxMissing,
        ),
    ],
    ids=["no_list", "no_select"],
)
def test_a_list_that_is_of_no_use_proves_nothing(
    change: Callable[[Server], None], kind: type[WatcherError]
) -> None:
    server = with_junk()
    change(server)
    server.faults["EXAMINE"] = examining(server, {"Junk": "NO what"})
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        seen.wait_for_state(State.WATCHING)
        told = [one.error for one in seen.of(StateChanged) if one.error]

    assert [type(one) for one in told] == [kind]


def test_a_bye_to_the_login_is_no_reason_for_brisk_retries() -> None:
    def login(peer: Peer, _tag: str) -> None:
        peer.send("* BYE [UNAVAILABLE] too many connections")
        peer.close()

    server = Server(faults={"LOGIN": login})
    with watched(server, settings(PATIENT)) as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert isinstance(lost.error, ServerBusy)
    assert wait_s(lost) > 0
