"""Between columns and the kernel: packs resources and times into one integer each, and works in pieces that fit.

A fleet is packed whole if it fits into 63 bits and into the caller's memory, else one range of resources after the
other. Imports `kernel`; read `exchange` next, which makes these columns of a frame.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from slotcalc.errors import PointValueError
from slotcalc.frames.kernel import Intervals, Ints

__all__ = ["Answer", "Packing", "Rows", "answer", "packed"]

_BITS: Final = 63  # what a packed point may take: an int64 without its sign
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

    def packed(self, rows: Rows, first: int) -> Intervals:
        """Return rows of resources from the first one on as packed intervals."""
        shift = (rows.codes - first) << self.bits if first else rows.codes << self.bits
        return Intervals(*[self._packed(times, shift) for times in (rows.starts, rows.ends)])

    def _packed(self, times: Ints, shift: Ints) -> Ints:
        times = times - self.origin
        if self.step > 1:
            times //= self.step
        times += shift
        return times

    def unpacked(self, answer: Answer, first: int) -> Rows:
        """Return packed intervals as rows of resources from the first one on."""
        starts, ends = answer.intervals
        codes = starts >> self.bits
        codes += first
        return Rows(codes, self._unpacked(starts), self._unpacked(ends), answer.depths)

    def _unpacked(self, points: Ints) -> Ints:
        times = points & ((1 << self.bits) - 1)
        if self.step > 1:
            times *= self.step
        times += self.origin
        return times


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
    """Return a packing in which all times fit, and all resources if a coarser step of time brings that about."""
    # Starts are before ends, so the least time is a start and the greatest an end.
    some = [rows for rows in tables if len(rows.codes)]
    if not some:
        return Packing(0, 1, 1)
    origin = min(int(rows.starts.min()) for rows in some)
    span = max(int(rows.ends.max()) for rows in some) - origin
    if span.bit_length() > _BITS:
        message = f"the times are {span} units apart, and 2**63 is too many; leave the outliers out"
        raise PointValueError(message, span)
    step = 1
    if span.bit_length() + (resources - 1).bit_length() > _BITS:
        divisors = [int(np.gcd.reduce(times - origin)) for rows in some for times in (rows.starts, rows.ends)]
        step = int(np.gcd.reduce(np.array(divisors)))
    return Packing(origin, step, max((span // step).bit_length(), 1))


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
