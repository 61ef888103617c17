"""A mapped table as its database has it: how it is asked, and how its rows become slots and bookings, and back.

What a column holds is taken as its type says. A time of day may be TIME, text such as 09:00, or a number of minutes
since 00:00; a date DATE or text; a moment TIMESTAMP, with or without a zone, or text by ISO 8601. SQLite has no such
types, so there it is text or minutes, whatever the column was declared as. Names are only ever compared with those that
the database has, and quoted. Imports `mapping` and `connections`; read `mapped` next, which makes a repository of it.
"""

from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Connection,
    Integer,
    Select,
    TableClause,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    inspect,
    select,
    table,
)
from sqlalchemy import types as sql_types
from sqlalchemy.exc import NoSuchTableError

from slotcalc import iso8601, zones
from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.errors import (
    IntervalError,
    LocalTimeError,
    ParseError,
    PointTypeError,
    PointValueError,
    SlotcalcError,
    StoreError,
)
from slotcalc.intervals import Interval
from slotcalc.sql.connections import is_sqlite
from slotcalc.sql.mapping import CLOCKS, MOMENTS, BookingTable, SlotTable
from slotcalc.sql.rows import GREATEST

__all__ = ["Opened"]

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_NOTHING: Final = timedelta()
_ANY_OFFSET: Final = timedelta(days=3)
"""Text of moments compares by what it shows, with whatever offset: so much is looked at on either side of a window."""


class _Column(NamedTuple):
    """A column as the database has it."""

    clause: ColumnClause[Any]
    kind: str
    is_short: bool  # whether text of a time of day is written without seconds where they are 0


