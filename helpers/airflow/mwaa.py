"""Airflow by way of MWAA: an environment, a DAG in its bucket, runs and their logs; boto3 and nothing else."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.exceptions import ClientError

from helpers.config import CHECKOUT, SetupError, Workbook

DAG_FILE = CHECKOUT / "dags" / "pinterest_dag.py"

DAG_FOLDER = "dags"
"""Folder of the bucket that Airflow reads."""

CONNECTION = "databricks_default"
"""Airflow's name for the way to Databricks; the operators look for it."""

ENVIRONMENT_SECONDS = 2700
"""MWAA takes 20 to 30 minutes to make an environment."""

DAG_SECONDS = 180
"""How long a file may take from the bucket into Airflow; on MWAA half a minute is common."""

RUN_SECONDS = 900
POLL_SECONDS = 1.0

NOT_FOUND = 404
CONFLICT = 409


class AirflowError(Exception):
    """Airflow refuses, or something in it fails; the text says what and where to look."""

    def __init__(self, message: str, status: int = 0):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TaskState:
    """How a task of a run stands.

    Attributes
    ----------
    task : str
        Its id.
    state : str
        Airflow's word, such as "success" or "up_for_retry".
    tries : int
        How often it was started.
    """

    task: str
    state: str
    tries: int


# the environment


