"""One instance's machine: its disk, the environment of whoever works on it, and the processes that run on it."""

import contextlib
import os
import shlex
import shutil
import signal
import time
from pathlib import Path

import psutil

from lab.client import home
from lab.core import machine_services
from lab.core.instance_file import Instance
from lab.core.layout import Lab, port_variable
from lab.core.processes import MARK, marked
from lab.core.runtime import Runtime
from lab.setup.environment import VENV

USER = "ec2-user"

INSTANCE_MARK = "WORKBOOK_INSTANCE"
"""Environment variable that every process of a machine carries, with the instance's id as its value."""

END_SECONDS = 3
"""How long processes may take to end when the instance stops."""


def disk(lab: Lab, instance_id: str) -> Path:
    """Folder that is the instance's disk."""
    return lab.data("client") / instance_id


def delete_disk(lab: Lab, instance_id: str) -> None:
    """Delete the disk of an instance that was terminated, once nothing runs on it any more."""
    end_processes(instance_id)
    shutil.rmtree(disk(lab, instance_id), ignore_errors=True)


def end_processes(instance_id: str) -> None:
    """End everything that runs on an instance's machine, as a power-off does."""
    left = marked(INSTANCE_MARK, instance_id)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _, left = psutil.wait_procs(left, timeout=END_SECONDS)


def power_off(lab: Lab, instance_id: str) -> None:
    """End everything on an instance's machine; as on EC2, nothing of it comes back when the instance starts."""
    end_processes(instance_id)
    for service in machine_services.read(disk(lab, instance_id) / "services"):
        machine_services.forget(disk(lab, instance_id) / "services", service.pid)


def suspend(machine: "Machine") -> None:
    """End everything on a machine because the lab stops; its services come back with the lab."""
    services = machine_services.read(machine.services)
    end_processes(machine.instance.id)
    machine_services.write(machine.services, services)


class Machine:
    """The machine of a running instance.

    Attributes
    ----------
    instance : Instance
        Which one.
    home : Path
        Home folder of ``ec2-user``.
    services : Path
        Folder in which services that run on it are written down.
    """

    def __init__(self, runtime: Runtime, instance: Instance):
        self.instance = instance
        self.home = disk(runtime.lab, instance.id) / "home"
        self.services = disk(runtime.lab, instance.id) / "services"
        self._runtime = runtime
        home.create(runtime, self.home)
        self._programs = _programs(runtime)

    def environment(self) -> dict[str, str]:
        """Build the environment in which a session starts: nothing of the lab's own, everything the tools need."""
        lab = self._runtime.lab
        endpoint = f"http://127.0.0.1:{lab.ports['aws']}"
        trust_store = lab.tls / "trust.p12"
        return {
            "HOME": str(self.home),
            "USER": USER,
            "LOGNAME": USER,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{self._programs}:/usr/local/bin:/usr/bin:/bin",
            "JAVA_HOME": str(self._runtime.java.home),
            "AWS_REGION": "us-east-1",  # Java's SDK does not look at the other one
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            # an EC2 instance asks its metadata service; on loopback that would answer every program of the computer
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{endpoint}/instance-credentials",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.instance.credentials_token,
            "KAFKA_OPTS": f"-Djavax.net.ssl.trustStore={shlex.quote(str(trust_store))}",
            "KAFKA_REST_AUTHORITY": str(lab.tls / "ca.pem"),
            port_variable("rest"): str(lab.ports["rest"]),
            machine_services.FOLDER: str(self.services),
            MARK: str(lab.home),
            INSTANCE_MARK: self.instance.id,
        }


def _programs(runtime: Runtime) -> Path:
    """Make the folder of programs that an EC2 instance has and a laptop may not have: ``aws``, ``java``."""
    folder = runtime.lab.data("client") / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    home.write_aws(folder / "aws", VENV / "bin" / "aws")
    link, program = folder / "java", runtime.java.executable
    if not link.is_symlink() or os.readlink(link) != str(program):
        unfinished = folder / f"java.{time.monotonic_ns()}"
        unfinished.symlink_to(program)
        unfinished.rename(link)
    return folder
