"""The sink inside the real worker, in front of the real bucket."""

import dataclasses
import hashlib

import pytest

from helpers import iam
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.kafka.msk_connect import ConnectorError
from helpers.waiting import wait_until
from lab.core import iam_file

pytestmark = pytest.mark.lab

ANY_BUCKET = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture
def own(workbook, request):
    """A workbook of another id, so that topics, bucket and connector are this test's alone."""
    digits = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    mine = dataclasses.replace(workbook, id=digits)
    sink_objects.create_bucket(mine)
    kafka_client.create_topics(mine)
    iam.make_access_role(mine)
    # a role for one bucket would be stopped by IAM before the sink could say anything
    iam.set_policies(mine, mine.access_role, {"kafka": iam_file.kafka_policy(f"{mine.id}.*"), "bucket": ANY_BUCKET})
    yield mine
    msk_connect.delete_connector(mine)


def produce(own, *values: bytes | None):
    producer = kafka_client.producer(own)
    for value in values:
        producer.send(own.topic("pin"), value, key=b"key")
    producer.flush()
    producer.close()


def carry(own, properties):
    msk_connect.put_connector(own, properties)
    msk_connect.wait_until_stored(own, timeout=30)


def lines(own, folder="topics"):
    return [sink_objects.text(own, item.key).strip() for item in sink_objects.objects(own, folder)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flush.size": "0"}, "flush.size"),
        ({"s3.bucket.name": "Not_A_Bucket"}, "lower-case"),
        ({"format.class": "io.confluent.connect.s3.format.parquet.ParquetFormat"}, "supports only JsonFormat"),
        ({"connector.class": "NoSuchSink"}, "NoSuchSink"),
    ],
)
def test_a_wrong_property_is_answered_with_a_sentence(own, change, words):
    with pytest.raises(ConnectorError, match=words):
        msk_connect.put_connector(own, msk_connect.sink_properties(own) | change)


def test_a_bucket_that_does_not_exist_fails_with_its_name(own):
    produce(own, b'{"index":1}')
    wrong = msk_connect.sink_properties(own) | {"s3.bucket.name": "user-nobody-bucket"}
    with pytest.raises(ConnectorError, match=r"user-nobody-bucket.*does not exist"):
        carry(own, wrong)
    # and the right properties mend it
    msk_connect.put_connector(own, msk_connect.sink_properties(own))
    msk_connect.wait_until_stored(own, timeout=30)
    assert lines(own) == ['{"index":1}']


def test_poison_stops_the_task_and_says_where(own):
    msk_connect.put_connector(own, msk_connect.sink_properties(own))
    produce(own, b'{"index":1}', b"no json")
    with pytest.raises(ConnectorError, match="Unrecognized token 'no'"):
        msk_connect.wait_until_stored(own, timeout=30)


def test_poison_goes_to_the_dead_letter_queue_where_there_is_one(own):
    queue = f"dead-letters-{own.id}"  # a name that topics.regex does not match
    tolerant = msk_connect.sink_properties(own) | {
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": queue,
        "errors.deadletterqueue.topic.replication.factor": "1",
    }
    msk_connect.put_connector(own, tolerant)
    produce(own, b'{"index":1}', b"no json", b"[1,2]", None, b'"text"', b'{"index":2}')
    msk_connect.wait_until_stored(own, timeout=30)
    assert lines(own) == ['{"index":1}', "[1,2]", '"text"', '{"index":2}']
    wait_until(lambda: kafka_client.read(own, queue, 0, 2) == [b"no json", None], 10, "the refused records", every=0)


def test_the_same_messages_in_any_object_size_are_each_there_once(own):
    produce(own, *(b'{"index":%d}' % i for i in range(1050)))
    msk_connect.put_connector(own, msk_connect.sink_properties(own, 500, "large", rotate_schedule_ms=500))
    msk_connect.wait_until_stored(own, timeout=60)
    objects = [item for item in sink_objects.objects(own, "large")]
    assert [item.offset for item in objects][:2] == [0, 500]
    stored = [line for item in objects for line in sink_objects.text(own, item.key).splitlines()]
    assert stored == [f'{{"index":{i}}}' for i in range(1050)]
