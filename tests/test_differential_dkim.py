"""The proof of a sender beside other verifiers: each difference is known and explained.

OpenDKIM, Mail::DKIM and rspamd judge the same mails with the same keys. Where they
differ from us, a line of the table says why; a line that explains nothing is wrong.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.dkim_cases import Case, cases
from tests.dkim_differences import DIFFERENCES
from tests.fakes import posix_only
from tests.sample_mails import judged
from tests.servers import lookup_at
from tests.verifiers import VERIFIERS, serving_keys
from watcher.dkim import verifier
from watcher.recognition.authres import ProviderResult
from watcher.recognition.message import read_header
from watcher.recognition.sender import Signature, authenticate
from watcher.recognition.verdict import Recognised, Result

pytestmark = [
    posix_only("it runs Debian's verifiers"),
    pytest.mark.xdist_group("verifiers"),
]

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "mails"
SILENT = ProviderResult(Result.NONE, is_proof=False, detail="")


def proved(mails: Mapping[str, Case]) -> frozenset[str]:
    """Return the names of those whose sender is proved, for us."""
    with serving_keys(mails) as server:
        verify = verifier(lookup_at(server, timedelta(seconds=5)))
        return frozenset(
            name
            for name, case in mails.items()
            if _result(verify(read_header(case.raw), case.domain), case) is Result.PASS
        )


def _result(signatures: tuple[Signature, ...], case: Case) -> Result:
    return authenticate(signatures, SILENT, case.domain)[0].result


@pytest.fixture(scope="module")
def mails() -> Mapping[str, Case]:
    return cases()


@pytest.fixture(scope="module")
def ours(mails: Mapping[str, Case]) -> frozenset[str]:
    return proved(mails)


@pytest.mark.parametrize("judge", VERIFIERS)
def test_every_difference_from_another_verifier_is_explained(
    judge: str, mails: Mapping[str, Case], ours: frozenset[str], tmp_path: Path
) -> None:
    theirs = VERIFIERS[judge](mails, tmp_path)
    differing = {name: name in ours for name in ours ^ theirs}
    lines = [
        (each.is_proof, pattern)
        for each in DIFFERENCES
        for pattern in each.patterns(judge)
    ]
    needed = {
        (is_proof, pattern)
        for name, is_proof in differing.items()
        for of_line, pattern in lines
        if of_line is is_proof and fnmatchcase(name, pattern)
    }
    explained = {
        name
        for name, is_proof in differing.items()
        if any(of is is_proof and fnmatchcase(name, pattern) for of, pattern in lines)
    }

    assert theirs
    assert differing.keys() - explained == set()
    assert set(lines) - needed == set()


REFUSED_FOR_THE_HEADER = re.compile(
    r"two (?:From|To|Subject|Message-ID), .*|no From|.* twice, .*|sender: none"
    r"|(?:bare return|zero) in the header|zero at .*"
)


def test_no_mail_with_a_header_of_two_readings_is_recognised(
    mails: Mapping[str, Case],
) -> None:
    """Some refuse it for its signature, and we for its form."""
    found = {name: mails[name] for name in filter(REFUSED_FOR_THE_HEADER.match, mails)}
    with serving_keys(found) as server:
        verify = verifier(lookup_at(server, timedelta(seconds=5)))
        verdicts = {
            name: judged(case.raw, verify=verify) for name, case in found.items()
        }

    assert len(found) > 40
    assert [n for n, one in verdicts.items() if isinstance(one, Recognised)] == []


def real_mails() -> Mapping[str, Case]:
    """Return the real mails that lie beside the project, with the keys of theirs."""
    keys = {
        name: (key.encode(),)
        for name, key in tomllib.loads((REAL / "keys.toml").read_text()).items()
    }
    raws = {path.stem: path.read_bytes() for path in REAL.glob("*/*.eml")}
    return {name: Case(raw, keys, _domain(raw)) for name, raw in raws.items()}


def _domain(raw: bytes) -> str:
    sender = read_header(raw).header.text("from")
    return next(iter(re.findall(r"@([\w.-]+)", sender)), "").lower()


@pytest.mark.parametrize("judge", VERIFIERS)
def test_real_mails_are_proved_as_other_verifiers_say(
    judge: str, tmp_path: Path
) -> None:
    if not REAL.exists():
        pytest.skip(f"no real mails to measure with: {REAL}")
    found = real_mails()
    theirs = VERIFIERS[judge](found, tmp_path)

    assert len(found) > 100
    assert theirs
    assert proved(found) == theirs
