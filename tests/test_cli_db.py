"""The commands of a database: the whole cycle on a file of SQLite and on PostgreSQL, and errors made for people."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.optional import missing

pytest.importorskip("click", reason="the command line needs the extra: pip install 'slotcalc[cli]'")
pytest.importorskip("rich", reason="the command line needs the extra: pip install 'slotcalc[cli]'")
try:
    import sqlalchemy
except ImportError:
    missing("SQLAlchemy is not installed: pip install --group sql-test")

from slotcalc import Interval, Slot, cli, files
from slotcalc.sql import SqlRepository
from tests import databases
from tests.command_line import Answer, work_in

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "database-commands.md").read_text(encoding="utf-8")
NOW = datetime(2026, 3, 23, 8, tzinfo=UTC)
ZONE = ("--zone", "Europe/Paris")
ROOM = ("--resource", "room-1")
MONDAY = ("--from", "2026-03-30")
WHO = ("--by", "anna")

SLOTS = """\
resource_id,date,start_time,end_time,capacity,id,label
room-1,2026-03-30,09:00,12:00,1,,
room-1,2026-03-30,13:00,17:00,1,,
room-2,2026-03-30,09:00,12:00,3,morning,Group
"""
BOOKINGS = """\
resource_id,start,end,status,seats,id,label
room-1,2026-03-30T10:00,2026-03-30T11:00,CONFIRMED,1,17,Anna
room-1,2026-03-30T14:00,2026-03-30T15:00,TENTATIVE,1,18,Bob
room-2,2026-03-30T09:00,2026-03-30T10:00,CONFIRMED,2,19,Team
room-1,2026-03-30T16:00,2026-03-30T17:00,CANCELLED,1,20,Eve
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
DTSTART;TZID=Europe/Paris:20260302T150000
DTEND;TZID=Europe/Paris:20260302T160000
RRULE:FREQ=WEEKLY
END:VEVENT
BEGIN:VEVENT
UID:b
DTSTAMP:20260101T000000Z
LOCATION:room-2
DTSTART;TZID=Europe/Paris:20260330T090000
DTEND;TZID=Europe/Paris:20260330T100000
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
DTSTART;TZID=Europe/Paris:20260302T130000
DTEND;TZID=Europe/Paris:20260302T170000
RRULE:FREQ=WEEKLY
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the files above on 23 March 2026, with the database slots.db, without a terminal."""
    texts = {"slots.csv": SLOTS, "bookings.csv": BOOKINGS, "bookings.ics": CALENDAR, "slots.ics": AVAILABILITY}
    work_in(tmp_path, texts, monkeypatch)
    monkeypatch.setenv("SLOTCALC_DB", "slots.db")
    monkeypatch.setattr("slotcalc.schedule.plans._now", lambda: NOW)
    return tmp_path


@pytest.fixture
def ask(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command `slotcalc db` in this process."""

    def asked(*arguments: str) -> Answer:
        code = cli.main(["db", *arguments])
        return Answer(code, *capsys.readouterr())

    return asked


@pytest.fixture
def filled(ask: Callable[..., Answer]) -> Callable[..., Answer]:
    """Run it on a database with the slots and bookings above."""
    assert ask("init").code == 0
    assert ask("import", "--slots", "slots.csv", "--bookings", "bookings.csv", *ZONE, *WHO).code == 0
    return ask


def statements(*texts: str) -> None:
    """Do something to the file that no command does."""
    connection = sqlite3.connect("slots.db")
    for text in texts:
        connection.execute(text)
    connection.commit()
    connection.close()


def free_on_monday(ask: Callable[..., Answer], *more: str) -> list[tuple[str, str]]:
    (day,) = ask("free", *ROOM, *MONDAY, *ZONE, "--format", "json", *more).data or [{"available_slots": []}]
    return [(slot["start_time"], slot["end_time"]) for slot in day["available_slots"]]


