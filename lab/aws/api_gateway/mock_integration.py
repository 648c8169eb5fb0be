"""The MOCK integration: the request template says which status to answer with, and nobody else is asked."""

import json

from lab.aws.api_gateway import integration_request, integration_response
from lab.aws.api_gateway.errors import misconfigured
from lab.aws.api_gateway.requests import Invocation
from lab.aws.protocol import Answer


def answer(invocation: Invocation) -> Answer:
    """Answer with the status in ``{"statusCode": 200}``.

    Raises
    ------
    GatewayRefusal
        If the mapped body holds none.
    """
    try:
        status = int(json.loads(integration_request.body(invocation))["statusCode"])
    except (ValueError, TypeError, KeyError) as error:
        invocation.log.append("Execution failed due to configuration error: Unable to parse statusCode")
        raise misconfigured() from error
    return integration_response.respond(invocation, status, {}, "")
