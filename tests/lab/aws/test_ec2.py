"""The life of the one EC2 instance, and the credentials of its role."""

import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from callers import Caller, policy, refused, trust
from cryptography.hazmat.primitives import serialization

from lab.core import instance_file
from lab.core.iam_file import ACCOUNT, LEARNER

pytestmark = pytest.mark.lab

IMAGE = "ami-0abcdef1234567890"


@pytest.fixture(scope="module")
def ec2(learner):
    client = learner("ec2")
    yield client
    there = [one["InstanceId"] for held in client.describe_instances()["Reservations"] for one in held["Instances"]]
    if there:
        client.terminate_instances(InstanceIds=there)


@pytest.fixture(scope="module")
def pair(ec2):
    made = ec2.create_key_pair(KeyName="test-pair")
    yield made
    ec2.delete_key_pair(KeyName="test-pair")


@pytest.fixture
def machine(ec2, pair, make_role, learner):
    """An instance with a role that trusts EC2 and may list streams."""
    role = make_role({"Service": "ec2.amazonaws.com"}).may(policy("kinesis:ListStreams"))
    iam = learner("iam")
    iam.create_instance_profile(InstanceProfileName=role.name)
    iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
    launched = launch(ec2, IamInstanceProfile={"Name": role.name})
    yield launched, role
    ec2.terminate_instances(InstanceIds=[launched])


def launch(ec2, **more):
    launched = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, KeyName="test-pair", **more)
    return launched["Instances"][0]["InstanceId"]


def ask(lab, token):
    """Ask for credentials as a program on the machine does."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.ports['aws']}/instance-credentials", headers={"Authorization": token}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_a_key_pair_is_a_pem_file(pair):
    assert pair["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_the_fingerprint_of_a_key_pair_is_that_of_its_file(ec2, pair):
    key = serialization.load_pem_private_key(pair["KeyMaterial"].encode(), password=None)
    content = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert pair["KeyFingerprint"] == hashlib.sha1(content).digest().hex(":")
    assert ec2.describe_key_pairs(KeyNames=["test-pair"])["KeyPairs"][0]["KeyFingerprint"] == pair["KeyFingerprint"]
    with refused("InvalidParameterValue", "not as ppk"):
        ec2.create_key_pair(KeyName="test-ppk", KeyFormat="ppk")


def test_an_instance_lives_and_its_machine_hears_of_it(lab, ec2, pair):
    assert instance_file.read(lab) is None
    one = launch(ec2)
    found = instance_file.read(lab)
    assert found.id == one
    assert found.public_key.startswith("ssh-rsa ")
    assert found.credentials_token not in repr(found)
    shown = ec2.describe_instances(InstanceIds=[one])["Reservations"][0]["Instances"][0]
    assert (shown["State"]["Name"], shown["PublicIpAddress"]) == ("running", "127.0.0.1")
    with refused("InstanceLimitExceeded", f"one client machine, and {one} is it"):
        launch(ec2)
    ec2.stop_instances(InstanceIds=[one])
    assert instance_file.read(lab) is None
    with refused("InstanceLimitExceeded"):
        launch(ec2)
    ec2.start_instances(InstanceIds=[one])
    assert instance_file.read(lab) == found, "the same disk, key and token"
    ec2.terminate_instances(InstanceIds=[one])
    assert instance_file.read(lab) is None
    another = launch(ec2)
    assert instance_file.read(lab).id == another != one
    assert instance_file.read(lab).credentials_token != found.credentials_token
    ec2.terminate_instances(InstanceIds=[another])


def test_more_than_one_instance_is_refused(ec2, pair):
    with refused("InstanceLimitExceeded", "ask for MaxCount=1"):
        ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=2)


def test_an_unknown_key_pair_is_refused(ec2):
    with refused("InvalidKeyPair.NotFound"):
        ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, KeyName="test-nobody")


def test_two_launches_at_once_make_one_machine(lab, ec2, pair):
    from concurrent.futures import ThreadPoolExecutor

    def attempt(_):
        try:
            return launch(ec2)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, range(6)))
    assert outcomes.count("InstanceLimitExceeded") == 5
    (launched,) = set(outcomes) - {"InstanceLimitExceeded"}
    assert instance_file.read(lab).id == launched
    ec2.terminate_instances(InstanceIds=[launched])


def test_console_output_is_of_an_instance_that_is_there(ec2, machine):
    launched, _ = machine
    output = ec2.get_console_output(InstanceId=launched)
    assert output["InstanceId"] == launched
    assert isinstance(output.get("Output", ""), str)
    with refused("InvalidInstanceID.NotFound", "i-00000000000000000"):
        ec2.get_console_output(InstanceId="i-00000000000000000")


def test_the_machine_works_with_its_role(lab, machine):
    launched, role = machine
    status, credentials = ask(lab, instance_file.read(lab).credentials_token)
    assert (status, credentials["RoleArn"]) == (200, role.arn)
    assert credentials.keys() == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"}
    assert ask(lab, instance_file.read(lab).credentials_token)[1] == credentials, "no new session for every question"
    caller = Caller(lab, credentials | {"SessionToken": credentials["Token"]})
    arn = caller.client("sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.name}/{launched}"
    assert "StreamNames" in caller.client("kinesis").list_streams()
    with refused("UnauthorizedOperation"):
        caller.client("ec2").describe_instances()


def test_a_program_on_the_machine_needs_a_role_that_trusts_itself_to_assume_it(lab, machine):
    _, role = machine
    _, credentials = ask(lab, instance_file.read(lab).credentials_token)
    sts = Caller(lab, credentials | {"SessionToken": credentials["Token"]}).client("sts")
    with refused("AccessDenied"):
        sts.assume_role(RoleArn=role.arn, RoleSessionName="msk-auth")
    both = json.loads(trust({"Service": "ec2.amazonaws.com", "AWS": role.arn}))
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=json.dumps(both))
    assert sts.assume_role(RoleArn=role.arn, RoleSessionName="msk-auth")


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000])
def test_a_wrong_token_gets_nothing(lab, machine, token):
    status, answer = ask(lab, token.encode("utf-8").decode("latin-1"))
    assert status == 403
    assert "No running instance" in answer["message"]


def test_trust_and_role_that_are_taken_away_are_gone_at_once(lab, ec2, machine):
    launched, role = machine
    token = instance_file.read(lab).credentials_token
    assert ask(lab, token)[0] == 200
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust({"AWS": LEARNER}))
    assert ask(lab, token)[0] == 403
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    assert ask(lab, token)[0] == 200
    role.iam.remove_role_from_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
    assert ask(lab, token)[0] == 403
    role.iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
    ec2.stop_instances(InstanceIds=[launched])
    assert ask(lab, token)[0] == 403


def test_an_instance_without_a_role_has_no_credentials(lab, ec2, pair):
    launched = launch(ec2)
    assert ask(lab, instance_file.read(lab).credentials_token)[0] == 403
    ec2.terminate_instances(InstanceIds=[launched])
