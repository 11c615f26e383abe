"""What people read fits their terminal; what programs read is never broken."""

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.environment import NO_SERVER, Home, MailUser
from tests.factories import new_event
from tests.fakes import posix_only
from tests.sample_mails import LINK, approval
from watcher.app.lock import only_daemon
from watcher.cli.layout import Section, fit, hang, lay_out
from watcher.clock import utc_now
from watcher.errors import ExitCode
from watcher.events import EventName
from watcher.i18n import Language, columns_of, wrap_columns
from watcher.journal.log import Journal

LOCALES = {Language.JA: "ja_JP.UTF-8", Language.EN: "C.UTF-8"}
WIDTHS = [60, 80]
in_each_terminal = pytest.mark.parametrize(
    ("language", "width"), [(one, width) for one in Language for width in WIDTHS]
)
in_two_terminals = pytest.mark.parametrize(
    ("language", "width"), [(Language.JA, 60), (Language.EN, 80)]
)
"""For what takes long: each language, and each width."""


def on_terminal(home: Home, language: Language, width: int, *arguments: str) -> str:
    """Return what a command prints on a terminal of that width."""
    home.environment |= {
        "COLUMNS": str(width),
        "LANG": LOCALES[language],
        "PYTHONUTF8": "1",
    }
    with home.started(*arguments) as running:
        running.await_end()
    return running.seen


def without_escapes(seen: str) -> str:
    """Return it without colours, and without what erases a line or goes to it."""
    return re.sub(r"\x1b\[[\d;]*[mKA]", "", seen)


def too_wide(seen: str, width: int) -> list[str]:
    """Return the lines that are broken by the terminal but hold more than a word."""
    lines = [line for line in seen.splitlines() if columns_of(line) > width]
    return [line for line in lines if " " in line.strip(" |")]


def without_blanks(text: str) -> str:
    """Return it without blanks and line breaks, which differ by the terminal."""
    return re.sub(r"\s", "", text)


@in_each_terminal
def test_log_fits_the_terminal(language: Language, width: int, home: Home) -> None:
    with Journal.open(home.log) as journal:
        journal.record(new_event(1, at=utc_now()))
        journal.append(
            EventName.NOTIFY_FAILED, at=utc_now(), about=None, detail="why " * 30
        )

    seen = on_terminal(home, language, width, "log")

    assert too_wide(seen, width) == []
    assert len(seen.splitlines()) > 2
    dated = [line for line in seen.splitlines() if re.match(r"\d{4}-\d\d-\d\d ", line)]
    assert len(dated) == 2
    rest = [line for line in seen.splitlines() if line not in dated]
    assert all(line.startswith(" " * 28) for line in rest)


def test_log_in_a_pipe_has_one_line_for_an_event(home: Home) -> None:
    home.environment["COLUMNS"] = "40"
    with Journal.open(home.log) as journal:
        journal.append(
            EventName.NOTIFY_FAILED, at=utc_now(), about=None, detail="why " * 30
        )

    assert len(home.run("log").out.splitlines()) == 1


@in_each_terminal
def test_run_fits_the_terminal(
    language: Language, width: int, mail_user: MailUser
) -> None:
    names = ", ".join(f"a household of many mailboxes {n}" for n in range(3))
    home = mail_user.home
    home.configure(NO_SERVER.replace('"home"', f'"{names}"'))
    home.environment |= {"COLUMNS": str(width), "LANG": LOCALES[language]}
    with home.started("run") as run:
        run.await_text("127.0.0.1")
        assert run.end() == ExitCode.OK

    assert too_wide(run.seen, width) == []
    assert len(run.seen.splitlines()) > 3
    assert all(re.match(r"\d\d:\d\d |    ", line) for line in run.seen.splitlines())


@in_each_terminal
def test_classify_fits_the_terminal(language: Language, width: int, home: Home) -> None:
    name = "a mail that somebody has saved under a rather long name for a file.eml"
    (home.folder / name).write_bytes(approval())

    seen = on_terminal(home, language, width, "classify", name)

    assert too_wide(without_escapes(seen), width) == []
    assert "\x1b[" in seen


