"""Whatever becomes of the log in use, the daemon and its commands see the same one."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.desktop import PATIENCE_S, eventually
from tests.factories import NOW, link_of, new_event, recorded
from tests.fakes import posix_only
from tests.sample_mails import LINK
from tests.test_daemon import Watch, watching
from tests.test_journal import all_bytes, sql
from watcher.app.logfile import ANEW_EVERY_S, VERIFY_EVERY_S, LogFile
from watcher.app.logwork import LogWork
from watcher.clock import utc_now
from watcher.errors import JournalDamaged, JournalUnusable, WatcherError
from watcher.events import Cursor, EventName, Expectation
from watcher.journal.errors import DAMAGED
from watcher.journal.log import Journal
from watcher.journal.rows import from_ms, to_ms

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as journal:
        yield journal


@pytest.fixture
def told() -> list[WatcherError]:
    return []


@pytest.fixture
def log_file(journal: Journal, told: list[WatcherError]) -> LogFile:
    return LogFile(journal, told.append)


def files(path: Path) -> list[Path]:
    return [*path.parent.glob(path.name + "*")]


def delete(path: Path) -> None:
    for file in files(path):
        file.unlink()


def delete_alone(path: Path) -> None:
    path.unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def move(path: Path) -> None:
    (path.parent / "old").mkdir()
    for file in files(path):
        file.rename(path.parent / "old" / file.name)


def move_alone(path: Path) -> None:
    path.rename(path.with_name("old.db"))


def replace_by_another(path: Path) -> None:
    another = path.parent / "another" / "events.db"
    with Journal.open(another) as journal:
        for number in range(101, 105):
            recorded(journal, number, at=utc_now())
    delete(path)
    another.rename(path)


def replace_by_no_log(path: Path) -> None:
    move(path)
    path.write_text("Dear diary,\n" * 100)


def delete_what_is_beside(path: Path) -> None:
    for file in set(files(path)) - {path}:
        file.unlink()


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"Dear diary,\n" * 1000)


def flip(path: Path) -> None:
    for file in (path, path.with_name(path.name + "-wal")):
        content = bytearray(file.read_bytes())
        for at in range(100, len(content), 40):
            content[at] ^= 0xFF
        with file.open("r+b") as opened:
            opened.write(content)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def truncate_what_is_ahead(path: Path) -> None:
    wal = path.with_name(path.name + "-wal")
    os.truncate(wal, wal.stat().st_size // 2)


def copy_another_over_it(path: Path) -> None:
    another = path.parent / "another" / "events.db"
    with Journal.open(another) as journal:
        for number in range(101, 105):
            recorded(journal, number, at=utc_now())
    path.write_bytes(another.read_bytes())


def empty_what_is_ahead(path: Path) -> None:
    os.truncate(path.with_name(path.name + "-wal"), 0)


def damage_a_name(path: Path) -> None:
    """SQLite repeats the name in its error, which is no text then."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(content.index(b"events"))
        file.write(b"\xff\xfe")


def damage_an_index(path: Path) -> None:
    """Only reading the whole file finds it out."""
    index = (
        "SELECT rootpage * page_size FROM sqlite_master, pragma_page_size WHERE name"
    )
    ((end,),) = sql(path, f"{index} = 'events_by_name'")
    with path.open("r+b") as file:
        file.seek(cast(int, end) - 8)
        file.write(bytes(8))


DAMAGES = (overwrite, flip, truncate, empty, copy_another_over_it)
DAMAGES_AHEAD = (*DAMAGES, truncate_what_is_ahead, empty_what_is_ahead)
CHANGES = (
    *(delete, delete_alone, delete_folder, move, move_alone),
    *(replace_by_another, replace_by_no_log, delete_what_is_beside),
)


def check(log_file: LogFile) -> bool:
    """Do what the daemon does after each item when no more are waiting."""
    has_changed = log_file.check()
    log_file.remember()
    return has_changed


def get_over(log_file: LogFile) -> None:
    """Do what the daemon does, also if the log is damaged."""
    try:
        check(log_file)
    except JournalDamaged as error:
        log_file.begin_anew(error)


