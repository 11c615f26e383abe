"""A phone is set up by a topic that nobody guesses, and proved before it is written."""

import os
import re
import tomllib
from collections.abc import Iterator

import pytest

from tests.doctor import examined, in_order
from tests.environment import Home, MailUser, Running
from tests.fakes import posix_only
from tests.ntfy_server import NtfyServer, serving_ntfy
from tests.servers import free_port
from tests.test_init import OWN_NAMES, answer, asked, interrupted, newcomer
from watcher.config.values import Bad
from watcher.errors import ExitCode
from watcher.setup.phone import new_topic, parse_server

__all__ = ["newcomer"]


@pytest.fixture
def ntfy() -> Iterator[NtfyServer]:
    with serving_ntfy() as server:
        server.topic = ""  # any one
        yield server


def at(server: NtfyServer) -> str:
    return f"http://localhost:{server.port}"


def url_in(home: Home) -> str:
    """Return the address that was written."""
    return str(tomllib.loads(home.config.read_text())["push"]["url"])


def log_in(run: Running) -> None:
    answer(run, "2. ", "")
    answer(run, "3. ", "secret")


def test_a_topic_is_long_random_and_one_of_ntfys() -> None:
    topics = {new_topic() for _ in range(100)}

    assert len(topics) == 100
    assert all(re.fullmatch(r"watcher-[a-km-z2-9]{20}", one) for one in topics)


@pytest.mark.parametrize(
    "written", ["ntfy.sh", "http://ntfy.sh", "tgram://x", "https://"]
)
def test_a_server_is_an_address_that_may_be_used(written: str) -> None:
    with pytest.raises(Bad):
        parse_server(written)
    assert parse_server("https://ntfy.example.jp/") == "https://ntfy.example.jp"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_phone_is_set_up_and_proved_before_anything_is_written(
    newcomer: MailUser, ntfy: NtfyServer, language: str
) -> None:
    options = ("--no-service", "--address", newcomer.user)
    with asked(newcomer, *options, language=language) as run:
        log_in(run)
        answer(run, "[y/N]", "y")
        answer(run, "[https://ntfy.sh]", at(ntfy))
        shown = run.await_text("[Y/n]")
        assert not newcomer.home.config.exists()
        answer(run, "[Y/n]", "")
        (body,) = [one.body for one in ntfy.await_requests(1)]
        answer(run, "[Y/n]", "y")
        assert run.await_end() == ExitCode.OK, run.seen

    assert body["topic"] in shown
    assert "▀" in shown
    assert url_in(newcomer.home) == f"{at(ntfy)}/{body['topic']}"


def test_a_message_that_does_not_arrive_is_sent_again_or_the_phone_left_out(
    newcomer: MailUser, ntfy: NtfyServer
) -> None:
    options = ("--no-service", "--address", newcomer.user, "--push", at(ntfy))
    with asked(newcomer, *options, language="en") as run:
        log_in(run)
        answer(run, "Subscribed?", "")
        answer(run, "Did it arrive", "n")
        run.await_text("same letters")
        answer(run, "once more", "y")
        answer(run, "Did it arrive", "n")
        answer(run, "once more", "n")
        run.await_text("The phone is left out")
        assert run.await_end() == ExitCode.OK, run.seen

    assert len(ntfy.published) == 2
    assert "push" not in tomllib.loads(newcomer.home.config.read_text())


def test_a_server_that_cannot_be_reached_is_told(newcomer: MailUser) -> None:
    server = f"http://localhost:{free_port()}"
    options = ("--no-service", "--address", newcomer.user, "--push", server)
    with asked(newcomer, *options, language="en") as run:
        log_in(run)
        answer(run, "Subscribed?", "")
        run.await_text("localhost cannot be reached")
        answer(run, "once more", "n")
        assert run.await_end() == ExitCode.OK, run.seen


def test_ctrl_c_while_the_phone_is_set_up_changes_nothing(
    newcomer: MailUser, ntfy: NtfyServer
) -> None:
    options = ("--no-service", "--address", newcomer.user, "--push", at(ntfy))
    with asked(newcomer, *options, language="en") as run:
        log_in(run)
        run.await_text("Subscribed?")
        assert interrupted(run) == 130

    assert "Nothing was changed" in run.seen
    assert not newcomer.home.config.exists()


def unasked(user: MailUser, *options: str) -> tuple[str, ...]:
    """Return the arguments of `init` that leave nothing to ask."""
    ca_file = str(user.server.ca_file)
    return (
        *("init", "--yes", "--no-trial", "--no-service", "--ca-file", ca_file),
        *("--address", user.user, "--password-env", "MAIL_PASSWORD", *options),
    )


