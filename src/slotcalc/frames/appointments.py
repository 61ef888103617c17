"""Where appointments can begin, for a whole fleet at once: grids of local time laid on columns of free time.

Each zone lists once where its clocks run evenly; which of these stretches a free interval lies in, and which steps of
the grid lie in both, is arithmetic on columns. `slotcalc.starts` is the same question about one resource, and gives the
same answer. Imports `exchange`, `kernel`, `packing` and, from below, `zones`; read `bridges` next.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from slotcalc import zones
from slotcalc.booking import whole_number
from slotcalc.errors import IntervalError, PointTypeError
from slotcalc.frames import kernel
from slotcalc.frames.columns import FLEET_LIMITS, Columns, Keys
from slotcalc.frames.exchange import Fleet, Series, Side, Times, are_lazy, as_given, in_memory, length_in, positions
from slotcalc.frames.kernel import Ints
from slotcalc.frames.packing import Answer, Rows, answer
from slotcalc.limits import Limits
from slotcalc.points import normalised

__all__ = ["starts"]

F = TypeVar("F")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_TICK: Final = timedelta.resolution
_LARGEST: Final = 2**63 - 1  # no free time is that long
_NONE: Final = np.empty(0, np.int64)
_MORE_THAN_A_WEEK: Final = 9 * 86_400  # seconds, since days of a clock change are longer than others
_PERIODS: Final = date.max.toordinal() + 1  # more than there are days, let alone weeks


def starts(
    free: F,
    duration: timedelta,
    *,
    by: Keys,
    start: str = "start",
    end: str = "end",
    every: timedelta | None = None,
    zone: str | tzinfo | None = None,
    zone_by: str | None = None,
    anchor: Any = None,  # a time, or "interval"
    earliest: datetime | None = None,
    latest: datetime | None = None,
    before: timedelta | None = None,
    after: timedelta | None = None,
    per_day: int | None = None,
    per_week: int | None = None,
    taken: Any = None,  # a frame of the same kind
    limits: Limits = FLEET_LIMITS,
) -> F:
    """Return the instants at which an appointment can begin and lie wholly in the free time of a resource.

    Where they lie, and what the arguments mean that are not told here, is as in `slotcalc.starts`, for each resource by
    itself: on a grid of local time, whatever the clocks do.

    Args:
        free: the free time, in a frame in memory; the answer of the function of that name, or rows in any order.
        duration: how long the appointment lasts, in elapsed time.
        by: the key columns, which together name a resource; `()` if all rows are of one.
        start: the column of the starts, which the answer has too.
        end: the column of the ends.
        every: the step of the grid; the duration if not given.
        zone: the zone whose clock the grid is on, for all resources.
        zone_by: or the column that names the zone of each; the answer has it after the keys.
        anchor: a local time that is on the grid, midnight if not given; or "interval".
        earliest: no start before this instant.
        latest: no start after this instant.
        before: how long before its start the appointment needs free time, too.
        after: how long after its end it does.
        per_day: no start on a local day on which so many rows of `taken` begin already for the resource.
        per_week: as `per_day`, for weeks of local days from Monday to Sunday (ISO 8601).
        taken: the existing appointments, in a frame with the same columns as `free`; they matter to the limits alone.
        limits: how many `rows` the answer may have, and how long the `window` may be whose local days are listed.

    Returns:
        A frame like `free` with its keys and a column of starts, in its zone, to the finest resolution of the columns
        and lengths; the starts of a resource stand together, in order.

    O(n log n + the answer), and some µs for each local day between the first and the last row, once a zone.

    Raises:
        IntervalError: for reversed rows, a duration or step that is not positive, a negative buffer.
        LimitExceededError: for an answer with more rows than the limit, or free time over more than its window.
        PointTypeError: for a lazy frame, and for columns that are no instants; for an anchor that is neither, and a
            local one or a limit per day or week without a zone; for both zone and zone_by.
        PointValueError: as `free`, and for a limit per day or week below 1.
        UnknownZoneError: if there is no such zone.

    >>> import polars as pl
    >>> day = [datetime(2026, 3, 2, 8, 10, tzinfo=UTC)], [datetime(2026, 3, 2, 9, 40, tzinfo=UTC)]
    >>> found = starts(
    ...     pl.DataFrame({"room": ["a"], "start": day[0], "end": day[1]}),
    ...     timedelta(minutes=30),
    ...     by="room",
    ...     zone="Europe/Paris",
    ... )
    >>> [(room, f"{start:%H:%M}") for room, start in found.rows()]
    [('a', '08:30'), ('a', '09:00')]
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    columns = Columns(keys if zone_by is None else (*keys, zone_by), start, end)
    if zone is not None and zone_by is not None:
        raise PointTypeError(f"zone={zone!r:.80} and zone_by={zone_by!r:.80} both say the zone; pass one of them", zone)
    own_grid = anchor == "interval" or (anchor is None and zone is None and zone_by is None)
    shown = None if own_grid else _since_midnight(anchor)
    counted = [whole_number(name, n) for name, n in (("per_day", per_day), ("per_week", per_week)) if n is not None]
    if zone is None and zone_by is None and (counted or not own_grid):
        wanting = f"anchor={anchor!r} is a local time" if not own_grid else "limits count local days and weeks"
        raise PointTypeError(f"{wanting}, so a zone is needed; pass zone= or zone_by=", zone)
    sides = [Side("the free time", in_memory(free, "starts"))]
    if taken is not None:
        sides.append(Side("what is taken", in_memory(taken, "starts")))
        are_lazy(*[side.frame for side in sides])  # refuses frames of two libraries
    fleet = Fleet(columns, sides, [duration, every, before, after, shown])
    if fleet.times.kind != "instant":
        message = f"starts are instants, and {start!r} is a column of {fleet.times.kind}s; give it a zone first"
        raise PointTypeError(message, start)
    times = fleet.times
    length, step = (
        _positive(times, name, given)
        for name, given in (("duration", duration), ("every", duration if every is None else every))
    )
    lead, trail = length_in(times, "before", before), length_in(times, "after", after)
    rows = answer(_merged, fleet.tables[:1], fleet.resources)
    pieces = _pieces(
        rows, lead, length + trail, _in_units(times, "earliest", earliest), _in_units(times, "latest", latest)
    )
    phase = None if shown is None else length_in(times, "anchor", shown)
    grid = _Grid(step, phase, per_day, per_week, fleet.tables[1] if counted and taken is not None else None)
    if zone_by is not None:
        which, found = _by_zone(pieces, fleet.key(zone_by, pieces.codes), grid, times, limits)
    elif zone is not None:
        which, found = _in_zone(pieces, zone, grid, times, limits)
    else:
        which, found = _elapsed(pieces, step, limits)
    return as_given(fleet.frame_of_starts(pieces.codes[which], found), free)


