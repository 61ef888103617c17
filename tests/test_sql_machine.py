"""The state machine over memory, a file of SQLite and the real PostgreSQL at once: equal scripts, equal answers.

A quick run tries few scripts, but long ones; SLOTCALC_CHAOS=1, or the deep profile, tries many.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from slotcalc.audit import Delivery
from slotcalc.repository import MemoryAuditLog, MemoryRepository
from slotcalc.schedule import Schedule
from tests.chaos import IN_FULL
from tests.databases import on_postgres, on_sqlite
from tests.machine import Backend, ScheduleMachine, UnreliableLog, numbered_ids, skewed_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slotcalc.repository import Repository
    from tests.databases import Database

_numbers = count()


class DatabaseMachine(ScheduleMachine):
    """Each script is that of tenants of its own, so that the tables are made once."""

    waits: ClassVar[frozenset[Delivery]] = ScheduleMachine.waits | {Delivery.QUEUED}
    databases: ClassVar[list[Database]]

    def backends(self) -> dict[str, Backend]:
        log = UnreliableLog(MemoryAuditLog())
        made = {"memory": backend_of(MemoryRepository(), log)}
        self.refuse = refusal_by(log)  # all logs are in one state
        for database in self.databases:
            for mode in ("guarded", "after_commit"):
                tenant = f"tenant-{next(_numbers)}"
                repository = database.repository(tenant=tenant, mode=mode)
                made[f"{database.engine.name}, {mode}"] = backend_of(
                    repository, UnreliableLog(database.log(tenant=tenant))
                )
            event.listen(database.engine, "before_cursor_execute", self.refuse)
        return made

    def teardown(self) -> None:
        for database in self.databases:
            event.remove(database.engine, "before_cursor_execute", self.refuse)


def backend_of(repository: Repository, log: UnreliableLog) -> Backend:
    schedule = Schedule(repository, log, zone="UTC", clock=skewed_clock(), ids=numbered_ids())
    return Backend(schedule, repository, log)


def refusal_by(log: UnreliableLog) -> Any:
    """Return what refuses all that is written to a table of events while that log does not work."""

    def refuse(_connection: Any, _cursor: object, said: str, *_: object) -> None:
        if log.state != "up" and said.startswith("INSERT INTO") and said.split()[2].endswith("events"):
            raise ConnectionError("the log is down")

    return refuse


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[list[Database]]:
    folder: Path = tmp_path_factory.mktemp("machine")
    with on_sqlite(folder) as sqlite, on_postgres(postgres_url) as postgresql:
        yield [sqlite, postgresql]


def test_memory_and_databases_answer_alike_whatever_is_asked(databases: list[Database]) -> None:
    DatabaseMachine.databases = databases
    scripts, steps = (100, 50) if IN_FULL else (6, 40)
    run_state_machine_as_test(DatabaseMachine, settings=settings(max_examples=scripts, stateful_step_count=steps))
