"""Pages of a history: each event once, whatever is appended in between, in memory and from events at hand."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Action, AuditEvent, LimitExceededError, PointTypeError, PointValueError, UnknownEventError, diff
from slotcalc.audit import (
    LARGEST_PAGE,
    PAGE,
    Baseline,
    Delivery,
    Page,
    Selection,
    busiest_edit_hours,
    history,
    most_active_editors,
    most_removed_hours,
    most_removed_times,
    one_more,
    page,
    replay,
    selected,
    stats,
    verify,
)
from slotcalc.diff import apply, compose, invert
from slotcalc.diff.rows import to_rows
from slotcalc.repository import AsyncMemoryAuditLog, MemoryAuditLog, memory
from tests.histories import BEGIN, MINUTE, PEOPLE, REASONS, histories

if TYPE_CHECKING:
    from collections.abc import Callable

    from slotcalc.audit import AuditLog
    from tests.histories import History


def events_of(resource_id: str, count: int, first: int = 1) -> list[AuditEvent]:
    return [
        AuditEvent(
            resource_id,
            "added",
            (n, n + 1),
            changed_at=BEGIN + n * MINUTE,
            change_id=f"{resource_id}{n}",
            revision=n,
            id=f"{resource_id}{n}",
        )
        for n in range(first, first + count)
    ]


def all_pages(source: AuditLog | list[AuditEvent], wanted: Selection, between: Callable[[], object]) -> list[Page]:
    """Return every page; something happens between them."""
    pages = [history(source, wanted)]
    while pages[-1].next is not None:
        between()
        pages.append(history(source, wanted.replace(after=pages[-1].next)))
    return pages


selections = st.builds(
    Selection,
    resource_id=st.sampled_from([None, "r", "r", "nobody"]),
    since=st.none() | st.integers(-10, 80).map(lambda n: BEGIN + n * MINUTE),
    until=st.none() | st.integers(-10, 80).map(lambda n: BEGIN + n * MINUTE),
    changed_by=st.sampled_from([None, *PEOPLE]),
    reason=st.sampled_from([None, *REASONS]),
    action=st.sampled_from([None, *Action]),
    newest_first=st.booleans(),
    limit=st.integers(1, 5),
)


@given(histories(), selections)
def test_pages_have_each_event_that_is_asked_for_once_and_in_order(made: History, wanted: Selection) -> None:
    asked = [event for event in made.events if wanted.includes(event)]
    asked.sort(key=lambda event: event.place)
    if wanted.resource_id is None:
        asked.sort(key=lambda event: str(event.changed_at))
    if wanted.newest_first:
        asked.reverse()
    for source in (MemoryAuditLog(made.events), made.events):
        pages = all_pages(source, wanted, lambda: None)
        assert [event for one in pages for event in one.events] == asked
        assert all(len(one.events) == wanted.limit for one in pages[:-1])
        assert pages[-1].events or len(pages) == 1


@given(histories(), selections, st.data())
def test_events_at_hand_are_selected_as_a_log_selects_them(
    made: History, wanted: Selection, data: st.DataObject
) -> None:
    after = data.draw(st.sampled_from([None, *(event.id for event in made.events)]))
    wanted = wanted.replace(after=after, resource_id=data.draw(st.sampled_from([None, "r"])))
    assert selected(made.events, wanted) == MemoryAuditLog(made.events).select(wanted)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("resource_id", ["r", None])
def test_pages_neither_repeat_nor_lose_what_was_there_when_events_are_appended_in_between(
    resource_id: str | None, *, newest_first: bool
) -> None:
    there = events_of("r", 25) if resource_id else [*events_of("r", 12), *events_of("s", 13)]
    log = MemoryAuditLog(there)
    later = [event for resource in ("r", "s") for event in events_of(resource, 20, first=30)]
    wanted = Selection(resource_id=resource_id, newest_first=newest_first, limit=4)
    pages = all_pages(log, wanted, lambda: log.append([later.pop(0)] if later else []))
    got = [event.id for one in pages for event in one.events]
    assert len(set(got)) == len(got)
    assert {event.id for event in there} <= set(got)
    if newest_first:
        assert set(got) == {event.id for event in there}


def test_a_page_has_100_events_unless_somebody_says_and_never_more_than_1000() -> None:
    events = events_of("r", LARGEST_PAGE + 1)
    wanted = Selection(resource_id="r")
    assert len(history(events, wanted).events) == PAGE == 100
    assert len(history(events).events) == PAGE
    largest = history(events, wanted.replace(limit=LARGEST_PAGE))
    assert (len(largest.events), largest.next) == (1000, "r1000")
    with pytest.raises(LimitExceededError, match="limit=1001 is more than a page holds, 1000; ask page by page"):
        history(events, wanted.replace(limit=1001))


def test_a_full_last_page_has_no_next() -> None:
    assert history(events_of("r", 4), Selection(limit=4)).next is None
    assert history([], Selection(limit=4)) == Page([])


def test_a_coroutine_puts_a_page_together_from_the_same_pieces() -> None:
    async def read() -> Page:
        log = AsyncMemoryAuditLog(events_of("r", 7))
        wanted = Selection(resource_id="r", limit=3)
        return page(await log.select(one_more(wanted)), wanted)

    assert asyncio.run(read()) == history(events_of("r", 7), Selection(resource_id="r", limit=3))


def test_a_page_behind_an_event_that_is_not_there_is_an_error() -> None:
    for source in (events_of("r", 3), MemoryAuditLog(events_of("r", 3))):
        with pytest.raises(UnknownEventError, match="no event 'r9'"):
            history(source, Selection(resource_id="r", after="r9"))


def test_events_of_a_preview_have_no_order_among_those_of_all_resources() -> None:
    with pytest.raises(PointValueError, match="belongs to no edit"):
        history(diff([], [(9, 10)], resource_id="r"))


def test_a_page_has_a_json_form() -> None:
    events = events_of("r", 3)
    made = history(events, Selection(limit=2, since=BEGIN - timedelta(days=1)))
    assert made.to_json() == {"events": [event.to_json() for event in events[:2]], "next": "r2"}
    assert repr(Page([], next="e")) == "Page((), next='e')"


def test_a_selection_says_what_is_wrong_with_a_question() -> None:
    with pytest.raises(PointTypeError, match="changed_by=7 is not text"):
        Selection(changed_by=7)  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match="first_revision='1' is not a whole number"):
        Selection(first_revision="1")  # type: ignore[arg-type]
    with pytest.raises(PointTypeError, match=r"since=.* is no instant"):
        Selection(since=datetime(2026, 3, 2))
    with pytest.raises(PointValueError, match="limit=0 is less than 1"):
        Selection(limit=0)
    with pytest.raises(PointValueError, match="neither ADDED nor REMOVED"):
        Selection(action="moved")  # type: ignore[arg-type]
    assert Selection(first_revision=0, last_revision=3).last_revision == 3


def test_what_became_of_events_prints_as_code() -> None:
    assert repr(Delivery.SPOOLED) == "Delivery.SPOOLED"


@pytest.mark.parametrize("block", [1, 2, 5])
def test_a_history_in_small_blocks_reads_as_one_list(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_BLOCK", block)
    chance = random.Random(block)  # noqa: S311  # the same events in every run
    there: list[AuditEvent] = []
    log = MemoryAuditLog()
    for late in chance.sample(events_of("r", 40), 40):
        log.append([late])
        there = sorted([*there, late], key=lambda event: event.revision)
        assert log.select(Selection(resource_id="r")) == there
        assert log.select(Selection(resource_id="r", newest_first=True)) == there[::-1]
        n = chance.randrange(len(there))
        assert log.select(Selection(resource_id="r", after=there[n].id, limit=3)) == there[n + 1 :][:3]
        assert log.select(Selection(resource_id="r", after=there[n].id, newest_first=True)) == there[:n][::-1]
    for revision in (1, 17, 40):
        dropped = log.purge(Baseline("r", revision, ()))
        there, before = [event for event in there if event.revision > revision], len(there)
        assert dropped == before - len(there)
        assert log.select(Selection(resource_id="r")) == there
    assert log.select(Selection(resource_id="r", newest_first=True)) == []


def test_what_is_no_event_is_refused_by_every_question_to_a_history() -> None:
    others: list[Any] = [[event.to_json() for event in events_of("r", 1)], [None], 5, events_of("r", 1)[0]]
    questions: list[Callable[[Any], object]] = [
        history,
        replay,
        lambda events: verify(events, [], 1),
        lambda events: stats(events, "UTC", by="edit"),
        lambda events: busiest_edit_hours(events, "UTC"),
        lambda events: most_removed_hours(events, "UTC"),
        lambda events: most_removed_times(events, "UTC"),
        most_active_editors,
        invert,
        compose,
        lambda events: apply([], events),
        lambda events: to_rows(events, "UTC"),
        MemoryAuditLog().append,
    ]
    for question, other in product(questions, others):
        with pytest.raises(PointTypeError, match="is no list of AuditEvent objects"):
            question(other)


def test_an_asynchronous_log_is_refused_where_nobody_awaits_it() -> None:
    with pytest.raises(PointTypeError, match="is asynchronous; ask AsyncSchedule"):
        history(AsyncMemoryAuditLog())  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize("revision", ["", "1", 1.0, True, False, []])
def test_a_selection_takes_only_whole_numbers_as_revisions(revision: Any) -> None:
    with pytest.raises(PointTypeError, match=r"first_revision=.* is not a whole number"):
        Selection(first_revision=revision)


def test_a_baseline_is_of_a_named_resource_and_of_slots() -> None:
    with pytest.raises(PointTypeError, match="resource_id=None is not text"):
        Baseline(None, 1, ())  # type: ignore[arg-type]  # the mistake
    with pytest.raises(PointTypeError, match="'ab' is no list of Slot objects"):
        Baseline("r", 1, "ab")  # type: ignore[arg-type]  # the mistake
