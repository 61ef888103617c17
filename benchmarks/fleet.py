"""The free time of a whole fleet at once, from data frames: slotcalc, the engines of data frames, and genomics.

Each resource has 20 slots, one a day, and 40 bookings in the same 20 days, which overlap each other and reach beyond
the slots. Instants are to the microsecond, on multiples of five minutes. PostgreSQL runs in the server of the tests
(`tests.postgres`). Imports `report`, `timing` and `comparison`.
"""

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from hashlib import sha256
from importlib import import_module
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.comparison import Run
from benchmarks.report import LIMIT, Table, Target
from benchmarks.timing import Entry, best_times
from slotcalc import frames

__all__ = ["fleet", "growth"]

Ints: TypeAlias = "npt.NDArray[np.int64]"

_SLOTS, _BOOKINGS, _DAYS = 20, 40, 20
_FIVE_MINUTES, _DAY = 300_000_000, 86_400_000_000
_BEGIN: Final = 1_767_571_200_000_000  # 2026-01-05 in µs
_SIDE_BY_SIDE: Final = f"{LIMIT}: np.sort, starts beside ends"
_STABLE: Final = "the same with kind='stable'"
_IN_TURN: Final = "np.sort, starts and then ends"
_PEERS: Final = ("ruranges", "pyranges1", "Polars", "DuckDB", "pandas", "PostgreSQL")


class Rows(NamedTuple):
    """Columns of resources, starts and ends."""

    rooms: Ints
    starts: Ints
    ends: Ints


def fleet(run: Run) -> Table:
    """Measure `frames.free` beside its peers, on rows in order of resource and start and on rows in none."""
    orders = {"in order": _in_order, "shuffled": _shuffled}
    asked = {
        f"{size:,} {order}": (size, arrange)
        for size in ([100] if run.smoke else [10_000, 100_000])
        for order, arrange in orders.items()
    }
    columns = [*asked]
    title = f"resources with {_SLOTS} slots and {_BOOKINGS} bookings each; np.sort has {_extensions()}"
    table = Table("fleet", title, "ms", columns)
    with _server() as server:
        for column, (size, arrange) in asked.items():
            slots, bookings = map(arrange, _made(size))
            entries = [
                _ours("slotcalc", slots, bookings, "polars"),
                _ours("slotcalc on pandas", slots, bookings, "pandas"),
            ]
            for name, peer in _peers(server).items():
                try:
                    entries.append(peer(slots, bookings))
                except ImportError as error:
                    table.enter(name, column, f"not run: {error.msg}")
            entries += _limits(slots, bookings)
            for name, seconds in best_times(f"fleet, {column}", entries, min(run.rounds, 5)).items():
                table.enter(name, column, seconds * 1e3)
    fastest = {column: [r for peer in _PEERS if (r := table.ratio(peer, "slotcalc", column))] for column in columns}
    table.targets += [
        Target("at most 2.5 × np.sort of the packed ends", 2.5, table.ratios("slotcalc", _SIDE_BY_SIDE, columns)),
        Target("at most 2.5 × the stable one, which knows order", 2.5, table.ratios("slotcalc", _STABLE, columns)),
        Target(
            "at least 5 × as fast as the fastest peer",
            5,
            {column: min(ratios) for column, ratios in fastest.items() if ratios},
            at_least=True,
        ),
    ]
    table.targets += [
        Target(f"at least 8 × as fast as {peer}", 8, table.ratios(peer, "slotcalc", columns), at_least=True)
        for peer in ("Polars", "DuckDB", "pandas", "PostgreSQL")
    ]
    return table


