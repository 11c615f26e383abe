"""A user unit of systemd: started with the desktop, and again whenever it ends.

It belongs to graphical-session.target: a unit of default.target starts before the
desktop has imported DISPLAY, and buttons that start a browser would do nothing.

What watcher starts inherits what the unit forbids: the browser, where no portal opens
it; the programs that give passwords; the hook. So nothing is forbidden that these need:
no write to the home (gpg locks its keys, a token program writes its token back), no
memory both writable and executable (JavaScript), no namespaces (sandboxes). And the end
of the unit ends watcher alone, not the browser with its tabs (`KillMode=process`).

Nor can a user's manager forbid much else (tried with systemd 252). With what takes
rights away from root (CapabilityBoundingSet=, ProtectClock=, ProtectKernelLogs=,
ProtectKernelModules=, PrivateDevices=) the unit does not start; ProtectHome= and
PrivateTmp= change nothing, or with PrivateUsers= do not start either.
`systemd-analyze security` counts them all, and says 7.7.

The rest keeps whoever has taken watcher over from the less tried parts of the kernel,
not from the user's files: on the session bus the manager starts any program for them.
So `run` takes no more from itself either. Landlock and seccomp hold for children too;
of threads, which share one memory, none can be shut in alone; and of the Landlock
libraries for Python none was both small and past its beta (2026-11).
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import platformdirs

from watcher.config.home import home_needed
from watcher.errors import ServiceFailed
from watcher.i18n import Text
from watcher.setup.service.base import (
    DESCRIPTION,
    START_S,
    Service,
    ask,
    call,
    words_in,
)

NAME = "watcher.service"
TARGET = "graphical-session.target"
_SYSTEMCTL = ("systemctl", "--user")

_UNIT = """\
# Written by `watcher service install`, which writes it anew.
# Your own settings: systemctl --user edit watcher
[Unit]
Description={description}
PartOf=graphical-session.target
After=graphical-session.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
{environment}
# A mistake in the configuration or the log (78), or another watcher that runs (75), may
# be over at the next try, and what ends it at the start may log in each time: not soon.
Restart=always
RestartSec=30
WatchdogSec=60
TimeoutStartSec=90
TimeoutStopSec=10
KillMode=process
LimitCORE=0
# With these no program that watcher starts gains rights: no sudo, nothing of a snap. If
# a password comes from such a one, undo each in your own settings: `no` for `yes`, and
# nothing after the other `=`.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallFilter=~bpf io_uring_setup perf_event_open userfaultfd
SystemCallErrorNumber=EPERM

[Install]
WantedBy=graphical-session.target
"""


class UserUnit(Service):
    """A user unit, enabled for the graphical session."""

    title = Text(
        en="systemd user unit watcher.service",
        ja="systemd のユーザーユニット watcher.service",
    )
    environment_pattern: ClassVar[re.Pattern[str]] = re.compile(
        r"^Environment=.*\n", re.MULTILINE
    )

    @property
    def path(self) -> Path:
        """Return where a user's own units lie (systemd.unit(5))."""
        with home_needed():
            return platformdirs.user_config_path() / "systemd" / "user" / NAME

    def text(self) -> str:
        """Return the unit."""
        words = self._command.words
        is_odd = bool(_UNFIT.search(words[0]))
        program, *arguments = map(_quote, (_ENV, *words) if is_odd else words)
        # `$` begins a variable in arguments alone (systemd.service(5)).
        command = " ".join((program, *(one.replace("$", "$$") for one in arguments)))
        environment = "\n".join(
            f"Environment={_quote(f'{name}={value}')}"
            for name, value in self._command.environment.items()
        )
        return _UNIT.format(
            description=DESCRIPTION.en, command=command, environment=environment
        )

    def _command_in(self, written: str) -> Sequence[str]:
        found = re.search(r"^ExecStart=(.+)$", written, re.MULTILINE)
        words = words_in(found[1]) if found else []
        words = [_SPECIFIER.sub(_meaning, word) for word in words]
        return words[1:] if words[:1] == [_ENV] else words

    def _problem(self) -> ServiceFailed | None:
        if not os.path.lexists(self._link):
            return ServiceFailed(_DISABLED)
        screens = ("WAYLAND_DISPLAY", "DISPLAY")
        is_at_desktop = any(os.environ.get(name) for name in screens)
        if is_at_desktop and not reaches_graphical_session():
            return ServiceFailed(_NO_TARGET)
        return None

    @property
    def _link(self) -> Path:
        """What `systemctl reenable` makes."""
        return self.path.with_name(f"{TARGET}.wants") / NAME

    def _register(self) -> None:
        call(*_SYSTEMCTL, "daemon-reload")
        # Not `enable`: one set up by hand may belong to default.target still.
        call(*_SYSTEMCTL, "reenable", NAME)

    def _unregister(self) -> None:
        ask(*_SYSTEMCTL, "disable", "--now", NAME)
        self._link.unlink(missing_ok=True)  # where no manager could be reached

    def _start(self) -> None:
        call(*_SYSTEMCTL, "start", NAME, patience_s=START_S)

    def _restart(self) -> bool:
        if ask(*_SYSTEMCTL, "is-active", NAME).returncode:
            return False
        call(*_SYSTEMCTL, "restart", NAME, patience_s=START_S)
        return True


def reaches_graphical_session() -> bool:
    """Return whether a user manager runs here that has started the desktop's target."""
    return ask(*_SYSTEMCTL, "is-active", TARGET).returncode == 0


_ENV = "/usr/bin/env"
_UNFIT = re.compile(r"""["'\\$]""")
"""What no path of a program may hold (systemd 252), or would not mean itself."""
_SPECIFIER = re.compile(r"%[%h]|\$\$")


def _meaning(found: re.Match[str]) -> str:
    with home_needed():
        return str(Path.home()) if found[0] == "%h" else found[0][0]


def _quote(word: str) -> str:
    """Return a word as systemd reads it, quoted (systemd.unit(5)).

    `%` begins a specifier everywhere.
    """
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{word}"'


_DISABLED = Text(
    en="The unit is there, but it is switched off. Switch it on with: watcher service "
    "install",
    ja="ユニットはありますが、無効になっています。次で有効にできます: "
    "watcher service install",
)
_NO_TARGET = Text(
    en="This desktop does not start systemd's graphical-session.target, so the unit is "
    "not started. Use the desktop's own autostart instead: watcher service uninstall, "
    "then watcher service install",
    ja="このデスクトップは systemd の graphical-session.target を開始しないため、"
    "ユニットも始まりません。デスクトップの自動起動に切りかえてください: "
    "watcher service uninstall のあとで watcher service install",
)
