"""What every rule is: a value that is asked for a window, that combines with others into rules, and that JSON holds.

Imports `intervals` and below. Read `weekly` next, the plainest rule there is, then `document`, which reads JSON.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias, cast, final

from slotcalc.errors import LimitExceededError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet, as_interval
from slotcalc.limits import DEFAULT_LIMITS, Limits
from slotcalc.values import Value

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["Combined", "Operand", "Rule", "Transition", "combined", "extent", "operand", "operand_to_json"]

SCHEMA_VERSION: Final = 1
DEEPEST: Final = 100
"""How many rules may be nested in each other; Python's own stack ends at some multiple of that."""
_MOST: Final = 100_000  # what stands twice in a rule, and that twice in another, is a million of them twenty rules on

How: TypeAlias = Literal["any", "all", "minus", "not"]


@final
class Transition(Value):
    """A local time of a rule that did not exist or existed twice, and the instant that it was read as.

    Args:
        local: what the clocks should have shown, a naive datetime.
        zone: the zone of the clocks, by name.
        kind: "gap" if the clocks skipped it, "fold" if they showed it twice.
        instant: how it was read, in UTC; with disambiguate="raise", how "compatible" would have read it.
    """

    __slots__ = ("instant", "kind", "local", "zone")
    __match_args__ = ("local", "zone", "kind", "instant")
    _positional = 4

    local: datetime
    zone: str
    kind: Literal["gap", "fold"]
    instant: datetime

    def __init__(self, local: datetime, zone: str, kind: Literal["gap", "fold"], instant: datetime) -> None:
        """Take the fields as they are: rules make these, not callers."""
        self._set(local=local, zone=zone, kind=kind, instant=instant)


