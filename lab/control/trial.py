"""``python -m lab.control.trial``: start the Java services once, so that they write their archives of loaded classes.

A part of set-up, after everything that services need; see `lab.core.class_data`. The lab that is started for it has a
folder and ports of its own, and is gone afterwards.
"""

import shutil
import socket
import sys
import time
from contextlib import ExitStack

from filelock import FileLock

from lab.control import operations
from lab.core import addresses, class_data, processes
from lab.core.java import find_java
from lab.core.layout import PORTS, Lab, LabError
from lab.core.runtime import Runtime
from lab.setup import plugin
from lab.setup.ivy import pyspark_folder

SERVICES = ("cluster", "connect", "kafka", "s3")
"""The services that run Java, in the order in which they are stopped."""


def run(lab: Lab, say=print) -> None:
    """Make the archives, unless they are there; without them the lab works as well, only slower.

    Parameters
    ----------
    lab : Lab
        Gives the folder of what set-up builds.
    say : callable
        Receives a line about what took long or could not be done.
    """
    lab.build.mkdir(parents=True, exist_ok=True)
    with FileLock(lab.build / "class-data.lock"):
        folder = class_data.folder(lab)
        stamp, wanted = folder / "complete", _wanted(lab)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        started = time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            _start_and_stop(Lab(class_data.trial_home(lab), lab.build, _free_ports()))
        except LabError as error:
            say(f"  Java's archives of loaded classes could not be made; the lab starts slower without. {error}")
        stamp.write_text(wanted)
        say(f"  Java's archives of loaded classes: {time.monotonic() - started:.0f} s")


def _wanted(lab: Lab) -> str:
    jars = (*(lab.build / "jars" / name for name in ("kafka", "s3proxy", "cluster")), plugin.kafka_iam(lab.build))
    class_path = plugin.class_path(*jars, plugin.cluster(lab.build), pyspark_folder() / "jars")
    return class_data.fingerprint(find_java(lab.build), class_path)


def _free_ports() -> dict[str, int]:
    with ExitStack() as held:
        probes = {name: held.enter_context(socket.socket()) for name in PORTS}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


def _start_and_stop(trial: Lab) -> None:
    try:
        runtime = operations.up(trial, SERVICES, say=lambda line: None)
        _use_cluster(runtime)
        for service in SERVICES:
            _stop(runtime, service)
    finally:
        operations.down(trial)
        shutil.rmtree(trial.home, ignore_errors=True)
        for unfinished in trial.home.parent.glob(f"*{class_data.UNFINISHED}"):
            unfinished.unlink()


def _use_cluster(runtime: Runtime) -> None:
    """Do once what every notebook does, so that its classes are in the archive: a Delta table, a query, a stream."""
    from pyspark.sql import SparkSession  # late: most set-ups have nothing to do here
    from pyspark.sql import functions as F

    session = SparkSession.builder.remote(addresses.variables(runtime)["SPARK_REMOTE"]).create()
    try:
        rows = session.range(9).withColumn("text", F.col("id").cast("string"))
        rows.write.mode("overwrite").saveAsTable("trial")
        session.table("trial").groupBy("text").agg(F.max("id"), F.countDistinct("id")).orderBy("text").collect()
        session.table("trial").select("id").write.mode("overwrite").json("dbfs:/trial")
        stream = session.readStream.schema("id long").json("dbfs:/trial").writeStream
        stream.option("checkpointLocation", "dbfs:/checkpoint").toTable("stream").stop()
    finally:
        session.stop()


def _stop(runtime: Runtime, service: str) -> None:
    """Stop a service and keep the archives of those of its programs that were not killed while they wrote."""
    started = time.monotonic()
    operations.stop(runtime, [service])
    if time.monotonic() - started < processes.STOP_SECONDS:
        for unfinished in class_data.folder(runtime.lab).glob(f"*{class_data.UNFINISHED}"):
            unfinished.rename(unfinished.with_suffix(""))


def main() -> int:
    """Run the trial for the checkout's own lab."""
    run(Lab.from_environment())
    return 0


if __name__ == "__main__":
    sys.exit(main())
