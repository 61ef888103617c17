"""A set of points, kept as its maximal disjoint intervals. See the folder's `__init__` for what may be imported."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, Generic, SupportsIndex, TypeVar, final, overload

from slotcalc import iso8601, kernel
from slotcalc.errors import IntervalError, PointTypeError, UnboundedError
from slotcalc.intervals.interval import Interval, as_interval, chunked, interval
from slotcalc.points import Comparable, P, check_length, check_order, mixed, moved, normalised, normalised_pairs

__all__ = ["IntervalSet"]

Q = TypeVar("Q", bound=Comparable)  # for class methods, whose sets are not of the class's own type of point

_SHOWN: Final = 50
"""How many intervals `repr` writes out before it only counts them."""


@final
class IntervalSet(Generic[P]):
    """A set of points of one kind: any number of disjoint intervals `[start, end)`, perhaps unbounded at either end.

    Overlapping and touching intervals become one, so equal sets are equal values, whatever they were made from. The
    operators are those of `frozenset` (`| & - ^ ~`, `<=` is the subset order) and take intervals, too; the named
    methods take anything that the constructor takes. n and m stand for the numbers of intervals on both sides.

    Args:
        intervals: `Interval` objects or (start, end) pairs in any order, or another set.

    Raises:
        IntervalError: for a pair that is reversed or empty.
        PointTypeError: for a value that is no point, or points of different kinds.
        PointValueError: for NaN, an infinity, or an instant outside the years 1 to 9999.

    >>> IntervalSet([(13, 17), (9, 12)]) - IntervalSet([(10, 14)])
    IntervalSet([(9, 10), (14, 17)])
    """

    __slots__ = ("_edges", "_inside")
    __match_args__ = ("starts", "ends")

    # The edges are sorted and distinct; every public way in normalises them, and every operation below keeps them so.
    _edges: tuple[Any, ...]
    # Whether the line is inside before the first edge.
    _inside: bool

    def __init__(self, intervals: "Iterable[Interval[P] | tuple[P, P]] | Interval[P]" = ()) -> None:
        """Merge the intervals. O(n log n); O(n) if they are sorted by start."""
        edges, inside = _edges_of(intervals)
        self._edges = edges
        self._inside = inside

    @classmethod
    def empty(cls) -> "IntervalSet[Any]":
        """Return the set without points."""
        return of_edges((), False)

    @classmethod
    def everything(cls) -> "IntervalSet[Any]":
        """Return the set of all points."""
        return of_edges((), True)

    @classmethod
    def since(cls, start: Q) -> "IntervalSet[Q]":
        """Return all points from `start` on, unbounded above."""
        return of_edges((normalised(start),), False)

    @classmethod
    def until(cls, end: Q) -> "IntervalSet[Q]":
        """Return all points before `end`, unbounded below."""
        return of_edges((normalised(end),), True)

    @classmethod
    def parse(cls, text: str) -> "IntervalSet[Any]":
        """Read what `str` writes: ISO 8601 intervals with commas between, ".." for an open end, "∅" for the empty set.

        Raises:
            ParseError: if the text is not that.

        >>> len(IntervalSet.parse("2026-03-02T09:00Z/PT3H, 2026-03-02T13:00Z/.."))
        2
        """
        bounded: list[Interval[Any]] = []
        others: list[IntervalSet[Any]] = []
        for part in [] if text.strip() in {"", "∅"} else text.split(","):
            start, _, end = part.strip().partition("/")
            if start == end == "..":
                others.append(cls.everything())
            elif start == "..":
                others.append(cls.until(iso8601.parse_point(end)))
            elif end == "..":
                others.append(cls.since(iso8601.parse_point(start)))
            else:
                bounded.append(Interval.parse(part.strip()))
        made: IntervalSet[Any] = IntervalSet(bounded)
        return made.union(*others)

    @classmethod
    def at_least_k(cls, k: int, sets: "Iterable[Iterable[Interval[Q] | tuple[Q, Q]]]") -> "IntervalSet[Q]":
        """Return where at least k of the sets hold: k=1 is their union, k=their number their intersection. O(n log n).

        Raises:
            IntervalError: unless k is at least 1.

        >>> IntervalSet.at_least_k(2, [IntervalSet([(0, 4)]), IntervalSet([(2, 6)]), IntervalSet([(3, 9)])])
        IntervalSet([(2, 6)])
        """
        if k < 1:
            message = f"k={k!r} asks for no set at all; every point has that"
            raise IntervalError(message, k)
        parts = [(part._edges, part._inside) for part in map(_as_set, sets)]
        points = [edges[0] for edges, _ in parts if edges]
        for point in points:
            check_order(points[0], point)
        return of_edges(*kernel.at_least(k, parts))

    def __and__(self, other: "IntervalSet[P] | Interval[P]") -> "IntervalSet[P]":
        """Return the points in both. O(n + m), or O(m log n + the answer) if m is much smaller."""
        if type(other) is not IntervalSet:
            if type(other) is not Interval:
                return NotImplemented
            other = of_edges((other.start, other.end), False)
        return _met(self._edges, self._inside, other._edges, other._inside)

    def __or__(self, other: "IntervalSet[P] | Interval[P]") -> "IntervalSet[P]":
        """Return the points in either. Cost as `&`."""
        if type(other) is not IntervalSet:
            if type(other) is not Interval:
                return NotImplemented
            other = of_edges((other.start, other.end), False)
        made = _met(self._edges, not self._inside, other._edges, not other._inside)
        made._inside = not made._inside  # De Morgan; nobody else has seen it yet
        return made

    def __sub__(self, other: "IntervalSet[P] | Interval[P]") -> "IntervalSet[P]":
        """Return the points of this set that are not in the other. Cost as `&`."""
        if type(other) is not IntervalSet:
            if type(other) is not Interval:
                return NotImplemented
            other = of_edges((other.start, other.end), False)
        return _met(self._edges, self._inside, other._edges, not other._inside)

    def __xor__(self, other: "IntervalSet[P] | Interval[P]") -> "IntervalSet[P]":
        """Return the points in exactly one of the two: `(a | b) - (a & b)`."""
        if type(other) is not IntervalSet and type(other) is not Interval:
            return NotImplemented
        return (self | other) - (self & other)

    def __invert__(self) -> "IntervalSet[P]":
        """Return all points that are not in the set. O(1)."""
        return of_edges(self._edges, not self._inside)

    def union(self, *others: "Iterable[Interval[P] | tuple[P, P]]") -> "IntervalSet[P]":
        """Return the points in this set or any of the others, all at once: O(n log n) over all their intervals."""
        return IntervalSet.at_least_k(1, [self, *map(_as_set, others)])

    def intersection(self, *others: "Iterable[Interval[P] | tuple[P, P]]") -> "IntervalSet[P]":
        """Return the points in this set and all of the others."""
        made = self
        for other in others:
            made &= _as_set(other)
        return made

    def difference(self, *others: "Iterable[Interval[P] | tuple[P, P]]") -> "IntervalSet[P]":
        """Return the points of this set that are in none of the others."""
        return self - of_edges((), False).union(*others)

    def symmetric_difference(self, other: "Iterable[Interval[P] | tuple[P, P]]") -> "IntervalSet[P]":
        """Return the points in exactly one of the two."""
        return self ^ _as_set(other)

    def __eq__(self, other: object) -> bool:
        """Return whether both hold the same points."""
        if type(other) is not IntervalSet:
            return NotImplemented
        return self._inside == other._inside and self._edges == other._edges

    def __hash__(self) -> int:
        """Hash all ends, O(n): sets that differ anywhere differ here, too."""
        return hash((self._inside, self._edges))

    def __le__(self, other: "IntervalSet[P] | Interval[P]") -> bool:
        """Return whether the other holds every point of this set (the empty set is below every set)."""
        if type(other) is not IntervalSet and type(other) is not Interval:
            return NotImplemented
        return not self - other

    def __lt__(self, other: "IntervalSet[P] | Interval[P]") -> bool:
        """Return whether the other holds every point of this set and more."""
        if type(other) is not IntervalSet and type(other) is not Interval:
            return NotImplemented
        return self <= other and self != IntervalSet(other)

    def __ge__(self, other: "IntervalSet[P] | Interval[P]") -> bool:
        """Return whether this set holds every point of the other."""
        if type(other) is not IntervalSet and type(other) is not Interval:
            return NotImplemented
        return not other - self

    def __gt__(self, other: "IntervalSet[P] | Interval[P]") -> bool:
        """Return whether this set holds every point of the other and more."""
        if type(other) is not IntervalSet and type(other) is not Interval:
            return NotImplemented
        return self >= other and self != IntervalSet(other)

    def isdisjoint(self, other: "Iterable[Interval[P] | tuple[P, P]]") -> bool:
        """Return whether the two share no point; touching sets share none."""
        return not self & _as_set(other)

    def __contains__(self, point: P) -> bool:
        """Return whether the point is in the set: at a start yes, at an end no. O(log n)."""
        point = normalised(point)
        try:
            return kernel.contains(self._edges, self._inside, point)
        except TypeError:
            raise mixed(self._edges[0], point) from None

    def __bool__(self) -> bool:
        """Return whether there is any point in the set."""
        return self._inside or bool(self._edges)

    def __len__(self) -> int:
        """Return how many intervals the set has; unbounded ones count."""
        return (len(self._edges) + self._inside + self.reaches_end) // 2

    def __iter__(self) -> Iterator[Interval[P]]:
        """Yield the maximal intervals in order, made as they are asked for.

        Raises:
            UnboundedError: if the set is unbounded.
        """
        edges = self._bounded("iterated")
        return map(interval, edges[::2], edges[1::2])

    def __reversed__(self) -> Iterator[Interval[P]]:
        """Yield the maximal intervals from the last to the first."""
        edges = self._bounded("iterated")
        return map(interval, edges[-2::-2], edges[::-2])

    @overload
    def __getitem__(self, index: SupportsIndex) -> Interval[P]: ...
    @overload
    def __getitem__(self, index: slice) -> "IntervalSet[P]": ...
    def __getitem__(self, index: SupportsIndex | slice) -> "Interval[P] | IntervalSet[P]":
        """Return the i-th interval, or the set of those in a slice.

        Raises:
            IndexError: if there is no i-th interval.
            UnboundedError: if the set is unbounded.
        """
        edges = self._bounded("indexed")
        if isinstance(index, slice):
            first, last, step = index.indices(len(edges) // 2)
            if step == 1:
                return of_edges(edges[2 * first : 2 * last], False)
            return IntervalSet([(edges[2 * i], edges[2 * i + 1]) for i in range(first, last, step)])
        try:
            i = range(len(self))[index]
        except IndexError:
            message = f"there is no interval {index}; the set has {len(self)}"
            raise IndexError(message) from None
        return interval(edges[2 * i], edges[2 * i + 1])

    def pairs(self) -> list[tuple[P, P]]:
        """Return the maximal intervals as plain (start, end) tuples: half the cost of `list(self)`.

        Raises:
            UnboundedError: if the set is unbounded.
        """
        edges = iter(self._bounded("listed"))
        return list(zip(edges, edges))

    def covers(self, other: "Iterable[Interval[P] | tuple[P, P]] | Interval[P]") -> bool:
        """Return whether every point of the other is in this set; every set covers the empty one.

        O(log n) for an interval, and the copy of the edges within it.
        """
        return not _as_set(other) - self

    def overlaps(self, other: "Iterable[Interval[P] | tuple[P, P]] | Interval[P]") -> bool:
        """Return whether the two share a point; the empty set overlaps nothing. O(log n) for an interval."""
        return bool(self & _as_set(other))

    def abuts(self, other: "Iterable[Interval[P] | tuple[P, P]] | Interval[P]") -> bool:
        """Return whether the two share no point, but touch: their union has fewer intervals than the two together."""
        other = _as_set(other)
        return not self & other and len(self | other) < len(self) + len(other)

    @property
    def starts(self) -> tuple[P, ...]:
        """The finite starts, in order."""
        return self._edges[self._inside :: 2]

    @property
    def ends(self) -> tuple[P, ...]:
        """The finite ends, in order."""
        return self._edges[not self._inside :: 2]

    @property
    def reaches_start(self) -> bool:
        """Whether the set is unbounded below."""
        return self._inside

    @property
    def reaches_end(self) -> bool:
        """Whether the set is unbounded above."""
        return bool(self._inside ^ (len(self._edges) & 1))

    @property
    def span(self) -> Interval[P] | None:
        """The shortest interval that holds the set; None for the empty set; `UnboundedError` for an unbounded one."""
        edges = self._bounded("spanned")
        return interval(edges[0], edges[-1]) if edges else None

    def gaps(self) -> "IntervalSet[P]":
        """Return the points between the intervals: never what lies before the first or after the last."""
        return of_edges(self._edges[not self._inside : len(self._edges) - (not self.reaches_end)], False)

    @property
    def total(self) -> Any:
        """The sum of the durations; `timedelta(0)` for the empty set, which has no point to tell its kind."""
        edges: Any = self._bounded("summed")
        if not edges:
            return timedelta(0)
        pieces = zip(edges[2::2], edges[3::2], strict=True)
        return sum((end - start for start, end in pieces), start=edges[1] - edges[0])

    def first(self, *, after: P | None = None) -> Interval[P] | None:
        """Return the earliest interval, of what lies at or after `after` where that is given; None if there is nothing.

        >>> IntervalSet([(9, 12), (13, 17)]).first(after=10)
        Interval(10, 12)
        """
        edges, inside = self._edges, self._inside
        if after is not None:
            rest = self & IntervalSet.since(after)
            edges, inside = rest._edges, rest._inside
        if inside or len(edges) == 1:
            message = "the first interval is unbounded; clip the set with & to a window first"
            raise UnboundedError(message, self)
        return interval(edges[0], edges[1]) if edges else None

    def clip(self, window: "Interval[P] | tuple[P, P]") -> "IntervalSet[P]":
        """Return what lies within the window: `self & window`. O(log n) and the copy of the answer."""
        return self & as_interval(window)

    def within(self, window: "Interval[P] | tuple[P, P]") -> "IntervalSet[P]":
        """Return what lies within the window: the name by which rules are asked, so that a set is a rule, too."""
        return self.clip(window)

    def shift(self, length: Any) -> "IntervalSet[P]":  # timedelta or number, as the point needs
        """Return the set moved by a length: elapsed time for aware datetimes, whole days for dates."""
        return of_edges(tuple([moved(edge, length) for edge in self._edges]), self._inside)

    def pad(self, before: Any = None, after: Any = None) -> "IntervalSet[P]":  # as in shift
        """Return the set with each interval grown by `before` and `after`, shrunk where negative; some may vanish.

        >>> IntervalSet([(0, 2), (4, 5), (9, 12)]).pad(-1, 1)
        IntervalSet([(1, 3), (5, 6), (10, 13)])
        """
        starts = self.starts if before is None else [moved(start, before, back=True) for start in self.starts]
        ends = self.ends if after is None else [moved(end, after) for end in self.ends]
        last = len(starts) - self.reaches_end
        pairs = zip(starts[:last], ends[self._inside :], strict=True)
        made: IntervalSet[P] = of_edges(kernel.coalesce([pair for pair in pairs if pair[0] < pair[1]]), False)
        if self._inside:
            made |= IntervalSet.until(ends[0]) if ends else self
        if self.reaches_end:
            made |= IntervalSet.since(starts[last]) if starts else self
        return made

    def at_least(self, length: Any) -> "IntervalSet[P]":  # as in shift
        """Return the intervals that last at least `length`, whole; unbounded ones do."""
        edges: Any = self._edges
        inside, reaches_end = self._inside, self.reaches_end
        kept: list[Any] = list(edges[:inside])
        last = len(edges) - reaches_end
        try:
            for start, end in zip(edges[inside:last:2], edges[inside + 1 : last : 2], strict=True):
                if end - start >= length:
                    kept += start, end
        except TypeError:
            message = f"{length!r} is no length of intervals between points like {edges[0]!r}"
            raise PointTypeError(message, length) from None
        return of_edges((*kept, *edges[last:]), inside)

    def chunks(self, length: Any, *, every: Any = None) -> Iterator[Interval[P]]:  # as in shift
        """Yield the chunks of each interval in order, as `Interval.chunks` does; each interval starts its own grid.

        Raises:
            IntervalError: if `length` or `every` is not positive.
            UnboundedError: if the set is unbounded.
        """
        edges = self._bounded("cut into chunks")
        every = length if every is None else every
        if edges:
            check_length("length", length, edges[0])
            check_length("every", every, edges[0])
        pieces = zip(edges[::2], edges[1::2], strict=True)
        return (chunk for start, end in pieces for chunk in chunked(start, end, length, every))

    def by_day(self: "IntervalSet[datetime]", zone: str | tzinfo) -> list[tuple[date, list[tuple[datetime, datetime]]]]:
        """Return the local days that hold any of the set, each with its pieces as (start, end) in local time.

        Pieces are cut at midnight; one that lasts to the end of a day ends at the start of the next local day (24:00).
        Local days have 23, 25 or 23.5 hours where the clocks change; a date that a zone left out is not there.
        O(n + days).

        Raises:
            PointTypeError: if the points are not aware datetimes.
            UnboundedError: if the set is unbounded.
            UnknownZoneError: if there is no such zone.
        """
        from slotcalc import zones  # noqa: PLC0415  # zoneinfo would be a quarter of the time of `import slotcalc`

        span = self.span
        if span is None:
            return []
        days: list[tuple[date, list[tuple[datetime, datetime]]]] = []
        for day, start, end in zones.local_days(span.start, span.end, zone):
            edges = kernel.clip(self._edges, self._inside, start, end)
            local = [zones.to_local(edge, zone) for edge in edges]
            if local:
                days.append((day, list(zip(local[::2], local[1::2], strict=True))))
        return days

    def __repr__(self) -> str:
        """Return the constructor call that makes this set; of more than 50 intervals, only the number and the ends."""
        if not self._edges:
            return "IntervalSet.everything()" if self._inside else "IntervalSet()"
        if len(self) > _SHOWN:
            return f"<IntervalSet of {len(self)} intervals from {self._edges[0]!r} to {self._edges[-1]!r}>"
        bounded: list[str] = []
        parts: list[str] = []
        for start, end in self._pieces():
            if start is None:
                parts.append(f"IntervalSet.until({end!r})")
            elif end is not None:
                bounded.append(f"({start!r}, {end!r})")
        if bounded:
            parts.append(f"IntervalSet([{', '.join(bounded)}])")
        if self.reaches_end:
            parts.append(f"IntervalSet.since({self._edges[-1]!r})")
        return " | ".join(parts)

    def __str__(self) -> str:
        """Return ISO 8601 intervals, ".." for an open end, "∅" for the empty set; other points as "[start, end)"."""
        if not self:
            return "∅"
        if self._edges and not isinstance(self._edges[0], date):
            texts = [("(-∞" if s is None else f"[{s}", "∞)" if e is None else f"{e})") for s, e in self._pieces()]
            return ", ".join(f"{start}, {end}" for start, end in texts)
        ends = [[".." if p is None else iso8601.format_point(p) for p in piece] for piece in self._pieces()]
        return ", ".join(map("/".join, ends))

    def _pieces(self) -> Iterator[tuple[Any, Any]]:
        """Yield (start, end) of each interval, with None for an open end."""
        edges = [None] * self._inside + [*self._edges] + [None] * self.reaches_end
        return zip(edges[::2], edges[1::2], strict=True)

    def _bounded(self, what: str) -> tuple[Any, ...]:
        """Return the edges, or raise `UnboundedError` if the set is unbounded and so cannot be `what`."""
        if self._inside or len(self._edges) & 1:
            message = f"an unbounded set cannot be {what}; clip it with & to a window first"
            raise UnboundedError(message, self)
        return self._edges


def of_edges(edges: tuple[Any, ...], inside: bool) -> IntervalSet[Any]:
    """Make a set of edges that are known to be in form: the way in for modules that computed with `kernel`."""
    made: IntervalSet[Any] = _new(IntervalSet)
    made._edges = edges
    made._inside = inside
    return made


def _as_set(intervals: "Iterable[Interval[P] | tuple[P, P]] | Interval[P]") -> IntervalSet[P]:
    return intervals if isinstance(intervals, IntervalSet) else IntervalSet(intervals)


def _edges_of(intervals: Any) -> tuple[tuple[Any, ...], bool]:
    """Return edges and bit of whatever the constructor takes, first as if it were pairs in UTC, then looking closer."""
    if type(intervals) is IntervalSet:
        return intervals._edges, intervals._inside
    if type(intervals) is Interval:
        return (intervals.start, intervals.end), False
    if type(intervals) is not list:
        try:
            intervals = list(intervals)
        except TypeError:
            mend = "; ask a rule for a window: rule.within(window)" if hasattr(intervals, "within") else ""
            message = f"{intervals!r:.200} is neither an interval nor a collection of intervals{mend}"
            raise PointTypeError(message, intervals) from None
    try:
        edges = kernel.coalesce_utc(intervals)
    except (AttributeError, LookupError, TypeError, ValueError):
        edges = None  # not all plain: the closer look says what each is, or names the one at fault
    if edges is None:
        pairs = [(item.start, item.end) if type(item) is Interval else item for item in intervals]
        edges = kernel.coalesce(normalised_pairs(pairs))
    return edges, False


def _met(a: tuple[Any, ...], a_inside: bool, b: tuple[Any, ...], b_inside: bool) -> IntervalSet[Any]:
    made: IntervalSet[Any] = _new(IntervalSet)
    try:
        made._edges = kernel.meet(a, a_inside, b, b_inside)
    except TypeError:
        raise mixed(a[0], b[0]) from None
    made._inside = a_inside and b_inside
    return made


_new: Any = object.__new__
