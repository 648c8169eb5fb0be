"""The MSK cluster: which one it is, where its brokers are, and how IAM policies name its parts."""

from helpers.config import SetupError, Workbook


def cluster_arn(workbook: Workbook) -> str:
    """Find the cluster.

    Returns
    -------
    str
        ARN of the first cluster in the workbook's region.

    Raises
    ------
    SetupError
        If there is none.
    """
    found = workbook.client("kafka").list_clusters_v2()["ClusterInfoList"]
    if not found:
        raise SetupError(
            f"There is no MSK cluster in {workbook.region}. On your own account, create one with IAM authentication."
        )
    return found[0]["ClusterArn"]


def bootstrap_brokers(workbook: Workbook) -> str:
    """Ask MSK where clients that sign in with IAM begin: ``host:port``, joined by commas."""
    client = workbook.client("kafka")
    return client.get_bootstrap_brokers(ClusterArn=cluster_arn(workbook))["BootstrapBrokerStringSaslIam"]


def network(workbook: Workbook) -> dict[str, list[str]]:
    """Tell in which subnets and security groups the brokers are: a connector must be where it reaches them.

    Returns
    -------
    dict of str to list of str
        "subnets" and "securityGroups"; empty in the lab, which has no network of its own.
    """
    client = workbook.client("kafka")
    cluster = client.describe_cluster(ClusterArn=cluster_arn(workbook))["ClusterInfo"]
    group = cluster["BrokerNodeGroupInfo"]
    return {"subnets": group["ClientSubnets"], "securityGroups": group.get("SecurityGroups", [])}


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
