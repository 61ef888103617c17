"""Answers as text: a line for each local day with a bar of its hours, and the reasons why a time is taken. Stdlib only.

Everything here is a pure function of values. A text is lines of pieces, and each piece says by its `Role` what it is
for, so that whoever prints it can colour it (`cli` does) without laying it out again. Nothing here writes an escape
sequence, and control characters from files become visible. Imports `availability` and what lies below it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import groupby
from typing import Final, NamedTuple, TypeAlias, final
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.availability import Segment, SegmentState
from slotcalc.booking import Booking, BookingStatus
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.values import Value

__all__ = [
    "Cell",
    "DayLine",
    "Explanation",
    "Line",
    "Piece",
    "Role",
    "Timeline",
    "dated_span",
    "explanation",
    "in_ascii",
    "length",
    "plain",
    "span",
    "timeline",
]

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_SECOND: Final = timedelta(seconds=1)
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # strftime would ask the machine for its language
_STEPS: Final = (15, 30, 60, 120)
_BESIDE: Final = 26
"""The least room in which the free times stand beside the bar: two spans such as 08:30–12:00."""

_IN_ASCII: Final = str.maketrans({"█": "#", "▒": "+", "░": "-", "·": ".", "–": "-", "…": "~", "�": "?"})


class Role(StrEnum):
    """What a piece of text is for: whoever prints it may choose a colour by that."""

    TEXT = "text"
    TITLE = "title"
    FREE = "free"
    TAKEN = "taken"
    QUIET = "quiet"
    NOTE = "note"


class Piece(NamedTuple):
    """Some text of one line, and its role."""

    text: str
    role: Role = Role.TEXT


Line: TypeAlias = tuple[Piece, ...]


class Cell(StrEnum):
    """What a cell of the bar shows, as its sign."""

    FREE = "█"
    PARTLY = "▒"
    TAKEN = "░"
    OUTSIDE = "·"
    SKIPPED = " "


_MEANING: Final = {
    Cell.FREE: (Role.FREE, "free"),
    Cell.PARTLY: (Role.FREE, "partly free"),
    Cell.TAKEN: (Role.TAKEN, "taken"),
    Cell.OUTSIDE: (Role.QUIET, "outside slots"),
    Cell.SKIPPED: (Role.QUIET, "skipped by the clocks"),
}


_STATES: Final = {SegmentState.FREE: Role.FREE, SegmentState.TAKEN: Role.TAKEN, SegmentState.OUTSIDE: Role.QUIET}


@final
class DayLine(Value):
    """One local day.

    Args:
        day: its date.
        cells: the bar; empty if the day has no slots.
        times: the free times in words, or the starts.
        total: how much of the day is free.
        note: what is unusual about the day: that its clocks change.
    """

    __slots__ = ("cells", "day", "note", "times", "total")
    __match_args__ = ("day", "cells", "times", "total", "note")
    _positional = 1

    day: date
    cells: tuple[Cell, ...]
    times: tuple[str, ...]
    total: timedelta
    note: str

    def __init__(
        self,
        day: date,
        *,
        cells: tuple[Cell, ...] = (),
        times: tuple[str, ...] = (),
        total: timedelta = timedelta(),
        note: str = "",
    ) -> None:
        """Keep the parts; `timeline` makes them."""
        self._set(day=day, cells=cells, times=times, total=total, note=note)


@final
class Timeline(Value):
    """Local days as lines below a ruler of hours; `timeline` makes it.

    Args:
        days: one line for each local day of the window, in order.
        first_hour: the hour at which the bars begin.
        step: how many minutes a cell stands for.
        listing: what `times` are: "free times", or "starts".
    """

    __slots__ = ("days", "first_hour", "listing", "step")
    __match_args__ = ("days", "first_hour", "step", "listing")
    _positional = 1

    days: tuple[DayLine, ...]
    first_hour: int
    step: int
    listing: str

    def __init__(
        self, days: tuple[DayLine, ...], *, first_hour: int = 0, step: int = 30, listing: str = "free times"
    ) -> None:
        """Keep the parts; `timeline` makes them."""
        self._set(days=days, first_hour=first_hour, step=step, listing=listing)

    @property
    def total(self) -> timedelta:
        """How much is free on all days together."""
        return sum((line.total for line in self.days), timedelta())

    def lines(self, columns: int | None = None) -> Iterator[Line]:
        """Yield the lines, each week a block; words that would go beyond so many columns are wrapped, never cut."""
        cells = max((len(line.cells) for line in self.days), default=0)
        if cells:
            yield (Piece(f"{'':16}{self._ruler(cells)}", Role.QUIET),)
        before: date | None = None
        for is_plain, run in groupby(self.days, key=lambda line: not line.cells and not line.note):
            lines = [*run]
            blocks = [lines] if is_plain and len(lines) > 2 else [[line] for line in lines]
            for block in blocks:
                first, last = block[0], block[-1].day
                if before is not None and before.isocalendar()[:2] != first.day.isocalendar()[:2]:
                    yield ()
                before = last
                if first is block[-1]:
                    yield from self._day(first, cells, columns)
                else:
                    yield (Piece(f"{_date(first.day)} to {_date(last)}  no slots", Role.QUIET),)
        yield ()
        yield from self._summary()

    def as_text(self, columns: int | None = None, *, ascii: bool = False) -> str:  # noqa: A002  # what it is called everywhere
        """Return the lines as one text that ends with a line break; with `ascii`, in signs that every encoding has."""
        return _joined(self.lines(columns), ascii=ascii)

    def _ruler(self, cells: int) -> str:
        hours = cells * self.step // 60
        every = next(every for every in (1, 2, 3, 4, 6, 12) if every * 60 >= 4 * self.step)
        ruler = [" "] * (cells + 2)
        for hour in range(self.first_hour, self.first_hour + hours + 1):
            if hour % every == 0:
                at = (hour - self.first_hour) * 60 // self.step
                ruler[at : at + 2] = f"{hour:02}"
        return "".join(ruler)

    def _day(self, line: DayLine, cells: int, columns: int | None) -> Iterator[Line]:
        note = [Piece(f"({line.note})", Role.NOTE)] if line.note else []
        if not line.cells:
            words = [Piece("no slots", Role.QUIET), *note]
            yield from _wrapped((Piece(f"{_date(line.day)}  ", Role.QUIET),), words, ", ", columns)
            return
        bar = [Piece("".join(run), _MEANING[cell][0]) for cell, run in groupby(line.cells)]
        free = f"{length(line.total) if line.total else '':>8}  "
        head = (Piece(f"{_date(line.day)}  "), *bar, Piece(f"{'':{cells - len(line.cells) + 2}}{free}", Role.TITLE))
        nothing = Piece("no starts" if self.listing == "starts" else "nothing free", Role.QUIET)
        words = [*(map(Piece, line.times) if line.times else [nothing]), *note]
        is_below = self.listing == "starts" and len(line.times) > 1
        if is_below or (columns is not None and columns - _width(head) < _BESIDE):
            yield head
            head = (Piece(" " * 16),)
        yield from _wrapped(head, words, "  " if is_below else ", ", columns or (100 if is_below else None))

    def _summary(self) -> Iterator[Line]:
        shown = {cell for line in self.days for cell in line.cells}
        if shown:
            signs = [(cell, *_MEANING[cell]) for cell in Cell if cell in shown and cell is not Cell.SKIPPED]
            pairs = [(Piece(cell.value, role), Piece(f" {text}   ", Role.QUIET)) for cell, role, text in signs]
            yield tuple(piece for pair in pairs for piece in pair)
        days = sum(1 for line in self.days if line.times)
        if not days:
            what = "No starts." if self.listing == "starts" else "Nothing is free."
            yield (Piece(what, Role.TITLE),)
            return
        starts = sum(len(line.times) for line in self.days)
        what = _count(starts, "start") if self.listing == "starts" else f"{length(self.total)} free"
        yield (Piece(f"{what} on {days} of {_count(len(self.days), 'day')}", Role.TITLE),)


def timeline(
    free: IntervalSet[datetime],
    window: Interval[datetime],
    zone: str | tzinfo,
    *,
    offered: IntervalSet[datetime] | None = None,
    starts: Iterable[datetime] | None = None,
    width: int = 48,
) -> Timeline:
    """Return the window's local days as lines: what is free, as a bar and in words.

    The bars show the hours between the earliest and the latest that any day offers, in cells of 15 minutes to 2 hours
    so that they fit into `width`. They are on the wall clock: an hour that the clocks skip is blank, and one that they
    show twice is free where it is free both times. A cell is free only if all of it is. In words, times that exist
    twice carry the zone's abbreviation. Dates that the zone skipped are not there. O(days · width).

    Args:
        free: the free time, as `availability.free` returns it.
        window: which days to show.
        zone: whose local days they are.
        offered: all time of the slots, to tell taken time from time outside the slots; the free time if not given.
        starts: what to list in words instead of the free times, as `availability.starts` yields it.
        width: how many cells a bar may have.

    Raises:
        PointTypeError: for points that are not aware datetimes.
        UnknownZoneError: if there is no such zone.

    >>> day = Interval.parse("2026-03-02T00:00Z/P1D")
    >>> morning = IntervalSet.parse("2026-03-02T09:00Z/PT1H30M")
    >>> print(timeline(morning, day, "UTC", offered=IntervalSet.parse("2026-03-02T09:00Z/PT3H")).as_text())
                    09  10  11  12
    Mon 2026-03-02  ██████░░░░░░     1h30m  09:00–10:30
    <BLANKLINE>
    █ free   ░ taken
    1h30m free on 1 of 1 day
    <BLANKLINE>
    """
    clock = zones.zone(zone)
    free = free & window
    offered = free if offered is None else offered & window
    pieces, hours = dict(free.by_day(clock)), dict(offered.by_day(clock))
    first, last = _hours(hours)
    step = next((step for step in _STEPS if (last - first) * 60 <= step * width), _STEPS[-1])
    first -= first * 60 % step // 60
    last += -last * 60 % step // 60
    listed: dict[date, list[str]] | None = None if starts is None else _by_day(starts, clock)
    lines = []
    for day, start, end in zones.local_days(window.start, window.end, clock):
        whole = Interval(start, end)
        change = _change(start, end, clock)
        cells = _clock_cells(day, whole, change, clock, range(first * 60, last * 60, step)) if day in hours else ()
        here, there = free & whole, offered & whole
        times = [f"{_clock(low, clock)}–{_end(high, day, clock)}" for low, high in pieces.get(day, ())]
        lines.append(
            DayLine(
                day,
                cells=tuple(_cell(cell, here, there) for cell in cells),
                times=tuple(times if listed is None else listed.get(day, ())),
                total=here.total,
                note=_note(whole, change, clock),
            )
        )
    return Timeline(tuple(lines), first_hour=first, step=step, listing="free times" if listed is None else "starts")


@final
class Explanation(Value):
    """Segments as lines, in the local time of a zone; `explanation` makes it."""

    __slots__ = ("segments", "zone")
    __match_args__ = ("segments", "zone")
    _positional = 2

    segments: tuple[Segment, ...]
    zone: str

    def __init__(self, segments: Sequence[Segment], zone: str) -> None:
        """Keep the parts."""
        self._set(segments=tuple(segments), zone=zone)

    def lines(self) -> Iterator[Line]:
        """Yield a line for each day, below it one for each segment, and one for each further booking of that."""
        zone = zones.zone(self.zone)
        for day, segments in groupby(
            self.segments, key=lambda segment: zones.to_local(segment.interval.start, zone).date()
        ):
            yield (Piece(f"{_date(day)} in {self.zone}", Role.TITLE),)
            told = [(segment, _span(segment.interval, day, zone)) for segment in segments]
            width = max(len(when) for _, when in told)
            for segment, when in told:
                yield from self._segment(segment, f"  {when:<{width}}  ", day, zone)

    def as_text(self, *, ascii: bool = False) -> str:  # noqa: A002  # as Timeline
        """Return the lines as one text that ends with a line break; with `ascii`, in signs that every encoding has."""
        return _joined(self.lines(), ascii=ascii)

    @staticmethod
    def _segment(segment: Segment, head: str, day: date, zone: ZoneInfo) -> Iterator[Line]:
        why = [_described(booking, day, zone) for booking in segment.bookings]
        why += [f"{_side(segment, booking)} {_described(booking, day, zone)}" for booking in segment.buffers]
        if segment.capacity > 1 or (segment.state is SegmentState.TAKEN and not why):  # too small for what is asked
            taken = sum(booking.seats for booking in (*segment.bookings, *segment.buffers))
            why.insert(0, f"{taken} of {segment.capacity} seats taken")
        yield (
            Piece(head),
            Piece(f"{segment.state:<13}" if why else segment.state, _STATES[segment.state]),
            *map(Piece, [f"  {text}" for text in why[:1]]),
        )
        for text in why[1:]:
            yield (Piece(f"{'':{len(head) + 15}}{text}"),)


def explanation(segments: Sequence[Segment], zone: str | tzinfo) -> Explanation:
    """Return the segments of `availability.explain` as text: when, in what state, and by which bookings and buffers.

    >>> from slotcalc import explain
    >>> asked = Interval.parse("2026-03-02T09:00Z/PT1H")
    >>> booked = Booking("", Interval.parse("2026-03-02T09:00Z/PT30M"), id="17", label="Anna")
    >>> why = explain([asked], [booked], asked, after=timedelta(minutes=10))
    >>> print(explanation(why, "Europe/Paris").as_text())
    Mon 2026-03-02 in Europe/Paris
      10:00–10:30  taken          "Anna" (id 17, 10:00–10:30)
      10:30–10:40  taken          time after "Anna" (id 17, 10:00–10:30)
      10:40–11:00  free
    <BLANKLINE>
    """
    return Explanation(segments, str(zones.zone(zone)))


def plain(text: str, longest: int = 60) -> str:
    """Return text from a file so that it cannot act on a terminal: one line, no control signs, not long."""
    shown = "".join(char if char.isprintable() else "�" for char in " ".join(text[: 4 * longest].split()))
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def in_ascii(text: str) -> str:
    """Return the text with the signs of this module in ASCII; what comes from files stays as it is."""
    return text.translate(_IN_ASCII)


def span(interval: Interval[datetime], zone: str | tzinfo) -> str:
    """Return an interval as start–end in local time, without the date on which it starts.

    >>> span(Interval.parse("2026-03-02T08:30Z/PT1H"), "Europe/Paris")
    '09:30–10:30'
    """
    clock = zones.zone(zone)
    return _span(interval, zones.to_local(interval.start, clock).date(), clock)


def dated_span(interval: Interval[datetime], zone: str | tzinfo) -> str:
    """Return an interval as `span` does, with the date on which it starts before it.

    >>> dated_span(Interval.parse("2026-03-02T08:30Z/PT1H"), "Europe/Paris")
    'Mon 2026-03-02 09:30–10:30'
    """
    return f"{_date(zones.to_local(interval.start, zone).date())} {span(interval, zone)}"


def length(span: timedelta) -> str:
    """Return a length of time as people write it, in hours.

    >>> [length(timedelta(minutes=minutes)) for minutes in (0, 45, 480, 1530)]
    ['0m', '45m', '8h', '25h30m']
    """
    minutes, seconds = divmod(span // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if number]
    return "".join(parts) or "0m"


def _hours(days: dict[date, list[tuple[datetime, datetime]]]) -> tuple[int, int]:
    """Return the first and the last hour of the clock that any of the days offers."""
    clocks = [
        local.replace(tzinfo=None) - datetime.combine(day, time())
        for day, spans in days.items()
        for span in spans
        for local in span
    ]
    first = min(clocks, default=timedelta()) // _HOUR
    last = -(-max(clocks, default=_DAY) // _HOUR)
    return max(first, 0), min(last, 24)


def _clock_cells(
    day: date, whole: Interval[datetime], change: datetime | None, zone: ZoneInfo, minutes: range
) -> Iterator[IntervalSet[datetime]]:
    """Yield for each cell of the wall clock when the clocks show it: once, not at all, or twice."""
    midnight = datetime.combine(day, time(), UTC)
    runs = [
        (run.start, run.end, zones.to_local(run.start, zone).utcoffset() or timedelta())
        for run in whole.split([change] if change else [])
    ]
    for minute in minutes:
        low = midnight + timedelta(minutes=minute)
        high = low + timedelta(minutes=minutes.step)
        shown = [(max(start, low - offset), min(end, high - offset)) for start, end, offset in runs]
        yield IntervalSet([(start, end) for start, end in shown if start < end])


def _cell(here: IntervalSet[datetime], free: IntervalSet[datetime], offered: IntervalSet[datetime]) -> Cell:
    if not here:
        return Cell.SKIPPED
    if free.overlaps(here):
        return Cell.FREE if free.covers(here) else Cell.PARTLY
    return Cell.TAKEN if offered.overlaps(here) else Cell.OUTSIDE


def _change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant at which the clocks change on a local day that is not 24 hours long, perhaps its first one."""
    if end - start == _DAY:
        return None
    low = start - _SECOND
    before = low.astimezone(zone).utcoffset()
    seconds = range(1, (end - low) // _SECOND)
    return low + _SECOND * (
        1 + bisect_left(seconds, 1, key=lambda s: (low + s * _SECOND).astimezone(zone).utcoffset() != before)
    )


def _note(whole: Interval[datetime], change: datetime | None, zone: ZoneInfo) -> str:
    if change is None:
        return ""
    way = "forward" if whole.duration < _DAY else "back"
    clock = (change - _SECOND).astimezone(zone) + _SECOND  # by the wall clock, so what it was about to show
    return f"{length(whole.duration)} day, clocks go {way} at {clock:%H:%M}"


def _by_day(starts: Iterable[datetime], zone: ZoneInfo) -> dict[date, list[str]]:
    days: dict[date, list[str]] = {}
    for start in starts:
        local = zones.to_local(start, zone)
        days.setdefault(local.date(), []).append(_clock(local, zone))
    return days


def _clock(local: datetime, zone: ZoneInfo) -> str:
    """Return a local time as HH:MM, with its seconds if there are any, and what tells it apart if it exists twice."""
    text = f"{local:%H:%M:%S}" if local.second or local.microsecond else f"{local:%H:%M}"
    return f"{text} {local:%Z}" if zones.local_kind(local.replace(tzinfo=None), zone) == "fold" else text


def _end(local: datetime, day: date, zone: ZoneInfo) -> str:
    return "24:00" if local.date() > day else _clock(local, zone)


def _span(interval: Interval[datetime], day: date, zone: ZoneInfo) -> str:
    """Return start–end in local time, with the dates that are not the given one; midnight is the 24:00 of its day."""
    start, end = zones.to_local(interval.start, zone), zones.to_local(interval.end, zone)
    first = _clock(start, zone) if start.date() == day else f"{start.date()} {_clock(start, zone)}"
    if end.date() == day:
        return f"{first}–{_clock(end, zone)}"
    if end.date() == day + _DAY and end.time() == time():
        return f"{first}–24:00"
    return f"{first}–{end.date()} {_clock(end, zone)}"


def _side(segment: Segment, booking: Booking) -> str:
    return "time before" if segment.interval.start < booking.interval.start else "time after"


def _described(booking: Booking, day: date, zone: ZoneInfo) -> str:
    parts = [f"id {plain(booking.id)}"] if booking.id is not None else []
    parts.append(_span(booking.interval, day, zone))
    if booking.status is not BookingStatus.CONFIRMED:
        parts.append(booking.status.lower())
    if booking.seats > 1:
        parts.append(f"{booking.seats} seats")
    name = f'"{plain(booking.label)}"' if booking.label else "a booking"
    return f"{name} ({', '.join(parts)})"


def _date(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _width(pieces: Line) -> int:
    return sum(len(piece.text) for piece in pieces)


def _wrapped(head: Line, words: Sequence[Piece], between: str, columns: int | None) -> Iterator[Line]:
    """Yield the head with the words behind it, and further lines below the first word where they do not fit."""
    indent = _width(head)
    line, used = [*head], indent
    for i, word in enumerate(words):
        sign = "" if i + 1 == len(words) else "  " if words[i + 1].role is Role.NOTE else between
        if columns is not None and used > indent and used + len(word.text) + len(sign.rstrip()) > columns:
            yield tuple(line)
            line, used = [Piece(" " * indent)], indent
        line += [word, Piece(sign)]
        used += len(word.text) + len(sign)
    yield tuple(line)


def _joined(lines: Iterable[Line], *, ascii: bool) -> str:  # noqa: A002  # as Timeline
    text = "".join(f"{''.join(piece.text for piece in line).rstrip()}\n" for line in lines)
    return in_ascii(text) if ascii else text
