"""The tables through all releases: each change of them is a revision of Alembic that ships with slotcalc.

A revision is a module in `versions`, whose `upgrade` and `downgrade` get a `Change`; its SQL is written out, so that it
stays what it was when `schema` goes on. This is the only module that knows Alembic. Extra `migrations`.

There is no `env.py` and no `alembic.ini`: the engine comes from the caller, and the revision is kept in a table of its
own, so that an application with migrations of its own may call these from within one of them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from slotcalc.errors import MissingExtraError, ParseError, PointValueError, StoreError
from slotcalc.sql.connections import is_sqlite, store_error
from slotcalc.sql.schema import Tables, defining

try:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
except ImportError as error:
    raise MissingExtraError("migrations need Alembic: pip install 'slotcalc[migrations]'", error.name) from error

__all__ = ["Change", "current", "downgrade", "stamp", "upgrade"]

_SCRIPTS: Final = Path(__file__).parent
_NAMES: Final = re.compile(r"\b(public\.)?slotcalc_([a-z_]+)")


class Change:
    """What the revisions get: a connection in a transaction, and the names of the tables."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        """Keep both; names were checked by `Tables`."""
        self._connection = connection
        self._tables = tables

    def run(self, *statements: str) -> None:
        """Run statements that are written for the usual names, tables of PostgreSQL with the schema `public`."""
        for statement in statements:
            self._connection.exec_driver_sql(_NAMES.sub(self._named, statement))

    def script(self, name: str) -> None:
        """Run the statements of a file, which blank lines part; there is one for each of the two databases."""
        kept = files("slotcalc.sql.migrations.versions").joinpath(f"{name}.{self._connection.dialect.name}.sql")
        self.run(*kept.read_text(encoding="utf-8").strip().split("\n\n"))

    def _named(self, found: re.Match[str]) -> str:
        quote = self._connection.dialect.identifier_preparer.quote_identifier
        schema = f"{quote(self._tables.schema)}." if found[1] and self._tables.schema else ""
        return f"{schema}{self._connection.dialect.identifier_preparer.quote(self._tables.name_of(found[2]))}"


def upgrade(bind: Engine | Connection, tables: Tables | None = None, revision: str = "head") -> None:
    """Bring the tables to a revision, by default the newest, all or nothing; where they are there already, do nothing.

    On an empty database it makes what `create_all` makes. Of an asynchronous engine,
    `await connection.run_sync(upgrade)`.

    Raises:
        ParseError: for a revision that is not there.
        PointValueError: for tables in a schema of SQLite.
        StoreError: if the database refuses, or if the tables are there but no revision is: they were made by
            `create_all`, so say of which revision they are with `stamp`.

    >>> from sqlalchemy import create_engine
    >>> engine = create_engine("sqlite://")
    >>> upgrade(engine)
    >>> current(engine)
    '0001'
    """
    with _changing(bind, tables) as (connection, wanted):
        scripts, context = _alembic(connection, wanted, lambda there: scripts._upgrade_revs(revision, there))  # noqa: SLF001  # as Alembic documents it
        is_there = inspect(connection).has_table(wanted.resources.name, schema=wanted.schema)
        if is_there and context.get_current_revision() is None:
            message = f"{wanted.resources.name!r} is there, but no revision; call stamp if create_all made it"
            raise StoreError(message, wanted.resources.name)
        context.run_migrations(change=Change(connection, wanted))


def downgrade(bind: Engine | Connection, tables: Tables | None = None, revision: str = "base") -> None:
    """Bring the tables back to a revision; by default take all of them away, with all that is in them.

    Raises:
        ParseError: as `upgrade`.
        PointValueError: as `upgrade`.
        StoreError: if the database refuses, as it does where views or functions of yours need the tables.
    """
    with _changing(bind, tables) as (connection, wanted):
        scripts, context = _alembic(connection, wanted, lambda there: scripts._downgrade_revs(revision, there))  # noqa: SLF001  # as above
        context.run_migrations(change=Change(connection, wanted))
        if context.get_current_revision() is None:
            context._version.drop(connection)  # noqa: SLF001  # which Alembic leaves behind, empty


def stamp(bind: Engine | Connection, tables: Tables | None = None, revision: str = "head") -> None:
    """Say that the tables are of a revision, by default the newest, as those are that `create_all` has just made.

    Raises:
        ParseError: as `upgrade`.
        StoreError: if the database refuses.
    """
    with _changing(bind, tables) as (connection, wanted):
        scripts, context = _alembic(connection, wanted)
        context.stamp(scripts, revision)


def current(bind: Engine | Connection, tables: Tables | None = None) -> str | None:
    """Return the revision of the tables; None if there are none, or nobody said."""
    with _changing(bind, tables) as (connection, wanted):
        return _alembic(connection, wanted)[1].get_current_revision()


def _alembic(
    connection: Connection, tables: Tables, steps: Callable[[Any], list[Any]] = lambda _there: []
) -> tuple[ScriptDirectory, MigrationContext]:
    """Return the revisions, and what makes those steps between them."""
    options = {
        "fn": lambda there, _context: steps(there),
        "version_table": f"{tables.prefix}revision",
        "version_table_schema": tables.schema,
    }
    return ScriptDirectory(_SCRIPTS), MigrationContext.configure(connection, opts=options)


@contextmanager
def _changing(bind: Engine | Connection, tables: Tables | None) -> Iterator[tuple[Connection, Tables]]:
    wanted = tables or Tables()
    try:
        with defining(bind, wanted) as connection:
            if is_sqlite(connection) and wanted.schema:
                raise PointValueError(f"schema={wanted.schema!r} is of SQLite, which has none", wanted.schema)
            yield connection, wanted
    except CommandError as error:
        raise ParseError(f"there is no such revision: {error}", str(error)) from error
    except SQLAlchemyError as error:
        raise store_error(error, bind.engine.url) from error
