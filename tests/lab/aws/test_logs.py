"""Log groups: made, told, deleted; what the lab does not do with them is refused."""

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.lab

NAME = "/workbook/of-a-test"


def code(refused):
    return refused.value.response["Error"]["Code"]


def test_a_group_is_made_once_told_with_its_tags_and_deleted(learner):
    logs = learner("logs")
    logs.create_log_group(logGroupName=NAME, tags={"workbook": "a"})
    with pytest.raises(ClientError) as refused:
        logs.create_log_group(logGroupName=NAME)
    assert code(refused) == "ResourceAlreadyExistsException"
    logs.put_retention_policy(logGroupName=NAME, retentionInDays=7)
    (found,) = logs.describe_log_groups(logGroupNamePrefix=NAME)["logGroups"]
    assert found["retentionInDays"] == 7
    assert logs.list_tags_for_resource(resourceArn=found["logGroupArn"])["tags"] == {"workbook": "a"}
    logs.delete_log_group(logGroupName=NAME)
    assert logs.describe_log_groups(logGroupNamePrefix=NAME)["logGroups"] == []
    with pytest.raises(ClientError) as refused:
        logs.delete_log_group(logGroupName=NAME)
    assert code(refused) == "ResourceNotFoundException"


def test_what_the_lab_does_not_do_is_refused(learner):
    logs = learner("logs")
    with pytest.raises(ClientError, match="The lab's CloudWatch Logs does not know kmsKeyId of CreateLogGroup"):
        logs.create_log_group(logGroupName=NAME, kmsKeyId="arn:aws:kms:us-east-1:123456789012:key/a")
    with pytest.raises(ClientError, match="The lab's CloudWatch Logs does not answer PutLogEvents; AWS does"):
        logs.put_log_events(logGroupName=NAME, logStreamName="a", logEvents=[{"timestamp": 1, "message": "m"}])
