"""The cluster's process: starts Spark with its Connect server and stays until it is told to stop.

Being Python, and Spark's driver, it can also do what a Spark Connect client cannot. After a restart it puts the
tables of the warehouse back into the catalog, which lives in memory.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from lab.core import processes
from lab.core.credentials import load_or_create
from lab.core.java import find_java
from lab.core.layout import CHECKOUT, Lab
from lab.core.runtime import Runtime
from lab.workspace import learner_keys
from lab.workspace.dbfs import Dbfs
from lab.workspace.files_api import FilesApi
from lab.workspace.jobs.api import JobsApi
from lab.workspace.jobs.executor import SLOTS, Executor
from lab.workspace.jobs.page import Pages
from lab.workspace.jobs.process import JOBS_USER, Launcher
from lab.workspace.jobs.runners import Runners
from lab.workspace.jobs.store import Jobs, Runs
from lab.workspace.mounts import Mounts
from lab.workspace.secrets import Secrets
from lab.workspace.server import Workspace, serve
from lab.workspace.spark_settings import CLUSTER_MARK, dbfs_root, spark_settings
from lab.workspace.tree import Tree
from lab.workspace.tree_api import TreeApi

POLL_SECONDS = 0.5

WAREHOUSE = "user/hive/warehouse"
"""Where in DBFS the tables are, as on Databricks."""


def tables_on_disk(warehouse: Path) -> list[Path]:
    """List the folders of a warehouse that hold a Delta table."""
    return sorted(log.parent for log in warehouse.glob("*/_delta_log"))


def register_tables(spark: SparkSession, warehouse: Path) -> None:
    """Put the tables of a warehouse folder into the catalog."""
    for folder in tables_on_disk(warehouse):
        spark.sql(f"CREATE TABLE IF NOT EXISTS `{folder.name}` USING delta LOCATION 'dbfs:/{WAREHOUSE}/{folder.name}'")


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
    files = Dbfs(spark, dbfs_root(lab), door, runtime.credentials.access_key_id)
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
    keys_table = dbfs_root(lab) / WAREHOUSE / learner_keys.CREDENTIALS_NAME
    if not keys_table.exists():
        learner_keys.credentials_table(spark, f"dbfs:/{WAREHOUSE}", runtime.credentials)
        keys_table.chmod(0o700)
    register_tables(spark, dbfs_root(lab) / WAREHOUSE)
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
