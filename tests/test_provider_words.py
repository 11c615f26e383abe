"""What single providers answer: each row leads to its sentence, state and delay."""

import re
import string
from urllib.parse import urlsplit

import pytest

from tests.imap_server import (
    PATIENT,
    QUICK,
    Peer,
    Server,
    clear,
    settings,
    watched,
)
from tests.test_imap_refused import (
    ARMED,
    answer,
    examining,
    rests,
    wait_s,
    with_junk,
)
from watcher.errors import LoginRefused, MailboxRefused, WatcherError
from watcher.events import State
from watcher.i18n import Language
from watcher.imap import provider_words
from watcher.imap.backoff import LONGEST_S
from watcher.imap.errors import PasswordDoubted, ServerBusy, ServerThrottles
from watcher.imap.provider_words import KNOWN, LONGEST_WAIT_S, Known, find
from watcher.imap.refusal import Refusal

pytestmark = pytest.mark.timeout(60)

SUPPORT = "https://support.google.com"
TO_LOGIN = {
    f"NO [ALERT] Please log in via your web browser: {SUPPORT}/mail/accounts/answer/"
    "78754 (Failure)": "先にブラウザーで",
    f"NO [ALERT] Application-specific password required: {SUPPORT}/accounts/answer/"
    "185833 (Failure)": "アプリパスワードを作って",
    "NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail "
    "settings page and enable your account for IMAP access. (Failure)": "IMAP が無効",
    "NO [ALERT] IMAP access is disabled for your domain. (Failure)": "IMAP が無効",
    "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)": "Gmail で使えるのは",
    "NO [ALERT] Too many simultaneous connections. (Failure)": "接続が多すぎ",
    "NO [OVERQUOTA] Account exceeded command or bandwidth limits.": "受信量が多すぎ",
    "NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials": "Yahoo.com と AOL",
    "NO [AUTHENTICATIONFAILED] AUTHENTICATE Invalid credentials": "Yahoo.com と AOL",
    "NO [LIMIT] LOGIN Rate limit hit.": "要求が多すぎ",
    "NO [SERVERBUG] LOGIN Server error - Please try again later": "一時的に使えません",
    "NO [UNAVAILABLE] LOGIN Service is temporarily not available": "一時的に使えません",
    "NO (#AUTH011)\u00a0Incorrect username or password.": "Yahoo!メールの設定で",
    "NO Internal server error": "内部エラー",
    "BAD [UNAVAILABLE] Service temporarily unavailable": "一時的に使えません",
    "NO Basic authentication is disabled.": 'auth = "oauth2"',
    "BAD User is authenticated but not connected.": "メールボックスが開けません",
    "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded "
    "(mail_max_userip_connections=16)": "接続が多すぎ",
}
"""Answers to LOGIN as public reports show them, and what is then said."""
THROTTLED = "BAD Request is throttled. Suggested Backoff Time: {} milliseconds"
UNSAFE = "NO EXAMINE Unsafe Login. Please contact kefu@188.com for help"
WEB_ALERT = (
    "* NO [WEBALERT https://accounts.google.com/signin/continue?sarp=1&plt=AK] "
    "Web login required."
)
OTHERS = (THROTTLED.format(89117), UNSAFE, WEB_ALERT)


def row_of(text: str) -> Known:
    row = find([text.split(" ", 1)[1]])
    assert row is not None, text
    return row


def refused(server: Server) -> tuple[State, WatcherError, float]:
    """Return how a session rests after its first login."""
    with watched(server, settings(PATIENT)) as (_, seen):
        seen.wait_until(rests)
    change = rests(seen)[0]
    assert change.error is not None
    return change.state, change.error, wait_s(change)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.words[:30])
def test_every_row_is_tried_here_and_names_a_report(row: Known) -> None:
    assert row in map(row_of, (*TO_LOGIN, *OTHERS))
    assert urlsplit(row.source).scheme == "https"
    assert urlsplit(row.source).netloc


