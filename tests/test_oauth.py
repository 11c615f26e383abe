"""From `watcher oauth login` to the mailbox: a login server, and a real Dovecot."""

import json
import os
import shlex
import signal
import ssl
import subprocess
import sys
import threading
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests import oauth_server
from tests.doctor import SWITCHED_OFF, Report, examined, verdict
from tests.environment import (
    CONNECTED,
    NO_HOME,
    Home,
    MailUser,
    is_private,
    saying,
)
from tests.fakes import IS_POSIX, posix_only
from tests.oauth_server import CLIENT_ID, CODE, OAuthServer, Wrong, raw, serving_oauth
from tests.servers import Dovecot, NameServer, TokenLogin, free_port, running
from watcher.cli import main
from watcher.errors import ExitCode
from watcher.oauth import store, wire
from watcher.oauth.client import DeviceLogin
from watcher.oauth.outcome import NoToken
from watcher.oauth.provider import AUTHORITY, TEST_VARIABLE, authority
from watcher.oauth.source import _read, store_path
from watcher.oauth.store import Store

PAGE = "https://www.microsoft.com/link"
LOGIN = "watcher oauth login home"


@dataclass(frozen=True, slots=True)
class OAuthUser:
    """A mail user whose server takes access tokens, and the server that gives them."""

    mail: MailUser
    oauth: OAuthServer

    @property
    def home(self) -> Home:
        return self.mail.home

    @property
    def store(self) -> Path:
        return store_path(self.home.log.parent, self.mail.user)

    def account(self, **changes: str | None) -> str:
        keys: dict[str, str | None] = {
            "provider": '"outlook"',
            "password_env": None,
            "auth": '"oauth2"',
            "client_id": f'"{CLIENT_ID}"',
            **changes,
        }
        return self.mail.account(**keys)

    def configure(self, *accounts: str) -> None:
        self.mail.configure(*(accounts or (self.account(),)))

    def log_in(self) -> None:
        """Log in as the program does, but in this process: two starts take longer."""
        self.oauth.error = None
        with pytest.MonkeyPatch.context() as patch:
            for name in NO_HOME:
                patch.delenv(name, raising=False)
            for name, value in self.home.environment.items():
                patch.setenv(name, value)
            patch.chdir(self.home.folder)
            assert main(["oauth", "login"]) == ExitCode.OK
        self.oauth.requests.clear()

    def check(self) -> tuple[int, str]:
        done = self.home.run("check", "--no-notify")
        return done.code, done.err

    def age_token(self, left_s: int) -> None:
        """Let the stored token be good for so long still."""
        store = Store(self.store)
        kept = json.loads(store.load())
        for token in kept["AccessToken"].values():
            token["expires_on"] = str(int(time.time()) + left_s)
        store.save(json.dumps(kept))


@pytest.fixture(scope="module")
def oauth_place(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[OAuthServer, dict[str, str]]]:
    with serving_oauth(tmp_path_factory.mktemp("oauth")) as place:
        yield place


@pytest.fixture(scope="module")
def token_dovecot(
    oauth_place: tuple[OAuthServer, dict[str, str]],
) -> Iterator[Dovecot]:
    port = oauth_place[0].introspection_port
    with running(TokenLogin("xoauth2", port)) as server:
        yield server


@pytest.fixture
def oauth(oauth_place: tuple[OAuthServer, dict[str, str]]) -> OAuthServer:
    """Give the server as it was at its start."""
    server, fresh = oauth_place[0], OAuthServer()
    for name in ("lifetime_s", "code_lifetime_s", "error", "refusal", "token_type"):
        setattr(server, name, getattr(fresh, name))
    server.interval_s, server.wrong = 1, None
    server.refreshing.clear()
    server.good.clear()
    server.requests.clear()
    return server


@pytest.fixture
def user(
    home: Home,
    name_server: NameServer,
    oauth: OAuthServer,
    oauth_place: tuple[OAuthServer, dict[str, str]],
    token_dovecot: Dovecot,
) -> OAuthUser:
    return user_of(home, name_server, oauth, oauth_place[1], token_dovecot)


