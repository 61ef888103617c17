"""Local hours in many zones, against whenever, against every minute of the clock, and the time that passes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import whenever
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Interval, IntervalSet, LocalTimeError, zones
from slotcalc.rules import DateRange, Dates, DayRule, TimeOff, Transition, Weekly
from tests.clocks import CHANGES, DAY, SCENES, MinuteByMinute, Scene, hours, scenes, ways

if TYPE_CHECKING:
    from slotcalc.zones import Disambiguate

# One and a half days to both sides, so that what lies at the edges of the written minutes does not matter.
HALF = timedelta(hours=36)


def window_of(scene: Scene) -> Interval[datetime]:
    noon = datetime.combine(scene.day, time(12), UTC)
    return Interval(noon - HALF, noon + HALF)


@cache
def minutes_of(scene: Scene) -> MinuteByMinute:
    return MinuteByMinute(scene)


def clock(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))


def walls(text: str, day: date) -> list[tuple[datetime, datetime]]:
    """Return the spans of the text as what the clocks show, by a reading of its own."""
    midnight = datetime.combine(day, time.min)
    found = []
    for span in text.split(",") if text != "off" else []:
        start, end = map(clock, span.split("-"))
        found.append((midnight + start, midnight + end + (DAY if end <= start else timedelta())))
    return found


def days_near(scene: Scene) -> list[date]:
    """Return the dates around the scene that the clocks of the zone showed at all."""
    shown = {wall.date() for _, wall in minutes_of(scene).shown}
    return [day for n in range(-4, 5) if (day := scene.day + n * DAY) in shown]


def test_there_are_zones_enough() -> None:
    assert len(CHANGES) >= 20


@given(scenes, hours.filter(lambda text: "00:00-24:00" not in text), ways)
def test_hours_are_what_whenever_makes_of_them(scene: Scene, text: str, way: Disambiguate) -> None:
    def instant(wall: datetime) -> datetime:
        return whenever.PlainDateTime(wall).assume_tz(scene.zone, disambiguation=way).to_instant().to_stdlib()

    expected = []
    for day in days_near(scene):
        for opens, closes in walls(text, day):
            start, end = instant(opens), instant(closes)
            if start < end:
                expected.append((start, end))
    rule = Weekly(f"Mo-Su {text}", zone=scene.zone, disambiguate=way)
    window = window_of(scene)
    assert rule.within(window) == IntervalSet(expected) & window


@given(scenes, hours.filter(lambda text: "00:00-24:00" not in text))
def test_hours_are_what_the_clock_shows_minute_by_minute(scene: Scene, text: str) -> None:
    minutes = minutes_of(scene)
    expected = []
    for day in days_near(scene)[1:-1]:
        for opens, closes in walls(text, day):
            start, end = minutes.reads(opens), minutes.reads(closes)
            if start < end:
                expected.append((start, end))
    window = window_of(scene)
    assert Weekly(f"Mo-Su {text}", zone=scene.zone).within(window) == IntervalSet(expected) & window


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_whole_days_tile_and_each_holds_the_minutes_from_its_first_on(scene: Scene) -> None:
    days = days_near(scene)[2:-2]
    minutes = minutes_of(scene)
    bounds = [zones.day_bounds(day, scene.zone) for day in days]
    for (_, end), (start, _) in pairwise(bounds):
        assert end == start
    for day, (start, _) in zip(days, bounds, strict=True):
        assert start == min(minute for minute, wall in minutes.shown if wall.date() == day)
    span = Interval(bounds[0][0], bounds[-1][1])
    whole: list[DayRule] = [
        Weekly("24/7", zone=scene.zone),
        Dates(days, zone=scene.zone),
        DateRange(days[0], days[-1], zone=scene.zone),
        TimeOff(days[0], days[-1], zone=scene.zone),
        Weekly("Mo-Su off", zone=scene.zone).override(dict.fromkeys(days, "00:00-24:00")),
    ]
    for rule in whole:
        assert rule.within(span) == IntervalSet(span)
    wide = span.pad(DAY, DAY)
    for rule in whole[1:]:
        assert rule.within(wide) == IntervalSet(span)


@given(scenes, hours)
def test_elapsed_time_is_conserved(scene: Scene, text: str) -> None:
    rule = Weekly(f"Mo-Su {text}", zone=scene.zone)
    window = window_of(scene)
    answer = rule.within(window)
    assert answer.total + (~rule).within(window).total == window.duration
    pieces = [rule.within(piece) for piece in window.chunks(timedelta(hours=6))]
    assert sum((piece.total for piece in pieces), start=timedelta()) == answer.total


@given(scenes, hours, ways)
def test_transitions_are_the_hours_that_whenever_calls_skipped_or_repeated(
    scene: Scene, text: str, way: Disambiguate
) -> None:
    expected = set()
    for day in days_near(scene):
        for opens, closes in walls(text, day):
            for wall in (opens, closes) if closes - opens != DAY or opens.time() != time.min else ():
                plain = whenever.PlainDateTime(wall)
                try:
                    plain.assume_tz(scene.zone, disambiguation="raise")
                except whenever.SkippedTime:
                    kind = "gap"
                except whenever.RepeatedTime:
                    kind = "fold"
                else:
                    continue
                expected.add((wall, kind, plain.assume_tz(scene.zone, disambiguation=way).to_instant().to_stdlib()))
    window = window_of(scene)
    found = Weekly(f"Mo-Su {text}", zone=scene.zone, disambiguate=way).transitions(window)
    assert {(item.local, item.kind, item.instant) for item in found} == {e for e in expected if e[2] in window}
    assert {item.zone for item in found} <= {scene.zone}


def test_a_night_of_work_is_listed_with_the_times_that_it_could_not_mean() -> None:
    spring = Interval.parse("2026-03-28T12:00Z/P1D")
    night = Weekly("Mo-Su 02:30-06:00", zone="Europe/Berlin")
    local = datetime(2026, 3, 29, 2, 30)
    later, earlier = datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert night.transitions(spring) == [Transition(local, "Europe/Berlin", "gap", later)]
    (other,) = night.replace(disambiguate="earlier").transitions(spring)
    assert other.instant == earlier
    (refused,) = night.replace(disambiguate="raise").transitions(spring)
    assert refused.instant == later


@pytest.mark.parametrize(
    "way,spring,autumn",
    [
        ("compatible", "01:30/04:00", "00:30/05:00"),
        ("earlier", "00:30/04:00", "00:30/05:00"),
        ("later", "01:30/04:00", "01:30/05:00"),
    ],
)
def test_a_rule_chooses_how_its_times_are_read(way: Disambiguate, spring: str, autumn: str) -> None:
    night = Weekly("Su 02:30-06:00", zone="Europe/Berlin", disambiguate=way)
    for day, expected in (("2026-03-29", spring), ("2026-10-25", autumn)):
        (piece,) = night.within(Interval.parse(f"{day}T00:00Z/PT12H"))
        assert f"{piece.start:%H:%M}/{piece.end:%H:%M}" == expected


def test_refusing_to_guess_is_about_the_window_only() -> None:
    night = Weekly("Su 02:30-06:00", zone="Europe/Berlin", disambiguate="raise")
    with pytest.raises(LocalTimeError, match="2026-03-29T02:30:00 does not exist"):
        night.within(Interval.parse("2026-03-29T00:00Z/P1D"))
    assert not night.within(Interval.parse("2026-03-29T04:00Z/P1D"))
    assert night.within(Interval.parse("2026-03-16T00:00Z/P7D")) == IntervalSet.parse("2026-03-22T01:30Z/PT3H30M")


@given(st.sampled_from(sorted(CHANGES)), st.integers(1950, 2036))
def test_no_zone_changes_its_offset_twice_within_a_day(zone: str, year: int) -> None:
    change = whenever.Instant.from_utc(year, 1, 1).to_tz(zone).next_transition()
    for _ in range(8):
        following = change and change.next_transition()
        if change is None or following is None:
            return
        assert following.to_instant().to_stdlib() - change.to_instant().to_stdlib() > DAY
        change = following
