"""From files into a database: slots as one edit of each resource, bookings one by one, each as often as is safe.

Everything is read before anything is written. Doing it again changes nothing: an edit that changes nothing takes no
revision, and a booking is known by its id, or by what it says if it has none. Imports `inputs` and `stores`; read
`answers` next, which tells what became of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.cli import inputs
from slotcalc.cli.output import Reading
from slotcalc.cli.stores import Store
from slotcalc.errors import AmbiguousResourceError, DuplicateIdError, OutcomeUnknownError, SlotcalcError, StoreError
from slotcalc.intervals import Interval
from slotcalc.render import plain

__all__ = ["Bookings", "Found", "days_of", "inside", "keep", "read"]

_Item = TypeVar("_Item", Slot, Booking)


@dataclass(frozen=True, slots=True)
class Found:
    """What the files hold, by resource and in the order of its name, and what there is to say about it."""

    slots: dict[str, list[Slot]]
    bookings: list[Booking]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class Bookings:
    """What became of the bookings of an import: how many of each, and why some were refused."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("new", "changed", "cancelled", "unchanged"), 0)
    )
    refused: list[tuple[Booking, SlotcalcError]] = field(default_factory=list)


def read(
    slot_files: Sequence[Path],
    booking_files: Sequence[Path],
    *,
    zone: ZoneInfo,
    window: Interval[datetime] | None,
    resource: str | None,
    reading: Reading,
) -> Found:
    """Read all files; of one resource, if one is named, which then also has what names none.

    Raises:
        AmbiguousResourceError: for slots or bookings without a resource, if none is named.
        InputFileError: for a file that cannot be read, and for a calendar without a window.
    """
    slots: list[Slot] = []
    bookings: list[Booking] = []
    notes: list[str] = []
    for path in slot_files:
        slots += _of(resource, inputs.slots_of(path, window, zone, reading.of(path)), path, notes)
    for path in booking_files:
        bookings += _of(resource, inputs.bookings_of(path, window, zone, "LOCATION", reading.of(path)), path, notes)
    if window is not None:
        near = [booking for booking in bookings if booking.interval.overlaps(window)]
        if len(near) < len(bookings):
            notes.append(f"{len(bookings) - len(near)} bookings are on other days and are left out")
        bookings = near
    by_resource: dict[str, list[Slot]] = {}
    for slot in sorted(slots, key=lambda slot: (slot.resource_id, slot.interval.start, slot.interval.end)):
        by_resource.setdefault(slot.resource_id, []).append(slot)
    return Found(by_resource, bookings, notes)


def _of(resource: str | None, items: list[_Item], path: Path, notes: list[str]) -> list[_Item]:
    name = plain(str(path), 200)
    if resource is None:
        if any(not item.resource_id for item in items):
            message = f"{name} has rows that name no resource; say whose they are with --resource NAME"
            raise AmbiguousResourceError(message, name)
        return items
    own = [item.replace(resource_id=resource) for item in items if item.resource_id in {"", resource}]
    if len(own) < len(items):
        notes.append(f"{len(items) - len(own)} of {len(items)} in {name} are of other resources and are left out")
    return own


def days_of(slots: Sequence[Slot], zone: ZoneInfo) -> Interval[datetime]:
    """Return the window of the local days from that of the first slot to that of the last."""
    start = min(slot.interval.start for slot in slots)
    end = max(slot.interval.end for slot in slots) - datetime.resolution
    first, last = (zones.to_local(moment, zone).date() for moment in (start, end))
    return Interval(zones.day_bounds(first, zone)[0], zones.day_bounds(last, zone)[1])


def inside(slots: Sequence[Slot], window: Interval[datetime], resource: str) -> list[Slot]:
    """Return the slots as those of the resource, cut to the window."""
    return [slot.replace(resource_id=resource, interval=part) for slot in slots for part in slot.interval & window]


def keep(store: Store, bookings: Sequence[Booking], *, unchecked: bool, is_written: bool) -> Bookings:
    """Book, change and cancel what the bookings say, and return what became of them.

    One that cannot be booked is refused, and the others are kept all the same. What is in the database and not among
    these stays. With `unchecked`, new bookings are taken as they are, whether or not the time is free. What is not
    written is only counted, and nobody asks whether its time is free.

    Raises:
        StoreError, OutcomeUnknownError: if the database refuses or is lost; doing it again goes on from there.
    """
    done, seen = Bookings(), set[tuple[str, str]]()
    for booking in _named(bookings):
        if (key := (booking.resource_id, str(booking.id))) in seen:
            message = f"the files have the booking {booking.id!r} twice; give each one an id of its own"
            done.refused.append((booking, DuplicateIdError(message, booking.id)))
            continue
        seen.add(key)
        try:
            done.counts[_keep_one(store, booking, unchecked=unchecked, is_written=is_written)] += 1
        except (StoreError, OutcomeUnknownError):
            raise
        except SlotcalcError as error:
            done.refused.append((booking, error))
    return done


def _keep_one(store: Store, booking: Booking, *, unchecked: bool, is_written: bool) -> str:
    """Do what the booking says, and return by which word that is counted."""
    resource, booking_id = booking.resource_id, str(booking.id)
    there = store.repository.booking(resource, booking_id)
    is_over = booking.status is BookingStatus.CANCELLED
    if there == booking or (is_over and (there is None or there.status is BookingStatus.CANCELLED)):
        return "unchanged"
    if not is_written:
        pass
    elif is_over:
        store.schedule.release(resource, booking_id)
    elif unchecked:
        store.repository.book(booking, admit=_admit_all, moving=there is not None)
    elif there is None:
        store.schedule.book(resource, booking.interval, booking_id=booking_id, **_fields(booking))
    else:
        store.schedule.move(resource, booking_id, booking.interval, **_fields(booking))
    return "cancelled" if is_over else "new" if there is None else "changed"


def _fields(booking: Booking) -> dict[str, Any]:
    return {"seats": booking.seats, "status": booking.status, "label": booking.label}


def _admit_all(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    """Refuse nothing: the time was agreed on elsewhere."""


def _named(bookings: Sequence[Booking]) -> list[Booking]:
    """Return the bookings with ids; one without any is named after what it says, and numbered if that comes twice."""
    named: list[Booking] = []
    numbers: dict[str, int] = {}
    for booking in bookings:
        if booking.id is None:
            said = json.dumps([booking.resource_id, str(booking.interval), booking.seats, booking.label])
            digest = sha256(said.encode()).hexdigest()[:16]
            number = numbers[digest] = numbers.get(digest, 0) + 1
            booking = booking.replace(id=f"import-{digest}-{number}")  # noqa: PLW2901  # the same one, with its name
        named.append(booking)
    return named
