"""What is loaded by an import, asked of a fresh interpreter."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest

import slotcalc

# The only modules that load a third party, and what keeps them from being imported without it.
WITH_THIRD_PARTY = {"slotcalc.cli", "slotcalc.frames", "slotcalc.ical", "slotcalc.sql", "slotcalc.testing.strategies"}

PROBE = """
import json, sys

before = set(sys.modules)  # whatever the environment itself loads at start-up is not ours
__import__(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(module: str) -> list[str]:
    """Return the names of the modules that importing this one adds to a fresh interpreter."""
    # -I: neither the working directory nor PYTHONPATH can lend a module that an installed slotcalc would not have.
    completed = subprocess.run([sys.executable, "-I", "-c", PROBE, module], check=True, capture_output=True, text=True)
    names: list[str] = json.loads(completed.stdout)
    return names


def third_parties(names: list[str]) -> set[str]:
    packages = {name.partition(".")[0] for name in names}
    ours = {name for name in packages if name.startswith("_sysconfigdata")} | {"slotcalc"}  # the first is Python's own
    return packages - set(sys.stdlib_module_names) - ours


def test_importing_slotcalc_loads_no_third_party() -> None:
    names = loaded_by("slotcalc")
    assert "slotcalc" in names
    assert third_parties(names) == set()


def test_importing_slotcalc_loads_no_rules() -> None:
    assert not [name for name in loaded_by("slotcalc") if name.startswith("slotcalc.rules")]


def test_importing_slotcalc_loads_no_module_that_needs_an_extra() -> None:
    assert WITH_THIRD_PARTY.isdisjoint(loaded_by("slotcalc"))


def test_importing_slotcalc_loads_no_time_zones_before_they_are_asked_for() -> None:
    assert "zoneinfo" not in loaded_by("slotcalc")


@pytest.mark.parametrize(
    "module",
    sorted(
        info.name
        for info in pkgutil.walk_packages(slotcalc.__path__, "slotcalc.")
        if not info.name.startswith(tuple(WITH_THIRD_PARTY))
    ),
)
def test_a_module_without_an_extra_loads_no_third_party(module: str) -> None:
    assert third_parties(loaded_by(module)) == set()
