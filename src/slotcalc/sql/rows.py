"""How slots, bookings, events and answers become rows and come back equal, and what no database would keep.

All checks are here, and are made before anything is sent: a text with a NUL, half a surrogate pair or too many
characters, a point that is no instant, a number beyond 64 bits. Imports `repository` and below; read `slot_store` next.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final

from slotcalc import iso8601, strict_json
from slotcalc.audit import Baseline
from slotcalc.booking import Booking, BookingStatus, Slot, as_list
from slotcalc.coverage import Coverage
from slotcalc.diff import AuditEvent
from slotcalc.diff.event import LONGEST_NOTES, checked_text
from slotcalc.errors import ParseError, PointTypeError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.repository import Replaced

__all__ = [
    "GREATEST",
    "answer_of",
    "answer_to_json",
    "baseline_of",
    "booking_of",
    "booking_row",
    "checked_booking",
    "checked_events",
    "checked_slots",
    "checked_window",
    "event_of",
    "event_rows",
    "events_from_json",
    "events_in",
    "events_to_json",
    "shareable",
    "slot_of",
    "slot_row",
    "slots_to_json",
]

GREATEST: Final = 2**63 - 1
"""The greatest number that a column holds."""


def checked_window(window: object, name: str = "window") -> Interval[datetime]:
    """Return the interval if its ends are instants; raise `PointTypeError` if they are points of another kind."""
    if isinstance(window, Interval) and isinstance(window.start, datetime) and window.start.tzinfo is not None:
        return window
    message = f"{name}={window!r:.200} is no interval of instants, which is what a database keeps; give aware datetimes"
    raise PointTypeError(message, window)


def checked_slots(slots: Iterable[Slot]) -> list[Slot]:
    """Return the slots if each can be kept."""
    checked = as_list(slots, Slot)
    for slot in checked:
        checked_window(slot.interval, "interval")
        checked_text("resource_id", slot.resource_id)
        checked_text("label", slot.label, LONGEST_NOTES)
        if slot.id is not None:
            checked_text("id", slot.id)
        _checked_count("capacity", slot.capacity)
    return checked


def checked_booking(booking: Booking) -> Booking:
    """Return the booking if it has an id and can be kept."""
    if booking.id is None:
        message = f"{booking!r:.200} has no id, by which it could be found again; give it one"
        raise PointTypeError(message, booking)
    checked_window(booking.interval, "interval")
    checked_text("resource_id", booking.resource_id)
    checked_text("id", booking.id)
    checked_text("label", booking.label, LONGEST_NOTES)
    _checked_count("seats", booking.seats)
    return booking


def checked_events(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Return the events if each can be kept; their texts were checked when they were made."""
    checked = [*events]
    for event in checked:
        checked_window(event.interval, "interval")
        for name in ("capacity", "revision", "ordinal"):
            _checked_count(name, getattr(event, name))
    return checked


def _checked_count(name: str, count: int) -> None:
    if count > GREATEST:
        raise PointValueError(f"{name}={count!r:.80} is more than a database counts, which is 2^63 − 1", count)


def slot_row(slot: Slot, resource_key: int) -> dict[str, Any]:
    """Return the row of a slot."""
    return _timed(slot, resource_key) | {"capacity": slot.capacity, "slot_id": slot.id}


def slot_of(row: Any, resource_id: str) -> Slot:
    """Return the slot of a row."""
    interval = Interval(row.start_at, row.end_at)
    return Slot(resource_id, interval, capacity=row.capacity, id=row.slot_id, label=row.label)


def booking_row(booking: Booking, resource_key: int, *, exclusive: bool) -> dict[str, Any]:
    """Return the row of a booking; `exclusive` says that no other active one may share its time."""
    return _timed(booking, resource_key) | {
        "booking_id": booking.id,
        "status": booking.status.value,
        "seats": booking.seats,
        "exclusive": exclusive,
    }


def booking_of(row: Any, resource_id: str) -> Booking:
    """Return the booking of a row."""
    interval, status = Interval(row.start_at, row.end_at), BookingStatus(row.status)
    return Booking(resource_id, interval, status=status, seats=row.seats, id=row.booking_id, label=row.label)


def _timed(item: Slot | Booking, resource_key: int) -> dict[str, Any]:
    start, end = item.interval.start, item.interval.end
    return {"resource_key": resource_key, "start_at": start, "end_at": end, "label": item.label}


def shareable(slots: Sequence[Slot], bookings: Iterable[Booking]) -> Any:  # an IntervalSet of instants
    """Return the time that bookings may share: where the slots have more than one seat, and where bookings overlap."""
    roomy = [slot.interval for slot in slots if slot.capacity > 1]
    twice = Coverage([slot.interval for slot in slots]).at_least(2)
    taken = [booking.interval for booking in bookings if booking.status is not BookingStatus.CANCELLED]
    return twice.union(roomy, Coverage(taken).at_least(2))


