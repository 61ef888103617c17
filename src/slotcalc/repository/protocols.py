"""What a repository is: five questions and four atomic edits. Imports `audit` and below; `memory` is the reference.

Every edit is one exchange, because reading, comparing and then writing lets two editors log changes that never
happened. What has to be decided within the exchange comes in as a pure function (`Describe`, `Admit`), so that a
repository holds no rules of its own and a database can decide while it holds its lock.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeAlias, final

from slotcalc.audit import Delivery
from slotcalc.booking import Booking, Slot
from slotcalc.diff import AuditEvent
from slotcalc.diff.changes import Changes, changes_in_order, unshared
from slotcalc.diff.event import checked_text
from slotcalc.intervals import Interval
from slotcalc.values import Value

__all__ = ["Admit", "AsyncRepository", "Describe", "Redelivered", "Replaced", "Repository", "Request", "Snapshot"]


@final
class Snapshot(Value):
    """What a repository holds of a resource at one moment; with a window, what overlaps it.

    Args:
        slots: the slots, whole, in order of their start.
        bookings: the bookings of any status, in order of their start.
        revision: how many edits the slots have seen.
    """

    __slots__ = ("bookings", "revision", "slots")
    __match_args__ = ("slots", "bookings", "revision")
    _positional = 3

    slots: tuple[Slot, ...]
    bookings: tuple[Booking, ...]
    revision: int

    def __init__(self, slots: Iterable[Slot], bookings: Iterable[Booking], revision: int) -> None:
        """Keep the parts."""
        self._set(slots=tuple(slots), bookings=tuple(bookings), revision=revision)


@final
class Replaced(Value):
    """What an exchange of slots did.

    Args:
        before: the slots that were in the window, cut to it, in order of their start.
        after: the slots that are in the window now.
        revision: the revision of the resource after it; the one from before if nothing changed.
        bookings: the bookings of any status that overlap the window.
        events: what `describe` said of it; none if nothing changed.
        delivery: what became of the events, if the repository keeps them itself; else None.
        repeated: whether this is the answer to a request that was made before.
    """

    __slots__ = ("_changes", "_unshared", "after", "before", "bookings", "delivery", "events", "repeated", "revision")
    __match_args__ = ("before", "after", "revision", "bookings", "events", "delivery", "repeated")
    _positional = 3

    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    revision: int
    bookings: tuple[Booking, ...]
    events: tuple[AuditEvent, ...]
    delivery: Delivery | None
    repeated: bool
    _changes: Changes | None
    _unshared: tuple[list[Slot], list[Slot]] | None

    def __init__(
        self,
        before: Iterable[Slot],
        after: Iterable[Slot],
        revision: int,
        *,
        bookings: Iterable[Booking] = (),
        events: Iterable[AuditEvent] = (),
        delivery: Delivery | None = None,
        repeated: bool = False,
    ) -> None:
        """Keep the parts."""
        self._set(
            before=tuple(before),
            after=tuple(after),
            revision=revision,
            bookings=tuple(bookings),
            events=tuple(events),
            delivery=delivery,
            repeated=repeated,
            _changes=None,
            _unshared=None,
        )

    def changes(self) -> Changes:
        """Return what was removed and what was added, as `diff` finds it; worked out once."""
        if self._changes is None:
            self._set(_changes=changes_in_order(self.before, self.after, self.unshared()))
        return self._changes  # type: ignore[return-value]  # as was seen

    def unshared(self) -> tuple[list[Slot], list[Slot]]:
        """Return the slots that went and those that came; worked out once. A slot that moved did both."""
        if self._unshared is None:
            self._set(_unshared=unshared(self.before, self.after))
        return self._unshared  # type: ignore[return-value]  # as was seen


@final
class Request(Value):
    """The name that a caller gave to one edit, so that making it twice does it once.

    Args:
        id: the name; one resource never has two requests of the same name.
        fingerprint: a digest of what is asked for: the same name with another content is a conflict.

    Raises:
        LimitExceededError, PointTypeError, PointValueError: for what is no text, or none that every store keeps.
    """

    __slots__ = ("fingerprint", "id")
    __match_args__ = ("id", "fingerprint")
    _positional = 2

    id: str
    fingerprint: str

    def __init__(self, id: str, fingerprint: str) -> None:
        """Check both."""
        self._set(id=checked_text("request id", id), fingerprint=checked_text("fingerprint", fingerprint))


@final
class Redelivered(Value):
    """What became of the events that were waiting.

    Args:
        delivered: how many the log has now and had not before.
        duplicates: how many it had already.
        pending: how many still wait, because the log did not take them.
        unreadable: how many lines of a spool were no batch of events; they are kept in `Spool.unreadable`.
        error: the last thing that went wrong; empty if nothing did.
    """

    __slots__ = ("delivered", "duplicates", "error", "pending", "unreadable")
    __match_args__ = ("delivered", "duplicates", "pending", "unreadable", "error")
    _positional = 0

    delivered: int
    duplicates: int
    pending: int
    unreadable: int
    error: str

    def __init__(
        self, *, delivered: int = 0, duplicates: int = 0, pending: int = 0, unreadable: int = 0, error: str = ""
    ) -> None:
        """Keep the numbers; `redeliver` counts them."""
        self._set(delivered=delivered, duplicates=duplicates, pending=pending, unreadable=unreadable, error=error)

    def plus(self, other: "Redelivered") -> "Redelivered":
        """Return what became of the events of both; the error is that of the other if it has one."""
        return Redelivered(
            delivered=self.delivered + other.delivered,
            duplicates=self.duplicates + other.duplicates,
            pending=self.pending + other.pending,
            unreadable=self.unreadable + other.unreadable,
            error=other.error or self.error,
        )


Describe: TypeAlias = Callable[[Replaced], tuple[AuditEvent, ...]]
"""Returns the events of an exchange; called within it, pure and quick, and only if something changed."""

Admit: TypeAlias = Callable[[Sequence[Slot], Sequence[Booking]], None]
"""Raises `NotAvailableError` unless a booking fits these slots beside these bookings; called within the exchange."""


class Repository(Protocol):
    """A place that keeps slots and bookings. Each method is atomic: all of it happens, at one moment, or nothing.

    What one resource holds never shows in the answers about another.

    A repository that keeps the events of its edits itself says so in `Replaced.delivery`. If some of them may have to
    wait, as in an outbox, it has a method `redeliver() -> Redelivered` besides, which `Schedule.redeliver` calls.
    """

    def slots(self, resource_id: str, window: Interval[Any] | None = None) -> Sequence[Slot]:
        """Return the slots, or those that overlap the window, whole, in order of their start."""

    def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> Sequence[Booking]:
        """Return the bookings of any status, or those that overlap the window, in order of their start."""

    def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, of any status, or None if there is none."""

    def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen; 0 for a resource that nobody edited."""

    def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""

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
        """Replace all slot time inside the window by the slots, and say what was there.

        A slot that crosses an edge of the window is cut there; what lies outside stays, with its id, capacity and
        label. If time and identities stay the same, nothing is written and the revision stays; else it grows by one.

        Raises:
            IntervalError: for a slot that reaches out of the window.
            RevisionConflictError: if `expected_revision` is given and is not the revision; nothing is written.
            RequestConflictError: if the request was made before with another content; nothing is written.
        """

    def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots, and return it: for events that mend the history.

        Raises:
            RevisionConflictError: if `expected_revision` is not the revision.
        """

    def book(
        self,
        booking: Booking,
        *,
        admit: Admit,
        window: Interval[Any] | None = None,
        moving: bool = False,
        request: Request | None = None,
    ) -> Booking:
        """Keep a new booking if `admit` raises nothing, and return it.

        Args:
            booking: what to keep; it has an id.
            admit: is given the slots and bookings that overlap the window.
            window: the time that matters to `admit`; by default that of the booking.
            moving: whether the booking takes the place of the active one with its id, instead of being new.
            request: as in `replace_slots`; the first answer is given again.

        Raises:
            NotAvailableError: whatever `admit` raises; nothing is written.
            PointTypeError: if the booking has no id.
            DuplicateIdError: if another booking has the id, and `moving` is false.
            UnknownBookingError: if no active booking has the id, and `moving` is true.
            RequestConflictError: as `replace_slots`.
        """

    def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now; cancelling it again changes nothing.

        Raises:
            UnknownBookingError: if the resource has no booking with that id.
            RequestConflictError: as `replace_slots`.
        """


class AsyncRepository(Protocol):
    """A `Repository` whose methods are coroutines; each does what the method of that name there does."""

    async def slots(self, resource_id: str, window: Interval[Any] | None = None) -> Sequence[Slot]:
        """Return the slots, or those that overlap the window."""

    async def bookings(self, resource_id: str, window: Interval[Any] | None = None) -> Sequence[Booking]:
        """Return the bookings of any status, or those that overlap the window."""

    async def booking(self, resource_id: str, booking_id: str) -> Booking | None:
        """Return the booking of the resource with that id, or None if there is none."""

    async def revision(self, resource_id: str) -> int:
        """Return how many edits the slots have seen."""

    async def snapshot(self, resource_id: str, window: Interval[Any] | None = None) -> Snapshot:
        """Return slots, bookings and revision of one moment."""

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

    async def advance(self, resource_id: str, *, expected_revision: int) -> int:
        """Take the next revision without touching the slots."""

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

    async def release(self, resource_id: str, booking_id: str, *, request: Request | None = None) -> Booking:
        """Cancel a booking and return it as it is now."""
