"""Runs a Python program with what Windows lends to no test, as far as one can stand in.

python tests/windows_stand_ins.py (terminal|pipes) (-m MODULE | -c PROGRAM) ARGUMENT…

On a `terminal` its pipes count as one, and Ctrl-Break is pressed as its stdin ends:
Windows sends no other signals, and this one only to what shares a console.
OPENED names the file in which stands what a browser should open.
The certificates of the system, which vouch for no server of the tests, are left out:
Wine reads them from files of this machine, longer than all else of a connection takes.
FAKETIME_TIMESTAMP_FILE holds by how many seconds the wall clock is wrong, as faketime
has it: `+60s`.
"""

import datetime
import os
import runpy
import signal
import sys
import threading
import time
from pathlib import Path


def await_break() -> None:
    """Press Ctrl-Break at the end of stdin."""
    sys.stdin.read()
    signal.raise_signal(signal.Signals["SIGBREAK"])


def be_on_terminal() -> None:
    """Let the pipes count as a terminal."""
    for place in (os, sys.stdout, sys.stderr):
        vars(place)["isatty"] = lambda *_: True
    threading.Thread(target=await_break, daemon=True).start()


def set_clock(file: Path) -> None:
    """Let the wall clock of watcher be wrong as the file says."""
    true_s = time.time

    # Wine takes long to open a file, and the clock is read hundreds of times a second.
    opened, reading = os.open(file, os.O_RDONLY), threading.Lock()

    def wrong_s() -> float:
        text = b""
        while not text.endswith(b"s"):  # it is being written
            with reading:
                os.lseek(opened, 0, os.SEEK_SET)
                text = os.read(opened, 32)
        return true_s() + float(text[:-1])

    class Wrong(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return datetime.datetime.fromtimestamp(wrong_s(), tz)

    time.time = wrong_s
    import watcher.clock

    watcher.clock.datetime = Wrong  # type: ignore[attr-defined]


CONNECTING = {"run", "check", "doctor", "init", "demo", "oauth"}
"""The commands that speak TLS: for the others Python need not load it."""


def leave_out_certificates() -> None:
    """Trust nobody but whom the configuration names."""
    import ssl

    ssl.SSLContext._windows_cert_stores = ()  # type: ignore[attr-defined]


def main(where: str, option: str, what: str, *arguments: str) -> None:
    """Run the program."""
    if where == "terminal":
        be_on_terminal()
    if CONNECTING & {*arguments}:
        leave_out_certificates()
    if opened := os.environ.get("OPENED"):
        vars(os)["startfile"] = Path(opened).write_text
    if clock := os.environ.get("FAKETIME_TIMESTAMP_FILE"):
        set_clock(Path(clock))
    sys.argv[1:] = arguments
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(what, {"__name__": "__main__"})


if __name__ == "__main__":
    main(*sys.argv[1:])
