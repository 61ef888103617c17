"""Edits that have been checked: what to give to the repository, and what its answer means.

Imports `results` and below; read `plans` next, which makes them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from slotcalc.audit import Baseline, Delivery
from slotcalc.audit.findings import differences
from slotcalc.availability import displaced
from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.diff import AuditEvent
from slotcalc.errors import BrokenHistoryError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.repository import Admit, Describe, Replaced, Request, Snapshot
from slotcalc.repository.exchange import check_revision, exchange
from slotcalc.schedule.results import Preview, Reconciled, Redelivered, UpdateResult

__all__ = ["BookingPlan", "ReconciliationPlan", "ReleasePlan", "UpdatePlan", "check_reached", "settled"]


class UpdatePlan(NamedTuple):
    """An edit of the slots, checked: what to give to `replace_slots`, and what its answer means."""

    resource_id: str
    window: Interval[datetime]
    slots: list[Slot]
    change_id: str
    describe: Describe
    expected_revision: int | None
    request: Request | None
    active: Collection[BookingStatus]

    def result(self, replaced: Replaced, delivery: Delivery, error: str) -> UpdateResult:
        """Return what the edit did, and what became of its events."""
        return UpdateResult(
            self.resource_id,
            self.window,
            replaced.revision,
            self.change_id,
            before=replaced.before,
            after=replaced.after,
            events=replaced.events,
            displaced=self._displaced(replaced),
            delivery=delivery,
            error=error,
            repeated=replaced.repeated,
        )

    def preview(self, there: Snapshot) -> Preview:
        """Return what the edit would do to the slots that overlap the window."""
        check_revision(self.resource_id, self.expected_revision, there.revision)
        replaced = exchange(
            there.slots,
            self.slots,
            self.window,
            revision=there.revision,
            bookings=there.bookings,
            describe=self.describe,
        ).replaced
        return Preview(
            self.resource_id,
            self.window,
            there.revision,
            before=replaced.before,
            after=replaced.after,
            events=replaced.events,
            displaced=self._displaced(replaced),
        )

    def _displaced(self, replaced: Replaced) -> tuple[Booking, ...]:
        """Return the bookings whose part inside the window was covered before and is not after."""
        if not replaced.bookings or not replaced.events:
            return ()
        window = self.window
        parts = [booking.replace(interval=(booking.interval & window)[0]) for booking in replaced.bookings]
        inside = {id(part): booking for part, booking in zip(parts, replaced.bookings, strict=True)}
        lost = displaced(replaced.after, parts, active=self.active)
        already = {id(part) for part in displaced(replaced.before, lost, active=self.active)}
        return tuple([inside[id(part)] for part in lost if id(part) not in already])


class BookingPlan(NamedTuple):
    """A booking, new or moved, checked: what to give to `book`."""

    booking: Booking
    admit: Admit
    window: Interval[datetime]
    request: Request | None


class ReleasePlan(NamedTuple):
    """A booking to cancel, checked: what to give to `release`."""

    resource_id: str
    booking_id: str
    request: Request | None


class ReconciliationPlan(NamedTuple):
    """A reconciliation, checked: what the history lacks, and what it means."""

    resource_id: str
    change_id: str
    changed_at: datetime
    changed_by: str
    reason: str
    notes: str

    def check_none_wait(self, redelivered: Redelivered) -> None:
        """Raise `BrokenHistoryError` if events still wait: they would come after those that make up for them."""
        if redelivered.pending:
            message = (
                f"{redelivered.pending} events still wait to be delivered ({redelivered.error}); deliver them first"
            )
            raise BrokenHistoryError(message, redelivered)

    def missing(
        self, there: Snapshot, events: Sequence[AuditEvent], baseline: Baseline | None
    ) -> tuple[AuditEvent, ...]:
        """Return the events of the next revision that lead from the history to the slots."""
        return differences(
            events,
            there.slots,
            resource_id=self.resource_id,
            baseline=baseline,
            reason=self.reason,
            notes=self.notes,
            changed_at=self.changed_at,
            changed_by=self.changed_by,
            change_id=self.change_id,
            revision=there.revision + 1,
        )

    def result(self, there: Snapshot, missing: tuple[AuditEvent, ...], delivery: Delivery, error: str) -> Reconciled:
        """Return what was written, and what became of it."""
        revision = there.revision + bool(missing)
        return Reconciled(self.resource_id, revision, self.change_id, missing, delivery=delivery, error=error)


def check_reached(resource_id: str, up_to: int, revision: int) -> None:
    """Raise `PointValueError` for a revision that the slots have not reached: no log would take its events later."""
    if up_to > revision:
        message = f"{resource_id!r} is at revision {revision}, so there is nothing to purge up to {up_to}"
        raise PointValueError(f"{message}; name one that was made", up_to, revision)


def settled(events: Sequence[AuditEvent], there: Snapshot, revision: int) -> list[AuditEvent]:
    """Return the events without those of edits that were made after the snapshot, up to this revision."""
    return [event for event in events if event.revision <= there.revision or event.revision > revision]
