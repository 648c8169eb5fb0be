"""Runs of the DAG: scheduled or triggered, awaited, and how their tasks stand; the tasks' logs."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from helpers.airflow.rest_api import call
from helpers.config import Workbook
from helpers.waiting import wait_until

START_SECONDS = 120
RUN_SECONDS = 900
POLL_SECONDS = 1.0


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


def scheduled(workbook: Workbook) -> str:
    """Wait until the schedule has started a run, as it does when a DAG is switched on; return the newest one's id."""

    def newest() -> str | None:
        found = call(workbook, "GET", f"/dags/{workbook.dag}/dagRuns", run_type="scheduled", order_by="-run_after")
        return found["dag_runs"][0]["dag_run_id"] if found["dag_runs"] else None

    return wait_until(newest, START_SECONDS, "the day's run to start", POLL_SECONDS)


def wait_for(workbook: Workbook, run: str, dag: str | None = None) -> str:
    """Wait until a run has ended, of the workbook's DAG unless another is named.

    Returns
    -------
    str
        "success" or "failed".
    """

    def end() -> str | None:
        state = call(workbook, "GET", f"/dags/{dag or workbook.dag}/dagRuns/{run}")["state"]
        return state if state in ("success", "failed") else None

    return wait_until(end, RUN_SECONDS, f"the run {run} to end", POLL_SECONDS)


def day(workbook: Workbook, run: str) -> str:
    """Tell the day that a run is for, as the DAG hands it to its notebooks."""
    return call(workbook, "GET", f"/dags/{workbook.dag}/dagRuns/{run}")["run_after"][:10]


def tasks(workbook: Workbook, run: str, dag: str | None = None) -> list[TaskState]:
    """Tell how the tasks of a run stand, in the order of their names."""
    found = call(workbook, "GET", f"/dags/{dag or workbook.dag}/dagRuns/{run}/taskInstances")["task_instances"]
    states = (TaskState(one["task_id"], one["state"] or "none", one["try_number"]) for one in found)
    return sorted(states, key=lambda one: one.task)


def task_log(workbook: Workbook, run: str, task: str, attempt: int = 1, dag: str | None = None) -> list[str]:
    """Read a task's log: one line an event, errors with their text."""
    path = f"/dags/{dag or workbook.dag}/dagRuns/{run}/taskInstances/{task}/logs/{attempt}"
    content = call(workbook, "GET", path, full_content=True)["content"]
    return [line for event in content for line in _lines(event)]


def _lines(event: dict[str, Any] | str) -> list[str]:
    if isinstance(event, str):
        return [event]
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in event.get("error_detail") or ()]
    return [str(event["event"]), *errors]
