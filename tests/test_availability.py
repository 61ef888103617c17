"""Free time is slots minus active bookings: the documented cases, the laws, and an oracle that counts cells."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    AmbiguousResourceError,
    Booking,
    BookingStatus,
    Interval,
    IntervalError,
    IntervalSet,
    PointTypeError,
    PointValueError,
    SegmentState,
    Slot,
    UnboundedError,
    displaced,
    explain,
    free,
    remaining,
)
from tests.oracle import LAST, cells_of, pair_lists, pairs, sets, taken_cells, universe

Pairs = list[tuple[int, int]]


def at(clock: str, day: int = 2) -> datetime:
    """Return an instant of March 2026 in UTC by its clock time."""
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), UTC)


def hours(*spans: str, day: int = 2) -> list[tuple[datetime, datetime]]:
    """Return pairs for spans like "09:00-17:00"."""
    return [(at(span[:5], day), at(span[6:], day)) for span in spans]


def shown(found: IntervalSet[Any]) -> list[str]:
    """Return the intervals of a set in the form in which they were given."""
    return [f"{start:%H:%M}-{end:%H:%M}" for start, end in found.pairs()]


class TestDocumentedCases:
    """The cases that people check first."""

    @pytest.mark.parametrize(
        "slots,bookings,left",
        [
            (["09:00-17:00"], ["14:00-16:00"], ["09:00-14:00", "16:00-17:00"]),
            (["09:00-18:00"], ["11:00-12:00", "14:00-16:00"], ["09:00-11:00", "12:00-14:00", "16:00-18:00"]),
            (["14:00-16:00"], ["14:00-16:00"], []),
            (["09:00-17:00"], ["10:00-12:00", "11:00-13:00", "11:30-11:45"], ["09:00-10:00", "13:00-17:00"]),
            (["09:00-12:00", "13:00-17:00"], ["11:00-14:00"], ["09:00-11:00", "14:00-17:00"]),
            (["09:00-12:00"], ["08:00-09:00", "12:00-13:00"], ["09:00-12:00"]),
            (["09:00-12:00"], ["08:00-13:00"], []),
            (["09:00-12:00"], [], ["09:00-12:00"]),
            ([], ["09:00-12:00"], []),
            (["09:00-12:00", "12:00-15:00"], [], ["09:00-15:00"]),
        ],
    )
    def test_free_time_is_what_the_bookings_leave(self, slots: list[str], bookings: list[str], left: list[str]) -> None:
        assert shown(free(hours(*slots), hours(*bookings))) == left

    def test_several_slots_a_day_are_each_treated_by_itself(self) -> None:
        slots = [
            Slot("anna", span, id=name)
            for name, span in zip(["am", "pm"], hours("09:00-12:00", "12:00-17:00"), strict=True)
        ]
        left = remaining(slots, hours("11:00-13:00"))
        assert [(slot.id, *shown(IntervalSet([slot.interval]))) for slot in left] == [
            ("am", "09:00-11:00"),
            ("pm", "13:00-17:00"),
        ]
        assert remaining(slots, hours("11:00-11:30"), whole=True) == [slots[1]]

    @pytest.mark.parametrize("count", [1, 10, 1000])
    def test_any_number_of_unavailabilities_a_day(self, count: int) -> None:
        step = timedelta(hours=8) / (2 * count)
        taken = [(at("09:00") + 2 * i * step, at("09:00") + (2 * i + 1) * step) for i in range(count)]
        left = free(hours("09:00-17:00"), taken)
        assert len(left) == count
        assert left.total == timedelta(hours=4)

    def test_a_window_of_several_days_is_one_question(self) -> None:
        slots = [pair for day in range(2, 7) for pair in hours("09:00-12:00", "13:00-17:00", day=day)]
        bookings = [pair for day in (2, 4, 6) for pair in hours("08:00-10:00", "16:00-18:00", day=day)]
        assert free(slots, bookings).total == timedelta(hours=5 * 7 - 3 * 2)


def number_of(found: IntervalSet[int]) -> frozenset[int]:
    return cells_of(LAST + 1, found)


@given(pair_lists, pair_lists)
def test_free_time_is_complete_and_never_meets_a_booking_nor_leaves_the_slots(slots: Pairs, bookings: Pairs) -> None:
    found, offered, taken = free(slots, bookings), IntervalSet(slots), IntervalSet(bookings)
    assert found | (offered & taken) == offered
    assert not found & taken
    assert found <= offered
    assert number_of(found) == taken_cells(slots) - taken_cells(bookings)


@given(pair_lists, pair_lists)
def test_pairs_of_instants_go_the_short_way_to_the_same_answer(slots: Pairs, bookings: Pairs) -> None:
    origin = at("00:00")

    def instants(numbers: Pairs) -> list[tuple[datetime, datetime]]:
        return [(origin + timedelta(hours=s), origin + timedelta(hours=e)) for s, e in numbers]

    expected = IntervalSet(instants(free(slots, bookings).pairs()))
    assert free(instants(slots), instants(bookings)) == expected
    assert free(tuple(instants(slots)), iter(instants(bookings))) == expected
    assert free(IntervalSet(instants(slots)), IntervalSet(instants(bookings))) == expected
    buffered = free(instants(slots), instants(bookings), before=timedelta(hours=1), after=timedelta(hours=2))
    assert buffered == IntervalSet(instants(free(slots, bookings, before=1, after=2).pairs()))


@given(
    pair_lists,
    st.lists(
        st.tuples(pairs(), st.sampled_from(BookingStatus), st.integers(1, 3), st.sampled_from([None, "a", "b"])),
        max_size=8,
    ),
    st.sampled_from([None, "a", ["a", "b"], []]),
    st.sampled_from([{}, {"active": {BookingStatus.CANCELLED}}, {"before": timedelta(hours=1)}]),
    st.sampled_from([1, 2]),
)
def test_slots_and_bookings_of_instants_go_the_short_way_to_the_same_answer(
    slots: Pairs,
    bookings: list[tuple[tuple[int, int], BookingStatus, int, str | None]],
    ignoring: Any,
    asked: dict[str, Any],
    capacity: int,
) -> None:
    def instants(pair: tuple[int, int]) -> tuple[datetime, datetime]:
        return at("00:00") + timedelta(hours=pair[0]), at("00:00") + timedelta(hours=pair[1])

    offered = [Slot("anna", instants(pair), capacity=capacity) for pair in slots]
    claimed = [
        Booking("anna", instants(pair), status=status, seats=seats, id=name) for pair, status, seats, name in bookings
    ]
    expected = free(tuple(offered), tuple(claimed), ignoring=ignoring, **asked)  # no lists go the long way
    assert free(offered, claimed, ignoring=ignoring, **asked) == expected
    if capacity == 1:
        assert free(IntervalSet(map(instants, slots)), claimed, ignoring=ignoring, **asked) == expected
        unnamed = [booking.replace(resource_id="") for booking in claimed]
        assert free(offered, unnamed, ignoring=ignoring, **asked) == expected


def test_bookings_of_two_resources_are_noticed_on_the_short_way() -> None:
    (hour,) = hours("09:00-10:00")
    for slots in (IntervalSet([hour]), [hour], [Slot("anna", hour)]):
        with pytest.raises(AmbiguousResourceError):
            free(slots, [Booking("anna", hour), Booking("ben", hour)])
    with pytest.raises(AmbiguousResourceError):
        free([Slot("anna", hour)], [Booking("ben", hour)])
    assert not free([Slot("anna", hour)], [Booking("ben", hour).replace(resource_id=""), hour])


@given(pair_lists, pair_lists, pairs())
def test_adding_a_booking_never_adds_free_time(slots: Pairs, bookings: Pairs, more: tuple[int, int]) -> None:
    assert free(slots, [*bookings, more]) <= free(slots, bookings)


@given(pair_lists, pair_lists, st.integers(-5, 5))
def test_shifting_all_inputs_shifts_the_output(slots: Pairs, bookings: Pairs, by: int) -> None:
    def shifted(numbers: Pairs) -> Pairs:
        return [(start + by, end + by) for start, end in numbers]

    assert free(shifted(slots), shifted(bookings)) == free(slots, bookings).shift(by)


@given(sets(), sets())
def test_sets_may_be_unbounded(slots: IntervalSet[int], bookings: IntervalSet[int]) -> None:
    assert free(slots, bookings) == slots - bookings
    assert free(slots, bookings, before=1, after=1) == slots - bookings.pad(1, 1)
    assert free(slots, bookings, seats=2) == IntervalSet()


slot_lists = st.lists(st.builds(Slot, st.just("r"), pairs(), capacity=st.integers(1, 3)), max_size=5)
booking_lists = st.lists(
    st.builds(
        Booking,
        st.just("r"),
        pairs(),
        seats=st.integers(1, 2),
        status=st.sampled_from(BookingStatus),
        id=st.sampled_from(["a", "b", None]),
    ),
    max_size=6,
)
buffers = st.integers(0, 2)


def capacity_at(cell: int, slots: list[Slot], seats: int = 1) -> int:
    """Return the largest capacity offered in the cell."""
    return max(
        (s.capacity for s in slots if s.interval.start < cell <= s.interval.end and s.capacity >= seats), default=0
    )


def load_at(cell: int, bookings: list[Booking], before: int = 0, after: int = 0, ignoring: str = "") -> int:
    """Return the seats taken in the cell by active bookings with their buffers."""
    return sum(
        b.seats
        for b in bookings
        if b.status is not BookingStatus.CANCELLED and b.id != ignoring
        if b.interval.start - before < cell <= b.interval.end + after
    )


@given(slot_lists, booking_lists, buffers, buffers, st.integers(1, 3), st.sampled_from(["", "a"]))
def test_capacity_seats_statuses_and_buffers_are_counted_moment_by_moment(
    slots: list[Slot], bookings: list[Booking], before: int, after: int, seats: int, ignoring: str
) -> None:
    found = free(slots, bookings, before=before, after=after, seats=seats, ignoring=ignoring)
    expected = {
        cell
        for cell in universe(LAST + 1)
        if capacity_at(cell, slots) - load_at(cell, bookings, before, after, ignoring) >= seats
    }
    assert number_of(found) == expected


@given(slot_lists, booking_lists, buffers, buffers, st.integers(1, 3))
def test_remaining_pieces_hold_what_is_left_of_each_slot(
    slots: list[Slot], bookings: list[Booking], before: int, after: int, seats: int
) -> None:
    slots = [slot.replace(id=str(i)) for i, slot in enumerate(slots)]
    pieces = remaining(slots, bookings, before=before, after=after, seats=seats)
    whole = remaining(slots, bookings, before=before, after=after, seats=seats, whole=True)
    for slot in slots:
        mine = [piece for piece in pieces if piece.id == slot.id]
        left = {
            cell: slot.capacity - load_at(cell, bookings, before, after)
            for cell in range(slot.interval.start + 1, slot.interval.end + 1)
        }
        assert {cell: p.capacity for p in mine for cell in range(p.interval.start + 1, p.interval.end + 1)} == {
            cell: count for cell, count in left.items() if count >= seats
        }
        assert all(a.interval.end < b.interval.start or a.capacity != b.capacity for a, b in pairwise(mine))
        least = min(left.values())
        assert [w for w in whole if w.id == slot.id] == ([slot.replace(capacity=least)] if least >= seats else [])


@given(slot_lists, booking_lists)
def test_displaced_are_the_active_bookings_that_some_moment_of_lacks_a_slot_with_enough_seats(
    slots: list[Slot], bookings: list[Booking]
) -> None:
    expected = [
        b
        for b in bookings
        if b.status is not BookingStatus.CANCELLED
        and any(capacity_at(cell, slots) < b.seats for cell in range(b.interval.start + 1, b.interval.end + 1))
    ]
    assert displaced(slots, bookings) == expected


@given(slot_lists, booking_lists, pairs(), buffers, buffers, st.integers(1, 2))
def test_an_explanation_tiles_the_window_and_agrees_with_free_time(
    slots: list[Slot], bookings: list[Booking], window: tuple[int, int], before: int, after: int, seats: int
) -> None:
    bookings = [booking.replace(id=str(i)) for i, booking in enumerate(bookings)]
    segments = explain(slots, bookings, window, before=before, after=after, seats=seats)
    assert (segments[0].interval.start, segments[-1].interval.end) == window
    assert all(a.interval.end == b.interval.start for a, b in pairwise(segments))
    assert all(a != b.replace(interval=a.interval) for a, b in pairwise(segments))
    for segment in segments:
        for cell in range(segment.interval.start + 1, segment.interval.end + 1):
            named = [*segment.bookings, *segment.buffers]
            assert segment.capacity == capacity_at(cell, slots)
            assert sum(b.seats for b in named) == load_at(cell, bookings, before, after)
            assert all(b.interval.start < cell <= b.interval.end for b in segment.bookings)
            assert not any(b.interval.start < cell <= b.interval.end for b in segment.buffers)
            assert (segment.state is SegmentState.OUTSIDE) is (segment.capacity == 0)
    found = free(slots, bookings, before=before, after=after, seats=seats) & Interval(*window)
    assert IntervalSet([s.interval for s in segments if s.state is SegmentState.FREE]) == found


def test_capacity_is_peak_depth_so_touching_bookings_take_one_seat() -> None:
    slot = Slot("room", (9, 12), capacity=2)
    back_to_back = [(9, 10), (10, 11), (11, 12)]
    assert free([slot], back_to_back) == IntervalSet([(9, 12)])
    assert remaining([slot], back_to_back, whole=True) == [slot.replace(capacity=1)]


def test_overlapping_slots_offer_the_larger_capacity_and_not_the_sum() -> None:
    assert free([(9, 12), (10, 13)], [(10, 12)]) == IntervalSet([(9, 10), (12, 13)])
    slots = [Slot("r", (9, 12)), Slot("r", (10, 13), capacity=2)]
    assert free(slots, [(9, 13)]) == IntervalSet([(10, 13)])


def test_moving_a_booking_never_collides_with_itself() -> None:
    slots = [(9, 12)]
    bookings = [Booking("r", (9, 10), id="mine"), Booking("r", (11, 12), id="other")]
    assert not free(slots, bookings).covers(Interval(9, 11))
    assert free(slots, bookings, ignoring="mine").covers(Interval(9, 11))
    assert free(slots, bookings, ignoring={"mine", "other"}) == IntervalSet([(9, 12)])
    assert displaced([], bookings, ignoring="mine") == [bookings[1]]


def test_the_caller_says_which_statuses_take_time() -> None:
    maybe = Booking("r", (9, 10), status=BookingStatus.TENTATIVE)
    gone = Booking("r", (10, 11), status=BookingStatus.CANCELLED)
    assert free([(9, 12)], [maybe, gone]) == IntervalSet([(10, 12)])
    assert free([(9, 12)], [maybe, gone], active={BookingStatus.CONFIRMED}) == IntervalSet([(9, 12)])
    assert free([(9, 12)], [maybe, gone], active=set(BookingStatus)) == IntervalSet([(11, 12)])
    assert displaced([], [maybe, gone], active={BookingStatus.CANCELLED}) == [gone]


@pytest.mark.parametrize(
    "active", [{"CONFIRMED"}, ["confirmed"], BookingStatus, frozenset({BookingStatus.CONFIRMED}), {"CONFIRMED": 1}, ()]
)
def test_statuses_are_any_collection_and_may_be_given_by_their_names(active: Any) -> None:
    bookings = [Booking("r", (9, 10), status=status) for status in BookingStatus]
    meant = [status for status in BookingStatus if status.name in {str(name).upper() for name in active}]
    assert [booking.status for booking in displaced([], bookings, active=active)] == meant
    assert free([(9, 10)], bookings, active=active) == (IntervalSet([(9, 10)]) if not meant else IntervalSet())


@pytest.mark.parametrize("plain", [True, False], ids=["pairs", "objects"])
@pytest.mark.parametrize(
    "terms, error, message",
    [
        ({"active": "CONFIRMED"}, PointTypeError, "active='CONFIRMED' is no collection of statuses; put them into a"),
        ({"active": BookingStatus.CONFIRMED}, PointTypeError, "active=BookingStatus.CONFIRMED is no collection"),
        ({"active": 5}, PointTypeError, "active=5 is no collection"),
        ({"active": None}, PointTypeError, "active=None is no collection"),
        ({"active": b"x"}, PointTypeError, "active=b'x' is no collection"),
        ({"active": ["maybe"]}, PointValueError, "status='maybe' is none of TENTATIVE, CONFIRMED, CANCELLED"),
        ({"active": [[]]}, PointValueError, r"status=\[\] is none of"),
        ({"ignoring": 5}, PointTypeError, r"ignoring=5 is neither an id nor .* give a number as str\("),
        ({"ignoring": 0}, PointTypeError, "ignoring=0 is neither an id"),
        ({"ignoring": [17]}, PointTypeError, r"ignoring=\[17\] is neither an id"),
        ({"ignoring": b"x"}, PointTypeError, "ignoring=b'x' is neither an id"),
        ({"ignoring": [None]}, PointTypeError, r"ignoring=\[None\] is neither an id"),
    ],
    ids=str,
)
def test_what_is_no_collection_of_statuses_or_ids_is_named_by_every_question(
    terms: dict[str, Any], error: type[Exception], message: str, *, plain: bool
) -> None:
    slots: list[Any] = hours("09:00-12:00") if plain else [Slot("r", span) for span in hours("09:00-12:00")]
    bookings: list[Any] = hours("10:00-11:00") if plain else [Booking("r", span) for span in hours("10:00-11:00")]
    asks: list[Any] = [
        lambda: free(slots, bookings, **terms),
        lambda: remaining(slots, bookings, **terms),
        lambda: displaced(slots, bookings, **terms),
        lambda: explain(slots, bookings, hours("09:00-12:00")[0], **terms),
    ]
    for ask in asks:
        with pytest.raises(error, match=message):
            ask()


def test_slots_and_bookings_of_two_kinds_of_points_have_no_common_order() -> None:
    asks: list[Any] = [free, remaining, displaced, lambda slots, bookings: explain(slots, bookings, (9, 12))]
    for ask in asks:
        with pytest.raises(PointTypeError, match="have no common order"):
            ask([(9, 12)], [(date(2026, 3, 2), date(2026, 3, 3))])


def test_a_question_is_about_one_resource() -> None:
    one, two = Slot("anna", (9, 12)), Booking("ben", (9, 10))
    asks: list[Any] = [
        lambda: free([one], [two]),
        lambda: remaining([one], [two]),
        lambda: displaced([one], [two]),
        lambda: explain([one], [two], (9, 12)),
        lambda: free([one, Slot("ben", (1, 2))]),
    ]
    for ask in asks:
        with pytest.raises(AmbiguousResourceError, match="2 resources \\('anna', 'ben'\\)") as caught:
            ask()
        assert caught.value.values == ("anna", "ben")
    assert free([one], [(9, 10), Booking("", (10, 11))]) == IntervalSet([(11, 12)])


@pytest.mark.parametrize("name", ["before", "after"])
def test_a_buffer_is_a_length_that_is_not_negative(name: str) -> None:
    pair = hours("09:00-12:00")
    asks: list[Any] = [
        lambda **buffer: free(pair, pair, **buffer),
        lambda **buffer: remaining(pair, pair, **buffer),
        lambda **buffer: explain(pair, pair, pair[0], **buffer),
    ]
    for ask in asks:
        with pytest.raises(IntervalError, match=f"{name}=.* is negative"):
            ask(**{name: timedelta(minutes=-1)})
        with pytest.raises(PointTypeError, match=f"{name}='1h' is no length"):
            ask(**{name: "1h"})
        with pytest.raises(PointTypeError, match=r"5 cannot be (added|subtracted)"):
            ask(**{name: 5})


@pytest.mark.parametrize("bad", [(5, 4), (4, 4)])
def test_a_reversed_or_empty_pair_is_an_error_on_either_side(bad: tuple[int, int]) -> None:
    good = hours("09:00-12:00", "13:00-17:00")
    wrong = (good[0][0] + timedelta(hours=bad[0]), good[0][0] + timedelta(hours=bad[1]))
    for slots, bookings in (([*good, wrong], good), (good, [*good, wrong]), (good, [wrong]), ([], [wrong])):
        for buffer in (None, timedelta(hours=1)):
            with pytest.raises(IntervalError):
                free(slots, bookings, before=buffer)


def test_bookings_that_come_after_the_last_slot_are_checked_too() -> None:
    slots = hours("09:00-12:00")
    with pytest.raises(IntervalError):
        free(slots, [*hours("08:00-13:00"), (at("18:00"), at("17:00"))])
    with pytest.raises(IntervalError):
        free(slots, [*hours("13:00-14:00"), (at("18:00"), at("17:00"))])
    with pytest.raises(PointTypeError):
        free(slots, [*hours("13:00-14:00"), (datetime(2026, 3, 2, 18), datetime(2026, 3, 2, 19))])


def test_bookings_in_another_zone_are_the_same_instants() -> None:
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # this test alone

    paris = ZoneInfo("Europe/Paris")
    local = [tuple(moment.astimezone(paris) for moment in pair) for pair in hours("10:00-11:00", "09:00-09:30")]
    slots = hours("09:00-12:00")
    assert shown(free(slots, local)) == ["09:30-10:00", "11:00-12:00"]  # type: ignore[arg-type]  # tuples of unknown length
    mixed: list[Any] = [(at("09:00"), local[1][1]), *local]
    assert shown(free(slots, mixed)) == ["09:30-10:00", "11:00-12:00"]
    mixed = [(at("09:00"), local[0][1])]
    assert shown(free(slots, mixed)) == ["11:00-12:00"]


def test_an_unbounded_set_of_slots_has_no_list_of_what_remains() -> None:
    with pytest.raises(UnboundedError):
        remaining(IntervalSet.since(3))
    assert displaced(IntervalSet.since(3), [(1, 4), (5, 6)]) == [Booking("", (1, 4))]


def test_an_unbounded_set_of_bookings_is_asked_only_near_the_question() -> None:
    assert remaining([(5, 12)], IntervalSet.since(9), before=1) == [Slot("", (5, 8))]
    assert remaining([], IntervalSet.since(9)) == []
    segments = explain(IntervalSet.everything(), ~IntervalSet([(3, 6)]), (2, 8), before=1)
    assert [(str(s.interval), s.state) for s in segments] == [
        ("[2, 3)", SegmentState.TAKEN),
        ("[3, 5)", SegmentState.FREE),
        ("[5, 6)", SegmentState.TAKEN),
        ("[6, 8)", SegmentState.TAKEN),
    ]
    assert segments[2].buffers


def test_slots_and_bookings_given_the_wrong_way_round_are_noticed() -> None:
    with pytest.raises(PointTypeError, match="neither an Interval nor a"):
        free([Booking("r", (9, 10))])  # type: ignore[list-item]  # refused at run time, too
    with pytest.raises(PointTypeError, match="neither an Interval nor a"):
        displaced([], [Slot("r", (9, 10))])  # type: ignore[list-item]  # refused at run time, too


@pytest.mark.parametrize("seats", [0, -1, 1.5, "2", None])
def test_seats_are_a_whole_number_of_one_or_more(seats: Any) -> None:
    asks: list[Any] = [
        lambda: free([(9, 12)], seats=seats),
        lambda: remaining([(9, 12)], seats=seats),
        lambda: explain([(9, 12)], [], (9, 12), seats=seats),
    ]
    for ask in asks:
        with pytest.raises((PointTypeError, PointValueError), match="seats="):
            ask()


def test_a_booking_without_an_id_is_never_left_out() -> None:
    booking = Booking("r", (9, 10))
    assert free([(9, 12)], [booking], ignoring=booking.id) == IntervalSet([(10, 12)])


def test_one_interval_alone_is_a_list_of_one_and_what_is_no_list_is_named() -> None:
    assert free(Interval(9, 12), Interval(10, 11)) == IntervalSet([(9, 10), (11, 12)])
    asks: list[Any] = [
        free,
        lambda alone: free([(9, 12)], alone),
        remaining,
        lambda alone: displaced([], alone),
        lambda alone: explain(alone, [], (9, 12)),
    ]
    for ask in asks:
        for alone in (7, None, Slot("r", (9, 10)), Booking("r", (9, 10))):
            with pytest.raises(PointTypeError, match="put it into a list"):
                ask(alone)
    with pytest.raises(PointTypeError, match="10 is neither an Interval nor a"):
        free([(9, 17)], (10, 11))  # type: ignore[arg-type]  # refused at run time, too