@pytest.mark.parametrize(("text", "sentence"), TO_LOGIN.items())
def test_an_answer_to_the_login_leads_to_its_sentence_state_and_delay(
    text: str, sentence: str
) -> None:
    state, error, delay_s = refused(Server(faults={"LOGIN": answer(text)}))

    row = row_of(text)
    assert error.text is row.text
    assert sentence in error.say(Language.JA)
    assert "127.0.0.1" in error.say(Language.EN)
    assert not re.search(r"[{}]|://", error.say(Language.EN) + error.say(Language.JA))
    if row.refusal is Refusal.LATER:
        assert (state, type(error)) == (State.BACKING_OFF, ServerBusy)
        assert 0 < delay_s <= LONGEST_S
    else:
        assert (state, type(error)) == (State.REFUSED, LoginRefused)
        assert delay_s == pytest.approx(PATIENT.refused_delay_s, abs=0.5)


def test_a_web_login_is_asked_for_beside_a_refusal_without_a_reason() -> None:
    def login(peer: Peer, tag: str) -> None:
        peer.send(WEB_ALERT, f"{tag} NO [ALERT] no (Failure)")

    state, error, _ = refused(Server(faults={"LOGIN": login}))

    assert (state, type(error)) == (State.REFUSED, LoginRefused)
    assert "open mail.google.com" in str(error)
    assert "accounts.google.com" not in str(error), "the server's link is not shown"


def test_what_came_beside_makes_no_wrong_password_a_passing_one() -> None:
    def login(peer: Peer, tag: str) -> None:
        peer.send(
            "* OK [ALERT] Too many simultaneous connections",
            f"{tag} NO [AUTHENTICATIONFAILED] wrong",
        )

    state, error, _ = refused(Server(faults={"LOGIN": login}))

    assert (state, type(error)) == (State.REFUSED, LoginRefused)


def test_a_password_that_was_good_is_doubted_before_the_user_is_asked() -> None:
    texts = iter(["OK welcome", *3 * ["NO Basic authentication is disabled."]])
    server = Server(faults={"LOGIN": lambda peer, tag: answer(next(texts))(peer, tag)})
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        server.peers[-1].close()
        for count in range(1, 4):
            seen.wait_until(lambda it: len(login_errors(rests(it))) >= count)  # noqa: B023
            session.retry()

    kinds = [type(one) for one in login_errors(rests(seen))]
    assert kinds[:3] == [PasswordDoubted, PasswordDoubted, LoginRefused]


def login_errors(changes: list) -> list[WatcherError]:  # type: ignore[type-arg]
    told = [one.error for one in changes]
    return [one for one in told if isinstance(one, PasswordDoubted | LoginRefused)]


def test_no_password_leads_to_oauth2_and_its_command() -> None:
    text = "NO Basic authentication is disabled."
    _, error, _ = refused(Server(faults={"LOGIN": answer(text)}))

    assert error.text is provider_words.OAUTH2_ONLY
    for language in Language:
        assert 'auth = "oauth2"' in error.say(language)
        assert error.say(language).endswith("watcher oauth login home")


# The wait that a server names


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [
        ("89117", 89.117),
        ("299910", 299.91),
        ("3000000", LONGEST_WAIT_S),
        (900 * "9", LONGEST_WAIT_S),
    ],
)
@pytest.mark.parametrize("command", ["CAPABILITY", "LOGIN", "LIST", "EXAMINE"])
def test_a_wait_that_the_server_names_is_honoured_and_bounded(
    command: str, milliseconds: str, seconds: float
) -> None:
    faults = {command: answer(THROTTLED.format(milliseconds))}
    server = Server(faults=faults)
    account = clear(server.port, "INBOX", "\\Junk")
    with watched(server, settings(PATIENT), account=account) as (_, seen):
        seen.wait_until(rests)
    change = rests(seen)[0]

    assert change.state is State.BACKING_OFF
    assert isinstance(change.error, ServerThrottles)
    assert wait_s(change) == pytest.approx(seconds, abs=0.5)
    assert "秒待つように" in change.error.say(Language.JA)
    assert len(str(change.error)) < 300


