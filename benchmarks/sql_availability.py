"""Free time computed inside PostgreSQL beside the recursive forms, on one server; without one, the table says so.

The server is that of the tests (`tests.postgres`). The recursive forms are those that people write: a common table
expression that takes one unavailability after the other away, and a loop in PL/pgSQL that does so with a multirange.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from benchmarks.comparison import Run
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry, best_times

__all__ = ["day_in_server", "page_in_server"]

_DAY = datetime(2026, 3, 2, tzinfo=UTC)
_WINDOW = (_DAY, _DAY + timedelta(days=1))
_PATIENCE = 5
"""Seconds after which the server stops a statement."""

_FREE = "SELECT lower(piece), upper(piece) FROM unnest(%(t)sfree('{resource}', '{window}')) AS piece"
_BY_DAY = "SELECT * FROM %(t)savailability('busy', '{first}', '{last}', 'Europe/Paris')"
_MERGED = """
    SELECT isempty(range_agg(during)) FROM %(t)sbookings JOIN %(t)sresources USING (resource_key)
    WHERE resource_id = '{resource}' AND during && '{window}'
"""
_RECURSIVE = """
    WITH RECURSIVE mine AS (
        SELECT resource_key FROM %(t)sresources WHERE resource_id = '{resource}'
    ), taken AS MATERIALIZED (
        SELECT row_number() OVER () AS n, during FROM %(t)sbookings JOIN mine USING (resource_key)
        WHERE during && '{window}' AND status <> 'CANCELLED'
    ), pieces (n, piece) AS (
        SELECT 0::bigint, during * '{window}' FROM %(t)sslots JOIN mine USING (resource_key) WHERE during && '{window}'
        UNION ALL
        SELECT taken.n, part
        FROM pieces JOIN taken ON taken.n = pieces.n + 1, LATERAL (
            SELECT piece AS part WHERE NOT piece && during
            UNION ALL SELECT tstzrange(lower(piece), lower(during))
            WHERE piece && during AND lower(piece) < lower(during)
            UNION ALL SELECT tstzrange(upper(during), upper(piece))
            WHERE piece && during AND upper(during) < upper(piece)
        ) AS parts
    )
    SELECT lower(piece), upper(piece) FROM pieces WHERE n = (SELECT count(*) FROM taken) ORDER BY 1
"""
_LOOP = """
    CREATE FUNCTION %(t)sloop(resource text, within tstzrange) RETURNS tstzmultirange LANGUAGE plpgsql STABLE AS $$
    DECLARE
        rest tstzmultirange;
        taken tstzrange;
    BEGIN
        SELECT range_agg(during * within) INTO rest
        FROM %(t)sslots JOIN %(t)sresources USING (resource_key) WHERE resource_id = resource AND during && within;
        FOR taken IN
            SELECT during FROM %(t)sbookings JOIN %(t)sresources USING (resource_key)
            WHERE resource_id = resource AND during && within AND status <> 'CANCELLED'
        LOOP
            rest := rest - multirange(taken);
        END LOOP;
        RETURN rest;
    END $$
