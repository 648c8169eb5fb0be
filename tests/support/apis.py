"""The way from HTTP to Kafka, built as milestones 3 to 5 build it, for the tests that post."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.client_machine import ec2_client, furnishing
from helpers.client_machine.ssh import ClientMachine
from helpers.config import Workbook
from helpers.gateway import rest_api
from helpers.kafka import client as kafka_client
from helpers.notebook import catch_up
from lab.core.layout import Lab
from lab.setup.plugin import kafka_version


@dataclass
class Door:
    """A deployed API, and the client machine on which the REST proxy behind it runs."""

    invoke_url: str
    proxy_url: str
    machine: ClientMachine


@contextlib.contextmanager
def deployed(workbook: Workbook, lab: Lab) -> Iterator[Door]:
    """Build everything, and take the machine down afterwards."""
    kafka_client.create_topics(workbook)
    machine = catch_up.ready_machine(workbook, f"kafka_2.13-{kafka_version(lab.build)}", furnishing.IAM_JAR)
    try:
        proxy_url = catch_up.running_proxy(workbook, machine)
        api = rest_api.create_api(workbook)
        rest_api.forward(workbook, api, rest_api.create_proxy_resource(workbook, api), proxy_url)
        yield Door(rest_api.deploy(workbook, api), proxy_url, machine)
    finally:
        machine.close()
        ec2_client.terminate(workbook)
