"""Rules that have hours on local days: which days, which hours, and what replaces them."""

from __future__ import annotations

import sys
import time as clock
from calendar import monthcalendar
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Interval,
    IntervalError,
    IntervalSet,
    LimitExceededError,
    Limits,
    LocalTimeError,
    MissingExtraError,
    ParseError,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
    zones,
)
from slotcalc.rules import DateRange, Dates, DayRule, Holidays, Override, Rule, Switch, TimeOff, Weekly, Yearly
from slotcalc.rules import holidays as holidays_module
from tests.clocks import NAMES, hours

if TYPE_CHECKING:
    from collections.abc import Callable

PARIS = "Europe/Paris"
APIA = "Pacific/Apia"
MARCH = Interval(*(datetime(2026, month, 1, tzinfo=zones.zone(PARIS)) for month in (3, 4)))
YEARS = Interval.parse("2023-01-01T00:00Z/2029-01-01T00:00Z")
DAY = timedelta(days=1)


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def spoken(rule: Rule, window: Interval[datetime] = MARCH, zone: str = PARIS) -> list[str]:
    """Return the pieces as "03-02 09:00-12:00" in local time, cut at midnight."""
    return [
        f"{day:%m-%d} {start:%H:%M}-{'24:00' if end.date() > day else f'{end:%H:%M}'}"
        for day, pieces in rule.within(window).by_day(zone)
        for start, end in pieces
    ]


def days_of(rule: Rule, window: Interval[datetime] = YEARS, zone: str = PARIS) -> list[str]:
    return [str(day) for day, _ in rule.within(window).by_day(zone)]


def every_rule(zone: str, limits: Limits) -> list[DayRule]:
    return [
        Weekly("24/7", zone=zone, limits=limits),
        Dates([on(3, 2)], zone=zone, limits=limits),
        DateRange(on(3, 2), on(3, 3), zone=zone, limits=limits),
        TimeOff(on(3, 2), on(3, 3), zone=zone, limits=limits),
        Yearly(12, 25, zone=zone, limits=limits),
        Holidays("DE", zone=zone, limits=limits),
    ]


# The hours of the week


@pytest.mark.parametrize(
    "week,text",
    [
        ({"Mo": "09:00-12:00"}, "Mo 09:00-12:00"),
        ({"Tu": ["09:00-12:00", "13:00-17:00"], "Mo": "off"}, "Mo off; Tu 09:00-12:00,13:00-17:00"),
        ({6: "22:00-02:00", 0: []}, "Mo off; Su 22:00-02:00"),
        ({}, "Mo-Su off"),
    ],
)
def test_weekly_hours_can_be_given_by_day(week: Any, text: str) -> None:
    assert Weekly(week, zone=PARIS) == Weekly(text, zone=PARIS)


@pytest.mark.parametrize("key", ["Mon", "Mo-Fr", "Mo 09:00-10:00; Tu", 7, -1, True, None, (), 1.0])
def test_a_key_that_is_no_day_of_the_week_is_refused(key: Any) -> None:
    with pytest.raises(ParseError, match="no day of the week"):
        Weekly({key: "09:00-12:00"}, zone=PARIS)


def test_a_day_that_is_there_by_name_and_by_number_is_refused() -> None:
    week: Any = {"Tu": "09:00-12:00", 1: "13:00-14:00"}
    with pytest.raises(ParseError, match="1 is no day of the week, or is there twice"):
        Weekly(week, zone=PARIS)


@pytest.mark.parametrize("bad", [5, [5], None])
def test_hours_that_are_no_text_are_refused(bad: Any) -> None:
    with pytest.raises(PointTypeError, match="is not text"):
        Weekly({"Mo": bad}, zone=PARIS)


def test_hours_of_a_day_that_are_none_are_refused_with_a_caret() -> None:
    for bad in ("09:00-12:00; Tu off", "off,", "Mo 09:00-12:00"):
        with pytest.raises(ParseError, match=r"hours: expected .*\n.*\n +\^"):
            Weekly({"Mo": bad}, zone=PARIS)