def user_of(
    home: Home,
    name_server: NameServer,
    oauth: OAuthServer,
    environment: dict[str, str],
    dovecot: Dovecot,
) -> OAuthUser:
    home.environment |= environment
    oauth.user = f"user-{uuid.uuid4().hex[:12]}@outlook.jp"
    user = OAuthUser(MailUser(home, dovecot, name_server, oauth.user), oauth)
    user.configure()
    return user


@pytest.mark.parametrize(
    "mechanisms", ["xoauth2", "oauthbearer", "oauthbearer xoauth2"]
)
def test_a_login_gives_tokens_that_are_renewed_until_they_are_revoked(
    home: Home,
    name_server: NameServer,
    oauth: OAuthServer,
    oauth_place: tuple[OAuthServer, dict[str, str]],
    mechanisms: str,
) -> None:
    with running(TokenLogin(mechanisms, oauth.introspection_port)) as dovecot:
        user = user_of(home, name_server, oauth, oauth_place[1], dovecot)
        user.log_in()

        assert user.check() == (0, "")
        assert oauth.grants == []

        oauth.expire()  # refused by the mail server, so that another one is fetched
        assert user.check() == (0, "")
        assert oauth.grants == ["refresh"]

        oauth.revoke()
        code, err = user.check()
        assert (code, LOGIN in err) == (ExitCode.REFUSED, True)

        oauth.refusal = None
        user.log_in()
        assert user.check() == (0, "")


@posix_only("a terminal on which a line is drawn anew")
def test_the_login_shows_code_and_page_and_where_the_tokens_lie(
    user: OAuthUser,
) -> None:
    with user.home.started("oauth", "login") as login:
        shown = login.await_text("left (Ctrl-C")
        user.oauth.await_grants(1)
        user.oauth.error = None
        code = login.await_end()

    assert code == ExitCode.OK
    assert f"  {PAGE}\n" in shown
    assert "A B C D E 1 2 3 4" in shown
    assert f"pasted: {CODE}" in shown
    assert login.seen.count("\n") < 14  # the countdown is one line
    told = login.seen.replace("\n", "").replace(" ", "")
    assert str(user.store).replace(" ", "") in told
    assert f"localhost takes the login of {user.mail.user}" in login.seen
    assert is_private(user.store)
    assert user.store.parent.stat().st_mode & 0o077 == 0


def test_in_a_pipe_the_login_is_plain_lines_in_either_language(user: OAuthUser) -> None:
    user.oauth.error = None
    english = user.home.run("oauth", "login", "home")
    user.mail.configure(user.account(), notify='language = "ja"')
    japanese = user.home.run("oauth", "login", "home")
    quiet = user.home.run("-q", "oauth", "login", "home")

    assert "\x1b" not in english.out + japanese.out
    assert "Waiting until it is entered: 15:00 left" in english.out
    assert "入力を待っています" in japanese.out
    assert PAGE in quiet.out
    assert "待って" not in quiet.out
    assert [one.err for one in (english, japanese, quiet)] == ["", "", ""]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("authorization_declined", ExitCode.REFUSED, "declined"),
        ("access_denied", ExitCode.REFUSED, "declined"),
        ("expired_token", ExitCode.TEMPORARY, "not entered in time"),
        ("invalid_client", ExitCode.CONFIG, "AADSTS70016): correct client_id"),
        ("server_error", ExitCode.TEMPORARY, "not entered in time"),
    ],
)
def test_a_login_that_fails_says_what_to_do(
    user: OAuthUser, error: str, code: ExitCode, said: str
) -> None:
    user.oauth.error, user.oauth.code_lifetime_s = error, 3
    done = user.home.run("oauth", "login")

    assert (done.code, said in done.err) == (code, True), done.err
    assert not user.store.exists()


def test_a_code_that_is_not_entered_expires(user: OAuthUser) -> None:
    user.oauth.code_lifetime_s = 2
    done = user.home.run("oauth", "login")

    assert done.code == ExitCode.TEMPORARY
    assert LOGIN in done.err


