"""`watcher init`, as a user meets it: from an empty home to the first notification."""

import os
import subprocess
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests import desktop
from tests.desktop import Desktop, eventually
from tests.environment import WATCHER, Home, MailUser, Running, end_daemon
from tests.fakes import linux_only
from tests.sample_mails import APPROVAL_HTML, LINK, Mail, html
from tests.servers import Dovecot, NameServer
from watcher.config.schema import Account
from watcher.errors import ExitCode
from watcher.i18n import Language
from watcher.notify import sentences
from watcher.setup.access import _parse_server, _server
from watcher.setup.trial import PAGES

DESKTOP = linux_only("a D-Bus desktop")
OWN_NAMES = linux_only("a name server of its own, which is the system's")


@pytest.fixture(scope="module")
def screen() -> Iterator[Desktop]:
    with desktop.desktop(desktop.xfce) as one:
        yield one


@pytest.fixture
def newcomer(
    home: Home, dovecot: Dovecot, name_server: NameServer
) -> Iterator[MailUser]:
    """Give a user who has a mailbox, and has configured nothing."""
    home.resolve_at(name_server.address)
    user = MailUser(
        home, dovecot, name_server, f"user-{uuid.uuid4().hex[:12]}@example.jp"
    )
    name_server.hosts["_imaps._tcp.example.jp", "SRV"] = (
        f"0 1 {dovecot.ports.imaps} localhost."
    )
    yield user
    end_daemon(home.log)


@contextmanager
def asked(user: MailUser, *options: str, language: str = "ja") -> Iterator[Running]:
    """Run `init` on a terminal."""
    lang = {"ja": "ja_JP.UTF-8", "en": "C.UTF-8"}[language]
    user.home.environment["LANG"] = lang
    with user.home.started(
        "init", "--ca-file", str(user.server.ca_file), *options, is_controlled=True
    ) as run:
        yield run


def answer(run: Running, question: str, line: str) -> None:
    run.await_text(question)
    run.seen = ""
    os.write(run.terminal, f"{line}\n".encode())


APPROVAL = {"ja": "承認リンク(", "en": "approval, to"}
PROVED = {
    "ja": "通知、ボタン、ブラウザーのどれも動いています",
    "en": "button and browser work",
}


def interrupted(run: Running) -> int:
    """Press Ctrl-C until it is heard, and return the exit code.

    Python does not hear it between the prompt and the reading of the answer.
    """
    while run.process.poll() is None:
        os.write(run.terminal, b"\x03")
        with suppress(subprocess.TimeoutExpired):
            run.process.wait(1)
    return run.await_end()


@DESKTOP
@pytest.mark.parametrize("language", ["ja", "en"])
def test_from_an_empty_home_to_the_first_notification(
    newcomer: MailUser, screen: Desktop, tmp_path: Path, language: str
) -> None:
    screen.restart()
    home, spoken = newcomer.home, Language(language)
    home.environment["DBUS_SESSION_BUS_ADDRESS"] = screen.bus.address
    newcomer.approval()
    with (
        screen.bus.recorded() as record,
        desktop.keyring(screen.bus, tmp_path / "keyring"),
    ):
        with asked(newcomer, language=language) as run:
            answer(run, "1. ", newcomer.user)
            answer(run, "2. ", "")
            answer(run, "3. ", "secret")
            run.await_text(APPROVAL[language])
            answer(run, "[y/N]", "")
            run.await_text("5. ")
            screen.click_last_button()
            eventually(home.opened.exists)
            answer(run, "[Y/n]", "")
            run.await_text(PROVED[language])
            answer(run, "6. ", "")
            assert run.await_end() == ExitCode.OK, run.seen
        assert home.opened.read_text() == PAGES[spoken]
        assert "secret" not in home.config.read_text()

        eventually(lambda: home.run("status").code == ExitCode.OK)
        newcomer.approval()
        record.await_title(sentences.WAS_IT_YOU.say(spoken))


QUIET = ("--no-trial", "--no-service")


def configuration(home: Home) -> dict[str, object]:
    account: dict[str, object]
    (account,) = tomllib.loads(home.config.read_text())["accounts"]
    return account


def answer_wrongly(run: Running, newcomer: MailUser) -> None:
    """Answer all questions up to the password, which is a wrong one."""
    answer(run, "1. ", newcomer.user)
    answer(run, "2. ", "")
    answer(run, "3. ", "wrong")
    run.await_text("refuses the login")


