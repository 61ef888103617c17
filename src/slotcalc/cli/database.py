"""The commands `slotcalc db …` that make a database, fill it, ask it and edit it. Read `records` next, for its history.

A command reads its options, asks or edits by way of `stores` and `importing`, and prints what `answers` makes of it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from slotcalc import availability, files, render
from slotcalc.booking import ACTIVE, Booking, BookingStatus, Slot
from slotcalc.cli import answers, importing, inputs, options, output, stores
from slotcalc.errors import NotAvailableError
from slotcalc.intervals import Interval, IntervalSet
from slotcalc.render import Line, Piece, Role

__all__ = ["BY", "CODES", "DATABASE", "NAMED", "NOTES", "SPOOL", "ZONE", "db", "form_of", "show"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

CODES: Final = """\b
Exit codes:
  0    done
  1    what is in the database says no: the time is not free, there is no such booking, somebody
       was faster, the history has faults, events still wait
  2    wrong usage, bad input, no such database, or an extra is not installed"""

DATABASE: Final = click.option(
    "--db",
    "name",
    required=True,
    envvar="SLOTCALC_DB",
    show_envvar=True,
    metavar="PATH_OR_URL",
    help="The database: a file of SQLite such as slots.db, or postgresql://user@host/name.",
)
ZONE: Final = click.option(
    "--zone",
    callback=options.zone,
    required=True,
    metavar="ZONE",
    help="The time zone of dates and local times, and of the answer: Europe/Paris.",
)
NAMED: Final = click.option(
    "--resource", callback=options.name, required=True, metavar="NAME", help="Whose slots and bookings."
)
BY: Final = click.option(
    "--by", callback=options.name, required=True, metavar="NAME", help="Who edits; the history tells."
)
NOTES: Final = click.option("--notes", default="", metavar="TEXT", help="What else there is to say about the edit.")
SPOOL: Final = click.option(
    "--spool",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keeps events that the database does not take.  [default: slots.db.spool beside slots.db, else none]",
)
_REASON: Final = click.option("--reason", default="edit", metavar="TEXT", help="Why, in a word.  [default: edit]")
_REQUEST: Final = click.option(
    "--request", metavar="ID", help="A name for this call: made again by the same name, it is done once."
)
_DRY_RUN: Final = click.option("--dry-run", is_flag=True, help="Only show what would be done.")
_FIRST: Final = "The first day: 2026-03-30."
_FROM: Final = click.option("--from", "first", callback=options.day, metavar="DATE", help=_FIRST)
_FROM_DAY: Final = click.option("--from", "first", required=True, callback=options.day, metavar="DATE", help=_FIRST)
_TO: Final = click.option(
    "--to", "last", callback=options.day, metavar="DATE", help="The last day, included.  [default: the first]"
)
_ID: Final = click.option("--id", "booking_id", required=True, metavar="ID", help="Which booking.")
_QUIET: Final = click.option("--quiet", is_flag=True, help="No notes and no progress on stderr.")
_NEW_TIME: Final = click.option(
    "--at", required=True, metavar="WINDOW", help="From when to when: 2026-03-30T10:00/11:00; or a date, for all day."
)


def form_of(*forms: str) -> Callable[[_Command], _Command]:
    """Return the option of how to write the answer, one of these and by default text."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", *forms]),
        default="text",
        help="How to write the answer.  [default: text]",
    )


def _with_buffers(command: _Command) -> _Command:
    for name, side in (("--after", "after its end: 1h30m, PT15M"), ("--before", "before its start: 10m")):
        about = f"Time that each booking takes {side}."
        command = click.option(name, callback=options.length_of_time, default="0m", metavar="LENGTH", help=about)(
            command
        )
    return command


def show(form: str, lines: Iterable[Line], fields: Any) -> None:
    """Print the lines, or the fields as JSON."""
    target = output.Output(None)
    if form == "json":
        target.write(f"{answers.as_json(fields)}\n")
    else:
        target.show(lines)


def _note(notes: Iterable[str], *, quiet: bool) -> None:
    for note in () if quiet else notes:
        output.complain(note, label="note: ")


