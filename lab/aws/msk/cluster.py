"""MSK: one cluster, which is there from the beginning and leads to the real broker."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lab.aws.base_service import BaseService
from lab.aws.errors import AwsError
from lab.aws.msk.members import MSK
from lab.core import iam_file
from lab.core.layout import Lab
from lab.setup.plugin import kafka_version

CREATED = datetime(2026, 1, 1, tzinfo=UTC)

Parameters = Mapping[str, Any]


class Msk(BaseService):
    """Amazon MSK, read-only: the course's cluster is there when a learner comes.

    Parameters
    ----------
    lab : Lab
        Where the broker is.
    place : mapping of str to list of str
        Subnets and security groups, in MSK's words; empty in a lab that has no network.
    """

    title = "MSK"
    members = MSK

    def __init__(self, lab: Lab, place: Mapping[str, list[str]]):
        self._lab = lab
        self._place = place
        self._brokers = f"127.0.0.1:{lab.ports['kafka']}"

    async def list_clusters(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListClusters."""
        found = [await self._version_1()] if _named(parameters) else []
        return {"ClusterInfoList": found}

    async def list_clusters_v2(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListClustersV2."""
        found = [await self._version_2()] if _named(parameters) else []
        return {"ClusterInfoList": found}

    async def describe_cluster(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeCluster."""
        _check_arn(parameters)
        return {"ClusterInfo": await self._version_1()}

    async def describe_cluster_v2(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeClusterV2."""
        _check_arn(parameters)
        return {"ClusterInfo": await self._version_2()}

    async def get_bootstrap_brokers(self, parameters: Parameters) -> dict[str, Any]:
        """Answer GetBootstrapBrokers: the listener that asks for IAM is the only one."""
        _check_arn(parameters)
        return {"BootstrapBrokerStringSaslIam": self._brokers}

    async def list_nodes(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListNodes."""
        _check_arn(parameters)
        broker = {"BrokerId": 1.0, "Endpoints": ["127.0.0.1"], "CurrentBrokerSoftwareInfo": self._software()}
        node = {"NodeARN": f"{iam_file.CLUSTER_ARN}/1", "NodeType": "BROKER", "BrokerNodeInfo": broker}
        return {"NodeInfoList": [node]}

    async def create_cluster(self, parameters: Parameters) -> dict[str, Any]:
        """Refuse CreateCluster."""
        raise AwsError("BadRequestException", f"The lab has one cluster, {iam_file.CLUSTER_NAME}, and makes no other.")

    create_cluster_v2 = create_cluster

    async def _version_1(self) -> dict[str, Any]:
        return await self._common() | self._provisioned()

    async def _version_2(self) -> dict[str, Any]:
        return await self._common() | {"ClusterType": "PROVISIONED", "Provisioned": self._provisioned()}

    async def _common(self) -> dict[str, Any]:
        return {
            "ClusterArn": iam_file.CLUSTER_ARN,
            "ClusterName": iam_file.CLUSTER_NAME,
            "CreationTime": CREATED,
            "CurrentVersion": "K1",
            "State": await self._state(),
            "Tags": {},
        }

    def _provisioned(self) -> dict[str, Any]:
        return {
            "BrokerNodeGroupInfo": {"ClientSubnets": [], "InstanceType": "kafka.t3.small", **self._place},
            "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}},
            "CurrentBrokerSoftwareInfo": self._software(),
            "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
            "NumberOfBrokerNodes": 1,
        }

    def _software(self) -> dict[str, str]:
        return {"KafkaVersion": kafka_version(self._lab.build)}

    async def _state(self) -> str:
        """Tell how the broker is: one that does not answer is being brought back by the supervisor."""
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection("127.0.0.1", self._lab.ports["kafka_inner"])
        except (OSError, TimeoutError):
            return "HEALING"
        writer.close()
        return "ACTIVE"


def _named(parameters: Parameters) -> bool:
    wanted = parameters.get("ClusterTypeFilter", "PROVISIONED")
    return wanted.upper() == "PROVISIONED" and iam_file.CLUSTER_NAME.startswith(parameters.get("ClusterNameFilter", ""))


def _check_arn(parameters: Parameters) -> None:
    if parameters["ClusterArn"] != iam_file.CLUSTER_ARN:
        raise AwsError("NotFoundException", f"There is no cluster {parameters['ClusterArn']}.", 404)
