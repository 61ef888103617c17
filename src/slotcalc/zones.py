"""Wall clock ⇄ instants: what the clocks of a zone show, when they jump, and when its days begin.

A wall time is a naive datetime, what a clock in the zone shows. An instant is an aware datetime; all that are returned
as instants are in UTC. Nothing here reads the machine's clock or zone. Imports only `errors`; read `rules` next, which
makes opening hours of this.

`ZoneInfo` has two offsets for each wall time, one for `fold=0` and one for `fold=1` (PEP 495). They are equal where the
wall time exists once. The first is the smaller in a gap, where the clocks jump forward over it, and the larger in a
fold, where they come back to it. All answers below follow from these two numbers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import Final, Literal, NamedTuple, TypeAlias, get_args
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
    "Stretch",
    "at",
    "clock_runs",
    "day_bounds",
    "day_start",
    "local_days",
    "local_kind",
    "plus",
    "stretches",
    "to_instant",
    "to_instants",
    "to_local",
    "wall_bounds",
    "zone",
]

Disambiguate: TypeAlias = Literal["compatible", "earlier", "later", "raise"]
LocalKind: TypeAlias = Literal["unique", "gap", "fold"]

_WAYS: Final = frozenset(get_args(Disambiguate))
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_AROUND: Final = tuple(timedelta(days) for days in (-2, 0, 2))  # no zone has two changes in between
_NOTHING: Final = timedelta()
_SINCE: Final = itemgetter(0)
_TWO_DAYS: Final = timedelta(days=2)
_LAST_DAYS: Final = datetime.combine(date(9999, 12, 29), time.min)

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
        if not any(map(str.isdigit, key)):  # Etc/GMT+2 is what people write as GMT-2
            spellings.setdefault(key.lower(), key)
            spellings.setdefault(key.rpartition("/")[2].lower(), key)
    wanted = name.strip()[:64].lower()  # matching takes the square of its length
    if wanted in spellings:
        close = [wanted]
    elif any(map(str.isdigit, wanted)):  # EST5 is an offset, and no slip for EST
        close = []
    else:
        close = get_close_matches(wanted, spellings, cutoff=0.86)  # a letter of seven; at 0.84 Munich is like Zurich
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


def to_instants(
    marked: Iterable[datetime], zone: str | tzinfo, *, disambiguate: Disambiguate = "compatible"
) -> list[datetime]:
    """Return the instant of each wall time, as `to_instant` does, for many: some 0.1 µs each with "compatible".

    The wall times come marked as UTC instead of naive, which they stay by adding lengths: to take an offset away then
    makes the instant, while to mark each one here would cost five times all the rest. `fold` means nothing.

    Raises:
        LocalTimeError: as `to_instant`.
        PointValueError: as `to_instant`.
        ParseError: as `to_instant`.

    >>> [str(moment) for moment in to_instants([datetime(2026, 3, 29, 2, 30, tzinfo=UTC)], "Europe/Berlin")]
    ['2026-03-29 01:30:00+00:00']
    """
    zone = _zone(zone)
    marked = [*marked]
    if disambiguate == "compatible":
        offset = zone.utcoffset  # looks at the clock alone, whatever the mark
        try:
            return [wall - offset(wall) for wall in marked]  # type: ignore[operator]  # as in _offsets
        except OverflowError:
            pass  # the loop below names the one at fault
    return [to_instant(wall.replace(tzinfo=None, fold=0), zone, disambiguate=disambiguate) for wall in marked]


class Stretch(NamedTuple):
    """A wall time, marked as UTC, and the offset with which "compatible" reads all from there to the next stretch."""

    since: datetime
    offset: timedelta


def stretches(low: datetime, high: datetime, zone: str | tzinfo) -> list[Stretch]:
    """Return the stretches of wall time that hold `[low, high]`; two that follow each other have different offsets.

    Wall times come and go marked as UTC, as for `to_instants`. Exact to the second, since no zone has two changes in a
    day. The first question about a year of a zone costs some 50 µs, all others less than 1.

    >>> year = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    >>> [f"{since:%m-%d %H:%M} {offset}" for since, offset in stretches(*year, "Europe/Berlin")]
    ['01-01 00:00 1:00:00', '03-29 03:00 2:00:00', '10-25 03:00 1:00:00']
    """
    found = _stretches_of_years(low.year, high.year, _zone(zone))
    return found[bisect_right(found, low, key=_SINCE) - 1 : bisect_right(found, high, key=_SINCE)]


@lru_cache(maxsize=256)  # a question about some weeks or a year is asked again and again
def _stretches_of_years(first: int, last: int, zone: ZoneInfo) -> list[Stretch]:
    """Return the stretches of the years from first to last; two that follow each other have different offsets."""
    all_of_them = [stretch for year in range(first, last + 1) for stretch in _stretches_of(year, zone)]
    return all_of_them[:1] + [other for one, other in pairwise(all_of_them) if one.offset != other.offset]


@lru_cache(maxsize=1024)  # some 400 bytes each: enough for 20 zones over the longest window that `Limits` allows
def _stretches_of(year: int, zone: ZoneInfo) -> tuple[Stretch, ...]:
    """Return the stretches of a year, the first from its begin on, whether the offset changes there or not."""
    offset_at = zone.utcoffset  # looks at the clock alone, whatever the mark
    first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    offset: timedelta = offset_at(first)  # type: ignore[assignment]  # as in _offsets
    found = [Stretch(first, offset)]
    for day, following in pairwise([*[first + day * _DAY for day in range((last - first).days + 1)], last]):
        if offset_at(following) != offset:
            seconds = range((following - day) // _SECOND)
            passed = bisect_left(seconds, 1, key=lambda n: offset_at(day + n * _SECOND) != offset)
            offset = offset_at(following)  # type: ignore[assignment]  # as above
            found.append(Stretch(day + passed * _SECOND, offset))
    return tuple(found)


def wall_bounds(start: datetime, end: datetime, zone: str | tzinfo) -> tuple[datetime, datetime]:
    """Return wall times, marked as UTC, between which all lie that `to_instant` can read as of `[start, end]`.

    As narrow as the clocks of those days allow, and cut off at the ends of the calendar; the way to ask local time
    which of it can bear on a window. For instants in UTC; nothing is checked.
    """
    zone = _zone(zone)
    return _extreme_wall(start, zone, min), _extreme_wall(end, zone, max)


def _extreme_wall(utc: datetime, zone: ZoneInfo, extreme: Callable[[list[timedelta]], timedelta]) -> datetime:
    # No reading uses an offset that is not in force within a day of it by the clock, which can be two by UTC.
    offsets = [zone.utcoffset(plus(utc, length)) for length in _AROUND]
    return plus(utc, extreme(offsets))  # type: ignore[arg-type]  # as in _offsets


def plus(moment: datetime, length: timedelta) -> datetime:
    """Return the sum, or that end of the calendar beyond which it lies."""
    try:
        return moment + length
    except OverflowError:
        end = datetime.max if length > timedelta() else datetime.min  # noqa: DTZ901  # of the clock of the moment
        return end.replace(tzinfo=moment.tzinfo)


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
    first, start, _, _ = _day_from(midnight, zone)
    if first != midnight:
        message = f"{day} does not exist in {zone}, where {_jump(start, zone)}; local_days skips such dates"
        raise LocalTimeError(message, day, str(zone))
    return start, _day_after(midnight, zone)[1]


def day_start(day: date, zone: str | tzinfo) -> datetime:
    """Return the first instant of the local day, as `day_bounds` has it; of the next one for a date that was skipped.

    Raises:
        PointTypeError: for anything but a plain date.
        PointValueError: for an instant outside the years 1 to 9999.

    >>> print(day_start(date(2011, 12, 30), "Pacific/Apia"))
    2011-12-30 10:00:00+00:00
    """
    return _day_from(_midnight(day), _zone(zone))[1]


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
    days = _days(_zone(zone), *_window(start, end))
    return ((midnight.date(), low, high) for midnight, low, high, _, _ in days)


def _days(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, datetime, timedelta, bool]]:
    """Yield the days as midnight, bounds, what the clocks show past it at the first, and whether they run evenly."""
    # An instant lies in the day of its local date, or in a later one that had begun before the clocks went back.
    midnight, low, offset, shown = _day_from(_midnight(to_local(start, zone).date()), zone)
    utcoffset = zone.utcoffset
    while low < end:
        # Where this midnight and the next two have one offset, neither end of this day is near a change: a midnight in
        # a gap or fold has the offset before it, so the one after would differ. So for nearly all days, at a fifth of
        # the cost.
        if (
            not shown
            and midnight < _LAST_DAYS
            and offset == utcoffset(midnight + _DAY) == utcoffset(midnight + _TWO_DAYS)
        ):
            high = low + _DAY
            yield midnight, low, high, shown, True  # no need to ask for `start`: only a change puts it into a later day
            midnight += _DAY
            low = high
            continue
        following, high, next_offset, next_shown = _day_after(midnight, zone)
        if start < high:
            # Equal offsets at both ends are no change between: no zone has two in a day.
            yield midnight, low, high, shown, offset == next_offset
        midnight, low, offset, shown = following, high, next_offset, next_shown


def clock_runs(start: datetime, end: datetime, zone: str | tzinfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the stretches of the local days of `[start, end)` in which the clocks run evenly, as (low, high, shown).

    `shown` is how far past 00:00 of that day the clocks are at `low`. A day without a clock change is one such stretch,
    one with a change is two; the first and the last day are whole, and the errors are those of `local_days`. Lazily,
    a few µs a day.

    >>> night = datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)
    >>> [(f"{low:%H:%M}", str(shown)) for low, high, shown in clock_runs(*night, "Europe/Berlin")]
    [('23:00', '0:00:00'), ('01:00', '3:00:00')]
    """
    return _runs(_zone(zone), *_window(start, end))


