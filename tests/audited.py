"""Runs watcher under an audit hook that notes whom it talks to and what it starts.

    python -m tests.audited RECORD COMMAND …

Every line of RECORD is a JSON list: the event's name and what it was about.
"""

import json
import socket
import sys
from pathlib import Path
from typing import Any

WATCHED = {"socket.connect", "socket.sendto", "subprocess.Popen", "webbrowser.open"}


def main(record: str, *arguments: str) -> int:
    """Run a command of watcher and return its exit code."""
    with Path(record).open("a", encoding="utf-8", buffering=1) as file:

        def hook(event: str, details: tuple[Any, ...]) -> None:
            if event in WATCHED:
                print(json.dumps([event, *_told(event, details)]), file=file)

        sys.addaudithook(hook)
        from watcher.cli import main as watcher

        return watcher(arguments)


def _told(event: str, details: tuple[Any, ...]) -> list[str]:
    if not event.startswith("socket."):
        return [str(details[0])]
    sock, address = details
    if sock.family == getattr(socket, "AF_UNIX", None):
        return ["unix"]
    return [f"{address[0]}:{address[1]}"]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
