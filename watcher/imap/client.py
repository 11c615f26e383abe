"""Puts imapclient on our wire; no other module knows the library.

imapclient 4.1 by itself gives INTERNALDATE without a time zone, makes a `repr` of every
byte that comes in, and at DEBUG writes whole mails to the log.
"""

import logging

from imapclient import IMAPClient, SocketTimeout

from watcher.imap.wire import Wire

for _name in ("imapclient", "imapclient.imapclient", "imapclient.imaplib"):
    # at DEBUG they would write whole mails, and with them live links
    logging.getLogger(_name).setLevel(logging.WARNING)


class Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    """imapclient, without its own socket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        # a read time-out of 0 keeps our socket non-blocking: the wire does the waiting
        no_wait = SocketTimeout(connect=0, read=0)
        super().__init__(wire.host, wire.port, ssl=False, timeout=no_wait)
        wire.debug = 0  # imapclient sets 5: a repr of every byte that comes in
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:  # noqa: N802 -- imapclient's name
        return self._wire