@pytest.fixture
def reached(
    oauth: OAuthServer,
    oauth_place: tuple[OAuthServer, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> OAuthServer:
    """Lead this very process to the server."""
    for name, value in oauth_place[1].items():
        monkeypatch.setenv(name, value)
    return oauth


def test_a_server_that_is_asked_too_often_is_asked_less_often(
    reached: OAuthServer,
) -> None:
    reached.error = "slow_down"
    login = DeviceLogin(CLIENT_ID)
    before_s = login.interval_s

    assert login.poll() is None
    assert (before_s, login.interval_s) == (1, 6)  # RFC 8628 §3.5


def test_who_has_an_answer_of_the_login_server_finds_the_request_noted(
    reached: OAuthServer,
) -> None:
    noted: list[list[str]] = []

    def answer(request: BaseHTTPRequestHandler, ended: threading.Event) -> None:
        noted.append(reached.grants)
        raw(400, b'{"error":"access_denied"}')(request, ended)

    login = DeviceLogin(CLIENT_ID)
    reached.wrong = answer
    with pytest.raises(NoToken):
        login.poll()

    assert noted == [["code"]]


def test_the_trusted_authorities_are_read_once_a_login(
    reached: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[ssl.SSLContext] = []

    def make() -> ssl.SSLContext:
        made.append(real())
        return made[-1]

    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", make)
    login = DeviceLogin(CLIENT_ID)
    reached.error = "authorization_pending"
    assert login.poll() is None
    reached.error = None

    assert login.poll() is not None
    assert len(made) == 1


def test_a_silent_server_is_given_up(
    reached: OAuthServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "STEP_TIMEOUT_S", 0.2)
    reached.error, reached.wrong = None, oauth_server.silent
    login = DeviceLogin(CLIENT_ID)

    with pytest.raises(NoToken) as caught:
        login.poll()

    assert (caught.value.failure, caught.value.is_passing) == ("unreachable", True)


class Keyring:
    """Keeps what it is given elsewhere, as libsecret and Keychain do."""

    def __init__(self, path: str) -> None:
        self.path, self.kept = Path(path), ""

    def save(self, content: str) -> None:
        self.kept = content
        self.path.touch()

    def load(self) -> str:
        return self.kept


def test_tokens_lie_in_the_keyring_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tokens"
    keyring = Keyring(str(path))
    monkeypatch.setattr(store, "build_encrypted_persistence", lambda _: keyring)
    kept = Store(path)
    with kept.locked():
        assert kept.save_anew('{"a": 1}')
        assert (kept.load(), path.read_bytes()) == ('{"a": 1}', b"")
        kept.save('{"a": 2}')
        assert keyring.kept == '{"a": 2}'
        kept.delete()

    assert (keyring.kept, path.exists()) == ("{}", False)


def test_a_store_that_cannot_be_read_asks_for_another_login(user: OAuthUser) -> None:
    user.log_in()
    user.store.write_text("{half")
    code, err = user.check()
    assert (code, LOGIN in err) == (ExitCode.TEMPORARY, True)

    user.log_in()
    assert user.check() == (0, "")


def make_fifo(path: Path) -> None:
    if sys.platform != "win32":  # which has none, and collects this file all the same
        os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    path.with_name("elsewhere").write_text("{}")
    path.symlink_to("elsewhere")


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(store.STORE_BYTES + 1)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make_fifo, marks=posix_only("pipes in the file system")),
        make_folder,
        pytest.param(make_link, marks=posix_only("links in the file system")),
        make_huge,
    ],
)
def test_what_is_no_store_is_neither_opened_nor_replaced(
    user: OAuthUser, make: Callable[[Path], None]
) -> None:
    user.store.parent.mkdir(parents=True)
    make(user.store)
    user.oauth.error = None

    for command in (("check", "--no-notify"), ("oauth", "login"), ("oauth", "logout")):
        done = user.home.run(*command)
        assert done.code == ExitCode.CONFIG, done
        assert f"remove {user.store}" in done.err.replace("\n", " ")
    assert os.path.lexists(user.store)


@posix_only("file modes")
def test_no_folder_of_the_store_can_be_written_by_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = tmp_path / "state" / "oauth" / "tokens"
        with Store(path).locked():
            pass
    finally:
        os.umask(before)

    assert [one.stat().st_mode & 0o777 for one in path.parents[:2]] == [0o700] * 2


