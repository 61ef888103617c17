"""What an edit of slots changed, as ADDED and REMOVED events that can be applied, inverted and composed.

`event` says what an event is, `changes` finds the events between two states, `ledger` applies them strictly,
`rows` writes them as rows of a table and reads them. Imports `availability` and below; read `audit` next, which keeps
them.
"""

from slotcalc.diff.changes import Changes, apply, compose, diff, invert
from slotcalc.diff.event import Action, AuditEvent, Identity
from slotcalc.diff.ledger import Ledger

__all__ = ["Action", "AuditEvent", "Changes", "Identity", "Ledger", "apply", "compose", "diff", "invert"]
