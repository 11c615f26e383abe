"""Push: the eight ways in which IMAP libraries lose what a server announces."""

import re
import threading
import time
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from math import inf
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imap_server import (
    MAIL,
    PATIENT,
    QUICK,
    Fault,
    Peer,
    Reports,
    Server,
    settings,
    watched,
)
from tests.imap_watch import Watching, synced, with_mails
from watcher.events import Mode, ModeReason, State, StateChanged
from watcher.imap import losses as losses_module
from watcher.imap.choices import WatchMode
from watcher.imap.connection import Connection
from watcher.imap.idle import LOSSES, SPREAD_S, Waiter, WaitResult, shared_end_s
from watcher.imap.losses import AVOIDED_S, Losses
from watcher.imap.transport import Interrupt, Transport

pytestmark = pytest.mark.timeout(60)


def test_announced_mail_is_seen_at_once() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for("IDLE")
        server.wait_for_idle()
        server.add(MAIL)

        seen.wait_for_uid(1)


def test_exists_in_the_segment_of_the_continuation_is_seen_at_once() -> None:
    def idle(peer: Peer, tag: str) -> None:
        server.faults.clear()
        server.add(MAIL)
        server.idle(peer, tag, "* 1 EXISTS")

    server = Server(faults={"IDLE": idle})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_uid(1)


def test_exists_before_the_continuation_is_seen_at_once() -> None:
    def idle(peer: Peer, tag: str) -> None:
        server.faults.clear()
        server.add(MAIL)
        peer.send("* 1 EXISTS", "* 1 FETCH (FLAGS ())")
        server.idle(peer, tag)

    server = Server(faults={"IDLE": idle})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_uid(1)


def test_exists_inside_the_answer_to_a_search_is_seen_at_once() -> None:
    def search(peer: Peer, tag: str) -> None:
        server.faults.clear()
        server.add(MAIL)
        peer.send("* SEARCH", "* 1 EXISTS", f"{tag} OK done")

    server = Server(faults={"SEARCH": search})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_uid(1)


def test_a_line_split_over_segments_is_seen_whole() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, is_told=False)
        server.peers[0].send_raw(b"* 1 EX")
        threading.Timer(0.3, server.peers[0].send_raw, [b"ISTS\r\n"]).start()

        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


def test_an_announcement_byte_by_byte_is_seen() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, is_told=False)
        for byte in b"* 1 EXISTS\r\n":
            server.peers[0].send_raw(bytes([byte]))

        seen.wait_for_uid(1)


def test_mail_that_the_server_keeps_silent_about_is_found_after_an_idle() -> None:
    server = Server()
    with watched(server, settings(QUICK)) as (_, seen):
        server.wait_for("IDLE")
        server.add(MAIL, is_told=False)

        seen.wait_for_uid(1)


def test_lower_case_words_are_understood() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL, is_told=False)
        server.peers[0].send("* 1 exists")

        seen.wait_for_uid(1)


def test_flags_and_still_here_are_no_reason_to_sync() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.peers[0].send(
            "* OK Still here", "* 1 FETCH (FLAGS (\\Seen))", "* 0 RECENT"
        )
        server.add(MAIL)

        seen.wait_for_uid(1)

    assert server.count("DONE") == 1


def test_a_count_that_is_only_repeated_is_no_reason_to_sync() -> None:
    def idle(peer: Peer, tag: str) -> None:
        server.idle(peer, tag, f"* {len(server.mailboxes['INBOX'])} EXISTS")

    server = Server(faults={"IDLE": idle})
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)
        server.wait_for("IDLE", times=2)

    assert server.count("DONE") == 1


def modes(seen: Reports) -> list[tuple[Mode | None, ModeReason | None]]:
    changes = seen.of(StateChanged)
    return [(one.mode, one.mode_reason) for one in changes if one.mode]


def test_a_server_that_never_announces_is_polled_and_status_says_why() -> None:
    server = Server()
    with watched(server, settings(QUICK)) as (_, seen):
        for uid in (1, 2):
            server.wait_for("IDLE", times=server.count("IDLE") + 1)
            server.add(MAIL, is_told=False)
            seen.wait_for_uid(uid)
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)

        assert modes(seen) == [
            (Mode.PUSH, ModeReason.OFFERED),
            (Mode.POLL, ModeReason.SILENT),
        ]


