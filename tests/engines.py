"""Fleets as lazy frames of several engines, and what the pure-Python algebra says of them, resource by resource.

One query costs an engine more than a thousand resources do, so what would be a thousand examples elsewhere is a fleet
of a thousand resources here. `QUESTIONS` are put to every engine; `test_frames_lazy` and `test_frames_spark` bring the
engines.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from slotcalc import Booking, Coverage, Interval, IntervalSet, Slot, free
from slotcalc.frames import lazy
from slotcalc.frames.columns import Columns

Engine: TypeAlias = Callable[[Any], Any]
"""What makes a lazy frame of an Arrow table, as narwhals sees it."""

COLUMNS = Columns(("resource",), "start", "end")
HALF_HOUR = timedelta(minutes=30)
EVENING = datetime(2026, 10, 24, 20, tzinfo=UTC)  # in Berlin, the clocks go back in the night after


class Row(NamedTuple):
    """An interval of a resource that counts for so many seats."""

    resource: Any
    start: Any
    end: Any
    seats: int


class Fleet(NamedTuple):
    """The slots and the bookings of many resources."""

    slots: list[Row]
    bookings: list[Row]

    @property
    def resources(self) -> list[Any]:
        """All of them that have a slot or a booking."""
        return sorted({row.resource for row in (*self.slots, *self.bookings)})


def random_fleet(resources: int = 400, seed: int = 6) -> Fleet:
    """Return resources with few cells of half an hour, so that ends touch and coincide; some have only one kind."""
    drawn = random.Random(seed)  # noqa: S311  # the same fleet on every run

    def rows(most: int) -> list[Row]:
        made = []
        for resource in range(resources):
            for _ in range(drawn.choice((0, 1, 2, most))):
                start = EVENING + drawn.randrange(14) * HALF_HOUR
                end = start + drawn.randrange(1, 5) * HALF_HOUR
                made += [Row(f"room {resource}", start, end, drawn.randrange(1, 4))] * drawn.choice((1, 1, 1, 2))
        return drawn.sample(made, len(made))

    return Fleet(rows(5), rows(7))


def tiny_fleet() -> Fleet:
    """Return one resource for each pair of sets of intervals over four points."""
    intervals = list(combinations(range(4), 2))
    sets = [
        [pair for pair, chosen in zip(intervals, bits, strict=True) if chosen] for bits in product((0, 1), repeat=6)
    ]
    fleet = Fleet([], [])
    for number, (slots, bookings) in enumerate(product(sets, repeat=2)):
        fleet.slots.extend(Row(number, *pair, 1) for pair in slots)
        fleet.bookings.extend(Row(number, *pair, 1) for pair in bookings)
    return fleet


def skewed_fleet() -> Fleet:
    """Return a thousand resources of which one has half the rows."""
    slots = [Row("busy" if i % 2 else f"room {i % 999}", 10 * i, 10 * i + 8, 1) for i in range(20_000)]
    bookings = [Row("busy" if i % 2 else f"room {i % 999}", 10 * i + i % 7, 10 * i + 9, 1) for i in range(20_000)]
    return Fleet(slots, bookings)


def table(rows: Sequence[Row], kind: Any = None) -> Any:
    """Return an Arrow table of the rows; the kind is that of the starts and ends, if Arrow cannot guess it."""
    kind = kind or (pa.timestamp("us", "UTC") if not rows or isinstance(rows[0].start, datetime) else pa.int64())
    columns = [[row[i] for row in rows] for i in range(4)]
    kinds = [None if rows else pa.string(), kind, kind, pa.int64()]
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(arrays, names=Row._fields)


def answered(frame: Any) -> list[tuple[Any, ...]]:
    """Return the rows of an answer in order of key and time, instants in UTC."""
    rows = frame.collect("pyarrow").rows()
    return sorted(tuple(v.astimezone(UTC) if isinstance(v, datetime) and v.tzinfo else v for v in row) for row in rows)


def by_resource(rows: Sequence[Row]) -> dict[Any, list[Row]]:
    """Return the rows of each resource."""
    found = defaultdict(list)
    for row in rows:
        found[row.resource].append(row)
    return found


def each(rows: Sequence[Row], question: Callable[[list[tuple[Any, Any]]], Any]) -> list[tuple[Any, ...]]:
    """Return what the pure algebra answers about the intervals of each resource, in order of resource and time."""
    return [
        (resource, piece.start, piece.end)
        for resource, own in sorted(by_resource(rows).items())
        for piece in question([(row.start, row.end) for row in own])
    ]


def free_by_algebra(fleet: Fleet, *, capacity: bool, **options: Any) -> list[tuple[Any, ...]]:
    """Return the free time of each resource in order of resource and time."""
    slots, bookings = by_resource(fleet.slots), by_resource(fleet.bookings)
    return [
        (resource, piece.start, piece.end)
        for resource in sorted(slots)
        for piece in free(
            [Slot("", row[1:3], capacity=row.seats if capacity else 1) for row in slots[resource]],
            [Booking("", row[1:3], seats=row.seats if capacity else 1) for row in bookings[resource]],
            **options,
        )
    ]


Question: TypeAlias = Callable[[Engine], tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]
"""Returns what an engine answers and what the pure algebra does."""


def _free(capacity: bool = False, **options: Any) -> Question:
    def question(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        fleet = random_fleet()
        names: dict[str, Any] = {"capacity": "seats", "taken": "seats"} if capacity else {}
        plan = lazy.free(engine(table(fleet.slots)), engine(table(fleet.bookings)), COLUMNS, **names, **options)
        return answered(plan), free_by_algebra(fleet, capacity=capacity, **options)

    return question


def _tiny(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    fleet = tiny_fleet()
    plan = lazy.free(engine(table(fleet.slots)), engine(table(fleet.bookings)), COLUMNS, check=False)
    return answered(plan), free_by_algebra(fleet, capacity=False)


def _intersect(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    fleet = random_fleet()
    plan = lazy.intersect(engine(table(fleet.slots)), engine(table(fleet.bookings)), COLUMNS)
    slots, bookings = by_resource(fleet.slots), by_resource(fleet.bookings)
    return answered(plan), [
        (resource, piece.start, piece.end)
        for resource in fleet.resources
        for piece in IntervalSet([row[1:3] for row in slots[resource]])
        & IntervalSet([row[1:3] for row in bookings[resource]])
    ]


def _coverage(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    rows = random_fleet().bookings
    return answered(lazy.coverage(engine(table(rows)), COLUMNS)), [
        (resource, piece.start, piece.end, depth)
        for resource, own in sorted(by_resource(rows).items())
        for piece, depth in Coverage([row[1:3] for row in own]).segments()
    ]


def _of_one(
    ask: Callable[[Any], Any], question: Callable[[list[tuple[Any, Any]]], IntervalSet[Any] | list[Interval[Any]]]
) -> Question:
    def answers(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        rows = random_fleet().bookings
        return answered(ask(engine(table(rows)))), each(rows, question)

    return answers


def _without_keys(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    fleet = random_fleet(8)
    fleet = Fleet(*[[row._replace(resource="") for row in rows] for rows in fleet])
    plan = lazy.free(
        engine(table(fleet.slots)),
        engine(table(fleet.bookings)),
        Columns((), "start", "end"),
        capacity="seats",
        taken="seats",
    )
    return answered(plan), [row[1:] for row in free_by_algebra(fleet, capacity=True)]


def _skewed(engine: Engine) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    fleet = skewed_fleet()
    plan = lazy.free(engine(table(fleet.slots)), engine(table(fleet.bookings)), COLUMNS, check=False)
    return answered(plan), free_by_algebra(fleet, capacity=False)


LONG = timedelta(hours=25)  # longer than a day, of which the wall clock has one of 25 hours here

QUESTIONS: dict[str, Question] = {
    "free": _free(),
    "free with buffers": _free(before=timedelta(microseconds=1), after=LONG),
    "free with capacity": _free(capacity=True, after=timedelta(minutes=45)),
    "free with two seats left": _free(capacity=True, seats=2),
    "free where more is asked than any slot has": _free(seats=2),
    "free in each tiny world": _tiny,
    "free without keys": _without_keys,
    "free with half the rows on one resource": _skewed,
    "intersect": _intersect,
    "coverage": _coverage,
    "merge": _of_one(lambda frame: lazy.merge(frame, COLUMNS), IntervalSet),
    "at least two": _of_one(lambda frame: lazy.at_least(frame, COLUMNS, 2), lambda own: Coverage(own).at_least(2)),
    "gaps": _of_one(lambda frame: lazy.gaps(frame, COLUMNS), lambda own: IntervalSet(own).gaps()),
}


EXAMPLE = Path(__file__).parents[1] / "examples" / "fleet_parquet.py"


def from_parquet_to_parquet(task: str, fleet: Path) -> tuple[str, list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Run the example on a small sample; return what it printed, what it wrote, and what the pure algebra says."""
    printed = ""
    for arguments in (["sample", str(fleet), "2000"], [task, str(fleet)]):
        command = [sys.executable, str(EXAMPLE), *arguments]
        printed += subprocess.run(command, check=True, capture_output=True, text=True).stdout
    slots, bookings = [
        [Row(resource, start, end, 1) for resource, start, end in _rows(pq.read_table(fleet / f"{name}.parquet"))]
        for name in ("slots", "bookings")
    ]
    written = sorted(_rows(pq.read_table(fleet / "free")))
    return printed, written, free_by_algebra(Fleet(slots, bookings), capacity=False)


def _rows(read: Any) -> list[tuple[Any, ...]]:
    """Return the rows of an Arrow table, instants in UTC."""
    utc = [column.cast(pa.timestamp("us", "UTC")).to_pylist() for column in (read["start"], read["end"])]
    return list(zip(read["resource"].to_pylist(), *utc, strict=True))
