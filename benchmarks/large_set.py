"""One set of 100,000 hour-long slots, and small questions to it: an edit, a window, a point."""

from bisect import bisect_right
from datetime import datetime, timedelta
from random import Random
from typing import Any

from benchmarks import data
from benchmarks.comparison import Run, compare
from benchmarks.contenders import Contender
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry

__all__ = ["large_set"]

_COPY = f"{LIMIT}: list(edges), or bisect(edges)"


def large_set(run: Run) -> Table:
    """Measure one booking taken out of a large set, a week's window clipped out of it, and membership.

    The bookings are the middle half hours of the slots at a quarter, a half and three quarters of the set. The windows
    begin and the points lie at random. Each contender makes its window of the two datetimes while it is timed.
    """
    n = 100 if run.smoke else 100_000
    random = Random(n)
    slots = data.hourly(n, n)
    edges = tuple(point for pair in slots for point in pair)
    margin = timedelta(minutes=15)
    bookings = [(start + margin, end - margin) for start, end in (slots[n // 4], slots[n // 2], slots[3 * n // 4])]
    moments = [start + random.randrange(120) * timedelta(minutes=1) for start, _ in random.choices(slots, k=50)]
    windows = [(moment, moment + timedelta(days=7)) for moment in moments]

    columns = ["one booking out of it", "a 7-day window", "one point"]
    table = Table("large-set", f"questions to one set of {n:,} intervals", "µs per question", columns)
    built: dict[str, Any] = {c.name: c.build(slots) for c in run.contenders if not c.why_not(table.name, n)}

    def take_out(contender: Contender) -> Entry:
        calls = [(built[contender.name], contender.interval(booking)) for booking in bookings]
        return Entry(contender.name, contender.difference, calls, contender.pairs)

    def clip(contender: Contender) -> Entry:
        calls = [(built[contender.name], window) for window in windows]
        return Entry(contender.name, contender.clip, calls, contender.pairs)

    def contains(contender: Contender) -> Entry:
        calls = [(built[contender.name], contender.point(moment)) for moment in moments]
        return Entry(contender.name, contender.contains, calls, bool)

    bisections: list[tuple[tuple[datetime, ...], datetime]] = [(edges, moment) for moment in moments]
    compare(run, table, columns[0], take_out, [Entry(_COPY, list, [(edges,)], None)], size=n, scale=1e6)
    compare(run, table, columns[1], clip, size=n, scale=1e6)
    compare(run, table, columns[2], contains, [Entry(_COPY, bisect_right, bisections, None)], size=n, scale=1e6)
    times = table.rows["slotcalc"]
    table.targets += [
        Target("one booking: at most 2 × list(edges)", 2, table.ratios("slotcalc", _COPY, columns[:1])),
        Target("a window: under 5 µs", 5, {c: t for c, t in times.items() if c == columns[1] and isinstance(t, float)}),
        Target("a point: under 1 µs", 1, {c: t for c, t in times.items() if c == columns[2] and isinstance(t, float)}),
    ]
    return table
