"""The history of availability: which events are kept, in which order, and what can be read off them.

`log` says what an audit log is, `replay` rebuilds the slots as of any revision or moment, `history` reads the events by
page, `stats` counts them, `analyses` answers the questions that people ask of such a log, `chain` and `findings` say
whether log and slots agree and whether somebody tampered, and `spool` keeps the events that could not be written.

Imports `diff` and below; read `repository` next.
"""

from slotcalc.audit.analyses import (
    BusyHour,
    ClockRange,
    Editor,
    RemovedHour,
    RemovedTime,
    SeasonalMonth,
    busiest_edit_hours,
    most_active_editors,
    most_removed_hours,
    most_removed_times,
    seasonal_pattern,
)
from slotcalc.audit.chain import Head, canonical_json, head
from slotcalc.audit.findings import Finding, FindingKind, baseline_at, differences, verify
from slotcalc.audit.history import LARGEST_PAGE, PAGE, Page, history, one_more, page, selected
from slotcalc.audit.log import AsyncAuditLog, AuditLog, Baseline, Delivery, Selection
from slotcalc.audit.replay import replay, revision_at
from slotcalc.audit.stats import By, HourOfWeek, Stats, Tally, stats

__all__ = [
    "LARGEST_PAGE",
    "PAGE",
    "AsyncAuditLog",
    "AuditLog",
    "Baseline",
    "BusyHour",
    "By",
    "ClockRange",
    "Delivery",
    "Editor",
    "Finding",
    "FindingKind",
    "Head",
    "HourOfWeek",
    "Page",
    "RemovedHour",
    "RemovedTime",
    "SeasonalMonth",
    "Selection",
    "Stats",
    "Tally",
    "baseline_at",
    "busiest_edit_hours",
    "canonical_json",
    "differences",
    "head",
    "history",
    "most_active_editors",
    "most_removed_hours",
    "most_removed_times",
    "one_more",
    "page",
    "replay",
    "revision_at",
    "seasonal_pattern",
    "selected",
    "stats",
    "verify",
]
