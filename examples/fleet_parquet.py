"""The free time of a fleet, from Parquet to Parquet, in bounded memory and with progress shown.

    python examples/fleet_parquet.py sample fleet 5000000   # makes fleet/slots.parquet and fleet/bookings.parquet
    python examples/fleet_parquet.py duckdb fleet           # writes fleet/free/*.parquet; or polars, or pyspark

The files have the columns resource, start and end. DuckDB and Polars first split both files into parts by resource,
then answer part by part, so that what is in memory at once is a part and not the fleet; more parts take less. PySpark
splits and spills by itself.
"""

import resource
import shutil
import sys
import time
from pathlib import Path

from slotcalc.frames import free

NAMES = ("slots", "bookings")
PARTS = 16
MEMORY = "512MB"  # what DuckDB may use; more than that goes to its temporary folder
HEAP = "1g"  # what Spark may use
BEGAN = time.perf_counter()


def with_duckdb(fleet: Path) -> None:
    """Let DuckDB split, compute and write; two threads need half the memory of four."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{fleet / 'spilled'}'; SET threads = 2")
    connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    for name in NAMES:
        connection.execute(
            f'COPY (SELECT resource, start, "end", hash(resource) % {PARTS} AS part '
            f"FROM read_parquet('{fleet / name}.parquet')) "
            f"TO '{fleet / 'parts' / name}' (FORMAT parquet, PARTITION_BY (part))"
        )
        report(f"{name} split")
    for part in range(PARTS):
        slots, bookings = (
            connection.read_parquet(f"{fleet / 'parts' / name}/*/*.parquet", hive_partitioning=True).filter(
                f"part = {part}"  # DuckDB opens the files of this part alone
            )
            for name in NAMES
        )
        free(slots, bookings, by="resource").write_parquet(str(fleet / "free" / f"part-{part}.parquet"))
        report(f"part {part + 1} of {PARTS}")


def with_polars(fleet: Path) -> None:
    """Let Polars split in a stream; each part is then small enough for the engine in memory, which is the fastest."""
    import polars as pl

    for name in NAMES:
        rows = pl.scan_parquet(fleet / f"{name}.parquet").select("resource", "start", "end")
        part = (pl.col("resource").hash() % PARTS).alias("part")
        rows.sink_parquet(pl.PartitionBy(fleet / "parts" / name, key=part), mkdir=True)
        report(f"{name} split")
    for part in range(PARTS):
        slots, bookings = (
            pl.scan_parquet(fleet / "parts" / name, hive_partitioning=True)
            .filter(pl.col("part") == part)
            .drop("part")
            .collect(engine="streaming")
            for name in NAMES
        )
        free(slots, bookings, by="resource").write_parquet(fleet / "free" / f"part-{part}.parquet")
        report(f"part {part + 1} of {PARTS}")


def with_pyspark(fleet: Path) -> None:
    """Let Spark run one plan, with its own progress bar; on a cluster, leave out `master`."""
    from pyspark.sql import SparkSession

    options = {
        "spark.driver.memory": HEAP,
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # or it writes a type that others have given up
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(PARTS),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "true",
    }
    session = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    slots, bookings = (session.read.parquet(str(fleet / f"{name}.parquet")) for name in NAMES)
    free(slots, bookings, by="resource").write.parquet(str(fleet / "free"), mode="overwrite")
    session.stop()
    report("all parts")


def sample(fleet: Path, bookings: int) -> None:
    """Write a fleet to try it on: a hundred bookings and twenty slots for each resource, in four weeks."""
    import duckdb

    fleet.mkdir(parents=True, exist_ok=True)
    for name, rows, longest in (("slots", bookings // 5, 96), ("bookings", bookings, 12)):
        duckdb.execute(
            f"""
            COPY (
              SELECT 'resource-' || (i * 7919 % {max(bookings // 100, 1)}) AS resource, start,
                start + INTERVAL '5 minutes' * (1 + (hash(i + 1) % {longest})::BIGINT) AS "end"
              FROM (
                SELECT i, TIMESTAMPTZ '2026-01-01 00:00:00+00'
                  + INTERVAL '5 minutes' * (hash(2 * i + {longest}) % 8064)::BIGINT AS start
                FROM range({rows}) AS numbers(i)
              )
            ) TO '{fleet / name}.parquet'
            """
        )
        report(f"{rows} {name} written")


def report(done: str) -> None:
    """Print what is done, when, and how much memory this process has taken at most (Spark's is another process)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024**2 if sys.platform == "darwin" else 1024)
    print(f"{time.perf_counter() - BEGAN:8.1f} s  {most:6} MB  {done}", flush=True)


def main(task: str, folder: str, *numbers: str) -> None:
    """Run one task on the fleet in a folder."""
    fleet = Path(folder)
    if task == "sample":
        sample(fleet, *map(int, numbers))
        return
    for earlier in ("parts", "free"):
        shutil.rmtree(fleet / earlier, ignore_errors=True)
        (fleet / earlier).mkdir()
    {"duckdb": with_duckdb, "polars": with_polars, "pyspark": with_pyspark}[task](fleet)
    shutil.rmtree(fleet / "parts", ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
