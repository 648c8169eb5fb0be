import os
import subprocess
import sys
import xmlrpc.client

import psutil
import pytest
from labs import SPARE_PORTS

from lab.control import operations, supervision
from lab.core import processes
from lab.core.layout import Lab, LabError, read_ports
from lab.core.runtime import existing_runtime
from lab.services import ALL


@pytest.fixture
def bystander(tmp_path):
    """A process that carries the mark of the lab in tmp_path, as an orphan of a crash does."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env=os.environ | {processes.MARK: str(tmp_path)}
    )
    yield process
    process.kill()
    process.wait()


def test_what_a_dead_lab_left_running_is_found_and_ended(tmp_path, bystander):
    assert [process.pid for process in processes.of_lab(tmp_path)] == [bystander.pid]
    assert processes.of_lab(tmp_path / "other") == []
    assert processes.end_all(tmp_path) == 1
    assert not psutil.pid_exists(bystander.pid) or psutil.Process(bystander.pid).status() == psutil.STATUS_ZOMBIE


def test_a_lab_that_lives_is_not_ended_because_it_does_not_answer(tmp_path, bystander):
    lab = Lab(tmp_path, ports=read_ports({"LAB_PORT_OFFSET": "17000"}))
    (tmp_path / "supervisord.pid").write_text(str(bystander.pid))
    with pytest.raises(LabError, match="runs, but its supervisor does not answer"):
        operations.up(lab, ["s3"])
    assert bystander.poll() is None
    assert operations.down(lab) == 1


class SupervisorInWords:
    """Stands in for supervisord's calls: whoever is told to stop has stopped at the second look."""

    def __init__(self, running):
        self.states, self.told = dict.fromkeys(running, "RUNNING"), []

    def getAllProcessInfo(self):
        self.told.append("look")
        shown = [{"name": name, "statename": state, "pid": 0, "start": 0} for name, state in self.states.items()]
        self.states = {name: "STOPPED" if state == "STOPPING" else state for name, state in self.states.items()}
        return shown

    def stopProcess(self, name, wait):
        assert not wait
        if name == "s3":
            self.states[name] = "EXITED"
            raise xmlrpc.client.Fault(70, "NOT_RUNNING: s3")
        self.told.append(name)
        self.states[name] = "STOPPING"

    def getPID(self):
        return 2**22 + 1  # of no process

    def shutdown(self):
        self.told.append("shutdown")


def test_services_stop_together_but_for_those_that_others_need(tmp_path):
    supervisor = supervision.Supervisor(existing_runtime(Lab(tmp_path)))
    supervisor._rpc = SupervisorInWords({service.name for service in ALL} - {"airflow"})
    supervisor.stop()
    stopped = [one for one in supervisor._rpc.told if one != "look"]
    assert stopped[-1] == "shutdown"
    assert set(stopped[:-1]) == {service.name for service in ALL} - {"airflow", "s3"}  # s3 ended by itself
    assert {*stopped[:2]} == {"client", "connect"}
    assert stopped[2] == "cluster"
    first = supervisor._rpc.told.index("kafka")
    assert "look" not in supervisor._rpc.told[first : first + 2], "the next is told before anybody is waited for"
    assert set(supervisor._rpc.states.values()) <= {"STOPPED", "EXITED"}


def test_ports_of_a_lab_that_is_gone_are_not_remembered(tmp_path):
    lab = Lab(tmp_path)
    lab.ports_file.write_text('{"s3": 1}')
    (tmp_path / "supervisord.pid").write_text(str(os.getpid()))
    assert supervision.as_it_runs(lab) is lab


def test_an_unknown_service_is_refused_with_those_there_are():
    with pytest.raises(LabError, match=r"no service 'kafak'.*s3, kafka, aws, connect, client, cluster"):
        operations.choose(["kafak"])


def test_a_service_brings_along_what_it_needs():
    assert [service.name for service in operations.choose(["connect"])] == ["s3", "kafka", "connect"]


def test_two_commands_at_once_do_not_mix(tmp_path):
    lab = Lab(tmp_path)
    with operations.exclusive(lab), pytest.raises(LabError, match="Another command"), operations.exclusive(lab):
        pass


def test_a_lab_that_never_ran_can_be_stopped_and_looked_at(tmp_path):
    lab = Lab(tmp_path / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)}))
    assert operations.status(lab) == []
    assert operations.down(lab) == 0


def test_a_percent_sign_in_a_path_does_not_confuse_the_supervisor():
    assert supervision._escaped("/100%/lab") == "/100%%/lab"


def test_command_line_says_what_is_wrong_without_a_traceback(tmp_path):
    environment = os.environ | {"LAB_HOME": str(tmp_path / "lab"), "LAB_S3_PORT": "eighty"}
    done = subprocess.run([sys.executable, "-m", "lab", "up"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "LAB_S3_PORT='eighty' is not a whole number" in done.stderr
    assert "Traceback" not in done.stderr


def test_reset_asks_first(tmp_path):
    (tmp_path / "lab").mkdir()
    environment = os.environ | {"LAB_HOME": str(tmp_path / "lab"), "LAB_PORT_OFFSET": str(SPARE_PORTS)}
    command = [sys.executable, "-m", "lab", "reset"]
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert refused.returncode == 1
    assert (tmp_path / "lab").exists()
    subprocess.run([*command, "--yes"], env=environment, check=True, capture_output=True)
    assert not (tmp_path / "lab").exists()


def test_a_lab_that_runs_as_strict_as_aws_stays_so_whoever_starts_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(supervision, "is_alive", lambda lab: True)
    lab = Lab(tmp_path)
    lab.ports_file.write_text('{"s3": 1}')
    assert supervision.as_it_runs(lab).as_on_aws is False
    lab.strict_file.touch()
    assert supervision.as_it_runs(lab).as_on_aws is True
