"""What EC2 does to the client machine at its first start: the lab's machine has all of it, Amazon Linux has none."""

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from helpers.config import Workbook
from helpers.waiting import wait_until

if TYPE_CHECKING:
    from helpers.client_machine.ssh import ClientMachine

SCRIPT = Path(__file__).with_name("user_data.sh")

KAFKA_VERSION = "4.3.1"
IAM_VERSION = "2.3.9"
CONFLUENT_VERSION = "7.9.0"

KAFKA = f"kafka_2.13-{KAFKA_VERSION}"
"""Folder that Kafka unpacks into, from an archive of that name; the lab's machine has the same."""

IAM_JAR = f"aws-msk-iam-auth-{IAM_VERSION}-all.jar"

_WORDS = {
    "kafka": KAFKA,
    "kafka_url": f"https://archive.apache.org/dist/kafka/{KAFKA_VERSION}/{KAFKA}.tgz",
    "iam_jar": IAM_JAR,
    "iam_jar_url": f"https://github.com/aws/aws-msk-iam-auth/releases/download/v{IAM_VERSION}/{IAM_JAR}",
    "rest_proxy_url": f"https://packages.confluent.io/archive/{CONFLUENT_VERSION[:3]}/"
    f"confluent-community-{CONFLUENT_VERSION}.tar.gz",
}

MOST_BYTES = 16_384
"""What EC2 takes as user data (Amazon EC2 User Guide, "Run commands when you launch an EC2 instance")."""


SECONDS = 900
"""How long a new machine takes to download and unpack all of it."""


def script(workbook: Workbook) -> str:
    """Write the user data of the client machine."""
    return Template(SCRIPT.read_text()).safe_substitute(_WORDS, region=workbook.region)


def finish(machine: "ClientMachine", plugin: Path) -> None:
    """Wait until a new machine has all that the notebooks look for, and bring the S3 sink's zip, which is our own.

    Parameters
    ----------
    machine : ClientMachine
        The machine.
    plugin : Path
        File on this computer.
    """
    kafka = f"(test -f downloads/{KAFKA}.tgz || test -d {KAFKA}/libs)"
    there = f"{kafka} && test -f downloads/{IAM_JAR} && test -f kafka-rest/bin/kafka-rest-start"
    wait_until(
        lambda: machine.run(there, check=False).exit_code == 0, SECONDS,
        "the client machine to be furnished; see /var/log/cloud-init-output.log on it", every=5,
    )  # fmt: skip
    if machine.run(f"test -f downloads/{plugin.name}", check=False).exit_code:
        machine.put(plugin, f"downloads/{plugin.name}")
