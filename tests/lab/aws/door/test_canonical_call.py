"""What moto hears is what was authorised, in whatever way a request tries to say two things."""

import json

import pytest
from multidict import CIMultiDict
from signed import call, check, signed

from lab.aws.door.canonical_call import plain
from lab.aws.errors import AwsError
from lab.aws.moto_app import Moto
from lab.aws.protocol import Operation

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202.ListStreams"}


def heard(service, unsigned):
    seen = signed(service, unsigned)
    return plain(seen, check(seen))


def test_parameters_of_url_and_body_become_one_form():
    said = heard("iam", call("POST", "/?Action=ListUsers", b"Version=2010-05-08&PathPrefix=%2Fa%26b", FORM))
    assert (said.method, said.path, said.query) == ("POST", "/", "")
    assert said.body == b"Action=ListUsers&Version=2010-05-08&PathPrefix=%2Fa%26b"


def test_a_get_becomes_a_form_too():
    seen = signed("sts", call("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"), presigned=60)
    said = plain(seen, check(seen))
    assert said.body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert "us-east-1/sts/aws4_request" in said.headers["Authorization"]


@pytest.mark.parametrize(
    "unsigned",
    [
        call("POST", "/?Action=GetCallerIdentity", b"Action=CreateUser", FORM),
        call("POST", "/", b"Action=GetCallerIdentity&Action=CreateUser", FORM),
        call("POST", "/?Action=GetCallerIdentity&Action=CreateUser"),
        call("POST", "/", b"Action=AssumeRole&RoleArn=a&RoleArn=b", FORM),
        call("POST", "/?%41ction=GetCallerIdentity", b"Action=CreateUser", FORM),
    ],
)
def test_what_is_said_twice_is_refused(unsigned):
    with pytest.raises(AwsError, match=r"'(Action|RoleArn)' is given 2 times"):
        heard("iam", unsigned)


@pytest.mark.parametrize(
    "unsigned",
    [
        call("POST", "/?Action=ListUsers", b"Action=CreateUser", {"Content-Type": "text/plain"}),
        call("POST", "/?Action=ListUsers", b"Action=CreateUser"),
        call("POST", "/?Action=ListUsers", b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
        call("POST", "/", b"\xff\xfe=1", FORM),
        call("POST", "/", b"a=%ff", FORM),
        call("POST", "/", b"&".join(b"p%d=" % i for i in range(5001)), FORM),
    ],
)
def test_a_body_that_is_no_form_is_refused(unsigned):
    with pytest.raises(AwsError) as refused:
        heard("iam", unsigned)
    assert refused.value.code == "MalformedQueryString"


def test_nothing_but_a_compressed_forms_own_bytes_is_looked_at():
    import gzip

    body = gzip.compress(b"Action=CreateUser&UserName=evil")
    with pytest.raises(AwsError, match="not text"):
        heard("iam", call("POST", "/?Action=ListUsers", body, FORM | {"Content-Encoding": "gzip"}))


@pytest.mark.parametrize("name", ["x-moto-account-id", "Action", "User-Agent", "Content-Encoding", "X-Amz-Target"])
@pytest.mark.parametrize("service", ["iam", "kinesis", "apigateway"])
def test_no_header_but_those_that_matter_goes_on(service, name):
    unsigned = {
        "iam": call("POST", "/", b"Action=ListUsers", FORM | {name: "x"}),
        "kinesis": call("POST", "/", b"{}", {name: "x"} | JSON),
        "apigateway": call("GET", "/restapis", b"", {name: "x"}),
    }
    own = {"X-Amz-Target"} if service == "kinesis" else set()
    assert set(heard(service, unsigned[service]).headers) == {"Host", "Content-Type", "Authorization"} | own


def test_json_does_not_read_as_a_form():
    said = heard("kinesis", call("POST", "/", b'{"a":"&Action=DeleteStream&StreamName=pin&"}', JSON))
    assert b"&" not in said.body
    assert json.loads(said.body) == {"a": "&Action=DeleteStream&StreamName=pin&"}


def test_json_in_the_clothes_of_a_form_stays_json():
    dressed = JSON | FORM
    with pytest.raises(AwsError, match="not valid JSON"):
        heard("kinesis", call("POST", "/", b"Action=DeleteStream", dressed))
    assert heard("kinesis", call("POST", "/", b"{}", dressed)).headers["Content-Type"] == "application/x-amz-json-1.1"
    assert heard("kinesis", call("POST", "/?Action=DeleteStream", b"{}", JSON)).query == ""


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"null", b'"x"', b"{", b"{}{}", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000]
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(AwsError) as refused:
        heard("kinesis", call("POST", "/", body, JSON))
    assert refused.value.code == "SerializationException"


def test_a_rest_call_keeps_method_path_and_query_without_an_action():
    said = heard("apigateway", call("PATCH", "/restapis/a%2Fb?limit=5&limit=6", b'{"patchOperations": []}'))
    assert (said.method, said.path, said.query) == ("PATCH", "/restapis/a%2Fb", "limit=5&limit=6")
    with pytest.raises(AwsError, match="'Action' means nothing"):
        heard("apigateway", call("GET", "/restapis?Action=DeleteRestApi"))
    with pytest.raises(AwsError, match="not a JSON object"):
        heard("apigateway", call("PUT", "/restapis/a", b"[]"))


@pytest.mark.parametrize("service", ["iam", "kinesis", "ec2", "sts"])
@pytest.mark.parametrize("path", ["/moto-api/reset", "/latest/meta-data/", "/x"])
def test_motos_own_pages_are_out_of_reach(service, path):
    with pytest.raises(AwsError, match="answers at /, not at"):
        heard(service, call("POST", path, b"{}" if service == "kinesis" else b"", JSON))


def test_s3_is_left_alone():
    seen = signed("s3", call("PUT", "/b/a;b?x=%20", b"&"))
    assert plain(seen, check(seen)) is seen


@pytest.mark.parametrize(
    ("service", "unsigned", "asked"),
    [
        ("iam", call("POST", "/", b"Action=ListUsers&Version=2010-05-08", FORM), "ListUsersResponse"),
        ("sts", call("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", FORM), "GetCallerIdentityResponse"),
        ("kinesis", call("POST", "/", b'{"StreamName":"&Action=ListShards"}', JSON), "HasMoreStreams"),
        ("apigateway", call("GET", "/restapis", b"", {"Action": "GetApiKeys"}), '"item"'),
        ("ssm", call("POST", "/", b"{}", JSON | {"X-Amz-Target": "AmazonSSM.DescribeParameters"}), "Parameters"),
    ],
)
def test_moto_hears_the_operation_that_the_edge_heard(service, unsigned, asked):
    said = heard(service, unsigned)
    assert Operation(service, said).name
    answer = Moto().answer(said)
    assert answer.status == 200, answer.body
    assert asked in answer.body.decode()


def test_repeated_headers_do_not_get_through():
    seen = signed("kinesis", call("POST", "/", b"{}", JSON))
    seen.headers.add("X-Amz-Target", "Kinesis_20131202.DeleteStream")
    with pytest.raises(AwsError, match="does not match"):
        plain(seen, check(seen))
    assert isinstance(seen.headers, CIMultiDict)
