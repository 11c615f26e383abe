"""`open`, `copy` and `check`: which attempt they take, and what an answer binds."""

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from tests import desktop
from tests.environment import PATIENCE_S, WATCHER, Home, MailUser
from tests.factories import WINDOW, link_of, new_event
from tests.fakes import Programs, posix_only, required_program
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import ANSWERS, Attempt, EventName
from watcher.journal.log import Journal
from watcher.recognition.claim import Kind

MINUTE = timedelta(minutes=1)
NEVER_YES = ["", "\n", "y\n", "no\n", "yes please\n", "いいえ\n", "open\nyes\n"]


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    """Give the event log of a user, beside the commands."""
    with Journal.open(home.log) as journal:
        yield journal


def add(
    journal: Journal,
    number: int,
    *,
    kind: Kind = Kind.APPROVAL,
    began_at: datetime | None = None,
) -> Attempt:
    """Record a live attempt whose mail says that it began then, by default now."""
    now = utc_now()
    new = new_event(number, at=now)
    about = cast(Attempt, new.event.about)
    about = replace(
        about,
        kind=kind,
        secret=link_of(number) if kind is Kind.APPROVAL else code_of(number),
        claim=replace(about.claim, attempted_at=began_at or now),
    )
    event = journal.record(replace(new, event=replace(new.event, about=about)))
    assert event is not None
    return cast(Attempt, event.about)


def code_of(number: int) -> str:
    return f"{number:06}"


def answer(journal: Journal, attempt: Attempt, name: EventName) -> None:
    journal.append(name, at=utc_now(), about=attempt)


def opened(home: Home) -> str | None:
    """Return what the browser was given last."""
    return home.opened.read_text() if home.opened.exists() else None


# Which attempt `open` takes -----------------------------------------------------------


def test_open_takes_the_newest_by_the_mails_own_time(
    home: Home, journal: Journal
) -> None:
    add(journal, 1, began_at=utc_now() - 2 * MINUTE)
    add(journal, 2, began_at=utc_now() - MINUTE)
    add(journal, 3, began_at=utc_now() - 3 * MINUTE)

    assert home.run("open").code == ExitCode.OK
    assert opened(home) == link_of(2)


def test_of_two_mails_found_in_one_look_the_newer_one_is_opened(
    mail_user: MailUser,
) -> None:
    newer = mail_user.approval()
    mail_user.approval(age=MINUTE)  # a server delivers as it likes
    mail_user.home.run("check", "--no-notify")

    assert mail_user.home.run("open").code == ExitCode.OK
    assert opened(mail_user.home) == newer


@pytest.mark.parametrize("answered", ANSWERS)
def test_open_leaves_out_what_was_answered(
    home: Home, journal: Journal, answered: EventName
) -> None:
    add(journal, 1)
    answer(journal, add(journal, 2), answered)

    assert home.run("open").code == ExitCode.OK
    assert opened(home) == link_of(1)


@pytest.mark.parametrize("answered", ANSWERS)
@pytest.mark.parametrize("option", [(), ("--print",)])
def test_where_all_is_answered_open_says_how_to_open_it_again(
    home: Home, journal: Journal, answered: EventName, option: tuple[str, ...]
) -> None:
    attempt = add(journal, 1)
    answer(journal, attempt, answered)

    done = home.run("open", *option)

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert done.err.endswith(f"watcher open {attempt.id}\n")
    assert opened(home) is None


def test_open_twice_opens_once(home: Home, journal: Journal) -> None:
    add(journal, 1)

    codes = [home.run("open").code for _ in "12"]

    assert codes == [ExitCode.OK, ExitCode.NOTHING]
    assert home.names() == ["attempt", "opened"]


def test_what_was_opened_is_opened_again_by_its_number_without_a_question(
    home: Home, journal: Journal
) -> None:
    attempt = add(journal, 1)
    answer(journal, attempt, EventName.OPENED)

    done = home.run("open", str(attempt.id))

    assert (done.code, done.out) == (ExitCode.OK, "")
    assert done.err.startswith(f"Opening #{attempt.id} (home): ")
    assert "?" not in done.err
    assert opened(home) == link_of(1)


