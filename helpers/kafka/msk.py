"""The MSK cluster: which one it is, where its brokers are, and how IAM policies name its parts."""

from typing import Any

from helpers.config import TAG, SetupError, Workbook


def cluster(workbook: Workbook) -> dict[str, Any]:
    """Find the cluster: by the setting ``WORKBOOK_CLUSTER``, by the tag ``workbook=<id>``, or as the only one.

    Returns
    -------
    dict
        As MSK's ListClustersV2 describes it.

    Raises
    ------
    SetupError
        If there is none, or the choice is not clear.
    """
    pages = workbook.client("kafka").get_paginator("list_clusters_v2").paginate()
    found = [one for page in pages for one in page["ClusterInfoList"]]
    names = ", ".join(sorted(one["ClusterName"] for one in found))
    if not found:
        raise SetupError(
            f"There is no MSK cluster in {workbook.region}. On your own account, `python -m helpers.account create` "
            "makes one with IAM authentication."
        )
    if workbook.cluster:
        chosen = [one for one in found if one["ClusterName"] == workbook.cluster]
        if not chosen:
            raise SetupError(f"WORKBOOK_CLUSTER={workbook.cluster!r} is not in {workbook.region}, which has {names}.")
        return chosen[0]
    chosen = [one for one in found if one.get("Tags", {}).get(TAG) == workbook.id] or found
    if len(chosen) > 1:
        raise SetupError(
            f"There are several MSK clusters in {workbook.region}: {names}. Say which one: WORKBOOK_CLUSTER=… in .env."
        )
    return chosen[0]


def cluster_arn(workbook: Workbook) -> str:
    """Find the cluster's ARN; see `cluster`."""
    return cluster(workbook)["ClusterArn"]


def bootstrap_brokers(workbook: Workbook) -> str:
    """Ask MSK where clients that sign in with IAM begin: ``host:port``, joined by commas.

    Raises
    ------
    SetupError
        If the cluster has no such door.
    """
    found = cluster(workbook)
    brokers = workbook.client("kafka").get_bootstrap_brokers(ClusterArn=found["ClusterArn"])
    if "BootstrapBrokerStringSaslIam" not in brokers:
        raise SetupError(
            f"The MSK cluster {found['ClusterName']}, which is {found.get('State', 'in no state')}, has no brokers for "
            "IAM. Wait until it is ACTIVE, and switch on IAM access control in its security settings."
        )
    return brokers["BootstrapBrokerStringSaslIam"]


def brokers(workbook: Workbook) -> str:
    """Tell where Kafka's clients begin: as the settings say, else as MSK does."""
    return workbook.bootstrap_servers or bootstrap_brokers(workbook)


def network(workbook: Workbook) -> dict[str, list[str]]:
    """Tell in which subnets and security groups the brokers are: a connector must be where it reaches them.

    Returns
    -------
    dict of str to list of str
        "subnets" and "securityGroups"; empty in the lab, which has no network of its own.
    """
    arn = cluster_arn(workbook)
    described = workbook.client("kafka").describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    if "Serverless" in described:
        place = described["Serverless"]["VpcConfigs"][0]
        return {"subnets": place["SubnetIds"], "securityGroups": place.get("SecurityGroupIds", [])}
    place = described["Provisioned"]["BrokerNodeGroupInfo"]
    return {"subnets": place["ClientSubnets"], "securityGroups": place.get("SecurityGroups", [])}


def part_arn(cluster: str, kind: str, name: str) -> str:
    """Name a part of a cluster as IAM policies do.

    Parameters
    ----------
    cluster : str
        ARN of the cluster.
    kind : str
        "topic" or "group".
    name : str
        Its name, or a pattern of names.
    """
    return cluster.replace(":cluster/", f":{kind}/") + f"/{name}"
