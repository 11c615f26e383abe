"""What Windows tells a program whose console ends; it can be asked anywhere."""

import sys

import pytest

from watcher.cli.console import calling_at_its_end, console_handler

CTRL_C, CTRL_BREAK, CLOSED, LOGGED_OFF, SHUT_DOWN = 0, 1, 2, 5, 6


@pytest.mark.parametrize("event", [CLOSED, LOGGED_OFF, SHUT_DOWN])
def test_the_program_ends_before_the_console_is_gone(event: int) -> None:
    ended: list[int] = []

    assert console_handler(lambda: ended.append(event))(event)
    assert ended == [event]


@pytest.mark.parametrize("event", [CTRL_C, CTRL_BREAK])
def test_the_keys_are_left_to_their_signals(event: int) -> None:
    assert not console_handler(pytest.fail)(event)


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows has such a handler")
def test_windows_takes_the_handler() -> None:
    with calling_at_its_end(lambda: None) as is_taken:
        assert is_taken
