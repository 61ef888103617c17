"""The laws of a Boolean algebra and of its order, on random sets; and laws that do not hold, each with a witness."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Coverage, Interval, IntervalSet
from tests.oracle import LAST, assert_in_form, cells_of, from_edges, pair_lists, sets, taken_cells

NOTHING: IntervalSet[int] = IntervalSet()
ALL: IntervalSet[int] = IntervalSet.everything()
lengths = st.integers(-3, 3)


@given(sets(), sets(), sets())
def test_union_and_intersection_form_a_boolean_algebra(
    a: IntervalSet[int], b: IntervalSet[int], c: IntervalSet[int]
) -> None:
    assert a & b == b & a
    assert a | b == b | a
    assert (a & b) & c == a & (b & c)
    assert (a | b) | c == a | (b | c)
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert a & (a | b) == a
    assert a | (a & b) == a
    assert a & a == a
    assert a | a == a
    assert a & ALL == a
    assert a | NOTHING == a
    assert a & NOTHING == NOTHING
    assert a | ALL == ALL
    assert a & ~a == NOTHING
    assert a | ~a == ALL


@given(sets(), sets(), sets())
def test_de_morgan_and_the_derived_operators(a: IntervalSet[int], b: IntervalSet[int], c: IntervalSet[int]) -> None:
    assert ~(a & b) == ~a | ~b
    assert ~(a | b) == ~a & ~b
    assert a - b == a & ~b
    assert a ^ b == (a - b) | (b - a)
    assert a ^ b ^ b == a
    assert (a ^ b) ^ c == a ^ (b ^ c)
    assert a - (b | c) == (a - b) - c
    assert a.union(b, c) == a | b | c
    assert a.intersection(b, c) == a & b & c
    assert a.difference(b, c) == a - b - c


@given(sets(), sets(), sets())
def test_the_subset_order_is_a_partial_order(a: IntervalSet[int], b: IntervalSet[int], c: IntervalSet[int]) -> None:
    assert a <= a  # noqa: PLR0124  # reflexive
    assert a & b <= a <= a | b
    assert (a <= b) is (a & b == a) is (a | b == b) is (b >= a)
    assert (a < b) is (a <= b and a != b) is (b > a)
    if a <= b <= a:
        assert a == b
    if a <= b <= c:
        assert a <= c


@given(sets())
def test_a_set_survives_pickle_and_copy(one: IntervalSet[int]) -> None:
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  # our own bytes
    assert copy.copy(one) == copy.deepcopy(one) == one
    assert hash(copy.deepcopy(one)) == hash(one)
    assert_in_form(copy.copy(one))


@given(pair_lists, st.randoms())
def test_order_overlap_and_splitting_of_the_input_do_not_matter(taken: list[tuple[int, int]], random: object) -> None:
    once = IntervalSet(taken)
    assert_in_form(once)
    assert cells_of(LAST + 1, once) == taken_cells(taken)
    shuffled = list(taken)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis hands out a Random
    units = [(cell - 1, cell) for cell in taken_cells(taken)]
    assert IntervalSet(shuffled) == IntervalSet(units) == IntervalSet([Interval(*pair) for pair in taken]) == once


@given(sets(unbounded=False))
def test_iteration_indexing_and_slicing_tell_the_same_intervals(one: IntervalSet[int]) -> None:
    listed = list(one)
    assert IntervalSet(listed) == one
    assert [(i.start, i.end) for i in listed] == one.pairs()
    assert all(a.end < b.start for a, b in pairwise(listed))
    assert list(reversed(one)) == listed[::-1]
    assert [one[i] for i in range(-len(one), len(one))] == listed + listed
    for part in (slice(1, None), slice(None, -1), slice(None, None, 2), slice(None, None, -1), slice(5, 2)):
        assert list(one[part]) == sorted(listed[part], key=lambda i: i.start)
    assert one.total == sum((i.duration for i in listed), start=one.total - one.total)
    assert one.span == (Interval(listed[0].start, listed[-1].end) if listed else None)


@given(sets(), st.integers(-1, LAST + 1))
def test_the_first_interval_after_a_point_is_the_first_of_what_is_left(one: IntervalSet[int], after: int) -> None:
    rest = one & IntervalSet.since(after) & IntervalSet.until(LAST + 5)
    closed = one & IntervalSet.until(LAST + 5)
    expected = rest[0] if rest else None
    assert closed.first(after=after) == expected


@given(sets(), lengths, lengths)
def test_shifting_commutes_with_everything(one: IntervalSet[int], by: int, more: int) -> None:
    other = from_edges([2, 5, 9], inside=False)
    assert one.shift(by).shift(more) == one.shift(by + more)
    assert one.shift(0) == one
    assert (one & other).shift(by) == one.shift(by) & other.shift(by)
    assert (~one).shift(by) == ~one.shift(by)


@given(sets(unbounded=False), st.integers(1, 5), st.integers(1, 5))
def test_chunks_lie_in_the_set_on_the_grid_of_each_interval(one: IntervalSet[int], length: int, every: int) -> None:
    expected = [
        Interval(low, low + length) for piece in one for low in range(piece.start, piece.end - length + 1, every)
    ]
    assert list(one.chunks(length, every=every)) == expected
    assert list(one.chunks(length)) == [chunk for piece in one for chunk in piece.chunks(length)]


@given(sets(), st.integers(1, 6))
def test_at_least_keeps_the_long_intervals_whole(one: IntervalSet[int], length: int) -> None:
    expected: IntervalSet[int] = IntervalSet()
    for start, end in one._pieces():
        if start is None or end is None or end - start >= length:
            piece = IntervalSet.everything() if start is None else IntervalSet.since(start)
            expected |= piece if end is None else piece & IntervalSet.until(end)
    assert one.at_least(length) == expected


@given(st.lists(sets(), max_size=5), st.integers(1, 6))
def test_at_least_k_of_some_sets_is_what_counting_says(several: list[IntervalSet[int]], k: int) -> None:
    made = IntervalSet.at_least_k(k, several)
    assert_in_form(made)
    cells = [cells_of(LAST + 1, one) for one in several]
    assert cells_of(LAST + 1, made) == {c for c in range(LAST + 2) if sum(c in part for part in cells) >= k}


@given(pair_lists)
def test_coverage_counts_what_covers_each_cell(taken: list[tuple[int, int]]) -> None:
    coverage = Coverage(taken)
    depth = {cell: sum(start < cell <= end for start, end in taken) for cell in range(LAST + 2)}
    for cell, count in depth.items():
        assert coverage.depth(cell - 0.5) == count  # type: ignore[arg-type]  # the middle of a cell
    assert coverage.max() == max(depth.values())
    for k in (1, 2, 3):
        assert cells_of(LAST + 1, coverage.at_least(k)) == {cell for cell, count in depth.items() if count >= k}
    assert coverage.at_least(1) == IntervalSet(taken)
    segments = coverage.segments()
    assert Coverage([piece for piece, _ in segments], weights=[count for _, count in segments]) == coverage
    assert all(count >= 1 for _, count in segments)
    assert all(a.end < b.start or m != n for (a, m), (b, n) in pairwise(segments))


@given(pair_lists, st.integers(0, LAST - 1), st.integers(1, LAST))
def test_segments_of_a_window_tile_it(taken: list[tuple[int, int]], start: int, length: int) -> None:
    coverage, window = Coverage(taken), Interval(start, start + length)
    segments = coverage.segments(window)
    assert [segments[0][0].start, segments[-1][0].end] == [window.start, window.end]
    assert all(a.end == b.start for (a, _), (b, _) in pairwise(segments))
    assert all(coverage.depth(piece.start) == count for piece, count in segments)
    assert coverage.peak(window) == max(count for _, count in segments)


class TestNegativeLocks:
    """Laws that do not hold, with the smallest witness, so that nobody relies on them."""

    def test_padding_and_shrinking_back_may_join_what_was_apart(self) -> None:
        apart = IntervalSet([(0, 1), (2, 3)])
        assert apart.pad(1, 1).pad(-1, -1) == IntervalSet([(0, 3)])

    def test_padding_does_not_distribute_over_intersection(self) -> None:
        a, b = IntervalSet([(0, 1)]), IntervalSet([(1, 2)])
        assert (a & b).pad(1, 1) != a.pad(1, 1) & b.pad(1, 1)

    def test_the_total_of_a_union_is_not_the_sum_of_the_totals(self) -> None:
        a = IntervalSet([(0, 2)])
        assert (a | a).total != a.total + a.total

    def test_the_subset_order_is_not_total(self) -> None:
        a, b = IntervalSet([(0, 1)]), IntervalSet([(1, 2)])
        assert not a <= b
        assert not b <= a

    def test_touching_intervals_do_not_overlap_and_yet_become_one(self) -> None:
        a, b = Interval(0, 1), Interval(1, 2)
        assert not a.overlaps(b)
        assert len(a | b) == 1

    @pytest.mark.parametrize("length", [1, 2])
    def test_at_least_does_not_distribute_over_union(self, length: int) -> None:
        a, b = IntervalSet([(0, length)]), IntervalSet([(length, 2 * length)])
        assert (a | b).at_least(length + 1) != a.at_least(length + 1) | b.at_least(length + 1)