def test_a_wait_is_shorter_while_a_sign_in_is_expected() -> None:
    server = Server()
    with watched(server, settings(PATIENT)) as (session, seen):
        seen.wait_for_state(State.WATCHING)
        server.faults["STATUS"] = server.faults["SEARCH"] = answer(
            THROTTLED.format(299910)
        )
        session.arm(ARMED)
        change = seen.wait_for_state(State.BACKING_OFF)

    assert isinstance(change.error, ServerThrottles)
    assert wait_s(change) == pytest.approx(PATIENT.armed_login_delay_s, abs=0.5)


def test_a_wait_of_nothing_makes_no_brisk_retries() -> None:
    text = THROTTLED.format(0)
    _, error, delay_s = refused(Server(faults={"LOGIN": answer(text)}))

    assert isinstance(error, ServerThrottles)
    assert delay_s > 0


# After the login


def test_a_client_that_is_not_known_is_told_where_to_allow_it() -> None:
    server = Server(faults={"EXAMINE": answer(UNSAFE)})
    state, error, delay_s = refused(server)

    assert (state, type(error)) == (State.BACKING_OFF, MailboxRefused)
    assert "the web mail's settings" in str(error)
    assert "認証コード" in error.say(Language.JA)
    assert "kefu" not in str(error)
    assert delay_s > 0


@pytest.mark.parametrize("command", ["CAPABILITY", "EXAMINE"])
def test_a_login_that_opens_no_mailbox_says_what_may_be_wrong(command: str) -> None:
    text = answer("BAD User is authenticated but not connected.")
    server = Server()

    def login(peer: Peer, tag: str) -> None:
        server.faults[command] = text
        peer.send(f"{tag} OK LOGIN completed.")

    server.faults["LOGIN"] = login
    state, error, delay_s = refused(server)

    assert state is State.BACKING_OFF
    assert error.text is row_of("BAD User is authenticated but not connected.").text
    assert delay_s > 0


def test_capabilities_that_are_refused_are_no_missing_imap() -> None:
    text = "NO [LIMIT] CAPABILITY Rate limit hit."
    state, error, _ = refused(Server(faults={"CAPABILITY": answer(text)}))

    assert (state, type(error)) == (State.BACKING_OFF, ServerBusy)
    assert "Rate limit hit" in str(error)


def test_junk_that_is_refused_in_known_words_leaves_the_others_watched() -> None:
    server = with_junk()
    text = "NO [SERVERBUG] EXAMINE Server error - Please try again later"
    server.faults["EXAMINE"] = examining(server, {"Junk": text})
    with watched(server, settings(PATIENT), "INBOX", "Junk") as (_, seen):
        seen.wait_for_state(State.WATCHING)


# A hostile server


def test_a_servers_link_is_shown_as_no_link() -> None:
    text = "NO [ALERT] Verify now: https://evil.example/login (Failure)"
    _, error, _ = refused(Server(faults={"LOGIN": answer(text)}))

    assert "https:evil.example/login" in str(error)
    assert "://" not in error.say(Language.JA)


@pytest.mark.parametrize("row", KNOWN, ids=lambda row: row.words[:30])
def test_no_sentence_repeats_what_a_server_said(row: Known) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(row.text.en) if name}
    of_ours = {"user", "account", "typed"}
    known = {"host"} | (set() if row.refusal is Refusal.LATER else of_ours)

    assert fields <= known | ({"seconds"} if "ms" in row.words else set())
    assert "://" not in row.text.en + row.text.ja


def test_words_that_stand_far_behind_are_not_looked_for() -> None:
    far = provider_words.LOOKED_AT * "x"

    assert find([far + "Basic authentication is disabled"]) is None


def test_a_hostile_text_is_searched_in_linear_time() -> None:
    for text in ("[LIMIT] ", "[SERVERBUG] A", "[WEBALERT ", "Internal "):
        assert find([(text * 200_000)]) is None


def test_known_words_cost_nobody_the_watch() -> None:
    """After each of them the session goes on by itself."""
    texts = [*TO_LOGIN, "OK welcome"]
    server = Server(faults={"LOGIN": lambda peer, tag: answer(texts.pop(0))(peer, tag)})
    with watched(server, settings(QUICK)) as (session, seen):
        for count in range(1, len(TO_LOGIN) + 1):
            seen.wait_until(lambda it: len(rests(it)) >= count)  # noqa: B023
            session.retry()
        seen.wait_for_state(State.WATCHING)
