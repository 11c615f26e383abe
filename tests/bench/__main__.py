"""All figures of speed and size as one table: `python -m tests.bench [PART…]`.

The parts are `push`, `junk`, `faults`, `look`, `road`, `start`, `log`, `judging`,
`burst` and `idle`; without any, all are measured, which takes some 25 minutes, ten of
them `faults`, whose longest outage lasts so long. What is said to be over the bare
client is measured beside it in the same run. Times are medians of ten or more, or the
worst of as many; what is a number, a size, or a sum over a burst or a minute at rest is
measured once. Each bench has more to say when it is called alone.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping

from tests.bench import (
    bench_accounts,
    bench_faults,
    bench_idle,
    bench_imap,
    bench_log,
    bench_recognition,
    bench_road,
    bench_start,
)
from tests.bench.table import HEAD, Row, print_rows

PARTS: Mapping[str, Callable[[], Iterator[Row]]] = {
    "push": bench_imap.push_rows,
    "junk": bench_imap.junk_rows,
    "faults": bench_faults.rows,
    "look": bench_imap.look_rows,
    "road": bench_road.rows,
    "start": bench_start.rows,
    "log": bench_log.rows,
    "judging": bench_recognition.rows,
    "burst": bench_accounts.rows,
    "idle": bench_idle.rows,
}


def main() -> None:
    """Print the table, or parts of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], default=[])
    chosen = parser.parse_args().part or PARTS
    print(HEAD)
    for part in chosen:
        print_rows(PARTS[part]())


if __name__ == "__main__":
    main()
