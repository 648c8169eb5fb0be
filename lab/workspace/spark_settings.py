"""The cluster's Spark configuration."""

import os
from pathlib import Path

from lab.core import class_data
from lab.core.layout import Lab
from lab.core.runtime import Runtime
from lab.setup import plugin
from lab.setup.ivy import pyspark_folder
from lab.workspace import dbfs

DRIVER_MEMORY_MB = 1024

FEW_CORES = 2
"""So many or fewer, and the Java side does without the second compiler.

That one makes what runs for long fast. Until then it takes half of the cluster's time, and where there are no cores to
spare the queries wait for it. To clean the workbook's tables and ask all questions takes 28 seconds of a core in place
of 55 the first time, and 26 in place of 36 the second; twenty million digests take twice as long without it.
"""

LOGGING_FILE = "spark-log4j2.properties"

CLUSTER_MARK = "WORKBOOK_CLUSTER"
"""Stands in the environment of the cluster's process and of whatever it starts; the value is the lab's folder."""


def spark_settings(runtime: Runtime, cores: int | None = None) -> dict[str, str]:
    """Build the cluster's Spark configuration.

    Parameters
    ----------
    runtime : Runtime
        Gives folders and ports.
    cores : int, optional
        Worker threads; by default all cores, at most four.

    Returns
    -------
    dict of str to str
        Settings for the session's builder.
    """
    lab, processors = runtime.lab, os.cpu_count() or 1
    data = lab.data("cluster")
    folders = (lab.build / "jars" / "cluster", plugin.cluster(lab.build))
    jars = [jar for folder in folders for jar in sorted(folder.glob("*.jar"))]
    classes = ":".join(map(str, [*jars, *sorted((pyspark_folder() / "jars").glob("*.jar"))]))
    archive = " ".join(map(_quoted, class_data.options(lab, runtime.java, "SparkConnect", classes)))
    java_options = (
        f"{archive} -XX:+UseParallelGC {'-XX:TieredStopAtLevel=1 ' if processors <= FEW_CORES else ''}"
        "-XX:MaxMetaspaceSize=384m -XX:ReservedCodeCacheSize=160m -XX:-UsePerfData "
        # in any other zone Delta rebuilds a table's state after every commit
        f"-Djava.net.preferIPv4Stack=true -Duser.timezone=UTC -Dderby.system.home={_quoted(data / 'spark')} "
        f"-Djava.io.tmpdir={_quoted(lab.home / 'tmp')} "
        f"-Dlog4j2.configurationFile={_quoted(lab.config / LOGGING_FILE)}"
    )
    s3a = {
        "endpoint": f"http://127.0.0.1:{lab.ports['s3']}",
        "endpoint.region": "us-east-1",
        "path.style.access": "true",
        # with the defaults a server that is down gives no answer within two minutes
        "attempts.maximum": "2",
        "retry.limit": "2",
        "retry.interval": "200ms",
    }
    settings = {
        "spark.master": f"local[{cores or min(processors, 4)}]",
        "spark.app.name": "workbook cluster",
        "spark.driver.memory": f"{DRIVER_MEMORY_MB}m",
        "spark.driver.extraJavaOptions": java_options,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": str(lab.ports["spark_ui"]),
        "spark.ui.filters": "workbook.ui.OwnPagesOnly",
        "spark.ui.killEnabled": "false",  # a stage is ended from the notebook that began it
        # what it remembers costs memory, and is for the last notebook rather than for all of them
        "spark.ui.retainedJobs": "200",
        "spark.ui.retainedStages": "200",
        "spark.ui.retainedTasks": "2000",
        "spark.sql.ui.retainedExecutions": "100",
        "spark.ui.showConsoleProgress": "false",
        # its inner ports want a secret, which it draws itself and shows nowhere
        "spark.authenticate": "true",
        "spark.local.dir": str(data / "spark"),
        # not spark.jars, which are copied when the first task comes
        "spark.driver.extraClassPath": ":".join(str(jar) for jar in jars),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(lab.ports["cluster"]),
        # the last one's parser is asked first
        "spark.sql.extensions": ",".join(
            ("io.delta.sql.DeltaSparkSessionExtension", "workbook.delta.QuickStreams", "workbook.sql.Parameters")
        ),
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.sources.default": "delta",  # as on Databricks
        "spark.sql.session.timeZone": "UTC",  # as on Databricks
        # sized for a few cores: the defaults are for hundreds
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        # Databricks decides by itself when to sum up a table's log; every tenth commit is a hitch in a stream
        "spark.databricks.delta.properties.defaults.checkpointInterval": "100",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
        # Databricks' own address for a bucket
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        # addresses of old notebooks hold keys: they are understood, and kept from whatever Spark says
        "spark.hadoop.fs.s3n.impl": "workbook.s3n.S3nFileSystem",
        "spark.connect.grpc.interceptor.classes": "workbook.s3n.KeylessRequests",
    }
    settings |= {f"spark.hadoop.fs.s3a.{name}": value for name, value in s3a.items()}
    return settings | dbfs.settings(dbfs_root(lab))


def dbfs_root(lab: Lab) -> Path:
    """Folder that is DBFS's root."""
    return lab.data("cluster") / "dbfs"


def _quoted(option: Path | str) -> str:
    return f'"{option}"' if " " in str(option) else str(option)
