"""What the commands answer, as lines for people and as JSON and CSV for programs; pure functions of values.

Local times are those of the zone that was asked for. Knows neither click nor rich; read `output` next, which prints.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, cast
from zoneinfo import ZoneInfo

from slotcalc import iso8601, render, zones
from slotcalc.availability import Segment, SegmentState
from slotcalc.booking import Booking, BookingStatus
from slotcalc.errors import NotAvailableError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.render import Line, Piece, Role, plain

if TYPE_CHECKING:  # what these are of is loaded by the commands that need them
    from slotcalc.audit import Finding, Page, Stats, Tally
    from slotcalc.cli.importing import Bookings
    from slotcalc.diff import AuditEvent
    from slotcalc.schedule import Preview, Reconciled, UpdateResult

__all__ = [
    "as_csv",
    "as_json",
    "booking_fields",
    "booking_lines",
    "booking_text",
    "count",
    "edit_fields",
    "edit_lines",
    "finding_lines",
    "history_lines",
    "import_fields",
    "import_lines",
    "kept_line",
    "refusal",
    "stats_lines",
    "stats_rows",
    "timeline",
]

_MOST: Final = 40
"""How many lines of one kind are shown; JSON has them all."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with, or what a spreadsheet leaves out before it looks."""
_SIGNS: Final = {"ADDED": ("added", Role.FREE), "REMOVED": ("removed", Role.TAKEN)}


def timeline(
    free_time: IntervalSet[datetime],
    zone: ZoneInfo,
    resource: str | None,
    *,
    window: Interval[datetime],
    offered: IntervalSet[datetime],
    columns: int | None,
    starts: list[datetime] | None = None,
) -> list[Line]:
    """Return a line for each day with a bar of its hours, under a title; for starts, those in place of the times."""
    words = 56 if starts is None else 28  # the date, the total, and two spans beside the bar
    width = 48 if columns is None else min(max(columns - words, 12), 48)
    made = render.timeline(free_time, window, zone, offered=offered, starts=starts, width=width)
    what = "Free time" if starts is None else "Starts"
    whose = f" of {plain(resource)}" if resource else ""
    return [(Piece(f"{what}{whose} in {zone}", Role.TITLE),), (), *made.lines(columns)]


def edit_lines(result: "UpdateResult | Preview", zone: ZoneInfo) -> Iterator[Line]:
    """Yield what an edit added, removed and displaced, or would, and what became of its events."""
    is_made = hasattr(result, "delivery")
    made = f"revision {result.revision}" if is_made else f"not written, would follow revision {result.revision}"
    yield (Piece(f"Slots of {plain(result.resource_id)} in {zone}, {made}", Role.TITLE),)
    if not result.events:
        yield (Piece("  nothing to change", Role.QUIET),)
    events = sorted(result.events, key=lambda event: (event.interval.start, event.ordinal))
    yield from _some([_event_line(event, zone) for event in events])
    displaced = [(Piece("  displaced  ", Role.NOTE), Piece(booking_text(one, zone))) for one in result.displaced]
    yield from _some(displaced)
    if is_made and result.events:
        yield kept_line(cast("UpdateResult", result))


def kept_line(result: "UpdateResult | Reconciled") -> Line:
    """Return what became of the events of an edit, and what to do about it."""
    again = "made before, by the same request: " if getattr(result, "repeated", False) else ""
    what = f"  {again}{count(len(result.events), 'event')}"
    said = f": {plain(result.error, 200)}" if result.error else ""
    match result.delivery.name:
        case "WRITTEN":
            return (Piece(f"{what} written", Role.QUIET),)
        case "QUEUED" | "SPOOLED" as place:
            where = "outbox" if place == "QUEUED" else "spool"
            return (Piece(f"{what} in the {where}, to be brought in by slotcalc db redeliver{said}", Role.NOTE),)
        case _:
            lost = "kept nowhere, though the edit stands; mend it with slotcalc db reconcile"
            return (Piece(f"{what} {lost}{said}", Role.NOTE),)


def edit_fields(result: "UpdateResult | Preview", zone: ZoneInfo) -> dict[str, Any]:
    """Return an edit or its preview as a JSON object; a preview has no delivery."""
    fields: dict[str, Any] = {
        "resource_id": result.resource_id,
        "window": _ends(result.window, zone),
        "revision": result.revision,
        "added": [_event_fields(event, zone) for event in result.events if event.action == "ADDED"],
        "removed": [_event_fields(event, zone) for event in result.events if event.action == "REMOVED"],
        "displaced": [booking_fields(booking, zone) for booking in result.displaced],
        "change_id": "",
        "delivery": None,
        "error": "",
        "repeated": False,
    }
    if hasattr(result, "delivery"):
        made = cast("UpdateResult", result)
        fields |= {name: getattr(made, name) for name in ("change_id", "error", "repeated")}
        fields["delivery"] = made.delivery.name.lower()
    return fields


