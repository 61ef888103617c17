"""Between columns and the kernel: packs resources and times into one integer each, and works in pieces that fit.

A fleet is packed whole if it fits into 63 bits and into the caller's memory, else one range of resources after the
other. Imports `kernel`; read `exchange` next, which makes these columns of a frame.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from slotcalc.errors import PointValueError
from slotcalc.frames.kernel import Intervals, Ints, side_by_side

__all__ = ["Answer", "Packing", "Rows", "answer", "packed"]

Kind: TypeAlias = type[np.int64] | type[np.int32]

_BITS: Final = 63  # what a packed point may take: an int64 without its sign
_HALF: Final = 31  # an int32 without its sign
_BLOCK: Final = 1 << 17  # rows of a column that stay in the cache from one operation to the next
_WORK: Final = 64  # bytes that the kernel takes for each row at its peak, rounded up: measured


class Rows(NamedTuple):
    """Intervals of a whole fleet, as columns of equal length in any order."""

    codes: Ints
    """The resource of each, as a number below `len(resources)`."""
    starts: Ints
    ends: Ints
    weights: Ints | None = None
    """Seats or capacity."""

    def take(self, rows: Any) -> "Rows":  # whatever numpy takes as an index
        """Return some of the rows."""
        return Rows(*[None if column is None else column[rows] for column in self])  # type: ignore[arg-type]


class Answer(NamedTuple):
    """What the kernel returns for some resources: intervals and, if asked for, their depths."""

    intervals: Intervals
    depths: Ints | None = None


class Packing(NamedTuple):
    """How a resource and a time become one integer: (resource - first) << bits | (time - origin) // step."""

    origin: int
    step: int
    bits: int
    kind: Kind
    """The integers that hold it: half as wide ones are sorted in half the time."""

    def packed(self, rows: Rows, first: int) -> Intervals:
        """Return rows of resources from the first one on as packed intervals."""
        base = (rows.codes - first if first else rows.codes) << self.bits
        base -= self.origin // self.step  # may wrap around, and adding a time brings it back

        def pack(times: Ints) -> Ints:
            steps = times // self.step if self.step > 1 else times
            points = np.empty(len(times), self.kind)
            np.add(steps, base, out=points, casting="same_kind")
            return points

        return Intervals(*side_by_side(pack, rows.starts, rows.ends, len(base)))

    def unpacked(self, answer: Answer, first: int) -> Rows:
        """Return packed intervals as rows of resources from the first one on."""
        starts, ends = answer.intervals

        def unpack(points: Ints) -> Ints:
            times = np.bitwise_and(points, (1 << self.bits) - 1, dtype=np.int64)
            if self.step > 1:
                times *= self.step
            times += self.origin
            return times

        codes = np.right_shift(starts, self.bits, dtype=np.int64)
        if first:
            codes += first
        return Rows(codes, *side_by_side(unpack, starts, ends, len(codes)), answer.depths)


def answer(
    kernel: Callable[..., Answer], tables: Sequence[Rows], resources: int, *, max_bytes: int | None = None
) -> Rows:
    """Return what the kernel says about the tables, resource by resource in order of their numbers, then of time.

    The kernel is given the number of bits that a time takes, and for each table its packed intervals and its weights.

    Raises:
        PointValueError: as `packed`.
    """
    parts = [
        packing.unpacked(kernel(packing.bits, *[part for side in sides for part in side]), first)
        for packing, first, sides in packed(tables, resources, max_bytes=max_bytes)
    ]
    if len(parts) == 1:
        return parts[0]
    columns = zip(*parts, strict=True)
    return Rows(*[None if column[0] is None else np.concatenate(column) for column in columns])  # type: ignore[arg-type]


def packed(
    tables: Sequence[Rows], resources: int, *, max_bytes: int | None = None
) -> Iterator[tuple[Packing, int, list[tuple[Intervals, Any]]]]:
    """Yield for ranges of resources the packing, the number of the first one, and each table's intervals and weights.

    There is one range if all resources fit into 63 bits and into `max_bytes`. Else each has at least one resource, and
    the rows are brought in order of resource, which takes 8 bytes a row if they are in none.

    Raises:
        PointValueError: for times that are 2 ** 63 units or more apart.
    """
    packing = _packing(tables, resources)
    for first, chunk in _chunks(tables, resources, 1 << (_BITS - packing.bits), max_bytes):
        yield packing, first, [(packing.packed(rows, first), rows.weights) for rows in chunk]


