"""Free time as a calendar that other programs can show. Imports `content` and `intervals`; the tour ends here."""

from datetime import UTC, datetime
from typing import Final

from slotcalc.errors import PointTypeError, PointValueError
from slotcalc.ical.content import content_line
from slotcalc.intervals import IntervalSet

__all__ = ["write_free"]

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_free(
    free: IntervalSet[datetime],
    *,
    label: str = "Free",
    stamp: datetime = _LONG_AGO,
    domain: str = "slotcalc.invalid",
) -> str:
    r"""Return an iCalendar file with one transparent event, in UTC, for each interval.

    The same arguments give the same text: UIDs are made of the two instants and the domain, and DTSTAMP is `stamp`, not
    the clock. Transparent, because free time takes no time away from whoever shows it in a calendar.

    Args:
        free: the free time; clip an unbounded set to a window first.
        label: the SUMMARY of each event.
        stamp: when the answer was made.
        domain: what the UIDs end with, a domain of yours if others are to keep them.

    Raises:
        UnboundedError: if the set is unbounded.
        PointTypeError: for a set or a stamp that is not of instants.
        PointValueError: for instants between two seconds, which iCalendar cannot write.

    >>> text = write_free(IntervalSet.parse("2026-03-02T08:00Z/2026-03-02T11:00Z"))
    >>> [line for line in text.split("\r\n") if line.startswith("DT")]
    ['DTSTAMP:19700101T000000Z', 'DTSTART:20260302T080000Z', 'DTEND:20260302T110000Z']
    """
    lines = [("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", "-//slotcalc//slotcalc//EN")]
    made = _utc(stamp)
    summary = " ".join(label.splitlines())
    for piece in free:
        start, end = _utc(piece.start), _utc(piece.end)
        lines += [
            ("BEGIN", "VEVENT"),
            ("UID", f"{start}-{end}@{domain}"),
            ("DTSTAMP", made),
            ("DTSTART", start),
            ("DTEND", end),
            ("SUMMARY", summary),
            ("TRANSP", "TRANSPARENT"),
            ("END", "VEVENT"),
        ]
    lines.append(("END", "VCALENDAR"))
    return "".join([content_line(name, value) for name, value in lines])


def _utc(moment: object) -> str:
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise PointTypeError(f"{moment!r:.80} is no instant; pass aware datetimes", moment)
    if moment.microsecond:
        raise PointValueError(f"{moment.isoformat()} is between two seconds, which iCalendar cannot write", moment)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat().replace("-", "").replace(":", "") + "Z"
