"""The audit event: one piece of time that an edit added or removed, with who, when and why.

Imports `booking` and below; read `changes` next, which finds the events between two states of the slots.
"""

from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple, final

from slotcalc import iso8601
from slotcalc.booking import Slot, interval_of, whole_number
from slotcalc.errors import LimitExceededError, ParseError, PointTypeError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.points import normalised
from slotcalc.values import Value, setters

__all__ = [
    "LONGEST_NAME",
    "LONGEST_NOTES",
    "Action",
    "AuditEvent",
    "Identity",
    "action_of",
    "another",
    "checked_identity",
    "checked_text",
    "checked_why",
]

LONGEST_NAME: Final = 200
"""The most characters of a reason, of who changed it, and of an identifier."""
LONGEST_NOTES: Final = 10_000
"""The most characters of notes."""

_UNSTORABLE: Final = frozenset(["\x00", *map(chr, range(0xD800, 0xE000))])


class Action(StrEnum):
    """What happened to the time of an event."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"

    def __repr__(self) -> str:
        """Return the code that names the member."""
        return f"{type(self).__name__}.{self.name}"


class Identity(NamedTuple):
    """What a slot is apart from its time: two slots that differ in it never merge, and a change of it is a change."""

    capacity: int
    slot_id: str | None
    label: str

    @property
    def order(self) -> tuple[int, str, str]:
        """What identities are sorted by."""
        return self.capacity, self.slot_id or "", self.label


@final
class AuditEvent(Value):
    """One piece of slot time that an edit added or removed, and who did it, when and why.

    The events of one edit share a `change_id` and a `revision` and are numbered by `ordinal` from 0. An event of a
    preview belongs to no edit yet: its `change_id` and `id` are empty, its revision is 0, and no log takes it.

    Args:
        resource_id: whose slots were edited.
        action: ADDED or REMOVED; may also be given by its name, in any case.
        interval: which time; an `Interval` or a (start, end) pair.
        capacity: the capacity of the slot that it was added to or removed from.
        slot_id: the id of that slot, if it has one.
        label: its label.
        reason: why, in a word: "edit", "conflict", "personal", or any other text of at most 200 characters.
        notes: what else there is to say, at most 10,000 characters.
        changed_at: when the edit was made; an aware datetime, kept in UTC.
        changed_by: who made it, at most 200 characters.
        change_id: the edit that it belongs to.
        revision: the revision of the resource that the edit made, from 1 on.
        ordinal: its place among the events of the edit, from 0 on.
        id: the one name of this event: delivering an event twice changes nothing.

    Raises:
        IntervalError: for a reversed or empty pair.
        LimitExceededError: for a text that is too long.
        PointTypeError: for a value of the wrong type, and for a `changed_at` without a zone.
        PointValueError: for an unknown action, an empty reason, a count that is too small, or text that no database
            keeps (NUL, half a surrogate pair).

    >>> AuditEvent("tutor-1", "added", (9, 12), reason="personal")
    AuditEvent('tutor-1', Action.ADDED, Interval(9, 12), reason='personal')
    """

    __slots__ = (
        "action",
        "capacity",
        "change_id",
        "changed_at",
        "changed_by",
        "id",
        "interval",
        "label",
        "notes",
        "ordinal",
        "reason",
        "resource_id",
        "revision",
        "slot_id",
    )
    __match_args__ = (
        "resource_id",
        "action",
        "interval",
        "capacity",
        "slot_id",
        "label",
        "reason",
        "notes",
        "changed_at",
        "changed_by",
        "change_id",
        "revision",
        "ordinal",
        "id",
    )
    _positional = 3

    resource_id: str
    action: Action
    interval: Interval[Any]
    capacity: int
    slot_id: str | None
    label: str
    reason: str
    notes: str
    changed_at: datetime | None
    changed_by: str
    change_id: str
    revision: int
    ordinal: int
    id: str

    def __init__(
        self,
        resource_id: str,
        action: Action | str,
        interval: Interval[Any] | tuple[Any, Any],
        *,
        capacity: int = 1,
        slot_id: str | None = None,
        label: str = "",
        reason: str = "edit",
        notes: str = "",
        changed_at: datetime | None = None,
        changed_by: str = "",
        change_id: str = "",
        revision: int = 0,
        ordinal: int = 0,
        id: str = "",
    ) -> None:
        """Check each field; nothing is converted but a pair into an interval and `changed_at` into UTC."""
        checked_text("resource_id", resource_id)
        checked_identity(Identity(capacity, slot_id, label))
        checked_why(reason, notes, changed_by)
        self._set(
            resource_id=resource_id,
            action=action_of(action),
            interval=interval_of(interval),
            capacity=whole_number("capacity", capacity),
            slot_id=slot_id,
            label=label,
            reason=reason,
            notes=notes,
            changed_at=None if changed_at is None else _instant(changed_at),
            changed_by=changed_by,
            change_id=checked_text("change_id", change_id),
            revision=whole_number("revision", revision, 0),
            ordinal=whole_number("ordinal", ordinal, 0),
            id=checked_text("id", id),
        )

    @property
    def identity(self) -> Identity:
        """What the slot of this time is apart from its time."""
        return Identity(self.capacity, self.slot_id, self.label)

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the history of its resource, by revision and then by ordinal, never by the clock."""
        return self.revision, self.ordinal

    def to_json(self) -> dict[str, Any]:
        """Return the event as a JSON object with all its fields, `start` and `end` for the interval.

        Instants, local date-times and dates are ISO 8601 text, numbers are numbers; `from_json` reads each back as it
        was.

        Raises:
            PointTypeError: if the points of the interval are of a kind that JSON has no form for.
        """
        fields = {name: getattr(self, name) for name in self.__match_args__ if name != "interval"}
        fields["start"], fields["end"] = _to_json(self.interval.start), _to_json(self.interval.end)
        fields["action"] = self.action.value
        fields["changed_at"] = None if self.changed_at is None else iso8601.format_point(self.changed_at)
        return fields

    @classmethod
    def from_json(cls, data: object) -> "AuditEvent":
        """Return the event that `to_json` wrote, whole and of the same points.

        Raises:
            ParseError: for anything but an object with these fields and no others, and for text that is no date or
                date-time.
            IntervalError, LimitExceededError, PointTypeError, PointValueError: as the constructor.

        >>> event = AuditEvent("tutor-1", "added", Interval.parse("2026-03-02T08:00Z/PT1H"))
        >>> AuditEvent.from_json(event.to_json()) == event
        True
        """
        if not isinstance(data, dict) or data.keys() != _FIELDS:
            given = data.keys() if isinstance(data, dict) else None
            odd = "" if given is None else ", ".join(sorted(map(repr, given ^ _FIELDS)))
            message = f"{data!r:.80} is no audit event: " + (
                f"{odd:.200} missing or unknown" if odd else "it is no object"
            )
            raise ParseError(message, data)
        fields = dict(data)
        positional = fields.pop("resource_id"), fields.pop("action")
        interval = _from_json(fields.pop("start")), _from_json(fields.pop("end"))
        if isinstance(fields["changed_at"], str):
            fields["changed_at"] = iso8601.parse_point(fields["changed_at"])
        return cls(*positional, interval, **fields)

    def slot(self) -> Slot:
        """Return the time of the event as a slot."""
        return Slot(self.resource_id, self.interval, capacity=self.capacity, id=self.slot_id, label=self.label)


