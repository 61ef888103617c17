"""Zones with odd clocks, rules and windows near the moments at which they change, and a clock read by the minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from slotcalc import Interval, IntervalSet
from slotcalc.rules import DateRange, Dates, DayRule, Holidays, Recurring, Rule, Switch, TimeOff, Weekly, Yearly

if TYPE_CHECKING:
    from collections.abc import Callable

    from slotcalc.zones import Disambiguate

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

# A moment near which the clocks of the zone change, where they ever do.
CHANGES = {
    "Africa/Cairo": [date(2026, 4, 24), date(2026, 10, 30)],  # over midnight
    "Africa/Casablanca": [date(2026, 2, 15), date(2026, 3, 22)],  # standard time in Ramadan
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "America/Nuuk": [date(2026, 3, 28), date(2026, 10, 24)],
    "America/Santiago": [date(2026, 4, 4), date(2026, 9, 6)],  # at 24:00
    "America/Sao_Paulo": [date(2017, 10, 15), date(2018, 2, 18)],  # midnight did not exist, or twice
    "America/St_Johns": [date(2010, 3, 14), date(2010, 11, 7)],  # at 00:01
    "Antarctica/Troll": [date(2026, 3, 29), date(2026, 10, 25)],  # by two hours
    "Asia/Beirut": [date(2026, 3, 29), date(2026, 10, 25)],
    "Asia/Kathmandu": [date(1986, 1, 1)],  # by 15 minutes, once
    "Asia/Kolkata": [date(2026, 3, 1)],
    "Asia/Tehran": [date(2022, 3, 22), date(2022, 9, 22)],
    "Atlantic/Azores": [date(2026, 3, 29), date(2026, 10, 25)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],  # by half an hour
    "Europe/Berlin": [date(2026, 3, 29), date(2026, 10, 25)],
    "Europe/Dublin": [date(2026, 3, 29), date(2026, 10, 25)],  # winter time is the exception
    "Europe/London": [date(2026, 3, 29), date(2026, 10, 25)],
    "Pacific/Apia": [date(2011, 12, 30), date(2012, 4, 1)],  # a whole day was left out
    "Pacific/Chatham": [date(2026, 4, 5), date(2026, 9, 27)],
    "Pacific/Kwajalein": [date(1993, 8, 21)],  # likewise
    "UTC": [date(2026, 3, 1)],
}


class Scene(NamedTuple):
    """A zone, and a date near which its clocks change."""

    zone: str
    day: date


SCENES = [Scene(zone, day) for zone, days in CHANGES.items() for day in days]
scenes = st.sampled_from(SCENES)
ways: st.SearchStrategy[Disambiguate] = st.sampled_from(["compatible", "earlier", "later"])

clocks = st.integers(0, 24 * 4 - 1).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
ends = clocks | st.just("24:00")
spans = st.tuples(clocks, ends).filter(lambda pair: pair[0] != pair[1]).map("-".join) | st.just("00:00-24:00")
hours = st.lists(spans, min_size=1, max_size=3).map(",".join) | st.just("off")
some_days = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map("-".join)
weeks = st.lists(st.tuples(some_days, hours).map(" ".join) | st.just("24/7"), min_size=1, max_size=3).map("; ".join)


@cache  # Hypothesis takes longer to make a strategy than to draw from it
def dates_near(scene: Scene) -> st.SearchStrategy[date]:
    return st.integers(-4, 4).map(lambda days: scene.day + days * DAY)


@cache
def times_near(scene: Scene) -> st.SearchStrategy[datetime]:
    start = datetime.combine(scene.day, time.min, UTC)
    return st.integers(-72 * 60, 96 * 60).map(lambda minutes: start + minutes * MINUTE)


@cache
def sets_near(scene: Scene) -> st.SearchStrategy[IntervalSet[datetime]]:
    """Return sets of instants near the scene, unbounded ones among them, by lists of cut points."""

    def made(cuts: list[datetime], *, inside: bool) -> IntervalSet[datetime]:
        one: IntervalSet[datetime] = IntervalSet.everything() if inside else IntervalSet()
        for cut in cuts:
            one ^= IntervalSet.since(cut)
        return one

    return st.builds(made, st.lists(times_near(scene), max_size=4, unique=True), inside=st.booleans())


@cache
@st.composite
def day_rules(draw: Callable[[st.SearchStrategy[Any]], Any], scene: Scene) -> DayRule:
    """Draw a rule of one zone with hours on days near the scene."""
    near = dates_near(scene)
    own: dict[str, Any] = {"zone": scene.zone}
    free: dict[str, Any] = {**own, "disambiguate": draw(ways)}
    first, last = sorted([draw(near), draw(near)])
    kind = draw(st.sampled_from([Weekly, Weekly, Dates, DateRange, TimeOff, Yearly, Holidays]))
    rule: DayRule
    if kind is Weekly:
        valid = {"valid_from": draw(st.none() | st.just(first)), "valid_until": draw(st.none() | st.just(last))}
        rule = Weekly(draw(weeks), **free, **valid)
    elif kind is Dates:
        rule = Dates(draw(st.lists(near | st.tuples(near, hours), max_size=4)), **free)
    elif kind is DateRange:
        rule = DateRange(draw(st.none() | st.just(first)), draw(st.none() | st.just(last)), **own)
    elif kind is TimeOff:
        times = st.none() | clocks.map(time.fromisoformat)
        start, end = draw(st.tuples(times, times).filter(lambda pair: pair[0] is None or pair[0] != pair[1]))
        rule = TimeOff(first, last, start_time=start, end_time=end, **free)
    elif kind is Yearly and draw(st.booleans()):
        rule = Yearly(
            first.month, nth=draw(st.sampled_from([-2, -1, 1, 2, 5])), weekday=draw(st.sampled_from(NAMES)), **free
        )
    elif kind is Yearly:
        rule = Yearly(first.month, first.day, hours=draw(hours), **free)
    else:
        rule = Holidays(draw(st.sampled_from(["US", "DE", "JP"])), **own)
    replaced: dict[date, str] = draw(st.dictionaries(near, hours, max_size=2))
    return rule.override(replaced) if replaced else rule


@cache
def recurring_rules(scene: Scene) -> st.SearchStrategy[Recurring]:
    """Return rules that began near the scene, or years before it."""
    texts = ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", "FREQ=HOURLY;INTERVAL=5", "FREQ=DAILY;COUNT=4"]
    began = st.sampled_from([scene.day - n * DAY for n in (1, 2, 3, 700)])
    lengths = st.sampled_from([MINUTE * 45, timedelta(hours=30)])
    starts = st.builds(lambda day, at: datetime.combine(day, time.fromisoformat(at)), began, clocks)
    excepted = st.lists(dates_near(scene), max_size=1)
    return st.builds(
        lambda text, start, length, days, way: Recurring(
            text, start=start, duration=length, zone=scene.zone, exdates=days, disambiguate=way
        ),
        st.sampled_from(texts),
        starts,
        lengths,
        excepted,
        ways,
    )


def _journey(*rules: Any) -> Switch:
    *stages, times = rules
    return Switch(zip(stages, [*times, None], strict=False))


@cache
def rules(scene: Scene) -> st.SearchStrategy[Rule]:
    """Return rules, up to some levels of combinations of several zones deep."""
    leaves: st.SearchStrategy[Rule] = (
        day_rules(scene)
        | recurring_rules(scene)
        | scenes.flatmap(lambda other: day_rules(Scene(other.zone, scene.day)))
    )
    times = st.lists(times_near(scene), min_size=1, max_size=2, unique=True).map(sorted)

    def deeper(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
        other = inner | sets_near(scene)
        return (
            st.builds(lambda a, b: a | b, inner, other)
            | st.builds(lambda a, b: a & b, inner, other)
            | st.builds(lambda a, b: a - b, inner, other)
            | st.builds(lambda a, b: b - a, inner, other)
            | st.builds(lambda a: ~a, inner)
            | st.builds(
                lambda a, b, c, at: Switch(zip([a, b, c], [*at, None], strict=False)), inner, other, other, times
            )
        )

    return st.recursive(leaves, deeper, max_leaves=5)


@cache
@st.composite
def windows(
    draw: Callable[[st.SearchStrategy[Any]], Any], scene: Scene
) -> tuple[Interval[datetime], Interval[datetime]]:
    """Draw a window and one inside of it."""
    low, start, end, high = sorted(draw(st.lists(times_near(scene), min_size=4, max_size=4, unique=True)))
    return Interval(low, high), Interval(start, end)


class MinuteByMinute:
    """What the clocks of a zone showed in each minute around a date, written down one after the other."""

    def __init__(self, scene: Scene, days: int = 7) -> None:
        """Look at the clock each minute."""
        start = datetime.combine(scene.day, time.min, UTC) - days * DAY
        zone = ZoneInfo(scene.zone)
        minutes = [start + n * MINUTE for n in range(2 * days * 24 * 60)]
        self.shown = [(minute, minute.astimezone(zone).replace(tzinfo=None)) for minute in minutes]
        self.first: dict[datetime, datetime] = {}
        for minute, wall in self.shown:
            self.first.setdefault(wall, minute)

    def reads(self, wall: datetime) -> datetime:
        """Return the first minute that shows this; if none does, so long after the jump as it lies within the gap."""
        if wall in self.first:
            return self.first[wall]
        for (minute, before), (_, after) in pairwise(self.shown):
            if before < wall < after:
                return minute + (wall - before)
        raise AssertionError(f"{wall} is beyond what was written down")