@in_two_terminals
def test_the_demo_fits_the_terminal(language: Language, width: int, home: Home) -> None:
    seen = on_terminal(home, language, width, "demo", "--seconds", "2", "--no-notify")

    assert too_wide(without_escapes(seen), width) == []
    assert re.search(r"^         \| https://\S+$", seen, re.MULTILINE)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [40, *WIDTHS])
def test_status_fits_the_terminal(language: Language, width: int, home: Home) -> None:
    now = utc_now()
    session = {
        "state": "watching",
        "mode": "poll",
        "mode_reason": "broken_off",
        "last_look_at": now.isoformat(),
    }
    refused = {
        "state": "refused",
        "error": {one.value: "why " * 30 for one in Language},
        "next_try_at": now.isoformat(),
    }
    with Journal.open(home.log) as journal:
        journal.put_session("home", session)
        journal.put_session("work", refused)

    with only_daemon(home.log):
        seen = on_terminal(home, language, width, "status")

    assert too_wide(seen, width) == []
    assert "IDLE" in seen
    assert "why why" in seen


def test_status_says_once_that_nothing_is_watched(home: Home) -> None:
    home.environment |= {"LANG": LOCALES[Language.JA], "PYTHONUTF8": "1"}
    with Journal.open(home.log) as journal:
        journal.put_session("home", {"state": "watching"})

    assert home.run("status").out.count("見張っていません") == 1


def test_status_tells_the_date_of_a_look_that_was_not_today(home: Home) -> None:
    now = utc_now()
    looks = {"today": now, "before": now - timedelta(days=3)}
    with Journal.open(home.log) as journal:
        for name, at in looks.items():
            journal.put_session(name, {"last_look_at": at.isoformat()})

    out = home.run("status").out

    dated = re.findall(r"last good look: (\S+) ?(\S*)$", out, re.MULTILINE)
    before = looks["before"].astimezone()
    assert (f"{before:%Y-%m-%d}", f"{before:%H:%M:%S}") in dated
    assert (f"{now.astimezone():%H:%M:%S}", "") in dated


@in_two_terminals
def test_check_fits_the_terminal_and_says_that_it_works(
    language: Language, width: int, mail_user: MailUser
) -> None:
    mail_user.configure(notify=f'language = "{language}"\nenabled = false')
    link = mail_user.approval()

    seen = on_terminal(mail_user.home, language, width, "check")

    assert too_wide(seen, width) == []
    first = seen.splitlines()[0]
    assert first in ("Looking at home …", "home を調べています…")
    assert f"\n  {link}" in seen or f"\n    {link}" in seen


@in_two_terminals
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("check", "--no-notify"), ExitCode.CONFIG),
        (("chekc",), ExitCode.USAGE),
        (("classify", "missing.eml"), ExitCode.UNREADABLE),
    ],
)
def test_errors_fit_the_terminal_and_are_one_line_in_a_pipe(
    arguments: tuple[str, ...],
    code: ExitCode,
    language: Language,
    width: int,
    home: Home,
) -> None:
    seen = on_terminal(home, language, width, *arguments)
    piped = home.run(*arguments)

    assert too_wide(seen, width) == []
    assert piped.code == code
    *_, error = piped.err.splitlines()
    assert columns_of(error) > width
    assert without_blanks(error) in without_blanks(seen)


@in_each_terminal
def test_an_answer_fits_the_terminal_and_is_one_line_in_a_pipe(
    language: Language, width: int, home: Home
) -> None:
    seen = on_terminal(home, language, width, "expect")
    (piped,) = home.run("expect").out.splitlines()

    assert too_wide(seen, width) == []
    assert columns_of(piped) > width
    timeless = re.sub(r"\d", "", without_blanks(piped))
    assert timeless in re.sub(r"\d", "", without_blanks(seen))


