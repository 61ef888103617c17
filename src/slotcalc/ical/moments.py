"""When something is: property values as days and wall times with their zone, and the instants that these are.

All local times mean what RFC 5545, section 3.3.5, says: one that the clocks jump over is read with the offset before
the jump, one that they show twice is the first of the two. Imports `content`, `literals`, `timezones` and `zones`;
read `events` next.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.errors import ParseError
from slotcalc.ical.content import Component, Property
from slotcalc.ical.timezones import TimeZones
from slotcalc.literals import Length, date_or_time, parse_length

__all__ = ["Moment", "When", "day_of", "instant", "length_of", "span", "when", "whens"]

_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta()
_UTC: Final = zones.zone("UTC")


class Moment(NamedTuple):
    """A wall time and the zone of its clocks."""

    wall: datetime
    zone: ZoneInfo


When: TypeAlias = date | Moment
"""A whole day, or a moment."""


def when(text: str, tzid: str, timezones: TimeZones) -> When:
    """Return what a date or time means; a floating time is one of the zone that the caller gave."""
    value, is_utc = date_or_time(text)
    if not isinstance(value, datetime):
        return value
    if is_utc:
        return Moment(value, _UTC)
    return Moment(value, timezones.named(tzid) if tzid else timezones.local(f"the floating time {text}"))


def whens(found: Property, timezones: TimeZones) -> Iterator[tuple[When, Length | timedelta | None]]:
    """Yield each value of a list of dates, times or periods (section 3.3.9), with the length that a period has."""
    tzid = found.params.get("TZID", "")
    for text in found.value.split(","):
        first, slash, rest = text.partition("/")
        start = when(first, tzid, timezones)
        if not slash:
            yield start, None
        elif rest.strip().upper().startswith(("P", "+P", "-P")):
            yield start, parse_length(rest)
        else:
            exact = instant(when(rest, tzid, timezones), timezones) - instant(start, timezones)
            if exact < _NOTHING:
                raise ParseError(f"the period {text!r:.80} ends before it starts", text)
            yield start, exact


def instant(moment: When, timezones: TimeZones) -> datetime:
    """Return the instant, that at which it begins for a day."""
    if isinstance(moment, Moment):
        if moment.zone is _UTC:  # a third of the time, and most of a long list of exceptions
            return moment.wall.replace(tzinfo=UTC)
        return zones.to_instant(moment.wall, moment.zone)
    return zones.day_start(moment, timezones.local(f"the date {moment}"))


def day_of(moment: When) -> date:
    """Return the local day."""
    return moment.wall.date() if isinstance(moment, Moment) else moment


def length_of(component: Component, start: When, timezones: TimeZones) -> Length:
    """Return how long it lasts by its DTEND or DURATION; each member of a recurrence set lasts as long.

    With DTEND that is the exact time between the two instants, whatever the clocks show at the end of a member; with
    DURATION its days are days of the calendar (section 3.8.5.3). A day lasts a day unless something else is said, and
    so it does if DTEND repeats it, which is wrong but common; a moment lasts no time (section 3.6.1).
    """
    end_text, duration = component.one("DTEND"), component.one("DURATION")
    if end_text is not None:
        with component.blamed("DTEND"):
            end = when(end_text.value, end_text.params.get("TZID", ""), timezones)
            return _between(start, end, timezones)
    if duration is not None:
        with component.blamed("DURATION"):
            length = parse_length(duration.value)
            if not isinstance(start, Moment) and length.exact:
                raise ParseError(f"{duration.value!r:.40} is not in days, but DTSTART is a date", duration.value)
            return length
    return Length(0 if isinstance(start, Moment) else 1, _NOTHING)


def _between(start: When, end: When, timezones: TimeZones) -> Length:
    if isinstance(start, Moment) != isinstance(end, Moment):
        raise ParseError("DTSTART and DTEND are a date and a time; write two dates or two times")
    if not (isinstance(start, Moment) and isinstance(end, Moment)):
        days = (day_of(end) - day_of(start)).days
        if days < 0:
            raise ParseError(f"{end} is before DTSTART {start}")
        return Length(days or 1, _NOTHING)
    exact = instant(end, timezones) - instant(start, timezones)
    if exact <= _NOTHING and start.zone is end.zone and start.wall < end.wall:
        exact = end.wall - start.wall  # the clocks jumped over the start and put it behind the end
    if exact < _NOTHING:
        raise ParseError(f"{end.wall} {end.zone} is before DTSTART {start.wall} {start.zone}")
    return Length(0, exact)


def span(start: When, length: Length, timezones: TimeZones) -> tuple[datetime, datetime]:
    """Return the instants at which something begins and ends: its days are added to the calendar, then exact time."""
    begins = instant(start, timezones)
    if not isinstance(start, Moment):
        return begins, instant(start + length.days * _DAY, timezones)
    later = Moment(start.wall + length.days * _DAY, start.zone)
    return begins, (instant(later, timezones) if length.days else begins) + length.exact
