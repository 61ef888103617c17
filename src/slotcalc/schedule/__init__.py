"""The use-cases: when is a resource free, edit its slots, book it, and what was changed when, by whom and why.

`plans` decides, `delivery` brings the events to the audit log, `sync` and `asynchronous` are the same thin shell twice.
Imports everything below; the command line and your program stand above.
"""

from slotcalc.audit.spool import Spool
from slotcalc.schedule.asynchronous import AsyncSchedule
from slotcalc.schedule.results import Availability, Day, Preview, Reconciled, Redelivered, UpdateResult
from slotcalc.schedule.sync import Schedule

__all__ = [
    "AsyncSchedule",
    "Availability",
    "Day",
    "Preview",
    "Reconciled",
    "Redelivered",
    "Schedule",
    "Spool",
    "UpdateResult",
]
