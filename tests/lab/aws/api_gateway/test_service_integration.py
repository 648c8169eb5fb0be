"""API Gateway calls Kinesis: in whose role, with which body, and what the client gets to see."""

import base64
import json
import time

import boto3
import pytest
import requests
from callers import policy
from crashes import crash

from helpers.gateway import rest_api
from lab.core.iam_file import LEARNER

pytestmark = pytest.mark.lab

GATEWAY = {"Service": "apigateway.amazonaws.com"}
ACTION = "arn:aws:apigateway:us-east-1:kinesis:action/"
PUT = """{"StreamName": "$input.params('stream-name')", "PartitionKey": "$input.path('$.PartitionKey')",
          "Data": "$util.base64Encode($input.json('$.Data'))"}"""
RECORD = {"Data": {"a": 1}, "PartitionKey": "k"}
SERVER_ERROR = {"message": "Internal server error"}


@pytest.fixture
def client(workbook):
    return boto3.client("apigateway", region_name="us-east-1")


@pytest.fixture
def stream(learner):
    learner("kinesis").create_stream(StreamName="test-integrated", ShardCount=1)
    yield "test-integrated"
    learner("kinesis").delete_stream(StreamName="test-integrated")


@pytest.fixture
def build(workbook, client, make_role):
    """Set a method up and deploy it: ``build(...)`` gives the address and what names the method."""
    made = []

    def begin(action="PutRecord", template=PUT, path="/{stream-name}", method="PUT", role=None, responses=None, **more):
        if not made:
            made.append(client.create_rest_api(name="test")["id"])
        where = {
            "restApiId": made[0], "resourceId": rest_api.create_resource(workbook, made[0], path),
            "httpMethod": method,
        }  # fmt: skip
        client.put_method(**where, authorizationType="NONE")
        role = role or make_role(GATEWAY).may(policy("kinesis:*"))
        settings = {
            "type": "AWS", "integrationHttpMethod": "POST", "uri": ACTION + action, "credentials": role.arn,
            "requestTemplates": {"application/json": template},
        } | more  # fmt: skip
        client.put_integration(**where, **{name: value for name, value in settings.items() if value is not None})
        for status, settings in (responses or {"200": {}}).items():
            client.put_method_response(**where, statusCode=status)
            client.put_integration_response(**where, statusCode=status, **settings)
        return rest_api.deploy(workbook, made[0]), where

    yield begin
    for api in made:
        client.delete_rest_api(restApiId=api)


def stored(learner, stream):
    kinesis, found = learner("kinesis"), []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        found += kinesis.get_records(ShardIterator=iterator)["Records"]
    return [(record["PartitionKey"], record["Data"]) for record in found]


def test_a_record_arrives_as_the_json_that_was_sent(build, stream, learner):
    url, _ = build()
    reply = requests.put(f"{url}/{stream}", json=RECORD)
    assert reply.status_code == 200
    assert reply.json()["ShardId"] == "shardId-000000000000"
    assert reply.headers["Content-Type"] == "application/json"
    assert stored(learner, stream) == [("k", b'{"a":1}')]


def test_slashes_at_the_beginning_count_as_one_and_within_the_path_they_do_not(build, stream, learner):
    url, _ = build(path="/streams/{stream-name}/record")
    assert requests.put(f"{url}//streams/{stream}/record/", json=RECORD).status_code == 200
    lost = requests.put(f"{url}/streams//{stream}/record", json=RECORD)
    assert (lost.status_code, lost.json()["message"]) == (403, "Missing Authentication Token")
    assert len(stored(learner, stream)) == 1


def test_a_query_string_does_not_take_the_place_of_the_path(build, stream, learner):
    url, _ = build()
    assert requests.put(f"{url}/{stream}?stream-name=another", json=RECORD).status_code == 200
    assert len(stored(learner, stream)) == 1


@pytest.mark.parametrize("body", [None, "{}", '{"StreamName": "x"}', "no json"])
def test_a_get_may_have_a_body_which_the_template_need_not_look_at(build, stream, body):
    url, _ = build("ListStreams", "{}", "/streams", "GET")
    reply = requests.get(f"{url}/streams", data=body)
    assert stream in reply.json()["StreamNames"]


def test_iterators_and_records_can_be_had_too(build, stream):
    """Methods that some learners add: GetShardIterator and GetRecords by GET, mapped from query string and headers."""
    where = """{"StreamName": "$input.params('stream-name')", "ShardId": "$input.params('shard-id')",
                "ShardIteratorType": "TRIM_HORIZON"}"""
    build("GetShardIterator", where, "/{stream-name}/sharditerator", "GET")
    build("GetRecords", """{"ShardIterator": "$input.params('Shard-Iterator')"}""", "/{stream-name}/records", "GET")
    url, _ = build()
    requests.put(f"{url}/{stream}", json=RECORD)
    found = requests.get(f"{url}/{stream}/sharditerator?shard-id=shardId-000000000000").json()["ShardIterator"]
    (record,) = requests.get(f"{url}/{stream}/records", headers={"Shard-Iterator": found}).json()["Records"]
    assert base64.b64decode(record["Data"]) == b'{"a":1}'


