"""The whole road on a real desktop: what is pressed, what it does, what stays there."""

import itertools
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tests import desktop
from tests.desktop import (
    Desktop,
    PortalAnswer,
    Record,
    Server,
    SessionBus,
    Shown,
    eventually,
    fake_portal,
    session_bus,
    spare_server,
)
from tests.environment import Home, MailUser, Running
from tests.fakes import Programs, linux_only
from watcher.cli.signals import ENDING
from watcher.errors import ExitCode
from watcher.i18n import Language
from watcher.journal.reader import JournalReader
from watcher.notify import sentences
from watcher.notify.notification import Action

pytestmark = linux_only("a D-Bus desktop")

SERVERS: dict[str, Server] = {
    "dunst": desktop.dunst,
    "xfce": desktop.xfce,
    "mate": desktop.mate,
}


CONNECTED = "home: 接続しました("

# In Japanese: the places of a server's buttons are measured with Japanese labels.
IS_IT_YOU = sentences.WAS_IT_YOU.say(Language.JA)
FLOOD = sentences.FLOOD.say(Language.JA)
EXPIRED = sentences.OVER.say(Language.JA)
REPORTED = sentences.REPORTED.say(Language.JA)
ADVICE = sentences.PROTECT.say(Language.JA)
NOT_OPENED = sentences.NOT_OPENED.say(Language.JA)
REFUSED = sentences.REFUSED.say(Language.JA)
ENDED = sentences.ENDED.say(Language.JA)
SOON_OVER = sentences.SOON_OVER.say(Language.JA)

BUTTONS = (Action.CLICK, Action.OPEN, Action.NOT_ME)
SOON_EXPIRED = timedelta(minutes=4, seconds=38)
"""The age of a mail that leaves time for a press, and little more."""


@pytest.fixture(scope="module")
def any_desktop(request: pytest.FixtureRequest) -> Iterator[Desktop]:
    with desktop.desktop(SERVERS[request.param]) as one:
        yield one


