"""A run and its tasks, and what happens next: values and pure functions only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lab.workspace.jobs import states
from lab.workspace.jobs.states import State

Results = list[str]

RUN_IF: Mapping[str, Callable[[Results], bool]] = {
    "ALL_SUCCESS": lambda results: all(result == "SUCCESS" for result in results),
    "ALL_DONE": lambda results: True,
    "NONE_FAILED": lambda results: not any(map(_failed, results)),
    "AT_LEAST_ONE_SUCCESS": lambda results: "SUCCESS" in results,
    "ALL_FAILED": lambda results: all(map(_failed, results)),
    "AT_LEAST_ONE_FAILED": lambda results: any(map(_failed, results)),
}
"""When a task runs whose dependencies have ended, by their results (Jobs API, ``run_if``)."""


def _failed(result: str) -> bool:
    return result not in ("SUCCESS", "EXCLUDED")


@dataclass(frozen=True)
class Task:
    """One notebook of a run.

    Attributes
    ----------
    key : str
        Name within the run.
    run_id : int
        Number of its own, beside the run's.
    notebook_path : str
        Notebook in the workspace.
    parameters : dict of str to str
        For widgets, and for a cell tagged ``parameters``.
    depends_on : tuple of str
        Keys of tasks that must have ended.
    run_if : str
        One of `RUN_IF`.
    timeout_seconds : int
        Longest run; 0 for no limit.
    max_retries : int
        Further attempts that it has if it fails.
    retry_on_timeout : bool
        Whether an attempt that took too long has failed in this sense.
    min_retry_interval_millis : int
        Shortest time from the start of one attempt to the next.
    attempt : int
        Which attempt it is, from 0; each is a task with a number of its own.
    not_before : int
        When it may start, milliseconds since the epoch.
    state : State
        Where it is.
    start_time, end_time : int
        Milliseconds since the epoch; 0 if not yet.
    output : dict
        What ``runs/get-output`` answers besides the metadata.
    """

    key: str
    run_id: int
    notebook_path: str
    parameters: dict[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    run_if: str = "ALL_SUCCESS"
    timeout_seconds: int = 0
    max_retries: int = 0
    retry_on_timeout: bool = False
    min_retry_interval_millis: int = 0
    attempt: int = 0
    not_before: int = 0
    state: State = states.BLOCKED
    start_time: int = 0
    end_time: int = 0
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One run of a job, or of tasks that were submitted once.

    Attributes
    ----------
    run_id, job_id : int
        Numbers of the run and its job; a submitted run is its own job.
    name : str
        What people call it.
    run_type : str
        JOB_RUN, SUBMIT_RUN, or WORKFLOW_RUN for a notebook that another notebook runs.
    tasks : tuple of Task
        In the order of the request; further attempts of tasks that failed stand behind.
    start_time : int
        When it was asked for, milliseconds since the epoch.
    timeout_seconds : int
        Longest time from the start of its first task; 0 for no limit.
    idempotency_token : str
        A second request with the same token gets this run.
    parent_run_id : int
        Task whose notebook runs this one; 0 if none does.
    cancelled : bool
        Whether somebody asked to cancel it.
    most_at_once : int
        Runs of its job that may be under way: it waits until it is one of so many; 0 if it does not wait.
    """

    run_id: int
    job_id: int
    name: str
    run_type: str
    tasks: tuple[Task, ...]
    start_time: int
    timeout_seconds: int = 0
    idempotency_token: str = ""
    parent_run_id: int = 0
    cancelled: bool = False
    most_at_once: int = 0

    @property
    def latest(self) -> list[Task]:
        """The last attempt of each task, in the order of the request."""
        return list({task.key: task for task in self.tasks}.values())

    @property
    def state(self) -> State:
        """The run's own state, which follows from its tasks'."""
        found = [task.state for task in self.tasks]
        if all(state.terminal for state in found):
            return self._outcome()
        return states.RUNNING if any(task.start_time for task in self.tasks) else states.QUEUED

    @property
    def end_time(self) -> int:
        """When the last task ended, milliseconds since the epoch; 0 if not yet."""
        return max(task.end_time for task in self.tasks) if self.state.terminal else 0

    def _outcome(self) -> State:
        """Judge by the leaves: the tasks that none depends on (Jobs API, "run outcome")."""
        latest = self.latest
        if len(latest) == 1 or all(task.state.life_cycle_state == "SKIPPED" for task in latest):
            return latest[0].state
        bad = [task for task in latest if _failed(task.state.result_state)]
        inner = {key for task in latest for key in task.depends_on}
        if not bad:
            return states.SUCCESS
        if all(task.key in inner for task in bad):
            return State("TERMINATED", "SUCCESS_WITH_FAILURES")
        first = next((task for task in bad if task.state.result_state != "UPSTREAM_FAILED"), bad[0])
        message = f"Task {first.key} failed with message: {first.state.state_message}"
        return State("INTERNAL_ERROR", first.state.result_state, message)

    def task(self, run_id: int) -> Task:
        """Find a task by its own number."""
        return next(task for task in self.tasks if task.run_id == run_id)

    def with_task(self, changed: Task) -> "Run":
        """Replace a task by its later self."""
        return replace(self, tasks=tuple(changed if task.run_id == changed.run_id else task for task in self.tasks))

    @property
    def _begin(self) -> int:
        return min(task.start_time for task in self.tasks if task.start_time)

    def is_over(self, now: int) -> bool:
        """Tell whether a run that has begun took as long as it may."""
        return bool(self.timeout_seconds) and now >= self._begin + 1000 * self.timeout_seconds

    def deadline(self, task: Task) -> tuple[int, int] | None:
        """Tell until when a running task may run, and by which limit.

        Returns
        -------
        tuple of int, or None
            Milliseconds since the epoch, and the limit in seconds; None without a limit.
        """
        limits = [
            (begin + 1000 * seconds, seconds)
            for begin, seconds in ((task.start_time, task.timeout_seconds), (self._begin, self.timeout_seconds))
            if seconds
        ]
        return min(limits, default=None)


