"""The account as a learner finds it: a user with a key, who may do everything in AWS and use topics of their own."""

import json
from typing import Any

from moto.iam.models import iam_backends

from lab.core import iam_file
from lab.core.credentials import Credentials

LEARNER = iam_file.LEARNER.rsplit("/", 1)[-1]

EVERYTHING_BUT_KAFKA = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "NotAction": "kafka-cluster:*", "Resource": "*"}],
}


def seed(kept: dict[str, Any], credentials: Credentials, workbook_id: str) -> None:
    """Make the learner's user with the lab's key; on moto's thread.

    Key and policy for AWS come back at every start, so that nobody locks themselves out for good. A policy for topics
    that the learner takes away stays away.

    Parameters
    ----------
    kept : dict
        What this module remembers: the ids whose topics the learner was given.
    credentials : Credentials
        The lab's.
    workbook_id : str
        Topics whose names begin with it are the learner's.
    """
    backend = iam_backends[iam_file.ACCOUNT]["aws"]
    given = kept.setdefault("ids", [])
    if LEARNER not in backend.users:
        backend.create_user("us-east-1", LEARNER)
    backend.put_user_policy(LEARNER, "aws", json.dumps(EVERYTHING_BUT_KAFKA))
    _give_key(backend, credentials)
    if workbook_id not in given:
        backend.put_user_policy(LEARNER, f"kafka-{workbook_id}", json.dumps(iam_file.kafka_policy(f"{workbook_id}.*")))
        given.append(workbook_id)


def _give_key(backend: Any, credentials: Credentials) -> None:
    keys = backend.users[LEARNER].access_keys
    own = next((key for key in keys if key.access_key_id == credentials.access_key_id), None)
    if own is None:
        own = backend.users[LEARNER].create_access_key("AKIA")
        own.access_key_id, own.secret_access_key = credentials.access_key_id, credentials.secret_access_key
        backend.access_keys[own.access_key_id] = own
    own.status = "Active"
