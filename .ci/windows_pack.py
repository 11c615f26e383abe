"""Pack watcher for Windows: the official Python, its packages, and files for people.

python .ci/windows_pack.py DATA_ZIP PACKAGES FILES ZIP

DATA_ZIP holds that Python below cp313/, PACKAGES is a folder of installed packages, and
FILES one of text files in UTF-8. The same input gives the same ZIP. A program that is
not that Python's own is refused: whoever unpacks the ZIP starts what is signed.
"""

import csv
import io
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

PYTHON, PACKAGES = "python", "python/packages"
SEARCHED = ("python313.zip", ".", "packages", "import site")
"""Where that Python looks for modules, by its own folder: it may lie anywhere."""

LEFT_OUT = re.compile(
    r"\.lock$|(bin|scripts|share)/"  # for a shell, and made for the machine that packs
    r"|(.+/)?(tests|__pycache__)/|.+\.pyi$"
    r"|[^/]+\.dist-info/(REQUESTED|direct_url\.json|uv_cache\.json)$"
)
PROGRAM = re.compile(r"\.(exe|com|scr|msi)$", re.IGNORECASE)
LIBRARY = re.compile(r"\.(dll|pyd)$", re.IGNORECASE)
JAPANESE = {"README.ja.txt": "はじめに.txt"}
"""Names that a file has in the ZIP alone: not every tool of ours takes such letters."""

LONGEST = 150
"""Of the 260 characters that a path may have, the user's folder takes the rest."""


def main(data_zip: Path, packages: Path, files: Path, made: Path) -> None:
    """Pack it, check what was packed, and print its size."""
    python = dict(_python(data_zip))
    everything = {
        **python,
        f"{PYTHON}/python313._pth": _lines("\n".join(SEARCHED), "ascii"),
        **dict(_installed(packages)),
        **dict(_for_people(files)),
    }
    _write(made, everything)
    check(made, python)
    size, count = made.stat().st_size, len(everything)
    unpacked = sum(map(len, everything.values()))
    said = f"{size / 1e6:.1f} MB, {count} files, {unpacked / 1e6:.1f} MB unpacked"
    print(said)  # noqa: T201 -- what it was started for


def check(made: Path, python: Mapping[str, bytes]) -> None:
    """End with what is wrong: a foreign program, or a file that nobody can unpack."""
    with zipfile.ZipFile(made) as packed:
        names = packed.namelist()
        wrong = [name for name in names if _is_foreign(name, packed.read(name), python)]
    if wrong:
        sys.exit(f"not the official Python's own programs: {', '.join(wrong)}")
    if too_long := [name for name in names if len(name) > LONGEST]:
        sys.exit(f"longer than Windows takes below a folder: {', '.join(too_long)}")
    if len({name.lower() for name in names}) < len(names):
        sys.exit("two files have one name, by the rules of Windows")


def _is_foreign(name: str, content: bytes, python: Mapping[str, bytes]) -> bool:
    is_program = content[:2] == b"MZ" and not LIBRARY.search(name)
    is_for_linux = content[:4] == b"\x7fELF"
    return (is_program or is_for_linux or bool(PROGRAM.search(name))) and (
        python.get(name) != content
    )


def _python(data_zip: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(data_zip) as packed:
        for name in packed.namelist():
            if name.startswith("cp313/") and not name.endswith("/"):
                yield name.replace("cp313", PYTHON, 1), packed.read(name)


def _installed(packages: Path) -> Iterator[tuple[str, bytes]]:
    found = {
        name: path.read_bytes()
        for path in packages.rglob("*")
        if path.is_file()
        and not LEFT_OUT.match(name := path.relative_to(packages).as_posix())
    }
    for name, content in found.items():
        is_record = name.endswith(".dist-info/RECORD")
        yield f"{PACKAGES}/{name}", _present(content, found) if is_record else content


def _present(record: bytes, found: Mapping[str, bytes]) -> bytes:
    """Return the rows of a RECORD whose files are packed (PEP 376), in their order."""
    rows = csv.reader(io.StringIO(record.decode()))
    kept = io.StringIO()
    csv.writer(kept, lineterminator="\n").writerows(
        sorted(row for row in rows if row and row[0] in found)
    )
    return kept.getvalue().encode()


def _for_people(files: Path) -> Iterator[tuple[str, bytes]]:
    """Return the files that people open, as the Editor of Windows shows them."""
    for path in files.iterdir():
        # cmd.exe would take the mark of UTF-8 for a command.
        encoding = "utf-8-sig" if path.suffix == ".txt" else "utf-8"
        name = JAPANESE.get(path.name, path.name)
        yield name, _lines(path.read_text(encoding="utf-8"), encoding)


def _lines(text: str, encoding: str) -> bytes:
    return "\r\n".join((*text.splitlines(), "")).encode(encoding)


def _write(made: Path, everything: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, content in sorted(everything.items()):
            entry = zipfile.ZipInfo(name)  # of 1980-01-01, the first date that it knows
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0
            packed.writestr(entry, content)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
