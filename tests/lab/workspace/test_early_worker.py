"""A Python worker of Spark connects before it imports pyspark, and works on by that connection."""

import os
import socket
import struct
import subprocess
import sys
import time

import pytest

from lab.workspace import early_worker

MODULE = """
import os, sys
from pyspark.util import local_connect_and_auth
file, _ = local_connect_and_auth(int(os.environ["PYTHON_WORKER_FACTORY_PORT"]), "is not shown again")
file.write(b"pyspark is there")
file.flush()
"""


@pytest.fixture
def spark_side():
    """The side of Spark: a port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def started(server, folder, secret="secret"):
    (folder / "worker_of_test.py").write_text(MODULE)
    own = {"PYTHON_WORKER_FACTORY_PORT": str(server.getsockname()[1]), "PYTHON_WORKER_FACTORY_SECRET": secret}
    return subprocess.Popen(
        [sys.executable, early_worker.__file__, "-m", "worker_of_test"],
        env={"PATH": os.environ["PATH"]} | own, cwd=folder, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_connection_comes_first_and_is_the_only_one(spark_side, tmp_path):
    worker = started(spark_side, tmp_path)
    began = time.monotonic()
    connection, _ = spark_side.accept()
    assert connection.recv(100) == struct.pack("!i", 6) + b"secret"
    connected = time.monotonic() - began
    connection.sendall(struct.pack("!i", 2) + b"ok")
    assert connection.makefile("rb").read(16) == b"pyspark is there"
    assert worker.wait(20) == 0, worker.stderr.read()
    assert connected < (time.monotonic() - began) / 2
    spark_side.settimeout(0.05)
    with pytest.raises(TimeoutError):
        spark_side.accept()


def test_a_secret_that_is_not_accepted_ends_the_worker_in_words(spark_side, tmp_path):
    worker = started(spark_side, tmp_path)
    connection, _ = spark_side.accept()
    connection.recv(100)
    connection.sendall(struct.pack("!i", 3) + b"err")
    connection.close()
    assert "did not accept this worker's secret" in worker.communicate(timeout=20)[1]
    assert worker.returncode != 0
