"""The hours of the week. Imports `days` and `hours`; read `dates` next, for what does not come every week."""

from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date, datetime, timedelta, tzinfo
from itertools import accumulate, pairwise, repeat
from operator import add, lt
from typing import TYPE_CHECKING, Any, Final, final

from slotcalc import zones
from slotcalc.errors import PointTypeError
from slotcalc.intervals import Interval, IntervalSet, of_edges
from slotcalc.kernel import Edges, alternating
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.rules.days import REACH, DayRule, check_disambiguate, check_order, disambiguate_to_json
from slotcalc.rules.hours import ALL_DAY, HoursText, Spans, read_week, week_text
from slotcalc.zones import Disambiguate

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["Weekly"]

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


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

    __slots__ = ("_closes", "_opens", "_week", "disambiguate", "hours", "limits", "valid_from", "valid_until", "zone")
    __match_args__ = ("hours", "zone", "valid_from", "valid_until", "disambiguate", "limits")
    _positional = 1
    _kind = "weekly"

    hours: str
    valid_from: date | None
    valid_until: date | None
    # Seven entries from Monday on, read from `hours`.
    _week: tuple[Spans, ...]
    # When the spans open and close, from Monday 00:00 on; empty where that does not say all.
    _opens: tuple[timedelta, ...]
    _closes: tuple[timedelta, ...]

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
        spans = [(number * _DAY, span) for number, spans in enumerate(week) for span in spans]
        even = sorted((day + opens, day + closes) for day, (opens, closes) in spans)
        if valid_from or valid_until or disambiguate != "compatible" or any(ALL_DAY[0] in spans for spans in week):
            even = []
        self._set(
            hours=hours,
            zone=str(zones.zone(zone)),
            valid_from=valid_from,
            valid_until=valid_until,
            disambiguate=check_disambiguate(disambiguate),
            limits=limits,
            _week=week,
            _opens=tuple([opens for opens, _ in even]),
            _closes=tuple([closes for _, closes in even]),
        )

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        edges = self._edges_of_weeks(window) if self._opens else None
        return super()._within(window) if edges is None else of_edges(edges, False)

    def _edges_of_weeks(self, window: Interval[datetime]) -> Edges | None:
        """Return the edges of the weeks that bear on the window, or None if their days must be looked at one by one.

        A sixth of the time: wall times, marked as UTC, are made by adding lengths to Mondays, and become instants by
        taking the offset away.
        """
        self._check(window)
        zone = zones.zone(self.zone)
        low, high = zones.wall_bounds(window.start - REACH, window.end, zone)
        monday = low.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(low.weekday())
        count = (high - monday) // _WEEK
        if count * len(self._opens) > self.limits.occurrences or high.year == MAXYEAR:
            return None
        weeks: list[datetime] = list(accumulate(repeat(_WEEK, count + 1), add, initial=monday))  # a tenth of i * _WEEK
        offset: Any = zone.utcoffset  # looks at the clock alone, whatever the mark
        if any(abs(after - before) >= _DAY for before, after in pairwise(map(offset, weeks))):  # a date was left out
            return None
        weeks.pop()
        starts = [(wall := week + opens) - offset(wall) for week in weeks for opens in self._opens]
        ends = [(wall := week + closes) - offset(wall) for week in weeks for closes in self._closes]
        return alternating(starts, ends) if all(map(lt, starts, ends)) else None

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
