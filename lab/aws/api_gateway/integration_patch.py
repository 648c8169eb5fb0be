"""UpdateIntegration, which moto does not have: patches become the PutIntegration that they amount to."""

from collections.abc import Iterable, Mapping
from typing import Any

from lab.aws.errors import AwsError

VALUES = ("uri", "httpMethod", "credentials", "passthroughBehavior", "timeoutInMillis")
MAPPINGS = ("requestTemplates", "requestParameters")


def patched(integration: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Apply patches to an integration in API Gateway's own form.

    Raises
    ------
    AwsError
        ``BadRequestException``, if the lab does not know the path or the operation.
    """
    result = {**integration, **{name: dict(integration.get(name) or {}) for name in MAPPINGS}}
    for operation in operations:
        name, _, key = operation["path"].removeprefix("/").partition("/")
        if name in VALUES and not key and operation["op"] == "replace":
            value = operation.get("value", "")
            result[name] = int(value) if name == "timeoutInMillis" else value
        elif name in MAPPINGS and key:
            _patch_mapping(result[name], key.replace("~1", "/").replace("~0", "~"), operation)
        else:
            raise _unknown(operation)
    return result


def _patch_mapping(mapping: dict[str, Any], key: str, operation: Mapping[str, Any]) -> None:
    match operation["op"]:
        case "add" | "replace":
            mapping[key] = operation.get("value", "")
        case "remove":
            mapping.pop(key, None)
        case _:
            raise _unknown(operation)


def _unknown(operation: Mapping[str, Any]) -> AwsError:
    known = ", ".join(f"/{name}" for name in VALUES) + " by replace, " + ", ".join(f"/{name}/…" for name in MAPPINGS)
    return AwsError(
        "BadRequestException", f"The lab patches {known}; not {operation['path']!r} by {operation['op']!r}; AWS may."
    )
