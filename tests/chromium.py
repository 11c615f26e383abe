"""A headless Chromium that shows pages from memory, without network and scripts.

It is spoken to by the DevTools protocol, through a pipe: no port is opened.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, BufferedWriter
from itertools import count
from pathlib import Path
from typing import Any

from tests.fakes import PATIENCE_S, needs_posix, required_program

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-extensions", "--disable-default-apps"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"),
)
_WIDTH, _HEIGHT = 900, 20_000
"""Pixels of the window: no page of the tests needs to be scrolled."""

_READER, _WRITER = 3, 4
"""Where Chromium looks for its pipes."""


class Chromium:
    """A running browser with one page."""

    def __init__(self, into: BufferedWriter, out_of: BufferedReader) -> None:
        self._into, self._out_of = into, out_of
        self._rest = b""
        self._numbers = count(1)
        self._session: dict[str, str] = {}
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        session = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": session["sessionId"]}
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=_WIDTH,
            height=_HEIGHT,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._call("Emulation.setScriptExecutionDisabled", value=True)
        self._frame = self._call("Page.getFrameTree")["frameTree"]["frame"]["id"]

    def show(self, html: str) -> None:
        """Show a page, of which nothing is left in the next one."""
        self._call("Page.navigate", url="about:blank")
        self._call("Page.setDocumentContent", frameId=self._frame, html=html)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 -- what JSON can hold
        """Return the value of an expression in the page."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def close(self) -> None:
        """Let it end."""
        self._session = {}
        self._call("Browser.close")

    def _call(self, method: str, **params: object) -> Mapping[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        self._into.write(json.dumps(message).encode() + b"\0")
        self._into.flush()
        while True:
            answer = json.loads(self._read())
            if answer.get("id") == number:
                assert "result" in answer, answer
                result: Mapping[str, Any] = answer["result"]
                return result

    def _read(self) -> bytes:
        """Return the next message, up to its zero."""
        while b"\0" not in self._rest:
            piece = self._out_of.read1()
            assert piece, "Chromium has ended"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return message


@contextmanager
def browsing(folder: Path) -> Iterator[Chromium]:
    """Run a browser; all it writes lies in a folder."""
    needs_posix("pipes")
    import fcntl

    program = shutil.which("google-chrome") or required_program(
        "chromium", package="chromium"
    )
    into, out_of = os.pipe(), os.pipe()
    # What is duplicated must not lie where it goes to.
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (into[0], out_of[1])]

    def connect() -> None:
        os.dup2(theirs[0], _READER)
        os.dup2(theirs[1], _WRITER)

    process = subprocess.Popen(
        [program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(_READER, _WRITER),
        preexec_fn=connect,
    )
    for fd in (into[0], out_of[1], *theirs):
        os.close(fd)
    try:
        with os.fdopen(into[1], "wb") as writer, os.fdopen(out_of[0], "rb") as reader:
            browser = Chromium(writer, reader)
            yield browser
            browser.close()
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
