"""The contract of a repository: what every adapter passes, whatever it keeps slots and bookings in.

Each sentence of `slotcalc.repository.Repository` is a test here. The points are instants, since that is what stores
have a type for. Read `audit_logs` next, and `concurrency` for what must hold under many threads.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from slotcalc.booking import Booking, BookingStatus, Slot
from slotcalc.diff import AuditEvent
from slotcalc.errors import (
    AmbiguousResourceError,
    DuplicateIdError,
    IntervalError,
    NotAvailableError,
    PointTypeError,
    RequestConflictError,
    RevisionConflictError,
    UnknownBookingError,
)
from slotcalc.intervals import Interval
from slotcalc.repository import Describe, Replaced, Repository, Request
from slotcalc.testing.expectations import (
    ODD_NAMES,
    TUTOR,
    at,
    booking,
    described,
    expect_equal,
    expect_error,
    expect_held,
    hours,
    slot,
)

__all__ = ["RepositoryContract"]

WHOLE_DAY = hours(0, 24)


class RepositoryContract:
    """The tests of a `Repository`: inherit from it in a test class, and say how a repository is made.

        class TestMyRepository(RepositoryContract):
            def make_repository(self, slots=(), bookings=()):
                return MyRepository(...)

    pytest collects the class as it is; with unittest, inherit from `TestCase` as well. An asynchronous adapter is
    returned through `awaited`.
    """

    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        """Return a new repository of your kind that holds these at revision 0 and nothing else."""
        message = f"{type(self).__name__} has to say how a repository is made: override make_repository"
        raise NotImplementedError(message)

    # What is there

    def test_a_resource_that_nobody_edited_has_nothing_at_revision_0(self) -> None:
        repository = self.make_repository()
        expect_held(repository.slots(TUTOR), [])
        expect_held(repository.bookings(TUTOR), [])
        expect_equal(repository.revision(TUTOR), 0)
        snapshot = repository.snapshot(TUTOR)
        expect_equal((snapshot.slots, snapshot.bookings, snapshot.revision), ((), (), 0))

    def test_slots_and_bookings_come_back_as_they_were_given_in_order_of_their_start(self) -> None:
        slots = [
            slot(13, 17, capacity=3, id="afternoon", label="“Ärzte” & co.\n"),
            slot(9, 12),
            slot(9, 10, id="s1", capacity=2**31 - 1),
            slot(8, 18, id="s1", label="overlaps"),
        ]
        bookings = [
            booking("b3", 14, 15, status=BookingStatus.TENTATIVE, seats=2, label="Zoë 🎻"),
            booking("b1", 9, 10),
            booking("b2", 9, 11, status=BookingStatus.CANCELLED),
        ]
        repository = self.make_repository(slots, bookings)
        expect_held(repository.slots(TUTOR), slots)
        expect_held(repository.bookings(TUTOR), bookings)
        snapshot = repository.snapshot(TUTOR)
        expect_held(snapshot.slots, slots)
        expect_held(snapshot.bookings, bookings)
        expect_equal(repository.revision(TUTOR), 0, "the revision of slots that were there from the beginning")

    def test_equal_slots_are_all_kept(self) -> None:
        twins = [slot(9, 10), slot(9, 10)]
        repository = self.make_repository()
        repository.replace_slots(TUTOR, WHOLE_DAY, twins)
        expect_held(repository.slots(TUTOR), twins)

    def test_what_only_touches_a_window_does_not_overlap_it(self) -> None:
        repository = self.make_repository(
            [slot(8, 9), slot(9, 10), slot(10, 11), slot(11, 12), slot(12, 13)],
            [booking("b1", 8, 10), booking("b2", 10, 12), booking("b3", 12, 14)],
        )
        window = hours(10, 12)
        expect_held(repository.slots(TUTOR, window), [slot(10, 11), slot(11, 12)])
        expect_held(repository.bookings(TUTOR, window), [booking("b2", 10, 12)])

    def test_what_overlaps_a_window_is_given_whole(self) -> None:
        slots = [slot(0, 24, id="all day"), slot(9, 11), slot(10.5, 10.75), slot(11, 13)]
        bookings = [booking("b1", 1, 23), booking("b2", 11.75, 18, status=BookingStatus.CANCELLED)]
        repository = self.make_repository([*slots, slot(13, 14)], [*bookings, booking("b3", 13, 14)])
        window = hours(10, 12)
        expect_held(repository.slots(TUTOR, window), slots)
        expect_held(repository.bookings(TUTOR, window), bookings)
        snapshot = repository.snapshot(TUTOR, window)
        expect_held(snapshot.slots, slots)
        expect_held(snapshot.bookings, bookings)

    def test_a_long_slot_is_found_behind_many_short_ones(self) -> None:
        short = [slot(n / 10, (n + 1) / 10, id=f"s{n}") for n in range(200)]
        repository = self.make_repository([slot(0, 48, id="long"), *short])
        expect_held(repository.slots(TUTOR, hours(40, 41)), [slot(0, 48, id="long")])
        expect_held(repository.slots(TUTOR, hours(15, 15.1)), [slot(0, 48, id="long"), short[150]])

    def test_instants_are_exact_to_the_microsecond(self) -> None:
        tick = timedelta(microseconds=1)
        moment = datetime(2026, 10, 25, 0, 59, 59, 999_999, tzinfo=UTC)
        first, second = Slot(TUTOR, (moment - tick, moment)), Slot(TUTOR, (moment, moment + tick), id="s2")
        taken = Booking(TUTOR, (moment, moment + tick), id="b1")
        repository = self.make_repository([first, second], [taken])
        expect_held(repository.slots(TUTOR), [first, second])
        expect_held(repository.bookings(TUTOR), [taken])
        expect_held(repository.slots(TUTOR, Interval(moment - tick, moment)), [first])
        expect_held(repository.bookings(TUTOR, Interval(moment - tick, moment)), [])
        repository.replace_slots(TUTOR, Interval(moment, moment + tick), [])
        expect_held(repository.slots(TUTOR), [first])

    def test_instants_are_told_apart_where_a_clock_shows_the_same_twice(self) -> None:
        summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
        half_past, later = datetime(2026, 10, 25, 2, 30, tzinfo=summer), datetime(2026, 10, 25, 2, 30, tzinfo=winter)
        repository = self.make_repository([Slot(TUTOR, (half_past, later))])
        (kept,) = repository.slots(TUTOR)
        expect_equal(kept.interval, Interval(half_past, later))
        expect_equal(kept.interval.start.utcoffset(), timedelta(0), "the offset of what comes out")
        expect_held(repository.slots(TUTOR, Interval(later, later + timedelta(hours=1))), [])

    def test_instants_of_all_years_are_kept(self) -> None:
        first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        always = Slot(TUTOR, (first, last))
        repository = self.make_repository()
        repository.replace_slots(TUTOR, Interval(first, last), [always])
        expect_held(repository.slots(TUTOR, WHOLE_DAY), [always])
        repository.replace_slots(TUTOR, WHOLE_DAY, [])
        expect_held(repository.slots(TUTOR), [Slot(TUTOR, (first, at(0))), Slot(TUTOR, (at(24), last))])

    def test_resources_never_see_each_other_whatever_their_names(self) -> None:
        repository = self.make_repository()
        for n, name in enumerate(ODD_NAMES):
            repository.replace_slots(name, WHOLE_DAY, [slot(n, n + 1, name, id=name, label=name)])
            repository.book(booking(name, n, n + 1, name, label=name), admit=_anything)
        for n, name in enumerate(ODD_NAMES):
            expect_held(repository.slots(name), [slot(n, n + 1, name, id=name, label=name)])
            expect_held(repository.bookings(name), [booking(name, n, n + 1, name, label=name)])
            expect_equal(repository.revision(name), 1)

    def test_what_was_answered_does_not_change_with_the_next_edit(self) -> None:
        repository = self.make_repository([slot(9, 12)], [booking("b1", 9, 10)])
        slots, bookings, snapshot = repository.slots(TUTOR), repository.bookings(TUTOR), repository.snapshot(TUTOR)
        repository.replace_slots(TUTOR, WHOLE_DAY, [])
        repository.release(TUTOR, "b1")
        expect_held(slots, [slot(9, 12)])
        expect_held(bookings, [booking("b1", 9, 10)])
        expect_equal((snapshot.slots, snapshot.bookings), ((slot(9, 12),), (booking("b1", 9, 10),)))

    # Replacing slots

    def test_replacing_says_what_was_in_the_window_and_what_is(self) -> None:
        repository = self.make_repository([slot(9, 10), slot(10, 11, id="s1"), slot(14, 15)])
        new = [slot(11, 12, capacity=2), slot(9, 9.5)]
        done = repository.replace_slots(TUTOR, hours(9, 12), new)
        expect_held(done.before, [slot(9, 10), slot(10, 11, id="s1")])
        expect_held(done.after, new)
        expect_equal((done.revision, done.events, done.repeated), (1, (), False))
        expect_held(repository.slots(TUTOR), [*new, slot(14, 15)])

    def test_a_slot_that_crosses_an_edge_of_the_window_is_cut_there(self) -> None:
        left: dict[str, Any] = {"id": "left", "capacity": 2, "label": "L"}
        repository = self.make_repository([slot(8, 10, **left), slot(11, 13, id="right")])
        done = repository.replace_slots(TUTOR, hours(9, 12), [slot(10, 11)])
        expect_held(done.before, [slot(9, 10, **left), slot(11, 12, id="right")])
        expect_held(repository.slots(TUTOR), [slot(8, 9, **left), slot(10, 11), slot(12, 13, id="right")])

    def test_a_slot_around_the_window_is_cut_in_two_that_keep_its_identity(self) -> None:
        same: dict[str, Any] = {"id": "s1", "capacity": 4, "label": "L"}
        repository = self.make_repository([slot(8, 18, **same)])
        done = repository.replace_slots(TUTOR, hours(12, 13), [])
        expect_held(done.before, [slot(12, 13, **same)])
        expect_held(repository.slots(TUTOR), [slot(8, 12, **same), slot(13, 18, **same)])

    def test_a_slot_that_touches_the_window_stays_out_of_it(self) -> None:
        outside = [slot(8, 9), slot(12, 13)]
        repository = self.make_repository([*outside, slot(10, 11)])
        done = repository.replace_slots(TUTOR, hours(9, 12), [])
        expect_held(done.before, [slot(10, 11)])
        expect_held(repository.slots(TUTOR), outside)

    def test_a_slot_may_fill_the_window_but_not_reach_out_of_it(self) -> None:
        repository = self.make_repository([slot(8, 9)])
        for reaching in (slot(8.5, 10), slot(9, 12.5), slot(0, 24), slot(13, 14)):
            expect_error(IntervalError, repository.replace_slots, TUTOR, hours(9, 12), [reaching])
        expect_error(AmbiguousResourceError, repository.replace_slots, TUTOR, hours(9, 12), [slot(9, 10, "other")])
        _expect_unedited(repository, [slot(8, 9)])
        repository.replace_slots(TUTOR, hours(9, 12), [slot(9, 12)])
        expect_held(repository.slots(TUTOR), [slot(8, 9), slot(9, 12)])

    def test_the_slots_may_come_from_a_generator(self) -> None:
        repository = self.make_repository()
        repository.replace_slots(TUTOR, WHOLE_DAY, (slot(n, n + 1) for n in range(3)))
        expect_held(repository.slots(TUTOR), [slot(0, 1), slot(1, 2), slot(2, 3)])

    def test_an_edit_that_changes_nothing_takes_no_revision_and_writes_nothing(self) -> None:
        there = [slot(8, 10), slot(10, 11, id="s1"), slot(10, 12, capacity=2)]
        repository = self.make_repository(there)
        same_time = [slot(9, 9.5), slot(9.25, 10), slot(10, 10.5, id="s1"), slot(10.5, 11, id="s1")]
        done = repository.replace_slots(
            TUTOR, hours(9, 12), [*same_time, slot(10, 12, capacity=2)], describe=_never_described
        )
        expect_equal((done.revision, done.events, done.before), (0, (), done.after))
        _expect_unedited(repository, there)

    def test_an_edit_of_nothing_into_nothing_changes_nothing(self) -> None:
        repository = self.make_repository()
        done = repository.replace_slots(TUTOR, WHOLE_DAY, [], describe=_never_described)
        expect_equal((done.before, done.after, done.revision, done.events), ((), (), 0, ()))
        _expect_unedited(repository, [])

    def test_a_changed_identity_is_a_change(self) -> None:
        repository = self.make_repository([slot(9, 10)])
        identities: list[dict[str, Any]] = [{"capacity": 2}, {"id": "s1"}, {"id": ""}, {"label": "L"}, {}]
        for revision, fields in enumerate(identities, start=1):
            done = repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10, **fields)])
            expect_equal(done.revision, revision, f"the revision after the slot got {fields}")
            expect_held(repository.slots(TUTOR), [slot(9, 10, **fields)])

    def test_revisions_have_no_holes_and_are_each_resources_own(self) -> None:
        repository = self.make_repository()
        for revision in range(1, 6):
            for name in (TUTOR, "tutor-2"):
                new = [slot(9, 9 + revision, name)]
                expect_equal(repository.replace_slots(name, WHOLE_DAY, new).revision, revision)
                expect_equal(repository.replace_slots(name, WHOLE_DAY, new).revision, revision)
                expect_error(IntervalError, repository.replace_slots, name, hours(1, 2), new)
                expect_equal((repository.revision(name), repository.snapshot(name).revision), (revision, revision))

    def test_an_exchange_gives_the_bookings_of_any_status_in_the_window(self) -> None:
        inside = [booking("b1", 8, 10), booking("b2", 9, 10, status=BookingStatus.CANCELLED)]
        repository = self.make_repository([slot(8, 18)], [*inside, booking("b3", 7, 9), booking("b4", 12, 13)])
        expect_held(repository.replace_slots(TUTOR, hours(9, 12), []).bookings, inside)
        expect_held(repository.replace_slots(TUTOR, hours(9, 12), []).bookings, inside)
        expect_equal(len(repository.bookings(TUTOR)), 4, "the number of bookings, none of which an edit takes away")

    def test_the_events_are_described_within_the_exchange(self) -> None:
        repository = self.make_repository([slot(9, 12)], [booking("b1", 9, 10)])
        seen: list[Replaced] = []

        def describe(replaced: Replaced) -> tuple[AuditEvent, ...]:
            seen.append(replaced)
            return described("change-1")(replaced)

        done = repository.replace_slots(TUTOR, hours(9, 11), [slot(10, 11, capacity=2)], describe=describe)
        expect_equal([(str(e.action), e.interval, e.capacity, e.revision) for e in done.events], [
            ("REMOVED", hours(9, 11), 1, 1),
            ("ADDED", hours(10, 11), 2, 1),
        ])  # fmt: skip
        told = seen[-1]
        expect_equal((told.before, told.after), (done.before, done.after))
        expect_equal((told.revision, told.bookings, told.events), (1, (booking("b1", 9, 10),), ()))

    def test_an_error_while_describing_leaves_nothing(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        failing, request = _raising(ArithmeticError("no events today")), Request("r1", "f1")
        expect_error(ArithmeticError, repository.replace_slots, TUTOR, WHOLE_DAY, [], describe=failing, request=request)
        _expect_unedited(repository, [slot(9, 12)])
        done = repository.replace_slots(TUTOR, WHOLE_DAY, [], describe=described("change-1"), request=request)
        expect_equal((done.revision, done.repeated), (1, False))

    def test_an_edit_may_expect_a_revision(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        expect_equal(repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 11)], expected_revision=0).revision, 1)
        expect_equal(repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)], expected_revision=1).revision, 2)
        for expected in (0, 1, 3):
            error = expect_error(
                RevisionConflictError, repository.replace_slots, TUTOR, WHOLE_DAY, [], expected_revision=expected
            )
            expect_equal(error.values, (expected, 2))
        expect_held(repository.slots(TUTOR), [slot(9, 10)])
        expect_equal(repository.revision(TUTOR), 2)

    def test_an_edit_that_changes_nothing_may_still_expect_the_wrong_revision(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        expect_error(
            RevisionConflictError, repository.replace_slots, TUTOR, WHOLE_DAY, [slot(9, 12)], expected_revision=1
        )

    def test_advancing_takes_a_revision_and_leaves_the_slots(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        expect_equal(repository.advance(TUTOR, expected_revision=0), 1)
        expect_error(RevisionConflictError, repository.advance, TUTOR, expected_revision=0)
        expect_error(RevisionConflictError, repository.advance, TUTOR, expected_revision=2)
        expect_equal(repository.advance(TUTOR, expected_revision=1), 2)
        expect_equal(repository.revision(TUTOR), 2)
        expect_held(repository.slots(TUTOR), [slot(9, 12)])
        expect_equal(repository.replace_slots(TUTOR, WHOLE_DAY, []).revision, 3)
        expect_equal(repository.advance("nobody", expected_revision=0), 1)

    # Requests

    def test_a_repeated_request_gives_the_first_answer_and_does_nothing(self) -> None:
        repository = self.make_repository([slot(9, 12)], [booking("b1", 9, 10)])
        request = Request("r1", "f1")
        first = repository.replace_slots(
            TUTOR, WHOLE_DAY, [], describe=described("c1"), expected_revision=0, request=request
        )
        expect_equal(first.repeated, wanted=False)
        repository.replace_slots(TUTOR, WHOLE_DAY, [slot(14, 15)])
        again = repository.replace_slots(
            TUTOR, WHOLE_DAY, [], describe=_never_described, expected_revision=0, request=request
        )
        expect_equal(again.repeated, wanted=True)
        for name in ("before", "after", "revision", "events", "bookings"):
            expect_equal(getattr(again, name), getattr(first, name), f"{name} of the answer")
        expect_held(repository.slots(TUTOR), [slot(14, 15)])
        expect_equal(repository.revision(TUTOR), 2)

    def test_a_request_that_changed_nothing_was_made_all_the_same(self) -> None:
        repository = self.make_repository()
        request = Request("r1", "f1")
        repository.replace_slots(TUTOR, WHOLE_DAY, [], request=request)
        repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 12)])
        again = repository.replace_slots(TUTOR, WHOLE_DAY, [], request=request)
        expect_equal((again.repeated, again.revision, again.before), (True, 0, ()))
        expect_held(repository.slots(TUTOR), [slot(9, 12)])

    def test_a_request_with_another_content_is_a_conflict(self) -> None:
        repository = self.make_repository([slot(9, 12)], [booking("b1", 9, 10)])
        repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 11)], request=Request("r1", "f1"))
        other, new = Request("r1", "f2"), booking("b2", 10, 11)
        expect_error(RequestConflictError, repository.replace_slots, TUTOR, WHOLE_DAY, [], request=other)
        expect_error(RequestConflictError, repository.book, new, admit=_anything, request=other)
        expect_error(RequestConflictError, repository.release, TUTOR, "b1", request=other)
        expect_held(repository.slots(TUTOR), [slot(9, 11)])
        expect_held(repository.bookings(TUTOR), [booking("b1", 9, 10)])
        expect_equal(repository.revision(TUTOR), 1)

    def test_two_resources_may_have_requests_of_one_name(self) -> None:
        repository = self.make_repository()
        for name in ODD_NAMES:
            done = repository.replace_slots(name, WHOLE_DAY, [slot(9, 12, name)], request=Request("r1", name))
            expect_equal((done.revision, done.repeated), (1, False))

    def test_a_request_that_failed_was_not_made(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        request, new = Request("r1", "f1"), booking("b1", 9, 10)
        expect_error(
            RevisionConflictError, repository.replace_slots, TUTOR, WHOLE_DAY, [], expected_revision=7, request=request
        )
        expect_error(UnknownBookingError, repository.release, TUTOR, "b1", request=request)
        expect_error(NotAvailableError, repository.book, new, admit=_refusing, request=request)
        expect_equal(repository.book(new, admit=_anything, request=request), new)

    # Bookings

    def test_a_booking_is_kept_as_it_is(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        new = booking("b1", 9, 10, status=BookingStatus.TENTATIVE, seats=3, label="Zoë")
        expect_equal(repository.book(new, admit=_anything), new)
        expect_held(repository.bookings(TUTOR), [new])

    def test_a_booking_is_found_by_its_id_whatever_its_status(self) -> None:
        cancelled = booking("b1", 9, 10, status=BookingStatus.CANCELLED)
        repository = self.make_repository(bookings=[cancelled, booking("b2", 10, 11)])
        expect_equal(repository.booking(TUTOR, "b1"), cancelled)
        expect_equal(repository.booking(TUTOR, "b3"), None)
        expect_equal(repository.booking("another", "b1"), None)

    def test_bookings_and_slots_do_not_touch_each_other(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        repository.book(booking("b1", 9, 10), admit=_anything)
        repository.book(booking("b1", 10, 11), admit=_anything, moving=True)
        repository.release(TUTOR, "b1")
        _expect_unedited(repository, [slot(9, 12)])
        repository.replace_slots(TUTOR, WHOLE_DAY, [])
        expect_held(repository.bookings(TUTOR), [booking("b1", 10, 11, status=BookingStatus.CANCELLED)])

    def test_a_booking_is_admitted_by_what_overlaps_it_or_the_window(self) -> None:
        slots = [slot(8, 9), slot(9, 10, id="s1"), slot(9, 18), slot(11, 12)]
        bookings = [booking("b1", 8, 9.5), booking("b2", 9.5, 10, status=BookingStatus.CANCELLED)]
        repository = self.make_repository(slots, [*bookings, booking("b3", 10, 11)])
        seen: list[tuple[Sequence[Slot], Sequence[Booking]]] = []

        def admit(offered: Sequence[Slot], booked: Sequence[Booking]) -> None:
            seen.append((offered, booked))

        repository.book(booking("new-1", 9, 10), admit=admit)
        expect_held(seen[-1][0], slots[1:3])
        expect_held(seen[-1][1], bookings)
        repository.book(booking("new-2", 9, 10), admit=admit, window=hours(8.5, 10.5))
        expect_held(seen[-1][0], slots[:3])
        expect_held(seen[-1][1], [*bookings, booking("b3", 10, 11), booking("new-1", 9, 10)])

    def test_a_booking_that_is_not_admitted_leaves_nothing(self) -> None:
        there = booking("b1", 9, 10)
        repository = self.make_repository([slot(9, 12)], [there])
        expect_error(NotAvailableError, repository.book, booking("b2", 9, 10), admit=_refusing)
        expect_error(NotAvailableError, repository.book, booking("b1", 10, 11), admit=_refusing, moving=True)
        expect_held(repository.bookings(TUTOR), [there])
        repository.book(booking("b2", 10, 11), admit=_anything)
        expect_held(repository.bookings(TUTOR), [there, booking("b2", 10, 11)])

    def test_a_booking_without_an_id_is_refused(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        expect_error(PointTypeError, repository.book, booking("b1", 9, 10).replace(id=None), admit=_anything)
        expect_held(repository.bookings(TUTOR), [])

    def test_an_id_names_one_booking_of_a_resource_for_ever(self) -> None:
        repository = self.make_repository((), [booking("b1", 9, 10)])
        expect_error(DuplicateIdError, repository.book, booking("b1", 11, 12), admit=_anything)
        repository.release(TUTOR, "b1")
        expect_error(DuplicateIdError, repository.book, booking("b1", 11, 12), admit=_anything)
        expect_held(repository.bookings(TUTOR), [booking("b1", 9, 10, status=BookingStatus.CANCELLED)])
        repository.book(booking("b1", 11, 12, "tutor-2"), admit=_anything)
        expect_held(repository.bookings("tutor-2"), [booking("b1", 11, 12, "tutor-2")])

    def test_a_moved_booking_takes_the_place_of_the_one_with_its_id(self) -> None:
        repository = self.make_repository([slot(9, 18)], [booking("b1", 9, 10), booking("b2", 12, 13)])
        moved = booking("b1", 9.5, 10.5, status=BookingStatus.TENTATIVE, seats=2, label="later")
        seen: list[Sequence[Booking]] = []
        expect_equal(repository.book(moved, admit=lambda _, booked: seen.append(booked), moving=True), moved)
        expect_held(seen[-1], [booking("b1", 9, 10)])  # which a caller leaves out of its own way
        expect_held(repository.bookings(TUTOR), [moved, booking("b2", 12, 13)])
        expect_held(repository.bookings(TUTOR, hours(9, 9.5)), [])

    def test_only_an_active_booking_of_the_resource_is_moved(self) -> None:
        cancelled = booking("b1", 9, 10, status=BookingStatus.CANCELLED)
        repository = self.make_repository((), [cancelled])
        for absent in (booking("b1", 10, 11), booking("b2", 10, 11), booking("b1", 10, 11, "tutor-2")):
            expect_error(UnknownBookingError, repository.book, absent, admit=_anything, moving=True)
        expect_held(repository.bookings(TUTOR), [cancelled])
        expect_held(repository.bookings("tutor-2"), [])

    def test_releasing_cancels_a_booking_and_keeps_the_rest_of_it(self) -> None:
        held = booking("b1", 9, 10, status=BookingStatus.TENTATIVE, seats=2, label="Zoë")
        repository = self.make_repository((), [held, booking("b2", 9, 10)])
        cancelled = held.replace(status=BookingStatus.CANCELLED)
        expect_equal(repository.release(TUTOR, "b1"), cancelled)
        expect_held(repository.bookings(TUTOR), [cancelled, booking("b2", 9, 10)])

    def test_releasing_again_changes_nothing(self) -> None:
        repository = self.make_repository((), [booking("b1", 9, 10)])
        first = repository.release(TUTOR, "b1")
        expect_equal(repository.release(TUTOR, "b1"), first)
        expect_held(repository.bookings(TUTOR), [first])

    def test_only_a_booking_of_the_resource_is_released(self) -> None:
        repository = self.make_repository((), [booking("b1", 9, 10)])
        for resource_id, booking_id in ((TUTOR, "b2"), ("tutor-2", "b1"), (TUTOR, "B1"), (TUTOR, "")):
            expect_error(UnknownBookingError, repository.release, resource_id, booking_id)
        expect_held(repository.bookings(TUTOR), [booking("b1", 9, 10)])

    def test_a_booking_is_made_moved_and_released_once_for_each_request(self) -> None:
        repository = self.make_repository([slot(9, 18)])
        new, moved = booking("b1", 9, 10), booking("b1", 11, 12)
        book, move, release = Request("r1", "book"), Request("r2", "move"), Request("r3", "release")
        for _ in range(2):
            expect_equal(repository.book(new, admit=_anything, request=book), new)
        for _ in range(2):
            expect_equal(repository.book(moved, admit=_anything, moving=True, request=move), moved)
        cancelled = moved.replace(status=BookingStatus.CANCELLED)
        for _ in range(2):
            expect_equal(repository.release(TUTOR, "b1", request=release), cancelled)
        expect_equal(repository.book(new, admit=_refusing, request=book), new, "the first answer")
        expect_equal(repository.book(moved, admit=_refusing, moving=True, request=move), moved, "the first answer")
        expect_held(repository.bookings(TUTOR), [cancelled])


def _anything(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    """Admit."""


def _refusing(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    raise NotAvailableError("it is refused, to see what is left of it")


def _never_described(replaced: Replaced) -> tuple[AuditEvent, ...]:
    raise AssertionError(f"events were asked for although nothing changed: {replaced!r}")


def _raising(error: Exception) -> Describe:
    def describe(_: Replaced) -> tuple[AuditEvent, ...]:
        raise error

    return describe


def _expect_unedited(repository: Repository, slots: Iterable[Slot]) -> None:
    expect_held(repository.slots(TUTOR), slots)
    expect_equal(repository.revision(TUTOR), 0, "the revision of slots that nobody edited")
