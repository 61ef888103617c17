"""Rules that recur as RFC 5545 has it: RRULE text with a start, a length, exceptions and additions, in one zone.

Which wall times recur, `recurrence` says; which instants they are, `zones`. Imports both, `literals` and `rule`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import dropwhile, islice
from typing import TYPE_CHECKING, Any, Final, final

from slotcalc import kernel, zones
from slotcalc.cycles import Cycle
from slotcalc.errors import EndlessRuleError, IntervalError, ParseError, PointTypeError, PointValueError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.intervals.interval_set import of_edges
from slotcalc.limits import DEFAULT_LIMITS, Limits, Steps
from slotcalc.literals import Length, date_or_time, parse_length
from slotcalc.recurrence import Recurrence, cycle_of, occurrences, parse_rule
from slotcalc.rules.days import check_disambiguate, disambiguate_to_json
from slotcalc.rules.rule import Rule, Transition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slotcalc.rules.document import Node
    from slotcalc.zones import Disambiguate

__all__ = ["Recurring"]

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)
_NOTHING: Final = timedelta()


@final
class Recurring(Rule):
    """Occurrences of one length that recur as an RRULE of RFC 5545, section 3.3.10, says, by the clocks of one zone.

    All parts of that section are read, except those of RFC 7529. `start` is DTSTART, so it is the first occurrence and
    counts as such, whether the rule has it or not (section 3.8.5.3); take it out with `exdates` if it is not meant.
    COUNT counts what the rule yields: an exception makes it no longer, an addition no shorter. UNTIL is inclusive, an
    instant if it ends in Z and else a local time or date. Occurrences that overlap or touch are one in the answer.

    Asking costs what lies in the window, however long ago the rule began; only a rule with COUNT whose periods differ
    is walked from its start. Where the hours of all days, or of all weeks, are alike, an occurrence costs some 0.2 µs.

    Args:
        rrule_text: the rule, such as "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", with or without "RRULE:" before it.
        start: the first occurrence, a naive datetime by the clocks of the zone; or a date, and all are whole days.
        duration: how long each lasts. A timedelta is elapsed time. Text is that of section 3.3.6: in "P1DT2H" the day
            is one of the calendar, 23 or 25 hours long if need be, before the hours are added. If `start` is a date,
            both are days of the calendar. Kept as text if it has days of the calendar, else as a timedelta.
        zone: the IANA zone of the clocks, by name or as a `ZoneInfo`; kept by name.
        exdates: occurrences that are left out: what their local start is, or a date for all that start on it.
        rdates: occurrences that are added: their local starts, or dates if `start` is one. UNTIL does not concern them.
        disambiguate: how local times that do not exist or exist twice are read, as in `zones.to_instant`; section
            3.3.5 is "compatible". Whole days need none of it: they begin when they begin.
        limits: `window` bounds the window that is asked for and the duration, `occurrences` those near the window,
            `steps` the dates and times that are looked at, `rows` the exceptions and the additions, `text` the rule.

    Raises:
        IntervalError: for a duration that is not positive.
        LimitExceededError: for more than `limits` allows.
        EndlessRuleError: for an interval of 0, and for a rule whose dates no calendar has.
        ParseError: for text that is no rule or duration.
        PointTypeError: for values of another type, a mixture of dates and times, or aware datetimes.
        PointValueError: for fractions of a second, which RFC 5545 does not have.
        UnknownZoneError: if there is no such zone.

    >>> evenings = Recurring(
    ...     "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH",
    ...     start=datetime(2026, 3, 5, 18),
    ...     duration=timedelta(hours=2),
    ...     zone="Europe/Paris",
    ...     exdates=[date(2026, 3, 19)],
    ... )
    >>> print(evenings.within(Interval.parse("2026-03-01T00:00Z/P40D")))
    2026-03-05T17:00:00Z/2026-03-05T19:00:00Z, 2026-04-02T16:00:00Z/2026-04-02T18:00:00Z
    """

    __slots__ = (
        "_cycle",
        "_excepted",
        "_extra",
        "_first",
        "_last",
        "_length",
        "_rule",
        "_until",
        "disambiguate",
        "duration",
        "exdates",
        "limits",
        "rdates",
        "rrule_text",
        "start",
        "zone",
    )
    __match_args__ = ("rrule_text", "start", "duration", "zone", "exdates", "rdates", "disambiguate", "limits")
    _positional = 1
    _kind = "recurring"

    rrule_text: str
    start: date
    duration: timedelta | str
    zone: str
    exdates: tuple[date, ...]
    rdates: tuple[date, ...]
    disambiguate: Disambiguate
    limits: Limits
    # Read from the above. All wall times are marked as UTC, as `zones.to_instants` takes them; a day is its midnight.
    _rule: Recurrence
    _first: datetime
    _length: Length
    # Starts and ends by turns, where each occurrence ends before the next one starts, and no field changes that.
    _cycle: Cycle | None
    # What starts at or after the wall time, and after the instant, is beyond UNTIL.
    _last: datetime | None
    _until: datetime | None
    # Wall times, and dates for all that start on them.
    _excepted: frozenset[date]
    # Sorted, without those excepted.
    _extra: tuple[datetime, ...]

    def __init__(
        self,
        rrule_text: str,
        *,
        start: date,
        duration: timedelta | str,
        zone: str | tzinfo,
        exdates: Iterable[date] = (),
        rdates: Iterable[date] = (),
        disambiguate: Disambiguate = "compatible",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Read and check everything but what depends on a window."""
        if not isinstance(rrule_text, str):
            raise PointTypeError(f"{rrule_text!r:.80} is no rule; write it as FREQ=WEEKLY;BYDAY=MO", rrule_text)
        limits.check("text", len(rrule_text))
        rrule_text = rrule_text.strip().removeprefix("RRULE:")
        start = _local("start", start)
        all_day = not isinstance(start, datetime)
        rule = parse_rule(rrule_text, all_day=all_day)
        _check_dates(rule, rrule_text)
        length = _length_of(duration, all_day=all_day)
        limits.check("window", length.days * _DAY + length.exact)
        name = str(zones.zone(zone))
        without, extra = _sorted("exdates", exdates, limits), _sorted("rdates", rdates, limits)
        for day in extra:
            if isinstance(day, datetime) is all_day:
                raise PointTypeError(
                    f"rdates has {day}, but start is {start}; pass dates, or times, for both", day, start
                )
        excepted = frozenset([_marked(day) if isinstance(day, datetime) else day for day in without])
        if all_day and any(isinstance(day, datetime) for day in without):
            raise PointTypeError(f"exdates has times, but start is the date {start}; pass dates for both", start)
        last, until = _end_of(rule, zones.zone(name), all_day=all_day)
        first = _marked(start)
        even = not (all_day or length.days or excepted or extra) and disambiguate == "compatible"
        cycle = cycle_of(rule, first) if even else None
        if cycle is not None:
            spans = [(offset, offset + length.exact) for offset in cycle.pattern]
            cycle = Cycle.of_spans(cycle.first, cycle.step, spans) if cycle.has(first) else None
        self._set(
            rrule_text=rrule_text,
            start=start,
            duration=_duration_text(length) if length.days else length.exact,
            zone=name,
            exdates=without,
            rdates=extra,
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _rule=rule,
            _first=first,
            _length=length,
            _cycle=cycle,
            _last=last,
            _until=until,
            _excepted=excepted,
        )
        self._set(_extra=tuple(self._kept([_marked(day) for day in extra])))

    def _kept(self, walls: list[datetime]) -> list[datetime]:
        """Return the wall times that are not excepted."""
        excepted = self._excepted
        if not excepted:
            return walls
        return [wall for wall in walls if wall not in excepted and wall.date() not in excepted]

    def _bounds(self, window: Interval[datetime]) -> tuple[datetime, datetime, list[datetime]]:
        """Return the wall times between which the rule can bear on the window, and the additions between them."""
        limits, length = self.limits, self._length
        limits.check("window", window.duration)
        reach = length.exact + (length.days + 1) * _DAY if length.days else length.exact
        low, high = zones.wall_bounds(zones.plus(window.start, -reach), window.end, self.zone)
        extra = self._extra[bisect_left(self._extra, low) : bisect_left(self._extra, high)]
        limits.check("occurrences", len(extra))
        return low, high if self._last is None else min(high, self._last), list(extra)

    def _walls(self, low: datetime, high: datetime) -> list[datetime]:
        """Return the wall times at which the rule has occurrences."""
        found = occurrences(self._rule, self._first, low, high, Steps(self.limits))
        walls = list(islice(dropwhile(low.__gt__, found), self.limits.occurrences + 1))
        self.limits.check("occurrences", len(walls))
        return self._kept(walls)

    def _edges_of(self, cycle: Cycle, window: Interval[datetime]) -> kernel.Edges | None:
        """Return the edges of the rule's occurrences near the window, or None if they must be read one by one."""
        limits, first, total = self.limits, self._first, self._rule.total
        limits.check("window", window.duration)
        # No clock is a day away from UTC.
        low = max(zones.plus(window.start, -self._length.exact - _DAY), first)
        high = zones.plus(window.end, _DAY) if self._last is None else min(zones.plus(window.end, _DAY), self._last)
        begin, end = cycle.next_start(low), cycle.next_start(high)
        if total is not None:
            end = min(end, cycle.before(first) + 2 * total)
        if begin >= end:
            return ()
        if (end - begin) // 2 > min(limits.occurrences, limits.steps):
            return None
        try:
            edges = cycle.edges(begin, end, zones.stretches(low, high, self.zone), elapsed=True)
        except OverflowError:
            return None
        if edges is None or self._until is None:
            return edges
        return edges[: 2 * bisect_right(edges[::2], self._until)]

    def _read(self, walls: list[datetime], way: Disambiguate) -> tuple[list[datetime], list[datetime]]:
        """Return the starts and the ends of occurrences, read in that way; an end may be no later than its start."""
        zone, days, exact = zones.zone(self.zone), self._length.days * _DAY, self._length.exact
        try:
            if not isinstance(self.start, datetime):
                starts, ends = (
                    [zones.day_start((wall + more).date(), zone) for wall in walls] for more in (_NOTHING, days)
                )
                return starts, ends
            starts = zones.to_instants(walls, zone, disambiguate=way)
            ends = zones.to_instants([wall + days for wall in walls], zone, disambiguate=way) if days else starts
            return starts, [end + exact for end in ends]
        except OverflowError:
            message = f"{walls[-1].replace(tzinfo=None)} + {self.duration} lies outside the years 1 to 9999"
            raise PointValueError(message, self.duration) from None

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        whole = None if self._cycle is None else self._edges_of(self._cycle, window)
        if whole is not None:
            return of_edges(whole, False)  # bounded
        low, high, extra = self._bounds(window)
        walls, way = self._walls(low, high), self.disambiguate
        if way == "raise":
            self._check_sure(walls + extra, window)
            way = "compatible"
        starts, ends = self._read(walls, way)
        if self._until is not None and starts:
            pairs = [(start, end) for start, end in zip(starts, ends, strict=True) if start <= self._until]
            starts, ends = [start for start, _ in pairs], [end for _, end in pairs]
        if extra:
            more = self._read(extra, way)
            starts, ends = starts + more[0], ends + more[1]
        # In order and apart is what nearly all rules are, and merging takes as long as all of the above.
        edges = None if self._length.days else kernel.alternating(starts, ends)
        if edges is not None:
            return of_edges(edges, False)
        return IntervalSet([pair for pair in zip(starts, ends, strict=True) if pair[0] < pair[1]])

    def _check_sure(self, walls: list[datetime], window: Interval[datetime]) -> None:
        """Raise `LocalTimeError` for a time in a gap or a fold, if its occurrence bears on the window however read."""
        zone, days = zones.zone(self.zone), self._length.days * _DAY
        low, high = window.start, window.end
        for wall, start, end in zip(walls, self._read(walls, "earlier")[0], self._read(walls, "later")[1], strict=True):
            if isinstance(self.start, datetime) and start < high and end > low:
                for local in {wall, wall + days}:
                    zones.to_instant(local.replace(tzinfo=None), zone, disambiguate="raise")

    def _doubtful(self, window: Interval[datetime]) -> Iterable[Transition]:
        if not isinstance(self.start, datetime):
            return
        zone, days = zones.zone(self.zone), self._length.days * _DAY
        way: Disambiguate = "compatible" if self.disambiguate == "raise" else self.disambiguate
        low, high, extra = self._bounds(window)
        walls = self._walls(low, high)
        if self._until is not None:
            instants = zones.to_instants(walls, zone, disambiguate=way)
            walls = [wall for wall, instant in zip(walls, instants, strict=True) if instant <= self._until]
        for wall in walls + extra:
            for moment in {wall, wall + days}:
                local = moment.replace(tzinfo=None)
                kind = zones.local_kind(local, zone)
                if kind != "unique":
                    yield Transition(local, self.zone, kind, zones.to_instant(local, zone, disambiguate=way))

    def _to_json(self) -> dict[str, Any]:
        return {
            "rrule": self.rrule_text,
            "start": self.start.isoformat(),
            "duration": _duration_text(self._length),
            "zone": self.zone,
            **{
                name: [day.isoformat() for day in days]
                for name in ("exdates", "rdates")
                if (days := getattr(self, name))
            },
            **disambiguate_to_json(self.disambiguate),
        }

    @classmethod
    def _from_json(cls, node: Node) -> Recurring:
        return cls(
            node.text("rrule"),
            start=node.point("start"),
            duration=node.text("duration"),
            zone=node.text("zone"),
            exdates=node.optional("exdates", node.points) or (),
            rdates=node.optional("rdates", node.points) or (),
            disambiguate=node.disambiguate(),
            limits=node.limits,
        )


