"""What type checkers infer from the public names, and what they refuse; checked by mypy and pyright, never run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, assert_type

from slotcalc import (
    Booking,
    BookingStatus,
    Coverage,
    Interval,
    IntervalSet,
    Relation,
    Segment,
    Slot,
    displaced,
    explain,
    free,
    remaining,
    starts,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

# What is inferred.

hour = Interval(NOON, NOON + HOUR)
assert_type(hour, Interval[datetime])
assert_type(hour.start, datetime)
assert_type(hour & hour, IntervalSet[datetime])
assert_type(hour.relation(hour), Relation)
assert_type(hour.gap(hour), Interval[datetime] | None)
assert_type(hour.shift(HOUR), Interval[datetime])
assert_type(hour.split([NOON]), list[Interval[datetime]])
assert_type([chunk.end for chunk in hour.chunks(HOUR)], list[datetime])

pairs = [(1, 2), (4, 9)]  # in a variable, as pyright reads numbers within a call as literals
numbers = IntervalSet(pairs)
assert_type(numbers, IntervalSet[int])
assert_type(numbers | numbers, IntervalSet[int])
assert_type(~numbers, IntervalSet[int])
assert_type(numbers[0], Interval[int])
assert_type(numbers[:1], IntervalSet[int])
assert_type([piece.start for piece in numbers], list[int])
assert_type(numbers.pairs(), list[tuple[int, int]])
assert_type(numbers.starts, tuple[int, ...])
assert_type(numbers.span, Interval[int] | None)
assert_type(numbers.first(after=3), Interval[int] | None)
assert_type(numbers <= numbers, bool)
assert_type(IntervalSet.since(NOON), IntervalSet[datetime])
assert_type(IntervalSet([Interval(date(2026, 3, 1), date(2026, 3, 2))]), IntervalSet[date])
assert_type(IntervalSet.at_least_k(2, [numbers, numbers]), IntervalSet[int])
assert_type(
    IntervalSet([hour]).by_day("Europe/Paris"),
    list[tuple[date, list[tuple[datetime, datetime]]]],
)

assert_type(Coverage(pairs).at_least(2), IntervalSet[int])
assert_type(Coverage(pairs).segments(), list[tuple[Interval[int], int]])

slot = Slot("room-1", hour, capacity=2)
booking = Booking("room-1", (NOON, NOON + HOUR), status=BookingStatus.TENTATIVE)
assert_type(free([slot], [booking], before=HOUR), IntervalSet[Any])
assert_type(remaining([slot], [booking], whole=True), list[Slot])
assert_type(displaced([slot], [booking]), list[Booking])
assert_type(explain([slot], [booking], hour), list[Segment])
assert_type([start.year for start in starts(IntervalSet([hour]), HOUR, zone="Europe/Paris")], list[int])
assert_type(slot.replace(capacity=3), Slot)

# What is refused. Each ignore is an error if the checker sees nothing wrong.

numbers | (hour | hour)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
numbers & hour  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
hour - numbers  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
hour.overlaps(numbers[0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.first(after=NOON)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.by_day("Europe/Paris")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
Interval(object(), object())  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
Slot(7, hour)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.starts = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
