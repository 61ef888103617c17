"""Recurrence rules of RFC 5545, section 3.3.10, expanded on the wall clock with a bound on every step.

Own code, because the expanders that exist cannot be stopped within a stretch that has no occurrences, and so run for
many seconds on a rule such as BYMONTH=2;BYMONTHDAY=30; they judge it in the tests. Here each candidate that is looked
at is a step, and a rule without COUNT starts at the window instead of at DTSTART, however long ago that was.

Wall times are datetimes without a zone, or all marked with one and the same, which is never asked: `rules.recurring`
marks them UTC, so that taking an offset away makes instants of them. Which offset, `zones` knows. Imports `cycles`,
`errors` and `limits`.
"""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, dropwhile, islice, product
from math import prod
from typing import Final, NamedTuple, TypeVar

from slotcalc.cycles import Cycle
from slotcalc.errors import EndlessRuleError, ParseError
from slotcalc.limits import Steps

__all__ = ["Recurrence", "cycle_of", "occurrences", "parse_rule"]

_T = TypeVar("_T")

_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
_YEARLY, _MONTHLY, _WEEKLY, _DAILY, _HOURLY, _MINUTELY, _SECONDLY = range(7)
_UNITS: Final = {_HOURLY: timedelta(hours=1), _MINUTELY: timedelta(minutes=1), _SECONDLY: timedelta(seconds=1)}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_DAY: Final = timedelta(days=1)
_LONGEST_PATTERN: Final = 2_000

# For each list of numbers: the least and the greatest, and whether they also count from the end as negative ones.
_LISTS: Final = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
_DAY_PARTS: Final = ("BYMONTHDAY", "BYYEARDAY")
_CLOCK_PARTS: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")


class Recurrence(NamedTuple):
    """A recurrence rule as it is written; `until` is still text, since what it means depends on DTSTART."""

    frequency: int
    interval: int
    total: int | None
    until: str | None
    weekdays: frozenset[tuple[int, int]]
    week_start: int
    parts: dict[str, frozenset[int]]


def parse_rule(text: str, *, all_day: bool = False) -> Recurrence:
    """Return the rule, checked; on all-day events BYHOUR, BYMINUTE and BYSECOND are ignored, as the RFC wants.

    Raises:
        ParseError: for text that is no rule, and for combinations of parts that the RFC forbids.
        EndlessRuleError: for an interval of 0.

    >>> parse_rule("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4").total
    4
    """
    given: dict[str, str] = {}
    for part in text.rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        name, value = name.strip().upper(), value.strip().upper()
        if not equals or not value or name in given:
            raise ParseError(f"{part!r:.80} is no part of a rule, or is there twice; write FREQ=WEEKLY;BYDAY=MO", text)
        given[name] = value
    frequency = given.pop("FREQ", "")
    if frequency not in _FREQUENCIES:
        raise ParseError(f"FREQ={frequency:.20} is none of {', '.join(_FREQUENCIES)}", text)
    if "COUNT" in given and "UNTIL" in given:
        raise ParseError("it has COUNT and UNTIL; only one of them may say where it ends", text)
    week_start = given.pop("WKST", "MO")
    if week_start not in _WEEKDAYS:
        raise ParseError(f"WKST={week_start:.20} is none of {', '.join(_WEEKDAYS)}", text)
    until = given.pop("UNTIL", None)
    interval = _number("INTERVAL", given.pop("INTERVAL", "1"), 0, 10**9, text)
    if not interval:
        raise EndlessRuleError("INTERVAL=0 never comes to a next period; write 1 or more, or leave it out", text)
    count = _number("COUNT", given.pop("COUNT"), 1, 10**18, text) if "COUNT" in given else None
    weekdays = frozenset(_weekday(item, text) for item in given.pop("BYDAY").split(",")) if "BYDAY" in given else None
    parts = {name: _numbers(name, value, text) for name, value in given.items()}
    if all_day:
        parts = {name: numbers for name, numbers in parts.items() if name not in _CLOCK_PARTS}
    number, starts_on = _FREQUENCIES.index(frequency), _WEEKDAYS[week_start]
    rule = Recurrence(number, interval, count, until, weekdays or frozenset(), starts_on, parts)
    _check(rule, text, all_day=all_day)
    return rule


def _number(name: str, value: str, least: int, most: int, text: str) -> int:
    sign = value[:1] if value[:1] in "+-" else ""
    digits = value[len(sign) :]
    if digits.isascii() and digits.isdigit() and len(digits) < 20 and least <= int(sign + digits) <= most:
        return int(sign + digits)
    raise ParseError(f"{name}={value:.20} is not a whole number from {least} to {most}", text)


