"""Rules that have hours on local days: what their hours are as instants, and days whose hours are replaced.

A day's hours belong to it even where they run past its midnight. Imports `rule` and `hours`; read `weekly` and `dates`
next, which say on which days there are hours.
"""

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.errors import IntervalError, LocalTimeError, ParseError, PointTypeError, PointValueError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import Limits
from slotcalc.rules.hours import ALL_DAY, HoursText, Spans, hours_text, read_hours
from slotcalc.rules.rule import Rule, Transition, extent, operand_to_json
from slotcalc.zones import Disambiguate

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = [
    "REACH",
    "DayRule",
    "Override",
    "between",
    "check_date",
    "check_disambiguate",
    "check_order",
    "disambiguate_to_json",
    "hours_by_date",
]

# A date and its hours as text, as the rules below keep them.
_Dated: TypeAlias = tuple[date, str]

_DAY: Final = timedelta(days=1)
_WHOLE: Final = ALL_DAY[0]
_DATE: Final = itemgetter(0)

# How far before a window a day can lie whose hours reach into it: an overnight span, and clocks that go back by a day.
REACH: Final = timedelta(days=3)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC) + 2 * REACH
_LATEST: Final = datetime.max.replace(tzinfo=UTC) - 2 * REACH


class DayRule(Rule):
    """A rule that has hours on local days of one zone; each keeps `zone`, `disambiguate` and `limits` and has `_hours`.

    A span may be longer or shorter in a night in which the clocks change than it reads, or nothing. `00:00-24:00` is
    the whole local day, however long it is, and a date that the zone skipped has no hours.
    """

    __slots__ = ()

    zone: str
    disambiguate: Disambiguate
    limits: Limits

    @abstractmethod
    def _hours(self, first: date, last: date) -> Iterable[tuple[date, Spans]]:
        """Yield dates from first to last that have hours, in any order; whether the zone has them is not asked."""

    def override(self, hours: Mapping[date, HoursText]) -> "Override":
        """Return the rule with the hours of some local days replaced, by others or by "off"; see `Override`."""
        return Override(self, hours)

    def _check(self, window: Interval[datetime]) -> None:
        self.limits.check("window", window.duration)
        # Nothing below may leave the years 1 to 9999, so a window keeps some distance from their ends.
        if window.start < _EARLIEST or window.end > _LATEST:
            raise PointValueError(
                f"{window} comes within 6 days of the years 0 and 10000; ask for a part of it", window
            )

    def _days(self, window: Interval[datetime], zone: ZoneInfo) -> Iterable[tuple[date, Spans]]:
        self._check(window)
        first = zones.to_local(window.start - REACH, zone).date()
        last = zones.to_local(window.end + _DAY, zone).date()  # where clocks go back, days begin ahead of dates
        return self._hours(first, last)

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        zone, start, end = zones.zone(self.zone), window.start, window.end
        most, found = self.limits.occurrences, []
        for day, spans in self._days(window, zone):
            for pair in self._instants(day, spans, zone, window):
                if pair[0] < end and pair[1] > start:
                    found.append(pair)
                    if len(found) > most:
                        self.limits.check("occurrences", len(found))
        return IntervalSet(found)

    def _instants(
        self, day: date, spans: Spans, zone: ZoneInfo, window: Interval[datetime]
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield when the spans of a day begin and end, those that are not empty."""
        midnight = datetime.combine(day, time.min)
        offset: Any = zone.utcoffset(midnight)
        steady = offset == zone.utcoffset(midnight + _DAY)
        if not (steady or _exists(day, zone)):
            return
        # No zone changes its offset twice within a day, so all of a steady day has the same: half the cost of `at`.
        even = steady and self.disambiguate == "compatible"
        utc = midnight.replace(tzinfo=UTC) - offset
        for span in spans:
            opens, closes = span
            if span == _WHOLE:
                sure = steady and zone.utcoffset(midnight.replace(fold=1)) == offset
                sure = sure and zone.utcoffset((midnight + _DAY).replace(fold=1)) == offset
                pair = (utc, utc + _DAY) if sure else zones.day_bounds(day, zone)
            elif even:
                pair = utc + opens, utc + closes if closes <= _DAY else zones.at(day, closes, zone)
            else:
                pair = self._read(day, span, zone, window)
            if pair[0] < pair[1]:
                yield pair

    def _read(
        self, day: date, span: tuple[timedelta, timedelta], zone: ZoneInfo, window: Interval[datetime]
    ) -> tuple[datetime, datetime]:
        opens, closes = span
        way = self.disambiguate
        if way == "raise":
            # Only what bears on the window is an error there, however its times are read.
            low = zones.at(day, opens, zone, disambiguate="earlier")
            high = zones.at(day, closes, zone, disambiguate="later")
            if low >= window.end or high <= window.start:
                return low, high
        return zones.at(day, opens, zone, disambiguate=way), zones.at(day, closes, zone, disambiguate=way)

    def _doubtful(self, window: Interval[datetime]) -> Iterator[Transition]:
        zone = zones.zone(self.zone)
        way: Disambiguate = "compatible" if self.disambiguate == "raise" else self.disambiguate
        for day, spans in self._days(window, zone):
            for clock in {clock for span in spans if span != _WHOLE for clock in span}:
                local = datetime.combine(day, time.min) + clock
                kind = zones.local_kind(local, zone)
                if kind != "unique" and _exists(day, zone):
                    yield Transition(local, self.zone, kind, zones.to_instant(local, zone, disambiguate=way))


def _exists(day: date, zone: ZoneInfo) -> bool:
    try:
        zones.day_bounds(day, zone)
    except LocalTimeError:
        return False
    return True


def check_date(name: str, value: object) -> date:
    """Return a plain date, or raise `PointTypeError` that names the argument."""
    if isinstance(value, datetime) or not isinstance(value, date):
        mend = "date.fromisoformat(…) of text" if isinstance(value, str) else ".date() of a datetime"
        raise PointTypeError(f"{name}={value!r:.80} is no plain date; pass a date, such as {mend}", value)
    return value


def check_disambiguate(way: Disambiguate) -> Disambiguate:
    """Return the word, or raise `ParseError` if it is none of the four."""
    if way not in ("compatible", "earlier", "later", "raise"):
        raise ParseError(f"disambiguate={way!r:.80} is not one of compatible, earlier, later, raise", way)
    return way


def disambiguate_to_json(way: Disambiguate) -> dict[str, str]:
    """Return the field of that name as it is in JSON: not there if it is the default."""
    return {} if way == "compatible" else {"disambiguate": way}


def check_order(name: str, first: date | None, other: str, last: date | None) -> None:
    """Raise unless both are plain dates in order, or None.

    Raises:
        IntervalError: if the last lies before the first.
        PointTypeError: for anything but plain dates.
    """
    if first is not None:
        check_date(name, first)
    if last is not None:
        check_date(other, last)
        if first is not None and last < first:
            raise IntervalError(f"{other}={last} lies before {name}={first}", first, last)


def hours_by_date(name: str, given: Any, limits: Limits, *, alone: str | None = None) -> tuple[_Dated, ...]:
    """Return a mapping of hours by date, or (date, hours) pairs, as pairs of date and text, checked, sorted, each once.

    `alone` are the hours of a date that is there without any; there is none if it is not given.

    Raises:
        LimitExceededError: for more of them than `limits.occurrences`, without reading on.
        ParseError: for hours that are none.
        PointTypeError: for anything but pairs of a plain date and text.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        message = f"{name}={given!r:.80} are no dates with hours; pass {{date(2026, 3, 2): '09:00-12:00'}}"
        raise PointTypeError(message, given)
    items = list(islice(given.items() if isinstance(given, Mapping) else given, limits.occurrences + 1))
    limits.check("occurrences", len(items))
    made: set[_Dated] = set()
    for item in items:
        pair = item if alone is None or isinstance(item, tuple) else (item, alone)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise PointTypeError(f"{pair!r:.80} in {name} is no (date, hours) pair", pair)
        text = hours_text(pair[1])
        limits.check("text", len(text))
        made.add((check_date(name, pair[0]), text))
    return tuple(sorted(made))


def between(days: tuple[tuple[date, Spans], ...], first: date, last: date) -> tuple[tuple[date, Spans], ...]:
    """Return those with dates from first to last; they are sorted. O(log n) and the answer."""
    return days[bisect_left(days, first, key=_DATE) : bisect_right(days, last, key=_DATE)]


@final
class Override(DayRule):
    """A rule with the hours of some local days replaced.

    Replaced is all that the rule offers for that day, with what runs past its midnight; what the day before runs over
    into it stays. Only rules that have hours on days can be overridden; from any other take the time away with `-` and
    add `Dates` with `|`. Zone, disambiguation and limits are those of the rule.

    Args:
        rule: a `Weekly`, `Dates`, `Yearly` and so on; of another `Override`, the dates that are new here win.
        hours: by date, or as (date, hours) pairs: "10:00-12:00", several spans as text or a list, or "off".

    Raises:
        LimitExceededError: for more dates than `limits.occurrences` of the rule allows.
        ParseError: for hours that are none; the message points at the character.
        PointTypeError: for another kind of rule, or a key that is no plain date.

    >>> from slotcalc.rules import Weekly
    >>> christmas = {date(2026, 12, 24): "09:00-12:00", date(2026, 12, 25): "off"}
    >>> hours = Override(Weekly("Mo-Fr 09:00-17:00", zone="Europe/Paris"), christmas)
    >>> print(hours.within(Interval.parse("2026-12-23T00:00Z/P3D")))
    2026-12-23T08:00:00Z/2026-12-23T16:00:00Z, 2026-12-24T08:00:00Z/2026-12-24T11:00:00Z
    """

    __slots__ = ("_depth", "_size", "_spans", "disambiguate", "hours", "limits", "rule", "zone")
    __match_args__ = ("rule", "hours")
    _positional = 2
    _kind = "override"

    rule: DayRule
    hours: tuple[_Dated, ...]
    # The hours as spans, in the same order.
    _spans: tuple[tuple[date, Spans], ...]

    def __init__(self, rule: DayRule, hours: Mapping[date, HoursText] | Iterable[tuple[date, HoursText]]) -> None:
        """Check the dates and their hours."""
        given_rule: object = rule
        if not isinstance(given_rule, DayRule):
            message = f"{rule!r:.200} has no hours by day to replace; write (rule - Dates(…)) | Dates(…)"
            raise PointTypeError(message, rule)
        given = hours_by_date("hours", hours, rule.limits)
        for (day, text), (following, other) in pairwise(given):
            if day == following:
                raise ParseError(f"{day} has the hours {text!r:.80} and {other!r:.80}; write them as one text", day)
        if isinstance(rule, Override):
            given = tuple(sorted((dict(rule.hours) | dict(given)).items()))
            rule = rule.rule
        spans = tuple([(day, read_hours(text)) for day, text in given])
        copied: dict[str, Any] = {name: getattr(rule, name) for name in ("zone", "disambiguate", "limits")}
        self._set(rule=rule, hours=given, _spans=spans, **extent([rule]), **copied)

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        replaced: dict[date, Spans] = dict(between(self._spans, first, last))
        for day, spans in self.rule._hours(first, last):
            if day not in replaced:
                yield day, spans
        yield from replaced.items()

    def _to_json(self) -> dict[str, Any]:
        hours = {day.isoformat(): text for day, text in self.hours}
        return {"rule": operand_to_json(self.rule), "hours": hours}

    @classmethod
    def _from_json(cls, node: "Node") -> "Override":
        rule: Any = node.rule("rule")  # the constructor checks which
        return cls(rule, node.hours_by_date("hours"))