"""


def day_in_server(run: Run) -> Table:
    """Measure the free time of one day with more and more unavailabilities, as a client sees it: question to rows."""
    sizes = [10, 20] if run.smoke else [10, 100, 1_000, 10_000]
    columns = [f"{size:,}" for size in sizes]
    table = Table("sql-day", "one day in PostgreSQL, by number of unavailabilities", "ms per question", columns)
    with _database(table) as database:
        if database is None:
            return table
        database.execute(_LOOP % {"t": database.named("")})
        for size, column in zip(sizes, columns, strict=True):
            _fill_day(database, column, size)
            _measure_day(run, table, database, column)
    growth = {
        f"{b} to {a}": table.rows["slotcalc"][b] / table.rows["slotcalc"][a]  # type: ignore[operator]  # both are times
        for a, b in list(itertools.pairwise(columns))[1:]
    }
    table.targets += [
        Target("ten times as many: at most 13 × the time", 13, growth),
        Target("1,000: at most a tenth of the loop", 0.1, table.ratios("slotcalc", "PL/pgSQL loop", columns[2:3])),
    ]
    return table


def _measure_day(run: Run, table: Table, database: "_Database", column: str) -> None:
    window = f"[{_WINDOW[0].isoformat()},{_WINDOW[1].isoformat()})"
    names = {"t": database.named("")}
    questions = {
        "slotcalc": _FREE,
        "recursive CTE": _RECURSIVE,
        "PL/pgSQL loop": _FREE.replace("free", "loop"),
        f"{LIMIT}: range_agg of the rows": _MERGED,
    }
    entries = []
    for name, question in questions.items():
        statement = (question % names).format(resource=column, window=window)
        table.rows.setdefault(name, {})
        if not database.answers(statement):
            table.enter(name, column, f"stopped after {_PATIENCE} s")
            continue
        entries.append(Entry(name, database.fetch, [(statement,)], None if name.startswith(LIMIT) else list))
        if name == "slotcalc":
            ask = database.repository_question(column, _WINDOW)
            entries.append(Entry("slotcalc, SqlRepository.free", ask, [()], _pairs))
    for name, seconds in best_times(f"{table.name}, {column}", entries, run.rounds).items():
        table.enter(name, column, seconds * 1e3)


def _pairs(answer: Any) -> list[tuple[datetime, datetime]]:
    return [(piece.start, piece.end) for piece in answer]


def _fill_day(database: "_Database", resource_id: str, size: int) -> None:
    """Give a resource one slot of a day and that many bookings, one in each part of the day, in random order."""
    random = Random(size)
    part = timedelta(days=1) / size
    starts = [_DAY + i * part + random.uniform(0, 0.5) * part for i in range(size)]
    random.shuffle(starts)
    database.seed(resource_id, _WINDOW, [(start, start + random.uniform(0.1, 0.5) * part) for start in starts])


def page_in_server(run: Run) -> Table:
    """Measure a page of 30 days of a resource with a million bookings, as the server counts the time of the statement.

    Raises:
        AssertionError: if slots or bookings are read as a whole, if more of the index of bookings than the page, or any
            of their rows.
    """
    n = 5_000 if run.smoke else 1_000_000
    column = f"{n:,} bookings"
    table = Table("sql-page", "30 days of one resource in PostgreSQL, one booking each half hour", "ms", [column])
    with _database(table) as database:
        if database is None:
            return table
        from tests.half_hours import days, entries_read, fill, rows_read  # noqa: PLC0415  # needs SQLAlchemy

        fill(database.engine, database.tables, "busy", n)
        page = days(n // 96, 30)  # in the middle
        window = f"[{page.start.isoformat()},{page.end.isoformat()})"
        free = (_FREE % {"t": database.named("")}).format(resource="busy", window=window)
        first, last = page.start.date(), page.end.date() - timedelta(days=1)
        by_day = (_BY_DAY % {"t": database.named("")}).format(first=first, last=last)
        with database.engine.connect() as connection:
            before = rows_read(connection, database.tables)
            connection.exec_driver_sql(free)
            after = rows_read(connection, database.tables)
            entries = entries_read(connection, database.tables, "bookings_by_time")
        tables = ["bookings"] if run.smoke else ["slots", "bookings"]  # a hundred slots are read quickest as a whole
        assert all(after[name][0] == before[name][0] for name in tables), after
        assert (entries, after["bookings"][1] - before["bookings"][1]) == (30 * 48, 0), after
        for name, statement in (("slotcalc", free), ("slotcalc, by local day", by_day)):
            table.enter(name, column, min(database.server_time(statement) for _ in range(run.rounds)))
        ask = database.repository_question("busy", (page.start, page.end))
        (seconds,) = best_times(table.name, [Entry("round trip", ask, [()], _pairs)], run.rounds).values()
        table.enter("slotcalc, SqlRepository.free", column, seconds * 1e3)
    times = {name: time for name in table.rows if isinstance(time := table.rows[name][column], float)}
    table.targets.append(Target("on the server: under 5 ms", 5, {column: times["slotcalc"]}))
    return table


class _Database:
    """The server of the tests with the tables and the functions, asked by psycopg and by a repository."""

    def __init__(self, conninfo: str) -> None:
        import psycopg  # noqa: PLC0415  # optional
        from sqlalchemy import create_engine  # noqa: PLC0415  # optional

        from slotcalc.sql import Tables, create_all, install_functions  # noqa: PLC0415  # optional
        from tests.databases import postgres_url  # noqa: PLC0415  # needs SQLAlchemy

        self.engine = create_engine(postgres_url(conninfo))
        self.tables = Tables()
        create_all(self.engine, self.tables)
        install_functions(self.engine, self.tables)
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self.execute(f"SET statement_timeout = '{_PATIENCE}s'")

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()

    def named(self, name: str) -> str:
        return f"{self.tables.prefix}{name}"

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def fetch(self, statement: str) -> list[Any]:
        rows: list[Any] = self._connection.execute(statement).fetchall()
        return rows

    def answers(self, statement: str) -> bool:
        """Return whether the server answers within its patience."""
        from psycopg.errors import QueryCanceled  # noqa: PLC0415  # optional

        try:
            self.execute(statement)
        except QueryCanceled:
            return False
        return True

    def server_time(self, statement: str) -> float:
        """Return the milliseconds that the server counts."""
        *_, said = self.fetch(f"EXPLAIN ANALYZE {statement}")
        return float(said[0].removeprefix("Execution Time: ").removesuffix(" ms"))

    def seed(self, resource_id: str, slot: tuple[Any, Any], bookings: list[tuple[Any, Any]]) -> None:
        from slotcalc import Booking, Slot  # noqa: PLC0415  # beside the next
        from slotcalc.sql import SqlRepository  # noqa: PLC0415  # optional

        booked = [Booking(resource_id, pair, id=str(i)) for i, pair in enumerate(bookings)]
        SqlRepository(self.engine, tables=self.tables).seed([Slot(resource_id, slot)], booked)
        self.execute("VACUUM ANALYZE")

    def repository_question(self, resource_id: str, window: tuple[datetime, datetime]) -> Callable[[], Any]:
        from slotcalc import Interval  # noqa: PLC0415  # beside the next
        from slotcalc.sql import SqlRepository  # noqa: PLC0415  # optional

        repository = SqlRepository(self.engine, tables=self.tables)
        asked = Interval(*window)
        return lambda: repository.free(resource_id, asked)


@contextmanager
def _database(table: Table) -> Iterator[_Database | None]:
    """Give a database that lives as long as the benchmark; without a server, None, and the table says why."""
    with ExitStack() as stack:
        try:
            from pytest import skip  # noqa: PLC0415, PT013  # what the tests say "missing" with

            import tests.databases  # noqa: F401, PLC0415  # needs SQLAlchemy
            from tests import postgres  # noqa: PLC0415  # needs pytest
        except ModuleNotFoundError as error:
            reason = f"not run: no module {error.name!r}; pip install --group test"
            table.rows["slotcalc"] = dict.fromkeys(table.columns, reason)
            yield None
            return
        try:
            conninfo = stack.enter_context(postgres.running())
        except skip.Exception as missing:
            table.rows["slotcalc"] = dict.fromkeys(table.columns, f"not run: {missing}")
            yield None
            return
        database = _Database(conninfo)
        stack.callback(database.close)
        yield database
