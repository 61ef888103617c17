"""Recurring rules: their law, against dateutil and whenever, whole days, exceptions, clock changes and bombs."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import whenever
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from slotcalc import (
    Interval,
    IntervalError,
    IntervalSet,
    LimitExceededError,
    Limits,
    ParseError,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
    zones,
)
from slotcalc.errors import LocalTimeError
from slotcalc.limits import Steps
from slotcalc.recurrence import occurrences, parse_rule
from slotcalc.rules import Recurring, Rule, Transition
from tests.recurrences import SPAN, rrules

if TYPE_CHECKING:
    from collections.abc import Callable

    from slotcalc.zones import Disambiguate

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PARIS = "Europe/Paris"

# A zone and a day near which its clocks do something that few others do.
ODD = [
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Pacific/Chatham", date(2026, 9, 27)),  # at 2:45
    ("Antarctica/Troll", date(2026, 3, 29)),  # two hours
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that was not
    ("Africa/Casablanca", date(2026, 2, 15)),  # back for Ramadan
    ("America/St_Johns", date(2009, 11, 1)),  # at 0:01
    ("America/Sao_Paulo", date(2018, 11, 4)),  # at midnight, forward
    ("America/Sao_Paulo", date(2018, 2, 18)),  # at midnight, back
    ("Europe/Dublin", date(2026, 10, 25)),  # winter is the exception
    ("Europe/Paris", date(2026, 3, 29)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
]


class Case(NamedTuple):
    """A rule, and the window that is as wide as its frequency allows."""

    rule: Recurring
    window: Interval[datetime]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Rules of every frequency that are asked around an odd day of an odd zone, after they began or as they do."""
    text = draw(rrules())
    frequency = text[5 : text.index(";")]
    fine = frequency in {"HOURLY", "MINUTELY", "SECONDLY"}
    zone, day = draw(st.sampled_from(ODD))
    span = min(SPAN[frequency], 400 * DAY)
    near = datetime(day.year, day.month, day.day) + 6 * HOUR - draw(st.floats(0, 1)) * max(span, 12 * HOUR)
    near = near.replace(microsecond=0)
    before = [timedelta()] if "COUNT" in text or frequency in {"MINUTELY", "SECONDLY"} else [timedelta(), 3 * DAY]
    start = near - draw(st.sampled_from([*before, *([] if fine else [400 * DAY])]))
    lengths: dict[str, list[Any]] = {"MINUTELY": [HOUR], "SECONDLY": [timedelta(seconds=1)], "HOURLY": [HOUR, "P1DT2H"]}
    length = draw(st.sampled_from([timedelta(minutes=1), *lengths.get(frequency, [HOUR, 30 * HOUR, "P1D", "P1DT2H"])]))
    way: Disambiguate = draw(st.sampled_from(["compatible", "compatible", "earlier", "later"]))
    low = zones.to_instant(near, zone) - (timedelta(minutes=1) if fine else DAY)
    try:
        rule = Recurring(text, start=start, duration=length, zone=zone, disambiguate=way)
    except ParseError:  # no month has such a day
        assume(False)
    return Case(rule, Interval(low, low + span))


def occurrences_by_others(case: Case) -> list[tuple[datetime, datetime]]:
    """Return the spans near the window, as dateutil has the wall times and whenever the instants."""
    rule, window = case
    assert isinstance(rule.start, datetime)
    high = window.end.replace(tzinfo=None) + 2 * DAY
    # As many as we find: dateutil would search to the year 9999 where nothing comes, and cannot be stopped.
    ours = occurrences(parse_rule(rule.rrule_text), rule.start, rule.start, high, Steps(Limits()))
    count = sum(1 for _ in islice(ours, 2000))
    assume(0 < count < 2000)
    try:
        found = iter(rrulestr(rule.rrule_text, dtstart=rule.start))
        walls = list(islice(found, count - 1))
        walls += islice(found, 1) if rule.start in walls else [rule.start]
    except (ValueError, IndexError):  # what it says can never be; a slip of its own in the first week of a year
        assume(False)

    def instant(wall: datetime) -> datetime:
        zoned = whenever.PlainDateTime(wall).assume_tz(rule.zone, disambiguation=rule.disambiguate)
        return zoned.to_instant().to_stdlib()

    spans = []
    for wall in walls:
        if isinstance(rule.duration, timedelta):
            spans.append((instant(wall), instant(wall) + rule.duration))
        else:
            spans.append((instant(wall), instant(wall + DAY) + (2 * HOUR if "H" in rule.duration else timedelta())))
    return spans


