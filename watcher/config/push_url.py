"""Parses the URL of `[push]`: a topic on an ntfy server, or a service of apprise's.

It may be a password, and no message repeats it.
"""

import re
from urllib.parse import urlsplit

from watcher.config.values import Bad, parse_text
from watcher.i18n import Text
from watcher.imap.choices import is_loopback
from watcher.notify.topic import NtfyTopic

_NTFYS = re.compile(r"https?://", re.IGNORECASE)


def parse_push_url(value: object) -> str:
    """Return a URL to push to."""
    url = parse_text(value).strip()
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x1f\x7f]+", url):
        raise Bad(_PUSH_URL)
    if not _NTFYS.match(url):
        return url
    topic = push_topic(url)
    if topic is None:
        raise Bad(_NTFY_URL)
    if not (topic.is_encrypted or is_loopback(topic.host)):
        raise Bad(_PUSH_IN_CLEAR)
    return url


def push_topic(url: str) -> NtfyTopic | None:
    """Return the topic that an ntfy URL names; None if it is another URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    name = re.fullmatch(r"/([-_A-Za-z0-9]{1,64})/?", parts.path)
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    if not (_NTFYS.match(url) and name and is_plain and host):
        return None
    is_encrypted = parts.scheme == "https"
    port = port or (443 if is_encrypted else 80)
    return NtfyTopic(host, port, is_encrypted, name[1])


_PUSH_URL = Text(
    en='it must be the address of an ntfy topic, like "https://ntfy.sh/your-topic", or '
    "an apprise URL",
    ja='ntfy のトピックのアドレス(例: "https://ntfy.sh/your-topic")か、apprise の '
    "URL を書いてください",
)
_NTFY_URL = Text(
    en="an address that begins with https:// must be that of an ntfy topic: a server "
    'and one name of letters, digits, - and _, like "https://ntfy.sh/your-topic". For '
    "another service write its apprise URL; a token goes to token_command",
    ja="https:// で始まるアドレスは、ntfy のサーバーと、英数字と - と _ からなる"
    'トピック名にしてください(例: "https://ntfy.sh/your-topic")。ほかのサービスは '
    "apprise の URL で書きます。トークンは token_command に書きます",
)
_PUSH_IN_CLEAR = Text(
    en="without encryption others could read it on the way: use https:// (http:// is "
    "for servers on this machine only)",
    ja="暗号化なしでは途中で読まれます。https:// にしてください(http:// は"
    "このパソコンの中のサーバーにだけ使えます)",
)
