"""Reads the mailboxes of one account over one connection, and never changes anything.

EXAMINE and BODY.PEEK alone are used. imapclient's errors stop here (`errors`). Traps of
imapclient 4.1 that are answered here: a SEARCH answer in several lines raises, FETCH
takes no ranges, INTERNALDATE comes without a time zone, and at DEBUG whole mails go to
the log.
"""

import contextlib
import imaplib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeGuard

from imapclient import IMAPClient, SocketTimeout

from watcher.clock import utc_now
from watcher.errors import MailboxMissing
from watcher.events import Cursor
from watcher.imap import errors
from watcher.imap.account import Account
from watcher.imap.mailboxes import Listed
from watcher.imap.protocol import Protocol
from watcher.imap.transport import Stopped
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
"""Three letters each: strftime would speak the user's language."""

_LARGEST = 2**32 - 1
"""UIDs and the like have 32 bits (RFC 3501 §9); no log could hold any number."""

_A_DAY = timedelta(days=1)
"""No clock is so far ahead: a later INTERNALDATE is none."""


@dataclass(frozen=True, slots=True)
class ExamineResult:
    """What EXAMINE told of a mailbox."""

    uid_validity: int
    uid_next: int | None
    """None where the server does not tell it."""


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """The head of one mail."""

    uid: int
    received_at: datetime
    """INTERNALDATE, aware; the present where the server has none that can be read."""
    header: bytes


def imap_date(day: datetime) -> str:
    """Return a date as SEARCH wants it (RFC 3501 §9)."""
    month = _MONTHS[3 * day.month - 3 : 3 * day.month]
    return f"{day.day}-{month}-{day.year}"


