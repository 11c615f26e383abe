"""Reads the mailboxes of one account over one connection, and never changes anything.

Only EXAMINE and BODY.PEEK are used. imapclient's errors are translated here (`errors`).
Handled here, of imapclient 4.1: a SEARCH answer in several lines raises, FETCH takes no
ranges, INTERNALDATE comes without a time zone, and at DEBUG whole mails are logged.
"""

import contextlib
import imaplib
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from imapclient import IMAPClient, SocketTimeout
from imapclient.datetime_util import parse_to_datetime

from watcher.clock import utc_now
from watcher.errors import MailboxMissing, MailboxRefused
from watcher.events import Cursor
from watcher.imap import errors
from watcher.imap.account import Account
from watcher.imap.mailboxes import INBOX, Listed, is_selectable
from watcher.imap.protocol import Protocol
from watcher.imap.refusal import is_missing
from watcher.imap.transport import Stopped
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
"""Three letters each: strftime would speak the user's language."""

_LARGEST = 2**32 - 1
"""UIDs and the like have 32 bits (RFC 3501 §9); SQLite holds no larger than 64."""

_A_DAY = timedelta(days=1)
"""A later INTERNALDATE is impossible: no server's clock is so far ahead."""


@dataclass(frozen=True, slots=True)
class ExamineResult:
    """What EXAMINE answers about a mailbox."""

    uid_validity: int
    uid_next: int | None
    """None where the server omits it."""


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """The header of one mail."""

    uid: int
    received_at: datetime
    """INTERNALDATE, aware; now where it is missing or impossible."""
    saved_at: datetime | None
    """SAVEDATE, aware; None where it is missing or impossible."""
    header: bytes


