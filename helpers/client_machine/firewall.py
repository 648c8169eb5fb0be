"""The client machine's firewall: at the REST proxy's port API Gateway comes in, and nobody else.

API Gateway calls from public addresses, which AWS publishes by region and which change; those of a regional API stand
under the service API_GATEWAY (https://repost.aws/knowledge-center/api-gateway-manage-ip-changes). Other accounts'
APIs call from the same ones. A load balancer behind a VPC link would keep them out too, for 2 cents an hour more, and a
header that the proxy asks for would cross the network unencrypted: too much, and too little, for an exercise.
"""

from typing import Any

import requests
from botocore.exceptions import BotoCoreError, ClientError

from helpers.config import SetupError, Workbook

PUBLISHED = "https://ip-ranges.amazonaws.com/ip-ranges.json"

SERVICE = "API_GATEWAY"

PATIENCE_SECONDS = 20


def admit_api_gateway(workbook: Workbook, port: int) -> None:
    """Let API Gateway's addresses in to a port of the client machine; those that are no longer its own go.

    Parameters
    ----------
    workbook : Workbook
        Gives region and firewall; ``WORKBOOK_GATEWAY_RANGES`` goes before what AWS publishes.
    port : int
        Where the REST proxy listens.

    Raises
    ------
    SetupError
        If there is no firewall yet, or the addresses cannot be read.
    """
    client, group = workbook.client("ec2"), _group(workbook)
    wanted = set(workbook.gateway_ranges or published(workbook.region))
    there = {
        one["CidrIp"]
        for permission in group["IpPermissions"]
        if (permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort")) == ("tcp", port, port)
        for one in permission["IpRanges"]
    }
    if old := _rules(there - wanted, port):
        client.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=old)
    if new := _rules(wanted - there, port):
        client.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=new)


def is_shut(workbook: Workbook, port: int) -> bool:
    """Tell whether the client machine's firewall lets nobody in at a port; one that may not be looked at is not."""
    try:
        rules = _group(workbook)["IpPermissions"]
    except (BotoCoreError, ClientError, SetupError):
        return False
    return not any(_covers(rule, port) and any(rule.get(sources) for sources in _SOURCES) for rule in rules)


_SOURCES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
"""Where a rule names who comes in."""


def _covers(rule: dict[str, Any], port: int) -> bool:
    """Tell whether a rule is about a port: all protocols have no ports in it."""
    every = rule["IpProtocol"] == "-1"
    return every or (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= port <= rule["ToPort"])


def published(region: str) -> list[str]:
    """Read from which addresses API Gateway calls in a region.

    Raises
    ------
    SetupError
        If AWS's list cannot be read, or has none for the region.
    """
    try:
        answer = requests.get(PUBLISHED, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SetupError(f"{PUBLISHED} cannot be read: {type(error).__name__}. {_REMEDY}") from error
    prefixes = answer.json()["prefixes"]
    found = [one["ip_prefix"] for one in prefixes if (one["service"], one["region"]) == (SERVICE, region)]
    if not found:
        raise SetupError(f"{PUBLISHED} has no addresses of API Gateway in {region}. {_REMEDY}")
    return found


_REMEDY = "Name the addresses that may come in yourself: WORKBOOK_GATEWAY_RANGES=…/…,…/… in .env."


def _group(workbook: Workbook) -> dict[str, Any]:
    named = [{"Name": "group-name", "Values": [workbook.instance_name]}]
    found = workbook.client("ec2").describe_security_groups(Filters=named)["SecurityGroups"]
    if not found:
        raise SetupError(f"There is no firewall {workbook.instance_name}: launch the client machine, notebook 01.")
    return found[0]


def _rules(ranges: set[str], port: int) -> list[dict[str, Any]]:
    if not ranges:
        return []
    addresses = [{"CidrIp": one, "Description": "API Gateway to the REST proxy"} for one in sorted(ranges)]
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": addresses}]
