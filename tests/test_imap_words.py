"""The server's own words: in every sentence of a refusal, and alerts on their own."""

import base64
import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial

import pytest

from tests.environment import CONNECTED, MailUser
from tests.imap_server import (
    PATIENT,
    QUICK,
    STEADY,
    Fault,
    Peer,
    Proxy,
    Reports,
    Server,
    clear,
    settings,
    watched,
    watching,
)
from tests.servers import Dovecot
from watcher.errors import ConnectionLost, LoginRefused, WatcherError
from watcher.events import AlertReceived, State
from watcher.imap.account import Account, Timeouts
from watcher.imap.alerts import HOUR_S, TOLD_AN_HOUR, AlertFilter
from watcher.imap.history import ConnectionHistory
from watcher.imap.login import log_in
from watcher.imap.transport import Interrupt

pytestmark = pytest.mark.timeout(60)


@dataclass
class Tried:
    """What became of a login."""

    error: WatcherError | None = None
    alerts: list[str] = field(default_factory=list)


def try_login(
    account: Account,
    timeouts: Timeouts = STEADY,
    history: ConnectionHistory | None = None,
) -> Tried:
    tried = Tried()
    with closing(Interrupt()) as interrupt:
        try:
            log_in(
                account,
                interrupt=interrupt,
                timeouts=timeouts,
                history=history,
                on_alert=tried.alerts.append,
            ).close()
        except WatcherError as error:
            tried.error = error
    return tried


def answers(*lines: str) -> Fault:
    """Answer with lines, in which TAG stands for the command's tag."""
    return lambda peer, tag: peer.send(*(line.replace("TAG", tag) for line in lines))


# LOGIN and its bound


def late(seconds: float) -> Fault:
    def login(peer: Peer, tag: str) -> None:
        threading.Timer(seconds, peer.send, [f"{tag} OK welcome"]).start()

    return login


def test_a_login_may_take_longer_than_other_commands() -> None:
    timeouts = replace(STEADY, answer_timeout_s=0.2, command_timeout_s=0.3)
    with Server(faults={"LOGIN": late(0.6)}) as server:
        assert try_login(clear(server.port), timeouts).error is None


@pytest.mark.parametrize("password", ["secret", "pässword"])
def test_a_login_that_is_not_answered_is_given_up_at_its_own_bound(
    password: str,
) -> None:
    def trickle(peer: Peer, _tag: str) -> None:
        peer.send("* OK wait")
        if not password.isascii():
            peer.send("+ ")
            peer.line()
        peer.send("* OK still")

    timeouts = replace(PATIENT, login_timeout_s=0.3)
    with Server(
        faults={"LOGIN": trickle, "AUTHENTICATE": trickle},
        capabilities="IMAP4rev1 AUTH=PLAIN",
    ) as server:
        account = replace(clear(server.port), get_secret=lambda: password)
        error = try_login(account, timeouts).error

    assert isinstance(error, ConnectionLost)
    assert "stopped answering" in str(error)


def test_after_the_login_each_command_has_its_own_bound_again() -> None:
    timeouts = replace(PATIENT, answer_timeout_s=0.3, login_timeout_s=300)
    capability = iter([answers("* CAPABILITY IMAP4rev1", "TAG OK done")])

    def mute_afterwards(peer: Peer, tag: str) -> None:
        if first := next(capability, None):
            first(peer, tag)

    with Server(faults={"CAPABILITY": mute_afterwards}) as server:
        error = try_login(clear(server.port), timeouts).error

    assert isinstance(error, ConnectionLost)


def test_the_bound_of_a_login_is_a_minute_and_a_half() -> None:
    assert Timeouts().login_timeout_s == 90


# ID

WITH_ID = "IMAP4rev1 IDLE ID"


def ids(server: Server) -> list[str]:
    return [one for one in server.commands if one.startswith("ID ")]


def test_the_client_tells_its_name_before_it_opens_a_mailbox() -> None:
    with watched(Server(capabilities=WITH_ID), settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)
    with Server(capabilities=WITH_ID) as server:
        try_login(clear(server.port))

    assert len(ids(server)) == 1
    assert ids(server)[0].startswith('ID ("name" "watcher" "version" "')


def test_a_server_that_opens_nothing_to_the_nameless_is_watched() -> None:
    """NetEase answers so to EXAMINE without ID."""
    server = Server(capabilities=WITH_ID)

    def examine(peer: Peer, tag: str) -> None:
        if not ids(server):
            peer.send(f"{tag} NO Unsafe Login. Please contact kefu@example.com")
        else:
            server._answer(peer, tag, "EXAMINE", server.commands[-1])

    server.faults["EXAMINE"] = examine
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)

    assert State.BACKING_OFF not in seen.states


