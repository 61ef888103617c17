"""Wall times that come again in a fixed rhythm, and the instants that they are: what weekly hours and most rules are.

A wall time here is marked as UTC instead of naive, as `zones.to_instants` takes it, so that taking an offset away makes
the instant. Between two changes of a zone's clocks that offset is one and the same, so it is taken from the beginning
of a turn only, and an instant costs one sum. Imports only `zones`; read `recurrence` and `rules.weekly` next.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise, repeat, zip_longest
from operator import add
from typing import Final, NamedTuple

from slotcalc.zones import Stretch

__all__ = ["Cycle"]

_NOTHING: Final = timedelta()


class Cycle(NamedTuple):
    """The wall times `first + turn * step + offset` for each offset of the pattern, numbered; 0 is the first of turn 0.

    The pattern is sorted, each offset once, from nought to less than the step; so numbers are in order of time.

    >>> from datetime import UTC
    >>> mondays = Cycle(datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(days=7), (timedelta(), timedelta(hours=8)))
    >>> mondays.before(datetime(2026, 3, 9, 12, tzinfo=UTC))
    3
    >>> [f"{wall:%d %H:%M}" for wall in mondays.walls(1, 3)]
    ['02 17:00', '09 09:00']
    """

    first: datetime
    step: timedelta
    pattern: tuple[timedelta, ...]

    @classmethod
    def of_spans(cls, first: datetime, step: timedelta, spans: Iterable[tuple[timedelta, timedelta]]) -> "Cycle | None":
        """Return the cycle of starts and ends by turns, or None unless each span ends before the next one starts.

        The spans are sorted, as lengths since `first`, and within one step of each other; their edges get even and odd
        numbers.
        """
        edges = [edge for span in spans for edge in span]
        if not edges or any(edge >= following for edge, following in pairwise([*edges, edges[0] + step])):
            return None
        return cls(first + edges[0], step, tuple([edge - edges[0] for edge in edges]))

    def before(self, wall: datetime) -> int:
        """Return how many there are before the wall time: the number of the first that is not. O(log n) of a turn."""
        turn, rest = divmod(wall - self.first, self.step)
        return turn * len(self.pattern) + bisect_left(self.pattern, rest)

    def next_start(self, wall: datetime) -> int:
        """Return the number of the first start that is not before the wall time, of starts and ends by turns."""
        number = self.before(wall)
        return number + number % 2

    def has(self, wall: datetime) -> bool:
        """Return whether the wall time is one of them."""
        return (wall - self.first) % self.step in self.pattern

    def walls(self, begin: int, end: int, less: timedelta = _NOTHING) -> list[datetime]:
        """Return those numbered from `begin` to `end`, which is not below it, each earlier by so much.

        Raises:
            OverflowError: if one of them, or the first of a turn, lies outside the years 1 to 9999.
        """
        pattern = self.pattern
        turn, into = divmod(begin, len(pattern))
        last, rest = divmod(end, len(pattern))
        found: list[datetime] = []
        if last > turn:
            turns = accumulate(repeat(self.step, last - turn - 1), add, initial=self.first + turn * self.step - less)
            found = [start + offset for start in turns for offset in pattern]
        if rest:
            start = self.first + last * self.step - less
            found += [start + offset for offset in pattern[:rest]]
        return found[into:] if into else found

    def edges(
        self, begin: int, end: int, stretches: Sequence[Stretch], *, elapsed: bool = False
    ) -> tuple[datetime, ...] | None:
        """Return the instants of those numbered from `begin` to `end`, or None if they are not in order.

        Times in a gap or a fold are read as "compatible"; in a gap, that may put one after the next. The numbers are
        even: starts and ends by turns. With `elapsed` an end is as long after its start as in the pattern, even if the
        clocks change between the two. The stretches, from `zones.stretches`, hold all the wall times. 50 ns each.

        Raises:
            OverflowError: as `walls`.
        """
        found: list[datetime] = []
        for stretch, following in zip_longest(stretches, stretches[1:]):
            upto = end if following is None else min(self.before(following.since), end)
            upto += elapsed and upto % 2
            if begin < upto:
                run = self.walls(begin, upto, stretch.offset)
                if found and found[-1] >= run[0]:
                    return None
                found += run
                begin = upto
        return tuple(found)
