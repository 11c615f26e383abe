"""Shows notifications through plyer, bounded in time.

plyer reports neither whether anything was shown nor how to replace or close it, and on
Linux puts the text on a command line that every process can read: so it gets the short
body. A process of its own calls it (see `plyer_child`). Its backends are asked for
directly, since its proxy prints a traceback where one cannot be imported.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import watcher
from watcher import child
from watcher.clock import call_in_thread, call_with_timeout
from watcher.errors import NotificationFailed
from watcher.i18n import Text, fit_utf16
from watcher.notify.notification import Channel, Notification
from watcher.notify.plyer_child import backend

TIMEOUT_S = 5.0  # notify-send waits 75 s for a server that hangs
PROBE_TIMEOUT_S = 1.0

FLATPAK = Path("/app")  # its presence means Flatpak to plyer
TITLE_UNITS, BODY_UNITS = 63, 255  # NOTIFYICONDATAW, less the closing NUL

COMMAND = (sys.executable, "-P", "-m", "watcher.notify.plyer_child")
_ENVIRONMENT = frozenset(
    {
        *("PATH", "HOME", "LANG", "TMPDIR", "DISPLAY", "XDG_RUNTIME_DIR"),
        *("SYSTEMROOT", "WINDIR", "TEMP", "TMP", "USERPROFILE", "APPDATA"),
    }
)
"""What Python and a desktop need; the rest could hold a secret."""

_SILENT = Text(
    en="plyer did not come back within {seconds:g} s.",
    ja="plyer が {seconds:g} 秒以内に終わりませんでした。",
)
_FAILED = Text(
    en="plyer could not show it: {reason}", ja="plyer で表示できません: {reason}"
)
UNCONFIRMED = Text(
    en="plyer does not say whether it was shown.",
    ja="表示されたかどうかを plyer は知らせません。",
)
_SPLICES = Text(
    en="Inside Flatpak plyer cannot pass text on safely.",
    ja="Flatpak の中では plyer は文字を安全に渡せません。",
)

_NO_MARKUP = str.maketrans("<>&", "＜＞＆")


class Plyer(Channel):
    """The backend that plyer has for this platform."""

    name = "plyer"

    def __init__(self, *, confirms: bool = True) -> None:
        """Prepare; with `confirms` false it is never believed to have shown a thing."""
        self.confirms = confirms

    def check(self) -> None:
        """Raise `NotificationFailed` where it is not there, or not to be believed."""
        if not self.confirms:
            raise NotificationFailed(UNCONFIRMED)
        try:
            importlib.import_module(backend())
        except Exception as error:  # a backend may raise any
            raise NotificationFailed(_FAILED, reason=error) from error

    def show(self, notification: Notification) -> None:
        """Show the short body, or raise `NotificationFailed` if that fails."""
        title = fit_utf16(notification.title, TITLE_UNITS)
        text = fit_utf16(notification.short_body.translate(_NO_MARKUP), BODY_UNITS)
        is_linux = sys.platform.startswith("linux")
        show(title, text, changes=_find_bus() if is_linux else {})
        if not self.confirms:
            raise NotificationFailed(UNCONFIRMED)


def show(
    title: str,
    text: str,
    command: Sequence[str] = COMMAND,
    changes: Mapping[str, str] | None = None,
) -> None:
    """Let a process of its own show it; raise `NotificationFailed` if it cannot.

    `changes` are added to its environment. It is not waited for once it has answered.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_environment(), **(changes or {})},
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise NotificationFailed(_FAILED, reason=error.strerror) from error
    try:
        answer = call_with_timeout(
            lambda: _ask(process, json.dumps([title, text]).encode() + b"\n"),
            timeout_s=TIMEOUT_S,
        )
        reason = json.loads(answer)
    except TimeoutError as error:
        child.kill_group(process)
        raise NotificationFailed(_SILENT, seconds=TIMEOUT_S) from error
    except (OSError, ValueError) as error:  # it ended without an answer
        raise NotificationFailed(_FAILED, reason=type(error).__name__) from error
    finally:
        call_in_thread(process.wait)
    if reason is not None:
        raise NotificationFailed(_FAILED, reason=reason)


def _ask(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    """Return the answer of the process, which then goes on."""
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    with process.stdin, process.stdout:
        process.stdin.write(request)
        process.stdin.flush()
        return process.stdout.readline()


def _environment() -> dict[str, str]:
    found_at = {"PYTHONPATH": str(Path(watcher.__path__[0]).parent)}
    return child.bare_environment(_ENVIRONMENT) | found_at


def _find_bus() -> dict[str, str]:
    """Return where the bus is on which a server runs.

    plyer drops the exit code of notify-send, which knows fewer places than we do.
    """
    if FLATPAK.is_dir():
        raise NotificationFailed(_SPLICES)
    from watcher.notify.freedesktop import probe  # Linux only

    return {"DBUS_SESSION_BUS_ADDRESS": probe(PROBE_TIMEOUT_S)}
