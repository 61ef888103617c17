"""Row-level security on the real PostgreSQL: two roles, and what neither sees, edits or learns of the other."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from slotcalc import Booking, IntervalSet, PointTypeError, PointValueError, SlotcalcError, StoreError
from slotcalc.audit import Delivery, Selection
from slotcalc.sql import SqlAuditLog, SqlRepository, Tables, install_functions, install_policies
from tests.databases import TUTOR, WHOLE_DAY, Database, described, hours, on_postgres, slot
from tests.databases import postgres_url as url_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slotcalc import Slot

TABLES = ("resources", "slots", "bookings", "requests", "batches", "events", "baselines", "outbox")

_numbers = count()


class Person(NamedTuple):
    """A role that connects by itself."""

    role: str
    engine: Engine
    tables: Tables

    def repository(self, **options: Any) -> SqlRepository:
        return SqlRepository(self.engine, tables=self.tables, tenant=options.pop("tenant", self.role), **options)

    def execute(self, statement: str) -> list[Any]:
        names = {
            name: f"{self.tables.schema}.{self.tables.prefix}{name}" for name in (*TABLES, "free", "free_from_now")
        }
        with self.engine.begin() as connection:
            result = connection.execute(text(statement.format_map(names)))
            return [*result] if result.returns_rows else []


class Town(NamedTuple):
    """A database with policies, and two people who have a tutor of the same name each."""

    owner: Database
    anna: Person
    ben: Person
    tutors: str  # the role that both are members of


@contextmanager
def connected(conninfo: str, database: Database, *names: str) -> Iterator[list[Person]]:
    """Make roles that can connect, and drop them in the end."""
    roles = [f"{name}_{next(_numbers)}" for name in names]
    for role in roles:
        database.execute(f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {database.tables.schema} TO {role}")
    engines = [create_engine(url_of(conninfo).set(username=role)) for role in roles]
    try:
        yield [Person(role, engine, database.tables) for role, engine in zip(roles, engines, strict=True)]
    finally:
        for role, engine in zip(roles, engines, strict=True):
            engine.dispose()
            database.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.fixture
def town(postgres_url: str) -> Iterator[Town]:
    with on_postgres(postgres_url) as owner, connected(postgres_url, owner, "anna", "ben") as (anna, ben):
        tutors = f"tutors_{next(_numbers)}"
        owner.execute(f"CREATE ROLE {tutors}", f"GRANT {tutors} TO {anna.role}, {ben.role}")
        install_functions(owner.engine, owner.tables)
        install_policies(owner.engine, owner.tables, role=tutors)
        for person in (anna, ben):
            person.repository().seed([slot(9, 17)], [Booking(TUTOR, hours(12, 13), id="lunch", label=person.role)])
        yield Town(owner, anna, ben, tutors)
        owner.execute(f"DROP OWNED BY {tutors}", f"DROP ROLE {tutors}")


def admit_anything(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    pass


def test_a_role_edits_its_own_resources_as_if_it_were_alone(town: Town) -> None:
    repository = town.anna.repository()
    replaced = repository.replace_slots(TUTOR, hours(9, 10), [], describe=described("edit-1"))
    assert (replaced.revision, replaced.delivery) == (1, Delivery.WRITTEN)
    repository.book(Booking(TUTOR, hours(10, 11), id="new"), admit=admit_anything)
    repository.book(Booking(TUTOR, hours(11, 12), id="new"), admit=admit_anything, moving=True)
    repository.release(TUTOR, "lunch")
    assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(10, 11), hours(12, 17)])
    assert repository._pushes_down
    assert len(SqlAuditLog(town.anna.engine, tables=town.anna.tables, tenant=town.anna.role).select(Selection())) == 1
    assert town.ben.repository().free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12), hours(13, 17)])
    assert town.ben.repository().revision(TUTOR) == 0
    assert not SqlAuditLog(town.ben.engine, tables=town.ben.tables, tenant=town.ben.role).select(Selection())


def test_events_that_the_log_refused_are_queued_and_redelivered_by_the_role_itself(town: Town) -> None:
    town.owner.execute(f"REVOKE INSERT ON {{events}} FROM {town.tutors}")
    repository = town.anna.repository()
    assert repository.replace_slots(TUTOR, hours(9, 10), [], describe=described("e")).delivery is Delivery.QUEUED
    town.owner.execute(f"GRANT INSERT ON {{events}} TO {town.tutors}")
    assert repository.redeliver().delivered == 1
    assert town.owner.count("outbox") == 0


@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_another_role_can_be_read(town: Town, table: str) -> None:
    town.anna.repository().replace_slots(TUTOR, hours(9, 10), [], describe=described("e"))
    town.owner.execute(
        f"INSERT INTO {{baselines}} VALUES ('{town.anna.role}', '{TUTOR}', 0, '[]', '', NULL)",
        f"INSERT INTO {{outbox}} (tenant, events) VALUES ('{town.anna.role}', '[]')",
        "INSERT INTO {requests} SELECT resource_key, 'r', 'f', '{{}}' FROM {resources}"
        f" WHERE tenant = '{town.anna.role}'",
    )
    of_anna = town.owner.execute(f"SELECT * FROM {{{table}}}")
    assert of_anna
    ((key,),) = town.owner.execute(f"SELECT resource_key FROM {{resources}} WHERE tenant = '{town.ben.role}'")
    for row in town.ben.execute(f"SELECT * FROM {{{table}}}"):
        assert row._mapping.get("tenant", town.ben.role) == town.ben.role
        assert row._mapping.get("resource_key", key) == key
    assert len(town.ben.execute(f"SELECT * FROM {{{table}}}")) < len(of_anna)


def test_a_role_that_names_the_tenant_of_another_reads_nothing_and_writes_nothing(town: Town) -> None:
    thief = town.ben.repository(tenant=town.anna.role)
    assert thief.slots(TUTOR) == []
    assert thief.bookings(TUTOR) == []
    assert thief.free(TUTOR, WHOLE_DAY) == IntervalSet()
    before = {table: town.owner.count(table) for table in TABLES}
    for edit in (
        lambda: thief.replace_slots(TUTOR, WHOLE_DAY, [slot(1, 2)], describe=described("theft")),
        lambda: thief.replace_slots("a-new-one", WHOLE_DAY, [], describe=described("theft")),
        lambda: thief.book(Booking(TUTOR, hours(10, 11), id="theft"), admit=admit_anything),
        lambda: thief.release(TUTOR, "lunch"),
        lambda: thief.seed([slot(1, 2, resource_id="seeded")]),
        lambda: thief.advance(TUTOR, expected_revision=0),
    ):
        with pytest.raises(StoreError, match="row-level security"):
            edit()
    assert {table: town.owner.count(table) for table in TABLES} == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {resources} SET revision = 99",
        "UPDATE {slots} SET label = 'mine now'",
        "DELETE FROM {slots}",
        "UPDATE {bookings} SET status = 'CANCELLED'",
        "DELETE FROM {bookings}",
        "DELETE FROM {outbox}",
    ],
)
def test_by_hand_a_statement_for_all_rows_changes_only_those_of_the_role(town: Town, statement: str) -> None:
    def of_anna() -> list[list[Any]]:
        keys = f"SELECT resource_key FROM {{resources}} WHERE tenant = '{town.anna.role}'"
        return [
            town.owner.execute(f"SELECT * FROM {{{table}}} WHERE resource_key IN ({keys}) ORDER BY 1")
            for table in ("resources", "slots", "bookings")
        ]

    before = of_anna()
    town.ben.execute(statement)
    assert of_anna() == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {slots} (resource_key, start_at, end_at) VALUES ({key}, '2026-03-02', '2026-03-03')",
        (
            "INSERT INTO {bookings} (resource_key, start_at, end_at, booking_id)"
            " VALUES ({key}, '2026-03-02 12:00Z', '2026-03-02 13:00Z', 'clash')"
        ),
        (
            "INSERT INTO {bookings} (resource_key, start_at, end_at, booking_id)"
            " VALUES ({key}, '2026-03-02 15:00Z', '2026-03-02 16:00Z', 'no clash')"
        ),
        "INSERT INTO {requests} VALUES ({key}, 'r', 'f', '{{}}')",
        "INSERT INTO {resources} (tenant, resource_id) VALUES ('{tenant}', 'x')",
        "INSERT INTO {outbox} (tenant, events) VALUES ('{tenant}', '[]')",
        "INSERT INTO {batches} VALUES ('{tenant}', 'key', 'x', 1, 'c', 'edit', '', now(), '')",
        (
            "INSERT INTO {events} (tenant, event_id, batch_key, ordinal, action, start_at, end_at, capacity, label)"
            " VALUES ('{tenant}', 'e', 'key', 0, 'ADDED', '2026-03-02', '2026-03-03', 1, '')"
        ),
        "UPDATE {resources} SET tenant = '{tenant}', resource_id = 'moved'",
        "UPDATE {slots} SET resource_key = {key}",
        "UPDATE {bookings} SET resource_key = {key}",
    ],
)
def test_no_row_can_be_given_to_another_role_and_the_refusal_is_the_same_whatever_is_there(
    town: Town, statement: str
) -> None:
    ((key,),) = town.owner.execute(f"SELECT resource_key FROM {{resources}} WHERE tenant = '{town.anna.role}'")
    said = statement.replace("{key}", str(key)).replace("{tenant}", town.anna.role)
    with pytest.raises(DBAPIError, match="new row violates row-level security policy"):
        town.ben.execute(said)


def test_no_event_can_be_put_into_a_batch_of_another_role(town: Town) -> None:
    town.anna.repository().replace_slots(TUTOR, hours(9, 10), [], describe=described("e"))
    ((key,),) = town.owner.execute("SELECT encode(batch_key, 'hex') FROM {batches}")
    with pytest.raises(DBAPIError, match="violates foreign key"):
        town.ben.execute(
            "INSERT INTO {events} (tenant, event_id, batch_key, ordinal, action, start_at, end_at, capacity, label)"
            f" VALUES ('{town.ben.role}', 'e', '\\x{key}', 1, 'ADDED', '2026-03-02', '2026-03-03', 1, '')"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {batches} SET reason = 'other'",
        "UPDATE {events} SET ordinal = 7",
        "DELETE FROM {batches}",
        "DELETE FROM {events}",
        "DELETE FROM {baselines}",
        "UPDATE {requests} SET answer = '{{}}'",
        "DELETE FROM {resources}",
        "TRUNCATE {bookings}",
    ],
)
def test_what_happened_is_not_rewritten_even_by_the_role_it_happened_to(town: Town, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        town.anna.execute(statement)


def test_the_functions_and_the_view_show_a_role_nothing_of_another(town: Town) -> None:
    leak = f"SELECT {{free}}('{TUTOR}', '(,)', tenant => '{town.anna.role}')::text"
    assert town.ben.execute(leak)[0][0] == "{}"
    ((key,),) = town.owner.execute(f"SELECT resource_key FROM {{resources}} WHERE tenant = '{town.anna.role}'")
    by_key = f"SELECT {{free}}_of_key({key}, '(,)', '0', '0', 1, '{{{{CONFIRMED}}}}', '{{{{}}}}')::text"
    assert town.ben.execute(by_key)[0][0] == "{}"
    assert town.anna.execute(by_key)[0][0] != "{}"
    town.owner.execute("UPDATE {slots} SET start_at = now() - interval '1 day', end_at = now() + interval '1 day'")
    assert {row.tenant for row in town.ben.execute("SELECT tenant FROM {free_from_now}")} == {town.ben.role}
    schema = f"'{town.owner.tables.schema}'::regnamespace"
    functions = town.owner.execute(f"SELECT prosecdef FROM pg_proc WHERE pronamespace = {schema}")
    assert [row.prosecdef for row in functions] == [False] * 6
    views = town.owner.execute(f"SELECT reloptions FROM pg_class WHERE relkind = 'v' AND relnamespace = {schema}")
    assert [row.reloptions for row in views] == [["security_invoker=true"]]


def test_the_exclusion_constraint_holds_within_a_role_and_not_between_roles(town: Town) -> None:
    during_lunch = (
        "INSERT INTO {bookings} (resource_key, start_at, end_at, booking_id)"
        " SELECT resource_key, '2026-03-02 12:30Z', '2026-03-02 13:30Z', 'new' FROM {resources}"
    )
    for person in (town.anna, town.ben):
        with pytest.raises(DBAPIError, match="one_at_a_time"):
            person.execute(during_lunch)
        person.execute(during_lunch.replace("12:30Z", "13:00Z"))


def test_one_login_for_many_people_is_bound_to_whom_each_transaction_names(postgres_url: str) -> None:
    with on_postgres(postgres_url) as owner, connected(postgres_url, owner, "web") as (web,):
        install_functions(owner.engine, owner.tables)
        install_policies(
            owner.engine, owner.tables, role=web.role, tenant="nullif(current_setting('app.tenant', true), '')"
        )
        asking = ["anna"]

        @event.listens_for(web.engine, "begin")
        def name_who_asks(connection: Any) -> None:
            connection.execute(text("SELECT set_config('app.tenant', :tenant, true)"), {"tenant": asking[0]})

        repository = web.repository(tenant="anna")
        repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)], describe=described("e"))
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 10)])
        asking[0] = "ben"
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet()
        with pytest.raises(StoreError):
            repository.replace_slots(TUTOR, WHOLE_DAY, [], describe=described("f"))
        event.remove(web.engine, "begin", name_who_asks)
        assert repository.slots(TUTOR) == []  # nobody asks, so nobody's rows are there


def test_the_recipe_for_supabase_binds_a_program_to_whom_its_claims_name(postgres_url: str) -> None:
    with on_postgres(postgres_url) as owner, connected(postgres_url, owner, "authenticated", "web") as (member, web):
        authenticated = member.role
        owner.execute(
            f"GRANT {authenticated} TO {web.role}",
            "CREATE SCHEMA auth",
            "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS"
            " $$ SELECT (current_setting('request.jwt.claims', true)::json ->> 'sub')::uuid $$",
            f"GRANT USAGE ON SCHEMA auth TO {authenticated}",
        )
        install_functions(owner.engine, owner.tables)
        install_policies(owner.engine, owner.tables, role=authenticated, tenant="(SELECT auth.uid())::text")
        anna, ben = (f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2))
        asking = [anna]

        @event.listens_for(web.engine, "begin")
        def name_who_asks(connection: Any) -> None:
            claims = json.dumps({"sub": asking[0], "role": "authenticated"})
            connection.execute(text("SELECT set_config('request.jwt.claims', :claims, true)"), {"claims": claims})
            connection.execute(text(f"SET LOCAL ROLE {authenticated}"))

        repository = web.repository(tenant=anna)
        assert repository.replace_slots(TUTOR, WHOLE_DAY, [slot(9, 10)]).revision == 1
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 10)])
        asking[0] = ben
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet()
        with pytest.raises(StoreError):
            repository.replace_slots(TUTOR, WHOLE_DAY, [])
        web.engine.dispose()
        owner.execute("DROP FUNCTION auth.uid() CASCADE", "DROP SCHEMA auth")


def test_policies_replace_those_that_were_there(town: Town) -> None:
    install_policies(town.owner.engine, town.owner.tables, role=town.tutors, tenant="'nobody'")
    assert town.anna.repository().slots(TUTOR) == []
    install_policies(town.owner.engine, town.owner.tables, role=town.tutors)
    assert town.anna.repository().slots(TUTOR) != []


@pytest.mark.parametrize(
    "words, error",
    [
        ({"role": ""}, PointValueError),
        ({"tenant": "  "}, PointValueError),
        ({"role": "a\0b"}, PointValueError),
        ({"role": 7}, PointTypeError),
        ({"tenant": None}, PointTypeError),
    ],
)
def test_a_role_or_a_tenant_that_says_nothing_is_refused(
    town: Town, words: dict[str, Any], error: type[SlotcalcError]
) -> None:
    with pytest.raises(error):
        install_policies(town.owner.engine, town.owner.tables, **words)


def test_a_role_whose_name_is_sql_is_only_a_name(town: Town) -> None:
    with pytest.raises(DBAPIError, match="does not exist"):
        install_policies(town.owner.engine, town.owner.tables, role='public; DROP TABLE x; --"')


def test_sqlite_has_no_policies() -> None:
    with pytest.raises(PointValueError, match="this is sqlite"):
        install_policies(create_engine("sqlite://"))
