"""The commands `slotcalc free` and `slotcalc explain`: their options, and what is computed from them.

Read `options` for what options mean, `inputs` for what is read, `output` for how it is printed, and `database` for the
commands of a database.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

import slotcalc
from slotcalc import appointments, availability, files, iso8601, render, zones
from slotcalc.availability import SegmentState
from slotcalc.booking import ACTIVE, Booking, BookingStatus
from slotcalc.cli import answers, database, inputs, options, output, records
from slotcalc.errors import (
    BrokenHistoryError,
    DuplicateIdError,
    HorizonError,
    ImpossibleEventError,
    LimitExceededError,
    NotAvailableError,
    RequestConflictError,
    RevisionConflictError,
    SlotcalcError,
    UnknownBookingError,
)
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.limits import DEFAULT_LIMITS
from slotcalc.render import Line, Piece, Role

__all__ = ["run"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_WEEK: Final = timedelta(days=7)

_REFUSALS: Final = (
    BrokenHistoryError,
    DuplicateIdError,
    HorizonError,
    ImpossibleEventError,
    NotAvailableError,
    RequestConflictError,
    RevisionConflictError,
    UnknownBookingError,
)
"""The input is good, and what is in the database says no."""

_CODES: Final = """\b
Exit codes:
  0    the question is answered, whether anything is free or not
  1    with --exit-code: nothing is free
  2    wrong usage, bad input, or the extra 'cli' is not installed"""


def run(arguments: Sequence[str] | None) -> int:
    """Run the command and return its exit code; what goes wrong is told on stderr, without a traceback."""
    try:
        code = _slotcalc.main(arguments, prog_name="slotcalc", standalone_mode=False)
    except click.ClickException as error:
        context: click.Context | None = getattr(error, "ctx", None)
        message = error.format_message()
        more = f"see {context.command_path if context else 'slotcalc'} --help"
        output.complain(message if "; " in message else f"{message.rstrip('.')}; {more}")
        return 2
    except LimitExceededError as error:
        what, _, mend = str(error).partition("; ")
        if "Limits(" in mend:
            mend = "ask for less, or ask from a program, where limits=Limits(…) allows more"
        output.complain(f"{what}; {mend}" if mend else what)
        return 2
    except SlotcalcError as error:
        output.complain(str(error))
        return 1 if isinstance(error, _REFUSALS) else 2
    except output.ReaderGoneError:
        return 141  # as if by SIGPIPE, which ends other programs there
    except OSError as error:
        name = f"{render.plain(str(error.filename), 200)}: " if error.filename else ""
        output.complain(f"{name}{error.strerror or error}")
        return 2
    except click.Abort:
        output.complain("interrupted")
        return 130
    return int(code or 0)


_INPUTS: Final = (
    click.option(
        "--slots",
        "slot_files",
        type=options.FILE,
        multiple=True,
        metavar="FILE",
        help="What is offered: .csv, .json, or .ics with VAVAILABILITY. Repeatable.",
    ),
    click.option(
        "--hours",
        metavar="TEXT",
        help="Weekly hours that are offered, instead of --slots or besides: 'Mo-Fr 09:00-12:00,13:00-17:00; Su off'; "
        "or the name of a .json file that holds a rule.",
    ),
    click.option(
        "--bookings",
        "booking_files",
        type=options.FILE,
        multiple=True,
        metavar="FILE",
        help="What is claimed: .csv, .json or .ics. Repeatable.",
    ),
    click.option(
        "--zone",
        callback=options.zone,
        required=True,
        metavar="ZONE",
        help="The time zone of dates, of local times in files, and of the answer: Europe/Paris.",
    ),
    click.option(
        "--resource",
        metavar="NAME",
        help="Only what is of this resource or of none; events of a calendar have it as LOCATION.",
    ),
    click.option(
        "--before",
        callback=options.length_of_time,
        default="0m",
        metavar="LENGTH",
        help="Time that each booking takes before its start: 10m.",
    ),
    click.option(
        "--after",
        callback=options.length_of_time,
        default="0m",
        metavar="LENGTH",
        help="Time that each booking takes after its end: 1h30m, PT15M.",
    ),
    click.option(
        "--seats", type=click.IntRange(min=1), default=1, metavar="N", help="How many seats must be left.  [default: 1]"
    ),
    click.option("--ignoring", multiple=True, metavar="ID", help="Leave out the booking of this id. Repeatable."),
    click.option(
        "--tentative/--no-tentative", default=True, help="Whether tentative bookings take time.  [default: they do]"
    ),
    click.option("--exit-code", "tells", is_flag=True, help="Exit with 1 if nothing is free."),
    click.option(
        "--output",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write to this file instead of stdout.",
    ),
    click.option("--quiet", is_flag=True, help="No notes and no progress on stderr."),
)


def _with_inputs(command: _Command) -> _Command:
    for option in reversed(_INPUTS):
        command = option(command)
    return command


@click.group(
    "slotcalc",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_CODES,
)
@click.version_option(slotcalc.__version__, prog_name="slotcalc")
@click.pass_context
def _slotcalc(context: click.Context) -> int:
    """When is this resource free? Free time is slots minus active bookings."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return 2
    return 0


