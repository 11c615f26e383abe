"""Real servers on loopback: Dovecot with its certificates, a name server."""

import json
import os
import secrets
import shutil
import signal
import smtplib
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.fakes import missing, needs_posix, required_program
from watcher import name_server
from watcher.clock import boottime_s
from watcher.keys import Lookup, dns_keys

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, both PEM."""

    pem: bytes
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA that nobody trusts unless told to."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> "Authority":
        """Make a new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Test CA")
        builder = _builder(name, name, key.public_key(), datetime.now(UTC))
        builder = builder.add_extension(
            x509.BasicConstraints(True, None), critical=True
        )
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        usage = dict.fromkeys(_USAGES, False) | {"key_cert_sign": True}
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    @property
    def pem(self) -> bytes:
        """The CA's certificate."""
        return _pem(self.certificate)

    def sign_self(self) -> Certificate:
        """Return a certificate for localhost that only it itself signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("localhost")
        builder = _builder(name, name, key.public_key(), datetime.now(UTC))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
        return Certificate(_pem(signed), _key_pem(key))

    def issue(
        self,
        host: str,
        *,
        at: datetime | None = None,
        is_rsa: bool = False,
        names_key: bool = True,
    ) -> Certificate:
        """Issue a certificate for a host, valid around `at` (default: now).

        Args:
            host: its only name.
            at: when it is valid.
            is_rsa: with a key that the oldest key exchange can use.
            names_key: with the identifier of the issuer's key (RFC 5280 §4.2.1.1).
        """
        key = _rsa_key() if is_rsa else ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            _name(host),
            self.certificate.subject,
            key.public_key(),
            at or datetime.now(UTC),
        )
        names = x509.SubjectAlternativeName(
            [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
            if host == "localhost"
            else [x509.DNSName(host)]
        )
        if names_key:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self.key.public_key()
            )
            builder = builder.add_extension(issuer, critical=False)
        signed = builder.add_extension(names, critical=False).sign(
            self.key, hashes.SHA256()
        )
        return Certificate(_pem(signed), _key_pem(key))


_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
    *("encipher_only", "decipher_only"),
)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _key_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def server_context(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """Return a TLS context that shows a certificate."""
    file = folder / "server.pem"
    file.write_bytes(certificate.pem + certificate.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    at: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _DAY)
        .not_valid_after(at + _DAY)
    )


TTL_S = 60


@dataclass(slots=True)
class NameServer:
    """What it knows, how it is asked, and whether it answers."""

    records: Mapping[str, bytes]
    address: str = ""
    """`ADDRESS:PORT`, as `[dkim] nameservers` has it."""
    is_silent: bool = False
    failure: dns.rcode.Rcode | None = None
    """What it answers to everything, where it is in trouble."""
    failing: frozenset[str] = frozenset()
    """Names that it answers with SERVFAIL, and no others."""
    delay_s: float = 0.0
    """How long it takes over an answer."""
    ttl_s: int = TTL_S
    hosts: dict[tuple[str, str], str] = field(default_factory=dict)
    """Other records, as a zone file has them, each on a line, by name and type."""
    questions: list[str] = field(default_factory=list)
    was_asked: threading.Event = field(default_factory=threading.Event)

    @property
    def endpoint(self) -> name_server.NameServer:
        """Its address and port."""
        address, _, port = self.address.partition(":")
        return name_server.NameServer(address, int(port))

    def answer(self, wire: bytes) -> bytes | None:
        """Return the answer to a question, None to let it wait."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text()
        self.questions.append(name)
        self.was_asked.set()
        if self.is_silent:
            return None
        time.sleep(self.delay_s)
        response = dns.message.make_response(query)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        if host := self.hosts.get((name.rstrip("."), kind)):
            lines = host.splitlines()
            answer = dns.rrset.from_text(name, self.ttl_s, "IN", kind, *lines)
            response.answer.append(answer)
            return response.to_wire()
        record = self.records.get(name.rstrip(".")) if kind == "TXT" else None
        if name.rstrip(".") in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif self.failure is not None or record is None:
            response.set_rcode(self.failure or dns.rcode.NXDOMAIN)
        else:
            pieces = (record[at : at + 255] for at in range(0, len(record), 255))
            quoted = " ".join(f'"{piece.decode()}"' for piece in pieces)
            response.answer.append(
                dns.rrset.from_text(name, self.ttl_s, "IN", "TXT", quoted)
            )
        return response.to_wire()


