"""A real Dovecot on loopback for each test process: TLS by a private CA, and LMTP."""

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import needs
from tests.certificates import Authority

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
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
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
_NOT_ROOT = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
"""
_MAIL_ID = 65534
_PACKAGES = "dovecot-imapd dovecot-lmtpd"
_LIBEXEC = (Path("/usr/lib/dovecot"), Path("/usr/libexec/dovecot"))


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

    def maildir(self, user: str) -> Path:
        """Return the folder of a user's INBOX."""
        return self.folder / "mail" / user

    def start(self) -> None:
        """Start, and wait until it answers."""
        subprocess.run([self.program, "-c", self.folder / "dovecot.conf"], check=True)
        for port in (self.ports.imap, self.ports.imaps, self.ports.lmtp):
            _await_port(port, self.folder / "dovecot.log")

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


def _await_port(port: int, log: Path) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"Dovecot does not answer: {log.read_text()}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def running() -> Iterator[Dovecot]:
    """Run a server of its own, with everything it writes in a folder that goes away."""
    program = needs.program("dovecot", package=_PACKAGES)
    if not any((folder / "imap").exists() for folder in _LIBEXEC):
        needs.missing(f"Dovecot has no IMAP: apt-get install {_PACKAGES}")
    folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))  # short: sockets
    try:
        folder.chmod(0o755)
        server = Dovecot(
            program,
            folder,
            Ports(free_port(), free_port(), free_port()),
            folder / "ca.pem",
        )
        _prepare(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(server: Dovecot) -> None:
    authority = Authority.make()
    server.ca_file.write_bytes(authority.pem)
    certificate = authority.issue("localhost")
    (server.folder / "server.pem").write_bytes(certificate.pem)
    (server.folder / "server.key").write_bytes(certificate.key)
    uid, gid = _mail_owner()
    mail = server.folder / "mail"
    mail.mkdir()
    os.chown(mail, uid, gid)
    config = _CONFIG.format(folder=server.folder, ports=server.ports, uid=uid, gid=gid)
    if os.getuid():
        config += _NOT_ROOT.format(user=_name_of(uid), group=_name_of(gid, group=True))
    (server.folder / "dovecot.conf").write_text(config)


def _mail_owner() -> tuple[int, int]:
    """Root may not own mail in Dovecot."""
    return (os.getuid(), os.getgid()) if os.getuid() else (_MAIL_ID, _MAIL_ID)


def _name_of(number: int, *, group: bool = False) -> str:
    import grp
    import pwd

    return grp.getgrgid(number).gr_name if group else pwd.getpwuid(number).pw_name
