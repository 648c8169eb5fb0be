"""What a learner started on the client machine is there again after `down` and `up`, and after a crash of all."""

import dataclasses

import psutil
import pytest
import requests
from apis import deployed
from labs import FAULT_PORTS, running_lab, workbook_of

from helpers.client_machine import ssh
from helpers.gateway import rest_proxy
from helpers.waiting import wait_until
from lab.client.machine import disk
from lab.control import operations
from lab.core import machine_services, processes

pytestmark = pytest.mark.lab

SECONDS = 60

SERVICES = ("kafka", "aws", "client")
"""What the REST proxy works with."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("machine faults"), FAULT_PORTS, SERVICES) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab):
    with workbook_of(lab) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def door(workbook, lab):
    with deployed(workbook, lab) as opened:
        yield opened


def proxies(lab):
    return [process.pid for process in processes.of_lab(lab.home) if "lab.rest_proxy" in process.cmdline()]


def posts(workbook, url):
    """Whether a record gets through the API and the proxy."""
    body, headers = '{"records":[{"value":{"index":1}}]}', {"Content-Type": "application/vnd.kafka.json.v2+json"}
    return requests.post(f"{url}/topics/{workbook.topic('pin')}", body, headers=headers, timeout=30).status_code == 200


def kill_all(lab):
    everything = processes.of_lab(lab.home)
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=10)


@pytest.mark.parametrize("stop", [operations.down, kill_all])
def test_the_rest_proxy_comes_back_with_the_lab(lab, workbook, door, stop):
    (before,) = proxies(lab)
    stop(lab)
    operations.up(lab, SERVICES)
    wait_until(lambda: posts(workbook, door.invoke_url), SECONDS, "the REST proxy to come back")
    (after,) = proxies(lab)
    assert after != before
    with ssh.connect(workbook) as machine:
        assert rest_proxy.is_running(machine)  # by the number in kafka-rest.pid
        assert machine.read("kafka-rest.log").count("Server started") > 1


def test_one_that_the_learner_has_stopped_stays_away_and_one_that_they_start_is_the_only_one(lab, workbook, door):
    with ssh.connect(workbook) as machine:
        rest_proxy.stop(machine)
    operations.down(lab)
    operations.up(lab, SERVICES)
    assert proxies(lab) == []
    with ssh.connect(workbook) as machine:
        rest_proxy.start(machine)
        rest_proxy.start(machine)
    assert len(proxies(lab)) == 1


def test_after_a_power_off_nothing_comes_back_as_on_ec2(lab, workbook, door):
    (instance,) = [folder.name for folder in lab.data("client").glob("i-*")]
    ec2 = workbook.client("ec2")
    ec2.stop_instances(InstanceIds=[instance])
    wait_until(lambda: not proxies(lab), SECONDS, "the proxy to end")
    wait_until(lambda: not machine_services.read(disk(lab, instance) / "services"), SECONDS, "it to be forgotten")
    ec2.start_instances(InstanceIds=[instance])
    operations.down(lab)
    operations.up(lab, SERVICES)
    assert proxies(lab) == []


def test_a_service_is_written_down_as_it_was_started(tmp_path):
    service = machine_services.MachineService(7, ("a", "b"), "/", "")
    machine_services.write(tmp_path, [service, dataclasses.replace(service, pid=8)])
    machine_services.forget(tmp_path, 8)
    assert machine_services.read(tmp_path) == [service]
    assert (tmp_path / "7.json").stat().st_mode & 0o777 == 0o600
