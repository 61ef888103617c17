"""`Interval` and `IntervalSet`: the two values that everything else is said in.

Their operators return each other, so the two modules of this folder know each other and nobody else needs to: import
from here. Built on `kernel` (the algorithm), `points` (what a point is), `zones` and `iso8601`; read `coverage` next.
"""

from slotcalc.intervals.interval import Interval, Relation, as_interval
from slotcalc.intervals.interval_set import IntervalSet, of_edges

__all__ = ["Interval", "IntervalSet", "Relation", "as_interval", "of_edges"]
