"""From rules to the slots of a whole fleet: each distinct rule is expanded once, the rest is copying columns.

Imports `exchange` and `kernel`; read `appointments` next, the other end of the way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

import numpy as np

from slotcalc.errors import PointTypeError
from slotcalc.frames import kernel
from slotcalc.frames.columns import FLEET_LIMITS, Columns, Keys
from slotcalc.frames.exchange import Side, as_given, beside, distinct, drawn, in_memory, instants
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import Limits

__all__ = ["Rules", "slots_of"]

F = TypeVar("F")
Rules: TypeAlias = "Mapping[Any, Any] | Callable[..., Any]"


def slots_of(
    resources: F,
    rules: Rules,
    window: Interval[datetime] | tuple[datetime, datetime],
    *,
    by: Keys,
    rule: Keys = "rule",
    start: str = "start",
    end: str = "end",
    limits: Limits = FLEET_LIMITS,
) -> F:
    """Return the slots of each resource: what its rule yields within the window, one row an interval.

    Each distinct rule is asked once, however many resources keep it; the rest is copying columns.

    Args:
        resources: a frame in memory with one row a resource.
        rules: the rule, or interval set, of each value in the column `rule`; or a function that makes it of the value.
        window: the time that is asked about.
        by: the key columns of the resources.
        rule: the column that says which rule a resource keeps, or several, whose values together do: such as hours and
            a zone, with `rules=lambda hours, zone: Weekly(hours, zone=zone)`.
        start: what to call the column of the starts.
        end: what to call the column of the ends.
        limits: how many `rows` the answer may have.

    Returns:
        A frame like `resources` with its keys, starts and ends, the latter instants in UTC to the microsecond; the rows
        of a resource stand together, in order of time, and the resources are in their order.

    Raises:
        LimitExceededError: for an answer with more rows than the limit.
        PointTypeError: for a lazy frame, missing columns, or a value for which there is no rule.
        PointValueError: for nulls, with their number and the first of them.

    >>> from datetime import UTC
    >>> import polars as pl
    >>> from slotcalc.rules import Weekly
    >>> tutors = pl.DataFrame({"tutor": [1, 2], "hours": ["Mo 09:00-12:00", "Mo 09:00-10:00"], "zone": ["UTC", "UTC"]})
    >>> week = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    >>> slots = slots_of(tutors, lambda hours, zone: Weekly(hours, zone=zone), week, by="tutor", rule=["hours", "zone"])
    >>> [(tutor, end.hour) for tutor, start, end in slots.rows()]
    [(1, 12), (2, 10)]
    """
    columns = Columns(by, start, end)
    named = (rule,) if isinstance(rule, str) else tuple(rule)
    table = in_memory(resources, "slots_of")
    which, values = distinct(Side("resources", table), named, columns.by)
    sets = [_expanded(rules, value, window) for value in values]
    counts = np.array([len(each) for each in sets], np.int64)
    limits.check("rows", int(counts[which].sum()))
    firsts = np.cumsum(counts) - counts
    resource, row = kernel.runs(counts[which], firsts[which])
    opens = instants(start, [point for each in sets for point in each.starts], row, table)
    closes = instants(end, [point for each in sets for point in each.ends], row, table)
    keys = drawn(table.select(*columns.by), resource) if columns.by else None
    return as_given(beside(keys, [opens, closes]), resources)


def _expanded(rules: Rules, value: tuple[Any, ...], window: Any) -> IntervalSet[datetime]:  # as in slots_of
    """Return what the rule of these values yields within the window."""
    key = value[0] if len(value) == 1 else value
    if not isinstance(rules, Mapping):
        rule = rules(*value)
    elif key in rules:
        rule = rules[key]
    else:
        raise PointTypeError(f"there is no rule for {key!r:.80}; the mapping has {[*rules]!r:.200}", key)
    if not hasattr(rule, "within"):
        raise PointTypeError(f"the rule for {key!r:.80} is {rule!r:.80}, which is neither a rule nor a set", key)
    found: IntervalSet[datetime] = rule.within(window)
    return found
