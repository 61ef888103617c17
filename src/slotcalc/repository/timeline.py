"""Slots or bookings in order of their start, found by window. Imports `booking`; `memory` keeps one for each resource.

The items stand in blocks of at most 32. Of each block the first start and the last end are known, and the latest end up
to there, so that a window is answered from the blocks that can overlap it: O(√n + the answer), whatever else is there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from slotcalc.booking import Booking, Slot
from slotcalc.intervals import Interval

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
        """Return the items that overlap the window, in order; without a window, all."""
        if window is None:
            return [*self]
        start, end = window.start, window.end
        first, stop = bisect_right(self._reach, start), bisect_left(self._starts, end)
        return [
            item
            for block, last in zip(self._blocks[first:stop], self._ends[first:stop], strict=True)
            if start < last
            for item in block
            if start < item.interval.end and item.interval.start < end
        ]

    def exchange(self, gone: Iterable[T], new: Iterable[T]) -> None:
        """Take out items, the very objects that `overlapping` returned, and put in others. O(√n + what it touches)."""
        dropped = {id(item) for item in gone}
        added: dict[int, list[T]] = {}
        starts, b = self._starts, 0
        low = high = None  # what lies between them is in block b, as the next of many items mostly is
        for item in gone:
            start = item.interval.start
            if high is None or not low < start < high:
                first, b = max(bisect_left(starts, start) - 1, 0), bisect_right(starts, start) - 1
                for between in range(first, b + 1):  # items of equal start may fill several blocks
                    added.setdefault(between, [])
                low, high = self._bounds(b)
        for item in new:
            start = item.interval.start
            if high is None or not low < start < high:
                b = max(bisect_right(starts, start) - 1, 0)
                added.setdefault(b, [])
                low, high = self._bounds(b)
            added[b].append(item)
        for b in sorted(added, reverse=True):  # from the end, so that the numbers of the others stay
            items = [item for block in self._blocks[b : b + 1] for item in block if id(item) not in dropped]
            items = sorted(items + added[b], key=_start)
            blocks = _blocks_of(items)
            self._blocks[b : b + 1] = blocks
            self._starts[b : b + 1] = [block[0].interval.start for block in blocks]
            self._ends[b : b + 1] = [_last_end(block) for block in blocks]
            self._reach[b : b + 1] = [None] * len(blocks)
            self._extend(b, b + len(blocks))

    def _bounds(self, b: int) -> tuple[Any, Any]:
        """Return the first start of a block and that of the next, or None twice if there is no next."""
        starts = self._starts
        return (starts[b], starts[b + 1]) if b + 1 < len(starts) else (None, None)

    def _extend(self, b: int, stop: int) -> None:
        """Bring up to date how far the blocks reach: these, and those behind them until one stays as it is."""
        reach, ends = self._reach, self._ends
        for i in range(b, len(reach)):
            end = max(reach[i - 1], ends[i]) if i else ends[i]
            if i >= stop and reach[i] == end:
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
