"""Wall clock ⇄ instants: what the clocks of a zone show, when they jump, and when its days begin.

A wall time is a naive datetime, what a clock in the zone shows. An instant is an aware datetime; all that are returned
as instants are in UTC. Nothing here reads the machine's clock or zone. Imports only `errors`; read `rules` next, which
makes opening hours of this.

`ZoneInfo` has two offsets for each wall time, one for `fold=0` and one for `fold=1` (PEP 495). They are equal where the
wall time exists once. The first is the smaller in a gap, where the clocks jump forward over it, and the larger in a
fold, where they come back to it. All answers below follow from these two numbers.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo, available_timezones

from slotcalc.errors import (
    IntervalError,
    LocalTimeError,
    ParseError,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
)

__all__ = [
    "Disambiguate",
    "LocalKind",
    "at",
    "clock_runs",
    "day_bounds",
    "local_days",
    "local_kind",
    "to_instant",
    "to_local",
    "zone",
]

Disambiguate: TypeAlias = Literal["compatible", "earlier", "later", "raise"]
LocalKind: TypeAlias = Literal["unique", "gap", "fold"]

_WAYS: Final = frozenset(get_args(Disambiguate))
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)

# Files beside the database: two are the machine's own zone, and `right/` counts leap seconds, which no datetime has.
_NOT_IANA: Final = ("localtime", "posixrules", "posix/", "right/")


def zone(name_or_zone: str | tzinfo) -> ZoneInfo:
    """Return the IANA time zone of that name; a `ZoneInfo` is returned as it is, and `datetime.UTC` is the zone "UTC".

    Any other tzinfo is refused: a fixed offset does not know when the clocks change. Every function of this module
    takes its zone as this one does.

    Raises:
        UnknownZoneError: for a name that is not in the database, and for a tzinfo that is no `ZoneInfo`.
        PointTypeError: for a value that is neither text nor a tzinfo.

    >>> zone("Europe/Berlin")
    zoneinfo.ZoneInfo(key='Europe/Berlin')
    >>> zone("Berlin")
    Traceback (most recent call last):
    slotcalc.errors.UnknownZoneError: 'Berlin' is not in the IANA time-zone database; did you mean 'Europe/Berlin'?
    """
    if isinstance(name_or_zone, ZoneInfo):
        return name_or_zone
    if isinstance(name_or_zone, str):
        if not name_or_zone.startswith(_NOT_IANA):
            try:
                return ZoneInfo(name_or_zone)
            except (LookupError, OSError, ValueError):  # not there; a folder or too long; a path, a NUL, no zone file
                pass
        message = f"{name_or_zone!r:.80} is not in the IANA time-zone database; {_mend(name_or_zone)}"
        raise UnknownZoneError(message, name_or_zone)
    if isinstance(name_or_zone, tzinfo):
        if name_or_zone == UTC:
            return ZoneInfo("UTC")
        message = f"{name_or_zone!r:.80} is no IANA time zone; pass a ZoneInfo, or a name such as 'Europe/Berlin'"
        raise UnknownZoneError(message, name_or_zone)
    raise PointTypeError(f"{name_or_zone!r:.80} is no time zone; pass a name such as 'Europe/Berlin'", name_or_zone)


_zone = zone  # for the functions below, whose parameter has that name


def _mend(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake pays for it

    keys = sorted(key for key in available_timezones() if not key.startswith(_NOT_IANA))
    if not keys:
        return "this machine has no such database at all: pip install tzdata"
    spellings: dict[str, str] = {}
    for key in keys:
        spellings.setdefault(key.lower(), key)
        spellings.setdefault(key.rpartition("/")[2].lower(), key)
    wanted = name[:64].lower()  # matching takes the square of its length
    close = [wanted] if wanted in spellings else get_close_matches(wanted, spellings, cutoff=0.75)
    meant = dict.fromkeys(spellings[spelling] for spelling in close)
    return f"did you mean {' or '.join(map(repr, meant))}?" if meant else "write a name such as 'Europe/Berlin'"


def local_kind(local: datetime, zone: str | tzinfo) -> LocalKind:
    """Return whether the wall time exists once, not at all, or twice; its own `fold` means nothing here.

    Raises:
        PointTypeError: for anything but a naive datetime.

    >>> local_kind(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")
    'gap'
    """
    first, second = _offsets(_wall(local), _zone(zone))
    if first == second:
        return "unique"
    return "gap" if first < second else "fold"


def to_instant(local: datetime, zone: str | tzinfo, *, disambiguate: Disambiguate = "compatible") -> datetime:
    """Return the instant at which the clocks of the zone show this wall time.

    In a gap, "later" reads the wall time with the offset before the jump, which moves it forward by the gap's length,
    and "earlier" with the one after it. In a fold they choose between the two instants that there are. "compatible" is
    later in a gap and earlier in a fold (RFC 5545 section 3.3.5), but `fold=1` is the second of the two in a fold: what
    `to_local` returns, stripped of its zone, comes back as the same instant. All else takes no notice of `fold`.

    Raises:
        LocalTimeError: with disambiguate="raise", for a wall time in a gap or a fold.
        PointTypeError: for anything but a naive datetime.
        PointValueError: for an instant outside the years 1 to 9999.
        ParseError: for an unknown `disambiguate`.

    >>> print(to_instant(datetime(2026, 3, 29, 2, 30), "Europe/Berlin"))
    2026-03-29 01:30:00+00:00
    """
    zone = _zone(zone)
    utc = _wall(local).replace(tzinfo=UTC)
    if disambiguate not in _WAYS:
        raise ParseError(f"disambiguate={disambiguate!r:.80} is not one of {', '.join(sorted(_WAYS))}", disambiguate)
    try:
        if disambiguate == "compatible" and not local.fold:  # just what fold=0 means, so one offset will do
            return utc - zone.utcoffset(local)  # type: ignore[operator]  # as in _offsets
        first, second = _offsets(local, zone)
        before, after = utc - first, utc - second
    except OverflowError:
        raise _out_of_range(local, zone) from None
    if before == after:
        return before
    if disambiguate == "raise":
        raise _unsure(local, before, after, zone)
    if disambiguate == "earlier":
        return min(before, after)
    return max(before, after)  # "later", and what is left of "compatible": fold=1


def to_local(instant: datetime, zone: str | tzinfo) -> datetime:
    """Return what the clocks of the zone show at this instant: an aware datetime of that zone, with its `fold`.

    Raises:
        PointTypeError: for anything but an aware datetime.
        PointValueError: for a local time outside the years 1 to 9999.

    >>> print(to_local(datetime(2026, 7, 1, 12, tzinfo=UTC), "Europe/Berlin"))
    2026-07-01 14:00:00+02:00
    """
    zone = _zone(zone)
    utc = _instant(instant)
    try:
        return utc.astimezone(zone)
    except OverflowError:
        raise _out_of_range(utc, zone) from None


def at(
    day: date, clock: time | timedelta, zone: str | tzinfo, *, disambiguate: Disambiguate = "compatible"
) -> datetime:
    """Return the instant at which the clocks of the zone show this time of this date.

    A timedelta is how far the clocks have moved on from 00:00, not elapsed time: `timedelta(hours=24)` is 24:00, the
    same as 00:00 of the next date in every respect, and 26 hours are 02:00 of the next date, whatever happens in that
    night. With "compatible", 00:00 and 24:00 are the `day_bounds`, unless a gap began before that midnight and ended
    after it.

    Raises:
        LocalTimeError: with disambiguate="raise", for a wall time in a gap or a fold.
        PointTypeError: if `day` is no plain date, or `clock` is an aware time or of another type.
        PointValueError: for a negative timedelta, or an instant outside the years 1 to 9999.
        ParseError: for an unknown `disambiguate`.

    >>> print(at(date(2026, 3, 28), timedelta(hours=24), "Europe/Berlin"))
    2026-03-28 23:00:00+00:00
    """
    midnight = _midnight(day)
    if isinstance(clock, time):
        return to_instant(datetime.combine(day, clock), zone, disambiguate=disambiguate)
    if not isinstance(clock, timedelta):
        raise PointTypeError(f"{clock!r:.80} is no time of day; pass a time, or a timedelta since 00:00", clock)
    if clock < timedelta():
        raise PointValueError(f"{clock!r} lies before 00:00; pass it with the date before", clock)
    try:
        local = midnight + clock
    except OverflowError:
        raise PointValueError(f"{clock!r} after {day} lies outside the years 1 to 9999", day, clock) from None
    return to_instant(local, zone, disambiguate=disambiguate)


def day_bounds(day: date, zone: str | tzinfo) -> tuple[datetime, datetime]:
    """Return the first instant of the local day and that of the next one that exists: days tile, whatever their length.

    The first instant is when the clocks first show the date: the first of two midnights, or the end of the gap that
    took midnight away. Where the clocks go back over midnight, as they did at 00:01 in St. John's until 2011, the date
    before is shown again for a while; that while belongs to the day that has begun.

    Raises:
        LocalTimeError: for a date that does not exist in the zone, such as 2011-12-30 in Pacific/Apia.
        PointTypeError: for anything but a plain date.
        PointValueError: if either end lies outside the years 1 to 9999, as that of 9999-12-31 does.

    >>> start, end = day_bounds(date(2026, 3, 29), "Europe/Berlin")
    >>> print(end - start)
    23:00:00
    """
    zone = _zone(zone)
    midnight = _midnight(day)
    first, start = _day_from(midnight, zone)
    if first != midnight.date():
        message = f"{day} does not exist in {zone}, where {_jump(start, zone)}; local_days skips such dates"
        raise LocalTimeError(message, day, str(zone))
    return start, _day_after(midnight, zone)[1]


def local_days(start: datetime, end: datetime, zone: str | tzinfo) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield the local days that meet `[start, end)` in order, lazily, each date with its whole `day_bounds`.

    Dates that do not exist in the zone are left out, and the days tile all the same. Costs a few µs a day.

    Raises:
        IntervalError: unless start < end.
        PointTypeError: for anything but aware datetimes.
        PointValueError: on reaching a day with an end outside the years 1 to 9999.

    >>> noon = datetime(2011, 12, 29, 22, tzinfo=UTC)
    >>> [str(day) for day, start, end in local_days(noon, noon + timedelta(days=2), "Pacific/Apia")]
    ['2011-12-29', '2011-12-31', '2012-01-01']
    """
    zone, start, end = _zone(zone), _instant(start), _instant(end)
    if start >= end:
        raise IntervalError(f"the window from {start} to {end} is empty; it needs start < end", start, end)
    return _days(start, end, zone)


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    # An instant lies in the day of its local date, or in a later one that had begun before the clocks went back.
    day, low = _day_from(_midnight(to_local(start, zone).date()), zone)
    while low < end:
        following, high = _day_after(_midnight(day), zone)
        if start < high:
            yield day, low, high
        day, low = following, high


def clock_runs(start: datetime, end: datetime, zone: str | tzinfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the stretches of the local days of `[start, end)` in which the clocks run evenly, as (low, high, shown).

    `shown` is how far past 00:00 of that day the clocks are at `low`. A day without a clock change is one such stretch,
    one with a change is two; the first and the last day are whole, and the errors are those of `local_days`. Lazily,
    a few µs a day.

    >>> night = datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)
    >>> [(f"{low:%H:%M}", str(shown)) for low, high, shown in clock_runs(*night, "Europe/Berlin")]
    [('23:00', '0:00:00'), ('01:00', '3:00:00')]
    """
    zone = _zone(zone)
    return (run for day, low, high in local_days(start, end, zone) for run in _runs(_midnight(day), low, high, zone))


def _runs(
    midnight: datetime, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    midnight = midnight.replace(tzinfo=UTC)
    offset, last = (moment.astimezone(zone).utcoffset() for moment in (start, end - _SECOND))
    if offset == last:
        yield start, end, start + offset - midnight  # type: ignore[operator]  # as in _offsets
    else:
        change = _change(start, end - _SECOND, zone)
        yield start, change, start + offset - midnight  # type: ignore[operator]  # as in _offsets
        yield change, end, change + last - midnight  # type: ignore[operator]  # as in _offsets


def _day_after(midnight: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    try:
        return _day_from(midnight + _DAY, zone)
    except OverflowError:
        raise PointValueError(f"{midnight.date()} does not end within the years 1 to 9999", midnight.date()) from None


def _day_from(midnight: datetime, zone: ZoneInfo) -> tuple[date, datetime]:
    """Return the first date at or after this midnight that exists in the zone, and the instant at which it begins."""
    first, second = _offsets(midnight, zone)
    utc = midnight.replace(tzinfo=UTC)
    try:
        if first >= second:
            return midnight.date(), utc - first
    except OverflowError:
        raise _out_of_range(midnight, zone) from None
    # Midnight is in a gap, so the date that the clocks jump to begins with that jump, be it this date or a later one.
    change = _change(utc - second, utc - first, zone)
    return change.astimezone(zone).date(), change


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    # Asked of the zone with a naive datetime: making it aware first would cost several times as much.
    first, second = zone.utcoffset(local.replace(fold=0)), zone.utcoffset(local.replace(fold=1))
    return first, second  # type: ignore[return-value]  # a ZoneInfo has an offset for every datetime


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return when in `(low, high]` the offset changes: once, as no zone is quicker, and whole seconds after `low`."""
    before = low.astimezone(zone).utcoffset()

    def has_changed(seconds: int) -> bool:
        return (low + seconds * _SECOND).astimezone(zone).utcoffset() != before

    return low + bisect_left(range((high - low) // _SECOND), 1, key=has_changed) * _SECOND


def _jump(change: datetime, zone: ZoneInfo) -> str:
    new = change.astimezone(zone)
    old = (change - _SECOND).astimezone(zone) + _SECOND  # by the wall clock, so what it was about to show
    return f"the clocks go from {old:%Y-%m-%dT%H:%M:%S} to {new:%Y-%m-%dT%H:%M:%S}"


def _unsure(local: datetime, before: datetime, after: datetime, zone: ZoneInfo) -> LocalTimeError:
    fault = "exists twice" if before < after else "does not exist"
    jump = _jump(_change(min(before, after), max(before, after), zone), zone)
    message = f"{local.isoformat()} {fault} in {zone}, where {jump}; choose with disambiguate='earlier' or 'later'"
    return LocalTimeError(message, local, str(zone))


def _out_of_range(moment: datetime, zone: ZoneInfo) -> PointValueError:
    return PointValueError(f"{moment} in {zone} lies outside the years 1 to 9999", moment, str(zone))


def _wall(local: object) -> datetime:
    if isinstance(local, datetime) and local.tzinfo is None:
        return local
    raise PointTypeError(f"{local!r:.80} is no wall time; pass a naive datetime", local)


def _instant(instant: object) -> datetime:
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise PointTypeError(f"{instant!r:.80} is no instant; pass an aware datetime", instant)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise PointValueError(f"{instant!r:.80} lies outside the years 1 to 9999 in UTC", instant) from None


def _midnight(day: object) -> datetime:
    if isinstance(day, datetime) or not isinstance(day, date):
        raise PointTypeError(f"{day!r:.80} is no plain date; pass a date, such as .date() of a datetime", day)
    return datetime.combine(day, time.min)
