"""Slots or bookings in order of their start, found by window. Imports `exchange`; `memory` keeps one for each resource.

The items stand in blocks of at most 32. Of each block the first start and the last end are known, and the latest end up
to there, so that a window is answered from the blocks that can overlap it: O(√n + the answer), whatever else is there.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from slotcalc.booking import Booking, Slot
from slotcalc.intervals import Interval
from slotcalc.points import check_order
from slotcalc.repository.exchange import check_window

__all__ = ["Timeline"]

T = TypeVar("T", Slot, Booking)

_BLOCK: Final = 32


class Timeline(Generic[T]):
    """Items that have an interval, in order of start; those with equal starts in the order in which they came."""

    __slots__ = ("_blocks", "_ends", "_reach", "_starts")

    def __init__(self, items: Iterable[T] = ()) -> None:
        """Sort the items. O(n log n)."""
        self._blocks: list[list[T]] = _blocks_of(sorted(items, key=_start))
        self._starts: list[Any] = [block[0].interval.start for block in self._blocks]
        self._ends: list[Any] = [_last_end(block) for block in self._blocks]
        self._reach: list[Any] = [*accumulate(self._ends, max)]

    def __iter__(self) -> Iterator[T]:
        """Yield all items in order."""
        return (item for block in self._blocks for item in block)

    def overlapping(self, window: Interval[Any] | None) -> list[T]:
        """Return the items that overlap the window, in order; without a window, all.

        Raises:
            PointTypeError: for a window that is no interval, or of another kind of points.
        """
        if window is None:
            return [*self]
        check_window(window)
        start, end = window.start, window.end
        for some in self._starts[:1]:
            check_order(some, start)
        first, stop = bisect_right(self._reach, start), bisect_left(self._starts, end)
        return [
            item
            for block, last in zip(self._blocks[first:stop], self._ends[first:stop], strict=True)
            if start < last
            for item in block
            if start < item.interval.end and item.interval.start < end
        ]

    def exchange(self, gone: Iterable[T], new: Iterable[T]) -> None:
        """Take out items, the very objects that `overlapping` returned, and put in others. O(√n) each."""
        for item in gone:
            self._drop(item)
        for item in new:
            self._insert(item)

    def _drop(self, item: T) -> None:
        b = bisect_right(self._starts, item.interval.start) - 1
        block = self._blocks[b]
        i = bisect_right(block, item.interval.start, key=_start) - 1
        while block[i] is not item:  # one of equal start, perhaps in a block before
            if not i:
                b -= 1
                block = self._blocks[b]
                i = len(block)
            i -= 1
        del block[i]
        if not block:
            del self._blocks[b], self._starts[b], self._ends[b], self._reach[b]
            self._extend(b)
            return
        self._starts[b] = block[0].interval.start
        if item.interval.end == self._ends[b]:
            self._ends[b] = _last_end(block)
            self._extend(b)

    def _insert(self, item: T) -> None:
        start, end = item.interval.start, item.interval.end
        if not self._blocks:
            self._blocks, self._starts, self._ends, self._reach = [[item]], [start], [end], [end]
            return
        b = max(bisect_right(self._starts, start) - 1, 0)
        block = self._blocks[b]
        insort(block, item, key=_start)
        self._starts[b] = block[0].interval.start
        if len(block) > _BLOCK:
            halves = block[: _BLOCK // 2], block[_BLOCK // 2 :]
            self._blocks[b : b + 1] = halves
            self._starts[b : b + 1] = [half[0].interval.start for half in halves]
            self._ends[b : b + 1] = [_last_end(half) for half in halves]
            self._reach.insert(b, self._reach[b])
            self._extend(b)
        elif self._ends[b] < end:
            self._ends[b] = end
            self._extend(b)

    def _extend(self, b: int) -> None:
        """Bring up to date how far a block reaches, and those behind it until one stays as it is."""
        reach, ends = self._reach, self._ends
        for i in range(b, len(reach)):
            end = max(reach[i - 1], ends[i]) if i else ends[i]
            if i > b and reach[i] == end:
                break
            reach[i] = end


_start: Any = attrgetter("interval.start")  # half the time of a function, and it is the key of every sort


def _last_end(block: list[T]) -> Any:  # a point
    return max([item.interval.end for item in block])


def _blocks_of(items: list[T]) -> list[list[T]]:
    """Return the items in blocks of about half the greatest size, so that there is room for more."""
    if len(items) <= _BLOCK:
        return [items] if items else []
    return [items[i : i + _BLOCK // 2] for i in range(0, len(items), _BLOCK // 2)]
