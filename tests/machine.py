"""A state machine that edits and books several schedules by one script and holds each to a naive model after each step.

The model is a list of slots cut hour by hour, a dict of bookings and a list of past states. It knows no interval
algebra. Every schedule has to answer as the model says, so all of them answer alike, whatever they keep their slots in.
Whoever has a repository more inherits from `ScheduleMachine` and says in `backends` how its schedule is made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from slotcalc import (
    Booking,
    BookingStatus,
    DuplicateIdError,
    HorizonError,
    Interval,
    NotAvailableError,
    RequestConflictError,
    RevisionConflictError,
    Slot,
    SlotcalcError,
    UnknownBookingError,
)
from slotcalc.audit import Baseline, Delivery, Selection
from slotcalc.testing import strategies
from tests.naive_slots import State, applied, cells, changes, filled, runs, state_of, who

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slotcalc import AuditEvent
    from slotcalc.audit import AuditLog
    from slotcalc.repository import Repository
    from slotcalc.schedule import Schedule
    from slotcalc.testing.strategies import Edit

POINTS = strategies.HOURS[:9]
RESOURCES = ("tutor-1", "tutor-10")
MOST_SEATS = 2
HOUR = timedelta(hours=1)
WHOLE_DAY = Interval(POINTS[0], POINTS[-1])

resources = st.sampled_from(RESOURCES)
requests = st.none() | st.sampled_from(["request-1", "request-2"])
seats = st.integers(1, MOST_SEATS)
hours = strategies.intervals(POINTS).map(lambda found: Interval(found.start, min(found.end, found.start + 2 * HOUR)))
edits = strategies.edits(POINTS, resource_id="")


class UnreliableLog:
    """An audit log that stops working when it is told to; asked otherwise, it is the one behind it."""

    def __init__(self, log: AuditLog) -> None:
        """Begin in good order."""
        self._log = log
        self.immediate = getattr(log, "immediate", False)
        self.state = "up"

    def append(self, events: Sequence[AuditEvent]) -> int:
        if self.state == "down":
            raise ConnectionError("the log is down")
        kept = self._log.append(events)
        if self.state == "half down":
            raise ConnectionError("the events are kept, but the answer was lost")
        return kept

    def select(self, wanted: Selection) -> Sequence[AuditEvent]:
        return self._log.select(wanted)

    def baseline(self, resource_id: str) -> Baseline | None:
        return self._log.baseline(resource_id)

    def purge(self, baseline: Baseline) -> int:
        return self._log.purge(baseline)


class Backend(NamedTuple):
    """A schedule and the parts that it was made of."""

    schedule: Schedule
    repository: Repository
    log: UnreliableLog


def skewed_clock() -> Callable[[], datetime]:
    """Return a clock that goes forwards and back again: no order may depend on it."""
    numbers = count()
    return lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=next(numbers) * 37 % 100)


def numbered_ids() -> Callable[[], str]:
    """Return a source of ids that gives the same ones to every schedule that asks as often."""
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


class Resource:
    """What the model knows of a resource; its slots are of ints, an hour each."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.bookings: dict[str, Booking] = {}
        self.states: list[State] = [{}]  # by revision
        self.events: list[AuditEvent] = []  # as the schedule told them
        self.requests: dict[str, object] = {}
        self.purged = 0

    @property
    def revision(self) -> int:
        return len(self.states) - 1

    def capacity(self, cell: int) -> int:
        return max((slot.capacity for slot in self.slots if cell in cells(slot)), default=0)

    def is_available(self, wanted: Booking) -> bool:
        others = [held for held in self.bookings.values() if is_active(held) and held.id != wanted.id]
        return all(
            self.capacity(cell) - sum([held.seats for held in others if cell in cells(held)]) >= wanted.seats
            for cell in cells(wanted)
        )

    def is_covered(self, held: Booking, window: frozenset[int]) -> bool:
        return all(self.capacity(cell) >= held.seats for cell in cells(held) & window)

    def replace(self, window: frozenset[int], slots: list[Slot]) -> list[Any]:
        """Do what an edit does, and return what changed."""
        inside = [slot.replace(interval=run) for slot in self.slots for run in runs(cells(slot) & window)]
        before, after = state_of(inside), state_of(slots)
        changed = changes(before, after)
        if changed:
            outside = [slot.replace(interval=run) for slot in self.slots for run in runs(cells(slot) - window)]
            self.slots = outside + slots
            self.states.append(state_of(self.slots))
        return changed


def is_active(held: Booking) -> bool:
    return held.status is not BookingStatus.CANCELLED


def in_cells(thing: Any) -> Any:
    """Return a slot, a booking or an event with its hours counted instead of dated."""
    interval = thing.interval
    return thing.replace(interval=(POINTS.index(interval.start), POINTS.index(interval.end)))


