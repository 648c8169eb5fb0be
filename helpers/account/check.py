"""Look, before anything is made, whether the notebooks can run on an account; each failing line says what to do."""

import os
import socket
from collections.abc import Callable, Iterator

import requests
from botocore.exceptions import BotoCoreError, ClientError

from helpers.account import connector_network, permissions
from helpers.account.finding import Finding, good, missing, unknown
from helpers.account.kinds.kind import tag_map
from helpers.airflow import network
from helpers.client_machine import ec2_client
from helpers.config import TAG, SetupError, Workbook
from helpers.databricks.place import CLUSTER_SETTINGS
from helpers.kafka import msk

SHARDS = 6
"""Three streams with two shards each."""

NETWORKS_QUOTA = "L-F678F1CE"
"""Service Quotas' code for the number of VPCs in a region (five unless it was raised)."""

CONNECT_SECONDS = 3.0

OLDEST_RUNTIME = (16, 4)
"""Databricks' oldest supported runtime on which the helpers were imported (`docs/own_account.md`)."""

SCOPE = "aws"
"""The secret scope that notebook 05 reads."""

Check = Callable[[Workbook], Finding]


def run(workbook: Workbook) -> Iterator[Finding]:
    """Look at everything; makes nothing. Without an identity, or without a region, nothing else is asked."""
    for check in ESSENTIAL:
        found = run_one(check, workbook)
        yield found
        if not found.ok:
            return
    for check in CHECKS:
        yield run_one(check, workbook)


def run_one(check: Check, workbook: Workbook) -> Finding:
    """Look at one thing; what stops the look is a finding too."""
    what = check.__name__.replace("_", " ")
    try:
        return check(workbook)
    except SetupError as error:
        return missing(what, str(error))
    except (ClientError, BotoCoreError) as error:
        return unknown(f"{what}: {error}")


