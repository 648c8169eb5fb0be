"""What a connector's role must allow: MSK Connect works with the role, so the role is looked at before it starts."""

from collections.abc import Iterable, Iterator, Mapping

from lab.aws.identity import policies
from lab.aws.identity.principals import Directory
from lab.core import iam_file

SERVICE = "kafkaconnect.amazonaws.com"


def gaps(known: Directory, role: str, needed: Iterable[tuple[str, str]]) -> list[str]:
    """List what a role does not allow.

    Returns
    -------
    list of str
        "<action> on <resource>".
    """
    documents = known.policies.get(role, ())
    return [f"{action} on {arn}" for action, arn in needed if not policies.allows(documents, action, arn)]


def is_trusting(known: Directory, role: str, connector: str) -> bool:
    """Tell whether MSK Connect may assume a role for a connector, of which it gives the ARN."""
    return role in known.trust and policies.trusts_service(known.trust[role], SERVICE, connector)


def required_actions(name: str, properties: Mapping[str, str], topics: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Work out what a sink into S3 needs: action and resource.

    Parameters
    ----------
    name : str
        Name of the connector.
    properties : mapping
        Its properties.
    topics : iterable of str
        Topics that it reads.
    """
    yield "kafka-cluster:Connect", iam_file.CLUSTER_ARN
    for topic in topics:
        for action in ("DescribeTopic", "ReadData"):
            yield f"kafka-cluster:{action}", iam_file.kafka_arn("topic", topic)
    for action in ("AlterGroup", "DescribeGroup"):
        yield f"kafka-cluster:{action}", iam_file.kafka_arn("group", f"connect-{name}")
    if bucket := properties.get("s3.bucket.name"):
        folder = properties.get("topics.dir", "topics")
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}"
        for action in ("GetObject", "PutObject"):
            yield f"s3:{action}", f"arn:aws:s3:::{bucket}/{folder}/any"
