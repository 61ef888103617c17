"""Audit events as rows of the tables that people have, and back without loss.

A row is a piece of one event on one local day, since those tables keep a `date` and two times of day:

| column | what it holds |
|---|---|
| `id` | the id of the event; with `date` it is the key of the row |
| `resource_id`, `action`, `reason`, `changed_by`, `notes` | as in the event |
| `date`, `start_time`, `end_time` | the local day and HH:MM on its clocks, 24:00 is its end |
| `changed_at` | a date-time with the offset of the zone |
| `start`, `end` | the whole event, as instants in UTC; reading back uses these where they are filled in |
| `change_id`, `revision`, `ordinal`, `capacity`, `slot_id`, `label` | as in the event |

A table without the columns of the last two lines can be read as well; then 02:30 on the night when the clocks go back
is one of two moments, and `disambiguate` says which. Imports `event`, `zones` and `iso8601`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Final, TypeAlias

from slotcalc import iso8601, zones
from slotcalc.booking import as_list
from slotcalc.diff.event import AuditEvent
from slotcalc.errors import ParseError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet

__all__ = ["COLUMNS", "from_rows", "to_rows"]

Row: TypeAlias = Mapping[str, Any]

COLUMNS: Final = (
    "id",
    "resource_id",
    "date",
    "start_time",
    "end_time",
    "action",
    "reason",
    "changed_at",
    "changed_by",
    "notes",
    "start",
    "end",
    "change_id",
    "revision",
    "ordinal",
    "capacity",
    "slot_id",
    "label",
)
"""The names of the columns, in the order in which `to_rows` gives them."""

_NEEDED: Final = frozenset(COLUMNS[:10])
_SAME: Final = ("resource_id", "action", "reason", "changed_by", "notes")
_WHOLE: Final = ("start", "end", "changed_at")
_REST: Final = ("change_id", "revision", "ordinal", "capacity", "slot_id", "label")


def to_rows(events: Iterable[AuditEvent], zone: str | tzinfo) -> list[dict[str, Any]]:
    """Return a row for each local day of each event, in the order of the events and then of the days.

    Raises:
        PointTypeError: for events whose points are no instants.
        UnknownZoneError: for a bad zone.

    >>> event = AuditEvent("tutor-1", "removed", Interval.parse("2026-03-02T21:00Z/2026-03-03T01:00Z"))
    >>> for row in to_rows([event], "Europe/Paris"):
    ...     print(row["date"], row["start_time"], row["end_time"], row["action"])
    2026-03-02 22:00 24:00 REMOVED
    2026-03-03 00:00 02:00 REMOVED
    """
    place = zones.zone(zone)
    return [row for event in as_list(events, AuditEvent) for row in _rows_of(event, place)]


def _rows_of(event: AuditEvent, zone: tzinfo) -> list[dict[str, Any]]:
    changed_at = event.changed_at and zones.to_local(event.changed_at, zone).isoformat()
    fields = {name: getattr(event, name) for name in (*_SAME, *_REST)}
    fields |= {
        "id": event.id,
        "action": event.action.value,
        "changed_at": changed_at,
        "start": _text(event.interval.start),
        "end": _text(event.interval.end),
    }
    rows = []
    for day, pieces in IntervalSet([event.interval]).by_day(zone):
        ((start, end),) = pieces  # one interval leaves one piece on each day
        fields |= {"date": day.isoformat(), "start_time": iso8601.format_clock(start, day)}
        fields["end_time"] = iso8601.format_clock(end, day)
        rows.append({name: fields[name] for name in COLUMNS})
    return rows


def _text(instant: object) -> str:
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        message = f"{instant!r:.80} is no instant, so no zone says on which day it is; rows are for aware datetimes"
        raise PointTypeError(message, instant)
    return iso8601.format_point(instant)


def from_rows(
    rows: Iterable[Row], zone: str | tzinfo, *, disambiguate: zones.Disambiguate = "compatible"
) -> list[AuditEvent]:
    """Return the events of the rows, in the order in which they first appear; each is put together from its days.

    Dates and times may be text or what a database driver makes of them. Of a table without the columns beyond `notes`,
    the local times are read, and an event that was kept there as one row a day has to have the same `id` in each.

    Raises:
        ParseError: for a row without one of the first ten columns, for text that is no date or time, and for rows of
            one event that contradict each other or leave a gap between two days.
        UnknownZoneError: for a bad zone.
        LocalTimeError: with disambiguate="raise", for a local time in a gap or a fold.
        PointTypeError: for a row that is no mapping, and as `AuditEvent`.
        IntervalError, LimitExceededError, PointValueError: as `AuditEvent`.

    >>> event = AuditEvent("tutor-1", "removed", Interval.parse("2026-03-02T21:00Z/2026-03-03T01:00Z"), id="e1")
    >>> from_rows(to_rows([event], "Europe/Paris"), "Europe/Paris") == [event]
    True
    """
    place = zones.zone(zone)
    days: dict[Any, list[Row]] = {}
    for row in rows:
        given: object = row
        if not isinstance(given, Mapping):
            message = f"{row!r:.200} is no row by names of columns; pass dict(row), or dict(zip(COLUMNS, row))"
            raise PointTypeError(message, row)
        absent = _NEEDED - row.keys()
        if absent:
            raise ParseError(f"{dict(row)!r:.200} has no column {', '.join(sorted(absent))}", dict(row))
        days.setdefault(row["id"], []).append(row)
    return [_event_of(pieces, place, disambiguate) for pieces in days.values()]


def _event_of(rows: list[Row], zone: tzinfo, disambiguate: zones.Disambiguate) -> AuditEvent:
    first = rows[0]
    for row in rows:
        odd = next((name for name in (*_SAME, *_WHOLE, *_REST) if row.get(name) != first.get(name)), None)
        if odd is not None:
            message = (
                f"two rows of the event {first['id']!r} differ in {odd}: {first.get(odd)!r:.80}, {row.get(odd)!r:.80}"
            )
            raise ParseError(message, dict(first), dict(row))
    changed_at = _moment("changed_at", first["changed_at"])
    if isinstance(changed_at, datetime) and changed_at.tzinfo is None:
        changed_at = zones.to_instant(changed_at, zone, disambiguate=disambiguate)
    return AuditEvent(
        first["resource_id"],
        first["action"],
        _interval(rows, zone, disambiguate),
        reason=first["reason"],
        notes=first["notes"] or "",
        changed_at=changed_at,
        changed_by=first["changed_by"] or "",
        id=str(first["id"]),
        **{name: first[name] for name in _REST if first.get(name) is not None},
    )


def _interval(rows: list[Row], zone: tzinfo, disambiguate: zones.Disambiguate) -> Interval[datetime]:
    """Return the whole time of an event, from its exact ends if they are there, else from its local days."""
    start, end = (_moment(name, rows[0].get(name)) for name in ("start", "end"))
    if start is not None and end is not None:
        return Interval(start, end)
    pieces = []
    for row in rows:
        day = _moment("date", row["date"])
        if day is None or isinstance(day, datetime):
            raise ParseError(f"date={row['date']!r:.80} is no date; write it as 2026-03-02", row["date"])
        opens, closes = (_clock(name, row[name]) for name in ("start_time", "end_time"))
        pieces.append([zones.at(day, clock, zone, disambiguate=disambiguate) for clock in (opens, closes)])
    pieces.sort()
    for (_, end_of_day), (start_of_day, _) in pairwise(pieces):
        if end_of_day != start_of_day:
            message = f"the rows of the event {rows[0]['id']!r} leave a gap or overlap; one event is one piece of time"
            raise ParseError(message, *map(dict, rows))
    return Interval(pieces[0][0], pieces[-1][1])


def _moment(name: str, value: object) -> Any:  # a date, a datetime or nothing
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return iso8601.parse_point(value)
    if isinstance(value, date):
        return value
    raise PointTypeError(f"{name}={value!r:.80} is neither text nor a date or datetime", value)


def _clock(name: str, value: object) -> timedelta:
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    if isinstance(value, timedelta):  # what some drivers make of a time of day
        return value
    if isinstance(value, str):
        return iso8601.parse_clock(value)
    raise PointTypeError(f"{name}={value!r:.80} is no time of day; write it as 09:00, or 24:00", value)