def test_a_wrong_password_is_asked_for_again_with_the_servers_words(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer_wrongly(run, newcomer)
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen


def test_an_answer_that_is_no_text_is_told_as_that_and_not_as_the_refusal_before(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer_wrongly(run, newcomer)
        run.await_text("3. ")
        run.seen = ""
        os.write(run.terminal, b"\xff\n")
        assert run.await_end() == ExitCode.USAGE, run.seen
    assert "cannot be read in this terminal's encoding" in run.seen


def test_a_password_that_is_refused_twice_may_be_that_of_another_user(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer_wrongly(run, newcomer)
        answer(run, "3. ", "wrong as well")
        run.await_text("refuses the login")
        answer(run, "user name for the login", "somebody")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen

    assert configuration(newcomer.home)["user"] == "somebody"


def test_after_a_refusal_the_address_can_be_corrected(newcomer: MailUser) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "somebody@example.jp")
        answer(run, "2. ", "")
        answer(run, "3. ", "wrong")
        run.await_text("refuses the login")
        answer(run, "Enter alone, to correct the address", "")
        answer(run, "1. ", newcomer.user)
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen

    assert configuration(newcomer.home)["user"] == newcomer.user


def test_without_a_keyring_the_password_lies_in_a_file_of_its_owner_alone(
    newcomer: MailUser,
) -> None:
    home = newcomer.home
    with asked(newcomer, *QUIET, "--address", newcomer.user, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        run.await_text("only you can read")
        assert run.await_end() == ExitCode.OK, run.seen
    file = home.config.parent / str(configuration(home)["password_file"])
    assert file.read_text() == "secret\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert home.config.stat().st_mode & 0o077 == 0
    assert home.run("check").code == ExitCode.OK


def test_ctrl_c_leaves_nothing_behind(newcomer: MailUser) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", newcomer.user)
        answer(run, "2. ", "")
        run.await_text("3. ")
        assert interrupted(run) == 130
    assert "Nothing was changed" in run.seen
    left = {path.name for path in newcomer.home.folder.iterdir()}
    assert left == {"browser", "site"}


def test_ctrl_c_leaves_a_broken_configuration_where_it_was(
    newcomer: MailUser,
) -> None:
    newcomer.home.configure("[watch\n# mine")
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "Put that file aside", "y")
        run.await_text("1. ")
        assert interrupted(run) == 130
    assert [*newcomer.home.config.parent.iterdir()] == [newcomer.home.config]
    assert newcomer.home.config.read_text() == "[watch\n# mine"


def test_ctrl_c_after_the_writing_says_what_stays(newcomer: MailUser) -> None:
    address = ("--address", newcomer.user, "--no-trial")
    with asked(newcomer, *address, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        run.await_text("6. ")
        assert interrupted(run) == 130
    assert "is written, and stays" in run.seen
    assert newcomer.home.run("check").code == ExitCode.OK


def test_an_address_that_is_almost_well_known_is_asked_about(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "anna@gmial.com")
        answer(run, "Do you mean anna@gmail.com?", "")
        run.await_text("Gmail (imap.gmail.com)")


def test_a_server_that_is_nowhere_is_told_before_the_password(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "anna@unknown.example")
        answer(run, "IMAP server", "imap.unknown.invalid")
        run.await_text("imap.unknown.invalid cannot be found")
        answer(run, "1. ", newcomer.user)
        run.await_text("2. ")


def test_a_password_of_the_japanese_input_is_asked_for_again(
    newcomer: MailUser,
) -> None:
    with asked(newcomer, *QUIET, "--address", newcomer.user, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "ｓｅｃｒｅｔ")
        run.await_text("full-width")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen


@OWN_NAMES
def test_an_account_that_is_there_is_not_added_again(newcomer: MailUser) -> None:
    newcomer.configure(newcomer.account(ca_file=f'"{newcomer.server.ca_file}"'))
    done = newcomer.home.run(*scripted(newcomer, "--add"))
    assert done.code == ExitCode.CONFIG
    assert "is watched already" in done.err


def test_a_mail_without_proof_would_have_been_told(newcomer: MailUser) -> None:
    newcomer.post(Mail(body=html(APPROVAL_HTML.format(link=LINK))))
    with asked(newcomer, *QUIET, "--address", newcomer.user, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        run.await_text("unproved sender")


def test_what_is_no_address_is_asked_for_again(newcomer: MailUser) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "not an address")
        run.await_text("Please answer again")
        answer(run, "1. ", newcomer.user)
        answer(run, "2. ", "perhaps")
        run.await_text("Please answer again")
        answer(run, "2. ", "y")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("anna@softbank.ne.jp", "offers no IMAP"),
        ("anna@proton.me", "bridge"),
    ],
)
def test_what_cannot_work_is_said_at_once(
    newcomer: MailUser, address: str, said: str
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", address)
        run.await_text(said)
        run.await_text("1. ")


def test_who_cannot_log_in_by_code_may_give_another_address(newcomer: MailUser) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "anna@outlook.jp")
        answer(run, "Do you have such an id?", "")
        run.await_text("no longer lets programs log in with a password")
        run.await_text("1. ")


def test_a_domain_at_a_known_provider_is_known_by_its_mail_exchanger(
    newcomer: MailUser,
) -> None:
    newcomer.name_server.hosts["bring.example", "MX"] = "1 aspmx.l.google.com."
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", "anna@bring.example")
        run.await_text("Gmail (imap.gmail.com)")
        answer(run, "2. ", "")
        run.await_text("https://myaccount.google.com/apppasswords")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("anna@rakumail.jp", "not known whether the mail of this provider can be read"),
        ("anna@anna.sakura.ne.jp", "differs from customer to customer"),
    ],
)
def test_where_no_server_is_known_none_is_suggested(
    newcomer: MailUser, address: str, said: str
) -> None:
    with asked(newcomer, *QUIET, language="en") as run:
        answer(run, "1. ", address)
        run.await_text(said)
        run.await_text("The IMAP server of your mailbox")
        assert "imap.anna" not in run.seen
        assert "imap.rakumail" not in run.seen


