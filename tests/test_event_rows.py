"""Events as rows of a table and back: without loss on any night of any zone, and from tables that keep less."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    AuditEvent,
    Interval,
    IntervalError,
    LocalTimeError,
    ParseError,
    PointTypeError,
    UnknownZoneError,
)
from slotcalc.diff.rows import COLUMNS, from_rows, to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

TICK = timedelta(microseconds=1)
LEGACY = COLUMNS[:10]

# A night or day of each zone on which its clocks do something odd.
SCENES = [
    ("Europe/Paris", datetime(2026, 3, 29, 1, tzinfo=UTC)),  # a gap at 02:00
    ("Europe/Paris", datetime(2026, 10, 25, 1, tzinfo=UTC)),  # a fold at 02:00
    ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),  # a gap at midnight
    ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),  # the last hour of a day, twice
    ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),  # the first hour of a day, twice
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # one minute after midnight, an hour back
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a day that never was
    ("Pacific/Kwajalein", datetime(1969, 10, 1, tzinfo=UTC)),  # a day nearly twice
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # half an hour
    ("Africa/Monrovia", datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)),  # 44 minutes and 30 seconds
    ("Europe/Amsterdam", datetime(1937, 6, 30, 22, 40, 28, tzinfo=UTC)),  # 19 minutes and 32 seconds until then
    ("Asia/Kathmandu", datetime(2026, 3, 2, tzinfo=UTC)),
    ("UTC", datetime(2026, 3, 2, tzinfo=UTC)),
]
lengths = st.sampled_from([TICK, timedelta(seconds=1), timedelta(minutes=30), timedelta(hours=1), timedelta(days=1)])


@st.composite
def nights(draw: st.DrawFn) -> tuple[str, list[AuditEvent]]:
    """Draw a zone, and events around the moment when its clocks do something odd."""
    zone, moment = draw(st.sampled_from(SCENES))
    offsets = st.builds(lambda length, n: n * length, lengths, st.integers(-50, 50))
    made = []
    for number in range(draw(st.integers(1, 3))):
        start = moment + draw(offsets)
        end = start + draw(lengths) * draw(st.integers(1, 60))
        made.append(
            AuditEvent(
                "r",
                draw(st.sampled_from(["added", "removed"])),
                (start, end),
                capacity=draw(st.integers(1, 2)),
                slot_id=draw(st.sampled_from([None, "", "s1"])),
                label=draw(st.sampled_from(["", "L"])),
                notes=draw(st.sampled_from(["", "n"])),
                changed_at=draw(st.sampled_from([None, moment, moment + TICK])),
                changed_by="ada",
                change_id=draw(st.sampled_from(["", "c1"])),
                revision=number,
                ordinal=number,
                id=f"e{number}",
            )
        )
    return zone, made


@given(nights())
def test_rows_give_the_events_back_as_they_were(night: tuple[str, list[AuditEvent]]) -> None:
    zone, events = night
    rows = to_rows(events, zone)
    assert from_rows(rows, zone) == events
    assert sorted(from_rows(rows[::-1], zone), key=lambda e: e.id) == events
    assert from_rows(rows, "Asia/Tokyo") == events  # the exact ends need no zone


@given(nights())
def test_there_is_one_row_for_each_local_day(night: tuple[str, list[AuditEvent]]) -> None:
    zone, events = night
    for event in events:
        rows = to_rows([event], zone)
        days = [row["date"] for row in rows]
        assert days == sorted(set(days)) == local_days(event.interval, ZoneInfo(zone))
        for row in rows:
            assert tuple(row) == COLUMNS
        for before, after in pairwise(rows):
            assert before["end_time"] == "24:00", before
            assert after["start_time"] != "24:00", after


def local_days(interval: Interval[datetime], zone: ZoneInfo) -> list[str]:
    """Return the dates that the clocks show within an interval, looked up every quarter of an hour."""
    shown = {(interval.end - TICK).astimezone(zone).date()}
    moment = interval.start
    while moment < interval.end:
        shown.add(moment.astimezone(zone).date())
        moment += timedelta(minutes=15)
    return [day.isoformat() for day in sorted(shown)]


@given(nights())
def test_a_table_with_ten_columns_gives_back_what_clocks_can_tell(night: tuple[str, list[AuditEvent]]) -> None:
    zone, events = night
    place = ZoneInfo(zone)
    told = [e for e in events if is_plain(e.interval.start, place) and is_plain(e.interval.end, place)]
    kept = from_rows(legacy(to_rows(told, zone)), zone)
    lost = {"change_id": "", "revision": 0, "ordinal": 0, "capacity": 1, "slot_id": None, "label": ""}
    assert kept == [event.replace(**lost) for event in told]


def is_plain(moment: datetime, zone: ZoneInfo) -> bool:
    """Return whether the clocks show this local time once: its two readings are one moment."""
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return len({wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}) == 1


def legacy(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows as a table with the ten common columns keeps them."""
    return [{name: row[name] for name in LEGACY} for row in rows]


