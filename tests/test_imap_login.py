"""Reaching a server, trusting it and logging in: every failure names its remedy."""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.imap_server import (
    QUICK,
    STEADY,
    Peer,
    Server,
    clear,
    secure,
    settings,
    watched,
)
from tests.servers import Authority, Certificate, Dovecot, free_port, server_context
from watcher.errors import (
    ConfigError,
    LoginRefused,
    SecretUnavailable,
    Unreachable,
    WatcherError,
)
from watcher.events import State
from watcher.i18n import Language, Text
from watcher.imap.account import Account, Timeouts
from watcher.imap.choices import Tls
from watcher.imap.errors import ServerBusy
from watcher.imap.login import log_in
from watcher.imap.transport import Interrupt, context_for

pytestmark = pytest.mark.timeout(60)


def try_login(account: Account, timeouts: Timeouts = STEADY) -> None:
    with (
        closing(Interrupt()) as interrupt,
        closing(log_in(account, interrupt=interrupt, timeouts=timeouts)),
    ):
        pass


def failure(account: Account, timeouts: Timeouts = STEADY) -> WatcherError:
    with pytest.raises(WatcherError) as caught:
        try_login(account, timeouts)
    assert caught.value.say(Language.JA) != caught.value.say(Language.EN)
    return caught.value


@pytest.mark.parametrize(
    ("is_preset", "code", "sentence"),
    [
        (True, socket.EAI_NONAME, "is this computer online?"),
        (True, socket.EAI_AGAIN, "is this computer online?"),
        (False, socket.EAI_NONAME, "check the host name in the configuration, and"),
        (False, socket.EAI_AGAIN, "the network or its name server is away"),
    ],
)
def test_a_presets_host_that_cannot_be_found_is_not_blamed(
    monkeypatch: pytest.MonkeyPatch, is_preset: bool, code: int, sentence: str
) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "nothing found")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    account = replace(clear(993), host="imap.gmail.com", is_preset=is_preset)

    assert sentence in str(failure(replace(account, tls=Tls.IMPLICIT)))


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
def test_both_ways_of_tls_work_with_a_private_ca(dovecot: Dovecot, tls: Tls) -> None:
    ports = {Tls.IMPLICIT: dovecot.ports.imaps, Tls.STARTTLS: dovecot.ports.imap}
    try_login(replace(secure(dovecot, "login"), tls=tls, port=ports[tls]))


@pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STARTTLS])
def test_a_ca_that_nobody_named_is_not_trusted(dovecot: Dovecot, tls: Tls) -> None:
    ports = {Tls.IMPLICIT: dovecot.ports.imaps, Tls.STARTTLS: dovecot.ports.imap}
    account = replace(secure(dovecot, "login"), tls=tls, port=ports[tls], ca_file=None)

    error = failure(account)

    assert isinstance(error, Unreachable)
    assert "ca_file" in str(error)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


LONG_AGO = datetime.now(UTC) - timedelta(days=90)


@pytest.mark.parametrize(
    ("issue", "word"),
    [
        (lambda ca: ca.issue("localhost", at=LONG_AGO), "expired"),
        (
            lambda ca: ca.issue("localhost", at=LONG_AGO + timedelta(180)),
            "not valid yet",
        ),
        (lambda ca: ca.issue("mail.example.com"), "not for localhost"),
        (lambda ca: ca.sign_self(), "self-signed"),
        (lambda _: Authority.make().issue("localhost"), "nobody this machine trusts"),
    ],
    ids=["expired", "not_yet", "other_name", "self_signed", "foreign"],
)
def test_a_certificate_that_is_not_good_is_named(
    authority: Authority,
    tmp_path: Path,
    issue: Callable[[Authority], Certificate],
    word: str,
) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.pem)
    with Server(context=server_context(issue(authority), tmp_path)) as server:
        account = replace(
            clear(server.port), host="localhost", tls=Tls.IMPLICIT, ca_file=ca_file
        )

        error = failure(account)

    assert isinstance(error, Unreachable)
    assert word in str(error)


def test_a_self_signed_certificate_can_be_named_as_the_anchor(
    authority: Authority, tmp_path: Path
) -> None:
    certificate = authority.sign_self()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(certificate.pem)
    with Server(context=server_context(certificate, tmp_path)) as server:
        account = clear(server.port)
        try_login(replace(account, host="localhost", tls=Tls.IMPLICIT, ca_file=ca_file))


