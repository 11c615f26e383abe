"""Mails that the server names and does not deliver, through the whole program."""

import pytest

from tests.environment import CONNECTED, ONE_LOOK_S, MailUser, token
from tests.imap_server import Fault, Peer, Server, fetched
from tests.sample_mails import approval
from watcher.errors import ExitCode
from watcher.journal.reader import JournalReader

ENGLISH = (
    "home: The server did not deliver 1 of the mails, so they could not be read: "
    "try again in a moment.\n"
)
JAPANESE = "読めなかったメールが 1 通あります。"


def refuse(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} NO [SERVERBUG] index is broken")


def deliver_nothing(peer: Peer, tag: str) -> None:
    peer.send(f"{tag} OK done")


def refusing_bodies(server: Server) -> Fault:
    def fetch(peer: Peer, tag: str) -> None:
        if "BODY.PEEK[]" in server.commands[-1]:
            refuse(peer, tag)
        else:
            peer.send_raw(fetched(server.mailboxes["INBOX"], server.commands[-1]))
            peer.send(f"{tag} OK done")

    return fetch


def add_attempt(server: Server, mail_user: MailUser) -> str:
    """Let a sign-in attempt arrive; return its link."""
    link = f"https://www.amazon.co.jp/a/c/r/{token()}"
    server.add(approval(link, **mail_user.envelope()))
    return link


def watch(server: Server, mail_user: MailUser, language: str = "en") -> None:
    """Configure the account on a scripted server."""
    account = mail_user.account(
        host='"127.0.0.1"', port=str(server.port), tls='"none"', ca_file=None
    )
    notify = f'language = "{language}"\nchannel = "terminal"'
    mail_user.configure(account, notify=notify)


@pytest.mark.parametrize("fault", ["LOGIN", "EXAMINE", "SEARCH"])
def test_a_wait_that_ends_before_the_first_look_is_75_and_says_so(
    mail_user: MailUser, fault: str
) -> None:
    with Server(faults={fault: lambda peer, tag: None}) as server:
        watch(server, mail_user)
        done = mail_user.home.run("check", "--no-notify", "--wait", "0.5")

    assert done.code == ExitCode.TEMPORARY
    assert "over before the mailbox was looked at" in done.err


@pytest.mark.parametrize("fault", [refuse, deliver_nothing])
def test_check_over_a_mail_that_was_not_delivered_is_75_and_says_so(
    mail_user: MailUser, fault: Fault
) -> None:
    with Server() as server:
        watch(server, mail_user)
        link = add_attempt(server, mail_user)
        server.faults["FETCH"] = fault
        done = mail_user.home.run("check", "--no-notify")
        waited = mail_user.home.run("check", "--no-notify", "--wait", ONE_LOOK_S)
        as_json = mail_user.home.run("check", "--no-notify", "--json")
        watch(server, mail_user, "ja")
        in_japanese = mail_user.home.run("check", "--no-notify")
        server.faults.clear()
        again = mail_user.home.run("check", "--no-notify")

    codes = {each.code for each in (done, in_japanese, waited, as_json)}
    assert codes == {ExitCode.TEMPORARY}
    assert (done.out, done.err) == ("", ENGLISH)
    assert JAPANESE in in_japanese.err
    assert as_json.out == ""
    assert again.code == ExitCode.OK
    assert link in again.out


def test_check_over_a_body_that_was_not_delivered_is_75(mail_user: MailUser) -> None:
    with Server() as server:
        watch(server, mail_user)
        add_attempt(server, mail_user)
        server.faults["FETCH"] = refusing_bodies(server)

        assert mail_user.home.run("check", "--no-notify").code == ExitCode.TEMPORARY
        del server.mailboxes["INBOX"][1]
        assert mail_user.home.run("check", "--no-notify").code == ExitCode.OK


def test_a_live_attempt_hides_no_mail_that_was_not_delivered(
    mail_user: MailUser,
) -> None:
    with Server() as server:
        watch(server, mail_user)
        link = add_attempt(server, mail_user)
        mail_user.home.run("check", "--no-notify")
        add_attempt(server, mail_user)
        server.faults["FETCH"] = refuse
        done = mail_user.home.run("check", "--no-notify")
        waited = mail_user.home.run("check", "--no-notify", "--wait", ONE_LOOK_S)

    assert done.code == ExitCode.TEMPORARY
    assert link in done.out
    assert waited.code == ExitCode.OK, "what it waited for is there"


def test_run_reports_a_mail_once_it_is_delivered_and_asks_for_it_after_a_restart(
    mail_user: MailUser,
) -> None:
    home = mail_user.home
    with Server(capabilities="IMAP4rev1") as server:
        watch(server, mail_user)
        with home.started("run") as daemon:
            daemon.await_text(CONNECTED)
            add_attempt(server, mail_user)
            server.faults["FETCH"] = refuse
            server.wait_for("SEARCH", times=server.count("SEARCH") + 3)
            daemon.end()
        with JournalReader.read(home.log) as journal:  # type: ignore[union-attr]
            assert journal.cursors("home")["INBOX"].uid_next == 1
        server.commands.clear()
        with home.started("run") as daemon:
            daemon.await_text(CONNECTED)
            server.wait_for("SEARCH", times=4)
            server.faults.clear()
            daemon.await_text("sign-in attempt shown")
            daemon.end()

    assert home.names().count("attempt") == 1
