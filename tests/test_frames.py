"""Questions to frames in memory give, row for row, what the algebra gives resource by resource."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Booking, Coverage, Interval, IntervalSet, Slot
from slotcalc import free as free_of_one
from tests.frames import LIBRARIES, fleets, frame_of_rows, need_frames, rows_of

need_frames()

import narwhals as nw
import polars as pl

from slotcalc import frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.frames import Row

libraries = st.sampled_from(LIBRARIES)
budgets = st.sampled_from((None, 1, 500))
NAMES = ("room", "start", "end")


def by_room(rows: list[Row]) -> dict[Any, list[Row]]:
    """Return the rows of each room, without it."""
    found: dict[Any, list[Row]] = {}
    for room, *rest in rows:
        found.setdefault(room, []).append(tuple(rest))
    return found


def listed(answers: dict[Any, IntervalSet[int]]) -> list[Row]:
    return sorted((room, *pair) for room, times in answers.items() for pair in times.pairs())


def each(rows: list[Row], question: Callable[[list[Row]], IntervalSet[int]]) -> list[Row]:
    """Return what the algebra says about each room."""
    return listed({room: question(own) for room, own in by_room(rows).items()})


def in_order(rows: list[Row]) -> bool:
    """Return whether the rows of each room stand together, in order of time."""
    rooms = [room for i, (room, *_) in enumerate(rows) if i == 0 or rows[i - 1][0] != room]
    return len(rooms) == len(set(rooms)) and all(
        one[0] != other[0] or one[1] < other[1] for one, other in pairwise(rows)
    )


@given(fleets(), fleets(), libraries, st.integers(0, 3), st.integers(0, 3), budgets)
def test_free_time_is_that_of_the_algebra(
    slots: list[Row], bookings: list[Row], library: str, before: int, after: int, max_bytes: int | None
) -> None:
    answer = rows_of(
        frames.free(
            frame_of_rows(library, slots, *NAMES),
            frame_of_rows(library, bookings, *NAMES),
            by="room",
            before=before,
            after=after,
            max_bytes=max_bytes,
        )
    )
    taken = by_room(bookings)
    expected = listed(
        {
            room: free_of_one(own, taken.get(room, []), before=before, after=after)
            for room, own in by_room(slots).items()
        }
    )
    assert sorted(answer) == expected
    assert in_order(answer)


@given(fleets(weighted=True), fleets(weighted=True), libraries, st.integers(1, 3), st.integers(0, 2), budgets)
def test_capacity_and_seats_are_those_of_the_algebra(
    slots: list[Row], bookings: list[Row], library: str, seats: int, before: int, max_bytes: int | None
) -> None:
    answer = rows_of(
        frames.free(
            frame_of_rows(library, slots, *NAMES, "capacity"),
            frame_of_rows(library, bookings, *NAMES, "people"),
            by="room",
            before=before,
            capacity="capacity",
            taken="people",
            seats=seats,
            max_bytes=max_bytes,
        )
    )
    taken = by_room(bookings)
    expected = listed(
        {
            room: free_of_one(
                [Slot("", (start, end), capacity=capacity) for start, end, capacity in own],
                [Booking("", (start, end), seats=people) for start, end, people in taken.get(room, [])],
                before=before,
                seats=seats,
            )
            for room, own in by_room(slots).items()
        }
    )
    assert sorted(answer) == expected
    assert in_order(answer)


@given(fleets(), libraries, budgets)
def test_merging_is_that_of_the_algebra(rows: list[Row], library: str, max_bytes: int | None) -> None:
    answer = rows_of(frames.merge(frame_of_rows(library, rows, *NAMES), by="room", max_bytes=max_bytes))
    assert sorted(answer) == each(rows, IntervalSet)
    assert in_order(answer)


@given(fleets(), fleets(), libraries, budgets)
def test_intersection_is_that_of_the_algebra(
    left: list[Row], right: list[Row], library: str, max_bytes: int | None
) -> None:
    one, other = frame_of_rows(library, left, *NAMES), frame_of_rows(library, right, *NAMES)
    rights = by_room(right)
    expected: dict[Any, IntervalSet[int]] = {
        room: IntervalSet(own) & IntervalSet(rights.get(room, [])) for room, own in by_room(left).items()
    }
    assert sorted(rows_of(frames.intersect(one, other, by="room", max_bytes=max_bytes))) == listed(expected)


@given(fleets(), libraries, budgets)
def test_coverage_is_that_of_the_algebra(rows: list[Row], library: str, max_bytes: int | None) -> None:
    answer = frames.coverage(frame_of_rows(library, rows, *NAMES), by="room", max_bytes=max_bytes)
    depths: dict[Any, Coverage[int]] = {room: Coverage(own) for room, own in by_room(rows).items()}
    assert sorted(rows_of(answer)) == sorted(
        (room, piece.start, piece.end, depth) for room, own in depths.items() for piece, depth in own.segments()
    )


@given(fleets(), libraries, st.integers(1, 4), budgets)
def test_at_least_k_is_that_of_the_algebra(rows: list[Row], library: str, k: int, max_bytes: int | None) -> None:
    answer = frames.at_least(frame_of_rows(library, rows, *NAMES), k, by="room", max_bytes=max_bytes)
    assert sorted(rows_of(answer)) == each(rows, lambda own: Coverage(own).at_least(k))


@given(fleets(), libraries, budgets)
def test_gaps_are_those_of_the_algebra(rows: list[Row], library: str, max_bytes: int | None) -> None:
    answer = frames.gaps(frame_of_rows(library, rows, *NAMES), by="room", max_bytes=max_bytes)
    assert sorted(rows_of(answer)) == each(rows, lambda own: IntervalSet(own).gaps())


@given(fleets(), fleets(), libraries)
def test_joining_finds_every_pair_of_rows_that_share_a_point(left: list[Row], right: list[Row], library: str) -> None:
    one = frame_of_rows(library, [(*row, i) for i, row in enumerate(left)], *NAMES, "left")
    other = frame_of_rows(library, [(*row, i) for i, row in enumerate(right)], *NAMES, "number")
    answer = rows_of(frames.overlaps_join(one, other, by="room"))
    assert sorted(answer, key=lambda row: (row[3], row[6])) == [
        (*a, i, *b[1:], j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
        if a[0] == b[0] and Interval(*a[1:]).overlaps(Interval(*b[1:]))
    ]


@given(fleets(), fleets(), libraries)
def test_all_rows_are_of_one_resource_if_there_are_no_keys(slots: list[Row], bookings: list[Row], library: str) -> None:
    one, other = frame_of_rows(library, slots, *NAMES), frame_of_rows(library, bookings, *NAMES)
    answer = rows_of(frames.free(one, other, by=()))
    assert answer == free_of_one([row[1:] for row in slots], [row[1:] for row in bookings]).pairs()


QUESTIONS: dict[str, Callable[..., Any]] = {
    "free": lambda one, other: frames.free(one, other, by="room", before=1, after=2, seats=2),
    "free seats": lambda one, other: frames.free(one, other, by="room", capacity="seats", taken="seats"),
    "merge": lambda one, other: frames.merge(one, by="room"),
    "intersect": lambda one, other: frames.intersect(one, other, by="room"),
    "coverage": lambda one, other: frames.coverage(one, by="room"),
    "at least": lambda one, other: frames.at_least(one, 2, by="room"),
    "gaps": lambda one, other: frames.gaps(one, by="room"),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_lazy_frames_are_answered_by_a_plan_with_the_same_rows(question: Callable[..., Any]) -> None:
    left = pl.DataFrame(
        {"room": [1, 1, 1, 2, 2], "start": [1, 4, 5, 1, 8], "end": [5, 9, 6, 3, 9], "seats": [1, 2, 3, 2, 2]}
    )
    right = pl.DataFrame({"room": [1, 1, 3], "start": [0, 7, 1], "end": [2, 8, 9], "seats": [1, 1, 1]})
    expected = question(left, right)
    plan = question(left.lazy(), right.lazy())
    assert isinstance(plan, pl.LazyFrame)
    assert plan.collect().sort("room", "start").equals(expected.sort("room", "start"))
    wrapped = question(nw.from_native(left.lazy()), nw.from_native(right.lazy()))
    assert isinstance(wrapped, nw.LazyFrame)
