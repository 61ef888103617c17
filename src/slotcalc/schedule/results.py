"""What a schedule answers: values that carry what was asked, what came out, and what became of the audit events.

Imports `repository` and below; read `edits` next.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple, final
from zoneinfo import ZoneInfo

from slotcalc import iso8601, zones
from slotcalc.audit import Delivery
from slotcalc.booking import Booking, Slot
from slotcalc.diff import Action, AuditEvent
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.repository import Redelivered
from slotcalc.values import Value

__all__ = ["Availability", "Day", "Preview", "Reconciled", "Redelivered", "UpdateResult"]


class Day(NamedTuple):
    """A local day, and its free pieces as (start, end) in local time; see `IntervalSet.by_day`."""

    date: date
    pieces: list[tuple[datetime, datetime]]


@final
class Availability(Value):
    """When a resource is free, for a number of local days.

    Args:
        resource_id: which resource.
        window: the days, from the first instant of the first to the last of the last.
        zone: whose days and clocks they are.
        free: the free time in the window.
        revision: how many edits the slots had seen; pass it to `update` as `expected_revision`.
    """

    __slots__ = ("free", "resource_id", "revision", "window", "zone")
    __match_args__ = ("resource_id", "window", "zone", "free", "revision")
    _positional = 5

    resource_id: str
    window: Interval[datetime]
    zone: ZoneInfo
    free: IntervalSet[datetime]
    revision: int

    def __init__(
        self,
        resource_id: str,
        window: Interval[datetime],
        zone: ZoneInfo,
        free: IntervalSet[datetime],
        revision: int,
    ) -> None:
        """Keep the parts; `Schedule.availability` makes them."""
        self._set(resource_id=resource_id, window=window, zone=zone, free=free, revision=revision)

    def days(self) -> list[Day]:
        """Return each local day of the window, those without free time too, with its pieces cut at midnight.

        A piece that lasts to the end of a day ends at the start of the next one. Dates that the zone left out are not
        there. O(n + days).
        """
        pieces = dict(self.free.by_day(self.zone))
        window = self.window
        return [Day(day, pieces.get(day, [])) for day, _, _ in zones.local_days(window.start, window.end, self.zone)]

    def to_json(self, *, exact: bool = False) -> list[dict[str, Any]]:
        """Return what web clients expect, ready for `json.dumps`: local days with times of day, 24:00 at their end.

        ``[{"date": "2024-01-15", "available_slots": [{"start_time": "09:00", "end_time": "12:00"}]}]``

        In the night when the clocks go back, times of day are ambiguous: 02:30 is two moments, and a piece may seem to
        end before it starts (02:45 to 02:15, half an hour later). With `exact=True` each piece also has `start` and
        `end`, date-times with their offset, as `files.free_as_json` writes them.
        """
        return [
            {"date": day.isoformat(), "available_slots": [_shown(day, *piece, exact=exact) for piece in pieces]}
            for day, pieces in self.days()
        ]


def _shown(day: date, start: datetime, end: datetime, *, exact: bool) -> dict[str, str]:
    shown = {"start_time": iso8601.format_clock(start, day), "end_time": iso8601.format_clock(end, day)}
    if exact:
        shown |= {"start": iso8601.format_point(start), "end": iso8601.format_point(end)}
    return shown


class _Edit(Value):
    """What an edit and its preview have in common."""

    __slots__ = ()
    events: tuple[AuditEvent, ...]

    @property
    def added(self) -> IntervalSet[datetime]:
        """The time of the ADDED events; of a slot that only changed its capacity or label, all of it."""
        return _time_of(self.events, Action.ADDED)

    @property
    def removed(self) -> IntervalSet[datetime]:
        """The time of the REMOVED events."""
        return _time_of(self.events, Action.REMOVED)


def _time_of(events: Iterable[AuditEvent], action: Action) -> IntervalSet[Any]:
    return IntervalSet([event.interval for event in events if event.action is action])


@final
class Preview(_Edit):
    """What an update would do, if nobody else edits in between.

    Args:
        resource_id: which resource.
        window: the time that would be replaced.
        revision: the revision that it was worked out for; pass it to `update` as `expected_revision`.
        before: the slots in the window as they are.
        after: the slots as they would be.
        events: what would be removed and added, without ids, since they belong to no edit.
        displaced: the active bookings that the slots cover now and would not cover any more.
    """

    __slots__ = ("after", "before", "displaced", "events", "resource_id", "revision", "window")
    __match_args__ = ("resource_id", "window", "revision", "before", "after", "events", "displaced")
    _positional = 3

    resource_id: str
    window: Interval[datetime]
    revision: int
    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    displaced: tuple[Booking, ...]

    def __init__(
        self,
        resource_id: str,
        window: Interval[datetime],
        revision: int,
        *,
        before: tuple[Slot, ...] = (),
        after: tuple[Slot, ...] = (),
        events: tuple[AuditEvent, ...] = (),
        displaced: tuple[Booking, ...] = (),
    ) -> None:
        """Keep the parts; `Schedule.preview` makes them."""
        self._set(
            resource_id=resource_id,
            window=window,
            revision=revision,
            before=before,
            after=after,
            events=events,
            displaced=displaced,
        )


@final
class UpdateResult(_Edit):
    """What an edit did. It stands, whatever became of its events.

    Args:
        resource_id: which resource.
        window: the time that was replaced.
        revision: the revision after it; the one from before if nothing changed.
        change_id: what its events share.
        before: the slots that were in the window, cut to it.
        after: the slots that are in it now.
        events: what was removed and added; none if nothing changed.
        displaced: the active bookings that the slots in the window covered before and do not cover now.
        delivery: what became of the events.
        error: why they were not written, if that was tried and failed; else empty.
        repeated: whether the request was made before, so that this is what the first one did.
    """

    __slots__ = (
        "after",
        "before",
        "change_id",
        "delivery",
        "displaced",
        "error",
        "events",
        "repeated",
        "resource_id",
        "revision",
        "window",
    )
    __match_args__ = (
        "resource_id",
        "window",
        "revision",
        "change_id",
        "before",
        "after",
        "events",
        "displaced",
        "delivery",
        "error",
        "repeated",
    )
    _positional = 4

    resource_id: str
    window: Interval[datetime]
    revision: int
    change_id: str
    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    displaced: tuple[Booking, ...]
    delivery: Delivery
    error: str
    repeated: bool

    def __init__(
        self,
        resource_id: str,
        window: Interval[datetime],
        revision: int,
        change_id: str,
        *,
        before: tuple[Slot, ...] = (),
        after: tuple[Slot, ...] = (),
        events: tuple[AuditEvent, ...] = (),
        displaced: tuple[Booking, ...] = (),
        delivery: Delivery = Delivery.NOTHING,
        error: str = "",
        repeated: bool = False,
    ) -> None:
        """Keep the parts; `Schedule.update` makes them."""
        self._set(
            resource_id=resource_id,
            window=window,
            revision=revision,
            change_id=change_id,
            before=before,
            after=after,
            events=events,
            displaced=displaced,
            delivery=delivery,
            error=error,
            repeated=repeated,
        )


@final
class Reconciled(Value):
    """What a reconciliation wrote.

    Args:
        resource_id: whose history.
        revision: the revision after it; the one from before if nothing was amiss.
        change_id: what its events share.
        events: what was written; none if nothing was amiss.
        delivery: what became of them.
        error: why they were not written, if that was tried and failed; else empty.
    """

    __slots__ = ("change_id", "delivery", "error", "events", "resource_id", "revision")
    __match_args__ = ("resource_id", "revision", "change_id", "events", "delivery", "error")
    _positional = 4

    resource_id: str
    revision: int
    change_id: str
    events: tuple[AuditEvent, ...]
    delivery: Delivery
    error: str

    def __init__(
        self,
        resource_id: str,
        revision: int,
        change_id: str,
        events: tuple[AuditEvent, ...],
        *,
        delivery: Delivery = Delivery.NOTHING,
        error: str = "",
    ) -> None:
        """Keep the parts; `Schedule.reconcile` makes them."""
        self._set(
            resource_id=resource_id,
            revision=revision,
            change_id=change_id,
            events=events,
            delivery=delivery,
            error=error,
        )
