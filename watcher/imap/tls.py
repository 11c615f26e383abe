"""Makes the TLS contexts: always verifying, and one for all accounts that agree."""

import ssl
import threading
from functools import lru_cache
from pathlib import Path

from watcher.errors import ConfigError
from watcher.i18n import Text
from watcher.imap.account import Account, Loosened

_OP_LEGACY_SERVER_CONNECT = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
"""Named by Python 3.12 and later; the bit is OpenSSL's."""

_ONE_AT_A_TIME = threading.Lock()
"""All accounts connect at once at start; each context of its own would take 1 MB."""

_NO_CA_FILE = Text(
    en="The certificate file {path} (ca_file) cannot be used: {why}",
    ja="証明書ファイル {path} (ca_file) を使えません: {why}",
)


def context_for(account: Account) -> ssl.SSLContext:
    """Return the context for an account, shared with those of the same needs.

    Raises:
        ConfigError: `ca_file` is missing or holds no certificate.
    """
    path = account.ca_file
    try:
        changed_ns = path.stat().st_mtime_ns if path else 0
        with _ONE_AT_A_TIME:
            return _context(path, changed_ns, account.loosened)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(_NO_CA_FILE, path=path, why=why) from error


@lru_cache(maxsize=16)
def _context(path: Path | None, _changed_ns: int, loosened: Loosened) -> ssl.SSLContext:
    """Build a context; a renewed file is another one, by the time of its change."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if path is not None:
        context.load_verify_locations(cafile=path)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        # since Python 3.13 a CA made at home would have to name its key identifiers;
        # chain, dates and host name are verified without that as well
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    _loosen(context, loosened)
    return context


def _loosen(context: ssl.SSLContext, loosened: Loosened) -> None:
    match loosened:
        case Loosened.NOTHING:
            pass
        case Loosened.LEGACY_RENEGOTIATION:
            context.options |= _OP_LEGACY_SERVER_CONNECT
        case Loosened.STATIC_RSA:
            context.set_ciphers(
                "DEFAULT:AES256-GCM-SHA384:AES128-GCM-SHA256:AES128-SHA"
            )