def event(text: str, **fields: Any) -> AuditEvent:
    return AuditEvent("r", "removed", Interval.parse(text), id="e1", **fields)


def row(**fields: Any) -> dict[str, Any]:
    """Return a row of a table with the ten common columns."""
    return {
        "id": "e1",
        "resource_id": "r",
        "date": "2026-03-02",
        "start_time": "09:00",
        "end_time": "12:00",
        "action": "REMOVED",
        "reason": "personal",
        "changed_at": "2026-03-01T12:00:00+01:00",
        "changed_by": "ada",
        "notes": "dentist",
    } | fields


def clocks(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["date"], row["start_time"], row["end_time"]) for row in rows]


def test_rows_of_no_events_are_none() -> None:
    assert to_rows([], "UTC") == []
    assert from_rows([], "UTC") == []


def test_a_row_has_the_columns_that_people_have() -> None:
    made = event(
        "2026-03-02T08:00Z/2026-03-02T11:30Z", reason="personal", changed_at=datetime(2026, 3, 1, 11, tzinfo=UTC)
    )
    (only,) = to_rows([made], "Europe/Paris")
    assert {name: only[name] for name in LEGACY} == {
        "id": "e1",
        "resource_id": "r",
        "date": "2026-03-02",
        "start_time": "09:00",
        "end_time": "12:30",
        "action": "REMOVED",
        "reason": "personal",
        "changed_at": "2026-03-01T12:00:00+01:00",
        "changed_by": "",
        "notes": "",
    }
    assert (only["start"], only["end"]) == ("2026-03-02T08:00:00Z", "2026-03-02T11:30:00Z")


def test_an_event_up_to_midnight_ends_at_24_00() -> None:
    made = event("2026-03-02T22:00+01:00/2026-03-03T00:00+01:00")
    assert clocks(to_rows([made], "Europe/Paris")) == [("2026-03-02", "22:00", "24:00")]
    assert clocks(to_rows([event("2026-03-01T00:00Z/P2D")], "UTC")) == [
        ("2026-03-01", "00:00", "24:00"),
        ("2026-03-02", "00:00", "24:00"),
    ]


def test_seconds_and_microseconds_are_shown_where_there_are_any() -> None:
    start = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
    made = AuditEvent("r", "added", (start, datetime(2026, 3, 2, 10, 0, 0, 1, tzinfo=UTC)), id="e1")
    assert clocks(to_rows([made], "UTC")) == [("2026-03-02", "09:00:30", "10:00:00.000001")]


def test_a_skipped_day_has_no_row() -> None:
    made = event("2011-12-29T00:00-10:00/2011-12-31T12:00+14:00")
    rows = to_rows([made], "Pacific/Apia")
    assert clocks(rows) == [("2011-12-29", "00:00", "24:00"), ("2011-12-31", "00:00", "12:00")]
    assert from_rows(legacy(rows), "Pacific/Apia")[0].interval == made.interval


def test_a_time_that_is_there_twice_is_read_as_asked() -> None:
    rows = [row(date="2026-10-25", start_time="02:30", end_time="04:00")]
    starts = {
        way: from_rows(rows, "Europe/Paris", disambiguate=way)[0].interval.start
        for way in ("compatible", "earlier", "later")
    }
    early, late = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert starts == {"compatible": early, "earlier": early, "later": late}
    with pytest.raises(LocalTimeError):
        from_rows(rows, "Europe/Paris", disambiguate="raise")


@pytest.mark.parametrize(
    "changes",
    [
        {"date": date(2026, 3, 2), "start_time": time(9), "end_time": time(12)},
        {"start_time": timedelta(hours=9), "end_time": timedelta(hours=12)},
        {"start_time": "09:00:00", "end_time": "12:00:00.000000"},
        {"changed_at": datetime(2026, 3, 1, 11, tzinfo=UTC)},
        {"changed_at": datetime(2026, 3, 1, 12)},
        {"changed_at": "2026-03-01T12:00"},
        {"changed_at": datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=1)))},
        {"action": "removed"},
        {"start": None, "end": "", "capacity": None, "revision": None, "surplus": 7},
        {"start": datetime(2026, 3, 2, 8, tzinfo=UTC), "end": datetime(2026, 3, 2, 11, tzinfo=UTC), "date": "whatever"},
    ],
    ids=repr,
)
def test_values_may_be_of_the_types_that_drivers_give(changes: dict[str, Any]) -> None:
    (plain,), (read,) = from_rows([row()], "Europe/Paris"), from_rows([row(**changes)], "Europe/Paris")
    assert read == plain
    assert plain == AuditEvent(
        "r",
        "removed",
        Interval.parse("2026-03-02T08:00Z/2026-03-02T11:00Z"),
        reason="personal",
        notes="dentist",
        changed_at=datetime(2026, 3, 1, 11, tzinfo=UTC),
        changed_by="ada",
        id="e1",
    )


