"""Tables as people have them before slotcalc comes: shifts in local time, and a clinic's openings and lessons."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from slotcalc import Booking, BookingStatus, Interval, NotAvailableError, Slot
from slotcalc.sql import AsyncMappedRepository, BookingTable, MappedRepository, SlotTable
from tests.databases import TUTOR, hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.databases import Database

PARIS = "Europe/Paris"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # 02:00 to 03:00 is not there, or is there twice
WORDS = {"booked": BookingStatus.CONFIRMED, "held": BookingStatus.TENTATIVE, "off": BookingStatus.CANCELLED}

_numbers = count()


class Layout(NamedTuple):
    """How people keep local time: the types of date, start and end, or of start and end."""

    name: str
    types: tuple[str, ...]
    minutes: bool = False

    @property
    def is_by_date(self) -> bool:
        return len(self.types) == 3


BY_DATE = [
    Layout("TIME", ("DATE", "TIME", "TIME")),
    Layout("text", ("TEXT", "TEXT", "TEXT")),
    Layout("minutes", ("DATE", "INTEGER", "SMALLINT"), minutes=True),
]
BY_MOMENT = [Layout("TIMESTAMP", ("TIMESTAMP", "TIMESTAMP")), Layout("text moments", ("VARCHAR(40)", "VARCHAR(40)"))]
LAYOUTS = [pytest.param(layout, id=layout.name) for layout in [*BY_DATE, *BY_MOMENT]]


class Shifts:
    """A table of slots in local time, and what is mapped onto it."""

    def __init__(self, database: Database, layout: Layout, **mapped: Any) -> None:
        self.database = database
        self.layout = layout
        self.name = f"shifts{next(_numbers)}"
        schema = database.tables.schema
        self.full_name = f"{schema}.{self.name}" if schema else self.name
        columns = ("on_day", "since", "until") if layout.is_by_date else ("since", "until")
        typed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, layout.types, strict=True))
        key = "INTEGER PRIMARY KEY" if database.is_sqlite else "serial PRIMARY KEY"
        database.execute(f"CREATE TABLE {self.full_name} (row_id {key}, tutor TEXT NOT NULL, {typed}, pay INTEGER)")
        meant = ("date", "start_time", "end_time") if layout.is_by_date else ("start", "end")
        fields: dict[str, Any] = dict(zip(meant, columns, strict=True))
        self.mapping: dict[str, Any] = {"resource_id": "tutor", "zone": PARIS, "schema": schema, **fields, **mapped}
        self.repository = MappedRepository(
            database.engine, tables=database.tables, slots=SlotTable(self.name, **self.mapping)
        )

    def add(self, day: date, start: str, end: str, *, tutor: str = TUTOR, pay: int = 10) -> None:
        """Write a row as another program would, without asking the code under test."""
        if self.layout.minutes:
            values: list[object] = [f"'{day}'", _minutes(start), _minutes(end)]
        elif self.layout.is_by_date:
            values = [f"'{day}'", f"'{start}'", f"'{end}'"]
        else:
            last = day + timedelta(days=1) if _minutes(end) <= _minutes(start) else day
            values = [f"'{day} {start}:00'", f"'{last} {end}:00'"]
        self.database.execute(
            f"INSERT INTO {self.full_name} VALUES ({next(_numbers) + 1000}, '{tutor}',"  # noqa: S608  # of this file
            f" {', '.join(map(str, values))}, {pay})"
        )

    def rows(self) -> list[tuple[str, ...]]:
        """Return what another program reads."""
        asked = f"SELECT * FROM {self.full_name} ORDER BY 3, 4"  # noqa: S608  # of this file
        return [tuple(map(str, row[2:-1])) for row in self.database.execute(asked)]


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def at(day: date, clock: str, offset: int) -> datetime:
    """Return an instant by date, time of day and hours of offset: the oracle knows the zone by heart."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return midnight + timedelta(minutes=_minutes(clock), hours=-offset)


class Lessons:
    """A clinic's own two tables, with words of its own for the status."""

    def __init__(self, database: Database, *, words: Any = WORDS, id_type: str = "TEXT", **mapped: Any) -> None:
        self.database = database
        number = next(_numbers)
        schema = database.tables.schema
        self.dot = f"{schema}." if schema else ""
        moment, key = ("DATETIME", "INTEGER") if database.is_sqlite else ("TIMESTAMPTZ", "serial")
        self.slots, self.bookings = f"openings{number}", f"lessons{number}"
        database.execute(
            f"CREATE TABLE {self.dot}{self.slots} (n {key} PRIMARY KEY, who INTEGER, since {moment}, until {moment},"
            " seats INTEGER DEFAULT 1)",
            f"CREATE TABLE {self.dot}{self.bookings} (ref {id_type} PRIMARY KEY, who INTEGER, since {moment},"
            f" until {moment}, state TEXT)",
        )
        zone = "UTC" if database.is_sqlite else None  # where text has no offset
        times: dict[str, Any] = {"start": "since", "end": "until", "zone": zone, "schema": schema, "resource_id": "who"}
        slots = SlotTable(self.slots, **times, capacity="seats")
        bookings = BookingTable(self.bookings, **{**times, "id": "ref", "status": "state", "statuses": words, **mapped})
        self.mapped: dict[str, Any] = {"tables": database.tables, "slots": slots, "bookings": bookings}
        self.repository = MappedRepository(database.engine, **self.mapped)

    def asynchronous(self) -> AsyncMappedRepository:
        return AsyncMappedRepository(self.database.asynchronous, **self.mapped)

    def open(self, *times: Interval[datetime], seats: int = 1) -> None:
        for time in times:
            self.database.execute(
                f"INSERT INTO {self.dot}{self.slots} VALUES"  # noqa: S608
                f" ({next(_numbers)}, 7, '{self.shown(time.start)}', '{self.shown(time.end)}', {seats})"
            )

    def shown(self, moment: datetime) -> str:
        return f"{moment:%Y-%m-%d %H:%M:%S}{'' if self.database.is_sqlite else '+00'}"

    def states(self) -> dict[str, str]:
        rows = self.database.execute(f"SELECT ref, state FROM {self.dot}{self.bookings} ORDER BY ref")  # noqa: S608
        return {str(row.ref): row.state for row in rows}


def admitting(_slots: object, _bookings: object) -> None:
    pass


def only_into_free_time(slots: Sequence[Slot], bookings: Sequence[Booking]) -> None:
    taken = [each.interval for each in bookings if each.status is not BookingStatus.CANCELLED]
    if taken or not slots:
        raise NotAvailableError("taken")


def lesson(start: float, end: float, **fields: Any) -> Booking:
    return Booking("7", hours(start, end), **{"id": "a", **fields})