@posix_only("Windows lets nobody move or delete a file that is open")
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_alive_goes_into_the_file_that_is_there(
    journal: Journal,
    log_file: LogFile,
    told: list[WatcherError],
    path: Path,
    change: Callable[[Path], None],
) -> None:
    now = from_ms(to_ms(utc_now()))
    over = recorded(journal, 1, at=now - timedelta(hours=1))
    journal.expire(now)
    alive, answered = (recorded(journal, number, at=now) for number in (2, 3))
    journal.append(EventName.NOTIFIED, at=now, about=alive.about)
    journal.append(EventName.NOT_ME, at=now, about=answered.about)
    journal.append(EventName.ARMED, at=now, about=Expectation(now + MINUTE))
    journal.move_cursor("home", "INBOX", Cursor(1, 5))
    journal.put_session("home", {"state": "watching"})
    journal.put_server_clock("home", "a boot", 1.0, 2.0)
    assert not check(log_file)

    change(path)
    assert check(log_file)
    assert not check(log_file)

    with Journal.open(path) as other:
        live = {event.about.link: event.about.id for event in other.live(now)}
        assert {link_of(2), link_of(3)} <= live.keys()
        assert other.has_happened(live[link_of(2)], EventName.NOTIFIED)
        assert other.answer_to(live[link_of(3)]) is EventName.NOT_ME
        assert other.armed_until(now) is not None
        assert other.cursors("home") == {"INBOX": Cursor(1, 5)}
        assert other.sessions() == {"home": {"state": "watching"}}
        assert other.server_clock("home", "a boot") == (1.0, 2.0)
        assert other.record(new_event(2, at=now)) is None
        assert other.record(new_event(9, at=now)) is not None
        other.check()
    assert {event.about.link for event in journal.live(now)} >= {link_of(9)}
    assert len(told) == 1
    assert str(path) in str(told[0])
    assert sql(path, "PRAGMA integrity_check") == [("ok",)]
    assert over.id == 1


@posix_only("Windows lets nobody move or delete a file that is open")
def test_an_expectation_that_was_taken_back_stays_so_in_the_file_that_is_there(
    journal: Journal, log_file: LogFile, path: Path
) -> None:
    now = utc_now()
    journal.append(EventName.ARMED, at=now, about=Expectation(now + MINUTE))
    journal.append(EventName.DISARMED, at=now)
    check(log_file)

    path.unlink()
    assert check(log_file)

    assert not journal.is_armed(now)


@pytest.mark.parametrize(
    ("damage", "is_ahead"),
    [
        *((damage, True) for damage in DAMAGES_AHEAD),
        *((damage, False) for damage in (*DAMAGES, damage_a_name)),
    ],
)
def test_what_damages_the_file_under_the_program_is_found_out(
    journal: Journal,
    log_file: LogFile,
    told: list[WatcherError],
    path: Path,
    damage: Callable[[Path], None],
    *,
    is_ahead: bool,
) -> None:
    """SQLite still has in memory what it has read."""
    now = from_ms(to_ms(utc_now()))
    for number in range(1, 40):
        recorded(journal, number, at=now - timedelta(hours=1))
    journal.expire(now)
    event = recorded(journal, 40, at=now)
    if not is_ahead:
        sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    check(log_file)

    damage(path)
    for _ in range(3):
        get_over(log_file)

    assert len(told) == 1
    for _ in range(2):
        with Journal.open(path) as other:
            other.check()
            links = [one.about.link for one in other.live(now)]
            assert event.about.link in links
    assert sql(path, "PRAGMA integrity_check") == [("ok",)]


def test_damage_that_a_write_of_ours_hides_is_found_out_later(
    journal: Journal, told: list[WatcherError], path: Path
) -> None:
    clock = [1000.0]
    log_file = LogFile(journal, told.append, clock_s=lambda: clock[0])
    event = recorded(journal, at=utc_now())
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    check(log_file)

    overwrite(path)
    journal.put_session("home", {"state": "watching"})
    assert not check(log_file)
    clock[0] += VERIFY_EVERY_S

    def is_told() -> bool:
        get_over(log_file)
        return bool(told)

    eventually(is_told)
    assert len(told) == 1
    assert [one.about.link for one in journal.live(event.at)] == [event.about.link]


