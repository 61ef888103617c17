"""The edits as plans: lock, look the request up, decide, write the difference, keep the events, answer.

What is decided is in `slotcalc.repository.exchange`; what is written, in `slot_store` and `events`; here is the order,
and what happens when something fails. Read `repository` next, which runs the plans.

The events of an edit must not break it. They are kept at the first of these places that takes them, and the answer says
at which:

1. the log, in a savepoint of the edit's transaction that waits for locks only briefly (`WRITTEN`);
2. the outbox, likewise (`QUEUED`); `redeliver` moves them into the log later;
3. the spool, a file, once the edit is committed (`SPOOLED`);
4. nowhere: the edit stands alone (`FAILED`).

A failure may take the whole transaction with it. Then the edit is made again in a new one, without the place that
failed. In the mode "after_commit" the edit's transaction writes to the outbox only, and the log gets the events in a
second one; in the mode "atomic" an edit fails if the log does.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection

from slotcalc.audit import Delivery
from slotcalc.audit.log import check_deliverable
from slotcalc.booking import Booking, BookingStatus, Slot, as_list
from slotcalc.diff import AuditEvent
from slotcalc.diff.event import checked_text
from slotcalc.errors import SlotcalcError, StoreError
from slotcalc.intervals import Interval
from slotcalc.repository import Admit, Describe, Redelivered, Replaced, Request
from slotcalc.repository.exchange import check_booking, check_revision, exchange, slots_inside, unknown_booking
from slotcalc.sql import events as event_store
from slotcalc.sql import rows, slot_store
from slotcalc.sql.connections import CommitLost, CommitRefusedError, bounded, editing, lives, outcome_unknown
from slotcalc.sql.plans import Aside, Plan, Step
from slotcalc.sql.slot_store import Contents, Place

__all__ = [
    "Mode",
    "SpoolLike",
    "Store",
    "advance",
    "book",
    "redeliver",
    "release",
    "replace_slots",
    "seed",
]

T = TypeVar("T")
Mode: TypeAlias = Literal["guarded", "atomic", "after_commit"]

logger = logging.getLogger(__name__)


class SpoolLike(Protocol):
    """Where events are kept that no table took, such as a `slotcalc.audit` spool."""

    def append(self, events: Sequence[AuditEvent], /) -> object:
        """Keep the events of one edit; when this returns, they are safe."""


class Store(NamedTuple):
    """Where the edits are made, and how."""

    place: Place
    lock_timeout: timedelta
    audit_timeout: timedelta
    mode: Mode
    spool: SpoolLike | None
    contents: Contents = slot_store


class _TransactionLost(Exception):  # noqa: N818  # never leaves this module
    """Keeping the events has ended the transaction of the edit."""


Keeper: TypeAlias = Callable[[Connection, Place, Sequence[AuditEvent]], int]

_LOG: Final[tuple[Delivery, Keeper]] = (Delivery.WRITTEN, event_store.append)
_OUTBOX: Final[tuple[Delivery, Keeper]] = (Delivery.QUEUED, event_store.queue)
_WAYS: Final[dict[Mode, list[tuple[tuple[Delivery, Keeper], ...]]]] = {
    "guarded": [(_LOG, _OUTBOX), (_OUTBOX,), ()],
    "after_commit": [(_OUTBOX,), ()],
    "atomic": [()],
}
"""Which places are tried in the edit's transaction, and which in the next if that one was lost."""


_ENOUGH: Final = 100
"""After how many entries that the log refused a redelivery gives up for the time being."""


class _Edit(NamedTuple):
    """An edit of slots, checked."""

    resource_id: str
    window: Interval[datetime]
    after: list[Slot]
    describe: Describe | None
    expected_revision: int | None
    request: Request | None


class _Done(NamedTuple):
    replaced: Replaced
    entry: int | None = None  # in the outbox


