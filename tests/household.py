"""A user with a mailbox on a real Dovecot, and mails as Amazon sends them now."""

import itertools
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from imapclient import IMAPClient

from tests.dovecot import PASSWORD, Dovecot
from tests.home import Home
from tests.names import NameServer
from tests.samples import Mail, approval, code, compose

_SERIAL = itertools.count(1)


def token() -> str:
    """Return the end of an approval link that no other mail has."""
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Household:
    """A user at home, their mailbox, and the name server that knows Amazon's keys."""

    home: Home
    server: Dovecot
    name_server: NameServer
    user: str

    def configure(
        self,
        *accounts: str,
        mode: str = "poll",
        poll_interval: str = "1s",
        notify: str = 'language = "en"\nchannel = "terminal"',
        dkim: str = "",
    ) -> None:
        """Write a configuration with these accounts; without any, with the user's."""
        self.home.configure(
            f'[watch]\nmode = "{mode}"\npoll_interval = "{poll_interval}"',
            f"[notify]\n{notify}",
            f'[dkim]\nnameservers = ["{self.name_server.address}"]\n{dkim}',
            *(accounts or (self.account(),)),
        )

    def account(self, **changes: str | None) -> str:
        """Return the table of the user's account, keys replaced or left out (None)."""
        keys: dict[str, str | None] = {
            "name": '"home"',
            "host": '"localhost"',
            "port": str(self.server.ports.imaps),
            "ca_file": f'"{self.server.ca_file}"',
            "user": f'"{self.user}"',
            "password_env": '"MAIL_PASSWORD"',
            "mailboxes": '["INBOX"]',
            **changes,
        }
        lines = (f"{key} = {value}" for key, value in keys.items() if value)
        return "\n".join(("[[accounts]]", *lines))

    def post(self, mail: Mail) -> None:
        """Deliver a mail without a signature, addressed to this user, of now."""
        addressed = replace(mail, **self.envelope())  # type: ignore[arg-type]
        self.deliver(compose(addressed))

    def deliver(self, raw: bytes) -> None:
        """Hand over a mail by LMTP."""
        self.server.deliver(raw, self.user)

    def append(self, raw: bytes, special_use: bytes) -> None:
        """Put a mail into the mailbox with a special use, as a mail program does."""
        with IMAPClient("127.0.0.1", self.server.ports.imap, ssl=False) as client:
            client.login(self.user, PASSWORD)
            mailbox = client.find_special_folder(special_use)
            assert mailbox is not None
            client.append(mailbox, raw)

    def approval(self, *, age: timedelta = timedelta(0), **changes: object) -> str:
        """Deliver a signed mail that asks to approve or deny; return its link."""
        link = f"https://www.amazon.co.jp/a/c/r/{token()}"
        self.deliver(approval(link, **{**self.envelope(age), **changes}))
        return link

    def code(self, number: str, *, age: timedelta = timedelta(0)) -> None:
        """Deliver a signed mail with a verification code."""
        self.deliver(code(number, **self.envelope(age)))

    def envelope(self, age: timedelta = timedelta(0)) -> dict[str, str]:
        """Return the fields of a mail to this user, so old."""
        return {
            "to": self.user,
            "date": format_datetime(datetime.now(UTC) - age),
            "message_id": f"<{next(_SERIAL)}.{token()}@amazonses.com>",
        }

    def mailbox_files(self) -> dict[str, bytes]:
        """Return INBOX as it lies on the server: a file's name holds its flags."""
        folder = self.server.maildir(self.user)
        files = (folder / "new").glob("*"), (folder / "cur").glob("*")
        return {path.name: path.read_bytes() for path in itertools.chain(*files)}
