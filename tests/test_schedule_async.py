"""The asynchronous schedule: the same answers, and what a cancelled task leaves behind at each point where it waits."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import AuditEvent, IntervalSet, NotAvailableError, RevisionConflictError, Slot
from slotcalc.audit import Delivery, Selection
from slotcalc.audit.spool import Spool
from slotcalc.repository import AsyncMemoryAuditLog, AsyncMemoryRepository, MemoryAuditLog, MemoryRepository
from slotcalc.schedule import AsyncSchedule, Redelivered, Schedule
from tests.editing import HOUR, MONDAY, SHORT, Yielding, async_schedule, between, findings, schedule, spooled, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

ME: dict[str, Any] = {"changed_by": "anna"}
SOON = 5.0


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def log() -> MemoryAuditLog:
    return MemoryAuditLog()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "events")


def test_its_methods_are_those_of_the_synchronous_one_with_the_same_arguments() -> None:
    def signatures(kind: type) -> dict[str, list[tuple[str, Any]]]:
        return {
            {"__aenter__": "__enter__", "__aexit__": "__exit__"}.get(name, name): [
                (parameter.name, parameter.default) for parameter in inspect.signature(method).parameters.values()
            ]
            for name, method in vars(kind).items()
            if inspect.isfunction(method) and (name[0] != "_" or name[:2] == "__")
        }

    assert signatures(AsyncSchedule) == signatures(Schedule)
    for name, method in vars(AsyncSchedule).items():
        assert name[0] == "_" or inspect.iscoroutinefunction(method)


def test_it_answers_as_the_synchronous_one() -> None:
    """The same script, played to both; the answers are compared one by one."""
    script: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("update", ("tutor-1", MONDAY, [("09:00", "12:00"), ("13:00", "17:00")]), ME),
        ("preview", ("tutor-1", MONDAY, [("10:00", "12:00")]), ME),
        ("book", ("tutor-1", between(9, 10)), {"label": "Maths"}),
        ("book", ("tutor-1", between(9, 10)), {}),
        ("move", ("tutor-1", "id2", between(9.5, 10.5)), {}),
        ("move", ("tutor-1", "nobody", between(9.5, 10.5)), {}),
        ("availability", ("tutor-1", MONDAY, MONDAY), {}),
        ("explain", ("tutor-1", between(8, 11)), {"seats": 1}),
        ("update", ("tutor-1", MONDAY, [("10:00", "12:00")]), {**ME, "expected_revision": 1, "request_id": "r"}),
        ("update", ("tutor-1", MONDAY, [("10:00", "12:00")]), {**ME, "expected_revision": 1, "request_id": "r"}),
        ("update", ("tutor-1", MONDAY, []), {**ME, "expected_revision": 1}),
        ("release", ("tutor-1", "id2"), {}),
        ("history", ("tutor-1",), {"limit": 2}),
        ("stats", ("tutor-1",), {}),
        ("as_of", ("tutor-1", 1), {}),
        ("verify", ("tutor-1",), {}),
        ("head", ("tutor-1",), {}),
        ("reconcile", ("tutor-2",), ME),
        ("reconcile", ("tutor-1",), ME),
        ("verify", ("tutor-2",), {}),
        ("purge", ("tutor-1", 9), {"strict": False}),
        ("purge", ("tutor-1", 1), {}),
        ("purge", ("tutor-1", between(0, 1).start), {}),
        ("as_of", ("tutor-1", 0), {}),
        ("redeliver", (), {}),
        ("flush", (), {}),
        ("flush", (timedelta(seconds=1),), {}),
        ("flush", (-HOUR,), {}),
        ("close", (), {}),
    ]
    slots = [Slot("tutor-2", between(9, 12))]
    working = schedule(MemoryRepository(slots), MemoryAuditLog(), after=HOUR)
    later = async_schedule(AsyncMemoryRepository(slots), AsyncMemoryAuditLog(), after=HOUR)

    def played(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        try:
            return getattr(working, name)(*arguments, **options)
        except (LookupError, ValueError) as error:
            return repr(error)

    async def played_later(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        try:
            return await getattr(later, name)(*arguments, **options)
        except (LookupError, ValueError) as error:
            return repr(error)

    async def both() -> None:
        for step in script:
            assert await played_later(*step) == played(*step), step

    asyncio.run(both())


async def cancelled_after(steps: int, coroutine: Coroutine[Any, Any, object]) -> bool:
    """Run a coroutine as a task, cancel it after so many turns of the loop, and return whether that came in time."""
    task = asyncio.create_task(coroutine)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.fixture
def files_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what is done on other threads take a known number of turns of the loop, so that each can be tried."""

    async def to_thread(function: Callable[..., Any], *arguments: Any) -> Any:
        await asyncio.sleep(0)
        answer = function(*arguments)
        await asyncio.sleep(0)
        return answer

    monkeypatch.setattr(asyncio, "to_thread", to_thread)


