"""What `import slotcalc` costs on top of Python's own start, beside the other libraries."""

import os
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.comparison import Run
from benchmarks.report import Table, Target

__all__ = ["import_time"]


def import_time(run: Run) -> Table:
    """Measure fresh interpreters by turns, one that imports nothing and one for each library.

    The time of a library is the median, over the turns, of its interpreter's time less that of the one that imports
    nothing in the same turn. All code is compiled beforehand, into a folder of its own: installers and the first import
    do that for users, too, even where this process was told not to.
    """
    column = "import"
    table = Table("import", "a library's import, on top of Python's own start", "ms, median", [column])
    modules = {contender.name: contender.module for contender in run.contenders if contender.module}
    extra: dict[str, list[float]] = {name: [] for name in modules}
    bare = []
    with TemporaryDirectory() as compiled:
        for module in modules.values():
            _start(f"import {module}", compiled)
        for _ in range(1 if run.smoke else 2 * run.rounds):
            start = _start("pass", compiled)
            bare.append(start)
            for name, module in modules.items():
                extra[name].append(_start(f"import {module}", compiled) - start)
    for name, times in extra.items():
        table.enter(name, column, max(median(times), 0.0) * 1e3)
    table.enter("Python's own start", column, median(bare) * 1e3)
    table.targets.append(Target("under 20 ms", 20, {column: median(extra["slotcalc"]) * 1e3}))
    return table


def _start(code: str, compiled: str) -> float:
    """Return the seconds that a fresh interpreter needs to run the code and exit."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)  # noqa: S603  # code of this module
    return perf_counter() - began
