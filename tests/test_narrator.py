"""`watcher run` tells a person what happens: each thing once, and no secrets."""

import logging
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.desktop import eventually
from tests.environment import CONNECTED, PATIENCE_S, WATCHER, MailUser
from tests.factories import CODE, LINK, NOW, attempt
from tests.fakes import posix_only
from watcher.cli.narrate import Line, event_line
from watcher.cli.narrator import DOUBTFUL_AN_HOUR, BugHandler, Narrator, Printer
from watcher.errors import (
    ConnectionLost,
    ExitCode,
    JournalBusy,
    LoginRefused,
    MailboxMissing,
)
from watcher.events import (
    AccountRef,
    Event,
    EventName,
    Expectation,
    Mode,
    ModeReason,
    State,
    StateChanged,
    Subject,
)
from watcher.i18n import Language, Text
from watcher.notify import sentences
from watcher.recognition.claim import Kind

LOST = ConnectionLost(Text(en="a closed the connection.", ja="a が接続を閉じました。"))
REFUSED = LoginRefused(Text(en="a refuses the login.", ja="ログインが拒否されました。"))
MISSING = MailboxMissing(Text(en="a has no mailbox x.", ja="x がありません。"))
BUSY = JournalBusy(Text(en="The event log is locked.", ja="記録が使用中です。"))
UNTOLD = {EventName.ATTEMPT, EventName.STARTED}
"""Told by `notified` and with the accounts' names; see the tests for both."""


class Told:
    """A narrator whose lines are kept."""

    def __init__(self, *, is_mute: bool = False) -> None:
        self.lines: list[Line] = []
        self.narrator = Narrator(
            self.lines.append, accounts=["home", "work"], is_mute=is_mute
        )

    def event(
        self,
        name: EventName,
        about: Subject = None,
        *,
        detail: str | None = None,
        reasons: tuple[str, ...] = (),
        later: timedelta = timedelta(0),
    ) -> None:
        self.narrator.on_event(
            Event(
                at=NOW + later, event=name, about=about, detail=detail, reasons=reasons
            )
        )

    def state(self, state: State, **changes: object) -> None:
        change = StateChanged(account="home", state=state, at=NOW)
        self.narrator.observe(replace(change, **changes))  # type: ignore[arg-type]

    def push(self) -> None:
        self.state(State.WATCHING, mode=Mode.PUSH, mode_reason=ModeReason.OFFERED)

    def lost(self, after_s: float, error: Exception = LOST) -> None:
        next_try_at = NOW + timedelta(seconds=after_s)
        self.state(State.BACKING_OFF, error=error, next_try_at=next_try_at)

    def said(self, language: Language = Language.EN) -> list[str]:
        """Return the lines without their time."""
        return [line.say(language).partition(" ")[2] for line in self.lines]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def local_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@posix_only("tzset")
@pytest.mark.usefixtures("local_time")
def test_a_line_begins_with_the_users_clock_time(told: Told) -> None:
    told.event(EventName.NOTIFIED, attempt(id=52))

    assert [line.say(Language.EN) for line in told.lines] == [
        "12:00 home: sign-in attempt shown (#52), 4:32 left"
    ]


@pytest.mark.parametrize(
    ("name", "english", "japanese"),
    [
        (EventName.NOTIFIED, "sign-in attempt shown (#1), 4:32 left", "残り 4:32"),
        (EventName.REMINDED, "reminded of the sign-in attempt", "もう一度"),
        (EventName.OPENED, "approval page opened (#1)", "開きました(#1)"),
        (EventName.OPEN_FAILED, "could not be opened (#1)", "開けませんでした(#1)"),
        (EventName.COPIED, "code copied (#1)", "コピーしました(#1)"),
        (EventName.NOT_ME, "not you (#1)", "「身に覚えがない」"),
        (EventName.EXPIRED, "is over (#1)", "期限が切れました(#1)"),
        (EventName.MISSED, "found too late (#1)", "期限の切れた"),
        (EventName.UNVERIFIED, "not be verified (#1)", "差出人を確認できません(#1)"),
        (EventName.LOOK_ALIKE, "look-alike mail came (#1)", "偽物らしい"),
    ],
)
def test_the_course_of_an_attempt_is_told(
    told: Told, name: EventName, english: str, japanese: str
) -> None:
    told.event(name, attempt())

    for language, words in ((Language.EN, english), (Language.JA, japanese)):
        (line,) = told.said(language)
        assert line.startswith("home: ")
        assert words in line


