"""What can be set: methods, integrations and templates that the lab could not run are refused when they come."""

import re
from collections.abc import Mapping
from typing import Any

from lab.aws.api_gateway import templates
from lab.aws.api_gateway.service_integration import Target
from lab.aws.errors import AwsError
from lab.aws.protocol import Operation

AUTHORIZATIONS = ("NONE", "AWS_IAM")
TYPES = ("HTTP_PROXY", "AWS", "MOCK")


def check(operation: Operation) -> None:
    """Refuse a call of the control plane that asks for what would not work.

    Raises
    ------
    AwsError
        ``BadRequestException``, naming the value.
    """
    checks = {
        "PutMethod": _method, "PutIntegration": _integration, "PutIntegrationResponse": _response,
    }  # fmt: skip
    if operation.name in checks:
        try:
            checks[operation.name](operation.parameters())
        except ValueError as error:
            raise AwsError("BadRequestException", str(error)) from error


def _method(asked: Mapping[str, Any]) -> None:
    kind = asked["authorizationType"]
    if kind not in AUTHORIZATIONS:
        raise ValueError(f"The lab has authorizationType {' and '.join(AUTHORIZATIONS)}, not {kind!r}.")


def _integration(asked: Mapping[str, Any]) -> None:
    if asked["type"] not in TYPES:
        raise ValueError(f"The lab has integrations of the types {', '.join(TYPES)}, not {asked['type']!r}.")
    if asked["type"] == "AWS":
        Target.read(asked.get("uri", ""))
    for template in asked.get("requestTemplates", {}).values():
        templates.check(template)


def _response(asked: Mapping[str, Any]) -> None:
    try:
        re.compile(asked.get("selectionPattern") or "")
    except re.error as error:
        raise ValueError(f"Invalid selection pattern specified: {error}.") from error
    for template in asked.get("responseTemplates", {}).values():
        templates.check(template)
