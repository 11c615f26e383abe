"""A launch agent of macOS: started with the desktop, and again after a failure.

launchd.plist(5), launchctl(1). launchd starts it at most once in `ThrottleInterval`,
counted from its last start: one that has run for longer is started again at once.
"""

import os
import plistlib
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from watcher.config.home import home_needed
from watcher.errors import ServiceFailed
from watcher.i18n import Text
from watcher.setup.service.base import START_S, Service, ask, call

LABEL = "amazon-signin-watcher"
THROTTLE_S = 30
"""What ends at its start may log in each time: not soon again."""

BOOTSTRAP_TRIES = 3
BOOTSTRAP_EVERY_S = 1.0
"""`bootout` returns before the agent has gone, and until then no other is taken."""


class LaunchAgent(Service):
    """An agent of the user's desktop session."""

    title = Text(en="launchd agent", ja="launchd のエージェント")
    environment_pattern: ClassVar[re.Pattern[str]] = re.compile(
        r"<key>EnvironmentVariables</key>\s*<dict>.*?</dict>", re.DOTALL
    )

    @property
    def path(self) -> Path:
        """Where a user's own agents lie."""
        with home_needed():
            return Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    def text(self) -> str:
        """Return the property list."""
        agent = {
            "Label": LABEL,
            "ProgramArguments": list(self._command.words),
            "EnvironmentVariables": dict(self._command.environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": THROTTLE_S,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
            "AbandonProcessGroup": True,  # the browser that it opened stays
        }
        return plistlib.dumps(agent, sort_keys=False).decode()

    def _command_in(self, written: str) -> Sequence[str]:
        return [str(word) for word in _agent(written)["ProgramArguments"]]

    def _problem(self) -> ServiceFailed | None:
        listed = ask("launchctl", "print-disabled", _domain()).stdout
        is_off = re.search(rf'"{re.escape(LABEL)}" => (disabled|true)', listed)
        return ServiceFailed(_SWITCHED_OFF) if is_off else None

    def _register(self) -> None:
        call("launchctl", "enable", _target())

    def _unregister(self) -> None:
        ask("launchctl", "bootout", _target())

    def _start(self) -> None:
        bootstrap = ("launchctl", "bootstrap", _domain(), str(self.path))
        self._unregister()  # one that is loaded and does not run would be an error
        for _ in range(BOOTSTRAP_TRIES):
            if not ask(*bootstrap, patience_s=START_S).returncode:
                return
            time.sleep(BOOTSTRAP_EVERY_S)
        call(*bootstrap, patience_s=START_S)

    def _restart(self) -> bool:
        if ask("launchctl", "print", _target()).returncode:
            return False
        self._start()
        return True


def _agent(written: str) -> dict[str, Any]:
    try:
        agent = plistlib.loads(written.encode())
        return {"ProgramArguments": [], **agent}
    except (TypeError, plistlib.InvalidFileException) as error:
        raise ValueError from error


def _domain() -> str:
    """Return the user's desktop session; Windows, which has none, has no number."""
    return f"gui/{getattr(os, 'getuid', int)()}"


def _target() -> str:
    return f"{_domain()}/{LABEL}"


_SWITCHED_OFF = Text(
    en="The agent is there, but it is switched off. Switch it on with: watcher service "
    "install",
    ja="エージェントはありますが、無効になっています。次で有効にできます: "
    "watcher service install",
)
