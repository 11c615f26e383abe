"""Checks whether watcher starts at login."""

from collections.abc import Callable
from typing import Protocol

from watcher.i18n import Text
from watcher.setup.doctor.report import (
    Finding,
    Sayable,
    failed,
    passed,
    skipped,
    warned,
)


class Status(Protocol):
    """What is known of the service on this platform."""

    @property
    def is_installed(self) -> bool:
        """Whether watcher was made a service."""

    @property
    def starts_at_login(self) -> bool:
        """Whether the platform starts it by itself."""

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""

    @property
    def problem(self) -> Sayable | None:
        """What is wrong with it, None if nothing is."""


def check_service(look: Callable[[], Status] | None) -> Finding:
    """Return whether watcher starts at login; `look` asks the platform."""
    if look is None:
        return skipped(_NO_SERVICES)
    status = look()
    if status.problem is not None:
        return failed(status.problem, _INSTALL_AGAIN)
    if not status.is_installed:
        return warned(_NOT_INSTALLED, _INSTALL)
    if not status.starts_at_login:
        return warned(_NOT_AT_LOGIN, _INSTALL_AGAIN)
    if not status.is_running:
        return warned(_NOT_RUNNING, _START)
    return passed(_RUNS)


_NO_SERVICES = Text(
    en="This version cannot start by itself: run `watcher run`.",
    ja="この版は自動では始まりません。`watcher run` を実行してください。",
)
_NOT_INSTALLED = Text(
    en="watcher does not start at login.",
    ja="ログインしても watcher は始まりません。",
)
_NOT_AT_LOGIN = Text(
    en="The service is there, but does not start at login.",
    ja="サービスはありますが、ログインしても始まりません。",
)
_NOT_RUNNING = Text(
    en="The service starts at login, but does not run now.",
    ja="サービスはログインで始まりますが、今は動いていません。",
)
_RUNS = Text(
    en="watcher runs, and starts at login.",
    ja="watcher は動いていて、ログインすると自動で始まります。",
)
_INSTALL = Text(
    en="Run: watcher service install",
    ja="次を実行してください: watcher service install",
)
_INSTALL_AGAIN = Text(
    en="Run again: watcher service install",
    ja="もう一度実行してください: watcher service install",
)
_START = Text(
    en="Log in again, or run: watcher service install",
    ja="ログインしなおすか、次を実行してください: watcher service install",
)
