"""Logging in with an access token: mechanisms, refusals, sessions that expire."""

import base64
import json
import logging
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from tests.imap_server import (
    MAIL,
    PATIENCE_S,
    QUICK,
    STEADY,
    Peer,
    Server,
    clear,
    settings,
    watched,
)
from watcher.config.credentials import token_from
from watcher.errors import ConnectionLost, LoginRefused, WatcherError
from watcher.events import State, StateChanged
from watcher.i18n import Language
from watcher.imap.account import Account
from watcher.imap.authentication import _Login
from watcher.imap.choices import Auth
from watcher.imap.login import log_in
from watcher.imap.sasl import TokenError, oauthbearer
from watcher.imap.sentences import NO_TOKEN
from watcher.imap.transport import Interrupt

GOOD = "eyJ0eXAiOiJKV1Qi.good-token_0123456789~abc+/=="
BAD = "eyJ0eXAiOiJKV1Qi.old-token_01234567890123456789"
BEARER = "IMAP4rev1 IDLE SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER"
ELDER = "IMAP4rev1 IDLE AUTH=PLAIN AUTH=XOAUTH2"
INVALID = {"status": "invalid_token", "schemes": "bearer", "scope": "imap"}


def by_token(server: Server, token: str = GOOD, **changes: object) -> Account:
    account = replace(clear(server.port), auth=Auth.OAUTH2, get_secret=lambda: token)
    return replace(account, **changes)  # type: ignore[arg-type]


class Gate:
    """Takes one token, and refuses the others as RFC 7628 §3.2.3 wants it."""

    def __init__(self, error: object = INVALID, answer: str = "NO sorry") -> None:
        self.error = error if isinstance(error, str) else json.dumps(error)
        self.answer = answer
        self.mechanisms: list[str] = []
        self.messages: list[bytes] = []
        self.ends: list[str] = []
        self.server: Server

    def __call__(self, peer: Peer, tag: str) -> None:
        self.mechanisms.append(self.server.commands[-1].split()[1])
        peer.send("+ ")
        self.messages.append(base64.b64decode(peer.line()))
        if f"auth=Bearer {GOOD}\x01".encode() in self.messages[-1]:
            peer.send(f"{tag} OK welcome")
            return
        if self.error:
            peer.send(f"+ {base64.b64encode(self.error.encode()).decode()}")
            self.ends.append(peer.line())
        peer.send(f"{tag} {self.answer}")


def serving(gate: Gate, capabilities: str = BEARER) -> Server:
    gate.server = Server(faults={"AUTHENTICATE": gate}, capabilities=capabilities)
    return gate.server


def failure(account: Account) -> WatcherError:
    with pytest.raises(WatcherError) as caught:
        enter(account)
    assert caught.value.say(Language.JA) != caught.value.say(Language.EN)
    return caught.value


def enter(account: Account) -> None:
    with (
        closing(Interrupt()) as interrupt,
        closing(log_in(account, interrupt=interrupt, timeouts=STEADY)),
    ):
        pass


@pytest.mark.parametrize(
    ("capabilities", "mechanism", "message"),
    [
        (
            BEARER,
            "OAUTHBEARER",
            "n,a=anna,\x01host=127.0.0.1\x01port={port}\x01auth=Bearer {token}\x01\x01",
        ),
        (ELDER, "XOAUTH2", "user=anna\x01auth=Bearer {token}\x01\x01"),
    ],
)
def test_a_token_is_given_by_the_best_mechanism_on_offer(
    capabilities: str, mechanism: str, message: str
) -> None:
    with serving(gate := Gate(), capabilities) as server:
        enter(by_token(server))

    assert gate.mechanisms == [mechanism]
    assert gate.messages == [message.format(port=server.port, token=GOOD).encode()]
    assert server.count("LOGIN") == 0


