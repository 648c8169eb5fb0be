"""What a learner started on the client machine: which of it is there again after the machine was killed or stopped.

That all of it comes back with the lab is shown in test_restarts.py.
"""

import psutil
import pytest
from crashes import crash, proxies

from helpers.client_machine import ssh
from helpers.gateway import rest_proxy
from helpers.waiting import wait_until
from lab.client.machine import disk
from lab.core import machine_services

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("proxy")]

SECONDS = 60


def that_came_back(lab, workbook):
    """The proxies, once the number in kafka-rest.pid is that of one that lives."""
    with ssh.connect(workbook) as machine:
        wait_until(lambda: rest_proxy.is_running(machine), SECONDS, "the proxy to come back")
    return proxies(lab)


def kill_the_machine(lab):
    """kill -9 the machine's SSH server and what runs on it; the supervisor brings the server back."""
    everything = proxies(lab)
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=10)
    crash(lab, "client")


def test_what_was_killed_with_the_machine_comes_back_once(lab, workbook):
    (before,) = proxies(lab)
    kill_the_machine(lab)
    (after,) = that_came_back(lab, workbook)
    assert after != before


def test_one_that_was_killed_and_started_again_comes_back_once(lab, workbook):
    (before,) = proxies(lab)
    before.kill()
    before.wait()
    with ssh.connect(workbook) as machine:
        rest_proxy.start(machine)
    kill_the_machine(lab)
    assert len(that_came_back(lab, workbook)) == 1


def test_one_that_the_learner_has_stopped_stays_away_and_one_that_they_start_is_the_only_one(lab, workbook):
    with ssh.connect(workbook) as machine:
        rest_proxy.stop(machine)
    kill_the_machine(lab)
    assert proxies(lab) == []
    with ssh.connect(workbook) as machine:
        rest_proxy.start(machine)
        rest_proxy.start(machine)
    assert len(proxies(lab)) == 1


def test_after_a_power_off_nothing_comes_back_as_on_ec2(lab, workbook):
    (instance,) = [folder.name for folder in lab.data("client").glob("i-*")]
    ec2 = workbook.client("ec2")
    ec2.stop_instances(InstanceIds=[instance])
    wait_until(lambda: not proxies(lab), SECONDS, "the proxy to end")
    wait_until(lambda: not machine_services.read(disk(lab, instance) / "services"), SECONDS, "it to be forgotten")
    ec2.start_instances(InstanceIds=[instance])
    kill_the_machine(lab)
    assert proxies(lab) == []
