"""What is saved while the program runs is taken up by itself, or told and left."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from tests.environment import CONNECTED, MailUser, saying
from tests.factories import NOW
from tests.fakes import RecordingChannel, posix_only, prompt_notifier
from tests.servers import PASSWORD
from watcher.app.configfile import (
    ConfigFile,
    ConfigRead,
    ConfigRefused,
    FromConfig,
    PasswordWritten,
    Taken,
)
from watcher.app.places import CONFIGURATION
from watcher.app.reload import Reload
from watcher.app.wanted import NotifierSettings
from watcher.config.schema import Config, Notify
from watcher.errors import ConfigError, ExitCode, WatcherError
from watcher.i18n import Language, Text
from watcher.imap.session import Session
from watcher.journal.log import Journal
from watcher.notify import trouble

TAKEN_UP = "the configuration was taken up"
NOW_CLOSED = "Stopped: nothing is watched now."


def secret_of(mail_user: MailUser, password: str) -> Path:
    secret = mail_user.home.folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    return secret


def test_a_password_that_is_put_right_is_taken_up_without_a_restart(
    mail_user: MailUser,
) -> None:
    secret = secret_of(mail_user, "wrong")
    account = mail_user.account(
        password_env=None, password_file=f'"{secret.as_posix()}"'
    )
    mail_user.configure(account)

    with mail_user.home.started("run") as run:
        run.await_text("refuses the login")
        secret_of(mail_user, f"{PASSWORD}\n")
        run.await_text(CONNECTED)
        assert run.end() == ExitCode.OK

    assert TAKEN_UP not in run.seen


def test_a_password_that_is_refused_again_is_told_again(mail_user: MailUser) -> None:
    secret = secret_of(mail_user, "wrong")
    account = mail_user.account(
        password_env=None, password_file=f'"{secret.as_posix()}"'
    )
    mail_user.configure(account)

    with mail_user.home.started("run") as run:
        run.await_text("Mail login failed")
        run.seen = ""
        secret_of(mail_user, "wrong again")
        run.await_text("home: not watched")
        run.await_text("Mail login failed")


@posix_only("file modes")
def test_permissions_that_are_put_right_are_taken_up(mail_user: MailUser) -> None:
    secret = secret_of(mail_user, PASSWORD)
    secret.chmod(0o644)
    account = mail_user.account(
        password_env=None, password_file=f'"{secret.as_posix()}"'
    )
    mail_user.configure(account)

    with mail_user.home.started("run") as run:
        run.await_text("chmod 600")
        secret.chmod(0o600)
        run.await_text(CONNECTED)


def test_an_account_that_is_put_right_is_logged_in_to_at_once(
    mail_user: MailUser,
) -> None:
    wrong = {"password_env": None, "password_command": saying("wrong")}
    mail_user.configure(mail_user.account(**wrong))

    with mail_user.home.started("run") as run:
        run.await_text("refuses the login")
        mail_user.configure()
        run.await_text(CONNECTED)
        run.await_text(mail_user.approval())
        assert run.end() == ExitCode.OK

    assert run.seen.count(NOW_CLOSED) == 1
    names = mail_user.home.names()
    assert [names.count(one) for one in ("started", "stopped")] == [1, 1]


def test_an_account_is_added_and_removed(mail_user: MailUser) -> None:
    other = mail_user.account(name='"work"')

    with mail_user.home.started("run") as run:
        run.await_text(CONNECTED)
        mail_user.configure(mail_user.account(), other)
        run.await_text(f"{TAKEN_UP}: watching home, work")
        run.await_text("work: connected (")
        mail_user.configure(other)
        run.await_text(f"{TAKEN_UP}: watching work\n")
        mail_user.approval()
        run.await_text("work: sign-in attempt shown")
        assert run.end() == ExitCode.OK


def test_a_broken_file_is_told_once_and_the_former_configuration_goes_on(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    good = home.config.read_text()

    with home.started("run") as run:
        run.await_text(CONNECTED)
        home.configure(good, "[[accounts]]\npasword = 1\nusr = 2")
        run.await_text("the former configuration goes on")
        text, (status,) = home.run("status"), home.run("status", "--json").json
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        home.configure(good)
        run.await_text("the configuration is in order again")
        (later,) = home.run("status", "--json").json
        assert run.end() == ExitCode.OK

    assert run.seen.count("the former configuration goes on") == 1
    assert run.seen.count("The configuration is wrong") == 1
    assert all(key in run.seen for key in ("accounts[2].pasword", "accounts[2].usr"))
    assert text.code == ExitCode.OK
    assert "correct the file and save it again" in text.out
    assert "accounts[2].usr" in text.out
    assert "accounts[2].usr" in status["configuration_error"]
    assert later["configuration_error"] is None
    assert later["configuration_since"] == status["configuration_since"]
    assert TAKEN_UP not in run.seen


@posix_only("pipes in the file system")
def test_a_pipe_for_a_while_in_the_place_of_the_file_is_told_and_left(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    good = home.config.read_text()

    with home.started("run") as run:
        run.await_text(CONNECTED)
        home.config.unlink()
        os.mkfifo(home.config, 0o600)
        run.await_text("the former configuration goes on")
        home.config.unlink()
        home.configure(good)
        run.await_text("the configuration is in order again")
        assert run.end() == ExitCode.OK


def test_commands_that_need_only_the_log_go_on_while_the_file_is_broken(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    with home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        run.await_text("sign-in attempt shown")
        home.config.write_text("[watch\n")
        opened, armed, logged = (
            home.run(*words) for words in (("open", "--print"), ("expect",), ("log",))
        )
        run.end()
    unwatched = home.run("log")

    assert (opened.code, opened.out) == (ExitCode.OK, f"{link}\n")
    assert (armed.code, logged.code) == (ExitCode.OK, ExitCode.OK)
    assert "is not valid TOML" in opened.err
    assert unwatched.code == ExitCode.CONFIG


def test_what_is_alive_is_taken_over_as_at_a_restart(mail_user: MailUser) -> None:
    home = mail_user.home
    with home.started("run") as run:
        run.await_text(CONNECTED)
        link = mail_user.approval()
        run.await_text("sign-in attempt shown")
        mail_user.configure(mode="idle")
        run.await_text("home: connected (push)")
        (alive,) = home.run("check", "--json", "--no-notify").json
        assert run.end() == ExitCode.OK

    assert alive["link"] == link
    assert home.names().count("attempt") == 1


def test_another_event_log_is_gone_over_to(mail_user: MailUser) -> None:
    home = mail_user.home
    good = home.config.read_text()
    with home.started("run") as run:
        run.await_text(CONNECTED)
        home.configure(f'log.path = "{home.folder.as_posix()}/other.db"', good)
        run.await_text(TAKEN_UP)
        run.await_text("Watching home. Ctrl-C ends it.")
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        assert home.run("status").code == ExitCode.OK
        assert run.end() == ExitCode.OK


def test_an_event_log_that_cannot_be_used_is_told_and_left(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    good = home.config.read_text()
    with home.started("run") as run:
        run.await_text(CONNECTED)
        home.configure(f'log.path = "{home.folder.as_posix()}"', good)
        run.await_text("the former configuration goes on")
        mail_user.approval()
        run.await_text("sign-in attempt shown")
        assert run.end() == ExitCode.OK


# What follows from a file ---------------------------------------------------------

SAME = ConfigRead(Taken(Config(), None))
OTHER = ConfigRead(Taken(Config(notify=Notify(enabled=False)), None))
WRONG = ConfigError(Text(en="a mistake", ja="間違い"))


@dataclass(slots=True)
class Round:
    """A round of the program with two accounts; what it does is remembered."""

    journal: Journal
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    told: list[WatcherError | None] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    reload: Reload = field(init=False)

    def __post_init__(self) -> None:
        settings = NotifierSettings(language=Language.EN, notify_unverified=True)
        file = ConfigFile(
            path=Path("config.toml"),
            taken=SAME.taken,
            load=Config,
            tell=self.told.append,
        )
        notifier = prompt_notifier(self.journal, [self.channel], settings)
        self.reload = Reload(file, self.journal, notifier, None)
        self.reload.start(NOW)

    def handle(self, item: FromConfig) -> None:
        """Handle what was found of a file."""
        sessions = {name: cast("Session", Account(name, self)) for name in ("a", "b")}
        self.reload.handle(item, sessions, NOW)

    @property
    def noted(self) -> object:
        """What `status` is told is wrong."""
        return self.journal.sessions()[CONFIGURATION]["error"]


@dataclass(frozen=True, slots=True)
class Account:
    """Stands for a session."""

    name: str
    round: Round

    def retry(self) -> None:
        """Remember it."""
        self.round.retried.append(self.name)


@pytest.fixture
def one_round(tmp_path: Path) -> Iterator[Round]:
    with Journal.open(tmp_path / "events.db") as journal:
        yield Round(journal)


def test_another_configuration_is_to_go_on_with_unless_it_is_taken_back(
    one_round: Round,
) -> None:
    one_round.handle(OTHER)
    following = one_round.reload.next
    one_round.handle(SAME)

    assert (following, one_round.reload.next) == (OTHER.taken, None)


def test_a_file_saved_as_it_was_lets_every_account_log_in_again(
    one_round: Round,
) -> None:
    one_round.handle(SAME)

    assert one_round.retried == ["a", "b"]
    assert (one_round.told, one_round.channel.shown) == ([], [])


def test_a_password_lets_its_own_account_log_in_again(one_round: Round) -> None:
    one_round.handle(PasswordWritten(frozenset({"b", "gone"})))

    assert one_round.retried == ["b"]


def test_a_mistake_is_told_and_noted_until_it_is_put_right(one_round: Round) -> None:
    one_round.handle(ConfigRefused(WRONG))
    noted = one_round.noted
    one_round.handle(SAME)
    one_round.handle(SAME)

    assert noted == {"en": "a mistake", "ja": "間違い"}
    assert one_round.noted is None
    assert one_round.told == [WRONG, None]
    words = trouble.config_refused(WRONG, language=Language.EN)
    assert one_round.channel.shown == [words]
    assert one_round.channel.withdrawn == [trouble.CONFIG_ID]
    assert "a mistake watcher goes on as before" in words.body
