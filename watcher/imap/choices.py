"""What can be chosen of an account's login, and of how to learn of new mail."""

from enum import StrEnum
from ipaddress import ip_address

from watcher.events import Mode
from watcher.i18n import Text


class Tls(StrEnum):
    """How a connection is encrypted; the certificate is verified in any case."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class TlsQuirk(StrEnum):
    """What an old server needs of TLS that OpenSSL 3 no longer does by itself.

    The certificate and the host name are verified all the same.
    """

    NOTHING = "nothing"
    LEGACY_RENEGOTIATION = "legacy_renegotiation"
    """No secure renegotiation (RFC 5746)."""
    STATIC_RSA = "static_rsa"
    """Key exchange without forward secrecy."""


TLS_QUIRKS = {
    TlsQuirk.LEGACY_RENEGOTIATION: Text(
        en="old TLS is allowed for this account (no secure renegotiation, RFC 5746)",
        ja="このアカウントだけ古い TLS を許可(安全な再ネゴシエーションなし、RFC 5746)",
    ),
    TlsQuirk.STATIC_RSA: Text(
        en="old TLS is allowed for this account (RSA key exchange without forward "
        "secrecy)",
        ja="このアカウントだけ古い TLS を許可(前方秘匿性のない RSA 鍵交換)",
    ),
}
"""What is allowed for an account's server and no other, in words."""


class Auth(StrEnum):
    """How to log in."""

    PASSWORD = "password"  # noqa: S105 -- the name of a method, no password
    OAUTH2 = "oauth2"
    """With an access token (RFC 6749 §1.4), by OAUTHBEARER or XOAUTH2."""


def is_loopback(host: str) -> bool:
    """Return whether a host can only be this machine: the one place without TLS."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class WatchMode(StrEnum):
    """What the user wants: push where it is offered, or one of the two."""

    AUTO = "auto"
    IDLE = "idle"
    POLL = "poll"


MODES = {
    Mode.PUSH: Text(en="push", ja="プッシュ"),
    Mode.POLL: Text(en="poll", ja="定期確認"),
}
"""How an account learns of new mail, in words; `ModeReason.text` tells why."""
