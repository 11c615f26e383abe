"""Lets the Python of Windows read its modules out of one file, under Wine.

There each file that is looked for or opened costs some trips to Wine's server, and a
start of watcher takes a thousand of them. Only from where the code of a module is read
differs: it has its own file, and that file's text.

.ci/windows puts this file beside that Python as `sitecustomize.py`, and runs it once to
gather what is installed: python.exe -m sitecustomize
"""

import marshal
import mmap
import os
import sys
from importlib.machinery import (
    ExtensionFileLoader,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
)
from importlib.util import spec_from_file_location
from types import CodeType

TYPE_CHECKING = False  # `typing` would take longer to load than this file does
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

GATHERED = os.path.join(sys.prefix, "modules.bin")  # noqa: PTH118
"""The length of the index, the index, and the code of all modules."""

LENGTH_BYTES = 8
HEADER_BYTES = 16
"""Of a file of compiled code (PEP 552)."""

Entry = tuple[str, bool, int, int]
"""A module's file, whether that is a package's, and from where to where its code is.

A library has no code.
"""


class Loader(SourceFileLoader):
    """Loads a module as from its own file, but its code from where it was gathered."""

    def __init__(self, name: str, file: str, code: memoryview) -> None:
        super().__init__(name, file)
        self.code = code

    def get_code(self, fullname: str) -> CodeType:
        """Return what was compiled when it was gathered."""
        code: CodeType = marshal.loads(self.code)
        return code


class Finder:
    """Finds what was gathered; for anything else the usual finder is asked.

    Also for all that may lie in a folder which a program has put before the others.
    """

    def __init__(self, gathered: memoryview) -> None:
        start = LENGTH_BYTES + int.from_bytes(gathered[:LENGTH_BYTES], "little")
        self._index: dict[str, Entry] = marshal.loads(gathered[LENGTH_BYTES:start])
        self._code = gathered[start:]
        self._places = [*sys.path]

    def find_spec(
        self, name: str, parent: "Sequence[str] | None" = None, _: object = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded."""
        if name not in self._index:
            return None
        if parent is None and sys.path[: len(self._places)] != self._places:
            return None
        file, is_package, start, end = self._index[name]
        return spec_from_file_location(
            name,
            file,
            loader=Loader(name, file, self._code[start:end])
            if end > start
            else ExtensionFileLoader(name, file),
            submodule_search_locations=[os.path.dirname(file)]  # noqa: PTH120
            if is_package
            else None,
        )


def read_gathered(source: str) -> None:
    """Ask the one file first, once there is one."""
    try:
        # pathlib would take longer to load than this file does.
        with open(source, "rb") as file:  # noqa: PTH123
            gathered = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        return
    usual = sys.meta_path.index(PathFinder)
    sys.meta_path.insert(usual, Finder(memoryview(gathered)))


def gather(library: "Path", folders: "Sequence[Path]", target: "Path") -> None:
    """Gather the standard library and what is installed in the folders."""
    index: dict[str, Entry] = {}
    code = bytearray()
    for path, file, content in (
        *in_library(library),
        *(module for folder in folders for module in in_folder(folder)),
    ):
        *parents, own = path.with_name(path.name.partition(".")[0]).parts
        is_package = own == "__init__"
        name = ".".join(parents if is_package else (*parents, own))
        index[name] = str(file), is_package, len(code), len(code) + len(content)
        code += content
    packed = marshal.dumps(index)
    target.write_bytes(len(packed).to_bytes(LENGTH_BYTES, "little") + packed + code)


def in_library(library: "Path") -> "Iterator[tuple[Path, Path, bytes]]":
    """Return each module's path in the standard library, its file, and its code."""
    from pathlib import Path
    from zipfile import ZipFile

    with ZipFile(library) as packed:
        for path in packed.namelist():
            if path.endswith(".pyc"):
                yield Path(path), library / path, packed.read(path)[HEADER_BYTES:]


def in_folder(folder: "Path") -> "Iterator[tuple[Path, Path, bytes]]":
    """Return each module's path in a folder, its file, and its code."""
    for file in folder.rglob("*.py*"):
        if file.suffix == ".py":
            compiled = compile(file.read_bytes(), file, "exec", dont_inherit=True)
            yield file.relative_to(folder), file, marshal.dumps(compiled)
        elif file.suffix == ".pyd":
            yield file.relative_to(folder), file, b""


def main() -> None:
    """Gather what this Python would look for elsewhere."""
    from pathlib import Path

    library, *folders = map(Path, sys.path[:3])
    gather(library, folders, Path(GATHERED))


if __name__ == "__main__":
    main()
else:
    read_gathered(GATHERED)
