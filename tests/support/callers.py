"""Callers of the running AWS endpoint with keys of their own, roles for them, and what tests say of refusals."""

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from lab.core.layout import Lab


@contextlib.contextmanager
def refused(code: str, words: str | None = None) -> Iterator[None]:
    """Expect a refusal with a code, in words that match."""
    with pytest.raises(ClientError, match=words) as error:
        yield
    assert error.value.response["Error"]["Code"] == code


@dataclass
class Caller:
    """Somebody with a key of their own."""

    lab: Lab
    key: dict[str, str] = field(repr=False)

    def client(self, service: str, **settings: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, read_timeout=30)
        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{self.lab.ports['aws']}", region_name="us-east-1",
            aws_access_key_id=self.key["AccessKeyId"], aws_secret_access_key=self.key["SecretAccessKey"],
            aws_session_token=self.key.get("SessionToken"), **{"config": config} | settings,
        )  # fmt: skip


def policy(*allowed: str, resource: str | list[str] = "*", effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Action": list(allowed), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal: Any, effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Role:
    """A role that trusts the learner; all of it is gone after the test."""

    def __init__(self, lab: Lab, learner: Any, trust_policy: str):
        self._lab, self._sts, self.iam = lab, learner("sts"), learner("iam")
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        self.arn = self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust_policy)["Role"]["Arn"]

    def may(self, document: str, name: str = "test") -> "Role":
        self.iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=document)
        return self

    def may_not(self, name: str = "test") -> None:
        self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)

    def assumed(self, **more: Any) -> Caller:
        answer = self._sts.assume_role(RoleArn=self.arn, RoleSessionName="tester", **more)
        return Caller(self._lab, answer["Credentials"])

    def delete(self) -> None:
        for name in self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]:
            self.may_not(name)
        for attached in self.iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=self.name, PolicyArn=attached["PolicyArn"])
        for profile in self.iam.list_instance_profiles_for_role(RoleName=self.name)["InstanceProfiles"]:
            held = profile["InstanceProfileName"]
            self.iam.remove_role_from_instance_profile(InstanceProfileName=held, RoleName=self.name)
            self.iam.delete_instance_profile(InstanceProfileName=held)
        self.iam.delete_role(RoleName=self.name)
