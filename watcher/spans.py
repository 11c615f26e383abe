"""Reads time spans as users write them: `90s`, `5m`, `2h`, `30d`."""

import re
from datetime import timedelta

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,6})\s*([smhd])")


def parse_span(written: str) -> timedelta:
    """Return a time span; ValueError if it is none."""
    match = _SPAN.fullmatch(written.strip())
    if match is None:
        raise ValueError(written)
    return timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])
