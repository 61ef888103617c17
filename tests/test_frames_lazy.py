"""Lazy frames of Polars, DuckDB and Ibis: each engine runs the plan itself and agrees with the pure algebra."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import combinations, count
from typing import TYPE_CHECKING, Any

from tests.frames import need_frames

need_frames()

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc.errors import IntervalError, PointTypeError, PointValueError
from slotcalc.frames import lazy
from slotcalc.frames.columns import Columns
from tests.engines import (
    COLUMNS,
    EVENING,
    HALF_HOUR,
    QUESTIONS,
    Engine,
    Fleet,
    Row,
    answered,
    free_by_algebra,
    from_parquet_to_parquet,
    table,
)
from tests.optional import module_of

if TYPE_CHECKING:
    from pathlib import Path

# Ibis calls what DuckDB has given a new name.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def of_polars() -> Engine:
    return lambda rows: nw.from_native(pl.LazyFrame(pl.from_arrow(rows)))


def of_duckdb() -> Engine:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Europe/Berlin'")
    return lambda rows: nw.from_native(connection.from_arrow(rows))


def of_ibis() -> Engine:
    backend = module_of("spark-test", "ibis").duckdb.connect()
    backend.con.execute("SET TimeZone = 'Europe/Berlin'")
    numbers = count()

    def engine(rows: Any) -> Any:
        name = f"rows{next(numbers)}"
        backend.con.register(name, rows)
        return nw.from_native(backend.table(name))

    return engine


ENGINES = {"polars": of_polars, "duckdb": of_duckdb, "ibis": of_ibis}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]()


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_engine_agrees_with_the_algebra(engine: Engine, question: str) -> None:
    got, wanted = QUESTIONS[question](engine)
    assert got == wanted


seats = st.integers(1, 3)


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Two resources on a tiny universe, where ends touch and coincide more often than not."""
    instants = st.sampled_from(list(combinations(range(6), 2)))
    row = st.builds(
        lambda resource, ends, seats: Row(resource, ends[0], ends[1], seats), st.sampled_from("ab"), instants, seats
    )
    return Fleet(draw(st.lists(row, max_size=5)), draw(st.lists(row, max_size=5)))


@given(fleets(), st.integers(0, 2), st.integers(0, 2), seats)
def test_free_time_agrees_with_the_algebra_for_any_fleet(fleet: Fleet, before: int, after: int, left: int) -> None:
    options: dict[str, Any] = {"before": before, "after": after, "seats": left}
    slots, bookings = [of_polars()(table(rows, pa.int64())) for rows in fleet]
    plan = lazy.free(slots, bookings, COLUMNS, capacity="seats", taken="seats", **options)
    assert answered(plan) == free_by_algebra(fleet, capacity=True, **options)


def one_room(*ends: tuple[Any, ...], kind: Any = None) -> Any:
    """Return an Arrow table of intervals of one resource."""
    return table([Row("room", start, end, 1) for start, end in ends], kind)


def hours(*numbers: int) -> tuple[datetime, ...]:
    """Return full hours after the evening."""
    return tuple(EVENING + number * 2 * HALF_HOUR for number in numbers)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_resolutions_are_kept_and_a_buffer_may_be_finer(name: str, unit: Any) -> None:
    engine = ENGINES[name]()
    nine, ten, twelve = datetime(2026, 1, 1, 9), datetime(2026, 1, 1, 10), datetime(2026, 1, 1, 12)
    slots, bookings = [engine(one_room(ends, kind=pa.timestamp(unit))) for ends in ((nine, twelve), (ten, twelve))]
    plan = lazy.free(slots, bookings, COLUMNS)
    kept = nw.Datetime("ms") if (name, unit) == ("polars", "s") else nw.Datetime(unit)  # Polars has no whole seconds
    assert plan.collect_schema()["start"] == plan.collect_schema()["end"] == kept
    assert answered(plan) == [("room", nine, ten)]
    if (name, unit) != ("duckdb", "ns"):
        plan = lazy.free(slots, bookings, COLUMNS, before=timedelta(seconds=1))
        assert plan.collect_schema()["end"] == kept
        plan = lazy.free(slots, bookings, COLUMNS, before=timedelta(seconds=1, microseconds=1))
        assert answered(plan) == [("room", nine, datetime(2026, 1, 1, 9, 59, 58, 999_999))]