@pytest.mark.parametrize("body", ['{"Data": ', '{"Data": 1, "PartitionKey": "k"', "Data=1"])
def test_malformed_json_is_refused_and_nothing_stored(build, stream, learner, body):
    url, _ = build()
    reply = requests.put(f"{url}/{stream}", data=body)
    assert reply.status_code == 400
    assert reply.json()["message"].startswith("Could not parse request body into json")
    assert stored(learner, stream) == []


@pytest.mark.parametrize(
    "body", [{}, {"Data": 1}, {"Data": 1, "partitionkey": "k"}, {"Data": 1, "PartitionKey": None}, [1], "text"]
)
def test_an_expression_that_finds_nothing_is_not_stored(build, stream, learner, body):
    url, _ = build()
    assert requests.put(f"{url}/{stream}", json=body).json()["__type"] == "ValidationException"
    assert stored(learner, stream) == []


def test_without_a_pattern_an_error_comes_back_as_a_success_and_with_one_as_an_error(build):
    url, _ = build()
    reply = requests.put(f"{url}/nowhere", json=RECORD)
    assert (reply.status_code, reply.json()["__type"]) == (200, "ResourceNotFoundException")
    patterns = {"200": {}, "400": {"selectionPattern": r"4\d{2}"}, "500": {"selectionPattern": "50"}}
    url, _ = build(path="/b/{stream-name}", responses=patterns)
    reply = requests.put(f"{url}/b/nowhere", json=RECORD)
    assert (reply.status_code, reply.json()["message"]) == (
        400, "Stream nowhere under account 123456789012 not found."
    )  # fmt: skip


def test_an_answer_is_mapped_too(build, stream):
    mapped = {
        "responseTemplates": {"application/json": '{"shard": $input.json("$.ShardId"), "by": "$context.stage"}'},
        "responseParameters": {
            "method.response.header.X-Kind": "integration.response.header.Content-Type",
            "method.response.header.X-Own": "'yes'",
        },
    }
    url, _ = build(responses={"201": mapped})
    reply = requests.put(f"{url}/{stream}", json=RECORD)
    assert (reply.status_code, reply.json()) == (201, {"shard": "shardId-000000000000", "by": "prod"})
    assert (reply.headers["X-Kind"], reply.headers["X-Own"]) == ("application/x-amz-json-1.1", "yes")


def test_an_answer_that_fits_no_response_is_an_error_of_the_api(build, stream, client):
    url, where = build(responses={"200": {"selectionPattern": "404"}})
    assert requests.put(f"{url}/{stream}", json=RECORD).json() == SERVER_ERROR
    tested = client.test_invoke_method(**where, pathWithQueryString=f"/{stream}", body=json.dumps(RECORD))
    assert "No match for output mapping" in tested["log"]
    client.delete_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200")
    tested = client.test_invoke_method(**where, pathWithQueryString=f"/{stream}", body=json.dumps(RECORD))
    assert "invalid method response: 200" in tested["log"]
    assert tested["status"] == 500


@pytest.mark.parametrize(
    ("behaviour", "content_type", "status"),
    [
        ("WHEN_NO_TEMPLATES", "application/json; charset=utf-8", 200),
        ("WHEN_NO_TEMPLATES", "application/vnd.kafka.json.v2+json", 415),
        ("NEVER", "text/plain", 415),
        ("WHEN_NO_MATCH", "text/plain", 200),
    ],
)
def test_a_body_of_another_type_passes_or_does_not(build, stream, learner, behaviour, content_type, status):
    url, _ = build(passthroughBehavior=behaviour)
    body = {"StreamName": stream, "PartitionKey": "k", "Data": base64.b64encode(b'{"a":1}').decode()}
    body = body if content_type == "text/plain" else RECORD
    reply = requests.put(f"{url}/{stream}", data=json.dumps(body), headers={"Content-Type": content_type})
    assert reply.status_code == status, reply.text
    assert len(stored(learner, stream)) == (status == 200)


@pytest.mark.parametrize("principal", [{"Service": "ec2.amazonaws.com"}, {"AWS": LEARNER}], ids=["EC2", "a user"])
def test_the_role_must_trust_api_gateway(build, stream, learner, make_role, client, principal):
    role = make_role(principal).may(policy("kinesis:*"))
    url, where = build(role=role)
    reply = requests.put(f"{url}/{stream}", json=RECORD)
    assert (reply.status_code, reply.json()) == (500, SERVER_ERROR)
    told = client.test_invoke_method(**where, pathWithQueryString=f"/{stream}", body=json.dumps(RECORD))["log"]
    assert f"does not have permission to assume the provided role {role.arn}" in told
    assert stored(learner, stream) == []


