"""Whole mails: raw forms of our own, and real ones that lie beside the project.

Of the real ones none may be recognised; they are third parties' and not part of this
repository, so the tests say where they are searched for.
"""

import tomllib
from pathlib import Path

import pytest

from tests.fakes import missing
from tests.sample_mails import ANYTHING, judged
from watcher.dkim import verifier
from watcher.recognition.reasons import Reason
from watcher.recognition.verdict import (
    LookAlike,
    NotRelevant,
    Recognised,
    Result,
)

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "mails"


def real(folder: str) -> list[Path]:
    """Return the real mails of a folder; tests without them say what they miss."""
    return sorted((REAL / folder).glob("*.eml")) or [REAL / folder / "none.eml"]


def read(path: Path) -> bytes:
    if not path.exists():
        missing(f"no real mails to measure with: {path.parent}")
    return path.read_bytes()


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", real("ordinary") + real("malformed"), ids=name)
def test_real_mail_of_others_is_not_relevant(path: Path) -> None:
    assert isinstance(judged(read(path)), NotRelevant)


@pytest.mark.parametrize("path", real("genuine"), ids=name)
def test_real_account_mail_of_amazon_is_proved_and_not_relevant(path: Path) -> None:
    raw = read(path)
    keys = tomllib.loads((REAL / "keys.toml").read_text())
    lookup = {name: key.encode() for name, key in keys.items()}.get
    verify = verifier(lookup)

    verdict = judged(raw, policy=ANYTHING, verify=verify)
    changed = judged(raw.replace(b"Thank you!", b"Thank you?"), verify=verify)

    assert isinstance(verdict, NotRelevant)
    assert verdict.authentication.result is Result.PASS
    assert isinstance(changed, LookAlike)
    assert Reason.DKIM_FAIL in changed.reasons
    assert changed.authentication.result is Result.FAIL


FOLDERS = {
    "recognised": Recognised,
    "look_alike": LookAlike,
    "not_relevant": NotRelevant,
}
RAW_FORMS = sorted((ROOT / "tests" / "mails").glob("*/*.eml"))


@pytest.mark.parametrize("path", RAW_FORMS, ids=name)
def test_raw_form_is_judged_as_its_folder_says(path: Path) -> None:
    """Forms that a builder would smooth out; octets and line ends are the point."""
    assert isinstance(judged(path.read_bytes()), FOLDERS[path.parent.name])