def test_tls_on_a_port_that_speaks_none_says_which_setting_is_wrong() -> None:
    with Server() as server:
        error = failure(replace(clear(server.port), tls=Tls.IMPLICIT))

    assert isinstance(error, Unreachable)
    assert "starttls" in str(error)


def test_clear_text_on_a_tls_port_says_which_setting_is_wrong(dovecot: Dovecot) -> None:
    account = replace(secure(dovecot, "login"), tls=Tls.STARTTLS)

    error = failure(account, replace(STEADY, greeting_timeout_s=0.5))

    assert isinstance(error, Unreachable)
    assert "implicit" in str(error)


def test_a_server_without_starttls_gets_no_password() -> None:
    with Server() as server:
        error = failure(replace(clear(server.port), tls=Tls.STARTTLS))

    assert isinstance(error, Unreachable)
    assert "STARTTLS" in str(error)
    assert server.count("LOGIN") == 0


def test_clear_text_that_follows_the_answer_to_starttls_is_refused() -> None:
    def starttls(peer: Peer, tag: str) -> None:
        peer.send(f"{tag} OK begin", "* CAPABILITY IMAP4rev1 AUTH=EVIL")

    capabilities = "IMAP4rev1 STARTTLS"
    with Server(faults={"STARTTLS": starttls}, capabilities=capabilities) as server:
        error = failure(replace(clear(server.port), tls=Tls.STARTTLS))

    assert isinstance(error, Unreachable)


def test_clear_text_leaves_this_machine_under_no_circumstances() -> None:
    error = failure(replace(clear(free_port()), host="mail.example.com"))

    assert "for this machine alone" in str(error)


def test_an_unknown_host_is_named() -> None:
    error = failure(replace(clear(1), host="no-such-host.invalid", tls=Tls.IMPLICIT))

    assert isinstance(error, Unreachable)
    assert "no-such-host.invalid" in str(error)


def test_a_name_that_dns_cannot_hold_is_unknown() -> None:
    error = failure(replace(clear(1), host=70 * "a" + ".example", tls=Tls.IMPLICIT))

    assert isinstance(error, Unreachable)
    assert "is not known" in str(error)


def test_a_port_where_nobody_listens_is_named() -> None:
    port = free_port()

    error = failure(clear(port))

    assert isinstance(error, Unreachable)
    assert f"refuses port {port}" in str(error)


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        account = clear(listener.getsockname()[1])
        timeouts = replace(QUICK, greeting_timeout_s=0.3)
        with (
            closing(Interrupt()) as interrupt,
            pytest.raises(Unreachable, match="does not"),
        ):
            log_in(
                replace(account, tls=Tls.IMPLICIT),
                interrupt=interrupt,
                timeouts=timeouts,
            )


def test_a_ca_file_that_is_missing_is_a_matter_of_configuration(tmp_path: Path) -> None:
    account = replace(
        clear(1),
        host="no-such-host.invalid",  # nobody is asked for it
        tls=Tls.IMPLICIT,
        ca_file=tmp_path / "none.pem",
    )

    assert isinstance(failure(account), ConfigError)


def test_accounts_share_their_tls_context(dovecot: Dovecot) -> None:
    one, other = secure(dovecot, "one"), secure(dovecot, "other")

    assert context_for(one) is context_for(other)
    assert context_for(one).verify_mode is ssl.CERT_REQUIRED
    assert context_for(one).check_hostname


def test_a_wrong_password_is_told_from_everything_else(dovecot: Dovecot) -> None:
    account = replace(secure(dovecot, "login"), get_secret=lambda: "wrong")

    error = failure(account)

    assert isinstance(error, LoginRefused)
    assert "AUTHENTICATIONFAILED" in str(error)
    assert "wrong" not in str(error)


