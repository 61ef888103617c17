"""The schedule: what it answers, what an edit and a booking do, and what it says to wrong input."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    AmbiguousResourceError,
    Booking,
    BookingStatus,
    DuplicateIdError,
    Interval,
    IntervalError,
    IntervalSet,
    LimitExceededError,
    Limits,
    LocalTimeError,
    NotAvailableError,
    ParseError,
    PointTypeError,
    PointValueError,
    RequestConflictError,
    RevisionConflictError,
    SegmentState,
    Slot,
    SlotcalcError,
    UnboundedError,
    UnknownBookingError,
    UnknownZoneError,
    free,
)
from slotcalc.audit import Delivery, Selection
from slotcalc.repository import MemoryAuditLog, MemoryRepository
from slotcalc.rules import Weekly
from slotcalc.schedule import Schedule, UpdateResult
from tests.editing import HOUR, MONDAY, PARIS, at, between, counting, findings, schedule, ticking, time_of

if TYPE_CHECKING:
    from collections.abc import Callable

TUESDAY, SUNDAY = date(2026, 3, 3), date(2026, 3, 8)
ME: dict[str, Any] = {"changed_by": "anna"}


def bare(result: Any) -> list[tuple[Any, ...]]:
    """Return what the events of an edit or a preview say, without whose edit they are."""
    return [(event.action, event.interval, event.identity, event.reason, event.notes) for event in result.events]


class TestAvailability:
    def test_it_lists_the_free_time_of_each_local_day_and_the_days_without(self) -> None:
        repository = MemoryRepository(
            [Slot("tutor-1", between(9, 12)), Slot("tutor-1", between(22, 26))],
            [Booking("tutor-1", between(10, 11), id="b1")],
        )
        found = schedule(repository).availability("tutor-1", MONDAY, date(2026, 3, 4))
        assert found.window == Interval(at(0), at(72))
        assert found.zone is PARIS
        assert found.free == IntervalSet([between(9, 10), between(11, 12), between(22, 26)])
        assert [day.date for day in found.days()] == [MONDAY, TUESDAY, date(2026, 3, 4)]
        assert [[(start.hour, end.hour) for start, end in day.pieces] for day in found.days()] == [
            [(9, 10), (11, 12), (22, 0)],
            [(0, 2)],
            [],
        ]

    def test_its_json_is_exactly_what_web_clients_expect(self) -> None:
        working = schedule()
        working.update("tutor-1", date(2024, 1, 15), [("09:00", "12:00")], **ME)
        found = working.availability("tutor-1", date(2024, 1, 15), date(2024, 1, 15))
        text = '[{"date": "2024-01-15", "available_slots": [{"start_time": "09:00", "end_time": "12:00"}]}]'
        assert json.dumps(found.to_json()) == text

    def test_the_end_of_a_day_is_24_00_and_a_day_without_free_time_is_empty(self) -> None:
        working = schedule(MemoryRepository([Slot("tutor-1", between(22, 24))]))
        assert working.availability("tutor-1", MONDAY, TUESDAY).to_json() == [
            {"date": "2026-03-02", "available_slots": [{"start_time": "22:00", "end_time": "24:00"}]},
            {"date": "2026-03-03", "available_slots": []},
        ]

    def test_exact_json_tells_the_two_half_hours_of_the_fold_apart(self) -> None:
        night = date(2026, 10, 25)
        piece = Interval(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC))
        found = schedule(MemoryRepository([Slot("tutor-1", piece)])).availability("tutor-1", night, night)
        assert found.to_json()[0]["available_slots"] == [{"start_time": "02:45", "end_time": "02:15"}]
        assert found.to_json(exact=True)[0]["available_slots"] == [
            {
                "start_time": "02:45",
                "end_time": "02:15",
                "start": "2026-10-25T02:45:00+02:00",
                "end": "2026-10-25T02:15:00+01:00",
            }
        ]

    @pytest.mark.parametrize("day", [MONDAY, TUESDAY])
    def test_a_booking_of_another_day_counts_where_its_buffer_reaches_in(self, day: date) -> None:
        repository = MemoryRepository([Slot("tutor-1", between(0, 48))], [Booking("tutor-1", between(23.5, 24.5))])
        found = schedule(repository, before=HOUR, after=HOUR).availability("tutor-1", day, day)
        assert found.free == (IntervalSet(between(0, 48)) - IntervalSet(between(22.5, 25.5))) & found.window

    def test_a_buffer_alone_reaches_in(self) -> None:
        repository = MemoryRepository(
            [Slot("tutor-1", between(24, 48))],
            [Booking("tutor-1", between(22, 24)), Booking("tutor-1", between(48, 49))],
        )
        found = schedule(repository, before=HOUR, after=2 * HOUR).availability("tutor-1", TUESDAY, TUESDAY)
        assert found.free == IntervalSet(between(26, 47))

    def test_it_says_for_which_revision_it_holds(self) -> None:
        working = schedule()
        assert working.availability("tutor-1", MONDAY, MONDAY).revision == 0
        working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME)
        assert working.availability("tutor-1", MONDAY, MONDAY).revision == 1

    def test_a_day_that_the_zone_left_out_is_not_there(self) -> None:
        found = schedule(zone="Pacific/Apia").availability("tutor-1", date(2011, 12, 29), date(2011, 12, 31))
        assert [day.date.day for day in found.days()] == [29, 31]


class TestUpdate:
    def test_it_replaces_the_day_and_says_what_that_changed(self) -> None:
        repository, log = MemoryRepository(), MemoryAuditLog()
        working = schedule(repository, log)
        first = working.update("tutor-1", MONDAY, [("09:00", "12:00"), ("13:00", "17:00")], **ME)
        assert first.revision == 1
        assert first.change_id == "id1"
        assert first.before == ()
        assert first.after == (Slot("tutor-1", between(9, 12)), Slot("tutor-1", between(13, 17)))
        assert first.added == IntervalSet([between(9, 12), between(13, 17)])
        assert not first.removed
        assert first.delivery is Delivery.WRITTEN
        assert first.error == ""
        second = working.update("tutor-1", MONDAY, [between(9, 11)], reason="personal", notes="dentist", **ME)
        assert second.before == first.after
        assert second.removed == IntervalSet([between(11, 12), between(13, 17)])
        assert [event.reason for event in second.events] == ["personal", "personal"]
        assert [event.notes for event in second.events] == ["dentist", "dentist"]
        assert [event.changed_by for event in second.events] == ["anna", "anna"]
        assert [event.changed_at for event in second.events] == [at(12) + timedelta(seconds=1)] * 2
        assert log.select(Selection(resource_id="tutor-1")) == [*first.events, *second.events]
        assert time_of(repository) == IntervalSet([between(9, 11)])
        assert not findings(repository, log)

    def test_an_edit_that_changes_nothing_takes_no_revision_and_has_no_events(self) -> None:
        log = MemoryAuditLog()
        working = schedule(log=log)
        working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME)
        again = working.update("tutor-1", MONDAY, [("09:00", "10:00"), ("10:00", "12:00")], **ME)
        assert (again.revision, again.events, again.delivery) == (1, (), Delivery.NOTHING)
        assert len(log.select(Selection())) == 1

    def test_what_lies_outside_the_window_stays(self) -> None:
        repository = MemoryRepository([Slot("tutor-1", between(8, 18), capacity=3, id="s1", label="hall")])
        schedule(repository).update("tutor-1", between(12, 13), [], **ME)
        assert repository.slots("tutor-1") == [
            Slot("tutor-1", piece, capacity=3, id="s1", label="hall") for piece in (between(8, 12), between(13, 18))
        ]

    @pytest.mark.parametrize(
        "slots",
        [
            [("09:00", "12:00")],
            (("09:00:00", "12:00"),),
            [(time(9), time(12))],
            [(at(9), at(12))],
            [[at(9), at(12)]],
            between(9, 12),
            [between(9, 12)],
            IntervalSet([between(9, 12)]),
            [Slot("tutor-1", between(9, 12))],
            [Slot("", between(9, 12))],
            iter([between(10, 12), between(9, 10)]),
            Weekly("Mo-Su 09:00-12:00", zone=PARIS),
            Weekly("Mo-Su 09:00-12:00", zone=PARIS) & Weekly("Mo 08:00-20:00", zone=PARIS),
        ],
        ids=repr,
    )
    def test_slots_may_be_given_in_any_of_these_forms(self, slots: Any) -> None:
        assert schedule().update("tutor-1", MONDAY, slots, **ME).added == IntervalSet([between(9, 12)])

    @pytest.mark.parametrize(
        "window, expected",
        [
            (MONDAY, between(0, 24)),
            ((MONDAY, TUESDAY), between(0, 48)),
            (between(8, 20), between(8, 20)),
            ((at(8), at(20)), between(8, 20)),
        ],
        ids=str,
    )
    def test_the_window_is_a_day_or_days_or_an_interval(self, window: Any, expected: Interval[datetime]) -> None:
        assert schedule().update("tutor-1", window, [], **ME).window == expected

    def test_local_times_are_meant_for_each_of_the_days(self) -> None:
        result = schedule().update("tutor-1", (MONDAY, TUESDAY), [("09:00", "12:00"), ("20:00", "24:00")], **ME)
        assert result.added == IntervalSet([between(9, 12), between(20, 24), between(33, 36), between(44, 48)])

    def test_local_times_over_midnight_need_a_window_that_holds_them(self) -> None:
        working = schedule()
        with pytest.raises(IntervalError, match="reaches out of the window"):
            working.update("tutor-1", MONDAY, [("22:00", "02:00")], **ME)

    def test_local_times_are_those_of_the_zone_on_the_night_when_the_clocks_change(self) -> None:
        night = date(2026, 3, 29)
        (slot,) = schedule().update("tutor-1", night, [("01:30", "03:30")], **ME).after
        assert slot.interval.duration == HOUR
        with pytest.raises(IntervalError, match=r"no time lies within 02:00-03:00 on 2026-03-29 in Europe/Paris"):
            schedule().update("tutor-1", night, [("02:00", "03:00")], **ME)

    def test_capacities_ids_and_labels_are_kept_and_their_change_is_an_event(self) -> None:
        working = schedule()
        working.update("room-1", MONDAY, [Slot("room-1", between(9, 12), capacity=2)], **ME)
        result = working.update("room-1", MONDAY, [Slot("room-1", between(9, 12), capacity=3)], **ME)
        assert [(event.action.value, event.capacity) for event in result.events] == [("REMOVED", 2), ("ADDED", 3)]

    def test_an_expected_revision_that_is_another_by_now_writes_nothing(self) -> None:
        repository, log = MemoryRepository(), MemoryAuditLog()
        working = schedule(repository, log)
        seen = working.availability("tutor-1", MONDAY, MONDAY).revision
        working.update("tutor-1", MONDAY, [("09:00", "12:00")], expected_revision=seen, **ME)
        with pytest.raises(RevisionConflictError, match="at revision 1, not 0"):
            working.update("tutor-1", MONDAY, [], expected_revision=seen, **ME)
        assert repository.revision("tutor-1") == 1
        working.update("tutor-1", MONDAY, [], expected_revision=1, **ME)
        assert not time_of(repository)

    def test_clock_and_ids_are_those_of_the_machine_unless_given(self) -> None:
        working = Schedule(MemoryRepository(), MemoryAuditLog(), zone="Europe/Paris")
        before = datetime.now(UTC)
        result = working.update("tutor-1", MONDAY, [("09:00", "12:00")], changed_by="anna")
        changed_at = result.events[0].changed_at
        assert changed_at is not None
        assert before <= changed_at <= datetime.now(UTC)
        assert UUID(result.change_id).version == 4

    def test_a_result_and_a_preview_survive_pickling_and_print_as_code(self) -> None:
        working = schedule()
        for value in (
            working.preview("tutor-1", MONDAY, [("09:00", "12:00")]),
            working.update("tutor-1", MONDAY, [("09:00", "12:00")], **ME),
            working.availability("tutor-1", MONDAY, MONDAY),
            working.redeliver(),
            working.reconcile("tutor-1", **ME),
        ):
            assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # our own
            assert repr(value).startswith(type(value).__name__)


class TestDisplaced:
    def displaced(self, slots: list[Any], bookings: list[Booking], window: Any = MONDAY) -> list[str | None]:
        repository = MemoryRepository([Slot("tutor-1", between(0, 48), capacity=2)], bookings)
        working = schedule(repository)
        preview = working.preview("tutor-1", window, slots, **ME)
        result = working.update("tutor-1", window, slots, **ME)
        assert result.displaced == preview.displaced
        return [booking.id for booking in result.displaced]

    def test_it_is_the_active_bookings_that_were_covered_and_are_not_any_more(self) -> None:
        bookings = [
            Booking("tutor-1", between(9, 10), id="kept"),
            Booking("tutor-1", between(11, 13), id="cut"),
            Booking("tutor-1", between(14, 15), id="lost", status=BookingStatus.TENTATIVE),
            Booking("tutor-1", between(14, 15), id="cancelled", status=BookingStatus.CANCELLED),
            Booking("tutor-1", between(9, 10), id="never covered", seats=3),
            Booking("tutor-1", between(9, 10), id="too many seats now", seats=2),
        ]
        assert self.displaced([("09:00", "12:00")], bookings) == ["too many seats now", "cut", "lost"]

    def test_only_the_part_of_a_booking_inside_the_window_matters(self) -> None:
        over_midnight = Booking("tutor-1", between(23, 25), id="night")
        assert self.displaced([("22:00", "24:00")], [over_midnight]) == []
        assert self.displaced([("22:00", "23:30")], [over_midnight]) == ["night"]

    def test_the_result_has_the_booking_as_it_is_and_not_cut_to_the_window(self) -> None:
        night = Booking("tutor-1", between(23, 25), id="night")
        working = schedule(MemoryRepository([Slot("tutor-1", between(0, 48))], [night]))
        assert working.update("tutor-1", MONDAY, [], **ME).displaced == (night,)

    def test_bookings_of_a_status_that_takes_no_time_are_not_displaced(self) -> None:
        tentative = Booking("tutor-1", between(9, 10), status=BookingStatus.TENTATIVE)
        repository = MemoryRepository([Slot("tutor-1", between(0, 24))], [tentative])
        working = schedule(repository, active={BookingStatus.CONFIRMED})
        assert working.update("tutor-1", MONDAY, [], **ME).displaced == ()


CUTS = st.lists(st.integers(0, 8), min_size=2, max_size=6, unique=True).map(sorted)
PIECES = CUTS.map(lambda cuts: [(cuts[i], cuts[i + 1]) for i in range(0, len(cuts) - 1, 2)])
CAPACITIES = st.lists(st.integers(1, 2), min_size=3, max_size=3)


def slots_of(pieces: list[tuple[int, int]], capacities: list[int]) -> list[Slot]:
    return [
        Slot("tutor-1", between(9 + start, 9 + end), capacity=capacity)
        for (start, end), capacity in zip(pieces, capacities, strict=False)
    ]


@given(PIECES, CAPACITIES, PIECES, CAPACITIES, PIECES, CUTS)
def test_a_preview_says_what_the_update_does(
    there: list[tuple[int, int]],
    capacities: list[int],
    wanted: list[tuple[int, int]],
    wanted_capacities: list[int],
    booked: list[tuple[int, int]],
    window: list[int],
) -> None:
    repository = MemoryRepository(
        slots_of(there, capacities),
        [Booking("tutor-1", between(9 + s, 9 + e), id=f"b{s}", seats=1 + s % 2) for s, e in booked],
    )
    log = MemoryAuditLog()
    working = schedule(repository, log)
    working.reconcile("tutor-1", **ME)
    asked = between(9 + window[0], 9 + window[-1])
    clipped = [
        slot.replace(interval=piece)
        for slot in slots_of(wanted, wanted_capacities)
        for piece in IntervalSet(slot.interval) & asked
    ]
    before = repository.snapshot("tutor-1")
    preview = working.preview("tutor-1", asked, clipped, reason="personal", **ME)
    assert repository.snapshot("tutor-1") == before
    result = working.update("tutor-1", asked, clipped, reason="personal", expected_revision=preview.revision, **ME)
    assert bare(result) == bare(preview)
    assert (result.added, result.removed) == (preview.added, preview.removed)
    assert (result.before, result.after, result.displaced) == (preview.before, preview.after, preview.displaced)
    assert all(event.id == event.change_id == "" and event.revision == 0 for event in preview.events)
    assert not findings(repository, log)


def test_a_preview_for_another_revision_is_refused_as_the_update_would_be() -> None:
    with pytest.raises(RevisionConflictError):
        schedule().preview("tutor-1", MONDAY, [], expected_revision=3, **ME)


class TestRequests:
    def test_the_same_update_twice_is_done_once(self) -> None:
        repository, log = MemoryRepository(), MemoryAuditLog()
        working = schedule(repository, log)
        first = working.update("tutor-1", MONDAY, [("09:00", "12:00")], request_id="r1", **ME)
        working.update("tutor-1", MONDAY, [], **ME)
        again = working.update("tutor-1", MONDAY, [("09:00", "12:00")], request_id="r1", **ME)
        assert again == first.replace(repeated=True)
        assert not first.repeated
        assert repository.revision("tutor-1") == 2
        assert len(log.select(Selection())) == 2
        assert not findings(repository, log)

    def test_the_same_request_has_the_same_event_ids_in_another_process(self) -> None:
        results = [
            schedule().update(resource, MONDAY, [("09:00", "12:00")], request_id="r1", **ME)
            for resource in ("tutor-1", "tutor-1", "tutor-2")
        ]
        assert results[0].events[0].id == results[1].events[0].id != results[2].events[0].id

    def test_the_same_id_for_something_else_is_a_conflict_and_writes_nothing(self) -> None:
        repository = MemoryRepository()
        working = schedule(repository)
        working.update("tutor-1", MONDAY, [("09:00", "12:00")], request_id="r1", **ME)
        others: list[Callable[[], object]] = [
            lambda: working.update("tutor-1", MONDAY, [], request_id="r1", **ME),
            lambda: working.update("tutor-1", TUESDAY, [], request_id="r1", **ME),
            lambda: working.update("tutor-1", MONDAY, [("09:00", "12:00")], request_id="r1", changed_by="ben"),
            lambda: working.book("tutor-1", between(9, 10), request_id="r1"),
            lambda: working.release("tutor-1", "b1", request_id="r1"),
            lambda: working.move("tutor-1", "b1", between(9, 10), request_id="r1"),
        ]
        for other in others:
            with pytest.raises(RequestConflictError):
                other()
        assert repository.revision("tutor-1") == 1
        assert not repository.bookings("tutor-1")

    def test_a_booking_that_is_asked_for_twice_is_made_once(self) -> None:
        repository = MemoryRepository([Slot("tutor-1", between(9, 12))])
        working = schedule(repository)
        first = working.book("tutor-1", between(9, 10), request_id="r1")
        assert working.book("tutor-1", between(9, 10), request_id="r1") == first
        moved = working.move("tutor-1", str(first.id), between(10, 11), request_id="r2")
        assert working.move("tutor-1", str(first.id), between(10, 11), request_id="r2") == moved
        gone = working.release("tutor-1", str(first.id), request_id="r3")
        assert working.release("tutor-1", str(first.id), request_id="r3") == gone
        assert working.move("tutor-1", str(first.id), between(10, 11), request_id="r2") == moved  # though it is gone
        assert repository.bookings("tutor-1") == [gone]


class TestBooking:
    def working(self, **options: Any) -> tuple[MemoryRepository, Schedule]:
        repository = MemoryRepository([Slot("tutor-1", between(9, 12)), Slot("tutor-1", between(13, 17))])
        return repository, schedule(repository, **options)

    def test_free_time_can_be_booked_once(self) -> None:
        repository, working = self.working()
        booking = working.book("tutor-1", between(9, 10), label="Maths")
        assert booking == Booking("tutor-1", between(9, 10), id="id1", label="Maths")
        assert repository.bookings("tutor-1") == [booking]
        with pytest.raises(NotAvailableError):
            working.book("tutor-1", between(9, 10))
        working.book("tutor-1", (at(10), at(11)), booking_id="next", status=BookingStatus.TENTATIVE)
        with pytest.raises(DuplicateIdError):
            working.book("tutor-1", between(14, 15), booking_id="next")

    def test_the_error_says_why_in_local_time_and_carries_the_segments(self) -> None:
        _, working = self.working(after=HOUR)
        working.book("tutor-1", between(9, 10), booking_id="anna")
        with pytest.raises(NotAvailableError) as caught:
            working.book("tutor-1", between(9.5, 12.5), booking_id="ben")
        assert str(caught.value) == (
            "'tutor-1' is not free at 2026-03-02T09:30:00+01:00/2026-03-02T12:30:00+01:00: "
            "2026-03-02T09:30:00+01:00/2026-03-02T10:00:00+01:00 is taken by booking 'anna'; "
            "2026-03-02T10:00:00+01:00/2026-03-02T11:00:00+01:00 is taken by the buffer of booking 'anna'; "
            "2026-03-02T12:00:00+01:00/2026-03-02T12:30:00+01:00 is outside the slots"
        )
        booking, segments = caught.value.values
        assert isinstance(booking, Booking)
        assert booking.id == "ben"
        assert isinstance(segments, tuple)
        assert [segment.state for segment in segments] == [
            SegmentState.TAKEN,
            SegmentState.TAKEN,
            SegmentState.FREE,
            SegmentState.OUTSIDE,
        ]
        copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own
        assert copy.values == caught.value.values

    def test_the_error_names_three_reasons_and_how_many_more_there_are(self) -> None:
        _, working = self.working()
        for hour in (9, 10, 11, 13, 14):
            working.book("tutor-1", between(hour, hour + 0.5))
        with pytest.raises(NotAvailableError, match=r"; and 3 more$"):
            working.book("tutor-1", between(9, 15))

    def test_the_error_counts_seats(self) -> None:
        repository = MemoryRepository([Slot("room-1", between(9, 12), capacity=3), Slot("room-1", between(13, 14))])
        working = schedule(repository)
        working.book("room-1", between(9, 10), seats=2, booking_id="family")
        with pytest.raises(NotAvailableError, match=r"taken by booking 'family' \(1 of 3 seats left, 2 wanted\)"):
            working.book("room-1", between(9, 10), seats=2)
        with pytest.raises(NotAvailableError, match=r"too small: 1 of 1 seats left, 2 wanted"):
            working.book("room-1", between(13, 14), seats=2)
        working.book("room-1", between(9, 10))

    def test_what_is_listed_as_free_is_what_can_be_booked(self) -> None:
        quarters = [between(8 + n / 4, 8 + (n + 1) / 4) for n in range(40)]
        for n, piece in enumerate(quarters):
            _, working = self.working(before=HOUR / 4, after=HOUR / 2)
            working.book("tutor-1", between(10, 10.5), booking_id="b1")
            listed = working.availability("tutor-1", MONDAY, MONDAY).free.covers(piece)
            try:
                working.book("tutor-1", piece)
                booked = True
            except NotAvailableError:
                booked = False
            assert booked == listed, n
            states = {segment.state for segment in working.explain("tutor-1", piece)} if not booked else set()
            assert booked or SegmentState.FREE not in states

    def test_buffers_of_bookings_that_lie_elsewhere_are_seen(self) -> None:
        _, working = self.working(before=HOUR, after=2 * HOUR)
        working.book("tutor-1", between(9, 10), booking_id="early")
        working.book("tutor-1", between(16, 17), booking_id="late")
        for taken in (between(11, 12), between(15, 16)):
            with pytest.raises(NotAvailableError, match="the buffer of booking"):
                working.book("tutor-1", taken)
        working.book("tutor-1", between(14, 15))

    def test_a_booking_moves_over_itself_and_keeps_what_is_not_given(self) -> None:
        repository, working = self.working(after=HOUR)
        first = working.book("tutor-1", between(9, 10), label="Maths", status=BookingStatus.TENTATIVE)
        moved = working.move("tutor-1", "id1", between(9.5, 10.5))
        assert moved == first.replace(interval=between(9.5, 10.5))
        confirmed = working.move("tutor-1", "id1", between(15, 16), status=BookingStatus.CONFIRMED, label="Physics")
        assert confirmed == Booking("tutor-1", between(15, 16), id="id1", label="Physics")
        assert repository.bookings("tutor-1") == [confirmed]

    def test_a_move_to_time_that_is_taken_leaves_the_booking_where_it_was(self) -> None:
        repository, working = self.working()
        working.book("tutor-1", between(9, 10), booking_id="a")
        working.book("tutor-1", between(10, 11), booking_id="b")
        before = repository.bookings("tutor-1")
        with pytest.raises(NotAvailableError, match="taken by booking 'b'"):
            working.move("tutor-1", "a", between(9.5, 10.5))
        assert repository.bookings("tutor-1") == before

    def test_a_booking_that_changes_while_it_is_moved_is_a_conflict(self) -> None:
        class Meddling(MemoryRepository):
            def book(self, booking: Booking, **options: Any) -> Booking:
                if options.get("moving"):
                    super().book(booking.replace(interval=between(14, 15)), admit=lambda *_: None, moving=True)
                return super().book(booking, **options)

        repository = Meddling([Slot("tutor-1", between(9, 17))])
        working = schedule(repository)
        working.book("tutor-1", between(9, 10))
        with pytest.raises(RevisionConflictError, match="was changed while it was being moved"):
            working.move("tutor-1", "id1", between(10, 11))
        assert [booking.interval for booking in repository.bookings("tutor-1")] == [between(14, 15)]

    def test_a_booking_that_is_not_there_cannot_be_moved_or_released(self) -> None:
        _, working = self.working()
        with pytest.raises(UnknownBookingError):
            working.move("tutor-1", "nobody", between(9, 10))
        with pytest.raises(UnknownBookingError):
            working.release("tutor-1", "nobody")

    def test_released_time_is_free_again_and_cannot_be_moved(self) -> None:
        _, working = self.working()
        working.book("tutor-1", between(9, 10))
        assert working.release("tutor-1", "id1").status is BookingStatus.CANCELLED
        assert working.release("tutor-1", "id1").status is BookingStatus.CANCELLED
        working.book("tutor-1", between(9, 10))
        with pytest.raises(UnknownBookingError):
            working.move("tutor-1", "id1", between(10, 11))

    def test_explain_says_who_is_there(self) -> None:
        _, working = self.working(before=HOUR / 2)
        working.book("tutor-1", between(10, 11))
        segments = working.explain("tutor-1", between(8, 11))
        assert [(segment.interval, segment.state) for segment in segments] == [
            (between(8, 9), SegmentState.OUTSIDE),
            (between(9, 9.5), SegmentState.FREE),
            (between(9.5, 10), SegmentState.TAKEN),
            (between(10, 11), SegmentState.TAKEN),
        ]
        assert len(working.explain("tutor-1", MONDAY, seats=2)) > 1


@given(PIECES, CAPACITIES, st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.integers(1, 2)), max_size=8))
def test_bookings_are_accepted_exactly_where_the_free_time_covers_them(
    pieces: list[tuple[int, int]], capacities: list[int], wishes: list[tuple[int, int, int]]
) -> None:
    repository = MemoryRepository(slots_of(pieces, capacities))
    working = schedule(repository, before=HOUR, after=HOUR / 2)
    for start, length, seats in wishes:
        wish = between(9 + start, 9 + start + length)
        there = repository.snapshot("tutor-1")
        expected = free(there.slots, there.bookings, before=HOUR, after=HOUR / 2, seats=seats).covers(wish)
        try:
            working.book("tutor-1", wish, seats=seats)
        except NotAvailableError:
            assert not expected
        else:
            assert expected


def asked(*positional: Any, **options: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call."""
    return positional, options


