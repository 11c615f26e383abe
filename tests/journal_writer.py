"""Writes attempts into an event log until it is killed, telling each once it is safe.

A program of its own: `python journal_writer.py LOG FIRST`.
"""

import itertools
import sys
from pathlib import Path

from tests.sightings import NOW, new_event
from watcher.events import EventName
from watcher.journal import Journal


def main(path: str, first: str) -> None:
    with Journal.open(Path(path)) as journal:
        for number in itertools.count(int(first)):
            event = journal.record(new_event(number))
            assert event is not None
            assert event.attempt_id is not None
            assert journal.acquire_lease(event.attempt_id, NOW)
            journal.append_about(event, EventName.NOTIFIED, at=NOW)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
