"""Runs checks side by side; each line comes, whatever becomes of the others.

A part fills its lines one after the other in a thread of its own. One that crashes or
hangs leaves lines unfilled: these tell that, and no other part waits for it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial

from watcher.clock import call_in_thread, monotonic_s
from watcher.config.home import SET_HOME, NoHomeError
from watcher.errors import UNEXPECTED, WatcherError
from watcher.i18n import Text
from watcher.setup.doctor.report import (
    Finding,
    Line,
    Sentence,
    Slot,
    failed,
    skipped,
)

logger = logging.getLogger(__name__)

ALL_S = 28.0
"""How long all checks may take together; the rest of 30 s is for what is around."""

Found = tuple[Slot, Finding]


@dataclass(frozen=True, slots=True)
class Part:
    """Checks that are made one after the other, and the lines that they fill."""

    slots: tuple[Slot, ...]
    run: Callable[[], Iterable[Found]]


def one(slot: Slot, check: Callable[[], Finding]) -> Part:
    """Return a part of a single check."""
    return Part((slot,), lambda: [(slot, guarded(check))])


def guarded(check: Callable[[], Finding]) -> Finding:
    """Return what a check finds; an error that it raises is what it found."""
    try:
        return check()
    except NoHomeError as error:
        return failed(error, SET_HOME)
    except WatcherError as error:
        return failed(error, _TRY_LATER)
    except Exception as bug:  # noqa: BLE001 -- the other checks are made all the same
        # Its text could hold text of a mail.
        logger.error("a bug: %s", type(bug).__name__)
        return _BUG


def lines(
    order: Sequence[Slot],
    parts: Iterable[Part],
    *,
    seconds: float = ALL_S,
) -> Iterator[Line]:
    """Run all parts; yield each line of `order` as soon as it and those before are.

    Args:
        order: the lines of all parts.
        parts: what fills them.
        seconds: after so long, what is missing is told to take too long.
    """
    ends_s = monotonic_s() + seconds
    found: dict[Slot, Future[Finding]] = {slot: Future() for slot in order}
    for part in parts:
        call_in_thread(partial(_fill, part, found))
    for slot in order:
        try:
            finding = found[slot].result(max(0.0, ends_s - monotonic_s()))
        except TimeoutError:
            finding = failed(Sentence.of(_SLOW, seconds=seconds), _TRY_LATER)
        yield Line(slot, finding)


def _fill(part: Part, found: dict[Slot, Future[Finding]]) -> None:
    try:
        for slot, finding in part.run():
            found[slot].set_result(finding)
    except Exception as bug:  # noqa: BLE001 -- as above
        logger.error("a bug: %s", type(bug).__name__)
    finding = _BUG
    for slot in part.slots:
        if not found[slot].done():
            found[slot].set_result(finding)
            finding = skipped(_BEFORE)


_REPORT = Text(
    en="Run the command again with --verbose, and report what it prints.",
    ja="--verbose を付けて実行しなおし、表示された内容を報告してください。",
)
_BUG = failed(UNEXPECTED, _REPORT)
_BEFORE = Text(
    en="Not checked, since the check before it ended early.",
    ja="前の確認が途中で終わったので、確認していません。",
)
_SLOW = Text(
    en="The check did not end within {seconds:.0f} s.",
    ja="{seconds:.0f} 秒以内に確認が終わりませんでした。",
)
_TRY_LATER = Text(
    en="Look at what fails above first, then try again.",
    ja="上の問題を先に直してから、もう一度試してください。",
)
