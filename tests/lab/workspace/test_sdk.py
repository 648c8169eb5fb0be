"""Databricks' own Python SDK against the workspace: what its tools ask for is there, what the lab lacks is said."""

import base64
import io
import os
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.compute import State
from databricks.sdk.service.jobs import (
    CronSchedule,
    JobEmailNotifications,
    NotebookTask,
    PauseStatus,
    RunResultState,
    RunType,
    Task,
)
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from helpers.databricks.laptop.dbutils import DBUtils

pytestmark = pytest.mark.lab

MORE_THAN_TWO_BLOCKS = b"\0more than text\xff" * 150_000


@pytest.fixture
def sdk(workbook):
    return WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=os.environ["DATABRICKS_TOKEN"])


@pytest.fixture
def folder():
    return f"/Users/sdk@example.com/{uuid.uuid4().hex[:8]}"


def test_a_notebook_is_imported_listed_and_exported(sdk, folder):
    sdk.workspace.mkdirs(folder)
    content = base64.b64encode(b"# Databricks notebook source\nprint(1)\n").decode()
    path = f"{folder}/n"
    sdk.workspace.import_(path, content=content, format=ImportFormat.SOURCE, language=Language.PYTHON)
    (found,) = sdk.workspace.list(folder)
    assert (found.path, found.object_type, found.language) == (path, ObjectType.NOTEBOOK, Language.PYTHON)
    assert sdk.workspace.get_status(path).object_id == found.object_id > 0
    assert base64.b64decode(sdk.workspace.export(path).content) == b"# Databricks notebook source\nprint(1)\n"
    assert b'"cells"' in base64.b64decode(sdk.workspace.export(path, format=ExportFormat.JUPYTER).content)
    with pytest.raises(DatabricksError, match="already exists"):
        sdk.workspace.import_(path, content=content, format=ImportFormat.SOURCE, language=Language.PYTHON)
    sdk.workspace.delete(folder, recursive=True)
    with pytest.raises(DatabricksError, match="doesn't exist"):
        sdk.workspace.get_status(folder)


def test_a_notebook_is_uploaded_as_a_form_and_downloaded_as_it_is(sdk, folder):
    sdk.workspace.mkdirs(folder)
    text = b"# Databricks notebook source\nprint('\xc3\xa4')\n"
    sdk.workspace.upload(f"{folder}/n.py", io.BytesIO(text))
    assert [entry.path for entry in sdk.workspace.list(folder)] == [f"{folder}/n"]
    assert sdk.workspace.download(f"{folder}/n").read() == text


