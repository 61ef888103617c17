"""The command line: answers from files, and errors made for people."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("click", reason="the command line needs the extra: pip install 'slotcalc[cli]'")
pytest.importorskip("rich", reason="the command line needs the extra: pip install 'slotcalc[cli]'")

import click

import slotcalc
from slotcalc import IntervalSet, cli, files
from slotcalc.cli import inputs, options, output
from slotcalc.rules import Dates, Weekly
from tests.command_line import Answer, work_in

if TYPE_CHECKING:
    from collections.abc import Callable

SLOTS = """\
resource_id,date,start_time,end_time,capacity
room-1,2026-03-27,09:00,12:00,
room-1,2026-03-30,09:00,12:00,
room-1,2026-03-30,13:00,17:00,
"""
BOOKINGS = """\
resource_id,start,end,status,id,label
room-1,2026-03-27T09:00,2026-03-27T12:00,CONFIRMED,16,Zoe
room-1,2026-03-30T10:00,2026-03-30T11:00,CONFIRMED,17,Anna
room-1,2026-03-30T13:00,2026-03-30T17:00,CANCELLED,18,Bob
"""
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//slotcalc//tests//EN
BEGIN:VEVENT
UID:a
DTSTAMP:20260101T000000Z
SUMMARY:Weekly
LOCATION:room-1
DTSTART;TZID=Europe/Paris:20260302T100000
DTEND;TZID=Europe/Paris:20260302T110000
RRULE:FREQ=WEEKLY
END:VEVENT
BEGIN:VEVENT
UID:b
DTSTAMP:20260101T000000Z
SUMMARY:Elsewhere
LOCATION:room-2
DTSTART;TZID=Europe/Paris:20260330T090000
DTEND;TZID=Europe/Paris:20260330T120000
END:VEVENT
END:VCALENDAR
"""
AVAILABILITY = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//slotcalc//tests//EN
BEGIN:VAVAILABILITY
UID:c
DTSTAMP:20260101T000000Z
BEGIN:AVAILABLE
UID:d
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Paris:20260302T090000
DTEND;TZID=Europe/Paris:20260302T120000
RRULE:FREQ=WEEKLY
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the files above, without a terminal."""
    texts = {"slots.csv": SLOTS, "bookings.csv": BOOKINGS, "bookings.ics": CALENDAR, "slots.ics": AVAILABILITY}
    work_in(tmp_path, texts, monkeypatch)
    return tmp_path


@pytest.fixture
def ask(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run the command in this process."""

    def asked(*arguments: str) -> Answer:
        code = cli.main(arguments)
        return Answer(code, *capsys.readouterr())

    return asked


FILES = ("--slots", "slots.csv", "--bookings", "bookings.csv", "--zone", "Europe/Paris")
MONDAY = ("--from", "2026-03-30")


def test_the_main_job_reads_slots_and_bookings_and_shows_what_is_free(ask: Callable[..., Answer]) -> None:
    answer = ask("free", *FILES, "--from", "2026-03-27", "--to", "2026-03-31")
    assert answer == Answer(
        0,
        "Free time in Europe/Paris\n"
        "\n"
        "                09  10  11  12  13  14  15  16  17\n"
        "Fri 2026-03-27  ░░░░░░░░░░░░····················            nothing free\n"
        "Sat 2026-03-28  no slots\n"
        "Sun 2026-03-29  no slots  (23h day, clocks go forward at 02:00)\n"
        "\n"
        "Mon 2026-03-30  ████░░░░████····████████████████        6h  09:00–10:00, 11:00–12:00, 13:00–17:00\n"
        "Tue 2026-03-31  no slots\n"
        "\n"
        "█ free   ░ taken   · outside slots\n"
        "6h free on 1 of 5 days\n",
        "",
    )


def test_the_module_is_the_command(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "slotcalc", "free", *FILES, *MONDAY, "--format", "csv"], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.splitlines()[1] == (
        b"2026-03-30,09:00,10:00,2026-03-30T09:00:00+02:00,2026-03-30T10:00:00+02:00"
    )


