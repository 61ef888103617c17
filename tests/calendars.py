"""Calendars written line by line, as the tests of `slotcalc.ical` need them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from slotcalc import Booking, Interval, Slot

EXAMPLES = Path(__file__).parent.parent / "examples"
YEAR = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def calendar(*components: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *components, "END:VCALENDAR", ""])


def component(name: str, *lines: str) -> str:
    return "\n".join([f"BEGIN:{name}", *lines, f"END:{name}"])


def event(*lines: str) -> str:
    return component("VEVENT", *lines)


def shown(found: list[Booking] | list[Slot]) -> list[str]:
    """Return start and end as 20260302T0900-1000, in UTC, with the date of the end only where it is another one."""
    texts = []
    for item in found:
        start, end = item.interval.start, item.interval.end
        texts.append(f"{start:%Y%m%dT%H%M}-" + (f"{end:%H%M}" if start.date() == end.date() else f"{end:%Y%m%dT%H%M}"))
    return texts
