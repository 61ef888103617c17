"""What all values share: they never change, compare by content, pickle, copy, print as code and match as patterns."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from slotcalc import (
    Booking,
    BookingStatus,
    Coverage,
    Interval,
    IntervalSet,
    LimitExceededError,
    Limits,
    PointTypeError,
    Slot,
    explain,
)
from slotcalc.limits import Steps
from slotcalc.values import Value

INTERVAL = Interval(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
VALUES: list[Any] = [
    Interval(1, 2),
    INTERVAL,
    IntervalSet([(1, 2), (4, 9)]),
    Coverage(),
    Coverage([(1, 3), (2, 4)]),
    Slot("room-1", (1, 2)),
    Slot("room-1", INTERVAL, capacity=3, id="s1", label="morning"),
    Booking("room-1", (1, 2)),
    Booking("room-1", INTERVAL, status=BookingStatus.TENTATIVE, seats=2, id="b1", label="Ada"),
    Limits(),
    Limits(rows=5),
]


def in_datetime_terms(text: str) -> Any:
    """Evaluate a repr with the names that reprs use."""
    import datetime as dt  # noqa: PLC0415  # reprs say datetime.datetime

    names = {"Booking": Booking, "BookingStatus": BookingStatus, "Coverage": Coverage, "Interval": Interval}
    return eval(  # noqa: S307  # our own repr
        text, names | {"IntervalSet": IntervalSet, "Slot": Slot, "Limits": Limits, "datetime": dt}
    )


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_survives_pickle_copy_and_repr(value: Any) -> None:
    for again in (
        pickle.loads(pickle.dumps(value)),  # noqa: S301  # our own bytes
        copy.copy(value),
        copy.deepcopy(value),
        in_datetime_terms(repr(value)),
    ):
        assert again == value
        assert hash(again) == hash(value)
        assert type(again) is type(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_equals_nothing_of_another_type(value: Any) -> None:
    assert value != "something else"
    assert value.__eq__("something else") is NotImplemented


@pytest.mark.parametrize("value", [v for v in VALUES if isinstance(v, Value)], ids=repr)
def test_a_value_cannot_be_changed_and_says_how_to_make_another(value: Any) -> None:
    field = value.__slots__[0]
    with pytest.raises(AttributeError, match=f"immutable, so {field} stays; make another with"):
        setattr(value, field, 1)
    with pytest.raises(AttributeError, match="immutable"):
        delattr(value, field)
    with pytest.raises(AttributeError):
        value.something_new = 1


def test_a_set_has_no_room_for_new_attributes_and_its_properties_are_read_only() -> None:
    one = IntervalSet([(1, 2)])
    with pytest.raises(AttributeError):
        one.starts = (3,)  # type: ignore[misc]  # refused at run time, too
    with pytest.raises(AttributeError):
        one.colour = "red"  # type: ignore[attr-defined]  # refused at run time, too


def test_replace_makes_a_checked_copy() -> None:
    slot = Slot("room-1", (1, 5), capacity=2)
    assert slot.replace(interval=Interval(2, 3)) == Slot("room-1", (2, 3), capacity=2)
    assert slot.replace(resource_id="room-2").resource_id == "room-2"
    with pytest.raises(ValueError, match="capacity=0"):
        slot.replace(capacity=0)


def test_values_match_as_patterns() -> None:
    match Booking("room-1", (9, 17), id="b1"):
        case Booking("room-1", Interval(start, end), id=name):
            assert (start, end, name) == (9, 17, "b1")
        case _:
            pytest.fail("the pattern did not match")
    match IntervalSet([(1, 2), (3, 4)]):
        case IntervalSet(starts=(1, 3), ends=(2, last)):
            assert last == 4
        case _:
            pytest.fail("the pattern did not match")


def test_a_segment_prints_as_code() -> None:
    (segment,) = explain([(0, 4)], [], (0, 4))
    assert repr(segment) == "Segment(Interval(0, 4), SegmentState.FREE, capacity=1)"


def test_reprs_of_large_sets_and_coverages_are_bounded() -> None:
    pairs = [(i, i + 1) for i in range(0, 1000, 2)]
    assert repr(IntervalSet(pairs)) == "<IntervalSet of 500 intervals from 0 to 999>"
    assert repr(Coverage(pairs)) == "<Coverage of 500 segments up to depth 1>"


@pytest.mark.parametrize("bad", [{"rows": "a"}, {"rows": -1}, {"steps": True}, {"window": 5}])
def test_a_limit_is_a_whole_number_and_the_window_a_timedelta(bad: dict[str, Any]) -> None:
    with pytest.raises(PointTypeError, match=f"{next(iter(bad))}="):
        Limits(**bad)


def test_a_limit_names_the_field_that_raises_it() -> None:
    Limits().check("rows", 1_000_000)
    with pytest.raises(LimitExceededError, match=r"limit of 1000000 rows; pass limits=Limits\(rows=…\)") as caught:
        Limits().check("rows", 1_000_001)
    assert caught.value.values == (1_000_001, 1_000_000)


def test_steps_are_counted_over_all_that_one_call_does() -> None:
    steps = Steps(Limits(steps=5))
    steps.take(3)
    steps.take(2)
    with pytest.raises(LimitExceededError, match="6 is more than the limit of 5 steps"):
        steps.take(1)
