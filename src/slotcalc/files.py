"""Slots and bookings in CSV and JSON files, and free time written as either: the standard library only.

A file is read whole or not at all: every bad row is an `InputFileError` that names file, line, column, value and mend.

CSV has a header, in UTF-8, with commas, semicolons or tabs between its columns; JSON is a list of objects with the same
names, or an object that holds that list as "slots" or "bookings". A name that is not listed here is refused, because a
misspelt one that is quietly left out changes the answer:

| column | meaning |
|---|---|
| `start`, `end` | ISO 8601 date-times with an offset, or local ones, or dates; an end date is not included |
| `date`, `start_time`, `end_time` | a local day and HH:MM on its clocks, 24:00 is its end; no times: all of it |
| `resource_id`, `id`, `label` | text, each may be left out |
| `capacity` | of a slot, 1 if left out |
| `seats`, `status` | of a booking, 1 and CONFIRMED if left out; TENTATIVE, CANCELLED in any case |

Local times and dates need `zone`. An `end_time` before its `start_time` is on the next date (22:00 to 02:00). Where
`start` and `end` are filled in, the other three are for people and not read.

Imports `booking`, `intervals`, `zones`, `iso8601` and `limits`; read `ical` next, which reads calendars.
"""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from io import StringIO
from pathlib import Path
from typing import IO, Any, Final, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from slotcalc import iso8601, strict_json, zones
from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.errors import InputFileError, ParseError, SlotcalcError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import DEFAULT_LIMITS, Limits

__all__ = [
    "Format",
    "Progress",
    "Source",
    "free_as_csv",
    "free_as_json",
    "read_bookings",
    "read_bytes",
    "read_slots",
]

Format: TypeAlias = Literal["csv", "json"]
Source: TypeAlias = str | os.PathLike[str] | IO[str] | IO[bytes]
Progress: TypeAlias = Callable[[int, int], object]
"""Called now and then with how many rows or events are done, and of how many."""

_T = TypeVar("_T", Slot, Booking)

_WHEN: Final = ("start", "end", "date", "start_time", "end_time")
_SLOT: Final = ("resource_id", *_WHEN, "capacity", "id", "label")
_BOOKING: Final = ("resource_id", *_WHEN, "seats", "status", "id", "label")
_DAY: Final = timedelta(days=1)
_EVERY: Final = 1000
"""How many rows pass between two reports of progress."""


def read_slots(
    source: Source,
    *,
    format: Format | None = None,  # noqa: A002  # what callers say
    resource_id: str = "",
    zone: str | tzinfo | None = None,
    disambiguate: zones.Disambiguate = "compatible",
    limits: Limits = DEFAULT_LIMITS,
    errors: list[InputFileError] | None = None,
    progress: Progress | None = None,
) -> list[Slot]:
    '''Return the slots of a CSV or JSON file, in its order.

    Args:
        source: a path, or an open stream of text or bytes, which is read to its end and not closed.
        format: "csv" or "json"; by default what the name ends with.
        resource_id: whose slots those are that name no resource.
        zone: where local times and dates are; needed if there are any.
        disambiguate: what local times mean that do not exist or exist twice, as in `zones.to_instant`.
        limits: the bounds on bytes, rows and the length of a text, checked before rows become slots.
        errors: if a list is given, bad rows are left out and their errors appended to it; else the first is raised.
        progress: called with the number of rows done and of all rows.

    Raises:
        InputFileError: for a bad row, an unknown column, or a file that is neither CSV nor JSON or not UTF-8.
        LimitExceededError: for more than `limits` allows.
        OSError: if the file cannot be opened.
        UnknownZoneError, ParseError: for a bad `zone` or `disambiguate`.

    >>> file = StringIO("""date,start_time,end_time
    ... 2026-03-02,09:00,12:00""")
    >>> [str(slot.interval) for slot in read_slots(file, format="csv", zone="Europe/Paris")]
    ['2026-03-02T08:00:00Z/2026-03-02T11:00:00Z']
    '''

    def made(row: _Row) -> Slot:
        return Slot(
            row.text("resource_id") or resource_id,
            row.interval(),
            capacity=row.count("capacity"),
            id=row.text("id") or None,
            label=row.text("label"),
        )

    where = _Where(_name(source), _zone(zone, disambiguate), disambiguate, limits)
    return _made(made, _rows(source, format, "slots", _SLOT, where), errors, progress)


