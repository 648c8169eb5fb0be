"""Integration responses: the status, headers and body that a client gets for what an integration answered."""

import re
from collections.abc import Mapping
from typing import Any

from lab.aws.api_gateway import templates
from lab.aws.api_gateway.errors import misconfigured
from lab.aws.api_gateway.requests import Invocation
from lab.aws.protocol import Answer

JSON = "application/json"

_HEADER = "method.response.header."
_ANSWERED = "integration.response.header."


def respond(invocation: Invocation, status: int, headers: Mapping[str, str], body: str) -> Answer:
    """Map an integration's answer.

    The first integration response whose ``selectionPattern`` matches the whole status is taken, else the one without a
    pattern: without patterns an error comes back as a success.

    Raises
    ------
    GatewayRefusal
        If no integration response fits, or it leads to a status that the method does not declare.
    """
    chosen = _chosen(invocation.integration.get("integrationResponses") or {}, str(status))
    if chosen is None:
        invocation.log.append(
            "Execution failed due to configuration error: No match for output mapping and no default output mapping "
            f"configured. Endpoint Response Status Code: {status}"
        )
        raise misconfigured()
    declared = str(chosen["statusCode"])
    if declared not in (invocation.match.method.get("methodResponses") or {}):
        invocation.log.append(
            "Execution failed due to configuration error: Output mapping refers to an invalid method response: "
            f"{declared}"
        )
        raise misconfigured()
    kind, template = _template(chosen.get("responseTemplates") or {}, invocation.call.headers.get("Accept", ""))
    mapped = templates.render(template, invocation, body) if template else body
    return Answer(
        int(declared),
        {"Content-Type": kind, "x-amzn-RequestId": invocation.id}
        | _headers(invocation, chosen.get("responseParameters") or {}, headers),
        mapped.encode(),
    )


def _chosen(responses: Mapping[str, Mapping[str, Any]], status: str) -> Mapping[str, Any] | None:
    patterned = [one for one in responses.values() if one.get("selectionPattern")]
    default = next((one for one in responses.values() if not one.get("selectionPattern")), None)
    return next((one for one in patterned if re.fullmatch(one["selectionPattern"], status)), default)


def _template(by_type: Mapping[str, str], accepted: str) -> tuple[str, str | None]:
    for kind in (accepted, JSON, *by_type):
        if kind in by_type:
            return kind, by_type[kind]
    return JSON, None


def _headers(
    invocation: Invocation, mapped: Mapping[str, str], answered: Mapping[str, str]
) -> dict[str, str]:  # fmt: skip
    lower = {name.lower(): value for name, value in answered.items()}
    values = {
        name.removeprefix(_HEADER): lower.get(source.removeprefix(_ANSWERED).lower())
        if source.startswith(_ANSWERED)
        else invocation.value(source)
        for name, source in mapped.items()
        if name.startswith(_HEADER)
    }
    return {name: value for name, value in values.items() if value is not None}
