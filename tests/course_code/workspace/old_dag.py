# ruff: noqa
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator

notebook_task = {"notebook_path": "/Users/learner@example.com/my project/clean and query"}

with DAG(
    "0a1b2c3d4e5f_dag",
    start_date=datetime(2026, 1, 1),
    # schedule_interval in a comment is nobody's business
    schedule_interval="@daily",
    catchup=False,
) as dag:
    run = DatabricksSubmitRunOperator(task_id="run", existing_cluster_id="1108", notebook_task=notebook_task)
