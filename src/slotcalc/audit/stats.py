"""How much slot time was added and removed: in all, by reason, by author, and by hour, day, week and month.

Each table says how the same events fall into its cells, so its cells always add up to the total, to the microsecond.
Imports `log` and `zones`; read `analyses` next, which asks the usual questions.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import accumulate, islice
from operator import add
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, final, get_args
from zoneinfo import ZoneInfo

from slotcalc import iso8601, zones
from slotcalc.audit.log import moment_of
from slotcalc.booking import as_list, whole_number
from slotcalc.diff import Action, AuditEvent
from slotcalc.errors import ParseError, PointTypeError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.values import Value

__all__ = [
    "WEEKDAYS",
    "By",
    "HourOfWeek",
    "Stats",
    "Tally",
    "check_instants",
    "first_of",
    "hours_shown",
    "stats",
    "tallied",
]

By: TypeAlias = Literal["edit", "slot"]

_BYS: Final = get_args(By)
WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_NOTHING: Final = timedelta()
_MICROSECOND: Final = timedelta(microseconds=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class HourOfWeek(NamedTuple):
    """An hour of each week, as the clocks show it."""

    weekday: int
    """0 is Monday."""
    hour: int
    """0 to 23."""

    def __str__(self) -> str:
        """Return it as `Weekly` writes it.

        >>> print(HourOfWeek(0, 9))
        Mo 09:00-10:00
        """
        return f"{WEEKDAYS[self.weekday]} {self.hour:02}:00-{self.hour + 1:02}:00"


@final
class Tally(Value):
    """How much was added and how much removed.

    Args:
        slots_added: how many pieces of slot time were added, each event being one.
        slots_removed: how many were removed.
        time_added: how long they are together, as elapsed time.
        time_removed: likewise.

    >>> Tally(2, 1, time_added=timedelta(hours=3), time_removed=timedelta(minutes=90)).hours_removed
    1.5
    """

    __slots__ = ("slots_added", "slots_removed", "time_added", "time_removed")
    __match_args__ = ("slots_added", "slots_removed", "time_added", "time_removed")
    _positional = 2

    slots_added: int
    slots_removed: int
    time_added: timedelta
    time_removed: timedelta

    def __init__(
        self,
        slots_added: int = 0,
        slots_removed: int = 0,
        *,
        time_added: timedelta = timedelta(),
        time_removed: timedelta = timedelta(),
    ) -> None:
        """Keep the parts; `stats` makes them."""
        self._set(
            slots_added=slots_added, slots_removed=slots_removed, time_added=time_added, time_removed=time_removed
        )

    @property
    def hours_added(self) -> float:
        """`time_added` in hours."""
        return self.time_added / _HOUR

    @property
    def hours_removed(self) -> float:
        """`time_removed` in hours."""
        return self.time_removed / _HOUR

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        if not isinstance(other, Tally):
            return NotImplemented
        return Tally(
            self.slots_added + other.slots_added,
            self.slots_removed + other.slots_removed,
            time_added=self.time_added + other.time_added,
            time_removed=self.time_removed + other.time_removed,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counts, the hours as numbers, and the exact lengths as ISO 8601 durations."""
        return {
            "slots_added": self.slots_added,
            "slots_removed": self.slots_removed,
            "hours_added": self.hours_added,
            "hours_removed": self.hours_removed,
            "time_added": iso8601.format_duration(self.time_added),
            "time_removed": iso8601.format_duration(self.time_removed),
        }


