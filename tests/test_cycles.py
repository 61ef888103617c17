"""Cycles against wall times that are counted one by one, and against the clocks of zones, read one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice, pairwise, takewhile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc.cycles import Cycle
from slotcalc.zones import plus, stretches, to_instant
from tests.clocks import DAY, SCENES, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = timedelta(hours=1)
FIRST = datetime(2026, 3, 20, 9, tzinfo=UTC)
SOME_GAPS = [Scene("Europe/Berlin", date(2026, 3, 29)), Scene("Africa/Freetown", date(1932, 12, 1))]


@st.composite
def cycles(draw: st.DrawFn, first: datetime = FIRST) -> Cycle:
    """Cycles whose pattern is an even number of half hours."""
    step = draw(st.sampled_from([1, 2, 7]))
    halves = sorted({0, *draw(st.lists(st.integers(1, 48 * step - 1), min_size=1, max_size=7))})
    even = halves[: len(halves) // 2 * 2]
    return Cycle(first, step * DAY, tuple([half * HOUR / 2 for half in even]))


def from_the_first(cycle: Cycle) -> Iterator[datetime]:
    return (cycle.first + turn * cycle.step + offset for turn in count() for offset in cycle.pattern)


@given(cycles(), st.integers(0, 60), st.integers(0, 60))
def test_wall_times_are_numbered_from_the_first_on(cycle: Cycle, begin: int, more: int) -> None:
    expected = [*islice(from_the_first(cycle), begin, begin + more)]
    assert cycle.walls(begin, begin + more) == expected
    assert cycle.walls(begin, begin + more, HOUR) == [wall - HOUR for wall in expected]


@given(cycles(), st.integers(0, 100 * 48))
def test_a_wall_time_has_as_many_before_it_as_there_are(cycle: Cycle, halves: int) -> None:
    wall = FIRST + halves * HOUR / 2
    before = len([*takewhile(wall.__gt__, from_the_first(cycle))])
    assert cycle.before(wall) == before
    assert cycle.next_start(wall) == before + before % 2
    assert cycle.has(wall) == (next(islice(from_the_first(cycle), before, None)) == wall)
    assert cycle.before(wall - 50 * cycle.step) == before - 50 * len(cycle.pattern)


@pytest.mark.parametrize(
    "spans,apart",
    [
        ([], False),
        ([(0, 8)], True),
        ([(0, 24)], False),
        ([(9, 12), (13, 17)], True),
        ([(9, 12), (12, 17)], False),
        ([(9, 13), (12, 17)], False),
        ([(22, 32)], True),
        ([(8, 10), (22, 32)], False),
        ([(8, 10), (22, 31)], True),
    ],
)
def test_spans_are_a_cycle_if_each_ends_before_the_next_starts(spans: list[tuple[int, int]], apart: bool) -> None:
    cycle = Cycle.of_spans(FIRST, DAY, [(start * HOUR, end * HOUR) for start, end in spans])
    assert (cycle is not None) == apart
    if cycle is not None:
        walls = [FIRST + edge * HOUR for span in spans for edge in span]
        assert cycle.walls(0, len(walls) + 1) == [*walls, walls[0] + DAY]


@given(st.sampled_from(SCENES + SOME_GAPS), st.data(), st.integers(0, 10), st.integers(1, 20), st.booleans())
def test_edges_are_the_instants_of_the_wall_times_if_those_are_in_order(
    scene: Scene, data: st.DataObject, skipped: int, pairs: int, elapsed: bool
) -> None:
    cycle = data.draw(cycles(datetime.combine(scene.day - 3 * DAY, time(data.draw(st.integers(0, 23))), UTC)))
    begin, end = 2 * skipped, 2 * (skipped + pairs)
    walls = cycle.walls(begin, end)
    expected = [to_instant(wall.replace(tzinfo=None), scene.zone) for wall in walls]
    if elapsed:
        expected[1::2] = [expected[i] + (walls[i + 1] - walls[i]) for i in range(0, len(walls), 2)]
    found = cycle.edges(begin, end, stretches(walls[0], plus(walls[-1], DAY), scene.zone), elapsed=elapsed)
    in_order = all(one < other for one, other in pairwise(expected))
    assert found == (tuple(expected) if in_order else None)


def test_edges_that_a_gap_puts_out_of_order_are_left_to_others() -> None:
    night = Cycle(datetime(2026, 3, 29, 2, 30, tzinfo=UTC), DAY, (timedelta(), HOUR / 2))
    changes = stretches(night.first, night.first + DAY, "Europe/Berlin")
    assert night.edges(0, 2, changes) is None
    assert night.edges(0, 2, changes, elapsed=True) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 2, tzinfo=UTC),
    )


def test_the_calendar_may_end_within_a_turn() -> None:
    last = Cycle(datetime(9999, 12, 26, 9, tzinfo=UTC), 7 * DAY, (timedelta(), 5 * DAY, 6 * DAY))
    assert [wall.day for wall in last.walls(0, 2)] == [26, 31]
    with pytest.raises(OverflowError):
        last.walls(0, 3)
