"""Runs and jobs on disk: a folder a run, a file a job, so that both outlive the cluster."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lab.core.files import write_private
from lab.workspace.errors import WorkspaceError
from lab.workspace.jobs.runs import Run, Task
from lab.workspace.jobs.states import State


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Numbers:
    """Numbers for runs and jobs: from the clock, so that none comes twice, restarts and deletions included."""

    def __init__(self):
        self._last = 0
        self._lock = threading.Lock()

    def take(self, count: int = 1) -> int:
        """Take some in a row; return the first."""
        with self._lock:
            first = max(time.time_ns() // 1000, self._last + 1)
            self._last = first + count - 1
            return first


class Runs:
    """All runs, in memory and in ``runs/<run id>/run.json``.

    Parameters
    ----------
    folder : Path
        Where each run has a folder of its own.

    Attributes
    ----------
    numbers : Numbers
        Of runs, tasks and jobs.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.numbers = Numbers()
        self._lock = threading.RLock()
        self._runs = {run.run_id: run for run in map(_read, sorted(folder.glob("*/run.json")))}

    def all(self) -> list[Run]:
        """List the runs, the latest first."""
        with self._lock:
            return sorted(self._runs.values(), key=lambda run: -run.run_id)

    def active(self) -> list[Run]:
        """List the runs that have not ended, the oldest first."""
        return [run for run in reversed(self.all()) if not run.state.terminal]

    def get(self, run_id: int) -> Run:
        """Find a run by its number.

        Raises
        ------
        WorkspaceError
            If there is none.
        """
        with self._lock:
            if run_id not in self._runs:
                raise WorkspaceError("INVALID_PARAMETER_VALUE", f"Run {run_id} does not exist.")
            return self._runs[run_id]

    def find(self, run_id: int) -> tuple[Run, Task | None]:
        """Find a run by its number, or a task by its own, with its run.

        Raises
        ------
        WorkspaceError
            If there is neither.
        """
        for run in self.all():
            for task in run.tasks:
                if task.run_id == run_id:
                    return run, task
        return self.get(run_id), None

    def add(self, run: Run) -> None:
        """Keep a new run."""
        with self._lock:
            self._runs[run.run_id] = run
            write_private(self.folder(run) / "run.json", json.dumps(asdict(run)))

    def change(self, run_id: int, step: Callable[[Run], Run]) -> Run:
        """Replace a run by what a step makes of it; return that."""
        with self._lock:
            changed = step(self.get(run_id))
            self.add(changed)
            return changed

    def delete(self, run_id: int) -> None:
        """Forget a run that has ended, and its notebooks."""
        with self._lock:
            run = self.get(run_id)
            if not run.state.terminal:
                raise WorkspaceError("INVALID_STATE", f"Run {run_id} is still active; cancel it first.")
            shutil.rmtree(self.folder(run))
            del self._runs[run_id]

    def folder(self, run: Run) -> Path:
        """Where a run's files are."""
        return self._folder / str(run.run_id)

    def notebook(self, run: Run, task: Task) -> Path:
        """Where the executed notebook of a task is; it grows while the task runs."""
        return self.folder(run) / f"{task.run_id}.ipynb"


def _read(file: Path) -> Run:
    kept = json.loads(file.read_text())
    tasks = tuple(
        Task(**task | {"state": State(**task["state"]), "depends_on": tuple(task["depends_on"])})
        for task in kept["tasks"]
    )
    return Run(**kept | {"tasks": tasks})


class Jobs:
    """The jobs: settings as they were given, in ``jobs/<job id>.json``."""

    def __init__(self, folder: Path):
        self._folder = folder

    def _file(self, job_id: int) -> Path:
        file = self._folder / f"{job_id}.json"
        if not file.exists():
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"Job {job_id} does not exist.")
        return file

    def put(self, job_id: int, settings: dict[str, Any], created: int) -> None:
        """Keep a job's settings."""
        job = {"job_id": job_id, "created_time": created, "settings": settings}
        write_private(self._folder / f"{job_id}.json", json.dumps(job))

    def get(self, job_id: int) -> dict[str, Any]:
        """Return a job as the API describes it.

        Raises
        ------
        WorkspaceError
            If there is none.
        """
        return json.loads(self._file(job_id).read_text())

    def all(self) -> list[dict[str, Any]]:
        """List the jobs, the latest first."""
        found = [json.loads(file.read_text()) for file in self._folder.glob("*.json")]
        return sorted(found, key=lambda job: -job["job_id"])

    def delete(self, job_id: int) -> None:
        """Forget a job; its runs stay."""
        self._file(job_id).unlink()