def test_empty_columns_are_read_as_nothing_said() -> None:
    (read,) = from_rows([row(id=7, changed_at=None, changed_by=None, notes=None)], "UTC")
    assert (read.id, read.changed_at, read.changed_by, read.notes) == ("7", None, "", "")


def test_a_time_of_day_keeps_its_microseconds() -> None:
    (read,) = from_rows([row(start_time=time(9, 0, 1, 2), end_time="24:00")], "UTC")
    assert read.interval == Interval(datetime(2026, 3, 2, 9, 0, 1, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))


def test_days_of_one_event_are_put_together_in_any_order() -> None:
    rows = [
        row(date="2026-03-03", start_time="00:00", end_time="24:00"),
        row(id="e2"),
        row(date="2026-03-04", start_time="00:00", end_time="01:00"),
        row(date="2026-03-02", start_time="22:00", end_time="24:00"),
    ]
    first, second = from_rows(rows, "UTC")
    assert (first.id, second.id) == ("e1", "e2")
    assert first.interval == Interval.parse("2026-03-02T22:00Z/2026-03-04T01:00Z")


@pytest.mark.parametrize(
    "second",
    [
        {"date": "2026-03-03"},
        {"date": "2026-03-02", "start_time": "11:00", "end_time": "13:00"},
        {},
        {"start_time": "12:00", "end_time": "13:00", "reason": "conflict"},
        {"start_time": "12:00", "end_time": "13:00", "action": "ADDED"},
        {"start_time": "12:00", "end_time": "13:00", "changed_by": "ben"},
        {"start_time": "12:00", "end_time": "13:00", "resource_id": "s"},
        {"start_time": "12:00", "end_time": "13:00", "changed_at": None},
        {"start_time": "12:00", "end_time": "13:00", "revision": 2},
        {"start_time": "12:00", "end_time": "13:00", "start": "2026-03-02T09:00Z"},
    ],
    ids=repr,
)
def test_rows_of_one_event_that_contradict_each_other_are_refused(second: dict[str, Any]) -> None:
    with pytest.raises(ParseError, match=r"differ in|gap or overlap") as caught:
        from_rows([row(), row(**second)], "UTC")
    assert len(caught.value.values) == 2


@pytest.mark.parametrize("column", LEGACY)
def test_a_row_without_a_column_that_people_have_is_refused(column: str) -> None:
    rows = [{name: value for name, value in row().items() if name != column}]
    with pytest.raises(ParseError, match=f"has no column {column}"):
        from_rows(rows, "UTC")


@pytest.mark.parametrize("odd", [("e1", "tutor-1"), "e1", None])
def test_a_row_that_is_no_mapping_is_refused(odd: Any) -> None:
    with pytest.raises(PointTypeError, match=r"is no row by names of columns; pass dict\(row\)"):
        from_rows([row(), odd], "UTC")


@pytest.mark.parametrize(
    "change, error",
    [
        ({"date": "soon"}, ParseError),
        ({"date": None}, ParseError),
        ({"date": datetime(2026, 3, 2)}, ParseError),
        ({"date": "2026-03-02T00:00"}, ParseError),
        ({"date": 20260302}, PointTypeError),
        ({"start_time": "9 o'clock"}, ParseError),
        ({"end_time": "25:00"}, ParseError),
        ({"end_time": None}, PointTypeError),
        ({"end_time": 12}, PointTypeError),
        ({"end_time": "09:00"}, IntervalError),
        ({"end_time": "08:00"}, IntervalError),
        ({"changed_at": "lately"}, ParseError),
        ({"changed_at": 7}, PointTypeError),
        ({"changed_at": date(2026, 3, 1)}, PointTypeError),
        ({"reason": None}, PointTypeError),
        ({"resource_id": 7}, PointTypeError),
        ({"start": "2026-03-02T10:00Z", "end": "2026-03-02T09:00Z"}, IntervalError),
    ],
    ids=repr,
)
def test_bad_values_in_rows_get_one_clear_error(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        from_rows([row(**change)], "UTC")


@pytest.mark.parametrize(
    "points", [(9, 12), (date(2026, 3, 2), date(2026, 3, 3)), (datetime(2026, 3, 2), datetime(2026, 3, 3))]
)
def test_only_instants_have_rows(points: Any) -> None:
    with pytest.raises(PointTypeError, match="is no instant"):
        to_rows([AuditEvent("r", "added", points, id="e1")], "UTC")


def test_a_zone_is_always_named() -> None:
    for call in (to_rows, from_rows):
        with pytest.raises(UnknownZoneError):
            call([], "Europe/Nowhere")


def test_events_of_a_preview_have_no_id_by_which_to_put_them_together() -> None:
    previews = [event("2026-03-02T09:00Z/PT1H").replace(id=""), event("2026-03-02T11:00Z/PT1H").replace(id="")]
    with pytest.raises(ParseError, match="two rows of the event '' differ in start"):
        from_rows(to_rows(previews, "UTC"), "UTC")
