"""A repository and an audit log in memory: safe to use from many threads, and the reference for all others.

They are for tests, for trying things out, and for programs that keep their slots in files of their own. Imports
`timeline` and `protocols`. The asynchronous ones are these, asked from a coroutine: nothing in them ever waits.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import gt, lt
from threading import Lock
from typing import Any, ClassVar, Final, Self

from slotcalc.audit import Baseline, Selection
from slotcalc.audit.log import check_deliverable
from slotcalc.booking import Booking, BookingStatus, Slot, as_list
from slotcalc.diff import AuditEvent
from slotcalc.intervals import Interval
from slotcalc.repository.exchange import (
    check_booking,
    check_revision,
    check_same_request,
    exchange,
    horizon_error,
    slots_inside,
    unknown_booking,
    unknown_event,
)
from slotcalc.repository.protocols import Admit, Describe, Replaced, Request, Snapshot
from slotcalc.repository.timeline import Timeline

__all__ = ["AsyncMemoryAuditLog", "AsyncMemoryRepository", "MemoryAuditLog", "MemoryRepository"]


class MemoryRepository:
    """A `Repository` in memory. Threads that edit different resources do not wait for each other.

    Args:
        slots: what is there at revision 0.
        bookings: likewise.

    An edit costs O(√n + what it touches) for n slots of its resource.

    >>> repository = MemoryRepository([Slot("tutor-1", (9, 17))])
    >>> repository.replace_slots("tutor-1", Interval(12, 13), []).before
    (Slot('tutor-1', Interval(12, 13)),)
    >>> repository.slots("tutor-1")
    [Slot('tutor-1', Interval(9, 12)), Slot('tutor-1', Interval(13, 17))]
    """

    def __init__(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> None:
        """Begin with these; each booking needs an id, unless nobody will move or release it.

        Raises:
            DuplicateIdError: for two bookings of a resource with one id.
            PointTypeError: for anything but slots and bookings.
        """
        self._lock = Lock()  # of the table of resources; each resource has a lock of its own
        self._resources: dict[str, _Resource] = {}
        offered: dict[str, list[Slot]] = {}
        booked: dict[str, list[Booking]] = {}
        for slot in as_list(slots, Slot):
            offered.setdefault(slot.resource_id, []).append(slot)
        for booking in as_list(bookings, Booking):
            booked.setdefault(booking.resource_id, []).append(booking)
        for resource_id in {**offered, **booked}:
            self._resources[resource_id] = _Resource(offered.get(resource_id, ()), booked.get(resource_id, ()))

    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        """Return the slots, or those that overlap the window; see `Repository`."""
        with self._known(resource_id) as resource:
            return resource.slots.overlapping(window)

    def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        """Return the bookings of any status, or those that overlap the window; see `Repository`."""
        with self._known(resource_id) as resource:
            return resource.bookings.overlapping(window)

    def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, of any status, or None if there is none."""
        with self._known(resource_id) as resource:
            return resource.by_id.get(booking_id)

    def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen."""
        with self._known(resource_id) as resource:
            return resource.revision

    def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""
        with self._known(resource_id) as resource:
            return Snapshot(
                resource.slots.overlapping(window), resource.bookings.overlapping(window), resource.revision
            )

    def replace_slots(
        self,
        resource_id: str,
        window: Interval[Any],
        slots: Iterable[Slot],
        *,
        describe: Describe | None = None,
        expected_revision: int | None = None,
        request: Request | None = None,
    ) -> Replaced:
        """Replace all slot time inside the window by the slots; see `Repository`."""
        after = slots_inside(slots, resource_id, window)
        with self._resource(resource_id) as resource:
            answer: Replaced | None = resource.answer(request)
            if answer is not None:
                return answer.replace(repeated=True)
            check_revision(resource_id, expected_revision, resource.revision)
            done = exchange(
                resource.slots.overlapping(window),
                after,
                window,
                revision=resource.revision,
                bookings=resource.bookings.overlapping(window),
                describe=describe,
            )
            resource.slots.exchange(done.gone, done.new)
            resource.revision = done.replaced.revision
            resource.remember(request, done.replaced)
            return done.replaced

    def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots; see `Repository`."""
        with self._resource(resource_id) as resource:
            check_revision(resource_id, expected_revision, resource.revision)
            resource.revision += 1
            return resource.revision

    def book(
        self,
        booking: Booking,
        *,
        admit: Admit,
        window: Interval[Any] | None = None,
        moving: bool = False,
        request: Request | None = None,
    ) -> Booking:
        """Keep a new booking if `admit` raises nothing, and return it; see `Repository`."""
        asked = booking.interval if window is None else window
        with self._resource(booking.resource_id) as resource:
            answer: Booking | None = resource.answer(request)
            if answer is not None:
                return answer
            there = resource.by_id.get(booking.id)
            check_booking(booking, there, moving=moving)
            admit(resource.slots.overlapping(asked), resource.bookings.overlapping(asked))
            resource.keep(booking, there)
            resource.remember(request, booking)
            return booking

    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now; see `Repository`."""
        with self._resource(resource_id) as resource:
            answer: Booking | None = resource.answer(request)
            if answer is not None:
                return answer
            booking = resource.by_id.get(booking_id)
            if booking is None:
                raise unknown_booking(resource_id, booking_id)
            cancelled = booking
            if booking.status is not BookingStatus.CANCELLED:
                cancelled = booking.replace(status=BookingStatus.CANCELLED)
                resource.keep(cancelled, booking)
            resource.remember(request, cancelled)
            return cancelled

    def __repr__(self) -> str:
        """Return how many resources there are: no content, since it may be large or private."""
        return f"<MemoryRepository of {len(self._resources)} resources>"

    def _known(self, resource_id: str) -> "_Resource":
        """Return what is kept of a resource; asking about one that nobody edited keeps nothing of it."""
        return self._resources.get(resource_id) or _Resource()

    def _resource(self, resource_id: str) -> "_Resource":
        resource = self._resources.get(resource_id)
        if resource is None:
            with self._lock:
                resource = self._resources.setdefault(resource_id, _Resource())
        return resource


class _Resource:
    """What is kept of one resource, and the lock that guards it: use it in a `with`."""

    __slots__ = ("_answers", "_lock", "bookings", "by_id", "revision", "slots")

    def __init__(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> None:
        self._lock = Lock()
        self._answers: dict[str, tuple[str, Any]] = {}
        self.slots = Timeline(slots)
        self.bookings = Timeline(bookings)
        self.by_id: dict[str | None, Booking] = {}
        for booking in self.bookings:
            if booking.id is not None:
                check_booking(booking, self.by_id.get(booking.id), moving=False)
                self.by_id[booking.id] = booking
        self.revision = 0

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def answer(self, request: Request | None) -> Any:  # what `remember` was given, or None
        if request is None or request.id not in self._answers:
            return None
        fingerprint, answer = self._answers[request.id]
        check_same_request(request, fingerprint)
        return answer

    def remember(self, request: Request | None, answer: object) -> None:
        if request is not None:
            self._answers[request.id] = request.fingerprint, answer

    def keep(self, booking: Booking, earlier: Booking | None) -> None:
        self.bookings.exchange([] if earlier is None else [earlier], [booking])
        self.by_id[booking.id] = booking


class MemoryAuditLog:
    """An `AuditLog` in memory."""

    immediate: ClassVar[bool] = True

    def __init__(self, events: Iterable[AuditEvent] = ()) -> None:
        """Begin with these events."""
        self._lock = Lock()
        self._by_id: dict[str, AuditEvent] = {}
        self._by_resource: dict[str, _History] = {}
        self._baselines: dict[str, Baseline] = {}
        self.append([*events])

    def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new. O(log n) each, if they come in their order."""
        check_deliverable(events)
        with self._lock:
            kept = 0
            for event in events:
                baseline = self._baselines.get(event.resource_id)
                if event.id in self._by_id or (baseline is not None and event.revision <= baseline.revision):
                    continue
                self._by_id[event.id] = event
                self._by_resource.setdefault(event.resource_id, _History()).add(event)
                kept += 1
            return kept

    def select(self, wanted: Selection) -> list[AuditEvent]:
        """Return the events that are asked for.

        O(√n + those that it looks at until the limit is reached) for n events of the resource; without a resource,
        O(n log n) in all events.
        """
        with self._lock:
            behind = None if wanted.after is None else self._by_id.get(wanted.after)
            if wanted.after is not None and behind is None:
                raise unknown_event(wanted.after)
            if wanted.resource_id is None:
                events: Iterable[AuditEvent] = sorted(
                    self._by_id.values(), key=wanted.order, reverse=wanted.newest_first
                )
            else:
                history = self._by_resource.get(wanted.resource_id) or _History()
                events = history.newest_first(behind) if wanted.newest_first else history.oldest_first(behind)
        chosen = (event for event in events if wanted.includes(event))
        if behind is not None:
            last, is_new = wanted.order(behind), lt if wanted.newest_first else gt
            chosen = (event for event in chosen if is_new(wanted.order(event), last))
        return [*islice(chosen, wanted.limit)]

    def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""
        with self._lock:
            return self._baselines.get(resource_id)

    def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, and keep the baseline; return how many."""
        with self._lock:
            earlier = self._baselines.get(baseline.resource_id)
            if earlier is not None and earlier.revision > baseline.revision:
                raise horizon_error(baseline.resource_id, baseline.revision, earlier.revision)
            dropped = (self._by_resource.get(baseline.resource_id) or _History()).drop(baseline.revision)
            for event in dropped:
                del self._by_id[event.id]
            self._baselines[baseline.resource_id] = baseline
            return len(dropped)

    def __repr__(self) -> str:
        """Return how many events there are."""
        return f"<MemoryAuditLog of {len(self._by_id)} events>"


class _History:
    """The events of one resource by revision and ordinal, in blocks, so that a page needs no copy of them all.

    A block is changed only by adding to the end of the last one; else another takes its place. So whoever holds the
    blocks reads a state of the history without a lock.
    """

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: list[list[AuditEvent]] = []

    def add(self, event: AuditEvent) -> None:
        blocks = self._blocks
        if not blocks or (len(blocks[-1]) >= _BLOCK and blocks[-1][-1].place < event.place):
            blocks.append([event])
        elif blocks[-1][-1].place < event.place:
            blocks[-1].append(event)
        else:  # it comes late
            b = self._block_of(event)
            whole = [*blocks[b]]
            insort(whole, event, key=_place)
            blocks[b : b + 1] = [whole[i : i + _BLOCK] for i in range(0, len(whole), _BLOCK)]

    def oldest_first(self, behind: AuditEvent | None) -> Iterator[AuditEvent]:
        """Return the events in order, from the block of that one on."""
        first = 0 if behind is None else self._block_of(behind)
        return chain.from_iterable(self._blocks[first:])

    def newest_first(self, behind: AuditEvent | None) -> Iterator[AuditEvent]:
        """Return the events in reverse order, from the block of that one back."""
        last = len(self._blocks) if behind is None else self._block_of(behind) + 1
        return chain.from_iterable(map(reversed, self._blocks[last - 1 :: -1] if last else []))

    def drop(self, revision: int) -> list[AuditEvent]:
        """Take out the events up to a revision, and return them."""
        dropped: list[AuditEvent] = []
        kept: list[AuditEvent] = []
        for event in self.oldest_first(None):
            (dropped if event.revision <= revision else kept).append(event)
        self._blocks = [kept[i : i + _BLOCK] for i in range(0, len(kept), _BLOCK)]
        return dropped

    def _block_of(self, event: AuditEvent) -> int:
        """Return which block the event is in, or would be."""
        return max(bisect_right(self._blocks, event.place, key=_place_of_first) - 1, 0)


_BLOCK: Final = 1000


def _place(event: AuditEvent) -> tuple[int, int]:
    return event.place


def _place_of_first(block: list[AuditEvent]) -> tuple[int, int]:
    return block[0].place


class AsyncMemoryRepository:
    """An `AsyncRepository` in memory: a `MemoryRepository` asked from coroutines."""

    def __init__(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> None:
        """Begin with these."""
        self._repository = MemoryRepository(slots, bookings)

    async def slots(self, resource_id: str, window: Interval[Any] | None = None) -> list[Slot]:
        """Return the slots, or those that overlap the window."""
        return self._repository.slots(resource_id, window)

    async def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> list[Booking]:
        """Return the bookings of any status, or those that overlap the window."""
        return self._repository.bookings(resource_id, window)

    async def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, or None if there is none."""
        return self._repository.booking(resource_id, booking_id)

    async def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen."""
        return self._repository.revision(resource_id)

    async def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""
        return self._repository.snapshot(resource_id, window)

    async def replace_slots(
        self,
        resource_id: str,
        window: Interval[Any],
        slots: Iterable[Slot],
        *,
        describe: Describe | None = None,
        expected_revision: int | None = None,
        request: Request | None = None,
    ) -> Replaced:
        """Replace all slot time inside the window by the slots, and say what was there."""
        return self._repository.replace_slots(
            resource_id, window, slots, describe=describe, expected_revision=expected_revision, request=request
        )

    async def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots."""
        return self._repository.advance(resource_id, expected_revision=expected_revision)

    async def book(
        self,
        booking: Booking,
        *,
        admit: Admit,
        window: Interval[Any] | None = None,
        moving: bool = False,
        request: Request | None = None,
    ) -> Booking:
        """Keep a new booking if `admit` raises nothing, and return it."""
        return self._repository.book(booking, admit=admit, window=window, moving=moving, request=request)

    async def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now."""
        return self._repository.release(resource_id, booking_id, request=request)


class AsyncMemoryAuditLog:
    """An `AsyncAuditLog` in memory: a `MemoryAuditLog` asked from coroutines."""

    immediate: ClassVar[bool] = True

    def __init__(self, events: Iterable[AuditEvent] = ()) -> None:
        """Begin with these events."""
        self._log = MemoryAuditLog(events)

    async def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new."""
        return self._log.append(events)

    async def select(self, wanted: Selection) -> list[AuditEvent]:
        """Return the events that are asked for."""
        return self._log.select(wanted)

    async def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""
        return self._log.baseline(resource_id)

    async def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, and keep the baseline; return how many."""
        return self._log.purge(baseline)