def _local(name: str, value: object) -> date:
    """Return a plain date or a naive datetime, without its fold, or raise an error that names the argument."""
    if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is not None):
        message = f"{name}={value!r:.80} is no local time; pass a naive datetime, or a date for whole days"
        raise PointTypeError(message, value)
    if not isinstance(value, datetime):
        return value
    if value.microsecond:
        raise PointValueError(f"{name}={value!r} has a fraction of a second; RFC 5545 counts in whole seconds", value)
    return value.replace(fold=0) if value.fold else value


def _sorted(name: str, values: Iterable[date], limits: Limits) -> tuple[date, ...]:
    """Return dates and local times, checked, in order, each once; at one midnight the date is the first."""
    given = list(islice(values, limits.rows + 1))
    limits.check("rows", len(given))
    return tuple(
        sorted(
            {_local(name, value) for value in given}, key=lambda value: (_marked(value), isinstance(value, datetime))
        )
    )


def _marked(local: date) -> datetime:
    if isinstance(local, datetime):
        return local.replace(tzinfo=UTC)
    return datetime(local.year, local.month, local.day, tzinfo=UTC)


def _length_of(duration: object, *, all_day: bool) -> Length:
    """Return a duration as days of the calendar and exact time."""
    if isinstance(duration, str):
        length = parse_length(duration)
    elif isinstance(duration, timedelta):
        length = Length(duration.days, duration - duration.days * _DAY) if all_day else Length(0, duration)
    else:
        raise PointTypeError(
            f"duration={duration!r:.80} is no length; pass a timedelta, or text such as 'P1D'", duration
        )
    if length.exact % _SECOND:
        message = f"duration={duration!r} has a fraction of a second; RFC 5545 counts in whole seconds"
        raise PointValueError(message, duration)
    if all_day and length.exact:
        raise ParseError(f"duration={duration!r} is not in whole days, but start is a date", duration)
    if length <= (0, _NOTHING):
        raise IntervalError(f"duration={duration!r} is not positive", duration)
    return length