def lookup_at(
    server: NameServer, timeout: timedelta, now_s: Callable[[], float] = boottime_s
) -> Lookup:
    """Return the program's own lookup, at this name server."""
    return dns_keys([server.endpoint], timeout, now_s=now_s).find


class _Server(socketserver.UDPServer):
    def __init__(self, name_server: NameServer) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.name_server = name_server


class _Question(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        question, sock = self.request
        answer = cast(_Server, self.server).name_server.answer(question)
        if answer:
            sock.sendto(answer, self.client_address)


@contextmanager
def serving_dns(records: Mapping[str, bytes]) -> Iterator[NameServer]:
    """Answer questions while inside."""
    name_server = NameServer(records)
    with _Server(name_server) as server:
        name_server.address = "{}:{}".format(*server.server_address)
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        try:
            yield name_server
        finally:
            server.shutdown()
            thread.join()


PASSWORD = "secret"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
disable_plaintext_auth = no
auth_failure_delay = 0
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
ssl_min_protocol = TLSv1.2
mail_location = maildir:{folder}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 0
lmtp_user_concurrency_limit = 0
mail_max_userip_connections = 500
{oauth}
passdb {{
  driver = static
  mechanisms = plain login
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox 迷惑メール {{
    auto = create
    special_use = \\Junk
  }}
}}
protocol lmtp {{
  lmtp_save_to_detail_mailbox = yes
}}
recipient_delimiter = +
service anvil {{
  chroot =
  # Without this socket no login waits for seconds because one before it was refused.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  client_limit = 1000
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 1000
}}
service auth {{
  client_limit = 5000
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports.lmtp}
  }}
}}
"""
_OAUTH = """
auth_mechanisms = plain {mechanisms}
passdb {{
  driver = oauth2
  mechanisms = {mechanisms}
  args = {folder}/oauth2.conf
}}
"""
_INTROSPECTION = """
introspection_mode = get
introspection_url = http://127.0.0.1:{port}/introspect?token=
username_attribute = username
active_attribute = active
active_value = true
"""
_NOT_ROOT = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
"""
_MAIL_ID = 65534
_CA_FILE = "ca.pem"
_PACKAGES = "dovecot-imapd dovecot-lmtpd"
_LIBEXEC = (Path("/usr/lib/dovecot"), Path("/usr/libexec/dovecot"))


LOANS = "WATCHER_DOVECOT"
"""The environment variable with what is lent, by the mechanisms for access tokens."""