def growth(run: Run) -> Table:
    """Measure how the time and the memory of slotcalc grow, up to 60 million rows, for which it takes some 10 GB."""
    sizes = [10, 100] if run.smoke else [10_000, 100_000, 1_000_000]
    columns = [f"{size:,} resources" for size in sizes]
    table = Table("fleet-growth", "free time of a fleet as it grows, pandas, rows in no order", "ns per end", columns)
    memory = {}
    for size, column in zip(sizes, columns, strict=True):
        slots, bookings = map(_shuffled, _made(size))
        offered, booked = _frame("pandas", slots, seats=3), _frame("pandas", bookings, seats=1)
        buffers = {"before": timedelta(minutes=10), "after": timedelta(minutes=5)}
        calls = [(offered, booked)]
        entries = [
            Entry("slotcalc", _free, calls, len),
            Entry("with buffers", lambda *both, more=buffers: _free(*both, **more), calls, None),
            Entry("with capacity", lambda *both: _free(*both, capacity="seats", taken="seats"), calls, None),
            *_limits(slots, bookings),
        ]
        ends = 2 * (len(slots.rooms) + len(bookings.rooms))  # two in 24 bytes of a row
        for name, seconds in best_times(f"fleet-growth, {column}", entries, min(run.rounds, 3)).items():
            table.enter(name, column, seconds * 1e9 / ends)
        memory[column] = _peak(offered, booked) / (12 * ends)
    first, last = (table.time("slotcalc", column) or 1.0 for column in (columns[0], columns[-1]))
    table.targets += [
        Target("linear: at most 2 × the time per end of the smallest fleet", 2, {columns[-1]: last / first}),
        Target("at most 6 × the frames in memory at its peak", 6, memory),
    ]
    return table


def _made(size: int) -> tuple[Rows, Rows]:
    """Return the slots and the bookings of so many resources, in order of resource."""
    random = np.random.default_rng(size)
    rooms = np.repeat(np.arange(size), _SLOTS)
    starts = _BEGIN + np.tile(np.arange(_DAYS), size) * _DAY + random.integers(72, 120, len(rooms)) * _FIVE_MINUTES
    slots = Rows(rooms, starts, starts + random.integers(48, 120, len(rooms)) * _FIVE_MINUTES)
    rooms = np.repeat(np.arange(size), _BOOKINGS)
    starts = _BEGIN + random.integers(0, _DAYS * 288, len(rooms)) * _FIVE_MINUTES
    return slots, Rows(rooms, starts, starts + random.integers(3, 24, len(rooms)) * _FIVE_MINUTES)


def _shuffled(table: Rows) -> Rows:
    order = np.random.default_rng(1).permutation(len(table.rooms))
    return Rows(*[column[order] for column in table])


def _in_order(table: Rows) -> Rows:
    order = np.lexsort((table.starts, table.rooms))
    return Rows(*[column[order] for column in table])


def _frame(library: str, table: Rows, **more: int) -> Any:
    """Return rows as a frame of the library, the ends as instants."""
    columns: dict[str, Any] = {
        "room": table.rooms,
        "start": table.starts.view("datetime64[us]"),
        "end": table.ends.view("datetime64[us]"),
    }
    columns |= {name: np.full(len(table.rooms), number) for name, number in more.items()}
    return import_module(library).DataFrame(columns)


def _digest(rooms: Any, starts: Any, ends: Any) -> object:  # columns of any library
    """Return the number of rows and a checksum of them, in order of resource and time."""
    columns = [np.asarray(column).astype(np.int64) for column in (rooms, starts, ends)]
    order = np.lexsort((columns[1], columns[0]))
    return len(order), sha256(np.stack([column[order] for column in columns]).tobytes()).hexdigest()


def _digest_of_frame(answer: Any) -> object:
    return _digest(answer["room"], answer["start"], answer["end"])


def _free(slots: Any, bookings: Any, **options: Any) -> Any:
    return frames.free(slots, bookings, by="room", **options)


def _ours(name: str, slots: Rows, bookings: Rows, library: str) -> Entry:
    return Entry(name, _free, [(_frame(library, slots), _frame(library, bookings))], _digest_of_frame)


def _limits(slots: Rows, bookings: Rows) -> list[Entry]:
    """Return what sorts the ends as slotcalc packs them, and answers nothing."""
    bits = (_DAYS * _DAY * 2).bit_length()
    rises, falls = (
        np.concatenate([(rooms << bits) + times - _BEGIN for rooms, times in side])
        for side in (
            [(slots.rooms, slots.starts), (bookings.rooms, bookings.ends)],
            [(slots.rooms, slots.ends), (bookings.rooms, bookings.starts)],
        )
    )

    def side_by_side(kind: Any) -> None:
        with ThreadPoolExecutor(1) as other:
            one = other.submit(np.sort, falls, kind=kind)
            np.sort(rises, kind=kind)
            one.result()

    return [
        Entry(_SIDE_BY_SIDE, side_by_side, [("quicksort",)], None),
        Entry(_STABLE, side_by_side, [("stable",)], None),
        Entry(_IN_TURN, lambda: (np.sort(rises), np.sort(falls)), [()], None),
    ]


