"""Bring back what ran on the machine when the lab was stopped: the REST proxy is not to be started twice."""

import asyncio
import logging
import os
from asyncio.subprocess import DEVNULL, STDOUT, Process

from lab.client.machine import INSTANCE_MARK, Machine
from lab.core import machine_services
from lab.core.machine_services import MachineService
from lab.core.processes import marked

LOG = logging.getLogger("client")

PATIENCE_SECONDS = 90
"""How long a service may need until it serves: the brokers and the AWS endpoint start beside the machine."""

LOOK_SECONDS = 0.2
PAUSE_SECONDS = 1


async def bring_back(machine: Machine) -> None:
    """Start every service that is written down and does not run."""
    alive = {process.pid for process in await asyncio.to_thread(marked, INSTANCE_MARK, machine.instance.id)}
    gone = [service for service in machine_services.read(machine.services) if service.pid not in alive]
    await asyncio.gather(*(_bring_back(machine, service) for service in gone))


async def _bring_back(machine: Machine, service: MachineService) -> None:
    """Start a service until it serves: then it has written itself down anew."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_SECONDS
    while loop.time() < end:
        process = await _start(machine, service)
        while process.returncode is None:
            if process.pid in {one.pid for one in machine_services.read(machine.services)}:
                _rename(machine, service.pid, process.pid)
                machine_services.forget(machine.services, service.pid)
                return
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(PAUSE_SECONDS)
    LOG.error("%s did not come back; its log is %s", " ".join(service.command), service.output)


async def _start(machine: Machine, service: MachineService) -> Process:
    """Start it as a session would, with what the learner's .bashrc says."""
    output = os.open(service.output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            "/bin/bash", "-c", '. ~/.bashrc; exec "$@"', "bash", *service.command,
            cwd=service.folder, env=machine.environment(), stdin=DEVNULL, stdout=output, stderr=STDOUT,
            start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(output)


def _rename(machine: Machine, old: int, new: int) -> None:
    """Put the new process's number into the files in which the learner keeps it, as ``kafka-rest.pid``."""
    for file in machine.home.glob("*.pid"):
        if file.read_text().strip() == str(old):
            file.write_text(f"{new}\n")
