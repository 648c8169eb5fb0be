"""A connector whose role may not keep MSK Connect's own notes in Kafka does not come up."""

from lab.aws.errors import AwsError
from lab.aws.msk import connector_role
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


def _hold(asked: Asked) -> None:
    """Refuse at once what on AWS fails after ten minutes: the reason is the same, and nobody has to wait for it."""
    if not asked.is_call("kafkaconnect", "CreateConnector"):
        return
    role = asked.operation.parameters()["serviceExecutionRoleArn"]
    if role in asked.known.trust and (missing := connector_role.gaps(asked.known, role, _needed())):
        words = f"MSK Connect's workers cannot start: no policy of {role} allows {missing[0]}."
        raise AwsError("BadRequestException", words)


def rule() -> Rule:
    """Make the rule."""
    source = 'Amazon MSK Developer Guide, "Understand service execution role"'
    return Rule("connectors keep notes of their own", source, _hold)
