"""Shows what `watcher guide` shows when the mail comes, by its own walk and screen.

Nobody can type here: its one next thing to do stands there, and the time left.
"""

import time
from dataclasses import replace
from datetime import timedelta

from watcher.clock import monotonic_s, utc_now
from watcher.guide.apps import find
from watcher.guide.screen import Screen
from watcher.guide.steps import Place
from watcher.guide.walk import Say, Seen, Walk
from watcher.journal.reader import JournalReader

APP = "zaim"
TICK_S = 0.2
"""How often the clock is looked at."""


def show_guide(journal: JournalReader, screen: Screen, lasting: timedelta) -> bool:
    """Tell of the mail that has come, and count down for so long.

    Return whether there was a live attempt to tell of.
    """
    walk = Walk(find(APP), asks=True)
    now = utc_now()
    for _ in walk.begin(Place.WAIT, now):
        pass  # the steps until the mail comes
    seen = Seen(
        live=[event.about for event in journal.live(now)],
        unanswered=[event.about for event in journal.unanswered(now)],
    )
    for effect in walk.look(seen, now):
        if isinstance(effect, Say):
            screen.say(replace(effect, is_apart=False))
    end_s = monotonic_s() + lasting.total_seconds()
    while walk.attempt and monotonic_s() < end_s:
        screen.prompt(walk.prompt(utc_now()))
        time.sleep(TICK_S)
    screen.leave()
    return walk.attempt is not None