def test_the_page_about_it_shows_what_it_prints(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in re.findall(r"```\{code-block\} text\n:caption: (\S+)\n\n(.*?)```", PAGE, re.DOTALL):
        (here / name).write_text(text, encoding="utf-8")
    examples = [
        example for block in re.findall(r"```console\n\$ (.*?)```", PAGE, re.DOTALL) for example in block.split("\n$ ")
    ]
    assert len(examples) > 20
    for example in examples:
        command, _, shown = example.replace("\\\n", " ").partition("\n")
        name, *arguments = shlex.split(command)
        cli.main(arguments)
        assert name == "slotcalc"
        assert "".join(capsys.readouterr()).replace("\r", "").strip() == shown.strip()


def test_the_commands_of_the_readme_go_once_round(
    ask: Callable[..., Answer], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOTCALC_DB", str(here / "slots.db"))
    monkeypatch.chdir(PROJECT)
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- commands: database -->\n```sh\n(.*?)\n```", readme, re.DOTALL)
    assert block is not None
    answers = [ask(*shlex.split(line)[2:]) for line in block[1].splitlines()]
    assert [(answer.code, answer.err) for answer in answers] == [(0, "")] * 5
    assert "Thu 2026-03-26  ··██████████████······" in answers[2].out
    assert answers[3].out.endswith("\n  removed    Thu 2026-03-26 09:00–12:00\n  1 event written\n")
    assert "revision 2  anna, personal\n  removed    Thu 2026-03-26 09:00–12:00\n" in answers[4].out


def test_every_command_of_the_page_and_no_other_is_there(ask: Callable[..., Answer]) -> None:
    answer = ask()
    listed = set(re.findall(r"^  (\w+)  ", answer.err.partition("Commands:")[2].partition("Exit")[0], re.MULTILINE))
    assert answer.code == 2
    assert listed == {name for name in re.findall(r"slotcalc db (\w+)", PAGE) if name != "the"}


def test_an_import_is_an_edit_whose_reason_is_import(filled: Callable[..., Answer]) -> None:
    events = filled("history", *ZONE, "--format", "json").data["events"]
    assert {(event["reason"], event["changed_by"], event["action"]) for event in events} == {
        ("import", "anna", "ADDED")
    }
    assert len(events) == 3
    assert free_on_monday(filled) == [("09:00", "10:00"), ("11:00", "12:00"), ("13:00", "14:00"), ("15:00", "17:00")]
    assert free_on_monday(filled, "--no-tentative", "--ignoring", "17", "--after", "15m") == [
        ("09:00", "12:00"),
        ("13:00", "17:00"),
    ]


def test_importing_the_same_files_again_changes_nothing(filled: Callable[..., Answer]) -> None:
    again = filled("import", "--slots", "slots.csv", "--bookings", "bookings.csv", *ZONE, *WHO, "--format", "json")
    assert again.code == 0
    assert [(edit["revision"], edit["added"], edit["removed"]) for edit in again.data["slots"]] == [(1, [], [])] * 2
    assert again.data["bookings"] == {"new": 0, "changed": 0, "cancelled": 0, "unchanged": 4, "refused": []}


def test_an_import_moves_and_cancels_bookings_by_their_id(filled: Callable[..., Answer], here: Path) -> None:
    text = BOOKINGS.replace("T10:00,2026-03-30T11:00", "T10:30,2026-03-30T11:30").replace("TENTATIVE", "CANCELLED")
    (here / "bookings.csv").write_text(text, encoding="utf-8")
    command = ("import", "--bookings", "bookings.csv", *ZONE, *WHO)
    counts = "Bookings{}  0 new, 1 changed, 1 cancelled, 2 unchanged\n"
    assert filled(*command, "--dry-run") == (0, counts.format(", not written"), "")
    assert filled(*command) == (0, counts.format(""), "")
    assert free_on_monday(filled) == [("09:00", "10:30"), ("11:30", "12:00"), ("13:00", "17:00")]
    (here / "bookings.csv").write_text(BOOKINGS, encoding="utf-8")
    answer = filled(*command)
    assert answer.code == 1
    assert "  0 new, 1 changed, 0 cancelled, 2 unchanged\n" in answer.out
    assert (
        "refused    room-1: Mon 2026-03-30 14:00–15:00  \"Bob\" (id 18, tentative)\n    'room-1' has no" in answer.out
    )


def test_a_booking_without_an_id_is_known_by_what_it_says(filled: Callable[..., Answer], here: Path) -> None:
    row = "room-2,2026-03-30T10:00,2026-03-30T11:00,Team\n"
    (here / "more.csv").write_text(f"resource_id,start,end,label\n{row}{row}", encoding="utf-8")
    for counts in ("2 new, 0 changed, 0 cancelled, 0 unchanged", "0 new, 0 changed, 0 cancelled, 2 unchanged"):
        assert filled("import", "--bookings", "more.csv", *ZONE, *WHO).out == f"Bookings  {counts}\n"


def test_an_import_refuses_what_does_not_fit_unless_it_is_unchecked(filled: Callable[..., Answer], here: Path) -> None:
    rows = [
        "room-1,2026-03-30T10:30,2026-03-30T11:30,CONFIRMED,30,Late",
        "room-1,2026-03-30T12:00,2026-03-30T13:00,CONFIRMED,31,Lunch",
        "room-1,2026-03-30T08:00,2026-03-30T09:00,CONFIRMED,31,Twice",
        "room-1,2026-03-30T13:30,2026-03-30T14:30,CONFIRMED,17,Anna",
    ]
    (here / "more.csv").write_text("\n".join(["resource_id,start,end,status,id,label", *rows]), encoding="utf-8")
    command = ("import", "--bookings", "more.csv", *ZONE, *WHO, "--format", "json")
    answer = filled(*command)
    assert answer.code == 1
    assert {name: count for name, count in answer.data["bookings"].items() if name != "refused"} == {
        "new": 0,
        "changed": 0,
        "cancelled": 0,
        "unchanged": 0,
    }
    assert [(one["id"], one["why"].partition(":")[0][:30]) for one in answer.data["bookings"]["refused"]] == [
        ("30", "'room-1' is not free at 2026-0"),
        ("31", "'room-1' is not free at 2026-0"),
        ("31", "the files have the booking '31"),
        ("17", "'room-1' is not free at 2026-0"),
    ]
    taken = filled(*command, "--unchecked").data["bookings"]
    assert (taken["new"], taken["changed"], len(taken["refused"])) == (2, 1, 1)
    assert free_on_monday(filled) == [("09:00", "10:30"), ("11:30", "12:00"), ("13:00", "13:30"), ("15:00", "17:00")]


def test_an_import_takes_calendars_for_the_days_asked_for(filled: Callable[..., Answer]) -> None:
    command = ("import", "--slots", "slots.ics", "--bookings", "bookings.ics", *ROOM, *ZONE, *WHO, *MONDAY)
    answer = filled(*command, "--format", "json", "--quiet")
    assert answer.code == 0
    assert answer.err == ""
    (edit,) = answer.data["slots"]
    assert [slot["id"] for slot in edit["added"]] == ["d/20260330T110000Z"]
    assert answer.data["bookings"]["new"] == 1
    assert filled(*command).err == "slotcalc: note: 1 of 2 in bookings.ics are of other resources and are left out\n"


def test_an_import_leaves_out_what_is_on_other_days(filled: Callable[..., Answer]) -> None:
    answer = filled(
        *("import", "--slots", "slots.csv", "--bookings", "bookings.csv", *ROOM, *ZONE, *WHO),
        *("--from", "2026-03-31", "--format", "json"),
    )
    assert answer.code == 0
    assert answer.data["slots"][0]["removed"] == []
    assert "note: 3 bookings are on other days and are left out\n" in answer.err


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "nothing to import\n  add --slots FILE or --bookings FILE"),
        (("--slots", "slots.csv", "--to", "2026-03-30"), "--to says the last day, and nothing the first\n  add --from"),
        (("--slots", "slots.ics"), "slots.ics is a calendar, which may go on for ever\n  give --from and --to"),
        (
            ("--slots", "slots.ics", *MONDAY),
            "slots.ics has rows that name no resource\n  say whose they are with --resource NAME",
        ),
        (("--slots", "long.csv"), "36525 days are too many\n  ask for 36524 at most"),
        (("--slots", "bookings.csv"), "bookings.csv, line 1: the column 'status' is unknown\n"),
    ],
)
def test_an_import_says_what_it_lacks(filled: Callable[..., Answer], here: Path, arguments: Any, message: str) -> None:
    (here / "long.csv").write_text("resource_id,start,end\na,1990-01-01,2125-01-01\n", encoding="utf-8")
    answer = filled("import", *arguments, *ZONE, *WHO)
    assert answer.code == 2
    assert re.sub(r"\d+ (days|at most)", r"N \1", answer.err).startswith(
        re.sub(r"\d+ (days|at most)", r"N \1", f"slotcalc: {message}")
    )


