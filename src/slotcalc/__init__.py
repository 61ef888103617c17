"""slotcalc: exact and fast answers to "when is this resource free?".

Free time is slots minus active bookings. The names below are the whole everyday interface; `slotcalc.zones` turns
wall-clock time into instants, `slotcalc.rules` states weekly hours, `slotcalc.files` and `slotcalc.ical` read what
people have. To read the code, begin with `kernel`, then `intervals`, `booking`, `availability`.
"""

from slotcalc.availability import Segment, SegmentState, displaced, explain, free, remaining, starts
from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot
from slotcalc.coverage import Coverage
from slotcalc.errors import (
    AmbiguousResourceError,
    InputFileError,
    IntervalError,
    LimitExceededError,
    LocalTimeError,
    MissingExtraError,
    ParseError,
    PointTypeError,
    PointValueError,
    SlotcalcError,
    UnboundedError,
    UnknownZoneError,
)
from slotcalc.intervals import Interval, IntervalSet, Relation
from slotcalc.limits import Limits

__all__ = [
    "ACTIVE",
    "AmbiguousResourceError",
    "Booking",
    "BookingStatus",
    "Coverage",
    "InputFileError",
    "Interval",
    "IntervalError",
    "IntervalSet",
    "LimitExceededError",
    "Limits",
    "LocalTimeError",
    "MissingExtraError",
    "ParseError",
    "PointTypeError",
    "PointValueError",
    "Relation",
    "Segment",
    "SegmentState",
    "Slot",
    "SlotcalcError",
    "UnboundedError",
    "UnknownZoneError",
    "displaced",
    "explain",
    "free",
    "remaining",
    "starts",
]

__version__ = "0.1.0"
