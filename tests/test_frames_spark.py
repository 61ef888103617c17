"""A real PySpark session of several partitions: the plan is Spark's own, and agrees with the pure algebra."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from tests.frames import need_frames

need_frames()

import narwhals as nw
import pytest

from slotcalc.errors import IntervalError
from slotcalc.frames import lazy
from tests.engines import COLUMNS, QUESTIONS, Engine, Row, from_parquet_to_parquet, table
from tests.optional import missing, module_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTITIONS = 3

# PySpark looks at the version of pandas when it meets Arrow, and asks for one before 3; nothing here uses pandas.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    sql = module_of("spark-test", "pyspark.sql")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        missing("PySpark needs Java 17 or newer", group="spark-test")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        options = {
            "spark.driver.memory": "1g",
            "spark.log.level": "ERROR",
            "spark.sql.adaptive.coalescePartitions.enabled": "false",  # or so little would become one partition
            "spark.sql.session.timeZone": "Europe/Berlin",
            "spark.sql.shuffle.partitions": str(PARTITIONS),
            "spark.ui.enabled": "false",
        }
        made = sql.SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
        yield made
        made.stop()


@pytest.fixture
def spark(session: Any) -> Engine:
    return lambda rows: nw.from_native(session.createDataFrame(rows).repartition(PARTITIONS))


@pytest.mark.parametrize("question", QUESTIONS)
def test_spark_agrees_with_the_algebra(spark: Engine, question: str) -> None:
    got, wanted = QUESTIONS[question](spark)
    assert got == wanted


def test_the_plan_has_no_python_in_it_and_more_than_one_partition(
    spark: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    slots, bookings = [spark(table([Row(f"room {i}", i, i + n, 1) for i in range(9)])) for n in (4, 2)]
    plan = lazy.free(slots, bookings, COLUMNS, after=1, capacity="seats", taken="seats").to_native()
    plan.explain(extended=True)
    physical = capsys.readouterr().out.partition("== Physical Plan ==")[2]
    assert physical.count("Window [") == 3
    assert not [word for word in ("Python", "Pandas", "MapInArrow", "UDF") if word in physical]
    assert plan.rdd.getNumPartitions() == PARTITIONS


def test_rows_that_mean_nothing_are_refused_before_the_plan_runs(spark: Engine) -> None:
    rows = spark(table([Row("room", 5, 3, 1)]))
    with pytest.raises(IntervalError, match="'resource': 'room', 'start': 5, 'end': 3"):
        lazy.merge(rows, COLUMNS)


def test_the_example_answers_in_a_session_of_its_own(session: Any, tmp_path: Path) -> None:
    printed, written, wanted = from_parquet_to_parquet("pyspark", tmp_path)
    assert "all parts" in printed
    assert written == wanted
