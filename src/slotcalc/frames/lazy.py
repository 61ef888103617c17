"""The algebra on frames that nobody holds in memory: each question becomes one plan, and the caller's engine runs it.

A plan makes two events of each interval (it begins, it ends), adds up those of one key and one instant, and sums over
the events of each key in order of time: the depth. An answer is where the depth says so, read off where that changes,
so pieces come out maximal. All of it is grouping, window functions and filters that Polars, DuckDB, Ibis and PySpark
have themselves; no Python function gets into a plan.

Imports narwhals, and `columns` and below. `docs/out-of-core.md` says what each engine makes of it.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import narwhals as nw

from slotcalc.booking import whole_number
from slotcalc.errors import IntervalError, PointTypeError, PointValueError, SlotcalcError
from slotcalc.frames.columns import Columns

__all__ = ["at_least", "coverage", "free", "gaps", "intersect", "merge"]

Frame: TypeAlias = "nw.LazyFrame[Any]"
DType: TypeAlias = "nw.dtypes.DType"
Unit: TypeAlias = Literal["s", "ms", "us", "ns"]
Condition: TypeAlias = Callable[..., nw.Expr]  # of the depth of each side, in their order

_UNITS: Final = ("s", "ms", "us", "ns")  # from coarse to fine
_EXACT: Final[dict[Unit, timedelta]] = {
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}


class Side(NamedTuple):
    """A frame, what to call it, and its column of weights, if it has one; else each row weighs 1."""

    name: str
    frame: Frame
    weights: str | None = None


def free(
    slots: Frame,
    bookings: Frame,
    columns: Columns,
    *,
    before: Any = None,  # a length: timedelta for dates and datetimes, an int for whole numbers
    after: Any = None,  # as before
    capacity: str | None = None,
    taken: str | None = None,
    seats: int = 1,
    check: bool = True,
) -> Frame:
    """Return when the slots of each key have at least `seats` seats that no booking of the same key takes.

    The meaning is that of `slotcalc.free`: where slots overlap the larger capacity counts and not the sum, bookings add
    up, and a booking takes [start - before, end + after), in elapsed time. The answer has the columns that `columns`
    names, one row for each maximal piece, in no order. All bookings count, so leave cancelled ones out beforehand.

    Args:
        slots: what is offered.
        bookings: what is claimed; those of keys without slots do no harm.
        columns: the names that both frames have in common.
        before: how long before its start a booking blocks its resource.
        after: how long after its end it still does.
        capacity: the column of `slots` that says how many seats a slot has; 1 each if not given.
        taken: the column of `bookings` that says how many seats a booking takes; 1 each if not given.
        seats: how many seats must be left.
        check: first count the rows that mean nothing, in one pass over each frame. Without it nothing runs before the
            answer is asked for, and the answer for a key with such a row is undefined.

    Without `capacity`, a grouping by key and instant and two window functions by key. With it, each booking is looked
    at once for each distinct capacity of its key, so that none has to be known before the plan runs, and then there is
    one grouping and one window function more.

    Raises:
        IntervalError: for reversed or empty rows, or a negative buffer.
        PointTypeError: for columns that are missing, have no place on the line or do not go together, for a buffer that
            is no length of theirs, and for an engine without window functions in an order (Dask).
        PointValueError: for nulls, or a capacity or seats of less than 1.
    """
    whole_number("seats", seats)
    sides = [Side("slots", slots, capacity), Side("bookings", bookings, taken)]
    offered, claimed = _ready(sides, columns, check=check, buffers={"before": before, "after": after})
    if capacity is None:
        return _where([offered, claimed], columns, lambda offers, load: (offers > 0) & (load <= 1 - seats))
    level, weight = _unused(columns, "capacity", "taken")  # the caller may have one name for both
    roomy = offered.frame.rename({capacity: level}).filter(nw.col(level) >= seats)  # fewer levels to look at
    levels = roomy.group_by(*columns.by, level).agg()  # `unique` would be one window function more on SQL engines
    claims = claimed.frame if taken is None else claimed.frame.rename({taken: weight})
    claims = claims.join(levels, on=[*columns.by]) if columns.by else claims.join(levels, how="cross")
    by_level = Columns((*columns.by, level), columns.start, columns.end)
    flips = _flips(
        _events([Side("slots", roomy), Side("bookings", claims, taken and weight)], by_level),
        by_level,
        lambda offers, load: (offers > 0) & (load <= nw.col(level) - seats),
        sides=2,
    )
    # Where one capacity has room, an interval begins or ends: events again, so that nothing is computed twice.
    (now,), (change,) = _unused(by_level, "now"), _changes(columns, 1)
    step = nw.when(nw.col(now)).then(nw.lit(1, nw.Int64)).otherwise(nw.lit(-1, nw.Int64))
    events = _summed(flips.select(*columns.by, columns.start, step.alias(change)), columns, 1)
    return _pieces(_flips(events, columns, lambda levels: levels > 0, sides=1), columns)


def merge(frame: Frame, columns: Columns, *, check: bool = True) -> Frame:
    """Return the intervals of each key with overlapping and touching ones made one, in no order.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`.
    """
    return at_least(frame, columns, 1, check=check)


def intersect(left: Frame, right: Frame, columns: Columns, *, check: bool = True) -> Frame:
    """Return the time of each key that is in an interval of both frames, in maximal pieces and no order.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`.
    """
    sides = _ready([Side("left", left), Side("right", right)], columns, check=check)
    return _where(sides, columns, lambda one, other: (one > 0) & (other > 0))


def coverage(frame: Frame, columns: Columns, *, check: bool = True) -> Frame:
    """Return the maximal pieces of constant depth, 1 and more, of each key, with a column `depth`, in no order.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`; PointTypeError too if a column is named depth.
    """
    Columns((*columns.by, "depth"), columns.start, columns.end)  # refuses the name twice
    (change,) = _changes(columns, 1)
    steps = _events(_ready([Side("frame", frame)], columns, check=check), columns)
    steps = steps.filter(nw.col(change) != 0)
    steps = steps.with_columns(_running(change, columns).cast(nw.Int64).alias("depth"), _next(columns))
    return steps.filter(nw.col("depth") > 0).select(*columns.names, "depth")


def at_least(frame: Frame, columns: Columns, k: int, *, check: bool = True) -> Frame:
    """Return where `k` or more intervals of a key hold at once, in maximal pieces and no order.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`, and for a k that is no whole number of 1 or more.
    """
    whole_number("k", k)
    return _where(_ready([Side("frame", frame)], columns, check=check), columns, lambda depth: depth >= k)


def gaps(frame: Frame, columns: Columns, *, check: bool = True) -> Frame:
    """Return the time between the intervals of each key, from its first start to its last end, in no order.

    Raises:
        IntervalError, PointTypeError, PointValueError: as `free`.
    """
    return _where(_ready([Side("frame", frame)], columns, check=check), columns, lambda depth: depth <= 0)


# The plan.


def _where(sides: Sequence[Side], columns: Columns, holds: Condition) -> Frame:
    """Return the maximal pieces of each key in which the condition on the depths of the sides holds."""
    return _pieces(_flips(_events(sides, columns), columns, holds, sides=len(sides)), columns)


def _events(sides: Sequence[Side], columns: Columns) -> Frame:
    """Return one row for each key and each instant at which intervals begin or end: how each side's depth changes."""
    changes = _changes(columns, len(sides))
    events = []
    for side, own in zip(sides, changes, strict=True):
        for instant, sign in ((columns.start, 1), (columns.end, -1)):
            step = nw.lit(sign, nw.Int64) if side.weights is None else nw.col(side.weights) * sign
            steps = [(step if change == own else nw.lit(0, nw.Int64)).alias(change) for change in changes]
            events.append(side.frame.select(*columns.by, nw.col(instant).alias(columns.start), *steps))
    return _summed(nw.concat(events), columns, len(sides))


