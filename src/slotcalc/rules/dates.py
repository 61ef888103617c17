"""Rules about dates: some dates, a range of them, time off, and one day of every year.

Imports `days` and `hours`; read `holidays` next, whose dates others keep.
"""

from calendar import isleap, monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time, timedelta, tzinfo
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final, get_args

from slotcalc import zones
from slotcalc.errors import IntervalError, ParseError, PointTypeError, PointValueError
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.rules.days import (
    DayRule,
    between,
    check_date,
    check_disambiguate,
    check_order,
    disambiguate_to_json,
    hours_by_date,
)
from slotcalc.rules.hours import ALL_DAY, DAYS, WHOLE_DAY, HoursText, Spans, hours_text, read_hours
from slotcalc.zones import Disambiguate

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["DateRange", "Dates", "TimeOff", "Yearly"]

LeapDay: TypeAlias = Literal["skip", "before", "after"]

_DAY: Final = timedelta(days=1)


@final
class Dates(DayRule):
    """Some local dates, each whole or with hours of its own.

    Args:
        dates: plain dates, which are whole local days, or (date, hours) pairs, or a mapping of hours by date; hours
            read "10:00-12:00" or are a list of such spans. Kept as a sorted tuple, each entry once; of several entries
            for one date all hold.
        zone: the IANA zone of the clocks; kept by name.
        disambiguate: how a time in a gap or a fold is read, as in `zones.to_instant`.
        limits: `occurrences` bounds the dates, too.

    Raises:
        LimitExceededError: for more dates than `limits` allows, without reading on.
        ParseError: for hours that are none; the message points at the character.
        PointTypeError: for anything but plain dates and such pairs.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> fair = Dates([date(2026, 3, 7), (date(2026, 3, 8), "10:00-16:00")], zone="Europe/Paris")
    >>> print(fair.within(Interval.parse("2026-03-01T00:00Z/P31D")))
    2026-03-06T23:00:00Z/2026-03-07T23:00:00Z, 2026-03-08T09:00:00Z/2026-03-08T15:00:00Z
    """

    __slots__ = ("_spans", "dates", "disambiguate", "limits", "zone")
    __match_args__ = ("dates", "zone", "disambiguate", "limits")
    _positional = 1
    _kind = "dates"

    dates: tuple[date | tuple[date, str], ...]
    # Each date with all its spans, sorted.
    _spans: tuple[tuple[date, Spans], ...]

    def __init__(
        self,
        dates: Iterable[date | tuple[date, HoursText]] | Mapping[date, HoursText],
        *,
        zone: str | tzinfo,
        disambiguate: Disambiguate = "compatible",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Check the dates and their hours."""
        given = hours_by_date("dates", dates, limits, alone=WHOLE_DAY)
        spans = [
            (day, tuple(chain.from_iterable([read_hours(text) for _, text in entries])))
            for day, entries in groupby(given, key=itemgetter(0))
        ]
        self._set(
            dates=tuple([day if text == WHOLE_DAY else (day, text) for day, text in given]),
            zone=str(zones.zone(zone)),
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _spans=tuple(spans),
        )

    def _hours(self, first: date, last: date) -> Iterable[tuple[date, Spans]]:
        return between(self._spans, first, last)

    def _to_json(self) -> dict[str, Any]:
        dates = [item.isoformat() if isinstance(item, date) else [item[0].isoformat(), item[1]] for item in self.dates]
        return {"dates": dates, "zone": self.zone, **disambiguate_to_json(self.disambiguate)}

    @classmethod
    def _from_json(cls, node: "Node") -> "Dates":
        dates = node.dates("dates")
        return cls(dates, zone=node.text("zone"), disambiguate=node.disambiguate(), limits=node.limits)


@final
class DateRange(DayRule):
    """The whole local days from one date to another, both included; None for an open end.

    Raises:
        IntervalError: if the last date lies before the first.
        PointTypeError: for anything but plain dates.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> august = DateRange(date(2026, 8, 1), date(2026, 8, 31), zone="Europe/Paris")
    >>> print(august.within(Interval.parse("2026-01-01T00:00Z/P365D")))
    2026-07-31T22:00:00Z/2026-08-31T22:00:00Z
    """

    __slots__ = ("first", "last", "limits", "zone")
    __match_args__ = ("first", "last", "zone", "limits")
    _positional = 2
    _kind = "date-range"

    first: date | None
    last: date | None
    disambiguate: Disambiguate = "compatible"  # whole days leave nothing to choose

    def __init__(
        self, first: date | None, last: date | None, *, zone: str | tzinfo, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        """Check the dates."""
        check_order("first", first, "last", last)
        self._set(first=first, last=last, zone=str(zones.zone(zone)), limits=limits)

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        return _each_day(self.first, self.last, first, last, ALL_DAY)

    def _to_json(self) -> dict[str, Any]:
        days = {name: day.isoformat() for name in ("first", "last") if (day := getattr(self, name))}
        return {**days, "zone": self.zone}

    @classmethod
    def _from_json(cls, node: "Node") -> "DateRange":
        first, last = node.optional("first", node.day), node.optional("last", node.day)
        return cls(first, last, zone=node.text("zone"), limits=node.limits)


@final
class TimeOff(DayRule):
    """A period of local days, both ends included, each whole or the same part of each.

    Without times the days are whole. With both, each day has the hours from `start_time` to `end_time`, over midnight
    if the end is not after the start. With `start_time` alone it is each day from then to its end, with `end_time`
    alone each day from its start until then. For one piece from a time of the first day to a time of the last, write
    the interval itself.

    Args:
        first: the first date.
        last: the last one.
        start_time: when each day's part begins; a naive time of whole minutes.
        end_time: when it ends; 00:00 is the end of the day.
        zone: the IANA zone of the clocks; kept by name.
        disambiguate: how a time in a gap or a fold is read, as in `zones.to_instant`.
        limits: `window` bounds the window that is asked for, `occurrences` the days in it.

    Raises:
        IntervalError: if the last date lies before the first, or both times are the same.
        PointTypeError: for anything but plain dates and naive times.
        PointValueError: for times that are not whole minutes.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> mornings = TimeOff(date(2026, 3, 2), date(2026, 3, 3), end_time=time(12), zone="Europe/Paris")
    >>> print(mornings.within(Interval.parse("2026-03-01T00:00Z/P9D")))
    2026-03-01T23:00:00Z/2026-03-02T11:00:00Z, 2026-03-02T23:00:00Z/2026-03-03T11:00:00Z
    """

    __slots__ = ("_spans", "disambiguate", "end_time", "first", "last", "limits", "start_time", "zone")
    __match_args__ = ("first", "last", "start_time", "end_time", "zone", "disambiguate", "limits")
    _positional = 2
    _kind = "time-off"

    first: date
    last: date
    start_time: time | None
    end_time: time | None
    _spans: Spans

    def __init__(
        self,
        first: date,
        last: date,
        *,
        start_time: time | None = None,
        end_time: time | None = None,
        zone: str | tzinfo,
        disambiguate: Disambiguate = "compatible",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Check dates and times."""
        check_order("first", check_date("first", first), "last", check_date("last", last))
        start = timedelta() if start_time is None else _since_midnight("start_time", start_time)
        end = _DAY if end_time is None else _since_midnight("end_time", end_time)
        if start_time is not None and start == end:
            message = f"the time off is from {start_time} to {end_time}; leave both out for whole days"
            raise IntervalError(message, start_time, end_time)
        self._set(
            first=first,
            last=last,
            start_time=start_time,
            end_time=end_time,
            zone=str(zones.zone(zone)),
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _spans=((start, end if end > start else end + _DAY),),
        )

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        return _each_day(self.first, self.last, first, last, self._spans)

    def _to_json(self) -> dict[str, Any]:
        given = {"start_time": self.start_time, "end_time": self.end_time}
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            **{name: f"{clock:%H:%M}" for name, clock in given.items() if clock is not None},
            "zone": self.zone,
            **disambiguate_to_json(self.disambiguate),
        }

    @classmethod
    def _from_json(cls, node: "Node") -> "TimeOff":
        return cls(
            node.day("first"),
            node.day("last"),
            start_time=node.optional("start_time", node.clock),
            end_time=node.optional("end_time", node.clock),
            zone=node.text("zone"),
            disambiguate=node.disambiguate(),
            limits=node.limits,
        )


