"""Tells whose a file is, and who else can read, change or replace it (POSIX).

Windows keeps that in access control lists, which protect the user's own folders.
"""

import os
import stat
import sys
from pathlib import Path

IS_KNOWN = sys.platform != "win32"

_READABLE = stat.S_IRWXG | stat.S_IRWXO
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def is_visible(path: Path) -> bool:
    """Return whether something lies at a path, in a folder that we may search."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def is_foreign(found: os.stat_result) -> bool:
    """Return whether a file is neither ours nor the system's."""
    if sys.platform == "win32":
        return False
    return found.st_uid not in {0, os.geteuid()}


def is_open(found: os.stat_result) -> bool:
    """Return whether others can read a file, or change it."""
    return IS_KNOWN and bool(found.st_mode & _READABLE)


def is_writable(found: os.stat_result) -> bool:
    """Return whether others can change a file."""
    return IS_KNOWN and bool(found.st_mode & _WRITABLE)


def is_replaceable(folder: os.stat_result) -> bool:
    """Return whether others can put a file of theirs in the place of one of ours.

    Not where the folder is sticky, as that of temporary files is.
    """
    return is_writable(folder) and not folder.st_mode & stat.S_ISVTX


def replaceable_folder(path: Path) -> Path | None:
    """Return the folder in which others can replace the file at a path, or its link.

    Raises:
        OSError: a folder cannot be looked at.
    """
    for folder in dict.fromkeys((path.absolute().parent, path.resolve().parent)):
        if is_replaceable(folder.stat()):
            return folder
    return None