def _summed(events: Frame, columns: Columns, sides: int) -> Frame:
    totals = [nw.col(change).sum().cast(nw.Int64) for change in _changes(columns, sides)]  # DuckDB sums in 128 bits
    return events.group_by(*columns.by, columns.start).agg(*totals)


def _flips(events: Frame, columns: Columns, holds: Condition, *, sides: int) -> Frame:
    """Return the instants at which the condition begins or ceases to hold, and in `now` which of them it is.

    Before the first event of a key all depths are 0.
    """
    now, was = _unused(columns, "now", "was")
    changes = _changes(columns, sides)
    depths = _unused(columns, *[f"depth{i}" for i in range(sides)])
    events = events.with_columns(
        _running(change, columns).alias(depth) for change, depth in zip(changes, depths, strict=True)
    )
    # Without its own change the depth at an event is the depth before it: no second window function asks for that.
    before = [nw.col(depth) - nw.col(change) for change, depth in zip(changes, depths, strict=True)]
    states = [holds(*map(nw.col, depths)).alias(now), holds(*before).alias(was)]
    known = events.select(*columns.by, columns.start, *states)
    return known.filter(nw.col(now) != nw.col(was)).select(*columns.by, columns.start, now)


def _pieces(flips: Frame, columns: Columns) -> Frame:
    """Return what lies between a flip to true and the next; what never ends is left out."""
    (now,) = _unused(columns, "now")
    pieces = flips.with_columns(_next(columns))
    return pieces.filter(nw.col(now), ~nw.col(columns.end).is_null()).select(*columns.names)


