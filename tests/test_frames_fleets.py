"""Slots from rules and starts in free time, by columns: what single resources get, on the nights clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    IntervalError,
    IntervalSet,
    LimitExceededError,
    Limits,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
)
from slotcalc import starts as starts_of_one
from slotcalc.rules import Weekly
from tests.frames import LIBRARIES, frame_of, frame_of_rows, need_frames, rows_of

need_frames()

import narwhals as nw
import pandas as pd
import polars as pl

from slotcalc import frames

if TYPE_CHECKING:
    from tests.frames import Row

# Forward and back an hour, forward over midnight, half an hour, never.
ZONES = ("Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "UTC")
NIGHTS = [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 4, 23, 20, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
NAMES = ("tutor", "start", "end")
MINUTE = timedelta(minutes=1)
DAY = (datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 2, 17, tzinfo=UTC))

minutes = st.integers(1, 300).map(lambda number: number * MINUTE)
anchors = st.sampled_from((None, "interval", time(0, 10), time(23, 59, 59, 999_999)))


@st.composite
def free_times(draw: st.DrawFn) -> list[Row]:
    """Draw rows of (tutor, start, end) around the nights on which clocks change, by the minute, half of them uneven."""
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 6))):
        begun = draw(st.sampled_from(NIGHTS)) + draw(st.integers(-2000, 2000)) * MINUTE
        begun += draw(st.sampled_from((timedelta(), timedelta(seconds=1, microseconds=1))))
        rows.append((draw(st.integers(0, 2)), begun, begun + draw(st.integers(1, 3000)) * MINUTE))
    return rows


@given(
    free_times(),
    st.sampled_from(LIBRARIES),
    minutes,
    st.none() | minutes | st.just(timedelta(days=3, hours=1)),
    st.sampled_from((None, *ZONES)),
    anchors,
    st.none() | st.sampled_from(NIGHTS),
    st.none() | st.sampled_from(NIGHTS),
    st.none() | minutes,
    st.none() | minutes,
)
def test_starts_are_those_of_each_resource_by_itself(
    rows: list[Row],
    library: str,
    duration: timedelta,
    every: timedelta | None,
    zone: str | None,
    anchor: Any,
    earliest: datetime | None,
    latest: datetime | None,
    before: timedelta | None,
    after: timedelta | None,
) -> None:
    if zone is None and anchor != "interval":
        anchor = None
    options: dict[str, Any] = {
        "every": every,
        "zone": zone,
        "anchor": anchor,
        "earliest": earliest,
        "latest": latest,
        "before": before,
        "after": after,
    }
    free = frame_of_rows(library, rows, *NAMES)
    if not rows:
        free = frame_of(library, {"tutor": [1], "start": [DAY[0]], "end": [DAY[1]]})[:0]
    answer = rows_of(frames.starts(free, duration, by="tutor", **options))
    assert answer == [
        (tutor, start)
        for tutor in sorted({row[0] for row in rows})
        for start in starts_of_one([(start, end) for who, start, end in rows if who == tutor], duration, **options)
    ]


@given(free_times(), st.sampled_from(LIBRARIES), minutes, anchors)
def test_each_resource_may_have_a_zone_of_its_own(rows: list[Row], library: str, every: timedelta, anchor: Any) -> None:
    zones = {0: "Europe/Berlin", 1: "Australia/Lord_Howe", 2: "Europe/Berlin"}
    free = frame_of_rows(library, [(*row, zones[row[0]]) for row in rows], *NAMES, "zone")
    if not rows:
        free = frame_of(library, {"tutor": [1], "start": [DAY[0]], "end": [DAY[1]], "zone": ["UTC"]})[:0]
    answer = frames.starts(free, MINUTE, every=every, by="tutor", zone_by="zone", anchor=anchor)
    assert sorted(rows_of(answer)) == [
        (tutor, zone, start)
        for tutor, zone in zones.items()
        for start in starts_of_one(
            [(start, end) for who, start, end in rows if who == tutor], MINUTE, every=every, zone=zone, anchor=anchor
        )
    ]


@given(
    free_times(),
    free_times(),
    st.sampled_from(LIBRARIES),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(1, 5),
    st.sampled_from(ZONES),
    st.booleans(),
)
def test_full_days_and_weeks_have_no_starts(
    rows: list[Row],
    booked: list[Row],
    library: str,
    per_day: int | None,
    per_week: int | None,
    zone: str,
    own_zones: bool,
) -> None:
    zones = dict.fromkeys(range(4), zone) | ({1: "Australia/Lord_Howe"} if own_zones else {})
    rows, booked = [*rows, (3, *DAY)], [*booked, (3, *DAY)]
    free, taken = (frame_of_rows(library, [(*r, zones[r[0]]) for r in some], *NAMES, "zone") for some in (rows, booked))
    options: dict[str, Any] = {"every": timedelta(hours=5), "per_day": per_day, "per_week": per_week}
    named: dict[str, Any] = {"zone_by": "zone"} if own_zones else {"zone": zone}
    answer = rows_of(frames.starts(free, MINUTE, by="tutor", taken=taken, **named, **options))
    assert sorted((row[0], row[-1]) for row in answer) == [
        (tutor, start)
        for tutor, own in zones.items()
        for start in starts_of_one(
            [(start, end) for who, start, end in rows if who == tutor],
            MINUTE,
            zone=own,
            taken=[start for who, start, _ in booked if who == tutor],
            **options,
        )
    ]


def test_limits_count_what_is_taken_and_nothing_else() -> None:
    def found(**options: Any) -> int:
        return len(frames.starts(free_day(), timedelta(hours=3), by=(), zone="UTC", **options))

    taken = free_day()
    assert found() == found(per_day=1) == found(taken=taken) == found(taken=taken, per_day=2) == 2
    assert found(taken=taken, per_day=1) == found(taken=taken, per_week=1) == 0
    assert not len(frames.starts(free_day(), timedelta(hours=10), by=(), zone="UTC", taken=taken, per_day=1))


def free_day(**changes: Any) -> Any:
    return pl.DataFrame({"start": [DAY[0]], "end": [DAY[1]]} | changes)


def test_starts_keep_zone_and_take_the_finest_resolution() -> None:
    free = free_day().cast(pl.Datetime("ms", "Asia/Tokyo"))
    answer = frames.starts(free, timedelta(hours=4), by=())
    assert answer.schema == {"start": pl.Datetime("ms", "Asia/Tokyo")}
    assert len(answer) == 2
    finer = frames.starts(free, timedelta(hours=4, microseconds=1), by=())
    assert finer.schema == {"start": pl.Datetime("us", "Asia/Tokyo")}


def test_starts_count_nanoseconds_where_the_columns_do() -> None:
    begun = pd.Timestamp(DAY[0]).as_unit("ns") + pd.Timedelta(1, "ns")
    free = pd.DataFrame({"start": [begun], "end": [begun + pd.Timedelta(hours=2)]})
    found = frames.starts(free, timedelta(hours=1), by=(), earliest=DAY[0] + timedelta(microseconds=1))
    assert found["start"].tolist() == [begun + pd.Timedelta(hours=1)]
    hours = frames.starts(free, timedelta(hours=1), by=(), zone="Europe/Berlin", latest=DAY[1])
    assert hours["start"].tolist() == [pd.Timestamp(DAY[0]) + pd.Timedelta(hours=1)]


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no step": ({"every": timedelta()}, IntervalError, "every=.* is not positive"),
    "negative buffer": ({"before": -MINUTE}, IntervalError, "before=.* is negative"),
    "no length": ({"after": 5}, PointTypeError, "after=5 is no length; instant columns need a timedelta"),
    "no anchor": ({"anchor": "noon", "zone": "UTC"}, PointTypeError, "anchor='noon' is neither a time"),
    "no zone": ({"anchor": time(0, 10)}, PointTypeError, "is a local time, so a zone is needed"),
    "no zone to count in": ({"per_week": 2}, PointTypeError, "limits count local days and weeks, so a zone is needed"),
    "no start a day": ({"per_day": 0, "zone": "UTC"}, PointValueError, "per_day"),
    "two libraries": ({"taken": pd.DataFrame({"start": [], "end": []})}, PointTypeError, "frames of two kinds"),
    "two zones": ({"zone": "UTC", "zone_by": "zone"}, PointTypeError, "both say the zone"),
    "unknown zone": ({"zone": "Berlin"}, UnknownZoneError, "did you mean 'Europe/Berlin'"),
    "naive": ({"earliest": datetime(2026, 3, 2)}, PointTypeError, "earliest=.* is no aware datetime"),
    "too many": ({"every": timedelta(microseconds=1)}, LimitExceededError, "limit of 100000000 rows"),
    "too many, local": ({"every": timedelta(microseconds=1), "zone": "UTC"}, LimitExceededError, "100000000 rows"),
}


@pytest.mark.parametrize("options, error, text", REFUSED.values(), ids=REFUSED)
def test_what_makes_no_grid_is_refused(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        frames.starts(free_day(), timedelta(hours=1), by=(), **options)


def test_starts_are_instants_within_a_window_that_can_be_listed() -> None:
    with pytest.raises(PointTypeError, match="'start' is a column of naive datetimes; give it a zone first"):
        frames.starts(free_day().select(pl.all().dt.replace_time_zone(None)), MINUTE, by=())
    far = free_day(end=[datetime(2100, 1, 1, tzinfo=UTC)])
    with pytest.raises(LimitExceededError, match=r"limit of 18300 days.* window"):
        frames.starts(far, timedelta(days=1), by=(), zone="UTC")
    assert len(frames.starts(far, timedelta(days=365), by=())) > 70
    with pytest.raises(UnknownZoneError):
        frames.starts(free_day()[:0], MINUTE, by=(), zone="Berlin")
    assert len(frames.starts(free_day(), timedelta(days=2_000_000), by=(), before=timedelta(days=50_000_000))) == 0
    with pytest.raises(PointTypeError, match="starts answers about frames in memory"):
        frames.starts(free_day().lazy(), MINUTE, by=())


WEEK = (datetime(2026, 3, 23, tzinfo=UTC), datetime(2026, 4, 6, tzinfo=UTC))
HOURS = ("Mo-Fr 09:00-12:00,13:00-17:00", "Sa,Su 01:00-05:00", "Mo 22:00-02:00")

keepers = st.lists(st.tuples(st.sampled_from(HOURS), st.sampled_from(ZONES)), max_size=8)


@given(keepers, st.sampled_from(LIBRARIES))
def test_the_slots_of_a_fleet_are_those_of_each_rule(kept: list[tuple[str, str]], library: str) -> None:
    rows = [(f"t{i}", i % 2, *of) for i, of in enumerate(kept)]
    resources = frame_of_rows(library, rows, "tutor", "house", "hours", "zone")
    asked: list[tuple[str, str]] = []

    def rule(hours: str, zone: str) -> Weekly:
        asked.append((hours, zone))
        return Weekly(hours, zone=zone)

    answer = frames.slots_of(resources, rule, WEEK, by=["house", "tutor"], rule=["hours", "zone"])
    expected = [
        (house, tutor, *pair)
        for tutor, house, hours, zone in rows
        for pair in Weekly(hours, zone=zone).within(WEEK).pairs()
    ]
    assert rows_of(answer) == expected
    assert sorted(asked) == sorted(set(kept))
    if rows:
        assert nw.from_native(answer).schema["start"] == nw.Datetime("us", "UTC")


@pytest.mark.parametrize("library", LIBRARIES)
def test_rules_may_be_a_mapping_and_sets_are_rules(library: str) -> None:
    resources = frame_of(library, {"room": [1, 2, 3], "kind": ["a", "b", "a"]})
    rules = {"a": IntervalSet([DAY]), "b": IntervalSet(), "c": IntervalSet.everything()}
    slots = frames.slots_of(resources, rules, DAY, by="room", rule="kind", start="from", end="to")
    assert rows_of(slots) == [(1, *DAY), (3, *DAY)]
    alone = frames.slots_of(resources, rules, DAY, by=(), rule="kind")
    assert rows_of(alone) == [DAY, DAY]


def test_slots_want_a_rule_for_each_resource() -> None:
    resources = pl.DataFrame({"room": [1, 2], "rule": ["a", None], "kind": ["b", "c"]})
    rules: dict[str, Any] = {"b": IntervalSet([DAY]), "c": "Mo 09:00-12:00"}
    with pytest.raises(PointValueError, match="resources has 1 of 2 rows without 'rule'"):
        frames.slots_of(resources, rules, DAY, by="room")
    with pytest.raises(PointTypeError, match=r"there is no rule for '[bc]'; the mapping has \['a'\]"):
        frames.slots_of(resources, {"a": IntervalSet([DAY])}, DAY, by="room", rule="kind")
    with pytest.raises(PointTypeError, match=r"the rule for 'c' is 'Mo .*', which is neither a rule nor a set"):
        frames.slots_of(resources, rules, DAY, by="room", rule="kind")
    with pytest.raises(PointTypeError, match="there is no column 'none'"):
        frames.slots_of(resources, rules, DAY, by="room", rule="none")
    with pytest.raises(LimitExceededError, match="2 is more than the limit of 1 rows"):
        frames.slots_of(
            resources, {"b": rules["b"], "c": rules["b"]}, DAY, by="room", rule="kind", limits=Limits(rows=1)
        )


def test_a_fleet_goes_from_rules_to_starts() -> None:
    tutors = pl.DataFrame({"tutor": ["ann", "bo"], "hours": ["We 09:00-12:00", "We 10:00-11:00"]})
    slots = frames.slots_of(tutors, lambda hours: Weekly(hours, zone="Europe/Paris"), WEEK, by="tutor", rule="hours")
    booked = pl.DataFrame(
        {
            "tutor": ["ann"],
            "start": [datetime(2026, 3, 25, 8, 30, tzinfo=UTC)],
            "end": [datetime(2026, 3, 25, 9, 30, tzinfo=UTC)],
        }
    )
    free = frames.free(slots, booked, by="tutor")
    found = frames.starts(free, timedelta(hours=1), by="tutor", zone="Europe/Paris")
    assert [(tutor, f"{start:%d %H:%M}") for tutor, start in sorted(found.rows())] == [
        ("ann", "25 10:00"),  # before the clocks change
        ("ann", "01 07:00"),
        ("ann", "01 08:00"),
        ("ann", "01 09:00"),
        ("bo", "25 09:00"),
        ("bo", "01 08:00"),
    ]