@pytest.mark.parametrize("name", [EventName.BLIND, EventName.RECOVERED])
def test_an_account_that_is_not_watched_is_told(told: Told, name: EventName) -> None:
    told.event(name, AccountRef("home"))

    assert re.match(
        "home: (not watched for 90 seconds|watched again); ", told.said()[0]
    )
    assert "見張" in told.said(Language.JA)[0]


def test_a_sign_in_that_is_expected_is_told(told: Told) -> None:
    told.event(EventName.ARMED, Expectation(NOW + timedelta(minutes=10)))

    assert re.fullmatch(r"a sign-in is expected until \d\d:10", told.said()[0])


def test_start_and_end_are_told(told: Told) -> None:
    told.event(EventName.STARTED)
    told.event(EventName.STOPPED)

    assert told.said()[0] == "Watching home, work. Ctrl-C ends it."
    assert told.said(Language.JA)[1] == "終了しました。もう見張っていません。"


@pytest.mark.parametrize("name", sorted(set(EventName) - {EventName.ARMED}))
@pytest.mark.parametrize("kind", [Kind.APPROVAL, Kind.CODE])
@pytest.mark.parametrize("language", Language)
def test_no_line_holds_a_secret_or_words_of_the_mail(
    name: EventName, kind: Kind, language: Language
) -> None:
    about = attempt(kind, device="evil device", near="evil place")
    told, mute = Told(), Told(is_mute=True)

    for one in (told, mute):
        one.event(name, about, detail=f"plyer: cannot show {LINK}")

    said = "\n".join(told.said(language) + mute.said(language))
    assert not re.search(rf"{re.escape(LINK)}|{CODE}|evil|https", said)


def test_every_event_of_an_attempt_has_its_line() -> None:
    for name in set(EventName) - UNTOLD:
        assert event_line(Event(at=NOW, event=name, about=attempt())), name


def test_an_attempt_is_told_itself_where_notifications_are_off() -> None:
    told, mute = Told(), Told(is_mute=True)

    for one in (told, mute):
        one.event(EventName.ATTEMPT, attempt())

    assert told.said() == []
    assert mute.said() == [
        "home: sign-in attempt came (#1), 4:32 left; `watcher check` shows it"
    ]


def test_of_an_attempt_whose_end_nobody_knows_no_time_is_told(told: Told) -> None:
    about = replace(attempt(), is_deadline_known=False)
    told.event(EventName.NOTIFIED, about, detail="terminal")

    assert told.said() == ["home: sign-in attempt shown (#1), may be over already"]
    assert told.said(Language.JA) == [
        "home: サインイン試行を知らせました(#1)。もう期限切れかもしれません"
    ]


def test_an_attempt_that_no_channel_shows_is_told_itself_and_once(told: Told) -> None:
    for number in (1, 2, 1):
        told.narrator.on_unshown(attempt(id=number))

    assert [line.partition(",")[0] for line in told.said()] == [
        "home: sign-in attempt came (#1)",
        "home: sign-in attempt came (#2)",
    ]
    assert all(line.is_urgent for line in told.lines)


def test_a_flood_is_a_few_lines_an_hour(told: Told) -> None:
    for number in range(100):
        later = timedelta(minutes=number)
        told.event(EventName.LOOK_ALIKE, attempt(), later=later)

    assert len(told.lines) == 2 * DOUBTFUL_AN_HOUR


def test_a_channel_that_fails_each_time_is_told_once(told: Told) -> None:
    for _ in range(3):
        told.event(EventName.NOTIFY_FAILED, detail="freedesktop: no bus")
        told.event(EventName.NOTIFIED, attempt(), detail="terminal")

    assert told.said()[0] == "a notification could not be shown (freedesktop: no bus)"
    assert len(told.lines) == 1 + 3


