"""The history of availability: which events are kept, in which order, and what can be read off them.

`log` says what an audit log is, `replay` rebuilds the slots as of any revision or moment, `history` reads the events by
page, `stats` counts them, `analyses` answers the questions that people ask of such a log, `findings` says whether log
and slots agree, `chain` whether somebody tampered, and `spool` keeps the events that could not be written.

Imports `diff` and below; read `repository` next.
"""

from slotcalc.audit.log import AsyncAuditLog, AuditLog, Baseline, Delivery, Selection

__all__ = ["AsyncAuditLog", "AuditLog", "Baseline", "Delivery", "Selection"]
