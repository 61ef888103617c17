"""What the README shows is what happens. Its Python examples are run by Sybil; here is its command."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from slotcalc.cli import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """Return the one line in the fence that follows the marker."""
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*)\n```", README)
    assert found is not None
    return found[1]


def test_the_main_job_prints_what_the_readme_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "200")
    arguments = shlex.split(command("main job").rpartition("/slotcalc ")[2])
    assert main(arguments) == 0
    printed = "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
    assert f"```text\n{printed}\n```" in README


def test_the_commands_make_their_own_environment_and_need_nothing_by_hand() -> None:
    for name in ("main job", "tests"):
        assert command(name).startswith("python3 -m venv .venv && .venv/bin/pip install ")
