"""The contracts find each planted fault, and none where there is none; the strategies draw what they say."""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
import unicodedata
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    AuditEvent,
    Booking,
    BookingStatus,
    DuplicateIdError,
    Interval,
    IntervalSet,
    MissingExtraError,
    PointValueError,
    RevisionConflictError,
    Slot,
    UnknownBookingError,
    UnknownEventError,
)
from slotcalc.audit import Baseline, Selection
from slotcalc.repository import MemoryAuditLog, MemoryRepository, Request, Snapshot
from slotcalc.testing import (
    AuditLogContract,
    ConcurrentAuditLogContract,
    ConcurrentRepositoryContract,
    RepositoryContract,
    expectations,
    strategies,
    wait_for,
)
from slotcalc.testing.expectations import TUTOR, booking, expect_equal, expect_error, expect_held, hours, slot, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from slotcalc.audit import AuditLog
    from slotcalc.repository import Repository
    from slotcalc.repository.memory import _Resource


class ForgetsLabels(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [slot.replace(label="") for slot in super().slots(resource_id, window)]


class RoundsToSeconds(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [
            slot.replace(interval=(slot.interval.start, slot.interval.end.replace(microsecond=0)))
            if slot.interval.start < slot.interval.end.replace(microsecond=0)
            else slot
            for slot in super().slots(resource_id, window)
        ]


class IgnoresCase(MemoryRepository):
    def _resource(self, resource_id: str) -> _Resource:
        return super()._resource(resource_id.casefold())


class TrimsNames(MemoryRepository):
    def _resource(self, resource_id: str) -> _Resource:
        return super()._resource(resource_id.strip())


class NormalisesNames(MemoryRepository):
    def _resource(self, resource_id: str) -> _Resource:
        return super()._resource(unicodedata.normalize("NFC", resource_id))


class ReadsNamesAsNumbers(MemoryRepository):
    def _resource(self, resource_id: str) -> _Resource:
        return super()._resource(str(int(resource_id)) if resource_id.isdigit() else resource_id)


class CountsTouchingAsOverlapping(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [
            slot
            for slot in super().slots(resource_id)
            if window is None or (slot.interval.start <= window.end and window.start <= slot.interval.end)
        ]


class FindsOnlyWhatBeginsInTheWindow(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [slot for slot in super().slots(resource_id) if window is None or slot.interval.start in window]


class CutsWhatItReads(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        found = super().slots(resource_id, window)
        return found if window is None else [s.replace(interval=p) for s in found for p in s.interval & window]


class DropsTwins(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [*dict.fromkeys(super().slots(resource_id, window))]


class MergesSlots(MemoryRepository):
    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        return [Slot(resource_id, i) for i in IntervalSet(s.interval for s in super().slots(resource_id, window))]


class ReadsInReverse(MemoryRepository):
    def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        return super().bookings(resource_id, window)[::-1]


class HidesCancelledBookings(MemoryRepository):
    def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        return [b for b in super().bookings(resource_id, window) if b.status is not BookingStatus.CANCELLED]


class GivesALivingList(MemoryRepository):
    def __init__(self, *things: Any) -> None:
        super().__init__(*things)
        self._given: list[Slot] = []

    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        self._given[:] = super().slots(resource_id, window)
        return self._given

    def replace_slots(self, resource_id: str, *args: Any, **options: Any) -> Any:
        done = super().replace_slots(resource_id, *args, **options)
        self.slots(resource_id)
        return done


class CountsEditsOfNothing(MemoryRepository):
    def replace_slots(self, resource_id: str, *args: Any, **options: Any) -> Any:
        done = super().replace_slots(resource_id, *args, **options)
        if done.before == done.after:
            self._resource(resource_id).revision += 1
        return done


class ExpectsNothing(MemoryRepository):
    def replace_slots(self, *args: Any, expected_revision: int | None = None, **options: Any) -> Any:
        return super().replace_slots(*args, **options)


class ForgetsRequests(MemoryRepository):
    def replace_slots(self, *args: Any, request: Request | None = None, **options: Any) -> Any:
        return super().replace_slots(*args, **options)


class TrustsRequests(MemoryRepository):
    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        return super().release(resource_id, booking_id)


class MixesRequestsOfResources(MemoryRepository):
    def __init__(self, *things: Any) -> None:
        super().__init__(*things)
        self._seen: dict[str, Any] = {}

    def replace_slots(self, *args: Any, request: Request | None = None, **options: Any) -> Any:
        if request and request.id in self._seen:
            return self._seen[request.id].replace(repeated=True)
        done = super().replace_slots(*args, request=request, **options)
        if request:
            self._seen[request.id] = done
        return done


class DescribesAfterwards(MemoryRepository):
    def replace_slots(self, *args: Any, describe: Any = None, **options: Any) -> Any:
        done = super().replace_slots(*args, **options)
        return done.replace(events=describe(done)) if describe and done.before != done.after else done


class CutsNewSlotsSilently(MemoryRepository):
    def replace_slots(self, resource_id: str, window: Interval[Any], slots: Iterable[Slot], **options: Any) -> Any:
        cut = [s.replace(interval=piece) for s in slots for piece in s.interval & window]
        return super().replace_slots(resource_id, window, cut, **options)


class ReplacesWholeSlots(MemoryRepository):
    def replace_slots(self, resource_id: str, window: Interval[Any], slots: Iterable[Slot], **options: Any) -> Any:
        for s in self.slots(resource_id, window):
            window = window.span(s.interval)
        return super().replace_slots(resource_id, window, slots, **options)


class AdvancesBlindly(MemoryRepository):
    def advance(self, resource_id: str, *, expected_revision: int) -> int:
        return super().advance(resource_id, expected_revision=self.revision(resource_id))


class AdmitsAfterwards(MemoryRepository):
    def book(self, booking: Booking, *, admit: Any, **options: Any) -> Booking:
        slots, booked = self.slots(booking.resource_id), self.bookings(booking.resource_id)
        made = super().book(booking, admit=lambda *_: None, **options)
        admit(slots, booked)
        return made


class AdmitsByTheBookingAlone(MemoryRepository):
    def book(self, booking: Booking, *, window: Any = None, **options: Any) -> Booking:
        return super().book(booking, **options)


class AdmitsWithoutItself(MemoryRepository):
    def book(self, booking: Booking, *, admit: Any, **options: Any) -> Booking:
        return super().book(
            booking, admit=lambda slots, booked: admit(slots, [b for b in booked if b.id != booking.id]), **options
        )


class BooksTwice(MemoryRepository):
    def book(self, booking: Booking, *, moving: bool = False, **options: Any) -> Booking:
        try:
            return super().book(booking, moving=moving, **options)
        except DuplicateIdError:
            return super().book(booking, moving=True, **options)


class NamesTheNameless(MemoryRepository):
    def book(self, booking: Booking, **options: Any) -> Booking:
        return super().book(booking if booking.id else booking.replace(id="nameless"), **options)


class MovesWhatWasCancelled(MemoryRepository):
    def book(self, booking: Booking, *, moving: bool = False, **options: Any) -> Booking:
        try:
            return super().book(booking, moving=moving, **options)
        except UnknownBookingError:
            return super().book(booking, **options)


class CountsBookingsAsEdits(MemoryRepository):
    def book(self, booking: Booking, **options: Any) -> Booking:
        made = super().book(booking, **options)
        self._resource(booking.resource_id).revision += 1
        return made


class ReleasesOnce(MemoryRepository):
    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        if self._resource(resource_id).by_id[booking_id].status is BookingStatus.CANCELLED:
            raise UnknownBookingError("it was released already", resource_id, booking_id)
        return super().release(resource_id, booking_id, request=request)


class ReleasesAnything(MemoryRepository):
    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Any:
        with suppress(UnknownBookingError):
            return super().release(resource_id, booking_id, request=request)
        return None


class ForgetsSeatsOfTheReleased(MemoryRepository):
    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        return super().release(resource_id, booking_id, request=request).replace(seats=1)


class ReadsThenWrites(MemoryRepository):
    """The classic: what is compared and admitted is not what is there when it is written."""

    def replace_slots(self, resource_id: str, *args: Any, expected_revision: int | None = None, **options: Any) -> Any:
        if expected_revision not in {None, self.revision(resource_id)}:
            raise RevisionConflictError("somebody was faster")
        time.sleep(0.001)
        return super().replace_slots(resource_id, *args, **options)


class AdmitsThenBooks(MemoryRepository):
    def book(self, booking: Booking, *, admit: Any, **options: Any) -> Booking:
        admit(self.slots(booking.resource_id), self.bookings(booking.resource_id, booking.interval))
        time.sleep(0.01)
        return super().book(booking, admit=lambda *_: None, **options)


class ReadsThreeTimes(MemoryRepository):
    def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        slots = self.slots(resource_id, window)
        time.sleep(0.001)
        bookings = self.bookings(resource_id, window)
        time.sleep(0.001)
        return Snapshot(slots, bookings, self.revision(resource_id))


FAULTY_REPOSITORIES = [
    found
    for found in globals().values()
    if isinstance(found, type) and issubclass(found, MemoryRepository) and found is not MemoryRepository
]


class KeepsTwice(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        super().append(events)
        return len(events)


class AppendsOneByOne(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        return sum([super(AppendsOneByOne, self).append([event]) for event in events])


class TakesPreviews(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        return super().append([e if e.changed_at else e.replace(changed_at=hours(9, 10).start) for e in events])


class ShortensNotes(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        return super().append([event.replace(notes=event.notes[:4000]) for event in events])


class ReadsEmptyIdsAsNone(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        return [event.replace(slot_id=event.slot_id or None) for event in super().select(wanted)]


def sorted_by(order: Callable[[AuditEvent], Any]) -> type[MemoryAuditLog]:
    class Sorted(MemoryAuditLog):
        def select(self, wanted: Selection) -> list[AuditEvent]:
            return sorted(super().select(wanted), key=order, reverse=wanted.newest_first)

    return Sorted


class ComparesLoosely(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        found = super().select(wanted.replace(reason=None))
        return [e for e in found if wanted.reason is None or e.reason.casefold() == wanted.reason.casefold()]


class IncludesTheEnd(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        found = super().select(wanted.replace(until=None))
        return [e for e in found if wanted.until is None or (e.changed_at and e.changed_at <= wanted.until)]


class LimitsBeforeItChooses(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        found = super().select(Selection(resource_id=wanted.resource_id, after=wanted.after, limit=wanted.limit))
        return [event for event in found if wanted.includes(event)]


class LimitsTheWrongEnd(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        return super().select(wanted.replace(newest_first=False))[:: -1 if wanted.newest_first else 1]


class RepeatsTheLastOfAPage(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        found = super().select(wanted)
        return [self._by_id[wanted.after], *found][: wanted.limit] if wanted.after else found


class PagesByNumber(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        found = super().select(wanted.replace(after=None, limit=None))
        if wanted.after is not None and wanted.after not in self._by_id:
            raise UnknownEventError("there is none")
        self._read = getattr(self, "_read", 0) + (wanted.limit or 0) if wanted.after else 0
        return found[self._read :][: wanted.limit]


class FindsNothingBehindTheUnknown(MemoryAuditLog):
    def select(self, wanted: Selection) -> list[AuditEvent]:
        with suppress(UnknownEventError):
            return super().select(wanted)
        return []


class PurgesEverybody(MemoryAuditLog):
    def purge(self, baseline: Baseline) -> int:
        for other in [*self._by_resource]:
            if other != baseline.resource_id:
                super().purge(baseline.replace(resource_id=other))
        return super().purge(baseline)


class ForgetsTheDigest(MemoryAuditLog):
    def baseline(self, resource_id: str) -> Baseline | None:
        found = super().baseline(resource_id)
        return found and found.replace(digest="")


class TakesLateEvents(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        hidden, self._baselines = self._baselines, {}
        kept = super().append(events)
        self._baselines = hidden
        return kept


class MovesHistoryBack(MemoryAuditLog):
    def purge(self, baseline: Baseline) -> int:
        self._baselines.pop(baseline.resource_id, None)
        return super().purge(baseline)


class DropsOneTooMany(MemoryAuditLog):
    def purge(self, baseline: Baseline) -> int:
        dropped = super().purge(baseline.replace(revision=baseline.revision + 1))
        self._baselines[baseline.resource_id] = baseline
        return dropped


class LooksThenAppends(MemoryAuditLog):
    def append(self, events: Sequence[AuditEvent]) -> int:
        new = [event for event in {e.id: e for e in events}.values() if event.id not in self._by_id]
        time.sleep(0.001)
        super().append(events)
        return len(new)


FAULTY_LOGS = [
    found
    for found in globals().values()
    if isinstance(found, type) and issubclass(found, MemoryAuditLog) and found is not MemoryAuditLog
]


def failed(contract: object) -> Iterator[str]:
    """Yield the names of the tests of a contract that fail."""
    for name in dir(contract):
        if name.startswith("test_"):
            try:
                getattr(contract, name)()
            except Exception:  # noqa: BLE001  # a fault may show as any error
                yield name


def repository_contract(kind: type[MemoryRepository]) -> object:
    class Contract(RepositoryContract, ConcurrentRepositoryContract):
        def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
            return kind(slots, bookings)

    return Contract()


def audit_log_contract(kind: type[MemoryAuditLog]) -> object:
    class Contract(AuditLogContract, ConcurrentAuditLogContract):
        def make_audit_log(self) -> AuditLog:
            return kind()

    return Contract()


@pytest.mark.parametrize("kind", FAULTY_REPOSITORIES, ids=lambda kind: kind.__name__)
def test_the_contract_of_a_repository_finds_a_planted_fault(kind: type[MemoryRepository]) -> None:
    assert any(failed(repository_contract(kind)))


@pytest.mark.parametrize("kind", FAULTY_LOGS, ids=lambda kind: kind.__name__)
def test_the_contract_of_an_audit_log_finds_a_planted_fault(kind: type[MemoryAuditLog]) -> None:
    assert any(failed(audit_log_contract(kind)))


@pytest.mark.parametrize(
    "order",
    [lambda event: event.changed_at, lambda event: str(event.revision), lambda event: event.id],
    ids=["the clock", "text", "id"],
)
def test_the_contract_of_an_audit_log_finds_a_wrong_order(order: Callable[[AuditEvent], Any]) -> None:
    assert any(failed(audit_log_contract(sorted_by(order))))


def test_the_contracts_find_no_fault_where_there_is_none() -> None:
    assert [*failed(repository_contract(MemoryRepository))] == []
    assert [*failed(audit_log_contract(MemoryAuditLog))] == []


def test_a_contract_without_an_adapter_says_what_to_override() -> None:
    for contract in (RepositoryContract(), ConcurrentRepositoryContract()):
        with pytest.raises(NotImplementedError, match="override make_repository"):
            contract.make_repository()
    for log_contract in (AuditLogContract(), ConcurrentAuditLogContract()):
        with pytest.raises(NotImplementedError, match="override make_audit_log"):
            log_contract.make_audit_log()


# What the contracts are made of


def test_an_expectation_that_fails_says_what_was_expected_and_what_came() -> None:
    with pytest.raises(AssertionError, match=r"the sum should be\n    3\nbut is\n    4"):
        expect_equal(4, 3, "the sum")
    with pytest.raises(AssertionError, match=r"should raise KeyError but returns\n    7"):
        expect_error(KeyError, lambda: 7)
    with pytest.raises(ZeroDivisionError):
        expect_error(KeyError, lambda: 1 // 0)
    with pytest.raises(AssertionError, match="the order of the starts"):
        expect_held([slot(10, 11), slot(9, 10)], [slot(9, 10), slot(10, 11)])
    with pytest.raises(AssertionError, match="what is there"):
        expect_held([booking("b1", 9, 10)], [])


def test_calls_made_together_give_their_answers_in_order_or_the_first_error() -> None:
    assert together([partial(int, n) for n in range(5)]) == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        together([lambda: 1, lambda: 1 // 0])


def test_a_call_that_never_comes_back_fails_instead_of_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expectations, "_PATIENCE", 0.01)
    with pytest.raises(AssertionError, match=r"that came back within 0\.01 s"):
        together([lambda: time.sleep(0.3)])


def test_coroutines_of_many_threads_run_on_one_loop() -> None:
    async def loop() -> int:
        await asyncio.sleep(0)
        return id(asyncio.get_running_loop())

    assert len(set(together([lambda: wait_for(loop())] * 5))) == 1


# Strategies

NIGHT = [day.interval.start for day in (slot(hour / 2, 24) for hour in range(10))]


def test_without_hypothesis_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "slotcalc.testing.strategies")
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'slotcalc\[testing\]'"):
        importlib.import_module("slotcalc.testing.strategies")


@pytest.mark.parametrize("points", [strategies.HOURS, range(3), NIGHT], ids=["hours", "ints", "night"])
def test_everything_drawn_has_its_edges_among_the_points(points: Sequence[Any]) -> None:
    inside = set(points)

    @given(st.data())
    def check(data: st.DataObject) -> None:
        interval = data.draw(strategies.intervals(points))
        drawn = data.draw(strategies.interval_sets(points)), data.draw(strategies.interval_sets(points, unbounded=True))
        slots = data.draw(strategies.slots(points, resource_id=TUTOR))
        bookings = data.draw(strategies.bookings(points, resource_id=TUTOR))
        edges = {interval.start, interval.end, *drawn[0].starts, *drawn[0].ends, *drawn[1].starts, *drawn[1].ends}
        assert {item.resource_id for item in slots} | {item.resource_id for item in bookings} <= {TUTOR}
        for taken in [item.interval for item in slots] + [item.interval for item in bookings]:
            edges |= {taken.start, taken.end}
        assert edges <= inside
        assert not drawn[0].reaches_start
        assert not drawn[0].reaches_end
        assert len({booked.id for booked in bookings}) == len(bookings)

    check()


@pytest.mark.parametrize("points", [[], [1], [1, 1], [2, 1], [1, 3, 2]])
def test_points_are_two_or_more_in_order(points: list[int]) -> None:
    kinds: list[Any] = [strategies.intervals, strategies.slots, strategies.bookings, strategies.edits]
    for drawn in kinds:
        with pytest.raises(PointValueError, match="are not two or more in order"):
            drawn(points)


@given(st.data())
def test_points_may_be_local_times_of_the_night_on_which_the_clocks_go_back(data: st.DataObject) -> None:
    twice = [datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Paris")) for fold in (0, 1)]
    assert data.draw(strategies.intervals(twice)).duration == timedelta(hours=1)


@given(strategies.edit_scripts(resource_id=TUTOR))
def test_drawn_edits_are_made_by_a_repository(edits: list[strategies.Edit]) -> None:
    repository = MemoryRepository()
    for window, slots in edits:
        repository.replace_slots(TUTOR, window, slots)
        inside = IntervalSet(s.interval for s in repository.slots(TUTOR)) & window
        assert inside == IntervalSet(s.interval for s in slots)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda edits: any(one.window.abuts(two.window) for one in edits for two in edits),
        lambda edits: any(one == two for n, one in enumerate(edits) for two in edits[:n]),
        lambda edits: any(not slots for _, slots in edits),
    ],
    ids=["touching windows", "an edit twice", "an empty edit"],
)
def test_edits_of_every_interesting_kind_are_drawn(wanted: Callable[[Any], bool]) -> None:
    from hypothesis import find, settings  # noqa: PLC0415  # nothing else looks for one

    assert wanted(find(strategies.edit_scripts(range(5)), wanted, settings=settings(max_examples=5000)))
