"""``python -m lab.client``: the client machine's process; what runs on the machine ends with it."""

import asyncio
import logging
import signal

import asyncssh

from lab.client import server
from lab.core.layout import Lab
from lab.core.runtime import existing_runtime


async def serve() -> None:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server.running(existing_runtime(Lab.from_environment())):
        print("the client machine is ready", flush=True)
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)-5s %(message)s (%(name)s)")
    asyncssh.set_log_level(logging.ERROR)
    asyncio.run(serve())
