"""Tables that were there before slotcalc: which of their columns mean what. Read `mapped_rows` next.

A mapping names a table and its columns. Of which types they are shows when the database is first asked.
"""

from collections.abc import Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Final, final
from zoneinfo import ZoneInfo

from slotcalc import zones
from slotcalc.booking import BookingStatus
from slotcalc.diff.event import checked_text
from slotcalc.errors import ParseError, PointTypeError, PointValueError
from slotcalc.values import Value
from slotcalc.zones import Disambiguate

__all__ = ["CLOCKS", "MOMENTS", "BookingTable", "SlotTable"]

CLOCKS: Final = ("date", "start_time", "end_time")
"""The columns of local time, if it is kept in three."""
MOMENTS: Final = ("start", "end")
"""The columns of time, if it is kept in two."""

_ALL: Final[Mapping[str, object]] = MappingProxyType({})
_OWN_WORDS: Final[Mapping[Any, BookingStatus]] = MappingProxyType({status.value: status for status in BookingStatus})


class _Timed(Value):
    """What the mappings of slots and of bookings share: the table, whose it is, and when."""

    __slots__ = ()
    _positional = 1

    table: str
    resource_id: str
    start: str | None
    end: str | None
    date: str | None
    start_time: str | None
    end_time: str | None
    zone: ZoneInfo | None
    disambiguate: Disambiguate
    id: str | None
    label: str | None
    schema: str | None
    only: Mapping[str, object]

    def _check(
        self, zone: str | tzinfo | None, only: Mapping[str, object], **columns: Any
    ) -> None:  # names, but for `disambiguate`
        for name, value in columns.items():
            if value is not None or name in {"table", "resource_id"}:
                checked_text(name, value)
        _check_mapping("only", only)
        given = tuple(name for name in (*MOMENTS, *CLOCKS) if columns[name] is not None)
        if given not in {MOMENTS, CLOCKS}:
            message = f"{columns['table']!r} is mapped with {', '.join(given) or 'no time'}; name the columns of start"
            raise ParseError(f"{message} and end, or those of date, start_time and end_time", given)
        if given == CLOCKS and zone is None:
            message = f"{columns['table']!r} has dates and times of day; say in which zone, such as zone='Europe/Paris'"
            raise ParseError(message, columns["table"])
        self._set(**columns, zone=None if zone is None else zones.zone(zone), only=dict(only))

    def roles(self) -> dict[str, str]:
        """Return the columns by what they mean."""
        names = ("resource_id", *MOMENTS, *CLOCKS, "capacity", "status", "seats", "id", "label")
        return {role: getattr(self, role) for role in names if getattr(self, role, None) is not None}


def _check_mapping(name: str, given: object) -> None:
    if not isinstance(given, Mapping):
        raise PointTypeError(f"{name}={given!r:.200} is no mapping; write it as a dict, by column or by value", given)


@final
class SlotTable(_Timed):
    """A table of yours that has slots: its name, and the names of its columns.

    The time is either in two columns, `start` and `end`, or in three, `date`, `start_time` and `end_time`. In the
    latter an end of 00:00 is the midnight after, and an end before the start is on the next day. Time of the clock is
    of `zone`; a row whose time the clocks jump over on that night is no slot.

    Args:
        table: the name of the table, or of a view if it is only read.
        resource_id: the column that says whose slot it is: text, a number or a UUID.
        start: the column of the start.
        end: the column of the end.
        date: the column of the local date on which it starts.
        start_time: the column of the time of day at which it starts.
        end_time: the column of the time of day at which it ends.
        zone: whose clocks show these times; not needed where moments have a zone or an offset themselves.
        disambiguate: what a time means that the clocks show twice or never, as in `slotcalc.zones`.
        capacity: the column of the seats; by default each slot has one.
        id: the column of the slot's own name, if it is more than the number of a row: slots with different ids are
            never joined, and a new slot has to bring its own.
        label: the column of the label.
        schema: the SQL schema that it is in; by default that of the connection.
        only: values that a row must have to count, by column, such as `{"deleted_at": None}`; new rows get them too.

    Raises:
        ParseError: for a time that is not given by one of the two sets of columns, and where a zone is missing.
        UnknownZoneError: for a zone that is none.

    >>> SlotTable("tutor_slots", resource_id="tutor_id", start="starts_at", end="ends_at")
    SlotTable('tutor_slots', resource_id='tutor_id', start='starts_at', end='ends_at')
    """

    __slots__ = (
        "capacity",
        "date",
        "disambiguate",
        "end",
        "end_time",
        "id",
        "label",
        "only",
        "resource_id",
        "schema",
        "start",
        "start_time",
        "table",
        "zone",
    )
    __match_args__ = (
        "table",
        "resource_id",
        "start",
        "end",
        "date",
        "start_time",
        "end_time",
        "zone",
        "disambiguate",
        "capacity",
        "id",
        "label",
        "schema",
        "only",
    )

    capacity: str | None

    def __init__(
        self,
        table: str,
        *,
        resource_id: str,
        start: str | None = None,
        end: str | None = None,
        date: str | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        zone: str | tzinfo | None = None,
        disambiguate: Disambiguate = "compatible",
        capacity: str | None = None,
        id: str | None = None,
        label: str | None = None,
        schema: str | None = None,
        only: Mapping[str, object] = _ALL,
    ) -> None:
        """Check the names by their form; whether the database has them shows when it is first asked."""
        self._check(
            zone,
            only,
            table=table,
            resource_id=resource_id,
            start=start,
            end=end,
            date=date,
            start_time=start_time,
            end_time=end_time,
            disambiguate=disambiguate,
            capacity=capacity,
            id=id,
            label=label,
            schema=schema,
        )


