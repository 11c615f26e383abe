"""Runs the user's command with each event, one after the other, in a thread of its own.

The command is an argv list, never a shell; it gets one line on its standard input, an
environment without passwords, a process group of its own and a bound in time. What
waits for its turn is bounded, too: of a flood the newest are left out. The thread
starts with the first event, and sleeps without a timeout while there is none.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence

from watcher.child import Children, environment
from watcher.clock import monotonic_s
from watcher.errors import NotificationFailed, reason_of
from watcher.i18n import Text

TIMEOUT_S = 10.0
"""A script that talks to a home automation takes a second."""

WAITING = 100
"""Lines that wait; a command that hangs each time takes 17 minutes for them."""

END_WITHIN_S = 0.3
"""What the command gets to hear of the end (of the 2 s that `run` may take for it)."""


class Hook:
    """The user's command."""

    def __init__(
        self,
        command: Sequence[str],
        hidden: Collection[str],
        report: Callable[[NotificationFailed], None],
    ) -> None:
        """Prepare.

        Args:
            command: the program and its arguments.
            hidden: environment variables that hold passwords.
            report: called in the hook's thread with what went wrong, once each time
                that it is something else than before; it must not wait.
        """
        self._command = tuple(command)
        self._hidden = frozenset(hidden)
        self._report = report
        self._children = Children(at_most=1)
        self._changed = threading.Condition()
        self._lines: deque[str] = deque()
        self._is_working = False
        self._is_started = False
        self._is_ended = False
        self._failure: Text | None = None

    def put(self, line: str) -> None:
        """Let the command have a line; return at once."""
        with self._changed:
            if self._is_ended:
                return
            if len(self._lines) >= WAITING:
                self._fail(NotificationFailed(_TOO_MANY))
                return
            self._lines.append(line)
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._run, name="hook", daemon=True).start()
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until the command has had every line; return whether it has."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._is_working or self._lines), seconds
            )

    def end(self, within_s: float = END_WITHIN_S) -> None:
        """Let the command have what is left, for so long, and end it."""
        self.wait(within_s)
        with self._changed:
            self._is_ended = True
            self._lines.clear()
            self._changed.notify_all()
        self._children.end()

    def _run(self) -> None:
        while (line := self._next()) is not None:
            try:
                self._give(line)
            finally:
                with self._changed:
                    self._is_working = False
                    self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._is_ended)
            if self._is_ended:
                return None
            self._is_working = True
            return self._lines.popleft()

    def _give(self, line: str) -> None:
        began_s = monotonic_s()
        try:
            status = self._children.run(
                self._command,
                text=f"{line}\n",
                environment=environment(self._hidden),
                patience_s=TIMEOUT_S,
            )
        except (OSError, ValueError) as error:  # a NUL in it, say
            why = reason_of(error) if isinstance(error, OSError) else ""
            failure = NotificationFailed(_NOT_STARTED, why=why)
        else:
            if status == 0:
                self._failure = None
                return
            is_late = status is None and monotonic_s() - began_s >= TIMEOUT_S
            if status is None and not is_late:
                return  # this program ends
            failure = NotificationFailed(
                _SLOW if is_late else _FAILED, seconds=TIMEOUT_S, status=status
            )
        self._fail(failure)

    def _fail(self, failure: NotificationFailed) -> None:
        """Tell what went wrong, if it is news."""
        if self._failure is not failure.text:
            self._failure = failure.text
            self._report(failure)


_NOT_STARTED = Text(
    en="The command under [hook] cannot be started ({why}): name a program and its "
    "arguments, each in quotes of its own.",
    ja="[hook] の command を起動できません({why})。プログラムの名前と引数を、一つずつ"
    "引用符で囲んで書いてください。",
)
_SLOW = Text(
    en="The command under [hook] did not end within {seconds:g} s and was ended: let "
    "it return sooner.",
    ja="[hook] の command が {seconds:g} 秒以内に終わらなかったので、終了させました。"
    "早く終わるようにしてください。",
)
_FAILED = Text(
    en="The command under [hook] ended with status {status}: try it by hand.",
    ja="[hook] の command が終了コード {status} で失敗しました。自分で実行して"
    "確かめてください。",
)
_TOO_MANY = Text(
    en="The command under [hook] is too slow for all events, and does not get some: "
    "let it return sooner.",
    ja="[hook] の command が遅く、一部の出来事を渡せませんでした。早く終わるように"
    "してください。",
)
