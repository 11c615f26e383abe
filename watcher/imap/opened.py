"""Searches and fetches in the mailbox that is open, and never changes anything.

Of imapclient 4.1, a SEARCH answer in several lines raises, and FETCH takes no ranges.
"""

import contextlib
import imaplib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from watcher.clock import boottime_s
from watcher.errors import ConnectionLost
from watcher.imap import errors, items, sentences
from watcher.imap.protocol import LITERAL_BYTES, Protocol
from watcher.recognition.limits import HEADER_BYTES, MAIL_BYTES

if TYPE_CHECKING:
    from watcher.imap.client import Client


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked for at once: a search, and the mails that may be new."""

    search_from: int
    """The lowest UID that the search is to name."""
    new_from: int
    """From this UID on mails are fetched, as many as make one answer."""
    is_whole: bool
    """Fetch whole mails instead of their headers."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A look whose answers have not been read."""

    look: Look
    began_s: float
    search_tag: bytes
    fetch_tag: bytes
    is_behind_idle: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has shown."""

    began_s: float
    """When it was asked for, in seconds since boot."""
    uids: list[int]
    mails: Mapping[int, items.MessageHeader]
    """Those that were fetched with it, by UID."""


DATES_AT_ONCE = 500
"""A command line of some 4 KB; servers refuse overlong ones."""

HEADERS_AT_ONCE = 50
"""At most 1.6 MB of headers in one answer."""

FIELDS_AT_ONCE = 500
FIELDS_BYTES = 4096
"""Sender and subject of so many mails, at most 2 MB in one answer."""

SEARCH_BYTES = 1024 * 1024
"""Of a longer answer to a search the end counts: UIDs ascend with time."""

MAILS_AT_ONCE = 5
"""At most 1.3 MB of whole mails in one answer."""


def _first_of(section: str, length: int) -> str:
    """Return what asks for the first bytes of a section (RFC 3501 §6.4.5)."""
    return f"BODY.PEEK[{section}]<0.{length}>"


SENDER_AND_SUBJECT = _first_of("HEADER.FIELDS (FROM SUBJECT)", FIELDS_BYTES)
_SIZE = "RFC822.SIZE"
_FIELD = re.compile(rb"^(?:from|subject)[ \t]*:", re.IGNORECASE | re.MULTILINE)

LAST_UIDS = 200
"""How far back a mailbox is looked through whose server searches by no date."""


class Unfetchable(Exception):
    """The server cannot give one of these mails."""


class TooLarge(Unfetchable):
    """The server gives this mail only as a whole, and that is too large to be read."""


class SearchRefused(Exception):
    """The server answers NO or BAD to a search; the one argument is what it said."""


class OpenMailbox:
    """The mailbox that is open over one connection."""

    def __init__(
        self, client: "Client", protocol: Protocol, capabilities: frozenset[str]
    ) -> None:
        self._client = client
        self._protocol = protocol
        self._capabilities = capabilities
        self.is_partial_refused = False
        """The server gives mails only as a whole (RFC 3501 §6.4.5)."""
        self._begun: _Begun | None = None
        self.has_within = "WITHIN" in capabilities
        """Whether the server can search by age (RFC 5032), and does it."""

    def _talking(self) -> contextlib.AbstractContextManager[None]:
        return errors.translated(errors.COMMAND, self._protocol.host)

    def uids_from(self, uid: int) -> list[int]:
        """Return the UIDs in the open mailbox that are not below `uid`, ascending."""
        return [one for one in self._must_search("UID", f"{uid}:*") if one >= uid]

    def begin(self, look: Look, *, is_behind_idle: bool) -> None:
        """Ask for a search and for what may be new, in one segment.

        Commands by UID may follow each other without waiting (RFC 3501 §5.5).

        Raises:
            ConnectionLost: the connection broke.
        """
        self._begun = self._send(look, is_behind_idle=is_behind_idle)

    def _send(self, look: Look, *, is_behind_idle: bool = False) -> _Begun:
        self._protocol.forget()
        count = MAILS_AT_ONCE if look.is_whole else HEADERS_AT_ONCE
        first, last = look.new_from, look.new_from + count - 1
        with self._talking(), self._protocol.in_one_segment():
            began_s = boottime_s()
            search_tag = self._protocol.begin(
                "UID", "SEARCH", "UID", f"{look.search_from}:*"
            )
            fetch_tag = self._client.begin_fetch(f"{first}:{last}", self._items(look))
        return _Begun(look, began_s, search_tag, fetch_tag, is_behind_idle)

    @property
    def has_begun(self) -> bool:
        """Whether a look was asked for whose answers have not been read."""
        return self._begun is not None

    @property
    def is_behind_idle(self) -> bool:
        """Whether such a look was sent with the end of an IDLE."""
        return self._begun is not None and self._begun.is_behind_idle

    def drop_look(self) -> None:
        """Read the answers to a look that was begun, and believe none of them.

        Raises:
            ConnectionLost: the connection broke.
        """
        begun, self._begun = self._begun, None
        if begun is not None:
            with contextlib.suppress(SearchRefused):
                self._named(begun.search_tag)
            self._fetched(begun)

    def look(self, look: Look) -> Found:
        """Return what a look shows; take the answers to one that was begun.

        Raises:
            ConnectionLost: the connection broke, or the server refuses the search.
        """
        begun, self._begun = self._begun, None
        if begun is None or begun.look != look:
            begun = self._send(look)
        with self._needing_search():
            uids = self._named(begun.search_tag)
        return Found(
            began_s=begun.began_s,
            # `n:*` names the last mail also where its UID is lower (RFC 3501 §6.4.8)
            uids=[one for one in uids if one >= look.search_from],
            mails=self._fetched(begun),
        )

    def search_alone(self, search_from: int) -> Found:
        """Return what a search shows, without what may be new, as `look`.

        Raises:
            ConnectionLost: the connection broke, or the server refuses the search.
        """
        return Found(boottime_s(), self.uids_from(search_from), {})

    def _items(self, look: Look) -> list[str]:
        whole, header = ("", MAIL_BYTES + 1), ("HEADER", HEADER_BYTES)
        return [*self._dates, _first_of(*(whole if look.is_whole else header))]

    @property
    def _dates(self) -> list[str]:
        return ["INTERNALDATE", *{"SAVEDATE"}.intersection(self._capabilities)]

    def _fetched(self, begun: _Begun) -> Mapping[int, items.MessageHeader]:
        """Return the mails that came with a look; none where they are refused."""
        answers: Mapping[int, Mapping[bytes, Any]] = {}
        with contextlib.suppress(Unfetchable):
            answers = self._answered(partial(self._client.end_fetch, begun.fetch_tag))
        self._protocol.takes_behind_idle |= begun.is_behind_idle
        return _read(items.mail if begun.look.is_whole else items.header, answers)

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
        with self._needing_search():
            return self.search(*criteria)

    @contextlib.contextmanager
    def _needing_search(self) -> Iterator[None]:
        """Raise ConnectionLost where the server refuses a search that all can do."""
        try:
            yield
        except SearchRefused as error:
            raise ConnectionLost(
                sentences.SEARCH_REFUSED, host=self._protocol.host, said=str(error)
            ) from error

    def search(self, *criteria: str) -> list[int]:
        """Return the UIDs that a search names.

        Raises:
            SearchRefused: the server answers NO or BAD.
            ConnectionLost: the connection broke.
        """
        self._protocol.forget()
        with self._talking():
            return self._named(self._protocol.begin("UID", "SEARCH", *criteria))

    def _named(self, tag: bytes) -> list[int]:
        """Return the UIDs that a search which was begun names, as `search`."""
        with self._talking():
            try:
                kind, lines = self._protocol.complete("SEARCH", tag)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:  # BAD
                raise SearchRefused(self._protocol.readable(str(error))) from error
        # No literal belongs there: what follows one may be half a number.
        found = b" ".join(takewhile(lambda line: isinstance(line, bytes), lines))
        if len(found) > SEARCH_BYTES:  # no mailbox has so many new mails
            found = found[-SEARCH_BYTES:].partition(b" ")[2]
        if kind != "OK":
            raise SearchRefused(self._protocol.readable(found))
        words = [word for word in found.split() if word.isdigit()]
        short = [int(word) for word in words if len(word) <= len(str(items.LARGEST))]
        return sorted({uid for uid in short if items.number(uid) is not None})

    def headers(self, uids: Sequence[int]) -> list[items.MessageHeader]:
        """Return the headers of mails, without those that the server does not deliver.

        Raises:
            Unfetchable, ConnectionLost
        """
        answers = self._fetch_part(uids, "HEADER", HEADER_BYTES, self._dates)
        return [*_read(items.header, answers).values()]

    def fields(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        """Return sender and subject of mails as lines of a header; those that have any.

        Raises:
            Unfetchable, ConnectionLost
        """
        answers = self._fetch(uids, [SENDER_AND_SUBJECT])
        found = {
            uid: items.part(answer, b"BODY[HEADER") or b""
            for uid, answer in answers.items()
        }
        return {uid: lines for uid, lines in found.items() if _FIELD.search(lines)}

    def body(self, uid: int) -> bytes | None:
        """Return a mail, at most `MAIL_BYTES` + 1 bytes of it; None if undelivered.

        Raises:
            Unfetchable, ConnectionLost
        """
        return items.raw(self._fetch_part([uid], "", MAIL_BYTES + 1).get(uid, {}))

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
        if not self.is_partial_refused:
            try:
                return self._fetch(uids, [*dates, _first_of(section, length)])
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
        answers = self._fetch(uids, [*dates, f"BODY.PEEK[{section}]"])
        if items.part(answers.get(uid, {}), b"BODY["):
            self.is_partial_refused = True
        return answers

    def _fetch(
        self, uids: Sequence[int], names: Collection[str]
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the items of each mail; unrequested mails in the answer are left out.

        Raises:
            Unfetchable: refused or malformed, and the connection remains usable.
            ConnectionLost: the connection broke.
        """
        answers = self._answered(partial(self._client.fetch, uids, names))
        return {uid: answers[uid] for uid in uids if uid in answers}

    def _answered(
        self, fetch: Callable[[], Mapping[int, Mapping[bytes, Any]]]
    ) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the answer to a FETCH, as `_fetch`."""
        try:
            return fetch()
        except errors.BROKEN as error:
            if errors.is_connection_usable(error):
                raise Unfetchable from error
            raise errors.lost(error, self._protocol.host) from error


def _read(
    read: Callable[[int, Mapping[bytes, Any]], items.MessageHeader | None],
    answers: Mapping[int, Mapping[bytes, Any]],
) -> dict[int, items.MessageHeader]:
    """Return the mails that the answers deliver, by UID; none under what is no UID."""
    found = {
        uid: read(uid, answer)
        for uid, answer in answers.items()
        if items.number(uid) is not None
    }
    return {uid: mail for uid, mail in found.items() if mail is not None}
