"""Runs the demo: the real daemon on the demo's own mailbox, and five mails in turn.

A phone is told, too, by a push server of the demo's own.

Only the five minutes are shortened, so that the expiry can be seen too.
"""

import queue
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from watcher.app.pipeline import Observed, Processed
from watcher.app.queue import EventQueue
from watcher.app.wiring import App, OpenChannels, routes
from watcher.clock import minutes_seconds, utc_now
from watcher.config.schema import Account, Config, Notify, Push, Watch
from watcher.demo import mails, sentences
from watcher.demo.guide import APP, show_guide
from watcher.demo.printer import Printer
from watcher.demo.push_server import Received, Topic, Withdrawn, serving_topic
from watcher.demo.server import Mailbox, serving
from watcher.dkim import verifier
from watcher.events import EventName, MailboxSynced, Mode, State, StateChanged
from watcher.i18n import Language, Text
from watcher.imap.choices import Tls
from watcher.journal.log import Journal
from watcher.journal.reader import JournalReader
from watcher.notify.notification import Notification
from watcher.recognition.sender import UNCHECKED
from watcher.recognition.verdict import LookAlike, NotRelevant, Recognised, Verdict
from watcher.typed import command

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
    is_guided: bool = False
    """Whether it is shown as `watcher guide` does, too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long the demo takes."""

    window: timedelta
    pause_s: float
    guided: timedelta
    """How long the guide's clock counts down: at least to the next second."""

    @classmethod
    def of(cls, seconds: float) -> "Plan":
        """Return a plan for a demo of about so many seconds."""
        return cls(
            window=timedelta(seconds=max(4.0, seconds * 0.75)),
            pause_s=seconds * 0.06,
            guided=timedelta(seconds=max(1.2, seconds * 0.15)),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What the desktop has shown, of an attempt."""

    attempt_id: int


News = Observed | Shown | Received | Withdrawn
"""What the script waits for, in the order in which it happens."""


class ScriptRunner(threading.Thread):
    """Delivers the mails one after another and waits for what becomes of each."""

    def __init__(
        self, script: tuple[Step, ...], printer: Printer, plan: Plan, log: Path
    ) -> None:
        """Prepare; `log`: the daemon's event log."""
        super().__init__(name="demo-script", daemon=True)
        self.mailbox = Mailbox()
        self.queue = EventQueue()
        self.topic = Topic(secrets.token_urlsafe(16), self._on_phone)
        self.is_good = False
        self._script = script
        self._printer = printer
        self._plan = plan
        self._log = log
        self._ends_at = utc_now()
        """When the last attempt is over."""
        self._queued: queue.SimpleQueue[News] = queue.SimpleQueue()

    def observe(self, observed: Observed) -> None:
        """Receive what the daemon has processed; called in its thread."""
        if isinstance(observed, Processed):
            self._printer.verdict(observed.judged.verdict)
        self._queued.put(observed)

    def on_shown(self, notification: Notification, channel: str) -> None:
        """Receive what the desktop has shown; called in the daemon's thread."""
        self._printer.shown(notification, channel)
        self._queued.put(Shown(notification.replaces_id))

    def _on_phone(self, change: Received | Withdrawn) -> None:
        self._printer.on_phone(change)
        self._queued.put(change)

    def run(self) -> None:
        """Run the whole script and stop the daemon at its end, also after an error."""
        try:
            self.is_good = self._run()
        finally:
            self.queue.stop()

    def _run(self) -> bool:
        for one in self._news():
            if isinstance(one, StateChanged) and one.state is State.WATCHING:
                self._printer.connected(one.mode or Mode.POLL)
                outcomes = [self._play(step) for step in self._script]
                self._count_down()
                return self._is_phone_cleared() and all(outcomes)
        return self._is_late()

    def _play(self, step: Step) -> bool:
        """Deliver a mail; return whether it became of it what should."""
        self._printer.start(step.title)
        self._printer.add(sentences.FROM, sender=step.draft.sender)
        self._printer.add(sentences.SUBJECT, subject=step.draft.subject)
        now = utc_now()
        raw = mails.write(step.draft, now)
        if step.signer:
            raw = step.signer.sign(raw, step.draft.sender.domain)
        verdict, attempt_id = self._verdict_on(self.mailbox.deliver(raw, now))
        is_good = isinstance(verdict, step.expected)
        if verdict is None:
            self._is_late()
        elif verdict is _BY_HEADER_ALONE:
            self._printer.verdict(verdict)
        if not is_good:
            self._printer.say(sentences.WRONG, expected=step.expected.__name__)
        elif attempt_id is not None:
            is_good = self._is_told(attempt_id)
            self._ends_at = now.replace(microsecond=0) + self._plan.window
        if is_good and step.is_guided:
            is_good = self._guide()
        time.sleep(self._plan.pause_s)
        return is_good

    def _verdict_on(self, uid: int) -> tuple[Verdict | None, int | None]:
        """Return the verdict on a mail, and the id of the live attempt that it is."""
        for one in self._news():
            match one:
                case Processed(judged, event) if judged.origin.uid == uid:
                    is_live = event is not None and event.event is EventName.ATTEMPT
                    return judged.verdict, event.about.id if event and is_live else None
                case MailboxSynced() if one.cursor.uid_next > uid:
                    return _BY_HEADER_ALONE, None
        return None, None

    def _is_told(self, attempt_id: int) -> bool:
        """Wait until desktop and phone have told of an attempt.

        Return whether the phone has: a desktop may be slow, and is the user's own.
        """
        is_shown = is_pushed = False
        for one in self._news():
            is_shown = is_shown or one == Shown(attempt_id)
            is_pushed = is_pushed or (isinstance(one, Received) and one.is_new)
            if is_shown and is_pushed:
                break
        return is_pushed or self._is_late()

    def _guide(self) -> bool:
        """Show the guide on what has come; return whether it knew of it."""
        journal = JournalReader.read(self._log)
        if journal is None:
            return self._is_late()
        with journal, self._printer.guide(APP) as screen:
            return show_guide(journal, screen, self._plan.guided) or self._is_late()

    def _is_phone_cleared(self) -> bool:
        """Wait until the phone shows nothing that is over; return whether so."""
        news = self._news()
        while not self.topic.is_empty:
            if next(news, None) is None:
                return self._is_late()
        return True

    def _is_late(self) -> bool:
        """Say that something did not happen in time; it is never good."""
        self._printer.say(sentences.LATE)
        return False

    def _news(self) -> Iterator[News]:
        """Yield what happens, until a step has taken too long."""
        deadline_s = time.monotonic() + STEP_WITHIN_S
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                yield self._queued.get(timeout=left_s)
            except queue.Empty:
                return

    def _count_down(self) -> None:
        """Wait until the attempts expire, printing the time left."""
        while (left := self._ends_at - utc_now()) > timedelta(0):
            seconds = timedelta(seconds=round(left.total_seconds()))
            self._printer.say(sentences.LEFT, left=minutes_seconds(seconds))
            time.sleep(min(COUNT_EVERY_S, left.total_seconds()))


def default_script(amazon: mails.Signer) -> tuple[Step, ...]:
    """Return the steps of the demo; `amazon` holds the key published as Amazon's."""
    forger = mails.Signer()
    return (
        Step(sentences.APPROVAL, mails.APPROVAL, amazon, Recognised, is_guided=True),
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
    is_redrawn: bool = False,
    script: Callable[[mails.Signer], tuple[Step, ...]] = default_script,
) -> bool:
    """Show the program at work for about so many seconds.

    Args:
        seconds: how long it takes.
        language: the user's.
        open_channels: where notifications are shown.
        columns: the width of what is printed.
        is_redrawn: whether a line can be drawn anew in place.
        script: the mails that come.

    Returns:
        Whether each mail got the expected verdict, and whoever is to be told was.
    """
    amazon = mails.Signer()
    plan = Plan.of(seconds)
    printer = Printer(language, columns, is_redrawn=is_redrawn)
    printer.tell(sentences.OPENING, seconds=round(plan.window.total_seconds()))
    with tempfile.TemporaryDirectory(prefix="watcher-demo-") as name:
        folder = Path(name)
        log = folder / "events.db"
        runner = ScriptRunner(script(amazon), printer, plan, log)
        with (
            _configured(runner, folder, plan) as config,
            Journal.open(log) as journal,
        ):
            app = App(
                config=config,
                journal=journal,
                language=language,
                verify=verifier(amazon.keys(STORES).get),
                open_channels=open_channels,
                routes=routes(config),
                on_shown=runner.on_shown,
                observe=runner.observe,
                queue=runner.queue,
            )
            runner.start()
            app.run()
    end = sentences.GOOD_END if runner.is_good else sentences.BAD_END
    printer.tell(end, command=command())
    return runner.is_good


@contextmanager
def _configured(runner: ScriptRunner, folder: Path, plan: Plan) -> Iterator[Config]:
    """Run the demo's servers inside the `with` block; yield the configuration."""
    password = secrets.token_urlsafe(16)
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    with (
        serving(runner.mailbox, password) as port,
        serving_topic(runner.topic) as push_url,
    ):
        account = Account(
            name="demo",
            user=mails.RECIPIENT,
            password_file=password_file,
            host="127.0.0.1",
            port=port,
            tls=Tls.NONE,
            mailboxes=("INBOX",),
        )
        yield Config(
            watch=Watch(window=plan.window),
            notify=Notify(remind_at=(plan.window / 3,)),
            push=Push(url=push_url),
            accounts=(account,),
        )
