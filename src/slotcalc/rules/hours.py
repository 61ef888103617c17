"""The text in which people write opening hours, as spans of the clock: a strict reader with a caret below each fault.

The grammar is a part of that of opening hours in OpenStreetMap, in the signs of RFC 5234::

    week   = rule *(";" rule)
    rule   = "24/7" / days (hours / "off")
    days   = day ["-" day] *("," day ["-" day])          ; Sa-Mo goes around the end of the week
    day    = "Mo" / "Tu" / "We" / "Th" / "Fr" / "Sa" / "Su"
    hours  = span *("," span)
    span   = clock "-" clock                              ; over midnight if it ends before it starts
    clock  = 2DIGIT ":" 2DIGIT                            ; 00:00 to 24:00, a start before 24:00

with blanks, tabs and line ends between any two of these. A later rule replaces an earlier one for the days that it
names. Nothing else of that format is read: no dates, holidays, weeks, months, comments, open ends or sunrise.

Imports only `errors`; read `days` next, which makes instants of spans.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Never, TypeAlias

from slotcalc.errors import ParseError, PointTypeError

__all__ = ["ALL_DAY", "DAYS", "WHOLE_DAY", "HoursText", "Spans", "hours_text", "read_hours", "read_week", "week_text"]

# Spans of one day, as what the clocks show: time since 00:00, beyond 24 hours where a span ends on the next day.
Spans: TypeAlias = tuple[tuple[timedelta, timedelta], ...]
HoursText: TypeAlias = str | Iterable[str]

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
WHOLE_DAY: Final = "00:00-24:00"
_DAY: Final = timedelta(days=1)
ALL_DAY: Final[Spans] = ((timedelta(), _DAY),)
_OFF: Final[Spans] = ()
_HOURS_ALONE: Final = re.compile(r"(\d\d?)(?=[\s,;–-]|$)(?:[ \t]*[-–][ \t]*(\d\d?)(?=[\s,;–-]|$))?", re.ASCII)
_NAMES: Final = f"a day ({', '.join(DAYS)})"


def read_week(text: str) -> tuple[Spans, ...]:
    """Return the spans of each weekday from Monday on.

    Raises:
        ParseError: for any other text; the message points at the character.
    """
    return _Reader(text, "weekly hours").week()


def read_hours(text: str) -> Spans:
    """Return the spans of one day: "09:00-12:00,13:00-17:00", or none for "off".

    Raises:
        ParseError: for any other text; the message points at the character.
        PointTypeError: for a value that is not text.
    """
    if not isinstance(text, str):
        raise PointTypeError(f"{text!r:.80} is not text; write hours such as '09:00-12:00,13:00-17:00'", text)
    return _day_hours(text)


@lru_cache(maxsize=256)  # many dates have the same few hours
def _day_hours(text: str) -> Spans:
    return _Reader(text, "hours").day_hours()


def hours_text(hours: HoursText) -> str:
    """Return hours that were given as one text or as several spans as one text, checked; no span at all is "off".

    Raises:
        ParseError: for text that is no hours; the message points at the character.
        PointTypeError: for values that are not text.
    """
    if isinstance(hours, str):
        read_hours(hours)
        return hours
    if not isinstance(hours, Iterable):
        raise PointTypeError(f"{hours!r:.80} is not text; write hours such as '09:00-12:00,13:00-17:00'", hours)
    given: list[Any] = list(hours)
    for span in given:
        read_hours(span)
    return ",".join(given) if given else "off"


def week_text(week: Mapping[Any, HoursText]) -> str:
    """Return weekly hours that were given by weekday, "Mo" to "Su" or 0 to 6 as `date.weekday()` counts, as one text.

    Raises:
        ParseError: for another key, a day that is there twice, or hours that are none.
        PointTypeError: for values that are not text.
    """
    texts: dict[int, str] = {}
    for key, hours in week.items():
        number = DAYS.index(key) if key in DAYS else key
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(DAYS) or number in texts:
            names = ", ".join(DAYS)
            message = f"{key!r:.80} is no day of the week, or is there twice; write one of {names}, or 0 to 6"
            raise ParseError(message, key)
        texts[number] = f"{DAYS[number]} {hours_text(hours)}"
    return "; ".join(texts[number] for number in sorted(texts)) or "Mo-Su off"


class _Reader:
    """Reads the text from left to right; `at` is where it stands."""

    def __init__(self, text: str, what: str) -> None:
        self.text = text
        self.what = what
        self.at = 0

    def week(self) -> tuple[Spans, ...]:
        """Read all rules into the spans of each weekday."""
        week: list[Spans] = [_OFF] * len(DAYS)
        while True:
            if self.takes("24/7"):
                days, spans = [*range(len(DAYS))], ALL_DAY
            else:
                days = self.days()
                spans = _OFF if self.takes("off") else self.spans()
            for day in days:
                week[day] = spans
            if self.at == len(self.text):
                return tuple(week)
            if not self.takes(";"):
                self.fail("';' before another rule, ',' before another span, or the end")

    def day_hours(self) -> Spans:
        """Read the hours of one day."""
        spans = _OFF if self.takes("off") else self.spans()
        if self.at < len(self.text):
            self.fail("',' before another span, or the end")
        return spans

    def days(self) -> list[int]:
        days: list[int] = []
        if self.word()[:1].isdigit():
            self.fail(f"{_NAMES} or 24/7", "Mo-Su before hours of every day")
        while True:
            first = self.day("another day" if days else f"{_NAMES} or 24/7")
            last = self.day("a day to end the range") if self.takes("-") else first
            days += [(first + i) % len(DAYS) for i in range((last - first) % len(DAYS) + 1)]
            if not self.takes(","):
                return days

    def day(self, expected: str) -> int:
        word = self.word()
        if word not in DAYS:
            short = word[:2].capitalize()
            self.fail(expected, f"{short} for {word}" if short in DAYS else "")
        self.at += len(word)
        self.skip_blanks()
        return DAYS.index(word)

    def spans(self) -> Spans:
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
            day = word[:2].capitalize() in DAYS
            others = "';' before the rule of other days" if day else self.with_minutes()
            self.fail(expected, f"0{word} for {word}" if short else others)
        clock = timedelta(hours=int(hours), minutes=int(minutes))
        if clock > _DAY or int(minutes) > 59:
            self.fail("a time from 00:00 to 24:00")
        self.at += len(word)
        self.skip_blanks()
        return clock

    def with_minutes(self) -> str:
        """Return how hours without minutes that stand here are written, "09:00-17:00 for 9-17"; nothing for others."""
        bare = _HOURS_ALONE.match(self.text, self.at)
        if bare is None or any(int(hour) > 24 for hour in bare.groups() if hour):
            return ""
        return f"{'-'.join(f'{hour:0>2}:00' for hour in bare.groups() if hour)} for {bare[0]}"

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
            f"{self.what}: expected {expected}, at character {at + 1}{instead and f'; write {instead}'}\n"
            f"    {lead}{shown}{tail}\n"
            f"    {' ' * (len(lead) + at - low)}^"
        )
        raise ParseError(message, self.text, at)
