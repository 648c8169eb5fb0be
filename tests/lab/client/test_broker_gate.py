"""The brokers' door of a strict lab opens to the client machine, and to nobody else."""

import asyncio
import os
import socket
import sys
from types import SimpleNamespace

import pytest

from lab.client import broker_gate
from lab.client.machine import INSTANCE_MARK
from lab.core.instance_file import Instance
from lab.core.layout import Lab, read_ports

KNOCK = "import socket, sys\nwith socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as one:\n" \
    "    one.sendall(b'knock')\n    print(one.recv(10).decode())"  # fmt: skip


def machine(reaches_brokers=True):
    return SimpleNamespace(instance=Instance("i-00000000000000001", "", "", reaches_brokers=reaches_brokers))


@pytest.fixture
def one_lab(tmp_path):
    with socket.socket() as door, socket.socket() as broker:
        for one in (door, broker):
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in (door, broker)]
    return Lab(tmp_path, ports=read_ports({"LAB_KAFKA_PORT": str(ports[0]), "LAB_KAFKA_PRIVATE_PORT": str(ports[1])}))


async def _broker(reader, writer):
    writer.write(b"come " + await reader.read(5))
    await writer.drain()
    writer.close()


async def _with_door(lab, there, knock):
    broker = await asyncio.start_server(_broker, "127.0.0.1", lab.ports["kafka_private"])
    async with broker, broker_gate.running(lab, lambda: there):
        return await knock(lab.ports["kafka"])


async def from_here(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"knock")
    try:
        return (await reader.read(10)).decode()
    finally:
        writer.close()


async def from_a_program(port, **variables):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KNOCK, str(port), env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return (await process.communicate())[0].decode().strip()


async def from_the_machine(port):
    return await from_a_program(port, **{INSTANCE_MARK: machine().instance.id})


@pytest.mark.parametrize(
    ("there", "knock", "heard"),
    [
        pytest.param(machine(), from_here, "come knock", id="passed on by SSH"),
        pytest.param(machine(), from_the_machine, "come knock", id="a program of the machine"),
        pytest.param(machine(), from_a_program, "", id="a program of the laptop"),
        pytest.param(machine(reaches_brokers=False), from_the_machine, "", id="a security group is in the way"),
        pytest.param(None, from_the_machine, "", id="no machine runs"),
    ],
)
def test_the_door_opens_to_the_machine_alone(one_lab, there, knock, heard):
    assert asyncio.run(_with_door(one_lab, there, knock)) == heard


def test_a_broker_that_is_down_closes_the_door(one_lab):
    async def knock():
        async with broker_gate.running(one_lab, machine):
            return await from_here(one_lab.ports["kafka"])

    assert asyncio.run(knock()) == ""
