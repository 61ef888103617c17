"""Where slots and bookings are kept: the protocols of a repository, and one in memory that all adapters are held to.

`exchange` has the decisions that all of them share. Imports `audit` and below; read `schedule` next, which answers and
edits through a repository and an audit log.
"""

from slotcalc.repository.memory import AsyncMemoryAuditLog, AsyncMemoryRepository, MemoryAuditLog, MemoryRepository
from slotcalc.repository.protocols import (
    Admit,
    AsyncRepository,
    Describe,
    Redelivered,
    Replaced,
    Repository,
    Request,
    Snapshot,
)

__all__ = [
    "Admit",
    "AsyncMemoryAuditLog",
    "AsyncMemoryRepository",
    "AsyncRepository",
    "Describe",
    "MemoryAuditLog",
    "MemoryRepository",
    "Redelivered",
    "Replaced",
    "Repository",
    "Request",
    "Snapshot",
]
