"""Whom the broker knows and what each may do: the file through which IAM speaks to Kafka.

``{"keys": {<access key id>: {"secret", "principal", "token", "expires"}}, "policies": {<ARN>: [<document>, …]}}``.
Temporary keys have a token and an end in seconds since the epoch, others have null in both places; the principal of
an assumed role is the role. The broker reads the file again whenever it is replaced.
"""

import json

from helpers import iam
from helpers.kafka import msk
from lab.core.credentials import Credentials
from lab.core.files import write_private_bytes
from lab.core.layout import Lab

ACCOUNT = "123456789012"
LEARNER = f"arn:aws:iam::{ACCOUNT}:user/learner"
"""The principal of the lab's own access key."""

CLUSTER_NAME = "pinterest-msk-cluster"

CLUSTER_ARN = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/{CLUSTER_NAME}/5d0f3c1e-8a46-4b7e-9c52-1e6f7a2b9d30-1"
"""The same in every lab, so that what notebooks show does not change."""

HOSTS = ("127.0.0.1", "localhost")
"""The names under which the broker is known: a request signed for another host is refused."""


def kafka_arn(kind: str, name: str) -> str:
    """Name a part of the cluster as MSK does.

    Parameters
    ----------
    kind : str
        "topic", "group" or "transactional-id".
    name : str
        Its name, or a pattern of names.
    """
    return msk.part_arn(CLUSTER_ARN, kind, name)


def kafka_policy(topics: str) -> dict[str, object]:
    """Write the policy with which the notebooks work, for topics whose names match a pattern."""
    return iam.kafka_policy(CLUSTER_ARN, topics)


def document(credentials: Credentials, *policies: dict[str, object]) -> dict[str, dict]:
    """Gather what the broker needs to know of an account whose only user is the learner."""
    secret = {"secret": credentials.secret_access_key, "principal": LEARNER, "token": None, "expires": None}
    return {"keys": {credentials.access_key_id: secret}, "policies": {LEARNER: list(policies)}}


def encoded(content: dict[str, dict]) -> bytes:
    """Write down what is in the file."""
    return json.dumps(content, indent=1).encode()


def write(lab: Lab, content: dict[str, dict]) -> None:
    """Replace the file; the broker obeys within a second."""
    write_private_bytes(lab.iam_file, encoded(content))


def ensure(lab: Lab, credentials: Credentials) -> None:
    """Let the learner use topics of their own, unless IAM has spoken before."""
    if not lab.iam_file.exists():
        write(lab, document(credentials, kafka_policy(f"{lab.workbook_id}.*")))
