"""A file that keeps the events which the audit log did not take, until they are delivered.

One line is one batch, all events of one edit, as a JSON list of what `AuditEvent.to_json` returns. Appending ends with
an fsync, so what was appended survives a crash of the process and of the machine. Several threads and several processes
may share a spool: each operation holds a lock file beside it, for as long as a write takes.

To deliver, the file is renamed to a numbered segment, which nobody appends to, read line by line, and dropped. A
segment that was left over by a crash is delivered again, which is harmless, because a log knows each event by its id.
Imports `diff` and below; read `schedule.delivery` next, which decides when to append and when to deliver.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import TIMEOUT_MAX, Lock
from time import monotonic, sleep
from typing import BinaryIO, Final, final

from slotcalc import strict_json
from slotcalc.audit.log import check_deliverable
from slotcalc.diff import AuditEvent
from slotcalc.errors import IntervalError, PointTypeError, SlotcalcError
from slotcalc.limits import DEFAULT_LIMITS, Limits

if sys.platform == "win32":  # pragma: no cover  # one of the two, whatever the tests run on
    import msvcrt
else:
    import fcntl

__all__ = ["Segment", "Spool", "seconds_of"]

_PIECE: Final = 1 << 20
"""How many bytes of a line that is too long are held in memory at a time."""
_PAUSE: Final = 0.002
"""Seconds between two attempts to get the lock of another process."""


@final
class Spool:
    """An append-only file of events that wait to be delivered.

    Beside the file stand `<name>.lock`, the segments `<name>.<number>-<letters>` that are being delivered, and
    `<name>.unreadable` with the lines that are no batch of events: those are never dropped.

    Args:
        path: the file; its folder has to exist.
        limits: `input_bytes` bounds one line, in writing and in reading.
        patience: how long an operation waits for its turn.

    >>> from datetime import UTC, datetime
    >>> from tempfile import TemporaryDirectory
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> event = AuditEvent("tutor-1", "added", (9, 12), changed_at=noon, change_id="c", revision=1, id="c/0")
    >>> with TemporaryDirectory() as folder:
    ...     spool = Spool(f"{folder}/events")
    ...     spool.append([event])
    ...     [batch == [event] for segment in spool.segments() for batch in segment]
    [True]
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        limits: Limits = DEFAULT_LIMITS,
        patience: timedelta = timedelta(seconds=1),
    ) -> None:
        """Name the file; nothing is read or made before the first `append`.

        Raises:
            IntervalError, PointTypeError: for a patience that is negative, or no timedelta.
        """
        self.path = Path(path).absolute()  # so that a later chdir does not lead elsewhere
        self._limits = limits
        self._patience = seconds_of("patience", patience)
        self._lock = Lock()

    @property
    def unreadable(self) -> Path:
        """The file of the lines that could not be read."""
        return self.path.with_name(f"{self.path.name}.unreadable")

    def append(self, events: Sequence[AuditEvent]) -> None:
        """Keep the events of one edit; when this returns, they are on the disk.

        If the last line is torn, because a write before was cut short, it is ended first.

        Raises:
            OSError: if the file cannot be written; TimeoutError, which is one, if the lock is not to be had.
            LimitExceededError: for a batch whose line is longer than the limit.
            PointTypeError: for events whose points are of a kind that JSON has no form for.
            PointValueError: for an event that belongs to no edit.
        """
        if not events:
            return
        check_deliverable(events)
        text = json.dumps([event.to_json() for event in events], separators=(",", ":"), allow_nan=False)
        line = text.encode() + b"\n"
        self._limits.check("input_bytes", len(line))
        with self._turn():
            self._write(self.path, [line])

    def segments(self) -> "list[Segment]":
        """Set aside what was appended so far, and return all that is to be delivered, oldest first.

        Raises:
            OSError: as `append`.
        """
        with self._turn():
            left = self._left_over()
            if self._size() > 0:
                number = left[-1][0] + 1 if left else 1
                # The letters make each name unique, so that nobody drops a newer segment of the same number.
                name = f"{self.path.name}.{number}-{os.urandom(8).hex()}"
                left.append((number, self.path.rename(self.path.with_name(name))))
        return [Segment(path, self._keep_unreadable, self._limits) for _, path in left]

    def is_empty(self) -> bool:
        """Return whether nothing waits to be delivered."""
        return self._size() == 0 and not self._left_over()

    def __repr__(self) -> str:
        """Return the constructor call."""
        return f"Spool({str(self.path)!r})"

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def _left_over(self) -> list[tuple[int, Path]]:
        """Return the numbers and paths of the segments, in order."""
        prefix = f"{self.path.name}."
        found = []
        for path in self.path.parent.iterdir():
            number, dash, letters = path.name.removeprefix(prefix).partition("-")
            if path.name.startswith(prefix) and dash and letters and number.isascii() and number.isdigit():
                found.append((int(number), path))
        return sorted(found)

    def _keep_unreadable(self, pieces: Iterator[bytes]) -> None:
        with self._turn():
            self._write(self.unreadable, pieces)

    def _write(self, path: Path, pieces: Sequence[bytes] | Iterator[bytes]) -> None:
        """Append to a file, on a line of its own, and do not return before it is on the disk."""
        is_new = not path.exists()
        with path.open("a+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) and _last_byte(file) != b"\n":
                _write_all(file, b"\n")
            for piece in pieces:
                _write_all(file, piece)
            os.fsync(file.fileno())
        if is_new:
            _sync_folder(path.parent)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other thread or process works on the spool."""
        deadline = monotonic() + self._patience
        if not self._lock.acquire(timeout=self._patience):
            raise self._busy()
        try:
            with self.path.with_name(f"{self.path.name}.lock").open("ab") as file:
                while not _locked(file):
                    if monotonic() > deadline:
                        raise self._busy()
                    sleep(_PAUSE)
                yield  # closing the file gives the lock back
        finally:
            self._lock.release()

    def _busy(self) -> TimeoutError:
        return TimeoutError(f"the spool {self.path} was locked by another for {self._patience} s")


@final
class Segment:
    """A part of a spool that is being delivered: iterate over its batches, then drop it.

    Memory holds one line at a time. Two who deliver the same segment at once do no harm.
    """

    def __init__(self, path: Path, keep_unreadable: Callable[[Iterator[bytes]], None], limits: Limits) -> None:
        """Keep the parts; `Spool.segments` makes them."""
        self.path = path
        self.unreadable = 0
        """How many lines were put aside in the last iteration, because they are no batch of events."""
        self._keep_unreadable = keep_unreadable
        self._limits = limits

    def __iter__(self) -> Iterator[list[AuditEvent]]:
        """Yield the batches in order; a line that is none goes to the file `Spool.unreadable`.

        A segment that another has dropped in the meantime is empty.

        Raises:
            OSError: if the segment cannot be read, or the side file not be written.
        """
        self.unreadable = 0
        longest = self._limits.input_bytes
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            while line := file.readline(longest + 1):
                batch = _batch(line) if len(line) <= longest else None
                if batch is None:
                    self.unreadable += 1
                    self._keep_unreadable(_to_its_end(line, file))
                else:
                    yield batch

    def drop(self) -> None:
        """Remove the segment from the disk, after all of it was delivered."""
        self.path.unlink(missing_ok=True)


def seconds_of(name: str, length: object) -> float:
    """Return for how many seconds to wait; for longer than a system can wait, it is as long as it can.

    Raises:
        IntervalError, PointTypeError: for a length that is negative, or no timedelta.
    """
    if not isinstance(length, timedelta):
        raise PointTypeError(f"{name}={length!r:.80} is no timedelta", length)
    if length < timedelta():
        raise IntervalError(f"{name}={length!r} is negative; nothing can be waited for so long", length)
    return min(length.total_seconds(), TIMEOUT_MAX)


def _batch(line: bytes) -> list[AuditEvent] | None:
    """Return the events of a line, None if it is torn or otherwise no batch."""
    try:
        data = strict_json.loads(line.decode())
        if not isinstance(data, list):
            return None
        batch = [AuditEvent.from_json(item) for item in data]
        check_deliverable(batch)
    except (SlotcalcError, UnicodeDecodeError):
        return None
    return batch


def _to_its_end(line: bytes, file: BinaryIO) -> Iterator[bytes]:
    """Yield a line that was read in part, and what is left of it."""
    yield line
    while line and not line.endswith(b"\n"):
        line = file.readline(_PIECE)
        yield line


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of it: an unbuffered file may take less at a time, on a disk that is nearly full."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


if sys.platform == "win32":  # pragma: no cover  # as above

    def _locked(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Do nothing: Windows keeps the names of files without being told to."""

else:

    def _locked(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _sync_folder(folder: Path) -> None:
        """Have the name of a new file survive a crash of the machine as its content does."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