@pytest.mark.parametrize(
    "content",
    [
        b'{"error": "secret_refresh_token_in_lower_case"}',
        b'{"error": ["list"]}',
        b'{"error": {"a": 1}}',
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": 1e999}',
    ],
)
def test_an_odd_answer_repeats_nothing_and_ends_in_a_sentence(
    reached: OAuthServer, content: bytes
) -> None:
    login = DeviceLogin(CLIENT_ID)
    reached.wrong = raw(400, content)

    with pytest.raises(NoToken) as caught:
        login.poll()

    assert caught.value.failure == "server"
    assert "secret" not in str(caught.value.error("home"))


@pytest.mark.parametrize("printed", [b"[]", b"{}", b'{"failure": "odd"}', b"x", b""])
def test_what_a_child_prints_that_has_crashed_is_no_bug(printed: bytes) -> None:
    with pytest.raises(NoToken) as caught:
        _read(printed)

    assert caught.value.failure == "store"


@posix_only("a plain file: Windows encrypts")
def test_a_token_that_cannot_be_kept_is_used_all_the_same(user: OAuthUser) -> None:
    user.log_in()
    user.age_token(60)
    full = user.store.with_name(f"{user.store.name}.new")
    full.mkdir()  # where it is written first

    assert user.check() == (0, "")
    assert user.oauth.grants == ["refresh"]


def test_a_wrong_application_id_is_told_at_once(user: OAuthUser) -> None:
    user.configure(user.account(client_id='"another"'))
    done = user.home.run("oauth", "login")

    assert done.code == ExitCode.CONFIG
    assert "unauthorized_client, AADSTS700016" in done.err
    assert CODE not in done.out


def test_without_an_application_id_both_ways_are_told(user: OAuthUser) -> None:
    user.configure(user.account(client_id=None))
    for arguments in (("oauth", "login"), ("check",)):
        done = user.home.run(*arguments)

        assert done.code == ExitCode.CONFIG
        assert "client_id" in done.err
        assert "token_command" in done.err


@posix_only("a terminal on which a line is drawn anew")
def test_ctrl_c_ends_the_wait_and_keeps_nothing(user: OAuthUser) -> None:
    with user.home.started("oauth", "login") as login:
        login.await_text("left (Ctrl-C")
        code = login.end(signal.SIGINT)

    assert code == 130
    assert "Traceback" not in login.seen
    assert login.seen.endswith("\x1b[K")
    assert not user.store.exists()


def test_a_login_server_that_is_away_is_exit_69(user: OAuthUser) -> None:
    away = {TEST_VARIABLE: "https://localhost:1/consumers"}
    done = user.home.run("oauth", "login", environment=away)

    assert done.code == ExitCode.UNREACHABLE
    assert "cannot be reached" in done.err


def test_a_login_server_that_nobody_vouches_for_gets_nothing(user: OAuthUser) -> None:
    done = user.home.run("oauth", "login", environment={"SSL_CERT_FILE": os.devnull})

    assert done.code == ExitCode.UNREACHABLE
    assert user.oauth.requests == []


def test_without_a_login_its_command_is_told(user: OAuthUser) -> None:
    code, err = user.check()

    assert (code, LOGIN in err) == (ExitCode.REFUSED, True)
    assert user.oauth.requests == []


@pytest.mark.parametrize(("left_s", "grants"), [(299, ["refresh"]), (330, [])])
def test_a_token_is_renewed_5_minutes_before_its_end(
    user: OAuthUser, left_s: int, grants: list[str]
) -> None:
    user.log_in()
    user.age_token(left_s)

    assert user.check() == (0, "")
    assert user.oauth.grants == grants


def test_a_good_token_needs_no_login_server(user: OAuthUser) -> None:
    user.log_in()
    user.home.environment[TEST_VARIABLE] = "https://localhost:1/consumers"

    assert user.check() == (0, "")


WRONG: dict[str, Wrong] = {
    "500": raw(500, b"{}"),
    "throttled": raw(429, b"{}", ("Retry-After", "60")),
    "html": raw(200, b"<html>Welcome to this hotel</html>"),
    "empty": raw(200, b""),
    "a list": raw(200, b"[1]"),
    "no token": raw(200, b'{"token_type":"Bearer"}'),
    "odd token": raw(200, b'{"token_type":"Bearer","access_token":"a b"}'),
    "odd id token": raw(
        200, b'{"token_type":"Bearer","access_token":"a","id_token":"x.y"}'
    ),
    "deep": raw(200, b'{"a":' + b"[" * 100_000),
    "binary": raw(200, bytes(range(256))),
    "redirect": raw(302, b"", ("Location", "https://localhost:1/")),
    "endless": oauth_server.endless,
    "rude": oauth_server.rude,
}