def weekly(**changes: Any) -> Recurring:
    """Return a rule for nine to five on weekdays in Paris, since 2026-01-01, or what the changes make of it."""
    fields = {"start": datetime(2026, 1, 1, 9), "duration": 8 * HOUR, "zone": PARIS, **changes}
    return Recurring(fields.pop("rrule_text", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"), **fields)


def starts(rule: Recurring, first: str, last: str) -> list[str]:
    """Return the local starts of the pieces between two dates."""
    low, high = (zones.day_start(date.fromisoformat(day), rule.zone) for day in (first, last))
    return [f"{zones.to_local(start, rule.zone):%m-%dT%H:%M}" for start in rule.within((low, high)).starts]


class TestLaws:
    @given(cases(), st.floats(0, 1), st.floats(0, 1))
    def test_a_part_of_the_window_gets_that_part_of_the_answer(self, case: Case, a: float, b: float) -> None:
        rule, window = case
        assume(abs(a - b) > 1e-6)
        low, high = (window.start + part * window.duration for part in sorted((a, b)))
        whole = rule.within(window)
        assert rule.within((low, high)) == whole & Interval(low, high)
        inside = [item for item in rule.transitions(window) if low <= item.instant < high]
        assert rule.transitions((low, high)) == inside

    @given(cases())
    def test_dateutil_and_whenever_agree(self, case: Case) -> None:
        spans = occurrences_by_others(case)
        answer = case.rule.within(case.window)
        assert answer == IntervalSet([span for span in spans if span[0] < span[1]]) & case.window

    @given(cases())
    def test_a_rule_comes_back_from_its_code_its_json_and_a_pickle(self, case: Case) -> None:
        rule = case.rule
        assert eval(repr(rule), {"Recurring": Recurring, "datetime": __import__("datetime")}) == rule  # noqa: S307
        assert Rule.from_json(rule.to_json()) == rule
        again = pickle.loads(pickle.dumps(rule))  # noqa: S301
        assert again == rule
        assert hash(again) == hash(rule)
        assert again.within(case.window) == rule.within(case.window)

    @given(st.sampled_from(ODD), st.integers(0, 40), st.sampled_from([1, 2, 3]), st.sampled_from([1, 2]))
    def test_whole_days_are_those_of_the_zone(
        self, odd: tuple[str, date], before: int, interval: int, length: int
    ) -> None:
        zone, day = odd
        first = day - before * DAY
        rule = Recurring(f"FREQ=DAILY;INTERVAL={interval}", start=first, duration=length * DAY, zone=zone)
        window = Interval(zones.day_start(day - 3 * DAY, zone), zones.day_start(day + 4 * DAY, zone))

        def begin(number: int) -> datetime:
            noon = whenever.PlainDateTime(datetime.combine(first + number * DAY, time(12)))
            return noon.assume_tz(zone, disambiguation="later").start_of("day").to_instant().to_stdlib()

        expected = [(begin(n), begin(n + length)) for n in range(0, before + 10, interval)]
        assert rule.within(window) == IntervalSet([pair for pair in expected if pair[0] < pair[1]]) & window
        assert rule.transitions(window) == []

    @given(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]), st.integers(1, 9), st.integers(0, 300))
    def test_interval_keeps_its_phase_however_long_ago_the_rule_began(
        self, frequency: str, interval: int, back: int
    ) -> None:
        text = f"FREQ={frequency};INTERVAL={interval}"
        old = Recurring(text, start=datetime(1970, 1, 1, 9), duration=HOUR, zone=PARIS)
        window = Interval(datetime(2020, 1, 1, tzinfo=UTC) - back * DAY, datetime(2026, 1, 1, tzinfo=UTC))
        found = old.within(window)
        walked = rrulestr(text, dtstart=datetime(1970, 1, 1, 9))
        high = datetime(2026, 1, 2)
        walls = [wall for wall in takewhile(lambda wall: wall < high, walked) if wall > datetime(2019, 1, 1)]
        expected = [(instant, instant + HOUR) for instant in (zones.to_instant(wall, PARIS) for wall in walls)]
        assert found == IntervalSet(expected) & window