class _Grid(NamedTuple):
    """Which local times may be starts."""

    step: int
    phase: int | None
    """What the clocks show at one of them; None for what they show where a piece begins."""
    per_day: int | None
    per_week: int | None
    taken: Rows | None
    """What counts towards the limits, if there are any."""


class _Pieces(NamedTuple):
    """The free intervals that have room: columns of units since 1970."""

    codes: Ints
    first: Ints
    """The first instant at which an appointment may begin."""
    last: Ints
    """The last one."""
    origin: Ints
    """Where the interval's own grid begins."""

    def take(self, rows: Any) -> "_Pieces":  # whatever numpy takes as an index
        return _Pieces(*[column[rows] for column in self])


class _Runs(NamedTuple):
    """The stretches in which the clocks of a zone run evenly, in order, each up to the next."""

    low: Ints
    shown: Ints
    """How far past 00:00 of the local day the clocks are when the stretch begins."""


def _pieces(rows: Rows, lead: int, margin: int, earliest: int | None, latest: int | None) -> _Pieces:
    room = rows.ends - rows.starts >= min(lead + margin, _LARGEST)
    codes, first, ends = rows.codes[room], rows.starts[room] + lead, rows.ends[room]
    origin, last = first, ends - margin if len(ends) else ends
    if earliest is not None:
        first = np.maximum(first, earliest)
    if latest is not None:
        last = np.minimum(last, latest)
    return _Pieces(codes, first, last, origin).take(first <= last)


def _elapsed(pieces: _Pieces, step: int, limits: Limits) -> tuple[Ints, Ints]:
    """Return the starts at steps of elapsed time from where each piece begins, each with the number of its piece."""
    wait = (pieces.origin - pieces.first) % step
    return _steps(pieces.first + wait, pieces.last, step, limits)


def _local(pieces: _Pieces, step: int, phase: int | None, runs: _Runs, limits: Limits) -> tuple[Ints, Ints]:
    """Return the starts at which the clocks show the phase + whole steps, each with the number of its piece.

    Without a phase, each piece takes what the clocks show at its origin.
    """
    begun = np.searchsorted(runs.low, pieces.first, side="right") - 1
    counts = np.searchsorted(runs.low, pieces.last, side="right") - begun
    limits.check("rows", int(counts.sum()))
    piece, run = kernel.runs(counts, begun)
    base = np.maximum(pieces.first[piece], runs.low[run])
    last = np.minimum(pieces.last[piece], runs.low[run + 1] - 1)
    shown = runs.shown[run] + (base - runs.low[run])
    if phase is None:
        own = np.searchsorted(runs.low, pieces.origin, side="right") - 1
        shown -= (runs.shown[own] + (pieces.origin - runs.low[own]))[piece]
    else:
        shown -= phase
    which, found = _steps(base + np.mod(-shown, step), last, step, limits)
    return piece[which], found


