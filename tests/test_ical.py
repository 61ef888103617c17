"""Events of calendars as bookings, against another reader and against instants written out by hand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from importlib import import_module
from io import BytesIO, StringIO
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import whenever
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    BookingStatus,
    InputFileError,
    Interval,
    IntervalError,
    MissingExtraError,
    PointTypeError,
    UnknownZoneError,
    free,
)
from slotcalc.files import read_slots as read_slot_file
from slotcalc.ical import read_bookings
from tests.calendars import EXAMPLES, YEAR, calendar, component, event, shown

if TYPE_CHECKING:
    from datetime import date

    from slotcalc import Booking

PARIS = "Europe/Paris"


def of(*lines: str, zone: str | None = PARIS, window: Interval[datetime] = YEAR) -> list[Booking]:
    return read_bookings(calendar(event("UID:a", *lines)), window, zone=zone)


def fault(text: str, zone: str | None = PARIS) -> str:
    with pytest.raises(InputFileError) as caught:
        read_bookings(text, YEAR, zone=zone)
    return str(caught.value)


def judged(name: str, zone: str) -> set[tuple[str, datetime, datetime]]:
    """Return what recurring-ical-events reads of an example, transparent events left out."""

    def instant(moment: date) -> datetime:
        wall = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
        return (wall if wall.tzinfo else wall.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)

    made = icalendar.Calendar.from_ical((EXAMPLES / name).read_bytes())
    found = recurring_ical_events.of(made).between(YEAR.start, YEAR.end)
    return {
        (str(one["UID"]), instant(one.start), instant(one.end)) for one in found if one.get("TRANSP") != "TRANSPARENT"
    }


def read(name: str, zone: str) -> set[tuple[str, datetime, datetime]]:
    found = read_bookings(EXAMPLES / name, YEAR, zone=zone)
    return {((one.id or "").split("/")[0], one.interval.start, one.interval.end) for one in found}


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M").replace(tzinfo=UTC)


class TestExamples:
    @pytest.mark.parametrize(
        "name, zone",
        [
            ("physio_practice_paris_2026.ics", PARIS),
            ("clinic_three_rooms_march_2026.ics", "Europe/Madrid"),
            ("office_availability_rfc7953_2026.ics", PARIS),
        ],
    )
    def test_another_reader_reads_the_same(self, name: str, zone: str) -> None:
        assert read(name, zone) == judged(name, zone) != set()

    def test_the_other_reader_is_wrong_about_two_zones_a_gap_and_a_fold_and_nothing_else(self) -> None:
        ours, theirs = (get("consultant_new_york_2026.ics", "America/New_York") for get in (read, judged))
        assert ours - theirs == {
            # 22:00 in New York, still on winter time, to 10:00 in London: seven hours.
            ("flight@slotcalc.example", utc("20260308T0300"), utc("20260308T1000")),
            # 02:30 does not exist that night: read with the offset before it, 03:30, and an hour from there.
            ("gap@slotcalc.example", utc("20260308T0730"), utc("20260308T0830")),
            # 01:30 exists twice: the first one, and half an hour from there.
            ("fold@slotcalc.example", utc("20261101T0530"), utc("20261101T0600")),
        }
        assert {uid for uid, _, _ in theirs - ours} == {f"{uid}@slotcalc.example" for uid in ("flight", "gap", "fold")}
        assert len(theirs - ours) == 3

    def test_the_other_reader_is_wrong_about_the_half_hour_fold_and_nothing_else(self) -> None:
        ours, theirs = (get("night_shift_lord_howe_2026.ics", "Australia/Lord_Howe") for get in (read, judged))
        assert ours - theirs == {
            # 01:45 exists twice, at +11:00 and at +10:30: the first one, for a quarter of an hour.
            ("handover@slotcalc.example", utc("20260404T1445"), utc("20260404T1500")),
            # DTSTART and DTEND are eight hours apart, so the night with half an hour more ends at 05:30 (3.8.5.3).
            ("night@slotcalc.example", utc("20260404T1100"), utc("20260404T1900")),
        }
        assert len(theirs - ours) == 2

    def test_a_series_of_patients_is_moved_cancelled_and_excepted(self) -> None:
        window = Interval(utc("20260323T0000"), utc("20260503T0000"))
        found = read_bookings(EXAMPLES / "physio_practice_paris_2026.ics", window, zone=PARIS)
        patients = [one for one in found if one.label.startswith("Recurring patient A")]
        assert [(one.id, text, str(one.status)) for one, text in zip(patients, shown(patients), strict=True)] == [
            ("physio-mon@slotcalc.example/20260323T080000Z", "20260323T0800-0845", "CONFIRMED"),
            ("physio-mon@slotcalc.example/20260330T070000Z", "20260331T1230-1315", "CONFIRMED"),
            ("physio-mon@slotcalc.example/20260413T070000Z", "20260413T0700-0745", "CANCELLED"),
            ("physio-mon@slotcalc.example/20260420T070000Z", "20260420T0700-0745", "CONFIRMED"),
            ("physio-mon@slotcalc.example/20260427T070000Z", "20260427T0700-0745", "CONFIRMED"),
        ]

    def test_the_clinic_names_its_rooms_and_has_575_bookings(self) -> None:
        path = EXAMPLES / "clinic_three_rooms_march_2026.ics"
        found = read_bookings(path, YEAR, resource_property="location")
        assert len(found) == 575
        assert {one.resource_id for one in found} == {"room-1", "room-2", "room-3"}
        assert {str(one.status) for one in found} == {"CONFIRMED", "TENTATIVE", "CANCELLED"}
        assert {one.resource_id for one in read_bookings(path, YEAR, resource_id="x")} == {"x"}

    def test_the_practice_has_free_time_on_the_day_after_the_change(self) -> None:
        window = Interval(utc("20260329T2200"), utc("20260330T2200"))
        slots = read_slot_file(EXAMPLES / "physio_practice_slots.csv", zone=PARIS)
        bookings = read_bookings(EXAMPLES / "physio_practice_paris_2026.ics", window, zone=PARIS)
        assert str(free(slots, bookings) & window) == (
            "2026-03-30T06:30:00Z/2026-03-30T10:00:00Z, "  # the patient at 9 was moved, the one at 10 has cancelled
            "2026-03-30T11:30:00Z/2026-03-30T14:00:00Z, "  # the delivery at 16:00 is tentative and takes its time
            "2026-03-30T15:30:00Z/2026-03-30T16:00:00Z"
        )


class TestOneEvent:
    def test_its_uid_summary_and_status_become_those_of_the_booking(self) -> None:
        (one,) = of("SUMMARY:Tea\\, or coffee", "STATUS:tentative", "DTSTART:20260302T090000Z", "DURATION:PT1H")
        assert (one.id, one.label, one.status, one.resource_id) == ("a", "Tea, or coffee", BookingStatus.TENTATIVE, "")

    def test_a_status_that_is_none_of_the_three_takes_time(self) -> None:
        (one,) = of("STATUS:X-ODD", "DTSTART:20260302T090000Z", "DURATION:PT1H")
        assert one.status is BookingStatus.CONFIRMED

    def test_without_a_uid_it_has_no_id(self) -> None:
        text = calendar(*[event("DTSTART:20260302T090000Z", "DURATION:PT1H")] * 2)
        assert [one.id for one in read_bookings(text, YEAR)] == [None, None]

    def test_transparent_events_and_those_without_length_take_no_time(self) -> None:
        assert of("TRANSP:transparent", "DTSTART:20260302T090000Z", "DURATION:PT1H") == []
        assert of("DTSTART:20260302T090000Z") == []
        assert of("DTSTART:20260302T090000Z", "DTEND:20260302T090000Z") == []
        assert of("DTSTART:20260302T090000Z", "DURATION:PT0S") == []

    def test_it_is_there_if_it_meets_the_window_and_is_not_cut(self) -> None:
        lines = ("DTSTART:20260302T090000Z", "DTEND:20260302T110000Z")
        for low, high, there in ((8, 9, False), (8, 10, True), (9, 10, True), (10, 12, True), (11, 12, False)):
            window = Interval(utc(f"20260302T{low:02}00"), utc(f"20260302T{high:02}00"))
            assert shown(of(*lines, window=window)) == (["20260302T0900-1100"] if there else [])

    def test_days_are_local_days_of_the_given_zone(self) -> None:
        assert shown(of("DTSTART;VALUE=DATE:20260329")) == ["20260328T2300-20260329T2200"]
        assert shown(of("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260331")) == ["20260328T2300-20260330T2200"]
        assert shown(of("DTSTART:20260329", "DURATION:P1W")) == ["20260328T2300-20260404T2200"]

    def test_a_day_that_ends_on_itself_is_one_day(self) -> None:
        assert shown(of("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260302")) == ["20260301T2300-20260302T2300"]

    def test_floating_times_are_of_the_given_zone(self) -> None:
        assert shown(of("DTSTART:20260702T090000", "DTEND:20260702T100000")) == ["20260702T0700-0800"]

    def test_days_of_a_duration_are_calendar_days_and_hours_are_exact(self) -> None:
        start = "DTSTART;TZID=Europe/Paris:20260328T120000"
        assert shown(of(start, "DURATION:P1D")) == ["20260328T1100-20260329T1000"]
        assert shown(of(start, "DURATION:PT24H")) == ["20260328T1100-20260329T1100"]
        assert shown(of(start, "DURATION:P1DT1H")) == ["20260328T1100-20260329T1100"]

    def test_an_event_whose_start_the_clocks_jump_behind_its_end_keeps_its_length(self) -> None:
        lines = ("DTSTART;TZID=Europe/Paris:20260329T023000", "DTEND;TZID=Europe/Paris:20260329T030000")
        assert shown(of(*lines)) == ["20260329T0130-0200"]

    def test_a_leap_second_is_second_59(self) -> None:
        (one,) = of("DTSTART:20261231T235960Z", "DURATION:PT1S")
        assert one.interval.end == datetime(2027, 1, 1, tzinfo=UTC)

    def test_lines_may_be_folded_in_the_middle_of_a_letter(self) -> None:
        data = calendar(event("UID:a", "SUMMARY:Caf@", "DTSTART:20260302T0900", " 00Z", "DURATION:PT1H")).encode()
        (one,) = read_bookings(data.replace(b"@", b"\xc3\r\n \xa9"), YEAR)
        assert (one.label, one.interval.start) == ("Café", utc("20260302T0900"))

    def test_bookings_come_in_order_of_their_start(self) -> None:
        starts = ("20260305", "20260302", "20260309")
        text = calendar(*[event(f"DTSTART:{day}T090000Z", "DURATION:PT1H") for day in starts])
        found = read_bookings(text, YEAR)
        assert [one.interval.start.day for one in found] == [2, 5, 9]


class TestRecurrence:
    def test_members_keep_the_exact_time_between_dtstart_and_dtend(self) -> None:
        found = of(
            "DTSTART;TZID=Europe/Paris:20260327T220000",
            "DTEND;TZID=Europe/Paris:20260328T060000",
            "RRULE:FREQ=DAILY;COUNT=3",
        )
        assert shown(found) == [
            "20260327T2100-20260328T0500",
            "20260328T2100-20260329T0500",
            "20260329T2000-20260330T0400",
        ]

    def test_members_keep_the_nominal_length_of_a_duration(self) -> None:
        found = of("DTSTART;TZID=Europe/Paris:20260327T120000", "DURATION:P1D", "RRULE:FREQ=DAILY;COUNT=2")
        assert shown(found) == ["20260327T1100-20260328T1100", "20260328T1100-20260329T1000"]

    def test_days_recur_as_days(self) -> None:
        found = of("DTSTART;VALUE=DATE:20260328", "RRULE:FREQ=DAILY;COUNT=3;BYHOUR=9", "EXDATE;VALUE=DATE:20260328")
        assert shown(found) == ["20260328T2300-20260329T2200", "20260329T2200-20260330T2200"]
        assert [one.id for one in found] == ["a/20260329", "a/20260330"]

    @pytest.mark.parametrize(
        "until, days",
        [("20260304T080000Z", 3), ("20260304T075959Z", 2), ("20260304T090000", 3), ("20260304", 3), ("20260301", 0)],
    )
    def test_until_is_an_instant_a_wall_time_or_a_whole_day(self, until: str, days: int) -> None:
        lines = ("DTSTART;TZID=Europe/Paris:20260302T090000", "DURATION:PT1H")
        assert len(of(*lines, f"RRULE:FREQ=DAILY;UNTIL={until}")) == days

    @pytest.mark.parametrize("until", ["20260304", "20260303T230000Z", "20260304T000000"])
    def test_until_of_days_is_a_day_however_it_is_written(self, until: str) -> None:
        assert len(of("DTSTART;VALUE=DATE:20260302", f"RRULE:FREQ=DAILY;UNTIL={until}")) == 3

    def test_extra_dates_come_in_any_zone_and_periods_with_their_own_length(self) -> None:
        found = of(
            "DTSTART;TZID=Europe/Paris:20260302T090000",
            "DURATION:PT1H",
            "RDATE:20260303T090000Z",
            "RDATE;TZID=America/New_York:20260304T090000,20260302T030000",
            "RDATE;VALUE=PERIOD:20260305T090000Z/PT2H,20260306T090000Z/20260306T120000Z",
            "EXDATE:20260303T090000Z",
        )
        assert shown(found) == ["20260302T0800-0900", "20260304T1400-1500", "20260305T0900-1100", "20260306T0900-1200"]

    def test_extra_days_recur_among_days(self) -> None:
        found = of("DTSTART;VALUE=DATE:20260302", "RDATE;VALUE=DATE:20260305,20260302")
        assert [one.id for one in found] == ["a/20260302", "a/20260305"]

    def test_an_extra_date_in_the_second_fold_stays_there(self) -> None:
        found = of("DTSTART;TZID=Europe/Paris:20260302T090000", "DURATION:PT30M", "RDATE:20261025T013000Z")
        assert shown(found)[1] == "20261025T0130-0200"

    def test_a_date_excepts_the_instance_of_that_local_day(self) -> None:
        lines = ("DTSTART;TZID=Europe/Paris:20260302T090000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2")
        assert shown(of(*lines, "EXDATE;VALUE=DATE:20260302")) == ["20260303T0800-0900"]

    def test_a_start_that_the_rule_does_not_have_counts_as_the_first(self) -> None:
        lines = ("DTSTART:20260303T090000Z", "DURATION:PT1H")  # a Tuesday
        assert len(of(*lines, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3")) == 3
        assert shown(of(*lines, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2")) == ["20260303T0900-1000", "20260309T0900-1000"]

    def test_instances_that_the_clocks_bring_together_are_one(self) -> None:
        found = of("DTSTART;TZID=Europe/Paris:20260329T013000", "DURATION:PT10M", "RRULE:FREQ=HOURLY;COUNT=4")
        assert shown(found) == ["20260329T0030-0040", "20260329T0130-0140", "20260329T0230-0240"]

    def test_a_long_event_that_began_before_the_window_is_there(self) -> None:
        window = Interval(utc("20260615T0000"), utc("20260616T0000"))
        found = of("DTSTART:20250601T000000Z", "DURATION:P20D", "RRULE:FREQ=MONTHLY", window=window)
        assert shown(found) == ["20260601T0000-20260621T0000"]

    def test_two_rules_are_united(self) -> None:
        rules = ("RRULE:FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2")
        assert len(of("DTSTART:20260302T090000Z", "DURATION:PT1H", *rules)) == 3


ZONES = st.sampled_from([PARIS, "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia", "UTC"])
MINUTES = st.integers(0, 1439)


class TestLaws:
    @given(ZONES, MINUTES, st.integers(1, 3000), st.sampled_from([datetime(2026, 3, 1), datetime(2026, 10, 1)]))
    def test_daily_times_are_those_that_whenever_has_for_them(
        self, zone: str, minute: int, length: int, first: datetime
    ) -> None:
        start = first + timedelta(minutes=minute)
        found = of(
            f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}",
            f"DURATION:P1DT{length}M",
            "RRULE:FREQ=DAILY;COUNT=45",
        )
        walls = [whenever.PlainDateTime(start + timedelta(days=n)) for n in range(46)]
        instants = [wall.assume_tz(zone, disambiguation="compatible").to_instant() for wall in walls]
        later = whenever.TimeDelta(minutes=length)
        assert [(one.interval.start, one.interval.end) for one in found] == [
            (begin.to_stdlib(), (end + later).to_stdlib()) for begin, end in pairwise(instants)
        ]

    @given(
        ZONES,
        MINUTES,
        st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=HOURLY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=-1SU"]),
        st.sampled_from(["DURATION:PT30M", "DURATION:P1D", "DURATION:P3DT1H", "DTEND:20260103T000000Z"]),
        st.sampled_from([datetime(2026, 3, 27), datetime(2026, 4, 3), datetime(2026, 10, 23), datetime(2026, 9, 4)]),
        st.integers(0, 6000),
        st.integers(1, 3000),
    )
    def test_a_window_shows_what_any_larger_one_shows_there(
        self, zone: str, minute: int, rule: str, length: str, near: datetime, offset: int, size: int
    ) -> None:
        start = datetime(2026, 1, 1) + timedelta(minutes=minute)
        lines = ("UID:a", f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", length, f"RRULE:{rule}")
        moved = near + timedelta(days=1, minutes=minute)
        text = calendar(
            event(*lines, f"RDATE:{near:%Y%m%dT%H%M%S}Z/PT5H"),
            event("UID:a", f"RECURRENCE-ID:{near:%Y%m%dT%H%M%S}Z", f"DTSTART:{moved:%Y%m%dT%H%M%S}Z", "DURATION:PT9H"),
            event("UID:b", *lines[1:]),
            event(
                "UID:b",
                f"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID={zone}:{start + timedelta(days=60):%Y%m%dT%H%M%S}",
                f"DTSTART;TZID={zone}:{start + timedelta(days=58, hours=5):%Y%m%dT%H%M%S}",
                length if length.startswith("DURATION") else "DURATION:P2D",
            ),
        )
        low = near.replace(tzinfo=UTC) + timedelta(minutes=offset)
        window = Interval(low, low + timedelta(minutes=size))
        wide = Interval(YEAR.start - timedelta(days=5), YEAR.end)
        assert read_bookings(text, window) == [
            one for one in read_bookings(text, wide) if one.interval.overlaps(window)
        ]


WEEKLY = ("UID:a", "DTSTART;TZID=Europe/Paris:20260302T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5")


def replaced(*lines: str, first: tuple[str, ...] = WEEKLY, window: Interval[datetime] = YEAR) -> list[Booking]:
    return read_bookings(calendar(event(*first), event("UID:a", *lines)), window, zone=PARIS)


class TestReplacements:
    def test_an_instance_moves_out_of_the_window_or_into_it(self) -> None:
        moved = ("RECURRENCE-ID;TZID=Europe/Paris:20260309T090000", "DTSTART:20260620T090000Z", "DURATION:PT2H")
        march = Interval(utc("20260309T0000"), utc("20260310T0000"))
        june = Interval(utc("20260620T0000"), utc("20260621T0000"))
        assert replaced(*moved, window=march) == []
        (one,) = replaced(*moved, window=june)
        assert (one.id, shown([one])) == ("a/20260309T080000Z", ["20260620T0900-1100"])

    def test_it_is_known_by_its_instant_in_any_zone_or_by_its_day(self) -> None:
        for known in (":20260309T080000Z", ";TZID=America/New_York:20260309T040000", ":20260309T090000", ":20260309"):
            found = replaced(f"RECURRENCE-ID{known}", "DTSTART:20260310T090000Z", "DURATION:PT1H")
            assert shown(found)[:3] == ["20260302T0800-0900", "20260310T0900-1000", "20260316T0800-0900"]

    def test_an_instance_of_days_is_known_by_its_day(self) -> None:
        days = ("UID:a", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=2")
        for known in (";VALUE=DATE:20260303", ";TZID=Europe/Paris:20260303T000000"):
            found = replaced(f"RECURRENCE-ID{known}", "DTSTART:20260401T090000Z", "DURATION:PT1H", first=days)
            assert [one.id for one in found] == ["a/20260302", "a/20260303"]
            assert shown(found)[1] == "20260401T0900-1000"

    def test_the_highest_sequence_counts_and_of_equal_ones_the_last(self) -> None:
        at = "RECURRENCE-ID:20260309T080000Z"
        texts = [
            event("UID:a", at, f"SEQUENCE:{number}", f"DTSTART:202603{day}T090000Z", "DURATION:PT1H")
            for number, day in ((2, 10), (2, 11), (1, 12))
        ]
        found = read_bookings(calendar(event(*WEEKLY), *texts), YEAR)
        assert "20260311T0900-1000" in shown(found)
        assert len(found) == 5

    def test_an_older_version_of_a_series_is_left_out_but_twins_are_not(self) -> None:
        other = ("UID:a", "DTSTART:20260305T090000Z", "DURATION:PT1H")
        assert len(read_bookings(calendar(event(*WEEKLY), event(*other)), YEAR)) == 6
        assert len(read_bookings(calendar(event(*WEEKLY), event(*other, "SEQUENCE:1")), YEAR)) == 1

    def test_one_without_its_series_is_an_event_of_its_own(self) -> None:
        text = event("UID:a", "RECURRENCE-ID;VALUE=DATE:20260309", "DTSTART:20260310T090000Z", "DURATION:PT1H")
        (one,) = read_bookings(calendar(text), YEAR)
        assert one.id == "a/20260309"

    def test_one_that_is_excepted_is_gone(self) -> None:
        first = (*WEEKLY, "EXDATE:20260309T080000Z")
        assert (
            len(replaced("RECURRENCE-ID:20260309T080000Z", "DTSTART:20260310T090000Z", "DURATION:PT1H", first=first))
            == 4
        )

    def test_an_opaque_instance_of_a_transparent_series_takes_time(self) -> None:
        first = (*WEEKLY, "TRANSP:TRANSPARENT")
        found = replaced("RECURRENCE-ID:20260309T080000Z", "DTSTART:20260309T080000Z", "DURATION:PT1H", first=first)
        assert shown(found) == ["20260309T0800-0900"]

    def test_all_the_future_moves_with_one_by_the_clock(self) -> None:
        at = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Paris:20260316T090000"
        found = replaced(at, "DTSTART;TZID=Europe/Paris:20260317T140000", "DURATION:PT2H", "SUMMARY:later")
        assert shown(found) == [
            *("20260302T0800-0900", "20260309T0800-0900"),
            *("20260317T1300-1500", "20260324T1300-1500", "20260331T1200-1400"),
        ]
        assert [one.label for one in found] == ["", "", "later", "later", "later"]
        assert found[4].id == "a/20260330T070000Z"

    def test_all_the_future_may_move_into_the_window_from_before_and_from_after_it(self) -> None:
        window = Interval(utc("20260325T0000"), utc("20260326T0000"))
        for day in (1, 26):
            at = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z"
            start = utc("20260309T0800") + timedelta(days=16 - 7 if day == 1 else -5)
            found = replaced(at, f"DTSTART:{start:%Y%m%dT%H%M%S}Z", "DURATION:PT1H", window=window)
            assert len(found) == 1

    def test_all_the_future_of_days_moves_by_days_or_is_cancelled(self) -> None:
        first = ("UID:a", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY;COUNT=3")
        at = "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260309"
        moved = replaced(at, "DTSTART;VALUE=DATE:20260310", "STATUS:CANCELLED", first=first)
        assert [str(one.status) for one in moved] == ["CONFIRMED", "CANCELLED", "CANCELLED"]
        assert shown(moved)[2] == "20260316T2300-20260317T2300"

    def test_all_the_future_cannot_turn_from_times_into_days(self) -> None:
        at = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T080000Z"
        text = calendar(event(*WEEKLY), event("UID:a", at, "DTSTART;VALUE=DATE:20260310"))
        assert "it makes times of whole days" in fault(text)

    def test_the_other_reader_agrees_where_the_clocks_stay(self) -> None:
        text = calendar(
            event("UID:a", "DTSTART:20260302T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9"),
            event(
                "UID:a",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260304T090000Z",
                "DTSTART:20260304T110000Z",
                "DURATION:PT3H",
            ),
            event("UID:a", "RECURRENCE-ID:20260306T090000Z", "DTSTART:20260306T230000Z", "DURATION:PT1H"),
            event(
                "UID:a",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260308T090000Z",
                "DTSTART:20260308T070000Z",
                "DURATION:PT1H",
            ),
        )
        theirs = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(YEAR.start, YEAR.end)
        ours = read_bookings(text, YEAR)
        assert sorted((one.start, one.end) for one in theirs) == [(b.interval.start, b.interval.end) for b in ours]


class TestZones:
    OWN = component(
        "VTIMEZONE",
        "TZID:Our Town",
        component(
            "STANDARD",
            "DTSTART:16010101T030000",
            "TZOFFSETFROM:+0200",
            "TZOFFSETTO:+0100",
            "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        ),
        component(
            "DAYLIGHT",
            "DTSTART:16010101T020000",
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:+0200",
            "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        ),
    )

    @pytest.mark.parametrize(
        "tzid",
        [
            "W. Europe Standard Time",
            "/freeassociation.sourceforge.net/Europe/Berlin",
            "Europe/Berlin",
            '"Europe/Berlin"',
        ],
    )
    def test_a_zone_is_known_by_its_iana_name_or_that_of_windows_or_with_a_vendor(self, tzid: str) -> None:
        assert shown(of(f"DTSTART;TZID={tzid}:20260702T090000", "DURATION:PT1H")) == ["20260702T0700-0800"]

    def test_a_zone_of_the_file_itself_is_read_right_in_gaps_and_folds_too(self) -> None:
        nights = [datetime(2026, 3, 29), datetime(2026, 10, 25), datetime(2021, 3, 28), datetime(2027, 7, 1)]
        walls = [night + timedelta(minutes=15 * n) for night in nights for n in range(20)]
        window = Interval(datetime(2019, 1, 1, tzinfo=UTC), datetime(2028, 6, 1, tzinfo=UTC))
        own, known = (
            read_bookings(
                calendar(
                    self.OWN, *[event(f"DTSTART;TZID={tzid}:{w:%Y%m%dT%H%M%S}", "DURATION:P1DT1H") for w in walls]
                ),
                window,
            )
            for tzid in ("Our Town", "Europe/Berlin")
        )
        assert own == known
        assert len(own) == len(walls)

    def test_what_the_file_says_is_not_kept_for_the_next_file(self) -> None:
        lines = ("DTSTART;TZID=Here:20260702T090000", "DURATION:PT1H")
        for offset, hour in (("+0300", 6), ("-0300", 12), ("+033030", 5)):
            part = component("STANDARD", "DTSTART:20200101T000000", f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}")
            text = calendar(component("VTIMEZONE", "TZID:Here", part), event(*lines))
            assert read_bookings(text, YEAR)[0].interval.start.hour == hour

    def test_changes_are_listed_as_dates_and_rules_end_in_utc_or_with_a_day(self) -> None:
        def part(name: str, start: str, offsets: tuple[str, str], *more: str) -> str:
            return component(name, f"DTSTART:{start}", f"TZOFFSETFROM:{offsets[0]}", f"TZOFFSETTO:{offsets[1]}", *more)

        winter, summer = ("+0200", "+0100"), ("+0100", "+0200")
        text = calendar(
            component(
                "VTIMEZONE",
                "TZID:Here",
                part("STANDARD", "20241027T030000", winter, "RDATE:20251026T030000,20261025T010000Z"),
                part("DAYLIGHT", "20240331", summer, "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20250330T000000Z"),
                part("DAYLIGHT", "20260401", summer, "RRULE:FREQ=YEARLY;UNTIL=20260401"),
            ),
            *[event(f"DTSTART;TZID=Here:2026{day}T120000", "DURATION:PT1H") for day in ("0331", "0402", "1026")],
        )
        assert [one.interval.start.hour for one in read_bookings(text, YEAR)] == [11, 10, 11]

    def test_an_unknown_zone_says_what_to_do(self) -> None:
        text = calendar(event("UID:a", "DTSTART;TZID=Mars/Base:20260702T090000"))
        assert fault(text) == (
            "the text, line 5, VEVENT 'a', DTSTART: 'Mars/Base' is not in the IANA time-zone database, and the file "
            "has no VTIMEZONE of that name; add that, or write an IANA name such as Europe/Paris"
        )

    @pytest.mark.parametrize(
        "lines, expected",
        [
            ((), "VTIMEZONE has neither STANDARD nor DAYLIGHT"),
            ((component("STANDARD", "DTSTART:20200101T000000"),), "TZOFFSETFROM: '' is no offset such as +0100"),
            ((component("STANDARD", "TZOFFSETFROM:+9900"),), "TZOFFSETFROM: '+9900' is no offset"),
            (
                (component("STANDARD", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "DTSTART:x"),),
                "DTSTART: 'x' is no date",
            ),
        ],
    )
    def test_a_wrong_zone_of_the_file_is_named(self, lines: tuple[str, ...], expected: str) -> None:
        text = calendar(component("VTIMEZONE", "TZID:Here", *lines), event("DTSTART;TZID=Here:20260702T090000"))
        assert expected in fault(text)

    def test_a_zone_with_too_many_offsets_is_refused(self) -> None:
        parts = [
            component(
                "STANDARD",
                f"DTSTART:{1700 + n}0101T000000",
                "TZOFFSETFROM:+0000",
                f"TZOFFSETTO:+{n // 60:02}{n % 60:02}",
            )
            for n in range(1, 260)
        ]
        text = calendar(component("VTIMEZONE", "TZID:Here", *parts), event("DTSTART;TZID=Here:20260702T090000"))
        assert "has 260 offsets; a zone has at most 256" in fault(text)

    def test_days_and_floating_times_need_a_zone_and_the_error_suggests_that_of_the_file(self) -> None:
        day = event("UID:a", "DTSTART;VALUE=DATE:20260302")
        assert "the date 2026-03-02 has no time zone of its own; pass zone='Europe/Paris' or wherever it is" in fault(
            calendar(day), zone=None
        )
        recurring = event("UID:a", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY")
        assert "has no time zone of its own" in fault(calendar(recurring), zone=None)
        floating = event("UID:a", "DTSTART:20260302T090000")
        hint = "pass zone='Asia/Tokyo' as the file's X-WR-TIMEZONE says"
        assert hint in fault(calendar("X-WR-TIMEZONE:Asia/Tokyo", floating), zone=None)


class TestTheCall:
    def test_without_the_library_the_error_names_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "icalendar.parser", None)
        monkeypatch.delitem(sys.modules, "slotcalc.ical.content")
        with pytest.raises(MissingExtraError, match=r"pip install 'slotcalc\[ical\]'"):
            import_module("slotcalc.ical.content")

    def test_a_calendar_comes_as_a_path_a_stream_bytes_or_text(self) -> None:
        path = EXAMPLES / "night_shift_lord_howe_2026.ics"
        data = path.read_bytes()
        sources = (path, str(path), BytesIO(data), StringIO(data.decode()), data, data.decode(), b"\xef\xbb\xbf" + data)
        found = [read_bookings(source, YEAR) for source in sources]
        assert all(one == found[0] for one in found)
        with path.open("rb") as stream:
            assert read_bookings(stream, YEAR) == found[0]

    def test_the_window_may_be_a_pair_and_has_to_be_of_instants(self) -> None:
        path = EXAMPLES / "night_shift_lord_howe_2026.ics"
        assert read_bookings(path, (YEAR.start, YEAR.end)) == read_bookings(path, YEAR)
        with pytest.raises(IntervalError):
            read_bookings(path, (YEAR.end, YEAR.start))
        with pytest.raises(PointTypeError, match="is not of instants"):
            read_bookings(path, (datetime(2026, 1, 1), datetime(2026, 2, 1)))
        with pytest.raises(PointTypeError, match="is not of instants"):
            read_bookings(path, (1, 2))  # type: ignore[arg-type]  # what is refused

    def test_an_unknown_zone_of_the_caller_is_its_own_error(self) -> None:
        with pytest.raises(UnknownZoneError):
            read_bookings(calendar(), YEAR, zone="Paris/Europe")

    def test_a_window_at_either_end_of_the_calendar_is_answered(self) -> None:
        first = Interval(datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 3, tzinfo=UTC))
        last = Interval(datetime(9999, 12, 29, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC))
        for zone in ("America/New_York", "Asia/Tokyo"):
            lines = ("UID:a", f"DTSTART;TZID={zone}:00010102T120000", "DURATION:PT1H", "RRULE:FREQ=DAILY")
            assert len(read_bookings(calendar(event(*lines)), first)) in {1, 2}
            assert len(read_bookings(calendar(event(*lines)), last)) in {2, 3}

    def test_the_resource_is_the_first_of_several_properties(self) -> None:
        lines = ("DTSTART:20260302T090000Z", "DURATION:PT1H", "RESOURCES: projector ", "RESOURCES:x")
        (one,) = read_bookings(calendar(event(*lines)), YEAR, resource_property="RESOURCES")
        assert one.resource_id == "projector"

    def test_progress_is_told_every_500_series_and_at_the_end(self) -> None:
        told: list[tuple[int, int]] = []
        path = EXAMPLES / "clinic_three_rooms_march_2026.ics"
        read_bookings(path, YEAR, progress=lambda done, total: told.append((done, total)))
        assert told == [(500, 575), (575, 575)]

    def test_bad_series_are_collected_and_the_others_read_if_a_list_is_given(self) -> None:
        text = calendar(
            event("UID:good", "DTSTART:20260302T090000Z", "DURATION:PT1H"),
            event("UID:bad", "DTSTART:20260302T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"),
            event("UID:bad", "RECURRENCE-ID:20260303T090000Z", "DTSTART:99991231T235959Z", "DURATION:PT1H"),
        )
        errors: list[InputFileError] = []
        found = read_bookings(text, YEAR, errors=errors)
        assert [one.id for one in found] == ["good"]
        assert "VEVENT 'bad', DTSTART: it reaches outside the years 1 to 9999" in str(errors[0])
