"""Crowds, killed writers and crashing servers: no edit is lost, none is made twice, and the history stays true.

A quick run is a small sample of each campaign; SLOTCALC_CHAOS=1, or the deep profile, runs them as they were meant.
Each prints a line of numbers, which `pytest -s` shows.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from slotcalc import Booking, BookingStatus, Slot
from tests import chaos, postgres
from tests.chaos import IN_FULL, PATIENCE, Flip, Judged, Site
from tests.databases import Database, hours, on_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from slotcalc.sql.edits import Mode

WRITERS, FLIPS = (8, 500) if IN_FULL else (4, 25)
BOOKERS, ROOMS = (8, 25) if IN_FULL else (8, 2)
KILLS = 200 if IN_FULL else 10
CRASHES = 3 if IN_FULL else 1
TUTORS = [f"tutor-{n}" for n in range(8)]


def check_history(database: Database, resources: list[str], made: list[Flip]) -> None:
    """Deliver what waits, and let an auditor of our own and that of slotcalc look."""
    schedule = Site.of(database).schedule(database.engine)
    assert schedule.redeliver().pending == 0
    assert chaos.judged(database, resources, made) == Judged()
    for resource_id in resources:
        assert schedule.verify(resource_id) == []


def report(database: Database, what: str, **numbers: object) -> None:
    print(database.engine.dialect.name, what, *[f"{name}={number}" for name, number in numbers.items()], sep="\t")


@pytest.mark.parametrize("spread", [False, True], ids=["hot", "spread"])
def test_of_edits_by_many_processes_none_is_lost(database: Database, tmp_path: Path, *, spread: bool) -> None:
    resources = TUTORS if spread else TUTORS[:1]
    journals = [tmp_path / f"writer-{n}" for n in range(WRITERS)]
    arguments = [(Site.of(database), path, seed, resources, FLIPS, "guarded") for seed, path in enumerate(journals)]
    began = time.monotonic()
    with chaos.processes(chaos.write, arguments) as started:
        chaos.finish(started)
    seconds = time.monotonic() - began
    told = chaos.told_by(journals)
    assert len(told.done) == WRITERS * FLIPS
    assert len({flip.name for flip in told.done}) == WRITERS * FLIPS
    report(
        database,
        "spread" if spread else "hot",
        edits=len(told.done),
        seconds=f"{seconds:.1f}",
        deliveries=dict(told.deliveries),
        tried_again=dict(told.failures),
        found=chaos.judged(database, resources, told.done),
    )
    check_history(database, resources, told.done)


def test_of_many_processes_that_book_the_same_time_one_gets_it(database: Database, tmp_path: Path) -> None:
    rooms = [f"room-{n}" for n in range(ROOMS)]
    database.repository().seed([Slot(room, hours(0, 24)) for room in rooms])
    journals = [tmp_path / f"booker-{n}" for n in range(BOOKERS)]
    arguments = [(Site.of(database), path, seed, rooms, 24) for seed, path in enumerate(journals)]
    began = time.monotonic()
    with chaos.processes(chaos.book, arguments) as started:
        chaos.finish(started)
    told = [tuple(words) for path in journals for _, *words in chaos.entries(path)]
    taken = Counter((room, hour) for room, hour, _ in told)
    report(
        database,
        "booked",
        asked=BOOKERS * ROOMS * 24,
        won=len(told),
        twice=sum(number > 1 for number in taken.values()),
        seconds=f"{time.monotonic() - began:.1f}",
    )
    assert taken == {(room, hour): 1 for room in rooms for hour in range(24)}
    for room in rooms:
        wanted = [Booking(room, hours(hour, hour + 1), id=name) for where, hour, name in sorted(told) if where == room]
        assert database.repository().bookings(room) == wanted
        assert all(booking.status is BookingStatus.CONFIRMED for booking in wanted)


@pytest.mark.parametrize("mode", ["guarded", "after_commit"])
def test_a_writer_that_is_killed_leaves_the_old_state_or_the_new_and_asking_again_is_safe(
    database: Database, tmp_path: Path, mode: Mode
) -> None:
    tutor, chosen = TUTORS[:1], random.Random(5)
    schedule, repository = Site.of(database).schedule(database.engine), database.repository()
    made: list[Flip] = []
    cut_off = arrived = 0
    for number in range(KILLS // 2):
        journal = tmp_path / f"killed-{number}"
        arguments = [(Site.of(database), journal, number, tutor, None, mode)]
        with chaos.processes(chaos.write, arguments) as (writer,):
            wait_for_lines(journal, 1, [writer])
            time.sleep(chosen.uniform(0, 0.1))
            assert writer.is_alive()
            writer.kill()
            writer.join(PATIENCE)
        told = chaos.told_by([journal])
        made += told.done
        lost = chaos.judged(database, tutor, made).lost
        assert lost <= len(told.left) <= 1
        for flip, words in told.left:  # as its caller would, who was told nothing
            before = repository.revision(flip.resource_id)
            again = chaos.Journal(tmp_path / "again")
            result = flip.made(schedule, repository, words, again)
            again.close()
            cut_off += 1
            arrived += result.repeated
            assert result.repeated is bool(lost)
            assert repository.revision(flip.resource_id) == before + (not lost)
            made.append(flip)
        check_history(database, tutor, made)
    report(database, f"killed, {mode}", kills=KILLS // 2, edits=len(made), cut_off=cut_off, had_arrived=arrived)


def wait_for_lines(journal: Path, number: int, writers: list[BaseProcess]) -> None:
    give_up = time.monotonic() + PATIENCE
    while len(chaos.entries(journal)) < number:
        assert time.monotonic() < give_up, journal
        assert not any(writer.exitcode for writer in writers), journal
        time.sleep(0.005)


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    with postgres.server(durable=True) as started:
        yield started


def test_a_server_that_crashes_under_load_loses_nothing_that_was_acknowledged(
    own_server: postgres.Server, tmp_path: Path
) -> None:
    chosen = random.Random(7)
    with on_postgres(own_server.conninfo, pool_pre_ping=True) as database:
        journals = [tmp_path / f"writer-{n}" for n in range(WRITERS)]
        number = 150 if IN_FULL else 25
        arguments = [
            (Site.of(database), path, seed, TUTORS[:2], number, "guarded") for seed, path in enumerate(journals)
        ]
        with chaos.processes(chaos.write, arguments) as started:
            for crash in range(CRASHES):
                for journal in journals:
                    wait_for_lines(journal, 1 + crash * number // CRASHES, started)
                time.sleep(chosen.uniform(0, 0.2))
                assert any(process.is_alive() for process in started)
                own_server.crash()
                time.sleep(0.2)
                own_server.start()
            chaos.finish(started)
        told = chaos.told_by(journals)
        assert len(told.done) == WRITERS * number
        report(
            database,
            "crashed",
            crashes=CRASHES,
            edits=len(told.done),
            deliveries=dict(told.deliveries),
            tried_again=dict(told.failures),
            found=chaos.judged(database, TUTORS[:2], told.done),
        )
        assert {"OutcomeUnknownError", "StoreError"} & {*told.failures}
        check_history(database, TUTORS[:2], told.done)