def test_where_id_is_not_offered_it_is_not_sent() -> None:
    with Server() as server:
        assert try_login(clear(server.port)).error is None

    assert ids(server) == []


@pytest.mark.parametrize("answer", ["TAG NO not you", "TAG BAD what"])
def test_a_refused_id_is_ignored(answer: str) -> None:
    server = Server(capabilities=WITH_ID, faults={"ID": answers(answer)})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)

    assert State.BACKING_OFF not in seen.states


def test_where_the_connection_breaks_at_id_the_next_one_goes_without() -> None:
    server = Server(capabilities=WITH_ID, faults={"ID": lambda peer, _: peer.close()})
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)

    assert len(ids(server)) == 1


def test_dovecot_takes_the_name(dovecot: Dovecot) -> None:
    with Proxy(dovecot.ports.imap) as proxy:
        assert try_login(clear(proxy.port, user="named")).error is None

    assert b'ID ("name" "watcher" "version" "' in proxy.sent


# The server's own words


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["TAG NO [AUTHENTICATIONFAILED] No such user"], "No such user"),
        (["TAG NO Login failed."], "(Login failed.)"),
        (["TAG NO [UNAVAILABLE] Come back at five"], "Come back at five"),
        (["TAG BAD [X] Say it again"], "Say it again"),
        (["* BYE [X] Good night"], "ended the connection: [X] Good night"),
        (
            ["* NO [ALERT] Your quota is over", "TAG NO Login failed."],
            "(Your quota is over · Login failed.)",
        ),
        (["* OK [ALERT] Closed on Sunday", "* BYE bye"], "Closed on Sunday · bye"),
        (["* BYE [ALERT] Closed on Sunday"], "connection: Closed on Sunday"),
        (["TAG NO [ALERT] Use an app password"], "for now: Use an app password"),
        (
            ["* OK [ALERT] Closed", "* OK [ALERT] Closed", "TAG NO [LIMIT] no"],
            "for now: Closed · [LIMIT] no",
        ),
    ],
)
def test_a_refusal_is_told_in_the_server_s_own_words(
    lines: list[str], said: str
) -> None:
    with Server(faults={"LOGIN": answers(*lines)}) as server:
        error = try_login(clear(server.port)).error

    assert said in str(error)
    assert str(error).count("Closed") <= 1
    assert "[ALERT]" not in str(error)


def test_an_alert_of_the_greeting_stands_in_the_refusal_of_the_login() -> None:
    def greet(peer: Peer) -> None:
        peer.send("* OK [ALERT] No logins on Sunday")

    with Server(faults={"LOGIN": answers("TAG NO no")}, greet=greet) as server:
        error = try_login(clear(server.port)).error

    assert "No logins on Sunday · no" in str(error)


def test_an_alert_of_long_ago_stands_in_no_later_sentence() -> None:
    server = Server(faults={"LOGIN": answers("* OK [ALERT] Hello", "TAG OK in")})
    with watched(server, settings(replace(QUICK, idle_interval_s=0.05))) as (_, seen):
        seen.wait_for_state(State.WATCHING)
        server.wait_for("DONE", times=2)
        server.peers[-1].send("* BYE bye")
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert str(lost.error).endswith("ended the connection: bye")


PASSWORD = 'p"w\\42 x'
QUOTED = 'p\\"w\\\\42 x'
PLAIN = base64.b64encode(f"\0anna\0{PASSWORD}".encode()).decode()
ALONE = base64.b64encode(PASSWORD.encode()).decode()


