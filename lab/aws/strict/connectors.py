"""What a connector needs on AWS before it comes up: notes of its own in Kafka, and a network that leads somewhere."""

from typing import Any

from lab.aws.errors import AwsError
from lab.aws.msk import connector_role
from lab.aws.strict import network
from lab.aws.strict.rule import Asked, Rule
from lab.core.iam_file import kafka_arn

NOTES = "__amazon_msk_connect_configs"
"""One of the topics whose names begin so."""


def _needed() -> list[tuple[str, str]]:
    topics = ("CreateTopic", "DescribeTopic", "ReadData", "WriteData")
    groups = ("AlterGroup", "DescribeGroup")
    return [(f"kafka-cluster:{action}", kafka_arn("topic", NOTES)) for action in topics] + [
        (f"kafka-cluster:{action}", kafka_arn("group", NOTES)) for action in groups
    ]


def _check_notes(asked: Asked) -> None:
    """Refuse at once what on AWS fails after ten minutes: the reason is the same, and nobody has to wait for it."""
    if not asked.is_call("kafkaconnect", "CreateConnector"):
        return
    role = asked.operation.parameters()["serviceExecutionRoleArn"]
    if role in asked.known.trust and (missing := connector_role.gaps(asked.known, role, _needed())):
        raise _refused(f"MSK Connect's workers cannot start: no policy of {role} allows {missing[0]}.")


def _check_network(asked: Asked) -> None:
    """Refuse a network in which the workers reach neither brokers nor S3."""
    if not asked.is_call("kafkaconnect", "CreateConnector"):
        return
    place: dict[str, Any] = asked.operation.parameters()["kafkaCluster"]["apacheKafkaCluster"]["vpc"]
    if not place["subnets"]:
        raise _refused("vpc.subnets is empty: name the brokers' subnets, as DescribeClusterV2 tells them.")
    for name in place["subnets"]:
        if network.subnet(name) is None:
            raise _refused(f"The subnet ID '{name}' does not exist.")
        if not network.reaches_s3(name):
            raise _refused(
                f"The workers have no way to S3: the route table of {name} has neither a gateway endpoint for "
                f"{network.S3} nor a route to a NAT gateway."
            )
    wearing = place.get("securityGroups", [])
    block = str(network.subnet(place["subnets"][0]).cidr_block)
    if not network.group_lets_in(wearing, network.KAFKA_PORT, block, wearing):
        raise _refused(f"The brokers' security groups let nobody in from {block} at port {network.KAFKA_PORT}.")


def _refused(words: str) -> AwsError:
    return AwsError("BadRequestException", words)


def rules() -> tuple[Rule, ...]:
    """Make the rules."""
    return (
        Rule(
            "connectors keep notes of their own",
            'Amazon MSK Developer Guide, "Understand service execution role"',
            _check_notes,
        ),
        Rule(
            "connectors need a way to brokers and S3",
            'Amazon MSK Developer Guide, "Troubleshoot MSK Connect" and "Set up resources required for MSK Connect": '
            "a VPC endpoint from the cluster's VPC to S3",
            _check_network,
        ),
    )
