"""Depth: what counts, and what is refused. The counting itself is tested with the laws of the algebra."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from slotcalc import Coverage, Interval, IntervalError, IntervalSet, PointTypeError


def test_touching_intervals_need_one_room_and_overlapping_ones_two() -> None:
    assert Coverage([(9, 10), (10, 11)]).max() == 1
    assert Coverage([(9, 10), (10, 11)]).segments() == [(Interval(9, 11), 1)]
    assert Coverage([(9, 11), (10, 12)]).max() == 2


def test_the_same_interval_twice_counts_twice_and_a_weight_counts_as_often() -> None:
    assert Coverage([(1, 2), (1, 2)]) == Coverage([Interval(1, 2)], weights=[2])
    assert Coverage([(1, 2)], weights=[0]) == Coverage()
    assert hash(Coverage([(1, 2), (1, 2)])) == hash(Coverage([(1, 2)], weights=[2]))


def test_the_depth_of_nothing_is_nought_everywhere() -> None:
    nothing: Coverage[int] = Coverage()
    assert (nothing.max(), nothing.depth(3), nothing.segments()) == (0, 0, [])
    assert nothing.at_least(1) == IntervalSet()
    assert nothing.segments(Interval(1, 2)) == [(Interval(1, 2), 0)]


@pytest.mark.parametrize("weights", [[], [1, 2], [-1]])
def test_weights_must_match_the_intervals(weights: list[int]) -> None:
    with pytest.raises(IntervalError, match="1 intervals need as many weights"):
        Coverage([(1, 2)], weights)


def test_a_depth_of_nought_would_hold_everywhere() -> None:
    with pytest.raises(IntervalError, match="k=0 would hold everywhere"):
        Coverage([(1, 2)]).at_least(0)


def test_windows_may_be_pairs() -> None:
    coverage = Coverage([(9, 12), (10, 11)])
    assert coverage.segments((8, 10)) == [(Interval(8, 9), 0), (Interval(9, 10), 1)]
    assert coverage.peak((8, 10)) == 1


def test_depth_is_asked_at_points_of_the_same_kind() -> None:
    with pytest.raises(PointTypeError, match="no common order"):
        Coverage([(1, 2)]).depth(datetime(2026, 3, 1, tzinfo=UTC))  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointTypeError, match="no common order"):
        Coverage([(1, 2)]).segments((date(2026, 3, 1), date(2026, 3, 2)))  # type: ignore[arg-type]  # as above
    with pytest.raises(PointTypeError, match="is text, not a point"):
        Coverage([]).depth("x")  # type: ignore[arg-type]  # refused at run time, too
