"""The event log: each event once, leased, expired, pruned, and kept from others."""

import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cost import calls
from tests.environment import is_private
from tests.factories import (
    LINK,
    NOW,
    WINDOW,
    attempt,
    link_of,
    new_event,
    recorded,
)
from tests.fakes import IS_POSIX, posix_only
from watcher.errors import JournalBusy, JournalDamaged, JournalUnusable
from watcher.events import (
    ANSWERS,
    AccountRef,
    AnyEvent,
    Attempt,
    Cursor,
    Event,
    EventName,
    Expectation,
    Mail,
    Origin,
    Subject,
    to_fields,
    to_json,
)
from watcher.journal.database import CHECKPOINT_PAGES, Database
from watcher.journal.log import DELIVERY_LEASE, Journal
from watcher.journal.reader import PAGE, JournalReader
from watcher.journal.rows import (
    ABOUT,
    COLUMNS,
    OddRow,
    from_ms,
    from_row,
    mask,
    to_row,
)
from watcher.journal.schema import FORMAT
from watcher.recognition import limits
from watcher.recognition.claim import Claim, Kind

PROJECT = Path(__file__).parent.parent
SYNC = "PRAGMA synchronous = "
KILLS = 24
PAGE_SIZE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as journal:
        yield journal


def sql(path: Path, statement: str) -> list[tuple[object, ...]]:
    """Do it behind the log's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")  # not every SQLite's default
        return connection.execute(statement).fetchall()


def all_bytes(path: Path) -> bytes:
    """Return what lies in the log's folder, write-ahead log included."""
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_a_new_log_is_its_owners_alone(journal: Journal, path: Path) -> None:
    recorded(journal)

    assert all(map(is_private, path.parent.iterdir()))
    assert is_private(path.parent)


def test_a_log_that_others_could_read_is_closed_to_them(path: Path) -> None:
    with Journal.open(path) as journal:
        recorded(journal)
    path.chmod(0o644)

    with Journal.open(path):
        assert is_private(path)


def test_an_attempt_is_one_event_for_ever(journal: Journal, path: Path) -> None:
    event = recorded(journal)

    assert journal.record(new_event()) is None
    with Journal.open(path) as another:
        assert another.record(new_event(at=NOW + timedelta(days=300))) is None
        assert list(another.events()) == [event]


def test_one_key_in_common_makes_two_mails_one_attempt(journal: Journal) -> None:
    journal.record(new_event(1, keys=("message", "link")))

    assert journal.record(new_event(2, keys=("other", "link"))) is None
    assert journal.record(new_event(3, keys=("message",))) is None
    assert journal.record(new_event(4, keys=("other",))) is not None


def test_a_proof_that_came_later_goes_on_with_the_same_attempt(
    journal: Journal,
) -> None:
    first = journal.record(new_event(1, event=EventName.UNVERIFIED, keys=("u",)))
    second = journal.record(new_event(1, keys=("a",), predecessors=("u",)))

    assert first is not None
    assert second is not None
    assert (first.about.id, second.about.id) == (first.id, first.id)
    assert journal.live(NOW) == [second]


def test_what_goes_in_comes_out_the_same(journal: Journal) -> None:
    event = recorded(journal)

    assert list(journal.events()) == [event]
    assert journal.live(NOW) == [event]
    assert event.about.link == link_of(1)


instants = st.integers(0, 2**41).map(from_ms)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_words = st.none() | words
numbers = st.integers(0, 2**32 - 1)
mail_fields = {
    "id": st.integers(1, 7),
    "origin": st.builds(
        Origin, account=words, mailbox=words, uid_validity=numbers, uid=numbers
    ),
    "message_id": maybe_words,
    "received_at": instants,
}
claims = st.builds(
    Claim,
    store=maybe_words,
    language=st.none(),
    attempted_at=st.none() | instants,
    device=maybe_words,
    near=maybe_words,
)
attempts = st.builds(
    Attempt,
    **mail_fields,
    claim=claims,
    expires_at=instants,
    kind=st.none() | st.sampled_from(Kind),
    secret=st.none(),
)
about: dict[object, st.SearchStrategy[Subject]] = {
    Attempt: attempts,
    Mail: st.builds(Mail, **mail_fields),
    AccountRef: st.builds(AccountRef, words),
    Expectation: st.builds(Expectation, instants),
    None: st.none(),
}


