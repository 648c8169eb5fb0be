"""Conditions of trust policies: those whose keys the lab knows when a role is assumed."""

import re
from collections.abc import Callable, Mapping
from typing import Any

KEYS = ("aws:SourceAccount", "aws:SourceArn", "aws:PrincipalArn", "aws:PrincipalAccount", "sts:ExternalId")
"""What is known of whoever assumes a role: a service tells for which account and resource, a caller who it is."""

_FIELDS = 6
_IF_EXISTS = "IfExists"

Context = Mapping[str, str]
"""Keys, in small letters, with their values; one that is absent does not go with the call."""


def not_evaluated(condition: Any) -> str | None:
    """Name the first part of a condition that the lab does not evaluate; None if it evaluates all."""
    if not isinstance(condition, Mapping):
        return "a Condition that is no JSON object"
    for operator, wanted in condition.items():
        if operator.removesuffix(_IF_EXISTS) not in _OPERATORS or not isinstance(wanted, Mapping):
            return f"the condition operator {operator}"
        unknown = [key for key in wanted if key.lower() not in map(str.lower, KEYS)]
        if unknown:
            return f"the condition key {unknown[0]}"
    return None


def hold(condition: Mapping[str, Any], context: Context) -> bool:
    """Tell whether all parts of a condition hold."""
    return all(
        _holds(operator, context.get(key.lower()), values if isinstance(values, list) else [values])
        for operator, wanted in condition.items()
        for key, values in wanted.items()
    )


def _holds(operator: str, value: str | None, wanted: list[Any]) -> bool:
    if operator == "Null":
        return any((value is None) == (str(one).lower() == "true") for one in wanted)
    matches, is_negated = _OPERATORS[operator.removesuffix(_IF_EXISTS)]
    if value is None:
        return is_negated or operator.endswith(_IF_EXISTS)
    return any(matches(str(one), value) for one in wanted) != is_negated


def _equals(wanted: str, value: str) -> bool:
    return wanted == value


def _equals_in_any_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _like(pattern: str, value: str) -> bool:
    parts = re.split(r"([*?])", pattern)
    regular = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(regular, value, re.DOTALL) is not None


def _arn_like(pattern: str, value: str) -> bool:
    """Compare field by field, as `ArnLike` and, on AWS, `ArnEquals` too."""
    patterns, fields = pattern.split(":", _FIELDS - 1), value.split(":", _FIELDS - 1)
    return len(patterns) == len(fields) and all(map(_like, patterns, fields))


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_equals, False), "StringNotEquals": (_equals, True),
    "StringEqualsIgnoreCase": (_equals_in_any_case, False), "StringNotEqualsIgnoreCase": (_equals_in_any_case, True),
    "StringLike": (_like, False), "StringNotLike": (_like, True),
    "ArnEquals": (_arn_like, False), "ArnNotEquals": (_arn_like, True),
    "ArnLike": (_arn_like, False), "ArnNotLike": (_arn_like, True), "Null": (_equals, False),
}  # fmt: skip
"""Operator → how it compares, and whether it holds when that does not match."""
