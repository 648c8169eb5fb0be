"""The client machine: instances, key pairs, security groups."""

from helpers.account.kinds.kind import Kind, Resource, is_own, tag_map
from helpers.config import Workbook

ALIVE = ["pending", "running", "stopping", "stopped", "shutting-down"]

STACKS = "aws:cloudformation:stack-name"
"""What the template made carries this tag, and goes with the template's stack."""


def _instances(workbook: Workbook) -> list[Resource]:
    pages = workbook.client("ec2").get_paginator("describe_instances").paginate(
        Filters=[{"Name": "instance-state-name", "Values": ALIVE}]
    )  # fmt: skip
    found = [one for page in pages for held in page["Reservations"] for one in held["Instances"]]
    named = [(one, tag_map(one.get("Tags", ()))) for one in found]
    return [
        Resource("instances", tags.get("Name", one["InstanceId"]), one["InstanceId"], f"EC2 {one['InstanceType']}", 1)
        for one, tags in named
        if is_own(workbook, tags.get("Name", ""), tags)
    ]


def _terminate(workbook: Workbook, one: Resource) -> None:
    ec2 = workbook.client("ec2")
    ec2.terminate_instances(InstanceIds=[one.handle])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[one.handle], WaiterConfig={"Delay": 2, "MaxAttempts": 300})


def _key_pairs(workbook: Workbook) -> list[Resource]:
    found = workbook.client("ec2").describe_key_pairs()["KeyPairs"]
    own = (one["KeyName"] for one in found if is_own(workbook, one["KeyName"], one.get("Tags", ())))
    return [Resource("key pairs", name, name) for name in own]


def _delete_key_pair(workbook: Workbook, one: Resource) -> None:
    workbook.client("ec2").delete_key_pair(KeyName=one.handle)
    if one.handle == workbook.key_name:
        workbook.key_file.unlink(missing_ok=True)


def _security_groups(workbook: Workbook) -> list[Resource]:
    pages = workbook.client("ec2").get_paginator("describe_security_groups").paginate()
    found = [one for page in pages for one in page["SecurityGroups"] if STACKS not in tag_map(one.get("Tags", ()))]
    return [
        Resource("security groups", one["GroupName"], one["GroupId"])
        for one in found
        if is_own(workbook, one["GroupName"], one.get("Tags", ()))
    ]


INSTANCES = Kind("instances", _instances, _terminate)
KEY_PAIRS = Kind("key pairs", _key_pairs, _delete_key_pair)
SECURITY_GROUPS = Kind(
    "security groups",
    _security_groups,
    lambda workbook, one: workbook.client("ec2").delete_security_group(GroupId=one.handle),
)
