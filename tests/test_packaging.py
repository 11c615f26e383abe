"""The package is named, built and tested as its metadata says."""

import ast
import re
import runpy
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import watcher

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _name(requirement: str) -> str:
    """Return the name of a requirement in its normal form (PEP 503)."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_the_installed_version_is_found_under_the_name_of_the_distribution() -> None:
    assert version(PROJECT["project"]["name"]) == PROJECT["project"]["version"]


def test_the_wheel_holds_the_package_alone() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]

    assert wheel == {"packages": ["watcher"]}


START = Path(watcher.__file__).with_name("__main__.py")
STARTS = (START, ROOT / ".ci" / "backend.py")
"""What an older Python runs first: the program, and its installer."""


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
@pytest.mark.parametrize("minor", range(4, 11))
def test_the_start_parses_under_every_older_python(start: Path, minor: int) -> None:
    ast.parse(start.read_text("utf-8"), feature_version=(3, minor))


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_an_older_python_is_told_in_both_languages_which_one_it_takes(
    start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))
    monkeypatch.chdir(START.parents[1])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(start), run_name="__main__")

    english, japanese = str(ended.value.code).splitlines()
    assert english.startswith("watcher needs Python 3.11 or newer")
    assert "Python 3.11 以上が必要です(これは Python 3.9 です)" in japanese


LOCK, OLDEST = ROOT / ".ci" / "constraints.txt", ROOT / ".ci" / "oldest.txt"
_LOCKED = re.compile(
    r"^([a-z\d-]+)==([\w.]+)(?: ; [^\\\n]+)?(?: \\\n    --hash=sha256:[\da-f]{64})+\n",
    re.MULTILINE,
)
"""A package, its version and the digests of its files, as pip and uv read them."""


def _locked(lock: Path) -> dict[str, str]:
    return dict(_LOCKED.findall(lock.read_text("utf-8")))


@pytest.mark.parametrize("lock", [LOCK, OLDEST], ids=lambda lock: lock.name)
def test_a_lock_holds_nothing_but_versions_with_their_digests(lock: Path) -> None:
    rest = _LOCKED.sub("", lock.read_text("utf-8")).splitlines()

    assert rest
    assert [line for line in rest if not line.startswith("#")] == []


def test_whatever_is_required_here_is_locked() -> None:
    project = PROJECT["project"]
    required = chain(
        PROJECT["build-system"]["requires"],
        project["dependencies"],
        *project["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    )
    names = set[str]().union(*map(_brought, required))

    assert names <= {*_locked(LOCK), *_locked(OLDEST)}


def test_the_oldest_versions_are_those_that_are_allowed() -> None:
    project, locked = PROJECT["project"], _locked(OLDEST)
    direct = (*project["dependencies"], *project["optional-dependencies"]["test"])
    needed = map(Requirement, direct)
    lowest = {
        _name(one.name): Version(bound.version)
        for one in needed
        for bound in one.specifier
        if bound.operator == ">="
    }

    assert {name: Version(locked[name]) for name in lowest} == lowest
    assert len(lowest) == len({_name(one) for one in direct})


def test_every_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = text.partition("\ndependencies = [\n")[2].partition("\n]\n")[0]

    assert all(re.search(r'",? +# \S', line) for line in needed.splitlines())


LICENCES = {
    "Apache": (
        *("cryptography", "importlib-metadata", "lazy-importer", "mail-parser"),
        *("pynacl", "requests", "tzdata", "windows-toasts"),
    ),
    "BSD": (
        *("apprise", "click", "colorama", "dkimpy", "idna", "imapclient", "markdown"),
        *("oauthlib", "pycparser", "pywin32-ctypes", "secretstorage", "segno"),
    ),
    "ISC": ("dnspython", "requests-oauthlib"),
    "MIT": (
        *("apscheduler", "backports-tarfile", "cffi", "charset-normalizer"),
        *("jaraco-classes", "jaraco-context", "jaraco-functools", "jeepney"),
        *("keyring", "more-itertools", "msal", "msal-extensions", "platformdirs"),
        *("plyer", "pyjwt", "pyyaml", "tzlocal", "urllib3", "zipp"),
    ),
    "MPL": ("certifi",),  # its files stay under it, and bind nothing else
    "PSF": ("typing-extensions",),
}
"""Under what the program's dependencies, and theirs, may be passed on."""

SAYS_NOTHING = {"imapclient", "windows-toasts"}
"""Their licence stands in a file of its own, not in their metadata."""


def _needed(requirement: str, extras: tuple[str, ...] = ("",)) -> set[str]:
    """Return what installing a requirement brings here, by name."""
    found, brought = Requirement(requirement), set[str]()
    marker = found.marker
    if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
        return brought
    brought.add(_name(found.name))
    for inner in distribution(found.name).requires or ():
        brought |= _needed(inner, tuple(found.extras) or ("",))
    return brought


def _brought(requirement: str) -> set[str]:
    """Return the same of one that this environment may lack, and then its name."""
    try:
        return _needed(requirement) | {_name(requirement)}
    except PackageNotFoundError:
        return {_name(requirement)}


def test_the_licence_of_everything_that_comes_along_is_known() -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    direct = chain(project["dependencies"], extras["push"], extras["oauth"])
    needed = set[str]().union(*map(_needed, direct))
    unknown = needed - set(chain(*LICENCES.values()))

    assert all(name.startswith("winrt-") for name in unknown), unknown  # MIT, each


@pytest.mark.parametrize("licence", LICENCES)
def test_a_licence_is_what_its_packages_say(licence: str) -> None:
    for name in set(LICENCES[licence]) - SAYS_NOTHING:
        try:
            said = distribution(name).metadata
        except PackageNotFoundError:  # of another system or Python
            continue
        fields = ("License-Expression", "License", "Classifier")
        told = chain(*(said.get_all(field) or () for field in fields))
        assert any(licence in one for one in told), name
