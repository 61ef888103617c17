"""How the command line prints: data to stdout, everything else to stderr, colours only on a terminal.

rich knows terminals (NO_COLOR, FORCE_COLOR, TERM, how wide they are); what is printed comes laid out from `render`.
The one place that knows rich.
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final, Self
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from slotcalc import iso8601, zones
from slotcalc.render import Line, Role, in_ascii, plain

__all__ = ["Output", "ReaderGoneError", "Reading", "complain", "starts_as_csv", "starts_as_json"]

_STYLES: Final = {
    Role.TEXT: "",
    Role.TITLE: "bold",
    Role.FREE: "green",
    Role.TAKEN: "red",
    Role.QUIET: "bright_black",
    Role.NOTE: "yellow",
}
_PATIENCE: Final = 0.5
"""For how many seconds a file may be read before a bar appears."""


class ReaderGoneError(Exception):
    """Nobody reads stdout any more. Not a BrokenPipeError, of which click would make an exit code of its own."""


class Output:
    """Where the answer goes: stdout, or a file, which then is UTF-8 and without colours."""

    def __init__(self, path: Path | None) -> None:
        """Look at stdout once."""
        self._path = path
        self._console = Console(file=sys.stdout, highlight=False)
        self.columns = self._console.width if path is None and self._console.is_terminal else None

    def show(self, lines: Iterable[Line]) -> None:
        """Write lines of pieces, with colours if this is a terminal, in signs that it can show."""
        texts = [Text.assemble(*((piece.text, _STYLES[piece.role]) for piece in line)) for line in lines]
        for text in texts:
            text.rstrip()
        if self._path is not None:
            self.write("".join(f"{text.plain}\n" for text in texts))
            return
        with self._console.capture() as captured:
            for text in texts:
                self._console.print(text, soft_wrap=True)
        shown, encoding = captured.get(), self._console.encoding
        if not _fits("█▒░·–…�", encoding):
            shown = in_ascii(shown)
        _to_stdout(shown.encode(encoding, "replace"))

    def write(self, text: str) -> None:
        """Write text as it is, in UTF-8."""
        if self._path is None:
            _to_stdout(text.encode())
        else:
            self._path.write_bytes(text.encode())


class Reading:
    """A bar on stderr for files that take long to read; none if that is no terminal."""

    def __init__(self, *, quiet: bool) -> None:
        """Show nothing yet."""
        self._console = Console(stderr=True)
        self._shows = self._console.is_terminal and not quiet
        self._bar: Progress | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to count the time."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def of(self, path: Path) -> "_File":
        """Return what a reader of this file calls with how much is done."""
        return _File(self, path)

    def tell(self, task: TaskID | None, path: Path, done: int, total: int) -> TaskID | None:
        """Move the bar, if it has been long enough for one."""
        if not self._shows or time.monotonic() - self._began < _PATIENCE:
            return task
        if self._bar is None:
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
        if task is None:
            task = self._bar.add_task(f"reading {plain(path.name)}")
        self._bar.update(task, completed=done, total=total)
        return task


class _File:
    """The progress of one file."""

    def __init__(self, reading: Reading, path: Path) -> None:
        self._reading = reading
        self._path = path
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        self._task = self._reading.tell(self._task, self._path, done, total)


def complain(message: str, *, label: str = "") -> None:
    """Write to stderr what is wrong, and below it how to mend it: what a message has behind its last semicolon."""
    first, *more = message.splitlines()
    what, _, mend = first.rpartition("; ")
    lines = [what, *more, f"  {mend}"] if what else [mend, *more]
    text = "".join(f"{plain_line(line)}\n" for line in lines)
    stream = sys.stderr
    encoding = stream.encoding or "ascii"
    stream.write(f"slotcalc: {label}{text}".encode(encoding, "backslashreplace").decode(encoding))


def plain_line(line: str) -> str:
    """Return a line that cannot act on a terminal, its blanks kept so that a caret stays where it points."""
    return "".join(char if char.isprintable() else "�" for char in line)


def starts_as_json(starts: Sequence[datetime], duration: timedelta, zone: ZoneInfo) -> str:
    """Return a JSON list with an object for each start, in local time."""
    return json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in _rows(starts, duration, zone)], indent=2)


def starts_as_csv(starts: Sequence[datetime], duration: timedelta, zone: ZoneInfo) -> str:
    """Return a CSV row for each start, in local time; no cell holds text from outside, or needs quotes."""
    rows = [_COLUMNS, *_rows(starts, duration, zone)]
    return "".join(f"{','.join(row)}\r\n" for row in rows)


_COLUMNS: Final = ("date", "start_time", "start", "end")


def _rows(starts: Sequence[datetime], duration: timedelta, zone: ZoneInfo) -> Iterable[tuple[str, ...]]:
    for start in starts:
        local, end = zones.to_local(start, zone), zones.to_local(start + duration, zone)
        clock = local.time().isoformat().removesuffix(":00")
        yield local.date().isoformat(), clock, iso8601.format_point(local), iso8601.format_point(end)


def _fits(signs: str, encoding: str) -> bool:
    try:
        signs.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _to_stdout(data: bytes) -> None:
    stream: IO[bytes] = sys.stdout.buffer
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:
        # Python flushes stdout once more at its end; by then there has to be somebody to take it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReaderGoneError from None