def _duration_text(length: Length) -> str:
    """Return the length as section 3.3.6 writes it."""
    minutes, seconds = divmod(length.exact // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"P{f'{length.days}D' if length.days else ''}{clock and f'T{clock}'}"


def _check_dates(rule: Recurrence, text: str) -> None:
    """Raise `EndlessRuleError` if no month of the rule is long enough for any of its days, so that it never comes."""
    months, days = rule.parts.get("BYMONTH"), rule.parts.get("BYMONTHDAY")
    if (
        months
        and days
        and min(map(abs, days)) > max(29 if m == 2 else 30 + (m in {1, 3, 5, 7, 8, 10, 12}) for m in months)
    ):
        raise EndlessRuleError("no month of BYMONTH has a day of BYMONTHDAY, so it never comes", text)


def _end_of(rule: Recurrence, zone: tzinfo, *, all_day: bool) -> tuple[datetime | None, datetime | None]:
    """Return the wall time before which all starts, or nearly all, that are not after UNTIL; and the exact instant."""
    if rule.until is None:
        return None, None
    until, is_utc = date_or_time(rule.until)
    if not isinstance(until, datetime):
        return zones.plus(_marked(until), _DAY), None
    marked = _marked(until)
    if not is_utc:
        return zones.plus(marked, _SECOND), None
    if all_day:
        return zones.plus(_marked(zones.to_local(marked, zone).replace(tzinfo=None)), _SECOND), None
    return zones.plus(zones.wall_bounds(marked, marked, zone)[1], _SECOND), marked
