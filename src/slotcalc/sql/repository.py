"""`SqlRepository` and `AsyncSqlRepository`: the protocols of a repository over an engine. Read `audit_log` next.

Both are shells: each method makes a plan and runs it. Questions are answered over a connection that goes back to the
pool before the answer is handed out.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from slotcalc.audit.spool import seconds_of
from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot
from slotcalc.diff.event import checked_text
from slotcalc.errors import PointTypeError, PointValueError, StoreError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.repository import Admit, Describe, Redelivered, Replaced, Request, Snapshot
from slotcalc.sql import edits, rows, slot_store
from slotcalc.sql.connections import checked_engine, reading
from slotcalc.sql.edits import Mode, SpoolLike, Store
from slotcalc.sql.functions import UNDEFINED_FUNCTION, Question, free_there
from slotcalc.sql.plans import Plan, alone, run, run_async
from slotcalc.sql.schema import Tables
from slotcalc.sql.slot_store import Place

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["AsyncSqlRepository", "SqlRepository"]

T = TypeVar("T")
_PAGE: Final = 1000  # rows that a stream reads at once


class _Questions:
    """What both repositories share: where the rows are, and the questions as functions of a connection."""

    def __init__(
        self,
        url: str,
        *,
        tables: Tables | None,
        tenant: str | None,
        lock_timeout: timedelta,
        audit_timeout: timedelta,
        mode: Mode,
        spool: SpoolLike | None,
    ) -> None:
        if mode not in {"guarded", "atomic", "after_commit"}:
            raise PointValueError(f"mode={mode!r:.80} is none of 'guarded', 'atomic' and 'after_commit'", mode)
        for name, timeout in (("lock_timeout", lock_timeout), ("audit_timeout", audit_timeout)):
            seconds_of(name, timeout)
        if spool is not None and not hasattr(spool, "append"):
            raise PointTypeError(f"spool={spool!r:.200} is no spool; make one of its path, Spool('events')", spool)
        place = Place(tables or Tables(), "" if tenant is None else checked_text("tenant", tenant))
        self._store = Store(place, lock_timeout, audit_timeout, mode, spool)
        self._url = url
        self._pushes_down = not url.startswith("sqlite")  # until the server turns out not to have the functions

    def __repr__(self) -> str:
        """Return which database it is, without the password."""
        return f"<{type(self).__name__} of {self._url}>"

    def _snapshot(self, resource_id: str, window: Interval[Any] | None, *, only: str = "") -> Plan[Snapshot]:
        checked_text("resource_id", resource_id)
        if window is not None:
            rows.checked_window(window)
        place, contents = self._store.place, self._store.contents

        def work(connection: Connection) -> Snapshot:
            with reading(connection):
                resource = contents.find(connection, place, resource_id)
                if resource is None:
                    return Snapshot((), (), 0)
                there: Iterable[Slot] = ()
                booked: Iterable[Booking] = ()
                if only in {"", "slots"}:
                    there = contents.slots(connection, place, resource, window).values()
                if only in {"", "bookings"}:
                    booked = contents.bookings(connection, place, resource, window)
                return Snapshot(there, booked, resource.revision)

        return alone(work)

    def _booking(self, resource_id: str, booking_id: str) -> Plan[Booking | None]:
        checked_text("resource_id", resource_id)
        checked_text("booking_id", booking_id)
        place, contents = self._store.place, self._store.contents

        def work(connection: Connection) -> Booking | None:
            with reading(connection):
                resource = contents.find(connection, place, resource_id)
                return None if resource is None else contents.booking_by_id(connection, place, resource, booking_id)

        return alone(work)

    def _free(self, resource_id: str, window: Interval[Any], question: Question) -> Plan[IntervalSet[datetime]]:
        checked_text("resource_id", resource_id)
        reach = question.reach(rows.checked_window(window))
        if self._pushes_down:
            try:
                there: IntervalSet[datetime] = yield partial(
                    free_there, place=self._store.place, resource_id=resource_id, window=window, question=question
                )
            except StoreError as error:
                if error.values != (UNDEFINED_FUNCTION,):
                    raise
                self._pushes_down = False
            else:
                return there
        snapshot = yield from self._snapshot(resource_id, reach)
        return question.answer(snapshot, window)

    def _page(self, name: str, resource_id: str, window: Interval[Any] | None, last: Any) -> Plan[Sequence[Any]]:
        checked_text("resource_id", resource_id)
        if window is not None:
            rows.checked_window(window)
        place = self._store.place

        def work(connection: Connection) -> Sequence[Any]:
            with reading(connection):
                resource = slot_store.find(connection, place, resource_id)
                if resource is None:
                    return ()
                table = getattr(place.tables, name)
                return slot_store.timed_after(connection, table, resource, window, last, _PAGE)

        return alone(work)


class SqlRepository(_Questions):
    """A `Repository` in a database, for any number of threads and processes at once; `create_all` makes its tables.

    Points are instants, that is aware datetimes. Whatever the database or its driver raises is a `StoreError`, and then
    nothing was written. Only if a connection is lost at COMMIT, nobody knows: then the request is looked up, and
    without one `OutcomeUnknownError` is raised.

    Args:
        engine: of SQLite, or of PostgreSQL by psycopg; it is used with its pool, and nothing is set on it.
        tables: the names of the tables.
        tenant: whose rows these are; others are never read or written. By default all rows are of one.
        lock_timeout: how long an edit waits for another edit of the same resource (in SQLite, of any).
        audit_timeout: how long it waits for a lock on the log of events.
        mode: "guarded": the events in the edit's transaction, which stands if they fail. "after_commit": in a second
            transaction, by way of the outbox. "atomic": the edit fails if its events do.
        spool: takes the events that neither the log nor the outbox took.

    >>> from datetime import UTC, datetime, timedelta
    >>> from sqlalchemy import create_engine
    >>> from slotcalc.sql import create_all
    >>> engine = create_engine("sqlite://")
    >>> create_all(engine)
    >>> repository = SqlRepository(engine)
    >>> morning = Interval.parse("2026-03-02T08:00Z/2026-03-02T12:00Z")
    >>> repository.replace_slots("tutor-1", morning, [Slot("tutor-1", morning)]).revision
    1
    >>> [str(slot.interval) for slot in repository.slots("tutor-1")]
    ['2026-03-02T08:00:00Z/2026-03-02T12:00:00Z']
    """

    def __init__(
        self,
        engine: Engine,
        *,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
        audit_timeout: timedelta = timedelta(milliseconds=200),
        mode: Mode = "guarded",
        spool: SpoolLike | None = None,
    ) -> None:
        """Check the arguments; nothing is connected to.

        Raises:
            IntervalError: for a timeout that is negative.
            PointTypeError: for anything but an engine of a known database and driver, and for a spool that is none.
            PointValueError: for an unknown mode, or a tenant that no database keeps.
        """
        self._engine = checked_engine(engine)
        super().__init__(
            engine.url.render_as_string(hide_password=True),
            tables=tables,
            tenant=tenant,
            lock_timeout=lock_timeout,
            audit_timeout=audit_timeout,
            mode=mode,
            spool=spool,
        )

    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        """Return the slots, or those that overlap the window; see `Repository`."""
        return [*run(self._engine, self._snapshot(resource_id, window, only="slots")).slots]

    def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        """Return the bookings of any status, or those that overlap the window; see `Repository`."""
        return [*run(self._engine, self._snapshot(resource_id, window, only="bookings")).bookings]

    def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, of any status, or None if there is none."""
        return run(self._engine, self._booking(resource_id, booking_id))

    def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen."""
        return run(self._engine, self._snapshot(resource_id, None, only="revision")).revision

    def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""
        return run(self._engine, self._snapshot(resource_id, window))

    def free(
        self,
        resource_id: str,
        window: Interval[Any],
        *,
        before: timedelta | None = None,
        after: timedelta | None = None,
        seats: int = 1,
        active: Collection[BookingStatus] = ACTIVE,
        ignoring: str | Collection[str] | None = None,
    ) -> IntervalSet[datetime]:
        """Return `slotcalc.free` of the resource within the window, with the same arguments and the same answer.

        A PostgreSQL that has the functions of `install_functions` computes it; else the rows are fetched and it is
        computed here. Whether it has them is asked once for each repository.

        Raises:
            IntervalError, PointTypeError, PointValueError: as `slotcalc.free`; nothing is asked of the database.
        """
        return run(self._engine, self._free(resource_id, window, Question(before, after, seats, active, ignoring)))

    def stream_slots(self, resource_id: str, window: Interval[Any] | None = None) -> Iterator[Slot]:
        """Yield the slots as `slots` returns them, read by page: for answers that are too long to hold.

        No connection is held between two slots, so each page is of a moment of its own.
        """
        return (rows.slot_of(row, resource_id) for row in self._rows("slots", resource_id, window))

    def stream_bookings(self, resource_id: str, window: Interval[Any] | None = None) -> Iterator[Booking]:
        """Yield the bookings as `bookings` returns them, read by page like `stream_slots`."""
        return (rows.booking_of(row, resource_id) for row in self._rows("bookings", resource_id, window))

    def _rows(self, name: str, resource_id: str, window: Interval[Any] | None) -> Iterator[Any]:
        last = None
        while page := run(self._engine, self._page(name, resource_id, window, last)):
            yield from page
            last = page[-1]

    def replace_slots(
        self,
        resource_id: str,
        window: Interval[Any],
        slots: Iterable[Slot],
        *,
        describe: Describe | None = None,
        expected_revision: int | None = None,
        request: Request | None = None,
    ) -> Replaced:
        """Replace all slot time inside the window by the slots, and keep the events; see `Repository`.

        `delivery` in the answer says where the events are. If they are nowhere, repeating the request tries again.

        Raises:
            StoreError: if the database refuses or cannot be reached; nothing is written.
            OutcomeUnknownError: if the connection is lost at COMMIT, and the request cannot be looked up.
        """
        plan = edits.replace_slots(
            self._store,
            resource_id,
            window,
            slots,
            describe=describe,
            expected_revision=expected_revision,
            request=request,
        )
        return run(self._engine, plan)

    def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots; see `Repository`."""
        return run(self._engine, edits.advance(self._store, resource_id, expected_revision=expected_revision))

    def book(
        self,
        booking: Booking,
        *,
        admit: Admit,
        window: Interval[Any] | None = None,
        moving: bool = False,
        request: Request | None = None,
    ) -> Booking:
        """Keep a new booking if `admit` raises nothing, and return it; see `Repository`.

        Unless the slots have more than one seat or `admit` let it share its time, the database itself refuses any other
        active booking of that time from now on.
        """
        plan = edits.book(self._store, booking, admit=admit, window=window, moving=moving, request=request)
        return run(self._engine, plan)

    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now; see `Repository`."""
        return run(self._engine, edits.release(self._store, resource_id, booking_id, request=request))

    def seed(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> None:
        """Write what is there before the first edit, all or nothing: to begin with the data of another store.

        Raises:
            RevisionConflictError: for a resource that was edited already.
        """
        run(self._engine, edits.seed(self._store, slots, bookings))

    def redeliver(self) -> Redelivered:
        """Move the events that wait in the outbox into the log, each once; call it now and then, from anywhere.

        `Schedule.redeliver` does it too. An entry waits for locks no longer than the audit timeout, and after a hundred
        that the log refused the others are left alone for now.
        """
        return run(self._engine, edits.redeliver(self._store))


class AsyncSqlRepository(_Questions):
    """An `AsyncRepository` in a database: a `SqlRepository` over an asynchronous engine, with the same arguments."""

    def __init__(
        self,
        engine: "AsyncEngine",
        *,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
        audit_timeout: timedelta = timedelta(milliseconds=200),
        mode: Mode = "guarded",
        spool: SpoolLike | None = None,
    ) -> None:
        """Check the arguments as `SqlRepository` does."""
        checked_engine(engine, asynchronous=True)
        self._engine = engine
        super().__init__(
            engine.url.render_as_string(hide_password=True),
            tables=tables,
            tenant=tenant,
            lock_timeout=lock_timeout,
            audit_timeout=audit_timeout,
            mode=mode,
            spool=spool,
        )

    async def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        """Return the slots, or those that overlap the window."""
        return [*(await run_async(self._engine, self._snapshot(resource_id, window, only="slots"))).slots]

    async def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        """Return the bookings of any status, or those that overlap the window."""
        return [*(await run_async(self._engine, self._snapshot(resource_id, window, only="bookings"))).bookings]

    async def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, or None if there is none."""
        return await run_async(self._engine, self._booking(resource_id, booking_id))

    async def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen."""
        return (await run_async(self._engine, self._snapshot(resource_id, None, only="revision"))).revision

    async def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""
        return await run_async(self._engine, self._snapshot(resource_id, window))

    async def free(
        self,
        resource_id: str,
        window: Interval[Any],
        *,
        before: timedelta | None = None,
        after: timedelta | None = None,
        seats: int = 1,
        active: Collection[BookingStatus] = ACTIVE,
        ignoring: str | Collection[str] | None = None,
    ) -> IntervalSet[datetime]:
        """Return `slotcalc.free` of the resource within the window, computed in the server if it can."""
        question = Question(before, after, seats, active, ignoring)
        return await run_async(self._engine, self._free(resource_id, window, question))

    async def stream_slots(self, resource_id: str, window: Interval[Any] | None = None) -> AsyncIterator[Slot]:
        """Yield the slots, read by page; see `SqlRepository.stream_slots`."""
        async for row in self._rows("slots", resource_id, window):
            yield rows.slot_of(row, resource_id)

    async def stream_bookings(self, resource_id: str, window: Interval[Any] | None = None) -> AsyncIterator[Booking]:
        """Yield the bookings, read by page."""
        async for row in self._rows("bookings", resource_id, window):
            yield rows.booking_of(row, resource_id)

    async def _rows(self, name: str, resource_id: str, window: Interval[Any] | None) -> AsyncIterator[Any]:
        last = None
        while page := await run_async(self._engine, self._page(name, resource_id, window, last)):
            for row in page:
                yield row
            last = page[-1]

    async def replace_slots(
        self,
        resource_id: str,
        window: Interval[Any],
        slots: Iterable[Slot],
        *,
        describe: Describe | None = None,
        expected_revision: int | None = None,
        request: Request | None = None,
    ) -> Replaced:
        """Replace all slot time inside the window by the slots, and keep the events."""
        plan = edits.replace_slots(
            self._store,
            resource_id,
            window,
            slots,
            describe=describe,
            expected_revision=expected_revision,
            request=request,
        )
        return await run_async(self._engine, plan)

    async def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots."""
        plan = edits.advance(self._store, resource_id, expected_revision=expected_revision)
        return await run_async(self._engine, plan)

    async def book(
        self,
        booking: Booking,
        *,
        admit: Admit,
        window: Interval[Any] | None = None,
        moving: bool = False,
        request: Request | None = None,
    ) -> Booking:
        """Keep a new booking if `admit` raises nothing, and return it."""
        plan = edits.book(self._store, booking, admit=admit, window=window, moving=moving, request=request)
        return await run_async(self._engine, plan)

    async def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now."""
        return await run_async(self._engine, edits.release(self._store, resource_id, booking_id, request=request))

    async def seed(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> None:
        """Write what is there before the first edit, all or nothing."""
        await run_async(self._engine, edits.seed(self._store, slots, bookings))

    async def redeliver(self) -> Redelivered:
        """Move the events that wait in the outbox into the log, each once."""
        return await run_async(self._engine, edits.redeliver(self._store))
