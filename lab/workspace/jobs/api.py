"""What ``/api/2.2/jobs/…`` answers: runs submitted once, jobs, and their runs."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from helpers.databricks.laptop.dbutils.context import USER
from lab.workspace.jobs import references, requests, runs
from lab.workspace.jobs.executor import Executor
from lab.workspace.jobs.runs import Run, Task
from lab.workspace.jobs.states import State
from lab.workspace.jobs.store import Jobs, Runs, now
from lab.workspace.routing import (
    Address,
    Answers,
    Fields,
    flag,
    mapping,
    refused,
    text,
    whole_number,
)  # fmt: skip

VERSIONS = ("2.0", "2.1", "2.2")
"""Versions in whose name the addresses answer; the answers are 2.2's, a superset of the others'."""

DEEPEST = 5
"""How many notebooks may run one inside another before the lab takes it for an endless recursion."""

PAGE_SIZE = 25


class JobsApi:
    """The addresses of the Jobs API.

    Parameters
    ----------
    runs : Runs
        All runs.
    jobs : Jobs
        All jobs.
    executor : Executor
        Runs them.
    page_url : callable
        Run number → address of its page.
    """

    def __init__(self, runs: Runs, jobs: Jobs, executor: Executor, page_url: Callable[[int], str]):
        self._runs, self._jobs, self._executor, self._page_url = runs, jobs, executor, page_url
        self._one_run = threading.Lock()

    def addresses(self) -> dict[Address, Answers]:
        """Give each address its work."""
        answers = {
            ("POST", "runs/submit"): self._submit,
            ("GET", "runs/get"): self._get_run,
            ("GET", "runs/get-output"): self._get_output,
            ("GET", "runs/list"): self._list_runs,
            ("POST", "runs/cancel"): self._cancel,
            ("POST", "runs/cancel-all"): self._cancel_all,
            ("POST", "runs/delete"): self._delete_run,
            ("POST", "create"): self._create,
            ("GET", "get"): lambda asked: self._job(self._jobs.get(whole_number(asked, "job_id"))),
            ("GET", "list"): self._list_jobs,
            ("POST", "reset"): self._reset,
            ("POST", "update"): self._update,
            ("POST", "delete"): self._delete_job,
            ("POST", "run-now"): self._run_now,
        }
        return {
            (method, f"/api/{version}/jobs/{name}"): work
            for version in VERSIONS
            for (method, name), work in answers.items()
        }

    def _submit(self, asked: Fields) -> Fields:
        token = str(asked.get("idempotency_token") or "")
        if token and (earlier := self._with_token(token)):
            return {"run_id": earlier.run_id}
        requests.check_absent(asked)
        parent = whole_number(asked, "parent_run_id", 0)
        self._check_depth(parent)
        run = self._new_run(asked, {}, None, "WORKFLOW_RUN" if parent else "SUBMIT_RUN", token, parent)
        self._executor.submit(run)
        return {"run_id": run.run_id}

    def _with_token(self, token: str) -> Run | None:
        return next((run for run in self._runs.all() if run.idempotency_token == token), None)

    def _check_depth(self, parent: int) -> None:
        depth = 0
        while parent:
            depth, parent = depth + 1, self._runs.find(parent)[0].parent_run_id
        if depth > DEEPEST:
            raise refused(f"More than {DEEPEST} notebooks run one inside another: do they call each other?")

    def _new_run(
        self, settings: Mapping[str, Any], overrides: Mapping[str, str], job_id: int | None, run_type: str,
        token: str = "", parent: int = 0,
    ) -> Run:  # fmt: skip
        tasks = requests.tasks(settings, overrides, 0)
        run_id, start = self._runs.numbers.take(1 + len(tasks)), now()
        name = str(settings.get("run_name") or settings.get("name") or "Untitled")
        values = {
            "job.id": str(job_id or run_id),
            "job.run_id": str(run_id),
            "job.name": name,
            "job.start_time.iso_date": datetime.fromtimestamp(start / 1000, UTC).date().isoformat(),
        }
        given = references.resolved(overrides, values)
        values |= {f"job.parameters.{parameter}": value for parameter, value in given.items()}
        return Run(
            run_id=run_id,
            job_id=job_id or run_id,
            name=name,
            run_type=run_type,
            tasks=tuple(
                replace(
                    task,
                    run_id=run_id + 1 + number,
                    parameters=references.resolved(task.parameters | given, values | {"task.name": task.key}),
                )
                for number, task in enumerate(tasks)
            ),
            start_time=start,
            timeout_seconds=whole_number(settings, "timeout_seconds", 0) if settings.get("tasks") else 0,
            idempotency_token=token,
            parent_run_id=parent,
        )

    def _get_run(self, asked: Fields) -> Fields:
        run, task = self._runs.find(whole_number(asked, "run_id"))
        return self._described(run) if task is None else self._described_task(run, task)

    def _get_output(self, asked: Fields) -> Fields:
        run, task = self._runs.find(whole_number(asked, "run_id"))
        if task is None and len(run.latest) > 1:
            raise refused(
                "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of "
                f"each individual task run instead: {', '.join(f'{each.key} is {each.run_id}' for each in run.latest)}."
            )
        task = task or run.latest[0]
        return {"metadata": self._described_task(run, task)} | task.output

    def _list_runs(self, asked: Fields) -> Fields:
        for name in ("run_type", "start_time_from", "start_time_to"):
            if asked.get(name):
                raise refused(f"{name}: the lab lists runs by job_id, active_only and completed_only. Leave it out.")
        job_id = whole_number(asked, "job_id", 0)
        found = [
            run
            for run in self._runs.all()
            if (not job_id or run.job_id == job_id)
            and not (flag(asked, "active_only") and run.state.terminal)
            and not (flag(asked, "completed_only") and not run.state.terminal)
        ]
        page, more = _page(found, asked)
        return {"runs": [self._described(run) for run in page]} | more

    def _cancel(self, asked: Fields) -> Fields:
        run, _ = self._runs.find(whole_number(asked, "run_id"))
        self._executor.cancel(run.run_id)
        return {}

    def _cancel_all(self, asked: Fields) -> Fields:
        job_id = whole_number(asked, "job_id", 0)
        for run in self._runs.active():
            if run.job_id == job_id or flag(asked, "all_queued_runs"):
                self._executor.cancel(run.run_id)
        return {}

    def _delete_run(self, asked: Fields) -> Fields:
        self._runs.delete(whole_number(asked, "run_id"))
        return {}

    def _create(self, asked: Fields) -> Fields:
        requests.check_job(asked)
        job_id = self._runs.numbers.take()
        self._jobs.put(job_id, {"name": "Untitled"} | asked, now())
        return {"job_id": job_id}

    def _list_jobs(self, asked: Fields) -> Fields:
        name = text(asked, "name", "").lower()
        found = [job for job in self._jobs.all() if name in ("", job["settings"]["name"].lower())]
        page, more = _page(found, asked)
        return {"jobs": [self._job(job) for job in page]} | more

    def _job(self, job: Fields) -> Fields:
        return job | {"creator_user_name": USER}

    def _reset(self, asked: Fields) -> Fields:
        return self._replace(asked, {"name": "Untitled", **mapping(asked["new_settings"], "new_settings")})

    def _update(self, asked: Fields) -> Fields:
        before = self._jobs.get(whole_number(asked, "job_id"))["settings"]
        gone = asked.get("fields_to_remove") or []
        if not isinstance(gone, list):
            raise refused(f"fields_to_remove must be a list of names, not {gone!r:.80}.")
        kept = {name: value for name, value in before.items() if name not in gone}
        return self._replace(asked, {**kept, **mapping(asked.get("new_settings"), "new_settings")})

    def _replace(self, asked: Fields, settings: Fields) -> Fields:
        requests.check_job(settings)
        job_id = whole_number(asked, "job_id")
        self._jobs.put(job_id, settings, self._jobs.get(job_id)["created_time"])
        return {}

    def _delete_job(self, asked: Fields) -> Fields:
        self._jobs.delete(whole_number(asked, "job_id"))
        return {}

    def _run_now(self, asked: Fields) -> Fields:
        requests.check_absent(asked)
        token = str(asked.get("idempotency_token") or "")
        run = self._with_token(token) if token else None
        if run is None:
            job = self._jobs.get(whole_number(asked, "job_id"))
            given = (
                requests.job_parameters(job["settings"])
                | requests.texts(asked.get("notebook_params"), "notebook_params")
                | requests.texts(asked.get("job_parameters"), "job_parameters")
            )
            run = self._new_run(job["settings"], given, job["job_id"], "JOB_RUN", token)
            self._begin(run, job["settings"])
        return {"run_id": run.run_id, "number_in_job": run.run_id}

    def _begin(self, run: Run, settings: Fields) -> None:
        """Submit a run of a job, or skip it if the job has as many runs as it may."""
        most = requests.most_runs(settings)
        if most and requests.queues(settings):
            self._executor.submit(replace(run, most_at_once=most))
            return
        with self._one_run:  # between counting and submitting no other may come
            under_way = sum(other.job_id == run.job_id for other in self._runs.active())
            self._executor.submit(run if under_way < most else runs.skipped(run, most, now()))

    def _described(self, run: Run) -> Fields:
        return self._common(run, run.run_id, run.state, run.start_time, run.end_time) | {
            "run_name": run.name,
            "format": "MULTI_TASK",
            "tasks": [self._described_task(run, task) for task in run.tasks],
        }

    def _described_task(self, run: Run, task: Task) -> Fields:
        notebook = {"notebook_path": task.notebook_path, "base_parameters": task.parameters, "source": "WORKSPACE"}
        return self._common(run, task.run_id, task.state, task.start_time or run.start_time, task.end_time) | {
            "task_key": task.key,
            "run_name": run.name,
            "attempt_number": task.attempt,
            "notebook_task": notebook,
            "depends_on": [{"task_key": key} for key in task.depends_on],
            "run_if": task.run_if,
        }

    def _common(self, run: Run, run_id: int, state: State, start: int, end: int) -> Fields:
        shown = {"life_cycle_state": state.life_cycle_state, "state_message": state.state_message}
        if state.result_state:
            shown["result_state"] = state.result_state
        return {
            "job_id": run.job_id,
            "run_id": run_id,
            "number_in_job": run.run_id,
            "creator_user_name": USER,
            "run_type": run.run_type,
            "state": shown,
            "start_time": start,
            "end_time": end,
            "execution_duration": max(0, end - start),
            "run_page_url": self._page_url(run_id),
        }


def _page(found: list, asked: Fields) -> tuple[list, Fields]:
    """Cut one page out of a list; the token of the next is where it begins."""
    begin, size = whole_number(asked, "offset", 0), whole_number(asked, "limit", PAGE_SIZE) or PAGE_SIZE
    begin = whole_number(asked, "page_token") if asked.get("page_token") else begin
    more = {"next_page_token": str(begin + size)} if begin + size < len(found) else {}
    return found[begin : begin + size], more | {"has_more": bool(more)}
