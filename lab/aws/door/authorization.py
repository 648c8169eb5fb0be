"""Authorisation: whether the policies of whoever calls allow what the call asks for."""

from lab.aws.door import required_actions
from lab.aws.door.required_actions import RequiredAction
from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.identity.principals import Directory, Key
from lab.aws.protocol import Call, Operation

ALWAYS = ("sts:GetCallerIdentity", "sts:AssumeRole")
"""Anybody may ask who they are; who may assume a role is for its trust policy to say."""


def check(known: Directory, caller: Key, call: Call, operation: Operation) -> None:
    """Refuse a call that the caller's policies do not allow.

    Raises
    ------
    AwsError
        ``AccessDenied``, with action and resource, as AWS words it.
    """
    documents = known.policies.get(caller.owner, ())
    for required in required_actions.of(known, caller, call, operation):
        if required.action not in ALWAYS and not policies.allows(documents, required.action, required.resource):
            denied = policies.denies(documents, required.action, required.resource)
            raise AwsError(_code(operation.service), _told(caller, required, denied), 403)


def _code(service: str) -> str:
    if service == "ec2":
        return "UnauthorizedOperation"
    return "AccessDenied" if service in ("iam", "sts", "s3") else "AccessDeniedException"


def _told(caller: Key, required: RequiredAction, denied: bool) -> str:
    where = f" on resource: {required.resource}" if required.resource else ""
    why = (
        "with an explicit deny in an identity-based policy"
        if denied
        else f"because no identity-based policy allows the {required.action} action"
    )
    return f"User: {caller.session} is not authorized to perform: {required.action}{where} {why}"
