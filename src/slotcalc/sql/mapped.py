"""`MappedRepository` and its asynchronous twin: slots and bookings in tables of your own, edited where they are.

What slotcalc adds stays in its own tables beside them: the revision of each resource, whose row an edit locks, the
requests and the events. Imports `mapped_rows` and `repository`; read `migrations` next.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, insert, update

from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.errors import PointTypeError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.sql import slot_store
from slotcalc.sql.edits import Mode, SpoolLike
from slotcalc.sql.mapped_rows import Opened
from slotcalc.sql.mapping import BookingTable, SlotTable
from slotcalc.sql.repository import AsyncSqlRepository, SqlRepository
from slotcalc.sql.schema import Tables
from slotcalc.sql.slot_store import Place, Resource, Window

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["AsyncMappedRepository", "MappedRepository"]


class _MappedContents:
    """The `Contents` of mapped tables; what is not mapped is in the tables of slotcalc."""

    def __init__(self, slots: SlotTable | None, bookings: BookingTable | None) -> None:
        for name, given, wanted in (("slots", slots, SlotTable), ("bookings", bookings, BookingTable)):
            if given is not None and not isinstance(given, wanted):
                raise PointTypeError(f"{name}={given!r:.80} is no {wanted.__name__}", given)
        self._slots = slots
        self._bookings = bookings
        self._opened: dict[str, Opened] = {}

    def find(self, connection: Connection, place: Place, resource_id: str) -> Resource:
        """Return the resource; one that was never edited is at revision 0, whatever the mapped tables have of it."""
        return slot_store.find(connection, place, resource_id) or Resource(0, resource_id, 0)

    def slots(self, connection: Connection, place: Place, resource: Resource, window: Window) -> dict[Any, Slot]:
        """Return the slots that overlap the window, by key, in order of their start."""
        if self._slots is None:
            return {**slot_store.slots(connection, place, resource, window)}
        opened = self._open(connection, self._slots)
        found = [
            (opened.key(row) or (None, number), slot)
            for number, row in enumerate(connection.execute(opened.asked(resource.resource_id, window)))
            if (slot := opened.slot_of(row, resource.resource_id))
            and (window is None or slot.interval.overlaps(window))
        ]
        return dict(sorted(found, key=lambda pair: pair[1].interval.start))

    def bookings(self, connection: Connection, place: Place, resource: Resource, window: Window) -> list[Booking]:
        """Return the bookings of any status that overlap the window, in order of their start."""
        if self._bookings is None:
            return slot_store.bookings(connection, place, resource, window)
        opened = self._open(connection, self._bookings)
        found = [
            booking
            for row in connection.execute(opened.asked(resource.resource_id, window))
            if (booking := opened.booking_of(row, resource.resource_id))
            and (window is None or booking.interval.overlaps(window))
        ]
        return sorted(found, key=lambda booking: booking.interval.start)

    def exchange_slots(
        self, connection: Connection, place: Place, resource: Resource, gone: dict[Any, Slot], new: Sequence[Slot]
    ) -> None:
        """Take away slots and put in others.

        A row whose slot only changes its time is changed, so that what else it holds is kept.
        """
        if self._slots is None:
            slot_store.exchange_slots(connection, place, resource, gone, new)
            return
        opened = self._open(connection, self._slots)
        dropped, changed, made = _paired([*gone.items()], new)
        if dropped:
            connection.execute(
                delete(opened.table).where(*opened.key_is()), [opened.key_values(key) for key in dropped]
            )
        for key, slot in changed:
            first, *others = opened.rows_of(slot)
            mine = update(opened.table).where(*opened.key_is())
            connection.execute(mine.values(opened.values(first)), opened.key_values(key))
            _insert(connection, opened, others)
        _insert(connection, opened, [row for slot in made for row in opened.rows_of(slot)])

    def booking_by_id(
        self, connection: Connection, place: Place, resource: Resource, booking_id: str
    ) -> Booking | None:
        """Return the booking with that id."""
        if self._bookings is None:
            return slot_store.booking_by_id(connection, place, resource, booking_id)
        opened = self._open(connection, self._bookings)
        name = opened.name_as_kept("id", booking_id)
        if name is None:
            return None
        row = connection.execute(opened.asked(resource.resource_id, None).where(opened.clause("id") == name)).first()
        return None if row is None else opened.booking_of(row, resource.resource_id)

    def keep_booking(
        self,
        connection: Connection,
        place: Place,
        resource: Resource,
        booking: Booking,
        *,
        is_new: bool,
        exclusive: bool,
    ) -> None:
        """Write a new booking, or one in the place of the one with its id.

        Raises:
            PointValueError: for a booking that takes more than one row.
        """
        if self._bookings is None:
            slot_store.keep_booking(connection, place, resource, booking, is_new=is_new, exclusive=exclusive)
            return
        opened = self._open(connection, self._bookings)
        rows = opened.rows_of(booking)
        if len(rows) > 1:
            message = f"{booking.interval} is longer than a row of {self._bookings.table!r} holds, which is a day"
            raise PointValueError(message, booking)
        if is_new:
            _insert(connection, opened, rows)
        else:
            mine = self._booking_is(opened, resource, str(booking.id))
            connection.execute(update(opened.table).where(*mine).values(opened.values(rows[0])))

    def cancel_booking(self, connection: Connection, place: Place, resource: Resource, booking_id: str) -> None:
        """Write that a booking is cancelled.

        Raises:
            PointValueError: if the table has no word for that.
        """
        if self._bookings is None:
            slot_store.cancel_booking(connection, place, resource, booking_id)
            return
        opened = self._open(connection, self._bookings)
        word = opened.status_word(BookingStatus.CANCELLED)
        mine = self._booking_is(opened, resource, booking_id)
        connection.execute(update(opened.table).where(*mine).values({opened.clause("status"): word}))

    def seed(
        self,
        connection: Connection,
        place: Place,
        resource: Resource,
        slots: Sequence[Slot],
        bookings: Sequence[Booking],
    ) -> None:
        """Write slots and bookings of a resource that was never edited, beside those that are there."""
        self.exchange_slots(connection, place, resource, {}, slots)
        for booking in bookings:
            self.keep_booking(connection, place, resource, booking, is_new=True, exclusive=False)

    def _open(self, connection: Connection, mapping: SlotTable | BookingTable) -> Opened:
        """Return the table as the database has it, which is asked once."""
        name = type(mapping).__name__
        if name not in self._opened:
            self._opened[name] = Opened(connection, mapping)
        return self._opened[name]

    @staticmethod
    def _booking_is(opened: Opened, resource: Resource, booking_id: str) -> list[ColumnElement[bool]]:
        return [*opened.of_resource(resource.resource_id), opened.clause("id") == opened.key_of("id", booking_id)]


def _paired(gone: list[tuple[Any, Slot]], new: Sequence[Slot]) -> tuple[list[Any], list[tuple[Any, Slot]], list[Slot]]:
    """Return the keys of rows to take away, those of rows to change with what they become, and what is to be put in.

    A row changes if a new slot of the same id, capacity and label overlaps its slot. Linear, but for the sorting.
    """
    waiting: dict[Any, deque[Slot]] = {}
    for slot in sorted(new, key=lambda slot: slot.interval.start):
        waiting.setdefault((slot.id, slot.capacity, slot.label), deque()).append(slot)
    dropped: list[Any] = []
    changed: list[tuple[Any, Slot]] = []
    made: list[Slot] = []
    for key, old in gone:  # in order of start
        queue = waiting.get((old.id, old.capacity, old.label), deque())
        while queue and queue[0].interval.end <= old.interval.start:
            made.append(queue.popleft())
        if queue and queue[0].interval.start < old.interval.end:
            changed.append((key, queue.popleft()))
        else:
            dropped.append(key)
    return dropped, changed, made + [slot for queue in waiting.values() for slot in queue]


def _insert(connection: Connection, opened: Opened, rows: list[dict[str, Any]]) -> None:
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{i}") for i, name in enumerate(opened.new_values(rows[0]))}
        sent = [{f"new_{i}": value for i, value in enumerate(opened.new_values(row).values())} for row in rows]
        connection.execute(insert(opened.table).values(values), sent)


class MappedRepository(SqlRepository):
    """A `SqlRepository` over tables that were there before, so that what they hold is read, and edited, in its place.

    `create_all` makes the tables that slotcalc needs beside them. Edits by slotcalc are safe against each other, since
    each locks its resource; what other programs write takes no notice of that lock, has no events and does not change
    the revision. So let all that edit go by slotcalc, or reconcile now and then.

    Args:
        engine: as for `SqlRepository`, and so are all that are not named here.
        slots: where the slots are; by default in the tables of slotcalc.
        bookings: where the bookings are; by default in the tables of slotcalc.
        tables: the names of the tables beside them.
        tenant: of the tables beside them; which of your own rows count is said by `only` in their mapping.
        lock_timeout: as for `SqlRepository`.
        audit_timeout: as for `SqlRepository`.
        mode: as for `SqlRepository`.
        spool: as for `SqlRepository`.

    >>> from sqlalchemy import create_engine
    >>> from slotcalc.sql import create_all
    >>> engine = create_engine("sqlite://")
    >>> create_all(engine)
    >>> with engine.begin() as connection:
    ...     _ = connection.exec_driver_sql("CREATE TABLE shifts (id INTEGER PRIMARY KEY, who TEXT, day, since, until)")
    ...     _ = connection.exec_driver_sql("INSERT INTO shifts VALUES (1, 'anna', '2026-03-02', '22:00', '02:00')")
    >>> shifts = SlotTable("shifts", resource_id="who", date="day", start_time="since", end_time="until",
    ...                    zone="Europe/Paris")
    >>> [str(slot.interval) for slot in MappedRepository(engine, slots=shifts).slots("anna")]
    ['2026-03-02T21:00:00Z/2026-03-03T01:00:00Z']
    """  # fmt: skip

    def __init__(
        self,
        engine: Engine,
        *,
        slots: SlotTable | None = None,
        bookings: BookingTable | None = None,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
        audit_timeout: timedelta = timedelta(milliseconds=200),
        mode: Mode = "guarded",
        spool: SpoolLike | None = None,
    ) -> None:
        """Check the arguments; nothing is connected to."""
        super().__init__(
            engine,
            tables=tables,
            tenant=tenant,
            lock_timeout=lock_timeout,
            audit_timeout=audit_timeout,
            mode=mode,
            spool=spool,
        )
        self._store = self._store._replace(contents=_MappedContents(slots, bookings))
        self._pushes_down = False  # the functions on the server know the tables of slotcalc only

    def stream_slots(self, resource_id: str, window: Interval[Any] | None = None) -> Iterator[Slot]:
        """Yield the slots as `slots` returns them, all read at once: rows of others may have no order to page by."""
        return iter(self.slots(resource_id, window))

    def stream_bookings(self, resource_id: str, window: Interval[Any] | None = None) -> Iterator[Booking]:
        """Yield the bookings as `bookings` returns them, all read at once."""
        return iter(self.bookings(resource_id, window))


class AsyncMappedRepository(AsyncSqlRepository):
    """An `AsyncSqlRepository` over tables that were there before; the arguments are those of `MappedRepository`."""

    def __init__(
        self,
        engine: "AsyncEngine",
        *,
        slots: SlotTable | None = None,
        bookings: BookingTable | None = None,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
        audit_timeout: timedelta = timedelta(milliseconds=200),
        mode: Mode = "guarded",
        spool: SpoolLike | None = None,
    ) -> None:
        """Check the arguments as `MappedRepository` does."""
        super().__init__(
            engine,
            tables=tables,
            tenant=tenant,
            lock_timeout=lock_timeout,
            audit_timeout=audit_timeout,
            mode=mode,
            spool=spool,
        )
        self._store = self._store._replace(contents=_MappedContents(slots, bookings))
        self._pushes_down = False  # as in `MappedRepository`

    async def stream_slots(self, resource_id: str, window: Interval[Any] | None = None) -> AsyncIterator[Slot]:
        """Yield the slots as `slots` returns them, all read at once."""
        for slot in await self.slots(resource_id, window):
            yield slot

    async def stream_bookings(self, resource_id: str, window: Interval[Any] | None = None) -> AsyncIterator[Booking]:
        """Yield the bookings as `bookings` returns them, all read at once."""
        for booking in await self.bookings(resource_id, window):
            yield booking