KINDS = ["log", "failing log", "failing log, no spool", "background", "failing background", "full background"]


@pytest.mark.usefixtures("files_take_turns")
@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_update_leaves_nothing_or_the_edit_and_its_events(kind: str, tmp_path: Path) -> None:
    outcomes = []

    async def attempt(steps: int) -> bool:
        repository, log = MemoryRepository(), MemoryAuditLog()
        faulty = Yielding(log, 3, failing="failing" in kind)
        spool = None if "no spool" in kind else Spool(tmp_path / f"{kind}{steps}")
        options = {"background": 1} if "background" in kind else {}
        working = async_schedule(Yielding(repository, 3), faulty, spool=spool, **options)
        if "full" in kind:
            await working.update("tutor-1", between(20, 21), [between(20, 21)], **ME)
        before = time_of(repository)
        update = working.update("tutor-1", MONDAY, [("09:00", "12:00"), ("13:00", "14:00")], **ME)
        was_cancelled = await cancelled_after(steps, update)
        now = time_of(repository)
        assert now in {before, IntervalSet([between(9, 12), between(13, 14)])}
        await working.close()
        faulty.failing = False
        found = await working.redeliver()
        assert found.pending == 0
        assert findings(repository, log) == []  # each event is there, and none too many
        outcomes.append((was_cancelled, now != before))
        return was_cancelled

    async def each_point() -> None:
        steps = 0
        while await attempt(steps):
            steps += 1
        assert steps > 6

    asyncio.run(each_point())
    assert (True, False) in outcomes  # before it began
    assert (True, True) in outcomes
    assert outcomes[-1] == (False, True)


@pytest.mark.usefixtures("files_take_turns")
def test_a_cancelled_booking_move_or_release_leaves_the_old_state_or_the_new_one() -> None:
    async def attempt(method: str, arguments: tuple[Any, ...], steps: int) -> tuple[bool, int]:
        repository = MemoryRepository([Slot("tutor-1", between(9, 12))])
        working = async_schedule(Yielding(repository, 2), AsyncMemoryAuditLog())
        await working.book("tutor-1", between(9, 10), booking_id="there")
        before = repository.bookings("tutor-1")
        was_cancelled = await cancelled_after(steps, getattr(working, method)("tutor-1", *arguments))
        kept = repository.bookings("tutor-1")
        assert sum(after != there for after, there in zip(kept, before, strict=False)) <= 1
        assert len(kept) <= 2
        return was_cancelled, len(kept)

    async def each_point() -> None:
        for method, arguments in (
            ("book", (between(10, 11),)),
            ("move", ("there", between(10, 11))),
            ("release", ("there",)),
        ):
            steps = 0
            while (await attempt(method, arguments, steps))[0]:
                steps += 1
            assert steps >= 4

    asyncio.run(each_point())


@pytest.mark.usefixtures("files_take_turns")
def test_a_cancelled_redelivery_loses_nothing(tmp_path: Path) -> None:
    async def attempt(steps: int) -> bool:
        repository, log = MemoryRepository(), MemoryAuditLog()
        faulty = Yielding(log, 2, failing=True)
        working = async_schedule(Yielding(repository, 1), faulty, spool=Spool(tmp_path / str(steps)))
        for hour in range(3):
            await working.update("tutor-1", between(hour, hour + 0.5), [between(hour, hour + 0.5)], **ME)
        faulty.failing = False
        was_cancelled = await cancelled_after(steps, working.redeliver())
        found = await working.redeliver()
        assert found.pending == 0
        assert findings(repository, log) == []
        return was_cancelled

    async def each_point() -> None:
        steps = 0
        while await attempt(steps):
            steps += 1
        assert steps > 6

    asyncio.run(each_point())


