"""An edit of one day: diff, events and all, in resources of very different sizes."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Final

from benchmarks.comparison import Run
from benchmarks.report import Table, Target
from benchmarks.timing import Entry, best_times
from slotcalc import AuditEvent, Interval, IntervalSet, Slot
from slotcalc.repository import MemoryAuditLog, MemoryRepository
from slotcalc.schedule import Schedule, UpdateResult

__all__ = ["editing"]

HOUR: Final = timedelta(hours=1)
START: Final = datetime(2026, 3, 2, tzinfo=UTC)
EDITED: Final = Interval(START + 240 * HOUR, START + 264 * HOUR)
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def editing(run: Run) -> Table:
    """Measure `Schedule.update` of a day of 20 slots in memory, where every fifth slot becomes shorter or longer.

    Each call makes four events, which an audit log in memory keeps. The slots are given as `Slot` objects and, in the
    second row, as pairs. Before that, what an edit did is compared with plain sets of quarters of an hour.
    """
    sizes = [300, 400] if run.smoke else [1_000, 100_000, 1_000_000]
    columns = [f"{size:,} slots" for size in sizes]
    table = Table("editing", "an edit of a day of 20 slots", "µs per edit", columns)
    for size, column in zip(sizes, columns, strict=True):
        slots = [Slot("room-1", (START + n * HOUR, START + n * HOUR + HOUR / 2)) for n in range(size)]
        ways = {"slotcalc": _Editor(slots), "slotcalc, pairs": _Editor(slots, pairs=True)}
        entries = [Entry(name, editor, [()], _told) for name, editor in ways.items()]
        for name, seconds in best_times(f"editing, {column}", entries, run.rounds).items():
            table.enter(name, column, seconds * 1e6)
    times = {column: time for column in columns if (time := table.time("slotcalc", column)) is not None}
    table.targets.append(Target("under 100 µs", 100, times))
    if times:
        growth = {f"{columns[-1]} to {columns[0]}": times[columns[-1]] / times[columns[0]]}
        table.targets.append(Target("independent of the other slots: at most 1.5 ×", 1.5, growth))
    return table


class _Editor:
    """One resource and two states of a day of it, which follow each other."""

    def __init__(self, slots: list[Slot], *, pairs: bool = False) -> None:
        repository = MemoryRepository(slots)
        self._schedule = Schedule(repository, MemoryAuditLog(), zone="UTC", clock=lambda: NOON)
        days = [_day(HOUR / 4 * 3, HOUR / 4 * 3), _day(HOUR / 4 * 3, HOUR / 2)]
        for day in days:
            self._schedule.update("room-1", EDITED, day, changed_by="anna")
            given = {quarter for slot in day for quarter in _quarters([slot.interval])}
            free = self._schedule.availability("room-1", EDITED.start.date(), EDITED.start.date()).free
            assert given == _quarters([*free])
        ways = [[(slot.interval.start, slot.interval.end) for slot in day] if pairs else day for day in days]
        self._next = cycle(ways)

    def __call__(self) -> UpdateResult:
        return self._schedule.update("room-1", EDITED, next(self._next), changed_by="anna")


def _day(length: timedelta, fifth: timedelta) -> list[Slot]:
    starts = [EDITED.start + n * HOUR for n in range(20)]
    return [Slot("room-1", (start, start + (length if n % 5 else fifth))) for n, start in enumerate(starts)]


def _quarters(intervals: list[Interval[datetime]]) -> set[datetime]:
    return {quarter.start for interval in intervals for quarter in interval.chunks(HOUR / 4)}


def _told(result: UpdateResult) -> object:
    """Return what an edit says that it did, by the quarters of an hour that differ between before and after."""
    before, after = (_quarters([slot.interval for slot in slots]) for slots in (result.before, result.after))
    assert _quarters([*result.added]) == after - before
    assert _quarters([*result.removed]) == before - after
    events: tuple[AuditEvent, ...] = result.events
    assert result.added | result.removed == IntervalSet([event.interval for event in events])
    return sorted(before), sorted(after), len(events)