def _numbers(name: str, value: str, text: str) -> frozenset[int]:
    if name not in _LISTS:
        raise ParseError(f"{name:.20} is no part of a rule that RFC 5545 has", text)
    least, most, signed = _LISTS[name]
    numbers = [_number(name, item, -most if signed else least, most, text) for item in value.split(",")]
    if signed and 0 in numbers:
        raise ParseError(f"{name} has a 0; it counts from 1, or from -1 backwards", text)
    if name == "BYSECOND":
        return frozenset(min(number, 59) for number in numbers)  # no clock here has a leap second (section 3.3.12)
    return frozenset(numbers)


def _weekday(item: str, text: str) -> tuple[int, int]:
    """Return which one in its month or year (0 for each), and the day of the week."""
    if item[-2:] not in _WEEKDAYS:
        raise ParseError(f"BYDAY={item:.20} is not a day such as MO or -1FR", text)
    which = _number("BYDAY", item[:-2], -53, 53, text) if item[:-2] else 0
    if item[:-2] and not which:
        raise ParseError(f"BYDAY={item:.20} counts from 1, or from -1 backwards", text)
    return which, _WEEKDAYS[item[-2:]]


def _check(rule: Recurrence, text: str, *, all_day: bool) -> None:
    """Raise `ParseError` for what section 3.3.10 says must not be combined."""
    frequency, parts = rule.frequency, rule.parts
    name = _FREQUENCIES[frequency]
    if all_day and frequency > _DAILY:
        raise ParseError(f"FREQ={name} on an all-day event, which has no time of day", text)
    if any(which for which, _ in rule.weekdays) and (frequency > _MONTHLY or "BYWEEKNO" in parts):
        raise ParseError("BYDAY counts days of the week with a number, but only a month or a year has several", text)
    if "BYWEEKNO" in parts and frequency != _YEARLY:
        raise ParseError(f"BYWEEKNO belongs to FREQ=YEARLY, not to FREQ={name}", text)
    if "BYYEARDAY" in parts and frequency in {_MONTHLY, _WEEKLY, _DAILY}:
        raise ParseError(f"BYYEARDAY does not go with FREQ={name}", text)
    if "BYMONTHDAY" in parts and frequency == _WEEKLY:
        raise ParseError("BYMONTHDAY does not go with FREQ=WEEKLY", text)
    if "BYSETPOS" in parts and len(parts) == 1 and not rule.weekdays:
        raise ParseError("BYSETPOS chooses from what another BY… part yields, and there is none", text)


def occurrences(rule: Recurrence, start: datetime, low: datetime, high: datetime, steps: Steps) -> Iterator[datetime]:
    """Yield the wall times of the recurrence before `high` in order, from `start` or from a little before `low`.

    `start` is the first occurrence and counts as such, whether the rule has it or not (section 3.8.5.3). COUNT is
    obeyed; UNTIL is the caller's. A rule without COUNT begins near `low`, however long after `start` that is.

    Raises:
        LimitExceededError: for more candidates than `steps` has left.
    """
    cycle = cycle_of(rule, start)
    if cycle is not None:
        return chain.from_iterable(_by_cycle(cycle, rule.total, start, low, high, steps))
    even = not rule.weekdays and not rule.parts and rule.frequency > _DAILY  # so that each period has one
    skipped = _periods_before(rule, start, low) if rule.total is None or even else 0
    left = None if rule.total is None else rule.total - skipped
    rule = _completed(rule, start)
    walk = _by_clock if rule.frequency > _DAILY else _by_date
    walls = walk(rule, start, skipped, high, steps)
    if not skipped and start < high:
        walls = chain((start,), dropwhile(start.__ge__, walls))
    return walls if left is None else islice(walls, max(left, 0))


