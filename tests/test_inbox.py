"""The daemon's one queue holds no more of a flood than it must."""

import threading

from tests.sightings import NOW
from watcher.daemon.inbox import MAILS_AT_ONCE, Inbox, Upkeep
from watcher.events import MessageFetched, Origin

PATIENCE_S = 20.0
MAIL = MessageFetched(origin=Origin(account="home", uid=1), received_at=NOW, raw=b"")


def flood(inbox: Inbox, count: int) -> threading.Thread:
    def put_all() -> None:
        for _ in range(count):
            inbox.put(MAIL)

    thread = threading.Thread(target=put_all)
    thread.start()
    return thread


def test_a_mail_too_many_waits_until_there_is_room() -> None:
    inbox = Inbox()
    sender = flood(inbox, MAILS_AT_ONCE + 1)

    taken = [inbox.next(PATIENCE_S) for _ in range(MAILS_AT_ONCE + 1)]
    sender.join(PATIENCE_S)

    assert taken == [MAIL] * (MAILS_AT_ONCE + 1)


def test_everything_else_finds_room_in_a_flood() -> None:
    inbox = Inbox()
    flood(inbox, MAILS_AT_ONCE).join(PATIENCE_S)

    inbox.put(Upkeep())

    assert list(inbox.rest())[-1] == Upkeep()


def test_the_end_frees_a_sender_that_waits_for_room() -> None:
    inbox = Inbox()
    sender = flood(inbox, MAILS_AT_ONCE + 1)

    inbox.stop()
    sender.join(PATIENCE_S)

    assert not sender.is_alive()
