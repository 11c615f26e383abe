"""Reads time spans as users write them: `90s`, `5m`, `2h`, `30d`."""

import re
from datetime import timedelta

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=36500)
"""A hundred years; what goes back further than the year 1 is no date."""
_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")


def parse_span(written: str) -> timedelta:
    """Return a time span; ValueError if it is none, or longer than any calendar."""
    match = _SPAN.fullmatch(written.strip())
    span = match and timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])
    if span is None or span > LONGEST:
        raise ValueError(written)
    return span
