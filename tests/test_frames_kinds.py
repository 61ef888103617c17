"""Frames keep their kind: libraries, data types, resolutions, zones and keys; and what means nothing is refused."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from slotcalc import IntervalError, IntervalSet, LimitExceededError, MissingExtraError, PointTypeError, PointValueError
from tests.frames import LIBRARIES, frame_of, frame_of_rows, need_frames, rows_of

need_frames()

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from slotcalc import frames

DAY = datetime(2026, 3, 29, tzinfo=UTC)  # the clocks of Europe change
HOURS = [DAY + timedelta(hours=hour) for hour in range(24)]
UNITS = ("s", "ms", "us", "ns")


def instants(library: str, unit: str, zone: str | None, hours: list[int]) -> Any:
    """Return a column of hours of a day in a library, resolution and zone."""
    naive = np.array([HOURS[hour].replace(tzinfo=None) for hour in hours], f"datetime64[{unit}]")
    if library == "pandas":
        series = pd.Series(naive)
        return series if zone is None else series.dt.tz_localize("UTC").dt.tz_convert(zone)
    if library == "polars":
        column = pl.Series(naive)
        return column if zone is None else column.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    return pa.array(naive).cast(pa.timestamp(unit)).cast(pa.timestamp(unit, zone) if zone else pa.timestamp(unit))


def table(library: str, unit: str, zone: str | None, pairs: list[tuple[int, int]]) -> Any:
    return frame_of(
        library,
        {
            "room": ["a"] * len(pairs),
            "start": instants(library, unit, zone, [start for start, _ in pairs]),
            "end": instants(library, unit, zone, [end for _, end in pairs]),
        },
    )


def schema(frame: Any) -> Any:
    """Return the library's own data types of the columns."""
    return frame.schema if not isinstance(frame, pd.DataFrame) else frame.dtypes.to_dict()


RESOLUTIONS = [(library, unit) for library in LIBRARIES for unit in UNITS if (library, unit) != ("polars", "s")]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
@pytest.mark.parametrize("library, unit", RESOLUTIONS)
def test_resolution_and_zone_are_kept(library: str, unit: str, zone: str | None) -> None:
    slots, bookings = table(library, unit, zone, [(0, 9), (12, 20)]), table(library, unit, zone, [(1, 2), (8, 13)])
    for answer in (frames.free(slots, bookings, by="room"), frames.merge(slots, by="room")):
        assert type(answer) is type(slots)
        assert schema(answer) == schema(slots)
    free = frames.free(slots, bookings, by="room", after=timedelta(hours=1))
    shown = [HOURS[hour] if zone else HOURS[hour].replace(tzinfo=None) for hour in (0, 1, 3, 8, 14, 20)]
    assert [point for _, *pair in rows_of(free) for point in pair] == shown


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_finest_resolution_and_the_zone_of_the_first_frame_win(library: str) -> None:
    slots, bookings = table(library, "ms", "Asia/Tokyo", [(0, 9)]), table(library, "ns", "UTC", [(1, 2)])
    answer = nw.from_native(frames.free(slots, bookings, by="room"), eager_only=True)
    assert answer.schema["start"] == nw.Datetime("ns", "Asia/Tokyo")
    finer = frames.free(slots, table(library, "ms", "UTC", [(1, 2)]), by="room", before=timedelta(microseconds=1))
    answer = nw.from_native(finer, eager_only=True)
    assert answer.schema["end"] == nw.Datetime("us", "Asia/Tokyo")
    assert answer["end"].to_list() == [HOURS[1] - timedelta(microseconds=1), HOURS[9]]


def test_pandas_keeps_data_types_that_narwhals_does_not_tell_apart() -> None:
    zone = timezone(timedelta(hours=2))
    frame = pd.DataFrame(
        {
            "room": pd.Series([1, 1], dtype="Int64"),
            "start": pd.Series(HOURS[:2], dtype="timestamp[us, UTC][pyarrow]"),
            "end": pd.Series(HOURS[2:4]).dt.tz_convert(zone).dt.as_unit("us"),
        },
    ).set_axis([7, 7])
    answer = frames.merge(frame, by="room")
    assert schema(answer) == schema(frame)
    assert answer.index.tolist() == [0]
    categories = frame.assign(room=pd.Categorical(["b", "b"], ["a", "b"], ordered=True))
    assert schema(frames.merge(categories, by="room")) == schema(categories)


