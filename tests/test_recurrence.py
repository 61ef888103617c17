"""Recurrence rules against dateutil, against the examples of RFC 5545, and where the two differ."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from slotcalc import LimitExceededError, Limits, ParseError
from slotcalc.limits import Steps
from slotcalc.literals import Length, date_or_time, parse_length
from slotcalc.recurrence import occurrences, parse_rule
from tests.recurrences import SPAN, rrules

NEW_YORK = datetime(1997, 9, 2, 9)
"""The DTSTART of nearly all examples of section 3.8.5.3: a Tuesday."""


def walls(
    text: str, start: datetime = NEW_YORK, *, low: datetime | None = None, high: datetime = datetime(2000, 1, 1)
) -> list[datetime]:
    steps = Steps(Limits(steps=10**7))
    return [wall for wall in occurrences(parse_rule(text), start, low or start, high, steps) if wall >= (low or start)]


def days(text: str, start: datetime = NEW_YORK) -> list[str]:
    return [f"{wall:%Y-%m-%d}" for wall in islice(walls(text, start), 6)]


STARTS = st.datetimes(datetime(2023, 1, 1), datetime(2025, 12, 31)).map(lambda wall: wall.replace(microsecond=0))


def by_dateutil(text: str, start: datetime, high: datetime) -> list[datetime]:
    """Return what dateutil makes of a rule, with DTSTART as the first, in so far as it comes before `high`."""
    try:
        found = list(islice(takewhile(lambda wall: wall < high, rrulestr(text, dtstart=start)), 3000))
    except (ValueError, IndexError):  # what it says can never be; a slip of its own in the first week of a year
        assume(False)
    if start not in found:
        found = [start, *found]
        if "COUNT=" in text:
            found = found[: int(text.rpartition("COUNT=")[2])]
    return found


class TestAgainstDateutil:
    @given(rrules(), STARTS, st.floats(0, 1))
    def test_the_same_wall_times_come_in_the_same_order_from_the_start_or_from_later_on(
        self, text: str, start: datetime, part: float
    ) -> None:
        span = SPAN[text[5 : text.index(";")]]
        ours = walls(text, start, high=start + span)
        assume(len(ours) > 1)  # dateutil would search to the year 9999 where nothing comes
        high = ours[-1] + timedelta(seconds=1)
        assume(len(ours) < 3000)
        assert ours == by_dateutil(text, start, high)
        low = start + part * span
        assert walls(text, start, low=low, high=start + span) == [wall for wall in ours if wall >= low]


class TestRfc5545:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12"),
            ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH", "1997-09-02 1997-09-04 1997-09-16 1997-09-18"),
            ("FREQ=MONTHLY;COUNT=4;BYDAY=1TU,-1TU", "1997-09-02 1997-09-30 1997-10-07 1997-10-28"),
            ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "1997-09-02 1997-09-15 1997-10-02 1997-10-15"),
            ("FREQ=YEARLY;INTERVAL=3;COUNT=2;BYYEARDAY=1,245", "1997-09-02"),
            ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-02 1997-09-04 1997-10-07"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "1997-09-02 1997-09-29 1997-10-30"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", "1997-09-02 1998-02-13 1998-03-13"),
        ],
    )
    def test_its_examples_come_out_with_dtstart_as_the_first(self, text: str, expected: str) -> None:
        assert " ".join(days(text)) == expected

    def test_weeks_depend_on_the_day_they_start_with(self) -> None:
        start = datetime(1997, 8, 5, 9)
        monday = days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", start)
        sunday = days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", start)
        assert monday == ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"]
        assert sunday == ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"]

    def test_days_that_do_not_exist_are_left_out(self) -> None:
        start = datetime(1997, 1, 31, 9)
        assert days("FREQ=MONTHLY;COUNT=3", start) == ["1997-01-31", "1997-03-31", "1997-05-31"]

    def test_what_a_rule_does_not_say_is_as_in_dtstart(self) -> None:
        assert days("FREQ=YEARLY;BYMONTH=1;COUNT=2") == ["1997-09-02", "1998-01-02"]
        assert days("FREQ=YEARLY;BYWEEKNO=20;COUNT=3") == ["1997-09-02", "1998-05-12", "1999-05-18"]  # Tuesdays

    def test_numbered_weekdays_stand_beside_others_as_alternatives(self) -> None:
        assert days("FREQ=MONTHLY;BYDAY=1WE,TU;COUNT=4") == ["1997-09-02", "1997-09-03", "1997-09-09", "1997-09-16"]

    def test_a_rule_ends_with_the_calendar(self) -> None:
        start = datetime(9999, 12, 20, 23)
        for frequency in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "DAILY;BYMONTH=12", "HOURLY"):
            assert walls(f"FREQ={frequency}", start, high=datetime(9999, 12, 31, 23, 59))[0] == start

    def test_nothing_is_at_or_after_the_end_that_is_asked_for(self) -> None:
        assert walls("FREQ=DAILY", high=NEW_YORK) == []
        assert walls("FREQ=DAILY", high=NEW_YORK + timedelta(days=1)) == [NEW_YORK]
        assert walls("FREQ=YEARLY;BYMONTH=9,10", high=NEW_YORK + timedelta(days=1)) == [NEW_YORK]


class TestRefused:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("", "is no part of a rule"),
            ("FREQ", "is no part of a rule"),
            ("FREQ=DAILY;FREQ=DAILY", "or is there twice"),
            ("FREQ=FORTNIGHTLY", "FREQ=FORTNIGHTLY is none of YEARLY, MONTHLY"),
            ("INTERVAL=2", "FREQ= is none of"),
            ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 never comes to a next period"),
            ("FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1 is not"),
            ("FREQ=DAILY;COUNT=0", "COUNT=0 is not"),
            ("FREQ=DAILY;COUNT=\u0662", "is not a whole number"),
            ("FREQ=DAILY;COUNT=" + "9" * 5000, "is not a whole number"),
            ("FREQ=DAILY;COUNT=2;UNTIL=20260101", "it has COUNT and UNTIL"),
            ("FREQ=DAILY;WKST=XX", "WKST=XX is none of MO"),
            ("FREQ=DAILY;BYEASTER=1", "BYEASTER is no part of a rule that RFC 5545 has"),
            ("FREQ=YEARLY;BYMONTH=13", "BYMONTH=13 is not a whole number from 1 to 12"),
            ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY has a 0"),
            ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO counts from 1"),
            ("FREQ=MONTHLY;BYDAY=1XX", "BYDAY=1XX is not a day"),
            ("FREQ=MONTHLY;BYDAY=54MO", "is not a whole number from -53 to 53"),
            ("FREQ=WEEKLY;BYDAY=1MO", "only a month or a year has several"),
            ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "only a month or a year has several"),
            ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO belongs to FREQ=YEARLY"),
            ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY does not go with FREQ=DAILY"),
            ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY does not go with FREQ=WEEKLY"),
            ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses from what another"),
        ],
    )
    def test_what_the_rfc_does_not_have_is_named(self, text: str, expected: str) -> None:
        with pytest.raises(ParseError) as caught:
            parse_rule(text)
        assert expected in str(caught.value)

    def test_days_have_no_hours(self) -> None:
        with pytest.raises(ParseError, match="FREQ=HOURLY on an all-day event"):
            parse_rule("FREQ=HOURLY", all_day=True)
        assert parse_rule("FREQ=DAILY;BYHOUR=9;BYMONTH=2", all_day=True).parts == {"BYMONTH": {2}}

    def test_lower_case_a_last_semicolon_and_a_leap_second_are_forgiven(self) -> None:
        rule = parse_rule("freq=daily;bysecond=60;until=20260101t000000z;")
        assert rule.parts == {"BYSECOND": {59}}
        assert rule.until == "20260101T000000Z"

    @pytest.mark.parametrize(
        "text",
        [
            "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4;BYMONTHDAY=1,2,3",
            "FREQ=SECONDLY;BYSECOND=1,2;COUNT=100000",
        ],
    )
    def test_more_steps_than_the_limit_are_not_taken(self, text: str) -> None:
        with pytest.raises(LimitExceededError, match="steps"):
            list(occurrences(parse_rule(text), NEW_YORK, NEW_YORK, datetime(2000, 1, 1), Steps(Limits(steps=5000))))


class TestLiterals:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("P2W", Length(14, timedelta())),
            ("p1dt2h3m4s", Length(1, timedelta(hours=2, minutes=3, seconds=4))),
            ("+PT5M", Length(0, timedelta(minutes=5))),
            ("-P0D", Length(0, timedelta())),
        ],
    )
    def test_durations_keep_days_apart_from_hours(self, text: str, expected: Length) -> None:
        assert parse_length(text) == expected

    @pytest.mark.parametrize(
        "text", ["", "P", "PT", "P1", "1D", "P1H", "PT1D", "P1D1W", "P-1D", "PT1.5H", "P\u0661D", "P1DT"]
    )
    def test_other_durations_are_refused(self, text: str) -> None:
        with pytest.raises(ParseError, match="is no duration such as"):
            parse_length(text)

    def test_negative_and_endless_durations_are_refused(self) -> None:
        with pytest.raises(ParseError, match="is negative"):
            parse_length("-PT1S")
        with pytest.raises(ParseError, match="is longer than the calendar"):
            parse_length("P999999999D")

    @pytest.mark.parametrize(
        "text", ["2026-03-30", "20260330T09", "20260330T090000+01", "2026033\u0660", "202603300", ""]
    )
    def test_other_dates_are_refused(self, text: str) -> None:
        with pytest.raises(ParseError, match="is no date or time"):
            date_or_time(text)

    @pytest.mark.parametrize("text", ["20260230", "00000101", "20260330T240000", "20260330T090061"])
    def test_dates_that_do_not_exist_are_refused(self, text: str) -> None:
        with pytest.raises(ParseError, match="does not exist"):
            date_or_time(text)