def read_bookings(
    source: Source,
    *,
    format: Format | None = None,  # noqa: A002  # as in read_slots
    resource_id: str = "",
    zone: str | tzinfo | None = None,
    disambiguate: zones.Disambiguate = "compatible",
    limits: Limits = DEFAULT_LIMITS,
    errors: list[InputFileError] | None = None,
    progress: Progress | None = None,
) -> list[Booking]:
    """Return the bookings of a CSV or JSON file, in its order, the cancelled ones too.

    The arguments are those of `read_slots`.

    Raises:
        InputFileError, LimitExceededError, OSError, UnknownZoneError, ParseError: as `read_slots`.

    >>> file = StringIO('[{"start": "2026-03-02T09:00Z", "end": "2026-03-02T10:00Z", "id": "b1"}]')
    >>> [booking.id for booking in read_bookings(file, format="json")]
    ['b1']
    """

    def made(row: _Row) -> Booking:
        return Booking(
            row.text("resource_id") or resource_id,
            row.interval(),
            status=row.status(),
            seats=row.count("seats"),
            id=row.text("id") or None,
            label=row.text("label"),
        )

    where = _Where(_name(source), _zone(zone, disambiguate), disambiguate, limits)
    return _made(made, _rows(source, format, "bookings", _BOOKING, where), errors, progress)


def free_as_json(free: IntervalSet[datetime], zone: str | tzinfo) -> str:
    """Return the free time as JSON: local days, each with its `available_slots`, in order, cut at midnight.

    A slot has `start_time` and `end_time` as the clocks show them (24:00 at the end of a day), and `start` and `end` as
    date-times with their offset, because 02:30 is two moments on the night when the clocks go back. `read_slots` reads
    it back.

    Raises:
        UnboundedError: if the set is unbounded; clip it with `&` to a window first.
        UnknownZoneError, PointTypeError: for a bad zone, or points that are no instants.

    >>> print(free_as_json(IntervalSet.parse("2026-03-02T08:00Z/2026-03-02T11:00Z"), "Europe/Paris"))
    [
      {
        "date": "2026-03-02",
        "available_slots": [
          {
            "start_time": "09:00",
            "end_time": "12:00",
            "start": "2026-03-02T09:00:00+01:00",
            "end": "2026-03-02T12:00:00+01:00"
          }
        ]
      }
    ]
    """
    days = [
        {"date": day.isoformat(), "available_slots": [dict(zip(_SHOWN, piece, strict=True)) for piece in pieces]}
        for day, pieces in _shown(free, zone)
    ]
    return json.dumps(days, indent=2)


def free_as_csv(free: IntervalSet[datetime], zone: str | tzinfo) -> str:
    """Return the free time as CSV: a row for each piece of each local day, with what `free_as_json` has and the date.

    No cell holds text from outside, and each begins with a digit, so that no spreadsheet takes one for a formula.
    `read_slots` reads it back. Lines end with CRLF (RFC 4180).

    Raises:
        UnboundedError, UnknownZoneError, PointTypeError: as `free_as_json`.

    >>> free_as_csv(IntervalSet.parse("2026-03-02T08:00Z/2026-03-02T11:00Z"), "Europe/Paris").splitlines()[1]
    '2026-03-02,09:00,12:00,2026-03-02T09:00:00+01:00,2026-03-02T12:00:00+01:00'
    """
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("date", *_SHOWN))
    for day, pieces in _shown(free, zone):
        writer.writerows((day.isoformat(), *piece) for piece in pieces)
    return out.getvalue()


