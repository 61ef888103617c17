"""A resource of PostgreSQL with very many bookings, one each half hour, loaded as fast as the server can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from slotcalc import Interval

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from slotcalc.sql import Tables

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def fill(engine: Engine, tables: Tables, resource_id: str, bookings: int, *, tenant: str = "") -> None:
    """Give the resource a slot of ten hours a day, and a booking of 20 minutes each half hour, cancelled every tenth.

    The GiST indexes are dropped meanwhile, since building one takes a tenth of the time of filling it.
    """
    of = f"{tables.schema}.{tables.prefix}" if tables.schema else tables.prefix
    name = f"{of}bookings"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        constraint = connection.execute(
            text(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE contype = 'x' AND conrelid = CAST(:name AS regclass)"
            ),
            {"name": name},
        ).one()
        index = connection.execute(
            text("SELECT pg_get_indexdef(CAST(:name AS regclass))"), {"name": f"{of}bookings_by_time"}
        ).scalar_one()
        connection.execute(text(f"ALTER TABLE {name} DROP CONSTRAINT {constraint[0]}"))
        connection.execute(text(f"DROP INDEX {of}bookings_by_time"))
        arguments = {"tenant": tenant, "resource": resource_id, "begin": BEGIN, "n": bookings}
        connection.execute(
            text(f"INSERT INTO {of}resources (tenant, resource_id) VALUES (:tenant, :resource)"), arguments
        )
        key = f"(SELECT resource_key FROM {of}resources WHERE tenant = :tenant AND resource_id = :resource)"
        at = "CAST(:begin AS timestamptz) + n * interval"
        connection.execute(
            text(
                f"INSERT INTO {of}slots (resource_key, start_at, end_at)"
                f" SELECT {key}, {at} '24 hours' + interval '8 hours', {at} '24 hours' + interval '18 hours'"
                " FROM generate_series(0, CAST(:n AS integer) / 48) AS n"
            ),
            arguments,
        )
        connection.execute(
            text(
                f"INSERT INTO {name} (resource_key, start_at, end_at, booking_id, status)"
                f" SELECT {key}, {at} '30 minutes', {at} '30 minutes' + interval '20 minutes', 'b' || n,"
                " CASE WHEN n % 10 = 0 THEN 'CANCELLED' ELSE 'CONFIRMED' END"
                " FROM generate_series(0, CAST(:n AS integer) - 1) AS n"
            ),
            arguments,
        )
        connection.exec_driver_sql(index)
        connection.exec_driver_sql(f"ALTER TABLE {name} ADD CONSTRAINT {constraint[0]} {constraint[1]}")
        for table in tables.metadata.sorted_tables:
            connection.exec_driver_sql(f"VACUUM ANALYZE {of}{table.name.removeprefix(tables.prefix)}")


def rows_read(connection: Connection, tables: Tables) -> dict[str, tuple[int, int]]:
    """Return how often each table was read as a whole in this transaction, and how many rows came by an index."""
    asked = text(
        "SELECT relname, seq_scan, coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
        " WHERE schemaname = coalesce(:schema, current_schema())"
    )
    rows = connection.execute(asked, {"schema": tables.schema})
    return {name.removeprefix(tables.prefix): (scans, by_index) for name, scans, by_index in rows}


def entries_read(connection: Connection, tables: Tables, index: str) -> int:
    """Return how many entries of an index were read in this transaction."""
    of = f"{tables.schema}.{tables.prefix}" if tables.schema else tables.prefix
    asked = text("SELECT pg_stat_get_xact_tuples_returned(CAST(:name AS regclass))")
    return int(connection.execute(asked, {"name": f"{of}{index}"}).scalar_one())


def days(first: int, number: int) -> Interval[datetime]:
    """Return a span of days after the first booking."""
    start = BEGIN + timedelta(days=first)
    return Interval(start, start + timedelta(days=number))
