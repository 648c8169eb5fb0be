"""Jobs against the running workspace, as Airflow's operators and people see them."""

import html
import os
import re
import stat
import urllib.error
import urllib.request

import nbformat
import pytest
from workspaces import alive

from helpers.databricks.laptop.dbutils import ExecutionError
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


def page(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


def test_a_notebook_runs_with_its_parameters_and_hands_back_a_result(client, lab):
    text = """
        dbutils.widgets.text("rows", "5")
        print("type:", type(dbutils.widgets.get("rows")).__name__)
        dbutils.notebook.exit(spark.range(int(dbutils.widgets.get("rows"))).count())
    """
    path = client.put("counts", "\n".join(line.strip() for line in text.splitlines()))
    run = client.wait(client.submit(path, {"rows": 7}, run_name="count", existing_cluster_id="0-1-any"))
    assert run["state"] == {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
    assert client.output(run["run_id"])["notebook_output"] == {"result": "7", "truncated": False}
    shown = page(run["run_page_url"])
    assert "type: str" in shown
    assert "Notebook exited: 7" in shown
    assert not re.search(r"<script[^>]+src=.https?:", shown)  # works without a network
    assert not alive(lab, run)


def test_a_failure_keeps_its_own_words(client):
    path = client.put("fails", "amount = 'ten'\nint(amount)")
    run = client.wait(client.submit(path))
    assert run["state"]["result_state"] == "FAILED"
    output = client.output(run["tasks"][0]["run_id"])
    assert output["error"] == "ValueError: invalid literal for int() with base 10: 'ten'"
    assert "int(amount)" in re.sub(r"\x1b\[\d*m", "", output["error_trace"])
    assert "invalid literal" in page(run["tasks"][0]["run_page_url"])


def test_a_secret_that_a_notebook_reads_is_redacted_wherever_the_run_shows_it(client, lab):
    secret = existing_runtime(lab).credentials.secret_access_key
    shows = """# Databricks notebook source
import pandas as pd
value = dbutils.secrets.get("aws", "secret_access_key")
print("printed", value)
display(pd.DataFrame({"shown": [value]}))
# COMMAND ----------
{"result": value}
# COMMAND ----------
assert len(value) == 40
"""
    fails = client.wait(client.submit(client.put("fails with a secret", shows + "raise ValueError(value)")))
    hands_on = client.wait(client.submit(client.put("exits", shows + "dbutils.notebook.exit('is ' + value)")))
    assert client.output(fails["run_id"])["error"] == "ValueError: [REDACTED]"
    assert client.output(hands_on["run_id"])["notebook_output"]["result"] == "is [REDACTED]"
    for run in (fails, hands_on):
        shown = page(run["run_page_url"])
        for part in ("printed [REDACTED]", "<td>[REDACTED]", "{'result': '[REDACTED]'}"):
            assert part in html.unescape(re.sub(r"</?span[^>]*>", "", shown)), part
        kept = sorted((lab.home / "workspace" / "runs" / str(run["run_id"])).iterdir())
        assert [file.suffix for file in kept if file.name.endswith((".ipynb", "outcome.json"))] == [".ipynb", ".json"]
        for text in (shown, str(client.output(run["run_id"])), *(file.read_text() for file in kept)):
            assert secret not in text


def test_what_hangs_is_ended_with_its_kernel_and_its_work_on_the_cluster(client, lab):
    path = client.put("hangs", "import time\ntime.sleep(600)")
    run = client.wait(client.submit(path, timeout_seconds="5"))
    assert run["state"]["result_state"] == "TIMEDOUT"
    assert not alive(lab, run)


def test_a_cancelled_run_is_gone_at_once(client, lab):
    run_id = client.submit(client.put("hangs", "import time\ntime.sleep(600)"))
    client.wait(run_id, until=lambda run: alive(lab, run))
    client.api.post("/api/2.2/jobs/runs/cancel", run_id=run_id)
    run = client.wait(run_id)
    assert run["state"]["result_state"] == "CANCELED"
    assert not alive(lab, run)


def test_a_missing_notebook_is_an_internal_error_that_names_it(client):
    run = client.wait(client.submit("/Repos/nobody/nothing"))
    assert run["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert 'Unable to access the notebook "/Repos/nobody/nothing"' in client.output(run["run_id"])["error"]


def test_tasks_run_in_their_order_and_share_global_views(client):
    first = client.put("makes a view", "spark.range(3).createOrReplaceGlobalTempView('handed_over')")
    second = client.put("reads the view", "assert spark.table('global_temp.handed_over').count() == 3")
    tasks = [
        {"task_key": "read", "notebook_task": {"notebook_path": second}, "depends_on": [{"task_key": "make"}]},
        {"task_key": "make", "notebook_task": {"notebook_path": first}, "new_cluster": {"num_workers": 0}},
    ]
    run = client.wait(client.api.post("/api/2.2/jobs/runs/submit", tasks=tasks)["run_id"])
    assert run["state"]["result_state"] == "SUCCESS", run
    with pytest.raises(ExecutionError, match="each individual task run instead: read is"):
        client.output(run["run_id"])


def test_a_job_is_made_found_run_and_deleted(client):
    path = client.put("greets", "dbutils.notebook.exit('hello ' + dbutils.widgets.get('who'))")
    settings = {
        "name": "greeting",
        "parameters": [{"name": "who", "default": "nobody"}],
        "tasks": [{"task_key": "t", "notebook_task": {"notebook_path": path}}],
    }
    job = client.api.post("/api/2.2/jobs/create", **settings)["job_id"]
    assert [found["job_id"] for found in client.api.get("/api/2.2/jobs/list", name="greeting")["jobs"]] == [job]
    asked = {"job_id": job, "job_parameters": {"who": "Ada"}, "idempotency_token": "once"}
    run_id = client.api.post("/api/2.2/jobs/run-now", **asked)["run_id"]
    assert client.api.post("/api/2.2/jobs/run-now", **asked)["run_id"] == run_id
    task = client.wait(run_id)["tasks"][0]
    assert client.output(task["run_id"])["notebook_output"]["result"] == "hello Ada"
    assert [run["run_id"] for run in client.api.get("/api/2.2/jobs/runs/list", job_id=job)["runs"]] == [run_id]
    client.api.post("/api/2.2/jobs/delete", job_id=job)
    with pytest.raises(ExecutionError, match="does not exist"):
        client.api.get("/api/2.2/jobs/get", job_id=job)


def test_a_job_skips_the_runs_beyond_its_limit_and_tries_a_task_again(client):
    path = client.put("fails at once", "raise ValueError('unlucky')")
    tasks = [{"task_key": "t", "notebook_task": {"notebook_path": path}, "max_retries": 1}]
    job = client.api.post("/api/2.2/jobs/create", name="one at a time", tasks=tasks)["job_id"]
    first, second = (client.api.post("/api/2.2/jobs/run-now", job_id=job)["run_id"] for _ in range(2))
    skipped = client.get(second)
    assert skipped["state"]["life_cycle_state"] == "SKIPPED"
    assert skipped["state"]["result_state"] == "MAXIMUM_CONCURRENT_RUNS_REACHED"
    run = client.wait(first)
    assert [task["attempt_number"] for task in run["tasks"]] == [0, 1]
    assert [task["task_key"] for task in run["tasks"]] == ["t", "t"]
    assert client.output(first)["error"] == "ValueError: unlucky"
    assert client.wait(client.api.post("/api/2.2/jobs/run-now", job_id=job)["run_id"])["tasks"]


def test_a_notebook_runs_another_and_hears_why_it_failed(client):
    client.put(
        "inner", "if dbutils.widgets.get('well') == 'no':\n    raise KeyError('gone')\ndbutils.notebook.exit('fine')"
    )
    result = client.result(
        "outer",
        "found = dbutils.notebook.run('./inner', 60, {'well': 'yes'})\n"
        "try:\n    dbutils.notebook.run('inner', 60, {'well': 'no'})\n"
        "except Exception as error:\n    found += ' | ' + str(error)\n"
        "dbutils.notebook.exit(found)",
    )
    assert result.startswith("fine | com.databricks.WorkflowException")
    assert "KeyError: 'gone'" in result


def test_the_workbooks_parameters_cell_is_filled_as_text(client):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("posts = 100", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("dbutils.notebook.exit(repr(posts))"),
        ]
    )
    path = client.put("with parameters", nbformat.writes(notebook), format="JUPYTER")
    run = client.wait(client.submit(path, {"posts": "0012"}))
    assert client.output(run["run_id"])["notebook_output"]["result"] == "'0012'"


def test_nobody_comes_in_without_the_token_or_the_key_of_a_page(client):
    host = os.environ["DATABRICKS_HOST"]
    run = client.wait(client.submit("/nothing"))
    for url in (f"{host}/api/2.2/jobs/runs/list", f"{host}/run/{run['run_id']}", run["run_page_url"][:-1] + "x"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            page(url)
        assert refused.value.code == 403


def test_what_runs_leave_behind_is_the_owners_alone(client, lab):
    run = client.wait(client.submit(client.put("quick", "x = 1")))
    folder = lab.home / "workspace" / "runs" / str(run["run_id"])
    assert stat.S_IMODE((folder / "run.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("# MAGIC %run ./nowhere", "Notebook not found: /Users/someone@example.com/nowhere"),
        ("# MAGIC %scala\n# MAGIC val x = 1", "speak Python and SQL"),
        ("# MAGIC %fs format /", "%fs knows ls, head"),
        ("# MAGIC %sql\n# MAGIC SELECT * FROM nobody", "TABLE_OR_VIEW_NOT_FOUND"),
        ("dbutils.widgets.get('nothing')", "No input widget named nothing is defined"),
    ],
)
def test_a_magic_that_fails_says_why_in_the_jobs_error(client, cell, words):
    run = client.wait(client.submit(client.put("a magic", f"# Databricks notebook source\n{cell}\n")))
    assert words in client.output(run["run_id"])["error"]