@pytest.mark.parametrize("form", [PASSWORD, QUOTED, PLAIN, ALONE, PASSWORD.upper()])
@pytest.mark.parametrize(
    "line",
    [
        "TAG BAD LOGIN anna {}",
        "TAG NO [AUTHENTICATIONFAILED] LOGIN anna {}",
        "TAG NO [UNAVAILABLE] {}",
        "* BYE what is {}",
        "TAG NO [ALERT] {} is no good password",
        "* OK [ALERT] {} was leaked\r\nTAG NO x",
        "TAG NO " + 190 * "x" + " {}",
    ],
)
def test_no_form_of_the_password_stands_in_any_sentence(
    line: str, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Server(faults={"LOGIN": answers(line.format(form))}) as server:
        account = replace(clear(server.port), get_secret=lambda: PASSWORD)
        tried = try_login(account)

    told = " ".join([str(tried.error), *tried.alerts, caplog.text])
    assert tried.error is not None
    for secret in (PASSWORD, QUOTED, PLAIN, ALONE):
        for piece in (secret, secret[:5]):
            assert piece.lower() not in told.lower()


def test_after_the_login_the_password_is_still_kept_out() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (_, seen):
        server.wait_for_idle()
        server.peers[-1].send('* BYE you said LOGIN "anna" "secret"')
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert 'you said LOGIN "anna" "***"' in str(lost.error)


def test_the_password_is_kept_out_of_a_refused_search() -> None:
    server = Server(faults={"SEARCH": answers("TAG NO cannot, LOGIN anna secret")})
    with watched(server, settings(PATIENT)) as (_, seen):
        lost = seen.wait_for_state(State.BACKING_OFF)

    assert "cannot, LOGIN anna ***" in str(lost.error)


def test_the_password_is_kept_out_of_an_odd_list(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server(faults={"LIST": answers("* LIST (LOGIN anna secret\r\nTAG OK")})
    with watched(server, settings(PATIENT), "INBOX", "\\Junk"):
        server.wait_for_idle()

    assert "LOGIN anna ***" in caplog.text


def test_the_password_of_the_last_session_is_kept_out_of_the_next_greeting() -> None:
    greetings = ["OK ready", "BYE secret has another session", "BYE still that secret"]

    def greet(peer: Peer) -> None:
        peer.send(f"* {greetings.pop(0)}")

    history = ConnectionHistory()
    with Server(greet=greet) as server:
        first, *others = [
            try_login(clear(server.port), history=history) for _ in range(3)
        ]

    assert first.error is None
    told = [str(tried.error) for tried in others]
    assert "*** has another session" in told[0]
    assert "still that ***" in told[1]


def test_a_token_that_was_replaced_is_kept_out_of_the_answer_to_the_next() -> None:
    passwords = ["an-old-one", "a-new-one", "the-third"]
    told: list[str] = []
    history = ConnectionHistory()
    said = "TAG NO [ALERT] an-old-one a-new-one the-third"
    with Server(faults={"LOGIN": answers(said)}) as server:
        for password in passwords:
            account = replace(clear(server.port), get_secret=partial(str, password))
            told.append(str(try_login(account, history=history).error))

    assert "*** a-new-one the-third" in told[0]
    assert "*** *** the-third" in told[1]
    assert "an-old-one *** ***" in told[2]  # nothing is kept longer than it must be


# Alerts


def alerts(seen: Reports) -> list[str]:
    return [one.words for one in seen.all if isinstance(one, AlertReceived)]


def greet_with(line: str) -> Callable[[Peer], None]:
    return lambda peer: peer.send(line)


@pytest.mark.parametrize(
    "server",
    [
        lambda: Server(greet=greet_with("* OK [ALERT] Read this")),
        lambda: Server(greet=greet_with("* PREAUTH [ALERT] Read this")),
        lambda: Server(greet=greet_with("* BYE [ALERT] Read this")),
        lambda: Server(faults={"LOGIN": answers("TAG OK [ALERT] Read this")}),
        lambda: Server(faults={"LOGIN": answers("TAG NO [ALERT] Read this")}),
        lambda: Server(faults={"LOGIN": answers("TAG BAD [alert] Read this")}),
        lambda: Server(faults={"EXAMINE": answers("* NO [ALERT] Read this", "TAG NO")}),
        lambda: Server(faults={"SEARCH": answers("* BAD [ALERT] Read this", "TAG NO")}),
        lambda: Server(faults={"IDLE": answers("+ idling", "* OK [ALERT] Read this")}),
    ],
    ids=[
        *("greeting", "preauth", "bye", "login_ok", "login_no", "login_bad"),
        *("untagged_no", "untagged_bad", "in_idle"),
    ],
)
def test_an_alert_is_told_wherever_it_comes(server: Callable[[], Server]) -> None:
    with watched(server(), settings(PATIENT)) as (_, seen):
        seen.wait_until(alerts)

    assert alerts(seen) == ["Read this"]


def test_an_alert_that_comes_again_is_told_once() -> None:
    server = Server(greet=greet_with("* OK [ALERT] Read this"))
    with watched(server, settings(PATIENT)) as (_, seen):
        for times in (1, 2, 3):
            seen.wait_for_state(State.WATCHING, times=times)
            server.peers[-1].close()
        server.greet = greet_with("* OK [ALERT] And that")
        seen.wait_until(lambda it: "And that" in alerts(it))

    assert alerts(seen) == ["Read this", "And that"]


def test_an_alert_is_one_short_line_without_control_characters() -> None:
    words = "a\x1b[31mb\tc\u202ed\x07 " + 300 * "x"
    server = Server(greet=greet_with(f"* OK [ALERT] {words}"))
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_until(alerts)

    [told] = alerts(seen)
    assert told.startswith("a [31mb c d xxx")
    assert told.isprintable()
    assert len(told) <= 200


def test_what_is_no_alert_is_not_told() -> None:
    def greet(peer: Peer) -> None:
        peer.send("* OK [CAPABILITY IMAP4rev1] [ALERT] no", "* OK [ALERT]")

    with watched(Server(greet=greet), settings(PATIENT)) as (_, seen):
        seen.wait_for_state(State.WATCHING)

    assert alerts(seen) == []


def test_alerts_that_are_never_the_same_are_bounded() -> None:
    now_s = 0.0
    alerts = AlertFilter(lambda: now_s)

    told = [alerts.is_news(f"number {number}") for number in range(20)]
    assert told == [True] * TOLD_AN_HOUR + [False] * (20 - TOLD_AN_HOUR)
    now_s += HOUR_S
    assert alerts.is_news("number 19")
    assert not alerts.is_news("number 0")


def test_each_account_is_told_of_its_own_alerts() -> None:
    reports = Reports()
    with Server(greet=greet_with("* OK [ALERT] Read this")) as server:
        for name in ("home", "work"):
            account = replace(clear(server.port), name=name)
            with watching(account, settings(PATIENT), reports=reports):
                reports.wait_until(
                    lambda it, name=name: any(  # type: ignore[misc]
                        isinstance(one, AlertReceived) and one.account == name
                        for one in it.all
                    )
                )

    assert alerts(reports) == ["Read this"] * 2


# The program itself


def at(user: MailUser, server: Server, mailboxes: str = '["INBOX"]') -> None:
    """Let the account be one on a scripted server."""
    where = {"host": '"127.0.0.1"', "port": str(server.port), "tls": '"none"'}
    user.configure(user.account(**where, mailboxes=mailboxes))


ALERT = "* OK [ALERT] Please log in at https://mail.example.com/ soon"


def test_run_tells_of_an_alert_once(mail_user: MailUser) -> None:
    with Server(greet=greet_with(ALERT)) as server:
        at(mail_user, server)
        with mail_user.home.started("run") as run:
            run.await_text(CONNECTED)
            server.peers[-1].close()
            server.wait_for("LOGIN", times=2)
            run.end()

    line = "home: the mail server says: Please log in at https:mail.example.com/ soon"
    assert run.seen.count(line) == 1


def test_check_tells_of_an_alert(mail_user: MailUser) -> None:
    with Server(greet=greet_with(ALERT)) as server:
        at(mail_user, server)
        done = mail_user.home.run("check", "--no-notify")

    assert done.code == 0
    assert "home: the mail server says: Please log in" in done.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TAG NO [UNAVAILABLE] later", 75),
        ("TAG NO [X-NEW] what", 75),
        ("TAG BAD what", 75),
        ("TAG NO Login failed.", 77),
    ],
)
def test_check_tells_a_passing_refusal_from_a_wrong_password(
    mail_user: MailUser, text: str, code: int
) -> None:
    with Server(faults={"LOGIN": answers(text)}) as server:
        at(mail_user, server)
        done = mail_user.home.run("check", "--no-notify")

    assert done.code == code
    assert text.rpartition("] ")[2].removeprefix("TAG ").split()[-1] in done.err


def test_check_tells_of_a_mailbox_that_is_refused(mail_user: MailUser) -> None:
    server = Server()
    server.mailboxes["Junk"] = {}
    server.listing.append('* LIST (\\Junk) "/" Junk')

    def examine(peer: Peer, tag: str) -> None:
        if '"Junk"' in server.commands[-1]:
            peer.send(f"{tag} NO index is broken")
        else:
            server._answer(peer, tag, "EXAMINE", server.commands[-1])

    server.faults["EXAMINE"] = examine
    with server:
        at(mail_user, server, '["INBOX", "Junk"]')
        done = mail_user.home.run("check", "--no-notify")

    assert done.code == 75
    assert "does not open the mailbox Junk for now: index is broken" in done.err


def test_a_refused_login_is_a_login_error() -> None:
    with Server(faults={"LOGIN": answers("TAG NO")}) as server:
        assert isinstance(try_login(clear(server.port)).error, LoginRefused)
