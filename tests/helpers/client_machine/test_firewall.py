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


def test_a_port_that_no_rule_lets_in_at_is_shut(workbook):
    client = workbook.client("ec2")
    group = ec2_client._security_group(client, workbook, None)
    assert [firewall.is_shut(workbook, port) for port in (22, 21, 2181)] == [False, True, True]
    among = {"IpProtocol": "tcp", "FromPort": 2000, "ToPort": 2200, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    client.authorize_security_group_ingress(GroupId=group, IpPermissions=[among])
    assert not firewall.is_shut(workbook, 2181)
    client.revoke_security_group_ingress(GroupId=group, IpPermissions=[among])
    assert firewall.is_shut(workbook, 2181)