def test_nanoseconds_are_moved_exactly_or_not_at_all() -> None:
    nanoseconds = pa.timestamp("ns")
    slots, bookings = one_room((1, 5_000_000), kind=nanoseconds), one_room((4_999_999, 5_000_001), kind=nanoseconds)
    plan = lazy.free(of_polars()(slots), of_polars()(bookings), COLUMNS, before=timedelta(microseconds=1))
    (row,) = plan.select(nw.col("start", "end").cast(nw.Int64)).collect().rows()
    assert row == (1, 4_998_999)
    with pytest.raises(PointTypeError, match="cast the instants to microseconds"):
        lazy.free(of_duckdb()(slots), of_duckdb()(bookings), COLUMNS, before=timedelta(microseconds=1))


def test_dates_and_integers_are_points_too(engine: Engine) -> None:
    first, third, last = date(2026, 3, 28), date(2026, 3, 30), date(2026, 4, 2)
    slots, bookings = [engine(one_room(ends, kind=pa.date32())) for ends in ((first, last), (third, last))]
    plan = lazy.free(slots, bookings, COLUMNS, before=timedelta(days=1))
    assert answered(plan) == [("room", first, date(2026, 3, 29))]
    assert plan.collect_schema()["start"] == nw.Date
    small, large = pa.int16(), pa.int64()
    plan = lazy.free(engine(one_room((9, 17), kind=small)), engine(one_room((12, 13), kind=large)), COLUMNS, after=1)
    assert answered(plan) == [("room", 9, 12), ("room", 14, 17)]


def test_zones_are_kept_and_instants_of_two_zones_compare_as_instants() -> None:
    start, middle, end = hours(0, 4, 9)
    slots = one_room((start, end), kind=pa.timestamp("ms", "Europe/Berlin"))
    bookings = one_room((start, middle), kind=pa.timestamp("us", "America/New_York"))
    plan = lazy.free(of_polars()(slots), of_polars()(bookings), COLUMNS)
    assert plan.collect_schema()["start"] == nw.Datetime("us", "Europe/Berlin")
    assert answered(plan) == [("room", middle, end)]


def test_resources_may_have_several_keys_of_any_name(engine: Engine) -> None:
    columns = Columns(("now", "CHANGE0", "depth0"), "was", "change")
    keys = {"now": ["a", "a", "b"], "CHANGE0": [1, 2, 1], "depth0": [date(2026, 1, 1)] * 3}
    slots = engine(pa.table({**keys, "was": [9, 9, 9], "change": [12, 12, 12]}))
    bookings = engine(pa.table({**keys, "was": [9, 10, 11], "change": [10, 11, 12]}))
    first = date(2026, 1, 1)
    assert answered(lazy.free(slots, bookings, columns)) == [
        ("a", 1, first, 10, 12),
        ("a", 2, first, 9, 10),
        ("a", 2, first, 11, 12),
        ("b", 1, first, 9, 11),
    ]
    assert answered(lazy.coverage(slots, columns))[0] == ("a", 1, first, 9, 12, 1)


def test_frames_without_rows_are_fine(engine: Engine) -> None:
    some, none = engine(one_room(hours(9, 12))), engine(table([]))
    names: dict[str, Any] = {"capacity": "seats", "taken": "seats"}
    assert answered(lazy.free(some, none, COLUMNS, **names)) == [("room", *hours(9, 12))]
    assert answered(lazy.free(none, some, COLUMNS, **names)) == []
    assert answered(lazy.merge(none, COLUMNS)) == []


def test_nothing_but_the_plan_is_made_without_the_check(engine: Engine) -> None:
    reversed_rows = engine(one_room((5, 3)))
    lazy.merge(reversed_rows, COLUMNS, check=False)
    with pytest.raises(IntervalError):
        lazy.merge(reversed_rows, COLUMNS)


def test_reversed_and_empty_rows_are_refused_with_their_number_and_one_of_them(engine: Engine) -> None:
    rows = engine(one_room((1, 2), (5, 3), (4, 4)))
    with pytest.raises(IntervalError, match=r"^2 of the rows of bookings, .*, are reversed or empty") as caught:
        lazy.free(engine(one_room((1, 2))), rows, COLUMNS)
    assert caught.value.args[1] == 2


@pytest.mark.parametrize("name", ["resource", "start", "end", "seats"])
def test_nulls_are_refused_with_their_number_and_one_of_them(engine: Engine, name: str) -> None:
    whole = one_room((1, 2), (3, 4), (5, 6))
    column = pa.array([*whole[name].to_pylist()[:1], None, None], whole[name].type)
    holed = engine(whole.set_column(whole.column_names.index(name), name, column))
    with pytest.raises(PointValueError, match=rf"^2 of the rows of slots, .*'{name}': None.*, have a null"):
        lazy.free(holed, engine(whole), COLUMNS, capacity="seats")


