"""What a point is: which values have a place on the line, which share one, and how they are normalised on their way in.

A point is a value of any one totally ordered type. Aware datetimes become UTC here, once, so that everything behind
compares instants (two aware datetimes of one zone compare by wall clock and ignore `fold`; that bug stays outside).
Imports only `errors`; `intervals` is where this is used.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any, Final, Protocol, TypeVar

from slotcalc.errors import IntervalError, PointTypeError, PointValueError

__all__ = [
    "Comparable",
    "P",
    "check_length",
    "check_order",
    "mixed",
    "moved",
    "normalised",
    "normalised_pair",
    "normalised_pairs",
]

_DAY: Final = timedelta(days=1)


class Comparable(Protocol):
    """Any type with an order."""

    def __lt__(self, other: Any, /) -> bool:
        """Return whether this value lies before the other."""


P = TypeVar("P", bound=Comparable)


def normalised(point: P) -> P:
    """Return the point as the algebra keeps it: an aware datetime in UTC, anything else as it is.

    Raises:
        PointTypeError: for a bool, None or text, which are no points.
        PointValueError: for NaN, an infinity, or an instant outside the years 1 to 9999 in UTC.

    >>> from zoneinfo import ZoneInfo
    >>> normalised(datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
    datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.timezone.utc)
    """
    cls = type(point)
    if cls is int or cls is date:
        return point
    made: P = point
    if not isinstance(point, datetime):
        made = _checked(point)
    elif point.tzinfo is not UTC:
        made = _in_utc(point)
    return made


def _in_utc(moment: Any) -> Any:
    """Return an aware datetime in UTC, a naive one as it is; a subclass of datetime stays one."""
    if moment != moment:  # noqa: PLR0124  # pandas.NaT, a datetime that equals nothing
        message = f"{moment!r} is no moment, so it has no place on the line; drop missing values first"
        raise PointValueError(message, moment)
    if moment.utcoffset() is None:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        message = f"{moment!r} lies outside the years 1 to 9999 in UTC"
        raise PointValueError(message, moment) from None


def _checked(point: Any) -> Any:
    """Return a value of some other type, or say why it is no point."""
    if isinstance(point, bool):
        message = f"{point!r} is a bool, and bools are no points; write int({point!r}) if a number is meant"
        raise PointTypeError(message, point)
    if point is None:
        message = "None is no point; for an open end use IntervalSet.since(start), .until(end) or .everything()"
        raise PointTypeError(message, point)
    if isinstance(point, str | bytes):
        message = f"{point!r:.80} is text, not a point; read ISO 8601 with Interval.parse or IntervalSet.parse"
        raise PointTypeError(message, point)
    finite = isfinite(point) if isinstance(point, float) else getattr(point, "is_finite", lambda: True)()
    if not finite or point != point:  # noqa: PLR0124  # values of other types that equal nothing
        message = f"{point!r} has no place on the line; for an open end use IntervalSet.since(start) or .until(end)"
        raise PointValueError(message, point)
    return point


def mixed(a: object, b: object) -> PointTypeError:
    """Return the error for two points that have no common order."""
    here, there = _kind(a), _kind(b)
    if here == there:
        return PointTypeError(f"{a!r} cannot be a point: its type {type(a).__name__} has no order", a)
    hint = "give both a zone, or neither" if isinstance(a, datetime) and isinstance(b, datetime) else "convert one"
    return PointTypeError(f"{a!r} is {here} and {b!r} is {there}: they have no common order; {hint}", a, b)


def _kind(point: object) -> str:
    """Return in words what kind of point a value is."""
    if isinstance(point, datetime):
        return "a naive datetime" if point.utcoffset() is None else "an aware datetime"
    return f"of type {type(point).__name__}"


def normalised_pair(start: Any, end: Any) -> tuple[Any, Any]:
    """Return both ends normalised.

    Raises:
        IntervalError: unless start < end.
        PointTypeError: if the two have no common order.
    """
    start, end = normalised(start), normalised(end)
    try:
        if start < end:
            return start, end
    except TypeError:
        raise mixed(start, end) from None
    what = "is empty" if start == end else "ends before it starts"
    message = f"the interval from {start!r} to {end!r} {what}; an interval is [start, end) with start < end"
    raise IntervalError(message, start, end)


def normalised_pairs(pairs: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Return (start, end) pairs, all ends normalised and of one order; an error names the position of its pair."""
    out: list[tuple[Any, Any]] = []
    for position, pair in enumerate(pairs):
        try:
            start, end = pair
        except (TypeError, ValueError):
            message = f"item {position}, {pair!r:.200}, is neither an Interval nor a (start, end) pair"
            raise PointTypeError(message, pair) from None
        try:
            out.append(normalised_pair(start, end))
            check_order(out[0][0], out[-1][0])
        except (IntervalError, PointTypeError, PointValueError) as error:
            error.args = (f"item {position}: {error.args[0]}", *error.args[1:])
            raise
    return out


def check_order(a: Any, b: Any) -> None:
    """Raise `PointTypeError` unless the two points have a common order."""
    try:
        a < b  # noqa: B015  # whether it can be asked is the question
    except TypeError:
        raise mixed(a, b) from None


def check_length(name: str, length: Any, point: Any) -> None:
    """Raise unless the length is positive and can be added to the point; the error names the argument."""
    _check_whole_days(point, length)
    try:
        positive = length > point - point
    except TypeError:
        raise _no_sum(point, length) from None
    if not positive:
        message = f"{name}={length!r} is not positive"
        raise IntervalError(message, length)


def moved(point: Any, length: Any, *, back: bool = False) -> Any:
    """Return the point moved on, or back, by a length: a timedelta for dates and datetimes, a number for numbers.

    Raises:
        PointTypeError: if the two do not go together, or the point is a date and the length is not whole days.
        PointValueError: if the result is outside the range of its type.
    """
    _check_whole_days(point, length)
    try:
        return normalised(point - length if back else point + length)
    except TypeError:
        raise _no_sum(point, length, "subtracted from" if back else "added to") from None
    except OverflowError:
        message = f"{point!r} moved by {length!r} lies outside the range of its type"
        raise PointValueError(message, point, length) from None


def _check_whole_days(point: object, length: object) -> None:
    """Raise for a date and a length of hours: `date + timedelta(hours=36)` would silently drop the twelve."""
    if type(point) is date and isinstance(length, timedelta) and length % _DAY:
        message = f"a date cannot be moved by {length!r}, which is not a number of whole days"
        raise PointTypeError(message, point, length)


def _no_sum(point: object, length: object, verb: str = "added to") -> PointTypeError:
    """Return the error for a length that does not fit the point."""
    message = f"{length!r} cannot be {verb} {point!r}; dates and datetimes take a timedelta, numbers a number"
    return PointTypeError(message, point, length)
