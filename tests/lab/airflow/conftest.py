"""An Airflow that MWAA's façade has started, with the DAG uploaded, and raw data for it to clean."""

import itertools

import pytest
from labs import FAULT_PORTS, running_lab, workbook_of

from helpers import iam
from helpers.airflow import dag, environment, rest_api
from helpers.config import TABLES
from helpers.emulator import postings
from helpers.kafka import sink_objects

POSTS = 400

SUBJECT = "users"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("äirflow lab"), FAULT_PORTS, ("s3", "aws", "cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab):
    with workbook_of(lab) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def raw(workbook):
    """Where some of the history has landed."""
    sink_objects.create_bucket(workbook)
    posts = list(itertools.islice(postings.history(), POSTS))
    for table in TABLES:
        lines = b"\n".join(post.wire(table) for post in posts if table in post.rows)
        key = f"history/{workbook.topic(table)}/partition=0/part.json"
        workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=lines)
    return f"s3://{workbook.bucket}/history"


def of_one_subject(folder):
    """Cut the DAG down to one task behind the cleaning: notebook 08 runs the whole of it."""
    text, whole = dag.FILE.read_text(), 'SUBJECTS = ("categories", "followers", "users")'
    assert whole in text
    file = folder / "dag.py"
    file.write_text(text.replace(whole, f'SUBJECTS = ("{SUBJECT}",)'))
    return file


@pytest.fixture(scope="module")
def airflow(workbook, raw, tmp_path_factory):
    """Airflow with the DAG, still paused; gives the function that changes the DAG's settings."""
    environment.create(workbook, iam.make(workbook, iam.airflow_role(workbook, iam.account(workbook))))
    environment.wait_until_available(workbook)
    rest_api.connect_databricks(workbook)

    def settings(**changed):
        usual = {"notebooks": "/Shared/workbook/jobs", "raw": raw, "cluster_id": "0000-000000-workbook"}
        rest_api.set_settings(workbook, **usual | changed)

    settings()
    dag.upload(workbook, of_one_subject(tmp_path_factory.mktemp("dags")))
    dag.wait_until_read(workbook)
    return settings
