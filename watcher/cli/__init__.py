"""The command line: the one place where errors become sentences and exit codes.

A command's module is imported once the command is known, so that `--help` is quick.
"""

import errno
import importlib
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from watcher.cli import parser
from watcher.cli.parser import Options
from watcher.cli.terminal import readable_language, set_up_streams, write_utf8
from watcher.errors import ExitCode, WatcherError
from watcher.i18n import Text, desktop_language

INTERRUPTED = 130
"""What shells report of a command that Ctrl-C ended (128 + SIGINT)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
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
    except BrokenPipeError:
        return ExitCode.OK  # the reader of our output closed the pipe
    except Exception as error:  # noqa: BLE001 -- reported as a bug
        return _report_bug(error, options)
    finally:
        _drop_unwritten()


def _run(argv: Sequence[str] | None, options: Options) -> int:
    try:
        parser.parse_into(options, argv)
    except SystemExit as ended:  # --help, --version, or wrong usage
        return int(ended.code or ExitCode.OK)
    if getattr(options, "json", False):
        write_utf8()
    _set_up_diagnostics(options)
    command = importlib.import_module(f"watcher.cli.{options.command}")
    code: int = command.run(options)
    return code


def _set_up_diagnostics(options: Options) -> None:
    # For developers; what users need to know, every command prints itself.
    if options.verbose:
        from watcher.cli.diagnostics import print_records  # a thread, if need be

        print_records()
    else:
        logging.basicConfig(handlers=[logging.NullHandler()])
    # At DEBUG they log whole messages, live links among them.
    for library in ("imapclient", "mailparser", "apscheduler", "jeepney", "keyring"):
        logging.getLogger(library).setLevel(logging.ERROR)


def _complain(sentence: str) -> None:
    with suppress(OSError):  # a closed terminal or a full disk changes no exit code
        print(sentence, file=sys.stderr)


def _report_bug(error: Exception, options: Options) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _complain(_NO_ROOM.say(options.language))
        return ExitCode.TEMPORARY
    if options.verbose:
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
