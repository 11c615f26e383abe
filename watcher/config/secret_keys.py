"""Keys under which people write a password.

No password stands in the configuration: its keys name where one comes from. Where
somebody writes one all the same, no message repeats it.
"""

import re

from watcher.i18n import Text

SECRET = re.compile(
    r"(?:pass|token|secret|pwd|\bpw\b|パスワード|トークン)[\w-]*", re.IGNORECASE
)
"""What such a key is called; in a line, what follows it may be a password."""

_SOURCE = re.compile(r"file|command|cmd|env", re.IGNORECASE)
_KEY = re.compile(r"\s*[\"']?([^\s=:＝\"']+)")

NO_PASSWORD_HERE = Text(
    en="passwords cannot stand here: use password_file, password_command, password_env "
    "or keyring (`watcher init` sets it up), and remove this line",
    ja="パスワードはここに書けません。password_file, password_command, password_env, "
    "keyring のどれかを使い(`watcher init` で設定できます)、この行は消してください",
)


def is_secret_key(name: str) -> bool:
    """Return whether a key is to hold a password itself, not name where it is."""
    return bool(SECRET.search(name) and not _SOURCE.search(name))


def is_secret_line(line: str) -> bool:
    """Return whether a line begins with such a key, be it TOML or not."""
    key = _KEY.match(line)
    return bool(key and is_secret_key(key[1]))
