"""`watcher guide`, played through the program against a real server, to its end."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.desktop import eventually
from tests.environment import ACCOUNT, CONNECTED, Home, MailUser, Running, written
from tests.fakes import Programs, posix_only
from tests.sample_mails import (
    APPROVAL_HTML,
    LINK,
    Mail,
    compose,
    html,
    plain,
    signed,
)
from tests.servers import PASSWORD
from watcher.app.configfile import Taken
from watcher.app.places import CONFIGURATION
from watcher.cli import INTERRUPTED
from watcher.cli.guide import _Watch
from watcher.cli.parser import parse
from watcher.clock import utc_now
from watcher.config.load import load
from watcher.errors import ExitCode, LoginRefused
from watcher.events import EventName, Mode, State, StateChanged
from watcher.guide import sentences
from watcher.guide.apps import NAMES, find
from watcher.guide.inbox import Watched
from watcher.guide.steps import Place
from watcher.guide.walk import Ending
from watcher.i18n import Language, Text, columns_of
from watcher.journal.log import Journal
from watcher.notify import sentences as notified
from watcher.recognition.claim import Kind

LOCALES = {Language.JA: "ja_JP.UTF-8", Language.EN: "C.UTF-8"}
in_each_language = pytest.mark.parametrize("language", Language)
pytestmark = posix_only("a pseudo-terminal, and a terminal that is typed on")

QUICK = (
    sys.executable,
    "-c",
    "import sys; from datetime import timedelta; import watcher.guide.walk as walk;"
    "walk.TOO_SOON = timedelta(0);"
    "from watcher.cli import main; sys.exit(main(sys.argv[1:]))",
)
"""A watcher that believes those who approve at once, as the tests do."""

HURRIED = (
    sys.executable,
    "-c",
    "import sys; from datetime import timedelta; import watcher.app.silence as one;"
    "one.SILENT_AFTER = timedelta(seconds=1); import watcher.guide.walk as other;"
    "other.WAIT_FOR = timedelta(seconds=6);"
    "from watcher.cli import main; sys.exit(main(sys.argv[1:]))",
)
"""A watcher that has not as much patience."""


def type_at(run: Running, awaited: str, line: str) -> str:
    """Type a line once something is printed; return all that was printed until then."""
    seen = run.await_text(awaited)
    run.seen = ""
    os.write(run.terminal, f"{line}\n".encode())
    return seen


def is_told(text: Text, seen: str, language: Language, **data: object) -> bool:
    """Return whether a sentence was printed, however its lines are broken."""
    return "".join(text.say(language, **data).split()) in "".join(seen.split())


def prompt(text: Text, language: Language) -> str:
    """Return what stands behind the clock of the line at the bottom."""
    return text.say(language, clock="\0").partition("\0")[2]


def steps(place: Place) -> Iterator[Text]:
    for step in find("zaim").steps[place]:
        yield step.act
        if step.beware:
            yield step.beware


@contextmanager
def guided(user: MailUser, language: Language, *app: str) -> Iterator[Running]:
    """Run the guide on a terminal, without a desktop."""
    user.home.environment["LANG"] = LOCALES[language]
    user.configure(notify=f'enabled = false\nlanguage = "{language}"')
    with user.home.started("guide", *app, command=QUICK, is_controlled=True) as run:
        yield run


PREPARE = sentences.PROMPTS[Place.PREPARE]
WAIT, FINISH = sentences.PROMPTS[Place.WAIT], sentences.PROMPTS[Place.FINISH]
AGAIN = sentences.PROMPTS[Place.AGAIN]
OPEN, COPY = sentences.TO_USE[Kind.APPROVAL], sentences.TO_USE[Kind.CODE]
OPENED, COPIED = sentences.WHEN_USED[Kind.APPROVAL], sentences.WHEN_USED[Kind.CODE]


@in_each_language
def test_from_the_first_step_to_the_linked_app(
    mail_user: MailUser, language: Language
) -> None:
    home = mail_user.home
    with guided(mail_user, language, "zaim") as run:
        seen = type_at(run, PREPARE.say(language), "")
        assert all(is_told(one, seen, language) for one in steps(Place.PREPARE))
        seen = run.await_text(prompt(WAIT, language))
        assert all(is_told(one, seen, language) for one in steps(Place.WAIT))
        assert set(home.names()) == {"armed"}
        link = mail_user.approval()
        steps_seen, seen = seen, type_at(run, prompt(OPEN, language), "")
        assert CONNECTED not in steps_seen + seen, "no line between the steps"
        assert is_told(find("zaim").call, seen, language)
        assert "\a" in seen
        assert link not in seen
        seen = type_at(run, prompt(OPENED, language), "")
        assert home.opened.read_text() == link
        assert is_told(sentences.USED[Kind.APPROVAL], seen, language)
        seen = type_at(run, prompt(FINISH, language), "")
        assert all(is_told(one, seen, language) for one in steps(Place.FINISH))
        assert run.await_end() == ExitCode.OK, run.seen
    assert is_told(sentences.LINKED, run.seen, language, title="Zaim")
    kept = [name for name in home.names() if name not in ("armed", "notified")]
    assert kept == ["attempt", "opened", "outcome", "disarmed"]


def test_who_names_no_app_is_asked_until_one_is_known(mail_user: MailUser) -> None:
    with guided(mail_user, Language.EN) as run:
        asked = type_at(run, "  2. Money Forward ME", "3")
        assert is_told(sentences.WHICH_APP, asked, Language.EN)
        type_at(run, "  2. Money Forward ME", "2")
        type_at(run, PREPARE.en, "q")
        assert run.await_end() == ExitCode.OK
    assert "「追加入力画面へ」" in run.seen or "watcher guide moneyforward" in run.seen


def test_who_names_no_app_can_leave_and_nothing_is_expected(
    mail_user: MailUser,
) -> None:
    for leave in ("q", "\x04"):
        with guided(mail_user, Language.EN) as run:
            type_at(run, "  2. Money Forward ME", leave)
            assert run.await_end() == ExitCode.OK
    assert mail_user.home.names() == []


@in_each_language
def test_what_expired_is_told_and_a_second_try_succeeds(
    mail_user: MailUser, language: Language
) -> None:
    home = mail_user.home
    with guided(mail_user, language, "zaim") as run:
        type_at(run, PREPARE.say(language), "")
        run.await_text(prompt(WAIT, language))
        mail_user.approval(age=timedelta(minutes=4, seconds=57))
        run.await_text(prompt(OPEN, language))
        seen = type_at(run, AGAIN.say(language), "")
        assert is_told(sentences.OVER, seen, language)
        assert all(is_told(one, seen, language) for one in steps(Place.AGAIN))
        type_at(run, PREPARE.say(language), "")
        run.await_text(prompt(WAIT, language))
        link = mail_user.approval()
        type_at(run, prompt(OPEN, language), "")
        type_at(run, prompt(OPENED, language), "")
        type_at(run, prompt(FINISH, language), "")
        assert run.await_end() == ExitCode.OK, run.seen
    assert home.opened.read_text() == link
    assert home.names().count("attempt") == 2


def test_a_second_guide_offers_to_go_on_where_the_first_was_left(
    mail_user: MailUser,
) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        type_at(run, prompt(WAIT, Language.EN), "q")
        assert run.await_end() == ExitCode.OK
    assert "watcher guide zaim" in run.seen
    assert mail_user.home.names()[-1] == "disarmed"

    with guided(mail_user, Language.EN, "moneyforward") as run:
        type_at(run, PREPARE.en, "q")
        run.await_end()
    with guided(mail_user, Language.EN, "zaim") as run:
        seen = type_at(run, "[Y/n]", "")
        assert "at step 6-9" in seen
        run.await_text(prompt(WAIT, Language.EN))
        assert "「ショッピングサイト」" not in run.seen
        type_at(run, prompt(WAIT, Language.EN), "q")
        run.await_end()
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, "[Y/n]", "n")
        type_at(run, PREPARE.en, "q")
        run.await_end()
    with guided(mail_user, Language.EN, "zaim") as run:
        assert "[Y/n]" not in run.await_text(PREPARE.en)


def test_what_came_to_its_end_is_not_offered_again(mail_user: MailUser) -> None:
    for _ in range(2):
        with guided(mail_user, Language.EN, "zaim") as run:
            type_at(run, PREPARE.en, "")
            type_at(run, prompt(WAIT, Language.EN), "n")
            type_at(run, sentences.FINISH_UNTIMED.en, "")
            assert run.await_end() == ExitCode.OK
    (account,) = mail_user.home.run("status", "--json").json[0]["accounts"]
    assert (account["account"], account["state"]) == ("home", "stopped")


def test_ctrl_c_ends_it_and_no_sign_in_is_expected_any_more(
    mail_user: MailUser,
) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text(PREPARE.en)
        assert mail_user.home.names() == ["armed"]
        assert run.end(signal.SIGINT) == INTERRUPTED
    assert "Ended. No sign-in is expected any more." in run.seen
    assert "by `watcher guide`" in mail_user.home.run("log").out
    assert "Traceback" not in run.seen
    assert mail_user.home.names() == ["armed", "disarmed"]


def test_a_window_that_is_closed_leaves_nothing_expected(mail_user: MailUser) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text(PREPARE.en)
        run.hang_up()

    assert mail_user.home.names() == ["armed", "disarmed"]


def test_what_was_expected_for_longer_stays_so(mail_user: MailUser) -> None:
    mail_user.home.run("expect", "2h")
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "q")
        run.await_end()
    assert is_told(sentences.STILL_EXPECTED, run.seen, Language.EN)
    assert "any more" not in run.seen
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text(PREPARE.en)
        run.end(signal.SIGINT)
    assert is_told(sentences.STILL_EXPECTED, run.seen, Language.EN)
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        type_at(run, prompt(WAIT, Language.EN), "n")
        type_at(run, sentences.FINISH_UNTIMED.en, "")
        run.await_end()
    assert is_told(sentences.STILL_EXPECTED, run.seen, Language.EN)
    assert "any more" not in run.seen

    assert mail_user.home.names() == ["armed"]


def test_of_two_guides_the_first_that_ends_leaves_the_other_armed(
    mail_user: MailUser,
) -> None:
    with (
        guided(mail_user, Language.EN, "zaim") as first,
        guided(mail_user, Language.EN, "moneyforward") as last,
    ):
        for run in (first, last):
            run.await_text(PREPARE.en)
        with Journal.open(mail_user.home.log) as journal:
            type_at(first, PREPARE.en, "q")
            first.await_end()
            assert journal.is_armed(utc_now())
            type_at(last, PREPARE.en, "q")
            last.await_end()
            assert not journal.is_armed(utc_now())
    assert is_told(sentences.STILL_EXPECTED, first.seen, Language.EN)
    assert is_told(sentences.LEFT, last.seen, Language.EN, name="moneyforward")


def test_a_narrow_terminal_cuts_no_key(mail_user: MailUser) -> None:
    mail_user.home.environment["COLUMNS"] = "60"
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        run.await_text("\nr = again | q = quit")


def test_enter_pressed_twice_opens_the_page_and_approves_nothing(
    mail_user: MailUser,
) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        mail_user.approval()
        type_at(run, prompt(OPEN, Language.EN), "\n\n")
        run.await_text(prompt(OPENED, Language.EN))
    assert sentences.HEADINGS[Place.FINISH].en.partition(".")[2] not in run.seen


def test_enter_copies_a_code_which_is_shown_to_be_typed_on_the_phone(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    programs = Programs(home.folder / "bin")
    programs.add("xclip", then=f"/bin/cat > '{home.opened}'")
    path = f"{programs.folder}{os.pathsep}{home.environment['PATH']}"
    home.environment |= {"PATH": path, "DISPLAY": ":0"}
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        run.await_text(prompt(WAIT, Language.EN))
        mail_user.code("313728")
        seen = type_at(run, prompt(COPY, Language.EN), "")
        assert "The code: 313 728" in seen
        seen = type_at(run, prompt(COPIED, Language.EN), "")
        assert "The code is copied." in seen
        run.await_text(prompt(FINISH, Language.EN))
    assert home.opened.read_text() == "313728"
    assert "copied" in home.names()


@posix_only("a browser that fails")
def test_a_page_that_does_not_open_is_told_with_how_to_do_it_by_hand(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    home.environment |= {"BROWSER": "/nowhere/browser", "PATH": "/nowhere"}
    with guided(mail_user, Language.EN, "zaim") as run:
        mail_user.approval()
        type_at(run, prompt(OPEN, Language.EN), "")
        run.await_text("by hand.")
        run.seen = ""
        run.await_text(prompt(OPEN, Language.EN))
    assert "open_failed" in home.names()
    assert "opened" not in home.names()


def test_beside_a_running_watcher_it_finds_what_that_one_told(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    mail_user.configure()
    with home.started("run") as daemon:
        daemon.await_text(CONNECTED)
        with home.started("guide", "zaim", is_controlled=True) as run:
            type_at(run, PREPARE.en, "")
            run.await_text(prompt(WAIT, Language.EN))
            mail_user.approval()
            run.await_text(prompt(OPEN, Language.EN))
            daemon.await_text("sign-in attempt shown")
            run.seen = ""
            assert home.run("open").code == ExitCode.OK
            run.await_text(prompt(OPENED, Language.EN))
            type_at(run, prompt(OPENED, Language.EN), "q")
            assert run.await_end() == ExitCode.OK
        assert notified.ACT_APPROVAL.en in daemon.seen
        assert daemon.end() == ExitCode.OK
    assert [home.names().count(name) for name in ("attempt", "notified")] == [1, 1]


def test_what_was_not_me_ends_it_with_what_to_do(mail_user: MailUser) -> None:
    home = mail_user.home
    with guided(mail_user, Language.EN, "zaim") as run:
        mail_user.approval()
        run.await_text(prompt(OPEN, Language.EN))
        with Journal.open(home.log) as journal:
            (event,) = journal.live(utc_now())
            journal.append(EventName.NOT_ME, at=utc_now(), about=event.about)
        assert run.await_end() == ExitCode.OK
    assert "change your password." in run.seen
    assert not home.opened.exists()


def test_nothing_of_amazons_is_silent_while_it_waits(mail_user: MailUser) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        run.await_text(prompt(WAIT, Language.EN))
        mail_user.post(Mail(body=html(APPROVAL_HTML.format(link=LINK))))
        run.await_text(notified.UNVERIFIED.en)
        other = Mail(subject="Password recovery", body=plain("Hello"))
        mail_user.deliver(signed(other, **mail_user.envelope()))
        run.await_text("“Password recovery”")
        assert LINK not in run.seen
        run.seen = ""
        run.await_text(prompt(WAIT, Language.EN))


def test_a_terminal_that_cannot_be_redrawn_gets_lines_alone(
    mail_user: MailUser,
) -> None:
    mail_user.home.environment["TERM"] = "dumb"
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, f"{PREPARE.en}\n", "")
        run.await_text(prompt(WAIT, Language.EN))
        mail_user.approval()
        type_at(run, prompt(OPEN, Language.EN), "")
        type_at(run, prompt(OPENED, Language.EN), "")
        seen = type_at(run, prompt(FINISH, Language.EN), "")
        assert run.await_end() == ExitCode.OK
    assert not set("\x1b\r\a") & set(seen + run.seen)
    assert seen.count(prompt(FINISH, Language.EN)) == 1


@in_each_language
def test_no_line_is_wider_than_the_terminal(
    mail_user: MailUser, language: Language
) -> None:
    mail_user.home.environment |= {"COLUMNS": "60", "TERM": "dumb"}
    with guided(mail_user, language, "zaim") as run:
        mail_user.approval()
        type_at(run, PREPARE.say(language).split(" | ")[0], "")
        run.await_text("n = ")
        for line in ("n", "r"):
            os.write(run.terminal, f"{line}\n".encode())
        run.await_text(AGAIN.say(language))
    assert [line for line in run.seen.splitlines() if columns_of(line) > 60] == []


def test_what_lay_there_long_before_is_no_news(mail_user: MailUser) -> None:
    hour = timedelta(hours=1)
    mail_user.approval(age=hour)
    doubtful = Mail(body=html(APPROVAL_HTML.format(link=LINK)))
    mail_user.move_in(
        compose(replace(doubtful, **mail_user.envelope(hour))),  # type: ignore[arg-type]
        utc_now() - hour,
    )
    with guided(mail_user, Language.EN, "zaim") as run:
        type_at(run, PREPARE.en, "")
        eventually(lambda: {"missed", "unverified"} <= {*mail_user.home.names()})
        mail_user.approval()
        seen = run.await_text(prompt(OPEN, Language.EN))
    assert notified.UNVERIFIED.en not in seen
    assert notified.LATE.en not in seen


# Without a terminal -------------------------------------------------------------------


@in_each_language
def test_in_a_pipe_all_is_told_in_lines_and_the_mail_ends_it(
    mail_user: MailUser, language: Language
) -> None:
    home = mail_user.home
    home.environment["LANG"] = LOCALES[language]
    mail_user.configure(notify=f'enabled = false\nlanguage = "{language}"')
    link = mail_user.approval()

    done = home.run("guide", "zaim")

    assert (done.code, done.err) == (ExitCode.OK, "")
    for place in (Place.PREPARE, Place.WAIT, Place.APPROVE, Place.FINISH):
        assert all(is_told(one, done.out, language) for one in steps(place))
    assert is_told(find("zaim").call, done.out, language)
    assert f"watcher open {home.events()[1].id}" in done.out
    assert link not in done.out
    assert not set("\x1b\r\a") & set(done.out)
    assert not home.opened.exists()
    assert "disarmed" not in home.names()


def test_in_a_pipe_a_wait_for_nothing_ends_as_that_of_check(
    mail_user: MailUser,
) -> None:
    done = mail_user.home.run("guide", "zaim", command=HURRIED)
    mail_user.home.environment["MAIL_PASSWORD"] = "wrong"
    refused = mail_user.home.run("guide", "zaim", command=HURRIED)

    assert (done.code, refused.code) == (ExitCode.NOTHING, ExitCode.REFUSED)
    assert "- by SMS" in done.out
    assert "authenticator app" not in done.out
    assert "refuses the login" in refused.err


def test_in_a_pipe_the_app_must_be_named(mail_user: MailUser) -> None:
    done = mail_user.home.run("guide", stdin=b"1\n")

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "zaim, moneyforward" in done.err


@in_each_language
def test_an_app_that_is_not_known_is_answered_by_those_that_are(
    home: Home, language: Language
) -> None:
    home.environment["LANG"] = LOCALES[language]
    done = home.run("guide", "moneytree")

    assert done.code == ExitCode.USAGE
    assert all(name in done.err for name in NAMES)


def test_an_app_is_known_by_its_name_in_capitals_too(home: Home) -> None:
    assert home.run("guide", "Zaim").code == ExitCode.CONFIG  # there is none yet


def test_who_cannot_be_told_of_a_mail_is_warned_before_the_five_minutes(
    mail_user: MailUser,
) -> None:
    mail_user.home.environment["MAIL_PASSWORD"] = "wrong"
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text("refuses the login")
        type_at(run, PREPARE.en, "")
        seen = run.await_text(prompt(WAIT, Language.EN))
    assert is_told(sentences.NOT_WATCHED, seen, Language.EN, accounts="home")


def configure_silently(user: MailUser, account: str, *tables: str) -> None:
    user.configure(account, *tables, notify='enabled = false\nlanguage = "en"')


def test_what_is_put_right_while_a_login_is_refused_is_taken_up(
    mail_user: MailUser,
) -> None:
    mail_user.home.environment["MAIL_PASSWORD"] = "wrong"
    secret = mail_user.home.folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    right = mail_user.account(
        name='"mail"', password_env=None, password_file=f'"{secret.as_posix()}"'
    )
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text("refuses the login")
        configure_silently(mail_user, right)
        run.await_text("the configuration was taken up")
        run.await_text("mail: connected (")
        type_at(run, PREPARE.en, "")
        assert "cannot be seen" not in run.await_text(prompt(WAIT, Language.EN))
        mail_user.approval()
        run.await_text(prompt(OPEN, Language.EN))
        type_at(run, prompt(OPEN, Language.EN), "q")
        assert run.await_end() == ExitCode.OK
    with Journal.open(mail_user.home.log) as journal:
        assert CONFIGURATION not in journal.sessions(), "it is the daemon's"


def test_what_was_wrong_by_the_former_configuration_decides_nothing_any_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = load(written(tmp_path, ACCOUNT))
    corrected = load(written(tmp_path, ACCOUNT.replace('"home"', '"mail"')))
    options = parse(["guide", "zaim"], Language.EN)
    watch = _Watch(tmp_path, Taken(former, None), options)
    now, refused = utc_now(), LoginRefused(Text(en="refused", ja="拒否"))
    lost, found = State.BACKING_OFF, State.WATCHING
    watch._observe(
        StateChanged(account="home", state=lost, at=now, error=refused, next_try_at=now)
    )
    assert watch.exit_code(Ending.NOTHING) == ExitCode.REFUSED

    watch._go_by(corrected)
    watch._observe(StateChanged(account="mail", state=found, at=now, mode=Mode.PUSH))

    assert watch.exit_code(Ending.NOTHING) == ExitCode.NOTHING
    assert capsys.readouterr().err == "home: refused\n"
    items = [*iter(lambda: watch.inbox.next(0), None)]
    watched = [(one.account, one.is_so) for one in items if isinstance(one, Watched)]
    assert watched == [("home", False), ("home", True), ("mail", True)]


def test_what_cannot_be_used_is_told_once_and_the_guide_goes_on(
    mail_user: MailUser,
) -> None:
    with guided(mail_user, Language.EN, "zaim") as run:
        run.await_text(PREPARE.en)
        mail_user.home.configure("[watch]\nmode = 'dance'")
        run.await_text("the former configuration goes on")
        configure_silently(mail_user, mail_user.account(), '[log]\npath = "other.db"')
        run.await_text("begin the guide again")
        mail_user.approval()
        run.await_text(prompt(OPEN, Language.EN))
    assert run.seen.count("the former configuration goes on") == 2, "each once"


def test_without_a_configuration_it_says_what_is_missing(home: Home) -> None:
    missing = home.run("guide", "zaim")
    home.configure("[watch]\nmode = 'dance'")
    wrong = home.run("guide", "zaim")

    assert (missing.code, wrong.code) == (ExitCode.CONFIG, ExitCode.CONFIG)
    assert "watcher init" in missing.err
    assert "mode" in wrong.err
    assert home.names() == []
