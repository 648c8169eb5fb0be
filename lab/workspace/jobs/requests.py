"""What a request for a run or a job asks for: read, checked, and refused in words when it cannot be done."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lab.workspace.errors import WorkspaceError
from lab.workspace.jobs.runs import RUN_IF, Task
from lab.workspace.routing import flag

Fields = Mapping[str, Any]

_TASK_KINDS = (
    "spark_python_task", "spark_jar_task", "spark_submit_task", "python_wheel_task", "sql_task", "dbt_task",
    "pipeline_task", "run_job_task", "condition_task", "for_each_task",
)  # fmt: skip
"""Kinds of task that Databricks knows and the lab does not run."""


def refused(message: str) -> WorkspaceError:
    """Refuse a value."""
    return WorkspaceError("INVALID_PARAMETER_VALUE", message)


def whole_number(asked: Fields, name: str, default: int | None = None) -> int:
    """Read a whole number, which Airflow may send as text.

    Raises
    ------
    KeyError
        If it is missing and there is no default.
    WorkspaceError
        If it is no whole number, or below 0.
    """
    value = asked[name] if default is None else asked.get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise refused(f"{name} must be a whole number, not {value!r}.") from None
    if number < 0:
        raise refused(f"{name} must not be below 0, and {number} is.")
    return number


def texts(values: Any, name: str) -> dict[str, str]:
    """Read parameters, all as text: on Databricks a notebook gets nothing else."""
    if not isinstance(values or {}, Mapping):
        raise refused(f"{name} must be an object of names and values, not {values!r}.")
    return {str(key): _as_text(value) for key, value in (values or {}).items()}


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)


def job_parameters(settings: Fields) -> dict[str, str]:
    """Read a job's own parameters with their defaults."""
    return texts({each["name"]: each.get("default", "") for each in settings.get("parameters", ())}, "parameters")


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
    wanted = settings.get("tasks") or [{"task_key": settings.get("run_name") or settings.get("name"), **settings}]
    found = tuple(_task(each, overrides, first_id + number) for number, each in enumerate(wanted))
    _check_graph(found)
    return found


def _task(asked: Fields, overrides: Mapping[str, str], run_id: int) -> Task:
    key = str(asked.get("task_key") or "main")
    if "notebook_task" not in asked:
        kind = next((kind for kind in _TASK_KINDS if kind in asked), None)
        what = f"is a {kind}" if kind else "has no notebook_task"
        raise refused(f"Task {key!r} {what}; the lab's workspace runs tasks of the kind notebook_task only.")
    notebook = asked["notebook_task"]
    run_if = str(asked.get("run_if", "ALL_SUCCESS"))
    if run_if not in RUN_IF:
        raise refused(f"Task {key!r}: run_if is {run_if!r}; it can be {', '.join(RUN_IF)}.")
    return Task(
        key=key,
        run_id=run_id,
        notebook_path=str(notebook["notebook_path"]),
        parameters=texts(notebook.get("base_parameters"), "base_parameters") | dict(overrides),
        depends_on=tuple(str(each["task_key"]) for each in asked.get("depends_on") or ()),
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
    tasks(settings, {}, 0)
    most_runs(settings)
    queues(settings)


def most_runs(settings: Fields) -> int:
    """Read how many runs of a job may be under way at a time; Databricks takes one if nothing is said."""
    return whole_number(settings, "max_concurrent_runs", 1)


def queues(settings: Fields) -> bool:
    """Read whether further runs of a job wait for their turn; else they are skipped."""
    queue = settings.get("queue") or {}
    if not isinstance(queue, Mapping):
        raise refused(f"queue must be an object, {{'enabled': true}}, not {queue!r}.")
    return flag(queue, "enabled")


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
