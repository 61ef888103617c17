"""What is let onto the line, in what form, and what is said to the rest."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from slotcalc import (
    Coverage,
    Interval,
    IntervalError,
    IntervalSet,
    PointTypeError,
    PointValueError,
    SlotcalcError,
    errors,
)
from slotcalc.points import check_length, moved, normalised, normalised_pairs

BERLIN = ZoneInfo("Europe/Berlin")


class NotAMoment(datetime):
    """A datetime that equals nothing, as `pandas.NaT` is."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = datetime.__hash__


class NeverKnown(tzinfo):
    """A tzinfo without an offset, so that its datetimes are naive."""

    def utcoffset(self, _: datetime | None) -> None:
        return None

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    "start,end",
    [
        (1, 2),
        (0.5, 2),
        (Decimal("0.1"), Decimal("0.2")),
        (Fraction(1, 3), 1),
        (date(2026, 3, 1), date(2026, 3, 2)),
        (datetime(2026, 3, 1), datetime(2026, 3, 2)),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
        (time(9), time(17)),
        ((1, "a"), (1, "b")),
    ],
)
def test_any_totally_ordered_type_makes_intervals_and_sets(start: Any, end: Any) -> None:
    assert start in Interval(start, end)
    assert end not in Interval(start, end)
    made = IntervalSet([(start, end)])
    assert made.pairs() == [(start, end)]
    assert made & ~made == IntervalSet()
    assert made.covers(Interval(start, end))


@pytest.mark.parametrize("zone", [BERLIN, ZoneInfo("UTC"), timezone(timedelta(hours=5, minutes=45))])
def test_an_aware_datetime_becomes_the_same_instant_in_utc(zone: Any) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=zone)
    kept = normalised(moment)
    assert kept == moment
    assert kept.tzinfo is UTC


def test_a_datetime_whose_zone_knows_no_offset_stays_naive() -> None:
    moment = datetime(2026, 3, 1, tzinfo=NeverKnown())
    assert normalised(moment) is moment


@pytest.mark.parametrize("bad", [True, False, None, "2026-03-01", b"2026"])
def test_what_is_no_point_is_a_type_error_that_says_what_to_write(bad: Any) -> None:
    for make in (lambda: Interval(bad, 2), lambda: IntervalSet([(bad, 2)]), lambda: IntervalSet.since(bad)):
        with pytest.raises(PointTypeError, match=r"no point|not a point") as caught:
            make()
        assert bad in caught.value.values
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    "bad",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        NotAMoment(2026, 1, 1),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_value_without_a_place_on_the_line_is_a_value_error(bad: Any) -> None:
    with pytest.raises(PointValueError) as caught:
        Interval(bad, bad)
    assert isinstance(caught.value, ValueError)
    with pytest.raises(PointValueError):
        IntervalSet.until(bad)


ONE_OF_EACH: list[tuple[Any, Any]] = [
    (1, 2),
    (date(2026, 3, 1), date(2026, 3, 2)),
    (datetime(2026, 3, 1), datetime(2026, 3, 2)),
    (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)),
    (time(9), time(17)),
]