def import_lines(done: "Bookings", zone: ZoneInfo, *, is_written: bool) -> Iterator[Line]:
    """Yield how many bookings an import took, and which it refused."""
    counts = ", ".join(f"{number} {word}" for word, number in done.counts.items())
    yield (Piece("Bookings" if is_written else "Bookings, not written", Role.TITLE), Piece(f"  {counts}"))
    for booking, error in done.refused:
        what = f"{plain(booking.resource_id)}: {booking_text(booking, zone)}"
        yield (Piece("  refused    ", Role.TAKEN), Piece(what))
        if isinstance(error, NotAvailableError):
            yield from _why_not(error, zone)
        else:
            yield (Piece(f"    {plain(str(error), 200)}", Role.NOTE),)


def _why_not(error: NotAvailableError, zone: ZoneInfo) -> Iterator[Line]:
    """Yield a line for each part of the time that is not free."""
    _, segments = error.values
    taken = [one for one in cast("Sequence[Segment]", segments) if one.state is not SegmentState.FREE]
    for line in [*render.explanation(taken, zone).lines()][1:]:
        yield (Piece("  "), *line)


def import_fields(edits: Iterable[dict[str, Any]], done: "Bookings", zone: ZoneInfo) -> dict[str, Any]:
    """Return an import as a JSON object."""
    bookings: dict[str, Any] = {**done.counts}
    bookings["refused"] = [booking_fields(booking, zone) | {"why": str(error)} for booking, error in done.refused]
    return {"slots": [*edits], "bookings": bookings}


def booking_text(booking: Booking, zone: ZoneInfo) -> str:
    """Return when a booking is, and which it is, in one line."""
    parts = [f"id {plain(str(booking.id))}"]
    if booking.status is not BookingStatus.CONFIRMED:
        parts.append(booking.status.lower())
    if booking.seats > 1:
        parts.append(f"{booking.seats} seats")
    name = f'"{plain(booking.label)}" ' if booking.label else ""
    return f"{render.dated_span(booking.interval, zone)}  {name}({', '.join(parts)})"


def booking_lines(bookings: Sequence[Booking], resource: str, zone: ZoneInfo) -> Iterator[Line]:
    """Yield a line for each booking, under a title."""
    yield (Piece(f"Bookings of {plain(resource)} in {zone}", Role.TITLE),)
    for booking in bookings:
        role = Role.QUIET if booking.status is BookingStatus.CANCELLED else Role.TEXT
        yield (Piece(f"  {booking_text(booking, zone)}", role),)
    if not bookings:
        yield (Piece("  none", Role.QUIET),)


def booking_fields(booking: Booking, zone: ZoneInfo) -> dict[str, Any]:
    """Return a booking as `files.read_bookings` reads it."""
    return {
        "resource_id": booking.resource_id,
        **_ends(booking.interval, zone),
        "status": booking.status.value,
        "seats": booking.seats,
        "id": booking.id,
        "label": booking.label,
    }


def refusal(error: NotAvailableError, zone: ZoneInfo) -> str:
    """Return why a time cannot be booked, in lines such as `slotcalc explain` has."""
    booking, segments = cast("tuple[Booking, Sequence[Segment]]", error.values)
    what = f"{plain(booking.resource_id)} is not free on {render.dated_span(booking.interval, zone)}"
    shown = "\n".join("".join(piece.text for piece in line) for line in render.explanation(segments, zone).lines())
    return f"{what}\n{shown}"


def history_lines(page: "Page", title: str, zone: ZoneInfo) -> Iterator[Line]:
    """Yield the edits of a page, each with who made it, when and why, and below it what it added and removed."""
    yield (Piece(title, Role.TITLE),)
    for _, group in groupby(page.events, key=attrgetter("change_id")):
        events = [*group]
        first = events[0]
        when = _moment(first.changed_at, zone)
        said = f': "{plain(first.notes, 200)}"' if first.notes else ""
        whose = f"{plain(first.resource_id)}, revision {first.revision}"
        yield (Piece(f"{when}  {whose}  {plain(first.changed_by)}, {plain(first.reason)}{said}"),)
        for event in events:
            yield _event_line(event, zone)
    if not page.events:
        yield (Piece("  no edits", Role.QUIET),)
    if page.next is not None:
        yield (Piece(f"  more with --after {plain(page.next, 200)}", Role.NOTE),)


