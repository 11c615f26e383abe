"""Runs a call that may hang, and waits for it no longer than it may take."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def bounded(call: Callable[[], None], *, timeout_s: float) -> None:
    """Run `call` in a thread of its own; raise what it raises, or TimeoutError.

    A call that hangs is left behind in a daemon thread, which holds up no exit.
    """
    outcome: Future[None] = Future()

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 -- handed on to the caller whole
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    Thread(target=run, daemon=True).start()
    outcome.result(timeout_s)
