"""The slots of a resource as of any revision or moment, rebuilt from its events. Imports `log`; read `findings` next.

The order of a history is that of its revisions and ordinals. Clocks are asked only to find the revision that was there
at a moment, so a clock that is wrong never changes what the events add up to.
"""

from collections.abc import Iterable
from datetime import datetime

from slotcalc.audit.log import Baseline, horizon_error, in_order, moment_of
from slotcalc.booking import Slot
from slotcalc.diff import AuditEvent, Ledger
from slotcalc.errors import PointTypeError, PointValueError

__all__ = ["check_is_revision", "replay", "revision_at"]


def replay(
    events: Iterable[AuditEvent],
    *,
    baseline: Baseline | None = None,
    revision: int | None = None,
    moment: datetime | None = None,
    strict: bool = True,
) -> list[Slot]:
    """Return the slots after all events, or as of a revision or a moment, in order of their start.

    Slots of one capacity, id and label that touch are one. The events are those of one resource; they may come in any
    order, and twice.

    Args:
        events: the whole history behind the baseline.
        baseline: where the history begins, if older events were purged.
        revision: as of this one; 0 is before the first. One that is not there yet is the last.
        moment: as of this instant, see `revision_at`.
        strict: whether an event that does not fit what was there is an error. If not, added time is there after it, and
            removed time is not.

    A missing revision is noticed only where a later one does not fit; `verify` notices each. O(n log n), some 2 µs an
    event.

    Raises:
        ImpossibleEventError: if time is added that is there, or removed that is not, unless `strict` is false.
        HorizonError: for a revision or moment before the baseline.
        AmbiguousResourceError: for events of more than one resource.
        PointTypeError: if both a revision and a moment are given, or one of the wrong type.
        PointValueError: for a revision less than 0.

    >>> events = [
    ...     AuditEvent("tutor-1", "added", (9, 17), revision=1),
    ...     AuditEvent("tutor-1", "removed", (12, 13), revision=2),
    ... ]
    >>> replay(events)
    [Slot('tutor-1', Interval(9, 12)), Slot('tutor-1', Interval(13, 17))]
    >>> replay(events, revision=1)
    [Slot('tutor-1', Interval(9, 17))]
    """
    resource_id, ordered = in_order(events, baseline=baseline)
    if moment is not None:
        if revision is not None:
            raise PointTypeError("give a revision or a moment, not both", revision, moment)
        revision = _revision_at(ordered, moment, baseline)
    elif revision is not None:
        check_is_revision(revision)
        if baseline is not None and revision < baseline.revision:
            raise horizon_error(resource_id, revision, baseline.revision)
    ledger = Ledger(resource_id, () if baseline is None else baseline.slots)
    take = ledger.apply if strict else ledger.force
    for event in ordered:
        if revision is not None and event.revision > revision:
            break
        take(event)
    return ledger.slots()


def revision_at(events: Iterable[AuditEvent], moment: datetime, *, baseline: Baseline | None = None) -> int:
    """Return the revision as of an instant: the greatest that was made at it or before it; 0 if there is none.

    Where clocks differ, a later revision may bear an earlier time. It counts together with all before it, so that each
    revision is answered for by one unbroken history.

    Raises:
        HorizonError: if that revision was purged.
        AmbiguousResourceError: for events of more than one resource.
        PointTypeError: for anything but an aware datetime.
    """
    return _revision_at(in_order(events, baseline=baseline)[1], moment, baseline)


def _revision_at(ordered: list[AuditEvent], moment: datetime, baseline: Baseline | None) -> int:
    asked = moment_of("moment", moment)
    for event in reversed(ordered):
        if event.changed_at is not None and event.changed_at <= asked:
            return event.revision
    if baseline is None:
        return 0
    if baseline.changed_at is None or asked < baseline.changed_at:
        raise horizon_error(baseline.resource_id, moment, baseline.revision)
    return baseline.revision


def check_is_revision(revision: object) -> None:
    """Raise unless it is a whole number of 0 or more."""
    if isinstance(revision, bool) or not isinstance(revision, int):
        raise PointTypeError(f"revision={revision!r:.80} is not a whole number", revision)
    if revision < 0:
        raise PointValueError(f"revision={revision} is less than 0, which is before the first edit", revision)
