"""Where a notebook runs, seen from its cluster: on Databricks, elsewhere by Databricks Connect, or with the lab."""

import os
from collections.abc import Mapping
from enum import Enum
from importlib.util import find_spec

from helpers.config import SetupError, on_laptop

CLUSTER_SETTINGS = ("SPARK_REMOTE", "DATABRICKS_CLUSTER_ID", "DATABRICKS_SERVERLESS_COMPUTE_ID")
"""Any of these names a cluster to Databricks Connect (Databricks Connect for Python, compute configuration)."""

OF_DATABRICKS = "x-databricks-"
"""Begins what an address of Spark Connect says of a cluster or session on Databricks."""


class Place(Enum):
    """Where a notebook runs."""

    DATABRICKS = "in the workspace"
    CONNECT = "elsewhere, by Databricks Connect"
    LAB = "with the lab's cluster, or any other Spark that is not Databricks"


def find(environment: Mapping[str, str] | None = None) -> Place:
    """Find out where this process runs.

    Raises
    ------
    SetupError
        If the cluster is on Databricks, and its client is not installed or is told of no cluster.
    """
    settings = os.environ if environment is None else environment
    if "DATABRICKS_RUNTIME_VERSION" in settings:
        return Place.DATABRICKS
    remote = settings.get("SPARK_REMOTE", "")
    if on_laptop() or (remote and OF_DATABRICKS not in remote) or not (remote or settings.get("DATABRICKS_HOST")):
        return Place.LAB
    if not _has_databricks_connect():
        raise SetupError(
            "Databricks is reached by Databricks Connect, which is not installed here, and whose pyspark cannot stand "
            "beside another. Make an environment of Python 3.12 for it: pip install -r requirements/databricks.txt."
        )
    if not any(settings.get(name) for name in CLUSTER_SETTINGS):
        raise SetupError(
            "No cluster is named. Put DATABRICKS_CLUSTER_ID=…, or DATABRICKS_SERVERLESS_COMPUTE_ID=auto, into .env."
        )
    return Place.CONNECT


def _has_databricks_connect() -> bool:
    try:
        return find_spec("databricks.connect") is not None
    except ModuleNotFoundError:  # not even Databricks' SDK
        return False
