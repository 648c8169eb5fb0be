"""The cluster: Spark with Delta and S3A, reached by Spark Connect."""

import os
import socket
import sys
from pathlib import Path

import grpc

from lab.core.files import TEMPLATES, write_private
from lab.core.layout import Lab
from lab.services.base import Runtime, Service, config_file
from lab.setup import plugin
from lab.workspace import dbfs, learner_keys

DRIVER_MEMORY_MB = 1024

CLUSTER_MARK = "WORKBOOK_CLUSTER"
"""Stands in the environment of the cluster's process and of whatever it starts; the value is the lab's folder."""


class Cluster(Service):
    """One Spark application that all notebooks share; its tables are below ``.lab/cluster``."""

    name = "cluster"
    runs = "Spark with Delta, reached by Spark Connect"
    stands_for = "Databricks cluster"
    ports = ("cluster", "workspace")
    memory_limit_mb = 3072  # 1.8 GB of Java, and a dozen processes of Python while streams are read
    needs = ("s3",)

    def prepare(self, runtime: Runtime) -> None:
        """Make the folders, write the logging settings and what a new workspace holds."""
        for folder in ("cluster/dbfs/user/hive/warehouse", "cluster/spark", "tmp"):
            (runtime.lab.home / folder).mkdir(parents=True, exist_ok=True)
        learner_keys.credentials(runtime)
        write_private(
            config_file(runtime, "spark-log4j2.properties"), (TEMPLATES / "spark-log4j2.properties").read_text()
        )

    def command(self, runtime: Runtime) -> list[str]:
        """Start the Python process that starts Spark."""
        return [sys.executable, "-m", "lab.workspace.cluster"]

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Tell Spark its Java, its keys to S3, and that it stays on loopback."""
        return {
            CLUSTER_MARK: str(runtime.lab.home),
            "JAVA_HOME": str(runtime.java.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_CONNECT_AUTHENTICATE_TOKEN": runtime.credentials.cluster_token,
            # settings would stand on Spark's command line, for everybody to read
            "AWS_ACCESS_KEY_ID": runtime.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": runtime.credentials.secret_access_key,
            # the Kinesis source runs here, not in the notebook
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{runtime.lab.ports['aws']}",
        }

    def check(self, runtime: Runtime) -> None:
        """Open a gRPC channel: the port is bound once Spark and all its tables are ready for sessions.

        The workspace must answer too: after a crash of the Python side, the old Java side holds the channel a while.
        """
        socket.create_connection(("127.0.0.1", runtime.lab.ports["workspace"]), timeout=2).close()
        with grpc.insecure_channel(f"127.0.0.1:{runtime.lab.ports['cluster']}") as channel:
            grpc.channel_ready_future(channel).result(timeout=2)


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
    lab = runtime.lab
    data = lab.data("cluster")
    folders = (lab.build / "jars" / "cluster", plugin.s3n(lab.build), plugin.dbfs(lab.build))
    jars = [jar for folder in folders for jar in sorted(folder.glob("*.jar"))]
    java_options = (
        f"-XX:+UseParallelGC -XX:MaxMetaspaceSize=384m -XX:ReservedCodeCacheSize=160m -XX:-UsePerfData "
        f"-Djava.net.preferIPv4Stack=true -Dderby.system.home={_quoted(data / 'spark')} "
        f"-Djava.io.tmpdir={_quoted(lab.home / 'tmp')} "
        f"-Dlog4j2.configurationFile={_quoted(config_file(runtime, 'spark-log4j2.properties'))}"
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
        "spark.master": f"local[{cores or min(os.cpu_count() or 1, 4)}]",
        "spark.app.name": "workbook cluster",
        "spark.driver.memory": f"{DRIVER_MEMORY_MB}m",
        "spark.driver.extraJavaOptions": java_options,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        # its inner ports want a secret, which it draws itself and shows nowhere
        "spark.authenticate": "true",
        "spark.local.dir": str(data / "spark"),
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(lab.ports["cluster"]),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
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


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)
