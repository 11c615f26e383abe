"""Reads the mails that are pending in the open mailbox, and reports the candidates.

The newest mail comes first, for it has the most time left; of each mail the header is
fetched, and the body only if the header may be that of an attempt. What the server does
not deliver stays pending.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.clock import boottime_s
from watcher.events import Arrival, MessageFetched, Origin, Seen
from watcher.imap.connection import Connection, MessageHeader, TooLarge, Unfetchable
from watcher.imap.progress import Progress

logger = logging.getLogger(__name__)

HEADERS_AT_ONCE = 50
"""At most 1.6 MB of headers in one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReader:
    """Reads mails of one account, over one connection."""

    account: str
    connection: Connection
    is_candidate: Callable[[bytes], bool]
    report: Callable[[MessageFetched], None]

    def read(self, mailbox: str, progress: Progress) -> Arrival | None:
        """Ask for every pending mail; return the newest arrival that was seen to come.

        Raises:
            ConnectionLost: the connection broke.
        """
        newest: Arrival | None = None
        newest_at = datetime.min.replace(tzinfo=UTC)
        newest_first = progress.pending
        for start in range(0, len(newest_first), HEADERS_AT_ONCE):
            uids = newest_first[start : start + HEADERS_AT_ONCE]
            headers = self._headers(uids, progress)
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
                    self._report(mailbox, progress, header.uid, arrival)
                else:
                    progress.note_read(header.uid)
        return newest

    def _headers(
        self, uids: Sequence[int], progress: Progress
    ) -> Sequence[MessageHeader]:
        """Return headers; a mail that the server does not give is left out, alone.

        It may hide those that were asked for with it: each half is asked for again.
        """
        headers: list[MessageHeader] = []
        try:
            headers += self.connection.headers(uids)
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
        self, mailbox: str, progress: Progress, uid: int, arrival: Arrival
    ) -> None:
        try:
            raw = self.connection.body(uid)
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
