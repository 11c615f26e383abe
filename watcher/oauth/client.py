"""Gets tokens by msal: by a code that the user enters in a browser, and by renewing.

msal decides when a token is renewed: once it is good for less than 5 minutes.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msal

from watcher.clock import monotonic_s
from watcher.oauth.outcome import Failure, NoToken, Token
from watcher.oauth.provider import SCOPES, authority
from watcher.oauth.store import Store
from watcher.oauth.wire import Wire

logging.getLogger("msal").setLevel(logging.CRITICAL)  # it logs whole answers

LONGEST_CODE_S = 3600
LONGEST_POLL_S = 60
"""What a server may ask for at most; Microsoft says 900 and 5."""

_WORD = re.compile(r"[!-~]+")
_CODE = re.compile(r"[A-Za-z0-9-]{4,32}")
_ADDRESS = "verification_uri"
_PAGE = re.compile(r"https://[!-~]{1,200}")
_NUMBER = re.compile(r"AADSTS[0-9]{3,9}")
"""Microsoft's own number of an error, by which its cause is found."""

_FAILURES = {
    **dict.fromkeys(
        (
            *("invalid_grant", "interaction_required", "login_required"),
            "consent_required",
        ),
        Failure.OVER,
    ),
    **dict.fromkeys(("invalid_client", "unauthorized_client"), Failure.CLIENT),
    **dict.fromkeys(("access_denied", "authorization_declined"), Failure.DECLINED),
    **dict.fromkeys(("expired_token", "bad_verification_code"), Failure.EXPIRED),
}
"""By the error codes of RFC 6749 §5.2, RFC 8628 §3.5 and Microsoft; others may pass."""

_SHOWN = frozenset(
    {
        *_FAILURES,
        *("invalid_request", "invalid_scope", "invalid_resource", "server_error"),
        *("temporarily_unavailable", "unsupported_grant_type"),
    }
)
"""The codes that are told as they are."""

_PENDING = frozenset({"authorization_pending", "slow_down"})


def stored_token(client_id: str, store: Store, *, is_renewed: bool) -> Token:
    """Return the token of the user whose store it is; with `is_renewed`, another one.

    Raises:
        NoToken: there is none, and it tells why.
    """
    with store.locked():
        cache = _cache(store.load())
        app = _application(client_id, cache)
        with _translated():
            accounts = app.get_accounts()
            result = accounts and app.acquire_token_silent_with_error(
                list(SCOPES), accounts[0], force_refresh=is_renewed
            )
        if not result:
            raise NoToken(Failure.NO_LOGIN)
        token = _token(result)
        if cache.has_state_changed:
            with suppress(NoToken):  # the token is good; the next time is another one
                store.save(cache.serialize())
    return token


class DeviceLogin:
    """One login by device code (RFC 8628)."""

    def __init__(self, client_id: str) -> None:
        """Ask for a code; raise `NoToken` if none is given."""
        self._cache = _cache("")
        self._app = _application(client_id, self._cache)
        with _translated():
            flow: dict[str, Any] = self._app.initiate_device_flow(list(SCOPES))
        if "error" in flow:
            failure = _failure(flow)
            # Nothing but the application's id could be wrong.
            is_refused = str(flow["error"]) in {"invalid_request", "invalid_scope"}
            raise NoToken(Failure.CLIENT, failure.why) if is_refused else failure
        self.code, self.page = str(flow.get("user_code")), str(flow.get(_ADDRESS))
        """What the user enters, and where."""
        is_fit = _CODE.fullmatch(self.code) and _PAGE.fullmatch(self.page)
        if not (is_fit and isinstance(flow.get("device_code"), str)):
            raise NoToken(Failure.SERVER, "no user_code")
        with _translated():
            flow["interval"] = min(max(1, int(flow["interval"])), LONGEST_POLL_S)
            left_s = min(int(flow["expires_in"]), LONGEST_CODE_S)
        self._flow = flow
        self._ends_s = monotonic_s() + left_s

    @property
    def interval_s(self) -> int:
        """How long to wait before each poll."""
        return int(self._flow["interval"])

    @property
    def left_s(self) -> float:
        """How long the code is good."""
        return max(0.0, self._ends_s - monotonic_s())

    def poll(self) -> Token | None:
        """Ask once whether the code was entered; None: not yet.

        Raises:
            NoToken: it never will be, or the server cannot be asked.
        """
        if not self.left_s:
            raise NoToken(Failure.EXPIRED)
        with _translated():
            result = self._app.acquire_token_by_device_flow(
                self._flow, exit_condition=lambda _: True
            )
        return None if str(result.get("error")) in _PENDING else _token(result)

    def keep(self, store: Store) -> bool:
        """Keep the tokens of this login alone; return whether they are encrypted."""
        with store.locked():
            return store.save_anew(self._cache.serialize())


def log_in(
    client_id: str,
    store: Store,
    *,
    on_code: Callable[[str, str], None],
    wait: Callable[[float, float], None],
) -> tuple[Token, bool]:
    """Log in; return a token, and whether the store is encrypted.

    Args:
        client_id: the application's.
        store: where the tokens are kept.
        on_code: called with the code, and the address of the page where it is entered.
        wait: called with seconds to wait, and those that the code is still good.

    Raises:
        NoToken: it did not work, and it tells why.
    """
    login = DeviceLogin(client_id)
    on_code(login.code, login.page)
    while True:
        wait(min(login.interval_s, login.left_s), login.left_s)
        try:
            token = login.poll()
        except NoToken as error:
            if not error.is_passing:  # a network that is away for a moment ends nothing
                raise
            token = None
        if token is not None:
            return token, login.keep(store)


def _cache(content: str) -> Any:  # noqa: ANN401 -- msal's
    cache = msal.SerializableTokenCache()
    try:
        cache.deserialize(content)
    except (ValueError, RecursionError):
        raise NoToken(Failure.STORE, "JSON") from None
    return cache


def _application(client_id: str, cache: Any) -> Any:  # noqa: ANN401 -- msal's
    server = authority()
    return msal.PublicClientApplication(
        client_id,
        authority=server,
        instance_discovery=False,
        http_client=Wire(server),
        token_cache=cache,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NoToken:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever msal makes of an odd answer
        # Its text could hold the answer.
        raise NoToken(Failure.SERVER, type(error).__name__) from None


def _token(result: dict[str, Any]) -> Token:
    """Return the token of an answer; raise `NoToken` if there is none that fits."""
    if "error" in result:
        raise _failure(result)
    token, kind = result.get("access_token"), result.get("token_type")
    left = str(result.get("expires_in"))
    if not isinstance(token, str) or not _WORD.fullmatch(token):
        raise NoToken(Failure.SERVER, "no access_token")
    if str(kind).lower() != "bearer":
        raise NoToken(Failure.SERVER, "no bearer token")
    return Token(token, int(left) if re.fullmatch("[0-9]{1,9}", left) else 0)


def _failure(result: dict[str, Any]) -> NoToken:
    """Return what an error of the server means, with its codes and no other text."""
    code = str(result["error"])
    number = _NUMBER.search(str(result.get("error_description")))
    shown = code if code in _SHOWN else "?"  # it may be a secret that is repeated
    why = f"{shown}, {number[0]}" if number else shown
    return NoToken(_FAILURES.get(code, Failure.SERVER), why)
