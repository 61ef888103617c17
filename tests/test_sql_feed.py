"""The change feed gives every event once, whatever the order in which writers come to an end."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, text

from slotcalc import Interval, ParseError, PointTypeError, PointValueError, StoreError
from slotcalc.audit import Baseline
from slotcalc.diff import AuditEvent
from slotcalc.diff.changes import event_id
from slotcalc.sql import events as event_store
from slotcalc.sql.connections import editing
from slotcalc.sql.slot_store import Place
from tests.databases import DAY, Database, hours

if TYPE_CHECKING:
    from slotcalc.sql.feed import FeedPage

WRITERS, EDITS = 8, 25


def told(change_id: str, resource_id: str = "tutor-1", *, ordinal: int = 0, revision: int = 1) -> AuditEvent:
    return AuditEvent(
        resource_id,
        "ADDED",
        hours(ordinal, ordinal + 1),
        changed_at=DAY,
        change_id=change_id,
        revision=revision,
        ordinal=ordinal,
        id=event_id(change_id, ordinal),
    )


def place(database: Database, tenant: str = "") -> Place:
    return Place(database.tables, tenant)


def naive_since(connection: Connection, database: Database, key: int) -> list[tuple[int, str]]:
    """Read what people write first: everything behind the greatest key that was seen."""
    name = database.tables.events.fullname
    asked = text(f"SELECT event_key, event_id FROM {name} WHERE event_key > :key ORDER BY event_key")  # noqa: S608
    return [(row.event_key, row.event_id) for row in connection.execute(asked, {"key": key})]


def test_the_feed_gives_each_event_once_and_in_pages_of_the_asked_size(database: Database) -> None:
    log = database.log()
    events = [told("a", ordinal=i) for i in range(5)]
    log.append(events)
    log.append(events)  # a delivery that comes twice
    pages: list[FeedPage] = [log.events_since(limit=2)]
    while pages[-1].events:
        pages.append(log.events_since(pages[-1].cursor, limit=2))
    assert [len(page.events) for page in pages] == [2, 2, 1, 0]
    assert [event for page in pages for event in page.events] == events
    assert pages[-1].cursor == pages[-2].cursor
    log.append([told("b", "tutor-0")])
    assert log.events_since(pages[-1].cursor).events == [told("b", "tutor-0")]


def test_what_is_delivered_late_of_an_edit_that_was_read_is_given(database: Database) -> None:
    log = database.log()
    log.append([told("a", ordinal=i) for i in (0, 2)])
    page = log.events_since()
    log.append([told("a", ordinal=i) for i in range(3)])
    assert database.count("batches") == 1
    assert log.events_since(page.cursor).events == [told("a", ordinal=1)]


def test_an_empty_feed_says_where_to_begin(database: Database) -> None:
    assert database.log().events_since() == ([], "")


def test_the_feed_of_a_tenant_has_no_events_of_others(database: Database) -> None:
    database.log(tenant="a").append([told("a")])
    database.log(tenant="b").append([told("b")])
    assert database.log(tenant="b").events_since().events == [told("b")]


def test_what_comes_after_a_purge_of_everything_is_given(database: Database) -> None:
    log = database.log()
    log.append([told("a", ordinal=i) for i in range(3)])
    cursor = log.events_since().cursor
    log.purge(Baseline("tutor-1", 1, (), digest="", changed_at=DAY))
    log.append([told("b", revision=2)])
    assert log.events_since(cursor).events == [told("b", revision=2)]


def test_the_feed_of_an_asynchronous_log_is_the_same(database: Database) -> None:
    events = [told("a", ordinal=i) for i in range(3)]
    database.log().append(events)

    async def ask() -> FeedPage:
        try:
            return await database.async_log().events_since(limit=10)
        finally:
            await database.asynchronous.dispose()

    assert asyncio.run(ask()) == database.log().events_since()


@pytest.mark.parametrize(
    "cursor",
    [
        *("k", "x1", "k-1", "k1 ", "7", "k\N{ARABIC-INDIC DIGIT ONE}", "k1; DROP TABLE x"),
        *("k9223372036854775808", "x9223372036854775808k1"),
    ],
)
def test_text_that_is_no_cursor_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(ParseError, match="no cursor of a feed"):
        database.log().events_since(cursor)


def test_a_cursor_of_another_kind_of_database_is_refused(database: Database) -> None:
    cursor = "x7k1" if database.is_sqlite else "k1"
    with pytest.raises(ParseError, match="another kind of database"):
        database.log().events_since(cursor)


def test_a_cursor_that_is_no_text_and_a_limit_of_nothing_are_refused(database: Database) -> None:
    strange: Any = 7
    with pytest.raises(PointTypeError, match="not text"):
        database.log().events_since(strange)
    with pytest.raises(PointValueError, match="limit=0 is less than 1"):
        database.log().events_since(limit=0)


def test_an_event_that_commits_late_is_missed_by_its_key_and_not_by_the_feed(database: Database) -> None:
    log = database.log(lock_timeout=timedelta(milliseconds=1))
    if database.is_sqlite:  # has one writer at a time, so that nothing commits late: the second one waits in vain
        with database.engine.connect() as late, editing(late):
            event_store.append(late, place(database), [told("late", "tutor-1")])
            with pytest.raises(StoreError, match="locked"):
                log.append([told("early", "tutor-2")])
        assert log.events_since().events == [told("late", "tutor-1")]
        return
    with database.engine.connect() as late, database.engine.connect() as reader:
        with editing(late):
            event_store.append(late, place(database), [told("late", "tutor-1")])
            log.append([told("early", "tutor-2")])  # has the greater key, and commits first
            seen = naive_since(reader, database, 0)
            reader.rollback()
            first = log.events_since()
            assert first.events == []  # held up
        missed = naive_since(reader, database, seen[-1][0])
        reader.rollback()
    assert [name for _, name in seen] == [told("early").id]
    assert missed == []  # the negative lock: the late event has a lower key than the one that was read
    assert log.events_since(first.cursor).events == [told("late", "tutor-1"), told("early", "tutor-2")]


def test_a_reader_that_keeps_up_with_eight_writers_misses_nothing_and_gets_nothing_twice(database: Database) -> None:
    done = threading.Event()
    failed: list[BaseException] = []

    def write(writer: int) -> None:
        chance = random.Random(writer)  # noqa: S311
        try:
            for i in range(EDITS):
                event = told(f"{writer}-{i}", f"tutor-{writer}", revision=i + 1)
                with database.engine.connect() as connection, editing(connection):
                    event_store.append(connection, place(database), [event])
                    if not database.is_sqlite or chance.random() < 0.1:  # there one waits for the other
                        time.sleep(chance.random() * 0.01)
        except BaseException as error:  # noqa: BLE001  # shown below
            failed.append(error)

    got: list[str] = []
    naive: list[str] = []

    def tail() -> None:
        log, cursor, key = database.log(), "", 0
        while True:
            last_round = done.is_set()
            while (page := log.events_since(cursor, limit=50)).events:
                got.extend(event.id for event in page.events)
                cursor = page.cursor
            with database.engine.connect() as connection:
                for seen, name in naive_since(connection, database, key):
                    naive.append(name)
                    key = seen
            if last_round:
                return
            time.sleep(0.001)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    reader = threading.Thread(target=tail)
    for thread in [*writers, reader]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert failed == []
    expected = {told(f"{writer}-{i}").id for writer in range(WRITERS) for i in range(EDITS)}
    assert len(got) == len(set(got))
    assert set(got) == expected
    if database.is_sqlite:
        assert set(naive) == expected
    else:  # how many it misses is chance; that it can is shown above
        assert set(naive) <= expected


def test_after_a_restore_into_another_server_the_feed_begins_anew(database: Database) -> None:
    if database.is_sqlite:  # a file is the same wherever it is
        return
    log = database.log()
    log.append([told("a", ordinal=i) for i in range(3)])
    database.execute("UPDATE {events} SET xid = '999999999999'")  # of a server that has seen more
    assert log.events_since().events == []
    database.execute("UPDATE {events} SET xid = '3'")
    log.append([told("b", "tutor-2")])
    assert log.events_since().events == [*(told("a", ordinal=i) for i in range(3)), told("b", "tutor-2")]


def test_a_feed_reads_events_that_were_redelivered_late(database: Database) -> None:
    log = database.log()
    log.append([told("b", revision=2)])
    cursor = log.events_since().cursor
    with database.engine.connect() as connection, editing(connection):
        event_store.queue(connection, place(database), [told("a", revision=1)])
    assert log.events_since(cursor).events == []
    database.repository().redeliver()
    assert log.events_since(cursor).events == [told("a", revision=1)]
    assert isinstance(log.events_since().events[0].interval, Interval)
