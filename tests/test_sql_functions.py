"""The functions inside PostgreSQL against the Python answers, and what is asked where they are absent."""

from __future__ import annotations

import asyncio
import random
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from slotcalc import (
    Booking,
    BookingStatus,
    Interval,
    IntervalError,
    IntervalSet,
    PointTypeError,
    PointValueError,
    Slot,
    StoreError,
    free,
    zones,
)
from slotcalc.sql import SqlRepository, Tables, create_all, install_functions
from tests.clocks import SCENES
from tests.databases import DAY, TUTOR, WHOLE_DAY, Database, calls, hours, on_postgres, slot
from tests.databases import postgres_url as url_of
from tests.oracle import LAST, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clocks import Scene

DOCS = Path(__file__).parents[1] / "docs"
NIGHT = datetime(2026, 3, 28, 21, tzinfo=UTC)  # the clocks of Europe change in the middle of the universe
STEP = timedelta(minutes=30)
HOUR = timedelta(hours=1)

_numbers = count()


@pytest.fixture(scope="module")
def server(postgres_url: str) -> Iterator[Database]:
    """Give a PostgreSQL with the functions."""
    with on_postgres(postgres_url) as made:
        install_functions(made.engine, made.tables)
        yield made


def name(database: Database, what: str) -> str:
    return f"{database.tables.schema}.{database.tables.prefix}{what}"


def step(pair: tuple[int, int]) -> Interval[datetime]:
    return Interval(NIGHT + pair[0] * STEP, NIGHT + pair[1] * STEP)


def pushed(database: Database) -> SqlRepository:
    """Return a repository that fails where the server lacks the functions, instead of computing the answer itself."""
    repository = database.repository()
    repository._snapshot = None  # type: ignore[assignment,method-assign]  # what the Python answer would ask first
    return repository


numbers = st.integers(1, 3)
lengths = st.sampled_from([None, timedelta(), STEP, 3 * STEP])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Slot], list[Booking]]:
    """Draw the slots and bookings of a resource, over half hours with touching edges."""
    resource_id = f"resource-{next(_numbers)}"
    capacities = st.just(1) if draw(st.booleans()) else numbers
    slots = [Slot(resource_id, step(pair), capacity=draw(capacities)) for pair in draw(st.lists(pairs(), max_size=5))]
    bookings = [
        Booking(resource_id, step(pair), status=draw(st.sampled_from(BookingStatus)), seats=draw(numbers), id=f"b{n}")
        for n, pair in enumerate(draw(st.lists(pairs(), max_size=6)))
    ]
    return slots, bookings


questions = st.tuples(
    pairs().map(step),
    st.fixed_dictionaries(
        {},
        optional={
            "before": lengths,
            "after": lengths,
            "seats": numbers,
            "active": st.sets(st.sampled_from(BookingStatus)),
            "ignoring": st.sampled_from([None, "b0", ("b1", "b2"), ["nobody"]]),
        },
    ),
)


@given(world=worlds(), asked=st.lists(questions, min_size=8, max_size=8))
def test_the_server_gives_the_free_time_that_python_gives(
    server: Database,
    world: tuple[list[Slot], list[Booking]],
    asked: list[tuple[Interval[datetime], dict[str, Any]]],
) -> None:
    slots, bookings = world
    resource_id = slots[0].resource_id if slots else "nobody"
    server.repository().seed(slots, bookings)
    repository = pushed(server)
    everywhere = [(step((0, LAST)), {"seats": seats}) for seats in (1, 2, 3)]
    for window, options in [*everywhere, *asked]:
        assert repository.free(resource_id, window, **options) == free(slots, bookings, **options) & window


