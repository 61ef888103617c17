"""One interval by itself, and two of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from slotcalc import Interval, IntervalError, IntervalSet, ParseError, PointTypeError, PointValueError, Relation
from tests.oracle import from_edges

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")
EVERY = [Interval(a, b) for a, b in combinations(range(6), 2)]

# Allen (1983), each relation by its definition on the four ends.
DEFINITION: dict[Relation, Callable[[Interval[int], Interval[int]], bool]] = {
    Relation.BEFORE: lambda a, b: a.end < b.start,
    Relation.AFTER: lambda a, b: a.start > b.end,
    Relation.MEETS: lambda a, b: a.end == b.start,
    Relation.MET_BY: lambda a, b: a.start == b.end,
    Relation.OVERLAPS: lambda a, b: a.start < b.start < a.end < b.end,
    Relation.OVERLAPPED_BY: lambda a, b: b.start < a.start < b.end < a.end,
    Relation.STARTS: lambda a, b: a.start == b.start and a.end < b.end,
    Relation.STARTED_BY: lambda a, b: a.start == b.start and a.end > b.end,
    Relation.DURING: lambda a, b: a.start > b.start and a.end < b.end,
    Relation.CONTAINS: lambda a, b: a.start < b.start and a.end > b.end,
    Relation.FINISHES: lambda a, b: a.end == b.end and a.start > b.start,
    Relation.FINISHED_BY: lambda a, b: a.end == b.end and a.start < b.start,
    Relation.EQUALS: lambda a, b: a == b,
}


def test_exactly_one_of_the_thirteen_relations_of_allen_holds_between_any_two() -> None:
    assert set(DEFINITION) == set(Relation)
    seen = set()
    for a, b in product(EVERY, EVERY):
        assert [name for name, holds in DEFINITION.items() if holds(a, b)] == [a.relation(b)]
        seen.add(a.relation(b))
    assert seen == set(Relation)


def test_overlap_touch_span_and_gap_follow_from_the_points() -> None:
    for a, b in product(EVERY, EVERY):
        shared = set(range(a.start, a.end)) & set(range(b.start, b.end))
        assert a.overlaps(b) is bool(shared)
        assert a.abuts(b) is (not shared and len(IntervalSet([a, b])) == 1)
        assert a.span(b) == IntervalSet([a, b]).span
        gaps = IntervalSet([a, b]).gaps()
        assert a.gap(b) == (gaps[0] if gaps else None)


def test_membership_is_half_open() -> None:
    for one in EVERY:
        assert [point in one for point in range(-1, 7)] == [one.start <= point < one.end for point in range(-1, 7)]


def test_an_interval_is_no_operand_for_strangers() -> None:
    for operator in ("__and__", "__or__", "__sub__", "__xor__"):
        assert getattr(Interval(1, 2), operator)((1, 2)) is NotImplemented
        assert getattr(IntervalSet([(1, 2)]), operator)((1, 2)) is NotImplemented
    for operator in ("__le__", "__lt__", "__ge__", "__gt__"):
        assert getattr(IntervalSet([(1, 2)]), operator)((1, 2)) is NotImplemented
    with pytest.raises(TypeError):
        Interval(1, 2) & 3  # type: ignore[operator]  # refused at run time, too


def test_shifting_over_a_clock_change_moves_by_elapsed_time() -> None:
    night = Interval(datetime(2026, 10, 25, 0, tzinfo=BERLIN), datetime(2026, 10, 25, 1, tzinfo=BERLIN))
    assert night.shift(timedelta(hours=4)).start.astimezone(BERLIN).hour == 3
    day = Interval(date(2026, 3, 28), date(2026, 3, 30)).shift(timedelta(days=2))
    assert day == Interval(date(2026, 3, 30), date(2026, 4, 1))
    with pytest.raises(PointTypeError, match="whole days"):
        day.shift(timedelta(hours=12))


def test_padding_grows_shrinks_and_refuses_to_vanish() -> None:
    assert Interval(10, 20).pad(1, 2) == Interval(9, 22)
    assert Interval(10, 20).pad(after=2) == Interval(10, 22)
    assert Interval(10, 20).pad(before=-3) == Interval(13, 20)
    assert Interval(10, 20).pad() == Interval(10, 20)
    with pytest.raises(IntervalError, match="is empty"):
        Interval(10, 20).pad(-5, -5)


def test_splitting_tiles_the_interval_whatever_the_order_of_the_cuts() -> None:
    assert Interval(0, 9).split([]) == [Interval(0, 9)]
    assert Interval(0, 9).split([5, 0, 9, -1, 2, 5, 11]) == [Interval(0, 2), Interval(2, 5), Interval(5, 9)]


def test_chunks_are_whole_and_start_on_the_grid() -> None:
    assert list(Interval(0, 10).chunks(3)) == [Interval(0, 3), Interval(3, 6), Interval(6, 9)]
    assert list(Interval(0, 10).chunks(4, every=3)) == [Interval(0, 4), Interval(3, 7), Interval(6, 10)]
    assert list(Interval(0, 10).chunks(1, every=4)) == [Interval(0, 1), Interval(4, 5), Interval(8, 9)]
    assert list(Interval(0, 10).chunks(11)) == []


def test_chunks_end_where_the_calendar_does() -> None:
    last = Interval(datetime(9999, 12, 31, 20, tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert len(list(last.chunks(timedelta(hours=1)))) == 3
    assert len(list(last.chunks(timedelta(hours=1), every=timedelta(days=400)))) == 1
    assert list(last.chunks(timedelta.max)) == []


@pytest.mark.parametrize("bad", [0, -1])
def test_chunks_that_would_never_end_are_refused_at_once(bad: int) -> None:
    with pytest.raises(IntervalError, match=f"length={bad} is not positive"):
        Interval(0, 10).chunks(bad)
    with pytest.raises(IntervalError, match=f"every={bad} is not positive"):
        Interval(0, 10).chunks(1, every=bad)
    with pytest.raises(IntervalError, match=f"every={bad} is not positive"):
        IntervalSet([(0, 10)]).chunks(1, every=bad)


def test_chunks_need_a_length_that_fits_the_points() -> None:
    with pytest.raises(PointTypeError, match="cannot be added"):
        Interval(0, 10).chunks(timedelta(hours=1))
    with pytest.raises(PointTypeError, match="whole days"):
        Interval(date(2026, 3, 1), date(2026, 3, 9)).chunks(timedelta(hours=36))
    assert list(IntervalSet().chunks(timedelta(hours=1))) == []


@pytest.mark.parametrize(
    "text,start,end",
    [
        ("2026-03-02/2026-03-05", date(2026, 3, 2), date(2026, 3, 5)),
        ("2026-03-02T09:00:00/2026-03-02T17:00:00", datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 17)),
        (
            "2026-03-02T09:00:00Z/2026-03-02T17:00:00Z",
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            datetime(2026, 3, 2, 17, tzinfo=UTC),
        ),
    ],
)
def test_text_in_iso_8601_goes_in_and_out(text: str, start: Any, end: Any) -> None:
    assert Interval.parse(text) == Interval(start, end)
    assert str(Interval(start, end)) == text
    assert str(IntervalSet([(start, end)])) == text
    assert IntervalSet.parse(text) == IntervalSet([(start, end)])


def test_text_with_a_duration_is_read_on_either_side() -> None:
    whole = Interval.parse("2026-03-02T09:00:00Z/2026-03-02T17:00:00Z")
    assert Interval.parse("2026-03-02T09:00:00Z/PT8H") == Interval.parse("PT8H/2026-03-02T17:00:00Z") == whole
    assert Interval.parse("2026-03-02T10:00:00+01:00/2026-03-02T17:00:00Z") == whole


@pytest.mark.parametrize("text", ["", "2026-03-02", "a/b", "PT8H/PT8H", "2026-03-02/2026-03-03/2026-03-04"])
def test_text_that_is_no_interval_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        Interval.parse(text)
    if text:
        with pytest.raises(ParseError):
            IntervalSet.parse(text)


def test_text_of_a_reversed_interval_is_an_interval_error() -> None:
    with pytest.raises(IntervalError):
        Interval.parse("2026-03-05/2026-03-02")


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("size", range(5))
def test_sets_of_dates_and_instants_go_through_text_and_back(size: int, inside: bool) -> None:
    shape = from_edges(range(1, size + 1), inside=inside)
    for origin in (date(2026, 3, 1), datetime(2026, 3, 1, 9, 30), datetime(2026, 3, 1, 9, tzinfo=UTC)):
        made: IntervalSet[Any] = IntervalSet.everything() if inside else IntervalSet()
        for edge in shape._edges:
            made ^= IntervalSet.since(origin + timedelta(days=edge))
        assert IntervalSet.parse(str(made)) == made


def test_other_points_print_in_mathematical_notation() -> None:
    assert str(Interval(1, 2)) == "[1, 2)"
    assert str(IntervalSet()) == "∅"
    assert str(IntervalSet.everything()) == "../.."
    assert str(IntervalSet([(1, 2), (4, 6)])) == "[1, 2), [4, 6)"
    assert str(~IntervalSet([(1, 2)])) == "(-∞, 1), [2, ∞)"
    assert str(IntervalSet.since(date(2026, 3, 1))) == "2026-03-01/.."
    assert IntervalSet.parse("∅") == IntervalSet.parse("") == IntervalSet()


def test_a_shift_out_of_the_calendar_is_an_error() -> None:
    with pytest.raises(PointValueError, match="outside the range"):
        Interval(date(9999, 12, 30), date(9999, 12, 31)).shift(timedelta(days=3))