def answer(text: str) -> Callable[[Peer, str], None]:
    return lambda peer, tag: peer.send(f"{tag} {text}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", LoginRefused),
        ("NO [AUTHORIZATIONFAILED] no", LoginRefused),
        ("NO [EXPIRED] password expired", LoginRefused),
        ("NO Login failed.", LoginRefused),
        ("NO", LoginRefused),
        ("no [authenticationfailed] lower", LoginRefused),
        ("BAD what", ServerBusy),
        ("BAD [AUTHENTICATION] odd", ServerBusy),
        ("NO [ALERT] Your mailbox is over its limit", ServerBusy),
        ("NO [OVERQUOTA] full", ServerBusy),
        ("NO [THROTTLED] slowly", ServerBusy),
        ("NO [X-UNHEARD-OF 7] what", ServerBusy),
        ("NO [UNAVAILABLE] user database", ServerBusy),
        ("NO [LIMIT] no more", ServerBusy),
        ("NO [INUSE] mailbox", ServerBusy),
        ("NO [SERVERBUG] oops", ServerBusy),
        ("NO [CONTACTADMIN] call us", ServerBusy),
        ("NO Too many simultaneous connections", ServerBusy),
        ("NO Temporary authentication failure", ServerBusy),
        ("NO System error (please try again)", ServerBusy),
        ("NO ただいま混雑しています", ServerBusy),
    ],
)
def test_only_what_names_the_password_is_about_the_password(
    text: str, kind: type[WatcherError]
) -> None:
    with Server(faults={"LOGIN": answer(text)}) as server:
        assert type(failure(clear(server.port))) is kind


@pytest.mark.parametrize(
    "beside", ["* NO [LIMIT] oops", "* NO too many logins", "* OK [ALERT] busy"]
)
def test_a_bare_no_beside_words_that_mean_later_is_no_wrong_password(
    beside: str,
) -> None:
    def login(peer: Peer, tag: str) -> None:
        peer.send(beside, f"{tag} NO Login failed.")

    with Server(faults={"LOGIN": login}) as server:
        assert type(failure(clear(server.port))) is ServerBusy


def test_a_name_with_blanks_and_quotes_is_sent_quoted() -> None:
    account = replace(clear(1), user='an "odd" \\ one')
    with Server() as server:
        try_login(replace(account, port=server.port))

    assert 'LOGIN "an \\"odd\\" \\\\ one" "secret"' in server.commands


def test_a_password_that_is_not_ascii_goes_by_sasl_plain() -> None:
    def authenticate(peer: Peer, tag: str) -> None:
        peer.send("+ ")
        given.append(peer.line())
        peer.send(f"{tag} OK welcome")

    given: list[str] = []
    capabilities = "IMAP4rev1 AUTH=PLAIN"
    with Server(
        faults={"AUTHENTICATE": authenticate}, capabilities=capabilities
    ) as server:
        try_login(replace(clear(server.port), get_secret=lambda: "pässword"))

    assert given == ["AGFubmEAcMOkc3N3b3Jk"]


@pytest.mark.parametrize("password", ["line\r\nbreak", "nul\0", "pässword"])
def test_a_password_that_cannot_be_said_is_not_sent(password: str) -> None:
    with Server() as server:
        error = failure(replace(clear(server.port), get_secret=lambda: password))

    assert isinstance(error, LoginRefused)
    assert server.count("LOGIN") == 0


def test_a_connection_that_is_logged_in_already_needs_no_password() -> None:
    def greet(peer: Peer) -> None:
        peer.send("* PREAUTH welcome anna")

    with Server(greet=greet) as server:
        try_login(clear(server.port))

    assert server.count("LOGIN") == 0


def test_a_refused_login_is_tried_again_with_a_fresh_password() -> None:
    def login(peer: Peer, tag: str) -> None:
        is_right = server.commands[-1].endswith('"second"')
        peer.send(f"{tag} OK welcome" if is_right else f"{tag} NO wrong")

    passwords = iter(["first", "second"])
    server = Server(faults={"LOGIN": login})
    account = replace(clear(server.port), get_secret=lambda: next(passwords))
    with watched(server, settings(QUICK), account=account) as (_, seen):
        refused = seen.wait_for_state(State.REFUSED)
        seen.wait_for_state(State.WATCHING)

    assert isinstance(refused.error, LoginRefused)
    assert refused.next_try_at is not None


def test_a_password_that_cannot_be_had_costs_no_login() -> None:
    def get_secret() -> str:
        raise SecretUnavailable(Text(en="locked", ja="施錠"))

    server = Server()
    account = replace(clear(server.port), get_secret=get_secret)
    with watched(server, settings(QUICK), account=account) as (_, seen):
        refused = seen.wait_for_state(State.REFUSED)

    assert isinstance(refused.error, SecretUnavailable)
    assert server.count("LOGIN") == 0


def test_no_secret_shows_in_an_account() -> None:
    assert "secret" not in repr(clear(1))