@pytest.mark.parametrize("dtype", ["int8", "uint16", "Int64", "int64[pyarrow]"])
def test_points_may_be_integers_of_any_width(dtype: str) -> None:
    frame = pd.DataFrame({"start": [1, 2], "end": [2, 120]}, dtype=dtype)
    answer = frames.merge(frame, by=())
    assert schema(answer) == schema(frame)
    assert rows_of(answer) == [(1, 120)]


@pytest.mark.parametrize("library", LIBRARIES)
def test_points_may_be_dates(library: str) -> None:
    days = [date(2026, 3, day) for day in (1, 3, 9)]
    columns: dict[str, Any] = {"room": ["a", "a"], "start": days[:2], "end": days[1:]}
    if library == "pandas":
        columns |= {name: pd.Series(columns[name], dtype="date32[pyarrow]") for name in ("start", "end")}
    frame = frame_of(library, columns)
    answer = frames.free(frame, frame_of(library, columns), by="room", before=timedelta(days=1))
    assert rows_of(answer) == []
    assert rows_of(frames.merge(frame, by="room")) == [("a", days[0], days[2])]
    assert schema(frames.merge(frame, by="room")) == schema(frame)
    with pytest.raises(PointValueError, match=r"before=.* is no whole number of days"):
        frames.free(frame, frame, by="room", before=timedelta(hours=1))


KEYS: dict[str, list[Any]] = {
    "texts": ["b", "a", "b"],
    "bools": [True, False, True],
    "dates": [date(2026, 1, 2), date(2026, 1, 1), date(2026, 1, 2)],
    "sparse integers": [-(2**62), 2**62, -(2**62)],
    "unsigned integers": list(np.array([2**64 - 1, 1, 2**64 - 1], np.uint64)),
    "floats": [0.5, 1.5, 0.5],
    "decimals": [Decimal("1.5"), Decimal("2.5"), Decimal("1.5")],
}


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_keys_may_be_of_any_kind(library: str, keys: list[Any]) -> None:
    frame = frame_of(library, {"key": keys, "start": [3, 1, 2], "end": [4, 2, 3]})
    for by in ("key", ["key"]):
        answer = frames.merge(frame, by=by)
        assert schema(answer) == schema(frame)
        assert sorted(rows_of(answer)) == sorted([(keys[0], 2, 4), (keys[1], 1, 2)])


@pytest.mark.parametrize("library", LIBRARIES)
def test_several_columns_name_a_resource_together(library: str) -> None:
    columns: dict[str, list[Any]] = {"house": ["x", "x", "y"], "room": [1, 2, 1], "from": [1, 1, 1], "to": [9, 9, 9]}
    bookings: dict[str, list[Any]] = {
        "room": [1, 2, 1],
        "house": ["x", "y", "y"],
        "from": [0, 1, 5],
        "to": [5, 9, 6],
        "who": ["a", "b", "c"],
    }
    answer = frames.free(
        frame_of(library, columns), frame_of(library, bookings), by=["house", "room"], start="from", end="to"
    )
    assert sorted(rows_of(answer)) == [("x", 1, 5, 9), ("x", 2, 1, 9), ("y", 1, 1, 5), ("y", 1, 6, 9)]


def test_tuples_and_other_hashable_objects_are_keys_in_pandas() -> None:
    frame = pd.DataFrame({"key": [("x", 1), ("x", 2), ("x", 1)], "start": [1, 1, 2], "end": [2, 2, 3]})
    assert sorted(rows_of(frames.merge(frame, by="key"))) == [(("x", 1), 1, 3), (("x", 2), 1, 2)]