@pytest.mark.parametrize(
    "change",
    [
        *(f"PRAGMA user_version = {version}" for version in (0, 1, 2)),
        "UPDATE sqlite_sequence SET seq = 9223372036854775807",
        "ALTER TABLE events DROP COLUMN near",
    ],
)
def test_a_log_that_another_program_spoils_is_damaged(
    journal: Journal,
    log_file: LogFile,
    told: list[WatcherError],
    path: Path,
    change: str,
) -> None:
    event = recorded(journal, at=utc_now())
    check(log_file)
    sql(path, change)
    get_over(log_file)

    assert len(told) == 1
    assert [one.about.link for one in journal.live(event.at)] == [event.about.link]


def test_a_log_that_a_newer_version_has_taken_over_is_left_to_it(
    journal: Journal, log_file: LogFile, path: Path
) -> None:
    recorded(journal, at=utc_now())
    check(log_file)
    sql(path, "PRAGMA user_version = 99")

    for _ in range(2):
        with pytest.raises(JournalUnusable, match="newer version"):
            log_file.check()
    with pytest.raises(JournalUnusable, match="newer version"):
        log_file.begin_anew(JournalDamaged(DAMAGED, path=path, reason="no such column"))
    assert sql(path, "SELECT count(*) FROM secrets") == [(1,)]


