"""The engine's pure rules: backoff, suspend, watch strategy, mailboxes, providers."""

import pytest

from watcher.clock import GAP_S, Resumed, SuspendDetector
from watcher.config.providers import PRESETS, Provider, of_address
from watcher.events import Mode, ModeReason
from watcher.i18n import Language
from watcher.imap.account import Timeouts
from watcher.imap.backoff import (
    BRISK_FOR_S,
    KNOCK_S,
    KNOCKING_FOR_S,
    LONGEST_S,
    SLOW_KNOCK_S,
    WORTHY_S,
    Backoff,
    Trouble,
)
from watcher.imap.choices import WatchMode, is_loopback
from watcher.imap.idle import WaitResult, WatchStrategy, strategy
from watcher.imap.mailboxes import SPECIAL, Listed, resolve


def highest(_low: float, high: float) -> float:
    return high


def lowest(low: float, _high: float) -> float:
    return low


def delays(
    backoff: Backoff, until: float, trouble: Trouble = Trouble.BROKEN
) -> list[float]:
    """Fail again and again, each time at once, until a time."""
    now, found = 1000.0, []
    while now < 1000 + until:
        found.append(backoff.delay(now, trouble, longest=LONGEST_S))
        now += found[-1]
    return found


def test_the_first_try_comes_at_once() -> None:
    assert delays(Backoff(), 0.001)[0] == 0.0


def test_a_short_outage_is_over_within_half_a_second_of_its_end() -> None:
    assert max(delays(Backoff(highest), BRISK_FOR_S)) < 0.5
    assert max(delays(Backoff(highest), BRISK_FOR_S, Trouble.UNCONNECTED)) < 0.25


def test_a_long_outage_grows_to_thirty_seconds_and_no_further() -> None:
    long = delays(Backoff(highest), 600)

    assert max(long) == LONGEST_S == long[-1]


def test_while_nothing_answers_a_server_that_is_back_is_found_within_seconds() -> None:
    assert (KNOCK_S, SLOW_KNOCK_S) == (3.0, 8.0)
    early = delays(Backoff(highest), KNOCKING_FOR_S, Trouble.UNCONNECTED)
    late = delays(Backoff(highest), 3600, Trouble.UNCONNECTED)

    assert max(early) == KNOCK_S
    assert max(late) == late[-1] == SLOW_KNOCK_S


def test_one_that_answers_after_all_is_not_hammered_for_the_tries_before() -> None:
    backoff = Backoff(highest)
    delays(backoff, 600, Trouble.UNCONNECTED)

    assert [backoff.delay(2000, Trouble.BROKEN, longest=30) for _ in "123"] == [1, 2, 4]


def test_two_minutes_cost_no_more_than_some_dozen_tries_at_the_worst() -> None:
    later = delays(Backoff(lowest), BRISK_FOR_S)

    assert len(later) <= BRISK_FOR_S / 0.1 + 1
    assert len(delays(Backoff(highest), 120)) < 30


def test_a_server_that_asks_for_patience_is_never_tried_briskly() -> None:
    later = delays(Backoff(highest), 60, Trouble.BUSY)

    assert later[:5] == [1, 2, 4, 8, 16]


def test_only_a_session_that_outlived_its_delay_starts_the_count_anew() -> None:
    backoff = Backoff(highest)
    delays(backoff, 600)

    backoff.outlived(LONGEST_S - 1)
    assert backoff.delay(2000, Trouble.BROKEN, longest=LONGEST_S) > 0
    backoff.outlived(LONGEST_S + 1)
    assert backoff.delay(2000, Trouble.BROKEN, longest=LONGEST_S) == 0


def test_a_server_that_lets_us_in_and_throws_us_out_is_not_hammered() -> None:
    backoff = Backoff(highest)
    now, tries = 0.0, 0
    while now < 120:
        backoff.outlived(WORTHY_S / 2)
        now += WORTHY_S / 2 + backoff.delay(now, Trouble.BROKEN, longest=LONGEST_S)
        tries += 1

    assert tries < 15


def test_a_bound_from_outside_holds() -> None:
    backoff = Backoff(highest)
    delays(backoff, 600)

    assert backoff.delay(2000, Trouble.BROKEN, longest=5) == 5


def test_a_dead_line_is_noticed_within_15_seconds_and_8_while_armed() -> None:
    timeouts = Timeouts()

    assert timeouts.renew_interval_s + timeouts.prompt_timeout_s <= 15
    assert timeouts.armed_renew_s + timeouts.prompt_timeout_s <= 8


class Clocks:
    """Clocks that tests set."""

    def __init__(self) -> None:
        self.awake = self.always = 100.0
        self.suspend = SuspendDetector(
            awake_s=lambda: self.awake, clocks_s=(lambda: 0.0, lambda: self.always)
        )


def test_clocks_that_agree_are_no_suspend() -> None:
    clocks = Clocks()
    for _ in range(100):
        clocks.awake += 1
        clocks.always += 1
        clocks.suspend.check_wait(1.0)


def test_a_clock_that_ran_on_alone_is_a_suspend() -> None:
    clocks = Clocks()
    clocks.always += GAP_S + 1

    with pytest.raises(Resumed):
        clocks.suspend.check_wait(1.0)
    clocks.suspend.check_wait(1.0)


