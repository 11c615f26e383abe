"""Reads the mailboxes of one account over one connection, and never changes anything.

Only EXAMINE and BODY.PEEK are used; imapclient's errors become ours here (`errors`). Of
imapclient 4.1, a SEARCH answer in several lines raises, and FETCH takes no ranges.
"""

import contextlib
import imaplib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.errors import ConnectionLost, MailboxMissing, MailboxRefused
from watcher.events import Cursor
from watcher.imap import errors, items
from watcher.imap.account import Account
from watcher.imap.client import Client
from watcher.imap.listing import read_list, text
from watcher.imap.mailboxes import INBOX, Listed, is_selectable
from watcher.imap.protocol import LITERAL_BYTES, Protocol
from watcher.imap.refusal import is_missing
from watcher.imap.transport import Stopped
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """The header of one mail."""

    uid: int
    received_at: datetime
    """INTERNALDATE, aware; now where it is missing or impossible."""
    saved_at: datetime | None
    """SAVEDATE, aware; None where it is missing or impossible."""
    header: bytes


DATES_AT_ONCE = 500
"""A command line of some 4 KB; servers refuse overlong ones."""

_SIZE = "RFC822.SIZE"

LAST_UIDS = 200
"""How far back a mailbox is looked through whose server searches by no date."""


class Unfetchable(Exception):
    """The server cannot give one of these mails."""


class TooLarge(Unfetchable):
    """The server gives this mail only as a whole, and that is too large to be read."""


class SearchRefused(Exception):
    """The server answers NO or BAD to a search; the one argument is what it said."""


@contextlib.contextmanager
def _refusable() -> Iterator[None]:
    """Do without a command that the server answers BAD to (NO raises nothing)."""
    try:
        yield
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        pass


