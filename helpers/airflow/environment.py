"""The MWAA environment, which is an Airflow that AWS looks after: made, awaited, deleted."""

from botocore.exceptions import ClientError

from helpers.airflow import network, versions
from helpers.airflow.dag import FOLDER
from helpers.airflow.rest_api import AirflowError, call
from helpers.config import Workbook
from helpers.waiting import wait_until

ENVIRONMENT_SECONDS = 2700
"""MWAA takes 20 to 30 minutes to make an environment."""

POLL_SECONDS = 1.0

REQUIREMENTS = "requirements.txt"
"""Key of what the environment installs; MWAA adds the constraints of its version by itself."""

REFUSALS = ("AccessDeniedException", "ForbiddenException")
"""With these MWAA refuses whoever may not do something."""


def create(workbook: Workbook, role: str) -> str:
    """Create the environment unless it is there; one that could not be made is made anew.

    Its Airflow is the one for which the DAG was written and tried (`helpers.airflow.versions`).

    Returns
    -------
    str
        "created" or "was there".
    """
    there = status(workbook)
    if there == "CREATE_FAILED":
        delete(workbook)
    elif there is not None:
        return "was there"
    place = network.choose(workbook)
    upload_requirements(workbook)
    workbook.client("mwaa").create_environment(
        Name=workbook.airflow,
        ExecutionRoleArn=role,
        SourceBucketArn=f"arn:aws:s3:::{workbook.bucket}",
        AirflowVersion=versions.airflow(),
        DagS3Path=FOLDER,
        RequirementsS3Path=REQUIREMENTS,
        NetworkConfiguration=place,
        EnvironmentClass="mw1.small",
        WebserverAccessMode="PUBLIC_ONLY",
        Tags=workbook.tags,
    )
    return "created"


def upload_requirements(workbook: Workbook) -> None:
    """Put the list of packages into the bucket, whose versioning must be on (Amazon MWAA User Guide)."""
    s3 = workbook.client("s3")
    s3.put_bucket_versioning(Bucket=workbook.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=workbook.bucket, Key=REQUIREMENTS, Body=versions.requirements().encode())


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
        If it cannot be made, or you may not call its Airflow; the text holds the reason.
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
    except AirflowError:
        return False
    except ClientError as error:
        if error.response["Error"]["Code"] in REFUSALS:  # waiting would change nothing, and cost 45 minutes
            raise AirflowError(f"{workbook.airflow} runs, and you may not call it: {error}") from error
        return False
    return True


def delete(workbook: Workbook) -> None:
    """Delete the environment, and wait until it is gone; the DAG stays in the bucket."""
    if status(workbook) is not None:
        workbook.client("mwaa").delete_environment(Name=workbook.airflow)
        awaited = f"the environment {workbook.airflow} to be gone"
        wait_until(lambda: status(workbook) is None, ENVIRONMENT_SECONDS, awaited, POLL_SECONDS)
