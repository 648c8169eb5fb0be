"""`make lab` without its browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from labs import SPARE_PORTS

from helpers.waiting import wait_until
from lab.control import operations
from lab.core import processes
from lab.core.layout import Lab, read_ports

pytestmark = pytest.mark.lab



TOKEN = "of-this-test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_jupyterlab_and_the_lab_start_and_stop_together(tmp_path):
    port = free_port()
    environment = os.environ | {"LAB_HOME": str(tmp_path / "lab"), "LAB_PORT_OFFSET": str(SPARE_PORTS)}
    command = [sys.executable, "-m", "tools.jupyter", "--no-browser", f"--ServerApp.port={port}", "--allow-root",
               f"--IdentityProvider.token={TOKEN}"]  # fmt: skip
    jupyter = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    lab = Lab(tmp_path / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)}))
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/api"), 90, "JupyterLab to answer", every=0.3)
        for file in ("README.md", "docs/drills.md", "my_work/00_start_here.ipynb"):  # what a notebook's links lead to
            assert answers(f"http://127.0.0.1:{port}/api/contents/{file}?content=0&token={TOKEN}"), file
        settings = f"http://127.0.0.1:{port}/lab/api/settings/@jupyterlab/apputils-extension:notification"
        with urllib.request.urlopen(f"{settings}?token={TOKEN}", timeout=10) as answer:
            properties = json.load(answer)["schema"]["properties"]
        assert properties["fetchNews"]["default"] == "false"  # "none" would ask, in a box over the outputs
        assert all(report.healthy for report in operations.status(lab) if not report.service.on_demand)
        deadline = time.monotonic() + 60
        while jupyter.poll() is None and time.monotonic() < deadline:
            os.killpg(jupyter.pid, signal.SIGINT)  # JupyterLab wants it twice, and the impatient go on
            time.sleep(0.5)
        assert operations.status(lab) == []
    finally:
        if jupyter.poll() is None:
            jupyter.kill()
        operations.down(lab)
    assert not processes.of_lab(lab.home)
