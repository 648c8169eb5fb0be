"""Who gets in at the AWS endpoint, and what policies let them do there, over HTTP with boto3."""

import contextlib
import json
import uuid

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from callers import Caller, policy, refused, trust

from lab.core.iam_file import ACCOUNT, LEARNER

pytestmark = pytest.mark.lab

ARN = f"arn:aws:iam::{ACCOUNT}:"


def test_the_learner_is_the_learner(learner):
    found = learner("sts").get_caller_identity()
    assert (found["Arn"], found["Account"]) == (LEARNER, ACCOUNT)


def test_a_session_is_shown_under_the_name_of_its_role(role):
    caller = role.assumed()
    assert caller.key["AccessKeyId"].startswith("ASIA")
    found = caller.client("sts").get_caller_identity()
    assert found["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/tester"


def test_only_whom_a_role_trusts_may_assume_it(make_role):
    other = make_role()
    words = f"user/learner is not authorized to perform: sts:AssumeRole on resource: {ARN}role/"
    for closed in (
        make_role({"Service": "ec2.amazonaws.com"}),
        make_role({"AWS": other.arn}),
        make_role({"AWS": f"{ARN}user/b"}),
    ):
        with refused("AccessDenied", words):
            closed.assumed()
    with refused("AccessDenied", words):
        make_role(effect="Deny").assumed()
    assert make_role({"AWS": f"{ARN}root"}).assumed()
    by_role = make_role({"AWS": other.arn})
    assert other.assumed().client("sts").assume_role(RoleArn=by_role.arn, RoleSessionName="chained")


def test_a_role_that_is_not_there_is_refused_like_one_that_does_not_trust(learner):
    with refused("AccessDenied", "sts:AssumeRole on resource"):
        learner("sts").assume_role(RoleArn=f"{ARN}role/nobody", RoleSessionName="tester")
    with refused("AccessDenied"):
        learner("sts").assume_role(RoleArn="arn:aws:iam::210987654321:role/elsewhere", RoleSessionName="tester")


def test_the_account_is_trusted_as_far_as_its_own_policies_go(make_role, role):
    whole_account = make_role({"AWS": f"{ARN}root"})
    sts = role.assumed().client("sts")
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=whole_account.arn, RoleSessionName="tester")
    role.may(policy("sts:AssumeRole", resource=whole_account.arn))
    assert sts.assume_role(RoleArn=whole_account.arn, RoleSessionName="tester")
    role.may(policy("sts:*", effect="Deny"), "deny")
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=whole_account.arn, RoleSessionName="tester")


def test_trust_that_is_taken_back_holds_at_once(role):
    assert role.assumed()
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    with refused("AccessDenied"):
        role.assumed()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Policy": policy("s3:*")}, "InvalidParameterValue"),
        ({"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}]}, "InvalidParameterValue"),
        ({"DurationSeconds": 10**12}, "ValidationError"),
    ],
)
def test_what_sts_would_not_honour_is_refused(role, more, code):
    with refused(code):
        role.assumed(**more)


@pytest.mark.parametrize("operation", ["get_session_token", "get_access_key_info", "get_federation_token"])
def test_keys_that_the_lab_cannot_vouch_for_are_not_handed_out(learner, operation):
    needed = {"get_access_key_info": {"AccessKeyId": "A" * 20}, "get_federation_token": {"Name": "fed"}}
    with refused("AccessDenied", "The lab's STS answers AssumeRole and GetCallerIdentity"):
        getattr(learner("sts"), operation)(**needed.get(operation, {}))


CALLS = {
    "ec2": ("describe_instances", {}, "ec2:DescribeInstances", "UnauthorizedOperation"),
    "s3": ("list_buckets", {}, "s3:ListAllMyBuckets", "AccessDenied"),
    "kinesis": ("list_streams", {}, "kinesis:ListStreams", "AccessDeniedException"),
    "iam": ("list_users", {}, "iam:ListUsers", "AccessDenied"),
    "apigateway": ("get_rest_apis", {}, "apigateway:GET", "AccessDeniedException"),
    "kafka": ("list_clusters_v2", {}, "kafka:ListClustersV2", "AccessDeniedException"),
    "kafkaconnect": ("list_connectors", {}, "kafkaconnect:ListConnectors", "AccessDeniedException"),
    "ssm": ("describe_parameters", {}, "ssm:DescribeParameters", "AccessDeniedException"),
    "secretsmanager": ("list_secrets", {}, "secretsmanager:ListSecrets", "AccessDeniedException"),
}


