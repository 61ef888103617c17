"""Where an appointment can begin: starts on a grid of local time, within free time. Imports `booking` and below.

`starts` lists all of them, lazily, and `first_fit` returns the first: one code path, so that a page of starts and an
automatic choice cannot disagree. Both take free time from wherever it comes, `free`, a rule or the algebra, and ask
nothing but whether the appointment fits there. Read `resources` next, which asks several resources at once.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from itertools import accumulate, chain, repeat
from operator import add
from typing import Any, Final, Literal, TypeAlias

from slotcalc.booking import whole_number
from slotcalc.errors import IntervalError, PointTypeError, UnboundedError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.points import normalised

__all__ = ["Anchor", "first_fit", "starts"]

Anchor: TypeAlias = time | Literal["interval"]

# The first and the last instant at which an appointment may begin, and where the free interval's own grid begins.
_Piece: TypeAlias = tuple[datetime, datetime, datetime]
# A stretch in which the clocks run evenly, and what they show when it begins, as `zones.clock_runs` yields it.
_Run: TypeAlias = tuple[datetime, datetime, timedelta]

_SOME_INSTANT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_START_OF_TIME: Final = datetime.min.replace(tzinfo=UTC)
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
_NOTHING: Final = timedelta()
_NO_RUN: Final = (_SOME_INSTANT, _SOME_INSTANT, _NOTHING)
_TICK: Final = timedelta.resolution
_FAR: Final = timedelta(days=3)  # from here on, looking up the day of an instant is cheaper than walking to it
_LONGEST: Final = timedelta(days=date.max.toordinal())  # what is longer fits nowhere, either; so sums stay in range


def starts(
    free: IntervalSet[datetime] | Iterable[tuple[datetime, datetime]],
    duration: timedelta,
    *,
    every: timedelta | None = None,
    zone: str | tzinfo | None = None,
    anchor: Anchor | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    before: timedelta | None = None,
    after: timedelta | None = None,
    per_day: int | None = None,
    per_week: int | None = None,
    taken: Iterable[datetime] = (),
) -> Iterator[datetime]:
    """Yield the instants, in UTC and in order, at which an appointment can begin and lie wholly in the free time.

    With a zone, they lie on a grid of local time: on each local day the clock times that are a whole number of steps
    before or after the anchor, so 15-minute starts stay at :00, :15, :30 and :45 whatever the clocks do. A local time
    that the clocks skip is no start, one that they show twice is two, and a step of more than a day is once a day.
    Without a zone, each free interval begins a grid of its own, in elapsed time.

    The starts are alternatives: each fits by itself, and they may overlap. Lazily: time and memory go with the starts
    that are taken, besides O(n) references to the free intervals; some µs a local day, well below 1 µs a start.

    Args:
        free: the free time, as `free` returns it.
        duration: how long the appointment lasts, in elapsed time.
        every: the step of the grid; the duration if not given.
        zone: the zone whose clock the grid is on, and whose days and weeks the limits count.
        anchor: a local time that is on the grid, midnight if not given; or "interval" for the local time at which an
            appointment first fits into the free interval, each with its own. Without a zone only the latter.
        earliest: no start before this instant (minimum notice, from the caller's clock).
        latest: no start after this instant (booking horizon).
        before: how long before its start the appointment needs free time, too (preparation).
        after: how long after its end it does (cleaning, travel).
        per_day: no start on a local day on which so many of `taken` begin already.
        per_week: as `per_day`, for weeks of local days from Monday to Sunday (ISO 8601).
        taken: the instants at which existing appointments begin, in any order, those of whole days and weeks around the
            free time; they matter to the limits alone.

    Raises:
        IntervalError: if `duration` or `every` is not positive, or `before` or `after` is negative.
        PointTypeError: for anything but aware datetimes and timedeltas, an anchor that is neither a time without a
            tzinfo nor "interval", and a local anchor or a limit without a zone.
        PointValueError: for a limit below 1; on reaching a day with an end outside the years 1 to 9999.
        UnboundedError: if the free time is unbounded between `earliest` and `latest`, or has no start for the anchor.
        UnknownZoneError: if there is no such zone.

    >>> from datetime import UTC
    >>> morning = IntervalSet([(datetime(2026, 3, 2, 8, 10, tzinfo=UTC), datetime(2026, 3, 2, 9, 40, tzinfo=UTC))])
    >>> [f"{start:%H:%M}" for start in starts(morning, timedelta(minutes=30), zone="Europe/Paris")]
    ['08:30', '09:00']
    >>> [f"{start:%H:%M}" for start in starts(morning, timedelta(minutes=30), zone="Europe/Paris", anchor=time(0, 20))]
    ['08:20', '08:50']
    """
    length = _positive("duration", duration)
    step = length if every is None else _positive("every", every)
    lead, trail = _buffer("before", before), _buffer("after", after)
    times: IntervalSet[datetime] = free if isinstance(free, IntervalSet) else IntervalSet(free)
    for point in (*times.starts[:1], *times.ends[:1]):  # all are of one kind
        _instant("free", point)
    earliest = None if earliest is None else _instant("earliest", earliest)
    latest = None if latest is None else _instant("latest", latest)
    begun = _instants("taken", taken)
    limits = [whole_number(name, n) for name, n in (("per_day", per_day), ("per_week", per_week)) if n is not None]
    own_grid = anchor == "interval" or (anchor is None and zone is None)
    shown = None if own_grid else _since_midnight(anchor)
    if zone is None and (limits or not own_grid):
        wanting = f"anchor={anchor!r} is a local time" if not own_grid else "limits count local days and weeks"
        message = f"{wanting}, so a zone is needed; pass zone='Europe/Berlin' or the like"
        raise PointTypeError(message, zone)
    margin = length + trail
    pieces = _pieces(_bounded(times, lead, margin, earliest, latest, own_grid=own_grid), lead, margin, earliest, latest)
    if zone is None:
        return chain.from_iterable(_on_own_grids(pieces, step))

    from slotcalc import zones  # noqa: PLC0415  # zoneinfo would be a quarter of the time of `import slotcalc`

    clocks = zones.zone(zone)
    found = chain.from_iterable(_on_local_grid(pieces, step, shown, partial(zones.clock_runs, zone=clocks)))
    if not limits:
        return found
    return _within_limits(found, per_day, per_week, begun, partial(zones.local_days, zone=clocks))


def first_fit(
    free: IntervalSet[datetime] | Iterable[tuple[datetime, datetime]],
    duration: timedelta,
    *,
    every: timedelta | None = None,
    zone: str | tzinfo | None = None,
    anchor: Anchor | None = None,
    earliest: datetime | None = None,
    latest: datetime | None = None,
    before: timedelta | None = None,
    after: timedelta | None = None,
    per_day: int | None = None,
    per_week: int | None = None,
    taken: Iterable[datetime] = (),
) -> Interval[datetime] | None:
    """Return the first place where the appointment fits, without its buffers: from `next(starts(…))` on; None if none.

    Arguments and errors are those of `starts`. Only the free time up to that place costs anything.

    >>> from datetime import UTC
    >>> day = IntervalSet([(datetime(2026, 3, 2, 8, 10, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))])
    >>> print(first_fit(day, timedelta(minutes=45), every=timedelta(minutes=15), zone="Europe/Paris"))
    2026-03-02T08:15:00Z/2026-03-02T09:00:00Z
    """
    found = starts(
        free,
        duration,
        every=every,
        zone=zone,
        anchor=anchor,
        earliest=earliest,
        latest=latest,
        before=before,
        after=after,
        per_day=per_day,
        per_week=per_week,
        taken=taken,
    )
    start = next(found, None)
    return None if start is None else Interval(start, start + duration)


def _bounded(
    times: IntervalSet[datetime],
    lead: timedelta,
    margin: timedelta,
    earliest: datetime | None,
    latest: datetime | None,
    *,
    own_grid: bool,
) -> IntervalSet[datetime]:
    """Return the free time that matters, bounded, or raise `UnboundedError`."""
    if times.reaches_start:
        if earliest is None or own_grid:
            what = (
                "whose start would begin its grid; pass zone=…"
                if own_grid
                else "and so are the starts; pass earliest=…"
            )
            message = f"the free time is unbounded below, {what}, or clip it with & to a window"
            raise UnboundedError(message, times)
        times &= IntervalSet.since(earliest - min(lead, earliest - _START_OF_TIME))
    if times.reaches_end:
        if latest is None:
            message = "the free time is unbounded above, and so are the starts; pass latest=…, or clip it with &"
            raise UnboundedError(message, times)
        times &= IntervalSet.until(latest + min(margin, _END_OF_TIME - latest))
    return times


def _pieces(
    times: IntervalSet[datetime],
    lead: timedelta,
    margin: timedelta,
    earliest: datetime | None,
    latest: datetime | None,
) -> Iterator[_Piece]:
    """Yield the free intervals that have room, as what the starts in each may be."""
    opens, closes = times.starts, times.ends
    i = 0 if earliest is None else bisect_right(closes, earliest)
    j = len(opens) if latest is None else bisect_right(opens, latest)
    needed = lead + margin
    for start, end in zip(opens[i:j], closes[i:j], strict=True):  # nothing if latest < earliest
        if end - start >= needed:
            origin = first = start + lead
            last = end - margin
            if earliest is not None and first < earliest:
                first = earliest
            if latest is not None and last > latest:
                last = latest
            if first <= last:
                yield first, last, origin


def _on_own_grids(pieces: Iterator[_Piece], step: timedelta) -> Iterator[Iterator[datetime]]:
    """Yield for each piece its starts, steps of elapsed time from where its grid begins."""
    for first, last, origin in pieces:
        wait = (origin - first) % step
        if wait <= last - first:
            # In C from start to start, and never beyond the last: the sum after it may be out of range.
            yield accumulate(repeat(step, (last - first - wait) // step), add, initial=first + wait)


def _on_local_grid(
    pieces: Iterator[_Piece],
    step: timedelta,
    anchor: timedelta | None,
    clock_runs: Callable[[datetime, datetime], Iterator[_Run]],
) -> Iterator[Iterator[datetime]]:
    """Yield for each piece and stretch of even clocks the starts at which these show anchor + a whole number of steps.

    Without an anchor, each piece takes what the clocks show at its origin. The days are walked once for all pieces,
    which costs half of looking each piece up.
    """
    runs: Iterator[_Run] = iter(())
    low, high, shown = _NO_RUN
    for first, last, origin in pieces:
        if first - high > _FAR or low is high:
            runs = clock_runs(first, _END_OF_TIME)
            low, high, shown = next(runs)
        while high <= first:
            low, high, shown = next(runs)
        phase = anchor
        if phase is None:
            phase = shown + (first - low) if first == origin else _shown_at(origin, clock_runs)
        while True:
            base = first if low < first else low  # noqa: FURB136  # max takes three times as long
            room = (last if last < high else high - _TICK) - base
            wait = (phase - shown - (base - low)) % step
            if wait <= room:
                yield accumulate(repeat(step, (room - wait) // step), add, initial=base + wait)
            if last < high:
                break
            low, high, shown = next(runs)


def _shown_at(instant: datetime, clock_runs: Callable[[datetime, datetime], Iterator[_Run]]) -> timedelta:
    """Return how far past 00:00 of its local day the clocks are."""
    low, _, shown = next(run for run in clock_runs(instant, _END_OF_TIME) if instant < run[1])
    return shown + (instant - low)


def _within_limits(
    found: Iterator[datetime],
    per_day: int | None,
    per_week: int | None,
    taken: list[datetime],
    local_days: Callable[[datetime, datetime], Iterator[tuple[date, datetime, datetime]]],
) -> Iterator[datetime]:
    """Yield the starts on local days that have room, and in weeks that have, counting what is taken."""
    days = [day for _, day in _with_days(taken, local_days)]
    on_day, in_week = Counter(days), Counter([(day - 1) // 7 for day in days])  # day 1 was a Monday
    asked = None
    has_room = False
    for start, day in _with_days(found, local_days):
        if day != asked:
            asked = day
            has_room = per_day is None or on_day[day] < per_day
            has_room = has_room and (per_week is None or in_week[(day - 1) // 7] < per_week)
        if has_room:
            yield start


def _with_days(
    moments: Iterable[datetime], local_days: Callable[[datetime, datetime], Iterator[tuple[date, datetime, datetime]]]
) -> Iterator[tuple[datetime, int]]:
    """Yield each of the moments, which come in order, with the ordinal of its local day."""
    days: Iterator[tuple[date, datetime, datetime]] = iter(())
    high: datetime | None = None
    number = 0
    for moment in moments:
        if high is None or moment - high > _FAR:
            days = local_days(min(moment, _END_OF_TIME - _TICK), _END_OF_TIME)
            high = moment
        while high <= moment:
            day, _, high = next(days)
            number = day.toordinal()
        yield moment, number


def _since_midnight(anchor: Any) -> timedelta:
    """Return a local time of day as the time since 00:00; None is midnight."""
    if anchor is None:
        return _NOTHING
    if not isinstance(anchor, time) or anchor.tzinfo is not None:
        message = f"anchor={anchor!r:.80} is neither a time without a tzinfo, such as time(0, 10), nor 'interval'"
        raise PointTypeError(message, anchor)
    return timedelta(hours=anchor.hour, minutes=anchor.minute, seconds=anchor.second, microseconds=anchor.microsecond)


def _length(name: str, length: object) -> timedelta:
    """Return a length, or that of the calendar if it is longer, or raise for anything else."""
    if isinstance(length, timedelta):
        return min(length, _LONGEST)
    message = f"{name}={length!r:.80} is no length; pass a timedelta, such as timedelta(minutes=30)"
    raise PointTypeError(message, length)


def _positive(name: str, length: object) -> timedelta:
    made = _length(name, length)
    if made > _NOTHING:
        return made
    message = f"{name}={length!r} is not positive"
    raise IntervalError(message, length)


def _buffer(name: str, length: object) -> timedelta:
    """Return the length of a buffer, none as zero, or raise for one that is negative or no length."""
    made = _NOTHING if length is None else _length(name, length)
    if made >= _NOTHING:
        return made
    message = f"{name}={length!r} is negative; a buffer adds to the time that an appointment needs"
    raise IntervalError(message, length)


def _instant(name: str, point: Any) -> datetime:
    """Return an aware datetime in UTC, or raise for anything else."""
    made = normalised(point) if isinstance(point, datetime) else None
    if made is None or made.tzinfo is not UTC:
        message = f"{name}: {point!r:.200} is no instant; pass aware datetimes, such as datetime.now(UTC)"
        raise PointTypeError(message, point)
    return made


def _instants(name: str, points: Any) -> list[datetime]:
    """Return aware datetimes in UTC, sorted, or raise for anything else."""
    if isinstance(points, Iterable):
        return sorted([_instant(name, point) for point in points])
    raise PointTypeError(f"{name}={points!r:.200} is no collection of instants; pass the starts in a list", points)
