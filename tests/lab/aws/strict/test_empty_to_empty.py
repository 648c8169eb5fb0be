"""A lab that is as late and as strict as AWS: its users, its firewalls, and from an empty account to an empty one."""

import contextlib
import dataclasses
import re
import time

import nbformat
import pytest
import requests
from labs import workbook_of
from notebook_users import administrator, lab_of_user, without
from papermill.exceptions import PapermillExecutionError
from strict_labs import close_port, open_port, strict_lab

from helpers import iam
from helpers.account import inventory
from helpers.account.clean_up import clean_up
from helpers.client_machine import firewall, furnishing, ssh
from helpers.client_machine.ssh import ClientMachineError
from helpers.config import SetupError
from helpers.gateway import rest_api
from helpers.kafka import client as kafka_client
from helpers.kafka import sink_objects
from helpers.kafka.client import KafkaDenied, KafkaUnavailable
from helpers.notebook import catch_up
from helpers.waiting import wait_until
from lab.aws.strict import network, spreading
from tools import notebooks, sources

pytestmark = pytest.mark.lab

MACHINE, TOPICS, CONNECTOR, API, STREAMS, CLEAN_UP = (
    "01_ec2_kafka_client", "02_kafka_topics", "00_start_here", "04_api_gateway", "09a_kinesis_ingest",
    "10_clean_up",
)  # fmt: skip

KINDS = {
    "instances", "key pairs", "security groups", "roles", "instance profiles", "streams", "REST APIs", "connectors",
    "custom plugins", "worker configurations", "log groups", "buckets",
}  # fmt: skip
"""What there is before the clean-up; an Airflow environment takes too long."""

PORT_SECONDS = 10
"""How long a change of a firewall may take to be obeyed."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with strict_lab(tmp_path_factory.mktemp("strict"), ["connect", "client"]) as lab:
        yield lab


@pytest.fixture
def by(strict, tmp_path):
    """Give the workbook of a user who has one notebook's policy and nothing more: ``with by(API) as workbook``."""

    @contextlib.contextmanager
    def user(notebook, change=lambda document: document):
        folder = tmp_path / f"user-{notebook}"
        with lab_of_user(strict, notebook, folder, change) as seen, workbook_of(seen) as workbook:
            yield workbook

    return user


def run(notebook, lab, folder, change=lambda document: document):
    made = folder / f"{notebook}.ipynb"
    nbformat.write(sources.solved(notebooks.FOLDER / f"{notebook}.py"), made)
    with lab_of_user(lab, notebook, folder / notebook, change) as seen:
        notebooks.execute(made, made, seen)


def is_met(words, work):
    """Wait until something that is tried again and again is refused in words that match."""

    def met():
        try:
            work()
        except (ClientMachineError, KafkaUnavailable) as error:
            return re.search(words, str(error))
        return None

    return wait_until(met, PORT_SECONDS, f"a refusal with {words!r}")


def check_firewall_of_the_machine(strict, workbook):
    """Port 22 lets in while a rule says so."""
    ec2 = administrator(strict, "ec2")

    def connect():
        ssh.connect(workbook).close()

    close_port(ec2, workbook.id, 22, workbook.ssh_from)
    is_met("cannot be reached.*lets nobody in at port 22", connect)
    open_port(ec2, workbook.id, 22, workbook.ssh_from)
    wait_until(lambda: not _raises(connect), PORT_SECONDS, "port 22 to be open again")


def _raises(work):
    try:
        work()
    except ClientMachineError:
        return True
    return False


def check_door_of_the_brokers(strict, workbook, monkeypatch):
    """Brokers are reached by way of the machine, while their group lets it in, and not from here."""
    monkeypatch.setattr(kafka_client, "PATIENCE_MS", 1500)
    assert set(kafka_client.end_offsets(workbook)) == set(workbook.topics)
    directly = dataclasses.replace(workbook, brokers_through_client=False)
    with pytest.raises(KafkaUnavailable):
        kafka_client.end_offsets(directly)
    ec2 = administrator(strict, "ec2")
    place = administrator(strict, "kafka").list_clusters_v2()["ClusterInfoList"][0]["Provisioned"]
    (group,) = place["BrokerNodeGroupInfo"]["SecurityGroups"]
    rule = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 9098, "ToPort": 9098, "CidrIp": network.NETWORK}
    ec2.revoke_security_group_ingress(**rule)
    is_met("No Kafka broker answers", lambda: kafka_client.end_offsets(workbook))
    ec2.authorize_security_group_ingress(**rule)


def check_way_of_the_posts(strict, workbook):
    """API Gateway reaches the REST proxy once a rule opens its port to API Gateway."""
    machine = catch_up.ready_machine(workbook, furnishing.KAFKA, furnishing.IAM_JAR)
    proxy = catch_up.running_proxy(workbook, machine)
    machine.close()
    api = rest_api.create_api(workbook)
    rest_api.forward(workbook, api, rest_api.create_proxy_resource(workbook, api), proxy)
    url = f"{rest_api.deploy(workbook, api)}/topics"
    closed = requests.get(url, timeout=30)
    assert (closed.status_code, closed.json()["message"]) == (504, "Network error communicating with endpoint")
    firewall.admit_api_gateway(workbook, int(proxy.rpartition(":")[2]))
    assert sorted(requests.get(url, timeout=30).json()) == sorted(workbook.topics)


def test_from_an_empty_account_to_an_empty_account(strict, by, tmp_path, monkeypatch):
    with workbook_of(strict) as workbook:
        assert inventory.take(workbook).is_empty
        with pytest.raises(SetupError, match="somebody else's"):
            sink_objects.create_bucket(dataclasses.replace(workbook, id="000000000000"))
    with pytest.raises(PapermillExecutionError, match=r"not authorized to perform: ec2:CreateTags"):
        run(MACHINE, strict, tmp_path, without("ec2:CreateTags"))
    began = time.monotonic()
    run(MACHINE, strict, tmp_path)
    assert time.monotonic() - began > spreading.SECONDS
    with by(TOPICS, without("kafka-cluster:CreateTopic")) as workbook, pytest.raises(KafkaDenied, match="CreateTopic"):
        kafka_client.create_topics(workbook)
    with by(TOPICS) as workbook:
        kafka_client.create_topics(workbook)
    with by(MACHINE) as workbook:
        check_firewall_of_the_machine(strict, workbook)
    with by(TOPICS) as workbook:
        check_door_of_the_brokers(strict, workbook, monkeypatch)
    with by(API) as workbook:
        check_way_of_the_posts(strict, workbook)
    with by(CONNECTOR) as workbook:
        iam.make_access_role(workbook)
        catch_up.running_connector(workbook)
    with by(STREAMS) as workbook:
        catch_up.streams(workbook)
    with by(CLEAN_UP) as workbook:
        assert {one.kind for one in inventory.take(workbook).found} >= KINDS
        assert clean_up(workbook, lambda line: None).left.is_empty
