"""Reads the name servers that a user names in the configuration."""

import ipaddress
import re


def split_nameserver(written: str) -> tuple[str, int]:
    """Return address and port of `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`.

    Raises:
        ValueError: it is none of these.
    """
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?", written)
    plain = re.fullmatch(r"([^:]+)(?::(\d{1,5}))?", written)
    match = bracketed or plain
    address, port = match.groups() if match else (written, None)
    number = int(port or 53)
    if not 0 < number < 65536:
        raise ValueError(written)
    return str(ipaddress.ip_address(address)), number
