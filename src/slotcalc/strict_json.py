"""JSON as RFC 8259 has it. Python's `json` alone takes NaN, makes 1e400 infinite, and forgets the first of equal names.

Imports only `errors`; read `files` and `diff.documents` next, which say what their JSON has to hold.
"""

import json
from math import isfinite
from typing import Any

from slotcalc.errors import ParseError

__all__ = ["loads"]


def loads(text: str) -> Any:  # whatever the text holds
    """Return the value that the text holds.

    Raises:
        ParseError: for what is no JSON, says where; for a name that is twice in one object, a number that is not
            finite, and nesting or digits beyond what Python reads.

    >>> loads('{"start": 1, "start": 2}')
    Traceback (most recent call last):
    slotcalc.errors.ParseError: the name 'start' is twice in one object; drop one of them
    """
    try:
        return json.loads(text, object_pairs_hook=_without_twins, parse_float=_finite, parse_constant=_finite)
    except ParseError:
        raise
    except json.JSONDecodeError as error:
        raise ParseError(f"line {error.lineno}, column {error.colno}: it is no JSON: {error.msg}", text) from None
    except (RecursionError, ValueError) as error:  # nested too deeply; a whole number of thousands of digits
        raise ParseError(f"it is no JSON that can be read: {error}", text) from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ParseError(f"the name {twin!r:.80} is twice in one object; drop one of them", twin)
    return made


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ParseError(f"{text:.80} is no number that JSON has; give a finite one", text)
    return number
