"""How a transaction is begun, bounded and ended on SQLite and on PostgreSQL, and what an error of a driver becomes.

An engine belongs to its caller, so nothing is set on it that outlives a connection's stay here, but for the foreign
keys and the busy timeout of an SQLite connection. Imports `errors`; read `rows` next.

Two facts about drivers decide how this is written. SQLite's driver, left to itself, begins no transaction before a
SELECT, so that reading and then writing is no transaction at all: here it is switched to leave transactions alone, and
BEGIN IMMEDIATE, which locks before anything is read, is sent as a statement. And a failed statement may end a whole
transaction (a full disk, a trigger with RAISE(ROLLBACK), a lost connection) without any hint in SQLAlchemy: only the
driver knows whether it still lives.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from slotcalc.errors import OutcomeUnknownError, PointTypeError, StoreError

__all__ = [
    "CommitLost",
    "CommitRefusedError",
    "bounded",
    "check_bind",
    "checked_engine",
    "editing",
    "is_sqlite",
    "lives",
    "outcome_unknown",
    "reading",
    "store_error",
]

_DRIVERS: Final = {"pysqlite", "aiosqlite", "psycopg", "psycopg_async"}
_IN_TRANSACTION: Final = 2  # psycopg's TransactionStatus.INTRANS: neither failed nor over
_PATIENCE: Final = timedelta(seconds=30)
_LONGEST: Final = 2**31 - 1  # milliseconds that either database can wait, 24 days; SQLite takes more for none


class CommitRefusedError(StoreError):
    """The database said no to COMMIT, as deferred constraints do: nothing was written."""


class CommitLost(Exception):  # noqa: N818  # never leaves this folder: a caller sees OutcomeUnknownError
    """The connection broke while COMMIT was on its way: the server may have done it or not."""


def checked_engine(engine: Any, *, asynchronous: bool = False) -> Engine:
    """Return the engine, that beneath an asynchronous one, if it is of a database and a driver that are known here.

    Raises:
        PointTypeError: if it is not, or not of the kind that is asked for.
    """
    beneath = engine if isinstance(engine, Engine) else getattr(engine, "sync_engine", None)
    if not isinstance(beneath, Engine) or (beneath is not engine) is not asynchronous:
        maker = "create_async_engine" if asynchronous else "create_engine"
        raise PointTypeError(f"{type(engine).__name__} is not what is needed; make an engine with {maker}(…)", engine)
    if beneath.dialect.driver not in _DRIVERS:
        known = "sqlite, sqlite+aiosqlite or, for both kinds of engine, postgresql+psycopg"
        message = f"{beneath.dialect.name}+{beneath.dialect.driver} is not known here; use {known}"
        raise PointTypeError(message, beneath.dialect.driver)
    return beneath


def check_bind(bind: object) -> None:
    """Raise `PointTypeError` for anything but an engine or a connection, neither of them asynchronous."""
    if not isinstance(bind, Engine | Connection):
        mend = "make one with create_engine(…), and of an asynchronous connection await its run_sync(…)"
        raise PointTypeError(f"{type(bind).__name__} is neither an engine nor a connection; {mend}", type(bind))


def is_sqlite(connection: Connection) -> bool:
    """Return whether the database is SQLite, not PostgreSQL."""
    return connection.dialect.name == "sqlite"


@contextmanager
def editing(connection: Connection, patience: timedelta = _PATIENCE) -> Iterator[None]:
    """Hold a transaction that waits so long for the locks of others; commit at the end, roll back on any error.

    Raises:
        CommitLost: if the connection breaks while it commits.
        CommitRefusedError: if the database refuses to commit.
    """
    _begin(connection, patience)
    try:
        yield
    except BaseException as error:  # raised again; also when the task is cancelled
        if isinstance(error, StatementError):
            error.hide_parameters = True  # a traceback is no place for notes about people
        _roll_back(connection)
        raise
    _commit(connection)


@contextmanager
def reading(connection: Connection) -> Iterator[None]:
    """Hold a transaction in which all that is read is of one moment.

    It ends with COMMIT in PostgreSQL, since psycopg forgets at ROLLBACK what it has prepared. If that fails, what was
    read stands all the same, and the connection is not used again.
    """
    if is_sqlite(connection):
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        yield
    except BaseException:
        _roll_back(connection)
        raise
    if is_sqlite(connection):
        _roll_back(connection)
        return
    try:
        connection.commit()
    except SQLAlchemyError:
        connection.invalidate()


@contextmanager
def bounded(connection: Connection, patience: timedelta) -> Iterator[None]:
    """Hold a savepoint in which no lock is waited for longer; what fails in it is undone, unless all of it is gone.

    What a constraint would say at COMMIT is said within the savepoint.
    """
    with connection.begin_nested():
        if not is_sqlite(connection):  # SQLite has one lock for all, and this transaction holds it
            _wait_at_most(connection, patience)
        yield
        if not is_sqlite(connection):
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")


def lives(connection: Connection) -> bool:
    """Return whether the transaction is still there, and in a state to go on, as the driver knows it."""
    if connection.closed or connection.invalidated:
        return False
    driver: Any = connection.connection.driver_connection
    if is_sqlite(connection):
        return bool(driver.in_transaction)
    return int(driver.info.transaction_status) == _IN_TRANSACTION


def store_error(error: SQLAlchemyError, url: URL) -> StoreError:
    """Return the error that a caller sees for one of the driver: without parameters, and without the password."""
    reason: object = error
    if isinstance(error, StatementError):
        error.hide_parameters = True
        reason = error.orig or error
    said = str(reason).partition("\n")[0]
    if url.password:
        said = said.replace(str(url.password), "***")
    message = f"{url.render_as_string(hide_password=True)} refused or was lost, and nothing was written: {said}"
    return StoreError(message, getattr(reason, "sqlstate", None) or type(reason).__name__)


def _begin(connection: Connection, patience: timedelta) -> None:
    if not is_sqlite(connection):
        connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
        _wait_at_most(connection, patience)
        return
    connection.execution_options(isolation_level="AUTOCOMMIT")
    if connection.info.get("slotcalc") != patience:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_milliseconds(patience)}")
        connection.info["slotcalc"] = patience
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    if not lives(connection):
        raise StoreError(
            "the SQLite driver ended the transaction that was just begun; create the engine without events"
        )


def _wait_at_most(connection: Connection, patience: timedelta) -> None:
    wait = max(_milliseconds(patience), 1)  # 0 would be for ever
    connection.execute(text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": f"{wait}ms"})


def _milliseconds(patience: timedelta) -> int:
    return min(patience // timedelta(milliseconds=1), _LONGEST)


def _commit(connection: Connection) -> None:
    if not lives(connection):  # COMMIT of a failed transaction rolls back and says nothing
        _roll_back(connection)
        raise StoreError("the transaction was ended by something else before its COMMIT, and nothing was written")
    try:
        if is_sqlite(connection):
            connection.exec_driver_sql("COMMIT")
        connection.commit()
    except DBAPIError as error:
        lost = not is_sqlite(connection) and not _answered(connection)
        _roll_back(connection)
        if lost:
            raise CommitLost from error
        raise CommitRefusedError(*store_error(error, connection.engine.url).args) from error


def _answered(connection: Connection) -> bool:
    """Return whether the server has said no to COMMIT, instead of nothing."""
    if connection.closed or connection.invalidated:
        return False
    driver: Any = connection.connection.driver_connection
    return not driver.closed and not driver.broken


def _roll_back(connection: Connection) -> None:
    """Undo what is left to undo; if that fails, the connection is not used again."""
    try:
        if not connection.invalidated and is_sqlite(connection):
            _end_sqlite(connection)
        connection.rollback()
    except SQLAlchemyError:
        connection.invalidate()


def _end_sqlite(connection: Connection) -> None:
    """Roll back without asking first: of a task that was cancelled, the last statement may still be under way."""
    try:
        connection.exec_driver_sql("ROLLBACK")
    except OperationalError:  # there is no transaction
        if lives(connection):
            raise


def outcome_unknown(resource_id: str, request_id: str | None) -> OutcomeUnknownError:
    """Return the error for an edit of which nobody knows whether it was made."""
    again = (
        f"make the request {request_id!r} again: it is made once"
        if request_id is not None
        else "read it again and see; with a request id it would have been looked up"
    )
    message = f"the connection broke while an edit of {resource_id!r} was committed, so it was made or not; {again}"
    return OutcomeUnknownError(message, resource_id, request_id)
