"""Gives one access token, as the program of a process of its own.

msal takes long to import and much memory, and a keyring may hang: so the daemon has
neither in its own process. Called with the store's path and the application's id, and
with `renew` if another token is wanted than the last. It prints one line of JSON: the
token, or why there is none.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

from watcher.oauth.outcome import Failure, NoToken

RENEW = "renew"


def main(path: str, client_id: str, *words: str) -> dict[str, object]:
    """Return what is printed."""
    try:
        from watcher.oauth.client import stored_token
        from watcher.oauth.store import Store
    except ImportError:
        return {"failure": Failure.NOT_INSTALLED, "why": "", "errno": 0}
    try:
        store, is_renewed = Store(Path(path)), RENEW in words
        token = stored_token(client_id, store, is_renewed=is_renewed)
    except NoToken as error:
        return {"failure": error.failure, "why": error.why, "errno": error.number}
    return {"token": token.secret, "left_s": token.left_s}


if __name__ == "__main__":
    # Standard error is the user's terminal.
    logging.disable()
    warnings.simplefilter("ignore")
    print(json.dumps(main(*sys.argv[1:])))  # noqa: T201 -- it is what it is for