def _peak(slots: Any, bookings: Any) -> int:
    """Return the most bytes that `free` holds at any one time, its answer included."""
    tracemalloc.start()
    try:
        _free(slots, bookings)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _ruranges(slots: Rows, bookings: Rows) -> Entry:
    """Takes arrays and returns arrays, in Rust."""
    ruranges = import_module("ruranges.numpy")

    def answer(slots: Rows, bookings: Rows) -> Any:
        groups, other = slots.rooms.astype(np.uint32), bookings.rooms.astype(np.uint32)
        index, starts, ends = ruranges.subtract(slots.starts, slots.ends, bookings.starts, bookings.ends, groups, other)
        return slots.rooms[index], starts, ends

    return Entry("ruranges", answer, [(slots, bookings)], lambda answer: _digest(*answer))


def _pyranges(slots: Rows, bookings: Rows) -> Entry:
    pyranges = import_module("pyranges1")
    made = [
        pyranges.PyRanges({"Chromosome": table.rooms, "Start": table.starts, "End": table.ends})
        for table in (slots, bookings)
    ]

    def answer(slots: Any, bookings: Any) -> Any:
        return slots.subtract_overlaps(bookings, strand_behavior="ignore")

    return Entry(
        "pyranges1", answer, [(made[0], made[1])], lambda left: _digest(left["Chromosome"], left["Start"], left["End"])
    )


def _polars(slots: Rows, bookings: Rows) -> Entry:
    """Runs a sum over the events of each resource: the plan that the three engines share."""
    pl = import_module("polars")

    def events(frame: Any, offers: int, load: int) -> list[Any]:
        changes = [pl.lit(offers).alias("offers"), pl.lit(load).alias("load")]
        return [
            frame.lazy().select("room", pl.col(name).alias("start"), *[change * sign for change in changes])
            for name, sign in (("start", 1), ("end", -1))
        ]

    def answer(slots: Any, bookings: Any) -> Any:
        changes = pl.concat(events(slots, 1, 0) + events(bookings, 0, 1))
        changes = changes.group_by("room", "start").agg(pl.col("offers", "load").sum()).sort("room", "start")
        running = changes.with_columns(
            pl.col("offers", "load").cum_sum().over("room"), pl.col("start").shift(-1).over("room").alias("end")
        )
        return running.filter((pl.col("offers") > 0) & (pl.col("load") == 0)).collect()

    return Entry("Polars", answer, [(_frame("polars", slots), _frame("polars", bookings))], _digest_of_frame)


_SQL: Final = """
with events as (
    select room, start, 1 as offers, 0 as load from slots union all select room, "end", -1, 0 from slots
    union all select room, start, 0, 1 from bookings union all select room, "end", 0, -1 from bookings
), changes as (
    select room, start, sum(offers) as offers, sum(load) as load from events group by room, start
), running as (
    select room, start, lead(start) over same as "end", sum(offers) over same as offers, sum(load) over same as load
    from changes window same as (partition by room order by start)
)
select room, start, "end" from running where offers > 0 and load = 0
"""


def _duckdb(slots: Rows, bookings: Rows) -> Entry:
    """Runs the same sums as a query over Arrow tables."""
    duckdb = import_module("duckdb")
    tables = [_frame("polars", table).to_arrow() for table in (slots, bookings)]

    def answer(slots: Any, bookings: Any) -> Any:
        with duckdb.connect() as connection:
            connection.register("slots", slots)
            connection.register("bookings", bookings)
            return connection.sql(_SQL).to_arrow_table()

    return Entry("DuckDB", answer, [(tables[0], tables[1])], _digest_of_frame)


