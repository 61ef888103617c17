"""What an audit log is: a place that keeps events, gives them back in order, and forgets the oldest when told to.

Imports `diff` and below; read `replay` next. An adapter for a store of your own has four methods to write, and
`slotcalc.testing` has the tests that it has to pass.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Protocol, final, runtime_checkable

from slotcalc.booking import Slot, as_list, whole_number
from slotcalc.diff import Action, AuditEvent
from slotcalc.diff.event import action_of
from slotcalc.errors import AmbiguousResourceError, HorizonError, PointTypeError, PointValueError, UnknownEventError
from slotcalc.points import normalised
from slotcalc.values import Value

__all__ = [
    "AsyncAuditLog",
    "AuditLog",
    "Baseline",
    "Delivery",
    "Selection",
    "check_deliverable",
    "horizon_error",
    "in_order",
    "moment_of",
    "unknown_event",
]


class Delivery(StrEnum):
    """What became of the events of an edit. The edit itself stands in every case."""

    NOTHING = "nothing to deliver"
    WRITTEN = "written"
    QUEUED = "queued"
    SPOOLED = "spooled"
    FAILED = "failed"

    def __repr__(self) -> str:
        """Return the code that names the member."""
        return f"{type(self).__name__}.{self.name}"


@final
class Selection(Value):
    """Which events are asked for; each field that is left out allows everything.

    The events of one resource come by revision and ordinal. Those of several resources come by `changed_at`, then by
    resource, revision and ordinal, since revisions of two resources have no common order.

    Args:
        resource_id: of which resource.
        since: only edits made at this instant or after it.
        until: only edits made before this instant.
        first_revision: only this revision and those after it.
        last_revision: only this revision and those before it.
        changed_by: only edits by this person.
        reason: only edits for this reason.
        action: only what was added, or only what was removed.
        after: only events behind the one with this id, in the order asked for: how the next page begins.
        newest_first: whether the order is turned round.
        limit: at most so many events.
    """

    __slots__ = (
        "action",
        "after",
        "changed_by",
        "first_revision",
        "last_revision",
        "limit",
        "newest_first",
        "reason",
        "resource_id",
        "since",
        "until",
    )
    __match_args__ = (
        "resource_id",
        "since",
        "until",
        "first_revision",
        "last_revision",
        "changed_by",
        "reason",
        "action",
        "after",
        "newest_first",
        "limit",
    )
    _positional = 0

    resource_id: str | None
    since: datetime | None
    until: datetime | None
    first_revision: int | None
    last_revision: int | None
    changed_by: str | None
    reason: str | None
    action: Action | None
    after: str | None
    newest_first: bool
    limit: int | None

    def __init__(
        self,
        *,
        resource_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        first_revision: int | None = None,
        last_revision: int | None = None,
        changed_by: str | None = None,
        reason: str | None = None,
        action: Action | None = None,
        after: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> None:
        """Check each field by its type.

        Raises:
            PointTypeError: for a value of the wrong type, and for a moment without a zone.
            PointValueError: for an unknown action, or a limit less than 1.
        """
        texts = {"resource_id": resource_id, "changed_by": changed_by, "reason": reason, "after": after}
        for name, text in texts.items():
            if text is not None and not isinstance(text, str):
                raise PointTypeError(f"{name}={text!r:.80} is not text", text)
        for name, count in (("first_revision", first_revision), ("last_revision", last_revision)):
            if count is not None:
                whole_number(name, count, 0)  # which is the state before the first edit
        self._set(
            **texts,
            since=_moment("since", since),
            until=_moment("until", until),
            first_revision=first_revision,
            last_revision=last_revision,
            action=None if action is None else action_of(action),
            newest_first=newest_first,
            limit=None if limit is None else whole_number("limit", limit),
        )

    def includes(self, event: AuditEvent) -> bool:
        """Return whether the event is asked for, apart from `after` and `limit`."""
        return (
            (self.resource_id is None or event.resource_id == self.resource_id)
            and (self.since is None or (event.changed_at is not None and event.changed_at >= self.since))
            and (self.until is None or (event.changed_at is not None and event.changed_at < self.until))
            and (self.first_revision is None or event.revision >= self.first_revision)
            and (self.last_revision is None or event.revision <= self.last_revision)
            and (self.changed_by is None or event.changed_by == self.changed_by)
            and (self.reason is None or event.reason == self.reason)
            and (self.action is None or event.action is self.action)
        )

    def order(self, event: AuditEvent) -> tuple[Any, ...]:
        """Return what the events are sorted by."""
        if self.resource_id is not None:
            return event.place
        return event.changed_at, event.resource_id, *event.place


@final
class Baseline(Value):
    """The slots of a resource at a revision whose events were purged: from here on the history is known.

    Args:
        resource_id: whose slots they are.
        revision: the last revision that was purged.
        slots: the slots after it.
        digest: the head of the hash chain after it.
        changed_at: when that revision was made.
    """

    __slots__ = ("changed_at", "digest", "resource_id", "revision", "slots")
    __match_args__ = ("resource_id", "revision", "slots", "digest", "changed_at")
    _positional = 3

    resource_id: str
    revision: int
    slots: tuple[Slot, ...]
    digest: str
    changed_at: datetime | None

    def __init__(
        self,
        resource_id: str,
        revision: int,
        slots: Iterable[Slot],
        *,
        digest: str = "",
        changed_at: datetime | None = None,
    ) -> None:
        """Keep the parts; `audit.baseline_at` makes them."""
        for name, text in (("resource_id", resource_id), ("digest", digest)):
            if not isinstance(text, str):
                raise PointTypeError(f"{name}={text!r:.80} is not text", text)
        self._set(
            resource_id=resource_id,
            revision=whole_number("revision", revision),
            slots=tuple(as_list(slots, Slot)),
            digest=digest,
            changed_at=_moment("changed_at", changed_at),
        )


@runtime_checkable
class AuditLog(Protocol):
    """A place that keeps audit events. All of it may fail or be slow: an edit never depends on it.

    A log whose `append` does no I/O may have an attribute `immediate = True`; it is then called on the caller's thread
    and without a time limit.
    """

    def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new.

        An event whose id is there already is left out, and so is one at or before the baseline of its resource: a
        delivery may be repeated, and may come late and in any order.

        Raises:
            PointValueError: for an event that belongs to no edit (no id, change, revision or time).
        """

    def select(self, wanted: Selection) -> Sequence[AuditEvent]:
        """Return the events that are asked for, in the order of `Selection`.

        Raises:
            UnknownEventError: if `wanted.after` is no event of the log.
        """

    def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""

    def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, keep the baseline, both or neither; return how many.

        Raises:
            HorizonError: if a later baseline is there already.
        """


class AsyncAuditLog(Protocol):
    """An `AuditLog` whose methods are coroutines; each does what the method of that name there does."""

    async def append(self, events: Sequence[AuditEvent]) -> int:
        """Keep the events, all or none, and return how many were new."""

    async def select(self, wanted: Selection) -> Sequence[AuditEvent]:
        """Return the events that are asked for, in the order of `Selection`."""

    async def baseline(self, resource_id: str) -> Baseline | None:
        """Return where the history of the resource begins, or None if nothing was purged."""

    async def purge(self, baseline: Baseline) -> int:
        """Drop the events of the resource up to that revision, and keep the baseline; return how many."""


def check_deliverable(events: Iterable[AuditEvent]) -> None:
    """Raise for what is no event, and for an event that belongs to no edit; every `append` begins with this."""
    for event in as_list(events, AuditEvent):
        if not (event.id and event.change_id and event.revision and event.changed_at):
            message = f"{event!r:.200} belongs to no edit: it has no id, change_id, revision or changed_at"
            raise PointValueError(message, event)


def in_order(
    events: Iterable[AuditEvent], *, resource_id: str | None = None, baseline: Baseline | None = None
) -> tuple[str, list[AuditEvent]]:
    """Return whose history it is, and the events behind the baseline in their order; each event counts once.

    An event that was delivered twice, the same in each of its fields, is one event. Two that differ are two, even if
    they have one id. Without events and baseline the history is that of `resource_id`, or of nobody. O(n) if the events
    come in order, else O(n log n).

    Raises:
        AmbiguousResourceError: for events of more than one resource, or of another one than asked for.
    """
    listed = as_list(events, AuditEvent)
    if resource_id is None:
        resource_id = baseline.resource_id if baseline is not None else listed[0].resource_id if listed else ""
    others = {event.resource_id for event in listed}
    if baseline is not None:
        others.add(baseline.resource_id)
        listed = [event for event in listed if event.revision > baseline.revision]
    for other in sorted(others - {resource_id}):
        message = f"a history of {resource_id!r} has something of {other!r} in it; take each resource by itself"
        raise AmbiguousResourceError(message, other, resource_id)
    if len({event.id for event in listed}) < len(listed):
        listed = _each_once(listed)
    listed.sort(key=attrgetter("revision", "ordinal", "id"))  # the id decides between two that claim one place
    return resource_id, listed


def _each_once(events: list[AuditEvent]) -> list[AuditEvent]:
    seen = set()
    once = []
    for event in events:
        if event not in seen:
            once.append(event)
        if event.id:  # the events of a preview have no name by which one could be another
            seen.add(event)
    return once


def horizon_error(resource_id: str, asked: object, earliest: int) -> HorizonError:
    """Return the error for a question about what was purged: a revision, or a moment."""
    what = f"revision {asked}" if isinstance(asked, int) else str(asked)
    message = f"the history of {resource_id!r} begins after revision {earliest}; {what} lies before it"
    return HorizonError(message, earliest, asked)


def unknown_event(event_id: str) -> UnknownEventError:
    """Return the error for an event that is not there."""
    return UnknownEventError(f"the log has no event {event_id!r:.80}; it may have been purged", event_id)


def _moment(name: str, moment: object) -> datetime | None:
    return None if moment is None else moment_of(name, moment)


def moment_of(name: str, moment: object) -> datetime:
    """Return the instant in UTC, or say which argument is none."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        message = f"{name}={moment!r:.80} is no instant; give an aware datetime such as datetime.now(UTC)"
        raise PointTypeError(message, moment)
    return normalised(moment)
