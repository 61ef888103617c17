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
    Missing,
    Relation,
    Segment,
    Slot,
    displaced,
    explain,
    first_fit,
    free,
    free_of,
    missing,
    remaining,
    starts,
    starts_of,
    who_is_free,
)
from slotcalc.rules import Rule, Switch, Transition, Weekly

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
assert_type(first_fit([(NOON, NOON + HOUR)], HOUR, anchor="interval"), Interval[datetime] | None)
assert_type(slot.replace(capacity=3), Slot)

times = {"anna": IntervalSet([hour]), "ben": IntervalSet([hour])}
pages = {name: starts(time, HOUR) for name, time in times.items()}
assert_type(free_of(times, 1), IntervalSet[datetime])
assert_type(who_is_free(times, hour), tuple[str, ...])
assert_type(missing(times, (NOON, NOON + HOUR)), tuple[Missing, ...])
assert_type(list(starts_of(pages)), list[tuple[datetime, tuple[str, ...]]])

rule = Weekly({"Mo": ["09:00-12:00"]}, zone="UTC")
instants = IntervalSet([hour])
assert_type(rule.within(hour), IntervalSet[datetime])
assert_type(rule.transitions((NOON, NOON + HOUR)), list[Transition])
assert_type(rule | rule.override({date(2026, 3, 2): "off"}), Rule)
assert_type(rule & instants, Rule)
assert_type(instants - rule, Rule)
assert_type(hour | ~rule, Rule)
assert_type(Rule.from_json(rule.to_json()), Rule)
assert_type(Switch([(rule, NOON), (instants, None)]).zones, frozenset[str])

# What is refused. Each ignore is an error if the checker sees nothing wrong.

numbers | (hour | hour)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
numbers & hour  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
hour - numbers  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
hour.overlaps(numbers[0])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.first(after=NOON)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
rule | numbers  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
Rule()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]
starts(IntervalSet([hour]), HOUR, anchor="noon")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.by_day("Europe/Paris")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
Interval(object(), object())  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
Slot(7, hour)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
numbers.starts = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
