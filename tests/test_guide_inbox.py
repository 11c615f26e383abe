"""What comes to the guide from other threads keeps its order."""

import os

import pytest

from watcher.guide.inbox import Changed, Ended, Inbox, Typed


def rest(inbox: Inbox) -> list[object]:
    items: list[object] = []
    while item := inbox.next(0):
        items.append(item)
    return items


def test_lines_typed_too_early_are_dropped_and_nothing_else() -> None:
    inbox = Inbox()
    for item in (Typed("a"), Changed(), Typed(""), Typed(None), Ended(None)):
        inbox.put(item)

    inbox.forget_lines()

    assert rest(inbox) == [Changed(), Typed(None), Ended(None)]


def test_full_width_letters_are_those_of_the_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, ours = os.pipe()
    os.write(ours, "ｎ \r\nhalf".encode())
    os.close(ours)
    with open(theirs) as stream:  # noqa: PTH123 -- a descriptor
        monkeypatch.setattr("sys.stdin", stream)
        inbox = Inbox()
        inbox.read_lines()
        read = [inbox.next(30), inbox.next(30)]

    assert read == [Typed("n"), Typed(None)]


def test_what_ends_the_watch_is_told() -> None:
    inbox, error = Inbox(), ValueError("a bug")

    def fail() -> None:
        raise error

    inbox.watch(fail).join()
    inbox.watch(lambda: None).join()

    assert rest(inbox) == [Ended(error), Ended(None)]
