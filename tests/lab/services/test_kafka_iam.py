"""The broker lets in whom IAM knows, and does for them what IAM's policies allow."""

import contextlib
import dataclasses
import json
import os
import random
import socket
import ssl
import statistics
import struct
import time

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError
from kafka.net.sasl.msk import AwsMskIamClient
from kafka.net.sasl.oauth import AbstractTokenProvider

from helpers.kafka import client as kafka_client
from helpers.kafka.client import KafkaDenied
from helpers.user_posting_emulation import emulate
from lab.core import iam_file
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab

AT_ONCE = 3
"""Seconds within which a refusal must be there."""


@pytest.fixture
def own(workbook, request):
    """A workbook of another id, so that the topics are this test's alone."""
    mine = dataclasses.replace(workbook, id=request.node.name.encode().hex()[-12:])
    kafka_client.create_topics(mine)
    return mine


@pytest.fixture
def other(workbook):
    return dataclasses.replace(workbook, id="ffffffffffff")


@pytest.fixture
def account(lab):
    """Writes what the broker knows and waits until it obeys; afterwards everything is as before."""
    before = json.loads(lab.iam_file.read_text())
    credentials = existing_runtime(lab).credentials

    def write(*policies, **key):
        content = iam_file.document(credentials, *policies)
        content["keys"][credentials.access_key_id] |= key
        iam_file.write(lab, content)
        time.sleep(0.5)

    yield write
    iam_file.write(lab, before)
    time.sleep(0.5)


@contextlib.contextmanager
def denied(words: str):
    started = time.monotonic()
    with pytest.raises(KafkaDenied, match=words):
        yield
    assert time.monotonic() - started < AT_ONCE


def statement(effect: str, action: str, resource: str = "*", **more) -> dict:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": f"kafka-cluster:{action}", "Resource": resource} | more],
    }


def log(lab) -> str:
    return (lab.logs / "kafka.log").read_text(errors="replace")


def test_own_topics_can_be_made_written_and_read(own):
    assert str(emulate(own, posts=5, rate=1000, progress=False)) == "5 of 5 postings acknowledged"
    assert set(kafka_client.end_offsets(own).values()) == {5}
    assert len(kafka_client.read(own, own.topic("pin"), 0, 5)) == 5