def test_a_silent_server_that_announces_mail_again_is_no_longer_polled() -> None:
    server = Server()
    with watched(server, settings(QUICK)) as (_, seen):
        for uid in (1, 2):
            server.wait_for("IDLE", times=server.count("IDLE") + 1)
            server.add(MAIL, is_told=False)
            seen.wait_for_uid(uid)
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)
        server.wait_for("IDLE", times=server.count("IDLE") + 1)
        server.wait_for_idle()
        server.add(MAIL)

        seen.wait_until(lambda seen: seen.mode is Mode.PUSH)


def test_a_server_without_idle_is_polled_on_the_same_connection() -> None:
    server = Server(capabilities="IMAP4rev1")
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert modes(seen) == [(Mode.POLL, ModeReason.NOT_OFFERED)]
    assert len(server.peers) == 1


def test_idle_that_is_announced_only_after_login_is_used() -> None:
    def login(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} OK [CAPABILITY IMAP4rev1 IDLE] welcome")

    server = Server(faults={"LOGIN": login}, capabilities="IMAP4rev1")
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for("IDLE")

    assert modes(seen) == [(Mode.PUSH, ModeReason.OFFERED)]


def test_one_refusal_of_idle_ends_no_push() -> None:
    def idle(peer: Peer, tag: str) -> None:
        del server.faults["IDLE"]
        peer.send(f"{tag} NO [UNAVAILABLE] busy for a moment")

    server = Server(faults={"IDLE": idle})
    with watched(server, settings(QUICK)) as (_, seen):
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert modes(seen) == [(Mode.PUSH, ModeReason.OFFERED)]


def test_a_server_that_refuses_the_idle_it_offers_is_polled() -> None:
    server = Server(faults={"IDLE": say_no})
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert modes(seen)[-1] == (Mode.POLL, ModeReason.REFUSED)
    assert server.count("IDLE") == LOSSES


def say_bye(peer: Peer, _tag: str) -> None:
    peer.send("* BYE no idling here")
    peer.close()


def fall_silent(_peer: Peer, _tag: str) -> None:
    pass


def fall_silent_in_idle(peer: Peer, _tag: str) -> None:
    peer.send("+ idling")


@pytest.mark.parametrize("fault", [say_bye, fall_silent, fall_silent_in_idle])
def test_a_server_that_breaks_off_each_idle_is_polled_and_status_says_why(
    fault: Fault,
) -> None:
    server = Server(faults={"IDLE": fault, "DONE": fall_silent})
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert modes(seen) == [
        *[(Mode.PUSH, ModeReason.OFFERED)] * LOSSES,
        (Mode.POLL, ModeReason.BROKEN_OFF),
    ]
    assert server.count("IDLE") == LOSSES


def test_an_idle_that_is_not_broken_off_clears_the_suspicion() -> None:
    losses = Losses(LOSSES)
    for _ in range(LOSSES - 1):
        losses.note_loss(0.0)
    losses.note_good()
    for _ in range(LOSSES - 1):
        losses.note_loss(0.0)
    assert not losses.is_avoided(0.0)
    losses.note_loss(0.0)

    assert losses.is_avoided(0.0)


def test_idle_is_tried_again_after_a_while_and_one_more_loss_is_enough() -> None:
    losses = Losses(LOSSES)
    for _ in range(LOSSES):
        losses.note_loss(10.0)
    assert losses.is_avoided(10.0 + AVOIDED_S - 1)
    later_s = 10.0 + AVOIDED_S
    assert not losses.is_avoided(later_s)
    losses.note_loss(later_s)

    assert losses.is_avoided(later_s)


