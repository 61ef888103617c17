"""What a repository in a database adds to the protocol: tenants, names, streams, constraints, clear errors."""

from __future__ import annotations

import asyncio
import sys
import traceback
from datetime import datetime, timedelta
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import StaticPool

from slotcalc import (
    Booking,
    BookingStatus,
    Interval,
    IntervalError,
    IntervalSet,
    LimitExceededError,
    MissingExtraError,
    NotAvailableError,
    ParseError,
    PointTypeError,
    PointValueError,
    RequestConflictError,
    RevisionConflictError,
    Slot,
    SlotcalcError,
    StoreError,
    UnknownBookingError,
    free,
)
from slotcalc.audit import Delivery, Selection
from slotcalc.repository import Redelivered, Request
from slotcalc.sql import (
    AsyncSqlRepository,
    SqlAuditLog,
    SqlRepository,
    Tables,
    create_all,
    install_functions,
    install_policies,
)
from slotcalc.sql.migrations import upgrade
from tests.databases import DAY, TUTOR, WHOLE_DAY, Database, calls, described, expect_true_history, hours, slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def booking(id: str, start: float, end: float, resource_id: str = TUTOR, **fields: Any) -> Booking:
    return Booking(resource_id, hours(start, end), id=id, **fields)


def admit_anything(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    pass


def admit_what_fits(new: Booking) -> Callable[[Sequence[Slot], Sequence[Booking]], None]:
    def admit(slots: Sequence[Slot], bookings: Sequence[Booking]) -> None:
        if not free(slots, bookings).covers(new.interval):
            raise NotAvailableError("taken", new)

    return admit


def test_a_tenant_neither_sees_nor_touches_what_is_of_another(database: Database) -> None:
    one, other = database.repository(tenant="one"), database.repository(tenant="other")
    for repository, taken in ((one, (9, 10)), (other, (11, 12)), (database.repository(), (13, 14))):
        done = repository.replace_slots(
            TUTOR, WHOLE_DAY, [slot(*taken)], describe=described("c1"), request=Request("r", "f")
        )
        assert (done.before, done.revision, done.repeated, done.delivery) == ((), 1, False, Delivery.WRITTEN)
        repository.book(booking("b1", *taken), admit=admit_anything)
    one.release(TUTOR, "b1")
    assert one.slots(TUTOR) == [slot(9, 10)]
    assert other.bookings(TUTOR) == [booking("b1", 11, 12)]
    assert [len(database.log(tenant=name).select(Selection())) for name in ("one", "other", None, "third")] == [
        1,
        1,
        1,
        0,
    ]
    database.execute("ALTER TABLE {events} RENAME TO gone")
    one.replace_slots(TUTOR, WHOLE_DAY, [], describe=described("c2"))
    assert other.redeliver() == Redelivered()
    assert one.redeliver().pending == 1


def test_equal_slots_in_any_order_of_equal_starts_survive_edits_around_them(database: Database) -> None:
    repository = database.repository()
    slots = [slot(9, 12), slot(9, 12), slot(9, 10, id="a"), slot(9, 11, capacity=2)]
    repository.replace_slots(TUTOR, hours(9, 12), slots)
    assert repository.slots(TUTOR) == slots
    repository.replace_slots(TUTOR, hours(11, 12), [])
    assert sorted(map(repr, repository.slots(TUTOR))) == sorted(
        map(repr, [slot(9, 11), slot(9, 11), slot(9, 10, id="a"), slot(9, 11, capacity=2)])
    )


def test_only_the_difference_is_written(database: Database) -> None:
    repository = database.repository()
    many = [slot(n / 4, n / 4 + 0.25, id=f"s{n}") for n in range(90)]
    repository.replace_slots(TUTOR, WHOLE_DAY, many)
    before = dict(database.execute("SELECT slot_id, slot_key FROM {slots}"))
    repository.replace_slots(TUTOR, WHOLE_DAY, [many[0].replace(label="new"), *many[1:]])
    after = dict(database.execute("SELECT slot_id, slot_key FROM {slots}"))
    assert [name for name in after if after[name] != before[name]] == ["s0"]


def test_the_answer_to_a_repeated_request_is_equal_to_the_first(database: Database) -> None:
    repository, request = database.repository(), Request("r1", "f1")
    repository.seed(
        [slot(8, 10, id="a", capacity=3, label="“Ä”"), slot(10, 11)],
        [booking("b1", 9, 10, status=BookingStatus.TENTATIVE, seats=2, label="Zoë 🎻")],
    )
    first = repository.replace_slots(
        TUTOR, hours(9, 12), [slot(11, 12, id="n")], describe=described("c1", notes="‽"), request=request
    )
    again = repository.replace_slots(TUTOR, hours(9, 12), [], describe=described("c2"), request=request)
    assert again == first.replace(repeated=True)
    quiet = repository.replace_slots(TUTOR, hours(9, 12), [], request=Request("r2", "f"))
    assert repository.replace_slots(TUTOR, hours(9, 12), [], request=Request("r2", "f")) == quiet.replace(repeated=True)
    none = repository.replace_slots(TUTOR, hours(9, 12), [], describe=described("c3"), request=Request("r3", "f"))
    assert none.delivery is Delivery.NOTHING
    assert repository.replace_slots(
        TUTOR, hours(9, 12), [], describe=described("c3"), request=Request("r3", "f")
    ) == none.replace(repeated=True)


def test_a_request_for_another_kind_of_edit_is_a_conflict_even_with_one_fingerprint(database: Database) -> None:
    repository, request = database.repository(), Request("r1", "f1")
    repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)], request=request)
    with pytest.raises(RequestConflictError, match="another kind"):
        repository.book(booking("b1", 9, 10), admit=admit_anything, request=request)


