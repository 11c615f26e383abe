"""Changes inputs at random, and the same way for the same seed."""

import random
from collections.abc import Callable, Iterator, Sequence

Mutation = Callable[[random.Random, bytes], bytes]
LONGEST = 200_000
"""Bytes; longer inputs are cut."""


def _flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes((chance.randrange(256),)) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[min(end, start + chance.randrange(1, 64)) :]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.randrange(1, 200)]
    return data[:start] + piece * chance.randrange(2, 5) + data[start:]


def _move(chance: random.Random, data: bytes) -> bytes:
    start, to = chance.randrange(len(data)), chance.randrange(len(data))
    piece = data[start : start + chance.randrange(1, 100)]
    return data[:to] + piece + data[to:]


_MUTATIONS: tuple[Mutation, ...] = (_flip, _flip, _cut, _repeat, _move)


def mutated(
    chance: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    """Return a seed after some changes; `words` are the grammar's own."""

    def splice(_: random.Random, data: bytes) -> bytes:
        other = chance.choice(seeds)
        at, start = chance.randrange(len(data)), chance.randrange(len(other) + 1)
        return data[:at] + other[start:]

    def put(_: random.Random, data: bytes) -> bytes:
        at = chance.randrange(len(data))
        return data[:at] + chance.choice(words) + data[at:]

    data = chance.choice(seeds)
    for _ in range(chance.randrange(1, 8)):
        mutation = chance.choice((*_MUTATIONS, splice, put, put))
        data = mutation(chance, data or b"\0")[:LONGEST]
    return data


def mutations(
    seed: int, seeds: Sequence[bytes], words: Sequence[bytes]
) -> Iterator[bytes]:
    """Yield the seeds, then changed ones without end."""
    yield from seeds
    chance = random.Random(seed)
    while True:
        yield mutated(chance, seeds, words)
