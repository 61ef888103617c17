"""The state machine over the repositories in memory: asked by threads and by coroutines, with a spool and without."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import settings

from slotcalc.repository import AsyncMemoryRepository, MemoryAuditLog, MemoryRepository
from slotcalc.schedule import AsyncSchedule, Schedule, Spool
from slotcalc.testing import awaited
from tests.machine import Backend, ScheduleMachine, UnreliableLog, numbered_ids, skewed_clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slotcalc import AuditEvent
    from slotcalc.audit import Baseline, Selection


class AsyncFacade:
    """An audit log asked with `await`."""

    immediate = True

    def __init__(self, log: UnreliableLog) -> None:
        """Ask this one."""
        self._log = log

    async def append(self, events: Sequence[AuditEvent]) -> int:
        return self._log.append(events)

    async def select(self, wanted: Selection) -> Sequence[AuditEvent]:
        return self._log.select(wanted)

    async def baseline(self, resource_id: str) -> Baseline | None:
        return self._log.baseline(resource_id)

    async def purge(self, baseline: Baseline) -> int:
        return self._log.purge(baseline)


class MemoryMachine(ScheduleMachine):
    def backends(self) -> dict[str, Backend]:
        self._folder = TemporaryDirectory()
        return {"threads": self.for_threads(Spool(f"{self._folder.name}/spool")), "coroutines": self.for_coroutines()}

    def for_threads(self, spool: Spool) -> Backend:
        repository, log = MemoryRepository(), UnreliableLog(MemoryAuditLog())
        schedule = Schedule(repository, log, zone="UTC", spool=spool, clock=skewed_clock(), ids=numbered_ids())
        return Backend(schedule, repository, log)

    def for_coroutines(self) -> Backend:
        repository, log = AsyncMemoryRepository(), UnreliableLog(MemoryAuditLog())
        schedule: Any = AsyncSchedule(
            repository, AsyncFacade(log), zone="UTC", clock=skewed_clock(), ids=numbered_ids()
        )
        return Backend(awaited(schedule), awaited(repository), log)

    def teardown(self) -> None:
        self._folder.cleanup()


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=30)
