"""Topics, partitions, brokers; records go in, and for each it is told where it went or why it did not."""

import base64
import json

import pytest
import requests
from kafka.partitioner.default import murmur2
from rest_proxies import BINARY, JSON, PLAIN

from helpers.kafka import client as kafka_client
from lab.core import iam_file

pytestmark = pytest.mark.lab


def test_somebody_is_there(proxy):
    answer = proxy.get("/")
    assert (answer.status_code, answer.json()) == (200, {})
    assert proxy.get("/brokers").json() == {"brokers": [1]}


def test_topics_and_partitions_are_described(proxy, own, pin):
    replica = {"broker": 1, "leader": True, "in_sync": True}
    partition = {"partition": 0, "leader": 1, "replicas": [replica]}
    names = proxy.get("/topics").json()
    assert set(own.topics) <= set(names)
    assert not any(name.startswith("__") for name in names)
    topic = proxy.get(f"/topics/{pin}/").json()
    assert (topic["name"], topic["partitions"]) == (pin, [partition])
    assert topic["configs"]["cleanup.policy"] == "delete"
    assert proxy.get(f"/topics/{pin}/partitions").json() == [partition]
    assert proxy.get(f"/topics/{pin}/partitions/0").json() == partition
    proxy.produce(pin, {"value": 1}, {"value": 2})
    assert proxy.get(f"/topics/{pin}/partitions/0/offsets").json() == {"beginning_offset": 0, "end_offset": 2}


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/topics/nothing.here", 40401, "Topic not found. There is no topic 'nothing.here'"),
        ("/topics/{pin}/partitions/3", 40402, "has no partition 3: it has 1"),
        ("/topics/{pin}/partitions/3/offsets", 40402, "has no partition 3: it has 1"),
        ("/topics/{pin}/partitions/x", 404, "not 'x'"),
        ("/topics/a%20b", 40002, "'a b' is not a name for a topic"),
        ("/nowhere", 404, "HTTP 404 Not Found"),
    ],
)
def test_what_is_not_there_is_said(proxy, pin, path, code, words):
    answer = proxy.get(path.format(pin=pin))
    assert answer.json()["error_code"] == code
    assert words in answer.json()["message"]
    assert str(code).startswith(str(answer.status_code))


def test_a_wrong_method_is_told_the_right_one(proxy, pin):
    answer = proxy.delete(f"/topics/{pin}")
    assert (answer.status_code, answer.json()["error_code"]) == (405, 405)
    assert "POST" in answer.headers["Allow"]


def test_json_goes_in_and_comes_out_the_same(proxy, own, pin):
    values = [{"index": 1, "title": "é😀"}, ["a", 1], "text", 7, None, {"deep": {"er": [1.5, True, None]}}]
    answer = proxy.produce(pin, *({"key": number, "value": value} for number, value in enumerate(values)))
    assert answer.headers["Content-Type"] == "application/vnd.kafka.v2+json"
    assert answer.json() == {
        "offsets": [
            {"partition": 0, "offset": offset, "error_code": None, "error": None} for offset in range(len(values))
        ],
        "key_schema_id": None,
        "value_schema_id": None,
    }
    stored = kafka_client.read(own, pin, 0, len(values))
    assert stored[0] == '{"index":1,"title":"é😀"}'.encode()
    assert stored[4] is None
    found = proxy.records(proxy.reader(pin), len(values))
    assert [(record["key"], record["value"], record["offset"]) for record in found] == [
        (number, value, number) for number, value in enumerate(values)
    ]


def test_any_bytes_go_in_and_come_out_the_same(proxy, own, pin):
    everything = base64.b64encode(bytes(range(256))).decode()
    assert proxy.produce(pin, {"key": "AA==", "value": everything}, headers=BINARY).status_code == 200
    assert kafka_client.read(own, pin, 0, 1) == [bytes(range(256))]
    (record,) = proxy.records(proxy.reader(pin, format="binary"), 1)
    assert record == {"topic": pin, "key": "AA==", "value": everything, "partition": 0, "offset": 0}


def test_records_of_a_request_keep_their_order(proxy, own, pin):
    proxy.produce(pin, *({"value": number} for number in range(5000)))
    assert [int(value) for value in kafka_client.read(own, pin, 0, 5000)] == list(range(5000))


def test_a_key_always_goes_to_the_partition_that_java_would_choose(proxy, make_topic):
    records = [{"key": base64.b64encode(b"%d" % number).decode(), "value": "AA=="} for number in range(6)]
    answer = proxy.produce(make_topic(3), *records, headers=BINARY)
    # kafka-python's partitioner is a translation of Java's
    expected = [(murmur2(b"%d" % n) & 0x7FFFFFFF) % 3 for n in range(6)]
    assert [line["partition"] for line in answer.json()["offsets"]] == expected