@click.group("db", invoke_without_command=True, epilog=CODES)
@click.pass_context
def db(context: click.Context) -> int:
    """Keep slots, bookings and their history in a database: SQLite or PostgreSQL."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return 2
    return 0


@db.command(epilog=CODES)
@DATABASE
def init(name: str) -> int:
    """Make the tables that are not there yet; in PostgreSQL also the functions that compute free time."""
    with stores.connected(name) as engine:
        is_new = stores.initialise(engine)
    said = "The tables are made." if is_new else "The tables were there already."
    output.Output(None).show([(Piece(said),)])
    return 0


@db.command(epilog=CODES)
@DATABASE
@click.option("--to", "revision", default="head", metavar="REVISION", help="Which revision.  [default: the newest]")
@click.option("--stamp", is_flag=True, help="Change nothing, only say that the tables are of that revision.")
def migrate(name: str, revision: str, *, stamp: bool) -> int:
    """Bring the tables of an older release up to date, or make them; needs the extra 'migrations'."""
    with stores.connected(name) as engine:
        before, after = stores.migrate(engine, revision, is_stamped=stamp)
    said = f"The tables are of revision {after}" + ("." if before == after else f", before {before or 'of none'}.")
    output.Output(None).show([(Piece(said),)])
    return 0


@db.command("import", epilog=CODES)
@DATABASE
@click.option(
    "--slots",
    "slot_files",
    type=options.FILE,
    multiple=True,
    metavar="FILE",
    help="What is offered: .csv, .json, or .ics with VAVAILABILITY. Repeatable.",
)
@click.option(
    "--bookings",
    "booking_files",
    type=options.FILE,
    multiple=True,
    metavar="FILE",
    help="What is claimed: .csv, .json or .ics. Repeatable.",
)
@ZONE
@click.option(
    "--resource",
    callback=options.name,
    metavar="NAME",
    help="Only what is of this resource or of none; by default what each row says.",
)
@_FROM
@_TO
@BY
@click.option("--reason", default="import", metavar="TEXT", help="Why, in a word.  [default: import]")
@NOTES
@click.option("--unchecked", is_flag=True, help="Take bookings as they are, whether or not their time is free.")
@_DRY_RUN
@SPOOL
@form_of("json")
@_QUIET
def import_(
    name: str,
    slot_files: tuple[Path, ...],
    booking_files: tuple[Path, ...],
    zone: ZoneInfo,
    resource: str | None,
    first: date | None,
    last: date | None,
    by: str,
    reason: str,
    notes: str,
    spool: Path | None,
    form: str,
    *,
    unchecked: bool,
    dry_run: bool,
    quiet: bool,
) -> int:
    """Bring slots and bookings from files into the database.

    Slots replace those of their days, from --from to --to, or from the first day in the files to the last. Bookings are
    added, changed or cancelled by their id; others stay.
    """
    if not slot_files and not booking_files:
        raise click.UsageError("nothing to import; add --slots FILE or --bookings FILE")
    if first is None and last is not None:
        raise click.UsageError("--to says the last day, and nothing the first; add --from")
    window = None if first is None else options.days(first, last, zone)
    with stores.opened(name, zone=zone, spool=spool) as store:
        with output.Reading(quiet=quiet) as reading:
            found = importing.read(
                slot_files, booking_files, zone=zone, window=window, resource=resource, reading=reading
            )
        _note(found.notes, quiet=quiet)
        edit = store.schedule.preview if dry_run else store.schedule.update
        edits = []
        for whose, slots in found.slots.items():
            days = options.checked(importing.days_of(slots, zone)) if window is None else window
            edits.append(
                edit(whose, days, importing.inside(slots, days, whose), changed_by=by, reason=reason, notes=notes)
            )
        done = importing.keep(store, found.bookings, unchecked=unchecked, is_written=not dry_run)
    lines = [line for made in edits for line in answers.edit_lines(made, zone)]
    if booking_files:
        lines += answers.import_lines(done, zone, is_written=not dry_run)
    show(form, lines, answers.import_fields([answers.edit_fields(made, zone) for made in edits], done, zone))
    return int(bool(done.refused))


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@_FROM_DAY
@_TO
@_with_buffers
@click.option(
    "--seats", type=click.IntRange(min=1), default=1, metavar="N", help="How many seats must be left.  [default: 1]"
)
@click.option("--ignoring", multiple=True, metavar="ID", help="Leave out the booking of this id. Repeatable.")
@click.option(
    "--tentative/--no-tentative", default=True, help="Whether tentative bookings take time.  [default: they do]"
)
@click.option("--exit-code", "tells", is_flag=True, help="Exit with 1 if nothing is free.")
@form_of("json", "csv")
@_QUIET
def free(
    name: str,
    zone: ZoneInfo,
    resource: str,
    first: date,
    last: date | None,
    before: timedelta,
    after: timedelta,
    seats: int,
    ignoring: tuple[str, ...],
    form: str,
    *,
    tentative: bool,
    tells: bool,
    quiet: bool,
) -> int:
    """Show the free time of some days."""
    window = options.days(first, last, zone)
    with stores.opened(name, zone=zone) as store:
        there = store.repository.snapshot(resource, window.pad(after, before))
    found = window & availability.free(
        [*there.slots],
        [*there.bookings],
        before=before,
        after=after,
        seats=seats,
        active=ACTIVE if tentative else {BookingStatus.CONFIRMED},
        ignoring=ignoring,
    )
    if not there.slots and not there.revision:
        _note([f"nobody has given {render.plain(resource)!r} any slots"], quiet=quiet)
    target = output.Output(None)
    if form == "text":
        offered = IntervalSet([slot.interval for slot in there.slots])
        target.show(answers.timeline(found, zone, resource, window=window, offered=offered, columns=target.columns))
    else:
        text = (files.free_as_json if form == "json" else files.free_as_csv)(found, zone)
        target.write(text if text.endswith("\n") else f"{text}\n")
    return int(tells and not found)


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@click.option("--at", metavar="WINDOW", help="Which time to replace: 2026-03-30T10:00/11:00.")
@_FROM
@_TO
@click.option(
    "--hours",
    metavar="TEXT",
    help="Weekly hours that are offered from then on: 'Mo-Fr 09:00-12:00,13:00-17:00; Su off'; or the name of a .json "
    "file that holds a rule.",
)
@click.option(
    "--slots",
    "slot_files",
    type=options.FILE,
    multiple=True,
    metavar="FILE",
    help="What is offered, instead of --hours or besides: .csv, .json, or .ics with VAVAILABILITY. Repeatable.",
)
@click.option("--none", "nothing", is_flag=True, help="Nothing is offered: the time is taken back.")
@BY
@_REASON
@NOTES
@click.option(
    "--expect", type=click.IntRange(min=0), metavar="REVISION", help="Fail if the slots are of another revision."
)
@_REQUEST
@_DRY_RUN
@SPOOL
@form_of("json")
@_QUIET
def update(
    name: str,
    zone: ZoneInfo,
    resource: str,
    at: str | None,
    first: date | None,
    last: date | None,
    hours: str | None,
    slot_files: tuple[Path, ...],
    by: str,
    reason: str,
    notes: str,
    expect: int | None,
    request: str | None,
    spool: Path | None,
    form: str,
    *,
    nothing: bool,
    dry_run: bool,
    quiet: bool,
) -> int:
    """Replace the slots of a time or of some days, and keep in the history what that changed."""
    window = options.span(at, first, last, zone)
    if nothing and (hours is not None or slot_files):
        raise click.UsageError("--none offers nothing; leave out --hours and --slots")
    if not nothing and hours is None and not slot_files:
        raise click.UsageError("nothing is offered; add --hours 'Mo-Fr 09:00-17:00' or --slots FILE, or say --none")
    slots = [] if nothing else _offered(hours, slot_files, window, zone, resource, quiet=quiet)
    with stores.opened(name, zone=zone, spool=spool) as store:
        edit = store.schedule.preview if dry_run else store.schedule.update
        made = edit(
            resource,
            window,
            importing.inside(slots, window, resource),
            changed_by=by,
            reason=reason,
            notes=notes,
            expected_revision=expect,
            request_id=request,
        )
    show(form, answers.edit_lines(made, zone), answers.edit_fields(made, zone))
    return 0


def _offered(
    hours: str | None,
    slot_files: Sequence[Path],
    window: Interval[datetime],
    zone: ZoneInfo,
    resource: str,
    *,
    quiet: bool,
) -> list[Slot]:
    nothing = timedelta()
    sources = inputs.Sources(
        zone=zone,
        hours=hours,
        slots=slot_files,
        bookings=(),
        resource=resource,
        before=nothing,
        after=nothing,
        around=nothing,
    )
    with output.Reading(quiet=quiet) as reading:
        found = inputs.read(sources, window, reading.of)
    _note(found.notes, quiet=quiet)
    outside = sum(not slot.interval.overlaps(window) for slot in found.slots)
    if outside:
        _note([f"{outside} of {len(found.slots)} slots are at other times and are left out"], quiet=quiet)
    return found.slots


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@_FROM_DAY
@_TO
@form_of("json", "csv")
def bookings(name: str, zone: ZoneInfo, resource: str, first: date, last: date | None, form: str) -> int:
    """List the bookings of some days, the cancelled ones too, as `slotcalc free --bookings` reads them."""
    window = options.days(first, last, zone)
    with stores.opened(name, zone=zone) as store:
        found = store.repository.bookings(resource, window)
    rows = [answers.booking_fields(booking, zone) for booking in found]
    if form == "csv":
        columns = ("resource_id", "start", "end", "status", "seats", "id", "label")
        output.Output(None).write(answers.as_csv(rows, columns))
    else:
        show(form, answers.booking_lines(found, resource, zone), rows)
    return 0


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@_NEW_TIME
@click.option(
    "--id", "booking_id", metavar="ID", help="Its name, by which to move and release it.  [default: a new one]"
)
@click.option(
    "--seats", type=click.IntRange(min=1), default=1, metavar="N", help="How many seats it takes.  [default: 1]"
)
@click.option("--label", default="", metavar="TEXT", help="A word for people.")
@click.option("--tentative", is_flag=True, help="It is not confirmed yet.")
@_with_buffers
@_REQUEST
@form_of("json")
def book(
    name: str,
    zone: ZoneInfo,
    resource: str,
    at: str,
    booking_id: str | None,
    seats: int,
    label: str,
    before: timedelta,
    after: timedelta,
    request: str | None,
    form: str,
    *,
    tentative: bool,
) -> int:
    """Book time that is free; of two people at once, one wins."""
    window = options.window(at, zone)
    status = BookingStatus.TENTATIVE if tentative else BookingStatus.CONFIRMED
    with stores.opened(name, zone=zone, before=before, after=after) as store:
        return _booked(
            "Booked",
            zone,
            form,
            lambda: store.schedule.book(
                resource,
                window,
                seats=seats,
                booking_id=booking_id,
                status=status,
                label=label,
                request_id=request,
            ),
        )


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@_ID
@_NEW_TIME
@click.option("--confirm", is_flag=True, help="It is confirmed with that.")
@_with_buffers
@_REQUEST
@form_of("json")
def move(
    name: str,
    zone: ZoneInfo,
    resource: str,
    booking_id: str,
    at: str,
    before: timedelta,
    after: timedelta,
    request: str | None,
    form: str,
    *,
    confirm: bool,
) -> int:
    """Move a booking to another time, which may overlap where it is now."""
    window = options.window(at, zone)
    status = BookingStatus.CONFIRMED if confirm else None
    with stores.opened(name, zone=zone, before=before, after=after) as store:
        return _booked(
            "Moved",
            zone,
            form,
            lambda: store.schedule.move(resource, booking_id, window, status=status, request_id=request),
        )


@db.command(epilog=CODES)
@DATABASE
@ZONE
@NAMED
@_ID
@_REQUEST
@form_of("json")
def release(name: str, zone: ZoneInfo, resource: str, booking_id: str, request: str | None, form: str) -> int:
    """Cancel a booking; cancelling it again changes nothing."""
    with stores.opened(name, zone=zone) as store:
        return _booked("Released", zone, form, lambda: store.schedule.release(resource, booking_id, request_id=request))


def _booked(word: str, zone: ZoneInfo, form: str, act: Callable[[], Booking]) -> int:
    """Print the booking as it is now, or why its time is not free, and return the exit code."""
    try:
        booking = act()
    except NotAvailableError as error:
        output.complain(answers.refusal(error, zone))
        return 1
    text = f" {render.plain(booking.resource_id)}, {answers.booking_text(booking, zone)}"
    show(form, [(Piece(word, Role.FREE), Piece(text))], answers.booking_fields(booking, zone))
    return 0
