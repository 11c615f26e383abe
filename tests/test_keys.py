"""Keys from DNS: kept for their TTL, and one question at a time while DNS fails."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import dns.rcode
import pytest

from tests.sample_mails import record, rsa_key
from tests.servers import TTL_S, NameServer, lookup_at, serving_dns
from watcher import keys
from watcher.errors import Unreachable
from watcher.keys import RETRY_S, Lookup, dns_keys
from watcher.name_server import NameServer as Server

NAME = "test._domainkey.amazon.co.jp"
OTHER = "test._domainkey.amazon.com"
KEY = record(rsa_key(2048))
SHORT = timedelta(milliseconds=150)
LONG = timedelta(seconds=5)
DAY_S = 86400.0
HOUR_S = 3600.0
NO_SERVER = Server("127.0.0.1", 9)
UNREACHABLE = Server("255.255.255.255", 53)
"""To which no socket may send."""


@dataclass(slots=True)
class Clock:
    """A boot clock that goes on when a test says so."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def names() -> Iterator[NameServer]:
    with serving_dns({NAME: KEY, OTHER: record()}) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def selector(number: int) -> str:
    return f"s{number}._domainkey.amazon.co.jp"


def fails(lookup: Lookup, name: str) -> bool:
    try:
        lookup(name)
    except Unreachable:
        return True
    return False


def test_key_is_fetched_in_pieces_and_kept_for_its_ttl(
    names: NameServer, clock: Clock
) -> None:
    lookup = lookup_at(names, LONG, clock)

    assert [lookup(NAME), lookup(NAME)] == [KEY] * 2
    clock.now_s += TTL_S - 1
    assert lookup(NAME) == KEY
    assert names.questions == [f"{NAME}."]
    clock.now_s += 1
    assert lookup(NAME) == KEY
    assert names.questions == [f"{NAME}."] * 2


def test_key_without_a_life_is_fetched_anew(names: NameServer) -> None:
    names.ttl_s = 0
    lookup = lookup_at(names, LONG)

    assert [lookup(OTHER), lookup(OTHER)] == [record()] * 2
    assert len(names.questions) == 2


def test_key_is_kept_for_an_hour_at_most(names: NameServer, clock: Clock) -> None:
    names.ttl_s = 10 * int(DAY_S)
    lookup = lookup_at(names, LONG, clock)
    lookup(NAME)
    clock.now_s += HOUR_S
    lookup(NAME)

    assert len(names.questions) == 2


def test_a_kept_key_is_asked_for_anew_once_in_a_minute(
    names: NameServer, clock: Clock
) -> None:
    names.ttl_s = int(HOUR_S)
    keys = dns_keys([names.endpoint], LONG, now_s=clock)
    assert [keys.find(NAME), keys.find_anew(NAME)] == [KEY] * 2
    assert len(names.questions) == 1

    names.records = {NAME: record()}
    clock.now_s += 60
    assert keys.find(NAME) == KEY
    assert [keys.find_anew(NAME), keys.find_anew(NAME)] == [record()] * 2
    assert keys.find(NAME) == record()
    assert len(names.questions) == 2


def test_a_kept_key_is_no_new_one_where_dns_is_silent(
    names: NameServer, clock: Clock
) -> None:
    keys = dns_keys([names.endpoint], SHORT, now_s=clock)
    keys.find(NAME)
    names.is_silent = True
    clock.now_s += 60

    assert fails(keys.find_anew, NAME)
    assert keys.find(NAME) == KEY


def test_absence_of_a_key_is_kept_for_a_minute(names: NameServer, clock: Clock) -> None:
    lookup = lookup_at(names, LONG, clock)
    assert [lookup(selector(1)), lookup(selector(1))] == [None] * 2
    assert len(names.questions) == 1
    clock.now_s += 60

    names.records = {selector(1): KEY}
    assert lookup(selector(1)) == KEY


def test_step_of_the_wall_clock_keeps_nothing_longer(
    names: NameServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dnspython's own cache counts by it: an absence would be kept for a day."""
    lookup = lookup_at(names, LONG, clock)
    lookup(selector(1))
    lookup(NAME)
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() - DAY_S)
    clock.now_s += 61

    names.records = {selector(1): KEY}
    assert lookup(selector(1)) == KEY
    assert lookup(NAME) is None