# What was denied ----------------------------------------------------------------------


@pytest.fixture
def denied(journal: Journal) -> Attempt:
    """Give a live attempt of which the user said that it was not theirs."""
    attempt = add(journal, 1)
    answer(journal, attempt, EventName.NOT_ME)
    return attempt


@pytest.mark.parametrize("typed", ["yes\n", "YES\n", " yes \n", "yes", "はい\n"])
def test_what_was_denied_opens_by_its_number_and_a_typed_yes(
    home: Home, denied: Attempt, typed: str
) -> None:
    done = home.run("open", str(denied.id), stdin=typed.encode())

    assert (done.code, done.out) == (ExitCode.OK, "")
    assert 'You said of #1 "It was not me"' in done.err
    assert opened(home) == link_of(1)
    assert home.names()[-1] == "opened"


@pytest.mark.parametrize("typed", NEVER_YES)
@pytest.mark.parametrize("option", [(), ("--print",)])
def test_without_a_whole_yes_what_was_denied_stays_closed(
    home: Home, denied: Attempt, typed: str, option: tuple[str, ...]
) -> None:
    done = home.run("open", str(denied.id), *option, stdin=typed.encode())

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert "It was not opened" in done.err
    assert link_of(1) not in done.err
    assert opened(home) is None
    assert home.names() == ["attempt", "not_me"]


def test_without_standard_input_nobody_can_have_said_yes(
    home: Home, denied: Attempt
) -> None:
    closed = ("/bin/sh", "-c", 'exec "$@" <&-', "sh", *WATCHER)

    done = home.run("open", str(denied.id), command=closed)

    assert done.code == ExitCode.NOTHING
    assert opened(home) is None


def test_print_asks_on_standard_error_and_prints_the_link_alone(
    home: Home, denied: Attempt
) -> None:
    done = home.run("open", str(denied.id), "--print", stdin=b"yes\n")

    assert (done.code, done.out) == (ExitCode.OK, f"{link_of(1)}\n")
    assert "type yes" in done.err
    assert opened(home) is None
    assert home.names() == ["attempt", "not_me"]


def test_the_question_is_asked_in_the_users_language(
    home: Home, denied: Attempt
) -> None:
    done = home.run(
        *("open", str(denied.id)),
        environment={"LANG": "ja_JP.UTF-8"},
        stdin="はい\n".encode(),
    )

    assert done.code == ExitCode.OK
    assert "「はい」か yes と打ってください" in done.err


