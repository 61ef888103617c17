"""Stats and analyses against a count of every single minute, in zones whose clocks do odd things."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Action,
    AuditEvent,
    Interval,
    IntervalError,
    LimitExceededError,
    Limits,
    ParseError,
    PointTypeError,
    PointValueError,
    UnknownZoneError,
)
from slotcalc.audit import (
    ClockRange,
    HourOfWeek,
    Stats,
    Tally,
    busiest_edit_hours,
    most_active_editors,
    most_removed_hours,
    most_removed_times,
    seasonal_pattern,
    stats,
)
from tests.clocks import MINUTE, Scene, scenes, times_near
from tests.histories import PEOPLE, REASONS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

HOUR = timedelta(hours=1)
WEEK = [HourOfWeek(weekday, hour) for weekday in range(7) for hour in range(24)]


@st.composite
def told(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[Scene, list[AuditEvent], Interval[datetime]]:
    """Draw events with slots and edits near a night when the clocks change, and a window."""
    scene = draw(scenes)
    moments = times_near(scene)
    events = []
    for number in range(draw(st.integers(0, 6))):
        start = draw(moments)
        end = start + draw(st.sampled_from([15, 30, 60, 90, 200, 3000])) * MINUTE
        action, reason, author = (draw(st.sampled_from(which)) for which in ([*Action], REASONS, PEOPLE))
        events.append(
            AuditEvent(
                "r",
                action,
                (start, end),
                reason=reason,
                changed_by=author,
                changed_at=draw(moments),
                revision=number // 2 + 1,
                ordinal=number % 2,
            )
        )
    first, last = sorted(draw(st.lists(moments, min_size=2, max_size=2, unique=True)))
    return scene, events, Interval(first, last)


class Minutes:
    """The naive second implementation: looks at the clock in every minute of every slot."""

    def __init__(self, events: Iterable[AuditEvent], zone: str, window: Interval[datetime], by: str) -> None:
        self.place = ZoneInfo(zone)
        self.slots: Counter[tuple[Hashable, Action]] = Counter()
        self.minutes: Counter[tuple[Hashable, Action]] = Counter()
        for event in events:
            minutes = minutes_of(event.interval)
            if by == "edit":
                assert event.changed_at is not None
                if event.changed_at in window:
                    self.count(event, event.changed_at, 1, len(minutes))
            else:
                for minute in minutes:
                    if minute in window:
                        self.count(event, minute, int(minute == event.interval.start), 1)

    def count(self, event: AuditEvent, moment: datetime, slots: int, minutes: int) -> None:
        local = moment.astimezone(self.place)
        day = local.date()
        for key in (
            "total",
            ("reason", event.reason),
            ("actor", event.changed_by),
            ("hour", (local.weekday(), local.hour)),
            ("day", day),
            ("week", day - timedelta(days=day.weekday())),
            ("month", day.replace(day=1)),
        ):
            self.slots[key, event.action] += slots
            self.minutes[key, event.action] += minutes

    def tally(self, key: Hashable) -> Tally:
        added, removed = (key, Action.ADDED), (key, Action.REMOVED)
        return Tally(
            self.slots[added],
            self.slots[removed],
            time_added=self.minutes[added] * MINUTE,
            time_removed=self.minutes[removed] * MINUTE,
        )


def minutes_of(interval: Interval[datetime]) -> list[datetime]:
    return [interval.start + n * MINUTE for n in range(interval.duration // MINUTE)]


def tables_of(made: Stats) -> dict[str, Mapping[Any, Tally]]:
    return {
        "reason": made.by_reason,
        "actor": made.by_actor,
        "hour": made.by_hour_of_week,
        "day": made.by_day,
        "week": made.by_week,
        "month": made.by_month,
    }


@given(told(), st.sampled_from(["slot", "edit"]))
def test_every_cell_of_every_table_agrees_with_a_count_of_single_minutes(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]], by: Any
) -> None:
    scene, events, window = drawn
    made = stats(events, scene.zone, by=by, window=window)
    naive = Minutes(events, scene.zone, window, by)
    assert made.total == naive.tally("total")
    for name, table in tables_of(made).items():
        counted = {key[1] for (key, _) in naive.slots if key[0] == name}  # type: ignore[index]
        assert counted <= table.keys()
        for key, tally in table.items():
            assert tally == naive.tally((name, key)), (name, key)
        assert sum(table.values(), Tally()) == made.total
    shown = {minute.astimezone(naive.place).date() for minute in minutes_of(window)}
    assert [*made.by_day] == sorted(shown)
    assert [*made.by_week] == sorted({day - timedelta(days=day.weekday()) for day in shown})
    assert [*made.by_month] == sorted({day.replace(day=1) for day in shown})
    assert [*made.by_hour_of_week] == WEEK


@given(told(), st.sampled_from(["slot", "edit"]), st.data())
def test_sums_agree_over_any_partition_of_the_window_and_of_the_events(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]], by: Any, data: st.DataObject
) -> None:
    scene, events, window = drawn
    whole = stats(events, scene.zone, by=by, window=window)
    cuts = data.draw(st.lists(times_near(scene), max_size=3))
    for parts in (
        [stats(events, scene.zone, by=by, window=piece) for piece in window.split(cuts)],
        [stats([event], scene.zone, by=by, window=window) for event in events],
    ):
        if parts:
            assert sum((part.total for part in parts), Tally()) == whole.total
            for name, table in tables_of(whole).items():
                for key, tally in table.items():
                    assert sum((tables_of(part)[name].get(key, Tally()) for part in parts), Tally()) == tally


@given(told(), st.sampled_from(["slot", "edit"]))
def test_without_a_window_everything_counts_and_elapsed_time_is_conserved(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]], by: Any
) -> None:
    scene, events, _ = drawn
    made = stats(events, scene.zone, by=by)
    removed = [event.interval.duration for event in events if event.action is Action.REMOVED]
    added = [event.interval.duration for event in events if event.action is Action.ADDED]
    nought = timedelta()
    assert made.total == Tally(
        len(added), len(removed), time_added=sum(added, nought), time_removed=sum(removed, nought)
    )
    assert sum(made.by_day.values(), Tally()) == made.total
    assert (made.window is None) == (not events)


@given(told())
def test_removed_hours_are_counted_once_for_each_date_whose_hour_they_touch(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]],
) -> None:
    scene, events, window = drawn
    place = ZoneInfo(scene.zone)
    removed = [event for event in events if event.action is Action.REMOVED]
    times = Counter(
        (day.weekday(), hour)
        for event in removed
        for day, hour in {
            (local.date(), local.hour)
            for local in (minute.astimezone(place) for minute in minutes_of(event.interval) if minute in window)
        }
    )
    made = most_removed_hours(events, scene.zone, window=window, limit=168)
    assert {hour: count for hour, count, _ in made} == times
    lengths = stats(events, scene.zone, by="slot", window=window).by_hour_of_week
    assert all(length == lengths[hour].time_removed for hour, _, length in made)
    ranks = [(-count, -length, hour) for hour, count, length in made]
    assert ranks == sorted(ranks)


@given(told())
def test_removed_times_are_what_the_clocks_show_at_both_ends(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]],
) -> None:
    scene, events, _ = drawn
    place = ZoneInfo(scene.zone)
    times: Counter[tuple[int, time, time, int]] = Counter()
    lengths: Counter[tuple[int, time, time, int]] = Counter()
    for event in events:
        if event.action is Action.REMOVED:
            start, end = (at.astimezone(place) for at in (event.interval.start, event.interval.end))
            key = start.weekday(), start.time(), end.time(), (end.date() - start.date()).days
            times[key] += 1
            lengths[key] += event.interval.duration // MINUTE
    made = most_removed_times(events, scene.zone, limit=100)
    assert {key: count for key, count, _ in made} == times
    assert {key: length // MINUTE for key, _, length in made} == lengths
    assert [count for _, count, _ in made] == sorted(times.values(), reverse=True)


@given(told())
def test_busy_hours_and_editors_count_edits_and_not_events(
    drawn: tuple[Scene, list[AuditEvent], Interval[datetime]],
) -> None:
    scene, drawn_events, _ = drawn
    first = {event.revision: event for event in drawn_events if event.ordinal == 0}
    events = [  # all events of an edit have one author and one time
        event.replace(changed_at=first[event.revision].changed_at, changed_by=first[event.revision].changed_by)
        for event in drawn_events
    ]
    locals_ = {n: event.changed_at.astimezone(ZoneInfo(scene.zone)) for n, event in first.items() if event.changed_at}
    hours = Counter((local.weekday(), local.hour) for local in locals_.values())
    busy = busiest_edit_hours(events, scene.zone, limit=168)
    assert {hour: edits for hour, edits, _ in busy} == hours
    assert sum((tally for _, _, tally in busy), Tally()) == stats(events, scene.zone, by="edit").total
    editors = most_active_editors(events, limit=3)
    assert {editor.changed_by: editor.edits for editor in editors} == Counter(e.changed_by for e in first.values())
    for editor in editors:
        moments = [e.changed_at for e in events if e.changed_by == editor.changed_by and e.changed_at is not None]
        assert (editor.first, editor.last) == (min(moments), max(moments))
    assert [(-e.edits, e.changed_by) for e in editors] == sorted((-e.edits, e.changed_by) for e in editors)


def removed(text: str, **fields: Any) -> AuditEvent:
    return AuditEvent("r", "removed", Interval.parse(text), **fields)


def test_a_slot_of_half_an_eternity_is_counted_within_the_window_at_once() -> None:
    events = [removed("0001-01-03T00:00Z/9999-12-25T00:00Z")] * 1000
    window = Interval.parse("2026-01-01T00:00Z/2027-01-01T00:00Z")
    made = stats(events, "UTC", by="slot", window=window)
    assert made.total == Tally(0, 0, time_removed=1000 * window.duration)
    assert {tally.time_removed for tally in made.by_day.values()} == {1000 * timedelta(days=1)}
    with pytest.raises(LimitExceededError, match="limit of 18300 days, 0:00:00 window"):
        stats(events, "UTC", by="slot")
    with pytest.raises(LimitExceededError):
        stats(events, "UTC", by="slot", window=window, limits=Limits(window=timedelta(days=364)))


def test_more_time_than_a_timedelta_holds_is_refused() -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    events = [removed("0001-01-03T00:00Z/9999-12-25T00:00Z", changed_at=made)] * 300
    with pytest.raises(PointValueError, match="longer than a timedelta can be"):
        stats(events, "UTC", by="edit")


def test_a_skipped_hour_has_no_time_and_an_hour_that_comes_twice_has_two() -> None:
    spring = stats([removed("2026-03-29T00:00Z/PT2H")], "Europe/Paris", by="slot")  # 01:00 to 04:00 on the clocks
    autumn = stats([removed("2026-10-25T00:00Z/PT2H")], "Europe/Paris", by="slot")  # 02:00 to 03:00, twice
    sunday = 6
    assert [spring.by_hour_of_week[HourOfWeek(sunday, hour)].time_removed // HOUR for hour in range(5)] == [
        0,
        1,
        0,
        1,
        0,
    ]
    assert [autumn.by_hour_of_week[HourOfWeek(sunday, hour)].time_removed // HOUR for hour in range(5)] == [
        0,
        0,
        2,
        0,
        0,
    ]
    assert most_removed_hours([removed("2026-10-25T00:00Z/PT2H")], "Europe/Paris") == [((6, 2), 1, 2 * HOUR)]


def test_a_clock_that_was_wrong_by_an_age_spoils_no_ranking() -> None:
    made = [datetime(1, 1, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)]
    events = [removed("2026-03-02T08:00Z/PT2H", revision=n, changed_at=at) for n, at in enumerate(made, 1)]
    assert [str(busy.hour) for busy in busiest_edit_hours(events, "UTC")] == ["Mo 09:00-10:00", "Tu 09:00-10:00"]
    (editor,) = most_active_editors(events)
    assert (editor.edits, editor.tally.slots_removed, editor.first, editor.last) == (2, 2, *made)


def test_most_removed_is_by_time_and_leaves_out_what_was_only_added() -> None:
    events = [
        removed("2026-03-02T08:00Z/PT2H"),
        removed("2026-03-09T09:00Z/PT1H"),
        AuditEvent("r", "added", Interval.parse("2026-03-03T00:00Z/P1D")),
    ]
    made = stats(events, "UTC", by="slot")
    assert [(str(hour), tally.time_removed) for hour, tally in made.most_removed()] == [
        ("Mo 09:00-10:00", 2 * HOUR),
        ("Mo 08:00-09:00", HOUR),
    ]
    assert made.most_removed(1) == made.most_removed()[:1]


def test_stats_are_json_as_web_clients_expect_it() -> None:
    events = [removed("2026-12-31T22:30Z/PT1H30M", reason="conflict", changed_by="anna")]
    document = stats(events, "Europe/Paris", by="slot").to_json()
    assert json.loads(json.dumps(document)) == document
    nought = Tally().to_json()
    all_of_it = {
        "slots_added": 0,
        "slots_removed": 1,
        "hours_added": 0.0,
        "hours_removed": 1.5,
        "time_added": "PT0S",
        "time_removed": "PT1H30M",
    }
    half = all_of_it | {"hours_removed": 0.5, "time_removed": "PT30M"}
    rest = nought | {"hours_removed": 1.0, "time_removed": "PT1H"}
    assert document["total"] == all_of_it
    assert document["by_reason"] == {"conflict": all_of_it}
    assert document["by_actor"] == {"anna": all_of_it}
    assert document["by_day"] == {"2026-12-31": half, "2027-01-01": rest}
    assert document["by_week"] == {"2026-W53": all_of_it}
    assert document["by_month"] == {"2026-12": half, "2027-01": rest}
    assert len(document["by_hour_of_week"]) == 168
    assert document["by_hour_of_week"][0] == {"weekday": "Mo", "hour": 0, **nought}
    assert document["window"] == "2026-12-31T22:30:00Z/2027-01-01T00:00:00Z"
    empty = stats([], "Europe/Paris", by="slot").to_json()
    assert (empty["window"], empty["by_day"], len(empty["by_hour_of_week"])) == (None, {}, 168)


def test_stats_are_equal_by_content_print_short_and_have_no_hash() -> None:
    events = [removed("2026-03-02T08:00Z/PT2H")]
    made = stats(events, "UTC", by="slot")
    assert made == stats(events * 1, "UTC", by="slot", window=events[0].interval)
    assert repr(made) == "<Stats by slot in UTC: Tally(0, 1, time_removed=datetime.timedelta(seconds=7200))>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)
    assert Tally(1, 0, time_added=HOUR).hours_added == 1.0
    with pytest.raises(TypeError):
        Tally() + 1  # type: ignore[operator]


def test_events_without_a_place_on_the_clock_are_refused() -> None:
    for interval in ((9, 12), (date(2026, 3, 2), date(2026, 3, 3)), (datetime(2026, 3, 2), datetime(2026, 3, 3))):
        with pytest.raises(PointTypeError, match="has no instants"):
            stats([AuditEvent("r", "added", interval)], "UTC", by="slot")
    with pytest.raises(PointTypeError, match="made at no time"):
        stats([removed("2026-03-02T08:00Z/PT2H")], "UTC", by="edit")
    with pytest.raises(PointTypeError, match="made at no time"):
        busiest_edit_hours([removed("2026-03-02T08:00Z/PT2H")], "UTC")
    with pytest.raises(PointTypeError, match="has no instants"):
        most_active_editors([AuditEvent("r", "added", (9, 12), changed_at=datetime(2026, 3, 2, tzinfo=UTC))])


def test_bad_questions_are_refused() -> None:
    with pytest.raises(ParseError, match="by='day' is neither 'edit' nor 'slot'"):
        stats([], "UTC", by="day")  # type: ignore[arg-type]
    with pytest.raises(UnknownZoneError):
        stats([], "Paris", by="slot")
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with pytest.raises(IntervalError):
        stats([], "UTC", by="slot", window=(noon, noon))
    with pytest.raises(PointTypeError, match="no instant"):
        stats([], "UTC", by="slot", window=(9, 12))  # type: ignore[arg-type]
    for window in (9, (noon,)):
        with pytest.raises(PointTypeError, match="neither an Interval nor a"):
            stats([], "UTC", by="slot", window=window)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit, error", [(0, PointValueError), (-1, PointValueError), (None, PointTypeError)])
def test_an_answer_has_at_most_so_many_and_that_is_one_or_more(limit: Any, error: type[Exception]) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    events = [
        AuditEvent("r", "removed", (start, start + HOUR), changed_by=str(start), changed_at=start, revision=start.hour)
        for start in (noon, noon + HOUR, noon + 2 * HOUR)
    ]
    asks: list[Any] = [
        lambda limit: busiest_edit_hours(events, "UTC", limit=limit),
        lambda limit: most_removed_hours(events, "UTC", limit=limit),
        lambda limit: most_removed_times(events, "UTC", limit=limit),
        lambda limit: most_active_editors(events, limit=limit),
        stats(events, "UTC", by="slot").most_removed,
    ]
    for ask in asks:
        assert len(ask(2)) == 2
        with pytest.raises(error, match="limit="):
            ask(limit)


def test_a_window_without_events_is_filled_with_noughts() -> None:
    made = stats([], "UTC", by="edit", window=Interval.parse("2026-02-01T00:00Z/2026-03-02T00:00Z"))
    assert len(made.by_day) == 29
    assert [*made.by_month] == [date(2026, 2, 1), date(2026, 3, 1)]
    assert {*made.by_day.values(), *made.by_hour_of_week.values()} == {Tally()}


def test_analyses_of_nothing_are_empty() -> None:
    assert most_removed_hours([], "UTC") == []
    assert most_removed_times([], "UTC") == []
    assert busiest_edit_hours([], "UTC") == []
    assert most_active_editors([removed("2026-03-02T08:00Z/PT2H")]) == []
    assert [(month.tally, month.by_year) for month in seasonal_pattern([], "UTC")] == [(Tally(), {})] * 12


def test_seasons_add_up_over_the_years_and_have_a_nought_for_each_quiet_month() -> None:
    events = [removed("2024-08-31T20:00Z/PT4H"), removed("2026-08-03T08:00Z/PT5H")]
    pattern = seasonal_pattern(events, "Europe/Paris")
    assert [month.month for month in pattern] == [*range(1, 13)]
    assert {year: tally.hours_removed for year, tally in pattern[7].by_year.items()} == {2024: 2, 2025: 0, 2026: 5}
    assert pattern[7].tally.hours_removed == 7
    assert pattern[8].tally.hours_removed == 2
    assert sum((month.tally for month in pattern), Tally()).hours_removed == 9


def test_clock_ranges_are_written_as_weekly_hours_are() -> None:
    assert str(ClockRange(0, time(9), time(10, 30), 0)) == "Mo 09:00-10:30"
    assert str(ClockRange(6, time(), time(), 1)) == "Su 00:00-24:00"
    assert str(ClockRange(4, time(22), time(2), 1)) == "Fr 22:00-02:00 (+1 day)"
    assert str(ClockRange(4, time(22), time(0), 3)) == "Fr 22:00-24:00 (+2 days)"
    assert str(ClockRange(4, time(2, 30), time(2, 0, 1), 0)) == "Fr 02:30-02:00:01"


def test_a_removed_slot_that_ends_in_the_first_of_two_equal_hours_does_not_touch_the_second() -> None:
    events = [removed("2026-10-24T23:00Z/2026-10-25T00:30Z"), removed("2026-10-25T02:00Z/PT1H")]
    made = {str(hour): times for hour, times, _ in most_removed_hours(events, "Europe/Paris")}
    assert made == {"Su 01:00-02:00": 1, "Su 02:00-03:00": 1, "Su 03:00-04:00": 1}
