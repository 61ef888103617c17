"""Random intervals, sets, slots, bookings and edits for people who property-test rules of their own, with Hypothesis.

Everything is drawn over a short list of points, 17 hours unless told otherwise, so that equal and touching edges are
common: over such a universe the laws of this library found each of 21 planted faults, over random times not all of
them. Any ascending points will do: ints, dates, the instants of a night when clocks change.

This is the one module that knows Hypothesis; `pip install 'slotcalc[testing]'` brings it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.errors import MissingExtraError, PointValueError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.points import normalised

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtraError("the strategies need Hypothesis: pip install 'slotcalc[testing]'", error.name) from error

__all__ = ["HOURS", "Edit", "bookings", "edit_scripts", "edits", "interval_sets", "intervals", "slots"]

Points: TypeAlias = Sequence[Any]

HOURS: Final[Points] = tuple(datetime(2026, 3, 2, 4 + hour, tzinfo=UTC) for hour in range(17))
"""17 instants, an hour apart."""


class Edit(NamedTuple):
    """One edit of a resource: all slot time inside the window becomes these slots, which lie inside it."""

    window: Interval[Any]
    slots: list[Slot]


def intervals(points: Points = HOURS) -> st.SearchStrategy[Interval[Any]]:
    """Return a strategy for intervals whose ends are among the points.

    Raises:
        PointValueError: for fewer than two points, and for points that are not in order, each once.
    """
    _check_in_order(points)
    place = st.integers(0, len(points) - 1)
    ends = st.tuples(place, place).filter(lambda pair: pair[0] != pair[1])
    return ends.map(lambda pair: Interval(points[min(pair)], points[max(pair)]))


def _check_in_order(points: Points) -> None:
    instants = map(normalised, points)  # two local times of one zone compare by what the clocks show
    if len(points) < 2 or not all(one < other for one, other in pairwise(instants)):
        raise PointValueError(f"points={points!r:.200} are not two or more in order, each once; sort them", points)


def interval_sets(points: Points = HOURS, *, unbounded: bool = False) -> st.SearchStrategy[IntervalSet[Any]]:
    """Return a strategy for sets whose finite ends are among the points; with `unbounded` most have open ends, too."""
    edges = st.lists(st.sampled_from(points), unique=True, max_size=8).map(sorted)
    if not unbounded:
        return edges.map(lambda cut: IntervalSet(zip(cut[::2], cut[1::2], strict=False)))
    return st.builds(_flipped, edges, st.booleans())


def _flipped(edges: list[Any], everything: bool) -> IntervalSet[Any]:  # noqa: FBT001  # as Hypothesis draws it
    made: IntervalSet[Any] = IntervalSet.everything() if everything else IntervalSet()
    for edge in edges:
        made ^= IntervalSet.since(edge)
    return made


def slots(
    points: Points = HOURS, *, resource_id: str = "resource-1", max_size: int = 5
) -> st.SearchStrategy[list[Slot]]:
    """Return a strategy for the slots of a resource: of few capacities and ids, in any order, some overlapping."""
    slot = st.builds(
        Slot,
        st.just(resource_id),
        intervals(points),
        capacity=st.integers(1, 2),
        id=st.sampled_from([None, "slot-1", "slot-2"]),
    )
    return st.lists(slot, max_size=max_size)


def bookings(
    points: Points = HOURS, *, resource_id: str = "resource-1", max_size: int = 5
) -> st.SearchStrategy[list[Booking]]:
    """Return a strategy for the bookings of a resource, of any status and with ids of their own, some overlapping."""
    booking = st.builds(
        Booking,
        st.just(resource_id),
        intervals(points),
        status=st.sampled_from(BookingStatus),
        seats=st.integers(1, 2),
        id=st.integers(1, 2 * max_size).map("booking-{}".format),
    )
    return st.lists(booking, max_size=max_size, unique_by=lambda made: made.id)


def edits(points: Points = HOURS, *, resource_id: str = "resource-1") -> st.SearchStrategy[Edit]:
    """Return a strategy for one edit of a resource, of a window that begins and ends at any of the points."""
    _check_in_order(points)
    places = st.lists(st.integers(0, len(points) - 1), min_size=2, max_size=2, unique=True).map(sorted)

    def inside(ends: list[int]) -> st.SearchStrategy[Edit]:
        first, last = ends
        window = Interval(points[first], points[last])
        return slots(points[first : last + 1], resource_id=resource_id, max_size=3).map(lambda new: Edit(window, new))

    return places.flatmap(inside)


def edit_scripts(
    points: Points = HOURS, *, resource_id: str = "resource-1", max_size: int = 8
) -> st.SearchStrategy[list[Edit]]:
    """Return a strategy for edits of a resource, one after the other; many touch or undo what earlier ones did."""
    return st.lists(edits(points, resource_id=resource_id), max_size=max_size)
