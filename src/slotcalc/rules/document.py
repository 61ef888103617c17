"""Rules from JSON, strictly: what may stand in a document, and what is wrong with it and where.

The schema, version 1, as `docs/rules.md` spells it out: `{"slotcalc": 1, "rule": …}`, and each rule an object with its
`kind` and the fields of that kind. Nothing is imported or called by a name from the document: `KINDS` is all there is.
Imports every module of rules; nothing here is for callers, who write `Rule.from_json`.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from reprlib import Repr
from typing import Any, Final, TypeVar, overload

from slotcalc import iso8601
from slotcalc.errors import LimitExceededError, MissingExtraError, ParseError, SlotcalcError
from slotcalc.intervals import IntervalSet
from slotcalc.limits import Limits
from slotcalc.rules.dates import DateRange, Dates, TimeOff, Yearly
from slotcalc.rules.days import Override
from slotcalc.rules.holidays import Holidays
from slotcalc.rules.recurring import Recurring
from slotcalc.rules.rule import DEEPEST, SCHEMA_VERSION, Combined, Operand, Rule, operand
from slotcalc.rules.switch import Switch
from slotcalc.rules.weekly import Weekly
from slotcalc.zones import Disambiguate

__all__ = ["KINDS", "Node", "read"]

_T = TypeVar("_T")
_D = TypeVar("_D")

_LARGEST: Final = 10**18  # no field has such a number, and one that is far larger Python does not even write out
_SHOWN: Final = Repr()  # what is wrong may be of any depth and size
_SHOWN.maxlevel, _SHOWN.maxstring = 2, 60

KINDS: Final[dict[str, type[Rule]]] = {
    "all": Combined,
    "any": Combined,
    "date-range": DateRange,
    "dates": Dates,
    "holidays": Holidays,
    "minus": Combined,
    "not": Combined,
    "override": Override,
    "recurring": Recurring,
    "switch": Switch,
    "time-off": TimeOff,
    "weekly": Weekly,
    "yearly": Yearly,
}


def read(data: object, limits: Limits) -> Rule:
    """Return the rule of a document; see `Rule.from_json`."""
    if isinstance(data, str | bytes):
        raise ParseError(f"the document is text, {data!r:.40}; pass what json.loads makes of it", data)
    try:
        return _rule_of(Node(data, "the document", _Count(limits)))
    except _Fault as fault:
        raise fault.error from None


def _rule_of(document: "Node") -> Rule:
    version = document.number("slotcalc")
    if version != SCHEMA_VERSION:
        raise _Fault("slotcalc", f"{version} is a version that this slotcalc does not read, only {SCHEMA_VERSION}")
    rule = document.rule("rule")
    document.done()
    if isinstance(rule, IntervalSet):
        raise _Fault("rule", "a set alone is no rule; write it with str, and read it with IntervalSet.parse")
    return rule


class _Fault(Exception):  # noqa: N818  # never leaves this module
    """What is wrong and where; no `SlotcalcError`, so the innermost place is the one that is named."""

    def __init__(self, path: str, message: str, *values: object, cls: type[SlotcalcError] = ParseError) -> None:
        place = path if len(path) <= 80 else f"{path[:30]}…{path[-45:]}"
        self.error = cls(f"{place}: {message}", *values)


class _Count:
    """How many values of a document were read, against its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._values = 0

    def add(self, count: int, path: str) -> None:
        self._values += count
        self.check("rows", self._values, path)

    def check(self, field: str, asked: object, path: str) -> None:
        try:
            self.limits.check(field, asked)
        except LimitExceededError as error:
            raise _Fault(path, str(error), *error.values, cls=LimitExceededError) from None


