"""The repositories and audit logs in memory pass the contracts, asked by threads and by coroutines."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import Action, AuditEvent, Booking, Interval, Slot
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
from slotcalc.testing.expectations import TUTOR, booking, event, slot

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
