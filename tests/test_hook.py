"""The user's command: one event after the other, bounded, without secrets, no shell."""

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.desktop import eventually
from tests.environment import CONNECTED, PATIENCE_S, MailUser
from tests.factories import NOW, link_of, recorded
from tests.fakes import posix_only
from watcher.app.hooks import EventRelay
from watcher.errors import JournalUnusable, NotificationFailed
from watcher.events import AnyEvent, EventName, Expectation
from watcher.i18n import Language
from watcher.journal.log import Journal
from watcher.notify import hook as hook_module
from watcher.notify.hook import WAITING, Hook

UNTIL = NOW + timedelta(minutes=10)


@pytest.fixture
def failures() -> SimpleQueue[NotificationFailed]:
    return SimpleQueue()


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def appending(file: Path) -> tuple[str, ...]:
    """Return a command that appends what it gets to a file."""
    code = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"
    return python(code, str(file))


def test_each_line_comes_on_standard_input_in_order(
    tmp_path: Path, failures: SimpleQueue[NotificationFailed]
) -> None:
    file = tmp_path / "lines"
    hook = Hook(appending(file), (), failures.put)
    for line in ("one", "二", "three"):
        hook.put(line)

    assert hook.wait(PATIENCE_S)
    hook.end()
    assert file.read_text(encoding="utf-8").splitlines() == ["one", "二", "three"]
    assert failures.empty()


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    file = tmp_path / "arguments"
    code = f"import sys; open({str(file)!r}, 'w').write(sys.argv[1])"
    hook = Hook(python(code, "$HOME; `ls` > x"), (), lambda _: None)
    hook.put("line")

    assert hook.wait(PATIENCE_S)
    assert file.read_text() == "$HOME; `ls` > x"


def test_a_password_is_not_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "hunter2")
    monkeypatch.setenv("HARMLESS", "there")
    file = tmp_path / "environment"
    code = "import json, os, sys; json.dump({**os.environ}, open(sys.argv[1], 'w'))"
    hook = Hook(python(code, str(file)), {"MAIL_PASSWORD"}, lambda _: None)
    hook.put("line")

    assert hook.wait(PATIENCE_S)
    variables = json.loads(file.read_text())
    assert "MAIL_PASSWORD" not in variables
    assert variables["HARMLESS"] == "there"


@posix_only("process groups")
def test_it_has_a_process_group_of_its_own(
    failures: SimpleQueue[NotificationFailed],
) -> None:
    code = "import os, sys; sys.exit(os.getpgid(0) != os.getpid())"
    hook = Hook(python(code), (), failures.put)
    hook.put("line")

    assert hook.wait(PATIENCE_S)
    assert failures.empty()


@posix_only("process groups")
def test_one_that_hangs_is_ended_with_all_that_it_has_started(
    tmp_path: Path,
    failures: SimpleQueue[NotificationFailed],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hook_module, "TIMEOUT_S", 2.0)
    file = tmp_path / "pids"
    script = f"sleep 99 & echo $$ $! > '{file}'; wait"
    hook = Hook(("sh", "-c", script), (), failures.put)
    hook.put("line")
    failure = failures.get(timeout=PATIENCE_S)

    assert "did not end within 2 s" in str(failure)
    assert not failure.say(Language.JA).isascii()
    pids = [int(pid) for pid in file.read_text().split()]
    for pid in pids:
        eventually(lambda pid=pid: not is_alive(pid))  # type: ignore[misc]


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that nobody has waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/nonexistent/program",), "cannot be started (No such file"),
        (("with\0nul",), "cannot be started"),
        (python("import sys; sys.exit(3)"), "ended with status 3"),
    ],
)
def test_a_failure_is_told_once_until_it_is_another_one(
    command: tuple[str, ...], words: str, failures: SimpleQueue[NotificationFailed]
) -> None:
    hook = Hook(command, (), failures.put)
    for _ in range(3):
        hook.put("line")

    assert hook.wait(PATIENCE_S)
    assert words in str(failures.get(timeout=PATIENCE_S))
    assert failures.empty()


def test_what_it_is_too_slow_for_is_left_out_and_told(
    failures: SimpleQueue[NotificationFailed],
) -> None:
    hook = Hook(python("import time; time.sleep(99)"), (), failures.put)
    for _ in range(WAITING + 2):
        hook.put("line")
    hook.end(0.0)

    assert "too slow for all events" in str(failures.get(timeout=PATIENCE_S))


def test_the_end_ends_a_command_that_runs(
    failures: SimpleQueue[NotificationFailed],
) -> None:
    hook = Hook(python("import time; time.sleep(99)"), (), failures.put)
    hook.put("line")
    hook.put("line")
    hook.end(0.0)
    hook.put("line")

    assert hook.wait(PATIENCE_S)
    assert failures.empty()


class Lines(list[dict[str, object]]):
    """A command that keeps what it gets."""

    def put(self, line: str) -> None:
        self.append(json.loads(line))

    @property
    def names(self) -> list[object]:
        return [line["event"] for line in self]


@pytest.fixture
def relay() -> EventRelay:
    return EventRelay()


@pytest.fixture
def journal(tmp_path: Path, relay: EventRelay) -> Iterator[Journal]:
    with Journal.open(tmp_path / "events.db", relay.on_event) as journal:
        yield journal


def test_an_event_is_passed_on_once_its_link_masked(
    relay: EventRelay, journal: Journal
) -> None:
    lines = Lines()
    relay.use(lines)
    recorded(journal)
    relay.tick(journal, NOW)
    relay.tick(journal, NOW)

    (line,) = lines
    assert (line["v"], line["event"], line["id"]) == (1, "attempt", 1)
    assert line["link"] == "https://www.amazon.co.jp/a/c/r/…"