class Node:
    """An object in a document: `node.text("zone")` is the text in its field "zone", and so on for the other types.

    Each reading method takes the name of a field and raises an error that says where it is, unless it is there and of
    that type. What `_from_json` leaves unread is refused after it.
    """

    __slots__ = ("_count", "_depth", "_fields", "_parts", "_path", "_unread", "kind")

    # What the object says it is; empty where it is no rule.
    kind: str

    def __init__(self, value: object, path: str, count: _Count, *, depth: int = 0) -> None:
        """Check that it is an object with text for keys."""
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise _wrong(path, "an object", value)
        count.add(1 + len(value), path)
        self._fields: dict[str, Any] = value
        self._unread = set(value)
        self._parts: list[Node] = []
        self._path = path
        self._count = count
        self._depth = depth
        self.kind = ""

    @property
    def limits(self) -> Limits:
        """The limits that hold for the document and for each rule in it."""
        return self._count.limits

    @overload
    def optional(self, name: str, read: Callable[[str], _T]) -> _T | None: ...
    @overload
    def optional(self, name: str, read: Callable[[str], _T], default: _D) -> _T | _D: ...
    def optional(self, name: str, read: Callable[[str], Any], default: object = None) -> Any:
        """Return what one of the other methods reads, or the default if the field is not there."""
        return read(name) if name in self._fields else default

    def text(self, name: str) -> str:
        """Return the text in the field."""
        value = self._take(name)
        if not isinstance(value, str):
            raise _wrong(self._at(name), "text", value)
        self._count.check("text", len(value), self._at(name))
        return value

    def number(self, name: str) -> int:
        """Return the whole number in the field."""
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not -_LARGEST < value < _LARGEST:
            raise _wrong(self._at(name), "a whole number", value)
        return value

    def flag(self, name: str) -> bool:
        """Return the true or false in the field."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise _wrong(self._at(name), "true or false", value)
        return value

    def day(self, name: str) -> date:
        """Return the date in the field, `YYYY-MM-DD`."""
        return _date(self._take(name), self._at(name))

    def clock(self, name: str) -> time:
        """Return the time in the field, `HH:MM`."""
        text = self.text(name)
        try:
            if len(text) == 5 and text.isascii() and text[2] == ":":
                return time.fromisoformat(text)
        except ValueError:
            pass
        raise _wrong(self._at(name), "a time as HH:MM", text)

    def point(self, name: str) -> date | datetime:
        """Return the date or the date-time in the field, as ISO 8601 has them."""
        return _point(self._take(name), self._at(name))

    def points(self, name: str) -> list[date | datetime]:
        """Return the dates and date-times in the list in the field, as ISO 8601 has them."""
        return [_point(item, path) for item, path in self._list(name)]

    def dates(self, name: str) -> list[date | tuple[date, str]]:
        """Return the list in the field: of dates, and of [date, hours] pairs as tuples."""
        made: list[date | tuple[date, str]] = []
        for item, path in self._list(name):
            if isinstance(item, list):
                if len(item) != 2 or not isinstance(item[1], str):
                    raise _wrong(path, "a date or [date, hours]", item)
                self._count.check("text", len(item[1]), path)
                made.append((_date(item[0], path), item[1]))
            else:
                made.append(_date(item, path))
        return made

    def hours_by_date(self, name: str) -> list[tuple[date, str]]:
        """Return the object in the field, hours by date, as pairs."""
        child = Node(self._take(name), self._at(name), self._count)
        return [(_date(key, child._at(key)), child.text(key)) for key in child._fields]

    def disambiguate(self) -> Disambiguate:
        """Return the field "disambiguate", "compatible" if it is not there; constructors check which word it is."""
        way: Any = self.optional("disambiguate", self.text, "compatible")
        made: Disambiguate = way
        return made

    def items(self, name: str) -> "list[Node]":
        """Return the list of objects in the field."""
        made = [Node(item, path, self._count, depth=self._depth) for item, path in self._list(name)]
        self._parts += made
        return made

    def rule(self, name: str) -> Operand:
        """Return the rule, or the set, in the field."""
        return self._operand(self._take(name), self._at(name))

    def rules(self, name: str) -> list[Operand]:
        """Return the list of rules and sets in the field, of which there is at least one."""
        found = [self._operand(item, path) for item, path in self._list(name)]
        if not found:
            raise _wrong(self._at(name), "a list of rules", found)
        return found

    def done(self) -> None:
        """Raise if a field was not read, here or in what `items` returned."""
        for node in (self, *self._parts):
            for name in sorted(node._unread):
                raise _Fault(node._at(name), "there is no such field here", name)

    def _operand(self, value: object, path: str) -> Operand:
        if self._depth > DEEPEST:  # the last level is of rules that hold no others
            raise _Fault(path, f"rules are nested more than {DEEPEST} deep", DEEPEST, cls=LimitExceededError)
        node = Node(value, path, self._count, depth=self._depth + 1)
        node.kind = node.text("kind")
        if node.kind != "set" and node.kind not in KINDS:
            raise _Fault(node._at("kind"), f"{node.kind!r:.80} is not one of set, {', '.join(KINDS)}", node.kind)
        try:
            made = node._set() if node.kind == "set" else KINDS[node.kind]._from_json(node)
        except MissingExtraError:
            raise
        except SlotcalcError as error:
            cls = type(error) if isinstance(error, LimitExceededError) else ParseError
            raise _Fault(path, str(error), *error.values, cls=cls) from None
        node.done()
        return made

    def _set(self) -> Operand:
        text = self._take("intervals")
        if not isinstance(text, str):
            raise _wrong(self._at("intervals"), "text", text)
        self._count.check("input_bytes", len(text), self._at("intervals"))
        self._count.add(text.count(","), self._at("intervals"))
        return operand(IntervalSet.parse(text))

    def _take(self, name: str) -> Any:
        if name not in self._fields:
            raise _Fault(self._path, f"the field {name!r} is missing", name)
        self._unread.discard(name)
        return self._fields[name]

    def _list(self, name: str) -> list[tuple[Any, str]]:
        value = self._take(name)
        if not isinstance(value, list):
            raise _wrong(self._at(name), "a list", value)
        self._count.add(len(value), self._at(name))
        return [(item, f"{self._at(name)}[{i}]") for i, item in enumerate(value)]

    def _at(self, name: str) -> str:
        shown = name if name.isprintable() else repr(name)
        return shown if self._path == "the document" else f"{self._path}.{shown}"


def _wrong(path: str, expected: str, value: object) -> _Fault:
    try:
        shown = _SHOWN.repr(value)
    except ValueError:  # a number of more digits than Python writes out
        shown = "a number that is far too large"
    return _Fault(path, f"expected {expected}, not {shown:.80}", value)


def _point(value: object, path: str) -> date | datetime:
    if not isinstance(value, str):
        raise _wrong(path, "a date or a date-time as text", value)
    try:
        return iso8601.parse_point(value)
    except ParseError as error:
        raise _Fault(path, str(error), *error.values) from None


def _date(value: object, path: str) -> date:
    made = _point(value, path)
    if isinstance(made, datetime):
        raise _wrong(path, "a date as YYYY-MM-DD", value)
    return made