def _pandas(slots: Rows, bookings: Rows) -> Entry:
    """Runs the same sums by groups."""
    pd = import_module("pandas")

    def events(frame: Any, offers: int, load: int) -> list[Any]:
        return [
            pd.DataFrame({"room": frame["room"], "start": frame[name], "offers": offers * sign, "load": load * sign})
            for name, sign in (("start", 1), ("end", -1))
        ]

    def answer(slots: Any, bookings: Any) -> Any:
        changes = pd.concat(events(slots, 1, 0) + events(bookings, 0, 1))
        changes = changes.groupby(["room", "start"], as_index=False)[["offers", "load"]].sum()
        rooms = changes.groupby("room")
        changes["end"] = rooms["start"].shift(-1)
        changes[["offers", "load"]] = rooms[["offers", "load"]].cumsum()
        return changes[(changes["offers"] > 0) & (changes["load"] == 0)]

    return Entry("pandas", answer, [(_frame("pandas", slots), _frame("pandas", bookings))], _digest_of_frame)


_ROW: Final = np.dtype(
    [("fields", ">i2")]
    + [
        (f"{name}{part}", number)
        for name in ("room", "start", "end")
        for part, number in ((" size", ">i4"), ("", ">i8"))
    ]
)
"""A row of three numbers as `COPY` has it in binary."""
_COPY_BEGIN: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END: Final = b"\xff\xff"
_EPOCH: Final = 946_684_800_000_000  # PostgreSQL counts from 2000 on
_LOAD: Final = """
drop table if exists {name};
create unlogged table {name} as select room, tsrange(start, "end") as during from loaded;
drop table loaded
"""
_MULTIRANGES: Final = """
drop table if exists answer;
create unlogged table answer as
select room, lower(piece) as start, upper(piece) as "end" from (
    select room, unnest(offered - coalesce(taken, '{}')) as piece
    from (select room, range_agg(during) as offered from slots group by room) as offers
    left join (select room, range_agg(during) as taken from bookings group by room) as claims using (room)
) as pieces
"""


def _postgres(server: Any, slots: Rows, bookings: Rows) -> Entry:
    """Subtracts multiranges from tables that are there and analysed, and leaves the answer in a table, unlogged."""
    if isinstance(server, ImportError):
        raise server
    for name, table in (("slots", slots), ("bookings", bookings)):
        rows = np.empty(len(table.rooms), _ROW)
        rows["fields"] = 3
        for column, numbers in (("room", table.rooms), ("start", table.starts - _EPOCH), ("end", table.ends - _EPOCH)):
            rows[f"{column} size"], rows[column] = 8, numbers
        server.execute('create unlogged table loaded (room bigint, start timestamp, "end" timestamp)')
        with server.cursor() as cursor, cursor.copy("copy loaded from stdin (format binary)") as copy:
            copy.write(_COPY_BEGIN + rows.tobytes() + _COPY_END)
        server.execute(_LOAD.format(name=name))
        server.execute(f"vacuum analyze {name}")

    def digest(_: object) -> object:
        with server.cursor() as cursor, cursor.copy("copy answer to stdout (format binary)") as copy:
            told = b"".join(copy)
        rows = np.frombuffer(told[len(_COPY_BEGIN) : -len(_COPY_END)], _ROW)
        return _digest(rows["room"], rows["start"].astype(np.int64) + _EPOCH, rows["end"].astype(np.int64) + _EPOCH)

    return Entry("PostgreSQL", server.execute, [(_MULTIRANGES,)], digest)


@contextmanager
def _server() -> Iterator[Any]:
    """Give a connection to a server that lives as long as the benchmark, with memory for the question; or why none."""
    with ExitStack() as stack:
        try:
            from psycopg import connect  # noqa: PLC0415  # optional
            from pytest import skip  # noqa: PLC0415, PT013  # what the tests say "missing" with

            from tests import postgres  # noqa: PLC0415  # needs pytest
        except ImportError as error:
            yield error
            return
        try:
            conninfo = stack.enter_context(postgres.running())
        except skip.Exception as missing:
            yield ImportError(str(missing))
            return
        server = stack.enter_context(connect(conninfo, autocommit=True))
        server.execute("set work_mem = '1GB'")
        yield server


def _extensions() -> str:
    """Return what of the processor numpy uses: on some, sorting is several times slower with more of it."""
    configuration: Any = np.show_config(mode="dicts")
    found = configuration["SIMD Extensions"].get("found", ["nothing beyond the baseline"])
    return ", ".join(found)


def _peers(server: Any) -> Mapping[str, Callable[[Rows, Rows], Entry]]:
    made = (_ruranges, _pyranges, _polars, _duckdb, _pandas, partial(_postgres, server))
    return dict(zip(_PEERS, made, strict=True))