@pytest.mark.parametrize("one,other", [(a, b) for a, b in product(ONE_OF_EACH, ONE_OF_EACH) if a is not b])
def test_points_of_two_kinds_never_meet(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    a, b = IntervalSet([one]), IntervalSet([other])
    many = IntervalSet([(i, i + 1) for i in range(0, 100, 2)]) if one == (1, 2) else a
    for left in (a, ~a, IntervalSet.since(one[0]), IntervalSet.until(one[0]), many):
        for right in (b, ~b, IntervalSet.since(other[0]), IntervalSet.until(other[0])):
            for mix in (
                lambda x=left, y=right: x & y,
                lambda x=left, y=right: x | y,
                lambda x=left, y=right: x - y,
                lambda x=left, y=right: x ^ y,
                lambda x=left, y=right: IntervalSet.at_least_k(1, [x, y]),
            ):
                with pytest.raises(PointTypeError, match="no common order"):
                    mix()
    for clash in (
        lambda: Interval(one[0], other[1]),
        lambda: IntervalSet([one, other]),
        lambda: other[0] in a,
        lambda: other[0] in Interval(*one),
        lambda: Interval(*one).overlaps(Interval(*other)),
        lambda: Interval(*one).split([other[0]]),
        lambda: Interval(*one).abuts(Interval(*other)),
        lambda: Interval(*one).relation(Interval(*other)),
        lambda: Interval(*one).span(Interval(*other)),
        lambda: Interval(*one).gap(Interval(*other)),
        lambda: Coverage([one]).depth(other[0]),
    ):
        with pytest.raises(PointTypeError, match="no common order"):
            clash()


def test_naive_and_aware_are_told_to_agree_on_a_zone() -> None:
    with pytest.raises(PointTypeError, match="give both a zone, or neither"):
        Interval(datetime(2026, 3, 1), datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize("pair", [(2, 1), (1, 1)])
def test_a_reversed_or_empty_interval_is_an_error_wherever_it_comes_in(pair: tuple[int, int]) -> None:
    with pytest.raises(IntervalError, match="ends before it starts" if pair == (2, 1) else "is empty") as caught:
        Interval(*pair)
    assert caught.value.values == pair
    with pytest.raises(IntervalError, match="item 1: "):
        IntervalSet([(0, 1), pair])


def test_a_reversed_or_empty_pair_of_instants_is_found_at_every_place_in_the_list() -> None:
    hours = [datetime(2026, 3, 1, h, tzinfo=UTC) for h in range(6)]
    good = [(hours[0], hours[1]), (hours[1], hours[2]), (hours[0], hours[5]), (hours[3], hours[4])]
    for position in range(len(good) + 1):
        for bad in ((hours[2], hours[2]), (hours[3], hours[2]), (hours[5], hours[0]), (hours[0], hours[0])):
            with pytest.raises(IntervalError, match=f"item {position}: "):
                IntervalSet([*good[:position], bad, *good[position:]])


@pytest.mark.parametrize("bad", [7, (1,), (1, 2, 3), {}, "ab", [], None, object()])
def test_an_item_that_is_no_pair_is_named_with_its_position(bad: Any) -> None:
    with pytest.raises(PointTypeError, match="item 1"):
        IntervalSet([(0, 1), bad])


@pytest.mark.parametrize("bad", [7, None, object()])
def test_what_is_no_collection_is_named(bad: Any) -> None:
    with pytest.raises(PointTypeError, match="neither an interval nor a collection"):
        IntervalSet(bad)


def test_a_type_without_an_order_is_refused() -> None:
    with pytest.raises(PointTypeError):
        Interval(1j, 2j)  # type: ignore[type-var]  # complex numbers have no order
    with pytest.raises(PointTypeError):
        normalised_pairs([(object(), object())])


class Grade:
    """A point that has no operator but `<`."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def __lt__(self, other: Grade) -> bool:
        return self.rank < other.rank


def test_a_type_needs_nothing_but_less_than() -> None:
    a, b, c, d = map(Grade, (1, 2, 3, 4))
    left, right = IntervalSet([(a, c)]), IntervalSet([(b, d)])
    assert (left & right).pairs() == [(b, c)]
    assert (left | right).pairs() == [(a, d)]
    assert (left - right).pairs() == [(a, b)]
    assert b in left
    assert d not in left
    assert IntervalSet.at_least_k(2, [left, right]).pairs() == [(b, c)]


def test_moving_a_point_takes_a_length_of_its_kind() -> None:
    assert moved(date(2026, 3, 1), timedelta(days=1)) == date(2026, 3, 2)
    for point, length in ((1, timedelta(1)), (date(2026, 3, 1), 1), (datetime(2026, 3, 1), "1h")):
        with pytest.raises(PointTypeError, match="cannot be added"):
            moved(point, length)
        with pytest.raises(PointTypeError, match="cannot be added"):
            check_length("every", length, point)
    with pytest.raises(PointTypeError, match="whole days"):
        moved(date(2026, 3, 1), timedelta(hours=36))
    with pytest.raises(PointValueError, match="outside the range"):
        moved(datetime(9999, 12, 31), timedelta(days=2))
    with pytest.raises(PointValueError):
        moved(1e308, 1e308)


ERRORS = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("leaf", ERRORS)
def test_every_error_is_of_the_root_carries_its_values_and_pickles(leaf: type[SlotcalcError]) -> None:
    error = leaf("what happened", 1, "two")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert type(again) is leaf
    assert str(again) == "what happened"
    assert again.values == (1, "two")
    assert isinstance(error, SlotcalcError)
    assert leaf is SlotcalcError or issubclass(leaf, ValueError | TypeError | LookupError | ImportError | RuntimeError)