def _running(change: str, columns: Columns) -> nw.Expr:
    return nw.col(change).cum_sum().over(*columns.by, order_by=columns.start)


def _next(columns: Columns) -> nw.Expr:
    return nw.col(columns.start).shift(-1).over(*columns.by, order_by=columns.start).alias(columns.end)


def _changes(columns: Columns, sides: int) -> list[str]:
    return _unused(columns, *[f"change{i}" for i in range(sides)])


def _unused(columns: Columns, *words: str) -> list[str]:
    """Return names for columns that no column has yet; SQL engines do not tell upper from lower case."""
    longest = max(map(len, columns.names))
    used = {name.casefold() for name in columns.names}
    return [word.ljust(longest + 1, "_") if word in used else word for word in words]


# What goes into it.


def _ready(
    sides: Sequence[Side], columns: Columns, *, check: bool, buffers: dict[str, Any] | None = None
) -> list[Side]:
    """Return the sides with the columns that the plan needs and no more, of one type each; the last has the buffers."""
    schemas = [_schema(side, columns) for side in sides]
    kinds = {name: _common([name], sides, schemas) for name in columns.by}
    instant = _common([columns.start, columns.end], sides, schemas)
    lengths = {name: length for name, length in (buffers or {}).items() if length is not None}
    for name, length in lengths.items():
        _check_length(name, length, instant)
    instant = _fine_enough(instant, lengths.values(), sides[-1].frame)
    kinds |= {columns.start: instant, columns.end: instant}
    ready = [_typed(side, schema, kinds) for side, schema in zip(sides, schemas, strict=True)]
    if check:
        for side in ready:
            _check_rows(side, columns)
    moved = [
        _moved(columns.start, lengths.get("before"), -1, instant),
        _moved(columns.end, lengths.get("after"), 1, instant),
    ]
    ready[-1] = ready[-1]._replace(frame=ready[-1].frame.with_columns(*moved))
    return ready


def _typed(side: Side, schema: dict[str, DType], kinds: dict[str, DType]) -> Side:
    """Return the side with the columns of these types and its weights alone."""
    kinds = kinds if side.weights is None else kinds | {side.weights: nw.Int64()}
    columns = [nw.col(name) if schema[name] == kind else nw.col(name).cast(kind) for name, kind in kinds.items()]
    return side._replace(frame=side.frame.select(*columns))


def _schema(side: Side, columns: Columns) -> dict[str, DType]:
    """Return the types of the side's columns, after a look whether the plan can be made of them at all."""
    if side.frame.implementation.is_dask():
        message = (
            "Dask has no window functions in an order, so it cannot compute this; pass frame.compute() if that fits "
            "into memory, or write it with frame.to_parquet(…) and read it with DuckDB, Polars or PySpark"
        )
        raise PointTypeError(message, side.frame.implementation)
    schema = dict(side.frame.collect_schema())
    needed = columns if side.weights is None else Columns((*columns.by, side.weights), columns.start, columns.end)
    for name in needed.names:
        if name not in schema:
            raise PointTypeError(f"{side.name} has no column {name!r}; it has {', '.join(schema):.200}", name)
    for name in (columns.start, columns.end):
        if not (schema[name].is_integer() or isinstance(schema[name], nw.Date | nw.Datetime)):
            message = f"{name!r} of {side.name} is {schema[name]}; points are datetimes, dates or integers"
            raise PointTypeError(message, schema[name])
    if side.weights is not None and not schema[side.weights].is_integer():
        message = f"{side.weights!r} of {side.name} is {schema[side.weights]}; seats are whole numbers"
        raise PointTypeError(message, schema[side.weights])
    return schema


def _common(names: Sequence[str], sides: Sequence[Side], schemas: Sequence[dict[str, DType]]) -> DType:
    """Return the type that holds the values of these columns of all sides exactly; of several zones, the first.

    Integers of two widths become the widest, datetimes the finest. Nothing else is brought together: engines differ in
    what they take for equal.
    """
    (where, common), *others = [
        (f"{name!r} of {side.name}", schema[name])
        for side, schema in zip(sides, schemas, strict=True)
        for name in names
    ]
    for also, other in others:
        if common == other:
            continue
        if common.is_integer() and other.is_integer():
            common = nw.Int64()
        elif isinstance(common, nw.Datetime) and isinstance(other, nw.Datetime) and _count_alike(common, other):
            common = _finer(common, other.time_unit)
        else:
            raise PointTypeError(f"{where} is {common} and {also} is {other}; cast one of them", common, other)
    return common