def events_of(name: EventName) -> st.SearchStrategy[AnyEvent]:
    """Return events of a name, about what it may be about."""
    unknown = attempts.map(lambda one: replace(one, kind=Kind.UNKNOWN))
    details = st.sampled_from(EventName) if name is EventName.EXPIRED else words
    subjects = about[ABOUT[name]] if name in ABOUT else st.one_of(*about.values())
    return st.builds(
        Event,
        id=st.just(7),
        at=instants,
        event=st.just(name),
        about=unknown if name is EventName.ATTEMPT else subjects,
        reasons=st.lists(words).map(tuple),
        detail=st.none() | details,
    )


events = st.sampled_from(EventName).flatmap(events_of)


def test_no_foreign_text_is_longer_in_a_line_than_a_line_of_mail() -> None:
    long = "長" * 5000
    shown = attempt(recipient=long)
    about = replace(
        shown, message_id=long, origin=replace(shown.origin, mailbox=long), secret=None
    )
    event = Event(id=1, at=NOW, event=EventName.OPEN_FAILED, about=about, detail=long)

    texts = [text for text in to_fields(event).values() if isinstance(text, str)]
    assert max(map(len, texts)) == limits.LOGGED
    assert len(to_json(event, NOW)) < 4 * limits.LOGGED
    assert len(repr(to_row(event))) < 5 * limits.LOGGED


@given(events)
def test_a_row_is_the_event_that_was_put_into_it(event: AnyEvent) -> None:
    assert from_row((event.id, *to_row(event), None)) == event


def test_a_link_is_masked_up_to_its_token_and_a_code_altogether() -> None:
    assert mask(link_of(1)) == "https://www.amazon.co.jp/a/c/r/…"
    assert mask("271828") == "…"


@pytest.mark.parametrize("written", [link_of(1), "https://evil.example/", "271828", ""])
def test_a_secret_where_only_its_mask_may_stand_is_odd(written: str) -> None:
    """Nobody would take it away at its end, and it was never recognised."""
    event = Event(id=1, at=NOW, event=EventName.ATTEMPT, about=attempt())
    row = [written if one == mask(LINK) else one for one in to_row(event)]

    assert from_row((1, *to_row(event), LINK)) == event
    for live in (None, LINK):
        with pytest.raises(OddRow):
            from_row((1, *row, live))


