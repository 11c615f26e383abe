"""Calls the daemon at set times: deadlines, reminders, another try, upkeep.

The only importer of APScheduler. A job does nothing but put a value on the daemon's
queue, late rather than never (`misfire_grace_time=None`): the daemon looks at the clock
and the log again before it acts.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from watcher.daemon.inbox import Message


class Reminders:
    """Puts values on a queue at set times. `put` must be safe from any thread."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put
        # Without a time zone of its own it asks the system's, which may be broken.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={
                "misfire_grace_time": None,
                "coalesce": True,
                "max_instances": 1,
            },
        )
        # Its tracebacks could hold what a job was called with.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Call while inside; the end comes at once, since no job ever blocks."""
        self._scheduler.start()
        try:
            yield
        finally:
            self._scheduler.shutdown(wait=False)

    def at(self, when: datetime, value: Message) -> None:
        """Put a value at an instant, or at once if it is past; the same value moves."""
        self._scheduler.add_job(
            self._put,
            "date",
            run_date=when,
            args=(value,),
            id=repr(value),
            replace_existing=True,
        )

    def interrupt(self) -> None:
        """Look at the wall clock again: it was set, or the machine slept."""
        self._scheduler.wakeup()

    def every(self, span: timedelta, value: Message) -> None:
        """Put a value again and again; planned again, it begins anew."""
        self._scheduler.add_job(
            self._put,
            "interval",
            seconds=span.total_seconds(),
            args=(value,),
            id=repr(value),
            replace_existing=True,
        )

    def cancel(self, value: Message) -> None:
        """Put a value no more, if it was planned."""
        if self._scheduler.get_job(repr(value)):
            self._scheduler.remove_job(repr(value))
