"""Opens the mailboxes of one account over one connection, and never changes anything.

Only EXAMINE and BODY.PEEK are used; imapclient's errors become ours here (`errors`).
"""

import contextlib
import imaplib
from collections.abc import Iterator, Mapping
from typing import Any

from watcher.clock import boottime_s
from watcher.errors import MailboxMissing, MailboxRefused
from watcher.events import Cursor
from watcher.imap import errors, items, sentences
from watcher.imap.account import Account
from watcher.imap.announced import read_status
from watcher.imap.listing import read_list, text
from watcher.imap.mailboxes import INBOX, Listed, is_selectable
from watcher.imap.opened import SENDER_AND_SUBJECT, OpenMailbox
from watcher.imap.protocol import Protocol
from watcher.imap.provider_words import find
from watcher.imap.refusal import is_missing
from watcher.imap.transport import Stopped
from watcher.typed import as_typed


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
        # imapclient takes long: see `app.warmup`
        from watcher.imap.client import Client

        self.protocol = protocol
        self._account = account
        self._client = Client(protocol)
        with self.talking():
            words = self._client.capabilities()
        self.capabilities = frozenset(text(word).upper() for word in words)
        self.opened = OpenMailbox(self._client, protocol, self.capabilities)
        self._open_name = ""
        self._opening: dict[str, bytes] = {}
        self._asked: dict[str, tuple[float, bytes]] = {}
        """Tags of EXAMINE and STATUS whose answers have not been read, by mailbox."""

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
        if not self.opened.has_begun:  # its answers may have come before these
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
            return MailboxMissing(sentences.MISSING, host=host, user=user, mailbox=name)
        known = find([answer.decode(errors="replace")])
        return MailboxRefused(
            known.text if known else sentences.REFUSED_MAILBOX,
            host=host,
            user=self._account.user,
            account=self._account.name,
            typed=as_typed(self._account.name),
            mailbox=name,
            said=said,
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
        listed, bad = read_list(lines) if kind == "OK" else ([], [])
        return listed, [*map(self.protocol.readable, bad)]

    @property
    def has_asked(self) -> bool:
        """Whether the answer about a mailbox that is not open has not been read."""
        return bool(self._opening or self._asked)

    def is_opening(self, mailbox: str) -> bool:
        """Return whether EXAMINE was sent, and its answer has not been read."""
        return mailbox in self._opening

    def begin_examine(self, mailbox: str) -> None:
        """Send EXAMINE: what is sent from then on is of this mailbox.

        Raises:
            ConnectionLost: the connection broke.
        """
        if mailbox != self._open_name:  # what came with announcements is of another one
            self.protocol.pushed_fields = ()
        self._open_name = mailbox
        with self.talking():
            self._opening[mailbox] = self._client.begin_examine(mailbox)

    def examine(self, mailbox: str) -> items.ExamineResult:
        """Open a mailbox for reading; take the answer to an EXAMINE that was begun.

        Raises:
            MailboxMissing: there is none of this name, or it may not be read.
            MailboxRefused: the server does not open it for now.
        """
        if not self.is_opening(mailbox):
            self.begin_examine(mailbox)
        self.protocol.exists = None  # the count of another mailbox is no news
        with self._naming(mailbox):
            answer = self._client.end_examine(self._opening.pop(mailbox))
            uid_validity, uid_next = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
        self.protocol.forget()  # what came before is not of this mailbox
        number = items.number
        return items.ExamineResult(number(uid_validity) or 0, number(uid_next))

    def begin_status(self, mailbox: str) -> float:
        """Send STATUS, unless that is done; return when, in seconds since boot.

        Raises:
            ConnectionLost: the connection broke.
        """
        if mailbox not in self._asked:
            with self.talking():
                asked_s = boottime_s()
                tag = self._client.begin_status(mailbox, "UIDNEXT UIDVALIDITY")
                self._asked[mailbox] = asked_s, tag
        return self._asked[mailbox][0]

    def status(self, mailbox: str) -> Cursor | None:
        """Return up to where a mailbox that is not open reaches, None if unanswered.

        Raises:
            MailboxMissing: there is none of this name.
            MailboxRefused: the server does not answer it for now.
        """
        self.begin_status(mailbox)
        _, tag = self._asked.pop(mailbox)
        found: Mapping[bytes, Any] = {}
        unanswered = contextlib.suppress(LookupError, ValueError, TypeError)
        try:
            with self._naming(mailbox), unanswered:  # an answer without STATUS
                found = self._client.end_status(mailbox, tag)
        finally:
            self._forget_announced(mailbox)
        answer = {text(key).upper(): items.number(one) for key, one in found.items()}
        uid_validity, uid_next = answer.get("UIDVALIDITY"), answer.get("UIDNEXT")
        if uid_validity is None or uid_next is None:
            return None
        return Cursor(uid_validity, uid_next)

    def _forget_announced(self, mailbox: str) -> None:
        """Take what was said of a mailbox for the answer about it, and for no news."""
        protocol = self.protocol
        said = [(read_status(rest), rest) for rest in protocol.elsewhere]
        protocol.elsewhere = tuple(
            rest for about, rest in said if about and about[0] != mailbox
        )

    def notify(self, *, elsewhere: bool) -> bool:
        """Request announcements with sender and subject of the mail (RFC 5465).

        And, `elsewhere`, announcements of mail in mailboxes that are not open: in all
        of the user's, because Dovecot 2.3 does not find a single one whose name is not
        ASCII. Return whether the server will send them, be it without the fields.
        """
        if "NOTIFY" not in self.capabilities:
            return False
        others = " (personal (MessageNew MessageExpunge))" if elsewhere else ""
        return any(
            self._notify(
                f"(selected-delayed (MessageNew{fields} MessageExpunge)){others}"
            )
            for fields in (f" (UID {SENDER_AND_SUBJECT})", "")
        )

    def _notify(self, wanted: str) -> bool:
        kind = ""
        with self.talking(), _refusable():
            kind, _ = self.protocol.xatom("NOTIFY", f"SET {wanted}")
        return kind == "OK"

    def noop(self) -> None:
        """Send NOOP, so that the server notices mail in the open mailbox."""
        with self.talking(), _refusable():  # the search that follows does it as well
            self.protocol.refresh()
