"""One question, put to all contenders: answers first, times second. Imports `contenders`, `timing` and `report`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.contenders import Contender
from benchmarks.report import Table
from benchmarks.timing import Entry, best_times

__all__ = ["Run", "compare"]


@dataclass(frozen=True, slots=True)
class Run:
    """How a benchmark is run."""

    contenders: list[Contender]
    rounds: int
    smoke: bool
    """Whether sizes are tiny and everything is called once, to see that it runs and that the answers agree."""


def compare(
    run: Run,
    table: Table,
    column: str,
    ask: Callable[[Contender], Entry],
    limits: Iterable[Entry] = (),
    *,
    size: int,
    scale: float,
) -> None:
    """Fill one column of a table: seconds times `scale`, or why a contender is not run at this size.

    Raises:
        DisagreementError: if two contenders give different answers.
    """
    entries = []
    for contender in run.contenders:
        table.rows.setdefault(contender.name, {})  # so that rows stay in order, whoever is not run
        reason = contender.why_not(table.name, size)
        if reason:
            table.enter(contender.name, column, f"not run: {reason}")
        else:
            entries.append(ask(contender))
    entries += limits
    for name, seconds in best_times(f"{table.name}, {column}", entries, run.rounds).items():
        table.enter(name, column, seconds * scale)