def test_a_wrong_secret_is_refused_with_the_reason(workbook, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    words = f"the secret access key is not that of {os.environ['AWS_ACCESS_KEY_ID']}"
    with denied(words):
        kafka_client.end_offsets(workbook)
    with denied(words):
        kafka_client.producer(workbook)
    assert words in str(emulate(workbook, posts=1, progress=False))


def test_an_unknown_key_is_refused_by_name(workbook, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")
    with denied("access key id 'AKIANOBODY' is unknown"):
        kafka_client.end_offsets(workbook)


def test_a_temporary_key_needs_its_token_and_ends(own, account, monkeypatch):
    policy = iam_file.kafka_policy("*")
    account(policy, token="a token/+=", expires=int(time.time()) + 600)
    with denied("valid only with its session token"):
        kafka_client.end_offsets(own)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another")
    with denied("signature does not match|session token does not belong"):
        kafka_client.end_offsets(own)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token/+=")
    assert set(kafka_client.end_offsets(own).values()) == {0}
    account(policy, token="a token/+=", expires=int(time.time()) - 1)
    with denied("has expired"):
        kafka_client.end_offsets(own)


def test_a_narrower_policy_holds_within_a_second(own, other, account):
    kafka_client.create_topics(other)
    account(iam_file.kafka_policy(f"{own.id}.*"))
    with denied(r"Topic 'ffffffffffff\.pin' is not yours: this needs kafka-cluster:CreateTopic"):
        kafka_client.create_topics(other)
    with denied(r"Topic 'ffffffffffff\.pin' .*kafka-cluster:DescribeTopic"):
        kafka_client.end_offsets(other)
    with denied(r"Topic 'ffffffffffff\.pin' .*kafka-cluster:DescribeTopic"):
        kafka_client.read(other, other.topic("pin"), 0, 1)
    started = time.monotonic()
    tally = emulate(other, posts=1000, rate=1000, progress=False)
    assert tally.acknowledged == 0
    assert tally.sent < 1000
    assert "Topic 'ffffffffffff.pin' is not yours: this needs kafka-cluster:DescribeTopic" in str(tally)
    assert time.monotonic() - started < AT_ONCE
    assert emulate(own, posts=2, rate=1000, progress=False).complete


def test_an_explicit_deny_wins(own, account):
    account(iam_file.kafka_policy("*"), statement("Deny", "WriteData", iam_file.kafka_arn("topic", own.topic("geo"))))
    tally = emulate(own, posts=1, progress=False)
    assert f"Topic '{own.topic('geo')}' is not yours" in str(tally)
    account(iam_file.kafka_policy("*"), statement("Deny", "WriteDataIdempotently"))
    assert "do not allow kafka-cluster:WriteDataIdempotently on the cluster" in str(emulate(own, 1, progress=False))
    account(iam_file.kafka_policy("*"), statement("Deny", "Connect"))
    with denied(f"no policy of {iam_file.LEARNER} allows kafka-cluster:Connect"):
        kafka_client.end_offsets(own)


def test_a_policy_with_a_condition_grants_nothing_and_the_log_says_so(lab, own, account):
    conditional = statement("Allow", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    account(iam_file.kafka_policy("nothing"), conditional)
    with denied("DescribeTopic"):
        kafka_client.end_offsets(own)
    line = f"Policy 2 of {iam_file.LEARNER} is refused and grants nothing: the element Condition is not evaluated"
    assert line in log(lab)


def test_nobody_gets_in_while_the_file_cannot_be_read(lab, own, account):
    account(iam_file.kafka_policy("*"))
    lab.iam_file.write_text('{"keys": {"AKIA": {"secret": "hush-hush"')
    time.sleep(0.5)
    with denied("is unknown"):
        kafka_client.end_offsets(own)
    assert "Nobody is let in until" in log(lab)
    assert "hush-hush" not in log(lab)
    account(iam_file.kafka_policy("*"))
    assert kafka_client.end_offsets(own)


class Token(AbstractTokenProvider):
    """MSK's token: the base64url form of a presigned URL."""

    def __init__(self, action: str):
        self.action = action

    def token(self):
        import base64

        import botocore.auth
        import botocore.awsrequest
        import botocore.session

        credentials = botocore.session.Session().get_credentials().get_frozen_credentials()
        request = botocore.awsrequest.AWSRequest(
            "GET", f"https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3A{self.action}"
        )
        botocore.auth.SigV4QueryAuth(credentials, "kafka-cluster", "us-east-1", expires=900).add_auth(request)
        return base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def test_msks_oauth_tokens_are_the_other_way_in(own):
    settings = kafka_client.connection(own) | {"sasl_mechanism": "OAUTHBEARER", "max_block_ms": 5000}
    producer = KafkaProducer(**settings, sasl_oauth_token_provider=Token("Connect"))
    assert producer.send(own.topic("pin"), b"x").get(timeout=5).offset == 0
    producer.close()
    with pytest.raises(KafkaError, match="action is 'kafka-cluster:Describe'"):
        KafkaProducer(**settings, sasl_oauth_token_provider=Token("Describe"))


@pytest.mark.parametrize("listener", ["kafka_inner", "kafka_controller"])
def test_an_iam_key_opens_no_inner_door(lab, workbook, listener):
    inner = {"bootstrap_servers": f"127.0.0.1:{lab.ports[listener]}", "bootstrap_timeout_ms": 1500}
    with pytest.raises(KafkaError):
        KafkaAdminClient(**kafka_client.connection(workbook) | inner)


def test_a_certificate_opens_no_client_door(lab):
    with pytest.raises(KafkaError):
        KafkaAdminClient(
            bootstrap_servers=f"127.0.0.1:{lab.ports['kafka']}", security_protocol="SSL", bootstrap_timeout_ms=1500,
            ssl_cafile=str(lab.tls / "ca.pem"), ssl_certfile=str(lab.tls / "broker.pem"),
            ssl_keyfile=str(lab.tls / "broker.pem"),
        )  # fmt: skip


def encrypted(lab) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=lab.tls / "ca.pem")
    raw = socket.create_connection(("127.0.0.1", lab.ports["kafka"]), timeout=5)
    return context.wrap_socket(raw, server_hostname="localhost")


def exchange(connection: socket.socket, api: int, version: int, body: bytes) -> bytes:
    """Send one request by hand; an empty answer means that the broker hung up."""
    request = struct.pack(">hhih", api, version, 7, -1) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    with contextlib.suppress(OSError), connection.makefile("rb") as answer:
        size = answer.read(4)
        return answer.read(struct.unpack(">i", size)[0]) if len(size) == 4 else b""
    return b""


def signing_in(lab, payload: bytes, mechanism: bytes = b"AWS_MSK_IAM") -> bytes:
    with encrypted(lab) as connection:
        exchange(connection, 17, 1, struct.pack(">h", len(mechanism)) + mechanism)
        return exchange(connection, 36, 1, struct.pack(">i", len(payload)) + payload)


def test_garbage_leaves_the_broker_answering(lab, own):
    noise = random.Random(1)
    for first in (noise.randbytes(64), b"GET / HTTP/1.0\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", lab.ports["kafka"]), timeout=5) as connection:
            connection.sendall(first)
    with encrypted(lab) as connection:
        connection.sendall(b"\x7f\xff\xff\xff" + noise.randbytes(50))  # a request of 2 GB
    with encrypted(lab) as connection:
        assert exchange(connection, 3, 1, b"\0\0\0\0") == b"", "metadata without signing in"
    for payload in (b"", b"\0" * 64, noise.randbytes(300), b"[" * 200_000, b"null", b'{"version":"2020_10_22"}'):
        assert b"Access denied: " in signing_in(lab, payload)
    for payload in (b"xx", b"n,,\x01auth=Bearer AAAA\x01\x01", b"n,,\x01auth=Bearer !!!!\x01\x01"):
        signing_in(lab, payload, b"OAUTHBEARER")
    signing_in(lab, b"\0lab\0lab", b"PLAIN")
    assert set(kafka_client.end_offsets(own).values()) == {0}


def test_coming_in_is_quick(lab, workbook):
    seconds = []
    for _ in range(20):
        started = time.monotonic()
        payload = AwsMskIamClient(
            "127.0.0.1", os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], "us-east-1"
        ).first_message()
        assert b"request-id" in signing_in(lab, payload)
        seconds.append(time.monotonic() - started)
    print(f"TCP, TLS and IAM: median {1000 * statistics.median(seconds):.0f} ms")
    assert statistics.median(seconds) < 0.1
