"""Other programs that verify DKIM, each over many mails at once, without a network.

They are Debian's: OpenDKIM, Perl's Mail::DKIM and rspamd.
"""

import http.client
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.dkim_cases import Case
from tests.fakes import PATIENCE_S, missing, required_program
from tests.servers import NameServer, serving_dns

Verifier = Callable[[Mapping[str, Case], Path], frozenset[str]]
"""Returns the names of the cases in which a signature of the From domain verifies."""

_MAIL_DKIM = r"""
use strict; use warnings;
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
my $port = shift;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ["127.0.0.1"],
    port => $port, udppacketsize => 4096, retry => 1, udp_timeout => 5));
while (my $file = <STDIN>) {
    chomp $file;
    open(my $mail, "<:raw", $file) or die $!;
    my $raw = do { local $/; <$mail> };
    $raw =~ s/\n/\r\n/g unless $raw =~ /\r\n/;  # it asks for lines as SMTP has them
    my $dkim = Mail::DKIM::Verifier->new();
    my @passed = eval {
        $dkim->PRINT($raw); $dkim->CLOSE;
        map { lc $_->domain } grep { $_->result eq "pass" } $dkim->signatures;
    };
    print join("\t", $file, @passed), "\n";
}
"""

_RSPAMD = """
options {{
  filters = "dkim";
  dns {{ nameserver = ["127.0.0.1:{port}"]; timeout = 5s; sockets = 1; }}
  tempdir = "{folder}"; pidfile = "{folder}/pid"; cache_file = "{folder}/cache";
  history_file = "{folder}/history"; control_socket = "{folder}/control mode=0600";
  url_tld = "{folder}/domains"; hs_cache_dir = "{folder}";
}}
logging {{ type = "console"; level = "info"; }}
worker {{ type = "normal"; bind_socket = "{folder}/worker mode=0600"; count = 1; }}
dkim {{ check_local = true; check_authed = true; }}
"""


def opendkim(cases: Mapping[str, Case], folder: Path) -> frozenset[str]:
    """Ask OpenDKIM, which takes keys from a file: the first record of a name."""
    program = required_program("opendkim", package="opendkim")
    keys = {
        name: records[0]
        for case in cases.values()
        for name, records in case.keys.items()
        if records
    }
    known = b"".join(b"%s %s\n" % (name.encode(), keys[name]) for name in keys)
    (folder / "keys").write_bytes(known)
    (folder / "conf").write_text(f"Mode v\nTestPublicKeys {folder}/keys\n")
    files = _written(cases, folder)
    left, good = [*files], []
    while left:
        ended = subprocess.run(
            [program, "-v", "-x", folder / "conf", "-t", ",".join(left)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        good += re.findall(
            r": (\S+): verification \(s=\S*,? d=(\S+), .*\) succeeded", ended.stdout
        )
        # The first that it refuses is its last.
        seen = re.findall(r"(?m)^opendkim: (/\S+): ", ended.stderr)
        left = left[left.index(seen[-1]) + 1 :]
    return _passed(cases, files, good)


def mail_dkim(cases: Mapping[str, Case], folder: Path) -> frozenset[str]:
    """Ask Perl's Mail::DKIM."""
    program = required_program("perl", package="perl")
    try:
        subprocess.run([program, "-MMail::DKIM", "-e", "1"], check=True)
    except subprocess.CalledProcessError:
        missing("Mail::DKIM is not installed: apt-get install libmail-dkim-perl")
    files = _written(cases, folder)
    with serving_keys(cases) as server:
        said = subprocess.run(
            [program, "-e", _MAIL_DKIM, str(server.endpoint[1])],
            input="".join(f"{file}\n" for file in files).encode(),
            capture_output=True,
            check=True,
        ).stdout.decode(errors="replace")
    lines = [line.split("\t") for line in said.split("\n") if line]
    good = [(file, domain) for file, *domains in lines for domain in domains]
    return _passed(cases, files, good)


def rspamd(cases: Mapping[str, Case], folder: Path) -> frozenset[str]:
    """Ask rspamd, of which nothing else is at work."""
    program = required_program("rspamd", package="rspamd")
    (folder / "domains").write_text("com\njp\nco.jp\n")
    with serving_keys(cases) as server:
        config = _RSPAMD.format(port=server.endpoint[1], folder=folder)
        (folder / "conf").write_text(config)
        with _running_rspamd(program, folder):
            return frozenset(
                name
                for name, case in cases.items()
                if case.domain in _allowed(case.raw, folder / "worker")
            )


@contextmanager
def _running_rspamd(program: str, folder: Path) -> Iterator[None]:
    command = [program, "-f", "-i", "-c", str(folder / "conf")]
    places = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *places], stdout=log, stderr=log)
    try:
        _await_socket(folder / "worker", process)
        yield
    finally:
        process.terminate()
        process.wait()


def _await_socket(place: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(2000):
        try:
            _connected(place).close()
        except OSError:
            assert process.poll() is None, "rspamd does not run"
            time.sleep(0.01)
        else:
            return
    raise AssertionError("rspamd does not answer")


def _connected(place: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE_S)
    try:
        sock.connect(str(place))
    except OSError:
        sock.close()
        raise
    return sock


def _allowed(raw: bytes, place: Path) -> list[str]:
    """Return the domains of the signatures that rspamd finds good."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = _connected(place)
    connection.request("POST", "/checkv2", raw)
    symbols = json.loads(connection.getresponse().read())["symbols"]
    connection.close()
    options = symbols.get("R_DKIM_ALLOW", {}).get("options", [])
    return [option.partition(":")[0].lower() for option in options]


def _written(cases: Mapping[str, Case], folder: Path) -> dict[str, str]:
    """Write the mails; return the names of the cases by those of the files."""
    files = {}
    for number, (name, case) in enumerate(cases.items()):
        file = folder / f"{number}.eml"
        file.write_bytes(case.raw)
        files[str(file)] = name
    return files


def _passed(
    cases: Mapping[str, Case], files: Mapping[str, str], good: list[tuple[str, str]]
) -> frozenset[str]:
    named = ((files[file], domain.lower()) for file, domain in good)
    return frozenset(name for name, domain in named if domain == cases[name].domain)


@contextmanager
def serving_keys(cases: Mapping[str, Case]) -> Iterator[NameServer]:
    """Answer with the records of all cases."""
    with serving_dns({}) as server:
        for case in cases.values():
            for name, records in case.keys.items():
                lines = "\n".join(map(_line, records))
                if lines:
                    server.hosts[name, "TXT"] = lines
        yield server


def _line(record: bytes) -> str:
    """Return a record as a zone file has it."""
    pieces = (record[at : at + 255] for at in range(0, len(record), 255))
    escaped = ("".join(f"\\{octet:03}" for octet in piece) for piece in pieces)
    return " ".join(f'"{piece}"' for piece in escaped)


VERIFIERS: Mapping[str, Verifier] = {
    "opendkim": opendkim,
    "mail_dkim": mail_dkim,
    "rspamd": rspamd,
}
