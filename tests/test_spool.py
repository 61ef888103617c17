"""The spool: what was appended is there after a crash, whole and in order, whoever else writes."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import (
    AuditEvent,
    Interval,
    IntervalError,
    LimitExceededError,
    Limits,
    PointTypeError,
    PointValueError,
)
from slotcalc.audit.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def batch(change: str, size: int = 2, notes: str = "") -> list[AuditEvent]:
    """Return the events of one edit."""
    return [
        AuditEvent(
            "tutor-1",
            "added",
            Interval(NOON + timedelta(hours=2 * n), NOON + timedelta(hours=2 * n + 1)),
            notes=notes,
            changed_at=NOON,
            changed_by="Zoë ☂",
            change_id=change,
            revision=1,
            ordinal=n,
            id=f"{change}/{n}",
        )
        for n in range(size)
    ]


def delivered(spool: Spool) -> list[list[AuditEvent]]:
    """Read all that waits, drop it, and return it."""
    batches = []
    for segment in spool.segments():
        batches += [*segment]
        segment.drop()
    return batches


def test_what_was_appended_comes_out_whole_and_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events")
    batches = [batch("a"), batch("b", 3, notes="line\nbreak \u2028"), batch("c", 1)]
    for events in batches:
        spool.append(events)
    assert not spool.is_empty()
    assert delivered(spool) == batches
    assert delivered(spool) == []
    assert spool.is_empty()
    assert not spool.unreadable.exists()


def test_nothing_to_append_makes_no_file(tmp_path: Path) -> None:
    Spool(tmp_path / "events").append([])
    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spool = Spool("events")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    spool.append(batch("a"))
    assert (tmp_path / "events").exists()
    assert repr(spool) == f"Spool({str(tmp_path / 'events')!r})"


def test_a_segment_that_was_not_dropped_is_delivered_again_before_newer_ones(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events")
    spool.append(batch("a"))
    (segment,) = spool.segments()
    assert [*segment] == [batch("a")]  # and then the process dies
    for change in "bcdefghijkl":
        spool.append(batch(change, 1))
        assert spool.segments()[0].path == segment.path
    assert [events[0].change_id for events in delivered(Spool(tmp_path / "events"))] == [*"abcdefghijkl"]


def test_a_segment_that_another_has_dropped_is_empty_and_dropped_again_without_harm(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events")
    spool.append(batch("a"))
    (mine,), (theirs,) = spool.segments(), spool.segments()
    theirs.drop()
    spool.append(batch("b"))
    (newer,) = spool.segments()
    assert [*mine] == []
    mine.drop()
    assert [*newer] == [batch("b")]


def test_other_files_beside_it_are_no_segments(tmp_path: Path) -> None:
    for name in ("events.1", "events.x-y", "events.-y", "events.1-", "events.unreadable", "other.1-abc", "events.²-x"):
        (tmp_path / name).write_text("mine\n")
    assert Spool(tmp_path / "events").segments() == []


def test_a_write_torn_at_any_byte_loses_no_other_batch(tmp_path: Path) -> None:
    whole = Spool(tmp_path / "whole")
    whole.append(batch("torn", 1))
    line = whole.path.read_bytes()
    for cut in range(len(line)):
        (tmp_path / str(cut)).mkdir()
        spool = Spool(tmp_path / str(cut) / "events")
        spool.append(batch("before"))
        with spool.path.open("ab") as file:
            file.write(line[:cut])
        spool.append(batch("behind"))
        (segment,) = spool.segments()
        found = [*segment]
        ends_well = cut == len(line) - 1  # only the line break is missing
        assert found == [batch("before"), *([batch("torn", 1)] if ends_well else []), batch("behind")]
        assert segment.unreadable == (0 if cut == 0 or ends_well else 1)
        if segment.unreadable:
            assert spool.unreadable.read_bytes() == line[:cut] + b"\n"


def test_a_torn_last_line_is_tolerated_and_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events")
    spool.append(batch("a"))
    with spool.path.open("ab") as file:
        file.write(b'[{"id": "x')
    assert delivered(spool) == [batch("a")]
    spool.append(batch("b"))
    spool.path.write_bytes(b"garbage\n" + spool.path.read_bytes())
    assert delivered(spool) == [batch("b")]
    assert spool.unreadable.read_bytes() == b'[{"id": "x\ngarbage\n'


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[1]",
        b"[{}]",
        b"\xff",
        b"[" * 100_000,
        b"[" + json.dumps(AuditEvent("tutor-1", "added", (1, 2)).to_json()).encode() + b"]",  # of no edit
    ],
    ids=["empty", "no list", "no object", "no fields", "no text", "deep", "of no edit"],
)
def test_a_line_that_is_no_batch_is_kept_and_counted(tmp_path: Path, line: bytes) -> None:
    spool = Spool(tmp_path / "events")
    spool.path.write_bytes(line + b"\n")
    (segment,) = spool.segments()
    assert [*segment] == []
    assert segment.unreadable == 1
    assert [*segment] == []
    assert segment.unreadable == 1  # of each reading
    segment.drop()
    assert spool.unreadable.read_bytes() == 2 * (line + b"\n")


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_line_beyond_the_limit_is_kept_without_being_held_in_memory(tmp_path: Path, ending: bytes) -> None:
    import tracemalloc  # noqa: PLC0415  # slows down whatever runs while it traces

    spool = Spool(tmp_path / "events", limits=Limits(input_bytes=10_000))
    spool.append(batch("a"))
    with spool.path.open("ab") as file:
        file.write(b"x" * 30_000_000 + ending)
    tracemalloc.start()
    (segment,) = spool.segments()
    assert [*segment] == [batch("a")]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert segment.unreadable == 1
    assert spool.unreadable.stat().st_size == 30_000_000 + len(ending)
    assert peak < 8_000_000


def test_a_batch_beyond_the_limit_is_refused_before_it_is_written(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events", limits=Limits(input_bytes=500))
    with pytest.raises(LimitExceededError, match="input_bytes"):
        spool.append(batch("a", 5))
    assert spool.is_empty()


def test_events_that_could_not_be_read_back_are_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events")
    with pytest.raises(PointValueError, match="belongs to no edit"):
        spool.append([AuditEvent("tutor-1", "added", (1, 2))])
    odd = AuditEvent(
        "tutor-1", "added", (Fraction(1), Fraction(2)), changed_at=NOON, change_id="c", revision=1, id="c/0"
    )
    with pytest.raises(PointTypeError, match="JSON has no form"):
        spool.append([odd])
    assert spool.is_empty()


def test_a_folder_that_does_not_exist_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Spool(tmp_path / "nowhere" / "events").append(batch("a"))


def test_a_spool_that_another_holds_is_not_waited_for_longer_than_the_patience(tmp_path: Path) -> None:
    mine, other = (Spool(tmp_path / "events", patience=timedelta(milliseconds=20)) for _ in range(2))
    with other._turn():
        with pytest.raises(TimeoutError, match=r"locked by another for 0\.02 s"):
            mine.append(batch("a"))
        with pytest.raises(TimeoutError, match="locked by another"):  # by a thread of the same spool
            other.append(batch("a"))
    mine.append(batch("a"))
    assert delivered(other) == [batch("a")]


def test_a_spool_may_be_waited_for_as_long_as_it_takes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events", patience=timedelta.max)
    spool.append(batch("a"))
    assert delivered(spool) == [batch("a")]


@pytest.mark.parametrize("patience, error", [(5, PointTypeError), (None, PointTypeError), (-SECOND, IntervalError)])
def test_a_patience_is_a_timedelta_that_is_not_negative(tmp_path: Path, patience: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="patience="):
        Spool(tmp_path / "events", patience=patience)


def test_a_disk_that_takes_a_line_in_pieces_gets_all_of_it(tmp_path: Path) -> None:
    from slotcalc.audit.spool import _write_all  # noqa: PLC0415  # what a nearly full disk does is not to be had

    class Slow:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: memoryview) -> int:
            self.data += bytes(data[:3])
            return len(data[:3])

    disk: Any = Slow()
    _write_all(disk, b"one line\n")
    assert disk.data == b"one line\n"


def test_threads_that_share_a_spool_tear_no_line(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "events", patience=timedelta(seconds=60))
    with ThreadPoolExecutor(8) as pool:
        [*pool.map(lambda n: spool.append(batch(f"change{n}")), range(100))]
    found = delivered(spool)
    assert sorted(events[0].change_id for events in found) == sorted(f"change{n}" for n in range(100))
    assert all(events == batch(events[0].change_id) for events in found)


def append_many(path: str, name: str, count: int) -> None:
    spool = Spool(path, patience=timedelta(seconds=60))
    for n in range(count):
        spool.append(batch(f"{name}{n}"))


def test_processes_that_share_a_spool_lose_nothing_while_it_is_being_delivered(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = str(tmp_path / "events")
    writers = [context.Process(target=append_many, args=(path, name, 40)) for name in "ab"]
    for writer in writers:
        writer.start()
    spool = Spool(path, patience=timedelta(seconds=60))
    found: list[list[AuditEvent]] = []
    while any(writer.is_alive() for writer in writers):
        found += delivered(spool)
        writers[0].join(0.01)
    found += delivered(spool)
    assert [writer.exitcode for writer in writers] == [0, 0]
    changes = [events[0].change_id for events in found]
    assert sorted(changes) == sorted(f"{name}{n}" for name in "ab" for n in range(40))
    for name in "ab":
        assert [change for change in changes if change[0] == name] == [f"{name}{n}" for n in range(40)]


def test_the_file_and_its_folder_are_synchronised_before_an_append_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}") if os.path.exists("/proc/self/fd") else "?")  # noqa: PTH110, PTH115
        real(descriptor)

    monkeypatch.setattr("slotcalc.audit.spool.os.fsync", fsync)
    spool = Spool(tmp_path / "events")
    spool.append(batch("a"))
    assert len(synced) == 2  # the file, then the folder that it is new in
    spool.append(batch("b"))
    assert len(synced) == 3
    if "?" not in synced:
        assert synced == [str(spool.path), str(tmp_path), str(spool.path)]
