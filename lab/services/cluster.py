"""The cluster: Spark with Delta and S3A, reached by Spark Connect."""

import shlex
import socket
import sys
from pathlib import Path

from lab.core.files import TEMPLATES, write_private
from lab.core.runtime import Runtime
from lab.services.base import Service, config_file
from lab.workspace import early_worker, learner_keys
from lab.workspace.spark_settings import CLUSTER_MARK, LOGGING_FILE

_WORKER_PYTHON = """#!/bin/sh
# Spark names its zip of pyspark first, which Python compiles anew in every process: 0.6 s where the package takes 0.2
unset PYTHONPATH
# a worker that Spark waits for, ten seconds and no more
[ -z "$PYTHON_WORKER_FACTORY_PORT" ] || exec {python} {early} "$@"
exec {python} "$@"
"""


class Cluster(Service):
    """One Spark application that all notebooks share; its tables are below ``.lab/cluster``."""

    name = "cluster"
    runs = "Spark with Delta, reached by Spark Connect"
    stands_for = "Databricks cluster"
    ports = ("cluster", "workspace", "spark_ui")
    page = ("Spark's jobs, stages and queries", "spark_ui")
    depends_on = ("s3",)

    def prepare(self, runtime: Runtime) -> None:
        """Make the folders, write the logging settings and what a new workspace holds."""
        for folder in ("cluster/dbfs/user/hive/warehouse", "cluster/spark", "tmp"):
            (runtime.lab.home / folder).mkdir(parents=True, exist_ok=True)
        learner_keys.credentials(runtime)
        write_private(
            config_file(runtime, LOGGING_FILE), (TEMPLATES / LOGGING_FILE).read_text()
        )
        write_private(_worker_python(runtime), _worker_script())
        _worker_python(runtime).chmod(0o700)

    def command(self, runtime: Runtime) -> list[str]:
        """Start the Python process that starts Spark."""
        return [sys.executable, "-m", "lab.workspace.cluster"]

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Tell Spark its Java, its keys to S3, and that it stays on loopback."""
        return {
            CLUSTER_MARK: str(runtime.lab.home),
            "JAVA_HOME": str(runtime.java.home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": str(_worker_python(runtime)),
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
        import grpc  # late: most commands of the lab do without

        with grpc.insecure_channel(f"127.0.0.1:{runtime.lab.ports['cluster']}") as channel:
            grpc.channel_ready_future(channel).result(timeout=2)


def _worker_script() -> str:
    return _WORKER_PYTHON.format(python=shlex.quote(sys.executable), early=shlex.quote(early_worker.__file__))


def _worker_python(runtime: Runtime) -> Path:
    """Program that starts Python for Spark's workers: each stream needs one, and Spark waits 10 s for it."""
    return config_file(runtime, "worker-python")
