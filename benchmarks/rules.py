"""Recurring time: a year of hours against dateutil, and the booking pages of 50 resources against plain loops."""

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from benchmarks.comparison import Run
from benchmarks.data import Pairs
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry, best_times
from slotcalc import Interval, IntervalSet, free, starts
from slotcalc.rules import Recurring, Weekly

__all__ = ["pages", "year_of_hours"]

PARIS: Final = ZoneInfo("Europe/Paris")
YEAR: Final = Interval(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC))
WORKDAYS: Final = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
EIGHT_HOURS: Final = timedelta(hours=8)

MINUTE: Final = timedelta(minutes=1)
FIRST, DAYS = date(2026, 3, 23), 14  # the clocks change within
LENGTH, STEP, BEFORE, AFTER = 45 * MINUTE, 15 * MINUTE, 5 * MINUTE, 10 * MINUTE
NOTICE: Final = datetime(2026, 3, 24, 6, 40, tzinfo=UTC)
HOURS: Final = {day: [(time(9), time(12)), (time(13), time(17))] for day in range(5)} | {5: [(time(10), time(13))]}
RULE: Final = Weekly("Mo-Fr 09:00-12:00,13:00-17:00; Sa 10:00-13:00", zone=PARIS)


def year_of_hours(run: Run) -> Table:
    """Measure Mo-Fr 09:00-17:00 in Paris, expanded for 2026: as a recurring rule, as weekly hours, and by dateutil."""
    table = Table("rules", "a year of Mo-Fr 09:00-17:00 in Europe/Paris", "µs per year", ["began 2026", "began 1996"])
    weekly = Weekly("Mo-Fr 09:00-17:00", zone=PARIS)
    for column, began in (("began 2026", datetime(2026, 1, 1, 9)), ("began 1996", datetime(1996, 1, 1, 9))):  # noqa: DTZ001  # wall times
        recurring = Recurring(WORKDAYS, start=began, duration=EIGHT_HOURS, zone=PARIS)
        entries = [
            Entry("slotcalc", recurring.within, [(YEAR,)], IntervalSet.pairs),
            Entry("slotcalc, Weekly", weekly.within, [(YEAR,)], IntervalSet.pairs),
            Entry("dateutil, to UTC", _by_dateutil, [(rrulestr(WORKDAYS, dtstart=began),)], list),
        ]
        for name, seconds in best_times(f"rules, {column}", entries, run.rounds).items():
            table.enter(name, column, seconds * 1e6)
    found = table.ratios("dateutil, to UTC", "slotcalc", table.columns)
    for column, bound in zip(table.columns, (10, 100), strict=True):
        text = f"at least {bound} × faster than dateutil, {column}"
        table.targets.append(Target(text, bound, {column: found[column]}, at_least=True))
    return table


def _by_dateutil(rule: rrule) -> Pairs:
    begins = rule.between(datetime(2026, 1, 1), datetime(2027, 1, 1), inc=True)  # noqa: DTZ001  # wall times
    return [(_in_utc(start), _in_utc(start + EIGHT_HOURS)) for start in begins]


def _in_utc(wall: datetime) -> datetime:
    return wall.replace(tzinfo=PARIS).astimezone(UTC)


def pages(run: Run) -> Table:
    """Measure two weeks of 15-minute starts for 50 resources: weekly hours, 20 bookings each, buffers and notice.

    The loops are what one writes by hand for this one case, with `zoneinfo` and no library.
    """
    column = "50 pages"
    table = Table("pages", "two weeks of 15-minute starts for 50 resources", "ms", [column])
    asked = [_bookings(seed) for seed in range(2 if run.smoke else 50)]
    loop = f"{LIMIT}: tuned loop"
    ways = {"slotcalc": _by_slotcalc, "plain loop": _by_hand, loop: _tuned}
    entries = [Entry(name, way, [(bookings,) for bookings in asked], list) for name, way in ways.items()]
    for name, seconds in best_times("pages", entries, run.rounds).items():
        table.enter(name, column, seconds * len(asked) * 1e3)
    taken = table.time("slotcalc", column)
    table.targets += [
        Target("under 100 ms", 100, {} if taken is None else {column: taken}),
        Target("at most 2 × the tuned loop", 2, table.ratios("slotcalc", loop, [column])),
    ]
    return table


def _bookings(seed: int) -> Pairs:
    """Return 20 bookings within the two weeks, in the order in which they were made."""
    rng = random.Random(seed)
    found = []
    for _ in range(20):
        day = FIRST + timedelta(days=rng.randrange(DAYS))
        start = _in_utc(datetime.combine(day, time(rng.randrange(9, 16), rng.choice([0, 15, 30, 45]))))
        found.append((start, start + rng.choice([30, 45, 60]) * MINUTE))
    return found


def _by_slotcalc(bookings: Pairs) -> list[datetime]:
    first, last = (_in_utc(datetime.combine(FIRST + timedelta(days=days), time())) for days in (0, DAYS))
    left = free(RULE.within(Interval(first, last)), bookings, before=BEFORE, after=AFTER)
    return list(starts(left, LENGTH, every=STEP, zone=PARIS, earliest=NOTICE))


def _by_hand(bookings: Pairs) -> list[datetime]:
    busy = sorted((start - BEFORE, end + AFTER) for start, end in bookings)
    found = []
    for opens, closes in _openings():
        start = opens
        while start + LENGTH <= closes:
            if start >= NOTICE and not any(low < start + LENGTH and start < high for low, high in busy):
                found.append(start)
            start += STEP
    return found


def _tuned(bookings: Pairs) -> list[datetime]:
    """Merge the bookings first, and look at one of them at a time."""
    busy: Pairs = []
    for low, high in sorted((start - BEFORE, end + AFTER) for start, end in bookings):
        if busy and low <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(busy[-1][1], high))
        else:
            busy.append((low, high))
    at = 0
    found = []
    for start, closes in _openings():
        last = closes - LENGTH
        while start <= last:
            while at < len(busy) and busy[at][1] <= start:
                at += 1
            if (at == len(busy) or start + LENGTH <= busy[at][0]) and start >= NOTICE:
                found.append(start)
            start += STEP  # noqa: PLW2901  # a plain loop
    return found


def _openings() -> Pairs:
    days = [FIRST + timedelta(days=offset) for offset in range(DAYS)]
    return [
        (_in_utc(datetime.combine(day, opens)), _in_utc(datetime.combine(day, closes)))
        for day in days
        for opens, closes in HOURS.get(day.weekday(), ())
    ]
