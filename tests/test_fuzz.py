"""Every fuzz target holds for its seeds, a few changed ones, and all that was found.

`python -m tests.fuzz NAME --seconds N` goes on from here for any time.
"""

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz import servers
from tests.fuzz.mutations import mutations
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parent.parent
CHANGED = {"message": 40, "proved": 60, "html": 80}
"""How many changed inputs the gate tries: these take milliseconds each."""

OTHERS = 300

FOUND: dict[str, list[bytes]] = {
    "authres": [b"=e._p; dkim=pass"],  # a sign stood for the name of the server
    "imap": [
        b"",  # no UIDVALIDITY
        b"* OK [UIDVALIDITY 7] ok\r\n\0* SEARCH 1\r\n\0\0\0\0\0"
        b'* STATUS "Junk" (2 UIDNEXT)\r\n',  # a number for a name
        b"\0* SEARCH 2\r\n\0* 2 FETCH (UID -2 INTERNALDATE "
        b'"21-Nov-2026 12:00:00 +0000" BODY[HEADER] {2}\r\na:)\r\n',  # no UID
        b"\0* SEARCH 1 9{3}\r\n99999992\r\n",  # a number cut by a literal
    ],
    "rows": [
        b"[\0\x1161.\0c",  # an empty text where the mask of a link stands
        b"3\n\0A\0\0\0x\0x",  # an empty code
    ],
}
"""What fuzzing has found, by target: each broke its rule once."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_breaks_no_rule(name: str) -> None:
    target = TARGETS[name]
    count = len(target.seeds()) + CHANGED.get(name, OTHERS)
    for data in islice(mutations(0, target.seeds(), target.words), count):
        target.check(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [(name, data) for name, found in FOUND.items() for data in found],
)
def test_what_was_found_breaks_no_rule_again(name: str, data: bytes) -> None:
    TARGETS[name].check(data)


def test_one_command_fuzzes_for_any_time() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "charset", "--seconds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert TARGETS["charset"].rule in done.stdout


def test_what_a_server_is_asked_for_goes_through_every_command() -> None:
    """Else most of the target would never be reached."""
    whole = servers.answers()[0]
    alerts: list[str] = []
    servers.talk(whole.split(b"\0"), {*range(2026)}, alerts)

    assert alerts == ["quota"]