def replace_slots(
    store: Store,
    resource_id: str,
    window: Interval[Any],
    slots: Iterable[Slot],
    *,
    describe: Describe | None,
    expected_revision: int | None,
    request: Request | None,
) -> Plan[Replaced]:
    """Replace all slot time inside the window by the slots; see `Repository`."""
    checked_text("resource_id", resource_id)
    rows.checked_window(window)
    after = slots_inside(rows.checked_slots(slots), resource_id, window)
    edit = _Edit(resource_id, window, after, describe, expected_revision, request)
    replaced, entry = yield from _exchanged(store, edit)
    if replaced.repeated and describe is not None:  # whatever became of the events then, they are kept once now
        delivery = yield from _keep_late(store, replaced.events, (_LOG, _OUTBOX))
        return replaced.replace(delivery=delivery)
    if replaced.delivery is Delivery.FAILED:
        late = () if store.mode == "guarded" else (_LOG, _OUTBOX)
        delivery = yield from _keep_late(store, replaced.events, late)
        return replaced.replace(delivery=delivery)
    if entry is not None and store.mode == "after_commit":
        moved = yield from _tried(partial(_move, store, entry), "move events from the outbox to the log")
        return replaced.replace(delivery=Delivery.WRITTEN if moved else Delivery.QUEUED)
    return replaced


def _exchanged(store: Store, edit: _Edit) -> Plan[_Done]:
    """Make the edit; if keeping the events ends its transaction, make it again without the place that failed."""
    *ways, last = _WAYS[store.mode]
    for keepers in ways:
        try:
            return (yield from _once(edit.resource_id, edit.request, partial(_exchange, store, edit, keepers)))
        except (_TransactionLost, CommitRefusedError):
            logger.warning(
                "an edit of %r is made again, since its transaction did not survive its events", edit.resource_id
            )
    return (yield from _once(edit.resource_id, edit.request, partial(_exchange, store, edit, last)))


def _once(resource_id: str, request: Request | None, step: Callable[[Connection], T]) -> Plan[T]:
    """Make an edit. If its connection broke at COMMIT, look its request up, and make it if it was not made."""
    try:
        return (yield step)  # type: ignore[no-any-return]  # what a step returns, a plan gets
    except CommitLost as lost:
        if request is None:
            raise outcome_unknown(resource_id, None) from lost
    try:
        # It waits for the lock, and so until the lost transaction is over; then it looks for the request first.
        return (yield step)  # type: ignore[no-any-return]  # as above
    except (CommitLost, StoreError) as error:
        raise outcome_unknown(resource_id, request.id) from error


def _exchange(store: Store, edit: _Edit, keepers: tuple[tuple[Delivery, Keeper], ...], connection: Connection) -> _Done:
    place = store.place
    with editing(connection, store.lock_timeout):
        resource = slot_store.lock(connection, place, edit.resource_id)
        earlier = slot_store.answer(connection, place, resource, edit.request, Replaced)
        if earlier is not None:
            return _Done(earlier)
        check_revision(edit.resource_id, edit.expected_revision, resource.revision)
        there = store.contents.slots(connection, place, resource, edit.window)
        done = exchange(
            [*there.values()],
            edit.after,
            edit.window,
            revision=resource.revision,
            bookings=store.contents.bookings(connection, place, resource, edit.window),
            describe=edit.describe,
        )
        replaced, entry = done.replaced, None
        if replaced.revision != resource.revision:
            gone = {id(slot) for slot in done.gone}
            rows_gone = {key: slot for key, slot in there.items() if id(slot) in gone}
            store.contents.exchange_slots(connection, place, resource, rows_gone, done.new)
            slot_store.set_revision(connection, place, resource, replaced.revision)
        slot_store.remember(connection, place, resource, edit.request, replaced)
        if edit.describe is not None:  # last, so that the edit has what room there is on the disk
            delivery, entry = _keep(store, keepers, replaced.events, connection)
            replaced = replaced.replace(delivery=delivery)
        return _Done(replaced, entry)