def _runs(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    for midnight, low, high, shown, evenly in _days(zone, start, end):
        # A change at the very end, which skips the hour before midnight, belongs to the next day.
        change = high if evenly else _change(low, high, zone)
        yield low, change, shown
        if change < high:
            yield change, high, _shown(change, midnight, zone)


def _shown(instant: datetime, midnight: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).replace(tzinfo=None) - midnight


def _day_after(midnight: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, timedelta, timedelta]:
    try:
        return _day_from(midnight + _DAY, zone)
    except OverflowError:
        raise PointValueError(f"{midnight.date()} does not end within the years 1 to 9999", midnight.date()) from None


def _day_from(midnight: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, timedelta, timedelta]:
    """Return where the first local day at or after this one begins that exists in the zone.

    That is its midnight, the instant, the offset from then on, and how far past midnight the clocks are.
    """
    first: timedelta = zone.utcoffset(midnight)  # type: ignore[assignment]  # as in _offsets, but it is fold=0 already
    second: timedelta = zone.utcoffset(midnight.replace(fold=1))  # type: ignore[assignment]  # as above
    utc = midnight.replace(tzinfo=UTC)
    try:
        if first >= second:
            return midnight, utc - first, first, _NOTHING
    except OverflowError:
        raise _out_of_range(midnight, zone) from None
    # Midnight is in a gap, so the date that the clocks jump to begins with that jump, be it this date or a later one.
    change = _change(utc - second, utc - first, zone)
    wall = change.astimezone(zone).replace(tzinfo=None)
    midnight = datetime.combine(wall.date(), time.min)
    return midnight, change, second, wall - midnight


def _offsets(local: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    # Asked of the zone with a naive datetime: making it aware first would cost several times as much.
    first, second = zone.utcoffset(local.replace(fold=0)), zone.utcoffset(local.replace(fold=1))
    return first, second  # type: ignore[return-value]  # a ZoneInfo has an offset for every datetime


@lru_cache(maxsize=1024)  # asked again for the same night by each resource and each rule; 10 µs of bisecting
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


def _window(start: object, end: object) -> tuple[datetime, datetime]:
    low, high = _instant(start), _instant(end)
    if low >= high:
        raise IntervalError(f"the window from {low} to {high} is empty; it needs start < end", low, high)
    return low, high


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
