"""The suite on the CPython of Windows under Wine: each test reports, or has failed.

Wine's server crashes after some hundred tests with sockets, and what it served dies
with it. So every result is written down at once, and what did not report is started
again, also after a silence of SILENCE_S; what was running at two ends counts as failed,
and what failed is run once more. After DEADLINE_S what has not reported has failed.
Each of the WORKERS has a Wine of its own, whose server is one thread; they share a
Dovecot of this machine.

This file is both what starts those Pythons and, as a plugin of pytest in them, what
writes down. Usage: python -m tests.windows_suite FOLDER [FILE…], with the folder as
.ci/windows has set it up, and all files of the suite if none is named.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import IO, Any, cast

import pytest

from tests.oauth_server import relaying_introspection
from tests.servers import LOANS, Loan, TokenLogin, running
from tests.windows_stand_ins import leave_out_certificates

REPORT = "WATCHER_REPORT"
"""The environment variable that names the file in which a piece writes down."""

SHARE = 0.9
"""Of all tests so many run there, and pass."""

WORKERS = 6
"""More than cores: most tests wait for a server or a process."""

ROUNDS = (18, 12, 12, 12, 6)
"""To how many pieces the files are dealt, again and again.

Few pieces, as the start of a Python takes as long as a hundred tests; and the last ones
short, so that no worker ends long after the others.
"""

LONGEST = ("oauth", "clock_flow", "clock_wrong_flow", "flow")
"""They would be a piece each that outlasts all others: their tests are dealt out."""

SLOWEST = (
    *("layout", "cli_open", "damaged_log", "cli_errors", "reload", "doctor_account"),
    *("cli_undelivered", "usage", "imap_faults", "cli_mailfiles", "cli_commands"),
    *("help", "journal", "secrecy", "hostile", "keys", "flood", "imap_dovecot"),
    *("old_tls", "doctor", "imap_words", "push_flow", "daemon", "imap_idle", "hook"),
    *("differential_authres", "init", "demo", "setup_phone", "environment"),
    *("imap_elsewhere", "texts"),
)
"""Of the others these are dealt first, so that no piece has two of the slowest."""

LAST_ATTEMPT = 10
SILENCE_S = 60.0
"""How long a piece may write nothing: on a busy machine a test takes half of it."""

DUMP_S = 45
"""When it writes to its log where it stands."""

END_S = 10.0
"""How long a piece may take to end, once every test has reported."""

DEADLINE_S = 1500.0
"""When what has not reported has failed: four times what an idle machine takes."""

LOOK_S = 0.5


# In the Python of Windows -----------------------------------------------------------

_reports: list[pytest.TestReport] = []
"""How the test that runs went so far."""


def pytest_configure() -> None:
    """Leave out the certificates of the system, as the programs do that tests start."""
    if os.name == "nt":
        leave_out_certificates()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write down what is to be run, and leave out what was."""
    piece = Piece.read(Path(os.environ[REPORT]))
    _write(*({"test": item.nodeid, "outcome": ""} for item in items))
    items[:] = [item for item in items if item.nodeid not in piece.ended]


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Write down what cannot be collected."""
    if report.failed:
        _write({"test": report.nodeid, "outcome": "failed", "why": report.longreprtext})


def pytest_runtest_logstart(nodeid: str) -> None:
    """Write down what runs, should it be the last."""
    _reports.clear()
    _write({"test": nodeid, "outcome": "started"})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how a test was set up, how it went, or how it was torn down."""
    _reports.append(report)


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Write down how a test went."""
    outcomes = {report.outcome: report for report in _reports}
    outcome = next(one for one in ("failed", "skipped", "passed") if one in outcomes)
    if outcome == "skipped":
        *_, why = cast(tuple[str, int, str], outcomes[outcome].longrepr)
    else:
        why = outcomes[outcome].longreprtext
    took_s = sum(report.duration for report in _reports)
    _write({"test": nodeid, "outcome": outcome, "why": why, "took_s": took_s})


def pytest_report_teststatus(
    report: pytest.TestReport,
) -> tuple[str, str, str] | None:
    """Print no dot: Wine's console takes as long over it as most tests take."""
    return ("passed", "", "") if report.when == "call" and report.passed else None


def pytest_timeout_set_timer() -> bool:
    """Start no thread for each test: what hangs is ended by its silence."""
    return True


def pytest_timeout_cancel_timer() -> bool:
    """Wait for no thread."""
    return True


@cache
def _report() -> IO[str]:
    """Open what is written down, once: for each line it takes a minute of all."""
    return Path(os.environ[REPORT]).open("a", encoding="utf-8")