def say_no(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO not today")


@pytest.mark.parametrize("fault", [say_bye, say_no])
def test_a_server_that_did_no_idle_is_pushed_from_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(losses_module, "AVOIDED_S", 1.0)
    server = Server(faults={"IDLE": fault})
    with watched(server, settings(QUICK)) as (_, seen):
        seen.wait_until(lambda seen: seen.mode is Mode.POLL)
        connection_count = len(server.peers)
        server.faults.clear()
        seen.wait_until(lambda seen: seen.mode is Mode.PUSH)
        server.wait_for_idle()

    assert len(server.peers) == connection_count


def test_an_idle_that_is_ended_as_asked_is_a_good_one() -> None:
    server = Server()
    with watched(server, settings(QUICK)) as (session, _):
        losses = session._waiter.losses
        losses.note_loss(0.0)
        server.wait_for("DONE", times=2)

    for _ in range(LOSSES - 1):
        losses.note_loss(time.monotonic())
    assert not losses.is_avoided(time.monotonic())


def test_polls_are_used_where_the_user_wants_them() -> None:
    how = settings(QUICK, WatchMode.POLL)
    server = Server()
    with watched(server, how) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert modes(seen) == [(Mode.POLL, ModeReason.CONFIGURED)]
    assert server.count("IDLE") == 0


def test_a_sync_can_be_asked_for() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (session, seen):
        server.wait_for_idle()
        server.add(MAIL, is_told=False)
        session.arm(timedelta(0))

        seen.wait_for_uid(1)


def test_an_announcement_with_a_literal_is_taken_whole() -> None:
    """Dovecot 2.3 names a mailbox that is not ASCII so (NOTIFY, RFC 5465)."""
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.peers[0].send_raw("* STATUS {15}\r\n迷惑".encode())
        server.add(MAIL, is_told=False)
        threading.Timer(
            0.2, server.peers[0].send_raw, ["メール (UIDNEXT 3)\r\n".encode()]
        ).start()
        seen.wait_for_uid(1)

    assert State.BACKING_OFF not in seen.states


def test_mail_announced_by_the_last_answer_needs_no_idle() -> None:
    began: list[None] = []
    protocol = SimpleNamespace(
        is_announced=lambda: True, begin_idle=lambda: began.append(None)
    )
    connection = SimpleNamespace(protocol=protocol, talking=nullcontext)
    with closing(Interrupt()) as interrupt:
        waiter = Waiter(interrupt, lambda _: None)
        result = waiter.idle(cast("Connection", connection), 30.0, lambda: None)

    assert result is WaitResult.ANNOUNCED
    assert began == []


OFTEN = replace(PATIENT, renew_interval_s=0.1, armed_renew_s=0.1)
HARDLY_EVER = replace(OFTEN, renew_interval_s=60)


@pytest.mark.parametrize("is_armed", [False, True])
def test_idle_is_renewed_without_a_look(is_armed: bool) -> None:
    server = Server()
    how = settings(HARDLY_EVER if is_armed else OFTEN)
    with watched(server, how) as (session, seen):
        server.wait_for_idle()
        if is_armed:
            session.arm(timedelta(minutes=10))
        server.wait_for("IDLE", times=5)
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert server.count("SEARCH") <= 3  # at first, after `arm`, and for the mail
    assert State.BACKING_OFF not in seen.states


@pytest.fixture
def segments(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What clients have sent, segment by segment."""
    sent: list[bytes] = []
    write = Transport.write

    def note(transport: Transport, data: bytes, *, seconds: float) -> None:
        sent.append(data)
        write(transport, data, seconds=seconds)

    monkeypatch.setattr(Transport, "write", note)
    return sent


def renewals_in(segments: list[bytes]) -> list[bytes]:
    return [one for one in segments if re.fullmatch(rb"DONE\r\n\w+ IDLE\r\n", one)]


def test_idle_is_renewed_in_one_segment_once_a_look_behind_one_was_answered(
    segments: list[bytes],
) -> None:
    server = Server()
    how = settings(replace(OFTEN, idle_interval_s=0.5))
    with watched(server, how) as (_, seen):
        server.wait_for("SEARCH", times=3)
        server.wait_for("DONE", times=server.count("DONE") + 3)
        server.add(MAIL)
        seen.wait_for_uid(1)

    ends = [one for one in segments if one.startswith(b"DONE")]
    first_look = next(n for n, one in enumerate(ends) if b"SEARCH" in one)
    renewals = [one for one in ends[first_look:] if b"SEARCH" not in one]
    assert set(ends[:first_look]) <= {b"DONE\r\n"}
    assert renewals
    assert renewals == renewals_in(ends)


def say_nothing(peer: Peer, tag: str) -> None:
    pass


def refuse(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} BAD not now")


def hang_up(peer: Peer, tag: str) -> None:
    peer.close()


@pytest.mark.parametrize("bear_ill", [say_nothing, refuse, hang_up])
def test_a_server_that_bears_no_idle_behind_one_is_asked_one_by_one(
    segments: list[bytes], bear_ill: Fault
) -> None:
    def idle(peer: Peer, tag: str) -> None:
        if segments[-1].startswith(b"DONE"):
            bear_ill(peer, tag)
        else:
            server.idle(peer, tag)

    server = Server(faults={"IDLE": idle})
    often = replace(QUICK, renew_interval_s=0.1, idle_interval_s=0.5)
    with watched(server, settings(often)) as (_, seen):
        server.wait_until(lambda: bool(renewals_in(segments)))
        server.wait_for("DONE", times=server.count("DONE") + 10)
        server.wait_for_idle()
        server.add(MAIL)
        seen.wait_for_uid(1)

    assert len(renewals_in(segments)) == 1
    assert server.count("LOGIN") == (1 if bear_ill is refuse else 2)
    modes = {change.mode_reason for change in seen.of(StateChanged)}
    assert modes <= {None, ModeReason.OFFERED}, "push goes on"


def test_a_line_that_is_dead_in_idle_is_given_up() -> None:
    server = Server(faults={"DONE": lambda peer, tag: None})
    with watched(server, settings(replace(OFTEN, prompt_timeout_s=0.2))) as (_, seen):
        server.wait_for("LOGIN", times=2)

    assert State.BACKING_OFF in seen.states
    _, again = (n for n, one in enumerate(server.commands) if one.startswith("LOGIN"))
    assert sum("SEARCH" in one for one in server.commands[:again]) == 1


def test_both_answers_to_a_renewal_come_within_the_time_of_one() -> None:
    def late(answer: Fault) -> Fault:
        def after_a_while(peer: Peer, tag: str) -> None:
            if "DONE" in server.commands:
                time.sleep(0.15)
            answer(peer, tag)

        return after_a_while

    server = Server()
    server.faults["DONE"] = late(lambda peer, tag: peer.send(f"{tag} OK idled"))
    server.faults["IDLE"] = late(server.idle)
    with watched(server, settings(replace(OFTEN, prompt_timeout_s=0.2))):
        server.wait_for("LOGIN", times=2)


def test_mail_that_comes_while_idle_is_renewed_is_announced() -> None:
    def done(peer: Peer, tag: str) -> None:
        if server.count("DONE") == 2:
            server.add(MAIL, is_told=False)
            peer.send("* 1 EXISTS")
        peer.send(f"{tag} OK idled")

    server = Server(faults={"DONE": done})
    with watched(server, settings(OFTEN)) as (_, seen):
        seen.wait_for_uid(1)


@pytest.mark.parametrize("is_in_one_segment", [False, True])
def test_what_comes_while_idle_is_renewed_does_not_pile_up(
    watch: Watching, is_in_one_segment: bool
) -> None:
    def done(peer: Peer, tag: str) -> None:
        peer.send("* 1 FETCH (FLAGS ())", f"{tag} OK idled")

    server = with_mails(1)
    server.faults["DONE"] = done
    protocol = synced(watch, server).account_sync.connection.protocol
    tag = protocol.begin_idle()
    for _ in "12":
        tag = protocol.renew_idle(tag, is_in_one_segment=is_in_one_segment)

    assert protocol.untagged_responses == {}


def test_a_wait_in_idle_is_not_cut_into_pieces() -> None:
    received: list[float] = []
    woken: list[float] = []
    protocol = SimpleNamespace(
        is_announced=lambda: bool(received),
        begin_idle=lambda: b"A1",
        receive=lambda _tag, seconds: received.append(seconds),
        in_one_segment=nullcontext,
        send=lambda _data: None,
        end_idle=lambda _tag: None,
    )
    connection = SimpleNamespace(protocol=protocol, talking=nullcontext)
    with closing(Interrupt()) as interrupt:
        waiter = Waiter(interrupt, woken.append)
        result = waiter.idle(cast("Connection", connection), 600.0, lambda: None)

    assert result is WaitResult.ANNOUNCED
    assert received == [pytest.approx(550.0, abs=51.0)]
    assert woken == [inf, *received]


@given(
    st.floats(0.0, 1e8),
    st.lists(st.floats(0.0, 17.0), min_size=1, max_size=5),
    st.floats(0.0, SPREAD_S),
    st.floats(0.0, 2.5),
)
def test_waits_of_several_accounts_end_together_and_none_is_longer(
    start_s: float, later_s: list[float], place_s: float, look_s: float
) -> None:
    for one in later_s:
        began_s = start_s + one
        end_s = shared_end_s(began_s, 18.0, place_s)
        next_s = shared_end_s(end_s + 0.01 + look_s, 18.0, place_s)
        behind_s = (end_s + 0.001) % 3.0

        assert 14.99 < end_s - began_s < 18.01
        assert behind_s == pytest.approx(place_s + 0.001, abs=0.0001)
        assert next_s == pytest.approx(end_s + 18.0, abs=0.0001)
