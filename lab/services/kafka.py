"""Kafka: one KRaft node; clients sign in with IAM, the lab's own parts with certificates, all over TLS."""

import base64
import contextlib
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lab.core import iam_file
from lab.core.files import TEMPLATES, render_properties, write_private
from lab.core.layout import Lab, LabError
from lab.core.runtime import Runtime
from lab.services.base import Service, config_file, jvm
from lab.setup.plugin import class_path, kafka_iam

if TYPE_CHECKING:
    from kafka import KafkaAdminClient


def inner_tls(lab: Lab, party: str) -> dict[str, str]:
    """Kafka client settings with which a part of the lab enters the broker's inner listener.

    Parameters
    ----------
    lab : Lab
        Tells where the certificates are.
    party : str
        One of `lab.core.pki.PARTIES`.
    """
    return {
        "security.protocol": "SSL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(lab.tls / f"{party}.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(lab.tls / "ca.pem"),
    }


def logging_file(runtime: Runtime) -> Path:
    """Write the logging settings that Kafka's programs share."""
    file = config_file(runtime, "log4j2.properties")
    write_private(file, (TEMPLATES / "log4j2.properties").read_text())
    return file


def kafka_jvm(runtime: Runtime, main: str, heap_mb: int, *further: Path) -> list[str]:
    """Begin the command of one of Kafka's own programs.

    Parameters
    ----------
    runtime : Runtime
        Gives folders and the ``java`` program.
    main : str
        Class to run.
    heap_mb : int
        Largest heap, in megabytes.
    *further : Path
        Folders whose jars the program needs beside Kafka's.
    """
    logging = f"-Dlog4j2.configurationFile={config_file(runtime, 'log4j2.properties')}"
    return jvm(runtime, main, class_path(runtime.lab.build / "jars" / "kafka", *further), heap_mb, logging)


def _broker_jvm(runtime: Runtime, main: str, heap_mb: int) -> list[str]:
    return kafka_jvm(runtime, main, heap_mb, kafka_iam(runtime.lab.build))


class Kafka(Service):
    """Broker and controller in one process; its log is below ``.lab/kafka``."""

    name = "kafka"
    runs = "Apache Kafka, one KRaft node that obeys IAM"
    stands_for = "Amazon MSK"
    ports = ("kafka", "kafka_inner", "kafka_controller")

    def prepare(self, runtime: Runtime) -> None:
        """Write the configuration; at the first start, format the log folder."""
        lab = runtime.lab
        data = lab.data("kafka")
        server = config_file(runtime, "server.properties")
        text = render_properties(
            "server.properties",
            **{port: lab.ports[port] for port in self.ports},
            # as on AWS, the door that is told leads there from the client machine alone: `lab.client.broker_gate`
            kafka_door=lab.ports["kafka_private" if lab.as_on_aws else "kafka"],
            broker_pem=lab.tls / "broker.pem",
            ca_pem=lab.tls / "ca.pem",
            data=data,
            iam_file=lab.iam_file,
            cluster_arn=iam_file.CLUSTER_ARN,
            hosts=",".join(iam_file.HOSTS),
        )
        write_private(server, text)
        iam_file.ensure(lab, runtime.credentials)
        logging_file(runtime)
        if not (data / "meta.properties").exists():
            self._format(runtime, server)

    @staticmethod
    def _format(runtime: Runtime, server: Path) -> None:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        done = subprocess.run(
            [*_broker_jvm(runtime, "kafka.tools.StorageTool", 96), "format", "--standalone",
             "-t", cluster_id, "-c", str(server)],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"Kafka could not format {runtime.lab.data('kafka')}:\n{done.stdout}{done.stderr}")

    def command(self, runtime: Runtime) -> list[str]:
        """Start the broker."""
        return [*_broker_jvm(runtime, "kafka.Kafka", 112), str(config_file(runtime, "server.properties"))]

    def check(self, runtime: Runtime) -> None:
        """Ask the broker to describe its cluster."""
        with admin(runtime) as client:
            client.describe_cluster()


@contextlib.contextmanager
def admin(runtime: Runtime) -> Iterator["KafkaAdminClient"]:
    """Make an admin client for the lab's own use, through the inner listener."""
    from kafka import KafkaAdminClient  # late: it takes 0.3 s, and most commands of the lab do without

    tls = runtime.lab.tls
    client = KafkaAdminClient(
        bootstrap_servers=f"127.0.0.1:{runtime.lab.ports['kafka_inner']}",
        security_protocol="SSL",
        ssl_cafile=str(tls / "ca.pem"),
        ssl_certfile=str(tls / "broker.pem"),
        ssl_keyfile=str(tls / "broker.pem"),
        request_timeout_ms=2000,
        bootstrap_timeout_ms=2000,
    )
    try:
        yield client
    finally:
        client.close()
