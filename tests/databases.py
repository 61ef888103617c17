"""The databases that the SQL tests run on: a file of SQLite, and the real PostgreSQL of `tests.postgres`.

Each test has tables of its own, by their prefix, so that none sees what another left.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from slotcalc import Interval, Slot, diff
from slotcalc.audit import Selection
from slotcalc.diff import apply
from slotcalc.sql import AsyncSqlAuditLog, AsyncSqlRepository, SqlAuditLog, SqlRepository, Tables, create_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from slotcalc.repository import Describe, Replaced

TUTOR = "tutor-1"
DAY = datetime(2026, 3, 2, tzinfo=UTC)
WHOLE_DAY = Interval(DAY, DAY + timedelta(days=1))

_numbers = count()


class Database:
    """An engine, tables that nobody else has, and what is made over them."""

    def __init__(self, engine: Engine, *, schema: str | None = None) -> None:
        self.engine = engine
        self.tables = Tables(prefix=f"t{next(_numbers)}_", schema=schema)
        self._asynchronous: AsyncEngine | None = None
        create_all(engine, self.tables)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def asynchronous(self) -> AsyncEngine:
        if self._asynchronous is None:
            url = self.engine.url
            name = "sqlite+aiosqlite" if self.is_sqlite else "postgresql+psycopg"
            self._asynchronous = create_async_engine(url.set(drivername=name))
        return self._asynchronous

    def with_new_tables(self) -> Database:
        """Return the same database with other tables, empty ones."""
        made = Database(self.engine, schema=self.tables.schema)
        made._asynchronous = self.asynchronous
        return made

    async def dispose(self) -> None:
        """Let go of the asynchronous connections, on the loop that they are of."""
        if self._asynchronous is not None:
            await self._asynchronous.dispose()

    def repository(self, **options: Any) -> SqlRepository:
        return SqlRepository(self.engine, tables=self.tables, **options)

    def log(self, **options: Any) -> SqlAuditLog:
        return SqlAuditLog(self.engine, tables=self.tables, **options)

    def async_repository(self, **options: Any) -> AsyncSqlRepository:
        return AsyncSqlRepository(self.asynchronous, tables=self.tables, **options)

    def async_log(self, **options: Any) -> AsyncSqlAuditLog:
        return AsyncSqlAuditLog(self.asynchronous, tables=self.tables, **options)

    def execute(self, *statements: str) -> list[Any]:
        """Run statements in one transaction, `{slots}` standing for the name of that table; return the last rows."""
        names = {
            table.name.removeprefix(self.tables.prefix): table.fullname for table in self.tables.metadata.sorted_tables
        }
        rows: list[Any] = []
        with self.engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement.format_map(names)))
                rows = [*result] if result.returns_rows else []
        return rows

    def count(self, table: str) -> int:
        ((number,),) = self.execute(f"SELECT count(*) FROM {{{table}}}")  # noqa: S608  # a name of this file
        return int(number)


@contextmanager
def on_sqlite(folder: Path, **options: Any) -> Iterator[Database]:
    """Give a database in a file of that folder."""
    engine = create_engine(f"sqlite:///{folder / 'slots.db'}", **options)
    try:
        yield Database(engine)
    finally:
        engine.dispose()


@contextmanager
def on_postgres(conninfo: str, **options: Any) -> Iterator[Database]:
    """Give a schema of the server, and drop it in the end."""
    engine = create_engine(postgres_url(conninfo), pool_size=10, **options)
    schema = f"s{next(_numbers)}"
    try:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        yield Database(engine, schema=schema)
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    finally:
        engine.dispose()


def postgres_url(conninfo: str) -> URL:
    parts = dict(part.split("=", 1) for part in conninfo.split())
    return URL.create("postgresql+psycopg", parts["user"], database=parts["dbname"], query={"host": parts["host"]})


def hours(start: float, end: float) -> Interval[datetime]:
    return Interval(DAY + timedelta(hours=start), DAY + timedelta(hours=end))


def slot(start: float, end: float, resource_id: str = TUTOR, **fields: Any) -> Slot:
    return Slot(resource_id, hours(start, end), **fields)


def described(change_id: str, **fields: Any) -> Describe:
    """Return a `Describe` that gives the events of an edit of that name."""

    def describe(replaced: Replaced) -> Any:
        return diff(
            replaced.before,
            replaced.after,
            resource_id=TUTOR,
            changed_at=DAY,
            change_id=change_id,
            revision=replaced.revision,
            **fields,
        )

    return describe


def expect_true_history(database: Database, opening: list[Slot], *, complete: bool = True) -> None:
    """Check that the events lead strictly from the opening to the slots, and that no revision is missing."""
    repository = database.repository()
    events = database.log().select(Selection(resource_id=TUTOR))
    revisions = sorted({told.revision for told in events})
    if complete:
        assert revisions == [*range(1, repository.revision(TUTOR) + 1)]
    assert apply(opening, events) == apply(repository.slots(TUTOR), [])


@contextmanager
def calls(engine: Engine, before: Callable[[int, Any, str], None]) -> Iterator[list[str]]:
    """Count the calls to the database, statements and commits alike; `before` each one is asked, and may raise."""
    made: list[str] = []

    def statement(connection: Any, _cursor: object, said: str, *_: object) -> None:
        made.append(said)
        before(len(made), connection, said)

    def commit(connection: Any) -> None:
        statement(connection, None, "commit")

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield made
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


def plans(engine: Engine, ask: Callable[[], object]) -> list[str]:
    """Return the plan of each question that is put to the database meanwhile, as the database explains it."""
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if "FROM " in statement:
            said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
            for statement, parameters in said
        ]