def test_a_log_that_only_programs_write_is_not_read_as_a_whole(
    journal: Journal, log_file: LogFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(log_file)
    monkeypatch.setattr(journal, "verify", pytest.fail)

    recorded(journal, 1, at=utc_now())
    check(log_file)
    with Journal.open(path) as other:
        recorded(other, 2, at=utc_now())
        check(log_file)
    check(log_file)


def test_a_log_that_nobody_has_changed_is_not_read_as_a_whole_again(
    journal: Journal, told: list[WatcherError], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    log_file = LogFile(journal, told.append, clock_s=lambda: clock[0])
    read: list[float] = []
    monkeypatch.setattr(journal, "verification", lambda: lambda: read.append(clock[0]))
    recorded(journal, at=utc_now())

    for _ in range(4):
        clock[0] += VERIFY_EVERY_S
        check(log_file)
        eventually(lambda: bool(read))
        check(log_file)

    assert len(read) == 1


def test_while_a_long_log_is_read_as_a_whole_other_work_is_done(
    journal: Journal,
    told: list[WatcherError],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    log_file = LogFile(journal, told.append, clock_s=lambda: clock[0])
    begun, ended = threading.Event(), threading.Event()
    whole = journal.verification()

    def read_slowly() -> None:
        begun.set()
        assert ended.wait(PATIENCE_S)
        whole()

    monkeypatch.setattr(journal, "verification", lambda: read_slowly)
    recorded(journal, 1, at=utc_now())
    check(log_file)
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    journal.put_session("home", {"state": "watching"})
    clock[0] += VERIFY_EVERY_S
    assert not check(log_file)
    assert begun.wait(PATIENCE_S)
    recorded(journal, 2, at=utc_now())
    assert not check(log_file)
    assert len(journal.live(utc_now())) == 2

    overwrite(path)
    journal.put_session("home", {"state": "watching"})
    ended.set()

    def is_told() -> bool:
        get_over(log_file)
        return bool(told)

    eventually(is_told)
    assert len(journal.live(utc_now())) == 2


def test_a_long_log_is_opened_at_once_and_read_as_a_whole_behind(
    journal: Journal,
    told: list[WatcherError],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = recorded(journal, at=utc_now())
    journal.remember()
    sql(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    damage_an_index(path)
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    monkeypatch.setattr("watcher.journal.database.READ_AT_ONCE_BYTES", 0)
    with Journal.open(path) as other, pytest.raises(JournalDamaged):
        other.read_rest()

    log_file = LogFile(journal, told.append)

    def is_told() -> bool:
        with suppress(JournalDamaged):  # while it is read, Windows does not move it
            get_over(log_file)
        return bool(told)

    eventually(is_told)
    assert [one.about.link for one in journal.live(event.at)] == [event.about.link]


@posix_only("Windows lets nobody move or delete a file that is open")
@pytest.mark.parametrize("change", [delete, move, move_alone, delete_folder])
def test_an_id_stays_what_the_desktop_knows(
    journal: Journal, log_file: LogFile, path: Path, change: Callable[[Path], None]
) -> None:
    now = from_ms(to_ms(utc_now()))
    for number in range(1, 4):
        recorded(journal, number, at=now - timedelta(hours=1))
    journal.expire(now)
    event = recorded(journal, 4, at=now)
    journal.put_shown(event.id, "a handle")
    check(log_file)

    change(path)
    check(log_file)

    assert journal.live(now) == [event]
    assert journal.shown() == {event.id: "a handle"}
    assert recorded(journal, 5, at=now).id == event.id + 1


@posix_only("Windows lets nobody move or delete a file that is open")
def test_in_the_place_of_another_attempt_it_is_shown_anew(
    journal: Journal, log_file: LogFile, path: Path
) -> None:
    now = from_ms(to_ms(utc_now()))
    event = recorded(journal, 1, at=now)
    journal.put_shown(event.id, "a handle")
    check(log_file)

    replace_by_another(path)
    check(log_file)

    (ident,) = (one.id for one in journal.live(now) if one.about.link == link_of(1))
    assert ident > 4
    assert journal.shown() == {ident: ""}


@posix_only("Windows lets nobody move or delete a file that is open")
@pytest.mark.parametrize("change", [move, move_alone])
def test_a_log_that_was_moved_keeps_no_link(
    journal: Journal, log_file: LogFile, path: Path, change: Callable[[Path], None]
) -> None:
    recorded(journal, at=utc_now())
    check(log_file)

    change(path)
    check(log_file)
    journal.expire(utc_now() + timedelta(hours=1))

    everything = b"".join(
        file.read_bytes() for file in path.parent.rglob("*") if file.is_file()
    )
    assert link_of(1).encode() not in everything


def test_a_damaged_log_is_moved_away_without_its_links(
    journal: Journal, log_file: LogFile, told: list[WatcherError], path: Path
) -> None:
    now = from_ms(to_ms(utc_now()))
    event = recorded(journal, at=now)
    journal.append(EventName.NOTIFIED, at=now, about=event.about)
    check(log_file)

    log_file.begin_anew(JournalDamaged(DAMAGED, path=path, reason="test"))

    assert journal.live(now) == [event]
    assert journal.has_happened(event.id, EventName.NOTIFIED)
    (moved,) = (one for one in path.parent.glob("*.damaged-*") if one.suffix[-3] != "-")
    assert moved.name in str(told[0])
    journal.expire(now + timedelta(hours=1))
    assert link_of(1).encode() not in all_bytes(path)


def test_a_disk_that_damages_every_log_is_not_filled(
    journal: Journal, told: list[WatcherError], path: Path
) -> None:
    clock = [1000.0]
    log_file = LogFile(journal, told.append, clock_s=lambda: clock[0])
    error = JournalDamaged(DAMAGED, path=path, reason="test")
    log_file.begin_anew(error)

    with pytest.raises(JournalDamaged):
        log_file.begin_anew(error)
    clock[0] += ANEW_EVERY_S
    log_file.begin_anew(error)

    assert len(told) == 2


ODD_ATTEMPTS = (
    "device = x'00'",
    "expires_at = 'soon'",
    "expires_at = 9223372036854775807",
    "at = 1e300",
    "reasons = '{'",
    "near = CAST(x'ff' AS TEXT)",
    "kind = 'kind'",
    "attempt_id = NULL",
)


@pytest.mark.parametrize(
    "damage",
    [
        *(f"UPDATE events SET {values} WHERE id = 1" for values in ODD_ATTEMPTS),
        "UPDATE events SET event = 'zzz' WHERE id = 1",
        *(
            f"UPDATE events SET is_open = {value} WHERE id = 1"
            for value in ("0", "NULL")
        ),
        "UPDATE secrets SET secret = x'ff'",
        "DELETE FROM secrets",
        "DELETE FROM events",
    ],
)
def test_a_live_attempt_that_is_damaged_under_the_program_comes_back(
    journal: Journal,
    log_file: LogFile,
    told: list[WatcherError],
    path: Path,
    damage: str,
) -> None:
    """The program looks at what it may have to carry before anything reads it."""
    now = from_ms(to_ms(utc_now()))
    event = recorded(journal, 1, at=now)
    check(log_file)
    sql(path, damage)
    for _ in range(3):
        check(log_file)

    (found,) = journal.live(now)
    assert found.about.secret == event.about.secret
    assert len(told) == 1


@pytest.mark.parametrize("values", ODD_ATTEMPTS)
def test_an_odd_row_is_set_aside_and_told_once(
    journal: Journal,
    log_file: LogFile,
    told: list[WatcherError],
    path: Path,
    values: str,
) -> None:
    now = from_ms(to_ms(utc_now()))
    good, odd = recorded(journal, 1, at=now), recorded(journal, 2, at=now)
    check(log_file)
    sql(path, f"UPDATE events SET {values} WHERE id = {odd.id}")

    with Journal.open(path) as command, pytest.raises(JournalUnusable, match="rows"):
        command.check()
    assert journal.live(now) == [good]
    check(log_file)

    assert journal.live(now) == [good, odd]
    check(log_file)
    assert len(told) == 1
    assert f"events: {odd.id}" in str(told[0])
    assert sql(path, "SELECT count(*) FROM set_aside") == [(1,)]
    with Journal.open(path) as command:
        command.check()


def test_a_lost_link_is_refused_by_commands_and_told_without(
    journal: Journal, log_file: LogFile, path: Path
) -> None:
    now = from_ms(to_ms(utc_now()))
    recorded(journal, 1, at=now)
    sql(path, "DELETE FROM secrets")

    with Journal.open(path) as command, pytest.raises(JournalUnusable):
        command.live(now)
    (event,) = journal.live(now)
    assert (event.about.link, event.about.secret) == (None, None)
    assert not check(log_file)


@posix_only("Windows lets nobody move or delete a file that is open")
def test_the_daemon_goes_on_where_the_log_was_deleted(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "state" / "events.db")
    with watching(watch):
        watch.report()
        assert watch.await_shown().link == LINK
        delete(watch.path)
        assert "was moved, deleted or replaced" in watch.await_shown().body
        with Journal.open(watch.path) as other:
            (event,) = other.live(utc_now())
            other.append(EventName.OPENED, about=event.about, at=utc_now())
        eventually(lambda: 1 in watch.channel.withdrawn)

    assert watch.names() == ["attempt", "notified", "opened"]


def test_the_daemon_goes_on_where_the_log_is_damaged(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "state" / "events.db")
    with watching(watch):
        watch.report()
        assert watch.await_shown().link == LINK
        eventually(lambda: watch.names() == ["attempt", "notified"])
        sql(watch.path, "DROP TABLE seen")
        watch.report(left=timedelta(minutes=4))
        assert "was damaged" in watch.await_shown().body

    assert watch.names() == ["attempt", "notified"]


def test_what_is_alive_is_read_the_less_often_the_longer_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s, reads_s = 100.0, list[float]()

    class SlowFile:
        def remember(self) -> None:
            nonlocal now_s
            reads_s.append(now_s)
            now_s += 0.5

    monkeypatch.setattr("watcher.app.logwork.monotonic_s", lambda: now_s)
    work = LogWork(
        cast(LogFile, SlowFile()),
        alert_after=timedelta(0),
        on_trouble=lambda _: None,
        on_stuck=lambda _: None,
        on_changed=lambda: None,
    )
    for _ in range(12):
        work.remember()
        now_s += 1.0

    assert reads_s == [100.0, 105.5, 111.0]


def test_what_this_program_has_brought_into_the_file_is_no_reason_to_read_it_all(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 30):
        recorded(journal, number, at=NOW - timedelta(days=900))
    journal.expire(NOW)
    log_file = LogFile(journal, lambda *_: None)
    log_file.check()
    read: list[bool] = []
    monkeypatch.setattr(Journal, "verify", lambda _: read.append(True))
    while journal.prune(NOW - timedelta(days=365), at_most=5):
        log_file.check()
        journal.empty_wal()
        log_file.check()

    assert read == []
