"""Where tokens come from: Microsoft's endpoints for private accounts, and the scope."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from watcher.imap.choices import is_loopback

AUTHORITY = "https://login.microsoftonline.com/consumers"
"""For Outlook.com, Hotmail and Live; others than private accounts are refused there."""

SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All",)
"""Reading mail by IMAP; msal adds what lets it renew the token."""

CLIENT_ID = ""
"""The id of an application of the project's own; empty: it has none yet.

Microsoft gives ids only to who has a tenant. Another program's must not be used.
"""

TEST_VARIABLE = "WATCHER_TEST_AUTHORITY"


def authority(environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the authorisation server.

    The tests' own is taken only on this machine: to whatever is named here, the refresh
    token goes.
    """
    try:
        named = urlsplit(environment.get(TEST_VARIABLE, ""))
    except ValueError:
        return AUTHORITY
    if named.scheme == "https" and is_loopback(named.hostname or ""):
        return named.geturl()
    return AUTHORITY


def metadata(server: str) -> dict[str, str]:
    """Return the endpoints of an authorisation server (RFC 8414 §2).

    They are the same for years: msal would ask for them at each start, and then a token
    that is still good could not be had while the server is away.
    """
    endpoint = f"{server}/oauth2/v2.0"
    return {
        "issuer": server,
        "authorization_endpoint": f"{endpoint}/authorize",
        "token_endpoint": f"{endpoint}/token",
        "device_authorization_endpoint": f"{endpoint}/devicecode",
    }