@pytest.mark.parametrize("service", CALLS)
def test_a_session_may_do_what_its_policy_says_and_nothing_else(role, service):
    operation, parameters, action, code = CALLS[service]
    caller = role.assumed()
    with refused(code, rf"assumed-role/{role.name}/tester is not .*: {action}.*no identity-based policy"):
        getattr(caller.client(service), operation)(**parameters)
    role.may(policy(action))
    assert getattr(caller.client(service), operation)(**parameters)
    for other in CALLS.keys() - {service}:
        with refused(CALLS[other][3]):
            getattr(caller.client(other), CALLS[other][0])(**CALLS[other][1])
    role.may(policy(action, effect="Deny"), "deny")
    with refused(code, "explicit deny"):
        getattr(caller.client(service), operation)(**parameters)
    role.may_not("deny")
    assert getattr(caller.client(service), operation)(**parameters)
    role.may_not()
    with refused(code):
        getattr(caller.client(service), operation)(**parameters)


def test_a_policy_about_one_stream_is_about_no_other(role, learner):
    kinesis = learner("kinesis")
    names = [f"test-{uuid.uuid4().hex[:8]}-{table}" for table in ("pin", "geo")]
    for name in names:
        kinesis.create_stream(StreamName=name, ShardCount=1)
    role.may(policy("kinesis:*", resource=f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{names[0]}"))
    mine = role.assumed().client("kinesis")
    put = {"Data": b"x", "PartitionKey": "k"}
    assert mine.put_record(StreamName=names[0], **put)
    with refused("AccessDeniedException", names[1]):
        mine.put_record(StreamName=names[1], **put)
    arn = kinesis.describe_stream(StreamName=names[1])["StreamDescription"]["StreamARN"]
    for both in ({"StreamARN": arn}, {"StreamName": names[0], "StreamARN": arn}):
        with refused("AccessDeniedException"):
            mine.put_record(**both, **put)
    for name, allowed in zip(names, (True, False), strict=True):
        where = {"StreamName": name, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        with contextlib.nullcontext() if allowed else refused("AccessDeniedException"):
            assert mine.get_records(ShardIterator=iterator)["Records"]
    for name in names:
        kinesis.delete_stream(StreamName=name)


def test_a_policy_about_one_role_is_about_no_other(make_role):
    weak, strong = make_role(), make_role()
    weak.may(policy("iam:PutRolePolicy", "iam:GetRole", resource=weak.arn))
    iam = weak.assumed().client("iam")
    with refused("AccessDenied", strong.arn):
        iam.put_role_policy(RoleName=strong.name, PolicyName="x", PolicyDocument=policy("*"))
    iam.put_role_policy(RoleName=weak.name, PolicyName="x", PolicyDocument=policy("iam:ListUsers"))
    assert iam.list_users()["Users"]


def test_groups_and_managed_policies_count(learner, lab):
    iam = learner("iam")
    user, group, managed = (f"test-{uuid.uuid4().hex[:8]}" for _ in range(3))
    iam.create_user(UserName=user)
    caller = Caller(lab, iam.create_access_key(UserName=user)["AccessKey"])
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=policy("iam:ListUsers"))
    with refused("AccessDenied"):
        caller.client("iam").list_users()
    iam.add_user_to_group(GroupName=group, UserName=user)
    assert caller.client("iam").list_users()
    arn = iam.create_policy(PolicyName=managed, PolicyDocument=policy("kinesis:ListStreams"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    assert caller.client("kinesis").list_streams()
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("ssm:*"), SetAsDefault=True)
    with refused("AccessDeniedException"):
        caller.client("kinesis").list_streams()
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisReadOnlyAccess")
    assert caller.client("kinesis").list_streams()
    key = caller.key["AccessKeyId"]
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    with refused("InvalidClientTokenId"):
        caller.client("sts").get_caller_identity()
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")
    assert caller.client("sts").get_caller_identity()["Arn"].endswith(f"user/{user}")
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    for service, code in (("sts", "InvalidClientTokenId"), ("kinesis", "UnrecognizedClientException")):
        with refused(code):
            getattr(caller.client(service), {"sts": "get_caller_identity", "kinesis": "list_streams"}[service])()


def test_a_role_that_is_deleted_takes_its_sessions_along_for_good(role):
    caller = role.may(policy("iam:ListUsers")).assumed()
    assert caller.client("iam").list_users()
    role.delete()
    with refused("InvalidClientTokenId"):
        caller.client("iam").list_users()
    role.iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=trust({"AWS": LEARNER}))
    with refused("InvalidClientTokenId"):
        caller.client("sts").get_caller_identity()


def test_a_role_that_asks_for_an_external_id_is_for_those_who_give_it(learner, role):
    asking = json.loads(trust({"AWS": LEARNER}))
    asking["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "xx"}}
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=json.dumps(asking))
    for given in ({}, {"ExternalId": "yy"}):
        with refused("AccessDenied", "sts:AssumeRole"):
            role.assumed(**given)
    assert role.assumed(ExternalId="xx")


CONDITIONAL = json.loads(policy("s3:*"))
CONDITIONAL["Statement"][0]["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
TRUST_CONDITIONAL = json.loads(trust({"AWS": LEARNER}))
TRUST_CONDITIONAL["Statement"][0]["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": "o-x"}}


def test_policies_that_would_not_be_honoured_cannot_be_attached(learner, role):
    iam = learner("iam")
    iam.create_group(GroupName="test-conditions")
    arn = iam.create_policy(PolicyName="test-conditions", PolicyDocument=policy("s3:*"))["Policy"]["Arn"]
    wrong, wrong_trust = json.dumps(CONDITIONAL), json.dumps(TRUST_CONDITIONAL)
    for operation, parameters in [
        ("put_role_policy", {"RoleName": role.name, "PolicyName": "p", "PolicyDocument": wrong}),
        ("put_user_policy", {"UserName": "learner", "PolicyName": "p", "PolicyDocument": wrong}),
        ("put_group_policy", {"GroupName": "test-conditions", "PolicyName": "p", "PolicyDocument": wrong}),
        ("create_policy", {"PolicyName": "test-wrong", "PolicyDocument": wrong}),
        ("create_policy_version", {"PolicyArn": arn, "PolicyDocument": wrong}),
        ("create_role", {"RoleName": "test-wrong", "AssumeRolePolicyDocument": wrong_trust}),
        ("update_assume_role_policy", {"RoleName": role.name, "PolicyDocument": wrong_trust}),
    ]:
        words = r"does not evaluate the (element Condition|condition key aws:PrincipalOrgID), and would not ignore it"
        with refused("MalformedPolicyDocument", words):
            getattr(iam, operation)(**parameters)
    for document in ("{", "[]", '{"Statement": [{"Effect": "Allow"}]}', '{"Version": "2012-10-17"}'):
        with refused("MalformedPolicyDocument"):
            iam.put_role_policy(RoleName=role.name, PolicyName="p", PolicyDocument=document)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_group(GroupName="test-conditions")
    assert iam.list_role_policies(RoleName=role.name)["PolicyNames"] == []


def test_permissions_boundaries_are_not_taken(learner, role):
    boundary = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    iam = learner("iam")
    for operation, parameters in [
        ("put_role_permissions_boundary", {"RoleName": role.name}),
        ("put_user_permissions_boundary", {"UserName": "learner"}),
        ("create_user", {"UserName": "test-wrong"}),
        ("create_role", {"RoleName": "test-wrong", "AssumeRolePolicyDocument": trust("*")}),
    ]:
        with refused("InvalidInput", "does not evaluate permissions boundaries"):
            getattr(iam, operation)(**parameters, PermissionsBoundary=boundary)


def test_who_gives_a_role_away_must_be_allowed_to(make_role, learner):
    weak, strong = make_role(), make_role()
    learner("iam").create_instance_profile(InstanceProfileName=strong.name)
    weak.may(policy("iam:AddRoleToInstanceProfile", "ec2:*"))
    caller = weak.assumed()
    with refused("AccessDenied", f"iam:PassRole on resource: {strong.arn}"):
        caller.client("iam").add_role_to_instance_profile(InstanceProfileName=strong.name, RoleName=strong.name)
    learner("iam").add_role_to_instance_profile(InstanceProfileName=strong.name, RoleName=strong.name)
    with refused("UnauthorizedOperation", f"iam:PassRole on resource: {strong.arn}"):
        caller.client("ec2").run_instances(
            ImageId="ami-12345678", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": strong.name}
        )


@pytest.mark.parametrize("service", CALLS)
def test_wrong_keys_are_refused_by_every_service(lab, runtime, service):
    operation, parameters, *_ = CALLS[service]
    own = runtime.credentials
    for key, wanted in [
        ({"AccessKeyId": "AKIANOBODYNOBODYNOBO", "SecretAccessKey": "x"}, ("InvalidC", "InvalidA", "Unrec", "AuthF")),
        ({"AccessKeyId": own.access_key_id, "SecretAccessKey": "wrong"}, ("SignatureDoes", "InvalidSignature")),
        ({"AccessKeyId": own.access_key_id, "SecretAccessKey": own.secret_access_key, "SessionToken": "x"},
         ("InvalidC", "InvalidT", "Unrec", "AuthF")),
    ]:  # fmt: skip
        with pytest.raises(ClientError) as error:
            getattr(Caller(lab, key).client(service), operation)(**parameters)
        assert error.value.response["Error"]["Code"].startswith(wanted), error.value


@pytest.mark.parametrize("service", CALLS)
def test_unsigned_calls_are_refused_by_every_service(lab, service):
    operation, parameters, *_ = CALLS[service]
    client = boto3.client(
        service, endpoint_url=f"http://127.0.0.1:{lab.ports['aws']}", region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )  # fmt: skip
    with refused("MissingAuthenticationToken"):
        getattr(client, operation)(**parameters)


def test_another_region_is_named_with_ours(lab, runtime):
    own = runtime.credentials
    client = boto3.client(
        "kinesis", endpoint_url=f"http://127.0.0.1:{lab.ports['aws']}", region_name="eu-west-1",
        aws_access_key_id=own.access_key_id, aws_secret_access_key=own.secret_access_key,
    )  # fmt: skip
    with refused("InvalidSignatureException", "not 'eu-west-1': the lab is in us-east-1"):
        client.list_streams()


def test_a_service_that_is_not_there_is_named_with_those_that_are(lab, runtime):
    own = runtime.credentials
    caller = Caller(lab, {"AccessKeyId": own.access_key_id, "SecretAccessKey": own.secret_access_key})
    words = "does not stand in for the AWS service '{}'; it has airflow, apigateway, ec2, iam, kafka"
    for service, operation in (("sns", "list_topics"), ("dynamodb", "list_tables"), ("lambda", "list_functions")):
        with pytest.raises(ClientError, match=words.format(service)):
            getattr(caller.client(service), operation)()


def test_operations_that_are_not_there_are_named(learner):
    with refused("NotImplementedException", "The lab's MSK does not answer ListScramSecrets; AWS does"):
        learner("kafka").list_scram_secrets(ClusterArn="arn:aws:kafka:us-east-1:123456789012:cluster/c/1")
    with refused("NotImplementedException", "The lab's MSK Connect does not answer TagResource"):
        learner("kafkaconnect").tag_resource(resourceArn="arn:aws:kafkaconnect:x", tags={"a": "b"})
    with refused("NotImplemented", "The lab's ec2 does not answer DescribeFastLaunchImages; AWS does"):
        learner("ec2").describe_fast_launch_images()