def settle(run: Run, now: int) -> Run:
    """End the tasks that will never run: cancelled ones, and those whose ``run_if`` is not met.

    Parameters
    ----------
    run : Run
        Before.
    now : int
        Milliseconds since the epoch.
    """
    for task in _waiting(run):  # as it was: what ends here may decide others, so go on until nothing changes
        state = states.CANCELED if run.cancelled else _verdict(run, task)
        if state is not None:
            return settle(run.with_task(replace(task, state=state, end_time=now)), now)
    return run


def _verdict(run: Run, task: Task) -> State | None:
    results = _upstream(run, task)
    if results is None or RUN_IF[task.run_if](results):
        return None
    return states.UPSTREAM_FAILED if task.run_if == "ALL_SUCCESS" else states.EXCLUDED


def ready(run: Run, now: int) -> list[Task]:
    """List the tasks that may start now.

    Parameters
    ----------
    run : Run
        Settled.
    now : int
        Milliseconds since the epoch.
    """
    return [task for task in _waiting(run) if task.not_before <= now and _upstream(run, task) is not None]


def has_its_turn(run: Run, active: Iterable[Run]) -> bool:
    """Tell whether a run may begin beside the earlier runs of its job that have not ended."""
    before = sum(other.job_id == run.job_id and other.run_id < run.run_id for other in active)
    return not run.most_at_once or before < run.most_at_once


def skipped(run: Run, limit: int, now: int) -> Run:
    """End a run that begins while its job has as many runs as it may."""
    state = states.too_many(limit)
    tasks = (replace(task, state=state, end_time=now, output={"error": state.state_message}) for task in run.tasks)
    return replace(run, tasks=tuple(tasks))


def _waiting(run: Run) -> list[Task]:
    return [task for task in run.tasks if task.state in (states.BLOCKED, states.QUEUED, states.WAITING_FOR_RETRY)]


def ended(run: Run, task: Task, number: int) -> Run:
    """End a task, and give it another attempt if it failed and may have one.

    Parameters
    ----------
    run : Run
        Before.
    task : Task
        As it ended.
    number : int
        Of the next attempt.
    """
    run = run.with_task(task)
    failed = task.state.result_state == "FAILED" or (task.retry_on_timeout and task.state.result_state == "TIMEDOUT")
    if not failed or run.cancelled or task.attempt == task.max_retries or run.is_over(task.end_time):
        return run
    again = replace(
        task, run_id=number, attempt=task.attempt + 1, state=states.WAITING_FOR_RETRY, start_time=0, end_time=0,
        not_before=task.start_time + task.min_retry_interval_millis, output={},
    )  # fmt: skip
    return replace(run, tasks=(*run.tasks, again))


def _upstream(run: Run, task: Task) -> Results | None:
    """Results of the tasks that one depends on; None while one has not ended."""
    found = [each.state for each in run.latest if each.key in task.depends_on]
    return [state.result_state for state in found] if all(state.terminal for state in found) else None


CRASHED = "The cluster ended while this task ran, and its work was lost. Run it again."
STOPPED = "The cluster was terminated: the lab was stopped before this task had ended. Run it again."


def lost(run: Run, now: int, words: str = CRASHED) -> Run:
    """Mark what was under way when the cluster ended; tasks that had not started are lost with it."""
    for task in run.tasks:
        if not task.state.terminal:
            run = run.with_task(
                replace(task, state=states.internal_error(words), end_time=now, output={"error": words})
            )
    return run
