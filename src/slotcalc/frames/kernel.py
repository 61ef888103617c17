"""The algebra on columns: sort all starts, sort all ends, compare. Pure functions over packed int64; imports numpy.

A packed point is a resource and a time in one integer, the resource in the high bits, so that one sort orders a whole
fleet and what belongs to two resources never touches. Intervals are two columns of packed points, in any order unless
a function says that they are merged: sorted by start, none overlapping or touching another. `packing` makes them.

Why sorting the two sides apart is enough: the i-th smallest start and the i-th smallest end know the depth. At t, with
s starts and e ends at or before it, s - e intervals are open, so depth k is reached exactly where some i has
S[i + k - 1] <= t < E[i]. For slots without bookings, a booking's end counts as a start and its start as an end: the
depth of merged slots minus that of bookings is 1 where time is free and less elsewhere, however bookings overlap.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "Bools",
    "Intervals",
    "Ints",
    "at_least",
    "coverage",
    "free_seats",
    "gaps",
    "intersect",
    "merge",
    "overlaps",
    "runs",
    "side_by_side",
    "subtract",
]

Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Bools: TypeAlias = npt.NDArray[np.bool_]

A = TypeVar("A")
B = TypeVar("B")
_WORTH_A_THREAD = 1_000_000  # rows; a busy machine may let a thread wait for as long as passing over fewer takes
_WORTH_SORTING = 100_000


class Intervals(NamedTuple):
    """Two columns of packed points, of equal length."""

    starts: Ints
    ends: Ints


def merge(intervals: Intervals) -> Intervals:
    """Return the points that any of the intervals covers, merged. O(n log n), O(n) if they are merged already."""
    if _apart(*intervals):
        return intervals
    ordered = _sorted(intervals[:1], intervals[1:])
    return ordered if _apart(*ordered) else _joined(*ordered)


def subtract(slots: Intervals, bookings: Intervals) -> Intervals:
    """Return merged slots without the bookings, which may overlap each other; merged."""
    rises, falls = _sorted((slots.starts, bookings.ends), (slots.ends, bookings.starts))
    return _not_empty(rises, falls)


def at_least(k: int, intervals: Intervals) -> Intervals:
    """Return where at least k of the intervals hold, merged."""
    starts, ends = _sorted((intervals.starts,), (intervals.ends,))
    return _joined(*_not_empty(starts[k - 1 :], ends[: len(ends) - k + 1]))


def intersect(left: Intervals, right: Intervals) -> Intervals:
    """Return where both hold, each of them merged; merged."""
    starts, ends = _sorted((left.starts, right.starts), (left.ends, right.ends))
    return _not_empty(starts[1:], ends[:-1])


def gaps(intervals: Intervals, bits: int) -> Intervals:
    """Return what lies between merged intervals of one resource, whose number is in all but the lowest bits; merged."""
    starts, ends = intervals
    inner = (starts[1:] >> bits) == (ends[:-1] >> bits)
    return Intervals(ends[:-1][inner], starts[1:][inner])


def coverage(intervals: Intervals) -> tuple[Intervals, Ints]:
    """Return the maximal intervals of constant depth of 1 and more, and their depths."""
    one = np.ones(len(intervals.starts), np.int64)
    points, levels = _levels(np.concatenate(intervals), np.concatenate((one, -one)))
    changes = np.flatnonzero(np.diff(levels, prepend=0))
    points, levels = points[changes], levels[changes]
    covered = np.flatnonzero(levels)
    return Intervals(points[covered], points[covered + 1]), levels[covered]


def free_seats(slots: Intervals, capacity: Ints, bookings: Intervals, seats: Ints) -> Intervals:
    """Return where the largest capacity of a slot is more than the seats of all bookings together; merged."""
    offers, capacity = _offers(slots, capacity)
    points, left = _levels(np.concatenate((*offers, *bookings)), np.concatenate((capacity, -capacity, -seats, seats)))
    flips = np.flatnonzero(np.diff(left > 0, prepend=False))
    return Intervals(points[flips[::2]], points[flips[1::2]])


def overlaps(left: Intervals, right: Intervals) -> tuple[int, Callable[[], tuple[Ints, Ints]]]:
    """Return how many pairs of a left and a right row overlap, and a function that lists them by the numbers of both.

    A pair overlaps if the right one starts within the left one, or the left one within the right one but not with it.
    """
    right_order, left_order = np.argsort(right.starts), np.argsort(left.starts)
    right_starts, left_starts = right.starts[right_order], left.starts[left_order]
    first = np.searchsorted(right_starts, left.starts)
    count = np.searchsorted(right_starts, left.ends) - first
    later = np.searchsorted(left_starts, right.starts, side="right")
    later_count = np.searchsorted(left_starts, right.ends) - later

    def pairs() -> tuple[Ints, Ints]:
        lefts, found = runs(count, first)
        rights, later_found = runs(later_count, later)
        return np.concatenate((lefts, left_order[later_found])), np.concatenate((right_order[found], rights))

    return int(count.sum()) + int(later_count.sum()), pairs


def runs(counts: Ints, firsts: Ints, step: int = 1) -> tuple[Ints, Ints]:
    """Return, for runs of numbers given by their lengths and firsts, the run of each number and the numbers."""
    which = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, firsts[which] + within * step


def side_by_side(function: Callable[[A], B], one: A, other: A, rows: int, worth: int = _WORTH_A_THREAD) -> tuple[B, B]:
    """Return what a function makes of two arguments, in two threads if there are so many rows that it is worth one."""
    if rows < worth:
        return function(one), function(other)
    with ThreadPoolExecutor(1) as thread:  # numpy releases the interpreter lock while it computes
        made = thread.submit(function, other)
        return function(one), made.result()


def _sorted(starts: tuple[Ints, ...], ends: tuple[Ints, ...]) -> Intervals:
    """Return the starts sorted and the ends sorted, each of one or more parts."""
    return Intervals(*side_by_side(_sorted_side, starts, ends, sum(map(len, starts)), _WORTH_SORTING))


def _sorted_side(parts: tuple[Ints, ...]) -> Ints:
    """Return all points of the parts, sorted."""
    # The stable sort merges what is in order, or nearly, in a twentieth of the time that the other takes to sort it.
    side = np.concatenate(parts)
    for part in np.split(side, np.cumsum([len(part) for part in parts])[:-1]):
        if not _nearly_in_order(part):
            part.sort()
    side.sort(kind="stable")
    return side


def _nearly_in_order(points: Ints) -> bool:
    """Return whether few points come before a lower one: the ends of rows in order of their starts."""
    return bool(np.count_nonzero(points[1:] < points[:-1]) * 4 < len(points))


def _apart(starts: Ints, ends: Ints) -> bool:
    """Return whether intervals are merged."""
    return bool((starts[1:] > ends[:-1]).all())


def _joined(starts: Ints, ends: Ints) -> Intervals:
    """Return merged intervals, of all their starts and all their ends, each sorted by itself."""
    breaks = np.flatnonzero(starts[1:] > ends[:-1])
    return Intervals(np.concatenate((starts[:1], starts[breaks + 1])), np.concatenate((ends[breaks], ends[-1:])))


def _not_empty(starts: Ints, ends: Ints) -> Intervals:
    some = np.flatnonzero(starts < ends)  # by their numbers, which takes a third of the time of a mask
    return Intervals(*side_by_side(lambda points: points[some], starts, ends, len(some)))


def _levels(points: Ints, changes: Ints) -> tuple[Ints, Ints]:
    """Return the distinct points in order, and at each the sum of all changes up to and at it."""
    order = np.argsort(points)
    points, changes = points[order], changes[order]
    del order  # an eighth of the peak
    levels = np.cumsum(changes, out=changes)
    last = np.append(points[1:] != points[:-1], np.ones(min(len(points), 1), bool))
    return points[last], levels[last]


def _offers(slots: Intervals, capacity: Ints) -> tuple[Intervals, Ints]:
    """Return disjoint intervals with the largest capacity that a slot has there; touching ones stay apart.

    O(n) if the slots are in order and disjoint, else O(n log n) however many capacities there are.
    """
    order = np.argsort(slots.starts, kind="stable")
    starts, ends, capacity = slots.starts[order], slots.ends[order], capacity[order]
    if (starts[1:] >= ends[:-1]).all():
        return Intervals(starts, ends), capacity
    # Each slot is two runs of 2 ** k stretches between neighbouring points, the second run perhaps over the first.
    points = np.unique(np.concatenate((starts, ends)))
    first, last = np.searchsorted(points, starts), np.searchsorted(points, ends)
    sizes = np.frexp((last - first).astype(np.float64))[1] - 1
    best = np.zeros(len(points), np.int64)
    for k in range(int(sizes.max()), -1, -1):  # halve the runs of all larger sizes, then add those of this one
        half = 1 << k
        if k < sizes.max():
            best[half:] = np.maximum(best[half:], best[:-half])
        own = np.flatnonzero(sizes == k)
        np.maximum.at(best, first[own], capacity[own])
        np.maximum.at(best, last[own] - half, capacity[own])
    offered = np.flatnonzero(best)
    return Intervals(points[offered], points[offered + 1]), best[offered]
