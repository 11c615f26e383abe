"""Mails are judged where they come in, and again when DNS answers."""

import threading
from queue import SimpleQueue

import pytest

from tests.factories import NOW
from tests.sample_mails import VERIFY, approval
from watcher.app import judging as judging_module
from watcher.app.judging import (
    IN_VAIN_AT_ONCE,
    RETRY_WITHIN_S,
    WAITING_AT_ONCE,
    WAITING_BYTES,
    Judged,
    Judging,
    NotJudged,
    Waiting,
)
from watcher.clock import boottime_s
from watcher.dkim import verifier
from watcher.errors import Unreachable
from watcher.events import (
    Arrival,
    Cursor,
    MailboxSynced,
    MessageFetched,
    Origin,
    Seen,
)
from watcher.i18n import Text
from watcher.recognition.judge import Verify
from watcher.recognition.message import Reading
from watcher.recognition.policy import Policy
from watcher.recognition.sender import Signature
from watcher.recognition.verdict import Recognised, Unverified

PATIENCE_S = 20.0
SYNCED = MailboxSynced(account="home", mailbox="INBOX", cursor=Cursor(1, 7))
POLICIES = {"home": Policy(), "work": Policy()}


def silent_dns(name: str) -> bytes | None:
    raise Unreachable(Text(en="no answer", ja="no answer"))


SILENT = verifier(silent_dns)


def mail(
    uid: int = 1, *, account: str = "home", size: int = 0, age_s: float = 0.0
) -> MessageFetched:
    origin = Origin(account=account, mailbox="INBOX", uid_validity=1, uid=uid)
    raw = approval() if not size else b"x" * size
    seen = Seen(boottime_s() - age_s)
    return MessageFetched(origin=origin, arrival=Arrival(NOW, seen), raw=raw)


@pytest.fixture
def passed() -> SimpleQueue[object]:
    return SimpleQueue()


def next_verdict(passed: SimpleQueue[object]) -> object:
    item = passed.get(timeout=PATIENCE_S)
    assert isinstance(item, Judged)
    return item.verdict


def test_what_an_account_reports_keeps_its_order(passed: SimpleQueue[object]) -> None:
    judging = Judging(VERIFY, POLICIES, passed.put)
    judging.report(mail(7))
    judging.report(SYNCED)

    first = passed.get_nowait()
    assert isinstance(first, Judged)
    assert isinstance(first.verdict, Recognised)
    assert (first.origin.uid, first.message_id) == (7, first.identity)
    assert passed.get_nowait() == SYNCED


def test_a_mail_without_message_id_is_known_by_its_bytes(
    passed: SimpleQueue[object],
) -> None:
    judging = Judging(VERIFY, POLICIES, passed.put)
    judging.report(mail(size=10))
    found = passed.get_nowait()

    assert isinstance(found, Judged)
    assert (found.message_id, len(found.identity)) == (None, 64)


def test_a_bug_in_judging_is_passed_on(passed: SimpleQueue[object]) -> None:
    bug = RuntimeError()

    def fail(*_: object) -> tuple[Signature, ...]:
        raise bug

    Judging(fail, POLICIES, passed.put).report(mail(7))

    assert passed.get_nowait() == NotJudged(mail(7).origin, bug)


def test_an_account_whose_dns_is_silent_holds_up_no_other(
    passed: SimpleQueue[object],
) -> None:
    asked, answers = threading.Event(), threading.Event()

    def wait(reading: Reading, domain: str) -> tuple[Signature, ...]:
        if threading.current_thread().name == "home":
            asked.set()
            answers.wait(PATIENCE_S)
        return VERIFY(reading, domain)

    judging = Judging(wait, POLICIES, passed.put)
    home = threading.Thread(target=judging.report, args=(mail(),), name="home")
    home.start()
    assert asked.wait(PATIENCE_S)
    judging.report(mail(account="work"))
    answers.set()
    home.join(PATIENCE_S)

    accounts = [passed.get_nowait() for _ in "12"]
    assert [one.origin.account for one in accounts if isinstance(one, Judged)] == [
        "work",
        "home",
    ]


def in_turn(*answers: Verify) -> Verify:
    """Return what verifies by each of these in its turn, the last one for ever."""
    left = [*answers]

    def verify(reading: Reading, domain: str) -> tuple[Signature, ...]:
        current = left.pop(0) if len(left) > 1 else left[0]
        return current(reading, domain)

    return verify


def test_a_proof_that_dns_did_not_give_is_asked_for_again(
    passed: SimpleQueue[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judging_module.RETRY_EVERY_S == 5.0
    monkeypatch.setattr(judging_module, "RETRY_EVERY_S", 0.01)
    judging = Judging(in_turn(SILENT, SILENT, VERIFY), POLICIES, passed.put)
    with judging.running():
        judging.report(mail())
        assert isinstance(next_verdict(passed), Unverified)
        assert isinstance(next_verdict(passed), Recognised)

    assert passed.empty()


@pytest.mark.parametrize(
    ("age_s", "is_worth"), [(RETRY_WITHIN_S - 5.0, True), (RETRY_WITHIN_S, False)]
)
def test_dns_is_asked_again_for_ten_minutes(age_s: float, *, is_worth: bool) -> None:
    assert RETRY_WITHIN_S == 600.0
    judging = Judging(SILENT, POLICIES, lambda _: None)
    judging._waiting.add(mail(age_s=age_s))
    judging._judge_again()

    assert bool([*judging._waiting.taken()]) == is_worth


def test_no_other_mail_is_worth_another_try() -> None:
    judging = Judging(VERIFY, POLICIES, lambda _: None)
    for report in (mail(), mail(size=5), SYNCED):
        judging.report(report)

    assert [*judging._waiting.taken()] == []


def test_what_waits_is_bounded_in_number_and_bytes_and_the_largest_goes() -> None:
    waiting = Waiting()
    for uid in range(WAITING_AT_ONCE + 1):
        waiting.add(mail(uid, size=100 + uid))
    kept = waiting.taken()
    assert [one.origin.uid for one in kept] == [*range(WAITING_AT_ONCE)]

    for uid in range(3):
        waiting.add(mail(uid, size=WAITING_BYTES // 2 + 1 - uid))
    assert [one.origin.uid for one in waiting.taken()] == [1, 2]


def test_what_is_judged_again_still_counts_until_its_turn_comes() -> None:
    waiting = Waiting()
    for uid in range(4):
        waiting.add(mail(uid, size=WAITING_BYTES // 4))
    taken = waiting.taken()
    assert next(taken).origin.uid == 0
    for uid in range(4, 8):
        waiting.add(mail(uid, size=WAITING_BYTES // 4 - 1))

    assert [one.origin.uid for one in taken] == [4, 5, 6]


def test_what_was_judged_in_vain_comes_last_the_next_time(
    passed: SimpleQueue[object],
) -> None:
    """A flood of mails whose key DNS refuses must not keep the others waiting."""
    judging = Judging(SILENT, POLICIES, passed.put)
    for uid in range(IN_VAIN_AT_ONCE + 1):
        judging._waiting.add(mail(uid))
    judging._judge_again()

    waiting = judging._waiting.taken()
    assert [one.origin.uid for one in waiting] == [
        IN_VAIN_AT_ONCE,
        *range(IN_VAIN_AT_ONCE),
    ]
    assert passed.empty()
