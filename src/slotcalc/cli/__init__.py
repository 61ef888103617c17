"""The command `slotcalc`: free time from files and databases, and why a time is not free. Needs the extra `cli`.

`commands` has the commands that answer from files, `database` and `records` those of a database, and `options` what
their options mean. `inputs` reads files, `stores` opens databases, and `importing` brings the one into the other.
`answers` is what is printed, and `output` prints it. Only the first four know click, only `output` knows rich, and only
`stores` knows SQLAlchemy; this module knows none of them, so that a machine without them gets a sentence and no
traceback.
"""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process, and return its exit code.

    0: the question is answered, or the edit made. 1: nothing is free, with `--exit-code`; what is in a database
    says no. 2: wrong usage, bad input, no such database, an extra is missing. 130: interrupted. 141: whoever read the
    output has gone.
    """
    try:
        from slotcalc.cli import commands  # noqa: PLC0415  # what it needs may be missing
    except ModuleNotFoundError as absent:
        if absent.name is None or absent.name.partition(".")[0] not in {"click", "rich"}:
            raise
        sys.stderr.write(
            f"slotcalc: the command line needs {absent.name}, which is not installed\n  pip install 'slotcalc[cli]'\n"
        )
        return 2
    return commands.run(arguments)
