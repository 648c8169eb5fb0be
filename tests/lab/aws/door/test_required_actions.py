"""Which actions and resources a call needs."""

import json

import pytest
from signed import KEY, call, check, signed

from lab.aws.door import authorization, required_actions
from lab.aws.door.canonical_call import plain
from lab.aws.errors import AwsError
from lab.aws.identity.principals import Directory
from lab.aws.kinesis.iterators import ShardIterator
from lab.aws.protocol import Operation

IAM = "arn:aws:iam::123456789012:"
ROLE = f"{IAM}role/team/worker"
KNOWN = Directory({}, {ROLE: (), KEY.owner: ()}, {ROLE: {}}, {"machine": ROLE, f"{IAM}instance-profile/machine": ROLE})
ACCOUNT = "123456789012"


def needed(service, unsigned):
    seen = signed(service, unsigned)
    operation = Operation(service, plain(seen, check(seen)))
    return [(need.action, need.resource) for need in required_actions.of(KNOWN, KEY, seen, operation)]


def query(service, action, **parameters):
    version = {"iam": "2010-05-08", "ec2": "2016-11-15", "sts": "2011-06-15"}[service]
    body = "&".join(f"{name.replace('_', '.')}={value}" for name, value in parameters.items())
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return needed(service, call("POST", "/", f"Action={action}&Version={version}&{body}".encode(), form))


@pytest.mark.parametrize(
    ("method", "target", "headers", "expected"),
    [
        ("GET", "/", {}, [("ListAllMyBuckets", "*")]),
        ("GET", "/b?list-type=2", {}, [("ListBucket", "b")]),
        ("GET", "/b/?list-type=2", {}, [("ListBucket", "b")]),
        ("HEAD", "/b", {}, [("ListBucket", "b")]),
        ("PUT", "/b", {}, [("CreateBucket", "b")]),
        ("GET", "/b/a%2Fc%20%C3%A9/", {}, [("GetObject", "b/a/c é/")]),
        ("HEAD", "/b/k", {}, [("GetObject", "b/k")]),
        ("PUT", "/b/k", {}, [("PutObject", "b/k")]),
        ("POST", "/b/k?uploads", {}, [("PutObject", "b/k")]),
        ("PUT", "/b/k?partNumber=1&uploadId=x", {}, [("PutObject", "b/k")]),
        ("DELETE", "/b/k?uploadId=x", {}, [("AbortMultipartUpload", "b/k")]),
        ("DELETE", "/b/k", {}, [("DeleteObject", "b/k")]),
        (
            "PUT", "/b/k", {"X-Amz-Copy-Source": "/other/se%20cret?versionId=1"},
            [("PutObject", "b/k"), ("GetObject", "other/se cret")],
        ),
        (
            "PUT", "/b/k?partNumber=1&uploadId=x", {"X-Amz-Copy-Source": "other/secret"},
            [("PutObject", "b/k"), ("GetObject", "other/secret")],
        ),
    ],
)  # fmt: skip
def test_s3(method, target, headers, expected):
    wanted = [(f"s3:{action}", name if name == "*" else f"arn:aws:s3:::{name}") for action, name in expected]
    assert needed("s3", call(method, target, b"", headers)) == wanted


def test_deleting_many_objects_needs_each():
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b/c</Key></Object></Delete>"
    assert needed("s3", call("POST", "/b?delete", body)) == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a"), ("s3:DeleteObject", "arn:aws:s3:::b/b/c"),
    ]  # fmt: skip


def kinesis(operation, **parameters):
    headers = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    return needed("kinesis", call("POST", "/", json.dumps(parameters).encode(), headers))


def stream(name):
    return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}"


def test_kinesis():
    assert kinesis("ListStreams") == [("kinesis:ListStreams", "*")]
    assert kinesis("DeleteStream", StreamName="pin") == [("kinesis:DeleteStream", stream("pin"))]
    assert kinesis("DeleteStream", StreamARN=stream("pin")) == [("kinesis:DeleteStream", stream("pin"))]
    elsewhere = stream("pin").replace(ACCOUNT, "9" * 12)
    assert kinesis("DeleteStream", StreamARN=elsewhere) == [("kinesis:DeleteStream", stream("pin"))]
    assert kinesis("ListTagsForResource", ResourceARN=elsewhere) == [("kinesis:ListTagsForResource", stream("pin"))]
    both = kinesis("DeleteStream", StreamName="pin", StreamARN=stream("geo"))
    assert sorted(both) == [("kinesis:DeleteStream", stream("geo")), ("kinesis:DeleteStream", stream("pin"))]


