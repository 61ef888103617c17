"""The inputs: seeded, so every run and every contender sees the same ones. Imports only the standard library.

All points are UTC datetimes on whole minutes, and every datetime is an object of its own, as it is when read from a
database. Where a benchmark takes several samples, they differ, so that no branch predictor learns one of them by heart.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar

__all__ = ["Pair", "Pairs", "day", "disjoint", "hourly", "overlapping", "quarter", "samples", "shuffled"]

Pair: TypeAlias = tuple[datetime, datetime]
Pairs: TypeAlias = list[Pair]
T = TypeVar("T")

_BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
_MINUTE = timedelta(minutes=1)


def samples(n: int) -> int:
    """Return how many different inputs of this size a benchmark takes: about 500 intervals, and at least one input."""
    return max(1, 500 // n)


def disjoint(n: int, seed: int) -> Pairs:
    """Return n intervals in order that do not touch: lengths and gaps are 1 to 60 minutes, uniformly.

    Two such lists of one n begin together, end near each other and interleave all the way: each interval of one meets
    about one of the other, so an operator has to look at every edge.
    """
    random = Random(seed)
    pairs = []
    at = _BEGIN
    for _ in range(n):
        start = at + random.randint(1, 60) * _MINUTE
        at = start + random.randint(1, 60) * _MINUTE
        pairs.append((start, at))
    return pairs


def overlapping(n: int, seed: int) -> Pairs:
    """Return n intervals in random order: starts uniform over n hours, lengths 1 to 60 minutes.

    About 60 % of them remain when those that overlap or touch are merged.
    """
    random = Random(seed)
    pairs = []
    for _ in range(n):
        start = _BEGIN + random.randrange(60 * n) * _MINUTE
        pairs.append((start, start + random.randint(1, 60) * _MINUTE))
    return pairs


def hourly(n: int, seed: int) -> Pairs:
    """Return n slots of one hour in order, with gaps of 15 to 120 minutes in steps of 15: 10⁵ of them take 24 years."""
    random = Random(seed)
    pairs = []
    at = _BEGIN
    for _ in range(n):
        start = at + random.randint(1, 8) * 15 * _MINUTE
        at = start + 60 * _MINUTE
        pairs.append((start, at))
    return pairs


def day(seed: int) -> tuple[Pairs, Pairs]:
    """Return one day: 3 slots (9–12, 13–17 and 18–20 o'clock, in order) and 6 bookings of 15 to 60 minutes.

    The bookings come in random order, begin on a quarter of an hour between 8:30 and 19:45, and may overlap each other
    and reach beyond the slots.
    """
    return _offered(1, ((9, 12), (13, 17), (18, 20)), 6, Random(seed))


def quarter(seed: int) -> tuple[Pairs, Pairs]:
    """Return 90 days: 180 slots (9–12 and 13–17 o'clock) and 300 bookings as in `day`, both in random order."""
    random = Random(seed)
    slots, bookings = _offered(90, ((9, 12), (13, 17)), 300, random)
    return shuffled(slots, random.random()), bookings


def _offered(days: int, hours: tuple[tuple[int, int], ...], booked: int, random: Random) -> tuple[Pairs, Pairs]:
    midnights = [_BEGIN + timedelta(days=i) for i in range(days)]
    slots = [(day + a * 60 * _MINUTE, day + b * 60 * _MINUTE) for day in midnights for a, b in hours]
    bookings = []
    for _ in range(booked):
        start = random.choice(midnights) + random.randint(34, 79) * 15 * _MINUTE
        bookings.append((start, start + random.randint(1, 4) * 15 * _MINUTE))
    return slots, bookings


def shuffled(items: list[T], seed: float) -> list[T]:
    """Return the items in random order."""
    return Random(seed).sample(items, len(items))
