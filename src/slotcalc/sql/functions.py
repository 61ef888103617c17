"""What runs inside PostgreSQL: the functions of `functions.sql`, the row-level policies of `policies.sql`.

Both files are valid SQL under the usual names, to be read and run by hand; here they run under the names of the tables
at hand. `free_there` asks the functions for free time. Imports `schema`, `connections` and `slot_store`.
"""

import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Connection, Engine, Text, func, literal, select
from sqlalchemy import Interval as Length
from sqlalchemy.dialects.postgresql import ARRAY

from slotcalc.availability import free
from slotcalc.booking import Booking, BookingStatus, active_statuses
from slotcalc.diff.event import checked_text
from slotcalc.errors import PointValueError, SlotcalcError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.repository import Snapshot
from slotcalc.sql.connections import check_bind, editing, reading
from slotcalc.sql.rows import GREATEST
from slotcalc.sql.schema import Instant, Tables
from slotcalc.sql.slot_store import Place

__all__ = ["UNDEFINED_FUNCTION", "Question", "free_there", "install_functions", "install_policies"]

UNDEFINED_FUNCTION: Final = "42883"
"""The SQLSTATE of a server that has no such function: it is older, or nobody installed them."""

_NOTHING: Final = timedelta()
_OLDEST: Final = (14,)  # the first with multiranges


class Question(NamedTuple):
    """How a question about free time is refined; the words are those of `slotcalc.free`."""

    before: timedelta | None
    after: timedelta | None
    seats: int
    active: Collection[BookingStatus]
    ignoring: str | Collection[str] | None

    def reach(self, window: Interval[datetime]) -> Interval[datetime]:
        """Return the window with what bookings beside it take of it, if `slotcalc.free` takes these arguments.

        Raises:
            IntervalError, PointTypeError, PointValueError: as `slotcalc.free` with one booking of the window.
        """
        free((), [Booking("", window, id="")], **self._asdict())
        return window.pad(self.after, self.before)

    def answer(self, snapshot: Snapshot, window: Interval[datetime]) -> IntervalSet[datetime]:
        """Return the answer to it of what a repository holds."""
        return free(list(snapshot.slots), list(snapshot.bookings), **self._asdict()) & window


def install_functions(bind: Engine | Connection, tables: Tables | None = None) -> None:
    """Put the functions and the view into the database, beside the tables and under their prefix, or renew them.

    From then on `SqlRepository.free` is answered inside the server. The functions run with the rights of their caller.

    Raises:
        PointValueError: for SQLite and for a PostgreSQL before 14, which has no multiranges.
    """
    _run(bind, tables or Tables(), "functions.sql", {})


def install_policies(
    bind: Engine | Connection, tables: Tables | None = None, *, role: str = "PUBLIC", tenant: str = "current_user"
) -> None:
    """Let a role see and edit only the resources of its own tenant: row-level security on all tables, and the rights.

    Repeating it replaces the policies. Run it as the owner of the tables, who is not bound by them, and after
    `install_functions`, so that the view is granted too.

    Args:
        bind: of PostgreSQL.
        tables: the names of the tables.
        role: who gets the rights and is bound.
        tenant: an SQL expression for the tenant of whoever is asking, such as "(SELECT auth.uid())::text". It is put
            into the policies as it stands, so never take it from a user.

    Raises:
        PointTypeError: if the role or the expression is no text.
        PointValueError: for SQLite; for a role or an expression that is empty or that no database keeps.
    """
    for name, text in (("role", role), ("tenant", tenant)):
        if not checked_text(name, text).strip():
            raise PointValueError(
                f"{name}={text!r} is empty; name who is bound by the policies, and how they are known", text
            )
    _run(bind, tables or Tables(), "policies.sql", {"TO": role, "FROM": role, "tenant": tenant})


_NAMES: Final = re.compile(
    r"\b(public\.)?slotcalc_(?P<name>[a-z_]+)|\b(?P<who>TO|FROM) PUBLIC\b|\btenant = current_user\b"
)


def _run(bind: Engine | Connection, tables: Tables, name: str, words: dict[str, str]) -> None:
    if isinstance(bind, Engine):
        with bind.connect() as connection:
            _run(connection, tables, name, words)
        return
    check_bind(bind)
    version = bind.dialect.server_version_info or ()
    if bind.dialect.name != "postgresql" or version < _OLDEST:
        server = ".".join([bind.dialect.name, *map(str, version)])
        raise PointValueError(f"{name} is for PostgreSQL from 14 on, and this is {server}; do without it here", server)
    if not bind.in_transaction():
        with editing(bind):
            _run(bind, tables, name, words)
        return
    script = files("slotcalc.sql").joinpath(name).read_text(encoding="utf-8")
    # The locks keep two programs that start at once from replacing one function at the same time.
    bind.exec_driver_sql(f"SELECT pg_advisory_xact_lock(hashtext('{tables.prefix}create_all'))")
    bind.exec_driver_sql(_NAMES.sub(_namer(bind, tables, words), script), execution_options={"no_parameters": True})


def _namer(connection: Connection, tables: Tables, words: dict[str, str]) -> Callable[[re.Match[str]], str]:
    """Return what puts the names of the tables and the words of the caller into a script, in one pass."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema = quote(tables.schema or connection.scalars(select(func.current_schema())).one())

    def named(found: re.Match[str]) -> str:
        if found["name"]:
            return f"{schema}.{quote(tables.name_of(found['name']))}"
        if found["who"]:
            role = words[found["who"]]
            return f"{found['who']} {role if role.upper() == 'PUBLIC' else quote(role)}"
        return f"tenant = ({words['tenant']})"

    return named


def free_there(
    connection: Connection, place: Place, resource_id: str, window: Interval[datetime], question: Question
) -> IntervalSet[datetime]:
    """Return the free time of a resource within the window, computed by the functions of the server."""
    if question.seats > GREATEST:
        return IntervalSet()
    instants = (literal(window.start, Instant), literal(window.end, Instant))
    there = func if place.tables.schema is None else getattr(func, place.tables.schema)
    answer = getattr(there, f"{place.tables.prefix}free")(
        literal(resource_id, Text),
        func.tstzrange(*instants),
        literal(question.before or _NOTHING, Length),
        literal(question.after or _NOTHING, Length),
        literal(question.seats, BigInteger),
        literal([status.value for status in sorted(active_statuses(question.active))], ARRAY(Text)),
        literal(_ids(question.ignoring), ARRAY(Text)),
        literal(place.tenant, Text),
    )
    piece: Any = func.unnest(answer).column_valued("piece")
    with reading(connection):
        rows = connection.execute(select(func.lower(piece, type_=Instant), func.upper(piece, type_=Instant)))
        return IntervalSet([(start, end) for start, end in rows])


def _ids(ignoring: str | Collection[str] | None) -> list[str]:
    """Return the ids to leave out, but for those that no booking can have and no server takes."""
    ids: list[str] = []
    for name in [ignoring] if isinstance(ignoring, str) else ignoring or ():
        try:
            ids.append(checked_text("ignoring", name))
        except SlotcalcError:  # rare, and few
            continue
    return ids