def test_the_role_decides_what_may_be_done_at_once(build, stream, learner, make_role):
    role = make_role(GATEWAY).may(policy("kinesis:PutRecord", resource="arn:aws:kinesis:*:*:stream/other"))
    url, _ = build(role=role)
    reply = requests.put(f"{url}/{stream}", json=RECORD).json()
    assert reply["__type"] == "AccessDeniedException"
    assert f"assumed-role/{role.name}/" in reply["message"]
    assert "is not authorized to perform: kinesis:PutRecord on resource" in reply["message"]
    assert stored(learner, stream) == []
    role.may(policy("kinesis:PutRecord"))
    assert "ShardId" in requests.put(f"{url}/{stream}", json=RECORD).json()
    role.delete()
    assert requests.put(f"{url}/{stream}", json=RECORD).json() == SERVER_ERROR


def test_without_a_role_kinesis_is_called_by_nobody(build, stream, learner):
    url, _ = build(credentials=None)
    assert requests.put(f"{url}/{stream}", json=RECORD).json()["__type"] == "MissingAuthenticationTokenException"
    assert stored(learner, stream) == []


def test_who_sets_a_role_must_be_allowed_to_pass_it_on(build, make_role, lab):
    _, where = build()
    role = make_role().may(policy("apigateway:*"))
    mine, target = role.assumed().client("apigateway"), make_role(GATEWAY)
    settings = {"type": "AWS", "integrationHttpMethod": "POST", "uri": ACTION + "PutRecord", "credentials": target.arn}
    with pytest.raises(mine.exceptions.ClientError, match=f"iam:PassRole on resource: {target.arn}"):
        mine.put_integration(**where, **settings)
    role.may(policy("iam:PassRole", resource=target.arn), "pass")
    assert mine.put_integration(**where, **settings)["credentials"] == target.arn


def test_a_method_can_be_tried_before_it_is_deployed(build, client, stream):
    url, where = build()
    client.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )  # fmt: skip
    client.put_integration_response(**where, statusCode="200", responseTemplates={"application/json": '{"mock": true}'})
    tested = client.test_invoke_method(**where, pathWithQueryString="/x", body="{}")
    assert (tested["status"], tested["body"]) == (200, '{"mock": true}')
    assert "Endpoint request body after transformations" in tested["log"]
    assert "ShardId" in requests.put(f"{url}/{stream}", json=RECORD).json()  # deployed is what was before


def test_a_mock_answers_by_itself(build):
    responses = {
        "200": {"responseTemplates": {"application/json": '{"asked": "$input.params(\'stream-name\')"}'}},
        "404": {"selectionPattern": "404"},
    }
    template = '{"statusCode": #if($input.params("stream-name") == "none") 404 #else 200 #end}'
    mock = {"type": "MOCK", "uri": None, "integrationHttpMethod": None, "credentials": None}
    url, _ = build(template=template, responses=responses, **mock)
    assert requests.put(f"{url}/one").json() == {"asked": "one"}
    assert requests.put(f"{url}/none").status_code == 404
    url, _ = build(template="{}", path="/bad/{stream-name}", **mock)
    assert requests.put(f"{url}/bad/one").json() == SERVER_ERROR


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"uri": "arn:aws:apigateway:us-east-1:s3:path/bucket/key"}, "service actions"),
        ({"uri": "arn:aws:apigateway:us-east-1:sqs:action/SendMessage"}, "kinesis.*not with 'sqs'"),
        ({"uri": ACTION + "PutRecrod"}, "kinesis has no action 'PutRecrod'"),
        ({"uri": "arn:aws:apigateway:eu-west-1:kinesis:action/PutRecord"}, "lab is in us-east-1"),
        ({"type": "AWS_PROXY"}, "not 'AWS_PROXY'"),
        ({"template": "#foreach($a in $b) x"}, "#end"),
        ({"responses": {"200": {"selectionPattern": "4("}}}, "Invalid selection pattern"),
        ({"responses": {"200": {"responseTemplates": {"application/json": "#if($a)"}}}}, "#else|#end"),
    ],
)
def test_what_would_not_work_is_refused_when_it_is_set(build, client, settings, words):
    with pytest.raises(client.exceptions.BadRequestException, match=words):
        build(**settings)


def test_kinesis_takes_actions_by_post_alone(build, stream, learner):
    url, _ = build(integrationHttpMethod="PUT")
    assert requests.put(f"{url}/{stream}", json=RECORD).json()["__type"] == "UnknownOperationException"
    assert stored(learner, stream) == []


def test_api_and_records_outlive_a_crash(build, stream, learner, lab):
    url, _ = build()
    requests.put(f"{url}/{stream}", json=RECORD)
    time.sleep(1.2)  # a crash loses at most the last second
    crash(lab, "aws")
    requests.put(f"{url}/{stream}", json=RECORD | {"Data": 2})
    assert stored(learner, stream) == [("k", b'{"a":1}'), ("k", b"2")]