def test_a_store_is_seeded_whole_or_not_at_all_and_only_before_the_first_edit(database: Database) -> None:
    repository = database.repository()
    repository.advance("b", expected_revision=0)
    with pytest.raises(RevisionConflictError):
        repository.seed([slot(9, 10, "a"), slot(9, 10, "b")])
    assert repository.slots("a") == []
    repository.seed([slot(n / 100, n / 100 + 0.01, "a") for n in range(2300)])
    assert len(repository.slots("a")) == 2300


def test_long_answers_are_streamed_in_the_order_of_the_whole_answer(database: Database) -> None:
    repository = database.repository()
    repository.seed(
        [slot(n // 3, n // 3 + 1, id=str(n)) for n in range(2500)],
        [booking(str(n), n // 3, n // 3 + 1) for n in range(1200)],
    )
    window = hours(100, 600)
    assert [*repository.stream_slots(TUTOR)] == repository.slots(TUTOR)
    assert [*repository.stream_slots(TUTOR, window)] == repository.slots(TUTOR, window)
    assert [*repository.stream_bookings(TUTOR, window)] == repository.bookings(TUTOR, window)
    assert [*repository.stream_slots("nobody")] == []
    stream = repository.stream_slots(TUTOR)
    next(stream)
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # of a pool that counts

    async def streamed() -> tuple[list[Slot], list[Booking]]:
        twin = database.async_repository()
        slots = [there async for there in twin.stream_slots(TUTOR, window)]
        bookings = [there async for there in twin.stream_bookings(TUTOR)]
        await database.asynchronous.dispose()
        return slots, bookings

    assert asyncio.run(streamed()) == (repository.slots(TUTOR, window), repository.bookings(TUTOR))


def test_the_asynchronous_twin_gives_the_same_answers(database: Database) -> None:
    async def ask() -> None:
        twin = database.async_repository()
        await twin.seed([slot(8, 12)], [booking("b1", 9, 10)])
        edit = await twin.replace_slots(
            TUTOR, hours(11, 12), [], describe=described("c1"), expected_revision=0, request=Request("r", "f")
        )
        assert (edit.delivery, edit.revision) == (Delivery.WRITTEN, 1)
        assert await twin.advance(TUTOR, expected_revision=1) == 2
        new = await twin.book(booking("b2", 10, 11), admit=admit_anything, request=Request("r2", "f"))
        assert await twin.booking(TUTOR, "b2") == new
        await twin.release(TUTOR, "b1")
        assert await twin.revision(TUTOR) == 2
        assert (await twin.snapshot(TUTOR, hours(8, 9))).slots == (slot(8, 11),)
        assert await twin.slots(TUTOR) == database.repository().slots(TUTOR)
        assert await twin.bookings(TUTOR) == database.repository().bookings(TUTOR)
        assert await twin.redeliver() == Redelivered()
        spooling = database.async_repository(spool=Kept())
        database.execute("DROP TABLE {outbox}", "DROP TABLE {events}")
        last = await spooling.replace_slots(TUTOR, hours(8, 9), [], describe=described("c2"))
        assert last.delivery is Delivery.SPOOLED
        with pytest.raises(RevisionConflictError):
            await twin.advance(TUTOR, expected_revision=1)
        with pytest.raises(StoreError):
            await twin.redeliver()
        await database.asynchronous.dispose()

    asyncio.run(ask())


class Kept(list[Any]):
    """A spool."""


def in_threads(work: Callable[[int], object], count: int = 8) -> None:
    errors: list[BaseException] = []

    def run(n: int) -> None:
        try:
            work(n)
        except BaseException as error:  # noqa: BLE001  # raised again below
            errors.append(error)

    threads = [Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("hot", [True, False])
def test_of_edits_by_eight_threads_none_is_lost(database: Database, *, hot: bool) -> None:
    repository = database.repository()

    def edit(thread: int) -> None:
        for n in range(12):
            hour = (thread * 5 + n) % 24 if hot else thread * 3 + n % 3
            while True:
                there = repository.snapshot(TUTOR, hours(hour, hour + 1))
                after = [] if there.slots else [slot(hour, hour + 1)]
                try:
                    repository.replace_slots(
                        TUTOR,
                        hours(hour, hour + 1),
                        after,
                        describe=described(f"{thread}-{n}"),
                        expected_revision=there.revision,
                    )
                except RevisionConflictError:
                    continue
                break

    in_threads(edit)
    wanted: IntervalSet[Any] = IntervalSet()
    for thread in range(8):
        for n in range(12):
            hour = (thread * 5 + n) % 24 if hot else thread * 3 + n % 3
            wanted ^= hours(hour, hour + 1)
    assert IntervalSet(there.interval for there in repository.slots(TUTOR)) == wanted
    assert repository.revision(TUTOR) == 96
    repository.redeliver()
    expect_true_history(database, [])


def test_of_eight_who_book_one_time_one_gets_it(database: Database) -> None:
    repository = database.repository()
    repository.seed([slot(9, 12)])
    told: list[bool] = []

    def book(n: int) -> None:
        new = booking(f"b{n}", 9, 10)
        try:
            repository.book(new, admit=admit_what_fits(new))
        except NotAvailableError:
            told.append(False)
        else:
            told.append(True)

    in_threads(book)
    assert sorted(told) == [False] * 7 + [True]
    assert len(repository.bookings(TUTOR)) == 1


INSERT = """
    INSERT INTO {{bookings}} (resource_key, booking_id, start_at, end_at{columns})
    SELECT resource_key, 'other', start_at, end_at{values} FROM {{bookings}} WHERE booking_id = 'b1'
"""


def test_the_database_itself_refuses_a_double_booking_by_any_program(database: Database) -> None:
    repository = database.repository()
    repository.seed([slot(9, 12)])
    repository.book(booking("b1", 9, 10), admit=admit_anything)
    with pytest.raises(IntegrityError, match="one_at_a_time"):
        database.execute(INSERT.format(columns="", values=""))
    database.execute(INSERT.format(columns=", status", values=", 'CANCELLED'"))
    with pytest.raises(IntegrityError, match="one_at_a_time"):
        database.execute("UPDATE {bookings} SET status = 'TENTATIVE' WHERE booking_id = 'other'")
    assert [b.status for b in repository.bookings(TUTOR)].count(BookingStatus.CANCELLED) == 1


def test_a_double_booking_that_only_the_database_can_see_is_not_available(database: Database) -> None:
    repository = database.repository()
    repository.seed([slot(9, 12)])
    repository.book(booking("b1", 9, 10), admit=admit_anything)
    hidden = booking("b2", 9, 10)
    with pytest.raises(NotAvailableError, match="another active") as error:
        _book_past_the_decision(repository, hidden)
    assert error.value.values == (hidden, ())


def _book_past_the_decision(repository: SqlRepository, new: Booking) -> None:
    from slotcalc.sql import slot_store  # noqa: PLC0415  # only here
    from slotcalc.sql.connections import editing  # noqa: PLC0415  # only here

    place = repository._store.place
    with repository._engine.connect() as connection, editing(connection):
        resource = slot_store.lock(connection, place, new.resource_id)
        slot_store.keep_booking(connection, place, resource, new, is_new=True, exclusive=True)


def test_bookings_are_made_and_released_once_for_each_request(database: Database) -> None:
    repository, new = database.repository(), booking("b1", 9, 10)
    assert repository.booking(TUTOR, "b1") is None
    for _ in range(2):
        assert repository.book(new, admit=admit_anything, request=Request("r1", "book")) == new
    assert repository.booking(TUTOR, "b1") == new
    assert repository.booking("nobody", "b1") is None
    for _ in range(2):
        cancelled = repository.release(TUTOR, "b1", request=Request("r2", "release"))
        assert cancelled == new.replace(status=BookingStatus.CANCELLED)
    with pytest.raises(UnknownBookingError):
        repository.release(TUTOR, "b2")
    with pytest.raises(IntegrityError):  # of the id, not of the time
        _book_past_the_decision(repository, booking("b1", 11, 12))


def test_bookings_may_share_their_time_where_slots_have_seats_or_who_admits_them_says_so(database: Database) -> None:
    repository = database.repository()
    repository.seed([slot(9, 12, capacity=2), slot(14, 16), slot(15, 16), slot(18, 19)])
    for start, end in ((9, 10), (15, 16), (18, 19), (20, 21)):
        for n in range(3):
            repository.book(booking(f"{start}-{n}", start, end), admit=admit_anything)
    moved = booking("18-0", 20, 21)
    repository.book(moved, admit=admit_anything, moving=True)
    assert len(repository.bookings(TUTOR)) == 12
    exclusive = dict(database.execute("SELECT booking_id, exclusive FROM {bookings}"))
    assert [name for name, alone in exclusive.items() if alone] == ["20-0"]


def test_a_seeded_booking_is_exclusive_unless_it_shares_its_time_already(database: Database) -> None:
    repository = database.repository()
    repository.seed([slot(9, 18)], [booking("a", 9, 11), booking("b", 10, 12), booking("c", 14, 15)])
    exclusive = dict(database.execute("SELECT booking_id, exclusive FROM {bookings}"))
    assert {name: bool(alone) for name, alone in exclusive.items()} == {"a": False, "b": False, "c": True}


BAD: list[tuple[type[SlotcalcError], Callable[[SqlRepository], object]]] = [
    (PointValueError, lambda r: r.slots("a\x00b")),
    (PointValueError, lambda r: r.slots("a\ud800b")),
    (LimitExceededError, lambda r: r.revision("x" * 100_000)),
    (PointTypeError, lambda r: r.slots(7)),  # type: ignore[arg-type]
    (PointTypeError, lambda r: r.slots(TUTOR, Interval(9, 10))),
    (PointTypeError, lambda r: [*r.stream_slots(TUTOR, Interval(9, 10))]),
    (PointTypeError, lambda r: r.slots(TUTOR, Interval(datetime(2026, 3, 2), datetime(2026, 3, 3)))),
    (PointTypeError, lambda r: r.slots(TUTOR, (DAY, DAY))),  # type: ignore[arg-type]
    (PointTypeError, lambda r: r.replace_slots(TUTOR, WHOLE_DAY, [Slot(TUTOR, (9, 10))])),
    (PointValueError, lambda r: r.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10, id="\x00")])),
    (LimitExceededError, lambda r: r.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10, label="x" * 100_000)])),
    (PointValueError, lambda r: r.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10, capacity=2**63)])),
    (PointValueError, lambda r: r.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)], request=Request("\x00", ""))),
    (PointValueError, lambda r: r.advance("\x00", expected_revision=0)),
    (PointTypeError, lambda r: r.book(Booking(TUTOR, WHOLE_DAY), admit=admit_anything)),
    (PointValueError, lambda r: r.book(booking("\udfff", 9, 10), admit=admit_anything)),
    (PointValueError, lambda r: r.book(booking("b", 9, 10, seats=2**63), admit=admit_anything)),
    (LimitExceededError, lambda r: r.release(TUTOR, "x" * 100_000)),
    (PointValueError, lambda r: r.booking("\x00", "b")),
    (LimitExceededError, lambda r: r.booking(TUTOR, "x" * 100_000)),
    (PointTypeError, lambda r: r.booking(TUTOR, 7)),  # type: ignore[arg-type]
    (PointValueError, lambda r: r.seed([], [booking("b", 9, 10, label="\x00")])),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_no_database_keeps_is_refused_before_anything_is_sent(database: Database, number: int) -> None:
    error, call = BAD[number]
    with calls(database.engine, lambda *_: None) as made, pytest.raises(error):
        call(database.repository())
    assert made == []
    assert database.count("resources") == 0


