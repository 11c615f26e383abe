"""What a long history costs: a log of 1,000 events beside one of a million.

    python -m tests.bench.bench_log [--events N] [--folder FOLDER]

Printed are, for both logs, the median time of each question that the program asks, the
CPU time of a new attempt on its whole way through pipeline, notifier and log, and the
longest step of an upkeep that deletes a day of a history of 90. The aims with a million
events: 2 ms a question, an attempt 1.3 times that with 1,000, 20 ms a step. Then the
CPU time of opening the log, as each command does; only the daemon reads the whole of a
long one, each minute in a thread of its own.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count, islice
from pathlib import Path

from tests.bench.harness import genuine, message_id
from tests.bench.table import Row
from tests.factories import WINDOW, recorded
from tests.fakes import RecordingChannel, judged, prompt_notifier
from tests.long_log import HISTORY, fill, questions
from tests.sample_mails import VERIFY
from watcher.app.judging import Judged
from watcher.app.pipeline import MailPipeline
from watcher.app.prune import Pruner
from watcher.app.wanted import NotifierSettings
from watcher.clock import boottime_s, utc_now
from watcher.events import (
    Arrival,
    Attempt,
    EventName,
    MessageFetched,
    Origin,
    Seen,
)
from watcher.i18n import Language
from watcher.journal.log import Journal

SHORT = 1000
LONG = 1_000_000
TIMES = 15
ATTEMPTS = 15
DAY = timedelta(days=1)


def median_ms(act: Callable[[], object], clock: Callable[[], float]) -> float:
    """Return the median time of an act."""
    spans = []
    for _ in range(TIMES):
        began = clock()
        act()
        spans.append(clock() - began)
    return statistics.median(spans) * 1000


class NewAttempts:
    """Attempts that come in, one after the other, on their way to a desktop."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        settings = NotifierSettings(language=Language.JA, notify_unverified=True)
        self._notifier = prompt_notifier(journal, [RecordingChannel()], settings)
        self._pipeline = MailPipeline(journal, self._notifier, window=WINDOW)
        self._mails = map(_judged, count(1))

    def cpu_ms(self) -> float:
        """Return the median of the CPU time that one takes."""
        return statistics.median(islice(map(self._take, self._mails), ATTEMPTS))

    def _take(self, mail: Judged) -> float:
        now = utc_now()
        began_s = time.process_time()
        event = self._pipeline.process(mail, now).event
        assert event is not None
        assert isinstance(event.about, Attempt)
        self._journal.live(now, after_id=event.id - 1)
        self._journal.remember()
        self._notifier.update(now)
        self._journal.armed_until(now)
        spent_s = time.process_time() - began_s
        assert self._journal.has_happened(event.id, EventName.NOTIFIED)
        self._notifier.note_used(event.about, now)
        self._journal.append(EventName.OPENED, at=now, about=event.about)
        return spent_s * 1000


def _judged(uid: int) -> Judged:
    origin = Origin(account="home", mailbox="INBOX", uid_validity=1, uid=uid)
    arrival = Arrival(utc_now(), Seen(boottime_s(), None))
    raw = genuine("home", message_id())
    return judged(MessageFetched(origin=origin, raw=raw, arrival=arrival), VERIFY)


def upkeep(journal: Journal) -> dict[str, float]:
    """Return how long the steps took that delete the oldest day, and their number."""
    pruner = Pruner(journal, HISTORY - DAY, is_synchronised=lambda: True)
    clocks = time.monotonic, time.process_time
    spans = []
    is_more = True
    while is_more:
        began = [clock() for clock in clocks]
        is_more = pruner.prune(utc_now())
        spans.append([clock() - at for clock, at in zip(clocks, began, strict=True)])
        journal.empty_wal()  # the daemon does that in a thread of its own
    times, cpu_times = zip(*spans, strict=True)
    return {
        "upkeep: longest step": max(times) * 1000,
        "upkeep: median step": statistics.median(times) * 1000,
        "upkeep: longest (CPU)": max(cpu_times) * 1000,
        "upkeep: steps (number)": float(len(spans)),
    }


def measured(path: Path) -> dict[str, float]:
    """Return all figures of one log, in milliseconds."""
    figures = {}
    with Journal.open(path) as journal:
        now = utc_now()
        ident = recorded(journal, at=now).id
        for name, ask in questions(now).items():
            figures[name] = median_ms(partial(ask, journal, ident), time.monotonic)
        figures["a new attempt (CPU)"] = NewAttempts(journal).cpu_ms()
        figures |= upkeep(journal)
    opening_ms = [opening_cpu_ms(path) for _ in range(TIMES)]
    figures["open the log (CPU)"] = statistics.median(opening_ms)
    return figures


def opening_cpu_ms(path: Path) -> float:
    """Return the CPU time until a log is open."""
    began_s = time.process_time()
    with Journal.open(path):
        return (time.process_time() - began_s) * 1000


def both(long: int, folder: Path | None = None) -> list[dict[str, float]]:
    """Return the figures of a short log and of a long one."""
    logs = []
    for events in (SHORT, long):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            path = Path(place) / "events.db"
            fill(path, events, utc_now())
            logs.append(measured(path))
    return logs


def rows(events: int = LONG) -> Iterator[Row]:
    """Measure a long log beside a short one."""
    short, long = both(events)
    for name, figure in long.items():
        if name.startswith("a new attempt"):
            yield Row(
                f"{name}, {events} events over {SHORT}", figure / short[name], 1.3, "x"
            )
        elif not name.endswith("(number)"):
            aim = 20 if name.startswith("upkeep") else 2
            yield Row(f"{name}, {events} events", figure, aim)


def main() -> int:
    """Print a line for each figure of both logs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=LONG)
    parser.add_argument("--folder", type=Path, help="where to make the logs")
    options = parser.parse_args()
    short, long = both(options.events, options.folder)
    print(f"{'milliseconds':24} {SHORT:>9} {options.events:>9}")
    for name, figure in short.items():
        print(f"{name:24} {figure:9.2f} {long[name]:9.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