def test_weekly_hours_hold_from_the_first_valid_date_to_the_last() -> None:
    rule = Weekly("Mo-Su 22:00-02:00", zone=PARIS, valid_from=on(3, 2), valid_until=on(3, 3))
    assert spoken(rule) == ["03-02 22:00-24:00", "03-03 00:00-02:00", "03-03 22:00-24:00", "03-04 00:00-02:00"]
    assert spoken(rule.replace(valid_until=None)) == spoken(Weekly("Mo-Su 22:00-02:00", zone=PARIS))[3:]
    assert spoken(rule.replace(valid_from=None))[0] == "03-01 00:00-02:00"


def test_validity_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(IntervalError, match="valid_until=2026-03-01 lies before valid_from=2026-03-02"):
        Weekly("24/7", zone=PARIS, valid_from=on(3, 2), valid_until=on(3, 1))


@pytest.mark.parametrize("bad", ["2026-03-02", datetime(2026, 3, 2), 5])
def test_a_date_is_a_plain_date(bad: Any) -> None:
    for make in (
        lambda: Weekly("24/7", zone=PARIS, valid_from=bad),
        lambda: Weekly("24/7", zone=PARIS, valid_until=bad),
        lambda: Dates([bad], zone=PARIS),
        lambda: DateRange(bad, None, zone=PARIS),
        lambda: TimeOff(on(3, 2), bad, zone=PARIS),
        lambda: Weekly("24/7", zone=PARIS).override({bad: "off"}),
    ):
        with pytest.raises(PointTypeError, match="is no plain date"):
            make()


def test_a_way_to_disambiguate_that_is_none_is_refused() -> None:
    with pytest.raises(ParseError, match="disambiguate='guess' is not one of"):
        Weekly("24/7", zone=PARIS, disambiguate="guess")  # type: ignore[arg-type]


# Dates


def test_dates_are_whole_or_have_hours() -> None:
    rule = Dates([on(3, 8), (on(3, 7), "10:00-12:00"), (on(3, 7), ["14:00-15:00", "11:00-13:00"])], zone=PARIS)
    assert spoken(rule) == ["03-07 10:00-13:00", "03-07 14:00-15:00", "03-08 00:00-24:00"]
    assert rule.dates == ((on(3, 7), "10:00-12:00"), (on(3, 7), "14:00-15:00,11:00-13:00"), on(3, 8))
    assert spoken(Dates([on(3, 7), (on(3, 7), "off")], zone=PARIS)) == ["03-07 00:00-24:00"]


def test_dates_in_any_order_are_the_same_rule() -> None:
    assert Dates([on(3, 8), on(3, 7), on(3, 8)], zone=PARIS) == Dates([on(3, 7), (on(3, 8), "00:00-24:00")], zone=PARIS)


def test_dates_with_hours_can_be_a_mapping_as_for_an_override() -> None:
    given = {on(3, 8): "off", on(3, 7): ["10:00-12:00", "14:00-15:00"]}
    rule = Dates(given, zone=PARIS)
    assert rule == Dates([*given.items()], zone=PARIS)
    assert spoken(rule) == ["03-07 10:00-12:00", "03-07 14:00-15:00"]


@pytest.mark.parametrize("bad", [None, 5, "2026-03-02", date(2026, 3, 2)])
def test_what_is_no_collection_of_dates_is_refused(bad: Any) -> None:
    makes: list[Callable[[], object]] = [
        lambda: Dates(bad, zone=PARIS),
        lambda: Weekly("24/7", zone=PARIS).override(bad),
    ]
    for make in makes:
        with pytest.raises(PointTypeError, match="are no dates with hours"):
            make()


def test_text_for_a_date_is_told_how_to_become_one() -> None:
    with pytest.raises(PointTypeError, match=r"dates='2026-03-02' is no plain date; .* date\.fromisoformat"):
        Dates(["2026-03-02"], zone=PARIS)  # type: ignore[list-item]


def test_a_million_dates_are_refused_at_once_and_not_read_on() -> None:
    read = 0

    def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield on(3, 2)

    began = clock.perf_counter()
    with pytest.raises(LimitExceededError, match="200001 is more than the limit of 200000 occurrences"):
        Dates([on(3, 2)] * 10**6, zone=PARIS)
    with pytest.raises(LimitExceededError):
        Weekly("24/7", zone=PARIS).override([(date(2000, 1, 1) + i * DAY, "off") for i in range(300_000)])  # type: ignore[arg-type]
    assert clock.perf_counter() - began < 2
    with pytest.raises(LimitExceededError):
        Dates(endless(), zone=PARIS, limits=Limits(occurrences=10))
    assert read == 11