def test_categories_and_dictionaries_meet_plain_text() -> None:
    text = {"key": ["a", "b", "a"], "start": [1, 1, 5], "end": [9, 9, 6]}
    slots: Any
    for slots, bookings in (
        (pd.DataFrame(text).astype({"key": "category"}), pd.DataFrame(text)),
        (pl.DataFrame(text).cast({"key": pl.Categorical}), pl.DataFrame(text).cast({"key": pl.Enum(["b", "a"])})),
        (pa.table({**text, "key": pa.array(text["key"]).dictionary_encode()}), pa.table(text)),
    ):
        answer = frames.intersect(slots, bookings, by="key")
        assert schema(answer) == schema(slots)
        assert sorted(rows_of(answer)) == [("a", 1, 9), ("b", 1, 9)]


def test_empty_frames_need_no_data_types() -> None:
    full = frame_of_rows("pandas", [("a", 1, 2)], "room", "start", "end")
    empty = pd.DataFrame({"room": [], "start": [], "end": []})
    assert rows_of(frames.free(full, empty, by="room")) == [("a", 1, 2)]
    assert rows_of(frames.free(empty, full, by="room")) == []
    assert rows_of(frames.free(empty, empty, by="room")) == []
    assert rows_of(frames.coverage(empty, by=["room"])) == []
    seats = full.assign(seats=3)
    assert rows_of(frames.free(seats, empty.assign(seats=[]), by="room", capacity="seats", taken="seats")) != []


def test_frames_of_narwhals_come_back_as_such() -> None:
    frame = nw.from_native(pl.DataFrame({"start": [1], "end": [2]}))
    assert isinstance(frames.merge(frame, by=()), nw.DataFrame)


