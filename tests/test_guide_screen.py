"""The guide's line at the bottom counts down in place, or is told now and then."""

from dataclasses import replace

import pytest

from watcher.guide.screen import CLEAR_LINE, LINE_UP, Screen
from watcher.guide.walk import Prompt, Say
from watcher.i18n import Language, Text, columns_of

LEFT = Text(en="{clock} left", ja="残り {clock}")
OTHER = Text(en="other", ja="ほか")
NEWS = Say(Text(en="news", ja="知らせ"))


def screen(*, is_redrawn: bool, columns: int = 80) -> Screen:
    return Screen(Language.EN, columns=lambda: columns, is_redrawn=is_redrawn)


def test_a_terminal_counts_down_in_place(capsys: pytest.CaptureFixture[str]) -> None:
    one = screen(is_redrawn=True)
    for clock in ("4:59", "4:59", "4:58"):
        one.prompt(Prompt(LEFT, clock))
    one.say(NEWS)
    one.prompt(Prompt(LEFT, "4:58"))

    lines = (f"{CLEAR_LINE}4:59 left", f"{CLEAR_LINE}4:58 left", f"{CLEAR_LINE}news\n")
    assert capsys.readouterr().out == "".join((*lines, f"{CLEAR_LINE}4:58 left"))


def test_the_line_in_which_enter_was_pressed_goes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = screen(is_redrawn=True)
    one.prompt(Prompt(OTHER))
    one.note_typed()
    one.note_typed()

    assert capsys.readouterr().out == f"{CLEAR_LINE}other{LINE_UP}{CLEAR_LINE}"


KEYS = Text(en="{clock} left | Enter = on | q = quit", ja="残り {clock}")


def test_a_narrow_terminal_gets_every_key_in_rows_that_are_redrawn_in_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = screen(is_redrawn=True, columns=24)
    for clock in ("4:59", "4:58"):
        one.prompt(Prompt(KEYS, clock))
    one.note_typed()

    rows = "{} left | Enter = on\nq = quit"
    erased = f"{CLEAR_LINE}{LINE_UP}{CLEAR_LINE}"
    drawn = f"{CLEAR_LINE}{rows.format('4:59')}{erased}{rows.format('4:58')}"
    assert capsys.readouterr().out == f"{drawn}{LINE_UP}{erased}"


def test_a_key_wider_than_the_terminal_is_not_cut_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for is_redrawn in (True, False):
        screen(is_redrawn=is_redrawn, columns=10).prompt(Prompt(KEYS, "4:59"))

        drawn = capsys.readouterr().out.removeprefix(CLEAR_LINE).splitlines()
        assert " ".join(drawn).replace(" |", "").split() == [
            *("4:59", "left", "Enter", "=", "on", "q", "=", "quit")
        ]
        assert max(map(columns_of, drawn)) < 10


def test_what_stands_at_the_bottom_can_be_left_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = screen(is_redrawn=True)
    one.prompt(Prompt(OTHER))
    one.leave()
    one.leave()
    one.say(NEWS)

    assert capsys.readouterr().out == f"{CLEAR_LINE}other\nnews\n"


def test_a_margin_stands_before_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    one = Screen(Language.EN, columns=lambda: 26, is_redrawn=False, margin="| ")
    one.say(replace(NEWS, is_apart=True))
    one.prompt(Prompt(KEYS, "4:59"))

    lines = ["|", "| news", "| 4:59 left | Enter = on", "| q = quit"]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_window_that_is_resized_gets_rows_of_its_new_width(
    capsys: pytest.CaptureFixture[str],
) -> None:
    widths = iter((24, 40))
    one = Screen(Language.EN, columns=lambda: next(widths), is_redrawn=True)
    one.prompt(Prompt(KEYS, "4:59"))
    one.prompt(Prompt(KEYS, "4:59"))

    narrow, wide = (
        "4:59 left | Enter = on\nq = quit",
        "4:59 left | Enter = on | q = quit",
    )
    erased = f"{CLEAR_LINE}{LINE_UP}{CLEAR_LINE}"
    assert capsys.readouterr().out == f"{CLEAR_LINE}{narrow}{erased}{wide}"


def test_a_list_is_indented_below_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    screen(is_redrawn=False, columns=10).print("- one two three")

    assert capsys.readouterr().out == "- one two\n  three\n"


def test_without_redrawing_the_time_is_told_once_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = screen(is_redrawn=False)
    for clock in ("4:59", "4:58", "4:00", "4:00", "3:59", "3:00"):
        one.prompt(Prompt(LEFT, clock))
    one.prompt(Prompt(OTHER))
    one.say(NEWS)
    one.prompt(Prompt(OTHER))
    one.prompt(None)
    one.ring()

    told = ["4:59 left", "4:00 left", "3:00 left", "other", "news", "other"]
    assert capsys.readouterr().out.splitlines() == told


def test_what_goes_on_in_the_next_line_is_indented_below_its_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = screen(is_redrawn=False, columns=24)
    one.print("  1. one two three four five six")
    one.print("one two three four five six")

    assert capsys.readouterr().out.splitlines() == [
        *("  1. one two three four", "     five six"),
        *("one two three four five", "six"),
    ]
