"""Rules: what yields an interval set for any window. So far the hours of the week; imports `intervals` and below.

A rule is asked with `.within(window)` and answers with instants. Its law: a part of a window gets that part of the
answer, `rule.within(w) == rule.within(W) & w` for every `w` inside `W`, so nothing depends on where a window happens to
be cut. An `IntervalSet` has the same method and is a rule, too. Read `availability` next, which takes bookings away
from what rules offer.
"""

from datetime import datetime, timedelta, tzinfo
from typing import Final, Never, TypeAlias, final

from slotcalc import zones
from slotcalc.errors import ParseError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.points import moved
from slotcalc.values import Value

__all__ = ["Weekly"]

# Spans of one day, as what the clocks show: time since 00:00, beyond 24 hours where a span ends on the next day.
_Spans: TypeAlias = tuple[tuple[timedelta, timedelta], ...]

_DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY: Final = timedelta(days=1)
_WHOLE_DAY: Final = (timedelta(), _DAY)
_ALL_DAY: Final[_Spans] = (_WHOLE_DAY,)
_OFF: Final[_Spans] = ()
_NAMES: Final = f"a day ({', '.join(_DAYS)})"

# How far before a window a day can lie whose hours reach into it: an overnight span, and clocks that go back by a day.
_REACH: Final = timedelta(days=3)


