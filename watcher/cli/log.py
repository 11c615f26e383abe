"""`watcher log`: reads the event log."""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime

from watcher.cli.context import configuration_if_any, journal_path
from watcher.cli.parser import Options
from watcher.cli.render import render_event
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import Event
from watcher.journal import Journal
from watcher.journal.database import masked

FOLLOW_EVERY_S = 0.5
"""How often `--follow` looks for new events; the log is a local file."""


def run(options: Options) -> int:
    """Print events, oldest first."""
    path = journal_path(configuration_if_any(options))
    while (journal := Journal.read(path)) is None:
        if not options.follow:
            return ExitCode.OK
        time.sleep(FOLLOW_EVERY_S)
    with journal:
        since = utc_now() - options.since if options.since else None
        newest_id = _print(_chosen(journal, options.count, since), options)
        while options.follow:
            time.sleep(FOLLOW_EVERY_S)
            events = journal.events(after_id=newest_id, since=since)
            newest_id = _print(events, options, newest_id)
    return ExitCode.OK


def _chosen(
    journal: Journal, count: int | None, since: datetime | None
) -> Iterable[Event]:
    if count is None:
        return journal.events(since=since)
    newest = journal.last(count)
    return [event for event in newest if since is None or event.at >= since]


def _print(events: Iterable[Event], options: Options, newest_id: int = 0) -> int:
    """Print events and return the id of the newest one."""
    for event in _as_allowed(events, options):
        if options.json:
            line = event.to_json(utc_now())
        else:
            line = render_event(event, options.language)
        print(line, flush=options.follow)
        newest_id = event.id
    return newest_id


def _as_allowed(events: Iterable[Event], options: Options) -> Iterator[Event]:
    for event in events:
        yield event if options.reveal else masked(event)
