"""A naive second implementation of the algebra, which stays naive: a set of points is a Python `set` of unit cells.

Cell `i` stands for the points from `i - 1` up to `i` on a tiny universe of boundary points; the first and the last cell
stand for everything below and above. Whatever slotcalc says in terms of edges is asked here cell by cell.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from slotcalc import Interval, IntervalSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Cells = frozenset[int]


def every_set(points: int) -> Iterator[IntervalSet[int]]:
    """Yield every set of ints whose finite edges are among `0 … points - 1`: 2 ** (points + 1) of them."""
    for size in range(points + 1):
        for edges in combinations(range(points), size):
            yield from_edges(edges, inside=False)
            yield from_edges(edges, inside=True)


def from_edges(edges: Iterable[int], *, inside: bool) -> IntervalSet[int]:
    """Build a set with the public constructors alone, by flipping all points from each edge on."""
    made: IntervalSet[int] = IntervalSet.everything() if inside else IntervalSet()
    for edge in edges:
        made ^= IntervalSet.since(edge)
    return made


def cells_of(points: int, intervals: IntervalSet[int]) -> Cells:
    """Return the cells of a set over the points `0 … points - 1`, asking only whether their middles are members."""
    return frozenset(cell for cell in range(points + 1) if cell - 0.5 in intervals)  # type: ignore[operator]


def universe(points: int) -> Cells:
    """Return all cells."""
    return frozenset(range(points + 1))


def pieces(cells: Cells) -> int:
    """Return how many maximal runs of cells there are."""
    return sum(1 for cell in cells if cell - 1 not in cells)


def assert_in_form(intervals: IntervalSet[int]) -> None:
    """Check the invariant of a set: a tuple of distinct sorted edges and a true bool."""
    edges = intervals._edges
    assert type(edges) is tuple
    assert list(edges) == sorted(set(edges))
    assert type(intervals._inside) is bool


LAST = 16

cut_points = st.lists(st.integers(0, LAST), max_size=8)


@st.composite
def sets(draw: st.DrawFn, *, unbounded: bool = True) -> IntervalSet[int]:
    """Draw a set over a tiny universe from its cut points, so that touching and equal edges are common."""
    edges = sorted(set(draw(cut_points)))
    inside = draw(st.booleans()) if unbounded else False
    if not unbounded and len(edges) % 2:
        edges.pop()
    return from_edges(edges, inside=inside)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int]:
    """Draw one (start, end) pair over the same universe."""
    start = draw(st.integers(0, LAST - 1))
    return start, draw(st.integers(start + 1, LAST))


intervals = pairs().map(lambda pair: Interval(*pair))
pair_lists = st.lists(pairs(), max_size=8)


def taken_cells(taken: Iterable[tuple[int, int]]) -> Cells:
    """Return the cells that any of the pairs covers."""
    return frozenset(cell for start, end in taken for cell in range(start + 1, end + 1))
