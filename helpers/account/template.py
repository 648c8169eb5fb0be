"""Make what the notebooks find on an account when they begin: network, cluster, budget, by one CloudFormation stack."""

import re
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from helpers.config import CHECKOUT, SetupError, Workbook, tag_list
from helpers.kafka import msk

FILE = CHECKOUT / "aws" / "workbook.yaml"

WAITING = {"Delay": 15, "MaxAttempts": 240}
"""An hour: MSK takes half of it."""

NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
"""States of a stack whose first creation failed, or that could not be deleted."""

NOTHING_TO_DO = "No updates are to be performed"


_PARAMETER = re.compile(r"^  (\w+):$", re.MULTILINE)


def chosen_parameters(pairs: Iterable[str]) -> dict[str, str]:
    """Read parameters as they are written on a command line, ``<name>=<value>``.

    Raises
    ------
    SetupError
        If one is not of that form, or not of the template.
    """
    section = FILE.read_text().partition("\nParameters:\n")[2].partition("\nConditions:")[0]
    known = [name for name in _PARAMETER.findall(section) if name != "WorkbookId"]
    chosen = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in known:
            raise SetupError(f"{pair!r} is no parameter of the template: write <name>=<value>, of {', '.join(known)}.")
        chosen[name] = value
    return chosen


def parameters(workbook: Workbook, chosen: dict[str, str]) -> list[dict[str, str]]:
    """Write the template's parameters: the id, and what was chosen."""
    values = {"WorkbookId": workbook.id} | chosen
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]


def create(workbook: Workbook, chosen: dict[str, str]) -> str:
    """Create the stack, or change it to the template and parameters of now, and wait until it is there.

    Parameters
    ----------
    workbook : Workbook
        Gives name and id.
    chosen : dict of str to str
        Parameters of the template, such as ``{"NatGateway": "yes"}``.

    Returns
    -------
    str
        "created", "changed" or "was there".

    Raises
    ------
    SetupError
        If it cannot be made, with AWS's reason; what was begun is taken back by CloudFormation.
    """
    client = workbook.client("cloudformation")
    asked = {
        "StackName": workbook.stack, "TemplateBody": FILE.read_text(), "Parameters": parameters(workbook, chosen),
        "Tags": tag_list(workbook.tags),
    }  # fmt: skip
    try:
        return _made(client, asked)
    except WaiterError as error:
        raise SetupError(f"The stack {workbook.stack} could not be made: {_reason(client, workbook)}") from error


def _made(client: Any, asked: dict[str, Any]) -> str:
    try:
        client.create_stack(**asked)
    except client.exceptions.AlreadyExistsException:
        return _gone_on(client, asked)
    return _created(client, asked["StackName"])


def _created(client: Any, name: str) -> str:
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAITING)
    return "created"


def _gone_on(client: Any, asked: dict[str, Any]) -> str:
    """Go on with a stack that is there: wait for one that an interrupted command left in the making, change others.

    CloudFormation refuses to change a stack in the other states ("… state and can not be updated"; states:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
    """
    name = asked["StackName"]
    state = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    if state == "CREATE_IN_PROGRESS":
        return _created(client, name)
    if state.endswith("_IN_PROGRESS"):
        raise SetupError(f"The stack {name} is in {state}: wait until that is done, and repeat.")
    if state in NEVER_MADE:
        raise SetupError(
            f"The stack {name} is in {state}, and can only be deleted: `python -m helpers.account clean-up`, or in the "
            "console. Then create it again."
        )
    return _changed(client, asked)


def _changed(client: Any, asked: dict[str, Any]) -> str:
    try:
        client.update_stack(**asked)
    except ClientError as error:
        if NOTHING_TO_DO not in error.response["Error"]["Message"]:
            raise
        return "was there"
    client.get_waiter("stack_update_complete").wait(StackName=asked["StackName"], WaiterConfig=WAITING)
    return "changed"


def _reason(client: Any, workbook: Workbook) -> str:
    """Find the first failure among the stack's events: those behind it only follow from it."""
    events = client.describe_stack_events(StackName=workbook.stack)["StackEvents"]
    failed = [one for one in events if one["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "CloudFormation does not say why; see the stack's events"
    first = min(failed, key=lambda one: one["Timestamp"])
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason')}"


def settings(workbook: Workbook) -> list[str]:
    """Write the lines for .env, by which the notebooks find what the stack made."""
    return [
        f"WORKBOOK_BOOTSTRAP_SERVERS={msk.bootstrap_brokers(workbook)}",
        "WORKBOOK_BROKERS_THROUGH_CLIENT=yes",
    ]
