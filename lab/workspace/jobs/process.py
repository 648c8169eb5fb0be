"""The process of a task: started with what it needs to know in a file, waited for, ended with all that it started."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from lab.control import supervision
from lab.core.environment import inherited
from lab.core.files import write_private
from lab.core.layout import Lab
from lab.workspace.errors import WorkspaceError
from lab.workspace.jobs.runs import Task
from lab.workspace.tree import Tree

MARK = "WORKSPACE_RUN"
"""Environment variable of a task's processes, kernel included: the lab's folder and the task's number."""


JOBS_USER = "jobs"
"""User of the cluster as whom tasks connect; their sessions are known by it."""


class NotebookProcess:
    """A running task."""

    def __init__(self, process: subprocess.Popen, mark: str, outcome: Path, close: Callable[[], None]):
        self._process, self._mark, self._outcome, self._close = process, mark, outcome, close

    def wait(self, seconds: float | None) -> bool:
        """Wait until it has ended, at most so long; tell whether it has."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """End it, its kernel, and what both started, here and on the cluster."""
        _kill(supervision.marked(MARK, self._mark))
        self._process.wait()

    def close(self) -> None:
        """Give up its session of the cluster, with what still runs there."""
        self._close()

    def output(self) -> dict[str, Any]:
        """Return what it left: ``notebook_output``, ``error``, ``error_trace``, or ``fault`` if it could not say."""
        if self._outcome.exists():
            return json.loads(self._outcome.read_text())
        log = self._outcome.with_suffix(".log")
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        words = f" Its last words: {last[0]}" if last else ""
        return {"fault": f"The notebook's process ended before the notebook did.{words}"}


class _Refused:
    """Stands in for the process of a notebook that is not there."""

    def __init__(self, message: str):
        self._message = message

    def wait(self, seconds: float | None) -> bool:
        """Be at the end already."""
        return True

    def end(self) -> None:
        """Do nothing: nothing runs."""

    def close(self) -> None:
        """Do nothing: there is no session."""

    def output(self) -> dict[str, Any]:
        return {"fault": self._message}


class Launcher:
    """Starts the processes of tasks.

    Parameters
    ----------
    lab : Lab
        Whose cluster they use.
    tree : Tree
        Where their notebooks are.
    close_session : callable
        Gives up a session of the cluster, with what still runs in it.
    """

    def __init__(self, lab: Lab, tree: Tree, close_session: Callable[[str], None]):
        self._lab, self._tree, self._close_session = lab, tree, close_session

    def start(self, task: Task, executed: Path) -> "NotebookProcess | _Refused":
        """Start the process of a task.

        Parameters
        ----------
        task : Task
            What to run.
        executed : Path
            Where the executed notebook goes; the outcome goes beside it.
        """
        try:
            source = self._tree.notebook(task.notebook_path)
        except WorkspaceError as error:
            return _Refused(error.message)
        outcome, session = executed.with_suffix(".outcome.json"), str(uuid.uuid4())
        asked = {
            "run_id": task.run_id, "path": task.notebook_path, "source": str(source), "executed": str(executed),
            "outcome": str(outcome), "parameters": task.parameters,
            "session": f"user_id={JOBS_USER};session_id={session}",
        }  # fmt: skip
        request = executed.with_suffix(".request.json")
        write_private(request, json.dumps(asked))
        mark = f"{self._lab.home}#{task.run_id}"
        log = executed.with_suffix(".outcome.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lab.workspace.jobs.notebook_run", str(request)],
                env=inherited(os.environ) | supervision.variables(self._lab) | {MARK: mark},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # the signal that stops the cluster is not its own: the executor ends it
            )  # fmt: skip
        return NotebookProcess(process, mark, outcome, lambda: self._close_session(session))

    def end_leftovers(self) -> None:
        """End the processes of every task of this lab."""
        prefix = f"{self._lab.home}#"
        _kill([process for process in supervision.processes(self._lab.home) if _mark(process).startswith(prefix)])


def _mark(process: psutil.Process) -> str:
    try:
        return process.environ().get(MARK, "")
    except psutil.Error:
        return ""


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=5)