def _periods_before(rule: Recurrence, start: datetime, low: datetime) -> int:
    """Return how many periods of the rule can be left out: all before `low` but one or two."""
    if rule.frequency == _YEARLY:
        passed = low.year - start.year
    elif rule.frequency == _MONTHLY:
        passed = 12 * (low.year - start.year) + low.month - start.month
    elif rule.frequency == _WEEKLY:
        passed = (low - start) // (7 * _DAY)
    elif rule.frequency == _DAILY:
        passed = (low - start) // _DAY
    else:
        passed = (low - start) // _UNITS[rule.frequency]
    return max(passed // rule.interval - 1, 0)


def _completed(rule: Recurrence, start: datetime) -> Recurrence:
    """Return the rule with what it does not say taken from its start, as section 3.3.10 ends."""
    parts, weekdays = dict(rule.parts), rule.weekdays
    if not weekdays and not parts.keys() & _DAY_PARTS:
        if rule.frequency == _WEEKLY or "BYWEEKNO" in parts:
            weekdays = frozenset({(0, start.weekday())})
        elif rule.frequency <= _MONTHLY:
            parts["BYMONTHDAY"] = frozenset({start.day})
            if rule.frequency == _YEARLY:
                parts.setdefault("BYMONTH", frozenset({start.month}))
    for name, number, implied in (
        ("BYHOUR", start.hour, rule.frequency <= _DAILY),
        ("BYMINUTE", start.minute, rule.frequency <= _HOURLY),
        ("BYSECOND", start.second, rule.frequency <= _MINUTELY),
    ):
        if implied:
            parts.setdefault(name, frozenset({number}))
    return rule._replace(parts=parts, weekdays=weekdays)


def cycle_of(rule: Recurrence, start: datetime) -> Cycle | None:
    """Return the cycle of a rule all of whose weeks, or all of whose days, are alike, from midnight of the start on.

    It may have some before the start, and need not have the start itself. None for any other rule, and for one with so
    many in each turn that to remember them would cost more than to find them again.
    """
    alike = rule.frequency == _WEEKLY or (rule.frequency == _DAILY and not rule.weekdays)
    if not alike or not rule.parts.keys() <= set(_CLOCK_PARTS):
        return None
    rule = _completed(rule, start)
    days, every = [0], rule.interval
    if rule.frequency == _WEEKLY:
        every *= 7
        into = (start.weekday() - rule.week_start) % 7
        # Counted from the weekday of the start: days of its week that came before it belong to the next week in turn.
        days = sorted(((weekday - rule.week_start) % 7 - into) % every for _, weekday in rule.weekdays)
    calendar = date.max.toordinal()
    days = [day for day in days if day < calendar]
    if not 0 < prod(len(rule.parts[name]) for name in _CLOCK_PARTS) * len(days) <= _LONGEST_PATTERN:
        return None
    clocks = _clocks(rule)
    pattern = tuple([timedelta(day, clock) for day in days for clock in clocks])
    return Cycle(start.replace(hour=0, minute=0, second=0), timedelta(min(every, 2 * calendar)), pattern)


def _by_cycle(
    cycle: Cycle, total: int | None, start: datetime, low: datetime, high: datetime, steps: Steps
) -> Iterator[list[datetime]]:
    """Yield the occurrences in lists: one by one costs three times as much."""
    first, beside = cycle.before(start), not cycle.has(start)
    begin, end = max(first, cycle.before(low)), cycle.before(high)
    if total is not None:
        end = min(end, first + total - beside)  # the start is one of them, even if it is none of the cycle
    if beside and low <= start < high:
        yield [start]
    while begin < end:
        stop = min(begin + 512, end)
        steps.take(stop - begin)
        yield cycle.walls(begin, stop)
        begin = stop


def _clocks(rule: Recurrence) -> list[int]:
    """Return the times of day of a rule whose period is a day or longer, as seconds since 00:00."""
    hours, minutes, seconds = (sorted(rule.parts[name]) for name in _CLOCK_PARTS)
    return [3600 * h + 60 * m + s for h, m, s in product(hours, minutes, seconds)]


def _by_date(rule: Recurrence, start: datetime, skipped: int, high: datetime, steps: Steps) -> Iterator[datetime]:
    """Yield the occurrences of a rule whose period is a day or longer."""
    clocks = [time(clock // 3600, clock // 60 % 60, clock % 60) for clock in _clocks(rule)]
    zone = start.tzinfo
    for days in _periods(rule, start, skipped):
        if not days or days[0] > high.date():
            return
        steps.take(len(days))
        chosen = [day for day in days if _matches(day, rule)]
        steps.take(len(chosen) * len(clocks))
        for wall in _positioned([datetime.combine(day, clock, zone) for day in chosen for clock in clocks], rule):
            if wall >= high:
                return
            if wall >= start:
                yield wall


def _periods(rule: Recurrence, start: datetime, skipped: int) -> Iterator[list[date]]:
    """Yield the days of each period that can be in the rule, in order; an empty list means that the calendar ends."""
    step = rule.interval
    months = sorted(rule.parts.get("BYMONTH", range(1, 13)))
    first = start.date()
    if rule.frequency == _YEARLY:
        for year in range(start.year + skipped * step, 10_000, step):
            yield [day for month in months for day in _month(year, month)]
    elif rule.frequency == _MONTHLY:
        for month in range(start.year * 12 + start.month - 1 + skipped * step, 120_000, step):
            yield _month(month // 12, month % 12 + 1)
    else:
        length = 1 if rule.frequency == _DAILY else 7
        back = (first.weekday() - rule.week_start) % 7 if length == 7 else 0
        for day in range(first.toordinal() - back + skipped * step * length, date.max.toordinal() + 1, step * length):
            yield [date.fromordinal(n) for n in range(max(day, 1), min(day + length, date.max.toordinal() + 1))]


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def _by_clock(rule: Recurrence, start: datetime, skipped: int, high: datetime, steps: Steps) -> Iterator[datetime]:
    """Yield the occurrences of a rule whose period is an hour, a minute or a second."""
    unit = _UNITS[rule.frequency]
    step = rule.interval * unit
    hours, minutes, seconds = (rule.parts.get(name) for name in _CLOCK_PARTS)
    within = [timedelta()]  # the occurrences of a period, from its begin; only an hour or a minute can have several
    if rule.frequency == _HOURLY:
        within = [timedelta(minutes=m, seconds=s) for m in sorted(minutes or ()) for s in sorted(seconds or ())]
        minutes = seconds = None
    elif rule.frequency == _MINUTELY:
        within = [timedelta(seconds=s) for s in sorted(seconds or ())]
        seconds = None
    within = _positioned(within, rule)
    period = start.replace(minute=start.minute if rule.frequency > _HOURLY else 0)
    period = period.replace(second=start.second if rule.frequency == _SECONDLY else 0)
    day, day_matches = None, False
    try:
        period += skipped * step
        while period < high:
            steps.take(1 + len(within))
            if period.toordinal() != day:
                day, day_matches = period.toordinal(), _matches(period, rule)
            if not day_matches:
                period += _steps_to(datetime.combine(period + _DAY, time(), period.tzinfo), period, step)
            elif hours is not None and period.hour not in hours:
                period += _steps_to(period.replace(minute=0, second=0) + _UNITS[_HOURLY], period, step)
            elif minutes is not None and period.minute not in minutes:
                period += _steps_to(period.replace(second=0) + _UNITS[_MINUTELY], period, step)
            else:
                if seconds is None or period.second in seconds:
                    for offset in within:
                        if start <= period + offset < high:
                            yield period + offset
                period += step
    except OverflowError:  # the calendar ends
        return


def _steps_to(target: datetime, period: datetime, step: timedelta) -> timedelta:
    """Return the length of the fewest steps that lead from the period to the target or beyond it."""
    return -((period - target) // step) * step


def _positioned(chosen: list[_T], rule: Recurrence) -> list[_T]:
    """Return those at the positions of BYSETPOS, if the rule has it."""
    positions = rule.parts.get("BYSETPOS")
    if positions is None:
        return chosen
    indexes = {position - 1 if position > 0 else position + len(chosen) for position in positions}
    return [one for index, one in enumerate(chosen) if index in indexes]


def _matches(day: date, rule: Recurrence) -> bool:
    """Return whether all parts of the rule that are about dates hold for this one."""
    parts = rule.parts
    if "BYMONTH" in parts and day.month not in parts["BYMONTH"]:
        return False
    if rule.weekdays and not _is_weekday(day, rule):
        return False
    if "BYMONTHDAY" in parts:
        days = monthrange(day.year, day.month)[1]
        if parts["BYMONTHDAY"].isdisjoint((day.day, day.day - days - 1)):
            return False
    if "BYYEARDAY" in parts:
        number, days = day.timetuple().tm_yday, 365 + isleap(day.year)
        if parts["BYYEARDAY"].isdisjoint((number, number - days - 1)):
            return False
    return "BYWEEKNO" not in parts or not parts["BYWEEKNO"].isdisjoint(_week(day, rule.week_start))


def _is_weekday(day: date, rule: Recurrence) -> bool:
    """Return whether BYDAY has the day: each of its kind, or only the n-th of the month, or of the year."""
    weekday = day.weekday()
    if (0, weekday) in rule.weekdays:
        return True
    if rule.frequency == _YEARLY and "BYMONTH" not in rule.parts:
        number, days = day.timetuple().tm_yday, 365 + isleap(day.year)
    else:
        number, days = day.day, monthrange(day.year, day.month)[1]
    return ((number + 6) // 7, weekday) in rule.weekdays or (-((days - number) // 7 + 1), weekday) in rule.weekdays


def _week(day: date, week_start: int) -> tuple[int, int]:
    """Return the number of the day's week, from the start and from the end of the year that has four of its days."""
    middle = day.toordinal() - (day.weekday() - week_start) % 7 + 3
    year = date.fromordinal(min(max(middle, 1), date.max.toordinal())).year
    from_start = (middle - date(year, 1, 1).toordinal()) // 7
    from_end = (date(year, 12, 31).toordinal() - middle) // 7
    return from_start + 1, -from_end - 1
