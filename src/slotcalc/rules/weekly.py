"""The hours of the week. Imports `days` and `hours`; read `dates` next, for what does not come every week."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, final

from slotcalc import zones
from slotcalc.cycles import Cycle
from slotcalc.errors import PointTypeError
from slotcalc.intervals import Interval, IntervalSet, of_edges
from slotcalc.kernel import Edges
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.rules.days import REACH, DayRule, check_disambiguate, check_order, disambiguate_to_json
from slotcalc.rules.hours import ALL_DAY, HoursText, Spans, read_week, week_text
from slotcalc.zones import Disambiguate

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["Weekly"]

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_MONDAY: Final = datetime(1, 1, 1, tzinfo=UTC)


@final
class Weekly(DayRule):
    """The same hours each week, by the clocks of one zone.

    The text is that of opening hours in OpenStreetMap, as far as it is about weekdays: rules with `;` between, each of
    them days (`Mo`, `Mo-Fr`, `Sa,Su`, `Sa-Mo`) and then spans (`09:00-12:00,13:00-17:00`) or `off`. A later rule
    replaces an earlier one for the days that it names; days that no rule names are off; `24/7` is every day from 00:00
    to 24:00. A span that ends before it starts goes on into the next day (`22:00-02:00`) and belongs to the day on
    which it starts. `slotcalc.rules.hours` has the grammar.

    A time that the clocks skip is the later one, a time that they show twice the earlier one (RFC 5545, section 3.3.5)
    unless `disambiguate` says otherwise, so a span may be longer or shorter in that night than it reads, or nothing.
    `00:00-24:00` is the whole local day, however long it is, and a date that the zone skipped has no hours.

    Args:
        hours: the text, or the hours by weekday, `{"Mo": "09:00-12:00", "Tu": ["09:00-12:00", "13:00-17:00"]}`, where
            0 to 6 may stand for Mo to Su, as in `date.weekday()`; kept as text.
        zone: the IANA zone of the clocks, by name or as a `ZoneInfo`; kept by name.
        valid_from: the first local date that has hours.
        valid_until: the last one; what runs past its midnight is still there.
        disambiguate: how a time in a gap or a fold is read, as in `zones.to_instant`.
        limits: `window` bounds the window that is asked for, `occurrences` the spans in it, `text` the text.

    Raises:
        IntervalError: if `valid_until` lies before `valid_from`.
        ParseError: for any other text; the message points at the character.
        LimitExceededError: for a longer text than `limits` allows.
        UnknownZoneError: if there is no such zone.

    >>> from slotcalc import Interval
    >>> hours = Weekly("Mo-Fr 09:00-12:00,13:00-17:00; We off", zone="Europe/Paris")
    >>> for piece in hours.within(Interval.parse("2026-03-03T00:00Z/2026-03-06T00:00Z")):
    ...     print(piece)
    2026-03-03T08:00:00Z/2026-03-03T11:00:00Z
    2026-03-03T12:00:00Z/2026-03-03T16:00:00Z
    2026-03-05T08:00:00Z/2026-03-05T11:00:00Z
    2026-03-05T12:00:00Z/2026-03-05T16:00:00Z
    """

    __slots__ = ("_cycle", "_week", "disambiguate", "hours", "limits", "valid_from", "valid_until", "zone")
    __match_args__ = ("hours", "zone", "valid_from", "valid_until", "disambiguate", "limits")
    _positional = 1
    _kind = "weekly"

    hours: str
    valid_from: date | None
    valid_until: date | None
    # Seven entries from Monday on, read from `hours`.
    _week: tuple[Spans, ...]
    # The starts and ends of the spans by turns, where that says all that `_week` does.
    _cycle: Cycle | None

    def __init__(
        self,
        hours: str | Mapping[str, HoursText] | Mapping[int, HoursText],
        *,
        zone: str | tzinfo,
        valid_from: date | None = None,
        valid_until: date | None = None,
        disambiguate: Disambiguate = "compatible",
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Read the text, strictly."""
        if isinstance(hours, Mapping):
            hours = week_text(hours)
        if not isinstance(hours, str):
            raise PointTypeError(f"{hours!r:.80} is not text; write weekly hours such as 'Mo-Fr 09:00-17:00'", hours)
        limits.check("text", len(hours))
        check_order("valid_from", valid_from, "valid_until", valid_until)
        week = read_week(hours)
        self._set(
            hours=hours,
            zone=str(zones.zone(zone)),
            valid_from=valid_from,
            valid_until=valid_until,
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _week=week,
            _cycle=_cycle_of(week) if disambiguate == "compatible" else None,
        )

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        edges = None if self._cycle is None else self._edges_of(self._cycle, window)
        return super()._within(window) if edges is None else of_edges(edges, False)

    def _edges_of(self, cycle: Cycle, window: Interval[datetime]) -> Edges | None:
        """Return the edges that bear on the window, or None if its days must be looked at one by one: 20 × the time."""
        self._check(window)
        low, high = window.start - REACH - _DAY, window.end + _DAY  # no clock is a day away from UTC
        if self.valid_from is not None:
            low = max(low, datetime.combine(self.valid_from, time.min, UTC))
        if self.valid_until is not None:
            high = min(high, zones.plus(datetime.combine(self.valid_until, time.min, UTC), _DAY))
        begin, end = cycle.next_start(low), cycle.next_start(high)
        if begin >= end:
            return ()
        stretches = zones.stretches(low, zones.plus(high, 2 * _DAY), self.zone)
        if any(abs(one.offset - other.offset) >= _DAY for one, other in pairwise(stretches)):  # a date was left out
            return None
        if (end - begin) // 2 > self.limits.occurrences:
            return None
        try:
            return cycle.edges(begin, end, stretches)
        except OverflowError:
            return None

    def _hours(self, first: date, last: date) -> Iterator[tuple[date, Spans]]:
        day = first if self.valid_from is None else max(first, self.valid_from)
        until = last if self.valid_until is None else min(last, self.valid_until)
        week = self._week
        while day <= until:
            spans = week[day.weekday()]
            if spans:
                yield day, spans
            day += _DAY

    def _to_json(self) -> dict[str, Any]:
        return {
            "hours": self.hours,
            "zone": self.zone,
            **{name: day.isoformat() for name in ("valid_from", "valid_until") if (day := getattr(self, name))},
            **disambiguate_to_json(self.disambiguate),
        }

    @classmethod
    def _from_json(cls, node: "Node") -> "Weekly":
        return cls(
            node.text("hours"),
            zone=node.text("zone"),
            valid_from=node.optional("valid_from", node.day),
            valid_until=node.optional("valid_until", node.day),
            disambiguate=node.disambiguate(),
            limits=node.limits,
        )


def _cycle_of(week: tuple[Spans, ...]) -> Cycle | None:
    """Return the starts and ends of the spans by turns, if they are apart and no day is whole."""
    if any(ALL_DAY[0] in spans for spans in week):
        return None
    spans = sorted((day * _DAY + start, day * _DAY + end) for day, spans in enumerate(week) for start, end in spans)
    return Cycle.of_spans(_MONDAY, _WEEK, spans)
