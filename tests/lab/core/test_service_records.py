"""Services of the client machine as they are written down."""

import dataclasses

from lab.core import machine_services
from lab.core.machine_services import MachineService

SERVICE = MachineService(7, ("a", "b"), "/", "")


def test_a_service_is_written_down_as_it_was_started(tmp_path):
    machine_services.write(tmp_path, [SERVICE, dataclasses.replace(SERVICE, pid=8)])
    machine_services.forget(tmp_path, 8)
    assert machine_services.read(tmp_path) == [SERVICE]
    assert (tmp_path / "7.json").stat().st_mode & 0o777 == 0o600


def test_one_that_was_killed_and_started_again_is_written_down_once(tmp_path):
    other = MachineService(8, ("another",), "/", "")
    machine_services.write(tmp_path, [SERVICE, other])
    again = dataclasses.replace(SERVICE, pid=9)
    machine_services.replace(tmp_path, again)
    assert machine_services.read(tmp_path) == [other, again]
