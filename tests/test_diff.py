"""The laws of diff, apply, invert and compose: exhaustive over a tiny world, then on random slots."""

from __future__ import annotations

import random
from collections import Counter, deque
from datetime import UTC, date, datetime
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Action,
    AmbiguousResourceError,
    AuditEvent,
    ImpossibleEventError,
    Interval,
    IntervalError,
    IntervalSet,
    PointTypeError,
    PointValueError,
    Slot,
    UnboundedError,
    diff,
)
from slotcalc.diff import apply, compose, invert
from slotcalc.diff.changes import change_id_of, changes_in_order, event_id, new_change_id, unshared
from slotcalc.testing import strategies
from tests.naive_slots import PLAIN, State, applied, changes, filled, runs, slots_of, state_of, who
from tests.oracle import cells_of, every_set, sets

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = 4
NAMED = (2, "s1", "")
slot_lists = strategies.slots(range(9), resource_id="r")


def subsets(count: int) -> Iterator[frozenset[int]]:
    """Yield every set of cells among `0 … count - 1`."""
    for bits in range(2**count):
        yield frozenset(cell for cell in range(count) if bits >> cell & 1)


def told(events: tuple[AuditEvent, ...]) -> list[tuple[Action, tuple[int, int], Any]]:
    """Return what the events say happened to which time of which identity."""
    return [(e.action, (e.interval.start, e.interval.end), who(e)) for e in events]


def undated(events: tuple[AuditEvent, ...]) -> list[Any]:
    """Return the events apart from their place in an edit."""
    return [e.replace(ordinal=0, id="") for e in events]


# Exhaustive


def test_the_events_between_any_two_small_sets_are_what_is_gone_and_then_what_is_new() -> None:
    for before, after in product(subsets(5), repeat=2):
        a, b = IntervalSet(runs(before)), IntervalSet(runs(after))
        events = diff(a, b, resource_id="r")
        assert told(events) == changes({PLAIN: before}, {PLAIN: after})
        assert [e.ordinal for e in events] == [*range(len(events))]
        assert apply(a, events) == slots_of({PLAIN: after}, "r" if events else "")
        assert diff(b, a, resource_id="r") == tuple(
            e.replace(ordinal=n) for n, e in enumerate(sorted(invert(events), key=_by_action_and_start))
        )


def _by_action_and_start(event: AuditEvent) -> tuple[bool, int]:
    return event.action is Action.ADDED, event.interval.start


def test_the_events_between_any_two_small_states_of_two_identities_lead_from_one_to_the_other() -> None:
    states: list[State] = [filled({PLAIN: one, NAMED: two}) for one, two in product(subsets(3), repeat=2)]
    for before, after in product(states, repeat=2):
        events = diff(slots_of(before), slots_of(after), resource_id="r")
        assert told(events) == changes(before, after)
        assert state_of(apply(slots_of(before), events)) == after
        assert state_of(apply(slots_of(after), invert(events))) == before


def test_an_edit_that_nobody_names_gets_a_random_uuid() -> None:
    made = {new_change_id() for _ in range(100)}
    assert len(made) == 100
    assert all(str(UUID(text)) == text and UUID(text).version == 4 and UUID(text).variant == RFC_4122 for text in made)


