"""Keys under which people write a password.

No password stands in the configuration: its keys name where one comes from. Where
somebody writes one all the same, no message repeats it.
"""

import difflib
import re

from watcher.config.signs import meant
from watcher.i18n import Text

WORDS = (
    *("password", "passwd", "pass", "passphrase", "token", "secret", "credential"),
    *("pwd", "psw", "パスワード", "トークン", "暗証番号", "合言葉", "合い言葉"),
)
"""What such a key is called, or is nearly called."""

SECRET = re.compile(
    r"(?:^|[^a-z])pw(?:[^a-z]|$)|(?:^|[_.-])(?:api|app|auth)?key$|" + "|".join(WORDS),
    re.IGNORECASE,
)
"""What such a key has in it; in a line, what follows it may be a password."""

_SOURCE = re.compile(r"file|command|cmd|env", re.IGNORECASE)
_SOURCES = ("file", "command")
_KEY = re.compile(r"\s*[\"']?([^\s=:\"']+)")

NO_PASSWORD_HERE = Text(
    en="passwords cannot stand here: use password_file, password_command, password_env "
    "or keyring (`watcher init` sets it up), and remove this line",
    ja="パスワードはここに書けません。password_file, password_command, password_env, "
    "keyring のどれかを使い(`watcher init` で設定できます)、この行は消してください",
)


def is_secret_key(name: str) -> bool:
    """Return whether a key is to hold a password itself, not name where it is."""
    name = meant(name).lower()
    if _SOURCE.search(name) or _ends_in_a_source(name):
        return False
    is_near = difflib.get_close_matches(name, WORDS, 1, cutoff=0.8)
    return bool(is_near or SECRET.search(name))


def _ends_in_a_source(name: str) -> bool:
    """Return whether a name ends in what is nearly a word for where it comes from."""
    _, _, last = name.rpartition("_")
    return bool(difflib.get_close_matches(last, _SOURCES, 1, cutoff=0.75))


def is_secret_line(line: str) -> bool:
    """Return whether a line begins with such a key, be it TOML or not."""
    key = _KEY.match(meant(line))
    return bool(key and is_secret_key(key[1]))