class TestCost:
    @pytest.mark.parametrize("frequency", SPAN)
    def test_a_rule_of_1970_takes_as_few_steps_as_one_of_last_week(self, frequency: str) -> None:
        few = Limits(steps=4000)
        window = Interval.parse("2026-03-02T00:00Z/PT30M")
        for text in (f"FREQ={frequency}", f"FREQ={frequency};INTERVAL=3", f"FREQ={frequency};BYMONTH=1,2,3"):
            rule = Recurring(
                text, start=datetime(1970, 1, 1), duration=timedelta(seconds=1), zone="Asia/Tokyo", limits=few
            )
            rule.within(window)


class TestMeaning:
    def test_what_began_before_the_window_and_reaches_into_it_counts(self) -> None:
        rule = weekly(rrule_text="FREQ=WEEKLY", start=datetime(2026, 3, 2, 20), duration=timedelta(days=3))
        window = Interval.parse("2026-03-05T00:00Z/P1D")
        assert str(rule.within(window)) == "2026-03-05T00:00:00Z/2026-03-05T19:00:00Z"

    def test_occurrences_that_overlap_or_touch_are_one(self) -> None:
        rule = weekly(rrule_text="FREQ=HOURLY;COUNT=3", start=datetime(2026, 3, 2, 9), duration=HOUR)
        assert str(rule.within(Interval.parse("2026-03-02T00:00Z/P1D"))) == "2026-03-02T08:00:00Z/2026-03-02T11:00:00Z"

    def test_start_is_the_first_even_if_the_rule_does_not_have_it(self) -> None:
        rule = weekly(rrule_text="FREQ=WEEKLY;BYDAY=MO;COUNT=2", start=datetime(2026, 1, 1, 9))
        assert starts(rule, "2026-01-01", "2026-02-01") == ["01-01T09:00", "01-05T09:00"]
        without = rule.replace(exdates=[datetime(2026, 1, 1, 9)])
        assert starts(without, "2026-01-01", "2026-02-01") == ["01-05T09:00"]

    def test_until_is_inclusive_as_local_time_as_a_date_and_as_an_instant(self) -> None:
        for until in ("20260105T090000", "20260105", "20260105T080000Z"):
            rule = weekly(rrule_text=f"FREQ=DAILY;UNTIL={until}")
            assert starts(rule, "2026-01-04", "2026-02-01") == ["01-04T09:00", "01-05T09:00"]
        for until in ("20260105T085959", "20260104", "20260105T075959Z"):
            rule = weekly(rrule_text=f"FREQ=DAILY;UNTIL={until}")
            assert starts(rule, "2026-01-04", "2026-02-01") == ["01-04T09:00"]

    def test_until_of_whole_days_is_a_day_whatever_its_form(self) -> None:
        for until in ("20260103", "20260103T000000", "20260102T230000Z"):
            rule = weekly(rrule_text=f"FREQ=DAILY;UNTIL={until}", start=date(2026, 1, 2), duration=DAY)
            assert rule.within(Interval.parse("2026-01-01T00:00Z/P9D")).total == 2 * DAY

    def test_until_at_the_end_of_the_calendar_is_none_at_all(self) -> None:
        for until in ("99991231T235959", "99991231", "99991231T235959Z"):
            rule = weekly(rrule_text=f"FREQ=DAILY;UNTIL={until}")
            assert starts(rule, "2026-01-04", "2026-01-05") == ["01-04T09:00"]

    def test_exceptions_are_local_times_or_dates_and_take_additions_away_too(self) -> None:
        rule = weekly(
            rrule_text="FREQ=DAILY;COUNT=4",
            start=datetime(2026, 3, 2, 9),
            exdates=[date(2026, 3, 3), datetime(2026, 3, 4, 9), datetime(2026, 3, 5, 10)],
            rdates=[datetime(2026, 3, 3, 7), datetime(2026, 3, 8, 14), datetime(2026, 3, 2, 9), datetime(2026, 2, 1)],
        )
        assert starts(rule, "2026-03-01", "2026-04-01") == ["03-02T09:00", "03-05T09:00", "03-08T14:00"]

    def test_additions_come_after_until(self) -> None:
        for until in ("20260303T080000Z", "20260303"):
            rule = weekly(
                rrule_text=f"FREQ=DAILY;UNTIL={until}",
                start=datetime(2026, 3, 2, 9),
                rdates=[datetime(2026, 3, 9, 9)],
            )
            assert starts(rule, "2026-03-01", "2026-04-01") == ["03-02T09:00", "03-03T09:00", "03-09T09:00"]

    def test_whole_days_are_added_and_excepted_as_dates(self) -> None:
        rule = weekly(
            rrule_text="FREQ=DAILY;COUNT=3",
            start=date(2026, 3, 27),
            duration="P1D",
            exdates=[date(2026, 3, 28)],
            rdates=[date(2026, 3, 31)],
        )
        found = rule.within(Interval.parse("2026-03-20T00:00Z/P20D"))
        assert [piece.duration for piece in found] == [24 * HOUR, 23 * HOUR, 24 * HOUR]

    def test_a_timedelta_is_elapsed_time_and_a_day_in_text_is_one_of_the_calendar(self) -> None:
        window = Interval.parse("2026-03-28T00:00Z/P5D")
        lengths = {
            text: weekly(rrule_text="FREQ=DAILY;COUNT=1", start=datetime(2026, 3, 28, 12), duration=text)
            .within(window)
            .total
            for text in (DAY, "PT24H", "P1D", "P1DT1H")
        }
        assert list(lengths.values()) == [24 * HOUR, 24 * HOUR, 23 * HOUR, 24 * HOUR]

    def test_equal_rules_are_equal_however_they_are_written(self) -> None:
        assert weekly() == weekly(rrule_text=" RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")
        assert weekly(duration="PT8H") == weekly(start=datetime(2026, 1, 1, 9, fold=1))
        assert weekly(exdates=[date(2026, 2, 1), date(2026, 1, 1)]) == weekly(
            exdates=iter([date(2026, 1, 1), date(2026, 2, 1), date(2026, 1, 1)])
        )
        assert repr(weekly(start=date(2026, 1, 1), duration=14 * DAY).duration) == "'P14D'"
        assert weekly(duration="P1DT1H30M5S").duration == "P1DT1H30M5S"


