"""Wall clock and instants, against whenever, against brute force, and on the nights that other programs get wrong."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest
import whenever
from hypothesis import assume, given
from hypothesis import strategies as st

from slotcalc import zones
from slotcalc.errors import (
    IntervalError,
    LocalTimeError,
    ParseError,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
)
from slotcalc.zones import (
    Disambiguate,
    at,
    day_bounds,
    day_start,
    local_days,
    local_kind,
    plus,
    stretches,
    to_instant,
    to_instants,
    to_local,
    wall_bounds,
    zone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Changes by half an hour and by two, at midnight and just after it; skipped dates; winter time that counts as negative.
ZONES = [
    "Africa/Casablanca",
    "America/Havana",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
    "UTC",
]
WAYS: list[Disambiguate] = ["compatible", "earlier", "later"]
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST = datetime(1, 1, 1)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999)

zone_names = st.sampled_from(ZONES) | st.sampled_from(sorted(available_timezones() - {"localtime"}))
steps = st.sampled_from([HOUR * n / 2 for n in range(-52, 53)]) | st.timedeltas(-2 * DAY, 2 * DAY)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, datetime, timedelta]:
    """Give a zone, the instant of a change of its offset, and by how much the clocks go forward or back."""
    name = draw(zone_names)
    moment = draw(st.datetimes(datetime(1880, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
    local = whenever.Instant(moment).to_tz(name)
    change = local.next_transition() or local.prev_transition()
    assume(change)
    assert change
    instant = change.to_instant().to_stdlib()
    before, after = (wall(moment, name) for moment in (instant - timedelta.resolution, instant))
    return name, instant, after - before - timedelta.resolution


@st.composite
def instants_near_changes(draw: st.DrawFn) -> tuple[str, datetime]:
    """Give a zone and an instant within two days of a change of its offset."""
    name, instant, _ = draw(changes())
    return name, instant + draw(steps)


@st.composite
def wall_times(draw: st.DrawFn) -> tuple[str, datetime]:
    """Give a zone and a wall time, in a gap or a fold as often as not."""
    name, instant, jump = draw(changes())
    part = draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1))
    return name, wall(instant, name) - jump * part + draw(st.just(timedelta()) | steps)


def wall(instant: datetime, name: str) -> datetime:
    return instant.astimezone(ZoneInfo(name)).replace(tzinfo=None, fold=0)


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day and so on


def instants_that_show(local: datetime, name: str) -> list[datetime]:
    """Return all instants at which the clocks show this wall time, found by converting from instants only."""
    around = [local.replace(tzinfo=UTC) + n * HOUR for n in range(-49, 50)]
    offsets = {moment.astimezone(ZoneInfo(name)).utcoffset() or timedelta() for moment in around}
    candidates = {local.replace(tzinfo=UTC) - offset for offset in offsets}
    return sorted(c for c in candidates if c.astimezone(ZoneInfo(name)).replace(tzinfo=None) == local)


# Names


def test_a_zone_is_found_by_its_name() -> None:
    assert zone("Europe/Berlin").key == "Europe/Berlin"


def test_a_zone_is_returned_as_it_is() -> None:
    assert zone(BERLIN) is BERLIN


@pytest.mark.parametrize("same", [UTC, timezone(timedelta(0)), timezone(timedelta(0), "GMT")])
def test_the_utc_of_the_standard_library_is_the_zone_of_that_name(same: tzinfo) -> None:
    assert zone(same).key == "UTC"


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "/",
        "Europe",
        "Europe/",
        "Europe//Berlin",
        "Europe/Berlin/",
        "Europe/Berlin\n",
        "../Europe/Berlin",
        "Europe/../../zoneinfo/Europe/Berlin",
        "/usr/share/zoneinfo/Europe/Berlin",
        "/etc/localtime",
        "Europe/Berlin\0",
        "Mars/Olympus_Mons",
        "tzdata.zi",
        "zone.tab",
        "\ud800",
        "Europe/Bärlin",
        "x" * 300,
        "y" * 5000,
        "z/" * 2500,
    ],
)
def test_what_is_not_in_the_database_is_one_clear_error(name: str) -> None:
    with pytest.raises(UnknownZoneError, match="is not in the IANA time-zone database") as caught:
        zone(name)
    assert caught.value.values == (name,)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["localtime", "posixrules", "posix/Europe/Berlin", "right/Europe/Berlin"])
def test_files_beside_the_database_are_no_zones_although_the_machine_may_have_them(name: str) -> None:
    with pytest.raises(UnknownZoneError, match="is not in the IANA time-zone database"):
        zone(name)


@pytest.mark.parametrize(
    "name,meant",
    [
        ("Berlin", "'Europe/Berlin'?"),
        ("europe/berlin", "'Europe/Berlin'?"),
        ("Europe/Berln", "'Europe/Berlin'"),
        ("America/New York", "'America/New_York'?"),
        ("  asia/TOKYO ", "'Asia/Tokyo'?"),
        ("Asia/Tokio", "did you mean 'Asia/Tokyo'?"),
        ("utc", "'Etc/UTC'?"),
        ("Foo/Bar", "; write a name such as 'Europe/Berlin'"),
        ("EST5", "; write a name such as 'Europe/Berlin'"),  # EST is the least of what it may mean
        ("GMT+2", "; write a name such as 'Europe/Berlin'"),  # Etc/GMT+2 is two hours behind Greenwich
        ("Etc/UTC+5", "; write a name such as 'Europe/Berlin'"),
        ("CEST", "; write a name such as 'Europe/Berlin'"),
        ("Europe/Munich", "; write a name such as 'Europe/Berlin'"),  # nearly Zurich
        ("Mars/Olympus_Mons", "write a name such as 'Europe/Berlin'"),
        ("x" * 300, "write a name such as 'Europe/Berlin'"),
    ],
)
def test_the_error_for_an_unknown_name_says_which_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UnknownZoneError) as caught:
        zone(name)
    assert meant in str(caught.value)


def test_a_machine_without_time_zones_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "available_timezones", lambda: {"localtime"})
    with pytest.raises(UnknownZoneError, match="pip install tzdata"):
        zone("Mars/Olympus_Mons")


def test_a_fixed_offset_is_no_zone() -> None:
    fixed = timezone(HOUR)
    with pytest.raises(UnknownZoneError, match="is no IANA time zone") as caught:
        zone(fixed)
    assert caught.value.values == (fixed,)


@pytest.mark.parametrize("value", [None, 1, b"UTC", HOUR, ZoneInfo])
def test_a_value_that_cannot_be_a_zone_is_a_type_error(value: object) -> None:
    with pytest.raises(PointTypeError, match="is no time zone"):
        zone(value)  # type: ignore[arg-type]  # refused by the checker, too


# Wall times


@given(wall_times())
def test_a_wall_time_exists_as_often_as_there_are_instants_that_show_it(case: tuple[str, datetime]) -> None:
    name, local = case
    count = len(instants_that_show(local, name))
    assert local_kind(local, name) == ["gap", "unique", "fold"][count]
    assert local_kind(local.replace(fold=1), name) == ["gap", "unique", "fold"][count]


@given(wall_times(), st.sampled_from(WAYS))
def test_every_way_to_disambiguate_agrees_with_whenever(case: tuple[str, datetime], way: Disambiguate) -> None:
    name, local = case
    expected = whenever.PlainDateTime(local).assume_tz(name, disambiguation=way).to_instant().to_stdlib()
    instant = to_instant(local, name, disambiguate=way)
    assert instant == expected
    assert instant.tzinfo is UTC


@given(wall_times())
def test_raise_refuses_the_wall_times_that_whenever_refuses(case: tuple[str, datetime]) -> None:
    name, local = case
    try:
        expected = whenever.PlainDateTime(local).assume_tz(name, disambiguation="raise").to_instant().to_stdlib()
    except whenever.SkippedTime:
        with pytest.raises(LocalTimeError, match="does not exist"):
            to_instant(local, name, disambiguate="raise")
    except whenever.RepeatedTime:
        with pytest.raises(LocalTimeError, match="exists twice"):
            to_instant(local, name, disambiguate="raise")
    else:
        assert to_instant(local, name, disambiguate="raise") == expected


@given(wall_times())
def test_a_wall_time_that_exists_is_what_the_clocks_show_at_its_instant(case: tuple[str, datetime]) -> None:
    name, local = case
    shown = instants_that_show(local, name)
    if shown:
        assert to_instant(local, name) == to_instant(local, name, disambiguate="earlier") == shown[0]
        assert to_instant(local, name, disambiguate="later") == to_instant(local.replace(fold=1), name) == shown[-1]


@given(wall_times(), st.sampled_from([0, 1]))
def test_a_wall_time_in_a_gap_moves_by_the_length_of_the_gap(case: tuple[str, datetime], fold: int) -> None:
    name, local = case
    earlier, later = (to_instant(local, name, disambiguate=way) for way in ("earlier", "later"))
    if not instants_that_show(local, name):
        assert to_local(later, name).replace(tzinfo=None) == local + (later - earlier)
        assert to_local(earlier, name).replace(tzinfo=None) == local - (later - earlier)
        assert to_instant(local.replace(fold=fold), name) == later


@given(wall_times(), st.sampled_from(["earlier", "later"]))
def test_earlier_and_later_take_no_notice_of_fold(case: tuple[str, datetime], way: Disambiguate) -> None:
    name, local = case
    assert to_instant(local.replace(fold=1), name, disambiguate=way) == to_instant(local, name, disambiguate=way)


@given(instants_near_changes())
def test_an_instant_comes_back_from_the_wall_clock_as_itself(case: tuple[str, datetime]) -> None:
    name, instant = case
    local = to_local(instant, name)
    assert to_instant(local.replace(tzinfo=None), name) == instant
    assert local.replace(tzinfo=None) == whenever.Instant(instant).to_tz(name).to_plain().to_stdlib()


@given(instants_near_changes(), steps)
def test_elapsed_time_is_conserved_across_changes(case: tuple[str, datetime], elapsed: timedelta) -> None:
    name, instant = case
    walls = [to_local(moment, name).replace(tzinfo=None) for moment in (instant, instant + elapsed)]
    first, second = [to_instant(wall, name) for wall in walls]
    assert second - first == elapsed


def test_the_two_half_hours_of_a_fold_are_two_instants() -> None:
    twin = datetime(2026, 10, 25, 2, 30)
    assert to_instant(twin, BERLIN) == utc(2026, 10, 25, 0, 30)
    assert to_instant(twin.replace(fold=1), BERLIN) == utc(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(
    "name,local,expected",
    [
        ("Australia/Lord_Howe", datetime(2025, 10, 5, 2, 15), utc(2025, 10, 4, 15, 45)),
        ("Europe/Dublin", datetime(2025, 3, 30, 1, 30), utc(2025, 3, 30, 1, 30)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 0, 0), utc(2018, 11, 4, 3, 0)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12, 0), utc(2011, 12, 30, 22, 0)),
        ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, 0), utc(1993, 8, 22, 0, 0)),
        ("America/Juneau", datetime(1867, 10, 19, 0, 0), utc(1867, 10, 18, 8, 57, 41)),
    ],
)
def test_compatible_moves_forward_over_a_gap_and_takes_the_first_of_twins(
    name: str, local: datetime, expected: datetime
) -> None:
    assert to_instant(local, name) == expected


@pytest.mark.parametrize(
    "name,local,fault,jump",
    [
        (
            "Europe/Berlin",
            datetime(2026, 3, 29, 2, 30, 0, 1),
            "2026-03-29T02:30:00.000001 does not exist",
            "2026-03-29T02:00:00 to 2026-03-29T03:00:00",
        ),
        (
            "Europe/Berlin",
            datetime(2026, 10, 25, 2, 0),
            "2026-10-25T02:00:00 exists twice",
            "2026-10-25T03:00:00 to 2026-10-25T02:00:00",
        ),
        (
            "Pacific/Apia",
            datetime(2011, 12, 30, 23, 59, 59, 999_999),
            "2011-12-30T23:59:59.999999 does not exist",
            "2011-12-30T00:00:00 to 2011-12-31T00:00:00",
        ),
    ],
)
def test_the_error_names_the_time_the_zone_and_what_the_clocks_do(
    name: str, local: datetime, fault: str, jump: str
) -> None:
    with pytest.raises(LocalTimeError) as caught:
        to_instant(local, name, disambiguate="raise")
    assert str(caught.value) == (
        f"{fault} in {name}, where the clocks go from {jump}; choose with disambiguate='earlier' or 'later'"
    )
    assert caught.value.values == (local, name)


def test_errors_survive_pickling() -> None:
    with pytest.raises(LocalTimeError) as caught:
        to_instant(datetime(2026, 3, 29, 2, 30), BERLIN, disambiguate="raise")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own pickle
    assert (str(copy), copy.values) == (str(caught.value), caught.value.values)


def test_an_unknown_way_to_disambiguate_is_refused_on_every_day_of_the_year() -> None:
    with pytest.raises(ParseError, match="'earliest' is not one of compatible, earlier, later, raise"):
        to_instant(datetime(2026, 1, 1), BERLIN, disambiguate="earliest")  # type: ignore[arg-type]  # refused by the checker, too


@pytest.mark.parametrize("value", [utc(2026, 1, 1), datetime(2026, 1, 1, tzinfo=BERLIN), date(2026, 1, 1), "now", None])
def test_only_a_naive_datetime_is_a_wall_time(value: object) -> None:
    with pytest.raises(PointTypeError, match="is no wall time"):
        to_instant(value, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too
    with pytest.raises(PointTypeError, match="is no wall time"):
        local_kind(value, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too


@pytest.mark.parametrize("local,name", [(FIRST, "Asia/Tokyo"), (LAST, "America/New_York")])
@pytest.mark.parametrize("way", WAYS)
def test_a_wall_time_at_the_end_of_time_may_have_no_instant(local: datetime, name: str, way: Disambiguate) -> None:
    with pytest.raises(PointValueError, match="outside the years 1 to 9999") as caught:
        to_instant(local, name, disambiguate=way)
    assert caught.value.values == (local, name)


@pytest.mark.parametrize("local,name", [(LAST, "Asia/Tokyo"), (FIRST, "America/New_York")])
def test_a_wall_time_at_the_end_of_time_is_read_where_it_has_an_instant(local: datetime, name: str) -> None:
    assert to_local(to_instant(local, name), name).replace(tzinfo=None) == local


# Instants


def test_a_local_time_is_in_the_zone_and_knows_which_of_twins_it_is() -> None:
    twins = [to_local(utc(2026, 10, 25, hour, 30), BERLIN) for hour in (0, 1)]
    assert [twin.isoformat() for twin in twins] == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
    assert [twin.fold for twin in twins] == [0, 1]
    assert {twin.tzinfo for twin in twins} == {BERLIN}


def test_an_aware_datetime_that_its_own_clocks_never_show_is_put_right() -> None:
    assert to_local(datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN), BERLIN).isoformat() == "2026-03-29T03:30:00+02:00"


class Nowhere(tzinfo):
    """A tzinfo that does not know its offset, which leaves a datetime naive."""

    def utcoffset(self, _: datetime | None, /) -> None:
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    "value", [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=Nowhere()), date(2026, 1, 1), "now", None]
)
def test_only_an_aware_datetime_is_an_instant(value: object) -> None:
    with pytest.raises(PointTypeError, match="is no instant"):
        to_local(value, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too
    with pytest.raises(PointTypeError, match="is no instant"):
        local_days(value, utc(2027, 1, 1), BERLIN)  # type: ignore[arg-type]  # refused by the checker, too
    with pytest.raises(PointTypeError, match="is no instant"):
        local_days(utc(2025, 1, 1), value, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too


@pytest.mark.parametrize(
    "instant",
    [
        LAST.replace(tzinfo=UTC),
        LAST.replace(tzinfo=timezone(-HOUR)),
        FIRST.replace(tzinfo=timezone(HOUR)),
    ],
)
def test_an_instant_at_the_end_of_time_may_have_no_local_time(instant: datetime) -> None:
    with pytest.raises(PointValueError, match="outside the years 1 to 9999"):
        to_local(instant, "Asia/Tokyo")


# Times of day


def test_a_time_of_day_is_read_on_its_date() -> None:
    assert at(date(2026, 7, 1), time(9, 30), BERLIN) == utc(2026, 7, 1, 7, 30)


def test_the_fold_of_a_time_of_day_counts() -> None:
    assert at(date(2026, 10, 25), time(2, 30, fold=1), BERLIN) == utc(2026, 10, 25, 1, 30)


@given(zone_names, st.dates(date(1900, 1, 1), date(2090, 1, 1)), st.sampled_from(WAYS))
def test_midnight_at_the_end_of_a_date_is_midnight_at_the_start_of_the_next(
    name: str, day: date, way: Disambiguate
) -> None:
    assert at(day, DAY, name, disambiguate=way) == at(day + DAY, time(0), name, disambiguate=way)


@pytest.mark.parametrize(
    "clock,expected",
    [
        (timedelta(), utc(2026, 3, 27, 23)),
        (HOUR * 22, utc(2026, 3, 28, 21)),
        (HOUR * 24, utc(2026, 3, 28, 23)),
        (HOUR * 26, utc(2026, 3, 29, 1)),
        (HOUR * 27, utc(2026, 3, 29, 1)),
        (HOUR * 30, utc(2026, 3, 29, 4)),
    ],
)
def test_hours_since_midnight_are_counted_by_the_wall_clock(clock: timedelta, expected: datetime) -> None:
    assert at(date(2026, 3, 28), clock, BERLIN) == expected


@pytest.mark.parametrize("clock", [time(2, 30), timedelta(hours=2, minutes=30)])
def test_a_time_of_day_in_a_gap_is_refused_if_the_caller_wants_that(clock: time | timedelta) -> None:
    with pytest.raises(LocalTimeError, match="does not exist"):
        at(date(2026, 3, 29), clock, BERLIN, disambiguate="raise")


def test_a_time_of_day_has_no_zone_of_its_own() -> None:
    with pytest.raises(PointTypeError, match="is no wall time"):
        at(date(2026, 3, 29), time(9, tzinfo=UTC), BERLIN)


@pytest.mark.parametrize("clock", ["24:00", 9, None, utc(2026, 1, 1)])
def test_a_time_of_day_is_a_time_or_a_timedelta(clock: object) -> None:
    with pytest.raises(PointTypeError, match="is no time of day"):
        at(date(2026, 3, 29), clock, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too


def test_a_time_of_day_before_midnight_is_refused() -> None:
    with pytest.raises(PointValueError, match="lies before 00:00"):
        at(date(2026, 3, 29), -timedelta.resolution, BERLIN)


@pytest.mark.parametrize("clock", [DAY, timedelta.max])
def test_a_time_of_day_after_the_end_of_time_is_refused(clock: timedelta) -> None:
    with pytest.raises(PointValueError, match="outside the years 1 to 9999"):
        at(date.max, clock, "UTC")


@pytest.mark.parametrize("day", [datetime(2026, 3, 29), "2026-03-29", None])
def test_a_day_is_a_plain_date(day: object) -> None:
    with pytest.raises(PointTypeError, match="is no plain date"):
        at(day, time(9), BERLIN)  # type: ignore[arg-type]  # refused by the checker, too
    with pytest.raises(PointTypeError, match="is no plain date"):
        day_bounds(day, BERLIN)  # type: ignore[arg-type]  # refused by the checker, too


# Days


@pytest.mark.parametrize(
    "name,day,start,hours",
    [
        ("UTC", date(2026, 3, 29), utc(2026, 3, 29), 24),
        ("Europe/Berlin", date(2026, 3, 29), utc(2026, 3, 28, 23), 23),
        ("Europe/Berlin", date(2026, 10, 25), utc(2026, 10, 24, 22), 25),
        ("Australia/Lord_Howe", date(2025, 10, 5), utc(2025, 10, 4, 13, 30), 23.5),
        ("Australia/Lord_Howe", date(2025, 4, 6), utc(2025, 4, 5, 13), 24.5),
        ("Antarctica/Troll", date(2025, 3, 30), utc(2025, 3, 30), 22),
        # Midnight does not exist: the day begins at 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3), 23),
        ("Asia/Beirut", date(2022, 3, 27), utc(2022, 3, 26, 22), 23),
        ("Asia/Gaza", date(2021, 3, 27), utc(2021, 3, 26, 22), 23),
        ("America/Havana", date(2024, 3, 10), utc(2024, 3, 10, 5), 23),
        # Midnight was skipped from 23:30 to 00:30.
        ("America/Toronto", date(1919, 3, 30), utc(1919, 3, 30, 5), 23.5),
        ("America/Toronto", date(1919, 3, 31), utc(1919, 3, 31, 4, 30), 23.5),
        # Midnight comes twice: the day begins at the first.
        ("America/Havana", date(2024, 11, 3), utc(2024, 11, 3, 4), 25),
        # Back from midnight to 23:00: the day that ends is the longer one.
        ("America/Sao_Paulo", date(2018, 2, 17), utc(2018, 2, 17, 2), 25),
        ("America/Sao_Paulo", date(2018, 2, 18), utc(2018, 2, 18, 3), 24),
        # Back from 00:01 to 23:01: the day that has begun is the longer one.
        ("America/St_Johns", date(2006, 10, 28), utc(2006, 10, 28, 2, 30), 24),
        ("America/St_Johns", date(2006, 10, 29), utc(2006, 10, 29, 2, 30), 25),
        # A date that was skipped lies between this one and the next.
        ("Pacific/Apia", date(2011, 12, 29), utc(2011, 12, 29, 10), 24),
        ("Pacific/Kwajalein", date(1993, 8, 20), utc(1993, 8, 20, 12), 24),
        # Two dates in one: the clocks went back by a day.
        ("Pacific/Kwajalein", date(1969, 9, 30), utc(1969, 9, 29, 13), 47),
    ],
)
def test_a_local_day_begins_when_the_clocks_first_show_it(name: str, day: date, start: datetime, hours: float) -> None:
    assert day_bounds(day, name) == (start, start + timedelta(hours=hours))


@given(zone_names, st.dates(date(1900, 1, 1), date(2090, 1, 1)))
def test_the_start_of_a_day_agrees_with_whenever(name: str, day: date) -> None:
    noon = whenever.Date(day).at(whenever.Time(12)).assume_tz(name, disambiguation="compatible")
    assert day_bounds(noon.date().to_stdlib(), name)[0] == noon.start_of("day").to_instant().to_stdlib()


@given(instants_near_changes())
def test_no_earlier_instant_shows_the_date_of_a_day(case: tuple[str, datetime]) -> None:
    name, instant = case
    day = to_local(instant, name).date()
    start, end = day_bounds(day, name)
    assert start <= instant
    assert start < end
    assert to_local(start, name).date() == day
    assert all(to_local(start - n * HOUR / 4 - timedelta.resolution, name).date() < day for n in range(120))


@given(zone_names, st.dates(date(1920, 1, 1), date(2090, 1, 1)))
def test_midnight_to_midnight_is_the_day_wherever_no_gap_reaches_over_midnight(name: str, day: date) -> None:
    if local_kind(datetime.combine(day, time(12)), name) != "gap":
        assert (at(day, time(0), name), at(day, DAY, name)) == day_bounds(day, name)


def test_midnight_in_the_middle_of_a_gap_is_not_the_start_of_the_day() -> None:
    start, _ = day_bounds(date(1919, 3, 31), "America/Toronto")  # at 00:30, when the clocks came from 23:30
    assert at(date(1919, 3, 31), time(0), "America/Toronto") == start + HOUR / 2


@pytest.mark.parametrize(
    "name,day,jump",
    [
        ("Pacific/Apia", date(2011, 12, 30), "from 2011-12-30T00:00:00 to 2011-12-31T00:00:00"),
        ("Pacific/Kwajalein", date(1993, 8, 21), "from 1993-08-21T00:00:00 to 1993-08-22T00:00:00"),
        ("Pacific/Kiritimati", date(1994, 12, 31), "from 1994-12-31T00:00:00 to 1995-01-01T00:00:00"),
    ],
)
def test_a_date_that_was_skipped_has_no_bounds(name: str, day: date, jump: str) -> None:
    with pytest.raises(LocalTimeError) as caught:
        day_bounds(day, name)
    expected = f"{day} does not exist in {name}, where the clocks go {jump}; local_days skips such dates"
    assert str(caught.value) == expected
    assert caught.value.values == (day, name)


@pytest.mark.parametrize("day,name", [(date.max, "Asia/Tokyo"), (date.max, "UTC"), (date.min, "Asia/Tokyo")])
def test_a_day_at_the_end_of_time_may_have_no_bounds(day: date, name: str) -> None:
    with pytest.raises(PointValueError, match="the years 1 to 9999"):
        day_bounds(day, name)


def test_the_last_day_whose_end_can_be_told_has_bounds() -> None:
    assert day_bounds(date.max - DAY, "UTC") == (utc(9999, 12, 30), utc(9999, 12, 31))


@given(instants_near_changes(), st.timedeltas(timedelta.resolution, 40 * DAY))
def test_the_local_days_tile_the_window(case: tuple[str, datetime], length: timedelta) -> None:
    name, start = case
    end = start + length
    days = list(local_days(start, end, name))
    assert days[0][1] <= start < days[0][2]
    assert days[-1][1] < end <= days[-1][2]
    for (day, _, high), (following, low, _) in pairwise(days):
        assert high == low
        assert day < following
    for day, low, high in days:
        assert (low, high) == day_bounds(day, name)
        assert low.tzinfo is high.tzinfo is UTC


@given(instants_near_changes())
def test_every_instant_lies_in_the_day_of_the_latest_date_shown_so_far(case: tuple[str, datetime]) -> None:
    name, instant = case
    shown = [to_local(instant - n * HOUR / 60, name).date() for n in range(26 * 60)]
    ((day, _, _),) = local_days(instant, instant + timedelta.resolution, name)
    assert day == max(shown)


def test_an_instant_of_a_date_shown_again_lies_in_the_day_that_has_begun() -> None:
    again = utc(2006, 10, 29, 3)
    assert to_local(again, "America/St_Johns").isoformat() == "2006-10-28T23:30:00-03:30"
    ((day, start, end),) = local_days(again, again + HOUR, "America/St_Johns")
    assert (day, start, end) == (date(2006, 10, 29), utc(2006, 10, 29, 2, 30), utc(2006, 10, 30, 3, 30))


@pytest.mark.parametrize(
    "name,skipped",
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Asia/Manila", date(1844, 12, 31)),
    ],
)
def test_a_date_that_was_skipped_is_no_local_day(name: str, skipped: date) -> None:
    middle = to_instant(datetime.combine(skipped, time(0)), name)
    days = [day for day, _, _ in local_days(middle - 2 * DAY, middle + 2 * DAY, name)]
    assert days == [skipped - 2 * DAY, skipped - DAY, skipped + DAY, skipped + 2 * DAY]


def test_the_end_of_the_window_is_not_in_it() -> None:
    start, end = day_bounds(date(2026, 3, 29), BERLIN)
    assert [day for day, _, _ in local_days(start, end, BERLIN)] == [date(2026, 3, 29)]


def test_days_are_found_one_by_one() -> None:
    days = local_days(utc(2, 1, 1), utc(9998, 1, 1), "UTC")
    assert next(days) == (date(2, 1, 1), utc(2, 1, 1), utc(2, 1, 2))


@pytest.mark.parametrize("end", [utc(2026, 1, 1), utc(2025, 1, 1), datetime(2026, 1, 1, 1, tzinfo=BERLIN)])
def test_an_empty_window_is_refused_at_once(end: datetime) -> None:
    with pytest.raises(IntervalError, match="needs start < end"):
        local_days(utc(2026, 1, 1), end, BERLIN)


def test_the_last_day_of_time_ends_the_days_with_an_error() -> None:
    days = local_days(utc(9999, 12, 30), utc(9999, 12, 31, 1), "UTC")
    assert next(days)[0] == date(9999, 12, 30)
    with pytest.raises(PointValueError, match="9999-12-31 does not end within the years 1 to 9999"):
        next(days)


@given(st.lists(wall_times(), min_size=1, max_size=5), st.sampled_from(WAYS))
def test_many_wall_times_are_read_as_each_is(cases: list[tuple[str, datetime]], way: Disambiguate) -> None:
    name = cases[0][0]
    walls = [local.replace(fold=0) for _, local in cases]
    marked = [local.replace(tzinfo=UTC) for local in walls]
    expected = [to_instant(local, name, disambiguate=way) for local in walls]
    assert to_instants(iter(marked), name, disambiguate=way) == expected


def test_of_many_wall_times_the_one_at_fault_is_named() -> None:
    marked = [datetime(2026, 3, 29, 2, 30, tzinfo=UTC), FIRST.replace(tzinfo=UTC)]
    with pytest.raises(LocalTimeError, match="2026-03-29T02:30:00 does not exist"):
        to_instants(marked, "Europe/Berlin", disambiguate="raise")
    with pytest.raises(PointValueError, match="0001-01-01 00:00:00 in Europe/Berlin lies outside"):
        to_instants(marked, "Europe/Berlin")


@given(wall_times(), st.sampled_from(WAYS))
def test_wall_bounds_hold_however_a_wall_time_is_read(case: tuple[str, datetime], way: Disambiguate) -> None:
    name, local = case
    instant = to_instant(local, name, disambiguate=way)
    low, high = wall_bounds(instant, instant, name)
    assert low <= local.replace(tzinfo=UTC, fold=0) <= high
    assert high - low <= 2 * DAY


def test_sums_end_with_the_calendar() -> None:
    assert plus(LAST, DAY) == LAST
    assert plus(FIRST.replace(tzinfo=UTC), -DAY) == FIRST.replace(tzinfo=UTC)
    assert plus(FIRST, DAY) == FIRST + DAY


@given(instants_near_changes())
def test_a_day_starts_where_the_one_before_ends(case: tuple[str, datetime]) -> None:
    name, instant = case
    for day, start, end in local_days(instant, instant + 3 * DAY, name):
        assert day_start(day, name) == start
        assert day_start(day + DAY, name) == end


def all_changes(name: str) -> Iterator[tuple[datetime, timedelta, timedelta]]:
    """Yield the changes of the offset from 1838 to 2100, each with the offsets before and after it."""
    local = whenever.Instant.from_utc(1838, 1, 1).to_tz(name)
    while (following := local.next_transition()) and following.year <= 2100:
        before, after = (moment.offset.total("seconds") for moment in (local, following))
        if before != after:
            yield following.to_instant().to_stdlib(), timedelta(seconds=before), timedelta(seconds=after)
        local = following


def test_no_zone_changes_its_offset_twice_within_three_days() -> None:
    # Looking for one change a day relies on it, and so does reading a time in a gap or a fold by what is around it.
    for name in sorted(available_timezones() - {"localtime"}):
        for (one, *_), (other, *_) in pairwise(all_changes(name)):
            assert other - one > 3 * DAY, name


@pytest.mark.parametrize("name", [*ZONES, "Africa/Freetown"])
def test_stretches_have_the_offset_of_each_wall_time_near_each_change(name: str) -> None:
    for change, *offsets in all_changes(name):
        for seconds in (-86400, -1800, -1, 0, 1, 1800, 86400):
            for offset in offsets:
                wall = change + offset + timedelta(seconds=seconds)
                around = stretches(wall - 9 * DAY, wall, name)
                assert around[0].since <= wall - 9 * DAY
                assert all(one.since < other.since for one, other in pairwise(around))
                assert all(one.offset != other.offset for one, other in pairwise(around))
                assert around[-1].offset == zone(name).utcoffset(wall)
                if len(around) > 1:
                    assert zone(name).utcoffset(around[-1].since - timedelta(seconds=1)) == around[-2].offset


def test_stretches_reach_to_the_ends_of_the_calendar() -> None:
    for end in (FIRST.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC)):
        (only,) = stretches(end, end, "Asia/Tokyo")
        assert only.since <= end
        assert only.offset == zone("Asia/Tokyo").utcoffset(end)
