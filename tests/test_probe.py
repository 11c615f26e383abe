"""One look at an account says what is there, and changes nothing."""

import uuid
from dataclasses import replace

import pytest
from imapclient import IMAPClient

from tests.imap_server import QUICK, Fault, Peer, Server, clear, secure
from tests.servers import PASSWORD, Dovecot
from watcher.errors import LoginRefused, MailboxRefused, Unreachable
from watcher.imap.account import JUNK, Account, Timeouts
from watcher.imap.transport import Interrupt, Stopped
from watcher.setup.probe import Probed, connected, examine

pytestmark = pytest.mark.timeout(60)

NO_BOX = '* LIST (\\Junk) "/" Spam', '* LIST () "/" INBOX'


def probe(
    account: Account,
    *,
    timeouts: Timeouts | None = None,
    interrupt: Interrupt | None = None,
) -> Probed:
    with connected(account, timeouts=timeouts, interrupt=interrupt) as connection:
        return examine(account, connection)


def answering(words: str) -> Fault:
    return lambda peer, tag: peer.send(f"{tag} {words}")


def test_dovecot_offers_push_and_its_junk_mailbox_is_found(dovecot: Dovecot) -> None:
    probed = probe(secure(dovecot, f"user-{uuid.uuid4().hex[:12]}"))

    assert probed.mailboxes == ("INBOX", "迷惑メール")
    assert probed.missing == ()
    assert probed.is_pushed
    assert probed.is_pushed_everywhere
    assert {"ID", "SPECIAL-USE"} <= probed.capabilities


def test_the_encryption_and_who_vouches_for_the_server_are_told(
    dovecot: Dovecot,
) -> None:
    encryption = probe(secure(dovecot, "probe")).encryption

    assert encryption is not None
    assert encryption.version == "TLSv1.3"
    assert encryption.issuer == "Test CA"


def test_clear_text_has_no_encryption(dovecot: Dovecot) -> None:
    assert probe(clear(dovecot.ports.imap)).encryption is None


def test_the_mails_stay_as_new_as_they_were(dovecot: Dovecot) -> None:
    user = f"user-{uuid.uuid4().hex[:12]}"
    dovecot.deliver(b"Subject: a\r\n\r\nb\r\n", user)

    probe(secure(dovecot, user))

    with IMAPClient("127.0.0.1", dovecot.ports.imap, ssl=False) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        assert client.search("UNSEEN") == [1]
        assert client.search("RECENT") == [1]


def test_only_commands_that_read_are_sent_and_the_login_is_ended() -> None:
    with Server() as server:
        server.listing = list(NO_BOX)
        server.mailboxes["Spam"] = {}
        probe(clear(server.port, "INBOX", JUNK))
        server.wait_for("LOGOUT")

    sent = [command.split(" ")[0] for command in server.commands]
    assert set(sent) == {"CAPABILITY", "LOGIN", "LIST", "EXAMINE", "LOGOUT"}
    assert sent.count("LOGIN") == 1


def test_what_the_account_names_and_the_server_lacks_is_missing() -> None:
    with Server() as server:
        probed = probe(clear(server.port, "INBOX", "Shopping", JUNK))

    assert probed.mailboxes == ("INBOX",)
    assert probed.missing == ("Shopping", JUNK)


def test_a_mailbox_that_two_words_name_is_opened_once() -> None:
    with Server() as server:
        server.listing = list(NO_BOX)
        server.mailboxes["Spam"] = {}
        probed = probe(clear(server.port, "inbox", "Spam", JUNK))

    assert probed.mailboxes == ("INBOX", "Spam")
    assert probed.missing == ()


def test_a_mailbox_that_is_refused_for_now_is_not_missing() -> None:
    with Server() as server:
        server.mailboxes["Spam"] = {}
        server.faults["EXAMINE"] = lambda peer, tag: (
            peer.send(f"{tag} NO [INUSE] locked by another")
            if "Spam" in server.commands[-1]
            else peer.send("* OK [UIDVALIDITY 1] ok", f"{tag} OK [READ-ONLY] done")
        )
        probed = probe(clear(server.port, "INBOX", "Spam"))

    assert (probed.mailboxes, probed.missing) == (("INBOX",), ())
    (error,) = probed.refused
    assert "locked by another" in str(error)


def test_an_inbox_that_is_refused_is_an_error() -> None:
    with Server(faults={"EXAMINE": answering("NO [INUSE] locked")}) as server:
        account = clear(server.port)
        with pytest.raises(MailboxRefused, match="locked"):
            probe(account)


def test_a_server_without_idle_does_not_push() -> None:
    with Server(capabilities="IMAP4rev1 NOTIFY") as server:
        probed = probe(clear(server.port))

    assert not probed.is_pushed
    assert not probed.is_pushed_everywhere


def test_a_refused_login_comes_with_the_servers_own_words() -> None:
    with Server(faults={"LOGIN": answering("NO [AUTHENTICATIONFAILED] Nope")}) as it:
        account = clear(it.port)
        with pytest.raises(LoginRefused, match="Nope"):
            probe(account)


def test_a_certificate_that_nobody_trusts_is_an_error(dovecot: Dovecot) -> None:
    with pytest.raises(Unreachable, match="ca_file"):
        probe(replace(secure(dovecot, "probe"), ca_file=None))


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_allowed() -> None:
    def silent(_: Peer) -> None:
        return

    with Server(greet=silent, faults={"CAPABILITY": lambda *_: None}) as server:
        account = clear(server.port)
        with pytest.raises(Unreachable):
            probe(account, timeouts=replace(QUICK, greeting_timeout_s=0.2))


def test_another_thread_can_end_it() -> None:
    interrupt = Interrupt()

    with Server(faults={"LOGIN": lambda *_: interrupt.stop()}) as server:
        account = clear(server.port)
        with pytest.raises(Stopped):
            probe(account, interrupt=interrupt)
    interrupt.close()