def test_only_the_table_of_secrets_holds_the_link(journal: Journal, path: Path) -> None:
    event = recorded(journal)
    journal.append(EventName.NOTIFIED, about=event.about, at=NOW, detail="terminal")

    with closing(sqlite3.connect(path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert dump.count(link_of(1)) == 1
    rows = sql(path, "SELECT masked FROM events")
    assert rows == [(mask(link_of(1)),)] * 2


def test_at_expiry_link_and_code_leave_every_file(journal: Journal, path: Path) -> None:
    recorded(journal, 1)
    recorded(journal, 2, at=NOW + timedelta(minutes=1))
    held = all_bytes(path)

    (expired,) = journal.expire(NOW + WINDOW)
    left = all_bytes(path)

    assert expired.id == 1
    assert journal.has_happened(1, EventName.EXPIRED)
    assert link_of(1).encode() in held
    assert link_of(1).encode() not in left
    assert link_of(2).encode() in left
    assert journal.expire(NOW + WINDOW) == []
    links = {to_fields(one)["secret"] for one in journal.events() if one.id != 2}
    assert links == {mask(link_of(1))}


def test_what_a_killed_program_left_of_a_secret_goes_with_the_next_expiry(
    path: Path,
) -> None:
    """It may die between the deletion and the emptying of the write-ahead log."""
    with Journal.open(path) as journal, Journal.open(path) as other:
        journal.append(EventName.EXPIRED, at=NOW, about=recorded(journal).about)
        sql(path, "DELETE FROM secrets")
        assert link_of(1).encode() in all_bytes(path)

        assert other.expire(NOW + WINDOW) == []

        assert link_of(1).encode() not in all_bytes(path)


def test_a_reader_holds_a_secret_up_no_longer_than_it_reads(
    journal: Journal, path: Path
) -> None:
    recorded(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        journal.expire(NOW + WINDOW)
        journal.checkpoint()
        assert link_of(1).encode() in all_bytes(path)

    journal.checkpoint()

    assert link_of(1).encode() not in all_bytes(path)


def test_what_is_over_stays_over_when_the_clock_goes_back(journal: Journal) -> None:
    recorded(journal)
    journal.expire(NOW + WINDOW)

    assert journal.live(NOW) == []


def test_only_one_program_may_notify_of_an_attempt(journal: Journal) -> None:
    attempt_id = recorded(journal).id

    assert journal.acquire_lease(attempt_id, NOW)
    assert not journal.acquire_lease(attempt_id, NOW + DELIVERY_LEASE / 2)
    assert journal.acquire_lease(attempt_id, NOW + DELIVERY_LEASE)


def test_nobody_may_notify_of_what_was_shown(journal: Journal) -> None:
    event = recorded(journal)
    assert journal.unnotified(NOW, 3) == [event]

    journal.append(EventName.NOTIFIED, about=event.about, at=NOW)

    assert not journal.acquire_lease(event.id, NOW + DELIVERY_LEASE)
    assert journal.unnotified(NOW, 3) == []


def test_two_programs_on_a_new_log_lose_nothing_and_repeat_nothing(path: Path) -> None:
    start = threading.Barrier(4)

    def write(_: int) -> int:
        start.wait()
        with Journal.open(path) as journal:
            return sum(
                journal.record(new_event(number)) is not None for number in range(20)
            )

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(write, range(4)))

    assert sum(counts) == 20
    with Journal.open(path) as journal:
        assert len(list(journal.events())) == 20


def test_kill_9_at_any_moment_loses_nothing_that_was_told(path: Path) -> None:
    """Each writer dies in the midst of what follows the line that it just told."""
    told = 0
    for _ in range(KILLS):
        told = _killed_writer(path, first=told + 2, lines=random.randint(0, 12)) or told
        with Journal.open(path) as journal:
            logged = {to_fields(event)["uid"] for event in journal.events()}
            known = {event.id for event in journal.live(NOW)}
            assert told in logged | {0}
            assert len(known) == len(logged)

    assert sql(path, "PRAGMA integrity_check") == [("ok",)]


def _killed_writer(path: Path, *, first: int, lines: int) -> int | None:
    """Return the last number that a writer told before it was killed."""
    writer = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.subprograms",
            "write_journal",
            str(path),
            str(first),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    with writer.stdout as told:
        numbers = [int(told.readline()) for _ in range(lines)]
        writer.kill()
        numbers += [int(line) for line in told if line.endswith("\n")]
    writer.wait()
    return numbers[-1] if numbers else None


def test_old_events_go_and_with_them_what_they_are_known_by(journal: Journal) -> None:
    recorded(journal, 1)
    young = recorded(journal, 2, at=NOW + timedelta(days=2))

    journal.prune(NOW + timedelta(days=1))

    assert list(journal.events()) == [young]
    assert journal.record(new_event(2)) is None
    assert journal.record(new_event(1)) is not None


def test_an_id_is_never_given_twice(journal: Journal) -> None:
    recorded(journal, 1)
    journal.prune(NOW + timedelta(days=1))

    assert recorded(journal, 2).id == 2


def test_a_long_log_comes_page_by_page_and_whole(journal: Journal) -> None:
    count = PAGE + 3
    for _ in range(count):
        journal.append(EventName.STARTED, at=NOW)

    assert [event.id for event in journal.events()] == list(range(1, count + 1))
    assert [event.id for event in journal.last(2)] == [count - 1, count]
    assert [event.id for event in journal.events(after_id=count - 1)] == [count]


def test_events_are_told_since_an_instant(journal: Journal) -> None:
    recorded(journal, 1)
    young = recorded(journal, 2, at=NOW + timedelta(hours=1))

    assert list(journal.events(since=NOW + timedelta(hours=1))) == [young]


def test_cursors_and_states_of_sessions_outlive_the_program(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.move_cursor("home", "INBOX", Cursor(1, 5))
        journal.move_cursor("home", "INBOX", Cursor(1, 9))
        journal.move_cursor("work", "INBOX", Cursor(2, 3))
        journal.put_session("home", {"state": "watching"})

    with Journal.open(path) as journal:
        assert journal.cursors("home") == {"INBOX": Cursor(1, 9)}
        assert journal.sessions() == {"home": {"state": "watching"}}


def test_a_log_of_a_newer_version_is_left_alone(path: Path) -> None:
    with Journal.open(path):
        assert path.exists()
    sql(path, f"PRAGMA user_version = {FORMAT + 1}")
    before = path.read_bytes()

    for door in (Journal.open, JournalReader.read):
        with pytest.raises(JournalUnusable, match="newer version"):
            door(path)
    assert path.read_bytes() == before


_SINCE_3 = (
    *(
        f"ALTER TABLE {table} DROP COLUMN {column}"
        for table in ("events", "deliveries")
        for column in ("boot", "at_boot")
    ),
    "ALTER TABLE deliveries DROP COLUMN is_daemon",
)
_SINCE_4 = (
    *(
        f"DROP TRIGGER {name}"
        for name in ("attempt_begins", "attempt_ends", "boot_inserted", "boot_updated")
    ),
    *(
        f"DROP INDEX {name}"
        for name in ("events_open", "events_arming", "events_odd", "seen_by_attempt")
    ),
    "DROP TABLE boots",
    "ALTER TABLE events DROP COLUMN is_open",
)
_SINCE_5 = ("DROP TRIGGER event_deleted", "DROP TABLE untold")
OLDER = {
    1: (
        *_SINCE_5,
        *_SINCE_4,
        *_SINCE_3,
        "DROP TABLE shown",
        "DROP TABLE clocks",
        "ALTER TABLE events DROP COLUMN recipient",
        "ALTER TABLE events DROP COLUMN is_deadline_known",
        "PRAGMA user_version = 1",
    ),
    2: (*_SINCE_5, *_SINCE_4, *_SINCE_3, "PRAGMA user_version = 2"),
    3: (*_SINCE_5, *_SINCE_4, "PRAGMA user_version = 3"),
    4: (*_SINCE_5, "PRAGMA user_version = 4"),
}
"""What makes an older format of this one."""


@pytest.mark.parametrize("open_log", [Journal.open, JournalReader.read])
@pytest.mark.parametrize("older", OLDER)
def test_a_log_of_an_older_format_goes_on_whole(
    path: Path, open_log: Callable[[Path], Journal], older: int
) -> None:
    with Journal.open(path) as journal:
        over = recorded(journal, 1, at=NOW - WINDOW)
        journal.expire(NOW)
        attempt_id = recorded(journal, 2).id
        assert journal.acquire_lease(attempt_id, NOW)
        before = list(journal.events())
    for statement in OLDER[older]:
        sql(path, statement)
    if older < 4:  # it keeps leases of what is over
        lease = f"INSERT INTO deliveries (attempt_id, claimed_at) VALUES ({over.id}, 1)"
        sql(path, lease)

    with open_log(path) as journal:
        assert list(journal.events()) == before
        assert [event.id for event in journal.live(NOW)] == [attempt_id]
        assert journal.shown() == {}
    assert sql(path, "SELECT attempt_id FROM deliveries") == [(attempt_id,)]
    assert sql(path, "PRAGMA user_version") == [(FORMAT,)]
    with Journal.open(path) as journal:
        assert not journal.acquire_lease(attempt_id, NOW)


def test_what_an_older_program_still_writes_counts(
    journal: Journal, path: Path
) -> None:
    """It knows nothing of the column that tells live attempts from the others."""
    columns = COLUMNS.replace(" event,", "")
    selected = columns.replace("attempt_id", "{}", 1)

    def write(name: EventName, attempt_id: int) -> list[int]:
        sql(
            path,
            f"INSERT INTO events (event, {columns}) SELECT '{name}', "
            f"{selected.format(attempt_id)} FROM events WHERE id = {event.id}",
        )
        return [one.id for one in journal.live(NOW)]

    event = recorded(journal)
    sql(path, "DELETE FROM secrets")
    sql(
        path, f"UPDATE events SET kind = 'unknown', masked = NULL WHERE id = {event.id}"
    )

    assert write(EventName.ATTEMPT, 2) == [1, 2]
    assert write(EventName.EXPIRED, 1) == [2]
    assert write(EventName.ATTEMPT, 1) == [2]  # that one is over
    assert write(EventName.EXPIRED, 2) == []


# Answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_was_answered_is_not_unanswered_and_not_to_be_shown(
    journal: Journal, answer: EventName
) -> None:
    answered, other = recorded(journal, 1), recorded(journal, 2)
    journal.append(answer, at=NOW, about=answered.about)

    assert journal.live(NOW) == [answered, other]
    assert journal.unanswered(NOW) == [other]
    assert journal.unnotified(NOW, 3) == [other]


def test_a_failure_and_a_reminder_are_no_answer(journal: Journal) -> None:
    event = recorded(journal)
    for name in (EventName.NOTIFIED, EventName.REMINDED, EventName.OPEN_FAILED):
        journal.append(name, at=NOW, about=event.about)

    assert journal.unanswered(NOW) == [event]
    assert journal.answer_to(event.id) is None


def test_the_first_answer_is_the_answer_and_the_expiry_tells_it(
    journal: Journal,
) -> None:
    event = recorded(journal)
    for name in (EventName.NOT_ME, EventName.OPENED):
        journal.append(name, at=NOW, about=event.about)
    journal.expire(NOW + WINDOW)

    assert journal.answer_to(event.id) is EventName.NOT_ME
    assert next(journal.last(1)).detail == "not_me"


def test_the_time_in_which_a_sign_in_is_expected_ends(journal: Journal) -> None:
    journal.append(EventName.ARMED, at=NOW, about=Expectation(NOW + WINDOW))

    assert journal.is_armed(NOW)
    assert not journal.is_armed(NOW + WINDOW)


def test_handles_of_the_desktop_are_kept_until_nothing_is_shown(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.put_shown(1, "a")
        journal.put_shown(1, "b")
        journal.put_shown(-7, "c")
        journal.put_shown(-7, None)

    with Journal.open(path) as journal:
        assert journal.shown() == {1: "b"}


def test_what_is_logged_is_told_once_it_is_stored(path: Path) -> None:
    told: list[AnyEvent] = []
    with Journal.open(path, told.append) as journal:
        event = recorded(journal)
        assert journal.record(new_event(1)) is None
        journal.append(EventName.NOTIFIED, at=NOW, about=event.about)
        journal.expire(NOW + WINDOW)
        logged = [(event.id, event.event) for event in journal.events()]

    assert [(event.id, event.event) for event in told] == logged


def test_what_could_not_be_stored_is_not_told(path: Path) -> None:
    told: list[AnyEvent] = []
    with Journal.open(path, told.append) as journal:
        trigger = "CREATE TRIGGER no BEFORE INSERT ON seen BEGIN SELECT %s; END"
        sql(path, trigger % "RAISE(FAIL, 'x')")
        with pytest.raises(JournalUnusable):
            recorded(journal)

    assert told == []


def test_what_is_no_log_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("Dear diary,\n" * 100)

    with pytest.raises(JournalUnusable, match="no log of watcher"):
        Journal.open(path)
    assert path.read_text() == "Dear diary,\n" * 100


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    sql(path, "CREATE TABLE events (id INTEGER)")

    with pytest.raises(JournalUnusable, match="no log of watcher"):
        Journal.open(path)
    assert sql(path, "SELECT name FROM sqlite_master") == [("events",)]


@pytest.mark.parametrize("door", [Journal.open, JournalReader.read])
def test_an_index_that_would_hide_rows_is_damage(
    journal: Journal, path: Path, door: Callable[[Path], Journal]
) -> None:
    event = recorded(journal)
    journal.append(EventName.NOT_ME, at=NOW, about=event.about)
    journal.__exit__()
    index = "SELECT rootpage FROM sqlite_master WHERE name = 'events_by_attempt'"
    ((root,),), ((size,),) = sql(path, index), sql(path, "PRAGMA page_size")
    content, start = path.read_bytes(), (int(str(root)) - 1) * int(str(size))
    place = content.index(b"not_me", start, start + int(str(size)))
    path.write_bytes(content[:place] + b"not_mf" + content[place + 6 :])

    with pytest.raises(JournalDamaged, match="damaged"):
        door(path)


def test_a_folder_in_the_place_of_the_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="is a link, a device, a folder"):
        Journal.open(tmp_path)


@posix_only("devices, links and owners")
def test_what_is_no_file_of_ours_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = tmp_path / "events.db", tmp_path / "target"
    target.write_text("precious")
    target.chmod(0o644)
    path.symlink_to(target)
    refused = [path, Path(os.devnull)]
    if target.stat().st_uid:
        monkeypatch.setattr(os, "geteuid", lambda: target.stat().st_uid + 1)
        refused.append(target)
    before = [one.stat().st_mode for one in refused]

    for one in refused:
        with pytest.raises(JournalUnusable, match="is a link, a device, a folder"):
            Journal.open(one)

    assert [one.stat().st_mode for one in refused] == before
    assert target.read_text() == "precious"


def test_another_programs_database_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir(parents=True)
    sql(path, "CREATE TABLE bookmarks (url)")
    path.chmod(0o644)
    before = path.read_bytes()

    for version in (0, FORMAT):
        with pytest.raises(JournalDamaged, match="no log of watcher"):
            Journal.open(path)
        assert not (IS_POSIX and is_private(path))
        assert path.read_bytes() == before
        sql(path, f"PRAGMA user_version = {version or FORMAT}")
        before = path.read_bytes()


@posix_only("file modes")
def test_a_log_that_others_could_replace_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o777)
    with pytest.raises(JournalUnusable, match=f"chmod go-w '{path.parent}'"):
        Journal.open(path)
    assert not path.exists()
    path.parent.chmod(0o1777)

    with Journal.open(path):
        assert path.exists()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(JournalUnusable, match="cannot be opened"):
        Journal.open(tmp_path / "state" / "events.db")


def test_a_log_that_is_not_there_yet_reads_as_none(path: Path) -> None:
    assert JournalReader.read(path) is None


def test_a_log_that_is_just_being_made_reads_as_none(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert JournalReader.read(path) is None

    sql(path, "PRAGMA journal_mode = WAL")
    assert JournalReader.read(path) is None


def test_a_reader_cannot_write(journal: Journal, path: Path) -> None:
    recorded(journal)
    database = Database.read(path)

    assert database is not None
    with closing(database), pytest.raises(JournalUnusable):
        database.query("DELETE FROM events")


def test_a_full_disk_loses_nothing_and_ends_with_room(path: Path) -> None:
    database = Database.open(path)
    database.query("PRAGMA max_page_count = 20")
    with Journal(database) as journal:
        with pytest.raises(JournalBusy, match="Make room on the disk"):
            _fill(journal)
        logged = list(journal.events())

    with Journal.open(path) as journal:
        assert list(journal.events()) == logged
        recorded(journal, len(logged) + 1)


def _fill(journal: Journal) -> None:
    for number in range(1, 1000):
        recorded(journal, number)


MS = timedelta(milliseconds=1)
DAY = timedelta(days=1)


def armed(journal: Journal, until: datetime) -> None:
    journal.append(EventName.ARMED, at=NOW, about=Expectation(until))


def test_pruning_deletes_leases_keys_and_secrets_of_old_attempts_alone(
    journal: Journal, path: Path
) -> None:
    old, young = recorded(journal, 1), recorded(journal, 2, at=NOW + DAY)
    for event in (old, young):
        assert journal.acquire_lease(event.id, NOW)

    journal.prune(NOW + DAY)

    assert list(journal.events()) == [young]
    assert sql(path, "SELECT attempt_id FROM deliveries") == [(young.id,)]
    assert sql(path, "SELECT attempt_id FROM secrets") == [(young.id,)]
    assert sql(path, "SELECT key FROM seen") == [("key 2",)]


def test_an_attempt_of_which_something_is_left_keeps_its_key(
    journal: Journal, path: Path
) -> None:
    event = recorded(journal)
    journal.append(EventName.OPENED, about=event.about, at=NOW + DAY)

    journal.prune(NOW + DAY)

    assert [one.event for one in journal.events()] == [EventName.OPENED]
    assert sql(path, "SELECT key FROM seen") == [("key 1",)]


def test_some_are_pruned_at_once_the_oldest_first(journal: Journal) -> None:
    for days in range(5):
        journal.append(EventName.STARTED, at=NOW + days * DAY)

    ids: list[list[int]] = []
    while journal.prune(NOW + 4 * DAY, at_most=2):
        ids.append([event.id for event in journal.events()])

    assert ids == [[3, 4, 5], [5]]


def test_an_event_without_attempt_keeps_no_key(journal: Journal, path: Path) -> None:
    recorded(journal)
    journal.append(EventName.STARTED, at=NOW + DAY)

    journal.prune(NOW + DAY)

    assert sql(path, "SELECT key FROM seen") == []


def test_the_newest_word_on_arming_counts_not_the_latest_end(journal: Journal) -> None:
    assert journal.armed_until(NOW) is None
    armed(journal, NOW + 2 * WINDOW)
    armed(journal, NOW + WINDOW)
    recorded(journal, at=NOW + DAY)

    assert journal.armed_until(NOW) == NOW + WINDOW


def test_who_expects_no_sign_in_any_more_is_not_armed_until_the_next_word(
    journal: Journal,
) -> None:
    armed(journal, NOW + WINDOW)
    journal.append(EventName.DISARMED, at=NOW)
    recorded(journal)

    assert journal.armed_until(NOW) is None
    armed(journal, NOW + WINDOW)
    assert journal.is_armed(NOW)


def test_a_lease_is_void_at_the_end_of_its_lease_and_not_before(
    journal: Journal,
) -> None:
    event = recorded(journal)

    assert journal.acquire_lease(event.id, NOW)
    assert not journal.acquire_lease(event.id, NOW + DELIVERY_LEASE - MS)
    assert journal.acquire_lease(event.id, NOW + DELIVERY_LEASE)
    assert not journal.acquire_lease(event.id, NOW + 2 * DELIVERY_LEASE - MS)
    journal.append(EventName.NOTIFIED, about=event.about, at=NOW)
    assert not journal.acquire_lease(event.id, NOW + DAY)


def test_voided_leases_can_be_made_anew(journal: Journal) -> None:
    events = [recorded(journal, number) for number in (1, 2)]
    for event in events:
        assert journal.acquire_lease(event.id, NOW)

    journal.void_leases()

    assert all(journal.acquire_lease(event.id, NOW) for event in events)


def test_an_attempt_expires_once_at_its_instant_and_loses_secret_and_lease_alone(
    journal: Journal, path: Path
) -> None:
    first, second = recorded(journal, 1), recorded(journal, 2, at=NOW + MS)
    assert all(journal.acquire_lease(one.id, NOW) for one in (first, second))
    assert journal.expire(NOW + WINDOW - MS) == []
    assert journal.live(NOW + WINDOW - MS)[0] == first

    (expired,) = journal.expire(NOW + WINDOW)

    *_, logged = journal.events()
    assert (logged.event, logged.at) == (EventName.EXPIRED, NOW + WINDOW)
    assert (logged.id, expired.id) == (3, first.id)
    assert sql(path, "SELECT secret FROM secrets") == [(link_of(2),)]
    assert sql(path, "SELECT attempt_id FROM deliveries") == [(2,)]
    assert journal.expire(NOW + WINDOW) == []
    assert [event.id for event in journal.live(NOW)] == [2]


def test_an_attempt_is_not_live_at_its_end(journal: Journal) -> None:
    recorded(journal)

    assert journal.live(NOW + WINDOW) == journal.unnotified(NOW + WINDOW, 3) == []


def test_the_checkpoint_is_retried_only_while_it_is_owed(
    journal: Journal, path: Path
) -> None:
    recorded(journal)
    wal = path.with_name(path.name + "-wal")
    journal.checkpoint()
    assert wal.stat().st_size > 0
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM events").fetchall()
        journal.expire(NOW + WINDOW)
        assert wal.stat().st_size > 0
    journal.checkpoint()
    assert wal.stat().st_size == 0


def test_no_write_has_a_long_write_ahead_log_to_empty(
    journal: Journal, path: Path
) -> None:
    wal = path.with_name(path.name + "-wal")
    for number in range(1, 200):
        recorded(journal, number)

    assert 0 < wal.stat().st_size < 2 * CHECKPOINT_PAGES * PAGE_SIZE


def test_what_is_pruned_waits_for_no_disk_and_all_else_does(
    journal: Journal, path: Path
) -> None:
    wal = path.with_name(path.name + "-wal")
    for number in range(1, 200):
        recorded(journal, number)
    journal.empty_wal()
    statements: list[str] = []
    journal._database._connection.set_trace_callback(statements.append)
    while journal.prune(NOW + timedelta(days=1)):
        pass
    pruned = wal.stat().st_size
    deleting = [one for one in statements if one.startswith(("PRAGMA sync", "COMMIT"))]

    assert deleting[:3] == [f"{SYNC}NORMAL", "COMMIT", f"{SYNC}FULL"]
    assert journal._database.query("PRAGMA synchronous") == [(2,)]
    assert pruned > CHECKPOINT_PAGES * PAGE_SIZE  # it empties nothing by itself
    journal.empty_wal()
    journal.append(EventName.STARTED, at=NOW)
    assert wal.stat().st_size == pruned  # begun again from its front


def test_nothing_of_what_is_over_is_left_in_memory(journal: Journal) -> None:
    recorded(journal)
    journal.live(NOW)
    journal.remember()
    assert journal._from_row.cache_info().currsize

    journal.expire(NOW + WINDOW)

    assert not journal._from_row.cache_info().currsize


def test_live_attempts_come_oldest_first_behind_an_id(journal: Journal) -> None:
    first, second, third = (recorded(journal, number) for number in (1, 2, 3))

    assert journal.live(NOW) == [first, second, third]
    assert journal.live(NOW, after_id=first.id) == [second, third]


def test_only_what_was_not_shown_is_unnotified(journal: Journal) -> None:
    shown, failed = recorded(journal, 1), recorded(journal, 2)
    journal.append(EventName.NOTIFIED, about=shown.about, at=NOW)
    journal.append(EventName.NOTIFY_FAILED, about=failed.about, at=NOW)

    assert journal.unnotified(NOW, 3) == [failed]


def test_the_newest_may_be_asked_for_of_one_account(journal: Journal) -> None:
    ours, theirs = recorded(journal, 1), recorded(journal, 2, account="work")

    for ask in (journal.newest_pending, journal.unnotified):
        assert ask(NOW, 3) == [ours, theirs]
        assert ask(NOW, 3, "work") == [theirs]


def test_the_session_of_one_account_is_read_alone(journal: Journal) -> None:
    for account in ("home", "work"):
        journal.put_session(account, {"error": {"en": account}})
    few = calls(lambda: journal.session("work"))
    for number in range(20):
        journal.put_session(f"another {number}", {})

    assert journal.session("work") == {"error": {"en": "work"}}
    assert journal.session("nobody") == {}
    assert calls(lambda: journal.session("work")) == few


def test_events_are_counted_by_name_within_a_time_that_ends_now(
    journal: Journal,
) -> None:
    for at in (NOW - WINDOW - MS, NOW - WINDOW, NOW, NOW + DAY):
        journal.append(EventName.STARTED, at=at)
    journal.append(EventName.STOPPED, at=NOW)

    assert journal.count(EventName.STARTED, NOW, WINDOW) == 2
    assert journal.count(EventName.BLIND, NOW, WINDOW) == 0


def test_what_a_known_mail_brings_is_not_logged(journal: Journal, path: Path) -> None:
    recorded(journal)
    again = new_event(2, keys=("new key", "key 1"))

    assert journal.record(again) is None

    assert sql(path, "SELECT key FROM seen") == [("key 1",)]
    assert sql(path, "SELECT secret FROM secrets") == [(link_of(1),)]
    assert len(list(journal.events())) == 1


def test_a_predecessor_gives_its_attempt_and_is_not_a_key(journal: Journal) -> None:
    first = journal.record(new_event(1, event=EventName.UNVERIFIED, keys=("u",)))
    second = journal.record(new_event(2, keys=("a",), predecessors=("none", "u")))
    third = journal.record(new_event(3, keys=("b",), predecessors=("none",)))

    assert first is not None
    assert second is not None
    assert third is not None
    assert (second.id, second.about.id) == (2, first.id)
    assert (third.id, third.about.id) == (3, 3)


def test_what_happens_next_keeps_the_subject(journal: Journal) -> None:
    event = recorded(journal)
    later = NOW + MS

    journal.append(EventName.OPENED, about=event.about, at=later, detail="browser")

    _, opened = journal.events()
    assert opened == Event(
        id=2, at=later, event=EventName.OPENED, about=event.about, detail="browser"
    )
    assert journal.has_happened(event.id, EventName.OPENED)
    assert not journal.has_happened(event.id, EventName.NOT_ME)


def test_the_newest_state_and_cursor_of_each_account_count(journal: Journal) -> None:
    for account, uid in (("home", 1), ("home", 2), ("work", 3)):
        journal.put_session(account, {"uid": uid})
        journal.move_cursor(account, "INBOX", Cursor(7, uid))

    assert journal.sessions() == {"home": {"uid": 2}, "work": {"uid": 3}}
    assert journal.cursors("home") == {"INBOX": Cursor(7, 2)}
    assert journal.cursors("nobody") == {}


def test_a_secret_is_masked_outside_its_table(journal: Journal, path: Path) -> None:
    recorded(journal)

    masked = "https://www.amazon.co.jp/a/c/r/…"
    assert sql(path, "SELECT masked FROM events") == [(masked,)]
    assert sql(path, "SELECT secret FROM secrets") == [(link_of(1),)]
