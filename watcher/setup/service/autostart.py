"""An entry that every desktop of freedesktop.org starts at login.

Nothing starts it again there if it ends. Desktop Entry Specification 1.5, Desktop
Application Autostart Specification 0.5.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import platformdirs

from watcher import child
from watcher.config.home import home_needed
from watcher.errors import ServiceFailed, reason_of
from watcher.i18n import Language, Text
from watcher.setup.service.base import DESCRIPTION, LANGUAGE, Service, words_in

STARTS_WITHIN_S = 3.0
"""One that still runs after so long has read its configuration and watches."""

_ENTRY = """\
[Desktop Entry]
Type=Application
Name=watcher
Comment={en}
Comment[ja]={ja}
Exec={command}
Terminal=false
X-GNOME-Autostart-enabled=true
"""
_EXEC = re.compile(r"^Exec=(.+)$", re.MULTILINE)
_OFF = re.compile(
    r"^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$", re.MULTILINE
)


class Autostart(Service):
    """An entry in the user's autostart folder."""

    title = Text(en="the desktop's autostart", ja="デスクトップの自動起動")
    environment_pattern: ClassVar[re.Pattern[str]] = re.compile(
        r'(?<=^Exec=env )(?:"[A-Z_]+=(?:[^"\\]|\\.)*" )*', re.MULTILINE
    )

    @property
    def path(self) -> Path:
        """Where a user's own entries lie."""
        with home_needed():
            return platformdirs.user_config_path() / "autostart" / "watcher.desktop"

    def text(self) -> str:
        """Return the entry."""
        command = " ".join(("env", *map(_quote, self._words())))
        said = {language.value: DESCRIPTION.say(language) for language in Language}
        return _ENTRY.format(command=command, **said)

    def _words(self) -> list[str]:
        """Return the command and its variables, without the desktop's own language."""
        carried = self._command.environment.items()
        named = [f"{name}={value}" for name, value in carried if name not in LANGUAGE]
        # `env` would take a program whose path holds "=" for another variable.
        shell = _SHELL if "=" in self._command.words[0] else ()
        return [*named, *shell, *self._command.words]

    def _command_in(self, written: str) -> Sequence[str]:
        found = _EXEC.search(written)
        line = found[1].replace("\\\\", "\\") if found else ""
        words = [word.replace("%%", "%") for word in words_in(line)]
        while words and (words[0] == "env" or _ASSIGNMENT.match(words[0])):
            words.pop(0)
        is_by_shell = tuple(words[: len(_SHELL)]) == _SHELL
        return words[len(_SHELL) :] if is_by_shell else words

    def _problem(self) -> ServiceFailed | None:
        is_off = _OFF.search(self._written() or "")
        return ServiceFailed(_SWITCHED_OFF) if is_off else None

    def _register(self) -> None:
        """Do nothing: a desktop reads the folder at each login."""

    def _unregister(self) -> None:
        """Do nothing: the one that runs ends with the session."""

    def _start(self) -> None:
        try:
            status = child.start(
                self._command.words, hidden=(), patience_s=STARTS_WITHIN_S
            )
        except OSError as error:
            raise ServiceFailed(_NOT_STARTED, reason=reason_of(error)) from error
        if status is not None:
            raise ServiceFailed(_NOT_STARTED, reason=f"exit {status}")


_SHELL = ("/bin/sh", "-c", 'exec "$0" "$@"')
_ASSIGNMENT = re.compile(r"[A-Z_]+=")


def _quote(word: str) -> str:
    """Return a word as the Exec key takes it.

    Quoted, `%` doubled; then each backslash once more, as in every string of an entry.
    """
    word = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return f'"{word}"'.replace("\\", "\\\\").replace("\n", "\\n")


_SWITCHED_OFF = Text(
    en="The autostart entry is there, but it is switched off. Switch it on with: "
    "watcher service install",
    ja="自動起動の登録はありますが、無効になっています。次で有効にできます: "
    "watcher service install",
)
_NOT_STARTED = Text(
    en="It is set up for the next login, but did not start now ({reason}). `watcher "
    "run` tells what is wrong.",
    ja="次のログインからは始まりますが、いまは始められませんでした({reason})。"
    "`watcher run` を実行すると、原因が表示されます。",
)
