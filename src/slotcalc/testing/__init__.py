"""What people test their own parts with: the contracts of a repository and an audit log, and random slots and edits.

`repositories` and `audit_logs` hold the contracts, `concurrency` what holds under many threads as well. `expectations`
is what they share, and `awaiting` lets them judge asynchronous adapters. None of them needs a test framework: the tests
of a contract are methods that raise `AssertionError`, also under `python -O`. `strategies` needs Hypothesis, so it is
imported by its own name. Imports `repository` and below; nothing of slotcalc imports it.
"""

from slotcalc.testing.audit_logs import AuditLogContract
from slotcalc.testing.awaiting import awaited, wait_for
from slotcalc.testing.concurrency import ConcurrentAuditLogContract, ConcurrentRepositoryContract
from slotcalc.testing.repositories import RepositoryContract

__all__ = [
    "AuditLogContract",
    "ConcurrentAuditLogContract",
    "ConcurrentRepositoryContract",
    "RepositoryContract",
    "awaited",
    "wait_for",
]
