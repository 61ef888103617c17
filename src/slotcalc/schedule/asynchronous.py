"""The schedule for programs with an event loop: what `sync` does, with `await`, and safe to cancel.

An edit and the delivery of its events run in a task of their own, so that whoever is cancelled while waiting for it
leaves either nothing or both. Files are read and written on other threads. Imports `plans` and `delivery`.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import date, datetime, timedelta, tzinfo
from types import TracebackType
from typing import Any, Self, TypeVar

from slotcalc.audit import AsyncAuditLog, Baseline, Selection
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
from slotcalc.repository import AsyncRepository
from slotcalc.schedule.delivery import AsyncCourier, Keeper, Redelivery, checked_patience
from slotcalc.schedule.edits import ReconciliationPlan, UpdatePlan, check_reached, settled
from slotcalc.schedule.plans import Plans, SlotsGiven, When
from slotcalc.schedule.results import Availability, Preview, Reconciled, Redelivered, UpdateResult

__all__ = ["AsyncSchedule"]

T = TypeVar("T")


class AsyncSchedule:
    """A `Schedule` for coroutines: each method does what the method of that name there does, and raises the same.

    If the task that waits for `update` or `reconcile` is cancelled, the edit is brought to its end first, or has not
    begun: what is left behind is nothing, or the edit with its events in the audit log, queued or spooled. That takes
    as long as the repository takes for the exchange, and after it no longer than the patience. A booking that was
    cancelled half-way may have been made; a `request_id` makes it safe to ask again.

    The arguments are those of `Schedule`. It belongs to the event loop that it is first used in.

    >>> from slotcalc.repository import AsyncMemoryAuditLog, AsyncMemoryRepository
    >>> schedule = AsyncSchedule(AsyncMemoryRepository(), AsyncMemoryAuditLog(), zone="Europe/Paris")
    >>> edit = schedule.update("tutor-1", date(2026, 3, 2), [("09:00", "12:00")], changed_by="anna")
    >>> asyncio.run(edit).delivery
    Delivery.WRITTEN
    """

    def __init__(
        self,
        repository: AsyncRepository,
        audit_log: AsyncAuditLog,
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
        self._courier = AsyncCourier(audit_log, self._keeper, *checked_patience(patience, background))
        self._edits: set[asyncio.Task[Any]] = set()

    async def availability(self, resource_id: str, first_date: date, last_date: date) -> Availability:
        """Return when the resource is free on these local days, the last one included."""
        window = self._plans.days(first_date, last_date)
        there = await self._repository.snapshot(*self._plans.around(resource_id, window))
        return self._plans.availability(resource_id, window, there)

    async def explain(self, resource_id: str, window: When, *, seats: int = 1) -> list[Segment]:
        """Return why each moment of the window is free or not, as `slotcalc.explain` does."""
        asked = self._plans.window(window)
        there = await self._repository.snapshot(*self._plans.around(resource_id, asked))
        return self._plans.explanation(asked, there, seats=seats)

    async def update(
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
        """Replace all slot time inside the window by the slots, and keep what that changed in the audit log."""
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
        return await self._to_its_end(self._exchange(plan))

    async def preview(
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
        """Return what `update` would do with the same arguments, without doing it; raises as `update`."""
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
        return plan.preview(await self._repository.snapshot(plan.resource_id, plan.window))

    async def book(
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
        """Book time that is free, and return the booking; of two people at once, one wins."""
        plan = self._plans.booking(
            resource_id,
            interval,
            seats=seats,
            booking_id=booking_id,
            status=status,
            label=label,
            request_id=request_id,
        )
        return await self._repository.book(plan.booking, admit=plan.admit, window=plan.window, request=plan.request)

    async def move(
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
        """Move a booking to another time, which may overlap where it is now, and return it; what is not given stays."""
        planned = self._plans.moved(
            resource_id,
            booking_id,
            interval,
            seats=seats,
            status=status,
            label=label,
            request_id=request_id,
        )
        plan = planned(await self._repository.booking(resource_id, booking_id))
        return await self._repository.book(
            plan.booking, admit=plan.admit, window=plan.window, moving=True, request=plan.request
        )

    async def release(self, resource_id: str, booking_id: str, *, request_id: str | None = None) -> Booking:
        """Cancel a booking, and return it as it is now; cancelling it again changes nothing."""
        plan = self._plans.release(resource_id, booking_id, request_id=request_id)
        return await self._repository.release(plan.resource_id, plan.booking_id, request=plan.request)

    async def history(
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
        """Return a page of the events of the last local days, today being the last of them; the newest first."""
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
        return page(await self._log.select(one_more(wanted)), wanted)

    async def stats(self, resource_id: str | None, days: int = 7, *, by: By = "edit") -> Stats:
        """Return how much the edits of the last local days added and removed, today being the last of them."""
        wanted, window = self._plans.period(resource_id, days)
        events = await self._log.select(wanted)
        return stats(events, self._plans.zone, by=by, window=window if by == "edit" else None)

    async def as_of(self, resource_id: str, moment: int | datetime) -> list[Slot]:
        """Return the slots as they were at a revision, or at an instant, as the events tell it."""
        asked = self._plans.as_of(resource_id, moment)
        events, baseline = await self._history(resource_id, None)
        return replay(events, baseline=baseline, **asked)

    async def verify(self, resource_id: str, *, head: Head | None = None) -> list[Finding]:
        """Return what is wrong with the history of the resource; nothing if it is whole and leads to its slots."""
        there = await self._repository.snapshot(self._plans.resource(resource_id))
        events, baseline = await self._history(resource_id, None)
        events = settled(events, there, await self._repository.revision(resource_id))
        return verify(events, there.slots, there.revision, resource_id=resource_id, baseline=baseline, head=head)

    async def reconcile(
        self, resource_id: str, *, changed_by: str, reason: str = "reconciled", notes: str = ""
    ) -> Reconciled:
        """Write what the history lacks or has too much, as events of a revision of its own."""
        plan = self._plans.reconciliation(resource_id, changed_by=changed_by, reason=reason, notes=notes)
        return await self._to_its_end(self._mend(plan))

    async def purge(self, resource_id: str, up_to: int | datetime, *, strict: bool = True) -> int:
        """Drop the events up to a revision or an instant, keep the slots of then in their place; return how many."""
        self._plans.as_of(resource_id, up_to)
        if isinstance(up_to, int):
            whole_number("revision", up_to)
            check_reached(resource_id, up_to, await self._repository.revision(resource_id))
        events, baseline = await self._history(resource_id, None)
        horizon = self._plans.horizon(events, baseline, up_to, strict=strict)
        return 0 if horizon is None else await self._log.purge(horizon)

    async def head(self, resource_id: str) -> Head:
        """Return the head of the resource's hash chain: keep it elsewhere, and `verify` finds out who tampered."""
        events, baseline = await self._history(self._plans.resource(resource_id), None)
        return head(events, resource_id=resource_id, baseline=baseline)

    async def redeliver(self) -> Redelivered:
        """Bring the events that wait in the spool and in memory into the audit log, and say what became of them."""
        brought_in = await self._brought_in()
        outbox = getattr(self._repository, "redeliver", None)
        return brought_in if outbox is None else brought_in.plus(await outbox())

    async def flush(self, timeout: timedelta | None = None) -> bool:  # noqa: ASYNC109  # as `Schedule.flush`
        """Wait until no events are queued in the background, no longer than given; return whether that is so."""
        return await self._courier.flush(timeout)

    async def close(self) -> None:
        """Deliver what is queued; what the audit log does not take within the patience goes to the spool."""
        await self._courier.close()

    async def __aenter__(self) -> Self:
        """Return the schedule, which the end of the `async with` closes."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the schedule."""
        await self.close()

    async def _exchange(self, plan: UpdatePlan) -> UpdateResult:
        replaced = await self._repository.replace_slots(
            plan.resource_id,
            plan.window,
            plan.slots,
            describe=plan.describe,
            expected_revision=plan.expected_revision,
            request=plan.request,
        )
        return plan.result(replaced, *await self._courier.deliver(replaced.events, replaced.delivery))

    async def _mend(self, plan: ReconciliationPlan) -> Reconciled:
        plan.check_none_wait(await self.redeliver())
        there = await self._repository.snapshot(plan.resource_id)
        events, baseline = await self._history(plan.resource_id, there.revision)
        missing = plan.missing(there, events, baseline)
        if missing:
            await self._repository.advance(plan.resource_id, expected_revision=there.revision)
        return plan.result(there, missing, *await self._courier.deliver(missing))

    async def _brought_in(self) -> Redelivered:
        """Bring in what waits in the spool and in memory."""
        redelivery = self._keeper.redelivery()
        answer: Any = None
        while True:
            step = await asyncio.to_thread(_advanced, redelivery, answer)
            if isinstance(step, Redelivered):
                return step
            answer = await self._courier.attempt(step)

    async def _to_its_end(self, edit: Coroutine[Any, Any, T]) -> T:
        """Return what an edit returns; if the caller is cancelled meanwhile, wait for the end of the edit first."""
        task = asyncio.create_task(edit)
        self._edits.add(task)  # a loop alone keeps no task alive
        task.add_done_callback(self._edits.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    async def _history(
        self, resource_id: str, last_revision: int | None
    ) -> tuple[Sequence[AuditEvent], Baseline | None]:
        """Return the events up to a revision and the baseline that they stand on, though somebody purges meanwhile."""
        wanted = Selection(resource_id=resource_id, last_revision=last_revision)
        baseline = await self._log.baseline(resource_id)
        while True:
            events = await self._log.select(wanted)
            before, baseline = baseline, await self._log.baseline(resource_id)
            if before == baseline:
                return events, baseline


def _advanced(redelivery: Redelivery, answer: int | Exception | None) -> Sequence[AuditEvent] | Redelivered:
    """Return the next batch, or what became of them all: no `StopIteration` passes through a thread pool."""
    try:
        return redelivery.send(answer)  # type: ignore[arg-type]  # None is what a generator starts with
    except StopIteration as done:
        result: Redelivered = done.value
        return result
