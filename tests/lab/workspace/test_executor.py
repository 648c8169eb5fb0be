"""The queue: how many at a time, what cancelling ends, what nested runs need."""

import threading
import time
from dataclasses import replace

import pytest

from helpers.waiting import wait_until
from lab.workspace.jobs.executor import Executor
from lab.workspace.jobs.runs import Run, Task
from lab.workspace.jobs.store import Runs


class Held:
    """A task's process that ends when the test lets it."""

    def __init__(self, task):
        self.task, self.done = task, threading.Event()
        self.left, self.ended = {"notebook_output": {}}, False

    def wait(self, seconds):
        return self.done.wait(seconds)

    def end(self):
        self.ended = True
        self.done.set()

    def close(self):
        """There is no session."""

    def output(self):
        return self.left


class Hand:
    """Starts processes that the test holds."""

    def __init__(self):
        self.held = {}
        self.cleared = False

    def start(self, task, executed):
        self.held[task.key] = Held(task)
        return self.held[task.key]

    def end_leftovers(self):
        self.cleared = True
        for held in self.held.values():
            held.left = {"fault": "The notebook's process ended before the notebook did."}
            held.done.set()


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def kept(tmp_path):
    return Runs(tmp_path)


@pytest.fixture
def executor(kept, hand):
    return Executor(kept, hand, slots=2)


def eventually(condition):
    wait_until(condition, 5, "what the executor is to do", every=0.01)


def new(number, **changes):
    task = Task(f"t{number}", number * 10, "/nb", timeout_seconds=changes.pop("timeout_seconds", 0))
    return Run(number, number, "r", "SUBMIT_RUN", (task,), start_time=1, **changes)


def life(kept, number):
    return kept.get(number).state.life_cycle_state


def test_more_runs_than_slots_wait_their_turn(executor, kept, hand):
    for number in (1, 2, 3):
        executor.submit(new(number))
    eventually(lambda: set(hand.held) == {"t1", "t2"})
    assert [life(kept, number) for number in (1, 2, 3)] == ["RUNNING", "RUNNING", "QUEUED"]
    hand.held["t1"].done.set()
    eventually(lambda: "t3" in hand.held)
    assert kept.get(1).state.result_state == "SUCCESS"


def test_a_run_of_a_run_does_not_wait_for_its_own_parent(executor, kept, hand):
    for number in (1, 2):
        executor.submit(new(number))
    executor.submit(new(3, parent_run_id=10))
    eventually(lambda: "t3" in hand.held)
    executor.cancel(1)
    eventually(lambda: kept.get(3).state.result_state == "CANCELED")
    assert hand.held["t3"].ended


def test_a_queued_run_can_be_cancelled_and_an_ended_one_stays(executor, kept, hand):
    for number in (1, 2, 3):
        executor.submit(new(number))
    executor.cancel(3)
    assert kept.get(3).state.result_state == "CANCELED"
    eventually(lambda: "t1" in hand.held)
    hand.held["t1"].done.set()
    eventually(lambda: kept.get(1).state.terminal)
    executor.cancel(1)
    assert kept.get(1).state.result_state == "SUCCESS"


def test_what_hangs_is_ended_at_its_limit(executor, kept, hand):
    executor.submit(new(1, timeout_seconds=1))
    eventually(lambda: kept.get(1).state.terminal)
    assert hand.held["t1"].ended
    assert kept.get(1).state.result_state == "TIMEDOUT"
    assert "timeout of 1 s" in kept.get(1).state.state_message


def test_what_failed_is_tried_again_after_its_interval(executor, kept, hand):
    run = new(1)
    task = replace(run.tasks[0], max_retries=1, min_retry_interval_millis=300)
    executor.submit(replace(run, tasks=(task,)))
    eventually(lambda: "t1" in hand.held)
    first = hand.held.pop("t1")
    first.left = {"error": "ValueError: unlucky"}
    first.done.set()
    eventually(lambda: "t1" in hand.held)
    before, again = kept.get(1).tasks
    assert again.start_time - before.start_time >= 300
    assert again.run_id != before.run_id
    hand.held["t1"].done.set()
    eventually(lambda: kept.get(1).state.terminal)
    assert kept.get(1).state.result_state == "SUCCESS"


def test_a_run_that_queues_begins_when_its_jobs_earlier_one_has_ended(executor, kept, hand):
    for number in (1, 2):
        executor.submit(replace(new(number), job_id=7, most_at_once=1))
    executor.submit(replace(new(3), job_id=8, most_at_once=1))
    eventually(lambda: set(hand.held) == {"t1", "t3"})
    assert life(kept, 2) == "QUEUED"
    hand.held["t1"].done.set()
    eventually(lambda: "t2" in hand.held)


def test_a_fault_of_the_process_is_told(executor, kept, hand):
    executor.submit(new(1))
    eventually(lambda: "t1" in hand.held)
    hand.held["t1"].left = {"fault": "no memory"}
    hand.held["t1"].done.set()
    eventually(lambda: kept.get(1).state.terminal)
    assert kept.get(1).state.life_cycle_state == "INTERNAL_ERROR"
    assert kept.get(1).tasks[0].output == {"error": "no memory"}


def test_a_stop_ends_what_runs_starts_nothing_more_and_says_so(executor, kept, hand):
    for number in (1, 2, 3):
        run = new(number)
        executor.submit(replace(run, tasks=(replace(run.tasks[0], max_retries=5),)))
    eventually(lambda: set(hand.held) == {"t1", "t2"})
    executor.stop()
    assert hand.cleared
    time.sleep(0.2)  # would be enough for another attempt, or for the run that waits
    assert set(hand.held) == {"t1", "t2"}
    for number in (1, 2, 3):
        assert kept.get(number).state.life_cycle_state == "INTERNAL_ERROR"
        assert len(kept.get(number).tasks) == 1
        assert "The cluster was terminated" in kept.get(number).tasks[0].output["error"]


def test_runs_survive_a_restart_and_those_under_way_are_lost(executor, kept, hand, tmp_path):
    executor.submit(new(1))
    executor.submit(new(2))
    eventually(lambda: set(hand.held) == {"t1", "t2"})
    hand.held["t1"].done.set()
    eventually(lambda: kept.get(1).state.terminal)
    again = Runs(tmp_path)
    Executor(again, Hand()).recover()
    assert again.get(1).state.result_state == "SUCCESS"
    assert again.get(2).state.life_cycle_state == "INTERNAL_ERROR"
    hand.held["t2"].done.set()