def test_step_of_the_wall_clock_ends_nothing_sooner(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = dns_keys([names.endpoint], LONG).find
    lookup(NAME)
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + DAY_S)

    assert lookup(NAME) == KEY
    assert len(names.questions) == 1


def test_record_that_is_no_key_is_soon_asked_for_again(
    names: NameServer, clock: Clock
) -> None:
    names.records, names.ttl_s = {NAME: b"v=spf1 -all"}, int(DAY_S)
    lookup = lookup_at(names, LONG, clock)
    assert lookup(NAME) is None
    clock.now_s += 60

    names.records = {NAME: KEY}
    assert lookup(NAME) == KEY


def test_of_several_keys_under_one_name_none_counts(names: NameServer) -> None:
    """Nobody knows which is meant (RFC 6376 §3.6.2.2)."""
    first, other, note = '"v=DKIM1; p=AA"', '"v=DKIM1; p=BB"', '"v=spf1 -all"'

    def found(*lines: str) -> bytes | None:
        names.hosts[NAME, "TXT"] = "\n".join(lines)
        return lookup_at(names, LONG)(NAME)

    assert found(first, other) is None
    assert found(note, first) == b"v=DKIM1; p=AA"
    assert found(note, '"v = DKIM1; p = AA"') == b"v = DKIM1; p = AA"
    assert found(other, first, note) is None


def test_memory_of_names_without_a_key_is_bounded_and_they_drive_out_no_key(
    names: NameServer,
) -> None:
    lookup = lookup_at(names, LONG)
    lookup(NAME)
    for number in range(300):
        lookup(selector(number))
    lookup(selector(0))
    lookup(NAME)

    assert len(names.questions) == 1 + 301
    assert names.questions.count(f"{NAME}.") == 1


def test_name_that_does_not_exist_has_no_key(names: NameServer) -> None:
    assert lookup_at(names, LONG)(selector(1)) is None


def test_spelling_of_a_name_makes_no_further_question(names: NameServer) -> None:
    lookup = lookup_at(names, LONG)

    assert lookup(NAME) == lookup(NAME.replace("test", r"\116est")) == KEY
    assert len(names.questions) == 1


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".example", "a." * 200 + "b", "a..b", "\x00"]
)
def test_name_that_cannot_be_has_no_key(name: str) -> None:
    lookup = dns_keys([NO_SERVER], SHORT).find

    try:
        assert lookup(name) is None
    except Unreachable:
        assert name == "\x00", "a strange name may be asked for, but never raises else"


def test_silent_server_is_asked_once_for_thirty_mails(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)

    assert all(fails(lookup, NAME) for _ in range(30))
    assert len(names.questions) == 1


def test_silent_server_is_asked_once_for_thirty_names(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)

    assert all(fails(lookup, selector(number)) for number in range(30))
    assert len(names.questions) == 1


def test_silent_server_is_asked_once_in_an_interval(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)
    for _ in range(4):
        assert all(fails(lookup, selector(number)) for number in range(10))
        clock.now_s += RETRY_S

    assert len(names.questions) == 4


def test_server_that_is_unreachable_is_silent(names: NameServer, clock: Clock) -> None:
    servers = [UNREACHABLE]
    lookup = dns_keys(servers, LONG, now_s=clock).find
    assert fails(lookup, NAME)

    servers[:] = [names.endpoint]
    assert fails(lookup, OTHER)
    assert names.questions == []
    clock.now_s += RETRY_S
    assert lookup(OTHER) == record()


def test_kept_key_needs_no_server(names: NameServer) -> None:
    lookup = lookup_at(names, SHORT)
    lookup(NAME)
    names.is_silent = True

    assert fails(lookup, OTHER)
    assert lookup(NAME) == KEY
    assert len(names.questions) == 2


