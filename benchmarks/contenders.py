"""How each contender answers, written the way its own documentation does it. Imports `data`.

All take the same pairs of datetimes and must give the same pairs back. Turning an answer into pairs is not timed,
except in `free`, where lists of pairs are the question and the answer.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from typing import Any

import slotcalc
from benchmarks.data import Pair, Pairs
from slotcalc import Interval, IntervalSet, free

__all__ = ["Contender", "installed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A library, as the functions that the benchmarks call."""

    name: str
    version: str
    module: str
    build: Callable[[Pairs], Any]
    """From pairs in any order to a set."""
    difference: Callable[[Any, Any], Any]
    union: Callable[[Any, Any], Any]
    intersection: Callable[[Any, Any], Any]
    contains: Callable[[Any, Any], bool]
    pairs: Callable[[Any], Pairs]
    """From a set, or what an operator returned, to disjoint pairs in order."""
    free: Callable[[Pairs, Pairs], Pairs]
    """From slots and bookings to free pairs."""
    interval: Callable[[Pair], Any]
    """The right side of an operator that is one interval."""
    clip: Callable[[Any, Pair], Any]
    """What lies in a window."""
    merge: Callable[[Pairs], Any]
    """`build`, where that merges; else what does."""
    point: Callable[[datetime], Any] = lambda point: point
    largest: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """For some benchmarks the largest size that is run, and why no larger one is."""

    def why_not(self, benchmark: str, size: int) -> str:
        """Return why a benchmark is not run at this size; empty if it is."""
        largest, reason = self.largest.get(benchmark, (size, ""))
        return reason if size > largest else ""


def installed() -> tuple[list[Contender], list[str]]:
    """Return the contenders at hand, slotcalc first, and a line in words for each that is missing."""
    made, missing = [], []
    for make in (_slotcalc, _textbook, _portion, _calgebra, _intervaltree, _python_ranges):
        try:
            made.append(make())
        except ModuleNotFoundError as error:
            distribution = make.__name__.strip("_").replace("_", "-")
            missing.append(f"{distribution}: not installed (no module {error.name!r}), so all its rows are missing")
    return made, missing


def _slotcalc() -> Contender:
    return Contender(
        name="slotcalc",
        version=slotcalc.__version__,
        module="slotcalc",
        build=IntervalSet,
        difference=operator.sub,
        union=operator.or_,
        intersection=operator.and_,
        contains=operator.contains,
        pairs=IntervalSet.pairs,
        free=lambda slots, bookings: free(slots, bookings).pairs(),
        interval=lambda pair: Interval(*pair),
        clip=IntervalSet.clip,
        merge=IntervalSet,
    )


def _textbook() -> Contender:
    """Lists of pairs and two pointers, as people write it when they need it: a set is a list of disjoint pairs."""

    def merge(pairs: Pairs) -> Pairs:
        merged: Pairs = []
        for start, end in sorted(pairs):
            if merged and start <= merged[-1][1]:
                if end > merged[-1][1]:
                    merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return merged

    def subtract(slots: Pairs, bookings: Pairs) -> Pairs:
        left: Pairs = []
        j = 0
        for start, end in slots:
            at = start
            while j < len(bookings) and bookings[j][1] <= at:
                j += 1
            k = j
            while k < len(bookings) and bookings[k][0] < end:
                if at < bookings[k][0]:
                    left.append((at, bookings[k][0]))
                at = max(at, bookings[k][1])
                k += 1
            if at < end:
                left.append((at, end))
        return left

    def intersect(a: Pairs, b: Pairs) -> Pairs:
        both: Pairs = []
        i = j = 0
        while i < len(a) and j < len(b):
            start = max(a[i][0], b[j][0])
            end = min(a[i][1], b[j][1])
            if start < end:
                both.append((start, end))
            if a[i][1] < b[j][1]:
                i += 1
            else:
                j += 1
        return both

    def clip(pairs: Pairs, window: Pair) -> Pairs:
        low, high = window
        return [(max(start, low), min(end, high)) for start, end in pairs if start < high and low < end]

    return Contender(
        name="textbook loop",
        version="",
        module="",
        build=merge,
        difference=subtract,
        union=lambda a, b: merge(a + b),
        intersection=intersect,
        contains=lambda pairs, point: any(start <= point < end for start, end in pairs),
        pairs=list,
        free=lambda slots, bookings: subtract(merge(slots), merge(bookings)),
        interval=lambda pair: [pair],
        clip=clip,
        merge=merge,
    )


