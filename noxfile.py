"""Every check, each in an environment of its own.

`nox` runs the quick ones, `nox -s deep engines mutation` the long ones, `nox -l` lists them. The tests run against the
built wheel, never against the src folder, so what is tested is what would be published.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
OLDEST = "3.11"

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["tests", "lint", "typing", "imports", "docs", "bench_smoke"]
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # nox says which ones it skipped, and why

if os.environ.get("CI") and sys.version_info[:2] != (3, 11) and shutil.which(f"python{OLDEST}") is None:
    sys.exit(f"Newer interpreters may be missing in CI, but the oldest supported one, Python {OLDEST}, must run.")


def install_wheel(session: nox.Session, *groups: str) -> None:
    """Install the built wheel with all extras, beside the groups."""
    built = Path(session.create_tmp()).resolve()
    for earlier in built.glob("slotcalc-*.whl"):
        earlier.unlink()
    session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={built}", ".")
    (wheel,) = built.glob("slotcalc-*.whl")
    session.install(f"{wheel}[cli]", *nox.project.dependency_groups(PROJECT, *groups))


@nox.session(python=[OLDEST, "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run all tests and examples, with the quick Hypothesis profile."""
    install_wheel(session, "test")
    session.run("python", "-c", "import slotcalc; assert 'site-packages' in slotcalc.__file__, slotcalc.__file__")
    session.run("pytest", *session.posargs)


@nox.session
def engines(session: nox.Session) -> None:
    """Run the tests of data frames on PySpark, Ibis, Dask and Modin too; PySpark needs Java 17."""
    install_wheel(session, "test", "spark-test")
    frames = sorted(map(str, Path("tests").glob("test_frames*.py")))
    session.run("pytest", *frames, *session.posargs, env={"SLOTCALC_GROUPS": "spark-test"})


@nox.session
def deep(session: nox.Session) -> None:
    """Run the laws on 5,000 new examples each."""
    install_wheel(session, "test")
    session.run("pytest", "tests", *session.posargs, env={"HYPOTHESIS_PROFILE": "deep"})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting; `nox -s lint -- --fix` mends what can be mended."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]))


@nox.session
def typing(session: nox.Session) -> None:
    """Check all types with mypy, and what callers see with pyright too."""
    install_wheel(session, "typing")
    session.run("mypy")
    session.run("pyright", env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})


@nox.session
def imports(session: nox.Session) -> None:
    """Check that each module imports only from the layers below it, and each third party in one place."""
    install_wheel(session, "lint")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken reference is an error."""
    install_wheel(session, "docs")
    session.run("sphinx-build", "-q", "-W", "--keep-going", "-n", "docs", "docs/_build/html", *session.posargs)


@nox.session
def bench_smoke(session: nox.Session) -> None:
    """Run every benchmark once, small, to see that it runs and that the answers agree."""
    install_wheel(session, "bench")
    session.run("python", "-m", "benchmarks", "--smoke")


@nox.session
def mutation(session: nox.Session) -> None:
    """Break the algebra on purpose, line by line, and see whether a test notices."""
    session.install("-e", ".[cli]", *nox.project.dependency_groups(PROJECT, "mutation"))
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
