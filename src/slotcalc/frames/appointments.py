"""Where appointments can begin, for a whole fleet at once: grids of local time laid on columns of free time.

Each zone lists once where its clocks run evenly; which of these stretches a free interval lies in, and which steps of
the grid lie in both, is arithmetic on columns. `slotcalc.starts` is the same question about one resource, and gives the
same answer. Imports `exchange`, `kernel`, `packing` and, from below, `zones`; read `bridges` next.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from slotcalc import zones
from slotcalc.errors import IntervalError, PointTypeError
from slotcalc.frames import kernel
from slotcalc.frames.columns import FLEET_LIMITS, Columns, Keys
from slotcalc.frames.exchange import Fleet, Series, Side, Times, as_given, in_memory, length_in, positions
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
        limits: how many `rows` the answer may have, and how long the `window` may be whose local days are listed.

    Returns:
        A frame like `free` with its keys and a column of starts, in its zone, to the finest resolution of the columns
        and lengths; the starts of a resource stand together, in order.

    O(n log n + the answer), and some µs for each local day between the first and the last row, once a zone.

    Raises:
        IntervalError: for reversed rows, a duration or step that is not positive, a negative buffer.
        LimitExceededError: for an answer with more rows than the limit, or free time over more than its window.
        PointTypeError: for a lazy frame, and for columns that are no instants; for an anchor that is neither, and a
            local one without a zone; for both zone and zone_by.
        PointValueError: as `free`.
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
    if shown is not None and zone is None and zone_by is None:
        raise PointTypeError(f"anchor={anchor!r} is a local time, so a zone is needed; pass zone= or zone_by=", anchor)
    fleet = Fleet(columns, [Side("the free time", in_memory(free, "starts"))], [duration, every, before, after, shown])
    if fleet.times.kind != "instant":
        message = f"starts are instants, and {start!r} is a column of {fleet.times.kind}s; give it a zone first"
        raise PointTypeError(message, start)
    times = fleet.times
    length, step = (
        _positive(times, name, given)
        for name, given in (("duration", duration), ("every", duration if every is None else every))
    )
    lead, trail = length_in(times, "before", before), length_in(times, "after", after)
    rows = answer(_merged, fleet.tables, fleet.resources)
    pieces = _pieces(
        rows, lead, length + trail, _in_units(times, "earliest", earliest), _in_units(times, "latest", latest)
    )
    phase = None if shown is None else length_in(times, "anchor", shown)
    if zone_by is not None:
        which, found = _by_zone(pieces, fleet.key(zone_by, pieces.codes), step, phase, times, limits)
    elif zone is not None:
        which, found = _local(pieces, step, phase, _runs(pieces, zone, times, limits), limits)
    else:
        which, found = _elapsed(pieces, step, limits)
    return as_given(fleet.frame_of_starts(pieces.codes[which], found), free)


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


def _by_zone(
    pieces: _Pieces, names: Series, step: int, phase: int | None, times: Times, limits: Limits
) -> tuple[Ints, Ints]:
    """Return the starts as `_local` does, with the zone that each piece names; in order of the pieces."""
    found = []
    for name, rows in positions(names):
        own = pieces.take(rows)
        which, instants = _local(own, step, phase, _runs(own, name, times, limits), limits)
        found.append((rows[which], instants))
    if not found:
        return _NONE, _NONE
    which, instants = (np.concatenate(column) for column in zip(*found, strict=True))
    limits.check("rows", len(which))
    order = np.argsort(which, kind="stable")
    return which[order], instants[order]


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
