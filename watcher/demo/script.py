"""Runs the demo: the real daemon on the demo's own mailbox, and five mails in turn.

Only the five minutes are shortened, so that the expiry can be seen too.
"""

import queue
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from watcher.app.pipeline import Observed, Processed
from watcher.app.queue import EventQueue
from watcher.app.wiring import App, OpenChannels
from watcher.clock import minutes_seconds, utc_now
from watcher.config.schema import Account, Config, Notify, Watch
from watcher.demo import mails, sentences
from watcher.demo.printer import Printer
from watcher.demo.server import Mailbox, serving
from watcher.dkim import verifier
from watcher.events import MailboxSynced, Mode, State, StateChanged
from watcher.i18n import Language, Text
from watcher.imap.account import Tls
from watcher.journal.log import Journal
from watcher.recognition.sender import UNCHECKED
from watcher.recognition.verdict import LookAlike, NotRelevant, Recognised, Verdict

STORES = ("amazon.co.jp", "amazon.com")
COUNT_EVERY_S = 2.0
STEP_WITHIN_S = 10.0
"""How long a step from server to verdict may take before the demo gives up."""

_BY_HEADER_ALONE = NotRelevant((), UNCHECKED)


@dataclass(frozen=True, slots=True)
class Step:
    """One mail of the demo, and the verdict it must get."""

    title: Text
    draft: mails.Draft
    signer: mails.Signer | None
    expected: type[Verdict]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the demo takes."""

    window: timedelta
    pause_s: float

    @classmethod
    def of(cls, seconds: float) -> "Plan":
        """Return a plan for a demo of about so many seconds."""
        return cls(timedelta(seconds=max(3.0, seconds * 0.75)), seconds * 0.08)


class ScriptRunner(threading.Thread):
    """Delivers the mails one after another and waits for the verdict on each."""

    def __init__(
        self, script: tuple[Step, ...], mailbox: Mailbox, printer: Printer, plan: Plan
    ) -> None:
        super().__init__(name="demo-script", daemon=True)
        self.queue = EventQueue()
        self.is_good = False
        self._script = script
        self._mailbox = mailbox
        self._printer = printer
        self._plan = plan
        self._observed: queue.SimpleQueue[Observed] = queue.SimpleQueue()

    def observe(self, observed: Observed) -> None:
        """Receive what the daemon has processed; called in its thread."""
        if isinstance(observed, Processed):
            self._printer.verdict(observed.judged.verdict)
        self._observed.put(observed)

    def run(self) -> None:
        """Run the whole script and stop the daemon at its end, also after an error."""
        try:
            for observed in self._observations():
                if (
                    isinstance(observed, StateChanged)
                    and observed.state is State.WATCHING
                ):
                    self._printer.connected(observed.mode or Mode.POLL)
                    ends_at = utc_now() + self._plan.window
                    outcomes = [self._play(step) for step in self._script]
                    self._count_down(ends_at)
                    self.is_good = all(outcomes)
                    return
            self._printer.say(sentences.LATE)
        finally:
            self.queue.stop()

    def _play(self, step: Step) -> bool:
        """Deliver a mail; return whether it got the expected verdict."""
        self._printer.start(step.title)
        self._printer.add(sentences.FROM, sender=step.draft.sender)
        self._printer.add(sentences.SUBJECT, subject=step.draft.subject)
        now = utc_now()
        raw = mails.write(step.draft, now)
        if step.signer:
            raw = step.signer.sign(raw, step.draft.sender.domain)
        verdict = self._verdict_on(self._mailbox.deliver(raw, now))
        is_good = isinstance(verdict, step.expected)
        if verdict is None:
            self._printer.say(sentences.LATE)
        elif verdict is _BY_HEADER_ALONE:
            self._printer.verdict(verdict)
        if not is_good:
            self._printer.say(sentences.WRONG, expected=step.expected.__name__)
        time.sleep(self._plan.pause_s)
        return is_good

    def _verdict_on(self, uid: int) -> Verdict | None:
        for observed in self._observations():
            match observed:
                case Processed() if observed.judged.origin.uid == uid:
                    return observed.judged.verdict
                case MailboxSynced() if observed.cursor.uid_next > uid:
                    return _BY_HEADER_ALONE
        return None

    def _observations(self) -> Iterator[Observed]:
        """Yield what the daemon processes, until a step has taken too long."""
        deadline_s = time.monotonic() + STEP_WITHIN_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                yield self._observed.get(timeout=left_s)
            except queue.Empty:
                return

    def _count_down(self, ends_at: datetime) -> None:
        """Wait until the attempts expire, printing the time left."""
        while (left := ends_at - utc_now()) > timedelta(0):
            seconds = timedelta(seconds=round(left.total_seconds()))
            self._printer.say(sentences.LEFT, left=minutes_seconds(seconds))
            time.sleep(min(COUNT_EVERY_S, left.total_seconds()))
        time.sleep(self._plan.pause_s)  # the daemon shows that they expired


def default_script(amazon: mails.Signer) -> tuple[Step, ...]:
    """Return the steps of the demo; `amazon` holds the key published as Amazon's."""
    forger = mails.Signer()
    return (
        Step(sentences.APPROVAL, mails.APPROVAL, amazon, Recognised),
        Step(sentences.CODE, mails.CODE, amazon, Recognised),
        Step(sentences.FORGED, mails.FORGED, forger, LookAlike),
        Step(sentences.PHISHING, mails.PHISHING, None, LookAlike),
        Step(sentences.ORDINARY, mails.ORDINARY, None, NotRelevant),
    )


def play(
    seconds: float,
    language: Language,
    *,
    open_channels: OpenChannels,
    columns: int = 80,
    script: Callable[[mails.Signer], tuple[Step, ...]] = default_script,
) -> bool:
    """Show the program at work for about so many seconds.

    Args:
        seconds: how long it takes.
        language: the user's.
        open_channels: where notifications are shown.
        columns: the width of what is printed.
        script: the mails that come.

    Returns:
        Whether each mail got the expected verdict.
    """
    amazon = mails.Signer()
    plan = Plan.of(seconds)
    password = secrets.token_urlsafe(16)
    mailbox = Mailbox()
    printer = Printer(language, columns)
    printer.frame(sentences.OPENING, seconds=round(plan.window.total_seconds()))
    runner = ScriptRunner(script(amazon), mailbox, printer, plan)
    with (
        tempfile.TemporaryDirectory(prefix="watcher-demo-") as folder,
        serving(mailbox, password) as port,
        Journal.open(Path(folder) / "events.db") as journal,
    ):
        password_file = Path(folder) / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        app = App(
            config=_config(port, password_file, plan),
            journal=journal,
            language=language,
            verify=verifier(amazon.keys(STORES).get),
            open_channels=open_channels,
            on_shown=printer.shown,
            observe=runner.observe,
            queue=runner.queue,
        )
        runner.start()
        app.run()
    printer.frame(sentences.GOOD_END if runner.is_good else sentences.BAD_END)
    return runner.is_good


def _config(port: int, password_file: Path, plan: Plan) -> Config:
    """Return the configuration for the demo's server."""
    account = Account(
        name="demo",
        user=mails.RECIPIENT,
        password_file=password_file,
        host="127.0.0.1",
        port=port,
        tls=Tls.NONE,
        mailboxes=("INBOX",),
    )
    return Config(
        watch=Watch(window=plan.window),
        notify=Notify(remind_at=(plan.window / 3,)),
        accounts=(account,),
    )