@pytest.mark.parametrize("kind", WRONG)
@posix_only("answers that take a minute under Wine")
def test_an_answer_that_is_none_is_a_passing_failure(
    user: OAuthUser, kind: str
) -> None:
    user.log_in()
    kept = user.store.read_bytes()
    user.age_token(60)
    user.oauth.wrong = WRONG[kind]

    code, err = user.check()

    assert code == ExitCode.TEMPORARY, err
    assert "gave no token" in err
    user.oauth.wrong = None
    assert user.check() == (0, "")
    assert user.store.read_bytes() != kept


def test_a_token_of_another_type_is_none(user: OAuthUser) -> None:
    user.log_in()
    user.age_token(60)
    user.oauth.token_type = "mac"
    code, err = user.check()

    assert (code, "no bearer token" in err) == (ExitCode.TEMPORARY, True)


def test_a_login_goes_on_while_the_server_has_trouble(user: OAuthUser) -> None:
    user.oauth.error, user.oauth.wrong = None, raw(503, b"")
    with user.home.started("oauth", "login") as login:
        user.oauth.await_grants(2)
        user.oauth.wrong = None
        assert login.await_end() == ExitCode.OK


def test_the_lock_of_who_was_killed_holds_up_nobody_for_long(
    user: OAuthUser,
) -> None:
    user.log_in()
    lock = user.store.with_name(f"{user.store.name}.lock")
    lock.write_text("1 killed")
    code, err = user.check()
    assert (code, "in use" in err) == (ExitCode.TEMPORARY, True)

    os.utime(lock, (1, 1))
    assert user.check() == (0, "")
    assert not lock.exists()


def test_a_running_watcher_takes_up_a_login_at_once(user: OAuthUser) -> None:
    with user.home.started("run") as run:
        run.await_text(LOGIN)
        user.log_in()
        run.await_text(CONNECTED)
        link = user.mail.approval()
        run.await_text(link)
        run.end()

    assert run.seen.count("home: not watched (") == 1


def test_msal_is_imported_by_the_child_alone(user: OAuthUser) -> None:
    user.log_in()
    program = (
        "import sys; from watcher.cli import main; code = main(sys.argv[1:]); "
        "print(code, *{'msal', 'msal_extensions'} & {*sys.modules})"
    )
    command = (sys.executable, "-c", program)
    done = user.home.run("-q", "check", "--no-notify", command=command)

    assert done.out.splitlines()[-1] == "0"


def test_logging_out_leaves_no_token(user: OAuthUser) -> None:
    user.log_in()
    done = user.home.run("oauth", "logout")
    again = user.home.run("oauth", "logout", "home")

    assert (done.code, again.code) == (0, 0)
    assert "forgotten" in done.out
    assert "Nothing to do" in again.out
    assert not user.store.parent.exists()
    assert user.check()[0] == ExitCode.REFUSED


def test_the_account_is_named_where_it_is_not_clear(user: OAuthUser) -> None:
    second = user.account(name='"work"', user='"other@outlook.jp"')
    third = user.account(name='"helper"', client_id=None, token_command='["true"]')
    plain = user.mail.account(name='"plain"')
    user.configure(user.account(), second, third, plain)

    said = {
        name: user.home.run("oauth", "login", *filter(None, [name]))
        for name in ("", "none", "plain", "helper")
    }

    assert {one.code for one in said.values()} == {ExitCode.USAGE}
    assert "home, work\n" in said[""].err
    assert "home, work, helper, plain" in said["none"].err
    assert 'auth = "oauth2"' in said["plain"].err
    assert "token_command" in said["helper"].err


@pytest.mark.parametrize("name", ["my mail", "Taro's", "仕事 用", "a$b", "home"])
def test_the_command_that_is_told_works_when_it_is_pasted(
    user: OAuthUser, name: str
) -> None:
    user.configure(user.account(name=f'"{name}"'))
    _, err = user.check()
    words = shlex.split(err.rpartition("Run: ")[2])
    user.oauth.error = None
    done = user.home.run(*words[1:])

    assert words[0] == "watcher"
    assert (done.code, done.err) == (0, "")