def received_at(answer: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; now, where it is missing or cannot be."""
    date, now = answer.get(b"INTERNALDATE"), utc_now()
    if not isinstance(date, datetime):
        return now
    try:
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        arrived_at = aware.astimezone(UTC)
    except (OverflowError, ValueError):  # ValueError: a zone of more than a day
        return now
    return arrived_at if arrived_at - now < _A_DAY else now


def number(value: object) -> int | None:
    """Return a UID, UIDNEXT or UIDVALIDITY, None for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


def uids(words: Iterable[bytes]) -> list[int]:
    """Return the UIDs among words, ascending, each once."""
    digits = len(str(_LARGEST))
    short = (word for word in words if word.isdigit() and len(word) <= digits)
    return sorted({uid for word in short if (uid := number(int(word)))})


def is_name(name: object) -> TypeGuard[str]:
    """Return whether a mailbox can have this name: NIL or half a character cannot be.

    imapclient decodes names from modified UTF-7, which can hold half of a pair.
    """
    return isinstance(name, str) and name == name.encode(errors="ignore").decode()


def part(answer: Mapping[bytes, Any], name: bytes) -> bytes | None:
    """Return a body part by its name; the server adds where a partial one begins."""
    values = (value for key, value in answer.items() if key.startswith(name))
    value = next(values, None)
    return value if isinstance(value, bytes) else None


def text(word: object) -> str:
    """Return a word as text, empty where the server said NIL."""
    return word.decode(errors="replace") if isinstance(word, bytes) else ""


def upper(words: Iterable[bytes]) -> frozenset[str]:
    """Return words as text in upper case."""
    return frozenset(text(word).upper() for word in words)


def lower(words: Iterable[bytes]) -> frozenset[str]:
    """Return words as text in lower case."""
    return frozenset(text(word).lower() for word in words)


for _name in ("imapclient", "imapclient.imapclient", "imapclient.imaplib"):
    # at DEBUG they would write whole mails, and with them live links
    logging.getLogger(_name).setLevel(logging.WARNING)


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient, without its own socket."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        # a read time-out of 0 keeps our socket non-blocking: the wire does the waiting
        no_wait = SocketTimeout(connect=0, read=0)
        super().__init__(protocol.host, protocol.port, ssl=False, timeout=no_wait)
        protocol.debug = 0  # imapclient sets 5: a repr of every byte that comes in
        self.normalise_times = False

    def _create_IMAP4(self) -> Protocol:  # noqa: N802 -- imapclient's name
        return self._protocol


DATES_AT_ONCE = 500
"""A command line of some 4 KB; servers refuse overlong ones."""


class Unfetchable(Exception):
    """The server cannot give one of these mails."""


class Connection:
    """One connection of one account, logged in; belongs to one thread."""

    def __init__(self, account: Account, protocol: Protocol) -> None:
        """Learn what the server can do, now that it knows us.

        Raises:
            ConnectionLost: the line is dead.
        """
        self.protocol = protocol
        self._account = account
        self._client = Client(protocol)
        with self.talking():
            self.capabilities = upper(self._client.capabilities())

    def close(self) -> None:
        """Say good-bye without waiting for the answer."""
        with contextlib.suppress(Stopped, *errors.BROKEN):
            self.protocol.say_goodbye()
        self.protocol.shutdown()

    @contextlib.contextmanager
    def talking(self) -> Iterator[None]:
        """Translate what breaks on the line.

        Raises:
            ConnectionLost: the line is dead, or what comes over it is no IMAP.
        """
        with errors.talking(self._account.host):
            yield

    def mailboxes(self) -> list[Listed]:
        """Return the account's mailboxes; none where the server's list is unusable."""
        with self.talking():
            try:
                return [
                    Listed(name, lower(flags), text(delimiter))
                    for flags, delimiter, name in self._client.list_folders()
                    if is_name(name)
                ]
            except imaplib.IMAP4.abort:
                raise
            except (imaplib.IMAP4.error, ValueError, TypeError, AttributeError):
                return []

    def examine(self, mailbox: str) -> ExamineResult:
        """Open a mailbox for reading.

        Raises:
            MailboxMissing: there is none of this name, or it may not be read.
        """
        self.protocol.expect_mailbox()
        with self.talking():
            answer = self._unless_no(partial(self._examine, mailbox))
        if answer is None:
            raise self._missing(mailbox)
        uid_validity, uid_next = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        return ExamineResult(number(uid_validity) or 0, number(uid_next))

    def _examine(self, mailbox: str) -> Mapping[bytes, Any]:
        answer: Mapping[bytes, Any]
        answer = self._client.select_folder(mailbox, readonly=True)
        return answer

    def status(self, mailbox: str) -> Cursor | None:
        """Return how far a mailbox that is not open reaches, None if nobody says.

        Raises:
            MailboxMissing: there is none of this name.
        """
        with self.talking():
            answer = self._unless_no(partial(self._status, mailbox))
        self.protocol.has_new_mail_elsewhere = False
        if answer is None:
            raise self._missing(mailbox)
        match number(answer.get(b"UIDVALIDITY")), number(answer.get(b"UIDNEXT")):
            case int(uid_validity), int(uid_next):
                return Cursor(uid_validity, uid_next)
            case _:
                return None

    def _status(self, mailbox: str) -> Mapping[bytes, Any]:
        try:
            found = self._client.folder_status(mailbox, ("UIDNEXT", "UIDVALIDITY"))
        except (LookupError, ValueError, TypeError):  # an answer without STATUS
            return {}
        return {key.upper(): value for key, value in found.items()}

    def _unless_no(
        self, command: Callable[[], Mapping[bytes, Any]]
    ) -> Mapping[bytes, Any] | None:
        """Return a command's answer, None if the server refuses it for good."""
        self.protocol.forget()
        try:
            return command()
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            if self.protocol.is_server_busy:
                raise
            return None

    def _missing(self, mailbox: str) -> MailboxMissing:
        host, user = self._account.host, self._account.user
        name = errors.readable(mailbox)  # the server may have chosen it
        return MailboxMissing(errors.MISSING, host=host, user=user, mailbox=name)

    def notify(self) -> None:
        """Ask to be told of mail in mailboxes that are not open, too (RFC 5465).

        All of the user's, because Dovecot 2.3 does not find a single one whose name is
        not ASCII. A server that will not is no trouble: they are asked on each round.
        """
        if "NOTIFY" not in self.capabilities:
            return
        events = "(MessageNew MessageExpunge)"
        with self.talking():
            self.protocol.xatom(
                "NOTIFY", f"SET (selected-delayed {events}) (personal {events})"
            )

    def noop(self) -> None:
        """Let the server bring the open mailbox up to date; some do so only then."""
        with self.talking():
            self.protocol.be_up_to_date()

    def uids_from(self, uid: int) -> list[int]:
        """Return the UIDs in the open mailbox that are not below `uid`, ascending.

        `n:*` names the last mail even where its UID is below n (RFC 3501 §6.4.8).
        """
        return [one for one in self._search("UID", f"{uid}:*") if one >= uid]

    def last_uid(self) -> int:
        """Return the highest UID in the open mailbox, 0 if it is empty."""
        return max(self._search("UID", "*"), default=0)

    def uids_since(self, since: datetime, now: datetime) -> list[int]:
        """Return the UIDs of mails that arrived at `since` or later, ascending.

        Without WITHIN (RFC 5032) the server knows days alone, in its own time zone; the
        rest is done here, by INTERNALDATE.
        """
        if "WITHIN" in self.capabilities:
            return self._search("YOUNGER", str(int((now - since).total_seconds()) + 1))
        day = since.astimezone(UTC) - timedelta(days=1)
        uids = self._search("SINCE", imap_date(day))
        recent: list[int] = []
        for start in range(len(uids), 0, -DATES_AT_ONCE):
            chunk = uids[max(start - DATES_AT_ONCE, 0) : start]
            fresh = [uid for uid, at in self._dates(chunk) if at >= since]
            recent = fresh + recent
            if not fresh:  # UIDs ascend with time, but for mails moved here
                break
        return recent

    def _dates(self, uids: Sequence[int]) -> list[tuple[int, datetime]]:
        """Return when mails arrived; now, where the server cannot say."""
        try:
            dated = self._fetch(uids, ["INTERNALDATE"])
        except Unfetchable:
            dated = {}
        return [(uid, received_at(dated.get(uid, {}))) for uid in uids]

    def _search(self, *criteria: str) -> list[int]:
        with self.talking():
            kind, lines = self.protocol.uid("SEARCH", *criteria)
            if kind != "OK":
                raise imaplib.IMAP4.error("SEARCH failed")
        found = b" ".join(line for line in lines if isinstance(line, bytes))
        return uids(found.split())

    def headers(self, uids: Sequence[int]) -> list[MessageHeader]:
        """Return the heads of mails, without those that are gone meanwhile."""
        items = ["INTERNALDATE", f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"]
        answers = self._fetch(uids, items)
        headers = (
            (uid, part(answer, b"BODY[HEADER]"), answer)
            for uid, answer in answers.items()
        )
        return [
            MessageHeader(uid, received_at(answer), header)
            for uid, header, answer in headers
            if header is not None
        ]

    def body(self, uid: int) -> bytes | None:
        """Return a mail, at most `MAIL_BYTES` + 1 bytes of it; None if it is gone."""
        length = MAIL_BYTES + 1
        answers = self._fetch([uid], [f"BODY.PEEK[]<0.{length}>"])
        raw = part(answers.get(uid, {}), b"BODY[]")
        return None if raw is None else raw[:length]

    def _fetch(
        self, uids: Sequence[int], items: Collection[str]
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return what the server has of each mail; what was not asked for is left out.

        Raises:
            Unfetchable: it refuses, or what it sent cannot be read; the line is sound.
        """
        answers: Mapping[int, Mapping[bytes, Any]]
        try:
            answers = self._client.fetch(uids, items)
        except errors.BROKEN as error:
            if errors.is_line_sound(error):
                raise Unfetchable from error
            raise errors.lost(error, self._account.host) from error
        return {uid: answers[uid] for uid in uids if uid in answers}
