"""What a request for a run or a job asks for: read, checked, and refused in words when it cannot be done."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lab.workspace.jobs import references, schedules
from lab.workspace.jobs.runs import RUN_IF, Task
from lab.workspace.routing import flag, mapping, mappings, refused, text, whole_number

Fields = Mapping[str, Any]

_TASK_KINDS = (
    "spark_python_task", "spark_jar_task", "spark_submit_task", "python_wheel_task", "sql_task", "dbt_task",
    "pipeline_task", "run_job_task", "condition_task", "for_each_task",
)  # fmt: skip
"""Kinds of task that Databricks knows and the lab does not run."""

_BY_ITSELF = "the lab starts no job by itself. Leave it out; run-now, or Airflow (notebook 08), starts the job."
_ONE_USER = "the lab has one user, who may do everything. Leave it out."
_ABSENT = {
    "schedule": _BY_ITSELF,
    "trigger": _BY_ITSELF,
    "continuous": _BY_ITSELF,
    "git_source": "the lab has no repos. Import the notebook, and name its path in the workspace.",
    "email_notifications": "the lab sends no mail. Leave it out; runs/get tells how a run ended.",
    "webhook_notifications": "the lab calls nobody. Leave it out; runs/get tells how a run ended.",
    "health": "the lab watches no run. Leave it out; timeout_seconds ends a run that takes too long.",
    "libraries": "the lab installs none. Leave it out: notebooks have what requirements/workbook.txt lists.",
    "access_control_list": _ONE_USER,
    "run_as": _ONE_USER,
    "only": "the lab runs all tasks of a job. Leave it out.",
}
"""Settings that would have an effect on Databricks and have none in the lab."""


def texts(values: Any, name: str) -> dict[str, str]:
    """Read parameters, all as text: on Databricks a notebook gets nothing else."""
    return {str(key): _as_text(value) for key, value in mapping(values, name).items()}


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def job_parameters(settings: Fields) -> dict[str, str]:
    """Read a job's own parameters with their defaults."""
    given = mappings(settings.get("parameters"), "parameters")
    return texts({text(each, "name"): each.get("default", "") for each in given}, "parameters")


def check_absent(settings: Fields) -> None:
    """Refuse settings that the lab could only ignore.

    Raises
    ------
    WorkspaceError
        If there is one that is not empty.
    """
    for name, words in _ABSENT.items():
        if settings.get(name):
            raise refused(f"{name}: {words}")


def tasks(settings: Fields, overrides: Mapping[str, str], first_id: int) -> tuple[Task, ...]:
    """Read the tasks of a job or of a run that is submitted once.

    Parameters
    ----------
    settings : mapping
        ``tasks``, or the older form: one ``notebook_task`` at the top.
    overrides : mapping of str to str
        Parameters of the run, which go before the tasks' own.
    first_id : int
        Number of the first task; the others follow.

    Raises
    ------
    WorkspaceError
        If a task is of another kind than a notebook, a dependency leads nowhere or in a circle, a key is used twice.
    """
    alone = {"task_key": settings.get("run_name") or settings.get("name"), **settings, "schedule": None}
    wanted = mappings(settings.get("tasks"), "tasks") or [alone]
    found = tuple(_task(each, overrides, first_id + number) for number, each in enumerate(wanted))
    _check_graph(found)
    return found


def _task(asked: Fields, overrides: Mapping[str, str], run_id: int) -> Task:
    key = str(asked.get("task_key") or "main")
    if "notebook_task" not in asked:
        kind = next((kind for kind in _TASK_KINDS if kind in asked), None)
        what = f"is a {kind}" if kind else "has no notebook_task"
        raise refused(f"Task {key!r} {what}; the lab's workspace runs tasks of the kind notebook_task only.")
    check_absent(asked)
    notebook = mapping(asked["notebook_task"], "notebook_task")
    if text(notebook, "source", "WORKSPACE") != "WORKSPACE" or notebook.get("warehouse_id"):
        raise refused(f"Task {key!r}: the lab runs notebooks of its workspace on its cluster: no Git, no warehouse.")
    run_if = str(asked.get("run_if", "ALL_SUCCESS"))
    if run_if not in RUN_IF:
        raise refused(f"Task {key!r}: run_if is {run_if!r}; it can be {', '.join(RUN_IF)}.")
    parameters = texts(notebook.get("base_parameters"), "base_parameters") | dict(overrides)
    references.check(parameters)
    return Task(
        key=key,
        run_id=run_id,
        notebook_path=text(notebook, "notebook_path"),
        parameters=parameters,
        depends_on=tuple(text(each, "task_key") for each in mappings(asked.get("depends_on"), "depends_on")),
        run_if=run_if,
        timeout_seconds=whole_number(asked, "timeout_seconds", 0),
        max_retries=_retries(asked),
        retry_on_timeout=flag(asked, "retry_on_timeout"),
        min_retry_interval_millis=whole_number(asked, "min_retry_interval_millis", 0),
    )


def _retries(asked: Fields) -> int:
    if str(asked.get("max_retries")) == "-1":
        raise refused("max_retries is -1, for ever: the lab's workspace wants a number of attempts that ends.")
    return whole_number(asked, "max_retries", 0)


def check_job(settings: Fields) -> None:
    """Refuse a job's mistakes when it is made, not in its first run."""
    check_absent({**settings, "schedule": None})
    if settings.get("schedule"):
        schedules.check(settings["schedule"])
    text(settings, "name", "Untitled")
    references.check(job_parameters(settings))
    tasks(settings, {}, 0)
    most_runs(settings)
    queues(settings)


def most_runs(settings: Fields) -> int:
    """Read how many runs of a job may be under way at a time; Databricks takes one if nothing is said."""
    return whole_number(settings, "max_concurrent_runs", 1)


def queues(settings: Fields) -> bool:
    """Read whether further runs of a job wait for their turn; else they are skipped."""
    return flag(mapping(settings.get("queue"), "queue"), "enabled")


def _check_graph(found: Iterable[Task]) -> None:
    open_ones = {}
    for task in found:
        if task.key in open_ones:
            raise refused(f"Two tasks have the key {task.key!r}.")
        open_ones[task.key] = set(task.depends_on)
    for key, needs in open_ones.items():
        if unknown := sorted(needs - open_ones.keys()):
            raise refused(f"Task {key!r} depends on {unknown[0]!r}, and there is no such task.")
    while open_ones:
        free = {key for key, needs in open_ones.items() if not needs & open_ones.keys()}
        if not free:
            raise refused(f"The tasks {', '.join(sorted(open_ones))} depend on each other in a circle.")
        open_ones = {key: needs for key, needs in open_ones.items() if key not in free}
