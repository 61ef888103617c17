"""The migrations make just what `create_all` makes, take it away again, and leave alone what is right already."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

from slotcalc import MissingExtraError, ParseError, PointValueError, StoreError
from slotcalc.sql import SqlRepository, Tables, create_all
from tests.databases import TUTOR, hours, slot
from tests.optional import missing

try:
    from slotcalc.sql.migrations import current, downgrade, stamp, upgrade
except ImportError:
    missing("Alembic is not installed: pip install --group sql-test")

if TYPE_CHECKING:
    from tests.databases import Database

_numbers = count()

# What the catalogue of PostgreSQL says of a schema, names included.
POSTGRES = """
    SELECT 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
        coalesce(pg_get_expr(adbin, adrelid), ''), attcollation::regcollation::text
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        LEFT JOIN pg_attrdef ON adrelid = pg_class.oid AND adnum = attnum
    WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r' AND attnum > 0
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, '', '', '', ''
    FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef, true, '', '', '', ''
    FROM pg_indexes WHERE schemaname = '{schema}'
    UNION ALL
    SELECT 'other', relname, relkind::text, '', true, '', '', '', ''
    FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind NOT IN ('r', 'i')
"""


@pytest.fixture
def place(database: Database) -> tuple[Engine, str | None]:
    """Give a database with nothing in it, and the schema to work in."""
    if not database.is_sqlite:
        schema = f"m{next(_numbers)}"
        database.execute(f"CREATE SCHEMA {schema}")
        return database.engine, schema
    path = Path(str(database.engine.url.database)).with_name("empty.db")
    return create_engine(f"sqlite:///{path}"), None


def what_is_there(engine: Engine, schema: str | None, tables: Tables) -> set[tuple[Any, ...]]:
    """Return all there is, as the database tells it, but for the table that holds the revision."""
    if schema is not None:
        with engine.connect() as connection:
            found = {tuple(row) for row in connection.exec_driver_sql(POSTGRES.format(schema=schema))}
    else:
        with engine.connect() as connection:
            asked = "SELECT type, tbl_name, name, coalesce(sql, '') FROM sqlite_master WHERE name <> 'sqlite_sequence'"
            found = {(*row[:3], _without_spaces(row[3])) for row in connection.execute(text(asked))}
        engine.dispose()
    return {row for row in found if f"{tables.prefix}revision" not in f"{row[1]}{row[2]}"}


def _without_spaces(sql: str) -> str:
    """Return what SQLite keeps of a statement, and `DEFAULT (1)`, as SQLAlchemy 2.0 writes it, like `DEFAULT 1`."""
    return re.sub(r"DEFAULT\((\w+)\)", r"DEFAULT\1", re.sub(r"\s", "", sql))


def said(rows: set[tuple[Any, ...]], prefix: str, schema: str | None) -> set[tuple[str, ...]]:
    """Return the same without the names of schema and prefix."""
    return {tuple(str(part).replace(prefix, "").replace(f"{schema}.", "") for part in row) for row in rows}


@pytest.mark.parametrize("names", [{}, {"slots": "order", "bookings": "visits", "events": "history", "outbox": "user"}])
def test_an_empty_database_is_brought_to_the_very_schema_of_create_all(
    place: tuple[Engine, str | None], names: dict[str, str]
) -> None:
    engine, schema = place
    made, migrated = (Tables(prefix=prefix, schema=schema, names=names) for prefix in ("made_", "migrated_"))
    create_all(engine, made)
    by_create_all = said(what_is_there(engine, schema, made), "made_", schema)
    made.metadata.drop_all(engine)
    assert what_is_there(engine, schema, made) == set()
    upgrade(engine, migrated)
    by_migration = said(what_is_there(engine, schema, migrated), "migrated_", schema)
    assert by_migration - by_create_all == by_create_all - by_migration == set()
    assert {"events_by_feed", "bookings_by_start"} <= {row[2] for row in by_create_all}
    assert any("one_at_a_time" in row[2] for row in by_create_all)
    assert current(engine, migrated) == "0001"


def test_an_upgrade_changes_nothing_when_made_again(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    upgrade(engine, tables)
    there = what_is_there(engine, schema, tables)
    repository = SqlRepository(engine, tables=tables)
    repository.replace_slots(TUTOR, hours(9, 10), [slot(9, 10)])
    upgrade(engine, tables)
    create_all(engine, tables)
    upgrade(engine, tables, "0001")
    assert what_is_there(engine, schema, tables) == there
    assert repository.slots(TUTOR) == [slot(9, 10)]


def test_a_downgrade_to_the_beginning_leaves_nothing(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    upgrade(engine, tables)
    downgrade(engine, tables)
    with engine.connect() as connection:
        left = "SELECT relname FROM pg_class WHERE relnamespace = CAST(:schema AS regnamespace)"
        asked = "SELECT name FROM sqlite_master WHERE name <> 'sqlite_sequence'" if schema is None else left
        assert connection.execute(text(asked), {} if schema is None else {"schema": schema}).all() == []
    assert current(engine, tables) is None
    upgrade(engine, tables)
    assert current(engine, tables) == "0001"


def test_a_downgrade_to_the_revision_that_is_there_changes_nothing(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    upgrade(engine, tables)
    downgrade(engine, tables, "0001")
    assert current(engine, tables) == "0001"


def test_tables_that_create_all_made_are_stamped_once(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    create_all(engine, tables)
    with pytest.raises(StoreError, match="'slotcalc_resources' is there, but no revision; call stamp"):
        upgrade(engine, tables)
    assert current(engine, tables) is None
    stamp(engine, tables)
    assert current(engine, tables) == "0001"
    upgrade(engine, tables)


def test_two_sets_of_tables_have_a_revision_each(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    one, other = Tables(prefix="one_", schema=schema), Tables(prefix="other_", schema=schema)
    upgrade(engine, one)
    assert (current(engine, one), current(engine, other)) == ("0001", None)
    upgrade(engine, other)
    downgrade(engine, one)
    assert (current(engine, one), current(engine, other)) == (None, "0001")
    SqlRepository(engine, tables=other).replace_slots(TUTOR, hours(9, 10), [slot(9, 10)])


def test_a_transaction_that_is_there_is_joined(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    with engine.connect() as connection:
        if schema is None:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.begin()
        upgrade(connection, tables)
        assert current(connection, tables) == "0001"
        if schema is None:
            connection.exec_driver_sql("ROLLBACK")
        connection.rollback()
    assert current(engine, tables) is None


def test_programs_that_start_at_once_wait_for_each_other(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(lambda _: upgrade(engine, tables), range(4))] == [None] * 4
    assert current(engine, tables) == "0001"


def test_programs_that_start_at_once_on_a_new_file_all_find_the_tables(tmp_path: Path) -> None:
    for n in range(5):
        engine = create_engine(f"sqlite:///{tmp_path / f'new{n}.db'}")
        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(lambda _, engine=engine: create_all(engine), range(8))] == [None] * 8
        engine.dispose()


def test_a_file_that_somebody_reads_is_switched_to_write_ahead_logging_afterwards(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'read.db'}", connect_args={"timeout": 10})
    with ThreadPoolExecutor(1) as pool, engine.connect() as reader:
        reader.exec_driver_sql("CREATE TABLE mine (n INTEGER)")
        reader.commit()
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM mine").all()
        started = pool.submit(create_all, engine)
        time.sleep(0.2)
        assert not started.done()
        reader.rollback()
        started.result()
    with engine.connect() as other:
        assert other.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


@pytest.mark.parametrize("times", [1, 100])
def test_a_file_that_another_switches_is_switched_in_the_end_or_not_at_all(tmp_path: Path, times: int) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'busy.db'}")
    refused: list[str] = []

    def refuse(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "journal_mode" in statement and len(refused) < times:
            refused.append(statement)
            raise OperationalError(statement, {}, Exception("database is locked"))

    event.listen(engine, "before_cursor_execute", refuse)
    if times == 1:
        upgrade(engine)
    else:
        with pytest.raises(StoreError, match="database is locked"):
            upgrade(engine)
    assert 0 < len(refused) < 100
    event.remove(engine, "before_cursor_execute", refuse)
    assert current(engine) == ("0001" if times == 1 else None)
    engine.dispose()


def test_a_file_that_somebody_reads_for_too_long_is_a_clear_error(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'read.db'}", connect_args={"timeout": 0.05})
    with engine.connect() as reader:
        reader.exec_driver_sql("CREATE TABLE mine (n INTEGER)")
        reader.commit()
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM mine").all()
        with pytest.raises(StoreError, match="database is locked"):
            upgrade(engine)
    engine.dispose()


def test_a_revision_that_is_not_there_is_refused(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    for change in (upgrade, downgrade, stamp):
        with pytest.raises(ParseError, match=r"no such revision: .*9999"):
            change(engine, Tables(schema=schema), "9999")
    assert what_is_there(engine, schema, Tables()) == set()


def test_what_the_database_refuses_is_a_clear_error_and_leaves_the_tables(place: tuple[Engine, str | None]) -> None:
    engine, schema = place
    tables = Tables(schema=schema)
    upgrade(engine, tables)
    if schema is None:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE slotcalc_outbox")
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE VIEW {schema}.mine AS SELECT * FROM {tables.events.fullname}")  # noqa: S608
    with pytest.raises(StoreError, match=r"nothing was written: .*(no such table|depend on it)"):
        downgrade(engine, tables)
    assert current(engine, tables) == "0001"
    assert SqlRepository(engine, tables=tables).slots(TUTOR) == []


def test_a_schema_of_sqlite_is_refused() -> None:
    with pytest.raises(PointValueError, match="schema='main' is of SQLite"):
        upgrade(create_engine("sqlite://"), Tables(schema="main"))


def test_without_alembic_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alembic.runtime.migration", None)
    monkeypatch.delitem(sys.modules, "slotcalc.sql.migrations")
    with pytest.raises(MissingExtraError, match=r"migrations need Alembic: pip install 'slotcalc\[migrations\]'"):
        import_module("slotcalc.sql.migrations")


def test_importing_the_databases_loads_no_alembic() -> None:
    program = "import sys, slotcalc.sql; print('alembic' in sys.modules)"
    completed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert completed.stdout == "False\n"


def test_every_revision_has_its_statements_for_both_databases() -> None:
    from slotcalc.sql.migrations import versions  # noqa: PLC0415  # whose files are asked for

    folder = Path(str(versions.__file__)).parent
    revisions = {path.stem for path in folder.glob("v*.py")}
    scripts = {path.name for path in folder.glob("*.sql")}
    assert scripts == {f"{name}.{dialect}.sql" for name in revisions for dialect in ("postgresql", "sqlite")}
