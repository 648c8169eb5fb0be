"""The policies by notebook: what whoever runs it must be allowed (`aws/policies/`, made by `tools.policies`)."""

import json

from botocore.exceptions import ClientError

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
    """Ask IAM whether the caller may do all that the notebooks do."""
    needed = actions()
    asked = sorted({action for several in needed.values() for action in several})
    try:
        denied = _denied(workbook, asked)
    except ClientError as error:
        reason = error.response["Error"]["Message"]
        return unknown(
            f"permissions: IAM does not say what you may do: {reason}",
            "have iam:SimulatePrincipalPolicy allowed, or compare your policies with aws/policies/ by hand",
        )
    if not denied:
        return good(f"permissions: all {len(asked)} actions of the notebooks are allowed")
    notebooks = [name for name, several in needed.items() if denied & {*several}]
    return missing(
        f"permissions: {', '.join(sorted(denied))} not allowed",
        f"ask for aws/policies/{notebooks[0]}.json" + (f" and {len(notebooks) - 1} more" * (len(notebooks) > 1)),
    )


def _denied(workbook: Workbook, asked: list[str]) -> set[str]:
    iam, caller = workbook.client("iam"), _principal(workbook)
    denied: set[str] = set()
    for start in range(0, len(asked), MOST_AT_ONCE):
        part = asked[start : start + MOST_AT_ONCE]
        told = iam.simulate_principal_policy(PolicySourceArn=caller, ActionNames=part, MaxItems=1000)
        results = told["EvaluationResults"]
        denied |= {one["EvalActionName"] for one in results if one["EvalDecision"] != "allowed"}
    return denied


def _principal(workbook: Workbook) -> str:
    """Name the caller as IAM's policies do: a session of a role is asked about as the role."""
    arn = workbook.client("sts").get_caller_identity()["Arn"]
    if ":assumed-role/" not in arn:
        return arn
    account, role = arn.split(":")[4], arn.split("/")[1]
    return f"arn:aws:iam::{account}:role/{role}"
