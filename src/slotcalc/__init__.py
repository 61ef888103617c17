"""slotcalc: exact and fast answers to "when is this resource free?".

Free time is slots minus active bookings. The names below are the whole everyday interface; `slotcalc.zones` turns
wall-clock time into instants, `slotcalc.rules` states weekly hours, `slotcalc.files` and `slotcalc.ical` read what
people have. To read the code, begin with `kernel`, then `intervals`, `booking`, `availability`, `appointments`.
"""

from slotcalc.appointments import first_fit, starts
from slotcalc.availability import Segment, SegmentState, displaced, explain, free, remaining
from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot
from slotcalc.coverage import Coverage
from slotcalc.diff import Action, AuditEvent, diff
from slotcalc.errors import (
    AmbiguousResourceError,
    BrokenHistoryError,
    DuplicateIdError,
    EndlessRuleError,
    HorizonError,
    ImpossibleEventError,
    InputFileError,
    IntervalError,
    LimitExceededError,
    LocalTimeError,
    MissingExtraError,
    NotAvailableError,
    OutcomeUnknownError,
    ParseError,
    PointTypeError,
    PointValueError,
    RequestConflictError,
    RevisionConflictError,
    SlotcalcError,
    StoreError,
    UnboundedError,
    UnknownBookingError,
    UnknownEventError,
    UnknownZoneError,
)
from slotcalc.intervals import Interval, IntervalSet, Relation
from slotcalc.limits import Limits
from slotcalc.resources import Missing, free_of, missing, starts_of, who_is_free

__all__ = [
    "ACTIVE",
    "Action",
    "AmbiguousResourceError",
    "AuditEvent",
    "Booking",
    "BookingStatus",
    "BrokenHistoryError",
    "Coverage",
    "DuplicateIdError",
    "EndlessRuleError",
    "HorizonError",
    "ImpossibleEventError",
    "InputFileError",
    "Interval",
    "IntervalError",
    "IntervalSet",
    "LimitExceededError",
    "Limits",
    "LocalTimeError",
    "Missing",
    "MissingExtraError",
    "NotAvailableError",
    "OutcomeUnknownError",
    "ParseError",
    "PointTypeError",
    "PointValueError",
    "Relation",
    "RequestConflictError",
    "RevisionConflictError",
    "Segment",
    "SegmentState",
    "Slot",
    "SlotcalcError",
    "StoreError",
    "UnboundedError",
    "UnknownBookingError",
    "UnknownEventError",
    "UnknownZoneError",
    "diff",
    "displaced",
    "explain",
    "first_fit",
    "free",
    "free_of",
    "missing",
    "remaining",
    "starts",
    "starts_of",
    "who_is_free",
]

__version__ = "0.1.0"