def test_with_secrets_the_link_is_passed_on(
    relay: EventRelay, journal: Journal
) -> None:
    lines = Lines()
    relay.use(lines, with_secrets=True)
    recorded(journal)

    assert [line["link"] for line in lines] == [link_of(1)]


def test_only_the_events_that_are_wanted_are_passed_on(
    relay: EventRelay, journal: Journal
) -> None:
    lines = Lines()
    relay.use(lines, [EventName.ARMED])
    recorded(journal)
    journal.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))

    assert lines.names == ["armed"]


def test_what_other_programs_log_is_passed_on_and_what_lay_there_is_not(
    tmp_path: Path, relay: EventRelay
) -> None:
    path, lines = tmp_path / "events.db", Lines()
    relay.use(lines)
    with Journal.open(path) as other:
        recorded(other, 1)
        with Journal.open(path, relay.on_event) as mine:
            mine.append(EventName.STARTED, at=NOW)
            relay.tick(mine, NOW)
            other.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))
            mine.append(EventName.DISARMED, at=NOW)
            other.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))
            relay.tick(mine, NOW)
            relay.tick(mine, NOW)

    assert sorted(map(str, lines.names)) == ["armed", "armed", "disarmed", "started"]


def test_its_own_failure_is_not_passed_on(relay: EventRelay, journal: Journal) -> None:
    lines = Lines()
    relay.use(lines)
    journal.append(EventName.NOTIFY_FAILED, at=NOW, detail="hook: ended with status 1")
    journal.append(EventName.NOTIFY_FAILED, at=NOW, detail="push: refused")

    assert [line["detail"] for line in lines] == ["push: refused"]


def test_without_a_command_nothing_is_kept_for_a_later_one(
    relay: EventRelay, journal: Journal
) -> None:
    lines = Lines()
    recorded(journal)
    relay.tick(journal, NOW)
    relay.use(lines)
    journal.append(EventName.DISARMED, at=NOW)
    relay.tick(journal, NOW)

    assert lines.names == ["disarmed"]


def test_who_prints_hears_of_what_others_log_and_of_no_event_twice(
    tmp_path: Path,
) -> None:
    path, heard = tmp_path / "events.db", list[AnyEvent]()
    relay = EventRelay(heard.append)
    with Journal.open(path) as other, Journal.open(path, relay.on_event) as mine:
        recorded(other, 1)
        relay.tick(mine, NOW)
        mine.append(EventName.DISARMED, at=NOW)
        other.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))
        relay.tick(mine, NOW)
        relay.tick(mine, NOW)

    assert [one.event for one in heard] == [EventName.ARMED]


def test_a_row_that_cannot_be_read_is_trouble_for_a_command_alone(
    tmp_path: Path, relay: EventRelay
) -> None:
    path = tmp_path / "events.db"
    with Journal.open(path) as other, Journal.open(path, relay.on_event) as mine:
        relay.tick(mine, NOW)
        other.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE events SET event = 'of a newer version'")
        relay.tick(mine, NOW)
        relay.use(Lines())
        with pytest.raises(JournalUnusable):
            relay.tick(mine, NOW)


def test_a_log_that_counts_anew_is_passed_on(
    tmp_path: Path, relay: EventRelay, journal: Journal
) -> None:
    lines = Lines()
    relay.use(lines)
    for _ in range(5):
        journal.append(EventName.DISARMED, at=NOW)
    relay.tick(journal, NOW)
    with (
        Journal.open(tmp_path / "other.db", relay.on_event) as mine,
        Journal.open(tmp_path / "other.db") as other,
    ):
        mine.append(EventName.STARTED, at=NOW)
        other.append(EventName.ARMED, at=NOW, about=Expectation(UNTIL))
        relay.tick(mine, NOW)

    assert lines.names[5:] == ["started", "armed"]


def hooked(mail_user: MailUser, command: tuple[str, ...], *lines: str) -> None:
    """Configure a user with a command."""
    table = "\n".join(("[hook]", f"command = {json.dumps(command)}", *lines))
    mail_user.configure(mail_user.account(), table)


def test_run_starts_the_command_for_each_event_those_of_other_commands_too(
    mail_user: MailUser, tmp_path: Path
) -> None:
    file = tmp_path / "lines"
    hooked(mail_user, appending(file))

    def names() -> list[str]:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [json.loads(line)["event"] for line in lines]

    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        eventually(lambda: "notified" in names())
        mail_user.home.run("expect")
        eventually(lambda: "armed" in names())
        run.end()

    assert names() == ["started", "attempt", "notified", "armed", "stopped"]
    assert link not in file.read_text(encoding="utf-8")
    assert mail_user.home.names() == names()


def test_a_command_that_fails_is_logged_once_and_holds_up_nothing(
    mail_user: MailUser,
) -> None:
    hooked(mail_user, python("import sys; sys.exit(7)"))
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        run.await_text(mail_user.approval())
        run.await_text("ended with status 7")
        assert run.end() == 0

    details = [
        event.detail
        for event in mail_user.home.events()
        if event.event is EventName.NOTIFY_FAILED
    ]
    assert [str(one).split(":")[0] for one in details] == ["hook"]


def test_a_command_that_hangs_holds_up_neither_the_screen_nor_the_end(
    mail_user: MailUser,
) -> None:
    hooked(mail_user, python("import time; time.sleep(99)"))
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        run.await_text(mail_user.approval())
        assert run.end() == 0
