"""Whole fleets at once: the questions of slotcalc put to data frames, one row an interval, in the caller's own kind.

Needs the extra `frames`. What is in memory (pandas, Polars, PyArrow, Modin, any Arrow stream) is answered by sorting
columns, what is lazy (Polars, DuckDB, Ibis, PySpark) by a plan that its engine runs. A row is `[start, end)` of the
resource that its keys name. Points may be datetimes of any resolution, with a zone or without, dates, or integers.

Read the modules of this folder in the order `columns`, `kernel`, `packing`, `exchange`, `fleets`, `appointments`,
`bridges`, `lazy`. Only `exchange` and `lazy` work with narwhals.
"""

from typing import Any, TypeVar

from slotcalc.booking import whole_number
from slotcalc.errors import MissingExtraError

try:
    import narwhals  # noqa: F401  # asked for here, so that one place says what is missing
    import numpy as np
except ImportError as error:
    raise MissingExtraError(f"data frames need {error.name}: pip install 'slotcalc[frames]'", error.name) from error

from slotcalc.frames import kernel, lazy
from slotcalc.frames.appointments import starts
from slotcalc.frames.bridges import by_key
from slotcalc.frames.columns import FLEET_LIMITS, Columns, Keys
from slotcalc.frames.exchange import Fleet, Side, are_lazy, as_frame, as_given, in_memory, joined, length_in
from slotcalc.frames.fleets import slots_of
from slotcalc.frames.packing import Answer, Rows, answer, packed
from slotcalc.limits import Limits

__all__ = [
    "FLEET_LIMITS",
    "at_least",
    "by_key",
    "coverage",
    "free",
    "gaps",
    "intersect",
    "merge",
    "overlaps_join",
    "slots_of",
    "starts",
]

F = TypeVar("F")
_LARGEST = 2**63 - 1