def test_a_wait_that_ends_far_too_late_is_a_process_that_was_stopped() -> None:
    clocks = Clocks()
    clocks.awake += GAP_S + 1.1
    clocks.always += GAP_S + 1.1

    with pytest.raises(Resumed):
        clocks.suspend.check_wait(1.0)


def test_long_work_is_no_suspend() -> None:
    clocks = Clocks()
    clocks.awake += 60
    clocks.always += 60

    assert not clocks.suspend.has_resumed()


def test_a_suspend_in_the_middle_of_work_is_noticed_after_it() -> None:
    clocks = Clocks()
    clocks.awake += 2
    clocks.always += 2 + GAP_S + 1

    assert clocks.suspend.has_resumed()


def test_a_clock_that_is_set_back_is_no_suspend() -> None:
    clocks = Clocks()
    clocks.always -= 3600
    clocks.suspend.check_wait(1.0)


def test_idle_is_used_where_it_is_offered() -> None:
    offered = frozenset({"IMAP4REV1", "IDLE"})

    assert strategy(WatchMode.AUTO, offered).mode is Mode.PUSH
    assert strategy(WatchMode.IDLE, offered).mode is Mode.PUSH
    assert strategy(WatchMode.POLL, offered).reason is ModeReason.CONFIGURED
    assert strategy(WatchMode.IDLE, frozenset()).reason is ModeReason.NOT_OFFERED


def test_one_silent_idle_is_forgiven_and_two_are_not() -> None:
    once = WatchStrategy(ModeReason.OFFERED).after(WaitResult.TIMED_OUT, is_missed=True)
    twice = once.after(WaitResult.TIMED_OUT, is_missed=True)

    assert once.mode is Mode.PUSH
    assert twice == WatchStrategy(ModeReason.SILENT)
    assert twice.may_idle


def test_an_announcement_in_between_clears_the_suspicion() -> None:
    after = WatchStrategy(ModeReason.OFFERED, missed_count=1).after(
        WaitResult.ANNOUNCED, is_missed=True
    )

    assert after == WatchStrategy(ModeReason.OFFERED)


def test_a_wait_that_was_cut_short_proves_nothing() -> None:
    before = WatchStrategy(ModeReason.OFFERED, missed_count=1)

    assert before.after(WaitResult.INTERRUPTED, is_missed=True) == before


@pytest.mark.parametrize("reason", ModeReason)
def test_every_reason_has_words_in_both_languages(reason: ModeReason) -> None:
    assert reason.text.say(Language.EN) != reason.text.say(Language.JA)


def listed(name: str, *attributes: str, delimiter: str = "/") -> Listed:
    return Listed(name, frozenset(attributes), delimiter)


def test_junk_is_found_by_its_attribute_whatever_its_name() -> None:
    listing = [listed("INBOX"), listed("Reklame", "\\junk", "\\hasnochildren")]

    assert resolve(("INBOX", "\\Junk"), listing) == ("INBOX", "Reklame")


def test_every_mailbox_that_may_be_junk_is_watched() -> None:
    listing = [
        listed("INBOX"),
        listed("Spam"),
        listed("Reklame", "\\junk"),
        listed("Archive"),
        listed("迷惑メール", "\\junk"),
        listed("Anna/Bulk"),
    ]

    assert resolve(("INBOX", "\\Junk"), listing) == (
        *("INBOX", "Reklame", "迷惑メール", "Spam", "Anna/Bulk"),
    )


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [
        ("Junk", "/"),
        ("[Gmail]/Spam", "/"),
        ("[Gmail]/迷惑メール", "/"),
        ("INBOX.迷惑メール", "."),
        ("INBOX.Junk E-mail", "."),
        ("Bulk Mail", ""),
        ("迷惑メール", "/"),
    ],
)
def test_junk_without_attribute_is_known_by_name(name: str, delimiter: str) -> None:
    found = resolve(("\\Junk",), [listed("INBOX"), listed(name, delimiter=delimiter)])

    assert found == (name,)


def test_an_account_without_junk_is_watched_without() -> None:
    assert resolve(("INBOX", "\\Junk"), [listed("INBOX")]) == ("INBOX",)


def test_a_mailbox_that_cannot_be_opened_is_no_junk() -> None:
    assert resolve(("\\Junk",), [listed("Junk", "\\noselect")]) == ()


def test_of_many_mailboxes_of_one_special_use_some_are_watched() -> None:
    many = [listed(f"Junk {number}", "\\junk") for number in range(1000)]
    names = tuple(one.name for one in many)

    assert resolve(("\\Junk",), many) == names[:SPECIAL]
    assert resolve(names, many) == names  # what is named by the user is watched


def test_a_mailbox_that_is_named_twice_is_watched_once() -> None:
    listing = [listed("Junk", "\\junk"), listed("Junk", "\\junk")]

    assert resolve(("inbox", "INBOX", "Junk", "\\Junk"), listing) == ("INBOX", "Junk")


@pytest.mark.parametrize("provider", PRESETS.values(), ids=PRESETS)
def test_every_provider_says_what_the_user_must_do(provider: Provider) -> None:
    assert provider.note.say(Language.EN) != provider.note.say(Language.JA)


def test_a_provider_is_guessed_from_the_address() -> None:
    assert of_address("anna@Gmail.com") == "gmail"
    assert of_address("anna@yahoo.co.jp") == "yahoo_japan"
    assert of_address("anna@example.org") is None


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"]
)
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["example.com", "localhost.example.com", "10.0.0.1", ""]
)
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)