def _steps(first: Ints, last: Ints, step: int, limits: Limits) -> tuple[Ints, Ints]:
    """Return all steps from the first to the last of each row, each with the number of its row."""
    counts = np.maximum((last - first) // step + 1, 0)
    limits.check("rows", int(counts.sum()))
    return kernel.runs(counts, first, step)


def _by_zone(pieces: _Pieces, names: Series, grid: _Grid, times: Times, limits: Limits) -> tuple[Ints, Ints]:
    """Return the starts as `_in_zone` does, with the zone that each piece names; in order of the pieces."""
    found = []
    for name, rows in positions(names):
        which, instants = _in_zone(pieces.take(rows), name, grid, times, limits)
        found.append((rows[which], instants))
    if not found:
        return _NONE, _NONE
    which, instants = (np.concatenate(column) for column in zip(*found, strict=True))
    limits.check("rows", len(which))
    order = np.argsort(which, kind="stable")
    return which[order], instants[order]


def _in_zone(pieces: _Pieces, zone: str | tzinfo, grid: _Grid, times: Times, limits: Limits) -> tuple[Ints, Ints]:
    """Return the starts on the grid of a zone whose days and weeks have room, each with the number of its piece."""
    which, found = _local(pieces, grid.step, grid.phase, _runs(pieces, zone, times, limits), limits)
    if grid.taken is None or not len(found):
        return which, found
    around = _MORE_THAN_A_WEEK * times.per_second
    low, high = int(found.min()) - around, int(found.max()) + around
    begun = grid.taken.take((grid.taken.starts >= low) & (grid.taken.starts <= high))
    days = _days(np.concatenate((found, begun.starts)), zone, times)
    codes = np.concatenate((pieces.codes[which], begun.codes))
    room = np.ones(len(found), bool)
    for most, periods in ((grid.per_day, days), (grid.per_week, (days - 1) // 7)):  # day 1 was a Monday
        if most is not None:
            keys = codes * _PERIODS + periods
            taken, counts = np.unique(keys[len(found) :], return_counts=True)
            room &= ~np.isin(keys[: len(found)], taken[counts >= most])
    return which[room], found[room]


def _days(instants: Ints, zone: str | tzinfo, times: Times) -> Ints:
    """Return the ordinals of the local days of instants, of which there is at least one."""
    per_second = times.per_second
    low, high = int(instants.min()) // per_second, int(instants.max()) // per_second + 1
    days = zones.local_days(_EPOCH + low * _SECOND, _EPOCH + high * _SECOND, zone)
    listed = [(day.toordinal(), (begun - _EPOCH) // _SECOND) for day, begun, _ in days]
    numbers, lows = np.array(listed).T
    ordinals: Ints = numbers[np.searchsorted(lows * per_second, instants, side="right") - 1]
    return ordinals


def _runs(pieces: _Pieces, zone: str | tzinfo, times: Times, limits: Limits) -> _Runs:
    """Return the stretches of even clocks that the pieces and their origins lie in, and where the last one ends."""
    if not len(pieces.codes):
        zones.zone(zone)
        return _Runs(_NONE, _NONE)
    per_second = times.per_second
    low, high = int(pieces.origin.min()) // per_second, int(pieces.last.max()) // per_second + 1
    limits.check("window", timedelta(seconds=high - low))
    window = (_EPOCH + low * _SECOND, _EPOCH + high * _SECOND)
    found = [(low, high, shown) for low, high, shown in zones.clock_runs(*window, zone)]
    seconds = np.array([(low - _EPOCH) // _SECOND for low, _, _ in found] + [(found[-1][1] - _EPOCH) // _SECOND])
    shown = np.array([shown // _SECOND for _, _, shown in found])
    return _Runs(seconds * per_second, shown * per_second)


def _merged(_: int, intervals: kernel.Intervals, __: None) -> Answer:
    return Answer(kernel.merge(intervals))


def _positive(times: Times, name: str, length: Any) -> int:
    units = length_in(times, name, length)
    if units < 1:
        raise IntervalError(f"{name}={length!r} is not positive", length)
    return units


def _since_midnight(anchor: Any) -> timedelta:
    """Return a local time of day as the time since 00:00; None is midnight."""
    if anchor is None:
        return timedelta()
    if not isinstance(anchor, time) or anchor.tzinfo is not None:
        message = f"anchor={anchor!r:.80} is neither a time without a tzinfo, such as time(0, 10), nor 'interval'"
        raise PointTypeError(message, anchor)
    return timedelta(hours=anchor.hour, minutes=anchor.minute, seconds=anchor.second, microseconds=anchor.microsecond)


def _in_units(times: Times, name: str, instant: Any) -> int | None:
    """Return an instant in units since 1970, rounded up for `earliest` and down for `latest`."""
    if instant is None:
        return None
    moment = normalised(instant)
    if not isinstance(moment, datetime) or moment.tzinfo is not UTC:
        raise PointTypeError(f"{name}={instant!r:.200} is no aware datetime", instant)
    units, rest = divmod((moment - _EPOCH) // _TICK * times.per_second, 10**6)
    return units + (rest > 0 and name == "earliest")
