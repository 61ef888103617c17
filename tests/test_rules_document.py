"""Rules as JSON: what is written, what is refused and where, and that no document hurts."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import EndlessRuleError, IntervalSet, LimitExceededError, Limits, ParseError
from slotcalc.rules import DateRange, Dates, Holidays, Override, Recurring, Rule, Switch, TimeOff, Weekly, Yearly
from slotcalc.rules.document import KINDS
from tests.clocks import rules as some_rules
from tests.clocks import scenes

A = Weekly("Mo 09:00-12:00", zone="UTC")
WEEKLY = {"kind": "weekly", "hours": "Mo 09:00-12:00", "zone": "UTC"}
SET = {"kind": "set", "intervals": "2026-03-02T00:00:00Z/2026-03-03T00:00:00Z, 2026-04-01T00:00:00Z/.."}
CLOCK = "10:00-12:00"
ON = date(2026, 3, 2)


def read(rule: Any, **limits: Any) -> Rule:
    return Rule.from_json({"slotcalc": 1, "rule": rule}, limits=Limits(**limits))


@pytest.mark.parametrize(
    "rule,written",
    [
        (A, WEEKLY),
        (
            Weekly("24/7", zone="UTC", valid_from=ON, valid_until=ON, disambiguate="later"),
            {
                "kind": "weekly",
                "hours": "24/7",
                "zone": "UTC",
                "valid_from": "2026-03-02",
                "valid_until": "2026-03-02",
                "disambiguate": "later",
            },
        ),
        (A | IntervalSet.parse(SET["intervals"]), {"kind": "any", "rules": [WEEKLY, SET]}),
        (A & A, {"kind": "all", "rules": [WEEKLY, WEEKLY]}),
        (A - A, {"kind": "minus", "rules": [WEEKLY, WEEKLY]}),
        (~A, {"kind": "not", "rule": WEEKLY}),
        (
            Dates([ON, (ON, CLOCK)], zone="UTC"),
            {"kind": "dates", "dates": ["2026-03-02", ["2026-03-02", CLOCK]], "zone": "UTC"},
        ),
        (DateRange(ON, None, zone="UTC"), {"kind": "date-range", "first": "2026-03-02", "zone": "UTC"}),
        (
            TimeOff(ON, ON, end_time=datetime(2026, 1, 1).time(), zone="UTC"),
            {"kind": "time-off", "first": "2026-03-02", "last": "2026-03-02", "end_time": "00:00", "zone": "UTC"},
        ),
        (Yearly(12, 25, zone="UTC"), {"kind": "yearly", "month": 12, "day": 25, "zone": "UTC"}),
        (
            Yearly(2, 29, hours=CLOCK, leap_day="after", zone="UTC"),
            {"kind": "yearly", "month": 2, "day": 29, "hours": CLOCK, "leap_day": "after", "zone": "UTC"},
        ),
        (
            Yearly(11, nth=-1, weekday="Th", zone="UTC"),
            {"kind": "yearly", "month": 11, "nth": -1, "weekday": "Th", "zone": "UTC"},
        ),
        (
            Holidays("DE", subdivision="BY", observed=False, zone="UTC"),
            {"kind": "holidays", "country": "DE", "subdivision": "BY", "observed": False, "zone": "UTC"},
        ),
        (
            Recurring("FREQ=DAILY", start=datetime(2026, 3, 2, 9), duration="PT1H", zone="UTC", exdates=[ON]),
            {
                "kind": "recurring",
                "rrule": "FREQ=DAILY",
                "start": "2026-03-02T09:00:00",
                "duration": "PT1H",
                "zone": "UTC",
                "exdates": ["2026-03-02"],
            },
        ),
        (Override(A, {ON: "off"}), {"kind": "override", "rule": WEEKLY, "hours": {"2026-03-02": "off"}}),
        (
            Switch([(A, ON), (~A, datetime(2026, 5, 1, tzinfo=UTC)), (IntervalSet.empty(), None)]),
            {
                "kind": "switch",
                "stages": [
                    {"rule": WEEKLY, "until": "2026-03-02"},
                    {"rule": {"kind": "not", "rule": WEEKLY}, "until": "2026-05-01T00:00:00Z"},
                    {"rule": {"kind": "set", "intervals": "∅"}},
                ],
            },
        ),
    ],
    ids=repr,
)
def test_each_rule_is_written_as_the_schema_says(rule: Rule, written: Any) -> None:
    assert rule.to_json() == {"slotcalc": 1, "rule": written}
    again = Rule.from_json(json.loads(json.dumps(rule.to_json())))
    assert again == rule
    assert hash(again) == hash(rule)


def test_every_kind_of_the_table_is_the_kind_of_its_class() -> None:
    for kind, cls in KINDS.items():
        assert kind in {"any", "all", "minus", "not"} or cls._kind == kind


@pytest.mark.parametrize(
    "document,message",
    [
        ([], "the document: expected an object, not []"),
        ('{"slotcalc": 1}', "the document is text, '{\"slotcalc\": 1}'; pass what json.loads makes of it"),
        ({"slotcalc": float("nan"), "rule": WEEKLY}, "slotcalc: expected a whole number, not nan"),
        ({"slotcalc": 10**5000, "rule": WEEKLY}, "slotcalc: expected a whole number, not a number that is far too"),
        ({"slotcalc": 1, "rule": WEEKLY, "x\x1b\n": 1}, r"'x\x1b\n': there is no such field here"),
        ({1: 2}, "the document: expected an object, not {1: 2}"),
        ({"rule": WEEKLY}, "the document: the field 'slotcalc' is missing"),
        ({"slotcalc": 1}, "the document: the field 'rule' is missing"),
        ({"slotcalc": 2, "rule": WEEKLY}, "slotcalc: 2 is a version that this slotcalc does not read, only 1"),
        ({"slotcalc": True, "rule": WEEKLY}, "slotcalc: expected a whole number, not True"),
        ({"slotcalc": 1, "rule": WEEKLY, "x": 1}, "x: there is no such field here"),
        ({"slotcalc": 1, "rule": SET}, "rule: a set alone is no rule"),
    ],
)
def test_a_document_of_another_form_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        Rule.from_json(document)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "rule,message",
    [
        (None, "rule: expected an object, not None"),
        ({}, "rule: the field 'kind' is missing"),
        ({"kind": 1}, "rule.kind: expected text, not 1"),
        ({"kind": "os.system"}, "rule.kind: 'os.system' is not one of set, all, any"),
        ({**WEEKLY, "colour": "red"}, "rule.colour: there is no such field here"),
        ({**WEEKLY, "limits": {}}, "rule.limits: there is no such field here"),
        ({**WEEKLY, "zone": "Mars"}, "rule: 'Mars' is not in the IANA"),
        ({**WEEKLY, "zone": None}, "rule.zone: expected text, not None"),
        ({**WEEKLY, "hours": "Mo 9:00"}, "rule: weekly hours: expected hours as HH:MM-HH:MM"),
        ({**WEEKLY, "valid_from": "2026-02-30"}, "rule.valid_from: '2026-02-30' does not exist"),
        ({**WEEKLY, "valid_from": "2026-03-02T09:00"}, "rule.valid_from: expected a date as YYYY-MM-DD"),
        ({**WEEKLY, "valid_from": 20260302}, "rule.valid_from: expected a date or a date-time as text"),
        ({**WEEKLY, "disambiguate": "guess"}, "rule: disambiguate='guess' is not one of"),
        ({"kind": "any", "rules": []}, "rule.rules: expected a list of rules, not []"),
        ({"kind": "any", "rules": WEEKLY}, "rule.rules: expected a list, not {"),
        ({"kind": "any", "rules": [WEEKLY, {"kind": "not"}]}, "rule.rules[1]: the field 'rule' is missing"),
        ({"kind": "not", "rule": {"kind": "not", "rule": 1}}, "rule.rule.rule: expected an object, not 1"),
        ({"kind": "set", "intervals": "x"}, "rule: 'x' is not an interval"),
        ({"kind": "not", "rule": {"kind": "set", "intervals": 1}}, "rule.rule.intervals: expected text, not 1"),
        (
            {"kind": "any", "rules": [{"kind": "set", "intervals": "2026-01-01/P1D"}]},
            "rule.rules[0]: a rule yields instants",
        ),
        ({"kind": "dates", "dates": [[]], "zone": "UTC"}, "rule.dates[0]: expected a date or [date, hours], not []"),
        (
            {"kind": "dates", "dates": [["2026-01-01", 1]], "zone": "UTC"},
            "rule.dates[0]: expected a date or [date, hours]",
        ),
        (
            {"kind": "time-off", "first": "2026-01-01", "last": "2026-01-01", "start_time": "9:00", "zone": "UTC"},
            "rule.start_time: expected a time as HH:MM",
        ),
        (
            {"kind": "time-off", "first": "2026-01-01", "last": "2026-01-01", "start_time": "24:00", "zone": "UTC"},
            "rule.start_time: expected a time as HH:MM",
        ),
        ({"kind": 10**5000}, "rule.kind: expected text, not a number that is far too large"),
        ({"kind": "yearly", "month": "12", "zone": "UTC"}, "rule.month: expected a whole number, not '12'"),
        ({"kind": "yearly", "month": 10**5000, "day": 1, "zone": "UTC"}, "rule.month: expected a whole number, not a"),
        ({"kind": "yearly", "month": 12, "zone": "UTC"}, "rule: give either a day, or nth and weekday"),
        ({"kind": "holidays", "country": "DE", "observed": 1, "zone": "UTC"}, "rule.observed: expected true or false"),
        ({"kind": "holidays", "country": "??", "zone": "UTC"}, "rule: the package holidays knows no '??'"),
        ({"kind": "holidays", "country": "DE", "subdivision": "", "zone": "UTC"}, "rule: subdivision='' is no part"),
        ({"kind": "override", "rule": {"kind": "not", "rule": WEEKLY}, "hours": {}}, "rule: ~Weekly("),
        (
            {"kind": "override", "rule": WEEKLY, "hours": {"Monday": "off"}},
            "rule.hours.Monday: 'Monday' is not an ISO 8601",
        ),
        (
            {"kind": "override", "rule": WEEKLY, "hours": {"2026-01-01": 1}},
            "rule.hours.2026-01-01: expected text, not 1",
        ),
        (
            {"kind": "recurring", "rrule": "", "start": "2026-03-02", "duration": "P1D", "zone": "UTC", "exdates": [5]},
            "rule.exdates[0]: expected a date or a date-time as text, not 5",
        ),
        ({"kind": "switch", "stages": []}, "rule: there is no stage"),
        ({"kind": "switch", "stages": [{"rule": WEEKLY, "until": "soon"}]}, "rule.stages[0].until: 'soon' is not"),
        ({"kind": "switch", "stages": [{"rule": WEEKLY, "til": "2026-01-01"}]}, "rule.stages[0].til: there is no such"),
    ],
)
def test_a_rule_of_another_form_is_refused_with_its_place(rule: Any, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(rule)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("field", ["hours", "leap_day", "disambiguate"])
def test_an_empty_text_is_not_the_default(field: str) -> None:
    with pytest.raises(ParseError, match=r"hours: expected|leap_day=''|disambiguate=''"):
        read({"kind": "yearly", "month": 12, "day": 25, "zone": "UTC", field: ""})


def test_what_is_of_the_wrong_type_may_be_of_any_depth_and_size() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    doubled: Any = []
    for _ in range(100):
        doubled = [doubled, doubled]
    began = time.perf_counter()
    for bad in (deep, doubled, [0] * 10**6):
        for rule in (bad, {"kind": bad}, {**WEEKLY, "hours": bad}, {"kind": "dates", "dates": [bad], "zone": "UTC"}):
            with pytest.raises(ParseError, match=r": expected (an object|text|a date or \[date, hours\]), not \["):
                read(rule)
    assert time.perf_counter() - began < 1
    while deep:  # unwound by hand: to free it all at once recurses, too
        deep = deep[0]


def test_an_unknown_field_is_refused_wherever_it_is() -> None:
    with pytest.raises(ParseError, match=r"rule\.rules\[0\]\.x: there is no such field"):
        read({"kind": "any", "rules": [{**WEEKLY, "x": 1}]})


def test_combinations_come_back_in_canonical_form() -> None:
    both = {"kind": "any", "rules": [WEEKLY, {"kind": "any", "rules": [WEEKLY, WEEKLY]}]}
    assert read(both) == A | A | A
    assert read({"kind": "any", "rules": [WEEKLY]}) == A
    assert read({"kind": "all", "rules": [WEEKLY, {"kind": "not", "rule": SET}]}) == A & ~IntervalSet.parse(
        SET["intervals"]
    )
    assert read({"kind": "not", "rule": {"kind": "not", "rule": WEEKLY}}) == A
    sets = {"kind": "minus", "rules": [SET, SET]}
    assert read({"kind": "any", "rules": [WEEKLY, sets]}) == A | IntervalSet.empty()


@pytest.mark.parametrize("shell", ["not", "any", "override", "switch"])
def test_a_document_nested_too_deep_ends_at_once(shell: str) -> None:
    rule: Any = WEEKLY
    for _ in range(100_000):
        rule = {
            "not": {"kind": "not", "rule": rule},
            "any": {"kind": "any", "rules": [rule]},
            "override": {"kind": "override", "rule": rule, "hours": {}},
            "switch": {"kind": "switch", "stages": [{"rule": rule}]},
        }[shell]
    began = time.perf_counter()
    with pytest.raises(
        LimitExceededError, match=r"rule\.(rule|stages)[^ ]*…[^ ]*: rules are nested more than 100 deep"
    ):
        read(rule)
    assert time.perf_counter() - began < 1
    while isinstance(rule, dict) and rule is not WEEKLY:  # unwound by hand: to free it all at once recurses, too
        rule = rule.get("rule") or rule.get("rules", [None])[0] or rule["stages"][0]["rule"]


def test_a_document_that_holds_itself_many_times_ends_at_once() -> None:
    rule: Any = WEEKLY
    for _ in range(40):
        rule = {"kind": "all", "rules": [{"kind": "any", "rules": [rule, rule]}, WEEKLY]}
    with pytest.raises(LimitExceededError, match="limit of 5000 rows"):
        read(rule, rows=5000)


@pytest.mark.parametrize(
    "rule,limits,message",
    [
        ({"kind": "any", "rules": [WEEKLY] * 5}, {"rows": 10}, r"rule[^:]*: \d+ is more than the limit of 10 rows"),
        ({**WEEKLY, "hours": "24/7" + " " * 99}, {"text": 50}, r"rule\.hours: 103 is more than the limit of 50 text"),
        ({"kind": "any", "rules": [SET, WEEKLY]}, {"input_bytes": 9}, r"rule\.rules\[0\]\.intervals: 66 is more"),
        (
            {"kind": "any", "rules": [{"kind": "set", "intervals": "," * 99}]},
            {"rows": 50},
            r"intervals: \d+ is more than",
        ),
        (
            {"kind": "dates", "dates": ["2026-03-02"] * 9, "zone": "UTC"},
            {"occurrences": 5},
            "rule: 6 is more than the limit of 5",
        ),
        ({"kind": "dates", "dates": [["2026-03-02", "off "]], "zone": "UTC"}, {"text": 3}, "rule[^ ]*: 5 is more than"),
    ],
)
def test_a_document_beyond_the_limits_is_refused_with_its_place(rule: Any, limits: Any, message: str) -> None:
    with pytest.raises(LimitExceededError, match=message):
        read(rule, **limits)


def test_a_rule_without_end_in_a_document_is_refused_as_such() -> None:
    rule = {
        "kind": "recurring",
        "rrule": "FREQ=DAILY;INTERVAL=0",
        "start": "2026-03-02",
        "duration": "P1D",
        "zone": "UTC",
    }
    with pytest.raises(EndlessRuleError, match=r"^rule.*: INTERVAL=0 never comes to a next period"):
        read(rule)


def test_the_limits_of_the_reader_hold_for_each_rule() -> None:
    made = read({"kind": "any", "rules": [WEEKLY, {"kind": "override", "rule": WEEKLY, "hours": {}}]}, occurrences=7)
    assert "limits=Limits(occurrences=7)" in repr(made)
    with pytest.raises(LimitExceededError, match="7 occurrences"):
        made.within((datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([*KINDS, "set", "UTC", "24/7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "rule", "rules"]), inner),
    max_leaves=6,
)


@given(scenes.flatmap(some_rules), st.data())
def test_a_document_with_one_value_changed_is_read_or_refused(rule: Rule, data: st.DataObject) -> None:
    document: Any = rule.to_json()
    place: Any = document
    while True:
        key = data.draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values)
    try:
        again = Rule.from_json(document)
    except (ParseError, LimitExceededError):
        return
    assert Rule.from_json(again.to_json()) == again