@final
class Stats(Value):
    """What `stats` counted. Every table adds up to `total`, and has a cell for each of its keys, be it of nought.

    Args:
        zone: the name of the zone by whose clocks hours, days, weeks and months are told.
        by: whether they are those of the slots or those of the edits.
        window: the period; None if nothing was asked for and there are no events.
        total: everything.
        by_reason: by the reason that was given, in the order of the alphabet.
        by_actor: by who made the edit, likewise.
        by_hour_of_week: the 168 hours of a week, from Monday 00:00 on.
        by_day: the days that the clocks show within the period.
        by_week: the weeks of ISO 8601, by their Monday.
        by_month: the months, by their first day.
    """

    __slots__ = (
        "by",
        "by_actor",
        "by_day",
        "by_hour_of_week",
        "by_month",
        "by_reason",
        "by_week",
        "total",
        "window",
        "zone",
    )
    __match_args__ = (
        "zone",
        "by",
        "window",
        "total",
        "by_reason",
        "by_actor",
        "by_hour_of_week",
        "by_day",
        "by_week",
        "by_month",
    )
    _positional = 4

    zone: str
    by: By
    window: Interval[datetime] | None
    total: Tally
    by_reason: Mapping[str, Tally]
    by_actor: Mapping[str, Tally]
    by_hour_of_week: Mapping[HourOfWeek, Tally]
    by_day: Mapping[date, Tally]
    by_week: Mapping[date, Tally]
    by_month: Mapping[date, Tally]

    def __init__(
        self,
        zone: str,
        by: By,
        window: Interval[datetime] | None,
        total: Tally,
        *,
        by_reason: Mapping[str, Tally],
        by_actor: Mapping[str, Tally],
        by_hour_of_week: Mapping[HourOfWeek, Tally],
        by_day: Mapping[date, Tally],
        by_week: Mapping[date, Tally],
        by_month: Mapping[date, Tally],
    ) -> None:
        """Keep the parts; `stats` makes them."""
        self._set(
            zone=zone,
            by=by,
            window=window,
            total=total,
            by_reason=by_reason,
            by_actor=by_actor,
            by_hour_of_week=by_hour_of_week,
            by_day=by_day,
            by_week=by_week,
            by_month=by_month,
        )

    __hash__ = None  # type: ignore[assignment]  # its tables are dicts

    def most_removed(self, limit: int = 10) -> list[tuple[HourOfWeek, Tally]]:
        """Return the hours of the week from which most time was removed, the most first; none without any."""
        hours = [(hour, tally) for hour, tally in self.by_hour_of_week.items() if tally.time_removed]
        return first_of(hours, lambda item: (-item[1].time_removed, item[0]), limit)

    def to_json(self) -> dict[str, Any]:
        """Return the stats as a JSON object; weeks are written `2026-W13` and months `2026-03`, as in ISO 8601."""
        return {
            "zone": self.zone,
            "by": self.by,
            "window": None if self.window is None else str(self.window),
            "total": self.total.to_json(),
            "by_reason": {reason: tally.to_json() for reason, tally in self.by_reason.items()},
            "by_actor": {actor: tally.to_json() for actor, tally in self.by_actor.items()},
            "by_hour_of_week": [
                {"weekday": WEEKDAYS[hour.weekday], "hour": hour.hour, **tally.to_json()}
                for hour, tally in self.by_hour_of_week.items()
            ],
            "by_day": {day.isoformat(): tally.to_json() for day, tally in self.by_day.items()},
            "by_week": {_week(day): tally.to_json() for day, tally in self.by_week.items()},
            "by_month": {day.isoformat()[:7]: tally.to_json() for day, tally in self.by_month.items()},
        }

    def __repr__(self) -> str:
        """Return the total: the tables are too large to print."""
        return f"<Stats by {self.by} in {self.zone}: {self.total!r}>"


