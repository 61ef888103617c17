"""What options say, as values: dates, zones, lengths of time, moments and windows in local time.

Whatever is no such thing is wrong usage, told in the words of the command line. One of the four modules that know
click; read `commands` next.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from slotcalc import appointments, iso8601, zones
from slotcalc.errors import LocalTimeError, SlotcalcError
from slotcalc.intervals import Interval
from slotcalc.limits import DEFAULT_LIMITS

__all__ = ["FILE", "anchor", "checked", "day", "days", "instant", "length_of_time", "name", "span", "window", "zone"]

_LARGEST: Final = DEFAULT_LIMITS.window
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def day(_ctx: click.Context, _option: click.Parameter, text: str | None) -> date | None:
    """Return the date that an option names; this and the next four have the signature of click's callbacks."""
    if text is None:
        return None
    try:
        point = iso8601.parse_point(text)
    except SlotcalcError:
        point = None
    if point is None or isinstance(point, datetime):
        raise click.BadParameter(f"{text!r:.80} is no date; write it as 2026-03-30")
    return point


def zone(_ctx: click.Context, _option: click.Parameter, name: str) -> ZoneInfo:
    """Return the zone of that name."""
    try:
        return zones.zone(name)
    except SlotcalcError as error:
        raise click.BadParameter(str(error)) from None


def name(_ctx: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Return a name that is not empty, since an empty one belongs to nobody."""
    if text is not None and not text.strip():
        raise click.BadParameter("it is empty; give a name")
    return text


def length_of_time(_ctx: click.Context, _option: click.Parameter, text: str | None) -> timedelta | None:
    """Return a length of time: 15m, 1h30m or PT15M."""
    if text is None:
        return None
    try:
        length = iso8601.parse_duration(text) if text.startswith("P") else _length(text)
    except (SlotcalcError, OverflowError):
        length = None
    if length is None:
        raise click.BadParameter(f"{text!r:.80} is no length of time; write it as 15m, 1h30m or PT15M")
    return length


def anchor(_ctx: click.Context, _option: click.Parameter, text: str | None) -> appointments.Anchor | None:
    """Return the local time that is on a grid of starts, or that each free time has a grid of its own."""
    if text is None:
        return None
    if text == "interval":
        return "interval"
    try:
        return time.fromisoformat(text if len(text) == len("09:20") else "")
    except ValueError:
        raise click.BadParameter(f"{text!r:.80} is no time of day; write it as 09:20, or write interval") from None


def _length(text: str) -> timedelta | None:
    """Read 1d, 1h30m, 45s, each unit at most once and in this order; None for anything else."""
    rest, total = text, timedelta()
    for unit, size in _UNITS.items():
        number, found, after = rest.partition(unit)
        if found:
            if not (number.isascii() and number.isdigit() and len(number) < 10):
                return None
            total, rest = total + int(number) * size, after
    return None if rest or not text else total


def days(first: date, last: date | None, zone: ZoneInfo) -> Interval[datetime]:
    """Return the window of these local days, the last one included."""
    last = first if last is None else last
    if last < first:
        raise click.UsageError(f"--from {first} is after --to {last}; swap the two")
    try:
        window = Interval(zones.day_bounds(first, zone)[0], zones.day_bounds(last, zone)[1])
    except LocalTimeError as error:
        raise click.UsageError(f"{_without_mend(error)}; choose another date") from None
    return checked(window)


def checked(window: Interval[datetime]) -> Interval[datetime]:
    """Return the window if it is one that files and rules are expanded in."""
    if window.duration > _LARGEST:
        raise click.UsageError(f"{window.duration.days} days are too many; ask for {_LARGEST.days} at most")
    return window


def window(text: str | None, zone: ZoneInfo) -> Interval[datetime]:
    """Return the window between two times, or that of a date."""
    if text is None or "/" not in text:
        return _all_day(iso8601.parse_point(text or ""), zone)
    start, end = iso8601.parse_interval(text)
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise click.UsageError("--at takes one date or two times; for several days give --from and --to")
    return checked(Interval(instant(start, zone), instant(end, zone)))


def _all_day(day: date, zone: ZoneInfo) -> Interval[datetime]:
    if isinstance(day, datetime):
        raise click.UsageError("--at is a moment; say from when to when, as 2026-03-30T10:00/11:00")
    return days(day, day, zone)


def span(at: str | None, first: date | None, last: date | None, zone: ZoneInfo) -> Interval[datetime]:
    """Return the window that is given either as --at, or as --from and --to."""
    if at is not None and (first is not None or last is not None):
        raise click.UsageError("--at says when already; leave out --from and --to")
    if at is not None:
        return window(at, zone)
    if first is None:
        raise click.UsageError("it is not said when; give --at 2026-03-30T10:00/11:00, or --from and --to")
    return days(first, last, zone)


def instant(point: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time; one that does not exist, or exists twice, is not guessed."""
    if point.tzinfo is not None:
        return point
    try:
        return zones.to_instant(point, zone, disambiguate="raise")
    except LocalTimeError as error:
        both = [zones.to_local(zones.to_instant(point, zone, disambiguate=way), zone) for way in ("earlier", "later")]
        mend = " or ".join(iso8601.format_point(local) for local in both)
        raise click.UsageError(f"--at {_without_mend(error)}; write {mend}") from None


def _without_mend(error: SlotcalcError) -> str:
    """Return what is wrong; how to mend it is told in the words of the library, not of the command line."""
    return str(error).partition("; ")[0]
