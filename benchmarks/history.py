"""The history of one resource: stats and pages of 10⁶ events beside pandas, and what a replay costs for each event.

The events are a history that holds: each edit adds half hours that are not there and removes some that are. No event
crosses an hour of the clocks, so a group-by needs no splitting; slotcalc does not know that.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, Final

import pandas as pd

from benchmarks.comparison import Run
from benchmarks.report import Table, Target
from benchmarks.timing import Entry, best_times
from slotcalc import Action, AuditEvent, Interval
from slotcalc.audit import Selection, Stats, Tally, history, replay, stats
from slotcalc.repository import MemoryAuditLog

__all__ = ["history_of_edits", "page_of_history", "replayed"]

ZONE: Final = "Europe/Paris"
BEGIN: Final = datetime(2026, 1, 5, tzinfo=UTC)
HALF_HOUR: Final = timedelta(minutes=30)
CELLS: Final = 3 * 365 * 48
REASONS: Final = ["edit", "conflict", "personal", "holiday"]
PEOPLE: Final = [f"person-{n}" for n in range(20)]
FRAME: Final = "pandas, frame at hand"
EVENTS: Final = "pandas, from the events"


@cache
def events_of(n: int) -> list[AuditEvent]:
    """Return the first n events, of edits three minutes apart that have one to four events each."""
    rng = random.Random(4)
    there: set[int] = set()
    made: list[AuditEvent] = []
    for revision in count(1):
        moment, reason, person = BEGIN + timedelta(minutes=3 * revision), rng.choice(REASONS), rng.choice(PEOPLE)
        for ordinal, cell in enumerate(rng.sample(range(CELLS), rng.randint(1, 4))):
            there ^= {cell}
            start = BEGIN + cell * HALF_HOUR
            made.append(
                AuditEvent(
                    "r",
                    Action.ADDED if cell in there else Action.REMOVED,
                    Interval(start, start + HALF_HOUR),
                    reason=reason,
                    changed_at=moment,
                    changed_by=person,
                    change_id=f"c{revision}",
                    revision=revision,
                    ordinal=ordinal,
                    id=f"{revision}/{ordinal}",
                )
            )
        if len(made) >= n:
            return made[:n]
    raise AssertionError("count never ends")


def frame_of(events: list[AuditEvent]) -> pd.DataFrame:
    """Return the events as columns, the texts as categories, which group much faster."""
    frame = pd.DataFrame(
        {
            "id": [event.id for event in events],
            "action": pd.Categorical([event.action.value for event in events]),
            "reason": pd.Categorical([event.reason for event in events]),
            "changed_by": pd.Categorical([event.changed_by for event in events]),
            "slot": pd.Series([event.interval.start for event in events]),
            "edit": pd.Series([event.changed_at for event in events]),
            "revision": [event.revision for event in events],
            "ordinal": [event.ordinal for event in events],
        }
    )
    frame["length"] = pd.Series([event.interval.end for event in events]) - frame["slot"]
    return frame


def history_of_edits(run: Run) -> Table:
    """Measure all tables of `stats` over 10⁶ events: by the time of the edits, and by that of the slots."""
    n = 3_000 if run.smoke else 1_000_000
    events = events_of(n)
    frame = frame_of(events)
    table = Table("stats", f"all tables of stats over {n:,} events, in {ZONE}", "s", ["by edit", "by slot"])
    for column, by in (("by edit", "edit"), ("by slot", "slot")):
        entries = [
            Entry("slotcalc", _stats, [(events, by)], _cells),
            Entry(FRAME, _grouped, [(frame, by)], list),
            Entry(EVENTS, lambda events, by: _grouped(frame_of(events), by), [(events, by)], list),
        ]
        for name, seconds in best_times(f"stats, {column}", entries, run.rounds).items():
            table.enter(name, column, seconds)
    bounds = {FRAME: 10, EVENTS: 1}
    for name, bound in bounds.items():
        found = table.ratios("slotcalc", name, table.columns)
        table.targets.append(Target(f"at most {bound} × the group-by of {name}", bound, found))
    return table


def _stats(events: list[AuditEvent], by: Any) -> Stats:
    return stats(events, ZONE, by=by)


def _cells(made: Stats) -> list[tuple[Any, ...]]:
    """Return the cells that are not nought: table, key, and the four numbers of a tally."""
    hours = {hour.weekday * 24 + hour.hour: tally for hour, tally in made.by_hour_of_week.items()}
    tables: dict[str, Any] = {"reason": made.by_reason, "changed_by": made.by_actor, "hour": hours}
    tables |= {"day": made.by_day, "week": made.by_week, "month": made.by_month}
    cells = [(name, str(key), *_numbers(tally)) for name, table in tables.items() for key, tally in table.items()]
    return sorted(cell for cell in cells if any(cell[2:]))


def _numbers(tally: Tally) -> tuple[float, ...]:
    lengths = tally.time_added, tally.time_removed
    return (tally.slots_added, tally.slots_removed, *(length.total_seconds() for length in lengths))


def _grouped(frame: pd.DataFrame, by: str) -> list[tuple[Any, ...]]:
    """Return the same cells by group-by: once over all rows for each of three keys, the rest from the hours."""
    wall = frame[by].dt.tz_convert(ZONE).dt.tz_localize(None).dt.floor("h")
    hours = _sums(frame.groupby([wall.rename("wall"), "action"], observed=True)["length"].agg(["size", "sum"]))
    begins = hours.index.to_series().dt
    days = begins.normalize()
    keys = {
        "hour": begins.weekday * 24 + begins.hour,
        "day": days.dt.date,
        "week": (days - pd.to_timedelta(begins.weekday, unit="D")).dt.date,
        "month": begins.to_period("M").dt.start_time.dt.date,
    }
    tables = {name: hours.groupby(key).sum() for name, key in keys.items()}
    for name in ("reason", "changed_by"):
        tables[name] = _sums(frame.groupby([name, "action"], observed=True)["length"].agg(["size", "sum"]))
    return sorted(
        (name, str(key), row[0], row[1], row[2].total_seconds(), row[3].total_seconds())
        for name, sums in tables.items()
        for key, *row in sums.itertuples()
    )


def _sums(grouped: pd.DataFrame) -> pd.DataFrame:
    """Return one row a key, with the counts and the lengths of ADDED and REMOVED as columns."""
    wide = grouped.unstack("action")  # noqa: PD010  # each pair is there once, so nothing is left to aggregate
    sizes = wide["size"].reindex(columns=["ADDED", "REMOVED"]).fillna(0).astype(int)
    lengths = wide["sum"].reindex(columns=["ADDED", "REMOVED"]).fillna(pd.Timedelta(0))
    return pd.concat([sizes, lengths], axis=1, ignore_index=True)


def page_of_history(run: Run) -> Table:
    """Measure the newest 100 edits of one person for one reason, out of 10⁶ events."""
    n = 3_000 if run.smoke else 1_000_000
    events = events_of(n)
    frame = frame_of(events)
    log = MemoryAuditLog(events)
    wanted = Selection(resource_id="r", changed_by="person-7", reason="conflict", newest_first=True)
    entries = [
        Entry("slotcalc", lambda: history(log, wanted).events, [()], lambda page: [event.id for event in page]),
        Entry(FRAME, lambda: _newest(frame), [()], list),
    ]
    table = Table("history", f"a page of 100 out of {n:,} events, by author and reason", "ms", ["a page"])
    for name, seconds in best_times("history", entries, run.rounds).items():
        table.enter(name, "a page", seconds * 1e3)
    found = table.ratios("slotcalc", FRAME, table.columns)
    table.targets.append(Target(f"at most 3 × the same question to {FRAME}", 3, found))
    return table


def _newest(frame: pd.DataFrame) -> list[str]:
    chosen = frame[(frame["changed_by"] == "person-7") & (frame["reason"] == "conflict")]
    names: list[str] = chosen.sort_values(["revision", "ordinal"], ascending=False)["id"].head(100).tolist()
    return names


def replayed(run: Run) -> Table:
    """Measure a strict replay of 10⁴ and of 10⁵ events, for each event."""
    sizes = (100, 1_000) if run.smoke else (10_000, 100_000)
    columns = [f"{size:,}" for size in sizes]
    table = Table(
        "replay", "a strict replay, half hours added and removed all over three years", "µs per event", columns
    )
    for size, column in zip(sizes, columns, strict=True):
        entries = [
            Entry("slotcalc", replay, [(events_of(size),)], _half_hours),
            Entry("a set of half hours", _toggled, [(events_of(size),)], sorted),
        ]
        for name, seconds in best_times(f"replay, {column}", entries, run.rounds).items():
            table.enter(name, column, seconds / size * 1e6)
    small, large = (table.time("slotcalc", column) for column in columns)
    growth = {} if small is None or large is None else {f"{columns[1]} to {columns[0]}": large / small}
    table.targets.append(Target("linear: ten times as many take at most 1.5 × as long each", 1.5, growth))
    table.targets.append(Target("100,000 in under half a second", 5, {} if large is None else {columns[1]: large}))
    return table


def _half_hours(slots: list[Any]) -> list[datetime]:
    return [piece.start for slot in slots for piece in slot.interval.chunks(HALF_HOUR)]


def _toggled(events: list[AuditEvent]) -> set[datetime]:
    there: set[datetime] = set()
    for event in events:
        there ^= {event.interval.start}
    return there