class Rule(Value, ABC):
    """Something that yields an interval set for any window.

    `| & - ~` make rules of rules; the other operand may be an `IntervalSet` or an `Interval` of instants. The law that
    each rule keeps: a part of a window gets that part of the answer, `rule.within(w) == rule.within(W) & w` for every
    `w` inside `W`. Rules are nested at most 100 deep; `a | b | c | …` is one level, however long. Of many, write
    `a.union(*others)`, which costs O(n) where one operator after another costs O(n²). No rule holds more than 100,000,
    counting one as often as it is there.

    A new rule is a subclass that names its fields as `Value` wants it, sets `_kind`, its name in JSON, and has

    * `zone`, a field, or a `zones` of its own;
    * `_operands()`, if it holds other rules;
    * `_within(window)`: the answer for a checked window; what lies outside of it is clipped by `within`;
    * `_doubtful(window)`: the transitions near the window, in any order, some perhaps twice or outside;
    * `_to_json()` and `_from_json(node)`: its fields as JSON, without the kind, and back; `limits` is not among them.

    Then it is added to the table `KINDS` in `document`.
    """

    __slots__ = ()
    _kind: ClassVar[str]
    # How many levels of rules it holds, and how many rules it is in all; those that hold others have both as slots.
    _depth: int = 0
    _size: int = 1

    @abstractmethod
    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]: ...

    @abstractmethod
    def _doubtful(self, window: Interval[datetime]) -> Iterable[Transition]: ...

    @abstractmethod
    def _to_json(self) -> dict[str, Any]: ...

    @classmethod
    @abstractmethod
    def _from_json(cls, node: "Node") -> "Operand": ...

    def within(self, window: Interval[datetime] | tuple[datetime, datetime]) -> IntervalSet[datetime]:
        """Return what the rule offers within the window, as instants; pieces that touch are one.

        Raises:
            LimitExceededError: for a longer window, or more in it, than `limits` allows; before expansion.
            LocalTimeError: with disambiguate="raise", for a time in a gap or a fold that bears on the window.
            PointTypeError: for a window that is not of aware datetimes.
            PointValueError: for a window that comes within days of the years 1 and 9999.
        """
        asked = _asked(window)
        return self._within(asked) & asked

    def transitions(self, window: Interval[datetime] | tuple[datetime, datetime]) -> list[Transition]:
        """Return the local times of the rule that do not exist or exist twice, and how each is read, by instant.

        Listed are those whose instant lies in the window, so a part of a window gets that part of the list. Times that
        a combination takes away again are listed, too; the day bounds of whole days are exact and never are.

        Raises:
            LimitExceededError: as `within`.
            PointTypeError: as `within`.
            PointValueError: as `within`.
        """
        asked = _asked(window)
        found = {item for item in self._doubtful(asked) if item.instant in asked}
        return sorted(found, key=lambda item: (item.instant, item.local, item.zone))

    def __copy__(self) -> "Rule":
        """Return the rule itself: nobody can tell a copy of what never changes."""
        return self

    def __deepcopy__(self, memo: object) -> "Rule":
        """Return the rule itself; to copy what it holds would end at Python's stack."""
        return self

    @property
    def zones(self) -> frozenset[str]:
        """The zones whose clocks the rule reads, by name."""
        return frozenset([getattr(self, "zone")])  # noqa: B009  # a rule without that field has its own answer

    def union(self, *others: "Operand | Interval[datetime]") -> "Rule":
        """Return the rule for what this one or any of the others offers."""
        return _rule("any", [self, *map(operand, others)])

    def intersection(self, *others: "Operand | Interval[datetime]") -> "Rule":
        """Return the rule for what this one and all of the others offer."""
        return _rule("all", [self, *map(operand, others)])

    def difference(self, *others: "Operand | Interval[datetime]") -> "Rule":
        """Return the rule for what this one offers and none of the others does."""
        return _rule("minus", [self, *map(operand, others)])

    def complement(self) -> "Rule":
        """Return the rule for all that this one does not offer; the complement of a complement is the rule itself."""
        return _rule("not", [self])

    def _operands(self) -> "Iterable[Operand]":
        """Return the rules and sets that the rule holds."""
        return ()

    def __repr__(self) -> str:
        """Return the code that makes this rule; if it holds a set too large for that, as a whole in angle brackets."""
        text = self._expression()
        return text if _is_code(self) else f"<{text}>"

    def _expression(self) -> str:
        return super().__repr__()

    def __or__(self, other: "Operand | Interval[datetime]") -> "Rule":
        return self.union(other) if _goes_with(other) else NotImplemented

    def __and__(self, other: "Operand | Interval[datetime]") -> "Rule":
        return self.intersection(other) if _goes_with(other) else NotImplemented

    def __sub__(self, other: "Operand | Interval[datetime]") -> "Rule":
        return self.difference(other) if _goes_with(other) else NotImplemented

    def __ror__(self, other: IntervalSet[datetime] | Interval[datetime]) -> "Rule":
        return _rule("any", [operand(other), self]) if _goes_with(other) else NotImplemented

    def __rand__(self, other: IntervalSet[datetime] | Interval[datetime]) -> "Rule":
        return _rule("all", [operand(other), self]) if _goes_with(other) else NotImplemented

    def __rsub__(self, other: IntervalSet[datetime] | Interval[datetime]) -> "Rule":
        return _rule("minus", [operand(other), self]) if _goes_with(other) else NotImplemented

    def __invert__(self) -> "Rule":
        return self.complement()

    def to_json(self) -> dict[str, Any]:
        """Return the rule as a JSON document, `{"slotcalc": 1, "rule": …}`; `from_json` reads it back as an equal rule.

        Limits are the reader's to set, so they are not written.
        """
        return {"slotcalc": SCHEMA_VERSION, "rule": operand_to_json(self)}

    @classmethod
    def from_json(cls, data: object, *, limits: Limits = DEFAULT_LIMITS) -> "Rule":
        """Return the rule that the document holds: what `to_json` returned, or `json.load` of it.

        Args:
            data: the document, strictly by the schema; nothing in it is converted or ignored.
            limits: for the document and for each rule in it: `rows` bounds how many values it has, `text` each text.

        Raises:
            ParseError: for a document of another version or not of that schema; the message says where.
            LimitExceededError: for one that is larger than `limits` allows, or nested more than 100 deep.
        """
        from slotcalc.rules.document import read  # noqa: PLC0415  # it knows every rule, and each knows this module

        return read(data, limits)


