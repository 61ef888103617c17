"""Tables that were there before are read exactly, on every night, and edited so that others can read them."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from slotcalc import (
    Booking,
    Interval,
    IntervalSet,
    LocalTimeError,
    ParseError,
    PointTypeError,
    PointValueError,
    Slot,
    StoreError,
    UnknownZoneError,
)
from slotcalc.repository import MemoryRepository
from slotcalc.sql import BookingTable, MappedRepository, SlotTable
from slotcalc.sql.mapped_rows import Opened
from tests.databases import TUTOR, calls, hours, slot
from tests.own_tables import AUTUMN, BY_DATE, BY_MOMENT, LAYOUTS, PARIS, SPRING, Layout, Shifts, at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.databases import Database


def intervals(slots: Sequence[Slot | Booking]) -> list[Interval[datetime]]:
    return [item.interval for item in slots]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_local_time_is_read_as_instants_overnight_too(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    monday = date(2026, 3, 2)
    shifts.add(monday, "22:00", "02:00")
    shifts.add(monday, "09:00", "12:30")
    shifts.add(monday, "08:00", "09:00", tutor="tutor-2")
    assert intervals(shifts.repository.slots(TUTOR)) == [
        Interval(at(monday, "09:00", 1), at(monday, "12:30", 1)),
        Interval(at(monday, "22:00", 1), at(monday, "26:00", 1)),
    ]
    assert shifts.repository.revision(TUTOR) == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_nights_on_which_clocks_change_are_read_exactly(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    for day in (SPRING, AUTUMN):
        shifts.add(day, "01:00", "04:00")
    assert intervals(shifts.repository.slots(TUTOR)) == [
        Interval(at(SPRING, "01:00", 1), at(SPRING, "04:00", 2)),
        Interval(at(AUTUMN, "01:00", 2), at(AUTUMN, "04:00", 1)),
    ]
    assert [piece.duration.seconds // 3600 for piece in intervals(shifts.repository.slots(TUTOR))] == [2, 4]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_row_that_the_clocks_jump_over_is_no_slot_on_that_night(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    shifts.add(SPRING, "02:00", "03:00")
    shifts.add(SPRING + timedelta(days=1), "02:00", "03:00")
    (only,) = shifts.repository.slots(TUTOR)
    assert only.interval == Interval(
        at(SPRING + timedelta(days=1), "02:00", 2), at(SPRING + timedelta(days=1), "03:00", 2)
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_hour_that_comes_twice_may_be_refused(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout, disambiguate="raise")
    shifts.add(AUTUMN, "02:15", "02:45")
    with pytest.raises(ParseError, match="is no time"):
        shifts.repository.slots(TUTOR)


@pytest.mark.parametrize("layout", [pytest.param(layout, id=layout.name) for layout in BY_DATE])
def test_an_end_at_midnight_is_the_midnight_after(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    days = [date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 6)]
    for day, (start, end) in zip(days, [("20:00", "24:00"), ("20:00", "00:00"), ("00:00", "00:00")], strict=True):
        shifts.add(day, start, end)
    assert intervals(shifts.repository.slots(TUTOR)) == [
        Interval(at(days[0], "20:00", 1), at(days[0], "24:00", 1)),
        Interval(at(days[1], "20:00", 1), at(days[1], "24:00", 1)),
        Interval(at(days[2], "00:00", 1), at(days[2], "24:00", 1)),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_window_gives_just_the_slots_that_overlap_it(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    for day, (start, end) in product(
        [SPRING + timedelta(days=n) for n in range(-2, 3)], [("00:30", "01:30"), ("09:00", "12:00"), ("22:00", "03:30")]
    ):
        shifts.add(day, start, end)
    whole = shifts.repository.slots(TUTOR)
    assert len(whole) == 15
    cuts = sorted({cut for each in whole for cut in (each.interval.start, each.interval.end)})
    for start, end in [*pairwise(cuts), *zip(cuts, cuts[5:], strict=False)]:
        window = Interval(start, end)
        assert shifts.repository.slots(TUTOR, window) == [each for each in whole if each.interval.overlaps(window)]
    calendar = Interval(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
    assert shifts.repository.slots(TUTOR, calendar) == whole


@pytest.mark.parametrize("layout", LAYOUTS)
def test_edits_leave_what_a_repository_in_memory_has(database: Database, layout: Layout) -> None:
    shifts, memory = Shifts(database, layout), MemoryRepository()
    base = at(SPRING - timedelta(days=1), "00:00", 1)
    hour = timedelta(hours=1)
    edits = [
        ((0, 60), [(8, 12), (22, 29)]),
        ((10, 24), [(10, 11), (14, 23)]),
        ((9, 10), []),
        ((0, 60), [(24, 47)]),  # the local day that has 23 hours
        ((0, 90), [(5, 80)]),  # more than a day
        ((30, 40), []),
    ]
    for revision, ((start, end), slots) in enumerate(edits, 1):
        window = Interval(base + start * hour, base + end * hour)
        new = [Slot(TUTOR, (base + a * hour, base + b * hour)) for a, b in slots]
        expected = memory.replace_slots(TUTOR, window, new)
        done = shifts.repository.replace_slots(TUTOR, window, new)
        assert done.revision == expected.revision == revision
        assert IntervalSet(intervals(done.before)) == IntervalSet(intervals(expected.before))
        assert done.after == expected.after
        there = IntervalSet(intervals(shifts.repository.slots(TUTOR)))
        assert there == IntervalSet(intervals(memory.slots(TUTOR)))


def test_rows_are_written_as_others_read_them(database: Database) -> None:
    day = date(2026, 3, 2)
    window = Interval(at(day, "00:00", 1), at(day, "72:00", 1))
    new = [
        Slot(TUTOR, (at(day, "09:00", 1), at(day, "10:30", 1))),
        Slot(TUTOR, (at(day, "22:00", 1), at(day, "24:00", 1))),
        Slot(TUTOR, (at(day, "47:00", 1), at(day, "50:00", 1))),
    ]
    written = {}
    for layout in [*BY_DATE, *BY_MOMENT]:
        shifts = Shifts(database, layout)
        shifts.repository.replace_slots(TUTOR, window, new)
        written[layout.name] = shifts.rows()
    assert written == {
        "TIME": [
            ("2026-03-02", "09:00:00", "10:30:00"),
            ("2026-03-02", "22:00:00", "00:00:00"),
            ("2026-03-03", "23:00:00", "02:00:00"),
        ],
        "text": [("2026-03-02", "09:00", "10:30"), ("2026-03-02", "22:00", "00:00"), ("2026-03-03", "23:00", "02:00")],
        "minutes": [("2026-03-02", "540", "630"), ("2026-03-02", "1320", "1440"), ("2026-03-03", "1380", "120")],
        "TIMESTAMP": [
            ("2026-03-02 09:00:00", "2026-03-02 10:30:00"),
            ("2026-03-02 22:00:00", "2026-03-03 00:00:00"),
            ("2026-03-03 23:00:00", "2026-03-04 02:00:00"),
        ],
        "text moments": [
            ("2026-03-02 09:00:00", "2026-03-02 10:30:00"),
            ("2026-03-02 22:00:00", "2026-03-03 00:00:00"),
            ("2026-03-03 23:00:00", "2026-03-04 02:00:00"),
        ],
    }


def test_a_slot_that_is_cut_keeps_what_else_its_row_holds(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[1])
    day = date(2026, 3, 2)
    shifts.add(day, "09:00", "12:00", pay=77)
    shifts.add(day, "13:00", "14:00", pay=78)
    (before, _) = database.execute(f"SELECT row_id, pay FROM {shifts.full_name} ORDER BY pay")  # noqa: S608
    shifts.repository.replace_slots(TUTOR, Interval(at(day, "11:00", 1), at(day, "12:00", 1)), [])
    after = database.execute(f"SELECT row_id, pay FROM {shifts.full_name} ORDER BY pay")  # noqa: S608
    assert after[0] == before
    assert [row.pay for row in after] == [77, 78]
    assert [row[1:] for row in shifts.rows()] == [("09:00", "11:00"), ("13:00", "14:00")]


def test_a_time_that_local_columns_cannot_tell_is_refused_and_nothing_is_written(database: Database) -> None:
    second = Interval(at(AUTUMN, "02:15", 1), at(AUTUMN, "02:45", 1))
    as_the_clocks_show_it_empty = Interval(at(AUTUMN, "02:30", 2), at(AUTUMN, "02:30", 1))
    as_the_clocks_show_it_reversed = Interval(at(AUTUMN, "02:45", 2), at(AUTUMN, "02:15", 1))
    for layout in (BY_DATE[0], BY_MOMENT[0]):
        shifts = Shifts(database, layout)
        for time in (second, as_the_clocks_show_it_empty, as_the_clocks_show_it_reversed):
            with pytest.raises(LocalTimeError, match="cannot tell it"):
                shifts.repository.replace_slots(TUTOR, time, [Slot(TUTOR, time)])
        assert shifts.rows() == []
        assert shifts.repository.revision(TUTOR) == 0


def test_a_slot_without_an_id_is_refused_where_rows_are_known_by_theirs(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[0], id="row_id")
    with pytest.raises(PointValueError, match=r"has no id, which 'shifts.* needs"):
        shifts.repository.replace_slots(TUTOR, hours(9, 12), [slot(9, 12)])
    shifts.repository.replace_slots(TUTOR, hours(9, 12), [slot(9, 12, id="5")])
    shifts.repository.replace_slots(TUTOR, hours(9, 10), [])
    assert shifts.repository.slots(TUTOR) == [slot(10, 12, id="5")]
    with pytest.raises(StoreError, match=r"(?i)unique"):  # one row cannot be two
        shifts.repository.replace_slots(TUTOR, hours(10.5, 11), [])
    assert shifts.repository.slots(TUTOR) == [slot(10, 12, id="5")]


def test_minutes_hold_no_seconds(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[2])
    start = at(date(2026, 3, 2), "09:00", 1)
    window = Interval(start, start + timedelta(seconds=90))
    with pytest.raises(PointValueError, match=r"'until' .* has minutes"):
        shifts.repository.replace_slots(TUTOR, window, [Slot(TUTOR, window)])


@pytest.mark.parametrize("fields", [{"capacity": 3}, {"id": "a"}, {"label": "north"}])
def test_what_has_no_column_is_refused(database: Database, fields: dict[str, Any]) -> None:
    shifts = Shifts(database, BY_MOMENT[0])
    with pytest.raises(PointValueError, match="no columns to keep"):
        shifts.repository.replace_slots(TUTOR, hours(9, 10), [slot(9, 10, **fields)])


def test_rows_that_do_not_count_are_neither_read_nor_touched_and_new_ones_count(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[0], only={"pay": 10})
    day = date(2026, 3, 2)
    shifts.add(day, "09:00", "10:00", pay=11)
    shifts.add(day, "10:00", "11:00", pay=10)
    window = Interval(at(day, "00:00", 1), at(day, "24:00", 1))
    shifts.repository.replace_slots(TUTOR, window, [Slot(TUTOR, (at(day, "15:00", 1), at(day, "16:00", 1)))])
    rows = database.execute(f"SELECT pay FROM {shifts.full_name} ORDER BY since")  # noqa: S608
    assert [row.pay for row in rows] == [11, 10]


@pytest.mark.parametrize(
    "start, end, said", [("09:00", "09:00", "ends when it starts"), ("09:00", "25:00", "no time of day")]
)
def test_a_row_that_is_no_time_is_named(database: Database, start: str, end: str, said: str) -> None:
    shifts = Shifts(database, BY_DATE[1])
    shifts.add(date(2026, 3, 2), start, end)
    with pytest.raises(ParseError, match=f"a row of 'shifts.*{end}.*{said}"):
        shifts.repository.slots(TUTOR)


def test_numbers_that_are_no_minutes_of_a_day_are_named(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[2])
    shifts.add(date(2026, 3, 2), "23:00", "24:01")
    with pytest.raises(ParseError, match="1441 is no time of day"):
        shifts.repository.slots(TUTOR)


@pytest.mark.parametrize("value", ["NULL", "'2026-03-02'", "'soon'"])
def test_text_that_is_no_moment_is_named(database: Database, value: str) -> None:
    shifts = Shifts(database, BY_MOMENT[1])
    database.execute(f"INSERT INTO {shifts.full_name} VALUES (1, '{TUTOR}', '2026-03-01 09:00', {value}, 1)")  # noqa: S608
    with pytest.raises(ParseError, match="is no time"):
        shifts.repository.slots(TUTOR)


def test_moments_that_are_always_reversed_are_named_although_a_zone_is_given(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[0])
    database.execute(
        f"INSERT INTO {shifts.full_name} VALUES (1, '{TUTOR}', '2026-03-02 09:00:00', '2026-03-02 08:00:00', 1)"  # noqa: S608
    )
    with pytest.raises(ParseError, match="ends before it starts"):
        shifts.repository.slots(TUTOR)


def test_moments_without_an_offset_need_a_zone(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[1], zone=None)
    shifts.add(date(2026, 3, 2), "09:00", "10:00")
    with pytest.raises(ParseError, match="say in which zone"):
        shifts.repository.slots(TUTOR)


def test_text_with_any_offset_is_found_and_written_with_one(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[1], zone=None)
    database.execute(
        f"INSERT INTO {shifts.full_name} VALUES"  # noqa: S608
        f" (1, '{TUTOR}', '2026-03-02T23:30+14:00', '2026-03-03T00:30+14:00', 1),"
        f" (2, '{TUTOR}', '2026-03-02 01:00:00-12', '2026-03-02T14:00Z', 1)"
    )
    found = shifts.repository.slots(TUTOR, hours(9, 14))
    assert intervals(found) == [hours(9.5, 10.5), hours(13, 14)]
    shifts.repository.replace_slots(TUTOR, hours(9, 15), [slot(9, 10)])
    assert shifts.rows() == [("2026-03-02 09:00:00+00:00", "2026-03-02 10:00:00+00:00")]


def test_the_question_to_the_database_is_bounded_by_date(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[0])
    said: list[str] = []
    with calls(database.engine, lambda _n, _connection, statement: said.append(statement)):
        shifts.repository.slots(TUTOR, hours(9, 10))
    asked = said[-1] if "on_day" in said[-1] else said[-2]
    assert "on_day >= " in asked
    assert "on_day <= " in asked


@pytest.mark.parametrize("layout", [*LAYOUTS[:1], *LAYOUTS[3:]])
def test_a_window_is_answered_from_an_index(database: Database, layout: Layout) -> None:
    shifts = Shifts(database, layout)
    column = "on_day" if layout.is_by_date else "until"
    database.execute(f"CREATE INDEX {shifts.name}_by ON {shifts.full_name} (tutor, {column})")
    with database.engine.connect() as connection:
        opened = Opened(connection, SlotTable(shifts.name, **shifts.mapping))
        asked = opened.asked(TUTOR, hours(9, 10)).compile(connection, compile_kwargs={"literal_binds": True})
    if database.is_sqlite:
        plan = str(database.execute(f"EXPLAIN QUERY PLAN {asked}"))
        assert f"_by (tutor=? AND {column}>" in plan
    else:
        plan = str(database.execute("SET LOCAL enable_seqscan = off", f"EXPLAIN {asked}".replace(":", "\\:")))
        assert re.search(rf"Index Cond: .*tutor = .*{column}\)?(::text)? >=", plan)


# Names and mistakes

STRANGE = ['we"ird; DROP TABLE x --', "50% off", "a:b (c)", "Order", "select", "día", "a'b", "$1", "?"]


@pytest.mark.parametrize("name", STRANGE)
def test_any_name_of_a_table_or_column_is_quoted(database: Database, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    dot = f"{database.tables.schema}." if database.tables.schema else ""
    moment, key = ("TEXT", "INTEGER") if database.is_sqlite else ("TIMESTAMPTZ", "serial")
    with database.engine.begin() as connection:  # by the driver, since text() would read a colon
        connection.exec_driver_sql(
            f'CREATE TABLE {dot}{quoted} (n {key} PRIMARY KEY, {quoted} TEXT, "{_doubled(name)}2" {moment},'
            f' "{_doubled(name)}3" {moment})'.replace("%", "%" if database.is_sqlite else "%%")
        )
    mapping = SlotTable(
        name, resource_id=name, start=f"{name}2", end=f"{name}3", schema=database.tables.schema, only={name: TUTOR}
    )
    repository = MappedRepository(database.engine, tables=database.tables, slots=mapping)
    repository.replace_slots(TUTOR, hours(9, 12), [slot(9, 12)])
    repository.replace_slots(TUTOR, hours(10, 11), [])
    repository.replace_slots(TUTOR, hours(11, 12), [])
    assert repository.slots(TUTOR, hours(0, 24)) == [slot(9, 10)]


def _doubled(name: str) -> str:
    return name.replace('"', '""')


def test_values_are_never_part_of_a_statement(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[0])
    assert shifts.repository.slots("'; DROP TABLE x; --") == []
    shifts.repository.replace_slots("' OR 1=1 --", hours(9, 10), [slot(9, 10, "' OR 1=1 --")])
    assert shifts.repository.slots(TUTOR) == []


def test_a_table_or_column_that_is_not_there_is_named(database: Database) -> None:
    fields: dict[str, Any] = {
        "resource_id": "tutor",
        "start": "since",
        "end": "until",
        "schema": database.tables.schema,
    }
    shifts = Shifts(database, BY_MOMENT[0])
    mistakes: list[tuple[str, dict[str, Any], str]] = [
        ("nowhere", {}, "there is no table 'nowhere'"),
        (shifts.name, {"end": "untill"}, "has no column 'untill'; it has row_id, tutor, since, until, pay"),
        (shifts.name, {"only": {"deleted": None}}, "has no column 'deleted'"),
    ]
    for table, changes, said in mistakes:
        mapping = SlotTable(table, **{**fields, **changes})
        with pytest.raises(StoreError, match=said):
            MappedRepository(database.engine, tables=database.tables, slots=mapping).slots(TUTOR)


@pytest.mark.parametrize(
    "role, kind", [("start", "INTEGER"), ("date", "INTEGER"), ("capacity", "TEXT"), ("label", "INTEGER")]
)
def test_a_column_that_cannot_mean_what_it_should_is_named(database: Database, role: str, kind: str) -> None:
    dot = f"{database.tables.schema}." if database.tables.schema else ""
    name = f"{database.tables.prefix}odd"
    database.execute(f"CREATE TABLE {dot}{name} (who TEXT, a TEXT, b TEXT, c TEXT, odd {kind})")
    fields: dict[str, Any] = (
        {"start": "a", "end": "b"} if role != "date" else {"start_time": "a", "end_time": "b", "zone": PARIS}
    )
    mapping = SlotTable(name, resource_id="who", schema=database.tables.schema, **{**fields, role: "odd"})
    with pytest.raises(PointTypeError, match=f"'odd' of '{name}' is {kind}, which cannot be read as {role}"):
        MappedRepository(database.engine, tables=database.tables, slots=mapping).slots(TUTOR)


def test_a_table_without_a_primary_key_is_read_and_not_cut(database: Database) -> None:
    dot = f"{database.tables.schema}." if database.tables.schema else ""
    name = f"{database.tables.prefix}bare"
    database.execute(
        f"CREATE TABLE {dot}{name} (who TEXT, a TEXT, b TEXT)",
        f"INSERT INTO {dot}{name} VALUES ('{TUTOR}', '2026-03-02 09:00Z', '2026-03-02 10:00Z')",  # noqa: S608
        f"INSERT INTO {dot}{name} VALUES ('{TUTOR}', '2026-03-02 08:00Z', '2026-03-02 09:00Z')",  # noqa: S608
    )
    mapping = SlotTable(name, resource_id="who", start="a", end="b", schema=database.tables.schema)
    repository = MappedRepository(database.engine, tables=database.tables, slots=mapping)
    assert repository.slots(TUTOR) == [slot(8, 9), slot(9, 10)]
    with pytest.raises(StoreError, match="no primary key"):
        repository.replace_slots(TUTOR, hours(8, 10), [])
    with pytest.raises(StoreError, match="no primary key"):
        repository.replace_slots(TUTOR, hours(8, 8.5), [])


def test_a_mapping_says_what_it_lacks() -> None:
    with pytest.raises(ParseError, match="mapped with start; name the columns"):
        SlotTable("t", resource_id="r", start="a")
    with pytest.raises(ParseError, match="mapped with no time"):
        SlotTable("t", resource_id="r")
    with pytest.raises(ParseError, match="mapped with start, end, date"):
        BookingTable("t", resource_id="r", start="a", end="b", date="c")
    with pytest.raises(ParseError, match="say in which zone"):
        BookingTable("t", resource_id="r", date="a", start_time="b", end_time="c")
    words: Any = {"booked": "confirmed"}
    with pytest.raises(PointValueError, match="another meaning than TENTATIVE, CONFIRMED, CANCELLED"):
        BookingTable("t", resource_id="r", start="a", end="b", statuses=words)
    with pytest.raises(UnknownZoneError):
        SlotTable("t", resource_id="r", start="a", end="b", zone="Paris/Europe")
    with pytest.raises(PointValueError):
        SlotTable("t\x00", resource_id="r", start="a", end="b")
    strange: Any = None
    with pytest.raises(PointTypeError):
        SlotTable("t", resource_id=strange, start="a", end="b")
    with pytest.raises(PointTypeError, match="id=None is not text"):
        BookingTable("t", resource_id="r", id=strange, start="a", end="b")
    with pytest.raises(PointTypeError, match="only=None is no mapping; write it as a dict"):
        SlotTable("t", resource_id="r", start="a", end="b", only=strange)
    with pytest.raises(PointTypeError, match="statuses=None is no mapping"):
        BookingTable("t", resource_id="r", start="a", end="b", statuses=strange)


def test_a_mapping_is_a_value() -> None:
    mapping = SlotTable("t", resource_id="r", start="a", end="b", zone=PARIS, only={"live": True})
    assert pickle.loads(pickle.dumps(mapping)) == mapping  # noqa: S301  # made here
    assert repr(mapping) == (
        "SlotTable('t', resource_id='r', start='a', end='b', zone=zoneinfo.ZoneInfo(key='Europe/Paris'),"
        " only={'live': True})"
    )
    assert mapping.replace(zone=ZoneInfo("UTC")).zone == ZoneInfo("UTC")
    bookings = BookingTable("t", resource_id="r", start="a", end="b")
    assert repr(bookings) == "BookingTable('t', resource_id='r', start='a', end='b')"


def test_a_repository_takes_mappings_only(database: Database) -> None:
    strange: Any = "tutor_slots"
    with pytest.raises(PointTypeError, match="slots='tutor_slots' is no SlotTable"):
        MappedRepository(database.engine, slots=strange)
