"""Slots under a stream of events, applied strictly: what is there cannot be added, what is not there not removed.

Imports `event`; read `changes` next. The starts are kept in order in blocks of at most 512, so that an event costs
about the same whether ten intervals are there or a million.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from typing import Any, Final

from slotcalc.availability import Slots
from slotcalc.booking import Slot
from slotcalc.diff.event import Action, AuditEvent, Identity
from slotcalc.errors import AmbiguousResourceError, ImpossibleEventError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet

__all__ = ["Ledger", "by_identity", "each_slot", "identity_of", "impossible", "slot_of", "slots_of", "times_of"]

_BLOCK: Final = 512


class Ledger:
    """The slots of one resource while events are applied to them, one after the other.

    Slots of the same capacity, id and label are one set of time; others are kept apart.

    Args:
        resource_id: whose slots they are.
        slots: what is there before the first event.

    >>> ledger = Ledger("tutor-1", [(9, 12)])
    >>> ledger.apply(AuditEvent("tutor-1", "removed", (10, 11)))
    >>> ledger.coverage()
    IntervalSet([(9, 10), (11, 12)])
    """

    def __init__(self, resource_id: str, slots: Slots = ()) -> None:
        """Begin with the slots; raises as `diff` for slots of another resource and unbounded sets."""
        self.resource_id = resource_id
        self._lines = {identity: _Line(time) for identity, time in by_identity(slots, resource_id).items()}

    def apply(self, event: AuditEvent) -> None:
        """Take an event into account; one that is impossible changes nothing. O(log n).

        Raises:
            ImpossibleEventError: if time is added of which some is there already, or removed of which some is not.
            AmbiguousResourceError: for an event of another resource.
            PointTypeError: for an event whose points are of another kind.
        """
        line = self._line_of(event)
        start, end = event.interval.start, event.interval.end
        try:
            possible = (line.add if event.action is Action.ADDED else line.remove)(start, end)
        except TypeError:
            raise self._of_another_kind(event) from None
        if not possible:
            raise impossible(event)

    def force(self, event: AuditEvent) -> None:
        """Take an event into account, possible or not: after it added time is there, and removed time is not.

        O(log n), and as much again for each interval that it swallows.

        Raises:
            AmbiguousResourceError, PointTypeError: as `apply`.
        """
        line = self._line_of(event)
        try:
            (line.cover if event.action is Action.ADDED else line.clear)(event.interval.start, event.interval.end)
        except TypeError:
            raise self._of_another_kind(event) from None

    def _line_of(self, event: AuditEvent) -> "_Line":
        if event.resource_id != self.resource_id:
            message = f"an event of {event.resource_id!r} cannot be applied to the slots of {self.resource_id!r}"
            raise AmbiguousResourceError(message, event.resource_id, self.resource_id)
        identity = event.identity
        line = self._lines.get(identity)
        if line is None:
            line = self._lines[identity] = _Line(IntervalSet.empty())
        return line

    def _of_another_kind(self, event: AuditEvent) -> PointTypeError:
        message = f"{event.interval} is of another kind of points than the slots of {self.resource_id!r}"
        return PointTypeError(message, event.interval)

    def coverage(self) -> IntervalSet[Any]:
        """Return the time of all slots together. O(n)."""
        return IntervalSet.empty().union(*(line.time() for line in self._lines.values()))

    def slots(self) -> list[Slot]:
        """Return the slots as they are now, those of one identity merged, in order of their start. O(n log n)."""
        return slots_of(self.resource_id, {identity: line.time() for identity, line in self._lines.items()})


def each_slot(slots: Slots, resource_id: str | None) -> list[Slot]:
    """Return the slots one by one; intervals and pairs, and the pieces of a set, become slots of capacity 1.

    With a resource, slots of another one are refused.
    """
    try:
        listed = [slots] if isinstance(slots, Interval) else [*slots]
    except TypeError:
        message = f"{slots!r:.200} is no collection of slots; put it into a list"
        raise PointTypeError(message, slots) from None
    made = [item if type(item) is Slot else Slot(resource_id or "", item) for item in listed]
    if resource_id is not None and {slot.resource_id for slot in made} - {resource_id, ""}:
        slot = next(slot for slot in made if slot.resource_id not in {resource_id, ""})
        message = f"{slot!r:.200} is a slot of {slot.resource_id!r}, not of {resource_id!r}"
        raise AmbiguousResourceError(message, slot.resource_id, resource_id)
    return made


def by_identity(slots: Slots, resource_id: str) -> dict[Identity, IntervalSet[Any]]:
    """Return the time of each identity among slots of whatever kind; raises as `diff`."""
    if isinstance(slots, IntervalSet):  # which may be unbounded
        return {_TIME_ALONE: slots}
    return times_of(each_slot(slots, resource_id))


def times_of(slots: Iterable[Slot]) -> dict[Identity, IntervalSet[Any]]:
    """Return the time of each identity among slots of one resource."""
    # A bare tuple equals the Identity of these fields, and pairs make a set in half the time that intervals take.
    pairs: dict[tuple[int, str | None, str], list[Any]] = {}
    for slot in slots:
        interval = slot.interval
        pairs.setdefault((slot.capacity, slot.id, slot.label), []).append((interval.start, interval.end))
    return {Identity(*identity): IntervalSet(parts) for identity, parts in pairs.items()}


def slots_of(resource_id: str, times: Mapping[Identity, IntervalSet[Any]]) -> list[Slot]:
    """Return the slots that are the time of these identities, in order of their start."""
    by_order = sorted(times.items(), key=lambda item: item[0].order)
    slots = [slot_of(resource_id, interval, identity) for identity, time in by_order for interval in time]
    slots.sort(key=lambda slot: slot.interval.start)
    return slots


def slot_of(resource_id: str, interval: Interval[Any], identity: Identity) -> Slot:
    """Return the slot of that time and identity."""
    return Slot(resource_id, interval, capacity=identity.capacity, id=identity.slot_id, label=identity.label)


def identity_of(slot: Slot) -> Identity:
    """Return what the slot is apart from its time."""
    return Identity(slot.capacity, slot.id, slot.label)


def impossible(event: AuditEvent) -> ImpossibleEventError:
    """Return the error for an event that does not fit what was there before it."""
    why = "added, but some of it is there already" if event.action is Action.ADDED else "removed, but is not all there"
    message = f"revision {event.revision} of {event.resource_id!r}: {event.interval} is {why}"
    return ImpossibleEventError(message, event)


_TIME_ALONE: Final = Identity(1, None, "")


class _Line:
    """Disjoint intervals that never touch: their starts in order, in blocks, and the end that belongs to each start."""

    __slots__ = ("_blocks", "_ends", "_firsts")

    def __init__(self, time: IntervalSet[Any]) -> None:
        self._ends = dict(time.pairs())
        starts = [*self._ends]
        self._blocks = [starts[i : i + _BLOCK] for i in range(0, len(starts), _BLOCK)]
        self._firsts = [block[0] for block in self._blocks]  # by which a block is found; no block is empty

    def time(self) -> IntervalSet[Any]:
        return IntervalSet([(start, self._ends[start]) for block in self._blocks for start in block])

    def add(self, start: Any, end: Any) -> bool:
        """Add time, if nothing of it is there; return whether that was so."""
        before, after = self._around(start)
        if (before is not None and start < self._ends[before]) or (after is not None and after < end):
            return False
        if after is not None and not end < after:  # it touches the next
            end = self._drop(after)
        if before is not None and not self._ends[before] < start:  # it touches the one before
            self._ends[before] = end
        else:
            self._insert(start, end)
        return True

    def remove(self, start: Any, end: Any) -> bool:
        """Remove time, if all of it is there; return whether that was so."""
        before, _ = self._around(start)
        if before is None or self._ends[before] < end:
            return False
        last = self._ends[before]
        if before < start:
            self._ends[before] = start
        else:
            self._drop(before)
        if end < last:
            self._insert(end, last)
        return True

    def cover(self, start: Any, end: Any) -> None:
        """Add time, of which some may be there."""
        before, after = self._around(start)
        while after is not None and not end < after:  # it reaches the next
            end = max(end, self._drop(after))
            _, after = self._around(start)
        if before is None or self._ends[before] < start:
            self._insert(start, end)
        elif self._ends[before] < end:
            self._ends[before] = end

    def clear(self, start: Any, end: Any) -> None:
        """Remove time, of which some may be missing."""
        before, after = self._around(start)
        if before is not None and start < self._ends[before]:
            self.remove(start, min(end, self._ends[before]))
        while after is not None and after < end:
            self.remove(after, min(end, self._ends[after]))
            _, after = self._around(after)

    def _around(self, point: Any) -> tuple[Any, Any]:
        """Return the last start at or before the point and the first start after it, each None if there is none."""
        b = bisect_right(self._firsts, point) - 1
        if b < 0:
            return None, self._firsts[0] if self._firsts else None
        block = self._blocks[b]
        i = bisect_right(block, point)
        if i < len(block):
            return block[i - 1], block[i]
        return block[i - 1], self._firsts[b + 1] if b + 1 < len(self._firsts) else None

    def _insert(self, start: Any, end: Any) -> None:
        self._ends[start] = end
        if not self._blocks:
            self._blocks, self._firsts = [[start]], [start]
            return
        b = max(bisect_right(self._firsts, start) - 1, 0)
        block = self._blocks[b]
        insort(block, start)
        self._firsts[b] = block[0]
        if len(block) > _BLOCK:
            half = block[_BLOCK // 2 :]
            del block[_BLOCK // 2 :]
            self._blocks.insert(b + 1, half)
            self._firsts.insert(b + 1, half[0])

    def _drop(self, start: Any) -> Any:  # the end that belonged to it
        b = bisect_right(self._firsts, start) - 1
        block = self._blocks[b]
        del block[bisect_left(block, start)]
        if block:
            self._firsts[b] = block[0]
        else:
            del self._blocks[b], self._firsts[b]
        return self._ends.pop(start)
