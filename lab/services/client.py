"""The client machine: an SSH server that lets in who holds the key of the running EC2 instance."""

import socket
import sys

from lab.core.runtime import Runtime
from lab.services.base import Service


class Client(Service):
    """The machine's disk is below ``.lab/client``; the REST proxy and all that a learner starts there run inside."""

    name = "client"
    runs = "an SSH server with Kafka's tools"
    stands_for = "the EC2 client machine"
    ports = ("client", "rest")
    depends_on = ("aws", "kafka")

    def prepare(self, runtime: Runtime) -> None:
        """Make the folder."""
        runtime.lab.data("client").mkdir(parents=True, exist_ok=True)

    def command(self, runtime: Runtime) -> list[str]:
        """Start the process."""
        return [sys.executable, "-m", "lab.client"]

    def check(self, runtime: Runtime) -> None:
        """Wait for the words with which every SSH server begins."""
        with socket.create_connection(("127.0.0.1", runtime.lab.ports["client"]), timeout=2) as connection:
            if not connection.recv(8).startswith(b"SSH-2.0-"):
                raise ConnectionError("this is no SSH server")
