"""The questions that people ask of a history: when it is edited, what is removed most, by whom, and in which season.

Each takes events in any order, of one resource or of many; what they should be about is selected first. Ties are broken
by time, then by name, so that an answer never depends on the order of the events. Imports `stats`, which has the rules
of counting; read `findings` next.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta, tzinfo
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple

from slotcalc import zones
from slotcalc.audit.stats import WEEKDAYS, HourOfWeek, Tally, check_instants, first_of, hours_shown, stats, tallied
from slotcalc.booking import as_list
from slotcalc.diff import Action, AuditEvent
from slotcalc.intervals import Interval

__all__ = [
    "BusyHour",
    "ClockRange",
    "Editor",
    "RemovedHour",
    "RemovedTime",
    "SeasonalMonth",
    "busiest_edit_hours",
    "most_active_editors",
    "most_removed_hours",
    "most_removed_times",
    "seasonal_pattern",
]

_MIDNIGHT = time()


class BusyHour(NamedTuple):
    """An hour of the week in which edits were made."""

    hour: HourOfWeek
    edits: int
    tally: Tally


def busiest_edit_hours(events: Iterable[AuditEvent], zone: str | tzinfo, *, limit: int = 10) -> list[BusyHour]:
    """Return when availability is changed most: the hours of the week in which edits are made, the busiest first.

    An edit counts once, however many events it has.

    Raises:
        PointTypeError: for slots whose points are no instants, and for events that belong to no edit.
        PointValueError: for a local time outside the years 1 to 9999, and a limit less than 1.
        UnknownZoneError: for a bad zone.

    >>> first, second = (datetime.fromisoformat(f"2026-03-{day}T08:15Z") for day in ("02", "09"))  # both are Mondays
    >>> events = [
    ...     AuditEvent("tutor-1", "added", Interval.parse("2026-04-01T08:00Z/PT3H"), revision=1, changed_at=first),
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-04-01T09:00Z/PT1H"), revision=2, changed_at=second),
    ... ]
    >>> for hour, edits, tally in busiest_edit_hours(events, "Europe/Paris"):
    ...     print(hour, edits, tally.hours_added, tally.hours_removed)
    Mo 09:00-10:00 2 3.0 1.0
    """
    listed = as_list(events, AuditEvent)
    place = zones.zone(zone)
    check_instants(listed, "edit")

    def hour_of(event: AuditEvent) -> HourOfWeek:
        moment: Any = event.changed_at
        local = zones.to_local(moment, place)
        return HourOfWeek(local.weekday(), local.hour)

    tallies = tallied(listed, hour_of)
    edits = Counter(map(hour_of, {(event.resource_id, event.revision): event for event in listed}.values()))
    ranked = first_of(edits, lambda hour: (-edits[hour], hour), limit)
    return [BusyHour(hour, edits[hour], tallies[hour]) for hour in ranked]


class RemovedHour(NamedTuple):
    """An hour of the week that was removed."""

    hour: HourOfWeek
    times: int
    time_removed: timedelta


def most_removed_hours(
    events: Iterable[AuditEvent],
    zone: str | tzinfo,
    *,
    window: Interval[datetime] | tuple[datetime, datetime] | None = None,
    limit: int = 10,
) -> list[RemovedHour]:
    """Return which hours of the week are removed most often, by the time of the slots, the most often first.

    A removed slot counts once in each hour of each date that it touches, so one from 09:30 to 11:00 counts in 09:00 and
    in 10:00, and one of two weeks twice in each hour of the week.

    Raises:
        PointTypeError, IntervalError, LimitExceededError, UnknownZoneError: as `stats`.
        PointValueError: for a limit less than 1.

    >>> events = [
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-03-02T08:30Z/PT1H30M")),
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-03-09T09:00Z/PT1H")),
    ... ]
    >>> for hour, times, time_removed in most_removed_hours(events, "Europe/Paris"):
    ...     print(hour, times, time_removed)
    Mo 10:00-11:00 2 2:00:00
    Mo 09:00-10:00 1 0:30:00
    """
    removed = [event for event in as_list(events, AuditEvent) if event.action is Action.REMOVED]
    counted = stats(removed, zone, by="slot", window=window)
    if counted.window is None:
        return []
    times = _touches(removed, counted.window, zone)
    tallies = counted.by_hour_of_week
    ranked = first_of(times, lambda hour: (-times[hour], -tallies[hour].time_removed, hour), limit)
    return [RemovedHour(hour, times[hour], tallies[hour].time_removed) for hour in ranked]


def _touches(events: Iterable[AuditEvent], window: Interval[datetime], zone: str | tzinfo) -> Counter[HourOfWeek]:
    """Return how often the events touch each hour of the week within the window."""
    borders, shown = hours_shown(window, zones.zone(zone))
    seen: dict[object, int] = {}
    twins = []  # of the hours that come twice in a night: the first and the second
    for cell, label in enumerate(shown):
        if label in seen:
            twins.append((seen[label], cell))
        seen[label] = cell
    change = [0] * (len(shown) + 1)
    twice = [0] * len(shown)
    for event in events:
        start, end = max(event.interval.start, window.start), min(event.interval.end, window.end)
        if start < end:
            first, last = bisect_right(borders, start) - 1, bisect_left(borders, end) - 1
            change[first] += 1
            change[last + 1] -= 1
            if first < last:
                for i in range(bisect_left(twins, (first, 0)), len(twins)):
                    if last < twins[i][1]:
                        break
                    twice[twins[i][1]] += 1
    touched: Counter[HourOfWeek] = Counter()
    for (day, hour), depth, both in zip(shown, accumulate(change[:-1]), twice, strict=True):
        if depth > both:
            touched[HourOfWeek(day.weekday(), hour)] += depth - both
    return touched


class ClockRange(NamedTuple):
    """A stretch of local time, as the clocks show it, on a day of the week."""

    weekday: int
    """0 is Monday."""
    start: time
    end: time
    days: int
    """How many dates later it ends."""

    def __str__(self) -> str:
        """Return it as `Weekly` writes it; an end at midnight is 24:00.

        >>> print(ClockRange(0, time(22), time(), 1))
        Mo 22:00-24:00
        >>> print(ClockRange(0, time(22), time(2), 1))
        Mo 22:00-02:00 (+1 day)
        """
        end, days = self.end.isoformat().removesuffix(":00"), self.days
        if self.end == _MIDNIGHT and days:
            end, days = "24:00", days - 1
        later = f" (+{days} day{'s' if days > 1 else ''})" if days else ""
        return f"{WEEKDAYS[self.weekday]} {self.start.isoformat().removesuffix(':00')}-{end}{later}"


class RemovedTime(NamedTuple):
    """A stretch of local time that was removed."""

    range: ClockRange
    times: int
    time_removed: timedelta


def most_removed_times(events: Iterable[AuditEvent], zone: str | tzinfo, *, limit: int = 10) -> list[RemovedTime]:
    """Return which times are removed most often: weekday and clock range of each removed slot, the most often first.

    Raises:
        PointTypeError: for slots whose points are no instants.
        PointValueError: for a local time outside the years 1 to 9999, and a limit less than 1.
        UnknownZoneError: for a bad zone.

    >>> events = [
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-03-02T08:30Z/PT1H30M")),
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-07-06T07:30Z/PT1H30M")),  # 09:30, in summer time
    ... ]
    >>> for clock_range, times, time_removed in most_removed_times(events, "Europe/Paris"):
    ...     print(clock_range, times, time_removed)
    Mo 09:30-11:00 2 3:00:00
    """
    place = zones.zone(zone)
    times: Counter[ClockRange] = Counter()
    lengths: dict[ClockRange, timedelta] = {}
    for event in as_list(events, AuditEvent):
        if event.action is Action.REMOVED:
            interval = event.interval
            start, end = zones.to_local(interval.start, place), zones.to_local(interval.end, place)
            days = (end.date() - start.date()).days
            clock_range = ClockRange(start.weekday(), start.time(), end.time(), days)
            times[clock_range] += 1
            lengths[clock_range] = lengths.get(clock_range, timedelta()) + interval.duration
    ranked = first_of(times, lambda clock_range: (-times[clock_range], clock_range), limit)
    return [RemovedTime(clock_range, times[clock_range], lengths[clock_range]) for clock_range in ranked]


class Editor(NamedTuple):
    """Somebody who made edits."""

    changed_by: str
    edits: int
    tally: Tally
    first: datetime
    last: datetime


def most_active_editors(events: Iterable[AuditEvent], *, limit: int = 10) -> list[Editor]:
    """Return who changes availability most, by the number of edits, with the first and the last of them.

    Events of previews belong to no edit and are left out.

    Raises:
        PointTypeError: for slots whose points are no instants.
        PointValueError: for a limit less than 1.

    >>> monday, tuesday = (datetime.fromisoformat(f"2026-03-{day}T08:15Z") for day in ("02", "03"))
    >>> hour = Interval.parse("2026-04-01T08:00Z/PT1H")
    >>> events = [
    ...     AuditEvent("tutor-1", "added", hour, revision=1, changed_at=monday, changed_by="anna"),
    ...     AuditEvent("tutor-1", "removed", hour, revision=2, changed_at=tuesday, changed_by="anna"),
    ...     AuditEvent("tutor-2", "added", hour, revision=1, changed_at=tuesday, changed_by="ben"),
    ... ]
    >>> for editor in most_active_editors(events):
    ...     print(editor.changed_by, editor.edits, editor.tally.hours_removed, f"{editor.last:%Y-%m-%d}")
    anna 2 1.0 2026-03-03
    ben 1 0.0 2026-03-03
    """
    made = [event for event in as_list(events, AuditEvent) if event.changed_at is not None]
    check_instants(made, "edit")
    tallies = tallied(made, attrgetter("changed_by"))
    edits = Counter(name for name, _, _ in {(event.changed_by, event.resource_id, event.revision) for event in made})
    moments: dict[str, list[Any]] = {}
    for event in made:
        moments.setdefault(event.changed_by, []).append(event.changed_at)
    ranked = first_of(edits, lambda name: (-edits[name], name), limit)
    return [Editor(name, edits[name], tallies[name], min(moments[name]), max(moments[name])) for name in ranked]


class SeasonalMonth(NamedTuple):
    """A month of the year, in all years together and in each."""

    month: int
    tally: Tally
    by_year: Mapping[int, Tally]


def seasonal_pattern(
    events: Iterable[AuditEvent],
    zone: str | tzinfo,
    *,
    window: Interval[datetime] | tuple[datetime, datetime] | None = None,
) -> list[SeasonalMonth]:
    """Return the twelve months of the year with what was added and removed in them, by the time of the slots.

    `by_year` has the years of the period in which there is such a month, so its length is what to divide by for an
    average.

    Raises:
        PointTypeError, IntervalError, LimitExceededError, UnknownZoneError: as `stats`.

    >>> events = [
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2025-08-04T08:00Z/PT3H")),
    ...     AuditEvent("tutor-1", "removed", Interval.parse("2026-08-03T08:00Z/PT5H")),
    ... ]
    >>> august = seasonal_pattern(events, "Europe/Paris")[8 - 1]
    >>> august.tally.hours_removed, {year: tally.hours_removed for year, tally in august.by_year.items()}
    (8.0, {2025: 3.0, 2026: 5.0})
    """
    by_month = stats(events, zone, by="slot", window=window).by_month
    years: dict[int, dict[int, Tally]] = {month: {} for month in range(1, 13)}
    for first, tally in by_month.items():
        years[first.month][first.year] = tally
    return [SeasonalMonth(month, sum(tallies.values(), Tally()), tallies) for month, tallies in years.items()]
