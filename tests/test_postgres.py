from __future__ import annotations

import pytest


def test_the_server_subtracts_half_open_multiranges(postgres_url: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("select '{[1,3),[5,7)}'::int8multirange - '{[2,6)}'::int8multirange").fetchone()
    (difference,) = row
    assert [(piece.lower, piece.upper, piece.bounds) for piece in difference] == [(1, 2, "[)"), (6, 7, "[)")]


def test_the_server_thinks_in_utc_whatever_the_machine_is_set_to(postgres_url: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("show timezone").fetchone()
    assert row == ("UTC",)
