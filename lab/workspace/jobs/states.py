"""The states of runs and tasks, in the words of Databricks' Jobs API (its RunState)."""

from dataclasses import dataclass

TERMINAL = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
"""Life-cycle states that a run does not leave."""


@dataclass(frozen=True)
class State:
    """Where a run or a task is.

    Attributes
    ----------
    life_cycle_state : str
        QUEUED, BLOCKED, WAITING_FOR_RETRY, RUNNING, or one of `TERMINAL`.
    result_state : str
        How it ended; empty before.
    state_message : str
        A sentence for people; Airflow shows it.
    """

    life_cycle_state: str
    result_state: str = ""
    state_message: str = ""

    @property
    def terminal(self) -> bool:
        """Whether it has ended."""
        return self.life_cycle_state in TERMINAL


QUEUED = State("QUEUED", state_message="Queued: as many runs as the workspace takes are under way.")
BLOCKED = State("BLOCKED", state_message="Waits for the tasks that it depends on.")
WAITING_FOR_RETRY = State("WAITING_FOR_RETRY", state_message="The last attempt failed; the next one begins soon.")
RUNNING = State("RUNNING", state_message="In run")

SUCCESS = State("TERMINATED", "SUCCESS")
FAILED = State("TERMINATED", "FAILED", "Workload failed, see run output for details")
CANCELED = State("TERMINATED", "CANCELED", "Run cancelled.")
UPSTREAM_FAILED = State("SKIPPED", "UPSTREAM_FAILED", "A task that this one depends on has failed.")
EXCLUDED = State("SKIPPED", "EXCLUDED", "The task's run_if condition was not met.")


def too_many(limit: int) -> State:
    """State of a run that begins while its job has as many runs as it may."""
    words = f"Skipping this run because the limit of {limit} maximum concurrent runs has been reached."
    return State("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", words)


def timed_out(seconds: int) -> State:
    """State of what took longer than its ``timeout_seconds``."""
    return State("TERMINATED", "TIMEDOUT", f"The run took longer than its timeout of {seconds} s and was cancelled.")


def internal_error(message: str) -> State:
    """State of what failed before its notebook could, or without it."""
    return State("INTERNAL_ERROR", "FAILED", message)
