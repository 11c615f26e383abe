"""Turns what SQLite and the file system say of the log into a sentence with its remedy.

Our classes differ by what is done about them: busy is waited for, unusable waits for
the user, and a damaged file is of no use any more.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watcher.errors import JournalBusy, JournalDamaged, JournalUnusable, reason_of
from watcher.i18n import Text

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what the file system and SQLite say into what the user can do about it."""
    try:
        yield
    except sqlite3.Error as error:
        # Python's own errors have no code; extended ones hold the primary in a byte.
        code = getattr(error, "sqlite_errorcode", 0)
        kind, text = _KINDS.get(code) or _KINDS.get(code & 0xFF, _UNKNOWN)
        raise kind(text, path=path, reason=error) from error
    except UnicodeDecodeError as error:  # what SQLite says holds a name that is no text
        raise JournalDamaged(DAMAGED, path=path, reason=error.reason) from error
    except (MemoryError, OverflowError) as error:  # a length or number out of reason
        reason = str(error) or type(error).__name__
        raise JournalUnusable(DAMAGED, path=path, reason=reason) from error
    except OSError as error:
        raise JournalUnusable(NO_ACCESS, path=path, reason=reason_of(error)) from error


NEWER = Text(
    en="The event log {path} was written by a newer version of watcher. Update "
    "watcher, or name another file under [log] path.",
    ja="記録ファイル {path} は、より新しい watcher が書いたものです。watcher を更新"
    "するか、[log] path に別のファイルを書いてください。",
)
_LOCKED = Text(
    en="The event log {path} is locked by another program. Try again; if it stays so, "
    "close the program that holds it, or name a file on a local disk under [log] path.",
    ja="記録ファイル {path} はほかのプログラムが使用中です。もう一度試し、"
    "変わらなければそのプログラムを終了するか、[log] path に、このパソコンのディスクに"
    "あるファイルを書いてください。",
)
_FULL = Text(
    en="The event log {path} cannot be written: {reason}. Make room on the disk and "
    "try again; nothing that was logged is lost.",
    ja="記録ファイル {path} に書きこめません: {reason}。ディスクを空けてから、もう一度"
    "試してください。これまでの記録は失われていません。",
)
NO_ACCESS = Text(
    en="The event log {path} cannot be opened for writing ({reason}). Correct its "
    "permissions, or name another file under [log] path.",
    ja="記録ファイル {path} を書きこみ用に開けません({reason})。アクセス権を直すか、"
    "[log] path に別のファイルを書いてください。",
)
DAMAGED = Text(
    en="The event log {path} is no log of watcher, or it is damaged ({reason}). Move "
    "it away; a new one is made.",
    ja="記録ファイル {path} は watcher の記録ではないか、壊れています({reason})。"
    "ほかの場所に移せば、新しく作られます。",
)
_NO_LOCKS = Text(
    en="The file system of the event log {path} cannot lock files ({reason}). Name a "
    "file on a local disk under [log] path.",
    ja="記録ファイル {path} のあるディスクでは、ファイルをロックできません({reason})。"
    "[log] path に、このパソコンのディスクにあるファイルを書いてください。",
)
_Kind = tuple[type[JournalBusy | JournalUnusable], Text]
_UNKNOWN: _Kind = (JournalUnusable, DAMAGED)
_KINDS: dict[int, _Kind] = {
    **dict.fromkeys(BUSY, (JournalBusy, _LOCKED)),
    sqlite3.SQLITE_FULL: (JournalBusy, _FULL),
    sqlite3.SQLITE_IOERR: (JournalBusy, _FULL),
    **dict.fromkeys(
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM),
        (JournalUnusable, NO_ACCESS),
    ),
    **dict.fromkeys(
        (
            sqlite3.SQLITE_IOERR_LOCK,
            sqlite3.SQLITE_IOERR_RDLOCK,
            sqlite3.SQLITE_IOERR_UNLOCK,
            sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
            sqlite3.SQLITE_NOLFS,
        ),
        (JournalUnusable, _NO_LOCKS),
    ),
    # The last four: a table, a column or an index is not what this program made.
    **dict.fromkeys(
        (
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_FORMAT,
            sqlite3.SQLITE_TOOBIG,
            sqlite3.SQLITE_IOERR_SHORT_READ,
            sqlite3.SQLITE_ERROR,
            sqlite3.SQLITE_CONSTRAINT,
            sqlite3.SQLITE_MISMATCH,
            sqlite3.SQLITE_SCHEMA,
        ),
        (JournalDamaged, DAMAGED),
    ),
}


ODD_ROWS = Text(
    en="The event log {path} holds rows that cannot be read ({rows}). Move it away; a "
    "new one is made.",
    ja="記録ファイル {path} に、読めない行があります({rows})。ほかの場所に移せば、"
    "新しく作られます。",
)
