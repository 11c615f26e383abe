"""The messages of SASL: PLAIN, and the two mechanisms that carry an access token.

Pure. PLAIN is RFC 4616 and OAUTHBEARER RFC 7628; XOAUTH2 came before that, and is all
that Outlook.com speaks.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self

OAUTHBEARER = "OAUTHBEARER"
XOAUTH2 = "XOAUTH2"

ERROR_BYTES = 8 * 1024
"""The most that is read of a server's error."""


def plain(user: str, password: str) -> bytes:
    """Return the one message of PLAIN (RFC 4616 §2)."""
    return f"\0{user}\0{password}".encode()


def oauthbearer(user: str, token: str, host: str, port: int) -> bytes:
    """Return the first message of OAUTHBEARER (RFC 7628 §3.1)."""
    name = user.replace("=", "=3D").replace(",", "=2C")  # saslname, RFC 5801 §4
    fields = (f"n,a={name},", f"host={host}", f"port={port}", f"auth=Bearer {token}")
    return "\x01".join((*fields, "", "")).encode()


def xoauth2(user: str, token: str) -> bytes:
    """Return the first message of XOAUTH2."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


@dataclass(frozen=True, slots=True)
class TokenError:
    """What a server has against an access token (RFC 7628 §3.2.2)."""

    status: str = ""
    """Such as `invalid_token`, or with XOAUTH2 `401`; empty: it does not say."""

    @classmethod
    def parse(cls, challenge: bytes) -> Self:
        """Read a server's error; never fails."""
        try:
            read = json.loads(challenge[:ERROR_BYTES])
        except (ValueError, RecursionError):
            return cls()
        status = read.get("status") if isinstance(read, dict) else None
        return cls(str(status) if isinstance(status, str | int) else "")


class Exchange:
    """The answers of one login; a callable as imaplib's `authenticate` wants it.

    A server that asks for more than there are would ask without end.
    """

    def __init__(self, *answers: bytes) -> None:
        self.message = answers[0]
        self._answers = iter(answers)

    def __call__(self, challenge: bytes) -> bytes:
        """Return the answer to the next challenge.

        Raises:
            ValueError: there is none left.
        """
        del challenge
        for answer in self._answers:
            return answer
        raise ValueError("one challenge too many")


class TokenExchange(Exchange):
    """One login with an access token: its message, and what ends a refusal.

    A server that refuses the token first tells why, and says NO only after an answer to
    that (RFC 7628 §3.2.3).
    """

    error = TokenError()

    def __call__(self, challenge: bytes) -> bytes:
        """Return the next answer; note the server's error."""
        answer = super().__call__(challenge)
        if answer is not self.message:
            self.error = TokenError.parse(challenge)
        return answer


MECHANISMS: dict[str, Callable[[str, str, str, int], TokenExchange]] = {
    OAUTHBEARER: lambda user, token, host, port: TokenExchange(
        oauthbearer(user, token, host, port), b"\x01"
    ),
    XOAUTH2: lambda user, token, _host, _port: TokenExchange(xoauth2(user, token), b""),
}
"""By name, the one to choose first at the front; of user, token, host and port."""


def mechanism(capabilities: Collection[str]) -> str | None:
    """Return the best that a server offers for an access token, None if it has none."""
    return next((one for one in MECHANISMS if f"AUTH={one}" in capabilities), None)
