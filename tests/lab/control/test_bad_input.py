"""Bad input at each door of the lab: a clear refusal, and the next request is answered."""

import gzip
import json

import doors
import pytest
from rest_proxies import JSON, Launcher

from helpers.gateway import rest_api
from lab.aws.identity.principals import Key
from lab.core.iam_file import LEARNER
from lab.core.runtime import existing_runtime
from lab.services import connect

pytestmark = pytest.mark.lab

KINESIS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.DescribeStreamSummary"}
REST_JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

NAMES = ("REST proxy", "workspace", "Kinesis", "IAM", "API Gateway", "MSK Connect", "MWAA", "invoke URL")


@pytest.fixture(scope="module")
def proxy(lab, workbook, tmp_path_factory):
    launcher = Launcher(lab, workbook, tmp_path_factory.mktemp("doors"))
    yield launcher.start()
    launcher.end()


@pytest.fixture(scope="module")
def deployed(workbook):
    """A deployed method whose template looks into the body."""
    client = workbook.client("apigateway")
    api = client.create_rest_api(name="test-bad-input")["id"]
    where = {"restApiId": api, "resourceId": rest_api.create_resource(workbook, api, "/in"), "httpMethod": "POST"}
    client.put_method(**where, authorizationType="NONE")
    template = """{"statusCode": 200, "seen": $input.json('$.name')}"""
    client.put_integration(**where, type="MOCK", requestTemplates={"application/json": template})
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200")
    url = rest_api.deploy(workbook, api)
    yield api, "/" + url.split("/", 3)[3].rstrip("/") + "/in"
    client.delete_rest_api(restApiId=api)


@pytest.fixture(scope="module")
def all_doors(lab, workbook, proxy, deployed):
    api, invoke_path = deployed
    runtime = existing_runtime(lab)
    own = runtime.credentials
    key = Key(own.access_key_id, own.secret_access_key, LEARNER, LEARNER)
    aws, token = lab.ports["aws"], {"Authorization": f"Bearer {own.cluster_token}"}
    stream = '{"StreamName": "test-no-such-stream"}'
    plugin = '{"name": "n", "contentType": "ZIP", "location": {"s3Location": {"bucketArn": "b", "fileKey": "k"}}}'
    environment = '{"Name": "n", "DagS3Path": "dags", "ExecutionRoleArn": "arn:aws:iam::1:role/r"}'
    described = '{"patchOperations": [{"op": "replace", "path": "/description", "value": "d"}]}'
    yield {
        "REST proxy": doors.Door(proxy.port, "POST", "/topics/test-no-such-topic", '{"records": [{"value": 1}]}', JSON),
        "workspace": doors.Door(
            lab.ports["workspace"], "POST", "/api/2.0/dbfs/mkdirs", '{"path": "/bad-input"}', token | REST_JSON
        ),
        "Kinesis": doors.Door(aws, "POST", "/", stream, KINESIS, doors.signing("kinesis", key)),
        "IAM": doors.Door(
            aws, "POST", "/", "Action=GetUser&Version=2010-05-08&UserName=nobody", FORM, doors.signing("iam", key)
        ),
        "API Gateway": doors.Door(
            aws, "PATCH", f"/restapis/{api}", described, REST_JSON, doors.signing("apigateway", key)
        ),
        "MSK Connect": doors.Door(
            aws, "POST", "/v1/custom-plugins", plugin, REST_JSON, doors.signing("kafkaconnect", key)
        ),
        "MWAA": doors.Door(aws, "PUT", "/environments/n", environment, REST_JSON, doors.signing("airflow", key)),
        "invoke URL": doors.Door(aws, "POST", invoke_path, '{"name": "n"}', REST_JSON),
    }  # fmt: skip
    client = workbook.client("kafkaconnect")
    for made in client.list_custom_plugins()["customPlugins"]:
        client.delete_custom_plugin(customPluginArn=made["customPluginArn"])
    assert workbook.client("mwaa").list_environments()["Environments"] == []


@pytest.fixture(params=NAMES)
def door(request, all_doors):
    """One of them; afterwards it answers as it did before."""
    found = all_doors[request.param]
    found.ask_well()
    before = found.ask_well()  # what the first has made is there now
    assert before.status
    yield found
    after, seconds = doors.timed(found.ask_well)
    assert after.status == before.status, after
    assert seconds < 5


def unclear(answers):
    return {name: answer for name, answer in answers.items() if not answer.is_clear}


def test_spoiled_bodies_are_refused_in_words(door):
    answers = {name: door.ask(body) for name, body in doors.bodies(door.good).items()}
    assert unclear(answers) == {}
    taken = {name for name, answer in answers.items() if answer.status == 0}
    assert not taken, "no answer at all"


def test_other_encodings_than_the_header_says_are_refused_in_words(door):
    good, packed = door.good.encode(), gzip.compress(door.good.encode())
    answers = {
        "gzip that is none": door.ask(good, Content_Encoding="gzip"),
        "gzip": door.ask(packed, Content_Encoding="gzip"),
        "gzip that nobody announced": door.ask(packed),
        "half of gzip": door.ask(packed[: len(packed) // 2], Content_Encoding="gzip"),
        "an unknown one": door.ask(good, Content_Encoding="rot13"),
        "a charset that is none": door.ask(good, Content_Type="application/json; charset=klingon"),
        "UTF-16 announced": door.ask(door.good.encode("utf-16"), Content_Type="application/json; charset=utf-16"),
    }
    assert unclear(answers) == {}


@pytest.mark.parametrize("more", [1, 1000])
def test_a_body_that_breaks_off_is_given_up(door, more):
    good = door.good.encode()
    answer, seconds = doors.timed(lambda: door.ask(good, len(good) + more))
    assert answer.is_clear
    assert seconds < 5


def test_a_body_longer_than_a_door_takes_is_refused_by_its_length(door):
    answer, seconds = doors.timed(lambda: door.ask(b"x" * 1000, 10**11))
    assert answer.is_clear
    assert seconds < 5


def test_what_is_sent_twice_is_answered_twice_the_same(door):
    first, second = door.ask_well(), door.ask_well()
    assert first.status == second.status
    assert first.is_clear


def test_kafka_connect_says_what_is_wrong_and_goes_on(lab):
    """Its own way: only the lab gets in there, and bad JSON is an error 500 with a sentence, as Kafka has it."""
    config, path = '{"connector.class": "NoSuchClass"}', "/connector-plugins/NoSuchClass/config/validate"
    door = doors.Door(lab.ports["connect"], "PUT", path, config, REST_JSON, tls=connect.client_tls(lab))
    answers = {name: door.ask(body) for name, body in doors.bodies(config).items()}
    assert {name for name, answer in answers.items() if '"message":' not in answer.body} == set()
    assert doors.Door(lab.ports["connect"], "GET", "/connectors", "", {}, tls=door.tls).ask_well().status == 200


def test_an_answer_that_is_not_clear_is_found():
    assert not doors.Answer(500, json.dumps({"message": "Internal Server Error"})).is_clear
    assert not doors.Answer(400, "").is_clear
    assert doors.Answer(400, "The body is not JSON.").is_clear
