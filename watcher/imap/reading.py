"""Reads the mails that are pending in the open mailbox, and reports the candidates.

The newest mail comes first, for it has the most time left; of each mail the header is
fetched, and the body only if the header may be that of an attempt. What the server does
not deliver stays pending.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from watcher.clock import boottime_s
from watcher.events import Arrival, MessageFetched, Origin, Seen
from watcher.imap.connection import Connection
from watcher.imap.items import MessageHeader
from watcher.imap.opened import (
    FIELDS_AT_ONCE,
    HEADERS_AT_ONCE,
    TooLarge,
    Unfetchable,
)
from watcher.imap.progress import Progress

logger = logging.getLogger(__name__)

NOTHING: Mapping[int, MessageHeader] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReader:
    """Reads mails of one account, over one connection."""

    account: str
    connection: Connection
    is_candidate: Callable[[bytes], bool]
    report: Callable[[MessageFetched], None]

    def read(
        self,
        mailbox: str,
        progress: Progress,
        given: Mapping[int, MessageHeader] = NOTHING,
    ) -> Arrival | None:
        """Ask for every pending mail; return the newest arrival that was seen to come.

        Those that are `given` came before they were asked for.

        Raises:
            ConnectionLost: the connection broke.
        """
        newest: Arrival | None = None
        newest_at = datetime.min.replace(tzinfo=UTC)
        for uids in self._chunks(progress, given):
            at_hand = [given[uid] for uid in uids if uid in given]
            headers = at_hand or self._headers(uids, progress)
            if not headers:  # a server that delivers nothing is asked at the next look
                break
            seen_s = boottime_s()
            newest_at = max([newest_at, *(one.received_at for one in headers)])
            for header in sorted(headers, key=lambda one: one.uid, reverse=True):
                absent_s = progress.absent_s(header.uid)
                seen = Seen(seen_s, absent_s, newest_at)
                arrival = Arrival(header.received_at, seen, header.saved_at)
                if absent_s is not None and (
                    newest is None or arrival.received_at > newest.received_at
                ):
                    newest = arrival
                if self.is_candidate(header.header):
                    self._report(mailbox, progress, header, arrival)
                else:
                    progress.note_read(header.uid)
        return newest

    def _chunks(
        self, progress: Progress, given: Collection[int]
    ) -> Iterator[Sequence[int]]:
        """Yield the pending mails, those that are given first, the newest first.

        Of very many, those that are no candidates by what the filter needs are left
        out, once the newest were read.
        """
        pending = progress.pending
        if at_hand := [uid for uid in pending if uid in given]:
            yield at_hand
        newest_first = [uid for uid in pending if uid not in given]
        if not newest_first:
            return
        yield newest_first[:HEADERS_AT_ONCE]
        rest = newest_first[HEADERS_AT_ONCE:]
        if len(rest) > HEADERS_AT_ONCE:
            rest = self._candidates(rest, progress)
        for start in range(0, len(rest), HEADERS_AT_ONCE):
            yield rest[start : start + HEADERS_AT_ONCE]

    def _candidates(self, uids: Sequence[int], progress: Progress) -> list[int]:
        """Return the mails that are candidates, or were not delivered."""
        for start in range(0, len(uids), FIELDS_AT_ONCE):
            with suppress(Unfetchable):
                fields = self.connection.opened.fields(
                    uids[start : start + FIELDS_AT_ONCE]
                )
                for uid, header in fields.items():
                    if not self.is_candidate(header):
                        progress.note_read(uid)
        return [uid for uid in uids if progress.is_pending(uid)]

    def _headers(
        self, uids: Sequence[int], progress: Progress
    ) -> Sequence[MessageHeader]:
        """Return headers; a mail that the server does not give is left out, alone.

        It may hide those that were asked for with it: each half is asked for again.
        """
        headers: list[MessageHeader] = []
        try:
            headers += self.connection.opened.headers(uids)
        except Unfetchable as error:
            if len(uids) == 1:
                self._pass_if_too_large(uids[0], progress, error)
        delivered = {one.uid for one in headers}
        left = [uid for uid in uids if uid not in delivered]
        if left and len(uids) > 1:
            middle = (len(left) + 1) // 2
            for half in filter(None, (left[:middle], left[middle:])):
                headers += self._headers(half, progress)
        return headers

    def _report(
        self, mailbox: str, progress: Progress, header: MessageHeader, arrival: Arrival
    ) -> None:
        uid = header.uid
        try:
            raw = header.raw or self.connection.opened.body(uid)
        except Unfetchable as error:
            self._pass_if_too_large(uid, progress, error)
            return
        if raw is None:
            return
        origin = Origin(
            account=self.account,
            mailbox=mailbox,
            uid_validity=progress.uid_validity,
            uid=uid,
        )
        self.report(MessageFetched(origin=origin, arrival=arrival, raw=raw))
        progress.note_read(uid)

    def _pass_if_too_large(
        self, uid: int, progress: Progress, error: Unfetchable
    ) -> None:
        """Pass over a mail that is far too large for an attempt, and comes as a whole.

        Asking again would not make it smaller.
        """
        if isinstance(error, TooLarge):
            logger.info("account=%s uid=%d is too large to be read", self.account, uid)
            progress.note_read(uid)
