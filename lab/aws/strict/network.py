"""The network that is there when a learner comes to the strict lab, and what a network lets through.

It is that of ``aws/workbook.yaml``: a public subnet and two private ones, a way to S3, brokers in the private ones. The
account's default network is public, as on AWS; moto's is not. All of it is moto's, and so on moto's thread.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from moto.ec2.models import ec2_backends

from lab.aws.protocol import REGION
from lab.core.iam_file import ACCOUNT

KAFKA_PORT = 9098
"""The brokers' door for IAM, as on AWS; the lab's own may be elsewhere."""

S3 = f"com.amazonaws.{REGION}.s3"

NETWORK, PUBLIC, PRIVATE = "10.20.0.0/16", "10.20.0.0/24", ("10.20.1.0/24", "10.20.2.0/24")


def lay(workbook_id: str) -> dict[str, list[str]]:
    """Make the network.

    Parameters
    ----------
    workbook_id : str
        Goes into tags and names, as the template has them.

    Returns
    -------
    dict of str to list of str
        "ClientSubnets" and "SecurityGroups" of the brokers, as MSK has them.
    """
    ec2 = _ec2()
    _open_to_all(ec2, ec2.default_vpc.id, _main_table(ec2.default_vpc.id).id)
    vpc = ec2.create_vpc(NETWORK)
    outward = ec2.create_route_table(vpc.id)
    _open_to_all(ec2, vpc.id, outward.id)
    public = _subnet(vpc.id, PUBLIC, "a", f"{workbook_id}-public", workbook_id)
    ec2.associate_route_table(outward.id, subnet_id=public)
    subnets = [
        _subnet(vpc.id, block, zone, f"{workbook_id}-private-{number}", workbook_id)
        for number, (block, zone) in enumerate(zip(PRIVATE, "ab", strict=True), 1)
    ]
    ec2.create_vpc_endpoint(vpc.id, S3, "Gateway", None, [_main_table(vpc.id).id, outward.id])
    group = ec2.get_default_security_group(vpc.id).id  # untagged: it is no thing of the workbook's
    ec2.authorize_security_group_ingress(group, "tcp", str(KAFKA_PORT), str(KAFKA_PORT), [{"CidrIp": NETWORK}])
    return {"ClientSubnets": subnets, "SecurityGroups": [group]}


def _ec2() -> Any:
    return ec2_backends[ACCOUNT][REGION]


def _open_to_all(ec2: Any, vpc: str, table: str) -> None:
    gateway = ec2.create_internet_gateway()
    ec2.attach_internet_gateway(gateway.id, vpc)
    ec2.create_route(table, "0.0.0.0/0", gateway_id=gateway.id)


def _subnet(vpc: str, block: str, zone: str, name: str, workbook_id: str) -> str:
    tags = {"subnet": {"Name": name, "workbook": workbook_id}}
    return _ec2().create_subnet(vpc, block, availability_zone=f"{REGION}{zone}", tags=tags).id


def subnet(name: str) -> Any:
    """Find a subnet; None if there is none of that id."""
    return next((one for zone in _ec2().subnets.values() for one in zone.values() if one.id == name), None)


def is_public(name: str) -> bool:
    """Tell whether a subnet has a route to an internet gateway."""
    return any(route.gateway for route in _table(name).routes if _is_internet(route))


def reaches_s3(name: str) -> bool:
    """Tell whether a private subnet has a way to S3: a gateway endpoint in its route table, or a route to a NAT."""
    table = _table(name)
    endpoints = (one for one in _ec2().vpc_end_points.values() if one.service_name == S3 and one.state == "available")
    return any(table.id in one.route_table_ids for one in endpoints) or any(
        getattr(route, "nat_gateway", None) for route in table.routes
    )


def _is_internet(route: Any) -> bool:
    return str(getattr(route.gateway, "id", "")).startswith("igw-")


def _table(name: str) -> Any:
    own = (table for table in _ec2().route_tables.values() if name in table._associations.values())
    return next(own, None) or _main_table(subnet(name).vpc_id)


def _main_table(vpc: str) -> Any:
    tables = _ec2().route_tables.values()
    return next(table for table in tables if table.vpc_id == vpc and table.main_association_id)


def group_lets_in(groups: Iterable[str], port: int, source: str, wearing: Sequence[str] = ()) -> bool:
    """Tell whether security groups let a connection in.

    Parameters
    ----------
    groups : iterable of str
        Ids of the groups that what is called wears.
    port : int
        Which is called.
    source : str
        Address, or block of addresses, from which.
    wearing : sequence of str
        Ids of the groups that the caller wears.
    """
    found = [_ec2().get_security_group_from_id(name) for name in groups]
    return any(_lets_in(rule, port, source, wearing) for group in found if group for rule in group.ingress_rules)


def _lets_in(rule: Any, port: int, source: str, wearing: Sequence[str]) -> bool:
    if rule.ip_protocol not in ("-1", "tcp"):
        return False
    if rule.from_port is not None and not rule.from_port <= port <= rule.to_port:
        return False
    if rule.source_group and rule.source_group.get("GroupId") in wearing:
        return True
    block = rule.ip_range.get("CidrIp")
    return bool(block) and ipaddress.ip_network(source).subnet_of(ipaddress.ip_network(block, strict=False))
