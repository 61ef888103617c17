"""The kernel on columns: every tiny case against cells, and every way to pack a fleet against every other."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import IntervalSet
from tests.frames import need_frames
from tests.oracle import cells_of, every_set, pair_lists

need_frames()

import numpy as np

from slotcalc.frames import kernel, packing
from slotcalc.frames.kernel import Intervals
from slotcalc.frames.packing import Answer, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

POINTS = 5
PAIRS = [*combinations(range(POINTS), 2)]


def columns(pairs: Iterable[tuple[int, int]]) -> Intervals:
    listed = [*pairs]
    return Intervals(*[np.array([pair[side] for pair in listed], np.int64) for side in (0, 1)])


def pairs_of(intervals: Intervals) -> list[tuple[int, int]]:
    return [*zip(intervals.starts.tolist(), intervals.ends.tolist(), strict=True)]


def bounded() -> list[IntervalSet[int]]:
    return [each for each in every_set(POINTS) if not (each.reaches_start or each.reaches_end)]


def test_subtracting_and_intersecting_every_pair_of_sets_is_the_algebra() -> None:
    for one, other in product(bounded(), repeat=2):
        left, right = columns(one.pairs()), columns(other.pairs())
        assert pairs_of(kernel.subtract(left, right)) == (one - other).pairs()
        assert pairs_of(kernel.intersect(left, right)) == (one & other).pairs()


def test_subtracting_every_three_bookings_however_they_overlap_is_the_algebra() -> None:
    for slots in bounded():
        cells = cells_of(POINTS, slots)
        for bookings in product(PAIRS, repeat=3):
            left = kernel.subtract(columns(slots.pairs()), columns(bookings))
            taken = {cell for start, end in bookings for cell in range(start + 1, end + 1)}
            assert cells_of(POINTS, IntervalSet(pairs_of(left))) == cells - taken


def test_counting_every_three_intervals_is_counting_cells() -> None:
    for rows in product(PAIRS, repeat=3):
        depth = [sum(start < cell <= end for start, end in rows) for cell in range(POINTS + 1)]
        for k in (1, 2, 3, 4):
            held = IntervalSet(pairs_of(kernel.at_least(k, columns(rows))))
            assert cells_of(POINTS, held) == {cell for cell, deep in enumerate(depth) if deep >= k}
        pieces, depths = kernel.coverage(columns(rows))
        counted = [0] * (POINTS + 1)
        for (start, end), deep in zip(pairs_of(pieces), depths.tolist(), strict=True):
            counted[start + 1 : end + 1] = [deep] * (end - start)
        assert counted == depth


weighted = st.lists(st.tuples(st.sampled_from(PAIRS), st.integers(1, 9)), max_size=10)


@given(weighted, weighted)
def test_the_largest_capacity_counts_and_seats_add_up(
    slots: list[tuple[tuple[int, int], int]], bookings: list[tuple[tuple[int, int], int]]
) -> None:
    free = kernel.free_seats(
        columns(pair for pair, _ in slots),
        np.array([capacity for _, capacity in slots], np.int64),
        columns(pair for pair, _ in bookings),
        np.array([seats for _, seats in bookings], np.int64),
    )
    expected = set()
    for cell in range(POINTS + 1):
        offered = max([capacity for (start, end), capacity in slots if start < cell <= end], default=0)
        if offered > sum(seats for (start, end), seats in bookings if start < cell <= end):
            expected.add(cell)
    merged = IntervalSet(pairs_of(free))
    assert cells_of(POINTS, merged) == expected
    assert merged.pairs() == pairs_of(free)


def merge_all(rows: Rows, resources: int, **options: Any) -> list[tuple[int, ...]]:
    merged = packing.answer(lambda _, intervals, __: Answer(kernel.merge(intervals)), [rows], resources, **options)
    return [*zip(merged.codes.tolist(), merged.starts.tolist(), merged.ends.tolist(), strict=True)]


def rows_of(fleet: list[list[tuple[int, int]]], order: int) -> Rows:
    """Return the pairs of each resource as rows, in order, backwards, or taking turns."""
    listed = [(code, *pair) for code, pairs in enumerate(fleet) for pair in pairs]
    listed = [listed, listed[::-1], listed[::2] + listed[1::2]][order]
    codes, starts, ends = (
        (np.array(column, np.int64) for column in zip(*listed, strict=True)) if listed else [np.empty(0, np.int64)] * 3
    )
    return Rows(codes, starts, ends)


scales = st.sampled_from([(1, 0), (2**40, -(2**43)), (2**57, 0), (2**59 - 1, -(2**62)), (86_400_000_000_000, 10**18)])


@given(st.lists(pair_lists, max_size=6), st.integers(0, 2), scales, st.sampled_from((None, 1, 300)))
def test_a_fleet_is_the_same_however_it_is_packed(
    fleet: list[list[tuple[int, int]]], order: int, scale: tuple[int, int], max_bytes: int | None
) -> None:
    step, origin = scale
    if step > 2**58:  # one more than the range of an int64 has
        fleet = [[(start % 8, start % 8 + 1) for start, _ in pairs] for pairs in fleet]
    scaled = [[(origin + step * start, origin + step * end) for start, end in pairs] for pairs in fleet]
    shaken = [[(start, end - (step > 1 and i % 2)) for i, (start, end) in enumerate(pairs)] for pairs in scaled]
    for pairs in (scaled, shaken):
        expected = [(code, *pair) for code, own in enumerate(pairs) for pair in IntervalSet(own).pairs()]
        assert merge_all(rows_of(pairs, order), max(len(fleet), 1), max_bytes=max_bytes) == expected


def test_a_fleet_larger_than_one_integer_is_done_in_many_ranges() -> None:
    resources, random = 5_000, np.random.default_rng(1)
    starts = random.integers(0, 2**61, resources)
    rows = Rows(random.permutation(resources), starts, starts + random.integers(1, 2**60, resources))
    merged = packing.answer(lambda _, intervals, __: Answer(kernel.merge(intervals)), [rows], resources)
    order = np.argsort(rows.codes)
    assert (merged.codes == np.arange(resources)).all()
    assert (merged.starts == rows.starts[order]).all()
    assert (merged.ends == rows.ends[order]).all()


def test_shuffled_rows_on_a_coarse_grid_take_half_the_bits() -> None:
    minute, random = 60_000_000, np.random.default_rng(1)
    starts = random.integers(0, 500_000, 10_000) * minute
    rows = Rows(random.integers(0, 1_000, 10_000), starts, starts + minute)
    off_the_grid = rows._replace(ends=rows.ends + (starts == starts.max()))
    for table, kind in ((rows, np.int32), (rows.take(np.argsort(rows.codes)), np.int64), (off_the_grid, np.int64)):
        ((chosen, _, ((intervals, _),)),) = packing.packed([table], 1_000)
        assert intervals.starts.dtype == intervals.ends.dtype == kind
        back = chosen.unpacked(Answer(intervals), 0)
        assert all((one == other).all() for one, other in zip(back[:3], table[:3], strict=True))


@pytest.mark.parametrize("size", [10, 300_000])
def test_sorting_side_by_side_changes_nothing(size: int) -> None:
    random = np.random.default_rng(1)
    starts = random.integers(0, 10 * size, size)
    intervals = Intervals(starts, starts + random.integers(1, 10, size))
    covered = np.zeros(10 * size + 10, bool)
    for start, end in pairs_of(intervals):
        covered[start:end] = True
    merged = kernel.merge(intervals)
    flips = np.flatnonzero(np.diff(covered, prepend=False, append=False))
    assert (merged.starts == flips[::2]).all()
    assert (merged.ends == flips[1::2]).all()