def _count_alike(one: nw.Datetime, other: nw.Datetime) -> bool:
    """Return whether both are instants, or both read the clock on a wall."""
    return (one.time_zone is None) == (other.time_zone is None)


def _finer(instant: nw.Datetime, unit: Unit) -> nw.Datetime:
    return nw.Datetime(max(instant.time_unit, unit, key=_UNITS.index), instant.time_zone)


def _check_length(name: str, length: Any, instant: DType) -> None:  # whatever the caller gave
    """Raise the error of a buffer that is no length, negative, or finer than the instants can be moved by."""
    if instant.is_integer():
        fits, noun = type(length) is int, "an int"
    else:
        fits, noun = isinstance(length, timedelta), "a timedelta"
    if not fits:
        raise PointTypeError(f"{name}={length!r:.80} is no length; {instant} columns need {noun}", length)
    if length < length - length:
        raise IntervalError(f"{name}={length!r} is negative; a buffer adds to the time that a booking takes", length)
    if isinstance(instant, nw.Date) and length % timedelta(days=1):
        raise PointValueError(f"{name}={length!r} is no whole number of days, which the columns count", length)
    if getattr(length, "nanoseconds", 0):  # pandas has lengths that fine
        raise PointValueError(f"{name}={length!r} is no whole number of microseconds; round it", length)


def _fine_enough(instant: DType, lengths: Collection[timedelta], last: Frame) -> DType:
    """Return the type that also holds instants moved by the lengths, which only Polars can move by nanoseconds."""
    if not isinstance(instant, nw.Datetime) or not lengths:
        return instant
    if instant.time_unit == "ns" and not last.implementation.is_polars():
        message = "buffers on nanoseconds are for Polars and frames in memory; here, cast the instants to microseconds"
        raise PointTypeError(message, instant)
    whole = (unit for unit, one in _EXACT.items() if not any(length % one for length in lengths))
    return _finer(instant, next(whole))


def _moved(name: str, length: Any, sign: int, instant: DType) -> nw.Expr:  # the length fits the type by now
    """Return the column moved by a length, as a whole number of the smallest unit.

    A length in days would be days of the wall clock on SQL engines, 23 or 25 hours long where the clocks change.
    """
    time = nw.col(name)
    if not length:
        return time
    if isinstance(instant, nw.Date):
        return time.dt.offset_by(f"{sign * length.days}d").cast(instant)
    if isinstance(instant, nw.Datetime):
        moved = time.dt.offset_by(f"{sign * (length // timedelta(microseconds=1))}us")
        return moved if instant.time_zone else moved.cast(instant)  # engines know a type with a zone in one unit only
    return time + nw.lit(sign * length, instant)


def _check_rows(side: Side, columns: Columns) -> None:
    """Raise the error of the first kind of row that means nothing, with their number and one of them."""
    start, end = nw.col(columns.start), nw.col(columns.end)
    needed = [*columns.names, *([] if side.weights is None else [side.weights])]
    null = nw.any_horizontal(*[nw.col(name).is_null() for name in needed], ignore_nulls=False)
    refused: list[tuple[nw.Expr, type[SlotcalcError], str]] = [
        (null, PointValueError, "have a null; leave such rows out or fill them in first"),
        (start >= end, IntervalError, f"are reversed or empty; {columns.start!r} must be before {columns.end!r}"),
    ]
    if side.weights is not None:
        refused.append((nw.col(side.weights) < 1, PointValueError, f"have {side.weights!r} of less than 1"))
    counts = side.frame.select(
        nw.when(condition).then(1).otherwise(0).sum().alias(f"refused{i}")
        for i, (condition, _, _) in enumerate(refused)
    )
    in_a_stream: dict[str, Any] = {"engine": "streaming"} if side.frame.implementation.is_polars() else {}
    for count, (condition, error, why) in zip(counts.collect(**in_a_stream).row(0), refused, strict=True):
        if count:  # not None, which is the sum over no rows
            ((*some,),) = side.frame.filter(condition).select(*needed).head(1).collect().rows()
            example = dict(zip(needed, some, strict=True))
            raise error(f"{count} of the rows of {side.name}, such as {example!r:.300}, {why}", int(count), example)
