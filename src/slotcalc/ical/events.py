"""The events of a calendar as bookings. Imports `series`, `content` and `booking`; read `availability` next."""

from datetime import datetime, tzinfo
from typing import Final

from slotcalc.booking import Booking, BookingStatus
from slotcalc.errors import InputFileError
from slotcalc.files import Progress, Source
from slotcalc.ical.content import read_calendars
from slotcalc.ical.series import Instance, grouped, instances, question_about
from slotcalc.intervals import Interval
from slotcalc.limits import DEFAULT_LIMITS, Limits

__all__ = ["read_bookings"]

_EVERY: Final = 500
"""How many series pass between two reports of progress."""


def read_bookings(
    source: Source | bytes,
    window: Interval[datetime] | tuple[datetime, datetime],
    *,
    zone: str | tzinfo | None = None,
    resource_id: str = "",
    resource_property: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    errors: list[InputFileError] | None = None,
    progress: Progress | None = None,
) -> list[Booking]:
    r"""Return the events of a calendar that meet the window as bookings, in order of their start and not cut by it.

    Left out is what takes no time: transparent events, and those that end when they start. CANCELLED and TENTATIVE
    become the status of the booking; any other is CONFIRMED. The id of the booking is the UID, and of an instance of a
    series "UID/20260330T070000Z", with the time in UTC, or for all-day events the date, at which the rule has it. The
    label is the SUMMARY.

    Args:
        source: a path, an open stream, or the calendar itself as bytes or text.
        window: the instants that are asked about, as an interval or a pair.
        zone: where all-day events and times without a zone are; needed if there are any.
        resource_id: whose bookings those are that name no resource.
        resource_property: the property that names the resource, such as "LOCATION".
        limits: the bounds on what the file may cost, checked before anything is expanded.
        errors: if a list is given, bad series are left out and their errors appended to it; else the first is raised.
        progress: called with the number of series done and of all series.

    Raises:
        InputFileError: for what is no calendar, and for a bad event.
        LimitExceededError: for more than `limits` allows.
        IntervalError, PointTypeError: for a window that is empty or not of instants.
        UnknownZoneError: for a `zone` that does not exist.
        OSError: if the file cannot be opened.

    >>> text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20260302T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY\n"
    >>> window = Interval.parse("2026-03-09T00:00Z/P1D")
    >>> [(b.id, str(b.interval)) for b in read_bookings(text + "END:VEVENT\nEND:VCALENDAR\n", window)]
    [('a/20260309T090000Z', '2026-03-09T09:00:00Z/2026-03-09T10:00:00Z')]
    """
    calendars = read_calendars(source, limits, also=resource_property)
    question = question_about(calendars, window, zone, limits)
    groups = grouped(part for calendar in calendars for part in calendar.parts if part.name == "VEVENT")
    bookings: list[Booking] = []
    for done, group in enumerate(groups, 1):
        before = len(bookings)
        try:
            for instance in instances(group, question):
                if instance.component.text("TRANSP").upper() != "TRANSPARENT":
                    bookings.append(_booking(instance, resource_property, resource_id))
                    limits.check("occurrences", len(bookings))
        except InputFileError as error:
            if errors is None:
                raise
            errors.append(error)
            del bookings[before:]
        if progress is not None and (done % _EVERY == 0 or done == len(groups)):
            progress(done, len(groups))
    bookings.sort(key=lambda booking: (booking.interval.start, booking.interval.end))
    return bookings


def _booking(instance: Instance, resource_property: str | None, resource_id: str) -> Booking:
    event = instance.component
    status = event.text("STATUS").upper()
    return Booking(
        (event.text(resource_property.upper()) if resource_property else "") or resource_id,
        Interval(instance.start, instance.end),
        status=BookingStatus(status) if status in set(BookingStatus) else BookingStatus.CONFIRMED,
        id=instance.id,
        label=event.text("SUMMARY"),
    )
