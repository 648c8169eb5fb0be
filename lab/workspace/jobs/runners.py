"""Runners: a process with a kernel for one task each, some of them started ahead, while there is work."""

import os
import subprocess
import sys
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from lab.core import processes
from lab.core.environment import inherited
from lab.core.layout import Lab

MARK = "WORKSPACE_RUN"
"""Environment variable of a runner's processes, kernel included: the lab's folder and the runner's own number."""

IDLE_SECONDS = 300
"""How long after the last task runners are kept ready; one takes some 250 MB."""


@dataclass(frozen=True)
class Runner:
    """A process that waits on its standard input for the file that tells its task (`notebook_run`).

    Attributes
    ----------
    process : subprocess.Popen
        The process; its kernel is a child.
    mark : str
        Value of `MARK` in the environment of both.
    log : Path
        Where both write what nobody captures.
    """

    process: subprocess.Popen
    mark: str
    log: Path

    def begin(self, request: Path, log: Path) -> None:
        """Hand over the task; from now on the log has another name."""
        self.log.rename(log)
        assert self.process.stdin is not None
        self.process.stdin.write(f"{request}\n".encode())
        self.process.stdin.close()


class Runners:
    """Starts runners, and keeps some ready from the first task on until nobody has asked for a while.

    Starting takes seconds, for imports above all. Each runs one task, so that no notebook finds what another left.

    Parameters
    ----------
    lab : Lab
        Whose they are.
    folder : Path
        For the logs of those that wait.
    ready : int
        How many wait.
    idle_seconds : float
        How long they wait.
    """

    def __init__(self, lab: Lab, folder: Path, ready: int, idle_seconds: float = IDLE_SECONDS):
        self._lab, self._folder, self._ready, self._idle_seconds = lab, folder, ready, idle_seconds
        self._lock = threading.Lock()
        self._waiting: list[Runner] = []
        self._timer: threading.Timer | None = None

    def take(self) -> Runner:
        """Return a runner, one that is ready if there is one, and see to it that the next find one."""
        with self._lock:
            self._waiting = [runner for runner in self._waiting if runner.process.poll() is None]
            runner = self._waiting.pop(0) if self._waiting else self._start()
            while len(self._waiting) < self._ready:
                self._waiting.append(self._start())
            if self._timer:
                self._timer.cancel()
            self._timer = threading.Timer(self._idle_seconds, self.end)
            self._timer.daemon = True
            self._timer.start()
        return runner

    def end(self) -> None:
        """End those that wait: without a task they leave by themselves."""
        with self._lock:
            for runner in self._waiting:
                assert runner.process.stdin is not None
                runner.process.stdin.close()
                runner.process.wait()
                runner.log.unlink(missing_ok=True)
            self._waiting.clear()

    def _start(self) -> Runner:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = uuid.uuid4().hex
        mark, log = f"{self._lab.home}#{number}", self._folder / f"{number}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "lab.workspace.jobs.notebook_run"],
                env=inherited(os.environ) | processes.variables(self._lab) | {MARK: mark},
                stdin=subprocess.PIPE, stdout=out, stderr=out,
                start_new_session=True,  # the signal that stops the cluster is not its own: the executor ends it
            )  # fmt: skip
        return Runner(process, mark, log)
