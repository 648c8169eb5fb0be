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


def test_run_takes_its_arguments_as_they_stand_and_its_path_from_the_next_line(client):
    client.put("shared", "kind = dbutils.widgets.get('kind')")
    text = """# Databricks notebook source
from pyspark.sql.functions import *
stream, kind = "not this", None
# COMMAND ----------
# MAGIC %run ./shared $kind="$mode {stream}"
# COMMAND ----------
first = kind
# COMMAND ----------
# MAGIC %run
# MAGIC ./shared
# MAGIC   $kind="second"
# COMMAND ----------
dbutils.notebook.exit(f"{first}|{kind}")
"""
    assert client.result("runs another", text) == "$mode {stream}|second"


def test_widgets_are_parameters_of_sql(client):
    text = """# Databricks notebook source
dbutils.widgets.text("day", "Monday")
dbutils.widgets.text("table", "days_of_sql")
spark.range(1).selectExpr("'Monday' AS day", "':day' AS text").createOrReplaceTempView("days_of_sql")
# COMMAND ----------
# MAGIC %sql
# MAGIC -- the :others are not asked for
# MAGIC SELECT day, ':day' AS text, 1::INT AS one FROM ${table} WHERE day = :day AND day = '${day}' AND text = ':day'
# COMMAND ----------
dbutils.notebook.exit(str(_sqldf.collect()))
"""
    assert client.result("asks sql", text) == "[Row(day='Monday', text=':day', one=1)]"


def test_a_notebook_knows_itself(client):
    text = """
context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
print(context.apiToken().get())
displayHTML("<b>bold</b>")
import os
assert context.apiUrl().get() == os.environ["DATABRICKS_HOST"]
dbutils.notebook.exit(context.notebookPath().get())
"""
    path = client.put("knows itself", text)
    run = client.wait(client.submit(path))
    assert client.output(run["run_id"])["notebook_output"]["result"] == path
    shown = page(run["run_page_url"])
    assert "<b>bold</b>" in shown
    assert "[REDACTED]" in shown
    assert os.environ["DATABRICKS_TOKEN"] not in shown


def test_a_restart_of_python_forgets_names_and_keeps_what_notebooks_have(client):
    text = """# Databricks notebook source
dbutils.widgets.text("day", "Monday")
amount = 1
# COMMAND ----------
dbutils.library.restartPython()
# COMMAND ----------
assert "amount" not in globals()
dbutils.notebook.exit(dbutils.widgets.get("day") + str(spark.range(3).count()))
"""
    assert client.result("starts anew", text) == "Monday3"


BAD_CASTS = {
    "batch": "spark.sql(\"SELECT CAST('ten' AS INT)\").collect()",
    "stream": """dbutils.fs.put('/tmp/bad casts/in/a.txt', 'ten', True)
bad = spark.readStream.text('/tmp/bad casts/in').selectExpr('CAST(value AS INT)').writeStream.format('delta')
bad = bad.option('checkpointLocation', '/tmp/bad casts/checkpoint').trigger(availableNow=True)
bad.start('/tmp/bad casts/out').awaitTermination()""",
}


@pytest.mark.parametrize("kind", BAD_CASTS)
def test_a_bad_cast_is_named_first_with_what_switches_it_off(client, kind):
    run = client.wait(client.submit(client.put(f"bad cast {kind}", BAD_CASTS[kind])))
    cause, advice, _, rest = client.output(run["run_id"])["error"].split("\n", 3)
    assert cause.startswith("[CAST_INVALID_INPUT] The value 'ten'")
    assert '`spark.conf.set("spark.sql.ansi.enabled", "false")`' in advice
    assert "each bad one becomes NULL" in advice
    assert rest.startswith({"batch": "NumberFormatException", "stream": "StreamingQueryException"}[kind])
    off = 'spark.conf.set("spark.sql.ansi.enabled", "false")\n'
    mended = BAD_CASTS["batch"] + "\ndbutils.notebook.exit(spark.sql(\"SELECT CAST('ten' AS INT) AS a\").first()['a'])"
    assert client.result("without ansi", off + mended) == "None"


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
        ("# MAGIC %sql\n# MAGIC SELECT '${day}'", "${day} is no widget: dbutils.widgets.text('day'"),
        ("# MAGIC %sql\n# MAGIC SELECT :day", "UNBOUND_SQL_PARAMETER"),
        ("open('/dbfs/tmp/x')", "There is no folder /dbfs in the lab"),
        ("dbutils.jobs.taskValues.get('a')", "dbutils of the lab has no jobs"),
    ],
)
def test_a_magic_that_fails_says_why_in_the_jobs_error(client, cell, words):
    run = client.wait(client.submit(client.put("a magic", f"# Databricks notebook source\n{cell}\n")))
    assert words in client.output(run["run_id"])["error"]
