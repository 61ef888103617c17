"""The statements about audit events, baselines and the outbox: plain functions over a connection.

Imports `slot_store`, `rows` and `schema`; read `edits` next.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from slotcalc.audit import Baseline, Selection
from slotcalc.audit.log import horizon_error, unknown_event
from slotcalc.diff import AuditEvent
from slotcalc.sql import rows
from slotcalc.sql.connections import is_sqlite
from slotcalc.sql.schema import Tables
from slotcalc.sql.slot_store import Place, insert_ignoring

__all__ = ["append", "baseline", "joined", "purge", "queue", "queued_keys", "queued_size", "selected", "take_queued"]

_MANY: Final = 1000  # events that one statement brings


def append(connection: Connection, place: Place, events: Sequence[AuditEvent]) -> int:
    """Write the events that are not there yet and not before a baseline, and return how many they are."""
    known: dict[str, Baseline | None] = {}
    for resource_id in sorted(
        {event.resource_id for event in events}
    ):  # in one order, so that two never wait for each other
        _hold_history(connection, place, resource_id, shared=True)
        known[resource_id] = baseline(connection, place, resource_id)
    new: dict[str, AuditEvent] = {}
    for event in events:
        begins = known[event.resource_id]
        if begins is None or event.revision > begins.revision:
            new.setdefault(event.id, event)
    batches, made = rows.event_rows(new.values(), place.tenant)
    b, t = place.tables.batches, place.tables.events
    # RETURNING counts them: the row count of a statement that ignores conflicts is -1 with psycopg.
    statement = insert_ignoring(connection, t, "tenant", "event_id").returning(t.c.batch_key)
    written: list[bytes] = []
    for i in range(0, len(made), _MANY):
        written += connection.execute(statement, made[i : i + _MANY]).scalars()
    if written:  # in one order, as above
        needed = [batches[key] for key in sorted({*written})]
        connection.execute(insert_ignoring(connection, b, "tenant", "batch_key"), needed)
    return len(written)


def joined(connection: Connection, place: Place) -> Select[Any]:
    """Return the question for the events of a tenant, each with its batch; `rows.event_of` reads the answers."""
    b, t = place.tables.batches, place.tables.events
    told = [column for column in (*t.c, *b.c) if column.name not in {"tenant", "batch_key"}]
    # The plus keeps SQLite from beginning with the events of the tenant, which it takes for few.
    tenant: ColumnElement[str] = literal_column(f"+{t.fullname}.tenant") if is_sqlite(connection) else t.c.tenant
    of_batch = and_(t.c.batch_key == b.c.batch_key, tenant == b.c.tenant)
    return select(*told).join_from(b, t, of_batch).where(b.c.tenant == place.tenant)


def selected(connection: Connection, place: Place, wanted: Selection) -> list[AuditEvent]:
    """Return the events that are asked for, in the order of `Selection`.

    Raises:
        UnknownEventError: if `wanted.after` is no event of the log.
    """
    b, t = place.tables.batches, place.tables.events
    batch_order: list[ColumnElement[Any]] = [b.c.revision]
    if wanted.resource_id is None:
        batch_order = [b.c.changed_at, b.c.resource_id, b.c.revision]
    order = [*batch_order, t.c.ordinal]
    asked = _filtered(joined(connection, place), place.tables, wanted)
    if wanted.after is not None:
        behind = select(*order).join_from(b, t).where(t.c.tenant == place.tenant, t.c.event_id == wanted.after)
        row = connection.execute(behind).one_or_none()
        if row is None:
            raise unknown_event(wanted.after)
        last = [literal(value, column.type) for value, column in zip(row, order, strict=True)]
        # An index leads to the first batch that may have an event behind this one; in that one the ordinal decides.
        if wanted.newest_first:
            asked = asked.where(tuple_(*batch_order) <= tuple_(*last[:-1]), tuple_(*order) < tuple_(*last))
        else:
            asked = asked.where(tuple_(*batch_order) >= tuple_(*last[:-1]), tuple_(*order) > tuple_(*last))
    order = [*order, t.c.event_id]
    asked = asked.order_by(*[column.desc() for column in order] if wanted.newest_first else order)
    if wanted.limit is not None:
        asked = asked.limit(min(wanted.limit, rows.GREATEST))
    return [rows.event_of(row) for row in connection.execute(asked)]


def _filtered(asked: Select[Any], tables: Tables, wanted: Selection) -> Select[Any]:
    b, t = tables.batches, tables.events
    for column, value in (
        (b.c.resource_id, wanted.resource_id),
        (b.c.changed_by, wanted.changed_by),
        (b.c.reason, wanted.reason),
        (t.c.action, wanted.action and wanted.action.value),
    ):
        if value is not None:
            asked = asked.where(column == value)
    if wanted.since is not None:
        asked = asked.where(b.c.changed_at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(b.c.changed_at < wanted.until)
    if wanted.first_revision is not None:
        asked = asked.where(b.c.revision >= min(wanted.first_revision, rows.GREATEST))
    if wanted.last_revision is not None:
        asked = asked.where(b.c.revision <= min(wanted.last_revision, rows.GREATEST))
    return asked


def baseline(connection: Connection, place: Place, resource_id: str) -> Baseline | None:
    """Return where the history of the resource begins."""
    t = place.tables.baselines
    asked = select(t).where(t.c.tenant == place.tenant, t.c.resource_id == resource_id)
    row = connection.execute(asked).one_or_none()
    return None if row is None else rows.baseline_of(row)


def purge(connection: Connection, place: Place, begins: Baseline) -> int:
    """Write the baseline, drop the events up to it, and return how many they were.

    Raises:
        HorizonError: if a later baseline is there already.
    """
    first = place.tables.baselines
    row = {
        "tenant": place.tenant,
        "resource_id": begins.resource_id,
        "revision": begins.revision,
        "slots": rows.slots_to_json(begins.slots),
        "digest": begins.digest,
        "changed_at": begins.changed_at,
    }
    dialect: Any = sqlite if is_sqlite(connection) else postgresql
    upsert = dialect.insert(first).values(row)
    _hold_history(connection, place, begins.resource_id, shared=False)
    written = connection.execute(
        upsert.on_conflict_do_update(
            index_elements=["tenant", "resource_id"],
            set_={name: upsert.excluded[name] for name in ("revision", "slots", "digest", "changed_at")},
            where=first.c.revision <= upsert.excluded.revision,
        ).returning(first.c.revision)
    ).one_or_none()
    if written is None:
        earlier = baseline(connection, place, begins.resource_id)
        raise horizon_error(begins.resource_id, begins.revision, earlier.revision if earlier else begins.revision)
    b, t = place.tables.batches, place.tables.events
    old = and_(b.c.tenant == place.tenant, b.c.resource_id == begins.resource_id, b.c.revision <= begins.revision)
    theirs = and_(t.c.tenant == place.tenant, t.c.batch_key.in_(select(b.c.batch_key).where(old)))
    dropped = connection.execute(delete(t).where(theirs).returning(t.c.event_key)).all()
    connection.execute(delete(b).where(old))
    return len(dropped)


def _hold_history(connection: Connection, place: Place, resource_id: str, *, shared: bool) -> None:
    """Wait until nobody purges the history of the resource, or else writes to it, until the transaction ends.

    An advisory lock, since a resource without a baseline has no row to lock, and the log may be in a database of its
    own. SQLite has one writer at a time anyway.
    """
    if not is_sqlite(connection):
        held = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
        name = f"{place.tables.events.fullname}\x1f{place.tenant}\x1f{resource_id}"
        connection.execute(select(held(func.hashtextextended(name, 0))))


def queue(connection: Connection, place: Place, events: Sequence[AuditEvent]) -> int:
    """Put the events of an edit into the outbox, and return the key of the entry."""
    t = place.tables.outbox
    row = {"tenant": place.tenant, "events": rows.events_to_json(events)}
    return int(connection.execute(insert(t).values(row).returning(t.c.outbox_key)).scalar_one())


def queued_keys(connection: Connection, place: Place) -> list[int]:
    """Return the keys of all entries of the outbox, the oldest first."""
    t = place.tables.outbox
    return [
        *connection.execute(select(t.c.outbox_key).where(t.c.tenant == place.tenant).order_by(t.c.outbox_key)).scalars()
    ]


def queued_size(connection: Connection, place: Place) -> int:
    """Return how many events are in the outbox; an entry that cannot be read counts as one. O(n) in what is there."""
    t = place.tables.outbox
    return sum(map(rows.events_in, connection.execute(select(t.c.events).where(t.c.tenant == place.tenant)).scalars()))


def take_queued(connection: Connection, place: Place, key: int) -> list[AuditEvent] | None:
    """Take an entry out of the outbox and return its events; None if another has taken it, or is about to."""
    t = place.tables.outbox
    mine = and_(t.c.tenant == place.tenant, t.c.outbox_key == key)
    row = connection.execute(select(t.c.events).where(mine).with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    connection.execute(delete(t).where(mine))
    return rows.events_from_json(row.events)
