"""What MWAA looks at before it makes an environment: role, subnets, bucket, packages."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.msk.connector_role import gaps
from lab.aws.protocol import REGION
from lab.aws.s3.bucket_settings import BLOCKS
from lab.aws.strict import network
from lab.aws.strict.rule import Asked, Rule
from lab.core.iam_file import ACCOUNT

Buckets = Callable[[], Mapping[str, Mapping[str, Any]]]

SUBNETS = 2


def needed(name: str, bucket: str) -> Iterator[tuple[str, str]]:
    """List what an execution role must allow: action and resource.

    Parameters
    ----------
    name, bucket : str
        Of the environment.
    """
    place = f"{REGION}:{ACCOUNT}"
    yield "airflow:PublishMetrics", f"arn:aws:airflow:{place}:environment/{name}"
    for action in ("GetObject", "GetBucketLocation", "ListBucket"):
        yield f"s3:{action}", f"arn:aws:s3:::{bucket}" + ("/any" if action == "GetObject" else "")
    for action in ("CreateLogStream", "CreateLogGroup", "PutLogEvents", "GetLogEvents", "GetLogGroupFields"):
        yield f"logs:{action}", f"arn:aws:logs:{place}:log-group:airflow-{name}-Task"
    for action in ("logs:DescribeLogGroups", "s3:GetAccountPublicAccessBlock", "cloudwatch:PutMetricData"):
        yield action, "*"
    for action in ("ChangeMessageVisibility", "DeleteMessage", "GetQueueUrl", "ReceiveMessage", "SendMessage"):
        yield f"sqs:{action}", f"arn:aws:sqs:{REGION}:111122223333:airflow-celery-1"
    for action in ("Decrypt", "DescribeKey", "GenerateDataKey", "Encrypt"):  # with a key of AWS's, in AWS's account
        yield f"kms:{action}", f"arn:aws:kms:{REGION}:111122223333:key/1"


class Environments:
    """Looks at environments that are to be made; it knows the settings of buckets."""

    def __init__(self, buckets: Buckets):
        self._buckets = buckets

    def hold(self, asked: Asked) -> None:
        """Refuse at once what on AWS fails after twenty minutes.

        Raises
        ------
        AwsError
            ``ValidationException``, naming what is wrong.
        """
        if not asked.is_call("airflow", "CreateEnvironment"):
            return
        said = asked.operation.parameters()
        bucket, role = said["SourceBucketArn"].rpartition(":")[2], said["ExecutionRoleArn"]
        _check_subnets(said["NetworkConfiguration"])
        self._check_bucket(bucket)
        if not said.get("RequirementsS3Path"):
            raise _invalid(
                "MWAA installs what requirements.txt names, and no Databricks provider without it. The lab's Airflow "
                "has that in any case, so the strict lab asks for the file: name it by RequirementsS3Path."
            )
        if role in asked.known.trust and (missing := gaps(asked.known, role, needed(said["Name"], bucket))):
            raise _invalid(f"The execution role {role} does not allow {missing[0]}.")

    def _check_bucket(self, bucket: str) -> None:
        settings = self._buckets().get(bucket, {})
        if settings.get("versioning") != "Enabled":
            raise _invalid(f"Bucket versioning must be enabled: {bucket} has none.")
        block = settings.get("public access")  # absent: AWS's default for new buckets, all of it blocked
        if block is not None and not all(block.get(name) for name in BLOCKS):
            raise _invalid(f"All public access to the bucket {bucket} must be blocked.")


def _check_subnets(place: Mapping[str, Any]) -> None:
    names = place.get("SubnetIds", [])
    found = [network.subnet(name) for name in names]
    if len(found) != SUBNETS or not all(found):
        raise _invalid(f"SubnetIds must name two subnets that are there, not {', '.join(names) or 'none'}.")
    if len({one.availability_zone for one in found}) != SUBNETS:
        raise _invalid(f"The subnets {', '.join(names)} must be in two availability zones.")
    if public := [name for name in names if network.is_public(name)]:
        raise _invalid(f"The subnet {public[0]} must be private: its route table leads to an internet gateway.")
    if not place.get("SecurityGroupIds"):
        raise _invalid("SecurityGroupIds must name one security group at least.")


def _invalid(words: str) -> AwsError:
    return AwsError("ValidationException", words)


def rule(buckets: Buckets) -> Rule:
    """Make the rule.

    Parameters
    ----------
    buckets : callable
        Gives the settings of each bucket.
    """
    source = (
        'Amazon MWAA User Guide, "Amazon MWAA execution role", "Create an Amazon S3 bucket for Amazon MWAA" '
        '(versioning, no public access), "About networking on Amazon MWAA" (two private subnets in two zones), '
        '"Installing Python dependencies"'
    )
    return Rule("MWAA looks at role, subnets, bucket and packages", source, Environments(buckets).hold)
