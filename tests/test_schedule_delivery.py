"""What becomes of the events when the audit log misbehaves: the edit stands, nobody waits for long, nothing is lost."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import IntervalSet, PointValueError
from slotcalc.audit import Delivery, Selection
from slotcalc.audit.spool import Spool
from slotcalc.repository import MemoryAuditLog, MemoryRepository, Replaced
from slotcalc.schedule import Redelivered
from slotcalc.schedule.delivery import Keeper
from tests.editing import (
    HOUR,
    MONDAY,
    SHORT,
    Blocking,
    FaultyLog,
    between,
    findings,
    refuse,
    schedule,
    spooled,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from slotcalc import AuditEvent
    from slotcalc.schedule import Schedule, UpdateResult

ME: dict[str, Any] = {"changed_by": "anna"}
SOON = 5.0
"""Seconds within which even a busy machine goes on after SHORT; far less than a log that never answers takes."""


def edit(working: Schedule, hour: float, **options: Any) -> UpdateResult:
    """Add or take half an hour: edits of which each has one event."""
    return working.update("tutor-1", between(hour, hour + 0.5), [between(hour, hour + 0.5)], **ME, **options)


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "events")


class TestALogThatRaises:
    def test_the_edit_stands_and_its_events_are_spooled(
        self, repository: MemoryRepository, spool: Spool, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = FaultyLog(refuse)
        with caplog.at_level(logging.WARNING, "slotcalc.schedule"):
            result = edit(schedule(repository, log, spool=spool), 9)
        assert result.delivery is Delivery.SPOOLED
        assert result.error == "ConnectionError: no table audit_events"
        assert time_of(repository) == IntervalSet([between(9, 9.5)])
        assert spooled(spool.path) == [*result.events]
        assert caplog.messages == [f"1 events of change {result.change_id} were spooled: {result.error}"]

    def test_redelivery_brings_them_in_once_and_in_their_order(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log, spool=spool)
        edits = [edit(working, hour) for hour in range(5)]
        assert working.redeliver() == Redelivered(pending=5, error="ConnectionError: no table audit_events")
        log.mend()
        edits.append(edit(working, 5))  # overtakes the others
        assert edits[-1].delivery is Delivery.WRITTEN
        assert working.redeliver() == Redelivered(delivered=5)
        assert working.redeliver() == Redelivered()
        assert log.select(Selection(resource_id="tutor-1")) == [event for one in edits for event in one.events]
        assert not findings(repository, log.kept)

    def test_a_segment_that_was_left_over_is_delivered_again_without_harm(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log, spool=spool)
        result = edit(working, 9)
        log.mend()
        assert spooled(spool.path)  # read by a process that died before it dropped the segment
        log.append(result.events)
        assert working.redeliver() == Redelivered(duplicates=1)
        assert spool.is_empty()

    def test_without_a_spool_they_are_kept_in_memory_and_reported_as_failed(
        self, repository: MemoryRepository, caplog: pytest.LogCaptureFixture
    ) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log)
        result = edit(working, 9)
        assert result.delivery is Delivery.FAILED
        assert result.error.endswith("; kept in memory until redeliver() is called")
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert working.redeliver().pending == 1
        log.mend()
        assert working.redeliver() == Redelivered(delivered=1)
        assert working.redeliver() == Redelivered()
        assert not findings(repository, log.kept)

    def test_with_a_spool_that_fails_they_are_kept_in_memory_until_it_works_again(
        self, repository: MemoryRepository, tmp_path: Path
    ) -> None:
        log = FaultyLog(refuse)
        spool = Spool(tmp_path / "not there yet" / "events")
        working = schedule(repository, log, spool=spool)
        result = edit(working, 9)
        assert result.delivery is Delivery.FAILED
        assert "then the spool: FileNotFoundError" in result.error
        with pytest.raises(FileNotFoundError):
            working.redeliver()
        spool.path.parent.mkdir()
        assert working.redeliver().pending == 1  # in the spool now
        assert not spool.is_empty()
        assert not working._keeper._in_memory
        log.mend()
        assert working.redeliver() == Redelivered(delivered=1)

    def test_memory_is_bounded_and_what_does_not_fit_is_no_secret(
        self, repository: MemoryRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("slotcalc.schedule.delivery._MOST_IN_MEMORY", 2)
        log = FaultyLog(refuse)
        working = schedule(repository, log)
        results = [edit(working, hour) for hour in range(3)]
        assert {result.delivery for result in results} == {Delivery.FAILED}
        assert results[2].error.endswith("; not kept: 2 events wait in memory already")
        log.mend()
        assert working.redeliver() == Redelivered(delivered=2)
        (hole,) = working.verify("tutor-1")[:1]
        assert hole.revision == 3
        log.append(results[2].events)  # the result has them
        assert working.verify("tutor-1") == []

    def test_a_batch_that_the_log_never_takes_does_not_hold_up_the_others(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log, spool=spool)
        poison, *others = [edit(working, hour) for hour in range(4)]

        def dislike(events: Sequence[AuditEvent]) -> None:
            if events[0].change_id == poison.change_id:
                raise ValueError("value too long for type character varying(3)")

        log.fault = dislike
        found = working.redeliver()
        assert (found.delivered, found.pending) == (3, 1)
        assert found.error.startswith("ValueError: value too long")
        assert spooled(spool.path) == [*poison.events]
        log.mend()
        assert working.redeliver() == Redelivered(delivered=1)
        assert len(others) == 3

    def test_a_redelivery_gives_up_after_a_number_of_refusals(
        self, repository: MemoryRepository, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("slotcalc.schedule.delivery._ENOUGH", 10)
        log = FaultyLog(refuse)
        working = schedule(repository, log, spool=spool)
        for hour in range(15):
            edit(working, hour)
        log.calls = 0
        assert working.redeliver().pending == 15
        assert log.calls == 10
        assert working.redeliver().pending == 15  # and none of them twice
        log.mend()
        found = working.redeliver()
        assert (found.delivered, found.pending) == (15, 0)
        assert not findings(repository, log.kept)

    def test_a_redelivery_from_memory_gives_up_as_well(
        self, repository: MemoryRepository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("slotcalc.schedule.delivery._ENOUGH", 10)
        log = FaultyLog(refuse)
        working = schedule(repository, log)
        for hour in range(12):
            edit(working, hour)
        log.calls = 0
        assert working.redeliver().pending == 12
        assert log.calls == 10

    def test_a_spool_that_fails_in_a_redelivery_loses_nothing(
        self, repository: MemoryRepository, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log, spool=spool)
        edit(working, 9)

        def full(_: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Spool, "append", lambda self, events: full(events))
            assert working.redeliver().pending == 1
        log.mend()
        assert working.redeliver() == Redelivered(delivered=1)

    def test_unreadable_lines_of_the_spool_are_reported(self, repository: MemoryRepository, spool: Spool) -> None:
        spool.path.write_bytes(b'[{"torn": ')
        assert schedule(repository, spool=spool).redeliver() == Redelivered(unreadable=1)
        assert spool.unreadable.exists()

    def test_what_is_no_exception_is_not_caught(self, repository: MemoryRepository) -> None:
        class Immediate(FaultyLog):
            immediate = True

        def interrupt(_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            edit(schedule(repository, Immediate(interrupt)), 9)
        assert time_of(repository) == IntervalSet([between(9, 9.5)])


class TestALogThatDoesNotAnswer:
    def test_no_edit_waits_longer_than_the_patience_and_later_ones_do_not_wait_at_all(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        blocking = Blocking()
        log = FaultyLog(blocking)
        working = schedule(repository, log, spool=spool, patience=SHORT)
        began = monotonic()
        first = edit(working, 0)
        assert monotonic() - began < SOON
        assert first.delivery is Delivery.SPOOLED
        assert first.error == "NoAnswerError: the audit log has not answered within 0.05 s"
        later = [edit(working, hour) for hour in range(1, 10)]
        assert {result.delivery for result in later} == {Delivery.SPOOLED}
        assert {result.error for result in later} == {
            "NoAnswerError: an earlier call of the audit log has not come back yet"
        }
        assert log.calls == 1
        found = working.redeliver()
        assert found.pending == 10
        assert log.calls == 1
        blocking.released.set()
        log.mend()
        assert working.flush(timedelta(seconds=SOON))
        assert log.select(Selection()) == [*first.events]  # late, and twice in a moment
        assert edit(working, 10).delivery is Delivery.WRITTEN
        assert working.redeliver() == Redelivered(delivered=9, duplicates=1)
        assert not findings(repository, log.kept)

    def test_an_edit_may_wait_as_long_as_it_takes(self, repository: MemoryRepository) -> None:
        with schedule(repository, FaultyLog(), patience=timedelta.max) as working:
            assert edit(working, 0).delivery is Delivery.WRITTEN
            assert working.flush(timedelta.max)

    def test_edits_that_queue_behind_a_slow_one_give_up_one_by_one(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        blocking = Blocking()
        log = FaultyLog(blocking)
        patient = schedule(repository, log, spool=spool, patience=timedelta(seconds=30))
        slow = Thread(target=edit, args=(patient, 0))
        slow.start()
        assert blocking.began.wait(SOON)
        patient._courier._patience = SHORT.total_seconds()
        assert edit(patient, 1).error == "NoAnswerError: the audit log has not answered within 0.05 s"
        assert not patient._courier._is_stuck  # somebody still waits for the first
        blocking.released.set()
        slow.join()
        log.mend()
        assert patient.flush(timedelta(seconds=SOON))
        assert log.calls == 1  # nobody calls for the one that gave up
        assert patient.redeliver() == Redelivered(delivered=1)
        assert not findings(repository, log.kept)

    def test_a_log_that_ends_the_thread_is_like_one_that_raises(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        def leave(_: object) -> None:
            raise SystemExit

        log = FaultyLog(leave)
        working = schedule(repository, log, spool=spool, patience=timedelta(seconds=SOON))
        assert edit(working, 0).error == "NoAnswerError: the audit log raised SystemExit()"
        log.mend()
        assert edit(working, 1).delivery is Delivery.WRITTEN

    def test_a_log_that_dies_half_way_through_a_batch_has_all_of_it_after_redelivery(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        log = FaultyLog()

        def half(events: Sequence[AuditEvent]) -> None:
            log.kept.append(events[: len(events) // 2])
            raise ConnectionResetError("the server went away")

        log.fault = half
        working = schedule(repository, log, spool=spool)
        result = working.update("tutor-1", MONDAY, [between(h, h + 0.5) for h in range(8)], **ME)
        assert result.delivery is Delivery.SPOOLED
        assert len(log.select(Selection())) == 4
        log.mend()
        assert working.redeliver() == Redelivered(delivered=4, duplicates=4)
        assert not findings(repository, log.kept)


@pytest.mark.parametrize("background", [0, 3])
def test_a_system_that_has_no_thread_left_is_survived(
    background: int, repository: MemoryRepository, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = FaultyLog()
    working = schedule(repository, log, spool=spool, background=background)

    def no_more(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", no_more)
        result = edit(working, 9)
    assert (result.delivery, result.error) == (Delivery.SPOOLED, "RuntimeError: can't start new thread")
    assert working.redeliver() == Redelivered(delivered=1)
    assert not findings(repository, log.kept)


class TestInTheBackground:
    def test_no_edit_waits_and_flush_does(self, repository: MemoryRepository, spool: Spool) -> None:
        blocking = Blocking()
        log = FaultyLog(blocking)
        working = schedule(repository, log, spool=spool, background=3)
        assert [edit(working, hour).delivery for hour in range(3)] == [Delivery.QUEUED] * 3
        assert blocking.began.wait(SOON)
        assert not working.flush(SHORT)
        blocking.released.set()
        assert working.flush()
        assert len(log.select(Selection())) == 3
        assert spool.is_empty()
        assert not findings(repository, log.kept)

    def test_what_does_not_fit_is_spooled(self, repository: MemoryRepository, spool: Spool) -> None:
        blocking = Blocking()
        log = FaultyLog(blocking)
        working = schedule(repository, log, spool=spool, background=2)
        edit(working, 0)
        assert blocking.began.wait(SOON)  # it is under way, so the queue is empty
        results = [edit(working, hour) for hour in range(1, 5)]
        assert [result.delivery for result in results] == [Delivery.QUEUED] * 2 + [Delivery.SPOOLED] * 2
        assert results[3].error == "NoAnswerError: 2 edits are queued already"
        blocking.released.set()
        assert working.flush()
        assert working.redeliver() == Redelivered(delivered=2)
        assert not findings(repository, log.kept)

    def test_what_the_log_refuses_is_spooled(self, repository: MemoryRepository, spool: Spool) -> None:
        log = FaultyLog(refuse)
        with schedule(repository, log, spool=spool, background=2) as working:
            assert edit(working, 0).delivery is Delivery.QUEUED
        assert len(spooled(spool.path)) == 1

    def test_closing_drains_and_spools_what_the_log_does_not_take(
        self, repository: MemoryRepository, spool: Spool
    ) -> None:
        blocking = Blocking()
        log = FaultyLog(blocking)
        with schedule(repository, log, spool=spool, background=9, patience=SHORT) as working:
            for hour in range(4):
                edit(working, hour)
            began = monotonic()
        assert monotonic() - began < SOON
        assert len(spooled(spool.path)) == 4
        blocking.released.set()
        assert working.flush()
        log.mend()
        found = working.redeliver()
        assert (found.delivered + found.duplicates, found.pending) == (4, 0)
        assert edit(working, 5).delivery is Delivery.QUEUED  # it may be used again
        working.close()
        assert not findings(repository, log.kept)

    def test_the_thread_ends_when_there_is_nothing_to_do(self, repository: MemoryRepository) -> None:
        import threading  # noqa: PLC0415  # only here are all threads asked for

        working = schedule(repository, FaultyLog(), background=9)
        edit(working, 0)
        assert working.flush()
        assert not [thread for thread in threading.enumerate() if thread.name == "slotcalc-audit" and thread.is_alive()]


class TestARepositoryThatKeepsEventsItself:
    class Keeping(MemoryRepository):
        says = Delivery.WRITTEN

        def replace_slots(self, *arguments: Any, **options: Any) -> Replaced:
            return super().replace_slots(*arguments, **options).replace(delivery=self.says)

    @pytest.mark.parametrize("says", [Delivery.WRITTEN, Delivery.QUEUED, Delivery.SPOOLED, Delivery.NOTHING])
    def test_its_word_is_taken_and_the_log_not_called(self, says: Delivery) -> None:
        repository, log = self.Keeping(), FaultyLog()
        repository.says = says
        assert edit(schedule(repository, log), 9).delivery is says
        assert log.calls == 0

    def test_what_it_could_not_keep_is_spooled(self, spool: Spool) -> None:
        repository, log = self.Keeping(), FaultyLog()
        repository.says = Delivery.FAILED
        working = schedule(repository, log, spool=spool)
        result = edit(working, 9)
        assert result.delivery is Delivery.SPOOLED
        assert result.error == "NotKeptError: the repository could not keep them"
        assert edit(working, 9).delivery is Delivery.NOTHING
        assert working.redeliver() == Redelivered(delivered=1)


class TestTheHistory:
    """The methods that read the log, and the two that mend it."""

    @pytest.fixture
    def working(self, repository: MemoryRepository) -> Schedule:
        return schedule(repository, MemoryAuditLog())

    def test_it_comes_page_by_page_the_newest_first(self, working: Schedule) -> None:
        edits = [edit(working, hour, reason="personal" if hour % 2 else "conflict") for hour in range(6)]
        newest = [event for one in reversed(edits) for event in one.events]
        first = working.history("tutor-1", limit=4)
        assert [*first.events] == newest[:4]
        edit(working, 7)
        second = working.history("tutor-1", limit=4, after=first.next)
        assert [*second.events] == newest[4:]
        assert second.next is None
        oldest = working.history("tutor-1", newest_first=False, reason="personal", changed_by="anna", action="added")
        assert [*oldest.events] == [event for one in edits[1::2] for event in one.events]
        assert working.history("tutor-1", changed_by="ben").events == ()
        assert len(working.history(None, None).events) == 7

    def test_days_are_local_ones_and_today_is_the_last_of_them(self, repository: MemoryRepository) -> None:
        log, now = MemoryAuditLog(), [between(0, 1).start]
        working = schedule(repository, log, clock=lambda: now[0])
        edit(working, 0)
        now[0] -= HOUR / 2  # 23:30 of the day before
        edit(working, 1)
        now[0] += 12 * HOUR
        assert [event.revision for event in working.history("tutor-1", 1).events] == [1]
        assert [event.revision for event in working.history("tutor-1", 2).events] == [2, 1]
        assert working.stats("tutor-1", 1).total.slots_added == 1
        week = working.stats(None)
        assert week.total.slots_added == 2
        assert len(week.by_day) == 7
        assert working.stats("tutor-1", by="slot").total.time_added == HOUR

    def test_the_slots_of_any_revision_or_moment_can_be_asked_for(self, working: Schedule) -> None:
        edits = [edit(working, hour) for hour in range(4)]
        for n in range(5):
            assert [slot.interval.start for slot in working.as_of("tutor-1", n)] == [
                between(hour, hour + 1).start for hour in range(n)
            ]
        changed_at = edits[1].events[0].changed_at
        assert changed_at is not None
        assert len(working.as_of("tutor-1", changed_at)) == 2

    def test_purging_keeps_what_can_be_asked_later_and_the_chain_goes_on(self, working: Schedule) -> None:
        edits = [edit(working, hour) for hour in range(5)]
        head, later = working.head("tutor-1"), [working.as_of("tutor-1", n) for n in (3, 4, 5)]
        moment = edits[2].events[0].changed_at
        assert moment is not None
        assert working.purge("tutor-1", moment - 24 * HOUR) == 0
        assert working.purge("tutor-1", 2) == 2
        assert working.purge("tutor-1", moment) == 1
        assert [working.as_of("tutor-1", n) for n in (3, 4, 5)] == later
        with pytest.raises(LookupError, match="begins after revision 3"):
            working.as_of("tutor-1", 1)
        assert working.head("tutor-1") == head
        assert working.verify("tutor-1", head=head) == []

    @pytest.mark.parametrize("strict", [True, False])
    def test_what_is_not_there_yet_cannot_be_purged_and_its_events_are_kept(
        self, working: Schedule, *, strict: bool
    ) -> None:
        edit(working, 0)
        with pytest.raises(PointValueError, match="'tutor-1' is at revision 1, so there is nothing to purge up to 9"):
            working.purge("tutor-1", 9, strict=strict)
        edit(working, 1)
        assert [event.revision for event in working.history("tutor-1").events] == [2, 1]
        assert working.verify("tutor-1") == []

    def test_slots_from_before_the_first_edit_are_reconciled_once(self) -> None:
        repository = MemoryRepository([*schedule().update("tutor-1", MONDAY, [("09:00", "12:00")], **ME).after])
        working = schedule(repository)
        assert working.verify("tutor-1")
        result = working.reconcile("tutor-1", changed_by="anna", notes="opening balance")
        assert (result.revision, result.delivery) == (1, Delivery.WRITTEN)
        assert [(event.reason, event.revision) for event in result.events] == [("reconciled", 1)]
        assert working.verify("tutor-1") == []
        again = working.reconcile("tutor-1", changed_by="anna")
        assert (again.revision, again.events, again.delivery) == (1, (), Delivery.NOTHING)

    def test_a_history_is_not_reconciled_while_events_wait(self, repository: MemoryRepository) -> None:
        log = FaultyLog(refuse)
        working = schedule(repository, log)
        edit(working, 0)
        with pytest.raises(ValueError, match=r"1 events still wait to be delivered \(ConnectionError"):
            working.reconcile("tutor-1", changed_by="anna")
        log.mend()
        assert working.reconcile("tutor-1", changed_by="anna").events == ()
        assert working.verify("tutor-1") == []

    def test_an_edit_made_while_the_log_is_read_is_no_finding(self, repository: MemoryRepository) -> None:
        log = MemoryAuditLog()
        working = schedule(repository, log)
        edit(working, 0)
        select, meddle = log.select, [True]

        def meddling(wanted: Selection) -> list[AuditEvent]:
            if meddle:
                meddle.pop()
                edit(working, 1)
            return select(wanted)

        log.select = meddling  # type: ignore[method-assign]  # what another process would do
        assert working.verify("tutor-1") == []

    def test_events_that_are_ahead_of_the_slots_are_findings(self, working: Schedule) -> None:
        restored = schedule()  # from a backup, say
        ahead = [edit(restored, hour) for hour in range(3)]
        for one in ahead:
            working._log.append(one.events)
        assert {finding.revision for finding in working.verify("tutor-1")} >= {1, 2, 3}

    def test_a_purge_while_the_log_is_read_is_noticed(self, repository: MemoryRepository) -> None:
        log = MemoryAuditLog()
        working = schedule(repository, log)
        for hour in range(4):
            edit(working, hour)
        select, meddle = log.select, [True]

        def meddling(wanted: Selection) -> list[AuditEvent]:
            if meddle:
                meddle.pop()
                schedule(repository, log).purge("tutor-1", 2)
            return select(wanted)

        log.select = meddling  # type: ignore[method-assign]  # what another process would do
        assert len(working.as_of("tutor-1", 4)) == 4
        assert working.verify("tutor-1") == []


def test_a_redelivery_that_is_given_up_half_way_loses_nothing(spool: Spool, repository: MemoryRepository) -> None:
    log = FaultyLog(refuse)
    results = [edit(schedule(repository, log, spool=spool), hour) for hour in range(3)]
    keeper = Keeper(spool)
    redelivery = keeper.redelivery()
    assert next(redelivery) == [*results[0].events]
    redelivery.close()
    assert len(spooled(spool.path)) == 3


def test_threads_that_redeliver_at_the_same_time_do_no_harm(spool: Spool, repository: MemoryRepository) -> None:
    log = FaultyLog(refuse)
    working = schedule(repository, log, spool=spool)
    for hour in range(20):
        edit(working, hour)
    log.mend()
    go = Event()

    def redeliver(found: list[Redelivered]) -> Callable[[], None]:
        def run() -> None:
            go.wait()
            found.append(working.redeliver())

        return run

    found: list[Redelivered] = []
    threads = [Thread(target=redeliver(found)) for _ in range(4)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert sum(one.delivered for one in found) == 20
    assert spool.is_empty()
    assert not findings(repository, log.kept)
