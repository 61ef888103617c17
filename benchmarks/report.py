"""What a benchmark found, and how it is printed: Markdown tables, one row a contender, one column a size."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["LIMIT", "Table", "Target", "printed", "write_json"]

LIMIT = "limit"
"""How the name of the row begins that others are compared with as the limit."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stated bound and what was measured, column by column."""

    text: str
    bound: float
    measured: Mapping[str, float]
    at_least: bool = False

    @property
    def missed(self) -> list[str]:
        """The columns in which the target is missed."""
        return [
            column
            for column, value in self.measured.items()
            if (value < self.bound if self.at_least else value > self.bound)
        ]


@dataclass(slots=True)
class Table:
    """The times of one benchmark. A cell is a time in the table's unit, or the reason why there is none."""

    name: str
    title: str
    unit: str
    columns: Sequence[str]
    rows: dict[str, dict[str, float | str]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)

    def enter(self, row: str, column: str, cell: float | str) -> None:
        """Fill a cell."""
        self.rows.setdefault(row, {})[column] = cell

    def time(self, row: str, column: str) -> float | None:
        """Return the time in a cell, None if there is none."""
        cell = self.rows.get(row, {}).get(column)
        return cell if isinstance(cell, float) else None

    def ratio(self, row: str, to: str, column: str) -> float | None:
        """Return how many times as long as another row a row takes, None if either has no time."""
        mine, theirs = self.time(row, column), self.time(to, column)
        return None if mine is None or theirs is None else mine / theirs

    def ratios(self, row: str, to: str, columns: Iterable[str]) -> dict[str, float]:
        """Return `ratio` for those of the columns in which there is one."""
        found = {column: self.ratio(row, to, column) for column in columns}
        return {column: ratio for column, ratio in found.items() if ratio is not None}

    @property
    def limit(self) -> str:
        """The row that is the limit; empty if there is none."""
        return next((row for row in self.rows if row.startswith(LIMIT)), "")


def printed(table: Table, *, targets: bool) -> str:
    """Return the table, and its targets if wanted, as Markdown that also reads well as plain text."""
    grid = _grid([table.unit, *table.columns], [_row(table, row) for row in table.rows])
    lines = [f"### {table.name}: {table.title}", "", *grid]
    if targets:
        verdicts = [[target.text, _measured(target), _verdict(target)] for target in table.targets]
        lines += ["", *_grid(["slotcalc's targets", "measured", "met"], verdicts)]
    return "\n".join(lines)


def _row(table: Table, row: str) -> list[str]:
    cells = [row]
    for column in table.columns:
        cell = table.rows[row].get(column, "–")
        if isinstance(cell, float):
            ratios = (table.ratio(row, "slotcalc", column), table.ratio(row, table.limit, column))
            cells.append(" · ".join([_number(cell), *("–" if r is None else f"{_number(r)} ×" for r in ratios)]))
        else:
            cells.append(cell)
    return cells


def _measured(target: Target) -> str:
    values = [f"{_number(value)} ({column})" for column, value in target.measured.items()]
    return ", ".join(values) or "nothing to compare"


def _verdict(target: Target) -> str:
    if not target.measured:
        return "–"
    if not target.missed:
        return "yes"
    return "**missed**" if len(target.missed) == len(target.measured) else f"**missed** at {', '.join(target.missed)}"


def _number(value: float) -> str:
    """Return three significant digits."""
    if value >= 99.95:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def _grid(head: list[str], rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines]


def write_json(file: Path, header: Mapping[str, object], tables: Iterable[Table]) -> None:
    """Write all numbers, unrounded."""
    found = [asdict(table) | {"missed": [target.text for target in table.targets if target.missed]} for table in tables]
    text = json.dumps({**header, "tables": found}, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