_SHOWN: Final = ("start_time", "end_time", "start", "end")


def _shown(free: IntervalSet[datetime], zone: str | tzinfo) -> Iterator[tuple[date, list[tuple[str, str, str, str]]]]:
    """Yield the local days with their pieces, each in the four texts of `_SHOWN`."""
    for day, pieces in free.by_day(zone):
        shown = []
        for start, end in pieces:
            clocks = iso8601.format_clock(start, day), iso8601.format_clock(end, day)
            shown.append((*clocks, iso8601.format_point(start), iso8601.format_point(end)))
        yield day, shown


class _Where:
    """The file that is read, and how its values are: what all its rows share."""

    def __init__(self, name: str, zone: ZoneInfo | None, disambiguate: zones.Disambiguate, limits: Limits) -> None:
        self.name = name
        self.zone = zone
        self.disambiguate = disambiguate
        self.limits = limits

    def error(self, place: str, fault: str, *values: object) -> InputFileError:
        message = f"{self.name}, {place}: {fault}" if place else f"{self.name}: {fault}"
        return InputFileError(message, self.name, place, *values)


class _Row:
    """One row of a file: its place there, and its values by column."""

    def __init__(self, where: _Where, place: str, values: Mapping[str, object]) -> None:
        self._where = where
        self._place = place
        self._values = values

    def error(self, column: str, fault: str) -> InputFileError:
        value = self._values.get(column)
        return self._where.error(f"{self._place}, column {column!r}", fault, value)

    def text(self, column: str) -> str:
        """Return the value as text, "" if there is none; a number becomes text only where a name is meant."""
        value = self._values.get(column)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool) and column in {"id", "resource_id", "label"}:
            value = str(value)
        if not isinstance(value, str):
            raise self.error(column, f"{value!r:.80} is not text; put it in quotes")
        self._where.limits.check("text", len(value))
        return value.strip()

    def count(self, column: str) -> int:
        """Return a number of seats: 1 if there is none."""
        value = self._values.get(column)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            return 1
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 and int(value) > 0:
            return int(value)
        raise self.error(column, f"{value!r:.80} is not a whole number of at least 1")

    def status(self) -> BookingStatus:
        text = self.text("status")
        try:
            return BookingStatus(text.upper() or BookingStatus.CONFIRMED)
        except ValueError:
            known = ", ".join(BookingStatus)
            raise self.error("status", f"{text!r:.80} is none of {known}") from None

    def interval(self) -> Interval[datetime]:
        """Return when it is, from whichever columns say so."""
        exact = bool(self.text("start") or self.text("end"))
        names = ("start", "end") if exact else ("start_time", "end_time")
        column = names[0]
        try:
            if exact:
                start = self._instant(iso8601.parse_point(self._needed("start")))
                column = "end"
                end = self._instant(iso8601.parse_point(self._needed("end")))
            else:
                column = "date"
                day = iso8601.parse_point(self._needed("date"))
                if isinstance(day, datetime):
                    raise self.error("date", f"{self.text('date')!r} is no date; write it as 2026-03-02")
                if not (self.text("start_time") or self.text("end_time")):
                    return Interval(self._instant(day), self._instant(day + _DAY))
                column = "start_time"
                opens = self._wall(day, "start_time")
                column = "end_time"
                closes = self._wall(day, "end_time")
                if closes == opens:
                    raise self.error(column, "it is the same as start_time; for a whole day leave both empty")
                if closes < opens:
                    closes += _DAY
                column = "start_time"
                start = self._instant(opens)
                column = "end_time"
                end = self._instant(closes)
            if not start < end:
                first, last = (self.text(name) for name in names)
                raise self.error(column, f"no time lies between {first} and {last}; {names[1]} must be the later one")
            return Interval(start, end)
        except InputFileError:
            raise
        except OverflowError:
            raise self.error(column, "the day after it lies outside the years 1 to 9999") from None
        except SlotcalcError as error:  # of the value itself: only the place was missing
            raise self.error(column, str(error)) from None

    def _needed(self, column: str) -> str:
        text = self.text(column)
        if not text:
            raise self.error(column, "it is empty; a row has start and end, or date, start_time and end_time")
        return text

    def _wall(self, day: date, column: str) -> datetime:
        text = self._needed(column)
        try:
            wall = iso8601.parse_point(f"{day}T{text}")
        except ParseError:
            raise self.error(column, f"{text!r:.80} is no time of day; write it as 09:00, or 24:00") from None
        if isinstance(wall, datetime) and wall.tzinfo is None:
            return wall
        raise self.error(column, f"{text!r} has an offset; write the times with offsets as start and end")

    def _instant(self, point: date) -> datetime:
        if isinstance(point, datetime) and point.tzinfo is not None:
            return point
        zone = self._where.zone
        if zone is None:
            mend = "pass zone='Europe/Paris' or whichever it is, or write an offset such as +01:00 behind the time"
            raise ParseError(f"{point.isoformat()!r} is a local time and no zone is given; {mend}", point)
        if isinstance(point, datetime):
            return zones.to_instant(point, zone, disambiguate=self._where.disambiguate)
        return zones.day_start(point, zone)


