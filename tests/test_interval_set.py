"""What a set does beyond its algebra: bounds, totals, days, time zones; and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Interval, IntervalError, IntervalSet, PointTypeError, UnboundedError, UnknownZoneError, free

if TYPE_CHECKING:
    from collections.abc import Callable

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
HOUR = timedelta(hours=1)
UNBOUNDED = [IntervalSet.since(3), IntervalSet.until(3), IntervalSet.everything(), ~IntervalSet([(1, 2)])]


def test_two_half_hours_at_two_in_the_night_the_clocks_go_back_are_two_different_half_hours() -> None:
    """Europe/Berlin, 2026-10-25: four hours pass between 01:00 and 04:00, minus one half hour in each fold."""
    night = IntervalSet([(datetime(2026, 10, 25, 1, tzinfo=BERLIN), datetime(2026, 10, 25, 4, tzinfo=BERLIN))])
    bookings = [
        (datetime(2026, 10, 25, 2, tzinfo=BERLIN, fold=fold), datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold))
        for fold in (0, 1)
    ]
    assert (night - IntervalSet(bookings)).total.total_seconds() == 10_800
    assert free(night, bookings).total == free([*night], bookings).total == timedelta(seconds=10_800)
    assert len(IntervalSet(bookings)) == 2


def test_an_interval_that_runs_from_the_first_fold_to_the_second_is_not_reversed() -> None:
    first = datetime(2026, 10, 25, 2, 45, tzinfo=BERLIN)
    second = datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1)
    assert Interval(first, second).duration == timedelta(minutes=30)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), min_size=1, max_size=6),
    st.sampled_from([BERLIN, LORD_HOWE, ZoneInfo("America/New_York")]),
)
def test_elapsed_time_is_the_same_in_every_zone(quarters: list[tuple[int, int]], zone: ZoneInfo) -> None:
    origin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    pairs = [(origin + start * HOUR / 4, origin + (start + length) * HOUR / 4) for start, length in quarters]
    local = [(start.astimezone(zone), end.astimezone(zone)) for start, end in pairs]
    assert IntervalSet(local) == IntervalSet(pairs)
    assert IntervalSet(local).total == IntervalSet(pairs).total


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.booleans(), st.booleans()), max_size=6),
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4), st.booleans(), st.booleans()), max_size=6),
)
def test_ends_in_several_zones_side_by_side_are_the_same_instants(
    slots: list[tuple[int, int, bool, bool]], bookings: list[tuple[int, int, bool, bool]]
) -> None:
    origin = datetime(2026, 10, 24, 23, tzinfo=UTC)  # the clocks in Berlin go back two hours later

    def pairs(spans: list[tuple[int, int, bool, bool]], *, mixed: bool) -> list[tuple[datetime, datetime]]:
        return [
            (
                (origin + start * HOUR / 2).astimezone(BERLIN if mixed and first else UTC),
                (origin + (start + length) * HOUR / 2).astimezone(BERLIN if mixed and last else UTC),
            )
            for start, length, first, last in spans
        ]

    assert IntervalSet(pairs(slots, mixed=True)) == IntervalSet(pairs(slots, mixed=False))
    expected = IntervalSet(pairs(slots, mixed=False)) - IntervalSet(pairs(bookings, mixed=False))
    assert free(pairs(slots, mixed=False), pairs(bookings, mixed=True)) == expected
    assert free(pairs(slots, mixed=True), pairs(bookings, mixed=False)) == expected
    for edge in free(pairs(slots, mixed=True), pairs(bookings, mixed=True))._edges:
        assert edge.tzinfo is UTC


def test_one_end_in_another_zone_is_enough_for_a_closer_look() -> None:
    hours = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in range(6)]
    expected = IntervalSet([(hours[0], hours[1]), (hours[2], hours[5])])
    pairs = [(hours[0], hours[1]), (hours[2], hours[4]), (hours[3], hours[5])]
    for position in range(3):
        for end in range(2):
            changed = [list(pair) for pair in pairs]
            changed[position][end] = changed[position][end].astimezone(BERLIN)
            made = IntervalSet([(start, last) for start, last in changed])
            assert made == expected
            assert all(edge.tzinfo is UTC for edge in made._edges)


@pytest.mark.parametrize("one", UNBOUNDED, ids=str)
def test_an_unbounded_set_says_that_it_must_be_clipped_first(one: IntervalSet[int]) -> None:
    questions: list[Callable[[], object]] = [
        lambda: list(one),
        lambda: list(reversed(one)),
        lambda: one[0],
        lambda: one[:],
        one.pairs,
        lambda: one.span,
        lambda: one.total,
        lambda: one.chunks(1),
    ]
    for ask in questions:
        with pytest.raises(UnboundedError, match="clip it with & to a window first"):
            ask()
    assert len((one & Interval(-9, 9)).pairs()) == len(one)


def test_the_first_interval_of_what_is_unbounded_below_or_alone_unbounded_above_has_no_end_to_show() -> None:
    for one in (IntervalSet.until(3), IntervalSet.everything(), IntervalSet.since(3)):
        with pytest.raises(UnboundedError):
            one.first()
    assert (~IntervalSet([(1, 2), (5, 7)])).first(after=1) == Interval(2, 5)
    assert IntervalSet([(1, 2)]).first() == Interval(1, 2)
    assert IntervalSet([(1, 2)]).first(after=2) is None


def test_the_empty_set_answers_as_mathematics_says() -> None:
    nothing: IntervalSet[int] = IntervalSet.empty()
    some = IntervalSet([(1, 2)])
    assert nothing == IntervalSet([])
    assert not nothing.overlaps(some)
    assert not nothing.overlaps(nothing)
    assert nothing.covers(nothing)
    assert some.covers(nothing)
    assert not nothing.covers(some)
    assert not nothing.abuts(some)
    assert nothing.span is None
    assert nothing.first() is None
    assert nothing.total == timedelta(0)
    assert nothing.gaps() == nothing
    assert IntervalSet[datetime]().by_day("Europe/Paris") == []


def test_totals_are_sums_of_durations_of_any_kind() -> None:
    assert IntervalSet([(1, 2), (5, 9)]).total == 5
    assert IntervalSet([(Decimal("0.1"), Decimal("0.3"))]).total == Decimal("0.2")
    assert IntervalSet([(date(2026, 3, 1), date(2026, 3, 4))]).total == timedelta(days=3)


def test_at_least_needs_a_length_of_the_right_kind() -> None:
    with pytest.raises(PointTypeError, match="no length of intervals between points like 1"):
        IntervalSet([(1, 2)]).at_least(HOUR)


def test_at_least_k_needs_a_k_that_asks_for_something() -> None:
    with pytest.raises(IntervalError, match="k=0"):
        IntervalSet.at_least_k(0, [IntervalSet([(1, 2)])])
    assert IntervalSet.at_least_k(1, []) == IntervalSet()
    assert IntervalSet.at_least_k(2, [[(1, 3)], [(2, 4)]]) == IntervalSet([(2, 3)])


def test_an_index_out_of_range_is_an_index_error() -> None:
    for index in (1, -2):
        with pytest.raises(IndexError, match=f"no interval {index}; the set has 1"):
            IntervalSet([(1, 2)])[index]


def test_a_small_edit_of_a_long_set_leaves_the_rest_as_it_was() -> None:
    pairs = [(i, i + 1) for i in range(0, 2000, 2)]
    many = IntervalSet(pairs)
    for low, high in ((0, 1), (998, 999), (1998, 1999), (-5, 3), (1990, 2500), (500, 1500), (999, 1000), (-9, 9999)):
        cut = Interval(low, high)
        expected = IntervalSet(
            [
                piece
                for start, end in pairs
                for piece in ((start, min(end, low)), (max(start, high), end))
                if piece[0] < piece[1]
            ]
        )
        assert many - cut == expected
        assert many - IntervalSet([cut]) == expected
        assert many & ~IntervalSet([cut]) == expected
        assert ~(IntervalSet([cut]) | ~many) == expected
    holes = IntervalSet([(101, 301), (700, 703)])
    assert many - holes == many - holes[0] - holes[1]
    assert (many & holes) | (many - holes) == many


def test_days_are_local_and_cut_at_midnight() -> None:
    paris = ZoneInfo("Europe/Paris")
    night = IntervalSet([(datetime(2026, 3, 28, 22, tzinfo=paris), datetime(2026, 3, 29, 6, tzinfo=paris))])
    days = night.by_day("Europe/Paris")
    assert [day for day, _ in days] == [date(2026, 3, 28), date(2026, 3, 29)]
    shown = [[(f"{s:%H:%M}", f"{e:%d %H:%M}") for s, e in pieces] for _, pieces in days]
    assert shown == [[("22:00", "29 00:00")], [("00:00", "29 06:00")]]
    elapsed = [sum((e.astimezone(UTC) - s.astimezone(UTC) for s, e in pieces), timedelta(0)) for _, pieces in days]
    assert elapsed == [timedelta(hours=2), timedelta(hours=5)]


def test_days_without_anything_are_not_listed() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    two = IntervalSet([(noon, noon + HOUR), (noon + 48 * HOUR, noon + 49 * HOUR)])
    assert [day.day for day, _ in two.by_day(UTC)] == [1, 3]


def test_a_date_that_a_zone_left_out_has_no_day() -> None:
    span = IntervalSet([(datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))])
    days = [day for day, _ in span.by_day("Pacific/Apia")]
    assert date(2011, 12, 30) not in days
    assert {date(2011, 12, 29), date(2011, 12, 31)} <= set(days)


def test_days_need_instants_and_a_zone_that_exists() -> None:
    naive = IntervalSet([(datetime(2026, 3, 1), datetime(2026, 3, 2))])
    with pytest.raises(PointTypeError):
        naive.by_day("Europe/Paris")
    with pytest.raises(UnknownZoneError):
        naive.shift(timedelta(0)).by_day("Europe")
