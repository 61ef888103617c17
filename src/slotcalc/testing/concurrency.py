"""What must hold when many threads ask one repository or one audit log at once: nothing lost, nothing twice.

They stand apart from the other contracts for adapters that serve one thread by design. The edits commute (each flips
one hour, so the end is the XOR of all), and a lost one is counted instead of guessed.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from threading import Event
from typing import TypeVar

from slotcalc.audit import AuditLog, Baseline, Selection
from slotcalc.booking import Booking, Slot
from slotcalc.diff import apply
from slotcalc.errors import NotAvailableError, RevisionConflictError
from slotcalc.intervals import IntervalSet
from slotcalc.repository import Replaced, Repository, Request
from slotcalc.testing.expectations import (
    TUTOR,
    booking,
    described,
    event,
    expect_equal,
    expect_held,
    hours,
    slot,
    together,
)

__all__ = ["ConcurrentAuditLogContract", "ConcurrentRepositoryContract"]

T = TypeVar("T")


class ConcurrentRepositoryContract:
    """The tests of a `Repository` that many threads share: inherit from it as from `RepositoryContract`."""

    threads = 8
    """How many ask at once."""

    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        """Return a new repository of your kind that holds these at revision 0 and nothing else."""
        message = f"{type(self).__name__} has to say how a repository is made: override make_repository"
        raise NotImplementedError(message)

    def test_no_edit_is_lost_and_the_events_tell_what_happened(self) -> None:
        repository = self.make_repository([slot(hour, hour + 1) for hour in range(0, 24, 2)])
        opening = repository.slots(TUTOR)

        def flip(thread: int) -> list[Replaced]:
            return [_flip(repository, f"{thread}-{n}", hour) for n, hour in enumerate(_hours_of(thread))]

        edits = chain(*together([partial(flip, thread) for thread in range(self.threads)]))
        done = sorted(edits, key=lambda replaced: replaced.revision)
        expect_equal([replaced.revision for replaced in done], [*range(1, len(done) + 1)], "the revisions")
        expect_equal(repository.revision(TUTOR), len(done))
        wanted = IntervalSet(s.interval for s in opening)
        for hour in chain(*map(_hours_of, range(self.threads))):
            wanted ^= hours(hour, hour + 1)
        expect_equal(IntervalSet(s.interval for s in repository.slots(TUTOR)), wanted, "the XOR of all edits")
        replayed = apply(opening, [told for replaced in done for told in replaced.events])
        expect_equal(IntervalSet(s.interval for s in replayed), wanted, "what the events lead to")

    def test_edits_of_different_windows_need_no_second_try(self) -> None:
        repository = self.make_repository([slot(0, 24, id="s1")])

        def cut(hour: int) -> int:
            return repository.replace_slots(TUTOR, hours(hour, hour + 0.5), []).revision

        revisions = together([partial(cut, hour) for hour in range(self.threads)])
        expect_equal(sorted(revisions), [*range(1, self.threads + 1)], "the revisions")
        halves = [slot(hour + 0.5, hour + 1, id="s1") for hour in range(self.threads - 1)]
        expect_held(repository.slots(TUTOR), [*halves, slot(self.threads - 0.5, 24, id="s1")])

    def test_of_several_who_book_one_seat_one_gets_it(self) -> None:
        repository = self.make_repository([slot(9, 10)])
        won = together([partial(_try_to_book, repository, f"b{n}") for n in range(self.threads)])
        expect_equal(won.count(True), 1, "the number of those who were told that it is theirs")
        expect_equal([b.id for b in repository.bookings(TUTOR)], [f"b{won.index(True)}"])

    def test_of_several_who_move_to_one_seat_one_gets_it(self) -> None:
        there = [booking(f"b{n}", 10 + n, 11 + n) for n in range(self.threads)]
        repository = self.make_repository([slot(9, 24)], there)
        won = together([partial(_try_to_book, repository, f"b{n}", moving=True) for n in range(self.threads)])
        expect_equal(won.count(True), 1, "the number of those who were told that they were moved")
        expect_equal([b.id for b in repository.bookings(TUTOR, hours(9, 10))], [f"b{won.index(True)}"])
        expect_equal(len(repository.bookings(TUTOR)), self.threads)

    def test_one_request_made_several_times_at_once_is_made_once(self) -> None:
        repository = self.make_repository([slot(9, 12)])
        request = Request("r1", "f1")

        def edit() -> Replaced:
            return repository.replace_slots(TUTOR, hours(9, 10), [], describe=described("c1"), request=request)

        done = together([edit] * self.threads)
        expect_equal([replaced.repeated for replaced in done].count(False), 1, "the number of first answers")
        expect_equal({(replaced.revision, replaced.events) for replaced in done}, {(1, done[0].events)})
        expect_held(repository.slots(TUTOR), [slot(10, 12)])

    def test_each_revision_is_taken_by_one(self) -> None:
        repository = self.make_repository()

        def take() -> int:
            return _retried(repository, lambda revision: repository.advance(TUTOR, expected_revision=revision))

        expect_equal(sorted(together([take] * self.threads)), [*range(1, self.threads + 1)], "the revisions")

    def test_a_snapshot_is_of_one_moment(self) -> None:
        repository = self.make_repository()
        is_over = Event()

        def edit() -> None:  # at revision n there are n slots, and n or n + 1 bookings
            try:
                for n in range(40):
                    repository.book(booking(f"b{n}", n, n + 1), admit=_anything)
                    repository.replace_slots(TUTOR, hours(n, n + 1), [slot(n, n + 1)])
            finally:
                is_over.set()

        def look() -> None:
            while not is_over.is_set():
                snapshot = repository.snapshot(TUTOR)
                expect_equal(len(snapshot.slots), snapshot.revision, "the number of slots in a snapshot")
                fits = len(snapshot.bookings) - snapshot.revision in {0, 1}
                expect_equal(fits, wanted=True, what="whether the bookings are of the moment of the slots")

        together([edit, look])
        expect_equal(repository.revision(TUTOR), 40)

    def test_different_resources_are_edited_side_by_side(self) -> None:
        repository = self.make_repository()

        def edit(name: str) -> int:
            for n in range(10):
                repository.replace_slots(name, hours(n, n + 1), [slot(n, n + 1, name)], expected_revision=n)
            return repository.revision(name)

        names = [f"tutor-{n}" for n in range(self.threads)]
        expect_equal(together([partial(edit, name) for name in names]), [10] * self.threads)
        for name in names:
            expect_held(repository.slots(name), [slot(n, n + 1, name) for n in range(10)])


class ConcurrentAuditLogContract:
    """The tests of an `AuditLog` that many threads share: inherit from it as from `AuditLogContract`."""

    threads = 8
    """How many ask at once."""

    def make_audit_log(self) -> AuditLog:
        """Return a new and empty audit log of your kind."""
        message = f"{type(self).__name__} has to say how an audit log is made: override make_audit_log"
        raise NotImplementedError(message)

    def test_events_delivered_several_times_at_once_are_kept_once(self) -> None:
        log = self.make_audit_log()
        events = [event(1 + n // 3, n, n + 1, ordinal=n % 3) for n in range(60)]

        def deliver(thread: int) -> int:  # all of them, each thread in another order
            turned = events[thread * 7 :] + events[: thread * 7]
            return sum(log.append(turned[n : n + 3]) for n in range(0, len(turned), 3))

        kept = together([partial(deliver, thread) for thread in range(self.threads)])
        expect_equal(sum(kept), len(events), "the number of events that were new")
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events)

    def test_what_is_purged_while_it_is_delivered_stays_away(self) -> None:
        log = self.make_audit_log()
        events = [event(n) for n in range(1, 41)]
        deliveries: list[Callable[[], int]] = [
            lambda: sum(log.append([one]) for one in events) for _ in range(self.threads - 1)
        ]
        *kept, dropped = together([*deliveries, lambda: log.purge(Baseline(TUTOR, 20, []))])
        expect_equal(sum(kept) - dropped, 20, "the number of events kept less those dropped")
        expect_equal([*log.select(Selection(resource_id=TUTOR))], events[20:])


def _hours_of(thread: int) -> list[int]:
    """Return the hours that a thread flips; threads share many of them."""
    return [(thread * 5 + n * 3) % 24 for n in range(12)]


def _flip(repository: Repository, change_id: str, hour: int) -> Replaced:
    """Make an hour a slot, or none if it is one, however often that takes."""

    def flip(revision: int) -> Replaced:
        window = hours(hour, hour + 1)
        new = [] if repository.slots(TUTOR, window) else [slot(hour, hour + 1)]
        return repository.replace_slots(TUTOR, window, new, describe=described(change_id), expected_revision=revision)

    return _retried(repository, flip)


def _retried(repository: Repository, edit: Callable[[int], T]) -> T:
    """Return what the edit returns once it has been given a revision that nobody overtook."""
    while True:  # each failure is the success of another thread, so it ends
        try:
            return edit(repository.revision(TUTOR))
        except RevisionConflictError:
            continue


def _try_to_book(repository: Repository, booking_id: str, *, moving: bool = False) -> bool:
    """Book the one seat from 9 to 10, and return whether that was possible."""

    def admit(slots: Sequence[Slot], bookings: Sequence[Booking]) -> None:
        if not slots or any(booked.id != booking_id for booked in bookings):
            raise NotAvailableError("somebody was faster")

    try:
        repository.book(booking(booking_id, 9, 10), admit=admit, moving=moving)
    except NotAvailableError:
        return False
    return True


def _anything(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    """Admit."""
