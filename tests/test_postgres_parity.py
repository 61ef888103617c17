"""PostgreSQL multiranges as a second implementation: 20,000 random pairs of sets through every operator they share."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from slotcalc import IntervalSet

PAIRS = 20_000
BATCH = 2_000
ORIGIN = datetime(2026, 3, 29, tzinfo=UTC)
QUERY = """
    SELECT (a + b)::text, (a * b)::text, (a - b)::text, a && b, a @> b, a <@ b, a = b, a -|- b
    FROM (SELECT unnest(%s::text[])::tstzmultirange AS a, unnest(%s::text[])::tstzmultirange AS b) AS pairs
"""


def random_set(rng: random.Random) -> IntervalSet[datetime]:
    """Return a set of up to seven intervals on a grid of twenty half hours; many are unbounded at one end or both."""
    edges = sorted(rng.sample(range(20), rng.randrange(0, 13)))
    made: IntervalSet[datetime] = IntervalSet.everything() if rng.random() < 0.25 else IntervalSet()
    for edge in edges:
        made ^= IntervalSet.since(ORIGIN + timedelta(minutes=30 * edge))
    return made


def as_multirange(intervals: IntervalSet[datetime]) -> str:
    """Write a set as PostgreSQL does."""
    parts = []
    for start, end in intervals._pieces():
        low = "(" if start is None else f'["{start:%Y-%m-%d %H:%M:%S}+00"'
        high = ")" if end is None else f'"{end:%Y-%m-%d %H:%M:%S}+00")'
        parts.append(f"{low},{high}")
    return "{" + ",".join(parts) + "}"


def test_every_shared_operator_agrees_on_twenty_thousand_random_pairs(postgres_url: str) -> None:
    import psycopg  # noqa: PLC0415  # optional; the fixture has looked for it

    rng = random.Random(20260329)  # noqa: S311  # the same pairs on every run
    met = {"overlapping": 0, "unbounded": 0, "covering": 0, "touching": 0}
    with psycopg.connect(postgres_url) as connection:
        for _ in range(PAIRS // BATCH):
            pairs = [(random_set(rng), random_set(rng)) for _ in range(BATCH)]
            texts = [[as_multirange(one) for one in side] for side in zip(*pairs, strict=True)]
            answers = connection.execute(QUERY, texts).fetchall()
            assert len(answers) == BATCH
            for (a, b), (union, both, difference, overlap, covers, within, equal, adjacent) in zip(
                pairs, answers, strict=True
            ):
                assert as_multirange(a | b) == union
                assert as_multirange(a & b) == both
                assert as_multirange(a - b) == difference
                assert a.overlaps(b) is overlap
                assert a.covers(b) is covers is (a >= b)
                assert (a <= b) is within
                assert (a == b) is equal
                met["overlapping"] += overlap
                met["covering"] += covers
                met["touching"] += adjacent
                met["unbounded"] += a.reaches_start or b.reaches_end
    assert all(count > 100 for count in met.values()), met
