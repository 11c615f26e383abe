"""Sends one message by apprise: run as a process of its own by `apprise`.

The request is a JSON object on standard input; without a title nothing is sent, and
only the address is read. The exit status tells what became of it.
"""

import json
import sys

from watcher.notify.apprise import Outcome


def main() -> int:
    """Do what standard input asks for; return an `Outcome`."""
    try:
        import apprise
    except ImportError:
        return Outcome.NOT_INSTALLED
    request = json.load(sys.stdin)
    asset = apprise.AppriseAsset(app_id="watcher", secure_logging=True)
    service = apprise.Apprise(asset=asset)
    if not service.add(request["url"]):
        return Outcome.NOT_UNDERSTOOD
    if "title" not in request:
        return Outcome.SENT
    is_sent = service.notify(title=request["title"], body=request["body"])
    return Outcome.SENT if is_sent else Outcome.NOT_SENT


if __name__ == "__main__":
    sys.exit(main())
