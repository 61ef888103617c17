"""Free time as a service computes it: lists of pairs in, slots and bookings, and a list of free pairs out."""

from collections.abc import Callable

from benchmarks import data
from benchmarks.comparison import Run, compare
from benchmarks.contenders import Contender
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry

__all__ = ["day", "quarter"]

_ENDPOINTS = f"{LIMIT}: sorted(all endpoints)"


def day(run: Run) -> Table:
    """Measure one day."""
    return _free("day", "3 slots, 6 bookings", data.day, run, days=50, to_textbook=2)


def quarter(run: Run) -> Table:
    """Measure one quarter."""
    return _free("quarter", "180 slots, 300 bookings, unsorted", data.quarter, run, days=3, to_textbook=1)


def _free(
    name: str,
    title: str,
    make: Callable[[int], tuple[data.Pairs, data.Pairs]],
    run: Run,
    *,
    days: int,
    to_textbook: float,
) -> Table:
    """Measure `free`. The limit sorts one list: all endpoints of slots and bookings, in the order they came in."""
    questions = [make(seed) for seed in range(2 if run.smoke else days)]
    endpoints = [[point for pair in slots + bookings for point in pair] for slots, bookings in questions]
    n = len(endpoints[0]) // 2
    columns = ["µs per question", "ns per input interval"]
    table = Table(name, f"free time of one {name} from lists of pairs: {title}", "", columns)

    def ask(contender: Contender) -> Entry:
        return Entry(contender.name, contender.free, questions, list)

    limit = Entry(_ENDPOINTS, sorted, [(points,) for points in endpoints], None)
    compare(run, table, columns[0], ask, [limit], size=n, scale=1e6)
    for row, cells in table.rows.items():
        question = cells[columns[0]]
        if isinstance(question, float):
            table.enter(row, columns[1], question * 1_000 / n)
    first = columns[:1]
    to_loop = table.ratios("slotcalc", "textbook loop", first)
    table.targets += [
        Target(f"at most {to_textbook} × the textbook loop", to_textbook, to_loop),
        Target("at least 40 × faster than portion", 40, table.ratios("portion", "slotcalc", first), at_least=True),
    ]
    return table
