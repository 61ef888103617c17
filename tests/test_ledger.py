"""A ledger against a naive set of cells, over thousands of events, with blocks so small that they split and vanish."""

from __future__ import annotations

import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from slotcalc import (
    Action,
    AmbiguousResourceError,
    AuditEvent,
    ImpossibleEventError,
    IntervalSet,
    PointTypeError,
    Slot,
    UnboundedError,
)
from slotcalc.diff import Ledger, ledger
from tests.naive_slots import State, applied, filled, forced, runs, slots_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LAST = 80


def random_events(seed: int, count: int, longest: int) -> Iterator[AuditEvent]:
    chance = random.Random(seed)  # noqa: S311  # the same events in every run
    for _ in range(count):
        start = chance.randrange(LAST)
        end = min(start + chance.randint(1, longest), LAST)
        yield AuditEvent("r", chance.choice([*Action]), (start, end), capacity=chance.choice([1, 1, 1, 2]))


def assert_in_form(made: Ledger) -> None:
    """Check the invariants of each line: full blocks in order, their first starts, an end for each start."""
    for line in made._lines.values():
        starts = [start for block in line._blocks for start in block]
        assert all(0 < len(block) <= ledger._BLOCK for block in line._blocks)
        assert line._firsts == [block[0] for block in line._blocks]
        assert starts == sorted(set(starts))
        assert set(line._ends) == set(starts)
        pairs = [(start, line._ends[start]) for start in starts]
        assert pairs == [*IntervalSet(pairs).pairs()]  # apart, and never touching


@pytest.mark.parametrize("block", [2, 3, 4, 512])
@pytest.mark.parametrize("longest", [1, 3, 10])
def test_a_ledger_agrees_with_a_set_of_cells_after_each_event(
    block: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_BLOCK", block)
    made, state = Ledger("r"), State()
    possible = 0
    for number, event in enumerate(random_events(block * 100 + longest, 3000, longest)):
        after = applied(state, event)
        if after is None:
            with pytest.raises(ImpossibleEventError):
                made.apply(event)
        else:
            made.apply(event)
            state = after
            possible += 1
        if number % 10 == 0:
            assert made.slots() == slots_of(filled(state))
            assert_in_form(made)
    assert possible > 300
    assert made.coverage() == IntervalSet(run for there in state.values() for run in runs(there))


@pytest.mark.parametrize("block", [2, 3, 512])
@pytest.mark.parametrize("longest", [1, 5, 30])
def test_a_forced_event_always_has_its_effect(block: int, longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_BLOCK", block)
    made, state = Ledger("r", [(3, 9), (20, 21)]), state_of([Slot("r", (3, 9)), Slot("r", (20, 21))])
    for number, event in enumerate(random_events(block * 100 + longest, 2000, longest)):
        made.force(event)
        state = forced(state, event)
        if number % 5 == 0:
            assert made.slots() == slots_of(filled(state))
            assert_in_form(made)


def test_a_ledger_begins_with_slots_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_BLOCK", 4)
    made = Ledger("r", [(n, n + 1) for n in range(0, 40, 2)])
    assert_in_form(made)
    for n in range(1, 39, 2):
        made.apply(AuditEvent("r", "added", (n, n + 1)))
    assert made.slots() == [Slot("r", (0, 39))]
    assert_in_form(made)


def test_an_impossible_event_changes_nothing() -> None:
    made = Ledger("r", [Slot("r", (9, 12)), Slot("r", (14, 15), id="s1")])
    before = made.slots()
    for action, interval in [
        ("added", (8, 10)),
        ("added", (11, 13)),
        ("added", (9, 12)),
        ("added", (0, 24)),
        ("removed", (8, 10)),
        ("removed", (11, 13)),
        ("removed", (12, 13)),
        ("removed", (0, 1)),
        ("removed", (14, 15)),
    ]:
        with pytest.raises(ImpossibleEventError):
            made.apply(AuditEvent("r", action, interval))
        assert made.slots() == before


def test_a_ledger_is_of_one_resource_and_one_kind_of_points() -> None:
    made = Ledger("r", [(9, 12)])
    for take in (made.apply, made.force):
        with pytest.raises(AmbiguousResourceError):
            take(AuditEvent("s", "added", (1, 2)))
        with pytest.raises(PointTypeError, match="another kind of points"):
            take(AuditEvent("r", "added", (date(2026, 3, 2), date(2026, 3, 3))))
    assert made.slots() == [Slot("r", (9, 12))]
    with pytest.raises(AmbiguousResourceError):
        Ledger("r", [Slot("s", (9, 12))])
    with pytest.raises(UnboundedError):
        Ledger("r", IntervalSet.since(9))


def test_slots_of_a_ledger_come_by_start_and_then_by_identity() -> None:
    slots = [
        Slot("r", (9, 12), label="b"),
        Slot("r", (9, 12), id="a"),
        Slot("r", (9, 12), capacity=2),
        Slot("r", (8, 9)),
    ]
    assert [(s.interval.start, s.capacity, s.id, s.label) for s in Ledger("r", slots).slots()] == [
        (8, 1, None, ""),
        (9, 1, None, "b"),
        (9, 1, "a", ""),
        (9, 2, None, ""),
    ]
