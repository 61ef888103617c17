"""What a test does when an optional part of its surroundings is missing."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Never

import pytest


def missing(reason: str, *, group: str = "test") -> Never:
    """Skip the test or the module, saying why; with SLOTCALC_CI set, fail it if the environment promises the part.

    It promises the dependency group `test`, which includes `frames-test`, and the groups that SLOTCALC_GROUPS names:
    those too heavy for the quick tests have an environment of their own. The reason is a sentence that tells what to
    install, and it appears in pytest's summary.
    """
    __tracebackhide__ = True
    promised = {"test", "frames-test", *os.environ.get("SLOTCALC_GROUPS", "").split()}
    if os.environ.get("SLOTCALC_CI") and group in promised:
        pytest.fail(f"SLOTCALC_CI is set, so nothing may be skipped: {reason}", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def module_of(group: str, name: str) -> Any:  # a module, whose types are known only where it is installed
    """Return a module that a dependency group brings; where it is not installed, it is `missing`."""
    __tracebackhide__ = True
    try:
        return import_module(name)
    except ImportError:
        missing(f"{name} is not installed; it comes with the group {group}", group=group)
