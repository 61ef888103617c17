"""Slots and bookings from CSV and JSON, and free time as both: see `slotcalc.files`."""

from __future__ import annotations

import csv
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Booking,
    BookingStatus,
    InputFileError,
    Interval,
    IntervalSet,
    LimitExceededError,
    Limits,
    ParseError,
    Slot,
    UnboundedError,
    UnknownZoneError,
    free,
)
from slotcalc.files import free_as_csv, free_as_json, read_bookings, read_slots

if TYPE_CHECKING:
    from slotcalc.files import Format

EXAMPLES = Path(__file__).parent.parent / "examples"
PARIS = "Europe/Paris"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def slots(text: str, *, form: Format = "csv", zone: str | None = PARIS) -> list[Slot]:
    return read_slots(StringIO(text), format=form, zone=zone)


def bookings(text: str, *, form: Format = "csv", zone: str | None = PARIS) -> list[Booking]:
    return read_bookings(StringIO(text), format=form, zone=zone)


def hours(found: list[Slot] | list[Booking]) -> list[str]:
    return [str(item.interval) for item in found]


def fault(text: str, *, form: Format = "csv", zone: str | None = PARIS) -> str:
    with pytest.raises(InputFileError) as caught:
        slots(text, form=form, zone=zone)
    return str(caught.value)


class TestCsv:
    def test_all_columns_of_a_slot_are_read(self) -> None:
        text = (
            "id,label,capacity,resource_id,start,end\n"
            's1,"Big, early",3,room-1,2026-03-02T09:00Z,2026-03-02T10:00Z\n'
            ",,,,2026-03-02T11:00+01:00,2026-03-02T12:00+01:00\n"
        )
        nine, ten, eleven = (at(f"2026-03-02T{hour:02}:00+00:00") for hour in (9, 10, 11))
        assert slots(text, zone=None) == [
            Slot("room-1", (nine, ten), capacity=3, id="s1", label="Big, early"),
            Slot("", (ten, eleven)),
        ]

    def test_all_columns_of_a_booking_are_read_and_a_status_in_any_case(self) -> None:
        text = (
            "resource_id,start,end,seats,status,id,label\n"
            "r,2026-03-02T09:00Z,2026-03-02T10:00Z,2,Tentative,b1,Ann\n"
            "r,2026-03-02T09:00Z,2026-03-02T10:00Z,,,,\n"
            "r,2026-03-02T09:00Z,2026-03-02T10:00Z,,cancelled,,\n"
        )
        when = Interval(at("2026-03-02T09:00+00:00"), at("2026-03-02T10:00+00:00"))
        assert bookings(text) == [
            Booking("r", when, status=BookingStatus.TENTATIVE, seats=2, id="b1", label="Ann"),
            Booking("r", when),
            Booking("r", when, status=BookingStatus.CANCELLED),
        ]

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_columns_stand_in_any_order_between_commas_semicolons_or_tabs(self, separator: str) -> None:
        rows = [["End_Time", " date ", "START_TIME"], ["12:00", "2026-03-02", "09:00"], ["", " ", ""]]
        text = "\r\n".join(map(separator.join, rows))
        assert hours(slots(text)) == ["2026-03-02T08:00:00Z/2026-03-02T11:00:00Z"]

    def test_a_byte_order_mark_is_no_part_of_the_first_column(self) -> None:
        data = "\ufeffstart,end\n2026-03-02T09:00Z,2026-03-02T10:00Z\n".encode()
        assert len(read_slots(BytesIO(data), format="csv")) == 1
        assert len(read_slots(StringIO(data.decode()), format="csv")) == 1

    def test_a_header_alone_is_no_slots(self) -> None:
        assert slots("start,end") == []

    def test_a_resource_is_given_to_rows_that_name_none(self) -> None:
        text = "resource_id,start,end\n,2026-03-02,2026-03-03\nb,2026-03-02,2026-03-03\n"
        read = read_slots(StringIO(text), format="csv", resource_id="a", zone="UTC")
        assert [slot.resource_id for slot in read] == ["a", "b"]
        booked = read_bookings(StringIO(text), format="csv", resource_id="a", zone="UTC")
        assert [booking.resource_id for booking in booked] == ["a", "b"]


