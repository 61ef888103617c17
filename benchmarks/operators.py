"""The set operators on two built sets, and building a set from pairs in any order."""

import sys
from itertools import pairwise
from operator import attrgetter

from benchmarks import data
from benchmarks.comparison import Run, compare
from benchmarks.contenders import Contender
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry

__all__ = ["build", "difference", "intersection", "union"]

SORT_BOUND = 1.8 if sys.version_info < (3, 12) else 2.1
"""How many times as long as `sorted` an operator may take: 3.13 runs loops 1.2 times as long as 3.11, `sorted` not."""

_ENDPOINTS = f"{LIMIT}: sorted(all endpoints)"
_PAIRS = f"{LIMIT}: sorted(pairs)"


def difference(run: Run) -> Table:
    """Measure `a - b`."""
    return _operator("difference", run)


def union(run: Run) -> Table:
    """Measure `a | b`."""
    return _operator("union", run)


def intersection(run: Run) -> Table:
    """Measure `a & b`."""
    return _operator("intersection", run)


def _operator(name: str, run: Run) -> Table:
    """Measure one operator. The limit sorts one list: all endpoints of one set, in order, and then all of the other."""
    sizes = [10, 30] if run.smoke else [10, 100, 1_000, 10_000, 100_000]
    columns = [f"{n:,}" for n in sizes]
    table = Table(name, "of two built sets of n intervals each", "ns per input interval", columns)
    for n, column in zip(sizes, columns, strict=True):
        inputs = [(data.disjoint(n, 2 * i), data.disjoint(n, 2 * i + 1)) for i in range(data.samples(n))]

        def ask(contender: Contender, inputs: list[tuple[data.Pairs, data.Pairs]] = inputs) -> Entry:
            sets = [(contender.build(a), contender.build(b)) for a, b in inputs]
            return Entry(contender.name, attrgetter(name)(contender), sets, contender.pairs)

        endpoints = [[point for pair in a + b for point in pair] for a, b in inputs]
        limits = [
            Entry(_ENDPOINTS, sorted, [(points,) for points in endpoints], None),
            Entry("the same, shuffled", sorted, [(data.shuffled(points, n),) for points in endpoints], None),
        ]
        compare(run, table, column, ask, limits, size=n, scale=1e9 / (2 * n))
    _set_targets(table, sizes)
    return table


def _set_targets(table: Table, sizes: list[int]) -> None:
    columns = {n: f"{n:,}" for n in sizes}
    small = [columns[n] for n in sizes if n <= 10]
    large = [columns[n] for n in sizes if n > 10]
    to_limit = table.ratios("slotcalc", _ENDPOINTS, table.columns)
    to_portion = table.ratios("portion", "slotcalc", [columns[n] for n in sizes if 100 <= n <= 10_000])
    growth = {}
    for few, many in pairwise(sizes):
        before, after = table.time("slotcalc", columns[few]), table.time("slotcalc", columns[many])
        if before is not None and after is not None and many == 10 * few:
            growth[f"{columns[few]} → {columns[many]}"] = 10 * after / before
    table.targets += [
        Target("at most 2.2 × the limit, 10 a side", 2.2, {column: to_limit[column] for column in small}),
        Target(
            f"at most {SORT_BOUND} × the limit, 100 or more", SORT_BOUND, {column: to_limit[column] for column in large}
        ),
        Target("at least 90 × faster than portion", 90, to_portion, at_least=True),
        Target("n → 10 n: at most 13 × the time", 13, growth),
    ]


def build(run: Run) -> Table:
    """Measure making a set of unsorted pairs, of which many overlap."""
    sizes = [10, 30] if run.smoke else [100, 1_000, 10_000, 100_000]
    columns = [f"{n:,}" for n in sizes]
    table = Table("build", "a set from n unsorted, partly overlapping pairs", "ns per input interval", columns)
    for n, column in zip(sizes, columns, strict=True):
        inputs = [(data.overlapping(n, i),) for i in range(data.samples(n))]

        def ask(contender: Contender, inputs: list[tuple[data.Pairs]] = inputs) -> Entry:
            return Entry(contender.name, contender.merge, inputs, contender.pairs)

        compare(run, table, column, ask, [Entry(_PAIRS, sorted, inputs, None)], size=n, scale=1e9 / n)
    table.targets.append(Target("at most 1.4 × the limit", 1.4, table.ratios("slotcalc", _PAIRS, columns)))
    return table
