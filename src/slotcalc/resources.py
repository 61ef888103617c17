"""Several resources at once: all of them, any of them, k of n; who is free, and who is missing. Imports `intervals`.

The free time of each resource comes in as a mapping from `resource_id`; whatever made it, `free` or a rule, belongs to
each resource by itself. All answers name resources in the order of the mapping, so that preference is up to the caller.

There are two questions behind "k of n", and they differ where one resource takes over from another:

* at each moment: at any time at least k are free, perhaps now these and then those. That is `free_of`, a set.
* throughout: the same k are free for the whole interval. That is `who_is_free` for an interval, and `starts_of` for a
  page of starts. What holds throughout holds at each moment; the reverse holds if k is all of them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter
from typing import Any, TypeVar, final

from slotcalc.errors import IntervalError, PointTypeError, PointValueError, SlotcalcError
from slotcalc.intervals import Interval, IntervalSet, as_interval
from slotcalc.points import Comparable, P
from slotcalc.values import Value

__all__ = ["Missing", "free_of", "missing", "starts_of", "who_is_free"]

Q = TypeVar("Q", bound=Comparable)


@final
class Missing(Value):
    """A resource that is not free throughout an interval, and when it is not.

    Args:
        resource_id: who or what is missing.
        interval: the interval that was asked for.
        lacks: the part of it, never empty, in which the resource is not free; `explain` says why it is not.

    >>> str(Missing("ben", Interval(9, 12), IntervalSet([(9, 10)])))
    'ben is not free [9, 10)'
    """

    __slots__ = ("interval", "lacks", "resource_id")
    __match_args__ = ("resource_id", "interval", "lacks")
    _positional = 3

    resource_id: str
    interval: Interval[Any]
    lacks: IntervalSet[Any]

    def __init__(self, resource_id: str, interval: Interval[Any], lacks: IntervalSet[Any]) -> None:
        """Keep the parts; `missing` makes them."""
        self._set(resource_id=resource_id, interval=interval, lacks=lacks)

    @property
    def entirely(self) -> bool:
        """Whether the resource is free at no moment of the interval."""
        return self.lacks.covers(self.interval)

    def __str__(self) -> str:
        """Return it in words: "ben is not free 2026-03-02T09:00:00Z/2026-03-02T10:00:00Z"."""
        return f"{self.resource_id} is not free {self.lacks}"


def free_of(free_by_resource: Mapping[str, IntervalSet[P]], k: int | None = None) -> IntervalSet[P]:
    """Return when at least k of the resources are free, at each moment; all of them if k is not given.

    k=1 is when any of them is. The k may be others from one moment to the next: that an interval lies in this set does
    not say that k of them are free throughout, unless k is their number. More than there are is never. O(n log n).

    Raises:
        IntervalError: for a k below 1, and for all of no resources.
        PointTypeError: for anything but a mapping to free times of one kind of point.

    >>> tutors = {"anna": IntervalSet([(9, 11)]), "ben": IntervalSet([(10, 12)]), "cem": IntervalSet([(11, 13)])}
    >>> free_of(tutors, 1), free_of(tutors, 2), free_of(tutors)
    (IntervalSet([(9, 13)]), IntervalSet([(10, 12)]), IntervalSet())
    """
    times = _times(free_by_resource)
    return IntervalSet.at_least_k(_number(k, times), times.values())


def who_is_free(free_by_resource: Mapping[str, IntervalSet[P]], interval: Interval[P] | tuple[P, P]) -> tuple[str, ...]:
    """Return the resources that are free throughout the interval, in the order of the mapping. O(log n) each.

    For an appointment with buffers, ask with the padded interval: `interval.pad(before, after)`.

    Raises:
        IntervalError: for a reversed or empty pair.
        PointTypeError: as `free_of`.

    >>> tutors = {"anna": IntervalSet([(9, 11)]), "ben": IntervalSet([(10, 12)])}
    >>> who_is_free(tutors, (10, 11)), who_is_free(tutors, (9, 12))
    (('anna', 'ben'), ())
    """
    asked = as_interval(interval)
    return tuple([name for name, times in _times(free_by_resource).items() if times.covers(asked)])


def missing(
    free_by_resource: Mapping[str, IntervalSet[P]], interval: Interval[P] | tuple[P, P], k: int | None = None
) -> tuple[Missing, ...]:
    """Return nothing if at least k resources are free throughout the interval, else each that is not, and when.

    All of them are needed if k is not given. In the order of the mapping; O(log n + the answer) each.

    Raises:
        IntervalError: for a k below 1 or above the number of resources, since an empty answer says that all is well;
            for all of no resources; for a reversed or empty pair.
        PointTypeError: as `free_of`.

    >>> tutors = {"anna": IntervalSet([(9, 11)]), "ben": IntervalSet([(10, 12)])}
    >>> print(*missing(tutors, (9, 12), k=1), sep="; ")
    anna is not free [11, 12); ben is not free [9, 10)
    >>> missing(tutors, (9, 11), k=1)
    ()
    """
    times = _times(free_by_resource)
    needed = _number(k, times)
    if needed > len(times):
        message = f"k={k!r} of {len(times)} resources are never free; name more, or ask for fewer"
        raise IntervalError(message, k)
    asked = as_interval(interval)
    whole = IntervalSet([asked])
    absent = [Missing(name, asked, lacks) for name, free in times.items() if (lacks := whole - free)]
    return tuple(absent) if len(times) - len(absent) < needed else ()


def starts_of(
    starts_by_resource: Mapping[str, Iterable[Q]], k: int | None = None
) -> Iterator[tuple[Q, tuple[str, ...]]]:
    """Yield each start that at least k of the resources have, and which: the same k throughout. Lazily, O(log n) each.

    Each resource brings its own starts in order, as `starts` yields them, with its own buffers, limits and notice; on
    the grid of one zone they meet. All of the resources are needed if k is not given, and k=1 is what any of them has.

    Raises:
        IntervalError: for a k below 1, and for all of no resources.
        PointTypeError: for anything but a mapping to starts.
        PointValueError: on reaching starts of a resource that are out of order.

    >>> list(starts_of({"anna": [9, 10], "ben": [10, 11]}, k=1))
    [(9, ('anna',)), (10, ('anna', 'ben')), (11, ('ben',))]
    """
    given: dict[str, Any] = dict(_mapping(starts_by_resource))
    needed = _number(k, given)
    for name, found in given.items():
        if isinstance(found, IntervalSet) or not isinstance(found, Iterable):
            message = f"{name!r}: {found!r:.200} are no starts; pass those that starts(…) yields of it"
            raise PointTypeError(message, found)
    # Each start with the position of its resource: merged by start, and among equal ones in the order of the mapping.
    tagged = [zip(found, repeat(i), strict=False) for i, found in enumerate(given.values())]
    return _shared(merge(*tagged), list(given), needed)


def _shared(merged: Iterable[tuple[Q, int]], names: list[str], needed: int) -> Iterator[tuple[Q, tuple[str, ...]]]:
    last: Any = None
    for start, group in groupby(merged, key=itemgetter(0)):
        found = tuple(dict.fromkeys([names[i] for _, i in group]))  # a start that is there twice is one
        if last is not None and start < last:  # merging keeps what is out of order out of order
            message = f"{found[0]!r}: {start} comes after {last}; pass the starts of each resource in order"
            raise PointValueError(message, start, last)
        last = start
        if len(found) >= needed:
            yield start, found


def _mapping(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        message = f"{given!r:.200} is no mapping; name the resources: {{resource_id: …}}"
        raise PointTypeError(message, given)
    mapping: Mapping[str, Any] = given
    return mapping


def _times(free_by_resource: Mapping[str, Any]) -> dict[str, IntervalSet[Any]]:
    """Return the mapping with each free time as a set."""
    made: dict[str, IntervalSet[Any]] = {}
    for name, times in _mapping(free_by_resource).items():
        try:
            made[name] = times if isinstance(times, IntervalSet) else IntervalSet(times)
        except SlotcalcError as error:
            error.args = (f"{name!r}: {error.args[0]}", *error.args[1:])
            raise
    return made


def _number(k: int | None, resources: Collection[str]) -> int:
    """Return how many are needed, or raise for none."""
    if k is None:
        k = len(resources)
        if not k:
            message = "all of no resources are free at any time; name at least one, or pass k=1 for any of them"
            raise IntervalError(message, resources)
    if isinstance(k, bool) or not isinstance(k, int):
        raise PointTypeError(f"k={k!r:.80} is not a whole number", k)
    if k < 1:
        message = f"k={k!r} asks for no resource at all; every moment has that"
        raise IntervalError(message, k)
    return k