def test_a_window_is_answered_by_the_index_of_times(database: Database) -> None:
    repository = database.repository()
    repository.seed([], [booking(str(n), n, n + 0.5) for n in range(3000)])
    said: list[tuple[str, Any]] = []

    def see(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "bookings" in statement:
            said.append((statement, parameters))

    database.execute("ANALYZE")
    event.listen(database.engine, "before_cursor_execute", see)
    assert len(repository.bookings(TUTOR, hours(1500, 1524))) == 24
    event.remove(database.engine, "before_cursor_execute", see)
    ((statement, parameters),) = said
    with database.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        plan = "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(explain + statement, parameters))
    assert ("_by_end" if database.is_sqlite else "_by_time") in plan, plan
    assert "Seq Scan" not in plan, plan


def test_creating_the_tables_again_or_at_once_changes_nothing(database: Database) -> None:
    repository = database.repository()
    repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)])
    create_all(database.engine, database.tables)
    with database.engine.begin() as connection:
        create_all(connection, database.tables)
    assert repository.slots(TUTOR) == [slot(9, 10)]
    others = Tables(prefix="more_", schema=database.tables.schema)
    in_threads(lambda _: create_all(database.engine, others), 4)
    assert SqlRepository(database.engine, tables=others).revision(TUTOR) == 0


