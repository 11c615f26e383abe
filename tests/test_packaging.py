"""The package is named, built and tested as its metadata says."""

import ast
import re
import runpy
import sys
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize("minor", range(4, 11))
def test_the_start_parses_under_every_older_python(minor: int) -> None:
    source = (ROOT / "watcher" / "__main__.py").read_text("utf-8")

    ast.parse(source, feature_version=(3, minor))


def test_an_older_python_is_told_in_both_languages_which_one_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("watcher", run_name="__main__")

    english, japanese = str(ended.value.code).splitlines()
    assert english.startswith("watcher needs Python 3.11 or newer")
    assert "Python 3.11 以上が必要です(これは Python 3.9 です)" in japanese


def test_everything_that_is_required_has_a_pinned_version() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text("utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    required = chain(
        PROJECT["build-system"]["requires"],
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    )

    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pinned)
    assert {_name(one) for one in required} <= {_name(line) for line in pinned}
