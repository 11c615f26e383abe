"""Checks where access tokens come from: how an account logs in by OAuth2."""

from collections.abc import Callable

from watcher.errors import WatcherError
from watcher.i18n import Text
from watcher.oauth.source import FromTokenStore
from watcher.setup.doctor.report import Finding, failed, passed


def check_tokens(source: Callable[[], str], secret: Finding) -> Finding:
    """Return whether a login gives tokens, once one was asked for.

    Args:
        source: what gives them.
        secret: what became of the token that was asked for before.
    """
    if secret.is_failure:
        return failed(secret.detail, _REMEDY)
    if not isinstance(source, FromTokenStore):
        return passed(_BY_COMMAND)
    try:
        return passed(_STORED, minutes=source.fetch().left_s // 60)
    except WatcherError as error:
        return failed(error, _REMEDY)


NO_OAUTH = Text(
    en="No account logs in by OAuth2.",
    ja="OAuth2 でログインするアカウントはありません。",
)
_BY_COMMAND = Text(
    en="token_command gives a token; the login is that program's own.",
    ja="token_command がトークンを出します。ログインはそのプログラムが受け持ちます。",
)
_STORED = Text(
    en="The login holds: a token came, and is good for {minutes} more minutes.",
    ja="ログインは有効です。受け取ったトークンは、あと {minutes} 分使えます。",
)
_REMEDY = Text(
    en="Do what is said there. For the ways to log in: watcher help oauth2",
    ja="上に書かれたとおりにしてください。ログインの方法: watcher help oauth2",
)
