"""What verify finds: nothing in a whole history, and each kind of damage where it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import AmbiguousResourceError, HorizonError, Interval, PointTypeError, PointValueError, Slot, diff
from slotcalc.audit import Baseline, Finding, FindingKind, baseline_at, differences, head, replay, verify
from tests.histories import BEGIN, History, histories
from tests.naive_slots import State, applied, changes, filled, forced, slots_of, state_of, who

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slotcalc import AuditEvent


def edit(revision: int, before: list[tuple[int, int]], after: list[tuple[int, int]]) -> tuple[AuditEvent, ...]:
    return diff(before, after, resource_id="r", change_id=f"c{revision}", revision=revision, changed_at=BEGIN)


FIRST = edit(1, [], [(8, 12), (13, 17)])
SECOND = edit(2, [(8, 12)], [(9, 12)])
THIRD = edit(3, [], [(18, 19)])
WHOLE = [*FIRST, *SECOND, *THIRD]
SLOTS = [(9, 12), (13, 17), (18, 19)]


def kinds(findings: Iterable[Finding]) -> list[tuple[FindingKind, int]]:
    return [(finding.kind, finding.revision) for finding in findings]


@given(histories(), st.randoms())
def test_nothing_is_wrong_with_a_history_that_a_repository_made(history: History, random: object) -> None:
    saved = head(history.events, resource_id="r")
    events = history.events * 2
    random.shuffle(events)  # type: ignore[attr-defined]  # a random.Random
    assert verify(events, history.slots, history.revision, resource_id="r", head=saved) == []
    assert differences(events, history.slots, resource_id="r") == ()


@given(histories(least=1), st.data())
def test_nothing_is_wrong_after_a_purge(history: History, data: st.DataObject) -> None:
    horizon = data.draw(st.integers(1, history.revision))
    saved = head(history.events, revision=data.draw(st.integers(horizon, history.revision)))
    baseline = baseline_at(history.events, horizon)
    left = [event for event in history.events if event.revision > horizon]
    assert verify(left, history.slots, history.revision, baseline=baseline, head=saved) == []


@given(histories(least=1), st.data())
def test_whatever_events_are_lost_is_found_and_the_differences_mend_it(history: History, data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.sampled_from(history.events), min_size=1))
    left = [event for event in history.events if event not in lost]
    saved = head(history.events)
    found = verify(left, history.slots, history.revision, resource_id="r", head=saved)
    assert FindingKind.TAMPERED in {finding.kind for finding in found}
    empty = {event.revision for event in lost} - {event.revision for event in left}
    holes = [finding for finding in found if finding.kind is FindingKind.HOLE]
    assert {n for hole in holes for n in range(hole.revision, hole.last_revision + 1)} == empty

    state, odd = State(), []
    for event in left:
        if applied(state, event) is None:
            odd.append(event)
        state = forced(state, event)
    impossible = [finding.events for finding in found if finding.kind is FindingKind.IMPOSSIBLE]
    assert impossible == [(event,) for event in odd]
    missing = changes(filled(state), history.states[-1])
    mended = differences(left, history.slots, change_id="m", revision=history.revision + 1, resource_id="r")
    assert [(event.action, (event.interval.start, event.interval.end), who(event)) for event in mended] == missing
    assert {event.reason for event in mended} <= {"reconciled"}
    assert [(finding.kind is FindingKind.DIFFERENT) for finding in found].count(True) == bool(missing)
    assert state_of(replay([*left, *mended], strict=False)) == history.states[-1]


def test_missing_revisions_are_holes_at_the_start_in_the_middle_and_at_the_end() -> None:
    assert kinds(verify([*SECOND, *THIRD], SLOTS, 3))[:1] == [(FindingKind.HOLE, 1)]
    (hole, different) = verify([*FIRST, *THIRD], SLOTS, 3)
    assert str(hole) == "r, revision 2: no event is there"
    assert kinds([different]) == [(FindingKind.DIFFERENT, 3)]
    (hole,) = verify(WHOLE, SLOTS, 10**12)
    assert (hole.revision, hole.last_revision) == (4, 10**12)
    assert hole.message == "no event is there up to revision 1000000000000"
    assert kinds(verify([], [], 2, resource_id="r")) == [(FindingKind.HOLE, 1)]


def test_a_lost_event_of_an_edit_is_a_gap_in_its_ordinals() -> None:
    first, second = FIRST
    (gap, different) = verify([second, *SECOND[1:], *THIRD], [(13, 17), (18, 19)], 3)[:2]
    assert kinds([gap, different]) == [(FindingKind.GAP, 1), (FindingKind.HOLE, 2)]
    assert gap.message == "no event has the ordinal 0"
    assert gap.events == (second,)
    (gap,) = verify([second.replace(ordinal=10**12)], [(13, 17)], 1)
    assert gap.message == f"no event has the ordinal 0 and {10**12 - 1} more"
    assert kinds(verify([first, second.replace(ordinal=2)], [(8, 12), (13, 17)], 1)) == [(FindingKind.GAP, 1)]


def test_two_events_in_one_place_are_twins() -> None:
    twin = THIRD[0].replace(id="other", interval=(20, 21))
    (found,) = verify([*WHOLE, twin], [*SLOTS, (20, 21)], 3)
    assert found.kind is FindingKind.TWIN
    assert found.message == "2 events have the ordinal 0"
    assert {event.id for event in found.events} == {"other", THIRD[0].id}


def test_events_of_two_edits_in_one_revision_are_mixed() -> None:
    other = THIRD[0].replace(id="other", change_id="other", ordinal=1, interval=(20, 21))
    (found,) = verify([*WHOLE, other], [*SLOTS, (20, 21)], 3)
    assert (found.kind, found.revision, len(found.events)) == (FindingKind.MIXED, 3, 2)


def test_events_of_a_revision_that_is_not_there_are_ahead_and_do_not_count() -> None:
    (found,) = verify(WHOLE, [(9, 12), (13, 17)], 2)
    assert (found.kind, found.revision, found.events) == (FindingKind.AHEAD, 3, THIRD)
    assert found.message == "the events are there, but the slots are at revision 2"
    far = [event.replace(revision=9) for event in THIRD]
    assert kinds(verify([*FIRST, *SECOND, *far], [(9, 12), (13, 17)], 2)) == [(FindingKind.AHEAD, 9)]
    assert kinds(verify([*FIRST, *far], [(8, 12), (13, 17)], 2)) == [(FindingKind.HOLE, 2), (FindingKind.AHEAD, 9)]


def test_a_purge_beyond_the_revision_of_the_slots_is_ahead_of_them() -> None:
    (found,) = verify(THIRD, [(9, 12), (13, 17)], 1, baseline=baseline_at(WHOLE, 2))[:1]
    assert (found.kind, found.revision) == (FindingKind.AHEAD, 2)
    assert found.message == "events up to here were purged, but the slots are at revision 1"


def test_an_event_that_does_not_fit_is_impossible_and_has_its_effect() -> None:
    wider = edit(2, [(13, 17)], [(11, 20)])
    (found,) = verify([*FIRST, *wider], [(8, 20)], 2)
    assert found.kind is FindingKind.IMPOSSIBLE
    assert found.events == (wider[0],)
    assert "added, but some of it is there already" in found.message
    assert replay([*FIRST, *wider], strict=False) == [Slot("r", (8, 20))]


def test_slots_that_differ_come_with_the_events_that_lead_to_them() -> None:
    (found,) = verify(WHOLE, [*SLOTS[:2], (18, 20)], 3)
    assert found.message.endswith("what is missing is ADDED [19, 20)")
    assert [event.interval for event in found.events] == [Interval(19, 20)]
    (found,) = verify(WHOLE, [(0, 1)], 3)
    assert found.message.endswith("what is missing is REMOVED [9, 12) and 3 more")
    (found,) = verify(WHOLE, [Slot("r", pair, capacity=2) for pair in SLOTS], 3)
    assert len(found.events) == 6


def test_a_history_that_agrees_with_its_slots_and_was_changed_shows_against_a_head() -> None:
    saved = head(WHOLE, revision=2)
    rewritten = [event.replace(changed_by="mallory") for event in FIRST]
    assert verify([*rewritten, *SECOND, *THIRD], SLOTS, 3) == []
    (found,) = verify([*rewritten, *SECOND, *THIRD], SLOTS, 3, head=saved)
    assert (found.kind, found.revision) == (FindingKind.TAMPERED, 2)
    assert verify(WHOLE, SLOTS, 3, head=saved) == []
    assert kinds(verify([*FIRST, *SECOND], SLOTS[:2], 2, head=head(WHOLE))) == [(FindingKind.TAMPERED, 3)]
    baseline = baseline_at(WHOLE, 2)
    forged = Baseline("r", 2, baseline.slots, digest="0" * 64)
    assert kinds(verify(THIRD, SLOTS, 3, baseline=forged, head=saved)) == [(FindingKind.TAMPERED, 2)]
    assert verify(THIRD, SLOTS, 3, baseline=baseline, head=saved) == []


def test_a_head_that_says_nothing_about_the_events_is_refused() -> None:
    with pytest.raises(AmbiguousResourceError, match="head of 's'"):
        verify(WHOLE, SLOTS, 3, head=head([], resource_id="s"))
    with pytest.raises(HorizonError):
        verify(THIRD, SLOTS, 3, baseline=baseline_at(WHOLE, 2), head=head(FIRST))


def test_only_events_of_one_resource_that_belong_to_edits_can_be_verified() -> None:
    with pytest.raises(PointTypeError, match="whole number"):
        verify(WHOLE, SLOTS, "3")  # type: ignore[arg-type]
    with pytest.raises(PointValueError, match="belongs to no edit"):
        verify(diff([], SLOTS, resource_id="r"), SLOTS, 1)
    with pytest.raises(AmbiguousResourceError):
        verify(WHOLE, [Slot("s", (9, 10))], 3)
    with pytest.raises(AmbiguousResourceError):
        verify([*WHOLE, WHOLE[0].replace(resource_id="s")], SLOTS, 3)


def test_slots_say_whose_they_are_where_no_event_does() -> None:
    (found,) = verify([], [Slot("r", (9, 10))], 0)
    assert (found.resource_id, found.kind) == ("r", FindingKind.DIFFERENT)
    assert [event.resource_id for event in differences([], [Slot("r", (9, 10))])] == ["r"]


def test_a_finding_has_a_json_form_and_a_repr() -> None:
    (found,) = verify([*FIRST, *SECOND], [(9, 12), (13, 17)], 3)
    assert found.to_json() == {
        "kind": "hole",
        "resource_id": "r",
        "revision": 3,
        "message": "no event is there",
        "last_revision": 3,
        "events": [],
    }
    assert repr(found) == "Finding(FindingKind.HOLE, 'r', 3, 'no event is there', last_revision=3)"
    (found,) = verify(WHOLE, [*SLOTS, (20, 21)], 3)
    assert found.to_json()["events"] == [event.to_json() for event in found.events]


def test_slots_of_a_finding_are_told_apart_by_identity() -> None:
    state = state_of([Slot("r", (1, 3), id="a"), Slot("r", (2, 5))])
    events = differences(
        [], slots_of(state), revision=1, change_id="c1", changed_at=BEGIN, changed_by="anna", notes="n"
    )
    assert replay(events) == slots_of(state)
    assert {(event.changed_by, event.notes, event.revision) for event in events} == {("anna", "n", 1)}
