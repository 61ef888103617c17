"""The decisions of an exchange, as pure functions: every repository reads, asks these, and writes what they say.

They are public for people who write an adapter of their own. Imports `protocols`; read `memory` next, which shows them
in use.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from slotcalc.audit.log import horizon_error, unknown_event
from slotcalc.booking import Booking, BookingStatus, Slot, as_list
from slotcalc.diff.changes import unshared
from slotcalc.errors import (
    AmbiguousResourceError,
    DuplicateIdError,
    IntervalError,
    PointTypeError,
    RequestConflictError,
    RevisionConflictError,
    UnknownBookingError,
)
from slotcalc.intervals import Interval
from slotcalc.points import check_order
from slotcalc.repository.protocols import Describe, Replaced, Request

__all__ = [
    "Exchange",
    "check_booking",
    "check_revision",
    "check_same_request",
    "check_window",
    "exchange",
    "horizon_error",
    "slots_inside",
    "unknown_booking",
    "unknown_event",
]


class Exchange(NamedTuple):
    """What a repository has to do and to answer."""

    replaced: Replaced
    gone: list[Slot]
    """The slots to take away, the very objects that it gave."""
    new: list[Slot]
    """The slots to put in, behind those that have the same start and stay."""


def slots_inside(slots: Iterable[Slot], resource_id: str, window: Interval[Any]) -> list[Slot]:
    """Return the slots in order of their start, if all are of the resource and inside the window.

    Raises:
        AmbiguousResourceError: for a slot of another resource.
        IntervalError: for a slot that reaches out of the window.
        PointTypeError: for a window that is no interval, what is no slot, and points of different kinds.
    """
    check_window(window)
    found = slots if isinstance(slots, list) else as_list(slots, Slot)
    try:
        inside = sorted(found, key=attrgetter("interval.start"))
    except (AttributeError, TypeError):
        as_list(found, Slot)  # says what is no slot
        raise PointTypeError(f"{found!r:.200} are of points without a common order; use one kind", *found) from None
    for slot in inside[:1]:
        check_order(slot.interval.start, window.start)
    if _all_inside(inside, window) and {slot.resource_id for slot in inside} <= {resource_id}:
        return inside
    for slot in inside:
        if slot.resource_id != resource_id:
            message = f"{slot!r:.200} is a slot of {slot.resource_id!r}, not of {resource_id!r}"
            raise AmbiguousResourceError(message, slot.resource_id, resource_id)
    slot = next(slot for slot in inside if _cut(slot, window) is not slot)
    message = f"{slot.interval} reaches out of the window {window}; widen the window or cut the slot"
    raise IntervalError(message, slot, window)


def exchange(
    there: Sequence[Slot],
    after: Sequence[Slot],
    window: Interval[Any],
    *,
    revision: int,
    bookings: Sequence[Booking],
    describe: Describe | None,
) -> Exchange:
    """Return what becomes of the slots that overlap the window (`there`) when those inside it become `after`.

    If time and identities stay as they are, nothing is gone or new, and the revision stays.
    """
    before = there if _all_inside(there, window) else [_cut(slot, window) for slot in there]
    replaced = Replaced(before, after, revision + 1, bookings=bookings)
    if not any(replaced.changes()):
        return Exchange(Replaced(before, before, revision, bookings=bookings), [], [])
    gone, new = replaced.unshared()
    if before is not there:
        crossing = [slot for slot, inside in zip(there, before, strict=True) if inside is not slot]
        outside = [slot.replace(interval=piece) for slot in crossing for piece in slot.interval - window]
        gone, new = unshared([slot for slot, inside in zip(there, before, strict=True) if inside is slot], after)
        gone, new = crossing + gone, outside + new
    if describe is not None:
        replaced = Replaced(before, after, revision + 1, bookings=bookings, events=describe(replaced))
    return Exchange(replaced, gone, new)


def _all_inside(slots: Sequence[Slot], window: Interval[Any]) -> bool:
    """Return whether no slot, of slots in order of their start, crosses an edge of the window."""
    return not slots or not (
        slots[0].interval.start < window.start or window.end < max([slot.interval.end for slot in slots])
    )


def _cut(slot: Slot, window: Interval[Any]) -> Slot:
    """Return the part of a slot that overlaps the window which is inside it; the very slot if all of it is."""
    start, end = slot.interval.start, slot.interval.end
    if not start < window.start and not window.end < end:
        return slot
    return slot.replace(interval=(max(start, window.start), min(end, window.end)))


def check_window(window: object) -> None:
    """Raise `PointTypeError` unless it is an interval."""
    if not isinstance(window, Interval):
        raise PointTypeError(f"window={window!r:.200} is no window; pass an Interval", window)


def check_revision(resource_id: str, expected: int | None, revision: int) -> None:
    """Raise `RevisionConflictError` if another revision was expected than there is."""
    if expected is not None and expected != revision:
        message = f"{resource_id!r} is at revision {revision}, not {expected}; read it again and decide anew"
        raise RevisionConflictError(message, expected, revision)


def check_same_request(request: Request, fingerprint: str) -> None:
    """Raise `RequestConflictError` if the request was made before with another content."""
    if request.fingerprint != fingerprint:
        message = f"the request id {request.id!r} was used before for something else; give each request one of its own"
        raise RequestConflictError(message, request.id)


def check_booking(booking: Booking, there: Booking | None, *, moving: bool) -> None:
    """Check the id of a booking against the one that has it already, if there is one.

    Raises:
        PointTypeError: if it has no id.
        DuplicateIdError: if it is new and its id is taken.
        UnknownBookingError: if it is to be moved and is not there, or was cancelled.
    """
    if booking.id is None:
        raise PointTypeError(f"{booking!r:.200} has no id, by which it could be found again; give it one", booking)
    if moving and (there is None or there.status is BookingStatus.CANCELLED):
        raise unknown_booking(booking.resource_id, booking.id)
    if not moving and there is not None:
        message = f"{booking.resource_id!r} has a booking {booking.id!r} already; give each booking an id of its own"
        raise DuplicateIdError(message, booking.id)


def unknown_booking(resource_id: str, booking_id: str) -> UnknownBookingError:
    """Return the error for a booking that is not there."""
    message = f"{resource_id!r} has no active booking {booking_id!r:.80}"
    return UnknownBookingError(message, resource_id, booking_id)
