"""Several resources: k of n at each moment and throughout, who is free and who is missing; an oracle of cells."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Interval,
    IntervalError,
    IntervalSet,
    Missing,
    PointTypeError,
    PointValueError,
    free_of,
    missing,
    starts,
    starts_of,
    who_is_free,
)
from slotcalc.rules import Weekly

LAST = 12
FREE = st.dictionaries(
    st.sampled_from(["zoe", "anna", "ben", "cem"]),
    st.sets(st.integers(0, LAST - 1)),
    min_size=1,
)
TUTORS = {"cem": IntervalSet([(11, 13)]), "anna": IntervalSet([(9, 11)]), "ben": IntervalSet([(10, 12)])}


def of_cells(cells: set[int]) -> IntervalSet[int]:
    return IntervalSet([(cell, cell + 1) for cell in cells])


def pairs() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, LAST - 1), st.integers(1, LAST)).map(lambda p: (p[0], p[0] + p[1]))


@given(FREE, st.integers(1, 5))
def test_at_each_moment_k_are_free_where_so_many_sets_hold_the_cell(cells: dict[str, set[int]], k: int) -> None:
    times = {name: of_cells(held) for name, held in cells.items()}
    expected = {cell for cell in range(LAST) if sum(cell in held for held in cells.values()) >= k}
    assert free_of(times, k) == of_cells(expected)
    assert free_of(times) == free_of(times, len(times)) == of_cells(set.intersection(*cells.values()))
    assert free_of(times, 1) == IntervalSet.empty().union(*times.values())


@given(FREE, pairs())
def test_who_is_free_has_every_cell_of_the_interval(cells: dict[str, set[int]], asked: tuple[int, int]) -> None:
    times = {name: of_cells(held) for name, held in cells.items()}
    expected = tuple(name for name, held in cells.items() if held.issuperset(range(*asked)))
    assert who_is_free(times, asked) == who_is_free(times, Interval(*asked)) == expected


@given(FREE, pairs(), st.integers(1, 5) | st.none())
def test_somebody_is_missing_if_and_only_if_fewer_than_k_are_free_throughout(
    cells: dict[str, set[int]], asked: tuple[int, int], k: int | None
) -> None:
    times = {name: of_cells(held) for name, held in cells.items()}
    there = who_is_free(times, asked)
    if k is not None and k > len(times):
        with pytest.raises(IntervalError, match="are never free"):
            missing(times, asked, k)
        return
    absent = missing(times, asked, k)
    if len(there) >= (len(times) if k is None else k):
        assert absent == ()
    else:
        assert [one.resource_id for one in absent] == [name for name in times if name not in there]
    for one in absent:
        lacks = set(range(*asked)) - cells[one.resource_id]
        assert one.lacks == of_cells(lacks)
        assert one.entirely == (len(lacks) == asked[1] - asked[0])


@given(FREE, pairs(), st.integers(1, 4))
def test_the_same_k_throughout_are_k_at_each_moment(cells: dict[str, set[int]], asked: tuple[int, int], k: int) -> None:
    times = {name: of_cells(held) for name, held in cells.items()}
    if len(who_is_free(times, asked)) >= k:
        assert free_of(times, k).covers(Interval(*asked))
    assert free_of(times).covers(Interval(*asked)) == (missing(times, asked) == ())


def test_k_at_each_moment_are_not_the_same_k_throughout() -> None:
    assert free_of(TUTORS, 1).covers(Interval(9, 13))
    assert who_is_free(TUTORS, (9, 13)) == ()
    assert [str(one) for one in missing(TUTORS, (9, 12), 1)] == [
        "cem is not free [9, 11)",
        "anna is not free [11, 12)",
        "ben is not free [9, 10)",
    ]


@given(FREE, st.integers(1, 4), st.integers(1, 4) | st.none())
def test_starts_of_several_are_those_for_which_enough_are_free_throughout(
    cells: dict[str, set[int]], length: int, k: int | None
) -> None:
    origin, hour = datetime(2026, 3, 28, 20, tzinfo=UTC), timedelta(hours=1)  # the clocks change in that night
    times = {
        name: IntervalSet([(origin + cell * hour, origin + (cell + 1) * hour) for cell in held])
        for name, held in cells.items()
    }
    pages = {name: starts(free, length * hour, every=hour, zone="Europe/Berlin") for name, free in times.items()}
    expected = []
    for start in (origin + cell * hour for cell in range(LAST)):
        there = who_is_free(times, (start, start + length * hour))
        if len(there) >= (len(times) if k is None else k):
            expected.append((start, there))
    assert list(starts_of(pages, k)) == expected


def test_starts_of_several_are_made_as_they_are_taken() -> None:
    endless = {"anna": count(0, 2), "ben": count(0, 3)}
    assert list(islice(starts_of(endless), 3)) == [(0, ("anna", "ben")), (6, ("anna", "ben")), (12, ("anna", "ben"))]


def test_a_start_that_a_resource_brings_twice_counts_once() -> None:
    assert list(starts_of({"anna": [9, 9], "ben": [10]}, 2)) == []
    assert list(starts_of({"anna": [9, 9]})) == [(9, ("anna",))]


@given(st.lists(st.integers(0, 6), max_size=5), st.lists(st.integers(0, 6), max_size=5), st.integers(1, 2))
def test_starts_out_of_order_are_an_error_and_never_a_wrong_answer(anna: list[int], ben: list[int], k: int) -> None:
    shared = starts_of({"anna": anna, "ben": ben}, k)
    if anna != sorted(anna) or ben != sorted(ben):
        with pytest.raises(PointValueError, match="pass the starts of each resource in order"):
            list(shared)
    else:
        assert [start for start, _ in shared] == sorted({*anna} | {*ben} if k == 1 else {*anna} & {*ben})


def test_what_are_no_starts_is_refused_with_the_name_of_its_resource() -> None:
    strangers: list[Any] = [None, 9, IntervalSet([(9, 10)])]
    for bad in strangers:
        with pytest.raises(PointTypeError, match=r"'ben': .* are no starts"):
            starts_of({"anna": [9], "ben": bad})


def test_pairs_are_free_time_too() -> None:
    spans = {"anna": [(9, 11)], "ben": [(10, 12)]}
    assert free_of(spans) == IntervalSet([(10, 11)])  # type: ignore[arg-type]  # a convenience at run time
    assert who_is_free(spans, (9, 10)) == ("anna",)  # type: ignore[arg-type]  # as above


def test_more_than_there_are_is_never() -> None:
    assert free_of(TUTORS, 4) == IntervalSet()
    assert free_of({}, 1) == IntervalSet()
    assert who_is_free({}, (9, 10)) == ()
    assert list(starts_of({}, 1)) == []


def test_bad_arguments_are_named_at_once() -> None:
    questions: tuple[Any, ...] = (free_of, starts_of)
    for question in questions:
        with pytest.raises(IntervalError, match="all of no resources"):
            question({})
        with pytest.raises(IntervalError, match="k=0 asks for no resource at all"):
            question(TUTORS, 0)
        for k in (True, 1.5):
            with pytest.raises(PointTypeError, match="is not a whole number"):
                question(TUTORS, k)
        with pytest.raises(PointTypeError, match="is no mapping"):
            question([IntervalSet()])
    with pytest.raises(IntervalError, match="all of no resources"):
        missing({}, (9, 10))
    with pytest.raises(IntervalError, match="k=1 of 0 resources are never free"):
        missing({}, (9, 10), 1)
    with pytest.raises(IntervalError, match="ends before it starts"):
        who_is_free(TUTORS, (10, 9))
    strangers: list[Any] = [None, 9, (9,), IntervalSet([(9, 10)])]
    for asked in strangers:
        for about in (who_is_free, missing):
            with pytest.raises(PointTypeError, match=r"neither an Interval nor a \(start, end\) pair"):
                about(TUTORS, asked)
    with pytest.raises(PointTypeError, match="'ben': None is neither an interval nor a collection of intervals"):
        free_of({"anna": IntervalSet([(9, 10)]), "ben": None})  # type: ignore[dict-item]  # refused at run time, too
    with pytest.raises(PointTypeError, match=r"'anna': .*; ask a rule for a window: rule\.within\(window\)"):
        free_of({"anna": Weekly("24/7", zone="UTC")})  # type: ignore[arg-type]  # refused at run time, too
    with pytest.raises(PointTypeError, match="no common order"):
        free_of({"anna": IntervalSet([(9, 10)]), "ben": IntervalSet([(date(2026, 3, 2), date(2026, 3, 3))])})  # type: ignore[arg-type]  # refused at run time, too


def test_a_missing_resource_is_a_value() -> None:
    (one,) = missing({"anna": IntervalSet([(9, 11)])}, (10, 12))
    assert one == Missing("anna", Interval(10, 12), IntervalSet([(11, 12)]))
    assert repr(one) == "Missing('anna', Interval(10, 12), IntervalSet([(11, 12)]))"
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  # its own bytes
    assert {one: 1}[one] == 1
    assert not one.entirely
