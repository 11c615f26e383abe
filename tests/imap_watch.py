"""Runs the engine's sessions in tests, and waits for what they report."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from tests.dovecot import Dovecot
from tests.imap_script import PATIENCE_S, Server
from watcher.events import (
    Cursor,
    MailboxSynced,
    MessageFetched,
    Mode,
    Report,
    State,
    StateChanged,
)
from watcher.imap.account import Account, Timeouts, Tls, WatchMode, WatchSettings
from watcher.imap.session import Session

ReportT = TypeVar("ReportT", MessageFetched, MailboxSynced, StateChanged)

QUICK = Timeouts(
    resolve_timeout_s=5,
    connect_timeout_s=5,
    greeting_timeout_s=5,
    prompt_timeout_s=1,
    answer_timeout_s=1,
    command_timeout_s=5,
    idle_interval_s=0.3,
    tick_s=0.1,
    refused_delay_s=0.2,
    secret_delay_s=0.2,
)
"""Timeouts with which a test of a time-out need not wait."""

STEADY = replace(QUICK, prompt_timeout_s=10, answer_timeout_s=10)
"""Many looks, but no time-out: for servers that take their time."""

PATIENT = Timeouts(prompt_timeout_s=10, idle_interval_s=60)
"""Timeouts that are never reached: what is seen was announced."""

MAIL = b"From: a@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


def settings(
    timeouts: Timeouts = QUICK, mode: WatchMode = WatchMode.AUTO
) -> WatchSettings:
    """Return settings for a test."""
    poll_interval = timedelta(seconds=timeouts.idle_interval_s)
    return WatchSettings(mode=mode, poll_interval=poll_interval, timeouts=timeouts)


def clear(port: int, *mailboxes: str, user: str = "anna") -> Account:
    """Return an account on a server on loopback without TLS."""
    return Account(
        name="home",
        host="127.0.0.1",
        port=port,
        tls=Tls.NONE,
        user=user,
        get_password=lambda: "secret",
        mailboxes=mailboxes or ("INBOX",),
    )


def secure(server: Dovecot, user: str, *mailboxes: str) -> Account:
    """Return an account on Dovecot, by implicit TLS."""
    return Account(
        name="home",
        host="localhost",
        port=server.ports.imaps,
        tls=Tls.IMPLICIT,
        ca_file=server.ca_file,
        user=user,
        get_password=lambda: "secret",
        mailboxes=mailboxes or ("INBOX", "\\Junk"),
    )


@dataclass
class Reports:
    """What a session reported, to be waited for."""

    all: list[Report] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, report: Report) -> None:
        """Take a report, from any thread."""
        with self._changed:
            self.all.append(report)
            self._changed.notify_all()

    def of(self, kind: type[ReportT]) -> list[ReportT]:
        """Return all reports of a kind."""
        return [report for report in self.all if isinstance(report, kind)]

    @property
    def states(self) -> list[State]:
        """Return the states in their order."""
        return [change.state for change in self.of(StateChanged)]

    @property
    def uids(self) -> list[int | None]:
        """Return the UIDs of the mails that arrived, in their order."""
        return [fetched.origin.uid for fetched in self.of(MessageFetched)]

    @property
    def mode(self) -> Mode | None:
        """Return how the account is watched at last."""
        return self.of(StateChanged)[-1].mode

    def wait_until(self, is_so: Callable[["Reports"], object]) -> None:
        """Wait until the reports fulfil a condition."""
        with self._changed:
            came = self._changed.wait_for(lambda: is_so(self), PATIENCE_S)
            assert came, self.all[-12:]

    def wait_for_state(self, state: State, *, times: int = 1) -> StateChanged:
        """Wait until a state was entered so often, and return that change."""
        self.wait_until(lambda reports: reports.states.count(state) >= times)
        return [one for one in self.of(StateChanged) if one.state is state][times - 1]

    def wait_for_uid(self, uid: int, *, times: int = 1) -> MessageFetched:
        """Wait until a mail was reported, so often, and return the first report."""
        self.wait_until(lambda reports: reports.uids.count(uid) >= times)
        return next(one for one in self.of(MessageFetched) if one.origin.uid == uid)


@contextmanager
def watching(
    account: Account,
    how: WatchSettings,
    *,
    cursors: Mapping[str, Cursor] | None = None,
    is_candidate: Callable[[bytes], bool] = lambda _: True,
    reports: Reports | None = None,
) -> Iterator[tuple[Session, Reports]]:
    """Run a session in a thread; it must end within 2 s of its stop."""
    reports = reports or Reports()
    session = Session(
        account,
        cursors=cursors or {},
        report=reports.put,
        is_candidate=is_candidate,
        settings=how,
    )
    thread = threading.Thread(target=session.run, name="session", daemon=True)
    thread.start()
    try:
        yield session, reports
    finally:
        session.stop()
        thread.join(2)
    assert not thread.is_alive(), "the session did not stop within 2 s"
    assert reports.states[-1] is State.STOPPED


@contextmanager
def watched(
    server: Server,
    how: WatchSettings,
    *mailboxes: str,
    account: Account | None = None,
) -> Iterator[tuple[Session, Reports]]:
    """Run a scripted server, and a session that watches it."""
    watched_one = account or clear(server.port, *mailboxes)
    with server, watching(watched_one, how) as both:
        yield both
