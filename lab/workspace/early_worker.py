"""Start one of Spark's Python workers: connect to Spark first, and import pyspark, which takes much longer, afterwards.

Spark waits ten seconds for the connection, which cannot be set. pyspark connects once it is imported, after 0.2 s of a
core: with nine streams that start together on a busy computer some came too late, and died. This takes 0.02 s.

Run as a script, ``early_worker.py -m MODULE``, with the environment that Spark gives to workers.
"""

import os
import runpy
import socket
import struct
import sys
from typing import BinaryIO

LONGEST_WAIT = 15
"""Seconds that pyspark, too, waits for Spark's word."""


def connect(port: int, secret: str) -> tuple[BinaryIO, socket.socket]:
    """Connect and show the secret, as ``pyspark.util.local_connect_and_auth`` does.

    Raises
    ------
    ConnectionError
        If Spark does not accept it.
    """
    connection = socket.create_connection(("127.0.0.1", port), timeout=LONGEST_WAIT)
    file = connection.makefile("rwb", int(os.environ.get("SPARK_BUFFER_SIZE", "65536")))
    shown = secret.encode()
    file.write(struct.pack("!i", len(shown)) + shown)
    file.flush()
    if file.read(6) != struct.pack("!i", 2) + b"ok":
        raise ConnectionError("Spark did not accept this worker's secret.")
    return file, connection


def main() -> None:
    """Connect, then run the worker's module, which gets this connection when it asks for one."""
    port, secret = int(os.environ["PYTHON_WORKER_FACTORY_PORT"]), os.environ["PYTHON_WORKER_FACTORY_SECRET"]
    early = connect(port, secret)
    from pyspark import util

    original = util.local_connect_and_auth
    util.local_connect_and_auth = lambda asked, shown: early if asked == port else original(asked, shown)
    _, module, *arguments = sys.argv[1:]  # after -m
    sys.argv[:] = ["", *arguments]
    sys.path[0] = os.getcwd()  # as with -m
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
