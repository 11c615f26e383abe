"""Where the user is in the guide, and what is said there; nothing is done here."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.factories import CODE, EXPIRES_AT, LINK, NOW, attempt
from watcher.app.silence import SILENT_AFTER, other_ways
from watcher.clock import local_time
from watcher.events import Attempt, EventName
from watcher.guide import sentences
from watcher.guide.apps import find
from watcher.guide.steps import Place
from watcher.guide.walk import (
    EARLIER,
    TOO_SOON,
    WAIT_FOR,
    Effect,
    Ending,
    Expect,
    Prompt,
    Say,
    Seen,
    Use,
    Walk,
)
from watcher.i18n import Language, Text
from watcher.notify import sentences as notified
from watcher.recognition.claim import Kind

SECOND = timedelta(seconds=1)
ZAIM, MONEYFORWARD = find("zaim"), find("moneyforward")
NOTHING = Seen()


def live(*attempts: Attempt, answer: EventName | None = None) -> Seen:
    return Seen(live=attempts, unanswered=() if answer else attempts, answer=answer)


def said(effects: Iterable[Effect]) -> list[Text]:
    """Return what is said; each sentence can be said with its data."""
    told = [one for one in effects if isinstance(one, Say)]
    assert all(
        one.text.say(language, **one.data) for one in told for language in Language
    )
    return [one.text for one in told]


def others(effects: Iterable[Effect]) -> list[Effect]:
    return [one for one in effects if not isinstance(one, Say)]


def walk_at(place: Place, *, asks: bool = True, tries: int = 0) -> Walk:
    walk = Walk(ZAIM, asks=asks, tries=tries)
    list(walk.begin(place, NOW))
    return walk


def place_of(walk: Walk) -> Place:
    return walk.place


def approving(kind: Kind = Kind.APPROVAL) -> Walk:
    walk = walk_at(Place.WAIT)
    list(walk.look(live(attempt(kind)), NOW))
    return walk


def test_enter_leads_from_place_to_place_and_opens_only_what_came() -> None:
    walk = walk_at(Place.PREPARE)
    assert others(walk.type("", NOW)) == [Expect(is_on=True)]
    assert place_of(walk) is Place.WAIT
    assert said(walk.type("", NOW)) == [sentences.NOT_YET]
    came = attempt()
    assert said(walk.look(live(came), NOW))[0] is sentences.CAME[Kind.APPROVAL]
    assert place_of(walk) is Place.APPROVE
    assert [*walk.type("", NOW)] == [Use(came)]
    assert place_of(walk) is Place.APPROVE
    opened = said(walk.look(live(came, answer=EventName.OPENED), NOW))
    assert opened == [sentences.USED[Kind.APPROVAL]]
    assert [*walk.look(live(came, answer=EventName.OPENED), NOW)] == []
    assert [*walk.type("o", NOW)] == [Use(came)]
    assert others(walk.type("", NOW + TOO_SOON)) == []
    assert place_of(walk) is Place.FINISH
    assert [*walk.type("", NOW + 2 * TOO_SOON)][-1] is Ending.LINKED


def test_enter_pressed_twice_says_neither_approved_nor_linked() -> None:
    walk = approving()
    list(walk.look(live(attempt(), answer=EventName.OPENED), NOW))

    assert [*walk.type("", NOW + SECOND)] == []
    assert place_of(walk) is Place.APPROVE
    list(walk.type("", NOW + TOO_SOON))
    assert [*walk.type("", NOW + TOO_SOON + SECOND)] == []
    assert place_of(walk) is Place.FINISH
    unknown = approving(Kind.UNKNOWN)
    assert [*unknown.type("", NOW + SECOND)] == []
    assert place_of(unknown) is Place.APPROVE


def test_a_clock_set_back_blocks_no_enter() -> None:
    walk = walk_at(Place.FINISH)

    assert [*walk.type("", NOW - WAIT_FOR)][-1] is Ending.LINKED


def test_n_never_says_that_it_is_linked() -> None:
    walk = walk_at(Place.FINISH)

    assert [*walk.type("n", NOW + TOO_SOON)] == [Say(sentences.KEYS)]


def test_the_one_thing_to_do_stands_last_when_the_mail_is_there() -> None:
    walk = walk_at(Place.WAIT)

    assert said(walk.look(live(attempt()), NOW))[-1] is ZAIM.call


@pytest.mark.parametrize(
    "place", [Place.PREPARE, Place.WAIT, Place.FINISH, Place.AGAIN]
)
def test_a_mail_is_told_wherever_the_user_is(place: Place) -> None:
    walk = walk_at(place)

    assert said(walk.look(live(attempt()), NOW))[0] is sentences.CAME[Kind.APPROVAL]
    assert place_of(walk) is Place.APPROVE


def test_a_mail_of_an_earlier_try_is_taken_up_only_by_its_number() -> None:
    earlier = attempt()
    walk = Walk(ZAIM, asks=True)
    began_at = earlier.received_at + EARLIER + SECOND
    list(walk.begin(Place.PREPARE, began_at))

    assert said(walk.look(live(earlier), began_at)) == [sentences.EARLIER]
    assert said(walk.look(live(earlier), began_at)) == []
    assert place_of(walk) is Place.PREPARE
    list(walk.type("", began_at))
    assert place_of(walk) is Place.WAIT
    chosen = [*walk.type(str(earlier.id), began_at)]
    assert said(chosen)[0] is sentences.CAME[Kind.APPROVAL]
    assert others(chosen) == []
    assert place_of(walk) is Place.APPROVE
    assert [*walk.type("", began_at)] == [Use(earlier)]


def test_a_new_mail_takes_the_place_of_one_of_an_earlier_try() -> None:
    earlier, new = attempt(id=1), attempt(id=2, uid=2)
    new = replace(new, received_at=new.received_at + EARLIER)
    walk = Walk(ZAIM, asks=True)
    began_at = earlier.received_at + EARLIER + SECOND
    list(walk.begin(Place.PREPARE, began_at))
    list(walk.look(live(earlier), began_at))
    list(walk.type("", began_at))

    told = said(walk.look(live(earlier, new), began_at))

    assert told[0] is sentences.CAME[Kind.APPROVAL]
    assert [*walk.type("", began_at + TOO_SOON)] == [Use(new)]


def test_each_mail_is_told_once_and_of_several_the_newest() -> None:
    walk = walk_at(Place.WAIT)
    old, new = attempt(id=1), attempt(id=2)
    list(walk.look(live(old, new), NOW))

    assert walk.attempt == new
    assert [*walk.look(live(old, new), NOW)] == []
    assert [*walk.type("", NOW)] == [Use(new)]


def test_neither_link_nor_code_is_in_what_is_said_but_the_code_to_type_it() -> None:
    for kind, asks in (
        (Kind.APPROVAL, True),
        (Kind.APPROVAL, False),
        (Kind.CODE, False),
    ):
        walk = walk_at(Place.WAIT, asks=asks)
        told = [*walk.look(live(attempt(kind)), NOW)]
        assert told
        assert not any(secret in repr(told) for secret in (LINK, CODE))
    walk = walk_at(Place.WAIT)
    told = [*walk.look(live(attempt(Kind.CODE)), NOW)]
    assert sentences.CODE in said(told)
    assert sentences.HEADINGS[Place.APPROVE] not in said(told)
    assert notified.TYPE_CODE in said(told)


def test_a_form_not_seen_before_leads_to_the_mail_and_opens_nothing() -> None:
    walk = walk_at(Place.WAIT)

    assert notified.OPEN_MAIL in said(walk.look(live(attempt(Kind.UNKNOWN)), NOW))
    assert others(walk.type("", NOW + TOO_SOON)) == []
    assert place_of(walk) is Place.FINISH


def to_other(**changes: object) -> Attempt:
    """Return an attempt whose mail went to an address that is not configured."""
    claim = replace(attempt().claim, recipient="hanako@example.jp")
    return replace(attempt(Kind.UNKNOWN), claim=claim, **changes)  # type: ignore[arg-type]


def test_nobody_is_told_to_approve_what_went_to_another_address() -> None:
    walk = walk_at(Place.WAIT)
    told = said(walk.look(live(to_other()), NOW))

    assert told[0] is sentences.CAME_TO_OTHER
    assert told[-1] is notified.OPEN_MAIL_IF_YOURS
    assert notified.IF_NOT not in told, "one advice for what is not theirs"
    assert ZAIM.call not in told
    assert sentences.HEADINGS[Place.APPROVE] not in told


def test_what_can_be_opened_stays_at_hand_when_another_mail_comes() -> None:
    walk, good = approving(), attempt()
    seen = live(good, to_other(id=9, received_at=NOW + SECOND))
    told = said(walk.look(seen, NOW))

    assert told[0] is sentences.CAME_TO_OTHER
    assert [*walk.type("", NOW)] == [Use(good)]
    both = walk_at(Place.WAIT)
    list(both.look(seen, NOW))
    assert [*both.type("", NOW)] == [Use(good)]


def test_enter_opens_no_page_while_somebody_elses_may_be_at_hand() -> None:
    walk, ours = approving(), attempt()
    theirs = attempt(id=2, device="Firefox Linux", near="Moscow, Russia")
    told = said(walk.look(live(ours, theirs), NOW))

    assert told[0] is sentences.CAME[Kind.APPROVAL]
    assert told[-3:] == [sentences.WHICH, sentences.WAITING, sentences.WAITING]
    assert said(walk.type("", NOW + TOO_SOON)) == [sentences.NO_NUMBER]
    assert [*walk.type("", NOW + TOO_SOON)] == [], "it is told once"
    assert said(walk.type("3", NOW + TOO_SOON)) == [sentences.NO_NUMBER]
    assert others(walk.type("1", NOW + TOO_SOON)) == [Use(ours)]
    assert walk.attempt == ours


def test_of_several_each_is_shown_and_the_line_at_the_bottom_asks_for_one() -> None:
    walk, ours = approving(), attempt()
    theirs = attempt(id=2, device="Firefox Linux", near="Moscow, Russia")
    told = [*walk.look(live(ours, theirs), NOW)]
    shown = [one.text.say(Language.EN, **one.data) for one in told[-2:]]  # type: ignore[union-attr]
    began = local_time(ours.began_at)
    prompt = walk.prompt(NOW)

    assert shown == [
        f"  1: Google Chrome Windows (デスクトップ) · Tokyo, Japan · {began}",
        f"  2: Firefox Linux · Moscow, Russia · {began}",
    ]
    assert prompt == Prompt(sentences.TO_CHOOSE, numbers="1, 2")
    list(walk.look(live(ours), NOW))
    assert walk.prompt(NOW) != prompt, "the other one is over"


def test_the_one_that_the_user_names_is_opened_and_the_other_forgotten() -> None:
    walk, theirs = approving(), attempt()
    ours = attempt(id=2, near="Osaka, Japan")
    list(walk.look(live(theirs, ours), NOW))

    assert others(walk.type("2", NOW)) == [Use(ours)]
    assert others(walk.look(live(theirs, ours, answer=EventName.OPENED), NOW)) == []


def test_of_two_that_come_at_once_none_is_opened_unasked() -> None:
    walk = walk_at(Place.WAIT)
    ours, theirs = attempt(), attempt(id=2, near="Moscow, Russia")
    told = said(walk.look(live(ours, theirs), NOW))

    assert sentences.WHICH in told
    assert others(walk.type("", NOW + TOO_SOON)) == []
    assert others(walk.type("1", NOW + TOO_SOON)) == [Use(ours)]


def test_what_is_over_is_asked_for_no_more() -> None:
    walk, ours = approving(), attempt()
    theirs = attempt(id=2, near="Moscow, Russia")
    list(walk.look(live(ours, theirs), NOW))
    list(walk.look(live(ours), NOW))

    assert others(walk.type("", NOW + TOO_SOON)) == [Use(ours)]


def test_the_same_sign_in_tried_again_takes_the_place_and_an_older_mail_does_not() -> (
    None
):
    walk, first = approving(), attempt()
    later = replace(first.claim, attempted_at=first.began_at + SECOND)
    again = replace(first, id=2, claim=later)
    list(walk.look(live(first, again), NOW))
    assert walk.attempt == again
    before = replace(first.claim, attempted_at=first.began_at - SECOND)
    late = replace(first, id=3, claim=before)
    told = said(walk.look(live(first, again, late), NOW))

    assert walk.attempt == again
    assert sentences.WHICH not in told


def test_what_was_denied_ends_the_guide_with_what_to_do() -> None:
    walk = approving()

    told = [*walk.look(live(attempt(), answer=EventName.NOT_ME), NOW)]

    assert said(told)[1] is notified.PROTECT_PASSWORD
    assert told[-1] is Ending.LEFT


def test_an_expired_mail_leads_to_unlinking_and_to_the_start() -> None:
    walk = approving()
    over = [*walk.look(NOTHING, EXPIRES_AT)]

    assert said(over)[0] is sentences.OVER
    assert sentences.HEADINGS[Place.AGAIN] in said(over)
    assert sentences.MAY_BE_APPROVED not in said(over)
    assert others(over) == [Expect(is_on=False)]
    assert others(walk.type("", EXPIRES_AT)) == [Expect(is_on=True)]
    assert place_of(walk) is Place.PREPARE
    assert [*walk.look(NOTHING, EXPIRES_AT)] == []


def test_who_has_approved_just_before_the_end_can_go_on() -> None:
    walk = approving()
    list(walk.look(live(attempt(), answer=EventName.OPENED), NOW))

    assert said(walk.look(NOTHING, EXPIRES_AT))[-1] is sentences.MAY_BE_APPROVED
    list(walk.type("n", EXPIRES_AT))
    assert place_of(walk) is Place.FINISH


def test_that_the_five_minutes_are_over_is_told_once_at_the_end() -> None:
    walk = approving()
    list(walk.type("n", NOW))

    assert said(walk.look(NOTHING, EXPIRES_AT)) == [sentences.TIME_IS_UP]
    assert said(walk.look(NOTHING, EXPIRES_AT)) == []
    assert place_of(walk) is Place.FINISH


def test_r_leads_to_unlinking_from_everywhere_and_q_out() -> None:
    for place in Place:
        walk = walk_at(place)
        assert others(walk.type("r", NOW)) == [Expect(is_on=False)]
        assert place_of(walk) is Place.AGAIN
        assert others(walk.type("Q", NOW)) == [Ending.LEFT]


def test_what_is_not_known_is_answered_by_the_keys() -> None:
    walk = walk_at(Place.WAIT)

    for line in ("dance", "o"):
        assert said(walk.type(line, NOW)) == [sentences.KEYS]
    assert place_of(walk) is Place.WAIT


def test_who_starts_where_no_mail_can_be_seen_is_warned() -> None:
    walk = walk_at(Place.PREPARE)
    walk.unwatched = {"home"}

    last = [*walk.type("", NOW)][-1]
    assert last == Say(sentences.NOT_WATCHED, {"accounts": "home"})
    walk.unwatched = ()
    assert sentences.NOT_WATCHED not in said(walk.begin(Place.WAIT, NOW))


def wait(walk: Walk, span: timedelta) -> list[Text]:
    return said(walk.look(NOTHING, NOW + span))


def test_after_a_minute_without_a_mail_other_ways_are_told_once() -> None:
    walk = walk_at(Place.WAIT)

    assert wait(walk, SILENT_AFTER - SECOND) == []
    assert wait(walk, SILENT_AFTER) == [*other_ways(0)]
    assert wait(walk, SILENT_AFTER + SECOND) == []


def test_nothing_is_called_silent_where_a_mail_came_that_may_be_it() -> None:
    walk = walk_at(Place.WAIT)
    walk.is_doubtful = True

    assert wait(walk, SILENT_AFTER) == []


def test_the_second_silent_try_brings_the_cure() -> None:
    walk = walk_at(Place.WAIT)
    wait(walk, SILENT_AFTER)
    for line in ("r", "", ""):
        list(walk.type(line, NOW))

    assert place_of(walk) is Place.WAIT
    assert wait(walk, SILENT_AFTER) == [*other_ways(1)]
    assert wait(walk_at(Place.WAIT, tries=1), SILENT_AFTER) == [*other_ways(1)]


def test_a_wait_has_an_end() -> None:
    walk = walk_at(Place.WAIT)

    assert sentences.NOTHING_CAME not in wait(walk, WAIT_FOR - SECOND)
    assert wait(walk, WAIT_FOR)[0] is sentences.NOTHING_CAME
    assert place_of(walk) is Place.AGAIN


def test_an_app_that_needs_no_mail_says_how_to_go_on_without() -> None:
    walk = Walk(MONEYFORWARD, asks=True)

    assert said(walk.begin(Place.WAIT, NOW))[-1] is MONEYFORWARD.without_mail
    list(walk.type("n", NOW))
    assert place_of(walk) is Place.FINISH
    alone = Walk(MONEYFORWARD, asks=False)
    assert MONEYFORWARD.without_mail not in said(alone.begin(Place.PREPARE, NOW))


def test_who_comes_back_to_an_open_page_is_not_told_of_it_as_news() -> None:
    walk = walk_at(Place.APPROVE)

    assert [*walk.look(live(attempt(), answer=EventName.OPENED), NOW)][1:] == []
    prompt = walk.prompt(NOW)
    assert prompt
    assert prompt.text is sentences.WHEN_USED[Kind.APPROVAL]


def clock(walk: Walk, now: datetime) -> str:
    prompt = walk.prompt(now)
    assert prompt
    return prompt.clock


def test_the_clock_counts_up_to_the_mail_and_down_from_it() -> None:
    walk = walk_at(Place.WAIT)
    assert clock(walk, NOW + 65 * SECOND) == "1:05"
    list(walk.look(live(attempt()), NOW))
    assert clock(walk, NOW) == "4:32"
    list(walk.type("n", NOW))
    assert clock(walk, EXPIRES_AT - SECOND) == "0:01"


def test_no_time_is_told_that_may_be_wrong() -> None:
    walk = walk_at(Place.WAIT)
    list(walk.look(live(replace(attempt(), is_deadline_known=False)), NOW))

    assert clock(walk, NOW) == "?"


def test_at_the_end_no_time_is_shown_that_is_over_or_never_began() -> None:
    walk = walk_at(Place.FINISH)
    untimed = walk.prompt(NOW)
    assert untimed
    assert untimed.text is sentences.FINISH_UNTIMED
    walk = approving()
    list(walk.type("n", NOW))
    assert clock(walk, NOW) == "4:32"
    list(walk.look(NOTHING, EXPIRES_AT))
    assert walk.prompt(EXPIRES_AT) == untimed


def test_where_nobody_answers_all_is_told_and_no_prompt_waits() -> None:
    walk = Walk(ZAIM, asks=False)
    told = said(walk.begin(Place.FINISH, NOW))

    assert sentences.KEYS not in told
    assert sentences.HEADINGS[Place.PREPARE] in told
    assert told[-1] is not sentences.HEADINGS[Place.FINISH]
    assert walk.prompt(NOW) is None
    found = [*walk.look(live(attempt()), NOW)]
    assert sentences.BY_COMMAND[Kind.APPROVAL] in said(found)
    assert sentences.HEADINGS[Place.FINISH] in said(found)
    assert found[-1] is Ending.FOUND


def test_where_nobody_answers_a_wait_for_nothing_ends_the_guide() -> None:
    walk = walk_at(Place.PREPARE, asks=False)

    assert [*walk.look(NOTHING, NOW + WAIT_FOR)][-1] is Ending.NOTHING