def _write(*records: Mapping[str, object]) -> None:
    _report().writelines(json.dumps(record) + "\n" for record in records)
    _report().flush()


# On this machine --------------------------------------------------------------------


@dataclass
class Piece:
    """What is known of the tests of some files."""

    expected: set[str] = field(default_factory=set)
    starts: Counter[str] = field(default_factory=Counter)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was written down of each at its end."""

    @classmethod
    def read(cls, report: Path) -> "Piece":
        """Read what was written down."""
        piece = cls()
        lines = report.read_text("utf-8").splitlines() if report.exists() else ()
        for record in map(json.loads, lines):
            test = record["test"]
            match record["outcome"]:
                case "":
                    piece.expected.add(test)
                case "started":
                    piece.starts[test] += 1
                case _:
                    piece.ended[test] = record
        for test in piece.expected - piece.ended.keys():
            if piece.starts[test] > 1:
                piece.fail(test, "what ran it ended, twice")
        return piece

    def fail(self, test: str, why: str) -> None:
        """Count a test as failed."""
        self.ended[test] = {"test": test, "outcome": "failed", "why": why, "took_s": 0}

    @property
    def is_complete(self) -> bool:
        """Whether every test has reported."""
        return bool(self.expected) and self.expected <= self.ended.keys()

    def of(self, outcome: str) -> list[dict[str, Any]]:
        """Return what ended so."""
        return [one for one in self.ended.values() if one["outcome"] == outcome]

    def __str__(self) -> str:
        """Return the figures."""
        counts = (f"{one} {len(self.of(one))}" for one in OUTCOMES)
        return ", ".join(counts)


OUTCOMES = ("passed", "skipped", "failed")


@dataclass
class Patience:
    """How long a piece is waited for, which shows by what it writes down."""

    deadline_s: float
    size: int = -1
    since_s: float = 0.0

    def has_ended(self, now_s: float, report: Path) -> bool:
        """Look at the report; return whether there is nothing more to wait for."""
        size = report.stat().st_size if report.exists() else 0
        if size != self.size:
            self.size, self.since_s = size, now_s
        silent_s = now_s - self.since_s
        if now_s > self.deadline_s or silent_s > SILENCE_S:
            return True
        return silent_s > END_S and Piece.read(report).is_complete


@dataclass(frozen=True, slots=True)
class Worker:
    """One Wine, and where the tests write that run in it."""

    folder: Path
    prefix: Path
    scratch: Path
    deadline_s: float
    """By time.monotonic()."""

    def run(self, name: str, files: Sequence[str]) -> Piece:
        """Run the tests of some files until each has reported."""
        report = self.folder / f"{name}.report"
        piece = Piece()
        for attempt in range(1, LAST_ATTEMPT + 1):
            if time.monotonic() > self.deadline_s:
                break
            code = self._run_once(files, report, self.folder / f"{name}-{attempt}.log")
            piece = Piece.read(report)
            if piece.is_complete:
                return piece
            print(f"{name}: ended too early, by {code}: {piece}", flush=True)
            self.end_wine()
        for test in (piece.expected or {*files}) - piece.ended.keys():
            piece.fail(test, "it never reported")
        return piece

    def _run_once(self, files: Sequence[str], report: Path, log: Path) -> int:
        """Run what has not reported yet, on a terminal: only this gives a console."""
        ours, theirs = os.openpty()
        process = subprocess.Popen(
            [
                *("wine", self.folder / "python" / "python.exe", "-m", "pytest"),
                *("-n0", "-q", "-p", "no:cacheprovider", "-p", "tests.windows_suite"),
                *("--color=no", "--tb=short", f"--basetemp=Z:{self.scratch}"),
                # Each plugin that is looked for there costs a start of Python seconds.
                *("--disable-plugin-autoload", "-p", "no:terminalprogress"),
                *("-p", "xdist.plugin", "-p", "pytest_timeout"),
                # To exchange the descriptors at each step of each test takes long.
                "--capture=sys",
                *("-o", f"faulthandler_timeout={DUMP_S}", *files),
            ],
            cwd=self.folder / "suite",
            env=self._environment | {REPORT: str(report)},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        reader = threading.Thread(target=_copy, args=(ours, log), daemon=True)
        reader.start()
        return self._await(process, report)

    def _await(self, process: "subprocess.Popen[bytes]", report: Path) -> int:
        """Return how it ended; end it where nobody waits for it any longer."""
        patience = Patience(self.deadline_s)
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(LOOK_S)
            if patience.has_ended(time.monotonic(), report):
                process.kill()
                return process.wait()

    @property
    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(
                "SSL_CERT_"
            )  # to read them takes a third of a second
        }
        return kept | {"WINEPREFIX": str(self.prefix)}

    def end_wine(self) -> None:
        """End whatever still runs in it."""
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(["wineserver", "-k"], env=self._environment, timeout=30)


def _copy(terminal: int, target: Path) -> None:
    with target.open("wb", buffering=0) as file, suppress(OSError):
        while data := os.read(terminal, 65536):
            file.write(data)
    os.close(terminal)


def _run_all(
    folder: Path,
    files: Sequence[str],
    scratch: Path,
    deadline_s: float,
    *,
    name: str = "",
) -> Piece:
    """Run the pieces, as each worker comes to the next; return them as one."""
    todo: SimpleQueue[tuple[str, Sequence[str]]] = SimpleQueue()
    for number, piece in enumerate(dealt(files)):
        todo.put((f"{name}{number:02}", piece))
    done = Piece()

    def work(worker: Worker) -> None:
        for name, some in _until_empty(todo):
            began_s = time.monotonic()
            piece = worker.run(name, some)
            done.expected |= piece.expected
            done.ended |= piece.ended
            print(f"{name}: {piece}, {time.monotonic() - began_s:.0f} s", flush=True)
        worker.end_wine()

    threads = []
    for number in range(WORKERS):
        prefix = folder / f"wine-{number}"
        if not prefix.exists():
            # Wine replaces its registry and changes no other file: no copy is needed.
            shutil.copytree(
                folder / "wine", prefix, symlinks=True, copy_function=os.link
            )
        worker = Worker(folder, prefix, scratch / str(number), deadline_s)
        threads.append(threading.Thread(target=work, args=(worker,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _until_empty(
    todo: SimpleQueue[tuple[str, Sequence[str]]],
) -> Iterator[tuple[str, Sequence[str]]]:
    with suppress(Empty):
        while True:
            yield todo.get_nowait()


def dealt(files: Sequence[str]) -> list[list[str]]:
    """Return the pieces, the longest first."""
    pieces: list[list[str]] = [[] for _ in range(max(ROUNDS))]
    turns = cycle(piece for count in ROUNDS for piece in pieces[:count])
    for file, piece in zip(files, turns, strict=False):
        piece.append(file)
    return [piece for piece in pieces if piece]


def in_order(suite: Path) -> list[str]:
    """Return all files, and of the LONGEST their tests: what is slow comes first."""
    names = [one.stem.removeprefix("test_") for one in suite.glob("tests/test_*.py")]
    others = sorted({*names} - {*LONGEST, *SLOWEST})
    files = [f"tests/test_{name}.py" for name in (*SLOWEST, *others)]
    return [*(test for name in LONGEST for test in _tests(suite, name)), *files]


def _tests(suite: Path, name: str) -> list[str]:
    file = f"tests/test_{name}.py"
    functions = re.findall(r"^def (test_\w+)", (suite / file).read_text("utf-8"), re.M)
    return [f"{file}::{one}" for one in functions]


def _memory() -> str | None:
    """Return a folder that is on no disk, where there is one: SQLite waits for it."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def _lending() -> Iterator[dict[str, Loan]]:
    """Run what tests cannot run there: a Dovecot, and one that takes access tokens."""
    with relaying_introspection() as port:
        tokens = TokenLogin("xoauth2", port)
        with running() as dovecot, running(tokens) as another:
            yield {"": dovecot.loan, tokens.mechanisms: another.loan}