def test_the_tables_have_the_names_that_were_asked_for() -> None:
    tables = Tables(prefix="x_", schema="calendar")
    assert tables.slots.fullname == "calendar.x_slots"
    assert repr(tables) == "Tables(prefix='x_', schema='calendar')"
    for odd in ("Slots", "1x", "a-b", 'a"; DROP', "x" * 31):
        with pytest.raises(ParseError):
            Tables(prefix=odd)
        with pytest.raises(ParseError):
            Tables(schema=odd)
    wrong: Any
    for wrong in ({"prefix": None}, {"prefix": 5}, {"schema": 0}):
        with pytest.raises(PointTypeError, match="is not text"):
            Tables(**wrong)


def test_tables_may_be_named_one_by_one(database: Database) -> None:
    names = {"slots": "order", "bookings": "visits", "events": "user", "batches": "group"}
    tables = Tables(prefix="own_", schema=database.tables.schema, names=names)
    assert (tables.slots.name, tables.bookings.name, tables.requests.name) == ("order", "visits", "own_requests")
    assert repr(tables).endswith(f", names={names!r})")
    create_all(database.engine, tables)
    if not database.is_sqlite:
        install_functions(database.engine, tables)
        install_policies(database.engine, tables)
        install_functions(database.engine, tables)
    repository = SqlRepository(database.engine, tables=tables)
    repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 12)], describe=described("c1"))
    repository.book(booking("b1", 9, 10), admit=admit_anything)
    columns = "resource_key, start_at, end_at, booking_id"
    twice = f"INSERT INTO {tables.bookings.fullname} ({columns}, label) SELECT {columns} || '2', '' FROM "  # noqa: S608
    with pytest.raises(IntegrityError, match="one_at_a_time"), database.engine.begin() as connection:
        connection.exec_driver_sql(twice + tables.bookings.fullname)
    assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(10, 12)])
    assert len(SqlAuditLog(database.engine, tables=tables).select(Selection())) == 1
    create_all(database.engine, tables)


