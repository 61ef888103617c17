"""All that a schedule decides, as pure functions of values: what to ask a repository for, and what its answer means.

`Schedule` and `AsyncSchedule` work a plan out here, which checks every argument before anything is read or written,
then call the repository, then ask the plan for the result. Imports `edits` and below; read `sync` next.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from itertools import islice
from typing import Any, Final, TypeAlias, cast

from slotcalc import iso8601, zones
from slotcalc.audit import Baseline, Selection
from slotcalc.audit.findings import baseline_at
from slotcalc.audit.log import moment_of
from slotcalc.audit.replay import revision_at
from slotcalc.availability import Segment, SegmentState, explain, free
from slotcalc.booking import Booking, BookingStatus, Slot, active_statuses, whole_number
from slotcalc.diff import Action, AuditEvent
from slotcalc.diff.changes import change_id_of, events_of, new_change_id
from slotcalc.diff.event import LONGEST_NOTES, action_of, checked_text, checked_why
from slotcalc.errors import (
    IntervalError,
    NotAvailableError,
    PointTypeError,
    PointValueError,
    RevisionConflictError,
)
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import Limits
from slotcalc.points import normalised
from slotcalc.repository import Admit, Replaced, Request, Snapshot
from slotcalc.repository.exchange import slots_inside
from slotcalc.rules import Rule
from slotcalc.schedule.edits import BookingPlan, ReconciliationPlan, ReleasePlan, UpdatePlan
from slotcalc.schedule.results import Availability

__all__ = ["Plans", "SlotsGiven", "When"]

When: TypeAlias = date | tuple[date, date] | Interval[datetime]
"""A local day; a first and a last day, the last one included; or a window of instants."""

Clock: TypeAlias = str | time
SlotsGiven: TypeAlias = (
    IntervalSet[datetime]
    | Interval[datetime]
    | Rule
    | Iterable[Slot | Interval[datetime] | tuple[datetime, datetime] | tuple[Clock, Clock]]
)
"""Slots, intervals, pairs of instants, a set, or a rule; for whole days also pairs of local times of day."""

_NAMED: Final = 3
"""How many reasons an error names."""


class Plans:
    """What holds for all questions and edits of a schedule; the arguments are those of `Schedule`."""

    def __init__(
        self,
        *,
        zone: str | tzinfo,
        before: timedelta | None,
        after: timedelta | None,
        clock: Callable[[], datetime] | None,
        ids: Callable[[], str] | None,
        active: Collection[BookingStatus],
        limits: Limits,
    ) -> None:
        """Check what a schedule is made of.

        Raises:
            PointTypeError, IntervalError: for a buffer that is no timedelta, or negative.
            PointTypeError, PointValueError: for a clock or a source of ids that cannot be called, statuses and limits
                that are none.
            UnknownZoneError: for a bad zone.
        """
        for name, length in (("before", before), ("after", after)):
            if length is not None and not isinstance(length, timedelta):
                raise PointTypeError(f"{name}={length!r:.80} is no timedelta", length)
            if length is not None and length < timedelta():
                raise IntervalError(f"{name}={length!r} is negative; a buffer adds to what a booking takes", length)
        self.zone = zones.zone(zone)
        self.before = before
        self.after = after
        self.active = active_statuses(active)
        sources: dict[str, object] = {"clock": clock, "ids": ids}
        for name, source in sources.items():
            if source is not None and not callable(source):
                message = f"{name}={source!r:.80} cannot be called; pass a function, such as lambda: datetime.now(UTC)"
                raise PointTypeError(message, source)
        given: object = limits
        if not isinstance(given, Limits):
            raise PointTypeError(f"limits={limits!r:.80} are no Limits; pass Limits(…)", limits)
        self.limits = limits
        self._clock = clock or _now
        self._ids = ids or new_change_id

    def now(self) -> datetime:
        """Return what the clock says.

        Raises:
            PointTypeError: if that is no aware datetime.
        """
        moment: object = self._clock()
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            message = f"the clock says {moment!r:.80}, which is no instant; let it return datetime.now(UTC)"
            raise PointTypeError(message, moment)
        return normalised(moment)

    def window(self, when: When) -> Interval[datetime]:
        """Return the window of a day, of a first and a last day, or of instants.

        Raises:
            PointTypeError: for anything else.
            IntervalError: for days or instants in the wrong order.
            LimitExceededError: for a window that is longer than `limits.window`.
            LocalTimeError: for a date that the zone left out.
        """
        if isinstance(when, date) and not isinstance(when, datetime):
            return Interval(*zones.day_bounds(when, self.zone))
        asked = when
        if isinstance(when, tuple | list) and len(when) == 2:
            first, last = when
            if not isinstance(first, datetime) and not isinstance(last, datetime):
                return self.days(first, last)
            asked = Interval(first, last)  # type: ignore[arg-type]  # an error tells what they are
        if not isinstance(asked, Interval) or not _is_instant(asked.start):
            message = f"{when!r:.200} is no window; pass a date, a first and a last date, or an Interval of instants"
            raise PointTypeError(message, when)
        self.limits.check("window", asked.duration)
        return asked

    def days(self, first: date, last: date) -> Interval[datetime]:
        """Return the window of these local days, the last one included; raises as `window`."""
        start, (_, end) = zones.day_bounds(first, self.zone)[0], zones.day_bounds(last, self.zone)
        if last < first:
            message = f"the days from {first} to {last} are none; name the first one first"
            raise IntervalError(message, first, last)
        window = Interval(start, end)
        self.limits.check("window", window.duration)
        return window

    def resource(self, resource_id: object) -> str:
        """Return the name of a resource, if it is text that every store keeps and not empty.

        Raises:
            LimitExceededError, PointTypeError, PointValueError: if it is not.
        """
        return _checked_name("resource_id", resource_id)

    def around(self, resource_id: str, window: Interval[datetime]) -> tuple[str, Interval[datetime]]:
        """Return what to ask for a snapshot that answers for the window."""
        return self.resource(resource_id), self.within_reach(window)

    def within_reach(self, window: Interval[datetime]) -> Interval[datetime]:
        """Return the time whose bookings matter in the window: one that ends before it may reach in with its buffer."""
        return window.pad(self.after, self.before)

    def availability(self, resource_id: str, window: Interval[datetime], there: Snapshot) -> Availability:
        """Return the free time in the window of a resource that holds this around it."""
        time_left = self._free(there.slots, there.bookings, seats=1, ignoring=None) & window
        return Availability(resource_id, window, self.zone, time_left, there.revision)

    def explanation(self, window: Interval[datetime], there: Snapshot, *, seats: int) -> list[Segment]:
        """Return why each moment of the window is free or not."""
        return explain(
            there.slots,
            there.bookings,
            window,
            before=self.before,
            after=self.after,
            seats=seats,
            active=self.active,
        )

    def update(
        self,
        resource_id: str,
        when: When,
        slots: SlotsGiven,
        *,
        changed_by: str,
        reason: str,
        notes: str,
        expected_revision: int | None,
        request_id: str | None,
        preview: bool = False,
    ) -> UpdatePlan:
        """Return the plan of an edit; that of a preview makes events without ids and without a time.

        Raises:
            AmbiguousResourceError, IntervalError, LimitExceededError, LocalTimeError, PointTypeError, PointValueError:
                as `Schedule.update` says.
        """
        self.resource(resource_id)
        checked_why(reason, notes, changed_by)
        window = self.window(when)
        offered = self._slots(resource_id, window, slots, by_days=not isinstance(when, Interval))
        if expected_revision is not None:
            whole_number("expected_revision", expected_revision, 0)  # which is that of what nobody edited yet
        request = None
        if request_id is not None:
            asked = [_text_of(window), [_texts_of(slot) for slot in offered], changed_by, reason, notes]
            request = _request(request_id, "update", resource_id, asked)
        if preview:
            change_id, changed_at = "", None
        else:
            change_id = self._new_id() if request is None else change_id_of(resource_id, request.id)
            changed_at = self.now()

        def describe(replaced: Replaced) -> tuple[AuditEvent, ...]:
            return events_of(
                replaced.changes(),
                resource_id=resource_id,
                reason=reason,
                notes=notes,
                changed_at=changed_at,
                changed_by=changed_by,
                change_id=change_id,
                revision=0 if preview else replaced.revision,
            )

        return UpdatePlan(resource_id, window, offered, change_id, describe, expected_revision, request, self.active)

    def booking(
        self,
        resource_id: str,
        interval: Interval[datetime] | tuple[datetime, datetime],
        *,
        seats: int,
        booking_id: str | None,
        status: BookingStatus,
        label: str,
        request_id: str | None,
    ) -> BookingPlan:
        """Return the plan of a new booking; raises as `Schedule.book` says, but for what the repository holds."""
        self.resource(resource_id)
        request = None
        if request_id is not None:
            asked = self._asked(resource_id, interval, seats=seats, id=booking_id, status=status, label=label)
            request = _request(request_id, "book", resource_id, _texts_of_booking(asked))
        if booking_id is None:
            booking_id = self._new_id() if request is None else change_id_of(resource_id, request.id)
        _checked_name("booking_id", booking_id)
        booking = self._asked(resource_id, interval, seats=seats, id=booking_id, status=status, label=label)
        return BookingPlan(booking, self._admit(booking, None), self.within_reach(booking.interval), request)

    def moved(
        self,
        resource_id: str,
        booking_id: str,
        interval: Interval[datetime] | tuple[datetime, datetime],
        *,
        seats: int | None,
        status: BookingStatus | None,
        label: str | None,
        request_id: str | None,
    ) -> Callable[[Booking | None], BookingPlan]:
        """Check what is asked, and return what makes the plan of it when the booking is known."""
        self.resource(resource_id)
        _checked_name("booking_id", booking_id)
        given: dict[str, Any] = {"seats": seats, "status": status, "label": label}
        changes = {name: value for name, value in given.items() if value is not None}
        wanted = self._asked(resource_id, interval, id=booking_id, **changes)
        request = None
        if request_id is not None:
            request = _request(request_id, "move", resource_id, [_texts_of_booking(wanted), sorted(changes)])

        def plan(there: Booking | None) -> BookingPlan:
            if there is None:  # the repository says so, or that the request was made before
                return BookingPlan(wanted, self._admit(wanted, None), self.within_reach(wanted.interval), request)
            booking = there.replace(interval=wanted.interval, **changes)
            window = self.within_reach(booking.interval).span(there.interval)
            return BookingPlan(booking, self._admit(booking, there), window, request)

        return plan

    def release(self, resource_id: str, booking_id: str, *, request_id: str | None) -> ReleasePlan:
        """Return the plan of a cancellation."""
        self.resource(resource_id)
        _checked_name("booking_id", booking_id)
        request = None if request_id is None else _request(request_id, "release", resource_id, [booking_id])
        return ReleasePlan(resource_id, booking_id, request)

    def selection(
        self,
        resource_id: str | None,
        days: int | None,
        *,
        changed_by: str | None = None,
        reason: str | None = None,
        action: Action | str | None = None,
        after: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Selection:
        """Return which events of the last local days are meant, today being the last of them; of all, for None."""
        if resource_id is not None:
            self.resource(resource_id)
        return Selection(
            resource_id=resource_id,
            since=None if days is None else self.first_moment(days),
            changed_by=changed_by,
            reason=reason,
            action=None if action is None else action_of(action),
            after=after,
            newest_first=newest_first,
            limit=limit,
        )

    def period(self, resource_id: str | None, days: int) -> tuple[Selection, Interval[datetime]]:
        """Return which events the last local days have, and the window from the first of them to the end of today."""
        window = Interval(self.first_moment(days), zones.day_bounds(self._today(), self.zone)[1])
        return self.selection(resource_id, None).replace(since=window.start, until=window.end), window

    def first_moment(self, days: int) -> datetime:
        """Return when the first of the last so many local days began, today being the last of them.

        Raises:
            PointTypeError, PointValueError: for a number of days that is no whole number, less than 1, or that reaches
                before the year 1.
        """
        try:
            first = self._today() - timedelta(days=whole_number("days", days) - 1)
        except OverflowError:
            raise PointValueError(f"days={days!r:.80} reach before the year 1; pass None for all", days) from None
        return zones.day_start(first, self.zone)

    def _today(self) -> date:
        return zones.to_local(self.now(), self.zone).date()

    def as_of(self, resource_id: str, asked: int | datetime) -> dict[str, Any]:
        """Return the revision or the moment that is asked about, as `replay` takes it."""
        self.resource(resource_id)
        return {"revision": asked} if isinstance(asked, int) else {"moment": moment_of("the moment", asked)}

    def horizon(
        self, events: Sequence[AuditEvent], baseline: Baseline | None, up_to: int | datetime, *, strict: bool
    ) -> Baseline | None:
        """Return what takes the place of the events up to a revision or an instant; None if there are none."""
        revision = up_to if isinstance(up_to, int) else revision_at(events, up_to, baseline=baseline)
        if not revision and not isinstance(up_to, int):
            return None
        return baseline_at(events, revision, baseline=baseline, strict=strict)

    def reconciliation(self, resource_id: str, *, changed_by: str, reason: str, notes: str) -> "ReconciliationPlan":
        """Return the plan of a reconciliation; raises as `Schedule.reconcile`, but for what the history holds."""
        self.resource(resource_id)
        checked_why(reason, notes, changed_by)
        return ReconciliationPlan(resource_id, self._new_id(), self.now(), changed_by, reason, notes)

    def _free(
        self, slots: Sequence[Slot], bookings: Sequence[Booking], *, seats: int, ignoring: str | None
    ) -> IntervalSet[datetime]:
        return free(
            [*slots],
            [*bookings],
            before=self.before,
            after=self.after,
            seats=seats,
            active=self.active,
            ignoring=ignoring,
        )

    def _admit(self, booking: Booking, instead_of: Booking | None) -> Admit:
        """Return the check that a booking fits: what `availability` lists as free is what can be booked."""

        def admit(slots: Sequence[Slot], bookings: Sequence[Booking]) -> None:
            if instead_of is not None and instead_of not in bookings:
                message = f"the booking {booking.id!r} was changed while it was being moved; read it again"
                raise RevisionConflictError(message, instead_of)
            ignoring = None if instead_of is None else booking.id
            if self._free(slots, bookings, seats=booking.seats, ignoring=ignoring).covers(booking.interval):
                return
            segments = explain(
                slots,
                bookings,
                booking.interval,
                before=self.before,
                after=self.after,
                seats=booking.seats,
                active=self.active,
                ignoring=ignoring,
            )
            raise NotAvailableError(self._why_not(booking, segments), booking, tuple(segments))

        return admit

    def _why_not(self, booking: Booking, segments: list[Segment]) -> str:
        faults = [segment for segment in segments if segment.state is not SegmentState.FREE]
        whys = [f"{self._local(fault.interval)} is {_why(fault, booking.seats)}" for fault in faults[:_NAMED]]
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        return f"{booking.resource_id!r} is not free at {self._local(booking.interval)}: {'; '.join(whys)}{more}"

    def _local(self, interval: Interval[datetime]) -> str:
        return iso8601.format_interval(*(zones.to_local(end, self.zone) for end in (interval.start, interval.end)))

    def _asked(
        self,
        resource_id: str,
        interval: Interval[datetime] | tuple[datetime, datetime],
        *,
        label: str = "",
        **fields: Any,
    ) -> Booking:
        """Return the booking that is asked for, checked as far as can be without the repository."""
        booking = Booking(resource_id, interval, label=checked_text("label", label, LONGEST_NOTES), **fields)
        if not _is_instant(booking.interval.start):
            raise PointTypeError(f"{booking.interval} is no time of instants; pass aware datetimes", interval)
        if booking.status is BookingStatus.CANCELLED:
            message = "a CANCELLED booking takes no time, so it cannot be booked or moved; call release to cancel one"
            raise PointValueError(message, booking.status)
        self.limits.check("window", booking.interval.duration)
        return booking

    def _slots(self, resource_id: str, window: Interval[datetime], given: SlotsGiven, *, by_days: bool) -> list[Slot]:
        """Return what was given as slots of the resource, inside the window and in order."""
        items: Iterable[Any]
        if isinstance(given, Rule):
            items = given.within(window)
        elif isinstance(given, Interval):
            items = [given]
        elif isinstance(given, IntervalSet):  # an unbounded one has no list of intervals
            if not given <= IntervalSet(window):
                message = f"{given!s:.200} reaches out of the window {window}; clip it with & to the window"
                raise IntervalError(message, given, window)
            items = given
        elif isinstance(given, str | Mapping) or not isinstance(given, Iterable):
            raise PointTypeError(f"{given!r:.200} is no collection of slots; put them into a list", given)
        else:
            items = given
        listed = [*islice(items, self.limits.rows + 1)]
        self.limits.check("rows", len(listed))
        slots: list[Slot] = []
        for item in listed:
            if isinstance(item, Slot):
                slots.append(_own(item, resource_id) if item.id or item.label or not item.resource_id else item)
            elif _is_clocks(item):
                slots += self._on_each_day(resource_id, window, item, by_days=by_days)
                self.limits.check("rows", len(slots))
            else:
                slots.append(Slot(resource_id, item))
        try:
            return slots_inside(slots, resource_id, window)
        except TypeError:  # some of their points have no order with instants
            odd = next(slot for slot in slots if not _is_instant(slot.interval.start))
            message = f"{odd.interval} is no time of instants; pass aware datetimes, or local times as text"
            raise PointTypeError(message, odd) from None

    def _on_each_day(
        self, resource_id: str, window: Interval[datetime], clocks: tuple[Clock, Clock], *, by_days: bool
    ) -> list[Slot]:
        """Return the slot between two local times of day, on each day of the window; over midnight if need be."""
        if not by_days:
            message = f"{clocks!r:.200} are local times, which belong to days; pass a date, not an interval, with them"
            raise PointTypeError(message, clocks)
        opens, closes = (_since_midnight(clock) for clock in clocks)
        if closes < opens:
            closes += timedelta(days=1)
        slots = []
        for day, _, _ in zones.local_days(window.start, window.end, self.zone):
            start, end = (zones.at(day, clock, self.zone) for clock in (opens, closes))
            if not start < end:
                shown = "-".join(map(str, clocks))
                message = f"no time lies within {shown} on {day} in {self.zone}; leave it out, or use a Weekly rule"
                raise IntervalError(message, clocks, day)
            slots.append(Slot(resource_id, (start, end)))
        return slots

    def _new_id(self) -> str:
        return _checked_name("the id source's id", self._ids())


def _checked_name(name: str, text: object) -> str:
    if not checked_text(name, text):
        raise PointValueError(f"{name} is empty; an empty name belongs to nobody", text)
    return cast("str", text)


def _own(slot: Slot, resource_id: str) -> Slot:
    """Return the slot as one of the resource, if it names none; its id and label as the events can keep them."""
    checked_text("id", slot.id or "")
    checked_text("label", slot.label, LONGEST_NOTES)
    return slot if slot.resource_id else slot.replace(resource_id=resource_id)


def _is_instant(point: object) -> bool:
    return isinstance(point, datetime) and point.tzinfo is not None


def _is_clocks(item: object) -> bool:
    return isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str | time)


def _since_midnight(clock: object) -> timedelta:
    if isinstance(clock, time) and clock.tzinfo is None:
        return datetime.combine(date.min, clock) - datetime.min  # noqa: DTZ901  # how far a clock has moved on
    if isinstance(clock, str):
        return iso8601.parse_clock(clock)
    raise PointTypeError(f"{clock!r:.80} is no time of day; write it as '09:00', or '24:00'", clock)


def _request(request_id: str, what: str, resource_id: str, content: object) -> Request:
    """Return the request with a digest of all that is asked for."""
    _checked_name("request_id", request_id)
    text = json.dumps([what, resource_id, content], separators=(",", ":"))
    return Request(request_id, sha256(text.encode()).hexdigest())


def _text_of(interval: Interval[datetime]) -> str:
    return iso8601.format_interval(interval.start, interval.end)


def _texts_of(slot: Slot) -> list[str | int | None]:
    return [_text_of(slot.interval), slot.capacity, slot.id, slot.label]


def _texts_of_booking(booking: Booking) -> list[str | int | None]:
    return [_text_of(booking.interval), booking.status.value, booking.seats, booking.id, booking.label]


def _why(segment: Segment, seats: int) -> str:
    """Return why a segment cannot be booked."""
    if segment.state is SegmentState.OUTSIDE:
        return "outside the slots"
    causes = [f"booking {booking.id!r}" for booking in segment.bookings[:_NAMED]]
    causes += [f"the buffer of booking {booking.id!r}" for booking in segment.buffers[:_NAMED]]
    taken = sum(booking.seats for booking in (*segment.bookings, *segment.buffers))
    left = max(segment.capacity - taken, 0)
    room = f"{left} of {segment.capacity} seats left, {seats} wanted" if segment.capacity > 1 or seats > 1 else ""
    if not causes:
        return f"too small: {room}"
    return f"taken by {' and '.join(causes)}" + (f" ({room})" if room else "")


def _now() -> datetime:
    return datetime.now(UTC)
