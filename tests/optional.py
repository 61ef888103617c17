"""What a test does when an optional part of its surroundings is missing."""

from __future__ import annotations

import os
from typing import Never

import pytest


def missing(reason: str) -> Never:
    """Skip the test, saying why; with SLOTCALC_CI set, fail it, since there nothing may be missing.

    The reason is a sentence that tells what to install, and it appears in pytest's summary.
    """
    __tracebackhide__ = True
    if os.environ.get("SLOTCALC_CI"):
        pytest.fail(f"SLOTCALC_CI is set, so nothing may be skipped: {reason}", pytrace=False)
    pytest.skip(reason)