def test_an_import_of_slots_alone_tells_of_slots_alone(filled: Callable[..., Answer]) -> None:
    command = ("import", "--slots", "slots.csv", *ROOM, *ZONE, *WHO, "--quiet")
    assert filled(*command).out == "Slots of room-1 in Europe/Paris, revision 1\n  nothing to change\n"


def test_a_dry_import_writes_nothing(ask: Callable[..., Answer]) -> None:
    assert ask("init").code == 0
    command = ("import", "--slots", "slots.csv", "--bookings", "bookings.csv", *ZONE, *WHO, "--dry-run")
    for _ in range(2):
        answer = ask(*command)
        assert answer.out.startswith("Slots of room-1 in Europe/Paris, not written, would follow revision 0\n  added ")
        assert answer.out.endswith("\nBookings, not written  3 new, 0 changed, 0 cancelled, 1 unchanged\n")


def test_an_import_ends_where_the_database_fails(filled: Callable[..., Answer]) -> None:
    statements("ALTER TABLE slotcalc_bookings RENAME TO away")
    answer = filled("import", "--bookings", "bookings.csv", *ZONE, *WHO)
    assert (answer.code, answer.out) == (2, "")
    assert "no such table: slotcalc_bookings" in answer.err


def test_bookings_are_listed_with_the_cancelled_ones(filled: Callable[..., Answer]) -> None:
    assert filled("release", *ROOM, "--id", "17", *ZONE).code == 0
    assert filled("bookings", *ROOM, *MONDAY, *ZONE).out == (
        "Bookings of room-1 in Europe/Paris\n"
        '  Mon 2026-03-30 10:00–11:00  "Anna" (id 17, cancelled)\n'
        '  Mon 2026-03-30 14:00–15:00  "Bob" (id 18, tentative)\n'
    )


def test_free_is_read_back_by_the_commands_of_files(filled: Callable[..., Answer], here: Path) -> None:
    text = filled("free", *ROOM, *MONDAY, *ZONE, "--format", "csv").out
    assert len(files.read_slots(io.StringIO(text), format="csv")) == 4
    for form in ("csv", "json"):
        listed = filled("bookings", *ROOM, *MONDAY, *ZONE, "--format", form).out
        read = files.read_bookings(io.StringIO(listed), format=form)
        assert [(booking.id, booking.label) for booking in read] == [("17", "Anna"), ("18", "Bob")]


def test_free_may_tell_by_its_exit_code(filled: Callable[..., Answer]) -> None:
    assert filled("free", *ROOM, "--from", "2026-03-30", *ZONE, "--exit-code").code == 0
    assert filled("free", *ROOM, "--from", "2026-03-31", *ZONE, "--exit-code").code == 1
    assert (
        filled("free", "--resource", "room-2", *MONDAY, *ZONE, "--seats", "3", "--format", "json").data[0][
            "available_slots"
        ][0]["start_time"]
        == "10:00"
    )


