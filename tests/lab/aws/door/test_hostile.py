"""Whatever comes in at the endpoint's port, the next caller is answered."""

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore import auth
from callers import policy
from signed import NOW, call, signed

from lab.aws.identity.principals import Key
from lab.control import operations
from lab.core.iam_file import LEARNER

pytestmark = pytest.mark.lab

LARGEST = 32 * 2**20


@pytest.fixture(scope="module")
def port(lab):
    return lab.ports["aws"]


@pytest.fixture(scope="module", autouse=True)
def log(lab):
    """What the endpoint has logged since these tests began."""
    file = lab.logs / "aws.log"
    before = len(file.read_text(errors="replace"))
    return lambda: file.read_text(errors="replace")[before:]


@pytest.fixture(autouse=True)
def still_answering(learner):
    yield
    assert learner("sts").get_caller_identity()["Arn"] == LEARNER


def send(port, *pieces, wait=2.0):
    """Send bytes as they are; return what comes back until the server hangs up, or says nothing for a while."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection, contextlib.suppress(OSError):
        for piece in pieces:
            connection.sendall(piece)
        while more := connection.recv(65536):
            answer += more
    return answer


def head(port, method=b"POST", target=b"/", *lines):
    host = b"Host: 127.0.0.1:%d" % port
    return b"\r\n".join([method + b" " + target + b" HTTP/1.1", host, b"Connection: close", *lines, b"", b""])


GARBAGE = {
    "noise": b"\x00\xff\x80\x7f" * 100 + b"\r\n\r\n",
    "nuls": b"\0" * 1000,
    "tls hello": bytes.fromhex("160301020001000001fc0303") + b"\1" * 400,
    "only line ends": b"\r\n" * 100,
    "no version": b"GET /\r\n\r\n",
    "strange version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "strange method": b"<script> / HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "options for all": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
    "blank before a colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "line without end": b"GET /" + b"a" * 100_000,
    "huge header": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabc",
    "length that is no number": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\nabc",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 5\r\n\r\nabc",
    "length and chunks": b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    "huge chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc",
    "odd percent signs": b"GET /%zz%%00%f HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes that are no text": b"GET /\xe9\xff?\xfe=\xfd HTTP/1.1\r\nHost: x\r\nA: \xff\r\n\r\n",
    "half a request": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
    "two at once": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 50,
    "websocket": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage(port, name):
    with_host = GARBAGE[name].replace(b"Host: x", b"Host: 127.0.0.1:%d" % port)
    for payload in {GARBAGE[name], with_host}:
        answer = send(port, payload, wait=0.3)
        assert b" 200 " not in answer.partition(b"\r\n")[0]
        assert b"Traceback" not in answer


TARGETS = [
    b"/moto-api/reset", b"/moto-api/data.json", b"/latest/meta-data/", b"/favicon.ico", b"//", b"/../..", b"/%00",
    b"http://127.0.0.1:4566/", b"/instance-credentials", b"/?Action=ListUsers", b"/restapis", b"/#",
    b"/" + b"a/" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
@pytest.mark.parametrize("method", [b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"PROPFIND"])
def test_nothing_without_a_signature(port, method, target):
    answer = send(port, head(port, method, target, b"Content-Length: 0"))
    assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400")), answer


@pytest.mark.parametrize(
    "host", [b"evil.example", b"127.0.0.1", b"moto_api", b"127.0.0.1:1", b"iam.amazonaws.com", b""]
)
def test_a_foreign_host_is_sent_away(port, host):
    answer = send(port, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403")
    assert b"This endpoint is 127.0.0.1:%d" % port in answer


@pytest.fixture(scope="module")
def keys(lab, learner):
    """The key of a role that may do nothing but ask who it is and list streams."""
    iam = learner("iam")
    trusting = {"Effect": "Allow", "Principal": {"AWS": LEARNER}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(
        RoleName="test-hostile", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusting]})
    )["Role"]["Arn"]
    allowed = policy("kinesis:ListStreams", "iam:ListUsers", "apigateway:GET")
    iam.put_role_policy(RoleName="test-hostile", PolicyName="p", PolicyDocument=allowed)
    found = learner("sts").assume_role(RoleArn=arn, RoleSessionName="hostile")["Credentials"]
    yield Key(found["AccessKeyId"], found["SecretAccessKey"], arn, arn, found["SessionToken"])
    iam.delete_role_policy(RoleName="test-hostile", PolicyName="p")
    iam.delete_role(RoleName="test-hostile")


def ask(port, keys, service, method="POST", target="/", body=b"", **headers):
    """Send a request that is well signed, whatever it says."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    unsigned = call(method, target, body, {"Host": f"127.0.0.1:{port}"} | named)
    seen = signed(service, unsigned, keys, at=datetime.now(UTC).replace(microsecond=0))
    lines = [f"{name}: {value}".encode() for name, value in seen.headers.items() if name.lower() != "host"]
    lines.append(b"Content-Length: %d" % len(body))
    whole = f"{seen.path}?{seen.query}" if seen.query else seen.path
    return send(port, head(port, method.encode(), whole.encode(), *lines), body, wait=10)


