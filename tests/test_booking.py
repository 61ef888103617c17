"""Slots and bookings check each field by its type and keep what they were given."""

from __future__ import annotations

from typing import Any

import pytest

from slotcalc import ACTIVE, Booking, BookingStatus, Interval, IntervalError, PointTypeError, PointValueError, Slot


def test_a_pair_becomes_an_interval() -> None:
    assert Slot("a", (1, 2)).interval == Interval(1, 2) == Booking("a", (1, 2)).interval
    assert Booking("a", Interval(1, 2)).interval == Interval(1, 2)


def test_a_status_may_be_given_by_its_name() -> None:
    assert Booking("a", (1, 2), status="tentative").status is BookingStatus.TENTATIVE  # type: ignore[arg-type]  # as below
    assert Booking("a", (1, 2), status="CANCELLED").status is BookingStatus.CANCELLED  # type: ignore[arg-type]  # from a file
    assert {BookingStatus.TENTATIVE, BookingStatus.CONFIRMED} == ACTIVE


@pytest.mark.parametrize(
    "field,value,error",
    [
        ("resource_id", 7, PointTypeError),
        ("resource_id", None, PointTypeError),
        ("interval", 7, PointTypeError),
        ("interval", (1, 2, 3), PointTypeError),
        ("interval", (2, 1), IntervalError),
        ("id", 7, PointTypeError),
        ("label", None, PointTypeError),
    ],
)
@pytest.mark.parametrize("cls", [Slot, Booking])
def test_a_bad_field_is_named_with_its_value(cls: Any, field: str, value: Any, error: type[Exception]) -> None:
    fields = {"resource_id": "a", "interval": (1, 2), "id": None, "label": ""} | {field: value}
    with pytest.raises(error, match=field if error is PointTypeError else "ends before"):
        cls(fields.pop("resource_id"), fields.pop("interval"), **fields)


@pytest.mark.parametrize("cls,field", [(Slot, "capacity"), (Booking, "seats")])
def test_seats_are_counted_in_whole_positive_numbers(cls: Any, field: str) -> None:
    for bad in (0, -1):
        with pytest.raises(PointValueError, match=f"{field}={bad} is less than 1"):
            cls("a", (1, 2), **{field: bad})
    for other in (1.5, "2", True, None):
        with pytest.raises(PointTypeError, match=f"{field}=.* is not a whole number"):
            cls("a", (1, 2), **{field: other})


def test_an_unknown_status_lists_those_that_there_are() -> None:
    with pytest.raises(PointValueError, match="=7 is none"):
        Booking("a", (1, 2), status=7)  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointValueError, match="'MAYBE' is none of TENTATIVE, CONFIRMED, CANCELLED"):
        Booking("a", (1, 2), status="MAYBE")  # type: ignore[arg-type]  # refused at run time, too
