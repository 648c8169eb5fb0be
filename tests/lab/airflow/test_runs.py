"""Runs of the DAG on a real Airflow: what a failing notebook leaves to read, and what a kill -9 does."""

import contextlib
import json
import os
import signal
import subprocess

import psutil
import pytest
import strangers
from crashes import kill, pid, wait_until_back
from workspaces import Client, alive

from helpers.airflow import dag, runs
from helpers.waiting import wait_until
from lab.airflow import configuration
from lab.airflow.scheduler import SCHEDULER_MARK
from lab.control import operations
from lab.core import processes
from lab.core.environment import inherited
from lab.setup import airflow as installation

pytestmark = pytest.mark.lab

PATIENCE = 120
"""Seconds."""

ALL_MB = 6000
"""What the whole lab may take with Airflow."""


COMPARE = """
import json
from helpers.airflow import daily
from helpers.config import TABLES, clean_table

tables = {{name: spark.table(clean_table("{id}", name)) for name in TABLES}}
differ = 0
for question, needed in daily.QUESTIONS["users"].items():
    asked = question(*(tables[name] for name in needed))
    kept = spark.table(daily.answer_table("{id}", question.__name__)).where("day = '{day}'").drop("day")
    differ += asked.exceptAll(kept).count() + kept.exceptAll(asked).count()
dbutils.notebook.exit(json.dumps([min(frame.count() for frame in tables.values()), differ]))
"""
"""A notebook that compares every answer kept for a day with the question asked now."""


def test_airflow_answers_no_stranger(lab, airflow):
    ports = strangers.listening(lab.home)
    assert lab.ports["airflow"] in ports
    assert strangers.unguarded(ports) == []


def answers_are_right(workbook, day):
    fewest, differ = json.loads(Client().result("compare", COMPARE.format(id=workbook.id, day=day)))
    assert fewest > 0
    assert differ == 0


def lives(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def notebook_under_way(lab):
    """Wait until the workspace runs a notebook; return its processes."""
    client = Client()

    def seen():
        listed = client.api.get("/api/2.2/jobs/runs/list", active_only=True).get("runs", ())
        return [process for run in listed for process in alive(lab, client.get(run["run_id"]))]

    return wait_until(seen, PATIENCE, "a notebook that runs")


def state(workbook, run, task):
    return next(one.state for one in runs.tasks(workbook, run) if one.task == task)


def switch_on(workbook):
    """Let the DAG run, and wait for the run of the day that begins by itself then."""
    dag.pause(workbook, False)
    runs.wait_for(workbook, runs.scheduled(workbook))


def tries(workbook, run, task):
    return next(one.tries for one in runs.tasks(workbook, run) if one.task == task)


def test_a_dag_test_run_ends_well(lab, workbook, airflow):
    command = [installation.program(lab), "dags", "test", workbook.dag]
    environment = inherited(os.environ) | configuration.environment(lab)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert "state=success" in said.replace("'", ""), said[-3000:]


def test_kill_9_of_the_scheduler_in_the_middle_of_a_run(lab, workbook, airflow):
    dag.pause(workbook, False)
    run = runs.scheduled(workbook)
    notebook_under_way(lab)
    before = processes.marked(SCHEDULER_MARK, str(lab.home))
    os.kill(pid(lab, "airflow"), signal.SIGKILL)
    # what the killed one left is ended before its successor begins
    wait_until(lambda: not any(lives(one) for one in before), PATIENCE, "the old processes to end")
    assert runs.wait_for(workbook, run) == "success"
    answers_are_right(workbook, runs.day(workbook, run))
    assert sum(report.memory_mb for report in operations.status(lab)) < ALL_MB


def test_a_failing_notebooks_own_words_are_in_the_tasks_log(lab, workbook, airflow, raw):
    switch_on(workbook)
    airflow(raw=f"{raw}-of-nobody")
    try:
        run = runs.trigger(workbook)
        wait_until(lambda: state(workbook, run, "clean") == "up_for_retry", PATIENCE, "the task to fail")
        log = "\n".join(runs.task_log(workbook, run, "clean"))
    finally:
        airflow()
    assert "FileNotFoundError" in log
    assert f"history-of-nobody/{workbook.topic('pin')}" in log
    # repaired in between, the run goes on by itself
    assert runs.wait_for(workbook, run) == "success"
    assert tries(workbook, run, "clean") > 1


def test_kill_9_of_the_cluster_in_the_middle_of_a_run(lab, workbook, airflow):
    switch_on(workbook)
    run = runs.trigger(workbook)
    notebook_under_way(lab)
    wait_until_back(lab, "cluster", kill(lab, "cluster"))
    assert runs.wait_for(workbook, run) == "success"
    assert tries(workbook, run, "clean") > 1
    answers_are_right(workbook, runs.day(workbook, run))
