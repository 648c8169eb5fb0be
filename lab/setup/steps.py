"""Everything between a fresh environment and a lab that can start, in order."""

import time
from collections.abc import Callable

from lab.core import pki
from lab.core.credentials import load_or_create
from lab.core.files import make_private_folder
from lab.core.java import Java, find_java
from lab.core.layout import Lab
from lab.core.runtime import Runtime
from lab.setup import airflow, database, jars, plugin

SLOW_SECONDS = 0.5
"""A step that took longer than this says so: a quick one had nothing to do."""


def build(lab: Lab) -> Java:
    """Make what all labs of a checkout share: jars, compiled Java, posts database; begin Airflow's environment.

    Returns
    -------
    Java
        The runtime that was chosen.

    Raises
    ------
    LabError
        If a step cannot be done; the text says why and what to try.
    """
    lab.build.mkdir(parents=True, exist_ok=True)
    airflow.begin(lab)
    java = find_java(lab.build)
    _step("jars: Kafka, S3Proxy, Delta, compiler", lambda: jars.fetch(lab, java))
    _step("our S3 sink compiled", lambda: plugin.build_sink(lab, java))
    _step("our IAM for Kafka compiled", lambda: plugin.build_kafka_iam(lab, java))
    _step("our DBFS, s3n and Delta sink for Spark compiled", lambda: plugin.build_cluster(lab, java))
    _step("posts database", lambda: database.build(lab))
    return java


def complete(lab: Lab) -> Runtime:
    """Do whatever set-up work is still to do, for one lab.

    Returns
    -------
    Runtime
        What services are started with.

    Raises
    ------
    LabError
        If a step cannot be done; the text says why and what to try.
    """
    java = build(lab)
    make_private_folder(lab.home)
    pki.create(lab.tls)
    return Runtime(lab, java, load_or_create(lab.credentials_file))


def _step(name: str, work: Callable[[], object]) -> None:
    started = time.monotonic()
    work()
    took = time.monotonic() - started
    if took > SLOW_SECONDS:
        print(f"  {name}: {took:.0f} s" if took >= 1 else f"  {name}: {took:.1f} s", flush=True)