class TestWhen:
    def test_dates_are_local_days_and_the_end_date_is_not_included(self) -> None:
        found = slots("start,end\n2026-03-28,2026-03-30\n")
        assert hours(found) == ["2026-03-27T23:00:00Z/2026-03-29T22:00:00Z"]

    def test_a_date_without_times_is_the_whole_local_day(self) -> None:
        assert slots("date\n2026-03-29\n")[0].interval.duration == timedelta(hours=23)

    def test_local_times_follow_the_zone_over_the_change_of_its_clocks(self) -> None:
        found = slots("date,start_time,end_time\n2026-03-28,09:00,10:00\n2026-03-29,09:00,10:00\n")
        assert [slot.interval.start.hour for slot in found] == [8, 7]

    def test_2400_is_the_end_of_the_day(self) -> None:
        found = slots("date,start_time,end_time\n2026-03-02,22:00,24:00\n")
        assert hours(found) == ["2026-03-02T21:00:00Z/2026-03-02T23:00:00Z"]

    def test_an_end_time_before_the_start_time_is_on_the_next_date(self) -> None:
        found = slots("date,start_time,end_time\n2026-03-28,22:00,06:00\n")
        assert hours(found) == ["2026-03-28T21:00:00Z/2026-03-29T04:00:00Z"]  # seven hours in that night

    def test_start_and_end_count_where_both_forms_are_filled_in(self) -> None:
        text = "date,start_time,end_time,start,end\nnever,,,2026-03-02T09:00Z,2026-03-02T10:00Z\n"
        assert hours(slots(text)) == ["2026-03-02T09:00:00Z/2026-03-02T10:00:00Z"]

    def test_a_date_that_the_zone_left_out_begins_with_the_next_one(self) -> None:
        found = slots("start,end\n2011-12-29,2011-12-30\n", zone="Pacific/Apia")
        assert hours(found) == ["2011-12-29T10:00:00Z/2011-12-30T10:00:00Z"]
        assert "no time lies between" in fault("start,end\n2011-12-30,2011-12-31\n", zone="Pacific/Apia")

    def test_times_in_gap_and_fold_are_read_as_rfc_5545_has_it_or_as_asked(self) -> None:
        text = "date,start_time,end_time\n2026-03-29,02:30,04:00\n2026-10-25,02:30,04:00\n"
        assert [slot.interval.start for slot in slots(text)] == [
            at("2026-03-29T01:30+00:00"),
            at("2026-10-25T00:30+00:00"),
        ]
        later = read_slots(StringIO(text), format="csv", zone=PARIS, disambiguate="later")
        assert later[1].interval.start == at("2026-10-25T01:30+00:00")
        with pytest.raises(InputFileError, match=r"line 2, column 'start_time': .* does not exist in Europe/Paris"):
            read_slots(StringIO(text), format="csv", zone=PARIS, disambiguate="raise")

    @pytest.mark.parametrize(
        "row, expected",
        [
            ("2026-03-02T09:00,2026-03-02T10:00,,,", "line 2, column 'start': '2026-03-02T09:00:00' is a local time"),
            ("2026-03-02T09:00Z,,,,", "column 'end': it is empty; a row has start and end"),
            (",2026-03-02T09:00Z,,,", "column 'start': it is empty"),
            (",,,09:00,10:00", "column 'date': it is empty"),
            (",,2026-03-02,09:00,", "column 'end_time': it is empty"),
            (",,2026-03-02,,10:00", "column 'start_time': it is empty"),
            (",,2026-03-02T09:00,09:00,10:00", "column 'date': '2026-03-02T09:00' is no date"),
            (",,2026-03-02,9:00,10:00", "column 'start_time': '9:00' is no time of day; write it as 09:00"),
            (",,2026-03-02,09:00Z,10:00", "column 'start_time': '09:00Z' has an offset"),
            (",,2026-03-02,09:00,09:00", "column 'end_time': it is the same as start_time; for a whole day"),
            ("2026-03-02T10:00Z,2026-03-02T09:00Z,,,", "no time lies between 2026-03-02T10:00Z and 2026-03-02T09:00Z"),
            ("2026-02-30,2026-03-01,,,", "'2026-02-30' does not exist"),
            (",,9999-12-31,22:00,02:00", "outside the years 1 to 9999"),
            (",,9999-12-31,,", "column 'date': the day after it lies outside the years"),
            ("\u0662026-03-02,2026-03-03,,,", "is not an ISO 8601 date"),
        ],
    )
    def test_a_bad_time_is_named_with_its_line_and_column(self, row: str, expected: str) -> None:
        zone = None if "local time" in expected else PARIS
        assert expected in fault(f"start,end,date,start_time,end_time\n{row}\n", zone=zone)

    def test_a_local_time_without_a_zone_says_what_to_do(self) -> None:
        assert "pass zone='Europe/Paris' or whichever it is" in fault("start,end\n2026-03-02,2026-03-03\n", zone=None)


