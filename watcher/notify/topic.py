"""Where an ntfy server lies, and the topic there."""

from dataclasses import dataclass, field

NTFY_SH = "https://ntfy.sh"
"""The server of ntfy's makers, free of charge, which the app asks by itself."""


@dataclass(frozen=True, slots=True)
class NtfyTopic:
    """A topic on an ntfy server."""

    host: str
    """A name or an address, without brackets."""
    port: int
    is_encrypted: bool
    name: str = field(repr=False)
    """The password of all who read or write there."""
