"""Sets go through arrays, frames, indexes and columns of structs, and come back as they were."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import IntervalError, IntervalSet, MissingExtraError, PointTypeError, PointValueError, UnboundedError
from tests.frames import LIBRARIES, fleets, frame_of_rows, need_frames
from tests.oracle import pair_lists, sets

need_frames()

import numpy as np
import pandas as pd
import polars as pl

from slotcalc.frames import bridges

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.frames import Row

EPOCHS: dict[str, Callable[[int], Any]] = {
    "integers": lambda number: number,
    "dates": lambda number: date(2026, 1, 1) + timedelta(days=number),
    "naive datetimes": lambda number: datetime(2026, 1, 1) + timedelta(hours=number, microseconds=1),
    "instants": lambda number: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number, microseconds=1),
}
kinds = st.sampled_from(sorted(EPOCHS))


def of_kind(kind: str, intervals: IntervalSet[int]) -> IntervalSet[Any]:
    """Return a set of another kind of points."""
    return IntervalSet([(EPOCHS[kind](start), EPOCHS[kind](end)) for start, end in intervals.pairs()])


@given(sets(unbounded=False), kinds)
def test_arrays_return_the_set_that_they_were_made_of(drawn: IntervalSet[int], kind: str) -> None:
    intervals = of_kind(kind, drawn)
    arrays = bridges.to_arrays(intervals)
    assert bridges.from_arrays(*arrays, utc=kind == "instants") == intervals
    assert [array.dtype.kind for array in arrays] == ["i" if kind == "integers" or not intervals else "M"] * 2


@given(sets(unbounded=False), kinds, st.sampled_from(LIBRARIES))
def test_frames_return_the_set_that_they_were_made_of(drawn: IntervalSet[int], kind: str, library: Any) -> None:
    intervals = of_kind(kind, drawn)
    assert bridges.from_frame(bridges.to_frame(intervals, library)) == intervals


@given(sets(unbounded=False), kinds)
def test_structs_return_the_set_that_they_were_made_of(drawn: IntervalSet[int], kind: str) -> None:
    intervals = of_kind(kind, drawn)
    assert bridges.from_structs(bridges.to_structs(intervals)) == intervals


@given(st.lists(sets(unbounded=False), max_size=4), kinds)
def test_lists_return_the_sets_that_they_were_made_of(drawn: list[IntervalSet[int]], kind: str) -> None:
    intervals = [of_kind(kind, each) for each in drawn]
    assert bridges.from_lists(bridges.to_lists(intervals)) == intervals


@given(sets(unbounded=False), st.sampled_from(("integers", "naive datetimes", "instants")))
def test_indexes_return_the_set_that_they_were_made_of(drawn: IntervalSet[int], kind: str) -> None:
    intervals = of_kind(kind, drawn)
    assert bridges.from_index(bridges.to_index(intervals)) == intervals


@given(pair_lists)
def test_arrays_may_overlap_in_any_order(pairs: list[tuple[int, int]]) -> None:
    assert bridges.from_arrays([start for start, _ in pairs], [end for _, end in pairs]) == IntervalSet(pairs)


@given(fleets(), st.sampled_from(LIBRARIES))
def test_each_resource_has_its_set(rows: list[Row], library: str) -> None:
    expected: dict[Any, IntervalSet[int]] = {}
    for room, start, end in rows:
        expected[room] = expected.get(room, IntervalSet()) | IntervalSet([(start, end)])
    assert bridges.by_key(frame_of_rows(library, rows, "room", "start", "end"), by="room") == expected
    twice = frame_of_rows(library, [(room, str(room), *ends) for room, *ends in rows], "a", "b", "start", "end")
    assert bridges.by_key(twice, by=["a", "b"]) == {(room, str(room)): each for room, each in expected.items()}


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D"])
def test_arrays_by_days_and_longer_are_dates(unit: str) -> None:
    starts, ends = (np.array([day], f"datetime64[{unit}]") for day in ("2020-01-02", "2026-01-01"))
    (piece,) = bridges.from_arrays(starts, ends)
    assert (piece.start, piece.end) == (starts.astype("datetime64[D]").item(), ends.astype("datetime64[D]").item())


@pytest.mark.parametrize("unit", ["h", "m", "s", "ms", "us", "ns"])
def test_arrays_by_hours_and_shorter_are_datetimes(unit: str) -> None:
    starts, ends = (np.array([hour], f"datetime64[{unit}]") for hour in ("2026-01-01T09", "2026-01-01T10"))
    expected = IntervalSet([(datetime(2026, 1, 1, 9), datetime(2026, 1, 1, 10))])
    assert bridges.from_arrays(starts, ends) == expected
    assert bridges.from_arrays(starts, ends.astype("datetime64[ns]")) == expected


WRONG: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "lengths": ([1], [2, 3], IntervalError, r"shape \(1,\) and ends of shape \(2,\)"),
    "tables": ([[1]], [[2]], IntervalError, "are no pairs"),
    "reversed": ([1, 5], [2, 5], IntervalError, r"1 of 2 rows are reversed or empty \(the first: 5 to 5\)"),
    "floats": ([1.5], [2.5], PointTypeError, "float64 and float64 are no points of one kind"),
    "two kinds": ([1], np.array(["2026"], "datetime64[s]"), PointTypeError, "no points of one kind"),
    "NaT": (np.array(["NaT"], "datetime64[s]"), np.array(["2026"], "datetime64[s]"), PointValueError, "NaT"),
    "nanoseconds": (np.array([1], "datetime64[ns]"), np.array([9], "datetime64[ns]"), PointValueError, "microseconds"),
    "years": (np.array([1], "datetime64[s]"), np.array([2**40], "datetime64[s]"), PointValueError, "1 to 9999"),
}


@pytest.mark.parametrize("starts, ends, error, text", WRONG.values(), ids=WRONG)
def test_arrays_that_are_no_intervals_are_refused(starts: Any, ends: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        bridges.from_arrays(starts, ends)


def test_sets_that_fit_into_no_column_are_refused() -> None:
    with pytest.raises(UnboundedError):
        bridges.to_frame(IntervalSet.since(1), "pandas")
    with pytest.raises(PointTypeError, match=r"1\.5 fits into no column"):
        bridges.to_arrays(IntervalSet([(1.5, 2.5)]))
    with pytest.raises(PointValueError, match="do not fit into one column"):
        bridges.to_arrays(IntervalSet([(1, 2**64)]))


def test_an_index_is_closed_on_the_left() -> None:
    with pytest.raises(IntervalError, match="the index is closed='right'"):
        bridges.from_index(pd.IntervalIndex.from_breaks([1, 2]))


def test_nulls_among_lists_are_empty_sets() -> None:
    lists = pl.Series([[{"start": 1, "end": 2}], None, []])
    assert bridges.from_lists(lists) == [IntervalSet([(1, 2)]), IntervalSet(), IntervalSet()]


def test_a_missing_library_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="pip install pandas"):
        bridges.to_index(IntervalSet([(1, 2)]))
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match="pip install polars"):
        bridges.to_lists([IntervalSet([(1, 2)])])
