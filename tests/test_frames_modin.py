"""Frames of Modin are answered in Modin's own kind, and as the pure algebra answers resource by resource."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.frames import need_frames

need_frames()

import pandas as pd

from slotcalc import Coverage, IntervalSet, frames
from tests.engines import Row, by_resource, each, free_by_algebra, random_fleet
from tests.optional import module_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Modin says where it hands work to pandas, and which version of it it was made for.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:modin", "ignore::FutureWarning:modin")

FLEET = random_fleet(40)
KEY = Row._fields[0]


@pytest.fixture(scope="module")
def modin() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODIN_ENGINE", "python")  # within this process
        yield module_of("spark-test", "modin.pandas")


def table(library: Any, rows: Sequence[Row]) -> Any:
    """Return rows as a frame of Modin or pandas, the times in a zone."""
    made = library.DataFrame([tuple(row) for row in rows], columns=list(Row._fields))
    return made.assign(**{name: made[name].dt.tz_convert("Europe/Berlin") for name in ("start", "end")})


def rows_of(frame: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a frame in order; those of Modin by way of pandas, since it takes a millisecond for each."""
    made = frame if isinstance(frame, pd.DataFrame) else frame.modin.to_pandas()
    return sorted(made.itertuples(index=False, name=None))


def test_free_time_is_that_of_the_algebra_in_frames_of_modin(modin: Any) -> None:
    slots, bookings = table(modin, FLEET.slots), table(modin, FLEET.bookings)
    answer = frames.free(slots, bookings, by=KEY)
    assert type(answer) is modin.DataFrame
    assert answer.dtypes.to_dict() == slots[[KEY, "start", "end"]].dtypes.to_dict()
    assert rows_of(answer) == free_by_algebra(FLEET, capacity=False)
    options: dict[str, Any] = {"after": timedelta(minutes=45), "seats": 2}
    answer = frames.free(slots, bookings, by=KEY, capacity="seats", taken="seats", **options)
    assert rows_of(answer) == free_by_algebra(FLEET, capacity=True, **options)


def test_the_other_questions_are_answered_as_the_algebra_does(modin: Any) -> None:
    slots, bookings = table(modin, FLEET.slots), table(modin, FLEET.bookings)
    taken = by_resource(FLEET.bookings)
    assert rows_of(frames.merge(bookings, by=KEY)) == each(FLEET.bookings, IntervalSet)
    assert rows_of(frames.gaps(bookings, by=KEY)) == each(FLEET.bookings, lambda own: IntervalSet(own).gaps())
    assert rows_of(frames.at_least(bookings, 2, by=KEY)) == each(FLEET.bookings, lambda own: Coverage(own).at_least(2))
    assert rows_of(frames.coverage(bookings, by=KEY)) == [
        (resource, piece.start, piece.end, depth)
        for resource, own in sorted(taken.items())
        for piece, depth in Coverage([row[1:3] for row in own]).segments()
    ]
    assert rows_of(frames.intersect(slots, bookings, by=KEY)) == [
        (resource, piece.start, piece.end)
        for resource, own in sorted(by_resource(FLEET.slots).items())
        for piece in IntervalSet([row[1:3] for row in own]) & IntervalSet([row[1:3] for row in taken[resource]])
    ]
    assert frames.by_key(bookings, by=KEY) == {
        resource: IntervalSet([row[1:3] for row in own]) for resource, own in taken.items() if own
    }


def test_starts_and_pairs_are_those_of_pandas(modin: Any) -> None:
    def answers(library: Any) -> list[list[tuple[Any, ...]]]:
        slots, bookings = table(library, FLEET.slots), table(library, FLEET.bookings)
        begin = frames.starts(slots, timedelta(minutes=40), by=KEY, zone="Europe/Berlin")
        pairs = frames.overlaps_join(slots, bookings, by=KEY)
        assert type(begin) is type(pairs) is library.DataFrame
        return [rows_of(begin), rows_of(pairs)]

    assert answers(modin) == answers(pd)
