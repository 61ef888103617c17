"""Which way the databases take to the rows: by an index, and to no more rows than the question is about."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from slotcalc import AuditEvent
from slotcalc.audit import Selection
from slotcalc.diff.changes import event_id
from slotcalc.sql import SqlRepository, install_functions, install_policies
from tests.databases import DAY, Database, hours, on_postgres, on_sqlite, plans
from tests.databases import postgres_url as url_of
from tests.half_hours import days, entries_read, fill, rows_read

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOKINGS = 20_000  # a resource; 417 days
PAGE = days(200, 30)
IN_PAGE = 30 * 48
BY_TIME = "bookings_by_time"


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
        before, entries = rows_read(connection, crowded.tables), entries_read(connection, crowded.tables, BY_TIME)
        for _ in range(times):  # from the sixth time on, PostgreSQL may use one plan for all arguments
            connection.execute(asked, {"low": PAGE.start, "high": PAGE.end, "seats": seats}).all()
        after = rows_read(connection, crowded.tables)
        entries = entries_read(connection, crowded.tables, BY_TIME) - entries
        connection.rollback()
    assert after["bookings"][0] == before["bookings"][0]
    assert after["slots"][0] == before["slots"][0]
    assert entries == IN_PAGE * times
    assert after["bookings"][1] == before["bookings"][1]  # all of it is in the index


@pytest.mark.parametrize("way", [r"SELECT range_agg\(tstzrange.*?(?=;)", r"WITH offers.*?(?=\);\s*END)"])
def test_a_page_of_free_time_is_read_from_the_index_alone(crowded: Database, way: str) -> None:
    ((source,),) = crowded.execute(f"SELECT prosrc FROM pg_proc WHERE oid = '{name(crowded, 'free_of_key')}'::regproc")
    ((key,),) = crowded.execute("SELECT resource_key FROM {resources} WHERE tenant = ''")
    found = re.search(way, source, re.DOTALL)
    assert found is not None
    ends = {"low": f"'{PAGE.start}'::timestamptz", "high": f"'{PAGE.end}'::timestamptz"}
    words = {
        **ends,
        **{f"reach_{end}": moment for end, moment in ends.items()},
        "within": f"tstzrange('{PAGE.start}', '{PAGE.end}')",
        "key": str(key),
        "before": "interval '0'",
        "after": "interval '0'",
        "needed": "1",
        "active": "'{TENTATIVE,CONFIRMED}'::text[]",
        "left_out": "'{}'::bigint[]",
    }
    asked = re.sub(rf"\b({'|'.join(words)})\b", lambda word: words[word[0]], found[0].replace("INTO taken", ""))
    with crowded.engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {asked}").scalars())
    scan = re.search(rf"Index Only Scan using {crowded.tables.prefix}{BY_TIME} .*?Heap Fetches: (\d+)", plan, re.DOTALL)
    assert scan is not None
    assert scan[1] == "0"
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("question", ["slots", "bookings", "snapshot"])
def test_a_window_of_a_repository_is_read_by_index(crowded: Database, question: str) -> None:
    ask = getattr(crowded.repository(), question)
    asked = [plan for plan in plans(crowded.engine, lambda: ask("busy", PAGE)) if "during" in plan]
    assert asked
    for plan in asked:
        assert "Seq Scan" not in plan
        assert "_by_time" in plan


def test_a_question_that_is_prepared_and_planned_for_any_window_reads_nothing_beside_it(crowded: Database) -> None:
    counted: list[tuple[int, int]] = []

    def count(connection: Connection) -> None:
        counted.append(rows_read(connection, crowded.tables)["bookings"])

    repository = crowded.repository()
    for when in ("begin", "commit"):
        event.listen(crowded.engine, when, count)
    try:
        for _ in range(15):  # psycopg prepares it the sixth time, PostgreSQL thinks again five times later
            assert len(repository.bookings("busy", PAGE)) == IN_PAGE
    finally:
        for when in ("begin", "commit"):
            event.remove(crowded.engine, when, count)
    for before, after in zip(counted[::2], counted[1::2], strict=True):
        assert (after[0] - before[0], after[1] - before[1]) == (0, IN_PAGE)


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
        event.listen(engine, "commit", count)
        if way == "function":
            repository.free("busy", PAGE)
        else:
            assert len(repository.bookings("busy", PAGE)) == IN_PAGE
        event.remove(engine, "commit", count)
    finally:
        engine.dispose()
        for table in crowded.tables.metadata.sorted_tables:
            crowded.execute(f"ALTER TABLE {table.fullname} DISABLE ROW LEVEL SECURITY")
        crowded.execute(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    scans, by_index = counted["bookings"]
    assert scans == 0
    assert by_index >= IN_PAGE


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Give a database with 2,000 edits of ten resources, of five events each."""
    on_one = (
        on_sqlite(tmp_path_factory.mktemp("told"))
        if request.param == "sqlite"
        else on_postgres(request.getfixturevalue("postgres_url"))
    )
    with on_one as database:
        database.log().append([told_by(n, ordinal) for n in range(2000) for ordinal in range(5)])
        if not database.is_sqlite:  # which has its plans without having looked
            database.execute("ANALYZE {batches}", "ANALYZE {events}")
        yield database


def told_by(n: int, ordinal: int) -> AuditEvent:
    return AuditEvent(
        f"tutor-{n % 10}",
        "added",
        hours(ordinal, ordinal + 1),
        id=event_id(f"edit-{n}", ordinal),
        changed_at=DAY + timedelta(minutes=n),
        changed_by=f"somebody-{n % 7}",
        reason=f"reason-{n % 5}",
        change_id=f"edit-{n}",
        revision=n // 10 + 1,
        ordinal=ordinal,
    )


@pytest.mark.parametrize("after", [None, told_by(500, 2).id], ids=["from the beginning", "from an event on"])
@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize(
    "index,asked",
    [
        ("place", {"resource_id": "tutor-0"}),
        ("place", {"resource_id": "tutor-0", "action": "added"}),
        ("time", {}),
        ("time", {"since": DAY + timedelta(hours=5)}),
        ("actor", {"changed_by": "somebody-3"}),
        ("reason", {"reason": "reason-0"}),
    ],
)
def test_a_page_of_the_history_is_read_in_the_order_of_an_index(
    told: Database, index: str, asked: dict[str, Any], after: str | None, *, newest_first: bool
) -> None:
    wanted = Selection(**asked, newest_first=newest_first, after=after, limit=20)
    *behind, plan = plans(told.engine, lambda: told.log().select(wanted))
    assert not any(re.search(r"Seq Scan|\bSCAN", how) for how in behind)
    assert f"{told.tables.prefix}batches_by_{index} " in plan
    assert f"{told.tables.prefix}events_by_batch " in plan
    assert not re.search(r"Seq Scan|\bSCAN|-> +Sort|B-TREE FOR ORDER BY", plan)  # only within an edit it is sorted


def test_the_feed_is_read_in_the_order_of_its_index(told: Database) -> None:
    cursor = told.log().events_since(limit=500).cursor
    *_, plan = plans(told.engine, lambda: told.log().events_since(cursor, limit=20))
    assert f"{told.tables.prefix}events_by_feed " in plan
    assert not re.search(r"Seq Scan|\bSCAN|Bitmap|Sort|ORDER BY", plan)
