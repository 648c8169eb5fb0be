"""Whether the connector's workers, which stand where the brokers do, have a way to S3: a VPC does not lead there."""

from typing import Any

from helpers.account.finding import Finding, good, missing, unknown
from helpers.config import Workbook
from helpers.kafka import msk


def way_to_s3(workbook: Workbook) -> Finding:
    """See that each of the brokers' subnets has a gateway endpoint for S3, or a route to a NAT gateway.

    (Amazon MSK Developer Guide, "Set up resources required for MSK Connect".)
    """
    subnets = msk.network(workbook)["subnets"]
    if not subnets:
        return unknown("way to S3: the cluster does not tell in which subnets its brokers are")
    ec2 = workbook.client("ec2")
    for subnet in subnets:
        table = _route_table(ec2, subnet)
        if not (_has_way_out(table) or _has_endpoint(ec2, workbook, table)):
            return missing(
                f"way to S3: {subnet}, where the brokers and the connector are, has none",
                f"make a gateway endpoint for com.amazonaws.{workbook.region}.s3, which costs nothing, with the route "
                f"table {table['RouteTableId']}; `python -m helpers.account create` makes a network that has one",
            )
    return good(f"way to S3: from {', '.join(subnets)}")


def _route_table(ec2: Any, subnet: str) -> dict[str, Any]:
    """Find a subnet's route table, which is its network's main one unless it has its own."""
    own = ec2.describe_route_tables(Filters=[_filter("association.subnet-id", subnet)])["RouteTables"]
    if own:
        return own[0]
    network = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    main = [_filter("vpc-id", network), _filter("association.main", "true")]
    return ec2.describe_route_tables(Filters=main)["RouteTables"][0]


def _has_way_out(table: dict[str, Any]) -> bool:
    out = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    return any(route.get("NatGatewayId") for route in out)


def _has_endpoint(ec2: Any, workbook: Workbook, table: dict[str, Any]) -> bool:
    wanted = [_filter("service-name", f"com.amazonaws.{workbook.region}.s3"), _filter("vpc-id", table["VpcId"])]
    found = ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]
    return any(one["State"] == "available" and table["RouteTableId"] in one.get("RouteTableIds", ()) for one in found)


def _filter(name: str, value: str) -> dict[str, Any]:
    return {"Name": name, "Values": [value]}
