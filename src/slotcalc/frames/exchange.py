"""Frames in and out: columns of keys and points become numbers, and come back in the caller's own kind.

The one module beside `lazy` that works with narwhals. What has no place on the line is refused here, with the number of
the rows and an example: nulls, reversed rows, columns of kinds that do not go together. Imports `packing` and
`columns`; read `fleets` or the package itself next, which put the questions.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

import narwhals as nw
import numpy as np

from slotcalc.errors import IntervalError, MissingExtraError, PointTypeError, PointValueError
from slotcalc.frames.columns import Columns
from slotcalc.frames.kernel import Bools, Ints
from slotcalc.frames.packing import Rows

__all__ = [
    "Fleet",
    "Frame",
    "Series",
    "Side",
    "Times",
    "are_lazy",
    "as_frame",
    "as_given",
    "beside",
    "column",
    "distinct",
    "drawn",
    "in_memory",
    "instants",
    "joined",
    "length_in",
    "new_column",
    "positions",
]

F = TypeVar("F")
Frame: TypeAlias = nw.DataFrame[Any]
Series: TypeAlias = nw.Series[Any]

_UNITS: Final = ("s", "ms", "us", "ns")  # from coarse to fine
_PER_SECOND: Final = {"": 0, "s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MS_PER_DAY: Final = 86_400_000
_DAY: Final = _MS_PER_DAY * 10**6  # in nanoseconds
_LARGEST: Final = 2**63 - 1


class Times(NamedTuple):
    """What the numbers in a column of points count."""

    kind: str
    """What a point is: an instant, a naive datetime, a date or an integer."""
    unit: str = ""
    """The resolution of datetimes; empty for dates and integers."""

    @property
    def per_second(self) -> int:
        """How many units a second has, for datetimes."""
        return _PER_SECOND[self.unit]


class Side(NamedTuple):
    """A frame, what to call it in an error, and its column of weights, if it has one."""

    name: str
    frame: Frame
    weights: str | None = None


class Fleet:
    """Frames of intervals that one question is about: their rows as numbers, and the way back.

    All of them have the columns that `columns` names. The answer has the keys and the times of the first one, in its
    data types; where another frame or one of the `lengths` has a finer resolution, in that.
    """

    def __init__(self, columns: Columns, sides: Sequence[Side], lengths: Sequence[object] = ()) -> None:
        """Read all of the columns and check them."""
        self.columns = columns
        self._first = sides[0].frame
        for side in sides:
            for name in (*columns.names, *([] if side.weights is None else [side.weights])):
                _check_there(side, name)
        self.times = _common_times(columns, sides, lengths)
        read = [[_numbers(side, name, self.times) for name in (columns.start, columns.end)] for side in sides]
        for side, (starts, ends) in zip(sides, read, strict=True):
            _check_order(side, columns, starts >= ends)
        # `keys` makes the key columns of numbers of resources.
        codes, self.resources, self.keys = _codes(columns.by, sides)
        weights = [None if side.weights is None else _weights(side, side.weights) for side in sides]
        self.tables = [
            Rows(code, starts, ends, weight) for code, (starts, ends), weight in zip(codes, read, weights, strict=True)
        ]

    def frame(self, rows: Rows, *, weights: str = "") -> Frame:
        """Return rows as a frame of the caller's own kind; their weights, if they have any, under the name given."""
        times = {self.columns.start: rows.starts, self.columns.end: rows.ends}
        made = [column(self._first[name], numbers, self.times) for name, numbers in times.items()]
        if rows.weights is not None:
            made.append(nw.new_series(weights, rows.weights, backend=self._first.implementation))
        return beside(self.keys(rows.codes), made)

    def key(self, name: str, codes: Ints) -> Series:
        """Return one of the key columns, of these numbers of resources."""
        keys: Any = self.keys(codes)  # at least this one
        series: Series = keys[name]
        return series

    def frame_of_starts(self, codes: Ints, starts: Ints) -> Frame:
        """Return points, each with the key of its resource, as a frame of the caller's own kind."""
        return beside(self.keys(codes), [column(self._first[self.columns.start], starts, self.times)])


