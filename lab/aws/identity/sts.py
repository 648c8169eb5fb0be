"""STS: a role is handed out only to whom its trust policy names."""

from datetime import UTC
from typing import Any

from moto.sts.models import sts_backends

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.identity.principals import Key
from lab.aws.protocol import Answer, Operation
from lab.core.iam_file import ACCOUNT

LONGEST_SESSION = 12 * 3600
"""Seconds; IAM's own limit."""

ANSWERED = ("AssumeRole", "GetCallerIdentity")


async def answer(endpoint: Endpoint, operation: Operation, caller: Key) -> Answer:
    """Answer AssumeRole and GetCallerIdentity.

    Raises
    ------
    AwsError
        If the role does not trust the caller, or the operation would hand out keys that the lab cannot vouch for.
    """
    if operation.name not in ANSWERED:
        raise AwsError("AccessDenied", f"The lab's STS answers {' and '.join(ANSWERED)}, not {operation.name}.", 403)
    if operation.name == "AssumeRole":
        parameters = operation.parameters()
        if parameters.get("Policy") or parameters.get("PolicyArns"):
            raise AwsError("InvalidParameterValue", "The lab does not evaluate session policies, so it takes none.")
        if parameters.get("DurationSeconds", 0) > LONGEST_SESSION:
            raise AwsError("ValidationError", f"DurationSeconds must be at most {LONGEST_SESSION}.")
        check_trust(endpoint, caller, parameters["RoleArn"], parameters.get("ExternalId"))
    return await endpoint.pass_on(operation)


def check_trust(endpoint: Endpoint, caller: Key, role: str, external_id: str | None = None) -> None:
    """Refuse a caller whom the role does not trust, in AWS's words; they do not tell whether there is such a role."""
    known = endpoint.directory
    if role in known.trust and policies.trusts(
        known.trust[role], caller.session, caller.owner, known.policies.get(caller.owner, ()), role, external_id
    ):
        return
    raise AwsError(
        "AccessDenied", f"User: {caller.session} is not authorized to perform: sts:AssumeRole on resource: {role}", 403
    )


def session_for_service(role: str, name: str, seconds: int) -> Any:
    """Open a session of a role for an AWS service; on moto's thread.

    Parameters
    ----------
    role : str
        ARN of the role.
    name : str
        Name of the session.
    seconds : int
        How long it lasts.
    """
    session = sts_backends[ACCOUNT]["aws"].assume_role("us-east-1", name, role, "", seconds, "")
    session.expiration = session.expiration.replace(tzinfo=UTC) if not session.expiration.tzinfo else session.expiration
    return session
