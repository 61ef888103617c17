"""What the command line reads: files, weekly hours and rules in, slots and bookings of one resource out.

Calendars are read by `ical`, which is loaded only if there is one; everything else by `files` and `rules`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from slotcalc import files
from slotcalc.booking import Booking, Slot
from slotcalc.errors import AmbiguousResourceError, InputFileError, ParseError
from slotcalc.files import Progress
from slotcalc.intervals import Interval
from slotcalc.limits import DEFAULT_LIMITS
from slotcalc.render import plain
from slotcalc.rules import Rule, Weekly

__all__ = ["Inputs", "Sources", "bookings_of", "read", "slots_of"]

_Item = TypeVar("_Item", Slot, Booking)
_CALENDARS = {".ics", ".ical", ".icalendar", ".ifb"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where slots and bookings come from, and which of them are meant."""

    zone: ZoneInfo
    hours: str | None
    slots: Sequence[Path]
    bookings: Sequence[Path]
    resource: str | None
    before: timedelta
    after: timedelta
    around: timedelta
    """How far around the window bookings matter for themselves, not only where a buffer reaches in."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Slots and bookings of one resource, and what whoever asked should know about them."""

    slots: list[Slot]
    bookings: list[Booking]
    notes: list[str]


def read(sources: Sources, window: Interval[datetime], progress: Callable[[Path], Progress]) -> Inputs:
    """Read all sources for a window; bookings also where only their buffers reach into it, or that are `around` it.

    Raises:
        AmbiguousResourceError: if the files are about several resources and none is named, or another one is.
        InputFileError: for a file that cannot be read; other errors as `files`, `ical` and `rules` have them.
    """
    zone, by_location = sources.zone, "LOCATION" if sources.resource else None
    slots: list[Slot] = []
    bookings: list[Booking] = []
    for path in sources.slots:
        slots += slots_of(path, window, zone, progress(path))
    near = window.pad(sources.around, sources.around)
    claimed = near.pad(sources.after, sources.before)  # what is taken up to `before` earlier and `after` later
    for path in sources.bookings:
        bookings += bookings_of(path, claimed, zone, by_location, progress(path))
    offering = {slot.resource_id for slot in slots}
    names = sorted((offering | {booking.resource_id for booking in bookings}) - {""})
    notes = _check(names, offering, sources)
    slots = _of(sources.resource, slots)
    if sources.hours is not None:
        slots += [Slot("", piece) for piece in _rule(sources.hours, zone).within(window)]
    return Inputs(slots, _of(sources.resource, bookings), notes)


def slots_of(path: Path, window: Interval[datetime] | None, zone: ZoneInfo, progress: Progress) -> list[Slot]:
    """Read the slots of one file; those of a calendar for a window, without which it has no end.

    Raises:
        InputFileError: for a file that cannot be read, and for a calendar without a window.
    """
    if not _is_calendar(path):
        return files.read_slots(path, zone=zone, progress=progress)
    from slotcalc import ical  # noqa: PLC0415  # costs a fifth of a second and needs an extra

    return ical.read_slots(path, _bounded(path, window), zone=zone, progress=progress)


def bookings_of(
    path: Path,
    window: Interval[datetime] | None,
    zone: ZoneInfo,
    resource_property: str | None,
    progress: Progress,
) -> list[Booking]:
    """Read the bookings of one file, as `slots_of` reads slots; a property of an event may name its resource."""
    if not _is_calendar(path):
        return files.read_bookings(path, zone=zone, progress=progress)
    from slotcalc import ical  # noqa: PLC0415  # as above

    return ical.read_bookings(
        path, _bounded(path, window), zone=zone, resource_property=resource_property, progress=progress
    )


def _bounded(path: Path, window: Interval[datetime] | None) -> Interval[datetime]:
    if window is None:
        message = f"{plain(str(path), 200)} is a calendar, which may go on for ever; give --from and --to"
        raise InputFileError(message, str(path))
    return window


def _rule(hours: str, zone: ZoneInfo) -> Rule:
    """Return weekly hours, or the rule in a file, which brings its own zone."""
    if not hours.lower().endswith(".json"):
        return Weekly(hours, zone=zone)
    name, written = plain(hours, 200), files.read_bytes(hours, DEFAULT_LIMITS)
    try:
        data = json.loads(written)
    except (RecursionError, ValueError) as error:  # nested too deeply; no JSON, or no Unicode
        message = f"{name} is no JSON: {error}; write it with json.dump(rule.to_json(), file)"
        raise InputFileError(message, hours) from None
    try:
        return Rule.from_json(data)
    except ParseError as error:
        raise InputFileError(f"{name}: {error}", hours) from None


def _is_calendar(path: Path) -> bool:
    if path.suffix.lower() in _CALENDARS:
        return True
    if path.suffix.lower() not in {".csv", ".json"}:
        message = f"{plain(str(path), 200)} is neither .csv nor .json nor .ics; rename it after what it holds"
        raise InputFileError(message, str(path))
    return False


def _check(names: list[str], offering: set[str], sources: Sources) -> list[str]:
    """Return notes about the resource that was asked for; raise if the answer would be about several, or about none."""
    listed = ", ".join(plain(name) for name in names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    if sources.resource is None:
        if len(names) > 1:
            message = f"the files are about {len(names)} resources: {listed}; choose one of them with --resource NAME"
            raise AmbiguousResourceError(message, *names)
        return []
    if sources.resource in names:
        return []
    about = f"they name {listed}" if names else "they name no resource"
    missing = f"nothing in the files is about {plain(sources.resource)!r}; {about}"
    if offering and not offering & {"", sources.resource} and sources.hours is None:
        raise AmbiguousResourceError(missing, sources.resource, *names)
    return [missing] if names else []


def _of(resource: str | None, items: list[_Item]) -> list[_Item]:
    """Return the items of the resource, or of whichever one there is; those that name none belong to all."""
    return items if resource is None else [item for item in items if item.resource_id in {"", resource}]
