"""What an audit log in a database adds to the protocol: streams, tenants, clear errors."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from random import Random
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from slotcalc.repository import MemoryAuditLog
from slotcalc.sql import events as event_store
from slotcalc.sql.connections import editing
from slotcalc.sql.slot_store import Place
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


SHARED = {
    "resource_id": "tutor-2",
    "revision": 2,
    "change_id": "d",
    "reason": "other",
    "notes": "n",
    "changed_at": DAY + timedelta(microseconds=1),
    "changed_by": "bob",
}


def part(ordinal: int, **fields: Any) -> AuditEvent:
    """Return an event of one edit, or of one that differs from it in these fields."""
    made: dict[str, Any] = {
        "resource_id": TUTOR,
        "revision": 1,
        "change_id": "c",
        "changed_at": DAY,
        "changed_by": "ada",
    }
    made |= fields
    name = made.pop("id", event_id("c", ordinal))
    return AuditEvent(made.pop("resource_id"), "added", hours(9, 10), ordinal=ordinal, id=name, **made)


def test_events_that_share_all_are_of_one_batch_however_they_come(database: Database) -> None:
    log = database.log()
    for delivery in ([3], [0, 1], [1, 2, 3], [2]):
        log.append([part(n) for n in delivery])
    assert log.select(Selection()) == [part(n) for n in range(4)]
    assert (database.count("batches"), database.count("events")) == (1, 4)


@pytest.mark.parametrize("name", SHARED)
def test_an_event_that_differs_in_what_a_batch_shares_is_of_another_and_keeps_its_place(
    database: Database, name: str
) -> None:
    log = database.log()
    events = [part(0), part(1, **{name: SHARED[name]}), part(2), part(3, **{name: SHARED[name]})]
    assert log.append(events) == 4
    assert database.count("batches") == 2
    assert log.select(Selection()) == sorted(events, key=Selection().order)
    mine = Selection(resource_id=TUTOR)
    assert log.select(mine) == sorted(filter(mine.includes, events), key=mine.order)
    assert log.events_since().events == events


def test_an_event_that_is_there_already_brings_no_batch(database: Database) -> None:
    log = database.log()
    log.append([part(0)])
    assert log.append([part(0, notes="another story"), part(1)]) == 1
    assert log.select(Selection()) == [part(0), part(1)]
    assert database.count("batches") == 1


def test_batches_are_purged_with_their_events(database: Database) -> None:
    log = database.log()
    log.append([part(n, revision=revision, id=f"{revision}.{n}") for revision in (1, 2, 3) for n in (0, 1)])
    log.append([part(0, resource_id="tutor-2", id="other")])
    assert log.purge(Baseline(TUTOR, 2, [])) == 4
    assert database.execute("SELECT resource_id, revision FROM {batches} ORDER BY 1") == [(TUTOR, 3), ("tutor-2", 1)]
    assert log.append([part(0), part(0, revision=3, id="late")]) == 1
    assert database.count("batches") == 2


def test_an_event_without_its_batch_is_refused_by_the_database(database: Database) -> None:
    def leave_out_the_batch() -> None:
        with database.engine.connect() as connection, editing(connection):
            event_store.append(connection, Place(database.tables, ""), [part(0)])
            connection.execute(database.tables.batches.delete())

    with pytest.raises(StoreError, match=r"(FOREIGN KEY|foreign key) constraint"):
        leave_out_the_batch()


def test_the_longest_texts_of_every_kind_are_kept_and_found(database: Database) -> None:
    chance = Random(7)  # noqa: S311  # texts that no database can make shorter

    def text(length: int) -> str:
        return "".join(chr(chance.randrange(0x10000, 0x10FFFF)) for _ in range(length))

    log = database.log(tenant=text(200))
    names: dict[str, Any] = {
        name: text(200) for name in ("resource_id", "change_id", "reason", "changed_by", "slot_id", "id")
    }
    longest = part(0, **names, notes=text(10_000), label=text(10_000))
    assert log.append([longest]) == 1
    assert log.append([longest]) == 0
    for name in ("resource_id", "reason", "changed_by"):
        assert log.select(Selection(**{name: names[name]})) == [longest]
    assert log.select(Selection(after=names["id"])) == []


@pytest.mark.parametrize("first_fails", [False, True])
def test_who_delivers_another_part_of_a_batch_meanwhile_waits_and_succeeds(
    database: Database, *, first_fails: bool
) -> None:
    log, begun = database.log(), Barrier(2)

    def deliver_first() -> None:
        with database.engine.connect() as connection, editing(connection):
            event_store.append(connection, Place(database.tables, ""), [part(0), part(1)])
            begun.wait()
            if first_fails:
                raise StoreError("not now")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(deliver_first)
        begun.wait()
        assert log.append([part(1), part(2)]) == (2 if first_fails else 1)
        assert isinstance(first.exception(), StoreError) is first_fails
    assert log.select(Selection()) == [part(n) for n in ((1, 2) if first_fails else (0, 1, 2))]
    assert database.count("batches") == 1


def test_eight_who_deliver_parts_of_the_same_batches_in_any_order_lose_and_double_nothing(database: Database) -> None:
    events = [part(n, revision=r, change_id=f"c{r}", id=f"{r}.{n}") for r in range(1, 11) for n in range(8)]

    def deliver(writer: int) -> int:
        mine = events[writer::8]
        Random(writer).shuffle(mine)  # noqa: S311
        return sum(database.log().append(mine[i : i + 4]) for i in range(0, len(mine), 4))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(deliver, range(8))) == len(events)
    assert database.log().select(Selection()) == events
    assert database.count("batches") == 10


_tenants = count()

EVENTS = st.builds(
    lambda id, **fields: part(int(id, 16), id=id, **fields),  # so that no two events have one place
    resource_id=st.sampled_from(["a", "b"]),
    revision=st.integers(1, 3),
    change_id=st.sampled_from(["c", "d"]),
    changed_by=st.sampled_from(["ada", "bob"]),
    reason=st.sampled_from(["edit", "other"]),
    notes=st.sampled_from(["", "n"]),
    changed_at=st.sampled_from([DAY, DAY + timedelta(hours=1)]),
    id=st.sampled_from("0123456789ab"),
)
MAYBE = st.none()
SELECTIONS = st.fixed_dictionaries(
    {
        "resource_id": MAYBE | st.sampled_from(["a", "b"]),
        "changed_by": MAYBE | st.just("ada"),
        "reason": MAYBE | st.just("edit"),
        "since": MAYBE | st.just(DAY + timedelta(hours=1)),
        "until": MAYBE | st.just(DAY + timedelta(hours=1)),
        "first_revision": MAYBE | st.integers(1, 3),
        "last_revision": MAYBE | st.integers(1, 3),
        "newest_first": st.booleans(),
        "limit": MAYBE | st.integers(1, 4),
    }
)


@given(deliveries=st.lists(st.lists(EVENTS, max_size=6), max_size=5), asked=SELECTIONS, data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example has a tenant of its own
def test_whatever_is_delivered_it_answers_as_the_log_in_memory_does(
    database: Database, deliveries: list[list[AuditEvent]], asked: dict[str, Any], data: st.DataObject
) -> None:
    log, memory = database.log(tenant=str(next(_tenants))), MemoryAuditLog()
    for delivery in deliveries:
        assert log.append(delivery) == memory.append(delivery)
    everything = memory.select(Selection())
    after = data.draw(MAYBE | st.sampled_from([event.id for event in everything])) if everything else None
    wanted = Selection(**asked, after=after)
    assert log.select(wanted) == [*memory.select(wanted)]
    assert sorted(event.id for event in log.events_since().events) == sorted(event.id for event in everything)
    if data.draw(st.booleans()):
        begins = Baseline("a", data.draw(st.integers(1, 3)), [])
        assert log.purge(begins) == memory.purge(begins)
        assert log.select(Selection()) == [*memory.select(Selection())]
        assert log.append(everything) == memory.append(everything) == 0
