"""What a TZID means: a zone of the IANA database where it has one, else what the file itself says in its VTIMEZONE.

A VTIMEZONE (RFC 5545, section 3.6.5) is expanded up to a horizon and becomes a `ZoneInfo`, in the form that the IANA
database has (RFC 9636), so that `zones` reads gaps and folds in it as anywhere else. Names of Windows and names with a
vendor before them ("/vendor/Europe/Berlin") are known.

Imports `content`, `literals`, `recurrence` and `zones`; read `moments` next.
"""

import struct
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.errors import ParseError, UnknownZoneError
from slotcalc.ical.content import WINDOWS_TO_OLSON, Component
from slotcalc.limits import Steps
from slotcalc.literals import date_or_time
from slotcalc.recurrence import occurrences, parse_rule

__all__ = ["TimeZones"]

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  # counted on the same clock as the wall times it is taken from
_SECOND: Final = timedelta(seconds=1)
_YEAR: Final = timedelta(days=366)
_LONG_AGO: Final = -(2**37)  # before the year 1; what held before the first change is a change of its own


class TimeZones:
    """The zones of one file, each made once, when it is asked for."""

    def __init__(self, calendars: Iterable[Component], local: ZoneInfo | None, horizon: datetime, steps: Steps) -> None:
        """Keep the VTIMEZONEs by name, the zone of dates and floating times, and the end of what is asked for."""
        parts = [part for calendar in calendars for part in calendar.parts if part.name == "VTIMEZONE"]
        self._components = {part.text("TZID"): part for part in parts}
        self._hint = next((hint for calendar in calendars if (hint := calendar.text("X-WR-TIMEZONE"))), "")
        self._local = local
        self._steps = steps
        self._horizon = horizon.replace(tzinfo=None)
        self._made: dict[str, ZoneInfo] = {}

    def local(self, what: str) -> ZoneInfo:
        """Return the zone of dates and floating times.

        Raises:
            ParseError: if none was given.
        """
        if self._local is None:
            name = self._hint or "Europe/Paris"
            says = " as the file's X-WR-TIMEZONE says" if self._hint else " or wherever it is"
            raise ParseError(f"{what} has no time zone of its own; pass zone={name!r:.80}{says}", what)
        return self._local

    def named(self, tzid: str) -> ZoneInfo:
        """Return the zone of a TZID.

        Raises:
            UnknownZoneError: if neither the IANA database nor the file has it.
            InputFileError: for a VTIMEZONE that is wrong.
        """
        if tzid not in self._made:
            self._made[tzid] = self._find(tzid.strip())
        return self._made[tzid]

    def _find(self, tzid: str) -> ZoneInfo:
        for name in _candidates(tzid):
            try:
                return zones.zone(name)
            except UnknownZoneError:
                continue
        if tzid in self._components:
            return _zone_of(self._components[tzid], self._horizon, self._steps)
        message = f"{tzid!r:.80} is not in the IANA time-zone database, and the file has no VTIMEZONE of that name"
        raise UnknownZoneError(f"{message}; add that, or write an IANA name such as Europe/Paris", tzid)


def _candidates(tzid: str) -> Iterator[str]:
    yield tzid
    if tzid in WINDOWS_TO_OLSON:
        yield WINDOWS_TO_OLSON[tzid]
    if tzid.startswith("/"):  # "globally unique" (section 3.2.19): what follows the vendor is mostly an IANA name
        parts = tzid.strip("/").split("/")
        yield from ("/".join(parts[i:]) for i in range(min(len(parts), 8)))


def _zone_of(timezone: Component, horizon: datetime, steps: Steps) -> ZoneInfo:
    """Return the zone that a VTIMEZONE describes, right up to the horizon."""
    changes: list[tuple[datetime, timedelta, timedelta]] = []
    for part in timezone.parts:
        before, after = _offset(part, "TZOFFSETFROM"), _offset(part, "TZOFFSETTO")
        onsets = _onsets(part, before, horizon + 2 * _YEAR, steps)
        changes += [(onset - before, before, after) for onset in onsets]
    if not changes:
        raise timezone.error("TZID", "the VTIMEZONE has neither STANDARD nor DAYLIGHT, so it has no offset")
    changes.sort()
    offsets = [*dict.fromkeys([changes[0][1], *(after for *_, after in changes)])]
    if len(offsets) > 256:
        raise timezone.error("TZID", f"the VTIMEZONE has {len(offsets)} offsets; a zone has at most 256")
    times = [(utc - _EPOCH) // _SECOND for utc, *_ in changes]
    which = [offsets.index(after) for *_, after in changes]
    return ZoneInfo.from_file(BytesIO(_tzif([_LONG_AGO, *times], [0, *which], offsets)), key=timezone.text("TZID"))


def _tzif(times: list[int], which: list[int], offsets: list[timedelta]) -> bytes:
    """Return a TZif file of version 2 (RFC 9636, section 3) whose first, 32-bit block is empty."""
    header = struct.Struct(">4sc15x6l")
    empty = header.pack(b"TZif", b"2", 0, 0, 0, 0, 0, 0)
    full = header.pack(b"TZif", b"2", 0, 0, 0, len(times), len(offsets), 1)
    kinds = b"".join(struct.pack(">lBB", offset // _SECOND, 0, 0) for offset in offsets)
    return b"".join([empty, full, struct.pack(f">{len(times)}q", *times), bytes(which), kinds, b"\0", b"\n\n"])


def _onsets(part: Component, before: timedelta, horizon: datetime, steps: Steps) -> set[datetime]:
    """Return the wall times, by the clocks before the change, at which this part of a VTIMEZONE begins to hold."""
    with part.blamed("DTSTART"):
        start = _onset(part.text("DTSTART"), before)
    onsets = {start}
    for rule_text in part.all("RRULE"):
        with part.blamed("RRULE"):
            rule = parse_rule(rule_text.value)
            until = None if rule.until is None else _onset(rule.until, before)
            for onset in occurrences(rule, start, start, horizon, steps):
                if until is not None and onset > until:
                    break
                onsets.add(onset)
    for dates in part.all("RDATE"):
        with part.blamed("RDATE"):
            onsets |= {_onset(text, before) for text in dates.value.split(",")}
    return onsets


def _onset(text: str, before: timedelta) -> datetime:
    """Read a time by the clocks before a change, also if it is given in UTC, or as the date whose midnight is meant."""
    at, is_utc = date_or_time(text)
    wall = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)  # noqa: DTZ001  # a wall time
    return wall + before if is_utc else wall


def _offset(part: Component, name: str) -> timedelta:
    """Read ±HHMM or ±HHMMSS (section 3.3.14)."""
    text = part.text(name)
    digits = text[1:]
    if text[:1] in {"+", "-"} and digits.isascii() and digits.isdigit() and len(digits) in {4, 6}:
        hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
        if hours < 24 and minutes < 60 and seconds < 60:
            offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
            return offset if text[0] == "+" else -offset
    raise part.error(name, f"{text!r:.20} is no offset such as +0100")
