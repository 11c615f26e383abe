"""The channel of notifications that the user wants."""

from enum import StrEnum


class ChannelChoice(StrEnum):
    """The channel that the user wants; AUTO tries one after the other."""

    AUTO = "auto"
    FREEDESKTOP = "freedesktop"
    TOAST = "toast"
    PLYER = "plyer"
    TERMINAL = "terminal"
