"""Many at once on one resource, threads or tasks: no edit is lost, nothing booked twice, no revision missing."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import Booking, Interval, IntervalSet, NotAvailableError, RevisionConflictError, Slot
from slotcalc.audit import Delivery, Selection
from slotcalc.audit.spool import Spool
from slotcalc.repository import AsyncMemoryAuditLog, AsyncMemoryRepository, MemoryAuditLog, MemoryRepository
from tests.editing import HOUR, MONDAY, FaultyLog, Yielding, async_schedule, at, between, findings, schedule, time_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slotcalc import AuditEvent
    from slotcalc.schedule import Schedule, UpdateResult

ME: dict[str, Any] = {"changed_by": "anna"}
CELLS = [between(hour / 2, hour / 2 + 0.5) for hour in range(16)]
BOOKABLE = between(12, 20)
THREADS, TASKS, FLIPPING = 32, 200, 20
"""How many at once; of the tasks, how many flip the same cells, where each has to try again for each other one."""


def cells_of(number: int) -> list[Interval[Any]]:
    """Return the cells that an editor flips one after the other."""
    return [CELLS[(number * 5 + step * (1 + number % 3)) % len(CELLS)] for step in range(4)]


def flipped(editors: int) -> IntervalSet[Any]:
    """Return what is left when each editor has flipped its cells, in whatever order."""
    time: IntervalSet[Any] = IntervalSet()
    for number in range(editors):
        for cell in cells_of(number):
            time ^= IntervalSet(cell)
    return time


def check(
    repository: MemoryRepository, log: MemoryAuditLog, time: IntervalSet[Any], edits: int, won: list[Booking]
) -> None:
    """Check all that has to hold afterwards; the slots that can be booked were there before and never edited."""
    assert time_of(repository) == time | BOOKABLE
    events = log.select(Selection(resource_id="tutor-1"))
    assert {event.revision for event in events} == {*range(1, repository.revision("tutor-1") + 1)}
    assert repository.revision("tutor-1") == 1 + edits
    assert not findings(repository, log)
    kept = repository.bookings("tutor-1")
    assert sorted(str(booking.id) for booking in kept) == sorted(str(booking.id) for booking in won)
    assert (
        sum((booking.interval.duration for booking in kept), timedelta())
        == IntervalSet([booking.interval for booking in kept]).total
    )
    assert IntervalSet([booking.interval for booking in kept]) == IntervalSet(BOOKABLE)  # somebody got each of them


def flip(working: Schedule, cell: Interval[Any]) -> UpdateResult:
    """Flip a cell of the morning: what an editor does who reads, changes, and sends back what revision that was."""
    while True:
        seen = working.availability("tutor-1", MONDAY, MONDAY)
        try:
            return working.update(
                "tutor-1", between(0, 8), (seen.free & between(0, 8)) ^ cell, expected_revision=seen.revision, **ME
            )
        except RevisionConflictError:
            continue


def book(working: Schedule) -> list[Booking]:
    """Try to book each half hour of the afternoon; return what was won."""
    won = []
    for start in BOOKABLE.chunks(HOUR / 2):
        try:
            won.append(working.book("tutor-1", start))
        except NotAvailableError as error:
            segments: Any = error.values[1]
            assert segments[0].bookings  # says who was quicker
    return won


@pytest.mark.parametrize("kind", ["immediate", "bounded", "background"])
def test_threads_that_edit_and_book_the_same_resource(kind: str, tmp_path: Path) -> None:
    repository = MemoryRepository([Slot("tutor-1", BOOKABLE)])
    log: Any = MemoryAuditLog() if kind == "immediate" else FaultyLog()
    options = {"background": 5} if kind == "background" else {}
    working = schedule(repository, log, spool=Spool(tmp_path / "events", patience=timedelta(seconds=60)), **options)
    working.reconcile("tutor-1", changed_by="anna")
    barrier = Barrier(THREADS)

    def work(number: int) -> list[Booking]:
        barrier.wait()
        won = book(working) if number % 2 else []
        for cell in cells_of(number):
            flip(working, cell)
        return won + ([] if number % 2 else book(working))

    with ThreadPoolExecutor(THREADS) as pool:
        won = [booking for bookings in pool.map(work, range(THREADS)) for booking in bookings]
    working.close()
    assert working.redeliver().pending == 0
    check(repository, log if kind == "immediate" else log.kept, flipped(THREADS), 4 * THREADS, won)


@pytest.mark.parametrize("kind", ["immediate", "yielding", "background"])
def test_tasks_that_edit_and_book_the_same_resource(kind: str, tmp_path: Path) -> None:
    repository, log = MemoryRepository([Slot("tutor-1", BOOKABLE)]), MemoryAuditLog()
    async_repository: Any = AsyncMemoryRepository() if kind == "immediate" else Yielding(repository, 1)
    async_log: Any = AsyncMemoryAuditLog() if kind == "immediate" else Yielding(log, 1)
    if kind == "immediate":
        async_repository._repository, async_log._log = repository, log
    options = {"background": 5} if kind == "background" else {}
    spool = Spool(tmp_path / "events", patience=timedelta(seconds=60))
    working = async_schedule(async_repository, async_log, spool=spool, patience=timedelta(seconds=60), **options)

    async def flip_later(cell: Interval[Any]) -> None:
        while True:
            seen = await working.availability("tutor-1", MONDAY, MONDAY)
            morning = (seen.free & between(0, 8)) ^ cell
            try:
                await working.update("tutor-1", between(0, 8), morning, expected_revision=seen.revision, **ME)
            except RevisionConflictError:
                await asyncio.sleep(0)
            else:
                return

    async def work(number: int) -> list[Booking]:
        won = []
        if number < FLIPPING:
            for cell in cells_of(number):
                await flip_later(cell)
            for start in BOOKABLE.chunks(HOUR / 2):
                try:
                    won.append(await working.book("tutor-1", start))
                except NotAvailableError:
                    continue
        else:  # has a minute of its own
            mine = between(20 + number / 60, 20 + (number + 1) / 60)
            for slots in ([mine], [], [mine]):
                await working.update("tutor-1", mine, slots, **ME)
        return won

    async def all_at_once() -> list[Booking]:
        async with working:
            await working.reconcile("tutor-1", changed_by="anna")
            won = await asyncio.gather(*map(work, range(TASKS)))
        assert (await working.redeliver()).pending == 0
        return [booking for bookings in won for booking in bookings]

    won = asyncio.run(all_at_once())
    time = flipped(FLIPPING) | between(20 + FLIPPING / 60, 20 + TASKS / 60)
    check(repository, log, time, 4 * FLIPPING + 3 * (TASKS - FLIPPING), won)


def test_threads_whose_log_fails_now_and_then_have_a_whole_history_after_redelivery(tmp_path: Path) -> None:
    log = FaultyLog()
    calls = iter(range(10**6))

    def now_and_then(events: Sequence[AuditEvent]) -> None:
        turn = next(calls) % 3
        if turn == 1:
            raise ConnectionError("gone")
        if turn == 2:
            log.kept.append(events[:1])
            raise ConnectionError("half-way")

    log.fault = now_and_then
    repository = MemoryRepository()
    spool = Spool(tmp_path / "events", patience=timedelta(seconds=60))
    working = schedule(repository, log, spool=spool, patience=timedelta(seconds=60))

    def work(number: int) -> set[Delivery]:
        return {flip(working, cell).delivery for cell in cells_of(number)}

    with ThreadPoolExecutor(8) as pool:
        kinds = set().union(*pool.map(work, range(8)))
    assert kinds == {Delivery.WRITTEN, Delivery.SPOOLED}
    log.mend()
    assert working.redeliver().pending == 0
    assert time_of(repository) == flipped(8)
    assert not findings(repository, log.kept)


def test_the_same_request_from_many_threads_is_made_once() -> None:
    repository, log = MemoryRepository(), MemoryAuditLog()
    working = schedule(repository, log)

    def ask(_: int) -> tuple[str, int]:
        result = working.update("tutor-1", MONDAY, [("09:00", "12:00")], request_id="r1", **ME)
        booking = working.book("tutor-1", (at(9), at(10)), request_id="r2")
        return str(booking.id), result.revision

    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(ask, range(32))}) == 1
    assert len(repository.bookings("tutor-1")) == 1
    assert len(log.select(Selection())) == 1