@final
class BookingTable(_Timed):
    """A table of yours that has bookings: its name, the names of its columns, and the words of its status.

    Args:
        table: as in `SlotTable`, and so are all that are not named here.
        resource_id: the column that says whose time is taken.
        id: the column of the booking's own name: text, a number or a UUID.
        start: as in `SlotTable`.
        end: as in `SlotTable`.
        date: as in `SlotTable`.
        start_time: as in `SlotTable`.
        end_time: as in `SlotTable`.
        zone: as in `SlotTable`.
        disambiguate: as in `SlotTable`.
        status: the column of the status; by default each booking is confirmed, and none can be released.
        statuses: what its values mean; by default those of `BookingStatus` mean themselves. Where two values mean the
            same, the first is written.
        seats: the column of the seats; by default each booking takes one.
        label: as in `SlotTable`.
        schema: as in `SlotTable`.
        only: as in `SlotTable`.

    Raises:
        ParseError: as `SlotTable`.
        PointTypeError: for statuses that are no mapping.
        PointValueError: for a meaning that is no status.
        UnknownZoneError: as `SlotTable`.

    >>> BookingTable("lessons", resource_id="tutor_id", start="starts_at", end="ends_at", status="state",
    ...              statuses={"booked": BookingStatus.CONFIRMED, "off": BookingStatus.CANCELLED}).statuses["off"]
    BookingStatus.CANCELLED
    """  # fmt: skip

    __slots__ = (
        "date",
        "disambiguate",
        "end",
        "end_time",
        "id",
        "label",
        "only",
        "resource_id",
        "schema",
        "seats",
        "start",
        "start_time",
        "status",
        "statuses",
        "table",
        "zone",
    )
    __match_args__ = (
        "table",
        "resource_id",
        "id",
        "start",
        "end",
        "date",
        "start_time",
        "end_time",
        "zone",
        "disambiguate",
        "status",
        "statuses",
        "seats",
        "label",
        "schema",
        "only",
    )

    status: str | None
    statuses: Mapping[Any, BookingStatus]
    seats: str | None

    def __init__(
        self,
        table: str,
        *,
        resource_id: str,
        id: str = "id",
        start: str | None = None,
        end: str | None = None,
        date: str | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        zone: str | tzinfo | None = None,
        disambiguate: Disambiguate = "compatible",
        status: str | None = None,
        statuses: Mapping[Any, BookingStatus] = _OWN_WORDS,
        seats: str | None = None,
        label: str | None = None,
        schema: str | None = None,
        only: Mapping[str, object] = _ALL,
    ) -> None:
        """Check the names by their form, as `SlotTable` does."""
        self._check(
            zone,
            only,
            table=table,
            resource_id=resource_id,
            id=checked_text("id", id),
            start=start,
            end=end,
            date=date,
            start_time=start_time,
            end_time=end_time,
            disambiguate=disambiguate,
            status=status,
            seats=seats,
            label=label,
            schema=schema,
        )
        _check_mapping("statuses", statuses)
        try:
            self._set(statuses={value: BookingStatus(meaning) for value, meaning in statuses.items()})
        except ValueError as error:
            message = f"statuses={statuses!r:.200} have another meaning than {', '.join(BookingStatus)}"
            raise PointValueError(message, statuses) from error