@final
class Yearly(DayRule):
    """One local day of every year: a day of a month, or its nth weekday.

    Args:
        month: 1 to 12.
        day: the day of the month; only one of `day` and `nth` is given.
        nth: which of the month's weekdays: 1 to 5 from its start, -1 to -5 from its end. A month without a fifth one
            has none that year.
        weekday: "Mo" to "Su", with `nth`.
        hours: "10:00-12:00", several spans as text or a list; the whole local day if not given.
        leap_day: what 29 February is in other years: "skip" (none, as in RFC 5545, section 3.3.10), "before" (the 28th)
            or "after" (1 March).
        zone: the IANA zone of the clocks; kept by name.
        disambiguate: how a time in a gap or a fold is read, as in `zones.to_instant`.
        limits: `window` bounds the window that is asked for, `occurrences` the spans in it.

    Raises:
        ParseError: for hours, a weekday or a `leap_day` that are none.
        PointTypeError: unless there is a day, or a weekday with its `nth`.
        PointValueError: for a day that no year has, such as 30 February.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> thanksgiving = Yearly(11, nth=4, weekday="Th", zone="America/New_York")
    >>> print(thanksgiving.within(Interval.parse("2026-01-01T00:00Z/P365D")))
    2026-11-26T05:00:00Z/2026-11-27T05:00:00Z
    """

    __slots__ = ("_spans", "day", "disambiguate", "hours", "leap_day", "limits", "month", "nth", "weekday", "zone")
    __match_args__ = ("month", "day", "nth", "weekday", "hours", "leap_day", "zone", "disambiguate", "limits")
    _positional = 1
    _kind = "yearly"

    month: int
    day: int | None
    nth: int | None
    weekday: str | None
    hours: str
    leap_day: LeapDay
    _spans: Spans

    def __init__(
        self,
        month: int,
        day: int | None = None,
        *,
        nth: int | None = None,
        weekday: str | None = None,
        hours: HoursText = WHOLE_DAY,
        leap_day: LeapDay = "skip",
        zone: str | tzinfo,
        disambiguate: Disambiguate = "compatible",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Check that some year has such a day."""
        _check_within("month", month, 1, 12)
        if day is not None and nth is None and weekday is None:
            _check_within("day", day, 1, monthrange(2024, month)[1])
        elif day is None and nth is not None and weekday is not None:
            _check_within("nth", nth, -5, 5)
            if nth == 0:
                raise PointValueError("nth=0 is no weekday; 1 is the first of the month, -1 the last", nth)
            if weekday not in DAYS:
                raise ParseError(f"weekday={weekday!r:.80} is not one of {', '.join(DAYS)}", weekday)
        else:
            given = f"day={day!r:.20}, nth={nth!r:.20} and weekday={weekday!r:.20}"
            raise PointTypeError(f"give either a day, or nth and weekday, not {given}", day, nth, weekday)
        if leap_day not in get_args(LeapDay):
            raise ParseError(f"leap_day={leap_day!r:.80} is not one of skip, before, after", leap_day)
        text = hours_text(hours)
        limits.check("text", len(text))
        self._set(
            month=month,
            day=day,
            nth=nth,
            weekday=weekday,
            hours=text,
            leap_day=leap_day,
            zone=str(zones.zone(zone)),
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _spans=read_hours(text),
        )

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        for year in range(first.year, last.year + 1):
            day = self._in(year)
            if day is not None and first <= day <= last:
                yield day, self._spans

    def _in(self, year: int) -> date | None:
        """Return the day in that year, if it has one."""
        month, day = self.month, self.day
        length = monthrange(year, month)[1]
        if day is not None:
            if (month, day) != (2, 29) or isleap(year):
                return date(year, month, day)
            return {"skip": None, "before": date(year, 2, 28), "after": date(year, 3, 1)}[self.leap_day]
        assert self.nth is not None  # noqa: S101  # as the constructor checked
        assert self.weekday is not None  # noqa: S101  # likewise
        number = DAYS.index(self.weekday)
        if self.nth > 0:
            at = 1 + (number - date(year, month, 1).weekday()) % 7 + (self.nth - 1) * 7
        else:
            at = length - (date(year, month, length).weekday() - number) % 7 + (self.nth + 1) * 7
        return date(year, month, at) if 1 <= at <= length else None

    def _to_json(self) -> dict[str, Any]:
        which = {"day": self.day} if self.nth is None else {"nth": self.nth, "weekday": self.weekday}
        hours = {} if self.hours == WHOLE_DAY else {"hours": self.hours}
        leap_day = {} if self.leap_day == "skip" else {"leap_day": self.leap_day}
        way = disambiguate_to_json(self.disambiguate)
        return {"month": self.month, **which, **hours, **leap_day, "zone": self.zone, **way}

    @classmethod
    def _from_json(cls, node: "Node") -> "Yearly":
        leap_day: Any = node.optional("leap_day", node.text, "skip")  # the constructor checks which
        return cls(
            node.number("month"),
            node.optional("day", node.number),
            nth=node.optional("nth", node.number),
            weekday=node.optional("weekday", node.text),
            hours=node.optional("hours", node.text, WHOLE_DAY),
            leap_day=leap_day,
            zone=node.text("zone"),
            disambiguate=node.disambiguate(),
            limits=node.limits,
        )


def _each_day(
    low: date | None, high: date | None, first: date, last: date, spans: Spans
) -> Iterator[tuple[date, Spans]]:
    day = first if low is None else max(first, low)
    until = last if high is None else min(last, high)
    while day <= until:
        yield day, spans
        day += _DAY


def _since_midnight(name: str, clock: object) -> timedelta:
    if not isinstance(clock, time) or clock.tzinfo is not None:
        raise PointTypeError(f"{name}={clock!r:.80} is no naive time; pass a time, such as time(9, 30)", clock)
    if clock.second or clock.microsecond:
        raise PointValueError(f"{name}={clock} is not a whole number of minutes", clock)
    return timedelta(hours=clock.hour, minutes=clock.minute)


def _check_within(name: str, number: object, least: int, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int):
        raise PointTypeError(f"{name}={number!r:.80} is no whole number", number)
    if not least <= number <= most:
        raise PointValueError(f"{name}={number} is not from {least} to {most}, as it has to be", number)