def test_free_says_so_if_a_resource_has_no_slots_at_all(filled: Callable[..., Answer]) -> None:
    answer = filled("free", "--resource", "room-9", *MONDAY, *ZONE)
    assert answer.code == 0
    assert answer.err == "slotcalc: note: nobody has given 'room-9' any slots\n"
    assert filled("free", "--resource", "room-9", *MONDAY, *ZONE, "--quiet").err == ""
    assert filled("bookings", "--resource", "room-9", *MONDAY, *ZONE).out.endswith("\n  none\n")


def test_a_preview_is_what_the_edit_then_does(filled: Callable[..., Answer]) -> None:
    edit = ("update", *ROOM, "--at", "2026-03-30T14:00/17:00", "--none", *WHO, *ZONE, "--format", "json")
    preview, done = filled(*edit, "--dry-run").data, filled(*edit).data
    assert preview.keys() == done.keys()
    assert (preview["revision"], preview["delivery"]) == (1, None)
    assert (done["revision"], done["delivery"]) == (2, "written")
    assert (
        preview["removed"]
        == done["removed"]
        == [
            {
                "start": "2026-03-30T14:00:00+02:00",
                "end": "2026-03-30T17:00:00+02:00",
                "capacity": 1,
                "id": None,
                "label": "",
            }
        ]
    )
    assert preview["displaced"] == done["displaced"]
    assert [booking["id"] for booking in done["displaced"]] == ["18"]
    assert free_on_monday(filled) == [("09:00", "10:00"), ("11:00", "12:00"), ("13:00", "14:00")]


def test_an_edit_may_take_slots_from_a_file_with_ids_and_seats(filled: Callable[..., Answer], here: Path) -> None:
    (here / "more.csv").write_text(
        "date,start_time,end_time,capacity,id,label\n2026-03-30,18:00,20:00,4,evening,Yoga\n2026-04-30,18:00,20:00,1,,\n",
        encoding="utf-8",
    )
    answer = filled("update", *ROOM, *MONDAY, "--slots", "more.csv", *WHO, *ZONE)
    assert answer.err == "slotcalc: note: 1 of 2 slots are at other times and are left out\n"
    assert '  added      Mon 2026-03-30 18:00–20:00  "Yoga"  (id evening, 4 seats)\n' in answer.out


def test_an_edit_by_the_same_request_is_made_once(filled: Callable[..., Answer]) -> None:
    edit = ("update", *ROOM, *MONDAY, "--hours", "Mo 09:00-12:00", *WHO, *ZONE, "--request", "r1")
    assert filled(*edit).out.endswith("\n  1 event written\n")
    assert filled(*edit).out.endswith("\n  made before, by the same request: 1 event written\n")
    other = filled("update", *ROOM, *MONDAY, "--none", *WHO, *ZONE, "--request", "r1")
    assert (other.code, other.err[:20]) == (1, "slotcalc: the reques")


def test_an_edit_fails_if_the_slots_are_of_another_revision(filled: Callable[..., Answer]) -> None:
    edit = ("update", *ROOM, *MONDAY, "--none", *WHO, *ZONE, "--expect")
    assert filled(*edit, "0").code == 1
    assert filled(*edit, "1").code == 0


@pytest.mark.parametrize("command", ["free", "bookings"])
def test_the_first_day_of_an_answer_has_to_be_said(filled: Callable[..., Answer], command: str) -> None:
    answer = filled(command, *ROOM, "--to", "2026-03-30", *ZONE)
    assert (answer.code, answer.err.partition("\n")[0]) == (2, "slotcalc: Missing option '--from'")


def test_a_history_of_nobody_is_whole_and_said_to_be_of_nobody(filled: Callable[..., Answer]) -> None:
    answer = filled("verify", "--resource", "rom-1")
    assert (answer.code, answer.err) == (0, "slotcalc: note: nobody has given 'rom-1' any slots\n")
    assert filled("verify", *ROOM).err == ""


def test_an_edit_that_changes_much_shows_some_of_it(filled: Callable[..., Answer]) -> None:
    answer = filled(
        *("update", *ROOM, "--from", "2026-04-01", "--to", "2026-06-30", "--hours", "Mo-Su 09:00-12:00", *WHO, *ZONE)
    )
    assert len(answer.out.splitlines()) == 43
    assert "\n  and 51 more, which --format json has\n" in answer.out


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--none",), "it is not said when\n  give --at 2026-03-30T10:00/11:00, or --from and --to"),
        (("--none", *MONDAY, "--at", "2026-03-30"), "--at says when already\n  leave out --from and --to"),
        (("--none", "--at", "2026-03-30T10:00"), "--at is a moment\n  say from when to when"),
        (("--none", "--at", "2026-03-29T02:30/04:00"), "--at 2026-03-29T02:30:00 "),
        (("--none", "--at", "soon"), "'soon' is no"),
        (MONDAY, "nothing is offered\n  add --hours 'Mo-Fr 09:00-17:00' or --slots FILE, or say --none"),
        ((*MONDAY, "--none", "--hours", "Mo off"), "--none offers nothing\n  leave out --hours and --slots"),
        ((*MONDAY, "--hours", "9 to 5"), "weekly hours: expected"),
        ((*MONDAY, "--none", "--reason", "x" * 201), "reason='xxx"),
        ((*MONDAY, "--none", "--reason", " "), "reason=' ' is empty\n"),
        ((*MONDAY, "--none", "--notes", "\x00"), "notes='\\x00' holds a NUL"),
        ((*MONDAY, "--none", "--expect", "-1"), "Invalid value for '--expect'"),
    ],
)
def test_an_edit_says_what_is_wrong_and_writes_nothing(
    filled: Callable[..., Answer], arguments: Any, message: str
) -> None:
    answer = filled("update", *ROOM, *ZONE, *WHO, *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"slotcalc: {message}")
    assert "Limits(" not in answer.err
    assert len(filled("history", *ZONE, "--format", "json").data["events"]) == 3