def received_at(answer: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; now, where it is missing or impossible."""
    return _possible(answer.get(b"INTERNALDATE")) or utc_now()


def saved_at(answer: Mapping[bytes, Any]) -> datetime | None:
    """Return SAVEDATE in UTC; None where it is NIL or impossible (RFC 8514 §4.2)."""
    written = answer.get(b"SAVEDATE")
    if not isinstance(written, bytes):
        return None
    try:
        return _possible(parse_to_datetime(written, normalise=False))
    except (OverflowError, ValueError):
        return None


def _possible(date: object) -> datetime | None:
    """Return an instant in UTC, unless it is none or lies far ahead."""
    if not isinstance(date, datetime):
        return None
    try:
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        possible = aware.astimezone(UTC)
    except (OverflowError, ValueError):  # ValueError: a zone of more than a day
        return None
    return possible if possible - utc_now() < _A_DAY else None


def number(value: object) -> int | None:
    """Return a UID, UIDNEXT or UIDVALIDITY, None for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


def is_name(name: object) -> TypeGuard[str]:
    """Return whether a mailbox can have this name.

    imapclient gives None for NIL and decodes half of a surrogate pair (modified UTF-7).
    """
    return isinstance(name, str) and name == name.encode(errors="ignore").decode()


def part(answer: Mapping[bytes, Any], name: bytes) -> bytes | None:
    """Return a body part by its name; the server adds the offset of a partial one."""
    value = next((answer[key] for key in answer if key.startswith(name)), None)
    return value if isinstance(value, bytes) else None


def text(word: object) -> str:
    """Return a word as text, empty for NIL."""
    return word.decode(errors="replace") if isinstance(word, bytes) else ""


for _name in ("imapclient", "imapclient.imapclient", "imapclient.imaplib"):
    # at DEBUG they would write whole mails, and with them live links
    logging.getLogger(_name).setLevel(logging.WARNING)


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient, without its own socket."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        # a read time-out of 0 keeps our socket non-blocking: `Transport` waits
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
        """Ask for the capabilities after login.

        Raises:
            ConnectionLost: the connection broke.
        """
        self.protocol = protocol
        self._account = account
        self._client = Client(protocol)
        with self.talking():
            words = self._client.capabilities()
        self.capabilities = frozenset(text(word).upper() for word in words)

    def close(self) -> None:
        """Send LOGOUT without waiting for the answer, and close the socket."""
        with contextlib.suppress(Stopped, *errors.BROKEN):
            self.protocol.send_logout()
        self.protocol.shutdown()

    def talking(self) -> contextlib.AbstractContextManager[None]:
        """Translate the errors of commands.

        Raises:
            ConnectionLost: the connection broke, or what comes over it is not IMAP.
        """
        return errors.translated(errors.COMMAND, self._account.host)

    @contextlib.contextmanager
    def _naming(self, mailbox: str) -> Iterator[None]:
        """Translate the errors of a command that names a mailbox.

        Raises:
            MailboxMissing: it is refused, and lacks.
            MailboxRefused: it is refused for now.
            ConnectionLost: as `talking`.
        """
        self.protocol.forget()
        with self.talking():
            try:
                yield
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                kind, answer = self.protocol.last_answer
                if kind == "OK":  # it is no refusal, but makes no sense
                    raise
                raise self._refused(mailbox, answer) from error

    def _refused(self, mailbox: str, answer: bytes) -> MailboxMissing | MailboxRefused:
        """Return what the refusal of a mailbox means."""
        said = self.protocol.said(answer)
        host, name = self._account.host, errors.readable(mailbox)
        # INBOX always exists (RFC 3501 §5.1)
        if mailbox.upper() != INBOX and is_missing(
            answer, is_shown=lambda: self._is_shown(mailbox)
        ):
            user = self._account.user
            return MailboxMissing(errors.MISSING, host=host, user=user, mailbox=name)
        return MailboxRefused(
            errors.REFUSED_MAILBOX, host=host, mailbox=name, said=said
        )

    def _is_shown(self, mailbox: str) -> bool:
        """Return whether LIST shows a mailbox, or is of no use."""
        listed = self.mailboxes()
        return not listed or any(
            one.name == mailbox and is_selectable(one) for one in listed
        )

    def mailboxes(self) -> list[Listed]:
        """Return the account's mailboxes; none where the server's list is unusable."""
        with self.talking():
            try:
                return [
                    Listed(
                        name,
                        frozenset(text(flag).lower() for flag in flags),
                        text(delimiter),
                    )
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
            MailboxRefused: the server does not open it for now.
        """
        self.protocol.exists = None  # the count of another mailbox is no news
        with self._naming(mailbox):
            answer = self._client.select_folder(mailbox, readonly=True)
            uid_validity, uid_next = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        return ExamineResult(number(uid_validity) or 0, number(uid_next))

    def status(self, mailbox: str) -> Cursor | None:
        """Return up to where a mailbox that is not open reaches, None if unanswered.

        Raises:
            MailboxMissing: there is none of this name.
            MailboxRefused: the server does not answer it for now.
        """
        found: Mapping[bytes, Any] = {}
        unanswered = contextlib.suppress(LookupError, ValueError, TypeError)
        try:
            with self._naming(mailbox), unanswered:  # an answer without STATUS
                found = self._client.folder_status(mailbox, ("UIDNEXT", "UIDVALIDITY"))
        finally:
            self.protocol.has_new_mail_elsewhere = False
        answer = {key.upper(): number(value) for key, value in found.items()}
        uid_validity, uid_next = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        if uid_validity is None or uid_next is None:
            return None
        return Cursor(uid_validity, uid_next)

    def notify(self) -> None:
        """Request announcements of mail in mailboxes that are not open (RFC 5465).

        For all of the user's, because Dovecot 2.3 does not find a single one whose name
        is not ASCII. Where this is refused, STATUS after each wait is enough.
        """
        if "NOTIFY" not in self.capabilities:
            return
        events = "(MessageNew MessageExpunge)"
        with self.talking():
            self.protocol.xatom(
                "NOTIFY", f"SET (selected-delayed {events}) (personal {events})"
            )

    def noop(self) -> None:
        """Send NOOP, so that the server notices mail in the open mailbox."""
        with self.talking():
            self.protocol.refresh()

    def uids_from(self, uid: int) -> list[int]:
        """Return the UIDs in the open mailbox that are not below `uid`, ascending.

        `n:*` names the last mail even where its UID is below n (RFC 3501 §6.4.8).
        """
        return [one for one in self._search("UID", f"{uid}:*") if one >= uid]

    def last_uid(self) -> int:
        """Return the highest UID in the open mailbox, 0 if it is empty."""
        return max(self._search("UID", "*"), default=0)

    def uids_since(self, since: datetime, now: datetime) -> list[int]:
        """Return the UIDs of mails received at `since` or later, ascending.

        Without WITHIN (RFC 5032) SEARCH knows only days, in the server's time zone; the
        rest is compared here, by INTERNALDATE.
        """
        if "WITHIN" in self.capabilities:
            return self._search("YOUNGER", str(int((now - since).total_seconds()) + 1))
        day = since.astimezone(UTC) - timedelta(days=1)
        month = _MONTHS[3 * day.month - 3 : 3 * day.month]
        uids = self._search("SINCE", f"{day.day}-{month}-{day.year}")
        recent: list[int] = []
        for start in range(len(uids), 0, -DATES_AT_ONCE):
            chunk = uids[max(start - DATES_AT_ONCE, 0) : start]
            try:
                dated = self._fetch(chunk, ["INTERNALDATE"])
            except Unfetchable:
                dated = {}
            fresh = [uid for uid in chunk if received_at(dated.get(uid, {})) >= since]
            recent = fresh + recent
            if not fresh:  # UIDs ascend with time, but for mails moved here
                break
        return recent

    def _search(self, *criteria: str) -> list[int]:
        with self.talking():
            kind, lines = self.protocol.uid("SEARCH", *criteria)
            if kind != "OK":
                raise imaplib.IMAP4.error("SEARCH failed")
        found = b" ".join(line for line in lines if isinstance(line, bytes))
        words = [word for word in found.split() if word.isdigit()]
        short = [int(word) for word in words if len(word) <= len(str(_LARGEST))]
        return sorted({uid for uid in short if number(uid) is not None})

    def headers(self, uids: Sequence[int]) -> list[MessageHeader]:
        """Return the headers of mails, without those that were expunged meanwhile."""
        dates = ["INTERNALDATE", *{"SAVEDATE"}.intersection(self.capabilities)]
        items = [*dates, f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>"]
        answers = self._fetch(uids, items)
        return [
            MessageHeader(uid, received_at(answer), saved_at(answer), header)
            for uid, answer in answers.items()
            if (header := part(answer, b"BODY[HEADER]")) is not None
        ]

    def body(self, uid: int) -> bytes | None:
        """Return a mail, at most `MAIL_BYTES` + 1 bytes of it; None if expunged."""
        length = MAIL_BYTES + 1
        answers = self._fetch([uid], [f"BODY.PEEK[]<0.{length}>"])
        raw = part(answers.get(uid, {}), b"BODY[]")
        return None if raw is None else raw[:length]

    def _fetch(
        self, uids: Sequence[int], items: Collection[str]
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the items of each mail; unrequested mails in the answer are left out.

        Raises:
            Unfetchable: refused or malformed, and the connection remains usable.
            ConnectionLost: the connection broke.
        """
        answers: Mapping[int, Mapping[bytes, Any]]
        try:
            answers = self._client.fetch(uids, items)
        except errors.BROKEN as error:
            if errors.is_connection_usable(error):
                raise Unfetchable from error
            raise errors.lost(error, self._account.host) from error
        return {uid: answers[uid] for uid in uids if uid in answers}
