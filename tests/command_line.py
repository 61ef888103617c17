"""What the tests of the command line share: a folder of files to work in, off any terminal, and what comes out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest


class Answer(NamedTuple):
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What was printed, read as JSON."""
        return json.loads(self.out)


def work_in(folder: Path, texts: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the files into the folder and go there, with nothing in the environment that says how to print."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(folder)
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
