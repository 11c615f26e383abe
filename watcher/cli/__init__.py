"""The command line: the one place where errors become sentences and exit codes.

A command's module is imported once the command is known, so that `--help` is quick.
"""

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType

from watcher.cli import parser
from watcher.cli.parser import Options
from watcher.cli.streams import (
    outlive_readers,
    readable_language,
    set_up_streams,
    write_utf8,
)
from watcher.cli.terminal import tell
from watcher.errors import ExitCode, WatcherError, is_unread
from watcher.i18n import Text, desktop_language

ENDED_BY_THEIR_READER = frozenset({"log", "run", "help"})
"""Commands that end, with 0, when nobody reads on; the others go on to their code."""
INTERRUPTED = 130
"""What shells report of a command that Ctrl-C ended (128 + SIGINT)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    _leave_no_core()
    set_up_streams()
    options = parser.defaults(readable_language(desktop_language()))
    try:
        code = _run(argv, options)
        sys.stdout.flush()  # here, where a closed pipe is no error
        return code
    except WatcherError as error:
        _complain(error.say(options.language))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 -- reported as a bug
        if isinstance(error, OSError) and is_unread(error):
            return ExitCode.OK
        if lack := _lack(error):
            _complain(lack.say(options.language))
            return ExitCode.TEMPORARY
        return _report_bug(error, options)
    finally:
        _drop_unwritten()


def _leave_no_core() -> None:
    """Let a crash write no memory to disk: there are passwords in it.

    That nobody may look into the process is not asked for: the desktop's portal, which
    opens links for us, would refuse a caller that it cannot look at.
    """
    if sys.platform != "win32":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _run(argv: Sequence[str] | None, options: Options) -> int:
    try:
        parser.parse_into(options, argv)
    except SystemExit as ended:  # --help, --version, or wrong usage
        return int(ended.code or ExitCode.OK)
    if options.command not in ENDED_BY_THEIR_READER:
        outlive_readers()
    if getattr(options, "json", False):
        write_utf8()
    if options.verbose:
        from watcher.cli.diagnostics import print_records  # a thread, if need be

        print_records()
    command = _command(options.command)
    if "logging" in sys.modules:  # else nothing here logs
        _set_up_logging()
    code: int = command.run(options)
    return code


def _command(name: str) -> ModuleType:
    """Import a command, and let nobody look for garbage in what is imported.

    All of it lives until the end, which would look through it once more.
    """
    gc.disable()
    try:
        return importlib.import_module(f"watcher.cli.{name}")
    finally:
        gc.freeze()
        gc.enable()


def _set_up_logging() -> None:
    # For developers; what users need to know, every command prints itself.
    import logging

    logging.basicConfig(handlers=[logging.NullHandler()])  # unless it is --verbose
    # At DEBUG they log whole messages, live links among them.
    for library in ("imapclient", "mailparser", "apscheduler", "jeepney", "keyring"):
        logging.getLogger(library).setLevel(logging.ERROR)


def _complain(sentence: str) -> None:
    with suppress(OSError):  # a closed terminal or a full disk changes no exit code
        tell(sentence)


def _lack(error: Exception) -> Text | None:
    """Return what to say of an error that means that the machine lacks something."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return _NO_ROOM
    is_exhausted = (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno in _EXHAUSTED)
        # CPython says no more of a thread that the system refuses
        or (isinstance(error, RuntimeError) and "start new thread" in str(error))
    )
    return _TOO_LITTLE if is_exhausted else None


def _report_bug(error: Exception, options: Options) -> int:
    if options.verbose:
        import logging

        logging.getLogger(__name__).error("traceback", exc_info=error)
    _complain(_BUG.say(options.language, kind=type(error).__name__))
    return ExitCode.BUG


def _drop_unwritten() -> None:
    """Drop output that cannot be written; Python would report it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})

_TOO_LITTLE = Text(
    en="The system gives watcher no more memory, files or threads. Close other "
    "programs, or raise the limit (ulimit -n, -v, -u), and try again.",
    ja="メモリ、ファイル、スレッドのどれかが足りません。ほかのプログラムを終了するか、"
    "上限(ulimit -n, -v, -u)を上げてから、もう一度試してください。",
)
_NO_ROOM = Text(
    en="The output cannot be written: make room on the disk and try again.",
    ja="出力を書きこめません。ディスクを空けてから、もう一度試してください。",
)
_BUG = Text(
    en="An unexpected error ended watcher ({kind}). This is a bug: run the command "
    "again with --verbose and report what it prints.",
    ja="予期しないエラーで終了しました({kind})。これは watcher の不具合です。"
    "--verbose を付けて実行しなおし、表示された内容を報告してください。",
)
