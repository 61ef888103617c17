"""Recurrence rules that Hypothesis makes up, for all tests that ask what they mean."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

SPAN = {
    "YEARLY": timedelta(days=4000),
    "MONTHLY": timedelta(days=1200),
    "WEEKLY": timedelta(days=500),
    "DAILY": timedelta(days=400),
    "HOURLY": timedelta(days=20),
    "MINUTELY": timedelta(days=1),
    "SECONDLY": timedelta(minutes=20),
}
"""How long a rule is followed: so that there is something to compare, and no more."""


def numbers(least: int, greatest: int, *, signed: bool = False) -> st.SearchStrategy[str]:
    one = st.integers(least, greatest)
    if signed:
        one = one.flatmap(lambda number: st.sampled_from([number, -number]))
    return st.lists(one, min_size=1, max_size=4).map(lambda chosen: ",".join(map(str, chosen)))


@st.composite
def rrules(draw: st.DrawFn) -> str:
    """Rules of all frequencies and parts that RFC 5545 allows and dateutil reads as it says.

    Left out are weekdays with a number beside some without (dateutil wants both to hold, where the RFC means either),
    and weeks without a day (dateutil takes all seven, where the RFC takes that of DTSTART).
    """
    frequency = draw(st.sampled_from(list(SPAN)))
    fine = frequency in {"HOURLY", "MINUTELY", "SECONDLY"}
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.sampled_from([1, 1, 1, 2, 3, 5, 25]))}"]
    weeks = frequency == "YEARLY" and draw(st.integers(0, 5)) == 0
    if weeks:
        parts.append(f"BYWEEKNO={draw(numbers(1, 53, signed=True))}")
    if weeks or draw(st.integers(0, 2)) == 0:
        counted = frequency in {"YEARLY", "MONTHLY"} and not weeks and draw(st.booleans())
        which = st.sampled_from([1, 2, 3, 5, -1, -2, -5] if frequency == "MONTHLY" else [1, 2, 10, 53, -1, -30])
        names = draw(st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, max_size=3))
        parts.append("BYDAY=" + ",".join(f"{draw(which) if counted else ''}{name}" for name in names))
    for name, values, fits in (
        ("BYMONTH", numbers(1, 12), True),
        ("BYMONTHDAY", numbers(1, 31, signed=True), frequency != "WEEKLY"),
        ("BYYEARDAY", numbers(1, 366, signed=True), frequency == "YEARLY" or fine),
        ("BYHOUR", numbers(0, 23), True),
        ("BYMINUTE", numbers(0, 59), True),
        ("BYSECOND", numbers(0, 59), True),
    ):
        if fits and draw(st.integers(0, 4)) == 0:
            parts.append(f"{name}={draw(values)}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(['MO', 'SU', 'TH']))}")
    if len(parts) > 3 and any(part.startswith("BY") for part in parts) and draw(st.integers(0, 3)) == 0:
        parts.append(f"BYSETPOS={draw(numbers(1, 4, signed=True))}")
    if draw(st.integers(0, 2)) == 0:
        parts.append(f"COUNT={draw(st.integers(1, 12))}")
    return ";".join(parts)