def test_the_module_ends_with_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy  # noqa: PLC0415  # only here

    monkeypatch.setattr(sys, "argv", ["slotcalc", "nonsense"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("slotcalc", run_name="__main__")
    assert left.value.code == 2
    runpy.run_module("slotcalc", run_name="not_main")


def test_the_version_is_that_of_the_package(ask: Callable[..., Answer]) -> None:
    assert ask("--version") == Answer(0, f"slotcalc, version {slotcalc.__version__}\n", "")


def test_help_tells_the_exit_codes(ask: Callable[..., Answer]) -> None:
    for arguments in (("--help",), ("free", "--help"), ("explain", "-h")):
        answer = ask(*arguments)
        assert answer.code == 0
        assert "2    wrong usage" in answer.out


def test_without_a_command_the_help_is_told_as_an_error(ask: Callable[..., Answer]) -> None:
    code, out, err = ask()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: slotcalc")


def test_one_day_is_enough(ask: Callable[..., Answer]) -> None:
    assert "on 1 of 1 day\n" in ask("free", *FILES, *MONDAY).out


def test_weekly_hours_stand_in_for_slots(ask: Callable[..., Answer]) -> None:
    answer = ask("free", "--hours", "Mo 10:00-12:00", "--bookings", "bookings.csv", "--zone", "Europe/Paris", *MONDAY)
    assert "11:00–12:00\n" in answer.out


def test_weekly_hours_add_to_slots(ask: Callable[..., Answer]) -> None:
    assert "13:00–18:00\n" in ask("free", *FILES, *MONDAY, "--hours", "Mo 17:00-18:00").out


def test_buffers_take_time_before_and_after_each_booking(ask: Callable[..., Answer]) -> None:
    answer = ask("free", *FILES, *MONDAY, "--before", "10m", "--after", "PT15M")
    assert "09:00–09:50, 11:15–12:00, 13:00–17:00\n" in answer.out


def test_a_booking_outside_the_window_counts_where_its_buffer_reaches_in(
    ask: Callable[..., Answer], here: Path
) -> None:
    (here / "late.csv").write_text("start,end\n2026-03-29T22:00,2026-03-30T00:00\n2026-03-31T00:00,2026-03-31T01:00\n")
    arguments = ("free", "--hours", "24/7", "--bookings", "late.csv", "--zone", "Europe/Paris", *MONDAY)
    assert "00:00–24:00\n" in ask(*arguments).out
    assert "01:00–23:30\n" in ask(*arguments, "--after", "1h", "--before", "30m").out


def test_a_calendar_is_read_as_far_as_buffers_reach(ask: Callable[..., Answer], here: Path) -> None:
    (here / "late.ics").write_text(
        CALENDAR.replace("20260302T100000", "20260302T230000").replace("20260302T110000", "20260303T000000")
    )
    arguments = ("free", "--hours", "24/7", "--bookings", "late.ics", "--resource", "room-1", "--zone", "Europe/Paris")
    assert "01:00–24:00\n" in ask(*arguments, "--from", "2026-03-31", "--after", "1h").out
    assert "00:00–22:00\n" in ask(*arguments, "--from", "2026-03-30", "--before", "1h").out


def test_a_booking_can_be_ignored_so_that_it_can_be_moved(ask: Callable[..., Answer]) -> None:
    assert "09:00–12:00, 13:00–17:00\n" in ask("free", *FILES, *MONDAY, "--ignoring", "17").out


def test_tentative_bookings_take_time_unless_told_otherwise(ask: Callable[..., Answer], here: Path) -> None:
    (here / "bookings.csv").write_text(BOOKINGS.replace("CONFIRMED,17", "TENTATIVE,17"))
    assert "09:00–10:00, 11:00–12:00" in ask("free", *FILES, *MONDAY).out
    assert "09:00–12:00, 13:00" in ask("free", *FILES, *MONDAY, "--no-tentative").out


def test_seats_are_counted(ask: Callable[..., Answer], here: Path) -> None:
    (here / "slots.csv").write_text(SLOTS.replace("12:00,\n", "12:00,3\n"))
    assert "09:00–12:00, 13:00–17:00\n" in ask("free", *FILES, *MONDAY, "--seats", "1").out
    assert "09:00–12:00\n" in ask("free", *FILES, *MONDAY, "--seats", "2").out
    assert "09:00–10:00, 11:00–12:00\n" in ask("free", *FILES, *MONDAY, "--seats", "3").out


def test_starts_are_listed_for_a_duration(ask: Callable[..., Answer]) -> None:
    answer = ask("free", *FILES, *MONDAY, "--duration", "45m", "--every", "15m")
    assert "                09:00  09:15  11:00  11:15  13:00" in answer.out
    assert answer.out.startswith("Starts in Europe/Paris\n")
    assert answer.out.endswith("18 starts on 1 of 1 day\n")


def test_starts_can_be_json_and_csv(ask: Callable[..., Answer]) -> None:
    arguments = ("free", *FILES, *MONDAY, "--duration", "3h", "--format")
    start = {"start": "2026-03-30T13:00:00+02:00", "end": "2026-03-30T16:00:00+02:00"}
    assert json.loads(ask(*arguments, "json", "--every", "1h").out) == [
        {"date": "2026-03-30", "start_time": "13:00", **start},
        {
            "date": "2026-03-30",
            "start_time": "14:00",
            "start": "2026-03-30T14:00:00+02:00",
            "end": "2026-03-30T17:00:00+02:00",
        },
    ]
    assert ask(*arguments, "csv", "--every", "13h").out == (
        f"date,start_time,start,end\r\n2026-03-30,13:00,{start['start']},{start['end']}\r\n"
    )


def test_the_grid_of_starts_can_have_another_anchor(ask: Callable[..., Answer]) -> None:
    def first(*anchor: str) -> str:
        return ask("free", *FILES, *MONDAY, "--duration", "40m", *anchor, "--format", "csv").out.split("\r\n")[1][:16]

    assert first() == "2026-03-30,09:20"
    assert first("--anchor", "00:39") == "2026-03-30,09:19"
    assert first("--anchor", "09:05") == "2026-03-30,09:05"
    assert first("--anchor", "interval") == "2026-03-30,09:00"


@pytest.mark.parametrize(
    "limit,days",
    [
        ((), ["27", "30", "31"]),
        (("--per-day", "1"), ["31"]),
        (("--per-day", "2"), ["27", "30", "31"]),
        (("--per-day", "1", "--ignoring", "17"), ["30", "31"]),
        (("--per-week", "1"), []),
        (("--per-week", "2"), ["27", "30", "31"]),
        (("--per-week", "1", "--ignoring", "16"), ["27"]),
    ],
)
def test_starts_can_be_limited_by_the_day_and_the_week_in_which_bookings_begin(
    ask: Callable[..., Answer], limit: tuple[str, ...], days: list[str]
) -> None:
    asked = ("free", "--hours", "24/7", *FILES[2:], "--from", "2026-03-27", "--to", "2026-03-31", "--duration", "12h")
    starts = json.loads(ask(*asked, "--every", "12h", *limit, "--format", "json").out)
    assert sorted({start["date"][-2:] for start in starts} - {"28", "29"}) == days


def test_the_bookings_of_a_whole_week_count_for_its_limit(ask: Callable[..., Answer]) -> None:
    calendar = ("free", "--hours", "24/7", "--bookings", "bookings.ics", "--zone", "Europe/Paris")  # each Monday
    asked = (*calendar, "--from", "2026-04-10", "--duration", "24h", "--exit-code")
    assert ask(*asked).code == 0
    assert ask(*asked, "--per-week", "2").code == 0
    assert ask(*asked, "--per-week", "1").code == 1


def test_hours_can_be_a_rule_in_a_file_with_a_zone_of_its_own(ask: Callable[..., Answer], here: Path) -> None:
    rule = Weekly("Mo-Fr 09:00-17:00", zone="America/New_York") - Dates([date(2026, 3, 31)], zone="America/New_York")
    (here / "rule.JSON").write_text(json.dumps(rule.to_json()), encoding="utf-8")
    answer = ask("free", "--hours", "rule.JSON", *FILES[4:], *MONDAY, "--to", "2026-03-31", "--format", "csv")
    assert answer.out.split("\r\n")[1:] == [
        "2026-03-30,15:00,23:00,2026-03-30T15:00:00+02:00,2026-03-30T23:00:00+02:00",
        "",
    ]


@pytest.mark.parametrize(
    "text,what",
    [
        (None, "slotcalc: rule.json: No such file or directory\n"),
        ("{", "slotcalc: rule.json is no JSON: "),
        ("[" * 100_000, "slotcalc: rule.json is no JSON: "),
        ("\xff", "slotcalc: rule.json is no JSON: "),
        ('{"slotcalc": 2}', "slotcalc: rule.json: "),
    ],
)
def test_a_file_that_holds_no_rule_is_named(
    ask: Callable[..., Answer], here: Path, text: str | None, what: str
) -> None:
    if text is not None:
        (here / "rule.json").write_bytes(text.encode("latin-1"))
    code, out, err = ask("free", "--hours", "rule.json", *FILES[4:], *MONDAY)
    assert (code, out) == (2, "")
    assert err.startswith(what)


def test_json_is_what_slots_are_read_from(ask: Callable[..., Answer]) -> None:
    out = ask("free", *FILES, *MONDAY, "--format", "json").out
    assert out.endswith("]\n")
    again = files.read_slots(io.StringIO(out), format="json")
    assert (
        IntervalSet([slot.interval for slot in again]).total
        == slotcalc.Interval.parse("2026-03-30T00:00Z/PT6H").duration
    )


def test_ics_can_be_written(ask: Callable[..., Answer]) -> None:
    out = ask("free", *FILES, *MONDAY, "--format", "ics").out
    assert out.startswith("BEGIN:VCALENDAR\r\n")
    assert "20260330T070000Z" in out


def test_an_answer_can_go_to_a_file(ask: Callable[..., Answer], here: Path) -> None:
    assert ask("free", *FILES, *MONDAY, "--output", "free.txt") == Answer(0, "", "")
    assert "████░░░░████" in (here / "free.txt").read_text(encoding="utf-8")
    assert ask("free", *FILES, *MONDAY, "--format", "csv", "--output", "free.csv") == Answer(0, "", "")
    assert len(files.read_slots(here / "free.csv")) == 3


def test_slots_can_come_from_a_calendar(ask: Callable[..., Answer]) -> None:
    answer = ask("free", "--slots", "slots.ics", "--bookings", "bookings.csv", "--zone", "Europe/Paris", *MONDAY)
    assert "09:00–10:00, 11:00–12:00\n" in answer.out


def test_events_of_a_calendar_are_of_the_resource_in_their_location(ask: Callable[..., Answer]) -> None:
    arguments = ("free", "--slots", "slots.ics", "--bookings", "bookings.ics", "--zone", "Europe/Paris", *MONDAY)
    assert "09:00–10:00, 11:00–12:00\n" in ask(*arguments, "--resource", "room-1").out
    assert "nothing free\n" in ask(*arguments, "--resource", "room-2").out
    assert "nothing free\n" in ask(*arguments).out  # without a resource each event counts


def test_rows_of_other_resources_are_left_out_and_rows_of_none_belong_to_all(
    ask: Callable[..., Answer], here: Path
) -> None:
    (here / "slots.csv").write_text(SLOTS + "room-2,2026-03-30,18:00,19:00,\n,2026-03-30,20:00,21:00,\n")
    answer = ask("free", *FILES, *MONDAY, "--resource", "room-2")
    assert answer.out.startswith("Free time of room-2 in Europe/Paris\n")
    assert "18:00–19:00, 20:00–21:00\n" in answer.out


def test_several_resources_are_refused_until_one_is_named(ask: Callable[..., Answer], here: Path) -> None:
    (here / "slots.csv").write_text(SLOTS + "".join(f"room-{n},2026-03-30,18:00,19:00,\n" for n in range(2, 15)))
    assert ask("free", *FILES, *MONDAY) == Answer(
        2,
        "",
        "slotcalc: the files are about 14 resources: room-1, room-10, room-11, room-12, room-13, room-14, room-2, "
        "room-3, room-4, room-5, room-6, room-7 and 2 more\n"
        "  choose one of them with --resource NAME\n",
    )


def test_a_resource_without_slots_is_a_mistake(ask: Callable[..., Answer]) -> None:
    assert ask("free", *FILES, *MONDAY, "--resource", "rom-1") == Answer(
        2, "", "slotcalc: nothing in the files is about 'rom-1'\n  they name room-1\n"
    )


def test_a_resource_without_bookings_is_only_noted(ask: Callable[..., Answer]) -> None:
    arguments = (
        "free",
        "--hours",
        "24/7",
        "--bookings",
        "bookings.csv",
        "--zone",
        "Europe/Paris",
        "--resource",
        "room-9",
    )
    answer = ask(*arguments, *MONDAY)
    assert answer.code == 0
    assert answer.err == "slotcalc: note: nothing in the files is about 'room-9'\n  they name room-1\n"
    assert ask(*arguments, *MONDAY, "--quiet").err == ""


def test_where_no_resource_is_named_at_all_any_name_will_do(ask: Callable[..., Answer], here: Path) -> None:
    (here / "bookings.csv").write_text("start,end\n2026-03-30T09:00,2026-03-30T10:00\n")
    answer = ask(
        *("free", "--hours", "Mo 08:00-12:00", "--bookings", "bookings.csv", "--zone", "Europe/Paris"),
        *("--resource", "room-9", *MONDAY),
    )
    assert (answer.code, answer.err) == (0, "")


def test_with_exit_code_nothing_free_is_1(ask: Callable[..., Answer]) -> None:
    friday = ("--from", "2026-03-27")
    assert ask("free", *FILES, *friday).code == 0
    assert ask("free", *FILES, *friday, "--exit-code").code == 1
    assert ask("free", *FILES, *MONDAY, "--exit-code").code == 0
    assert ask("free", *FILES, *MONDAY, "--exit-code", "--duration", "5h").code == 1
    assert ask("explain", *FILES, "--at", "2026-03-30T10:00", "--exit-code").code == 1
    assert ask("explain", *FILES, "--at", "2026-03-30T09:30", "--exit-code").code == 0


def test_explain_names_what_takes_a_moment_and_when_it_is_free_again(ask: Callable[..., Answer]) -> None:
    assert ask("explain", *FILES, "--at", "2026-03-30T10:30", "--after", "15m") == Answer(
        0,
        "Mon 2026-03-30 in Europe/Paris\n"
        '  10:00–11:00  taken          "Anna" (id 17, 10:00–11:00)\n'
        "  next free that day: 11:15–12:00\n",
        "",
    )


def test_explain_reads_instants_with_an_offset(ask: Callable[..., Answer]) -> None:
    assert "09:00–10:00  free" in ask("explain", *FILES, "--at", "2026-03-30T07:30Z").out


def test_explain_says_when_nothing_is_free_later(ask: Callable[..., Answer]) -> None:
    out = ask("explain", *FILES, "--at", "2026-03-30T20:00").out
    assert "17:00–24:00  outside slots\n  nothing is free later that day\n" in out


def test_explain_takes_a_window(ask: Callable[..., Answer]) -> None:
    assert ask("explain", *FILES, "--at", "2026-03-30T10:30/11:30").out.splitlines()[1:] == [
        '  10:30–11:00  taken          "Anna" (id 17, 10:00–11:00)',
        "  11:00–11:30  free",
    ]


def test_explain_takes_a_date_or_dates(ask: Callable[..., Answer]) -> None:
    day = ask("explain", *FILES, "--at", "2026-03-30").out
    assert "  00:00–09:00  outside slots\n" in day
    assert ask("explain", *FILES, *MONDAY).out == day
    assert ask("explain", *FILES, *MONDAY, "--to", "2026-03-31").out.startswith(day[:20])


def test_colours_are_for_terminals(ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in ask("free", *FILES, *MONDAY).out
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    monkeypatch.setenv("COLUMNS", "80")
    coloured = ask("free", *FILES, *MONDAY).out
    assert "\x1b[32m" in coloured
    assert "09:00–10:00, 11:00–12:00," in coloured  # wrapped, because the terminal has 80 columns
    assert "\x1b" not in ask("free", *FILES, *MONDAY, "--format", "json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in ask("free", *FILES, *MONDAY).out


def test_an_encoding_without_blocks_gets_ascii(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("ascii", "latin-1", "cp1252"):
        stdout = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert cli.main(["free", *FILES, *MONDAY]) == 0
        shown = stdout.buffer
        assert isinstance(shown, io.BytesIO)
        assert b"####----####....################        6h  09:00-10:00" in shown.getvalue()


def test_a_label_that_the_encoding_lacks_does_no_harm(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "bookings.csv").write_text(BOOKINGS.replace("Anna", "Žofie [red]"), encoding="utf-8")
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert cli.main(["explain", *FILES, "--at", "2026-03-30T10:00"]) == 0
    shown = stdout.buffer
    assert isinstance(shown, io.BytesIO)
    assert b'"?ofie [red]"' in shown.getvalue()


def test_long_reads_show_a_bar_on_a_terminal_and_none_when_quiet(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ask("free", *FILES, *MONDAY, "--format", "csv").err == ""  # it takes no time
    monkeypatch.setattr(output, "_PATIENCE", 0)
    answer = ask("free", *FILES, *MONDAY, "--format", "csv")
    assert "reading bookings.csv" in answer.err
    assert answer.out.startswith("date,")
    assert ask("free", *FILES, *MONDAY, "--format", "csv", "--quiet").err == ""


def test_the_bar_of_a_file_moves_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(output, "_PATIENCE", 0)
    with output.Reading(quiet=False) as reading:
        tell = reading.of(tmp_path / "big.csv")
        tell(1000, 2000)
        tell(2000, 2000)
    assert "2000/2000" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments,what,mend",
    [
        ((), "nothing is offered", "add --slots FILE or --hours 'Mo-Fr 09:00-17:00'"),
        (
            ("--hours", "24/7", "--seats", "2"),
            "weekly hours have one seat, never 2",
            "give --slots FILE with a capacity",
        ),
        (("--hours", "24/7", "--to", "2026-03-29"), "--from 2026-03-30 is after --to 2026-03-29", "swap the two"),
        (("--hours", "24/7", "--to", "2126-03-29"), "36524 days are too many", "ask for 18300 at most"),
        (
            ("--hours", "24/7", "--to", "tomorrow"),
            "Invalid value for '--to': 'tomorrow' is no date",
            "write it as 2026-03-30",
        ),
        (
            ("--hours", "24/7", "--to", "2026-03-30T09:00"),
            "Invalid value for '--to': '2026-03-30T09:00' is no date",
            "write it as 2026-03-30",
        ),
        (
            ("--hours", "24/7", "--after", "15"),
            "Invalid value for '--after': '15' is no length of time",
            "write it as 15m, 1h30m or PT15M",
        ),
        (
            ("--hours", "24/7", "--every", "15m"),
            "--every is the grid of starts and needs their length",
            "add --duration 45m",
        ),
        (
            ("--hours", "24/7", "--anchor", "09:20"),
            "--anchor is the grid of starts and needs their length",
            "add --duration 45m",
        ),
        (
            ("--hours", "24/7", "--per-week", "2"),
            "--per-week limits starts and needs their length",
            "add --duration 45m",
        ),
        (
            ("--hours", "24/7", "--duration", "1h", "--anchor", "09:20+01:00"),
            "Invalid value for '--anchor': '09:20+01:00' is no time of day",
            "write it as 09:20, or write interval",
        ),
        (("--hours", "24/7", "--duration", "0m"), "--duration is nothing", "give a length such as 15m"),
        (
            ("--hours", "24/7", "--duration", "1h", "--every", "0m"),
            "--every is nothing",
            "give a length such as 15m",
        ),
        (
            ("--hours", "24/7", "--duration", "1h", "--format", "ics"),
            "a calendar holds free time, not starts",
            "drop --duration, or use --format json or csv",
        ),
        (
            ("--hours", "24/7", "--format", "xml"),
            "Invalid value for '--format': 'xml' is not one of 'text', 'json', 'csv', 'ics'",
            "see slotcalc free --help",
        ),
        (
            ("--slots", "none.csv"),
            "Invalid value for '--slots': File 'none.csv' does not exist",
            "see slotcalc free --help",
        ),
        (
            ("--hours", "24/7", "--after", "-PT5M"),
            "Invalid value for '--after': '-PT5M' is no length of time",
            "write it as 15m, 1h30m or PT15M",
        ),
        (("--hours", "24/7", "--output", "none/free.txt"), "none/free.txt: No such file or directory", ""),
        (
            ("--hours", "24/7", "--to", "2026-04-05", "--duration", "1s"),
            "200001 is more than the limit of 200000 occurrences",
            "ask for less, or ask from a program, where limits=Limits(…) allows more",
        ),
    ],
)
def test_wrong_usage_is_one_line_what_and_one_line_mend(
    ask: Callable[..., Answer], arguments: tuple[str, ...], what: str, mend: str
) -> None:
    code, out, err = ask("free", "--zone", "Europe/Paris", *MONDAY, *arguments)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith(f"slotcalc: {what}")
    assert lines[1:] == ([f"  {mend}"] if mend else [])


def test_an_unknown_zone_suggests_those_that_there_are(ask: Callable[..., Answer]) -> None:
    code, _, err = ask("free", "--hours", "24/7", *MONDAY, "--zone", "Europe/Pari")
    assert code == 2
    assert err.startswith("slotcalc: Invalid value for '--zone': 'Europe/Pari' is not in the IANA time-zone database\n")
    assert "did you mean 'Europe/Paris'" in err


def test_bad_hours_are_shown_with_a_caret(ask: Callable[..., Answer]) -> None:
    assert ask("free", "--hours", "Mo-Fr 9:00-17:00", *MONDAY, "--zone", "Europe/Paris") == Answer(
        2,
        "",
        "slotcalc: weekly hours: expected hours as HH:MM-HH:MM, or off, at character 7\n"
        "    Mo-Fr 9:00-17:00\n"
        "          ^\n"
        "  write 09:00 for 9:00\n",
    )


def test_a_bad_row_is_named_with_file_line_and_column(ask: Callable[..., Answer], here: Path) -> None:
    (here / "bookings.csv").write_text(BOOKINGS.replace("2026-03-30T10:00", "2026-03-30 10h\x1b[31m"))
    code, out, err = ask("free", *FILES, *MONDAY)
    assert (code, out) == (2, "")
    assert err.startswith("slotcalc: bookings.csv, line 3, column 'start': ")
    assert "\x1b" not in err


def test_a_file_of_another_kind_is_refused(ask: Callable[..., Answer], here: Path) -> None:
    (here / "book.xlsx").write_text("")
    assert ask("free", "--hours", "24/7", "--bookings", "book.xlsx", *MONDAY, "--zone", "UTC").err == (
        "slotcalc: book.xlsx is neither .csv nor .json nor .ics\n  rename it after what it holds\n"
    )


def test_a_date_that_the_zone_skipped_is_refused(ask: Callable[..., Answer]) -> None:
    code, _, err = ask("free", "--hours", "24/7", "--from", "2011-12-30", "--zone", "Pacific/Apia")
    assert code == 2
    assert err.splitlines()[0].startswith("slotcalc: 2011-12-30 does not exist in Pacific/Apia")
    assert err.splitlines()[1] == "  choose another date"


@pytest.mark.parametrize(
    "at,what,mend",
    [
        (
            "2026-03-29T02:30",
            "--at 2026-03-29T02:30:00 does not exist in Europe/Paris",
            "write 2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00",
        ),
        (
            "2026-10-25T02:30/2026-10-25T04:00",
            "--at 2026-10-25T02:30:00 exists twice in Europe/Paris",
            "write 2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00",
        ),
        ("2026-03-30/2026-03-31", "--at takes one date or two times", "for several days give --from and --to"),
        ("soon", "'soon' is not an ISO 8601 date or date-time", "write it as 2026-03-02"),
        ("1990-01-01T00:00/2090-01-01T00:00", "36525 days are too many", "ask for 18300 at most"),
    ],
)
def test_a_bad_moment_is_refused(ask: Callable[..., Answer], at: str, what: str, mend: str) -> None:
    code, out, err = ask("explain", *FILES, "--at", at)
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith(f"slotcalc: {what}")
    assert second.startswith(f"  {mend}")


def test_explain_wants_a_time_once(ask: Callable[..., Answer]) -> None:
    assert ask("explain", *FILES).err.startswith("slotcalc: no time to explain\n")
    for more in (MONDAY, ("--to", "2026-03-30")):
        assert ask("explain", *FILES, "--at", "2026-03-30", *more).err.startswith("slotcalc: --at says when already\n")


@pytest.mark.parametrize(
    "text,seconds",
    [("15m", 900), ("1h30m", 5400), ("90m", 5400), ("1d2h3m4s", 93784), ("0m", 0), ("PT15M", 900), ("P1D", 86400)],
)
def test_lengths_are_read_as_people_write_them(text: str, seconds: int) -> None:
    length = options.length_of_time(None, None, text)  # type: ignore[arg-type]  # as click calls it
    assert length is not None
    assert length.total_seconds() == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m",
        "15",
        "1m1h",
        "1h1h",
        "-5m",
        "1.5h",
        "٣m",
        "P1M",
        "1e3s",
        "15m ",
        "9999999999d",
        "999999999d999999999d",
        "P9999999999D",
        "999999999d24h",
    ],
)
def test_other_lengths_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no length of time"):
        options.length_of_time(None, None, text)  # type: ignore[arg-type]  # as above


def test_a_missing_extra_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "slotcalc.cli.commands")
    monkeypatch.delattr(cli, "commands")
    monkeypatch.setitem(sys.modules, "click", None)
    assert cli.main([]) == 2
    assert capsys.readouterr().err == (
        "slotcalc: the command line needs click, which is not installed\n  pip install 'slotcalc[cli]'\n"
    )


def test_a_module_that_is_missing_for_another_reason_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "slotcalc.cli.commands")
    monkeypatch.delattr(cli, "commands")
    monkeypatch.setitem(sys.modules, "slotcalc.limits", None)
    with pytest.raises(ModuleNotFoundError, match=r"slotcalc\.limits"):
        cli.main([])


def test_an_interruption_is_130(ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inputs, "read", interrupted)
    code, out, err = ask("free", *FILES, *MONDAY)
    assert (code, out, err.strip()) == (130, "", "slotcalc: interrupted")


def test_an_error_without_a_file_is_told_as_it_is(ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(inputs, "read", broken)
    assert ask("free", *FILES, *MONDAY) == Answer(2, "", "slotcalc: the disk is on fire\n")


def test_a_reader_that_goes_away_is_no_error_message(here: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "slotcalc", "free", *FILES, *MONDAY],
            stdout=nobody,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_after_a_reader_went_away_stdout_is_nowhere(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            if data:
                raise BrokenPipeError(errno.EPIPE, "Broken pipe")
            return 0

    with (tmp_path / "stdout").open("wb") as file:
        stdout = io.TextIOWrapper(Gone(), encoding="utf-8")
        monkeypatch.setattr(stdout, "fileno", file.fileno, raising=False)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert cli.main(["free", *FILES, *MONDAY]) == 141
        file.write(b"lost")
    assert (tmp_path / "stdout").read_bytes() == b""


def test_an_unknown_encoding_gets_ascii() -> None:
    assert not output._fits("█", "no-such-encoding")


PROJECT = Path(__file__).parents[1]


def test_the_main_job_of_the_readme_answers_at_a_glance(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    job = re.search(r"slotcalc (free .*)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert job is not None
    code, out, err = ask(*shlex.split(job[1]))
    assert (code, err) == (0, "")
    # The last Friday of the month has a meeting. The clocks go forward on the 29th, and patients keep their hours.
    for day, bar, total, times in (
        (
            "Mon 2026-03-23",
            "··██░░░█████████······██████████████████········",
            "7h15m",
            "08:30–09:00, 09:45–12:00, 13:30–18:00",
        ),
        (
            "Fri 2026-03-27",
            "··██████████████······██████░░░░░░░░████········",
            "6h",
            "08:30–12:00, 13:30–15:00, 17:00–18:00",
        ),
        (
            "Mon 2026-03-30",
            "··██████████████······██████████░░░░░░██········",
            "6h30m",
            "08:30–12:00, 13:30–16:00, 17:30–18:00",
        ),
    ):
        assert f"{day}  {bar}  {total:>8}  {times}\n" in out
    assert out.startswith(f"Free time in Europe/Paris\n\n{'':16}08  09  10  11  12  13  14  15  16  17  18  19  20\n")
    assert "\nSun 2026-03-29  no slots  (23h day, clocks go forward at 02:00)\n" in out
    assert out.endswith("\n81h free on 11 of 14 days\n")


def test_the_page_about_the_command_line_shows_what_it_prints(ask: Callable[..., Answer], here: Path) -> None:
    page = (PROJECT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"```\{code-block\} text\n:caption: (\S+)\n\n(.*?)```", page, re.DOTALL):
        (here / name).write_text(text, encoding="utf-8")
    examples = [
        example for block in re.findall(r"```console\n\$ (.*?)```", page, re.DOTALL) for example in block.split("\n$ ")
    ]
    assert len(examples) > 10
    for example in examples:
        command, _, shown = example.replace("\\\n", " ").partition("\n")
        name, *arguments = shlex.split(command)
        answer = ask(*arguments)
        assert name == "slotcalc"
        assert f"{answer.out}{answer.err}".replace("\r", "").strip() == shown.strip()
