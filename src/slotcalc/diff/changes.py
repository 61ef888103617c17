"""The events between two states of the slots, and what can be done with them: apply, invert, compose.

Imports `event` and `ledger`; read `audit.replay` next, which rebuilds the slots of any revision from the events.

For all states a, b, c and d = diff(a, b): apply(a, d) is b, apply(b, invert(d)) is a, diff(a, a) is empty, and
compose(d, diff(b, c)) is diff(a, c). No set of events from a to b is smaller than diff(a, b).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from os import urandom
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from slotcalc.availability import Slots
from slotcalc.booking import Slot, as_list
from slotcalc.diff.event import Action, AuditEvent, Identity, another, checked_identity, checked_text
from slotcalc.diff.ledger import Ledger, by_identity, each_slot, identity_of, impossible, slot_of, times_of
from slotcalc.errors import AmbiguousResourceError, ImpossibleEventError
from slotcalc.intervals import Interval, IntervalSet

if TYPE_CHECKING:
    from uuid import UUID

__all__ = [
    "Changes",
    "apply",
    "change_id_of",
    "changes_between",
    "changes_in_order",
    "compose",
    "diff",
    "event_id",
    "events_of",
    "invert",
    "new_change_id",
    "unshared",
]

Piece: TypeAlias = tuple[Interval[Any], Identity]


def diff(
    before: Slots,
    after: Slots,
    *,
    resource_id: str,
    whole: bool = False,
    reason: str = "edit",
    notes: str = "",
    changed_at: datetime | None = None,
    changed_by: str = "",
    change_id: str = "",
    revision: int = 0,
) -> tuple[AuditEvent, ...]:
    """Return the fewest events that lead from one state of the slots to the other: REMOVED first, then by start.

    Sets, intervals and pairs are time and nothing else. Slots that differ in capacity, id or label are told apart: a
    changed capacity is a REMOVED and an ADDED of that time, and so is a slot that was split in two, if the two have
    ids of their own. With `whole=True` each slot is all or nothing, as in `remaining`: a slot that was moved, trimmed
    or split is REMOVED, and what came of it ADDED.

    Args:
        before: the slots as they were.
        after: the slots as they are.
        resource_id: whose slots they are.
        whole: whether slots are compared one by one instead of by their time.
        reason: why, as each event says it; see `AuditEvent` for this and the next four.
        notes: what else there is to say.
        changed_at: when the edit was made.
        changed_by: who made it.
        change_id: the edit that they belong to, from which their ids are made; none for a preview.
        revision: the revision that the edit made.

    O(n log n) in the number of slots; O(n) if they are sorted.

    Raises:
        AmbiguousResourceError: for slots of another resource.
        UnboundedError: if the two differ without end.
        IntervalError, PointTypeError, PointValueError, LimitExceededError: as `free` and `AuditEvent`.

    >>> for event in diff([(9, 12), (13, 17)], [(9, 11), (13, 18)], resource_id="tutor-1"):
    ...     print(event.action, event.interval)
    REMOVED [11, 12)
    ADDED [17, 18)
    """
    return events_of(
        _whole_changes(before, after, resource_id) if whole else changes_between(before, after, resource_id),
        resource_id=resource_id,
        reason=reason,
        notes=notes,
        changed_at=changed_at,
        changed_by=changed_by,
        change_id=change_id,
        revision=revision,
    )


class Changes(NamedTuple):
    """What is between two states of the slots: pieces of time, each with its identity, in order of their start."""

    removed: list[Piece]
    added: list[Piece]


def changes_between(before: Slots, after: Slots, resource_id: str) -> Changes:
    """Return what was removed and what was added, as maximal intervals of one identity: what `diff` makes events of."""
    return _changes_of_time(by_identity(before, resource_id), by_identity(after, resource_id))


def changes_in_order(
    before: Sequence[Slot], after: Sequence[Slot], differing: tuple[Sequence[Slot], Sequence[Slot]]
) -> Changes:
    """Return `changes_between` slots of one resource, in order of their start, of which these are `unshared`."""
    if _are_disjoint(before) and _are_disjoint(after):  # else a slot that stays may cover time of one that goes
        before, after = differing
    return _changes_of_time(times_of(before), times_of(after))


def unshared(before: Sequence[Slot], after: Sequence[Slot]) -> tuple[list[Slot], list[Slot]]:
    """Return what each of two lists of slots, in order of their start, has beyond the other. O(n).

    Of slots with one start, those that stay come before those that are new.
    """
    gone: list[Slot] = []
    new: list[Slot] = []
    others = iter(after)
    other = next(others, None)
    for slot in before:
        start, end = slot.interval.start, slot.interval.end
        while other is not None and other.interval.start < start:
            new.append(other)
            other = next(others, None)
        if (  # other == slot, which takes five times as long
            other is not None
            and other.interval.start == start
            and other.interval.end == end
            and other.capacity == slot.capacity
            and other.id == slot.id
            and other.label == slot.label
        ):
            other = next(others, None)
        else:
            gone.append(slot)
    if other is not None:
        new += [other, *others]
    return gone, new


def events_of(
    changes: Changes,
    *,
    resource_id: str,
    reason: str,
    notes: str,
    changed_at: datetime | None,
    changed_by: str,
    change_id: str,
    revision: int,
) -> tuple[AuditEvent, ...]:
    """Return the events that say these changes; the arguments are those of `diff`."""
    pieces = [(Action.REMOVED, *piece) for piece in changes.removed]
    pieces += [(Action.ADDED, *piece) for piece in changes.added]
    if not pieces:
        return ()
    ids = _event_ids(checked_text("change_id", change_id), len(pieces)) if change_id else [""] * len(pieces)
    action, interval, identity = pieces[0]
    first = AuditEvent(
        resource_id,
        action,
        interval,
        capacity=identity.capacity,
        slot_id=identity.slot_id,
        label=identity.label,
        reason=reason,
        notes=notes,
        changed_at=changed_at,
        changed_by=changed_by,
        change_id=change_id,
        revision=revision,
        id=ids[0],
    )
    events = [first]
    for ordinal in range(1, len(pieces)):
        action, interval, other = pieces[ordinal]
        if other is not identity:
            identity = checked_identity(other)
        events.append(another(first, action, interval, identity, ordinal, ids[ordinal]))
    return tuple(events)


def apply(slots: Slots, events: Iterable[AuditEvent], *, whole: bool = False) -> list[Slot]:
    """Return the slots after the events, strictly, in order of their start; slots of one identity that touch are one.

    With `whole=True` slots are added and removed one by one and never merge. O((n + m) log n).

    Raises:
        ImpossibleEventError: if time is added that is there, or removed that is not; the message names the revision.
        AmbiguousResourceError: for events or slots of more than one resource.

    >>> apply([(9, 12)], [AuditEvent("tutor-1", "removed", (10, 11))])
    [Slot('tutor-1', Interval(9, 10)), Slot('tutor-1', Interval(11, 12))]
    """
    listed = as_list(events, AuditEvent)
    resource_id = listed[0].resource_id if listed else _resource_of(slots)
    if whole:
        return _applied_whole(slots, listed, resource_id)
    ledger = Ledger(resource_id, slots)
    for event in listed:
        ledger.apply(event)
    return ledger.slots()


def invert(events: Iterable[AuditEvent]) -> tuple[AuditEvent, ...]:
    """Return the events that undo these, last first: ADDED for REMOVED and REMOVED for ADDED.

    They keep resource, time, identity, reason and notes. They belong to no edit yet, so they have no id, change,
    revision, time or author.

    >>> [event.action for event in invert([AuditEvent("tutor-1", "added", (9, 12))])]
    [Action.REMOVED]
    """
    return tuple([_preview(event, _OPPOSITE[event.action]) for event in reversed(as_list(events, AuditEvent))])


def compose(*edits: Iterable[AuditEvent]) -> tuple[AuditEvent, ...]:
    """Return the fewest events that do what these edits do one after the other, in the order of `diff`.

    Time that is added and then removed again, or removed and added again, leaves no event. The events belong to no
    edit yet, and a reason that all of them share is kept. O(n log n).

    Raises:
        ImpossibleEventError: if no slots allow the edits in this order.
        AmbiguousResourceError: for events of more than one resource.

    >>> first = diff([], [(9, 12)], resource_id="tutor-1")
    >>> second = diff([(9, 12)], [(9, 11)], resource_id="tutor-1")
    >>> [str(event.interval) for event in compose(first, second)]
    ['[9, 11)']
    """
    events = [event for edit in edits for event in as_list(edit, AuditEvent)]
    if not events:
        return ()
    undone = [_opposite(event) for event in reversed(events)]
    reasons = {event.reason for event in events}
    return diff(
        _outcome(undone),
        _outcome(events),
        resource_id=events[0].resource_id,
        reason=reasons.pop() if len(reasons) == 1 else "edit",
    )


def _outcome(events: list[AuditEvent]) -> list[Slot]:
    """Return what is there, of the time that the events speak about, after them; some slots have to allow them."""
    there, gone = Ledger(events[0].resource_id), Ledger(events[0].resource_id)
    for event in events:
        opposite = _opposite(event)
        if event.action is Action.ADDED:
            there.apply(event)
            gone.force(opposite)
            continue
        try:
            gone.apply(opposite)
        except ImpossibleEventError:
            raise impossible(event) from None
        there.force(event)
    return there.slots()


def event_id(change_id: str, ordinal: int) -> str:
    """Return the id of an event of an edit: the same for the same edit and ordinal, wherever it is made."""
    from uuid import uuid5  # noqa: PLC0415  # a third of the time of `import slotcalc`, and no preview needs it

    return str(uuid5(_namespace(), f"{change_id}/{ordinal}"))


def _event_ids(change_id: str, count: int) -> list[str]:
    """Return `event_id` for the first so many ordinals: `uuid5` written out, since it takes ten times as long."""
    begun = _hash_of_namespace().copy()
    begun.update(f"{change_id}/".encode())
    ids = []
    for ordinal in range(count):
        hashed = begun.copy()
        hashed.update(b"%d" % ordinal)
        ids.append(_uuid(hashed.hexdigest(), version=5))
    return ids


def new_change_id() -> str:
    """Return the id of an edit that nobody has named: a random one, as `uuid4` makes it in five times the time."""
    return _uuid(urandom(16).hex(), version=4)


def _uuid(digits: str, *, version: int) -> str:
    """Return a UUID of these digits, but for its version and variant (RFC 9562, section 4)."""
    variant = _VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def change_id_of(resource_id: str, request_id: str) -> str:
    """Return the id of the edit that a request names: the same for the same request, so that its events are, too."""
    from uuid import uuid5  # noqa: PLC0415  # as above

    return str(uuid5(_namespace(), f"{len(resource_id)}/{resource_id}/{request_id}"))


@cache
def _namespace() -> "UUID":
    from uuid import UUID  # noqa: PLC0415  # as above

    return UUID("7d0a4a53-41c5-5a2b-9d57-0c1f9f2f7b11")


@cache
def _hash_of_namespace() -> Any:  # a hash that has read it, to be copied
    from hashlib import sha1  # noqa: PLC0415  # as above

    return sha1(_namespace().bytes, usedforsecurity=False)


_VARIANTS: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_NOTHING: Final[IntervalSet[Any]] = IntervalSet.empty()
_OPPOSITE: Final = {Action.ADDED: Action.REMOVED, Action.REMOVED: Action.ADDED}


def _changes_of_time(was: Mapping[Identity, IntervalSet[Any]], now: Mapping[Identity, IntervalSet[Any]]) -> Changes:
    removed: list[Piece] = []
    added: list[Piece] = []
    for identity in {**was, **now}:
        old, new = was.get(identity, _NOTHING), now.get(identity, _NOTHING)
        if old != new:
            removed += [(interval, identity) for interval in old - new]
            added += [(interval, identity) for interval in new - old]
    if len(was.keys() | now.keys()) > 1:  # of one identity they are in order
        return Changes(_in_order(removed), _in_order(added))
    return Changes(removed, added)


def _are_disjoint(slots: Sequence[Slot]) -> bool:
    """Return whether slots are in order of their start and none overlaps the next."""
    last = None
    for slot in slots:
        if last is not None and slot.interval.start < last:
            return False
        last = slot.interval.end
    return True


def _whole_changes(before: Slots, after: Slots, resource_id: str) -> Changes:
    """Return the slots that are gone and those that are new."""
    was, now = _counted(before, resource_id), _counted(after, resource_id)
    return Changes(_in_order([*(was - now).elements()]), _in_order([*(now - was).elements()]))


def _in_order(pieces: list[Piece]) -> list[Piece]:
    if len(pieces) > 1:
        pieces.sort(key=lambda piece: piece[1].order)
        pieces.sort(key=lambda piece: piece[0].start)  # stable, and starts alone need no tie-break of their own
    return pieces


def _counted(slots: Slots, resource_id: str) -> "Counter[Piece]":
    return Counter((slot.interval, identity_of(slot)) for slot in each_slot(slots, resource_id))


def _applied_whole(slots: Slots, events: list[AuditEvent], resource_id: str) -> list[Slot]:
    left = _counted(slots, resource_id)
    for event in events:
        if event.resource_id != resource_id:
            raise _of_two(event.resource_id, resource_id)
        piece = event.interval, event.identity
        if event.action is Action.ADDED:
            left[piece] += 1
        elif left[piece]:
            left[piece] -= 1
        else:
            raise impossible(event)
    return [slot_of(resource_id, *piece) for piece in _in_order([*left.elements()])]


def _resource_of(slots: Slots) -> str:
    """Return whose slots these are, if no event says so."""
    named = {slot.resource_id for slot in each_slot(slots, None)} - {""}
    if len(named) > 1:
        raise _of_two(*sorted(named)[:2])
    return named.pop() if named else ""


def _opposite(event: AuditEvent) -> AuditEvent:
    return another(event, _OPPOSITE[event.action], event.interval, event.identity, event.ordinal, event.id)


def _preview(event: AuditEvent, action: Action) -> AuditEvent:
    """Return the event with another action and without the edit that it belonged to."""
    return event.replace(action=action, changed_at=None, changed_by="", change_id="", revision=0, ordinal=0, id="")


def _of_two(one: str, other: str) -> AmbiguousResourceError:
    message = f"events and slots of {one!r} and of {other!r} in one history; take each resource by itself"
    return AmbiguousResourceError(message, one, other)
