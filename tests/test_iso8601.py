"""ISO 8601 text, against the standard library, against whenever and against exact fractions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
import whenever
from hypothesis import given
from hypothesis import strategies as st

from slotcalc.errors import IntervalError, ParseError, PointTypeError, PointValueError
from slotcalc.iso8601 import (
    DatePoint,
    format_duration,
    format_interval,
    format_point,
    parse_duration,
    parse_interval,
    parse_point,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC) | offsets)
points: st.SearchStrategy[DatePoint] = st.dates() | st.datetimes() | instants
lengths = st.timedeltas() | st.builds(timedelta, hours=st.integers(-100, 100), minutes=st.integers(-100, 100))
fragments = st.text("0123456789-:TZ+.,PWDHMSY/ \u0662\uff12", max_size=3)

# The grammars once more, as regular expressions.
POINT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d(:\d\d)?)?)?", re.ASCII)
DURATION = re.compile(
    r"[+-]?P(?!$)(N W|(N D$|\d+D)?(T(?=\d)(N H$|\d+H)?(N M$|\d+M)?(N S)?)?)".replace("N ", r"\d+([.,]\d+)?"),
    re.ASCII,
)


@st.composite
def edited(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """Give one of the texts with a few characters inserted, removed or replaced."""
    text = draw(texts)
    i, j = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return text[:i] + draw(fragments) + text[min(j, i + draw(st.integers(0, 3))) :]


def utc(*fields: int) -> datetime:
    return datetime(*fields, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day and so on


# Points


@pytest.mark.parametrize(
    "text,point",
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("0001-01-01", date(1, 1, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-03-02T09:00", datetime(2026, 3, 2, 9)),
        ("2026-03-02T09:00:30", datetime(2026, 3, 2, 9, 0, 30)),
        ("2026-03-02T09:00:30.5", datetime(2026, 3, 2, 9, 0, 30, 500_000)),
        ("2026-03-02T09:00:30,000001", datetime(2026, 3, 2, 9, 0, 30, 1)),
        ("2026-03-02T09:00Z", utc(2026, 3, 2, 9)),
        ("2026-03-02T09:00:30.123Z", utc(2026, 3, 2, 9, 0, 30, 123_000)),
        ("2026-03-02T09:00+01:00", utc(2026, 3, 2, 8)),
        ("2026-03-02T09:00:00-03:30", utc(2026, 3, 2, 12, 30)),
        ("2026-03-02T09:00+01", utc(2026, 3, 2, 8)),
        ("2026-03-02T09:00+00:00", utc(2026, 3, 2, 9)),
        ("2026-03-02T09:00-00:00", utc(2026, 3, 2, 9)),
        ("2026-03-02T09:00+23:59", utc(2026, 3, 1, 9, 1)),
        ("2026-03-02T24:00", datetime(2026, 3, 3)),
        ("2026-12-31T24:00:00Z", utc(2027, 1, 1)),
        ("2026-12-31T24:00:00,000+01:00", utc(2026, 12, 31, 23)),
    ],
)
def test_a_point_is_read(text: str, point: DatePoint) -> None:
    read = parse_point(text)
    assert read == point
    assert type(read) is type(point)
    assert getattr(read, "tzinfo", None) is getattr(point, "tzinfo", None)


@pytest.mark.parametrize(
    "text,mend",
    [
        ("", "write it as 2026-03-02"),
        ("today", "write it as 2026-03-02"),
        ("2026-03-02T", "write it as 2026-03-02"),
        ("2026-03", "write it as 2026-03-02"),
        ("2026-3-2", "write it as 2026-03-02"),
        ("20260302", "write it as 2026-03-02"),
        ("20260302T0900Z", "write it as 2026-03-02"),
        ("+002026-03-02", "write it as 2026-03-02"),
        ("-2026-03-02", "write it as 2026-03-02"),
        (" 2026-03-02", "write it as 2026-03-02"),
        ("2026-03-02\n", "write it as 2026-03-02"),
        ("2026-03-02T09", "write it as 2026-03-02"),
        ("2026-03-02T09:00.5", "write it as 2026-03-02"),
        ("2026-03-02T09:00:00.", "write it as 2026-03-02"),
        ("2026-03-02T9:00", "write it as 2026-03-02"),
        ("2026-03-02T0900", "write it as 2026-03-02"),
        ("2026-03-02T09:00z", "write it as 2026-03-02"),
        ("2026-03-02T09:00 Z", "write it as 2026-03-02"),
        ("2026-03-02T09:00+0100", "write it as 2026-03-02"),
        ("2026-03-02T09:00+1", "write it as 2026-03-02"),
        ("2026-03-02T09:00\u221201:00", "write it as 2026-03-02"),
        ("2026-03-02T09:00+01:00:30", "write it as 2026-03-02"),
        ("2026-03-02T09:00Z[Europe/Berlin]", "write it as 2026-03-02"),
        ("2026-03-02Z", "write it as 2026-03-02"),
        ("\u0662\u0660\u0662\u0666-03-02", "write it as 2026-03-02"),
        ("2026-03-0\uff12", "write it as 2026-03-02"),
        ("2026-03-02T09:0\u0660", "write it as 2026-03-02"),
        ("2026-03-02 09:00", "put a T between date and time"),
        ("2026-03-02t09:00", "put a T between date and time"),
        ("2026-03-02\u200909:00", "write it as 2026-03-02"),
        ("2026-W10-1", "write week and ordinal dates as YYYY-MM-DD"),
        ("2026W101", "write week and ordinal dates as YYYY-MM-DD"),
        ("2026-061", "write week and ordinal dates as YYYY-MM-DD"),
        ("2026-03-02T09:00:00.1234567", "write at most six decimals"),
        ("2026-03-02T09:00:00,0000000Z", "write at most six decimals"),
    ],
)
def test_text_that_needs_a_guess_is_refused_with_a_way_to_write_it(text: str, mend: str) -> None:
    with pytest.raises(ParseError, match="is not an ISO 8601 date or date-time") as caught:
        parse_point(text)
    assert repr(text) in str(caught.value)
    assert mend in str(caught.value)
    assert caught.value.values == (text,)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "0000-01-01",
        "2026-04-31T09:00",
        "2026-03-02T25:00",
        "2026-03-02T09:60",
        "2026-03-02T23:59:60Z",
        "2026-03-02T09:00+24:00",
        "2026-03-02T09:00+01:60",
        "2026-03-02T09:00-01:75",
        "2026-03-02T24:01",
        "2026-03-02T24:00:00.000001",
        "2026-03-02T24:00:01Z",
    ],
)
def test_dates_and_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="does not exist: ") as caught:
        parse_point(text)
    assert repr(text) in str(caught.value)
    assert caught.value.values == (text,)


@pytest.mark.parametrize(
    "text", ["9999-12-31T24:00", "9999-12-31T24:00Z", "0001-01-01T00:00+00:01", "9999-12-31T23:59:59.999999-00:01"]
)
def test_an_instant_outside_the_years_1_to_9999_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="lies outside the years 1 to 9999"):
        parse_point(text)


@given(instants)
def test_an_instant_is_read_as_whenever_reads_it(instant: datetime) -> None:
    text = instant.isoformat()
    read = parse_point(text)
    assert read == whenever.OffsetDateTime.parse_iso(text).to_instant().to_stdlib()


@given(points)
def test_a_point_comes_back_from_its_text(point: DatePoint) -> None:
    read = parse_point(format_point(point))
    assert read == point
    assert type(read) is type(point)


@given(points.map(format_point), st.integers(0, 40), st.sampled_from([0x660, 0xFF10, 0x1D7CE]))
def test_a_digit_of_another_script_is_no_digit(text: str, pick: int, zero: int) -> None:
    places = [i for i, c in enumerate(text) if c.isdigit()]
    i = places[pick % len(places)]
    with pytest.raises(ParseError):
        parse_point(text[:i] + chr(zero + int(text[i])) + text[i + 1 :])


@given(edited(points.map(format_point)) | edited(st.sampled_from(["2026-03-02T24:00Z", "2026-12-31T09:00+01"])))
def test_a_point_is_read_exactly_if_its_text_is_well_formed_and_it_exists(text: str) -> None:
    try:
        parse_point(text)
    except ParseError as error:
        assert ("is not an ISO 8601 date or date-time" in str(error)) is not bool(POINT.fullmatch(text))  # noqa: PT017
    else:
        assert POINT.fullmatch(text)


@pytest.mark.parametrize(
    "point,text",
    [
        (date(2026, 3, 2), "2026-03-02"),
        (date(1, 1, 1), "0001-01-01"),
        (datetime(2026, 3, 2, 9), "2026-03-02T09:00:00"),
        (datetime(2026, 3, 2, 9, 0, 0, 500_000), "2026-03-02T09:00:00.500000"),
        (utc(2026, 3, 2, 9), "2026-03-02T09:00:00Z"),
        (utc(1, 1, 1), "0001-01-01T00:00:00Z"),
        (utc(2026, 3, 2, 9, 0, 0, 1), "2026-03-02T09:00:00.000001Z"),
        (datetime(2026, 1, 2, 9, tzinfo=ZoneInfo("Europe/London")), "2026-01-02T09:00:00Z"),
        (datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("Europe/Berlin")), "2026-03-02T09:00:00+01:00"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")), "2026-10-25T02:30:00+02:00"),
        (datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")), "2026-10-25T02:30:00+01:00"),
        (datetime(2026, 3, 2, 9, tzinfo=timezone(-HOUR * 3.5)), "2026-03-02T09:00:00-03:30"),
        (datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(seconds=30))), "2026-03-02T08:59:30Z"),
        (datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(microseconds=1))), "2026-03-02T08:59:59.999999Z"),
    ],
)
def test_a_point_has_one_text(point: DatePoint, text: str) -> None:
    assert format_point(point) == text


@pytest.mark.parametrize("value", [1, 1.5, None, "2026-03-02", time(9), DAY])
def test_what_is_no_date_or_datetime_has_no_text(value: object) -> None:
    with pytest.raises(PointTypeError, match="has no ISO 8601 text") as caught:
        format_point(value)  # type: ignore[arg-type]  # refused by the checker, too
    assert caught.value.values == (value,)


def test_an_offset_with_seconds_before_the_first_instant_has_no_text() -> None:
    with pytest.raises(PointValueError, match="outside the years 1 to 9999"):
        format_point(datetime(1, 1, 1, tzinfo=timezone(timedelta(seconds=30))))


# Lengths of time


@pytest.mark.parametrize(
    "text,length",
    [
        ("PT0S", timedelta()),
        ("P0D", timedelta()),
        ("PT8H", 8 * HOUR),
        ("PT08H", 8 * HOUR),
        ("+PT8H", 8 * HOUR),
        ("-PT8H", -8 * HOUR),
        ("PT90M", 1.5 * HOUR),
        ("PT1H30M", 1.5 * HOUR),
        ("PT1.5H", 1.5 * HOUR),
        ("PT1,5H", 1.5 * HOUR),
        ("PT1H0.5M", timedelta(hours=1, seconds=30)),
        ("PT0.000001S", timedelta.resolution),
        ("PT0.0000010S", timedelta.resolution),
        ("PT0.1H", timedelta(minutes=6)),
        ("PT1H30S", timedelta(hours=1, seconds=30)),
        ("P1D", DAY),
        ("P0.5D", DAY / 2),
        ("P1DT30M", timedelta(days=1, minutes=30)),
        ("P1DT0.5S", timedelta(days=1, milliseconds=500)),
        ("P1W", 7 * DAY),
        ("-P2W", -14 * DAY),
        ("P0.5W", 3.5 * DAY),
        ("P1DT2H3M4.000005S", timedelta(1, 4, 5, 0, 3, 2)),
        ("P999999999DT23H59M59.999999S", timedelta.max),
        ("-P999999999D", timedelta.min),
        ("PT" + "0" * 150 + "1S", timedelta(seconds=1)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text,why",
    [
        ("", "has to begin with P"),
        ("8H", "has to begin with P"),
        ("pt8h", "has to begin with P"),
        ("T8H", "has to begin with P"),
        ("--PT8H", "has to begin with P"),
        (" PT8H", "has to begin with P"),
        ("P", "something has to follow"),
        ("PT", "something has to follow"),
        ("P1DT", "something has to follow"),
        ("P1Y", "years and months have no fixed length"),
        ("P1M", "years and months have no fixed length"),
        ("P1Y2M3DT4H", "years and months have no fixed length"),
        ("P1W2D", "weeks stand alone"),
        ("P1WT1H", "weeks stand alone"),
        ("P1D1W", "'1D1' before W is not a number in digits"),
        ("P1W1W", "'1W' does not go on"),
        ("P1D1D", "'1D' does not go on"),
        ("P8H", "'8H' does not go on"),
        ("PT1D", "'1D' does not go on"),
        ("PT30M1H", "'30M1' before H is not a number in digits"),
        ("PT1H1H", "'1H' does not go on"),
        ("PT8H ", "' ' does not go on"),
        ("PT8", "'8' does not go on"),
        ("P1", "'1' does not go on"),
        ("PTH", "'' before H is not a number in digits"),
        ("PD", "'' before D is not a number in digits"),
        ("PT.5H", "'.5' before H is not a number in digits"),
        ("PT5.H", "'5.' before H is not a number in digits"),
        ("PT1.2.3H", "'1.2.3' before H is not a number in digits"),
        ("PT1.5,5H", "'1.5,5' before H is not a number in digits"),
        ("PT-8H", "'-8' before H is not a number in digits"),
        ("PT+8H", "'+8' before H is not a number in digits"),
        ("PT1_0H", "'1_0' before H is not a number in digits"),
        ("PT1e3S", "'1e3' before S is not a number in digits"),
        ("PT\u0668H", "'\u0668' before H is not a number in digits"),
        ("PT\u00b2H", "'\u00b2' before H is not a number in digits"),
        ("PT1T1H", "'1T1' before H is not a number in digits"),
        ("PT1.5H30M", "'1.5' has decimals, which only the last part may have"),
        ("P1.5DT1H", "'1.5' has decimals, which only the last part may have"),
        ("PT1H1.5M1S", "'1.5' has decimals, which only the last part may have"),
        ("PT0.0000001S", "'0.0000001S' is not a whole number of microseconds"),
        ("PT0.00000001M", "'0.00000001M' is not a whole number of microseconds"),
    ],
)
def test_text_that_is_no_duration_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_duration(text)
    assert str(caught.value).startswith(f"{text!r} is not an ISO 8601 duration such as PT8H or P1DT30M: ")
    assert why in str(caught.value)
    assert caught.value.values == (text,)


@pytest.mark.parametrize("text", ["P1000000000D", "-P999999999DT0.000001S", "PT" + "9" * 190 + "S", "P999999999W"])
def test_a_duration_that_no_timedelta_holds_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="is longer than a timedelta can be"):
        parse_duration(text)


@given(lengths)
def test_a_length_comes_back_from_its_text(length: timedelta) -> None:
    assert parse_duration(format_duration(length)) == length


@given(st.timedeltas(timedelta(days=-3_000_000), timedelta(days=3_000_000)))
def test_hours_minutes_and_seconds_are_read_as_whenever_reads_them(length: timedelta) -> None:
    hours, rest = divmod(abs(length), HOUR)
    minutes, seconds = divmod(rest.seconds, 60)
    text = f"{'-' if length < timedelta() else ''}PT{hours}H{minutes}M{seconds}.{rest.microseconds:06d}S"
    assert parse_duration(text) == length == whenever.TimeDelta.parse_iso(text).to_stdlib()


@given(
    st.tuples(*[st.none() | st.integers(0, 10_000)] * 4),
    st.text("0123456789", max_size=9),
    st.sampled_from(".,"),
    st.booleans(),
)
def test_the_parts_of_a_duration_add_up_exactly(
    parts: tuple[int | None, ...], decimals: str, sign: str, negative: bool
) -> None:
    present = [(n, unit) for n, unit in zip(parts, "DHMS", strict=True) if n is not None]
    numbers = [str(n) for n, _ in present]
    total = sum((Fraction(n) * SECONDS[unit] for n, unit in present), Fraction(0))
    if present and decimals:
        numbers[-1] += sign + decimals
        total += Fraction(int(decimals), 10 ** len(decimals)) * SECONDS[present[-1][1]]
    texts = [number + unit for number, (_, unit) in zip(numbers, present, strict=True)]
    clock = "".join(text for text in texts if not text.endswith("D"))
    text = f"{'-' * negative}P{''.join(text for text in texts if text.endswith('D'))}{'T' * bool(clock)}{clock}"
    if present and (total * 1_000_000).denominator == 1:
        assert parse_duration(text) == timedelta(microseconds=int(total * 1_000_000)) * (-1 if negative else 1)
    else:
        with pytest.raises(ParseError):
            parse_duration(text)


SECONDS = {"D": 86_400, "H": 3_600, "M": 60, "S": 1}


@given(edited(lengths.map(format_duration)) | edited(st.sampled_from(["P2W", "PT1.5H", "P1DT2H3M4,5S", "+P0D"])))
def test_a_duration_is_read_exactly_if_its_text_is_well_formed_and_a_timedelta_holds_it(text: str) -> None:
    try:
        length = parse_duration(text)
    except ParseError as error:
        is_well_formed = "longer than a timedelta" in str(error) or "whole number of microseconds" in str(error)
        assert is_well_formed is bool(DURATION.fullmatch(text))
    else:
        assert DURATION.fullmatch(text)
        assert parse_duration(format_duration(length)) == length


@pytest.mark.parametrize(
    "length,text",
    [
        (timedelta(), "PT0S"),
        (8 * HOUR, "PT8H"),
        (timedelta(days=1, minutes=30), "P1DT30M"),
        (timedelta(milliseconds=500), "PT0.5S"),
        (timedelta(milliseconds=-500), "-PT0.5S"),
        (timedelta.resolution, "PT0.000001S"),
        (timedelta(seconds=10), "PT10S"),
        (timedelta(minutes=1, seconds=1), "PT1M1S"),
        (timedelta(hours=10, minutes=20, seconds=30, milliseconds=100), "PT10H20M30.1S"),
        (timedelta(hours=1, seconds=1), "PT1H1S"),
        (14 * DAY, "P14D"),
        (-HOUR, "-PT1H"),
        (-25 * HOUR, "-P1DT1H"),
        (timedelta.max, "P999999999DT23H59M59.999999S"),
        (timedelta.min, "-P999999999D"),
    ],
)
def test_a_length_has_one_text(length: timedelta, text: str) -> None:
    assert format_duration(length) == text


@pytest.mark.parametrize("value", [1, 1.5, None, "PT8H", date(2026, 3, 2)])
def test_what_is_no_timedelta_has_no_text_as_a_duration(value: object) -> None:
    with pytest.raises(PointTypeError, match="has no ISO 8601 text as a duration"):
        format_duration(value)  # type: ignore[arg-type]  # refused by the checker, too


# Intervals


@pytest.mark.parametrize(
    "text,start,end",
    [
        ("2026-03-02/2026-03-04", date(2026, 3, 2), date(2026, 3, 4)),
        ("2026-03-02/P2D", date(2026, 3, 2), date(2026, 3, 4)),
        ("2026-03-02/PT48H", date(2026, 3, 2), date(2026, 3, 4)),
        ("P1W/2026-03-09", date(2026, 3, 2), date(2026, 3, 9)),
        ("2026-03-02/04", date(2026, 3, 2), date(2026, 3, 4)),
        ("2026-03-02/04-01", date(2026, 3, 2), date(2026, 4, 1)),
        ("2026-03-02T09:00/2026-03-02T17:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("2026-03-02T09:00/PT8H", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("2026-03-02T09:00/+PT8H", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("PT8H/2026-03-02T17:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("2026-03-02T09:00/17:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("2026-03-02T09:00/T17:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        ("2026-03-02T09:00/03T17:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 3, 17)),
        ("2026-03-02T09:00/04-01T17:00", datetime(2026, 3, 2, 9), datetime(2026, 4, 1, 17)),
        ("2026-03-02T09:00/24:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 3)),
        ("2026-03-02T09:00Z/2026-03-02T17:00Z", utc(2026, 3, 2, 9), utc(2026, 3, 2, 17)),
        ("2026-03-02T09:00+01:00/2026-03-02T17:00+02:00", utc(2026, 3, 2, 8), utc(2026, 3, 2, 15)),
        ("2026-03-02T09:00Z/PT8H", utc(2026, 3, 2, 9), utc(2026, 3, 2, 17)),
        ("2026-03-02T09:00Z/P0.5D", utc(2026, 3, 2, 9), utc(2026, 3, 2, 21)),
        ("PT8H/2026-03-02T17:00+01:00", utc(2026, 3, 2, 8), utc(2026, 3, 2, 16)),
        ("2026-03-02T09:00Z/17:00", utc(2026, 3, 2, 9), utc(2026, 3, 2, 17)),
        ("2026-03-02T09:00:00.5Z/09:00:00,6", utc(2026, 3, 2, 9, 0, 0, 500_000), utc(2026, 3, 2, 9, 0, 0, 600_000)),
        ("2026-03-02T00:30+01:00/17:00", utc(2026, 3, 1, 23, 30), utc(2026, 3, 2, 16)),
        ("2026-03-02T22:30-03:00/03T02:00", utc(2026, 3, 3, 1, 30), utc(2026, 3, 3, 5)),
        ("2026-03-02T09:00-03/2026-03-02T17:00", utc(2026, 3, 2, 12), utc(2026, 3, 2, 20)),
    ],
)
def test_an_interval_is_read(text: str, start: DatePoint, end: DatePoint) -> None:
    assert parse_interval(text) == (start, end)
    assert [type(point) for point in parse_interval(text)] == [type(start), type(end)]


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-02", "PT8H", "PT8H/PT9H", "-PT8H/+PT9H", "2026-03-02/2026-03-03/2026-03-04", "R5/2026-03-02/P1D"],
)
def test_text_without_two_ends_is_no_interval(text: str) -> None:
    with pytest.raises(ParseError, match="write start/end, start/duration or duration/end") as caught:
        parse_interval(text)
    assert caught.value.values == (text,)


@pytest.mark.parametrize(
    "text,bad",
    [
        ("/2026-03-02", ""),
        ("2026-03-02/", ""),
        ("2026-03-02T09:00Z/", ""),
        ("2026-03-02/..", ".."),
        ("2026-03-02/T", "T"),
        ("2026-03-02/03T", "03T"),
        ("2026-03-02/T17:00", "T17:00"),
        ("2026-03-02/17:00", "17:00"),
        ("2026-03-02/3", "3"),
        ("2026-03-02/003", "003"),
        ("2026-03-02/\u0660\u0663", "\u0660\u0663"),
        ("2026-03-02T09:00/30", "30"),
        ("2026-03-02T09:00/2026T17:00", "2026T17:00"),
        ("2026-03-02T09:00Z/17:00Z", "17:00Z"),
        ("2026-03-02T09:00+01:00/17:00+02:00", "17:00+02:00"),
        ("2026-03-02T09:00/03T17:00Z", "03T17:00Z"),
        ("2026-03-02T09:00/17:60", "2026-03-02T17:60"),
        ("2026-03-02T09:00--17:00/18:00", "2026-03-02T09:00--17:00"),
    ],
)
def test_an_end_that_needs_a_guess_is_refused(text: str, bad: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_interval(text)
    assert caught.value.values == (bad,)


@pytest.mark.parametrize("text", ["2026-03-02/P1M", "P1Y/2026-03-02", "2026-03-02T09:00Z/PT"])
def test_the_duration_of_an_interval_is_read_as_strictly_as_any(text: str) -> None:
    with pytest.raises(ParseError, match="is not an ISO 8601 duration"):
        parse_interval(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02/2026-03-02T17:00",
        "2026-03-02T09:00/2026-03-03",
        "2026-03-02T09:00Z/2026-03-03",
        "2026-03-02T09:00/2026-03-02T17:00Z",
    ],
)
def test_ends_of_two_kinds_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="has ends of two kinds") as caught:
        parse_interval(text)
    assert caught.value.values == (text,)


@pytest.mark.parametrize("text", ["2026-03-02/PT8H", "PT8H/2026-03-02", "2026-03-02/P1DT0.000001S"])
def test_a_date_is_not_moved_by_a_part_of_a_day(text: str) -> None:
    with pytest.raises(ParseError, match="moves a date by a part of a day") as caught:
        parse_interval(text)
    assert caught.value.values == (text,)


@pytest.mark.parametrize(
    "text",
    ["9999-12-31/P1D", "P1D/0001-01-01", "9999-12-31T23:00Z/PT1H", "PT1H/0001-01-01T00:00", "2026-03-02/P999999999D"],
)
def test_an_interval_that_reaches_outside_of_time_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="reaches outside the years 1 to 9999") as caught:
        parse_interval(text)
    assert caught.value.values == (text,)


@pytest.mark.parametrize(
    "text,what",
    [
        ("2026-03-02/2026-03-02", "is empty"),
        ("2026-03-02/P0D", "is empty"),
        ("2026-03-02T09:00Z/2026-03-02T10:00+01:00", "is empty"),
        ("2026-03-02/2026-03-01", "ends before it starts"),
        ("2026-03-02T22:00/02:00", "ends before it starts"),
        ("2026-03-02T09:00Z/-PT8H", "ends before it starts"),
        ("-PT8H/2026-03-02T09:00Z", "ends before it starts"),
    ],
)
def test_an_interval_starts_before_it_ends(text: str, what: str) -> None:
    with pytest.raises(IntervalError, match=what) as caught:
        parse_interval(text)
    assert repr(text) in str(caught.value)
    assert len(caught.value.values) == 2


def test_hours_of_an_interval_are_elapsed_time_over_a_change_of_the_clocks() -> None:
    start, end = parse_interval("2026-03-29T00:00+01:00/PT24H")
    berlin = ZoneInfo("Europe/Berlin")
    assert isinstance(start, datetime)
    assert isinstance(end, datetime)
    assert [point.astimezone(berlin).isoformat() for point in (start, end)] == [
        "2026-03-29T00:00:00+01:00",
        "2026-03-30T01:00:00+02:00",
    ]


@given(st.sampled_from([st.dates(), st.datetimes(), instants]).flatmap(lambda kind: st.tuples(kind, kind)))
def test_an_interval_comes_back_from_its_text(ends: tuple[DatePoint, DatePoint]) -> None:
    first, second = ends
    if first == second:
        with pytest.raises(IntervalError):
            parse_interval(format_interval(first, second))
    else:
        start, end = sorted(ends)
        assert parse_interval(format_interval(start, end)) == (start, end)


@given(instants, st.timedeltas(timedelta.resolution, 2 * DAY))
def test_a_start_with_a_length_is_the_interval_that_the_length_with_the_end_is(
    start: datetime, length: timedelta
) -> None:
    end = start + length
    read = parse_interval(f"{format_point(start)}/{format_duration(length)}")
    assert read == parse_interval(f"{format_duration(length)}/{format_point(end)}") == (start, end)


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 1)),
    st.timedeltas(timedelta.resolution, 400 * DAY),
    st.sampled_from(["", "Z", "+05:30", "-09", "-00:01"]),
)
def test_an_end_may_leave_out_what_it_shares_with_the_start(start: datetime, length: timedelta, offset: str) -> None:
    end = min(start + length, datetime(9999, 12, 29))
    first, second = start.isoformat(), end.isoformat()
    shared = next(n for n in (11, 8, 5, 0) if first[:n] == second[:n])
    expected = parse_point(first + offset), parse_point(second + offset)
    assert parse_interval(f"{first}{offset}/{second[shared:]}") == expected
    assert parse_interval(f"{first}{offset}/{second}") == expected


@given(edited(st.builds(format_interval, points, points)), st.booleans())
def test_any_text_is_an_interval_or_one_of_two_errors(text: str, swap: bool) -> None:
    head, slash, tail = text.partition("/")
    try:
        start, end = parse_interval(f"{tail}{slash}{head}" if swap else text)
    except (ParseError, IntervalError):
        return
    assert parse_interval(format_interval(start, end)) == (start, end)


def test_an_interval_is_written_with_both_ends_in_full() -> None:
    text = "2026-03-02T09:00:00Z/2026-03-02T17:00:00Z"
    assert format_interval(utc(2026, 3, 2, 9), utc(2026, 3, 2, 17)) == text


# Any text


def test_text_longer_than_any_point_or_interval_is_refused_at_once() -> None:
    bomb = "P" + "1" * 20_000_000 + "D"
    for parse in (parse_point, parse_duration, parse_interval):
        with pytest.raises(ParseError, match="goes on to 20000002 characters") as caught:
            parse(bomb)
        assert len(str(caught.value)) < 200


def test_text_of_200_characters_is_still_read() -> None:
    assert parse_duration("PT" + "0" * 196 + "1S") == timedelta(seconds=1)
    with pytest.raises(ParseError, match="goes on to 201 characters"):
        parse_duration("PT" + "0" * 197 + "1S")


@pytest.mark.parametrize("value", [None, 20260302, b"2026-03-02", date(2026, 3, 2), ["2026-03-02"]])
def test_only_text_is_read(value: object) -> None:
    for parse in (parse_point, parse_duration, parse_interval):
        with pytest.raises(PointTypeError, match="is not text"):
            parse(value)  # type: ignore[arg-type]  # refused by the checker, too
