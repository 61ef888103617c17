"""The question that this library is for: free time is slots minus active bookings. Imports `booking` and below.

Four answers of one computation: `free` (when), `remaining` (what is left of each slot), `explain` (why not then) and
`displaced` (which bookings the slots no longer cover). All four speak about one resource and take the same arguments;
whether an interval can be booked is `free(…).covers(interval)`, so that listing and validating cannot disagree. Read
`appointments` next, which lists the starts in free time.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, NamedTuple, TypeAlias, cast, final

from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot, active_statuses, whole_number
from slotcalc.coverage import Coverage
from slotcalc.errors import AmbiguousResourceError, IntervalError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet, as_interval, of_edges
from slotcalc.kernel import Edges, Pair, coalesce_utc, subtract_utc
from slotcalc.values import Value

__all__ = ["Bookings", "Segment", "SegmentState", "Slots", "displaced", "explain", "free", "remaining"]

Slots: TypeAlias = "IntervalSet[Any] | Interval[Any] | Iterable[Slot | Interval[Any] | tuple[Any, Any]]"
Bookings: TypeAlias = "IntervalSet[Any] | Interval[Any] | Iterable[Booking | Interval[Any] | tuple[Any, Any]]"


def free(
    slots: Slots,
    bookings: Bookings = (),
    *,
    before: Any = None,  # a length: timedelta for datetimes and dates, a number for numbers
    after: Any = None,  # as before
    seats: int = 1,
    active: Collection[BookingStatus] = ACTIVE,
    ignoring: str | Collection[str] | None = None,
) -> IntervalSet[Any]:
    """Return when the slots have at least `seats` seats that no active booking takes.

    Overlapping slots do not add up: where two slots of one resource overlap, it offers the larger capacity, not the sum
    (the same hour entered twice is still one hour). Overlapping bookings do add up. A booking takes [start - before,
    end + after); touching ones do not clash. Sets, intervals and pairs count as slots of capacity 1 and as active
    bookings of one seat.

    Args:
        slots: what is offered, in any order.
        bookings: what is claimed, in any order; those outside the slots do no harm.
        before: how long before its start a booking blocks the resource (preparation).
        after: how long after its end it still does (cleaning, travel).
        seats: how many seats must be left.
        active: the statuses that take time.
        ignoring: the id or ids of bookings to leave out, so that moving a booking never collides with itself.

    O(n log n) in the number of slots and bookings, O(n) if they are sorted by start.

    Raises:
        AmbiguousResourceError: for slots and bookings of more than one resource.
        IntervalError: for a reversed or empty pair, or a negative buffer.
        PointTypeError: for values that are no points, or of different kinds, and for what is no collection of statuses
            or ids.
        PointValueError: for less than one seat, and a status that is none.

    >>> free([(9, 17)], [(14, 16)])
    IntervalSet([(9, 14), (16, 17)])
    >>> free([Slot("room-1", (9, 12), capacity=2)], [(9, 11), (10, 12)])
    IntervalSet([(9, 10), (11, 12)])
    """
    left_out: Collection[str] = ()
    if active is not ACTIVE or ignoring is not None:
        active, left_out = active_statuses(active), _left_out(ignoring)
    if seats == 1 and type(bookings) is list and (type(slots) is list or type(slots) is IntervalSet):
        try:  # perhaps nothing but pairs of UTC datetimes
            taken = bookings if before is after is None else _padded(bookings, before, after)
            edges = subtract_utc(coalesce_utc(cast("list[Pair]", slots)), taken)
        except _NOT_PLAIN:
            edges = _free_of_single_seats(slots, bookings, before, after, active, left_out)
        if edges is not None:
            return of_edges(edges, False)
    _check_buffers(before, after)
    whole_number("seats", seats)
    offered = _listed(slots)
    booked = _listed(bookings)
    _one_resource(offered, booked)
    offers = _offers(offered)
    if isinstance(booked, IntervalSet):
        load = {1: booked.pad(before, after)}
    else:
        claims = _claims(booked, before, after, active, left_out)
        depth = Coverage([claim.taken for claim in claims], [claim.booking.seats for claim in claims])
        load = {
            needed: depth.at_least(needed) for needed in {capacity - seats + 1 for capacity in offers} if needed > 0
        }
    nothing: IntervalSet[Any] = IntervalSet.empty()
    return nothing.union(
        *(offer - load.get(capacity - seats + 1, nothing) for capacity, offer in offers.items() if capacity >= seats)
    )


def remaining(
    slots: Slots,
    bookings: Bookings = (),
    *,
    whole: bool = False,
    before: Any = None,  # as in free
    after: Any = None,  # as in free
    seats: int = 1,
    active: Collection[BookingStatus] = ACTIVE,
    ignoring: str | Collection[str] | None = None,
) -> list[Slot]:
    """Return what is left of each slot, slot by slot, each treated by itself and keeping its id, label and resource.

    A piece has the capacity that is left in it, and pieces of one slot differ in capacity where they touch. With
    `whole=True`, a slot is all or nothing: it stays whole, with what the busiest moment leaves (peak depth: two
    bookings that merely touch take one seat), or it goes. Pairs and intervals become slots without a resource. The
    other arguments are those of `free`. The order of the slots stays; pieces are in order of time. O((n + m) log m +
    the answer).

    Raises:
        AmbiguousResourceError, IntervalError, PointTypeError: as `free`.
        UnboundedError: for slots given as an unbounded set.

    >>> remaining([Slot("room-1", (9, 12), capacity=2, id="am")], [(9, 10), (10, 11)])
    [Slot('room-1', Interval(9, 11), id='am'), Slot('room-1', Interval(11, 12), capacity=2, id='am')]
    >>> remaining([Slot("room-1", (9, 12), capacity=2, id="am")], [(9, 10), (10, 11)], whole=True)
    [Slot('room-1', Interval(9, 12), id='am')]
    """
    whole_number("seats", seats)
    _check_buffers(before, after)
    offered = [_slot(item) for item in _listed(slots)]
    booked = [*_clipped(bookings, IntervalSet([slot.interval for slot in offered]).span, before, after)]
    _one_resource(offered, booked)
    claims = _claims(booked, before, after, active_statuses(active), _left_out(ignoring))
    depth = Coverage([claim.taken for claim in claims], [claim.booking.seats for claim in claims])
    left: list[Slot] = []
    for slot in offered:
        pieces = [(slot.interval, depth.peak(slot.interval))] if whole else depth.segments(slot.interval)
        left += [
            slot.replace(interval=piece, capacity=slot.capacity - taken)
            for piece, taken in pieces
            if slot.capacity - taken >= seats
        ]
    return left


def displaced(
    slots: Slots,
    bookings: Bookings,
    *,
    active: Collection[BookingStatus] = ACTIVE,
    ignoring: str | Collection[str] | None = None,
) -> list[Booking]:
    """Return the active bookings that the slots do not cover, in their order: what an edit of the slots breaks.

    A booking is covered if at each of its moments there is a slot with at least as many seats as it takes; touching
    slots cover it together. Buffers may reach beyond the slots, and other bookings do not matter. O((n + m) log n).

    Raises:
        AmbiguousResourceError, IntervalError, PointTypeError: as `free`.

    >>> displaced([(9, 12)], [Booking("", (11, 13), id="late"), Booking("", (9, 10), id="early")])
    [Booking('', Interval(11, 13), id='late')]
    """
    offered = _listed(slots)
    booked = [*_listed(bookings)]
    _one_resource(offered, booked)
    offers = _offers(offered)
    roomy: dict[int, IntervalSet[Any]] = {}
    lost: list[Booking] = []
    for claim in _claims(booked, None, None, active_statuses(active), _left_out(ignoring)):
        seats = claim.booking.seats
        if seats not in roomy:
            roomy[seats] = IntervalSet.empty().union(
                *(offer for capacity, offer in offers.items() if capacity >= seats)
            )
        if not roomy[seats].covers(claim.taken):
            lost.append(claim.booking)
    return lost


class SegmentState(StrEnum):
    """What a stretch of time is, for someone who wants to book it."""

    FREE = "free"
    OUTSIDE = "outside slots"
    TAKEN = "taken"

    def __repr__(self) -> str:
        """Return the code that names the member."""
        return f"{type(self).__name__}.{self.name}"


@final
class Segment(Value):
    """A stretch of time in which nothing changes, and why it is free or not.

    Args:
        interval: the stretch.
        state: free, outside the slots, or taken.
        capacity: the seats that the slots offer there, 0 outside.
        bookings: the active bookings of that time, in order of their start.
        buffers: those of which only the time before or after reaches there.
    """

    __slots__ = ("bookings", "buffers", "capacity", "interval", "state")
    __match_args__ = ("interval", "state", "capacity", "bookings", "buffers")
    _positional = 2

    interval: Interval[Any]
    state: SegmentState
    capacity: int
    bookings: tuple[Booking, ...]
    buffers: tuple[Booking, ...]

    def __init__(
        self,
        interval: Interval[Any],
        state: SegmentState,
        *,
        capacity: int = 0,
        bookings: tuple[Booking, ...] = (),
        buffers: tuple[Booking, ...] = (),
    ) -> None:
        """Keep the parts; `explain` makes them."""
        self._set(interval=interval, state=state, capacity=capacity, bookings=bookings, buffers=buffers)


def explain(
    slots: Slots,
    bookings: Bookings,
    window: Interval[Any] | tuple[Any, Any],
    *,
    before: Any = None,  # as in free
    after: Any = None,  # as in free
    seats: int = 1,
    active: Collection[BookingStatus] = ACTIVE,
    ignoring: str | Collection[str] | None = None,
) -> list[Segment]:
    """Return why each moment of the window is free or not: segments that tile it, each with its bookings and buffers.

    The free segments together are exactly `free(…) & window`, with the same arguments. O(n log n), and for each segment
    the bookings that it names.

    Raises:
        AmbiguousResourceError, IntervalError, PointTypeError: as `free`.

    >>> for segment in explain([(9, 12)], [Booking("", (10, 11), id="b1")], (8, 12), after=1):
    ...     print(segment.interval, segment.state, [b.id for b in segment.bookings], [b.id for b in segment.buffers])
    [8, 9) outside slots [] []
    [9, 10) free [] []
    [10, 11) taken ['b1'] []
    [11, 12) taken [] ['b1']
    """
    whole_number("seats", seats)
    _check_buffers(before, after)
    asked = as_interval(window)
    offered = _listed(slots)
    booked = [*_clipped(bookings, asked, before, after)]
    _one_resource(offered, booked)
    offers = sorted(_offers(offered).items(), reverse=True)
    claims = _claims(booked, before, after, active_statuses(active), _left_out(ignoring))
    claims = [claim for claim in claims if claim.taken.overlaps(asked)]
    claims.sort(key=lambda claim: claim.taken.start, reverse=True)
    cuts = [
        edge for claim in claims for part in (claim.taken, claim.booking.interval) for edge in (part.start, part.end)
    ]
    cuts += [edge for _, offer in offers for edges in (offer.starts, offer.ends) for edge in edges]
    segments: list[Segment] = []
    open_claims: list[_Claim] = []
    for piece in asked.split(cuts):
        moment = piece.start
        open_claims = [claim for claim in open_claims if moment < claim.taken.end]
        while claims and not moment < claims[-1].taken.start:
            open_claims.append(claims.pop())
        here = [claim.booking for claim in open_claims if moment in claim.booking.interval]
        near = [claim.booking for claim in open_claims if moment not in claim.booking.interval]
        capacity = next((capacity for capacity, offer in offers if moment in offer), 0)
        taken = sum(claim.booking.seats for claim in open_claims)
        state = SegmentState.FREE if capacity - taken >= seats else SegmentState.TAKEN
        if not capacity:
            state = SegmentState.OUTSIDE
        segments.append(Segment(piece, state, capacity=capacity, bookings=tuple(here), buffers=tuple(near)))
    return [_joined(run) for _, run in groupby(segments, key=lambda segment: segment._fields()[1:])]


class _Claim(NamedTuple):
    """An active booking and the time that it takes, buffers included."""

    booking: Booking
    taken: Interval[Any]


def _joined(run: Iterable[Segment]) -> Segment:
    """Return one segment for a run of touching ones that differ in nothing else."""
    first, *rest = run
    return first.replace(interval=first.interval.span(rest[-1].interval)) if rest else first


# What computing with something that is no pair of UTC datetimes raises: the long way tells them apart.
_NOT_PLAIN: Final = (AttributeError, LookupError, OverflowError, TypeError, ValueError)


def _padded(bookings: list[Any], before: Any, after: Any) -> list[Pair]:
    """Return pairs with their buffers; raises one of `_NOT_PLAIN` for what is no pair in order, or no buffer."""
    _check_buffers(before, after)
    early = timedelta(0) if before is None else before
    late = timedelta(0) if after is None else after
    padded = [(start - early, end + late) for start, end in bookings if start < end]
    if len(padded) < len(bookings):
        raise IntervalError("a booking is reversed or empty")
    return padded


def _free_of_single_seats(
    slots: Any,
    bookings: list[Any],
    before: Any,  # as in free
    after: Any,  # as in free
    active: Collection[BookingStatus],
    left_out: Collection[str],
) -> Edges | None:
    """Return the edges of the free time by the short way if all is instants of one resource with one seat, else None.

    The slots are a bounded set, pairs in UTC or slots of capacity 1; the bookings are pairs in UTC or bookings, whose
    seats do not matter then. Without counting seats it takes a fifth of the time.
    """
    try:
        names: set[str] = set()
        if type(slots) is IntervalSet:
            slots = slots.pairs()
        elif slots and type(slots[0]) is Slot:
            names.update([slot.resource_id for slot in slots])
            if any(slot.capacity != 1 for slot in slots):
                return None
            slots = [(slot.interval.start, slot.interval.end) for slot in slots]
        if bookings and type(bookings[0]) is Booking:
            names.update([booking.resource_id for booking in bookings])
            bookings = [
                (booking.interval.start, booking.interval.end)
                for booking in bookings
                if booking.status in active and (booking.id is None or booking.id not in left_out)
            ]
        if len(names) > 1 and len(names - {""}) > 1:
            return None
        if before is not None or after is not None:
            bookings = _padded(bookings, before, after)
        return subtract_utc(coalesce_utc(slots), bookings)
    except _NOT_PLAIN:
        return None


def _offers(offered: IntervalSet[Any] | list[Any]) -> dict[int, IntervalSet[Any]]:
    """Return for each capacity the time that slots of exactly that capacity offer."""
    if isinstance(offered, IntervalSet):
        return {1: offered}
    intervals: dict[int, list[Any]] = {}
    for item in offered:
        capacity, interval = (item.capacity, item.interval) if isinstance(item, Slot) else (1, item)
        intervals.setdefault(capacity, []).append(interval)
    return {capacity: IntervalSet(parts) for capacity, parts in intervals.items()}


def _listed(items: Any) -> Any:
    """Return a set as it is and anything else as a list; one interval is a list of one."""
    if isinstance(items, IntervalSet):
        return items
    try:
        return [items] if isinstance(items, Interval) else [*items]
    except TypeError:
        message = f"{items!r:.200} is no collection of slots or bookings; put it into a list"
        raise PointTypeError(message, items) from None


def _slot(item: Any) -> Slot:  # whatever came in
    return item if isinstance(item, Slot) else Slot("", item)


def _clipped(bookings: Bookings, window: Interval[Any] | None, before: Any, after: Any) -> Iterable[Any]:  # as in free
    """Return the bookings; of a set, which may be unbounded, only what can reach the window with its buffers."""
    if not isinstance(bookings, IntervalSet):
        listed: list[Any] = _listed(bookings)
        return listed
    if window is None:
        return ()
    return bookings & window.pad(after, before)


def _claims(
    booked: Iterable[Any],
    before: Any,  # as in free
    after: Any,  # as in free
    active: Collection[BookingStatus],
    left_out: Collection[str],
) -> list[_Claim]:
    """Return the bookings that take time, in their order, each with the time that it takes."""
    claims = []
    for item in booked:
        booking = item if isinstance(item, Booking) else Booking("", item)
        if booking.status in active and (booking.id is None or booking.id not in left_out):
            claims.append(_Claim(booking, booking.interval.pad(before, after)))
    return claims


def _left_out(ignoring: object) -> Collection[str]:
    """Return the ids of the bookings to leave out, or say what is no id."""
    if ignoring is None:
        return ()
    if isinstance(ignoring, str):
        return (ignoring,)
    if isinstance(ignoring, Collection) and all(isinstance(name, str) for name in ignoring):
        return frozenset(ignoring)
    message = f"ignoring={ignoring!r:.200} is neither an id nor a collection of ids, which are text; give a number as"
    raise PointTypeError(f"{message} str(…)", ignoring)


def _one_resource(offered: IntervalSet[Any] | list[Any], booked: IntervalSet[Any] | list[Any]) -> None:
    """Raise `AmbiguousResourceError` if slots and bookings name more than one resource."""
    items = [item for given in (offered, booked) if not isinstance(given, IntervalSet) for item in given]
    named = {item.resource_id for item in items if isinstance(item, Slot | Booking)} - {""}
    if len(named) > 1:
        some = ", ".join(map(repr, sorted(named)[:3])) + ", …" * (len(named) > 3)
        message = f"slots and bookings of {len(named)} resources ({some}) in one question; ask for each by itself"
        raise AmbiguousResourceError(message, *sorted(named))


def _check_buffers(before: Any, after: Any) -> None:  # as in free
    """Raise `IntervalError` for a negative buffer, `PointTypeError` for one that is no length."""
    for name, length in (("before", before), ("after", after)):
        try:
            negative = length is not None and length < length - length
        except TypeError:
            message = f"{name}={length!r} is no length; a timedelta fits dates and datetimes, a number fits numbers"
            raise PointTypeError(message, length) from None
        if negative:
            message = f"{name}={length!r} is negative; a buffer adds to the time that a booking takes"
            raise IntervalError(message, length)