def test_a_jupyter_notebook_is_exported_as_source_which_is_the_apis_default(sdk, client):
    notebook = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"id": "a", "cell_type": "code", '
    notebook += '"metadata": {}, "outputs": [], "execution_count": null, "source": "%sql\\nSELECT 1"}]}'
    path = client.put("as jupyter", notebook, format="JUPYTER")
    assert base64.b64decode(sdk.workspace.export(path).content).decode() == (
        "# Databricks notebook source\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    )


def test_a_file_goes_both_ways_in_pieces(sdk, tmp_path):
    path, content = f"/tmp/{uuid.uuid4().hex}/big.bin", MORE_THAN_TWO_BLOCKS
    assert len(content) > 2 * 2**20
    sdk.dbfs.upload(path, io.BytesIO(content))
    with pytest.raises(DatabricksError, match="FileAlreadyExists"):
        sdk.dbfs.upload(path, io.BytesIO(content))
    assert sdk.dbfs.get_status(path).file_size == len(content)
    assert sdk.dbfs.download(path).read() == content
    (tmp_path / "local").write_bytes(content)
    sdk.dbfs.copy(f"file:{tmp_path}/local", f"dbfs:{path}.2")
    sdk.dbfs.copy(f"dbfs:{path}.2", f"file:{tmp_path}/back")
    assert (tmp_path / "back").read_bytes() == content
    assert [entry.path for entry in sdk.dbfs.list(path.rpartition("/")[0])] == [path, f"{path}.2"]
    assert [entry.name for entry in sdk.dbutils.fs.ls(path.rpartition("/")[0])] == ["big.bin", "big.bin.2"]
    with pytest.raises(DatabricksError, match="No file is open with the handle 5"):
        sdk.dbfs.add_block(5, "")


def test_secrets_are_made_read_redacted_listed_and_deleted(sdk, client, lab):
    scope, value = f"scope-{uuid.uuid4().hex[:8]}", f"s3cret-{uuid.uuid4().hex}"
    sdk.secrets.create_scope(scope)
    with pytest.raises(DatabricksError, match=f"Scope {scope} already exists!"):
        sdk.secrets.create_scope(scope)
    sdk.secrets.put_secret(scope, "text", string_value=value)
    sdk.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\xff\0").decode())
    assert {each.name: each.backend_type.value for each in sdk.secrets.list_scopes()}[scope] == "DATABRICKS"
    assert [each.key for each in sdk.secrets.list_secrets(scope)] == ["bytes", "text"]
    assert all(each.last_updated_timestamp > 1.7e12 for each in sdk.secrets.list_secrets(scope))
    assert base64.b64decode(sdk.secrets.get_secret(scope, "text").value).decode() == value
    assert DBUtils().secrets.getBytes(scope, "bytes") == b"\xff\0"
    shown = client.result("reads a secret", f"dbutils.notebook.exit('is ' + dbutils.secrets.get({scope!r}, 'text'))")
    assert shown == "is [REDACTED]"
    kept = lab.home / "workspace" / "secrets.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert value not in (lab.logs / "cluster.log").read_text(errors="replace")
    sdk.secrets.delete_secret(scope, "text")
    with pytest.raises(DatabricksError, match="Secret does not exist"):
        sdk.secrets.get_secret(scope, "text")
    sdk.secrets.delete_scope(scope)
    with pytest.raises(DatabricksError, match="Secret scope does not exist"):
        sdk.secrets.list_secrets(scope)
    with pytest.raises(DatabricksError, match=r"lab's workspace lacks it.*There is one user"):
        sdk.secrets.list_acls("aws")


def test_the_cluster_is_found_and_a_job_runs_on_it(sdk, client):
    (cluster,) = sdk.clusters.list()
    assert sdk.clusters.get(cluster.cluster_id).state is State.RUNNING
    path = client.put("says where it is", "dbutils.notebook.exit('|'.join(dbutils.widgets.getAll().values()))")
    task = NotebookTask(path, {"in": "{{job.run_id}} of {{job.name}} by {{task.name}}, {{ds}}", "day": "{{job.id}}"})
    tasks = [Task("t", existing_cluster_id=cluster.cluster_id, notebook_task=task)]
    job = sdk.jobs.create(name="nightly", tasks=tasks).job_id
    assert sdk.jobs.get(job).settings.name == "nightly"
    assert job in [each.job_id for each in sdk.jobs.list()]
    run = sdk.jobs.run_now(job).result()
    assert run.state.result_state is RunResultState.SUCCESS
    output = sdk.jobs.get_run_output(run.tasks[0].run_id).notebook_output.result
    assert output == f"{run.run_id} of nightly by t, {{{{ds}}}}|{job}"
    assert [each.run_id for each in sdk.jobs.list_runs(job_id=job)] == [run.run_id]
    sdk.jobs.delete(job)


def test_what_would_only_be_ignored_is_refused(sdk, client):
    tasks = [Task("t", notebook_task=NotebookTask(client.put("nothing", "pass")))]
    with pytest.raises(DatabricksError, match=r"schedule: the lab starts no job by itself.*run-now"):
        sdk.jobs.create(name="n", tasks=tasks, schedule=CronSchedule("0 0 6 * * ?", "UTC"))
    paused = CronSchedule("0 0 6 * * ?", "UTC", PauseStatus.PAUSED)
    job = sdk.jobs.create(name="n", tasks=tasks, schedule=paused).job_id
    assert sdk.jobs.get(job).settings.schedule == paused
    sdk.jobs.delete(job)
    with pytest.raises(DatabricksError, match="email_notifications: the lab sends no mail"):
        sdk.jobs.create(name="n", tasks=tasks, email_notifications=JobEmailNotifications(on_failure=["a@b.c"]))
    reference = [Task("t", notebook_task=NotebookTask("/x", {"v": "{{tasks.first.values.n}}"}))]
    with pytest.raises(DatabricksError, match=r"does not know what \{\{tasks\.first\.values\.n\}\} stands for"):
        sdk.jobs.create(name="n", tasks=reference)
    with pytest.raises(DatabricksError, match="run_type: the lab lists runs by"):
        list(sdk.jobs.list_runs(start_time_from=1, run_type=RunType.JOB_RUN))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda sdk: list(sdk.catalogs.list()), "no Unity Catalog.*spark.sql"),
        (lambda sdk: list(sdk.repos.list()), "no repos.*lab import"),
        (lambda sdk: list(sdk.warehouses.list()), "no SQL warehouse"),
        (lambda sdk: sdk.jobs.repair_run(1).result(), "No run is repaired"),
        (lambda sdk: sdk.clusters.delete("x").result(), "lab down"),
        (lambda sdk: list(sdk.pipelines.list_pipelines()), "answers dbfs, workspace, secrets"),
    ],
)
def test_what_the_workspace_lacks_it_says_itself(sdk, call, words):
    with pytest.raises(DatabricksError, match=f"No API found.*the lab's workspace lacks it.*{words}"):
        call(sdk)
