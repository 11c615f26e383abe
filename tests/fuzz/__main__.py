"""Fuzzes one kind of input: `python -m tests.fuzz NAME --seconds N`.

By atheris where it is installed, which finds new ways through the code; else by changes
at random. An input that breaks a rule is printed, and kept in the folder that is named.
"""

import argparse
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:
    atheris = None

OWN = ["watcher", "imapclient"]
"""Packages in which new ways are looked for."""

TIMEOUT_S = 10
"""An input may take no longer."""


def instrumented() -> AbstractContextManager[Any]:
    """Let atheris see into what is imported inside."""
    if atheris is None:
        return nullcontext()
    seen: AbstractContextManager[Any] = atheris.instrument_imports(include=OWN)
    return seen


with instrumented():
    from tests.fuzz.mutations import mutations
    from tests.fuzz.targets import TARGETS, Target


def main() -> None:
    """Fuzz until the time is over, or something is found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("name", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()))
    options = parser.parse_args()
    target = TARGETS[options.name]
    print(f"{options.name}: {target.rule}", flush=True)
    if atheris is None:
        change_at_random(target, options)
    else:
        follow_coverage(target, options)


def change_at_random(target: Target, options: argparse.Namespace) -> None:
    """Try changed seeds, one after the other."""
    end_s, count = time.monotonic() + options.seconds, 0
    for data in mutations(options.seed, target.seeds(), target.words):
        try:
            target.check(data)
        except BaseException:
            kept = options.found / f"fuzz-{options.name}-{options.seed}"
            kept.write_bytes(data)
            print(f"found: {kept}", file=sys.stderr)
            raise
        count += 1
        if time.monotonic() >= end_s:
            break
    print(f"{count} inputs, seed {options.seed}: nothing found")


def follow_coverage(target: Target, options: argparse.Namespace) -> None:
    """Let libFuzzer choose the inputs; it ends the process."""
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        words = Path(folder).with_suffix(".dict")
        words.write_text(
            "".join(
                '"{}"\n'.format("".join(f"\\x{octet:02x}" for octet in word))
                for word in target.words
            )
        )
        arguments = [
            *(sys.argv[0], folder, f"-dict={words}", f"-seed={options.seed}"),
            *(f"-max_total_time={options.seconds}", f"-timeout={TIMEOUT_S}"),
            *("-max_len=40000", f"-artifact_prefix={options.found}/fuzz-"),
            "-print_final_stats=1",
        ]
        atheris.Setup(arguments, target.check)
        atheris.Fuzz()


main()
