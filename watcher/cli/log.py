"""`watcher log`: reads the event log."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watcher.cli.context import configuration_if_any, journal_path
from watcher.cli.parser import Options
from watcher.cli.render import render_event
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import AnyEvent, Attempt, to_json
from watcher.journal import Journal
from watcher.journal.database import mask

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
) -> Iterable[AnyEvent]:
    if count is None:
        return journal.events(since=since)
    newest = journal.last(count)
    return [event for event in newest if since is None or event.at >= since]


def _print(events: Iterable[AnyEvent], options: Options, newest_id: int = 0) -> int:
    """Print events and return the id of the newest one."""
    for event in events:
        shown = event if options.reveal else _masked(event)
        if options.json:
            line = to_json(shown, utc_now())
        else:
            line = render_event(shown, options.language)
        print(line, flush=options.follow)
        newest_id = event.id
    return newest_id


def _masked(event: AnyEvent) -> AnyEvent:
    """Return the event as it may be shown to anybody."""
    match event.about:
        case Attempt(secret=str() as secret) as attempt:
            return replace(event, about=replace(attempt, secret=mask(secret)))
        case _:
            return event