def test_it_does_so_in_three_hundred_crowded_worlds(server: Database) -> None:
    rng = random.Random(20260329)  # noqa: S311  # the same worlds on every run

    def some(most: int) -> list[Interval[datetime]]:
        starts = [rng.randrange(LAST) for _ in range(rng.randint(1, most))]
        return [step((start, min(start + rng.randint(1, 5), LAST))) for start in starts]

    worlds = {
        f"crowded-{n}": (
            [Slot(f"crowded-{n}", piece, capacity=rng.randint(1, 3)) for piece in some(5)],
            [
                Booking(
                    f"crowded-{n}",
                    piece,
                    status=rng.choice([*BookingStatus]),
                    seats=rng.randint(1, 2),
                    id=f"b{i}",
                )
                for i, piece in enumerate(some(6))
            ],
        )
        for n in range(300)
    }
    server.repository().seed(
        [slot for slots, _ in worlds.values() for slot in slots],
        [booking for _, bookings in worlds.values() for booking in bookings],
    )
    repository = pushed(server)
    for resource_id, (slots, bookings) in worlds.items():
        for seats in (1, 2, 3):
            window = step((rng.randrange(4), LAST - rng.randrange(4)))
            options: dict[str, Any] = {
                "before": rng.choice([None, STEP, 3 * STEP]),
                "after": rng.choice([None, STEP, 3 * STEP]),
                "seats": seats,
                "ignoring": rng.choice([None, "b0", ["b1", "b2"]]),
            }
            assert repository.free(resource_id, window, **options) == free(slots, bookings, **options) & window


def test_every_repository_gives_the_same_free_time_in_both_ways_of_asking(database: Database) -> None:
    slots = [slot(9, 12, capacity=2), slot(11, 14)]
    bookings = [
        Booking(TUTOR, hours(9, 10), id="a"),
        Booking(TUTOR, hours(9.5, 11), id="b"),
        Booking(TUTOR, hours(12, 13), id="c"),
    ]
    repository = database.repository()
    repository.seed(slots, bookings)

    async def ask() -> IntervalSet[datetime]:
        try:
            return await database.async_repository().free(TUTOR, WHOLE_DAY, after=HOUR, ignoring="c")
        finally:
            await database.asynchronous.dispose()

    expected = free(slots, bookings, after=HOUR, ignoring="c")
    assert repository.free(TUTOR, WHOLE_DAY, after=HOUR, ignoring="c") == expected
    assert asyncio.run(ask()) == expected
    if not database.is_sqlite:
        install_functions(database.engine, database.tables)
        assert pushed(database).free(TUTOR, WHOLE_DAY, after=HOUR, ignoring="c") == expected
        assert asyncio.run(ask()) == expected