def test_a_yes_that_comes_after_the_deadline_opens_nothing(
    home: Home, journal: Journal, denied: Attempt
) -> None:
    with subprocess.Popen(
        [*WATCHER, "open", str(denied.id)],
        cwd=home.folder,
        env=home.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        asked = b""
        while not asked.endswith(b"type yes: "):
            letter = process.stderr.read(1)
            assert letter, asked
            asked += letter
        journal.expire(utc_now() + WINDOW)
        _, err = process.communicate(b"yes\n", timeout=PATIENCE_S)

    assert process.returncode == ExitCode.NOTHING
    assert b"Start the sign-in again" in err
    assert opened(home) is None


@posix_only("signals: it sends SIGINT")
def test_ctrl_c_at_the_question_opens_nothing(home: Home, denied: Attempt) -> None:
    with subprocess.Popen(
        [*WATCHER, "open", str(denied.id)],
        cwd=home.folder,
        env=home.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        process.stderr.read(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode != ExitCode.OK
    assert b"Traceback" not in err
    assert opened(home) is None


def test_a_denied_one_hides_no_other_one(home: Home, journal: Journal) -> None:
    add(journal, 1)
    answer(journal, add(journal, 2), EventName.NOT_ME)

    assert home.run("open", "--print").out == f"{link_of(1)}\n"


# What did not open --------------------------------------------------------------------


@posix_only("a browser that fails")
def test_a_page_that_did_not_open_is_logged_and_can_be_opened_again(
    home: Home, journal: Journal
) -> None:
    add(journal, 1)

    failed = home.run("open", environment={"BROWSER": "/bin/false"})
    done = home.run("open")

    assert (failed.code, failed.out) == (ExitCode.NOTHING, "")
    assert "watcher open 1 --print" in failed.err
    assert link_of(1) not in failed.err
    assert done.code == ExitCode.OK
    assert home.names() == ["attempt", "open_failed", "opened"]
    assert "No browser could be started" in str(home.events()[1].detail)


def test_a_browser_gets_no_password_of_an_account(mail_user: MailUser) -> None:
    home, programs = mail_user.home, Programs(mail_user.home.folder / "bin")
    programs.add("mine", then=f"/usr/bin/env > '{home.opened}'")
    mail_user.approval()
    mail_user.home.run("check", "--no-notify")

    done = home.run("open", environment={"BROWSER": str(programs.folder / "mine")})

    assert done.code == ExitCode.OK
    assert "MAIL_PASSWORD" in home.environment
    assert "MAIL_PASSWORD" not in home.opened.read_text()


# Copying ------------------------------------------------------------------------------


@pytest.fixture
def clipboard(home: Home) -> Home:
    """Give a home with a clipboard that holds what was copied: the file `opened`."""
    programs = Programs(home.folder / "bin")
    programs.add("xclip", then=f"/bin/cat > '{home.opened}'")
    path = f"{programs.folder}{os.pathsep}{home.environment['PATH']}"
    home.environment |= {"PATH": path, "DISPLAY": ":0"}
    return home


def test_copy_takes_the_newest_code_by_the_mails_own_time_and_logs_it(
    clipboard: Home, journal: Journal
) -> None:
    add(journal, 1, kind=Kind.CODE, began_at=utc_now() - MINUTE)
    add(journal, 2, kind=Kind.CODE)
    add(journal, 3, kind=Kind.CODE, began_at=utc_now() - 2 * MINUTE)
    add(journal, 4)

    done = clipboard.run("copy")

    assert done.code == ExitCode.OK
    assert opened(clipboard) == code_of(2)
    assert "The code is copied." in done.out
    assert code_of(2) not in done.out + done.err
    assert clipboard.names()[4:] == ["copied"]


def test_copy_takes_the_code_that_is_named(clipboard: Home, journal: Journal) -> None:
    first = add(journal, 1, kind=Kind.CODE)
    add(journal, 2, kind=Kind.CODE)

    assert clipboard.run("copy", str(first.id)).code == ExitCode.OK
    assert opened(clipboard) == code_of(1)


def test_copy_leaves_out_what_was_denied(clipboard: Home, journal: Journal) -> None:
    first, second = (add(journal, number, kind=Kind.CODE) for number in (1, 2))
    answer(journal, second, EventName.NOT_ME)

    codes = [clipboard.run("copy", *id_).code for id_ in ((), (str(second.id),))]

    assert codes == [ExitCode.OK, ExitCode.NOTHING]
    assert opened(clipboard) == code_of(1)
    assert journal.answer_to(first.id) is EventName.COPIED
    assert clipboard.names().count("copied") == 1


def test_copy_takes_no_code_for_which_a_newer_one_stands(
    clipboard: Home, journal: Journal
) -> None:
    first, second = (add(journal, number, kind=Kind.CODE) for number in (1, 2))
    journal.append(EventName.SUPERSEDED, at=utc_now(), about=first)

    done = clipboard.run("copy", str(first.id))
    assert done.code == ExitCode.NOTHING
    assert f"A newer code has come, so #{first.id} is not copied." in done.err
    assert [event.id for event in journal.unanswered(utc_now())] == [second.id]
    assert clipboard.run("copy").code == ExitCode.OK
    assert opened(clipboard) == code_of(2)


def test_a_page_for_which_a_newer_one_stands_is_opened_by_its_number(
    home: Home, journal: Journal
) -> None:
    first = add(journal, 1, began_at=utc_now() - MINUTE)
    second = add(journal, 2)
    journal.append(EventName.SUPERSEDED, at=utc_now(), about=first)

    printed = [home.run("open", *id_, "--print").out for id_ in ((), (str(first.id),))]
    assert printed == [f"{link_of(2)}\n", f"{link_of(1)}\n"]
    answer(journal, second, EventName.OPENED)
    assert home.run("open", "--print").code == ExitCode.NOTHING


def test_copy_without_a_code_says_so(clipboard: Home, journal: Journal) -> None:
    add(journal, 1)

    done = clipboard.run("copy")

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert "no live attempt with a code" in done.err
    assert opened(clipboard) is None


def test_copy_of_a_number_says_what_that_is(clipboard: Home, journal: Journal) -> None:
    approval = add(journal, 1)

    linked = clipboard.run("copy", str(approval.id))
    unknown = clipboard.run("copy", "99")

    assert (linked.code, unknown.code) == (ExitCode.NOTHING, ExitCode.NOTHING)
    assert f"#{approval.id} has no code that could be copied" in linked.err
    assert "There is no live attempt #99" in unknown.err


def test_copy_without_a_clipboard_logs_nothing(home: Home, journal: Journal) -> None:
    add(journal, 1, kind=Kind.CODE)

    done = home.run("copy")

    assert (done.code, done.out) == (ExitCode.NOTHING, "")
    assert "xclip" in done.err
    assert home.names() == ["attempt"]


def test_a_copied_code_can_be_pasted_after_the_command_has_ended(
    home: Home, journal: Journal
) -> None:
    program = required_program("xclip", package="xclip")
    add(journal, 7, kind=Kind.CODE)
    with desktop.session_bus() as bus, desktop.display(bus):
        done = home.run("copy", environment={"DISPLAY": bus.environment["DISPLAY"]})
        paste = [program, "-selection", "clipboard", "-o"]

        def pasted() -> str:
            return subprocess.run(
                paste, env=bus.environment, capture_output=True, text=True, check=False
            ).stdout

        desktop.eventually(lambda: pasted() == code_of(7))

    assert done.code == ExitCode.OK


def test_where_only_a_code_is_left_open_says_how_to_copy_it(
    home: Home, journal: Journal
) -> None:
    answer(journal, add(journal, 1, kind=Kind.CODE), EventName.COPIED)

    done = home.run("open")

    assert done.code == ExitCode.NOTHING
    assert "watcher copy" in done.err


def test_what_amazon_reports_is_not_said_to_be_answered_by_the_user(
    home: Home, journal: Journal
) -> None:
    attempt = add(journal, 1)
    answer(journal, attempt, EventName.SIGN_IN_REPORTED)

    done = home.run("open")

    assert done.code == ExitCode.NOTHING
    assert "a later mail of Amazon's has" in done.err
    assert done.err.endswith(f"watcher open {attempt.id}\n")


# Checking -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERS)
def test_check_leaves_out_what_was_answered_and_says_so(
    mail_user: MailUser, name: EventName
) -> None:
    home, link = mail_user.home, mail_user.approval()
    assert link in home.run("check", "--no-notify").out
    with Journal.open(home.log) as journal:
        (event,) = journal.live(utc_now())
        answer(journal, event.about, name)

    text = home.run("check", "--no-notify")
    as_json = home.run("check", "--no-notify", "--json")

    assert (text.code, link in text.out) == (ExitCode.OK, False)
    assert text.out.endswith(f"watcher open {event.about.id}\n")
    assert (as_json.code, as_json.out) == (ExitCode.OK, "")


def test_check_wait_does_not_end_with_what_was_answered(mail_user: MailUser) -> None:
    mail_user.approval()
    mail_user.home.run("check", "--no-notify")
    mail_user.home.run("open")

    done = mail_user.home.run("check", "--wait", "4", "--no-notify", "--json")

    assert (done.code, done.out) == (ExitCode.NOTHING, "")


def test_check_wait_ends_with_the_next_mail_after_an_answer(
    mail_user: MailUser,
) -> None:
    home, first = mail_user.home, mail_user.approval()
    home.run("check", "--no-notify")
    home.run("open")
    with home.started("-v", "check", "--wait", "25", "--json", "--no-notify") as check:
        check.await_text("state=watching")
        second = mail_user.approval()
        code = check.await_end()

    assert code == ExitCode.OK
    assert second in check.seen
    assert first not in check.seen