FORM, JSON = "application/x-www-form-urlencoded", "application/x-amz-json-1.1"
LIST = "Kinesis_20131202.ListStreams"


def test_the_signed_form_of_these_tests_is_accepted(port, keys):
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    assert b"200 OK" in ask(port, keys, "sts", body=body, Content_Type=FORM)
    assert b"200 OK" in ask(port, keys, "kinesis", body=b"{}", Content_Type=JSON, X_Amz_Target=LIST)
    assert b"200 OK" in ask(port, keys, "apigateway", "GET", "/restapis")


def test_nothing_is_smuggled_past_the_policies(port, keys, learner):
    kinesis, gateway, iam = learner("kinesis"), learner("apigateway"), learner("iam")
    kinesis.create_stream(StreamName="test-smuggled", ShardCount=1)
    api = gateway.create_rest_api(name="test-smuggled")["id"]
    evil = b"Action=CreateUser&UserName=test-evil&Version=2010-05-08"
    for attempt in [
        ("iam", "POST", "/?Action=ListUsers", evil, {"Content_Type": FORM}),
        ("iam", "POST", "/?Action=ListUsers&Version=2010-05-08", evil, {"Content_Type": "multipart/form-data"}),
        ("iam", "POST", "/", b"Action=ListUsers&" + evil, {"Content_Type": FORM}),
        ("iam", "GET", "/?Action=ListUsers&Version=2010-05-08", b"", {"X_Amz_Target": "iam.CreateUser"}),
        ("sts", "POST", "/?Action=GetCallerIdentity&Version=2011-06-15", evil, {"Content_Type": FORM}),
        ("sts", "POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", {"X_Moto_Account_Id": "210987654321"}),
    ]:
        service, method, target, body, headers = attempt
        ask(port, keys, service, method, target, body, **headers)
    stream = b"StreamName=test-smuggled"
    for body, target, headers in [
        (b'{"a":"&Action=DeleteStream&' + stream + b'&"}', "/", {}),
        (b"{}", "/?Action=DeleteStream&StreamName=test-smuggled", {}),
        (b"Action=DeleteStream&" + stream, "/", {"Content_Type": FORM}),
        (b'{"StreamName":"test-smuggled"}', "/", {"Action": "DeleteStream"}),
    ]:
        ask(port, keys, "kinesis", "POST", target, body, **{"Content_Type": JSON, "X_Amz_Target": LIST} | headers)
    for target, headers in [
        (f"/restapis/{api}?Action=DeleteRestApi", {}),
        (f"/restapis/{api}", {"Action": "DeleteRestApi"}),
        (f"/restapis/{api}", {"X_Amz_Target": "x.DeleteRestApi"}),
        (f"/restapis/{api}", {"X_HTTP_Method_Override": "DELETE"}),
    ]:
        ask(port, keys, "apigateway", "GET", target, **headers)
    assert "test-evil" not in [user["UserName"] for user in iam.list_users()["Users"]]
    assert "test-smuggled" in kinesis.list_streams()["StreamNames"]
    assert gateway.get_rest_api(restApiId=api)
    kinesis.delete_stream(StreamName="test-smuggled")
    gateway.delete_rest_api(restApiId=api)