def test_who_edits_has_to_be_said(filled: Callable[..., Answer]) -> None:
    for command in (("update", *ROOM, *MONDAY, "--none", *ZONE), ("reconcile", *ROOM), ("import", *ZONE)):
        answer = filled(*command)
        assert (answer.code, answer.out) == (2, "")
        assert "Missing option '--by'" in answer.err


def test_a_history_with_faults_is_purged_only_on_purpose(filled: Callable[..., Answer]) -> None:
    filled("update", *ROOM, *MONDAY, "--hours", "Mo 10:00-12:00", *WHO, *ZONE)
    statements(
        "DELETE FROM slotcalc_events WHERE batch_key IN"
        " (SELECT batch_key FROM slotcalc_batches WHERE resource_id = 'room-1' AND revision = 1)"
    )
    purge = ("purge", *ROOM, *ZONE, "--up-to", "2", "--yes")
    assert filled(*purge).code == 1
    assert filled(*purge, "--faults-too").out == "2 events of room-1 dropped\n"


def test_names_are_not_empty(filled: Callable[..., Answer]) -> None:
    for command in (("verify", "--resource", ""), ("history", "--resource", " ", *ZONE), (*EDIT, "--by", "")):
        answer = filled(*command)
        assert answer.code == 2
        assert answer.err.endswith(": it is empty\n  give a name\n")


def test_bookings_are_made_moved_and_released(filled: Callable[..., Answer]) -> None:
    at = ("--at", "2026-03-30T11:00/12:00")
    booked = filled("book", *ROOM, *at, "--tentative", "--request", "r", *ZONE, "--format", "json").data
    assert filled("book", *ROOM, *at, "--tentative", "--request", "r", *ZONE, "--format", "json").data == booked
    move = ("move", *ROOM, "--id", booked["id"], "--at", "2026-03-30T11:30/12:00", *ZONE)
    assert filled(*move, "--confirm", "--format", "json").data == booked | {
        "status": "CONFIRMED",
        "start": "2026-03-30T11:30:00+02:00",
    }
    assert filled(*move).out == f"Moved room-1, Mon 2026-03-30 11:30–12:00  (id {booked['id']})\n"
    for _ in range(2):
        released = filled("release", *ROOM, "--id", booked["id"], *ZONE)
        assert released.out == f"Released room-1, Mon 2026-03-30 11:30–12:00  (id {booked['id']}, cancelled)\n"
    assert filled(*move).code == 1
    team = filled("book", "--resource", "room-2", *at, "--seats", "3", "--id", "all", *ZONE).out
    assert team == "Booked room-2, Mon 2026-03-30 11:00–12:00  (id all, 3 seats)\n"


def test_a_booking_is_refused_with_the_reasons(filled: Callable[..., Answer]) -> None:
    command = ("book", *ROOM, "--at", "2026-03-30T11:00/12:30", "--id", "30", "--before", "5m", *ZONE)
    assert (filled(*command).code, filled(*command).out) == (1, "")
    assert filled(*command).err == (
        "slotcalc: room-1 is not free on Mon 2026-03-30 11:00–12:30\n"
        "Mon 2026-03-30 in Europe/Paris\n"
        "  11:00–12:00  free\n"
        "  12:00–12:30  outside slots\n"
    )
    assert filled("book", *ROOM, "--at", "2026-03-30T11:00/11:30", "--id", "17", *ZONE).code == 1
    assert filled("book", *ROOM, "--at", "2026-03-30T11:00/11:30", "--after", "soon", *ZONE).code == 2
    assert filled("book", *ROOM, "--at", "2026-03-30T11:00/10:30", *ZONE).code == 2


