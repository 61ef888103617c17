"""Slots, what a resource offers, and bookings, what is claimed of it. Imports `intervals`; read `availability` next."""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any, Final, TypeVar, final

from slotcalc.errors import PointTypeError, PointValueError
from slotcalc.intervals import Interval
from slotcalc.values import Value, setters

__all__ = ["ACTIVE", "Booking", "BookingStatus", "Slot"]

T = TypeVar("T")


class BookingStatus(StrEnum):
    """How firm a booking is, in the words of RFC 5545, section 3.8.1.11."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"

    def __repr__(self) -> str:
        """Return the code that names the member."""
        return f"{type(self).__name__}.{self.name}"


ACTIVE: Final = frozenset({BookingStatus.TENTATIVE, BookingStatus.CONFIRMED})
"""The statuses that take time away unless the caller says otherwise: all but CANCELLED."""


@final
class Slot(Value):
    """Time that a resource offers, to so many at once.

    Args:
        resource_id: who or what offers it.
        interval: when; an `Interval` or a (start, end) pair.
        capacity: how many seats there are at each moment, at least 1.
        id: the name of this slot in the caller's store, if it has one.
        label: a word for people.

    >>> Slot("room-1", (9, 12), capacity=3)
    Slot('room-1', Interval(9, 12), capacity=3)
    """

    __slots__ = ("capacity", "id", "interval", "label", "resource_id")
    __match_args__ = ("resource_id", "interval", "capacity", "id", "label")
    _positional = 2

    resource_id: str
    interval: Interval[Any]
    capacity: int
    id: str | None
    label: str

    def __init__(
        self,
        resource_id: str,
        interval: Interval[Any] | tuple[Any, Any],
        *,
        capacity: int = 1,
        id: str | None = None,
        label: str = "",
    ) -> None:
        """Check each field by its type; nothing is converted but a pair into an interval."""
        _set_resource_id(self, _text("resource_id", resource_id))
        _set_interval(self, interval_of(interval))
        _set_capacity(self, whole_number("capacity", capacity))
        _set_id(self, id if id is None else _text("id", id))
        _set_label(self, _text("label", label))


_set_resource_id, _set_interval, _set_capacity, _set_id, _set_label = setters(Slot, Slot.__match_args__)


@final
class Booking(Value):
    """Time that is claimed of a resource.

    Args:
        resource_id: who or what is booked.
        interval: when; an `Interval` or a (start, end) pair.
        status: how firm it is; CANCELLED takes no time.
        seats: how many of a slot's seats it takes, at least 1.
        id: the name of this booking in the caller's store, by which `ignoring=` leaves it out.
        label: a word for people.

    >>> Booking("room-1", (10, 11), seats=2, status=BookingStatus.TENTATIVE)
    Booking('room-1', Interval(10, 11), status=BookingStatus.TENTATIVE, seats=2)
    """

    __slots__ = ("id", "interval", "label", "resource_id", "seats", "status")
    __match_args__ = ("resource_id", "interval", "status", "seats", "id", "label")
    _positional = 2

    resource_id: str
    interval: Interval[Any]
    status: BookingStatus
    seats: int
    id: str | None
    label: str

    def __init__(
        self,
        resource_id: str,
        interval: Interval[Any] | tuple[Any, Any],
        *,
        status: BookingStatus = BookingStatus.CONFIRMED,
        seats: int = 1,
        id: str | None = None,
        label: str = "",
    ) -> None:
        """Check each field by its type; a status may also be given by its name, in any case."""
        self._set(
            resource_id=_text("resource_id", resource_id),
            interval=interval_of(interval),
            status=_status(status),
            seats=whole_number("seats", seats),
            id=id if id is None else _text("id", id),
            label=_text("label", label),
        )


def interval_of(value: Any) -> Interval[Any]:
    """Return an interval, made of a pair if need be, or say that the argument is neither."""
    if isinstance(value, Interval):
        return value
    if isinstance(value, tuple | list) and len(value) == 2:  # a pair
        return Interval(*value)
    message = f"interval={value!r:.200} is neither an Interval nor a (start, end) pair"
    raise PointTypeError(message, value)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    message = f"{name}={value!r:.200} is not text; a number or UUID of another store is given as str(…)"
    raise PointTypeError(message, value)


def whole_number(name: str, value: object, least: int = 1) -> int:
    """Return a count such as that of seats, or say which argument is no whole number of so many or more."""
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name}={value!r:.200} is not a whole number"
        raise PointTypeError(message, value)
    if value < least:
        message = f"{name}={value!r} is less than {least}"
        raise PointValueError(message, value)
    return value


def as_list(items: Iterable[T], kind: type[T]) -> list[T]:
    """Return values of one kind as a list, or say that there are others among them, such as pairs for slots."""
    given: object = items
    if isinstance(given, Iterable):
        found = [*items]
        if set(map(type, found)) <= {kind}:
            return found
    name = kind.__name__
    raise PointTypeError(f"{items!r:.200} is no list of {name} objects; make them, as {name}(resource_id, …)", items)


def active_statuses(active: object) -> Collection[BookingStatus]:
    """Return the statuses that take time, each of which may also be given by its name, or say what is none."""
    if active is ACTIVE:
        return ACTIVE
    if isinstance(active, Collection) and not isinstance(active, str | bytes):
        return frozenset(map(_status, active))
    message = f"active={active!r:.200} is no collection of statuses; put them into a set: {{BookingStatus.CONFIRMED}}"
    raise PointTypeError(message, active)


def _status(value: Any) -> BookingStatus:
    try:
        return BookingStatus(value.upper() if isinstance(value, str) else value)
    except ValueError:
        known = ", ".join(BookingStatus)
        message = f"status={value!r:.200} is none of {known}"
        raise PointValueError(message, value) from None
