"""What breaks around an edit, and what is left: audit faults, failing calls, dying connections, cancelled tasks."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from slotcalc import Interval, IntervalSet, OutcomeUnknownError, RevisionConflictError, SlotcalcError, StoreError
from slotcalc.audit import Delivery
from slotcalc.repository import Redelivered, Request
from tests.databases import TUTOR, calls, described, expect_true_history, hours, slot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slotcalc import AuditEvent
    from slotcalc.repository import Replaced
    from slotcalc.sql import SqlRepository
    from tests.databases import Database


postgresql_only = pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # it has connections to lose


class Spool:
    """A spool that holds its events in memory."""

    def __init__(self, *, broken: bool = False) -> None:
        self.batches: list[Sequence[AuditEvent]] = []
        self.broken = broken

    def append(self, events: Sequence[AuditEvent]) -> None:
        if self.broken:
            raise OSError("no space left on device")
        self.batches.append(events)


def flip(repository: SqlRepository, hour: int, name: str, *, notes: str = "") -> Replaced:
    """Take an hour away if it is there, else put it there, once for each name."""
    window = hours(hour, hour + 1)
    request = None if notes else Request(name, "flip")  # whose answer would hold the notes as well
    while True:
        there = repository.snapshot(TUTOR, window)
        after = [] if there.slots else [slot(hour, hour + 1)]
        try:
            return repository.replace_slots(
                TUTOR,
                window,
                after,
                describe=described(name, notes=notes),
                expected_revision=there.revision,
                request=request,
            )
        except RevisionConflictError:
            continue


def time_of(repository: SqlRepository) -> IntervalSet[Any]:
    return IntervalSet(there.interval for there in repository.slots(TUTOR))


def xor(flipped: list[int]) -> IntervalSet[Any]:
    made: IntervalSet[Any] = IntervalSet()
    for hour in flipped:
        made ^= hours(hour, hour + 1)
    return made


def name_of(database: Database, table: str) -> str:
    return str(getattr(database.tables, table).fullname)


@contextmanager
def missing_table(database: Database, table: str = "events") -> Iterator[None]:
    database.execute(f"ALTER TABLE {name_of(database, table)} RENAME TO gone")
    yield
    schema = f"{database.tables.schema}." if database.tables.schema else ""
    database.execute(f"ALTER TABLE {schema}gone RENAME TO {database.tables.prefix}{table}")


@contextmanager
def violated_check(database: Database, table: str = "events") -> Iterator[None]:
    name, check = name_of(database, table), "notes <> ''" if table == "batches" else "ordinal > 9"
    if database.is_sqlite:  # which adds no CHECK to a table that is there
        with instead(database, name, f", CHECK ({check}))"):
            yield
    else:
        database.execute(f"ALTER TABLE {name} ADD CONSTRAINT odd CHECK ({check})")
        yield
        database.execute(f"ALTER TABLE {name} DROP CONSTRAINT odd")


@contextmanager
def instead(database: Database, name: str, ending: str) -> Iterator[None]:
    """Put a table in the place of an empty one of SQLite that differs from it in how its definition ends."""
    ((made,),) = database.execute(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")  # noqa: S608  # its own name
    database.execute(f"DROP TABLE {name}", made.rstrip().removesuffix(")") + ending)
    yield
    database.execute(f"DROP TABLE {name}", made)


@contextmanager
def deferred_refusal(database: Database, table: str = "events") -> Iterator[None]:
    """Refuse the events at COMMIT, when it is too late for a savepoint."""
    name = name_of(database, table)
    if database.is_sqlite:
        database.execute("CREATE TABLE nobody (name TEXT PRIMARY KEY)")
        odd = ", FOREIGN KEY (tenant) REFERENCES nobody (name) DEFERRABLE INITIALLY DEFERRED)"
        with instead(database, name, odd):
            yield
    else:
        database.execute(
            f"CREATE FUNCTION {name}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'refused'; END $$",
            f"CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {name} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {name}_refuse()",
        )
        yield
        database.execute(f"DROP TRIGGER refuse ON {name}")


@contextmanager
def full_disk(database: Database, table: str = "events") -> Iterator[None]:
    """Refuse to grow: by the code that a server gives for it, or with SQLite truly."""
    if database.is_sqlite:
        engine = database.engine

        def limit(driver: Any, _record: object) -> None:
            pages = driver.execute("PRAGMA page_count").fetchone()[0]
            driver.execute(f"PRAGMA max_page_count = {pages + 4}")

        event.listen(engine, "connect", limit)
        engine.dispose()
        yield
        event.remove(engine, "connect", limit)
        engine.dispose()
    else:
        name = name_of(database, table)
        database.execute(
            f"CREATE FUNCTION {name}_raise() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$",
            f"CREATE TRIGGER raises BEFORE INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION {name}_raise()",
        )
        yield
        database.execute(f"DROP TRIGGER raises ON {name}")


@contextmanager
def ended_transaction(database: Database, table: str = "events") -> Iterator[None]:
    name = name_of(database, table)
    database.execute(f"CREATE TRIGGER ends BEFORE INSERT ON {name} BEGIN SELECT RAISE(ROLLBACK, 'it is over'); END")
    yield
    database.execute("DROP TRIGGER ends")


@contextmanager
def held_lock(database: Database, table: str = "events") -> Iterator[None]:
    with database.engine.connect() as other, other.begin():
        other.exec_driver_sql(f"LOCK TABLE {name_of(database, table)} IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def revoked_rights(database: Database, table: str = "events") -> Iterator[None]:
    engine, name = database.engine, name_of(database, table)
    if database.is_sqlite:

        def refuse(action: int, written: str | None, *_: object) -> int:
            return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_INSERT and written == name else sqlite3.SQLITE_OK

        def watch(driver: Any, _record: object) -> None:
            driver.set_authorizer(refuse)

        event.listen(engine, "connect", watch)
        engine.dispose()
        yield
        event.remove(engine, "connect", watch)
        engine.dispose()
    else:
        role = f"role_{database.tables.schema}"
        schema = database.tables.schema
        database.execute(
            f"CREATE ROLE {role} LOGIN",
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"REVOKE INSERT ON {name} FROM {role}",
        )
        database.engine = create_engine(engine.url.set(username=role), poolclass=NullPool)
        yield
        database.engine = engine
        database.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@contextmanager
def dead_connection(database: Database, table: str = "events") -> Iterator[None]:
    """Break the connection each time that it is about to write events."""

    def kill(_number: int, connection: Any, said: str) -> None:
        if said.startswith("INSERT INTO") and said.split()[2].endswith(table):
            if database.is_sqlite:
                connection.connection.driver_connection.close()
            else:
                terminate(database, connection)

    with calls(database.engine, kill):
        yield


def terminate(database: Database, connection: Any) -> None:
    pid = connection.connection.driver_connection.info.backend_pid
    killer = create_engine(database.engine.url, poolclass=NullPool)
    with killer.connect() as other:
        other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
    killer.dispose()


FAULTS = {
    "a missing table": (missing_table, Delivery.QUEUED),
    "a violated CHECK": (violated_check, Delivery.QUEUED),
    "a refusal at COMMIT": (deferred_refusal, Delivery.QUEUED),
    "a held lock": (held_lock, Delivery.QUEUED),
    "a full disk": (full_disk, None),
    "a trigger that ends the transaction": (ended_transaction, Delivery.QUEUED),
    "revoked rights": (revoked_rights, Delivery.QUEUED),
    "a dead connection": (dead_connection, Delivery.QUEUED),
}


ON_ONE_ONLY = {
    "a held lock": "postgresql",  # SQLite has one lock for all tables, and the edit holds it
    "a trigger that ends the transaction": "sqlite",  # PostgreSQL has none
}
EACH_FAULT = [
    (kind, fault) for fault in FAULTS for kind in ("sqlite", "postgresql") if ON_ONE_ONLY.get(fault, kind) == kind
]


@pytest.mark.parametrize("table", ["events", "batches"])
@pytest.mark.parametrize("database,fault", EACH_FAULT, indirect=["database"])
def test_every_edit_stands_and_no_event_is_missing_after_redelivery(database: Database, fault: str, table: str) -> None:
    broken, wanted = FAULTS[fault]
    hours_flipped = [3, 5, 3, 7, 8]
    spool = Spool()
    with broken(database, table):
        repository = database.repository(spool=spool)
        began = monotonic()
        done = [
            flip(repository, hour, f"c{n}", notes="ж" * 9000 if wanted is None else "")
            for n, hour in enumerate(hours_flipped)
        ]
        assert monotonic() - began < 20
        assert time_of(repository) == xor(hours_flipped)
    assert [replaced.revision for replaced in done] == [1, 2, 3, 4, 5]
    if wanted is not None:
        assert {replaced.delivery for replaced in done} == {wanted}
    else:
        assert done[-1].delivery in {Delivery.QUEUED, Delivery.SPOOLED}
    repository = database.repository()
    moved = repository.redeliver()
    assert (moved.pending, moved.duplicates, moved.error) == (0, 0, "")
    assert repository.redeliver() == Redelivered()
    for batch in spool.batches:
        database.log().append(batch)
    assert time_of(repository) == xor(hours_flipped)
    expect_true_history(database, [])


def test_where_all_else_fails_the_edit_stands_alone_and_says_so(database: Database) -> None:
    database.execute("DROP TABLE {outbox}")
    spool = Spool()
    with missing_table(database):
        assert flip(database.repository(spool=spool), 9, "c1").delivery is Delivery.SPOOLED
        assert flip(database.repository(spool=Spool(broken=True)), 9, "c2").delivery is Delivery.FAILED
        assert flip(database.repository(), 9, "c3").delivery is Delivery.FAILED
    assert len(spool.batches) == 1
    assert time_of(database.repository()) == xor([9])


def test_a_repeated_request_tries_again_to_keep_the_events_of_the_first(database: Database) -> None:
    repository, request = database.repository(), Request("r1", "f1")

    def edit() -> Replaced:
        return repository.replace_slots(TUTOR, hours(9, 10), [slot(9, 10)], describe=described("c1"), request=request)

    with missing_table(database):
        database.execute("ALTER TABLE {outbox} RENAME TO away")
        first = edit()
        assert first.delivery is Delivery.FAILED
        schema = f"{database.tables.schema}." if database.tables.schema else ""
        database.execute(f"ALTER TABLE {schema}away RENAME TO {database.tables.outbox.name}")
        assert edit() == first.replace(delivery=Delivery.QUEUED, repeated=True)
    assert edit() == first.replace(delivery=Delivery.WRITTEN, repeated=True)
    assert repository.redeliver() == Redelivered(duplicates=1)
    expect_true_history(database, [])


def test_events_that_no_log_takes_do_not_break_the_edit(database: Database) -> None:
    preview = described("")
    done = database.repository(spool=Spool()).replace_slots(TUTOR, hours(9, 10), [slot(9, 10)], describe=preview)
    assert (done.delivery, done.revision, len(done.events)) == (Delivery.FAILED, 1, 1)
    assert database.count("outbox") == 0


def test_an_edit_without_events_says_that_there_is_nothing_to_deliver(database: Database) -> None:
    repository = database.repository()
    assert repository.replace_slots(TUTOR, hours(9, 10), [], describe=described("c1")).delivery is Delivery.NOTHING
    assert repository.replace_slots(TUTOR, hours(9, 10), [slot(9, 10)]).delivery is None


@postgresql_only
def test_a_lock_on_the_log_is_waited_for_only_briefly(database: Database) -> None:
    repository = database.repository(audit_timeout=timedelta(milliseconds=50))
    flip(repository, 1, "warm")
    with held_lock(database):
        began = monotonic()
        assert flip(repository, 2, "c1").delivery is Delivery.QUEUED
        assert monotonic() - began < 2


def test_in_the_mode_atomic_the_edit_fails_if_the_log_does(database: Database) -> None:
    repository = database.repository(mode="atomic")
    assert flip(repository, 8, "c0").delivery is Delivery.WRITTEN
    with missing_table(database), pytest.raises(StoreError, match="nothing was written"):
        flip(repository, 9, "c1")
    assert repository.revision(TUTOR) == 1
    flip(repository, 9, "c1")
    expect_true_history(database, [])


def test_in_the_mode_after_commit_the_log_gets_the_events_by_way_of_the_outbox(database: Database) -> None:
    repository = database.repository(mode="after_commit", spool=Spool())
    assert flip(repository, 8, "c1").delivery is Delivery.WRITTEN
    assert database.count("outbox") == 0
    with missing_table(database):
        assert flip(repository, 9, "c2").delivery is Delivery.QUEUED
        moved = repository.redeliver()
        assert (moved.delivered, moved.pending) == (0, 1)
        assert "events" in moved.error
    assert repository.redeliver() == Redelivered(delivered=1)
    database.execute("DROP TABLE {outbox}")
    assert flip(repository, 9, "c3").delivery is Delivery.WRITTEN
    with missing_table(database):
        assert flip(repository, 9, "c4").delivery is Delivery.SPOOLED
        broken = database.repository(mode="after_commit", spool=Spool(broken=True))
        assert flip(broken, 9, "c5").delivery is Delivery.FAILED


def test_what_another_program_moves_out_of_the_outbox_meanwhile_is_moved_once(database: Database) -> None:
    repository = database.repository()
    with missing_table(database):
        for hour in (1, 2, 3):
            assert flip(repository, hour, f"c{hour}").delivery is Delivery.QUEUED
    moved: list[Redelivered] = []

    def meanwhile(_number: int, _connection: Any, said: str) -> None:
        if not moved and said.startswith(("BEGIN", "SELECT set_config")):
            moved.append(Redelivered())  # so that it happens once
            moved.append(database.repository().redeliver())

    with calls(database.engine, meanwhile):
        assert repository.redeliver() == Redelivered()
    assert moved[1] == Redelivered(delivered=3)
    expect_true_history(database, [])


def failing(n: int, database: Database, *, deadly: bool) -> Any:
    def fail(number: int, connection: Any, said: str) -> None:
        if number == n and not (database.is_sqlite and said == "commit"):  # nothing is left to do there
            if deadly:
                terminate(database, connection)
            else:
                raise OperationalError(said, {}, sqlite3.OperationalError("disk I/O error"))

    return fail


@pytest.mark.parametrize("mode", ["guarded", "after_commit", "atomic"])
@pytest.mark.parametrize(
    "database,deadly", [("sqlite", False), ("postgresql", False), ("postgresql", True)], indirect=["database"]
)
def test_whichever_call_fails_the_state_is_old_or_new_and_a_retry_is_safe(
    database: Database, mode: str, *, deadly: bool
) -> None:
    repository = database.repository(mode=mode)
    flip(repository, 23, "warm")
    state, failures = time_of(repository), 0
    for n in range(1, 60):
        hour = n % 23
        with calls(database.engine, failing(n, database, deadly=deadly)) as made:
            try:
                flip(repository, hour, f"c{n}")
                told = True
            except StoreError:
                told, failures = False, failures + 1
        new = state ^ hours(hour, hour + 1)
        assert time_of(repository) in ([new] if told else [state, new])
        flip(repository, hour, f"c{n}")
        state = new
        assert time_of(repository) == state
        if len(made) < n:
            break
    else:
        pytest.fail("an edit makes more than 60 calls")
    assert failures > 5
    repository.redeliver()
    expect_true_history(database, [])


@postgresql_only
@pytest.mark.parametrize("arrived", [False, True])
def test_an_outcome_that_the_connection_took_with_it_is_looked_up_by_its_request(
    database: Database, *, arrived: bool
) -> None:
    repository = database.repository()
    flip(repository, 1, "warm")
    with lost_commits(database, 1, arrived=arrived):
        done = flip(repository, 2, "c1")
    assert (done.revision, done.delivery, done.repeated) == (2, Delivery.WRITTEN, arrived)
    assert time_of(repository) == xor([1, 2])
    with lost_commits(database, 1, arrived=arrived), pytest.raises(OutcomeUnknownError) as error:
        repository.replace_slots(TUTOR, hours(3, 4), [slot(3, 4)], describe=described("c2"))
    assert error.value.values == (TUTOR, None)
    assert repository.revision(TUTOR) == 2 + arrived
    with lost_commits(database, 2, arrived=arrived), pytest.raises((OutcomeUnknownError, StoreError)):
        flip(repository, 5, "c3")
    flip(repository, 5, "c3")
    expect_true_history(database, [])


@postgresql_only
def test_an_outcome_that_cannot_be_looked_up_either_is_unknown(database: Database) -> None:
    repository = database.repository()
    flip(repository, 1, "warm")
    with lost_commits(database, 2, arrived=False), pytest.raises(OutcomeUnknownError, match="'r1' again") as error:
        repository.replace_slots(TUTOR, hours(3, 4), [slot(3, 4)], request=Request("r1", "f"))
    assert error.value.values == (TUTOR, "r1")


@contextmanager
def lost_commits(database: Database, times: int, *, arrived: bool) -> Iterator[None]:
    """Break the connection at the next commits of edits, before or after the server has done them."""
    left = times

    def lose(_number: int, connection: Any, said: str) -> None:
        nonlocal left
        driver = connection.connection.driver_connection
        if said == "commit" and not driver.read_only and left:  # of a read, all has been said by then
            left -= 1
            if arrived:
                driver.commit()
            driver.pgconn.finish()

    with calls(database.engine, lose):
        yield


@postgresql_only
def test_what_was_read_stands_though_its_commit_is_lost_and_nothing_is_read_twice(database: Database) -> None:
    repository = database.repository()
    flip(repository, 9, "c1")

    def lose(_number: int, connection: Any, said: str) -> None:
        if said == "commit":
            terminate(database, connection)

    with calls(database.engine, lose) as made:
        assert repository.slots(TUTOR) == [slot(9, 10)]
    assert made.count("commit") == 1
    assert repository.slots(TUTOR) == [slot(9, 10)]  # over another connection


@postgresql_only
def test_a_connection_that_is_lost_while_reading_is_an_error(database: Database) -> None:
    repository = database.repository()

    def lose(number: int, connection: Any, _said: str) -> None:
        if number == 1:
            terminate(database, connection)

    with calls(database.engine, lose) as made, pytest.raises(StoreError):
        repository.slots(TUTOR)
    assert len(made) == 1
    assert repository.slots(TUTOR) == []


@postgresql_only
def test_questions_that_are_asked_often_stay_prepared(database: Database) -> None:
    repository, log = database.repository(), database.log()
    for _ in range(8):
        repository.slots(TUTOR)
        log.baseline(TUTOR)
    prepared = {row.statement for row in database.execute("SELECT statement FROM pg_prepared_statements")}
    assert {"resources", "baselines"} <= {
        name for name in ("resources", "baselines") for said in prepared if name_of(database, name) in said
    }


@pytest.mark.parametrize("hot", [False, True])
def test_cancelled_tasks_leave_no_half_edit(database: Database, *, hot: bool) -> None:
    async def main() -> None:
        repository = database.async_repository()

        async def edit(n: int) -> None:
            window = hours(0, 1) if hot else hours(n % 24, n % 24 + 1)
            after = [slot(n % 24, n % 24 + 1)] if not hot else [slot(0, 1, id=f"s{n}")]
            await repository.replace_slots(TUTOR, window, after, describe=described(f"c{n}"))

        await edit(0)
        for n in range(1, 40):
            task = asyncio.create_task(edit(n))
            await asyncio.sleep(n / 4000)
            task.cancel()
            await asyncio.wait([task])
        await edit(99)
        await database.asynchronous.dispose()

    asyncio.run(main())
    database.repository().redeliver()
    expect_true_history(database, [])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # psycopg would begin another one
def test_a_transaction_that_something_else_ended_is_not_taken_for_committed(database: Database) -> None:
    repository = database.repository()

    def end(_number: int, connection: Any, said: str) -> None:
        if said.startswith("UPDATE"):
            connection.connection.driver_connection.rollback()

    with calls(database.engine, end), pytest.raises(StoreError, match="ended by something else"):
        repository.replace_slots(TUTOR, hours(9, 10), [slot(9, 10)])
    assert repository.revision(TUTOR) == 0
    assert repository.slots(TUTOR) == []


def test_who_waits_too_long_for_another_edit_is_told(database: Database) -> None:
    flip(database.repository(), 1, "warm")
    impatient = database.repository(lock_timeout=timedelta(milliseconds=30))
    waited: list[SlotcalcError] = []

    def meanwhile(replaced: Replaced) -> tuple[AuditEvent, ...]:
        with pytest.raises(StoreError) as error:
            impatient.replace_slots(TUTOR, Interval(replaced.after[0].interval.start, hours(0, 24).end), [])
        waited.append(error.value)
        return ()

    database.repository().replace_slots(TUTOR, hours(9, 10), [slot(9, 10)], describe=meanwhile)
    assert "lock" in str(waited[0])
    assert time_of(database.repository()) == xor([1, 9])