def hours_of(window: Interval[Any]) -> frozenset[int]:
    return frozenset(range(POINTS.index(window.start), POINTS.index(window.end)))


class ScheduleMachine(RuleBasedStateMachine):
    """Runs edits, bookings, moves, releases, failing deliveries, redeliveries and purges on all backends at once."""

    waits: ClassVar[frozenset[Delivery]] = frozenset({Delivery.SPOOLED, Delivery.FAILED})

    def backends(self) -> dict[str, Backend]:
        """Return the schedules to compare, new and empty, with `skewed_clock()` and `numbered_ids()` each."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.resources = {name: Resource() for name in RESOURCES}
        self.made = self.backends()
        self.waiting = False
        self.numbers = count(1)
        for name in RESOURCES:  # so that there is something to book
            self.update(name, strategies.Edit(WHOLE_DAY, [Slot("", WHOLE_DAY, capacity=MOST_SEATS)]), None, None)

    def ask(self, question: Callable[[Schedule], Any]) -> Any:
        """Return what all schedules answer or raise; they have to agree."""
        answers = {name: answer_of(question, backend.schedule) for name, backend in self.made.items()}
        first, *others = answers.values()
        assert all(other == first for other in others), answers
        return first

    def repeats(self, resource: Resource, request: str | None, content: object) -> str | None:
        """Return "again" for a request that was made before, "conflict" if with another content."""
        if request is None or request not in resource.requests:
            return None
        return "again" if resource.requests[request] == content else "conflict"

    @rule(name=resources, edit=edits, request=requests, stale=st.sampled_from([None, None, 0, 1]))
    def update(self, name: str, edit: Edit, request: str | None, stale: int | None) -> None:
        resource, (window, slots) = self.resources[name], edit
        expected = None if stale is None else max(resource.revision - stale, 0)
        found = self.repeats(resource, request, edit)
        preview = self.ask(lambda s: s.preview(name, window, slots, changed_by="ada", expected_revision=expected))
        deliveries = set()

        def edited(schedule: Schedule) -> Any:
            result = schedule.update(
                name, window, slots, changed_by="ada", expected_revision=expected, request_id=request
            )
            deliveries.add(result.delivery)
            return result.replace(delivery=Delivery.NOTHING, error="")

        done = self.ask(edited)
        if found == "conflict":
            assert done is RequestConflictError
        elif found == "again":
            assert done.repeated
            assert done.events == () or done.events[0] in resource.events
            self.waiting |= bool(deliveries & self.waits)
        elif expected not in {None, resource.revision}:
            assert done is preview is RevisionConflictError
        else:
            self.check_edit(name, edit, preview, done)
            self.waiting |= bool(deliveries & self.waits)
            if request is not None:
                resource.requests[request] = edit

    def check_edit(self, name: str, edit: Edit, preview: Any, done: Any) -> None:
        """Compare an edit with what it does to the model."""
        resource, window = self.resources[name], hours_of(edit.window)
        held = sorted(filter(is_active, resource.bookings.values()), key=lambda b: (b.interval.start, str(b.id)))
        covered = [b for b in held if cells(b) & window and resource.is_covered(b, window)]
        changed = resource.replace(window, [in_cells(slot).replace(resource_id=name) for slot in edit.slots])
        told = [in_cells(event) for event in done.events]
        assert [(e.action, (e.interval.start, e.interval.end), who(e)) for e in told] == changed
        assert [e.interval for e in preview.events] == [e.interval for e in done.events]
        assert (done.revision, done.repeated) == (resource.revision, False)
        assert {(e.revision, e.change_id) for e in done.events} <= {(resource.revision, done.change_id)}
        lost = {b.id for b in covered if not resource.is_covered(b, window)}
        assert {b.id for b in done.displaced} == {b.id for b in preview.displaced} == lost
        resource.events += done.events

    @rule(name=resources, interval=hours, seats=seats, request=requests, taken=st.booleans())
    def book(self, name: str, interval: Interval[Any], seats: int, request: str | None, taken: bool) -> None:
        resource = self.resources[name]
        known = [*resource.bookings]
        booking_id = known[0] if taken and known else f"booking-{next(self.numbers)}"
        content = ("book", interval, seats, booking_id)
        found = self.repeats(resource, request, content)
        wanted = in_cells(Booking(name, interval, seats=seats, id=booking_id))
        made = self.ask(lambda s: s.book(name, interval, seats=seats, booking_id=booking_id, request_id=request))
        if found == "conflict":
            assert made is RequestConflictError
        elif found == "again":
            assert in_cells(made) == wanted
        elif booking_id in resource.bookings:
            assert made is DuplicateIdError
        elif not resource.is_available(wanted):
            assert made is NotAvailableError
        else:
            assert in_cells(made) == wanted
            resource.bookings[booking_id] = wanted
            if request is not None:
                resource.requests[request] = content

    @rule(name=resources, interval=hours, number=st.integers(0, 5))
    def move(self, name: str, interval: Interval[Any], number: int) -> None:
        resource = self.resources[name]
        booking_id = ["nobody", *resource.bookings][-number % (len(resource.bookings) + 1)]
        held = resource.bookings.get(booking_id)
        moved = self.ask(lambda s: s.move(name, booking_id, interval))
        if held is None or not is_active(held):
            assert moved is UnknownBookingError
            return
        wanted = held.replace(interval=in_cells(Slot(name, interval)).interval)
        if resource.is_available(wanted):
            assert in_cells(moved) == wanted
            resource.bookings[booking_id] = wanted
        else:
            assert moved is NotAvailableError

    @rule(name=resources, number=st.integers(0, 5))
    def release(self, name: str, number: int) -> None:
        resource = self.resources[name]
        booking_id = ["nobody", *resource.bookings][-number % (len(resource.bookings) + 1)]
        released = self.ask(lambda s: s.release(name, booking_id))
        if booking_id not in resource.bookings:
            assert released is UnknownBookingError
            return
        resource.bookings[booking_id] = resource.bookings[booking_id].replace(status=BookingStatus.CANCELLED)
        assert in_cells(released) == resource.bookings[booking_id]

    @rule(state=st.sampled_from(["up", "down", "half down"]))
    def let_the_logs_be(self, state: str) -> None:
        for backend in self.made.values():
            backend.log.state = state

    @rule()
    def redeliver(self) -> None:
        is_up = all(backend.log.state == "up" for backend in self.made.values())
        left = {backend.schedule.redeliver().pending for backend in self.made.values()}
        if is_up:
            assert left == {0}
            self.waiting = False
            for name, resource in self.resources.items():
                self.check_log(name, resource.events)

    def check_log(self, name: str, wanted: list[AuditEvent]) -> None:
        """Compare what all logs hold with these events, apart from what was purged."""
        purged = self.resources[name].purged
        for made, backend in self.made.items():
            held = backend.log.select(Selection(resource_id=name))
            assert [*held] == [event for event in wanted if event.revision > purged], made

    @rule(name=resources, back=st.integers(0, 3))
    def ask_for_a_past_state(self, name: str, back: int) -> None:
        resource = self.resources[name]
        revision = max(resource.revision - back, 0)
        if self.waiting:
            return  # the log cannot know yet
        slots = self.ask(lambda s: s.as_of(name, revision))
        if revision < resource.purged:
            assert slots is HorizonError
        else:
            assert state_of(map(in_cells, slots)) == resource.states[revision]

    @precondition(lambda self: not self.waiting)
    @rule(name=resources, back=st.integers(0, 3))
    def purge(self, name: str, back: int) -> None:
        resource = self.resources[name]
        revision = resource.revision - back
        if revision <= max(resource.purged, 0):
            return
        dropped = self.ask(lambda s: s.purge(name, revision))
        assert dropped == len([e for e in resource.events if resource.purged < e.revision <= revision])
        resource.purged = revision

    @invariant()
    def the_repositories_hold_what_the_model_says(self) -> None:
        for name, resource in self.resources.items():
            for made, backend in self.made.items():
                there = backend.repository.snapshot(name)
                assert sorted(map(repr, map(in_cells, there.slots))) == sorted(map(repr, resource.slots)), made
                held = [repr(in_cells(booked)) for booked in there.bookings]
                assert sorted(held) == sorted(map(repr, resource.bookings.values())), made
                assert there.revision == resource.revision, made

    @invariant()
    def the_events_lead_strictly_to_the_slots_and_leave_no_hole(self) -> None:
        for resource in self.resources.values():
            state: State | None = {}
            for event in resource.events:
                state = state if state is None else applied(state, in_cells(event))
            assert state is not None
            assert filled(state) == resource.states[-1]
            assert sorted({event.revision for event in resource.events}) == [*range(1, resource.revision + 1)]

    @invariant()
    def the_logs_hold_what_was_told_in_order_and_all_of_it_if_nothing_waits(self) -> None:
        for name, resource in self.resources.items():
            if not self.waiting:
                self.check_log(name, resource.events)
                continue
            for made, backend in self.made.items():
                held = backend.log.select(Selection(resource_id=name))
                assert [*held] == [event for event in resource.events if event in held], made

    @invariant()
    def no_more_seats_are_booked_than_were_ever_offered(self) -> None:
        for resource in self.resources.values():
            held = [booked for booked in resource.bookings.values() if is_active(booked)]
            for cell in range(len(POINTS)):
                assert sum([booked.seats for booked in held if cell in cells(booked)]) <= MOST_SEATS


def answer_of(question: Callable[[Schedule], Any], schedule: Schedule) -> Any:
    """Return what a schedule answers, or the kind of error that it raises."""
    try:
        return question(schedule)
    except SlotcalcError as error:
        return type(error)