def test_server_that_is_back_is_asked_after_the_interval(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)
    assert fails(lookup, NAME)
    names.is_silent = False
    clock.now_s += RETRY_S - 0.1
    assert fails(lookup, NAME)
    clock.now_s += 0.1

    assert lookup(NAME) == KEY
    assert lookup(OTHER) == record()


def test_name_that_cannot_be_does_not_bring_a_silent_server_back(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)
    assert fails(lookup, NAME)
    assert lookup("a..b") is None

    assert fails(lookup, OTHER)
    assert len(names.questions) == 1


def test_one_question_finds_out_whether_the_server_is_back(
    names: NameServer, clock: Clock
) -> None:
    names.is_silent = True
    lookup = lookup_at(names, SHORT, clock)
    assert fails(lookup, NAME)
    clock.now_s += RETRY_S
    names.was_asked.clear()
    names.is_silent, names.delay_s = False, 0.1
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(lookup, NAME)
        assert names.was_asked.wait(5)

        assert all(fails(lookup, selector(number)) for number in range(10))
        assert probe.result() == KEY
    assert names.questions == [f"{NAME}."] * 2


def test_threads_that_ask_for_one_name_share_one_question(names: NameServer) -> None:
    names.delay_s = 0.2
    lookup = lookup_at(names, LONG)
    together = threading.Barrier(8)

    def find(_: int) -> bytes | None:
        together.wait()
        return lookup(NAME)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(find, range(8))) == [KEY] * 8
    assert len(names.questions) == 1


def test_lookup_that_hangs_is_given_up(clock: Clock) -> None:
    """dnspython counts by the wall clock, which may be set while it waits."""
    latch = threading.Event()
    asked: list[object] = []

    def hang(name: object) -> keys.Answer:
        asked.append(name)
        latch.wait(30)
        return keys.Answer(KEY, 60)

    finder = keys.Keys(hang, timedelta(seconds=-0.9), clock)
    assert fails(finder.find, NAME)
    assert fails(finder.find, OTHER)
    assert len(asked) == 1
    clock.now_s += RETRY_S
    assert fails(finder.find, OTHER)
    assert len(asked) == 2
    latch.set()


def test_without_a_thread_to_ask_in_there_is_no_answer_yet(
    names: NameServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lookup = lookup_at(names, LONG, clock)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert fails(lookup, NAME)
    clock.now_s += RETRY_S

    assert lookup(NAME) == KEY


def test_error_that_nobody_foresaw_leaves_no_question_open(clock: Clock) -> None:
    asked: list[object] = []

    def broken(name: object) -> keys.Answer:
        asked.append(name)
        raise ZeroDivisionError

    finder = keys.Keys(broken, LONG, clock)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            finder.find(NAME)
        clock.now_s += RETRY_S
    assert len(asked) == 2


@pytest.mark.parametrize("failure", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
def test_server_in_trouble_is_asked_once_for_a_name(
    names: NameServer, clock: Clock, failure: dns.rcode.Rcode
) -> None:
    names.failure = failure
    lookup = lookup_at(names, LONG, clock)

    with pytest.raises(Unreachable, match="name server"):
        lookup(NAME)
    assert all(fails(lookup, NAME) for _ in range(30))
    assert len(names.questions) == 1


def test_failure_of_one_name_is_none_of_another(
    names: NameServer, clock: Clock
) -> None:
    names.failing = frozenset({NAME})
    lookup = lookup_at(names, LONG, clock)

    assert fails(lookup, NAME)
    assert lookup(OTHER) == record()
    assert fails(lookup, NAME)
    assert names.questions == [f"{NAME}.", f"{OTHER}."]


def asked_at(
    names: NameServer, lookup: Lookup, clock: Clock, *, also: str | None = None
) -> list[float]:
    """Ask for a name each half second; return when that became a question.

    Another one is asked for first each time, where there is one.
    """
    began_s, at_s = clock.now_s, []
    while clock.now_s < began_s + 70:
        if also:
            assert fails(lookup, also)
        names.questions.clear()
        assert fails(lookup, NAME)
        if names.questions:
            at_s.append(clock.now_s - began_s)
        clock.now_s += 0.5
    return at_s


def test_pauses_of_a_name_grow_while_others_are_asked(
    names: NameServer, clock: Clock
) -> None:
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)

    at_s = asked_at(names, lookup, clock, also=OTHER)
    assert at_s == [0, 4.5, 13.5, 31.5, 61.5]


def test_only_name_that_fails_is_asked_in_each_interval(
    names: NameServer, clock: Clock
) -> None:
    """It may be the mail that waits, and nothing else tells that DNS is back."""
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)

    at_s = asked_at(names, lookup, clock)
    assert at_s == [RETRY_S * number for number in range(16)]