def test_a_record_that_fails_leaves_the_others_alone(proxy, own, pin):
    big = "x" * 1_500_000
    answer = proxy.produce(
        pin, {"value": 1}, {"value": 2, "partition": 7}, {"value": big}, {"value": 3, "partition": 0}
    )
    assert answer.status_code == 200
    first, missing, large, last = answer.json()["offsets"]
    assert (first["offset"], last["offset"]) == (0, 1)
    assert (missing["offset"], missing["error_code"]) == (None, 40402)
    assert "there are 1" in missing["error"]
    assert (large["offset"], large["error_code"]) == (None, 50002)
    assert "larger than topic" in large["error"]
    assert kafka_client.read(own, pin, 0, 2) == [b"1", b"3"]


def test_a_partition_in_the_address_is_obeyed(proxy, pin):
    answer = proxy.post(f"/topics/{pin}/partitions/0", {"records": [{"value": 1}]}, JSON)
    assert answer.json()["offsets"][0]["partition"] == 0
    answer = proxy.post(f"/topics/{pin}/partitions/4", {"records": [{"value": 1}]}, JSON)
    assert (answer.status_code, answer.json()["error_code"]) == (404, 40402)


def test_an_unknown_topic_takes_no_records_and_is_not_made(proxy):
    for _ in range(2):
        answer = proxy.produce("nothing.here", {"value": 1})
        assert (answer.status_code, answer.json()["error_code"]) == (404, 40401)
    assert "nothing.here" not in proxy.get("/topics").json()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": ""}, 415),
        (JSON | {"Accept": "text/html"}, 406),
        (PLAIN, 422),
        ({"Content-Type": "application/json"}, 422),
        ({"Content-Type": "application/vnd.kafka.avro.v2+json"}, 422),
        (JSON | {"Accept": "*/*"}, 200),
        (JSON | {"Accept": "application/json"}, 200),
        (JSON | {"Accept": "application/vnd.kafka.v2+json, application/vnd.kafka+json, application/json"}, 200),
    ],
)
def test_content_types(proxy, pin, headers, status):
    answer = proxy.produce(pin, {"value": {"a": 1}}, headers=headers)
    assert answer.status_code == status, answer.text
    assert status == 200 or answer.json()["error_code"] == status


def deny(action: str, resource: str = "*") -> dict:
    statement = {"Effect": "Deny", "Action": f"kafka-cluster:{action}", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(("denied", "named"), [("WriteData", "WriteData"), ("DescribeTopic", "DescribeTopic")])
def test_a_denied_topic_is_refused_by_name(proxy, pin, policies, denied, named):
    policies(iam_file.kafka_policy("*"), deny(denied, iam_file.kafka_arn("topic", pin)))
    answer = proxy.produce(pin, {"value": 1})
    assert answer.status_code == 403
    assert "40301" in answer.text
    assert pin in answer.text
    assert f"kafka-cluster:{named}" in answer.text
    policies(iam_file.kafka_policy("*"))
    assert proxy.produce(pin, {"value": 1}).status_code == 200


def test_only_topics_that_may_be_seen_are_shown(proxy, own, policies):
    policies(iam_file.kafka_policy(own.topic("geo")))
    assert proxy.get("/topics").json() == [own.topic("geo")]
    answer = proxy.get(f"/topics/{own.topic('pin')}")
    assert (answer.status_code, answer.json()["error_code"]) == (403, 40301)


def test_without_idempotent_writing_the_action_is_named_and_later_it_works(pin, policies, launcher):
    policies(iam_file.kafka_policy("*"), deny("WriteDataIdempotently"))
    other = launcher.start()
    for _ in range(2):
        answer = other.produce(pin, {"value": 1})
        assert answer.status_code == 403
        assert "kafka-cluster:WriteDataIdempotently on the cluster" in answer.text
    policies(iam_file.kafka_policy("*"))
    assert other.produce(pin, {"value": 1}).status_code == 200


def test_a_topic_that_was_deleted_and_made_again_takes_records(own, pin, admin, launcher):
    other = launcher.start(producer_delivery_timeout_ms=3000)
    assert other.produce(pin, {"value": 1}).status_code == 200
    for _ in range(3):
        admin.delete_topics([pin])
        other.produce(pin, {"value": 2})  # the brokers may still be at it, and the record's time run out
        answer = other.produce(pin, {"value": 2})
        assert (answer.status_code, answer.json()["error_code"]) == (404, 40401), answer.text
        kafka_client.create_topics(own)
        answer = other.produce(pin, {"value": 3})
        assert answer.json()["offsets"][0]["offset"] == 0, answer.text


def test_numbers_do_not_change_on_their_way(proxy, own, pin):
    raw = '{"records":[{"value":[123456789012345678901234567890, 0.1, 1e5, -0]}]}'
    assert requests.post(f"{proxy.url}/topics/{pin}", data=raw, headers=JSON, timeout=10).status_code == 200
    assert json.loads(kafka_client.read(own, pin, 0, 1)[0]) == [123456789012345678901234567890, 0.1, 1e5, 0]
