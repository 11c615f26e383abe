"""The clocks by which a suspend is told."""

from watcher.clock import awake_s, boottime_s


def test_the_clock_that_stops_in_suspend_is_never_ahead_of_the_one_that_goes_on() -> (
    None
):
    before = awake_s()

    assert before <= boottime_s()
    assert before <= awake_s()