def stats_lines(found: "Stats", title: str) -> Iterator[Line]:
    """Yield how much was added and removed: in all, by reason, by author, and the hours of most removals."""
    removed = {str(hour): tally.replace(slots_added=0) for hour, tally in found.most_removed(5)}
    tables: dict[str, Mapping[str, Tally]] = {
        title: {"in all": found.total},
        "by reason": found.by_reason,
        "by author": found.by_actor,
        "hours of most removals": removed,
    }
    width = max(len(plain(name)) for table in tables.values() for name in table)
    for heading, table in tables.items():
        if table:
            yield (Piece(heading, Role.TITLE if heading is title else Role.QUIET),)
        for name, tally in table.items():
            added = f"+{_amount(tally, 'added')}" if tally.slots_added else ""
            taken = f"-{_amount(tally, 'removed')}" if tally.time_removed else ""
            yield (Piece(f"  {plain(name):<{width}}  "), Piece(f"{added:<20}  ", Role.FREE), Piece(taken, Role.TAKEN))


def stats_rows(found: "Stats") -> Iterator[dict[str, Any]]:
    """Yield a row for each cell of each table, in the words of the JSON form."""
    document = found.to_json()
    hours = document.pop("by_hour_of_week")
    yield _row("total", "", document["total"])
    for table in ("by_reason", "by_actor", "by_day", "by_week", "by_month"):
        for key, tally in document[table].items():
            yield _row(table, key, tally)
    for tally in hours:
        yield _row("by_hour_of_week", f"{tally.pop('weekday')} {tally.pop('hour'):02}:00", tally)


def finding_lines(found: "Sequence[Finding]", resource: str, revision: int) -> Iterator[Line]:
    """Yield what is wrong with a history, or that nothing is."""
    whose = f"{plain(resource)}, revision {revision}"
    if not found:
        yield (Piece(f"{whose}: the history is whole and leads to the slots", Role.FREE),)
        return
    yield (Piece(f"{whose}: {count(len(found), 'finding')}", Role.TITLE),)
    for finding in found:
        yield (Piece(f"  {finding.kind.name.lower():<10} ", Role.TAKEN), Piece(plain(str(finding), 300)))


def count(number: int, noun: str) -> str:
    """Return so many of that noun, in words."""
    return f"{number} {noun}{'s' * (number != 1)}"


def as_json(data: Any) -> str:
    """Return data as JSON, as it is written everywhere here."""
    return json.dumps(data, indent=2)


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV with these columns; an apostrophe keeps a spreadsheet from taking text for a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _harmless(cell: Any) -> Any:  # whatever a cell holds
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _amount(tally: "Tally", side: str) -> str:
    span: timedelta = getattr(tally, f"time_{side}")
    return f"{render.length(span)} in {count(getattr(tally, f'slots_{side}'), 'slot')}"


def _row(table: str, key: str, tally: Mapping[str, Any]) -> dict[str, Any]:
    return {"table": table, "key": key, **tally}


def _event_line(event: "AuditEvent", zone: ZoneInfo) -> Line:
    word, role = _SIGNS[event.action]
    parts = [] if event.slot_id is None else [f"id {plain(event.slot_id)}"]
    if event.capacity > 1:
        parts.append(f"{event.capacity} seats")
    name = f'  "{plain(event.label)}"' if event.label else ""
    shown = f"{render.dated_span(event.interval, zone)}{name}" + (f"  ({', '.join(parts)})" if parts else "")
    return Piece(f"  {word:<9}  ", role), Piece(shown)


def _event_fields(event: "AuditEvent", zone: ZoneInfo) -> dict[str, Any]:
    return {**_ends(event.interval, zone), "capacity": event.capacity, "id": event.slot_id, "label": event.label}


def _ends(interval: Interval[datetime], zone: ZoneInfo) -> dict[str, str]:
    return {name: iso8601.format_point(zones.to_local(getattr(interval, name), zone)) for name in ("start", "end")}


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f"{zones.to_local(moment, zone):%Y-%m-%d %H:%M}"


def _some(lines: Sequence[Line]) -> Iterator[Line]:
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield (Piece(f"  and {len(lines) - _MOST} more, which --format json has", Role.QUIET),)
