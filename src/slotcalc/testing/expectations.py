"""What the contracts share: a day to speak about, and how they say what they expect. Read `repositories` next.

An expectation is a call instead of an `assert`: it holds under `python -O`, and says what it got without the help of a
test framework.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any, Final, TypeVar

from slotcalc.booking import Booking, Slot
from slotcalc.diff import AuditEvent, diff
from slotcalc.diff.changes import event_id
from slotcalc.intervals import Interval
from slotcalc.repository import Describe, Replaced

__all__ = [
    "DAY",
    "ODD_NAMES",
    "TUTOR",
    "at",
    "booking",
    "described",
    "event",
    "expect_equal",
    "expect_error",
    "expect_held",
    "hours",
    "slot",
    "together",
]

DAY: Final = datetime(2026, 3, 2, tzinfo=UTC)
TUTOR: Final = "tutor-1"
ODD_NAMES: Final = (
    "tutor-1",
    "tutor-10",
    "tutor-",
    "Tutor-1",
    "tutor_1",
    "tutor%1",
    " tutor-1",
    "tutor-1 ",
    "tutör-1",
    "tuto\u0308r-1",
    "导师-1",
    "🎻",
    "o'neil",
    'say "hi"',
    "back\\slash",
    "a/b?c=d&e#f",
    "line\nbreak",
    "tutor-1'; DROP TABLE slots; --",
    "NULL",
    "1",
    "01",
)
"""Names that a careless store takes for one another, or for something else than a name."""

_PATIENCE: Final = 60.0  # seconds after which a call that has not come back counts as stuck

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)


def at(hour: float) -> datetime:
    """Return that hour of the day, which may be the next."""
    return DAY + timedelta(hours=hour)


def hours(start: float, end: float) -> Interval[datetime]:
    """Return the time between two hours of the day."""
    return Interval(at(start), at(end))


def slot(start: float, end: float, resource_id: str = TUTOR, **fields: Any) -> Slot:
    """Return a slot between two hours of the day."""
    return Slot(resource_id, hours(start, end), **fields)


def booking(id: str, start: float, end: float, resource_id: str = TUTOR, **fields: Any) -> Booking:
    """Return a booking between two hours of the day."""
    return Booking(resource_id, hours(start, end), id=id, **fields)


def event(
    revision: int,
    start: float = 9,
    end: float = 10,
    *,
    resource_id: str = TUTOR,
    action: str = "added",
    ordinal: int = 0,
    **fields: Any,
) -> AuditEvent:
    """Return an event of a revision, made by Ada in the minute of that number unless the fields say otherwise."""
    change_id = f"{resource_id}@{revision}"
    made: dict[str, Any] = {"changed_at": at(revision / 60), "changed_by": "ada", "id": event_id(change_id, ordinal)}
    made |= fields
    return AuditEvent(
        resource_id, action, hours(start, end), change_id=change_id, revision=revision, ordinal=ordinal, **made
    )


def described(change_id: str, resource_id: str = TUTOR) -> Describe:
    """Return a `Describe` that gives the events of an edit of that name."""

    def describe(replaced: Replaced) -> tuple[AuditEvent, ...]:
        return diff(
            replaced.before,
            replaced.after,
            resource_id=resource_id,
            changed_at=DAY,
            changed_by="ada",
            change_id=change_id,
            revision=replaced.revision,
        )

    return describe


def expect_equal(got: object, wanted: object, what: str = "the answer") -> None:
    """Raise `AssertionError` unless the two are equal."""
    __tracebackhide__ = True  # pytest shows the line that expected something
    if got != wanted:
        raise AssertionError(f"{what} should be\n    {wanted!r}\nbut is\n    {got!r}")


def expect_held(got: Sequence[Slot] | Sequence[Booking], wanted: Iterable[Slot] | Iterable[Booking]) -> None:
    """Raise `AssertionError` unless these slots or bookings are there, in order of their start, and no others."""
    __tracebackhide__ = True
    starts = [item.interval.start for item in got]
    expect_equal(starts, sorted(starts), "the order of the starts")
    expect_equal(sorted(got, key=repr), sorted(wanted, key=repr), "what is there")


def expect_error(error: type[E], call: Callable[..., object], *args: Any, **options: Any) -> E:
    """Return the error that the call raises; raise `AssertionError` if it raises none."""
    __tracebackhide__ = True
    try:
        answer = call(*args, **options)
    except error as raised:
        return raised
    raise AssertionError(f"the call should raise {error.__name__} but returns\n    {answer!r}")


def together(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Return what the calls return, each made on a thread of its own, all at once; raise the first error of any."""
    listed = [*calls]
    ready = Barrier(len(listed))
    answers: dict[int, T] = {}
    errors: list[BaseException] = []

    def run(number: int) -> None:
        ready.wait()
        try:
            answers[number] = listed[number]()
        except BaseException as error:  # noqa: BLE001  # raised again below, on the thread that asked
            errors.append(error)

    threads = [Thread(target=run, args=(number,), daemon=True) for number in range(len(listed))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    if errors:
        raise errors[0]
    expect_equal(len(answers), len(listed), f"the number of calls that came back within {_PATIENCE:g} s")
    return [answers[number] for number in range(len(listed))]
