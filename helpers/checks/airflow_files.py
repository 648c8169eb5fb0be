"""A DAG file that a check puts into the environment's bucket to see what Airflow makes of it, and takes away again."""

import contextlib
from collections.abc import Iterator
from typing import Any

from helpers.airflow.dag import DAG_SECONDS, FOLDER
from helpers.airflow.rest_api import AirflowError, call
from helpers.checks import scratch
from helpers.config import Workbook
from helpers.waiting import WaitedInVain, wait_until

GONE_SECONDS = 60
POLL_SECONDS = 0.3


@contextlib.contextmanager
def uploaded(workbook: Workbook, text: str) -> Iterator[str]:
    """Put a file into the environment's folder of DAGs.

    Yields
    ------
    str
        The file's name, without its ending: the id of a DAG that is named after its file.
    """
    made = scratch.name(workbook, "_")
    where = {"Bucket": workbook.bucket, "Key": f"{FOLDER}/{made}.py"}
    s3 = workbook.client("s3")
    s3.put_object(**where, Body=text.encode())
    try:
        yield made
    finally:
        s3.delete_object(**where)
        _forget(workbook, made)


def read(workbook: Workbook, file: str) -> dict[str, Any] | str:
    """Wait until Airflow has read a file; return what it says of the DAG, or the line with which reading it ended."""
    return wait_until(lambda: _read(workbook, file), DAG_SECONDS, f"Airflow to read {file}.py", POLL_SECONDS)


def _read(workbook: Workbook, file: str) -> dict[str, Any] | str | None:
    for error in call(workbook, "GET", "/importErrors")["import_errors"]:
        if error["filename"].endswith(f"{file}.py"):
            return error["stack_trace"].strip().splitlines()[-1]
    return _dag(workbook, file)


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
