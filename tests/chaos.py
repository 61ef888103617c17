"""What the tests of crashes and crowds share: writers in processes of their own, and a judge who trusts none of them.

A writer flips hours: what is a slot becomes none, and the other way round. Flips commute, so the end is the XOR of all
that were acknowledged, and a lost one is counted instead of guessed. Before and after each attempt a writer appends a
line to its journal, which outlives it when it is killed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import create_engine

from slotcalc import Action, Interval, NotAvailableError, OutcomeUnknownError, RevisionConflictError, StoreError
from slotcalc.audit import Selection
from slotcalc.schedule import Schedule
from slotcalc.sql import SqlAuditLog, SqlRepository, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from sqlalchemy import Engine

    from slotcalc.schedule import UpdateResult
    from slotcalc.sql.edits import Mode
    from tests.databases import Database

IN_FULL: Final = bool(os.environ.get("SLOTCALC_CHAOS")) or os.environ.get("HYPOTHESIS_PROFILE") == "deep"
"""Whether the campaigns run as long as they were meant to, which takes minutes."""

DAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
HOURS: Final = 24
PATIENCE: Final = 600.0  # seconds for a whole campaign

# A fork of a process with threads may hang, so a process is forked that has none, and knows what a writer needs.
context: Any = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
if sys.platform != "win32":
    context.set_forkserver_preload(["tests.chaos"])


class Site(NamedTuple):
    """Where the tables are, in words that reach another process."""

    url: str
    prefix: str
    schema: str | None

    @classmethod
    def of(cls, database: Database) -> Site:
        url = database.engine.url.render_as_string(hide_password=False)
        return cls(url, database.tables.prefix, database.tables.schema)

    def schedule(self, engine: Engine, *, mode: Mode = "guarded") -> Schedule:
        tables = Tables(prefix=self.prefix, schema=self.schema)
        return Schedule(SqlRepository(engine, tables=tables, mode=mode), SqlAuditLog(engine, tables=tables), zone="UTC")

    def repository(self, engine: Engine) -> SqlRepository:
        return SqlRepository(engine, tables=Tables(prefix=self.prefix, schema=self.schema))


class Words(NamedTuple):
    """How a flip was asked for."""

    expected_revision: int
    is_slot: bool


class Flip(NamedTuple):
    """One hour of one resource, flipped under a name that is its request id."""

    name: str
    resource_id: str
    hour: int

    @property
    def window(self) -> Interval[datetime]:
        return Interval(DAY + timedelta(hours=self.hour), DAY + timedelta(hours=self.hour + 1))

    def made(
        self, schedule: Schedule, repository: SqlRepository, words: Words | None, journal: Journal
    ) -> UpdateResult:
        """Make it, however often that takes, beginning with the words in which somebody asked for it before.

        Whatever fails is asked again in the same words, since nobody knows whether it was made; only a conflict says
        for sure that it was not.
        """
        while True:
            try:
                if words is None:
                    there = repository.snapshot(self.resource_id, self.window)
                    words = Words(there.revision, is_slot=not there.slots)
                    journal.write("asked", *words)
                return schedule.update(
                    self.resource_id,
                    self.window,
                    [self.window] if words.is_slot else [],
                    changed_by=self.name,
                    expected_revision=words.expected_revision,
                    request_id=self.name,
                )
            except RevisionConflictError:
                words = None
                journal.write("failed", "conflict")
            except (OutcomeUnknownError, StoreError) as error:
                journal.write("failed", type(error).__name__)
                time.sleep(0.05)


class Journal:
    """A file that a writer appends to; what was written is there after its death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def write(self, *words: object) -> None:
        os.write(self._file, json.dumps(words).encode() + b"\n")

    def close(self) -> None:
        os.close(self._file)


