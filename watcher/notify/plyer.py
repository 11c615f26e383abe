"""Shows notifications through plyer, in a thread with a timeout.

plyer reports neither whether anything was shown nor how to replace or close it, and on
Linux puts the text on a command line that every process can read: so it gets the short
body. Its backends are asked for directly, since its proxy prints a traceback where one
cannot be imported.
"""

import importlib
import os
import sys
import warnings
from pathlib import Path

from plyer.utils import platform

from watcher.clock import call_with_timeout
from watcher.errors import NotificationFailed
from watcher.i18n import Text, fit_utf16
from watcher.notify.notification import Channel, Notification

TIMEOUT_S = 5.0  # notify-send waits 75 s for a server that hangs
PROBE_TIMEOUT_S = 1.0
SHOWN_S = 5  # on Windows a one-shot command ends only after this

FLATPAK = Path("/app")  # its presence means Flatpak to plyer
TITLE_UNITS, BODY_UNITS = 63, 255  # NOTIFYICONDATAW, less the closing NUL

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

    def show(self, notification: Notification) -> None:
        """Show the short body, or raise `NotificationFailed` if plyer raises."""
        if sys.platform.startswith("linux"):
            _prepare_linux()
        try:
            call_with_timeout(lambda: _notify(notification), timeout_s=TIMEOUT_S)
        except TimeoutError as error:
            raise NotificationFailed(_SILENT, seconds=TIMEOUT_S) from error
        except Exception as error:  # a backend may raise any
            raise NotificationFailed(_FAILED, reason=error) from error
        if not self.confirms:
            raise NotificationFailed(UNCONFIRMED)


def _prepare_linux() -> None:
    """Check that a server runs, since plyer drops the exit code of notify-send."""
    if FLATPAK.is_dir():
        raise NotificationFailed(_SPLICES)
    from watcher.notify.freedesktop import probe  # Linux only

    address = probe(PROBE_TIMEOUT_S)
    # notify-send looks for the bus itself and knows fewer places than we do.
    os.environ.setdefault("DBUS_SESSION_BUS_ADDRESS", address)
    # It warns that dbus-python is not installed, which has no wheel.
    warnings.filterwarnings("ignore", module=r"plyer\.platforms\.linux\.notification")


def _notify(notification: Notification) -> None:
    backend = importlib.import_module(f"plyer.platforms.{platform}.notification")
    backend.instance().notify(
        title=fit_utf16(notification.title, TITLE_UNITS),
        message=fit_utf16(notification.short_body.translate(_NO_MARKUP), BODY_UNITS),
        app_name="watcher",
        timeout=SHOWN_S,
    )
