"""Which columns of a frame are keys and which are points. Imports no third party; read `kernel` next."""

from collections.abc import Sequence
from typing import Final, TypeAlias, final

from slotcalc.errors import PointTypeError
from slotcalc.limits import Limits
from slotcalc.values import Value

__all__ = ["FLEET_LIMITS", "Columns", "Keys"]

Keys: TypeAlias = str | Sequence[str]

FLEET_LIMITS: Final = Limits(rows=100_000_000)
"""How many rows an answer may have that is larger than what is asked about, unless the caller says otherwise."""


@final
class Columns(Value):
    """The names of the columns that say whose an interval is and when it is.

    Args:
        by: the key columns, which together name a resource; none of them if the frame is about one resource.
        start: the column of the starts.
        end: the column of the ends.

    >>> Columns(("tutor",), "start", "end").names
    ('tutor', 'start', 'end')
    """

    __slots__ = ("by", "end", "start")
    __match_args__ = ("by", "start", "end")
    _positional = 3

    by: tuple[str, ...]
    start: str
    end: str

    def __init__(self, by: Keys, start: str, end: str) -> None:
        """Take one name of a key column, or several."""
        keys = (by,) if isinstance(by, str) else tuple(by)
        for name in (*keys, start, end):
            if not isinstance(name, str):
                raise PointTypeError(f"{name!r:.80} is no name of a column", name)
        if len({*keys, start, end}) < len(keys) + 2:
            named = ", ".join(map(repr, (*keys, start, end)))
            raise PointTypeError(f"the columns {named} are not distinct; each has one meaning", *keys, start, end)
        self._set(by=keys, start=start, end=end)

    @property
    def names(self) -> tuple[str, ...]:
        """All the columns, keys first."""
        return (*self.by, self.start, self.end)
