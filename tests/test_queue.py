"""The daemon's one queue holds no more of a flood than it must."""

import threading

from tests.factories import NOW
from watcher.app.queue import MAILS_AT_ONCE, EventQueue, Prune
from watcher.events import MessageFetched, Origin, Seen

PATIENCE_S = 20.0
MAIL = MessageFetched(
    origin=Origin(account="home", mailbox="INBOX", uid_validity=1, uid=1),
    received_at=NOW,
    seen=Seen(0.0),
    raw=b"",
)


def flood(queue: EventQueue, count: int) -> threading.Thread:
    def put_all() -> None:
        for _ in range(count):
            queue.put(MAIL)

    thread = threading.Thread(target=put_all)
    thread.start()
    return thread


def test_a_mail_too_many_waits_until_there_is_room() -> None:
    queue = EventQueue()
    sender = flood(queue, MAILS_AT_ONCE + 1)

    processed = [queue.next(PATIENCE_S) for _ in range(MAILS_AT_ONCE + 1)]
    sender.join(PATIENCE_S)

    assert processed == [MAIL] * (MAILS_AT_ONCE + 1)


def test_everything_else_finds_room_in_a_flood() -> None:
    queue = EventQueue()
    flood(queue, MAILS_AT_ONCE).join(PATIENCE_S)

    queue.put(Prune())

    assert list(queue.rest())[-1] == Prune()


def test_the_end_frees_a_sender_that_waits_for_room() -> None:
    queue = EventQueue()
    sender = flood(queue, MAILS_AT_ONCE + 1)

    queue.stop()
    sender.join(PATIENCE_S)

    assert not sender.is_alive()