def event_rows(events: Iterable[AuditEvent], tenant: str) -> tuple[dict[bytes, dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of the batches that the events belong to, by key, and the rows of the events."""
    batches: dict[Any, dict[str, Any]] = {}
    made = []
    for event in events:
        shared = _shared(event)
        batch = batches.get(shared)
        if batch is None:
            key = {"tenant": tenant, "batch_key": _digest(shared)}
            batch = batches[shared] = key | dict(zip(_SHARED, shared, strict=True))
        made.append(
            {
                "tenant": tenant,
                "event_id": event.id,
                "batch_key": batch["batch_key"],
                "start_at": event.interval.start,
                "end_at": event.interval.end,
                "action": event.action.value,
                **{name: getattr(event, name) for name in _OWN},
            }
        )
    return {batch["batch_key"]: batch for batch in batches.values()}, made


def _digest(shared: Iterable[object]) -> bytes:
    """Return the key of a batch; that two of 10^12 have one has a chance of 10^-15."""
    said = _text([iso8601.format_point(value) if isinstance(value, datetime) else value for value in shared])
    return sha256(said.encode()).digest()[:16]


def event_of(row: Any) -> AuditEvent:
    """Return the event of a row of both tables."""
    fields = {name: getattr(row, name) for name in (*_SHARED, *_OWN)}
    resource_id = fields.pop("resource_id")
    return AuditEvent(resource_id, row.action, Interval(row.start_at, row.end_at), id=row.event_id, **fields)


_SHARED: Final = ("resource_id", "revision", "change_id", "reason", "notes", "changed_at", "changed_by")
_OWN: Final = tuple(name for name in AuditEvent.__match_args__ if name not in {*_SHARED, "id", "action", "interval"})
_shared: Final = attrgetter(*_SHARED)


def events_to_json(events: Iterable[AuditEvent]) -> str:
    """Return the events as text."""
    return _text([event.to_json() for event in events])


def events_from_json(text: str) -> list[AuditEvent]:
    """Return the events that `events_to_json` wrote; raise `ParseError` for other text."""
    return [AuditEvent.from_json(part) for part in _listed(text)]


def events_in(text: str) -> int:
    """Return how many events `events_to_json` wrote; 1 for other text."""
    try:
        return len(_listed(text))
    except ParseError:
        return 1


def _listed(text: str) -> list[Any]:
    parts = strict_json.loads(text)
    if not isinstance(parts, list):
        raise ParseError(f"{text:.80} is no list of events", text)
    return parts


def slots_to_json(slots: Iterable[Slot]) -> str:
    """Return slots of one resource as text."""
    return _text([_slot_parts(slot) for slot in slots])


def baseline_of(row: Any) -> Baseline:
    """Return the baseline of a row."""
    slots = [_slot_from(parts, row.resource_id) for parts in strict_json.loads(row.slots)]
    return Baseline(row.resource_id, row.revision, slots, digest=row.digest, changed_at=row.changed_at)


def answer_to_json(answer: Replaced | Booking) -> str:
    """Return what a request was answered as text; what became of the events is not part of it."""
    if isinstance(answer, Booking):
        return _text({"booking": _booking_parts(answer)})
    return _text(
        {
            "before": [_slot_parts(slot) for slot in answer.before],
            "after": [_slot_parts(slot) for slot in answer.after],
            "revision": answer.revision,
            "bookings": [_booking_parts(booking) for booking in answer.bookings],
            "events": [event.to_json() for event in answer.events],
        }
    )


def answer_of(text: str, resource_id: str) -> Replaced | Booking:
    """Return the answer that `answer_to_json` wrote."""
    parts = strict_json.loads(text)
    if "booking" in parts:
        return _booking_from(parts["booking"], resource_id)
    return Replaced(
        [_slot_from(slot, resource_id) for slot in parts["before"]],
        [_slot_from(slot, resource_id) for slot in parts["after"]],
        parts["revision"],
        bookings=[_booking_from(booking, resource_id) for booking in parts["bookings"]],
        events=[AuditEvent.from_json(event) for event in parts["events"]],
        repeated=True,
    )


def _slot_parts(slot: Slot) -> dict[str, Any]:
    return {**_interval_parts(slot.interval), "capacity": slot.capacity, "id": slot.id, "label": slot.label}


def _slot_from(parts: Mapping[str, Any], resource_id: str) -> Slot:
    fields = dict(parts)
    return Slot(resource_id, _interval_from(fields), **fields)


def _booking_parts(booking: Booking) -> dict[str, Any]:
    fields = {"status": booking.status.value, "seats": booking.seats, "id": booking.id, "label": booking.label}
    return {**_interval_parts(booking.interval), **fields}


def _booking_from(parts: Mapping[str, Any], resource_id: str) -> Booking:
    fields = dict(parts)
    return Booking(resource_id, _interval_from(fields), **fields)


def _interval_parts(interval: Interval[datetime]) -> dict[str, str]:
    return {"start": iso8601.format_point(interval.start), "end": iso8601.format_point(interval.end)}


def _interval_from(fields: dict[str, Any]) -> tuple[Any, Any]:
    """Take the two ends out of the fields."""
    return iso8601.parse_point(fields.pop("start")), iso8601.parse_point(fields.pop("end"))


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
