"""What can be set: methods, integrations and templates that the lab could not run are refused when they come."""

import re
from collections.abc import Mapping
from typing import Any

from lab.aws.api_gateway import members, templates
from lab.aws.api_gateway.service_integration import Target
from lab.aws.errors import AwsError
from lab.aws.members import check as check_members
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
    if lacking := members.LACKING.get(operation.name):
        raise AwsError("NotImplementedException", f"The lab's API Gateway has no {lacking}; AWS's has.", 501)
    known = members.API_GATEWAY.get(operation.name)
    if known:
        check_members("API Gateway", operation.name, known, operation.parameters())
    checks = {
        "PutMethod": lambda asked: check_authorization(asked["authorizationType"]), "PutIntegration": _integration,
        "PutIntegrationResponse": check_response, "CreateRequestValidator": _validator,
        "UpdateRequestValidator": _validator_patches, "CreateUsagePlan": _usage_plan,
        "UpdateUsagePlan": _usage_plan_patches, "CreateRestApi": _api,
    }  # fmt: skip
    if operation.name in checks:
        try:
            checks[operation.name](operation.parameters())
        except ValueError as error:
            raise AwsError("BadRequestException", str(error)) from error


def check_authorization(kind: str) -> None:
    """Refuse a kind of authorization that the lab does not have.

    Raises
    ------
    ValueError
        Naming those it has.
    """
    if kind not in AUTHORIZATIONS:
        raise ValueError(f"The lab has authorizationType {' and '.join(AUTHORIZATIONS)}, not {kind!r}.")


def _integration(asked: Mapping[str, Any]) -> None:
    if asked["type"] not in TYPES:
        raise ValueError(f"The lab has integrations of the types {', '.join(TYPES)}, not {asked['type']!r}.")
    if asked["type"] == "AWS":
        Target.read(asked.get("uri", ""))
    for name in asked.get("requestParameters", {}):
        if name.startswith("integration.request.querystring."):
            raise ValueError(f"The lab maps parameters of the path and headers, not {name!r}; AWS does.")
    for template in asked.get("requestTemplates", {}).values():
        templates.check(template)


def check_response(asked: Mapping[str, Any]) -> None:
    """Refuse an integration response that could not be used.

    Raises
    ------
    ValueError
        Naming its pattern or the fault of a template.
    """
    try:
        re.compile(asked.get("selectionPattern") or "")
    except re.error as error:
        raise ValueError(f"Invalid selection pattern specified: {error}.") from error
    for template in asked.get("responseTemplates", {}).values():
        templates.check(template or "")


_NO_BODIES = "The lab's request validators look at parameters, not at bodies like AWS's: leave validateRequestBody out."
_NO_LIMITS = "The lab's usage plans let keys in, and have no throttle and no quota; AWS's have: leave them out."


def _validator(asked: Mapping[str, Any]) -> None:
    if asked.get("validateRequestBody"):
        raise ValueError(_NO_BODIES)


def _validator_patches(asked: Mapping[str, Any]) -> None:
    for patch in asked.get("patchOperations", []):
        if patch["path"] == "/validateRequestBody" and str(patch.get("value")).lower() == "true":
            raise ValueError(_NO_BODIES)


def _usage_plan(asked: Mapping[str, Any]) -> None:
    if asked.get("throttle") or asked.get("quota") or any(one.get("throttle") for one in asked.get("apiStages", [])):
        raise ValueError(_NO_LIMITS)


def _usage_plan_patches(asked: Mapping[str, Any]) -> None:
    for patch in asked.get("patchOperations", []):
        if "throttle" in patch["path"] or "quota" in patch["path"]:
            raise ValueError(_NO_LIMITS)


def _api(asked: Mapping[str, Any]) -> None:
    if asked.get("apiKeySource", "HEADER") != "HEADER":
        raise ValueError(f"The lab reads API keys from the header x-api-key, not from {asked['apiKeySource']!r}.")
