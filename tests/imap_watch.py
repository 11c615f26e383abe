"""Mailboxes on a scripted server that are synced in the test's own thread."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from tests.imap_server import (
    MAIL,
    STEADY,
    Fault,
    Peer,
    Server,
    clear,
    fetched,
    settings,
    uids_in,
)
from watcher.errors import MailboxMissing
from watcher.events import Cursor, MailboxSynced, MessageFetched, Report
from watcher.imap.login import log_in
from watcher.imap.mailbox_sync import MailboxSync
from watcher.imap.progress import AccountMemory
from watcher.imap.sync import AccountSync
from watcher.imap.transport import Interrupt

HOW = settings(STEADY)
JUST_NOW = timedelta(0)


@dataclass
class Watch:
    """Mailboxes on a scripted server, synced when the test says so."""

    server: Server
    account_sync: AccountSync
    cursors: dict[str, Cursor]
    reports: list[Report]
    missing: list[MailboxMissing]
    now: SimpleNamespace = field(default_factory=SimpleNamespace)

    def initial_sync(self) -> None:
        self.account_sync.initial_sync()

    def fetch_new(self, announced_s: float | None = None) -> bool:
        protocol = self.account_sync.connection.protocol
        if announced_s is not None:
            protocol.has_new_mail, protocol.announced_s = True, announced_s
        return self.account_sync.fetch_new(is_pushed=announced_s is not None)

    def sync_when_due(self) -> bool:
        self.now.s += HOW.timeouts.reopen_interval_s + 1
        return self.account_sync.fetch_new()

    def take(self) -> list[tuple[str, int | None]]:
        """Return the mailbox and UID of the mails reported since the last time."""
        fetched = self.take_arrived()
        return [(one.origin.mailbox or "", one.origin.uid) for one in fetched]

    def take_arrived(self) -> list[MessageFetched]:
        fetched = [one for one in self.reports if isinstance(one, MessageFetched)]
        self.reports.clear()
        return fetched

    def commands(self) -> list[str]:
        """Return what the server was told since the last time, in short."""
        told = [one.removeprefix("UID ") for one in self.server.commands]
        self.server.commands.clear()
        return [" ".join(one.replace('"', "").split(" ")[:2]) for one in told]

    def synced(self) -> MailboxSynced:
        """Return what was reported of the last mailbox."""
        return [one for one in self.reports if isinstance(one, MailboxSynced)][-1]

    def let_window_pass(self) -> None:
        """Let as much time pass as a mail that is not delivered is asked for."""
        self.now.passed_s += HOW.window.total_seconds()


Watching = Callable[..., Watch]


@contextmanager
def watches(clock: SimpleNamespace) -> Iterator[Watching]:
    """Give what begins to watch a server, until the end."""
    with closing(Interrupt()) as interrupt, ExitStack() as opened:

        def start(
            server: Server,
            *mailboxes: str,
            cursors: Mapping[str, Cursor] | None = None,
            is_candidate: Callable[[bytes], bool] = lambda _: True,
            memory: AccountMemory | None = None,
        ) -> Watch:
            if not server.peers:
                opened.enter_context(server)
            account = clear(server.port, *mailboxes)
            connection = log_in(account, interrupt=interrupt, timeouts=STEADY)
            opened.enter_context(closing(connection))
            reports: list[Report] = []
            missing: list[MailboxMissing] = []
            known = dict(cursors or {})
            mailbox_sync = MailboxSync(
                account="home",
                connection=connection,
                settings=HOW,
                is_candidate=is_candidate,
                report=reports.append,
                memory=memory or AccountMemory(),
            )
            account_sync = AccountSync(
                account, mailbox_sync, cursors=known, tell_missing=missing.append
            )
            server.commands.clear()
            return Watch(server, account_sync, known, reports, missing, clock)

        yield start


def synced(watch: Watching, server: Server) -> Watch:
    """Watch a server's mailbox, with all that lay there read."""
    it: Watch = watch(server)
    it.initial_sync()
    it.take()
    return it


def with_mails(*uids: int) -> Server:
    server = Server()
    server.mailboxes["INBOX"] = dict.fromkeys(uids, MAIL)
    return server


def dated(server: Server, ages: Mapping[int, timedelta]) -> Fault:
    """Answer a FETCH with INTERNALDATEs of a given age; others are new."""

    def fetch(peer: Peer, tag: str) -> None:
        command = server.commands[-1]
        words = command.split(" ")
        for uid in uids_in(command):
            one = " ".join([*words[:2], str(uid), *words[3:]])
            at = datetime.now(UTC) - ages.get(uid, JUST_NOW)
            month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 :][:3]
            date = f'INTERNALDATE "{at.day:2}-{month}-{at:%Y %H:%M:%S} +0000"'
            answer = fetched(server.mailboxes["INBOX"], one)
            peer.send_raw(re.sub(rb'INTERNALDATE "[^"]*"', date.encode(), answer))
        peer.send(f"{tag} OK done")

    return fetch
