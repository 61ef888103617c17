"""How events get to the audit log without the edit ever waiting for long, or failing, on its account.

A log may raise, hang, answer late, or lose half of what it was given. So each call of it is bounded in time, and what
it did not take in that time goes to the spool; if there is none, or it fails, to a bounded list in memory. From either
of them `redelivery` brings it in later, in batches that a log can take twice.

`Keeper` is what both shells share; `Courier` calls a log from threads, `AsyncCourier` from an event loop. Imports
`results` and below; read `sync` next.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Generator, Sequence
from datetime import timedelta
from threading import Condition, Lock, Thread
from typing import Final, NamedTuple, TypeAlias

from slotcalc.audit import AsyncAuditLog, AuditLog, Delivery
from slotcalc.audit.spool import Spool, seconds_of
from slotcalc.booking import whole_number
from slotcalc.diff import AuditEvent
from slotcalc.errors import PointTypeError
from slotcalc.schedule.results import Redelivered

__all__ = ["AsyncCourier", "Courier", "Keeper", "Outcome", "Redelivery", "checked_patience"]

Batch: TypeAlias = Sequence[AuditEvent]
Redelivery: TypeAlias = Generator[Batch, "int | Exception", Redelivered]
"""Yields the batches that wait; is sent how many events of each were new, or why the log did not take it."""

_MOST_IN_MEMORY: Final = 10_000
"""How many events are kept in memory where no file keeps them."""
_TO_DO: Final = (None, Delivery.FAILED)
_ENOUGH: Final = 100
"""After how many batches that the log refused a redelivery gives up for the time being."""

_logger = logging.getLogger("slotcalc.schedule")


class Outcome(NamedTuple):
    """What became of the events of an edit, and why, if they were not written."""

    delivery: Delivery
    error: str = ""


class NoAnswerError(TimeoutError):
    """The audit log has not answered in time: it may be stuck, so whoever called it stops calling for now."""


class NotKeptError(Exception):
    """A repository that keeps events itself could not keep these."""

    def __init__(self) -> None:
        super().__init__("the repository could not keep them")


def checked_patience(patience: timedelta, background: int) -> tuple[float, int]:
    """Return the seconds to wait for the log at most, and how many edits may queue behind it.

    Raises:
        IntervalError: for a patience that is negative.
        PointTypeError, PointValueError: for values of another type, and for a negative queue.
    """
    if background != 0:
        whole_number("background", background)
    return seconds_of("patience", patience), background


class Keeper:
    """Keeps the events that the log did not take: in the spool, else in memory. May be used from several threads."""

    def __init__(self, spool: Spool | None) -> None:
        """Begin with nothing in memory.

        Raises:
            PointTypeError: for anything but a spool, such as the path of its file.
        """
        if spool is not None and not isinstance(spool, Spool):
            raise PointTypeError(f"spool={spool!r:.200} is no spool; make one of its path, Spool('events')", spool)
        self._spool = spool
        self._lock = Lock()
        self._in_memory: dict[int, Batch] = {}
        self._size = 0
        self._number = 0

    def keep(self, events: Batch, why: BaseException) -> Outcome:
        """Keep the events of one edit that were not written, and say where; never raises an `Exception`.

        What is only in memory counts as FAILED, since nothing would bring it back after a crash. Either is logged.
        """
        change, error = events[0].change_id, _text(why)
        if self._spool is not None:
            try:
                self._spool.append(events)
            except Exception as spool_error:  # noqa: BLE001  # the edit stands, whatever a disk says
                error = f"{error}; then the spool: {_text(spool_error)}"
            else:
                _logger.warning("%d events of change %s were spooled: %s", len(events), change, error)
                return Outcome(Delivery.SPOOLED, error)
        if self._remember(events):
            error = f"{error}; kept in memory until redeliver() is called"
        else:
            error = f"{error}; not kept: {_MOST_IN_MEMORY} events wait in memory already"
        _logger.error("%d events of change %s were not written: %s", len(events), change, error)
        return Outcome(Delivery.FAILED, error)

    def redelivery(self) -> Redelivery:
        """Yield each batch that waits, be sent the log's answer to it, and return what became of them all.

        What the log has taken is forgotten after that, so nothing is lost if this is given up half-way. Batches that it
        refuses go to the end of the spool, so that the others do not wait for them.
        """
        tally = _Tally()
        for number, batch in [*self._in_memory.items()]:
            if tally.is_over:
                break
            if tally.count(batch, (yield batch)) or self._spooled(batch):
                self._forget(number)
        for segment in [] if self._spool is None else self._spool.segments():
            refused: list[Batch] = []
            for batch in segment:
                if tally.is_over:
                    tally.pending += len(batch)
                elif not tally.count(batch, (yield batch)):
                    tally.pending += len(batch)
                    refused.append(batch)
            tally.unreadable += segment.unreadable
            if not tally.is_over and all(map(self._spooled, refused)):
                segment.drop()
        return tally.result(self._size)

    def _remember(self, events: Batch) -> bool:
        with self._lock:
            if self._size + len(events) > _MOST_IN_MEMORY:
                return False
            self._number += 1
            self._in_memory[self._number] = events
            self._size += len(events)
            return True

    def _forget(self, number: int) -> None:
        with self._lock:
            self._size -= len(self._in_memory.pop(number, ()))

    def _spooled(self, batch: Batch) -> bool:
        try:
            if self._spool is not None:
                self._spool.append(batch)
        except Exception as error:  # noqa: BLE001  # it stays where it was
            _logger.warning("%d events of change %s stay where they are: %s", len(batch), batch[0].change_id, error)
            return False
        return self._spool is not None


class _Tally:
    """What one redelivery has done so far."""

    def __init__(self) -> None:
        self.delivered = self.duplicates = self.pending = self.unreadable = 0
        self.is_over = False
        self._refused = 0
        self._error = ""

    def count(self, batch: Batch, answer: int | Exception) -> bool:
        """Take the answer of the log into account, and return whether it has the batch now."""
        if isinstance(answer, Exception):
            self._refused += 1
            self._error = _text(answer)
            self.is_over = self._refused >= _ENOUGH or isinstance(answer, NoAnswerError)
            return False
        self.delivered += answer
        self.duplicates += len(batch) - answer
        return True

    def result(self, in_memory: int) -> Redelivered:
        return Redelivered(
            delivered=self.delivered,
            duplicates=self.duplicates,
            pending=self.pending + in_memory,
            unreadable=self.unreadable,
            error=self._error,
        )


class Courier:
    """Delivers to a log that is called from threads.

    A log that is `immediate` is called on the thread of the caller; any other on one thread of its own, which lives as
    long as there is something to do, so that a caller can stop waiting for it.
    """

    def __init__(self, log: AuditLog, keeper: Keeper, patience: float, background: int) -> None:
        """Start nothing yet."""
        self._log = log
        self._keeper = keeper
        self._patience = patience
        self._background = background
        self._immediate = bool(getattr(log, "immediate", False))
        self._changed = Condition()  # guards all below
        self._calls: deque[_Call] = deque()
        self._running: _Call | None = None
        self._is_stuck = False  # somebody gave up waiting for the call that is running
        self._works = False

    def deliver(self, events: Batch, done: Delivery | None = None) -> Outcome:
        """Write the events of one edit, or queue or keep them, in little more than the patience; never raises.

        `done` is what the repository did with them, if it keeps events itself; what failed there is kept here.
        """
        if done not in _TO_DO:
            return Outcome(done)
        if not events:
            return Outcome(Delivery.NOTHING)
        if done is Delivery.FAILED:
            return self._keeper.keep(events, NotKeptError())
        if self._background:
            return self._queue(events)
        answer = self.attempt(events)
        return self._keeper.keep(events, answer) if isinstance(answer, Exception) else Outcome(Delivery.WRITTEN)

    def attempt(self, events: Batch) -> int | Exception:
        """Return how many of the events were new to the log, or why it did not take them in time."""
        if self._immediate:
            return self._append(events)
        call = _Call(events)
        with self._changed:
            if self._is_stuck:
                return NoAnswerError("an earlier call of the audit log has not come back yet")
            try:
                self._begin(call)
            except RuntimeError as error:
                return error
            if self._changed.wait_for(lambda: call.is_done, self._patience):
                return call.answer
            if call is self._running:
                self._is_stuck = True
            else:
                self._calls.remove(call)
            return NoAnswerError(f"the audit log has not answered within {self._patience} s")

    def flush(self, timeout: timedelta | None) -> bool:
        """Wait until nothing is queued or under way, no longer than given; return whether that is so."""
        return self._idle_within(None if timeout is None else seconds_of("timeout", timeout))

    def close(self) -> None:
        """Deliver what is queued, and keep what could not be delivered within the patience."""
        if self._idle_within(self._patience):
            return
        with self._changed:
            left = [call for call in (self._running, *self._calls) if call is not None and call.is_queued]
            self._calls = deque(call for call in self._calls if not call.is_queued)
        for call in left:
            self._keeper.keep(call.events, NoAnswerError("the schedule was closed before the audit log took them"))

    def _idle_within(self, seconds: float | None) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._works, seconds)

    def _queue(self, events: Batch) -> Outcome:
        why: Exception = NoAnswerError(f"{self._background} edits are queued already")
        with self._changed:
            if len(self._calls) < self._background:
                try:
                    self._begin(_Call(events, is_queued=True))
                except RuntimeError as error:
                    why = error
                else:
                    return Outcome(Delivery.QUEUED)
        return self._keeper.keep(events, why)

    def _begin(self, call: "_Call") -> None:
        """Leave a call to the thread, and start that if there is none; with the lock, for which the thread waits first.

        Raises:
            RuntimeError: if the system has no thread left; then nothing has changed.
        """
        if not self._works:
            Thread(target=self._work, name="slotcalc-audit", daemon=True).start()
            self._works = True
        self._calls.append(call)

    def _work(self) -> None:
        """Make the calls one after the other, and end when there are none."""
        while call := self._next():
            try:
                call.answer = self._append(call.events)
            except BaseException as error:  # noqa: BLE001  # SystemExit would end our thread and leave others waiting
                call.answer = NoAnswerError(f"the audit log raised {error!r:.80}")
            with self._changed:
                self._running, self._is_stuck, call.is_done = None, False, True
                self._changed.notify_all()
            if call.is_queued and isinstance(call.answer, Exception):
                self._keeper.keep(call.events, call.answer)

    def _next(self) -> "_Call | None":
        with self._changed:
            self._running = self._calls.popleft() if self._calls else None
            if self._running is None:
                self._works = False
                self._changed.notify_all()
            return self._running

    def _append(self, events: Batch) -> int | Exception:
        try:
            return self._log.append(events)
        except Exception as error:  # noqa: BLE001  # whatever a log does, the edit stands
            return error


class _Call:
    """One call of the log, its answer, and whether somebody waits for that."""

    __slots__ = ("answer", "events", "is_done", "is_queued")

    def __init__(self, events: Batch, *, is_queued: bool = False) -> None:
        self.events = events
        self.is_queued = is_queued
        self.is_done = False
        self.answer: int | Exception = 0


class AsyncCourier:
    """Delivers to a log that is called from an event loop; a call that does not come back is left alone."""

    def __init__(self, log: AsyncAuditLog, keeper: Keeper, patience: float, background: int) -> None:
        """Start nothing yet."""
        self._log = log
        self._keeper = keeper
        self._patience = patience
        self._background = background
        self._immediate = bool(getattr(log, "immediate", False))
        self._stuck: set[asyncio.Task[int | Exception]] = set()
        self._waiting: deque[Batch] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def deliver(self, events: Batch, done: Delivery | None = None) -> Outcome:
        """Write the events of one edit, or queue or keep them, as `Courier.deliver`.

        If the task is cancelled meanwhile, because the event loop is being closed, they are kept before this returns.
        """
        if done not in _TO_DO:
            return Outcome(done)
        if not events:
            return Outcome(Delivery.NOTHING)
        if done is Delivery.FAILED:
            return await self._keep(events, NotKeptError())
        if self._background:
            return await self._queue(events)
        try:
            answer = await self.attempt(events)
        except asyncio.CancelledError as cancelled:
            self._keeper.keep(events, cancelled)
            raise
        return await self._keep(events, answer) if isinstance(answer, Exception) else Outcome(Delivery.WRITTEN)

    async def attempt(self, events: Batch) -> int | Exception:
        """Return how many of the events were new to the log, or why it did not take them in time."""
        if self._immediate:
            return await self._append(events)
        if self._stuck:
            return NoAnswerError("an earlier call of the audit log has not come back yet")
        call = asyncio.create_task(self._append(events))
        try:
            done, _ = await asyncio.wait([call], timeout=self._patience)
        except asyncio.CancelledError:
            self._leave_alone(call)
            raise
        if not done:
            self._leave_alone(call)
            return NoAnswerError(f"the audit log has not answered within {self._patience} s")
        return NoAnswerError("the audit log cancelled its own call") if call.cancelled() else call.result()

    async def flush(self, timeout: timedelta | None) -> bool:  # noqa: ASYNC109  # as `Courier.flush`
        """Wait until nothing is queued or under way, no longer than given; return whether that is so."""
        return await self._idle_within(None if timeout is None else seconds_of("timeout", timeout))

    async def _idle_within(self, seconds: float | None) -> bool:
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=seconds)
        return not self._waiting

    async def close(self) -> None:
        """Deliver what is queued, and keep what could not be delivered within the patience."""
        if not await self._idle_within(self._patience) and self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    async def _queue(self, events: Batch) -> Outcome:
        if len(self._waiting) >= self._background:
            return await self._keep(events, NoAnswerError(f"{self._background} edits are queued already"))
        self._waiting.append(events)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return Outcome(Delivery.QUEUED)

    async def _work(self) -> None:
        """Deliver what is queued, one batch after the other; if that is cancelled, keep what is left."""
        try:
            while self._waiting:
                answer = await self.attempt(self._waiting[0])
                if isinstance(answer, Exception):
                    await self._keep(self._waiting[0], answer)
                self._waiting.popleft()
        except asyncio.CancelledError as cancelled:
            while self._waiting:
                self._keeper.keep(self._waiting.popleft(), cancelled)
            raise

    def _leave_alone(self, call: "asyncio.Task[int | Exception]") -> None:
        """Cancel a call, which it may ignore, and remember it until it ends: nobody waits for it."""
        self._stuck.add(call)
        call.add_done_callback(self._stuck.discard)
        call.cancel()

    async def _keep(self, events: Batch, why: Exception) -> Outcome:
        try:
            return await asyncio.to_thread(self._keeper.keep, events, why)
        except RuntimeError:  # no thread is left; then the loop has to wait for the disk
            return self._keeper.keep(events, why)

    async def _append(self, events: Batch) -> int | Exception:
        try:
            return await self._log.append(events)
        except Exception as error:  # noqa: BLE001  # whatever a log does, the edit stands
            return error


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error!s:.500}".removesuffix(": ")