def test_pauses_end_once_nothing_fails(names: NameServer, clock: Clock) -> None:
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)
    asked_at(names, lookup, clock, also=OTHER)
    names.failure = None
    clock.now_s += RETRY_S - 0.5  # NAME would have to wait for 30 s

    assert lookup(OTHER) == record()
    assert lookup(NAME) == KEY


def test_pauses_begin_anew_after_an_answer(names: NameServer, clock: Clock) -> None:
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)
    asked_at(names, lookup, clock, also=OTHER)
    names.failure = None
    clock.now_s += 30
    assert lookup(NAME) == KEY
    names.failure = dns.rcode.SERVFAIL
    clock.now_s += TTL_S + 2 * DAY_S

    assert asked_at(names, lookup, clock, also=OTHER)[:2] == [0, RETRY_S]


def test_flood_of_names_that_fail_is_bounded(names: NameServer, clock: Clock) -> None:
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)
    for second in range(60):
        for number in range(20):
            assert fails(lookup, selector(20 * second + number))
        for number in range(20):
            assert fails(lookup, selector(number))
        clock.now_s += 1

    assert len(names.questions) <= keys.IN_VAIN * (60 / RETRY_S + 1)


def test_flood_of_names_that_fail_ends_with_the_first_answer(
    names: NameServer, clock: Clock
) -> None:
    names.failure = dns.rcode.SERVFAIL
    lookup = lookup_at(names, LONG, clock)
    for number in range(50):
        assert fails(lookup, selector(number))
    assert fails(lookup, NAME)
    names.failure = None
    clock.now_s += RETRY_S

    assert [lookup(selector(number)) for number in range(50, 100)] == [None] * 50
    assert lookup(NAME) == KEY


def test_flood_of_names_that_fail_keeps_back_no_known_name(
    names: NameServer, clock: Clock
) -> None:
    lookup = lookup_at(names, LONG, clock)
    lookup(NAME)
    clock.now_s += TTL_S
    names.failing = frozenset(selector(number) for number in range(50))
    for number in range(50):
        assert fails(lookup, selector(number))
    asked = len(names.questions)

    assert lookup(NAME) == KEY
    assert len(names.questions) == asked + 1


@pytest.mark.parametrize("is_silent", [True, False])
def test_key_serves_on_for_an_hour_while_dns_fails(
    names: NameServer, clock: Clock, is_silent: bool
) -> None:
    lookup = lookup_at(names, SHORT, clock)
    lookup(NAME)
    names.is_silent, names.failure = is_silent, dns.rcode.SERVFAIL
    clock.now_s += TTL_S

    assert [lookup(NAME) for _ in range(3)] == [KEY] * 3
    assert len(names.questions) == 2
    clock.now_s += HOUR_S - TTL_S - 1
    assert lookup(NAME) == KEY
    clock.now_s += 1
    assert fails(lookup, NAME)


def test_key_that_was_withdrawn_serves_no_more(names: NameServer, clock: Clock) -> None:
    lookup = lookup_at(names, SHORT, clock)
    lookup(NAME)
    names.records = {}
    clock.now_s += TTL_S
    assert lookup(NAME) is None
    names.is_silent = True
    clock.now_s += 61

    assert fails(lookup, NAME)


def test_absence_of_a_key_is_not_believed_while_dns_fails(
    names: NameServer, clock: Clock
) -> None:
    lookup = lookup_at(names, SHORT, clock)
    assert lookup(selector(1)) is None
    names.is_silent = True
    clock.now_s += 61

    assert fails(lookup, selector(1))
