"""The template's stack: network, endpoints, MSK cluster, budget. It is made and deleted as one."""

from typing import Any

from helpers.account.kinds.kind import Kind, Resource, tag_map
from helpers.config import TAG, Workbook

CLUSTERS = "AWS::MSK::Cluster"
GATEWAYS = "AWS::EC2::NatGateway"

WAITING = {"Delay": 15, "MaxAttempts": 240}
"""An hour: MSK takes half of it to make or delete a cluster."""


def _stacks(workbook: Workbook) -> list[Resource]:
    client = workbook.client("cloudformation")
    pages = client.get_paginator("describe_stacks").paginate()
    found = [one for page in pages for one in page["Stacks"] if one["StackStatus"] != "DELETE_COMPLETE"]
    own = [one for one in found if one["StackName"] == workbook.stack or _is_tagged(workbook, one)]
    return [part for one in own for part in _with_its_bill(client, one["StackName"])]


def _is_tagged(workbook: Workbook, stack: dict[str, Any]) -> bool:
    return tag_map(stack.get("Tags", ())).get(TAG) == workbook.id


def _with_its_bill(client: Any, name: str) -> list[Resource]:
    """Give the stack, priced by its brokers, two of them a cluster; a NAT gateway in it is another line of the bill."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    kinds = [one["ResourceType"] for page in pages for one in page["StackResourceSummaries"]]
    found = [Resource("stacks", name, name, "MSK kafka.t3.small broker", 2.0 * kinds.count(CLUSTERS))]
    gateways = kinds.count(GATEWAYS)
    return found + [Resource("stacks", f"{name} (NAT)", name, "NAT gateway", gateways)] * bool(gateways)


def _delete(workbook: Workbook, one: Resource) -> None:
    client = workbook.client("cloudformation")
    client.delete_stack(StackName=one.handle)
    client.get_waiter("stack_delete_complete").wait(StackName=one.handle, WaiterConfig=WAITING)


STACKS = Kind("stacks", _stacks, _delete)
