"""Rules combined: the operators, their canonical form, and how it is written."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from slotcalc import Interval, IntervalSet, LimitExceededError, Limits, PointTypeError
from slotcalc.rules import Dates, Rule, Switch, Weekly
from slotcalc.rules.rule import Combined

if TYPE_CHECKING:
    from collections.abc import Callable

A = Weekly("Mo 09:00-12:00", zone="UTC")
B = Weekly("Tu 09:00-12:00", zone="Europe/Paris")
C = Weekly("24/7", zone="UTC")
DAY = Interval(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
NEXT = DAY.shift(DAY.duration)
SET = IntervalSet([DAY])
OPERANDS = {"A": A, "B": B, "C": C, "SET": SET, "NOT_SET": ~SET}


@pytest.mark.parametrize(
    "rule,text",
    [
        (A | B | C, "{A} | {B} | {C}"),
        (A | (B | C), "{A} | {B} | {C}"),
        (A & (B & C), "{A} & {B} & {C}"),
        (A & B | C, "{A} & {B} | {C}"),
        (A & (B | C), "{A} & ({B} | {C})"),
        (A - B - C, "{A} - {B} - {C}"),
        (A - (B - C), "{A} - ({B} - {C})"),
        (A - (B | C), "{A} - ({B} | {C})"),
        (A - B & C, "{A} - {B} & {C}"),
        (A - (B & C), "{A} - ({B} & {C})"),
        (~A, "~{A}"),
        (~(A - B), "~({A} - {B})"),
        (~A - ~B, "~{A} - ~{B}"),
        (SET | A, "{SET} | {A}"),
        (SET - A, "{SET} - {A}"),
        (A - SET, "{A} - {SET}"),
        (A & ~SET, "{A} & ({NOT_SET})"),
        (~SET - A, "({NOT_SET}) - {A}"),
    ],
)
def test_a_combination_prints_as_the_expression_with_parentheses_where_they_are_needed(rule: Rule, text: str) -> None:
    assert repr(rule) == text.format(**{name: repr(value) for name, value in OPERANDS.items()})


@pytest.mark.parametrize(
    "make,text",
    [
        (lambda many: A - many, "<{A} - {many}>"),
        (lambda many: ~(A & (B | many)), "<~({A} & ({B} | {many}))>"),
        (lambda many: Switch([(A | many, DAY.start), (B, None)]), "<Switch(((<{A} | {many}>, {start}), ({B}, None)))>"),
        (lambda many: C | Switch([(many, None)]), "<{C} | Switch((({many}, None),))>"),
    ],
)
def test_a_rule_that_holds_a_set_too_large_for_code_prints_in_angle_brackets_as_a_whole(
    make: Callable[[IntervalSet[datetime]], Rule], text: str
) -> None:
    def first(days: int) -> IntervalSet[datetime]:
        return IntervalSet([DAY.shift(2 * n * DAY.duration) for n in range(days)])

    names = {"datetime": dt, "Interval": Interval, "IntervalSet": IntervalSet, "Weekly": Weekly}
    whole = make(first(50))
    assert eval(repr(whole), names | {"Switch": Switch}) == whole  # noqa: S307  # that a repr is code is what is tested
    many = first(51)
    assert repr(make(many)) == text.format(**OPERANDS, many=repr(many), start=repr(DAY.start))


def test_sets_among_the_operands_become_one() -> None:
    other = IntervalSet([NEXT])
    assert SET | A | other == A.union(SET | other).replace(rules=(SET | other, A))
    assert (A & SET) & (B & ~other) == A & (SET & ~other) & B
    assert (A - SET) - other == A - (SET | other)
    assert (SET - A) - other == (SET - other) - A
    assert repr(SET - A - other) == f"{SET!r} - {A!r}"


def test_a_complement_of_a_complement_is_the_rule_itself() -> None:
    assert ~~A is A


def test_an_interval_goes_together_with_a_rule() -> None:
    assert A | DAY == A | SET
    assert DAY | A == SET | A
    assert DAY & A == SET & A
    assert DAY - A == SET - A
    assert (DAY & C).within(DAY) == SET


def test_the_named_methods_take_any_number_of_operands() -> None:
    assert A.union(B, DAY) == A | B | SET
    assert A.intersection(B, SET) == A & B & SET
    assert A.difference(B, SET) == A - B - SET
    assert A.complement() == ~A


@pytest.mark.parametrize("stranger", [1, "Mo 09:00-12:00", None, [DAY]])
def test_strangers_are_refused(stranger: Any) -> None:
    asks: list[Callable[[], object]] = [
        lambda: A | stranger,
        lambda: A & stranger,
        lambda: A - stranger,
        lambda: stranger | A,
        lambda: stranger & A,
        lambda: stranger - A,
    ]
    for ask in asks:
        with pytest.raises(TypeError):
            ask()
    with pytest.raises(PointTypeError, match="neither a rule nor a set"):
        A.union(stranger)


@pytest.mark.parametrize(
    "points", [(1, 2), (datetime(2026, 3, 2), datetime(2026, 3, 3)), (date(2026, 3, 2), date(2026, 3, 3))]
)
def test_a_set_of_other_points_than_instants_is_refused(points: Any) -> None:
    with pytest.raises(PointTypeError, match="a rule yields instants"):
        A | IntervalSet([points])


def test_a_set_without_ends_goes_together_with_any_rule() -> None:
    assert (A | IntervalSet.empty()).within(DAY) == A.within(DAY)
    assert (C - IntervalSet.everything()).within(DAY) == IntervalSet()


def test_a_complement_is_asked_within_the_window() -> None:
    assert (~A).within(DAY) == SET - A.within(DAY)


def test_the_zones_of_a_combination_are_those_of_its_rules() -> None:
    assert A.zones == {"UTC"}
    assert (A - (B | SET)).zones == {"UTC", "Europe/Paris"}
    assert Switch(
        [(A, datetime(2026, 3, 2, tzinfo=UTC)), (SET, datetime(2026, 3, 5, tzinfo=UTC)), (B, None)]
    ).zones == {
        "UTC",
        "Europe/Paris",
    }


def test_many_rules_side_by_side_are_one_level() -> None:
    rule: Rule = A
    for day in range(1, 29):
        rule |= Dates([date(2026, 1, day), (date(2026, 2, day), "09:00-10:00")], zone="UTC")
    assert isinstance(rule, Combined)
    assert len(rule.rules) == 29
    assert rule.within(Interval.parse("2026-02-01T00:00Z/P28D")).total.total_seconds() == 28 * 3600 + 4 * 2 * 3600


def test_rules_nested_too_deep_are_refused_before_the_stack_is() -> None:
    rule: Rule = A
    for _ in range(50):
        rule = ~(rule & B)
    with pytest.raises(LimitExceededError, match="101 is more than the limit of 100 rules nested"):
        rule & B


def test_a_rule_as_deep_as_may_be_is_read_copied_and_pickled() -> None:
    rule: Rule = A
    while rule._depth < 100:
        rule = rule & B if rule._depth % 2 else rule | B
    for again in (
        Rule.from_json(rule.to_json()),
        copy.copy(rule),
        copy.deepcopy(rule),
        pickle.loads(pickle.dumps(rule)),  # noqa: S301  # our own bytes
    ):
        assert again == rule
        assert hash(again) == hash(rule)


def test_a_rule_that_holds_another_time_and_again_ends_before_it_fills_the_years() -> None:
    rule: Rule = A
    for _ in range(10):
        rule = (rule & C) | (rule - B)
    assert rule.within(DAY) == A.within(DAY)
    with pytest.raises(LimitExceededError, match="is more than the limit of 100000 rules in one"):
        rule.union(*[rule] * 50)


def test_each_rule_of_a_combination_keeps_its_limits() -> None:
    years = Interval.parse("2026-01-01T00:00Z/P1000D")
    with pytest.raises(LimitExceededError, match="window"):
        (~A.replace(limits=Limits(window=DAY.duration)) | B).within(years)


@pytest.mark.parametrize("window", [(1, 2), (datetime(2026, 3, 2), datetime(2026, 3, 3))])
def test_a_window_that_is_not_of_instants_is_refused(window: Any) -> None:
    for ask in ((A | B).within, (~A).transitions):
        with pytest.raises(PointTypeError, match="window must be of aware datetimes"):
            ask(window)


def test_a_combination_is_a_value() -> None:
    rule = A | B
    assert rule != B | A
    assert {rule: 1}[A | B] == 1
    assert rule != "something else"
    with pytest.raises(AttributeError, match="immutable"):
        rule.how = "all"
