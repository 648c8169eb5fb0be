"""Runs tasks: so many at a time, each in a process of its own, none longer than it may."""

import logging
import threading
from dataclasses import replace
from typing import Any

from lab.workspace.jobs import runs, states
from lab.workspace.jobs.process import Launcher, NotebookProcess
from lab.workspace.jobs.runs import Run, Task
from lab.workspace.jobs.states import State
from lab.workspace.jobs.store import Runs, now

LOG = logging.getLogger("workspace")

SLOTS = 2
"""Notebooks at a time: each holds a kernel of some 300 MB. Those that other notebooks run come on top."""


class Executor:
    """Brings runs from one state to the next.

    Parameters
    ----------
    kept : Runs
        The runs; every change is stored at once.
    launcher : Launcher
        Starts the process of a task.
    slots : int
        Tasks at a time.
    """

    def __init__(self, kept: Runs, launcher: Launcher, slots: int = SLOTS):
        self._runs = kept
        self._launcher = launcher
        self._slots = slots
        self._lock = threading.RLock()
        self._processes: dict[int, NotebookProcess] = {}
        self._working: dict[int, Run] = {}
        self._stopped = False

    def recover(self) -> None:
        """End what an earlier cluster left running, and mark those runs as failed."""
        self._launcher.end_leftovers()
        for run in self._runs.active():
            self._runs.change(run.run_id, lambda run: runs.lost(run, now()))

    def submit(self, run: Run) -> None:
        """Take a new run."""
        self._runs.add(run)
        self._advance()

    def cancel(self, run_id: int) -> None:
        """Cancel a run, and the runs that its notebooks started; one that has ended stays as it is."""
        run = self._runs.change(run_id, lambda run: replace(run, cancelled=not run.state.terminal or run.cancelled))
        with self._lock:
            processes = [self._processes[task.run_id] for task in run.tasks if task.run_id in self._processes]
        for process in processes:
            process.end()
        for child in self._runs.active():
            if child.parent_run_id in {task.run_id for task in run.tasks}:
                self.cancel(child.run_id)
        self._advance()

    def stop(self) -> None:
        """Start nothing more, end every process, and say in their runs that the cluster was stopped."""
        with self._lock:
            self._stopped = True
            for run in self._runs.active():
                self._runs.change(run.run_id, lambda run: runs.lost(run, now(), runs.STOPPED))
        self._launcher.end_leftovers()

    def _advance(self) -> None:
        """Start what can start."""
        with self._lock:
            for run in [] if self._stopped else self._runs.active():
                run = self._runs.change(run.run_id, lambda run: runs.settle(run, now()))
                free = runs.has_its_turn(run, self._runs.active())
                for task in runs.ready(run, now()):
                    if run.parent_run_id or (free and self._in_use() < self._slots):
                        self._start(run, task)
                    else:
                        self._put(run, replace(task, state=states.QUEUED))

    def _in_use(self) -> int:
        """Slots that are taken; a nested run takes none, else its parent could wait for it for ever."""
        return sum(not run.parent_run_id for run in self._working.values())

    def _put(self, run: Run, task: Task) -> None:
        self._runs.change(run.run_id, lambda kept: kept.with_task(task))

    def _start(self, run: Run, task: Task) -> None:
        started = replace(task, state=states.RUNNING, start_time=now())
        self._put(run, started)
        self._working[task.run_id] = run
        threading.Thread(target=self._work, args=(run.run_id, started), name=f"run {task.run_id}", daemon=True).start()

    def _work(self, run_id: int, task: Task) -> None:
        try:
            state, output = self._outcome(self._runs.get(run_id), task)
        except Exception as error:
            LOG.exception("task %s of run %s failed", task.key, run_id)
            message = f"The lab failed: {error}. `python -m lab logs cluster` tells why."
            state, output = _ended(states.internal_error(message))
        with self._lock:
            self._processes.pop(task.run_id, None)
            self._working.pop(task.run_id, None)
            if self._stopped:
                return
            ended, number = replace(task, state=state, output=output, end_time=now()), self._runs.numbers.take()
            run = self._runs.change(run_id, lambda run: runs.ended(run, ended, number))
        self._end_children(task)
        self._advance()
        for again in run.tasks:
            if again.run_id == number:
                self._wake(again.not_before)

    def _wake(self, moment: int) -> None:
        """Look again for what can start, at a moment in milliseconds since the epoch."""
        timer = threading.Timer(max(0, moment - now() + 1) / 1000, self._advance)
        timer.daemon = True
        timer.start()

    def _end_children(self, task: Task) -> None:
        for child in self._runs.active():
            if child.parent_run_id == task.run_id:
                self.cancel(child.run_id)

    def _outcome(self, run: Run, task: Task) -> tuple[State, dict[str, Any]]:
        """Run one task to its end; tell its last state and its output."""
        process = self._launcher.start(task, self._runs.notebook(run, task))
        with self._lock:
            self._processes[task.run_id] = process
        if self._stopped or self._runs.get(run.run_id).cancelled:  # while the process was started
            process.end()
        limit = run.deadline(task)
        in_time = process.wait(None if limit is None else max(0.0, (limit[0] - now()) / 1000))
        if not in_time:
            process.end()
        process.close()
        if self._runs.get(run.run_id).cancelled:
            return _ended(states.CANCELED)
        return _judged(process.output()) if in_time else _ended(states.timed_out(limit[1]))


def _ended(state: State) -> tuple[State, dict[str, Any]]:
    return state, {"error": state.state_message}


def _judged(output: dict[str, Any]) -> tuple[State, dict[str, Any]]:
    """Read how a notebook ended from what its process left."""
    if fault := output.pop("fault", None):
        return _ended(states.internal_error(fault))
    return (states.FAILED if "error" in output else states.SUCCESS), output
