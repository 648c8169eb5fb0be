"""Clusters API: the one cluster that there is."""

from collections.abc import Callable

from helpers.databricks.laptop.dbutils.context import USER
from lab.workspace.routing import Address, Answers, Fields, refused, text

CLUSTER_ID = "0101-000000-workbook"


class ClustersApi:
    """What ``clusters/list`` and ``clusters/get`` answer.

    Parameters
    ----------
    spark_version : str
        Of the cluster.
    cores, memory_mb : int
        What it has.
    started : int
        Milliseconds since the epoch.
    """

    def __init__(self, spark_version: str, cores: int, memory_mb: int, started: int):
        self._cluster = {
            "cluster_id": CLUSTER_ID,
            "cluster_name": "workbook cluster",
            "cluster_source": "UI",
            "creator_user_name": USER,
            "spark_version": spark_version,
            "node_type_id": "laptop",
            "driver_node_type_id": "laptop",
            "num_workers": 0,
            "cluster_cores": cores,
            "cluster_memory_mb": memory_mb,
            "autotermination_minutes": 0,
            "start_time": started,
            "state": "RUNNING",
            "state_message": "",
        }

    def addresses(self) -> dict[Address, Answers]:
        """Give each address its work."""
        answers: dict[str, Callable[[Fields], Fields]] = {
            "list": lambda _: {"clusters": [self._cluster]},
            "get": self._get,
        }
        return {
            ("GET", f"/api/{version}/clusters/{name}"): work
            for version in ("2.0", "2.1")
            for name, work in answers.items()
        }

    def _get(self, asked: Fields) -> Fields:
        if (name := text(asked, "cluster_id")) != CLUSTER_ID:
            raise refused(f"Cluster {name} does not exist. The lab has one cluster, {CLUSTER_ID}.")
        return self._cluster
