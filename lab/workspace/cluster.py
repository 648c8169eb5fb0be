"""The cluster's process: starts Spark with its Connect server and stays until it is told to stop.

Being Python, and Spark's driver, it can also do what a Spark Connect client cannot. The catalog lives in memory; what
keeps it in a file, and puts it back after a restart, is `workbook.catalog.KeptCatalog` on the Java side.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lab.core import processes
from lab.core.credentials import load_or_create
from lab.core.java import find_java
from lab.core.layout import CHECKOUT, Lab
from lab.core.runtime import Runtime
from lab.workspace import learner_keys
from lab.workspace.clusters_api import ClustersApi
from lab.workspace.dbfs import Dbfs
from lab.workspace.files_api import FilesApi
from lab.workspace.jobs.api import JobsApi
from lab.workspace.jobs.executor import SLOTS, Executor
from lab.workspace.jobs.page import Pages
from lab.workspace.jobs.process import JOBS_USER, Launcher
from lab.workspace.jobs.runners import Runners
from lab.workspace.jobs.store import Jobs, Runs, now
from lab.workspace.mounts import Mounts
from lab.workspace.secrets import Secrets
from lab.workspace.server import Workspace, serve
from lab.workspace.spark_settings import CLUSTER_MARK, DRIVER_MEMORY_MB, dbfs_root, spark_settings
from lab.workspace.tree import Tree
from lab.workspace.tree_api import TreeApi

POLL_SECONDS = 0.5

WAREHOUSE = "user/hive/warehouse"
"""Where in DBFS the tables are, as on Databricks."""


def register_table(spark: SparkSession, folder: Path) -> None:
    """Put a Delta table of the warehouse into the catalog."""
    spark.sql(f"CREATE TABLE IF NOT EXISTS `{folder.name}` USING delta LOCATION 'dbfs:/{WAREHOUSE}/{folder.name}'")


def tables_on_disk(warehouse: Path) -> list[Path]:
    """List the folders of a warehouse that hold a Delta table; one whose making a full disk cut short has no commit."""
    return sorted(log.parent for log in warehouse.glob("*/_delta_log") if any(log.glob("*.json")))


def open_catalog(spark: SparkSession, file: Path, warehouse: Path) -> None:
    """Put back what the catalog held, and keep it from now on.

    A lab from before the file was kept has its tables in the warehouse only: they are looked for there, once. One that
    is damaged is left out, and the others are in.
    """
    is_new = not file.exists()
    spark._jvm.workbook.catalog.KeptCatalog.open(spark._jsparkSession, str(file))
    for folder in tables_on_disk(warehouse) if is_new else ():
        try:
            register_table(spark, folder)
        except PySparkException as error:
            print(f"The table {folder.name} is left out: {str(error).splitlines()[0]}. Its files are at {folder}.")


def close_session(spark: SparkSession, session_id: str) -> None:
    """Give up a job's session of the Connect server, with the queries that still run in it."""
    service = spark._jvm.org.apache.spark.sql.connect.service
    server = getattr(getattr(service, "SparkConnectService$"), "MODULE$")  # a Scala object
    server.sessionManager().closeSession(service.SessionKey(JOBS_USER, session_id), False)


def open_workspace(spark: SparkSession, runtime: Runtime) -> Executor:
    """Serve the workspace; return what runs its jobs."""
    lab, token = runtime.lab, runtime.credentials.cluster_token
    state, port = lab.home / "workspace", lab.ports["workspace"]
    door = f"http://127.0.0.1:{lab.ports['aws']}"
    files = Dbfs(spark, dbfs_root(lab), door, runtime.credentials)
    tree = Tree(state / "files", CHECKOUT / "notebooks")
    runs = Runs(state / "runs")
    runners = Runners(lab, state / "runners", ready=SLOTS)
    executor = Executor(runs, Launcher(lab, tree, runners, lambda session_id: close_session(spark, session_id)))
    executor.recover()
    pages = Pages(runs, f"http://127.0.0.1:{port}", token)
    apis = (
        FilesApi(
            files,
            Mounts(files, state / "mounts.json"),
            Secrets(state / "secrets.json"),
            own=(lab.home, CHECKOUT, Path.home()),
        ),
        TreeApi(tree),
        ClustersApi(spark.version, spark.sparkContext.defaultParallelism, DRIVER_MEMORY_MB, now()),
        JobsApi(runs, Jobs(state / "jobs"), executor, pages.url),
    )
    addresses = {address: work for api in apis for address, work in api.addresses().items()}
    serve(Workspace(addresses, pages.html, token), port)
    return executor


def start() -> tuple[SparkSession, Executor]:
    """Start Spark, and its Connect server last: whoever can connect finds all tables."""
    lab = Lab.from_environment()
    # the Java side of a cluster that was killed lives on for a while, and its queries write on
    processes.end_marked(CLUSTER_MARK, str(lab.home))
    runtime = Runtime(lab, find_java(lab.build), load_or_create(lab.credentials_file))
    builder = SparkSession.builder
    for name, value in spark_settings(runtime).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    executor = open_workspace(spark, runtime)
    warehouse = dbfs_root(lab) / WAREHOUSE
    open_catalog(spark, lab.data("cluster") / "catalog.json", warehouse)
    keys_table = warehouse / learner_keys.CREDENTIALS_NAME
    if not keys_table.exists():
        learner_keys.credentials_table(spark, f"dbfs:/{WAREHOUSE}", runtime.credentials)
        keys_table.chmod(0o700)
        register_table(spark, keys_table)
    spark._jvm.org.apache.spark.sql.connect.service.SparkConnectService.start(spark._jsc.sc())
    return spark, executor


def main() -> None:
    """Serve until a signal comes, or until the Java side is gone: the supervisor then starts both anew."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    spark, executor = start()
    java = spark.sparkContext._gateway.proc
    print(f"cluster ready, Spark {spark.version}, process {os.getpid()}, Java {java.pid}", flush=True)
    try:
        while java.poll() is None:
            time.sleep(POLL_SECONDS)
    finally:
        executor.stop()
        if java.poll() is None:
            with contextlib.suppress(OSError, Py4JError):  # the signal may have reached Java first
                spark.stop()
            java.terminate()
            java.wait()
    raise SystemExit("Spark's Java process ended")


if __name__ == "__main__":
    main()
