"""Bookable starts: on a grid of local time, in the free time, lazily; an oracle that looks at every minute."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Interval,
    IntervalError,
    IntervalSet,
    PointTypeError,
    PointValueError,
    UnboundedError,
    UnknownZoneError,
    first_fit,
    starts,
)

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
    for none in (timedelta(0), -HOUR):
        with pytest.raises(IntervalError, match=r"duration=.* is not positive"):
            starts(free, none)
        with pytest.raises(IntervalError, match=r"every=.* is not positive"):
            starts(free, HOUR, every=none)
    for length in (30, None, "PT30M"):
        with pytest.raises(PointTypeError, match=f"duration={length!r} is no length; pass a timedelta"):
            starts(free, length)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointTypeError, match="every=15 is no length; pass a timedelta"):
        starts(free, HOUR, every=15)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(UnknownZoneError):
        starts(free, HOUR, zone="Europe/Berlino")
    with pytest.raises(UnboundedError):
        starts(IntervalSet.since(datetime(2026, 3, 2, tzinfo=UTC)), HOUR, zone="UTC")
    naive = IntervalSet([(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 12))])
    for zone in ("UTC", None):
        with pytest.raises(PointTypeError, match=r"free: datetime.* is no instant; pass aware datetimes"):
            starts(naive, HOUR, zone=zone)
        for bound in ("earliest", "latest"):
            for bad in (datetime(2026, 3, 2), date(2026, 3, 2), "2026-03-02T09:00Z"):
                with pytest.raises(PointTypeError, match=f"{bound}: .* is no instant"):
                    starts(free, HOUR, zone=zone, **{bound: bad})  # type: ignore[arg-type]  # by name
        for begun in (datetime(2026, 3, 2), None, Interval(1, 2)):
            with pytest.raises(PointTypeError, match=r"taken: .* is no instant"):
                starts(free, HOUR, zone=zone, taken=[begun])  # type: ignore[list-item]  # refused at run time, too
        for alone in (None, datetime(2026, 3, 2, tzinfo=UTC)):
            with pytest.raises(PointTypeError, match=r"taken=.* is no collection of instants"):
                starts(free, HOUR, zone=zone, taken=alone)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointTypeError, match="free: 1 is no instant"):
        starts(IntervalSet([(1, 2)]), HOUR)  # type: ignore[list-item]  # refused at run time, too
    for anchor in (time(9, tzinfo=UTC), "midnight", 9):
        with pytest.raises(PointTypeError, match="neither a time without a tzinfo"):
            starts(free, HOUR, zone="UTC", anchor=anchor)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointTypeError, match=r"anchor=.* is a local time, so a zone is needed"):
        starts(free, HOUR, anchor=time(9))
    for limit in ("per_day", "per_week"):
        with pytest.raises(PointTypeError, match="limits count local days and weeks, so a zone is needed"):
            starts(free, HOUR, **{limit: 1})  # type: ignore[arg-type]  # by name
        with pytest.raises(PointValueError, match=f"{limit}=0 is less than 1"):
            starts(free, HOUR, zone="UTC", **{limit: 0})  # type: ignore[arg-type]  # by name
    for buffer in ("before", "after"):
        with pytest.raises(IntervalError, match=rf"{buffer}=.* is negative"):
            starts(free, HOUR, **{buffer: -HOUR})  # type: ignore[arg-type]  # by name
        with pytest.raises(PointTypeError, match=f"{buffer}=5 is no length"):
            starts(free, HOUR, **{buffer: 5})  # type: ignore[arg-type]  # by name


def test_a_list_of_pairs_is_free_time_too() -> None:
    pair = (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert list(starts([pair], HOUR)) == [pair[0]]


# Stretches of three days around changes of the clocks, and what they do there.
NIGHTS = {
    "the clocks skip an hour": ("Europe/Berlin", datetime(2026, 3, 28, 5, tzinfo=UTC)),
    "they repeat one": ("America/New_York", datetime(2026, 10, 31, 5, tzinfo=UTC)),
    "they skip half an hour": ("Australia/Lord_Howe", datetime(2026, 10, 2, 18, tzinfo=UTC)),
    "they repeat half an hour": ("Australia/Lord_Howe", datetime(2026, 4, 3, 18, tzinfo=UTC)),
    "a quarter to three becomes a quarter to four": ("Pacific/Chatham", datetime(2026, 9, 25, 18, tzinfo=UTC)),
    "they skip midnight": ("America/Sao_Paulo", datetime(2018, 11, 3, 1, tzinfo=UTC)),
    "they skip a date": ("Pacific/Apia", datetime(2011, 12, 29, 5, tzinfo=UTC)),
    "nothing happens": ("Asia/Kathmandu", datetime(2026, 6, 1, 5, tzinfo=UTC)),
}
LENGTH = 3 * 24 * 60


def minutes_of(quarters: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(15 * start, 15 * (start + length)) for start, length in quarters]


def since_midnight(moment: datetime, zone: str) -> int:
    wall = moment.astimezone(ZoneInfo(zone))
    return wall.hour * 60 + wall.minute


def looking_at_every_minute(
    free: set[int],
    origin: datetime,
    *,
    duration: int,
    every: int,
    zone: str | None,
    anchor: Any,
    before: int,
    after: int,
) -> list[datetime]:
    """Return the starts that a person finds who looks at each minute by itself."""
    found = []
    for minute in sorted(free):
        if not free.issuperset(range(minute - before, minute + duration + after)):
            continue
        begins = minute
        while begins - 1 in free:
            begins -= 1
        shown = minute if zone is None else since_midnight(origin + minute * MINUTE, zone)
        if anchor == "interval" or zone is None:
            fits = begins + before
            phase = fits if zone is None else since_midnight(origin + fits * MINUTE, zone)
        else:
            phase = anchor.hour * 60 + anchor.minute if anchor else 0
        if (shown - phase) % every == 0:
            found.append(origin + minute * MINUTE)
    return found


@given(
    st.lists(st.tuples(st.integers(0, LENGTH // 15), st.integers(1, 60)), min_size=1, max_size=5),
    st.sampled_from([5, 30, 45, 90]),
    st.sampled_from([10, 15, 45, 60, 100, 24 * 60, 40 * 60]),
    st.sampled_from([None, "interval", time(0, 10), time(9), time(23, 59)]),
    st.sampled_from([0, 5, 20, 90]),
    st.sampled_from([0, 10, 25]),
    st.tuples(st.integers(-100, LENGTH), st.integers(0, LENGTH)) | st.none(),
    st.sampled_from(sorted(NIGHTS)),
    st.booleans(),
)
def test_starts_are_the_minutes_on_the_grid_at_which_the_appointment_fits_with_its_buffers(
    quarters: list[tuple[int, int]],
    duration: int,
    every: int,
    anchor: Any,
    before: int,
    after: int,
    notice: tuple[int, int] | None,
    night: str,
    has_zone: bool,
) -> None:
    zone, origin = NIGHTS[night]
    pairs = minutes_of(quarters)
    free = IntervalSet([(origin + start * MINUTE, origin + end * MINUTE) for start, end in pairs])
    cells = {minute for pair in pairs for minute in range(*pair)}
    if not has_zone:
        anchor = anchor if anchor == "interval" else None
    expected = looking_at_every_minute(
        cells,
        origin,
        duration=duration,
        every=every,
        zone=zone if has_zone else None,
        anchor=anchor,
        before=before,
        after=after,
    )
    asked: dict[str, Any] = {
        "every": every * MINUTE,
        "zone": zone if has_zone else None,
        "anchor": anchor,
        "before": before * MINUTE,
        "after": after * MINUTE,
    }
    found = list(starts(free, duration * MINUTE, **asked))
    assert found == expected
    wanted = [Interval(start - before * MINUTE, start + (duration + after) * MINUTE) for start in found]
    assert all(map(free.covers, wanted))
    if notice is not None:
        earliest, latest = (origin + minutes * MINUTE for minutes in (notice[0], sum(notice)))
        expected = [start for start in expected if earliest <= start <= latest]
        assert list(starts(free, duration * MINUTE, **asked, earliest=earliest, latest=latest)) == expected
        asked |= {"earliest": earliest, "latest": latest}
    place = first_fit(free, duration * MINUTE, **asked)
    assert place == (Interval(expected[0], expected[0] + duration * MINUTE) if expected else None)


class TestAnchor:
    """Where the grid lies on the clock."""

    def test_a_local_time_is_on_the_grid_of_every_day_whatever_the_clocks_do(self) -> None:
        zone = "Europe/Berlin"
        days = IntervalSet([(local(zone, 2026, 3, 28), local(zone, 2026, 3, 31))])
        found = starts(days, HOUR, every=8 * HOUR, zone=zone, anchor=time(9, 10))
        assert clock(found, zone) == [f"{day} {at}" for day in (28, 29, 30) for at in ("01:10", "09:10", "17:10")]

    def test_the_grid_goes_on_before_the_anchor_and_begins_anew_each_day(self) -> None:
        days = IntervalSet([(local("UTC", 2026, 3, 2, 8), local("UTC", 2026, 3, 2, 12))])
        found = starts(days, 50 * MINUTE, zone="UTC", anchor=time(9))
        assert clock(found, "UTC") == ["02 08:10", "02 09:00", "02 09:50", "02 10:40"]

    def test_each_interval_may_anchor_its_own_grid_on_local_time(self) -> None:
        zone = "Europe/Berlin"
        free = [
            (local(zone, 2026, 3, 28, 9, 7), local(zone, 2026, 3, 30, 9, 8)),
            (local(zone, 2026, 3, 30, 13, 20), local(zone, 2026, 3, 30, 14)),
        ]
        found = starts(free, MINUTE, every=24 * HOUR, zone=zone, anchor="interval")
        assert clock(found, zone) == ["28 09:07", "29 09:07", "30 09:07", "30 13:20"]

    def test_notice_does_not_move_the_grid_of_an_interval(self) -> None:
        free = [(local("UTC", 2026, 3, 2, 9, 7), local("UTC", 2026, 3, 2, 11))]
        for zone in (None, "UTC"):
            found = starts(free, 30 * MINUTE, zone=zone, anchor="interval", earliest=local("UTC", 2026, 3, 2, 9, 30))
            assert clock(found, "UTC") == ["02 09:37", "02 10:07"]

    def test_the_clock_time_that_notice_cut_off_may_lie_before_a_change_of_the_same_day(self) -> None:
        zone = "Europe/Berlin"
        free = [(local(zone, 2026, 3, 29, 1, 30), local(zone, 2026, 3, 29, 6))]
        found = starts(
            free, HOUR, every=2 * HOUR, zone=zone, anchor="interval", earliest=local(zone, 2026, 3, 29, 3, 10)
        )
        assert clock(found, zone) == ["29 03:30"]

    def test_the_grid_begins_where_the_appointment_first_fits_with_its_preparation(self) -> None:
        free = [(local("UTC", 2026, 3, 2, 9), local("UTC", 2026, 3, 2, 11))]
        for zone in (None, "UTC"):
            found = starts(free, 30 * MINUTE, zone=zone, anchor="interval", before=10 * MINUTE, after=5 * MINUTE)
            assert clock(found, "UTC") == ["02 09:10", "02 09:40", "02 10:10"]


class TestLimits:
    """At most so many appointments on a local day, or in a week of them."""

    @given(
        st.lists(st.integers(0, 20 * 24 * 2), max_size=40),
        st.integers(1, 4) | st.none(),
        st.integers(1, 9) | st.none(),
        st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia"]),
        st.sampled_from([datetime(2026, 3, 20, tzinfo=UTC), datetime(2011, 12, 20, tzinfo=UTC)]),
    )
    def test_a_start_is_left_out_if_and_only_if_its_day_or_week_is_full(
        self, halves: list[int], per_day: int | None, per_week: int | None, zone: str, origin: datetime
    ) -> None:
        free = IntervalSet([(origin + timedelta(days=4), origin + timedelta(days=16))])
        taken = [origin + half * 30 * MINUTE for half in halves]

        def day(moment: datetime) -> date:
            return moment.astimezone(ZoneInfo(zone)).date()

        days = Counter(map(day, taken))
        weeks = Counter(day(moment).isocalendar()[:2] for moment in taken)
        expected = [
            start
            for start in starts(free, HOUR, zone=zone)
            if (per_day is None or days[day(start)] < per_day)
            and (per_week is None or weeks[day(start).isocalendar()[:2]] < per_week)
        ]
        assert list(starts(free, HOUR, zone=zone, per_day=per_day, per_week=per_week, taken=taken)) == expected

    @given(st.integers(1, 3), st.integers(1, 6), st.lists(st.integers(0, 10 * 24), max_size=5, unique=True))
    def test_booking_the_first_fit_again_and_again_fills_days_and_weeks_and_never_exceeds_them(
        self, per_day: int, per_week: int, already: list[int]
    ) -> None:
        zone, origin = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 23, tzinfo=ZoneInfo("Europe/Berlin"))
        left = IntervalSet([(origin, origin + timedelta(days=10))])
        taken = [origin.astimezone(UTC) + hour * HOUR for hour in already]
        made = []
        while place := first_fit(left, 90 * MINUTE, zone=zone, per_day=per_day, per_week=per_week, taken=taken):
            made.append(place.start)
            taken.append(place.start)
            left -= place
        assert made == sorted(made)
        before = Counter(moment.astimezone(zone).date() for moment in taken[: len(already)])
        days = Counter(moment.astimezone(zone).date() for moment in taken)
        weeks: Counter[int] = Counter()
        for day, number in days.items():
            weeks[day.isocalendar().week] += number
        assert all(days[day] <= per_day for day in days if days[day] > before[day])
        for day in (origin.date() + timedelta(days=i) for i in range(10)):
            assert days[day] >= per_day or weeks[day.isocalendar().week] >= per_week

    def test_starts_are_alternatives_so_that_a_day_with_room_for_one_more_shows_all_of_them(self) -> None:
        free = [(local("UTC", 2026, 3, 2, 9), local("UTC", 2026, 3, 2, 12))]
        found = starts(free, HOUR, zone="UTC", per_day=2, taken=[local("UTC", 2026, 3, 2, 17)])
        assert clock(found, "UTC") == ["02 09:00", "02 10:00", "02 11:00"]

    def test_a_week_begins_on_monday(self) -> None:
        free = [(local("UTC", 2026, 3, 1, 20), local("UTC", 2026, 3, 9, 2))]  # from a Sunday over one to a Monday
        found = starts(free, HOUR, every=12 * HOUR, zone="UTC", per_week=1, taken=[local("UTC", 2026, 3, 8, 23)])
        assert clock(found, "UTC") == ["09 00:00"]

    def test_what_the_clocks_show_again_after_midnight_belongs_to_the_day_that_has_begun(self) -> None:
        zone = "America/St_Johns"  # at 00:01 on the 7th they went back to 23:01
        free = [(local(zone, 2010, 11, 6, 22), local(zone, 2010, 11, 7, 2))]
        again = local(zone, 2010, 11, 6, 23, 30, fold=1)
        found = starts(free, 30 * MINUTE, zone=zone, per_day=1, taken=[again])
        assert clock(found, zone) == ["06 22:00", "06 22:30", "06 23:00", "06 23:30"]


class TestEdges:
    """Sets without an end, and the ends of the calendar."""

    NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def test_notice_and_horizon_bound_free_time_that_has_no_end(self) -> None:
        asked: dict[str, Any] = {"every": HOUR, "zone": "UTC", "before": HOUR, "after": 2 * HOUR}
        found = starts(IntervalSet.everything(), HOUR, **asked, earliest=self.NINE, latest=self.NINE + 2 * HOUR)
        assert clock(found, "UTC") == ["02 09:00", "02 10:00", "02 11:00"]
        for missing in ("earliest", "latest"):
            bound: dict[str, Any] = {"earliest": self.NINE, "latest": self.NINE} | {missing: None}
            with pytest.raises(UnboundedError, match=f"pass {missing}="):
                starts(IntervalSet.everything(), HOUR, **asked, **bound)

    def test_without_a_start_there_is_no_grid_of_its_own(self) -> None:
        past = IntervalSet.until(self.NINE)
        for zone in (None, "UTC"):
            with pytest.raises(UnboundedError, match="whose start would begin its grid"):
                starts(past, HOUR, zone=zone, anchor="interval", earliest=self.NINE - HOUR)

    def test_no_length_is_too_long_to_ask_for(self) -> None:
        free = [(self.NINE, self.NINE + HOUR), (datetime(9999, 12, 29, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))]
        for zone in (None, "UTC"):
            assert not [*starts(free, timedelta.max, zone=zone, before=timedelta.max, after=timedelta.max)]
            assert len([*starts(free, HOUR, every=timedelta.max, zone=zone)]) == (2 if zone is None else 1)

    @pytest.mark.parametrize("field", ["duration", "before", "after"])
    def test_what_needs_more_than_the_calendar_fits_into_no_unbounded_time_either(self, field: str) -> None:
        asked: dict[str, Any] = {"duration": HOUR, field: timedelta.max}
        bounds: dict[str, Any] = {"earliest": self.NINE, "latest": self.NINE + HOUR}
        assert not [*starts(IntervalSet.everything(), **asked, zone="UTC", **bounds)]

    def test_an_appointment_at_an_end_of_the_calendar_lies_on_no_whole_day(self) -> None:
        free = [(self.NINE, self.NINE + HOUR)]
        for end in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
            with pytest.raises(PointValueError, match="years 1 to 9999"):
                [*starts(free, HOUR, zone="Europe/Paris", per_day=1, taken=[end])]

    def test_the_last_instants_of_the_calendar_are_no_error_without_a_zone(self) -> None:
        last = datetime.max.replace(tzinfo=UTC)
        assert len([*starts([(last - 3 * HOUR, last)], HOUR)]) == 3
        with pytest.raises(PointValueError):
            [*starts([(last - 3 * HOUR, last)], HOUR, zone="UTC")]

    def test_a_horizon_before_the_notice_leaves_nothing(self) -> None:
        free = [(self.NINE + i * HOUR, self.NINE + i * HOUR + 30 * MINUTE) for i in range(5)]
        found = starts(free, MINUTE, zone="UTC", earliest=self.NINE + 4 * HOUR, latest=self.NINE + HOUR)
        assert not [*found]

    def test_free_time_that_is_days_apart_is_on_one_grid(self) -> None:
        free = [(self.NINE + timedelta(days=i), self.NINE + timedelta(days=i, hours=1)) for i in (0, 2, 9, 300)]
        assert [*starts(free, HOUR, zone="UTC")] == [start for start, _ in free]

    def test_the_first_fit_among_centuries_is_there_at_once(self) -> None:
        centuries = [(self.NINE + timedelta(days=i), self.NINE + timedelta(days=i, hours=1)) for i in range(100_000)]
        free = IntervalSet(centuries)
        late = self.NINE + timedelta(days=99_000)
        assert first_fit(free, HOUR, zone="Europe/Berlin", earliest=late) == Interval(late, late + HOUR)
        assert first_fit(free, 2 * HOUR, zone="Europe/Berlin") is None
