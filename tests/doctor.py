"""What the tests of `watcher doctor` share: a user, and the report they get."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from tests.environment import WATCHER, Home, MailUser, token
from tests.imap_server import Server
from tests.sample_mails import approval
from watcher.clock import utc_now
from watcher.errors import ExitCode

SWITCHED_OFF = 'enabled = false\nlanguage = "en"'
CONTRACT = [
    *("configuration", "permissions", "secret", "dns", "tls", "login"),
    *("capabilities", "mailboxes", "addresses", "clock", "dkim_key", "notification"),
    *("browser", "log", "service", "disk", "push", "oauth"),
]
Report = dict[str, dict[str, Any]]


def in_order(mail_user: MailUser) -> MailUser:
    """Configure a user with everything in order, whose desktop shows nothing."""
    mail_user.configure(
        mail_user.account(mailboxes=None), notify=SWITCHED_OFF, mode="auto"
    )
    return mail_user


def examined(
    home: Home,
    *options: str,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = WATCHER,
) -> Report:
    """Return the lines of `doctor --json` by their checks, of one account at most."""
    done = home.run(
        "doctor", "--json", *options, environment=environment, command=command
    )
    found = {line["check"]: line for line in done.json}
    assert [line["check"] for line in done.json] == CONTRACT
    fails = any(line["verdict"] == "fail" for line in done.json)
    assert done.code == (ExitCode.NOTHING if fails else ExitCode.OK), done.err
    return found


def verdict(report: Report, check: str) -> str:
    """Return the verdict of a check; one that is not good names a remedy."""
    line = report[check]
    assert (line["remedy"] is not None) == (line["verdict"] in {"warn", "fail"}), line
    return str(line["verdict"])


def old(user: MailUser, to: str, days: int = 10) -> None:
    """Put a signed mail into INBOX that came days ago."""
    at = utc_now() - timedelta(days=days)
    raw = approval(
        f"https://www.amazon.co.jp/a/c/r/{token()}",
        to=to,
        date=format_datetime(at),
        message_id=f"<{token()}@amazonses.com>",
    )
    user.move_in(raw, at)


def with_name_servers(user: MailUser, *addresses: str) -> None:
    """Configure these name servers and no others."""
    servers = ", ".join(f'"{address}"' for address in addresses)
    user.home.configure(
        f"[notify]\n{SWITCHED_OFF}",
        f'[dkim]\nnameservers = [{servers}]\ntimeout = "1s"',
        user.account(),
    )


def on(user: MailUser, server: Server, **changes: str) -> None:
    """Configure the account on a scripted server."""
    where = {"host": '"127.0.0.1"', "port": str(server.port), "tls": '"none"'}
    account = user.account(**{"ca_file": None, **where, **changes})
    user.configure(account, notify=SWITCHED_OFF, mode="auto")
