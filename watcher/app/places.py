"""Names in what the event log keeps, for the daemon and for who reads it."""

from datetime import timedelta

MACHINE_CLOCK = ""
"""What is known of this machine's clock: every account has a name."""

CONFIGURATION = " "
"""The configuration at work: no account can have such a name."""

GUIDE = "  "
"""Where `watcher guide` was left, app by app."""

PHONE = "push"
"""What the events call a phone where they name channels."""

IS_BLIND = "is_blind"
"""The fact that an account is told as blind, while it is."""

LOOKED_WITHIN = timedelta(minutes=2)
"""How long ago, at most, a watched account was looked at that is not told as blind."""
