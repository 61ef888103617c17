"""The commands `slotcalc db …` about the history: reading, counting, verifying and mending it.

Imports `database`, whose options these share.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from slotcalc import files, strict_json, zones
from slotcalc.cli import answers, options, output, stores
from slotcalc.cli.database import BY, CODES, DATABASE, NAMED, NOTES, SPOOL, ZONE, form_of, show
from slotcalc.errors import BrokenHistoryError, ImpossibleEventError, InputFileError, SlotcalcError
from slotcalc.limits import DEFAULT_LIMITS
from slotcalc.render import Line, Piece, Role, plain

__all__ = ["add_to"]

_ANY: Final = click.option(
    "--resource", callback=options.name, metavar="NAME", help="Whose.  [default: those of all resources]"
)
_STATS_COLUMNS: Final = (
    "table",
    "key",
    "slots_added",
    "slots_removed",
    "hours_added",
    "hours_removed",
    "time_added",
    "time_removed",
)


def add_to(group: click.Group) -> None:
    """Add these commands to a group."""
    for command in (_history, _stats, _verify, _reconcile, _redeliver, _purge):
        group.add_command(command)


@click.command("history", epilog=CODES)
@DATABASE
@ZONE
@_ANY
@click.option("--days", type=click.IntRange(1, 36500), metavar="N", help="So many days, up to today.  [default: 30]")
@click.option("--all", "all_days", is_flag=True, help="Everything that there is, instead of --days.")
@click.option("--by", metavar="NAME", help="Only edits by this person.")
@click.option("--reason", metavar="TEXT", help="Only edits for this reason.")
@click.option(
    "--action", type=click.Choice(["added", "removed"]), help="Only what was added, or only what was removed."
)
@click.option("--after", metavar="EVENT", help="Where the next page begins, as the one before says.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, metavar="N", help="Events a page.  [default: 100]")
@click.option("--oldest-first", is_flag=True, help="Begin with the oldest.  [default: the newest]")
@form_of("json", "csv")
def _history(
    name: str,
    zone: ZoneInfo,
    resource: str | None,
    days: int | None,
    by: str | None,
    reason: str | None,
    action: str | None,
    after: str | None,
    limit: int,
    form: str,
    *,
    all_days: bool,
    oldest_first: bool,
) -> int:
    """Show who added and removed what, when and why."""
    from slotcalc.diff.rows import COLUMNS, to_rows  # noqa: PLC0415  # for this command only

    if all_days and days is not None:
        raise click.UsageError("--all are more than --days; leave one of them out")
    asked = None if all_days else days or 30
    with stores.opened(name, zone=zone) as store:
        page = store.schedule.history(
            resource,
            asked,
            changed_by=by,
            reason=reason,
            action=action,
            after=after,
            newest_first=not oldest_first,
            limit=limit,
        )
    if form == "csv":
        output.Output(None).write(answers.as_csv(to_rows(page.events, zone), COLUMNS))
    else:
        title = f"History{_whose(resource)} in {zone}, {_period(asked)}"
        show(form, answers.history_lines(page, title, zone), page.to_json())
    return 0


@click.command("stats", epilog=CODES)
@DATABASE
@ZONE
@_ANY
@click.option(
    "--days",
    type=click.IntRange(1, 36500),
    default=7,
    metavar="N",
    help="Edits of so many days, up to today.  [default: 7]",
)
@click.option(
    "--count",
    "by",
    type=click.Choice(["edit", "slot"]),
    default="edit",
    help="Whether days and hours are those of the edits or those of the slots.  [default: edit]",
)
@form_of("json", "csv")
def _stats(name: str, zone: ZoneInfo, resource: str | None, days: int, by: Any, form: str) -> int:
    """Show how much was added and removed, by reason, by author and by hour."""
    with stores.opened(name, zone=zone) as store:
        found = store.schedule.stats(resource, days, by=by)
    if form == "csv":
        output.Output(None).write(answers.as_csv(answers.stats_rows(found), _STATS_COLUMNS))
    else:
        title = f"Edits{_whose(resource)} in {zone}, {_period(days)}"
        show(form, answers.stats_lines(found, title), found.to_json())
    return 0


@click.command("verify", epilog=CODES)
@DATABASE
@NAMED
@click.option(
    "--head", "head_file", type=options.FILE, metavar="FILE", help="A head that was saved: was it tampered with?"
)
@click.option(
    "--save-head",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the head of the hash chain, to be kept where nobody else writes.",
)
@form_of("json")
def _verify(name: str, resource: str, head_file: Path | None, save_head: Path | None, form: str) -> int:
    """Check that the history is whole and leads to the slots; exit with 1 if not."""
    kept = None if head_file is None else _head(head_file)
    with stores.opened(name) as store:
        findings = store.schedule.verify(resource, head=kept)
        revision = store.repository.revision(resource)
        head = store.schedule.head(resource)
    if save_head is not None:
        save_head.write_text(f"{answers.as_json(head.to_json())}\n", encoding="utf-8")
    fields = {
        "resource_id": resource,
        "revision": revision,
        "head": head.to_json(),
        "findings": [finding.to_json() for finding in findings],
    }
    if not revision and not findings:
        output.complain(f"nobody has given {plain(resource)!r} any slots", label="note: ")
    show(form, answers.finding_lines(findings, resource, revision), fields)
    return int(bool(findings))


def _head(path: Path) -> Any:  # a Head
    from slotcalc.audit import Head  # noqa: PLC0415  # for this option only

    try:
        return Head.from_json(strict_json.loads(files.read_bytes(path, DEFAULT_LIMITS).decode()))
    except (SlotcalcError, UnicodeDecodeError) as error:
        message = f"{plain(str(path), 200)} is no head ({error}); write one with --save-head"
        raise InputFileError(message, str(path)) from None


@click.command("reconcile", epilog=CODES)
@DATABASE
@NAMED
@BY
@click.option("--reason", default="reconciled", metavar="TEXT", help="Why, in a word.  [default: reconciled]")
@NOTES
@SPOOL
@form_of("json")
def _reconcile(name: str, resource: str, by: str, reason: str, notes: str, spool: Path | None, form: str) -> int:
    """Write what the history lacks, as events of a new revision: of slots that were written past it, or events lost."""
    with stores.opened(name, spool=spool) as store:
        done = store.schedule.reconcile(resource, changed_by=by, reason=reason, notes=notes)
    title: Line = (Piece(f"History of {plain(resource)}, revision {done.revision}", Role.TITLE),)
    quiet: Line = (Piece("  nothing was amiss", Role.QUIET),)
    fields = {
        "resource_id": resource,
        "revision": done.revision,
        "events": [event.to_json() for event in done.events],
        "delivery": done.delivery.name.lower(),
        "error": done.error,
    }
    show(form, [title, answers.kept_line(done) if done.events else quiet], fields)
    return 0


@click.command("redeliver", epilog=CODES)
@DATABASE
@SPOOL
@form_of("json")
def _redeliver(name: str, spool: Path | None, form: str) -> int:
    """Bring the events that wait in the outbox and the spool into the history; exit with 1 if some still wait."""
    with stores.opened(name, spool=spool) as store:
        done = store.schedule.redeliver()
    fields = {name: getattr(done, name) for name in ("delivered", "duplicates", "pending", "unreadable", "error")}
    counts = ", ".join(f"{fields[name]} {name}" for name in ("delivered", "duplicates", "pending", "unreadable"))
    lines: list[Line] = [(Piece("Events", Role.TITLE), Piece(f"  {counts}"))]
    if done.error:
        lines.append((Piece(f"  {plain(done.error, 200)}", Role.NOTE),))
    show(form, lines, fields)
    return int(bool(done.pending or done.unreadable))


@click.command("purge", epilog=CODES)
@DATABASE
@ZONE
@NAMED
@click.option("--older-than", callback=options.day, metavar="DATE", help="Drop the events of edits before this day.")
@click.option("--up-to", type=click.IntRange(min=1), metavar="REVISION", help="Drop those up to this revision.")
@click.option(
    "--faults-too", is_flag=True, help="Even if that part of the history has faults, which are forgotten with it."
)
@click.option("--yes", is_flag=True, help="Really: what is dropped is gone for good.")
@form_of("json")
def _purge(
    name: str,
    zone: ZoneInfo,
    resource: str,
    older_than: date | None,
    up_to: int | None,
    form: str,
    *,
    faults_too: bool,
    yes: bool,
) -> int:
    """Drop the oldest part of the history and keep the slots of then in its place."""
    if (older_than is None) == (up_to is None):
        raise click.UsageError("say how much to drop; give either --older-than 2026-01-01 or --up-to 17")
    if not yes:
        raise click.UsageError("what is dropped is gone for good; add --yes if that is meant")
    horizon: Any = up_to if older_than is None else zones.day_start(older_than, zone) - datetime.resolution
    with stores.opened(name, zone=zone) as store:
        try:
            number = store.schedule.purge(resource, horizon, strict=not faults_too)
        except (BrokenHistoryError, ImpossibleEventError) as error:
            message = f"nothing was dropped, since that part of the history of {plain(resource)} has faults"
            mend = "see them with slotcalc db verify, bring in what waits with redeliver, or add --faults-too"
            raise BrokenHistoryError(f"{message}; {mend}", *error.values) from None
    dropped = f"{answers.count(number, 'event')} of {plain(resource)} dropped"
    show(form, [(Piece(dropped),)], {"resource_id": resource, "dropped": number})
    return 0


def _whose(resource: str | None) -> str:
    return "" if resource is None else f" of {plain(resource)}"


def _period(days: int | None) -> str:
    if days is None:
        return "all of it"
    return "today" if days == 1 else f"the last {days} days"
