"""imapclient without its own socket, and without its debug log.

Handled here, of imapclient 4.1: INTERNALDATE comes without a time zone, and at DEBUG
whole mails are logged.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.imap_utf7 import encode
from imapclient.imapclient import as_pairs
from imapclient.response_parser import parse_fetch_response, parse_response

from watcher.imap.protocol import Protocol

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

    def begin_examine(self, mailbox: str) -> bytes:
        """Send EXAMINE and return its tag."""
        return self._protocol.begin_examine(self._normalise_folder(mailbox))

    def end_examine(self, tag: bytes) -> Mapping[bytes, Any]:
        """Return the answer to an EXAMINE that was begun, as `select_folder`."""
        kind, lines = self._protocol.complete("EXAMINE", tag)
        self._checkok("examine", kind, lines)
        answer: Mapping[bytes, Any] = self._process_select_response(
            self._protocol.untagged_responses
        )
        return answer

    def begin_status(self, mailbox: str, names: str) -> bytes:
        """Send STATUS and return its tag."""
        quoted = self._normalise_folder(mailbox)
        return self._protocol.begin("STATUS", quoted, f"({names})")

    def end_status(self, mailbox: str, tag: bytes) -> Mapping[bytes, Any]:
        """Return the answer to a STATUS that was begun, as `folder_status`.

        The answers to several need not come in their order (RFC 3501 §5.5); one alone
        may spell the mailbox in its own way.

        Raises:
            LookupError: none is of this mailbox.
        """
        kind, lines = self._protocol.complete("STATUS", tag)
        self._checkok("status", kind, lines)
        found = dict(as_pairs(parse_response(lines)))
        if len(found) == 1:
            return dict(as_pairs(*found.values()))
        return dict(as_pairs(found[encode(mailbox)]))

    def begin_fetch(self, uids: str, names: Collection[str]) -> bytes:
        """Send a FETCH of a range of UIDs and return its tag."""
        return self._protocol.begin("UID", "FETCH", uids, f"({' '.join(names)})")

    def end_fetch(self, tag: bytes) -> Mapping[int, Mapping[bytes, Any]]:
        """Return the answer to a FETCH that was begun, as `fetch`."""
        kind, lines = self._protocol.complete("FETCH", tag)
        self._checkok("fetch", kind, lines)
        found = parse_fetch_response(lines, self.normalise_times, self.use_uid)
        return dict(found)
