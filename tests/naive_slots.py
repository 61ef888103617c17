"""A naive second implementation of slots, which stays naive: for each identity a `set` of the hours that are there.

Cell `i` stands for the points from `i` up to `i + 1`. Nothing here knows edges, diffs or ledgers.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from slotcalc import Action, AuditEvent, Booking, Slot

if TYPE_CHECKING:
    from collections.abc import Iterable

Who: TypeAlias = tuple[int, str | None, str]
"""Capacity, id and label."""
State: TypeAlias = dict[Who, frozenset[int]]

PLAIN: Who = (1, None, "")
NOTHING: frozenset[int] = frozenset()


def who(thing: Slot | AuditEvent) -> Who:
    return thing.capacity, (thing.id if isinstance(thing, Slot) else thing.slot_id), thing.label


def cells(thing: Slot | Booking | AuditEvent) -> frozenset[int]:
    return frozenset(range(thing.interval.start, thing.interval.end))


def state_of(slots: Iterable[Slot]) -> State:
    """Return which cells each identity has; an identity without any is left out."""
    state: State = {}
    for slot in slots:
        state[who(slot)] = state.get(who(slot), NOTHING) | cells(slot)
    return state


def runs(there: Iterable[int]) -> list[tuple[int, int]]:
    """Return the maximal runs of cells as pairs of points."""
    runs = [[cell for _, cell in run] for _, run in groupby(enumerate(sorted(there)), lambda item: item[1] - item[0])]
    return [(run[0], run[-1] + 1) for run in runs]


def slots_of(state: State, resource_id: str = "r") -> list[Slot]:
    """Return the slots of a state, one for each run, by start and then by identity."""
    found = [
        Slot(resource_id, run, capacity=one[0], id=one[1], label=one[2])
        for one in sorted(state, key=lambda one: (one[0], one[1] or "", one[2]))
        for run in runs(state[one])
    ]
    return sorted(found, key=lambda slot: slot.interval.start)


def changes(before: State, after: State) -> list[tuple[Action, tuple[int, int], Who]]:
    """Return what was removed and then what was added, each by start and then by identity."""
    found = []
    for action, old, new in ((Action.REMOVED, before, after), (Action.ADDED, after, before)):
        pieces = [(run, one) for one in old for run in runs(old[one] - new.get(one, NOTHING))]
        pieces.sort(key=lambda piece: (piece[0][0], piece[1][0], piece[1][1] or "", piece[1][2]))
        found += [(action, *piece) for piece in pieces]
    return found


def applied(state: State, event: AuditEvent) -> State | None:
    """Return the state after an event, or None if the event is impossible."""
    there, time = state.get(who(event), NOTHING), cells(event)
    if event.action is Action.ADDED:
        return None if there & time else {**state, who(event): there | time}
    return {**state, who(event): there - time} if time <= there else None


def forced(state: State, event: AuditEvent) -> State:
    """Return the state after an event that need not be possible."""
    there, time = state.get(who(event), NOTHING), cells(event)
    return {**state, who(event): there | time if event.action is Action.ADDED else there - time}


def filled(state: State) -> State:
    """Return the state without the identities that have no time."""
    return {one: there for one, there in state.items() if there}