class TestWrongInput:
    """Each is refused by one clear error, before anything is read or written."""

    class Untouched:
        def __getattr__(self, name: str) -> Any:
            def touched(*_: object, **__: object) -> None:
                raise AssertionError(name)

            return touched

    def working(self, **options: Any) -> Schedule:
        options = {"zone": PARIS, "clock": ticking(), "ids": counting(), **options}
        return Schedule(self.Untouched(), MemoryAuditLog(), **options)

    @pytest.mark.parametrize(
        "options, error",
        [
            ({"zone": "Paris/Texas"}, UnknownZoneError),
            ({"zone": 1}, PointTypeError),
            ({"before": 5}, PointTypeError),
            ({"after": -HOUR}, IntervalError),
            ({"patience": 1}, PointTypeError),
            ({"patience": -HOUR}, IntervalError),
            ({"spool": "events.spool"}, PointTypeError),
            ({"background": -1}, PointValueError),
            ({"background": True}, PointTypeError),
        ],
        ids=str,
    )
    def test_of_a_schedule(self, options: dict[str, Any], error: type[SlotcalcError]) -> None:
        with pytest.raises(error):
            self.working(**options)

    @pytest.mark.parametrize(
        "change, error",
        [
            ({"resource_id": ""}, PointValueError),
            ({"resource_id": 7}, PointTypeError),
            ({"resource_id": "x" * 201}, LimitExceededError),
            ({"window": "2026-03-02"}, PointTypeError),
            ({"window": at(9)}, PointTypeError),
            ({"window": (TUESDAY, MONDAY)}, IntervalError),
            ({"window": (MONDAY, at(9))}, PointTypeError),
            ({"window": Interval(MONDAY, TUESDAY)}, PointTypeError),
            ({"window": Interval(datetime(2026, 3, 2), datetime(2026, 3, 3))}, PointTypeError),
            ({"window": Interval(1, 2)}, PointTypeError),
            ({"window": (date(1900, 1, 1), date(2100, 1, 1))}, LimitExceededError),
            ({"window": Interval(at(0) - 30000 * 24 * HOUR, at(0))}, LimitExceededError),
            ({"slots": None}, PointTypeError),
            ({"slots": "09:00"}, PointTypeError),
            ({"slots": {}}, PointTypeError),
            ({"slots": ("09:00", "12:00")}, PointTypeError),
            ({"slots": [("09:00", "noon")]}, ParseError),
            ({"slots": [("09:00", 12)]}, PointTypeError),
            ({"slots": [(time(9, tzinfo=UTC), time(12))]}, PointTypeError),
            ({"slots": [("09:00", "09:00")]}, IntervalError),
            ({"slots": [("09:00", "12:00", "13:00")]}, PointTypeError),
            ({"slots": [(9, 12)]}, PointTypeError),
            ({"slots": [Interval(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 12))]}, PointTypeError),
            ({"slots": [(at(12), at(9))]}, IntervalError),
            ({"slots": [between(23, 25)]}, IntervalError),
            ({"slots": [between(-1, 1)]}, IntervalError),
            ({"slots": IntervalSet([between(23, 25)])}, IntervalError),
            ({"slots": IntervalSet.everything()}, (IntervalError, UnboundedError)),
            ({"slots": [Slot("tutor-2", between(9, 12))]}, AmbiguousResourceError),
            ({"slots": [Slot("tutor-1", between(9, 12), id="x" * 201)]}, LimitExceededError),
            ({"slots": [Slot("tutor-1", between(9, 12), label="\x00")]}, PointValueError),
            ({"window": between(0, 24), "slots": [("09:00", "12:00")]}, PointTypeError),
            ({"changed_by": None}, PointTypeError),
            ({"changed_by": "x" * 201}, LimitExceededError),
            ({"reason": " "}, PointValueError),
            ({"reason": 1}, PointTypeError),
            ({"notes": "x" * 10_001}, LimitExceededError),
            ({"notes": "\ud800"}, PointValueError),
            ({"expected_revision": -1}, PointValueError),
            ({"expected_revision": "1"}, PointTypeError),
            ({"request_id": ""}, PointValueError),
            ({"request_id": 1}, PointTypeError),
        ],
        ids=lambda value: f"{value!s:.60}",
    )
    def test_of_an_update_and_a_preview(self, change: dict[str, Any], error: type[SlotcalcError]) -> None:
        arguments: dict[str, Any] = {"resource_id": "tutor-1", "window": MONDAY, "slots": [], **ME} | change
        with pytest.raises(error):
            self.working().update(**arguments)
        with pytest.raises(error):
            self.working().preview(**arguments)

    def test_of_more_slots_than_the_limit_however_they_are_given(self) -> None:
        working = self.working(limits=Limits(rows=10))
        endless = ((at(0), at(1)) for _ in iter(int, 1))
        for slots in (endless, [("09:00", "10:00")] * 6):
            with pytest.raises(LimitExceededError, match="rows"):
                working.update("tutor-1", (MONDAY, TUESDAY), slots, **ME)

    def test_of_a_date_that_the_zone_left_out(self) -> None:
        with pytest.raises(LocalTimeError, match="does not exist"):
            self.working(zone="Pacific/Apia").update("tutor-1", date(2011, 12, 30), [], **ME)

    @pytest.mark.parametrize(
        "made, error",
        [
            ({"clock": at(9)}, "clock=.* cannot be called"),
            ({"ids": "x"}, "ids='x' cannot be called"),
            ({"limits": None}, "limits=None are no Limits"),
            ({"active": "CONFIRMED"}, "active='CONFIRMED' is no collection of statuses"),
        ],
    )
    def test_of_what_it_is_made_of(self, made: dict[str, Any], error: str) -> None:
        with pytest.raises(PointTypeError, match=error):
            Schedule(MemoryRepository(), MemoryAuditLog(), zone=PARIS, **made)

    @pytest.mark.parametrize("revision", [False, "", "1", 1.5])
    def test_of_an_expected_revision_that_is_no_number(self, revision: Any) -> None:
        with pytest.raises(PointTypeError, match=r"expected_revision=.* is not a whole number"):
            schedule().update("r", MONDAY, [], expected_revision=revision, **ME)

    @pytest.mark.parametrize("moment", [datetime(2026, 3, 2), 1700000000.0, None])
    def test_of_a_clock_that_tells_no_instant(self, moment: Any) -> None:
        with pytest.raises(PointTypeError, match="the clock says"):
            self.working(clock=lambda: moment).update("tutor-1", MONDAY, [], **ME)

    def test_of_an_id_source_that_gives_no_text(self) -> None:
        ids: Any = iter([7, ""]).__next__
        working = self.working(ids=ids)
        with pytest.raises(PointTypeError, match="the id source"):
            working.update("tutor-1", MONDAY, [], **ME)
        with pytest.raises(PointValueError, match="the id source"):
            working.book("tutor-1", between(9, 10))

    @pytest.mark.parametrize(
        "change, error",
        [
            ({"resource_id": ""}, PointValueError),
            ({"interval": MONDAY}, PointTypeError),
            ({"interval": (at(10), at(9))}, IntervalError),
            ({"interval": (9, 10)}, PointTypeError),
            ({"interval": Interval(at(0), at(0) + 30000 * 24 * HOUR)}, LimitExceededError),
            ({"seats": 0}, PointValueError),
            ({"seats": "1"}, PointTypeError),
            ({"status": "maybe"}, PointValueError),
            ({"status": "cancelled"}, PointValueError),
            ({"label": 5}, PointTypeError),
            ({"label": "x" * 10_001}, LimitExceededError),
            ({"booking_id": ""}, PointValueError),
            ({"booking_id": 5}, PointTypeError),
            ({"request_id": ""}, PointValueError),
        ],
        ids=str,
    )
    def test_of_a_booking_and_a_move(self, change: dict[str, Any], error: type[SlotcalcError]) -> None:
        arguments: dict[str, Any] = {"resource_id": "tutor-1", "interval": between(9, 10), "booking_id": "b"} | change
        with pytest.raises(error):
            self.working().book(**arguments)
        with pytest.raises(error):
            self.working().move(**arguments)

    @pytest.mark.parametrize(
        "method, arguments, error",
        [
            ("release", asked("", "b1"), PointValueError),
            ("release", asked("tutor-1", ""), PointValueError),
            ("release", asked("tutor-1", "b1", request_id=5), PointTypeError),
            ("availability", asked("", MONDAY, MONDAY), PointValueError),
            ("availability", asked("tutor-1", TUESDAY, MONDAY), IntervalError),
            ("availability", asked("tutor-1", at(0), at(24)), PointTypeError),
            ("availability", asked("tutor-1", "today", MONDAY), PointTypeError),
            ("availability", asked("tutor-1", date.min, date.max), SlotcalcError),
            ("explain", asked("", MONDAY), PointValueError),
            ("explain", asked("tutor-1", "today"), PointTypeError),
            ("history", asked("", 30), PointValueError),
            ("history", asked("tutor-1", 0), PointValueError),
            ("history", asked("tutor-1", 10**7), PointValueError),
            ("history", asked("tutor-1", 10**20), PointValueError),
            ("history", asked("tutor-1", "30"), PointTypeError),
            ("history", asked("tutor-1", limit=10**6), LimitExceededError),
            ("history", asked("tutor-1", action="moved"), PointValueError),
            ("stats", asked("tutor-1", 0), PointValueError),
            ("stats", asked("tutor-1", by="day"), ParseError),
            ("as_of", asked("", 1), PointValueError),
            ("as_of", asked("tutor-1", "yesterday"), PointTypeError),
            ("as_of", asked("tutor-1", datetime(2026, 3, 2)), PointTypeError),
            ("verify", asked(""), PointValueError),
            ("flush", asked(5), PointTypeError),
            ("flush", asked(-HOUR), IntervalError),
            ("head", asked(""), PointValueError),
            ("purge", asked("", 1), PointValueError),
            ("purge", asked("tutor-1", "all"), PointTypeError),
            ("purge", asked("tutor-1", 0), PointValueError),
            ("reconcile", asked("", changed_by="anna"), PointValueError),
            ("reconcile", asked("tutor-1", changed_by=None), PointTypeError),
        ],
        ids=repr,
    )
    def test_of_all_other_methods(self, method: str, arguments: Any, error: type[SlotcalcError]) -> None:
        positional, options = arguments
        with pytest.raises(error):
            getattr(self.working(), method)(*positional, **options)


def test_a_head_is_what_head_returned() -> None:
    saved: Any = schedule().head("tutor-1").to_json()
    with pytest.raises(PointTypeError, match=r"is no Head; read what was saved with Head\.from_json"):
        schedule().verify("tutor-1", head=saved)


def test_days_of_numbers_are_refused_like_any_other_window() -> None:
    with pytest.raises(PointTypeError):
        schedule().availability("tutor-1", 1, 2)  # type: ignore[arg-type]  # what a caller without types may do


def test_an_update_result_is_a_value() -> None:
    result = UpdateResult("tutor-1", between(0, 24), 3, "c")
    assert (result.delivery, result.events, result.displaced) == (Delivery.NOTHING, (), ())
    assert repr(result).startswith("UpdateResult('tutor-1', Interval(")
