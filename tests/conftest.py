"""Hypothesis profiles and the fixtures that more than one test module asks for.

HYPOTHESIS_PROFILE=quick (the default) tries the same 100 examples on every run; `deep` tries 5,000 new ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("quick", derandomize=True, deadline=None, max_examples=100, print_blob=True)
settings.register_profile(
    "deep",
    deadline=None,
    max_examples=5000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a deep run may take its time
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Give the connection string of a PostgreSQL that lives as long as the test run."""
    with postgres.running() as conninfo:
        yield conninfo
