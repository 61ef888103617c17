"""ISO 8601 text for points, lengths of time and intervals: a strict reader and one canonical writer for each.

Read are the extended formats with calendar dates (ISO 8601-1:2019 sections 5.2 to 5.5), and nothing that needs a guess:
no week or ordinal dates, no basic format, no blank for the T, no lower case, no digits but 0 to 9, and no decimals that
would be dropped. Imports only `errors`; read `intervals` next, which parses and prints with this.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias

from slotcalc.errors import IntervalError, ParseError, PointTypeError, PointValueError

__all__ = [
    "DatePoint",
    "format_clock",
    "format_duration",
    "format_interval",
    "format_point",
    "parse_clock",
    "parse_duration",
    "parse_interval",
    "parse_point",
]

DatePoint: TypeAlias = date | datetime

_LONGEST: Final = 200  # nothing that people write comes near
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)

# The shape of a text has a 0 for every digit 0 to 9. A text is well formed if its shape is one of those listed here.
_DIGITS: Final = dict.fromkeys(map(ord, "123456789"), "0")
_DATE: Final = "0000-00-00"
_CLOCKS: Final = ("00:00", "00:00:00", *(f"00:00:00{sign}{'0' * n}" for sign in ".," for n in range(1, 7)))
_OFFSETS: Final = ("", "Z", "+00:00", "-00:00", "+00", "-00")
_DATE_TIMES: Final = frozenset(f"{_DATE}T{clock}{offset}" for clock in _CLOCKS for offset in _OFFSETS)
_END_DATES: Final = frozenset(["", "00", "00-00", _DATE])

_MICROSECONDS: Final = {"W": 604_800_000_000, "D": 86_400_000_000, "H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000}


def parse_point(text: str) -> DatePoint:
    """Return the date `YYYY-MM-DD`, or the datetime `YYYY-MM-DDTHH:MM[:SS[.ffffff]]`: in UTC if an offset follows.

    The offset is Z, `±HH:MM` or `±HH`, and a comma may stand for the dot. 24:00 is 00:00 of the next date (Amd 1:2022).
    `-00:00` is read as RFC 3339 section 4.3 has it, as the instant. Leap seconds are refused: no datetime holds one.

    Raises:
        ParseError: for any other text, dates and times that do not exist, and instants outside the years 1 to 9999.
        PointTypeError: for a value that is not text.

    >>> parse_point("2026-03-02")
    datetime.date(2026, 3, 2)
    >>> parse_point("2026-03-02T09:00+01:00")
    datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.timezone.utc)
    """
    shape = _checked(text).translate(_DIGITS)
    try:
        if shape == _DATE:
            return datetime.fromisoformat(text).date()
        if shape in _DATE_TIMES:
            return _date_time(text, shape)
    except OverflowError:
        raise ParseError(f"{text!r} lies outside the years 1 to 9999", text) from None
    except ValueError as error:
        raise ParseError(f"{text!r} does not exist: {error}", text) from None
    raise ParseError(f"{text!r} is not an ISO 8601 date or date-time; {_mend(shape)}", text)


def _date_time(text: str, shape: str) -> datetime:
    if shape.endswith(("+00:00", "-00:00")) and text[-2:] > "59":  # fromisoformat takes +01:75
        raise ValueError("the minutes of an offset must be in 0..59")
    if text[11:13] == "24":
        moment = datetime.fromisoformat(f"{text[:11]}00{text[13:]}")
        if moment.time() != time.min:
            raise ValueError("nothing of a day follows its 24:00")
        moment += _DAY
    else:
        moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC)


def _mend(shape: str) -> str:
    if shape.startswith((f"{_DATE} ", f"{_DATE}t")):
        return "put a T between date and time"
    if "W" in shape or shape.startswith("0000-000"):
        return "write week and ordinal dates as YYYY-MM-DD"
    if ".0000000" in shape or ",0000000" in shape:
        return "write at most six decimals, because a datetime holds microseconds"
    return "write it as 2026-03-02, 2026-03-02T09:00, 2026-03-02T09:00Z or 2026-03-02T09:00+01:00"


def parse_clock(text: str) -> timedelta:
    """Return how far a clock that shows `HH:MM[:SS[.ffffff]]` has moved on from 00:00; 24:00 is the end of the day.

    Raises:
        ParseError: for any other text.
        PointTypeError: for a value that is not text.

    >>> parse_clock("09:30")
    datetime.timedelta(seconds=34200)
    """
    if _checked(text).translate(_DIGITS) not in _CLOCKS:
        raise ParseError(f"{text!r} is no time of day; write it as 09:00, or 24:00", text)
    try:
        return _date_time(f"2000-01-01T{text}", "") - datetime(2000, 1, 1)  # noqa: DTZ001  # a wall clock
    except ValueError as error:
        raise ParseError(f"{text!r} is no time of day: {error}", text) from None


def format_clock(local: datetime, day: date) -> str:
    """Return what the clocks show at a local time of that day, as short as is exact; midnight after it is 24:00.

    >>> format_clock(datetime(2026, 3, 2, 9, 30), date(2026, 3, 2))
    '09:30'
    """
    if local.date() > day:
        return "24:00"
    return local.time().isoformat().removesuffix(":00")


def parse_duration(text: str) -> timedelta:
    """Return the length `PnW` or `PnDTnHnMnS`: at least one part, the last one with or without decimals, maybe signed.

    A timedelta is elapsed time, so a day is 24 hours and a week 168 on every date and in every zone. (In RFC 5545
    section 3.3.6 they are calendar days, which `zones` and `rules` count.)

    Raises:
        ParseError: for any other text, for years and months, which have no fixed length, for decimals finer than a
            microsecond, and for lengths that no timedelta holds.
        PointTypeError: for a value that is not text.

    >>> parse_duration("PT1H30M")
    datetime.timedelta(seconds=5400)
    """
    body = _checked(text)
    sign = -1 if body.startswith("-") else 1
    try:
        return timedelta(microseconds=sign * _microseconds(body[1:] if body.startswith(("+", "-")) else body))
    except OverflowError:
        raise ParseError(f"{text!r} is longer than a timedelta can be; write at most 999999999 days", text) from None
    except ValueError as error:
        raise ParseError(f"{text!r} is not an ISO 8601 duration such as PT8H or P1DT30M: {error}", text) from None


def _microseconds(body: str) -> int:
    days, t, clock = body[1:].partition("T")
    if not body.startswith("P"):
        raise ValueError("it has to begin with P")
    if "Y" in days or "M" in days:
        raise ValueError("years and months have no fixed length; write weeks or days")
    if "W" in body and not body.endswith("W"):
        raise ValueError("weeks stand alone; write days instead")
    if not clock and (t or not days):
        raise ValueError("something has to follow the P and the T")
    total = 0
    for part, units, is_end in ((days, "WD", not t), (clock, "HMS", True)):
        rest = part
        for unit in units:
            number, found, after = rest.partition(unit)
            if found:
                total += _scaled(number, unit, is_last=is_end and not after)
                rest = after
        if rest:
            raise ValueError(f"{rest!r} does not go on with a number and one of the units left of {units}")
    return total


def _scaled(number: str, unit: str, *, is_last: bool) -> int:
    whole, point, decimals = number.replace(",", ".").partition(".")
    digits = whole + decimals
    if not (whole and digits.isascii() and digits.isdigit() and bool(point) == bool(decimals)):
        raise ValueError(f"{number!r} before {unit} is not a number in digits")
    if point and not is_last:
        raise ValueError(f"{number!r} has decimals, which only the last part may have")
    scale: int = 10 ** len(decimals)
    microseconds, finer = divmod(int(digits) * _MICROSECONDS[unit], scale)
    if finer:
        raise ValueError(f"{number + unit!r} is not a whole number of microseconds")
    return microseconds


def parse_interval(text: str) -> tuple[DatePoint, DatePoint]:
    """Return the two ends of `start/end`, `start/duration` or `duration/end`: points of one kind, start < end.

    An end may leave out what it shares with the start, from the left its year, month and day, and its offset (section
    5.5): `2026-03-02T09:00+01:00/17:00` ends at 17:00+01:00 of that day. An end with an offset of its own has to name
    its whole date. A duration is added to instants as elapsed time; to a date only if it is whole days. The end itself
    is not in the interval, so that `2026-03-02/2026-03-04` is two dates; ISO 8601 leaves that open.

    Raises:
        ParseError: for any other text, and for ends of two kinds.
        IntervalError: unless start < end.
        PointTypeError: for a value that is not text.

    >>> parse_interval("2026-03-02/P1W")
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 9))
    """
    head, slash, tail = _checked(text).partition("/")
    leads, trails = head.lstrip("+-").startswith("P"), tail.lstrip("+-").startswith("P")
    if not slash or "/" in tail or (leads and trails):
        raise ParseError(f"{text!r} is not an interval; write start/end, start/duration or duration/end", text)
    if leads:
        end = parse_point(tail)
        start = _moved(end, -parse_duration(head), text)
    else:
        start = parse_point(head)
        end = _moved(start, parse_duration(tail), text) if trails else parse_point(_completed(tail, head))
    if type(start) is not type(end) or getattr(start, "tzinfo", None) is not getattr(end, "tzinfo", None):
        raise ParseError(f"{text!r} has ends of two kinds; write two dates, or date-times with an offset each", text)
    if start >= end:
        what = "is empty" if start == end else "ends before it starts"
        raise IntervalError(f"{text!r} {what}; an interval is [start, end) with start < end", start, end)
    return start, end


def _completed(end: str, start: str) -> str:
    """Return the end with what it leaves out filled in from the start; as it is where that needs a guess."""
    start_date, _, start_clock = start.partition("T")
    day, _, clock = end.rpartition("T")
    if ":" not in clock:
        day, clock = end, ""
    is_whole_or_shared = day.translate(_DIGITS) in _END_DATES and bool(clock) == bool(start_clock)
    if not end or not is_whole_or_shared or clock.strip("0123456789:.,"):
        return end
    shared = start_date[: len(_DATE) - len(day)]
    offset = start_clock.lstrip("0123456789:.,")
    return f"{shared}{day}T{clock}{offset}" if clock else f"{shared}{day}"


def _moved(point: DatePoint, length: timedelta, text: str) -> DatePoint:
    if not isinstance(point, datetime) and length % _DAY:
        raise ParseError(f"{text!r} moves a date by a part of a day; write a date-time", text)
    try:
        return point + length
    except OverflowError:
        raise ParseError(f"{text!r} reaches outside the years 1 to 9999", text) from None


def format_point(point: DatePoint) -> str:
    """Return the text that `parse_point` reads as this point; a time has its seconds, as RFC 3339 section 5.6 wants.

    An offset of zero is written Z. Any other is kept, but one with seconds, which ISO 8601 cannot write, makes it UTC.

    Raises:
        PointTypeError: for anything but a date or a datetime.
        PointValueError: for an instant outside the years 1 to 9999 in UTC, if its offset has seconds.

    >>> format_point(datetime(2026, 3, 2, 9, tzinfo=UTC))
    '2026-03-02T09:00:00Z'
    """
    if not isinstance(point, date):
        raise PointTypeError(f"{point!r:.80} has no ISO 8601 text; pass a date or a datetime", point)
    offset = point.utcoffset() if isinstance(point, datetime) else None
    if not isinstance(point, datetime) or offset is None or (offset and not offset % _MINUTE):
        return point.isoformat()
    try:
        return f"{point.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError:
        raise PointValueError(f"{point!r} lies outside the years 1 to 9999 in UTC", point) from None


def format_duration(length: timedelta) -> str:
    """Return the one canonical text that `parse_duration` reads as this length: days of 24 hours, no weeks, no zeros.

    Raises:
        PointTypeError: for anything but a timedelta.

    >>> [format_duration(timedelta(hours=n)) for n in (-1, 0, 8, 25)]
    ['-PT1H', 'PT0S', 'PT8H', 'P1DT1H']
    """
    if not isinstance(length, timedelta):
        raise PointTypeError(f"{length!r:.80} has no ISO 8601 text as a duration; pass a timedelta", length)
    size = abs(length)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    decimals = f".{size.microseconds:06d}".rstrip("0.")
    days = f"{size.days}D" if size.days else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or decimals or not (days or clock):
        clock += f"{seconds}{decimals}S"
    return f"{'-' if length < timedelta() else ''}P{days}{'T' if clock else ''}{clock}"


def format_interval(start: DatePoint, end: DatePoint) -> str:
    """Return "start/end", each end as `format_point` writes it; whether they make an interval is not checked.

    Raises:
        PointTypeError: for anything but dates and datetimes.
        PointValueError: as `format_point` does.

    >>> format_interval(date(2026, 3, 2), date(2026, 3, 9))
    '2026-03-02/2026-03-09'
    """
    return f"{format_point(start)}/{format_point(end)}"


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise PointTypeError(f"{text!r:.80} is not text; pass ISO 8601 text", text)
    if len(text) > _LONGEST:
        raise ParseError(f"{text[:40]!r}… goes on to {len(text)} characters; ISO 8601 text needs fewer than 100", text)
    return text