def network(workbook: Workbook) -> dict[str, list[str]]:
    """Choose where the environment stands: two subnets in two zones, and the security group of their network.

    On AWS they must be private subnets with a way out. The first two of the default network are taken, or those that
    ``WORKBOOK_AIRFLOW_SUBNETS`` names, joined by a comma.
    """
    ec2 = workbook.client("ec2")
    named = [name for name in os.environ.get("WORKBOOK_AIRFLOW_SUBNETS", "").split(",") if name]
    found = ec2.describe_subnets(**({"SubnetIds": named} if named else {}))["Subnets"]
    chosen = sorted(found, key=lambda subnet: subnet["AvailabilityZone"])[:2]
    of_network = [
        {"Name": "vpc-id", "Values": [chosen[0]["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}
    ]  # fmt: skip
    groups = ec2.describe_security_groups(Filters=of_network)["SecurityGroups"]
    return {
        "SubnetIds": [subnet["SubnetId"] for subnet in chosen],
        "SecurityGroupIds": [group["GroupId"] for group in groups],
    }


def create_environment(workbook: Workbook, role: str) -> str:
    """Create the environment unless it is there.

    Returns
    -------
    str
        "created" or "was there".
    """
    if status(workbook) is not None:
        return "was there"
    workbook.client("mwaa").create_environment(
        Name=workbook.airflow,
        ExecutionRoleArn=role,
        SourceBucketArn=f"arn:aws:s3:::{workbook.bucket}",
        DagS3Path=DAG_FOLDER,
        NetworkConfiguration=network(workbook),
        EnvironmentClass="mw1.small",
        WebserverAccessMode="PUBLIC_ONLY",
    )
    return "created"


def status(workbook: Workbook) -> str | None:
    """Tell the environment's status, such as CREATING or AVAILABLE; None if there is none."""
    mwaa = workbook.client("mwaa")
    try:
        return mwaa.get_environment(Name=workbook.airflow)["Environment"]["Status"]
    except mwaa.exceptions.ResourceNotFoundException:
        return None


def wait_until_available(workbook: Workbook) -> None:
    """Wait until the environment is AVAILABLE and its Airflow answers.

    Raises
    ------
    AirflowError
        If it cannot be made; the text holds the reason that MWAA gives.
    """

    def ready() -> bool:
        found = workbook.client("mwaa").get_environment(Name=workbook.airflow)["Environment"]
        if found["Status"] in ("CREATE_FAILED", "UNAVAILABLE"):
            reason = found.get("LastUpdate", {}).get("Error", {}).get("ErrorMessage", "MWAA gives no reason")
            raise AirflowError(f"The environment {workbook.airflow} is {found['Status']}: {reason}")
        return found["Status"] == "AVAILABLE" and _answers(workbook)

    _wait(ready, ENVIRONMENT_SECONDS, f"the environment {workbook.airflow} to be AVAILABLE")


def _answers(workbook: Workbook) -> bool:
    try:
        call(workbook, "GET", "/version")
    except (AirflowError, ClientError):
        return False
    return True


def delete_environment(workbook: Workbook) -> None:
    """Delete the environment, and wait until it is gone; the DAG stays in the bucket."""
    if status(workbook) is not None:
        workbook.client("mwaa").delete_environment(Name=workbook.airflow)
        _wait(lambda: status(workbook) is None, ENVIRONMENT_SECONDS, f"the environment {workbook.airflow} to be gone")


# Airflow's REST API


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


# the DAG


def upload_dag(workbook: Workbook, file: Path = DAG_FILE) -> str:
    """Put the DAG's file into the bucket, under the name that the DAG is to have.

    Returns
    -------
    str
        Where it is now.
    """
    key = f"{DAG_FOLDER}/{workbook.dag}.py"
    workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=file.read_bytes())
    return f"s3://{workbook.bucket}/{key}"


def wait_for_dag(workbook: Workbook) -> dict[str, Any]:
    """Wait until Airflow has read the DAG's file without an error.

    Returns
    -------
    dict
        What Airflow says of the DAG.

    Raises
    ------
    AirflowError
        With the last lines of the trace, if the file cannot be imported.
    """
    found: dict[str, Any] = {}

    def is_there() -> bool:
        if trace := import_error(workbook):
            last = "\n".join(trace.strip().splitlines()[-3:])
            raise AirflowError(f"Airflow cannot read {workbook.dag}.py:\n{last}")
        try:
            found.update(call(workbook, "GET", f"/dags/{workbook.dag}"))
        except AirflowError as error:
            if error.status != NOT_FOUND:
                raise
        return bool(found) and not found["is_stale"]

    _wait(is_there, DAG_SECONDS, f"the DAG {workbook.dag} to appear in Airflow")
    return found


def import_error(workbook: Workbook) -> str | None:
    """Return the trace with which Airflow failed to read the DAG's file; None if it did not fail."""
    for error in call(workbook, "GET", "/importErrors")["import_errors"]:
        if error["filename"].rpartition("/")[2] == f"{workbook.dag}.py":
            return error["stack_trace"]
    return None


def graph(workbook: Workbook) -> dict[str, list[str]]:
    """Ask for the DAG's tasks: each with those that come after it."""
    tasks = call(workbook, "GET", f"/dags/{workbook.dag}/tasks")["tasks"]
    return {task["task_id"]: sorted(task["downstream_task_ids"]) for task in tasks}


def pause(workbook: Workbook, paused: bool = True) -> None:
    """Switch the DAG's schedule off, or on; runs of a paused DAG wait."""
    call(workbook, "PATCH", f"/dags/{workbook.dag}", {"is_paused": paused}, update_mask="is_paused")


# runs


def trigger(workbook: Workbook) -> str:
    """Start a run now.

    Returns
    -------
    str
        The run's id.
    """
    run = f"notebook-{uuid4()}"
    call(workbook, "POST", f"/dags/{workbook.dag}/dagRuns", {"dag_run_id": run, "logical_date": None})
    return run


def wait_for_run(workbook: Workbook, run: str) -> str:
    """Wait until a run has ended.

    Returns
    -------
    str
        "success" or "failed".
    """
    state = ""

    def ended() -> bool:
        nonlocal state
        state = call(workbook, "GET", f"/dags/{workbook.dag}/dagRuns/{run}")["state"]
        return state in ("success", "failed")

    _wait(ended, RUN_SECONDS, f"the run {run} to end")
    return state


def run_day(workbook: Workbook, run: str) -> str:
    """Tell the day that a run is for, as the DAG hands it to its notebooks."""
    return call(workbook, "GET", f"/dags/{workbook.dag}/dagRuns/{run}")["run_after"][:10]


def tasks(workbook: Workbook, run: str) -> list[TaskState]:
    """Tell how the tasks of a run stand, in the order of their names."""
    found = call(workbook, "GET", f"/dags/{workbook.dag}/dagRuns/{run}/taskInstances")["task_instances"]
    states = (TaskState(one["task_id"], one["state"] or "none", one["try_number"]) for one in found)
    return sorted(states, key=lambda one: one.task)


def task_log(workbook: Workbook, run: str, task: str, attempt: int = 1) -> list[str]:
    """Read a task's log: one line an event, errors with their text."""
    path = f"/dags/{workbook.dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
    content = call(workbook, "GET", path, full_content=True)["content"]
    return [line for event in content for line in _lines(event)]


def _lines(event: dict[str, Any] | str) -> list[str]:
    if isinstance(event, str):
        return [event]
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or ()]
    return [str(event["event"]), *errors]


def _wait(done: Callable[[], bool], seconds: float, what: str) -> None:
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            raise AirflowError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(POLL_SECONDS)