def as_frame(given: Any) -> Any:  # any table that narwhals or Arrow knows, as a DataFrame or LazyFrame
    """Return a table as narwhals sees it; one that only offers Arrow's stream becomes a PyArrow table, or Polars'.

    Raises:
        PointTypeError: for what is no table.
        MissingExtraError: for an Arrow stream, if neither PyArrow nor Polars is installed to read it.
    """
    try:
        return nw.from_native(given)
    except TypeError:
        if not hasattr(given, "__arrow_c_stream__"):
            message = f"{given!r:.80} is no data frame; pass one of pandas, Polars, PyArrow, DuckDB …"
            raise PointTypeError(message, type(given)) from None
    for backend in ("pyarrow", "polars"):
        try:
            return nw.from_arrow(given, backend=backend)
        except ImportError:
            continue
    raise MissingExtraError("an Arrow stream is read by PyArrow or Polars: pip install pyarrow", "pyarrow")


def as_given(answer: Any, given: F) -> F:
    """Return an answer as the caller's own kind of table: narwhals' if that is what was given."""
    made: F = answer if isinstance(given, nw.DataFrame | nw.LazyFrame) else answer.to_native()
    return made


def are_lazy(*frames: object) -> bool:
    """Return whether frames are lazy, all or none of them.

    Raises:
        PointTypeError: if some are and some are not, or if they are of different libraries.
    """
    lazy = [isinstance(frame, nw.LazyFrame) for frame in frames]
    kinds = {getattr(frame, "implementation", None): frame for frame in frames}
    if len(kinds) > 1 or len({*lazy}) > 1:
        named = " and ".join(
            f"{'lazy' * is_lazy} {str(frame.implementation).rpartition('.')[2]}".strip()  # type: ignore[attr-defined]
            for frame, is_lazy in zip(frames, lazy, strict=True)
        )
        raise PointTypeError(
            f"frames of two kinds ({named}) in one question; bring one to the kind of the other", named
        )
    return lazy[0]


def in_memory(frame: Any, name: str) -> Frame:
    """Return a frame that is in memory, or say that the question has no lazy answer."""
    table = as_frame(frame)
    if not isinstance(table, nw.DataFrame):
        raise PointTypeError(
            f"{name} answers about frames in memory, and this one is lazy; pass it with .collect()", name
        )
    return table


