"""What `--verbose` prints for developers, by a thread of its own.

A terminal may be held by Ctrl-S, and a pipe may be full: nobody waits for them.
"""

import atexit
import logging
import queue
import threading
from logging.handlers import QueueHandler

LAST_RECORDS_S = 0.2
"""How long the end waits for what is not printed yet."""

_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def print_records() -> None:
    """Print every record of the program on standard error from now on."""
    records: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()
    printer = logging.StreamHandler()
    printer.setFormatter(logging.Formatter(_FORM))

    def run() -> None:
        while (record := records.get()) is not None:
            printer.handle(record)

    thread = threading.Thread(target=run, name="diagnostics", daemon=True)
    thread.start()

    def end() -> None:
        records.put(None)
        thread.join(LAST_RECORDS_S)

    atexit.register(end)
    logging.basicConfig(level=logging.DEBUG, handlers=[_WholeRecords(records)])


class _WholeRecords(QueueHandler):
    """Hands records on as they are: their reader is in the same process."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record, tracebacks included."""
        return record
