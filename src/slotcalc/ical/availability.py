"""Published availability (RFC 7953) as slots. Imports `series`, `content` and `booking`; read `writing` next."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from slotcalc.booking import Slot
from slotcalc.files import Progress, Source
from slotcalc.ical.content import Component, read_calendars
from slotcalc.ical.moments import instant, length_of, span
from slotcalc.ical.series import Question, grouped, instances, question_about, value_of
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import DEFAULT_LIMITS, Limits

__all__ = ["read_slots"]


def read_slots(
    source: Source | bytes,
    window: Interval[datetime] | tuple[datetime, datetime],
    *,
    zone: str | tzinfo | None = None,
    resource_id: str = "",
    limits: Limits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> list[Slot]:
    """Return the time that the VAVAILABILITY components of a calendar offer and that meets the window, in order.

    They are painted one over the other in order of PRIORITY, as RFC 7953, section 4, has it: 1 is the highest, 9 the
    lowest but 0, which means none. Each is in force from its DTSTART to its DTEND, always where they are absent; there
    it replaces all lower ones, with its AVAILABLE times and with nothing between them. Of equal priority, all count.
    What is not AVAILABLE is not offered, whatever the BUSYTYPE. A slot's id is that of the AVAILABLE instance, its
    label the SUMMARY of that or else of the whole; slots may overlap and are not cut by the window.

    The arguments and errors are those of `read_bookings`; a calendar without any VAVAILABILITY is an `InputFileError`,
    since its events are bookings and offer nothing.

    >>> text = "BEGIN:VCALENDAR|BEGIN:VAVAILABILITY|BEGIN:AVAILABLE|DTSTART:20260302T090000Z|DURATION:PT3H|UID:a|"
    >>> text = (text + "END:AVAILABLE|END:VAVAILABILITY|END:VCALENDAR|").replace("|", chr(10))
    >>> [str(slot.interval) for slot in read_slots(text, Interval.parse("2026-03-02T00:00Z/P1D"))]
    ['2026-03-02T09:00:00Z/2026-03-02T12:00:00Z']
    """
    calendars = read_calendars(source, limits)
    question = question_about(calendars, window, zone, limits)
    parts = [part for calendar in calendars for part in calendar.parts if part.name == "VAVAILABILITY"]
    if not parts:
        raise calendars[0].error("VAVAILABILITY", "there is none, so it offers no time; events are read as bookings")
    above: IntervalSet[datetime] = IntervalSet.empty()
    slots: list[Slot] = []
    done = 0
    for _, level in groupby(sorted(parts, key=_rank), key=_rank):
        inside: IntervalSet[datetime] = IntervalSet.empty()
        for part in level:
            in_force = _in_force(part, question)
            slots += _slots(part, in_force - above, question, resource_id)
            limits.check("occurrences", len(slots))
            inside |= in_force
            done += 1
            if progress is not None:
                progress(done, len(parts))
        above |= inside
    slots.sort(key=lambda slot: (slot.interval.start, slot.interval.end))
    return slots


def _rank(part: Component) -> int:
    """Return the priority as a number that is the lower the more it is obeyed."""
    text = part.text("PRIORITY") or "0"
    if len(text) == 1 and text in "0123456789":
        return int(text) or 10
    raise part.error("PRIORITY", f"{text!r:.40} is not a whole number from 0 to 9")


def _in_force(part: Component, question: Question) -> IntervalSet[Any]:
    """Return when the component says anything at all."""
    timezones = question.timezones
    has_start, has_end = "DTSTART" in part.properties, "DTEND" in part.properties
    if has_start and (has_end or "DURATION" in part.properties):
        start = value_of(part, "DTSTART", timezones)
        with part.blamed("DTEND" if has_end else "DURATION"):
            return IntervalSet([span(start, length_of(part, start, timezones), timezones)])
    if has_start:
        with part.blamed("DTSTART"):
            return IntervalSet.since(instant(value_of(part, "DTSTART", timezones), timezones))
    if has_end:
        with part.blamed("DTEND"):
            return IntervalSet.until(instant(value_of(part, "DTEND", timezones), timezones))
    return IntervalSet.everything()


def _slots(part: Component, in_force: IntervalSet[Any], question: Question, resource_id: str) -> Iterable[Slot]:
    for group in grouped(part.parts):
        for instance in instances(group, question):
            label = instance.component.text("SUMMARY") or part.text("SUMMARY")
            for piece in in_force & Interval(instance.start, instance.end):
                if piece.overlaps(question.window):
                    yield Slot(resource_id, piece, id=instance.id, label=label)