class TestBadFiles:
    @pytest.mark.parametrize(
        "text, expected",
        [
            ("", "it is empty; its first line names the columns"),
            ("start,end,capcity\n", "column 'capcity' is unknown; did you mean 'capacity'?"),
            ("start,end,colour\n", "column 'colour' is unknown; rename it or drop it; slots have resource_id, start"),
            ("start,end,start\n", "line 1: the column 'start' is there twice"),
            ("start,label\n", "no column says when"),
            ("start,end\n2026-03-02\n", "line 2: it has 1 cells and the header has 2"),
            ('start,end\n"2026-03-02,2026-03-03\n', "it is no CSV"),
            ("start,end,capacity\n2026-03-02,2026-03-03,0\n", "'0' is not a whole number of at least 1"),
            ("start,end,capacity\n2026-03-02,2026-03-03,\u0661\n", "is not a whole number of at least 1"),
            ("start,end,capacity\n2026-03-02,2026-03-03,1e3\n", "is not a whole number of at least 1"),
            ("start,end,capacity\n2026-03-02,2026-03-03,9999999999\n", "is not a whole number of at least 1"),
        ],
    )
    def test_what_is_wrong_is_named(self, text: str, expected: str) -> None:
        assert expected in fault(text)

    def test_the_line_is_that_of_the_file_even_after_empty_lines_and_cells_with_line_breaks(self) -> None:
        text = '\nlabel,start,end\n"a\nb",2026-03-02,2026-03-03\n\n,nonsense,2026-03-03\n'
        assert ", line 6, column 'start'" in fault(text)

    def test_an_unknown_status_lists_the_known_ones(self) -> None:
        with pytest.raises(InputFileError, match="'maybe' is none of TENTATIVE, CONFIRMED, CANCELLED"):
            bookings("start,end,status\n2026-03-02,2026-03-03,maybe\n")

    def test_what_is_not_utf_8_is_named_with_its_line(self) -> None:
        with pytest.raises(InputFileError, match="the stream, line 2: byte 0xe9 is not UTF-8"):
            read_slots(BytesIO("start,end\né".encode("latin-1")), format="csv")

    def test_text_that_is_no_unicode_is_refused(self) -> None:
        with pytest.raises(InputFileError, match="character 0 is half of a surrogate pair"):
            read_slots(StringIO("\ud800"), format="csv")

    def test_the_format_is_taken_from_the_name_or_asked_for(self, tmp_path: Path) -> None:
        path = tmp_path / "hours.CSV"
        path.write_text("start,end\n2026-03-02,2026-03-03\n", encoding="utf-8")
        assert read_slots(path, zone=PARIS) == read_slots(str(path), zone=PARIS)
        with path.open(encoding="utf-8") as stream:
            assert len(read_slots(stream, zone=PARIS)) == 1
        with pytest.raises(InputFileError, match=r"neither \.csv nor \.json; pass format='csv'"):
            read_slots(path.rename(tmp_path / "hours.txt"))
        with pytest.raises(InputFileError, match="format='xml' is neither 'csv' nor 'json'"):
            read_slots(StringIO(), format="xml")  # type: ignore[arg-type]  # what is refused

    def test_a_stream_may_come_in_pieces(self) -> None:
        class Slow(BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                return super().read(min(7, size or 0))

        assert len(read_slots(Slow(b"start,end\n2026-03-02,2026-03-03\n"), format="csv", zone=PARIS)) == 1

    def test_a_stream_of_something_else_is_refused(self) -> None:
        class Odd(BytesIO):
            def read(self, size: int | None = -1, /) -> None:  # type: ignore[override]  # a pipe with nothing in it yet
                return None

        with pytest.raises(InputFileError, match="the stream: None is neither text nor bytes"):
            read_slots(Odd(), format="csv")

    def test_a_missing_file_is_the_error_that_open_raises(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_slots(tmp_path / "none.csv")

    def test_a_wrong_zone_or_word_is_the_fault_of_the_call_not_of_the_file(self) -> None:
        with pytest.raises(UnknownZoneError):
            slots("start,end\n", zone="Paris/Europe")
        with pytest.raises(ParseError, match="disambiguate='never'"):
            read_slots(StringIO("start,end\n"), format="csv", disambiguate="never")  # type: ignore[arg-type]  # refused

    def test_an_error_pickles_with_what_it_names(self) -> None:
        with pytest.raises(InputFileError) as caught:
            slots("start,end\nx,y\n")
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # what was just made
        assert again.values == ("the stream", "line 2, column 'start'", "x")
        assert str(again) == str(caught.value)

    def test_bad_rows_are_collected_and_the_others_read_if_a_list_is_given(self) -> None:
        text = "start,end\n2026-03-02,2026-03-03\nx,y\n1,2,3\n2026-03-04,2026-03-05\n"
        errors: list[InputFileError] = []
        found = read_slots(StringIO(text), format="csv", zone=PARIS, errors=errors)
        assert len(found) == 2
        assert ["line 3, column 'start'" in str(errors[0]), "line 4" in str(errors[1])] == [True, True]


class TestLimits:
    def test_each_limit_is_checked(self) -> None:
        text = "start,end,label\n2026-03-02,2026-03-03,abc\n2026-03-02,2026-03-03,abc\n"
        for limits, field in (
            (Limits(input_bytes=20), "input bytes"),
            (Limits(rows=1), "rows"),
            (Limits(text=9), "text"),
        ):
            with pytest.raises(LimitExceededError, match=field):
                read_slots(StringIO(text), format="csv", zone=PARIS, limits=limits)
        exact = Limits(input_bytes=len(text), rows=2, text=10)
        assert len(read_slots(StringIO(text), format="csv", zone=PARIS, limits=exact)) == 2

    def test_no_more_is_read_of_a_stream_than_the_limit_and_one(self) -> None:
        stream = BytesIO(b"x" * 1000)
        with pytest.raises(LimitExceededError):
            read_slots(stream, format="csv", limits=Limits(input_bytes=10))
        assert stream.tell() == 11

    def test_the_rows_of_json_are_counted_too(self) -> None:
        with pytest.raises(LimitExceededError, match="rows"):
            read_slots(StringIO("[{}, {}]"), format="json", limits=Limits(rows=1))

    def test_progress_is_told_every_thousand_rows_and_at_the_end(self) -> None:
        text = "start,end\n" + "2026-03-02,2026-03-03\n" * 2500
        told: list[tuple[int, int]] = []
        read_slots(StringIO(text), format="csv", zone="UTC", progress=lambda done, total: told.append((done, total)))
        assert told == [(1000, 2500), (2000, 2500), (2500, 2500)]


class TestJson:
    def test_a_list_and_an_object_that_holds_it_are_the_same(self) -> None:
        item = {
            "resource_id": 7,
            "date": "2026-03-02",
            "start_time": "09:00",
            "end_time": "10:00",
            "capacity": 2,
            "id": 1,
        }
        expected = [Slot("7", (at("2026-03-02T08:00+00:00"), at("2026-03-02T09:00+00:00")), capacity=2, id="1")]
        assert slots(json.dumps([item]), form="json") == expected
        assert slots(json.dumps({"slots": [item]}), form="json") == expected

    def test_bookings_have_seats_and_a_status(self) -> None:
        item = {"start": "2026-03-02T09:00Z", "end": "2026-03-02T10:00Z", "seats": "3", "status": None, "label": "x"}
        (booking,) = bookings(json.dumps({"bookings": [item]}), form="json")
        assert (booking.seats, booking.status, booking.label) == (3, BookingStatus.CONFIRMED, "x")

    @pytest.mark.parametrize(
        "text, expected",
        [
            ("[", "line 1, column 2: it is no JSON"),
            ("[NaN]", "NaN is no number that JSON has"),
            ("[-Infinity]", "-Infinity is no number that JSON has"),
            ("[1e400]", "1e400 is no number that JSON has"),
            ("[1.5]", "item 1: 1.5 is no object"),
            ('[{"start": 1, "end": 2, "start": 3}]', "the name 'start' is twice in one object"),
            ('{"bookings": []}', 'it is no list; write [{…}, …] or {"slots": [{…}, …]}'),
            ('{"slots": {}}', "it is no list"),
            ('[{"colour": 1}]', "item 1: the column 'colour' is unknown"),
            ('[{"start": 20260302, "end": "2026-03-03"}]', "column 'start': 20260302 is not text; put it in quotes"),
            ('[{"start": "2026-03-02", "end": "2026-03-03", "capacity": true}]', "True is not a whole number"),
            ('[{"start": "2026-03-02", "end": "2026-03-03", "capacity": 1.0}]', "1.0 is not a whole number"),
            ('[{"start": "2026-03-02", "end": "2026-03-03", "id": true}]', "True is not text"),
            ("[" * 100_000, "it is no JSON that can be read"),
            ("[" + "9" * 5000 + "]", "it is no JSON that can be read"),
            ('[{"date": "2026-03-02", "available_slots": 1}]', "'available_slots' is unknown"),
            ('[{"date": "2026-03-02", "available_slots": [1]}]', "item 1: 1 is no object"),
        ],
    )
    def test_what_is_wrong_is_named(self, text: str, expected: str) -> None:
        assert expected in fault(text, form="json")


MINUTE = timedelta(minutes=1)
NIGHTS = [at("2026-03-28T00:00+00:00"), at("2026-10-24T00:00+00:00"), at("2026-04-04T00:00+00:00")]


@st.composite
def free_times(draw: st.DrawFn) -> IntervalSet[datetime]:
    """Minutes around the nights in which clocks change, many of them touching midnight somewhere."""
    night = draw(st.sampled_from(NIGHTS))
    cuts = draw(st.lists(st.integers(0, 4000), max_size=12, unique=True).map(sorted))
    return IntervalSet(
        [(night + low * MINUTE, night + high * MINUTE) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]
    )


ZONES = st.sampled_from(["UTC", PARIS, "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"])


class TestFreeTimeWritten:
    @given(free_times(), ZONES)
    def test_csv_is_read_back_as_the_same_set(self, given_set: IntervalSet[datetime], zone: str) -> None:
        text = free_as_csv(given_set, zone)
        assert free(read_slots(StringIO(text), format="csv")) == given_set

    @given(free_times(), ZONES)
    def test_json_is_read_back_as_the_same_set(self, given_set: IntervalSet[datetime], zone: str) -> None:
        text = free_as_json(given_set, zone)
        assert free(read_slots(StringIO(text), format="json")) == given_set

    @given(free_times(), ZONES)
    def test_each_day_is_there_once_and_its_cells_begin_with_digits(
        self, given_set: IntervalSet[datetime], zone: str
    ) -> None:
        days = [day["date"] for day in json.loads(free_as_json(given_set, zone))]
        assert days == sorted(set(days))
        rows = list(csv.reader(StringIO(free_as_csv(given_set, zone))))[1:]
        assert all(cell[0] in "0123456789" for row in rows for cell in row)

    def test_the_night_of_the_fold_shows_both_half_hours(self) -> None:
        twice = IntervalSet.parse("2026-10-25T00:30Z/2026-10-25T01:00Z, 2026-10-25T01:30Z/2026-10-25T02:00Z")
        assert json.loads(free_as_json(twice, PARIS))[0]["available_slots"] == [
            {
                "start_time": "02:30",
                "end_time": "02:00",
                "start": "2026-10-25T02:30:00+02:00",
                "end": "2026-10-25T02:00:00+01:00",
            },
            {
                "start_time": "02:30",
                "end_time": "03:00",
                "start": "2026-10-25T02:30:00+01:00",
                "end": "2026-10-25T03:00:00+01:00",
            },
        ]

    def test_a_day_ends_at_2400_and_seconds_are_shown_where_there_are_any(self) -> None:
        text = free_as_csv(IntervalSet.parse("2026-03-02T22:59:30Z/2026-03-03T00:00Z"), PARIS)
        assert text.split("\r\n")[1:3] == [
            "2026-03-02,23:59:30,24:00,2026-03-02T23:59:30+01:00,2026-03-03T00:00:00+01:00",
            "2026-03-03,00:00,01:00,2026-03-03T00:00:00+01:00,2026-03-03T01:00:00+01:00",
        ]

    def test_nothing_is_an_empty_list_or_a_header(self) -> None:
        nothing: IntervalSet[datetime] = IntervalSet.empty()
        assert free_as_json(nothing, PARIS) == "[]"
        assert free_as_csv(nothing, PARIS) == "date,start_time,end_time,start,end\r\n"

    def test_an_unbounded_set_is_refused(self) -> None:
        with pytest.raises(UnboundedError):
            free_as_csv(IntervalSet.since(datetime(2026, 1, 1, tzinfo=UTC)), PARIS)


class TestExamples:
    def test_the_practice_is_open_for_four_weeks(self) -> None:
        found = read_slots(EXAMPLES / "physio_practice_slots.csv", zone=PARIS)
        assert len(found) == 43
        assert found[0].interval == Interval(at("2026-03-16T08:30+01:00"), at("2026-03-16T12:00+01:00"))
        assert found[-1].interval == Interval(at("2026-04-11T09:00+02:00"), at("2026-04-11T12:00+02:00"))

    def test_three_rooms_are_open_on_the_weekdays_of_march(self) -> None:
        found = read_slots(EXAMPLES / "clinic_three_rooms_slots.csv", zone="Europe/Madrid")
        assert {slot.resource_id for slot in found} == {"room-1", "room-2", "room-3"}
        assert len(found) == 3 * 22

    def test_the_consultant_has_local_hours_and_one_slot_in_utc(self) -> None:
        found = read_slots(EXAMPLES / "consultant_slots.json", zone="America/New_York")
        assert found[0].interval.start == datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=-5)))
        assert found[-2].interval.start == datetime(2026, 3, 20, 9, tzinfo=timezone(timedelta(hours=-4)))
        assert found[-1].label == "Saturday, by video"