Operand: TypeAlias = "Rule | IntervalSet[datetime]"


def _asked(window: Interval[datetime] | tuple[datetime, datetime]) -> Interval[datetime]:
    asked = as_interval(window)
    start: object = asked.start
    if not isinstance(start, datetime) or start.tzinfo is None:
        message = f"a rule yields instants, so the window must be of aware datetimes, not of {start!r}"
        raise PointTypeError(message, asked)
    return asked


def _goes_with(other: object) -> bool:
    return isinstance(other, Rule | IntervalSet | Interval)


def operand(value: object) -> Operand:
    """Return a rule as it is, and an interval or a set of instants as a set.

    Raises:
        PointTypeError: for anything else.
    """
    if isinstance(value, Rule):
        return value
    if isinstance(value, Interval):
        value = IntervalSet(value)
    if isinstance(value, IntervalSet):
        point = next(iter(value.starts + value.ends), None)
        if point is None or (isinstance(point, datetime) and point.tzinfo is not None):
            return value
        raise PointTypeError(f"a rule yields instants, so it does not go together with a set of {point!r}", value)
    raise PointTypeError(f"{value!r:.200} is neither a rule nor a set of instants", value)


def operand_to_json(rule: Operand) -> dict[str, Any]:
    """Return a rule or a set as it stands inside of a document."""
    if isinstance(rule, IntervalSet):
        return {"kind": "set", "intervals": str(rule)}
    return {"kind": rule._kind, **rule._to_json()}


def extent(operands: Iterable[Operand]) -> dict[str, int]:
    """Return `_depth` and `_size` of a rule that holds these.

    Raises:
        LimitExceededError: if it is more than 100 deep, or of more than 100,000 rules.
    """
    rules = [rule for rule in operands if isinstance(rule, Rule)]
    depth = 1 + max([rule._depth for rule in rules], default=0)
    if depth > DEEPEST:
        message = f"{depth} is more than the limit of {DEEPEST} rules nested in each other; combine more at a time"
        raise LimitExceededError(message, depth, DEEPEST)
    size = 1 + sum([rule._size for rule in rules])
    if size > _MOST:
        message = f"{size} is more than the limit of {_MOST} rules in one, each counted as often as it is there"
        raise LimitExceededError(message, size, _MOST)
    return {"_depth": depth, "_size": size}


# How the code that combines binds: the looser needs parentheses inside the tighter. 4 is a call, which never does.
_SIGNS: Final[dict[How, tuple[str, int]]] = {"any": (" | ", 0), "all": (" & ", 1), "minus": (" - ", 2), "not": ("~", 3)}


