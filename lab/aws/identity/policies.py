"""IAM policy documents: what they allow, and which of them the lab can keep.

The lab evaluates Effect, Action, NotAction, Resource, NotResource, Principal, and in trust policies the conditions of
`lab.aws.identity.conditions`. What it does not evaluate (other conditions, policy variables, NotPrincipal) is refused
when a policy is attached; in a policy of AWS's own, a statement that holds such a part grants nothing, and denies
whatever its condition says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.identity import conditions
from lab.core.iam_file import ACCOUNT

Document = Mapping[str, Any]

_EVALUATED = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal"}
_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_ARN_FIELDS = 6


def check(document: Any, is_trust: bool = False) -> None:
    """Refuse a document with a part that the lab would not honour.

    Parameters
    ----------
    document : Any
        The policy, parsed.
    is_trust : bool
        Whether it is a role's trust policy, which may have conditions.

    Raises
    ------
    AwsError
        ``MalformedPolicyDocument``, naming the part.
    """
    if not isinstance(document, dict):
        raise AwsError("MalformedPolicyDocument", "A policy document must be a JSON object.")
    for statement in _statements(document):
        if not isinstance(statement, dict):
            raise AwsError("MalformedPolicyDocument", "A statement of a policy must be a JSON object.")
        if part := _not_evaluated(statement, is_trust):
            raise AwsError(
                "MalformedPolicyDocument",
                f"The lab does not evaluate {part}, and would not ignore it in silence. Write the statement without "
                "it for the lab, and with it for your own account.",
            )


def _not_evaluated(statement: Document, is_trust: bool = False) -> str | None:
    if is_trust and "Condition" in statement and (part := conditions.not_evaluated(statement["Condition"])):
        return part
    unknown = sorted(statement.keys() - _EVALUATED - ({"Condition"} if is_trust else set()))
    if unknown:
        return f"the element {unknown[0]}"
    variables = [pattern for pattern in _several(statement, "Resource", "NotResource") if "${" in pattern]
    return f"the policy variable in {variables[0]}" if variables else None


def allows(documents: Iterable[Document], action: str, resource: str | None) -> bool:
    """Tell whether policies allow an action: one statement allows it and none denies it.

    Parameters
    ----------
    documents : iterable of dict
        Identity policies of one principal.
    action : str
        For example ``s3:PutObject``.
    resource : str or None
        ARN of what is acted on; None where the lab does not work it out: a statement about any resource will do then,
        and a denial counts only if it is about all.
    """
    documents = list(documents)
    return not denies(documents, action, resource) and any(
        _allows(s, action, resource) for document in documents for s in _statements(document)
    )


def denies(documents: Iterable[Document], action: str, resource: str | None) -> bool:
    """Tell whether a statement denies an action: no other then counts."""
    return any(_denies(s, action, resource) for document in documents for s in _statements(document))


def trusts(
    document: Document,
    session: str,
    owner: str,
    documents: Sequence[Document],
    role: str,
    external_id: str | None = None,
) -> bool:
    """Tell whether a role's trust policy lets a caller assume it.

    Parameters
    ----------
    document : dict
        The trust policy.
    session, owner : str
        ARN of the caller, and of the user or role behind it.
    documents : sequence of dict
        The caller's own policies: they must allow ``sts:AssumeRole`` where the trust policy names the whole account,
        and must not deny it in any case.
    role : str
        ARN of the role.
    external_id : str, optional
        What the caller gives as ``ExternalId``.
    """
    if denies(documents, "sts:AssumeRole", role):
        return False
    named = {session, owner}
    if allows(documents, "sts:AssumeRole", role):
        named |= {_ROOT, ACCOUNT}
    context = {"aws:principalarn": owner, "aws:principalaccount": ACCOUNT}
    return _trusts(document, "AWS", named, context | ({"sts:externalid": external_id} if external_id else {}))


def trusts_service(document: Document, service: str, source: str | None = None) -> bool:
    """Tell whether a role's trust policy lets an AWS service assume it.

    Parameters
    ----------
    document : dict
        The trust policy.
    service : str
        For example ``kafkaconnect.amazonaws.com``.
    source : str, optional
        ARN of the resource for which it does, where the service tells: ``aws:SourceArn``.
    """
    context = {"aws:sourcearn": source, "aws:sourceaccount": ACCOUNT} if source else {}
    return _trusts(document, "Service", {service}, context)


def _trusts(document: Document, kind: str, names: set[str], context: conditions.Context) -> bool:
    def concerns(statement: Document) -> bool:
        principal = statement.get("Principal", {})
        everybody = principal == "*" or (kind == "AWS" and "*" in _listed(_get(principal, "AWS")))
        listed = set(_listed(_get(principal, kind)))
        return (everybody or bool(names & listed)) and _covers_action(statement, "sts:AssumeRole")

    statements = [s for s in _statements(document) if concerns(s)]
    denied = any(s.get("Effect") == "Deny" and _applies(s, context, unknown=True) for s in statements)
    return not denied and any(s.get("Effect") == "Allow" and _applies(s, context, unknown=False) for s in statements)


def _applies(statement: Document, context: conditions.Context, unknown: bool) -> bool:
    """Tell whether a statement's condition holds; `unknown` stands for one that the lab does not evaluate."""
    if _not_evaluated(statement, is_trust=True):
        return unknown
    return conditions.hold(statement.get("Condition", {}), context)


