"""The repositories and audit logs in memory pass the contracts, asked by threads and by coroutines."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import Action, AuditEvent, Booking, DuplicateIdError, Interval, PointTypeError, Slot
from slotcalc.audit import Delivery
from slotcalc.repository import (
    AsyncMemoryAuditLog,
    AsyncMemoryRepository,
    MemoryAuditLog,
    MemoryRepository,
    Replaced,
    Request,
    Snapshot,
)
from slotcalc.testing import (
    AuditLogContract,
    ConcurrentAuditLogContract,
    ConcurrentRepositoryContract,
    RepositoryContract,
    awaited,
)
from slotcalc.testing.expectations import TUTOR, at, booking, event, hours, slot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slotcalc.audit import AuditLog
    from slotcalc.repository import Repository


class TestMemoryRepository(RepositoryContract, ConcurrentRepositoryContract):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        return MemoryRepository(slots, bookings)


class TestAsyncMemoryRepository(RepositoryContract, ConcurrentRepositoryContract):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        return awaited(AsyncMemoryRepository(slots, bookings))


class TestMemoryAuditLog(AuditLogContract, ConcurrentAuditLogContract):
    def make_audit_log(self) -> AuditLog:
        return MemoryAuditLog()


class TestAsyncMemoryAuditLog(AuditLogContract, ConcurrentAuditLogContract):
    def make_audit_log(self) -> AuditLog:
        return awaited(AsyncMemoryAuditLog())


def test_logs_in_memory_say_that_they_never_wait() -> None:
    assert MemoryAuditLog.immediate
    assert AsyncMemoryAuditLog.immediate
    assert awaited(AsyncMemoryAuditLog()).immediate  # type: ignore[attr-defined]  # an option of the protocol


def test_a_repr_tells_how_much_is_there_and_nothing_of_it() -> None:
    assert repr(MemoryRepository([slot(9, 10), slot(9, 10, "tutor-2")])) == "<MemoryRepository of 2 resources>"
    assert repr(MemoryAuditLog([event(1)])) == "<MemoryAuditLog of 1 events>"
    assert TUTOR not in repr(MemoryRepository([slot(9, 10)]))


def test_a_resource_begins_with_one_booking_of_each_id() -> None:
    with pytest.raises(DuplicateIdError, match="has a booking 'b1' already"):
        MemoryRepository([], [booking("b1", 9, 10), booking("b1", 11, 12)])
    elsewhere = [booking("b1", 9, 10), booking("b1", 9, 10, "tutor-2")]
    nameless = [Booking(TUTOR, elsewhere[0].interval)] * 2
    assert len(MemoryRepository([], elsewhere + nameless).bookings(TUTOR)) == 3


@pytest.mark.parametrize(
    "window, slots, message",
    [
        ((at(9), at(10)), [], "is no window; pass an Interval"),
        (hours(9, 10), [hours(9, 10)], "is no list of Slot objects"),
        (hours(9, 10), "09:00", "is no list of Slot objects"),
        (hours(9, 10), None, "None is no list of Slot objects"),
        (hours(9, 10), [slot(9, 10), Slot(TUTOR, (9, 10))], "are of points without a common order"),
        (hours(9, 10), [Slot(TUTOR, (9, 10))], "have no common order"),
    ],
    ids=["window", "interval", "text", "nothing", "mixed", "numbers"],
)
def test_what_is_no_window_or_slot_is_refused_and_nothing_is_written(window: Any, slots: Any, message: str) -> None:
    repository = MemoryRepository([slot(9, 10)])
    with pytest.raises(PointTypeError, match=message):
        repository.replace_slots(TUTOR, window, slots)
    assert (repository.slots(TUTOR), repository.revision(TUTOR)) == ([slot(9, 10)], 0)


def test_a_repository_begins_with_slots_and_bookings_and_nothing_else() -> None:
    pairs: Any = [(9, 17)]
    with pytest.raises(PointTypeError, match=r"\[\(9, 17\)\] is no list of Slot objects"):
        MemoryRepository(pairs)
    with pytest.raises(PointTypeError, match="is no list of Booking objects"):
        MemoryRepository([], [slot(9, 10)])  # type: ignore[list-item]  # refused at run time, too


@pytest.mark.parametrize(
    "value",
    [
        Snapshot([slot(9, 10)], [booking("b1", 9, 10)], 3),
        Request("r1", "f1"),
        Replaced([slot(9, 10)], [], 1),
        Replaced([slot(9, 10)], [], 1, bookings=[booking("b1", 9, 10)], events=[event(1)], delivery=Delivery.WRITTEN),
        Replaced((), (), 0, repeated=True),
    ],
    ids=["snapshot", "request", "plain", "full", "repeated"],
)
def test_what_a_repository_answers_survives_pickle_copy_and_repr(value: Any) -> None:
    import datetime as dt  # noqa: PLC0415  # reprs say datetime.datetime

    names = {kind.__name__: kind for kind in (Action, AuditEvent, Booking, Delivery, Interval, Replaced, Request, Slot)}
    again = eval(repr(value), {**names, "Snapshot": Snapshot, "datetime": dt})  # noqa: S307  # our own repr
    assert again == pickle.loads(pickle.dumps(value)) == copy.copy(value) == value.replace() == value  # noqa: S301  # ours
    assert hash(again) == hash(value)


@pytest.mark.parametrize("window", [(9, 17), 9, Interval(datetime(2026, 3, 2), datetime(2026, 3, 3))])
def test_a_window_in_memory_is_an_interval_of_the_points_that_are_there(window: Any) -> None:
    repository = MemoryRepository([Slot("r", (9, 17))])
    for question in (repository.slots, repository.snapshot):
        with pytest.raises(PointTypeError, match=r"is no window; pass an Interval|have no common order"):
            question("r", window)