class Opened:
    """A mapped table as a database has it: how it is asked, and how its rows become values and come from them."""

    def __init__(self, connection: Connection, mapping: SlotTable | BookingTable) -> None:
        """Ask the database for the types of the columns.

        Raises:
            PointTypeError: for a column of a type that cannot be what it should mean.
            StoreError: if there is no such table, or it has no such column.
        """
        inspector = inspect(connection)
        try:
            there = {found["name"]: found["type"] for found in inspector.get_columns(mapping.table, mapping.schema)}
        except NoSuchTableError:
            raise StoreError(f"there is no table {mapping.table!r}; mend the mapping", mapping.table) from None
        self.mapping = mapping
        self._clocks_zone = mapping.zone or zones.zone("UTC")  # where times of day are mapped, there is one
        self._roles = mapping.roles()
        self._key = inspector.get_pk_constraint(mapping.table, mapping.schema)["constrained_columns"]
        for name in [*self._roles.values(), *mapping.only]:
            if name not in there:
                message = f"the table {mapping.table!r} has no column {name!r:.80}; it has {', '.join(there)}"
                raise StoreError(message, mapping.table, name)
        sqlite = is_sqlite(connection)
        self._columns = {role: self._column(role, name, there[name], sqlite) for role, name in self._roles.items()}
        others = [column(name, there[name]) for name in {*self._key, *mapping.only} - {*self._roles.values()}]
        self.table: TableClause = table(
            mapping.table, *[found.clause for found in self._columns.values()], *others, schema=mapping.schema
        )

    def _column(self, role: str, name: str, type_: Any, sqlite: bool) -> _Column:  # noqa: FBT001  # of which database
        kind = _kind(type_, sqlite=sqlite)
        if role != "status" and kind not in _MEANT[role]:
            message = f"{name!r} of {self.mapping.table!r} is {type_}, which cannot be read as {role}"
            raise PointTypeError(message, name, str(type_))
        is_time = sqlite and role in (*MOMENTS, *CLOCKS)
        kept = Text() if is_time and kind == "text" else type_
        return _Column(column(name, kept), kind, is_short=isinstance(type_, sql_types.String))

    def name_as_kept(self, role: str, name: str) -> Any:  # as the column keeps it
        """Return the name of a resource, a slot or a booking as its column has it.

        None for what it cannot have: text that is no number, or no UUID, where the column has such.
        """
        kind = self._columns[role].kind
        kept: Any
        try:
            kept = UUID(name) if kind == "uuid" else int(name) if kind == "number" else name
        except ValueError:
            return None
        return kept if str(kept) == name and not (kind == "number" and abs(kept) > GREATEST) else None

    def key_of(self, role: str, name: str) -> Any:  # as the column keeps it
        """Return `name_as_kept`.

        Raises:
            PointValueError: for what the column cannot have.
        """
        kept = self.name_as_kept(role, name)
        if kept is None:
            what = "UUIDs in lower case" if self._columns[role].kind == "uuid" else "numbers"
            message = f"{role}={name!r:.80} cannot be in {self._roles[role]!r} of {self.mapping.table!r}, which has"
            raise PointValueError(f"{message} {what}", name)
        return kept

    def clause(self, role: str) -> ColumnClause[Any]:
        """Return the column, for a statement."""
        return self._columns[role].clause

    def of_resource(self, resource_id: str) -> list[ColumnElement[bool]]:
        """Return the conditions for the rows of a resource that count."""
        mine = self.clause("resource_id") == self.key_of("resource_id", resource_id)
        return [mine, *[self.table.c[name] == value for name, value in self.mapping.only.items()]]

    def asked(self, resource_id: str, window: Interval[datetime] | None) -> Select[Any]:
        """Return the question for the rows of a resource, in order of their key, of which some may miss the window."""
        parts: list[Any] = [self.table.c[name].label(f"key_{i}") for i, name in enumerate(self._key)]
        for role, found in self._columns.items():
            as_text = found.kind == "clock"  # psycopg has no word for 24:00
            parts.append((cast(found.clause, Text) if as_text else found.clause).label(role))
        conditions = self.of_resource(resource_id)
        if window is not None:
            conditions += self._near(window)
        return select(*parts).where(*conditions).order_by(*[self.table.c[name] for name in self._key])

    def _near(self, window: Interval[datetime]) -> list[ColumnElement[bool]]:
        """Return conditions that an index can answer, and that all rows meet which overlap the window."""
        zone = self.mapping.zone
        low, high = window.start, window.end
        if zone is not None:
            low, high = zones.wall_bounds(low, high, zone)
        if "date" in self._columns:
            first, last = zones.plus(low, -_DAY).date(), high.date()  # a row may reach into the day after its date
            day = self.clause("date")
            if self._columns["date"].kind == "text":
                return [day >= first.isoformat(), day <= last.isoformat()]
            return [day >= first, day <= last]
        start, end = self.clause("start"), self.clause("end")
        return [start <= self._bound("start", high, window.end), end >= self._bound("end", low, window.start)]

    def _bound(self, role: str, wall: datetime, instant: datetime) -> Any:  # as the column keeps it
        kind = self._columns[role].kind
        if kind == "instant":
            return instant
        if kind == "wall":
            return wall.replace(tzinfo=None)
        return zones.plus(instant, _ANY_OFFSET if role == "start" else -_ANY_OFFSET).date().isoformat()

    def key(self, row: Any) -> tuple[Any, ...]:
        """Return by what a row of the answer is found again; nothing if the table has no primary key."""
        return tuple([getattr(row, f"key_{i}") for i in range(len(self._key))])

    def key_is(self) -> list[ColumnElement[bool]]:
        """Return the conditions for one row, to be filled by `key_values`.

        Raises:
            StoreError: if the table has no primary key.
        """
        if not self._key:
            name = self.mapping.table
            raise StoreError(f"{name!r} has no primary key, by which a row could be changed; give it one", name)
        return [self.table.c[name] == bindparam(f"key_{i}") for i, name in enumerate(self._key)]

    def key_values(self, key: tuple[Any, ...]) -> dict[str, Any]:
        """Return what `key_is` is filled with."""
        return {f"key_{i}": value for i, value in enumerate(key)}

    def values(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the row under the names of its columns."""
        return {self._roles[role]: value for role, value in row.items()}

    def new_values(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the row under the names of its columns, with what makes it count."""
        return {**self.mapping.only, **self.values(row)}

    def slot_of(self, row: Any, resource_id: str) -> Slot | None:
        """Return the slot of a row; None if the clocks jump over all its time.

        Raises:
            ParseError: for a row that is no slot.
        """
        interval = self._interval_of(row)
        if interval is None:
            return None
        capacity = getattr(row, "capacity", 1)
        try:
            return Slot(resource_id, interval, capacity=capacity, id=_named(row), label=_label(row))
        except SlotcalcError as error:
            raise self._refused(row, "slot", error) from None

    def booking_of(self, row: Any, resource_id: str) -> Booking | None:
        """Return the booking of a row; None as `slot_of`.

        Raises:
            ParseError: for a row that is no booking, such as one with a status that has no meaning.
        """
        interval = self._interval_of(row)
        if interval is None:
            return None
        status = BookingStatus.CONFIRMED
        if isinstance(self.mapping, BookingTable) and self.mapping.status is not None:
            try:
                status = self.mapping.statuses[row.status]
            except KeyError:
                message = f"{row.status!r:.80} in {self.mapping.status!r} of {self.mapping.table!r} has no meaning"
                raise ParseError(f"{message}; say in statuses= what it means", row.status) from None
        seats = getattr(row, "seats", 1)
        try:
            return Booking(resource_id, interval, status=status, seats=seats, id=_named(row), label=_label(row))
        except SlotcalcError as error:
            raise self._refused(row, "booking", error) from None

    def _interval_of(self, row: Any) -> Interval[datetime] | None:
        try:
            start, end = self._moments_of(row) if "start" in self._columns else self._clocks_of(row)
            if start >= end and self.mapping.zone is not None and self._jumped(row):
                return None
            return Interval(start, end)
        except SlotcalcError as error:
            raise self._refused(row, "time", error) from None

    def _refused(self, row: Any, what: str, error: SlotcalcError) -> ParseError:
        """Return the error that says which row is not what it should be, and why."""
        mine = ", ".join(f"{name}={getattr(row, role)!r:.40}" for role, name in self._roles.items() if role in _TIMES)
        message = f"a row of {self.mapping.table!r} with {mine} is no {what}: {error}"
        return ParseError(message, self.mapping.table, *error.values)

    def _moments_of(self, row: Any) -> tuple[datetime, datetime]:
        return self._instant_of(row.start), self._instant_of(row.end)

    def _instant_of(self, value: object) -> datetime:
        moment: object = iso8601.parse_point(value.replace(" ", "T", 1)) if isinstance(value, str) else value
        if not isinstance(moment, datetime):
            raise PointTypeError(f"{value!r:.80} is no moment", value)
        if moment.tzinfo is not None:
            return moment
        if self.mapping.zone is None:
            raise ParseError(f"{value} has no offset; say in which zone, such as zone='Europe/Paris'", value)
        return zones.to_instant(moment, self.mapping.zone, disambiguate=self.mapping.disambiguate)

    def _clocks_of(self, row: Any) -> tuple[datetime, datetime]:
        zone, way = self._clocks_zone, self.mapping.disambiguate
        day = iso8601.parse_point(row.date) if isinstance(row.date, str) else row.date
        start, end = _wall_clocks(row)
        return zones.at(day, start, zone, disambiguate=way), zones.at(day, end, zone, disambiguate=way)

    def _jumped(self, row: Any) -> bool:
        """Return whether a row that has no time on this night would have some on another."""
        if "start" not in self._columns:
            return True  # `_wall_clocks` has refused one that never has
        return str(row.start) < str(row.end)

    def rows_of(self, item: Slot | Booking) -> list[dict[str, Any]]:
        """Return the rows that read as this slot or booking: one, or several for a slot of more than a day.

        Raises:
            LocalTimeError: for time that the columns cannot tell, as the second of two equal hours.
            PointValueError: for what there is no column for.
        """
        pieces = self._pieces(item)
        rows = [self._row_of(piece) for piece in pieces]
        for piece, row in zip(pieces, rows, strict=True):
            read: Any = self.slot_of if isinstance(item, Slot) else self.booking_of
            try:
                back = read(SimpleNamespace(**row), item.resource_id)
            except ParseError:  # from 02:30 to 02:30 an hour later, as the clocks show it, is no time
                back = None
            if back is None or back.interval != piece.interval:
                message = f"{self.mapping.table!r} has no row for {piece.interval}, since local time of"
                message = f"{message} {self.mapping.zone} cannot tell it from another time; columns of instants can"
                raise LocalTimeError(message, item)
            if back != piece:
                raise PointValueError(f"{self.mapping.table!r} has no columns to keep {piece!r:.200} as it is", item)
        return rows

    def _pieces(self, item: Slot | Booking) -> list[Slot | Booking]:
        zone, start, end = self._clocks_zone, item.interval.start, item.interval.end
        if "date" not in self._columns or _wall(end, zone) - _wall(start, zone) < _DAY:
            return [item]
        days = zones.local_days(start, end, zone)
        return [item.replace(interval=(max(start, low), min(end, high))) for _, low, high in days]

    def _row_of(self, item: Slot | Booking) -> dict[str, Any]:
        row: dict[str, Any] = {"resource_id": self.key_of("resource_id", item.resource_id)}
        start, end = item.interval.start, item.interval.end
        if "date" in self._columns:
            row |= self._clock_row(start, end)
        else:
            row |= {"start": self._kept_moment("start", start), "end": self._kept_moment("end", end)}
        for role in ("capacity", "seats", "label"):
            if role in self._columns:
                row[role] = getattr(item, role)
        if "id" in self._columns:
            if item.id is None and self._roles["id"] in self._key:  # the database would make one up
                message = f"{item!r:.200} has no id, which {self.mapping.table!r} needs; give it one, or map no id"
                raise PointValueError(message, item)
            row["id"] = None if item.id is None else self.key_of("id", item.id)
        if isinstance(item, Booking) and "status" in self._columns:
            row["status"] = self.status_word(item.status)
        return row

    def status_word(self, status: BookingStatus) -> Any:  # as the column keeps it
        """Return what is written for a status.

        Raises:
            PointValueError: if no value of the column means it, or there is no such column.
        """
        if isinstance(self.mapping, BookingTable) and self.mapping.status is not None:
            for word, meaning in self.mapping.statuses.items():
                if meaning is status:
                    return word
        raise PointValueError(f"nothing in the mapping of {self.mapping.table!r} means {status!r}", status)

    def _kept_moment(self, role: str, instant: datetime) -> Any:  # as the column keeps it
        kind, zone = self._columns[role].kind, self.mapping.zone
        if kind == "instant":
            return instant
        moment = instant if zone is None else _wall(instant, zone)
        return moment if kind == "wall" else moment.isoformat(sep=" ")

    def _clock_row(self, start: datetime, end: datetime) -> dict[str, Any]:
        first, last = _wall(start, self._clocks_zone), _wall(end, self._clocks_zone)
        day = first.date()
        midnight = datetime.combine(day, time.min)
        until = last - midnight
        if not _NOTHING < until <= _DAY:  # overnight, or the clocks went back over midnight
            until %= _DAY
        return {
            "date": day.isoformat() if self._columns["date"].kind == "text" else day,
            "start_time": self._kept_clock("start_time", first - midnight),
            "end_time": self._kept_clock("end_time", until),
        }

    def _kept_clock(self, role: str, clock: timedelta) -> Any:  # as the column keeps it
        found = self._columns[role]
        if found.kind != "number":
            shown = (datetime.min + clock).time().isoformat()  # noqa: DTZ901  # of no day; 24:00 is 00:00
            return shown.removesuffix(":00") if found.is_short else shown
        if clock % _MINUTE:
            raise PointValueError(f"{self._roles[role]!r} of {self.mapping.table!r} has minutes, not {clock}", clock)
        return clock // _MINUTE


_TIMES: Final = frozenset([*MOMENTS, *CLOCKS])
_NAMES: Final = frozenset(["number", "text", "uuid"])
_MEANT: Final[dict[str, frozenset[str]]] = {
    "resource_id": _NAMES,
    "id": _NAMES,
    "start": frozenset(["instant", "text", "wall"]),
    "end": frozenset(["instant", "text", "wall"]),
    "date": frozenset(["date", "text"]),
    "start_time": frozenset(["clock", "number", "text"]),
    "end_time": frozenset(["clock", "number", "text"]),
    "capacity": frozenset(["number"]),
    "seats": frozenset(["number"]),
    "label": frozenset(["text"]),
}
"""Which kinds of columns can mean what."""


def _kind(type_: Any, *, sqlite: bool) -> str:
    if isinstance(type_, Uuid):
        return "uuid"
    if isinstance(type_, Integer):
        return "number"
    if isinstance(type_, sql_types.String) or sqlite:
        return "text"
    if isinstance(type_, sql_types.DateTime):
        return "instant" if type_.timezone else "wall"
    if isinstance(type_, sql_types.Time) and not type_.timezone:
        return "clock"
    return "date" if isinstance(type_, sql_types.Date) else "other"


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return zones.to_local(instant, zone).replace(tzinfo=None, fold=0)


def _wall_clocks(row: Any) -> tuple[timedelta, timedelta]:
    """Return how far the clocks have moved on from 00:00 of the date at both ends; the second is later."""
    start, end = _clock_of(row.start_time), _clock_of(row.end_time)
    if not end:
        return start, _DAY
    if start == end:
        raise IntervalError("it ends when it starts; write 00:00 to 00:00 for a whole day", row.start_time)
    return start, end if start < end else end + _DAY


def _clock_of(value: object) -> timedelta:
    if isinstance(value, str):
        return iso8601.parse_clock(value)
    if isinstance(value, int) and 0 <= value <= 24 * 60:
        return timedelta(minutes=value)
    raise PointTypeError(f"{value!r:.80} is no time of day", value)


def _named(row: Any) -> str | None:
    name = getattr(row, "id", None)
    return None if name is None else str(name)


def _label(row: Any) -> str:
    return getattr(row, "label", None) or ""