def _packing(tables: Sequence[Rows], resources: int) -> Packing:
    """Return a packing in which all times fit, and all resources if a coarser step of time brings that about.

    Shuffled rows are packed into half the bits where such a step makes them fit.
    """
    # Starts are before ends, so the least time is a start and the greatest an end.
    some = [rows for rows in tables if len(rows.codes)]
    if not some:
        return Packing(0, 1, 1, np.int64)
    origin = min(int(rows.starts.min()) for rows in some)
    span = max(int(rows.ends.max()) for rows in some) - origin
    if span.bit_length() > _BITS:
        message = f"the times are {span} units apart, and 2**63 is too many; leave the outliers out"
        raise PointValueError(message, span)
    codes = (resources - 1).bit_length()

    def fits(step: int, room: int) -> bool:
        return (span // step).bit_length() + codes <= room

    kind: Kind = np.int64
    step = 1
    if any(map(_shuffled, some)):  # else there is little to sort, and less to win
        step = 1 if fits(1, _HALF) else _step(some, origin, span >> max(_HALF - codes, 0))
        kind = np.int32 if fits(step, _HALF) else np.int64
    if kind is np.int64:
        step = 1 if fits(1, _BITS) else _step(some, origin, 1)
    return Packing(origin, step, max((span // step).bit_length(), 1), kind)


def _shuffled(rows: Rows) -> bool:
    """Return whether rows do not come in order of resource, as their first ones show."""
    some = rows.codes[:_BLOCK]
    return bool((some[1:] < some[:-1]).any())


def _step(tables: Sequence[Rows], origin: int, least: int) -> int:
    """Return the coarsest step of which all times since the origin are multiples; 1 if it is at most the least."""

    def step_of(columns: list[Ints]) -> int:
        step = 0
        for times in columns:
            for block in _blocks(times):
                step = int(np.gcd.reduce(times[block] - origin, initial=step))
                if 0 < step <= least:
                    return 1
        return step

    sides = [rows.starts for rows in tables], [rows.ends for rows in tables]
    return int(np.gcd(*side_by_side(step_of, *sides, sum(map(len, sides[0])))))


def _blocks(column: Ints) -> Iterator[slice]:
    """Yield a column, block by block."""
    for at in range(0, len(column), _BLOCK):
        yield slice(at, at + _BLOCK)


def _chunks(
    tables: Sequence[Rows], resources: int, most: int, max_bytes: int | None
) -> Iterator[tuple[int, list[Rows]]]:
    """Yield ranges of resources, each as its first number and its rows of all tables, empty ones included."""
    total = sum(len(rows.codes) for rows in tables)
    budget = total if max_bytes is None else max_bytes // _WORK
    if resources <= most and total <= budget:
        yield 0, list(tables)
        return
    counts = sum(np.bincount(rows.codes, minlength=resources) for rows in tables)
    before = np.concatenate(([0], np.cumsum(counts)))
    bounds = [0]
    while bounds[-1] < resources:
        first = bounds[-1]
        fitting = int(np.searchsorted(before, before[first] + budget, side="right")) - 1
        bounds.append(min(max(fitting, first + 1), first + most, resources))
    sliced = [_by_chunk(rows.codes, np.array(bounds)) for rows in tables]
    for i, first in enumerate(bounds[:-1]):
        yield first, [rows.take(cut(i)) for rows, cut in zip(tables, sliced, strict=True)]


def _by_chunk(codes: Ints, bounds: Ints) -> Callable[[int], Any]:
    """Return a function from the number of a chunk to the index of its rows."""
    if (codes[1:] >= codes[:-1]).all():
        cuts = np.searchsorted(codes, bounds).tolist()
        return lambda i: slice(cuts[i], cuts[i + 1])
    chunk = np.searchsorted(bounds, codes, side="right") - 1
    chunk = chunk.astype(np.min_scalar_type(len(bounds)))  # numpy sorts 8 and 16 bits by radix, five times as fast
    order = np.argsort(chunk, kind="stable")
    cuts = np.concatenate(([0], np.cumsum(np.bincount(chunk, minlength=len(bounds) - 1)))).tolist()
    return lambda i: order[cuts[i] : cuts[i + 1]]
