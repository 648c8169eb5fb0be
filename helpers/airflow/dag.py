"""The DAG: uploaded to the bucket, read by Airflow, its graph, switched on and off."""

from pathlib import Path
from typing import Any

from helpers.airflow.rest_api import AirflowError, call
from helpers.config import CHECKOUT, Workbook
from helpers.waiting import wait_until

FILE = CHECKOUT / "dags" / "pinterest_dag.py"

FOLDER = "dags"
"""Folder of the bucket that Airflow reads."""

DAG_SECONDS = 180
"""How long a file may take from the bucket into Airflow; on MWAA half a minute is common."""

POLL_SECONDS = 1.0

NOT_FOUND = 404


def upload(workbook: Workbook, file: Path = FILE) -> str:
    """Put the DAG's file into the bucket, under the name that the DAG is to have.

    Returns
    -------
    str
        Where it is now.
    """
    key = f"{FOLDER}/{workbook.dag}.py"
    workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=file.read_bytes())
    return f"s3://{workbook.bucket}/{key}"


def wait_until_read(workbook: Workbook) -> dict[str, Any]:
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

    def found() -> dict[str, Any] | None:
        if trace := import_error(workbook):
            last = "\n".join(trace.strip().splitlines()[-3:])
            raise AirflowError(f"Airflow cannot read {workbook.dag}.py:\n{last}")
        try:
            told = call(workbook, "GET", f"/dags/{workbook.dag}")
        except AirflowError as error:
            if error.status != NOT_FOUND:
                raise
            return None
        return None if told["is_stale"] else told

    return wait_until(found, DAG_SECONDS, f"the DAG {workbook.dag} to appear in Airflow", POLL_SECONDS)


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
