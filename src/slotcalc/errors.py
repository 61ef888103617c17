"""Every error that slotcalc raises.

One root, `SlotcalcError`; each leaf is also the builtin that a caller would expect, carries the offending values,
pickles, and says how to mend the call. This module imports nothing; read `points` next to see what counts as a point.
"""

__all__ = [
    "AmbiguousResourceError",
    "BrokenHistoryError",
    "DuplicateIdError",
    "EndlessRuleError",
    "HorizonError",
    "ImpossibleEventError",
    "InputFileError",
    "IntervalError",
    "LimitExceededError",
    "LocalTimeError",
    "MissingExtraError",
    "NotAvailableError",
    "OutcomeUnknownError",
    "ParseError",
    "PointTypeError",
    "PointValueError",
    "RequestConflictError",
    "RevisionConflictError",
    "SlotcalcError",
    "StoreError",
    "UnboundedError",
    "UnknownBookingError",
    "UnknownEventError",
    "UnknownZoneError",
]


class SlotcalcError(Exception):
    """The root of all errors of this library: `except SlotcalcError` catches each of them and nothing else.

    `values` holds what was refused, so that a caller can react without reading the message.
    """

    def __init__(self, message: str, *values: object) -> None:
        """Keep the message and the offending values; both survive pickling."""
        super().__init__(message, *values)

    def __str__(self) -> str:
        """Return the message alone."""
        return str(self.args[0])

    @property
    def values(self) -> tuple[object, ...]:
        """The values that were refused."""
        return self.args[1:]


class IntervalError(SlotcalcError, ValueError):
    """An interval whose start is not before its end, or a length that is not positive."""


class PointTypeError(SlotcalcError, TypeError):
    """A value of the wrong type: no point, no length, no text; or points that have no common order."""


class PointValueError(SlotcalcError, ValueError):
    """A value that has no place on the line: NaN, an infinity, an instant outside the years 1 to 9999."""


class UnboundedError(SlotcalcError, ValueError):
    """A question with no finite answer about a set that is unbounded; clip it with `&` to a window first."""


class ParseError(SlotcalcError, ValueError):
    """Text that is not in the format it should be in."""


class UnknownZoneError(SlotcalcError, LookupError):
    """A name that is not in the IANA time-zone database."""


class LocalTimeError(SlotcalcError, ValueError):
    """A local date or time that does not exist in its zone, or exists twice, where the caller asked not to guess."""


class LimitExceededError(SlotcalcError, ValueError):
    """An input larger than a stated limit; the message names the limit and the field of `Limits` that raises it."""


class EndlessRuleError(ParseError, LimitExceededError):
    """A recurrence that would be searched for ever without an occurrence: refused when the rule is made."""


class AmbiguousResourceError(SlotcalcError, ValueError):
    """Slots and bookings of more than one resource in a question about one."""


class InputFileError(SlotcalcError, ValueError):
    """A file that cannot be read as slots or bookings; the message names the file, the line and the column."""


class MissingExtraError(SlotcalcError, ImportError):
    """An optional part whose third-party packages are not installed; the message names the extra to install."""


class ImpossibleEventError(SlotcalcError, ValueError):
    """An audit event that adds time which is there already, or removes time which is not there."""


class BrokenHistoryError(SlotcalcError, ValueError):
    """Audit events that are no unbroken history, where one is needed; `values` hold the findings that say why."""


class NotAvailableError(SlotcalcError, ValueError):
    """Time that cannot be booked; `values` hold the booking and the segments of `explain` that say why not."""


class UnknownBookingError(SlotcalcError, LookupError):
    """The id of a booking that the repository does not have, or that was released already."""


class UnknownEventError(SlotcalcError, LookupError):
    """The id of an audit event that the log does not have."""


class DuplicateIdError(SlotcalcError, ValueError):
    """The id of a new booking that another booking has already."""


class RevisionConflictError(SlotcalcError, ValueError):
    """An edit that expected another revision: somebody else has edited the slots since they were read."""


class RequestConflictError(SlotcalcError, ValueError):
    """A request id that was used before for something else."""


class HorizonError(SlotcalcError, LookupError):
    """A question about a time whose events were purged; `values` hold the earliest revision that can be answered."""


class StoreError(SlotcalcError, RuntimeError):
    """A database that cannot be reached, refuses or is locked: nothing was written, so the call may be repeated.

    The message holds neither a password nor what was to be written; `values` hold the SQLSTATE or the driver's error.
    """


class OutcomeUnknownError(SlotcalcError, RuntimeError):
    """An edit whose connection was lost while it was committed: it was made, or it was not.

    Making it again under the same request id is safe: it is made once. Without a request id, read what is there first.
    `values` hold the resource and the request id.
    """