def main(folder: Path, files: Sequence[str]) -> int:
    """Run the suite and print the figures; return 0 if they are as they must be."""
    for old in (*folder.glob("*.report"), *folder.glob("*.log")):
        old.unlink()
    files = files or in_order(folder / "suite")
    deadline_s = time.monotonic() + DEADLINE_S
    with _lending() as loans, TemporaryDirectory(dir=_memory()) as scratch:
        os.environ[LOANS] = json.dumps(loans)
        suite = _run_all(folder, files, Path(scratch), deadline_s)
        if failed := [one["test"] for one in suite.of("failed")]:
            # Some wait for seconds that Wine, on a busy machine, stretches.
            print(f"once more: {', '.join(failed)}", flush=True)
            again = _run_all(folder, failed, Path(scratch), deadline_s, name="again-")
            suite.ended |= again.ended
    for one in suite.of("failed"):
        print(f"\nFAILED {one['test']}\n{one['why']}")
    print("\nSkipped:")
    for why, count in Counter(one["why"] for one in suite.of("skipped")).most_common():
        print(f"{count:5} {why.removeprefix('Skipped: ')}")
    share = len(suite.of("passed")) / len(suite.ended)
    print(f"{suite}: {share:.1%} of all passed")
    return int(share < SHARE or bool(suite.of("failed")))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
