"""Asks the user, line by line: on a terminal, over ssh, in a pipe, to a screen reader.

Nothing is painted and no cursor is moved. Where no answer can be had, the error names
the option that gives it.
"""

import getpass
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from watcher.config.values import Bad
from watcher.errors import Unanswered, WrongUsage
from watcher.i18n import Language, Sayable, Text, wrap_columns

T = TypeVar("T")
COLUMNS = 80
"""Lines are no wider, even where the terminal is."""

LEAST_COLUMNS = 30

YES = frozenset({"y", "yes", "はい"})
NO = frozenset({"n", "no", "いいえ"})


@dataclass(slots=True)
class Dialog:
    """A conversation in one language."""

    language: Language
    asks: bool = True
    """Whether there is somebody to ask; else every default is taken."""

    def say(self, sentence: Text, /, **data: object) -> None:
        """Print a sentence, broken at the width of the terminal."""
        self._print(sentence.say(self.language, **data))

    def note(self, sentence: Sayable) -> None:
        """Print what belongs to the question before, indented as its other lines."""
        lines = sentence.say(self.language).split("\n")
        self._print("\n".join(f"   {line}" for line in lines))

    def _print(self, said: str) -> None:
        _write(f"{_fitted(said)}\n")

    def ask(
        self,
        question: Text,
        parse: Callable[[str], T],
        *,
        option: str,
        default: str = "",
        **data: object,
    ) -> T:
        """Return the first answer that `parse` takes; an empty one is the default.

        Raises:
            Unanswered: nobody answers any more, or the default is refused unasked.
        """
        prompt = question.say(self.language, **data)
        return self._ask(
            f"{prompt} [{default}]" if default else prompt, parse, option, default
        )

    def confirm(
        self, question: Text, *, option: str, default: bool = True, **data: object
    ) -> bool:
        """Return whether the answer is yes; an empty one is the default."""
        prompt = question.say(self.language, **data)
        letters, taken = ("Y/n", "y") if default else ("y/N", "n")
        return self._ask(f"{prompt} [{letters}]", _yes_or_no, option, taken)

    def _ask(
        self, prompt: str, parse: Callable[[str], T], option: str, default: str
    ) -> T:
        while True:
            written = self._line(prompt, option) if self.asks else ""
            try:
                return parse(written or default)
            except Bad as bad:
                if not self.asks:
                    raise Unanswered(_UNANSWERED, option=option) from bad
                self.say(_AGAIN, why=bad.text.say(self.language, **bad.data))

    def secret(self, question: Text, *, option: str, **data: object) -> str:
        """Return what is typed without being shown; it may be empty."""
        if not self.asks:
            raise Unanswered(_UNANSWERED, option=option)
        prompt = _fitted(question.say(self.language, **data))
        if sys.stdin and sys.stdin.isatty():
            with _answers(option):
                return getpass.getpass(f"{prompt}: ")
        return _read(f"{prompt}:\n", option)

    def _line(self, prompt: str, option: str) -> str:
        written = _read(f"{_fitted(prompt)}: ", option)
        return unicodedata.normalize("NFKC", written).strip()


def _write(text: str) -> None:
    print(text, end="", flush=True)


def _read(prompt: str, option: str) -> str:
    """Return the next line of the answers, without its end.

    Raises:
        Unanswered: there is none.
        WrongUsage: it is no text.
    """
    *above, last = prompt.split("\n")
    _write("".join(f"{line}\n" for line in above))
    with _answers(option):
        if sys.stdin and sys.stdin.isatty() and sys.stdout.isatty():
            return input(last)
        _write(last)
        line = sys.stdin.readline() if sys.stdin else ""
        if not line:
            raise EOFError
        line.encode()  # or it was no text
        return line.rstrip("\r\n")


@contextmanager
def _answers(option: str) -> Iterator[None]:
    """Name the option that gives an answer where none can be had."""
    try:
        yield
    except EOFError as error:
        _write("\n")
        raise Unanswered(_UNANSWERED, option=option) from error
    except UnicodeError:
        # The error's text could hold what was typed.
        raise WrongUsage(_NO_TEXT, option=option) from None


def _yes_or_no(written: str) -> bool:
    answer = written.lower()
    if answer not in YES | NO:
        raise Bad(_YES_OR_NO)
    return answer in YES


def _fitted(said: str) -> str:
    """Break lines at the width of the terminal, with room for a colon behind them.

    They go on below their first word, behind its number where they have one.
    """
    columns = max(LEAST_COLUMNS, min(COLUMNS, shutil.get_terminal_size().columns))
    lines = said.split("\n")
    indents = (len(line) - len(re.sub(_BEFORE, "", line)) for line in lines)
    return "\n".join(
        part
        for line, indent in zip(lines, indents, strict=True)
        for part in wrap_columns(line, columns - 2, indent)
    )


_BEFORE = r"^ *(?:\d\. |- )?"


_AGAIN = Text(
    en="   {why}. Please answer again.", ja="   {why}。もう一度入力してください。"
)
_YES_OR_NO = Text(
    en="Type y for yes or n for no", ja="はいなら y、いいえなら n と入力します"
)
_NO_TEXT = Text(
    en="An answer cannot be read in this terminal's encoding: give it by {option}.",
    ja="答えの文字を、このターミナルの文字コードで読めません。{option} で指定して"
    "ください。",
)
_UNANSWERED = Text(
    en="An answer is missing: give it by {option}, or run `watcher init` where it can "
    "ask you.",
    ja="答えが足りません。{option} で指定するか、質問に答えられるターミナルで "
    "watcher init を実行してください。",
)
