"""Servers with old TLS, or with none: who is let in, and what is said of the others."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.environment import ACCOUNT, written
from tests.fakes import required_program
from tests.imap_server import PATIENT, Server, clear, settings, watching
from tests.servers import Authority, Certificate, await_port, free_port
from tests.test_imap_login import failure, try_login
from watcher.cli import status
from watcher.config import accounts, providers
from watcher.config.accounts import Watched
from watcher.config.load import load
from watcher.config.providers import PRESETS
from watcher.errors import Unreachable
from watcher.events import State
from watcher.i18n import Language
from watcher.imap import transport
from watcher.imap.account import Account
from watcher.imap.choices import Tls, TlsQuirk
from watcher.imap.transport import context_for
from watcher.keys import dns_keys
from watcher.recognition.policy import Policy
from watcher.setup.doctor.account import AccountChecks
from watcher.setup.doctor.clock import KnownClock
from watcher.setup.doctor.report import Check

pytestmark = pytest.mark.timeout(60)

STATIC_RSA = "AES128-GCM-SHA256"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def ca_file(authority: Authority, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.pem)
    return file


def old_context(certificate: Certificate, folder: Path, ciphers: str) -> ssl.SSLContext:
    """Return a server's context with nothing newer than TLS 1.2, and these ciphers."""
    file = folder / "old.pem"
    file.write_bytes(certificate.pem + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    return context


def at(port: int, ca_file: Path | None, quirk: TlsQuirk = TlsQuirk.NOTHING) -> Account:
    return replace(
        clear(port),
        host="localhost",
        tls=Tls.IMPLICIT,
        ca_file=ca_file,
        tls_quirk=quirk,
    )


# Static RSA


@pytest.mark.parametrize("cipher", [STATIC_RSA, "AES256-GCM-SHA384", "AES128-SHA"])
def test_a_server_with_static_rsa_alone_is_let_in_where_the_preset_says_so(
    authority: Authority, ca_file: Path, tmp_path: Path, cipher: str
) -> None:
    context = old_context(authority.issue("localhost", is_rsa=True), tmp_path, cipher)
    with Server(context=context) as server:
        try_login(at(server.port, ca_file, TlsQuirk.STATIC_RSA))
        error = failure(at(server.port, ca_file))

    assert isinstance(error, Unreachable)
    assert "no safe encryption in common" in str(error)
    assert 'provider = "softbank"' in error.say(Language.JA)


@pytest.mark.parametrize("quirk", TlsQuirk)
def test_no_quirk_lets_an_untrusted_certificate_in(
    authority: Authority, tmp_path: Path, quirk: TlsQuirk
) -> None:
    context = old_context(
        authority.issue("localhost", is_rsa=True), tmp_path, f"{STATIC_RSA}:ECDHE"
    )
    with Server(context=context) as server:
        error = failure(at(server.port, None, quirk))

    assert "nobody this machine trusts" in str(error)


@pytest.mark.parametrize("quirk", TlsQuirk)
def test_no_quirk_lets_a_certificate_for_another_host_in(
    authority: Authority, ca_file: Path, tmp_path: Path, quirk: TlsQuirk
) -> None:
    file = authority.issue("mail.example.com")
    with Server(context=old_context(file, tmp_path, "ECDHE")) as server:
        error = failure(at(server.port, ca_file, quirk))

    assert "is not for localhost" in str(error)


def test_a_quirk_loosens_one_thing_alone() -> None:
    contexts = {one: context_for(at(1, None, one)) for one in TlsQuirk}
    usual = contexts[TlsQuirk.NOTHING]
    names = {one: [c["name"] for c in it.get_ciphers()] for one, it in contexts.items()}

    for context in contexts.values():
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.verify_flags == usual.verify_flags
    legacy = transport._OP_LEGACY_SERVER_CONNECT
    assert {one for one, it in contexts.items() if it.options & legacy} == {
        TlsQuirk.LEGACY_RENEGOTIATION
    }
    assert names[TlsQuirk.LEGACY_RENEGOTIATION] == names[TlsQuirk.NOTHING]
    added = set(names[TlsQuirk.STATIC_RSA]) - set(names[TlsQuirk.NOTHING])
    assert added == set(transport._STATIC_RSA) - set(names[TlsQuirk.NOTHING])
    assert names[TlsQuirk.STATIC_RSA][-len(added) :] == [
        one for one in transport._STATIC_RSA if one in added
    ], "forward secrecy comes first"


def test_old_tls_is_the_presets_own_servers_alone(tmp_path: Path) -> None:
    text = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "softbank"')
    (presets,) = accounts.watched(load(written(tmp_path, text)))
    text = ACCOUNT.replace("host =", 'provider = "softbank"\nhost =')
    (own,) = accounts.watched(load(written(tmp_path, text)))
    text = ACCOUNT.replace("imap.example.jp", "imap.softbank.jp")
    (without,) = accounts.watched(load(written(tmp_path, text)))

    assert presets.account.tls_quirk is TlsQuirk.STATIC_RSA
    assert own.account.tls_quirk is TlsQuirk.NOTHING
    assert without.account.tls_quirk is TlsQuirk.NOTHING


# Legacy renegotiation


@contextmanager
def gnutls(certificate: Certificate, folder: Path) -> Iterator[int]:
    """Run a server without secure renegotiation; give its port."""
    program = required_program("gnutls-serv", package="gnutls-bin")
    pem, key, port = folder / "server.pem", folder / "server.key", free_port()
    pem.write_bytes(certificate.pem)
    key.write_bytes(certificate.key)
    priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"
    command = [program, "--echo", "--port", str(port), "--priority", priority]
    command += ["--x509certfile", str(pem), "--x509keyfile", str(key)]
    log = folder / "gnutls.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
    try:
        await_port(port, log)
        yield port
    finally:
        server.terminate()
        server.wait()


def test_a_server_without_secure_renegotiation_is_let_in_where_the_preset_says_so(
    authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    timeouts = replace(PATIENT, greeting_timeout_s=0.5)
    with gnutls(authority.issue("localhost"), tmp_path) as port:
        error = failure(at(port, ca_file))
        static = failure(at(port, ca_file, TlsQuirk.STATIC_RSA))
        untrusted = failure(at(port, None, TlsQuirk.LEGACY_RENEGOTIATION))
        let_in = failure(at(port, ca_file, TlsQuirk.LEGACY_RENEGOTIATION), timeouts)

    for refused in (error, static):
        assert isinstance(refused, Unreachable)
        assert "RFC 5746" in str(refused)
        assert 'provider = "docomo"' in refused.say(Language.JA)
    assert "nobody this machine trusts" in str(untrusted)
    assert "does not greet" in str(let_in), "the handshake is done; it speaks no IMAP"


# What no preset helps


def test_a_server_with_tls_1_1_at_most_is_named(
    authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    context = old_context(
        authority.issue("localhost", is_rsa=True), tmp_path, "ALL:@SECLEVEL=0"
    )
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Server(context=context) as server:
        errors = [failure(at(server.port, ca_file, quirk)) for quirk in TlsQuirk]

    for error in errors:
        assert isinstance(error, Unreachable)
        assert "nothing newer than TLS 1.1" in str(error)
        assert "TLS 1.2" in error.say(Language.JA)


@contextmanager
def answering(act: Callable[[socket.socket], None]) -> Iterator[int]:
    """Meet each connection in its own way; give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    sock, _ = listener.accept()
                except OSError:
                    return
                with sock:
                    act(sock)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.close()


def cut(sock: socket.socket) -> None:
    sock.recv(1)


def cut_after_all(sock: socket.socket) -> None:
    sock.recv(65536)


@pytest.mark.parametrize("act", [cut, cut_after_all], ids=["reset", "closed"])
def test_a_handshake_that_is_cut_off_is_named(
    act: Callable[[socket.socket], None],
) -> None:
    with answering(act) as port:
        error = failure(replace(clear(port), tls=Tls.IMPLICIT))

    assert isinstance(error, Unreachable)
    assert "is cut off while encryption begins" in str(error)
    assert "ファイアウォール" in error.say(Language.JA)


PORTAL = (
    b"HTTP/1.1 302 Found\r\nLocation: https://portal.example/\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


def after_hello(sock: socket.socket) -> None:
    sock.recv(65536)
    sock.sendall(PORTAL)


def at_once(sock: socket.socket) -> None:
    sock.sendall(PORTAL)
    sock.recv(65536)


@pytest.mark.parametrize(
    ("tls", "act"),
    [
        (Tls.IMPLICIT, after_hello),
        (Tls.IMPLICIT, at_once),
        (Tls.STARTTLS, at_once),
        (Tls.NONE, at_once),
    ],
    ids=["implicit", "implicit_at_once", "starttls", "none"],
)
def test_a_web_page_in_place_of_the_server_is_named(
    tls: Tls, act: Callable[[socket.socket], None]
) -> None:
    with answering(act) as port:
        error = failure(replace(clear(port), tls=tls))

    assert isinstance(error, Unreachable)
    assert "A web page answers" in str(error)
    assert "ブラウザーでログイン" in error.say(Language.JA)
    assert "portal.example" not in error.say(Language.EN)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, ca_file: Path) -> Iterator[None]:
    """Let the system trust the CA, and every Python look as Python 3.13 does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    make = ssl.create_default_context
    if sys.version_info < (3, 13):

        def make_strict(*args: ssl.Purpose) -> ssl.SSLContext:
            context = make(*args)
            context.verify_flags |= ssl.VERIFY_X509_STRICT
            return context

        monkeypatch.setattr(ssl, "create_default_context", make_strict)
    transport._make_context.cache_clear()
    yield
    transport._make_context.cache_clear()


def test_a_certificate_without_key_identifiers_needs_its_ca_named(
    authority: Authority, ca_file: Path, tmp_path: Path, strict: None
) -> None:
    good = old_context(authority.issue("localhost", is_rsa=True), tmp_path, "ECDHE")
    bare = authority.issue("localhost", is_rsa=True, names_key=False)
    with Server(context=good) as server:
        try_login(at(server.port, None))
    with Server(context=old_context(bare, tmp_path, "ECDHE")) as server:
        error = failure(at(server.port, None))
        try_login(at(server.port, ca_file))

    assert isinstance(error, Unreachable)
    assert "since 3.13" in str(error)
    assert "ca_file" in error.say(Language.JA)


# The commands


def test_the_daemon_watches_a_server_with_static_rsa(
    authority: Authority, ca_file: Path, tmp_path: Path
) -> None:
    context = old_context(
        authority.issue("localhost", is_rsa=True), tmp_path, STATIC_RSA
    )
    with Server(context=context) as server:
        account = at(server.port, ca_file, TlsQuirk.STATIC_RSA)
        with watching(account, settings(PATIENT)) as (_, seen):
            seen.wait_for_state(State.WATCHING)


@pytest.fixture
def old_preset(
    authority: Authority,
    ca_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """Let SoftBank's server be one here; give a configuration that names it."""
    context = old_context(
        authority.issue("localhost", is_rsa=True), tmp_path, STATIC_RSA
    )
    with Server(context=context) as server:
        here = replace(PRESETS["softbank"], host="localhost", port=server.port)
        monkeypatch.setitem(providers.PRESETS, "softbank", here)
        text = ACCOUNT.replace('host = "imap.example.jp"', 'provider = "softbank"')
        yield written(tmp_path, f"{text}ca_file = '{ca_file}'\n")


@pytest.mark.parametrize(
    ("language", "words"),
    [(Language.EN, "old TLS is allowed"), (Language.JA, "古い TLS を許可")],
)
def test_doctor_and_status_say_that_old_tls_is_allowed(
    old_preset: Path,
    monkeypatch: pytest.MonkeyPatch,
    language: Language,
    words: str,
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "secret")
    config = load(old_preset)
    (entry,) = config.accounts
    (account,) = accounts.watched(config)
    checks = AccountChecks(
        entry=entry,
        watched=Watched(account.account, Policy()),
        config=config,
        keys=dns_keys((), timedelta(seconds=1)),
        clock=KnownClock(lambda: None, lambda: None),
        timeouts=PATIENT,
    )
    found = {}
    for slot, finding in checks.run():
        found[slot.check] = finding
        if slot.check is Check.LOGIN:  # what follows asks a name server
            break
    quirks = {entry.name: TlsQuirk.STATIC_RSA}
    known = status._Known(sessions={entry.name: {}}, tls_quirks=quirks)

    assert words in found[Check.TLS].detail.say(language)
    assert "TLSv1.2" in found[Check.TLS].detail.say(language)
    assert not found[Check.LOGIN].is_failure
    assert any(words in line for line in status._render(known, 1, language))
    (told,) = status._to_json(known, 1, language)["accounts"]
    assert told["tls_quirk"] == "static_rsa"
