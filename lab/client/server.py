"""The SSH server: who may come in, and what they find."""

import asyncio
import logging
import posixpath
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import asyncssh

from lab.client import broker_gate, host_key, services, sessions
from lab.client.machine import USER, Machine, power_off, suspend
from lab.core import iam_file, instance_file
from lab.core.runtime import Runtime

LOG = logging.getLogger("client")

LOOK_SECONDS = 0.3
"""How often to look which instance runs."""

LOGIN_SECONDS = 20
MOST_CONNECTIONS = 50


class Server:
    """The client machine's door.

    Attributes
    ----------
    machine : Machine or None
        The machine of the instance that runs now.
    brokers : list of tuple of str and int
        Where connections may be passed on to.
    """

    def __init__(self, runtime: Runtime):
        self._runtime = runtime
        self.machine: Machine | None = None
        self._looking = asyncio.Lock()
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self.brokers = [(host, runtime.lab.ports["kafka"]) for host in iam_file.HOSTS]

    async def look(self) -> None:
        """See which instance runs; when it is another one or none, the old one's sessions and processes end."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        running = instance_file.read(self._runtime.lab)
        before = self.machine
        if running == (before and before.instance):
            return
        self.machine = await asyncio.to_thread(Machine, self._runtime, running) if running else None
        if before and (running is None or running.id != before.instance.id):
            for connection in list(self.connections):
                connection.disconnect(asyncssh.DISC_BY_APPLICATION, "the instance was stopped")
            await asyncio.to_thread(power_off, self._runtime.lab, before.instance.id)

    async def keep_looking(self) -> None:
        """Look again and again, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:  # a half-written file, a full disk: the next look tries again
                LOG.exception("The instance could not be looked at")

    async def attend(self, process: asyncssh.SSHServerProcess) -> None:
        """Attend to one session."""
        if self.machine is None:
            process.exit(255)
            return
        try:
            await sessions.run(process, self.machine)
        except Exception:
            LOG.exception("A session failed")
            process.exit(255)


class Door(asyncssh.SSHServer):
    """Lets in who holds the key of the running instance."""

    def __init__(self, server: Server):
        self._server = server
        self._connection: Any = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Count the connection; too many are turned away, and all if the instance's security groups say so."""
        self._connection = conn
        self._server.connections.add(conn)
        if len(self._server.connections) > MOST_CONNECTIONS or self._is_closed:
            conn.abort()

    @property
    def _is_closed(self) -> bool:
        machine = self._server.machine
        return machine is not None and not machine.instance.lets_ssh_in

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._server.connections.discard(self._connection)

    async def begin_auth(self, username: str) -> bool:
        """Ask for a key, and say who is awaited; an instance that was launched a moment ago counts."""
        await self._server.look()
        if self._is_closed:
            self._connection.abort()
        elif self._server.machine is None:
            self._connection.send_auth_banner("No instance runs: start or launch one in EC2.\n")
        elif username != USER:
            self._connection.send_auth_banner(f'Please login as the user "{USER}" rather than "{username}".\n')
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        """Pass a connection on to the brokers, which on AWS this machine reaches and a laptop does not.

        Raises
        ------
        asyncssh.ChannelOpenError
            If another door is asked for; on AWS the security groups decide.
        """
        brokers = self._server.brokers
        if self._server.machine and (dest_host, dest_port) in brokers:
            return True
        words = f"The lab's client machine passes on to the brokers alone, at {brokers[0][0]}:{brokers[0][1]}"
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, words)

    def public_key_auth_supported(self) -> bool:
        """Keys are the only way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Tell whether a key is that of the running instance's key pair."""
        machine = self._server.machine
        if machine is None or username != USER or not machine.instance.public_key:
            return False
        return key == asyncssh.import_public_key(machine.instance.public_key)


class Files(asyncssh.SFTPServer):
    """The home folder over SFTP and scp; ``/home/ec2-user`` is its name from outside."""

    def __init__(self, server: Server, channel: asyncssh.SSHServerChannel):
        assert server.machine
        super().__init__(channel, chroot=str(server.machine.home).encode())

    def exit(self) -> None:
        """Say that all went well: ``scp`` takes silence for a failure."""
        self.channel.exit(0)

    def map_path(self, path: bytes) -> bytes:
        """Find a file of the home folder by the path that a client names."""
        home = f"/home/{USER}".encode()
        absolute = posixpath.normpath(posixpath.join(b"/", path))
        if absolute == home or absolute.startswith(home + b"/"):
            path = absolute[len(home) :] or b"/"
        return super().map_path(path)


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[None]:
    """Serve while the block runs."""
    server = Server(runtime)
    await server.look()
    acceptor = await asyncssh.create_server(
        lambda: Door(server), "127.0.0.1", runtime.lab.ports["client"],
        server_host_keys=[host_key.load_or_create(runtime.lab)],
        process_factory=server.attend, sftp_factory=lambda channel: Files(server, channel), allow_scp=True,
        encoding=None, login_timeout=LOGIN_SECONDS, server_version="client_machine", line_editor=False,
        password_auth=False, kbdint_auth=False, gss_host=None, agent_forwarding=False, x11_forwarding=False,
    )  # fmt: skip
    gate = broker_gate.running(runtime.lab, lambda: server.machine) if runtime.lab.as_on_aws else nullcontext()
    tasks = [asyncio.create_task(server.keep_looking())]
    if server.machine:
        tasks.append(asyncio.create_task(services.bring_back(server.machine)))
    try:
        async with gate:
            yield
    finally:
        for task in tasks:
            task.cancel()
        acceptor.close()
        for connection in list(server.connections):
            connection.abort()
        if server.machine:
            await asyncio.to_thread(suspend, server.machine)