@final
class Combined(Rule):
    """Rules and sets combined by one operator; made by the operators, by way of `combined`.

    The canonical form: an operand is no combination by the same operator where that makes no difference, and all sets
    among the operands are one. So `a | (b | c)` is `a | b | c`, and `a - b - c` is one level.
    """

    __slots__ = ("_depth", "_size", "how", "rules")
    __match_args__ = ("how", "rules")
    _positional = 2

    how: How
    rules: tuple[Operand, ...]

    def __init__(self, how: How, rules: Sequence[Operand]) -> None:
        """Take operands in canonical form."""
        self._set(how=how, rules=tuple(rules), **extent(rules))

    @property
    def _kind(self) -> str:  # type: ignore[override]  # one class, four kinds
        return self.how

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        parts = [rule._within(window) if isinstance(rule, Rule) else rule.within(window) for rule in self.rules]
        if self.how == "any":
            return parts[0].union(*parts[1:])
        if self.how == "all":
            return parts[0].intersection(*parts[1:])
        if self.how == "minus":
            return parts[0].difference(*parts[1:])
        return ~parts[0]

    @property
    def zones(self) -> frozenset[str]:
        """The zones whose clocks the rules among the operands read."""
        return frozenset().union(*[rule.zones for rule in self.rules if isinstance(rule, Rule)])

    def _doubtful(self, window: Interval[datetime]) -> Iterator[Transition]:
        for rule in self.rules:
            if isinstance(rule, Rule):
                yield from rule._doubtful(window)

    def _to_json(self) -> dict[str, Any]:
        if self.how == "not":
            return {"rule": operand_to_json(self.rules[0])}
        return {"rules": [operand_to_json(rule) for rule in self.rules]}

    @classmethod
    def _from_json(cls, node: "Node") -> Operand:
        if node.kind == "not":
            return combined("not", [node.rule("rule")])
        return combined(cast("How", node.kind), node.rules("rules"))

    def _operands(self) -> tuple[Operand, ...]:
        return self.rules

    def _expression(self) -> str:
        """Return the expression that makes this rule, with parentheses where they are needed only."""
        sign, binds = _SIGNS[self.how]
        # The operators group from the left, so another `-` needs parentheses anywhere but in front.
        shown = [_shown(rule, binds + (i > 0 and self.how == "minus")) for i, rule in enumerate(self.rules)]
        return f"~{shown[0]}" if self.how == "not" else sign.join(shown)


def _is_code(rule: Operand) -> bool:
    """Return whether its repr makes an equal one: that of a set of more than 50 intervals only counts them."""
    if isinstance(rule, Rule):
        return all(map(_is_code, rule._operands()))
    return not repr(rule).startswith("<")


def _shown(rule: Operand, binds: int) -> str:
    text = rule._expression() if isinstance(rule, Rule) else repr(rule)
    if isinstance(rule, Combined):
        own = _SIGNS[rule.how][1]
    else:
        own = 0 if isinstance(rule, IntervalSet) and " | " in text else 4
    return f"({text})" if own < binds else text


def combined(how: How, operands: Iterable[Operand]) -> Operand:
    """Return the operands combined, in canonical form: a rule, or a set if they are nothing but sets. O(n).

    Raises:
        LimitExceededError: for a rule more than 100 deep, or of more than 100,000.
    """
    first, *rest = operands
    if how == "not":
        if isinstance(first, Combined) and first.how == "not":
            return first.rules[0]
        return Combined(how, [first]) if isinstance(first, Rule) else ~first
    if how == "minus":
        head, *taken = first.rules if isinstance(first, Combined) and first.how == how else [first]
        taken = _with_one_set("any", [*taken, *rest])
        if isinstance(head, IntervalSet):
            head = head.difference(*[rule for rule in taken if isinstance(rule, IntervalSet)])
            taken = [rule for rule in taken if isinstance(rule, Rule)]
        rules = [head, *taken]
    else:
        flat: list[Operand] = []
        for rule in [first, *rest]:
            flat += rule.rules if isinstance(rule, Combined) and rule.how == how else [rule]
        rules = _with_one_set(how, flat)
    return Combined(how, rules) if len(rules) > 1 else rules[0]


def _with_one_set(how: How, rules: list[Operand]) -> list[Operand]:
    """Return the operands with all sets among them combined into the first."""
    sets = [rule for rule in rules if isinstance(rule, IntervalSet)]
    if len(sets) < 2:
        return rules
    one = sets[0].union(*sets[1:]) if how == "any" else sets[0].intersection(*sets[1:])
    at = next(i for i, rule in enumerate(rules) if isinstance(rule, IntervalSet))
    return [*rules[:at], one, *(rule for rule in rules[at:] if isinstance(rule, Rule))]


def _rule(how: How, operands: list[Operand]) -> Rule:
    """Return the combination of operands of which one is a rule."""
    made = combined(how, operands)
    assert isinstance(made, Rule)  # noqa: S101  # sets alone combine by their own operators
    return made