class TestClockChanges:
    gap = weekly(rrule_text="FREQ=DAILY", start=datetime(2026, 1, 1, 2, 30), duration=HOUR)

    def test_transitions_tell_what_does_not_exist_and_how_it_was_read(self) -> None:
        year = Interval.parse("2026-01-01T00:00Z/P365D")
        found = self.gap.transitions(year)
        assert found == [
            Transition(datetime(2026, 3, 29, 2, 30), PARIS, "gap", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
            Transition(datetime(2026, 10, 25, 2, 30), PARIS, "fold", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ]
        later = self.gap.replace(disambiguate="later").transitions(year)
        assert [item.instant.hour for item in later] == [1, 1]
        assert self.gap.replace(disambiguate="raise").transitions(year) == found

    def test_ends_of_nominal_lengths_and_what_until_allows_are_told_too(self) -> None:
        rule = self.gap.replace(start=datetime(2026, 3, 28, 2, 30), duration="P1D", rrule_text="FREQ=DAILY;COUNT=1")
        assert [item.kind for item in rule.transitions(Interval.parse("2026-03-28T00:00Z/P3D"))] == ["gap"]
        for until, count in (("20260329T013000Z", 1), ("20260329T012959Z", 0)):
            ended = self.gap.replace(rrule_text=f"FREQ=DAILY;UNTIL={until}")
            assert len(ended.transitions(Interval.parse("2026-03-28T00:00Z/P3D"))) == count

    def test_raise_refuses_just_what_bears_on_the_window(self) -> None:
        rule = self.gap.replace(disambiguate="raise")
        assert len(rule.within(Interval.parse("2026-03-01T00:00Z/P27D"))) == 27
        assert rule.within(Interval.parse("2026-03-29T12:00Z/PT1H")) == IntervalSet()
        with pytest.raises(LocalTimeError, match="2026-03-29T02:30:00 does not exist in Europe/Paris"):
            rule.within(Interval.parse("2026-03-01T00:00Z/P31D"))
        nominal = rule.replace(start=datetime(2026, 10, 24, 2, 30), duration="P1D", rrule_text="FREQ=DAILY;COUNT=1")
        with pytest.raises(LocalTimeError, match="exists twice"):
            nominal.within(Interval.parse("2026-10-24T12:00Z/PT1H"))
        days = rule.replace(start=date(2026, 3, 29), duration="P1D")
        assert days.within(Interval.parse("2026-03-29T00:00Z/P1D")).total == DAY

    def test_occurrences_that_a_gap_puts_over_each_other_are_one(self) -> None:
        rule = weekly(rrule_text="FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0", start=datetime(2026, 3, 1, 2), duration="PT59M")
        found = rule.within(Interval.parse("2026-03-28T12:00Z/P1D"))
        assert str(found) == "2026-03-29T01:00:00Z/2026-03-29T01:59:00Z"

    def test_an_occurrence_that_a_jump_leaves_nothing_of_is_left_out(self) -> None:
        rule = Recurring("FREQ=DAILY", start=datetime(2011, 12, 28, 12), duration="P1D", zone="Pacific/Apia")
        found = rule.within(Interval.parse("2011-12-28T12:00Z/P5D"))
        assert len(found) == 1


class TestBombs:
    """What would run for ever elsewhere ends at once here, and says so, or is answered."""

    @pytest.mark.parametrize(
        "text, window, error",
        [
            ("FREQ=SECONDLY", "2026-01-01T00:00Z/P7D", "occurrences"),
            ("FREQ=DAILY;INTERVAL=0", "2026-01-01T00:00Z/P7D", "INTERVAL=0 never comes"),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T00:00Z/P7D", "so it never comes"),
            ("FREQ=SECONDLY;BYMONTH=4,6;BYMONTHDAY=31,-31", "2026-01-01T00:00Z/P7D", "so it never comes"),
            ("FREQ=SECONDLY;BYSECOND=1,2;COUNT=1000000000", "2026-01-01T00:00Z/P7D", "steps"),
            ("FREQ=DAILY", "0500-01-01T00:00Z/9500-01-01T00:00Z", "window"),
        ],
        ids=[
            "SECONDLY from 1970",
            "INTERVAL=0",
            "February 30",
            "April 31",
            "COUNT=10⁹ and a BY… part",
            "a window of 9,000 years",
        ],
    )
    def test_it_ends_at_once(self, text: str, window: str, error: str) -> None:
        began = process_time()
        with pytest.raises(LimitExceededError, match=error):
            weekly(rrule_text=text, start=datetime(1970, 1, 1), duration=timedelta(seconds=1)).within(
                Interval.parse(window)
            )
        assert process_time() - began < 10

    def test_a_count_without_by_parts_is_not_walked_at_all(self) -> None:
        rule = weekly(rrule_text="FREQ=SECONDLY;COUNT=1000000000", start=datetime(1970, 1, 1), duration="PT1S")
        ending = rule.within(Interval.parse("2001-09-08T22:00Z/PT9H"))
        assert ending.total == timedelta(hours=1, minutes=46, seconds=40)  # the last is 10**9 - 1 seconds after 1970
        assert not rule.within(Interval.parse("2026-01-01T00:00Z/PT1H"))

    def test_a_count_of_weekdays_is_not_walked_either(self) -> None:
        rule = weekly(rrule_text="FREQ=DAILY;BYHOUR=9,17;COUNT=5000000", start=datetime(1, 1, 1, 9), duration="PT1H")
        ending = rule.within(Interval.parse("6845-01-01T00:00Z/P365D"))
        assert 1 + (ending.ends[-1].date() - date(1, 1, 1)).days == 2_500_000
        assert not rule.within(Interval.parse("6847-01-01T00:00Z/P365D"))

    def test_a_rule_does_not_remember_each_second_of_its_week(self) -> None:
        parts = {"BYDAY": "MO,TU,WE,TH,FR,SA,SU", "BYHOUR": range(24), "BYMINUTE": range(60), "BYSECOND": range(60)}
        text = ";".join(
            f"{part}={','.join(map(str, [values] if isinstance(values, str) else values))}"
            for part, values in parts.items()
        )
        began = process_time()
        rules = [weekly(rrule_text=f"FREQ=WEEKLY;{text}", duration="PT1S") for _ in range(100)]
        assert process_time() - began < 1
        hour = Interval.parse("2026-03-29T00:00Z/PT1H")
        assert rules[0].within(hour) == IntervalSet([hour])

    @pytest.mark.parametrize("years", [1, 40])
    @pytest.mark.parametrize(
        "emptied",
        [
            lambda rule: rule - rule,
            lambda rule: rule & ~rule,
            lambda rule: rule.replace(exdates=[date(2026, 1, 1) + n * DAY for n in range(40 * 366)]),
        ],
        ids=["minus itself", "and its complement", "exceptions for all of its days"],
    )
    def test_a_rule_of_too_much_is_refused_even_if_nothing_would_be_left(
        self, emptied: Callable[[Rule], Rule], years: int
    ) -> None:
        rule = emptied(weekly(rrule_text="FREQ=SECONDLY", start=datetime(2026, 1, 1), duration="PT1S"))
        began = process_time()
        with pytest.raises(LimitExceededError, match="200001 is more than the limit of 200000 occurrences"):
            rule.within(Interval.parse(f"2026-01-01T00:00Z/P{years * 365}D"))
        assert process_time() - began < 5
        assert not rule.within(Interval.parse("2026-01-01T00:00Z/PT1H"))

    def test_a_rule_that_its_own_exceptions_empty_is_empty(self) -> None:
        days = [date(2026, 1, 1) + n * DAY for n in range(3)]
        rule = weekly(rrule_text="FREQ=SECONDLY;UNTIL=20260103T235959", start=datetime(2026, 1, 1), duration="PT1S")
        assert not rule.replace(exdates=days).within(Interval.parse("2026-01-02T00:00Z/PT1H"))
        with pytest.raises(LimitExceededError, match="occurrences"):
            rule.replace(exdates=days).within(Interval.parse("2025-12-31T00:00Z/P7D"))

    def test_many_exceptions_cost_little_and_are_bounded(self) -> None:
        begin = datetime(2026, 1, 1)
        many = [begin + n * timedelta(minutes=1) for n in range(200_000)]
        rule = weekly(rrule_text="FREQ=MINUTELY", start=begin, duration="PT1M", exdates=many)
        assert not rule.within(Interval.parse("2026-02-01T00:00Z/P1D"))
        with pytest.raises(LimitExceededError, match="200000 is more than the limit of 199999 rows"):
            rule.replace(limits=Limits(rows=199_999))

    def test_a_duration_longer_than_any_window_is_refused(self) -> None:
        with pytest.raises(LimitExceededError, match="window"):
            weekly(duration="P9999W")

    def test_an_end_beyond_the_calendar_is_named(self) -> None:
        rule = weekly(rrule_text="FREQ=DAILY", start=datetime(9999, 12, 1), duration=timedelta(days=40))
        with pytest.raises(PointValueError, match="lies outside the years 1 to 9999"):
            rule.within(Interval.parse("9999-12-20T00:00Z/PT1H"))

        rule = weekly(start=datetime(9999, 12, 1, 16), duration=4 * HOUR, zone="America/New_York")
        with pytest.raises(PointValueError, match="9999-12-31 16:00:00 \\+ 4:00:00 lies outside the years 1 to 9999"):
            rule.within(Interval.parse("9999-12-31T20:30Z/PT1H"))

    def test_only_occurrences_near_the_window_count_for_the_limit(self) -> None:
        week = Interval.parse("2026-03-02T00:00Z/P5D")
        for many in (5, 6, 100):
            assert len(weekly(limits=Limits(occurrences=many)).within(week)) == 5
        with pytest.raises(LimitExceededError, match="5 is more than the limit of 4 occurrences"):
            weekly(limits=Limits(occurrences=4)).within(week)
        with pytest.raises(LimitExceededError, match="limit of 4 steps"):
            weekly(limits=Limits(steps=4)).within(week)

    def test_more_additions_than_the_limit_are_refused(self) -> None:
        many = [datetime(2026, 1, 1) + n * HOUR for n in range(30)]
        with pytest.raises(LimitExceededError, match="occurrences"):
            weekly(rdates=many, limits=Limits(occurrences=20)).within(Interval.parse("2026-01-01T00:00Z/P3D"))


class TestRefused:
    @pytest.mark.parametrize(
        "changes, error, expected",
        [
            ({"rrule_text": 5}, PointTypeError, "5 is no rule"),
            ({"rrule_text": "x" * 20_000}, LimitExceededError, "text"),
            ({"rrule_text": "FREQ=DAILY;UNTIL=tomorrow"}, ParseError, "is no date or time"),
            ({"start": datetime(2026, 1, 1, tzinfo=UTC)}, PointTypeError, "start=.* is no local time"),
            ({"start": "2026-01-01"}, PointTypeError, "start='2026-01-01' is no local time"),
            ({"start": datetime(2026, 1, 1, 0, 0, 0, 5)}, PointValueError, "fraction of a second"),
            ({"duration": 5}, PointTypeError, "duration=5 is no length"),
            ({"duration": "8 hours"}, ParseError, "is no duration"),
            ({"duration": timedelta()}, IntervalError, "is not positive"),
            ({"duration": -HOUR}, IntervalError, "is not positive"),
            ({"duration": "P0D"}, IntervalError, "is not positive"),
            ({"duration": timedelta(milliseconds=1)}, PointValueError, "fraction of a second"),
            ({"start": date(2026, 1, 1)}, ParseError, "not in whole days"),
            ({"start": date(2026, 1, 1), "duration": -DAY}, IntervalError, "is not positive"),
            ({"rdates": [date(2026, 1, 1)]}, PointTypeError, "rdates has 2026-01-01, but start is 2026-01-01 09:00"),
            (
                {"start": date(2026, 1, 1), "duration": DAY, "rdates": [datetime(2026, 1, 1)]},
                PointTypeError,
                "rdates has 2026-01-01 00:00:00, but start is",
            ),
            (
                {"start": date(2026, 1, 1), "duration": DAY, "exdates": [datetime(2026, 1, 1)]},
                PointTypeError,
                "exdates has times",
            ),
            ({"exdates": "20260101"}, PointTypeError, "exdates='2' is no local time"),
            ({"zone": "Berlin"}, UnknownZoneError, "Europe/Berlin"),
            ({"disambiguate": "guess"}, ParseError, "disambiguate='guess'"),
        ],
    )
    def test_what_it_cannot_be_is_named(self, changes: dict[str, Any], error: type[Exception], expected: str) -> None:
        with pytest.raises(error, match=expected):
            weekly(**changes)
