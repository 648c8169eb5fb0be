"""The AWS integration: a mapped request becomes a call of an AWS service, in the role that the integration names.

The lab knows service actions, ``arn:aws:apigateway:<region>:<service>:action/<Action>``, of services that speak JSON.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from multidict import CIMultiDict

from lab.aws.api_gateway import integration_request, integration_response
from lab.aws.api_gateway.errors import misconfigured
from lab.aws.api_gateway.requests import Invocation
from lab.aws.door.canonical_call import plain_json
from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.identity.principals import Directory, Key
from lab.aws.protocol import MODELS, REGION, Answer, Call, model, refusal
from lab.core.iam_file import ACCOUNT

PRINCIPAL = "apigateway.amazonaws.com"
"""Whom a credentials role must trust."""

SESSION = "BackplaneAssumeRoleSession"
"""API Gateway's name for its session of the role, as error messages show it."""

Perform = Callable[[Call, str, Key], Awaitable[Answer]]
"""Lets a service answer a call for somebody, if they may (`Edge.perform`)."""

_URI = re.compile(r"arn:aws:apigateway:(?P<region>[\w-]+):(?P<service>[\w.-]+):(?P<kind>action|path)/(?P<action>.+)")
_ROLE = re.compile(rf"arn:aws:iam::{ACCOUNT}:role/(?:.+/)?(?P<name>[\w+=,.@-]+)")


@dataclass(frozen=True)
class Target:
    """A service's action."""

    service: str
    action: str

    @classmethod
    def read(cls, uri: str) -> "Target":
        """Read an integration's URI.

        Raises
        ------
        ValueError
            If it names nothing that the lab can call.
        """
        found = _URI.fullmatch(uri)
        if not found or found["kind"] == "path":
            raise ValueError(
                "The lab integrates with service actions, arn:aws:apigateway:<region>:<service>:action/<Action>, "
                f"not with {uri!r}."
            )
        if found["region"] != REGION:
            raise ValueError(f"The lab is in {REGION}; {uri!r} leads to {found['region']}.")
        service, action = found["service"], found["action"]
        spoken = {name for name in MODELS if str(model(name).protocol) == "json"}
        if service not in spoken:
            raise ValueError(f"The lab integrates with {', '.join(sorted(spoken))}, not with {service!r}.")
        if action not in model(service).operation_names:
            raise ValueError(f"{service} has no action {action!r}.")
        return cls(service, action)

    def call(self, host: str, body: bytes) -> Call:
        """Write the call in its plainest form."""
        definition = model(self.service).metadata
        headers = {
            "Host": host,
            "Content-Type": f"application/x-amz-json-{definition['jsonVersion']}",
            "X-Amz-Target": f"{definition['targetPrefix']}.{self.action}",
        }
        return Call("POST", "/", "", CIMultiDict(headers), body)


async def answer(invocation: Invocation, known: Directory, perform: Perform) -> Answer:
    """Call the service and map its answer, whether it is a success or an error.

    Raises
    ------
    GatewayRefusal
        If the request cannot be mapped, or API Gateway may not assume the role.
    """
    integration = invocation.integration
    target = Target.read(integration["uri"])  # it could be read when it was set
    caller = _caller(invocation, integration.get("credentials"), known)
    mapped = integration_request.body(invocation)
    reply = await _called(invocation, target, caller, mapped, perform)
    invocation.log.append(f"Endpoint response body before transformations: {_text(reply)}")
    return integration_response.respond(invocation, reply.status, reply.headers, _text(reply))


async def _called(
    invocation: Invocation, target: Target, caller: Key | None, mapped: str, perform: Perform
) -> Answer:  # fmt: skip
    if caller is None:
        return refusal(AwsError("MissingAuthenticationTokenException", "Missing Authentication Token"), target.service)
    if invocation.integration["httpMethod"] != "POST":  # services take actions by POST alone, whatever the client used
        method = invocation.integration["httpMethod"]
        return refusal(AwsError("UnknownOperationException", f"There is no {method} action.", 404), target.service)
    try:
        body = plain_json(mapped.encode())
    except AwsError as error:
        return refusal(error, target.service)
    return await perform(target.call(invocation.call.headers["Host"], body), target.service, caller)


def _caller(invocation: Invocation, role: str | None, known: Directory) -> Key | None:
    """Assume the integration's role; without one the service is called by nobody."""
    if not role:
        return None
    named = _ROLE.fullmatch(role)
    source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{invocation.stage.api}"
    if not named or role not in known.trust or not policies.trusts_service(known.trust[role], PRINCIPAL, source):
        invocation.log.append(
            "Execution failed due to configuration error: API Gateway does not have permission to assume the provided "
            f"role {role}"
        )
        raise misconfigured()
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{named['name']}/{SESSION}"
    return Key(id="", secret="", owner=role, session=session)


def _text(reply: Answer) -> str:
    assert isinstance(reply.body, bytes)  # services that speak JSON do not stream
    return reply.body.decode()
