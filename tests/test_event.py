"""Audit events: what they may hold, and that JSON gives each back as it was."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Action,
    AuditEvent,
    Interval,
    IntervalError,
    LimitExceededError,
    ParseError,
    PointTypeError,
    PointValueError,
    Slot,
    strict_json,
)
from slotcalc.diff.event import LONGEST_NAME, LONGEST_NOTES, Identity

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLAIN = AuditEvent("r", Action.ADDED, (9, 12))
FULL = AuditEvent(
    "r",
    Action.REMOVED,
    (NOON, NOON + timedelta(microseconds=1)),
    capacity=3,
    slot_id="s1",
    label="Öl",
    reason="personal",
    notes="line\nbreak",
    changed_at=NOON,
    changed_by="ada",
    change_id="c1",
    revision=2,
    ordinal=1,
    id="e1",
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
names = texts.filter(lambda text: bool(text.strip()))
pairs: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.integers(), st.integers()),
    st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2),
    st.tuples(st.dates(), st.dates()),
    st.tuples(st.datetimes(), st.datetimes()),
    st.tuples(*[st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2, seconds=7))]))] * 2),
)
moments = st.datetimes(datetime(2, 1, 1), timezones=st.just(UTC))


@st.composite
def events(draw: st.DrawFn) -> AuditEvent:
    one, two = draw(pairs.filter(lambda pair: pair[0] != pair[1]))
    try:
        interval = Interval(min(one, two), max(one, two))
    except PointValueError:  # beyond the year 1 or 9999 in UTC
        interval = Interval(1, 2)
    return AuditEvent(
        draw(texts),
        draw(st.sampled_from(Action)),
        interval,
        capacity=draw(st.integers(1, 5)),
        slot_id=draw(st.none() | texts),
        label=draw(texts),
        reason=draw(names),
        notes=draw(texts),
        changed_at=draw(st.none() | moments),
        changed_by=draw(texts),
        change_id=draw(texts),
        revision=draw(st.integers(0, 5)),
        ordinal=draw(st.integers(0, 5)),
        id=draw(texts),
    )


@given(events())
def test_json_gives_an_event_back_as_it_was(event: AuditEvent) -> None:
    text = json.dumps(event.to_json(), allow_nan=False)
    again = AuditEvent.from_json(strict_json.loads(text))
    assert again == event
    assert type(again.interval.start) is type(event.interval.start)
    assert again.to_json() == event.to_json()
    assert hash(again) == hash(event)


@pytest.mark.parametrize("event", [PLAIN, FULL], ids=["plain", "full"])
def test_an_event_survives_pickle_copy_and_replace(event: AuditEvent) -> None:
    assert pickle.loads(pickle.dumps(event)) == copy.deepcopy(event) == event.replace() == event  # noqa: S301  # ours


def test_an_event_of_a_preview_belongs_to_no_edit() -> None:
    assert (PLAIN.change_id, PLAIN.id, PLAIN.revision, PLAIN.ordinal, PLAIN.changed_at) == ("", "", 0, 0, None)
    assert (PLAIN.reason, PLAIN.notes, PLAIN.changed_by) == ("edit", "", "")
    assert repr(PLAIN) == "AuditEvent('r', Action.ADDED, Interval(9, 12))"


def test_an_event_knows_its_place_its_identity_and_its_slot() -> None:
    assert FULL.place == (2, 1)
    assert FULL.identity == Identity(3, "s1", "Öl")
    assert FULL.identity.order == (3, "s1", "Öl")
    assert Identity(1, None, "").order == (1, "", "")
    assert FULL.slot() == Slot("r", FULL.interval, capacity=3, id="s1", label="Öl")


@pytest.mark.parametrize("action", ["added", "Added", "ADDED", Action.ADDED], ids=repr)
def test_an_action_may_be_given_by_its_name_in_any_case(action: Any) -> None:
    assert AuditEvent("r", action, (9, 12)).action is Action.ADDED


def test_the_time_of_an_event_is_kept_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    event = AuditEvent(
        "r", "added", (NOON.astimezone(berlin), NOON + timedelta(hours=1)), changed_at=NOON.astimezone(berlin)
    )
    assert event.changed_at is not None
    assert event.changed_at.tzinfo is event.interval.start.tzinfo is UTC
    assert event.changed_at == NOON


def test_the_longest_texts_are_kept_and_one_more_character_is_not() -> None:
    limits = {
        "reason": LONGEST_NAME,
        "changed_by": LONGEST_NAME,
        "change_id": LONGEST_NAME,
        "id": LONGEST_NAME,
        "slot_id": LONGEST_NAME,
        "notes": LONGEST_NOTES,
        "label": LONGEST_NOTES,
    }
    for name, longest in limits.items():
        fields: dict[str, Any] = {name: "🎻" * longest}
        assert getattr(AuditEvent("r", "added", (9, 12), **fields), name) == "🎻" * longest
        with pytest.raises(LimitExceededError, match=f"{name}=.* at most {longest} are kept"):
            PLAIN.replace(**{name: "x" * (longest + 1)})
    with pytest.raises(LimitExceededError, match="resource_id"):
        PLAIN.replace(resource_id="x" * (LONGEST_NAME + 1))


@pytest.mark.parametrize(
    "name", ["resource_id", "reason", "changed_by", "change_id", "id", "slot_id", "notes", "label"]
)
def test_text_that_no_database_keeps_is_refused(name: str) -> None:
    for odd in ("a\x00b", "\ud83c", "ok\udfff"):
        with pytest.raises(PointValueError, match=f"{name}=.*NUL"):
            PLAIN.replace(**{name: odd})
    with pytest.raises(PointTypeError):
        PLAIN.replace(**{name: 7})
    assert getattr(PLAIN.replace(**{name: "tab\t, line\n, \u200b, ☃"}), name) == "tab\t, line\n, \u200b, ☃"


@pytest.mark.parametrize(
    "change, error",
    [
        ({"action": "moved"}, PointValueError),
        ({"action": None}, PointValueError),
        ({"interval": (12, 9)}, IntervalError),
        ({"interval": 9}, PointTypeError),
        ({"reason": ""}, PointValueError),
        ({"reason": " \n"}, PointValueError),
        ({"reason": None}, PointTypeError),
        ({"capacity": 0}, PointValueError),
        ({"revision": -1}, PointValueError),
        ({"revision": 1.5}, PointTypeError),
        ({"ordinal": "1"}, PointTypeError),
        ({"changed_at": datetime(2026, 3, 2)}, PointTypeError),
        ({"changed_at": date(2026, 3, 2)}, PointTypeError),
        ({"changed_at": "2026-03-02T12:00Z"}, PointTypeError),
    ],
)
def test_bad_values_get_one_clear_error(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        PLAIN.replace(**change)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "{}",
        {},
        {"resource_id": "r"},
        PLAIN.to_json() | {"extra": 1},
        {name: value for name, value in PLAIN.to_json().items() if name != "end"},
        {1: 2},
        PLAIN.to_json() | {"start": "soon"},
        PLAIN.to_json() | {"changed_at": "yesterday"},
    ],
    ids=repr,
)
def test_json_that_is_no_event_is_refused(odd: Any) -> None:
    with pytest.raises(ParseError):
        AuditEvent.from_json(odd)


@pytest.mark.parametrize(
    "change, error",
    [
        ({"start": 12}, IntervalError),
        ({"start": None}, PointTypeError),
        ({"start": True}, PointTypeError),
        ({"end": [1]}, PointTypeError),
        ({"changed_at": 7}, PointTypeError),
        ({"changed_at": "2026-03-02T12:00"}, PointTypeError),
        ({"capacity": "3"}, PointTypeError),
        ({"action": "moved"}, PointValueError),
        ({"reason": "\x00"}, PointValueError),
    ],
)
def test_json_with_bad_values_gets_the_errors_of_the_constructor(
    change: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        AuditEvent.from_json(PLAIN.to_json() | change)


def test_points_that_json_has_no_form_for_are_refused() -> None:
    with pytest.raises(PointTypeError, match="Decimal, for which JSON has no form"):
        AuditEvent("r", "added", (Decimal(1), Decimal(2))).to_json()