def test_a_name_with_the_signs_of_a_saslname_is_escaped() -> None:
    message = oauthbearer("a=b,c@example.jp", "t", "imap.example.jp", 993)

    assert message.startswith(b"n,a=a=3Db=2Cc@example.jp,\x01host=")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (INVALID, "it has expired or was revoked"),
        ({"status": "401", "schemes": "Bearer"}, "it has expired or was revoked"),
        ({"status": 400}, "it has expired or was revoked"),
        ({"status": "insufficient_scope"}, "it does not allow reading mail by IMAP"),
        ({"status": "odd\r\n\x1b[31m thing"}, "(odd [31m thing)"),
        ({"status": ["x"]}, "(sorry)"),
        ("no json at all", "(sorry)"),
        ("[" * 5000, "(sorry)"),
        ("", "(sorry)"),
    ],
)
def test_what_a_server_has_against_a_token_is_told(error: object, words: str) -> None:
    with serving(Gate(error)) as server:
        refusal = failure(by_token(server, BAD))

    assert isinstance(refusal, LoginRefused)
    assert words in str(refusal)
    assert "token_command" in str(refusal)


@pytest.mark.parametrize(("capabilities", "end"), [(BEARER, "AQ=="), (ELDER, "")])
def test_the_servers_error_is_answered_as_each_mechanism_wants(
    capabilities: str, end: str
) -> None:
    with serving(gate := Gate(), capabilities) as server:
        failure(by_token(server, BAD))

    assert gate.ends == [end]


def test_an_error_is_read_up_to_its_bound() -> None:
    error = json.dumps({"filler": "x" * 10_000, "status": "invalid_token"})

    assert TokenError.parse(error.encode()) == TokenError("")


def test_a_server_that_is_out_of_order_does_not_blame_the_token() -> None:
    with serving(Gate(INVALID, "NO [UNAVAILABLE] try again later")) as server:
        assert isinstance(failure(by_token(server, BAD)), ConnectionLost)


@pytest.mark.parametrize(
    "token", ["two words", "line\r\nbreak", "field\x01auth=other", "tökén"]
)
def test_what_is_no_token_is_not_sent(token: str) -> None:
    with serving(gate := Gate()) as server:
        assert "access token" in str(failure(by_token(server, token)))

    assert gate.messages == []


def test_a_server_without_oauth2_gets_no_token() -> None:
    with serving(Gate(), "IMAP4rev1 AUTH=PLAIN") as server:
        assert "offers no login by OAuth2" in str(failure(by_token(server)))

    assert server.count("AUTHENTICATE") == 0


def test_who_has_a_password_for_a_server_with_oauth2_alone_is_told_so() -> None:
    with serving(Gate(), "IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2") as server:
        assert 'auth = "oauth2"' in str(failure(clear(server.port)))


@pytest.mark.parametrize("auth", [Auth.OAUTH2, Auth.PASSWORD])
def test_a_server_that_asks_without_end_is_given_up(auth: Auth) -> None:
    answers: list[str] = []

    def ask(peer: Peer, _: str) -> None:
        peer.send("+ ")
        while answer := peer.line():
            answers.append(answer)
            peer.send("+ e30=")

    capabilities = "IMAP4rev1 LOGINDISABLED AUTH=PLAIN AUTH=OAUTHBEARER"
    with Server(faults={"AUTHENTICATE": ask}, capabilities=capabilities) as server:
        account = by_token(server, auth=auth)
        assert isinstance(failure(account), ConnectionLost)

    assert len(answers) <= 2


def test_nothing_of_a_login_is_in_its_repr() -> None:
    login = _Login(partial(print, GOOD), GOOD.encode(), lambda: (NO_TOKEN, ""))

    assert GOOD not in repr(login)


def test_a_token_that_the_server_repeats_is_not_told() -> None:
    message = base64.b64encode(oauthbearer("anna", BAD, "127.0.0.1", 0)).decode()
    with serving(Gate("", f"NO no use: {BAD} {BAD[:30]} {message[:50]}")) as server:
        said = str(failure(by_token(server, BAD)))

    assert BAD[:20] not in said
    assert message[20:40] not in said