def test_a_cancelled_reconciliation_leaves_no_revision_without_events() -> None:
    async def attempt(steps: int) -> bool:
        repository, log = MemoryRepository([Slot("tutor-1", between(9, 12))]), MemoryAuditLog()
        working = async_schedule(Yielding(repository, 2), Yielding(log, 2))
        was_cancelled = await cancelled_after(steps, working.reconcile("tutor-1", **ME))
        assert {event.revision for event in log.select(Selection())} == {*range(1, repository.revision("tutor-1") + 1)}
        return was_cancelled

    async def each_point() -> None:
        steps = 0
        while await attempt(steps):
            steps += 1
            assert steps < 1000

    asyncio.run(each_point())


@pytest.mark.parametrize("background", [0, 3])
def test_a_loop_that_is_closed_while_events_are_delivered_spools_them(
    background: int, repository: MemoryRepository, spool: Spool
) -> None:
    class Endless:
        async def append(self, _: object) -> int:
            await asyncio.sleep(3600)
            return 0

    async def leave_early() -> None:
        working = async_schedule(Yielding(repository, 0), Endless(), spool=spool, background=background)
        task = asyncio.create_task(working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME))
        for _ in range(20):
            await asyncio.sleep(0)
        assert task.done() == bool(background)

    asyncio.run(leave_early())
    assert [event.interval for event in spooled(spool.path)] == [between(9, 12)]


class StubbornLog:
    """A log whose append does not come back, and does not let itself be cancelled, before the test lets it go."""

    def __init__(self) -> None:
        self.kept = MemoryAuditLog()
        self.released = asyncio.Event()
        self.called = asyncio.Event()
        self.calls = 0

    async def append(self, events: list[AuditEvent]) -> int:
        self.calls += 1
        self.called.set()
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue
        return self.kept.append(events)


async def let_go(working: AsyncSchedule, log: StubbornLog) -> None:
    """Let the log answer, and wait until the calls that nobody waits for any more have come back."""
    log.released.set()
    await asyncio.wait({*working._courier._stuck})


def test_a_log_that_cannot_even_be_cancelled_is_not_waited_for(repository: MemoryRepository, spool: Spool) -> None:
    async def edits() -> None:
        log = StubbornLog()
        working = async_schedule(Yielding(repository), log, spool=spool, patience=SHORT)
        began = monotonic()
        first = await working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME)
        later = await working.update("tutor-1", MONDAY, [("09:00", "11:00")], **ME)
        assert monotonic() - began < SOON
        assert first.error == "NoAnswerError: the audit log has not answered within 0.05 s"
        assert later.error == "NoAnswerError: an earlier call of the audit log has not come back yet"
        assert {first.delivery, later.delivery} == {Delivery.SPOOLED}
        assert log.calls == 1
        assert (await working.redeliver()).pending == 2
        await let_go(working, log)
        assert await working.redeliver() == Redelivered(delivered=1, duplicates=1)
        assert findings(repository, log.kept) == []

    asyncio.run(edits())


def test_a_cancelled_task_waits_no_longer_than_the_patience_for_the_log(
    repository: MemoryRepository, spool: Spool
) -> None:
    async def edits() -> None:
        log = StubbornLog()
        working = async_schedule(Yielding(repository), log, spool=spool, patience=SHORT)
        task = asyncio.create_task(working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME))
        await log.called.wait()
        task.cancel()
        began = monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert monotonic() - began < SOON
        assert len(spooled(spool.path)) == 1
        log.released.set()
        await asyncio.sleep(0)

    asyncio.run(edits())


def test_a_log_that_cancels_its_own_call_is_like_one_that_raises(repository: MemoryRepository, spool: Spool) -> None:
    class Cancelling:
        async def append(self, _: object) -> int:
            raise asyncio.CancelledError

    async def edits() -> None:
        working = async_schedule(Yielding(repository), Cancelling(), spool=spool)
        result = await working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME)
        assert (result.delivery, result.error) == (
            Delivery.SPOOLED,
            "NoAnswerError: the audit log cancelled its own call",
        )

    asyncio.run(edits())


