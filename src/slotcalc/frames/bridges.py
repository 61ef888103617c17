"""Between sets and columns: arrays, data frames, pandas' IntervalIndex, Polars' columns of structs, and back.

What goes out has one row a maximal interval; what comes in may be in any order and overlap. Imports `exchange` and
`kernel`; of third parties besides numpy only pandas, and that where its own index is made. Read `lazy` next.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from slotcalc.errors import IntervalError, MissingExtraError, PointTypeError, PointValueError
from slotcalc.frames import kernel
from slotcalc.frames.columns import Columns, Keys
from slotcalc.frames.exchange import Fleet, Frame, Side, Times, beside, in_memory, new_column
from slotcalc.frames.kernel import Intervals, Ints
from slotcalc.frames.packing import Answer, answer
from slotcalc.intervals import IntervalSet, of_edges

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

__all__ = [
    "Library",
    "by_key",
    "from_arrays",
    "from_frame",
    "from_index",
    "from_lists",
    "from_structs",
    "to_arrays",
    "to_frame",
    "to_index",
    "to_lists",
    "to_structs",
]

Library: TypeAlias = Literal["pandas", "polars", "pyarrow", "modin"]

_DAYS: Final = frozenset({"Y", "M", "W", "D"})
_SUBSECONDS: Final = frozenset({"s", "ms", "us", "ns"})


def by_key(frame: Any, *, by: Keys, start: str = "start", end: str = "end") -> dict[Any, IntervalSet[Any]]:
    """Return the interval set of each resource by its key: a value, or a tuple of them for several key columns.

    Instants become datetimes in UTC, so this makes an object of each end: some 0.3 µs each, besides sorting.

    Raises:
        IntervalError, PointTypeError: as `frames.free`; PointTypeError for a lazy frame, too.
        PointValueError: as `frames.free`; for instants that are no whole number of microseconds, or out of the years
            1 to 9999.

    >>> import polars as pl
    >>> by_key(pl.DataFrame({"room": ["a", "a"], "start": [9, 10], "end": [10, 12]}), by="room")
    {'a': IntervalSet([(9, 12)])}
    """
    columns = Columns(by, start, end)
    fleet = Fleet(columns, [Side("the frame", in_memory(frame, "by_key"))])
    rows = answer(lambda _, intervals, __: Answer(kernel.merge(intervals)), fleet.tables, fleet.resources)
    edges = _points(np.stack((rows.starts, rows.ends), axis=1).ravel(), fleet.times)
    cuts = np.flatnonzero(np.diff(rows.codes, prepend=-1))
    keys = fleet.keys(rows.codes[cuts])
    named = [()] * len(cuts) if keys is None else [key if len(key) > 1 else key[0] for key in keys.rows()]
    bounds = [*(cuts * 2).tolist(), len(edges)]
    return {key: of_edges(tuple(edges[i:j]), False) for key, i, j in zip(named, bounds, bounds[1:], strict=False)}


def from_frame(frame: Any, *, start: str = "start", end: str = "end") -> IntervalSet[Any]:
    """Return the points that the rows of any frame in memory cover, whatever its library.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `by_key`.

    >>> import pyarrow as pa
    >>> from_frame(pa.table({"start": [9, 10], "end": [10, 12]}))
    IntervalSet([(9, 12)])
    """
    sets = by_key(frame, by=(), start=start, end=end)
    return sets.get((), IntervalSet())


def to_frame(
    intervals: IntervalSet[Any], library: Library, *, start: str = "start", end: str = "end"
) -> Any:  # a frame of that library
    """Return a bounded set as a frame of the library of that name, one row an interval.

    Datetimes go to the microsecond, instants as such in UTC. An empty set has no kind of points; its columns are
    integers.

    Raises:
        PointTypeError: for points other than datetimes, dates and integers.
        PointValueError: for integers beyond 64 bits.
        UnboundedError: if the set is unbounded.

    >>> to_frame(IntervalSet([(9, 12), (14, 15)]), "polars").rows()
    [(9, 12), (14, 15)]
    """
    return _frame(intervals.pairs(), library, start, end).to_native()


def from_arrays(starts: "npt.ArrayLike", ends: "npt.ArrayLike", *, utc: bool = False) -> IntervalSet[Any]:
    """Return the points that two arrays of starts and ends cover: integers, or datetime64 of any unit.

    numpy has no zones: datetime64 becomes naive datetimes, or with `utc=True` instants; by days it becomes dates.

    Raises:
        IntervalError: for reversed or empty rows, or arrays of different lengths.
        PointTypeError: for other arrays, or two of different kinds.
        PointValueError: for NaT; for times that are no whole number of microseconds, or out of the years 1 to 9999.

    >>> from_arrays([9, 10], [10, 12])
    IntervalSet([(9, 12)])
    """
    opens, closes = np.asarray(starts), np.asarray(ends)
    if opens.shape != closes.shape or opens.ndim != 1:
        raise IntervalError(f"starts of shape {opens.shape} and ends of shape {closes.shape} are no pairs", opens.shape)
    if not opens.size:
        return IntervalSet()
    kinds = {opens.dtype.kind.replace("u", "i"), closes.dtype.kind.replace("u", "i")}
    if len(kinds) > 1 or not kinds <= {"i", "M"}:
        raise PointTypeError(f"arrays of {opens.dtype} and {closes.dtype} are no points of one kind", str(opens.dtype))
    common = np.promote_types(opens.dtype, closes.dtype)
    times = Times("integer")
    if kinds == {"M"}:
        if np.isnat(opens).any() or np.isnat(closes).any():
            raise PointValueError("some of the times are NaT; leave such rows out", None)
        unit = np.datetime_data(common)[0]
        if unit in _DAYS:
            times, common = Times("date"), np.dtype("datetime64[D]")
        else:
            unit = unit if unit in _SUBSECONDS else "s"
            times, common = Times("instant" if utc else "naive datetime", unit), np.dtype(f"datetime64[{unit}]")
    both = Intervals(*[side.astype(common).astype(np.int64) for side in (opens, closes)])
    wrong = np.flatnonzero(both.starts >= both.ends)
    if len(wrong):
        first = f"{opens[wrong[0]]} to {closes[wrong[0]]}"
        raise IntervalError(f"{len(wrong)} of {len(opens)} rows are reversed or empty (the first: {first})", len(wrong))
    merged = kernel.merge(both)
    return of_edges(tuple(_points(np.stack(merged, axis=1).ravel(), times)), False)


def to_arrays(intervals: IntervalSet[Any]) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
    """Return the starts and the ends of a bounded set: int64, or datetime64 to the microsecond, by days for dates.

    Raises:
        PointTypeError, PointValueError, UnboundedError: as `to_frame`.

    >>> [array.tolist() for array in to_arrays(IntervalSet([(9, 12), (14, 15)]))]
    [[9, 14], [12, 15]]
    """
    pairs = intervals.pairs()
    numbers, times = _numbers([point for pair in pairs for point in pair])
    kind = {"integer": "int64", "date": "datetime64[D]"}.get(times.kind, "datetime64[us]")
    both = numbers.view(kind)
    return both[::2].copy(), both[1::2].copy()


def from_index(index: "pd.IntervalIndex[Any]") -> IntervalSet[Any]:
    """Return the points that a pandas IntervalIndex covers; it must be closed on the left, as intervals are here.

    Raises:
        IntervalError: for an index that is closed in another way.
        PointTypeError, PointValueError: as `by_key`.

    >>> import pandas as pd
    >>> from_index(pd.IntervalIndex.from_tuples([(9, 10), (10, 12)], closed="left"))
    IntervalSet([(9, 12)])
    """
    if index.closed != "left":
        message = f"the index is closed={index.closed!r}; intervals are [start, end), which is closed='left'"
        raise IntervalError(message, index.closed)
    frame = index.left.to_frame(index=False, name="start")
    frame["end"] = index.right
    return from_frame(frame)


def to_index(intervals: IntervalSet[Any]) -> "pd.IntervalIndex[Any]":
    """Return a bounded set as a pandas IntervalIndex, closed on the left.

    Raises:
        MissingExtraError: without pandas.
        PointTypeError, PointValueError, UnboundedError: as `to_frame`.

    >>> to_index(IntervalSet([(9, 12), (14, 15)])).mid.tolist()
    [10.5, 14.5]
    """
    try:
        import pandas as pd  # noqa: PLC0415  # frames are of any library, and this one may not be there
    except ImportError as error:
        raise MissingExtraError("an IntervalIndex is made by pandas: pip install pandas", error.name) from error
    frame = to_frame(intervals, "pandas")
    return pd.IntervalIndex.from_arrays(frame["start"], frame["end"], closed="left")


def from_structs(series: Any) -> IntervalSet[Any]:  # a Polars series of structs
    """Return the points that a Polars column of structs with the fields `start` and `end` covers.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `by_key`.

    >>> from_structs(to_structs(IntervalSet([(9, 12)])))
    IntervalSet([(9, 12)])
    """
    return from_frame(series.struct.unnest())


def to_structs(intervals: IntervalSet[Any], name: str = "intervals") -> Any:  # a Polars series
    """Return a bounded set as a Polars column of structs with the fields `start` and `end`.

    Raises:
        PointTypeError, PointValueError, UnboundedError: as `to_frame`.

    >>> to_structs(IntervalSet([(9, 12)])).to_list()
    [{'start': 9, 'end': 12}]
    """
    return to_frame(intervals, "polars").to_struct(name)


def from_lists(series: Any) -> list[IntervalSet[Any]]:  # a Polars series of lists of structs
    """Return the set of each row of a Polars column of lists of such structs; a null or empty list is the empty set.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `by_key`.

    >>> from_lists(to_lists([IntervalSet([(9, 12)]), IntervalSet()]))
    [IntervalSet([(9, 12)]), IntervalSet()]
    """
    rows = series.alias("interval").to_frame().with_row_index("row").filter(series.list.len() > 0).explode("interval")
    sets = by_key(rows.unnest("interval"), by="row")
    return [sets.get(row, IntervalSet()) for row in range(len(series))]


def to_lists(sets: Iterable[IntervalSet[Any]], name: str = "intervals") -> Any:  # a Polars series
    """Return bounded sets as a Polars column of lists of such structs, one row a set; their points are of one kind.

    Raises:
        MissingExtraError: without Polars.
        PointTypeError, PointValueError, UnboundedError: as `to_frame`.

    >>> to_lists([IntervalSet([(9, 12), (14, 15)]), IntervalSet()]).list.len().to_list()
    [2, 0]
    """
    try:
        import polars as pl  # noqa: PLC0415  # as pandas above
    except ImportError as error:
        raise MissingExtraError("a column of lists is made by Polars: pip install polars", error.name) from error
    rows = [each.pairs() for each in sets]
    structs = _frame([pair for pairs in rows for pair in pairs], "polars", "start", "end").to_native().to_struct(name)
    bounds = np.cumsum([0, *map(len, rows)]).tolist()
    parts = [structs[low:high] for low, high in pairwise(bounds)]
    return pl.Series(name, parts, pl.List(structs.dtype))


def _frame(pairs: list[tuple[Any, Any]], library: Library, start: str, end: str) -> Frame:
    """Return pairs of points as a frame."""
    numbers, times = _numbers([point for pair in pairs for point in pair])
    made = [new_column(name, side, times, library) for name, side in ((start, numbers[::2]), (end, numbers[1::2]))]
    return beside(None, made)


def _numbers(points: list[Any]) -> tuple[Ints, Times]:
    """Return points as numbers, datetimes to the microsecond."""
    if not points:
        return np.empty(0, np.int64), Times("integer")
    first = points[0]
    try:
        if isinstance(first, datetime):
            plain = [point.replace(tzinfo=None) for point in points]
            kind = "naive datetime" if first.tzinfo is None else "instant"
            return np.array(plain, "datetime64[us]").astype(np.int64), Times(kind, "us")
        if isinstance(first, date):
            return np.array(points, "datetime64[D]").astype(np.int64), Times("date")
        if isinstance(first, int):
            return np.array(points, np.int64), Times("integer")
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise PointValueError(f"some of the points do not fit into one column: {error}", first) from None
    raise PointTypeError(
        f"{first!r:.80} fits into no column; points of columns are datetimes, dates or integers", first
    )


def _points(numbers: Ints, times: Times) -> list[Any]:
    """Return numbers as the points that they count."""
    if times.kind == "integer":
        whole: list[Any] = numbers.tolist()
        return whole
    if times.kind == "date":
        days = numbers.view("datetime64[D]")
    elif times.unit == "ns":
        if (numbers % 1000).any():
            message = "some of the times are no whole number of microseconds, which datetimes count; round them first"
            raise PointValueError(message, int(numbers[np.flatnonzero(numbers % 1000)[0]]))
        days = (numbers // 1000).view("datetime64[us]")
    else:
        days = numbers.view(f"datetime64[{times.unit}]")
    points: list[Any] = days.tolist()
    if any(type(point) is int for point in points[:1] + points[-1:]):  # what numpy makes of other years
        raise PointValueError("some of the times are outside the years 1 to 9999", points[0])
    return [point.replace(tzinfo=UTC) for point in points] if times.kind == "instant" else points
