"""The one command: `python -m benchmarks [--smoke] [--only NAME] [--rounds N] [--json FILE] [--check]`.

Exits with 1 if two contenders disagree, if a contender is missing in a smoke run with SLOTCALC_CI=1, or, with
`--check`, if a target is missed; without `--check`, speed is printed and never asserted.
"""

import os
import platform
import sys
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import (
    editing,
    fleet,
    free_time,
    history,
    import_time,
    large_set,
    operators,
    rules,
    sql_availability,
)
from benchmarks.comparison import Run
from benchmarks.contenders import installed
from benchmarks.report import Table, printed, write_json
from benchmarks.timing import DisagreementError

BENCHMARKS: Final[dict[str, Callable[[Run], Table]]] = {
    "difference": operators.difference,
    "union": operators.union,
    "intersection": operators.intersection,
    "build": operators.build,
    "large-set": large_set.large_set,
    "day": free_time.day,
    "quarter": free_time.quarter,
    "rules": rules.year_of_hours,
    "pages": rules.pages,
    "stats": history.history_of_edits,
    "history": history.page_of_history,
    "replay": history.replayed,
    "editing": editing.editing,
    "sql-day": sql_availability.day_in_server,
    "sql-page": sql_availability.page_in_server,
    "fleet": fleet.fleet,
    "import": import_time.import_time,
}
LONG: Final[dict[str, Callable[[Run], Table]]] = {"fleet-growth": fleet.growth}
"""Those that take minutes and gigabytes, and are run only by name, or in a smoke run."""


def main() -> int:
    """Run the benchmarks, print their tables, and return the exit status."""
    options = _parser().parse_args()
    contenders, missing = installed()
    run = Run(contenders, 1 if options.smoke else options.rounds, options.smoke)
    header = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "contenders": {contender.name: contender.version for contender in contenders},
        "missing": missing,
        "rounds": run.rounds,
    }
    print(f"{header['python']}, {platform.system()} on {platform.machine()}, {os.cpu_count()} CPUs")
    print(*(f"{contender.name} {contender.version}".strip() for contender in contenders), sep=", ")
    print(*missing, sep="\n", end="\n" if missing else "")
    if options.smoke:
        print("Smoke run: tiny sizes, everything called once. The answers count, the times mean nothing.")
    else:
        print(f"Best of {run.rounds} rounds, contenders by turns, collector off while timing: see docs/benchmarks.md.")
    print("A cell is: the time · how many times slotcalc's time · how many times the limit.")
    tables = []
    try:
        for name in options.only or (BENCHMARKS | LONG if options.smoke else BENCHMARKS):
            tables.append((BENCHMARKS | LONG)[name](run))
            print(f"\n{printed(tables[-1], targets=not options.smoke)}", flush=True)
    except DisagreementError as error:
        print(f"\nWRONG ANSWER: {error}", file=sys.stderr)
        return 1
    if options.json:
        write_json(options.json, header, tables)
    if options.smoke:
        print(f"\nAll answers agree; {len(tables)} benchmarks ran.")
        if missing and os.environ.get("SLOTCALC_CI") == "1":
            print("FAILED: SLOTCALC_CI=1 asks for every contender, and some are not installed.", file=sys.stderr)
            return 1
        return 0
    missed = [f"{table.name}: {target.text}" for table in tables for target in table.targets if target.missed]
    print("\nTargets missed:" if missed else "\nAll targets met.", *missed, sep="\n- ")
    return int(options.check and bool(missed))


def _parser() -> ArgumentParser:
    parser = ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, everything once, answers compared: seconds")
    parser.add_argument(
        "--only",
        action="append",
        choices=BENCHMARKS | LONG,
        metavar="NAME",
        help=f"only {', '.join(BENCHMARKS | LONG)}; may be repeated",
    )
    parser.add_argument(
        "--rounds", type=_positive, default=25, metavar="N", help="rounds of which the best counts (25)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all numbers to a file")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