def test_what_is_no_pair_of_date_and_hours_is_refused() -> None:
    with pytest.raises(PointTypeError, match="is no \\(date, hours\\) pair"):
        Dates([(on(3, 2), "off", "off")], zone=PARIS)  # type: ignore[list-item]


def test_longer_hours_than_the_limit_are_refused() -> None:
    with pytest.raises(LimitExceededError, match="text"):
        Dates([(on(3, 2), "10:00-12:00")], zone=PARIS, limits=Limits(text=5))
    with pytest.raises(LimitExceededError, match="text"):
        Yearly(1, 1, hours="10:00-12:00", zone=PARIS, limits=Limits(text=5))


def test_a_range_of_dates_includes_both() -> None:
    assert spoken(DateRange(on(3, 2), on(3, 3), zone=PARIS)) == ["03-02 00:00-24:00", "03-03 00:00-24:00"]
    assert days_of(DateRange(None, on(3, 2), zone=PARIS), MARCH) == ["2026-03-01", "2026-03-02"]
    assert days_of(DateRange(on(3, 30), None, zone=PARIS), MARCH) == ["2026-03-30", "2026-03-31"]
    assert DateRange(None, None, zone=PARIS).within(MARCH) == IntervalSet(MARCH)
    with pytest.raises(IntervalError, match="last=2026-03-01 lies before first=2026-03-02"):
        DateRange(on(3, 2), on(3, 1), zone=PARIS)


def test_a_date_that_the_zone_skipped_has_no_hours_in_any_rule() -> None:
    window = Interval.parse("2011-12-29T10:00Z/P2D")  # Apia went from 29 to 31 December 2011
    gone = on(12, 30, 2011)
    assert not Dates([gone, (gone, "09:00-10:00")], zone=APIA).within(window)
    assert not Dates([(gone, "09:00-10:00")], zone=APIA).transitions(window)
    assert DateRange(gone - DAY, gone + DAY, zone=APIA).within(window) == IntervalSet(window)


@pytest.mark.parametrize(
    "start,end,expected",
    [
        (None, None, ["03-02 00:00-24:00", "03-03 00:00-24:00"]),
        (time(9), time(12, 30), ["03-02 09:00-12:30", "03-03 09:00-12:30"]),
        (time(9), None, ["03-02 09:00-24:00", "03-03 09:00-24:00"]),
        (None, time(9), ["03-02 00:00-09:00", "03-03 00:00-09:00"]),
        (time(9), time(0), ["03-02 09:00-24:00", "03-03 09:00-24:00"]),
        (
            time(22),
            time(6),
            ["03-02 22:00-24:00", "03-03 00:00-06:00", "03-03 22:00-24:00", "03-04 00:00-06:00"],
        ),
    ],
)
def test_time_off_is_each_day_whole_or_the_same_part_of_it(start: Any, end: Any, expected: list[str]) -> None:
    assert spoken(TimeOff(on(3, 2), on(3, 3), start_time=start, end_time=end, zone=PARIS)) == expected


def test_time_off_that_makes_no_sense_is_refused() -> None:
    two = on(3, 2)
    with pytest.raises(IntervalError, match="leave both out for whole days"):
        TimeOff(two, two, start_time=time(9), end_time=time(9), zone=PARIS)
    with pytest.raises(IntervalError, match="lies before"):
        TimeOff(two, on(3, 1), zone=PARIS)
    with pytest.raises(PointValueError, match="whole number of minutes"):
        TimeOff(two, two, start_time=time(9, 0, 1), zone=PARIS)
    for bad in ("09:00", time(9, tzinfo=UTC)):
        with pytest.raises(PointTypeError, match="is no naive time"):
            TimeOff(two, two, end_time=bad, zone=PARIS)  # type: ignore[arg-type]
        with pytest.raises(PointTypeError, match="is no naive time"):
            TimeOff(two, two, start_time=bad, end_time=bad, zone=PARIS)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="is no plain date"):
        TimeOff(None, two, zone=PARIS)  # type: ignore[arg-type]


# One day of every year