def test_a_channel_that_worked_in_between_is_told_again(told: Told) -> None:
    for _ in range(2):
        told.event(EventName.NOTIFY_FAILED, detail="freedesktop: no bus")
        told.event(EventName.NOTIFIED, attempt(), detail="freedesktop")

    assert len(told.lines) == 4


def test_a_connection_is_told_with_its_way(told: Told) -> None:
    told.push()
    told.state(State.WATCHING, mode=Mode.POLL, mode_reason=ModeReason.NOT_OFFERED)

    assert told.said() == [
        "home: connected (push)",
        "home: connected (poll: the server offers no IDLE)",
    ]
    assert told.said(Language.JA)[0] == "home: 接続しました(プッシュ)"


def test_what_goes_on_is_no_news(told: Told) -> None:
    for _ in range(3):
        told.state(State.CONNECTING)
        told.state(State.CATCHING_UP)
        told.push()

    assert told.said() == ["home: connected (push)"]


def test_a_connection_that_is_back_at_once_is_one_line(told: Told) -> None:
    told.push()
    told.lost(after_s=0)
    told.state(State.CONNECTING)
    told.push()

    assert told.said()[1:] == ["home: the connection was lost and is back (push)"]


def test_a_connection_that_stays_away_is_told_with_the_next_try(told: Told) -> None:
    told.push()
    told.lost(after_s=0)
    told.lost(after_s=12)
    told.lost(after_s=20)
    told.push()

    assert told.said()[1:] == [
        "home: no connection (a closed the connection); trying again in 12 s",
        "home: connected (push)",
    ]


def test_a_first_connection_that_fails_is_told_at_once(told: Told) -> None:
    told.lost(after_s=0)

    assert told.said(Language.JA) == [
        "home: 接続できません(a が接続を閉じました)。1 秒後につなぎなおします"
    ]


def test_a_refused_login_is_told_once_and_needs_the_user(told: Told) -> None:
    for _ in range(2):
        told.state(State.CONNECTING)
        next_try_at = NOW + timedelta(minutes=15)
        told.state(State.REFUSED, error=REFUSED, next_try_at=next_try_at)

    (line,) = told.lines
    assert "not watched (a refuses the login); next try at" in line.say(Language.EN)
    assert line.is_urgent


def test_a_missing_mailbox_is_told_once(told: Told) -> None:
    for _ in range(2):
        told.state(State.CATCHING_UP, error=MISSING)
        told.push()

    assert told.said() == ["home: a has no mailbox x", "home: connected (push)"]


def test_a_busy_event_log_is_told_once_until_it_was_written(told: Told) -> None:
    told.narrator.on_trouble(BUSY)
    told.narrator.on_trouble(BUSY)
    told.event(EventName.ARMED, Expectation(NOW))
    told.narrator.on_trouble(BUSY)

    busy = "The event log is locked; trying again until it works"
    assert [line for line in told.said() if line == busy] == [busy] * 2


def test_a_servers_words_are_harmless_and_on_one_line(told: Told) -> None:
    text = Text(en="it said {said}", ja="{said}")
    said = "\x1b[2J\u202eevil\r\n" + "x" * 5000
    told.lost(after_s=9, error=ConnectionLost(text, said=said))

    (line,) = told.said()
    assert line.isprintable()
    assert len(line) < 500


def test_a_bug_in_a_line_reaches_nobody() -> None:
    def fail(line: Line) -> None:
        raise ZeroDivisionError

    narrator = Narrator(fail, accounts=["home"], is_mute=False)

    narrator.on_event(Event(at=NOW, event=EventName.STOPPED, about=None))
    narrator.on_trouble(BUSY)


def test_a_bug_that_the_daemon_survives_is_told_to_a_person(told: Told) -> None:
    with BugHandler(told.lines.append):
        logging.getLogger("watcher.app.daemon").error("a bug: KeyError")
        logging.getLogger("watcher.app.notifier").info("no bug")
    logging.getLogger("watcher.app.daemon").error("nobody narrates any more")

    (line,) = told.said()
    assert "this is a bug in watcher" in line
    assert told.lines[0].is_urgent


