"""The way to brokers in a private network: a SOCKS proxy on this computer whose other end is the client machine.

It is what ``ssh -D`` does: Kafka's clients ask the proxy for a broker by name, and the client machine, which stands in
the brokers' network, looks the name up and connects. TLS and the signature stay between client and broker.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import TypeVar

import asyncssh

from helpers.client_machine import ec2_client, ssh
from helpers.config import Workbook

KEEPALIVE_SECONDS = 15
"""How often the machine is asked whether it is there: a connection that says nothing is dropped on the way."""

Result = TypeVar("Result")


class Tunnel:
    """One SSH connection to the client machine, and the proxy's port on this computer."""

    def __init__(self, connection: asyncssh.SSHClientConnection, port: int):
        self._connection = connection
        self.url = f"socks5h://127.0.0.1:{port}"

    @property
    def is_open(self) -> bool:
        """Whether the connection lives."""
        return not self._connection.is_closed()

    @classmethod
    async def dig(cls, workbook: Workbook, host: str) -> "Tunnel":
        """Connect, and listen."""
        known_hosts = str(workbook.key_file.with_name("known_hosts"))
        connection = await asyncssh.connect(
            host, workbook.ssh_port, username=ssh.USER, client_keys=[str(workbook.key_file)], known_hosts=known_hosts,
            agent_path=None, config=None, keepalive_interval=KEEPALIVE_SECONDS,
        )  # fmt: skip
        listener = await connection.forward_socks("127.0.0.1", 0)
        return cls(connection, listener.get_port())


class Tunnels:
    """The tunnels of this process: one a machine, dug when first needed and again when its connection is lost."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tunnels: dict[tuple[str, int], Tunnel] = {}

    def url(self, workbook: Workbook) -> str:
        """Give the address of the proxy that leads through the workbook's client machine.

        Raises
        ------
        helpers.client_machine.ssh.ClientMachineError
            If the machine cannot be reached, or refuses the key.
        """
        host = ssh.host(workbook)
        with self._one_at_a_time:
            tunnel = self._tunnels.get((host, workbook.ssh_port))
            if tunnel is None or not tunnel.is_open:
                _meet(workbook, host)
                tunnel = self._tunnels[host, workbook.ssh_port] = self._run(Tunnel.dig(workbook, host))
            return tunnel.url

    def _run(self, work: Coroutine[None, None, Result]) -> Result:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="tunnels", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ssh.CONNECT_SECONDS * 2)


def _meet(workbook: Workbook, host: str) -> None:
    """Say in words why the machine cannot be reached, and at the first contact compare its key with the console's."""
    known = ssh.is_known(workbook, host)
    ssh.ClientMachine(workbook, host, None if known else ec2_client.host_fingerprint(workbook)).close()


_TUNNELS = Tunnels()


def proxy_url(workbook: Workbook) -> str:
    """Give the address of the proxy through the client machine; see `Tunnels.url`."""
    return _TUNNELS.url(workbook)
