"""One interval, `[start, end)`, and how two of them can lie to each other.

See the folder's `__init__` for what may be imported.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from itertools import pairwise
from typing import Any, Final, Generic, final

from slotcalc import iso8601
from slotcalc.errors import PointTypeError
from slotcalc.points import P, check_length, check_order, moved, normalised, normalised_pair
from slotcalc.values import Value

__all__ = ["Interval", "Relation", "as_interval", "chunked", "interval"]


class Relation(Enum):
    """How one interval lies to another: exactly one of the thirteen relations of Allen (1983), read "a is … b"."""

    BEFORE = "before"
    MEETS = "meets"
    OVERLAPS = "overlaps"
    FINISHED_BY = "finished by"
    CONTAINS = "contains"
    STARTS = "starts"
    EQUALS = "equals"
    STARTED_BY = "started by"
    DURING = "during"
    FINISHES = "finishes"
    OVERLAPPED_BY = "overlapped by"
    MET_BY = "met by"
    AFTER = "after"

    def __repr__(self) -> str:
        """Return the code that names the member."""
        return f"{type(self).__name__}.{self.name}"


# By the order of the starts and the order of the ends (-1: a's comes first), for intervals that share a point.
_RELATION: Final = {
    (-1, -1): Relation.OVERLAPS,
    (-1, 0): Relation.FINISHED_BY,
    (-1, 1): Relation.CONTAINS,
    (0, -1): Relation.STARTS,
    (0, 0): Relation.EQUALS,
    (0, 1): Relation.STARTED_BY,
    (1, -1): Relation.DURING,
    (1, 0): Relation.FINISHES,
    (1, 1): Relation.OVERLAPPED_BY,
}


@final
class Interval(Value, Generic[P]):
    """The points from `start` up to, but not including, `end`: bounded and never empty.

    Aware datetimes are kept in UTC. Intervals have no order of their own (`sorted(…, key=lambda i: i.start)` says which
    is meant).

    Raises:
        IntervalError: unless start < end.
        PointTypeError: if an end is no point, or the two are of different kinds.
        PointValueError: if an end is NaN or infinite.

    >>> Interval(9, 17) - Interval(12, 13)
    IntervalSet([(9, 12), (13, 17)])
    """

    __slots__ = ("end", "start")
    __match_args__ = ("start", "end")
    _positional = 2

    start: P
    end: P

    def __init__(self, start: P, end: P) -> None:
        """Check and normalise both ends. About 0.5 µs."""
        start, end = normalised_pair(start, end)
        _set_start(self, start)
        _set_end(self, end)

    @classmethod
    def parse(cls, text: str) -> "Interval[Any]":
        """Read ISO 8601 "start/end", "start/duration" or "duration/end", of dates or date-times (ISO 8601-1, 5.5.2).

        Raises:
            ParseError: if the text is not that.
            IntervalError: if it ends before it starts, or is empty.

        >>> Interval.parse("2026-03-02T09:00:00Z/PT8H").duration
        datetime.timedelta(seconds=28800)
        """
        ends: tuple[Any, Any] = iso8601.parse_interval(text)
        return cls(*ends)

    def __str__(self) -> str:
        """Return ISO 8601 "start/end" for dates and datetimes, "[start, end)" for other points."""
        start, end = self.start, self.end
        if isinstance(start, date) and isinstance(end, date):
            return iso8601.format_interval(start, end)
        return f"[{start}, {end})"

    @property
    def duration(self) -> Any:  # what a difference is depends on the point: timedelta for dates and datetimes
        """`end - start`; between aware datetimes that is elapsed time, whatever the clocks did."""
        return self.end - self.start  # type: ignore[operator]  # TypeError if none

    def __contains__(self, point: P) -> bool:
        """Return whether start <= point < end."""
        point = normalised(point)
        check_order(self.start, point)
        return not point < self.start and point < self.end

    def overlaps(self, other: "Interval[P]") -> bool:
        """Return whether the two share a point; touching intervals do not."""
        check_order(self.start, other.start)
        return self.start < other.end and other.start < self.end

    def abuts(self, other: "Interval[P]") -> bool:
        """Return whether one ends exactly where the other starts."""
        check_order(self.start, other.start)
        return self.end == other.start or other.end == self.start

    def relation(self, other: "Interval[P]") -> Relation:
        """Return how this interval lies to the other: one of Allen's thirteen relations.

        >>> Interval(9, 12).relation(Interval(12, 17))
        Relation.MEETS
        """
        check_order(self.start, other.start)
        if self.end < other.start:
            return Relation.BEFORE
        if other.end < self.start:
            return Relation.AFTER
        if self.end == other.start:
            return Relation.MEETS
        if other.end == self.start:
            return Relation.MET_BY
        return _RELATION[_order(self.start, other.start), _order(self.end, other.end)]

    def span(self, other: "Interval[P]") -> "Interval[P]":
        """Return the shortest interval that holds both."""
        check_order(self.start, other.start)
        start = min(self.start, other.start)
        end = max(self.end, other.end)
        return Interval(start, end)

    def gap(self, other: "Interval[P]") -> "Interval[P] | None":
        """Return the interval that lies between the two, or None if they touch or overlap."""
        check_order(self.start, other.start)
        if self.end < other.start:
            return Interval(self.end, other.start)
        if other.end < self.start:
            return Interval(other.end, self.start)
        return None

    def __and__(self, other: "Interval[P] | IntervalSet[P]") -> "IntervalSet[P]":
        """Return the points in both."""
        return IntervalSet(self).__and__(other)

    def __or__(self, other: "Interval[P] | IntervalSet[P]") -> "IntervalSet[P]":
        """Return the points in either."""
        return IntervalSet(self).__or__(other)

    def __sub__(self, other: "Interval[P] | IntervalSet[P]") -> "IntervalSet[P]":
        """Return the points of this interval that are not in the other operand."""
        return IntervalSet(self).__sub__(other)

    def __xor__(self, other: "Interval[P] | IntervalSet[P]") -> "IntervalSet[P]":
        """Return the points in exactly one of the two."""
        return IntervalSet(self).__xor__(other)

    def shift(self, length: Any) -> "Interval[P]":  # timedelta or number, as the point needs
        """Return the interval moved by a length: elapsed time for aware datetimes, whole days for dates.

        >>> Interval(9, 17).shift(-1)
        Interval(8, 16)
        """
        return Interval(moved(self.start, length), moved(self.end, length))

    def pad(self, before: Any = None, after: Any = None) -> "Interval[P]":  # as in shift
        """Return the interval grown by `before` and `after`, shrunk where they are negative.

        Raises:
            IntervalError: if nothing is left.

        >>> Interval(10, 11).pad(1, 2)
        Interval(9, 13)
        """
        if before is after is None:
            return self
        start = self.start if before is None else moved(self.start, before, back=True)
        return Interval(start, self.end if after is None else moved(self.end, after))

    def split(self, points: Iterable[P]) -> "list[Interval[P]]":
        """Cut at each of the points that lie strictly inside, in any order; the pieces tile the interval.

        >>> Interval(9, 17).split([12, 13, 20])
        [Interval(9, 12), Interval(12, 13), Interval(13, 17)]
        """
        given = [normalised(point) for point in points]
        for cut in given:
            check_order(self.start, cut)
        cuts = sorted({cut for cut in given if self.start < cut < self.end})
        edges = [self.start, *cuts, self.end]
        return [interval(start, end) for start, end in pairwise(edges)]

    def chunks(self, length: Any, *, every: Any = None) -> "Iterator[Interval[P]]":  # as in shift
        """Yield the pieces of the given length that begin at the start and then every `every`, while they fit.

        `every` is the length if not given. Lazily, so a long interval costs nothing before it is walked.

        Raises:
            IntervalError: if `length` or `every` is not positive.

        >>> [str(piece) for piece in Interval(9, 12).chunks(2, every=1)]
        ['[9, 11)', '[10, 12)']
        """
        every = length if every is None else every
        check_length("length", length, self.start)
        check_length("every", every, self.start)
        return chunked(self.start, self.end, length, every)


def interval(start: P, end: P) -> Interval[P]:
    """Make an interval of two ends that are known to be normalised and in order: 0.2 µs."""
    made: Interval[P] = _new(Interval)
    _set_start(made, start)
    _set_end(made, end)
    return made


def as_interval(value: "Interval[P] | tuple[P, P]") -> Interval[P]:
    """Return an interval as it is, and a (start, end) pair as an interval.

    Raises:
        IntervalError: for a reversed or empty pair.
        PointTypeError: for anything else.
    """
    if isinstance(value, Interval):
        return value
    pair: object = value
    if isinstance(pair, tuple | list) and len(pair) == 2:
        return Interval(*pair)
    raise PointTypeError(f"{value!r:.200} is neither an Interval nor a (start, end) pair", value)


def chunked(start: P, end: P, length: Any, every: Any) -> Iterator[Interval[P]]:  # as in Interval.shift
    """Yield the chunks of `[start, end)`; the lengths are known to be positive.

    Compares durations, which cannot overflow.
    """
    low: Any = start
    while end - low >= length:
        yield interval(low, low + length)
        if end - low <= every:
            return
        low += every


def _order(a: P, b: P) -> int:
    return -1 if a < b else int(b < a)


_new: Any = object.__new__
_set_start: Any = Interval.__dict__["start"].__set__
_set_end: Any = Interval.__dict__["end"].__set__

from slotcalc.intervals.interval_set import IntervalSet  # noqa: E402  # operators of each class return the other
