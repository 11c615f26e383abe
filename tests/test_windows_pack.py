"""The zip for Windows: no program but the official Python's, and files for people."""

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.program_text import sentences
from watcher.cli import parser
from watcher.i18n import Language

CI = Path(__file__).parent.parent / ".ci"
FOR_PEOPLE = CI / "zip"
GUIDES = {Language.EN: "README.txt", Language.JA: "はじめに.txt"}
SOURCES = {Language.EN: "README.txt", Language.JA: "README.ja.txt"}
PROGRAM = b"MZ of the Python Software Foundation"
INSTALLED = {
    "watcher/__init__.py": b"",
    "watcher/cli/__init__.py": b"",
    "watcher-1.dist-info/RECORD": b"watcher/__init__.py,,\n../../bin/watcher,,\n"
    b"bin/watcher,,\nwatcher-1.dist-info/RECORD,,\n",
    "watcher-1.dist-info/licenses/LICENSE": b"MIT",
    "winrt/runtime.dll": b"MZ",
    "winrt/_winrt.pyd": b"MZ",
}

in_each_language = pytest.mark.parametrize("language", Language)


def pack(
    folder: Path, installed: dict[str, bytes]
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Pack a small Python and these packages; return how that ended, and the zip."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "data.zip", "w") as data:
        for name in ("python.exe", "pythonw.exe", "python313._pth"):
            data.writestr(f"cp313/{name}", PROGRAM)
    for name, content in installed.items():
        path = folder / "packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    made = folder / "made.zip"
    paths = (folder / "data.zip", folder / "packages", FOR_PEOPLE, made)
    done = subprocess.run(
        [sys.executable, CI / "windows_pack.py", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    return done, made


@pytest.fixture
def packed(tmp_path: Path) -> zipfile.ZipFile:
    done, made = pack(tmp_path, INSTALLED)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(made)


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    _, one = pack(tmp_path / "one", INSTALLED)
    _, other = pack(tmp_path / "other", dict(reversed(INSTALLED.items())))

    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("watcher.exe", b"#!"),
        ("tool/HELPER.EXE", PROGRAM),
        ("tool/helper", b"MZ"),
        ("tool/setup.com", b""),
        ("tool/setup.msi", b""),
        ("tool/setup.scr", b""),
        ("nacl/_sodium.so", b"\x7fELF"),
    ],
)
def test_a_program_that_is_not_pythons_own_is_refused(
    name: str, content: bytes, tmp_path: Path
) -> None:
    done, _ = pack(tmp_path, {name: content})

    assert done.returncode
    assert f"python/packages/{name}" in done.stderr


def test_a_name_too_long_for_windows_is_refused(tmp_path: Path) -> None:
    done, _ = pack(tmp_path, {f"{'a' * 140}.py": b""})

    assert done.returncode
    assert "longer than Windows takes" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such two names")
def test_two_names_that_are_one_for_windows_are_refused(tmp_path: Path) -> None:
    done, _ = pack(tmp_path, {"dkim/a.py": b"", "dkim/A.py": b""})

    assert done.returncode
    assert "two files have one name" in done.stderr


def test_what_the_packing_machine_alone_needs_is_left_out(tmp_path: Path) -> None:
    left_out = {
        "bin/watcher": b"#!/usr/bin/python",
        "share/man/man1/dkim.1": b"",
        "scripts/__init__.py": b"",
        ".lock": b"",
        "watcher-1.dist-info/direct_url.json": b"file:///home/",
        "watcher-1.dist-info/uv_cache.json": b"{}",
        "watcher-1.dist-info/REQUESTED": b"",
        "watcher/__pycache__/cli.pyc": b"",
        "win32ctypes/tests/__init__.py": b"",
        "winrt/_winrt.pyi": b"",
    }
    _, made = pack(tmp_path, INSTALLED | left_out)

    names = zipfile.ZipFile(made).namelist()
    packages = {name for name in names if name.startswith("python/packages/")}
    assert packages == {f"python/packages/{name}" for name in INSTALLED}


def test_a_record_names_what_is_there(packed: zipfile.ZipFile) -> None:
    record = packed.read("python/packages/watcher-1.dist-info/RECORD").decode()

    assert record == "watcher-1.dist-info/RECORD,,\nwatcher/__init__.py,,\n"


def test_that_python_looks_for_modules_in_its_own_folder_alone(
    packed: zipfile.ZipFile,
) -> None:
    searched = packed.read("python/python313._pth")

    assert searched == b"python313.zip\r\n.\r\npackages\r\nimport site\r\n"


def test_people_see_a_file_to_start_and_two_to_read(packed: zipfile.ZipFile) -> None:
    names = {name for name in packed.namelist() if "/" not in name}

    assert names == {"watcher.cmd", *GUIDES.values()}
    for name in names:
        lines = packed.read(name).split(b"\r\n")
        assert not any(b"\n" in line for line in lines)
        assert lines[0].startswith(b"\xef\xbb\xbf") == name.endswith(".txt")


def test_no_command_stands_where_the_lines_are_read_in_another_code_page() -> None:
    """cmd.exe finds a label by its bytes, and reads on in the code page of then."""
    source = (FOR_PEOPLE / "watcher.cmd").read_text(encoding="utf-8")

    before, after = source.split("chcp 65001")
    assert before.isascii()
    assert not re.search(r"^:|goto|%", after, re.MULTILINE)


def guide(language: Language) -> str:
    """Return what people read, with its lines joined where the prose goes on."""
    text = (FOR_PEOPLE / SOURCES[language]).read_text(encoding="utf-8")
    blank = " " if language is Language.EN else ""
    return re.sub(r"(?<=\S)\n\s*(?=\S)", blank, text)


@in_each_language
def test_every_message_that_the_guide_quotes_is_one_of_the_program(
    language: Language,
) -> None:
    english, japanese = r'(?:says|or) "([^"]+)"', "「([^」]{9,})」(?:と|または)"
    mark = english if language is Language.EN else japanese
    quoted = re.findall(mark, guide(language))
    quoted = [one for one in quoted if not one.startswith("watcher service")]

    assert len(quoted) >= 4
    for message in quoted:
        assert any(message in one for one in sentences(language)), message


@in_each_language
def test_every_command_of_the_guide_is_understood(language: Language) -> None:
    text = (FOR_PEOPLE / SOURCES[language]).read_text(encoding="utf-8")
    shown = re.findall(r"^  watcher ([\w -]+?)(?:  |$)", text, re.MULTILINE)
    typed = re.findall(r'["「]watcher (service \w+)["」]', text)

    assert len(shown) == 6
    assert {*typed} == {"service install", "service uninstall"}
    for line in (*shown, *typed):
        assert parser.parse(shlex.split(line), language).command == line.split()[0]