def test_a_key_of_which_an_error_tells_is_told_as_the_option_of_init(
    newcomer: MailUser,
) -> None:
    with newcomer.home.started("init", *QUIET, is_controlled=True) as run:
        answer(run, "1. ", newcomer.user)
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        run.await_text("To `watcher init` that is given by --ca-file.")
        assert interrupted(run) == 130
    _, _, told = run.seen.partition("4. Logging in")
    said, _, _ = told.partition("To `watcher init`")
    assert "ca_file" in said
    assert all(line.startswith("   ") for line in said.splitlines()[1:])


def test_a_server_that_nobody_names_is_asked_for(newcomer: MailUser) -> None:
    port = str(newcomer.server.ports.imaps)
    with asked(newcomer, *QUIET, "--port", port, language="en") as run:
        answer(run, "1. ", "anna@unknown.example")
        run.await_text("[imap.unknown.example]")
        answer(run, "IMAP server", "localhost")
        answer(run, "2. ", "n")
        answer(run, "Amazon knows", "anna@one.example, anna@two.example")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen
    account = configuration(newcomer.home)
    assert account["user"] == "anna@unknown.example"
    assert account["addresses"] == ["anna@one.example", "anna@two.example"]


def test_addresses_that_amazon_is_proved_to_write_to_are_offered(
    newcomer: MailUser,
) -> None:
    newcomer.approval(to="other@example.jp")
    with asked(newcomer, *QUIET, "--address", newcomer.user, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        run.await_text("sign-in attempt, to other@example.jp")
        answer(run, "also writes to", "")
        assert run.await_end() == ExitCode.OK, run.seen
    offered = configuration(newcomer.home)["addresses"]
    assert offered == [newcomer.user, "other@example.jp"]


def test_a_second_account_leaves_the_first_and_every_comment(
    newcomer: MailUser,
) -> None:
    newcomer.configure()
    before = newcomer.home.config.read_text() + "\n# my own note\n"
    newcomer.home.config.write_text(before)
    address = f"second-{newcomer.user}"
    with asked(newcomer, *QUIET, "--add", "--address", address, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen
    after = newcomer.home.config.read_text()
    assert after.startswith(before.rstrip())
    names = [one["name"] for one in tomllib.loads(after)["accounts"]]
    assert names == ["home", "home-2"]
    copies = [*newcomer.home.config.parent.glob("*.bak")]
    assert [copy.read_text() for copy in copies] == [before]


def test_a_configuration_that_is_there_is_not_touched_unasked(
    newcomer: MailUser,
) -> None:
    newcomer.configure()
    before = newcomer.home.config.read_text()
    done = newcomer.home.run("init", "--yes", "--address", newcomer.user)
    assert done.code == ExitCode.CONFIG
    assert "--add" in done.err
    with asked(newcomer, language="en") as run:
        answer(run, "Add one more account", "")
        assert run.await_end() == ExitCode.NOTHING
    assert newcomer.home.config.read_text() == before


def test_a_broken_configuration_is_put_aside_only_if_the_user_says_so(
    newcomer: MailUser,
) -> None:
    newcomer.home.configure("[watch\n# mine")
    with asked(newcomer, *QUIET, "--address", newcomer.user, language="en") as run:
        answer(run, "Put that file aside", "y")
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen
    (aside,) = newcomer.home.config.parent.glob("*.bak")
    assert aside.read_text() == "[watch\n# mine"


def scripted(user: MailUser, *more: str, password: str = "secret") -> tuple[str, ...]:
    user.home.environment["MAIL_PASSWORD"] = password
    return (
        *("init", "--yes", "--address", user.user, "--password-env", "MAIL_PASSWORD"),
        *("--ca-file", str(user.server.ca_file), *QUIET, *more),
    )


@OWN_NAMES
def test_every_answer_can_be_given_on_the_command_line(newcomer: MailUser) -> None:
    done = newcomer.home.run(*scripted(newcomer, "--name", "mail", "--language", "ja"))

    assert "いくつかの質問に答えると" not in done.out
    assert done.out.count("watcher run") == 1
    assert done.code == ExitCode.OK, done.err
    account = configuration(newcomer.home)
    assert (account["name"], account["password_env"]) == ("mail", "MAIL_PASSWORD")
    assert 'language = "ja"' in newcomer.home.config.read_text()
    assert newcomer.home.run("check").code == ExitCode.OK


@OWN_NAMES
def test_a_configuration_elsewhere_is_named_in_what_is_told_to_go_on(
    newcomer: MailUser,
) -> None:
    file = newcomer.home.folder / "own watcher.toml"
    done = newcomer.home.run(*scripted(newcomer, "--config", str(file)))

    said = " ".join(done.out.split())
    for command in ("run", "guide", "doctor", "service uninstall"):
        assert f'--config "{file}" {command}' in said
    assert said.endswith(f"then delete {file}")
    assert newcomer.home.run("--config", str(file), "check").code == ExitCode.OK


@OWN_NAMES
def test_a_login_that_does_not_work_writes_nothing(newcomer: MailUser) -> None:
    done = newcomer.home.run(*scripted(newcomer, password="wrong"))
    assert done.code == ExitCode.REFUSED
    assert not newcomer.home.config.exists()


def test_a_server_that_cannot_be_reached_writes_nothing(newcomer: MailUser) -> None:
    done = newcomer.home.run(*scripted(newcomer, "--host", "localhost", "--port", "1"))
    assert done.code == ExitCode.UNREACHABLE
    assert not newcomer.home.config.exists()


def test_a_missing_answer_names_the_option_that_gives_it(home: Home) -> None:
    done = home.run("init", "--yes")
    assert done.code == ExitCode.USAGE
    assert "--address" in done.err


@OWN_NAMES
def test_in_a_pipe_each_line_is_an_answer(newcomer: MailUser) -> None:
    lines = f"{newcomer.user}\n\nsecret\n"
    done = newcomer.home.run(
        "init",
        *("--ca-file", str(newcomer.server.ca_file), *QUIET),
        stdin=lines.encode(),
    )
    assert done.code == ExitCode.OK, done.err
    assert newcomer.home.run("check").code == ExitCode.OK


@OWN_NAMES
def test_a_pipe_that_ends_too_soon_says_why_the_login_failed(
    newcomer: MailUser,
) -> None:
    lines = f"{newcomer.user}\n\nwrong\n"
    done = newcomer.home.run(
        "init",
        *("--ca-file", str(newcomer.server.ca_file), *QUIET),
        stdin=lines.encode(),
    )
    assert done.code == ExitCode.REFUSED
    assert not newcomer.home.config.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--provider", "gmial"), '--provider: it must be one of: "gmail"'),
        (("--tls", "ssl"), "--tls: it must be one of"),
        (("--address", "anna"), "--address: it must be a bare mail address"),
        (("--password-command", "'"), "--password-command: it must name a program"),
        (("--keyring", "--password-env", "X"), "one place only"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(
    home: Home, options: tuple[str, ...], said: str
) -> None:
    done = home.run("init", *options)
    assert done.code == ExitCode.USAGE
    assert said in done.err


@DESKTOP
def test_a_notification_that_nobody_saw_gets_its_remedy(
    newcomer: MailUser, screen: Desktop
) -> None:
    newcomer.home.environment["DBUS_SESSION_BUS_ADDRESS"] = screen.bus.address
    address = ("--address", newcomer.user)
    with asked(newcomer, "--no-service", *address, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        answer(run, "Tell your phone", "")
        answer(run, "[Y/n]", "n")
        run.await_text("system's settings")
        assert run.await_end() == ExitCode.OK, run.seen


def test_without_a_desktop_it_says_where_watcher_will_tell(newcomer: MailUser) -> None:
    address = ("--address", newcomer.user)
    with asked(newcomer, "--no-service", *address, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        answer(run, "Tell your phone", "")
        run.await_text("No notification could be shown here")
        assert run.await_end() == ExitCode.OK, run.seen


def test_watcher_alone_leads_into_the_set_up(newcomer: MailUser) -> None:
    with newcomer.home.started(is_controlled=True) as run:
        answer(run, "Run `watcher init` now? [Y/n]", "")
        answer(run, "1. ", newcomer.user)
        run.await_text("2. ")


def test_a_password_lies_beside_the_file_that_a_link_leads_to(
    newcomer: MailUser,
) -> None:
    newcomer.configure()
    real = newcomer.home.folder / "dotfiles" / "watcher.toml"
    real.parent.mkdir()
    newcomer.home.config.rename(real)
    newcomer.home.config.symlink_to(real)
    address = f"second-{newcomer.user}"
    with asked(newcomer, *QUIET, "--add", "--address", address, language="en") as run:
        answer(run, "2. ", "")
        answer(run, "3. ", "secret")
        assert run.await_end() == ExitCode.OK, run.seen
    assert newcomer.home.run("check").code == ExitCode.OK


@pytest.mark.parametrize("lines", [1, 3, 6])
def test_a_reader_that_goes_away_stops_nothing(newcomer: MailUser, lines: int) -> None:
    done = newcomer.home.run(
        *("--address", newcomer.user, "--amazon-address", newcomer.user, *QUIET),
        *("--ca-file", str(newcomer.server.ca_file)),
        command=("sh", "-c", f'"$@" | head -n {lines}', "sh", *WATCHER, "init"),
        stdin=b"secret\n",
    )
    eventually(newcomer.home.config.exists)
    assert done.code == ExitCode.OK
    eventually(lambda: newcomer.home.run("check").code == ExitCode.OK)


@OWN_NAMES
@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_an_answer_that_is_no_text_is_not_repeated(
    newcomer: MailUser, encoding: str
) -> None:
    done = newcomer.home.run(
        *("init", "--address", newcomer.user, "--amazon-address", newcomer.user),
        *("--ca-file", str(newcomer.server.ca_file), *QUIET),
        stdin=b"caf\xe9\xff\n",
        environment={"PYTHONIOENCODING": encoding},
    )
    assert done.code == ExitCode.USAGE
    assert "--password-file" in done.err
    assert "caf" not in done.out + done.err


def test_a_name_that_is_taken_is_not_changed_in_silence(newcomer: MailUser) -> None:
    newcomer.configure()
    done = newcomer.home.run(*scripted(newcomer, "--add", "--name", "home"))
    assert done.code == ExitCode.CONFIG
    assert "--name" in done.err


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("mail.example", ("mail.example", None)),
        (" mail.example:1143 ", ("mail.example", 1143)),
        ("127.0.0.1:143", ("127.0.0.1", 143)),
        ("[::1]:143", ("::1", 143)),
        ("::1", ("::1", None)),
        ("mail.example:imap", ("mail.example:imap", None)),
    ],
)
def test_a_server_may_be_written_with_its_port(
    written: str, server: tuple[str, int | None]
) -> None:
    assert _parse_server(written) == server


@pytest.mark.parametrize("host", ["mail.example", "2001:db8::1", None])
@pytest.mark.parametrize("port", [143, None])
def test_a_server_that_is_asked_for_again_is_offered_with_its_port(
    host: str | None, port: int | None
) -> None:
    offered = _server(Account(host=host, port=port))

    assert host is None or _parse_server(offered) == (host, port)
