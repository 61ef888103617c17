"""Compares answers, then takes times: the contenders by turns (A B C A B C …) in one process. Standard library only."""

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

__all__ = ["DisagreementError", "Entry", "best_times"]

_TIMING = 0.002
"""Seconds that one timing lasts at least: short calls are repeated until it does."""
_BALLAST = 32_000_000
"""Bytes to allocate and free first: glibc then keeps what is freed, instead of returning it to the system and asking
for it again in every call or not, by chance: 750 page faults and twice the time for one edit of 200,000 edges."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to answer: a function, and the arguments of each of its calls."""

    name: str
    function: Callable[..., Any]
    calls: Sequence[tuple[Any, ...]]
    answer: Callable[[Any], object] | None
    """Brings a result into the form in which results are compared; None for a limit, which answers nothing."""


class DisagreementError(Exception):
    """Two contenders give different answers to the same question."""


def best_times(what: str, entries: Iterable[Entry], rounds: int) -> dict[str, float]:
    """Compare all answers, then return for each entry the seconds of one call: the best round, averaged over its calls.

    The collector runs before each round and is off during it. Each entry is called once, untimed, before it is timed,
    for the one before it left its own data in the cache. An entry whose calls take over 0.1 s together takes part in 3
    rounds only, without that call, one whose calls take over 2 s in one.

    Raises:
        DisagreementError: if two answers differ; it names both contenders and the first difference.
    """
    bytes(_BALLAST)
    best: dict[str, float] = {}
    plans = [(entry, _plan(entry, seconds, rounds)) for entry, seconds in _compared(what, entries)]
    for turn in range(rounds):
        gc.collect()
        gc.disable()
        try:
            for entry, plan in plans:
                if turn < plan.rounds:
                    seconds = _seconds(entry, plan) / (plan.repeats * len(entry.calls))
                    best[entry.name] = min(seconds, best.get(entry.name, seconds))
        finally:
            gc.enable()
    return best


def _compared(what: str, entries: Iterable[Entry]) -> list[tuple[Entry, float]]:
    """Return the entries, each with the seconds that its calls took while all answers were compared with the first."""
    first: tuple[str, list[object]] | None = None
    timed = []
    for entry in entries:
        results: list[Any] = []  # frees those of the entry before, which is not this one's time
        gc.collect()
        began = perf_counter()
        results += [entry.function(*arguments) for arguments in entry.calls]
        timed.append((entry, perf_counter() - began))
        if entry.answer is None:
            continue
        answers = [entry.answer(result) for result in results]
        if first is None:
            first = entry.name, answers
        if answers != first[1]:
            difference = _first_difference(answers, first[1])
            raise DisagreementError(f"{what}: {entry.name} and {first[0]} disagree: {difference}")
    return timed


def _first_difference(a: object, b: object) -> str:
    if isinstance(a, list) and isinstance(b, list):
        for mine, theirs in zip(a, b, strict=False):
            if mine != theirs:
                return _first_difference(mine, theirs)
        return f"{len(a)} against {len(b)} items that are equal up to there"
    return f"{a} against {b}"


class _Plan(NamedTuple):
    rounds: int
    repeats: int
    warm: bool
    """Whether the calls are made once, untimed, before they are timed."""


def _plan(entry: Entry, seconds: float, rounds: int) -> _Plan:
    """Return how calls are timed that took so long together when they were made first."""
    if rounds == 1:
        return _Plan(1, 1, warm=False)
    if seconds > 0.1:
        return _Plan(1 if seconds > 2 else min(rounds, 3), 1, warm=False)
    seconds = _seconds(entry, _Plan(1, 1, warm=False))  # the first call may have filled a cache
    return _Plan(rounds, 1 + int(_TIMING / seconds), warm=True)


def _seconds(entry: Entry, plan: _Plan) -> float:
    """Return the seconds that the repeated calls take."""
    function, calls = entry.function, entry.calls
    if plan.warm:
        for arguments in calls:
            function(*arguments)
    began = perf_counter()
    for _ in range(plan.repeats):
        for arguments in calls:
            function(*arguments)
    return perf_counter() - began