def test_tables_have_names_of_their_own() -> None:
    wrong: Any
    for wrong in ({"rooms": "x"}, {"slots": "visits", "bookings": "visits"}, {"slots": "slotcalc_bookings"}):
        with pytest.raises(PointValueError, match=r"is no table|give two tables one name"):
            Tables(names=wrong)
    for wrong in ({"slots": ""}, {"slots": "A"}):
        with pytest.raises(ParseError, match="slots="):
            Tables(names=wrong)
    with pytest.raises(PointTypeError, match="slots=5 is not text"):
        Tables(names={"slots": 5})  # type: ignore[dict-item]  # the mistake


def test_tables_are_made_in_what_is_connected() -> None:
    make: Any
    for make in (create_all, upgrade, install_functions, install_policies):
        for wrong in ("sqlite://", None, create_async_engine("sqlite+aiosqlite://")):
            with pytest.raises(PointTypeError, match=r"is neither an engine nor a connection; make one with"):
                make(wrong)


def test_a_file_of_sqlite_is_journalled_ahead_with_foreign_keys_on(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'slots.db'}", poolclass=StaticPool)
    create_all(engine)
    SqlRepository(engine, lock_timeout=timedelta(seconds=7)).replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)])
    with engine.connect() as connection:
        asked = ("journal_mode", "foreign_keys", "busy_timeout")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked] == ["wal", 1, 7000]
        assert connection.connection.driver_connection.isolation_level == ""  # type: ignore[union-attr]
    SqlRepository(engine, lock_timeout=timedelta.max).advance(TUTOR, expected_revision=1)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2**31 - 1
    engine.dispose()


