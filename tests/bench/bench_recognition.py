"""Compares judging a folder of mails with merely parsing them by mail-parser.

    python -m tests.bench.bench_recognition [FOLDER]

Both happen in one run, on the same mails, in turns; what counts is the ratio. Without a
folder, ordinary mails are made. Then every costly mail is judged, the slowest first.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import mailparser

from tests.bench.table import Row
from tests.sample_mails import (
    ANYTHING,
    HOSTILE,
    VERIFY,
    Mail,
    alternatives,
    approval,
    compose,
    html,
    plain,
)
from watcher.recognition.judge import classify

ROUNDS = 5
CANDIDATES = 100
MADE_MAILS = 200
AIM = 0.5
"""Times the cost of parsing alone, on ordinary mail."""
COSTLIEST_AIM_S = 0.5


def ordinary_mails() -> list[bytes]:
    """Return newsletters of 2 to 60 KiB, none of them about an account."""
    paragraph = (
        "<tr><td style='color: #333'><p>本日のおすすめ商品 and more</p></td></tr>\n"
    )
    sizes = islice(cycle((20, 100, 300, 600)), MADE_MAILS)
    return [
        compose(
            Mail(
                sender=f"Shop {number} <news@shop{number}.example>",
                subject=f"今週のおすすめ {number}",
                message_id=f"<{number}@shop.example>",
                extra=(("Received", "from a.example by b.example; 1 Jan 2026"),) * 4,
                body=alternatives(
                    plain("本日のおすすめ\n" * size),
                    html(f"<table>{paragraph * size}</table>"),
                ),
            )
        )
        for number, size in enumerate(sizes)
    ]


def judge(raw: bytes) -> None:
    """Judge one mail as the daemon does."""
    classify(raw, verify=VERIFY, policy=ANYTHING)


def parse(raw: bytes) -> None:
    """Parse one mail with mail-parser, and use nothing of it."""
    mailparser.parse_from_bytes(raw)


def seconds(work: Callable[[bytes], None], mails: Sequence[bytes]) -> float:
    """Return how long the work on all mails takes."""
    start = time.perf_counter()
    for raw in mails:
        work(raw)
    return time.perf_counter() - start


def rows() -> Iterator[Row]:
    """Measure the judging of a mail that is an attempt, whole."""
    raw = approval("https://www.amazon.co.jp/a/c/r/" + 32 * "0")
    times = [seconds(judge, [raw]) for _ in range(CANDIDATES)]
    yield Row("judging one candidate mail, whole", 1000 * statistics.median(times), 3)


def main(folder: str | None) -> int:
    """Print both costs and their ratio; 1 if an aim is missed."""
    paths = sorted(Path(folder).rglob("*.eml")) if folder else []
    mails = [path.read_bytes() for path in paths] or ordinary_mails()
    account_sync = [
        (seconds(judge, mails), seconds(parse, mails)) for _ in range(ROUNDS)
    ]
    judging, parsing = (min(times) for times in zip(*account_sync, strict=True))
    print(f"{len(mails)} mails, {sum(map(len, mails)) // 1024} KiB")
    print(f"judging {judging:.3f} s, parsing {parsing:.3f} s")
    print(f"ratio {judging / parsing:.2f} (aim {AIM})")
    costs = {name: seconds(judge, [raw]) for name, raw in HOSTILE.items()}
    slowest = sorted(costs.items(), key=lambda cost: -cost[1])[:5]
    for name, cost in slowest:
        print(f"{cost:.3f} s {name} (aim {COSTLIEST_AIM_S} s)")
    return int(judging > AIM * parsing or slowest[0][1] > COSTLIEST_AIM_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
