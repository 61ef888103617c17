"""The contracts that every repository and every audit log passes, over a file of SQLite and the real PostgreSQL.

A quick run holds the asynchronous twins to what many ask at once, and other modes and tenants to nothing, since all of
them make the same plans; SLOTCALC_CHAOS=1, or the deep profile, holds all of them to all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from slotcalc.testing import (
    AuditLogContract,
    ConcurrentAuditLogContract,
    ConcurrentRepositoryContract,
    RepositoryContract,
    awaited,
    wait_for,
)
from tests.chaos import IN_FULL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slotcalc import Booking, Slot
    from slotcalc.audit import AuditLog
    from slotcalc.repository import Repository
    from tests.databases import Database


class OverADatabase:
    """What all of them are made from; each repository or log has tables of its own."""

    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture(autouse=True)
    def _over(self, database: Database) -> Iterator[None]:
        self.database = database
        self.unused = [database]
        yield
        wait_for(database.dispose())

    def next_database(self) -> Database:
        return self.unused.pop() if self.unused else self.database.with_new_tables()


class Repositories(OverADatabase):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        repository = self.next_database().repository(**self.options)
        repository.seed(slots, bookings)
        return repository


class AsynchronousRepositories(OverADatabase):
    def make_repository(self, slots: Iterable[Slot] = (), bookings: Iterable[Booking] = ()) -> Repository:
        repository = self.next_database().async_repository(**self.options)
        wait_for(repository.seed(slots, bookings))
        return awaited(repository)


class AuditLogs(OverADatabase):
    def make_audit_log(self) -> AuditLog:
        return self.next_database().log(**self.options)


class AsynchronousAuditLogs(OverADatabase):
    def make_audit_log(self) -> AuditLog:
        return awaited(self.next_database().async_log(**self.options))


class TestSqlRepository(Repositories, RepositoryContract, ConcurrentRepositoryContract):
    pass


class TestAsyncSqlRepositoryAskedAtOnce(AsynchronousRepositories, ConcurrentRepositoryContract):
    pass


class TestSqlAuditLog(AuditLogs, AuditLogContract, ConcurrentAuditLogContract):
    pass


class TestAsyncSqlAuditLogAskedAtOnce(AsynchronousAuditLogs, ConcurrentAuditLogContract):
    pass


if IN_FULL:

    class TestAsyncSqlRepository(AsynchronousRepositories, RepositoryContract):
        pass

    class TestAsyncSqlAuditLog(AsynchronousAuditLogs, AuditLogContract):
        pass

    class TestSqlRepositoryOfATenant(Repositories, RepositoryContract, ConcurrentRepositoryContract):
        options: ClassVar[dict[str, Any]] = {"tenant": "acme"}

    class TestSqlRepositoryAfterCommit(Repositories, RepositoryContract, ConcurrentRepositoryContract):
        options: ClassVar[dict[str, Any]] = {"mode": "after_commit"}

    class TestSqlRepositoryAtomic(Repositories, RepositoryContract, ConcurrentRepositoryContract):
        options: ClassVar[dict[str, Any]] = {"mode": "atomic"}

    class TestSqlAuditLogOfATenant(AuditLogs, AuditLogContract):
        options: ClassVar[dict[str, Any]] = {"tenant": "acme"}
