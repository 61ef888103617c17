"""The timeline against a naive list, with blocks so small that they split, empty and vanish."""

from __future__ import annotations

import random

import pytest

from slotcalc import Interval, Slot
from slotcalc.repository import timeline
from slotcalc.repository.timeline import Timeline

LAST = 30


def assert_in_form(line: Timeline[Slot]) -> None:
    """Check what is known of each block: its first start, its last end, and how far all reach up to it."""
    blocks = line._blocks
    assert all(0 < len(block) <= timeline._BLOCK for block in blocks)
    assert line._starts == [block[0].interval.start for block in blocks]
    assert line._ends == [max(item.interval.end for item in block) for block in blocks]
    assert line._reach == [max(line._ends[: n + 1]) for n in range(len(blocks))]


def overlapping(items: list[Slot], start: int, end: int) -> list[Slot]:
    return [item for item in items if item.interval.start < end and start < item.interval.end]


@pytest.mark.parametrize("block", [2, 4, 64])
@pytest.mark.parametrize("longest", [1, 4, LAST])
def test_a_timeline_agrees_with_a_list_after_each_exchange(
    block: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "_BLOCK", block)
    chance = random.Random(block * 100 + longest)  # noqa: S311  # the same exchanges in every run
    line: Timeline[Slot] = Timeline()
    items: list[Slot] = []
    for number in range(600):
        start = chance.randrange(LAST)
        end = min(start + chance.randint(1, longest), LAST)
        there = line.overlapping(Interval(start, end))
        assert there == overlapping(items, start, end)
        gone = [item for item in there if chance.random() < 0.6]
        new = [
            Slot("r", (at, min(at + chance.randint(1, longest), LAST)), id=f"{number}-{n}")
            for n, at in enumerate(chance.choices(range(LAST), k=chance.randint(0, 3)))
        ]
        line.exchange(gone, new)
        items = sorted([item for item in items if item not in gone] + new, key=lambda item: item.interval.start)
        assert [*line] == line.overlapping(None) == items
        assert_in_form(line)


def test_a_long_item_is_found_from_wherever_it_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_BLOCK", 4)
    long = Slot("r", (0, 1000), id="long")
    line = Timeline([*[Slot("r", (n, n + 1)) for n in range(100)], long])
    assert line.overlapping(Interval(500, 501)) == [long]
    assert line.overlapping(Interval(1000, 1001)) == []
    line.exchange([long], [])
    assert_in_form(line)
    assert line.overlapping(Interval(500, 501)) == []


def test_items_of_equal_start_over_several_blocks_are_each_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_BLOCK", 4)
    twins = [Slot("r", (5, 6), id=str(n)) for n in range(20)]
    line = Timeline([Slot("r", (1, 2)), *twins, Slot("r", (8, 9))])
    chance = random.Random(1)  # noqa: S311  # the same order in every run
    for twin in chance.sample(twins, len(twins)):
        line.exchange([twin], [])
        twins.remove(twin)
        assert line.overlapping(Interval(5, 6)) == twins
        assert_in_form(line)
    assert [item.interval for item in line] == [Interval(1, 2), Interval(8, 9)]


def test_equal_items_are_told_apart() -> None:
    one, two = Slot("r", (5, 6)), Slot("r", (5, 6))
    line = Timeline([one, two])
    line.exchange([one], [])
    assert [*line] == [two]


def test_an_empty_timeline_takes_items() -> None:
    line: Timeline[Slot] = Timeline()
    assert line.overlapping(Interval(1, 2)) == []
    line.exchange([], [])
    line.exchange([], [Slot("r", (2, 3)), Slot("r", (1, 2))])
    assert [item.interval.start for item in line] == [1, 2]
