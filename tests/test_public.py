"""The public surface, pinned: a name comes or goes here on purpose or not at all."""

from __future__ import annotations

import slotcalc

NAMES = {
    "values": {"AuditEvent", "Booking", "Coverage", "Interval", "IntervalSet", "Limits", "Missing", "Segment", "Slot"},
    "enumerations": {"ACTIVE", "Action", "BookingStatus", "Relation", "SegmentState"},
    "questions": {"diff", "displaced", "explain", "first_fit", "free", "remaining", "starts"},
    "questions to several resources": {"free_of", "missing", "starts_of", "who_is_free"},
    "errors": {
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
    },
}


def test_the_public_names_are_these_and_no_others() -> None:
    assert set(slotcalc.__all__) == set().union(*NAMES.values())
    assert all(hasattr(slotcalc, name) for name in slotcalc.__all__)


def test_every_public_name_says_what_it_is() -> None:
    for name in slotcalc.__all__:
        thing = getattr(slotcalc, name)
        if callable(thing):
            assert (thing.__doc__ or "").strip(), name
            assert thing.__module__.startswith("slotcalc."), name
