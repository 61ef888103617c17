"""How many intervals cover each point, which is what capacity is about. Imports `intervals`; read `booking` next."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Generic, final

from slotcalc.errors import IntervalError
from slotcalc.intervals import Interval, IntervalSet, as_interval
from slotcalc.points import P, check_order, normalised, normalised_pairs

__all__ = ["Coverage"]


@final
class Coverage(Generic[P]):
    """The depth of a collection of intervals at each point, kept where it changes.

    Unlike a set, it counts: of two touching intervals one ends where the other starts, so the depth between them is 1,
    never 2.

    Args:
        intervals: `Interval` objects or (start, end) pairs, in any order; the same one twice counts twice.
        weights: how much each interval counts, in the same order; 1 each if not given.

    Raises:
        IntervalError: for a reversed or empty pair, or weights that do not match the intervals or are negative.
        PointTypeError: for values that are no points, or of different kinds.

    >>> Coverage([(9, 12), (10, 11), (11, 13)]).segments()
    [(Interval(9, 10), 1), (Interval(10, 12), 2), (Interval(12, 13), 1)]
    """

    __slots__ = ("_depths", "_points")

    # Sorted, distinct, and at each the depth changes: _depths[i] holds from _points[i] on, and the last one is 0.
    _points: tuple[Any, ...]
    _depths: tuple[int, ...]

    def __init__(
        self, intervals: Iterable[Interval[P] | tuple[P, P]] = (), weights: Iterable[int] | None = None
    ) -> None:
        """Sort the ends and add up. O(n log n)."""
        pairs = [(item.start, item.end) if type(item) is Interval else item for item in intervals]
        loads = [1] * len(pairs) if weights is None else list(weights)
        if len(loads) != len(pairs) or any(load < 0 for load in loads):
            message = f"{len(pairs)} intervals need as many weights, none of them negative; got {loads!r:.200}"
            raise IntervalError(message, loads)
        change: dict[Any, int] = {}
        for (start, end), load in zip(normalised_pairs(pairs), loads, strict=True):
            change[start] = change.get(start, 0) + load
            change[end] = change.get(end, 0) - load
        points = sorted(point for point, by in change.items() if by)
        self._points = tuple(points)
        self._depths = tuple(accumulate(change[point] for point in points))

    def depth(self, point: P) -> int:
        """Return how many intervals cover the point; one that starts there does, one that ends there not. O(log n)."""
        point = normalised(point)
        for some in self._points[:1]:
            check_order(some, point)
        i = bisect_right(self._points, point)
        return self._depths[i - 1] if i else 0

    def max(self) -> int:
        """Return the greatest depth anywhere: how many rooms these intervals need. O(n)."""
        return max(self._depths, default=0)

    def at_least(self, k: int) -> IntervalSet[P]:
        """Return where the depth is k or more, for k of at least 1. O(n).

        Raises:
            IntervalError: if k is less than 1, which would hold everywhere.
        """
        if k < 1:
            message = f"k={k!r} would hold everywhere; ask for 1 or more"
            raise IntervalError(message, k)
        steps = zip(self._points, self._points[1:], self._depths, strict=False)
        return IntervalSet([(start, end) for start, end, depth in steps if depth >= k])

    def segments(self, window: Interval[P] | tuple[P, P] | None = None) -> list[tuple[Interval[P], int]]:
        """Return the maximal intervals of constant depth, in order, with their depths.

        Without a window, those of depth 1 and more; with one, the segments tile the window, those of depth 0 included.
        O(n), or O(log n + the answer) with a window.
        """
        if window is None:
            steps = zip(self._points, self._points[1:], self._depths, strict=False)
            return [(Interval(start, end), depth) for start, end, depth in steps if depth]
        window = as_interval(window)
        for some in self._points[:1]:
            check_order(some, window.start)
        i = bisect_right(self._points, window.start)
        j = bisect_left(self._points, window.end, i)
        edges = [window.start, *self._points[i:j], window.end]
        depths = [self._depths[i - 1] if i else 0, *self._depths[i:j]]
        return [(Interval(start, end), depth) for start, end, depth in zip(edges, edges[1:], depths, strict=False)]

    def peak(self, window: Interval[P] | tuple[P, P]) -> int:
        """Return the greatest depth within the window. O(log n + the changes within it)."""
        return max(depth for _, depth in self.segments(window))

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same depth everywhere."""
        if type(other) is not Coverage:
            return NotImplemented
        return self._points == other._points and self._depths == other._depths

    def __hash__(self) -> int:
        """Hash all steps."""
        return hash((self._points, self._depths))

    def __repr__(self) -> str:
        """Return the constructor call, in segments with their depths as weights; of more than 50, only their number."""
        segments = self.segments()
        if len(segments) > 50:  # as IntervalSet
            return f"<Coverage of {len(segments)} segments up to depth {self.max()}>"
        if not segments:
            return "Coverage()"
        pairs = [(piece.start, piece.end) for piece, _ in segments]
        return f"Coverage({pairs!r}, weights={[depth for _, depth in segments]!r})"