def _get(principal: Any, kind: str) -> Any:
    return principal.get(kind, []) if isinstance(principal, dict) else []


def _allows(statement: Document, action: str, resource: str | None) -> bool:
    if statement.get("Effect") != "Allow" or _not_evaluated(statement) or not _covers_action(statement, action):
        return False
    return resource is None or _covers_resource(statement, resource)


def _denies(statement: Document, action: str, resource: str | None) -> bool:
    if statement.get("Effect") != "Deny" or not _covers_action(statement, action):
        return False
    if resource is None:
        return "*" in _several(statement, "Resource")
    return bool(_not_evaluated(statement)) or _covers_resource(statement, resource)


def _covers_action(statement: Document, action: str) -> bool:
    if "NotAction" in statement:
        return not any(_action(pattern).fullmatch(action) for pattern in _several(statement, "NotAction"))
    return any(_action(pattern).fullmatch(action) for pattern in _several(statement, "Action"))


def _covers_resource(statement: Document, arn: str) -> bool:
    if "NotResource" in statement:
        return not any(_matches_arn(pattern, arn) for pattern in _several(statement, "NotResource"))
    return any(_matches_arn(pattern, arn) for pattern in _several(statement, "Resource"))


def _matches_arn(pattern: str, arn: str) -> bool:
    """Keep a wildcard within its field of the ARN; fields left out at the end match everything, as on AWS."""
    if pattern == "*":
        return True
    patterns, fields = pattern.split(":", _ARN_FIELDS - 1), arn.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return False
    return all(_field(one).fullmatch(field) for one, field in zip(patterns, fields, strict=False))


def _statements(document: Document) -> Iterator[Any]:
    yield from _listed(document.get("Statement", []))


def _several(statement: Document, *elements: str) -> list[str]:
    return [str(value) for element in elements for value in _listed(statement.get(element, []))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@cache
def _action(pattern: str) -> re.Pattern[str]:
    return re.compile(_wildcards(pattern), re.IGNORECASE)


@cache
def _field(pattern: str) -> re.Pattern[str]:
    return re.compile(_wildcards(pattern), re.DOTALL)


def _wildcards(pattern: str) -> str:
    """Write a pattern as a regular expression that no text keeps busy: what a star has taken it does not give back."""
    first, *others = (re.escape(part).replace(r"\?", ".") for part in pattern.split("*"))
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{part})" for part in middle) + ".*" + last
