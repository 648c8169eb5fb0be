"""Ctrl-C, as a terminal sends it: to every process of the command."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from labs import SPARE_PORTS

from helpers.waiting import wait_until
from lab.control import disk, interrupts, operations, ports
from lab.core import processes
from lab.core.layout import PORTS, Lab, LabError, read_ports

PATIENCE_SECONDS = 60


@pytest.fixture
def lab(tmp_path):
    made = Lab(tmp_path / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)}))
    yield made
    operations.down(made)


def begun(lab, *arguments):
    environment = os.environ | {"LAB_HOME": str(lab.home), "LAB_PORT_OFFSET": str(SPARE_PORTS)}
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def interrupt(command):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGINT)


def supervisor_lives(lab):
    return (lab.home / "supervisord.pid").exists()


def a_service_runs(lab):
    return (lab.logs / "s3.log").exists()


@pytest.mark.lab
@pytest.mark.parametrize("moment", [supervisor_lives, a_service_runs])
def test_ctrl_c_while_the_lab_starts_ends_what_was_started_and_says_so_in_a_sentence(lab, moment):
    up = begun(lab, "lab", "up")
    wait_until(lambda: moment(lab), PATIENCE_SECONDS, "the lab to begin", every=0.01)
    interrupt(up)
    _, said = up.communicate(timeout=PATIENCE_SECONDS)
    assert (up.returncode, len(said.strip().splitlines())) == (130, 1), said
    assert "so is all that this command had started" in said
    assert not processes.of_lab(lab.home)
    assert not lab.workbook_env.exists()
    assert operations.status(lab) == []


@pytest.mark.lab
def test_impatience_changes_nothing(lab):
    up = begun(lab, "lab", "up")
    wait_until(lambda: a_service_runs(lab), PATIENCE_SECONDS, "the lab to begin", every=0.01)
    impatient = time.monotonic() + PATIENCE_SECONDS
    while up.poll() is None and time.monotonic() < impatient:
        interrupt(up)
        time.sleep(0.05)
    assert "Traceback" not in up.stderr.read()
    assert not processes.of_lab(lab.home)


@pytest.mark.lab
def test_what_ran_before_runs_on(lab):
    operations.up(lab, ["s3"])
    up = begun(lab, "lab", "up", "kafka")
    wait_until(lambda: (lab.logs / "kafka.log").exists(), PATIENCE_SECONDS, "Kafka to begin", every=0.01)
    interrupt(up)
    up.communicate(timeout=PATIENCE_SECONDS)
    running = {report.service.name for report in operations.status(lab) if report.state.running}
    assert running == {"s3"}
    assert lab.workbook_env.exists()


@pytest.mark.lab
def test_ctrl_c_while_the_lab_stops_does_not_leave_half_of_it(lab):
    operations.up(lab, ["s3", "aws"])
    down = begun(lab, "lab", "down")
    wait_until(lambda: len(operations.status(lab)) == 0 or down.poll() is not None, PATIENCE_SECONDS, "it to begin")
    interrupt(down)
    down.wait(timeout=PATIENCE_SECONDS)
    assert not processes.of_lab(lab.home)


def test_an_interrupt_is_ignored_or_comes_later_and_the_old_ways_come_back():
    with interrupts.ignored():
        os.kill(os.getpid(), signal.SIGINT)
    done = []

    def work():
        with interrupts.deferred():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [1]
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_other_threads_leave_interrupts_alone():
    def work():
        with interrupts.ignored(), interrupts.deferred():
            done.append(signal.getsignal(signal.SIGINT))

    done = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.default_int_handler]


# --- what `up` advises


@contextlib.contextmanager
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def advice(lab, name):
    with pytest.raises(LabError) as error:
        ports.refuse_taken(lab, [name])
    return str(error.value)


def test_the_offset_that_is_proposed_is_another_one_and_free(tmp_path, monkeypatch):
    with taken() as port:
        monkeypatch.setattr(ports, "_is_free", lambda asked: asked not in (port, PORTS["s3"] + 1000))
        lab = Lab(tmp_path, ports=read_ports({"LAB_PORT_OFFSET": str(port - PORTS["s3"])}))
        assert "LAB_PORT_OFFSET=2000" in advice(lab, "s3")


def test_a_port_that_no_offset_moves_is_not_moved_by_one(tmp_path):
    with taken() as port:
        lab = Lab(tmp_path, ports=read_ports({"LAB_S3_PORT": str(port)}))
        words = advice(lab, "s3")
        assert "LAB_S3_PORT=…" in words
        assert "OFFSET" not in words


@pytest.mark.lab
def test_a_disk_with_too_little_room_is_said_when_the_lab_starts(lab, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 700_000_000})())
    said = []
    operations.up(lab, ["s3"], say=said.append)
    assert said[0].startswith(f"Only 700 MB are free in {lab.home}; 2,000 MB are needed")


TERMINABLE = """
import os, signal, sys, time
from lab.control import interrupts
if "too" in sys.argv:
    interrupts.include_termination()
try:
    with interrupts.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        print("the block is done")
    time.sleep(60)
finally:
    print("brought down")
"""


@pytest.mark.parametrize(("too", "said"), [("too", "the block is done\nbrought down\n"), ("not", "")])
def test_kill_brings_down_what_a_program_has_started_if_it_asks_for_that(too, said):
    done = subprocess.run([sys.executable, "-c", TERMINABLE, too], capture_output=True, text=True, timeout=30)
    assert done.stdout == said