def test_slots_in_order_are_compared_by_what_they_do_not_share() -> None:
    identities: list[dict[str, Any]] = [{}, {"capacity": 2}, {"id": "s1"}, {"label": "desk"}]
    spans = [(i, j) for i in range(3) for j in range(i + 1, 4)]
    pool = [Slot("r", span, **identity) for span, identity in product(spans, identities)]
    chance = random.Random(5)  # noqa: S311  # the same slots in every run
    for _ in range(3000):  # of one to four slots a side, some of them equal, overlapping or touching
        before, after = (sorted(chance.choices(pool, k=chance.randint(0, 4)), key=_start) for _ in range(2))
        if chance.random() < 0.5:
            after = sorted(chance.sample(before, len(before) // 2 + len(before) % 2) + after, key=_start)
        before = [slot.replace() for slot in before]  # so that equal ones are not the same
        gone, new = unshared(before, after)
        kept = [slot for slot in before if not any(slot is one for one in gone)]
        assert sorted(kept + new, key=_start) == after
        assert unshared(before, before) == ([], [])
        removed, added = changes_in_order(before, after, (gone, new))
        events = [(Action.REMOVED, *piece) for piece in removed] + [(Action.ADDED, *piece) for piece in added]
        assert [(action, (i.start, i.end), identity) for action, i, identity in events] == changes(
            state_of(before), state_of(after)
        )


def _start(slot: Slot) -> Any:
    return slot.interval.start


def test_no_smaller_list_of_events_leads_from_one_small_set_to_another() -> None:
    events = [AuditEvent("r", action, (i, j)) for action in Action for i in range(5) for j in range(i + 1, 6)]
    for before in subsets(5):
        steps = {before: 0}
        waiting = deque([before])
        while waiting:  # breadth first: the fewest events to each state
            state = waiting.popleft()
            for event in events:
                reached = applied({PLAIN: state}, event)
                if reached is not None and reached[PLAIN] not in steps:
                    steps[reached[PLAIN]] = steps[state] + 1
                    waiting.append(reached[PLAIN])
        for after, fewest in steps.items():
            assert len(diff(IntervalSet(runs(before)), IntervalSet(runs(after)), resource_id="r")) == fewest


def test_unbounded_sets_have_a_difference_if_it_ends() -> None:
    outer = {0, POINTS}  # the cells below and above all points
    for a, b in product(every_set(POINTS), repeat=2):
        before, after = cells_of(POINTS, a), cells_of(POINTS, b)
        if (before ^ after) & outer:
            with pytest.raises(UnboundedError):
                diff(a, b, resource_id="r")
            continue
        events = diff(a, b, resource_id="r")
        for action, wanted in ((Action.REMOVED, before - after), (Action.ADDED, after - before)):
            found = [(e.interval.start + 1, e.interval.end + 1) for e in events if e.action is action]
            assert found == runs(wanted)


def test_edits_are_composed_exactly_if_some_slots_allow_them_in_this_order() -> None:
    events = [AuditEvent("r", action, (i, j)) for action in Action for i in range(3) for j in range(i + 1, 4)]
    for three in product(events, repeat=3):
        ends: dict[frozenset[int], frozenset[int]] = {}
        for start in subsets(3):
            state: State | None = {PLAIN: start}
            for event in three:
                state = state and applied(state, event)
            if state is not None:
                ends[start] = state[PLAIN]
        if not ends:
            with pytest.raises(ImpossibleEventError):
                compose(three)
            continue
        composed = compose(three[:1], three[1:])
        for start, end in ends.items():
            assert told(composed) == changes({PLAIN: start}, {PLAIN: end})


def test_an_impossible_event_is_an_error_and_a_possible_one_is_not() -> None:
    events = [AuditEvent("r", action, (i, j)) for action in Action for i in range(4) for j in range(i + 1, 5)]
    for there, event in product(subsets(4), events):
        slots = [Slot("r", run) for run in runs(there)]
        after = applied({PLAIN: there}, event)
        if after is None:
            with pytest.raises(ImpossibleEventError):
                apply(slots, [event])
        else:
            assert apply(slots, [event]) == slots_of(after)


# Random


@given(slot_lists, slot_lists)
def test_applying_the_difference_leads_from_one_state_to_the_other(before: list[Slot], after: list[Slot]) -> None:
    events = diff(before, after, resource_id="r")
    assert told(events) == changes(state_of(before), state_of(after))
    assert apply(before, events) == slots_of(state_of(after))
    assert state_of(apply(after, invert(events))) == state_of(before)
    assert diff(before, before, resource_id="r") == ()
    assert undated(diff(after, before, resource_id="r")) == undated(compose(invert(events)))


@given(slot_lists, slot_lists, slot_lists)
def test_differences_compose(a: list[Slot], b: list[Slot], c: list[Slot]) -> None:
    first, second = diff(a, b, resource_id="r"), diff(b, c, resource_id="r")
    assert compose(first, second) == diff(a, c, resource_id="r")
    assert compose(first, invert(first)) == ()
    assert compose(compose(first), second) == compose(first, second)


@given(slot_lists, slot_lists)
def test_every_event_of_a_difference_is_needed(before: list[Slot], after: list[Slot]) -> None:
    events = diff(before, after, resource_id="r")
    for n in range(len(events)):
        assert state_of(apply(before, events[:n] + events[n + 1 :])) != state_of(after)


@given(slot_lists, slot_lists)
def test_events_of_one_edit_may_be_applied_in_any_order(before: list[Slot], after: list[Slot]) -> None:
    events = [*diff(before, after, resource_id="r")]
    random.Random(1).shuffle(events)  # noqa: S311  # a fixed shuffle
    assert state_of(apply(before, events)) == state_of(after)


@given(slot_lists, slot_lists, st.randoms(use_true_random=False))
def test_neither_the_order_nor_the_splitting_of_slots_matters(
    before: list[Slot], after: list[Slot], chance: random.Random
) -> None:
    split = [s.replace(interval=piece) for s in after for piece in s.interval.split([4])]
    shuffled = [before[:], split]
    for slots in shuffled:
        chance.shuffle(slots)
    assert diff(*shuffled, resource_id="r") == diff(before, after, resource_id="r")


@given(slot_lists, slot_lists)
def test_with_whole_the_difference_is_one_of_multisets(before: list[Slot], after: list[Slot]) -> None:
    events = diff(before, after, resource_id="r", whole=True)
    gone = [e.slot() for e in events if e.action is Action.REMOVED]
    new = [e.slot() for e in events if e.action is Action.ADDED]
    assert Counter(gone) == Counter(before) - Counter(after)
    assert Counter(new) == Counter(after) - Counter(before)
    assert [*events] == sorted(events, key=_by_action_and_start)
    assert Counter(apply(before, events, whole=True)) == Counter(after)
    assert Counter(apply(after, invert(events), whole=True)) == Counter(before)


@given(sets(unbounded=False), sets(unbounded=False))
def test_what_is_left_of_the_slots_is_what_was_not_removed(a: IntervalSet[int], b: IntervalSet[int]) -> None:
    events = diff(a, b, resource_id="r")
    removed = IntervalSet(e.interval for e in events if e.action is Action.REMOVED)
    added = IntervalSet(e.interval for e in events if e.action is Action.ADDED)
    assert (a - removed) | added == b
    assert removed <= a
    assert added.isdisjoint(a)


# By example


def test_a_changed_capacity_id_or_label_is_a_change() -> None:
    plain = Slot("r", (9, 12))
    for other in (plain.replace(capacity=2), plain.replace(id="s1"), plain.replace(label="L"), plain.replace(id="")):
        removed, added = diff([plain], [other], resource_id="r")
        assert (removed.action, removed.slot()) == (Action.REMOVED, plain)
        assert (added.action, added.slot()) == (Action.ADDED, other)


def test_slots_without_ids_are_time_and_with_ids_they_are_things() -> None:
    one, two = Slot("r", (9, 10)), Slot("r", (10, 11))
    assert diff([Slot("r", (9, 11))], [one, two], resource_id="r") == ()
    named = diff([Slot("r", (9, 11))], [one.replace(id="a"), two.replace(id="b")], resource_id="r")
    assert [str(e.action) for e in named] == ["REMOVED", "ADDED", "ADDED"]
    whole = diff([Slot("r", (9, 11))], [one, two], resource_id="r", whole=True)
    assert [str(e.action) for e in whole] == ["REMOVED", "ADDED", "ADDED"]


@pytest.mark.parametrize(
    "before, after",
    [
        (Interval(9, 12), [Interval(9, 11)]),
        ([(9, 12)], [(9, 11)]),
        (IntervalSet([(9, 12)]), [Slot("r", (9, 11))]),
        ([Slot("", (9, 12))], ((9, n) for n in [11])),
    ],
)
def test_slots_may_be_sets_intervals_pairs_or_slots(before: Any, after: Any) -> None:
    assert diff(before, after, resource_id="r") == (AuditEvent("r", "removed", (11, 12)),)


@pytest.mark.parametrize(
    "points",
    [
        [9.0, 10.5, 12.25],
        [date(2026, 3, 2), date(2026, 3, 4), date(2026, 3, 9)],
        [datetime(2026, 3, 2, hour) for hour in (9, 10, 12)],
        [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 10, 12)],
    ],
    ids=["floats", "dates", "local", "instants"],
)
def test_points_of_any_kind_have_differences(points: list[Any]) -> None:
    one, two, three = points
    (event,) = diff([(one, three)], [(one, two)], resource_id="r")
    assert (event.action, event.interval) == (Action.REMOVED, Interval(two, three))
    assert apply([(one, three)], [event]) == [Slot("r", (one, two))]


def test_the_events_carry_what_is_said_of_the_edit() -> None:
    said: dict[str, Any] = {
        "reason": "personal",
        "notes": "dentist",
        "changed_at": datetime(2026, 3, 2, tzinfo=UTC),
        "changed_by": "ada",
        "change_id": "c1",
        "revision": 7,
    }
    events = diff([(9, 12), (14, 15)], [(10, 11)], resource_id="r", **said)
    assert len(events) == 3
    for n, event in enumerate(events):
        assert {name: getattr(event, name) for name in said} == said
        assert (event.ordinal, event.id) == (n, event_id("c1", n))
    assert len({event.id for event in events}) == 3


def test_events_of_a_preview_have_no_id() -> None:
    (event,) = diff([], [(9, 12)], resource_id="r")
    assert (event.id, event.change_id, event.revision, event.changed_at) == ("", "", 0, None)


def test_an_event_id_depends_on_the_change_and_the_ordinal_alone() -> None:
    assert event_id("c1", 0) == "edf6b241-83a9-5768-b95b-d2e46db8e26d"  # kept in tables, so for ever
    assert len({event_id(change, n) for change in ("c1", "c2", "c1/1") for n in range(12)}) == 36


def test_the_change_of_a_request_has_an_id_that_depends_on_the_resource_and_the_request_alone() -> None:
    assert change_id_of("r", "q") == change_id_of("r", "q")
    pairs = [("r", "q"), ("q", "r"), ("a/b", "c"), ("a", "b/c"), ("", "a/b/c"), ("1/a", ""), ("", "")]
    assert len({change_id_of(*pair) for pair in pairs}) == len(pairs)


def test_undone_events_keep_their_reason_and_lose_their_edit() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    events = diff(
        [], [Slot("r", (9, 12), capacity=2, id="s1", label="L")], resource_id="r",
        reason="conflict", notes="n", changed_at=at, changed_by="ada", change_id="c1", revision=4,
    )  # fmt: skip
    assert invert(events) == (
        AuditEvent("r", "removed", (9, 12), capacity=2, slot_id="s1", label="L", reason="conflict", notes="n"),
    )
    assert undated(invert(invert(events))) == undated(
        diff([], [Slot("r", (9, 12), capacity=2, id="s1", label="L")], resource_id="r", reason="conflict", notes="n")
    )


def test_composing_keeps_a_reason_that_all_share() -> None:
    first = diff([], [(9, 12)], resource_id="r", reason="personal")
    second = diff([(9, 12)], [(9, 11)], resource_id="r", reason="personal")
    third = diff([(9, 11)], [(9, 10)], resource_id="r", reason="conflict")
    assert compose() == compose([], []) == ()
    assert [e.reason for e in compose(first, second)] == ["personal"]
    assert [e.reason for e in compose(first, second, third)] == ["edit"]


def test_with_whole_slots_are_removed_as_they_are_or_not_at_all() -> None:
    there = [Slot("r", (9, 12)), Slot("r", (9, 12)), Slot("r", (10, 11))]
    gone = AuditEvent("r", "removed", (9, 12))
    assert apply(there, [gone], whole=True) == [Slot("r", (9, 12)), Slot("r", (10, 11))]
    with pytest.raises(ImpossibleEventError, match="not all there"):
        apply(there, [AuditEvent("r", "removed", (9, 10))], whole=True)
    with pytest.raises(ImpossibleEventError):
        apply(there, [gone, gone, gone], whole=True)


def test_the_error_of_an_impossible_event_names_the_revision_and_carries_the_event() -> None:
    event = AuditEvent("r", "added", (9, 12), revision=7)
    with pytest.raises(ImpossibleEventError, match=r"revision 7 of 'r': \[9, 12\) is added, but some") as caught:
        apply([(11, 13)], [event])
    assert caught.value.values == (event,)
    with pytest.raises(ImpossibleEventError, match="removed, but is not all there"):
        apply([(9, 11)], [event.replace(action="removed")])


def test_nothing_happens_to_slots_without_events() -> None:
    assert apply([], []) == []
    assert apply([(9, 12)], []) == [Slot("", (9, 12))]
    assert apply([Slot("r", (9, 12)), Slot("", (12, 13))], []) == [Slot("r", (9, 13))]


def test_slots_and_events_are_of_one_resource() -> None:
    ours, theirs = Slot("r", (9, 12)), Slot("s", (9, 12))
    event = AuditEvent("r", "removed", (9, 12))
    for wrong in (
        lambda: diff([ours], [theirs], resource_id="r"),
        lambda: diff([theirs], [], resource_id="r", whole=True),
        lambda: apply([theirs], [event]),
        lambda: apply([ours, theirs], []),
        lambda: apply([ours], [event, event.replace(resource_id="s")]),
        lambda: apply([ours], [event, event.replace(resource_id="s")], whole=True),
        lambda: compose([event, event.replace(resource_id="s", action="added")]),
    ):
        with pytest.raises(AmbiguousResourceError):
            wrong()


def test_a_set_without_end_has_no_slots() -> None:
    with pytest.raises(UnboundedError):
        apply(IntervalSet.since(9), [AuditEvent("r", "removed", (9, 12))])
    with pytest.raises(UnboundedError):
        diff(IntervalSet.since(9), [], resource_id="r", whole=True)


def test_bad_input_gets_one_clear_error() -> None:
    with pytest.raises(PointTypeError, match="put it into a list"):
        diff(7, [], resource_id="r")  # type: ignore[arg-type]
    with pytest.raises(IntervalError):
        diff([(12, 9)], [], resource_id="r")
    with pytest.raises(PointTypeError):
        diff([(9, 12)], [(datetime(2026, 3, 2), datetime(2026, 3, 3))], resource_id="r")
    with pytest.raises(PointTypeError):
        apply([(9, 12)], [AuditEvent("r", "added", (date(2026, 3, 2), date(2026, 3, 3)))])
    with pytest.raises(PointValueError, match="empty"):
        diff([(9, 12)], [], resource_id="r", reason=" ")
