"""The statements about resources, slots, bookings and requests: plain functions over a connection, with no decisions.

Each names the tenant and the resource, or a key that was found by them. Imports `schema` and `rows`; read `events`
next.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlalchemy.exc import IntegrityError

from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.errors import NotAvailableError, RequestConflictError, StoreError
from slotcalc.intervals import Interval
from slotcalc.repository import Replaced, Request
from slotcalc.repository.exchange import check_same_request
from slotcalc.sql import rows
from slotcalc.sql.connections import is_sqlite
from slotcalc.sql.schema import ONE_AT_A_TIME, Instant, Tables

__all__ = [
    "Contents",
    "Place",
    "Resource",
    "answer",
    "booking_by_id",
    "bookings",
    "cancel_booking",
    "exchange_slots",
    "find",
    "insert_ignoring",
    "keep_booking",
    "lock",
    "remember",
    "seed",
    "set_revision",
    "slots",
    "timed_after",
]

T = TypeVar("T", Replaced, Booking)
Window: TypeAlias = "Interval[datetime] | None"

_MANY: Final = 1000  # rows that one statement brings or takes away


class Contents(Protocol):
    """The tables that slots and bookings are in: this module, for those of slotcalc, or what `mapped` makes of others.

    Each member does what the function of that name in this module does.
    """

    def find(self, connection: Connection, place: "Place", resource_id: str) -> "Resource | None":
        """Return the resource, or None if nothing is kept of it."""

    def slots(self, connection: Connection, place: "Place", resource: "Resource", window: Window) -> dict[Any, Slot]:
        """Return the slots that overlap the window, by key."""

    def bookings(self, connection: Connection, place: "Place", resource: "Resource", window: Window) -> list[Booking]:
        """Return the bookings that overlap the window."""

    def exchange_slots(
        self,
        connection: Connection,
        place: "Place",
        resource: "Resource",
        gone: dict[Any, Slot],
        new: Sequence[Slot],
    ) -> None:
        """Take away slots and put in others."""

    def booking_by_id(
        self, connection: Connection, place: "Place", resource: "Resource", booking_id: str
    ) -> Booking | None:
        """Return the booking with that id."""

    def keep_booking(
        self,
        connection: Connection,
        place: "Place",
        resource: "Resource",
        booking: Booking,
        *,
        is_new: bool,
        exclusive: bool,
    ) -> None:
        """Write a new booking, or one in the place of the one with its id."""

    def cancel_booking(self, connection: Connection, place: "Place", resource: "Resource", booking_id: str) -> None:
        """Write that a booking is cancelled."""

    def seed(
        self,
        connection: Connection,
        place: "Place",
        resource: "Resource",
        slots: Sequence[Slot],
        bookings: Sequence[Booking],
    ) -> None:
        """Write slots and bookings of a resource that was never edited."""


class Place(NamedTuple):
    """Where the rows of a tenant are."""

    tables: Tables
    tenant: str


class Resource(NamedTuple):
    """A resource as its row has it; while its row is locked, nobody else changes what is kept of it."""

    key: int
    resource_id: str
    revision: int


def find(connection: Connection, place: Place, resource_id: str, *, locked: bool = False) -> Resource | None:
    """Return the resource, or None if nothing was ever kept of it; with `locked`, wait for it and hold it."""
    t = place.tables.resources
    asked = select(t.c.resource_key, t.c.revision).where(t.c.tenant == place.tenant, t.c.resource_id == resource_id)
    row = connection.execute(asked.with_for_update() if locked else asked).one_or_none()
    return None if row is None else Resource(row.resource_key, resource_id, row.revision)


def lock(connection: Connection, place: Place, resource_id: str) -> Resource:
    """Wait for the resource and hold it until the transaction ends; it begins at revision 0."""
    found = find(connection, place, resource_id, locked=True)
    if found is not None:
        return found
    t = place.tables.resources
    row = {"tenant": place.tenant, "resource_id": resource_id, "revision": 0}
    connection.execute(insert_ignoring(connection, t, "tenant", "resource_id"), [row])
    made = find(connection, place, resource_id, locked=True)
    if made is None:
        message = f"the row of {resource_id!r} was written and cannot be read; look at the policies of {t.fullname}"
        raise StoreError(message, resource_id)
    return made


def insert_ignoring(connection: Connection, table: Table, *key: str) -> Any:  # an insert of either dialect
    """Return the statement that leaves out rows whose key is there already."""
    dialect = sqlite if is_sqlite(connection) else postgresql
    return dialect.insert(table).on_conflict_do_nothing(index_elements=[*key])


def set_revision(connection: Connection, place: Place, resource: Resource, revision: int) -> None:
    """Write the revision of a resource that is locked."""
    t = place.tables.resources
    connection.execute(update(t).where(t.c.resource_key == resource.key).values(revision=revision))


def slots(connection: Connection, place: Place, resource: Resource, window: Window) -> dict[int, Slot]:
    """Return the slots that overlap the window, by key, in order of their start."""
    t = place.tables.slots
    found = connection.execute(_overlapping(connection, t, t.c.slot_key, resource, window))
    return {row.slot_key: rows.slot_of(row, resource.resource_id) for row in found}


def bookings(connection: Connection, place: Place, resource: Resource, window: Window) -> list[Booking]:
    """Return the bookings of any status that overlap the window, in order of their start."""
    t = place.tables.bookings
    found = connection.execute(_overlapping(connection, t, t.c.booking_key, resource, window))
    return [rows.booking_of(row, resource.resource_id) for row in found]


def timed_after(
    connection: Connection, table: Table, resource: Resource, window: Window, last: Any, limit: int
) -> Sequence[Any]:  # rows
    """Return the next rows of slots or bookings behind a row, in order of start and key."""
    key = next(iter(table.primary_key))
    asked = _overlapping(connection, table, key, resource, window).limit(limit)
    if last is not None:
        start, at = literal(last.start_at, Instant), getattr(last, key.name)
        asked = asked.where((table.c.start_at > start) | ((table.c.start_at == start) & (key > at)))
    return connection.execute(asked).all()


def exchange_slots(
    connection: Connection, place: Place, resource: Resource, gone: dict[int, Slot], new: Sequence[Slot]
) -> None:
    """Take away slots and put in others."""
    t = place.tables.slots
    if gone:
        connection.execute(delete(t).where(t.c.slot_key == bindparam("gone")), [{"gone": key} for key in gone])
    for i in range(0, len(new), _MANY):
        connection.execute(insert(t), [rows.slot_row(slot, resource.key) for slot in new[i : i + _MANY]])


def booking_by_id(connection: Connection, place: Place, resource: Resource, booking_id: str) -> Booking | None:
    """Return the booking with that id."""
    t = place.tables.bookings
    asked = select(t).where(t.c.resource_key == resource.key, t.c.booking_id == booking_id)
    row = connection.execute(asked).one_or_none()
    return None if row is None else rows.booking_of(row, resource.resource_id)


def keep_booking(
    connection: Connection, place: Place, resource: Resource, booking: Booking, *, is_new: bool, exclusive: bool
) -> None:
    """Write a new booking, or one in the place of the one with its id.

    Raises:
        NotAvailableError: if the database itself refuses it as a double booking.
    """
    t = place.tables.bookings
    row = rows.booking_row(booking, resource.key, exclusive=exclusive)
    mine = and_(t.c.resource_key == resource.key, t.c.booking_id == booking.id)
    try:
        connection.execute(insert(t).values(row) if is_new else update(t).where(mine).values(row))
    except IntegrityError as error:
        if ONE_AT_A_TIME not in str(error.orig):
            raise
        message = f"{booking.interval} of {booking.resource_id!r} is taken by another active booking"
        raise NotAvailableError(message, booking, ()) from None


def cancel_booking(connection: Connection, place: Place, resource: Resource, booking_id: str) -> None:
    """Write that a booking is cancelled."""
    t = place.tables.bookings
    mine = and_(t.c.resource_key == resource.key, t.c.booking_id == booking_id)
    connection.execute(update(t).where(mine).values(status=BookingStatus.CANCELLED.value))


def seed(
    connection: Connection, place: Place, resource: Resource, slots: Sequence[Slot], bookings: Sequence[Booking]
) -> None:
    """Write slots and bookings of a resource of which nothing is there."""
    shared = rows.shareable(slots, bookings)
    offered = [rows.slot_row(slot, resource.key) for slot in slots]
    booked = [rows.booking_row(b, resource.key, exclusive=not shared.overlaps(b.interval)) for b in bookings]
    for table, made in ((place.tables.slots, offered), (place.tables.bookings, booked)):
        for i in range(0, len(made), _MANY):
            connection.execute(insert(table), made[i : i + _MANY])


def answer(
    connection: Connection, place: Place, resource: Resource, request: Request | None, kind: type[T]
) -> T | None:
    """Return what the request was answered before, or None.

    Raises:
        RequestConflictError: if it had another content, or was an edit of another kind.
    """
    if request is None:
        return None
    t = place.tables.requests
    asked = select(t.c.fingerprint, t.c.answer).where(t.c.resource_key == resource.key, t.c.request_id == request.id)
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    check_same_request(request, row.fingerprint)
    given = rows.answer_of(row.answer, resource.resource_id)
    if not isinstance(given, kind):
        message = f"the request id {request.id!r} was used before for another kind of edit; give each request its own"
        raise RequestConflictError(message, request.id)
    return given


def remember(
    connection: Connection, place: Place, resource: Resource, request: Request | None, given: Replaced | Booking
) -> None:
    """Write what the request was answered."""
    if request is not None:
        row = {"resource_key": resource.key, "request_id": request.id, "fingerprint": request.fingerprint}
        connection.execute(insert(place.tables.requests), row | {"answer": rows.answer_to_json(given)})


def _overlapping(
    connection: Connection, table: Table, key: ColumnElement[int], resource: Resource, window: Window
) -> Select[Any]:
    asked = select(table).order_by(table.c.start_at, key).where(table.c.resource_key == resource.key)
    if window is None:
        return asked
    if is_sqlite(connection):
        # The plus keeps SQLite from using the index by start: most windows are about now and later, so that few rows
        # end after their start, but all of the past starts before their end.
        start: ColumnElement[datetime] = literal_column("+start_at", Instant)
        inside = (table.c.end_at > window.start) & (start < window.end)
        return select(table).order_by(start, key).where(table.c.resource_key == resource.key, inside)
    # The ends are compared beside `during`: under row-level security only such comparisons may use an index.
    ends = (table.c.end_at > window.start) & (table.c.start_at < window.end)
    return asked.where(_of_resource(table, resource), _during(window), ends)


def _of_resource(table: Table, resource: Resource) -> ColumnElement[bool]:
    """Return the condition in the very words of the index, without which it is not used."""
    bounds: ColumnElement[str] = literal_column("'[]'")
    key = literal(resource.key, BigInteger)
    return func.int8range(table.c.resource_key, table.c.resource_key, bounds) == func.int8range(key, key, bounds)


def _during(window: Interval[datetime]) -> ColumnElement[bool]:
    during: ColumnElement[Any] = literal_column("during", TSTZRANGE)
    wanted = func.tstzrange(literal(window.start, Instant), literal(window.end, Instant), type_=TSTZRANGE)
    return during.op("&&", is_comparison=True)(wanted)