def test_quiet_tells_what_needs_the_user_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Printer(Language.EN, is_quiet=True) as printer:
        for is_urgent in (False, True):
            text = Text(en=f"urgent: {is_urgent}", ja="-")
            printer.print(Line(NOW, text, is_urgent=is_urgent))
        printer._lines.put(None)
        printer._thread.join(PATIENCE_S)

    assert re.fullmatch(r"\d\d:\d\d urgent: True\n", capsys.readouterr().err)


class Held:
    """A stream like a terminal that Ctrl-S holds, then one that is closed."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.written = 0

    def write(self, text: str) -> int:
        self.released.wait(PATIENCE_S)
        self.written += 1
        raise OSError(5, "Input/output error")

    def flush(self) -> None:
        raise BrokenPipeError

    def isatty(self) -> bool:
        return True


def test_a_terminal_that_is_held_or_closed_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = Held()
    monkeypatch.setattr(sys, "stderr", stream)

    started_s = time.monotonic()
    with Printer(Language.EN, is_quiet=False) as printer:
        for _ in range(3):
            printer.print(Line(NOW, Text(en="x", ja="x")))
    took_s = time.monotonic() - started_s
    stream.released.set()
    printer._thread.join(PATIENCE_S)

    assert took_s < PATIENCE_S / 2
    assert not printer._thread.is_alive()
    assert stream.written == 3


def test_run_speaks_to_a_person_in_their_language(mail_user: MailUser) -> None:
    mail_user.configure(notify='language = "ja"\nchannel = "terminal"', mode="idle")
    mail_user.home.environment["LANG"] = "ja_JP.UTF-8"
    with mail_user.home.started("run") as run:
        run.await_text("home: 接続しました(プッシュ)")
        mail_user.approval()
        run.await_text("home: サインイン試行を知らせました(#2)。残り 4:")
        assert run.end() == 0

    assert re.search(r"^\d\d:\d\d home を見張ります。", run.seen, re.MULTILINE)
    assert "終了しました" in run.seen
    assert "INFO" not in run.seen
    assert "account=" not in run.seen


def test_the_log_for_developers_comes_with_verbose(mail_user: MailUser) -> None:
    with mail_user.home.started("-v", "run") as run:
        run.await_text(CONNECTED)
        run.end()

    assert "account=home state=watching" in run.seen


def test_quiet_run_tells_of_an_attempt_alone(mail_user: MailUser) -> None:
    mail_user.configure(notify="enabled = false")
    with mail_user.home.started("-q", "run") as run:
        mail_user.approval()
        run.await_text("sign-in attempt came (#2)")
        run.end()

    assert len(run.seen.splitlines()) == 1


def test_run_tells_of_each_attempt_that_no_channel_shows(mail_user: MailUser) -> None:
    mail_user.configure(notify='channel = "freedesktop"')
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        for number in (2, 4):  # the failure is an event, too
            mail_user.approval()
            run.await_text(f"sign-in attempt came (#{number})")
        run.end()

    assert run.seen.count("a notification could not be shown") == 1
    assert run.seen.count("sign-in attempt came") == 2


def test_run_tells_that_another_program_holds_the_log(mail_user: MailUser) -> None:
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        with closing(
            sqlite3.connect(mail_user.home.log, isolation_level=None)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            mail_user.approval()
            run.await_text("is locked by another program")
        run.await_text("sign-in attempt shown")
        run.end()


def test_run_tells_of_a_bug_it_survives(mail_user: MailUser) -> None:
    script = (
        "import sys; import watcher.recognition.judge as judge; judge.classify = None;"
        "from watcher.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    mail_user.approval()
    command = (sys.executable, "-c", script)
    with mail_user.home.started("-q", "run", command=command) as run:
        run.await_text("this is a bug in watcher")
        assert run.end() == 0

    assert "ERROR" not in run.seen


@posix_only("it ends by SIGTERM, on a pipe that does not block")
def test_a_pipe_that_nobody_reads_holds_up_no_attempt(mail_user: MailUser) -> None:
    """Also with what `--verbose` prints for developers."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    home = mail_user.home
    daemon = subprocess.Popen(
        [*WATCHER, "-v", "run"], cwd=home.folder, env=home.environment, stderr=writer
    )
    try:
        eventually(lambda: home.log.exists() and "started" in home.names())
        mail_user.approval()
        eventually(lambda: "attempt" in home.names())
        daemon.terminate()
        assert daemon.wait(PATIENCE_S) == ExitCode.OK
    finally:
        daemon.kill()
        daemon.wait()
        os.close(reader)
        os.close(writer)

    assert home.names()[-1] == "stopped"


