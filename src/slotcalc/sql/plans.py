"""Plans: what is to be done with connections, one step after the other, and the two shells that do it.

A plan is a generator. It yields a function of a connection and gets back what that function returned, or the error that
it raised; so it can try something else over a new connection. Plans do no I/O themselves, and each is written once:
`run` does it over an `Engine`, `run_async` over an `AsyncEngine`. A connection leaves the pool for one step only.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from slotcalc.sql.connections import store_error

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine  # which alone needs greenlet

__all__ = ["Aside", "Plan", "Step", "alone", "run", "run_async"]

T = TypeVar("T")


class Aside(NamedTuple):
    """A step that needs no connection but may take a while, such as writing a file."""

    call: Callable[[], object]


Step: TypeAlias = "Callable[[Connection], Any] | Aside"
Plan: TypeAlias = Generator[Step, Any, T]


def alone(work: Callable[[Connection], T]) -> Plan[T]:
    """Return the plan of one step."""
    answer: T = yield work
    return answer


def run(engine: Engine, plan: Plan[T]) -> T:
    """Return what the plan returns, made over the engine.

    Raises:
        StoreError: for whatever the database or its driver raises.
    """
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            step = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as done:
            made: T = done.value
            return made
        answer, error = None, None
        try:
            if isinstance(step, Aside):
                answer = step.call()
            else:
                with engine.connect() as connection:
                    answer = step(connection)
        except Exception as raised:  # noqa: BLE001  # the plan says what is to be done about it
            error = _told(raised, engine)


async def run_async(engine: "AsyncEngine", plan: Plan[T]) -> T:
    """Return what the plan returns, made over an asynchronous engine; raises as `run`."""
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            step = plan.send(answer) if error is None else plan.throw(error)
        except StopIteration as done:
            made: T = done.value
            return made
        answer, error = None, None
        try:
            if isinstance(step, Aside):
                answer = await asyncio.to_thread(step.call)
            elif engine.dialect.name == "sqlite":
                answer = await _finished(_made(engine, step))
            else:
                answer = await _made(engine, step)
        except Exception as raised:  # noqa: BLE001  # as in `run`
            error = _told(raised, engine.sync_engine)


async def _made(engine: "AsyncEngine", step: Callable[[Connection], T]) -> T:
    async with engine.connect() as connection:
        return await connection.run_sync(step)


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns; a task that is cancelled meanwhile waits until it is done.

    SQLAlchemy lets go of an SQLite connection in whose statement a task is cancelled, without closing it: its
    transaction stayed open and locked out all others until the garbage collector came by.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(asyncio.shield(task), return_exceptions=True)
        raise


def _told(error: Exception, engine: Engine) -> Exception:
    """Return the error as a plan and its caller see it."""
    if not isinstance(error, SQLAlchemyError):
        return error
    told = store_error(error, engine.url)
    told.__cause__ = error
    return told