_slotcalc.add_command(database.db)
records.add_to(database.db)


@_slotcalc.command(epilog=_CODES)
@click.option("--from", "first", callback=options.day, required=True, metavar="DATE", help="The first day: 2026-03-30.")
@click.option(
    "--to", "last", callback=options.day, metavar="DATE", help="The last day, included.  [default: the first]"
)
@_with_inputs
@click.option(
    "--duration",
    callback=options.length_of_time,
    metavar="LENGTH",
    help="List the starts at which an appointment of this length fits: 45m.",
)
@click.option(
    "--every",
    callback=options.length_of_time,
    metavar="LENGTH",
    help="The grid of starts, from each local midnight on.  [default: --duration]",
)
@click.option(
    "--anchor",
    callback=options.anchor,
    metavar="TIME",
    help="A local time that is on the grid, instead of midnight: 09:20; or interval, for a grid of each free time.",
)
@click.option(
    "--per-day", type=click.IntRange(min=1), metavar="N", help="No start on a day on which N bookings begin already."
)
@click.option(
    "--per-week", type=click.IntRange(min=1), metavar="N", help="No start in a week, from Monday on, in which N do."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv", "ics"]),
    default="text",
    help="How to write the answer.  [default: text]",
)
def free(
    first: date,
    last: date | None,
    duration: timedelta | None,
    every: timedelta | None,
    anchor: appointments.Anchor | None,
    per_day: int | None,
    per_week: int | None,
    form: str,
    **given: Any,
) -> int:
    """Show the free time of some days."""
    asked = _Asked(**given)
    grid = {"every": every, "anchor": anchor, "per_day": per_day, "per_week": per_week}
    window = options.days(first, last, asked.zone)
    if form == "ics" and duration is not None:
        raise click.UsageError("a calendar holds free time, not starts; drop --duration, or use --format json or csv")
    for name in [name for name, value in grid.items() if value is not None and duration is None]:
        about = "limits" if name.startswith("per_") else "is the grid of"
        option = name.replace("_", "-")
        raise click.UsageError(f"--{option} {about} starts and needs their length; add --duration 45m")
    for name, length in (("--duration", duration), ("--every", every)):
        if length == timedelta():
            raise click.UsageError(f"{name} is nothing; give a length such as 15m")
    found = asked.read(window, around=_WEEK if per_day or per_week else timedelta())
    free_time = availability.free(found.slots, found.bookings, **asked.terms()) & window
    target = output.Output(asked.path)
    taken = asked.begun(found.bookings)
    starts = None if duration is None else _starts(free_time, duration, zone=asked.zone, taken=taken, **grid)
    if form == "ics":
        from slotcalc import ical  # noqa: PLC0415  # costs a fifth of a second and needs an extra

        target.write(ical.write_free(free_time))
    elif form == "text":
        offered = IntervalSet([slot.interval for slot in found.slots])
        target.show(
            answers.timeline(
                free_time,
                asked.zone,
                asked.resource,
                window=window,
                offered=offered,
                starts=starts,
                columns=target.columns,
            )
        )
    elif starts is not None and duration is not None:
        write = output.starts_as_json if form == "json" else output.starts_as_csv
        target.write(_ended(write(starts, duration, asked.zone)))
    else:
        target.write(_ended((files.free_as_json if form == "json" else files.free_as_csv)(free_time, asked.zone)))
    return int(asked.tells and not (free_time if starts is None else starts))


