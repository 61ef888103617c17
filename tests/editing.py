"""What the tests of schedules share: a day in Paris, a clock that ticks, ids that count, and logs that misbehave."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count
from threading import Event
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from slotcalc import AuditEvent, Interval, IntervalSet
from slotcalc.audit import Baseline, Selection
from slotcalc.audit.findings import verify
from slotcalc.repository import MemoryAuditLog, MemoryRepository
from slotcalc.schedule import AsyncSchedule, Schedule, Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from slotcalc.audit.findings import Finding

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)
SHORT = timedelta(milliseconds=50)


def at(hour: float, day: date = MONDAY) -> datetime:
    """Return the instant of that hour in Paris, in winter."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + (hour - 1) * HOUR


def between(start: float, end: float, day: date = MONDAY) -> Interval[datetime]:
    return Interval(at(start, day), at(end, day))


NOON = at(12)


def ticking(moment: datetime = NOON) -> Callable[[], datetime]:
    """Return a clock that goes on by a second each time it is read."""
    seconds = count()
    return lambda: moment + timedelta(seconds=next(seconds))


def counting(name: str = "id") -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{name}{next(numbers)}"


def schedule(
    repository: MemoryRepository | None = None, log: Any = None, *, spool: Spool | None = None, **options: Any
) -> Schedule:
    """Return a schedule in Paris, with a clock and ids that are the same in each run."""
    options = {"zone": PARIS, "clock": ticking(), "ids": counting(), **options}
    return Schedule(repository or MemoryRepository(), log or MemoryAuditLog(), spool=spool, **options)


def async_schedule(repository: Any, log: Any, *, spool: Spool | None = None, **options: Any) -> AsyncSchedule:
    options = {"zone": PARIS, "clock": ticking(), "ids": counting(), **options}
    return AsyncSchedule(repository, log, spool=spool, **options)


def findings(repository: MemoryRepository, log: MemoryAuditLog, resource_id: str = "tutor-1") -> list[Finding]:
    """Return what an auditor finds, who asks repository and log without the schedule."""
    there = repository.snapshot(resource_id)
    events = log.select(Selection(resource_id=resource_id))
    return verify(events, there.slots, there.revision, resource_id=resource_id, baseline=log.baseline(resource_id))


def time_of(repository: MemoryRepository, resource_id: str = "tutor-1") -> IntervalSet[Any]:
    return IntervalSet([slot.interval for slot in repository.slots(resource_id)])


def spooled(path: Path) -> list[AuditEvent]:
    """Return all events that wait in a spool, which stay there."""
    return [event for segment in Spool(path).segments() for batch in segment for event in batch]


class FaultyLog:
    """A log that is called with bounded patience, and does to each batch what a test says before keeping it."""

    def __init__(self, fault: Callable[[Sequence[AuditEvent]], None] = lambda _: None) -> None:
        self.kept = MemoryAuditLog()
        self.fault = fault
        self.calls = 0

    def append(self, events: Sequence[AuditEvent]) -> int:
        self.calls += 1
        self.fault(events)
        return self.kept.append(events)

    def select(self, wanted: Selection) -> Sequence[AuditEvent]:
        return self.kept.select(wanted)

    def baseline(self, resource_id: str) -> Baseline | None:
        return self.kept.baseline(resource_id)

    def purge(self, baseline: Baseline) -> int:
        return self.kept.purge(baseline)

    def mend(self) -> None:
        self.fault = lambda _: None


class Blocking:
    """A fault: the call comes back only when the test releases it."""

    def __init__(self) -> None:
        self.began = Event()
        self.released = Event()

    def __call__(self, _: Sequence[AuditEvent]) -> None:
        self.began.set()
        assert self.released.wait(30)


def refuse(_: Sequence[AuditEvent]) -> None:
    """Be a log whose table is gone."""
    raise ConnectionError("no table audit_events")


class Yielding:
    """An asynchronous repository or log that gives way to other tasks before and after each call of a synchronous one.

    With `failing`, its `append` raises after it gave way.
    """

    def __init__(self, inner: Any, pauses: int = 2, *, failing: bool = False) -> None:
        self._inner = inner
        self._pauses = pauses
        self.failing = failing

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def method(*arguments: Any, **options: Any) -> Any:
            for _ in range(self._pauses):
                await asyncio.sleep(0)
            if self.failing and name == "append":
                raise ConnectionError("no table audit_events")
            answer = getattr(self._inner, name)(*arguments, **options)
            for _ in range(self._pauses):
                await asyncio.sleep(0)
            return answer

        if name == "immediate" or not hasattr(self._inner, name):
            raise AttributeError(name)
        return method
