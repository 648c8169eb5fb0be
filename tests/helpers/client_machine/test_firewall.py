"""In the lab API Gateway calls the REST proxy from loopback, and the firewall says so; no list is fetched."""

import pytest

from helpers.client_machine import ec2_client, firewall

pytestmark = pytest.mark.lab


def test_the_labs_api_gateway_comes_in_from_loopback(workbook):
    client = workbook.client("ec2")
    ec2_client._security_group(client, workbook, None)
    for _ in range(2):
        firewall.admit_api_gateway(workbook, 8082)
    (group,) = client.describe_security_groups(GroupNames=[workbook.instance_name])["SecurityGroups"]
    rules = {rule["FromPort"]: [one["CidrIp"] for one in rule["IpRanges"]] for rule in group["IpPermissions"]}
    assert rules == {22: ["127.0.0.1/32"], 8082: ["127.0.0.1/32"]}