def _portion() -> Contender:
    portion: Any = import_module("portion")
    closed_open = portion.closedopen

    def build(pairs: Pairs) -> Any:
        return portion.Interval(*[closed_open(start, end) for start, end in pairs])

    def pairs_of(made: Any) -> Pairs:
        return [(piece.lower, piece.upper) for piece in made]

    return Contender(
        name="portion",
        version=version("portion"),
        module="portion",
        build=build,
        difference=operator.sub,
        union=operator.or_,
        intersection=operator.and_,
        contains=operator.contains,
        pairs=pairs_of,
        free=lambda slots, bookings: pairs_of(build(slots) - build(bookings)),
        interval=lambda pair: closed_open(*pair),
        clip=lambda made, window: made & closed_open(*window),
        merge=build,
    )


def _calgebra() -> Contender:
    """Points are whole seconds since 1970. Timelines are lazy multisets: an answer is listed, a merge is `flatten`."""
    calgebra: Any = import_module("calgebra")
    make, timeline, flatten = calgebra.Interval.from_datetimes, calgebra.timeline, calgebra.flatten

    def build(pairs: Pairs) -> Any:
        return timeline(*[make(start, end) for start, end in pairs])

    def pairs_of(made: Any) -> Pairs:
        read = datetime.fromtimestamp
        return [(read(piece.start, UTC), read(piece.end, UTC)) for piece in made[:]]

    return Contender(
        name="calgebra",
        version=version("calgebra"),
        module="calgebra",
        build=build,
        difference=lambda a, b: list((a - b)[:]),
        union=lambda a, b: list(flatten(a | b)[:]),
        intersection=lambda a, b: list(flatten(a & b)[:]),  # `&` alone yields each piece once for each side
        contains=lambda made, point: any(True for _ in made[point : point + 1]),
        pairs=pairs_of,
        free=lambda slots, bookings: pairs_of(build(slots) - build(bookings)),
        interval=lambda pair: build([pair]),
        clip=lambda made, window: list(made[window[0] : window[1]]),
        merge=lambda pairs: list(flatten(build(pairs))[:]),
        point=lambda point: int(point.timestamp()),
    )


def _intervaltree() -> Contender:
    """Its `-` and `&` compare whole intervals, so points are taken away by `chop`: on a copy, as it works in place."""
    tree_of: Any = import_module("intervaltree").IntervalTree

    def build(pairs: Pairs) -> Any:
        tree = tree_of.from_tuples(pairs)
        tree.merge_overlaps(strict=False)
        return tree

    def difference(a: Any, b: Any) -> Any:
        left = a.copy()
        for piece in b:
            left.chop(piece.begin, piece.end)
        return left

    def union(a: Any, b: Any) -> Any:
        tree = a | b
        tree.merge_overlaps(strict=False)
        return tree

    def intersection(a: Any, b: Any) -> Any:
        return tree_of.from_tuples(
            (max(i.begin, j.begin), min(i.end, j.end)) for i in a for j in b.overlap(i.begin, i.end)
        )

    def clip(tree: Any, window: Pair) -> Any:
        low, high = window
        return tree_of.from_tuples((max(i.begin, low), min(i.end, high)) for i in tree.overlap(low, high))

    def pairs_of(made: Any) -> Pairs:
        return sorted((piece.begin, piece.end) for piece in made)

    return Contender(
        name="intervaltree",
        version=version("intervaltree"),
        module="intervaltree",
        build=build,
        difference=difference,
        union=union,
        intersection=intersection,
        contains=lambda tree, point: tree.overlaps_point(point),
        pairs=pairs_of,
        free=lambda slots, bookings: pairs_of(difference(build(slots), build(bookings))),
        interval=lambda pair: build([pair]),
        clip=clip,
        merge=build,
        largest=dict.fromkeys(("difference", "union", "intersection", "build"), (10_000, "over 5 s")),
    )


def _python_ranges() -> Contender:
    ranges: Any = import_module("ranges")
    range_of, set_of = ranges.Range, ranges.RangeSet

    def build(pairs: Pairs) -> Any:
        return set_of([range_of(start, end) for start, end in pairs])

    def pairs_of(made: Any) -> Pairs:
        return [(piece.start, piece.end) for piece in made.ranges()]

    quadratic = (100, "quadratic")
    return Contender(
        name="python-ranges",
        version=version("python-ranges"),
        module="ranges",
        build=build,
        difference=set_of.difference,
        union=set_of.union,
        intersection=set_of.intersection,
        contains=operator.contains,
        pairs=pairs_of,
        free=lambda slots, bookings: pairs_of(build(slots).difference(build(bookings))),
        interval=lambda pair: range_of(*pair),
        clip=lambda made, window: made.intersection(range_of(*window)),
        merge=build,
        largest={"difference": quadratic, "intersection": quadratic, "large-set": (10_000, "over 0.2 s")},
    )
