"""What API Gateway's control plane asks for and moto does not: repeats are conflicts, a parent takes its subtree along.

Every function works on moto's own objects, on its thread, at once before or after moto answers the same call.
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.apigateway.models import RestAPI, Stage, apigateway_backends

from lab.aws.errors import AwsError
from lab.aws.protocol import REGION, Operation
from lab.core.iam_file import ACCOUNT

Asked = Mapping[str, Any]

STAGE_PATCHES = ("/deploymentId", "/description", "/variables/")
API_PATCHES = ("/name", "/description")


def before(operation: Operation) -> None:
    """Refuse what AWS refuses, and take away what AWS takes away along with what is asked for.

    Raises
    ------
    AwsError
        In AWS's words.
    """
    rule = _BEFORE.get(operation.name)
    if rule:
        asked = operation.parameters()
        rule(_api(asked["restApiId"]), asked)


def stage_to_keep(operation: Operation) -> Stage | None:
    """Return the stage that a new deployment goes to, if there is one already; moto would make it anew."""
    if operation.name != "CreateDeployment":
        return None
    asked = operation.parameters()
    return _api(asked["restApiId"]).stages.get(asked.get("stageName"))


def keep_stage(operation: Operation, stage: Stage, deployment: str) -> None:
    """Let a stage serve a new deployment, with everything else as it was and the variables of the call added."""
    asked = operation.parameters()
    stage.deployment_id = deployment
    stage.variables = {**(stage.variables or {}), **asked.get("variables", {})}
    stage.description = asked.get("stageDescription", stage.description)
    _api(asked["restApiId"]).stages[stage.name] = stage


def resource(asked: Asked) -> Any:
    """Find a resource.

    Raises
    ------
    AwsError
        If there is none.
    """
    return _resource(_api(asked["restApiId"]), asked["resourceId"])


def method(asked: Asked) -> Any:
    """Find a method; raises as `resource` does."""
    return _found(resource(asked).resource_methods, asked["httpMethod"], "Method")


def integration(asked: Asked) -> Any:
    """Find the integration of a method; raises as `resource` does."""
    methods = resource(asked).resource_methods
    found = methods[asked["httpMethod"]].method_integration if asked["httpMethod"] in methods else None
    if found is None:
        raise _not_found("Integration")
    return found


def method_response(asked: Asked) -> Any:
    """Find a response of a method; raises as `resource` does."""
    return _found(method(asked).method_responses, asked["statusCode"], "Response status code")


def integration_response(asked: Asked) -> Any:
    """Find a response of an integration; raises as `resource` does."""
    return _found(integration(asked).integration_responses or {}, asked["statusCode"], "Integration response")


def check_new_path_part(asked: Asked, part: str) -> None:
    """Refuse a new name of a resource that a sibling has, or that its children could not be below.

    Raises
    ------
    AwsError
        In AWS's words.
    """
    api, there = _api(asked["restApiId"]), resource(asked)
    if there.parent_id is None:
        raise _bad_request("The root resource cannot be renamed")
    if part.endswith("+}") and _below(api, there.id):
        raise _bad_request(f"Cannot create a child of a resource with a greedy path variable: {part}")
    _check_siblings(
        [one.path_part for one in api.resources.values() if one.parent_id == there.parent_id and one.id != there.id],
        part,
    )


def check_validator(api: str, validator: str) -> None:
    """Refuse a request validator that the API does not have.

    Raises
    ------
    AwsError
        In AWS's words.
    """
    if validator not in _api(api).request_validators:
        raise _bad_request("Invalid Request Validator identifier specified")


def validates_parameters(api: str, validator: str | None) -> bool:
    """Tell whether a request validator looks whether the required parameters are there."""
    found = _api(api).request_validators.get(validator)
    return bool(found and found.validate_request_parameters)


def api_keys(api: str, stage: str) -> frozenset[str]:
    """List the values of the enabled keys that the usage plans of a stage let in."""
    backend = apigateway_backends[ACCOUNT][REGION]
    plans = [
        plan.id
        for plan in backend.usage_plans.values()
        if {"apiId": api, "stage": stage}
        in [{"apiId": one.get("apiId"), "stage": one.get("stage")} for one in plan.api_stages]
    ]
    keys = {key for plan in plans for key in backend.usage_plan_keys.get(plan, {})}
    return frozenset(backend.keys[key].value for key in keys if key in backend.keys and backend.keys[key].enabled)


def _api(api: str) -> RestAPI:
    apis = apigateway_backends[ACCOUNT][REGION].apis
    if api not in apis:
        raise AwsError("NotFoundException", "Invalid API identifier specified " + f"{ACCOUNT}:{api}", 404)
    return apis[api]


def _put_method(api: RestAPI, asked: Asked) -> None:
    resource = _resource(api, asked["resourceId"])
    if asked["httpMethod"] in resource.resource_methods:
        raise _conflict("Method already exists for this resource")
    if asked.get("requestValidatorId"):
        check_validator(api.id, asked["requestValidatorId"])


def _put_integration(api: RestAPI, asked: Asked) -> None:
    method = _resource(api, asked["resourceId"]).resource_methods.get(asked["httpMethod"])
    named = (method.request_parameters or {}) if method else {}
    for expression in (asked.get("requestParameters") or {}).values():
        if method and expression.startswith("method.request.path.") and expression not in named:
            fault = f"Invalid mapping expression parameter specified: {expression}"
            raise _bad_request(
                f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{fault}]"
            )


def _delete_method(api: RestAPI, asked: Asked) -> None:
    if asked["httpMethod"] not in _resource(api, asked["resourceId"]).resource_methods:
        raise _not_found("Method")


def _create_resource(api: RestAPI, asked: Asked) -> None:
    parent, part = _resource(api, asked["parentId"]), asked["pathPart"]
    if (parent.path_part or "").endswith("+}"):
        raise _bad_request(f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}")
    _check_siblings([one.path_part for one in api.resources.values() if one.parent_id == parent.id], part)


def _check_siblings(siblings: list[str], part: str) -> None:
    if part in siblings:
        raise _conflict(f"Another resource with the same parent already has this name: {part}")
    variables = [sibling for sibling in siblings if sibling.startswith("{")]
    if part.startswith("{") and variables:
        raise _bad_request(
            f"A sibling ({variables[0]}) of this resource already has a variable path part -- only one is allowed"
        )


def _delete_resource(api: RestAPI, asked: Asked) -> None:
    resource = _resource(api, asked["resourceId"])
    if resource.parent_id is None:
        raise _bad_request("The root resource cannot be deleted")
    for child in _below(api, resource.id):
        del api.resources[child]


def _create_stage(api: RestAPI, asked: Asked) -> None:
    if asked["stageName"] in api.stages:
        raise _conflict("Stage already exists")
    _check_deployment(api, asked["deploymentId"])


def _update_stage(api: RestAPI, asked: Asked) -> None:
    if asked["stageName"] not in api.stages:
        raise _not_found("Stage")
    for patch in asked.get("patchOperations", []):
        _check_patch(patch, STAGE_PATCHES)
        if patch["path"] == "/deploymentId":
            _check_deployment(api, patch.get("value"))


def _update_api(api: RestAPI, asked: Asked) -> None:
    for patch in asked.get("patchOperations", []):
        _check_patch(patch, API_PATCHES)


def _delete_stage(api: RestAPI, asked: Asked) -> None:
    if asked["stageName"] not in api.stages:
        raise _not_found("Stage")


def _delete_deployment(api: RestAPI, asked: Asked) -> None:
    deployment = api.deployments.get(asked["deploymentId"])
    if deployment is None:
        raise _not_found("Deployment")
    if any(stage.deployment_id == deployment.id for stage in api.stages.values()):
        raise _bad_request("Active stages pointing to this deployment must be moved or deleted")
    deployment.stage_name = None  # moto asks which stage it was made for, not which one serves it


def _resource(api: RestAPI, resource: str) -> Any:
    if resource not in api.resources:
        raise _not_found("Resource")
    return api.resources[resource]


def _found(where: Mapping[str, Any], name: str, what: str) -> Any:
    if name not in where:
        raise _not_found(what)
    return where[name]


def _below(api: RestAPI, resource: str) -> list[str]:
    children = [one.id for one in api.resources.values() if one.parent_id == resource]
    return [found for child in children for found in (child, *_below(api, child))]


def _check_deployment(api: RestAPI, deployment: str | None) -> None:
    if deployment not in api.deployments:
        raise _bad_request("Deployment id does not exist")


def _check_patch(patch: Asked, known: tuple[str, ...]) -> None:
    path = patch["path"]
    if not any(path.startswith(one) if one.endswith("/") else path == one for one in known):
        raise _bad_request(f"The lab patches {', '.join(known)} here, not {path!r}; AWS may.")
    removable = path.startswith("/variables/")
    if patch["op"] != "replace" and not (removable and patch["op"] == "remove"):
        raise _bad_request(f"Invalid patch operation {patch['op']!r} for the path {path!r}: use replace.")


def _conflict(message: str) -> AwsError:
    return AwsError("ConflictException", message, 409)


def _bad_request(message: str) -> AwsError:
    return AwsError("BadRequestException", message)


def _not_found(what: str) -> AwsError:
    return AwsError("NotFoundException", f"Invalid {what} identifier specified", 404)


_BEFORE: dict[str, Callable[[RestAPI, Asked], None]] = {
    "PutMethod": _put_method, "PutIntegration": _put_integration, "DeleteMethod": _delete_method,
    "CreateResource": _create_resource,
    "DeleteResource": _delete_resource, "CreateStage": _create_stage, "UpdateStage": _update_stage,
    "DeleteStage": _delete_stage, "DeleteDeployment": _delete_deployment, "UpdateRestApi": _update_api,
}  # fmt: skip