Loan = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the server listens on 127.0.0.1."""

    imap: int
    imaps: int
    lmtp: int


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server; any user name exists, with the password `secret`."""

    program: str
    folder: Path
    ports: Ports
    ca_file: Path

    def deliver(self, raw: bytes, user: str, *, mailbox: str = "") -> None:
        """Hand over a mail by LMTP, as a provider's own system does."""
        recipient = f"{user}+{mailbox}" if mailbox else user
        with smtplib.LMTP("127.0.0.1", self.ports.lmtp) as lmtp:
            lmtp.sendmail("sender@example.com", [recipient], raw)

    @property
    def loan(self) -> Loan:
        """What tests on another Python of this machine need to know of it."""
        return (*astuple(self.ports), str(self.folder))

    @classmethod
    def lent(cls, loan: Loan) -> "Dovecot":
        """Return the server of a `loan`: all it has is there, but it is not ours."""
        *ports, name = loan
        folder = Path(name).absolute()  # on the drive of the tests
        return cls("", folder, Ports(*ports), folder / _CA_FILE)

    def maildir(self, user: str) -> Path:
        """Return the folder of a user's INBOX."""
        return self.folder / "mail" / user

    def start(self) -> None:
        """Start, and wait until it answers."""
        subprocess.run([self.program, "-c", self.folder / "dovecot.conf"], check=True)
        for port in (self.ports.imap, self.ports.imaps, self.ports.lmtp):
            await_port(port, self.folder / "dovecot.log")

    def stop(self) -> None:
        """Stop it and all its processes, and wait until they are gone."""
        group = int((self.folder / "run" / "master.pid").read_text())
        os.killpg(group, signal.SIGTERM)
        while _is_alive(group):
            time.sleep(0.01)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def await_port(port: int, log: Path) -> None:
    """Wait until a server listens on a port; its log tells why it does not."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"nobody listens on {port}: {log.read_text()}")


def free_port() -> int:
    """Return a port that nobody listens on, and that the system gives nobody.

    Below the ports that it gives to connections and to who asks for any: one of those
    may be another's as soon as it is let go here. Not by `random`, which tests seed.
    """
    while True:
        port = 16384 + secrets.randbelow(16384)
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """How a server takes access tokens: by which mechanisms, and whom it asks."""

    mechanisms: str
    introspection_port: int


@contextmanager
def running(
    tokens: TokenLogin | None = None, *, more_config: str = ""
) -> Iterator[Dovecot]:
    """Run a server of its own, with everything it writes in a folder that goes away.

    Where none can run, one of those that `WATCHER_DOVECOT` lends is taken.

    Args:
        tokens: how it takes access tokens.
        more_config: what is set in its configuration beside what all tests need.
    """
    loans = json.loads(os.environ.get(LOANS, "{}"))
    mechanisms = tokens.mechanisms if tokens else ""
    if mechanisms in loans:
        yield Dovecot.lent(loans[mechanisms])
        return
    needs_posix(f"a Dovecot with {mechanisms or 'passwords'}, which nobody lends")
    program = required_program("dovecot", package=_PACKAGES)
    if not any((folder / "imap").exists() for folder in _LIBEXEC):
        missing(f"Dovecot has no IMAP: apt-get install {_PACKAGES}")
    folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))  # short: sockets
    try:
        folder.chmod(0o755)
        server = Dovecot(
            program,
            folder,
            Ports(free_port(), free_port(), free_port()),
            folder / _CA_FILE,
        )
        _prepare(server, tokens, more_config)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: Dovecot, tokens: TokenLogin | None, more_config: str) -> None:
    authority = Authority.make()
    server.ca_file.write_bytes(authority.pem)
    certificate = authority.issue("localhost")
    (server.folder / "server.pem").write_bytes(certificate.pem)
    (server.folder / "server.key").write_bytes(certificate.key)
    uid, gid = _mail_owner()
    mail = server.folder / "mail"
    mail.mkdir()
    os.chown(mail, uid, gid)
    oauth = ""
    if tokens:
        oauth = _OAUTH.format(folder=server.folder, mechanisms=tokens.mechanisms)
        asked = _INTROSPECTION.format(port=tokens.introspection_port)
        (server.folder / "oauth2.conf").write_text(asked)
    config = _CONFIG.format(
        folder=server.folder, ports=server.ports, uid=uid, gid=gid, oauth=oauth
    )
    if os.getuid():
        config += _NOT_ROOT.format(user=_name_of(uid), group=_name_of(gid, group=True))
    (server.folder / "dovecot.conf").write_text(config + more_config)


def _mail_owner() -> tuple[int, int]:
    """Root may not own mail in Dovecot."""
    return (os.getuid(), os.getgid()) if os.getuid() else (_MAIL_ID, _MAIL_ID)


def _name_of(number: int, *, group: bool = False) -> str:
    import grp
    import pwd

    return grp.getgrgid(number).gr_name if group else pwd.getpwuid(number).pw_name
