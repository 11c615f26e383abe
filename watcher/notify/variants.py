"""Sentences that are said in place of others, where those would not be true."""

from watcher.events import Attempt
from watcher.notify import sentences
from watcher.notify.template import Template

UNATTENDED = {
    sentences.DEADLINE: sentences.UNTIL,
    sentences.BRIEF_DEADLINE: sentences.BRIEF_UNTIL,
    sentences.APPROVE_FIRST: sentences.BY_COMMAND,
}
"""Where no program counts down or is pressed."""

_ENDED = (
    sentences.ENDED_BODY,
    sentences.ENDED_BODY_CODE,
    sentences.ENDED_BODY_UNKNOWN,
)

_UNKNOWN_DEADLINE = {
    sentences.DEADLINE: sentences.MAY_BE_OVER,
    sentences.UNTIL: sentences.MAY_BE_OVER,
    sentences.BRIEF_DEADLINE: sentences.BRIEF_MAY_BE_OVER,
    sentences.BRIEF_UNTIL: sentences.BRIEF_MAY_BE_OVER,
    **dict.fromkeys(_ENDED, sentences.ENDED_MAY_BE_OVER),
}
"""Where nobody knows how much time is left."""

_WITHOUT_CLOCK_TIME = {
    sentences.DEADLINE: sentences.LEFT,
    sentences.UNTIL: sentences.LEFT_WHEN_SHOWN,
    sentences.BRIEF_DEADLINE: sentences.BRIEF_LEFT,
    sentences.BRIEF_UNTIL: sentences.BRIEF_LEFT_WHEN_SHOWN,
    sentences.PLACE: sentences.NEAR,
    sentences.AGAIN: sentences.AGAIN_NO_CLOCK,
    sentences.OVER_BODY: sentences.OVER_BODY_NO_CLOCK,
    sentences.LATE_BODY: sentences.LATE_BODY_NO_CLOCK,
    sentences.REPORTED_BODY: sentences.REPORTED_BODY_NO_CLOCK,
    **dict.fromkeys(_ENDED, sentences.ENDED_BODY_NO_CLOCK),
}
"""Where this machine's clock is wrong, so that no time of day helps."""


def as_known(
    template: Template, attempt: Attempt, *, is_clock_wrong: bool = False
) -> Template:
    """Return what can be said of an attempt's time, by what is known of the clocks."""
    if not attempt.is_deadline_known:
        template = template.replaced(_UNKNOWN_DEADLINE)
    return template.replaced(_WITHOUT_CLOCK_TIME) if is_clock_wrong else template