class Capsule:
    """A table of a library that nobody knows, which offers Arrow's stream."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._table = pa.table(columns)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def test_arrow_streams_become_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    answer: object = frames.merge(Capsule({"start": [1, 2], "end": [2, 3]}), by=())
    assert isinstance(answer, pa.Table)
    assert rows_of(answer) == [(1, 3)]

    def nothing(*_: object, **__: object) -> None:
        raise ImportError

    monkeypatch.setattr(nw, "from_arrow", nothing)
    with pytest.raises(MissingExtraError, match="pip install pyarrow"):
        frames.merge(Capsule({"start": [1], "end": [2]}), by=())


@pytest.mark.parametrize("absent", ["narwhals", "numpy"])
def test_without_a_library_of_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.delitem(sys.modules, "slotcalc.frames")
    with pytest.raises(MissingExtraError, match=rf"data frames need {absent}: pip install 'slotcalc\[frames\]'"):
        import_module("slotcalc.frames")


def merged(columns: dict[str, Any], **options: Any) -> Any:
    return frames.merge(frame_of("polars", columns), by="room", **options)


@pytest.mark.parametrize("library", LIBRARIES)
def test_nulls_are_refused_with_their_number_and_the_first(library: str) -> None:
    for name in ("room", "start", "end"):
        columns: dict[str, list[Any]] = {"room": ["a", "b", "c"], "start": [HOURS[1]] * 3, "end": [HOURS[2]] * 3}
        columns[name][1] = None
        with pytest.raises(
            PointValueError, match=f"the frame has 1 of 3 rows without '{name}'.*the first is "
        ) as refused:
            frames.merge(frame_of(library, columns), by="room")
        assert refused.value.args[1:] == (1, name)
    with pytest.raises(PointValueError, match=r"2 of 2 rows without 'start'"):
        frames.merge(frame_of(library, {"start": [None, None], "end": [1, 2]}), by=())


def test_nan_is_null() -> None:
    with pytest.raises(PointValueError, match=r"1 of 2 rows without 'start'.*start=nan, end=3"):
        merged({"room": ["a", "b"], "start": [1.0, float("nan")], "end": [2, 3]})
    with pytest.raises(PointValueError, match="1 of 2 rows without 'room'"):
        merged({"room": [1.0, float("nan")], "start": [1, 2], "end": [2, 3]})


def test_reversed_and_empty_rows_are_refused_with_their_number_and_the_first() -> None:
    with pytest.raises(
        IntervalError, match=r"has 2 of 3 rows whose 'start' is not before .* room=b, start=2, end=2$"
    ) as no:
        merged({"room": ["a", "b", "c"], "start": [1, 2, 4], "end": [2, 2, 3]})
    assert no.value.args[1:] == (2,)


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "floats": ({"room": [1], "start": [1.5], "end": [2.5]}, PointTypeError, "'start' of the frame is Float64"),
    "text": ({"room": [1], "start": ["9"], "end": ["10"]}, PointTypeError, "datetimes, dates or integers; cast"),
    "mixed kinds": (
        {"room": [1], "start": [HOURS[0].replace(tzinfo=None)], "end": [HOURS[1]]},
        PointTypeError,
        "'start' of the frame is a column of naive datetimes and 'end' of the frame of instants",
    ),
    "no column": ({"room": [1], "start": [1]}, PointTypeError, "there is no column 'end', only 'room', 'start'"),
    "large numbers": ({"room": [1], "start": [1], "end": [2**63]}, PointValueError, "2\\*\\*63 and more"),
    "far apart": ({"room": [1, 2], "start": [-(2**62), 2**62], "end": [0, 2**62 + 1]}, PointValueError, "units apart"),
}


@pytest.mark.parametrize("columns, error, text", REFUSED.values(), ids=REFUSED)
def test_what_has_no_place_on_the_line_is_refused(columns: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        merged(columns)


def test_instants_that_a_finer_resolution_cannot_count_are_refused() -> None:
    far = pl.DataFrame({"start": [datetime(1, 1, 1, tzinfo=UTC)], "end": [datetime(2, 1, 1, tzinfo=UTC)]})
    near = far.select(pl.lit(DAY).alias("start"), pl.lit(HOURS[1]).alias("end")).cast(pl.Datetime("ns", "UTC"))
    with pytest.raises(PointValueError, match="'start' of left has instants too far from 1970 to be counted in ns"):
        frames.intersect(far, near, by=())


def test_seats_are_whole_numbers_of_one_and_more() -> None:
    slots = pl.DataFrame({"start": [1, 2], "end": [2, 3], "seats": [1, 0], "half": [1.5, 1.0], "none": [1, None]})
    with pytest.raises(PointValueError, match=r"slots has 1 of 2 rows whose 'seats' is less than 1 seat: .* seats=0"):
        frames.free(slots, slots, by=(), capacity="seats")
    with pytest.raises(PointTypeError, match="'half' of bookings is Float64, and seats are whole numbers"):
        frames.free(slots, slots, by=(), taken="half")
    with pytest.raises(PointValueError, match="without 'none'"):
        frames.free(slots, slots, by=(), capacity="none")
    with pytest.raises(PointValueError, match="seats=0 is less than 1"):
        frames.free(slots, slots, by=(), seats=0)
    assert rows_of(frames.free(slots, slots, by=(), seats=2)) == []


def test_buffers_go_with_the_points() -> None:
    frame = pl.DataFrame({"start": [1], "end": [2]})
    times = pl.DataFrame({"start": [DAY], "end": [HOURS[1]]})
    with pytest.raises(IntervalError, match="before=-1 is negative"):
        frames.free(frame, frame, by=(), before=-1)
    with pytest.raises(PointTypeError, match=r"after=datetime.timedelta.* integer columns need a whole number"):
        frames.free(frame, frame, by=(), after=timedelta(1))
    with pytest.raises(PointTypeError, match="before=5 is no length; instant columns need a timedelta"):
        frames.free(times, times, by=(), before=5)
    with pytest.raises(PointValueError, match=r"before=.* is 2\*\*62 us or more"):
        frames.free(times, times, by=(), before=timedelta.max)
    later = pl.DataFrame({"start": [HOURS[5]], "end": [HOURS[6]]})
    longest = timedelta(days=365 * 100)
    assert rows_of(frames.free(times, later, by=(), before=longest, after=longest)) == []
    assert rows_of(frames.free(times, later, by=(), after=longest)) == [(DAY, HOURS[1])]
    wide = pl.DataFrame({"start": [2**62], "end": [2**62 + 9]})
    near = pl.DataFrame({"start": [2**62 + 3], "end": [2**62 + 4]})
    assert rows_of(frames.free(wide, near, by=(), before=2**62 - 1)) == [(2**62 + 4, 2**62 + 9)]


def test_bookings_may_reach_as_far_as_there_are_numbers() -> None:
    far = 2**63 - 1
    for low, high in ((9, 17), (-(2**62), 2**62 - 1), (-far, -1)):
        slots = pl.DataFrame({"start": [low], "end": [high]})
        for start, end in ((low + 1, far), (-far, high - 1), (-far, 1 - far), (far - 1, far)):
            bookings = pl.DataFrame({"start": [start], "end": [end]})
            expected = (IntervalSet([(low, high)]) - IntervalSet([(start - 3, end + 3)])).pairs()
            assert rows_of(frames.free(slots, bookings, by=(), before=3, after=3)) == expected


def test_pandas_counts_nanoseconds_in_lengths() -> None:
    slots, bookings = table("pandas", "ns", "UTC", [(0, 2)]), table("pandas", "ns", "UTC", [(1, 2)])
    free = frames.free(slots, bookings, by="room", before=pd.Timedelta(1, "ns"))
    assert free["end"].tolist() == [pd.Timestamp(HOURS[1]) - pd.Timedelta(1, "ns")]
    coarse = table("pandas", "s", "UTC", [(0, 2)])
    assert (
        str(frames.free(coarse, coarse, by="room", after=pd.Timedelta(1, "ns"))["end"].dtype) == "datetime64[ns, UTC]"
    )


def test_frames_of_two_libraries_or_kinds_are_not_asked_together() -> None:
    frame = {"start": [1], "end": [2]}
    with pytest.raises(PointTypeError, match=r"two kinds \(polars and pandas\)"):
        frames.intersect(pl.DataFrame(frame), pd.DataFrame(frame), by=())
    with pytest.raises(PointTypeError, match=r"two kinds \(polars and lazy polars\)"):
        frames.free(pl.DataFrame(frame), pl.LazyFrame(frame), by=())
    with pytest.raises(PointTypeError, match=r"overlaps_join answers about frames in memory.*\.collect\(\)"):
        frames.overlaps_join(pl.LazyFrame(frame), pl.LazyFrame(frame), by=())
    with pytest.raises(PointTypeError, match=r"\[1\] is no data frame"):
        frames.merge([1], by=())
    with pytest.raises(PointTypeError, match="the key 'room' is Int64 in left and String in right"):
        frames.intersect(pl.DataFrame({"room": [1], **frame}), pl.DataFrame({"room": ["1"], **frame}), by="room")


def test_columns_have_one_meaning_each() -> None:
    frame = pl.DataFrame({"start": [1], "end": [2]})
    with pytest.raises(PointTypeError, match="the columns 'start', 'start', 'end' are not distinct"):
        frames.merge(frame, by="start")
    with pytest.raises(PointTypeError, match="5 is no name of a column"):
        frames.merge(frame, by=[5])  # type: ignore[list-item]  # what the checker refuses, too
    with pytest.raises(PointTypeError, match="not distinct"):
        frames.coverage(frame.with_columns(depth=1), by="depth")


def test_a_join_that_would_be_too_large_is_refused_before_it_is_made() -> None:
    frame = pl.DataFrame({"start": [1] * 1000, "end": [2] * 1000})
    with pytest.raises(LimitExceededError, match="1000000 is more than the limit of 999999 rows"):
        frames.overlaps_join(frame, frame, by=(), limits=frames.FLEET_LIMITS.replace(rows=999_999))


def test_columns_of_the_right_are_renamed_where_a_name_is_taken() -> None:
    left = pl.DataFrame({"room": [1], "start": [1], "end": [3], "who": ["a"]})
    joined = frames.overlaps_join(left, left.with_columns(more=1), by="room", suffix="2")
    assert joined.columns == ["room", "start", "end", "who", "start2", "end2", "who2", "more"]


def test_zones_with_equal_instants_do_not_differ() -> None:
    one, other = table("polars", "us", "Asia/Tokyo", [(0, 9)]), table("polars", "us", "Europe/Berlin", [(0, 9)])
    assert rows_of(frames.free(one, other, by="room")) == []
    answer = frames.merge(other, by="room")
    assert answer["end"][0] == HOURS[9].astimezone(ZoneInfo("Europe/Berlin"))