def test_a_driver_that_begins_no_transaction_is_found_out(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'slots.db'}")
    create_all(engine)

    def undo(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            connection.connection.driver_connection.rollback()

    event.listen(engine, "after_cursor_execute", undo)
    with pytest.raises(StoreError, match="ended the transaction"):
        SqlRepository(engine).replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)])
    engine.dispose()


def test_only_engines_of_known_databases_and_drivers_are_taken(database: Database) -> None:
    engine = database.engine
    for odd in ("sqlite://", None, database.asynchronous):
        with pytest.raises(PointTypeError, match="create_engine"):
            SqlRepository(odd)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="create_async_engine"):
        AsyncSqlRepository(engine)  # type: ignore[arg-type]
    odd_driver = create_engine("sqlite://")
    odd_driver.dialect.driver = "pysqlcipher"
    with pytest.raises(PointTypeError, match="sqlite\\+pysqlcipher is not known here"):
        SqlRepository(odd_driver)
    with pytest.raises(PointValueError, match="mode="):
        SqlRepository(engine, mode="quick")  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="lock_timeout"):
        SqlRepository(engine, lock_timeout=3)  # type: ignore[arg-type]
    with pytest.raises(IntervalError, match=r"audit_timeout=.* is negative"):
        SqlRepository(engine, audit_timeout=timedelta(seconds=-1))
    with pytest.raises(PointValueError, match="tenant"):
        SqlRepository(engine, tenant="\x00")
    with pytest.raises(PointTypeError, match="tenant=0 is not text"):  # it would see the rows of those without a tenant
        SqlRepository(engine, tenant=0)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="is no spool; make one of its path"):
        SqlRepository(engine, spool="slots.spool")  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="tenant=0 is not text"):
        SqlAuditLog(engine, tenant=0)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="lock_timeout=3 is no timedelta"):
        SqlAuditLog(engine, lock_timeout=3)  # type: ignore[arg-type]


def test_a_pool_without_a_free_connection_is_a_store_error(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'slots.db'}", pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(StoreError, match="QueuePool"):
        SqlRepository(engine).revision(TUTOR)
    engine.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_resource_that_may_be_written_but_not_read_is_a_store_error(database: Database) -> None:
    database.execute("CREATE TRIGGER hide BEFORE INSERT ON {resources} BEGIN SELECT RAISE(IGNORE); END")
    with pytest.raises(StoreError, match="cannot be read"):
        database.repository().advance(TUTOR, expected_revision=0)


def test_no_password_is_in_a_repr_an_error_or_the_log_of_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    engine = create_engine(f"postgresql+psycopg://ada:s3cr%23t@/slots?host={tmp_path}&connect_timeout=2")
    for place in (SqlRepository(engine), SqlAuditLog(engine)):
        assert "postgresql+psycopg://ada:***@/slots" in repr(place)
        assert "s3cr" not in repr(place)
    repository = SqlRepository(engine, spool=Kept())
    for call in (
        lambda: repository.slots(TUTOR),
        lambda: repository.replace_slots(TUTOR, WHOLE_DAY, [], describe=described("c1"), request=Request("r", "f")),
        lambda: repository.book(booking("b1", 9, 10), admit=admit_anything),
        repository.redeliver,
        lambda: SqlAuditLog(engine).select(Selection()),
    ):
        with pytest.raises(StoreError) as error:
            call()
        assert "***" in str(error.value)
        assert "s3cr" not in "".join(traceback.format_exception(error.value))
    assert "s3cr" not in caplog.text


def test_an_error_does_not_tell_what_was_to_be_written(database: Database) -> None:
    database.execute("DROP TABLE {slots}")
    matter = "matter"  # so that no line of this file holds both words
    with pytest.raises(StoreError) as error:
        database.repository().replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10, label=f"private {matter}")])
    assert f"private {matter}" not in "".join(traceback.format_exception(error.value))
    assert "nothing was written" in str(error.value)


def test_without_sqlalchemy_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "slotcalc.sql")
    with pytest.raises(MissingExtraError, match=r"databases need SQLAlchemy: pip install 'slotcalc\[sql\]'"):
        import_module("slotcalc.sql")
