"""A DAG file that a check puts into the environment's bucket to see what Airflow makes of it, and takes away again."""

import contextlib
from collections.abc import Iterator
from typing import Any

from helpers.airflow.dag import DAG_SECONDS, FOLDER, NOT_FOUND
from helpers.airflow.rest_api import AirflowError, call
from helpers.checks import scratch
from helpers.config import Workbook
from helpers.waiting import WaitedInVain, wait_until

GONE_SECONDS = 60
POLL_SECONDS = 0.3


@contextlib.contextmanager
def drawn(workbook: Workbook) -> Iterator[str]:
    """Draw the name of a file that somebody else puts into the folder of DAGs; afterwards none of that name is left.

    Yields
    ------
    str
        The file's name, without its ending: the id of a DAG that is named after its file.
    """
    made = scratch.name(workbook, "_")
    try:
        yield made
    finally:
        if is_there(workbook, made):  # what Airflow is about to read would come up again after it was forgotten
            with contextlib.suppress(AirflowError, WaitedInVain):
                read(workbook, made)
        for found in objects(workbook, made):
            workbook.client("s3").delete_object(Bucket=workbook.bucket, Key=found)
        _forget(workbook, made)


@contextlib.contextmanager
def uploaded(workbook: Workbook, text: str) -> Iterator[str]:
    """Put a file into the environment's folder of DAGs.

    Yields
    ------
    str
        The file's name, as `drawn` gives it.
    """
    with drawn(workbook) as made:
        workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key(made), Body=text.encode())
        yield made


def key(file: str) -> str:
    """Tell where in the bucket a file of this name, without its ending, is a DAG's."""
    return f"{FOLDER}/{file}.py"


def is_there(workbook: Workbook, file: str) -> bool:
    """Tell whether a file of this name is where Airflow looks for it."""
    asked = {"Bucket": workbook.bucket, "Prefix": key(file)}
    return workbook.client("s3").list_objects_v2(**asked)["KeyCount"] > 0


def objects(workbook: Workbook, file: str) -> list[str]:
    """List the keys under which a file of this name is in the bucket, wherever somebody has put it."""
    pages = workbook.client("s3").get_paginator("list_objects_v2").paginate(Bucket=workbook.bucket)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return [one for one in keys if file in one]


def error(workbook: Workbook, file: str) -> str | None:
    """Return the line with which reading a file ended; None if it is not read yet, or is read."""
    for one in call(workbook, "GET", "/importErrors")["import_errors"]:
        if one["filename"].endswith(f"{file}.py"):
            return one["stack_trace"].strip().splitlines()[-1]
    return None


def read(workbook: Workbook, file: str) -> dict[str, Any] | str:
    """Wait until Airflow has read a file; return what it says of the DAG, or the line with which reading it ended."""
    return wait_until(lambda: _read(workbook, file), DAG_SECONDS, f"Airflow to read {file}.py", POLL_SECONDS)


def wait_until_known(workbook: Workbook, dag: str) -> None:
    """Wait until Airflow can start runs of a DAG; of several in a file, each becomes known for itself."""

    def told() -> dict[str, Any] | None:
        try:
            return call(workbook, "GET", f"/dags/{dag}/details")
        except AirflowError as error:
            if error.status != NOT_FOUND:
                raise
            return None

    wait_until(told, DAG_SECONDS, f"the DAG {dag} to appear in Airflow", POLL_SECONDS)


def _read(workbook: Workbook, file: str) -> dict[str, Any] | str | None:
    return error(workbook, file) or _dag(workbook, file)


def _dag(workbook: Workbook, file: str) -> dict[str, Any] | None:
    found = call(workbook, "GET", "/dags", limit=100, exclude_stale=False)["dags"]
    mine = [one["dag_id"] for one in found if one["fileloc"].endswith(f"{file}.py")]
    return call(workbook, "GET", f"/dags/{mine[0]}/details") if mine else None


def _forget(workbook: Workbook, file: str) -> None:
    """Let Airflow forget the DAG of a file that is gone; before it has missed the file, the DAG would come back."""

    def is_gone() -> bool:
        found = _dag(workbook, file)
        if found and found["is_stale"]:
            with contextlib.suppress(AirflowError):  # a run that is just ending
                call(workbook, "DELETE", f"/dags/{found['dag_id']}")
        return found is None

    with contextlib.suppress(AirflowError, WaitedInVain):
        wait_until(is_gone, GONE_SECONDS, f"Airflow to forget {file}", POLL_SECONDS)
