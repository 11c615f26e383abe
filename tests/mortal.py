"""A daemon that is killed and started again and again, at random moments.

    python -m tests.mortal ROUNDS SEED

Each life is a fork of this process, which has imported everything already: so hundreds
of them take seconds.
"""

import os
import random
import signal
import sys
import time

import watcher.cli.run as _imported_before_the_forks  # noqa: F401
from watcher.cli import main as run_command

LONGEST_LIFE_S = 0.12


def main(rounds: int, seed: int) -> None:
    """Live and die so many times."""
    chance = random.Random(seed)
    for life in range(rounds):
        print(f"life {life}.", flush=True)
        child = os.fork()
        if not child:
            os._exit(run_command(["-q", "run"]))
        time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print("no more lives", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