def test_a_refused_token_is_renewed_once_and_tried_on_the_same_connection() -> None:
    asked: list[str] = []

    def renew() -> str:
        asked.append("renewed")
        return GOOD

    with serving(gate := Gate()) as server:
        enter(by_token(server, BAD, renew_token=renew))

    assert len(gate.messages) == 2
    assert asked == ["renewed"]
    assert len(server.peers) == 1


def test_who_refuses_each_token_and_hangs_up_makes_no_loop_of_renewals() -> None:
    asked: list[str] = []

    def refuse(peer: Peer, tag: str) -> None:
        peer.send("+ ")
        peer.line()
        peer.send(f"{tag} NO [AUTHENTICATIONFAILED] sorry")
        peer.close()

    def renew() -> str:
        asked.append("renewed")
        return f"{BAD}2"

    server = Server(faults={"AUTHENTICATE": refuse}, capabilities=BEARER)
    account = by_token(server, BAD, renew_token=renew)
    settled = replace(QUICK, refused_delay_s=PATIENCE_S * 2)
    with watched(server, settings(settled), account=account) as (_, seen):
        seen.wait_for_state(State.REFUSED)

    assert asked == ["renewed"]


def test_the_token_that_was_refused_before_is_not_told_either() -> None:
    renewed = "Zm9vYmFy/other-token_98765432109876543210987654"
    with serving(Gate("", f"NO no use: {BAD}")) as server:
        said = str(failure(by_token(server, BAD, renew_token=lambda: renewed)))

    assert BAD[:20] not in said


def test_a_renewed_token_that_is_refused_too_names_the_login() -> None:
    with serving(gate := Gate()) as server:
        refusal = failure(by_token(server, BAD, renew_token=lambda: f"{BAD}2"))

    assert "watcher oauth login home" in str(refusal)
    assert len(gate.messages) == 2


def test_the_token_is_asked_for_anew_at_each_login() -> None:
    tokens = iter([BAD, GOOD])
    server = serving(Gate())
    account = by_token(server, get_secret=lambda: next(tokens))
    with watched(server, settings(QUICK), account=account) as (_, seen):
        seen.wait_for_state(State.REFUSED)
        seen.wait_for_state(State.WATCHING)


@pytest.mark.parametrize(
    "farewell",
    [
        "Session invalidated - AccessTokenExpired",
        "Session expired, please login again.",
    ],
)
def test_a_session_that_expires_goes_on_at_once_and_without_alarm(
    farewell: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tokens: list[str] = []

    def get_secret() -> str:
        tokens.append(GOOD)
        return GOOD

    server = serving(Gate())
    account = by_token(server, get_secret=get_secret)
    with watched(server, settings(QUICK), account=account) as (_, seen):
        server.wait_for_idle()
        server.peers[0].send(f"* BYE {farewell}")
        server.peers[0].close()
        seen.wait_for_state(State.WATCHING, times=2)
        server.add(MAIL)
        seen.wait_for_uid(1)

    rests = [one for one in seen.of(StateChanged) if one.state is State.BACKING_OFF]
    assert [one.next_try_at for one in rests] == [one.at for one in rests], "at once"
    assert len(tokens) == 2
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def printing(words: str) -> tuple[str, ...]:
    return sys.executable, "-c", words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (printing("raise SystemExit(3)"), "gave no access token: try it by hand"),
        (printing("pass"), "its first line must be the access token"),
        (("no-such-program-anywhere",), "token_command: what it names first"),
    ],
)
def test_a_command_without_a_token_is_told_as_such(
    command: tuple[str, ...], words: str
) -> None:
    with pytest.raises(WatcherError) as caught:
        token_from(command, frozenset())()

    assert words in str(caught.value)


def test_the_first_line_that_a_command_prints_is_the_token() -> None:
    give: Callable[[], str] = token_from(
        printing(f"print('{GOOD}\\nmore')"), frozenset()
    )
    with serving(Gate()) as server:
        enter(by_token(server, get_secret=give))