def test_the_history_is_read_by_page_and_by_what_is_asked(filled: Callable[..., Answer]) -> None:
    edit = ("--reason", "personal", "--notes", "a, b", *ZONE)
    filled("update", *ROOM, *MONDAY, "--hours", "Mo 10:00-12:00", "--by", "bob", *edit)
    assert filled("history", *ZONE, "--by", "bob", "--action", "removed").out == (
        "History in Europe/Paris, the last 30 days\n"
        '2026-03-23 09:00  room-1, revision 2  bob, personal: "a, b"\n'
        "  removed    Mon 2026-03-30 13:00–17:00\n"
        "  removed    Mon 2026-03-30 09:00–10:00\n"
    )
    first = filled("history", *ROOM, *ZONE, "--all", "--limit", "3", "--oldest-first")
    assert first.out.startswith("History of room-1 in Europe/Paris, all of it\n")
    after = re.search(r"  more with --after (\S+)\n$", first.out)
    assert after is not None
    rest = filled("history", *ROOM, *ZONE, "--all", "--oldest-first", "--after", after[1], "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(rest))
    assert (row["date"], row["end_time"], row["action"], row["notes"]) == ("2026-03-30", "17:00", "REMOVED", "a, b")
    assert filled("history", *ZONE, "--reason", "none", "--days", "1").out.endswith(", today\n  no edits\n")
    assert filled("history", *ZONE, "--all", "--days", "3").err.startswith("slotcalc: --all are more than --days\n")
    assert filled("history", *ZONE, "--after", "nothing").code == 2


def test_a_cell_of_a_csv_is_no_formula(filled: Callable[..., Answer]) -> None:
    formula = '=HYPERLINK("http://example.org")'
    edit = (
        "update",
        "--resource",
        "room-1",
        "--from",
        "2026-03-25",
        "--hours",
        "We 09:00-13:00",
        *ZONE,
        "--by",
        "@anna",
    )
    assert filled(*edit, "--reason", "-1", "--notes", formula).code == 0
    (row,) = csv.DictReader(filled("history", *ZONE, "--by", "@anna", "--format", "csv").out.splitlines())
    assert (row["notes"], row["changed_by"], row["reason"]) == (f"'{formula}", "'@anna", "'-1")
    assert (row["date"], row["start_time"]) == ("2026-03-25", "09:00")


def test_the_stats_are_text_json_and_csv(filled: Callable[..., Answer]) -> None:
    data = filled("stats", *ZONE, "--format", "json").data
    assert data["total"]["hours_added"] == 10
    rows = [*csv.DictReader(io.StringIO(filled("stats", *ZONE, "--format", "csv").out))]
    for table, count in (("total", 1), ("by_reason", 1), ("by_actor", 1), ("by_day", 7), ("by_hour_of_week", 168)):
        cells = [row for row in rows if row["table"] == table]
        assert len(cells) == count
        assert sum(int(cell["slots_added"]) for cell in cells) == 3
    assert "\nby author\n  anna    +10h in 3 slots\n" in filled("stats", *ZONE).out
    assert filled("stats", "--resource", "room-9", *ZONE).out == (
        "Edits of room-9 in Europe/Paris, the last 7 days\n  in all\n"
    )


def test_verify_finds_slots_written_past_the_history_and_reconcile_mends_it(filled: Callable[..., Answer]) -> None:
    statements("DELETE FROM slotcalc_slots WHERE capacity = 3")
    answer = filled("verify", "--resource", "room-2")
    assert (answer.code, answer.out.splitlines()[0]) == (1, "room-2, revision 1: 1 finding")
    assert filled("verify", "--resource", "room-2", "--format", "json").data["findings"][0]["kind"] == "different"
    mended = filled("reconcile", "--resource", "room-2", *WHO, "--notes", "by hand")
    assert mended == (0, "History of room-2, revision 2\n  1 event written\n", "")
    assert filled("verify", "--resource", "room-2").code == 0


def test_a_head_finds_a_history_that_was_tampered_with(filled: Callable[..., Answer], here: Path) -> None:
    assert filled("verify", *ROOM, "--save-head", "head.json").code == 0
    statements("UPDATE slotcalc_batches SET changed_by = 'nobody'")
    assert filled("verify", *ROOM).code == 0
    answer = filled("verify", *ROOM, "--head", "head.json")
    assert answer.code == 1
    assert "tampered" in answer.out
    for data in (b"[]", b"{", b"\xff"):
        (here / "head.json").write_bytes(data)
        answer = filled("verify", *ROOM, "--head", "head.json")
        assert answer.code == 2
        assert answer.err.startswith("slotcalc: head.json is no head (")
        assert answer.err.endswith("\n  write one with --save-head\n")


EDIT = ("update", *ROOM, *MONDAY, "--none", *WHO, *ZONE)


def test_events_that_wait_in_the_outbox_are_brought_in_by_redeliver(filled: Callable[..., Answer]) -> None:
    statements("ALTER TABLE slotcalc_events RENAME TO away")
    assert filled(*EDIT).out.endswith("\n  2 events in the outbox, to be brought in by slotcalc db redeliver\n")
    waiting = filled("redeliver")
    assert (waiting.code, waiting.out[:61]) == (1, "Events  0 delivered, 0 duplicates, 2 pending, 0 unreadable\n  ")
    assert filled("reconcile", *ROOM, *WHO).err.startswith("slotcalc: 2 events still wait to be delivered (")
    statements("ALTER TABLE away RENAME TO slotcalc_events")
    assert filled("redeliver") == (0, "Events  2 delivered, 0 duplicates, 0 pending, 0 unreadable\n", "")
    assert filled("verify", *ROOM).code == 0


@pytest.mark.parametrize("spool", [(), ("--spool", "events")])
def test_events_that_the_database_does_not_take_wait_in_the_spool(
    filled: Callable[..., Answer], here: Path, spool: tuple[str, ...]
) -> None:
    statements("ALTER TABLE slotcalc_events RENAME TO away", "ALTER TABLE slotcalc_outbox RENAME TO away_too")
    answer = filled(*EDIT, *spool)
    assert (answer.code, answer.err) == (0, "")
    assert "\n  2 events in the spool, to be brought in by slotcalc db redeliver: " in answer.out
    assert (here / ("events" if spool else "slots.db.spool")).stat().st_size
    statements("ALTER TABLE away RENAME TO slotcalc_events", "ALTER TABLE away_too RENAME TO slotcalc_outbox")
    answer = filled("redeliver", *spool, "--format", "json")
    assert (answer.code, answer.data["delivered"]) == (0, 2)
    assert filled("verify", *ROOM).code == 0


def test_events_that_are_kept_nowhere_are_made_up_for_by_reconcile(filled: Callable[..., Answer]) -> None:
    statements("ALTER TABLE slotcalc_events RENAME TO away", "ALTER TABLE slotcalc_outbox RENAME TO away_too")
    answer = filled(*EDIT, "--spool", "nowhere/events")
    assert answer.code == 0
    assert "\n  2 events kept nowhere, though the edit stands; mend it with slotcalc db reconcile: " in answer.out
    statements("ALTER TABLE away RENAME TO slotcalc_events", "ALTER TABLE away_too RENAME TO slotcalc_outbox")
    assert filled("verify", *ROOM).code == 1
    assert filled("reconcile", *ROOM, *WHO, "--format", "json").data["delivery"] == "written"
    assert filled("redeliver", "--spool", "nowhere/events").code == 2


def test_purging_keeps_what_is_asked_about_later(filled: Callable[..., Answer]) -> None:
    filled(*EDIT)
    purge = ("purge", *ROOM, *ZONE)
    assert filled(*purge, "--older-than", "2026-03-23", "--yes").out == "0 events of room-1 dropped\n"
    assert filled(*purge, "--up-to", "1", "--yes", "--format", "json").data == {"resource_id": "room-1", "dropped": 2}
    assert filled("verify", *ROOM).code == 0
    assert filled(*purge, "--older-than", "2026-03-24", "--yes").out == "2 events of room-1 dropped\n"
    assert filled("verify", *ROOM).code == 0
    assert filled(*purge, "--up-to", "1", "--yes").code == 1
    assert filled(*purge, "--up-to", "9", "--yes", "--faults-too").err == (
        "slotcalc: 'room-1' is at revision 2, so there is nothing to purge up to 9\n  name one that was made\n"
    )
    filled("update", *ROOM, *MONDAY, "--hours", "Mo 09:00-12:00", *WHO, *ZONE)
    statements("DELETE FROM slotcalc_events", "DELETE FROM slotcalc_batches")
    assert filled(*purge, "--up-to", "3", "--yes").err == (
        "slotcalc: nothing was dropped, since that part of the history of room-1 has faults\n"
        "  see them with slotcalc db verify, bring in what waits with redeliver, or add --faults-too\n"
    )
    for more in ((), ("--up-to", "1", "--older-than", "2026-03-24")):
        assert filled(*purge, *more, "--yes").err.startswith("slotcalc: say how much to drop\n")
    assert filled(*purge, "--up-to", "1").err.startswith("slotcalc: what is dropped is gone for good\n")


def test_init_makes_what_migrate_then_knows(ask: Callable[..., Answer]) -> None:
    assert ask("init").out == "The tables are made.\n"
    assert ask("init").out == "The tables were there already.\n"
    assert ask("migrate").out == "The tables are of revision 0001.\n"


def test_migrate_makes_tables_by_itself(ask: Callable[..., Answer]) -> None:
    assert ask("migrate").out == "The tables are of revision 0001, before of none.\n"
    assert ask("init").out == "The tables were there already.\n"
    assert ask("migrate", "--to", "0099").err.startswith("slotcalc: there is no such revision")


def test_without_alembic_init_makes_tables_that_are_stamped_later(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    import slotcalc.sql  # noqa: PLC0415  # whose attribute is taken away

    with monkeypatch.context() as without:
        for name in [name for name in sys.modules if name.startswith(("alembic", "slotcalc.sql.migrations"))]:
            without.delitem(sys.modules, name)
        without.delattr(slotcalc.sql, "migrations", raising=False)
        without.setitem(sys.modules, "alembic", None)
        without.setitem(sys.modules, "alembic.runtime.migration", None)
        assert ask("init").out == "The tables are made.\n"
        assert ask("migrate").err == "slotcalc: migrations need Alembic: pip install 'slotcalc[migrations]'\n"
    assert ask("migrate").err == (
        "slotcalc: sqlite:///slots.db has tables, but no revision\n  if slotcalc db init made them, add --stamp\n"
    )
    assert ask("migrate", "--stamp").out == "The tables are of revision 0001, before of none.\n"


@pytest.mark.parametrize(
    "name, message",
    [
        ("none.db", "none.db is not there\n  make it with slotcalc db init\n"),
        ("sqlite:///none.db", "none.db is not there\n  make it with slotcalc db init\n"),
        ("empty.db", "sqlite:///empty.db has no tables of slotcalc\n  make them with slotcalc db init\n"),
        ("slots.csv", "sqlite:///slots.csv refused or was lost, and nothing was written: file is not a database\n"),
        (".", ". is not there\n"),
        (":memory:", "--db is a database in memory, which is gone when the command ends\n  name a file\n"),
        ("sqlite://", "--db is a database in memory, which is gone when the command ends\n  name a file\n"),
        ("mysql://root:secret@db/slots", "--db is of mysql, which is not known here\n  write slots.db, "),
        ("postgresql://root@db:secret/slots", "--db is neither a path nor the URL of a database\n  write slots.db, "),
        ("://secret", "--db is neither a path nor the URL of a database\n  write slots.db, "),
        ("postgres://u:secret@localhost:1/x", "postgresql+psycopg://u:***@localhost:1/x refused or was lost"),
        ("postgresql://u@localhost:1/x?password=secret", "postgresql+psycopg://u:***@localhost:1/x refused or was"),
    ],
)
def test_a_database_that_is_none_is_told_in_a_line_and_never_with_its_password(
    ask: Callable[..., Answer], here: Path, name: str, message: str
) -> None:
    (here / "empty.db").touch()
    for command in (("free", *ROOM, *MONDAY, *ZONE), ("verify", *ROOM), ("redeliver",), EDIT):
        answer = ask(*command, "--db", name)
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith(f"slotcalc: {message}")
        assert "secret" not in answer.err
        assert "Traceback" not in answer.err


def test_a_folder_that_is_not_there_is_told_by_init(ask: Callable[..., Answer]) -> None:
    answer = ask("init", "--db", "nowhere/slots.db")
    assert answer.code == 2
    assert answer.err.startswith("slotcalc: sqlite:///nowhere/slots.db refused or was lost")


def test_the_database_has_to_be_named(ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLOTCALC_DB")
    answer = ask("init")
    assert answer.code == 2
    assert "SLOTCALC_DB" in answer.err


def test_a_zone_that_does_not_exist_is_told(filled: Callable[..., Answer]) -> None:
    for command in (("free", *ROOM, *MONDAY), ("history",), ("purge", *ROOM)):
        assert "did you mean 'Europe/Paris'?" in filled(*command, "--zone", "Paris").err


def test_without_a_driver_for_postgresql_the_extra_is_named(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    answer = ask("init", "--db", "postgresql://u:secret@localhost/x")
    assert answer == (2, "", "slotcalc: PostgreSQL needs psycopg: pip install 'slotcalc[sql,postgres]'\n")


def run(code: str, *arguments: str) -> Answer:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def test_without_sqlalchemy_the_extra_is_named_and_files_are_answered(here: Path) -> None:
    without = (
        "import sys; sys.modules['sqlalchemy'] = None; from slotcalc.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    assert run(without, "db", "init") == (2, "", "slotcalc: databases need SQLAlchemy: pip install 'slotcalc[sql]'\n")
    assert run(without, "free", "--hours", "24/7", *MONDAY, *ZONE).code == 0


def test_a_question_about_files_loads_no_database(here: Path) -> None:
    loaded = """
import sys
from slotcalc.cli import main

main()
print([name for name in ("sqlalchemy", "slotcalc.sql", "slotcalc.schedule", "asyncio") if name in sys.modules])
"""
    answer = run(loaded, "free", "--hours", "24/7", *MONDAY, *ZONE)
    assert answer.out.splitlines()[-1] == "[]"


def test_the_module_runs_it_as_a_program(here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "slotcalc", "db", "init"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SLOTCALC_DB": "made.db"},
    )
    assert (done.stdout, done.stderr) == ("The tables are made.\n", "")
    assert (here / "made.db").is_file()


def test_the_cycle_is_the_same_on_postgresql(
    ask: Callable[..., Answer], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.postgres_url(postgres_url)
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA command_line")
    scoped = url.update_query_dict({"options": "-csearch_path=command_line"}).set(drivername="postgresql")
    monkeypatch.setenv("SLOTCALC_DB", scoped.render_as_string(hide_password=False))
    try:
        assert ask("free", *ROOM, *MONDAY, *ZONE).err.endswith("\n  make them with slotcalc db init\n")
        assert ask("init").out == "The tables are made.\n"
        assert ask("init").out == "The tables were there already.\n"
        assert ask("migrate").out == "The tables are of revision 0001.\n"
        given = ("import", "--slots", "slots.csv", "--bookings", "bookings.csv", *ZONE, *WHO)
        assert ask(*given).out.endswith("\nBookings  3 new, 0 changed, 0 cancelled, 1 unchanged\n")
        assert ask(*given).out.endswith("\nBookings  0 new, 0 changed, 0 cancelled, 4 unchanged\n")
        assert free_on_monday(ask)[-1] == ("15:00", "17:00")
        assert ask("book", *ROOM, "--at", "2026-03-30T10:30/11:30", *ZONE).code == 1
        assert ask(*EDIT).out.endswith("\n  2 events written\n")
        assert ask("history", *ROOM, *ZONE).out == (
            "History of room-1 in Europe/Paris, the last 30 days\n"
            "2026-03-23 09:00  room-1, revision 2  anna, edit\n"
            "  removed    Mon 2026-03-30 13:00–17:00\n"
            "  removed    Mon 2026-03-30 09:00–12:00\n"
            "2026-03-23 09:00  room-1, revision 1  anna, import\n"
            "  added      Mon 2026-03-30 13:00–17:00\n"
            "  added      Mon 2026-03-30 09:00–12:00\n"
        )
        assert ask("verify", *ROOM).code == ask("redeliver").code == 0
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA command_line CASCADE")
        engine.dispose()


def test_what_was_seeded_is_told_by_reconcile_as_an_opening_balance(ask: Callable[..., Answer], here: Path) -> None:
    assert ask("init").code == 0
    engine = sqlalchemy.create_engine("sqlite:///slots.db")
    SqlRepository(engine).seed([Slot("room-1", Interval.parse("2026-03-30T08:00Z/PT4H"))])
    engine.dispose()
    assert ask("verify", *ROOM).code == 1
    assert ask("reconcile", *ROOM, *WHO).out == "History of room-1, revision 1\n  1 event written\n"
    assert ask("verify", *ROOM).code == 0