def identity(workbook: Workbook) -> Finding:
    """Tell who calls."""
    try:
        found = workbook.client("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        return missing(f"identity: {error}", "log in again, `aws sso login`, or name a profile: AWS_PROFILE=… in .env")
    return good(f"identity: {found['Arn']} in account {found['Account']}")


def region(workbook: Workbook) -> Finding:
    """See that there is such a region, and that it is switched on."""
    listed = workbook.client("ec2").describe_regions(AllRegions=True)["Regions"]
    status = {one["RegionName"]: one.get("OptInStatus") for one in listed}.get(workbook.region)
    if status is None:
        return missing(f"region: there is no {workbook.region}", "correct AWS_REGION in .env")
    if status == "not-opted-in":
        return missing(f"region: {workbook.region} is not switched on", "switch it on in the account's settings")
    return good(f"region: {workbook.region}")


def names(workbook: Workbook) -> Finding:
    """See that the bucket's name is free, or the bucket yours."""
    try:
        workbook.client("s3").head_bucket(Bucket=workbook.bucket)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return good(f"names: {workbook.bucket} is free")
        if status == 403:
            return missing(f"names: {workbook.bucket} is somebody else's", "draw another WORKBOOK_ID in .env")
        raise
    return good(f"names: {workbook.bucket} is there, and yours")


def quotas(workbook: Workbook) -> Finding:
    """See that there may be six shards more."""
    limits = workbook.client("kinesis").describe_limits()
    free = limits["ShardLimit"] - limits["OpenShardCount"]
    if free < SHARDS:
        remedy = "delete streams, or have the quota raised"
        return missing(f"quotas: {free} shards are free, {SHARDS} are needed", remedy)
    return good(f"quotas: {free} shards are free")


def networks(workbook: Workbook) -> Finding:
    """See that the template's stack may make a network, or has made it."""
    there = workbook.client("ec2").describe_vpcs()["Vpcs"]
    if any(tag_map(one.get("Tags", ())).get(TAG) == workbook.id for one in there):
        return good("networks: the workbook's own is there")
    quota = workbook.client("service-quotas").get_service_quota(ServiceCode="vpc", QuotaCode=NETWORKS_QUOTA)
    free = int(quota["Quota"]["Value"]) - len(there)
    if free < 1:
        remedy = "delete one that nobody uses, or have the quota of VPCs raised (Service Quotas)"
        return missing(f"networks: all {len(there)} that the region may have are there, one is needed", remedy)
    return good(f"networks: {free} are free")


def airflow_network(workbook: Workbook) -> Finding:
    """See that there are two private subnets for Airflow."""
    return good(f"network for Airflow: {', '.join(network.choose(workbook)['SubnetIds'])}")


def cluster(workbook: Workbook) -> Finding:
    """See that there is an MSK cluster that takes IAM."""
    brokers = msk.bootstrap_brokers(workbook)
    return good(f"cluster: {msk.cluster(workbook)['ClusterName']}, {len(brokers.split(','))} brokers with IAM")


def way_to_the_brokers(workbook: Workbook) -> Finding:
    """See that a broker answers from here, or that the client machine is there to go through."""
    if workbook.brokers_through_client:
        if ec2_client.instance(workbook):
            return good("way to the brokers: through the client machine")
        return missing("way to the brokers: there is no client machine yet", "run notebook 01, which launches it")
    host, _, port = msk.brokers(workbook).split(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        return missing(
            f"way to the brokers: {host} does not answer here: {error}",
            "MSK's brokers are private: WORKBOOK_BROKERS_THROUGH_CLIENT=yes in .env, or run in their network",
        )
    return good(f"way to the brokers: {host} answers")


def databricks_settings(workbook: Workbook) -> Finding:
    """See that workspace, token and cluster are named."""
    lacking = [name for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN") if not os.environ.get(name)]
    if not any(os.environ.get(name) for name in CLUSTER_SETTINGS):
        lacking.append("DATABRICKS_CLUSTER_ID")
    if lacking:
        return missing(f"Databricks: {', '.join(lacking)} not set", "see .env.example, and put the lines into .env")
    return good(f"Databricks: {os.environ['DATABRICKS_HOST']}")


def databricks_runtime(workbook: Workbook) -> Finding:
    """See that a cluster's runtime is new enough."""
    clusters = _workspace("/api/2.1/clusters/list").get("clusters", [])
    versions = {one["cluster_name"]: one.get("spark_version", "") for one in clusters}
    if not versions:
        return missing("Databricks: the workspace has no cluster", "make one, and name it in SPARK_REMOTE")
    old = [name for name, version in versions.items() if (found := _runtime(version)) and found < OLDEST_RUNTIME]
    if len(old) == len(versions):
        return missing(
            f"Databricks: {', '.join(versions.values())} is older than {'.'.join(map(str, OLDEST_RUNTIME))}",
            "choose a newer runtime",
        )
    return good(f"Databricks: runtimes {', '.join(versions.values())}")


def databricks_scope(workbook: Workbook) -> Finding:
    """See that there is the secret scope."""
    scopes = [one["name"] for one in _workspace("/api/2.0/secrets/scopes/list").get("scopes", [])]
    if SCOPE not in scopes:
        return missing(f"Databricks: no secret scope {SCOPE!r}", f"`databricks secrets create-scope {SCOPE}`")
    return good(f"Databricks: secret scope {SCOPE!r}")


def databricks_mounts(workbook: Workbook) -> Finding:
    """Mounts are switched off in new workspaces, and no call tells from outside; a volume needs none."""
    if workbook.volume:
        return good(f"Databricks: no mount is needed, the bucket is the volume {workbook.volume}")
    return unknown(
        "Databricks: whether mounts are allowed is not told from outside",
        "run dbutils.fs.mounts() on the cluster; where they are off, set WORKBOOK_VOLUME, and have the volume made by "
        "`python -m helpers.databricks --yes`",
    )


def _runtime(version: str) -> tuple[int, int] | None:
    parts = version.split(".")[:2]
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 and all(part.isdecimal() for part in parts) else None


def _workspace(path: str) -> dict:
    host, token = os.environ.get("DATABRICKS_HOST", ""), os.environ.get("DATABRICKS_TOKEN", "")
    if not (host and token):
        raise SetupError("DATABRICKS_HOST and DATABRICKS_TOKEN say which workspace: put the lines into .env")
    try:
        answer = requests.get(host + path, headers={"Authorization": f"Bearer {token}"}, timeout=CONNECT_SECONDS * 5)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise SetupError(f"{host} does not answer, or refuses the token: {type(error).__name__}") from error
    return answer.json()


ESSENTIAL: tuple[Check, ...] = (identity, region)

CHECKS: tuple[Check, ...] = (
    permissions.check, permissions.passing, names, quotas, networks, airflow_network, cluster, way_to_the_brokers,
    connector_network.way_to_s3, databricks_settings, databricks_runtime, databricks_scope, databricks_mounts,
)  # fmt: skip
