"""Bookable starts: on a grid of local time, in the free time, lazily."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Interval, IntervalError, IntervalSet, PointTypeError, UnboundedError, UnknownZoneError, starts

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Asia/Kathmandu",
    "UTC",
]


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[arg-type,misc]  # year, month, day, …


def clock(found: object, zone: str) -> list[str]:
    return [f"{start.astimezone(ZoneInfo(zone)):%d %H:%M}" for start in found]  # type: ignore[attr-defined]  # an iterator


def test_starts_lie_on_the_clock_and_leave_room_for_the_appointment() -> None:
    morning = IntervalSet([(local("Europe/Berlin", 2026, 3, 2, 8, 10), local("Europe/Berlin", 2026, 3, 2, 10))])
    found = starts(morning, 45 * MINUTE, every=15 * MINUTE, zone="Europe/Berlin")
    assert clock(found, "Europe/Berlin") == ["02 08:15", "02 08:30", "02 08:45", "02 09:00", "02 09:15"]


def test_a_time_that_the_clocks_skip_is_no_start_and_one_they_show_twice_is_two() -> None:
    spring = IntervalSet([(local("Europe/Berlin", 2026, 3, 29, 1), local("Europe/Berlin", 2026, 3, 29, 4))])
    found = starts(spring, 30 * MINUTE, zone="Europe/Berlin")
    assert clock(found, "Europe/Berlin") == ["29 01:00", "29 01:30", "29 03:00", "29 03:30"]
    autumn = IntervalSet([(local("Europe/Berlin", 2026, 10, 25, 2), local("Europe/Berlin", 2026, 10, 25, 3))])
    found = starts(autumn, 30 * MINUTE, zone="Europe/Berlin")
    assert clock(found, "Europe/Berlin") == ["25 02:00", "25 02:30", "25 02:00", "25 02:30"]


def test_the_half_hour_that_lord_howe_repeats_is_on_the_grid_twice() -> None:
    zone = "Australia/Lord_Howe"
    night = IntervalSet([(local(zone, 2026, 4, 5, 1), local(zone, 2026, 4, 5, 3))])
    found = list(starts(night, 15 * MINUTE, zone=zone))
    assert clock(found, zone)[2:8] == ["05 01:30", "05 01:45", "05 01:30", "05 01:45", "05 02:00", "05 02:15"]
    assert len(found) == 10


def test_an_appointment_may_last_over_midnight() -> None:
    night = IntervalSet([(local("Europe/Berlin", 2026, 3, 2, 23), local("Europe/Berlin", 2026, 3, 3, 1))])
    found = starts(night, HOUR, every=30 * MINUTE, zone="Europe/Berlin")
    assert clock(found, "Europe/Berlin") == ["02 23:00", "02 23:30", "03 00:00"]


@given(
    st.lists(st.tuples(st.integers(0, 3 * 24 * 4), st.integers(1, 40)), min_size=1, max_size=5),
    st.sampled_from([10, 15, 30, 45, 60, 100, 24 * 60]).map(lambda minutes: minutes * MINUTE),
    st.sampled_from([5, 30, 90]).map(lambda minutes: minutes * MINUTE),
    st.sampled_from(ZONES),
    st.sampled_from([datetime(2026, 3, 28, 5, tzinfo=UTC), datetime(2026, 10, 24, 5, tzinfo=UTC)]),
)
def test_the_grid_holds_every_minute_whose_clock_shows_a_whole_step_and_nothing_else(
    quarters: list[tuple[int, int]], every: timedelta, duration: timedelta, zone: str, origin: datetime
) -> None:
    pairs = [(origin + start * 15 * MINUTE, origin + (start + length) * 15 * MINUTE) for start, length in quarters]
    free = IntervalSet(pairs)
    minutes = (piece.start + i * MINUTE for piece in free for i in range(piece.duration // MINUTE))
    expected = []
    for moment in minutes:
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        since_midnight = wall - datetime.combine(wall.date(), datetime.min.time())
        if since_midnight % every == timedelta(0) and free.covers(Interval(moment, moment + duration)):
            expected.append(moment)
    assert list(starts(free, duration, every=every, zone=zone)) == expected


@given(st.integers(-100, 300), st.integers(-100, 300), st.sampled_from([None, "Europe/Berlin"]))
def test_earliest_and_latest_only_leave_starts_out(early: int, late: int, zone: str | None) -> None:
    origin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    free = IntervalSet([(origin, origin + HOUR), (origin + 90 * MINUTE, origin + 3 * HOUR)])
    earliest, latest = origin + early * MINUTE, origin + late * MINUTE
    unbounded = starts(free, 20 * MINUTE, every=15 * MINUTE, zone=zone)
    assert list(starts(free, 20 * MINUTE, every=15 * MINUTE, zone=zone, earliest=earliest, latest=latest)) == [
        start for start in unbounded if earliest <= start <= latest
    ]


def test_without_a_zone_each_free_interval_begins_its_own_grid() -> None:
    origin = datetime(2026, 3, 2, 9, 7, tzinfo=UTC)
    free = IntervalSet([(origin, origin + HOUR), (origin + 2 * HOUR, origin + 3 * HOUR)])
    assert [f"{start:%H:%M}" for start in starts(free, 30 * MINUTE)] == ["09:07", "09:37", "11:07", "11:37"]
    assert list(starts(IntervalSet(), HOUR)) == list(starts(IntervalSet(), HOUR, zone="UTC")) == []


def test_starts_are_made_as_they_are_taken() -> None:
    centuries = IntervalSet([(datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC))])
    assert len(list(islice(starts(centuries, MINUTE, zone="Europe/Berlin"), 5))) == 5
    assert len(list(islice(starts(centuries, MINUTE), 5))) == 5


def test_a_date_that_a_zone_left_out_has_no_starts() -> None:
    free = IntervalSet([(datetime(2011, 12, 29, 12, tzinfo=UTC), datetime(2011, 12, 31, 12, tzinfo=UTC))])
    found = starts(free, HOUR, every=6 * HOUR, zone="Pacific/Apia")
    days = {start.astimezone(ZoneInfo("Pacific/Apia")).date() for start in found}
    assert date(2011, 12, 30) not in days
    assert days == {date(2011, 12, 29), date(2011, 12, 31), date(2012, 1, 1)}


def test_bad_arguments_are_named_at_once() -> None:
    free = IntervalSet([(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC))])
    for bad in (timedelta(0), -HOUR):
        with pytest.raises(IntervalError, match=r"duration=.* is not positive"):
            starts(free, bad)
        with pytest.raises(IntervalError, match=r"every=.* is not positive"):
            starts(free, HOUR, every=bad)
    with pytest.raises(PointTypeError, match="cannot be added"):
        starts(free, 30)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(UnknownZoneError):
        starts(free, HOUR, zone="Europe/Berlino")
    with pytest.raises(UnboundedError):
        starts(IntervalSet.since(datetime(2026, 3, 2, tzinfo=UTC)), HOUR, zone="UTC")
    naive = IntervalSet([(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 12))])
    for zone in ("UTC", None):
        with pytest.raises(PointTypeError, match="must be aware datetimes"):
            starts(naive, HOUR, zone=zone)
        with pytest.raises(PointTypeError, match="must be aware datetimes"):
            starts(free, HOUR, zone=zone, earliest=datetime(2026, 3, 2))
        with pytest.raises(PointTypeError, match="must be aware datetimes"):
            starts(free, HOUR, zone=zone, latest=datetime(2026, 3, 2))
    with pytest.raises(PointTypeError, match="must be aware datetimes"):
        starts(IntervalSet([(1, 2)]), HOUR)  # type: ignore[list-item]  # refused at run time, too


def test_a_list_of_pairs_is_free_time_too() -> None:
    pair = (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert list(starts([pair], HOUR)) == [pair[0]]