def entries(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Told(NamedTuple):
    """What the journals tell; `left` is what was begun and not acknowledged, in its last words if there were any."""

    done: list[Flip]
    left: list[tuple[Flip, Words | None]]
    deliveries: Counter[str]
    failures: Counter[str]


def told_by(paths: Iterable[Path]) -> Told:
    told = Told([], [], Counter(), Counter())
    for path in paths:
        flip = asked = None
        for what, *said in entries(path):
            match what:
                case "begun":
                    flip, asked = Flip(*said), None
                case "asked":
                    asked = Words(*said)
                case "failed":
                    told.failures[said[0]] += 1
                case _:
                    assert flip is not None
                    told.done.append(flip)
                    told.deliveries[said[0]] += 1
                    flip = None
        if flip is not None:
            told.left.append((flip, asked))
    return told


def write(site: Site, journal: Path, seed: int, resources: list[str], count: int | None, mode: Mode) -> None:
    """Be a writer: flip hours by a seed, so many or until somebody ends it."""
    engine = create_engine(site.url)
    schedule, repository = site.schedule(engine, mode=mode), site.repository(engine)
    chosen, pages, number = random.Random(seed), Journal(journal), 0
    while count is None or number < count:
        number += 1
        flip = Flip(f"{journal.name}-{number}", chosen.choice(resources), chosen.randrange(HOURS))
        pages.write("begun", *flip)
        pages.write("done", flip.made(schedule, repository, None, pages).delivery.name)
    pages.close()
    engine.dispose()


def book(site: Site, journal: Path, seed: int, resources: list[str], hours: int) -> None:
    """Be somebody who wants to book each hour of each resource, and note those that were theirs."""
    engine = create_engine(site.url)
    schedule, pages = site.schedule(engine), Journal(journal)
    wanted = [(resource_id, hour) for resource_id in resources for hour in range(hours)]
    random.Random(seed // 2).shuffle(wanted)  # two of a kind are at the same place at the same time
    for resource_id, hour in wanted:
        start = DAY + timedelta(hours=hour)
        try:
            booking = schedule.book(resource_id, (start, start + timedelta(hours=1)))
        except NotAvailableError:
            continue
        pages.write("booked", resource_id, hour, booking.id)
    pages.close()
    engine.dispose()


@contextmanager
def processes(work: Callable[..., None], arguments: Iterable[tuple[Any, ...]]) -> Iterator[list[BaseProcess]]:
    """Start a process for each, and end what is left of them on the way out."""
    started = [context.Process(target=work, args=each, daemon=True) for each in arguments]
    try:
        for process in started:
            process.start()
        yield started
    finally:
        for process in started:
            if process.is_alive():
                process.kill()
            process.join(PATIENCE)


def finish(started: list[BaseProcess]) -> None:
    """Wait until all have done their work."""
    for process in started:
        process.join(PATIENCE)
        assert process.exitcode == 0, process


class Judged(NamedTuple):
    """What a judge finds who folds the events by hand, hour by hour; of each there should be none."""

    lost: int = 0
    impossible: int = 0
    holes: int = 0
    strayed: int = 0


def judged(database: Database, resources: Iterable[str], made: Iterable[Flip]) -> Judged:
    """Compare slots and events with the flips that were made, each counting once.

    A hole is a revision without events; `strayed` counts the hours in which slots and events differ.
    """
    repository, log = database.repository(), database.log()
    wanted: dict[str, set[int]] = {}
    for flip in made:
        wanted.setdefault(flip.resource_id, set()).symmetric_difference_update({flip.hour})
    lost = impossible = holes = strayed = 0
    for resource_id in resources:
        there = {hour for slot in repository.slots(resource_id) for hour in hours_of(slot.interval)}
        lost += len(there ^ wanted.get(resource_id, set()))
        events = log.select(Selection(resource_id=resource_id))
        replayed: set[int] = set()
        for event in events:
            for hour in hours_of(event.interval):
                impossible += (hour in replayed) is (event.action is Action.ADDED)
                replayed ^= {hour}
        strayed += len(there ^ replayed)
        holes += len({*range(1, repository.revision(resource_id) + 1)} ^ {event.revision for event in events})
    return Judged(lost, impossible, holes, strayed)


def hours_of(interval: Interval[datetime]) -> range:
    hour = timedelta(hours=1)
    assert not (interval.start - DAY) % hour
    return range((interval.start - DAY) // hour, (interval.end - DAY) // hour)
