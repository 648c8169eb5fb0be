"""IAM: a policy with a part that the lab would not honour is refused when somebody wants to attach it."""

import json
from typing import Any

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.protocol import Answer, Operation

DOCUMENTS = ("PolicyDocument", "AssumeRolePolicyDocument")

NOT_EVALUATED = ("PutUserPermissionsBoundary", "PutRolePermissionsBoundary")


async def answer(endpoint: Endpoint, operation: Operation) -> Answer:
    """Let moto answer, once every document in the call has been looked through.

    Raises
    ------
    AwsError
        If a document cannot be read, or says what the lab does not evaluate.
    """
    parameters = operation.parameters()
    if operation.name in NOT_EVALUATED or "PermissionsBoundary" in parameters:
        raise AwsError("InvalidInput", "The lab does not evaluate permissions boundaries, so it does not take any.")
    for name in DOCUMENTS:
        if name in parameters:
            policies.check(_parsed(parameters[name]), is_trust=_is_trust(operation, name))
    return await endpoint.pass_on(operation)


def _is_trust(operation: Operation, name: str) -> bool:
    return name == "AssumeRolePolicyDocument" or operation.name == "UpdateAssumeRolePolicy"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise AwsError("MalformedPolicyDocument", f"The policy is not valid JSON: {error}.") from error
