"""Hypothesis profiles and the fixtures that more than one test module asks for.

HYPOTHESIS_PROFILE=quick (the default) tries the same 100 examples on every run; `deep` tries 5,000 new ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.optional import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.databases import Database

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


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a database with empty tables: a file of SQLite, then the real PostgreSQL."""
    try:
        from tests import databases  # noqa: PLC0415  # optional
    except ImportError:
        missing("SQLAlchemy is not installed: pip install --group sql-test")
    if request.param == "sqlite":
        with databases.on_sqlite(tmp_path) as made:
            yield made
    else:
        with databases.on_postgres(request.getfixturevalue("postgres_url")) as made:
            yield made
