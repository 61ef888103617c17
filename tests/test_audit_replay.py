"""Replay, purging and the hash chain: laws over random edits of a repository, against a naive set of cells."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    AmbiguousResourceError,
    AuditEvent,
    BrokenHistoryError,
    HorizonError,
    ImpossibleEventError,
    ParseError,
    PointTypeError,
    PointValueError,
    Slot,
    diff,
)
from slotcalc.audit import Baseline, Head, Selection, baseline_at, head, replay, revision_at
from slotcalc.repository import MemoryAuditLog
from tests.histories import BEGIN, MINUTE, Edit, History, edited, histories
from tests.naive_slots import slots_of, state_of


def as_of(history: History, moment: datetime) -> int:
    """Return the greatest revision that was made by then, one after the other."""
    return max([0, *(n for n, at in enumerate(history.moments) if at is not None and at <= moment)])


@given(histories())
def test_replaying_all_events_strictly_gives_exactly_the_current_slots(history: History) -> None:
    assert state_of(replay(history.events)) == state_of(history.slots)


@given(histories(), st.randoms())
def test_replay_gives_the_slots_of_each_revision_in_whatever_order_and_however_often_events_come(
    history: History, random: object
) -> None:
    events = history.events * 2
    random.shuffle(events)  # type: ignore[attr-defined]  # a random.Random
    for revision, state in enumerate(history.states):
        assert replay(events, revision=revision) == slots_of(state)
        assert replay(events, revision=revision, strict=False) == slots_of(state)


@given(histories(), st.integers(-20, 100))
def test_as_of_a_moment_is_the_greatest_revision_made_by_then_whatever_clocks_did(history: History, after: int) -> None:
    moment = BEGIN + after * MINUTE
    revision = as_of(history, moment)
    assert revision_at(history.events, moment) == revision
    assert replay(history.events, moment=moment) == slots_of(history.states[revision])


@given(histories(least=1), st.data())
def test_a_purge_changes_no_answer_about_its_horizon_and_later_and_refuses_the_earlier(
    history: History, data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, history.revision))
    second = data.draw(st.integers(first, history.revision))
    earlier = baseline_at(history.events, first)
    left = [event for event in history.events if event.revision > first]
    baseline = baseline_at(left, second, baseline=earlier)
    assert baseline == baseline_at(history.events, second)
    for events in (history.events, [event for event in left if event.revision > second]):
        for revision, state in enumerate(history.states):
            if revision >= second:
                assert replay(events, revision=revision, baseline=baseline) == slots_of(state)
                assert head(events, revision=revision, baseline=baseline) == head(history.events, revision=revision)
            else:
                with pytest.raises(HorizonError) as caught:
                    replay(events, revision=revision, baseline=baseline)
                assert caught.value.values == (second, revision)
        for minutes in range(-20, 100, 3):
            moment = BEGIN + minutes * MINUTE
            if as_of(history, moment) >= second:
                assert replay(events, moment=moment, baseline=baseline) == replay(history.events, moment=moment)
            else:
                with pytest.raises(HorizonError):
                    replay(events, moment=moment, baseline=baseline)


@given(histories(least=1), st.data())
def test_a_log_that_was_purged_gives_the_same_answers(history: History, data: st.DataObject) -> None:
    log = MemoryAuditLog(history.events)
    horizon = data.draw(st.integers(1, history.revision))
    log.purge(baseline_at(log.select(Selection(resource_id="r")), horizon))
    log.append(history.events)  # what was purged does not come back
    events = log.select(Selection(resource_id="r"))
    assert {event.revision for event in events} == set(range(horizon + 1, history.revision + 1))
    assert replay(events, baseline=log.baseline("r")) == slots_of(history.states[-1])


ONE_HOUR = diff([], [(9, 10)], resource_id="r", change_id="c1", revision=1, changed_at=BEGIN)


def test_an_event_that_does_not_fit_stops_a_strict_replay_and_has_its_effect_in_a_lenient_one() -> None:
    wider = diff([], [(8, 12)], resource_id="r", change_id="c2", revision=2, changed_at=BEGIN)
    gone = diff([(11, 15)], [], resource_id="r", change_id="c3", revision=3, changed_at=BEGIN)
    with pytest.raises(ImpossibleEventError, match="revision 2 of 'r'"):
        replay([*ONE_HOUR, *wider])
    with pytest.raises(ImpossibleEventError, match="revision 3 of 'r'"):
        replay([*ONE_HOUR, *gone])
    assert replay([*ONE_HOUR, *wider, *gone], strict=False) == [Slot("r", (8, 11))]


def test_two_events_with_one_id_are_two_if_they_differ() -> None:
    twin = ONE_HOUR[0].replace(interval=(12, 13))
    assert replay([*ONE_HOUR, twin, *ONE_HOUR]) == [Slot("r", (9, 10)), Slot("r", (12, 13))]


def test_equal_events_of_a_preview_are_never_one() -> None:
    preview = diff([], [(9, 10)], resource_id="r")
    with pytest.raises(ImpossibleEventError):
        replay([*preview, *preview])


def test_nothing_comes_of_nothing() -> None:
    assert replay([]) == []
    assert revision_at([], BEGIN) == 0
    assert head([], resource_id="r") == Head("r", 0, "")
    assert replay([], baseline=Baseline("r", 3, [Slot("r", (1, 2))])) == [Slot("r", (1, 2))]


def test_a_history_is_of_one_resource() -> None:
    other = ONE_HOUR[0].replace(resource_id="s")
    with pytest.raises(AmbiguousResourceError, match="'s'"):
        replay([*ONE_HOUR, other])
    with pytest.raises(AmbiguousResourceError):
        head(ONE_HOUR, resource_id="s")
    with pytest.raises(AmbiguousResourceError):
        replay(ONE_HOUR, baseline=Baseline("s", 1, []))


def test_a_question_about_no_revision_and_no_moment_is_refused() -> None:
    with pytest.raises(PointTypeError, match="not both"):
        replay(ONE_HOUR, revision=1, moment=BEGIN)
    with pytest.raises(PointTypeError, match="whole number"):
        replay(ONE_HOUR, revision=1.0)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="whole number"):
        replay(ONE_HOUR, revision=True)
    with pytest.raises(PointValueError, match="less than 0"):
        replay(ONE_HOUR, revision=-1)
    with pytest.raises(PointTypeError, match="no instant"):
        replay(ONE_HOUR, moment=datetime(2026, 3, 2))


def test_a_baseline_without_a_time_answers_for_no_moment_before_the_next_edit() -> None:
    baseline = Baseline("r", 1, [])
    with pytest.raises(HorizonError, match="2026-03-02"):
        revision_at([], BEGIN, baseline=baseline)
    later = ONE_HOUR[0].replace(revision=2)
    assert revision_at([later], BEGIN, baseline=baseline) == 2


def test_a_horizon_is_not_set_where_the_history_is_broken() -> None:
    second = diff([(9, 10)], [], resource_id="r", change_id="c2", revision=2, changed_at=BEGIN)
    with pytest.raises(BrokenHistoryError, match="revision 1: no event is there; redeliver") as caught:
        baseline_at(second, 2)
    assert [finding.revision for finding in caught.value.values] == [1]  # type: ignore[attr-defined]
    with pytest.raises(BrokenHistoryError, match="revision 2: no event is there up to revision 4"):
        baseline_at(ONE_HOUR, 4)
    with pytest.raises(ImpossibleEventError):
        baseline_at([*ONE_HOUR, *(event.replace(action="ADDED") for event in second)], 2)
    with pytest.raises(PointValueError, match="belongs to no edit"):
        baseline_at([ONE_HOUR[0].replace(id="")], 1)
    with pytest.raises(PointValueError, match="less than 1"):
        baseline_at(ONE_HOUR, 0)
    with pytest.raises(HorizonError):
        baseline_at(ONE_HOUR, 1, baseline=Baseline("r", 2, []))


def test_a_horizon_can_be_forced_and_what_was_broken_is_forgotten() -> None:
    again = [event.replace(revision=3, id="e3", action="ADDED", interval=(8, 12)) for event in ONE_HOUR]
    baseline = baseline_at([*ONE_HOUR, *again], 3, strict=False)
    assert baseline.slots == (Slot("r", (8, 12)),)
    assert baseline_at(ONE_HOUR, 2, strict=False).changed_at is None
    assert replay([], baseline=baseline, strict=True) == [Slot("r", (8, 12))]


@given(histories(least=2), st.data())
def test_every_tampering_with_an_event_changes_the_head(history: History, data: st.DataObject) -> None:
    saved = head(history.events)
    at = data.draw(st.integers(0, len(history.events) - 1))
    event = history.events[at]
    rest = history.events[:at] + history.events[at + 1 :]
    changes = {
        "action": "ADDED" if event.action == "REMOVED" else "REMOVED",
        "interval": (event.interval.start, event.interval.end + 1),
        "capacity": event.capacity + 1,
        "slot_id": "other",
        "label": "other",
        "reason": "other",
        "notes": "other",
        "changed_at": BEGIN + timedelta(days=1),
        "changed_by": "other",
        "change_id": "other",
        "revision": event.revision + 1,
        "ordinal": event.ordinal + 1000,
        "id": "other",
    }
    assert changes.keys() == {*AuditEvent.__match_args__} - {"resource_id"}
    for name, value in changes.items():
        assert head([*rest, event.replace(**{name: value})]) != saved, name
    assert head(rest, revision=saved.revision) != saved
    assert head([*history.events, event.replace(id="more")]) != saved
    assert head([other.replace(resource_id="s") for other in history.events]) != saved
    other = history.events[at - 1]
    swapped = [
        event.replace(revision=other.revision, ordinal=other.ordinal),
        other.replace(revision=event.revision, ordinal=event.ordinal),
    ]
    assert head([*(one for one in rest if one is not other), *swapped]) != saved
    assert head(reversed(history.events)) == saved


def test_a_head_goes_through_json() -> None:
    made = head(ONE_HOUR)
    assert made.revision == 1
    assert len(made.digest) == 64
    assert Head.from_json(made.to_json()) == made
    assert repr(made) == f"Head('r', 1, {made.digest!r})"


def test_what_is_no_head_is_refused() -> None:
    documents: list[object] = [None, [], {}, {"resource_id": "r"}, head(ONE_HOUR).to_json() | {"more": 1}]
    for document in documents:
        with pytest.raises(ParseError, match="no head"):
            Head.from_json(document)
    with pytest.raises(PointValueError, match="no SHA-256 digest"):
        Head("r", 1, "ABC")
    with pytest.raises(PointValueError, match="no SHA-256 digest"):
        Head("r", 1, "G" * 64)
    with pytest.raises(PointValueError, match="less than 1"):
        Head("r", -1, "")
    with pytest.raises(PointTypeError, match="digest=None is not text"):
        Head("r", 1, None)  # type: ignore[arg-type]


def test_a_head_is_what_the_documentation_says_it_is() -> None:
    history = edited([Edit((0, 16), [((1, 3), 1, None)], author="Zoë"), Edit((0, 16), [((2, 4), 1, "a")])])
    digest = ""
    for revision in (1, 2):
        rows = [dict(sorted(event.to_json().items())) for event in history.of(revision)]
        text = json.dumps(rows, separators=(",", ":")).replace("\\u00eb", "ë")
        digest = hashlib.sha256((digest + text).encode("utf-8")).hexdigest()
    assert head(history.events) == Head("r", 2, digest)
