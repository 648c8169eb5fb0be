"""Clean the day's tables on Databricks, then answer the course's questions from them, every day.

The file's name is the DAG's: uploaded as ``0a1b2c3d4e5f_dag.py`` it is the DAG ``0a1b2c3d4e5f_dag``, so that the file
is the same for every learner. What differs between learners and places is kept in Airflow: the connection
``databricks_default``, and a variable with the DAG's name that holds JSON with ``workbook_id``, ``notebooks`` (their
folder in the workspace), ``raw`` (where the topics' objects are) and ``cluster_id``. Both are read when a task runs,
not when this file is: a file that is read every half minute must not ask a database for anything.
"""

from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.sdk import DAG

SETTINGS = "var.json.get(dag.dag_id)"

SUBJECTS = ("categories", "followers", "users")
"""Groups of questions, a task each; the notebook `answers` knows them."""


def notebook(name: str, **parameters: str) -> dict[str, object]:
    """Describe a notebook and its parameters as the Jobs API wants them."""
    common = {"workbook_id": f"{{{{ {SETTINGS}.workbook_id }}}}"}
    return {
        "notebook_path": f"{{{{ {SETTINGS}.notebooks }}}}/{name}",
        "base_parameters": common | parameters,
    }


with DAG(
    dag_id=Path(__file__).stem,
    description="Clean the three tables and answer the questions",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,  # the days before the DAG was there are not made up for
    max_active_runs=1,  # two runs would write the same tables
    dagrun_timeout=timedelta(hours=2),
    default_args={
        "owner": "workbook",
        "retries": 2,
        "retry_delay": timedelta(seconds=5),
        "databricks_conn_id": "databricks_default",
        # a cluster that starts anew is back within half a minute: ask again before the task counts as failed
        "databricks_retry_limit": 10,
        "databricks_retry_delay": 3,
        "existing_cluster_id": f"{{{{ {SETTINGS}.cluster_id }}}}",
        "polling_period_seconds": 1,
        "timeout_seconds": 1800,
    },
    tags=["workbook", "pinterest"],
    doc_md=__doc__,
):
    clean = DatabricksSubmitRunOperator(
        task_id="clean",
        notebook_task=notebook("clean_day", raw=f"{{{{ {SETTINGS}.raw }}}}"),
    )
    for subject in SUBJECTS:
        # run_after is there for scheduled and for triggered runs; a triggered run need not have a logical date
        clean >> DatabricksSubmitRunOperator(
            task_id=subject,
            notebook_task=notebook("answers", subject=subject, day="{{ dag_run.run_after | ds }}"),
        )