def on(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("any_desktop", names, indirect=True)


@pytest.fixture
def one(any_desktop: Desktop, mail_user: MailUser) -> Desktop:
    """Give an empty screen, which the user's programs reach by the bus alone."""
    any_desktop.restart()
    settle(mail_user, any_desktop.bus)
    return any_desktop


@pytest.fixture
def record(one: Desktop) -> Iterator[Record]:
    with one.bus.recorded() as record:
        yield record


@pytest.fixture
def home(home: Home) -> Home:
    """Give a home where an account `work` could be, whose password is wrong."""
    home.environment["WORK_PASSWORD"] = "wrong"
    return home


def settle(mail_user: MailUser, bus: SessionBus, *, remind_at: str = "[]") -> None:
    """Let the user's programs reach this bus, and show nothing elsewhere."""
    mail_user.home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    configure(mail_user, mail_user.account(), remind_at=remind_at)


def configure(mail_user: MailUser, *accounts: str, remind_at: str = "[]") -> None:
    notify = f'language = "ja"\nchannel = "freedesktop"\nremind_at = {remind_at}'
    mail_user.configure(*accounts, notify=notify)


def work_account(mail_user: MailUser) -> str:
    """Return an account whose server refuses the password."""
    return mail_user.account(name='"work"', password_env='"WORK_PASSWORD"')


@contextmanager
def running(home: Home, *, is_controlled: bool = False) -> Iterator[Running]:
    """Run the daemon, connected."""
    with home.started("run", is_controlled=is_controlled) as run:
        run.await_text(CONNECTED)
        yield run


def await_event(home: Home, name: str) -> None:
    """Return once an event of this name is in the log, however long ago."""
    with home.started("log", "--follow", "--json") as log:
        log.await_text(f'"event": "{name}"')


def follows(names: list[str], first: str, then: str) -> bool:
    """Return whether an event comes somewhere behind another one."""
    rest = itertools.dropwhile(lambda name: name != first, names)
    return then in rest


# What is pressed ----------------------------------------------------------------------


@on("mate")
def test_it_was_not_me_binds_and_is_followed_by_advice_and_silence(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    home = mail_user.home
    with fake_portal(one.bus) as uris, running(home) as run:
        mail_user.approval(age=SOON_EXPIRED)
        assert record.await_title(IS_IT_YOU).actions == BUTTONS
        one.click_last_button()
        record.await_titles(ADVICE)
        refused = [home.run("open", *id_, stdin=b"\n") for id_ in ((), ("2",))]
        await_event(home, "expired")
        assert run.end() == ExitCode.OK

    assert [done.code for done in refused] == [ExitCode.NOTHING] * 2
    assert home.names()[1:] == ["attempt", "notified", "not_me", "expired", "stopped"]
    assert record.told() == [IS_IT_YOU, ADVICE]
    assert record.titles() == [ADVICE]
    assert not home.opened.exists()
    assert uris == []


@on("xfce")
def test_the_button_open_hands_the_link_to_the_portal_and_is_followed_by_silence(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    """Our process has no DISPLAY, as one that a service manager started."""
    home = mail_user.home
    with fake_portal(one.bus) as uris, running(home) as run:
        link = mail_user.approval(age=SOON_EXPIRED)
        record.await_title(IS_IT_YOU)
        one.click_button(from_last=1)
        record.await_titles()
        await_event(home, "expired")
        assert run.end() == ExitCode.OK

    assert uris == [link]
    assert home.names()[1:] == ["attempt", "notified", "opened", "expired", "stopped"]
    assert record.told() == [IS_IT_YOU]
    assert not home.opened.exists()


@on("xfce")
def test_who_has_not_answered_is_told_that_it_is_over(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with running(mail_user.home):
        mail_user.approval(age=timedelta(minutes=4, seconds=54))
        record.await_title(EXPIRED)

    assert set(record.told()) == {IS_IT_YOU, EXPIRED}


@on("xfce")
def test_a_page_that_no_browser_took_is_told_with_its_link_and_reminded_of(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    home = mail_user.home
    home.environment["BROWSER"] = "/bin/false"
    settle(mail_user, one.bus, remind_at='["290s", "280s", "270s", "260s", "250s"]')
    with fake_portal(one.bus, PortalAnswer.FAILED) as uris, running(home) as run:
        link = mail_user.approval()
        record.await_title(IS_IT_YOU)
        one.click_button(from_last=1)
        failed = record.await_title(NOT_OPENED)
        eventually(lambda: follows(home.names(), "open_failed", "reminded"))
        again = record.await_title(SOON_OVER)
        assert run.end() == ExitCode.OK

    assert uris == [link]
    assert failed.actions == again.actions == BUTTONS
    assert link in failed.body
    assert link in again.body
    assert re.search(r"watcher open \d+ --print", failed.body)
    assert "opened" not in home.names()


@on("mate")
@pytest.mark.parametrize("is_armed", [False, True])
def test_a_click_on_the_text_is_never_not_me_and_opens_only_while_armed(
    one: Desktop, record: Record, mail_user: MailUser, *, is_armed: bool
) -> None:
    home = mail_user.home
    if is_armed:
        home.run("expect")
    with fake_portal(one.bus) as uris, running(home) as run:
        link = mail_user.approval()
        eventually(lambda: len(record.history) == 1)
        with one.bus.monitored() as monitor:
            one.click_text()
            assert monitor.await_member("ActionInvoked")[1] == Action.CLICK
        if is_armed:
            await_event(home, "opened")
        mail_user.approval()  # what was pressed before is dealt with before
        eventually(lambda: home.names().count("notified") == 2)
        assert run.end() == ExitCode.OK

    assert uris == [link] * is_armed
    assert "not_me" not in home.names()
    assert ("opened" in home.names()) == is_armed


@on("xfce")
def test_an_answer_in_a_terminal_takes_the_notification_away(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with fake_portal(one.bus) as uris, running(mail_user.home):
        link = mail_user.approval()
        record.await_title(IS_IT_YOU)
        assert mail_user.home.run("open").code == ExitCode.OK
        record.await_titles()

    assert uris == [link]


# Many attempts ------------------------------------------------------------------------


@on("dunst", "xfce", "mate")
def test_of_many_attempts_the_newest_stays_and_one_summary(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with running(mail_user.home) as run:
        for _ in range(8):
            mail_user.approval()
        record.await_titles(IS_IT_YOU, FLOOD)
        eventually(lambda: "8 件" in find([*reversed(record.now())], FLOOD).body)
        (summary,) = [shown for shown in record.now() if shown.title == FLOOD]
        run.end()

    assert "8 件" in summary.body
    assert len({shown.number for shown in record.history if shown.title == FLOOD}) == 1
    record.await_titles(FLOOD, ENDED)


@on("dunst", "xfce")
def test_what_amazon_reports_takes_the_place_of_the_attempt(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with running(mail_user.home) as run:
        mail_user.approval()
        record.await_titles(IS_IT_YOU)
        mail_user.approval(subject="amazon.co.jp: アクションが必要です: サインイン")
        record.await_titles(REPORTED)
        assert Action.OPEN not in record.await_title(REPORTED).actions
        run.end()

    assert "sign_in_reported" in mail_user.home.names()


@on("dunst", "xfce")
def test_a_newer_code_takes_the_place_of_the_older(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with running(mail_user.home) as run:
        mail_user.code("111222")
        record.await_titles(IS_IT_YOU)
        mail_user.code("333444")
        eventually(lambda: "superseded" in mail_user.home.names())
        record.await_titles(IS_IT_YOU)
        (shown,) = record.now()
        run.end()

    assert "333 444" in shown.body


# What stays on the screen -------------------------------------------------------------


@on("dunst", "xfce", "mate")
def test_what_check_shows_acts_without_it_and_run_replaces_it_in_its_place(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    mail_user.approval()
    assert mail_user.home.run("check").code == ExitCode.OK
    (brief,) = record.now()
    with running(mail_user.home):
        eventually(lambda: len(record.history) == 2)
        (whole,) = record.now()

    assert re.search(r"`watcher open \d+`", brief.body)
    assert (brief.actions, brief.replaces) == ((), 0)
    assert whole.title == IS_IT_YOU
    assert whole.replaces == whole.number == brief.number
    assert whole.actions == BUTTONS
    assert "`watcher open" not in whole.body
    assert mail_user.home.names().count("notified") == 1


HANG_UP = 0
"""Not a signal that is sent: the terminal is closed."""


@on("xfce")
@pytest.mark.parametrize("number", [*ENDING, HANG_UP])
def test_at_the_end_all_is_withdrawn_and_the_next_run_shows_it_again(
    one: Desktop, record: Record, mail_user: MailUser, number: int
) -> None:
    home = mail_user.home
    configure(mail_user, mail_user.account(), work_account(mail_user))
    with running(home, is_controlled=True) as run:
        mail_user.approval()
        record.await_titles(IS_IT_YOU, REFUSED)
        ended = run.hang_up() if number == HANG_UP else run.end(number)
        record.await_titles(ENDED)
    stopped = home.names()[-1]
    configure(mail_user, mail_user.account())
    with running(home):
        record.await_titles(IS_IT_YOU)
        (again,) = record.now()

    assert (ended, stopped) == (ExitCode.OK, "stopped")
    assert again.actions == BUTTONS
    assert home.names().count("notified") == 1


@on("xfce")
@pytest.mark.parametrize("answer", ["opened", "nothing"])
def test_at_the_end_nothing_is_said_where_no_attempt_waits(
    one: Desktop, record: Record, mail_user: MailUser, answer: str
) -> None:
    with fake_portal(one.bus), running(mail_user.home) as run:
        if answer == "opened":
            mail_user.approval()
            record.await_title(IS_IT_YOU)
            mail_user.home.run("open")
        assert run.end() == ExitCode.OK

    record.await_titles()
    assert ENDED not in record.told()


@on("dunst", "xfce", "mate")
def test_a_server_that_was_killed_and_started_again_shows_all_again(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    configure(mail_user, mail_user.account(), work_account(mail_user))
    with running(mail_user.home):
        mail_user.approval()
        record.await_titles(IS_IT_YOU, REFUSED)
        before = record.history
        one.restart()
        record.await_titles(IS_IT_YOU, REFUSED)
        again = record.await_title(IS_IT_YOU)

    assert again not in before[:2]
    assert again.replaces == 0
    assert again.actions == find(before, IS_IT_YOU).actions


def find(history: list[Shown], title: str) -> Shown:
    """Return the first notification of a title."""
    return next(shown for shown in history if shown.title == title)


@on("xfce", "mate")
def test_a_refused_login_vanishes_when_it_is_put_right_also_after_kill_9(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    home = mail_user.home
    home.environment["MAIL_PASSWORD"] = "wrong"
    with home.started("run") as run:
        record.await_title(REFUSED)
        eventually(lambda: bool(handles(home)))
        run.end(signal.SIGKILL)
    left = record.titles()
    home.environment["MAIL_PASSWORD"] = "secret"
    with running(home):
        record.await_titles()

    assert left == [REFUSED]
    assert record.told() == [REFUSED]


def handles(home: Home) -> dict[int, str]:
    """Return what the log knows to be on the screen."""
    journal = JournalReader.read(home.log)
    assert journal is not None
    with journal:
        return journal.shown()


@on("xfce")
def test_after_kill_9_an_attempt_is_shown_again_in_its_place(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    with running(mail_user.home) as run:
        mail_user.approval()
        before = record.await_title(IS_IT_YOU)
        eventually(lambda: "notified" in mail_user.home.names())
        run.end(signal.SIGKILL)
    with running(mail_user.home):
        eventually(lambda: len(record.history) == 2)

    assert record.history[1].replaces == record.history[1].number == before.number
    assert len(record.now()) == 1


# Which bus, and what is believed ------------------------------------------------------


@on("xfce")
def test_a_dead_address_is_passed_over_for_the_next(
    one: Desktop, record: Record, mail_user: MailUser
) -> None:
    home = mail_user.home
    both = f"unix:path={home.folder}/dead;{one.bus.address}"
    home.environment["DBUS_SESSION_BUS_ADDRESS"] = both
    with fake_portal(one.bus) as uris, running(home):
        link = mail_user.approval()
        record.await_title(IS_IT_YOU)
        one.click_button(from_last=1)
        record.await_titles()

    assert uris == [link]


def test_where_the_bus_refused_what_notify_send_says_is_not_believed(
    mail_user: MailUser,
) -> None:
    home, programs = mail_user.home, Programs(mail_user.home.folder / "bin")
    programs.add("notify-send")
    home.environment["PATH"] = f"{programs.folder}:{home.environment['PATH']}"
    mail_user.configure(notify='language = "ja"\nchannel = "auto"')
    with session_bus() as bus:
        home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        mail_user.approval()
        with spare_server(bus, refuses=True):
            home.run("check")
        refused = home.names()
        with spare_server(bus), running(home):
            await_event(home, "notified")

    assert programs.calls()[0].startswith("notify-send")
    assert "notify_failed" in refused
    assert "notified" not in refused
    assert "freedesktop" in [event.detail for event in home.events()]