def test_an_account_s_error_fits_the_terminal(home: Home) -> None:
    home.configure(NO_SERVER)

    seen = on_terminal(home, Language.EN, 60, "check", "--no-notify")

    assert too_wide(seen, 60) == []
    assert "home: " in seen


def test_check_in_a_pipe_says_nothing_of_its_work(mail_user: MailUser) -> None:
    done = mail_user.home.run("check", "--no-notify")

    assert (done.code, done.err) == (ExitCode.OK, "")


def test_a_quiet_check_says_nothing_of_its_work(mail_user: MailUser) -> None:
    with mail_user.home.started("-q", "check", "--no-notify") as check:
        check.await_end()

    assert check.seen == "No sign-in attempt is waiting for you.\n"


def test_many_mails_show_their_progress(home: Home) -> None:
    (home.folder / "a.eml").write_bytes(b"From: shop@shop.example\r\n\r\nHello")

    with home.started("classify", *["a.eml"] * 20) as classify:
        classify.await_end()

    assert " 0/20" in classify.seen
    assert " 20/20" in classify.seen


def test_check_tells_how_long_it_waits(mail_user: MailUser) -> None:
    with mail_user.home.started("check", "--wait", "2m", "--no-notify") as check:
        check.await_text("Waiting up to 2:00")


def test_a_slow_judgement_shows_its_progress(mail_user: MailUser) -> None:
    mail_user.name_server.is_silent = True
    (mail_user.home.folder / "a.eml").write_bytes(approval())

    with mail_user.home.started("classify", "a.eml", "a.eml") as classify:
        classify.await_text(" 0/2")
        classify.await_text("unverified")


def test_what_is_continued_is_indented_and_no_word_is_broken() -> None:
    assert fit(f"  {LINK} is long", 30) == f"  {LINK}\n    is long"
    assert fit("one two three", 30) == "one two three"
    assert fit("one two three " * 3, 30, 9).splitlines()[1][:10] == "         o"


def test_a_narrow_terminal_gets_a_narrow_indent() -> None:
    assert fit("one two three " * 3, 30, 28).splitlines()[1].startswith("    o")


def test_what_goes_to_a_program_stays_as_it_is() -> None:
    assert fit("one two three " * 9, None) == "one two three " * 9


def test_colours_take_no_room() -> None:
    assert wrap_columns("\x1b[32mone\x1b[0m two", 7) == ["\x1b[32mone\x1b[0m two"]


def test_no_line_begins_with_what_belongs_to_the_line_before() -> None:
    lines = wrap_columns("サーバーのメールボックスに「ニュース」がない。" * 4, 21)

    assert [line for line in lines if line[0] in "ーッュャ」。"] == []
    assert [line for line in lines if line[-1] == "「"] == []
    assert all(columns_of(line) <= 21 for line in lines)


def test_short_terms_stand_beside_their_meanings_and_long_ones_above() -> None:
    short = Section(entries=[("a", "one two"), ("bcd", "three")])
    long = Section(entries=[("a" * 21, "one"), ("b", "two")])

    assert list(lay_out(short, 80)) == ["  a    one two", "  bcd  three"]
    assert list(lay_out(long, 80)) == [f"  {'a' * 21}\n      one", "  b\n      two"]


def test_a_text_of_several_lines_hangs() -> None:
    assert hang("one two three\nfour", 24, 4) == "one two three\n    four"
    section = Section(points=["one two three four five six"])
    assert list(lay_out(section, 24)) == ["- one two three four\n  five six"]


EXHAUSTED = """
import os, resource
from watcher.cli.terminal import tell

resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
files = []
try:
    while True:
        files.append(open(os.devnull))
except OSError:
    tell("No more files.")
files.clear()  # what measures the coverage writes at the end
"""


@posix_only("limits of a process")
def test_an_error_is_told_also_where_no_file_can_be_opened(home: Home) -> None:
    command = (sys.executable, "-c", EXHAUSTED)
    project = {"PYTHONPATH": str(Path(__file__).parent.parent)}

    assert home.run(command=command, environment=project).err == "No more files.\n"