def _keep(
    store: Store, keepers: tuple[tuple[Delivery, Keeper], ...], events: Sequence[AuditEvent], connection: Connection
) -> tuple[Delivery, int | None]:
    """Keep the events at the first place that takes them; return what became of them, and the entry in the outbox."""
    if not events:
        return Delivery.NOTHING, None
    if store.mode == "atomic":
        check_deliverable(rows.checked_events(events))
        event_store.append(connection, store.place, events)
        return Delivery.WRITTEN, None
    if not _is_deliverable(events):
        return Delivery.FAILED, None
    for delivery, keeper in keepers:
        try:
            with bounded(connection, store.audit_timeout):
                entry = keeper(connection, store.place, events)
        except Exception as error:  # whatever it is, the edit stands
            _report(error, f"keep events as {delivery!r}")
            if not lives(connection):
                raise _TransactionLost from error
        else:
            return delivery, entry if delivery is Delivery.QUEUED else None
    return Delivery.FAILED, None


def _keep_late(
    store: Store, events: Sequence[AuditEvent], keepers: tuple[tuple[Delivery, Keeper], ...]
) -> Plan[Delivery]:
    """Keep the events of an edit that is committed, at the first place that takes them."""
    if not events:
        return Delivery.NOTHING
    if not _is_deliverable(events):
        return Delivery.FAILED
    ways: list[tuple[Delivery, Step]] = [
        (delivery, partial(_keep_alone, store, keeper, events)) for delivery, keeper in keepers
    ]
    if store.spool is not None:
        ways.append((Delivery.SPOOLED, Aside(partial(store.spool.append, events))))
    for delivery, way in ways:
        try:
            yield way
        except Exception as error:  # noqa: BLE001  # as in `_keep`
            _report(error, f"keep events as {delivery!r}")
        else:
            return delivery
    return Delivery.FAILED


def _keep_alone(store: Store, keeper: Keeper, events: Sequence[AuditEvent], connection: Connection) -> None:
    with editing(connection, store.audit_timeout):
        keeper(connection, store.place, events)


def _tried(step: Any, what: str) -> Plan[Any]:
    """Return what the step returns, or None if it fails."""
    try:
        return (yield step)
    except Exception as error:  # noqa: BLE001  # as in `_keep`
        _report(error, what)
        return None


def _is_deliverable(events: Sequence[AuditEvent]) -> bool:
    try:
        check_deliverable(rows.checked_events(events))
    except SlotcalcError as error:
        _report(error, "keep events")
        return False
    return True


def _report(error: Exception, what: str) -> None:
    """Say in the log of the program why events are not where they should be, without what they hold."""
    reason = getattr(error, "orig", None) or error
    logger.warning("could not %s: %s: %s", what, type(reason).__name__, str(reason).partition("\n")[0])


def advance(store: Store, resource_id: str, *, expected_revision: int) -> Plan[int]:
    """Take the next revision without touching the slots; see `Repository`."""
    checked_text("resource_id", resource_id)

    def work(connection: Connection) -> int:
        with editing(connection, store.lock_timeout):
            resource = slot_store.lock(connection, store.place, resource_id)
            check_revision(resource_id, expected_revision, resource.revision)
            slot_store.set_revision(connection, store.place, resource, resource.revision + 1)
            return resource.revision + 1

    return (yield from _once(resource_id, None, work))


