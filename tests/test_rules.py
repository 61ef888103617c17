"""Weekly hours: what the text means, what the clocks make of it, and the law of windows."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Interval,
    IntervalSet,
    LimitExceededError,
    Limits,
    ParseError,
    PointTypeError,
    UnknownZoneError,
    zones,
)
from slotcalc.rules import Weekly

PARIS = "Europe/Paris"
# A jump of an hour at night, at midnight, of half an hour, of a whole day, southern seasons, and none at all.
ZONES = (PARIS, "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo", "America/New_York", "UTC")

# The week from Monday, 2 March 2026, in which no clock of Paris changes.
WEEK = Interval(datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC))
NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def spoken(hours: IntervalSet[datetime], zone: str = PARIS) -> list[str]:
    """Return the pieces as "Mo 09:00-12:00" in local time, cut at midnight."""
    return [
        f"{NAMES[day.weekday()]} {start:%H:%M}-{'24:00' if end.date() > day else f'{end:%H:%M}'}"
        for day, pieces in hours.by_day(zone)
        for start, end in pieces
    ]


def in_week(text: str) -> list[str]:
    return spoken(Weekly(text, zone=PARIS).within(WEEK))


def on(day: date, text: str, zone: str) -> list[str]:
    return spoken(Weekly(text, zone=zone).within(Interval(*zones.day_bounds(day, zone))), zone)


@pytest.mark.parametrize(
    "text,meant",
    [
        ("Mo 09:00-12:00", ["Mo 09:00-12:00"]),
        ("Mo 09:00-12:00,13:00-17:00", ["Mo 09:00-12:00", "Mo 13:00-17:00"]),
        ("Mo,We 09:00-12:00", ["Mo 09:00-12:00", "We 09:00-12:00"]),
        ("Th-Sa 09:00-12:00", ["Th 09:00-12:00", "Fr 09:00-12:00", "Sa 09:00-12:00"]),
        ("Mo-Tu,Su 09:00-12:00", ["Mo 09:00-12:00", "Tu 09:00-12:00", "Su 09:00-12:00"]),
        ("Mo-Mo 09:00-12:00", ["Mo 09:00-12:00"]),
        ("Mo 09:00-12:00; Tu off", ["Mo 09:00-12:00"]),
        (
            "  Mo ,We  09:00 - 10:00 ,\n11:00-12:00\t",
            ["Mo 09:00-10:00", "Mo 11:00-12:00", "We 09:00-10:00", "We 11:00-12:00"],
        ),
    ],
)
def test_days_and_spans_mean_what_they_say(text: str, meant: list[str]) -> None:
    assert in_week(text) == meant


def test_a_range_of_days_may_wrap_around_the_end_of_the_week() -> None:
    assert in_week("Sa-Mo 09:00-12:00") == ["Mo 09:00-12:00", "Sa 09:00-12:00", "Su 09:00-12:00"]


def test_a_later_rule_replaces_an_earlier_one_for_the_days_that_it_names() -> None:
    assert in_week("Mo-We 09:00-12:00; Tu 14:00-15:00; We off") == ["Mo 09:00-12:00", "Tu 14:00-15:00"]


def test_spans_that_overlap_or_touch_are_one() -> None:
    assert in_week("Mo 09:00-12:00,11:00-13:00,13:00-14:00") == ["Mo 09:00-14:00"]


def test_a_span_may_end_at_24_00() -> None:
    assert in_week("Mo 20:00-24:00") == ["Mo 20:00-24:00"]


def test_a_span_that_ends_before_it_starts_goes_on_into_the_next_day() -> None:
    assert in_week("Mo 22:00-02:00") == ["Mo 22:00-24:00", "Tu 00:00-02:00"]


def test_an_overnight_span_of_the_day_before_the_window_reaches_into_it() -> None:
    assert in_week("Su 22:00-02:00") == ["Mo 00:00-02:00", "Su 22:00-24:00"]


def test_what_is_past_midnight_stays_when_the_next_day_is_off() -> None:
    assert in_week("Mo 22:00-02:00; Tu off") == ["Mo 22:00-24:00", "Tu 00:00-02:00"]


def test_24_7_is_every_moment() -> None:
    assert Weekly("24/7", zone=PARIS).within(WEEK) == IntervalSet(WEEK)


def test_24_7_can_have_exceptions() -> None:
    assert in_week("24/7; Tu-Su off") == ["Mo 00:00-24:00"]


def test_a_rule_that_is_off_offers_nothing() -> None:
    assert not Weekly("Mo-Su off", zone=PARIS).within(WEEK)


@pytest.mark.parametrize("zone", ZONES)
def test_24_7_leaves_no_hole_where_clocks_change(zone: str) -> None:
    for year in (2011, 2018, 2026):
        window = Interval(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 3, tzinfo=UTC))
        assert Weekly("24/7", zone=zone).within(window) == IntervalSet(window)


def test_the_first_week_of_time_has_hours_where_its_monday_began_before_time() -> None:
    hours = Weekly("Mo-We 00:30-17:00", zone="Asia/Tokyo")  # 9:18:59 ahead
    found = hours.within((datetime(1, 1, 7, tzinfo=UTC), datetime(1, 1, 9, tzinfo=UTC)))
    assert [f"{edge:%d %H:%M:%S}" for edge in found.starts] == ["07 15:11:01", "08 15:11:01"]


def test_a_start_in_the_gap_moves_forward_by_its_length() -> None:
    assert on(date(2026, 3, 29), "Su 02:30-04:00", PARIS) == ["Su 03:30-04:00"]


def test_a_span_that_lies_in_the_gap_with_its_end_on_the_far_side_vanishes() -> None:
    assert on(date(2026, 3, 29), "Su 02:00-03:00", PARIS) == []


def test_a_span_over_the_fold_has_the_hour_twice() -> None:
    hours = Weekly("Su 01:00-04:00", zone=PARIS).within(Interval(*zones.day_bounds(date(2026, 10, 25), PARIS)))
    assert hours.total == timedelta(hours=4)


def test_a_start_in_the_fold_is_the_first_of_the_two() -> None:
    hours = Weekly("Su 02:30-04:00", zone=PARIS).within(Interval(*zones.day_bounds(date(2026, 10, 25), PARIS)))
    assert hours == IntervalSet.parse("2026-10-25T00:30Z/2026-10-25T03:00Z")


def test_the_fold_of_lord_howe_is_half_an_hour() -> None:
    window = Interval(*zones.day_bounds(date(2026, 4, 5), "Australia/Lord_Howe"))
    assert Weekly("Su 01:00-03:00", zone="Australia/Lord_Howe").within(window).total == timedelta(hours=2, minutes=30)


def test_a_date_that_the_zone_skipped_has_no_hours() -> None:
    skipped = Interval.parse("2011-12-29T10:00Z/P2D")  # Apia went from 29 to 31 December 2011
    assert spoken(Weekly("Mo-Su 09:00-10:00", zone="Pacific/Apia").within(skipped), "Pacific/Apia") == [
        "Th 09:00-10:00",
        "Sa 09:00-10:00",
    ]


clocks = st.integers(0, 24 * 4 - 1).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
spans = st.tuples(clocks, clocks).filter(lambda pair: pair[0] != pair[1]).map("-".join)
days = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map("-".join)
spanned = st.lists(spans, min_size=1, max_size=3).map(",".join)
texts = st.lists(
    st.tuples(days, st.one_of(spanned, st.just("off"))).map(" ".join) | st.just("24/7"), min_size=1, max_size=3
)
# Around a change of the clocks, where there is one: the 3 days before to the 4 days after.
changes = st.sampled_from([datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2026, 4, 4), datetime(2011, 12, 30)])
offsets = st.lists(st.integers(-72 * 60, 96 * 60), min_size=4, max_size=4, unique=True).map(sorted)


@given(texts, st.sampled_from(ZONES), changes, offsets)
def test_a_part_of_a_window_gets_that_part_of_the_answer(
    rules: list[str], zone: str, change: datetime, cuts: list[int]
) -> None:
    rule = Weekly("; ".join(rules), zone=zone)
    low, start, end, high = (change.replace(tzinfo=UTC) + timedelta(minutes=cut) for cut in cuts)
    outer, inner = Interval(low, high), Interval(start, end)
    assert rule.within(inner) == rule.within(outer) & inner
    assert rule.within(outer) <= outer


@given(texts, st.sampled_from(ZONES))
def test_on_a_day_without_a_change_the_hours_are_those_of_the_text(rules: list[str], zone: str) -> None:
    def minutes(clock: str) -> int:
        return int(clock[:2]) * 60 + int(clock[3:])

    expected: dict[int, str] = {}
    for rule in rules:
        named, _, text = ("Mo-Su", "", "00:00-24:00") if rule == "24/7" else rule.partition(" ")
        first, last = (NAMES.index(name) for name in named.split("-"))
        expected |= {(first + i) % 7: text for i in range((last - first) % 7 + 1)}
    monday = zones.day_bounds(date(2026, 6, 15), zone)[0]  # in no zone above does a clock change in that month
    week = Interval(monday, monday + timedelta(days=7))
    pairs = []
    for day in range(-7, 7):
        text = expected.get(day % 7, "off")
        for start, end in (span.split("-") for span in text.split(",") if span != "off"):
            length = (minutes(end) - minutes(start)) % 1440 or 1440
            opens = monday + timedelta(days=day, minutes=minutes(start))
            pairs.append((opens, opens + timedelta(minutes=length)))
    assert Weekly("; ".join(rules), zone=zone).within(week) == IntervalSet(pairs) & week


@pytest.mark.parametrize(
    "text,expected,at,instead",
    [
        ("", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 1, ""),
        ("PH off", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 1, ""),
        ("Mon 09:00-12:00", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 1, "; write Mo for Mon"),
        ("mo 09:00-12:00", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 1, "; write Mo for mo"),
        ("09:00-12:00", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 1, "; write Mo-Su before hours of every day"),
        ("Mo, 09:00-12:00", "another day", 5, ""),
        ("Mo- 09:00-12:00", "a day to end the range", 5, ""),
        ("Mo", "hours as HH:MM-HH:MM, or off", 3, ""),
        ("Mo 24/7", "hours as HH:MM-HH:MM, or off", 4, ""),
        ("Mo-Fr 9:00-12:00", "hours as HH:MM-HH:MM, or off", 7, "; write 09:00 for 9:00"),
        ("Mo-Fr 9-17", "hours as HH:MM-HH:MM, or off", 7, "; write 09:00-17:00 for 9-17"),
        ("Mo-Fr 9 – 17", "hours as HH:MM-HH:MM, or off", 7, "; write 09:00-17:00 for 9 – 17"),
        ("Mo 9-12:30", "hours as HH:MM-HH:MM, or off", 4, "; write 09:00 for 9"),
        ("Mo 09:00-17", "when the span ends, as HH:MM", 10, "; write 17:00 for 17"),
        ("Mo 9-12,13-17", "hours as HH:MM-HH:MM, or off", 4, "; write 09:00-12:00 for 9-12"),
        ("Mo 9-99", "hours as HH:MM-HH:MM, or off", 4, ""),
        ("Mo 0900-1200", "hours as HH:MM-HH:MM, or off", 4, ""),
        ("Mo ٠٩:00-12:00", "hours as HH:MM-HH:MM, or off", 4, ""),
        ("Mo 09:60-12:00", "a time from 00:00 to 24:00", 4, ""),
        ("Mo 09:00-24:01", "a time from 00:00 to 24:00", 10, ""),
        ("Mo 24:00-02:00", "a start before 24:00", 4, "; write 00:00 with the day after"),
        ("Mo 09:00", "'-' and when the span ends", 9, ""),
        ("Mo 09:00–12:00", "'-' and when the span ends", 9, "; write - for –"),
        ("Mo 09:00-", "when the span ends, as HH:MM", 10, ""),
        ("Mo 09:00-09:00", "an end that differs from the start", 10, "; write 00:00-24:00 for a whole day"),
        ("Mo 09:00-12:00,", "another span as HH:MM-HH:MM", 16, ""),
        (
            "Mo 09:00-12:00, Tu 13:00-14:00",
            "another span as HH:MM-HH:MM",
            17,
            "; write ';' before the rule of other days",
        ),
        ("Mo 09:00-12:00 Tu off", "';' before another rule, ',' before another span, or the end", 16, ""),
        ("Mo 09:00-12:00;", "a day (Mo, Tu, We, Th, Fr, Sa, Su) or 24/7", 16, ""),
        ("Mo off, Tu off", "';' before another rule, ',' before another span, or the end", 7, ""),
        ("24/7 x", "';' before another rule, ',' before another span, or the end", 6, ""),
    ],
)
def test_any_other_text_is_refused_with_a_caret_below_the_fault(
    text: str, expected: str, at: int, instead: str
) -> None:
    with pytest.raises(ParseError) as caught:
        Weekly(text, zone=PARIS)
    first, shown, caret = str(caught.value).split("\n")
    assert first == f"weekly hours: expected {expected}, at character {at}{instead}"
    assert shown == f"    {text}"
    assert caret == " " * (4 + at - 1) + "^"
    assert caught.value.values == (text, at - 1)


def test_of_a_long_text_only_the_surroundings_are_shown() -> None:
    with pytest.raises(ParseError) as caught:
        Weekly("Mo 09:00-10:00; " * 5 + "x" + " ; Mo off" * 9, zone=PARIS)
    _, shown, caret = str(caught.value).split("\n")
    assert shown.startswith("    …")
    assert shown.endswith("…")
    assert shown[len(caret) - 1] == "x"


def test_control_characters_are_shown_as_what_they_are_not() -> None:
    with pytest.raises(ParseError, match="Mo 09:00�\\[31m"):
        Weekly("Mo 09:00\x1b[31m-12:00", zone=PARIS)


@given(st.text(st.sampled_from("MoTu09:;,-/24 fsx\n"), max_size=30))
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    try:
        rule = Weekly(text, zone="UTC")
    except ParseError:
        return
    assert eval(repr(rule)) == rule  # noqa: S307  # that a repr is a constructor call is what is tested


def test_text_that_is_no_text_is_refused() -> None:
    with pytest.raises(PointTypeError, match="is not text"):
        Weekly(24, zone=PARIS)  # type: ignore[arg-type]


def test_an_unknown_zone_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UnknownZoneError, match="Europe/Paris"):
        Weekly("24/7", zone="Europe/Pariss")


@pytest.mark.parametrize("window", [Interval(1, 2), Interval(datetime(2026, 3, 2), datetime(2026, 3, 3))])
def test_a_window_that_is_not_of_instants_is_refused(window: Any) -> None:
    with pytest.raises(PointTypeError, match="window must be of aware datetimes"):
        Weekly("24/7", zone=PARIS).within(window)


@pytest.mark.parametrize("window", [None, WEEK.start, (WEEK.start,), IntervalSet(WEEK)])
def test_a_window_that_is_no_interval_is_refused(window: Any) -> None:
    rule = Weekly("24/7", zone=PARIS)
    for ask in (rule.within, rule.transitions):
        with pytest.raises(PointTypeError, match=r"neither an Interval nor a \(start, end\) pair"):
            ask(window)


def test_a_window_may_be_a_pair() -> None:
    rule = Weekly("Mo 09:00-12:00", zone=PARIS)
    assert rule.within((WEEK.start, WEEK.end)) == rule.within(WEEK)


def test_a_window_beyond_the_limit_is_refused_before_expansion() -> None:
    ages = Interval(datetime(1, 2, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    with pytest.raises(LimitExceededError, match="window"):
        Weekly("24/7", zone=PARIS).within(ages)


def test_more_spans_than_the_limit_are_refused_before_expansion() -> None:
    rule = Weekly("24/7", zone=PARIS, limits=Limits(occurrences=6))
    with pytest.raises(LimitExceededError, match="7 is more than the limit of 6 occurrences"):
        rule.within(WEEK)


def test_a_longer_text_than_the_limit_is_refused() -> None:
    with pytest.raises(LimitExceededError, match="text"):
        Weekly("Mo off;" * 2000, zone=PARIS)


def test_a_rule_is_a_value() -> None:
    rule = Weekly("Mo 09:00-12:00", zone=zones.zone(PARIS))
    assert repr(rule) == "Weekly('Mo 09:00-12:00', zone='Europe/Paris')"
    assert rule == Weekly("Mo 09:00-12:00", zone=PARIS)
    assert rule != rule.replace(zone="UTC")
    assert pickle.loads(pickle.dumps(rule)).within(WEEK) == rule.within(WEEK)  # noqa: S301  # our own bytes
    assert {rule: 1}[Weekly("Mo 09:00-12:00", zone=PARIS)] == 1
