"""`watcher log`: reads the event log, and notes in it how an attempt ended."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from watcher.cli.context import (
    configuration_if_good,
    open_journal,
    read_journal,
)
from watcher.cli.layout import fit
from watcher.cli.parser import Options
from watcher.cli.render import DETAILS_AT, render_event
from watcher.cli.terminal import columns, say
from watcher.clock import utc_now
from watcher.config.schema import Config
from watcher.errors import ExitCode, NothingLive, WrongUsage
from watcher.events import AnyEvent, Attempt, Mail, to_json
from watcher.i18n import Text
from watcher.journal.reader import JournalReader, as_of
from watcher.journal.rows import mask

FOLLOW_EVERY_S = 0.5
"""Interval of `--follow` between queries; the event log is a local file."""


def run(options: Options) -> int:
    """Print events, oldest first; with `--outcome` note how an attempt ended.

    Raises:
        NothingLive: there is no such attempt.
        WrongUsage: an outcome is given, and events are chosen to be shown.
    """
    config = configuration_if_good(options)
    if options.outcome:
        if options.since or options.count or options.follow or options.reveal:
            raise WrongUsage(_OUTCOME_ALONE)
        return _note(config, options)
    while (journal := read_journal(config)) is None:
        if options.id is not None:
            raise NothingLive(_UNKNOWN, id=options.id)
        if not options.follow:
            return ExitCode.OK
        time.sleep(FOLLOW_EVERY_S)
    with journal:
        since = utc_now() - options.since if options.since else None
        newest_id = _print(_chosen(journal, since, options), options)
        while options.follow:
            time.sleep(FOLLOW_EVERY_S)
            events = journal.events(after_id=newest_id, since=since)
            newest_id = _print(events, options, newest_id)
    return ExitCode.OK


def _chosen(
    journal: JournalReader, since: datetime | None, options: Options
) -> Iterable[AnyEvent]:
    """Return the events that the options choose, oldest first."""
    count = options.count
    if options.id is not None:
        about = journal.about(options.id)
        if not about:
            raise NothingLive(_UNKNOWN, id=options.id)
        events = [one for one in about if since is None or one.at >= since]
        return events[-count:] if count else events
    if count is None:
        return journal.events(since=since)
    return (one for one in journal.last(count) if since is None or one.at >= since)


def _note(config: Config | None, options: Options) -> int:
    """Note how the newest attempt, or the named one, ended."""
    from watcher.app.outcomes import Outcome, note_outcome

    with open_journal(config) as journal:
        attempt = journal.find_attempt(options.id)
        if attempt is None:
            text = _NONE if options.id is None else _UNKNOWN
            raise NothingLive(text, id=options.id)
        note_outcome(journal, attempt, Outcome(options.outcome), utc_now())
    say(_NOTED[options.outcome].say(options.language, id=attempt.id))
    return ExitCode.OK


def _print(events: Iterable[AnyEvent], options: Options, newest_id: int = 0) -> int:
    """Print events, secrets masked unless `--reveal`; return the newest one's id."""
    for event in events:
        newest_id, now = event.id, utc_now()
        is_named = isinstance(event.about, Mail) and event.about.id == options.id
        if options.id is not None and not is_named:
            continue
        event = as_of(event, now)
        match event.about:
            case Attempt(secret=str()) as attempt if attempt.expires_at <= now:
                event = replace(event, about=replace(attempt, secret=None))
            case Attempt(secret=str() as secret) as attempt if not options.reveal:
                masked = replace(attempt, secret=mask(secret))
                event = replace(event, about=masked)
        if options.json:
            line = to_json(event, now)
        else:
            line = render_event(event, options.language)
            line = fit(line, columns(sys.stdout), DETAILS_AT)
        print(line, flush=options.follow)
    return newest_id


_NOTED = {
    "worked": Text(en="Noted: #{id} worked.", ja="#{id} は成功したと記録しました。"),
    "failed": Text(en="Noted: #{id} failed.", ja="#{id} は失敗したと記録しました。"),
}
_OUTCOME_ALONE = Text(
    en="--outcome notes how an attempt ended, and shows no events: give it alone, or "
    "with the attempt's number, like watcher log 12 --outcome worked",
    ja="--outcome は試行の結果を記録するもので、出来事は表示しません。単独か、試行の"
    "番号といっしょに指定してください(例: watcher log 12 --outcome worked)",
)
_NONE = Text(
    en="There is no sign-in attempt in the log yet.",
    ja="記録に、サインイン試行がまだありません。",
)
_UNKNOWN = Text(
    en="There is no sign-in attempt #{id} in the log. See its number with: watcher log",
    ja="記録に、試行 #{id} はありません。番号は次で確かめてください: watcher log",
)