@pytest.mark.parametrize("before, after", [(1.0, 0.5), (0.5, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_a_booking_outside_the_window_takes_time_in_it_by_its_buffers(
    database: Database, before: float, after: float
) -> None:
    repository = database.repository()
    bookings = [Booking(TUTOR, hours(8, 9.25), id="a"), Booking(TUTOR, hours(12.25, 13), id="b")]
    repository.seed([slot(8, 18)], bookings)
    window = hours(9.5, 12)
    expected = IntervalSet([hours(max(9.25 + after, 9.5), min(12.25 - before, 12))])
    assert repository.free(TUTOR, window, before=before * HOUR, after=after * HOUR) == expected
    if not database.is_sqlite:
        install_functions(database.engine, database.tables)
        assert pushed(database).free(TUTOR, window, before=before * HOUR, after=after * HOUR) == expected


@pytest.mark.parametrize(
    "options, error",
    [
        ({"before": -HOUR}, IntervalError),
        ({"after": 5}, PointTypeError),
        ({"after": "1 hour"}, PointTypeError),
        ({"before": timedelta.max}, PointValueError),
        ({"seats": 0}, PointValueError),
        ({"seats": "1; DROP TABLE"}, PointTypeError),
        ({"active": 7}, PointTypeError),
        ({"active": "CONFIRMED"}, PointTypeError),
        ({"active": ["maybe"]}, PointValueError),
        ({"ignoring": 7}, PointTypeError),
        ({"ignoring": [7]}, PointTypeError),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_anything_is_asked(
    database: Database, options: dict[str, Any], error: type[Exception]
) -> None:
    with calls(database.engine, lambda *_: None) as made, pytest.raises(error):
        database.repository().free(TUTOR, WHOLE_DAY, **options)
    assert not made


def test_more_seats_than_any_number_of_the_database_are_free_nowhere(server: Database) -> None:
    server.repository().seed([Slot("large", WHOLE_DAY, capacity=2**63 - 1)])
    assert pushed(server).free("large", WHOLE_DAY, seats=2**63 - 1) == IntervalSet([WHOLE_DAY])
    assert pushed(server).free("large", WHOLE_DAY, seats=2**63) == IntervalSet()


def test_statuses_may_be_given_by_their_names(server: Database) -> None:
    bookings = [Booking("named", hours(9 + n, 10 + n), id=str(n), status=each) for n, each in enumerate(BookingStatus)]
    server.repository().seed([Slot("named", WHOLE_DAY)], bookings)
    taken = IntervalSet(bookings[1].interval)
    assert pushed(server).free("named", WHOLE_DAY, active=["confirmed"]) == IntervalSet([WHOLE_DAY]) - taken  # type: ignore[list-item]


def test_ids_that_no_booking_can_have_leave_nothing_out(server: Database) -> None:
    server.repository().seed([Slot("odd", WHOLE_DAY)], [Booking("odd", hours(9, 10), id="a")])
    expected = IntervalSet([WHOLE_DAY]) - IntervalSet([hours(9, 10)])
    assert pushed(server).free("odd", WHOLE_DAY, ignoring=["\0", "\ud800", "x" * 10**5, "'); DROP"]) == expected


def test_a_buffer_of_a_day_has_24_hours_whatever_the_zone_of_the_session(server: Database, postgres_url: str) -> None:
    day = timedelta(days=1)
    noon = datetime(2026, 3, 28, 12, tzinfo=UTC)  # the next day has 23 hours in Berlin
    slots = [Slot("abroad", Interval(noon, noon + 3 * day))]
    later = noon + day + HOUR / 2
    server.repository().seed(slots, [Booking("abroad", Interval(later, later + HOUR), id="a")])
    engine = create_engine(url_of(postgres_url), connect_args={"options": "-c timezone=Europe/Berlin"})
    try:
        abroad = SqlRepository(engine, tables=server.tables)
        assert abroad.free("abroad", slots[0].interval, after=day).starts == (noon, later + HOUR + day)
        assert abroad.free("abroad", Interval(noon, noon + HOUR), before=day).ends == (noon + HOUR / 2,)
        assert abroad.free("abroad", Interval(later + day, noon + 3 * day), after=day).starts == (later + HOUR + day,)
    finally:
        engine.dispose()


def test_what_another_tenant_offers_is_not_there(server: Database) -> None:
    server.repository(tenant="anna").seed([Slot("shared-name", WHOLE_DAY)])
    repository = server.repository(tenant="ben")
    assert repository.free("shared-name", WHOLE_DAY) == IntervalSet()
    assert server.repository(tenant="anna").free("shared-name", WHOLE_DAY) == IntervalSet([WHOLE_DAY])


def test_without_the_functions_the_answer_is_computed_here_and_the_server_asked_only_once(postgres_url: str) -> None:
    with on_postgres(postgres_url) as database:
        repository = database.repository()
        repository.seed([slot(9, 12)])
        with calls(database.engine, lambda *_: None) as first:
            assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12)])
        with calls(database.engine, lambda *_: None) as second:
            assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12)])
        function = name(database, "free")
        assert any(function in said for said in first)
        assert not any(function in said for said in second)


def test_any_other_refusal_of_the_server_is_told(postgres_url: str) -> None:
    with on_postgres(postgres_url) as database:
        install_functions(database.engine, database.tables)
        database.execute("DROP TABLE {bookings}")
        database.repository().seed([slot(9, 12)])
        with pytest.raises(StoreError, match="bookings"):
            database.repository().free(TUTOR, WHOLE_DAY)


def test_installing_again_and_under_other_names_works_and_changes_nothing_else(postgres_url: str) -> None:
    with on_postgres(postgres_url) as database:
        other = Tables(prefix="other_", schema=database.tables.schema)
        create_all(database.engine, other)
        for _ in range(2):
            install_functions(database.engine, database.tables)
        with database.engine.begin() as connection:
            install_functions(connection, other)
        SqlRepository(database.engine, tables=other).seed([slot(9, 12)])
        assert pushed(database).free(TUTOR, WHOLE_DAY) == IntervalSet()
        assert SqlRepository(database.engine, tables=other).free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12)])


