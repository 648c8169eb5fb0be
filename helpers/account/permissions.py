"""The policies by notebook: what whoever runs it must be allowed (`aws/policies/`, made by `tools.policies`)."""

import json
from collections.abc import Iterable, Iterator

from botocore.exceptions import ClientError

from helpers import iam
from helpers.account.finding import Finding, good, missing, unknown
from helpers.config import CHECKOUT, Workbook

FOLDER = CHECKOUT / "aws" / "policies"

MOST_AT_ONCE = 50
"""So many actions one question holds: more would come back in pages."""


def actions() -> dict[str, list[str]]:
    """Read what each notebook needs: its name → actions."""
    return {file.stem: _actions(json.loads(file.read_text())) for file in sorted(FOLDER.glob("*.json"))}


def _actions(policy: dict) -> list[str]:
    return sorted({action for statement in policy["Statement"] for action in statement["Action"]})


def check(workbook: Workbook) -> Finding:
    """Ask IAM whether the caller may do all that the notebooks do, with the things that they name."""
    needed = actions()
    try:
        denied = _denied(workbook)
    except ClientError as error:
        return _not_said("permissions", error)
    if not denied:
        count = len({action for several in needed.values() for action in several})
        return good(f"permissions: all {count} actions of the notebooks are allowed")
    notebooks = [name for name, several in needed.items() if denied & {*several}]
    return missing(
        f"permissions: {', '.join(sorted(denied))} not allowed",
        f"ask for aws/policies/{notebooks[0]}.json" + (f" and {len(notebooks) - 1} more" * (len(notebooks) > 1)),
    )


def passing(workbook: Workbook) -> Finding:
    """Ask IAM whether the caller may pass each role to each service that is to work in it."""
    caller = _principal(workbook)
    try:
        denied = [pair for pair in _passed(workbook, caller) if not _may_pass(workbook, caller, *pair)]
    except ClientError as error:
        return _not_said("passing roles", error)
    if not denied:
        return good("passing roles: all may be passed")
    role, service = denied[0]
    return missing(
        f"passing roles: {role} may not be passed to {service}",
        f"have iam:PassRole on {role} allowed, as in aws/policies/, also by the account's own limits",
    )


def _passed(workbook: Workbook, caller: str) -> Iterator[tuple[str, str]]:
    account = caller.split(":")[4]
    airflow, kinesis = iam.airflow_role(workbook, account), iam.kinesis_role(workbook, account)
    for name, services in (
        (workbook.access_role, iam.ACCESS_SERVICES), (airflow.name, airflow.services), (kinesis.name, kinesis.services)
    ):  # fmt: skip
        yield from ((f"arn:aws:iam::{account}:role/{name}", service) for service in services)


def _may_pass(workbook: Workbook, caller: str, role: str, service: str) -> bool:
    context = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [service], "ContextKeyType": "string"}
    told = workbook.client("iam").simulate_principal_policy(
        PolicySourceArn=caller, ActionNames=["iam:PassRole"], ResourceArns=[role], ContextEntries=[context]
    )
    return all(one["EvalDecision"] == "allowed" for one in told["EvaluationResults"])


def _not_said(what: str, error: ClientError) -> Finding:
    return unknown(
        f"{what}: IAM does not say what you may do: {error.response['Error']['Message']}",
        "have iam:SimulatePrincipalPolicy allowed, or compare your policies with aws/policies/ by hand",
    )


def questions(workbook: Workbook, account: str) -> dict[tuple[str, ...], set[str]]:
    """Gather what is to be asked: things, of which a policy must name one → actions.

    Parameters
    ----------
    workbook : Workbook
        Gives the names of the things.
    account : str
        The account's 12 digits.
    """
    found: dict[tuple[str, ...], set[str]] = {}
    for file in sorted(FOLDER.glob("*.json")):
        for statement in json.loads(file.read_text())["Statement"]:
            resources = statement["Resource"]
            named = tuple(_named(one, workbook, account) for one in ([resources] if resources == "*" else resources))
            found.setdefault(named, set()).update(statement["Action"])
    return found


def _named(pattern: str, workbook: Workbook, account: str) -> str:
    """Name a thing that a pattern of the policies covers: one that the notebooks make, where they make one."""
    if pattern == "*":
        return pattern
    *place, region, owner, thing = pattern.split(":", 5)
    names = {"user-WORKBOOK_ID-*": workbook.bucket, "WORKBOOK_ID-*": workbook.access_role,
             "WORKBOOK_ID.*": workbook.topic("pin")}  # fmt: skip
    for known, name in names.items():
        thing = thing.replace(known, name)
    where = (region.replace("*", workbook.region), owner.replace("*", account))
    return ":".join((*place, *where, thing.replace("*", "a")))


def _denied(workbook: Workbook) -> set[str]:
    caller = _principal(workbook)
    denied: set[str] = set()
    for named, asked in questions(workbook, caller.split(":")[4]).items():
        denied |= set.intersection(*(_denied_on(workbook, caller, one, sorted(asked)) for one in named))
    return denied


def _denied_on(workbook: Workbook, caller: str, thing: str, asked: list[str]) -> set[str]:
    iam_client, denied = workbook.client("iam"), set()
    for part in _parts(asked):
        told = iam_client.simulate_principal_policy(
            PolicySourceArn=caller, ActionNames=part, ResourceArns=[thing], MaxItems=1000
        )
        results = told["EvaluationResults"]
        denied |= {one["EvalActionName"] for one in results if one["EvalDecision"] != "allowed"}
    return denied


def _parts(asked: list[str]) -> Iterable[list[str]]:
    return (asked[start : start + MOST_AT_ONCE] for start in range(0, len(asked), MOST_AT_ONCE))


def _principal(workbook: Workbook) -> str:
    """Name the caller as IAM's policies do: a session of a role is asked about as the role."""
    arn = workbook.client("sts").get_caller_identity()["Arn"]
    if ":assumed-role/" not in arn:
        return arn
    account, role = arn.split(":")[4], arn.split("/")[1]
    return f"arn:aws:iam::{account}:role/{role}"