def test_a_shard_iterator_tells_its_stream():
    iterator = ShardIterator(1.0, "pin", 1.0, "shardId-000000000000", 0).text()
    assert kinesis("GetRecords", ShardIterator=iterator) == [("kinesis:GetRecords", stream("pin"))]
    assert len(kinesis("GetRecords", ShardIterator=iterator, StreamARN=stream("geo"))) == 2
    assert kinesis("GetRecords", ShardIterator="no base64 é") == [("kinesis:GetRecords", stream(""))]
    assert kinesis("ListShards", NextToken="pin/shardId-000000000001") == [("kinesis:ListShards", stream("pin"))]
    assert kinesis("ListStreams", NextToken="pin") == [("kinesis:ListStreams", "*")]


@pytest.mark.parametrize(
    ("action", "parameters", "resource"),
    [
        ("ListUsers", {}, "*"),
        ("GetUser", {"UserName": "bob"}, f"{IAM}user/bob"),
        ("GetUser", {}, KEY.owner),
        ("CreateAccessKey", {}, KEY.owner),
        ("CreateAccessKey", {"UserName": "bob"}, f"{IAM}user/bob"),
        ("PutRolePolicy", {"RoleName": "worker", "PolicyName": "p", "PolicyDocument": "x"}, ROLE),
        ("PutRolePolicy", {"RoleName": "other", "PolicyName": "p", "PolicyDocument": "x"}, f"{IAM}role/other"),
        ("CreateRole", {"RoleName": "n", "Path": "/team/", "AssumeRolePolicyDocument": "x"}, f"{IAM}role/team/n"),
        ("AttachRolePolicy", {"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/x12345"}, ROLE),
        ("AddUserToGroup", {"GroupName": "g", "UserName": "bob"}, f"{IAM}group/g"),
        ("CreatePolicy", {"PolicyName": "p", "PolicyDocument": "x"}, f"{IAM}policy/p"),
        ("GetPolicy", {"PolicyArn": f"{IAM}policy/p"}, f"{IAM}policy/p"),
        ("GetInstanceProfile", {"InstanceProfileName": "machine"}, f"{IAM}instance-profile/machine"),
    ],
)
def test_iam(action, parameters, resource):
    assert query("iam", action, **parameters) == [(f"iam:{action}", resource)]


def test_giving_a_role_away_needs_pass_role():
    add = query("iam", "AddRoleToInstanceProfile", InstanceProfileName="machine", RoleName="worker")
    assert add[1:] == [("iam:PassRole", ROLE)]
    run = {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}
    assert query("ec2", "RunInstances", **run) == [("ec2:RunInstances", None)]
    named = query("ec2", "RunInstances", **run, IamInstanceProfile_Name="machine")
    assert named == [("ec2:RunInstances", None), ("iam:PassRole", ROLE)]
    by_arn = query("ec2", "RunInstances", **run, IamInstanceProfile_Arn=f"{IAM}instance-profile/machine")
    assert by_arn == named


def test_ec2():
    assert query("ec2", "DescribeInstances", InstanceId_1="i-1") == [("ec2:DescribeInstances", None)]
    instance = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/"
    assert query("ec2", "StopInstances", InstanceId_1="i-1", InstanceId_2="i-2") == [
        ("ec2:StopInstances", f"{instance}i-1"), ("ec2:StopInstances", f"{instance}i-2"),
    ]  # fmt: skip


def test_api_gateway_and_msk():
    api = "arn:aws:apigateway:us-east-1::"
    assert needed("apigateway", call("GET", "/restapis")) == [("apigateway:GET", f"{api}/restapis")]
    delete = needed("apigateway", call("DELETE", "/restapis/a/resources/b"))
    assert delete == [("apigateway:DELETE", f"{api}/restapis/a/resources/b")]
    cluster = f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/c/1"
    found = needed("kafka", call("GET", f"/v1/clusters/{cluster.replace(':', '%3A').replace('/', '%2F')}"))
    assert found == [("kafka:DescribeCluster", cluster)]
    assert needed("kafkaconnect", call("GET", "/v1/connectors")) == [("kafkaconnect:ListConnectors", "*")]


def test_the_refusal_names_caller_action_and_resource():
    seen = signed("s3", call("GET", "/b/k"))
    operation = Operation("s3", seen)
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    for policies, why in [
        ((), "no identity-based policy allows the s3:GetObject"),
        (({"Statement": statement},), "explicit deny"),
    ]:
        known = Directory({}, {KEY.owner: policies}, {}, {})
        with pytest.raises(AwsError, match=rf"{KEY.session} is not .*: s3:GetObject on resource: .*:::b/k .*{why}"):
            authorization.check(known, KEY, seen, operation)
