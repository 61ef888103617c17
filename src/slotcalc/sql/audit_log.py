"""`SqlAuditLog` and `AsyncSqlAuditLog`: the history in the database, apart from the edits that write it.

A `SqlRepository` writes the events of its edits by itself. These read them, take late deliveries and purge. They may
stand on another database than the repository.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import SingletonThreadPool

from slotcalc.audit import Baseline, Selection
from slotcalc.audit.log import check_deliverable
from slotcalc.audit.spool import seconds_of
from slotcalc.diff import AuditEvent
from slotcalc.diff.event import checked_text
from slotcalc.sql import events as event_store
from slotcalc.sql import feed, rows
from slotcalc.sql.connections import checked_engine, editing, reading
from slotcalc.sql.feed import FeedPage
from slotcalc.sql.plans import Plan, alone, run, run_async
from slotcalc.sql.schema import Tables
from slotcalc.sql.slot_store import Place

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["AsyncSqlAuditLog", "SqlAuditLog"]

_PAGE: Final = 1000  # events that a stream reads at once


class _Questions:
    """What both logs share: where the rows are, and the questions as plans."""

    def __init__(self, url: str, tables: Tables | None, tenant: str | None, lock_timeout: timedelta) -> None:
        seconds_of("lock_timeout", lock_timeout)
        self._place = Place(tables or Tables(), "" if tenant is None else checked_text("tenant", tenant))
        self._lock_timeout = lock_timeout
        self._url = url

    def __repr__(self) -> str:
        """Return which database it is, without the password."""
        return f"<{type(self).__name__} of {self._url}>"

    def _append(self, events: Sequence[AuditEvent]) -> Plan[int]:
        check_deliverable(rows.checked_events(events))

        def work(connection: Connection) -> int:
            with editing(connection, self._lock_timeout):
                return event_store.append(connection, self._place, events)

        return alone(work)

    def _select(self, wanted: Selection) -> Plan[list[AuditEvent]]:
        for name in ("resource_id", "changed_by", "reason", "after"):
            text = getattr(wanted, name)
            if text is not None:
                checked_text(name, text)

        def work(connection: Connection) -> list[AuditEvent]:
            with reading(connection):
                return event_store.selected(connection, self._place, wanted)

        return alone(work)

    def _events_since(self, cursor: str, limit: int) -> Plan[FeedPage]:
        feed.checked_cursor(cursor, limit)

        def work(connection: Connection) -> FeedPage:
            with reading(connection):
                return feed.events_since(connection, self._place, cursor, limit)

        return alone(work)

    def _baseline(self, resource_id: str) -> Plan[Baseline | None]:
        checked_text("resource_id", resource_id)

        def work(connection: Connection) -> Baseline | None:
            with reading(connection):
                return event_store.baseline(connection, self._place, resource_id)

        return alone(work)

    def _purge(self, baseline: Baseline) -> Plan[int]:
        checked_text("resource_id", baseline.resource_id)
        checked_text("digest", baseline.digest)
        rows.checked_slots(baseline.slots)

        def work(connection: Connection) -> int:
            with editing(connection, self._lock_timeout):
                return event_store.purge(connection, self._place, baseline)

        return alone(work)


def _next_page(wanted: Selection, read: int, last: str | None) -> Selection | None:
    """Return the selection of the next page of a stream, None if all that was asked for was read."""
    left = _PAGE if wanted.limit is None else min(_PAGE, wanted.limit - read)
    return None if left == 0 else wanted.replace(after=last or wanted.after, limit=left)


class SqlAuditLog(_Questions):
    """An `AuditLog` in a database; `create_all` makes its tables. The filters of a selection are made by the database.

    Args:
        engine: as for `SqlRepository`.
        tables: the names of the tables.
        tenant: whose history it is; that of others is never read or written.
        lock_timeout: how long a delivery or a purge waits for locks.

    Whatever the database or its driver raises is a `StoreError`; a delivery or a purge may always be repeated.

    >>> from sqlalchemy import create_engine
    >>> from slotcalc.sql import create_all
    >>> engine = create_engine("sqlite://")
    >>> create_all(engine)
    >>> SqlAuditLog(engine).select(Selection(resource_id="tutor-1", limit=10))
    []
    """

    def __init__(
        self,
        engine: Engine,
        *,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        """Check the arguments as `SqlRepository` does."""
        self._engine = checked_engine(engine)
        self.immediate = isinstance(engine.pool, SingletonThreadPool)  # in memory: another thread would see another
        super().__init__(engine.url.render_as_string(hide_password=True), tables, tenant, lock_timeout)

    def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new; see `AuditLog`."""
        return run(self._engine, self._append(events))

    def select(self, wanted: Selection) -> list[AuditEvent]:
        """Return the events that are asked for, in the order of `Selection`; see `AuditLog`."""
        return run(self._engine, self._select(wanted))

    def stream(self, wanted: Selection) -> Iterator[AuditEvent]:
        """Yield the events that `select` returns, read by page: for answers that are too long to hold.

        No connection is held between two events. What is delivered behind the last one that was read, shows.
        """
        page, read = _next_page(wanted, 0, None), 0
        while page is not None and (events := self.select(page)):
            yield from events
            read += len(events)
            page = _next_page(wanted, read, events[-1].id)

    def events_since(self, cursor: str = "", *, limit: int = _PAGE) -> FeedPage:
        """Return the events behind the cursor, those of all resources, in an order in which none turns up behind it.

        For shipping the log elsewhere: begin with `""`, and go on with the cursor of the page. Each event is given
        once, when its transaction is over and so are all that were begun before it; a transaction that is left open
        holds the feed up, and never makes it pass over anything. What was purged is not given: ship before you purge.

        Raises:
            ParseError: for text that is no cursor of this kind of database.
        """
        return run(self._engine, self._events_since(cursor, limit))

    def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""
        return run(self._engine, self._baseline(resource_id))

    def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, and keep the baseline; return how many."""
        return run(self._engine, self._purge(baseline))


class AsyncSqlAuditLog(_Questions):
    """An `AsyncAuditLog` in a database: a `SqlAuditLog` over an asynchronous engine, with the same arguments."""

    def __init__(
        self,
        engine: "AsyncEngine",
        *,
        tables: Tables | None = None,
        tenant: str | None = None,
        lock_timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        """Check the arguments as `SqlRepository` does."""
        checked_engine(engine, asynchronous=True)
        self._engine = engine
        super().__init__(engine.url.render_as_string(hide_password=True), tables, tenant, lock_timeout)

    async def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new."""
        return await run_async(self._engine, self._append(events))

    async def select(self, wanted: Selection) -> list[AuditEvent]:
        """Return the events that are asked for, in the order of `Selection`."""
        return await run_async(self._engine, self._select(wanted))

    async def stream(self, wanted: Selection) -> AsyncIterator[AuditEvent]:
        """Yield the events that `select` returns, read by page; see `SqlAuditLog.stream`."""
        page, read = _next_page(wanted, 0, None), 0
        while page is not None and (events := await self.select(page)):
            for event in events:
                yield event
            read += len(events)
            page = _next_page(wanted, read, events[-1].id)

    async def events_since(self, cursor: str = "", *, limit: int = _PAGE) -> FeedPage:
        """Return the events behind the cursor, in an order in which none turns up behind it."""
        return await run_async(self._engine, self._events_since(cursor, limit))

    async def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""
        return await run_async(self._engine, self._baseline(resource_id))

    async def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, and keep the baseline; return how many."""
        return await run_async(self._engine, self._purge(baseline))