def test_an_account_whose_token_a_command_gives_is_told_so(user: OAuthUser) -> None:
    user.configure(user.account(client_id=None, token_command='["true"]'))
    for step in ("login", "logout"):
        done = user.home.run("oauth", step)

        assert done.code == ExitCode.USAGE
        assert "home gets its token by token_command" in done.err


def test_a_login_of_another_account_names_the_one_that_is_wanted(
    user: OAuthUser,
) -> None:
    user.configure(user.account(user='"another@outlook.jp"'))
    user.oauth.error = None
    done = user.home.run("oauth", "login")

    assert done.code == ExitCode.REFUSED
    assert "log in as another@outlook.jp on Microsoft's page" in done.err


def test_where_no_account_logs_in_so_that_is_told(user: OAuthUser) -> None:
    user.configure(user.mail.account())

    assert user.home.run("oauth", "logout").code == ExitCode.USAGE


@posix_only("modules beside the program")
def test_without_the_extra_it_is_told_how_to_install_it(
    user: OAuthUser, tmp_path: Path
) -> None:
    user.log_in()
    (tmp_path / "msal.py").write_text("raise ImportError\n")
    bare = {"PYTHONPATH": str(tmp_path)}
    login = user.home.run("oauth", "login", environment=bare)
    assert login.code == ExitCode.CONFIG
    for way in ("pip install", "pipx install", "uv tool install"):
        assert f"{way} '.[oauth]'" in login.err


def test_no_other_authority_than_one_on_this_machine_is_taken() -> None:
    named = {
        place: authority({TEST_VARIABLE: place})
        for place in (
            "https://localhost:8443/consumers",
            "http://localhost:8443/consumers",
            "https://login.example.com/consumers",
            "https://localhost@example.com/",
            "https://[::1",
            "",
        )
    }

    assert [*named.values()] == ["https://localhost:8443/consumers", *[AUTHORITY] * 5]


def test_no_token_is_told_by_name_or_shown(user: OAuthUser) -> None:
    user.log_in()
    done = user.home.run("-v", "check", "--no-notify")
    (token,) = user.oauth.good

    assert done.code == 0
    assert token not in done.out + done.err
    assert not any(one in done.out + done.err for one in user.oauth.refreshing)
    names = [path for path in user.home.folder.rglob("*") if path.is_file()]
    holders = {path for path in names if token.encode() in path.read_bytes()}
    assert holders == ({user.store} if IS_POSIX else set())  # Windows encrypts


def test_the_socket_that_is_opened_is_the_login_servers(
    user: OAuthUser, tmp_path: Path
) -> None:
    user.log_in()
    user.age_token(60)
    record = tmp_path / "record"
    command = (sys.executable, "-m", "tests.subprograms", "audit", str(record))
    project = {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [*command, "check", "--no-notify"],
        env={**user.home.environment, **project},
        check=False,
    )

    assert done.returncode == 0
    contacts = {" ".join(json.loads(line)) for line in record.read_text().splitlines()}
    mail = f"socket.connect 127.0.0.1:{user.mail.server.ports.imaps}"
    program = sys.executable if IS_POSIX else None  # a command line alone
    assert contacts <= {mail, f"subprocess.Popen {program}"}


def report(user: OAuthUser) -> Report:
    user.home.configure(
        f"[notify]\n{SWITCHED_OFF}",
        f'[dkim]\nnameservers = ["{user.mail.name_server.address}"]',
        user.account(),
    )
    return examined(user.home)


def test_doctor_tells_how_long_the_token_is_good(user: OAuthUser) -> None:
    user.log_in()
    found = report(user)

    assert [verdict(found, one) for one in ("secret", "oauth", "login")] == ["pass"] * 3
    assert "59 more minutes" in found["oauth"]["detail"]
    assert "access token" in found["secret"]["detail"]
    assert found["oauth"]["account"] == "home"


def test_doctor_names_the_command_where_the_login_is_over(user: OAuthUser) -> None:
    user.log_in()
    user.age_token(60)
    user.oauth.revoke()
    found = report(user)

    assert [verdict(found, one) for one in ("secret", "oauth")] == ["fail"] * 2
    assert verdict(found, "login") == "skip"
    assert LOGIN in found["oauth"]["detail"]