def free(
    slots: F,
    bookings: Any,  # a frame of the same kind
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    before: Any = None,  # a length: timedelta for datetimes and dates, an int for integers
    after: Any = None,  # as before
    capacity: str | None = None,
    taken: str | None = None,
    seats: int = 1,
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return when the slots of each resource have at least `seats` seats that no booking of it takes.

    The meaning is that of `slotcalc.free` for each resource by itself: of overlapping slots the larger capacity counts,
    not the sum, overlapping bookings add up, a booking takes [start - before, end + after), and touching pieces are
    one. All bookings count: leave the cancelled ones out first. Bookings of resources without slots do no harm.

    Args:
        slots: what is offered.
        bookings: what is claimed, in a frame of the same library with the same names of columns.
        by: the key columns, which together name a resource; `()` if all rows are of one.
        start: the column of the starts.
        end: the column of the ends.
        before: how long before its start a booking blocks its resource.
        after: how long after its end it still does.
        capacity: the column of `slots` with the seats that each offers; 1 each if not given.
        taken: the column of `bookings` with the seats that each takes; 1 each if not given.
        seats: how many seats must be left.
        max_bytes: how much memory to work with besides frames and answer; more than that is done in ranges of
            resources. No limit if not given: about 64 bytes a row.
        check: whether a lazy frame is first searched for rows that mean nothing; frames in memory always are.

    Returns:
        A frame like `slots` with its keys, starts and ends alone, in their data types, zone and all; the resolution is
        the finest of both frames and the buffers. The rows of a resource stand together, in order of time; resources
        are in no order. From lazy frames a lazy one, in no order at all.

    O(n log n), most of it numpy's sorting, in two threads; O(n) for rows that are in order of resource and time.

    Raises:
        IntervalError: for rows whose start is not before their end, with their number and the first of them; for a
            negative buffer.
        PointTypeError: for columns that are missing or no points, or that do not go together, such as naive datetimes
            with instants; for frames of two kinds.
        PointValueError: for nulls in any of the columns, with their number and the first of them; for seats less
            than 1; for times of 2 ** 63 units and more apart.

    >>> import polars as pl
    >>> slots = pl.DataFrame({"room": ["a", "b"], "start": [9, 9], "end": [17, 12]})
    >>> bookings = pl.DataFrame({"room": ["a", "a"], "start": [10, 15], "end": [11, 18]})
    >>> sorted(free(slots, bookings, by="room").rows())
    [('a', 9, 10), ('a', 11, 15), ('b', 9, 12)]
    """
    columns = Columns(by, start, end)
    whole_number("seats", seats)
    offered, booked = as_frame(slots), as_frame(bookings)
    if are_lazy(offered, booked):
        plan = lazy.free(
            offered,
            booked,
            columns,
            before=before,
            after=after,
            capacity=capacity,
            taken=taken,
            seats=seats,
            check=check,
        )
        return as_given(plan, slots)
    fleet = Fleet(columns, [Side("slots", offered, capacity), Side("bookings", booked, taken)], [before, after])
    offers, claims = fleet.tables
    if seats > 1:
        left = np.zeros(len(offers.codes), np.int64) if offers.weights is None else offers.weights - (seats - 1)
        offers = offers._replace(weights=left).take(left > 0)
    claims = _clipped(claims, offers, length_in(fleet.times, "before", before), length_in(fleet.times, "after", after))
    return as_given(fleet.frame(answer(_free, [offers, claims], fleet.resources, max_bytes=max_bytes)), slots)


def merge(
    frame: F,
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return the intervals of each resource with overlapping and touching ones made one.

    Arguments, answer and errors are as in `free`.

    >>> import polars as pl
    >>> merge(pl.DataFrame({"start": [10, 9, 14], "end": [12, 10, 15]}), by=()).rows()
    [(9, 12), (14, 15)]
    """
    columns, table = Columns(by, start, end), as_frame(frame)
    if are_lazy(table):
        return as_given(lazy.merge(table, columns, check=check), frame)
    fleet = Fleet(columns, [Side("the frame", table)])
    return as_given(fleet.frame(answer(_merge, fleet.tables, fleet.resources, max_bytes=max_bytes)), frame)


def intersect(
    left: F,
    right: Any,  # a frame of the same kind
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return the time of each resource that both frames have, each of them merged.

    Arguments, answer and errors are as in `free`.

    >>> import polars as pl
    >>> left, right = pl.DataFrame({"start": [9], "end": [17]}), pl.DataFrame({"start": [8, 16], "end": [12, 20]})
    >>> intersect(left, right, by=()).rows()
    [(9, 12), (16, 17)]
    """
    columns, one, other = Columns(by, start, end), as_frame(left), as_frame(right)
    if are_lazy(one, other):
        return as_given(lazy.intersect(one, other, columns, check=check), left)
    fleet = Fleet(columns, [Side("left", one), Side("right", other)])
    return as_given(fleet.frame(answer(_intersect, fleet.tables, fleet.resources, max_bytes=max_bytes)), left)


def coverage(
    frame: F,
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return the maximal pieces of constant depth of each resource, and in the column `depth` how many rows hold there.

    Pieces of depth 0 are left out. Arguments, answer and errors are as in `free`; no key may be called `depth`.

    >>> import polars as pl
    >>> coverage(pl.DataFrame({"start": [9, 10], "end": [12, 14]}), by=()).rows()
    [(9, 10, 1), (10, 12, 2), (12, 14, 1)]
    """
    columns, table = Columns(by, start, end), as_frame(frame)
    Columns((*columns.by, "depth"), start, end)  # refuses a column of that name
    if are_lazy(table):
        return as_given(lazy.coverage(table, columns, check=check), frame)
    fleet = Fleet(columns, [Side("the frame", table)])
    rows = answer(_coverage, fleet.tables, fleet.resources, max_bytes=max_bytes)
    return as_given(fleet.frame(rows, weights="depth"), frame)


def at_least(
    frame: F,
    k: int,
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return where at least `k` intervals of a resource hold at once.

    Arguments, answer and errors are as in `free`; `k` is a whole number of 1 or more.

    >>> import polars as pl
    >>> at_least(pl.DataFrame({"start": [9, 10], "end": [12, 14]}), 2, by=()).rows()
    [(10, 12)]
    """
    whole_number("k", k)
    columns, table = Columns(by, start, end), as_frame(frame)
    if are_lazy(table):
        return as_given(lazy.at_least(table, columns, k, check=check), frame)
    fleet = Fleet(columns, [Side("the frame", table)])

    def hold(_: int, intervals: kernel.Intervals, __: None) -> Answer:
        return Answer(kernel.at_least(k, intervals))

    return as_given(fleet.frame(answer(hold, fleet.tables, fleet.resources, max_bytes=max_bytes)), frame)


def gaps(
    frame: F,
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    max_bytes: int | None = None,
    check: bool = True,
) -> F:
    """Return the time between the intervals of each resource, from its first start to its last end.

    Arguments, answer and errors are as in `free`.

    >>> import polars as pl
    >>> gaps(pl.DataFrame({"start": [9, 14], "end": [12, 15]}), by=()).rows()
    [(12, 14)]
    """
    columns, table = Columns(by, start, end), as_frame(frame)
    if are_lazy(table):
        return as_given(lazy.gaps(table, columns, check=check), frame)
    fleet = Fleet(columns, [Side("the frame", table)])
    return as_given(fleet.frame(answer(_gaps, fleet.tables, fleet.resources, max_bytes=max_bytes)), frame)


def overlaps_join(
    left: F,
    right: Any,  # a frame of the same kind
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    suffix: str = "_right",
    limits: Limits = FLEET_LIMITS,
) -> F:
    """Return all pairs of a left and a right row of the same resource that share a point.

    Touching rows share none. A pair has all columns of the left row, then those of the right one but the keys, with the
    suffix where a name is taken; pairs are in no order. For frames in memory only: engines have joins of their own.

    O(n log n + the answer), however the rows overlap.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`; PointTypeError for lazy frames, too.
        LimitExceededError: for more pairs than `limits` has `rows`, before any is made.

    >>> import polars as pl
    >>> left, right = pl.DataFrame({"start": [9, 12], "end": [12, 14]}), pl.DataFrame({"start": [11], "end": [12]})
    >>> overlaps_join(left, right, by=()).rows()
    [(9, 12, 11, 12)]
    """
    columns, one, other = Columns(by, start, end), in_memory(left, "overlaps_join"), in_memory(right, "overlaps_join")
    are_lazy(one, other)  # refuses frames of two libraries
    fleet = Fleet(columns, [Side("left", one), Side("right", other)])
    tables = [rows._replace(weights=np.arange(len(rows.codes))) for rows in fleet.tables]
    found: list[tuple[kernel.Ints, kernel.Ints]] = []
    total = 0
    for _, _, ((lefts, left_rows), (rights, right_rows)) in packed(tables, fleet.resources):
        count, pairs = kernel.overlaps(lefts, rights)
        total += count
        limits.check("rows", total)
        some, others = pairs()
        found.append((left_rows[some], right_rows[others]))
    left_rows, right_rows = (np.concatenate(column) for column in zip(*found, strict=True))
    return as_given(joined(one, left_rows, other, right_rows, columns.by, suffix), left)


def _free(
    _: int,
    slots: kernel.Intervals,
    capacity: kernel.Ints | None,
    bookings: kernel.Intervals,
    taken: kernel.Ints | None,
) -> Answer:
    if capacity is None:  # then how many seats are taken does not matter
        return Answer(kernel.subtract(kernel.merge(slots), bookings))
    load = np.ones(len(bookings.starts), np.int64) if taken is None else taken
    return Answer(kernel.free_seats(slots, capacity, bookings, load))


def _merge(_: int, intervals: kernel.Intervals, __: None) -> Answer:
    return Answer(kernel.merge(intervals))


def _intersect(_: int, left: kernel.Intervals, __: None, right: kernel.Intervals, ___: None) -> Answer:
    return Answer(kernel.intersect(kernel.merge(left), kernel.merge(right)))


def _coverage(_: int, intervals: kernel.Intervals, __: None) -> Answer:
    return Answer(*kernel.coverage(intervals))


def _gaps(bits: int, intervals: kernel.Intervals, _: None) -> Answer:
    return Answer(kernel.gaps(kernel.merge(intervals), bits))


def _clipped(bookings: Rows, slots: Rows, before: int, after: int) -> Rows:
    """Return bookings with their buffers, cut where they reach far beyond the slots, lest one widen the packing."""
    if not len(slots.codes) or not len(bookings.codes):
        return bookings.take(slice(0))
    low, high = int(slots.starts.min()), int(slots.ends.max())
    far = min(high - low, _LARGEST - (high - low)) // 2  # costs one bit, and most bookings need no cutting then
    low, high = max(low - far, -_LARGEST), min(high + far, _LARGEST)
    starts, ends = bookings.starts, bookings.ends  # one before the other, so these are the outermost
    if low <= int(starts.min()) - before and int(ends.max()) + after <= high:
        return bookings._replace(starts=starts - before if before else starts, ends=ends + after if after else ends)
    return bookings._replace(starts=_moved(starts, -before, low, high), ends=_moved(ends, after, low, high))


def _moved(times: kernel.Ints, by: int, low: int, high: int) -> kernel.Ints:
    """Return times moved and then clipped to [low, high], by clipping first: the sum of all of them might overflow."""
    first, last = (min(max(bound - by, -_LARGEST), _LARGEST) for bound in (low, high))
    return np.clip(np.clip(times, first, last) + by, low, high)