@posix_only("a pseudo-terminal")
def test_a_closed_terminal_ends_no_watch(mail_user: MailUser) -> None:
    mail_user.configure(notify="enabled = false")
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, run.terminal)
        os.close(nowhere)
        mail_user.approval()
        with mail_user.home.started("log", "--follow") as log:
            log.await_text("sign-in attempt")
        run.process.terminate()
        assert run.process.wait(PATIENCE_S) == 0

    assert mail_user.home.names()[-1] == "stopped"


@posix_only("a shell that closes descriptors")
@pytest.mark.parametrize("streams", ["2>&-", ">&- 2>&-"])
def test_closed_streams_end_no_watch(mail_user: MailUser, streams: str) -> None:
    mail_user.configure(notify="enabled = false")
    command = ("sh", "-c", f'exec "$@" {streams}', "sh", *WATCHER)
    with mail_user.home.started("run", command=command) as run:
        mail_user.approval()
        with mail_user.home.started("log", "--follow") as log:
            log.await_text("sign-in attempt")
        assert run.end() == 0


def test_notifications_speak_what_the_terminal_cannot_show(
    mail_user: MailUser,
) -> None:
    mail_user.configure(notify='language = "ja"\nchannel = "terminal"')
    mail_user.home.environment["PYTHONIOENCODING"] = "cp1252"
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        run.end()

    texts = [text for text in vars(sentences).values() if isinstance(text, Text)]
    assert [text.en for text in texts if text.en in run.seen] == []


def test_what_the_phone_was_told_is_a_line_of_its_own() -> None:
    event = Event(at=NOW, event=EventName.NOTIFIED, about=attempt(), detail="push")
    line = event_line(event)

    assert line is not None
    assert "the phone was told of the sign-in attempt (#1)" in line.say(Language.EN)
    assert not line.is_urgent


def test_an_attempt_that_screen_and_phone_tell_is_one_line(told: Told) -> None:
    for name in (EventName.NOTIFIED, EventName.REMINDED):
        told.event(name, attempt(), detail="freedesktop")
        told.event(name, attempt(), detail="push")
    told.event(EventName.NOTIFIED, attempt(id=2), detail="push")

    assert told.said() == [
        "home: sign-in attempt shown (#1), 4:32 left",
        "home: reminded of the sign-in attempt (#1), 4:32 left",
        "home: the phone was told of the sign-in attempt (#2), 4:32 left",
    ]


def test_what_the_user_does_in_another_window_is_told(mail_user: MailUser) -> None:
    mail_user.configure(notify='channel = "terminal"')
    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.home.run("expect", "5m")
        run.await_text("a sign-in is expected until")
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        assert mail_user.home.run("open").code == ExitCode.OK
        run.await_text("home: approval page opened (#3)")
        run.end()

    assert run.seen.count("approval page opened") == 1
    assert run.seen.count("a sign-in is expected") == 1


def test_what_failed_and_how_it_ended_is_told_in_the_readers_language(
    told: Told,
) -> None:
    told.event(EventName.NOTIFY_FAILED, detail="terminal: The terminal is stopped.")
    told.event(EventName.OUTCOME, attempt(), detail="worked")

    assert told.said(Language.JA) == [
        "通知を表示できませんでした(ターミナル: ターミナルが停止しています)",
        "home: #1 の結果を記録しました(成功)",
    ]
    assert told.said(Language.EN)[0].endswith("(terminal: The terminal is stopped)")


def test_what_other_programs_do_by_themselves_is_not_told(told: Told) -> None:
    for name in (EventName.STARTED, EventName.STOPPED, EventName.ATTEMPT):
        told.narrator.on_other(Event(at=NOW, event=name, about=None))

    assert told.lines == []


def test_a_command_that_failed_is_no_notification_that_did() -> None:
    event = Event(at=NOW, event=EventName.NOTIFY_FAILED, about=None, detail="hook: x")
    line = event_line(event)

    assert line is not None
    assert line.say(Language.EN).endswith(" hook: x")