@_slotcalc.command(epilog=_CODES)
@click.option(
    "--at",
    metavar="WHEN",
    help="A moment or a window: 2026-03-30T10:00 or 2026-03-30T10:00/11:00; a date is all of that day.",
)
@click.option("--from", "first", callback=options.day, metavar="DATE", help="Instead of --at: the first day.")
@click.option(
    "--to", "last", callback=options.day, metavar="DATE", help="The last day, included.  [default: the first]"
)
@_with_inputs
def explain(at: str | None, first: date | None, last: date | None, **given: Any) -> int:
    """Show why a time is free or not: which bookings and buffers take it, or that no slot offers it."""
    asked = _Asked(**given)
    if at is None and first is None:
        raise click.UsageError("no time to explain; give --at 2026-03-30T10:00, or --from and --to")
    if at is not None and (first is not None or last is not None):
        raise click.UsageError("--at says when already; leave out --from and --to")
    moment = None if at is None else _moment(at, asked.zone)
    if moment is not None:
        day = next(zones.local_days(moment, moment + datetime.resolution, asked.zone))
        window = Interval(day[1], day[2])
    else:
        window = options.window(at, asked.zone) if first is None else options.days(first, last, asked.zone)
    found = asked.read(window)
    segments = availability.explain(found.slots, found.bookings, window, **asked.terms())
    shown = segments if moment is None else [segment for segment in segments if moment in segment.interval]
    is_free = all(segment.state is SegmentState.FREE for segment in shown)
    lines = [*render.explanation(shown, asked.zone).lines()]
    if moment is not None and not is_free:
        lines.append(_next_free(segments, moment, asked.zone))
    output.Output(asked.path).show(lines)
    return int(asked.tells and not is_free)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The options that both commands have."""

    slot_files: tuple[Path, ...]
    hours: str | None
    booking_files: tuple[Path, ...]
    zone: ZoneInfo
    resource: str | None
    before: timedelta
    after: timedelta
    seats: int
    ignoring: tuple[str, ...]
    tentative: bool
    tells: bool
    path: Path | None
    quiet: bool

    def read(self, window: Interval[datetime], *, around: timedelta = timedelta()) -> inputs.Inputs:
        """Read everything that was named, once it is clear that it can have an answer; bookings also around it."""
        if not self.slot_files and self.hours is None:
            raise click.UsageError("nothing is offered; add --slots FILE or --hours 'Mo-Fr 09:00-17:00'")
        if self.seats > 1 and not self.slot_files:
            raise click.UsageError(f"weekly hours have one seat, never {self.seats}; give --slots FILE with a capacity")
        sources = inputs.Sources(
            zone=self.zone,
            hours=self.hours,
            slots=self.slot_files,
            bookings=self.booking_files,
            resource=self.resource or None,
            before=self.before,
            after=self.after,
            around=around,
        )
        with output.Reading(quiet=self.quiet) as reading:
            found = inputs.read(sources, window, reading.of)
        for note in () if self.quiet else found.notes:
            output.complain(note, label="note: ")
        return found

    def begun(self, bookings: Iterable[Booking]) -> list[datetime]:
        """Return when the bookings begin that take time."""
        terms = self.terms()
        kept = [one for one in bookings if one.status in terms["active"] and one.id not in terms["ignoring"]]
        return [one.interval.start for one in kept]

    def terms(self) -> dict[str, Any]:
        """Return what `availability` takes beside slots and bookings."""
        active: Collection[BookingStatus] = ACTIVE if self.tentative else {BookingStatus.CONFIRMED}
        return {
            "before": self.before,
            "after": self.after,
            "seats": self.seats,
            "active": active,
            "ignoring": self.ignoring,
        }


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """Return the instant that is meant; None for a window or a date."""
    point = None if "/" in text else iso8601.parse_point(text)
    return options.instant(point, zone) if isinstance(point, datetime) else None


def _next_free(segments: Sequence[availability.Segment], moment: datetime, zone: ZoneInfo) -> Line:
    free_time = IntervalSet([segment.interval for segment in segments if segment.state is SegmentState.FREE])
    following = free_time.first(after=moment)
    if following is None:
        return (Piece("  nothing is free later that day", Role.QUIET),)
    return (Piece("  next free that day: "), Piece(render.span(following, zone), Role.FREE))


def _starts(free_time: IntervalSet[datetime], duration: timedelta, **options: Any) -> list[datetime]:
    found = appointments.starts(free_time, duration, **options)
    starts = [*islice(found, DEFAULT_LIMITS.occurrences + 1)]
    DEFAULT_LIMITS.check("occurrences", len(starts))
    return starts


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
