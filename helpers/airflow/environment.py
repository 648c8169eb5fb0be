"""The MWAA environment, which is an Airflow that AWS looks after: made, awaited, deleted."""

import os

from botocore.exceptions import ClientError

from helpers.airflow.dag import FOLDER
from helpers.airflow.rest_api import AirflowError, call
from helpers.config import Workbook
from helpers.waiting import wait_until

ENVIRONMENT_SECONDS = 2700
"""MWAA takes 20 to 30 minutes to make an environment."""

POLL_SECONDS = 1.0


def network(workbook: Workbook) -> dict[str, list[str]]:
    """Choose where the environment stands: two subnets in two zones, and the security group of their network.

    On AWS they must be private subnets with a way out. The first two of the default network are taken, or those that
    ``WORKBOOK_AIRFLOW_SUBNETS`` names, joined by a comma.
    """
    ec2 = workbook.client("ec2")
    named = [name for name in os.environ.get("WORKBOOK_AIRFLOW_SUBNETS", "").split(",") if name]
    found = ec2.describe_subnets(**({"SubnetIds": named} if named else {}))["Subnets"]
    chosen = sorted(found, key=lambda subnet: subnet["AvailabilityZone"])[:2]
    of_network = [
        {"Name": "vpc-id", "Values": [chosen[0]["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}
    ]  # fmt: skip
    groups = ec2.describe_security_groups(Filters=of_network)["SecurityGroups"]
    return {
        "SubnetIds": [subnet["SubnetId"] for subnet in chosen],
        "SecurityGroupIds": [group["GroupId"] for group in groups],
    }


def create(workbook: Workbook, role: str) -> str:
    """Create the environment unless it is there.

    Returns
    -------
    str
        "created" or "was there".
    """
    if status(workbook) is not None:
        return "was there"
    workbook.client("mwaa").create_environment(
        Name=workbook.airflow,
        ExecutionRoleArn=role,
        SourceBucketArn=f"arn:aws:s3:::{workbook.bucket}",
        DagS3Path=FOLDER,
        NetworkConfiguration=network(workbook),
        EnvironmentClass="mw1.small",
        WebserverAccessMode="PUBLIC_ONLY",
    )
    return "created"


def status(workbook: Workbook) -> str | None:
    """Tell the environment's status, such as CREATING or AVAILABLE; None if there is none."""
    mwaa = workbook.client("mwaa")
    try:
        return mwaa.get_environment(Name=workbook.airflow)["Environment"]["Status"]
    except mwaa.exceptions.ResourceNotFoundException:
        return None


def wait_until_available(workbook: Workbook) -> None:
    """Wait until the environment is AVAILABLE and its Airflow answers.

    Raises
    ------
    AirflowError
        If it cannot be made; the text holds the reason that MWAA gives.
    """

    def ready() -> bool:
        found = workbook.client("mwaa").get_environment(Name=workbook.airflow)["Environment"]
        if found["Status"] in ("CREATE_FAILED", "UNAVAILABLE"):
            reason = found.get("LastUpdate", {}).get("Error", {}).get("ErrorMessage", "MWAA gives no reason")
            raise AirflowError(f"The environment {workbook.airflow} is {found['Status']}: {reason}")
        return found["Status"] == "AVAILABLE" and _answers(workbook)

    wait_until(ready, ENVIRONMENT_SECONDS, f"the environment {workbook.airflow} to be AVAILABLE", POLL_SECONDS)


def _answers(workbook: Workbook) -> bool:
    try:
        call(workbook, "GET", "/version")
    except (AirflowError, ClientError):
        return False
    return True


def delete(workbook: Workbook) -> None:
    """Delete the environment, and wait until it is gone; the DAG stays in the bucket."""
    if status(workbook) is not None:
        workbook.client("mwaa").delete_environment(Name=workbook.airflow)
        awaited = f"the environment {workbook.airflow} to be gone"
        wait_until(lambda: status(workbook) is None, ENVIRONMENT_SECONDS, awaited, POLL_SECONDS)
