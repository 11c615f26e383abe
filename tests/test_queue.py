"""The daemon's one queue holds no more of a flood than it must."""

import threading

from tests.factories import NOW
from watcher.app.judging import Judged
from watcher.app.queue import MAILS_AT_ONCE, EventQueue, Prune
from watcher.events import Arrival, Origin, Seen
from watcher.recognition.sender import UNCHECKED
from watcher.recognition.verdict import NotRelevant

PATIENCE_S = 20.0
MAIL = Judged(
    origin=Origin(account="home", mailbox="INBOX", uid_validity=1, uid=1),
    arrival=Arrival(NOW, Seen(0.0)),
    message_id=None,
    identity="",
    verdict=NotRelevant((), UNCHECKED),
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

    for _ in range(MAILS_AT_ONCE):
        assert queue.next(PATIENCE_S) == MAIL
    assert queue.next(0.0) is None
    queue.make_room(MAIL)
    sender.join(PATIENCE_S)

    assert queue.next(PATIENCE_S) == MAIL


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
