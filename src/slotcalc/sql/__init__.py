"""Slots, bookings and their history in a database: SQLite out of the box, PostgreSQL when it grows. Extra `sql`.

`schema` says what is kept, `connections` how a transaction is begun, ended and bounded, `rows` how values become rows
and back, `slot_store` and `events` hold all statements, `functions` what runs inside PostgreSQL, `edits` puts them
together as plans, and `repository` and `audit_log` run the plans, over an engine or an asynchronous one; `feed` ships
the events elsewhere, `mapped` is a repository over tables of your own, and `migrations` make and change the tables.
Read them in this order. This is the only folder that knows SQLAlchemy; it imports `repository` and below.
"""

from slotcalc.errors import MissingExtraError

try:
    import sqlalchemy as _sqlalchemy  # noqa: F401  # whether it is there is the question, before any module asks
except ImportError as error:
    raise MissingExtraError("databases need SQLAlchemy: pip install 'slotcalc[sql]'", error.name) from error

from slotcalc.sql.audit_log import AsyncSqlAuditLog, SqlAuditLog
from slotcalc.sql.feed import FeedPage
from slotcalc.sql.functions import install_functions, install_policies
from slotcalc.sql.mapped import AsyncMappedRepository, MappedRepository
from slotcalc.sql.mapping import BookingTable, SlotTable
from slotcalc.sql.repository import AsyncSqlRepository, SqlRepository
from slotcalc.sql.schema import Tables, create_all

__all__ = [
    "AsyncMappedRepository",
    "AsyncSqlAuditLog",
    "AsyncSqlRepository",
    "BookingTable",
    "FeedPage",
    "MappedRepository",
    "SlotTable",
    "SqlAuditLog",
    "SqlRepository",
    "Tables",
    "create_all",
    "install_functions",
    "install_policies",
]