def test_the_files_and_the_sql_of_the_docs_run_as_they_stand_under_the_usual_names(postgres_url: str) -> None:
    engine = create_engine(url_of(postgres_url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE usual"))
        usual = create_engine(url_of(postgres_url).set(database="usual"))
        create_all(usual)
        with usual.begin() as connection:
            for script in ("functions.sql", "policies.sql"):
                said = files("slotcalc.sql").joinpath(script).read_text(encoding="utf-8")
                connection.exec_driver_sql(said, execution_options={"no_parameters": True})
        repository = SqlRepository(usual)
        repository.seed([slot(9, 12)])
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12)])
        assert repository._pushes_down
        with usual.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for page in ("databases", "hosted-postgresql"):
                said = (DOCS / f"{page}.md").read_text(encoding="utf-8")
                for statements in re.findall(r"^```sql\n(.*?)^```", said, re.DOTALL | re.MULTILINE):
                    connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
            connection.exec_driver_sql("DROP OWNED BY booking_people")
            connection.exec_driver_sql("DROP ROLE anna, booking_people")
        install_functions(usual)  # names its tables by the schema of the connection
        assert repository.free(TUTOR, WHOLE_DAY) == IntervalSet([hours(9, 12)])
        usual.dispose()
        with engine.connect() as connection:
            connection.execute(text("DROP DATABASE usual"))
    finally:
        engine.dispose()


def test_databases_that_cannot_have_the_functions_are_refused(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PointValueError, match="this is sqlite"):
        install_functions(create_engine("sqlite://"))
    with server.engine.connect() as connection:
        monkeypatch.setattr(connection.dialect, "server_version_info", (13, 4))
        with pytest.raises(PointValueError, match=r"this is postgresql\.13\.4"):
            install_functions(connection)


RANGES = """tstzrange(:start, :end), ARRAY(
    SELECT tstzrange(low, high)
    FROM unnest(CAST(:lows AS timestamptz[]), CAST(:highs AS timestamptz[])) WITH ORDINALITY AS piece (low, high, n)
    ORDER BY n
)"""


def as_set(multirange: Any) -> IntervalSet[datetime]:
    return IntervalSet([(piece.lower, piece.upper) for piece in multirange])


@given(whole=pairs(), taken=st.lists(pairs(), max_size=6))
@example(whole=(0, LAST), taken=[])
@example(whole=(0, LAST), taken=[(0, 1), (LAST - 1, LAST), (1, 2)])
def test_subtracting_at_once_and_by_hand_is_what_the_algebra_does(
    server: Database, whole: tuple[int, int], taken: list[tuple[int, int]]
) -> None:
    lows, highs = [step(pair).start for pair in taken], [step(pair).end for pair in taken]
    arguments = {"start": step(whole).start, "end": step(whole).end, "lows": lows, "highs": highs}
    expected = IntervalSet([step(whole)])
    with server.engine.connect() as connection:
        at_once = connection.execute(text(f"SELECT unnest({name(server, 'subtract')}({RANGES}))"), arguments)
        assert as_set(at_once.scalars()) == expected - IntervalSet([step(pair) for pair in taken])
        by_hand = connection.execute(
            text(f"SELECT * FROM {name(server, 'show_subtraction')}({RANGES})"), arguments
        ).all()
    assert [row.step for row in by_hand] == [*range(len(taken) + 1)]
    assert as_set(by_hand[0].what_is_left) == expected
    for row, pair in zip(by_hand[1:], taken, strict=True):
        away = IntervalSet([step(pair)])
        assert as_set(row.removed) == expected & away
        expected -= away
        assert as_set(row.what_is_left) == expected


