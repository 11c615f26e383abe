"""Judges mails in the threads that bring them, so that nobody else waits for DNS.

An account's mails are judged in its own thread, one after the other, and reach the
daemon in their order. Where only DNS failed, the mail waits here, and is judged again
in one more thread, until DNS answers or its time is over. What waits is bounded in
number and bytes: the largest goes first, for Amazon's mails are small.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.clock import boottime_s
from watcher.events import (
    AlertReceived,
    Arrival,
    MailboxSynced,
    MessageFetched,
    Origin,
    Report,
    StateChanged,
)
from watcher.recognition.policy import Policy
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import Unverified, Verdict

if TYPE_CHECKING:
    from watcher.recognition.judge import Verify

logger = logging.getLogger(__name__)

RETRY_EVERY_S = 5.0
"""How often DNS is asked again: what it costs of the five minutes that a user has."""

RETRY_WITHIN_S = 600.0
"""How long after it was seen a mail's proof is worth asking DNS for again."""

WAITING_AT_ONCE = 1000
IN_VAIN_AT_ONCE = 20
"""Mails that are judged in vain, one after the other, before the next pause."""

WAITING_BYTES = 2 * 1024 * 1024

NEEDED = ("watcher.recognition.judge", "watcher.dkim", "watcher.keys")
"""What judges a mail, and takes long to import (see `warmup`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mail that was judged, without its bytes."""

    origin: Origin
    arrival: Arrival
    message_id: str | None
    identity: str
    """By which the same mail is known again."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A mail that could not be judged because of a bug."""

    origin: Origin
    bug: Exception


FromAccount = Judged | NotJudged | MailboxSynced | StateChanged | AlertReceived
"""What comes from an account, in its order."""


class Judging:
    """Judges what sessions report, and passes everything on in its order."""

    def __init__(
        self,
        verify: "Verify",
        policies: Mapping[str, Policy],
        put: Callable[[FromAccount], None],
    ) -> None:
        """Prepare; `put` is called from many threads, and may wait for room."""
        self._verify = verify
        self._policies = policies
        self._put = put
        self._waiting = Waiting()
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Judge again what waits for DNS while inside; the end waits for nobody."""
        threading.Thread(target=self._run, name="judging", daemon=True).start()
        try:
            yield
        finally:
            self._ended.set()
            self._waiting.close()

    def report(self, report: Report) -> None:
        """Judge a mail; pass it, or whatever else a session reports, on."""
        if not isinstance(report, MessageFetched):
            self._put(report)
            return
        judged = self._judge(report)
        self._put(judged)  # before a later verdict on the same mail can come
        if _waits_for_dns(judged):
            self._waiting.add(report)

    def _judge(self, mail: MessageFetched) -> Judged | NotJudged:
        policy = self._policies[mail.origin.account]
        try:
            from watcher.recognition.judge import classify

            judgement = classify(mail.raw, verify=self._verify, policy=policy)
        except Exception as bug:  # noqa: BLE001 -- the account is to be watched on
            return NotJudged(mail.origin, bug)
        message_id = judgement.reading.message_id
        return Judged(
            origin=mail.origin,
            arrival=mail.arrival,
            message_id=message_id,
            identity=message_id or judgement.reading.digest,
            verdict=judgement.verdict,
        )

    def _run(self) -> None:
        while self._waiting.wait():
            self._ended.wait(RETRY_EVERY_S)
            self._judge_again()

    def _judge_again(self) -> None:
        """Judge what waits, unless DNS fails; what failed comes last the next time."""
        in_vain = 0
        for mail in self._waiting.taken():
            judged = self._judge(mail)
            if not _waits_for_dns(judged):
                self._put(judged)
                continue
            if boottime_s() - mail.arrival.seen.boot_s < RETRY_WITHIN_S:
                self._waiting.add(mail)
            in_vain += 1
            if in_vain == IN_VAIN_AT_ONCE or self._ended.is_set():
                return


def may_be_attempt(header: bytes) -> bool:
    """Return from the header alone whether a mail is worth fetching whole."""
    from watcher.recognition.message import may_be_attempt

    return may_be_attempt(header)


class Waiting:
    """Mails whose proof waits for DNS, of many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._mails: deque[MessageFetched] = deque()
        self._is_closed = False

    def add(self, mail: MessageFetched) -> None:
        """Add a mail; too many, or too many bytes, let the largest go."""
        with self._changed:
            self._mails.append(mail)
            while self._is_too_much():
                largest = max(self._mails, key=lambda one: len(one.raw))
                self._mails.remove(largest)
                logger.info("%s: too many mails wait for DNS", largest.origin)
            self._changed.notify_all()

    def _is_too_much(self) -> bool:
        total = sum(len(mail.raw) for mail in self._mails)
        return len(self._mails) > WAITING_AT_ONCE or total > WAITING_BYTES

    def wait(self) -> bool:
        """Wait until there is a mail; return False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._mails or self._is_closed)
            return not self._is_closed

    def taken(self) -> Iterator[MessageFetched]:
        """Take each mail that waits now, the oldest first.

        One at a time: what is judged again still counts until its turn comes.
        """
        for _ in range(len(self._mails)):
            with self._changed:
                if not self._mails:
                    return
                mail = self._mails.popleft()
            yield mail

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


def _waits_for_dns(judged: Judged | NotJudged) -> bool:
    """Return whether the proof only waits for DNS."""
    if isinstance(judged, NotJudged):
        return False
    verdict = judged.verdict
    return isinstance(verdict, Unverified) and Reason.DKIM_TEMPERROR in verdict.reasons
