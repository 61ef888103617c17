"""The tables: what is kept, under which names, and what the database itself forbids. Read `connections` next.

| table | a row is |
|---|---|
| `resources` | a resource of a tenant with its revision: the row that an edit locks |
| `slots`, `bookings` | one of them, from `start_at` to `end_at` |
| `requests` | a request that was made, and its answer |
| `batches` | what the audit events of an edit share: where it was made, who, when and why |
| `events` | an audit event of a batch; neither refers to the other tables, so that the history can move elsewhere |
| `baselines` | where the history of a resource begins |
| `outbox` | the events of an edit that the table `events` did not take |

Instants are `timestamptz` in PostgreSQL and whole microseconds since 1970 in SQLite. PostgreSQL has a generated column
`during tstzrange` beside them, indexed by GiST together with the resource, by which windows are answered. The index
includes all that free time is computed from, so that the rows themselves are not read for it.

A batch is all that its events share, and nothing less: anybody may deliver events one by one, late and twice, and those
of one edit need not agree. So its key is a digest of just that (`rows.event_rows`), by which two who deliver parts of a
batch at the same time write one row. Events are written first, and have to have their batch when the transaction ends:
so a batch is there if one of its events is.

A booking is *exclusive* if it may not share its time with another: that is so wherever the slots have one seat. The
database refuses two active exclusive bookings of a resource that overlap, whoever writes them: in PostgreSQL by an
exclusion constraint, in SQLite by triggers. The constraint needs no extension, since a number compares as a range of
one number, which GiST knows by itself.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    inspect,
    true,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeDecorator, TypeEngine

from slotcalc.errors import ParseError, PointTypeError, PointValueError
from slotcalc.sql.connections import check_bind, editing, is_sqlite

__all__ = ["ONE_AT_A_TIME", "Instant", "Tables", "create_all", "defining"]

ONE_AT_A_TIME: Final = "one_at_a_time"
"""What the names of the constraint and of the triggers end with that refuse a double booking."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment, exact to the microsecond and independent of the zone of any machine or session."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = BigInteger
    cache_ok: bool | None = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return `timestamptz` for PostgreSQL, a whole number for SQLite."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # as the dialect keeps it
        """Return what is sent to the database."""
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: datetime = value.astimezone(UTC)
            return moment
        return _EPOCH + timedelta(microseconds=value)


_TABLES: Final = ("resources", "slots", "bookings", "requests", "batches", "events", "baselines", "outbox")
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")  # ordered by code point, as Python does it
_KEY: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys by itself


