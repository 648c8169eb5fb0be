"""IAM spreads in seconds: who names a role or profile at once is told that there is none."""

import json
from collections.abc import Iterator
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.strict.rule import Asked, Rule
from lab.core.iam_file import ACCOUNT

SECONDS = 4
"""Ten or more on AWS; enough here for a call that is made at once to be refused."""


class Spreading:
    """Remembers which roles and profiles are new."""

    def __init__(self) -> None:
        self._known_from: dict[str, float] = {}

    def hold(self, asked: Asked) -> None:
        """Note what is being made, and refuse what names it too early.

        Raises
        ------
        AwsError
            In the words of EC2, or of IAM.
        """
        self._note(asked)
        if asked.is_call("ec2", "RunInstances"):
            self._check_profile(asked)
        if asked.is_call("iam", "CreateRole", "UpdateAssumeRolePolicy"):
            self._check_principals(asked)

    def _note(self, asked: Asked) -> None:
        if asked.is_call("iam", "CreateRole"):
            arn = f"arn:aws:iam::{ACCOUNT}:role/{asked.operation.parameters()['RoleName']}"
            if arn not in asked.known.trust:
                self._known_from[arn] = asked.now + SECONDS
        if asked.is_call("iam", "AddRoleToInstanceProfile"):
            name = asked.operation.parameters()["InstanceProfileName"]
            if name not in asked.known.profiles:
                self._known_from[name] = asked.now + SECONDS

    def _is_new(self, what: str, now: float) -> bool:
        return now < self._known_from.get(what, now)

    def _check_profile(self, asked: Asked) -> None:
        profile = asked.operation.parameters().get("IamInstanceProfile", {})
        name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
        if self._is_new(name, asked.now):
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
            )

    def _check_principals(self, asked: Asked) -> None:
        said = asked.operation.parameters()
        text = said.get("PolicyDocument") or said.get("AssumeRolePolicyDocument") or "{}"
        for arn in _principals(text):
            if self._is_new(arn, asked.now):
                raise AwsError("MalformedPolicyDocument", f'Invalid principal in policy: "AWS":"{arn}"')


def _principals(text: str) -> Iterator[str]:
    try:
        statements: Any = json.loads(text).get("Statement", [])
    except ValueError:
        return  # IAM says what is wrong with it
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal", {})
        several = named.get("AWS", []) if isinstance(named, dict) else []
        yield from [several] if isinstance(several, str) else several


def rule() -> Rule:
    """Make the rule, with nothing new yet."""
    source = 'IAM User Guide, "Troubleshoot IAM: Changes that I make are not always immediately visible"'
    return Rule("IAM spreads in seconds", source, Spreading().hold)