class Connection:
    """One connection of one account, logged in; belongs to one thread."""

    def __init__(self, account: Account, protocol: Protocol) -> None:
        """Ask for the capabilities after login.

        Raises:
            ConnectionLost: the connection broke.
        """
        self.protocol = protocol
        self._account = account
        self._is_partial_refused = False
        self._client = Client(protocol)
        with self.talking():
            words = self._client.capabilities()
        self.capabilities = frozenset(text(word).upper() for word in words)
        self.has_within = "WITHIN" in self.capabilities
        """Whether the server can search by age (RFC 5032), and does it."""

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
        listed, unreadable = self.mailboxes()
        if unreadable or not listed:
            return True
        return any(one.name == mailbox and is_selectable(one) for one in listed)

    def mailboxes(self) -> tuple[list[Listed], list[str]]:
        """Return the account's mailboxes, and the lines of LIST that name none.

        No mailbox at all where the server refuses LIST.

        Raises:
            ConnectionLost: the connection broke.
        """
        self.protocol.forget()
        with self.talking():
            try:
                kind, lines = self.protocol.list('""', '"*"')
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:  # BAD
                return [], []
        return read_list(lines) if kind == "OK" else ([], [])

    def examine(self, mailbox: str) -> items.ExamineResult:
        """Open a mailbox for reading.

        Raises:
            MailboxMissing: there is none of this name, or it may not be read.
            MailboxRefused: the server does not open it for now.
        """
        self.protocol.exists = None  # the count of another mailbox is no news
        with self._naming(mailbox):
            answer = self._client.select_folder(mailbox, readonly=True)
            uid_validity, uid_next = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        number = items.number
        return items.ExamineResult(number(uid_validity) or 0, number(uid_next))

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
        answer = {key.upper(): items.number(value) for key, value in found.items()}
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
        with self.talking(), _refusable():
            self.protocol.xatom(
                "NOTIFY", f"SET (selected-delayed {events}) (personal {events})"
            )

    def noop(self) -> None:
        """Send NOOP, so that the server notices mail in the open mailbox."""
        with self.talking(), _refusable():  # the search that follows does it as well
            self.protocol.refresh()

    def uids_from(self, uid: int) -> list[int]:
        """Return the UIDs in the open mailbox that are not below `uid`, ascending.

        `n:*` names the last mail even where its UID is below n (RFC 3501 §6.4.8).
        """
        return [one for one in self._must_search("UID", f"{uid}:*") if one >= uid]

    def last_uid(self) -> int:
        """Return the highest UID in the open mailbox, 0 if it is empty."""
        return max(self._must_search("UID", "*"), default=0)

    def uids_since(self, since: datetime, now: datetime, *also: str) -> list[int]:
        """Return the UIDs of mails received at `since` or later, ascending.

        `also` are further words of the search, which hold as far as the server knows.

        Without WITHIN (RFC 5032) SEARCH knows only days, in the server's time zone; the
        rest is compared here, by INTERNALDATE. Of a server that refuses both, the last
        `LAST_UIDS` are compared.

        Raises:
            ConnectionLost: the connection broke, or every search is refused.
        """
        if self.has_within:
            seconds = int((now - since).total_seconds()) + 1
            with contextlib.suppress(SearchRefused):
                return self.search("YOUNGER", str(seconds), *also)
            self.has_within = False
        day = since.astimezone(UTC) - timedelta(days=1)
        try:
            uids = self.search("SINCE", items.search_date(day), *also)
        except SearchRefused:
            uids = self.uids_from(max(self.last_uid() - LAST_UIDS + 1, 1))
        return self._received_since(since, uids)

    def _received_since(self, since: datetime, uids: Sequence[int]) -> list[int]:
        """Return those received at `since` or later, with those that have no date."""
        recent: list[int] = []
        for start in range(len(uids), 0, -DATES_AT_ONCE):
            chunk = uids[max(start - DATES_AT_ONCE, 0) : start]
            fresh = self.received_since(since, chunk)
            recent = fresh + recent
            if not fresh:  # UIDs ascend with time, but for mails moved here
                break
        return recent

    def received_since(self, since: datetime, uids: Sequence[int]) -> list[int]:
        """Return those of at most `DATES_AT_ONCE` mails received at `since` or later.

        One whose date the server does not give is taken for new.

        Raises:
            ConnectionLost: the connection broke.
        """
        dated = self._dated(uids)
        return [uid for uid in uids if items.received_at(dated.get(uid, {})) >= since]

    def internal_date(self, uid: int) -> datetime | None:
        """Return when a mail came by the server's clock, None if it does not tell."""
        return items.internal_date(self._dated([uid]).get(uid, {}))

    def _dated(self, uids: Sequence[int]) -> Mapping[int, Mapping[bytes, Any]]:
        """Return INTERNALDATE of each mail, of none where the server refuses it."""
        with contextlib.suppress(Unfetchable):
            return self._fetch(uids, ["INTERNALDATE"])
        return {}

    def _must_search(self, *criteria: str) -> list[int]:
        """Search as every server can.

        Raises:
            ConnectionLost: the connection broke, or the server refuses even this.
        """
        try:
            return self.search(*criteria)
        except SearchRefused as error:
            raise ConnectionLost(
                errors.SEARCH_REFUSED, host=self._account.host, said=str(error)
            ) from error

    def search(self, *criteria: str) -> list[int]:
        """Return the UIDs that a search names.

        Raises:
            SearchRefused: the server answers NO or BAD.
            ConnectionLost: the connection broke.
        """
        self.protocol.untagged_responses.pop("SEARCH", None)  # of one that was refused
        with self.talking():
            try:
                kind, lines = self.protocol.uid("SEARCH", *criteria)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:  # BAD
                raise SearchRefused(errors.readable(str(error))) from error
        found = b" ".join(line for line in lines if isinstance(line, bytes))
        if kind != "OK":
            raise SearchRefused(errors.readable(found))
        words = [word for word in found.split() if word.isdigit()]
        short = [int(word) for word in words if len(word) <= len(str(items.LARGEST))]
        return sorted({uid for uid in short if items.number(uid) is not None})

    def headers(self, uids: Sequence[int]) -> list[MessageHeader]:
        """Return the headers of mails, without those that the server does not deliver.

        Raises:
            Unfetchable, ConnectionLost
        """
        dates = ["INTERNALDATE", *{"SAVEDATE"}.intersection(self.capabilities)]
        answers = self._fetch_part(uids, "HEADER", HEADER_BYTES, dates)
        return [
            MessageHeader(
                uid, items.received_at(answer), items.saved_at(answer), header
            )
            for uid, answer in answers.items()
            if (header := (items.part(answer, b"BODY[HEADER]") or b"")[:HEADER_BYTES])
        ]

    def body(self, uid: int) -> bytes | None:
        """Return a mail, at most `MAIL_BYTES` + 1 bytes of it; None if undelivered.

        Raises:
            Unfetchable, ConnectionLost
        """
        length = MAIL_BYTES + 1
        answers = self._fetch_part([uid], "", length)
        raw = items.part(answers.get(uid, {}), b"BODY[]")
        return raw[:length] if raw else None

    def _fetch_part(
        self, uids: Sequence[int], section: str, length: int, dates: Sequence[str] = ()
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the first `length` bytes of a section of each mail.

        Of a single mail the whole section, where the server refuses a part of it
        (RFC 3501 §6.4.5).

        Raises:
            TooLarge: the server gives no part of it, and the whole is too large.
            Unfetchable: refused or malformed.
            ConnectionLost: the connection broke.
        """
        item = f"BODY.PEEK[{section}]"
        if not self._is_partial_refused:
            try:
                return self._fetch(uids, [*dates, f"{item}<0.{length}>"])
            except Unfetchable:
                if len(uids) > 1:
                    raise
        if len(uids) > 1:
            raise Unfetchable
        uid = uids[0]
        size = items.number(self._fetch(uids, [_SIZE]).get(uid, {}).get(_SIZE.encode()))
        if size is None:
            raise Unfetchable
        if size > LITERAL_BYTES:
            raise TooLarge
        answers = self._fetch(uids, [*dates, item])
        if items.part(answers.get(uid, {}), b"BODY["):
            self._is_partial_refused = True
        return answers

    def _fetch(
        self, uids: Sequence[int], names: Collection[str]
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the items of each mail; unrequested mails in the answer are left out.

        Raises:
            Unfetchable: refused or malformed, and the connection remains usable.
            ConnectionLost: the connection broke.
        """
        answers: Mapping[int, Mapping[bytes, Any]]
        try:
            answers = self._client.fetch(uids, names)
        except errors.BROKEN as error:
            if errors.is_connection_usable(error):
                raise Unfetchable from error
            raise errors.lost(error, self._account.host) from error
        return {uid: answers[uid] for uid in uids if uid in answers}
