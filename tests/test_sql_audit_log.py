"""What an audit log in a database adds to the protocol: streams, tenants, clear errors."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import (
    Action,
    AuditEvent,
    HorizonError,
    LimitExceededError,
    ParseError,
    PointTypeError,
    PointValueError,
    Slot,
    StoreError,
    UnknownEventError,
)
from slotcalc.audit import Baseline, Selection
from slotcalc.diff.changes import event_id
from tests.databases import DAY, TUTOR, WHOLE_DAY, described, hours, slot

if TYPE_CHECKING:
    from slotcalc import SlotcalcError
    from tests.databases import Database


def event(revision: int, resource_id: str = TUTOR, **fields: Any) -> AuditEvent:
    made: dict[str, Any] = {"interval": hours(9, 10), "id": event_id(f"{resource_id}{revision}", 0), "changed_at": DAY}
    made |= fields
    return AuditEvent(resource_id, "added", made.pop("interval"), change_id="c", revision=revision, **made)


def test_what_an_edit_did_is_in_the_log(database: Database) -> None:
    done = database.repository().replace_slots(
        TUTOR, WHOLE_DAY, [slot(9, 10, capacity=2, id="s", label="L")], describe=described("c1", notes="why")
    )
    assert tuple(database.log().select(Selection(resource_id=TUTOR))) == done.events


@pytest.mark.parametrize("limit", [None, 1, 1000, 1001, 5000])
def test_a_stream_gives_what_a_selection_gives(database: Database, limit: int | None) -> None:
    log = database.log()
    log.append([event(n) for n in range(1, 2102)])
    wanted = Selection(resource_id=TUTOR, newest_first=True, limit=limit)
    assert [*log.stream(wanted)] == log.select(wanted)
    behind = wanted.replace(after=event(2000).id)
    assert [*log.stream(behind)] == log.select(behind)

    async def streamed() -> list[AuditEvent]:
        told = [one async for one in database.async_log().stream(wanted)]
        await database.asynchronous.dispose()
        return told

    assert asyncio.run(streamed()) == log.select(wanted)


def test_the_asynchronous_twin_gives_the_same_answers(database: Database) -> None:
    async def ask() -> None:
        twin = database.async_log()
        assert await twin.append([event(1), event(2)]) == 2
        assert await twin.select(Selection(resource_id=TUTOR)) == [event(1), event(2)]
        baseline = Baseline(TUTOR, 1, [slot(9, 10, id="s", capacity=3)], digest="d", changed_at=DAY)
        assert await twin.purge(baseline) == 1
        assert await twin.baseline(TUTOR) == baseline
        await database.asynchronous.dispose()

    asyncio.run(ask())


def test_the_database_itself_filters_and_pages(database: Database) -> None:
    log = database.log()
    events = [
        event(n, "ab"[n % 2], changed_at=DAY + timedelta(hours=n // 2), changed_by="xyz"[n % 3]) for n in range(1, 13)
    ]
    log.append(events)
    ordered = sorted(events, key=Selection().order)
    assert log.select(Selection()) == ordered
    late = Selection(
        since=DAY + timedelta(hours=2), until=DAY + timedelta(hours=4), changed_by="x", action=Action.ADDED
    )
    assert log.select(late) == [told for told in ordered if late.includes(told)]
    for n, told in enumerate(ordered):
        assert log.select(Selection(after=told.id)) == ordered[n + 1 :]
        assert log.select(Selection(after=told.id, newest_first=True)) == ordered[:n][::-1]
    with pytest.raises(UnknownEventError):
        log.select(Selection(after="nothing"))


def test_what_was_purged_stays_away(database: Database) -> None:
    log = database.log()
    log.append([event(n) for n in (1, 2, 3)])
    assert log.purge(Baseline(TUTOR, 2, [slot(9, 10)])) == 2
    assert log.append([event(1), event(2), event(4)]) == 1
    assert log.select(Selection()) == [event(3), event(4)]
    with pytest.raises(HorizonError):
        log.purge(Baseline(TUTOR, 1, []))


def test_tenants_may_have_events_of_one_id(database: Database) -> None:
    for tenant in ("one", "other"):
        assert database.log(tenant=tenant).append([event(1), event(2)]) == 2
    database.log(tenant="one").purge(Baseline(TUTOR, 1, []))
    assert database.log(tenant="one").select(Selection()) == [event(2)]
    assert database.log(tenant="other").select(Selection()) == [event(1), event(2)]
    assert database.log(tenant="other").baseline(TUTOR) is None


def test_what_no_database_keeps_is_refused(database: Database) -> None:
    log = database.log()
    odd: list[tuple[type[SlotcalcError], Any]] = [
        (PointTypeError, lambda: log.append([event(1), event(2, interval=(9, 10))])),
        (PointValueError, lambda: log.append([event(1), event(2**63)])),
        (PointValueError, lambda: log.select(Selection(resource_id="\x00"))),
        (LimitExceededError, lambda: log.select(Selection(reason="x" * 100_000))),
        (PointValueError, lambda: log.baseline("\ud800")),
        (PointValueError, lambda: log.purge(Baseline(TUTOR, 1, [], digest="\x00"))),
        (PointValueError, lambda: log.purge(Baseline("\x00", 1, []))),
        (PointTypeError, lambda: log.purge(Baseline(TUTOR, 1, [Slot(TUTOR, (9, 10))]))),
        (LimitExceededError, lambda: log.baseline("x" * 100_000)),
        (PointTypeError, lambda: log.baseline(7)),  # type: ignore[arg-type]
        (LimitExceededError, lambda: log.select(Selection(after="x" * 100_000))),
        (PointValueError, lambda: log.select(Selection(changed_by="\ud800"))),
        (ParseError, lambda: log.events_since("\x00")),
        (LimitExceededError, lambda: next(log.stream(Selection(resource_id="x" * 100_000)))),
    ]
    for error, call in odd:
        with pytest.raises(error):
            call()
    assert log.select(Selection()) == []
    huge = Selection(first_revision=10**30, last_revision=10**30, limit=10**30)
    assert log.select(huge) == []


def test_a_log_that_is_not_there_is_a_store_error(database: Database) -> None:
    database.execute("DROP TABLE {events}")
    with pytest.raises(StoreError, match="events"):
        database.log().append([event(1)])
