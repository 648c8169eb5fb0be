"""Whatever moto keeps, in whatever kind of object, can be written and read back."""

import json
from urllib.parse import urlencode

import pytest
from moto.backends import get_backend
from signed import call, check, signed

from lab.aws import state
from lab.aws.door.canonical_call import plain
from lab.aws.moto_app import Moto
from lab.core.files import write_all_private

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VERSIONS = {"iam": "2010-05-08", "ec2": "2016-11-15", "sts": "2011-06-15"}
TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
AWSS_OWN = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


@pytest.fixture(scope="module")
def moto():
    yield Moto()
    for service in state.KEPT_BY_MOTO:
        get_backend(service).reset()


def ask(moto, service, unsigned):
    seen = signed(service, unsigned)
    answer = moto.answer(plain(seen, check(seen)))
    assert answer.status < 300, answer.body
    return answer.body.decode()


def query(moto, service, action, **parameters):
    named = {name.replace("_", "."): value for name, value in parameters.items()}
    body = urlencode({"Action": action, "Version": VERSIONS[service]} | named).encode()
    return ask(moto, service, call("POST", "/", body, FORM))


def json_call(moto, service, target, body):
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    return ask(moto, service, call("POST", "/", body.encode(), headers))


def fill_iam(moto):
    query(moto, "iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    query(moto, "iam", "PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=POLICY)
    query(moto, "iam", "AttachRolePolicy", RoleName="r", PolicyArn=AWSS_OWN)
    query(moto, "iam", "TagRole", RoleName="r", Tags_member_1_Key="a", Tags_member_1_Value="b")
    query(moto, "iam", "CreateUser", UserName="u")
    query(moto, "iam", "CreateAccessKey", UserName="u")
    query(moto, "iam", "CreateLoginProfile", UserName="u", Password="Pass-word-1")
    query(moto, "iam", "CreateGroup", GroupName="g")
    query(moto, "iam", "AddUserToGroup", GroupName="g", UserName="u")
    query(moto, "iam", "CreatePolicy", PolicyName="mine", PolicyDocument=POLICY)
    query(moto, "iam", "CreateInstanceProfile", InstanceProfileName="r")
    query(moto, "iam", "CreateServiceLinkedRole", AWSServiceName="kafka.amazonaws.com")


def fill_sts(moto):
    fill_role = {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "one"}
    query(moto, "sts", "AssumeRole", **fill_role)


def fill_ec2(moto):
    query(moto, "ec2", "CreateKeyPair", KeyName="k")
    query(moto, "ec2", "RunInstances", ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1, KeyName="k")
    query(moto, "ec2", "CreateSecurityGroup", GroupName="g", GroupDescription="d")
    query(moto, "ec2", "CreateVpc", CidrBlock="10.1.0.0/16")
    query(moto, "ec2", "AllocateAddress", Domain="vpc")
    query(moto, "ec2", "CreateVolume", AvailabilityZone="us-east-1a", Size="1")
    query(moto, "ec2", "DescribeInstanceTypes")


def fill_ssm(moto):
    for version in ("1", "2"):
        body = f'{{"Name": "/a/b", "Value": "{version}", "Type": "String", "Overwrite": true}}'
        json_call(moto, "ssm", "AmazonSSM.PutParameter", body)
    json_call(moto, "ssm", "AmazonSSM.GetParametersByPath", '{"Path": "/aws/service/global-infrastructure"}')


def fill_secretsmanager(moto):
    for operation, name, token in (("CreateSecret", "Name", "a" * 32), ("PutSecretValue", "SecretId", "b" * 32)):
        body = f'{{"{name}": "s", "SecretString": "x", "ClientRequestToken": "{token}"}}'
        json_call(moto, "secretsmanager", f"secretsmanager.{operation}", body)


def fill_apigateway(moto):
    def rest(method, path, body):
        text = ask(moto, "apigateway", call(method, path, json.dumps(body).encode()))
        return json.loads(text) if text else {}

    api = rest("POST", "/restapis", {"name": "api"})["id"]
    root = json.loads(ask(moto, "apigateway", call("GET", f"/restapis/{api}/resources")))["item"][0]["id"]
    child = rest("POST", f"/restapis/{api}/resources/{root}", {"pathPart": "{proxy+}"})["id"]
    method = f"/restapis/{api}/resources/{child}/methods/ANY"
    rest("PUT", method, {"authorizationType": "NONE", "requestParameters": {"method.request.path.proxy": True}})
    rest(
        "PUT", f"{method}/integration", {"type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "http://127.0.0.1:8082/{p}"}
    )
    rest("PUT", f"{method}/responses/200", {"responseModels": {"application/json": "Empty"}})
    rest("PUT", f"{method}/integration/responses/200", {"responseTemplates": {"application/json": ""}})
    rest("POST", f"/restapis/{api}/deployments", {"stageName": "test"})


@pytest.mark.parametrize("service", state.KEPT_BY_MOTO)
def test_what_was_filled_can_be_written_and_read_back(moto, tmp_path, service):
    globals()[f"fill_{service}"](moto)
    kept = state.State(tmp_path)
    kept.touch(service)
    content = kept.collect()
    write_all_private(content)
    count = len(backends(service))
    get_backend(service).clear()
    kept.load()
    assert len(backends(service)) == count
    again = state.State(tmp_path / "again")
    again.touch(service)
    (before,), (after,) = content.values(), again.collect().values()
    assert len(after) == pytest.approx(len(before), rel=0.1)


def backends(service):
    return [backend for regions in get_backend(service).values() for backend in regions.values()]
