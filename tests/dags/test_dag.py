"""The DAG, read by the Airflow that runs it, without a network and without the lab."""

import json
import os
import re
import subprocess
import sys

import pytest

from helpers.airflow import daily
from lab.core.layout import CHECKOUT, Lab
from lab.setup import airflow

DAG_FILE = CHECKOUT / "dags" / "pinterest_dag.py"

DESCRIBE = """
import json, runpy, sys, time
started = time.process_time()
dag = runpy.run_path(sys.argv[1])["clean"].dag
print(json.dumps({
    "seconds": time.process_time() - started, "id": dag.dag_id, "schedule": str(dag.schedule), "catchup": dag.catchup,
    "tags": sorted(dag.tags), "offset": str(dag.start_date.utcoffset()), "active": dag.max_active_runs,
    "tasks": {
        task.task_id: {
            "after": sorted(task.downstream_task_ids), "retries": task.retries, "owner": task.owner,
            "delay": task.retry_delay.total_seconds(), "kind": type(task).__name__, "notebook": task.notebook_task,
        }
        for task in dag.tasks
    },
}))
"""


@pytest.fixture(scope="module")
def dag(tmp_path_factory):
    """What Airflow makes of the file."""
    lab = Lab.from_environment()
    airflow.build(lab)
    file = tmp_path_factory.mktemp("dags") / "0a1b2c3d4e5f_dag.py"
    file.write_bytes(DAG_FILE.read_bytes())
    environment = os.environ | {"AIRFLOW_HOME": str(file.parent / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [airflow.folder(lab) / "bin" / "python", "-c", DESCRIBE, str(file)],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_it_is_daily_named_by_its_file_and_does_not_catch_up(dag):
    assert dag["id"] == "0a1b2c3d4e5f_dag"
    assert (dag["schedule"], dag["catchup"], dag["active"]) == ("@daily", False, 1)
    assert dag["offset"] == "0:00:00"
    assert dag["tags"] == ["pinterest", "workbook"]
    assert dag["seconds"] < 5


def test_it_cleans_then_asks_and_tries_again(dag):
    assert {name: task["after"] for name, task in dag["tasks"].items()} == {
        "clean": ["categories", "followers", "users"], "categories": [], "followers": [], "users": [],
    }  # fmt: skip
    assert dag["tasks"].keys() - {"clean"} == daily.QUESTIONS.keys()
    for task in dag["tasks"].values():
        assert (task["kind"], task["owner"]) == ("DatabricksSubmitRunOperator", "workbook")
        assert task["retries"] > 0
        assert task["delay"] > 0


def test_its_parameters_are_those_that_the_notebooks_have(dag):
    for task in dag["tasks"].values():
        name = task["notebook"]["notebook_path"].rpartition("/")[2]
        text = (CHECKOUT / "notebooks" / "jobs" / f"{name}.py").read_text()
        widgets = set(re.findall(r'dbutils\.widgets\.text\("(\w+)"', text))
        assert set(task["notebook"]["base_parameters"]) == widgets


def test_no_idiom_of_an_older_airflow(tmp_path):
    def check(file):
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--preview", "--select", "AIR", str(file)]
        return subprocess.run(command, capture_output=True, text=True)

    assert check(DAG_FILE).returncode == 0, check(DAG_FILE).stdout
    old = tmp_path / "old.py"
    old.write_text(DAG_FILE.read_text().replace("schedule=", "schedule_interval="))
    assert "schedule_interval" in check(old).stdout
