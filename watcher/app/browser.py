"""Hands an approval link to the user's browser, because the user said so.

The only door by which a link leaves the program, which never visits it itself. No shell
sees the link, no text browser gets it (it would load the page where nobody looks), and
nothing is believed that was not seen: the portal's answer or the launcher's status.
"""

import os
import shlex
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from watcher import child
from watcher.errors import NotHandedOver
from watcher.i18n import Text

LAUNCH_S = 5.0
"""A launcher that still runs after this is the browser itself, in the foreground."""

SYSTEM, PORTAL = "Windows", "XDG Desktop Portal"
"""What opens a link where no program of ours is started for it."""

_GRAPHICAL = (
    *("x-www-browser", "firefox", "firefox-esr", "chromium", "chromium-browser"),
    *("google-chrome", "brave-browser", "microsoft-edge", "epiphany", "konqueror"),
)
_TEXT = frozenset({"www-browser", "w3m", "lynx", "links", "links2", "elinks"})
_CHOOSERS = frozenset({"xdg-open", "sensible-browser"})
"""They look for a browser themselves; where they find none, for one of text."""

_SCREENS = ("WAYLAND_DISPLAY", "DISPLAY")


def open_link(link: str, hidden: Collection[str] = ()) -> None:
    """Open a link in the user's browser, on the desktop where they sit.

    `hidden` names the environment variables that no other program may see. It waits for
    the browser's launcher: up to some seconds, or until the user has chosen a browser.

    Raises:
        NotHandedOver: no way to open it worked.
    """
    if sys.platform == "win32":
        try:
            os.startfile(link)  # noqa: S606 -- Windows opens it as a double click does
        except OSError as error:
            raise NotHandedOver(_FAILED, reason=error.strerror) from error
        return
    if sys.platform != "darwin" and _open_by_portal(link):
        return
    browsers = {"BROWSER": ":".join(_own_browsers() or _GRAPHICAL)}
    for command in _launchers(link):
        try:
            status = child.start(
                command, hidden=hidden, patience_s=LAUNCH_S, changes=browsers
            )
        except OSError:
            continue
        if not status:  # 0, or None: it is the browser, and runs
            return
    raise NotHandedOver(_NO_BROWSER)


def way_to_open() -> str | None:
    """Return what would open a link on this desktop, without opening anything.

    That is the portal, the system itself, or a program's name; None: nothing would.
    """
    if sys.platform == "win32":
        return SYSTEM
    if sys.platform != "darwin" and _has_portal():
        return PORTAL
    programs = (command[0] for command in _launchers(""))
    return next((Path(one).name for one in programs if _is_program(one)), None)


def _is_program(name: str) -> bool:
    from shutil import which  # it brings the compressions along

    return which(name) is not None


def _has_portal() -> bool:
    from watcher.app.portal import is_there  # jeepney exists on some platforms only

    return is_there()


def _open_by_portal(link: str) -> bool:
    from watcher.app.portal import open_uri  # jeepney exists on some platforms only

    return open_uri(link)


def _launchers(link: str) -> Iterator[list[str]]:
    """Yield the commands that open a link on this desktop, the best first."""
    if sys.platform == "darwin":
        yield ["open", link]
        return
    for browser in _own_browsers():
        words = _words(browser)
        has_place = any("%s" in word for word in words)
        yield [word.replace("%s", link) for word in words] + [link] * (not has_place)
    if any(os.environ.get(name) for name in _SCREENS):
        for opener in ("xdg-open", "gio open", *_GRAPHICAL):
            if _is_program(opener.split()[0]):
                yield [*opener.split(), link]


def _own_browsers() -> list[str]:
    """Return the browsers that the user named in BROWSER, without those of text.

    xdg-open reads it, too; where it is empty, xdg-open falls back to text browsers.
    """
    left_out = _TEXT | _CHOOSERS
    named = filter(str.strip, os.environ.get("BROWSER", "").split(":"))
    return [each for each in named if Path(_words(each)[0]).name not in left_out]


def _words(browser: str) -> list[str]:
    try:
        return shlex.split(browser) or [browser]
    except ValueError:  # a quote that is not closed
        return browser.split()


_FAILED = Text(
    en="The browser could not be started ({reason}).",
    ja="ブラウザーを起動できません({reason})。",
)
_NO_BROWSER = Text(en="No browser could be started.", ja="ブラウザーを起動できません。")
