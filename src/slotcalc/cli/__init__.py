"""The command `slotcalc`: free time from files, and why a time is not free. Needs the extra `cli`.

`commands` has the options and the two commands, `inputs` reads what they name, `output` prints. Only `commands` knows
click and only `output` knows rich; this module knows neither, so that a machine without them gets a sentence and no
traceback.
"""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process, and return its exit code.

    0: the question is answered. 1: nothing is free, only with `--exit-code`. 2: wrong usage, bad input, or the extra
    `cli` is missing. 130: interrupted. 141: whoever read the output has gone.
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
