"""One rule after another: what changes from a moment on, such as the zone of someone who travels.

Imports `rule` and `days`; read `document` next, which reads rules from JSON.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, final

from slotcalc import iso8601, zones
from slotcalc.errors import IntervalError, PointTypeError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.points import normalised
from slotcalc.rules.days import check_date
from slotcalc.rules.rule import Operand, Rule, Transition, extent, operand, operand_to_json

if TYPE_CHECKING:
    from slotcalc.rules.document import Node

__all__ = ["Switch"]

_Until: TypeAlias = date | datetime | None


@final
class Switch(Rule):
    """Rules that hold one after another, each until a moment: someone's hours in New York, then in Lisbon.

    Each moment is one instant, so no time is lost and none is there twice: a rule's time is cut there, and the next
    rule's begins, whatever the clocks of either show.

    Args:
        stages: (rule, until) pairs in order. `until` is the last local date that the rule holds on, by the clocks of
            its own zone; or an aware datetime, the instant at which it ends; or, for the last of them, None.

    Raises:
        IntervalError: if there is no stage, or one ends no later than the one before it.
        LimitExceededError: for rules nested more than 100 deep.
        LocalTimeError: for a date that the zone skipped.
        PointTypeError: for anything but such pairs, and for a date with a rule that reads not one zone but several.

    >>> from slotcalc.rules import Weekly
    >>> office = Weekly("Mo-Fr 09:00-17:00", zone="America/New_York")
    >>> hours = Switch([(office, date(2026, 5, 3)), (office.replace(zone="Europe/Lisbon"), None)])
    >>> for piece in hours.within(Interval.parse("2026-05-01T00:00Z/P4D")):
    ...     print(piece)
    2026-05-01T13:00:00Z/2026-05-01T21:00:00Z
    2026-05-04T08:00:00Z/2026-05-04T16:00:00Z
    """

    __slots__ = ("_depth", "_pieces", "_size", "stages")
    __match_args__ = ("stages",)
    _positional = 1
    _kind = "switch"

    stages: tuple[tuple[Operand, _Until], ...]
    # Where each rule holds, as a set, since the first is unbounded below and the last may be above.
    _pieces: tuple[tuple[Operand, IntervalSet[datetime]], ...]

    def __init__(self, stages: Iterable[tuple[Operand, _Until]]) -> None:
        """Turn each date into the instant at which it ends."""
        kept: list[tuple[Operand, _Until]] = []
        pieces: list[tuple[Operand, IntervalSet[datetime]]] = []
        left: IntervalSet[datetime] = IntervalSet.everything()
        given: Any = stages
        if not isinstance(given, Iterable):
            raise PointTypeError(f"{given!r:.200} is no list of (rule, until) pairs", given)
        for stage in given:
            if not isinstance(stage, tuple) or len(stage) != 2:
                message = f"{stage!r:.200} is no (rule, until) pair; write (rule, date(2026, 5, 3)) or (rule, None)"
                raise PointTypeError(message, stage)
            rule, until = operand(stage[0]), stage[1]
            if kept and kept[-1][1] is None:
                raise IntervalError("only the last stage may have no end", kept[-1][0])
            if isinstance(until, datetime):
                until = normalised(until)
            end = None if until is None else _end(rule, until)
            here = left if end is None else left & IntervalSet.until(end)
            if not here:
                raise IntervalError(f"the stage until {until} ends no later than the one before it", until)
            left -= here
            kept.append((rule, until))
            pieces.append((rule, here))
        if not kept:
            raise IntervalError("there is no stage; write [(rule, until), …, (rule, None)]")
        self._set(stages=tuple(kept), _pieces=tuple(pieces), **extent([rule for rule, _ in kept]))

    @property
    def zones(self) -> frozenset[str]:
        """The zones whose clocks the rules of the stages read."""
        return frozenset().union(*[rule.zones for rule, _ in self.stages if isinstance(rule, Rule)])

    def _operands(self) -> list[Operand]:
        return [rule for rule, _ in self.stages]

    def _parts(self, window: Interval[datetime]) -> Iterator[tuple[Operand, Interval[datetime]]]:
        """Yield each rule that holds somewhere in the window, and where."""
        for rule, piece in self._pieces:
            for part in piece & window:
                yield rule, part

    def _within(self, window: Interval[datetime]) -> IntervalSet[datetime]:
        return IntervalSet.empty().union(*[rule.within(part) for rule, part in self._parts(window)])

    def _doubtful(self, window: Interval[datetime]) -> Iterator[Transition]:
        for rule, part in self._parts(window):
            if isinstance(rule, Rule):
                yield from rule.transitions(part)

    def _to_json(self) -> dict[str, Any]:
        stages = []
        for rule, until in self.stages:
            end = {} if until is None else {"until": iso8601.format_point(until)}
            stages.append({"rule": operand_to_json(rule), **end})
        return {"stages": stages}

    @classmethod
    def _from_json(cls, node: "Node") -> "Switch":
        return cls([(stage.rule("rule"), stage.optional("until", stage.point)) for stage in node.items("stages")])


def _end(rule: Operand, until: date) -> datetime:
    """Return the instant at which a rule that holds until then ends."""
    if isinstance(until, datetime):
        if until.tzinfo is None:
            raise PointTypeError(f"{until!r} is no instant; pass an aware datetime, or a date", until)
        return until
    check_date("until", until)
    names = rule.zones if isinstance(rule, Rule) else frozenset()
    if len(names) != 1:
        shown = " and ".join(sorted(names)) or "none"
        message = f"a rule of one zone can end with a date, but this one's zones are {shown}; pass an aware datetime"
        raise PointTypeError(message, until)
    return zones.day_bounds(until, *names)[1]