def test_an_immediate_log_that_raises_is_survived(repository: MemoryRepository) -> None:
    class Immediate:
        immediate = True

        async def append(self, _: object) -> int:
            raise ConnectionError("gone")

    async def edits() -> None:
        result = await async_schedule(Yielding(repository), Immediate()).update(
            "tutor-1", MONDAY, [("09:00", "12:00")], **ME
        )
        assert result.delivery is Delivery.FAILED
        assert time_of(repository) == IntervalSet([between(9, 12)])

    asyncio.run(edits())


def test_a_system_that_has_no_thread_left_is_survived(
    repository: MemoryRepository, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_more(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "to_thread", no_more)
    working = async_schedule(Yielding(repository), Yielding(MemoryAuditLog(), failing=True), spool=spool)
    result = asyncio.run(working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME))
    assert result.delivery is Delivery.SPOOLED
    assert spooled(spool.path) == [*result.events]


class TestInTheBackground:
    def test_no_edit_waits_flush_does_and_what_does_not_fit_is_spooled(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        async def edits() -> None:
            log = StubbornLog()
            async with async_schedule(
                Yielding(repository), log, spool=spool, background=2, patience=timedelta(seconds=30)
            ) as working:
                kinds = []
                for hour in range(4):
                    window = between(hour, hour + 0.5)
                    kinds.append((await working.update("tutor-1", window, [window], **ME)).delivery)
                assert kinds == [Delivery.QUEUED] * 2 + [Delivery.SPOOLED] * 2
                assert not await working.flush(SHORT)
                log.released.set()
                assert await working.flush()
            assert len(log.kept.select(Selection())) == 2
            assert await working.redeliver() == Redelivered(delivered=2)
            assert findings(repository, log.kept) == []

        asyncio.run(edits())

    def test_closing_spools_what_the_log_does_not_take(self, repository: MemoryRepository, spool: Spool) -> None:
        async def edits() -> None:
            log = StubbornLog()
            async with async_schedule(
                Yielding(repository), log, spool=spool, background=9, patience=timedelta(seconds=30)
            ) as working:
                for hour in range(4):
                    window = between(hour, hour + 0.5)
                    await working.update("tutor-1", window, [window], **ME)
                working._courier._patience = SHORT.total_seconds()
            assert len(spooled(spool.path)) == 4
            await let_go(working, log)

        asyncio.run(edits())

    def test_a_repository_that_failed_to_keep_events_or_kept_them_is_believed(self, spool: Spool) -> None:
        class Keeping(AsyncMemoryRepository):
            says = Delivery.WRITTEN

            async def replace_slots(self, *arguments: Any, **options: Any) -> Any:
                return (await super().replace_slots(*arguments, **options)).replace(delivery=self.says)

        async def edits() -> None:
            repository = Keeping()
            working = async_schedule(repository, AsyncMemoryAuditLog(), spool=spool)
            first = await working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME)
            assert first.delivery is Delivery.WRITTEN
            repository.says = Delivery.FAILED
            second = await working.update("tutor-1", MONDAY, [], **ME)
            assert second.delivery is Delivery.SPOOLED
            assert len(spooled(spool.path)) == 1

        asyncio.run(edits())


def test_an_edit_that_fails_raises_and_leaves_no_task_behind(repository: MemoryRepository) -> None:
    async def edits() -> None:
        working = async_schedule(Yielding(repository), AsyncMemoryAuditLog())
        with pytest.raises(RevisionConflictError):
            await working.update("tutor-1", MONDAY, [], expected_revision=7, **ME)
        with pytest.raises(NotAvailableError):
            await working.book("tutor-1", between(9, 10))
        await asyncio.sleep(0)
        assert not working._edits

    asyncio.run(edits())


def test_a_purge_while_the_log_is_read_is_noticed(repository: MemoryRepository, log: MemoryAuditLog) -> None:
    async def edits() -> None:
        working = async_schedule(Yielding(repository, 1), Yielding(log, 1))
        for hour in range(4):
            await working.update("tutor-1", between(hour, hour + 0.5), [between(hour, hour + 0.5)], **ME)
        reading = asyncio.create_task(working.as_of("tutor-1", 4))
        for _ in range(2):
            await asyncio.sleep(0)
        schedule(repository, log).purge("tutor-1", 2)
        assert len(await reading) == 4

    asyncio.run(edits())
