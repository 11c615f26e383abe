"""What tests of several rooms share."""

import gc
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest

from tests.environment import NO_HOME, Home, MailUser, own_places
from tests.fakes import IS_POSIX, Listener
from tests.imap_watch import Watching, watches
from tests.sample_mails import records
from tests.servers import Dovecot, NameServer, running, serving_dns
from watcher.clock import boottime_s
from watcher.imap import connection, mailbox_sync, sync

# Under nohup a child would ignore SIGHUP, as the program respects.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Machines that run tests are shared: what takes long there says nothing of the code.
# What is tried with any values is the same everywhere: under Wine with fewer.
hypothesis.settings.register_profile(
    "shared machine",
    deadline=None,
    max_examples=100 if IS_POSIX else 30,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("shared machine")


@pytest.fixture(scope="session", autouse=True)
def no_ones_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test find the files and the keyring of who runs the tests."""
    folder = tmp_path_factory.mktemp("no-one")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NO_HOME.items():
            is_place = name.startswith("WATCHER_")
            patch.setenv(name, str(folder / value) if is_place else value)
        yield


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """Let garbage be looked for again after a command that ran in this process.

    Hypothesis asks who refers to its random numbers, and what is frozen tells nothing.
    """
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Give the test process a Dovecot; each test takes a user of its own."""
    with running() as server:
        yield server


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    """Give a name server that knows the keys of the tests' mails."""
    with serving_dns(records()) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give the home of a user who never ran watcher before."""
    return Home(tmp_path)


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this very process belong to a user whose programs lie in `bin` only."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", *NO_HOME):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("config", "state"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    for name, value in own_places(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def mail_user(home: Home, dovecot: Dovecot, name_server: NameServer) -> MailUser:
    """Give a user with a mailbox of their own, and everything configured."""
    user = f"user-{uuid.uuid4().hex[:12]}@example.jp"
    mail_user = MailUser(home, dovecot, name_server, user)
    mail_user.configure()
    return mail_user


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """Give a service manager's socket, `notify` in the test's folder."""
    listener = Listener(str(tmp_path / "notify"))
    yield listener
    listener.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give the clocks of the syncs that a test runs itself: `s`, and `passed_s`."""
    now = SimpleNamespace(s=1000.0, passed_s=0.0)
    monkeypatch.setattr(sync, "time", SimpleNamespace(monotonic=lambda: now.s))
    for module in (mailbox_sync, connection):
        monkeypatch.setattr(module, "boottime_s", lambda: boottime_s() + now.passed_s)
    return now


@pytest.fixture
def watch(clock: SimpleNamespace) -> Iterator[Watching]:
    """Give what watches a scripted server until the end of the test."""
    with watches(clock) as start:
        yield start
