"""Calendars that are damaged, wrong, or made to run for ever: each is an error that names its place, and at once."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest

from slotcalc import InputFileError, Interval, LimitExceededError, Limits
from slotcalc.ical import read_bookings
from tests.calendars import YEAR, calendar, component, event

HOUR = Interval(datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC))
START = "DTSTART:20260302T090000Z"


def fault(text: str | bytes) -> str:
    with pytest.raises(InputFileError) as caught:
        read_bookings(text, YEAR, zone="Europe/Paris")
    return str(caught.value)


class TestDamaged:
    @pytest.mark.parametrize(
        "text, expected",
        [
            (b"", "the text: there is no BEGIN:VCALENDAR in it"),
            ("BEGIN:VCARD\nEND:VCARD\n", "there is no BEGIN:VCALENDAR"),
            ("BEGIN:VCALENDAR\n", "it ends before END:VCALENDAR; lines are missing"),
            ("BEGIN:VCALENDAR\nBEGIN:VTODO\n", "it ends before END:VTODO; lines are missing"),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "line 3: END:VCALENDAR ends BEGIN:VEVENT"),
            ("BEGIN:VCALENDAR\nBEGIN:VTODO\nEND:VEVENT\n", "line 3: END:VEVENT ends BEGIN:VTODO"),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", "line 3: END:VCALENDAR ends nothing"),
            ("END:\n" + calendar(), "line 1: END: ends nothing"),
            (calendar(event("SUMMARY")), "line 4: 'SUMMARY' is no content line"),
            (calendar(event("EXDATE")), "line 4: 'EXDATE' is no content line"),
            (calendar(event('RDATE;TZID="x:20260101')), "is no content line"),
            (
                calendar(event("SUMMARY:@")).encode().replace(b"@", b"\xff"),
                "line 4: 'SUMMARY:\ufffd' is no content line",
            ),
            (calendar(event(START, START)), "line 4, VEVENT, DTSTART: it is there twice, again in line 5"),
            (calendar("CALSCALE:HEBREW"), "VCALENDAR, CALSCALE: 'HEBREW' is not GREGORIAN"),
        ],
    )
    def test_it_is_named_with_its_line(self, text: str | bytes, expected: str) -> None:
        assert expected in fault(text)

    def test_what_is_not_about_time_may_be_as_broken_as_it_likes(self) -> None:
        alarm = component("VALARM", "TRIGGER:nonsense", component("VEVENT", "DTSTART"), "no line at all")
        todo = component("VTODO", "DTSTART:x")
        text = calendar(
            "garbage", "CALSCALE:gregorian", todo, event(START, "DURATION:PT1H", "ORGANIZER;;:", " x", alarm)
        )
        assert len(read_bookings("stray\n" + text + "\nstray:line\n", YEAR)) == 1


class TestWrong:
    @pytest.mark.parametrize(
        "lines, expected",
        [
            (("SUMMARY:x",), "line 3, VEVENT 'a', DTSTART: there is none, so it is at no time"),
            (("DTSTART:2026-03-02",), "line 5, VEVENT 'a', DTSTART: '2026-03-02' is no date or time"),
            ((START, "DTEND:20260302T080000Z"), "line 6, VEVENT 'a', DTEND: 2026-03-02 08:00:00 UTC is before DTSTART"),
            (("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260301"), "DTEND: 2026-03-01 is before DTSTART"),
            ((START, "DTEND;VALUE=DATE:20260303"), "DTSTART and DTEND are a date and a time"),
            ((START, "DURATION:-PT1H"), "DURATION: '-PT1H' is negative"),
            (("DTSTART;VALUE=DATE:20260302", "DURATION:PT1H"), "DURATION: 'PT1H' is not in days"),
            ((START, "DURATION:P2999999D"), "DTSTART: it reaches outside the years 1 to 9999"),
            ((START, "RRULE:FREQ=DAILY;INTERVAL=0"), "line 6, VEVENT 'a', RRULE: INTERVAL=0 never comes"),
            ((START, "RRULE:FREQ=DAILY;UNTIL=soon"), "RRULE: 'SOON' is no date or time"),
            ((START, "EXRULE:FREQ=DAILY"), "EXRULE: RFC 5545 has it no more; list the exceptions as EXDATE"),
            ((START, "RDATE:20260303"), "RDATE: DTSTART and RDATE are a date and a time"),
            (("DTSTART;VALUE=DATE:20260302", "RDATE:20260303T090000Z"), "DTSTART and RDATE are a date and a time"),
            (
                (START, "RDATE:20260303T090000Z/20260303T080000Z"),
                "RDATE: the period '20260303T090000Z/20260303T080000Z' ends",
            ),
            ((START, "EXDATE:x"), "EXDATE: 'x' is no date or time"),
            ((START, "SEQUENCE:-1"), "SEQUENCE: '-1' is not a whole number"),
            (("RECURRENCE-ID:x", START), "RECURRENCE-ID: 'x' is no date"),
            (("RECURRENCE-ID:20260302T090000Z",), "DTSTART: there is none"),
            (("RECURRENCE-ID;RANGE=THISANDPRIOR:20260302T090000Z", START), "RANGE=THISANDPRIOR is not THISANDFUTURE"),
            (("DTSTART;TZID=Asia/Tokyo:00010101T000000",), "lies outside the years 1 to 9999"),
        ],
    )
    def test_it_is_named_with_line_uid_and_property(self, lines: tuple[str, ...], expected: str) -> None:
        assert expected in fault(calendar(event("UID:a", *lines)))


def seconds(text: str | bytes, window: Interval[datetime]) -> float:
    """Return how long the answer takes, be it bookings or a refusal."""
    begun = process_time()
    with suppress(LimitExceededError, InputFileError):
        read_bookings(text, window, zone="Europe/Paris")
    return process_time() - begun


ALL_SIXTY = ",".join(map(str, range(60)))
OLD = "DTSTART:19700101T000000Z"
HUGE = 20 * 1024 * 1024
AT_ONCE = 8
"""Seconds: about ten times what it takes, so that a slow machine passes, and what runs for ever does not."""


class TestBombs:
    @pytest.mark.parametrize("window", [HOUR, YEAR], ids=["hour", "year"])
    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=SECONDLY",
            "FREQ=MINUTELY",
            "FREQ=SECONDLY;COUNT=1000000000",
            "FREQ=SECONDLY;COUNT=1000000000;BYHOUR=9",
            "FREQ=DAILY;COUNT=1000000000",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=1;BYSETPOS=2",
            f"FREQ=YEARLY;BYSECOND={ALL_SIXTY};BYMINUTE={ALL_SIXTY};BYHOUR=1,2,3,4,5,6,7,8,9;BYMONTHDAY=1,2,3,4,5,6,7,8,9",
            "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
            "FREQ=YEARLY;INTERVAL=1000000000",
        ],
    )
    def test_no_rule_runs_for_long(self, rule: str, window: Interval[datetime]) -> None:
        text = calendar(event("UID:a", OLD, "DURATION:PT1S", f"RRULE:{rule}"))
        assert seconds(text, window) < AT_ONCE

    def test_a_rule_of_seconds_is_answered_for_a_minute_however_old_it_is(self) -> None:
        minute = Interval(HOUR.start, HOUR.start + timedelta(minutes=1))
        text = calendar(event("UID:a", OLD, "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))
        assert len(read_bookings(text, minute)) == 60

    def test_many_exceptions_are_read_and_too_many_refused(self) -> None:
        dates = [f"{datetime(2026, 1, 1) + timedelta(minutes=n):%Y%m%dT%H%M%S}Z" for n in range(200_000)]
        lines = "EXDATE:" + ",\n ".join(dates)
        text = calendar(event("UID:a", START, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", lines))
        assert seconds(text, YEAR) < AT_ONCE
        with pytest.raises(LimitExceededError, match="rows"):
            read_bookings(text, YEAR, limits=Limits(rows=100_000))

    @pytest.mark.parametrize("name", ["SUMMARY", "EXDATE", "X-JUNK", "DTSTART", "RRULE"])
    def test_a_line_folded_up_to_20_megabytes_is_refused_or_stepped_over(self, name: str) -> None:
        folded = f"{name}:" + "\n ".join(["," * 74] * (HUGE // 75))
        text = calendar(event("UID:a", START, "DURATION:PT1H", folded)).encode()
        assert seconds(text, YEAR) < AT_ONCE
        with pytest.raises(LimitExceededError, match="input bytes"):
            read_bookings(text, YEAR, limits=Limits(input_bytes=1000))

    def test_components_without_end_are_refused_or_stepped_over(self) -> None:
        for kind in ("VEVENT", "X-JUNK"):
            nested = f"BEGIN:{kind}\n" * 50_000 + f"END:{kind}\n" * 50_000
            assert seconds(calendar(nested.rstrip()), YEAR) < AT_ONCE
        with pytest.raises(LimitExceededError, match="rows"):
            read_bookings(calendar(*[event()] * 20), YEAR, limits=Limits(rows=10))

    def test_a_time_zone_that_changes_every_second_is_refused(self) -> None:
        part = ("DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=SECONDLY")
        zone = component("VTIMEZONE", "TZID:x", component("STANDARD", *part))
        text = calendar(zone, event("DTSTART;TZID=x:20260302T090000"))
        assert seconds(text, YEAR) < AT_ONCE
        with pytest.raises(LimitExceededError):
            read_bookings(text, YEAR)

    def test_a_window_longer_than_the_limit_is_refused(self) -> None:
        century = Interval(datetime(1926, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
        with pytest.raises(LimitExceededError, match="limit of 18300 days, 0:00:00 window"):
            read_bookings(calendar(), century)

    def test_more_bookings_than_the_limit_are_refused(self) -> None:
        text = calendar(event("UID:a", START, "DURATION:PT1H", "RRULE:FREQ=DAILY"))
        with pytest.raises(LimitExceededError, match="occurrences"):
            read_bookings(text, YEAR, limits=Limits(occurrences=10))
