"""Where the data is: a database by its path or URL, and the repository and the schedule over it.

The one place of the command line that knows `sql` and SQLAlchemy. Both are loaded when a database is asked for, so that
the commands that read files neither need them nor wait for them. Read `importing` next.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from slotcalc.errors import MissingExtraError, ParseError, StoreError
from slotcalc.render import plain

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from slotcalc.schedule import Schedule
    from slotcalc.sql import SqlRepository

__all__ = ["Store", "connected", "initialise", "is_initialised", "migrate", "opened"]

_SQLITE: Final = {"sqlite", "sqlite+pysqlite"}
_POSTGRESQL: Final = {"postgres", "postgresql", "postgresql+psycopg"}
_PATIENCE: Final = timedelta(seconds=30)
_WRITE: Final = "write slots.db, sqlite:///slots.db or postgresql://user@host/name"


@dataclass(frozen=True, slots=True)
class Store:
    """A database that has its tables, and the schedule over it."""

    repository: "SqlRepository"
    schedule: "Schedule"


@contextmanager
def opened(
    name: str,
    *,
    zone: str | tzinfo = "UTC",
    spool: Path | None = None,
    before: timedelta | None = None,
    after: timedelta | None = None,
) -> Iterator[Store]:
    """Hold the database of that path or URL, which has its tables, and close it in the end.

    The spool is by default a file beside that of SQLite, `slots.db.spool`; beside a server there is none.

    Raises:
        ParseError: for what is neither a path nor the URL of a known database.
        StoreError: if the database cannot be reached or refuses, and if it has no tables of slotcalc.
        MissingExtraError: if `sql` or `postgres` is not installed.
    """
    with connected(name, must_exist=True) as engine:
        from slotcalc.schedule import Schedule, Spool  # noqa: PLC0415  # as the module says
        from slotcalc.sql import SqlAuditLog, SqlRepository  # noqa: PLC0415  # as the module says

        if not is_initialised(engine):
            raise StoreError(f"{_shown(engine.url)} has no tables of slotcalc; make them with slotcalc db init")
        if spool is None and engine.dialect.name == "sqlite":
            spool = Path(f"{engine.url.database}.spool")
        repository = SqlRepository(engine)
        schedule = Schedule(
            repository,
            SqlAuditLog(engine),
            zone=zone,
            before=before,
            after=after,
            spool=None if spool is None else Spool(spool),
            patience=_PATIENCE,
        )
        yield Store(repository, schedule)


@contextmanager
def connected(name: str, *, must_exist: bool = False) -> Iterator["Engine"]:
    """Hold an engine of the database, whose errors are `StoreError` and never show a password; raises as `opened`."""
    from slotcalc.sql.connections import store_error  # noqa: PLC0415  # first: it says what to install

    import sqlalchemy  # noqa: PLC0415  # isort: skip  # which is there, if `sql` is

    logging.getLogger("slotcalc").addHandler(_SILENT)  # what became of events is in the answer
    url = _url(name)
    if must_exist and url.drivername in _SQLITE and not Path(url.database or "").is_file():
        raise StoreError(f"{plain(str(url.database), 200)} is not there; make it with slotcalc db init")
    try:
        engine = sqlalchemy.create_engine(url)
    except ModuleNotFoundError as absent:
        raise MissingExtraError("PostgreSQL needs psycopg: pip install 'slotcalc[sql,postgres]'", absent.name) from None
    try:
        yield engine
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise store_error(error, url) from None
    finally:
        engine.dispose()


def is_initialised(engine: "Engine") -> bool:
    """Return whether the database has the tables."""
    from sqlalchemy import inspect  # noqa: PLC0415  # as the module says

    from slotcalc.sql import Tables  # noqa: PLC0415  # as the module says

    return inspect(engine).has_table(Tables().resources.name)


def initialise(engine: "Engine") -> bool:
    """Make the tables, in PostgreSQL also the functions; return whether there were none.

    New tables are of the newest revision, which is kept for `migrate` where Alembic is installed.
    """
    from slotcalc.sql import create_all, install_functions  # noqa: PLC0415  # as the module says

    is_new = not is_initialised(engine)
    create_all(engine)
    if engine.dialect.name == "postgresql":
        install_functions(engine)
    if is_new:
        try:
            from slotcalc.sql import migrations  # noqa: PLC0415  # it may be missing
        except MissingExtraError:
            return True
        migrations.stamp(engine)
    return is_new


def migrate(engine: "Engine", revision: str, *, is_stamped: bool) -> tuple[str | None, str | None]:
    """Bring the tables to a revision, or only say that they are of it; return the ones from before and after."""
    from slotcalc.sql import migrations  # noqa: PLC0415  # as the module says

    before = migrations.current(engine)
    if is_stamped:
        migrations.stamp(engine, revision=revision)
    elif before is None and is_initialised(engine):
        message = f"{_shown(engine.url)} has tables, but no revision; if slotcalc db init made them, add --stamp"
        raise StoreError(message)
    else:
        migrations.upgrade(engine, revision=revision)
    return before, migrations.current(engine)


def _url(name: str) -> "URL":
    """Return the URL of a path, or of a URL whose password is where SQLAlchemy looks for it to hide it."""
    from sqlalchemy import URL, make_url  # noqa: PLC0415  # as the module says
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # as the module says

    try:
        url = make_url(name) if "://" in name else URL.create("sqlite", database=name)
    except (ArgumentError, ValueError):  # whose text may hold a password
        raise ParseError(f"--db is neither a path nor the URL of a database; {_WRITE}") from None
    if url.drivername in _SQLITE:
        if url.database in {None, "", ":memory:"}:
            raise ParseError("--db is a database in memory, which is gone when the command ends; name a file")
        return url
    if url.drivername not in _POSTGRESQL:
        raise ParseError(f"--db is of {plain(url.drivername)}, which is not known here; {_WRITE}")
    password = url.query.get("password")
    if isinstance(password, str):
        url = url.difference_update_query(["password"]).set(password=password)
    return url.set(drivername="postgresql+psycopg")


def _shown(url: "URL") -> str:
    return plain(url.render_as_string(hide_password=True), 200)


_SILENT: Final = logging.NullHandler()
