"""The lab after kill -9 of everything, and after `down` and `up`: all that was there is there again."""

import json
from dataclasses import dataclass

import psutil
import pytest
import requests
from crashes import in_bucket, numbered, proxies
from labs import SPARE_PORTS, running_lab
from workspaces import Client, alive

from helpers import databricks
from helpers.client_machine import ssh
from helpers.gateway import rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect
from helpers.user_posting_emulation import send
from helpers.waiting import wait_until
from lab.control import operations
from lab.core import processes

pytestmark = pytest.mark.lab

AN_UPLOADS_ID = "123e4567-e89b-12d3-a456-426614174000"


@dataclass
class Before:
    """What a lab held before it was stopped."""

    offsets: dict[str, int]
    pins: list[int]
    proxy: int


@dataclass
class UnderWay:
    """What ran when a lab was stopped."""

    proxy: int
    run_id: int


def proxy(lab):
    (found,) = proxies(lab)
    return found.pid


def posts(workbook, url):
    """Whether a record gets through the API and the proxy."""
    body, headers = '{"records":[{"value":{"index":1}}]}', {"Content-Type": "application/vnd.kafka.json.v2+json"}
    return requests.post(f"{url}/topics/{workbook.topic('pin')}", body, headers=headers, timeout=30).status_code == 200


def assert_the_proxy_came_back(lab, workbook, door, before):
    wait_until(lambda: posts(workbook, door.invoke_url), 60, "the REST proxy to come back")
    assert proxy(lab) != before
    with ssh.connect(workbook) as machine:
        assert rest_proxy.is_running(machine)  # by the number in kafka-rest.pid
        assert machine.read("kafka-rest.log").count("Server started") > 1


def a_run_that_hangs(lab):
    client = Client()
    run_id = client.submit(client.put("hangs", "import time\ntime.sleep(600)"))
    client.wait(run_id, until=lambda run: alive(lab, run))
    return run_id


@pytest.fixture(scope="module")
def uploads(lab, workbook):
    """What a crash leaves of an upload, and an object of the learner's whose name looks like that."""
    folder = lab.data("s3") / workbook.bucket / "uploads"
    folder.mkdir(parents=True)
    junk, kept = folder / f"a.json-{AN_UPLOADS_ID}", folder / f"report-{AN_UPLOADS_ID}"
    junk.write_text("half")
    kept.write_text("an object of the learner's")
    return junk, kept


@pytest.fixture(scope="module")
def killed(lab, workbook, door, uploads):
    """A lab in use, of which every process was killed, and which was started again."""
    with ssh.connect(workbook) as machine:
        rest_proxy.start(machine)
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook, 50, rotate_schedule_ms=300))
    send(workbook, numbered(range(100), 0), progress=False)
    msk_connect.wait_until_stored(workbook, timeout=60)
    before = Before(kafka_client.end_offsets(workbook), in_bucket(workbook, "pin"), proxy(lab))
    everything = processes.of_lab(lab.home)
    assert len(everything) >= 6
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=10)
    assert operations.status(lab) == []
    operations.up(lab)
    return before


def test_kafka_and_s3_hold_what_they_held(workbook, killed):
    offsets = kafka_client.end_offsets(workbook)
    assert {topic: offsets[topic] for topic in killed.offsets} == killed.offsets
    assert len(killed.pins) >= 100
    assert in_bucket(workbook, "pin") == killed.pins


def test_an_upload_that_a_crash_cut_short_is_swept_up(killed, uploads):
    junk, kept = uploads
    assert not junk.exists()
    assert kept.exists()


def test_the_rest_proxy_comes_back_after_a_crash(lab, workbook, door, killed):
    assert_the_proxy_came_back(lab, workbook, door, killed.proxy)


@pytest.fixture(scope="module")
def stopped(lab, workbook, door, killed):
    """The lab after `down` and `up`; meanwhile the workspace's list of databases got one whose folder is not there."""
    wait_until(lambda: posts(workbook, door.invoke_url), 60, "the REST proxy to be there")
    before = UnderWay(proxy(lab), a_run_that_hangs(lab))
    spark = databricks.session()
    spark.sql("CREATE DATABASE IF NOT EXISTS here")
    spark.stop()
    operations.down(lab)
    assert not alive(lab, {"run_id": before.run_id})
    file = catalog(lab)
    kept = json.loads(file.read_text())
    lost = {"name": "lost", "description": "", "location": "s3a://no-such-bucket-here/x", "properties": {}}
    file.write_text(json.dumps(kept | {"databases": [*kept["databases"], lost]}))
    operations.up(lab)
    return before


def catalog(lab):
    return lab.home / "cluster" / "catalog.json"


def test_the_rest_proxy_comes_back_after_down_and_up(lab, workbook, door, stopped):
    assert_the_proxy_came_back(lab, workbook, door, stopped.proxy)


def test_a_run_that_was_under_way_says_that_the_lab_was_stopped(lab, workbook, stopped):
    client = Client()
    assert client.get(stopped.run_id)["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "The cluster was terminated: the lab was stopped" in client.output(stopped.run_id)["error"]


def test_a_database_that_cannot_be_put_back_is_not_forgotten(lab, workbook, stopped):
    spark = databricks.session()
    spark.sql("CREATE DATABASE found")
    spark.stop()
    assert {"here", "lost", "found"} <= {entry["name"] for entry in json.loads(catalog(lab).read_text())["databases"]}


def test_a_dead_supervisor_leaves_no_orphans_in_the_way(tmp_path):
    with running_lab(tmp_path, SPARE_PORTS, ["aws"]) as alone:
        (supervisor,) = [p for p in processes.of_lab(alone.home) if "supervisor.supervisord" in p.cmdline()]
        supervisor.kill()
        supervisor.wait()
        said = []
        operations.up(alone, ["aws"], say=said.append)
        assert "that an earlier lab left behind" in said[0]
        assert [report.service.name for report in operations.status(alone) if report.healthy] == ["aws"]
