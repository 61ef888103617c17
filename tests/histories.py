"""Histories to test with: random edits of a repository in memory, and what a naive set of cells makes of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from slotcalc import AuditEvent, Interval, Slot, diff
from slotcalc.repository import MemoryRepository, Replaced
from tests.naive_slots import NOTHING, State, state_of
from tests.oracle import LAST, pairs

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REASONS = ("edit", "conflict", "personal")
PEOPLE = ("anna", "ben", "")


class History(NamedTuple):
    """Edits of the resource "r", in their order."""

    events: list[AuditEvent]
    states: list[State]
    """The cells of each identity, by revision; that of revision 0 is empty."""
    slots: list[Slot]
    """What the repository holds in the end."""
    moments: list[datetime | None]
    """When each revision was made."""

    @property
    def revision(self) -> int:
        return len(self.states) - 1

    def of(self, revision: int) -> list[AuditEvent]:
        return [event for event in self.events if event.revision == revision]


class Edit(NamedTuple):
    """Slots that take the place of what is in a window, each as its time, capacity and id."""

    window: tuple[int, int]
    slots: list[tuple[tuple[int, int], int, str | None]]
    reason: str = "edit"
    author: str = "anna"
    error: int = 0
    """By how much the clock was wrong, in steps of four minutes; edits are ten minutes apart."""


_slots = st.lists(st.tuples(pairs(), st.sampled_from([1, 1, 2]), st.sampled_from([None, None, "a"])), max_size=4)
_edits = st.lists(
    st.builds(Edit, pairs(), _slots, st.sampled_from(REASONS), st.sampled_from(PEOPLE), st.integers(-3, 3)), max_size=8
)


def histories(*, least: int = 0) -> st.SearchStrategy[History]:
    """Return histories of at least so many revisions, by clocks that go wrong by some minutes."""
    more = [Edit((0, LAST), [((n, n + 1), 1, None)]) for n in range(least)]  # each differs from the one before
    return _edits.map(lambda edits: edited([*edits, *more]))


def edited(edits: list[Edit]) -> History:
    """Return the history of these edits."""
    repository = MemoryRepository()
    made = History([], [{}], [], [None])
    for window, wanted, reason, author, error in edits:
        slots = [
            Slot("r", piece, capacity=capacity, id=name)
            for pair, capacity, name in wanted
            for piece in Interval(*pair) & Interval(*window)
        ]
        moment = BEGIN + (10 * made.revision + 4 * error) * MINUTE

        def describe(
            replaced: Replaced, *, moment: datetime = moment, reason: str = reason, author: str = author
        ) -> tuple[AuditEvent, ...]:
            return diff(
                replaced.before,
                replaced.after,
                resource_id="r",
                reason=reason,
                changed_at=moment,
                changed_by=author,
                change_id=f"c{replaced.revision}",
                revision=replaced.revision,
            )

        replaced = repository.replace_slots("r", Interval(*window), slots, describe=describe)
        if replaced.events:
            made.events.extend(replaced.events)
            made.moments.append(moment)
            inside = frozenset(range(*window))
            new, old = state_of(slots), made.states[-1]
            state = {one: (old.get(one, NOTHING) - inside) | new.get(one, NOTHING) for one in {**old, **new}}
            made.states.append({one: there for one, there in state.items() if there})
    return made._replace(slots=repository.slots("r"))