def another(
    event: AuditEvent, action: Action, interval: Interval[Any], identity: Identity, ordinal: int, id: str
) -> AuditEvent:
    """Return an event that differs from a checked one in these alone, which are known to be in order.

    An edit has many events and its author, reason and notes only once, so this is how all but the first are made: in a
    quarter of the time that the constructor takes.
    """
    made: AuditEvent = _new(AuditEvent)
    values = (*_fields_of_edit(event), action, interval, *identity, ordinal, id)
    for set_field, value in zip(_SETTERS, values, strict=True):
        set_field(made, value)
    return made


_new: Any = object.__new__
_PIECE: Final = ("action", "interval", "capacity", "slot_id", "label", "ordinal", "id")
_EDIT: Final = tuple([name for name in AuditEvent.__match_args__ if name not in _PIECE])
_fields_of_edit: Final = attrgetter(*_EDIT)
_SETTERS: Final = setters(AuditEvent, (*_EDIT, *_PIECE))
_FIELDS: Final = frozenset({*AuditEvent.__match_args__, "start", "end"} - {"interval"})


def checked_text(name: str, text: object, longest: int = LONGEST_NAME) -> str:
    """Return text that every store can keep, or say what is wrong with it."""
    if not isinstance(text, str):
        raise PointTypeError(f"{name}={text!r:.80} is not text", text)
    if len(text) > longest:
        message = f"{name}={text[:40]!r}… has {len(text)} characters; at most {longest} are kept, so shorten it"
        raise LimitExceededError(message, text, longest)
    if not text.isprintable() and not _UNSTORABLE.isdisjoint(text):
        message = f"{name}={text!r:.80} holds a NUL or half a surrogate pair, which databases refuse; leave it out"
        raise PointValueError(message, text)
    return text


def checked_identity(identity: Identity) -> Identity:
    """Return the identity of a slot whose texts every store can keep, or say what is wrong with them."""
    if identity.slot_id is not None:
        checked_text("slot_id", identity.slot_id)
    checked_text("label", identity.label, LONGEST_NOTES)
    return identity


def checked_why(reason: object, notes: object, changed_by: object) -> None:
    """Check what people say about an edit, so that it cannot fail later, when the edit has been made."""
    if not checked_text("reason", reason).strip():
        raise PointValueError(f"reason={reason!r} is empty; say why in a word, or leave it at 'edit'", reason)
    checked_text("notes", notes, LONGEST_NOTES)
    checked_text("changed_by", changed_by)


def action_of(action: Any) -> Action:
    """Return the action of that name, in any case, or say what is wrong with it."""
    if type(action) is Action:  # found by its name it takes three times as long
        return action
    try:
        return Action(action.upper() if isinstance(action, str) else action)
    except ValueError:
        message = f"action={action!r:.80} is neither ADDED nor REMOVED"
        raise PointValueError(message, action) from None


def _instant(moment: object) -> datetime:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        message = f"changed_at={moment!r:.80} is no instant; give an aware datetime such as datetime.now(UTC)"
        raise PointTypeError(message, moment)
    return normalised(moment)


def _to_json(point: Any) -> str | int | float:
    if isinstance(point, date):
        return iso8601.format_point(point)
    if isinstance(point, int | float):
        return point
    raise PointTypeError(f"{point!r:.80} is a {type(point).__name__}, for which JSON has no form", point)


def _from_json(point: object) -> Any:  # a point of the kind that the document holds
    return iso8601.parse_point(point) if isinstance(point, str) else point