def _made(
    make: Callable[[_Row], _T],
    rows: list[_Row | InputFileError],
    errors: list[InputFileError] | None,
    progress: Progress | None,
) -> list[_T]:
    """Make a slot or booking of each row; raise the first bad row's error, or collect them all."""
    made: list[_T] = []
    for done, row in enumerate(rows, 1):
        try:
            if isinstance(row, InputFileError):
                raise row
            made.append(make(row))
        except InputFileError as error:
            if errors is None:
                raise
            errors.append(error)
        if progress is not None and (done % _EVERY == 0 or done == len(rows)):
            progress(done, len(rows))
    return made


def _zone(zone: str | tzinfo | None, disambiguate: zones.Disambiguate) -> ZoneInfo | None:
    zones.to_instant(datetime(2000, 1, 1), "UTC", disambiguate=disambiguate)  # noqa: DTZ001  # refuses a word it does not know
    return None if zone is None else zones.zone(zone)


def _name(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "the stream"


def read_bytes(source: Source, limits: Limits) -> bytes:
    """Return what is in a file or stream, as bytes; text becomes UTF-8.

    Raises:
        LimitExceededError: for more than `limits.input_bytes`, of which no more is read.
        InputFileError: for a stream that yields neither text nor bytes, or text that is not Unicode.
        OSError: if the file cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            data: str | bytes = file.read(limits.input_bytes + 1)
    else:
        data = _drained(source, limits.input_bytes + 1)
    if isinstance(data, str):
        try:
            data = data.encode()
        except UnicodeEncodeError as error:
            message = f"{_name(source)}: character {error.start} is half of a surrogate pair, which is no text"
            raise InputFileError(message, _name(source)) from None
    limits.check("input_bytes", len(data))
    return data


def _drained(stream: IO[str] | IO[bytes], most: int) -> str | bytes:
    """Return what is left in a stream, which may come in pieces, but no more than `most` of it."""
    pieces: list[Any] = []
    left = most
    while left > 0:
        piece: object = stream.read(left)
        if not isinstance(piece, str | bytes):
            name = _name(stream)
            raise InputFileError(f"{name}: {piece!r:.80} is neither text nor bytes; open it with open(path)", name)
        pieces.append(piece)
        if not piece:
            break
        left -= len(piece)
    return type(pieces[0])().join(pieces)  # type: ignore[no-any-return]  # of whichever of the two it yields


def _rows(
    source: Source,
    format: Format | None,  # noqa: A002  # as in read_slots
    what: str,
    known: tuple[str, ...],
    where: _Where,
) -> list[_Row | InputFileError]:
    suffix = where.name.rpartition(".")[2].lower() if format is None else format
    if suffix not in {"csv", "json"}:
        fault = "neither .csv nor .json" if format is None else f"format={format!r:.80} is neither 'csv' nor 'json'"
        raise where.error("", f"{fault}; pass format='csv' or format='json'", format)
    data = read_bytes(source, where.limits)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = f"byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise where.error(f"line {line}", fault, error.start) from None
    return [*(_csv_rows if suffix == "csv" else _json_rows)(text, what, known, where)]


def _csv_rows(text: str, what: str, known: tuple[str, ...], where: _Where) -> Iterator[_Row | InputFileError]:
    first_line = text[: text.find("\n")]
    separator = max(",;\t", key=first_line.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line, seen = 1, 0
    header: list[str] = []
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            place = f"line {start}"
            if not any(map(str.strip, cells)):
                continue  # spreadsheets leave empty rows behind
            if not header:
                header = [cell.strip().lower() for cell in cells]
                _check_header(header, what, known, where)
                continue
            seen += 1
            where.limits.check("rows", seen)
            if len(cells) != len(header):
                mend = f"put text that has {separator!r} in it in quotes"
                fault = f"it has {len(cells)} cells and the header has {len(header)}; {mend}"
                yield where.error(place, fault, cells)
            else:
                yield _Row(where, place, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    except csv.Error as error:
        raise where.error(f"line {line}", f"it is no CSV: {error}") from None
    if not header:
        raise where.error("", f"it is empty; its first line names the columns, which are {', '.join(known)}")


def _check_header(header: list[str], what: str, known: tuple[str, ...], where: _Where) -> None:
    for position, name in enumerate(header):
        if name not in known:
            raise _unknown("line 1", name, what, known, where)
        if name in header[:position]:
            raise where.error("line 1", f"the column {name!r} is there twice; drop one of them", name)
    if not ({"start", "end"} <= {*header} or "date" in header):
        fault = "no column says when; have start and end, or date, start_time and end_time"
        raise where.error("line 1", fault, header)


def _unknown(place: str, name: str, what: str, known: Iterable[str], where: _Where) -> InputFileError:
    from difflib import get_close_matches  # noqa: PLC0415  # only a mistake pays for it

    close = get_close_matches(name.lower(), known, n=1)
    mend = f"did you mean {close[0]!r}?" if close else "rename it or drop it;"
    return where.error(place, f"the column {name!r:.80} is unknown; {mend} {what} have {', '.join(known)}", name)


def _json_rows(text: str, what: str, known: tuple[str, ...], where: _Where) -> Iterator[_Row | InputFileError]:
    items = _json(text, where)
    if isinstance(items, dict) and [*items] == [what]:
        items = items[what]
    if not isinstance(items, list):
        fault = f"it is no list; write [{{…}}, …] or {{{what!r}: [{{…}}, …]}} with {', '.join(known)} in each {{…}}"
        raise where.error("", fault.replace("'", '"'))
    if what == "slots":
        items = [*_without_days(items)]
    where.limits.check("rows", len(items))
    for position, item in enumerate(items, 1):
        place = f"item {position}"
        if not isinstance(item, dict):
            yield where.error(place, f"{item!r:.80} is no object; write {{…}}", item)
            continue
        strange = next((name for name in item if name not in known), None)
        if strange is None:
            yield _Row(where, place, item)
        else:
            yield _unknown(place, strange, what, known, where)


def _without_days(items: list[Any]) -> Iterator[Any]:
    """Yield the items, those that `free_as_json` wrote for a day one by one."""
    for item in items:
        pieces = item["available_slots"] if isinstance(item, dict) and [*item] == ["date", "available_slots"] else None
        if isinstance(pieces, list):
            yield from ({"date": item["date"], **piece} if isinstance(piece, dict) else piece for piece in pieces)
        else:
            yield item


def _json(text: str, where: _Where) -> Any:  # whatever the file holds
    try:
        return strict_json.loads(text)
    except ParseError as error:
        raise where.error("", str(error), *error.values) from None
