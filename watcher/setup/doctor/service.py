"""Checks whether watcher starts at login."""

from watcher.i18n import Text
from watcher.setup.doctor.report import Finding, failed, passed, warned
from watcher.setup.service.base import ServiceStatus


def check_service(status: ServiceStatus) -> Finding:
    """Return whether watcher starts at login, and runs now."""
    if not status.is_installed:
        return warned(_NOT_INSTALLED, _INSTALL)
    if not status.starts_at_login:
        return failed(status.problem or _NOT_AT_LOGIN, _INSTALL_AGAIN)
    if status.problem is not None:
        return warned(status.problem, _INSTALL_AGAIN)
    if not status.is_running:
        return warned(_NOT_RUNNING, _START)
    return passed(_RUNS)


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
