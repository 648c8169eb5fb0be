"""Airflow's REST API by way of MWAA, and what Airflow must know: the way to Databricks, and the DAG's settings."""

import json
import os
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from helpers.config import SetupError, Workbook

CONNECTION = "databricks_default"
"""Airflow's name for the way to Databricks; the operators look for it."""

CONFLICT = 409


class AirflowError(Exception):
    """Airflow refuses, or something in it fails; the text says what and where to look."""

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


def call(workbook: Workbook, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
    """Call Airflow's REST API as the learner's IAM identity: no login, no open port.

    Parameters
    ----------
    workbook : Workbook
        Gives the environment.
    method, path : str
        For example ``GET`` and ``/dags``.
    body : dict, optional
        What to send.
    **query : object
        Parameters in the URL.

    Returns
    -------
    object
        What Airflow answers, mostly a dict.

    Raises
    ------
    AirflowError
        If Airflow refuses; `status` holds its number.
    """
    asked = {"Name": workbook.airflow, "Method": method, "Path": path}
    asked |= {"Body": body} if body is not None else {}
    asked |= {"QueryParameters": query} if query else {}
    try:
        return workbook.client("mwaa").invoke_rest_api(**asked)["RestApiResponse"]
    except ClientError as error:
        if "RestApiStatusCode" not in error.response:
            raise
        told, number = error.response.get("RestApiResponse"), error.response["RestApiStatusCode"]
        detail = told.get("detail", told) if isinstance(told, dict) else told
        raise AirflowError(f"Airflow refuses {method} {path} ({number}): {detail}", number) from None


def connect_databricks(workbook: Workbook) -> None:
    """Tell Airflow the way to Databricks: ``DATABRICKS_HOST`` with ``DATABRICKS_TOKEN``.

    Raises
    ------
    SetupError
        If a setting is missing.
    """
    missing = [name for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN") if not os.environ.get(name)]
    if missing:
        raise SetupError(f"The setting {missing[0]} is missing. Put a line {missing[0]}=… into .env.")
    host = urlsplit(os.environ["DATABRICKS_HOST"])
    connection = {
        "connection_id": CONNECTION, "conn_type": "databricks", "host": host.hostname, "schema": host.scheme,
        "port": host.port, "password": os.environ["DATABRICKS_TOKEN"],
    }  # fmt: skip
    _put(workbook, "/connections", CONNECTION, connection)


def set_settings(workbook: Workbook, notebooks: str, raw: str, cluster_id: str) -> None:
    """Keep what the DAG needs to know in the variable that has its name.

    Parameters
    ----------
    workbook : Workbook
        Gives the DAG.
    notebooks : str
        Folder of the workspace that holds the notebooks to run.
    raw : str
        Folder of the topics' objects.
    cluster_id : str
        Cluster on which they run.
    """
    settings = {"workbook_id": workbook.id, "notebooks": notebooks, "raw": raw, "cluster_id": cluster_id}
    _put(workbook, "/variables", workbook.dag, {"key": workbook.dag, "value": json.dumps(settings)})


def _put(workbook: Workbook, path: str, name: str, content: dict[str, Any]) -> None:
    """Make something in Airflow, or replace what is there."""
    try:
        call(workbook, "POST", path, content)
    except AirflowError as error:
        if error.status != CONFLICT:
            raise
        call(workbook, "PATCH", f"{path}/{name}", content)
