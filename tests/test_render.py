"""Text for people: timelines, explanations, and nothing in them that can act on a terminal."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotcalc import (
    Booking,
    BookingStatus,
    Interval,
    IntervalSet,
    PointTypeError,
    Slot,
    UnknownZoneError,
    explain,
    zones,
)
from slotcalc.appointments import starts
from slotcalc.render import Cell, DayLine, Role, Timeline, explanation, in_ascii, length, plain, span, timeline
from slotcalc.rules import Weekly

PARIS = "Europe/Paris"


def days(first: str, last: str | None = None, zone: str = PARIS) -> Interval[datetime]:
    """Return the window of whole local days, the last one included."""
    bounds = [zones.day_bounds(date.fromisoformat(day), zone) for day in (first, last or first)]
    return Interval(bounds[0][0], bounds[1][1])


def hours(text: str, window: Interval[datetime], zone: str = PARIS) -> IntervalSet[datetime]:
    return Weekly(text, zone=zone).within(window)


def test_a_week_reads_at_a_glance() -> None:
    window = days("2026-03-26", "2026-03-31")
    offered = hours("Mo-Fr 08:30-12:00,13:00-15:00", window)
    free = offered - Interval.parse("2026-03-26T08:10Z/PT1H") - Interval.parse("2026-03-27T07:00Z/PT12H")
    # Thursday from 09:10 to 10:10 is taken: two of the cells of a quarter of an hour are free in part.
    assert timeline(free, window, PARIS, offered=offered).as_text() == (
        "                08  09  10  11  12  13  14  15\n"
        "Thu 2026-03-26  ··██▒░░░▒███████····████████     4h30m  08:30–09:10, 10:10–12:00, 13:00–15:00\n"
        "Fri 2026-03-27  ··░░░░░░░░░░░░░░····░░░░░░░░            nothing free\n"
        "Sat 2026-03-28  no slots\n"
        "Sun 2026-03-29  no slots  (23h day, clocks go forward at 02:00)\n"
        "\n"
        "Mon 2026-03-30  ··██████████████····████████     5h30m  08:30–12:00, 13:00–15:00\n"
        "Tue 2026-03-31  ··██████████████····████████     5h30m  08:30–12:00, 13:00–15:00\n"
        "\n"
        "█ free   ▒ partly free   ░ taken   · outside slots\n"
        "15h30m free on 3 of 6 days\n"
    )


def test_in_ascii_every_sign_is_of_ascii() -> None:
    window = days("2026-03-26", "2026-03-29")
    offered = hours("Mo-Fr 08:30-12:00,13:00-15:00", window)
    text = timeline(offered - Interval.parse("2026-03-26T08:10Z/PT1H"), window, PARIS, offered=offered).as_text(
        ascii=True
    )
    assert text.isascii()
    assert "Thu 2026-03-26  ..##+---+#######....########     4h30m  08:30-09:10, 10:10-12:00, 13:00-15:00\n" in text


def test_days_without_slots_are_one_line_when_there_are_many() -> None:
    window = days("2026-06-01", "2026-06-30")
    text = timeline(hours("Su 09:00-10:00", window) & days("2026-06-14"), window, PARIS).as_text().splitlines()
    assert text[1] == "Mon 2026-06-01 to Sat 2026-06-13  no slots"
    assert text[2].startswith("Sun 2026-06-14  ████  ")
    assert text[3:5] == ["", "Mon 2026-06-15 to Tue 2026-06-30  no slots"]


def test_without_offered_time_what_is_not_free_is_outside() -> None:
    line = timeline(hours("Mo 09:00-10:00,11:00-12:00", days("2026-03-30")), days("2026-03-30"), PARIS).days[0]
    assert "".join(line.cells) == "████····████"


def test_when_nothing_is_offered_there_is_no_bar_and_no_ruler() -> None:
    text = timeline(IntervalSet.empty(), days("2026-03-30"), PARIS).as_text()
    assert text == "Mon 2026-03-30  no slots\n\nNothing is free.\n"


def test_a_free_night_is_cut_at_midnight_and_ends_at_24_00() -> None:
    window = days("2026-03-30", "2026-03-31")
    made = timeline(hours("Mo 22:00-02:00", window), window, PARIS)
    assert [line.times for line in made.days] == [("22:00–24:00",), ("00:00–02:00",)]
    assert made.total == timedelta(hours=4)


def test_the_bar_has_the_finest_cells_that_fit() -> None:
    window = days("2026-03-30")
    free = hours("Mo 07:00-19:00", window)
    assert [timeline(free, window, PARIS, width=width).step for width in (48, 47, 24, 12, 6, 1)] == [
        15,
        30,
        30,
        60,
        120,
        120,
    ]


def test_coarse_cells_begin_on_a_whole_number_of_them() -> None:
    window = days("2026-03-30")
    made = timeline(hours("Mo 07:00-18:00", window), window, PARIS, width=6)
    assert (made.first_hour, made.step) == (6, 120)
    assert "".join(made.days[0].cells) == "▒█████"
    # A label and a gap need four cells, which are eight hours here, so that of all hours only noon is labelled.
    assert made.as_text().splitlines()[0] == f"{'':16}   12"


def test_seconds_are_told_where_there_are_any() -> None:
    free = IntervalSet.parse("2026-03-30T07:00:30Z/2026-03-30T07:01:00.5Z")
    (line,) = timeline(free, days("2026-03-30"), PARIS).days
    assert line.times == ("09:00:30–09:01:00",)


@pytest.mark.parametrize(
    "zone,day,note",
    [
        (PARIS, "2026-03-29", "23h day, clocks go forward at 02:00"),
        (PARIS, "2026-10-25", "25h day, clocks go back at 03:00"),
        ("Australia/Lord_Howe", "2026-10-04", "23h30m day, clocks go forward at 02:00"),
        ("Australia/Lord_Howe", "2026-04-05", "24h30m day, clocks go back at 02:00"),
        ("Asia/Beirut", "2026-03-29", "23h day, clocks go forward at 00:00"),
        ("America/Sao_Paulo", "2018-02-17", "25h day, clocks go back at 00:00"),
        (PARIS, "2026-03-30", ""),
    ],
)
def test_a_day_on_which_the_clocks_change_says_so(zone: str, day: str, note: str) -> None:
    (line,) = timeline(IntervalSet.empty(), days(day, zone=zone), zone).days
    assert line.note == note


def test_an_hour_that_the_clocks_skip_is_blank() -> None:
    window = days("2026-03-29")
    made = timeline(hours("Su 00:00-05:00", window), window, PARIS)
    assert "".join(made.days[0].cells) == "████████    ████████"
    assert "skipped" not in made.as_text()


def test_an_hour_that_the_clocks_show_twice_is_free_only_if_it_is_both_times() -> None:
    window = days("2026-10-25")
    offered = hours("Su 01:00-04:00", window)
    free = offered - Interval.parse("2026-10-25T00:00Z/PT1H")  # the first 02:00 to 03:00
    (line,) = timeline(free, window, PARIS, offered=offered).days
    assert "".join(line.cells) == "████▒▒▒▒████"
    assert line.times == ("01:00–02:00 CEST", "02:00 CET–04:00")
    assert line.total == timedelta(hours=3)


def test_a_date_that_the_zone_skipped_is_not_there() -> None:
    window = days("2011-12-29", "2011-12-31", "Pacific/Apia")
    made = timeline(IntervalSet(window), window, "Pacific/Apia")
    assert [line.day.day for line in made.days] == [29, 31]


def test_words_that_do_not_fit_beside_the_bar_are_wrapped() -> None:
    window = days("2026-03-30")
    free = hours("Mo 08:00-08:30,09:00-09:30,10:00-10:30", window)
    assert timeline(free, window, PARIS).as_text(66).splitlines()[1:3] == [
        "Mon 2026-03-30  ██··██··██··     1h30m  08:00–08:30, 09:00–09:30,",
        "                                        10:00–10:30",
    ]


def test_where_there_is_no_room_beside_the_bar_words_stand_below_it() -> None:
    window = days("2026-03-30")
    free = hours("Mo 08:00-08:30,09:00-09:30,10:00-10:30", window)
    assert timeline(free, window, PARIS).as_text(60).splitlines()[1:3] == [
        "Mon 2026-03-30  ██··██··██··     1h30m",
        "                08:00–08:30, 09:00–09:30, 10:00–10:30",
    ]


def test_starts_are_listed_below_the_bar() -> None:
    window = days("2026-03-30", "2026-04-01")
    offered = hours("Mo-We 08:00-09:00", window)
    free = offered - Interval.parse("2026-03-31T06:10Z/PT50M") - Interval.parse("2026-04-01T06:00Z/PT30M")
    found = starts(free, timedelta(minutes=30), every=timedelta(minutes=15), zone=PARIS)
    assert timeline(free, window, PARIS, offered=offered, starts=found).as_text() == (
        "                08  09\n"
        "Mon 2026-03-30  ████        1h\n"
        "                08:00  08:15  08:30\n"
        "Tue 2026-03-31  ▒░░░       10m  no starts\n"
        "Wed 2026-04-01  ░░██       30m  08:30\n"
        "\n"
        "█ free   ▒ partly free   ░ taken\n"
        "4 starts on 2 of 3 days\n"
    )


def test_when_there_are_no_starts_it_says_so() -> None:
    assert timeline(IntervalSet.empty(), days("2026-03-30"), PARIS, starts=[]).as_text().endswith("No starts.\n")


def test_many_starts_are_wrapped_even_if_nobody_says_how_wide_it_is() -> None:
    window = days("2026-03-30")
    free = IntervalSet(window)
    found = starts(free, timedelta(minutes=15), zone=PARIS)
    assert max(map(len, timeline(free, window, PARIS, starts=found).as_text().splitlines())) <= 100


def test_each_piece_says_what_it_is_for() -> None:
    window = days("2026-03-29")
    offered = hours("Su 09:00-11:00", window)
    _, line, *_ = timeline(offered - Interval.parse("2026-03-29T07:30Z/PT1H"), window, PARIS, offered=offered).lines()
    told = [(piece.text, piece.role) for piece in line]
    assert ("██", Role.FREE) in told
    assert ("░░░░", Role.TAKEN) in told
    assert ("(23h day, clocks go forward at 02:00)", Role.NOTE) in told


def test_a_zone_that_is_unknown_is_refused() -> None:
    with pytest.raises(UnknownZoneError):
        timeline(IntervalSet.empty(), days("2026-03-29"), "Europe/Pariss")


def test_points_that_are_no_instants_are_refused() -> None:
    naive = Interval(datetime(2026, 3, 2), datetime(2026, 3, 3))
    with pytest.raises(PointTypeError):
        timeline(IntervalSet(naive), naive, PARIS)


cuts = st.lists(st.integers(0, 4 * 24 * 12), max_size=12, unique=True).map(sorted)


@given(
    cuts,
    cuts,
    st.sampled_from(
        [
            ("2026-03-28", PARIS),
            ("2026-10-24", PARIS),
            ("2026-04-04", "Australia/Lord_Howe"),
            ("2011-12-29", "Pacific/Apia"),
        ]
    ),
)
def test_a_bar_never_shows_free_time_that_is_not_free_nor_hides_what_is(
    free_cuts: list[int], offered_cuts: list[int], case: tuple[str, str]
) -> None:
    first, zone = case
    low = zones.day_bounds(date.fromisoformat(first), zone)[0]
    window = Interval(low, low + timedelta(days=4))

    def made(cuts: list[int]) -> IntervalSet[datetime]:
        points = [low + timedelta(minutes=5 * cut) for cut in cuts]
        return IntervalSet(list(zip(points[::2], points[1::2], strict=False)))

    free = made(free_cuts)
    offered = free | made(offered_cuts)
    shown = timeline(free, window, zone, offered=offered)
    assert shown.total == free.total
    moment = low
    by_day = {line.day: line for line in shown.days}
    while moment < window.end:
        local = zones.to_local(moment, zone)
        line = by_day[local.date()]
        if line.cells:
            cell = (local.hour * 60 + local.minute - shown.first_hour * 60) // shown.step
            sign = line.cells[cell] if 0 <= cell < len(line.cells) else Cell.OUTSIDE
            assert sign is not Cell.SKIPPED
            if moment in free:
                assert sign in {Cell.FREE, Cell.PARTLY}
            else:
                assert sign is not Cell.FREE
            if moment in offered:
                assert sign is not Cell.OUTSIDE
        else:
            assert moment not in offered
        moment += timedelta(minutes=5)


def test_timelines_and_their_lines_are_values() -> None:
    made = timeline(IntervalSet.parse("2026-03-30T07:00Z/PT1H"), days("2026-03-30"), PARIS)
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own bytes
    assert made == Timeline(made.days, first_hour=9, step=15)
    assert repr(DayLine(date(2026, 3, 30), note="x")) == "DayLine(datetime.date(2026, 3, 30), note='x')"


def booked(text: str, **fields: object) -> Booking:
    return Booking("", Interval.parse(text), **fields)  # type: ignore[arg-type]  # whatever the test says


def test_an_explanation_names_bookings_and_buffers() -> None:
    asked = Interval.parse("2026-03-30T07:00Z/PT4H")
    bookings = [
        booked("2026-03-30T08:00Z/PT1H", id="17", label="Anna"),
        booked("2026-03-30T08:30Z/PT1H", status=BookingStatus.TENTATIVE, seats=2),
    ]
    slots = [Slot("", Interval.parse("2026-03-30T07:00Z/PT3H"), capacity=1)]
    why = explain(slots, bookings, asked, before=timedelta(minutes=10))
    assert explanation(why, PARIS).as_text() == (
        "Mon 2026-03-30 in Europe/Paris\n"
        "  09:00–09:50  free\n"
        '  09:50–10:00  taken          time before "Anna" (id 17, 10:00–11:00)\n'
        '  10:00–10:20  taken          "Anna" (id 17, 10:00–11:00)\n'
        '  10:20–10:30  taken          "Anna" (id 17, 10:00–11:00)\n'
        "                              time before a booking (10:30–11:30, tentative, 2 seats)\n"
        '  10:30–11:00  taken          "Anna" (id 17, 10:00–11:00)\n'
        "                              a booking (10:30–11:30, tentative, 2 seats)\n"
        "  11:00–11:30  taken          a booking (10:30–11:30, tentative, 2 seats)\n"
        "  11:30–12:00  free\n"
        "  12:00–13:00  outside slots\n"
    )


def test_an_explanation_counts_seats_where_a_slot_is_too_small() -> None:
    asked = Interval.parse("2026-03-30T07:00Z/PT2H")
    why = explain([asked], [booked("2026-03-30T07:00Z/PT1H")], asked, seats=2)
    assert explanation(why, "Europe/Paris").as_text().splitlines()[1:] == [
        "  09:00–10:00  taken          a booking (09:00–10:00)",
        "  10:00–11:00  taken          0 of 1 seats taken",
    ]


def test_an_explanation_counts_seats_where_there_are_several() -> None:
    asked = Interval.parse("2026-03-30T07:00Z/PT1H")
    why = explain([Slot("", asked, capacity=3)], [booked("2026-03-30T07:00Z/PT1H", seats=2)], asked)
    assert explanation(why, PARIS).as_text().splitlines()[1:] == [
        "  09:00–10:00  free           2 of 3 seats taken",
        "                              a booking (09:00–10:00, 2 seats)",
    ]


def test_an_explanation_has_a_line_for_each_day_and_dates_where_a_segment_leaves_its_day() -> None:
    asked = Interval.parse("2026-03-30T20:00Z/PT26H")
    booking = booked("2026-03-30T19:00Z/PT5H", label="Night")
    text = explanation(explain([asked], [booking], asked, after=timedelta(hours=1)), PARIS).as_text()
    assert text.splitlines() == [
        "Mon 2026-03-30 in Europe/Paris",
        '  22:00–2026-03-31 02:00  taken          "Night" (21:00–2026-03-31 02:00)',
        "Tue 2026-03-31 in Europe/Paris",
        '  02:00–03:00  taken          time after "Night" (2026-03-30 21:00–02:00)',
        "  03:00–24:00  free",
    ]


def test_an_explanation_can_be_ascii_and_is_a_value() -> None:
    asked = Interval.parse("2026-03-30T07:00Z/PT1H")
    made = explanation(explain([asked], [], asked), PARIS)
    assert made.as_text(ascii=True).isascii()
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own bytes


def test_text_from_files_cannot_act_on_a_terminal() -> None:
    asked = Interval.parse("2026-03-30T07:00Z/PT1H")
    evil = booked("2026-03-30T07:00Z/PT1H", label="\x1b[2JAnna\nRoot \u202eecila", id="\x07")
    text = explanation(explain([asked], [evil], asked), PARIS).as_text()
    assert '"�[2JAnna Root �ecila" (id �, 09:00–10:00)' in text
    assert all(char.isprintable() for char in text.replace("\n", ""))


def test_long_text_from_files_is_shortened() -> None:
    assert plain("x" * 100, 10) == "xxxxxxxxx…"
    assert plain("x" * 10, 10) == "x" * 10


@given(st.text())
def test_plain_text_is_printable_and_short(text: str) -> None:
    assert plain(text).isprintable()
    assert len(plain(text)) <= 60


@given(st.text())
def test_ascii_signs_keep_the_width(text: str) -> None:
    assert len(in_ascii(text)) == len(text)


@pytest.mark.parametrize(
    "seconds,text", [(0, "0m"), (30, "30s"), (60, "1m"), (3600, "1h"), (5400, "1h30m"), (90_061, "25h1m1s")]
)
def test_lengths_are_told_in_hours_minutes_and_seconds(seconds: int, text: str) -> None:
    assert length(timedelta(seconds=seconds)) == text


def test_an_interval_is_told_in_local_time() -> None:
    assert (
        span(Interval(datetime(2026, 3, 30, 7, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)), PARIS)
        == "09:00–24:00"
    )
