"""Puts a code on the user's clipboard, because the user said so."""

import os
import sys
from collections.abc import Collection, Iterator

from watcher import child
from watcher.errors import NotHandedOver
from watcher.i18n import Text

COPY_S = 3.0


def copy_text(text: str, hidden: Collection[str] = ()) -> None:
    """Put a text on the clipboard.

    `hidden` names the environment variables that no other program may see.

    Raises:
        NotHandedOver: no program for the clipboard works here.
    """
    for command in _commands():
        try:
            status = child.start(command, text=text, hidden=hidden, patience_s=COPY_S)
        except OSError:
            continue
        if status == 0:
            return
    raise NotHandedOver(_NO_CLIPBOARD)


def _commands() -> Iterator[list[str]]:
    """Yield the commands that take the clipboard's text from standard input."""
    if sys.platform == "win32":
        yield ["clip"]
    elif sys.platform == "darwin":
        yield ["pbcopy"]
    else:
        from shutil import which  # it brings the compressions along

        of_screens = {
            "WAYLAND_DISPLAY": [["wl-copy"]],
            "DISPLAY": [
                ["xclip", "-selection", "clipboard", "-in"],
                ["xsel", "--clipboard", "--input"],
            ],
        }
        for screen, commands in of_screens.items():
            if os.environ.get(screen):
                yield from (each for each in commands if which(each[0]))


_NO_CLIPBOARD = Text(
    en="The clipboard cannot be used from here. `watcher check` shows the code. On "
    "Linux this needs a desktop, and wl-clipboard (Wayland) or xclip (X11).",
    ja="ここからはクリップボードを使えません。コードは `watcher check` で見られます。"
    "Linux ではデスクトップと、wl-clipboard(Wayland)か xclip(X11)が要ります。",
)