def book(
    store: Store,
    booking: Booking,
    *,
    admit: Admit,
    window: Interval[Any] | None,
    moving: bool,
    request: Request | None,
) -> Plan[Booking]:
    """Keep a new booking if `admit` raises nothing; see `Repository`."""
    rows.checked_booking(booking)
    asked = booking.interval if window is None else rows.checked_window(window)
    place = store.place

    def work(connection: Connection) -> Booking:
        with editing(connection, store.lock_timeout):
            resource = slot_store.lock(connection, place, booking.resource_id)
            earlier = slot_store.answer(connection, place, resource, request, Booking)
            if earlier is not None:
                return earlier
            there = store.contents.booking_by_id(connection, place, resource, str(booking.id))
            check_booking(booking, there, moving=moving)
            near = asked.span(booking.interval)
            slots = [*store.contents.slots(connection, place, resource, near).values()]
            bookings = store.contents.bookings(connection, place, resource, near)
            admit(
                [slot for slot in slots if slot.interval.overlaps(asked)],
                [other for other in bookings if other.interval.overlaps(asked)],
            )
            others = [other for other in bookings if other.id != booking.id]
            exclusive = not rows.shareable(slots, [*others, booking]).overlaps(booking.interval)
            store.contents.keep_booking(connection, place, resource, booking, is_new=there is None, exclusive=exclusive)
            slot_store.remember(connection, place, resource, request, booking)
            return booking

    return (yield from _once(booking.resource_id, request, work))


def release(store: Store, resource_id: str, booking_id: str, *, request: Request | None) -> Plan[Booking]:
    """Cancel a booking and return it as it is now; see `Repository`."""
    checked_text("resource_id", resource_id)
    checked_text("booking_id", booking_id)
    place = store.place

    def work(connection: Connection) -> Booking:
        with editing(connection, store.lock_timeout):
            resource = slot_store.lock(connection, place, resource_id)
            earlier = slot_store.answer(connection, place, resource, request, Booking)
            if earlier is not None:
                return earlier
            there = store.contents.booking_by_id(connection, place, resource, booking_id)
            if there is None:
                raise unknown_booking(resource_id, booking_id)
            store.contents.cancel_booking(connection, place, resource, booking_id)
            cancelled = there.replace(status=BookingStatus.CANCELLED)
            slot_store.remember(connection, place, resource, request, cancelled)
            return cancelled

    return (yield from _once(resource_id, request, work))


def seed(store: Store, slots: Iterable[Slot], bookings: Iterable[Booking]) -> Plan[None]:
    """Write what is there at revision 0, all or nothing."""
    offered: dict[str, list[Slot]] = {}
    booked: dict[str, list[Booking]] = {}
    for slot in rows.checked_slots(slots):
        offered.setdefault(slot.resource_id, []).append(slot)
    for booking in as_list(bookings, Booking):
        booked.setdefault(rows.checked_booking(booking).resource_id, []).append(booking)

    def work(connection: Connection) -> None:
        with editing(connection, store.lock_timeout):
            for resource_id in sorted({**offered, **booked}):  # in one order, so that two never wait for each other
                resource = slot_store.lock(connection, store.place, resource_id)
                check_revision(resource_id, 0, resource.revision)
                there = offered.get(resource_id, []), booked.get(resource_id, [])
                store.contents.seed(connection, store.place, resource, *there)

    yield from _once(", ".join([*offered][:3]), None, work)


def redeliver(store: Store) -> Plan[Redelivered]:
    """Move the entries of the outbox into the log, the oldest first, each in a transaction of its own.

    After a hundred that the log refused, the others are left alone for now.
    """
    delivered = duplicates = pending = refused = 0
    said = ""
    keys: list[int] = yield partial(event_store.queued_keys, place=store.place)
    for key in keys:
        try:
            moved = yield partial(_move, store, key)
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are not to wait for this one
            refused, said = refused + 1, str(error) or "the connection was lost"
            if refused == _ENOUGH:
                break
        else:
            if moved is not None:  # None: another has moved it
                delivered, duplicates = delivered + moved[0], duplicates + moved[1]
    if refused:
        pending = yield partial(event_store.queued_size, place=store.place)
    return Redelivered(delivered=delivered, duplicates=duplicates, pending=pending, error=said)


def _move(store: Store, key: int, connection: Connection) -> tuple[int, int] | None:
    """Move an entry; return how many of its events were new, and how many there already."""
    with editing(connection, store.audit_timeout):
        events = event_store.take_queued(connection, store.place, key)
        if events is None:
            return None
        written = event_store.append(connection, store.place, events)
        return written, len(events) - written
