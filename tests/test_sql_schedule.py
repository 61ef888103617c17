"""A schedule over a database: it believes what became of the events there, and one call brings all of them in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine

from slotcalc import (
    BookingStatus,
    BrokenHistoryError,
    Interval,
    LimitExceededError,
    NotAvailableError,
    PointTypeError,
    PointValueError,
    SlotcalcError,
    StoreError,
    UnknownBookingError,
)
from slotcalc.audit import Delivery, Selection
from slotcalc.repository import Redelivered
from slotcalc.schedule import AsyncSchedule, Schedule, Spool
from slotcalc.sql import SqlAuditLog, SqlRepository, create_all
from tests.databases import TUTOR, WHOLE_DAY, calls, described, hours, slot
from tests.editing import counting, ticking
from tests.test_sql_faults import EACH_FAULT, FAULTS, missing_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slotcalc.schedule import UpdateResult
    from tests.databases import Database


def schedule_of(database: Database, *, spool: Spool | None = None, **options: Any) -> Schedule:
    return Schedule(
        database.repository(**options), database.log(), zone="UTC", spool=spool, clock=ticking(), ids=counting()
    )


def edit(schedule: Schedule, hour: int, **options: Any) -> UpdateResult:
    return schedule.update(TUTOR, hours(hour, hour + 1), [hours(hour, hour + 1)], changed_by="ada", **options)


def test_a_whole_story_is_told_alike_by_threads_and_coroutines(database: Database) -> None:
    """Slots, a booking, a conflict, a displacement, the past, the proof and the purge."""
    schedule = schedule_of(database)
    assert edit(schedule, 9).delivery is Delivery.WRITTEN
    held = schedule.book(TUTOR, hours(9, 10), booking_id="b1")
    with pytest.raises(NotAvailableError):
        schedule.book(TUTOR, hours(9, 10))
    edit(schedule, 11)
    assert schedule.move(TUTOR, "b1", hours(11, 12)) == held.replace(interval=hours(11, 12))
    gone = schedule.update(TUTOR, WHOLE_DAY, [], changed_by="bob", reason="ill")
    assert [booking.id for booking in gone.displaced] == ["b1"]
    assert schedule.as_of(TUTOR, 2) == [slot(9, 10), slot(11, 12)]
    assert [event.reason for event in schedule.history(TUTOR, None).events] == ["ill", "ill", "edit", "edit"]
    assert schedule.verify(TUTOR, head=schedule.head(TUTOR)) == []
    assert schedule.purge(TUTOR, 1) == 1
    with pytest.raises(UnknownBookingError):
        schedule.move(TUTOR, "b2", hours(9, 10))

    async def ask() -> None:
        twin = AsyncSchedule(database.async_repository(), database.async_log(), zone="UTC", ids=counting("other"))
        assert (await twin.release(TUTOR, "b1")).status is BookingStatus.CANCELLED
        assert await twin.as_of(TUTOR, 2) == [slot(9, 10), slot(11, 12)]
        done = await twin.update(TUTOR, hours(20, 21), [hours(20, 21)], changed_by="eve")
        assert (done.revision, done.delivery) == (4, Delivery.WRITTEN)
        with missing_table(database):
            left = await twin.update(TUTOR, hours(21, 22), [hours(21, 22)], changed_by="eve")
            assert left.delivery is Delivery.QUEUED
            assert (await twin.redeliver()).pending == 1
        assert await twin.redeliver() == Redelivered(delivered=1)
        assert await twin.verify(TUTOR) == []
        await database.dispose()

    asyncio.run(ask())


@pytest.mark.parametrize("mode", ["guarded", "after_commit"])
@pytest.mark.parametrize("database,fault", EACH_FAULT, indirect=["database"])
def test_whatever_befalls_the_log_an_auditor_finds_nothing_after_redelivery(
    database: Database, fault: str, mode: str, tmp_path: Path
) -> None:
    broken, wanted = FAULTS[fault]
    notes = "ж" * 9000 if wanted is None else ""  # what fills the disk
    with broken(database):
        schedule = schedule_of(database, mode=mode, spool=Spool(tmp_path / "spool"))
        done = [edit(schedule, hour, notes=notes) for hour in range(5)]
    assert {result.delivery for result in done} <= {Delivery.WRITTEN, Delivery.QUEUED, Delivery.SPOOLED}
    assert wanted is None or {result.delivery for result in done} == {wanted}
    schedule = schedule_of(database, spool=Spool(tmp_path / "spool"))
    brought_in = schedule.redeliver()
    assert (brought_in.pending, brought_in.unreadable, brought_in.error) == (0, 0, "")
    assert brought_in.delivered == sum(result.delivery is not Delivery.WRITTEN for result in done)
    assert schedule.verify(TUTOR) == []
    assert schedule.redeliver() == Redelivered()
    assert database.repository().slots(TUTOR) == [slot(hour, hour + 1) for hour in range(5)]


def test_what_neither_log_nor_outbox_takes_waits_in_the_spool_of_the_schedule(
    database: Database, tmp_path: Path
) -> None:
    schedule = schedule_of(database, spool=Spool(tmp_path / "spool"))
    edit(schedule, 8)
    with missing_table(database):
        queued = edit(schedule, 9)
        renamed = away(database)
        spooled = edit(schedule, 10)
        with pytest.raises(StoreError, match="outbox"):  # what waits there is not known
            schedule.redeliver()
        with pytest.raises(StoreError, match="outbox"):
            schedule.reconcile(TUTOR, changed_by="ada")
        renamed()
        left = schedule.redeliver()
        assert (left.delivered, left.pending) == (0, 2)
        assert "events" in left.error
        with pytest.raises(BrokenHistoryError, match="2 events still wait"):
            schedule.reconcile(TUTOR, changed_by="ada")
    assert [queued.delivery, spooled.delivery] == [Delivery.QUEUED, Delivery.SPOOLED]
    assert "could not keep them" in spooled.error
    assert schedule.redeliver() == Redelivered(delivered=2)
    assert schedule.verify(TUTOR) == []


def away(database: Database) -> Callable[[], object]:
    """Rename the outbox, and return how to undo that."""
    schema = f"{database.tables.schema}." if database.tables.schema else ""
    database.execute("ALTER TABLE {outbox} RENAME TO away")
    return lambda: database.execute(f"ALTER TABLE {schema}away RENAME TO {database.tables.outbox.name}")


def test_slots_that_were_there_before_are_reconciled_into_the_history(database: Database) -> None:
    database.repository().seed([slot(9, 12), slot(9, 12, id="a", capacity=3)])
    schedule = schedule_of(database)
    assert schedule.verify(TUTOR) != []
    mended = schedule.reconcile(TUTOR, changed_by="ada")
    assert (mended.revision, len(mended.events), mended.delivery) == (1, 2, Delivery.WRITTEN)
    assert schedule.verify(TUTOR) == []
    assert schedule.reconcile(TUTOR, changed_by="ada").events == ()


def test_a_database_in_memory_is_asked_on_the_thread_that_it_belongs_to() -> None:
    engine = create_engine("sqlite://")
    create_all(engine)
    repository = SqlRepository(engine)
    repository.seed([slot(9, 12)])
    schedule = Schedule(repository, SqlAuditLog(engine), zone="UTC")
    assert schedule.reconcile(TUTOR, changed_by="ada").delivery is Delivery.WRITTEN
    assert schedule.verify(TUTOR) == []
    engine.dispose()


def test_a_log_that_refuses_a_hundred_entries_is_left_alone_and_an_odd_entry_is_in_nobodys_way(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slotcalc.sql.edits._ENOUGH", 4)  # a hundred take seconds
    repository = database.repository(audit_timeout=timedelta(milliseconds=20))
    with missing_table(database):
        for n in range(6):
            repository.replace_slots(TUTOR, hours(n, n + 1), [slot(n, n + 1)], describe=described(f"c{n}"))
        with calls(database.engine, lambda *_: None) as made:
            left = repository.redeliver()
        assert (left.delivered, left.pending) == (0, 6)
        assert len([said for said in made if said.startswith("DELETE")]) == 4
    database.execute("INSERT INTO {outbox} (tenant, events) VALUES ('', 'no events'), ('', '7')")
    left = repository.redeliver()
    assert (left.delivered, left.pending) == (6, 2)
    assert left.error


def test_two_tallies_become_one() -> None:
    one = Redelivered(delivered=1, duplicates=2, pending=3, unreadable=4, error="first")
    assert one.plus(Redelivered()) == Redelivered().plus(one) == one
    assert one.plus(one.replace(error="then")) == Redelivered(
        delivered=2, duplicates=4, pending=6, unreadable=8, error="then"
    )


NAIVE = WHOLE_DAY.start.replace(tzinfo=None)
BAD: list[tuple[type[SlotcalcError], Callable[[Schedule], object]]] = [
    (PointValueError, lambda s: s.update("a\x00b", WHOLE_DAY, [], changed_by="ada")),
    (LimitExceededError, lambda s: s.update("x" * 100_000, WHOLE_DAY, [], changed_by="ada")),
    (PointValueError, lambda s: s.update(TUTOR, WHOLE_DAY, [WHOLE_DAY], changed_by="\x00")),
    (LimitExceededError, lambda s: s.update(TUTOR, WHOLE_DAY, [WHOLE_DAY], changed_by="ada", reason="x" * 100_000)),
    (LimitExceededError, lambda s: s.update(TUTOR, WHOLE_DAY, [WHOLE_DAY], changed_by="ada", notes="x" * 100_000)),
    (PointValueError, lambda s: s.update(TUTOR, WHOLE_DAY, [WHOLE_DAY], changed_by="ada", request_id="\x00")),
    (LimitExceededError, lambda s: s.update(TUTOR, WHOLE_DAY, [WHOLE_DAY], changed_by="ada", request_id="x" * 100_000)),
    (PointTypeError, lambda s: s.update(TUTOR, Interval(NAIVE, NAIVE + timedelta(days=1)), [], changed_by="ada")),
    (PointTypeError, lambda s: s.update(TUTOR, WHOLE_DAY, [(9, 10)], changed_by="ada")),  # type: ignore[list-item]
    (PointTypeError, lambda s: s.book(TUTOR, (9, 10))),  # type: ignore[arg-type]
    (PointTypeError, lambda s: s.book(TUTOR, (NAIVE, NAIVE + timedelta(hours=1)))),
    (LimitExceededError, lambda s: s.book(TUTOR, WHOLE_DAY, booking_id="x" * 100_000)),
    (PointValueError, lambda s: s.book(TUTOR, WHOLE_DAY, booking_id="\x00")),
    (LimitExceededError, lambda s: s.book(TUTOR, WHOLE_DAY, label="x" * 100_000)),
    (PointValueError, lambda s: s.move(TUTOR, "\x00", WHOLE_DAY)),
    (LimitExceededError, lambda s: s.release(TUTOR, "x" * 100_000)),
    (PointValueError, lambda s: s.history("\x00")),
    (LimitExceededError, lambda s: s.stats("x" * 100_000)),
    (PointValueError, lambda s: s.verify("\x00")),
    (PointValueError, lambda s: s.purge("\x00", 1)),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_no_database_keeps_is_refused_before_anything_is_sent(database: Database, number: int) -> None:
    error, call = BAD[number]
    with calls(database.engine, lambda *_: None) as made, pytest.raises(error):
        call(schedule_of(database))
    assert made == []


def test_the_ids_of_another_tenant_mean_nothing(database: Database) -> None:
    theirs, mine = database.repository(tenant="them"), database.repository(tenant="me")
    log = database.log(tenant="me")
    other = Schedule(theirs, database.log(tenant="them"), zone="UTC", ids=counting("their"))
    edit(other, 9, request_id="r1")
    other.book(TUTOR, hours(9, 10), booking_id="b1", request_id="r2")
    event = other.history(TUTOR, None).events[0]
    schedule = Schedule(mine, log, zone="UTC", clock=ticking(), ids=counting())
    assert mine.booking(TUTOR, "b1") is None
    for ask in (
        lambda: schedule.move(TUTOR, "b1", hours(9, 10)),
        lambda: schedule.release(TUTOR, "b1"),
        lambda: log.select(Selection(after=event.id)),
        lambda: schedule.book(TUTOR, hours(9, 10), request_id="r2"),  # of which nothing is repeated here
    ):
        with pytest.raises(SlotcalcError):
            ask()
    done = edit(schedule, 11, request_id="r1")
    assert (done.revision, done.repeated, done.delivery) == (1, False, Delivery.WRITTEN)
    assert schedule.history(None, None).events == done.events
    assert schedule.verify(TUTOR) == other.verify(TUTOR) == []
    assert database.repository(tenant="them").booking(TUTOR, "b1") is not None