@pytest.mark.parametrize(
    "target", ["/moto-api/reset", "/moto-api/seed?a=1", "/latest/meta-data/x", "/restapis/../moto-api"]
)
@pytest.mark.parametrize("service", ["iam", "sts", "ec2", "kinesis", "apigateway", "s3", "kafka"])
def test_a_signature_opens_none_of_motos_pages(port, keys, service, target):
    for method in ("POST", "GET"):
        assert b" 200 " not in ask(port, keys, service, method, target).partition(b"\r\n")[0]


BODIES = {
    "invalid utf-8 in a form": ("sts", b"Action=GetCallerIdentity&x=\xff\xfe", {"Content_Type": FORM}),
    "percent nonsense": ("sts", b"Action=%zz&%=%&&&&===", {"Content_Type": FORM}),
    "a million fields": ("sts", b"&" * 1_000_000, {"Content_Type": FORM}),
    "long list": ("ec2", b"Action=RunInstances&SecurityGroupId.99999999=x", {"Content_Type": FORM}),
    "number that is none": ("ec2", b"Action=RunInstances&MinCount=x&MaxCount=1e9", {"Content_Type": FORM}),
    "broken json": ("kinesis", b'{"StreamName": ', {"Content_Type": JSON, "X_Amz_Target": LIST}),
    "deep json": ("kinesis", b"[" * 500_000, {"Content_Type": JSON, "X_Amz_Target": LIST}),
    "deep objects": ("kinesis", b'{"a":' * 200_000, {"Content_Type": JSON, "X_Amz_Target": LIST}),
    "endless number": ("kinesis", b'{"Limit": ' + b"9" * 100_000 + b"}", {"Content_Type": JSON, "X_Amz_Target": LIST}),
    "wrong types": ("kinesis", b'{"Limit": {"a": []}}', {"Content_Type": JSON, "X_Amz_Target": LIST}),
    "no target": ("kinesis", b"{}", {"Content_Type": JSON}),
    "target nonsense": ("kinesis", b"{}", {"Content_Type": JSON, "X_Amz_Target": "...."}),
    "surrogates": (
        "kinesis", b'{"StreamName": "\\ud800"}',
        {"Content_Type": JSON, "X_Amz_Target": "Kinesis_20131202.DescribeStream"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_broken_bodies(port, keys, name):
    service, body, headers = BODIES[name]
    answer = ask(port, keys, service, body=body, **headers)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 2")), answer[:300]


XML = {
    "not xml": b"<Delete><Object>",
    "entities": b'<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    "another root": b"<a/>", "deep": b"<a>" * 50_000, "binary": bytes(range(256)),
}  # fmt: skip


@pytest.mark.parametrize("name", XML)
def test_broken_xml(port, keys, name):
    answer = ask(port, keys, "s3", "POST", "/bucket?delete", XML[name])
    assert answer.startswith(b"HTTP/1.1 4"), answer[:300]


SETTINGS = {"another case": b"<PublicAccessBlockConfiguration><blockPublicAcls>true</blockPublicAcls>"
                            b"</PublicAccessBlockConfiguration>"}  # fmt: skip


@pytest.mark.parametrize("setting", ["versioning", "publicAccessBlock", "tagging", "encryption"])
@pytest.mark.parametrize("name", [*XML, "nothing", "another case"])
def test_broken_settings_of_buckets(port, runtime, learner, setting, name):
    own = Key(runtime.credentials.access_key_id, runtime.credentials.secret_access_key, LEARNER, LEARNER)
    bucket = f"test-hostile-{setting.lower()}"
    learner("s3").create_bucket(Bucket=bucket)
    try:
        answer = ask(port, own, "s3", "PUT", f"/{bucket}?{setting}", (XML | SETTINGS).get(name, b""))
        assert answer.startswith(b"HTTP/1.1 4"), answer[:300]
        assert "Status" not in learner("s3").get_bucket_versioning(Bucket=bucket)
    finally:
        learner("s3").delete_bucket(Bucket=bucket)


CHUNKS = {
    "no chunks": b"plain", "nothing": b"", "half a chunk": b"5\r\nab", "no end": b"5\r\nabcde\r\n",
    "huge": b"ffffffff\r\nab", "not hex": b"zz\r\n", "no length": b"\r\n\r\n", "binary": bytes(range(256)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHUNKS)
def test_broken_chunks(port, runtime, name):
    own = Key(runtime.credentials.access_key_id, runtime.credentials.secret_access_key, LEARNER, LEARNER)
    stated = {"X-Amz-Decoded-Content-Length": "5", "Host": f"127.0.0.1:{port}"}
    with mock.patch.object(auth.S3SigV4Auth, "payload", return_value="STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
        seen = signed("s3", call("PUT", "/b/k", b"", stated), own, at=datetime.now(UTC))
    lines = [f"{header}: {value}".encode() for header, value in seen.headers.items() if header != "Host"]
    lines.append(b"Content-Length: %d" % len(CHUNKS[name]))
    answer = send(port, head(port, b"PUT", b"/b/k", *lines), CHUNKS[name])
    assert answer.startswith(b"HTTP/1.1 400"), answer[:300]
    assert b"IncompleteBody" in answer


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b'{"name": {"a": 1}}', b"\xff", b"{}"])
def test_broken_rest_bodies(port, runtime, body):
    own = Key(runtime.credentials.access_key_id, runtime.credentials.secret_access_key, LEARNER, LEARNER)
    for service, target in (("apigateway", "/restapis"), ("kafkaconnect", "/v1/connectors")):
        answer = ask(port, own, service, body=body, Content_Type="application/json")
        assert answer.startswith(b"HTTP/1.1 4"), (service, target, answer[:300])


def test_a_body_over_the_limit_is_refused_in_words(port, runtime):
    own = Key(runtime.credentials.access_key_id, runtime.credentials.secret_access_key, LEARNER, LEARNER)
    seen = signed("s3", call("PUT", "/b/k", b"", {"Host": f"127.0.0.1:{port}"}), own, at=NOW)
    lines = [f"{name}: {value}".encode() for name, value in seen.headers.items() if name != "Host"]
    answer = send(port, head(port, b"PUT", b"/b/k", *lines, b"Content-Length: %d" % (LARGEST + 1)), b"x" * 65536)
    assert b"EntityTooLarge" in answer, answer
    assert b"up to 32 MB" in answer


def test_nobody_unknown_makes_the_lab_read_a_body(port):
    seen = signed("s3", call("PUT", "/b/k", b"", {"Host": f"127.0.0.1:{port}"}), at=NOW)
    lines = [f"{name}: {value}".encode() for name, value in seen.headers.items() if name != "Host"]
    answer = send(port, head(port, b"PUT", b"/b/k", *lines, b"Content-Length: 100000000"))
    assert b"InvalidAccessKeyId" in answer


def test_two_hundred_connections_and_slow_ones_do_not_keep_others_waiting(port, learner):
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(200)]
    for number, connection in enumerate(slow):
        connection.sendall(head(port, b"POST", b"/", b"Content-Length: 10")[: 5 + number])
    started = time.monotonic()
    assert learner("sts").get_caller_identity()
    assert time.monotonic() - started < 5
    for connection in slow:
        connection.close()


def test_two_hundred_callers_at_once_are_all_answered(port, learner):
    clients = [learner("sts") for _ in range(4)]
    with ThreadPoolExecutor(40) as pool:
        answers = pool.map(lambda i: clients[i % 4].get_caller_identity()["Arn"], range(200))
        assert set(answers) == {LEARNER}


MOST_MB = 450


def test_after_all_that_it_is_within_its_memory_and_has_nothing_to_report(lab, log):
    (report,) = [report for report in operations.status(lab) if report.service.name == "aws"]
    assert report.healthy
    print(f"aws: {report.memory_mb:.0f} MB")
    assert report.memory_mb < MOST_MB
    assert log() == ""
