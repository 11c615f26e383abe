"""The source of an access token that `watcher oauth login` has put into the store."""

import json
import re
import sys
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import watcher
from watcher import ownership
from watcher.errors import ConfigError
from watcher.oauth.outcome import NO_CLIENT_ID, Failure, NoToken, Token

TIMEOUT = timedelta(seconds=60)
"""For the import, a keyring that may ask its user, and the server.

As long as a password's program may take: shorter than `secret_timeout_s` of
imap.account.Timeouts, so that its own error comes first."""

OUTPUT_BYTES = 64 * 1024

CHILD = (sys.executable, "-P", "-m", "watcher.oauth.child")


def tokens_folder(folder: Path) -> Path:
    """Return where all tokens lie, under the folder of what watcher keeps."""
    return folder / "oauth"


def store_path(folder: Path, user: str) -> Path:
    """Return where the tokens of a user lie, under the folder of what watcher keeps."""
    name = user.lower()
    plain = re.sub(r"[^a-z0-9@._-]", "_", name)[:64]
    return tokens_folder(folder) / f"{plain}-{zlib.crc32(name.encode()):08x}.tokens"


@dataclass(frozen=True, slots=True)
class FromTokenStore:
    """A token that is good for some minutes at least, fetched by a child process."""

    account: str
    """The account's name."""
    path: Path
    client_id: str
    hidden: frozenset[str] = frozenset()
    """Environment variables that it does not see, since they hold other passwords."""
    timeout: timedelta = TIMEOUT
    is_renewed: bool = False
    """Whether another token is wanted than the last one."""

    def __call__(self) -> str:
        """Return the token; see `fetch`."""
        return self.fetch().secret

    def fetch(self) -> Token:
        """Return the token, and how long it is good.

        Raises:
            ConfigError: the application has no id or a wrong one, or msal is missing.
            LoginRefused: only another login by the user helps.
            SecretUnavailable: the server or the store cannot be asked for now.
        """
        if not self.client_id:
            raise ConfigError(NO_CLIENT_ID, account=self.account)
        try:
            return self._ask()
        except NoToken as error:
            raise error.error(self.account) from None

    def _ask(self) -> Token:
        if not ownership.is_visible(self.path):
            raise NoToken(Failure.NO_LOGIN)
        from watcher.child import TooMuchOutput, output_of  # few accounts need it
        from watcher.oauth.child import RENEW

        words = (RENEW,) if self.is_renewed else ()
        try:
            _, output = output_of(
                (*CHILD, str(self.path), self.client_id, *words),
                hidden=self.hidden,
                timeout_s=self.timeout.total_seconds(),
                most_bytes=OUTPUT_BYTES,
                changes={"PYTHONPATH": str(Path(watcher.__path__[0]).parent)},
            )
        except TimeoutError:
            raise NoToken(Failure.SLOW) from None
        except TooMuchOutput:
            raise NoToken(Failure.SERVER, "endless") from None
        except OSError as error:
            raise NoToken.of_system(Failure.STORE, error) from None
        return _read(output)


def _read(output: bytes) -> Token:
    """Return the token that the child has printed; raise `NoToken` if there is none."""
    try:
        said = json.loads(output)
        if "failure" not in said:
            return Token(said["token"], said["left_s"])
        failure, why, number = Failure(said["failure"]), said["why"], said["errno"]
    except (ValueError, TypeError, LookupError):  # it has crashed
        raise NoToken(Failure.STORE, "crash") from None
    raise NoToken(failure, why, number)
