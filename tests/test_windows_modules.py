"""What the Python of Windows reads out of one file under Wine, it reads as before."""

import marshal
import sys
import zipfile
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pytest

from tests.windows_modules import HEADER_BYTES, Finder, gather, read_gathered

FILES = {
    "gathered/__init__.py": "from gathered.inner import NAME",
    "gathered/inner.py": "NAME = __name__",
    "gathered/fast.cp313-win_amd64.pyd": "",
    "gathered/read.me": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder in which a package is installed."""
    folder = tmp_path / "packages"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def gathered(tmp_path: Path, folder: Path) -> Path:
    """Give the one file, of a library with one module and that folder."""
    library = tmp_path / "library.zip"
    code = marshal.dumps(compile("WHERE = 'library'", "where.py", "exec"))
    with zipfile.ZipFile(library, "w") as packed:
        packed.writestr("parts/where.pyc", bytes(HEADER_BYTES) + code)
    target = tmp_path / "modules.bin"
    gather(library, [folder], target)
    return target


def found(gathered: Path, name: str) -> ModuleSpec:
    spec = Finder(memoryview(gathered.read_bytes())).find_spec(name)
    assert spec is not None
    return spec


def loaded(spec: ModuleSpec) -> ModuleType:
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_module_needs_its_file_no_more_and_names_it(
    gathered: Path, folder: Path
) -> None:
    file = folder / "gathered" / "inner.py"
    file.unlink()

    module = loaded(found(gathered, "gathered.inner"))

    assert vars(module)["NAME"] == "gathered.inner"
    assert module.__file__ == str(file)


def test_a_package_has_its_folder(gathered: Path, folder: Path) -> None:
    spec = found(gathered, "gathered")

    assert spec.submodule_search_locations == [str(folder / "gathered")]
    assert spec.parent == "gathered"


def test_the_library_is_gathered_from_its_archive(gathered: Path) -> None:
    assert vars(loaded(found(gathered, "parts.where")))["WHERE"] == "library"


def test_a_compiled_library_is_loaded_from_its_file(
    gathered: Path, folder: Path
) -> None:
    spec = found(gathered, "gathered.fast")

    assert isinstance(spec.loader, ExtensionFileLoader)
    assert spec.origin == str(folder / "gathered" / "fast.cp313-win_amd64.pyd")


def test_what_was_not_gathered_is_looked_for_as_usual(gathered: Path) -> None:
    finder = Finder(memoryview(gathered.read_bytes()))

    assert finder.find_spec("gathered.read") is None
    assert finder.find_spec("tests") is None


def test_a_folder_that_was_put_before_the_others_comes_first(
    gathered: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Finder(memoryview(gathered.read_bytes()))
    assert finder.find_spec("gathered") is not None

    monkeypatch.syspath_prepend(str(tmp_path))

    assert finder.find_spec("gathered") is None
    assert finder.find_spec("gathered.inner", [str(folder / "gathered")]) is not None


def test_without_the_one_file_nothing_changes(
    tmp_path: Path, gathered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [*sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", [*before])

    read_gathered(str(tmp_path / "none.bin"))
    assert sys.meta_path == before

    read_gathered(str(gathered))
    finders = [one for one in sys.meta_path if one not in before]
    assert [type(one) for one in finders] == [Finder]
    at = sys.meta_path.index(PathFinder)
    assert sys.meta_path[at - 1] is finders[0]