def test_a_day_of_the_year_comes_every_year() -> None:
    assert days_of(Yearly(12, 25, zone=PARIS)) == [f"{year}-12-25" for year in range(2023, 2029)]
    assert spoken(Yearly(3, 2, hours=["10:00-12:00", "22:00-02:00"], zone=PARIS)) == [
        "03-02 10:00-12:00",
        "03-02 22:00-24:00",
        "03-03 00:00-02:00",
    ]


@pytest.mark.parametrize(
    "policy,others", [("skip", []), ("before", ["2026-02-28", "2027-02-28"]), ("after", ["2026-03-01", "2027-03-01"])]
)
def test_29_february_in_other_years_is_what_the_policy_says(policy: Any, others: list[str]) -> None:
    window = Interval.parse("2024-02-01T00:00Z/2028-04-01T00:00Z")
    found = days_of(Yearly(2, 29, leap_day=policy, zone="UTC"), window, "UTC")
    assert [found[0], found[-1]] == ["2024-02-29", "2028-02-29"]
    assert found[1:-1] == [day.replace("2026", "2025") for day in others[:1]] + others


@given(st.integers(1, 12), st.sampled_from([-5, -4, -2, -1, 1, 2, 4, 5]), st.integers(0, 6))
def test_an_nth_weekday_is_that_of_the_calendar(month: int, nth: int, weekday: int) -> None:
    expected = []
    for year in range(2023, 2029):
        days = [week[weekday] for week in monthcalendar(year, month) if week[weekday]]
        if abs(nth) <= len(days):
            expected.append(str(date(year, month, days[nth - 1 if nth > 0 else nth])))
    assert days_of(Yearly(month, nth=nth, weekday=NAMES[weekday], zone="UTC"), zone="UTC") == expected


