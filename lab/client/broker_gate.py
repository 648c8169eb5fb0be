"""The brokers' door in a lab that is as strict as AWS: it opens to the client machine alone.

On AWS the brokers are in a private network, where the client machine is and a laptop is not. Here all of them are on
one computer, so the door looks which process knocks. The broker itself listens elsewhere.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterable

import psutil

from lab.client.machine import INSTANCE_MARK, Machine
from lab.core.layout import Lab
from lab.core.processes import marked

CHUNK = 65_536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def running(lab: Lab, machine: Callable[[], Machine | None]) -> AsyncIterator[None]:
    """Keep the door while the block runs.

    Parameters
    ----------
    lab : Lab
        Tells where the door is, and where the broker.
    machine : callable
        Gives the machine that runs now.
    """
    passing: set[asyncio.Task[None]] = set()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        passing.add(task)
        task.add_done_callback(passing.discard)
        await _attend(lab, machine(), (reader, writer))

    server = await asyncio.start_server(attend, "127.0.0.1", lab.ports["kafka"])
    try:
        yield
    finally:
        server.close()
        for task in passing:
            task.cancel()


async def _attend(lab: Lab, machine: Machine | None, outside: Streams) -> None:
    """Pass on what comes from the machine, and hang up on everybody else."""
    try:
        port = outside[1].get_extra_info("peername")[1]
        if machine and machine.instance.reaches_brokers and await asyncio.to_thread(_is_of_machine, machine, port):
            inside = await asyncio.open_connection("127.0.0.1", lab.ports["kafka_private"])
            await _join(outside, inside)
    except OSError:
        pass  # the broker is down: whoever knocks sees the door close, and knocks again
    finally:
        outside[1].close()


async def _join(outside: Streams, inside: Streams) -> None:
    """Carry bytes both ways until one side ends."""
    ways = [asyncio.create_task(_carry(outside[0], inside[1])), asyncio.create_task(_carry(inside[0], outside[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        inside[1].close()


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()


def _is_of_machine(machine: Machine, port: int) -> bool:
    """Tell whether a connection comes from the machine: its processes, or this one, which passes on for SSH."""
    return any(_has_connection(one, port) for one in (psutil.Process(os.getpid()), *_processes(machine)))


def _processes(machine: Machine) -> Iterable[psutil.Process]:
    return marked(INSTANCE_MARK, machine.instance.id)


def _has_connection(process: psutil.Process, port: int) -> bool:
    try:
        return any(one.laddr.port == port for one in process.net_connections("tcp"))
    except (psutil.Error, OSError):
        return False