def test_doctor_renews_a_token_that_is_refused_as_check_does(user: OAuthUser) -> None:
    user.log_in()
    user.oauth.expire()
    assert verdict(report(user), "login") == "pass"

    user.oauth.revoke()
    found = report(user)
    assert verdict(found, "login") == "fail"
    assert LOGIN in found["login"]["detail"]


def test_doctor_checks_a_token_that_a_command_gives(user: OAuthUser) -> None:
    user.log_in()
    (token,) = user.oauth.good
    command = {"token_command": saying(token), "client_id": None}
    user.mail.configure(user.account(**command), notify=SWITCHED_OFF)
    found = examined(user.home)

    assert [verdict(found, one) for one in ("secret", "oauth", "login")] == ["pass"] * 3
    assert "token_command gives the access token" in found["secret"]["detail"]


def test_a_login_talks_to_the_login_server_and_the_mail_server_alone(
    user: OAuthUser, tmp_path: Path
) -> None:
    user.oauth.error = None
    record = tmp_path / "record"
    done = user.home.run(
        *(str(record), "oauth", "login"),
        command=(sys.executable, "-m", "tests.subprograms", "audit"),
        environment={"PYTHONPATH": str(Path(__file__).parent.parent)},
    )

    assert done.code == ExitCode.OK
    contacts = {" ".join(json.loads(line)) for line in record.read_text().splitlines()}
    mail = f"socket.connect 127.0.0.1:{user.mail.server.ports.imaps}"
    assert contacts == {mail, f"socket.connect {user.oauth.place}"}


def set_up(user: OAuthUser, *more: str, port: int | None = None) -> tuple[str, ...]:
    """Return the command that sets an account up on the test's own servers."""
    user.home.config.unlink()
    server = user.mail.server
    return (
        *("init", "--address", user.mail.user, "--provider", "outlook"),
        *("--host", "localhost", "--port", str(port or server.ports.imaps)),
        *("--ca-file", str(server.ca_file), "--no-trial", "--no-service", *more),
    )


def test_the_set_up_leads_through_the_login_by_code(user: OAuthUser) -> None:
    user.oauth.error = None
    done = user.home.run(*set_up(user, "--yes", "--client-id", CLIENT_ID))

    assert done.code == ExitCode.OK, done.err
    assert "A B C D E 1 2 3 4" in done.out
    written = tomllib.loads(user.home.config.read_text())["accounts"][0]
    assert (written["auth"], written["client_id"]) == ("oauth2", CLIENT_ID)
    assert not any("password" in key for key in written)
    assert user.check()[0] == ExitCode.OK


def test_without_an_id_of_its_own_the_set_up_asks_for_one(user: OAuthUser) -> None:
    user.oauth.error = None
    with user.home.started(*set_up(user, "--no-push"), is_controlled=True) as run:
        for question, line in (
            ("Do you have such an id?", "y"),
            ("The application id", CLIENT_ID),
            ("2. Is", "y"),
        ):
            run.await_text(question)
            os.write(run.terminal, f"{line}\n".encode())
        assert run.await_end() == ExitCode.OK, run.seen

    assert user.store.exists()


def test_who_has_no_id_is_told_what_else_can_be_done(user: OAuthUser) -> None:
    done = user.home.run(*set_up(user, "--yes"))

    assert done.code == ExitCode.CONFIG
    assert "Outlook.com no longer lets programs log in with a password" in done.err
    assert not user.home.config.exists()


def test_a_set_up_that_comes_to_nothing_leaves_no_tokens(user: OAuthUser) -> None:
    user.oauth.error = None
    nowhere = free_port()
    done = user.home.run(*set_up(user, "--yes", "--client-id", CLIENT_ID, port=nowhere))

    assert done.code == ExitCode.UNREACHABLE
    assert "Logged in." in done.out
    assert not user.store.exists()
    assert not user.home.config.exists()


def test_an_id_where_a_password_is_taken_is_refused(user: OAuthUser) -> None:
    done = user.home.run(
        *set_up(user, "--yes", "--client-id", CLIENT_ID, "--password-env", "X")
    )

    assert done.code == ExitCode.CONFIG
    assert "leave it out" in done.err
