"""MSK: one cluster, which leads to the real broker."""

import asyncio
import socket

import pytest
from callers import refused

from helpers.kafka import msk
from lab.aws.msk.cluster import Msk
from lab.core import iam_file
from lab.core.layout import Lab, read_ports

pytestmark = pytest.mark.lab


@pytest.fixture
def kafka(learner):
    return learner("kafka")


def test_the_cluster_is_found_by_either_api(kafka):
    for found in (kafka.list_clusters()["ClusterInfoList"], kafka.list_clusters_v2()["ClusterInfoList"]):
        (cluster,) = found
        assert (cluster["ClusterName"], cluster["ClusterArn"]) == (iam_file.CLUSTER_NAME, iam_file.CLUSTER_ARN)
        assert cluster["State"] == "ACTIVE"
    assert kafka.list_clusters(ClusterNameFilter="pinterest")["ClusterInfoList"]
    assert kafka.list_clusters_v2(ClusterNameFilter="other")["ClusterInfoList"] == []


def test_the_cluster_is_described_by_either_api(kafka):
    one = kafka.describe_cluster(ClusterArn=iam_file.CLUSTER_ARN)["ClusterInfo"]
    assert one["ClientAuthentication"]["Sasl"]["Iam"]["Enabled"]
    assert one["NumberOfBrokerNodes"] == 1
    two = kafka.describe_cluster_v2(ClusterArn=iam_file.CLUSTER_ARN)["ClusterInfo"]
    assert two["Provisioned"]["CurrentBrokerSoftwareInfo"] == one["CurrentBrokerSoftwareInfo"]
    (node,) = kafka.list_nodes(ClusterArn=iam_file.CLUSTER_ARN)["NodeInfoList"]
    assert node["BrokerNodeInfo"]["BrokerId"] == 1


def test_the_bootstrap_brokers_are_the_real_ones(workbook):
    assert msk.bootstrap_brokers(workbook) == workbook.bootstrap_servers
    assert msk.cluster_arn(workbook) == iam_file.CLUSTER_ARN
    assert msk.network(workbook) == {"subnets": [], "securityGroups": []}
    assert msk.part_arn(iam_file.CLUSTER_ARN, "topic", "a.*") == iam_file.kafka_arn("topic", "a.*")


@pytest.mark.parametrize(
    "operation", ["describe_cluster", "describe_cluster_v2", "get_bootstrap_brokers", "list_nodes"]
)
def test_another_cluster_is_not_there(kafka, operation):
    other = iam_file.CLUSTER_ARN.replace("pinterest", "other")
    with refused("NotFoundException", f"There is no cluster {other}"):
        getattr(kafka, operation)(ClusterArn=other)


def test_no_other_cluster_is_made(kafka):
    group = {"InstanceType": "kafka.t3.small", "ClientSubnets": ["a", "b"]}
    with refused("BadRequestException", f"The lab has one cluster, {iam_file.CLUSTER_NAME}, and makes no other"):
        kafka.create_cluster(ClusterName="mine", KafkaVersion="3.7.x", NumberOfBrokerNodes=2, BrokerNodeGroupInfo=group)
    with refused("BadRequestException", "makes no other"):
        kafka.create_cluster_v2(ClusterName="mine")
    with refused("NotImplementedException", "does not answer DeleteCluster"):
        kafka.delete_cluster(ClusterArn=iam_file.CLUSTER_ARN)


async def state(lab):
    return await Msk(lab, {})._state()


def test_a_broker_that_does_not_answer_is_healing(tmp_path):

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(tmp_path, ports=read_ports({"LAB_KAFKA_INNER_PORT": str(port)}))
    assert asyncio.run(state(lab)) == "HEALING"
    with socket.socket() as broker:
        broker.bind(("127.0.0.1", port))
        broker.listen()
        assert asyncio.run(state(lab)) == "ACTIVE"
