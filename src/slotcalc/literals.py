"""Dates, times and durations as RFC 5545, sections 3.3.4 to 3.3.6, writes them.

Stricter than the readers that exist: digits are 0 to 9 and nothing else, and a day of a duration stays a day, since it
lasts 23 or 25 hours when clocks change in its night. Imports only `errors`; read `recurrence` next.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from slotcalc.errors import ParseError

__all__ = ["Length", "date_or_time", "parse_length"]

_TIME: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_LENGTH: Final = re.compile(
    r"([+-]?)P(?=[0-9T])(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)


class Length(NamedTuple):
    """How long something lasts: days on the calendar first, then exact time (section 3.3.6)."""

    days: int
    exact: timedelta


def date_or_time(text: str) -> tuple[date, bool]:
    """Return the date or the naive datetime, and whether it is in UTC.

    A leap second is read as second 59, as section 3.3.12 has it for clocks without them.

    Raises:
        ParseError: for any other text, and for what does not exist.

    >>> date_or_time("20260330T090000Z")
    (datetime.datetime(2026, 3, 30, 9, 0), True)
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        mend = "write it as 20260330, 20260330T090000 or 20260330T090000Z"
        raise ParseError(f"{text!r:.40} is no date or time; {mend}", text)
    year, month, day, hour, minute, second = (int(digits or 0) for digits in found.groups()[:6])
    try:
        if found[4] is None:
            return date(year, month, day), False
        return datetime(year, month, day, hour, minute, 59 if second == 60 else second), bool(found[7])  # noqa: DTZ001
    except ValueError as error:
        raise ParseError(f"{text!r:.40} does not exist: {error}", text) from None


def parse_length(text: str) -> Length:
    """Return the length of a DURATION.

    Raises:
        ParseError: for any other text, and for lengths that are negative or nobody lives to see.

    >>> parse_length("P1DT2H")
    Length(days=1, exact=datetime.timedelta(seconds=7200))
    """
    found = _LENGTH.fullmatch(text.strip().upper())
    if not found:
        raise ParseError(f"{text!r:.40} is no duration such as PT1H30M or P1D", text)
    weeks, days, hours, minutes, seconds = (int(digits or 0) for digits in found.groups()[1:])
    length = Length(weeks * 7 + days, timedelta(hours=hours, minutes=minutes, seconds=seconds))
    if found[1] == "-" and any(length):
        raise ParseError(f"{text!r:.40} is negative; an event does not end before it starts", text)
    if length.days > date.max.toordinal():
        raise ParseError(f"{text!r:.40} is longer than the calendar", text)
    return length
