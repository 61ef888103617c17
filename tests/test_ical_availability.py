"""Published availability as slots (RFC 7953), and free time as a calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    InputFileError,
    Interval,
    IntervalSet,
    LimitExceededError,
    Limits,
    PointTypeError,
    PointValueError,
    UnboundedError,
    free,
)
from slotcalc.ical import read_bookings, read_slots, write_free
from tests.calendars import EXAMPLES, YEAR, calendar, component, shown

if TYPE_CHECKING:
    from slotcalc import Slot

OFFICE = EXAMPLES / "office_availability_rfc7953_2026.ics"


def week(first: str, last: str) -> Interval[datetime]:
    return Interval.parse(f"{first}T00:00Z/{last}T00:00Z")


def available(hours: str, *lines: str) -> str:
    low, high = hours.split("-")
    return component("AVAILABLE", f"UID:{hours}", f"DTSTART:20260302T{low}0000Z", f"DTEND:20260302T{high}0000Z", *lines)


def availability(*lines: str) -> str:
    return component("VAVAILABILITY", *lines)


def slots(*parts: str) -> list[Slot]:
    return read_slots(calendar(*parts), YEAR)


class TestTheOffice:
    def test_the_usual_hours_hold_before_the_summer(self) -> None:
        found = read_slots(OFFICE, week("2026-06-29", "2026-07-01"), resource_id="desk")
        assert shown(found) == ["20260629T0700-1030", "20260629T1200-1600", "20260630T0700-1030", "20260630T1200-1600"]
        assert {slot.resource_id for slot in found} == {"desk"}
        assert found[0].id == "am@slotcalc.example/20260629T070000Z"
        assert found[0].label == "Office hours"

    def test_the_summer_hours_replace_them_with_the_time_between(self) -> None:
        assert shown(read_slots(OFFICE, week("2026-07-06", "2026-07-08"))) == [
            "20260706T0600-1100",
            "20260707T0600-1100",
        ]

    def test_leave_replaces_both(self) -> None:
        found = read_slots(OFFICE, week("2026-07-31", "2026-08-18"))
        assert shown(found) == ["20260731T0600-1100", "20260817T0600-1100"]

    def test_the_meeting_is_a_booking_of_that_time(self) -> None:
        window = week("2026-07-07", "2026-07-08")
        left = free(read_slots(OFFICE, window), read_bookings(OFFICE, window))
        assert str(left) == "2026-07-07T06:00:00Z/2026-07-07T07:00:00Z, 2026-07-07T08:00:00Z/2026-07-07T11:00:00Z"


class TestPriority:
    def test_one_is_above_nine_and_none_is_below(self) -> None:
        for lower, higher in (("9", "1"), ("0", "9"), ("", "9")):
            found = slots(
                availability(*([f"PRIORITY:{lower}"] if lower else []), available("06-12")),
                availability(f"PRIORITY:{higher}", "DTSTART:20260302T080000Z", "DTEND:20260302T100000Z"),
            )
            assert shown(found) == ["20260302T0600-0800", "20260302T1000-1200"]

    def test_of_equal_ones_all_count_in_any_order(self) -> None:
        parts = [availability(available("06-09")), availability("DTSTART:20260302T080000Z", available("07-12"))]
        assert shown(slots(*parts)) == shown(slots(*parts[::-1])) == ["20260302T0600-0900", "20260302T0800-1200"]

    @pytest.mark.parametrize(
        "lines, expected",
        [
            (("DTSTART:20260302T080000Z",), "0600-0800"),
            (("DTEND:20260302T080000Z",), "0800-1200"),
            (("DTSTART:20260302T050000Z", "DURATION:PT2H"), "0700-1200"),
        ],
    )
    def test_one_is_in_force_from_its_start_to_its_end_if_it_has_them(
        self, lines: tuple[str, ...], expected: str
    ) -> None:
        found = slots(availability("PRIORITY:5", available("06-12")), availability("PRIORITY:1", *lines))
        assert shown(found) == [f"20260302T{expected}"]

    @pytest.mark.parametrize("text", ["10", "-1", "high", "\u0661"])
    def test_other_priorities_are_refused(self, text: str) -> None:
        with pytest.raises(InputFileError, match="is not a whole number from 0 to 9"):
            slots(availability(f"PRIORITY:{text}"))


class TestAvailable:
    def test_instances_recur_with_exceptions_and_replacements_and_have_their_own_labels(self) -> None:
        found = slots(
            availability(
                "SUMMARY:usual",
                available("09-10", "RRULE:FREQ=DAILY;COUNT=4", "EXDATE:20260303T090000Z"),
                component(
                    "AVAILABLE",
                    "UID:09-10",
                    "RECURRENCE-ID:20260304T090000Z",
                    "DTSTART:20260304T110000Z",
                    "DURATION:PT2H",
                    "SUMMARY:later",
                ),
            )
        )
        assert shown(found) == ["20260302T0900-1000", "20260304T1100-1300", "20260305T0900-1000"]
        assert [slot.label for slot in found] == ["usual", "later", "usual"]

    def test_a_piece_outside_the_window_is_no_slot_even_if_the_rest_of_its_instance_is(self) -> None:
        text = calendar(
            availability(available("06-12")),
            availability("PRIORITY:1", "DTSTART:20260302T080000Z", "DTEND:20260302T090000Z"),
        )
        assert shown(read_slots(text, Interval.parse("2026-03-02T07:00Z/2026-03-02T08:30Z"))) == ["20260302T0600-0800"]

    def test_a_calendar_without_any_is_an_error_and_not_a_resource_that_is_never_free(self) -> None:
        with pytest.raises(InputFileError, match="VAVAILABILITY: there is none, so it offers no time"):
            slots()

    def test_progress_is_told_for_each_component(self) -> None:
        told: list[tuple[int, int]] = []
        read_slots(OFFICE, YEAR, progress=lambda done, total: told.append((done, total)))
        assert told == [(1, 3), (2, 3), (3, 3)]

    def test_more_slots_than_the_limit_are_refused(self) -> None:
        with pytest.raises(LimitExceededError, match="occurrences"):
            read_slots(OFFICE, YEAR, limits=Limits(occurrences=10))

    @pytest.mark.parametrize("lines", [("DTSTART:x",), ("DTEND:x",), ("DTSTART:20260302T080000Z", "DTEND:x")])
    def test_a_wrong_time_is_named(self, lines: tuple[str, ...]) -> None:
        with pytest.raises(InputFileError, match=r"VAVAILABILITY, DT(START|END): 'x' is no date or time"):
            slots(availability(*lines))


@st.composite
def free_times(draw: st.DrawFn) -> IntervalSet[datetime]:
    cuts = draw(st.lists(st.integers(0, 10**6), max_size=20, unique=True).map(sorted))
    ends = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second) for second in cuts]
    return IntervalSet(list(zip(ends[::2], ends[1::2], strict=False)))


class TestWritten:
    @given(free_times())
    def test_what_is_written_is_read_back_as_the_same_set(self, given_set: IntervalSet[datetime]) -> None:
        text = write_free(given_set).replace("TRANSPARENT", "OPAQUE")
        assert IntervalSet([one.interval for one in read_bookings(text, YEAR)]) == given_set

    @given(free_times(), st.text(max_size=200))
    def test_another_reader_reads_it_whatever_the_label(self, given_set: IntervalSet[datetime], label: str) -> None:
        label = label.encode(errors="replace").decode()
        text = write_free(given_set, label=label)
        assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
        events = icalendar.Calendar.from_ical(text).walk("VEVENT")
        assert [(one.decoded("DTSTART"), one.decoded("DTEND")) for one in events] == given_set.pairs()
        assert {str(one["TRANSP"]) for one in events} <= {"TRANSPARENT"}
        assert len({str(one["UID"]) for one in events}) == len(given_set)

    def test_the_same_arguments_give_the_same_text(self) -> None:
        stamp = datetime(2026, 3, 1, 13, tzinfo=timezone(timedelta(hours=1)))
        text = write_free(
            IntervalSet.parse("2026-03-02T09:00Z/PT1H"), label="Free\nat last", stamp=stamp, domain="practice.example"
        )
        assert text.split("\r\n") == [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//slotcalc//slotcalc//EN",
            "BEGIN:VEVENT",
            "UID:20260302T090000Z-20260302T100000Z@practice.example",
            "DTSTAMP:20260301T120000Z",
            "DTSTART:20260302T090000Z",
            "DTEND:20260302T100000Z",
            "SUMMARY:Free at last",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]

    def test_what_icalendar_cannot_write_is_refused(self) -> None:
        start = datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
        with pytest.raises(PointValueError, match="is between two seconds"):
            write_free(IntervalSet([(start, start + timedelta(hours=1))]))
        with pytest.raises(PointTypeError, match="is no instant"):
            write_free(IntervalSet([(1, 2)]))  # type: ignore[list-item]  # what is refused
        with pytest.raises(PointTypeError, match="is no instant"):
            write_free(IntervalSet.empty(), stamp=datetime(2026, 1, 1))
        with pytest.raises(UnboundedError):
            write_free(IntervalSet.since(YEAR.start))