def length_in(times: Times, name: str, length: Any) -> int:
    """Return a length, none as zero, in the units of the times.

    Raises:
        IntervalError: for a negative length.
        PointTypeError: for a length that does not go with such times.
        PointValueError: for one that is no whole number of units, or of 2 ** 62 units and more.
    """
    if length is None:
        return 0
    if type(length) is not int if times.kind == "integer" else not isinstance(length, timedelta):
        noun = "a whole number" if times.kind == "integer" else "a timedelta"
        raise PointTypeError(f"{name}={length!r:.80} is no length; {times.kind} columns need {noun}", length)
    if times.kind == "integer":
        units, rest = length, 0
    else:
        per_second = _PER_SECOND[times.unit]
        units, rest = divmod(_nanoseconds(length), 10**9 // per_second if per_second else _DAY)
    if units < 0:
        raise IntervalError(f"{name}={length!r} is negative", length)
    if rest:
        unit = times.unit or "days"
        message = f"{name}={length!r} is no whole number of {unit}, which the columns count; cast them to a finer type"
        raise PointValueError(message, length)
    if units >= 2**62:
        raise PointValueError(f"{name}={length!r} is 2**62 {times.unit or 'units'} or more", length)
    return int(units)


def column(like: Series, numbers: Ints, times: Times) -> Series:
    """Return numbers as a column of the same name, library and data type as another, or of a finer resolution."""
    dtype = like.dtype
    own = not isinstance(dtype, nw.Datetime) or dtype.time_unit == times.unit
    if own and not len(numbers):  # which may be of no kind of points at all
        return like.head(0)
    made = nw.new_series(like.name, numbers, backend=like.implementation)
    if isinstance(dtype, nw.Datetime):
        made = made.cast(nw.Datetime(times.unit, dtype.time_zone))  # type: ignore[arg-type]  # one of the four
    else:
        made = made.cast(nw.Int32()).cast(dtype) if dtype == nw.Date else made.cast(dtype)
    if own and like.implementation.is_pandas_like():  # which has several data types for what narwhals calls one
        made = nw.from_native(made.to_native().astype(like.to_native().dtype), series_only=True)
    return made


def new_column(name: str, numbers: Ints, times: Times, library: str) -> Series:
    """Return numbers as a column of a library by its name, instants in UTC."""
    made = nw.new_series(name, numbers, backend=library)  # type: ignore[arg-type]  # a name that the caller has checked
    if times.kind == "date":
        return made.cast(nw.Int32()).cast(nw.Date())
    if times.kind == "integer":
        return made
    return made.cast(nw.Datetime(times.unit, "UTC" if times.kind == "instant" else None))  # type: ignore[arg-type]


def drawn(frame: Frame, rows: Ints) -> Frame:
    """Return the rows of a frame at these positions, numbered from 0 where the library numbers rows."""
    return nw.maybe_reset_index(frame[rows])


def joined(left: Frame, left_rows: Ints, right: Frame, right_rows: Ints, by: Sequence[str], suffix: str) -> Frame:
    """Return rows of two frames side by side, the keys once, other names of the right one made distinct by a suffix."""
    names = {name: name + suffix if name in left.columns else name for name in right.columns if name not in by}
    rights = drawn(right.select(*names), right_rows).rename(names)
    return drawn(left, left_rows).with_columns(*rights.iter_columns())


def instants(name: str, moments: Sequence[datetime], rows: Ints, like: Frame) -> Series:
    """Return the UTC datetimes at some positions of a list as a column of instants, in the library of a frame."""
    numbers = np.array([moment.replace(tzinfo=None) for moment in moments], "datetime64[us]").astype(np.int64)[rows]
    return nw.new_series(name, numbers, backend=like.implementation).cast(nw.Datetime("us", "UTC"))


def distinct(side: Side, names: Sequence[str], by: Sequence[str]) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Return for each row the number of its values in the named columns, and these values; `by` is only checked."""
    for name in (*by, *names):
        _check_there(side, name)
        _check_nulls(side, name)
    (codes,), numbers = _joined_codes(names, [side])
    if not len(codes):
        return codes, []
    row_of = np.zeros(numbers, np.int64)
    row_of[codes] = np.arange(len(codes))
    return codes, drawn(side.frame.select(*names), row_of).rows()


def positions(names: Series) -> Iterator[tuple[Any, Ints]]:
    """Yield each distinct value of a column and the positions where it stands."""
    for value in names.unique().to_list():
        yield value, np.flatnonzero(np.asarray((names == value).to_numpy(), bool))


def beside(keys: Frame | None, made: Sequence[Series]) -> Frame:
    """Return columns as a frame, after its keys if there are any."""
    return made[0].to_frame().with_columns(*made[1:]) if keys is None else keys.with_columns(*made)


def _nanoseconds(length: timedelta) -> int:
    micros = length // timedelta(microseconds=1)
    return micros * 1000 + int(getattr(length, "nanoseconds", 0))  # pandas counts those apart


def _check_there(side: Side, name: str) -> None:
    there = side.frame.columns
    if name not in there:
        raise PointTypeError(f"{side.name}: there is no column {name!r}, only {', '.join(map(repr, there))}", name)


def _times_of(series: Series) -> Times | None:
    """Return what a column counts, None if it is no column of points."""
    dtype = series.dtype
    if isinstance(dtype, nw.Datetime):
        return Times("naive datetime" if dtype.time_zone is None else "instant", dtype.time_unit)
    if dtype == nw.Date:
        return Times("date")
    return Times("integer") if dtype.is_integer() else None


def _common_times(columns: Columns, sides: Sequence[Side], lengths: Sequence[object]) -> Times:
    """Return what all columns of points count, in the finest unit, or refuse those that do not go together."""
    found: dict[str, tuple[str, Times]] = {}
    units = []
    for side in sides:
        for name in (columns.start, columns.end):
            series = side.frame[name]
            times = _times_of(series)
            if times is None:
                if not len(series):  # an empty frame often has lost its data types
                    continue
                _check_nulls(side, name)
                message = (
                    f"the column {name!r} of {side.name} is {series.dtype}, and points are "
                    "datetimes, dates or integers; cast it first"
                )
                raise PointTypeError(message, name, str(series.dtype))
            found.setdefault(times.kind, (f"{name!r} of {side.name}", times))
            units.append(times.unit)
    if len(found) > 1:
        (kind, (one, _)), (other_kind, (other, _)) = list(found.items())[:2]
        message = f"{one} is a column of {kind}s and {other} of {other_kind}s; they have no common order"
        raise PointTypeError(message, kind, other_kind)
    kind = next(iter(found), "integer")
    if kind in {"instant", "naive datetime"}:
        units += [_unit_of(length) for length in lengths if isinstance(length, timedelta)]
        return Times(kind, max(units, key=_UNITS.index))
    return Times(kind)


def _unit_of(length: timedelta) -> str:
    """Return the coarsest unit of which a length is a whole number."""
    nanoseconds = _nanoseconds(length)
    return next(unit for unit in _UNITS if nanoseconds % (10**9 // _PER_SECOND[unit]) == 0)


def _numbers(side: Side, name: str, times: Times) -> Ints:
    """Return a column of points as numbers in the given unit."""
    series = side.frame[name]
    if not len(series):
        return np.empty(0, np.int64)
    _check_nulls(side, name)
    dtype = series.dtype
    if dtype == nw.Date:
        milliseconds: Ints = series.cast(nw.Datetime("ms")).cast(nw.Int64()).to_numpy()
        return milliseconds // _MS_PER_DAY
    if dtype == nw.UInt64 and int(series.max()) > _LARGEST:
        message = f"the column {name!r} of {side.name} holds numbers of 2**63 and more; subtract an origin first"
        raise PointValueError(message, name)
    numbers: Ints = series.cast(nw.Int64()).to_numpy()
    finer = _PER_SECOND[times.unit] // _PER_SECOND[dtype.time_unit] if isinstance(dtype, nw.Datetime) else 1
    if finer == 1:
        return numbers
    if max(-int(numbers.min()), int(numbers.max())) > _LARGEST // finer:
        message = f"the column {name!r} of {side.name} has instants too far from 1970 to be counted in {times.unit}"
        raise PointValueError(message, name)
    return numbers * finer


def _check_nulls(side: Side, name: str) -> None:
    series = side.frame[name]
    if series.null_count():
        empty = series.is_null()
    elif series.dtype.is_float() and series.is_nan().any():
        empty = series.is_nan()
    else:
        return
    rows = np.flatnonzero(np.asarray(empty.to_numpy(), bool))
    message = f"{_some(side, rows)} without {name!r}; leave such rows out, or fill them in: {_example(side, rows)}"
    raise PointValueError(message, len(rows), name)


def _check_order(side: Side, columns: Columns, reversed_: Bools) -> None:
    if reversed_.any():
        rows = np.flatnonzero(reversed_)
        message = (
            f"{_some(side, rows)} whose {columns.start!r} is not before their {columns.end!r}: {_example(side, rows)}"
        )
        raise IntervalError(message, len(rows))


def _some(side: Side, rows: Ints) -> str:
    return f"{side.name} has {len(rows)} of {len(side.frame)} rows"


def _example(side: Side, rows: Ints) -> str:
    first = side.frame.row(int(rows[0]))
    return "the first is " + ", ".join(f"{name}={value}" for name, value in zip(side.frame.columns, first, strict=True))


def _weights(side: Side, name: str) -> Ints:
    series = side.frame[name]
    if not len(series):
        return np.empty(0, np.int64)
    _check_nulls(side, name)
    if not series.dtype.is_integer():
        raise PointTypeError(f"the column {name!r} of {side.name} is {series.dtype}, and seats are whole numbers", name)
    numbers: Ints = series.cast(nw.Int64()).to_numpy()
    if numbers.min() < 1:
        rows = np.flatnonzero(numbers < 1)
        message = f"{_some(side, rows)} whose {name!r} is less than 1 seat: {_example(side, rows)}"
        raise PointValueError(message, len(rows), name)
    return numbers


_Keys: TypeAlias = Callable[[Ints], Frame | None]


def _codes(by: tuple[str, ...], sides: Sequence[Side]) -> tuple[list[Ints], int, _Keys]:
    """Return the resource of each row of each frame as a number, how many numbers there are, and their keys."""
    if not by:
        return [np.zeros(len(side.frame), np.int64) for side in sides], 1, lambda _: None
    for side in sides:
        for name in by:
            _check_nulls(side, name)
    first = sides[0].frame
    if len(by) == 1:
        own = first[by[0]]
        offset = _offset([side.frame[by[0]] for side in sides])
        if offset is not None:
            low, resources = offset
            codes = [_int64(side.frame[by[0]]) for side in sides]
            codes = [code - low for code in codes] if low else codes
            return codes, resources, lambda code: column(own, code + low, Times("integer")).to_frame()
    codes, resources = _joined_codes(by, sides)
    row_of = np.zeros(resources, np.int64)
    row_of[codes[0]] = np.arange(len(first))  # any row of a resource will do
    keys = first.select(*by)
    return codes, resources, lambda code: drawn(keys, row_of[code])


def _int64(series: Series) -> Ints:
    numbers: Ints = series.cast(nw.Int64()).to_numpy() if len(series) else np.empty(0, np.int64)
    return numbers


def _offset(keys: Sequence[Series]) -> tuple[int, int] | None:
    """Return the least of the keys and the size of their range, if they are integers that lie close together."""
    some = [series for series in keys if len(series)]
    if not some or any(not series.dtype.is_integer() or series.dtype == nw.UInt64 for series in some):
        return None
    low = min(int(series.min()) for series in some)
    size = max(int(series.max()) for series in some) - low + 1
    return (low, size) if size <= 2 * sum(map(len, some)) + 65_536 else None  # else numbering them costs less memory


def _joined_codes(by: Sequence[str], sides: Sequence[Side]) -> tuple[list[Ints], int]:
    """Number the distinct keys of all frames, which the library of the frames finds and joins itself."""
    names = [f"key {i}" for i in range(len(by))]
    tables = [_comparable(by, names, side) for side in sides]
    full = [table for table in tables if len(table)]
    if not full:
        return [np.empty(0, np.int64) for _ in sides], 1
    for table, side in zip(full, [side for side in sides if len(side.frame)], strict=True):
        for name, new in zip(by, names, strict=True):
            one, other = full[0].schema[new], table.schema[new]
            if one != other:
                message = f"the key {name!r} is {one} in {sides[0].name} and {other} in {side.name}; cast one of them"
                raise PointTypeError(message, name)
    numbered = (nw.concat(full) if len(full) > 1 else full[0]).unique().with_row_index("code")
    codes = []
    for table in tables:
        code = np.empty(len(table), np.int64)
        if len(table):
            found = table.with_row_index("row").join(numbered, on=names)
            code[found["row"].to_numpy()] = found["code"].to_numpy()  # a join need not keep the order
        codes.append(code)
    return codes, len(numbered)


def _comparable(by: Sequence[str], names: Sequence[str], side: Side) -> Frame:
    """Return the keys under new names, in data types whose values can be compared between frames."""
    made = []
    for name, new in zip(by, names, strict=True):
        dtype = side.frame.schema[name]
        key = nw.col(name).alias(new)
        if isinstance(dtype, nw.Categorical | nw.Enum):
            key = key.cast(nw.String())
        elif dtype.is_integer() and dtype != nw.UInt64:
            key = key.cast(nw.Int64())
        made.append(key)
    return side.frame.select(*made)