@pytest.mark.parametrize(
    "fields,error,message",
    [
        ({"month": 13, "day": 1}, PointValueError, "month=13 is not from 1 to 12"),
        ({"month": 2, "day": 30}, PointValueError, "day=30 is not from 1 to 29"),
        ({"month": 4, "day": 0}, PointValueError, "day=0 is not from 1 to 30"),
        ({"month": True, "day": 1}, PointTypeError, "month=True is no whole number"),
        ({"month": 1}, PointTypeError, "give either a day, or nth and weekday"),
        ({"month": 1, "day": 1, "nth": 1}, PointTypeError, "give either"),
        ({"month": 1, "nth": 1}, PointTypeError, "give either"),
        ({"month": 1, "nth": 0, "weekday": "Mo"}, PointValueError, "nth=0 is no weekday; 1 is the first"),
        ({"month": 1, "nth": -6, "weekday": "Mo"}, PointValueError, "nth=-6 is not from -5 to 5"),
        ({"month": 1, "nth": 1, "weekday": "Mon"}, ParseError, "weekday='Mon' is not one of"),
        ({"month": 2, "day": 29, "leap_day": "never"}, ParseError, "leap_day='never' is not one of"),
    ],
)
def test_a_day_that_no_year_has_is_refused(fields: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Yearly(zone=PARIS, **fields)


# Public holidays


def test_holidays_are_those_of_the_country_and_of_its_part() -> None:
    year = Interval.parse("2026-01-01T00:00Z/2026-12-31T00:00Z")
    germany = Holidays("DE", zone="Europe/Berlin")
    bavaria = Holidays("DE", subdivision="BY", zone="Europe/Berlin")
    assert "2026-10-03" in days_of(germany, year, "Europe/Berlin")
    assert germany.within(year) < bavaria.within(year)
    assert "2026-06-04" in days_of(bavaria - germany, year, "Europe/Berlin")


def test_a_day_in_lieu_may_lie_in_the_year_before_its_holiday() -> None:
    around = Interval.parse("2021-12-30T12:00Z/2022-01-02T12:00Z")  # 1 January 2022 is a Saturday
    assert days_of(Holidays("US", zone="UTC"), around, "UTC") == ["2021-12-31", "2022-01-01"]
    assert days_of(Holidays("US", observed=False, zone="UTC"), around, "UTC") == ["2022-01-01"]


@pytest.mark.parametrize(
    "fields,error,message",
    [
        ({"country": "XX"}, ParseError, "knows no 'XX'"),
        ({"country": "DE", "subdivision": "ZZ"}, ParseError, "knows no 'DE-ZZ'"),
        ({"country": 5}, PointTypeError, "country=5 is not text"),
        ({"country": None}, PointTypeError, "country=None is not text"),
        ({"country": "DE", "subdivision": 5}, PointTypeError, "subdivision=5 is not text"),
        ({"country": "DE", "subdivision": 0}, PointTypeError, "subdivision=0 is not text"),
        ({"country": "DE", "subdivision": []}, PointTypeError, "subdivision=\\[\\] is not text"),
        ({"country": "DE", "subdivision": ""}, ParseError, "subdivision='' is no part of a country; leave it out"),
        ({"country": "DE", "observed": 1}, PointTypeError, "observed=1 is neither True nor False"),
    ],
)
def test_a_place_without_holidays_is_refused(fields: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Holidays(zone=PARIS, **fields)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    holidays_module._dates.cache_clear()
    document = {"slotcalc": 1, "rule": {"kind": "holidays", "country": "DE", "zone": "UTC"}}
    asks: list[Callable[[], object]] = [lambda: Holidays("DE", zone="UTC"), lambda: Rule.from_json(document)]
    for ask in asks:
        with pytest.raises(MissingExtraError, match=r"pip install 'slotcalc\[holidays\]'"):
            ask()


# Days whose hours are replaced


def test_an_override_replaces_the_hours_of_its_days() -> None:
    office = Weekly("Mo-Fr 09:00-17:00", zone=PARIS)
    rule = office.override({on(3, 3): "10:00-12:00", on(3, 4): [], on(3, 7): ["09:00-10:00", "11:00-12:00"]})
    assert spoken(rule)[:6] == [
        "03-02 09:00-17:00",
        "03-03 10:00-12:00",
        "03-05 09:00-17:00",
        "03-06 09:00-17:00",
        "03-07 09:00-10:00",
        "03-07 11:00-12:00",
    ]


def test_an_override_takes_the_whole_night_and_leaves_that_of_the_day_before() -> None:
    nights = Weekly("Mo-Su 22:00-02:00", zone=PARIS)
    assert spoken(nights.override({on(3, 3): "off"}))[3:7] == [
        "03-02 22:00-24:00",
        "03-03 00:00-02:00",
        "03-04 22:00-24:00",
        "03-05 00:00-02:00",
    ]


def test_of_two_overrides_the_later_one_wins() -> None:
    office = Weekly("Mo-Fr 09:00-17:00", zone=PARIS)
    once = office.override({on(3, 2): "off", on(3, 3): "off"})
    assert once.override({on(3, 3): "10:00-11:00"}) == Override(office, {on(3, 2): "off", on(3, 3): "10:00-11:00"})


def test_an_override_with_two_texts_for_one_day_is_refused() -> None:
    with pytest.raises(ParseError, match="2026-03-02 has the hours"):
        Override(Weekly("24/7", zone=PARIS), [(on(3, 2), "off"), (on(3, 2), "09:00-10:00")])


@pytest.mark.parametrize("rule", [~Weekly("24/7", zone=PARIS), IntervalSet(), 5])
def test_only_rules_with_hours_on_days_are_overridden(rule: Any) -> None:
    with pytest.raises(PointTypeError, match=r"no hours by day to replace; write \(rule - Dates"):
        Override(rule, {})


@given(hours, hours)
def test_an_override_is_the_rule_without_the_day_and_the_day_without_the_rule(text: str, other: str) -> None:
    day = on(3, 29)  # in which the clocks of Paris go forward
    daily = Weekly(f"Mo-Su {text}", zone=PARIS)
    before, after = daily.replace(valid_until=day - DAY), daily.replace(valid_from=day + DAY)
    expected = before | Dates([(day, other)], zone=PARIS) | after
    assert daily.override({day: other}).within(MARCH) == expected.within(MARCH)


# One rule after another


def test_a_journey_changes_the_zone_when_the_last_day_at_the_old_place_ends() -> None:
    office = Weekly("Mo-Su 09:00-17:00", zone="America/New_York")
    rule = Switch([(office, on(5, 3)), (office.replace(zone="Europe/Lisbon"), None)])
    assert str(rule.within(Interval.parse("2026-05-03T00:00Z/P2D"))) == (
        "2026-05-03T13:00:00Z/2026-05-03T21:00:00Z, 2026-05-04T08:00:00Z/2026-05-04T16:00:00Z"
    )


def test_no_time_is_lost_on_a_journey_and_none_is_there_twice() -> None:
    stages = [("America/New_York", on(3, 8)), (PARIS, on(3, 29)), ("Asia/Tokyo", None)]
    rule = Switch([(Weekly("24/7", zone=zone), until) for zone, until in stages])
    assert rule.within(MARCH) == IntervalSet(MARCH)
    swapped = Switch([(Weekly("24/7", zone="Asia/Tokyo"), on(3, 8)), (Weekly("24/7", zone="America/New_York"), None)])
    assert swapped.within(MARCH) == IntervalSet(MARCH)


def test_a_night_is_cut_where_the_next_rule_begins() -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    rule = Switch([(Weekly("24/7", zone="UTC"), noon), (Weekly("Mo-Su off", zone="UTC"), noon + DAY)])
    assert rule.within(MARCH) == IntervalSet([(MARCH.start, noon)])
    assert rule.stages[0][1] == noon


def test_a_rule_that_reads_one_zone_ends_with_a_date_of_it() -> None:
    office = Weekly("24/7", zone=PARIS) - Holidays("FR", zone=PARIS)
    assert Switch([(office, on(3, 2))]).within(MARCH).ends == (zones.day_bounds(on(3, 2), PARIS)[1],)
    others: list[Any] = [office | Weekly("24/7", zone="UTC"), IntervalSet()]
    for several in others:
        with pytest.raises(PointTypeError, match=r"zones are (Europe/Paris and UTC|none); pass an aware datetime"):
            Switch([(several, on(3, 2))])


@pytest.mark.parametrize(
    "stages,error,message",
    [
        ([], IntervalError, "there is no stage"),
        (None, PointTypeError, "None is no list of \\(rule, until\\) pairs"),
        ([5], PointTypeError, "5 is no \\(rule, until\\) pair"),
        ([(5, None)], PointTypeError, "neither a rule nor a set"),
        ([(IntervalSet(), None), (IntervalSet(), None)], IntervalError, "only the last stage may have no end"),
        ([(IntervalSet(), datetime(2026, 3, 2))], PointTypeError, "pass an aware datetime"),
        ([(IntervalSet(), "2026-03-02")], PointTypeError, "until='2026-03-02' is no plain date"),
        ([(IntervalSet(), MARCH.end), (IntervalSet(), MARCH.end)], IntervalError, "ends no later than"),
        ([(DateRange(None, None, zone=APIA), on(12, 30, 2011))], LocalTimeError, "does not exist"),
    ],
)
def test_stages_that_make_no_sense_are_refused(stages: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Switch(stages)


# What all of them share


def test_each_rule_checks_its_zone_and_keeps_it_by_name() -> None:
    for rule in every_rule(PARIS, Limits()):
        assert rule.zones == {PARIS}
        assert rule.replace(zone=zones.zone(PARIS)) == rule
        with pytest.raises(UnknownZoneError):
            rule.replace(zone="Europe/Pariss")


def test_a_window_of_nine_thousand_years_is_refused_at_once() -> None:
    ages = Interval(datetime(1, 2, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    began = clock.perf_counter()
    for rule in every_rule(PARIS, Limits()):
        for asked in (rule, ~rule, rule | rule, rule.override({}), Switch([(rule, None)])):
            for ask in (asked.within, asked.transitions):
                with pytest.raises(LimitExceededError, match="window"):
                    ask(ages)
    assert clock.perf_counter() - began < 1


def test_more_spans_in_the_window_than_the_limit_are_refused() -> None:
    for rule in every_rule(PARIS, Limits(occurrences=1)):
        twice = Dates([(on(3, 2), "09:00-10:00,11:00-12:00")], zone=PARIS, limits=rule.limits)
        asked = twice if isinstance(rule, Dates) else rule
        with pytest.raises(LimitExceededError, match="2 is more than the limit of 1 occurrences"):
            asked.within(YEARS)


@pytest.mark.parametrize("start", [datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 27, tzinfo=UTC)])
def test_a_window_at_the_ends_of_the_calendar_is_refused(start: datetime) -> None:
    for rule in every_rule("Pacific/Kiritimati", Limits()):
        for ask in (rule.within, rule.transitions):
            with pytest.raises(PointValueError):
                ask((start, start + DAY))
        far = datetime(9999, 12, 20, tzinfo=UTC)
        assert rule.within((far, far + DAY)) <= IntervalSet([(far, far + DAY)])