def test_seats_of_less_than_one_are_refused(engine: Engine) -> None:
    rows = engine(table([Row("room", 1, 2, 0)]))
    with pytest.raises(PointValueError, match=r"^1 of the rows of bookings, .*, have 'seats' of less than 1"):
        lazy.free(rows, rows, COLUMNS, taken="seats")


@pytest.mark.parametrize(
    "columns, options, text",
    [
        (Columns(("desk",), "start", "end"), {}, "slots has no column 'desk'; it has resource, start, end, seats"),
        (Columns((), "resource", "end"), {}, "'resource' of slots is String; points are"),
        (COLUMNS, {"capacity": "resource"}, "not distinct"),
        (Columns((), "start", "end"), {"taken": "resource"}, "'resource' of bookings is String; seats are"),
        (COLUMNS, {"before": 1.0}, "before=1.0 is no length; Int64 columns need an int"),
        (COLUMNS, {"after": timedelta(1)}, "is no length"),
        (COLUMNS, {"seats": 1.5}, "seats=1.5 is not a whole number"),
    ],
)
def test_what_does_not_go_together_is_refused(columns: Columns, options: dict[str, Any], text: str) -> None:
    rows = of_polars()(one_room((1, 2)))
    with pytest.raises(PointTypeError, match=text):
        lazy.free(rows, rows, columns, **options)


def test_columns_of_two_kinds_are_refused() -> None:
    numbers, instants = of_polars()(one_room((1, 2))), of_polars()(one_room(hours(1, 2)))
    naive = of_polars()(one_room((1, 2), kind=pa.timestamp("us")))
    with pytest.raises(PointTypeError, match=r"'start' of left is Int64 and 'start' of right is Datetime.*; cast one"):
        lazy.intersect(numbers, instants, COLUMNS)
    with pytest.raises(PointTypeError, match="cast one of them"):
        lazy.intersect(instants, naive, COLUMNS)
    other = of_polars()(pa.table({"resource": [1], "start": [1], "end": [2]}))
    with pytest.raises(PointTypeError, match="'resource' of left is String and 'resource' of right is Int64"):
        lazy.intersect(numbers, other, COLUMNS)


def test_buffers_that_the_columns_cannot_be_moved_by_are_refused() -> None:
    days = of_polars()(one_room((date(2026, 1, 1), date(2026, 1, 3)), kind=pa.date32()))
    with pytest.raises(PointValueError, match="no whole number of days"):
        lazy.free(days, days, COLUMNS, after=timedelta(hours=36))
    with pytest.raises(IntervalError, match="is negative"):
        lazy.free(days, days, COLUMNS, before=timedelta(days=-1))
    instants = of_polars()(one_room(hours(1, 2)))
    with pytest.raises(PointValueError, match="no whole number of microseconds"):
        lazy.free(instants, instants, COLUMNS, before=pd.Timedelta(1, "ns"))


def test_a_depth_that_cannot_be_named_or_reached_is_refused() -> None:
    rows = of_polars()(pa.table({"depth": [1], "start": [1], "end": [2]}))
    with pytest.raises(PointTypeError, match="not distinct"):
        lazy.coverage(rows, Columns(("depth",), "start", "end"))
    with pytest.raises(PointValueError, match="k=0 is less than 1"):
        lazy.at_least(rows, Columns((), "start", "end"), 0)


class OfDask:
    """A frame that says it is of Dask, which a quick test does without."""

    implementation = nw.Implementation.DASK


def test_dask_is_told_what_to_do_instead() -> None:
    frame: Any = OfDask()
    with pytest.raises(PointTypeError, match=r"Dask has no window functions in an order.*frame\.compute\(\)"):
        lazy.merge(frame, COLUMNS)


@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")  # narwhals about a package of its own
def test_a_real_frame_of_dask_is_told_so_too() -> None:
    dask = module_of("spark-test", "dask.dataframe")
    frame = nw.from_native(dask.from_pandas(one_room((1, 2)).to_pandas(), npartitions=1))
    with pytest.raises(PointTypeError, match="Dask has no window functions"):
        lazy.merge(frame, COLUMNS)


@pytest.mark.parametrize("task", ["duckdb", "polars"])
def test_the_example_answers_part_by_part_and_says_so(task: str, tmp_path: Path) -> None:
    printed, written, wanted = from_parquet_to_parquet(task, tmp_path)
    assert "part 16 of 16" in printed
    assert written == wanted
