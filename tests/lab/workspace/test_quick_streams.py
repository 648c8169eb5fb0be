"""Small batches of a stream into Delta do without a search for the stream's last batch, and lose nothing by it."""

import json
import os
import subprocess
import sys

import pytest
from java_options import SHORT_LIVED

from lab.core.java import find_java
from lab.core.layout import Lab
from lab.setup import plugin

STREAM = """
import json, pathlib, sys
from pyspark.sql import SparkSession

jars, extensions, folder, java = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    .config("spark.driver.extraClassPath", jars).config("spark.sql.extensions", extensions)
    .config("spark.driver.extraJavaOptions", java)
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.databricks.delta.snapshotPartitions", "2")  # as in the lab; with the default of 50 it takes a minute
    .config("spark.sql.shuffle.partitions", "1").getOrCreate()
)
source, table = pathlib.Path(folder) / "in", f"{folder}/table"
source.mkdir()


def batches(first, count):
    for number in range(first, first + count):
        (source / f"{number}.json").write_text(json.dumps({"n": number}))
    read = spark.readStream.schema("n INT").option("maxFilesPerTrigger", 1).json(f"{folder}/in")
    query = (
        read.writeStream.format("delta").option("checkpointLocation", f"{folder}/checkpoint")
        .trigger(availableNow=True).start(table)
    )
    query.awaitTermination()
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(str(query.runId)))


jobs = [batches(0, 3), batches(3, 3)]
rows = sorted(row.n for row in spark.read.format("delta").load(table).collect())
print(json.dumps([jobs, rows]))
"""
"""Two starts of a query, three batches each; tells the Spark jobs that each took, and the rows."""


def streamed(folder, extensions):
    lab = Lab.from_environment()
    jars = plugin.class_path(lab.build / "jars" / "cluster", plugin.build_cluster(lab, find_java(lab.build)))
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    done = subprocess.run(
        [sys.executable, "-c", STREAM, jars, extensions, str(folder), SHORT_LIVED],
        env=environment | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.lab  # not that it needs one, but it starts Spark twice
def test_batches_take_fewer_spark_jobs_and_every_row_is_there_once(tmp_path):
    """It fails when Delta keeps the answer elsewhere: then the quick sink steps aside and saves nothing."""
    delta = "io.delta.sql.DeltaSparkSessionExtension"
    jobs, rows = streamed(tmp_path / "quick", f"{delta},workbook.delta.QuickStreams")
    plain_jobs, plain_rows = streamed(tmp_path / "plain", delta)
    assert rows == plain_rows == list(range(6))
    assert sum(jobs) < sum(plain_jobs), (jobs, plain_jobs)
