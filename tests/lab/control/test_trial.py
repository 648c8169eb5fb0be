import contextlib

import psutil

from lab.control import operations, trial


def commands_of(pid):
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):  # a child may have ended by now
            yield " ".join(process.cmdline())


def test_every_java_service_maps_the_archive_that_set_up_made(lab):
    running = {report.service.name: report.state.pid for report in operations.status(lab)}
    for service in trial.SERVICES:
        assert any(".jsa" in command for command in commands_of(running[service])), service


def test_what_is_complete_is_not_made_again(lab):
    said = []
    trial.run(lab, said.append)
    assert said == []


def test_two_listeners_of_the_trial_never_share_a_port():
    ports = trial._free_ports()
    assert len({*ports.values()}) == len(ports)
