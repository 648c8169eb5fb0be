"""Every n-th call of a service is one too many: whoever calls must call again."""

from collections import Counter

from lab.aws.errors import AwsError
from lab.aws.strict.rule import Asked, Rule

EVERY = 15
"""Of so many calls of a service one is refused; AWS counts calls a second, which on a laptop nobody reaches."""

REFUSALS = {
    "ec2": ("RequestLimitExceeded", 503), "iam": ("Throttling", 400), "s3": ("SlowDown", 503),
    "apigateway": ("TooManyRequestsException", 429), "kafka": ("TooManyRequestsException", 429),
    "kafkaconnect": ("TooManyRequestsException", 429), "airflow": ("ThrottlingException", 400),
    "ssm": ("ThrottlingException", 400), "secretsmanager": ("ThrottlingException", 400),
    "logs": ("ThrottlingException", 400), "kinesis": ("LimitExceededException", 400),
}  # fmt: skip
"""Service → its code and status. STS has none here: its quota, hundreds a second, is not a learner's."""

RECORDS = ("PutRecord", "PutRecords", "GetRecords", "GetShardIterator")
"""Operations of Kinesis that have a code of their own."""


class Throttling:
    """Counts the calls of each service."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def hold(self, asked: Asked) -> None:
        """Refuse the n-th call.

        Raises
        ------
        AwsError
            With the service's own code, which its clients know as one to be tried again.
        """
        service = asked.operation.service
        if asked.by_service or service not in REFUSALS:
            return
        self._calls[service] += 1
        if self._calls[service] % EVERY == 0:
            code, status = REFUSALS[service]
            if asked.is_call("kinesis", *RECORDS):
                code = "ProvisionedThroughputExceededException"
            raise AwsError(code, "Rate exceeded", status)


def rule() -> Rule:
    """Make the rule, with nothing counted yet."""
    source = (
        'AWS SDKs and Tools Reference Guide, "Retry behavior"; Amazon EC2 Developer Guide, "Request throttling"; '
        'Amazon S3 User Guide, "503 Slow Down"; Amazon Kinesis API Reference, errors of PutRecord and CreateStream'
    )
    return Rule("every n-th call is throttled", source, Throttling().hold)