def test_empty_and_missing_ranges_take_nothing(server: Database) -> None:
    function = name(server, "show_subtraction")
    rows = server.execute(
        f"SELECT what_is_left::text FROM {function}('[2026-01-01,2026-01-02)', ARRAY['empty', NULL]::tstzrange[])"
    )
    (at_once,) = server.execute(
        f"SELECT {name(server, 'subtract')}('[2026-01-01,2026-01-02)', ARRAY['empty', NULL]::tstzrange[])::text"
    )
    whole = '{["2026-01-01 00:00:00+00","2026-01-02 00:00:00+00")}'
    assert [row.what_is_left for row in rows] == [whole] * 3
    assert at_once[0] == whole


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_local_days_begin_in_the_server_when_they_begin_in_python(server: Database, scene: Scene) -> None:
    days = [scene.day + timedelta(days=n) for n in range(-3, 4)]
    function = name(server, "day_start")
    with server.engine.connect() as connection:
        starts = connection.execute(
            text(f"SELECT {function}(day, :zone) FROM unnest(CAST(:days AS date[])) AS day"),
            {"zone": scene.zone, "days": days},
        ).scalars()
        assert [*starts] == [zones.day_start(day, scene.zone) for day in days]


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_availability_by_local_day_is_the_free_set_by_day(server: Database, scene: Scene) -> None:
    first, last = scene.day - timedelta(days=2), scene.day + timedelta(days=2)
    start = zones.day_start(first, scene.zone)
    end = zones.day_start(last + timedelta(days=1), scene.zone)
    window = Interval(start, end)
    resource_id = str(scene)
    slots = [Slot(resource_id, Interval(start - HOUR, end + HOUR))]
    booked = [start + n * timedelta(minutes=50) for n in range(40, 110)]  # about the middle of the five days
    bookings = [Booking(resource_id, Interval(at, at + HOUR / 4), id=f"b{n}") for n, at in enumerate(booked)]
    server.repository().seed(slots, bookings)
    with server.engine.connect() as connection:
        rows = connection.execute(
            text(f"SELECT * FROM {name(server, 'availability')}(:resource, :first, :last, :zone, after => :after)"),
            {"resource": resource_id, "first": first, "last": last, "zone": scene.zone, "after": HOUR / 4},
        ).all()
    expected = free(slots, bookings, after=HOUR / 4) & window
    assert IntervalSet([(row.start_at, row.end_at) for row in rows]) == expected
    assert [(row.date, row.local_start, row.local_end) for row in rows] == [
        (day, low.replace(tzinfo=None), high.replace(tzinfo=None))
        for day, pieces in expected.by_day(scene.zone)
        for low, high in pieces
    ]


def test_the_view_shows_the_free_time_of_each_resource_from_this_moment_on(server: Database) -> None:
    now = datetime.now(UTC)
    around = Interval(now - HOUR, now + 8 * HOUR)
    booked = Interval(now + HOUR, now + 2 * HOUR)
    for tenant in ("anna", "ben"):
        server.repository(tenant=tenant).seed([Slot("viewed", around)], [Booking("viewed", booked, id="a")])
    rows = server.execute(
        f"SELECT *, now() AS now FROM {name(server, 'free_from_now')}"
        " WHERE tenant = 'anna' AND resource_id = 'viewed' ORDER BY start_at"
    )
    assert [(row.start_at, row.end_at) for row in rows] == [
        (rows[0].now, booked.start),
        (booked.end, around.end),
    ]


@pytest.mark.parametrize(
    "call, said",
    [
        ("free('r', '[2026-01-01,2026-01-02)', seats => 0)", "seats is less than 1"),
        ("free('r', '[2026-01-01,2026-01-02)', before => '-1 second')", "a buffer is negative"),
        ("availability('r', '2026-01-02', '2026-01-01', 'UTC')", "is no span"),
        ("availability('r', '0001-01-01', '2026-01-01', 'UTC')", "at most a century"),
        ("availability('r', '2026-01-01', '2026-01-02', 'Mars/Olympus''; DROP TABLE x')", "not recognized"),
    ],
)
def test_by_hand_the_functions_refuse_what_makes_no_sense(server: Database, call: str, said: str) -> None:
    with server.engine.begin() as connection:
        connection.execute(
            text(f"INSERT INTO {name(server, 'resources')} (resource_id) VALUES ('r') ON CONFLICT DO NOTHING")
        )
    with pytest.raises(Exception, match=said):
        server.execute(f"SELECT {name(server, call)}")


def test_an_empty_window_has_no_free_time_and_an_unknown_one_no_answer(server: Database) -> None:
    server.repository().seed([Slot("windows", WHOLE_DAY)])
    function = name(server, "free")
    rows = server.execute(
        f"SELECT {function}('windows', 'empty')::text, {function}('windows', NULL) IS NULL,"
        f" {function}('windows', '(,)') = multirange(tstzrange('{DAY:%Y-%m-%d}', '{DAY:%Y-%m-%d}'::date + 1))"
    )
    assert [*rows[0]] == ["{}", True, True]
