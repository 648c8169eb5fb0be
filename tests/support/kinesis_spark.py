"""A Spark application in a process of its own, told line by line what to stream into Delta tables.

It is a process of its own because a test wants to kill it, and because a Python process cannot have both a session of
its own and one at a cluster.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from java_options import SHORT_LIVED

from lab.core.java import find_java
from lab.core.layout import CHECKOUT

PATIENCE = 120


class Failed(Exception):
    """What a command of the application raised, as text."""


class SparkApplication:
    """The application, seen from a test."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "AWS_"))}
        clean |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(CHECKOUT)}
        clean |= {"JAVA_HOME": str(find_java(CHECKOUT / ".setup").home), "AWS_EC2_METADATA_DISABLED": "true"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=clean, text=True, start_new_session=True, cwd=folder,
            )  # fmt: skip
        self.tell("version")

    def tell(self, command: str, **arguments: Any) -> Any:
        """Have a command carried out; a hang ends in the application's death."""
        watch = threading.Timer(PATIENCE, self.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise Failed(f"the application is gone: {self.log.read_text()[-3000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["done"]

    def start(self, name: str, options: dict[str, Any], trigger: dict[str, Any] | None = None) -> None:
        """Start a query into the table `name`, with a checkpoint of that name."""
        self.tell("start", name=name, options=options, trigger=trigger or {})

    def run(self, name: str, options: dict[str, Any]) -> list[dict]:
        """Stream what is there, and return the batches' progress."""
        self.start(name, options, {"availableNow": True})
        return self.tell("finish", name=name)

    def kill(self) -> None:
        """Kill -9 the Python side and the Java side at once, and what they started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def rows(self, name: str) -> list[dict]:
        """Every row of a table, read from its log and files without Spark."""
        return [row for file in table_files(self.folder / name) for row in pq.read_table(file).to_pylist()]

    def numbers(self, name: str) -> list[int]:
        """The numbers that a table holds, in order, repetitions included."""
        return sorted(int(row["data"]) for row in self.rows(name))


def table_files(table: Path) -> list[Path]:
    """The files that a Delta table's log has added."""
    commits = sorted((table / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for commit in commits for line in commit.read_text().splitlines()]
    return [table / action["add"]["path"] for action in actions if "add" in action]


@contextlib.contextmanager
def application(folder: Path) -> Iterator[SparkApplication]:
    started = SparkApplication(folder)
    try:
        yield started
    finally:
        started.kill()


def session(folder: Path):
    from pyspark.sql import SparkSession

    jars = (CHECKOUT / ".setup" / "jars" / "cluster").glob("delta-*.jar")
    settings = {
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.extraJavaOptions": SHORT_LIVED,
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.databricks.delta.snapshotPartitions": "2",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class Queries:
    """The application's own side: the commands."""

    def __init__(self, folder: Path):
        from helpers.kinesis_source import KinesisDataSource

        self._folder, self._spark = folder, session(folder)
        self._spark.dataSource.register(KinesisDataSource)
        self._queries: dict[str, Any] = {}

    def version(self) -> str:
        return self._spark.version

    def schema(self, options: dict[str, Any]) -> str:
        return self._load(options).schema.simpleString()

    def start(self, name: str, options: dict[str, Any], trigger: dict[str, Any]) -> None:
        writer = self._load(options).writeStream.format("delta")
        writer = writer.option("checkpointLocation", str(self._folder / "checkpoints" / name))
        writer = writer.trigger(**trigger) if trigger else writer
        self._queries[name] = writer.start(str(self._folder / name))

    def finish(self, name: str) -> list[dict]:
        self._queries[name].awaitTermination()
        return self.progress(name)

    def stop(self, name: str) -> None:
        self._queries[name].stop()

    def progress(self, name: str) -> list[dict]:
        query = self._queries[name]
        if query.exception():
            raise query.exception()
        return [json.loads(progress.json) for progress in query.recentProgress]

    def is_active(self, name: str) -> bool:
        return self._queries[name].isActive

    def _load(self, options: dict[str, Any]):
        return self._spark.readStream.format("kinesis").options(**options).load()


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    queries = Queries(Path(sys.argv[1]))
    for line in sys.stdin:
        arguments = json.loads(line)
        try:
            answer = {"done": getattr(queries, arguments.pop("command"))(**arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
