"""Which way PostgreSQL takes to the rows: by an index, and to no more rows than the question is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from slotcalc.sql import SqlRepository, install_functions, install_policies
from tests.databases import Database, on_postgres
from tests.databases import postgres_url as url_of
from tests.half_hours import days, fill, rows_read

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOKINGS = 20_000  # a resource; 417 days
PAGE = days(200, 30)
IN_PAGE = 30 * 48


@pytest.fixture(scope="module")
def crowded(postgres_url: str) -> Iterator[Database]:
    """Give a database with two busy resources of a tenant each."""
    with on_postgres(postgres_url) as database:
        for tenant in ("", "crowd_role"):
            fill(database.engine, database.tables, "busy", BOOKINGS, tenant=tenant)
        install_functions(database.engine, database.tables)
        yield database


def name(database: Database, what: str) -> str:
    return f"{database.tables.schema}.{database.tables.prefix}{what}"


@pytest.mark.parametrize("seats", [1, 2], ids=["by multiranges", "by levels"])
@pytest.mark.parametrize("times", [1, 8], ids=["planned for it", "planned for any"])
def test_a_page_of_free_time_is_read_by_index_and_reads_nothing_beside_the_page(
    crowded: Database, seats: int, times: int
) -> None:
    asked = text(
        f"SELECT count(*) FROM unnest({name(crowded, 'free')}('busy', tstzrange(:low, :high), seats => :seats))"
    )
    with crowded.engine.begin() as connection:
        if seats == 2:
            connection.execute(text(f"UPDATE {name(crowded, 'slots')} SET capacity = 3"))
            connection.execute(text(f"ANALYZE {name(crowded, 'slots')}"))
        before = rows_read(connection, crowded.tables)
        for _ in range(times):  # from the sixth time on, PostgreSQL may use one plan for all arguments
            connection.execute(asked, {"low": PAGE.start, "high": PAGE.end, "seats": seats}).all()
        after = rows_read(connection, crowded.tables)
        connection.rollback()
    assert after["bookings"][0] == before["bookings"][0]
    assert after["slots"][0] == before["slots"][0]
    assert after["bookings"][1] - before["bookings"][1] == IN_PAGE * times


@pytest.mark.parametrize("question", ["slots", "bookings", "snapshot"])
def test_a_window_of_a_repository_is_read_by_index(crowded: Database, question: str) -> None:
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(crowded.engine, "before_cursor_execute", note)
    try:
        getattr(crowded.repository(), question)("busy", PAGE)
    finally:
        event.remove(crowded.engine, "before_cursor_execute", note)
    asked = [(statement, parameters) for statement, parameters in said if "during" in statement]
    assert asked
    with crowded.engine.connect() as connection:
        for statement, parameters in asked:
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            assert "Seq Scan" not in plan
            assert "_by_time" in plan


@pytest.mark.parametrize("way", ["function", "repository"])
def test_row_level_security_leaves_the_way_by_index_open(crowded: Database, postgres_url: str, way: str) -> None:
    role = "crowd_role"
    crowded.execute(f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {crowded.tables.schema} TO {role}")
    install_policies(crowded.engine, crowded.tables, role=role)
    engine = create_engine(url_of(postgres_url).set(username=role))
    counted: dict[str, tuple[int, int]] = {}

    def count(connection: Connection) -> None:
        counted.update(rows_read(connection, crowded.tables))

    try:
        repository = SqlRepository(engine, tables=crowded.tables, tenant=role)
        if way == "function":
            assert repository.free("busy", PAGE)
        event.listen(engine, "rollback", count)
        if way == "function":
            repository.free("busy", PAGE)
        else:
            assert len(repository.bookings("busy", PAGE)) == IN_PAGE
        event.remove(engine, "rollback", count)
    finally:
        engine.dispose()
        for table in crowded.tables.metadata.sorted_tables:
            crowded.execute(f"ALTER TABLE {table.fullname} DISABLE ROW LEVEL SECURITY")
        crowded.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    scans, by_index = counted["bookings"]
    assert scans == 0
    assert by_index >= IN_PAGE
