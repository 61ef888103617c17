"""Text that looks like SQL, like a placeholder or like a path is only text: it is kept as it is, and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slotcalc import Booking, IntervalSet, diff
from slotcalc.audit import Selection
from slotcalc.repository import Request
from slotcalc.sql import SqlAuditLog, install_functions
from tests.databases import DAY, WHOLE_DAY, Database, hours, slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slotcalc import AuditEvent, Slot
    from slotcalc.repository import Replaced

HOSTILE = [
    "'; DROP TABLE slotcalc_slots; --",
    "' OR '1'='1",
    '"; DELETE FROM resources; --',
    "x') ON CONFLICT DO UPDATE SET revision = 99 --",
    "tutor\\",
    "E'\\x27'",
    "%s %(tenant)s %% %d",
    ":resource_id :1 ? $1 {slots} {0}",
    "$body$; SELECT pg_sleep(60); $body$",
    "null",
    "\\N",
    "../../etc/passwd",
    "\u202eright to left, \x1b[2J, \r\n, \t, 名前, \U0001f4c5, é ≠ e\u0301",
    "",
]


def admit_anything(_slots: Sequence[Slot], _bookings: Sequence[Booking]) -> None:
    pass


@pytest.mark.parametrize("text", HOSTILE)
def test_every_text_comes_back_as_it_was_given_and_nobody_else_notices(database: Database, text: str) -> None:
    if not database.is_sqlite:
        install_functions(database.engine, database.tables)
    beside = database.repository()
    beside.seed([slot(9, 17)], [Booking("tutor-1", hours(12, 13), id="lunch")])
    before = beside.snapshot("tutor-1")
    repository = database.repository(tenant=text)
    offered = slot(9, 12, resource_id=text, id=text, label=text)
    booked = Booking(text, hours(9, 10), id=text, label=text)

    def describe(replaced: Replaced) -> tuple[AuditEvent, ...]:
        return diff(
            replaced.before,
            replaced.after,
            resource_id=text,
            changed_at=DAY,
            change_id=text or "e",
            revision=replaced.revision,
            changed_by=text,
            reason=text or "edit",
            notes=text,
        )

    request = Request(text or "r", text)
    done = repository.replace_slots(text, WHOLE_DAY, [offered], describe=describe, request=request)
    assert repository.replace_slots(text, WHOLE_DAY, [offered], describe=describe, request=request).repeated
    repository.book(booked, admit=admit_anything)
    assert repository.slots(text, WHOLE_DAY) == [offered]
    assert repository.bookings(text) == [booked]
    assert repository.free(text, WHOLE_DAY) == IntervalSet([hours(10, 12)])
    assert repository.free(text, WHOLE_DAY, ignoring=text) == IntervalSet([hours(9, 12)])
    log = SqlAuditLog(database.engine, tables=database.tables, tenant=text)
    assert log.select(Selection(resource_id=text)) == [*done.events]
    assert log.select(Selection(changed_by=text, reason=text or "edit")) == [*done.events]
    repository.release(text, text)
    assert repository.free(text, WHOLE_DAY) == IntervalSet([hours(9, 12)])
    assert beside.snapshot("tutor-1") == before
