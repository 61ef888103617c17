"""Data frames for the tests: the libraries that hold them in memory, and fleets of intervals over a tiny universe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.optional import module_of
from tests.oracle import pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LIBRARIES = ("pandas", "polars", "pyarrow")

Row = tuple[Any, ...]

resources = st.integers(0, 3)


def need_frames() -> None:
    """Skip a whole module unless the extra `frames` and the libraries of the group `frames-test` are installed."""
    for name in ("numpy", "narwhals", *LIBRARIES):
        module_of("frames-test", name)


def frame_of(library: str, columns: Mapping[str, Sequence[Any]]) -> Any:
    """Return columns as a frame of a library."""
    if library == "pandas":
        import pandas as pd  # noqa: PLC0415  # only the library that is asked for

        return pd.DataFrame(columns)
    if library == "polars":
        import polars as pl  # noqa: PLC0415  # as above

        return pl.DataFrame(columns)
    import pyarrow as pa  # noqa: PLC0415  # as above

    return pa.table(dict(columns))


def frame_of_rows(library: str, rows: Sequence[Row], *names: str) -> Any:
    """Return rows as a frame of a library; without rows its columns may have any data type, as such frames have."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    return frame_of(library, dict(zip(names, columns, strict=True)))


def rows_of(frame: Any) -> list[Row]:
    """Return the rows of a frame as Python has them."""
    import narwhals as nw  # noqa: PLC0415  # may be missing, and then nobody asks

    rows: list[Row] = nw.from_native(frame).rows()
    return rows


@st.composite
def fleets(draw: st.DrawFn, *, weighted: bool = False) -> list[Row]:
    """Draw rows of (resource, start, end), and of seats if weighted, in any order, some of them perhaps twice."""
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 12))):
        seats = (draw(st.integers(1, 3)),) if weighted else ()
        rows.append((draw(resources), *draw(pairs()), *seats))
    return rows
