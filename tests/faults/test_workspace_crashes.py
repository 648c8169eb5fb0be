"""kill -9 of the cluster: what the workspace keeps, and what it says of the runs that were under way."""

from urllib.parse import quote

import boto3
import pytest
from crashes import crash
from labs import FAULT_PORTS, running_lab, workbook_of
from workspaces import HOME, Client, alive

from helpers.databricks.laptop.dbutils import DBUtils
from lab.control import operations
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("faults"), FAULT_PORTS) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab):
    with workbook_of(lab) as loaded:
        yield loaded


def test_a_crash_fails_what_ran_and_keeps_everything_else(lab, workbook):
    client, dbutils, keys = Client(), DBUtils(), existing_runtime(lab).credentials
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="crash-bucket")
    s3.put_object(Bucket="crash-bucket", Key="x/part.json", Body=b'{"a":1}')
    dbutils.fs.mount(f"s3n://{keys.access_key_id}:{quote(keys.secret_access_key, '')}@crash-bucket", "/mnt/crash")
    done = client.wait(client.submit(client.put("makes a table", "spark.range(4).write.saveAsTable('kept')")))
    run_id = client.submit(client.put("hangs", "import time\ntime.sleep(600)"))
    running = client.wait(run_id, until=lambda run: alive(lab, run))

    crash(lab, "cluster")

    lost = client.wait(run_id)
    assert lost["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "The cluster ended while this task ran" in client.output(run_id)["error"]
    assert not alive(lab, running)
    assert client.get(done["run_id"]) == done
    assert client.api.get("/api/2.0/workspace/get-status", path=f"{HOME}/hangs")["object_type"] == "NOTEBOOK"
    read = "dbutils.notebook.exit(spark.table('kept').count() + spark.read.json('/mnt/crash/x').count())"
    assert client.result("reads both", read) == "5"
    log = (lab.logs / "cluster.log").read_text(errors="replace")
    assert keys.secret_access_key not in log
    assert keys.access_key_id not in log


def test_stopping_the_lab_ends_what_runs(lab, workbook):
    client = Client()
    run_id = client.submit(client.put("hangs", "import time\ntime.sleep(600)"))
    running = client.wait(run_id, until=lambda run: alive(lab, run))
    operations.down(lab)
    assert not alive(lab, running)
    operations.up(lab, ["cluster"])
    assert client.get(run_id)["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "The cluster was terminated: the lab was stopped" in client.output(run_id)["error"]
