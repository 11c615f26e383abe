"""Programs that tests run in processes of their own.

python -m tests.subprograms audit RECORD COMMAND …
python -m tests.subprograms crash_loop ROUNDS SEED
python -m tests.subprograms die_before_lease LOG
python -m tests.subprograms killed_after NAME COUNT COMMAND …
python -m tests.subprograms killed_before TITLE COMMAND …
python -m tests.subprograms kernel_says (yes|no|nothing) COMMAND …
python -m tests.subprograms stuck_while PIPE COMMAND …
python -m tests.subprograms write_journal LOG FIRST
"""

import itertools
import json
import os
import random
import signal
import socket
import sys
import time
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

WATCHED = {"socket.connect", "socket.sendto", "subprocess.Popen", "webbrowser.open"}
LONGEST_RUN_S = 0.12


def audit(record: str, *arguments: str) -> int:
    """Run a command of watcher under an audit hook; return its exit code.

    Every line of RECORD is a JSON list: the event's name and what it was about, for
    whom the program talks to and what it starts.
    """
    with Path(record).open("a", encoding="utf-8", buffering=1) as file:

        def hook(event: str, details: tuple[Any, ...]) -> None:
            # On Windows a pair of sockets is a connection to oneself.
            if event not in WATCHED:
                return
            if not sys._getframe(1).f_code.co_name.endswith("socketpair"):
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


def crash_loop(rounds: str, seed: str) -> int:
    """Start the daemon and kill it so many times, at random moments.

    Each run is a fork of this process, which has imported everything already: so
    hundreds of them take seconds.
    """
    import apscheduler.schedulers.background as _before_the_forks  # noqa: F401

    import watcher.cli.run as _imported  # noqa: F401
    from watcher.app import judging
    from watcher.app.warmup import import_all
    from watcher.cli import main as run_command

    import_all(judging.NEEDED)

    chance = random.Random(int(seed))
    for number in range(int(rounds)):
        print(f"run {number}.", flush=True)
        child = os.fork()
        if not child:
            os._exit(run_command(["-q", "run"]))
        time.sleep(chance.uniform(0.0, LONGEST_RUN_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print("no more runs", flush=True)
    return 0


def kernel_says(answer: str, *arguments: str) -> int:
    """Run a command on a machine whose kernel says whether its clock is right."""
    from watcher.app import machine_clock
    from watcher.cli import main as watcher
    from watcher.imap import sync

    is_synchronised = {"yes": True, "no": False, "nothing": None}[answer]
    for module in (machine_clock, sync):
        module.is_synchronised = lambda: is_synchronised  # type: ignore[attr-defined]
    return watcher(arguments)


def killed_after(name: str, count: str, *arguments: str) -> int:
    """Run `watcher run` by a right clock, killed once it has logged so many events."""
    from watcher.cli.narrator import Narrator
    from watcher.events import AnyEvent

    logged = itertools.count(1)

    def on_event(_: Narrator, event: AnyEvent) -> None:
        if event.event == name and next(logged) == int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    Narrator.on_event = on_event  # type: ignore[assignment,method-assign]
    return kernel_says("yes", *arguments)


def killed_before(title: str, *arguments: str) -> int:
    """Run a command by a right clock, killed where it is about to show something."""
    from watcher.notify.delivery import Delivered, Delivery
    from watcher.notify.notification import Notification

    deliver = Delivery.deliver

    def show(delivery: Delivery, notification: Notification) -> Delivered:
        if notification.title == title:
            os.kill(os.getpid(), signal.SIGKILL)
        return deliver(delivery, notification)

    Delivery.deliver = show  # type: ignore[assignment,method-assign]
    return kernel_says("yes", *arguments)


def stuck_while(pipe: str, *arguments: str) -> int:
    """Run a command whose main thread is stuck in a tick until the pipe is written."""
    from watcher.app.pipeline import MailPipeline
    from watcher.cli import main as watcher

    check_clock, latch = MailPipeline.check_clock, Path(pipe)

    def wait(pipeline: MailPipeline, now: datetime) -> None:
        if latch.exists():
            print("stuck", flush=True)
            latch.read_text(encoding="utf-8")
            latch.unlink()
        check_clock(pipeline, now)

    MailPipeline.check_clock = wait  # type: ignore[assignment,method-assign]
    return watcher(arguments)


def die_before_lease(path: str) -> int:
    """Process a mail, and die when it is recorded and to be leased."""
    from tests.factories import NOW
    from tests.test_one_fact import Program, mail_to
    from watcher.journal.log import Journal

    def die(journal: Journal, attempt_id: int, *_: object, **__: object) -> bool:
        os._exit(9 if journal.find_attempt(attempt_id) else 1)

    Journal.acquire_lease = die  # type: ignore[assignment,method-assign]
    Program(Path(path)).pipeline.process(mail_to("home"), NOW)
    return 0


def write_journal(path: str, first: str) -> int:
    """Write attempts until killed, printing each number once it is safely stored."""
    from tests.factories import NOW, new_event
    from watcher.events import EventName
    from watcher.journal.log import Journal

    with Journal.open(Path(path)) as journal:
        for number in itertools.count(int(first)):
            event = journal.record(new_event(number))
            assert event is not None
            assert journal.acquire_lease(event.about.id, NOW)
            journal.append(EventName.NOTIFIED, about=event.about, at=NOW)
            print(number, flush=True)
    return 0


class SignalAtExit:
    """Sends this process a signal while the interpreter clears its modules."""

    def __init__(self, number: int) -> None:
        self._send = partial(os.kill, os.getpid(), number)

    def __del__(self) -> None:
        self._send()


def signal_at_exit(number: str) -> int:
    """Leave the handlers of `run`, and let a signal come while the interpreter ends."""
    from watcher.cli.signals import ending_in_time

    with ending_in_time(lambda: None):
        pass
    globals()["late"] = SignalAtExit(int(number))
    return 0


_ALL = (
    *(audit, crash_loop, die_before_lease, kernel_says, killed_after, killed_before),
    *(signal_at_exit, stuck_while, write_journal),
)
PROGRAMS = {one.__name__: one for one in _ALL}

if __name__ == "__main__":
    sys.exit(PROGRAMS[sys.argv[1]](*sys.argv[2:]))