@OWN_NAMES
def test_without_questions_a_phone_is_told_only_if_an_option_says_so(
    newcomer: MailUser, ntfy: NtfyServer
) -> None:
    home = newcomer.home
    assert home.run(*unasked(newcomer, "--name", "one")).code == ExitCode.OK
    assert "push" not in tomllib.loads(home.config.read_text())
    home.config.unlink()
    done = home.run(*unasked(newcomer, "--push", at(ntfy)))

    assert done.code == ExitCode.OK, done.err
    (body,) = ntfy.published
    assert url_in(home) == f"{at(ntfy)}/{body['topic']}"
    assert "▀" not in done.out  # nobody scans a pipe


@OWN_NAMES
def test_a_further_account_gets_a_phone_of_its_own(
    newcomer: MailUser, ntfy: NtfyServer
) -> None:
    home = newcomer.home
    newcomer.configure()
    other = newcomer.user
    newcomer = MailUser(home, newcomer.server, newcomer.name_server, f"second-{other}")
    done = home.run(*unasked(newcomer, "--add", "--push", at(ntfy)))

    assert done.code == ExitCode.OK, done.err
    document = tomllib.loads(home.config.read_text())
    (body,) = ntfy.published
    assert "push" not in document
    assert document["accounts"][1]["push"] == {"url": f"{at(ntfy)}/{body['topic']}"}


def test_a_server_that_cannot_be_used_is_refused(newcomer: MailUser) -> None:
    done = newcomer.home.run(*unasked(newcomer, "--push", "http://ntfy.sh"))

    assert done.code == ExitCode.USAGE
    assert "--push: without encryption" in done.err


@pytest.fixture
def phone_user(mail_user: MailUser, ntfy: NtfyServer) -> MailUser:
    ntfy.topic = "secret-topic"
    in_order(mail_user)
    with mail_user.home.config.open("a") as file:
        file.write(f'\n[push]\nurl = "{ntfy.url}"\n')
    return mail_user


def test_doctor_says_that_the_phone_can_be_told_and_sends_nothing(
    phone_user: MailUser, ntfy: NtfyServer
) -> None:
    line = examined(phone_user.home)["push"]

    assert (line["verdict"], line["account"]) == ("pass", None)
    assert line["detail"] == "The phone is told by localhost, which can be reached."
    assert ntfy.published == []


def test_doctor_sends_a_test_message_if_asked_to(
    phone_user: MailUser, ntfy: NtfyServer
) -> None:
    line = examined(phone_user.home, "--notify")["push"]

    assert line["verdict"] == "pass"
    (body,) = ntfy.published
    assert (body["title"], body["priority"]) == ("A test notification", 5)


def test_doctor_checks_an_address_of_apprise(
    mail_user: MailUser,
) -> None:
    mail_user.configure(
        mail_user.account(),
        '[push]\nurl = "nosuch://secret-topic"',
        notify="enabled = false",
    )
    line = examined(mail_user.home)["push"]

    assert line["verdict"] == "fail"
    assert "nosuch://" in line["detail"]
    assert "secret-topic" not in str(line)


def test_doctor_says_why_the_phone_cannot_be_told(
    phone_user: MailUser, ntfy: NtfyServer
) -> None:
    ntfy.token = "tk_1"
    line = examined(phone_user.home)["push"]

    assert line["verdict"] == "fail"
    assert "refuses this topic or token (status 401)" in line["detail"]
    assert "secret-topic" not in str(line)
    assert line["remedy"]


def test_doctor_checks_the_phone_of_each_account(
    mail_user: MailUser, ntfy: NtfyServer
) -> None:
    ntfy.topic = "secret-topic"
    own = f'[accounts.push]\nurl = "{ntfy.url}"'
    mail_user.configure(f"{mail_user.account()}\n{own}", notify="enabled = false")
    line = examined(mail_user.home)["push"]

    assert (line["verdict"], line["account"]) == ("pass", "home")


@posix_only("file modes")
def test_doctor_warns_where_others_can_read_the_address(phone_user: MailUser) -> None:
    assert examined(phone_user.home)["permissions"]["verdict"] == "pass"
    os.chmod(phone_user.home.config, 0o644)  # noqa: PTH101
    line = examined(phone_user.home)["permissions"]

    assert line["verdict"] == "fail"
    assert "can read" in line["detail"]
    assert line["remedy"].startswith("Run: chmod 600")
