"""The change feed: the events of a log in an order in which none turns up behind a reader. Read `mapping` next.

A reader who remembers the greatest key that he has seen misses events: keys are given when a row is written, and rows
show when their transaction commits, so that a lower key may show later. Therefore PostgreSQL keeps with each event the
number of its transaction, and the feed gives only what lies below `pg_snapshot_xmin`: all transactions below it are
over, and none will ever be below it again. By transaction, then by key, whatever is given later comes later.

SQLite has one writer at a time, from BEGIN IMMEDIATE to COMMIT, so that keys show in the order in which they are given;
they are declared AUTOINCREMENT, so that one that was purged is never given again. There the key is enough.
"""

import re
from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Connection, Text, cast, column, func, literal, tuple_
from sqlalchemy.types import UserDefinedType

from slotcalc.booking import whole_number
from slotcalc.diff import AuditEvent
from slotcalc.errors import ParseError, PointTypeError
from slotcalc.sql import rows
from slotcalc.sql.connections import is_sqlite
from slotcalc.sql.events import joined
from slotcalc.sql.slot_store import Place

__all__ = ["FeedPage", "checked_cursor", "events_since"]

_CURSOR: Final = re.compile("(?:x([0-9]{1,19}))?k([0-9]{1,19})")
_BEGINNING: Final = ("0", 0)


class FeedPage(NamedTuple):
    """What the feed holds behind a cursor.

    Attributes:
        events: the events; none if there is nothing new yet.
        cursor: where the next page begins; keep it with what you have shipped.
    """

    events: list[AuditEvent]
    cursor: str


class _Xid(UserDefinedType[str]):
    """The number of a transaction, 64 bits wide, so that it never begins anew."""

    cache_ok: bool | None = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def checked_cursor(cursor: object, limit: int) -> tuple[str | None, int]:
    """Return the transaction, where the cursor has one, and the key of the last event that was given.

    Raises:
        ParseError: for text that is no cursor.
        PointTypeError: for a cursor that is no text, and a limit that is no whole number.
        PointValueError: for a limit less than 1.
    """
    whole_number("limit", limit)
    if not isinstance(cursor, str):
        raise PointTypeError(f"cursor={cursor!r:.80} is not text; give that of the page before, or ''", cursor)
    if not cursor:
        return _BEGINNING
    read = _CURSOR.fullmatch(cursor)
    if read is None or int(read[2]) > rows.GREATEST or int(read[1] or 0) > rows.GREATEST:
        raise ParseError(f"cursor={cursor!r:.80} is no cursor of a feed; give that of the page before, or ''", cursor)
    return read[1], int(read[2])


def events_since(connection: Connection, place: Place, cursor: str, limit: int) -> FeedPage:
    """Return at most so many events behind the cursor.

    Raises:
        ParseError: for a cursor of another kind of database.
    """
    xid, key = checked_cursor(cursor, limit)
    if cursor and is_sqlite(connection) is not (xid is None):
        raise ParseError(f"cursor={cursor!r} is of the feed of another kind of database; begin anew with ''", cursor)
    t = place.tables.events
    asked = joined(connection, place).where(t.c.tenant == place.tenant).limit(min(limit, rows.GREATEST))
    if is_sqlite(connection):
        asked = asked.where(t.c.event_key > key).order_by(t.c.event_key)
    else:
        written_by = column("xid", _Xid())
        last = tuple_(cast(literal(xid, Text), _Xid()), literal(key, BigInteger))
        asked = asked.add_columns(cast(written_by, Text).label("written_by")).where(
            tuple_(written_by, t.c.event_key) > last,
            written_by < func.pg_snapshot_xmin(func.pg_current_snapshot()),
        )
        asked = asked.order_by(written_by, t.c.event_key)
    found = connection.execute(asked).all()
    if found:
        place_of = f"k{found[-1].event_key}"
        cursor = place_of if is_sqlite(connection) else f"x{found[-1].written_by}{place_of}"
    return FeedPage([rows.event_of(row) for row in found], cursor)
