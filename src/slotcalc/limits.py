"""The one value that bounds what outside input may cost; imports nothing but `errors` and `values`.

Readers and expanders check these bounds before they expand anything, so that no file, rule or window can hang the
process or exhaust its memory. Read `files` and `ical` next to see where they are applied.
"""

from datetime import timedelta
from typing import Any, Final, final

from slotcalc.errors import LimitExceededError, PointTypeError
from slotcalc.values import Value

__all__ = ["DEFAULT_LIMITS", "Limits", "Steps"]


@final
class Limits(Value):
    """How much outside input may ask for; every field has a safe default.

    Args:
        window: the longest window that recurring time is expanded in.
        occurrences: the most occurrences that one call may yield.
        steps: the most candidate dates or times that one call may walk through.
        input_bytes: the largest file or text that is read.
        rows: the most rows, events, exception dates or list items that one input may hold.
        text: the longest single text value, in characters.

    >>> Limits(occurrences=500)
    Limits(occurrences=500)
    """

    __slots__ = ("input_bytes", "occurrences", "rows", "steps", "text", "window")
    __match_args__ = ("window", "occurrences", "steps", "input_bytes", "rows", "text")

    window: timedelta
    occurrences: int
    steps: int
    input_bytes: int
    rows: int
    text: int

    def __init__(
        self,
        *,
        window: timedelta = timedelta(days=366 * 50),
        occurrences: int = 200_000,
        steps: int = 2_000_000,
        input_bytes: int = 64 * 1024 * 1024,
        rows: int = 1_000_000,
        text: int = 10_000,
    ) -> None:
        """Set the bounds; the defaults are far above what calendars hold and far below what hurts."""
        counts: dict[str, Any] = {
            "occurrences": occurrences,
            "steps": steps,
            "input_bytes": input_bytes,
            "rows": rows,
            "text": text,
        }
        for name, count in counts.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise PointTypeError(f"{name}={count!r:.80} is not a whole number of 0 or more", count)
        longest: object = window
        if not isinstance(longest, timedelta):
            raise PointTypeError(f"window={window!r:.80} is no timedelta", window)
        self._set(window=window, **counts)

    def check(self, field: str, asked: object) -> None:
        """Raise `LimitExceededError` if `asked` is more than the named field allows.

        >>> Limits(rows=2).check("rows", 3)
        Traceback (most recent call last):
        slotcalc.errors.LimitExceededError: 3 is more than the limit of 2 rows; pass limits=Limits(rows=…) to allow more
        """
        allowed = getattr(self, field)
        if asked > allowed:
            noun = field.replace("_", " ")
            message = f"{asked} is more than the limit of {allowed} {noun}; pass limits=Limits({field}=…) to allow more"
            raise LimitExceededError(message, asked, allowed)


class Steps:
    """What one call has walked through so far, against `Limits.steps`."""

    def __init__(self, limits: Limits) -> None:
        """Begin at nought."""
        self._limits = limits
        self._taken = 0

    def take(self, count: int) -> None:
        """Count some more; raise `LimitExceededError` if they are too many."""
        self._taken += count
        if self._taken > self._limits.steps:
            self._limits.check("steps", self._taken)


DEFAULT_LIMITS: Final = Limits()