class Tables:
    """The tables of one schema, under names of your choice.

    Args:
        prefix: what the names of all tables and indexes begin with: lower-case letters, digits and underscores, at
            most 30.
        schema: the SQL schema that they are in; by default that of the connection.
        names: whole names for some of the tables, by the names in the list above, such as {"bookings": "visits"}.

    Raises:
        ParseError: for names of any other form.
        PointTypeError: for what is no text.
        PointValueError: for a name of no table, and for one name for two.

    >>> tables = Tables(prefix="clinic_", names={"bookings": "visits"})
    >>> tables.slots.name, tables.bookings.name
    ('clinic_slots', 'visits')
    """

    def __init__(
        self, *, prefix: str = "slotcalc_", schema: str | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        """Name the tables; nothing is created before `create_all`."""
        self.names = dict(names or {})
        given = {"prefix": prefix, "schema": "" if schema is None else schema, **self.names}
        for what, name in given.items():
            if not isinstance(name, str):
                raise PointTypeError(f"{what}={name!r:.80} is not text", name)
            if not re.fullmatch("([a-z_][a-z0-9_]{0,29})?", name) or (what in self.names and not name):
                message = f"{what}={name!r:.80} is not made of at most 30 of a-z, 0-9 and _, beginning with no digit"
                raise ParseError(message, name)
        self.prefix = prefix
        self.schema = schema
        for name in self.names:
            if name not in _TABLES:
                raise PointValueError(f"{name!r:.80} is no table; there are {', '.join(_TABLES)}", name)
        if len({*map(self.name_of, _TABLES)}) < len(_TABLES):
            raise PointValueError(f"names={self.names!r:.200} give two tables one name", names)
        self.metadata = MetaData(schema=schema)
        self.resources = self._table(
            "resources",
            Column("resource_key", _KEY, Identity(), primary_key=True),
            Column("tenant", _TEXT, nullable=False, server_default=""),
            Column("resource_id", _TEXT, nullable=False),
            Column("revision", BigInteger, nullable=False, server_default="0"),
            UniqueConstraint("tenant", "resource_id"),
        )
        self.slots = self._timed(
            "slots",
            Column("slot_key", _KEY, Identity(), primary_key=True),
            Column("capacity", BigInteger, CheckConstraint("capacity >= 1"), nullable=False, server_default="1"),
            Column("slot_id", _TEXT),
        )
        self.bookings = self._timed(
            "bookings",
            Column("booking_key", _KEY, Identity(), primary_key=True),
            Column("booking_id", _TEXT, nullable=False),
            Column("status", _TEXT, CheckConstraint("status IN ('TENTATIVE', 'CONFIRMED', 'CANCELLED')"),
                   nullable=False, server_default="CONFIRMED"),
            Column("seats", BigInteger, CheckConstraint("seats >= 1"), nullable=False, server_default="1"),
            Column("exclusive", Boolean, nullable=False, server_default=true()),
            UniqueConstraint("resource_key", "booking_id"),
        )  # fmt: skip
        self.requests = self._table(
            "requests",
            self._resource_key(primary_key=True),
            Column("request_id", _TEXT, primary_key=True),
            Column("fingerprint", _TEXT, nullable=False),
            Column("answer", Text, nullable=False),
        )
        self.batches = self._batches()
        self.events = self._table(
            "events",
            Column("event_key", _KEY, Identity(), primary_key=True),
            Column("tenant", _TEXT, nullable=False, server_default=""),
            Column("event_id", _TEXT, nullable=False),
            Column("batch_key", LargeBinary, nullable=False),
            Column("ordinal", BigInteger, nullable=False),
            Column("action", _TEXT, CheckConstraint("action IN ('ADDED', 'REMOVED')"), nullable=False),
            Column("start_at", Instant, nullable=False),
            Column("end_at", Instant, nullable=False),
            Column("capacity", BigInteger, nullable=False),
            Column("slot_id", _TEXT),
            Column("label", Text, nullable=False),
            CheckConstraint("start_at < end_at"),
            UniqueConstraint("tenant", "event_id"),
            ForeignKeyConstraint(
                ["tenant", "batch_key"],
                [self.batches.c.tenant, self.batches.c.batch_key],
                deferrable=True,
                initially="DEFERRED",
            ),
            Index(f"{prefix}events_by_batch", "batch_key", "tenant"),
            sqlite_autoincrement=True,  # a key that was purged is not given again, or `feed` would pass over it
        )
        self.baselines = self._table(
            "baselines",
            Column("tenant", _TEXT, primary_key=True, server_default=""),
            Column("resource_id", _TEXT, primary_key=True),
            Column("revision", BigInteger, nullable=False),
            Column("slots", Text, nullable=False),
            Column("digest", Text, nullable=False),
            Column("changed_at", Instant),
        )
        self.outbox = self._table(
            "outbox",
            Column("outbox_key", _KEY, Identity(), primary_key=True),
            Column("tenant", _TEXT, nullable=False, server_default=""),
            Column("events", Text, nullable=False),
            Index(f"{prefix}outbox_by_tenant", "tenant"),
        )

    def __repr__(self) -> str:
        """Return the constructor call."""
        names = f", names={self.names!r}" if self.names else ""
        return f"Tables(prefix={self.prefix!r}, schema={self.schema!r}{names})"

    def name_of(self, what: str) -> str:
        """Return the name of a table, or of an index or a function beside them."""
        return self.names.get(what, f"{self.prefix}{what}")

    def _table(self, name: str, *parts: Any, **options: Any) -> Table:
        return Table(self.name_of(name), self.metadata, *parts, **options)

    def _resource_key(self, *, primary_key: bool = False) -> Column[int]:
        return Column(
            "resource_key",
            BigInteger,
            ForeignKey(self.resources.c.resource_key),
            primary_key=primary_key,
            nullable=False,
        )

    def _timed(self, name: str, key: Column[int], *parts: Any) -> Table:
        """Return a table of what has a resource, a time and a label."""
        return self._table(
            name,
            key,
            self._resource_key(),
            Column("start_at", Instant, nullable=False),
            Column("end_at", Instant, nullable=False),
            Column("label", Text, nullable=False, server_default=""),
            *parts,
            CheckConstraint("start_at < end_at"),
            Index(f"{self.prefix}{name}_by_start", "resource_key", "start_at"),
            Index(f"{self.prefix}{name}_by_end", "resource_key", "end_at"),
        )

    def _batches(self) -> Table:
        def by(name: str, *columns: str) -> Index:
            return Index(f"{self.prefix}batches_by_{name}", "tenant", *columns)

        return self._table(
            "batches",
            Column("tenant", _TEXT, primary_key=True, server_default=""),
            Column("batch_key", LargeBinary, primary_key=True),
            Column("resource_id", _TEXT, nullable=False),
            Column("revision", BigInteger, nullable=False),
            Column("change_id", _TEXT, nullable=False),
            Column("reason", _TEXT, nullable=False),
            Column("notes", Text, nullable=False),
            Column("changed_at", Instant, nullable=False),
            Column("changed_by", _TEXT, nullable=False),
            by("place", "resource_id", "revision"),
            by("time", "changed_at", "resource_id", "revision"),
            by("actor", "changed_by", "changed_at", "resource_id", "revision"),
            by("reason", "reason", "changed_at", "resource_id", "revision"),
        )


def create_all(bind: Engine | Connection, tables: Tables | None = None) -> None:
    """Create the tables that are not there yet, with all indexes and constraints; repeating it changes nothing.

    Of an asynchronous engine, `await connection.run_sync(create_all)`. An SQLite file is switched to write-ahead
    logging, so that readers and the one writer do not wait for each other.

    >>> from sqlalchemy import create_engine
    >>> create_all(create_engine("sqlite://"))
    """
    wanted = tables or Tables()
    with defining(bind, wanted) as connection:
        _create(connection, wanted)


@contextmanager
def defining(bind: Engine | Connection, tables: Tables) -> Iterator[Connection]:
    """Hold a transaction in which tables are made or changed: that which is there, or one that commits in the end.

    Raises:
        PointTypeError: for anything but an engine or a connection.
    """
    check_bind(bind)
    if isinstance(bind, Engine):
        with bind.connect() as connection, defining(connection, tables):
            yield connection
        return
    if bind.in_transaction():
        _wait_for_others(bind, tables)
        yield bind
        return
    if is_sqlite(bind):
        bind.execution_options(isolation_level="AUTOCOMMIT")
        _write_ahead(bind)
        bind.rollback()  # which SQLAlchemy takes for the end of a transaction
    with editing(bind):
        _wait_for_others(bind, tables)
        yield bind


def _write_ahead(connection: Connection, tries: int = 20) -> None:
    """Switch the file to write-ahead logging.

    SQLite does not wait for others here: of two that do it at once, each may find that the other reads. To wait, this
    locks the file and lets it go; and the one that comes late finds it switched.
    """
    try:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    except OperationalError:
        if not tries:
            raise
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        connection.exec_driver_sql("ROLLBACK")
        _write_ahead(connection, tries - 1)


def _wait_for_others(connection: Connection, tables: Tables) -> None:
    if not is_sqlite(connection):  # two programs that start at once: the second one waits, and finds all of it there
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock(hashtext('{tables.prefix}create_all'))")


def _create(connection: Connection, tables: Tables) -> None:
    there = set(inspect(connection).get_table_names(schema=tables.schema))
    new = [table for table in tables.metadata.sorted_tables if table.name not in there]
    tables.metadata.create_all(connection, tables=new, checkfirst=False)
    for table in new:
        for statement in _beyond_columns(connection, tables, table):
            connection.exec_driver_sql(statement)


def _beyond_columns(connection: Connection, tables: Tables, table: Table) -> list[str]:
    """Return the statements for what SQLAlchemy has no words for."""
    name, prefix = connection.dialect.identifier_preparer.format_table(table), tables.prefix
    statements: list[str] = []
    if is_sqlite(connection):
        if table is tables.bookings:
            statements += [_refusal(f"{prefix}bookings", name, event) for event in ("INSERT", "UPDATE")]
        elif table is tables.events:
            statements.append(f"CREATE INDEX {prefix}events_by_feed ON {name} (tenant, event_key)")
    elif table is tables.events:  # whose transaction wrote it, by which `feed` knows what is yet to come
        statements += [
            f"ALTER TABLE {name} ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()",
            f"CREATE INDEX {prefix}events_by_feed ON {name} (tenant, xid, event_key)",
        ]
    elif table in (tables.slots, tables.bookings):
        resource = "int8range(resource_key, resource_key, '[]')"
        kind, more = ("slots", "capacity") if table is tables.slots else ("bookings", "booking_key, seats, status")
        asked = f"resource_key, start_at, end_at, {more}"
        statements += [
            f"ALTER TABLE {name} ADD COLUMN during tstzrange GENERATED ALWAYS AS (tstzrange(start_at, end_at)) STORED",
            f"CREATE INDEX {prefix}{kind}_by_time ON {name} USING gist (({resource}), during) INCLUDE ({asked})",
        ]
        if table is tables.bookings:
            statements.append(
                f"ALTER TABLE {name} ADD CONSTRAINT {prefix}bookings_{ONE_AT_A_TIME} EXCLUDE USING gist"
                f" (({resource}) WITH =, during WITH &&) WHERE (exclusive AND status <> 'CANCELLED')"
            )
    return statements


def _refusal(name: str, table: str, event: str) -> str:
    """Return the SQLite trigger that refuses a double booking; names were checked by `Tables`."""
    return (
        f"CREATE TRIGGER {name}_{event.lower()}_{ONE_AT_A_TIME} BEFORE {event} ON {table}"  # noqa: S608  # see above
        " WHEN NEW.exclusive AND NEW.status <> 'CANCELLED'"
        f" BEGIN SELECT RAISE(ABORT, '{name}_{ONE_AT_A_TIME}') FROM {table} AS there"
        " WHERE there.resource_key = NEW.resource_key AND there.booking_id <> NEW.booking_id"
        " AND there.exclusive AND there.status <> 'CANCELLED'"
        " AND there.end_at > NEW.start_at AND +there.start_at < NEW.end_at; END"
    )
