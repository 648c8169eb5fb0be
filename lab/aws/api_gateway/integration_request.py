"""Integration requests: the body that goes to the integration, by the template for the request's content type."""

from lab.aws.api_gateway import templates
from lab.aws.api_gateway.errors import GatewayRefusal
from lab.aws.api_gateway.requests import Invocation

DEFAULT_TYPE = "application/json"
"""Of a request that does not say."""

_UNSUPPORTED = GatewayRefusal(415, "Unsupported Media Type", "BadRequestException")


def body(invocation: Invocation) -> str:
    """Map a request's body.

    Raises
    ------
    GatewayRefusal
        If there is no template for its content type and the integration lets nothing pass through, or the body does
        not fit the template.
    """
    integration = invocation.integration
    by_type = integration.get("requestTemplates") or {}
    came = invocation.call.headers.get("Content-Type") or DEFAULT_TYPE
    template = by_type.get(came.partition(";")[0].strip().lower())
    if template is not None:
        mapped = templates.render(template, invocation, invocation.body)
    else:
        passes = (integration.get("passthroughBehavior") or "WHEN_NO_MATCH").upper()
        if passes == "NEVER" or (passes == "WHEN_NO_TEMPLATES" and by_type):
            raise _UNSUPPORTED
        mapped = invocation.body
    invocation.log.append(f"Endpoint request body after transformations: {mapped}")
    return mapped
