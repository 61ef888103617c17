"""Every pair of sets over five boundary points, unbounded ones included, and every operator, against sets of cells."""

from __future__ import annotations

import operator
from itertools import product
from typing import TYPE_CHECKING

import pytest

from slotcalc import Interval, IntervalSet, kernel
from tests.oracle import assert_in_form, cells_of, every_set, pieces, universe

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oracle import Cells

POINTS = 5
SETS = list(every_set(POINTS))
CELLS = {one: cells_of(POINTS, one) for one in SETS}
ALL = universe(POINTS)

OPERATORS: dict[str, Callable[[IntervalSet[int], IntervalSet[int]], IntervalSet[int]]] = {
    "&": operator.and_,
    "|": operator.or_,
    "-": operator.sub,
    "^": operator.xor,
    "intersection": IntervalSet.intersection,
    "union": IntervalSet.union,
    "difference": IntervalSet.difference,
    "symmetric_difference": IntervalSet.symmetric_difference,
}
ON_CELLS: dict[str, Callable[[Cells, Cells], Cells]] = {
    "&": operator.and_,
    "|": operator.or_,
    "-": operator.sub,
    "^": operator.xor,
}
ON_CELLS |= {
    "intersection": operator.and_,
    "union": operator.or_,
    "difference": operator.sub,
    "symmetric_difference": operator.xor,
}
RELATIONS: dict[str, tuple[Callable[[IntervalSet[int], IntervalSet[int]], bool], Callable[[Cells, Cells], bool]]] = {
    "==": (operator.eq, operator.eq),
    "<=": (operator.le, operator.le),
    "<": (operator.lt, operator.lt),
    ">=": (operator.ge, operator.ge),
    ">": (operator.gt, operator.gt),
    "isdisjoint": (IntervalSet.isdisjoint, lambda a, b: not a & b),
    "overlaps": (IntervalSet.overlaps, lambda a, b: bool(a & b)),
    "covers": (IntervalSet.covers, operator.ge),
    "abuts": (IntervalSet.abuts, lambda a, b: not a & b and pieces(a | b) < pieces(a) + pieces(b)),
}


def test_there_are_sixty_four_sets_and_each_has_its_own_cells() -> None:
    assert len(SETS) == len(set(CELLS.values())) == 2 ** (POINTS + 1)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_agrees_with_the_cells_on_every_pair(name: str) -> None:
    for a, b in product(SETS, SETS):
        made = OPERATORS[name](a, b)
        assert_in_form(made)
        assert cells_of(POINTS, made) == ON_CELLS[name](CELLS[a], CELLS[b]), (a, b)


@pytest.mark.parametrize("name", RELATIONS)
def test_a_relation_agrees_with_the_cells_on_every_pair(name: str) -> None:
    ours, theirs = RELATIONS[name]
    for a, b in product(SETS, SETS):
        assert ours(a, b) is theirs(CELLS[a], CELLS[b]), (a, b)


def test_the_long_way_and_the_short_way_to_an_intersection_agree_on_every_pair() -> None:
    for a, b in product(SETS, SETS):
        edges = kernel._sift(a._edges, a._inside, b._edges, b._inside)
        assert edges == (a & b)._edges, (a, b)


def test_intervals_that_are_apart_and_in_order_are_their_edges_and_no_others_are() -> None:
    pairs = [(start, end) for start in range(4) for end in range(start + 1, 5)]
    for several in product(pairs, repeat=2):
        starts, ends = map(list, zip(*several, strict=True))
        edges = kernel.coalesce(list(several))
        apart = ends[0] < starts[1]
        assert kernel.alternating(starts, ends) == (edges if apart else None)
    assert kernel.alternating([], []) == ()


def test_complement_agrees_with_the_cells_and_undoes_itself() -> None:
    for one in SETS:
        assert cells_of(POINTS, ~one) == ALL - CELLS[one]
        assert ~~one == one


def test_equal_sets_hash_alike_and_unequal_ones_apart() -> None:
    assert len({hash(one) for one in SETS}) == len(SETS)
    for one in SETS:
        assert hash(one & one) == hash(one)


def test_length_truth_and_reach_agree_with_the_cells() -> None:
    for one in SETS:
        cells = CELLS[one]
        assert len(one) == pieces(cells)
        assert bool(one) is bool(cells)
        assert one.reaches_start is (0 in cells)
        assert one.reaches_end is (POINTS in cells)
        assert len(one.starts) == len(one) - one.reaches_start
        assert len(one.ends) == len(one) - one.reaches_end


def test_gaps_are_what_lies_between_the_intervals() -> None:
    for one in SETS:
        inner = frozenset(
            cell for cell in ALL if any(c < cell for c in CELLS[one]) and any(c > cell for c in CELLS[one])
        )
        assert cells_of(POINTS, one.gaps()) == inner - CELLS[one]


def test_a_window_clips_as_the_cells_do() -> None:
    for one in SETS:
        for start in range(POINTS):
            for end in range(start + 1, POINTS):
                window = frozenset(range(start + 1, end + 1))
                for clipped in (
                    one.clip((start, end)),
                    one.within(Interval(start, end)),
                    one & Interval(start, end),
                    Interval(start, end) & one,
                ):
                    assert_in_form(clipped)
                    assert cells_of(POINTS, clipped) == CELLS[one] & window


def test_an_interval_is_an_operand_like_the_set_of_it() -> None:
    for one in SETS:
        for start in range(POINTS):
            for end in range(start + 1, POINTS):
                piece = Interval(start, end)
                same = IntervalSet([piece])
                assert piece | one == one | piece == one | same
                assert piece - one == same - one
                assert one - piece == one - same
                assert piece ^ one == one ^ piece == one ^ same
                assert (one <= piece) is (one <= same)
                assert (one < piece) is (one < same)
                assert (one >= piece) is (one >= same)
                assert (one > piece) is (one > same)


def test_at_least_k_counts_on_every_triple() -> None:
    small = list(every_set(3))
    cells = {one: cells_of(3, one) for one in small}
    for triple in product(small, repeat=3):
        for k in (1, 2, 3, 4):
            made = IntervalSet.at_least_k(k, triple)
            assert_in_form(made)
            assert cells_of(3, made) == {c for c in universe(3) if sum(c in cells[one] for one in triple) >= k}, triple


def test_padding_grows_and_shrinks_each_interval() -> None:
    for one in SETS:
        for before, after in product((-2, -1, 0, 1, 2), repeat=2):
            expected: IntervalSet[int] = IntervalSet()
            for start, end in one._pieces():
                low = None if start is None else start - before
                high = None if end is None else end + after
                if low is None:
                    expected |= IntervalSet.everything() if high is None else IntervalSet.until(high)
                elif high is None:
                    expected |= IntervalSet.since(low)
                elif low < high:
                    expected |= Interval(low, high)
            padded = one.pad(before, after)
            assert_in_form(padded)
            assert padded == expected, (one, before, after)


def test_text_and_repr_lead_back_to_the_set() -> None:
    for one in SETS:
        assert eval(repr(one)) == one  # noqa: S307  # our own repr
