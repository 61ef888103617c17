"""A repository over tables of one's own keeps the contract of repositories, and others can still read the tables."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import (
    Booking,
    BookingStatus,
    NotAvailableError,
    ParseError,
    PointTypeError,
    PointValueError,
    Slot,
    UnknownBookingError,
)
from slotcalc.audit import Delivery
from slotcalc.repository import Request
from slotcalc.sql import AsyncMappedRepository, BookingTable, MappedRepository, SlotTable
from slotcalc.testing import ConcurrentRepositoryContract, RepositoryContract, awaited, wait_for
from tests.databases import TUTOR, Database, described, hours, on_postgres, slot
from tests.own_tables import BY_DATE, BY_MOMENT, PARIS, SPRING, Lessons, Shifts, admitting, lesson, only_into_free_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slotcalc.repository import Repository


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    with on_postgres(postgres_url) as made:
        yield made


class OwnTables:
    """What a contract is given: each time a repository over two tables that nobody else has."""

    @pytest.fixture(autouse=True)
    def _on(self, database: Database) -> Iterator[None]:
        self.database = database
        yield
        wait_for(database.asynchronous.dispose())

    def made(self) -> dict[str, Any]:
        """Make the tables, and return how they are mapped."""
        fresh = Database(self.database.engine, schema=self.database.tables.schema)
        schema, prefix = fresh.tables.schema, fresh.tables.prefix
        moment, key = ("TEXT", "INTEGER") if fresh.is_sqlite else ("TIMESTAMPTZ", "serial")
        shared = f"n {key} PRIMARY KEY, who TEXT, since {moment}, until {moment}, name TEXT, note TEXT"
        dot = f"{schema}." if schema else ""
        fresh.execute(
            f"CREATE TABLE {dot}{prefix}open ({shared}, room INTEGER)",
            f"CREATE TABLE {dot}{prefix}taken ({shared}, people INTEGER, state TEXT)",
        )
        fields: dict[str, Any] = {"resource_id": "who", "start": "since", "end": "until", "id": "name", "label": "note"}
        return {
            "tables": fresh.tables,
            "slots": SlotTable(f"{prefix}open", **fields, schema=schema, capacity="room"),
            "bookings": BookingTable(f"{prefix}taken", **fields, schema=schema, seats="people", status="state"),
        }


class TestContract(OwnTables, RepositoryContract, ConcurrentRepositoryContract):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        repository = MappedRepository(self.database.engine, **self.made())
        repository.seed(slots, bookings)
        return repository


class TestContractOfTheAsynchronousTwin(OwnTables, RepositoryContract):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        repository = AsyncMappedRepository(self.database.asynchronous, **self.made())
        wait_for(repository.seed(slots, bookings))
        return awaited(repository)


def test_a_booking_is_made_moved_and_cancelled_in_the_words_of_the_table(database: Database) -> None:
    lessons = Lessons(database)
    lessons.open(hours(9, 12))
    repository = lessons.repository
    assert repository.book(lesson(9, 10), admit=only_into_free_time) == lesson(9, 10)
    with pytest.raises(NotAvailableError):
        repository.book(lesson(9.5, 10.5, id="b"), admit=only_into_free_time)
    repository.book(lesson(10, 11, status=BookingStatus.TENTATIVE), admit=admitting, moving=True)
    assert lessons.states() == {"a": "held"}
    assert repository.bookings("7", hours(10.5, 11)) == [lesson(10, 11, status=BookingStatus.TENTATIVE)]
    assert repository.bookings("7", hours(11, 12)) == []
    assert repository.release("7", "a").status is BookingStatus.CANCELLED
    assert lessons.states() == {"a": "off"}
    with pytest.raises(UnknownBookingError):
        repository.release("7", "b")
    assert [*repository.stream_bookings("7")] == repository.bookings("7")
    assert [*repository.stream_slots("7")] == repository.slots("7") == [Slot("7", hours(9, 12))]


def test_an_edit_has_its_events_requests_and_revision_beside_the_tables(database: Database) -> None:
    lessons = Lessons(database)
    lessons.open(hours(9, 12), seats=3)
    request = Request("r", "f")
    for repeated in (False, True):
        done = lessons.repository.replace_slots("7", hours(0, 24), [], describe=lambda _: (), request=request)
        assert (done.before, done.revision, done.repeated) == ((Slot("7", hours(9, 12), capacity=3),), 1, repeated)
    assert lessons.repository.revision("7") == lessons.repository.snapshot("7").revision == 1
    shifts = Shifts(database, BY_DATE[0])
    told = shifts.repository.replace_slots(TUTOR, hours(0, 24), [slot(9, 10)], describe=described("c"))
    assert told.delivery is Delivery.WRITTEN
    assert len(database.log().events_since().events) == 1


def test_the_asynchronous_twin_does_the_same(database: Database) -> None:
    lessons = Lessons(database)
    lessons.open(hours(9, 12))

    async def edit() -> None:
        repository = lessons.asynchronous()
        try:
            await repository.book(lesson(9, 10), admit=admitting)
            assert [each async for each in repository.stream_slots("7")] == [Slot("7", hours(9, 12))]
            assert [each async for each in repository.stream_bookings("7")] == [lesson(9, 10)]
            await repository.seed([Slot("8", hours(1, 2))])
        finally:
            await database.asynchronous.dispose()

    asyncio.run(edit())
    assert lessons.repository.slots("8") == [Slot("8", hours(1, 2))]


def test_a_status_without_a_meaning_is_named(database: Database) -> None:
    lessons = Lessons(database, words={"booked": BookingStatus.CONFIRMED})
    lessons.repository.book(lesson(9, 10), admit=admitting)
    with pytest.raises(PointValueError, match=r"nothing in the mapping of 'lessons.*CANCELLED"):
        lessons.repository.release("7", "a")
    database.execute(f"UPDATE {lessons.dot}{lessons.bookings} SET state = 'lost'")  # noqa: S608
    with pytest.raises(ParseError, match=r"'lost' in 'state' of 'lessons.* has no meaning"):
        lessons.repository.bookings("7")


def test_without_a_status_every_booking_is_confirmed(database: Database) -> None:
    lessons = Lessons(database, status=None)
    lessons.repository.book(lesson(9, 10), admit=admitting)
    assert lessons.repository.bookings("7") == [lesson(9, 10)]
    with pytest.raises(PointValueError, match="nothing in the mapping"):
        lessons.repository.release("7", "a")


@pytest.mark.parametrize("resource_id", ["007", "seven", "7.0", "9" * 200, "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_a_name_that_the_column_cannot_hold_is_refused(database: Database, resource_id: str) -> None:
    with pytest.raises(PointValueError, match=r"cannot be in 'who' of 'openings.* numbers"):
        Lessons(database).repository.slots(resource_id)


def test_names_may_be_uuids_and_words_of_an_enum(postgres_database: Database) -> None:
    schema = postgres_database.tables.schema
    postgres_database.execute(f"CREATE TYPE {schema}.mood AS ENUM ('yes', 'no')")
    lessons = Lessons(postgres_database, id_type="UUID", words={"yes": "CONFIRMED", "no": "CANCELLED"})
    postgres_database.execute(
        f"ALTER TABLE {lessons.dot}{lessons.bookings} ALTER state TYPE {schema}.mood USING state::{schema}.mood"
    )
    name = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    lessons.repository.book(lesson(9, 10, id=name), admit=admitting)
    assert lessons.repository.release("7", name).id == name
    assert lessons.states() == {name: "no"}
    with pytest.raises(UnknownBookingError):
        lessons.repository.release("7", name.upper())
    with pytest.raises(PointValueError, match="has UUIDs in lower case"):
        lessons.repository.book(lesson(9, 10, id=name.upper()), admit=admitting)


@pytest.mark.parametrize("booking_id", ["007", "seven", "7.0", "", "9" * 200, "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_there_is_no_booking_of_an_id_that_the_column_cannot_hold(database: Database, booking_id: str) -> None:
    lessons = Lessons(database, id_type="INTEGER")
    repository = lessons.repository
    repository.book(lesson(9, 10, id="7"), admit=admitting)
    assert repository.booking("7", booking_id) is None
    with pytest.raises(UnknownBookingError):
        repository.release("7", booking_id)
    with pytest.raises(UnknownBookingError):
        repository.book(lesson(10, 11, id=booking_id), admit=admitting, moving=True)
    with pytest.raises(PointValueError, match=r"cannot be in 'ref' of 'lessons.* numbers"):
        repository.book(lesson(10, 11, id=booking_id), admit=admitting)
    assert repository.bookings("7") == [lesson(9, 10, id="7")]


def test_a_row_that_is_no_slot_or_booking_is_named(database: Database) -> None:
    lessons = Lessons(database, seats="places")
    database.execute(f"ALTER TABLE {lessons.dot}{lessons.bookings} ADD COLUMN places INTEGER")
    lessons.repository.book(lesson(9, 10), admit=admitting)
    lessons.open(hours(9, 12), seats=0)
    with pytest.raises(ParseError, match=r"a row of 'openings.* with since=.* is no slot: capacity=0 is less than 1"):
        lessons.repository.slots("7")
    database.execute(f"UPDATE {lessons.dot}{lessons.bookings} SET places = NULL")  # noqa: S608
    with pytest.raises(ParseError, match=r"a row of 'lessons.* is no booking: seats=None is not a whole number"):
        lessons.repository.bookings("7")


def test_a_booking_longer_than_a_row_of_clock_time_is_refused(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[0])
    bookings = BookingTable(
        shifts.name,
        resource_id="tutor",
        id="row_id",
        date="on_day",
        start_time="since",
        end_time="until",
        zone=PARIS,
        schema=database.tables.schema,
    )
    repository = MappedRepository(database.engine, tables=database.tables, bookings=bookings)
    with pytest.raises(PointValueError, match="longer than a row"):
        repository.book(Booking(TUTOR, hours(0, 30), id="7"), admit=admitting)
    repository.book(Booking(TUTOR, hours(22, 26), id="7"), admit=admitting)
    assert repository.bookings(TUTOR, hours(25, 26)) == [Booking(TUTOR, hours(22, 26), id="7")]


def test_what_is_not_mapped_is_in_the_tables_of_slotcalc(database: Database) -> None:
    shifts = Shifts(database, BY_MOMENT[0])
    repository = shifts.repository
    repository.replace_slots(TUTOR, hours(9, 12), [slot(9, 12)])
    repository.book(Booking(TUTOR, hours(9, 10), id="a"), admit=admitting)
    repository.book(Booking(TUTOR, hours(10, 11), id="a"), admit=admitting, moving=True)
    assert database.repository().bookings(TUTOR) == repository.bookings(TUTOR)
    assert repository.release(TUTOR, "a").status is BookingStatus.CANCELLED
    assert database.repository().slots(TUTOR) == []
    lessons = Lessons(database)
    other = MappedRepository(database.engine, **{**lessons.mapped, "slots": None})
    other.replace_slots("7", hours(9, 12), [Slot("7", hours(9, 12))])
    assert database.repository().slots("7") == other.slots("7") == [Slot("7", hours(9, 12))]


def test_eight_who_book_the_same_time_at_once_make_one_booking(database: Database) -> None:
    lessons = Lessons(database)
    lessons.open(hours(9, 12))

    def book(n: int) -> bool:
        try:
            lessons.repository.book(lesson(9, 10, id=f"b{n}"), admit=only_into_free_time)
        except NotAvailableError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(book, range(8))) == 1
    assert len(lessons.states()) == 1


def test_what_is_seeded_and_what_stays_is_written_once(database: Database) -> None:
    lessons = Lessons(database)
    there = [Slot("7", hours(9, 10)), Slot("7", hours(10, 11)), Slot("7", hours(11, 12), capacity=2)]
    lessons.repository.seed(there, [lesson(9, 10)])
    asked = f"SELECT n FROM {lessons.dot}{lessons.slots} ORDER BY since"  # noqa: S608
    before = database.execute(asked)
    lessons.repository.replace_slots("7", hours(9, 12), there[:2])
    assert database.execute(asked) == before[:2]
    assert lessons.repository.snapshot("7").bookings == (lesson(9, 10),)


def test_a_booking_that_the_clocks_jump_over_is_none(database: Database) -> None:
    shifts = Shifts(database, BY_DATE[0])
    mapping = shifts.mapping
    mapping.pop("zone")
    bookings = BookingTable(shifts.name, id="row_id", zone=PARIS, **mapping)
    shifts.add(SPRING, "02:00", "03:00")
    repository = MappedRepository(database.engine, tables=database.tables, bookings=bookings)
    assert repository.bookings(TUTOR) == []


def test_types_that_hold_no_such_time_are_named(postgres_database: Database) -> None:
    schema = postgres_database.tables.schema
    postgres_database.execute(f"CREATE TABLE {schema}.odd (who TEXT, d DATE, a TIMETZ, b TIME, c BYTEA)")
    for end, start, said in (("b", "a", "TIMETZ|TIME"), ("c", "b", "BYTEA")):
        mapping = SlotTable(
            "odd", resource_id="who", date="d", start_time=start, end_time=end, zone=PARIS, schema=schema
        )
        with pytest.raises(PointTypeError, match=said):
            MappedRepository(postgres_database.engine, tables=postgres_database.tables, slots=mapping).slots(TUTOR)