def _week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def stats(
    events: Iterable[AuditEvent],
    zone: str | tzinfo,
    *,
    by: By,
    window: Interval[datetime] | tuple[datetime, datetime] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Stats:
    """Return how much slot time the events added and removed, in tables by reason, author, hour of the week and date.

    The tables tell the time of the slots or that of the edits, and `by` says which. To ask of one and tell the other,
    such as which times were removed by the edits of last week, select the events first.

    * `by="edit"`: an event counts, as a whole, in the hour in which the edit was made. The window takes the edits that
      were made in it.
    * `by="slot"`: an event counts in the hour in which its time begins, and its length is shared out among the hours
      that it covers. The window takes the time inside it; an event that reaches into it from before brings its length
      and no count.

    Hours and dates are those that the clocks of the zone show, and lengths are elapsed time: an hour that comes twice
    in a night is one cell of two hours, one that is skipped has none.

    Args:
        events: in any order, of any resources.
        zone: whose clocks; explicit, as everywhere.
        by: "edit" or "slot".
        window: the period; by default from the first to the last of what is counted.
        limits: `window` bounds how long the period may be.

    O(n log h + h) for n events and a period of h hours, however long the slots are; 1 to 2 µs an event.

    Raises:
        ParseError: for another `by`.
        PointTypeError: for slots whose points are no instants, and with by="edit" for events that belong to no edit.
        IntervalError: for an empty window.
        LimitExceededError: for a period that is too long.
        PointValueError: for more than 2.7 million years of slot time.
        UnknownZoneError: for a bad zone.

    >>> event = AuditEvent("tutor-1", "removed", Interval.parse("2026-03-02T08:30Z/2026-03-02T10:00Z"))
    >>> for hour, tally in stats([event], "Europe/Paris", by="slot").most_removed():
    ...     print(hour, tally.slots_removed, tally.time_removed)
    Mo 10:00-11:00 0 1:00:00
    Mo 09:00-10:00 1 0:30:00
    """
    listed = as_list(events, AuditEvent)
    if by not in _BYS:
        raise ParseError(f"by={by!r:.80} is neither 'edit' nor 'slot'; say by which time to count", by)
    place = zones.zone(zone)
    check_instants(listed, by)
    period = _period(listed, by, window)
    if period is None:
        return _tables(str(place), by, period, _Cells([], []), {})
    limits.check("window", period.duration)
    cells = _Cells(*hours_shown(period, place))
    count = _count_slots if by == "slot" else _count_edits
    try:
        return _tables(str(place), by, period, cells, count(listed, period, cells))
    except OverflowError:
        message = "together the events are longer than a timedelta can be; ask for a window, or for fewer events"
        raise PointValueError(message, period) from None


def check_instants(events: Iterable[AuditEvent], by: By) -> None:
    """Raise `PointTypeError` for slots that are no instants, and where edits are counted for what belongs to none."""
    for event in events:
        if getattr(event.interval.start, "tzinfo", None) is None:
            message = (
                f"{event.interval} has no instants, so no clock says on which day it is; stats need aware datetimes"
            )
            raise PointTypeError(message, event)
        if by == "edit" and event.changed_at is None:
            raise PointTypeError(f"{event!r:.200} belongs to no edit, so it was made at no time", event)


def _period(events: Sequence[AuditEvent], by: By, window: Any) -> Interval[datetime] | None:
    if window is not None:
        try:
            start, end = (window.start, window.end) if isinstance(window, Interval) else window
        except (TypeError, ValueError):
            message = f"window={window!r:.200} is neither an Interval nor a (start, end) pair"
            raise PointTypeError(message, window) from None
        return Interval(moment_of("window", start), moment_of("window", end))
    if not events:
        return None
    if by == "slot":
        return Interval(min([event.interval.start for event in events]), max([event.interval.end for event in events]))
    moments: list[Any] = [event.changed_at for event in events]
    return Interval(min(moments), max(moments) + _MICROSECOND)


class _Cells:
    """The hours that the clocks show one after the other, and what was counted in each."""

    def __init__(self, borders: list[datetime], shown: list[tuple[date, int]]) -> None:
        self.borders = borders
        self.shown = shown  # the date and the hour of the cell that begins at the border of the same number
        self.counts = {action: [0] * len(shown) for action in Action}
        self.times = {action: [_NOTHING] * len(shown) for action in Action}

    def within(self, period: Interval[datetime] | None) -> Iterator[tuple[Any, ...]]:
        """Yield what each cell that meets the period shows and counted; the days at its ends are whole."""
        if period is not None:
            first, stop = bisect_right(self.borders, period.start) - 1, bisect_left(self.borders, period.end)
            columns = [*self.counts.values(), *self.times.values()]  # ADDED before REMOVED, as in a Tally
            yield from islice(zip(self.shown, *columns, strict=True), first, stop)


def hours_shown(period: Interval[datetime], zone: ZoneInfo) -> tuple[list[datetime], list[tuple[date, int]]]:
    """Return where the hours of the clocks begin in UTC, and the end of the last; and the date and hour of each.

    Where the clocks change, a cell ends early, and one may come up twice.
    """
    borders: list[datetime] = []
    shown: list[tuple[date, int]] = []
    high = period.end
    for low, high, _ in zones.clock_runs(period.start, period.end, zone):
        wall = low.astimezone(zone).replace(tzinfo=None)
        hour = wall.replace(minute=0, second=0, microsecond=0)
        border = low
        while border < high:
            borders.append(border)
            shown.append((hour.date(), hour.hour))
            hour += _HOUR
            border = low + (hour - wall)
    return [*borders, high], shown


_Groups: TypeAlias = dict[tuple[str, str, str], list[Any]]  # action, reason, author: how many, how long


def _count_slots(events: Iterable[AuditEvent], period: Interval[datetime], cells: _Cells) -> _Groups:
    groups: _Groups = {}
    borders, first, last = cells.borders, period.start, period.end
    lines = {action: (cells.counts[action], cells.times[action], [0] * len(borders)) for action in Action}
    for event in events:
        interval, action = event.interval, event.action
        start, end, counted = interval.start, interval.end, 1
        if start < first or last < end:
            if end <= first or last <= start:
                continue
            counted = int(first <= start)
            start, end = max(start, first), min(end, last)
        counts, times, whole = lines[action]
        length = end - start
        cell = bisect_right(borders, start) - 1
        counts[cell] += counted
        border = borders[cell + 1]
        if end <= border:
            times[cell] += length
        else:  # what lies between the first and the last hour is added up once, at the end
            times[cell] += border - start
            into = bisect_left(borders, end) - 1
            times[into] += end - borders[into]
            whole[cell + 1] += 1
            whole[into] -= 1
        group = groups.get((action, event.reason, event.changed_by))
        if group is None:
            group = groups[action, event.reason, event.changed_by] = [0, _NOTHING]
        group[0] += counted
        group[1] += length
    for _, times, whole in lines.values():
        for cell, depth in enumerate(accumulate(whole[:-1])):
            if depth:
                times[cell] += depth * (borders[cell + 1] - borders[cell])
    return groups


def _count_edits(events: Iterable[AuditEvent], period: Interval[datetime], cells: _Cells) -> _Groups:
    groups: _Groups = {}
    borders, first, last = cells.borders, period.start, period.end
    lines = {action: (cells.counts[action], cells.times[action]) for action in Action}
    for event in events:
        moment: Any = event.changed_at
        if first <= moment < last:
            cell = bisect_right(borders, moment) - 1
            interval, action = event.interval, event.action
            length = interval.end - interval.start
            counts, times = lines[action]
            counts[cell] += 1
            times[cell] += length
            group = groups.get((action, event.reason, event.changed_by))
            if group is None:
                group = groups[action, event.reason, event.changed_by] = [0, _NOTHING]
            group[0] += 1
            group[1] += length
    return groups


_K = TypeVar("_K")
_Sums: TypeAlias = list[Any]  # the fields of a Tally, in their order
_NOUGHT: Final[_Sums] = [0, 0, _NOTHING, _NOTHING]


def _tables(zone: str, by: By, period: Interval[datetime] | None, cells: _Cells, groups: _Groups) -> Stats:
    total = _nought()
    by_reason: dict[str, _Sums] = {}
    by_actor: dict[str, _Sums] = {}
    for (action, reason, actor), (count, length) in groups.items():
        which = 0 if action == Action.ADDED else 1
        for sums in (total, by_reason.setdefault(reason, _nought()), by_actor.setdefault(actor, _nought())):
            sums[which] += count
            sums[2 + which] += length
    by_hour = {HourOfWeek(weekday, hour): _nought() for weekday in range(7) for hour in range(24)}
    by_day: dict[date, _Sums] = {}
    for (day, hour), *counted in cells.within(period):
        of_day = by_day.get(day)
        if of_day is None:
            of_day = by_day[day] = _nought()
        if counted != _NOUGHT:
            for sums in (of_day, by_hour[HourOfWeek(day.weekday(), hour)]):
                sums[:] = map(add, sums, counted)
    return Stats(
        zone,
        by,
        period,
        _tally(total),
        by_reason=_tallies(dict(sorted(by_reason.items()))),
        by_actor=_tallies(dict(sorted(by_actor.items()))),
        by_hour_of_week=_tallies(by_hour),
        by_day=_tallies(by_day),
        by_week=_tallies(_gathered(by_day, lambda day: day - day.weekday() * _DAY)),
        by_month=_tallies(_gathered(by_day, lambda day: day.replace(day=1))),
    )


def first_of(found: Iterable[_K], order: Callable[[_K], Any], limit: int) -> list[_K]:
    """Return at most so many, in that order; raise unless `limit` is a whole number of 1 or more."""
    return sorted(found, key=order)[: whole_number("limit", limit)]


def tallied(events: Iterable[AuditEvent], key: Callable[[AuditEvent], _K]) -> dict[_K, Tally]:
    """Return one tally for each key, in the order in which they come up."""
    table: dict[_K, _Sums] = {}
    for event in events:
        sums = table.setdefault(key(event), _nought())
        which = 0 if event.action is Action.ADDED else 1
        sums[which] += 1
        sums[2 + which] += event.interval.end - event.interval.start
    return _tallies(table)


def _nought() -> _Sums:
    return [*_NOUGHT]


def _gathered(by_day: Mapping[date, _Sums], key: Callable[[date], date]) -> dict[date, _Sums]:
    gathered: dict[date, _Sums] = {}
    for day, sums in by_day.items():
        together = gathered.setdefault(key(day), _nought())
        together[:] = map(add, together, sums)
    return gathered


def _tallies(table: Mapping[_K, _Sums]) -> dict[_K, Tally]:
    return {key: _tally(sums) for key, sums in table.items()}


def _tally(sums: _Sums) -> Tally:
    added, removed, time_added, time_removed = sums
    return Tally(added, removed, time_added=time_added, time_removed=time_removed)
