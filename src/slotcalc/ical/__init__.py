"""Calendars: events as bookings, published availability as slots, free time as a calendar. Needs the extra `ical`.

What local times and recurrences mean follows RFC 5545 to the letter, also where the common readers do not: events in
two zones, times that the clocks jump over or show twice, rules that would run for ever. Each module of this folder
names what it imports; read them in the order `content`, `timezones`, `moments`, `series`, `events`, `availability`,
`writing`. Only `content` knows the library icalendar.
"""

from slotcalc.ical.availability import read_slots
from slotcalc.ical.events import read_bookings
from slotcalc.ical.writing import write_free

__all__ = ["read_bookings", "read_slots", "write_free"]
