"""Configuration files as input."""

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.environment import ACCOUNT
from watcher.config.load import ConfigMistakesError, load
from watcher.config.schema import Config
from watcher.errors import ConfigError
from watcher.i18n import Language

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
SECRET = b"Zq7xK9vB2mWpLr4t"
SECRET_LINES = frozenset(
    {
        b'password = "%b"' % SECRET,
        b"pass = '%b'" % SECRET,
        b'token = "%b"' % SECRET,
        b'url = "https://ntfy.sh/%b"' % SECRET,
        b'url = "tgram://%b/x"' % SECRET,
        b'password_command = ["echo", "%b"]' % SECRET,
        b'token_command = ["echo", "%b"]' % SECRET,
        b'command = ["sh", "%b"]' % SECRET,
    }
)
"""Lines in which people write what nobody else is to see."""

WORDS = (
    *(b"[watch]\n", b"[notify]\n", b"[push]\n", b"[hook]\n", b"[log]\n", b"[dkim]\n"),
    *(b"[[accounts]]\n", b"[accounts.push]\n", b"\n", b" = ", b'"', b"'", b"[", b"]"),
    *(b"true", b"-1", b"1e400", b"nan", b"1979-05-27", b'"5m"', b'"-5m"', b'"30d"'),
    *(b"window", b"mode", b"remind_at", b"stores", b"keep", b"nameservers", b"timeout"),
    *(b"user", b"host", b"port", b"tls", b"provider", b"mailboxes", b"addresses"),
    *(b"relays", b"password_env", b"password_file", b"keyring", b"auth", b"client_id"),
    *(b'"""', b"\\u0000", b"\\U0010ffff", b"{a = 1}", b"\xef\xbc\x9d", b"\xe3\x80\x80"),
    *(line + b"\n" for line in sorted(SECRET_LINES)),
)
_FILE = Path(tempfile.gettempdir()) / f"watcher-fuzz-{os.getpid()}.toml"
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")


def files() -> Sequence[bytes]:
    """Return configuration files, good and bad."""
    account = ACCOUNT.encode()
    lines = sorted(SECRET_LINES)
    return (
        EXAMPLE.read_bytes(),
        account,
        account + b"".join(line + b"\n" for line in lines[3:6]),
        *(account + line + b"\n" for line in lines),
        *(b"[push]\n" + line + b"\n" + account for line in lines),
        *(b"[hook]\n" + line + b"\n" + account for line in lines),
        b"\n".join(lines),
    )


def check(data: bytes) -> None:
    """Load a file, and read what is said of it."""
    _FILE.write_bytes(data)
    _FILE.chmod(0o600)
    try:
        loaded = load(_FILE)
        assert isinstance(loaded, Config)
        said = [repr(loaded)]
    except ConfigError as error:
        said = [error.say(language) for language in Language]
        said.append(repr(error))
        check_names(error)
    finally:
        _FILE.unlink()
    for words in said:
        assert not _CONTROL.search(words)
    if all(line in SECRET_LINES for line in data.splitlines() if SECRET in line):
        for words in said:
            assert SECRET.decode() not in words


def check_names(error: ConfigError) -> None:
    """Check that the user is told where the mistake is."""
    if isinstance(error, ConfigMistakesError):
        assert error.problems
        assert all(problem.key for problem in error.problems)
        return
    for language in Language:
        assert str(_FILE) in error.say(language)
