"""Where the MWAA environment stands: two private subnets in two zones, and the security group of their network."""

from typing import Any

from helpers.config import TAG, SetupError, Workbook


def choose(workbook: Workbook) -> dict[str, list[str]]:
    """Choose subnets and security group: those that ``WORKBOOK_AIRFLOW_SUBNETS`` names, the template's, or any two.

    Returns
    -------
    dict of str to list of str
        "SubnetIds" and "SecurityGroupIds", as MWAA wants to hear them.

    Raises
    ------
    SetupError
        If there are no two zones, or a subnet is public: MWAA refuses those after twenty minutes.
    """
    ec2 = workbook.client("ec2")
    subnets = _of_two_zones(_candidates(ec2, workbook))
    if len(subnets) < 2:
        raise SetupError(
            "MWAA wants two private subnets in two zones. Name them in .env, WORKBOOK_AIRFLOW_SUBNETS=…,…, "
            "or let `python -m helpers.account create` make them."
        )
    if public := [subnet["SubnetId"] for subnet in subnets if _is_public(ec2, subnet)]:
        raise SetupError(
            f"The subnet {public[0]} is public, for it has a route to an internet gateway, and MWAA wants "
            "private ones. Name others in .env, WORKBOOK_AIRFLOW_SUBNETS=subnet-…,subnet-…."
        )
    of_network = _filters({"vpc-id": subnets[0]["VpcId"], "group-name": "default"})
    groups = ec2.describe_security_groups(Filters=of_network)["SecurityGroups"]
    return {
        "SubnetIds": [subnet["SubnetId"] for subnet in subnets],
        "SecurityGroupIds": [group["GroupId"] for group in groups],
    }


def _candidates(ec2: Any, workbook: Workbook) -> list[dict[str, Any]]:
    if workbook.airflow_subnets:
        return ec2.describe_subnets(SubnetIds=list(workbook.airflow_subnets))["Subnets"]
    names = {"Name": "tag:Name", "Values": list(workbook.private_subnets)}
    own = ec2.describe_subnets(Filters=[*_filters({f"tag:{TAG}": workbook.id}), names])["Subnets"]
    return own or ec2.describe_subnets(Filters=_filters({"default-for-az": "true"}))["Subnets"]


def _of_two_zones(subnets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_zone: dict[str, dict[str, Any]] = {}
    for subnet in sorted(subnets, key=lambda one: (one["AvailabilityZone"], one["SubnetId"])):
        by_zone.setdefault(subnet["AvailabilityZone"], subnet)
    return list(by_zone.values())[:2]


def _is_public(ec2: Any, subnet: dict[str, Any]) -> bool:
    """Tell whether a subnet's route table, which is its network's main one unless it has its own, leads out."""
    own = ec2.describe_route_tables(Filters=_filters({"association.subnet-id": subnet["SubnetId"]}))["RouteTables"]
    main = {"vpc-id": subnet["VpcId"], "association.main": "true"}
    tables = own or ec2.describe_route_tables(Filters=_filters(main))["RouteTables"]
    return any(route.get("GatewayId", "").startswith("igw-") for table in tables for route in table["Routes"])


def _filters(wanted: dict[str, str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]