@final
class Weekly(Value):
    """The same hours each week, by the clocks of one zone.

    The text is that of opening hours in OpenStreetMap, as far as it is about weekdays: rules with `;` between, each of
    them days (`Mo`, `Mo-Fr`, `Sa,Su`, `Sa-Mo`) and then spans (`09:00-12:00,13:00-17:00`) or `off`. A later rule
    replaces an earlier one for the days that it names; days that no rule names are off; `24/7` is every day from 00:00
    to 24:00. A span that ends before it starts goes on into the next day (`22:00-02:00`) and belongs to the day on
    which it starts.

    A time that the clocks skip is the later one, a time that they show twice the earlier one (RFC 5545, section 3.3.5),
    so a span may be longer or shorter in that night than it reads, or nothing. `00:00-24:00` is the whole local day,
    however long it is, and a date that the zone skipped has no hours.

    Args:
        hours: the text.
        zone: the IANA zone of the clocks, by name or as a `ZoneInfo`; kept by name.
        limits: `window` bounds the window that is asked for, `occurrences` the spans in it, `text` the text.

    Raises:
        ParseError: for any other text; the message points at the character.
        LimitExceededError: for a longer text than `limits` allows.
        UnknownZoneError: if there is no such zone.

    >>> hours = Weekly("Mo-Fr 09:00-12:00,13:00-17:00; We off", zone="Europe/Paris")
    >>> for piece in hours.within(Interval.parse("2026-03-03T00:00Z/2026-03-06T00:00Z")):
    ...     print(piece)
    2026-03-03T08:00:00Z/2026-03-03T11:00:00Z
    2026-03-03T12:00:00Z/2026-03-03T16:00:00Z
    2026-03-05T08:00:00Z/2026-03-05T11:00:00Z
    2026-03-05T12:00:00Z/2026-03-05T16:00:00Z
    """

    __slots__ = ("_week", "hours", "limits", "zone")
    __match_args__ = ("hours", "zone", "limits")
    _positional = 1

    hours: str
    zone: str
    limits: Limits
    # Seven entries from Monday on, read from `hours`.
    _week: tuple[_Spans, ...]

    def __init__(self, hours: str, *, zone: str | tzinfo, limits: Limits = DEFAULT_LIMITS) -> None:
        """Read the text, strictly."""
        if not isinstance(hours, str):
            raise PointTypeError(f"{hours!r:.80} is not text; write weekly hours such as 'Mo-Fr 09:00-17:00'", hours)
        limits.check("text", len(hours))
        self._set(hours=hours, zone=str(zones.zone(zone)), limits=limits, _week=_Reader(hours).week())

    def within(self, window: Interval[datetime] | tuple[datetime, datetime]) -> IntervalSet[datetime]:
        """Return the hours that lie within the window, as instants; hours that touch are one. O(days), some µs each.

        Raises:
            LimitExceededError: for a longer window, or more spans in it, than `limits` allows; before expansion.
            PointTypeError: for a window that is not of aware datetimes.
            PointValueError: for a window that comes within days of the years 1 and 9999.
        """
        asked = window if isinstance(window, Interval) else Interval(*window)
        start: object = asked.start
        if not isinstance(start, datetime) or start.tzinfo is None:
            message = f"weekly hours are instants, so the window must be of aware datetimes, not of {start!r}"
            raise PointTypeError(message, asked)
        self.limits.check("window", asked.duration)
        self.limits.check("occurrences", sum(map(len, self._week)) * (asked.duration // timedelta(days=7)))
        zone = zones.zone(self.zone)
        pairs = []
        for day, *bounds in zones.local_days(moved(asked.start, -_REACH), asked.end, zone):
            for span in self._week[day.weekday()]:
                opens, closes = bounds if span == _WHOLE_DAY else [zones.at(day, clock, zone) for clock in span]
                if opens < closes:
                    pairs.append((opens, closes))
        return IntervalSet(pairs) & asked


class _Reader:
    """Reads the text from left to right; `at` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def week(self) -> tuple[_Spans, ...]:
        """Read all rules into the spans of each weekday."""
        week: list[_Spans] = [_OFF] * len(_DAYS)
        while True:
            if self.takes("24/7"):
                days, spans = [*range(len(_DAYS))], _ALL_DAY
            else:
                days = self.days()
                spans = _OFF if self.takes("off") else self.spans()
            for day in days:
                week[day] = spans
            if self.at == len(self.text):
                return tuple(week)
            if not self.takes(";"):
                self.fail("';' before another rule, ',' before another span, or the end")

    def days(self) -> list[int]:
        days: list[int] = []
        if self.word()[:1].isdigit():
            self.fail(f"{_NAMES} or 24/7", "Mo-Su before hours of every day")
        while True:
            first = self.day("another day" if days else f"{_NAMES} or 24/7")
            last = self.day("a day to end the range") if self.takes("-") else first
            days += [(first + i) % len(_DAYS) for i in range((last - first) % len(_DAYS) + 1)]
            if not self.takes(","):
                return days

    def day(self, expected: str) -> int:
        word = self.word()
        if word not in _DAYS:
            short = word[:2].capitalize()
            self.fail(expected, f"{short} for {word}" if short in _DAYS else "")
        self.at += len(word)
        self.skip_blanks()
        return _DAYS.index(word)

    def spans(self) -> _Spans:
        spans: list[tuple[timedelta, timedelta]] = []
        while True:
            start_at = self.at
            start = self.clock("another span as HH:MM-HH:MM" if spans else "hours as HH:MM-HH:MM, or off")
            if start == _DAY:
                self.fail("a start before 24:00", "00:00 with the day after", at=start_at)
            if not self.takes("-"):
                self.fail("'-' and when the span ends", "- for –" if self.word()[:1] == "–" else "")
            end_at = self.at
            end = self.clock("when the span ends, as HH:MM")
            if end == start:
                self.fail("an end that differs from the start", "00:00-24:00 for a whole day", at=end_at)
            spans.append((start, end if end > start else end + _DAY))
            if not self.takes(","):
                return tuple(spans)

    def clock(self, expected: str) -> timedelta:
        word = self.word()
        hours, colon, minutes = word.partition(":")
        if not (len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
            short = len(hours) == 1 and hours in "0123456789" and colon
            day = word[:2].capitalize() in _DAYS
            self.fail(expected, f"0{word} for {word}" if short else "';' before the rule of other days" if day else "")
        clock = timedelta(hours=int(hours), minutes=int(minutes))
        if clock > _DAY or int(minutes) > 59:
            self.fail("a time from 00:00 to 24:00")
        self.at += len(word)
        self.skip_blanks()
        return clock

    def word(self) -> str:
        """Return what stands here up to the next sign that has a meaning, without going past it."""
        self.skip_blanks()
        rest = self.text[self.at : self.at + 12]
        end = next((i for i, char in enumerate(rest) if i and char in " \t\n\r,;-–"), len(rest))
        return rest[:end]

    def takes(self, sign: str) -> bool:
        self.skip_blanks()
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        self.skip_blanks()
        return True

    def skip_blanks(self) -> None:
        while self.text[self.at : self.at + 1] in {" ", "\t", "\n", "\r"}:
            self.at += 1

    def fail(self, expected: str, instead: str = "", *, at: int | None = None) -> Never:
        """Raise the error that shows the text with a caret below the character at fault."""
        at = self.at if at is None else at
        low = at - 30 if at > 40 else 0  # so much fits before the caret, and after it
        shown = "".join(char if char.isprintable() else "�" for char in self.text[low : at + 40])
        lead, tail = "…" * (low > 0), "…" * (at + 40 < len(self.text))
        message = (
            f"weekly hours: expected {expected}, at character {at + 1}{instead and f'; write {instead}'}\n"
            f"    {lead}{shown}{tail}\n"
            f"    {' ' * (len(lead) + at - low)}^"
        )
        raise ParseError(message, self.text, at)
