"""Turns `[push]` into a way to the phone."""

from collections.abc import Collection

from watcher.config.credentials import token_from
from watcher.config.push_url import push_topic
from watcher.config.schema import Push
from watcher.notify.push import Pusher


def pusher_of(entry: Push, hidden: Collection[str]) -> Pusher | None:
    """Return where a phone is told; None where the entry names no place.

    `hidden` names the environment variables that hold passwords: the command that
    gives the token does not see them.
    """
    if entry.url is None:
        return None
    if topic := push_topic(entry.url):
        from watcher.notify.ntfy import Ntfy

        command = entry.token_command
        key = "push.token_command"
        get_token = token_from(command, frozenset(hidden), key) if command else None
        return Ntfy(topic, ca_file=entry.ca_file, get_token=get_token)
    from watcher.notify.apprise import Apprise

    return Apprise(entry.url)
