"""The laws of all rules: windows, the Boolean algebra on windows, and the ways to write a rule down."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from slotcalc import Interval, IntervalSet, LocalTimeError, rules
from slotcalc.rules import Rule, Weekly
from tests.clocks import Scene, hours, scenes, sets_near, some_days, windows
from tests.clocks import rules as some_rules

if TYPE_CHECKING:
    from datetime import datetime

Windows = tuple[Interval["datetime"], Interval["datetime"]]


def with_windows(scene: Scene) -> st.SearchStrategy[tuple[Rule, Windows]]:
    return st.tuples(some_rules(scene), windows(scene))


def three(scene: Scene) -> st.SearchStrategy[tuple[Rule, Rule, Rule | IntervalSet[datetime], Windows]]:
    operands = some_rules(scene) | sets_near(scene)
    return st.tuples(some_rules(scene), some_rules(scene), operands, windows(scene))


def made_by(text: str) -> Any:
    names = {name: getattr(rules, name) for name in rules.__all__}
    return eval(text, {"datetime": dt, "IntervalSet": IntervalSet, **names})  # noqa: S307  # our own repr


@given(scenes.flatmap(with_windows))
def test_a_part_of_a_window_gets_that_part_of_the_answer(case: tuple[Rule, Windows]) -> None:
    rule, (outer, inner) = case
    answer = rule.within(outer)
    assert answer <= outer
    assert rule.within(inner) == answer & inner


@given(scenes.flatmap(with_windows))
def test_a_part_of_a_window_gets_that_part_of_the_transitions(case: tuple[Rule, Windows]) -> None:
    rule, (outer, inner) = case
    assert rule.transitions(inner) == [found for found in rule.transitions(outer) if found.instant in inner]


@given(scenes.flatmap(three))
def test_rules_combine_as_their_answers_do(case: tuple[Rule, Rule, Any, Windows]) -> None:
    a, b, c, (window, _) = case
    in_a, in_b, in_c = a.within(window), b.within(window), c.within(window)
    assert (a | c).within(window) == in_a | in_c
    assert (a & c).within(window) == in_a & in_c
    assert (a - c).within(window) == in_a - in_c
    assert (c | a).within(window) == in_c | in_a
    assert (c & a).within(window) == in_c & in_a
    assert (c - a).within(window) == in_c - in_a
    assert (~a).within(window) == IntervalSet(window) - in_a
    assert a.union(b, c).within(window) == in_a.union(in_b, in_c)
    assert a.intersection(b, c).within(window) == in_a.intersection(in_b, in_c)
    assert a.difference(b, c).within(window) == in_a.difference(in_b, in_c)


@given(scenes.flatmap(three))
def test_the_boolean_laws_hold_in_every_window(case: tuple[Rule, Rule, Any, Windows]) -> None:
    a, b, c, (window, _) = case

    def same(one: Any, other: Any) -> bool:
        return bool(one.within(window) == other.within(window))

    assert same(a | b, b | a)
    assert same(a & b, b & a)
    assert same((a | b) | c, a | (b | c))
    assert same((a & b) & c, a & (b & c))
    assert same(a & (b | c), (a & b) | (a & c))
    assert same(a | (b & c), (a | b) & (a | c))
    assert same(a | (a & b), a)
    assert same(a & (a | b), a)
    assert same(~(a | b), ~a & ~b)
    assert same(~(a & b), ~a | ~b)
    assert same(a - b, a & ~b)
    assert same(a | ~a, IntervalSet(window))
    assert not (a & ~a).within(window)
    assert ~~a == a


@given(scenes.flatmap(three))
def test_the_transitions_of_a_combination_are_those_of_its_rules(case: tuple[Rule, Rule, Any, Windows]) -> None:
    a, b, c, (window, _) = case
    expected = set(a.transitions(window)) | set(b.transitions(window))
    if isinstance(c, Rule):
        expected |= set(c.transitions(window))
    found = (~(a - b) & c).transitions(window)
    assert set(found) == expected
    assert len(found) == len(expected)
    assert [item.instant for item in found] == sorted(item.instant for item in found)


@given(scenes.flatmap(some_rules))
def test_a_rule_survives_json_repr_pickle_and_copies(rule: Rule) -> None:
    document = json.loads(json.dumps(rule.to_json()))
    for again in (
        Rule.from_json(document),
        made_by(repr(rule)),
        pickle.loads(pickle.dumps(rule)),  # noqa: S301  # our own bytes
        copy.deepcopy(rule),
        rule.replace(),
    ):
        assert again == rule
        assert hash(again) == hash(rule)
        assert type(again) is type(rule)
        assert repr(again) == repr(rule)
        assert again.to_json() == document


@given(scenes.flatmap(lambda scene: st.tuples(st.just(scene.zone), some_days, hours, windows(scene))))
def test_refusing_to_guess_is_no_matter_of_how_the_window_is_cut(case: tuple[str, str, str, Windows]) -> None:
    zone, days, text, (outer, inner) = case
    rule = Weekly(f"{days} {text}", zone=zone, disambiguate="raise")
    try:
        answer = rule.within(outer)
    except LocalTimeError:
        assert rule.replace(disambiguate="compatible").transitions(Interval(outer.start, outer.end).pad(_LONG, _LONG))
    else:
        assert rule.within(inner) == answer & inner
        assert answer == rule.replace(disambiguate="earlier").within(outer)
        assert answer == rule.replace(disambiguate="later").within(outer)


_LONG = dt.timedelta(days=3)
