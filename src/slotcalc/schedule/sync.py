"""The schedule for programs with threads: it fetches, asks `plans`, stores, and hands the events on to `delivery`.

Imports `plans` and `delivery`; read `asynchronous` next, which is the same with `await`.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta, tzinfo
from types import TracebackType
from typing import Any, Self

from slotcalc.audit import AuditLog, Baseline, Selection
from slotcalc.audit.chain import Head, head
from slotcalc.audit.findings import Finding, verify
from slotcalc.audit.history import Page, one_more, page
from slotcalc.audit.replay import replay
from slotcalc.audit.spool import Spool
from slotcalc.audit.stats import By, Stats, stats
from slotcalc.availability import Segment
from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot, whole_number
from slotcalc.diff import Action, AuditEvent
from slotcalc.intervals import Interval
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.repository import Repository
from slotcalc.schedule.delivery import Courier, Keeper, checked_patience
from slotcalc.schedule.edits import check_reached, settled
from slotcalc.schedule.plans import Plans, SlotsGiven, When
from slotcalc.schedule.results import Availability, Preview, Reconciled, Redelivered, UpdateResult

__all__ = ["Schedule"]


class Schedule:
    """Slots and bookings of any number of resources, with the history of every edit. Threads may share it.

    Args:
        repository: where slots and bookings are.
        audit_log: where the events of the edits go. Whatever it does, an edit stands.
        zone: in whose local days and times people ask and edit; an IANA name or a `ZoneInfo`.
        before: how long before its start a booking blocks the resource, as in `free`.
        after: how long after its end it still does.
        spool: keeps the events that the audit log does not take. Without one they are kept in memory, up to 10,000.
        patience: how long one call waits for the audit log at most, unless that is `immediate`.
        background: if not 0, no edit waits for the audit log at all: up to so many queue behind each other, and what
            does not fit goes to the spool. A crash loses what is queued, `close` does not.
        clock: returns the present as an aware datetime; by default `datetime.now(UTC)`.
        ids: returns a new id at each call; by default a random UUID.
        active: the statuses of bookings that take time.
        limits: the bounds on windows, and on how many slots one edit may have.

    Raises:
        IntervalError, PointTypeError, PointValueError: for a bad buffer, spool, patience or queue.
        UnknownZoneError: for a bad zone.

    >>> from slotcalc.repository import MemoryAuditLog, MemoryRepository
    >>> schedule = Schedule(MemoryRepository(), MemoryAuditLog(), zone="Europe/Paris")
    >>> result = schedule.update("tutor-1", date(2026, 3, 2), [("09:00", "12:00")], changed_by="anna")
    >>> result.revision, result.delivery
    (1, Delivery.WRITTEN)
    >>> schedule.availability("tutor-1", date(2026, 3, 2), date(2026, 3, 2)).to_json()
    [{'date': '2026-03-02', 'available_slots': [{'start_time': '09:00', 'end_time': '12:00'}]}]
    """

    def __init__(
        self,
        repository: Repository,
        audit_log: AuditLog,
        *,
        zone: str | tzinfo,
        before: timedelta | None = None,
        after: timedelta | None = None,
        spool: Spool | None = None,
        patience: timedelta = timedelta(seconds=1),
        background: int = 0,
        clock: Callable[[], datetime] | None = None,
        ids: Callable[[], str] | None = None,
        active: Collection[BookingStatus] = ACTIVE,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Check the arguments; nothing is read or written."""
        self._plans = Plans(zone=zone, before=before, after=after, clock=clock, ids=ids, active=active, limits=limits)
        self._repository = repository
        self._log = audit_log
        self._keeper = Keeper(spool)
        self._courier = Courier(audit_log, self._keeper, *checked_patience(patience, background))

    def availability(self, resource_id: str, first_date: date, last_date: date) -> Availability:
        """Return when the resource is free on these local days, the last one included.

        A booking on another day counts where its buffer reaches in. What is listed here is what `book` accepts.

        Raises:
            IntervalError, LimitExceededError, LocalTimeError, PointTypeError, PointValueError: for bad arguments.
        """
        window = self._plans.days(first_date, last_date)
        there = self._repository.snapshot(*self._plans.around(resource_id, window))
        return self._plans.availability(resource_id, window, there)

    def explain(self, resource_id: str, window: When, *, seats: int = 1) -> list[Segment]:
        """Return why each moment of the window is free or not, as `slotcalc.explain` does.

        Raises:
            IntervalError, LimitExceededError, LocalTimeError, PointTypeError, PointValueError: for bad arguments.
        """
        asked = self._plans.window(window)
        there = self._repository.snapshot(*self._plans.around(resource_id, asked))
        return self._plans.explanation(asked, there, seats=seats)

    def update(
        self,
        resource_id: str,
        window: When,
        slots: SlotsGiven,
        *,
        changed_by: str,
        reason: str = "edit",
        notes: str = "",
        expected_revision: int | None = None,
        request_id: str | None = None,
    ) -> UpdateResult:
        """Replace all slot time inside the window by the slots, and keep what that changed in the audit log.

        The edit is one atomic exchange. When this returns, it stands, whatever became of its events, which
        `UpdateResult.delivery` says. Slots that cross an edge of the window are cut there. Bookings are not touched;
        those that the edit displaces are in the result.

        Args:
            resource_id: whose slots to edit.
            window: a local day, a (first, last) pair of days, or an `Interval` of instants.
            slots: slots, intervals, pairs, a set, or a rule, which is asked for the window; with days also pairs of
                local times such as ("09:00", "12:00"), which are meant for each of the days.
            changed_by: who edits.
            reason: why, in a word.
            notes: what else there is to say.
            expected_revision: the revision that the editor saw, if the edit is to fail when it is another by now.
            request_id: a name for this edit, so that making it again by the same name does not do it again.

        Raises:
            AmbiguousResourceError: for a slot of another resource.
            IntervalError: for a slot that reaches out of the window, and for local times with no time between them.
            LimitExceededError: for too many slots, too long a window or text.
            LocalTimeError: for a date that the zone left out.
            PointTypeError, PointValueError, ParseError: for values that are not what they should be.
            RevisionConflictError: if another revision was expected; nothing was written.
            RequestConflictError: if the request id was used for something else; nothing was written.
            Exception: whatever else the repository raises. Then nothing was written, or it is not known.
        """
        plan = self._plans.update(
            resource_id,
            window,
            slots,
            changed_by=changed_by,
            reason=reason,
            notes=notes,
            expected_revision=expected_revision,
            request_id=request_id,
        )
        replaced = self._repository.replace_slots(
            plan.resource_id,
            plan.window,
            plan.slots,
            describe=plan.describe,
            expected_revision=plan.expected_revision,
            request=plan.request,
        )
        return plan.result(replaced, *self._courier.deliver(replaced.events, replaced.delivery))

    def preview(
        self,
        resource_id: str,
        window: When,
        slots: SlotsGiven,
        *,
        changed_by: str = "",
        reason: str = "edit",
        notes: str = "",
        expected_revision: int | None = None,
        request_id: str | None = None,
    ) -> Preview:
        """Return what `update` would do with the same arguments, without doing it; raises as `update`.

        It does not say whether the request was made before.
        """
        plan = self._plans.update(
            resource_id,
            window,
            slots,
            changed_by=changed_by,
            reason=reason,
            notes=notes,
            expected_revision=expected_revision,
            request_id=request_id,
            preview=True,
        )
        return plan.preview(self._repository.snapshot(plan.resource_id, plan.window))

    def book(
        self,
        resource_id: str,
        interval: Interval[datetime] | tuple[datetime, datetime],
        *,
        seats: int = 1,
        booking_id: str | None = None,
        status: BookingStatus = BookingStatus.CONFIRMED,
        label: str = "",
        request_id: str | None = None,
    ) -> Booking:
        """Book time that is free, and return the booking; of two people at once, one wins.

        Args:
            resource_id: what to book.
            interval: when.
            seats: how many seats it takes.
            booking_id: its name; by default one from the id source.
            status: CONFIRMED or TENTATIVE.
            label: a word for people.
            request_id: as in `update`; the booking made before is returned again.

        Raises:
            NotAvailableError: if the time is not free; says why, and has the booking and the segments of `explain`.
            DuplicateIdError: if another booking has the id.
            RequestConflictError: if the request id was used for something else.
            IntervalError, LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        plan = self._plans.booking(
            resource_id,
            interval,
            seats=seats,
            booking_id=booking_id,
            status=status,
            label=label,
            request_id=request_id,
        )
        return self._repository.book(plan.booking, admit=plan.admit, window=plan.window, request=plan.request)

    def move(
        self,
        resource_id: str,
        booking_id: str,
        interval: Interval[datetime] | tuple[datetime, datetime],
        *,
        seats: int | None = None,
        status: BookingStatus | None = None,
        label: str | None = None,
        request_id: str | None = None,
    ) -> Booking:
        """Move a booking to another time, which may overlap where it is now, and return it; what is not given stays.

        Raises:
            NotAvailableError: if the time is not free but for the booking itself; it stays where it is.
            UnknownBookingError: if no active booking has the id.
            RevisionConflictError: if somebody else changed it at the same moment; it was not moved.
            RequestConflictError, IntervalError, LimitExceededError, PointTypeError, PointValueError: as `book`.
        """
        planned = self._plans.moved(
            resource_id,
            booking_id,
            interval,
            seats=seats,
            status=status,
            label=label,
            request_id=request_id,
        )
        plan = planned(self._repository.booking(resource_id, booking_id))
        return self._repository.book(
            plan.booking, admit=plan.admit, window=plan.window, moving=True, request=plan.request
        )

    def release(self, resource_id: str, booking_id: str, *, request_id: str | None = None) -> Booking:
        """Cancel a booking, and return it as it is now; cancelling it again changes nothing.

        Raises:
            UnknownBookingError: if the resource has no booking with that id.
            RequestConflictError: if the request id was used for something else.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        plan = self._plans.release(resource_id, booking_id, request_id=request_id)
        return self._repository.release(plan.resource_id, plan.booking_id, request=plan.request)

    def history(
        self,
        resource_id: str | None,
        days: int | None = 30,
        *,
        changed_by: str | None = None,
        reason: str | None = None,
        action: Action | str | None = None,
        after: str | None = None,
        newest_first: bool = True,
        limit: int | None = None,
    ) -> Page:
        """Return a page of the events of the last local days, today being the last of them; the newest first.

        Args:
            resource_id: whose; None for those of all resources.
            days: how many days; None for all that there is.
            changed_by: only the edits of this person.
            reason: only the edits for this reason.
            action: only what was added, or only what was removed.
            after: `Page.next` of the page before.
            newest_first: whether the newest come first; else the oldest.
            limit: how many events a page has, by default 100 and at most 1,000.

        Raises:
            UnknownEventError: if `after` is no event of the log.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        wanted = self._plans.selection(
            resource_id,
            days,
            changed_by=changed_by,
            reason=reason,
            action=action,
            after=after,
            newest_first=newest_first,
            limit=limit,
        )
        return page(self._log.select(one_more(wanted)), wanted)

    def stats(self, resource_id: str | None, days: int = 7, *, by: By = "edit") -> Stats:
        """Return how much the edits of the last local days added and removed, today being the last of them.

        With by="edit" the tables tell when the edits were made, with a cell for each of the days; with by="slot" which
        slot time they were about. None as the resource counts all of them. See `audit.stats`.

        Raises:
            LimitExceededError, ParseError, PointTypeError, PointValueError: for bad arguments.
        """
        wanted, window = self._plans.period(resource_id, days)
        events = self._log.select(wanted)
        return stats(events, self._plans.zone, by=by, window=window if by == "edit" else None)

    def as_of(self, resource_id: str, moment: int | datetime) -> list[Slot]:
        """Return the slots as they were at a revision, or at an instant, as the events tell it.

        Raises:
            HorizonError: if that was purged.
            ImpossibleEventError: for a history that is broken; `verify` tells where.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        asked = self._plans.as_of(resource_id, moment)
        events, baseline = self._history(resource_id, None)
        return replay(events, baseline=baseline, **asked)

    def verify(self, resource_id: str, *, head: Head | None = None) -> list[Finding]:
        """Return what is wrong with the history of the resource; nothing if it is whole and leads to its slots.

        Events that wait to be delivered are missing from it, so call `redeliver` first. With a head that was kept
        elsewhere, tampering is found as well; see `audit.verify`.

        Raises:
            AmbiguousResourceError, HorizonError: for a head of another resource, or from before the horizon.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        there = self._repository.snapshot(self._plans.resource(resource_id))
        events, baseline = self._history(resource_id, None)
        events = settled(events, there, self._repository.revision(resource_id))
        return verify(events, there.slots, there.revision, resource_id=resource_id, baseline=baseline, head=head)

    def reconcile(
        self, resource_id: str, *, changed_by: str, reason: str = "reconciled", notes: str = ""
    ) -> Reconciled:
        """Write what the history lacks or has too much, as events of a revision of its own; old ones are never edited.

        That is how slots which were there before the first edit get into the history, and how one is mended whose
        events were lost. What waits to be delivered is delivered first. Call it while nobody edits the resource: the
        events of an edit that are still on their way count as lost.

        Raises:
            BrokenHistoryError: if events still wait afterwards, which would come too late.
            RevisionConflictError: if somebody edited in between; nothing was written.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        plan = self._plans.reconciliation(resource_id, changed_by=changed_by, reason=reason, notes=notes)
        plan.check_none_wait(self.redeliver())
        there = self._repository.snapshot(resource_id)
        events, baseline = self._history(resource_id, there.revision)
        missing = plan.missing(there, events, baseline)
        if missing:
            self._repository.advance(resource_id, expected_revision=there.revision)
        return plan.result(there, missing, *self._courier.deliver(missing))

    def purge(self, resource_id: str, up_to: int | datetime, *, strict: bool = True) -> int:
        """Drop the events up to a revision or an instant, keep the slots of then in their place; return how many.

        Whatever is asked about later moments is answered as before; earlier ones are gone for good.

        Args:
            resource_id: whose events.
            up_to: the last revision to drop, or the instant up to which all are dropped.
            strict: whether a history that is broken before the horizon is an error. If not, that is forgotten with it.

        Raises:
            BrokenHistoryError, ImpossibleEventError: for a history that is broken, unless `strict` is false.
            HorizonError: if that much was purged before.
            LimitExceededError, PointTypeError, PointValueError: for bad arguments, and for a revision that is not there
                yet.
        """
        self._plans.as_of(resource_id, up_to)
        if isinstance(up_to, int):
            whole_number("revision", up_to)
            check_reached(resource_id, up_to, self._repository.revision(resource_id))
        events, baseline = self._history(resource_id, None)
        horizon = self._plans.horizon(events, baseline, up_to, strict=strict)
        return 0 if horizon is None else self._log.purge(horizon)

    def head(self, resource_id: str) -> Head:
        """Return the head of the resource's hash chain: keep it elsewhere, and `verify` finds out who tampered.

        Raises:
            LimitExceededError, PointTypeError, PointValueError: for bad arguments.
        """
        events, baseline = self._history(self._plans.resource(resource_id), None)
        return head(events, resource_id=resource_id, baseline=baseline)

    def redeliver(self) -> Redelivered:
        """Bring the events that wait in the spool and in memory into the audit log, and say what became of them.

        So does a repository that keeps events itself with those that wait there, if it has a `redeliver` of its own.

        It may be called at any time, from several threads and processes, and again after a crash: a log that has an
        event already leaves it out. A log that does not answer, or refuses a hundred edits, is left alone for now.

        Raises:
            OSError: if the spool cannot be read; nothing is lost.
            Exception: whatever the repository raises if it cannot say what waits there; nothing is lost.
        """
        brought_in = self._brought_in()
        outbox = getattr(self._repository, "redeliver", None)
        return brought_in if outbox is None else brought_in.plus(outbox())

    def flush(self, timeout: timedelta | None = None) -> bool:
        """Wait until no events are queued in the background, no longer than given; return whether that is so.

        Raises:
            IntervalError, PointTypeError: for a timeout that is negative, or no timedelta.
        """
        return self._courier.flush(timeout)

    def close(self) -> None:
        """Deliver what is queued; what the audit log does not take within the patience goes to the spool.

        Only a schedule with a background has anything to close. It may be used again afterwards.
        """
        self._courier.close()

    def __enter__(self) -> Self:
        """Return the schedule, which the end of the `with` closes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the schedule."""
        self.close()

    def _brought_in(self) -> Redelivered:
        """Bring in what waits in the spool and in memory."""
        redelivery = self._keeper.redelivery()
        answer: Any = None
        try:
            while True:
                answer = self._courier.attempt(redelivery.send(answer))
        except StopIteration as done:
            result: Redelivered = done.value
            return result

    def _history(self, resource_id: str, last_revision: int | None) -> tuple[Sequence[AuditEvent], Baseline | None]:
        """Return the events up to a revision and the baseline that they stand on, though somebody purges meanwhile."""
        wanted = Selection(resource_id=resource_id, last_revision=last_revision)
        baseline = self._log.baseline(resource_id)
        while True:
            events = self._log.select(wanted)
            before, baseline = baseline, self._log.baseline(resource_id)
            if before == baseline:
                return events, baseline
