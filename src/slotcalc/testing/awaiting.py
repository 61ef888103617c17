"""Asynchronous adapters asked from synchronous tests, so that one contract judges both kinds.

All of them run on one event loop on a thread of its own, which begins with the first question and ends with the
process. Calls from several threads become tasks that run side by side.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache, wraps
from inspect import iscoroutinefunction
from threading import Lock, Thread
from typing import Any, Final, TypeVar, overload

from slotcalc.audit import AsyncAuditLog, AuditLog
from slotcalc.repository import AsyncRepository, Repository

__all__ = ["awaited", "wait_for"]

T = TypeVar("T")


@overload
def awaited(adapter: AsyncRepository) -> Repository: ...
@overload
def awaited(adapter: AsyncAuditLog) -> AuditLog: ...
def awaited(adapter: Any) -> Any:
    """Return a synchronous facade of an asynchronous repository or audit log.

    >>> from slotcalc.repository import AsyncMemoryRepository
    >>> awaited(AsyncMemoryRepository()).revision("tutor-1")
    0
    """
    return _Awaited(adapter)


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, run on the loop of the facades: to set an adapter up and to close it."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop()).result()


class _Awaited:
    def __init__(self, adapter: object) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:  # a method, or an attribute such as `immediate`
        found = getattr(self._adapter, name)
        return _waiting(found) if iscoroutinefunction(found) else found


def _waiting(method: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
    @wraps(method)
    def call(*args: Any, **options: Any) -> T:
        return wait_for(method(*args, **options))

    return call


_first: Final = Lock()


def _loop() -> asyncio.AbstractEventLoop:
    with _first:  # of several threads that ask at once, one begins it
        return _begun()


@cache
def _begun() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="slotcalc.testing", daemon=True).start()
    return loop
