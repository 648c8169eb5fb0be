"""Updates of methods, resources and responses, which moto does not have: patches of moto's own objects.

Sources: API Gateway's "Patch operations" for each of these resources. Every function works on moto's thread.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.aws.api_gateway import control_rules, integrations
from lab.aws.errors import AwsError
from lab.aws.protocol import Operation

Asked = Mapping[str, Any]


def _truth(value: str) -> bool:
    return value.lower() == "true"


@dataclass(frozen=True)
class _Patched:
    """What can be patched.

    Attributes
    ----------
    find : callable
        Finds moto's object.
    values : mapping of str to (str, callable)
        First part of a path → attribute, and how the value is read; replaced alone.
    mappings : mapping of str to (str, callable)
        The same, of mappings whose members are added, replaced and removed.
    check : callable
        Refuses what the object would be after all patches: gets what was asked, and the new attributes.
    """

    find: Callable[[Asked], Any]
    values: Mapping[str, tuple[str, Callable[[str], Any]]] = field(default_factory=dict)
    mappings: Mapping[str, tuple[str, Callable[[str], Any]]] = field(default_factory=dict)
    check: Callable[[Asked, Asked], None] = lambda asked, new: None


def apply(operation: Operation) -> None:
    """Apply all patches of an operation, or none.

    Raises
    ------
    AwsError
        If there is no such object, or the lab does not know a patch.
    """
    asked, known = operation.parameters(), KNOWN[operation.name]
    thing = known.find(asked)
    new = _changed(thing, known, asked.get("patchOperations", []))
    try:
        known.check(asked, new)
    except ValueError as error:
        raise AwsError("BadRequestException", str(error)) from error
    for name, value in new.items():
        setattr(thing, name, value)


def _changed(thing: Any, known: _Patched, patches: Iterable[Asked]) -> dict[str, Any]:
    new: dict[str, Any] = {}
    for patch in patches:
        name, _, key = patch["path"].removeprefix("/").partition("/")
        key, how = key.replace("~1", "/").replace("~0", "~"), patch["op"]
        if name in known.values and not key and how == "replace":
            attribute, read = known.values[name]
            new[attribute] = read(patch.get("value", ""))
        elif name in known.mappings and key and how in ("add", "replace", "remove"):
            attribute, read = known.mappings[name]
            mapping = new.setdefault(attribute, dict(getattr(thing, attribute) or {}))
            if how == "remove":
                mapping.pop(key, None)
            else:
                mapping[key] = read(patch.get("value", ""))
        else:
            paths = ", ".join([*(f"/{one}" for one in known.values), *(f"/{one}/…" for one in known.mappings)])
            raise AwsError(
                "BadRequestException", f"The lab patches {paths} here, not {patch['path']!r} by {how!r}; AWS may."
            )
    return new


def _check_method(asked: Asked, new: Asked) -> None:
    if "authorization_type" in new:
        integrations.check_authorization(new["authorization_type"])
    if new.get("request_validator_id"):
        control_rules.check_validator(asked["restApiId"], new["request_validator_id"])


def _check_response(asked: Asked, new: Asked) -> None:
    integrations.check_response(
        {"selectionPattern": new.get("selection_pattern"), "responseTemplates": new.get("response_templates", {})}
    )


def _check_resource(asked: Asked, new: Asked) -> None:
    if "path_part" in new:
        control_rules.check_new_path_part(asked, new["path_part"])


KNOWN = {
    "UpdateMethod": _Patched(
        control_rules.method,
        {
            "authorizationType": ("authorization_type", str),
            "apiKeyRequired": ("api_key_required", _truth),
            "operationName": ("operation_name", str),
            "requestValidatorId": ("request_validator_id", str),
        },
        {"requestParameters": ("request_parameters", _truth), "requestModels": ("request_models", str)},
        _check_method,
    ),
    "UpdateMethodResponse": _Patched(
        control_rules.method_response,
        mappings={"responseParameters": ("response_parameters", _truth), "responseModels": ("response_models", str)},
    ),
    "UpdateIntegrationResponse": _Patched(
        control_rules.integration_response,
        {"selectionPattern": ("selection_pattern", str)},
        {"responseTemplates": ("response_templates", str), "responseParameters": ("response_parameters", str)},
        _check_response,
    ),
    "UpdateResource": _Patched(control_rules.resource, {"pathPart": ("path_part", str)}, check=_check_resource),
}
"""What is answered here, by operation."""
